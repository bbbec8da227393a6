"""What is missing is computed, measured and put in the store.

Seeds run in blocks: several at once where that is faster (small networks,
accelerators), one after the other where it is not. A block is recorded as soon as it is
done, so an interrupted run loses one block at most.
"""

import datetime
import functools
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from mindgap import training
from mindgap.experiments.base import Data, Experiment
from mindgap.graphs import AnyArray
from mindgap.network import ModelConfig, Params
from mindgap.store import Store
from mindgap.tasks.base import Task

if TYPE_CHECKING:
    import pandas as pd

SPAN = 250
"""Steps in one compiled call, between two lines of progress."""

Report = Callable[[int, float, float], None]
"""Called with steps done, their mean loss, and the last validation score."""


def complete(
    experiment: Experiment,
    seeds: Iterable[int],
    store: Store,
    report: Callable[[Experiment, Sequence[int]], Report] | None = None,
) -> list[int]:
    """Trains and records those of the seeds that the store does not have.

    Returns the seeds that were run. `report` is told of each block as it starts, and
    what it returns of the block's progress (see `progress`).
    """
    _cache_compilation()
    missing = store.missing(experiment.name, experiment.digest, seeds)
    size = block_size(experiment)
    for first in range(0, len(missing), size):
        block = missing[first : first + size]
        _run_block(experiment, block, store, (report or progress)(experiment, block))
    return missing


