"""The rule that judges numbers and claims, fixed before the deciding seeds existed.

Numbers. Each number that the paper prints has one primary reading of its settings; all
other readings are sensitivity readings. The mean here and the paper's are compared with
Welch's interval: `equivalent` if the 90 % interval of the difference lies within the
margin, `differs` if the difference is significant at 5 % after Holm's correction over
all primary readings, else `inconclusive`. With fewer than eight networks here a number
has no verdict.

Claims. A claim has one main clause, and any number of side clauses. A clause compares a
statistic of the networks here with a threshold that is derived from quoted words of the
paper. It is `supported` if the whole interval is on the claimed side of the threshold,
`contradicted` if all of it is on the other side, and `inconclusive` if the interval
contains the threshold. Example: a claim "above 10 points" is supported by the interval
[12, 15], contradicted by [3, 8], and [8, 12] is inconclusive. The verdict on a claim is
that on its main clause. No clause is a minimum or maximum over networks, and a clause
about learning applies only to the number of nodes that it names.

Networks that were recorded before this file was committed are exploratory, since its
author had seen them. Rows for which eight new networks take less than an hour on two
cores are judged from new seeds only (`FIRST_NEW`), all others from all their seeds.
"""

import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import numpy as np

from mindgap import config, network
from mindgap.compiler import verification
from mindgap.experiments.base import (
    BY_SIZE,
    CLRS30_VAL,
    IN_DISTRIBUTION,
    Data,
    Reported,
)
from mindgap.measures import statistics
from mindgap.measures.statistics import Difference, Estimate
from mindgap.paper import evidence
from mindgap.paper.evidence import (
    SPOKEN,
    Evidence,
    correlation,
    drop,
    exactly,
    mean,
    minus,
    refused_tie,
    spread,
    sum_of,
    undefined,
)
from mindgap.paper.tables import find
from mindgap.programs import PROGRAMS

COMMITTED = "2026-11-28"
"""When this file was first committed. Later changes are listed in `CHANGES`."""

CHANGES: tuple[tuple[str, str, str], ...] = (
    (
        "2026-11-28",
        "bdb93bc12e3b",
        "an hour after the first version and before any deciding network: an interval "
        "of standard deviations that holds its level, landscapes on like networks and "
        "graphs, last steps that half of the graphs take, claims about Tables 11 and "
        "12 by their primary readings, Table 13's gains on equal lengths, thresholds "
        "that can be missed on either side, sequential BFS from new seeds",
    ),
    (
        "2026-11-29",
        "c6e3bbf212b8",
        "no rule changed: the digest covers the code of the clauses' statistics and of "
        "the margin, and what the rows state, not only thresholds and words",
    ),
    (
        "2026-11-30",
        "b2de61cb4946",
        "no rule changed: words of clauses (minus, last steps that half of the graphs "
        "take, the cap of a rise)",
    ),
    (
        "2026-11-30",
        "3ef611a3f3dc",
        "a claim added, nc-learnability; DFS's networks were known, most others were "
        "not trained, and none had been looked at. No rule changed",
    ),
)
"""Date, digest after the change, and description of each change of the protocol."""


def digest() -> str:
    """The digest of the rule: the code that decides a verdict, and what rows state.

    The code is that of this file, but for `CHANGES`, and of `evidence`, without white
    space; a row states its paper's number, headline checkpoint and why it cannot be
    compared. The digest must equal the last one in `CHANGES`.
    """
    here = inspect.getsource(sys.modules[__name__])
    before, _, rest = here.partition("CHANGES: tuple")
    _, _, after = rest.partition("description of each change of the protocol.")
    code = [before, after, inspect.getsource(evidence)]
    rows = [row for name in PRIMARY for row in find(name)]
    stated = [(r.name, r.reported, r.headline, r.incomparable) for r in rows]
    return config.digest([["".join(text.split()) for text in code], stated])


LEAST = 8
"""Least number of networks for a verdict."""

SMALLEST_MARGIN = 1.0
"""Least margin of a printed number, in points; also the smallest difference that a
clause counts as a change."""

NumberVerdict = Literal[
    "equivalent", "differs", "inconclusive", "too few seeds", "not comparable"
]
NUMBER_VERDICTS: tuple[NumberVerdict, ...] = (
    "equivalent",
    "differs",
    "inconclusive",
    "too few seeds",
    "not comparable",
)
ClaimVerdict = Literal[
    "supported", "contradicted", "inconclusive", "too few seeds", "not measured"
]
CLAIM_VERDICTS: tuple[ClaimVerdict, ...] = (
    "supported",
    "contradicted",
    "inconclusive",
    "too few seeds",
    "not measured",
)


