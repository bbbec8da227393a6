"""A network that is given true hints: as in dm-clrs, and what it is measured by."""

from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mindgap as mg
from mindgap import network, programs, tasks
from mindgap.measures import forcing
from mindgap.network import ModelConfig, dm_clrs, metrics
from tests import cases, clrs_reference

SMALL = ModelConfig(hidden_size=16)


@pytest.mark.clrs
@pytest.mark.slow
@pytest.mark.parametrize("name", ["bfs", "dfs"])
def test_it_is_dm_clrs_with_teacher_forcing(name):
    import clrs

    task, batch = tasks.TASKS[name], clrs_reference.feedback(name, 7, 4, seed=7)
    original = clrs.models.BaselineModel

    def forcing_model(**settings):
        return original(**{**settings, "hint_teacher_forcing": 1.0})

    with mock.patch.object(clrs.models, "BaselineModel", forcing_model):
        made = clrs_reference.model(name, SMALL, batch)
        (loss, (outputs, hints)), _ = clrs_reference.everything(made, batch)(
            made.params
        )
    graphs = clrs_reference.as_graphs(task, batch)
    params = jax.tree.map(jnp.asarray, dm_clrs.from_clrs(task, SMALL, made.params))
    always = jnp.ones((graphs.trajectory.steps + 1, graphs.batch), bool)
    forced = dict.fromkeys(task.stage("hint"), always)
    found = network.predict(task, SMALL, params, graphs, forced=forced)
    error = metrics.loss(task, graphs, found.logits, found.hints)
    theirs = loss, outputs, hints
    assert clrs_reference.gap((error, found.logits, found.hints), theirs) < 1e-5
    free = network.predict(task, SMALL, params, graphs)
    assert clrs_reference.gap(free.hints, hints) > 1e-3


def test_each_graph_step_and_hint_is_forced_by_itself(key):
    task, graphs = tasks.dfs, tasks.dfs.sample(key, 5, 3)
    params = network.init(task, SMALL, key)
    shape = graphs.trajectory.steps + 1, graphs.batch
    free = network.predict(task, SMALL, params, graphs).hints
    nothing = dict.fromkeys(task.stage("hint"), jnp.zeros(shape, bool))
    same = network.predict(task, SMALL, params, graphs, forced=nothing).hints
    jax.tree.map(np.testing.assert_array_equal, same, free)
    once = {"u": jnp.zeros(shape, bool).at[3, 1].set(True)}
    other = network.predict(task, SMALL, params, graphs, forced=once).hints
    flat = graphs.batch, shape[0] - 1, -1
    moved = np.max(
        [np.abs(other[k] - free[k]).reshape(flat).max(-1) for k in free], axis=0
    )
    # what is given before step 4 changes what is predicted after it, in that graph
    assert (moved[[0, 2]] == 0).all() and (moved[1, :3] == 0).all()
    assert (moved[1, 3:] > 0).all()


def test_true_hints_change_nothing_for_a_network_without_errors():
    compiled = mg.suited(programs.dfs, 6)
    graphs = cases.within(compiled, cases.random_graphs(programs.dfs, 6, 8))
    task, config, params = compiled.task, compiled.config, compiled.params
    for hints in ((), ("s", "u"), tuple(task.stage("hint"))):
        found = forcing.given(task, config, params, graphs, hints)
        assert (found.answer == 1).all()
        assert all((share == 1).all() for share in found.exact.values())
    assert set(found.exact) == {
        "all",
        *(n for n, f in task.stage("hint").items() if f.type != "scalar"),
    }


def test_a_wrong_step_counts_once_if_hints_are_given(key):
    """Answers and shares are those of the hints as decoded, step by step."""
    task, graphs = tasks.bfs, tasks.bfs.sample(key, 6, 4)
    params = network.init(task, SMALL, key)
    found = forcing.given(task, SMALL, params, graphs, ["pi_h"])
    always = jnp.ones((graphs.trajectory.steps + 1, graphs.batch), bool)
    hints = network.predict(task, SMALL, params, graphs, forced={"pi_h": always}).hints
    for graph in range(graphs.batch):
        steps = int(graphs.trajectory.lengths[graph]) - 1
        truth = np.asarray(graphs.trajectory.hints["pi_h"])[graph, 1 : steps + 1]
        told = np.asarray(hints["pi_h"])[graph, :steps].argmax(-1)
        right = (told == truth).all(-1)
        share = right.mean() if steps else np.nan
        assert found.exact["pi_h"][graph] == pytest.approx(share, nan_ok=True)


@pytest.mark.parametrize(
    ("mode", "name"),
    [("encoded_decoded", "pos"), ("decoded_only", "pi_h"), ("none", "pi_h")],
)
def test_hints_that_are_no_inputs_are_refused(key, mode, name):
    config = ModelConfig(hidden_size=16, hint_mode=mode)
    params, graphs = network.init(tasks.bfs, config, key), tasks.bfs.sample(key, 4, 2)
    with pytest.raises(ValueError, match=rf"forced is for \['{name}'\].* inputs of"):
        forcing.given(tasks.bfs, config, params, graphs, [name])


