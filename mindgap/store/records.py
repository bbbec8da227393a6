"""Results on disk: one record per block of seeds, written at once and never changed.

A record is a Parquet file of tidy rows (one per seed, metric, data set, checkpoint,
step and graph). Its metadata has the certificate of its origin: configuration,
versions, commit, device, time. Its folder is named after the experiment and a digest of
everything that can change a number, so a changed configuration has another folder. A
record appears under its name only when it is complete: it is written under a temporary
name, synced, and renamed. Its name ends in a checksum of its bytes, by which damage is
detected.
"""

import contextlib
import dataclasses
import errno
import functools
import hashlib
import io
import itertools
import json
import os
import tempfile
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mindgap import checks, config
from mindgap.store.files import place

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
"""Columns of every record and their types. `step` and `graph` are -1 for a value that
belongs to no single step or graph."""

_CERTIFICATE = b"mindgap"
"""The certificate's key in the metadata of a Parquet file."""
_VISIBLE = "[!.]*.parquet"
"""Matches records, and no drafts (see `files.place`)."""


class StoreError(Exception):
    """A record that cannot be read or written, or that would overwrite another."""


class RecordedError(StoreError):
    """Some of the seeds to record have been recorded already."""


@dataclasses.dataclass(frozen=True)
class Record:
    """The file of one block of seeds of one experiment, without its rows."""

    path: Path
    seeds: tuple[int, ...]
    certificate: Mapping[str, Any]


class Merged(NamedTuple):
    """For one experiment, how many seeds a merge added and how many were there."""

    name: str
    digest: str
    added: int
    already: int


