"""Killed processes, crowded stores, several devices, dying workers: nothing is lost."""

import dataclasses
import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas as pd
import pytest

from mindgap.experiments import blocks, run
from mindgap.store import Store
from mindgap.store.checkpoint import Checkpoint

PROLOGUE = """
import dataclasses, sys
from mindgap import experiments, paper
from mindgap.experiments import blocks, run
from mindgap.network import ModelConfig
from mindgap.store import Store
from mindgap.training import TrainConfig

def main(folder, seeds, **how):
    run.complete(EXPERIMENT, seeds, Store(folder), **how)

EXPERIMENT = dataclasses.replace(
    paper.EXPERIMENTS["table-1/bfs"],
    model=ModelConfig(hidden_size=8),
    train=TrainConfig(
        steps=400, lengths=(4,), batch=4, evaluate_every=10, validation_graphs=8
    ),
    test=experiments.Data("test", nodes=6, graphs=8),
    beside=(experiments.Data("small", nodes=5, graphs=6),),
    larger=0,
)
blocks.SPAN = 20
"""


@pytest.fixture(scope="module")
def experiment():
    names = {}
    exec(PROLOGUE.replace("blocks.SPAN = 20", ""), names)
    return names["EXPERIMENT"]


def start(folder, body="main(sys.argv[1], [0, 1])", **environment):
    """A real process that trains two seeds into the folder's store."""
    script = PROLOGUE + textwrap.dedent(f"\nif __name__ == '__main__':\n    {body}\n")
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "JAX_PLATFORMS": "cpu", **environment},
    )


def finish(process) -> str:
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    return said


def scores(store, experiment):
    """Every value of the store, in a fixed order."""
    rows = store.load(experiment.name, experiment.digest)
    keys = ["seed", "metric", "data", "checkpoint", "step", "graph"]
    assert not rows.duplicated(keys).any()
    return rows.sort_values(keys, ignore_index=True)


@pytest.fixture(scope="module")
def whole(experiment, tmp_path_factory):
    """What a run that nothing disturbs records."""
    folder = tmp_path_factory.mktemp("whole")
    finish(start(folder))
    return scores(Store(folder), experiment)


def assert_close(found, whole):
    """The same rows; another number of threads or devices sums in another order."""
    keys = [column for column in whole if column != "value"]
    pd.testing.assert_frame_equal(found[keys], whole[keys])
    losses = whole.metric == "loss"
    np.testing.assert_allclose(found[losses].value, whole[losses].value, rtol=1e-3)
    # a sum in another order may turn a close call
    assert np.mean(np.abs(found.value - whole.value) > 1e-3) < 0.05


def checkpoints(folder):
    return list(folder.rglob("unfinished/seeds-*.npz"))


@pytest.mark.slow
@pytest.mark.parametrize("chance", [1, pytest.param(2, marks=pytest.mark.large)])
def test_killed_again_and_again_a_run_ends_as_if_nothing_had_been(
    chance, experiment, whole, tmp_path
):
    rng, kills = random.Random(chance), 0
    while kills < 3:
        process = start(tmp_path)
        while process.poll() is None and not checkpoints(tmp_path):
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 1.5))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
    finish(start(tmp_path))
    pd.testing.assert_frame_equal(scores(Store(tmp_path), experiment), whole)
    assert checkpoints(tmp_path) == []


@pytest.mark.slow
def test_a_checkpoint_is_used_and_said_to_be(experiment, whole, tmp_path):
    stop = """blocks.train.__globals__["_check"] = stop"""
    body = f"""
    seen = []
    def stop(experiment, seeds, loss):
        seen.append(loss)
        if len(seen) == 8: os.kill(os.getpid(), 9)
    import os
    {stop}
    Checkpoint = run.Checkpoint
    Checkpoint.due = lambda self: True
    main(sys.argv[1], [0, 1])
    """
    process = start(tmp_path, textwrap.dedent(body).replace("\n", "\n    "))
    process.communicate()
    (path,) = checkpoints(tmp_path)
    kept = Checkpoint(path).load()
    assert kept is not None and kept.about["seeds"] == [0, 1]
    finish(start(tmp_path))
    (record,) = Store(tmp_path).records(experiment.name, experiment.digest)
    (again,) = record.certificate["resumed"]
    assert again["at"] == 7 * 20
    pd.testing.assert_frame_equal(scores(Store(tmp_path), experiment), whole)


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["cut", "flip", "other"])
def test_a_damaged_checkpoint_counts_as_none(harm, tmp_path):
    path = tmp_path / "unfinished" / "one.npz"
    kept = Checkpoint(path)
    kept.save((np.arange(5.0), np.ones(3)), {"seeds": [1]})
    found = kept.load((0, 0))
    assert found is not None and found.about == {"seeds": [1]}
    np.testing.assert_array_equal(found.tree[0], np.arange(5.0))
    whole = path.read_bytes()
    if harm == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif harm == "flip":
        at = whole.index(np.arange(5.0).tobytes()) + 3
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
    assert kept.load((0, 0, 0) if harm == "other" else (0, 0)) is None


@pytest.mark.slow
def test_two_processes_on_one_store_record_each_seed_once(experiment, whole, tmp_path):
    both = [start(tmp_path), start(tmp_path)]
    for process in both:
        finish(process)
    pd.testing.assert_frame_equal(scores(Store(tmp_path), experiment), whole)


@pytest.mark.slow
def test_four_devices_share_the_seeds_of_a_block(experiment, whole, tmp_path):
    body = "import jax; assert len(jax.devices()) == 4; main(sys.argv[1], range(2))"
    flags = "--xla_force_host_platform_device_count=4"
    finish(start(tmp_path, body, XLA_FLAGS=flags))
    assert_close(scores(Store(tmp_path), experiment), whole)


