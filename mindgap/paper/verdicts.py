"""Every number and every claim of the paper, judged by the rule of `protocol`.

Chapters, scoreboard and README print what this says and have no verdicts of their own.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence
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
    "dfs-in-distribution": "04_bfs_dfs_disparity",
    "regularised-runs": "09_ablations",
    "not-trace-length": "04_bfs_dfs_disparity",
    "not-trace-complexity": "04_bfs_dfs_disparity",
    "traces-not-needed": "05_traces",
    "dfs-better-without": "05_traces",
    "traces-early": "05_traces",
    "trace-or-decoder": "05_traces",
    "effective-not-faithful": "06_faithfulness",
    "attention-early": "06_faithfulness",
    "unrelated": "06_faithfulness",
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
"""Where each claim is told, by its name."""


@dataclasses.dataclass(frozen=True)
class Number:
    """A printed number beside ours, under one reading of its settings."""

    experiment: Experiment
    row: report.Row
    """Of all recorded seeds."""
    reading: Reading
    deciding: int
    """How many seeds the verdict rests on."""
    new: bool
    """Whether these are new ones alone, or all."""
    difference: Difference | None
    """Ours less the paper's over the deciding seeds, in points; None for fewer than 2.
    """
    margin: float
    p: float
    """Of no difference, corrected; NaN where there is none."""
    verdict: NumberVerdict
    larger: float | None
    """Our mean on the larger test set, where the paper's test graphs are unknown."""
    wanted: int | None
    """Deciding seeds that show equivalence with 80 % power, at the paper's spread; None
    if no number does, since the paper's test graphs are unknown."""

    @property
    def key(self) -> tuple[str, float, float]:
        """What all readings of one printed number have in common."""
        reported = self.experiment.reported
        assert reported
        return self.experiment.table, reported.mean, reported.std

    @property
    def told(self) -> str:
        """The verdict, what it rests on, and why, in words."""
        seeds = f"{self.deciding} {'new seeds' if self.new else 'seeds'}"
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
"""Graphs of each part of the larger test set."""


def test_sets(experiment: Experiment, store: Store, checkpoint: str) -> list[Side]:
    """How much a difference changes with the test graphs, where the paper's are
    unknown.

    Those are all that are not CLRS-30's. The variance of a mean over as many graphs
    counts twice, since ours are one choice and the paper's another. It is estimated
    from the parts of the larger test set, or from the scored graphs where records have
    its mean alone; each a mean over seeds.
    """
    if experiment.test.benchmark:
        return []
    count = experiment.test.graphs
    parts = report.graph_scores(
        experiment, store, report.larger(experiment), checkpoint
    )
    each = PART
    if len(parts) < 2:
        parts = report.graph_scores(experiment, store, experiment.test, checkpoint)
        each = 1
    if len(parts) < 2:
        return []
    # a side's variance is std^2 / count: here that of two means over `count` graphs
    std = float(parts.std(ddof=1)) * (2 * each * len(parts) / count) ** 0.5
    return [Side(0.0, std, len(parts))]


def wanted(experiment: Experiment, see: Evidence, checkpoint: str = "") -> int | None:
    """Deciding seeds that show equivalence with 80 % power, at the paper's spread.

    At least eight. None if no number does, or without a number in the paper that can be
    compared. Test graphs count as all recorded seeds say.
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
    """A number with its own p, not corrected, and no verdict."""
    reported = experiment.reported
    assert reported
    scores = see.scores(experiment.name, None, checkpoint)
    store = see.of(experiment.name)
    theirs = Side(reported.mean, reported.std, reported.seeds)
    more = test_sets(experiment, store, checkpoint)
    margin, found = protocol.margin(reported), None
    if len(scores) >= 2:
        found = statistics.difference([statistics.side(scores)], [theirs], more)
    return Number(
        experiment,
        report.row(experiment, see.store, checkpoint),
        reading,
        len(scores),
        experiment.recorded in protocol.FIRST_NEW,
        found,
        margin,
        found.p if found else math.nan,
        "inconclusive",
        _larger(experiment, see.store, checkpoint),
        wanted(experiment, see, checkpoint),
    )


def _larger(experiment: Experiment, store: Store, checkpoint: str) -> float | None:
    if experiment.test.benchmark or not experiment.larger:
        return None
    data = report.larger(experiment)
    scores = report.seed_scores(experiment, store, data, checkpoint)
    return float(scores.mean()) if len(scores) else None


def _judged(number: Number, p: float) -> Number:
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

    The primary readings come first within their number, and are corrected together.
    """
    found = []
    for row in EXPERIMENTS.values():
        if not row.reported:
            continue
        first: Reading = "primary" if row.name in protocol.PRIMARY else "sensitivity"
        other = "last" if row.headline == "best" else "best"
        found.append(_compared(row, row.headline, first, see))
        found.append(_compared(row, other, "sensitivity", see))
    own = {
        n.experiment.name: n.p
        for n in found
        if n.reading == "primary" and n.deciding >= protocol.LEAST
    }
    family = protocol.corrected(own)
    judged = [
        _judged(
            n,
            family[n.experiment.name]
            if n.reading == "primary" and n.experiment.name in family
            else protocol.alone(n.p),
        )
        for n in found
    ]
    keys = list(dict.fromkeys(n.key for n in judged))
    return sorted(judged, key=lambda n: (keys.index(n.key), n.reading != "primary"))