def margin(reported: Reported) -> float:
    """The margin of equivalence in points: half of the paper's std, at least 1."""
    return max(SMALLEST_MARGIN, reported.std / 2)


def judge_number(
    found: Difference | None, seeds: int, within: float, p: float, reason: str = ""
) -> NumberVerdict:
    """The verdict on one printed number.

    `found` is the mean here less the paper's, None for fewer than two networks;
    `within` is the margin in points; `p` is the corrected p-value of no difference. A
    `reason` explains why the two means do not measure the same: then they are not
    compared.
    """
    if reason:
        return "not comparable"
    if seeds < LEAST or found is None:
        return "too few seeds"
    if found.within(within):
        return "equivalent"
    return "differs" if p < 1 - statistics.CONFIDENCE else "inconclusive"


def corrected(p: Mapping[str, float]) -> dict[str, float]:
    """Holm's correction of p-values, by row, over the family of primary readings.

    A member without a p-value (too few seeds) counts as 1, so that the size of the
    family does not depend on what is recorded.
    """
    family = {name: p.get(name, 1.0) for name in FAMILY}
    return dict(zip(family, statistics.adjusted(list(family.values())), strict=True))


def alone(p: float) -> float:
    """The p-value of a sensitivity reading, corrected by the size of the family."""
    return min(1.0, p * len(FAMILY))


# --- Readings ---

PRIMARY = (
    "table-1/bfs",
    "table-1/dfs",
    "table-1/bellman-ford",
    "table-2/sequential-bfs",
    "table-2/simplified-dfs",
    "table-3/bfs",
    "table-3/bellman-ford",
    "table-3/dfs",
    "table-10/default",
    "table-10/edge-info",
    "table-11/default",
    "table-11/bias",
    "table-12/default",
    "table-12/both",
    "table-13/bellman-ford",
    "table-13/bellman-ford-modified-pairwise",
    "table-13/bfs",
    "table-13/bfs-bias-pairwise",
    "table-14/bfs-128-exact-0.0001",
    "table-14/bellman-ford-128-exact-0.0001",
)
"""The primary reading of each printed number, chosen by a rule and not by its result.

A primary reading follows the literal text of the paper; where the text is silent, the
defaults of Table 9 and of dm-clrs; and the best checkpoint by validation, as in
dm-clrs's run.py. Choices between several rows:

- Table 2, sequential BFS: "one neighbor is expanded at a time", not one edge scanned.
- Table 10: Table 8 would tie these networks to 16 nodes, but the printed maxima are
  shares of 2,048 pointers; so the defaults of Table 9. Edge information by Eq. 15-16.
- Tables 11 and 12: Table 8 has `simplify_decoders` on for all architecture ablations.
- Table 13: Table 5 changes the hidden size only, so the decoders are the usual ones.
- Table 14: "compute the algorithm exactly", so exact selections; no settings are
  printed, so Table 9's hidden size and rate; "when further trained", so the last
  checkpoint.
"""

FAMILY = tuple(
    name
    for name in PRIMARY
    if name not in ("table-1/bfs", "table-1/bellman-ford", "table-10/default")
)
"""The primary readings that can be compared. The others mix settings, according to the
paper, in shares that it does not give."""

FIRST_NEW = {
    **dict.fromkeys(("table-1/bfs",), 10),
    **dict.fromkeys(
        ("table-1/bellman-ford", "table-3/bfs", "table-3/bellman-ford"), 16
    ),
    **dict.fromkeys(
        (
            "table-6/bfs-0.001",
            "table-6/bfs-0.0001",
            "table-6/bellman-ford-0.001",
            "table-6/bellman-ford-0.0001",
        ),
        1,
    ),
    **dict.fromkeys(
        (
            "table-11/default",
            "table-11/bias",
            "table-11/bias-pairwise",
            "table-14/bfs-128-8-0.0001",
            "decoders/bfs-without-hidden",
            "decoders/bfs-without-edge",
            "decoders/bellman-ford-without-hidden",
            "decoders/bellman-ford-without-edge",
        ),
        2,
    ),
    **{
        f"trainability/{name}-{sharpness}-{radius}": 4
        for name in ("bfs", "bellman-ford", "dfs")
        for sharpness in ("8192", "1048576")
        for radius in ("0", "0.0001", "0.01")
    },
    **dict.fromkeys(
        (
            "table-2/sequential-bfs",
            "table-10/edge-info",
            "table-10/edge-info-first",
            "table-11/default-pairwise",
            "table-12/default",
            "table-12/default-pairwise",
            "table-12/both",
            "table-12/both-pairwise",
            "table-14/bellman-ford-128-8-0.0001",
        ),
        8,
    ),
    **{
        f"table-14/{name}-4-{sharpness}-{rate}": 8
        for name in ("bfs", "bellman-ford")
        for sharpness in ("2", "8", "32", "exact")
        for rate in ("0.001", "0.0001")
    },
    **{
        f"stability/{name}-{radius}": 8
        for name in ("bfs", "bellman-ford")
        for radius in ("0.1", "0.3", "1")
    },
    **{
        f"table-13/{row}": 128
        for row in (
            "bellman-ford",
            "bellman-ford-modified",
            "bellman-ford-modified-pairwise",
            "bfs",
            "bfs-bias",
            "bfs-bias-pairwise",
        )
    },
}
"""By row, the first seed that nobody had seen when this file was committed.

Included are rows for which eight networks take less than an hour. The verdict on any
other row rests on all its seeds: either none had been trained, or eight take longer."""


