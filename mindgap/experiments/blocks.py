"""One block of seeds: trained together, stopped and resumed, measured.

Several devices share the seeds of a block, which is padded to a multiple of their
number. Training runs in compiled spans of steps, and after each span everything that
the rest depends on may be written to a checkpoint. Resumed spans run the same compiled
program on the same numbers, so a run that was killed and resumed ends with the same
scores as one that was not.
"""

import contextlib
import datetime
import functools
import os
import platform
import subprocess
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mindgap import config, training
from mindgap.experiments import beside, measurement
from mindgap.experiments.base import CompiledStart, Experiment
from mindgap.network import ModelConfig, Params
from mindgap.store.checkpoint import Checkpoint
from mindgap.tasks.base import Task

if TYPE_CHECKING:
    import pandas as pd

SPAN = 250
"""Training steps in one compiled call; progress is reported after each call."""

Report = Callable[[int, float, float], None]
"""Called after each span with the number of steps done, the span's mean loss, and the
last validation score, both means over seeds."""


class Block(NamedTuple):
    """Everything that is recorded for a block of seeds."""

    seeds: Sequence[int]
    rows: "pd.DataFrame"
    weights: dict[int, dict[str, np.ndarray]]
    """Arrays by seed and by name, `best/module/leaf` and `last/module/leaf`."""
    certificate: dict[str, Any]
    """See `certificate`; `train` adds seconds, seeds, and resumptions if any."""
    beside: dict[str, "pd.DataFrame"]
    """By kind, the rows of measures that are kept beside the record (see `beside`)."""


class TimeUp(Exception):
    """There is not enough time left for the next part of the work."""


class Deadline:
    """A point in time by which work has to stop, set in seconds from now."""

    def __init__(self, seconds: float):
        self._ends_at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self._ends_at - time.monotonic()

    def need(self, seconds: float) -> None:
        """Raises TimeUp if fewer than `seconds` are left."""
        if self.left < seconds:
            raise TimeUp(f"{max(0.0, self.left):.0f} s are left, {seconds:.0f} needed")