def rows(
    name: str, store: Store, steps: int | None = None
) -> list["Number | report.Row"]:
    """The rows of a table of the registry, or of one experiment, all readings.

    `steps` asks for runs of another length than the paper's, which have no verdict.
    Raises KeyError for an unknown name.
    """
    chosen = find(name)
    if steps is not None:
        return [report.row(e.with_steps(steps), store) for e in chosen]
    names = {e.name for e in chosen}
    found = [n for n in numbers(judge_of(store)) if n.experiment.name in names]
    known = {n.experiment.name for n in found}
    return [*found, *(report.row(e, store) for e in chosen if e.name not in known)]


def data_of(found: "Number | report.Row") -> dict[str, Any]:
    """A line of a table as JSON can hold it, with the comparison if there is one."""
    if isinstance(found, report.Row):
        none = {"status": "no number in the paper", "reading": None}
        return dataclasses.asdict(found) | none
    compared = {}
    if found.difference:
        compared = {
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
        **compared,
    }


def beside(
    rows: Iterable[Experiment], store: Store, see: Evidence | None = None
) -> list[Number | report.Row]:
    """What stands for rows in a table: numbers where the paper prints one.

    Rows that are not of the registry (other steps, small networks) and rows without a
    printed number have no verdict. At each row's own checkpoint.
    """
    known = {
        n.experiment.name: n
        for n in numbers(see or judge_of(store))
        if n.row.checkpoint == n.experiment.headline
    }
    return [
        known[e.name]
        if EXPERIMENTS.get(e.name) == e and e.reported
        else report.row(e, store)
        for e in rows
    ]


def compare(found: Sequence[Number | report.Row]) -> "pd.DataFrame":
    """Numbers as a table to read: paper, ours, spread, interval, seeds, verdict."""
    import pandas as pd

    def line(n: Number | report.Row) -> dict[str, object]:
        r = n.row if isinstance(n, Number) else n
        return {
            "experiment": r.name,
            "paper: mean ± std (max)": r.paper,
            "ours: mean": f"{r.mean:.2f}",
            "std": f"{r.std:.2f}",
            "95 % interval": f"{r.interval[0]:.2f} to {r.interval[1]:.2f}",
            "max": f"{r.max:.2f}",
            "seeds": r.seeds,
            "steps": r.steps,
            "verdict": n.verdict if isinstance(n, Number) else "–",
            "rests on": _rests(n) if isinstance(n, Number) else "–",
        }

    table = pd.DataFrame([line(n) for n in found])
    return table.replace({"nan": "–", "nan to nan": "–"}).set_index("experiment")


def _rests(number: Number) -> str:
    return f"{number.deciding} {'new' if number.new else 'seeds'}"


@dataclasses.dataclass(frozen=True)
class Judged:
    """A clause with our estimate and the verdict on it."""

    clause: Clause
    estimate: Estimate
    verdict: ClaimVerdict

    @property
    def told(self) -> str:
        """The estimate beside the threshold: `83.1 [81.0, 85.2] > 10 points`."""
        low, high = self.estimate.interval
        sign = {"above": ">", "below": "<", "within": "within ±"}[self.clause.side]
        limit = f"{sign} {self.clause.threshold:.4g} {self.clause.unit}"
        if math.isnan(self.estimate.value):
            return f"– {limit}"
        spread = f" [{low:.2f}, {high:.2f}]" if self.estimate.seeds else ""
        return f"{self.estimate.value:.2f}{spread} {limit}"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of one claim."""

    claim: Claim
    clauses: tuple[Judged, ...]
    """The main clause first."""

    @property
    def kind(self) -> ClaimVerdict:
        """The main clause's."""
        return self.clauses[0].verdict

    @property
    def chapter(self) -> str:
        """Where the claim is told."""
        return CHAPTERS[self.claim.name]


def judge_of(store: Store) -> Evidence:
    """The evidence that verdicts rest on: of some rows new seeds alone."""
    return Evidence(store, protocol.FIRST_NEW)


def judge(name: str, see: Evidence) -> Verdict:
    """The verdict on the claim of that name. Raises KeyError for an unknown one."""
    found = []
    for clause in protocol.CLAUSES[name]:
        estimate = clause.find(see)
        verdict = protocol.judge_clause(clause, estimate)
        found.append(Judged(clause, estimate, verdict))
    return Verdict(CLAIMS[name], tuple(found))


def verdicts(
    store: Store, names: Sequence[str] = tuple(CLAIMS), see: Evidence | None = None
) -> list[Verdict]:
    """All claims, or those named, in order."""
    see = see or judge_of(store)
    return [judge(name, see) for name in names]


def table(found: Sequence[Verdict]) -> "pd.DataFrame":
    """Claims with the verdict and the main clause, one line each."""
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
    """All clauses of claims with their words, numbers and verdicts."""
    import pandas as pd

    return pd.DataFrame(
        {
            "claim": "" if index else f"{v.claim.says} (§{v.claim.section})",
            "clause": ("" if index else "main: ") + j.clause.says,
            "the paper's words": f"“{j.clause.quote}”",
            "ours": j.told,
            "networks": ", ".join(map(str, j.estimate.seeds)) or "–",
            "verdict": j.verdict,
        }
        for v in found
        for index, j in enumerate(v.clauses)
    )
