"""Traces of the variants against algorithms written down plainly."""

import collections

import jax
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from mindgap import tasks
from tests.cases import one_graph
from tests.strategies import weighted_digraphs

SOLVE = {name: jax.jit(task.solve) for name, task in tasks.VARIANTS.items()}
solve_bfs = jax.jit(tasks.bfs.solve)


def states(found):
    """The hints that count, one dictionary of arrays each."""
    hints = {name: np.asarray(hint) for name, hint in found.hints.items()}
    return [
        {name: hint[t] for name, hint in hints.items()}
        for t in range(int(found.lengths))
    ]


def queue_order(weights, source):
    """Nodes as breadth-first search reaches them, each level sorted."""
    level, reached = [source], [source]
    while level:
        near = {v for u in level for v in np.flatnonzero(weights[u])}
        level = sorted(near - set(reached))
        reached += level
    return reached


@given(weighted_digraphs(), st.data())
def test_sequential_bfs_reaches_one_node_per_hint(weights, data):
    nodes = len(weights)
    source = data.draw(st.integers(0, nodes - 1))
    start = jax.nn.one_hot(source, nodes)
    found = SOLVE["bfs_sequential"](one_graph(weights, start))
    plain = solve_bfs(one_graph(weights, start))
    assert_array_equal(found.outputs["pi"], plain.outputs["pi"])
    order = queue_order(weights, source)
    assert int(found.lengths) == len(order)
    for time, state in enumerate(states(found)):
        known, parents = order[: time + 1], state["pi_h"]
        assert set(np.flatnonzero(state["reach_h"])) == set(known)
        for node in range(nodes):
            expected = plain.outputs["pi"][node] if node in known else node
            assert parents[node] == expected
            assert parents[node] in known or node not in known
    assert not any(np.any(hint[len(order) :]) for hint in found.hints.values())


def scan_by_scan(weights, source):
    """(reached, parents) before every scan: CLRS's BFS with its probe moved inside."""
    nodes = len(weights)
    reached, parents = [n == source for n in range(nodes)], list(range(nodes))
    hints = []
    while True:
        before = list(reached)
        for u in range(nodes):
            for v in range(nodes):
                if weights[u, v] and before[u]:
                    hints.append((list(before), list(parents)))
                    if parents[v] == v and v != source and not before[v]:
                        parents[v] = u
                    reached[v] = True
        if reached == before:
            return hints or [(before, parents)], parents


@given(weighted_digraphs(), st.data())
def test_scanning_bfs_shows_every_edge_that_it_scans(weights, data):
    nodes = len(weights)
    source = data.draw(st.integers(0, nodes - 1))
    start = jax.nn.one_hot(source, nodes)
    found = SOLVE["bfs_scan"](one_graph(weights, start))
    hints, parents = scan_by_scan(weights, source)
    assert int(found.lengths) == len(hints)
    for state, (reached, known) in zip(states(found), hints, strict=True):
        assert_array_equal(state["reach_h"], reached)
        assert_array_equal(state["pi_h"], known)
    assert_array_equal(found.outputs["pi"], parents)


def test_scanning_bfs_takes_as_long_as_the_authors_code():
    """Their T on 16 and 64 nodes is about 171 and 1,616; the graphs are not theirs."""
    for split, expected in (("val", 171), ("test", 1616)):
        graphs = tasks.bfs_scan.benchmark(split)
        lengths = np.asarray(graphs.trajectory.lengths)
        assert abs(lengths.mean() / expected - 1) < 0.15
        assert lengths.max() < tasks.bfs_scan.most_hints(graphs.positions.shape[1])


@given(weighted_digraphs(), st.data())
def test_padded_bfs_is_bfs_that_waits(weights, data):
    nodes = len(weights)
    start = jax.nn.one_hot(data.draw(st.integers(0, nodes - 1)), nodes)
    found = SOLVE["bfs_padded"](one_graph(weights, start))
    plain = solve_bfs(one_graph(weights, start))
    length = int(plain.lengths)
    assert int(found.lengths) == 3 * nodes
    for name, hint in found.hints.items():
        assert_array_equal(hint[:length], plain.hints[name][:length])
        assert (hint[length:] == hint[length - 1]).all()
    assert_array_equal(found.outputs["pi"], plain.outputs["pi"])


def depth_first(weights):
    """Parents and colours at each event that shows in them, and at a root's choice."""
    nodes = len(weights)
    color, parents, shown = [0] * nodes, list(range(nodes)), []
    roots = 0

    def show():
        shown.append((list(parents), list(color)))

    def visit(node):
        color[node] = 1
        show()
        for child in np.flatnonzero(weights[node]):
            if color[child] == 0:
                parents[child] = node
                visit(child)
        color[node] = 2
        show()

    for root in range(nodes):
        if color[root] == 0:
            roots += 1
            show()
            visit(root)
    return shown, roots


@given(weighted_digraphs(directed=True))
def test_simplified_dfs_shows_parents_and_colours_alone(weights):
    nodes = len(weights)
    found = SOLVE["dfs_simplified"](one_graph(weights))
    shown, roots = depth_first(weights)
    assert int(found.lengths) == len(shown) == 2 * nodes + roots
    for state, (truth, colors) in zip(states(found), shown, strict=True):
        assert_array_equal(state["pi_h"], truth)
        assert_array_equal(state["color"].argmax(-1), colors)
    assert_array_equal(found.outputs["pi"], shown[-1][0])


def test_variants_draw_the_graphs_of_their_algorithm(key):
    pairs = collections.Counter()
    for variant in tasks.VARIANTS.values():
        original = tasks.TASKS[variant.name.split("_")[0]]
        ours, theirs = variant.sample(key, 6, 3), original.sample(key, 6, 3)
        assert_array_equal(ours.weights, theirs.weights)
        assert_array_equal(
            ours.trajectory.outputs["pi"], theirs.trajectory.outputs["pi"]
        )
        steps = variant.most_hints(6)
        assert {len(h[0]) for h in ours.trajectory.hints.values()} == {steps}
        pairs[original.name] += 1
    assert pairs == {"bfs": 3, "dfs": 2}


@given(weighted_digraphs(directed=True))
def test_dfs_without_its_clocks_can_tell_every_state_from_the_others(weights):
    """Were two states alike, the search could not know which step is next."""
    full, found = jax.jit(tasks.dfs.solve), SOLVE["dfs_unclocked"](one_graph(weights))
    whole = full(one_graph(weights))
    assert set(whole.hints) - set(found.hints) == {"d", "f", "time"}
    for name, hint in found.hints.items():
        assert_array_equal(hint, whole.hints[name])
    told = {
        tuple(np.concatenate([np.ravel(h) for h in state.values()]).tolist())
        for state in states(found)
    }
    assert len(told) == int(found.lengths) == 3 * len(weights)
