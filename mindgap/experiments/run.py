"""Runs experiments: trains, measures and records the seeds that are missing.

Seeds run in blocks: several at once where that is faster (small networks,
accelerators), else one after the other. A block is recorded as soon as it is done. An
unfinished block is kept in a checkpoint beside the records; it is resumed first when
one of its seeds is wanted again. On a cluster each block is a task of a worker, and
only the process that asked for it writes to the store.
"""

import contextlib
import dataclasses
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from mindgap.config import digest
from mindgap.experiments import blocks, learned, remeasure
from mindgap.experiments.base import Experiment
from mindgap.experiments.blocks import Block, Deadline, Report
from mindgap.experiments.measurement import COURSE
from mindgap.store import COLUMNS, RecordedError, Store, StoreError
from mindgap.store.checkpoint import Checkpoint


def complete(
    experiment: Experiment,
    seeds: Iterable[int],
    store: Store,
    report: Callable[[Experiment, Sequence[int]], Report] | None = None,
    cluster: str | None = None,
    deadline: Deadline | None = None,
) -> list[int]:
    """Trains, measures and records those of the seeds that are not in the store.

    Returns the seeds that were run. `report` is called when a block starts, and returns
    a function that is called with the block's progress; the default is `progress`. With
    `cluster`, the blocks are tasks of the dask scheduler at that address
    (`tcp://host:port`), or of worker processes on this machine for `local`.

    Raises StoreError if the store cannot be written or has records of another random
    stream, FloatingPointError if a loss is not finite, TimeUp if the deadline comes
    first (what is trained by then is in a checkpoint), and whatever `cluster.results`
    raises.
    """
    store.prove_stream()
    missing = store.missing(experiment.recorded, experiment.digest, seeds)
    if not missing:
        return []
    store.prove_writable()
    if cluster is not None:
        from mindgap.experiments.cluster import results

        for block in results(cluster, experiment, missing):
            _record(experiment, block, store)
        return missing
    blocks.use_cores()
    blocks.cache_compilation()
    size = blocks.block_size(experiment.task, experiment.model, experiment.train)
    unfinished, rest = _unfinished(experiment, missing, store)
    for part in [*unfinished, *blocks.cut(rest, size)]:
        checkpoint = _checkpoint(experiment, part, store)
        reporter = (report or progress)(experiment, part)
        block = blocks.complete(experiment, part, reporter, checkpoint, deadline)
        _record(experiment, block, store)
        checkpoint.remove()
    return missing


@dataclasses.dataclass(frozen=True)
class Repeat:
    """A recorded seed compared with the same seed trained again."""

    seed: int
    kind: Literal["the same to the last digit", "the same course", "another network"]
    """Another processor rounds differently, so that training drifts. The course is
    still the same if the mean loss of the first 50 steps (`evaluate_every`) is equal
    within `DRIFT`, and the score within `SCORE`."""
    first_loss: float
    """Relative difference of the mean loss of the first 50 steps."""
    score: float
    """Difference of the scores on the test set, in percentage points."""
    alike: bool
    """Whether processor, device and precision are those of the record."""

    @property
    def right(self) -> bool:
        """Whether the repetition succeeded: to the last digit if on the same kind of
        machine (`alike`), at least the same course on another."""
        return self.kind == "the same to the last digit" or (
            self.kind == "the same course" and not self.alike
        )


def again(
    experiment: Experiment,
    seeds: Sequence[int],
    store: Store,
    report: Callable[[Experiment, Sequence[int]], Report] | None = None,
) -> list[Repeat]:
    """Trains recorded seeds again and compares; writes nothing to the store.

    Raises StoreError if one of them is not recorded.
    """
    name, digest = experiment.recorded, experiment.digest
    if missing := store.missing(name, digest, seeds):
        raise StoreError(f"{experiment.name}: seeds {missing} are not recorded")
    blocks.use_cores()
    blocks.cache_compilation()
    here, repeats = blocks.here(), []
    for record in store.records(name, digest):
        wanted = [seed for seed in seeds if seed in record.seeds]
        if not wanted:
            continue
        certificate = record.certificate
        # the last digits also depend on which seeds are in the same block
        block = certificate.get("block", list(record.seeds))
        trained = block if certificate["device"] == here["device"] else wanted
        reporter = (report or progress)(experiment, trained)
        rows = blocks.complete(experiment, trained, reporter).rows
        alike = all(certificate.get(k) == here[k] for k in _ROUNDING)
        repeats += [_repeat(experiment, seed, store, rows, alike) for seed in wanted]
    return repeats


_ROUNDING = ("processor", "device", "precision")
"""Entries of a certificate on which the last digits of training depend."""
DRIFT = 1e-3
"""Largest relative difference of the first loss of the same course; with another random
stream it is ten times as large."""
SCORE = 5.0
"""Largest difference of the scores of the same course, in percentage points."""


