"""Every number of the paper beside the recorded one, with its verdict, and the totals.

`sentence` is the text that README and the book's first page show; a test checks that
they do. All verdicts come from `verdicts`.
"""

import dataclasses
import math
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mindgap import network
from mindgap.experiments.base import CLRS30_VAL, IN_DISTRIBUTION
from mindgap.measures import statistics
from mindgap.paper import by_size, protocol, report, summary, verdicts
from mindgap.paper.discrepancies import DISCREPANCIES
from mindgap.paper.evidence import SPOKEN, Evidence
from mindgap.paper.protocol import ClaimVerdict, NumberVerdict
from mindgap.paper.tables import find
from mindgap.paper.verdicts import Number
from mindgap.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from mindgap.plots.page import Drawn

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
"""The chapter that shows the printed numbers of each table."""

START, END = (
    "<!-- totals: made by mindgap.paper.scoreboard -->",
    "<!-- end of totals -->",
)
"""The marks before and after the text of totals in a page."""


def command(number: Number) -> str:
    """The command that trains the seeds that a number's verdict still needs."""
    first = protocol.FIRST_NEW.get(number.experiment.recorded, 0)
    least = max(protocol.LEAST, number.wanted or 0)
    return f"mindgap run {number.experiment.name} --seeds {first}:{first + least}"


def chapter(number: Number) -> str:
    """The chapter that shows a number."""
    return CHAPTERS[number.experiment.table]


def table(found: Iterable[Number], name: str) -> "pd.DataFrame":
    """The numbers of one table of the paper, primary readings first.

    `found` are `verdicts.numbers`; those of other tables are left out.
    """
    import pandas as pd

    lines = []
    for n in found:
        if n.experiment.table != name:
            continue
        r, d = n.row, n.difference
        interval = "–"
        if d is not None:
            low, high = d.interval()
            interval = f"{d.value:+.2f} ({low:+.2f} to {high:+.2f})"
        lines.append(
            {
                "row": report.title(r.name, group=False),
                "reading": f"{n.reading}, {r.checkpoint}",
                "paper": r.paper,
                "ours": "–" if not r.seeds
                else f"{statistics.spread(r.mean, r.std)} ({r.max:.2f})",
                "seeds": r.seeds,
                "larger set": larger(n),
                "ours − paper (95 %)": interval,
                "margin": f"±{n.margin:.2f}",
                "verdict": n.verdict,
                "rests on": f"{n.deciding} {'new' if n.new else 'seeds'}",
            }
        )  # fmt: skip
    return pd.DataFrame(lines).set_index("row").rename_axis(None)


def larger(number: Number) -> str:
    """The mean on the larger test set; – for rows on CLRS-30's own graphs."""
    if number.larger is None:
        return "–"
    return f"{number.larger:.2f}"


def reasons(found: Iterable[Number]) -> "pd.DataFrame":
    """Why rows cannot be compared or shown to be equivalent: a line for each reason."""
    import pandas as pd

    rows: dict[str, dict[str, None]] = {}
    for n in found:
        reason = n.told.partition("; ")[2] if n.verdict != "not comparable" else n.told
        if reason:
            rows.setdefault(reason, {})[n.row.name] = None
    lines = [
        {"rows": ", ".join(names), "why": reason} for reason, names in rows.items()
    ]
    return pd.DataFrame(lines, columns=["rows", "why"])


class Stated(NamedTuple):
    """A number of the paper's text, and the one found here: a count, or mean ± std."""

    says: str
    """What the number is of."""
    section: str
    paper: str
    ours: str
    chapter: str


def stated(see: Evidence) -> list[Stated]:
    """The numbers that are in the paper's text but in none of its tables.

    They have no verdict: the claims that they belong to are judged.
    """
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
    numbers = [
        Stated("parameters at hidden size 128", "A.1", "5e6", f"at most {large:,}",
               "09_ablations"),
        Stated("parameters at hidden size 4", "A.1, C.3", "500",
               " and ".join(map(str, tiny)), "09_ablations"),
    ]  # fmt: skip
    for name in ("bfs", "dfs", "bellman-ford"):
        for data in (CLRS30_VAL, IN_DISTRIBUTION[-1]):
            kind = "validation" if data.benchmark else "as in training"
            says = f"{SPOKEN[name]} on {data.nodes} nodes, a length of training"
            scores = see.scores(f"table-1/{name}", data)
            ours = "–"
            if len(scores):
                summary = statistics.describe(scores, report.PERCENT)
                spread = statistics.spread(summary.mean, summary.std)
                ours = f"{spread} ({summary.seeds} seeds)"
            numbers.append(
                Stated(f"{says} ({kind})", "3", "~99%", ours, "04_bfs_dfs_disparity")
            )
    return numbers


@dataclasses.dataclass(frozen=True)
class Totals:
    """How many printed numbers and claims have each verdict."""

    printed: dict[NumberVerdict, int]
    """Printed numbers by the verdict under their primary reading."""
    sensitive: int
    """Printed numbers that are equivalent under a sensitivity reading only."""
    claims: dict[ClaimVerdict, int]
    """Claims by their verdict."""
    discrepancies: int
    """Places where the paper is unclear or contradicts itself (`discrepancies`)."""


