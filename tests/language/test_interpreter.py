"""A program means what the plain algorithm does; the fine print, case by case."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csgraph

import mindgap as mg
from mindgap import programs, tasks
from mindgap.language import interpreter
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Max, Min
from tests import cases
from tests.strategies import weighted_digraphs


def drawn(weights, source=0):
    nodes = len(weights)
    return weights[None], np.eye(nodes, dtype=np.float32)[source % nodes][None]


@pytest.mark.parametrize("name", ["bfs", "bellman_ford"])
@given(weighted_digraphs(directed=False), st.integers(0, 63))
def test_a_program_is_the_algorithm_at_every_step(name, weights, source):
    program, task = programs.PROGRAMS[name], tasks.TASKS[name]
    graphs = task.run(*drawn(weights, source))
    length = int(graphs.trajectory.lengths[0])
    meant = mg.interpret(program, graphs, max(1, length - 1))
    for feature, component in program.hints.items():
        truth = np.asarray(graphs.trajectory.hints[feature])[0, :length]
        states = np.asarray(meant.states[component])[0, :length]
        if task.features[feature].type == "pointer":
            states = states * len(weights)
        np.testing.assert_allclose(states, truth, atol=1e-4)
    final = np.asarray(meant.states["pi"])[0, -1] * len(weights)
    np.testing.assert_allclose(final, graphs.trajectory.outputs["pi"][0], atol=1e-4)


@given(weighted_digraphs(directed=False), st.integers(0, 63))
def test_the_other_programs_are_what_scipy_computes(weights, source):
    weights, start = drawn(weights, source)
    edges = weights[0] > 0

    def output(program, name):
        task = interpreter.task_of(program)
        return np.asarray(task.run(weights, start).trajectory.outputs[name][0])

    hops = csgraph.shortest_path(edges, unweighted=True)[start[0].argmax()]
    reached = np.isfinite(hops)
    np.testing.assert_array_equal(output(programs.reachability, "reach"), reached)
    hops = np.where(reached, hops, 0)
    np.testing.assert_allclose(output(programs.hop_count, "hops"), hops)
    count, label = csgraph.connected_components(edges)
    first = np.array([np.flatnonzero(label == k)[0] for k in range(count)])
    np.testing.assert_array_equal(output(programs.components, "label"), first[label])
    others = np.where(edges & ~np.eye(len(edges), dtype=bool), weights[0], np.inf)
    nearest = np.where(
        np.isfinite(others).any(1), others.argmin(1), np.arange(len(edges))
    )
    found = output(programs.nearest_neighbour, "nearest")
    np.testing.assert_array_equal(found, nearest)


# One star: node 0 is the centre and the source; its edges weigh 0.5, all the same.
STAR = np.zeros((4, 4), np.float32)
STAR[0, 1:] = STAR[1:, 0] = 0.5
STAR[0, 0] = 0.25


def follow(select, update=None, steps=1, weights=STAR):
    program = GraphProgram(
        name="probe",
        start=lambda init: {"seen": 0.0, "mark": init.s},
        select=select,
        update=update
        or (lambda self, other, init, edge: {"seen": edge.weight, "mark": self.mark}),
    )
    task = interpreter.task_of(program)
    return mg.interpret(program, task.run(*drawn(weights)), steps)


def test_ties_go_to_the_lowest_index_for_least_and_greatest():
    for kind in (Min, Max):
        run = follow(
            cases.select(
                lambda self, other, init, edge: edge.adj,
                lambda self, other, init, edge: edge.weight,
                kind,
            )
        )
        assert list(run.look.selected[0, 0]) == [1, 0, 0, 0]
        assert run.look.gap[0, 0, 0] == 0 and np.isinf(run.look.gap[0, 0, 1])


def test_without_a_candidate_other_is_self_and_the_edge_reads_nothing():
    run = follow(
        cases.select(lambda self, other, init, edge: edge.adj & other.mark & self.mark)
    )
    assert list(run.look.selected[0, 0]) == [0, 1, 2, 3]
    assert not run.look.active[0, 0].any()
    # node 0 has a self-loop of weight 0.25, which is no edge to another node
    assert list(run.states["seen"][0, 1]) == [0, 0, 0, 0]


def test_a_node_is_not_its_own_candidate():
    run = follow(cases.select(lambda self, other, init, edge: edge.adj & other.mark))
    assert list(run.look.selected[0, 0]) == [0, 0, 0, 0]
    assert list(run.look.active[0, 0]) == [False, True, True, True]


def test_the_first_step_sees_the_start_and_all_nodes_step_at_once():
    run = follow(
        cases.select(lambda self, other, init, edge: edge.adj),
        lambda self, other, init, edge: {"seen": other.seen + 1, "mark": other.mark},
        steps=2,
    )
    assert list(run.states["mark"][0, 0]) == [1, 0, 0, 0]
    assert list(run.states["mark"][0, 1]) == [0, 1, 1, 1]
    assert list(run.states["mark"][0, 2]) == [1, 0, 0, 0]
    assert list(run.states["seen"][0, 2]) == [2, 2, 2, 2]


def test_the_edge_goes_from_self_to_other():
    weights = np.zeros((2, 2), np.float32)
    weights[0, 1] = 0.5
    run = follow(
        cases.select(lambda self, other, init, edge: edge.adj), weights=weights
    )
    assert list(run.look.active[0, 0]) == [True, False]


def test_the_listings_as_printed_are_not_the_algorithms():
    """facts of the paper's text, measured: neither keeps a parent once it is found."""
    for program, task in (
        (programs.listing_1, tasks.bellman_ford),
        (programs.listing_1_other, tasks.bellman_ford),
        (programs.listing_2, tasks.bfs),
    ):
        graphs = task.benchmark("test")
        lengths = np.asarray(graphs.trajectory.lengths)
        run = mg.interpret(program, graphs, int(lengths.max()) - 1)
        last = np.asarray(run.states["pi"])[np.arange(32), lengths - 1] * 64
        right = (last == np.asarray(graphs.trajectory.outputs["pi"])).mean()
        assert 0.2 < right < 0.8


def test_a_node_may_be_anyone_but_the_one_before():
    """`!=` of nodes in a mask is no comparison of Python objects, which never fails."""
    program = GraphProgram(
        name="not back",
        start=lambda init: {"pi": init.index, "reach": ~init.s},
        select=lambda self, other, init, edge: Min(
            other.index,
            where=edge.adj & other.reach & (other.index != self.pi),
            default=self,
        ),
        update=lambda self, other, init, edge: {"pi": other.index, "reach": self.reach},
    )
    edges = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    graphs = interpreter.task_of(program).run(edges[None], 0)
    states = np.asarray(mg.interpret(program, graphs, 3).states["pi"])[0] * 3
    # 0 goes to 1 and 2 in turn; 1 and 2 to each other, and home, for 0 is not open
    np.testing.assert_allclose(states, [[0, 1, 2], [1, 2, 1], [2, 1, 2], [1, 2, 1]])
