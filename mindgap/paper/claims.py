"""The claims of the paper's text, with the experiments and measures that test them.

Claims are paraphrased here, not quoted. Only claims beyond the printed numbers are
listed: each printed number is in its experiment (`tables`). `verdicts` judges a claim
by the clauses that `protocol` fixes.
"""

import dataclasses
from typing import Literal

Measure = Literal[
    "pointer_accuracy",
    "in distribution",
    "trace",
    "attention/accuracy",
    "rank correlation",
    "distance",
    "bias",
    "landscape",
    "verification",
    "validity",
    "probe",
    "interchange",
]
"""A metric of the store's rows, or a measure that a chapter computes from them."""


@dataclasses.dataclass(frozen=True)
class Claim:
    """One statement of the paper."""

    name: str
    section: str
    says: str
    measures: tuple[Measure, ...]
    experiments: tuple[str, ...]
    """Names of rows; empty if a claim is about compiled networks only."""


def _both_decoders(*names: str) -> tuple[str, ...]:
    """The names of each row with the simplified and with the usual pointer decoder."""
    return tuple(name + usual for name in names for usual in ("", "-pairwise"))


_ACCURACY: tuple[Measure, ...] = ("pointer_accuracy",)
_TRACES: tuple[Measure, ...] = ("trace",)
_FAITHFUL: tuple[Measure, ...] = ("trace", "attention/accuracy")

