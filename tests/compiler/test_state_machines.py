"""Programs that take several steps for a hint, or read edges beside several selections.

DFS, the first of them, has its suite in `test_heads`.
"""

import dataclasses
import itertools

import jax
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import mindgap as mg
from mindgap.compiler import verification
from mindgap.compiler.static import CannotCompile
from mindgap.network import ModelConfig
from tests import cases
from tests.strategies import weighted_digraphs

SORT = mg.programs.topological_sort
GROWING = (mg.programs.dijkstra, mg.programs.prim)
HOLDER = ModelConfig(
    hidden_size=24,
    heads=3,
    message_steps=3,
    edge_values="projected",
    attend_to="all",
    layer_norm=False,
)


@pytest.fixture(autouse=True)
def forget_every_network():
    """Graphs of many sizes are compiled for; none comes again."""
    yield
    jax.clear_caches()


def assert_exact(compiled, graphs):
    found = verification.compare(compiled, "mindgap", graphs)
    for kind in ("outputs", "hints", "selections"):
        assert found[kind] > 0 and found[f"{kind} right"] == found[kind], kind
    assert found["margin"] == 1.0


@pytest.mark.parametrize("nodes", [1, 2, 3, 4])
@pytest.mark.parametrize("program", GROWING, ids=lambda p: p.name)
def test_growing_trees_are_exact_on_all_small_graphs(program, nodes):
    compiled = mg.compile(program, HOLDER)
    graphs = cases.all_graphs(program, nodes)
    kept = cases.within(compiled, graphs)
    assert len(kept.positions) == len(graphs.positions)
    assert_exact(compiled, kept)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nodes", "graphs"),
    [
        (4, 100),
        (16, 60),
        pytest.param(4, 300, marks=pytest.mark.large),
        pytest.param(16, 200, marks=pytest.mark.large),
        pytest.param(64, 30, marks=pytest.mark.large),
    ],
)
@pytest.mark.parametrize("program", GROWING, ids=lambda p: p.name)
def test_growing_trees_are_exact_on_random_graphs(program, nodes, graphs):
    found = verification.verify(program, nodes=(nodes,), graphs=graphs)
    assert found.exact and found.graphs >= 1.8 * graphs
    assert found.margin == 1.0
    assert ("CLRS-30 test" in found.sets) == (nodes == 64)


@settings(max_examples=25)
@given(weighted_digraphs(most=5, directed=False), st.data())
def test_growing_trees_are_exact_wherever_they_are_not_refused(weights, data):
    nodes = len(weights)
    source = np.eye(nodes, dtype=np.float32)[[data.draw(st.integers(0, nodes - 1))]]
    program = data.draw(st.sampled_from(GROWING))
    graphs = program.task.run(weights[None], source)
    compiled = mg.compile(program, HOLDER)
    assume(compiled.refusals(graphs) == [None])  # too many of these fail the test
    assert_exact(compiled, graphs)