# --- Clauses ---


Side = Literal["above", "below", "within"]


@dataclasses.dataclass(frozen=True)
class Clause:
    """A statistic of the networks here, and the claimed side of a threshold."""

    says: str
    """The statistic in words, with the number of nodes of the graphs."""
    quote: str
    """The paper's words from which the side and the threshold are derived."""
    side: Side
    """The claimed side; `within` means that the absolute value is below the threshold.
    """
    threshold: float | int
    find: Callable[[Evidence], Estimate]
    """Computes the statistic."""
    unit: str = "points"


def judge_clause(clause: Clause, found: Estimate) -> ClaimVerdict:
    """The verdict on a clause: on which side of the threshold the whole interval is."""
    low, high = found.interval
    if any(count < LEAST for count in found.seeds):
        return "too few seeds"
    if np.isnan([low, high]).any():
        return "not measured"
    limit = clause.threshold
    if clause.side == "within":
        inside, outside = -limit < low and high < limit, low > limit or high < -limit
    else:
        inside, outside = low > limit, high < limit
        if clause.side == "below":
            inside, outside = outside, inside
    if inside:
        return "supported"
    return "contradicted" if outside else "inconclusive"


NODES = (16,)
"""Numbers of nodes of the graphs on which clauses check compiled networks; chapters
check more."""
_FAR = 10.0
"""The word "far", in points."""
_GOOD = 90.0
"""The words "good at predicting", in percent."""
_ONLY = 90.0
"""The words "can only", in percent of the variance of a bias."""
_PERFECT = 95.0
"""Percentage above which a score is "high-quality", and attention is faithful."""
_SOME = 1.0
"""Percentage of networks above which finding a good one "is possible"."""
_ENDS: tuple[tuple[str, Side, int], ...] = (
    ("after the last step that half of the graphs take", "below", -1),
    ("after the first step", "above", 0),
)
"""The words "early on": name of a step, side of the threshold, index of the step."""
_TASKS = ("bfs", "bellman-ford")
_DECODERS = (
    ("simplified decoder (Table 8)", ""),
    ("usual decoder", "-pairwise"),
)
_IN_NC = {
    "BFS": "trainability/bfs-scratch-32",
    "Bellman-Ford": "trainability/bellman-ford-scratch-32",
    "topological sort": "trainability/topological-sort-scratch-35",
    "Dijkstra": "trainability/dijkstra-scratch-21",
    "Prim": "trainability/mst-prim-scratch-21",
}
"""Rows that train an algorithm for a problem in NC in a network that holds it."""
_PAIRWISE = {"bfs": "table-11", "bellman-ford": "table-12"}
"""The table of each task's rows on 16 nodes at hidden size 128."""
_EXACT = 99.999
"""Percentage above which all are right: fewer than one in a hundred thousand is wrong,
which is fewer than one of the cases that are checked."""


def _compiled(*programs: str) -> Callable[[Evidence], Estimate]:
    """The percentage that the worst of these compiled programs has right."""
    return lambda see: exactly(min(see.exact(p, NODES, 20) for p in programs))


def _parameters(
    kind: Literal["bare", "free", "whole"],
) -> Callable[[Evidence], Estimate]:
    """The number of parameters of BFS's or Bellman-Ford's minimal network, the larger.

    `bare` counts the network without the modifications that compiling uses, `free` with
    them but without the n x n bias, and `whole` with the bias for 16 nodes.
    """

    def count(program: str) -> int:
        (row,) = find("table-13/" + program.replace("_", "-"))
        compiled = verification.suited(PROGRAMS[program], NODES[0])
        model = row.model if kind == "bare" else compiled.config
        size = network.count(row.task, model)
        return size - NODES[0] ** 2 if kind == "free" else size

    return lambda see: exactly(max(map(count, ("bfs", "bellman_ford"))))


