"""What the README shows runs as it stands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.slow
def test_the_readmes_code_block_runs(capsys):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.S)
    exec(block, {})
    # 32 graphs of 64 nodes, 3 steps on the longest, 1 head
    assert capsys.readouterr().out == "(32, 64) (32, 3, 64, 16) (32, 3, 1, 64, 64)\n"


def test_every_module_is_in_the_readme_and_every_file_named_exists():
    table = README.split("## Find your way")[1].split("## Licence")[0]
    named = set(re.findall(r"`([a-z_]+(?:\.py|/))`", table))
    assert all((ROOT / "mindgap" / name).exists() for name in named)
    files = {p.name for p in (ROOT / "mindgap").glob("*.py")} - {"__init__.py"}
    assert files - named <= {"plots.py"}


def test_commands_in_the_readme_are_those_of_the_command_line():
    from mindgap import cli

    known = {"run", "status", "table", "params", "book"}
    assert set(re.findall(r"^mindgap (\w+)", README, re.M)) <= known
    assert all(callable(getattr(cli, name, None)) or name == "book" for name in known)
