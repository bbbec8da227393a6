"""Graphs of one's own: what is meant is solved, everything else is refused by name."""

import dataclasses
import itertools
import subprocess
import sys

import jax
import jax.numpy as jnp
import networkx
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import mindgap as mg
from mindgap import network, programs, tasks
from mindgap.network import ModelConfig
from mindgap.tasks import Feature, Task

PATH = np.array([[[0, 1, 0], [1, 0, 2], [0, 2, 0]]], np.float32) / 4
"""0 - 1 - 2."""


@given(st.integers(0, 2**32 - 1), st.integers(2, 7))
def test_an_edge_of_weight_0_is_one_if_the_adjacency_says_so(seed, nodes):
    """Bellman-Ford against networkx's, whose graphs know edges of weight 0."""
    rng = np.random.default_rng(seed)
    edges = np.triu(rng.random((nodes, nodes)) < 0.5, 1)
    weights = np.where(rng.random((nodes, nodes)) < 0.4, 0, rng.random((nodes, nodes)))
    edges, weights = edges | edges.T, np.triu(weights, 1) + np.triu(weights, 1).T
    graph = networkx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_weighted_edges_from(
        (int(i), int(j), weights[i, j]) for i, j in np.argwhere(edges)
    )
    truth = networkx.single_source_bellman_ford_path_length(graph, 0)
    for task in (tasks.bellman_ford, tasks.dijkstra):
        solved = task.run(weights[None], 0, adjacency=edges[None])
        last = int(solved.trajectory.lengths[0]) - 1
        hints = {k: np.asarray(h)[0, last] for k, h in solved.trajectory.hints.items()}
        reached = hints["msk" if "msk" in hints else "mark"] > 0
        assert set(np.flatnonzero(reached)) == truth.keys()
        for node, distance in truth.items():
            assert hints["d"][node] == pytest.approx(distance, abs=1e-6)
    assert_array_equal(solved.edges[0], edges)
    levels = networkx.single_source_shortest_path_length(graph, 0)
    found = tasks.bfs.run(weights[None], 0, adjacency=edges[None]).trajectory
    shown = np.asarray(found.hints["reach_h"])[0, : int(found.lengths[0])] > 0
    assert {node: int(shown[:, node].argmax()) for node in levels} == levels


def test_a_weight_without_an_edge_does_not_count():
    edges = (PATH > 0) & ~np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0]], bool)
    solved = tasks.bellman_ford.run(PATH, 0, adjacency=edges)
    assert_array_equal(solved.trajectory.outputs["pi"], [[0, 0, 2]])
    assert_array_equal(solved.weights[0, 1], [0.25, 0, 0])


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (programs.bfs, [0, 0, 2, 1]),
        (programs.bellman_ford, [0, 0, 2, 1]),
        (programs.dijkstra, [0, 0, 2, 1]),
        (programs.prim, [0, 0, 2, 1]),
        (programs.dfs, [0, 0, 2, 1]),
    ],
)
def test_compiled_networks_know_edges_of_weight_0(program, expected):
    edges = np.zeros((1, 4, 4), bool)
    edges[0, [0, 1, 1, 3], [1, 0, 3, 1]] = True
    weights = np.zeros((1, 4, 4))
    weights[0, 0, 1] = weights[0, 1, 0] = 0.5
    source = [0] * ("s" in program.task.stage("input"))
    graphs = program.task.run(weights, *source, adjacency=edges)
    assert_array_equal(graphs.edges, edges)
    assert_array_equal(graphs.trajectory.outputs["pi"], [expected])
    assert_array_equal(mg.suited(program, 4)(graphs).outputs["pi"], [expected])


def test_an_order_knows_edges_of_weight_0():
    edges = np.zeros((1, 3, 3), bool)
    edges[0, [2, 1], [1, 0]] = True
    graphs = tasks.topological_sort.run(np.zeros((1, 3, 3)), adjacency=edges)
    # who comes after whom: 2, 1, 0; the last points to itself
    assert_array_equal(graphs.trajectory.outputs["topo"], [[0, 0, 1]])


def test_run_keeps_no_hints_that_no_graph_reaches():
    complete = np.ones((2, 60, 60)) - np.eye(60)
    for task in (tasks.bfs, tasks.bellman_ford):
        solved = task.run(complete, [0, 1]).trajectory
        assert {hint.shape[1] for hint in solved.hints.values()} == {2}
        assert_array_equal(solved.lengths, [2, 2])


