"""Claims of sections 3.4 and 5 and of the appendices, as in `statements`."""

import numpy as np

from mindgap import network, verification
from mindgap.evidence import SPOKEN, Evidence, Judge, Statement, more, plain
from mindgap.experiments import find
from mindgap.experiments.base import TEST_16
from mindgap.programs import PROGRAMS

SIZES = (16,)
"""Of the graphs that certificates are made on here; chapters have more."""


def _expressible(see: Evidence) -> list[Statement]:
    exact = [
        plain(f"compiled {SPOKEN[p]}: right in everything > 99.999 %",
              see.exact(p, SIZES, 20), 99.999)
        for p in ("bfs", "bellman_ford")
    ]  # fmt: skip
    says = "no graph with equally short paths must be refused (0.5 > refused)"
    return [*exact, plain(says, 0.5, _refused_tie())]


def _refused_tie() -> int:
    """1 if the compiled network refuses a graph in which 0-1 is as long as 0-2-1."""
    bellman_ford = PROGRAMS["bellman_ford"]
    weights, source = np.zeros((1, 5, 5), np.float32), np.eye(5, dtype=np.float32)[:1]
    ways = ((0, 1, 0.5), (0, 2, 0.25), (2, 1, 0.25), (1, 3, 0.3), (3, 4, 0.2))
    for i, j, length in ways:
        weights[0, i, j] = weights[0, j, i] = length
    assert bellman_ford.task
    graphs = bellman_ford.task.run(weights, source).trimmed()
    refusals = verification.suited(bellman_ford, 5).refusals(graphs)
    return sum(refusal is not None for refusal in refusals)


def _five_hundred(see: Evidence) -> list[Statement]:
    found = []
    for name in ("bfs", "bellman_ford"):
        made = verification.suited(PROGRAMS[name], 16)
        (row,) = find("table-13/" + name.replace("_", "-"))
        size = network.count(row.task, made.config)
        bare = network.count(row.task, row.model)
        task, right = SPOKEN[name], see.exact(name, SIZES, 20)
        hidden = made.config.hidden_size
        found += [
            plain(f"compiled {task}, hidden size {hidden}: right > 99.999 %",
                  right, 99.999),
            plain(f"600 > parameters of the unmodified network, {task}", 600, bare),
            plain(f"600 > with what compiling uses, n = 16, {task}", 600, size, False),
        ]  # fmt: skip
    return found


def _unstable(see: Evidence) -> list[Statement]:
    found = []
    for name in ("bfs", "bellman-ford"):
        for rate in ("0.001", "0.0001"):
            row = f"table-14/{name}-4-exact-{rate}"
            found.append(
                more(f"{SPOKEN[name]}, exact, rate {rate}: start > last + 5 points",
                     see.scores(row, None, "start"), see.scores(row), 5)
            )  # fmt: skip
        row = f"table-14/{name}-4-8-0.0001"
        found.append(
            more(f"{SPOKEN[name]}, soft selections: start > last + 5 points",
                 see.scores(row, None, "start"), see.scores(row), 5, decides=False)
        )  # fmt: skip
    return found


def _data_order(see: Evidence) -> list[Statement]:
    found = []
    for name in ("bfs", "bellman-ford"):
        for soft in ("exact", "8"):
            scores = see.scores(f"table-14/{name}-4-{soft}-0.001")
            spread = float(scores.std(ddof=1)) if len(scores) > 1 else np.nan
            says = f"{SPOKEN[name]}, sharpness {soft}: std over orders > 5 points"
            found.append(plain(says, spread, 5))
    return found


def _dfs_minimum(see: Evidence) -> list[Statement]:
    def rising(name: str) -> float:
        rises = see.rises((f"table-1/{name}",))
        return 100 * (rises > 0).mean() if len(rises) else np.nan

    others = np.max([rising("bfs"), rising("bellman-ford")])  # NaN if one is
    return [
        plain("loss rises along > 95 % of random directions from learned DFS",
              rising("dfs"), 95),
        plain("50 > best score of learned DFS, 64 nodes", 50, see.best("table-1/dfs")),
        plain("in particular: 95 % > the same from learned BFS and Bellman-Ford",
              95, others),
    ]  # fmt: skip


def _expressible_dfs(see: Evidence) -> list[Statement]:
    scratch = "trainability/dfs-scratch-32"
    return [
        plain("compiled DFS: right in everything > 99.999 %",
              see.exact("dfs", SIZES, 5), 99.999),
        plain("50 > best seed from scratch in that network", 50, see.best(scratch)),
        more("compiled > continued from it + 50 points",
             100.0, see.scores("trainability/dfs-8192-0.01"), 50, decides=False),
    ]  # fmt: skip


