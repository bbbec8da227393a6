"""Each claim of the paper as statements about our numbers (see `evidence`).

Chapters judge claims in the same way, some of them by more statements; thresholds are
theirs. A claim stands or falls with the statements that decide; others are told beside.
"""

import numpy as np

from mindgap import statements_appendix, summary
from mindgap.evidence import SPOKEN, Evidence, Judge, Statement, more, plain
from mindgap.experiments import find
from mindgap.experiments.base import CLRS30_VAL, IN_DISTRIBUTION

SIZE_16 = IN_DISTRIBUTION[-1]
"""Fresh graphs as in training, of the largest size there."""


def _bfs_not_dfs(see: Evidence) -> list[Statement]:
    bfs, dfs = "table-1/bfs", "table-1/dfs"
    return [
        plain("worst seed of BFS > best seed of DFS", see.worst(bfs), see.best(dfs)),
        plain("best one-line rule > best seed of DFS", see.rule("dfs"), see.best(dfs)),
        more("DFS > 98, validation graphs of 16 nodes",
             see.scores(dfs, CLRS30_VAL), 98.0, decides=False),
    ]  # fmt: skip


def _dfs_in_distribution(see: Evidence) -> list[Statement]:
    dfs = "table-1/dfs"
    return [
        more("DFS > 98, validation graphs of 16 nodes",
             see.scores(dfs, CLRS30_VAL), 98.0),
        more("DFS > 98, training graphs of 16 nodes", see.scores(dfs, SIZE_16), 98.0),
        more("BFS > 98, training graphs of 16 nodes",
             see.scores("table-1/bfs", SIZE_16), 98.0, decides=False),
        more("Bellman-Ford > 97, training graphs of 16 nodes",
             see.scores("table-1/bellman-ford", SIZE_16), 97.0, decides=False),
    ]  # fmt: skip


def _regularised(see: Evidence) -> list[Statement]:
    found = []
    for name in ("bfs", "bellman-ford"):
        free = see.scores(f"table-1/{name}")
        printed = find(f"table-1/{name}")[0].reported
        spread = float(free.std(ddof=1)) if len(free) > 1 else np.nan
        found.append(
            plain(f"{SPOKEN[name]}: paper's std > ours without", printed.std, spread)
            if printed
            else more(f"{SPOKEN[name]}: no number printed", free, free)
        )
        for weight in ("0.001", "0.0001"):
            found.append(
                more(f"{SPOKEN[name]}: without > with L1 of {weight}", free,
                     see.scores(f"table-6/{name}-{weight}"), decides=weight == "0.001")
            )  # fmt: skip
    return found


def _not_length(see: Evidence) -> list[Statement]:
    long = [f"table-2/{kind}-bfs" for kind in ("sequential", "padded", "scanning")]
    dfs = ("table-1/dfs", "table-2/simplified-dfs", "table-3/dfs")
    bfs = see.scores("table-1/bfs")
    return [
        plain("worst seed of long-trace BFS > best of any DFS",
              see.worst(*long), see.best(*dfs)),
        more("padded BFS, as long as DFS, loses less than 5 points",
             see.scores("table-2/padded-bfs"), bfs, -5),
        more("sequential BFS loses less than 5 points",
             see.scores("table-2/sequential-bfs"), bfs, -5, decides=False),
    ]  # fmt: skip


def _not_complexity(see: Evidence) -> list[Statement]:
    simple, full = "table-2/simplified-dfs", "table-1/dfs"
    return [
        plain("best one-line rule > best seed of simplified DFS",
              see.rule("dfs"), see.best(simple)),
        more("full traces > simple ones, training graphs of 16 nodes",
             see.scores(full, SIZE_16), see.scores(simple, SIZE_16)),
    ]  # fmt: skip


def _traces_not_needed(see: Evidence) -> list[Statement]:
    return [
        more(f"{SPOKEN[name]} loses less than 5 points without traces",
             see.scores(f"table-3/{name}"), see.scores(f"table-1/{name}"), -5)
        for name in ("bfs", "bellman-ford")
    ]  # fmt: skip


def _dfs_better_without(see: Evidence) -> list[Statement]:
    none, simple, full = "table-3/dfs", "table-2/simplified-dfs", "table-1/dfs"
    return [
        more("DFS without traces > with, test", see.scores(none), see.scores(full)),
        more("simplified > full, test", see.scores(simple), see.scores(full)),
        more("DFS without traces > with, training graphs of 16 nodes",
             see.scores(none, SIZE_16), see.scores(full, SIZE_16)),
    ]  # fmt: skip


