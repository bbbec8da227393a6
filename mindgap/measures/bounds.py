"""What no network of this kind can show, whatever its weights: certificates.

What is predicted of an edge is read from a sum: a term of each of its two nodes, which
may depend on the whole graph in any way, and the edge's own inputs times coefficients
that are the network's (CLRS, Eq. 11; dm-clrs `decoders.py`). So the targets of a few
graphs give linear inequalities, one for each edge and each class that is not its own.
If multiples of some of them add up to 0 > 0, no network has these targets. The
multiples are whole numbers here, and the sum is checked without rounding.
"""

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from mindgap.extras import require


class Edges(NamedTuple):
    """What a network has to say of the edges of one graph."""

    classes: Int[np.ndarray, "N N"]
    """The class of each edge from 0 on; -1 where nothing is asked."""
    inputs: Float[np.ndarray, "N N F"]
    """What the readout sees of an edge itself."""


class Entry(NamedTuple):
    """One inequality of a contradiction: this edge's class must score above another."""

    graph: int
    edge: tuple[int, int]
    own: int
    other: int
    times: int


def contradiction(graphs: Sequence[Edges]) -> list[Entry]:
    """Inequalities whose sum is 0 > 0; empty if sums of terms can tell the classes.

    Raises ArithmeticError if the solver does not decide, or finds multiples that are no
    whole numbers of a reasonable size.
    """
    require("run", "the search for contradictions", "scipy")
    from scipy.optimize import linprog

    wanted: list[tuple[int, tuple[int, int], int, int]] = []
    rows: list[dict[tuple, float]] = []
    number = max(int(g.classes.max()) for g in graphs) + 1
    for graph, (classes, _) in enumerate(graphs):
        for i, j in np.argwhere(classes >= 0).tolist():
            own = int(classes[i, j])
            for other in set(range(number)) - {own}:
                wanted.append((graph, (i, j), own, other))
                rows.append(_terms(graphs, graph, (i, j), own, other))
    if not rows:
        return []
    names = sorted({name for row in rows for name in row})
    place = {name: number for number, name in enumerate(names)}
    sums = np.zeros((len(names) + 1, len(rows)))
    sums[-1] = 1.0
    for column, row in enumerate(rows):
        for name, factor in row.items():
            sums[place[name], column] = factor
    total = np.zeros(len(names) + 1)
    total[-1] = 1.0
    # few entries, and those of the first edges, where several contradictions exist
    found = linprog(np.arange(len(rows)), A_eq=sums, b_eq=total, method="highs-ds")
    if found.status == 2:  # no multiples: sums of terms can tell the classes
        return []
    if not found.success:
        raise ArithmeticError(f"not decided: {found.message}")
    return _whole(wanted, rows, found.x)


def _terms(
    graphs: Sequence[Edges], graph: int, edge: tuple[int, int], own: int, other: int
) -> dict[tuple, float]:
    """The sum that must be above 0, as factors of what a network may choose."""
    i, j = edge
    terms: dict[tuple, float] = {}
    for kind, sign in ((own, 1.0), (other, -1.0)):
        terms["from", graph, i, kind] = sign
        terms["to", graph, j, kind] = sign
        terms["constant", 0, 0, kind] = sign
        for number, value in enumerate(graphs[graph].inputs[i, j]):
            if value:
                terms["input", 0, number, kind] = sign * float(value)
    return terms


def _whole(
    wanted: list[tuple[int, tuple[int, int], int, int]],
    rows: list[dict[tuple, float]],
    times: Float[np.ndarray, "rows"],
) -> list[Entry]:
    """The entries with whole multiples, after the sum was found to be 0 exactly."""
    used = np.flatnonzero(times > 1e-9)
    shares = [
        Fraction(times[n] / times[used].max()).limit_denominator(64) for n in used
    ]
    common = math.lcm(*(share.denominator for share in shares))
    entries = [
        Entry(*wanted[n], int(share * common))
        for n, share in zip(used, shares, strict=True)
    ]
    left: dict[tuple, Fraction] = {}
    for n, entry in zip(used, entries, strict=True):
        for name, factor in rows[n].items():
            left[name] = left.get(name, Fraction(0)) + entry.times * Fraction(factor)
    if any(left.values()):
        raise ArithmeticError(
            f"the multiples {[str(s) for s in shares]} of {len(used)} inequalities add "
            "up to 0 only nearly: give edge inputs that are small whole numbers"
        )
    return entries


def rectangle(
    numbers: Float[np.ndarray, "N N"], inputs: Float[np.ndarray, "N N F"]
) -> tuple[tuple[int, int], tuple[int, int], float]:
    """Nodes i, k and j, m, and (i, j) + (k, m) less (i, m) and (k, j).

    A number that is read as a sum of node terms and of the edge's inputs has no such
    difference where the four edges have the same inputs. The largest is given, of four
    different nodes; edges whose number is not finite are not asked.

    Raises ValueError if there is none.
    """
    best: tuple[tuple[int, int], tuple[int, int], float] | None = None
    for i, k, j, m in itertools.permutations(range(len(numbers)), 4):
        if i > k or j > m:
            continue
        corners = inputs[[i, k, i, k], [j, m, m, j]]
        apart = numbers[i, j] + numbers[k, m] - numbers[i, m] - numbers[k, j]
        same = (corners == corners[0]).all()
        if same and np.isfinite(apart) and (best is None or abs(apart) > abs(best[2])):
            best = (i, k), (j, m), float(apart)
    if best is None or not best[2]:
        raise ValueError(
            f"no rectangle in {len(numbers)} x {len(numbers)} numbers: a sum of terms "
            "of nodes can show them"
        )
    return best


def pieces(gap: float) -> int:
    """The fewest straight pieces between x y = 1/4 - gap and 1/4 + gap, 1/2 <= x <= 1.

    A network whose attention selects decides by linear inequalities, so that what it
    decides about a product x y has straight borders. A piece from x to r x with both
    ends on the lower curve comes up to (r - 1)^2 / (4 r) of the lower product above it.

    Raises ValueError unless the gap is in (0, 1/4).
    """
    if not 0 < gap < 0.25:
        raise ValueError(f"gap is {gap!r}, but must be above 0 and below 1/4")
    most = 8 * gap / (0.25 - gap)  # (r - 1)^2 / r
    ratio = 1 + most / 2 + math.sqrt(most + most**2 / 4)
    return math.ceil(math.log(2) / math.log(ratio))
