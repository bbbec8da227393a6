"""Every number of the paper beside ours, what became of it, and the totals.

`sentence` is the line that README and the book's first page show; a test holds them to
it.
"""

import dataclasses
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from mindgap import network, report, summary, verdicts
from mindgap.evidence import SPOKEN, Evidence
from mindgap.experiments import EXPERIMENTS, find
from mindgap.experiments.base import CLRS30_VAL, IN_DISTRIBUTION, Experiment
from mindgap.experiments.discrepancies import DISCREPANCIES
from mindgap.statements_appendix import SIZES
from mindgap.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Status = Literal["agrees", "differs", "not comparable"]
STATUSES: tuple[Status, ...] = ("agrees", "differs", "not comparable")

CHAPTERS = {
    "table-1": "03_baselines",
    "table-2": "04_bfs_dfs_disparity",
    "table-3": "05_traces",
    "table-10": "09_ablations",
    "table-11": "09_ablations",
    "table-12": "09_ablations",
    "table-13": "09_ablations",
    "table-14": "07_stability",
}
"""Where the printed numbers of a table are shown."""

START, END = "<!-- totals: made by mindgap.scoreboard -->", "<!-- end of totals -->"
"""What stands around the line of totals in a page."""


@dataclasses.dataclass(frozen=True)
class Number:
    """A printed number under one reading of it: a row of the registry."""

    experiment: Experiment
    row: report.Row

    @property
    def short(self) -> int:
        """How many seeds ours lacks to the paper's number."""
        reported = self.experiment.reported
        assert reported
        return max(0, reported.seeds - self.row.seeds)

    @property
    def command(self) -> str:
        """What makes this number, or continues it to the paper's number of seeds."""
        assert self.experiment.reported
        seeds = self.experiment.reported.seeds
        return f"mindgap run {self.experiment.name} --seeds 0:{seeds}"

    @property
    def status(self) -> Status:
        """The row's; a number without a seed of ours is not comparable either."""
        known: dict[str, Status] = {status: status for status in STATUSES}
        return known.get(self.row.status, "not comparable")

    @property
    def chapter(self) -> str:
        """The page that shows it."""
        return CHAPTERS[self.experiment.table]

    @property
    def key(self) -> tuple[str, float, float]:
        """What several readings of one printed number have in common."""
        reported = self.experiment.reported
        assert reported
        return self.experiment.table, reported.mean, reported.std

    @property
    def by(self) -> float:
        """Ours minus the paper's mean, in points."""
        assert self.experiment.reported
        return self.row.mean - self.experiment.reported.mean

    @property
    def told(self) -> str:
        """Status, why, and how many seeds are lacking."""
        below = f"{self.short} seeds below the paper's" if self.short else ""
        status = f"{self.row.status}{': ' * bool(self.row.reason)}{self.row.reason}"
        return "; ".join(filter(None, (status, below)))


def numbers(store: Store) -> list[Number]:
    """Each row of the registry that has a printed number."""
    rows = [e for e in EXPERIMENTS.values() if e.reported]
    return [Number(e, report.row(e, store)) for e in rows]


def printed(found: Sequence[Number]) -> dict[tuple[str, float, float], Status]:
    """Each number that the paper prints, by the best of its readings.

    It agrees if one of them does; else it differs if one of them does.
    """
    best: dict[tuple[str, float, float], Status] = {}
    for status in reversed(STATUSES):
        best |= {n.key: status for n in found if n.status == status}
    return best


def table(found: Sequence[Number], name: str) -> "pd.DataFrame":
    """The numbers of one table of the paper, few columns."""
    import pandas as pd

    chosen = [n for n in found if n.experiment.table == name]
    shown = report.compare([n.row for n in chosen]).to_dict("records")
    return (
        pd.DataFrame(
            {
                "row": n.row.name.split("/")[1],
                "paper": line["paper: mean ± std (max)"],
                "ours": f"{summary.spread(n.row.mean, n.row.std)} ({line['max']})",
                "95 % interval": line["95 % interval"],
                "seeds": f"{n.row.seeds} of {n.row.seeds + n.short}",
                "steps": n.row.steps,
                "status": n.status,
            }
            for line, n in zip(shown, chosen, strict=True)
        )
        .set_index("row")
        .rename_axis(None)
    )


