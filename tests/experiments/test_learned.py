"""The best network of an experiment is kept, whole and in place of a worse one."""

import dataclasses

import jax
import numpy as np
import pandas as pd
import pytest

from mindgap import network, paper
from mindgap.experiments import learned
from mindgap.network import ModelConfig
from mindgap.store import COLUMNS, Store, StoreError

ROW = dataclasses.replace(
    paper.EXPERIMENTS["table-1/bfs"], model=ModelConfig(hidden_size=4)
)


def params_of(row, seed):
    return network.init(row.task, row.model, jax.random.key(seed))


def record(store, seed, validation, row=ROW):
    """As `run` does it: weights, then a record with a validation curve."""
    best = params_of(row, seed)
    weights = {
        f"{kept}/{module}/{leaf}": np.asarray(array) * scale
        for kept, scale in (("best", 1), ("last", 7))
        for module, leaves in best.items()
        for leaf, array in leaves.items()
    }
    store.put_weights(row.name, row.digest, seed, weights)
    blank = {"seed": seed, "metric": "validation", "data": "", "checkpoint": ""}
    rows = [
        {**blank, "step": step, "graph": -1, "value": value}
        for step, value in enumerate((0.1, validation, 0.2))
    ]
    store.put(row.name, row.digest, [seed], pd.DataFrame(rows)[list(COLUMNS)], {})


def same(one, other):
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_the_best_by_validation_is_kept(tmp_path):
    store = Store(tmp_path)
    for seed, validation in ((3, 0.5), (5, 0.75), (4, 0.75), (6, 0.25)):
        record(store, seed, validation)
        learned.keep(ROW, store)
        assert len(list(tmp_path.rglob("learned-*"))) == 1
    found = learned.load(ROW, store)
    assert found.seed == 4 and found.validation == 0.75
    assert same(found.params, params_of(ROW, 4))
    # as if a process had been killed before it removed the worse network
    worse, home = Store(tmp_path / "other"), store.home(ROW.name, ROW.digest)
    record(worse, 3, 0.5)
    left = learned.keep(ROW, worse)
    left.rename(home / left.name)
    learned.keep(ROW, store)
    assert len(list(home.glob("learned-*"))) == 1
    assert learned.load(ROW, store).seed == 4


def test_only_seeds_whose_weights_are_here_can_be_kept(tmp_path):
    store = Store(tmp_path)
    assert learned.keep(ROW, store) is None
    for seed, validation in ((0, 0.5), (1, 0.9)):
        record(store, seed, validation)
    next(tmp_path.rglob("seed-00001.safetensors")).unlink()
    learned.keep(ROW, store)
    assert learned.load(ROW, store).seed == 0


def test_large_networks_are_rounded_and_still_answer_alike(tmp_path, key):
    row = dataclasses.replace(ROW, model=ModelConfig(hidden_size=64))
    store = Store(tmp_path)
    record(store, 0, 0.5, row)
    path = learned.keep(row, store)
    assert path.stat().st_size < 2.2 * sum(
        leaf.size for leaf in jax.tree.leaves(params_of(row, 0))
    )
    graphs = row.task.sample(key, 8, 4)
    kept, exact = (
        network.predict(row.task, row.model, p, graphs).logits["pi"]
        for p in (learned.load(row, store).params, params_of(row, 0))
    )
    np.testing.assert_allclose(kept, exact, atol=0.02 * float(abs(exact).max()))


def test_what_is_missing_or_damaged_is_named(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(StoreError, match="mindgap run table-1/bfs trains"):
        learned.load(ROW, store)
    record(store, 0, 0.5)
    path = learned.keep(ROW, store)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"learned-\w+.safetensors is damaged"):
        learned.load(ROW, store)


def test_a_network_of_another_shape_is_refused(tmp_path):
    store, other = Store(tmp_path), ModelConfig(hidden_size=8)
    record(store, 0, 0.5)
    path = learned.keep(ROW, store)
    moved = dataclasses.replace(ROW, model=other)
    home = store.home(moved.name, moved.digest)
    home.mkdir(parents=True)
    path.rename(home / path.name)
    with pytest.raises(StoreError, match="is not this experiment's"):
        learned.load(moved, store)
