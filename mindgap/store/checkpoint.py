"""Unfinished work on disk: a killed run resumes from its last checkpoint.

A checkpoint is one file with every array that the rest of the work depends on. It
appears under its name only when it is complete. A file that cannot be read completely
(each array has a checksum) counts as no checkpoint.
"""

import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from mindgap.store.files import place

OVERHEAD = 0.05
"""Largest share of the running time that is spent on writing checkpoints."""


class Kept(NamedTuple):
    """The content of a checkpoint."""

    tree: Any
    """The saved tree of arrays; None if `load` was given no structure."""
    about: dict[str, Any]
    """The saved facts."""


class Checkpoint:
    """One file, rewritten from time to time and removed when the work is done."""

    def __init__(self, path: Path):
        self.path = path
        self._due_at = 0.0

    def due(self) -> bool:
        """Whether saving now keeps the time for writing within `OVERHEAD`."""
        return time.monotonic() >= self._due_at

    def save(self, tree: Any, about: Mapping[str, Any]) -> None:
        """Writes a tree of arrays, and facts that JSON can represent.

        Raises OSError if the folder cannot be written.
        """
        started = time.monotonic()
        leaves = jax.device_get(jax.tree.leaves(tree))
        named = {f"leaf_{i}": leaf for i, leaf in enumerate(leaves)}
        content = io.BytesIO()
        np.savez(content, about=np.array(json.dumps(dict(about))), **named)
        place(self.path, content.getvalue())
        ended = time.monotonic()
        self._due_at = ended + (ended - started) / OVERHEAD

    def load(self, like: Any = None) -> Kept | None:
        """What was last saved: a tree of the structure of `like`, if given, and facts.

        None if there is no checkpoint, if it is damaged, or if it has another number of
        arrays than `like`.
        """
        try:
            # opened here, since np.load leaves a file open if it cannot read it
            with open(self.path, "rb") as stream, np.load(stream) as file:
                about = json.loads(str(file["about"]))
                leaves = [file[f"leaf_{i}"] for i in range(len(file.files) - 1)]
            if like is None:
                return Kept(None, about)
            return Kept(jax.tree.unflatten(jax.tree.structure(like), leaves), about)
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
            return None

    def remove(self) -> None:
        """Removes the file, and its folder if that is empty, when the work is done."""
        self.path.unlink(missing_ok=True)
        try:
            self.path.parent.rmdir()
        except OSError:
            pass  # the folder has other checkpoints
