"""A seed's number stands for the same network: the random stream has not changed.

The first loss of a seed depends on what it draws for its weights and its first graphs.
A change here means that recorded seeds are other networks than their numbers say: then
`config.STREAM` goes up, which gives all new records another place.
"""

import dataclasses
import json

import jax
import jax.numpy as jnp
import pytest

from mindgap import config, paper, training
from mindgap.network import ModelConfig
from mindgap.store import Store, StoreError
from mindgap.training import TrainConfig
from tests.store.test_records import rows

FIRST = {
    "bfs": [4.075983, 3.4077492],
    "dfs": [17.36001, 13.15398],
    "bellman_ford": [4.4688482, 4.780931],
    "bfs_sequential": [4.0511842, 3.5053897],
    "dfs_simplified": [3.8891215, 4.328061],
    "dfs_unclocked": [11.9688282, 11.2627583],
    "bfs_scan": [4.208211, 3.5119934],
    "bfs_padded": [4.3354263, 3.7211251],
    "dijkstra": [6.7435460, 6.7318840],
    "mst_prim": [6.7907476, 6.7083406],
    "topological_sort": [14.3954592, 13.9008780],
    "minimum": [6.0754824, 5.4471860],
    "binary_search": [7.7531161, 7.0713515],
    "insertion_sort": [6.1481156, 5.5835838],
    "find_maximum_subarray_kadane": [17.8585014, 13.9070301],
    "naive_string_matcher": [7.8579254, 6.3790112],
    "kmp_matcher": [12.5530186, 15.5980701],
    "strongly_connected_components": [13.3954878, 12.3354311],
}
"""The loss of the first step of seeds 0 and 1 at hidden size 128, by task."""
TASKS = {row.task.name: row.task for row in paper.EXPERIMENTS.values()}


def first_losses(task) -> list[float]:
    train = TrainConfig(steps=1, lengths=(TrainConfig().lengths[0],))
    trainer = training.make_trainer(task, ModelConfig(), train)

    @jax.jit
    def loss(key):
        state = trainer.begin(key)
        return trainer.advance(key, state, jnp.array(0), 1)[1].loss[0]

    return [float(loss(training.key_of(seed))) for seed in (0, 1)]


def test_every_task_of_the_registry_is_held():
    assert FIRST.keys() == TASKS.keys() and config.STREAM == 2


@pytest.mark.parametrize("name", list(TASKS))
def test_first_losses_are_those_of_the_recorded_stream(name):
    assert first_losses(TASKS[name]) == pytest.approx(FIRST[name], rel=1e-5)


def test_another_stream_is_another_place(monkeypatch):
    row = paper.EXPERIMENTS["table-1/bfs"]
    assert row.digest == "ad76e130a9fa" and "stream" not in row.configuration
    monkeypatch.setattr(config, "STREAM", 3)
    row = dataclasses.replace(row)  # it computes its digest once
    assert row.digest != "ad76e130a9fa" and row.configuration["stream"] == 3


def test_records_of_another_stream_are_refused_and_nothing_is_lost(tmp_path, capsys):
    old, into = Store(tmp_path / "old"), Store(tmp_path / "into")
    old.put("t/x", "abc", [0], rows(0), {"steps": 7, "stream": 1, "commit": "1234abcd"})
    before = {p: p.read_bytes() for p in old.folder.rglob("*") if p.is_file()}
    message = "version 1 of the random stream.* draws version 2.* commit 1234abcd"
    for refused in (
        lambda: old.load("t/x", "abc"),
        lambda: old.missing("t/x", "abc", range(2)),
        lambda: into.merge(old),
        old.prove_stream,
    ):
        with pytest.raises(StoreError, match=message):
            refused()
    assert {p: p.read_bytes() for p in old.folder.rglob("*") if p.is_file()} == before
    assert not into.folder.exists() or not into.experiments()


def test_records_that_name_no_stream_are_of_the_second(tmp_path):
    store = Store(tmp_path)
    store.put("t/x", "abc", [0], rows(0), {"steps": 7})
    assert store.missing("t/x", "abc", range(2)) == [1]
    assert config.UNNAMED_STREAM == 2


def test_a_field_that_came_later_is_left_out_at_its_value_from_before():
    @dataclasses.dataclass(frozen=True)
    class Now:
        size: int = 1
        late: int = dataclasses.field(default=5, metadata=config.added(0))

    assert config.readable(Now(late=0)) == {"size": 1}
    assert config.readable(Now()) == {"size": 1, "late": 5}
    assert json.dumps(config.readable(Now()))
