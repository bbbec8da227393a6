"""What is recorded of networks against the measures themselves."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from mindgap import experiments, network, paper, tasks, training
from mindgap.compiler.compile import compile
from mindgap.experiments import measurement
from mindgap.experiments.base import CompiledStart
from mindgap.measures import faithfulness, validity
from mindgap.network import ModelConfig, attention, metrics, pairwise, scoring
from mindgap.programs import bfs

SMALL = ModelConfig(hidden_size=4)
TIED = ModelConfig(
    hidden_size=4,
    attention_bias=True,
    edge_values="projected",
    nodes=6,
    layer_norm=False,
)


def experiment(task, model=SMALL, **changes):
    return experiments.Experiment(
        name="test/row",
        source="none",
        claim="none",
        task=task,
        model=model,
        **{
            "test": experiments.Data("here", 6, 5, seed=1),
            "beside": (experiments.Data("there", 6, 3, seed=2),),
            "larger": 2,
            **changes,
        },
    )


def measured(row, networks):
    """Rows of untrained networks: checkpoints differ by a scale, 2, 1 and a half.

    Snapshots are three times the best.
    """
    best = jax.tree.map(lambda *leaves: jnp.stack(leaves), *networks)
    last = jax.tree.map(lambda leaf: 0.5 * leaf, best)
    scores = jnp.array([0.5, 0.25])
    triple = jax.tree.map(lambda leaf: 3.0 * leaf, best)
    snapshots = (triple,) * len(row.train.snapshots)
    steps = jnp.array([50, 0])
    state = training.TrainState(last, (), best, scores, steps, snapshots=snapshots)
    loss = np.arange(200.0).reshape(2, 100)
    validation = np.where(np.arange(100) % 50 == 0, loss / 200, -1)
    course = np.full((2, 100, 30), np.nan)
    if row.start:
        names = measurement.watched(row.model, row.start)
        course = course[..., : len(names)]
        course[:, ::10] = np.arange(len(names))
    curves = training.Curves(loss, validation, course)
    begun = jax.tree.map(lambda leaf: 2.0 * leaf, best)
    return measurement.measure(row, [7, 9], begun, state, curves)


def pick(rows, metric, **where):
    for column, value in {"metric": metric, **where}.items():
        rows = rows[rows[column] == value]
    return rows


@pytest.fixture(params=tasks.TASKS.values(), ids=lambda task: task.name)
def task(request):
    return request.param


def test_rows_say_what_the_measures_say(task, key):
    row = experiment(task)
    networks = [network.init(task, row.model, k) for k in jax.random.split(key)]
    rows = measured(row, networks)
    graphs = row.test.draw(task)
    for seed, best in zip((7, 9), networks, strict=True):
        last = jax.tree.map(lambda leaf: 0.5 * leaf, best)
        for checkpoint, params in (("best", best), ("last", last)):
            where = {"seed": seed, "checkpoint": checkpoint, "data": "here"}
            (said,) = scoring.answers(task, row.model, params, graphs).values()
            truth = graphs.trajectory.outputs["pi"]
            found = pick(rows, "pointer_accuracy", **where)
            assert list(found.graph) == [0, 1, 2, 3, 4]
            assert_allclose(found.value, metrics.pointer_accuracy(said, truth))
            scores = faithfulness.trace_scores(task, row.model, params, graphs)
            for name, values in {
                **{f"trace/{name}": values for name, values in scores.items()},
                "trace": faithfulness.trace_accuracy(task, scores),
            }.items():
                steps = pick(rows, name, **where)
                (whole,) = steps[steps.step == -1].value
                assert_allclose(whole, np.nanmean(values), rtol=1e-5)
                assert_allclose(
                    steps[steps.step > 0].value,
                    [np.nanmean(v) for v in values.T if np.isfinite(v).any()],
                    rtol=1e-5,
                )
            if task is tasks.dfs:
                (share,) = pick(rows, "is_edge", **where).value
                assert_allclose(share, np.nanmean(validity.is_edge(graphs, said)))
                assert len(pick(rows, "is_dfs_forest", **where)) == 1
            elif task is tasks.bfs:
                (share,) = pick(rows, "any_parent", **where).value
                assert_allclose(share, validity.any_parent(graphs, said).mean())


def test_the_larger_test_is_the_mean_of_each_of_its_parts(key):
    row = experiment(tasks.bfs)
    networks = [network.init(tasks.bfs, row.model, k) for k in jax.random.split(key)]
    rows = measured(row, networks)
    found = pick(rows, "pointer_accuracy", data="larger-test-6", checkpoint="best")
    assert list(found.seed) == [7, 7, 9, 9] and list(found.graph) == [0, 1, 0, 1]
    for params, seed in zip(networks, (7, 9), strict=True):
        shares = []
        for graphs in row.larger_test():
            (said,) = scoring.answers(tasks.bfs, row.model, params, graphs).values()
            shares.append(np.mean(said == graphs.trajectory.outputs["pi"]))
        assert_allclose(found[found.seed == seed].value, shares, rtol=1e-6)
    first, second = row.larger_test()
    assert first.positions.shape == (32, 6)
    assert not jnp.array_equal(first.weights, second.weights)


def test_an_algorithm_with_two_answers_is_measured(key):
    """Topological sorting names the first node, and for each the next."""
    task = tasks.topological_sort
    row = experiment(task, dataclasses.replace(SMALL, message_steps=2))
    networks = [network.init(task, row.model, k) for k in jax.random.split(key)]
    rows = measured(row, networks)
    graphs = row.test.draw(task)
    truth = graphs.trajectory.outputs
    for seed, params in zip((7, 9), networks, strict=True):
        found = pick(
            rows, "pointer_accuracy", data="here", checkpoint="best", seed=seed
        )
        said = scoring.answers(task, row.model, params, graphs)
        first = [np.argmax(of["topo_head"], -1) for of in (said, truth)]
        right = np.mean(said["topo"] == truth["topo"], 1) + np.equal(*first)
        assert_allclose(found.value, right / 2, rtol=1e-6)
    assert set(rows.metric).isdisjoint(("is_edge", "is_dfs_forest", "any_parent"))


def test_a_compiled_start_is_faithful_and_its_distance_is_what_it_moved():
    start = CompiledStart("bfs", 8.0)
    row = experiment(
        tasks.bfs, TIED, start=start, train=training.TrainConfig(snapshots=(10,))
    )
    exact = compile(bfs, TIED, sharpness=8.0).params
    rows = measured(row, [exact, jax.tree.map(lambda leaf: 1.25 * leaf, exact)])
    assert_allclose(pick(rows, "distance", checkpoint="best").value, [0, 0.25])
    assert_allclose(pick(rows, "distance", checkpoint="last").value, [0.5, 0.375])
    assert_allclose(pick(rows, "distance", checkpoint="start").value, [1, 1.5])
    assert_allclose(pick(rows, "distance", checkpoint="after-10").value, [2, 2.75])
    size = np.concatenate([np.ravel(w) for w in exact["attention/value"].values()])
    (moved,) = pick(rows, "moved/attention/value", checkpoint="last", seed=7).value
    assert moved == pytest.approx(0.5 * np.mean(size**2) ** 0.5)
    for data in (row.test, *row.beside):
        graphs = data.draw(tasks.bfs)
        found = network.predict(tasks.bfs, TIED, exact, graphs)
        loss = metrics.loss(tasks.bfs, graphs, found.logits, found.hints)
        (value,) = pick(
            rows, "test_loss", data=data.name, checkpoint="best", seed=7
        ).value
        assert value == pytest.approx(float(loss), rel=1e-4)
    assert len(pick(rows, "trace", checkpoint="start", seed=7)) > 1
    of_exact = pick(rows, "trace", checkpoint="best", seed=7)
    assert (of_exact.value == 1).all()
    assert (
        pick(rows, "attention/accuracy", checkpoint="best", seed=7).value == 1
    ).all()
    assert (pick(rows, "any_parent", checkpoint="best", seed=7).value == 1).all()
    for place, name in enumerate(measurement.watched(TIED, start)):
        seen = pick(rows, name, data="course", seed=9)
        # of ten validations every fifth, and the last
        assert list(seen.step) == [0, 50, 90] and (seen.value == place).all()
    for part, share in attention.bias_parts(exact["attention"]["bias"]).items():
        assert_allclose(pick(rows, f"bias/{part}").value, share, atol=1e-6)


def test_what_is_watched_of_a_compiled_network(key):
    start = CompiledStart("bfs", 8.0)
    look = measurement.watch(tasks.bfs, TIED, start)
    names = measurement.watched(TIED, start)
    graphs = tasks.bfs.sample(key, 6, 16).trimmed()
    exact = compile(bfs, TIED, sharpness=8.0).params
    seen = dict(zip(names, look(exact, graphs).tolist(), strict=True))
    assert seen.pop("trace") == seen.pop("attention/accuracy") == 1
    assert set(seen.values()) == {0.0}
    doubled = {
        **exact,
        "attention/value": jax.tree.map(lambda w: 2 * w, exact["attention/value"]),
    }
    seen = dict(zip(names, look(doubled, graphs).tolist(), strict=True))
    moved = {name for name, value in seen.items() if "moved" in name and value}
    assert moved == {"moved/attention/value"}
    size = np.concatenate([np.ravel(w) for w in exact["attention/value"].values()])
    mean_square = pytest.approx(np.mean(size**2) ** 0.5)
    assert seen["moved/attention/value"] == mean_square
    turned = {
        **exact,
        "attention": {**exact["attention"], "bias": -exact["attention"]["bias"]},
    }
    assert look(turned, graphs)[1] < 1


def test_a_start_steps_away_by_its_radius_and_each_seed_its_own_way(key):
    start = CompiledStart("bfs", 8.0, 0.5)
    exact = compile(bfs, TIED, sharpness=8.0).params
    one, other = (start.drawn(TIED)(k) for k in jax.random.split(key))
    for layer, leaves in exact.items():
        for name, leaf in leaves.items():
            moved = [np.asarray(tree[layer][name]) - leaf for tree in (one, other)]
            if leaf.ndim == 1:
                assert not np.any(moved)
                continue
            lengths = 0.5 * np.linalg.norm(leaf, axis=0)
            for step in moved:
                assert_allclose(
                    np.linalg.norm(step, axis=0), lengths, rtol=1e-3, atol=1e-6
                )
            if len(leaf) > 1 and np.any(leaf):  # a filter of one has two directions
                assert not np.allclose(*moved)
    still = dataclasses.replace(start, radius=0.0).drawn(TIED)(key)
    assert all(map(np.array_equal, jax.tree.leaves(still), jax.tree.leaves(exact)))


def test_curves_are_kept_with_their_steps(key):
    row = experiment(tasks.bfs, beside=())
    rows = measured(row, [network.init(tasks.bfs, row.model, key)] * 2)
    validation = pick(rows, "validation", seed=9)
    assert list(validation.step) == [0, 50]
    assert_allclose(validation.value, [0.5, 0.75])
    assert_allclose(pick(rows, "loss", seed=9).value, [124.5, 174.5])
    assert list(pick(rows, "best_step").value) == [50, 0]


def test_networks_without_hints_have_no_trace(key):
    silent = ModelConfig(hidden_size=4, hint_mode="none")
    row = experiment(tasks.bfs, silent)
    rows = measured(row, [network.init(tasks.bfs, silent, key)] * 2)
    assert not rows.metric.str.startswith("trace").any()
    assert rows.metric.str.startswith("attention").any()


def test_faithfulness_is_measured_on_the_test_and_on_clrs30s_own():
    row = paper.find("table-1/bfs")[0]
    assert [data.name for data in row.traced] == ["clrs30-test", "clrs30-val"]
    assert row.program is bfs
    changed = dataclasses.replace(row, larger=1, followed=False)
    assert changed.digest == row.digest and changed.traced == ()


@pytest.mark.parametrize("graphs", [7, 12])
def test_networks_are_scored_alike_in_parts_and_at_once(graphs, key, monkeypatch):
    monkeypatch.setattr(pairwise, "PAIRS", 4 * 5**2)
    model = ModelConfig(hidden_size=16)
    batch = tasks.bfs.sample(key, 5, graphs, (0.2, 0.9))
    keys = jax.random.split(key, 3)
    params = jax.vmap(lambda key: network.init(tasks.bfs, model, key))(keys)
    found = scoring.evaluate(tasks.bfs, model, params, batch)
    for index, row in enumerate(found):
        one = jax.tree.map(lambda leaf, index=index: leaf[index], params)
        assert_allclose(row, scoring.score(tasks.bfs, model, one, batch))