def _to_rule(row: str, task: str, nodes: int) -> Callable[[Evidence], Estimate]:
    """A row's score less that of the best one-line rule, on graphs of that size."""

    def find_it(see: Evidence) -> Estimate:
        scores = see.scores(row) if nodes == 64 else see.at(row, nodes)
        return mean(scores, see.rule(task, nodes))

    return find_it


def _trained_lengths(row: str) -> Callable[[Evidence], Estimate]:
    """A row's score on fresh graphs, the mean over the five training lengths."""

    def find_it(see: Evidence) -> Estimate:
        each = [see.scores(row, data) for data in IN_DISTRIBUTION]
        return mean(np.mean(each, axis=0)) if len(each[0]) else undefined(0)

    return find_it


def _course(
    row: str, metric: str, step: int, checkpoint: str = "best"
) -> Callable[[Evidence], Estimate]:
    """A measure after a step: 0 is the first, -1 the last that half of graphs take."""

    def find_it(see: Evidence) -> Estimate:
        course = see.course(row, metric, checkpoint)
        return mean(course[:, step]) if course.size else undefined(0)

    return find_it


def _fall(row: str, metric: str) -> Callable[[Evidence], Estimate]:
    """A measure after the first step less after the last that half of graphs take."""

    def find_it(see: Evidence) -> Estimate:
        course = see.course(row, metric)
        return drop(course[:, 0], course[:, -1]) if course.size else undefined(0)

    return find_it


def _related(row: str, metric: str) -> Callable[[Evidence], Estimate]:
    """The rank correlation of score and a measure over the networks of a row."""
    return lambda see: correlation(*see.together(row, "score", metric))


def _lost(row: str) -> Callable[[Evidence], Estimate]:
    """The score that compiled networks lose by training."""
    return lambda see: mean(see.lost(row))


def _lucky(row: str) -> Callable[[Evidence], Estimate]:
    """The percentage of a row's networks with a score above `_PERFECT`."""

    def find_it(see: Evidence) -> Estimate:
        scores = see.scores(row)
        return statistics.share(scores > _PERFECT) if len(scores) else undefined(0)

    return find_it


def _scores(left: str, right: str) -> Callable[[Evidence], Estimate]:
    """The score of one row less that of another, on their test sets."""
    return lambda see: minus(see.scores(left), see.scores(right))


def _least(rows: Iterable[str], other: str) -> Callable[[Evidence], Estimate]:
    """The least of the differences between each of some rows and another.

    The ends of the interval are the least ends, too: it is above a number if all of the
    differences' intervals are, and below one if any of them is.
    """

    def find_it(see: Evidence) -> Estimate:
        each = [minus(see.scores(row), see.scores(other)) for row in rows]
        counts = tuple(count for found in each for count in found.seeds)
        if min(counts) < 2:
            return undefined(*counts)
        low, high = (min(found.interval[end] for found in each) for end in (0, 1))
        return Estimate(min(found.value for found in each), (low, high), counts)

    return find_it


def _at(left: str, right: str, nodes: int) -> Callable[[Evidence], Estimate]:
    """The score of one row less that of another, on graphs of that size."""
    return lambda see: minus(see.at(left, nodes), see.at(right, nodes))


def _measured(
    row: str, metric: str, less: str = "", data: Data | None = None
) -> Callable[[Evidence], Estimate]:
    """A measure in percent, less the measure `less` of the same network if given."""

    def find_it(see: Evidence) -> Estimate:
        if not less:
            return mean(see.measured(row, metric, data=data).to_numpy(float))
        return drop(*see.together(row, metric, less, data))

    return find_it


def _decades(row: str, compiled: str, kind: str) -> Callable[[Evidence], Estimate]:
    """The rise of the loss around compiled weights less around learned ones, log10."""

    def find_it(see: Evidence) -> Estimate:
        prefix = f"landscape/{kind}"
        around, learned = see.together(row, f"{prefix}-{compiled}", f"{prefix}-learned")
        return drop(around / 100, learned / 100)  # the evidence is in percent

    return find_it


def _std(row: str) -> Callable[[Evidence], Estimate]:
    """The standard deviation of a row's scores."""
    return lambda see: spread(see.scores(row))


def _below_compiled(row: str, nodes: int) -> Callable[[Evidence], Estimate]:
    """100 %, the score of the compiled network at any size, less the score of a row."""

    def find_it(see: Evidence) -> Estimate:
        scores = see.scores(row) if nodes == 64 else see.at(row, nodes)
        return mean(100 - scores)

    return find_it