def _flatter(see: Evidence, program: str) -> list[Statement]:
    """By the loss nearby, of networks with both modifications on 16 nodes."""
    rows = {
        "bfs": ("table-11/bias-pairwise", "table-13/bfs-bias-pairwise"),
        "bellman_ford": (
            "table-12/both-pairwise",
            "table-13/bellman-ford-modified-pairwise",
        ),
    }[program]
    learned = see.rises(rows)
    found = []
    for kind, soft in (("exact", False), ("soft", True)):
        pair = see.rises(rows, program, soft=soft), learned
        logs = [np.log10(np.median(s)) if len(s) else np.nan for s in pair]
        says = f"{SPOKEN[program]}, {kind}: log10 of the loss's rise nearby, "
        says += "compiled > learned"
        found.append(plain(says, *logs, decides=not soft))
    return found


def _edge_information(see: Evidence) -> list[Statement]:
    without, edge = "table-10/default", "table-10/edge-info"
    spread = [float(np.std(see.scores(n), ddof=1)) if len(see.scores(n)) > 1 else np.nan
              for n in (without, edge)]  # fmt: skip
    return [
        more("mean with edge information > without",
             see.scores(edge), see.scores(without)),
        plain("1 point > gain of the best seed",
              1, see.best(edge) - see.best(without)),
        plain("std without > 1.5 times std with", spread[0], 1.5 * spread[1]),
        more("mean with the authors' first form > without",
             see.scores("table-10/edge-info-first"), see.scores(without),
             decides=False),
    ]  # fmt: skip


def _bias_aligned(see: Evidence) -> list[Statement]:
    found = []
    for row in ("table-11/bias-pairwise", "table-12/both-pairwise",
                "table-13/bfs-bias-pairwise"):  # fmt: skip
        parts = [see.measured(row, f"bias/{part}") for part in ("receiver", "sender")]
        says = f"{row}: rows and columns have > 50 % of the variance"
        found.append(more(says, parts[0] + parts[1], 50.0))
    return found


def _bias_insignificant(see: Evidence) -> list[Statement]:
    rows = [f"table-11/{kind}-pairwise" for kind in ("default", "bias")]
    without, bias = (see.scores(row) for row in rows)
    return [
        more("BFS on 16 nodes: with > without - 1 point", bias, without, -1),
        more("BFS on 16 nodes: without > with - 1 point", without, bias, -1),
    ]


def _as_capable(see: Evidence) -> list[Statement]:
    both, neither = (
        see.scores(f"table-12/{kind}-pairwise") for kind in ("both", "default")
    )
    return [
        more("both modifications > neither - 0.5 points", both, neither, -0.5),
        more("both modifications > neither", both, neither, decides=False),
    ]


def _lucky(see: Evidence) -> list[Statement]:
    best = {
        row: see.best(f"table-13/{row}")
        for row in ("bfs", "bfs-bias-pairwise", "bellman-ford")
    }
    return [
        plain(f"best minimal network, {row} > 95", value, 95, row != "bellman-ford")
        for row, value in best.items()
    ]


def _minimal_modified(see: Evidence) -> list[Statement]:
    found = []
    for name, small, large in (
        ("Bellman-Ford", ("bellman-ford-modified-pairwise", "bellman-ford"),
         ("table-12/both-pairwise", "table-12/default-pairwise")),
        ("BFS", ("bfs-bias-pairwise", "bfs"),
         ("table-11/bias-pairwise", "table-11/default-pairwise")),
    ):  # fmt: skip
        pairs = [
            [see.scores(f"table-13/{row}", TEST_16) for row in small],
            [see.scores(row) for row in large],
        ]
        gains = [more("", one, other) for one, other in pairs]
        found.append(
            Statement(
                f"{name}, same 16-node graphs: gain at hidden size 4 > at 128",
                *(gain.left - gain.right for gain in gains),
                error=sum(gain.error**2 for gain in gains) ** 0.5,
                seeds=tuple(n for gain in gains for n in gain.seeds),
            )
        )
    return found


JUDGES: dict[str, Judge] = {
    "expressible": _expressible,
    "five-hundred-parameters": _five_hundred,
    "unstable": _unstable,
    "data-order": _data_order,
    "dfs-minimum": _dfs_minimum,
    "expressible-dfs": _expressible_dfs,
    "edge-information": _edge_information,
    "bias-aligned": _bias_aligned,
    "bias-insignificant": _bias_insignificant,
    "as-capable": _as_capable,
    "lucky-minimal": _lucky,
    "minimal-modified": _minimal_modified,
    "flatter-bellman-ford": lambda see: _flatter(see, "bellman_ford"),
    "flat-bfs": lambda see: _flatter(see, "bfs"),
}
