"""From the registry to the store: real training, recorded once, certified."""

import dataclasses
from importlib import metadata

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from mindgap import experiments, paper, tasks, training
from mindgap.experiments import beside, blocks, run
from mindgap.network import ModelConfig
from mindgap.paper import campaign, report, verdicts
from mindgap.store import COLUMNS, Store
from mindgap.training import TrainConfig


@pytest.fixture(scope="module")
def experiment():
    base = paper.EXPERIMENTS["table-1/bfs"]
    return dataclasses.replace(
        base,
        model=ModelConfig(hidden_size=8),
        train=TrainConfig(
            steps=20, lengths=(4,), batch=4, evaluate_every=10, validation_graphs=8
        ),
        test=experiments.Data("test", nodes=6, graphs=8),
        beside=(experiments.Data("small", nodes=5, graphs=6),),
        larger=1,
    )


@pytest.fixture(scope="module")
def store(experiment, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("results"))
    assert run.complete(experiment, range(2), store) == [0, 1]
    return store


@pytest.mark.slow
def test_a_second_run_does_nothing_and_more_seeds_add_to_it(experiment, store, capsys):
    before = [
        r.path.read_bytes() for r in store.records(experiment.name, experiment.digest)
    ]
    assert run.complete(experiment, range(2), store) == []
    assert run.complete(experiment, range(3), store) == [2]
    after = store.records(experiment.name, experiment.digest)
    assert [r.path.read_bytes() for r in after][: len(before)] == before
    assert "table-1/bfs seed" in capsys.readouterr().out


@pytest.mark.slow
def test_each_seed_keeps_its_own_weights(experiment, store):
    home = experiment.name, experiment.digest
    kept = {seed: store.weights(*home, seed) for seed in store.weighed(*home)}
    assert len(kept) >= 2
    for name, array in kept[0].items():
        if name.endswith("attention/value/w"):
            assert not np.array_equal(array, kept[1][name]), name


@pytest.mark.slow
@pytest.mark.parametrize("theirs", [[0], [1], [0, 1]])
def test_a_seed_that_another_records_at_the_same_time_is_left_to_it(
    theirs, experiment, store, tmp_path, monkeypatch
):
    (record,) = store.records(experiment.name, experiment.digest)[:1]
    rows = store.load(experiment.name, experiment.digest)
    other, shared = Store(tmp_path), Store(tmp_path)

    def put(name, digest, seeds, *rest):
        if not other.records(name, digest):
            part = rows[rows.seed.isin(theirs)]
            other.put(name, digest, theirs, part, {**record.certificate, "by": "other"})
        return Store.put(shared, name, digest, seeds, *rest)

    monkeypatch.setattr(shared, "put", put)
    run.complete(experiment, range(2), shared)
    found = {
        seed: kept.certificate.get("by")
        for kept in shared.records(experiment.name, experiment.digest)
        for seed in kept.seeds
    }
    assert found == {s: "other" if s in theirs else None for s in range(2)}


@pytest.mark.slow
def test_scores_and_curves_are_recorded(experiment, store):
    rows = store.load(experiment.name, experiment.digest)
    one = rows[rows.seed == 1]
    table = report.by_data(experiment, store)
    assert table.loc["as CLRS-30's test, more graphs"]["count"] == 32
    assert np.all(table.best.notna())
    for data in (experiment.test, *experiment.beside):
        for checkpoint in ("best", "last"):
            scored = one[
                (one.metric == "pointer_accuracy")
                & (one.data == data.name)
                & (one.checkpoint == checkpoint)
            ]
            assert list(scored.graph) == list(range(data.graphs))
            assert scored.value.between(0, 1).all()
    assert list(one[one.metric == "validation"].step) == [0, 10]
    assert list(one[one.metric == "loss"].step) == [0, 10]
    scores = report.seed_scores(experiment, store)
    # a score is a whole number of 8 times 6 pointers
    right = np.asarray(scores) / 100 * 48
    np.testing.assert_allclose(right, np.round(right), atol=1e-3)


