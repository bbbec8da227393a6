"""Graphs of other libraries against those libraries' own algorithms."""

from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import mindgap as mg
from mindgap import convert, network, programs, tasks

ROADS = [("a", "b", 3.0), ("b", "c", 1.0), ("a", "d", 10.0), ("c", "d", 4.0)]


def roads(kind=nx.Graph):
    graph = kind()
    graph.add_weighted_edges_from(ROADS)
    return graph


def compiled_for(task, nodes):
    return mg.suited(programs.PROGRAMS[task.name], nodes)


def test_weights_are_scaled_and_results_scaled_back():
    """Weights up to 10 are beyond a compiled network; distances are those of these."""
    task = tasks.bellman_ford
    compiled = compiled_for(task, 4)
    plain = convert.labelled(task, roads(), source="a")
    assert "times 0.2 they fit" in str(compiled.refusals(plain.graphs)[0])
    mine = convert.labelled(task, roads(), source="a", largest=1.0)
    assert mine.labels == (("a", "b", "c", "d"),)
    result = compiled(mine.graphs)
    last = int(mine.graphs.trajectory.lengths[0]) - 1
    found = mine.nodes(result, step=last).to_dict()
    truth = nx.single_source_dijkstra_path_length(roads(), "a")
    for label, distance in truth.items():
        assert found["d"][label] == pytest.approx(distance, abs=1e-4)
        assert found["d (algorithm)"][label] == pytest.approx(distance, abs=1e-5)
    assert mine.nodes(result).pi.to_dict() == {"a": "a", "b": "a", "c": "b", "d": "c"}
    edges = mine.edges(result, step=last).set_index(["node", "other"])
    assert edges.weight["a", "d"] == pytest.approx(10)
    assert edges.edge["b", "c"] and edges.weight["b", "c"] == pytest.approx(1)
    assert_allclose(edges.groupby("node").attention.sum(), 1, atol=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_all_libraries_give_the_same_graphs(seed, size):
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.random((size, size)) * (rng.random((size, size)) < 0.6), 1)
    weights = weights + weights.T
    places = np.argwhere(weights)
    values = weights[tuple(places.T)]
    data = SimpleNamespace(
        edge_index=places.T, edge_attr=values[:, None], num_nodes=size
    )
    forms = [nx.from_numpy_array(weights), sparse.csr_array(weights), weights, data]
    expected = tasks.bellman_ford.run(weights[None], 0)
    for form in forms:
        found = convert.labelled(tasks.bellman_ford, form, source=0).graphs
        assert_array_equal(found.edges, expected.edges)
        assert_allclose(found.weights, expected.weights)
        for name, output in expected.trajectory.outputs.items():
            assert_array_equal(found.trajectory.outputs[name], output)
    pairs = [(int(i), int(j), weights[i, j]) for i, j in places if i < j]
    if pairs:
        listed = convert.labelled(tasks.bellman_ford, pairs, source=pairs[0][0])
        assert nx.utils.graphs_equal(
            nx.Graph([(i, j, {"weight": w}) for i, j, w in pairs]),
            nx.Graph(
                (u, v, {"weight": weights[u, v]})
                for i, j in np.argwhere(np.asarray(listed.graphs.edges[0]))
                for u, v in [(listed.labels[0][i], listed.labels[0][j])]
            ),
        )


def test_an_edge_that_weighs_nothing_is_one():
    light = [("a", "b", 0.0)]
    for form in (light, nx.Graph([("a", "b", {"weight": 0.0})])):
        graphs = convert.labelled(tasks.bfs, form, source="a").graphs
        assert_array_equal(graphs.edges[0], [[False, True], [True, False]])


def test_graphs_of_several_sizes_are_filled_up():
    graphs = [nx.path_graph(["x", "y", "z"]), nx.star_graph(4)]
    mine = convert.labelled(tasks.bfs, graphs, source=["z", 0], nodes=6)
    assert mine.graphs.positions.shape == (2, 6)
    assert [len(labels) for labels in mine.labels] == [3, 5]
    result = compiled_for(tasks.bfs, 6)(mine.graphs)
    assert mine.nodes(result).pi.to_dict() == {"x": "y", "y": "z", "z": "z"}
    assert mine.nodes(result, 1).pi.tolist() == [0] * 5
    assert len(mine.nodes(result, 0, step=1)) == 3


