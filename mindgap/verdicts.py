"""Every claim of the paper, judged from our numbers.

A claim is *supported* if all the statements that decide it hold (see `statements`),
*contradicted* if one fails and none holds, *mixed* if some hold and others fail or
cannot be told from their error, and else *undecided*. The reason is made of the same
numbers.
"""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from mindgap.evidence import Evidence, Statement
from mindgap.experiments import CLAIMS
from mindgap.experiments.claims import Claim
from mindgap.statements import JUDGES
from mindgap.store import Store

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["supported", "contradicted", "mixed", "undecided"]
KINDS: tuple[Kind, ...] = ("supported", "mixed", "contradicted", "undecided")

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

CAVEATS = {
    "expressible": "a softmax averages ties; the listings as printed are not exact",
    "five-hundred-parameters": "the bias and edge information that compiling uses come "
    "on top, and grow with the number of nodes",
    "regularised-runs": "what share of the paper's runs was regularised is unknown",
    "not-trace-length": "on 64 nodes; sequential traces do cost BFS something",
    "not-trace-complexity": "simple traces are also shorter, and lack what the next "
    "step depends on",
    "bias-insignificant": "both are at the ceiling, where nothing could show",
    "data-order": "only where compiled selections are sharp",
    "dfs-minimum": "a place where training ends looks so in every task; C.7 itself "
    "concludes nothing",
    "expressible-dfs": "the paper leaves it open; the network has four heads that "
    "attend to all nodes",
    "flatter-bellman-ford": "also than softly compiled selections, but by much less; "
    "how sharp the paper's are is not said",
    "flat-bfs": "also than softly compiled selections, but by much less; trained on, "
    "those bear plain steps as well as learned ones",
    "lucky-minimal": "for BFS, and for neither Bellman-Ford row here",
    "minimal-modified": "the printed gaps compare 64 nodes with 16",
}
"""What a verdict does not say by itself."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of one claim."""

    claim: Claim
    kind: Kind
    reason: str
    statements: tuple[Statement, ...]
    chapter: str

    @property
    def caveat(self) -> str:
        """What to keep in mind, or nothing."""
        return CAVEATS.get(self.claim.name, "")


def kind(statements: Sequence[Statement]) -> Kind:
    """What the statements that decide come to, together."""
    decisive = [s for s in statements if s.decides]
    held = sum(s.holds is True for s in decisive)
    failed = sum(s.holds is False for s in decisive)
    lacking = any(s.answer in ("not recorded", "one seed each") for s in decisive)
    if held and failed:
        return "mixed"
    if not decisive or lacking or not held + failed:
        return "undecided"
    if failed:
        return "contradicted"
    return "supported" if held == len(decisive) else "mixed"


def reason(statements: Sequence[Statement]) -> str:
    """One line: how many statements hold, and what speaks against them, in numbers."""
    decisive = [s for s in statements if s.decides]
    held = [s for s in decisive if s.holds]
    others = [s for s in decisive if not s.holds]
    told = others or held[:1]
    found = "; ".join(f"{s.says}: {s.answer} ({sides(s)})" for s in told)
    return (
        f"{len(held)} of {len(decisive)} hold; {found}" if decisive else "no evidence"
    )


def sides(statement: Statement) -> str:
    """Its numbers: `99.1 against 95.0 ± 0.3`."""
    if statement.answer == "not recorded":
        return "–"
    error = f" ± {statement.error:.2f}" if statement.error > 0 else ""
    return f"{statement.left:.2f} against {statement.right:.2f}{error}"


def judge(name: str, see: Evidence) -> Verdict:
    """The verdict on the claim of that name. Raises KeyError for an unknown one."""
    found = tuple(JUDGES[name](see))
    return Verdict(CLAIMS[name], kind(found), reason(found), found, CHAPTERS[name])


def verdicts(
    store: Store, names: Sequence[str] = tuple(CLAIMS), see: Evidence | None = None
) -> list[Verdict]:
    """All claims, or those named, in order; all take a minute on two cores."""
    see = see or Evidence(store)
    return [judge(name, see) for name in names]


def table(found: Sequence[Verdict]) -> "pd.DataFrame":
    """Claims with verdict and reason, one line each."""
    import pandas as pd

    return pd.DataFrame(
        {
            "claim": f"{v.claim.says} (§{v.claim.section})",
            "verdict": v.kind,
            "reason": ". ".join(
                t[:1].upper() + t[1:] for t in (v.reason, v.caveat) if t
            ),
            "chapter": v.chapter,
        }
        for v in found
    )


def detail(found: Sequence[Verdict]) -> "pd.DataFrame":
    """All statements of all claims with their numbers."""
    import pandas as pd

    return pd.DataFrame(
        {
            "claim": v.claim.name,
            "statement": s.says,
            "left": round(s.left, 2),
            "right": round(s.right, 2),
            "±": round(s.error, 2),
            "seeds": ", ".join(map(str, s.seeds)),
            "holds": s.answer,
            "decides": "yes" if s.decides else "beside",
        }
        for v in found
        for s in v.statements
    ).set_index("claim")
