"""The verdicts on all numbers and claims of the paper, by the rule of `protocol`.

Chapters, scoreboard and README show these verdicts and have none of their own.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from mindgap.experiments.base import Experiment
from mindgap.measures import statistics
from mindgap.measures.statistics import Difference, Estimate, Side
from mindgap.paper import protocol, report
from mindgap.paper.claims import CLAIMS, Claim
from mindgap.paper.evidence import Evidence
from mindgap.paper.protocol import ClaimVerdict, Clause, NumberVerdict
from mindgap.paper.tables import EXPERIMENTS, find
from mindgap.store import Store

if TYPE_CHECKING:
    import pandas as pd

Reading = Literal["primary", "sensitivity"]

CHAPTERS = {
    "expressible": "02_graph_programs",
    "five-hundred-parameters": "02_graph_programs",
    "bfs-not-dfs": "04_bfs_dfs_disparity",
    "nc-learnability": "17_which_algorithms",
    "dfs-in-distribution": "04_bfs_dfs_disparity",
    "regularised-runs": "09_ablations",
    "not-trace-length": "04_bfs_dfs_disparity",
    "not-trace-complexity": "04_bfs_dfs_disparity",
    "traces-not-needed": "05_traces",
    "dfs-better-without": "05_traces",
    "traces-early": "05_traces",
    "trace-or-decoder": "05_traces",
    "effective-not-faithful": "14_effective_against_faithful",
    "attention-early": "06_faithfulness",
    "unrelated": "14_effective_against_faithful",
    "unstable": "07_stability",
    "data-order": "07_stability",
    "dfs-minimum": "08_landscapes",
    "expressible-dfs": "10_compiled_dfs",
    "flatter-bellman-ford": "08_landscapes",
    "flat-bfs": "08_landscapes",
    "decoders-compute": "09_ablations",
    "edge-information": "09_ablations",
    "bias-aligned": "09_ablations",
    "bias-insignificant": "09_ablations",
    "as-capable": "09_ablations",
    "lucky-minimal": "09_ablations",
    "minimal-modified": "09_ablations",
}
"""The chapter that discusses each claim, by the claim's name."""


@dataclasses.dataclass(frozen=True)
class Number:
    """A printed number beside the recorded scores, under a reading of its settings."""

    experiment: Experiment
    row: report.Row
    """Scores of all recorded seeds."""
    reading: Reading
    deciding: int
    """Number of seeds that the verdict rests on."""
    new: bool
    """Whether the verdict rests on new seeds only (`protocol.FIRST_NEW`)."""
    difference: Difference | None
    """Mean of the deciding seeds less the paper's, in points; None for fewer than 2."""
    margin: float
    """Margin of equivalence, in points."""
    p: float
    """Corrected p-value of no difference; NaN without a difference."""
    verdict: NumberVerdict
    larger: float | None
    """Mean on the larger test set; None if the paper's test graphs are CLRS-30's."""
    wanted: int | None
    """Number of deciding seeds that show equivalence with 80 % power, at the paper's
    spread; None if the number cannot be compared, or if no number of seeds suffices
    because the paper's test graphs are unknown."""

    @property
    def key(self) -> tuple[str, float, float]:
        """Table, mean and standard deviation, which all readings of a number share."""
        reported = self.experiment.reported
        assert reported
        return self.experiment.table, reported.mean, reported.std

    @property
    def told(self) -> str:
        """The verdict in words, with the seeds that it rests on and the reason."""
        number = "seed" if self.deciding == 1 else "seeds"
        seeds = f"{self.deciding} {'new ' * self.new}{number}"
        parts = [f"{self.verdict} ({seeds})"]
        if self.verdict == "not comparable":
            parts = [f"not comparable: {self.experiment.incomparable}"]
        if self.wanted is None and not self.experiment.incomparable:
            parts.append(
                "other test graphs of this size vary by more than the margin, so no "
                "number of seeds can show equivalence"
            )
        return "; ".join(parts)


