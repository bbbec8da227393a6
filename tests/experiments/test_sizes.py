"""Scores by number of nodes against plain loops, and their records."""

import dataclasses
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from mindgap import network, paper, tasks
from mindgap.compiler.compile import compile
from mindgap.experiments import base, beside, remeasure, run
from mindgap.measures import faithfulness
from mindgap.network import ModelConfig, scoring
from mindgap.paper import by_size
from mindgap.programs import PROGRAMS
from mindgap.store import Store, StoreError
from mindgap.training import TrainConfig

SMALL = {n: base.Data(f"size-{n}", n, 6, seed=n) for n in (5, 7)}


@pytest.fixture(autouse=True)
def few_sizes(monkeypatch):
    for module in (base, by_size):
        monkeypatch.setattr(module, "BY_SIZE", SMALL)


@pytest.fixture
def row():
    return dataclasses.replace(
        paper.EXPERIMENTS["table-1/bfs"],
        model=ModelConfig(hidden_size=8),
        train=TrainConfig(
            steps=20, lengths=(4,), batch=4, evaluate_every=10, validation_graphs=8
        ),
        test=base.Data("here", 5, 4),
        beside=(),
        larger=0,
        sized=True,
    )


def by_hand(task, model, params, graphs, name):
    """The first step after which a hint is wrong, one graph and step at a time."""
    found = network.apply(task, model, params, graphs).hints[name]
    feature, truth = task.features[name], np.asarray(graphs.trajectory.hints[name])
    first = []
    for graph, length in enumerate(graphs.trajectory.lengths):
        steps = length
        for step in range(length - 1):
            told, meant = np.asarray(found[graph, step]), truth[graph, step + 1]
            if feature.type == "mask":
                right = ((told > 0) == (meant > 0)).all()
            else:
                meant = meant if feature.type == "pointer" else meant.argmax(-1)
                right = (told.argmax(-1) == meant).all()
            if not right:
                steps = step + 1
                break
        first.append(int(steps))
    return first


@pytest.mark.parametrize("task", [tasks.bfs, tasks.dfs], ids=lambda t: t.name)
def test_the_first_wrong_hint_is_that_of_a_plain_loop(task, key):
    model = ModelConfig(hidden_size=8)
    graphs = task.sample(key, 6, 5).trimmed()
    params = jax.tree.map(
        lambda leaf: leaf + 0.2 * jax.random.normal(key, leaf.shape),
        network.init(task, model, key),
    )
    found = faithfulness.first_wrong(task, model, params, graphs)
    plain = {
        name: by_hand(task, model, params, graphs, name)
        for name, feature in task.stage("hint").items()
        if feature.type != "scalar"
    }
    assert found.keys() == plain.keys() | {"any"}
    for name, steps in plain.items():
        assert list(map(int, found[name])) == steps, name
    assert list(map(int, found["any"])) == list(
        map(min, zip(*plain.values(), strict=True))
    )


def test_an_exact_network_has_no_wrong_hint(key):
    model = ModelConfig(
        hidden_size=4, layer_norm=False, attention_bias=True, nodes=7,
        edge_values="projected",
    )  # fmt: skip
    made = compile(PROGRAMS["bfs"], model)
    graphs = tasks.bfs.sample(key, 7, 9).trimmed()
    params = jax.tree.map(jnp.asarray, made.params)
    found = faithfulness.first_wrong(tasks.bfs, model, params, graphs)
    assert (found["any"] == graphs.trajectory.lengths).all()
    without = dataclasses.replace(model, hint_mode="none")
    blind = network.init(tasks.bfs, without, key)
    assert faithfulness.first_wrong(tasks.bfs, without, blind, graphs) == {}


@pytest.mark.slow
def test_trained_seeds_are_scored_by_size_beside_their_records(row, tmp_path):
    store = Store(tmp_path)
    run.complete(row, range(2), store)
    found = store.load(*beside.home(row, beside.SIZES))
    assert set(found.seed) == {0, 1} and set(found.data) == {"size-5", "size-7"}
    weights = store.weights(row.recorded, row.digest, 1)
    params: dict = {}
    for name, array in weights.items():
        checkpoint, _, rest = name.partition("/")
        module, _, leaf = rest.rpartition("/")
        params.setdefault(checkpoint, {}).setdefault(module, {})[leaf] = jnp.asarray(
            array
        )
    for checkpoint in ("best", "last"):
        graphs = SMALL[7].draw(row.task)
        plain = scoring.score(row.task, row.model, params[checkpoint], graphs)
        part = found[
            (found.seed == 1)
            & (found.data == "size-7")
            & (found.checkpoint == checkpoint)
            & (found.metric == "pointer_accuracy")
        ]
        np.testing.assert_allclose(part.sort_values("graph").value, plain, atol=1e-6)
    lines = by_size.table(row, store)
    assert [(line.nodes, line.checkpoint) for line in lines] == [
        (5, "best"), (5, "last"), (7, "best"), (7, "last"),
    ]  # fmt: skip
    assert {line.seeds for line in lines} == {2} and lines[0].source == "records"
    # the main records do not know of it, and a second run adds nothing
    main = store.load(row.recorded, row.digest)
    assert not set(main.data) & {"size-5", "size-7"}
    assert remeasure.unmeasured(row, beside.KINDS[0], store) == []


