"""One block of seeds: trained together, stopped and resumed, measured.

Several devices share the seeds of a block, which is padded to a multiple of them. At
the end of each compiled span of steps all that the rest depends on may be written to a
checkpoint. Resumed spans run the same compiled program on the same numbers, so a killed
run ends with the scores of one that was not.
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
"""Steps in one compiled call, between two lines of progress."""

Report = Callable[[int, float, float], None]
"""Called with steps done, their mean loss, and the last validation score."""


class Block(NamedTuple):
    """What is recorded of a block of seeds."""

    seeds: Sequence[int]
    rows: "pd.DataFrame"
    weights: dict[int, dict[str, np.ndarray]]
    """Of each seed, `best/module/leaf` and `last/module/leaf`."""
    certificate: dict[str, Any]
    beside: dict[str, "pd.DataFrame"]
    """Measures that are kept beside the record, by kind (see `beside`)."""


class TimeUp(Exception):
    """There is not enough time left for the next part of the work."""


class Deadline:
    """A moment by which work has to stop."""

    def __init__(self, seconds: float):
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds; negative when it is over."""
        return self._end - time.monotonic()

    def need(self, seconds: float) -> None:
        """Raises TimeUp if less than so many seconds are left."""
        if self.left < seconds:
            raise TimeUp(f"{max(0.0, self.left):.0f} s are left, {seconds:.0f} needed")


def block_size(task: Task, model: ModelConfig, config: training.TrainConfig) -> int:
    """How many seeds to train at once on this process's devices.

    On a CPU a device has as many as its cache holds: one of the paper's size, eight
    tiny ones. On an accelerator, as many as its memory does.
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
    """How many seeds fit into so many bytes of one device, a fifth left free."""
    shared = Shared(1)
    trainer = trainer_of(task, model, config, shared.devices)
    keys = shared.out(jax.vmap(training.key_of)(jnp.arange(1)))
    advance = trainer.advance.lower(keys, trainer.begin(keys), jnp.array(0), SPAN)
    return max(1, int(0.8 * memory / footprint(advance.compile())))


def footprint(compiled: jax.stages.Compiled) -> int:
    """Bytes that a compiled function takes on each device, by its own account."""
    used: Any = compiled.memory_analysis()
    sizes = used.temp_size_in_bytes, used.argument_size_in_bytes
    return sum(sizes) + used.output_size_in_bytes


def cut(seeds: Sequence[int], size: int) -> list[Sequence[int]]:
    """The seeds in blocks of at most that size."""
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
    checkpoint cannot be written; and TimeUp, with the work in the checkpoint, if the
    deadline comes first.
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

    First comes what it began from, last the certificate, with the seconds spent; if the
    block was resumed, the first run's, with when and by which commit.
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
    begun = shared.back(state.params)
    none = training.Curves(*[jnp.zeros(0)] * 3)
    kept = checkpoint.load((state, none)) if checkpoint else None
    if kept:
        state, curves = shared.out(kept.tree[0]), [kept.tree[1]]
        done = curves[0].loss.shape[1]
        again = {"at": done, "commit": about["commit"], "date": about["date"]}
        about = {**kept.about, "resumed": [*kept.about.get("resumed", ()), again]}
    spent, score, took = about["seconds"], float("nan"), 0.0
    while done < total:
        count = min(SPAN, total - done)
        begin = time.monotonic()
        if deadline:
            deadline.need(took)
        state, curve = trainer.advance(keys, state, jnp.array(done), count)
        curves.append(shared.back(curve))
        _check(experiment, seeds, curves[-1].loss)
        done += count
        evaluated = curves[-1].validation[:, curves[-1].validation[0] >= 0]
        score = evaluated[:, -1].mean() if evaluated.size else score
        report(done, float(curves[-1].loss.mean()), float(score))
        took = time.monotonic() - begin
        about["seconds"] = spent + time.monotonic() - started
        # with a deadline, what is trained has to survive it: also before it is measured
        pressed = deadline is not None and (done == total or deadline.left < 2 * took)
        if checkpoint and (pressed or (done < total and checkpoint.due())):
            checkpoint.save((shared.back(state), _joined(curves)), about)
    return begun, shared.back(state), _joined(curves), about


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
        """To the devices; the last seed is repeated until they all have as many."""

        def pad(leaf):
            extra = -leaf.shape[0] % self.devices.size
            if not extra:
                return leaf
            return jnp.concatenate([leaf, jnp.repeat(leaf[-1:], extra, 0)])

        return jax.device_put(jax.tree.map(pad, tree), self._sharding)

    def back(self, tree: Any) -> Any:
        """To this process's memory, without the repetitions."""
        return jax.tree.map(lambda leaf: leaf[: self._seeds], jax.device_get(tree))


