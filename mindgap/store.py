"""Results on disk: one record per block of seeds, written at once and never changed.

A record is a Parquet file of tidy rows (one per seed, metric, data set, checkpoint,
step and graph) that carries its own birth certificate: configuration, versions, commit,
device, time. Its folder is named by the experiment and by a digest of everything that
can change a number, so a changed configuration is another folder. A record appears
under its name only when it is complete: it is written under a temporary name, synced,
and renamed. Its name ends in a checksum of its bytes, so damage is always seen.
"""

import dataclasses
import hashlib
import json
import os
import tempfile
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "seed": "int32",
    "metric": "str",
    "data": "str",
    "checkpoint": "str",
    "step": "int32",
    "graph": "int32",
    "value": "float32",
}
"""Of every row: `step` and `graph` are -1 where a value belongs to none."""

_CERTIFICATE = b"mindgap"


class StoreError(Exception):
    """A record that cannot be read, or that would overwrite another."""


@dataclasses.dataclass(frozen=True)
class Record:
    """One block of seeds of one experiment."""

    path: Path
    seeds: tuple[int, ...]
    certificate: Mapping[str, Any]


class Store:
    """A folder of records. Nothing is written until `put`.

    With `only`, `load` shows the rows of those seeds and no others.
    """

    def __init__(self, folder: str | os.PathLike, only: Container[int] | None = None):
        self.folder = Path(folder)
        self._only = only

    def records(self, name: str, digest: str) -> list[Record]:
        """The records of one experiment, by first seed.

        Raises StoreError, naming the file, if one is damaged or a seed is in two.
        """
        found = [
            self._open(path)
            for path in sorted(self._home(name, digest).glob("*.parquet"))
        ]
        seen: dict[int, Path] = {}
        for record in found:
            for seed in record.seeds:
                if seed in seen:
                    raise StoreError(
                        f"seed {seed} is in both {seen[seed]} and {record.path}"
                    )
                seen[seed] = record.path
        return sorted(found, key=lambda record: record.seeds[0])

    def shows(self, record: Record) -> bool:
        """Whether `load` shows any seed of the record."""
        return self._only is None or any(seed in self._only for seed in record.seeds)

    def missing(self, name: str, digest: str, seeds: Iterable[int]) -> list[int]:
        """Those of the seeds that have no record."""
        done = {s for record in self.records(name, digest) for s in record.seeds}
        return [seed for seed in seeds if seed not in done]

    def load(self, name: str, digest: str) -> "pd.DataFrame":
        """All rows of one experiment, empty if there are none.

        Raises StoreError as `records` does.
        """
        import pandas as pd

        frames = [pd.read_parquet(r.path) for r in self.records(name, digest)]
        if not frames:
            return pd.DataFrame({c: pd.Series(dtype=t) for c, t in COLUMNS.items()})
        rows = pd.concat(frames, ignore_index=True)
        if self._only is not None:
            rows = rows.loc[[seed in self._only for seed in rows.seed]]
        return rows

    def put(
        self,
        name: str,
        digest: str,
        seeds: Sequence[int],
        rows: "pd.DataFrame",
        certificate: Mapping[str, Any],
    ) -> Path:
        """Writes one record, whole or not at all.

        Raises StoreError if a seed is recorded already or the rows are not of the
        block's seeds; OSError if the folder cannot be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        new = self.missing(name, digest, seeds)
        if len(new) < len(seeds):
            taken = sorted(set(seeds) - set(new))
            raise StoreError(f"{name}: seeds {taken} are recorded already")
        if set(rows["seed"]) != set(seeds) or list(rows.columns) != list(COLUMNS):
            raise StoreError(
                f"{name}: rows of seeds {sorted(set(rows['seed']))} and columns "
                f"{list(rows.columns)} for a record of seeds {list(seeds)}"
            )
        table = pa.Table.from_pandas(rows.astype(COLUMNS), preserve_index=False)
        text = json.dumps({**certificate, "seeds": list(seeds)}, sort_keys=True)
        table = table.replace_schema_metadata(
            {
                **(table.schema.metadata or {}),
                _CERTIFICATE: text.encode(),
            }
        )
        home = self._home(name, digest)
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=home, prefix=".", delete=False) as file:
            try:
                pq.write_table(table, file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
                checksum = _checksum(Path(file.name))
                span = f"seeds-{min(seeds):05d}-{max(seeds):05d}"
                path = home / f"{span}-{checksum}.parquet"
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
        return path

    def put_weights(
        self, name: str, digest: str, seed: int, weights: Mapping[str, Any]
    ) -> Path:
        """Keeps named arrays of one seed beside its record, as safetensors."""
        import numpy as np
        from safetensors.numpy import save_file

        home = self._home(name, digest) / "weights"
        home.mkdir(parents=True, exist_ok=True)
        path = home / f"seed-{seed:05d}.safetensors"
        draft = path.with_suffix(".draft")
        save_file({k: np.ascontiguousarray(v) for k, v in weights.items()}, draft)
        os.replace(draft, path)
        return path

    def _home(self, name: str, digest: str) -> Path:
        return self.folder / name / digest

    def _open(self, path: Path) -> Record:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            if _checksum(path) != path.stem.rpartition("-")[2]:
                raise ValueError("its bytes are not those of its name's checksum")
            metadata = pq.read_schema(path).metadata or {}
            certificate = json.loads(metadata[_CERTIFICATE])
            return Record(path, tuple(certificate["seeds"]), certificate)
        except (pa.ArrowInvalid, KeyError, ValueError, OSError) as error:
            raise StoreError(
                f"{path} is damaged ({error}): restore it, or move it away and run "
                "its seeds again"
            ) from error


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def digest(configuration: Any) -> str:
    """Twelve hex digits that change with anything in a nested configuration."""
    text = json.dumps(readable(configuration), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def readable(configuration: Any) -> Any:
    """Frozen dataclasses as nested plain dictionaries."""
    if dataclasses.is_dataclass(configuration) and not isinstance(configuration, type):
        return {
            field.name: readable(getattr(configuration, field.name))
            for field in dataclasses.fields(configuration)
        }
    if isinstance(configuration, Mapping):
        return {str(k): readable(v) for k, v in configuration.items()}
    if isinstance(configuration, list | tuple):
        return [readable(v) for v in configuration]
    return configuration