PART = 32
"""Number of graphs in each part of the larger test set."""


def test_sets(experiment: Experiment, store: Store, checkpoint: str) -> list[Side]:
    """The variance that unknown test graphs add to a difference, as a `Side`.

    Empty for rows on CLRS-30's test graphs, which are known, and if it cannot be
    estimated. The variance of a mean over as many graphs as the test set has counts
    twice, since the graphs here are one choice and the paper's another. It is estimated
    from the parts of the larger test set, or, if records have only the mean over that
    set, from the graphs of the test set; each score is a mean over seeds.
    """
    if experiment.test.benchmark:
        return []
    count = experiment.test.graphs
    parts = report.graph_scores(
        experiment, store, report.larger(experiment), checkpoint
    )
    graphs_per_part = PART
    if len(parts) < 2:
        parts = report.graph_scores(experiment, store, experiment.test, checkpoint)
        graphs_per_part = 1
    if len(parts) < 2:
        return []
    # a side's variance is std^2 / len(parts); it must be that of two means over `count`
    std = float(parts.std(ddof=1)) * (2 * graphs_per_part * len(parts) / count) ** 0.5
    return [Side(0.0, std, len(parts))]


def wanted(experiment: Experiment, see: Evidence, checkpoint: str = "") -> int | None:
    """The number of deciding seeds that show equivalence with 80 % power.

    It assumes the paper's spread, and is at least eight. None if no number of seeds
    suffices, and for a row without a printed number that can be compared. The variance
    from unknown test graphs is estimated from all recorded seeds.
    """
    reported = experiment.reported
    if reported is None or experiment.incomparable:
        return None
    theirs = Side(reported.mean, reported.std, reported.seeds)
    checkpoint = checkpoint or experiment.headline
    more = test_sets(experiment, see.store, checkpoint)
    margin = protocol.margin(reported)
    enough = statistics.seeds_to_show(reported.std, theirs, margin, more)
    return enough and max(protocol.LEAST, enough)


def _compared(
    experiment: Experiment, checkpoint: str, reading: Reading, see: Evidence
) -> Number:
    """A number with its uncorrected p-value, which `_judged` replaces, and no verdict.

    The field `verdict` is `inconclusive` until then.
    """
    reported = experiment.reported
    assert reported
    scores = see.scores(experiment.name, None, checkpoint)
    store = see.of(experiment.name)
    theirs = Side(reported.mean, reported.std, reported.seeds)
    more = test_sets(experiment, store, checkpoint)
    margin, difference = protocol.margin(reported), None
    if len(scores) >= 2:
        difference = statistics.difference([statistics.side(scores)], [theirs], more)
    return Number(
        experiment,
        report.row(experiment, see.store, checkpoint),
        reading,
        len(scores),
        experiment.recorded in protocol.FIRST_NEW,
        difference,
        margin,
        difference.p if difference else math.nan,
        "inconclusive",
        _larger(experiment, see.store, checkpoint),
        wanted(experiment, see, checkpoint),
    )


def _larger(experiment: Experiment, store: Store, checkpoint: str) -> float | None:
    """The mean on the larger test set; None without one or without records of it."""
    if experiment.test.benchmark or not experiment.larger:
        return None
    data = report.larger(experiment)
    scores = report.seed_scores(experiment, store, data, checkpoint)
    return float(scores.mean()) if len(scores) else None


def _judged(number: Number, p: float) -> Number:
    """The number with its corrected p-value and its verdict."""
    verdict = protocol.judge_number(
        number.difference,
        number.deciding,
        number.margin,
        p,
        number.experiment.incomparable,
    )
    return dataclasses.replace(number, p=p, verdict=verdict)


