"""What README and the page of commands show runs as it stands."""

import functools
import inspect
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = (ROOT / "book" / "commands.md").read_text()


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
def test_the_extensions_of_the_book_run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    extend = COMMANDS.split("## Extend it")[1].split("\n## ")[0]
    program, experiment = re.findall(r"```python\n(.*?)```", extend, re.S)
    names: dict[str, object] = {}
    exec(program, names)
    assert "heaviest" in capsys.readouterr().out
    # as a small row: what is trained and measured is not what is tested here
    small = experiment.replace("hidden_size=256", "hidden_size=8")
    exec(small.replace("wide.with_steps(50)", "wide.quick().with_steps(5)"), names)
    assert list((tmp_path / "my-results" / "mine").rglob("*.parquet"))


def commands():
    """Every command `mindgap ...` that README or book shows, in blocks and in text."""
    shown = re.findall(r"^(mindgap .*?)(?: #.*)?$", README + COMMANDS, re.M)
    shown += re.findall(r"`(mindgap [a-z]+ [^`]+)`", README + COMMANDS)
    return sorted({" ".join(command.split()) for command in shown})


def test_the_book_shows_every_command():
    from mindgap import cli

    documented = {command.split()[1] for command in commands()}
    offered = {
        name
        for name, value in vars(cli).items()
        if getattr(value, "__module__", "") == cli.__name__
        and inspect.isfunction(value)
        and not name.startswith(("_", "book_"))
    } - {"main"}
    assert documented == offered | {"book"}


@pytest.mark.parametrize("command", commands())
def test_a_command_that_is_shown_is_understood(command):
    """Parsed by the command line itself, with what it names looked up; nothing runs."""
    import tyro

    from mindgap import cli, paper
    from mindgap.programs import PROGRAMS

    _, name, *arguments = shlex.split(command)
    if name == "book":
        name, *arguments = [f"book_{arguments[0]}", *arguments[1:]]
    called = []

    @functools.wraps(getattr(cli, name))
    def only_parsed(*given, **named):
        called.append((given, named))

    tyro.cli(only_parsed, args=arguments)
    [(given, named)] = called
    subject = given[0] if given else None
    if name in ("run", "table", "sizes", "measure"):
        assert paper.find(subject)
    if name == "verify":
        assert subject in PROGRAMS
    if name == "book_run":
        assert (ROOT / "book" / f"{subject}.py").exists()
    if named.get("seeds"):
        assert len(cli._seeds(named["seeds"]))
    if named.get("time_limit"):
        assert cli._duration(named["time_limit"]) > 0
