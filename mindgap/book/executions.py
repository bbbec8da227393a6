"""How each page of the book was made: date, duration, versions, and whether it is
up to date.

These are read from the metadata of the executed notebooks, which `book.build` writes.
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
    """A digest of what an executed chapter depends on: its notebook and the library."""
    library = sorted((root / "mindgap").rglob("*.[pj][ys]"))  # .py and .js
    content = hashlib.sha256()
    for path in [source.with_suffix(".ipynb"), *library]:
        content.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return content.hexdigest()


def here() -> dict[str, Any]:
    """Commit, versions and machine of this process, for a chapter's metadata."""
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
    """The execution of one chapter, as its notebook in `_build/executed` records it."""

    chapter: str
    state: str
    """`executed`, `executed from an earlier source`, `not executed`, or `this page` for
    the chapter that is being executed."""
    about: dict[str, Any]
    """Commit, versions and machine; empty if they were not recorded."""
    seconds: float | None = None
    date: str = ""
    profile: str = ""


def executions(root: Path, running: str = "") -> list[Execution]:
    """The state of each chapter of the book below `root`, executed or not.

    `running` names the chapter that calls this function, if one does; its state is
    `this page`.
    """
    results = []
    for source in sorted((root / "book").glob("*.py")):
        path = root / "_build" / "executed" / f"{source.stem}.ipynb"
        if source.stem == running:
            results.append(Execution(source.stem, "this page", here()))
        elif not path.exists():
            results.append(Execution(source.stem, "not executed", {}))
        else:
            results.append(_read(root, source, path))
    return results


def _read(root: Path, source: Path, path: Path) -> Execution:
    """The execution that the notebook at `path` records."""
    recorded = json.loads(path.read_text("utf-8"))["metadata"]
    about = recorded.get("mindgap", {})
    papermill = recorded.get("papermill", {})
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
    """A table of executions, with one line for each chapter."""
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
    """The name of the first processor, or its architecture if the name is unknown."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        (name, *_) = [x.split(":")[1].strip() for x in lines if "model name" in x]
        return name
    except (OSError, ValueError, IndexError):
        return platform.processor() or platform.machine()
