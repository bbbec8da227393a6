"""Records are whole or absent, and nothing is overwritten."""

import dataclasses
import os
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

from mindgap import experiments
from mindgap.store import COLUMNS, Store, StoreError, digest


def rows(*seeds):
    return pd.DataFrame({
        "seed": np.repeat(seeds, 2),
        "metric": "pointer_accuracy",
        "data": "d",
        "checkpoint": "best",
        "step": -1,
        "graph": [0, 1] * len(seeds),
        "value": np.arange(2.0 * len(seeds)),
    })  # fmt: skip


def put(store, *seeds):
    return store.put("t/x", "abc", seeds, rows(*seeds), {"steps": 7})


def test_what_is_put_is_found(tmp_path):
    store = Store(tmp_path)
    assert store.load("t/x", "abc").empty
    put(store, 0, 1)
    put(store, 4)
    assert store.missing("t/x", "abc", range(6)) == [2, 3, 5]
    found = store.load("t/x", "abc")
    assert list(found.columns) == list(COLUMNS)
    assert sorted(set(found.seed)) == [0, 1, 4]
    pd.testing.assert_series_equal(
        found[found.seed == 1].value.reset_index(drop=True),
        pd.Series([2.0, 3.0], name="value", dtype="float32"),
    )
    first, second = store.records("t/x", "abc")
    assert first.seeds == (0, 1) and second.certificate["steps"] == 7
    assert store.load("t/x", "other").empty


def test_nothing_is_overwritten(tmp_path):
    store = Store(tmp_path)
    path = put(store, 0, 1)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"seeds \[1\] are recorded already"):
        put(store, 1, 2)
    assert path.read_bytes() == before


def test_rows_of_other_seeds_are_refused(tmp_path):
    with pytest.raises(StoreError, match=r"rows of seeds .* for a record of seeds"):
        Store(tmp_path).put("t/x", "abc", [0, 1], rows(0), {})


@pytest.mark.parametrize("damage", ["empty", "torn", *range(0, 3000, 150)])
def test_a_damaged_record_is_named(tmp_path, damage):
    """Emptied, torn, or with any one bit of it flipped."""
    store = Store(tmp_path)
    path = put(store, 0)
    content = bytearray(path.read_bytes())
    if damage == "empty":
        content.clear()
    elif damage == "torn":
        del content[-10:]
    else:
        content[damage % len(content)] ^= 1 << (damage % 8)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"seeds-00000-00000-\w+\.parquet is damaged"):
        store.missing("t/x", "abc", range(2))


def test_a_view_shows_its_seeds_only(tmp_path):
    put(Store(tmp_path), 0, 1)
    view = Store(tmp_path, only=range(1, 9))
    assert set(view.load("t/x", "abc").seed) == {1}
    assert view.missing("t/x", "abc", range(2)) == []  # it is recorded all the same
    (record,) = view.records("t/x", "abc")
    assert view.shows(record)
    assert not Store(tmp_path, only=range(5, 9)).shows(record)


def test_a_parquet_file_that_is_no_record_is_named(tmp_path):
    home = tmp_path / "t/x/abc"
    home.mkdir(parents=True)
    rows(0).to_parquet(home / "seeds-00000-00000.parquet")
    with pytest.raises(StoreError, match="is damaged"):
        Store(tmp_path).load("t/x", "abc")


def test_a_seed_in_two_records_is_named(tmp_path):
    path = put(Store(tmp_path), 0)
    copy = path.name.replace("seeds", "copy")  # the checksum in its name is right
    (path.parent / copy).write_bytes(path.read_bytes())
    with pytest.raises(StoreError, match="seed 0 is in both"):
        Store(tmp_path).load("t/x", "abc")


def test_a_writer_killed_half_way_leaves_no_record(tmp_path):
    """A real process, killed inside the write."""
    script = textwrap.dedent(f"""
        import os, signal
        import pyarrow.parquet
        from tests.test_store import put
        from mindgap.store import Store
        def torn(table, file, **options):
            file.write(b"PAR1 half a record")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        pyarrow.parquet.write_table = torn
        put(Store({str(tmp_path)!r}), 0)
    """)
    done = subprocess.run([sys.executable, "-c", script], cwd=os.getcwd())
    assert done.returncode == -9
    store = Store(tmp_path)
    assert store.missing("t/x", "abc", range(2)) == [0, 1]
    put(store, 0)
    assert set(store.load("t/x", "abc").seed) == {0}


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    import pyarrow.parquet

    def full(table, file, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pyarrow.parquet, "write_table", full)
    with pytest.raises(OSError, match="No space left"):
        put(Store(tmp_path), 0)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_the_digest_changes_with_every_setting():
    plain = experiments.EXPERIMENTS["table-1/bfs"]
    replace = dataclasses.replace
    variants = [
        plain,
        plain.with_steps(9),
        replace(plain, model=replace(plain.model, heads=2)),
        replace(plain, train=replace(plain.train, learning_rate=1e-3)),
        replace(plain, beside=()),
        experiments.EXPERIMENTS["table-1/dfs"],
    ]
    assert len({e.digest for e in variants}) == len(variants)
    # ... and not with what changes no number
    assert replace(plain, seeds=1024, claim="").digest == plain.digest
    assert digest({"a": 1, "b": (2,)}) == digest({"b": [2], "a": 1})
