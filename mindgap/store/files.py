"""Writing a file so that it is complete or absent, whatever happens meanwhile."""

import os
import tempfile
from pathlib import Path


def place(path: Path, content: bytes) -> None:
    """Writes a file completely or not at all.

    If the process is killed, at most a draft is left: a file whose name starts with a
    dot, which nothing reads. Raises OSError if the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=".", suffix=".draft", delete=False
    ) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