CLAIMS = {
    claim.name: claim
    for claim in (
        Claim(
            "expressible",
            "1.2, 2.4, A",
            "BFS and Bellman-Ford can be compiled into this network, exactly on all "
            "inputs.",
            ("verification",),
            (),
        ),
        Claim(
            "five-hundred-parameters",
            "A.1, C.3",
            "A network of hidden size 4 and about 500 parameters is enough for either.",
            ("verification",),
            (),
        ),
        Claim(
            "bfs-not-dfs",
            "1, 3",
            "On 64 nodes the same network does BFS and not DFS.",
            _ACCURACY,
            ("table-1/bfs", "table-1/dfs"),
        ),
        Claim(
            "nc-learnability",
            "abstract, 1",
            "Algorithms whose problems are in NC are learned better than DFS.",
            _ACCURACY,
            (
                "trainability/bfs-scratch-32",
                "trainability/bellman-ford-scratch-32",
                "trainability/topological-sort-scratch-35",
                "trainability/dijkstra-scratch-21",
                "trainability/mst-prim-scratch-21",
                "trainability/dfs-scratch-32",
            ),
        ),
        Claim(
            "dfs-in-distribution",
            "3",
            "DFS reaches about 99 % on the lengths that it was trained on, as BFS and "
            "Bellman-Ford do.",
            ("in distribution",),
            ("table-1/bfs", "table-1/dfs", "table-1/bellman-ford"),
        ),
        Claim(
            "regularised-runs",
            "3",
            "The baselines' lower mean and larger spread come from runs that were "
            "regularised.",
            _ACCURACY,
            (
                "table-1/bfs",
                "table-1/bellman-ford",
                "table-6/bfs-0.001",
                "table-6/bfs-0.0001",
                "table-6/bellman-ford-0.001",
                "table-6/bellman-ford-0.0001",
            ),
        ),
        Claim(
            "not-trace-length",
            "3.1",
            "Long traces are not what makes DFS hard: BFS is learned with traces as "
            "sequential.",
            ("pointer_accuracy", "validity"),
            (
                "table-2/sequential-bfs",
                "table-2/scanning-bfs",
                "table-2/padded-bfs",
                "table-1/dfs",
            ),
        ),
        Claim(
            "not-trace-complexity",
            "3.1",
            "Nor are rich traces: DFS is not learned with simple ones (64 nodes).",
            ("pointer_accuracy", "validity"),
            ("table-2/simplified-dfs", "table-1/dfs"),
        ),
        Claim(
            "traces-not-needed",
            "3.2",
            "BFS and Bellman-Ford are learned without traces.",
            _ACCURACY,
            ("table-3/bfs", "table-3/bellman-ford", "table-1/bfs"),
        ),
        Claim(
            "dfs-better-without",
            "3.2",
            "DFS improves slightly when its traces are left out, or simplified.",
            _ACCURACY,
            ("table-3/dfs", "table-2/simplified-dfs", "table-1/dfs"),
        ),
        Claim(
            "traces-early",
            "3.2, C.2",
            "Networks trained on traces predict them well at first and soon deviate.",
            _TRACES,
            ("table-1/bfs", "table-1/bellman-ford"),
        ),
        Claim(
            "trace-or-decoder",
            "C.2",
            "The state may hold the trace although the decoder does not show it.",
            ("trace", "probe", "interchange"),
            ("table-1/bfs",),
        ),
        Claim(
            "effective-not-faithful",
            "3.3, 4",
            "A network can be nearly perfect without working as the algorithm does.",
            _FAITHFUL,
            ("table-1/bfs", "table-3/bfs", "table-1/bellman-ford"),
        ),
        Claim(
            "attention-early",
            "3.3, C.5",
            "Learned attention resembles the algorithm's early on, barely, and soon "
            "deviates.",
            ("attention/accuracy",),
            ("table-1/bfs", "table-1/bellman-ford"),
        ),
        Claim(
            "unrelated",
            "3.3, C.6",
            "Over networks there is no strong relation between effectiveness and "
            "faithfulness.",
            ("rank correlation",),
            (
                "table-13/bfs",
                "table-13/bfs-bias-pairwise",
                "table-13/bellman-ford-modified-pairwise",
            ),
        ),
        Claim(
            "unstable",
            "3.4, C.4",
            "Training leads compiled networks away from the exact solution.",
            ("pointer_accuracy", "distance"),
            (
                "table-14/bfs-4-exact-0.001",
                "table-14/bfs-4-exact-0.0001",
                "table-14/bellman-ford-4-exact-0.001",
                "table-14/bellman-ford-4-exact-0.0001",
                "stability/bfs-0.1",
                "stability/bfs-1",
                "stability/bellman-ford-0.1",
                "stability/bellman-ford-1",
            ),
        ),
        Claim(
            "data-order",
            "3.4, C.4",
            "How far, and how well they end, depends on the order of the data.",
            ("pointer_accuracy", "distance"),
            ("table-14/bfs-4-8-0.001", "table-14/bellman-ford-4-8-0.001"),
        ),
        Claim(
            "dfs-minimum",
            "3.4",
            "DFS in particular has an attractive minimum that leads to the suboptimal "
            "solution; C.7 says that nothing strong can be concluded.",
            ("landscape",),
            ("table-1/dfs", "table-1/bfs", "table-1/bellman-ford"),
        ),
        Claim(
            "expressible-dfs",
            "1.1",
            "Whether the network can express DFS at all is left open: the gap between "
            "what it can express and what training finds is not shown for DFS.",
            ("pointer_accuracy", "trace", "distance"),
            (
                "trainability/dfs-scratch-32",
                "trainability/dfs-8192-0",
                "trainability/dfs-8192-0.01",
                "trainability/bfs-8192-0.01",
                "trainability/bellman-ford-8192-0.01",
            ),
        ),
        Claim(
            "flatter-bellman-ford",
            "C.7",
            "The learned Bellman-Ford lies in a flatter place than the compiled one.",
            ("landscape",),
            ("table-12/both-pairwise",),
        ),
        Claim(
            "flat-bfs",
            "C.7",
            "The learned BFS lies in an extremely flat minimum; the compiled one does "
            "not.",
            ("landscape",),
            ("table-11/bias-pairwise",),
        ),
        Claim(
            "decoders-compute",
            "2.2, 2.3",
            "A surprising amount of the computation happens in the decoders.",
            _ACCURACY,
            (
                "decoders/bfs-without-hidden",
                "decoders/bfs-without-edge",
                "decoders/bellman-ford-without-hidden",
                "decoders/bellman-ford-without-edge",
            ),
        ),
        Claim(
            "edge-information",
            "C.1",
            "Edge information makes good solutions more common, the best no better.",
            _ACCURACY,
            ("table-10/default", "table-10/edge-info", "table-10/edge-info-first"),
        ),
        Claim(
            "bias-aligned",
            "C.1",
            "Learned bias matrices act along rows or columns only, unlike the compiled "
            "one, which needs its diagonal.",
            ("bias",),
            (
                "table-11/bias-pairwise",
                "table-12/both-pairwise",
                "table-13/bfs-bias-pairwise",
            ),
        ),
        Claim(
            "bias-insignificant",
            "C.1",
            "On one size a bias changes nothing that matters.",
            _ACCURACY,
            _both_decoders("table-11/default", "table-11/bias"),
        ),
        Claim(
            "as-capable",
            "C.1",
            "With both modifications Bellman-Ford is learned at least as well.",
            _ACCURACY,
            _both_decoders("table-12/default", "table-12/both"),
        ),
        Claim(
            "lucky-minimal",
            "C.3",
            "Among many minimal networks some are very good.",
            _ACCURACY,
            (
                "table-13/bfs",
                *_both_decoders("table-13/bfs-bias"),
                "table-13/bellman-ford",
            ),
        ),
        Claim(
            "minimal-modified",
            "C.3",
            "The modifications matter more for minimal networks.",
            _ACCURACY,
            (
                "table-13/bellman-ford",
                *_both_decoders("table-13/bellman-ford-modified"),
                "table-13/bfs",
                *_both_decoders("table-13/bfs-bias"),
            ),
        ),
    )
}
