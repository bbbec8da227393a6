"""Probes and interventions on states that hold what they look for, and that do not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from mindgap import network, tasks
from mindgap.compiler.verification import suited
from mindgap.language.interpreter import interpret
from mindgap.measures import probing
from mindgap.network import ModelConfig
from mindgap.programs import PROGRAMS, bellman_ford, bfs

BOTH = pytest.mark.parametrize("program", [bfs, bellman_ford], ids=lambda p: p.name)


def sparse(task, key, batch=40, nodes=12):
    """Graphs on which the algorithm takes several steps."""
    return task.sample(key, nodes, batch, p=0.4, random_positions=False).trimmed()


def compiled_states(program, key):
    """A compiled network's task, graphs, and states after each step."""
    compiled = suited(program, 12)
    task, graphs = compiled.task, sparse(compiled.task, key)
    found = network.apply(task, compiled.config, compiled.params, graphs)
    return task, graphs, found.states


@BOTH
def test_a_compiled_networks_state_holds_every_variable(program, key):
    task, graphs, states = compiled_states(program, key)
    given = probing.present(graphs)
    looked_for = probing.targets(task, graphs)
    looked_for.pop("distance", None)  # no program of ours counts steps
    assert len(looked_for) >= 2
    for target in looked_for.values():
        held = probing.probe(states, target, given)
        assert np.isfinite(held).any()
        assert_allclose(held[np.isfinite(held)], 1, atol=0.01)


@pytest.mark.parametrize("task", [tasks.bfs, tasks.bellman_ford, tasks.dfs])
def test_hints_that_are_decoded_rightly_are_the_targets(task, key):
    graphs = task.sample(key, nodes=5, batch=6, p=0.5).trimmed()
    hints = {}
    for name, feature in task.stage("hint").items():
        hint = jnp.asarray(graphs.trajectory.hints[name])[:, 1:]
        hints[name] = jax.nn.one_hot(hint, 5) if feature.type == "pointer" else hint
    targets = probing.targets(task, graphs)
    targets.pop("distance", None)  # no hint
    given = probing.present(graphs)
    found = probing.decoded(task, graphs, hints)
    assert set(found) == set(targets)
    for name, target in targets.items():
        told = np.asarray(given)
        assert_allclose(np.asarray(found[name])[told], np.asarray(target)[told])
        score = probing.explained(found[name], target, given)
        assert_array_equal(score[np.isfinite(score)], 1)


def test_what_is_explained_is_scored_on_the_second_half(key):
    target = jax.random.normal(key, (8, 3, 6))
    given = jnp.ones((8, 3), bool).at[5:, 2].set(False)
    wrong = target.at[:4].set(0)
    assert_array_equal(probing.explained(wrong, target, given)[:2], 1)
    assert np.isnan(probing.explained(wrong, target, given)[2])
    mean = jnp.broadcast_to(target[4:].mean((0, 2))[:, None], target.shape)
    assert_allclose(probing.explained(mean, target, given)[:2], 0, atol=1e-5)
    assert np.isnan(probing.explained(mean, jnp.ones_like(target), given)).all()


@BOTH
def test_labels_of_another_graph_are_not_held(program, key):
    task, graphs, states = compiled_states(program, key)
    given = probing.present(graphs)
    both = given & probing.of_another(given)
    for name, target in probing.targets(task, graphs).items():
        if name != "pi_h":  # a parent's number is partly known from one's own
            control = probing.of_another(target)
            held = probing.probe(states, control, both)
            assert np.nanmax(held[:2]) < 0.25


def test_targets_are_the_algorithms_variables(key):
    graphs = sparse(tasks.bfs, key, batch=5)
    found = probing.targets(tasks.bfs, graphs)
    hints = graphs.trajectory.hints
    assert_array_equal(found["reach_h"], hints["reach_h"][:, 1:])
    for graph in range(5):
        level = {int(np.flatnonzero(graphs.source[graph])[0]): 0}
        for time in range(int(graphs.trajectory.lengths[graph]) - 1):
            now = np.flatnonzero(hints["reach_h"][graph, time + 1])
            level |= {n: time + 1 for n in now if n not in level}
            expected = [level.get(node, 0) for node in range(12)]
            assert_array_equal(found["distance"][graph, time], expected)
            parents = np.asarray(hints["pi_h"][graph, time + 1])
            places = np.asarray(graphs.positions)[graph][parents]
            assert_array_equal(found["pi_h"][graph, time], places)