def test_repairs_change_nothing_for_a_network_without_errors():
    compiled = mg.suited(programs.dfs, 6)
    graphs = cases.within(compiled, cases.random_graphs(programs.dfs, 6, 8))
    of = compiled.task, compiled.config, compiled.params
    found = forcing.repairs(*of, graphs)
    named = {"own run", "clocks true", "all hints true", "decided hints"}
    assert named < set(found)
    assert all((steps.answer == 1).all() for steps in found.values())


def test_sharper_scores_are_powers_of_the_coefficients(key):
    """A softmax of twice the scores is the softmax squared, scaled to add up to 1."""
    task, graphs = tasks.dfs, tasks.dfs.sample(key, 6, 3)
    config = ModelConfig(hidden_size=16, heads=2, attend_to="all")
    params = network.init(task, config, key)
    own = network.apply(task, config, params, graphs)
    steep = network.apply(task, config, forcing.sharper(params, 2.0), graphs)
    squared = np.asarray(own.attention)[:, 0] ** 2
    expected = squared / squared.sum(-1, keepdims=True)
    np.testing.assert_allclose(steep.attention[:, 0], expected, rtol=1e-4)
    # pointers' decoders are steeper, too: with equal states, their scores are doubled
    only = {k: v for k, v in forcing.sharper(params, 2.0).items() if "decoder" in k}
    decoded = network.predict(task, config, {**params, **only}, graphs, jnp.array(1))
    first = network.predict(task, config, params, graphs, jnp.array(1))
    np.testing.assert_allclose(
        decoded.hints["pi_h"][:, 0], 2 * first.hints["pi_h"][:, 0], rtol=1e-4
    )


@pytest.mark.parametrize("told", [(), ("pi_h",), tuple(tasks.dfs.stage("hint"))])
def test_pointers_that_are_remembered_are_counted_by_hand(key, told):
    task, graphs = tasks.dfs, tasks.dfs.sample(key, 5, 4, 0.4)
    params = network.init(task, SMALL, key)
    found = forcing.remembered(task, SMALL, params, graphs, "pi_h", told)
    always = jnp.ones((graphs.trajectory.steps + 1, graphs.batch), bool)
    forced = dict.fromkeys(told, always)
    hints = network.predict(task, SMALL, params, graphs, forced=forced).hints
    for graph, length in enumerate(graphs.trajectory.lengths):
        for step in range(graphs.trajectory.steps):
            truth = np.asarray(graphs.trajectory.hints["pi_h"])[graph, step + 1]
            kept = [i for i in range(5) if truth[i] != i and step + 1 < length]
            shown = np.asarray(hints["pi_h"])[graph, step].argmax(-1)
            share = np.mean([shown[i] == truth[i] for i in kept]) if kept else np.nan
            assert found[graph, step] == pytest.approx(share, nan_ok=True)


def test_a_network_without_states_needs_no_memory(key):
    """One whose states are multiplied by zero is the same without them."""
    task, graphs = tasks.dfs, tasks.dfs.sample(key, 6, 3)
    params = network.init(task, SMALL, key)
    blind = jax.tree.map(jnp.asarray, params)
    for module, leaves in blind.items():
        if module.rpartition("/")[2] in ("value", "skip", "in", "out"):
            leaves["w"] = leaves["w"].at[SMALL.hidden_size :].set(0)
        elif module.rpartition("/")[2] in ("receiver", "sender", "node"):
            at = slice(SMALL.hidden_size, 2 * SMALL.hidden_size)
            leaves["w"] = leaves["w"].at[at].set(0)
    every = tuple(task.stage("hint"))
    of = task, SMALL, blind, graphs, "pi_h"
    with_it = forcing.remembered(*of, every)
    without = forcing.remembered(*of, memory=False)
    assert np.isfinite(without[:, :: forcing.EACH]).any()
    np.testing.assert_array_equal(
        without[:, :: forcing.EACH], with_it[:, :: forcing.EACH]
    )
    rest = np.delete(without, np.arange(0, without.shape[1], forcing.EACH), 1)
    assert np.isnan(rest).all()
    own = task, SMALL, params, graphs, "pi_h"
    assert (
        forcing.remembered(*own, every) != forcing.remembered(*own, memory=False)
    ).any()


@pytest.mark.parametrize("name", ["pi", "color", "nothing"])
def test_only_pointers_are_remembered(key, name):
    params, graphs = network.init(tasks.dfs, SMALL, key), tasks.dfs.sample(key, 4, 2)
    with pytest.raises(ValueError, match=f"'{name}' is no hint of dfs that is a point"):
        forcing.remembered(tasks.dfs, SMALL, params, graphs, name)