def numbers(see: Evidence) -> list[Number]:
    """Each printed number under each of its readings, in the order of the registry.

    The primary reading of a number precedes its other readings. The p-values of all
    primary readings are corrected together.
    """
    readings = []
    for row in EXPERIMENTS.values():
        if not row.reported:
            continue
        first: Reading = "primary" if row.name in protocol.PRIMARY else "sensitivity"
        other = "last" if row.headline == "best" else "best"
        readings.append(_compared(row, row.headline, first, see))
        readings.append(_compared(row, other, "sensitivity", see))
    uncorrected = {
        n.experiment.name: n.p
        for n in readings
        if n.reading == "primary" and n.deciding >= protocol.LEAST
    }
    family = protocol.corrected(uncorrected)
    judged = [
        _judged(
            n,
            family[n.experiment.name]
            if n.reading == "primary" and n.experiment.name in family
            else protocol.alone(n.p),
        )
        for n in readings
    ]
    keys = list(dict.fromkeys(n.key for n in judged))
    return sorted(judged, key=lambda n: (keys.index(n.key), n.reading != "primary"))


def rows(
    name: str, store: Store, steps: int | None = None
) -> list["Number | report.Row"]:
    """The rows of a table of the registry, or of one experiment, under all readings.

    With `steps`, the rows are those of runs with that number of training steps instead
    of the paper's; these have no verdict. Raises KeyError for an unknown name.
    """
    chosen = find(name)
    if steps is not None:
        return [report.row(e.with_steps(steps), store) for e in chosen]
    names = {e.name for e in chosen}
    judged = [n for n in numbers(judge_of(store)) if n.experiment.name in names]
    printed = {n.experiment.name for n in judged}
    others = [report.row(e, store) for e in chosen if e.name not in printed]
    return [*judged, *others]


def data_of(found: "Number | report.Row") -> dict[str, Any]:
    """A row of a table as data for JSON, with the comparison if there is one."""
    if isinstance(found, report.Row):
        no_verdict = {"status": "no number in the paper", "reading": None}
        return dataclasses.asdict(found) | no_verdict
    comparison = {}
    if found.difference:
        comparison = {
            "difference": found.difference.value,
            "difference_95": found.difference.interval(),
            "difference_90": found.difference.interval(statistics.EQUIVALENCE),
        }
    return dataclasses.asdict(found.row) | {
        "status": found.verdict,
        "reading": found.reading,
        "deciding_seeds": found.deciding,
        "new_seeds_alone": found.new,
        "margin": found.margin,
        "p_corrected": found.p,
        "seeds_for_equivalence": found.wanted,
        "why": found.told,
        **comparison,
    }


def beside(
    rows: Iterable[Experiment], store: Store, see: Evidence | None = None
) -> list[Number | report.Row]:
    """The rows of a table: a `Number` if the paper prints one, else a `report.Row`.

    Rows that are not in the registry (other steps, small networks) and rows without a
    printed number have no verdict. Each row is shown at its headline checkpoint.
    """
    printed = {
        n.experiment.name: n
        for n in numbers(see or judge_of(store))
        if n.row.checkpoint == n.experiment.headline
    }
    return [
        printed[e.name]
        if EXPERIMENTS.get(e.name) == e and e.reported
        else report.row(e, store)
        for e in rows
    ]


def compare(
    found: Sequence[Number | report.Row],
    named: Callable[[str], str] = report.title,
) -> "pd.DataFrame":
    """A table of rows, `named`: paper, mean here, spread, interval, seeds, verdict."""
    import pandas as pd

    def line(n: Number | report.Row) -> dict[str, object]:
        r = n.row if isinstance(n, Number) else n
        return {
            "row": named(r.name),
            "paper: mean ± std (max)": r.paper,
            "ours: mean": f"{r.mean:.2f}",
            "std": f"{r.std:.2f}",
            "95 % interval": _bounded(*r.interval),
            "max": f"{r.max:.2f}",
            "seeds": r.seeds,
            "steps": r.steps,
            "verdict": n.verdict if isinstance(n, Number) else "–",
            "rests on": _rests(n) if isinstance(n, Number) else "–",
        }

    table = pd.DataFrame([line(n) for n in found])
    return table.replace({"nan": "–", "nan to nan": "–"}).set_index("row")


