"""Searches of several steps a hint: components against the edges, articulation."""

import dataclasses
import itertools

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mindgap as mg
from mindgap import programs, tasks
from mindgap.compiler import static, verification
from mindgap.language.expressions import maximum, when
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Min
from tests.compiler.test_heads import every_digraph

CONNECTED = programs.strongly_connected_components
CUTS = programs.articulation_points


def every_graph(nodes: int) -> np.ndarray:
    """All undirected graphs on the nodes, self-loops included."""
    weights = np.asarray(every_digraph(nodes).weights)
    return weights[(weights == weights.swapaxes(1, 2)).all((1, 2))]


def assert_exact(program, weights):
    compiled = mg.suited(program, weights.shape[1])
    graphs = program.task.run(weights)
    assert compiled.refusals(graphs) == [None] * len(weights)
    found = verification.compare(compiled, "mindgap", graphs)
    for kind in ("outputs", "hints", "selections"):
        assert found[kind] > 0 and found[f"{kind} right"] == found[kind], kind


@pytest.mark.parametrize("nodes", [1, 2, pytest.param(3, marks=pytest.mark.large)])
def test_components_are_exact_on_every_small_digraph(nodes):
    assert_exact(CONNECTED, every_digraph(nodes).weights)


@pytest.mark.parametrize("nodes", [2, 3, pytest.param(4, marks=pytest.mark.large)])
def test_articulation_is_exact_on_every_small_graph(nodes):
    assert_exact(CUTS, every_graph(nodes))


@pytest.mark.parametrize(
    ("program", "network", "nodes", "graphs"),
    [
        (CONNECTED, "mindgap", 9, 20),
        (CONNECTED, "clrs", 4, 5),
        pytest.param(CUTS, "mindgap", 9, 20, marks=pytest.mark.large),
        pytest.param(CONNECTED, "mindgap", 16, 100, marks=pytest.mark.large),
        pytest.param(CONNECTED, "clrs", 16, 20, marks=pytest.mark.large),
        pytest.param(CONNECTED, "mindgap", 64, 10, marks=pytest.mark.large),
        pytest.param(CUTS, "mindgap", 16, 100, marks=pytest.mark.large),
    ],
)
def test_certificates(program, network, nodes, graphs):
    found = mg.verify(program, network, nodes=(nodes,), graphs=graphs)
    assert found.exact and found.margin == 1.0 and found.refused < 0.1


def test_a_source_that_moves_while_a_hint_is_on_the_way_is_refused():
    """What a start is taken back by would differ from the hint that is fed back."""

    def update(self, *roles):
        holder, caller = roles[4], roles[5]
        return {
            **CUTS.update(self, *roles),
            "idle": (self.idle & ~self.t2) + (holder.ends & holder.root),
            "root": (self.root & ~self.t2) + (self.root & self.t2 & ~self.idle)
            + caller.opens,
        }  # fmt: skip

    early = dataclasses.replace(CUTS, update=update)
    graphs = early.task.run(np.zeros((1, 3, 3)))
    (reason,) = mg.suited(early, 3).refusals(graphs)
    assert reason and "root, which shows the hint s, changes before the last" in reason
    assert mg.suited(CUTS, 3).refusals(graphs) == [None]


@settings(max_examples=20)
@given(st.integers(0, 2**31 - 1), st.integers(1, 9), st.sampled_from((0.1, 0.4)))
def test_nodes_of_a_component_reach_each_other(seed, nodes, chance):
    """SciPy finds the same components; each has the name of one of its nodes."""
    from scipy.sparse.csgraph import connected_components

    graphs = tasks.strongly_connected_components.sample(
        jax.random.key(seed), nodes, 3, chance
    )
    for edges, names in zip(
        graphs.weights, graphs.trajectory.outputs["scc_id"], strict=True
    ):
        _, labels = connected_components(np.asarray(edges), connection="strong")
        names = np.asarray(names)
        assert np.array_equal(labels[:, None] == labels, names[:, None] == names)
        assert np.array_equal(names[names], names)


@settings(max_examples=20)
@given(st.integers(0, 2**31 - 1), st.integers(1, 8), st.sampled_from((0.3, 0.6)))
def test_without_a_cut_node_there_are_more_parts(seed, nodes, chance):
    """SciPy counts the connected parts with and without each node."""
    from scipy.sparse.csgraph import connected_components

    graphs = CUTS.task.sample(jax.random.key(seed), nodes, 3, chance)
    for edges, cuts in zip(
        np.asarray(graphs.weights), graphs.trajectory.outputs["is_cut"], strict=True
    ):
        whole, _ = connected_components(edges)
        for node, others in enumerate(itertools.combinations(range(nodes), nodes - 1)):
            node = nodes - 1 - node  # combinations leave out the last first
            alone = not np.delete(edges[node], node).any()
            parts = (
                connected_components(edges[np.ix_(others, others)])[0] if others else 0
            )
            assert (parts + alone > whole) == bool(cuts[node])


def counter(update, largest=4.0, start=0.0):
    """A program with a number `time`, a second one and a truth value."""
    return GraphProgram(
        name="counter",
        start=lambda init: {"time": start, "more": 0.0, "runs": init.s},
        select=lambda self, other, init, edge: Min(other.index, where=edge.adj),
        update=lambda self, other, init, edge: {
            "time": update(self, other, init), "more": 0.3 * self.more,
            "runs": self.runs,
        },
        task=tasks.dfs,
        hints=dict.fromkeys(tasks.dfs.stage("hint")),
        largest_value=largest,
    )  # fmt: skip


TICK = 2.0**-7


@pytest.mark.parametrize(
    ("update", "largest", "exact"),
    [
        (lambda self, other, init: self.time + when(self.runs, TICK), 4.0, True),
        (lambda self, other, init: other.time - maximum(self.time, 0), 4.0, True),
        # no binary fraction; not enough multiples; a large factor; a large gate
        (lambda self, other, init: self.time + when(self.runs, 0.01), 4.0, False),
        (lambda self, other, init: self.time + when(self.runs, TICK), 2.0**18, False),
        (lambda self, other, init: 2.0**18 * self.time + TICK, 4.0, False),
        (lambda self, other, init: when(self.runs, 2.0**20 * self.time), 4.0, False),
        # halves of halves, plain and cut off; places; another number that is rounded
        (lambda self, other, init: 0.5 * self.time, 4.0, False),
        (lambda self, other, init: 0.5 * maximum(self.time, 0), 4.0, False),
        (lambda self, other, init: other.index - self.time, 4.0, False),
        (lambda self, other, init: self.time + self.more, 4.0, False),
    ],
)
def test_numbers_on_a_grid_are_not_rounded(update, largest, exact):
    assert static.on_grid(counter(update, largest), "time", largest) == exact


def test_numbers_that_are_given_are_on_no_grid():
    kadane = programs.find_maximum_subarray_kadane
    assert not static.on_grid(kadane, "sum", 32.0)
    assert not static.on_grid(kadane, "best", 32.0)
    # a row whose sums come closer than their rounding: 62 keys that end between two
    # numbers of float32 beside the constant of a gate
    fraction = np.full(62, 0.45) + np.arange(62) % 3
    keys = np.concatenate([[0.5, -0.25], (2**11 // 62 + fraction) * 2.0**-18])
    keys[-1] += 0.25 + 1.5e-4 - keys[2:].sum()
    row = {"pos": np.arange(64)[None] / 64, "key": keys[None].astype(np.float32)}
    graphs = tasks.find_maximum_subarray_kadane.solved(row)
    (reason,) = mg.suited(kadane, 64).refusals(graphs)
    assert "compared values are too close" in str(reason)
