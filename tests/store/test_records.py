"""Records are whole or absent, and nothing is overwritten."""

import contextlib
import dataclasses
import errno
import multiprocessing
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mindgap import paper
from mindgap.config import digest
from mindgap.store import COLUMNS, Store, StoreError


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


def contents(folder):
    """Of every file."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder): path.read_bytes() for path in files}


def drafts(folder):
    return [path for path in folder.rglob(".*") if path.name != ".lock"]


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
    """Emptied, torn, or with any one bit of it flipped, also after it was read."""
    store = Store(tmp_path)
    path = put(store, 0)
    assert len(store.load("t/x", "abc"))
    content = bytearray(path.read_bytes())
    if damage == "empty":
        content.clear()
    elif damage == "torn":
        del content[-10:]
    else:
        content[damage % len(content)] ^= 1 << (damage % 8)
    written = path.stat().st_mtime_ns
    path.write_bytes(content)
    os.utime(path, ns=(written + 10**9, written + 10**9))  # clocks may be coarse
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


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_writer_killed_half_way_leaves_at_most_a_draft(tmp_path, moment):
    """A real process, killed with the draft torn, or whole and not yet renamed."""
    script = f"""
    import os, signal
    from tests.store.test_records import Store, put
    put(Store({str(tmp_path)!r}), 0)
    def killed(draft, *_):
        if {moment!r} == "fsync":
            os.ftruncate(draft, 20)
        os.kill(os.getpid(), signal.SIGKILL)
    os.{moment} = killed
    put(Store({str(tmp_path)!r}), 1)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)])
    assert done.returncode == -9
    assert len(drafts(tmp_path)) == 1
    store = Store(tmp_path)
    assert store.experiments() == [("t/x", "abc")]
    assert store.missing("t/x", "abc", range(2)) == [1]
    assert set(store.load("t/x", "abc").seed) == {0}
    put(store, 1)
    assert set(store.load("t/x", "abc").seed) == {0, 1}


WRITERS = {
    "put": lambda store: put(store, 1),
    "put_weights": lambda store: store.put_weights("t/x", "abc", 1, {"w": np.ones(9)}),
    "prove_writable": Store.prove_writable,
}


@pytest.fixture(params=WRITERS)
def write(request):
    return WRITERS[request.param]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_what_the_file_system_refuses_is_said(tmp_path, monkeypatch, write, number):
    def refuse(file):
        raise OSError(number, os.strerror(number))

    put(Store(tmp_path), 0)
    before = contents(tmp_path)
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreError) as raised:
        write(Store(tmp_path))
    reason = os.strerror(number)
    assert str(raised.value) == f"the store {tmp_path} cannot be written: {reason}"
    assert contents(tmp_path) == before


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_in_the_way_is_said(tmp_path, write, place):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=f"{place} cannot be written: Not a directory"):
        write(Store(tmp_path / place))


