"""A committed notebook, opened where only Colab's own packages are.

Its first cell fetches the repository and installs the library; here the address leads
to a copy of this working tree, and the installer to the same index as always.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://github.com/mindgap-companion/mindgap"
# Colab's runtime of August 2026, of what this project touches, and what runs notebooks.
COLAB = (
    "jax==0.7.2",
    "jaxlib==0.7.2",
    "numpy==2.1.3",
    "tensorflow==2.20.0",
    "pip",
    "ipykernel",
    "nbclient",
)
PARTS = ("mindgap", "book", "pyproject.toml", "README.md", "LICENSE")


def done(*command: str | Path, cwd: Path, **variables: str) -> str:
    """What a command prints; its complaint is the test's."""
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}"
    return ran.stdout


@pytest.mark.slow
@pytest.mark.large
def test_a_chapter_runs_in_colabs_environment(tmp_path: Path) -> None:
    uv = Path(sys.executable).parent / "uv"
    if not uv.exists() or shutil.which("git") is None:
        pytest.skip("needs git, and uv beside this Python, as `make install` puts it")

    repository = tmp_path / "repository"
    repository.mkdir()
    for part in PARTS:
        source = ROOT / part
        leave = shutil.ignore_patterns(
            "__pycache__", "unfinished", "*.ipynb_checkpoints"
        )
        if source.is_dir():
            shutil.copytree(source, repository / part, ignore=leave)
        else:
            shutil.copy(source, repository / part)
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@localhost")
    done(*git, "init", "--quiet", cwd=repository)
    done(*git, "add", "--all", cwd=repository)
    done(*git, "commit", "--quiet", "--message", "all", cwd=repository)

    done(uv, "venv", "--quiet", "--python", sys.executable, "colab", cwd=tmp_path)
    python = tmp_path / "colab" / "bin" / "python"
    done(uv, "pip", "install", "--quiet", "--python", python, *COLAB, cwd=tmp_path)

    content = tmp_path / "content"  # where Colab starts a notebook, without the book
    content.mkdir()
    notebook = shutil.copy(ROOT / "book" / "03_baselines.ipynb", content)
    done(
        python.with_name("jupyter-execute"),
        notebook,
        cwd=content,
        PATH=f"{python.parent}:{os.environ['PATH']}",
        VIRTUAL_ENV=str(tmp_path / "colab"),
        JUPYTER_PATH="",
        PYTHONPATH="",
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0=f"url.file://{repository}.insteadOf",
        GIT_CONFIG_VALUE_0=REPOSITORY,
    )
    assert (content / "mindgap" / "book" / "results").is_dir()
    kept = "import jax, numpy; print(jax.__version__, numpy.__version__)"
    assert done(python, "-c", kept, cwd=content).split() == ["0.7.2", "2.1.3"]
