"""Algorithm = interpreter = network: on all small graphs, on many, on any program."""

import itertools

import jax
import numpy as np
import pytest

from mindgap import programs, tasks
from mindgap.compiler import verification
from mindgap.compiler.compile import compile
from mindgap.compiler.smallest import suited
from mindgap.compiler.static import CannotCompile
from mindgap.network import dm_clrs
from tests import cases

BFS, BELLMAN_FORD = programs.bfs, programs.bellman_ford
CLRS_TASKS = [*tasks.CLRS.values()]
MINIMAL = cases.resized(cases.MODIFIED, hidden_size=4)


@pytest.fixture(autouse=True)
def forget_every_network():
    """Hardly two tests here share one."""
    yield
    jax.clear_caches()


SMALL = [
    *itertools.product((BFS, BELLMAN_FORD), (4,), (1, 2, 3, 4)),
    *((program, 128, 4) for program in (BFS, BELLMAN_FORD)),
    *(
        pytest.param(program, 128, nodes, marks=pytest.mark.large)
        for program, nodes in itertools.product((BFS, BELLMAN_FORD), (1, 2, 3))
    ),
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
    found = verification.verify(program, nodes=(64,), graphs=50)
    assert found.exact and found.refused <= 0.02


@pytest.mark.slow
@pytest.mark.clrs
@pytest.mark.parametrize(
    "mode",
    [
        "encoded_decoded",
        pytest.param("decoded_only", marks=pytest.mark.large),
        "none",
    ],
)
def test_bfs_is_exact_in_dm_clrs_own_network(mode):
    config = cases.resized(cases.PLAIN, hint_mode=mode)
    compiled = compile(BFS, config)
    assert verification.clrs_score(compiled, compiled.task.benchmark("test")) == 1.0
    if mode == "decoded_only":
        found = verification.verify(BFS, "clrs", nodes=(4, 13), graphs=100)
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


_LISTED = [p for p in programs.PROGRAMS.values() if p.task in CLRS_TASKS]
ON_CLRS = {p.task.name: p for p in reversed(_LISTED)}
"""Of each task of CLRS-30 that is compiled, the program that is listed first."""
LACKING = {"bellman_ford", "dijkstra", "mst_prim", "articulation_points"}
"""These need weights of edges in a node's state, or a bias."""
LONG = {"bubble_sort", "heapsort", "quicksort", "quickselect"}
"""On 64 nodes these take hundreds to thousands of hints."""


@pytest.mark.slow
@pytest.mark.clrs
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "minimum" else pytest.mark.large)
        for name in ON_CLRS
        if name not in LACKING
    ],
)
def test_dm_clrs_own_network_scores_1_on_the_benchmark(name):
    """With compiled weights, by `clrs.evaluate`; of long runs two inputs, else 32."""
    compiled = suited(ON_CLRS[name], 64, "clrs")
    graphs = compiled.task.benchmark("test").take(slice(0, 32))
    kept = cases.within(compiled, graphs)
    assert kept.batch >= 0.6 * graphs.batch  # Kadane's sums are the closest
    kept = kept.take(slice(0, 2 if name in LONG else None)).trimmed()
    assert verification.clrs_score(compiled, kept) == 1.0


@pytest.mark.clrs
@pytest.mark.parametrize("name", sorted(LACKING))
def test_what_dm_clrs_own_network_cannot_hold_is_refused(name):
    with pytest.raises(CannotCompile):
        suited(ON_CLRS[name], 16, "clrs")


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
    graphs = cases.random_graphs(program, 7, 192)
    kept = cases.within(compiled, graphs)
    assert len(kept.positions) >= 190
    graphs = kept.take(np.resize(np.arange(len(kept.positions)), 192))
    assert cases.agrees(compiled, graphs)
    result = compiled(graphs)
    truth = graphs.trajectory.outputs["pi"]
    assert (np.asarray(result.outputs["pi"]) == np.asarray(truth)).all()


@pytest.mark.slow
@pytest.mark.parametrize("heads", [pytest.param(1, marks=pytest.mark.large), 4])
def test_bfs_without_a_bias_in_every_size_that_has_room(heads):
    """Six channels a head: hidden size 8 with one head, 32 with four."""
    compiled = compile(BFS, cases.resized(cases.PLAIN, heads=heads, hidden_size=32))
    for nodes in (1, 2, 5, 16):
        for random_positions in (False, True):
            graphs = cases.random_graphs(BFS, nodes, 64, 1, random_positions)
            assert cases.agrees(compiled, cases.within(compiled, graphs))