def _check(experiment: Experiment, seeds: Sequence[int], loss: np.ndarray) -> None:
    lost = [
        s for s, part in zip(seeds, loss, strict=True) if not np.isfinite(part).all()
    ]
    if lost:
        raise FloatingPointError(
            f"{experiment.name}: the loss of seeds {lost} is not finite; nothing of "
            "this block is recorded"
        )


def certificate(experiment: Experiment) -> dict[str, Any]:
    """Where a result comes from: settings, versions, commit, machine, date.

    To be made before the work, so that it names the code that does the work.
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
    """What numbers may differ by in their last digits: processor, device, precision."""
    matmul = jax.config.jax_default_matmul_precision  # pyright: ignore
    return {
        "python": platform.python_version(),
        "processor": processor(),
        "device": device(),
        "precision": str(matmul or "default"),
    }


def version(package: str) -> str:
    """A package's version; `source` for one that runs without being installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "source"


def processor() -> str:
    """The model of this machine's processor: `Intel(R) Xeon(R) CPU @ 2.20GHz, 6/85/7`.

    On Linux with family, model and stepping, since virtual machines hide names.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
        facts = {k.strip(): v.strip() for k, _, v in (s.partition(":") for s in lines)}
        numbers = "/".join(facts[k] for k in ("cpu family", "model", "stepping"))
        return f"{facts['model name']}, {numbers}"
    except (OSError, KeyError):
        return platform.processor() or platform.machine()


def device() -> str:
    """What this process computes on: `cpu, 2 cores`."""
    return f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores"


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
        return f"mindgap {version('mindgap')}"


def use_cores() -> None:
    """Every core of a CPU becomes a device, if JAX has not started its devices yet.

    Several small networks side by side use cores better than operations that are
    shared among them. A number that the user has chosen stays.
    """
    chosen = jax.config.jax_num_cpu_devices  # pyright: ignore
    flags = os.environ.get("XLA_FLAGS", "")
    if chosen < 1 and "host_platform_device_count" not in flags:
        # devices that run already keep their number
        with contextlib.suppress(RuntimeError):
            jax.config.update("jax_num_cpu_devices", os.cpu_count())


def cache_compilation() -> None:
    """Compiled programs outlive the process, unless the user has set this up."""
    chosen = jax.config.jax_compilation_cache_dir  # pyright: ignore
    if chosen is None:
        home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        jax.config.update("jax_compilation_cache_dir", str(home / "mindgap" / "xla"))


@functools.lru_cache(maxsize=3)
def trainer_of(
    task: Task,
    model: ModelConfig,
    config: training.TrainConfig,
    devices: jax.sharding.Mesh,
    start: CompiledStart | None = None,
) -> training.Trainer:
    """The last ensembles' functions, so that their next blocks compile nothing."""
    draw = start.drawn(model) if start else None
    watch = measurement.watch(task, model, start) if start else None
    one = training.make_trainer(task, model, config, training.SEEDS, draw, watch)
    return training.ensemble(one, devices)


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
