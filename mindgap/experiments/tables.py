"""Every table of the paper as data, with the paper's numbers (so far: Table 1)."""

from typing import NamedTuple

from mindgap import tasks
from mindgap.experiments.base import Experiment, Reported

_MIXED = (
    "the paper's row mixes runs under slightly different settings, with and without "
    "regularisation (section 3), in shares that it does not give"
)
_UNSURE = (
    "how many seeds: 128 is a minimum over all experiments",
    "which checkpoint: we report the best by validation, and the last beside it",
    "Table 9 lists five training lengths, section B an unaltered dataset",
)

TABLE_1 = (
    Experiment(
        name="table-1/bfs",
        source="Table 1, BFS",
        claim="GATv2 learns BFS well enough to generalise to 64 nodes.",
        task=tasks.bfs,
        reported=Reported(mean=94.82, std=7.23, max=99.71),
        unsure=(*_UNSURE, "what share of the runs was regularised"),
        incomparable=_MIXED,
    ),
    Experiment(
        name="table-1/dfs",
        source="Table 1, DFS",
        claim="GATv2 does not learn DFS that generalises, though it fits it at ~99 % "
        "on lengths it was trained on.",
        task=tasks.dfs,
        reported=Reported(mean=11.82, std=3.45, max=21.04),
        unsure=_UNSURE,
    ),
    Experiment(
        name="table-1/bellman-ford",
        source="Table 1, Bellman-Ford",
        claim="GATv2 learns Bellman-Ford, short of perfectly.",
        task=tasks.bellman_ford,
        reported=Reported(mean=86.59, std=5.97, max=92.24),
        unsure=(*_UNSURE, "what share of the runs was regularised"),
        incomparable=_MIXED,
    ),
)


class Published(NamedTuple):
    """A score that others print for CLRS-30's test set, in percent of pointers."""

    method: str
    source: str
    bfs: str
    dfs: str
    bellman_ford: str
    error: str
    """What the number after ± is; a standard error is not a standard deviation."""


PUBLISHED = (
    Published(
        "MPNN", "Veličković et al. 2022", "99.89 ± 0.05", "–", "92.01 ± 0.28",
        "s.e.m. of 3 seeds",
    ),
    Published(
        "Triplet-GMPNN", "Ibarz et al. 2022", "99.73 ± 0.04", "–", "97.39 ± 0.19",
        "s.e.m. of 10 seeds",
    ),
    Published(
        "Triplet-GMPNN, run again", "Mirjanić et al. 2023", "99.46 ± 0.37",
        "19.29 ± 6.87", "98.68 ± 0.30", "std",
    ),
    Published("DNAR", "Rodionov and Prokhorenkova 2025", "100", "100", "–", "–"),
)  # fmt: skip
"""Context for Table 1. None is a GATv2: no published GATv2 row is known to us."""

EXPERIMENTS = {experiment.name: experiment for experiment in TABLE_1}


def find(name: str) -> list[Experiment]:
    """The experiments of a table (`table-1`) or one row (`table-1/bfs`).

    Raises KeyError for anything else, listing what there is.
    """
    found = [e for e in EXPERIMENTS.values() if name in (e.name, e.table)]
    if not found:
        raise KeyError(
            f"no experiment {name!r}: one of {', '.join(EXPERIMENTS)}, or a table"
        )
    return found