def _bounded(low: float, high: float) -> str:
    """An interval of a percentage."""
    return f"{max(low, 0.0):.2f} to {min(high, 100.0):.2f}"


def _rests(number: Number) -> str:
    """The number and kind of the seeds that a verdict rests on."""
    return f"{number.deciding} {'new' if number.new else 'in all'}"


@dataclasses.dataclass(frozen=True)
class Judged:
    """A clause with the estimate of its statistic and the verdict on it."""

    clause: Clause
    estimate: Estimate
    verdict: ClaimVerdict

    @property
    def told(self) -> str:
        """The estimate beside the threshold: `83.1 [81.0, 85.2] > 10 points`."""
        low, high = self.estimate.interval
        sign = {"above": ">", "below": "<", "within": "within ±"}[self.clause.side]
        limit = f"{sign} {self.clause.threshold:.4g} {self.clause.unit}"
        # no percentage, and no difference of two, is beyond these
        lowest = {"%": 0, "points": -100}.get(self.clause.unit, -math.inf)
        highest = math.inf if lowest == -math.inf else 100
        low, high = max(low, lowest), min(high, highest)
        if math.isnan(self.estimate.value):
            return f"– {limit}"
        spread = f" [{low:.2f}, {high:.2f}]" if self.estimate.seeds else ""
        return f"{self.estimate.value:.2f}{spread} {limit}"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The verdict on one claim."""

    claim: Claim
    clauses: tuple[Judged, ...]
    """All clauses, the main clause first."""

    @property
    def kind(self) -> ClaimVerdict:
        """The verdict on the claim, which is that on its main clause."""
        return self.clauses[0].verdict

    @property
    def chapter(self) -> str:
        """The chapter that discusses the claim."""
        return CHAPTERS[self.claim.name]


def judge_of(store: Store) -> Evidence:
    """The evidence for verdicts: all seeds of a row, or new ones only (`FIRST_NEW`)."""
    return Evidence(store, protocol.FIRST_NEW)


def judge(name: str, see: Evidence) -> Verdict:
    """The verdict on the claim of that name. Raises KeyError for an unknown one."""
    clauses = []
    for clause in protocol.CLAUSES[name]:
        estimate = clause.find(see)
        verdict = protocol.judge_clause(clause, estimate)
        clauses.append(Judged(clause, estimate, verdict))
    return Verdict(CLAIMS[name], tuple(clauses))


def verdicts(
    store: Store, names: Sequence[str] = tuple(CLAIMS), see: Evidence | None = None
) -> list[Verdict]:
    """The verdicts on all claims, or on those named, in order."""
    see = see or judge_of(store)
    return [judge(name, see) for name in names]


def table(found: Sequence[Verdict]) -> "pd.DataFrame":
    """A table of claims with verdict and main clause, one line each."""
    import pandas as pd

    return pd.DataFrame(
        {
            "claim": f"{v.claim.says} (§{v.claim.section})",
            "verdict": v.kind,
            "main clause": f"{v.clauses[0].clause.says}: {v.clauses[0].told}",
            "chapter": v.chapter,
        }
        for v in found
    )


def detail(found: Sequence[Verdict]) -> "pd.DataFrame":
    """A table of all clauses of claims: words, quote, estimate, networks, verdict."""
    import pandas as pd

    return pd.DataFrame(
        {
            "claim": "" if index else f"{v.claim.says} (§{v.claim.section})",
            "clause": ("" if index else "main: ") + j.clause.says,
            "the paper's words": "″"
            if index and j.clause.quote == v.clauses[index - 1].clause.quote
            else f"“{j.clause.quote}”",
            "ours": j.told,
            "networks": ", ".join(map(str, j.estimate.seeds)) or "–",
            "verdict": j.verdict,
        }
        for v in found
        for index, j in enumerate(v.clauses)
    )