@pytest.mark.slow
def test_measures_of_each_seed_are_read_back(experiment, store):
    rows = store.load(experiment.name, experiment.digest)
    said = rows[(rows.metric == "trace/pi_h") & (rows.checkpoint == "last")]
    part = said[(said.step == -1) & (said.data == "test")].sort_values("seed")
    found = report.measured(experiment, store, "trace/pi_h", checkpoint="last")
    assert list(found.index) == sorted(set(rows.seed))
    assert list(found) == list(part.value)
    whole = report.over_time(experiment, store, "trace/pi_h", checkpoint="last")
    steps = said[(said.data == "test") & (said.seed == 1) & (said.step > 0)]
    assert list(whole.columns) == list(steps.step) == list(range(1, len(steps) + 1))
    assert list(whole.loc[1]) == list(steps.value)
    assert report.measured(experiment, store, "nothing").empty


@pytest.mark.slow
def test_a_seed_does_not_depend_on_its_block(experiment, store, tmp_path):
    alone = Store(tmp_path)
    run.complete(experiment, [1], alone)
    together = report.seed_scores(experiment, store)[1]
    np.testing.assert_allclose(report.seed_scores(experiment, alone)[0], together)


@pytest.mark.slow
def test_the_certificate_says_where_a_result_comes_from(experiment, store):
    record = store.records(experiment.name, experiment.digest)[0]
    made = record.certificate
    assert made["configuration"] == experiment.configuration
    assert made["steps"] == 20 and made["commit"] and made["seconds"] > 0
    assert {"jax", "dm-haiku", "optax", "numpy", "mindgap"} <= made["versions"].keys()
    assert list(report.provenance([experiment], store).index) == ["table-1/bfs"]


@pytest.mark.slow
def test_rows_stand_beside_the_paper(experiment, store):
    row = report.row(experiment, store)
    assert row.paper == "94.82 ± 7.23 (99.71)" and row.seeds >= 2
    assert row.checkpoint == "best" and report.row(experiment, store, "last").seeds
    nothing = report.row(experiment.with_steps(3), store)
    assert nothing.seeds == 0 and np.isnan(nothing.mean)
    assert "–" in verdicts.compare([nothing]).to_string()


@pytest.mark.slow
def test_a_lost_run_is_refused_and_named(experiment, tmp_path, monkeypatch):
    made = blocks.trainer_of

    def diverging(*arguments):
        trainer = made(*arguments)

        def advance(*arguments):
            state, curves = trainer.advance(*arguments)
            return state, curves._replace(loss=curves.loss.at[1, 7].set(np.nan))

        return trainer._replace(advance=advance)

    monkeypatch.setattr(blocks, "trainer_of", diverging)
    store = Store(tmp_path)
    with pytest.raises(FloatingPointError, match=r"seeds \[5\] is not finite"):
        run.complete(experiment, [4, 5], store)
    assert store.load(experiment.name, experiment.digest).empty


def test_another_number_of_steps_is_not_the_papers(experiment):
    assert experiment.with_steps(20) is experiment
    assert "3 steps, not 20" in experiment.with_steps(3).incomparable


def test_small_networks_train_together_and_large_ones_apart():
    base = paper.EXPERIMENTS["table-1/bfs"]
    minimal = ModelConfig(hidden_size=4)
    devices = len(jax.devices())
    assert blocks.block_size(base.task, base.model, base.train) == devices
    assert blocks.block_size(base.task, minimal, base.train) == 8 * devices


def test_an_ensemble_is_sized_to_memory(experiment):
    settings = experiment.task, experiment.model, experiment.train
    few = blocks.fitting(*settings, memory=2**24)
    assert few >= 1 and blocks.fitting(*settings, memory=0) == 1
    assert abs(blocks.fitting(*settings, memory=2**27) - 8 * few) < 8
    # and so many do fit
    shared = blocks.Shared(few)
    keys = shared.out(jax.vmap(training.key_of)(jnp.arange(few)))
    trainer = blocks.trainer_of(*settings, shared.devices)
    state = shared.out(trainer.begin(keys))
    advance = trainer.advance.lower(keys, state, jnp.array(0), blocks.SPAN)
    assert blocks.footprint(advance.compile()) < 2**24


