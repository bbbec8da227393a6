"""The compiled network has a head for each selection; a blind one has none."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from numpy.testing import assert_array_equal

from mindgap import network, programs, tasks
from mindgap.compiler.smallest import suited
from mindgap.graphs import Graphs
from mindgap.measures import heads
from mindgap.network import ModelConfig


def test_compiled_dfs_has_a_head_for_each_selection(key):
    compiled = suited(programs.dfs, 6)
    graphs = tasks.dfs.sample(key, 6, 4)
    goals = heads.of_dfs(graphs)
    found = heads.best(tasks.dfs, compiled.config, compiled.params, graphs, goals)
    assert found.keys() == {*programs.dfs.selections, "child, of the holder"}
    assert set(found.values()) == {100.0}


def test_the_holders_child_is_the_node_that_is_descended_to(key):
    """Against CLRS's own hints: where `s_last` moves to a new node, from `u` to it."""
    graphs = tasks.dfs.sample(key, 7, 8)
    child, holds = map(np.asarray, heads.of_dfs(graphs)["child, of the holder"])
    hints = graphs.trajectory.hints
    top, u = (np.asarray(hints[n]).argmax(-1) for n in ("s_last", "u"))
    white = np.asarray(hints["color"])[..., 0] > 0.5
    descends = 0
    for b, t in np.argwhere((top[:, 1:] != top[:, :-1]) & (top[:, 1:] != u[:, 1:])):
        holder, target = u[b, t + 1], top[b, t + 1]
        if white[b, t, target]:  # else the search goes back to a node below
            assert holds[b, t].nonzero()[0].tolist() == [holder]
            assert child[b, t, holder] == target
            descends += 1
    assert descends > 20


def test_a_head_that_was_chosen_elsewhere_is_not_the_best_here(key):
    compiled = suited(programs.dfs, 6)
    graphs = tasks.dfs.sample(key, 6, 4)
    goals = heads.of_dfs(graphs)
    of = tasks.dfs, compiled.config, compiled.params, graphs, goals
    chosen = heads.choose(*of)
    assert len({*chosen.values()}) == 4
    assert heads.score(*of, chosen) == heads.best(*of)
    others = {name: (head + 1) % 4 for name, head in chosen.items()}
    assert sum(heads.score(*of, others).values()) < 300


def test_uniform_attention_is_right_as_often_as_chance(key):
    model = ModelConfig(hidden_size=8, heads=2, attend_to="all", layer_norm=False)
    blank = jax.tree.map(np.zeros_like, network.init(tasks.dfs, model, key))
    graphs = tasks.dfs.sample(key, 5, 3)
    goals = heads.of_dfs(graphs)
    found = heads.best(tasks.dfs, model, blank, graphs, goals)
    assert_array_equal(np.round(list(found.values()), 3), 20.0)
    other = dataclasses.replace(model, heads=1)
    blank = jax.tree.map(np.zeros_like, network.init(tasks.dfs_unclocked, other, key))
    same = tasks.dfs_unclocked.solved(graphs.inputs)
    found = heads.best(tasks.dfs_unclocked, other, blank, same, goals)
    assert_array_equal(np.round(list(found.values()), 3), 20.0)


def test_with_true_hints_attention_is_that_of_single_steps(key):
    """Against the network started anew at each step, where the first hints are true."""
    task, model = tasks.dfs, ModelConfig(hidden_size=8, heads=2, attend_to="all")
    params, graphs = network.init(task, model, key), task.sample(key, 5, 3)
    trajectory = graphs.trajectory
    shortest = int(np.min(trajectory.lengths)) - 1
    hidden, steps = jnp.zeros((3, 5, 8)), []
    for time in range(shortest):
        hints = {k: v[:, time : time + 2] for k, v in trajectory.hints.items()}
        part = trajectory._replace(hints=hints, lengths=np.full(3, 2))
        cut = Graphs(task.name, graphs.inputs, part)
        one = network.apply(task, model, params, cut, hidden)
        hidden = one.states[:, -1]
        steps.append(one.attention[:, 0])
    # a goal that is looked at whenever the head's largest coefficient is on it
    largest = np.stack(steps, 1)[:, :, 1].argmax(-1)
    looks = np.zeros((3, trajectory.steps, 5), int)
    looks[:, :shortest] = largest
    active = np.zeros(looks.shape, bool)
    active[:, :shortest] = True
    goals = {"what head 1 selects": (jnp.asarray(looks), jnp.asarray(active))}
    of = task, model, params, graphs, goals, {"what head 1 selects": 1}
    assert heads.score(*of, tuple(task.stage("hint"))) == {"what head 1 selects": 100}
    assert heads.score(*of)["what head 1 selects"] < 100