def test_equal_distances_are_refused():
    """A softmax would average the two; CLRS takes the first."""
    compiled = mg.compile(mg.programs.dijkstra, HOLDER)
    weights = np.zeros((1, 4, 4), np.float32)
    for i, j in ((0, 1), (0, 2), (1, 3), (2, 3)):
        weights[0, i, j] = weights[0, j, i] = 0.5
    graphs = mg.tasks.dijkstra.run(weights, np.eye(4, dtype=np.float32)[:1])
    (reason,) = compiled.refusals(graphs)
    assert reason and "two candidates' keys are too close" in reason


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"message_steps": 1}, "takes 3 for each hint, but message_steps is 1"),
        (
            {"edge_values": "none"},
            "reads the edge.*edge_values=.none., but must be .projected.",
        ),
        ({"attend_to": "neighbours"}, "everyone is a candidate"),
        ({"heads": 2}, "3 selections .* need as many heads, but heads is 2"),
        (
            {"hidden_size": 12},
            "needs 21 coordinates.*; hidden_size 12 has 4 for each of 3",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_network_that_cannot_hold_them_is_refused(changes, message):
    config = dataclasses.replace(HOLDER, **changes)
    with pytest.raises(CannotCompile, match=message):
        mg.compile(mg.programs.prim, config)


def test_what_is_rounded_beside_a_gate_needs_wider_gaps():
    """A positive literal adds a constant to the number, and takes it away again."""
    exact = mg.programs.dijkstra

    def update(s, least, called, giver, init):
        gated = mg.when(s.live & giver.closed, giver.key + giver.weight)
        key = mg.when(~s.live, s.key) + gated
        return {**exact.update(s, least, called, giver, init), "key": key}

    rounded = dataclasses.replace(exact, update=update)
    graphs = mg.tasks.dijkstra.sample(jax.random.key(0), 16, 40, 0.7)
    refused = {}
    for program in (exact, rounded):
        compiled = mg.compile(program, HOLDER)
        refused[program] = [r is not None for r in compiled.refusals(graphs)]
        kept = cases.within(compiled, graphs)
        if len(kept.positions):
            found = verification.compare(compiled, "mindgap", kept)
            assert found["outputs right"] == found["outputs"]
    assert compiled.limits.margins["least"].rounding > 0
    assert sum(refused[rounded]) > 10 > sum(refused[exact])


FAULTS = {
    "no_queue": {"idle": lambda s, least, called, giver, init: s.idle & ~s.idle},
    "closed_reopens": {
        "closed": lambda s, least, called, giver, init: called.names & ~s.closed
    },
    "parent_is_chosen": {"pi": lambda s, least, called, giver, init: least.index},
    "distance_of_the_edge": {
        "key": lambda s, least, called, giver, init: (
            mg.when(~s.live, s.key) + mg.when(s.live & ~giver.live, giver.weight)
        )
    },
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_program_is_found(name):
    right = mg.programs.dijkstra

    def update(s, least, called, giver, init):
        wrong = {k: f(s, least, called, giver, init) for k, f in FAULTS[name].items()}
        return {**right.update(s, least, called, giver, init), **wrong}

    broken = dataclasses.replace(right, update=update)
    graphs = mg.tasks.dijkstra.sample(jax.random.key(0), 8, 20, 0.7)
    meant = mg.interpret(broken, graphs, 3 * graphs.trajectory.steps)
    last = 3 * (np.asarray(graphs.trajectory.lengths) - 1)
    pi = np.asarray(meant.states["pi"])[np.arange(20), last]
    positions = np.asarray(graphs.positions)[:, None]
    named = np.abs(pi[..., None] - positions).argmin(-1)
    assert (named != np.asarray(graphs.trajectory.outputs["pi"])).any()


# Topological sorting


def every_order(nodes: int) -> list[np.ndarray]:
    """All directed graphs without cycles."""
    pairs = list(itertools.combinations(range(nodes), 2))
    found = {}
    for order in itertools.permutations(range(nodes)):
        for present in itertools.product((0, 1), repeat=len(pairs)):
            weights = np.zeros((nodes, nodes), np.float32)
            for (i, j), there in zip(pairs, present, strict=True):
                weights[order[i], order[j]] = there
            found[weights.tobytes()] = weights
    return list(found.values())


@pytest.mark.parametrize("network", ["mindgap", "clrs"])
@pytest.mark.parametrize(
    "nodes", [3, *(pytest.param(n, marks=pytest.mark.large) for n in (2, 4))]
)
def test_topological_sort_is_exact_on_all_small_graphs(nodes, network):
    compiled = verification.suited(SORT, nodes)
    assert compiled.config.message_steps == 2 and compiled.config.heads == 5
    graphs = mg.tasks.topological_sort.run(np.stack(every_order(nodes)), None)
    assert len(graphs.positions) == {2: 3, 3: 25, 4: 543}[nodes]
    assert compiled.refusals(graphs) == [None] * len(graphs.positions)
    found = verification.compare(compiled, network, graphs)
    for kind in ("outputs", "hints", "selections"):
        assert found[kind] > 0 and found[f"{kind} right"] == found[kind], kind


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, pytest.param(32, marks=pytest.mark.large)])
def test_topological_sort_is_exact_on_clrs30_in_both_networks(count):
    compiled = verification.suited(SORT, 64)
    graphs = mg.tasks.topological_sort.benchmark("test").take(slice(0, count))
    assert_exact(compiled, graphs)
    assert verification.clrs_score(compiled, graphs) == 1.0


@given(st.integers(0, 2**31 - 1), st.integers(2, 9))
@settings(max_examples=20)
def test_the_order_is_topological(seed, nodes):
    """Whoever is told to come after another is not reached from it."""
    graphs = mg.tasks.topological_sort.sample(jax.random.key(seed), nodes, 4, 0.4)
    for graph in range(4):
        after = np.asarray(graphs.trajectory.outputs["topo"])[graph]
        order = [
            int(np.asarray(graphs.trajectory.outputs["topo_head"])[graph].argmax())
        ]
        while after[order[-1]] != order[-1]:
            order.append(int(after[order[-1]]))
        assert sorted(order) == list(range(nodes))
        place = np.argsort(order)
        edges = np.argwhere(np.asarray(graphs.weights)[graph] != 0)
        assert all(place[i] < place[j] for i, j in edges)
