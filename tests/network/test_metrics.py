"""Loss and accuracy against dm-clrs's definitions and hand values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from mindgap import network, tasks
from mindgap.graphs import Graphs
from mindgap.network import ModelConfig, metrics, scoring
from mindgap.tasks.features import Feature


def test_a_perfect_prediction_costs_nothing_and_a_flat_one_the_entropy(key):
    graphs = tasks.bfs.sample(key, nodes=5, batch=4).trimmed()
    truth = graphs.trajectory.hints
    sure = {
        "reach_h": 100.0 * (2 * truth["reach_h"][:, 1:] - 1),
        "pi_h": 100.0 * jax.nn.one_hot(truth["pi_h"][:, 1:], 5),
    }
    logits = {"pi": 100.0 * jax.nn.one_hot(graphs.trajectory.outputs["pi"], 5)}
    assert_allclose(metrics.loss(tasks.bfs, graphs, logits, sure), 0, atol=1e-6)
    flat = jax.tree.map(jnp.zeros_like, (logits, sure))
    expected = 2 * np.log(5) + np.log(2)
    assert_allclose(metrics.loss(tasks.bfs, graphs, *flat), expected, rtol=1e-5)


def test_steps_after_a_graphs_end_do_not_count():
    weights = jnp.stack([jnp.eye(3), jnp.ones((3, 3))])
    source = jax.nn.one_hot(jnp.zeros(2, int), 3)
    graphs = tasks.bfs.run(weights, source)
    assert list(graphs.trajectory.lengths) == [1, 2]
    logits = {"pi": jnp.zeros((2, 3, 3))}
    hints = {"pi_h": jnp.zeros((2, 2, 3, 3)), "reach_h": jnp.zeros((2, 2, 3))}
    base = metrics.loss(tasks.bfs, graphs, logits, hints)
    late = {name: hint.at[0].set(7.0).at[1, 1].set(7.0) for name, hint in hints.items()}
    assert_allclose(metrics.loss(tasks.bfs, graphs, logits, late), base, rtol=1e-6)
    early = {name: hint.at[1, 0].set(7.0) for name, hint in hints.items()}
    assert abs(metrics.loss(tasks.bfs, graphs, logits, early) - base) > 0.1


@pytest.mark.parametrize(
    "feature",
    [
        Feature("hint", "node", "scalar"),
        Feature("hint", "node", "mask"),
        Feature("hint", "node", "mask_one"),
        Feature("hint", "node", "categorical", classes=3),
        Feature("hint", "node", "pointer"),
        Feature("hint", "graph", "scalar"),
    ],
    ids=lambda f: f"{f.location}-{f.type}",
)
@pytest.mark.clrs
def test_every_kind_of_hint_has_the_loss_of_dm_clrs(feature, key):
    from clrs._src import losses, probing

    shape = {"graph": (2, 4), "node": (2, 4, 5)}[feature.location]
    truth_key, predicted_key = jax.random.split(key)
    truth, predicted = (jax.random.normal(k, shape) for k in (truth_key, predicted_key))
    if feature.type == "mask":
        truth = (truth > 0).astype(jnp.float32)
    if feature.type in ("mask_one", "categorical"):
        classes = feature.classes or 5
        truth = jax.nn.one_hot(truth.argmax(-1) % classes, classes)
        if feature.type == "categorical":
            truth = jnp.broadcast_to(truth[..., None, :], (2, 4, 5, classes))
            predicted = jax.random.normal(predicted_key, truth.shape)
    if feature.type == "pointer":
        truth = jax.random.randint(truth_key, shape, 0, 5)
        predicted = jax.random.normal(predicted_key, (*shape, 5))
    lengths = jnp.array([4, 3])
    point = probing.DataPoint(
        "h", feature.location, feature.type, np.swapaxes(np.asarray(truth), 0, 1)
    )
    steps = [predicted[:, t] for t in range(3)]
    theirs = losses.hint_loss(point, steps, lengths, 5)
    features = {**tasks.bfs.features, "h": feature}
    features = {k: f for k, f in features.items() if f.stage != "hint" or k == "h"}
    task = tasks.Task("t", features, tasks.bfs.solve, lambda n: n)
    graphs = tasks.bfs.sample(key, 5, 2)
    trajectory = graphs.trajectory._replace(hints={"h": truth}, lengths=lengths)
    graphs = Graphs("t", graphs.inputs, trajectory)
    ours = metrics.loss(task, graphs, {}, {"h": predicted})
    assert_allclose(ours, theirs, rtol=1e-5)


def test_accuracy_is_per_graph():
    predicted = jnp.array([[0, 1, 2, 3], [3, 2, 1, 0]])
    truth = jnp.array([[0, 1, 2, 0], [0, 0, 0, 0]])
    assert_allclose(metrics.pointer_accuracy(predicted, truth), [0.75, 0.25])


@pytest.mark.parametrize("mode", ["encoded_decoded", "none"])
@pytest.mark.parametrize("task", tasks.TASKS.values(), ids=lambda task: task.name)
def test_losses_of_outputs_and_hints_add_up(task, mode, key):
    config = ModelConfig(hidden_size=4, hint_mode=mode)
    graphs = task.sample(key, nodes=4, batch=3, p=0.9).trimmed()
    params = network.init(task, config, key)
    outputs, hints = scoring.losses(task, config, graphs)(params)
    *again, wrong = scoring.loss_and_errors(task, config, graphs)(params)
    assert again == [outputs, hints]
    score = scoring.score(task, config, params, graphs).mean()
    assert wrong == pytest.approx(1 - float(score), abs=1e-6) and 0 < wrong
    found = network.predict(task, config, params, graphs)
    whole = metrics.loss(task, graphs, found.logits, found.hints)
    assert_allclose(outputs + hints, whole, rtol=1e-5)
    assert_allclose(outputs, metrics.loss(task, graphs, found.logits, {}), rtol=1e-5)
    assert (hints > 0) == (mode != "none")


def test_a_category_is_right_if_its_logit_is_the_largest():
    colours = Feature("output", "node", "categorical", 3)
    truth = jnp.eye(3)[jnp.array([[0, 1, 2, 2]])]
    predicted = jnp.array([[0, 1, 0, 2]])
    assert_allclose(metrics.accuracy(colours, predicted, truth), [0.75])


@pytest.mark.parametrize("sort", ["mask", "scalar"])
def test_outputs_without_a_share_of_each_graph_are_refused(sort):
    values = jnp.zeros((2, 4))
    with pytest.raises(ValueError, match=f"'{sort}' has no score per graph: only poi"):
        metrics.accuracy(Feature("output", "node", sort), values, values)