def totals(found: Sequence[Number], judged: Sequence[verdicts.Verdict]) -> Totals:
    """The totals of `verdicts.numbers` and `verdicts.verdicts`."""
    primary = [n for n in found if n.reading == "primary"]
    equivalent = {n.key for n in found if n.verdict == "equivalent"}
    kinds = [n.verdict for n in primary]
    claims = [v.kind for v in judged]
    return Totals(
        {kind: kinds.count(kind) for kind in protocol.NUMBER_VERDICTS},
        sum(n.verdict != "equivalent" and n.key in equivalent for n in primary),
        {kind: claims.count(kind) for kind in protocol.CLAIM_VERDICTS},
        len(DISCREPANCIES),
    )


def sentence(counted: Totals) -> str:
    """The totals in words, as README and the book's first page show them."""
    numbers, claims = counted.printed, counted.claims
    others = {
        0: "No other reading of the settings, nor the last checkpoint, would make a "
        "further result equivalent.",
        1: "Another reading of the settings, or the last checkpoint, would make one "
        "more equivalent.",
    }.get(
        counted.sensitive,
        "Another reading of the settings, or the last checkpoint, would make "
        f"{counted.sensitive} more equivalent.",
    )

    def have(count: int, one: str, several: str) -> str:
        return f"{count} {one if count == 1 else several}"

    few = have(numbers["too few seeds"], "has", "have")
    return (
        f"The paper's tables print {sum(numbers.values())} results. Compared with ours "
        "under the primary reading of their settings, "
        f"{have(numbers['equivalent'], 'is', 'are')} equivalent, "
        f"{have(numbers['differs'], 'differs', 'differ')}, "
        f"{have(numbers['inconclusive'], 'is', 'are')} inconclusive, {few} too few "
        f"seeds here, and {numbers['not comparable']} cannot be compared. {others} Of "
        f"its {sum(claims.values())} claims, "
        f"{have(claims['supported'], 'is', 'are')} supported by their main clause, "
        f"{claims['contradicted']} contradicted, {claims['inconclusive']} "
        f"inconclusive, and {have(claims['too few seeds'], 'has', 'have')} too few "
        f"seeds. In {counted.discrepancies} places the paper is unclear or contradicts "
        "itself."
    )


def compute(store: Store) -> Totals:
    """The totals of a store; takes nearly a minute on two cores."""
    see = verdicts.judge_of(store)
    return totals(verdicts.numbers(see), verdicts.verdicts(store, see=see))


def shown(page: str) -> str | None:
    """The text of totals in a page, joined to one line; None for a page without it."""
    if START not in page:
        return None
    return " ".join(page.split(START)[1].split(END)[0].split())


def publish(root: Path) -> None:
    """Write totals and results into README and the book's first page, and the figures.

    Raises ValueError for a page without the marks `START` and `END`.
    """
    store = Store(root / "book" / "results")
    see = verdicts.judge_of(store)
    found = verdicts.numbers(see)
    judged = verdicts.verdicts(store, see=see)
    text_of_totals = textwrap.fill(sentence(totals(found, judged)), 88)
    for page in (root / "README.md", root / "book" / "intro.md"):
        text = page.read_text("utf-8")
        if shown(text) is None or END not in text:
            raise ValueError(f"{page} has no marks for the totals: {START} ... {END}")
        before, after = text.split(START)[0], text.split(END, 1)[1]
        page.write_text(f"{before}{START}\n{text_of_totals}\n{END}{after}", "utf-8")
    static = root / "book" / "_static"
    first = root / "book" / "intro.md"
    text = summary.publish(first.read_text("utf-8"), store, static)
    first.write_text(text, "utf-8")
    primary = [number for number in found if number.reading == "primary"]
    figure(differences(primary)).publish(static / "agreement.svg")
    by_size.figure(by_size.frame(store)).publish(static / "sizes.svg")


def differences(found: Iterable[Number]) -> "pd.DataFrame":
    """The mean here minus the paper's, in points, and half the width of its interval.

    The mean is that of the deciding seeds and the interval a 95 % interval. Numbers
    without a difference (fewer than two seeds) are left out.
    """
    import pandas as pd

    lines = []
    for n in found:
        if n.difference is not None:
            low, high = n.difference.interval()
            half = (high - low) / 2
            lines.append(
                {
                    "row": n.row.name,
                    "checkpoint": n.row.checkpoint,
                    "by": n.difference.value,
                    "error": half if math.isfinite(half) else math.nan,
                    "status": n.verdict,
                    "seeds": n.deciding,
                }
            )
    columns = ["row", "checkpoint", "by", "error", "status", "seeds"]
    return pd.DataFrame(lines, columns=columns).set_index("row")


def figure(lines: "pd.DataFrame") -> "Drawn":
    """The figure of `differences`, with rows under the names of their tables."""
    from mindgap.plots import scoreboard

    groups: dict[str, list[str]] = {}
    for name in lines.index:
        table, _, row = report.title(name).partition(": ")
        groups.setdefault(table, []).append(row)
    return scoreboard.forest(
        groups, lines.by.to_numpy(), lines.error.to_numpy(), lines.status.tolist()
    )