def block_size(experiment: Experiment) -> int:
    """How many seeds to train at once.

    On a CPU, matrix products of the paper's size already use every core; mapping seeds
    of small networks saves the overhead of many small operations.
    """
    if jax.default_backend() != "cpu":
        return 16
    return max(1, min(64, 1024 // experiment.model.hidden_size**2))


def progress(experiment: Experiment, seeds: Sequence[int]) -> Report:
    """A bar in a terminal; elsewhere (logs, notebooks) about ten lines a block."""
    total, started = experiment.train.steps, time.monotonic()
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
    shown = 0

    def say(done: int, loss: float, score: float):
        nonlocal shown
        if done < total and done - shown < total / 10:
            return
        shown = done
        left = (time.monotonic() - started) * (total - done) / done
        print(
            f"{label}: step {done} of {total}, loss {loss:.3f}, "
            f"validation {score:.1%}, {left / 60:.1f} min left",
            flush=True,
        )

    return say


def train_block(
    experiment: Experiment, seeds: Sequence[int], report: Report
) -> tuple[training.TrainState, training.Curves]:
    """Trains an ensemble to its end; every leaf has a leading axis of seeds."""
    total = experiment.train.steps
    trainer = _trainer(experiment.task, experiment.model, experiment.train)
    keys = jax.vmap(training.key_of)(jnp.asarray(seeds))
    state, curves, done, score = trainer.begin(keys), [], 0, float("nan")
    while done < total:
        count = min(SPAN, total - done)
        state, curve = trainer.advance(keys, state, jnp.array(done), count)
        curves.append(jax.device_get(curve))
        done += count
        evaluated = curves[-1].validation[:, ~np.isnan(curves[-1].validation[0])]
        score = evaluated[:, -1].mean() if evaluated.size else score
        report(done, float(curves[-1].loss.mean()), float(score))
    joined = jax.tree.map(lambda *parts: np.concatenate(parts, 1), *curves)
    return state, joined


def certificate(experiment: Experiment) -> dict[str, Any]:
    """Where a result comes from: settings, versions, commit, machine, date.

    To be made before the work, so that it names the code that does the work.
    """
    packages = ("mindgap", "jax", "jaxlib", "dm-haiku", "optax", "dm-clrs", "numpy")
    return {
        "experiment": experiment.name,
        "configuration": experiment.configuration,
        "steps": experiment.train.steps,
        "versions": {name: metadata.version(name) for name in packages},
        "python": platform.python_version(),
        "commit": commit(),
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def commit() -> str:
    """The commit of the library's source, `+` if it was changed; or its version."""
    home = Path(__file__).parent
    try:
        # an installed copy may lie inside somebody else's repository
        _git(home, "ls-files", "--error-unmatch", __file__)
        head = _git(home, "rev-parse", "--short=12", "HEAD")
        changed = _git(home, "status", "--porcelain", "--", str(home))
        return head + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return f"mindgap {metadata.version('mindgap')}"


def _run_block(
    experiment: Experiment, seeds: Sequence[int], store: Store, report: Report
) -> None:
    birth, started = certificate(experiment), time.monotonic()
    state, curves = train_block(experiment, seeds, report)
    finite = {s: np.isfinite(c).all() for s, c in zip(seeds, curves.loss, strict=True)}
    if not all(finite.values()):
        lost = [seed for seed in seeds if not finite[seed]]
        raise FloatingPointError(
            f"{experiment.name}: the loss of seeds {lost} is not finite; nothing of "
            "this block is recorded"
        )
    rows = measure(experiment, seeds, state, curves)
    for index, seed in enumerate(seeds):
        weights = {
            f"{checkpoint}/{module}/{leaf}": array[index]
            for checkpoint, params in (("best", state.best), ("last", state.params))
            for module, leaves in params.items()
            for leaf, array in leaves.items()
        }
        store.put_weights(experiment.name, experiment.digest, seed, weights)
    birth["seconds"] = round(time.monotonic() - started, 1)
    store.put(experiment.name, experiment.digest, seeds, rows, birth)


@functools.lru_cache(maxsize=3)
def _trainer(
    task: Task, model: ModelConfig, config: training.TrainConfig
) -> training.Trainer:
    """The last ensembles' functions, so that their next blocks compile nothing."""
    return training.ensemble(training.make_trainer(task, model, config, training.SEEDS))


def measure(
    experiment: Experiment,
    seeds: Sequence[int],
    state: training.TrainState,
    curves: training.Curves,
) -> "pd.DataFrame":
    """The rows of one block: accuracies of both checkpoints, and learning curves."""
    import pandas as pd

    every = experiment.train.evaluate_every
    parts = []

    def add(seed: int, metric: str, values: AnyArray, **where: Any) -> None:
        blank = {"data": "", "checkpoint": "", "step": -1, "graph": -1}
        columns = {"seed": seed, "metric": metric, **blank, **where, "value": values}
        parts.append(pd.DataFrame(columns))

    for data in (experiment.test, *experiment.beside):
        for checkpoint, params in (("best", state.best), ("last", state.params)):
            scores = _scores(experiment, data, params)
            for seed, row in zip(seeds, scores, strict=True):
                add(
                    seed,
                    "pointer_accuracy",
                    row,
                    data=data.name,
                    checkpoint=checkpoint,
                    graph=np.arange(len(row)),
                )
    for index, seed in enumerate(seeds):
        validation = curves.validation[index]
        evaluated = np.flatnonzero(~np.isnan(validation))
        add(seed, "validation", validation[evaluated], step=evaluated)
        starts = np.arange(0, len(validation), every)
        loss = [curves.loss[index, s : s + every].mean() for s in starts]
        add(seed, "loss", np.array(loss), step=starts)
        add(seed, "best_step", np.asarray(state.best_step[index : index + 1]))
    return pd.concat(parts, ignore_index=True)


def _scores(experiment: Experiment, data: Data, params: Params) -> np.ndarray:
    graphs = data.draw(experiment.task)
    return np.asarray(
        training.evaluate(experiment.task, experiment.model, params, graphs)
    )


def _cache_compilation() -> None:
    """Compiled programs outlive the process, unless the user has set this up."""
    chosen = jax.config.jax_compilation_cache_dir  # pyright: ignore
    if chosen is None:
        home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        jax.config.update("jax_compilation_cache_dir", str(home / "mindgap" / "xla"))


def _span_of(seeds: Sequence[int]) -> str:
    return str(seeds[0]) if len(seeds) == 1 else f"{min(seeds)}-{max(seeds)}"


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
