"""Printed settings are those of the rows, and rows differ by what is printed."""

import dataclasses

import pytest

from mindgap.paper import settings
from mindgap.paper.tables import find

BELLMAN_FORD = find("table-1/bellman-ford")[0]


def test_table_9_is_what_the_default_row_has():
    found = {s.name: settings.agrees(s, BELLMAN_FORD) for s in settings.TABLE_9}
    assert len(found) == 30 and False not in found.values()
    assert all(s.note for s in settings.TABLE_9 if s.ours is None)
    wrong = dataclasses.replace(BELLMAN_FORD.train, batch=16)
    other = dataclasses.replace(BELLMAN_FORD, train=wrong)
    assert [s.name for s in settings.TABLE_9 if settings.agrees(s, other) is False] == [
        "batch_size"
    ]


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("table-4", "table-3"),
        ("table-5", "table-13"),
        ("table-6", "table-6"),
        ("table-7", "table-7"),
        ("table-8", "table-11"),
        ("table-8", "table-12"),
    ],
)
def test_rows_have_a_printed_value_of_each_changed_setting(table, rows):
    for name, printed in settings.CHANGES[table].items():
        seen = {settings.of(name, row) for row in find(rows)}
        allowed = {
            v[0] if isinstance(v, tuple) and len(v) == 1 else v
            for v in ((16,) if name == "train_lengths" else settings.values(printed))
        }
        if name == "train_lengths":
            seen = {n for lengths in seen for n in lengths}
        assert seen & allowed, (name, seen)
        if name != "simplify_decoders":  # the usual decoder stands beside it
            assert seen <= allowed, (name, seen)


def test_what_differs_between_two_rows():
    long = find("table-7/bellman-ford")[0]
    assert settings.changed(long, BELLMAN_FORD) == {
        "steps": (10_000, 50_000),
        "learning_rate": (1e-4, 5e-5),
    }
    assert settings.changed(long, long) == {}
    minimal = find("table-13/bfs-bias")[0]
    assert settings.changed(minimal, find("table-13/bfs")[0])["test"] == (
        "clrs30-test",
        "test-16",
    )


def test_printed_values_are_read():
    assert settings.values("1.0000e-3, True, gatv2, 16") == (1e-3, True, "gatv2", 16)