def reasons(found: Sequence[Number]) -> "pd.DataFrame":
    """Why rows cannot be compared, one line for each reason."""
    import pandas as pd

    rows: dict[str, list[str]] = {}
    for n in found:
        if n.status == "not comparable":
            rows.setdefault(n.row.reason, []).append(n.row.name)
    lines = [{"rows": ", ".join(names), "why": why} for why, names in rows.items()]
    return pd.DataFrame(lines, columns=["rows", "why"])


class Stated(NamedTuple):
    """A number of the paper's text, and ours."""

    says: str
    section: str
    paper: str
    ours: str
    status: Status
    why: str
    chapter: str


def stated(store: Store, see: Evidence | None = None) -> list[Stated]:
    """Numbers that stand in the text and in no table."""
    see = see or Evidence(store)
    counts = {
        name: network.count(row.task, row.model)
        for name in (
            "table-1/bfs",
            "table-1/bellman-ford",
            "table-1/dfs",
            "table-13/bfs",
            "table-13/bellman-ford",
        )
        for row in find(name)
    }
    large = max(n for name, n in counts.items() if name.startswith("table-1/"))
    tiny = [n for name, n in counts.items() if name.startswith("table-13/")]
    exact = [see.exact(p, SIZES, 20) for p in ("bfs", "bellman_ford")]
    found = [
        Stated(
            "parameters at hidden size 128", "A.1", "5e6", f"at most {large:,}",
            "agrees" if 2.5e6 < large < 1e7 else "differs", "counted", "09_ablations",
        ),
        Stated(
            "parameters at hidden size 4", "A.1, C.3", "500",
            " and ".join(map(str, tiny)),
            "agrees" if all(abs(n - 500) < 50 for n in tiny) else "differs",
            "counted; within a tenth", "09_ablations",
        ),
        Stated(
            "compiled BFS and Bellman-Ford, accuracy", "1.2", "100%",
            f"{min(exact):.2f} %", "agrees" if min(exact) == 100 else "differs",
            "all hints and selections, within the computed limits", "02_graph_programs",
        ),
    ]  # fmt: skip
    for name in ("bfs", "dfs", "bellman-ford"):
        for data in (CLRS30_VAL, IN_DISTRIBUTION[-1]):
            found.append(_in_distribution(see, name, data))
    return found


def _in_distribution(see: Evidence, name: str, data) -> Stated:
    scores = see.scores(f"table-1/{name}", data)
    kind = "validation" if data.benchmark else "as in training"
    says = f"{SPOKEN[name]} on {data.nodes} nodes, a length of training ({kind})"
    if not len(scores):
        ours, status = "–", "not comparable"
    else:
        told = summary.describe(scores, report.PERCENT)
        ours = f"{summary.spread(told.mean, told.std)} ({told.seeds} seeds)"
        status = "agrees" if round(told.mean) == 99 or told.mean >= 98.5 else "differs"
    why = "rounded; on which graphs is not said"
    return Stated(says, "3", "~99%", ours, status, why, "04_bfs_dfs_disparity")


@dataclasses.dataclass(frozen=True)
class Totals:
    """How many of each kind."""

    readings: dict[Status, int]
    """Rows of the registry with a printed number."""
    printed: dict[Status, int]
    """Printed numbers, each by the best of its readings."""
    claims: dict[verdicts.Kind, int]
    discrepancies: int
    full: int
    """Readings with at least the paper's number of seeds."""


def totals(found: Sequence[Number], judged: Sequence[verdicts.Verdict]) -> Totals:
    """Counted from `numbers` and from `verdicts.verdicts`."""
    rows = [n.status for n in found]
    best = list(printed(found).values())
    return Totals(
        {status: rows.count(status) for status in STATUSES},
        {status: best.count(status) for status in STATUSES},
        {kind: [v.kind for v in judged].count(kind) for kind in verdicts.KINDS},
        len(DISCREPANCIES),
        sum(n.short == 0 for n in found),
    )