def _aligned(row: str) -> Callable[[Evidence], Estimate]:
    """The percentage of a learned bias's variance in its rows and columns."""

    def find_it(see: Evidence) -> Estimate:
        rows, columns = see.together(row, "bias/receiver", "bias/sender")
        return mean(rows + columns)

    return find_it


def _gain(name: str, changed: str) -> Callable[[Evidence], Estimate]:
    """The gain in score by the modifications at hidden size 4 less that at 128.

    All four rows are trained and tested on 16 nodes.
    """
    table = _PAIRWISE[name]
    large = "bias" if name == "bfs" else "both"

    def find_it(see: Evidence) -> Estimate:
        return sum_of(
            [see.scores(f"table-13/{changed}"),
             see.scores(f"{table}/default-pairwise")],
            [see.scores(f"table-13/{name}-16"),
             see.scores(f"{table}/{large}-pairwise")],
        )  # fmt: skip

    return find_it


CLAUSES: dict[str, tuple[Clause, ...]] = {
    "expressible": (
        Clause(
            "compiled BFS and Bellman-Ford, right in every hint, output and selection",
            "enabling the network to compute the algorithm exactly",
            "above", _EXACT, _compiled("bfs", "bellman_ford"), "%",
        ),
        Clause(
            "graphs with two shortest paths that the compiled network refuses",
            "ground truth (or compiled) algorithms achieve 100% performance",
            "below", 0.5, lambda see: exactly(refused_tie()), "graphs",
        ),
    ),
    "five-hundred-parameters": (
        Clause(
            "parameters of the networks of hidden size 4 that hold BFS and "
            "Bellman-Ford, without the n x n bias; the larger of both",
            "a 500-parameter GAT can express BFS or Bellman-Ford",
            "below", 600, _parameters("free"), "parameters",
        ),
        Clause(
            "the same with the bias, for 16 nodes",
            "a tiny 500-parameter network with a size 4 hidden state",
            "below", 600, _parameters("whole"), "parameters",
        ),
        Clause(
            "the same without any modification",
            "a tiny 500-parameter network with a size 4 hidden state",
            "below", 600, _parameters("bare"), "parameters",
        ),
        Clause(
            "compiled BFS and Bellman-Ford at hidden size 4, right in everything",
            "a 500-parameter GAT can express BFS or Bellman-Ford",
            "above", _EXACT, _compiled("bfs", "bellman_ford"), "%",
        ),
    ),
    "bfs-not-dfs": (
        Clause(
            "BFS minus DFS, 64 nodes", "BFS is far more learnable",
            "above", _FAR, _scores("table-1/bfs", "table-1/dfs"),
        ),
        Clause(
            "BFS minus DFS, 16 nodes", "BFS is far more learnable",
            "above", _FAR, _at("table-1/bfs", "table-1/dfs", 16),
        ),
        Clause(
            "DFS minus the best one-line rule, 64 nodes", "fail to learn",
            "below", 0, _to_rule("table-1/dfs", "dfs", 64),
        ),
        Clause(
            "DFS minus the best one-line rule, 32 nodes", "fail to learn",
            "below", 0, _to_rule("table-1/dfs", "dfs", 32),
        ),
        Clause(
            "DFS minus the best one-line rule, 16 nodes", "fail to learn",
            "below", 0, _to_rule("table-1/dfs", "dfs", 16),
        ),
    ),
    "nc-learnability": (
        Clause(
            "the worst learned of BFS, Bellman-Ford, topological sort, Dijkstra and "
            "Prim, minus DFS, each in a network that holds it, 64 nodes",
            "inductive learning is most effective for parallel algorithms contained "
            "within the computational class NC",
            "above", 0, _least(_IN_NC.values(), "trainability/dfs-scratch-32"),
        ),
        *(
            Clause(
                f"{title} minus DFS, each in a network that holds it, 64 nodes",
                "best learns algorithms that are expressible in the computational "
                "class NC",
                "above", 0, _scores(row, "trainability/dfs-scratch-32"),
            )
            for title, row in _IN_NC.items()
        ),
    ),
    "dfs-in-distribution": (
        Clause(
            "DFS, mean over fresh graphs of the five training lengths",
            "on lengths it has been trained on",
            "above", 98.5, _trained_lengths("table-1/dfs"), "%",
        ),
        Clause(
            "DFS, validation graphs of 16 nodes",
            "on lengths it has been trained on",
            "above", 98.5, lambda see: mean(see.scores("table-1/dfs", CLRS30_VAL)), "%",
        ),
        *(
            Clause(
                f"{SPOKEN[name]}, mean over fresh graphs of the five training lengths",
                "(as do BFS and BF)",
                "above", 98.5, _trained_lengths(f"table-1/{name}"), "%",
            )
            for name in _TASKS
        ),
    ),
    "regularised-runs": tuple(
        Clause(
            f"{SPOKEN[name]}, without regularisation minus L1 of {weight}, 64 nodes",
            "lower performance with more variance because the aggregate data includes "
            "training under slightly different settings",
            "above", 0, _scores(f"table-1/{name}", f"table-6/{name}-{weight}"),
        )
        for name in _TASKS
        for weight in ("0.001", "0.0001")
    ),
    "not-trace-length": (
        Clause(
            "sequential BFS minus DFS, 64 nodes",
            "even with significantly longer traces, BFS is still significantly more "
            "trainable than DFS",
            "above", 0, _scores("table-2/sequential-bfs", "table-1/dfs"),
        ),
        Clause(
            "BFS padded to DFS's length minus DFS, 64 nodes",
            "even with significantly longer traces",
            "above", 0, _scores("table-2/padded-bfs", "table-1/dfs"),
        ),
        Clause(
            "BFS with a hint for each scanned edge, trained for 2,000 steps, minus "
            "DFS, 64 nodes",
            "even with significantly longer traces",
            "above", 0, _scores("table-2/scanning-bfs", "table-1/dfs"),
        ),
        Clause(
            "sequential BFS minus DFS, 16 nodes",
            "even with significantly longer traces",
            "above", 0, _at("table-2/sequential-bfs", "table-1/dfs", 16),
        ),
    ),
    "not-trace-complexity": (
        Clause(
            "BFS minus simplified DFS, 64 nodes",
            "easier to learn parallel algorithms than sequential ones, even when trace "
            "complexity or length are controlled",
            "above", 0, _scores("table-1/bfs", "table-2/simplified-dfs"),
        ),
        Clause(
            "simplified DFS minus DFS with full traces, 16 nodes",
            "likely because DFS traces are more complex",
            "above", 0, _at("table-2/simplified-dfs", "table-1/dfs", 16),
        ),
    ),
    "traces-not-needed": tuple(
        Clause(
            f"{SPOKEN[name]} without traces minus {what}, 64 nodes",
            "still learnable even when intermediate traces are not used",
            "above", threshold, find_it,
        )
        for name in _TASKS
        for what, threshold, find_it in (
            ("the best one-line rule", 0, _to_rule(f"table-3/{name}", name, 64)),
            (
                "with, a tenth of the scale at most", -_FAR,
                _scores(f"table-3/{name}", f"table-1/{name}"),
            ),
        )
    ),
    "dfs-better-without": (
        Clause(
            "DFS without traces minus with, 64 nodes",
            "improves slightly in the absence of traces",
            "above", 0, _scores("table-3/dfs", "table-1/dfs"),
        ),
        Clause(
            "simplified DFS minus DFS with full traces, 64 nodes",
            "(or when traces are simplified)",
            "above", 0, _scores("table-2/simplified-dfs", "table-1/dfs"),
        ),
        Clause(
            "DFS without traces minus with, 16 nodes",
            "improves slightly in the absence of traces",
            "above", 0, _at("table-3/dfs", "table-1/dfs", 16),
        ),
    ),
    "traces-early": tuple(
        Clause(
            f"{SPOKEN[name]}, trace accuracy {when}, 64 nodes",
            "only good at predicting traces early on",
            side, _GOOD, _course(f"table-1/{name}", "trace", step), "%",
        )
        for name in ("bellman-ford", "bfs")
        for when, side, step in _ENDS
    ),
    "trace-or-decoder": (
        Clause(
            "BFS, variance of the reached nodes that a probe explains, minus the "
            "decoder, 64 nodes",
            "less about internal representation, and more about the ability to decode",
            "above", 0,
            _measured("table-1/bfs", "probe/reach_h", "decoder/reach_h", BY_SIZE[64]),
        ),
        Clause(
            "Bellman-Ford, variance of the distances that a probe explains, minus the "
            "decoder, 64 nodes",
            "less about internal representation, and more about the ability to decode",
            "above", 0,
            _measured("table-1/bellman-ford", "probe/d", "decoder/d", BY_SIZE[64]),
        ),
    ),
    "effective-not-faithful": (
        Clause(
            "BFS, attention accuracy, best checkpoint, 64 nodes",
            "even for high-performing algorithms like BFS, we find that they do not "
            "find faithful solutions",
            "below", _PERFECT, _measured("table-1/bfs", "attention/accuracy"), "%",
        ),
        Clause(
            "BFS, attention accuracy, last checkpoint, 64 nodes",
            "even for high-performing algorithms like BFS",
            "below", _PERFECT,
            lambda see: mean(
                see.measured("table-1/bfs", "attention/accuracy", "last").to_numpy()
            ),
            "%",
        ),
        Clause(
            "BFS, score, best checkpoint, 64 nodes: that it is effective at all",
            "effective (even nearly perfect), it still may be unfaithful",
            "above", _PERFECT, lambda see: mean(see.scores("table-1/bfs")), "%",
        ),
        Clause(
            "BFS without traces, attention accuracy, 64 nodes",
            "effective (even nearly perfect), it still may be unfaithful",
            "below", _PERFECT, _measured("table-3/bfs", "attention/accuracy"), "%",
        ),
        Clause(
            "Bellman-Ford, attention accuracy, 64 nodes",
            "even parallel algorithms are often not learned faithfully",
            "below", _PERFECT,
            _measured("table-1/bellman-ford", "attention/accuracy"), "%",
        ),
    ),
    "attention-early": (
        *(
            Clause(
                f"{SPOKEN[name]}, attention accuracy of the first step minus the last "
                "that half of the graphs take, 64 nodes",
                "only barely similar early on, but deviates afterwards",
                "above", 0, _fall(f"table-1/{name}", "attention/accuracy"),
            )
            for name in _TASKS
        ),
        *(
            Clause(
                f"{SPOKEN[name]}, attention accuracy of the first step, 64 nodes",
                "only barely similar early on",
                "below", 50, _course(f"table-1/{name}", "attention/accuracy", 0), "%",
            )
            for name in _TASKS
        ),
    ),
    "unrelated": tuple(
        Clause(
            f"{label}, rank correlation of score and {metric.split('/')[0]} accuracy",
            "not strong relationships between the effectiveness of learned solutions "
            "and their faithfulness",
            "within", 0.5, _related(f"table-13/{row}", metric), "correlation",
        )
        for row, label in (
            ("bellman-ford-modified-pairwise", "minimal Bellman-Ford, modified"),
            ("bfs", "minimal BFS"),
            ("bfs-bias-pairwise", "minimal BFS, modified"),
        )
        for metric in ("attention/accuracy", "trace")
    ),
    "unstable": (
        *(
            Clause(
                f"{SPOKEN[name]}, exact, hidden size {size}, rate {rate}: what "
                "training loses, 16 nodes",
                "compiled solutions, when further trained, can deviate from optimal "
                "parameters",
                "above", SMALLEST_MARGIN, _lost(f"table-14/{name}-{size}-exact-{rate}"),
            )
            for size, rate in ((128, "0.0001"), (4, "0.0001"), (4, "0.001"))
            for name in _TASKS
        ),
        *(
            Clause(
                f"{SPOKEN[name]}, soft selections, hidden size 4: what training loses, "
                "16 nodes",
                "compiled minima are unstable",
                "above", SMALLEST_MARGIN, _lost(f"table-14/{name}-4-8-0.0001"),
            )
            for name in _TASKS
        ),
    ),
    "data-order": tuple(
        Clause(
            f"{SPOKEN[name]}, exact, hidden size {size}: std over orders, 16 nodes",
            "highly dependent on data sampling order, resulting in high variance",
            "above", half, _std(f"table-14/{name}-{size}-exact-0.0001"),
        )
        for size in (128, 4)
        for name, half in (("bfs", 15.55 / 2), ("bellman-ford", 14.83 / 2))
    ),
    "dfs-minimum": (
        Clause(
            "how steeply the loss rises around learned DFS, minus around learned BFS, "
            "log10, 8 graphs of 8 nodes each",
            "DFS in particular has an attractive minima that leads to the suboptimal "
            "solution",
            "above", 0,
            lambda see: minus(
                see.measured("table-1/dfs", "landscape/rise-8").to_numpy(float) / 100,
                see.measured("table-1/bfs", "landscape/rise-8").to_numpy(float) / 100,
            ),
            "decades",
        ),
    ),
    "expressible-dfs": (
        Clause(
            "compiled DFS minus the network of its kind trained from scratch, hidden "
            "size 128, 64 nodes",
            "gaps between the types of solutions that gradient descent finds and the "
            "solutions produced by neural compilation",
            "above", _FAR, _below_compiled("trainability/dfs-scratch-128", 64),
        ),
        Clause(
            "the same, 16 nodes", "gaps between the types of solutions",
            "above", _FAR, _below_compiled("trainability/dfs-scratch-128", 16),
        ),
        Clause(
            "the same, hidden size 32, 64 nodes", "gaps between the types of solutions",
            "above", _FAR, _below_compiled("trainability/dfs-scratch-32", 64),
        ),
    ),
    **{
        claim: tuple(
            Clause(
                f"{SPOKEN[name]}, powers of ten by which the loss rises more around "
                f"compiled ({soft}) than around learned weights, by {steps}, both of "
                "hidden size 128 (layer norm in the learned one only), 16 nodes; a "
                "rise counts as 10^30 at most",
                words,
                "above", 0, _decades(row, point, kind), "decades",
            )
            for steps, kind in (
                ("steps that treat all weights alike", "plain"),
                ("filter-normalised steps", "filter"),
            )
            for soft, point in (("exact", "exact"), ("soft selections", "soft"))
        )
        for claim, name, row, words in (
            (
                "flatter-bellman-ford", "bellman-ford", "table-12/both-pairwise",
                "flatter and more forgiving than the compiled solution",
            ),
            (
                "flat-bfs", "bfs", "table-11/bias-pairwise",
                "an extremely flat minima ... not the case for the compiled solution",
            ),
        )
    },
    "decoders-compute": tuple(
        Clause(
            f"{SPOKEN[name]}, full decoder minus without its {term} term, 64 nodes",
            "A surprising amount of computation is happening in the decoding layers",
            "above", _FAR,
            _scores(f"table-1/{name}", f"decoders/{name}-without-{term}"),
        )
        for term in ("edge", "hidden")
        for name in ("bellman-ford", "bfs")
    ),
    "edge-information": (
        Clause(
            "Bellman-Ford with edge information minus without, 64 nodes",
            "bringing up the average performance",
            "above", 0, _scores("table-10/edge-info", "table-10/default"),
        ),
        Clause(
            "std over networks without minus with edge information",
            "reducing the standard deviation between solutions",
            "above", 0,
            lambda see: spread(
                see.scores("table-10/default"), see.scores("table-10/edge-info")
            ),
        ),
        Clause(
            "the same means, the authors' first form of edge information",
            "bringing up the average performance",
            "above", 0, _scores("table-10/edge-info-first", "table-10/default"),
        ),
    ),
    "bias-aligned": tuple(
        Clause(
            f"{label}: share of the learned bias in rows and columns",
            "on either the row or column axis, but cannot bias unaligned components",
            "above", _ONLY, _aligned(row), "%",
        )
        for row, label in (
            ("table-11/bias", "BFS, simplified decoder (Table 8)"),
            ("table-12/both", "Bellman-Ford, simplified decoder (Table 8)"),
            ("table-11/bias-pairwise", "BFS, usual decoder"),
            ("table-12/both-pairwise", "Bellman-Ford, usual decoder"),
            ("table-13/bfs-bias-pairwise", "minimal BFS"),
        )
    ),
    "bias-insignificant": tuple(
        Clause(
            f"BFS with a bias minus without, {decoder}, 16 nodes",
            "does not show significant differences",
            "within", SMALLEST_MARGIN,
            _scores(f"table-11/bias{kind}", f"table-11/default{kind}"),
        )
        for decoder, kind in _DECODERS
    ),
    "as-capable": tuple(
        Clause(
            f"Bellman-Ford with both modifications minus neither, {decoder}, 16 nodes",
            "still as-capable as the unmodified version within distribution",
            "above", -SMALLEST_MARGIN,
            _scores(f"table-12/both{kind}", f"table-12/default{kind}"),
        )
        for decoder, kind in _DECODERS
    ),
    "lucky-minimal": tuple(
        Clause(
            f"{label}: networks of hidden size 4 that score above 95, {nodes} nodes",
            "finding high-quality solutions in this regime is possible",
            "above", _SOME, _lucky(f"table-13/{row}"), "% of networks",
        )
        for row, label, nodes in (
            ("bfs", "BFS", 64),
            ("bfs-bias-pairwise", "BFS with a bias", 16),
        )
    ),
    "minimal-modified": tuple(
        Clause(
            f"{SPOKEN[name]}, gain by the modifications at hidden size 4 minus at 128, "
            "all trained and tested on 16 nodes",
            "a stronger effect on minimal models",
            "above", 0, _gain(name, changed),
        )
        for name, changed in (
            ("bellman-ford", "bellman-ford-modified-pairwise"),
            ("bfs", "bfs-bias-pairwise"),
        )
    ),
}  # fmt: skip
"""The clauses of each claim: the main clause first, then the side clauses."""
