"""One learned network of each experiment, the best by validation, for figures.

It lies beside the records as safetensors, in a file whose name ends in a checksum of
its bytes. Large networks are rounded to half precision, so that those of all
experiments stay small enough to be part of the book.
"""

from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from mindgap.compiler.compile import fill
from mindgap.experiments.base import Experiment
from mindgap.network import Params, template
from mindgap.store import Store, StoreError, checksum
from mindgap.store.files import place

LARGE = 100_000
"""From so many parameters on, a network is kept in half precision."""


class Learned(NamedTuple):
    """A network that training found."""

    params: Params
    seed: int
    validation: float
    """Its best validation score, pointer accuracy in [0, 1]: why it was chosen."""


def keep(experiment: Experiment, store: Store) -> Path | None:
    """Puts the best recorded seed's network beside the records, in place of another.

    Of the seeds whose weights are here, as after `run`; the lowest of equals. None if
    there are none, or if a better network is kept already.
    """
    from safetensors.numpy import load, save

    rows = store.load(experiment.recorded, experiment.digest)
    scores = rows[rows.metric == "validation"].groupby("seed").value.max()
    folder = store.home(experiment.recorded, experiment.digest) / "weights"
    here = {s: path for s in scores.index if (path := folder / _name(s)).exists()}
    if not here:
        return None
    seed = min(here, key=lambda s: (-scores[s], s))
    tensors = {
        name.removeprefix("best/"): tensor
        for name, tensor in load(here[seed].read_bytes()).items()
        if name.startswith("best/")
    }
    if sum(tensor.size for tensor in tensors.values()) >= LARGE:
        tensors = {name: t.astype(np.float16) for name, t in tensors.items()}
    about = {"seed": str(seed), "validation": repr(float(scores[seed]))}
    content = save(tensors, about)
    path = here[seed].parents[1] / f"learned-{checksum(content)}.safetensors"
    with store.locked():
        *worse, best = sorted(
            [*_files(experiment, store), (_rank(float(scores[seed]), seed), path)]
        )
        if best[1] == path:
            place(path, content)
        for _, other in worse:
            if other != best[1]:
                other.unlink(missing_ok=True)
    return path if best[1] == path else None


def load(experiment: Experiment, store: Store) -> Learned:
    """The network that `keep` has put there.

    Raises StoreError, naming what to run or the file, if there is none or if it is
    damaged.
    """
    found = _files(experiment, store)
    if not found:
        raise StoreError(
            f"{experiment.name}: no learned network in {store.folder}; mindgap run "
            f"{experiment.name} trains some and keeps the best"
        )
    _, path = found[-1]
    learned = _open(path)
    try:
        shapes = template(experiment.task, experiment.model)
        return learned._replace(params=fill(shapes, learned.params))
    except (KeyError, ValueError) as error:
        raise StoreError(f"{path} is not this experiment's: {error}") from error


def _name(seed: int) -> str:
    return f"seed-{seed:05d}.safetensors"


def _rank(validation: float, seed: int) -> tuple[float, int]:
    """Higher is better: the lowest seed of equals."""
    return validation, -seed


def _files(experiment: Experiment, store: Store) -> list[tuple[Any, Path]]:
    """Kept networks, the best last: two, if a process was killed between them."""
    home = store.home(experiment.recorded, experiment.digest)
    found = []
    for path in home.glob("learned-*.safetensors"):
        one = _open(path)
        found.append((_rank(one.validation, one.seed), path))
    return sorted(found)


def _open(path: Path) -> Learned:
    from safetensors import SafetensorError, safe_open

    try:
        if checksum(path.read_bytes()) != path.stem.rpartition("-")[2]:
            raise ValueError("its bytes are not those of its name's checksum")
        params: dict[str, dict[str, jnp.ndarray]] = {}
        with safe_open(path, "np") as file:
            about = file.metadata()
            for name in file.keys():
                module, _, leaf = name.rpartition("/")
                tensor = jnp.asarray(file.get_tensor(name), jnp.float32)
                params.setdefault(module, {})[leaf] = tensor
        return Learned(params, int(about["seed"]), float(about["validation"]))
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise StoreError(f"{path} is damaged ({error}): restore it") from error