def test_distance_is_in_edges_whatever_the_hints(key):
    graphs = tasks.bfs_sequential.sample(key, 12, 4, p=0.6).trimmed()
    found = probing.targets(tasks.bfs_sequential, graphs)["distance"]
    plain = tasks.bfs.run(graphs.weights, graphs.source)
    levels = probing.targets(tasks.bfs, plain)["distance"]
    for graph in range(4):
        last = [int(g.trajectory.lengths[graph]) - 2 for g in (graphs, plain)]
        if min(last) >= 0:
            assert_array_equal(found[graph, last[0]], levels[graph, last[1]])


def test_a_probe_explains_what_is_linear_and_not_what_is_noise(key):
    states = jax.random.normal(key, (20, 3, 6, 5))
    given = jnp.ones((20, 3), bool)
    linear = states @ jnp.arange(5.0) + 3.0
    assert_allclose(probing.probe(states, linear, given), 1, atol=1e-4)
    noise = jax.random.normal(jax.random.key(1), (20, 3, 6))
    assert (probing.probe(states, noise, given) < 0.15).all()
    with_noise = linear + noise * jnp.std(linear)
    assert_allclose(probing.probe(states, with_noise, given), 0.5, atol=0.2)


def test_probes_are_tested_on_graphs_that_they_were_not_fitted_on(key):
    """More numbers than examples: only a probe that is tested on them explains all."""
    states = jax.random.normal(key, (8, 1, 3, 40))
    target = jax.random.normal(jax.random.key(1), (8, 1, 3))
    given = jnp.ones((8, 1), bool)
    assert probing.probe(states, target, given, 1e-9)[0] < 0.5
    twice = [jnp.concatenate([a[:4], a[:4]]) for a in (states, target, given)]
    assert probing.probe(*twice, 1e-9)[0] > 0.99


def test_steps_that_say_nothing_have_no_score(key):
    states = jax.random.normal(key, (6, 3, 4, 2))
    target = states[..., 0].at[:, 1].set(2.0)
    given = jnp.ones((6, 3), bool).at[3:, 2].set(False)
    found = probing.probe(states, target, given)
    assert_array_equal(np.isfinite(found), [True, False, False])
    with pytest.raises(ValueError, match="at least 4 graphs, got 3"):
        probing.probe(states[:3], target[:3], given[:3])


@BOTH
def test_a_compiled_network_follows_the_state_that_it_is_given(program, key):
    compiled = suited(program, 12)
    graphs = sparse(compiled.task, key, batch=60)
    found = probing.interchange(program, compiled.config, compiled.params, graphs, 1)
    assert_array_equal(found.own, 1)
    # in a state that no run of Bellman-Ford reaches its own source may have a distance
    assert np.quantile(found.swapped, 0.1 if program is bellman_ford else 0) == 1
    exact = found.swapped == 1
    assert_allclose(found.unmoved[exact], found.alike[exact])
    assert found.alike.mean() < 0.9


def test_a_network_that_cannot_hold_a_state_does_not_follow(key):
    config = ModelConfig(hidden_size=4)
    params = network.init(tasks.bfs, config, key)
    graphs = sparse(tasks.bfs, key, batch=60)
    found = probing.interchange(bfs, config, params, graphs, 1)
    assert found.swapped.mean() < found.alike.mean() + 0.1
    deep = ModelConfig(hidden_size=4, message_steps=2)
    with pytest.raises(ValueError, match="message_steps is 2"):
        probing.interchange(bfs, deep, params, graphs, 1)


def test_a_program_goes_on_from_any_state(key):
    graphs = sparse(tasks.bellman_ford, key, batch=4)
    whole = interpret(bellman_ford, graphs, 6)
    then = {name: values[:, 2] for name, values in whole.states.items()}
    rest = interpret(bellman_ford, graphs, 4, then)
    for name, values in rest.states.items():
        assert_array_equal(values, whole.states[name][:, 2:])


@BOTH
def test_a_network_goes_on_from_its_own_state(program, key):
    """Given the state after a step and the hints of then, the rest is the same."""
    compiled = suited(program, 12)
    graphs = sparse(compiled.task, key, batch=4)
    parts = compiled.task, compiled.config, compiled.params
    whole = network.apply(*parts, graphs)
    rest = network.apply(*parts, graphs.later(1), whole.states[:, 0])
    assert_allclose(rest.states, whole.states[:, 1:], atol=1e-5)


def test_interchange_refuses_what_it_cannot_do(key):
    config = ModelConfig(hidden_size=4)
    params = network.init(tasks.bfs, config, key)
    graphs = sparse(tasks.bfs, key, batch=6)
    with pytest.raises(ValueError, match="graphs go on after step 20"):
        probing.interchange(bfs, config, params, graphs, 20)
    with pytest.raises(ValueError, match="time 0"):
        probing.interchange(bfs, config, params, graphs, 0)
    with pytest.raises(ValueError, match="components"):
        probing.interchange(PROGRAMS["components"], config, params, graphs, 1)
