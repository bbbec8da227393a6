"""Unfinished work on disk: a killed run goes on from its last checkpoint.

A checkpoint is one file with every array that the rest of the work depends on. It
appears under its name only when it is complete, and a file that cannot be read whole
(each array carries a checksum) counts as none.
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
"""Share of the time that may go into writing checkpoints."""


class Kept(NamedTuple):
    """What a checkpoint holds."""

    tree: Any
    about: dict[str, Any]


class Checkpoint:
    """One file that is written now and then, and removed when the work is done."""

    def __init__(self, path: Path):
        self.path = path
        self._next = 0.0

    def due(self) -> bool:
        """Whether the next writing keeps within the overhead."""
        return time.monotonic() >= self._next

    def save(self, tree: Any, about: Mapping[str, Any]) -> None:
        """Writes a tree of arrays, and facts that JSON can hold.

        Raises OSError if the folder cannot be written.
        """
        started = time.monotonic()
        leaves = jax.device_get(jax.tree.leaves(tree))
        named = {f"leaf_{i}": leaf for i, leaf in enumerate(leaves)}
        content = io.BytesIO()
        np.savez(content, about=np.array(json.dumps(dict(about))), **named)
        place(self.path, content.getvalue())
        ended = time.monotonic()
        self._next = ended + (ended - started) / OVERHEAD

    def load(self, like: Any = None) -> Kept | None:
        """What was last saved: a tree of the structure of `like`, if given, and facts.

        None if there is nothing, or not the whole, or another structure.
        """
        try:
            # opened here, since np.load forgets to close what it cannot read
            with open(self.path, "rb") as raw, np.load(raw) as file:
                about = json.loads(str(file["about"]))
                leaves = [file[f"leaf_{i}"] for i in range(len(file.files) - 1)]
            if like is None:
                return Kept(None, about)
            return Kept(jax.tree.unflatten(jax.tree.structure(like), leaves), about)
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
            return None

    def remove(self) -> None:
        """Forgets the work, finished by now, and its folder if that is empty."""
        self.path.unlink(missing_ok=True)
        try:
            self.path.parent.rmdir()
        except OSError:
            pass  # others' checkpoints are there