class Store:
    """A folder of records. Nothing is written until `put`.

    With `only`, `load` returns the rows of those seeds and no others.
    """

    def __init__(self, folder: str | os.PathLike, only: Container[int] | None = None):
        checks.kind("Store", folder, (str, os.PathLike), "the path of a folder")
        self.folder = Path(folder)
        self._only = only

    def records(self, name: str, digest: str) -> list[Record]:
        """The records of one experiment, ordered by first seed.

        Raises StoreError, naming the file, if a record is damaged, has another random
        stream than this library, or has a seed that is in another record, too.
        """
        paths = sorted(self.home(name, digest).glob(_VISIBLE))
        records = [self._read_record(path) for path in paths]
        _refuse_other_streams(records)
        path_of: dict[int, Path] = {}
        for record in records:
            for seed in record.seeds:
                if seed in path_of:
                    raise StoreError(
                        f"seed {seed} is in both {path_of[seed]} and {record.path}"
                    )
                path_of[seed] = record.path
        return sorted(records, key=lambda record: record.seeds[0])

    def prove_folder(self) -> None:
        """Raises StoreError if the store's folder does not exist."""
        if not self.folder.is_dir():
            raise StoreError(f"the store {self.folder} is not there: no such folder")

    def prove_stream(self) -> None:
        """Raises StoreError, naming it, if a record has another random stream."""
        for home in self.experiments():
            self.records(*home)

    def shows(self, record: Record) -> bool:
        """Whether `load` returns rows of any seed of the record."""
        return self._only is None or any(seed in self._only for seed in record.seeds)

    def missing(self, name: str, digest: str, seeds: Iterable[int]) -> list[int]:
        """Those of the seeds that have no record."""
        done = {s for record in self.records(name, digest) for s in record.seeds}
        return [seed for seed in seeds if seed not in done]

    def load(self, name: str, digest: str) -> "pd.DataFrame":
        """All rows of one experiment; an empty frame if there are none.

        Raises StoreError as `records` does.
        """
        paths = tuple(record.path for record in self.records(name, digest))
        if not paths:
            return _no_rows().copy(deep=False)
        rows = _joined_rows(paths)
        if self._only is not None:
            shown = [
                seed for seed in map(int, rows.seed.unique()) if seed in self._only
            ]
            return rows.loc[rows.seed.isin(shown)]
        return rows.copy(deep=False)

    def put(
        self,
        name: str,
        digest: str,
        seeds: Sequence[int],
        rows: "pd.DataFrame",
        certificate: Mapping[str, Any],
    ) -> Path:
        """Writes one record, completely or not at all.

        If two processes put the same seed, the later one gets an error. Raises
        RecordedError if a seed is recorded already, StoreError if the rows' seeds are
        not the given ones, if their columns are not `COLUMNS`, or if the folder cannot
        be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

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
        content = io.BytesIO()
        pq.write_table(
            table,
            content,
            compression="zstd",
            compression_level=15,
            # scores share their high bytes: side by side they take half as much
            use_dictionary=[  # pyright: ignore[reportArgumentType]
                column for column in COLUMNS if column != "value"
            ],
            column_encoding={"value": "BYTE_STREAM_SPLIT"},
        )
        span = f"seeds-{min(seeds):05d}-{max(seeds):05d}"
        name_of_bytes = checksum(content.getvalue())
        path = self.home(name, digest) / f"{span}-{name_of_bytes}.parquet"
        with self._writing(), self.locked():
            new = self.missing(name, digest, seeds)
            if len(new) < len(seeds):
                taken = sorted(set(seeds) - set(new))
                raise RecordedError(f"{name}: seeds {taken} are recorded already")
            place(path, content.getvalue())
        return path

    def merge(self, *others: "Store") -> list[Merged]:
        """Adds the records of other stores, and the weights kept beside them.

        A seed that this store has already, with the same rows, stays as it is. The
        other stores are only read.

        Raises StoreError, before anything is written, if another store has no records,
        if a record is damaged, or if two stores have different rows of the same seed;
        later, if `put` does.
        """
        for other in others:
            checks.kind("merge", other, Store, "stores, as in Store(folder)")
            if not other.experiments():
                raise StoreError(f"{other.folder} has no records to merge")
        for one, another in itertools.combinations([self, *others], 2):
            one._refuse_conflicts(another)
        merged = []
        for name, digest in sorted(
            {e for other in others for e in other.experiments()}
        ):
            records = [r for other in others for r in other.records(name, digest)]
            seeds = {seed for record in records for seed in record.seeds}
            new = set(self.missing(name, digest, seeds))
            merged.append(Merged(name, digest, len(new), len(seeds - new)))
            for record in records:
                if wanted := [seed for seed in record.seeds if seed in new]:
                    self._copy_record(name, digest, record, wanted)
                    new -= set(wanted)
        return merged

    def experiments(self) -> list[tuple[str, str]]:
        """Name and digest of each experiment with a record in this store."""
        homes = {path.parent for path in self.folder.rglob(f"*/*/{_VISIBLE}")}
        relative = [home.relative_to(self.folder) for home in sorted(homes)]
        return [(home.parent.as_posix(), home.name) for home in relative]

    def prove_writable(self) -> None:
        """Raises StoreError, with the reason, if the store cannot be written."""
        with self._writing(), tempfile.TemporaryFile(dir=self.folder) as file:
            file.write(b"mindgap")
            file.flush()
            os.fsync(file.fileno())

    def put_weights(
        self, name: str, digest: str, seed: int, weights: Mapping[str, Any]
    ) -> Path:
        """Writes named arrays of one seed, as safetensors in the folder of its record.

        Raises StoreError if the folder cannot be written.
        """
        from safetensors.numpy import save

        path = _weights_path(self.home(name, digest), seed)
        content = save({k: np.ascontiguousarray(v) for k, v in weights.items()})
        with self._writing():
            place(path, content)
        return path

    def weighed(self, name: str, digest: str) -> list[int]:
        """The seeds whose weights are in this store."""
        paths = (self.home(name, digest) / "weights").glob("seed-*.safetensors")
        return sorted(int(path.stem.removeprefix("seed-")) for path in paths)

    def weights(self, name: str, digest: str, seed: int) -> dict[str, np.ndarray]:
        """The named arrays that `put_weights` has written.

        Raises StoreError, naming the file, if it is missing or damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        path = _weights_path(self.home(name, digest), seed)
        try:
            return load(path.read_bytes())
        except (OSError, SafetensorError) as error:
            raise StoreError(f"{path} cannot be read: {error}") from error

    def since(self, seed: int) -> "Store":
        """The same store, but its `load` returns no seed below the given one."""
        return Store(self.folder, only=_Since(seed, self._only)) if seed else self

    def _refuse_conflicts(self, other: "Store") -> None:
        """Raises StoreError if the two stores have different rows of a seed."""
        for name, digest in other.experiments():
            own_records = {s: r for r in self.records(name, digest) for s in r.seeds}
            other_records = {s: r for r in other.records(name, digest) for s in r.seeds}
            for seed in sorted(own_records.keys() & other_records.keys()):
                one, another = own_records[seed], other_records[seed]
                if not _same_rows(one, another, seed):
                    raise StoreError(
                        f"{name} ({digest}): seed {seed} has other rows in "
                        f"{another.path} than in {one.path}; nothing was merged"
                    )

    def _copy_record(
        self, name: str, digest: str, record: Record, seeds: list[int]
    ) -> None:
        """Copies some seeds of another store's record, and their weights.

        Weights come first, as after training, since a seed with a record counts as
        complete: an interrupted merge would not add its weights later.
        """
        for seed in seeds:
            kept = _weights_path(record.path.parent, seed)
            path = _weights_path(self.home(name, digest), seed)
            if kept.exists() and not path.exists():
                content = kept.read_bytes()
                with self._writing():
                    place(path, content)
        self.put(name, digest, seeds, _rows(record, seeds), record.certificate)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Makes the folder, and turns errors of the file system into StoreError."""
        try:
            # if a file has the folder's name, the next step reports "Not a directory"
            with contextlib.suppress(FileExistsError):
                self.folder.mkdir(parents=True)
            yield
        except OSError as error:
            raise StoreError(
                f"the store {self.folder} cannot be written: {error.strerror or error}"
            ) from error

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Admits one process at a time; the system frees the lock of a killed one."""
        from filelock import FileLock

        if not self.folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        with FileLock(self.folder / ".lock"):
            yield

    def home(self, name: str, digest: str) -> Path:
        """The folder of one experiment's records."""
        return self.folder / name / digest

    def _read_record(self, path: Path) -> Record:
        import pyarrow as pa

        try:
            certificate = _certificate(path, path.stat().st_mtime_ns)
            return Record(path, tuple(certificate["seeds"]), certificate)
        except (pa.ArrowInvalid, KeyError, ValueError, OSError) as error:
            raise StoreError(
                f"{path} is damaged ({error}): restore it, or move it away and run "
                "its seeds again"
            ) from error