def test_inputs_and_trajectory_cannot_come_apart():
    graphs = tasks.bfs.run(PATH, 0)
    with pytest.raises((AttributeError, TypeError)):
        graphs._replace(weights=PATH)
    with pytest.raises((AttributeError, TypeError)):
        dataclasses.replace(graphs, inputs={})
    with pytest.raises(AttributeError, match="the trajectory belongs to the inputs"):
        graphs.trajectory = graphs.trajectory
    with pytest.raises(TypeError):
        graphs.inputs["A"] = PATH
    given = PATH.copy()
    graphs = tasks.bfs.run(given, 0)
    given[:] = 0  # what the user does with the array later
    assert_array_equal(graphs.weights, PATH)


def test_a_trajectory_of_other_graphs_is_refused():
    compiled = mg.suited(programs.bfs, 3)
    graphs, other = tasks.bfs.run(PATH, 0), tasks.bfs.run(PATH, 1)
    mixed = mg.Graphs("bfs", other.inputs, graphs.trajectory)
    with pytest.raises(mg.OutOfRange, match="trajectory is that of other graphs"):
        compiled(mixed)
    with pytest.raises(ValueError, match="graphs of the task bfs"):
        network.apply(
            tasks.dfs,
            ModelConfig(hidden_size=4),
            network.init(tasks.dfs, ModelConfig(hidden_size=4), jax.random.key(0)),
            graphs,
        )


def test_graphs_of_another_task_of_the_same_name_are_refused():
    own = dataclasses.replace(programs.hop_count, name="bfs")
    with pytest.raises(ValueError, match="task bfs with a trajectory of pi, pi_h, rea"):
        mg.suited(own, 3)(tasks.bfs.run(PATH, 0))


CYCLE = np.array([[[0, 1, 0], [0, 0, 1], [1, 0, 0]]])


@pytest.mark.parametrize(
    ("task", "weights", "says"),
    [
        (tasks.topological_sort, CYCLE, "the cycle 0 -> 1 -> 2 -> 0"),
        (tasks.topological_sort, np.eye(3)[None], "the cycle 0 -> 0"),
        (tasks.bfs, CYCLE, "the edge 0 -> 1 and not 1 -> 0"),
        (tasks.bellman_ford, CYCLE, "the edge 0 -> 1 and not 1 -> 0"),
        (tasks.dijkstra, CYCLE, "the edge 0 -> 1 and not 1 -> 0"),
        (tasks.mst_prim, CYCLE, "the edge 0 -> 1 and not 1 -> 0"),
        (tasks.dijkstra, -PATH, "0 -> 1 weighs -0.25"),
        (tasks.bellman_ford, PATH * np.triu(np.full((3, 3), 2), 1) + np.tril(PATH),
         "the edge 0 -> 1 weighs 0.5 and 1 -> 0 weighs 0.25"),
    ],
)  # fmt: skip
def test_a_graph_that_the_algorithm_has_no_meaning_for_is_refused(task, weights, says):
    source = 0 if "s" in task.features and task.features["s"].stage == "input" else None
    several = np.concatenate([np.zeros_like(weights), weights])  # the second of two
    with pytest.raises(ValueError, match=f"{task.name} is for .* graph 1 .*{says}"):
        task.run(several, source)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_a_cycle_is_named_where_networkx_finds_one(seed, nodes):
    rng = np.random.default_rng(seed)
    edges = rng.random((nodes, nodes)) < 1.5 / nodes
    acyclic = networkx.is_directed_acyclic_graph(networkx.DiGraph(edges))
    try:
        tasks.topological_sort.run(edges[None] * 1.0)
        assert acyclic
    except ValueError as error:
        assert not acyclic
        cycle = [int(n) for n in str(error).split("the cycle ")[1].split(" -> ")]
        assert cycle[0] == cycle[-1] and len(set(cycle)) == len(cycle) - 1
        assert all(edges[i, j] for i, j in itertools.pairwise(cycle))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"weights": networkx.path_graph(3)}, r"networkx Graph: .*to_numpy_array"),
        ({"weights": scipy.sparse.csr_matrix(PATH[0])}, r"scipy csr_matrix: .*toarray"),
        ({"weights": PATH[0]}, r"must be \(B, N, N\), got \(3, 3\): weights\[None\]"),
        ({"weights": PATH[:0]}, r"at least one, got \(0, 3, 3\)"),
        ({"weights": PATH[:, :2]}, r"must be \(B, N, N\).*got \(1, 2, 3\)"),
        ({"weights": [[[0, 1], [1]]]}, "rows of unequal length"),
        ({"weights": np.array([[["a"]]])}, "must be numbers"),
        ({"weights": PATH * np.nan}, r"nan at graph 0, edge 0 -> 0"),
        ({"weights": None}, "needs weights, or the adjacency"),
        (
            {"adjacency": PATH},
            "adjacency is 0.25 at graph 0, edge 0 -> 1",
        ),
        ({"adjacency": PATH[:, :2, :2] > 0}, r"adjacency is \(1, 2, 2\), but weights"),
        ({"source": None}, "bfs needs a source, but source is missing"),
        ({"source": 3}, "node numbers from 0 to 2, got 3"),
        ({"source": [0, 1]}, r"one-hot, here \(1, 3\), or node numbers, here \(1,\)"),
        (
            {"source": np.ones((1, 3))},
            r"0 elsewhere, but is \[1.0, 1.0, 1.0\]",
        ),
        ({"source": np.full((1, 3), 0.5)}, "s is 0.5 at graph 0, node 0"),
        ({"positions": np.zeros((1, 4))}, r"must be \(B, N.*got"),
        ({"positions": np.full((1, 3), np.inf)}, "pos is inf at graph 0, node 0"),
    ],
)
def test_a_mistake_is_one_sentence_with_what_was_given(arguments, says):
    with pytest.raises(ValueError, match=says) as error:
        tasks.bfs.run(**{"weights": PATH, "source": 0, **arguments})
    assert "\n" not in str(error.value) and len(str(error.value)) < 200