def test_a_full_disk_leaves_no_draft(tmp_path):
    """A limit on the size of files stands in for a disk without room."""
    script = f"""
    import resource
    from tests.store.test_records import WRITERS, Store, StoreError, put
    put(Store({str(tmp_path)!r}), 0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, 5))
    for write in WRITERS.values():
        try:
            write(Store({str(tmp_path)!r}))
        except StoreError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        check=True,
        capture_output=True,
        text=True,
    )
    message = f"the store {tmp_path} cannot be written: File too large\n"
    assert done.stdout == message * len(WRITERS)
    assert drafts(tmp_path) == []
    assert Store(tmp_path).missing("t/x", "abc", range(2)) == [1]


ROUNDS = 40


def race(folder, start, offset):
    """Puts two seeds a round, at the same moment as another process."""
    for round in range(ROUNDS):
        first = 3 * round + offset
        start.wait()
        with contextlib.suppress(StoreError):
            put(Store(folder), first, first + 1)


def test_of_two_writers_at_the_same_moment_one_is_refused(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(2, timeout=120)
    both = [spawn.Process(target=race, args=(tmp_path, start, i)) for i in (0, 1)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    records = Store(tmp_path).records("t/x", "abc")  # refuses a seed in two of them
    assert [record.seeds[0] // 3 for record in records] == list(range(ROUNDS))
    assert all(len(record.seeds) == 2 for record in records)


@pytest.fixture
def ours(tmp_path):
    return Store(tmp_path / "ours")


@pytest.fixture
def theirs(tmp_path):
    return Store(tmp_path / "theirs")


def test_stores_merge(ours, theirs):
    put(ours, 0)
    put(theirs, 0)
    theirs.put("t/x", "abc", [3, 2], rows(3, 2), {"steps": 8})
    theirs.put("other", "def", [1], rows(1), {"steps": 9})
    theirs.put_weights("t/x", "abc", 2, {"w": np.arange(3.0)})
    (theirs.folder / "t/x/abc/.torn.parquet").write_bytes(b"PAR1")
    (theirs.folder / ".lock").unlink()
    before = contents(theirs.folder)
    assert ours.merge(theirs) == [("other", "def", 1, 0), ("t/x", "abc", 2, 1)]
    assert contents(theirs.folder) == before
    assert contents(ours.folder) == {
        **{k: v for k, v in before.items() if k.name != ".torn.parquet"},
        Path(".lock"): b"",
    }
    before = contents(ours.folder)
    assert ours.merge(theirs) == [("other", "def", 0, 1), ("t/x", "abc", 0, 3)]
    assert contents(ours.folder) == before


def test_several_stores_merge_at_once(tmp_path, ours, theirs):
    third = Store(tmp_path / "third")
    put(theirs, 0)
    put(theirs, 7)
    put(third, 0, 1)
    assert ours.merge(theirs, third) == [("t/x", "abc", 3, 0)]
    assert sorted(set(ours.load("t/x", "abc").seed)) == [0, 1, 7]


def test_of_a_record_that_overlaps_the_new_seeds_are_added(ours, theirs):
    put(ours, 0)
    theirs.put("t/x", "abc", [0, 1], rows(0, 1), {"steps": 8})
    for seed in range(2):
        theirs.put_weights("t/x", "abc", seed, {"w": np.arange(3.0)})
    assert ours.merge(theirs) == [("t/x", "abc", 1, 1)]
    _, added = ours.records("t/x", "abc")
    assert added.certificate == {"steps": 8, "seeds": [1]}
    assert list(ours.load("t/x", "abc").value) == [0, 1, 2, 3]
    (kept,) = ours.folder.rglob("*.safetensors")
    assert kept.name == "seed-00001.safetensors"


def test_weights_that_are_here_already_stay(ours, theirs):
    put(theirs, 0)
    theirs.put_weights("t/x", "abc", 0, {"w": np.zeros(3)})
    kept = ours.put_weights("t/x", "abc", 0, {"w": np.ones(3)})
    before = kept.read_bytes()
    ours.merge(theirs)
    assert kept.read_bytes() == before


def test_the_same_rows_in_another_order_are_the_same(ours, theirs):
    undefined = rows(0).assign(value=[np.nan, 1.0])
    ours.put("t/x", "abc", [0], undefined, {"date": "today"})
    theirs.put("t/x", "abc", [0], undefined[::-1], {"date": "yesterday"})
    assert ours.merge(theirs) == [("t/x", "abc", 0, 1)]


@pytest.mark.parametrize("clash", ["with ours", "between theirs"])
def test_other_rows_of_a_seed_are_refused_before_any_is_copied(
    tmp_path, ours, theirs, clash
):
    third = Store(tmp_path / "third")
    one = put(ours if clash == "with ours" else theirs, 1)
    another = put(third, 0, 1)  # there seed 1 has other values
    theirs.put("a", "def", [1], rows(1), {})
    before = contents(tmp_path)
    with pytest.raises(StoreError) as raised:
        ours.merge(theirs, third)
    said = f"t/x (abc): seed 1 has other rows in {another} than in {one}"
    assert said in str(raised.value)
    assert contents(tmp_path) == before


def test_a_damaged_record_is_named_before_any_is_copied(ours, theirs):
    theirs.put("a", "def", [1], rows(1), {})
    put(theirs, 0).write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="is damaged"):
        ours.merge(theirs)
    assert not ours.folder.exists()


@pytest.mark.parametrize("empty", [True, False], ids=["empty", "absent"])
def test_a_store_without_records_is_not_merged(tmp_path, ours, theirs, empty):
    put(theirs, 0)
    if empty:
        (tmp_path / "third").mkdir()
    with pytest.raises(StoreError, match="third has no records"):
        ours.merge(theirs, Store(tmp_path / "third"))
    assert not ours.folder.exists()


def test_the_digest_changes_with_every_setting():
    plain = paper.EXPERIMENTS["table-1/bfs"]
    replace = dataclasses.replace
    variants = [
        plain,
        plain.with_steps(9),
        replace(plain, model=replace(plain.model, heads=2)),
        replace(plain, train=replace(plain.train, learning_rate=1e-3)),
        replace(plain, beside=()),
        paper.EXPERIMENTS["table-1/dfs"],
    ]
    assert len({e.digest for e in variants}) == len(variants)
    # ... and not with what changes no number
    assert replace(plain, seeds=1024, claim="").digest == plain.digest
    assert digest({"a": 1, "b": (2,)}) == digest({"b": [2], "a": 1})
