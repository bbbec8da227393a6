"""Measures beside a record: put there, and made up for from weights that are kept.

A block of seeds is measured when it is trained. Networks that were trained before there
was a measure get it here, as long as their weights are in the store; a seed can always
be trained again. Of rows without weights the one network that is kept is
measured.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from mindgap.experiments import beside, blocks, learned
from mindgap.experiments.base import Experiment
from mindgap.experiments.beside import Kind, Source
from mindgap.network import Params
from mindgap.store import RecordedError, Store, StoreError

if TYPE_CHECKING:
    import pandas as pd


def put(
    experiment: Experiment,
    kind: str,
    seeds: Sequence[int],
    rows: "pd.DataFrame",
    certificate: Mapping[str, Any],
    store: Store,
    source: Source = "records",
) -> None:
    """Records rows of `beside.measure`, but of seeds that are recorded already."""
    name, digest = beside.home(experiment, kind, source)
    while new := store.missing(name, digest, seeds):
        try:
            part = rows.loc[rows.seed.isin(new)]
            store.put(name, digest, new, part, {**certificate, "measure": digest})
        except RecordedError:
            continue  # another process was quicker with some of them


def unmeasured(experiment: Experiment, kind: Kind, store: Store) -> list[int]:
    """Seeds whose weights are in the store and whose measure is not."""
    return store.missing(
        *beside.home(experiment, kind.name), _weighed(experiment, store)
    )


def measure(experiment: Experiment, store: Store) -> Iterator[str]:
    """Measures what is not measured yet, seed by seed, and says so in lines."""
    about = blocks.certificate(experiment)
    for kind in beside.of(experiment):
        for seed in unmeasured(experiment, kind, store):
            named = store.weights(experiment.recorded, experiment.digest, seed)
            rows = beside.measure(experiment, kind, [seed], _by_checkpoint(named))
            put(experiment, kind.name, [seed], rows, about, store)
            yield f"{experiment.name} seed {seed}: {kind.name}"
    yield from _kept(experiment, about, store)


def _kept(
    experiment: Experiment, about: Mapping[str, Any], store: Store
) -> Iterator[str]:
    """The kept network, where no seed has the measure."""
    for kind in beside.of(experiment):
        if not kind.of_kept or len(beside.load(experiment, kind.name, store)[0]):
            continue
        try:
            kept = learned.load(experiment, store)
        except StoreError:
            return
        params = jax.tree.map(lambda leaf: np.asarray(leaf)[None], kept.params)
        rows = beside.measure(experiment, kind, [kept.seed], {"best": params})
        seeds, source = [kept.seed], "the kept network"
        put(experiment, kind.name, seeds, rows, about, store, source)
        yield f"{experiment.name}, the kept network (seed {kept.seed}): {kind.name}"


def _weighed(experiment: Experiment, store: Store) -> list[int]:
    return store.weighed(experiment.recorded, experiment.digest)


def _by_checkpoint(named: Mapping[str, np.ndarray]) -> dict[str, Params]:
    """`best/module/leaf` to parameters of each checkpoint, with one seed in front."""
    found: dict[str, Any] = {}
    for name, array in named.items():
        checkpoint, _, rest = name.partition("/")
        module, _, leaf = rest.rpartition("/")
        found.setdefault(checkpoint, {}).setdefault(module, {})[leaf] = array[None]
    return found
