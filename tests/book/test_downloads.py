"""The files that the site offers are the networks that the table names."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mindgap import export, paper, programs
from mindgap.book import downloads
from mindgap.store import Store


@pytest.mark.slow
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.large)])
def test_every_file_of_the_table_is_a_network(every, tmp_path, monkeypatch):
    store = Store(Path(__file__).parents[2] / "book" / "results")
    some = {name: paper.EXPERIMENTS[name] for name in ("table-13/bfs", "table-1/bfs")}
    few = {name: programs.PROGRAMS[name] for name in ("bfs", "dfs", "minimum")}
    monkeypatch.setattr(downloads, "EXPERIMENTS", some)
    if not every:
        monkeypatch.setattr(downloads, "PROGRAMS", few)
    table = downloads.write(tmp_path / "weights", store)
    links = re.findall(r'href="(.*?)"', table)
    assert {link.split("/")[0] for link in links} == {"weights"}
    files = {path.name for path in (tmp_path / "weights").iterdir()}
    assert {link.split("/")[1] for link in links} == files
    for name in files:
        path = tmp_path / "weights" / name
        if name.startswith("compiled"):
            compiled = export.load(path)
            assert f"compiled-{compiled.program.name}.safetensors" == name
        else:
            with np.load(path) as arrays:
                assert json.loads(str(arrays["description"]))["task"] == "bfs"
    known = {p.task.name for p in downloads.PROGRAMS.values() if p.task}
    assert len(files) == 2 + len(known) and len(known) > (15 if every else 2)
