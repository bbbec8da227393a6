"""Algorithm = interpreter = network: on all small graphs, on many, on any program."""

import itertools

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import mindgap as mg
from mindgap import network, programs
from mindgap.compiler import verification
from mindgap.compiler.compile import compile
from mindgap.compiler.layout import CannotCompile
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Max, Min
from mindgap.network import dm_clrs
from tests import cases

BFS, BELLMAN_FORD = programs.bfs, programs.bellman_ford
MINIMAL = cases.resized(cases.MODIFIED, hidden_size=4)


@pytest.fixture(autouse=True)
def forget_every_network():
    """Hardly two tests here share one."""
    yield
    jax.clear_caches()


SMALL = [
    *itertools.product((BFS, BELLMAN_FORD), (4, 128), (1, 2, 3, 4)),
    *((p, 8, 4) for p in cases.PROGRAMS if p not in (BFS, BELLMAN_FORD)),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "size", "nodes"), SMALL, ids=lambda x: getattr(x, "name", x)
)
def test_a_compiled_program_follows_its_interpreter_on_all_small_graphs(
    program, size, nodes
):
    config = cases.resized(cases.MODIFIED, hidden_size=size, nodes=nodes)
    compiled = compile(program, config)
    graphs = cases.all_graphs(program, nodes, loops=compiled.limits.self_loops)
    assert compiled.refusals(graphs) == [None] * len(graphs.positions)
    assert cases.agrees(compiled, graphs)


@pytest.mark.slow
@pytest.mark.parametrize(
    "nodes",
    [4, 7, 16, *(pytest.param(n, marks=pytest.mark.large) for n in (11, 13, 64))],
)
@pytest.mark.parametrize("program", [BFS, BELLMAN_FORD], ids=lambda p: p.name)
def test_algorithm_interpreter_and_network_are_one_on_a_thousand_graphs(program, nodes):
    found = verification.verify(program, nodes=(nodes,), graphs=1000, hidden_size=4)
    assert found.exact and found.graphs >= 1980
    assert found.refused <= 0.01
    assert found.margin > 0.999
    assert set(found.sets) >= {"linear positions", "random positions"}
    assert ("CLRS-30 test" in found.sets) == (nodes == 64)


@pytest.mark.slow
@pytest.mark.large
@pytest.mark.parametrize("program", [BFS, BELLMAN_FORD], ids=lambda p: p.name)
def test_large_graphs_too(program):
    found = verification.verify(program, nodes=(256,), graphs=16)
    assert found.exact and found.refused <= 0.2


@pytest.mark.slow
@pytest.mark.parametrize("program", cases.EXACT[2:], ids=lambda p: p.name)
def test_the_other_programs_on_larger_graphs(program):
    found = verification.verify(program, nodes=(16, 64), graphs=50)
    assert found.exact and found.refused <= 0.02


@pytest.mark.slow
@pytest.mark.clrs
@pytest.mark.parametrize("mode", ["encoded_decoded", "decoded_only", "none"])
def test_bfs_is_exact_in_dm_clrs_own_network(mode):
    config = cases.resized(cases.PLAIN, hint_mode=mode)
    compiled = compile(BFS, config)
    assert verification.clrs_score(compiled, compiled.task.benchmark("test")) == 1.0
    if mode == "decoded_only":
        found = verification.verify(BFS, "clrs", nodes=(4, 13), graphs=200)
        assert found.exact and found.refused == 0


@pytest.mark.clrs
@pytest.mark.parametrize("program", [BFS, BELLMAN_FORD], ids=lambda p: p.name)
def test_the_benchmark_scores_our_network_1(program):
    import clrs

    compiled = compile(program, cases.resized(MINIMAL, nodes=64))
    graphs = compiled.task.benchmark("test")
    said = compiled(graphs).outputs["pi"]
    points = dm_clrs.to_feedback(compiled.task, graphs).outputs
    assert [point.name for point in points] == ["pi"]
    predictions = {"pi": clrs.DataPoint("pi", "node", "pointer", np.asarray(said))}
    assert clrs.evaluate(points, predictions)["score"] == 1.0