def test_hours_left_are_those_of_the_seeds_that_are_missing(
    experiment, store, monkeypatch
):
    records = store.records(experiment.name, experiment.digest)
    seeds = sum(len(r.seeds) for r in records)
    spent = sum(r.certificate["seconds"] for r in records)
    # of table-1/bfs only new seeds decide; of a row of another name all
    mine = dataclasses.replace(experiment, name="mine/bfs", same_as="table-1/bfs")
    longer = dataclasses.replace(
        experiment.with_steps(experiment.train.steps * 10), name="mine/longer"
    )
    other = dataclasses.replace(longer, name="mine/other", task=tasks.dfs)
    found = campaign.progress([mine, longer, other], store)
    hours = spent / seeds / 3600
    assert [line.seeds for line in found] == [seeds, 0, 0]
    assert found[0].first == 10 and found[0].deciding == 0
    assert found[0].hours_to_least == pytest.approx(8 * hours)
    assert found[1].hours_to_least == pytest.approx(8 * 10 * hours)
    assert found[1].hours_to_wanted == pytest.approx(128 * 10 * hours)
    assert found[2].hours_to_least is None
    monkeypatch.setattr(blocks, "device", lambda: "another, 2 cores")
    assert campaign.progress([mine], store)[0].hours_to_least is None


def test_what_is_most_wanted_is_a_verdict_and_what_is_cheap(experiment, store):
    dear = dataclasses.replace(experiment.with_steps(200), name="mine/dear")
    cheap = dataclasses.replace(experiment.with_steps(30), name="mine/cheap")
    unknown = dataclasses.replace(dear, name="mine/unknown", task=tasks.dfs)
    rows = [dear, unknown, experiment, cheap]
    asked = list(campaign.most_wanted(rows, store))
    order = [row.name.split("/")[1] for row, _ in asked[:4]]
    assert order == ["bfs", "cheap", "dear", "unknown"]
    # eight first, then the paper's; of table-1/bfs from the first new seed on
    assert [seeds for _, seeds in asked[1:4]] == [range(8)] * 3
    assert asked[0][1] == range(10, 18) and asked[4][1] == range(10, 138)
    first = campaign.most_wanted(rows, store, goals=1)
    assert len(list(first)) == 4


@pytest.mark.slow
def test_a_seed_trained_again_is_the_same_to_the_last_digit(experiment, store):
    before = {p: p.stat().st_mtime_ns for p in store.folder.rglob("*")}
    (found,) = run.again(experiment, [1], store)
    assert found.kind == "the same to the last digit" and found.alike and found.right
    assert found.score == found.first_loss == 0
    assert {p: p.stat().st_mtime_ns for p in store.folder.rglob("*")} == before


@pytest.mark.parametrize(
    "value, kind",
    [
        (float("nan"), "the same to the last digit"),
        (0.5, "the same course"),
        (None, "the same course"),
    ],
)
def test_a_measure_that_is_nan_repeats(experiment, tmp_path, value, kind):
    def rows(trace):
        line = {"seed": 0, "checkpoint": "best", "step": 0, "graph": -1}
        test = experiment.test.name
        found = [
            line | {"metric": "loss", "data": "", "value": 1.5},
            line | {"metric": "pointer_accuracy", "data": test, "value": 0.9},
        ]
        if trace is not None:
            found.append(line | {"metric": "trace", "data": test, "value": trace})
        return pd.DataFrame(found)[list(COLUMNS)]

    store = Store(tmp_path)
    store.put(experiment.recorded, experiment.digest, [0], rows(float("nan")), {})
    found = run._repeat(experiment, 0, store, rows(value), alike=True)
    assert found.kind == kind


def test_courses_are_shown_at_the_steps_that_all_seeds_have(tmp_path):
    row = paper.find("table-14/bfs-4-8-0.0001")[0]
    lines = [
        {
            "seed": seed,
            "metric": "trace",
            "data": "course",
            "checkpoint": "",
            "step": step,
            "graph": -1,
            "value": seed + step / 1000,
        }
        for seed, steps in ((0, range(0, 100, 10)), (1, (0, 50, 90)))
        for step in steps
    ]
    store = Store(tmp_path)
    frame = pd.DataFrame(lines)[list(COLUMNS)]
    store.put(row.recorded, row.digest, [0, 1], frame, {})
    found = report.course(row, store, "trace")
    assert list(found.columns) == [0, 50, 90] and list(found.index) == [0, 1]
    assert found.loc[1, 90] == pytest.approx(1.09)


@pytest.mark.slow
def test_another_course_is_told_from_another_network(experiment, store, monkeypatch):
    made = training.key_of
    monkeypatch.setattr(training, "key_of", lambda seed: made(seed + 100))
    (found,) = run.again(experiment, [1], store)
    assert found.kind == "another network" and not found.right
    monkeypatch.setattr(training, "key_of", made)
    monkeypatch.setattr(blocks, "processor", lambda: "another")
    (found,) = run.again(experiment, [1], store)
    assert found.right and not found.alike


