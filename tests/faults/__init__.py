"""Deliberate faults: patches of the library that its tests must catch.

    python -m tests.faults                 applies each, runs tests, prints a table
    python -m tests.faults skip-dropped    or only some of them, by name

The head of a patch says what is wrong then, and in which files of tests it is caught.
"""

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclasses.dataclass(frozen=True)
class Fault:
    """One patch of the library."""

    patch: Path

    @property
    def name(self) -> str:
        """The patch's file name without its ending."""
        return self.patch.stem

    @property
    def says(self) -> str:
        """What is wrong, in one sentence."""
        return self.patch.read_text().splitlines()[0]

    @property
    def caught_by(self) -> list[str]:
        """Files of tests, of which at least one must fail."""
        second = self.patch.read_text().splitlines()[1]
        return second.removeprefix("Caught by: ").split()


def faults() -> list[Fault]:
    """All of them, by name."""
    return [Fault(patch) for patch in sorted(HERE.glob("*.patch"))]


def copy(folder: Path) -> None:
    """Copies the project to an empty folder, without what is built or hidden."""
    left_out = shutil.ignore_patterns(".*", "_build", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, folder, ignore=left_out, dirs_exist_ok=True)


def apply(fault: Fault, folder: Path, *options: str) -> subprocess.CompletedProcess:
    """Applies the patch to a copy; git's own exit status says whether it fits."""
    # else git looks for a repository around the copy and skips files outside of it
    alone = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    return subprocess.run(
        ["git", "apply", *options, str(fault.patch)],
        cwd=folder,
        env=alone,
        capture_output=True,
        text=True,
    )