@pytest.mark.slow
def test_a_worker_that_dies_in_a_task_costs_nothing(experiment, whole, tmp_path):
    body = """
    import os, signal, threading, time
    from distributed import Client, LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0"
    ) as cluster, Client(cluster) as client:
        pids = client.run(os.getpid)

        def kill():
            while True:
                for worker, tasks in client.processing().items():
                    if any(str(task).startswith("_complete") for task in tasks):
                        time.sleep(2)
                        os.kill(pids[worker], signal.SIGKILL)
                        print("killed", worker)
                        return
                time.sleep(0.1)

        killer = threading.Thread(target=kill)
        killer.start()
        main(sys.argv[1], [0, 1], cluster=cluster.scheduler_address)
        killer.join()
        now = client.run(os.getpid)
        assert set(pids.values()) - set(now.values()), "nobody died"
    """
    said = finish(start(tmp_path, textwrap.dedent(body).replace("\n", "\n    ")))
    assert "killed" in said
    assert_close(scores(Store(tmp_path), experiment), whole)


@pytest.mark.slow
@pytest.mark.large
def test_a_worker_trains_on_a_task_of_ones_own(tmp_path):
    """The task is made of lambdas in the asking process, which no worker can import."""
    body = """
    import mindgap as mg
    from distributed import LocalCluster

    own = mg.GraphProgram(
        name="lightest",
        start=lambda init: {"to": init.index},
        select=lambda self, other, init, edge: mg.Min(
            edge.weight, where=edge.adj, default=self
        ),
        update=lambda self, other, init, edge: {"to": other.index},
    )
    one = dataclasses.replace(
        EXPERIMENT, name="own/lightest", task=mg.language.interpreter.task_of(own)
    )
    run.complete(one, [0], Store(sys.argv[1] + "/here"))
    with LocalCluster(1, threads_per_worker=1, dashboard_address=":0") as cluster:
        there = Store(sys.argv[1] + "/there")
        run.complete(one, [0], there, cluster=cluster.scheduler_address)
    print("digest", one.digest)
    """
    said = finish(start(tmp_path, textwrap.dedent(body).replace("\n", "\n    ")))
    digest = said.split("digest ")[1].split()[0]
    here, there = (
        Store(tmp_path / place).load("own/lightest", digest)
        for place in ("here", "there")
    )
    assert len(here) and set(here.metric) >= {"pointer_accuracy"}
    assert_close(there, here)


def test_a_scheduler_that_is_not_there_is_an_error(experiment, tmp_path):
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9"):
        run.complete(experiment, [0], Store(tmp_path), cluster="tcp://127.0.0.1:9")


def test_the_seed_axis_is_spread_over_devices():
    code = """
    import os
    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
    import jax, numpy as np
    from mindgap.experiments import blocks
    shared = blocks.Shared(6)
    out = shared.out({"a": np.arange(12.0).reshape(6, 2)})
    assert len(out["a"].sharding.device_set) == 4 and out["a"].shape == (8, 2)
    assert {s.data.shape for s in out["a"].addressable_shards} == {(2, 2)}
    np.testing.assert_array_equal(shared.back(out)["a"], np.arange(12.0).reshape(6, 2))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_an_unwritable_store_is_refused_before_any_training(experiment, tmp_path):
    (tmp_path / "results").write_text("a file")
    with pytest.raises(Exception, match="results"):
        run.complete(experiment, [0], Store(tmp_path / "results"))


def test_blocks_are_cut():
    assert blocks.cut(range(5), 2) == [range(0, 2), range(2, 4), range(4, 5)]


@pytest.mark.slow
def test_a_time_limit_stops_in_time_and_the_work_goes_on_later(experiment, tmp_path):
    """With one that ends while a block is trained, and one that is long enough."""
    limited = PROLOGUE + textwrap.dedent(
        """
        from mindgap.paper import campaign, protocol
        protocol.LEAST = 2
        EXPERIMENT = dataclasses.replace(
            EXPERIMENT, name="mine/row", seeds=2, reported=None,
            train=dataclasses.replace(EXPERIMENT.train, steps=int(sys.argv[3])),
        )
        if __name__ == '__main__':
            campaign.work([EXPERIMENT], Store(sys.argv[1]), float(sys.argv[2]))
        """
    )

    def work(seconds, steps):
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", limited, str(tmp_path), str(seconds), str(steps)],
            capture_output=True,
            text=True,
            timeout=240,
            env={**os.environ, "JAX_PLATFORMS": "cpu"},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, time.monotonic() - begun

    long = 200_000
    row = dataclasses.replace(
        experiment,
        name="mine/row",
        train=dataclasses.replace(experiment.train, steps=long),
    )
    # a machine with much else to do may compile for longer than the first limits
    for limit in (25, 50, 100):
        said, took = work(limit, long)
        assert "time limit" in said and "left: 1 rows to eight seeds" in said
        assert took < limit + 60  # starting Python and JAX is not in the limit
        if kept := list(tmp_path.rglob("seeds-*.npz")):
            break
    (kept,) = kept
    first = Checkpoint(kept).load().about
    assert row.digest in kept.parts and not list(tmp_path.rglob("*.parquet"))
    work(limit, long)
    (kept,) = tmp_path.rglob("seeds-*.npz")
    again = Checkpoint(kept).load().about
    assert again["resumed"] and again["seconds"] > first["seconds"]
    said, _ = work(240, 400)
    assert "nothing is left" in said
    assert len(Store(tmp_path).experiments()) == 1


def test_no_time_left_is_said_before_the_work_begins():
    deadline = blocks.Deadline(0.0)
    with pytest.raises(blocks.TimeUp, match="0 s are left, 5 needed"):
        deadline.need(5.0)
    blocks.Deadline(60.0).need(5.0)