def test_directions_come_from_the_graph_and_for_a_list_from_the_task():
    arcs = [("a", "b"), ("b", "c")]
    there = convert.labelled(tasks.dfs, arcs).graphs.edges[0]
    assert np.argwhere(np.asarray(there)).tolist() == [[0, 1], [1, 2]]
    both = convert.labelled(tasks.dfs, arcs, directed=False).graphs.edges[0]
    assert_array_equal(both, np.asarray(there) | np.asarray(there).T)
    assert_array_equal(
        convert.labelled(tasks.dfs, nx.Graph(arcs)).graphs.edges[0], both
    )
    with pytest.raises(ValueError, match=r"bfs is for undirected .* edge 0 -> 1"):
        convert.labelled(tasks.bfs, nx.DiGraph(arcs), source="a")


def test_a_result_goes_back_to_networkx():
    mine = convert.labelled(tasks.bfs, nx.path_graph(["x", "y", "z"]), source="x")
    drawn = mine.to_networkx(compiled_for(tasks.bfs, 3)(mine.graphs), step=1)
    assert drawn.nodes["y"]["pi_h"] == "x" and drawn.nodes["y"]["reach_h"]
    assert set(drawn.edges) == {("x", "y"), ("y", "x"), ("y", "z"), ("z", "y")}
    assert drawn.edges["y", "x"]["attention"] == pytest.approx(1)


def test_hints_of_every_type_are_shown(key):
    """DFS has pointers, categories, one-hot masks, scalars; times are no weights."""
    arcs = [("r", "s", 4.0), ("s", "t", 2.0), ("r", "t", 1.0)]
    mine = convert.labelled(tasks.dfs, arcs, largest=1.0)
    params = network.init(tasks.dfs, mg.ModelConfig(hidden_size=4), key)
    result = network.apply(
        tasks.dfs, mg.ModelConfig(hidden_size=4), params, mine.graphs
    )
    table = mine.nodes(result, step=2)
    hints = mine.graphs.trajectory.hints
    assert set(table.columns) == {c for n in hints for c in (n, f"{n} (algorithm)")}
    assert not mine.scaled
    assert set(table["s_prev (algorithm)"]) <= {"r", "s", "t"}
    assert sorted(table["u (algorithm)"]) == [False, False, True]
    assert_allclose(table["d (algorithm)"], np.asarray(hints["d"])[0, 2], atol=1e-6)


WRONG = {
    "[]": "takes one graph at least: a networkx graph",
    "'abc'": "graph 0 is a str: 'abc', but must be a networkx graph",
    "[('a', 'b', 1.0), ('b', 'a', 2.0)]": r"edge 'b' -> 'a' weighs 2 and 1",
    "[('a', 'b', 'far')]": r"edge 'a' -> 'b' weighs 'far', no number",
    "[('a', 'a', 0.0)]": "from 'a' to itself weighs 0",
    "np.ones((2, 3))": r"an array \(2, 3\), but must be square",
    "nx.MultiGraph([('a', 'b')])": "graph 0 has several edges between nodes",
    "[('b', 'c')]": "no node 'a' to be its source; its nodes are 'b', 'c'",
}


@pytest.mark.parametrize("given", WRONG)
def test_what_is_no_graph_is_told_in_one_sentence(given):
    with pytest.raises(ValueError, match=WRONG[given]):
        convert.labelled(tasks.bellman_ford, eval(given), source="a")


def test_a_program_whose_course_depends_on_the_scale_is_not_scaled():
    program = mg.GraphProgram(
        name="heavy",
        start=lambda init: {"near": init.s},
        select=lambda self, other, init, edge: mg.Min(
            edge.weight, where=edge.adj, default=self
        ),
        update=lambda self, other, init, edge: {"near": self.near | (edge.weight > 1)},
    )
    task = mg.language.interpreter.task_of(program)
    with pytest.raises(ValueError, match="heavy takes another course"):
        convert.labelled(task, roads(), source="a", largest=1.0)


def test_a_result_without_attention_is_named():
    mine = convert.labelled(tasks.bfs, nx.path_graph(3), source=0)
    result = compiled_for(tasks.bfs, 3)(mine.graphs, trace=False)
    assert mine.nodes(result).pi.tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match="no attention: compiled"):
        mine.edges(result)
    with pytest.raises(ValueError, match="step is 3, but must be at least 1 and at"):
        mine.nodes(compiled_for(tasks.bfs, 3)(mine.graphs), step=3)
