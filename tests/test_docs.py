"""What the README shows runs as it stands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.slow
def test_the_readmes_code_block_runs(capsys):
    block = re.findall(r"```python\n(.*?)```", README, re.S)[0]
    exec(block, {})
    program, _, reached = capsys.readouterr().out.rpartition("pi    <-")
    assert program.startswith("bfs: reach (bool), pi (node)")
    assert "[" in reached and "64." in reached  # all nodes of the first graph
    lines = [line for line in block.splitlines() if line.strip()]
    assert len(lines) <= 8


@pytest.mark.slow
def test_the_readmes_extensions_run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    extend = README.split("## Extend it")[1].split("## Find your way")[0]
    program, experiment = re.findall(r"```python\n(.*?)```", extend, re.S)
    names: dict[str, object] = {}
    exec(program, names)
    assert "heaviest" in capsys.readouterr().out
    # as a small row: what is trained and measured is not what is tested here
    small = experiment.replace("hidden_size=256", "hidden_size=8")
    exec(small.replace("wide.with_steps(50)", "wide.quick().with_steps(5)"), names)
    assert list((tmp_path / "my-results" / "mine").rglob("*.parquet"))


def test_commands_in_the_readme_are_those_of_the_command_line():
    from mindgap import cli

    known = {"run", "status", "table", "params", "book", "verify", "merge", "bench"}
    known |= {"sizes", "measure"}
    assert set(re.findall(r"^mindgap (\w+)", README, re.M)) <= known
    assert all(callable(getattr(cli, name, None)) or name == "book" for name in known)
