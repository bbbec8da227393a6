"""Records measures beside records, and measures networks that were trained earlier.

A block of seeds is measured when it is trained. Networks that were trained before a
measure existed are measured here, from their weights in the store; a seed without
weights can be trained again. The kept network of an experiment is measured where its
seed was not.
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
    """Records rows of `beside.measure`, except of seeds that are recorded already."""
    name, digest = beside.home(experiment, kind, source)
    while new := store.missing(name, digest, seeds):
        try:
            new_rows = rows.loc[rows.seed.isin(new)]
            store.put(name, digest, new, new_rows, {**certificate, "measure": digest})
        except RecordedError:
            continue  # another process has just recorded some of these seeds


def unmeasured(experiment: Experiment, kind: Kind, store: Store) -> list[int]:
    """Seeds whose weights are in the store, but not this kind of measure of them."""
    return store.missing(
        *beside.home(experiment, kind.name), _seeds_with_weights(experiment, store)
    )


def measure(experiment: Experiment, store: Store) -> Iterator[str]:
    """Measures and records what is missing, seed by seed; yields a line for each."""
    certificate = blocks.certificate(experiment)
    for kind in beside.of(experiment):
        for seed in unmeasured(experiment, kind, store):
            weights = store.weights(experiment.recorded, experiment.digest, seed)
            rows = beside.measure(experiment, kind, [seed], _by_checkpoint(weights))
            put(experiment, kind.name, [seed], rows, certificate, store)
            yield f"{experiment.name} seed {seed}: {kind.name}"
    yield from _measure_kept(experiment, certificate, store)


def _measure_kept(
    experiment: Experiment, certificate: Mapping[str, Any], store: Store
) -> Iterator[str]:
    """Measures the kept network for each kind that its seed is not measured for."""
    for kind in beside.of(experiment):
        if not kind.of_kept:
            continue
        try:
            kept = learned.load(experiment, store)
        except StoreError:
            return
        if (beside.with_kept(experiment, kind.name, store).seed == kept.seed).any():
            continue
        params = jax.tree.map(lambda leaf: np.asarray(leaf)[None], kept.params)
        rows = beside.measure(experiment, kind, [kept.seed], {"best": params})
        seeds, source = [kept.seed], "the kept network"
        put(experiment, kind.name, seeds, rows, certificate, store, source)
        yield f"{experiment.name}, the kept network (seed {kept.seed}): {kind.name}"


def _seeds_with_weights(experiment: Experiment, store: Store) -> list[int]:
    return store.weighed(experiment.recorded, experiment.digest)


def _by_checkpoint(weights: Mapping[str, np.ndarray]) -> dict[str, Params]:
    """From arrays named `best/module/leaf` to each checkpoint's parameters.

    They get a leading axis of one seed.
    """
    params: dict[str, Any] = {}
    for name, array in weights.items():
        checkpoint, _, rest = name.partition("/")
        module, _, leaf = rest.rpartition("/")
        params.setdefault(checkpoint, {}).setdefault(module, {})[leaf] = array[None]
    return params
