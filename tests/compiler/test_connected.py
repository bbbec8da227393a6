"""Strongly connected components: two searches, the second against the edges."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mindgap as mg
from mindgap import programs, tasks
from mindgap.compiler import static, verification
from mindgap.language.expressions import when
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Min
from tests.compiler.test_heads import every_digraph

PROGRAM = programs.strongly_connected_components


@pytest.mark.parametrize("nodes", [1, 2, pytest.param(3, marks=pytest.mark.large)])
def test_it_is_exact_on_every_small_digraph(nodes):
    compiled = mg.suited(PROGRAM, nodes)
    graphs = PROGRAM.task.run(every_digraph(nodes).weights)
    assert compiled.refusals(graphs) == [None] * len(graphs.positions)
    found = verification.compare(compiled, "mindgap", graphs)
    for kind in ("outputs", "hints", "selections"):
        assert found[kind] > 0 and found[f"{kind} right"] == found[kind], kind


@pytest.mark.parametrize(
    ("network", "nodes", "graphs"),
    [
        ("mindgap", 9, 20),
        ("clrs", 4, 5),
        pytest.param("mindgap", 16, 100, marks=pytest.mark.large),
        pytest.param("clrs", 16, 20, marks=pytest.mark.large),
        pytest.param("mindgap", 64, 10, marks=pytest.mark.large),
    ],
)
def test_certificates(network, nodes, graphs):
    found = mg.verify(PROGRAM, network, nodes=(nodes,), graphs=graphs)
    assert found.exact and found.margin == 1.0 and found.refused < 0.1


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


@pytest.mark.parametrize(
    ("tick", "largest", "exact"),
    [(2.0**-7, 4.0, True), (0.01, 4.0, False), (2.0**-7, 4096.0, False)],
)
def test_a_clock_of_binary_fractions_is_not_rounded(tick, largest, exact):
    """2^24 multiples fit float32: a limit of 4,096 leaves no room for sums."""
    clock = GraphProgram(
        name="clock",
        start=lambda init: {"time": 0.0, "runs": init.s},
        select=lambda self, other, init, edge: Min(other.index, where=edge.adj),
        update=lambda self, other, init, edge: {
            "time": self.time + when(self.runs, tick),
            "runs": self.runs,
        },
        largest_value=largest,
    )
    assert static.on_grid(clock, "time", largest) == exact