@pytest.mark.slow
def test_seeds_from_before_the_measure_are_scored_from_their_weights(row, tmp_path):
    store = Store(tmp_path)
    run.complete(row, range(3), store)
    whole = store.load(*beside.home(row, beside.SIZES)).sort_values(
        ["seed", "data", "metric"]
    )
    for path in store.home(*beside.home(row, beside.SIZES)).glob("*.parquet"):
        path.unlink()
    assert remeasure.unmeasured(row, beside.KINDS[0], store) == [0, 1, 2]
    said = list(remeasure.measure(row, store))
    assert said[:3] == [f"table-1/bfs seed {s}: sizes" for s in range(3)]
    again = store.load(*beside.home(row, beside.SIZES)).sort_values(
        ["seed", "data", "metric"]
    )
    keys = ["seed", "metric", "data", "checkpoint", "graph"]
    pd.testing.assert_frame_equal(
        whole.set_index(keys).sort_index(), again.set_index(keys).sort_index()
    )
    assert list(remeasure.measure(row, store)) == []


@pytest.mark.slow
def test_scores_by_size_are_merged_with_the_records(row, tmp_path):
    one, into = Store(tmp_path / "one"), Store(tmp_path / "into")
    run.complete(row, range(1), one)
    merged = into.merge(one)
    name, digest = beside.home(row, beside.SIZES)
    assert {(row.name, row.digest), (name, digest)} <= {m[:2] for m in merged}
    assert into.load(*beside.home(row, beside.SIZES)).equals(
        one.load(*beside.home(row, beside.SIZES))
    )
    assert by_size.table(row, into) == by_size.table(row, one)


@pytest.mark.slow
def test_only_the_kept_network_is_scored_where_no_weights_are(row, tmp_path):
    store = Store(tmp_path)
    run.complete(row, range(1), store)
    home = store.home(row.recorded, row.digest)
    for kind in beside.KINDS:
        for path in store.home(*beside.home(row, kind.name)).glob("*.parquet"):
            path.unlink()
    for path in (home / "weights").iterdir():
        path.unlink()
    said = list(remeasure.measure(row, store))
    assert said[0] == "table-1/bfs, the kept network (seed 0): sizes"
    lines = by_size.table(row, store)
    assert [line.checkpoint for line in lines] == ["best", "best"]
    assert {line.source for line in lines} == {"the kept network"}
    assert np.isnan(lines[0].std)
    assert list(remeasure.measure(row, store)) == []


def test_weights_that_are_not_there_are_named(row, tmp_path):
    with pytest.raises(StoreError, match=r"seed-00003.safetensors cannot be read"):
        Store(tmp_path).weights(row.recorded, row.digest, 3)


def test_a_row_that_is_tied_to_a_size_is_refused():
    tied = paper.EXPERIMENTS["table-11/bias"]
    with pytest.raises(ValueError, match=r"table-11/bias is not scored by size.* 16"):
        by_size.table(tied, Store("nowhere"))


def test_a_page_in_a_store_of_its_own_shows_the_books_sizes(tmp_path, capsys):
    mine, names = Store(tmp_path), ["table-1/bfs"]
    shown = by_size.held(mine, names)
    assert shown.folder.resolve() == Path("book/results").resolve()
    assert f"no scores by size in {tmp_path}" in capsys.readouterr().out
    assert by_size.held(shown, names) is shown


def test_a_figure_without_any_scores_is_refused(tmp_path):
    with pytest.raises(StoreError, match="no scores by size of these rows"):
        by_size.draw(Store(tmp_path), tmp_path / "sizes.svg")
    with pytest.raises(StoreError, match="table-1/bfs: no scores by size"):
        by_size.table(paper.EXPERIMENTS["table-1/bfs"], Store(tmp_path))