@pytest.mark.slow
def test_a_compiled_start_is_exact_and_moves_as_far_as_it_is_trained(tmp_path):
    row, exact = (
        paper.find(f"table-14/bfs-4-{sharpness}-0.0001")[0]
        for sharpness in ("8", "exact")
    )
    short = dataclasses.replace(row.train, steps=3, batch=4)
    small = {"test": experiments.Data("test", 16, 8), "beside": (), "larger": 0}
    few = dataclasses.replace(row, train=short, **small)
    still = dataclasses.replace(
        exact, train=dataclasses.replace(short, learning_rate=1e-30), **small
    )
    store = Store(tmp_path)
    for experiment in (few, still):
        with jax.debug_nans(True):  # measures that are not defined are no accident
            run.complete(experiment, range(2), store)
        rows = store.load(experiment.name, experiment.digest)
        values = {m: part.value.to_numpy() for m, part in rows.groupby("metric")}
        far = values["distance"]
        course = rows[rows.data == "course"]
        watched = {m: part.value.to_numpy() for m, part in course.groupby("metric")}
        moved = watched["moved/attention/value"]
        # two seeds, three checkpoints; validated once, after the first step
        assert len(far) == 6 and len(moved) == 2
        begun = rows[(rows.checkpoint == "start") & (rows.metric == "distance")]
        assert (begun.value == 0).all()
        far = report.measured(experiment, store, "distance", checkpoint="last")
        if experiment is still:
            assert (watched["trace"] == 1).all() and (moved == 0).all()
            assert (watched["attention/accuracy"] == 1).all()
            assert (far == 0).all() and (values["pointer_accuracy"] == 1).all()
            assert (values["validation"] == 1).all()
        else:
            # three steps of Adam move every parameter by at most 3e-4
            size = sum(
                leaf.size
                for part in row.start.params(row.model).values()
                for leaf in part.values()
            )
            assert (0 < far).all() and (far < 1e-3 * size).all() and (moved > 0).all()


def test_a_source_tree_without_metadata_has_a_certificate(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(blocks.metadata, "version", missing)
    row = paper.EXPERIMENTS["table-1/bfs"]
    made = blocks.certificate(row)
    assert set(made["versions"].values()) == {"source"}
    assert made["stream"] == 2 and made["processor"] and made["precision"]
    monkeypatch.setattr(blocks, "_git", lambda *_: (_ for _ in ()).throw(OSError()))
    assert blocks.commit() == "mindgap source"


def test_changed_attention_is_told_against_the_free_network(experiment, tmp_path):
    row, store = paper.EXPERIMENTS["table-1/bfs"], Store(tmp_path)
    assert report.steered(row, store).empty
    accuracies = {"steered/free": (0.9, 0.8), "steered/without": (0.5, 0.6)}
    rows = pd.DataFrame(
        [
            (seed, metric, "size-16", "last", -1, graph, shares[seed])
            for metric, shares in accuracies.items()
            for seed in (0, 1)
            for graph in (0, 1)
        ],
        columns=list(COLUMNS),
    )
    store.put(*beside.home(row, "interventions"), [0, 1], rows, {"steps": 1})
    table = report.steered(row, store).set_index("attention")
    assert table.loc["free", "pointers right"] == pytest.approx(85)
    assert table.loc["free", "change"] == "–"
    assert table.loc["without", "pointers right"] == pytest.approx(55)
    # differences of -40 and -20: mean -30, t interval 12.7 x 10
    assert table.loc["without", "change"] == "-30.0 (-157.1 to +97.1)"
    assert set(table.networks) == {2} and set(table.nodes) == {16}


def test_the_kept_network_counts_where_its_seed_was_not_measured(tmp_path):
    row, store = paper.EXPERIMENTS["table-1/dfs"], Store(tmp_path)

    def put(seed, share, *of):
        line = seed, "steered/free", "size-16", "best", -1, 0, share
        rows = pd.DataFrame([line], columns=list(COLUMNS))
        store.put(*beside.home(row, "interventions", *of), [seed], rows, {"steps": 1})

    put(3, 0.5)
    put(3, 0.9, "the kept network")
    put(4, 0.7, "the kept network")
    table = report.steered(row, store)
    assert table["pointers right"].item() == pytest.approx(60)
    assert table.networks.item() == 2
