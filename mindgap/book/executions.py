"""How the book's pages were made: when, how long, with what, and whether still true.

Read from the executed notebooks, whose metadata say it; `book` writes them.
"""

import dataclasses
import hashlib
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PACKAGES = ("mindgap", "jax", "numpy", "dm-clrs")


def digest(root: Path, source: Path) -> str:
    """Of all that an executed chapter was made from: its notebook and the library."""
    library = sorted((root / "mindgap").rglob("*.[pj][ys]"))  # .py and .js
    found = hashlib.sha256()
    for path in [source.with_suffix(".ipynb"), *library]:
        found.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def here() -> dict[str, Any]:
    """What a chapter that is executed now is executed with, for its metadata."""
    from mindgap.experiments.blocks import commit

    installed = {}
    for name in PACKAGES:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed[name] = "not installed"
    return {
        "commit": commit(),
        "versions": {"python": platform.python_version(), **installed},
        "machine": f"{_processor()}, {os.cpu_count()} cores",
    }


@dataclasses.dataclass(frozen=True)
class Execution:
    """One chapter, as it lies in `_build/executed`."""

    chapter: str
    state: str
    """`executed`, `executed from an earlier source` or `not executed`."""
    about: dict[str, Any]
    """Commit, versions and machine; empty if they were not noted."""
    seconds: float | None = None
    date: str = ""
    profile: str = ""


def executions(root: Path, running: str = "") -> list[Execution]:
    """Each chapter of the book below `root`, executed or not.

    The chapter `running` is the one that asks: it is told as being made now.
    """
    found = []
    for source in sorted((root / "book").glob("*.py")):
        path = root / "_build" / "executed" / f"{source.stem}.ipynb"
        if source.stem == running:
            found.append(Execution(source.stem, "this page", here()))
        elif not path.exists():
            found.append(Execution(source.stem, "not executed", {}))
        else:
            found.append(_read(root, source, path))
    return found


def _read(root: Path, source: Path, path: Path) -> Execution:
    told = json.loads(path.read_text("utf-8"))["metadata"]
    about = told.get("mindgap", {})
    papermill = told.get("papermill", {})
    current = source.with_suffix(".ipynb").exists() and about.get("digest") == digest(
        root, source
    )
    return Execution(
        source.stem,
        "executed" if current else "executed from an earlier source",
        {k: v for k, v in about.items() if k != "digest"},
        papermill.get("duration"),
        (papermill.get("end_time") or "")[:16].replace("T", " "),
        papermill.get("parameters", {}).get("profile", ""),
    )


def table(found: list[Execution]) -> "pd.DataFrame":
    """One line for each chapter."""
    import pandas as pd

    return pd.DataFrame(
        {
            "chapter": e.chapter,
            "state": e.state,
            "profile": e.profile or "–",
            "seconds": "–" if e.seconds is None else f"{e.seconds:.0f}",
            "date (UTC)": e.date or "–",
            "commit": e.about.get("commit", "–"),
            "versions": ", ".join(
                f"{name} {version}"
                for name, version in e.about.get("versions", {}).items()
            )
            or "–",
            "machine": e.about.get("machine", "–"),
        }
        for e in found
    ).set_index("chapter")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        (name, *_) = [x.split(":")[1].strip() for x in lines if "model name" in x]
        return name
    except (OSError, ValueError, IndexError):
        return platform.processor() or platform.machine()