def _traces_early(see: Evidence) -> list[Statement]:
    found = []
    for name, row in (("BFS", "table-1/bfs"), ("Bellman-Ford", "table-10/default")):
        course = see.course(row, "trace")
        ends = (course[:, 0], course[:, -1]) if course.size else (np.array([]),) * 2
        low = course.mean(0).min() if course.size else np.nan
        found += [
            more(f"{name}, 64 nodes: first step > last step + 5", *ends, by=5.0),
            plain(f"80 > {name}'s lowest mean step, 64 nodes", 80, low),
        ]
    course = see.course("table-1/dfs", "trace")
    low = course.mean(0).min() if course.size else np.nan
    return [*found, plain("80 > DFS's lowest mean step, 64 nodes", 80, low, False)]


def _trace_or_decoder(see: Evidence) -> list[Statement]:
    found = []
    for name, hint, nodes, count in (
        ("bfs", "reach_h", 16, 96),
        ("bellman-ford", "d", 64, 32),
    ):
        probe, decoder = see.probed(f"table-1/{name}", hint, nodes, count)
        where = f"{SPOKEN[name]}, {hint}, {nodes} nodes"
        says = f"{where}: variance explained by a probe > by the decoder + 5"
        found.append(plain(says, probe, decoder + 5))
    return found


def _unfaithful(see: Evidence) -> list[Statement]:
    """Among networks that score above 95, one that looks elsewhere half of the time."""
    found = []
    for says, row, limit in (
        ("BFS without traces", "table-3/bfs", 95),
        ("minimal BFS", "table-13/bfs", 95),
        ("BFS", "table-1/bfs", 95),
        ("Bellman-Ford", "table-10/default", 85),
    ):
        look = see.measured(row, "attention/accuracy")
        scores = see.scores(row)
        chosen = look[scores[-len(look) :] > limit] if len(look) else look
        least = float(chosen.min()) if len(chosen) else np.nan
        few = row not in ("table-3/bfs", "table-13/bfs")
        says = f"{says}, seeds above {limit}: 75 > least attention accuracy"
        found.append(plain(says, 75, least, decides=not few))
    return found


def _attention_early(see: Evidence) -> list[Statement]:
    found = []
    for name, row in (("BFS", "table-1/bfs"), ("Bellman-Ford", "table-10/default")):
        look = see.course(row, "attention/accuracy")
        chance = see.course(row, "attention/chance")
        sides = [look[:, 0], look[:, -1]] if look.size else [np.array([])] * 2
        overall = see.measured(row, "attention/accuracy")
        blind = see.measured(row, "attention/chance")
        del chance
        found += [
            more(f"{name}: first step > last step + 5", *sides, by=5.0),
            more(f"{name}: 50 > mean attention accuracy", 50.0, overall),
            more(f"{name}: mean accuracy > chance + 20", overall, blind, 20, False),
        ]
    return found


def _unrelated(see: Evidence) -> list[Statement]:
    found = []
    for row in (
        "table-13/bfs",
        "table-13/bfs-bias-pairwise",
        "table-13/bellman-ford-modified-pairwise",
    ):
        for metric in ("trace", "attention/accuracy"):
            look, scores = see.measured(row, metric), see.scores(row)
            seen = len(look) > 2
            low = (
                summary.rank_correlation(scores[-len(look) :], look).interval[0]
                if seen
                else np.nan
            )
            kind = metric.split("/")[0]
            says = f"{row}: 0.5 > lower end of the rank correlation with {kind}"
            found.append(plain(says, 0.5, low))
    return found


def _decoders(see: Evidence) -> list[Statement]:
    found = []
    for name, full in (("bfs", "table-1/bfs"), ("bellman-ford", "table-10/default")):
        for term in ("edge", "hidden"):
            less = see.scores(f"decoders/{name}-without-{term}")
            says = f"{SPOKEN[name]}: full decoder > without {term} + 5 points"
            found.append(more(says, see.scores(full), less, 5, term == "edge"))
    return found


JUDGES: dict[str, Judge] = {
    "bfs-not-dfs": _bfs_not_dfs,
    "dfs-in-distribution": _dfs_in_distribution,
    "regularised-runs": _regularised,
    "not-trace-length": _not_length,
    "not-trace-complexity": _not_complexity,
    "traces-not-needed": _traces_not_needed,
    "dfs-better-without": _dfs_better_without,
    "traces-early": _traces_early,
    "trace-or-decoder": _trace_or_decoder,
    "effective-not-faithful": _unfaithful,
    "attention-early": _attention_early,
    "unrelated": _unrelated,
    "decoders-compute": _decoders,
    **statements_appendix.JUDGES,
}
"""By the name of the claim."""