def test_a_source_is_one_hot_or_a_number():
    both = np.concatenate([PATH, PATH])
    expected = tasks.bfs.run(both, np.eye(3)[[1, 2]])
    for source in ([1, 2], np.array([1, 2]), jnp.array([1, 2])):
        found = tasks.bfs.run(both, source)
        assert_array_equal(found.source, expected.source)
    assert_array_equal(tasks.bfs.run(both, 2).source, np.eye(3)[[2, 2]])


def test_edges_are_enough_where_weights_do_not_matter():
    found = tasks.bfs.run(adjacency=PATH > 0, source=0)
    assert_array_equal(found.trajectory.outputs["pi"], [[0, 0, 1]])


NO_GRAPHS = """
import jax
import mindgap as mg
from mindgap import network, programs, tasks

config = mg.ModelConfig(hidden_size=4)
params = network.init(tasks.bfs, config, jax.random.key(0))
compiled = mg.suited(programs.bfs, 3)
for use in (
    lambda: mg.apply(tasks.bfs, config, params, {"A": 1}),
    lambda: network.predict(tasks.bfs, config, params, [1]),
    lambda: compiled([[0, 1], [1, 0]]),
    lambda: mg.interpret(programs.bfs, "graphs", 1),
):
    try:
        use()
    except TypeError as error:
        print(error)
"""


def test_what_are_no_graphs_is_refused():
    """In a process of its own, since the types of all arguments are checked in this."""
    command = [sys.executable, "-c", NO_GRAPHS]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    assert len(lines) == 4
    for line, got in zip(lines, ("dict", "list", "list", "str"), strict=True):
        assert line == (
            f"bfs takes Graphs, as made by bfs.run or bfs.sample, got a {got}"
        )


class Keys:
    """Numbers in a row, with a bound for all of them."""

    directed = weighted = False

    def draw(self, key, nodes, batch, chances):
        keys = jax.random.uniform(key, (batch, nodes))
        return {"pos": keys, "key": keys, "least": keys[:, 0]}

    def draw_as_clrs(self, rng, nodes):
        raise NotImplementedError

    def faults(self, inputs):
        if (inputs["key"] < 0).any():
            yield "a key is negative"


def running_minimum(inputs):
    """Hints: the least so far, one more node each; the output: where it is."""
    nodes = inputs["key"].shape[0]
    allowed = jnp.where(inputs["key"] >= inputs["least"], inputs["key"], jnp.inf)
    seen = jnp.tri(nodes, dtype=bool)
    least = jnp.where(seen, allowed, jnp.inf).argmin(1)
    hints = {"min_h": jax.nn.one_hot(least, nodes)}
    return mg.Trajectory(hints, {"min": hints["min_h"][-1]}, jnp.array(nodes))


MINIMUM = Task(
    name="minimum_above",
    features={
        "pos": Feature("input", "node", "scalar"),
        "key": Feature("input", "node", "scalar"),
        "least": Feature("input", "graph", "scalar"),
        "min_h": Feature("hint", "node", "mask_one"),
        "min": Feature("output", "node", "mask_one"),
    },
    solve=running_minimum,
    most_hints=lambda nodes: nodes,
    sampler=Keys(),
)
"""Keys, a scalar of the graph, and no edges at all."""


