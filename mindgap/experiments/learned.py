"""For figures: one learned network of each experiment, the best by validation.

It is kept beside the records as safetensors, in a file whose name ends in a checksum of
its bytes. Large networks are rounded to half precision, so that the networks of all
experiments together are small enough to be part of the book.
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
"""A network with at least so many parameters is kept in half precision."""


class Learned(NamedTuple):
    """A trained network."""

    params: Params
    seed: int
    validation: float
    """Its best validation score, by which it was chosen: pointer accuracy in [0, 1]."""


def keep(experiment: Experiment, store: Store) -> Path | None:
    """Keeps the network of the best recorded seed, and removes a worse one.

    Chooses among the seeds whose weights are in the store, as they are after `run`; of
    equal ones the lowest. Returns the network's file; None if there are no weights or
    if a better network is kept already.
    """
    from safetensors.numpy import load, save

    rows = store.load(experiment.recorded, experiment.digest)
    scores = rows[rows.metric == "validation"].groupby("seed").value.max()
    folder = store.home(experiment.recorded, experiment.digest) / "weights"
    paths = {s: path for s in scores.index if (path := folder / _file_name(s)).exists()}
    if not paths:
        return None
    seed = min(paths, key=lambda s: (-scores[s], s))
    tensors = {
        name.removeprefix("best/"): tensor
        for name, tensor in load(paths[seed].read_bytes()).items()
        if name.startswith("best/")
    }
    if sum(tensor.size for tensor in tensors.values()) >= LARGE:
        tensors = {name: t.astype(np.float16) for name, t in tensors.items()}
    metadata = {"seed": str(seed), "validation": repr(float(scores[seed]))}
    content = save(tensors, metadata)
    path = paths[seed].parents[1] / f"learned-{checksum(content)}.safetensors"
    with store.locked():
        *worse, best = sorted(
            [
                *_kept_networks(experiment, store),
                (_rank(float(scores[seed]), seed), path),
            ]
        )
        if best[1] == path:
            place(path, content)
        for _, other in worse:
            if other != best[1]:
                other.unlink(missing_ok=True)
    return path if best[1] == path else None


def load(experiment: Experiment, store: Store) -> Learned:
    """The network that `keep` has kept.

    Raises StoreError if there is none (with the command that trains one), or if its
    file is damaged or does not fit the experiment's network (with its path).
    """
    networks = _kept_networks(experiment, store)
    if not networks:
        raise StoreError(
            f"{experiment.name}: no learned network in {store.folder}; mindgap run "
            f"{experiment.name} trains networks and keeps the best"
        )
    _, path = networks[-1]
    learned = _open(path)
    try:
        shapes = template(experiment.task, experiment.model)
        return learned._replace(params=fill(shapes, learned.params))
    except (KeyError, ValueError) as error:
        raise StoreError(f"{path} is not this experiment's network: {error}") from error


def _file_name(seed: int) -> str:
    return f"seed-{seed:05d}.safetensors"


def _rank(validation: float, seed: int) -> tuple[float, int]:
    """A key that is larger for better networks; of equals the lowest seed is best."""
    return validation, -seed


def _kept_networks(experiment: Experiment, store: Store) -> list[tuple[Any, Path]]:
    """Rank and file of each kept network, the best last.

    There are two if a process was killed after it kept one and before it removed the
    other.
    """
    home = store.home(experiment.recorded, experiment.digest)
    networks = []
    for path in home.glob("learned-*.safetensors"):
        learned = _open(path)
        networks.append((_rank(learned.validation, learned.seed), path))
    return sorted(networks)


def _open(path: Path) -> Learned:
    from safetensors import SafetensorError, safe_open

    try:
        if checksum(path.read_bytes()) != path.stem.rpartition("-")[2]:
            raise ValueError("its bytes do not have the checksum in its name")
        params: dict[str, dict[str, jnp.ndarray]] = {}
        with safe_open(path, "np") as file:
            metadata = file.metadata()
            for name in file.keys():
                module, _, leaf = name.rpartition("/")
                tensor = jnp.asarray(file.get_tensor(name), jnp.float32)
                params.setdefault(module, {})[leaf] = tensor
        return Learned(params, int(metadata["seed"]), float(metadata["validation"]))
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise StoreError(f"{path} is damaged ({error}): restore it") from error
