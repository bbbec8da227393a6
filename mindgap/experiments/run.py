"""What is missing is computed, measured and put in the store.

Seeds run in blocks: several at once where that is faster (small networks,
accelerators), one after the other where it is not. A block is recorded as soon as it is
done. An unfinished one is kept in a checkpoint beside the records, and done first when
its seeds are wanted again. On a cluster each block is a task of a worker, and only the
process that asked for it writes to the store.
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
    """Trains and records those of the seeds that the store does not have.

    Returns the seeds that were run. `report` is told of each block as it starts, and
    what it returns of the block's progress (see `progress`). With `cluster`, the blocks
    are tasks of the dask scheduler at that address (`tcp://host:port`), or of worker
    processes on this machine for `local`.

    Raises StoreError if the store cannot be written or holds records of another random
    stream, FloatingPointError if a loss is not finite, TimeUp if the deadline comes
    first (what is trained by then is in a checkpoint), and what `cluster.results`
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
        told = (report or progress)(experiment, part)
        block = blocks.complete(experiment, part, told, checkpoint, deadline)
        _record(experiment, block, store)
        checkpoint.remove()
    return missing


@dataclasses.dataclass(frozen=True)
class Repeat:
    """A recorded seed beside the same, trained again."""

    seed: int
    kind: Literal["the same to the last digit", "the same course", "another network"]
    """Another processor rounds otherwise, so that a course drifts: it is the same if
    the loss of its first 50 steps is, within `DRIFT`."""
    first_loss: float
    """Relative difference of that loss."""
    score: float
    """Points by which the score on the test set differs."""
    alike: bool
    """Whether processor, device and precision are those of the record."""

    @property
    def right(self) -> bool:
        """Whether it is what a repetition must be: to the last digit where it runs on
        the same kind of machine, else the same course."""
        return self.kind == "the same to the last digit" or (
            self.kind == "the same course" and not self.alike
        )


def again(
    experiment: Experiment,
    seeds: Sequence[int],
    store: Store,
    report: Callable[[Experiment, Sequence[int]], Report] | None = None,
) -> list[Repeat]:
    """Trains recorded seeds again, which changes nothing in the store.

    Raises StoreError if one of them is not recorded.
    """
    name, digest = experiment.recorded, experiment.digest
    if missing := store.missing(name, digest, seeds):
        raise StoreError(f"{experiment.name}: seeds {missing} are not recorded")
    blocks.use_cores()
    blocks.cache_compilation()
    here, found = blocks.here(), []
    for record in store.records(name, digest):
        some = [seed for seed in seeds if seed in record.seeds]
        if not some:
            continue
        made = record.certificate
        # the seeds beside it in its block decide about the last digits, too
        block = made.get("block", list(record.seeds))
        part = block if made["device"] == here["device"] else some
        told = (report or progress)(experiment, part)
        rows = blocks.complete(experiment, part, told).rows
        alike = all(made.get(k) == here[k] for k in _ROUNDING)
        found += [_repeat(experiment, seed, store, rows, alike) for seed in some]
    return found


_ROUNDING = ("processor", "device", "precision")
"""Facts of a certificate that the last digits of a course depend on."""
DRIFT = 1e-3
"""Relative; another random stream differs by ten times as much."""
SCORE = 5.0
"""Points by which the score of a course that drifted may differ."""


def _repeat(
    experiment: Experiment, seed: int, store: Store, rows: Any, alike: bool
) -> Repeat:
    keys = ["metric", "data", "checkpoint", "step", "graph"]
    whole: Any = store.load(experiment.recorded, experiment.digest)
    old, new = whole[whole.seed == seed], rows[rows.seed == seed].astype(COLUMNS)
    # measures that came later are in one of them only, and of the larger test set early
    # records have the mean alone
    old, new = (
        part[part.metric.isin(old.metric) & ~part.data.str.startswith("larger-test")]
        for part in (old, new)
    )
    pair: Any = old.merge(new, on=keys, suffixes=("", "_again"), how="outer")
    # early records hold the course at every validation
    once = pair[["value", "value_again"]].isna().any(axis=1)
    pair = pair[~(once & (pair.data == COURSE))]
    exact = bool((pair.value == pair.value_again).all())
    pair = pair.dropna(subset=["value", "value_again"])
    first = pair[(pair.metric == "loss") & (pair.step == 0)].iloc[0]
    apart = float(abs(first.value_again / first.value - 1))
    scored = pair[
        (pair.metric == "pointer_accuracy")
        & (pair.data == experiment.test.name)
        & (pair.checkpoint == experiment.headline)
    ]
    score = 100 * abs(float((scored.value_again - scored.value).mean()))
    near = apart <= DRIFT and score <= SCORE
    kind = "the same course" if near else "another network"
    return Repeat(
        seed, "the same to the last digit" if exact else kind, apart, score, alike
    )


def progress(experiment: Experiment, seeds: Sequence[int]) -> Report:
    """A bar in a terminal; elsewhere (logs, notebooks) about ten lines a block."""
    total = experiment.train.steps
    label = f"{experiment.name} seed{'s' * (len(seeds) > 1)} {_span_of(seeds)}"
    if sys.stdout.isatty():
        from tqdm import tqdm

        bar = tqdm(total=total, desc=label, file=sys.stdout, unit="step")

        def draw(done: int, loss: float, score: float):
            bar.set_postfix_str(f"loss {loss:.3f}, validation {score:.1%}")
            bar.update(done - bar.n)
            if done == total:
                bar.close()

        return draw
    print(f"{label}: {total} steps, compiling", flush=True)
    shown, first = 0, None

    def say(done: int, loss: float, score: float):
        nonlocal shown, first
        now = time.monotonic()
        # the pace leaves out compiling, and what a resumed block had behind it
        first = first or (done, now)
        if done < total and done - shown < total / 10:
            return
        shown = done
        since, at = first
        left = ""
        if done > since:
            minutes = (now - at) * (total - done) / (done - since) / 60
            left = f", {minutes:.1f} min left"
        print(
            f"{label}: step {done} of {total}, loss {loss:.3f}, "
            f"validation {score:.1%}{left}",
            flush=True,
        )

    return say


def _record(experiment: Experiment, block: Block, store: Store) -> None:
    """Puts what another process has not recorded in the meantime."""
    name, digest = experiment.recorded, experiment.digest
    while new := store.missing(name, digest, block.seeds):
        for seed in new:
            store.put_weights(name, digest, seed, block.weights[seed])
        # what lies beside the record comes first: a seed with a record is done
        for kind, rows in block.beside.items():
            remeasure.put(experiment, kind, new, rows, block.certificate, store)
        rows = block.rows.loc[block.rows.seed.isin(new)]
        # another process may have recorded some of them since they were looked for
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
    """Blocks with a checkpoint that hold a wanted seed, and the other wanted seeds.

    All of a block's seeds must be missing; some may be more than was asked for.
    """
    rest, found = list(missing), []
    for path in sorted(_unfinished_home(experiment, store).glob("seeds-*.npz")):
        kept = Checkpoint(path).load()
        block = kept.about["seeds"] if kept else []
        name, digest = experiment.recorded, experiment.digest
        if set(block) & set(rest) and store.missing(name, digest, block) == block:
            found.append(block)
            rest = [seed for seed in rest if seed not in block]
    return found, rest


def _span_of(seeds: Sequence[int]) -> str:
    return str(seeds[0]) if len(seeds) == 1 else f"{min(seeds)}-{max(seeds)}"