def block_size(task: Task, model: ModelConfig, config: training.TrainConfig) -> int:
    """How many seeds to train at once on this process's devices.

    A CPU device trains as many as fit into its cache: one network of the paper's size,
    up to eight small ones. An accelerator trains as many as fit into its memory.
    """
    device = jax.devices()[0]
    if device.platform == "cpu":
        each = max(1, min(8, 1024 // model.hidden_size**2))
    else:
        memory = (device.memory_stats() or {}).get("bytes_limit", 0)
        each = fitting(task, model, config, memory)
    return each * len(jax.devices())


@functools.cache
def fitting(
    task: Task, model: ModelConfig, config: training.TrainConfig, memory: int
) -> int:
    """How many seeds fit into `memory` bytes of one device, a fifth of it left free."""
    shared = Shared(1)
    trainer = trainer_of(task, model, config, shared.devices)
    keys = shared.out(jax.vmap(training.key_of)(jnp.arange(1)))
    advance = trainer.advance.lower(keys, trainer.begin(keys), jnp.array(0), SPAN)
    return max(1, int(0.8 * memory / footprint(advance.compile())))


def footprint(compiled: jax.stages.Compiled) -> int:
    """Bytes that a compiled function needs on each device, as XLA reports them."""
    memory: Any = compiled.memory_analysis()
    sizes = memory.temp_size_in_bytes, memory.argument_size_in_bytes
    return sum(sizes) + memory.output_size_in_bytes


def cut(seeds: Sequence[int], size: int) -> list[Sequence[int]]:
    """Splits the seeds, in order, into blocks of at most `size`."""
    return [seeds[first : first + size] for first in range(0, len(seeds), size)]


def complete(
    experiment: Experiment,
    seeds: Sequence[int],
    report: Report,
    checkpoint: Checkpoint | None = None,
    deadline: Deadline | None = None,
) -> Block:
    """Trains a block to its end, from its checkpoint if there is one, and measures it.

    Raises FloatingPointError, naming the seeds, if a loss is not finite; OSError if the
    checkpoint cannot be written; and TimeUp if the deadline comes first, with what is
    trained by then in the checkpoint.
    """
    begun, state, curves, about = train(experiment, seeds, report, checkpoint, deadline)
    started = time.monotonic()
    rows = measurement.measure(experiment, seeds, begun, state, curves)
    networks = {"best": state.best, "last": state.params}
    more = {
        kind.name: beside.measure(experiment, kind, seeds, networks)
        for kind in beside.of(experiment)
    }
    weights = {
        seed: {
            f"{kept}/{module}/{leaf}": np.asarray(array[index])
            for kept, params in (("best", state.best), ("last", state.params))
            for module, leaves in params.items()
            for leaf, array in leaves.items()
        }
        for index, seed in enumerate(seeds)
    }
    about["seconds"] = round(about["seconds"] + time.monotonic() - started, 1)
    return Block(seeds, rows, weights, about, more)


def train(
    experiment: Experiment,
    seeds: Sequence[int],
    report: Report,
    checkpoint: Checkpoint | None = None,
    deadline: Deadline | None = None,
) -> tuple[Params, training.TrainState, training.Curves, dict[str, Any]]:
    """Trains an ensemble to its end; every leaf has a leading axis of seeds.

    Returns initial parameters, final state, curves, and the certificate with the
    seconds spent. The certificate of a resumed block is the first run's; its entry
    `resumed` lists at which step, when and by which commit it was resumed. Raises as
    `complete` does.
    """
    total, started = experiment.train.steps, time.monotonic()
    about = {**certificate(experiment), "seconds": 0.0}
    about |= {"seeds": list(seeds), "block": list(seeds)}
    shared = Shared(len(seeds))
    trainer = trainer_of(
        experiment.task,
        experiment.model,
        experiment.train,
        shared.devices,
        experiment.start,
    )
    keys = shared.out(jax.vmap(training.key_of)(jnp.asarray(seeds)))
    state, curves, done = shared.out(trainer.begin(keys)), [], 0
    initial = shared.back(state.params)
    none = training.Curves(*[jnp.zeros(0)] * 3)
    kept = checkpoint.load((state, none)) if checkpoint else None
    if kept:
        state, curves = shared.out(kept.tree[0]), [kept.tree[1]]
        done = curves[0].loss.shape[1]
        resumption = {"at": done, "commit": about["commit"], "date": about["date"]}
        about = {**kept.about, "resumed": [*kept.about.get("resumed", ()), resumption]}
    seconds_before, validation, span_seconds = about["seconds"], float("nan"), 0.0
    while done < total:
        count = min(SPAN, total - done)
        span_started = time.monotonic()
        if deadline:
            deadline.need(span_seconds)
        state, curve = trainer.advance(keys, state, jnp.array(done), count)
        curves.append(shared.back(curve))
        _check(experiment, seeds, curves[-1].loss)
        done += count
        evaluated = curves[-1].validation[:, curves[-1].validation[0] >= 0]
        validation = evaluated[:, -1].mean() if evaluated.size else validation
        report(done, float(curves[-1].loss.mean()), float(validation))
        span_seconds = time.monotonic() - span_started
        about["seconds"] = seconds_before + time.monotonic() - started
        # with a deadline, save while there is time, and also before measuring: what is
        # trained has to survive the deadline
        must_save = deadline is not None and (
            done == total or deadline.left < 2 * span_seconds
        )
        if checkpoint and (must_save or (done < total and checkpoint.due())):
            checkpoint.save((shared.back(state), _joined(curves)), about)
    return initial, shared.back(state), _joined(curves), about


def _joined(curves: Sequence[training.Curves]) -> training.Curves:
    return jax.tree.map(lambda *parts: np.concatenate(parts, 1), *curves)


class Shared:
    """Arrays with a leading axis of seeds, spread over all devices of this process."""

    def __init__(self, seeds: int):
        self._seeds = seeds
        self.devices = jax.sharding.Mesh(np.array(jax.devices()[:seeds]), ("devices",))
        spec = jax.sharding.PartitionSpec("devices")
        self._sharding = jax.sharding.NamedSharding(self.devices, spec)

    def out(self, tree: Any) -> Any:
        """Moves a tree to the devices; repeats the last seed until all have as many."""

        def pad(leaf):
            extra = -leaf.shape[0] % self.devices.size
            if not extra:
                return leaf
            return jnp.concatenate([leaf, jnp.repeat(leaf[-1:], extra, 0)])

        return jax.device_put(jax.tree.map(pad, tree), self._sharding)

    def back(self, tree: Any) -> Any:
        """Copies a tree to this process's memory, without the repeated seeds."""
        return jax.tree.map(lambda leaf: leaf[: self._seeds], jax.device_get(tree))


def _check(experiment: Experiment, seeds: Sequence[int], loss: np.ndarray) -> None:
    failed = [
        s for s, part in zip(seeds, loss, strict=True) if not np.isfinite(part).all()
    ]
    if failed:
        raise FloatingPointError(
            f"{experiment.name}: the loss of seeds {failed} is not finite; nothing of "
            "this block is recorded"
        )


def certificate(experiment: Experiment) -> dict[str, Any]:
    """Where a result comes from: settings, versions, commit, machine, date.

    Call this before the work, so that the commit is that of the code which does it.
    """
    packages = ("mindgap", "jax", "jaxlib", "dm-haiku", "optax", "dm-clrs", "numpy")
    return {
        "experiment": experiment.name,
        "configuration": experiment.configuration,
        "steps": experiment.train.steps,
        "stream": config.STREAM,
        **here(),
        "versions": {name: version(name) for name in packages},
        "commit": commit(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def here() -> dict[str, str]:
    """What the last digits of results depend on: processor, device, precision."""
    matmul = jax.config.jax_default_matmul_precision  # pyright: ignore
    return {
        "python": platform.python_version(),
        "processor": processor(),
        "device": device(),
        "precision": str(matmul or "default"),
    }


def version(package: str) -> str:
    """A package's version; `source` if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "source"


def processor() -> str:
    """The model of this machine's processor: `Intel(R) Xeon(R) CPU @ 2.20GHz, 6/85/7`.

    On Linux with family, model and stepping, since virtual machines may hide the name.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
        facts = {k.strip(): v.strip() for k, _, v in (s.partition(":") for s in lines)}
        numbers = "/".join(facts[k] for k in ("cpu family", "model", "stepping"))
        return f"{facts['model name']}, {numbers}"
    except (OSError, KeyError):
        return platform.processor() or platform.machine()


def device() -> str:
    """The device that this process computes on: `cpu, 2 cores`."""
    return f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores"


def commit() -> str:
    """The library's commit, with `+` if files were changed; else its version."""
    folder = Path(__file__).parent
    try:
        # an installed copy may lie inside another repository, which does not track it
        _git(folder, "ls-files", "--error-unmatch", __file__)
        head = _git(folder, "rev-parse", "--short=12", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--", str(folder))
        return head + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return f"mindgap {version('mindgap')}"


def use_cores() -> None:
    """Makes every CPU core a JAX device, unless JAX has started its devices already.

    Small networks that train side by side, one per core, use the cores better than
    operations that are split among cores. Keeps a number that the user has set.
    """
    chosen = jax.config.jax_num_cpu_devices  # pyright: ignore
    flags = os.environ.get("XLA_FLAGS", "")
    if chosen < 1 and "host_platform_device_count" not in flags:
        # JAX raises RuntimeError if its devices have started
        with contextlib.suppress(RuntimeError):
            jax.config.update("jax_num_cpu_devices", os.cpu_count())


def cache_compilation() -> None:
    """Keeps compiled programs on disk for later processes, unless the user has set up
    another cache."""
    chosen = jax.config.jax_compilation_cache_dir  # pyright: ignore
    if chosen is None:
        folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        jax.config.update("jax_compilation_cache_dir", str(folder / "mindgap" / "xla"))


@functools.lru_cache(maxsize=3)
def trainer_of(
    task: Task,
    model: ModelConfig,
    config: training.TrainConfig,
    devices: jax.sharding.Mesh,
    start: CompiledStart | None = None,
) -> training.Trainer:
    """The training functions of an ensemble; cached, so that its next blocks need not
    be compiled again."""
    draw = start.drawn(model) if start else None
    watch = measurement.watch(task, model, start) if start else None
    trainer = training.make_trainer(task, model, config, training.SEEDS, draw, watch)
    return training.ensemble(trainer, devices)


def _git(folder: Path, *arguments: str) -> str:
    finished = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return finished.stdout.strip()