@dataclasses.dataclass(frozen=True)
class _Since:
    """The seeds from a first one on; if `among` is given, only those in it."""

    first: int
    among: Container[int] | None = None

    def __contains__(self, seed: Any) -> bool:
        return seed >= self.first and (self.among is None or seed in self.among)


def _refuse_other_streams(records: Iterable[Record]) -> None:
    """Raises StoreError if a record has another random stream than this library."""
    for record in records:
        stream = record.certificate.get("stream", config.UNNAMED_STREAM)
        if stream != config.STREAM:
            commit = record.certificate.get("commit", "unknown")
            raise StoreError(
                f"{record.path} was recorded with version {stream} of the random "
                f"stream, and this library draws version {config.STREAM}, in which the "
                f"same seeds are other networks. Read it with the library of commit "
                f"{commit}, and use another folder for new results"
            )


def checksum(content: bytes) -> str:
    """Sixteen hex digits that change with any byte."""
    return hashlib.sha256(content).hexdigest()[:16]


def _weights_path(home: Path, seed: int) -> Path:
    return home / "weights" / f"seed-{seed:05d}.safetensors"


@functools.lru_cache(maxsize=256)
def _all_rows(path: Path) -> "pd.DataFrame":
    """All rows of a record. They may be cached, since its name has their checksum."""
    import pandas as pd

    return pd.read_parquet(path)


@functools.cache
def _no_rows() -> "pd.DataFrame":
    """No rows, with the columns of a record. To be copied before it is changed."""
    import pandas as pd

    return pd.DataFrame({c: pd.Series(dtype=t) for c, t in COLUMNS.items()})


@functools.lru_cache(maxsize=16)
def _joined_rows(paths: tuple[Path, ...]) -> "pd.DataFrame":
    """The rows of several records. They are cached: copy them before changing any."""
    import pandas as pd

    return pd.concat([_all_rows(path) for path in paths], ignore_index=True)


@functools.lru_cache(maxsize=4096)
def _certificate(path: Path, changed: int) -> dict[str, Any]:
    """The certificate in a record's metadata.

    `changed` is the file's time of change, so that a replaced file is not taken from
    the cache. Raises ValueError if the file has not the checksum in its name.
    """
    import pyarrow.parquet as pq

    if checksum(path.read_bytes()) != path.stem.rpartition("-")[2]:
        raise ValueError("its bytes do not have the checksum in its name")
    metadata = pq.read_schema(path).metadata or {}
    return json.loads(metadata[_CERTIFICATE])


def _rows(record: Record, seeds: Sequence[int]) -> "pd.DataFrame":
    return _all_rows(record.path).query("seed in @seeds")


def _same_rows(one: Record, another: Record, seed: int) -> bool:
    """Whether two records have the same rows of a seed, in any order."""
    first, second = (
        _rows(record, [seed])
        .astype(COLUMNS)
        .sort_values(list(COLUMNS), ignore_index=True)
        for record in (one, another)
    )
    return first.equals(second)