VARIANTS = {
    "decoded only": {"hint_mode": "decoded_only"},
    "no hints": {"hint_mode": "none"},
    "simple decoder": {"pointer_decoder": "simple"},
    "first component": {"edge_values": "first_component"},
    "two heads": {"heads": 2, "hidden_size": 16},
    "all pairs": {"attend_to": "all"},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("program", [BFS, BELLMAN_FORD], ids=lambda p: p.name)
def test_every_variant_of_the_architecture(program, name):
    config = cases.resized(cases.MODIFIED, nodes=7, **VARIANTS[name])
    compiled = compile(program, config)
    graphs = cases.within(compiled, cases.random_graphs(program, 7, 200))
    assert len(graphs.positions) >= 198
    assert cases.agrees(compiled, graphs)
    result = compiled(graphs)
    truth = graphs.trajectory.outputs["pi"]
    assert (np.asarray(result.outputs["pi"]) == np.asarray(truth)).all()


@pytest.mark.slow
@pytest.mark.parametrize("heads", [1, 4])
def test_bfs_without_a_bias_in_every_size_that_has_room(heads):
    """Six channels a head: hidden size 8 with one head, 32 with four."""
    for nodes in (1, 2, 5, 16):
        compiled = compile(BFS, cases.resized(cases.PLAIN, heads=heads, hidden_size=32))
        for random_positions in (False, True):
            graphs = cases.random_graphs(BFS, nodes, 64, 1, random_positions)
            assert cases.agrees(compiled, cases.within(compiled, graphs))


# Programs at random

MASKS = [
    lambda self, other, init, edge: edge.adj,
    lambda self, other, init, edge: edge.adj & other.r,
    lambda self, other, init, edge: edge.adj & other.r & ~self.r,
    lambda self, other, init, edge: edge.adj & ~other.r & self.r & ~init.s,
    lambda self, other, init, edge: edge.adj & other.r & ~init.s,
    lambda self, other, init, edge: edge.adj & (other.p < self.p),
    lambda self, other, init, edge: edge.adj & other.r & (other.index < self.index),
]
KEYS = [
    lambda self, other, init, edge: other.index,
    lambda self, other, init, edge: other.p,
    lambda self, other, init, edge: edge.weight,
    lambda self, other, init, edge: other.x + edge.weight,
    lambda self, other, init, edge: 2 * edge.weight - 0.5 * other.x + self.x,
    lambda self, other, init, edge: other.r + 0.0,
]
TRUTHS = [
    lambda self, other, init, edge: other.r,
    lambda self, other, init, edge: self.r | other.r,
    lambda self, other, init, edge: ~other.r & ~init.s,
    lambda self, other, init, edge: ~(self.r & other.r) | init.s,
    lambda self, other, init, edge: init.s & True,
]
NUMBERS = [
    lambda self, other, init, edge: other.x + edge.weight,
    lambda self, other, init, edge: 0.5 * self.x + 0.25 * other.x + 0.125,
    lambda self, other, init, edge: other.x + other.r + ~self.r,
    lambda self, other, init, edge: 0.5 * (self.index + other.p),
]
NODES = [
    lambda self, other, init, edge: other.index,
    lambda self, other, init, edge: other.p,
    lambda self, other, init, edge: self.p,
]


programs_at_random = given(
    mask=st.sampled_from(MASKS),
    key=st.sampled_from(KEYS),
    kind=st.sampled_from([Min, Max]),
    truth=st.sampled_from(TRUTHS),
    number=st.sampled_from(NUMBERS),
    node=st.sampled_from(NODES),
    seed=st.integers(0, 1000),
)


def do_what_they_say_or_are_refused(mask, key, kind, truth, number, node, seed):
    made = GraphProgram(
        name="stand_in",  # whose graphs the one network takes
        start=lambda init: {"r": init.s, "x": 0.0, "p": init.index},
        select=cases.select(mask, key, kind),
        update=lambda self, other, init, edge: {
            "r": truth(self, other, init, edge),
            "x": number(self, other, init, edge),
            "p": node(self, other, init, edge),
        },
    )
    try:
        compiled = compile(made, cases.resized(SHARED, hidden_size=8))
    except CannotCompile:
        assume(False)
        return
    graphs = cases.random_graphs(made, 5, 32, seed)
    kept = np.flatnonzero([r is None for r in compiled.refusals(graphs)])
    assume(len(kept))
    # every program here has the same components: one network runs them all
    steps = 4
    found = network.apply(STAND_IN, compiled.config, compiled.params, graphs)
    meant = mg.interpret(made, graphs, steps)
    for name in made.components:
        read = np.asarray(compiled.layout.read(found.states, name))
        lengths = np.asarray(graphs.trajectory.lengths)
        taken = np.arange(read.shape[1]) < np.maximum(1, lengths - 1)[:, None]
        off = np.abs(read - np.asarray(meant.states[name])[:, 1 : read.shape[1] + 1])
        assert np.where(taken[..., None], off, 0)[kept].max() <= 1e-5, name


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@programs_at_random
def test_programs_at_random_do_what_they_say_or_are_refused(**drawn):
    do_what_they_say_or_are_refused(**drawn)


@pytest.mark.large
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@programs_at_random
def test_many_programs_at_random_do_what_they_say_or_are_refused(**drawn):
    do_what_they_say_or_are_refused(**drawn)


SHARED = cases.resized(cases.MODIFIED, nodes=5)
STAND_IN = verification.suited(
    GraphProgram(
        name="stand_in",
        start=lambda init: {"r": init.s, "x": 0.0, "p": init.index},
        select=cases.select(MASKS[1]),
        update=lambda self, other, init, edge: {"r": other.r, "x": 0.0, "p": self.p},
    ),
    5,
).task