def _repeat(
    experiment: Experiment, seed: int, store: Store, rows: Any, alike: bool
) -> Repeat:
    keys = ["metric", "data", "checkpoint", "step", "graph"]
    recorded: Any = store.load(experiment.recorded, experiment.digest)
    old = recorded[recorded.seed == seed]
    new = rows[rows.seed == seed].astype(COLUMNS)
    # measures that were added later are in one of them only, and early records have
    # only one mean of the whole larger test set
    old, new = (
        part[part.metric.isin(old.metric) & ~part.data.str.startswith("larger-test")]
        for part in (old, new)
    )
    pairs: Any = old.merge(
        new, on=keys, suffixes=("", "_again"), how="outer", indicator="side"
    )
    paired = pairs.side == "both"
    # early records have the course at every validation
    pairs = pairs[paired | (pairs.data != COURSE)]
    # a measure may be NaN, such as the correlation of what does not vary
    equal = pairs.value == pairs.value_again
    equal |= pairs.value.isna() & pairs.value_again.isna()
    exact = bool(paired[pairs.index].all() and equal.all())
    pairs = pairs[paired]
    first = pairs[(pairs.metric == "loss") & (pairs.step == 0)].iloc[0]
    first_loss = float(abs(first.value_again / first.value - 1))
    scored = pairs[
        (pairs.metric == "pointer_accuracy")
        & (pairs.data == experiment.test.name)
        & (pairs.checkpoint == experiment.headline)
    ]
    points = 100 * abs(float((scored.value_again - scored.value).mean()))
    same_course = first_loss <= DRIFT and points <= SCORE
    kind = "the same course" if same_course else "another network"
    return Repeat(
        seed, "the same to the last digit" if exact else kind, first_loss, points, alike
    )


def progress(experiment: Experiment, seeds: Sequence[int]) -> Report:
    """A progress bar in a terminal; elsewhere (logs, notebooks) some ten lines."""
    total = experiment.train.steps
    label = f"{experiment.name} seed{'s' * (len(seeds) > 1)} {_span_of(seeds)}"
    if sys.stdout.isatty():
        from tqdm import tqdm

        bar = tqdm(total=total, desc=label, file=sys.stdout, unit="step")

        def update_bar(done: int, loss: float, score: float):
            bar.set_postfix_str(f"loss {loss:.3f}, validation {score:.1%}")
            bar.update(done - bar.n)
            if done == total:
                bar.close()

        return update_bar
    print(f"{label}: {total} steps, compiling", flush=True)
    shown, first = 0, None

    def print_progress(done: int, loss: float, score: float):
        nonlocal shown, first
        now = time.monotonic()
        # measured from the first report on: without compiling, and without the steps
        # that a resumed block had done before
        first = first or (done, now)
        if done < total and done - shown < total / 10:
            return
        shown = done
        first_step, first_time = first
        left = ""
        if done > first_step:
            minutes = (now - first_time) * (total - done) / (done - first_step) / 60
            left = f", {minutes:.1f} min left"
        print(
            f"{label}: step {done} of {total}, loss {loss:.3f}, "
            f"validation {score:.1%}{left}",
            flush=True,
        )

    return print_progress


def _record(experiment: Experiment, block: Block, store: Store) -> None:
    """Records those seeds of a block that no other process has recorded meanwhile."""
    name, digest = experiment.recorded, experiment.digest
    while new := store.missing(name, digest, block.seeds):
        for seed in new:
            store.put_weights(name, digest, seed, block.weights[seed])
        # measures beside the record come first: a seed with a record counts as done
        for kind, rows in block.beside.items():
            remeasure.put(experiment, kind, new, rows, block.certificate, store)
        rows = block.rows.loc[block.rows.seed.isin(new)]
        # another process may have recorded some of them since `missing` was called
        with contextlib.suppress(RecordedError):
            store.put(name, digest, new, rows, block.certificate)
    if experiment.keep:
        learned.keep(experiment, store)


def _checkpoint(
    experiment: Experiment, seeds: Sequence[int], store: Store
) -> Checkpoint:
    name = f"seeds-{_span_of(seeds)}-{digest(list(seeds))}.npz"
    return Checkpoint(_unfinished_home(experiment, store) / name)


def _unfinished_home(experiment: Experiment, store: Store) -> Path:
    return store.folder / experiment.recorded / experiment.digest / "unfinished"


def _unfinished(
    experiment: Experiment, missing: Sequence[int], store: Store
) -> tuple[list[Sequence[int]], list[int]]:
    """Blocks with a checkpoint and a missing seed, and the missing seeds of no block.

    A block is left out if one of its seeds is recorded. It may have further seeds that
    are not in `missing`.
    """
    others, unfinished = list(missing), []
    for path in sorted(_unfinished_home(experiment, store).glob("seeds-*.npz")):
        saved = Checkpoint(path).load()
        block = saved.about["seeds"] if saved else []
        name, digest = experiment.recorded, experiment.digest
        if set(block) & set(others) and store.missing(name, digest, block) == block:
            unfinished.append(block)
            others = [seed for seed in others if seed not in block]
    return unfinished, others


def _span_of(seeds: Sequence[int]) -> str:
    return str(seeds[0]) if len(seeds) == 1 else f"{min(seeds)}-{max(seeds)}"
