"""The core in an environment of its own: small, without TensorFlow, and enough."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LACKING = {
    "mg.Store": "mindgap.store needs pandas, pyarrow, safetensors: .*'mindgap[run]'",
    "mg.plots.dots": "mindgap.plots needs matplotlib: .*'mindgap[run]'",
    "mg.paper.find": "mindgap.paper needs pandas, statsmodels: .*'mindgap[run]'",
    "mg.network.dm_clrs.to_feedback(bfs, bfs.benchmark('test'))": (
        "dm-clrs's feedback needs clrs: .*'mindgap[clrs]'"
    ),
}
"""What needs an extra, and the sentence that says which."""


def ran(*command: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd="/"
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel, built from a source archive, built from a copy of the library alone."""
    uv = Path(sys.executable).parent / "uv"
    if not uv.exists():
        pytest.skip("needs uv beside this Python, as `make install` puts it")
    home = tmp_path_factory.mktemp("dist")
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "mindgap", home / "source" / "mindgap", ignore=leave)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, home / "source")
    made = ran(uv, "build", "--quiet", "-o", home / "dist", home / "source")
    assert made.returncode == 0, made.stderr
    (archive,) = (home / "dist").glob("mindgap-*.tar.gz")
    (built,) = (home / "dist").glob("mindgap-*.whl")
    assert archive.name.split("-")[1] == f"{built.name.split('-')[1]}.tar.gz"
    return uv, built


@pytest.fixture(scope="module")
def core(wheel, tmp_path_factory):
    """A fresh environment that has the wheel without extras."""
    uv, built = wheel
    home = tmp_path_factory.mktemp("core")
    made = ran(uv, "venv", "--quiet", "--python", sys.executable, home / "venv")
    assert made.returncode == 0, made.stderr
    python = home / "venv" / "bin" / "python"
    made = ran(uv, "pip", "install", "--quiet", "--python", python, built)
    assert made.returncode == 0, made.stderr
    return python


def test_a_wheel_has_all_of_the_library(wheel):
    held = {*zipfile.ZipFile(wheel[1]).namelist()}
    files = (ROOT / "mindgap").rglob("*")
    own = {str(p.relative_to(ROOT)) for p in files if p.is_file()}
    assert {n for n in own if "__pycache__" not in n} == {
        n for n in held if ".dist-info/" not in n
    }


@pytest.mark.slow
def test_the_readmes_code_runs_with_the_core_alone(core):
    block = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    done = ran(core, "-c", block[0] + "\nimport sys; print(sorted(sys.modules))")
    assert done.returncode == 0, done.stderr
    assert "64." in done.stdout and "'tensorflow'" not in done.stdout
    size = sum(p.stat().st_size for p in core.parents[1].rglob("*") if p.is_file())
    assert size < 1e9


@pytest.mark.slow
def test_what_is_missing_is_named_in_one_sentence(core):
    for wanted, message in LACKING.items():
        done = ran(core, "-c", f"import mindgap as mg; bfs = mg.tasks.bfs; {wanted}")
        said = done.stderr.strip().splitlines()[-1]
        assert done.returncode == 1
        pattern = "ImportError: " + message.replace("[", r"\[").replace("]", r"\]")
        assert re.fullmatch(pattern, said), said
    done = ran(core.with_name("mindgap"), "status")
    assert done.returncode == 1
    assert re.fullmatch(
        r"mindgap\.\w+ needs .*: .*'mindgap\[run\]'", done.stderr.strip()
    )