def sentence(counted: Totals) -> str:
    """The totals in words, as README and the book's first page show them."""
    best, claims = counted.printed, counted.claims
    return (
        f"Of the {sum(best.values())} results that the paper's tables print, "
        f"{best['agrees']} agree with ours under some reading, {best['differs']} "
        f"differ under all, and {best['not comparable']} cannot be compared. Of its "
        f"{sum(claims.values())} claims, {claims['supported']} are supported and "
        f"{claims['mixed']} hold in part; contradicted: {claims['contradicted']}, "
        f"undecided: {claims['undecided']}. In {counted.discrepancies} places "
        "the paper is unclear or contradicts itself."
    )


def compute(store: Store) -> Totals:
    """The totals of a store; takes most of a minute on two cores."""
    return totals(numbers(store), verdicts.verdicts(store))


def shown(page: str) -> str | None:
    """The line of totals in a page's text, in one line; None if it has none."""
    if START not in page:
        return None
    return " ".join(page.split(START)[1].split(END)[0].split())


def publish(root: Path) -> None:
    """Write the totals into README and the first page, and README's figure.

    The figure has each printed number once, under its best reading, the nearest of
    several. Raises ValueError for a page without the marks of the line.
    """
    from matplotlib import rc_context

    found = numbers(store := Store(root / "book" / "results"))
    said = textwrap.fill(sentence(totals(found, verdicts.verdicts(store))), 88)
    for page in (root / "README.md", root / "book" / "intro.md"):
        text = page.read_text("utf-8")
        if shown(text) is None or END not in text:
            raise ValueError(f"{page}: no place for the totals, {START} ... {END}")
        before, after = text.split(START)[0], text.split(END, 1)[1]
        page.write_text(f"{before}{START}\n{said}\n{END}{after}", "utf-8")
    with rc_context({"svg.hashsalt": "mindgap"}):  # the same numbers, the same bytes
        path = root / "book" / "_static" / "agreement.svg"
        shown_once = figure(differences(nearest(found)))
        shown_once.savefig(path, bbox_inches="tight", metadata={"Date": None})


def nearest(found: Sequence[Number]) -> list[Number]:
    """Of each printed number the reading with its status that comes nearest to it."""
    best = printed(found)
    recorded = [n for n in found if n.row.seeds and n.status == best[n.key]]
    return [
        min((n for n in recorded if n.key == key), key=lambda n: abs(n.by))
        for key in dict.fromkeys(n.key for n in recorded)
    ]


def differences(found: Sequence[Number]) -> "pd.DataFrame":
    """Ours minus the paper's mean, in points, with 95 % of its uncertainty.

    The error is twice the standard error of the difference of both means, as `agrees`
    has it; NaN for a single seed. Rows without seeds are left out.
    """
    import pandas as pd

    lines = []
    for n in found:
        reported = n.experiment.reported
        if reported and n.row.seeds:
            sem = np.hypot(reported.std / reported.seeds**0.5, n.row.sem)
            line = {"row": n.row.name, "by": n.by, "error": 2 * sem}
            lines.append({**line, "status": n.status, "seeds": n.row.seeds})
    columns = ["row", "by", "error", "status", "seeds"]
    return pd.DataFrame(lines, columns=columns).set_index("row")


def figure(lines: "pd.DataFrame") -> "Figure":
    """Differences as a picture, rows under the names of their tables."""
    from mindgap import plots_scoreboard

    groups: dict[str, list[str]] = {}
    for name in lines.index:
        table, _, row = name.partition("/")
        groups.setdefault(table.replace("table-", "Table "), []).append(row)
    return plots_scoreboard.forest(
        groups, lines.by.to_numpy(), lines.error.to_numpy(), lines.status.tolist()
    )