def test_a_task_has_the_inputs_of_its_specification(key):
    """Its network is trained on them, and reads every one."""
    config = ModelConfig(hidden_size=8, attend_to="all")
    graphs = MINIMUM.sample(key, nodes=5, batch=3)
    assert graphs.inputs.keys() == {"pos", "key", "least"}
    assert (graphs.batch, graphs.nodes) == (3, 5)
    params = network.init(MINIMUM, config, key)
    found = network.apply(MINIMUM, config, params, graphs)
    for name in ("key", "least"):
        other = MINIMUM.solved({**graphs.inputs, name: graphs.inputs[name] / 2})
        changed = network.apply(MINIMUM, config, params, other)
        assert not np.allclose(changed.states, found.states)
    train = mg.make_train(MINIMUM, config, mg.TrainConfig(steps=2, lengths=(4,)))
    _, curves = train(mg.key_of(0))
    assert np.isfinite(curves.loss).all()


def test_inputs_that_the_specification_does_not_have_are_refused():
    pos = np.arange(3)[None] / 3
    inputs = {"pos": pos, "key": pos, "least": np.zeros(1)}
    assert MINIMUM.solved(inputs).trajectory.outputs["min"].argmax() == 0
    for change, says in (
        ({"keys": pos}, "minimum_above has no input keys"),
        ({"least": pos}, r"least must be \(B\), here \(1,\), got \(1, 3\)"),
        ({"key": -pos}, "a key is negative"),
    ):
        with pytest.raises(ValueError, match=says):
            MINIMUM.solved({**inputs, **change})
    with pytest.raises(ValueError, match="is missing the input key, least"):
        MINIMUM.solved({"pos": pos})


@pytest.mark.parametrize(
    "task",
    [pytest.param(tasks.bellman_ford, marks=pytest.mark.large), tasks.dijkstra],
)
def test_gradients_go_to_the_graphs(task, key):
    """Against finite differences in float64, in the weights and the positions."""
    config = ModelConfig(hidden_size=8)
    params = network.init(task, config, key)
    graphs = task.sample(key, nodes=4, batch=2, p=0.9, random_positions=True)
    edges = np.asarray(graphs.edges)
    directions = [
        np.asarray(jax.random.normal(key, leaf.shape), float)
        for leaf in (graphs.weights, graphs.positions)
    ]
    directions[0] = np.where(edges, directions[0] + directions[0].swapaxes(1, 2), 0)

    def loss(weights, positions):
        own = task.run(weights, graphs.source, positions, edges)
        found = network.apply(task, config, params, own)
        assert found.states is not None
        return (found.states**2).mean() + (found.logits["pi"] ** 2).mean()

    with jax.enable_x64():
        params = jax.tree.map(lambda leaf: jnp.asarray(leaf, float), params)
        at = [np.asarray(leaf, float) for leaf in (graphs.weights, graphs.positions)]
        gradients = jax.grad(loss, (0, 1))(*at)
        for place in range(2):
            step = 1e-6 * directions[place]
            ahead, behind = list(at), list(at)
            ahead[place], behind[place] = at[place] + step, at[place] - step
            expected = (loss(*ahead) - loss(*behind)) / 2
            assert abs(float(expected)) > 1e-9
            assert_allclose((gradients[place] * step).sum(), expected, rtol=1e-3)


def test_training_s_network_refuses_gradients_of_graphs(key):
    task, config = tasks.bellman_ford, ModelConfig(hidden_size=4)
    params = network.init(task, config, key)
    graphs = task.sample(key, nodes=4, batch=2)

    def loss(weights):
        own = task.run(weights, graphs.source, adjacency=graphs.edges)
        return network.predict(task, config, params, own).logits["pi"].sum()

    with pytest.raises(NotImplementedError, match=r"network.apply has those of graphs"):
        jax.grad(loss)(graphs.weights)


def test_numbers_are_of_float32_and_small_ones_no_zeros():
    """In half precision the sums of this row would be others."""
    keys = np.array([[16, 0.005, -1, -1, -1]], np.float16)
    row = {"pos": np.arange(5)[None] / 5, "key": keys}
    solved = tasks.find_maximum_subarray_kadane.solved(row)
    assert solved.inputs["key"].dtype == np.float32
    assert solved.trajectory.outputs["end"].argmax() == 1
    with pytest.raises(ValueError, match=r"1e-50 at graph 0, edge 0 -> 1.*float32"):
        tasks.dijkstra.run(np.where(PATH == 0.25, 1e-50, PATH.astype(float)), 0)
