"""What executed notebooks say of themselves."""

import json
from pathlib import Path

from mindgap.book import executions


def book(root: Path, *chapters: str) -> Path:
    (root / "book").mkdir()
    (root / "mindgap").mkdir()
    (root / "_build" / "executed").mkdir(parents=True)
    for name in chapters:
        (root / "book" / f"{name}.py").write_text("# %%\n")
        (root / "book" / f"{name}.ipynb").write_text("{}")
    return root


def execute(root: Path, name: str, **about: object) -> None:
    digest = executions.digest(root, root / "book" / f"{name}.py")
    papermill = {
        "duration": 12.4,
        "end_time": "2026-01-02T03:04:05+00:00",
        "parameters": {"profile": "stored"},
    }
    told = {"mindgap": {"digest": digest, **about}, "papermill": papermill}
    path = root / "_build" / "executed" / f"{name}.ipynb"
    path.write_text(json.dumps({"metadata": told, "cells": []}))


def test_chapters_executed_or_not(tmp_path):
    root = book(tmp_path, "01_one", "02_two", "03_three", "scoreboard")
    execute(root, "01_one", **executions.here())
    execute(root, "02_two")
    (root / "book" / "02_two.ipynb").write_text('{"changed": 1}')
    found = executions.executions(root, running="scoreboard")
    assert [e.chapter for e in found] == ["01_one", "02_two", "03_three", "scoreboard"]
    assert [e.state for e in found] == [
        "executed",
        "executed from an earlier source",
        "not executed",
        "this page",
    ]
    one, two = found[:2]
    assert (one.seconds, one.date) == (12.4, "2026-01-02 03:04")
    assert one.about["versions"]["python"] and one.about["commit"]
    assert one.profile == "stored" and two.about == {}
    table = executions.table(found)
    assert table.loc["03_three", "seconds"] == "–" == table.loc["02_two", "machine"]
    assert "cores" in table.loc["scoreboard", "machine"]


def test_a_changed_library_makes_pages_old(tmp_path):
    root = book(tmp_path, "01_one")
    execute(root, "01_one")
    (root / "mindgap" / "new.py").write_text("answer = 42\n")
    (found,) = executions.executions(root)
    assert found.state == "executed from an earlier source"
