"""Every component as a sum of hidden coordinates, each the ReLU of a sum (App. A).

    component = constant + sum of sign * relu(form)

A cell is one such ReLU. What becomes a cell of each part of an update:

- A sum that is never negative is its own ReLU. One that is never positive is stored
  with the opposite sign. One that can be both takes two cells: x = relu(x) - relu(-x).
- A conjunction is relu(1 - the number of literals that fail).
- A disjunction is 1 - relu(1 - the number of literals that hold).
- A value under a test, when(test, value), is relu(value - M * number of literals that
  fail), with M a power of two above every value. A negated literal adds no constant
  where it holds, so that beside it nothing of the value is rounded away.
- A conjunction with same(selected, self) is relu(1 + F * (selected - self) - 2 F *
  number of literals that fail), where the selected node is known not to lie after the
  node itself: the difference is 0, or so negative that nothing is left (the other way
  round for the greatest index).

A node that selects itself by default reads 0 of the edge, but the network reads the
graph's self-loop there. So a sum that reads the edge is shut where the mask fails.
"""

import math
from collections.abc import Hashable
from typing import NamedTuple

from mindgap.compiler.static import (
    OTHER_INDEX,
    Bounds,
    CannotCompile,
    as_sum,
    default_can_be_shut,
    interval,
    is_whole,
    keeps,
    of_edge,
    own_key,
    range_of,
)
from mindgap.language.expressions import Less, Same
from mindgap.language.normal_forms import (
    EDGE,
    Affine,
    Condition,
    Field,
    Gated,
    Literal,
    Part,
    Rectified,
    looked_at,
)
from mindgap.language.program import GraphProgram

FINEST = 2.0**20
"""How finely an update tells two nodes apart, at most: float32 resolves no more."""


LARGEST_WEIGHT = 2.0
"""Edge weights may be so large (CLRS's reach 1.0005)."""


class Cell(NamedTuple):
    """One hidden coordinate: the ReLU of a sum, times 1 or -1 in its component."""

    form: Affine
    sign: float
    role: str
    """The selected node that the sum reads; "" for none."""
    key: Hashable
    """Equal for cells that hold the same, which share a coordinate."""

    def __str__(self) -> str:
        return f"{'-' if self.sign < 0 else ''}relu({self.form})"


class Sum(NamedTuple):
    """A component as the network has it: a constant and its cells."""

    constant: float
    cells: tuple[Cell, ...]

    def __str__(self) -> str:
        constant = [f"{self.constant:g}"] if self.constant or not self.cells else []
        return " + ".join([*constant, *map(str, self.cells)]).replace("+ -", "- ")


def fine(sharpness: float) -> float:
    """How finely an update tells two nodes apart: 1 / fine, or more."""
    return min(FINEST, max(1.0, sharpness / 8))


def sums(
    program: GraphProgram, bounds: Bounds, sharpness: float
) -> tuple[dict[str, Sum], bool]:
    """The cells of every component, and whether graphs may have self-loops.

    Raises CannotCompile, naming the component, for a test that is not exact.
    """
    found, self_loops = {}, True
    for name, effect in program.effects.items():
        constant, cells = 0.0, []
        for part in effect:
            shut, edge = None, of_edge(_plain(part))
            if edge and _selects_itself(program, part):
                shut = _shut(program, name, part)
                self_loops = self_loops and shut is not None
            if "adj" in edge and shut is None:
                raise CannotCompile(
                    f"{program.name}, update of `{name}`: reads edge.adj, which is 0 "
                    "from a node to itself, but in the network every node is its own "
                    f"neighbour:\n    {program.updates[name]}"
                )
            more, made = _cells(program, name, part, shut, bounds, sharpness)
            constant, cells = constant + more, [*cells, *made]
        found[name] = Sum(constant, tuple(cells))
    return found, self_loops


def rectified(
    form: Affine, low: float, high: float, key: Hashable, role: str = ""
) -> list[Cell]:
    """The cells that add up to a sum in [low, high]: two if it can have either sign."""
    cells = []
    if high > 0 or low >= 0:
        cells.append(Cell(form, 1.0, role, key))
    if low < 0:
        cells.append(Cell(Affine({}).plus(form, -1.0), -1.0, role, (key, -1.0)))
    return cells


def key_of(part: Part) -> Hashable:
    """Equal for parts that are the same."""
    if isinstance(part, Affine):
        return frozenset(part.terms.items()), part.constant
    if isinstance(part, Gated):
        return key_of(part.value), key_of(part.gate)
    if isinstance(part, Rectified):
        return key_of(part.value), part.factor, key_of(part.gate)
    tests = (
        (key_of(each.difference), type(each.test), each.positive)
        for each in part.comparisons
    )
    return part.every, frozenset(part.literals), frozenset(tests)


def _cells(
    program: GraphProgram,
    name: str,
    part: Part,
    shut: Affine | None,
    bounds: Bounds,
    sharpness: float,
) -> tuple[float, list[Cell]]:
    """The constant and the cells of one part; `shut` is added before each ReLU."""
    role = next(iter(looked_at(part)), "")
    if isinstance(part, Condition):
        if part.comparisons:
            return _comparison(program, name, part, role, bounds, fine(sharpness))
        if part.every:
            return 0.0, [Cell(as_sum(part), 1.0, role, key_of(part))]
        return 1.0, [Cell(as_sum(part), -1.0, role, key_of(part))]
    gate: tuple[Literal, ...] = ()
    value = part
    if isinstance(part, Gated | Rectified):
        value, gate = part.value, part.gate.literals
        if part.gate.comparisons:
            raise CannotCompile(
                f"{program.name}, update of `{name}`: a comparison as the test of "
                f"when(...) has no exact form; it can be a component of its own, which "
                f"is read one step later:\n    {program.updates[name]}"
            )
    assert isinstance(value, Affine)
    low, high = _range(program, name, part, value, bounds)

    def closed(form: Affine, most: float) -> Affine:
        form = _gated(form, gate, most)
        return form if shut is None else form.plus(shut)

    if isinstance(part, Rectified):
        # what is below 0 is meant to be lost
        size, sign = abs(part.factor), math.copysign(1.0, part.factor)
        form = closed(Affine({}).plus(value, size), size * high)
        return 0.0, [Cell(form, sign, role, key_of(part))]
    most = {1.0: high, -1.0: -low}
    return 0.0, [
        cell._replace(form=closed(cell.form, most[cell.sign]))
        for cell in rectified(value, low, high, key_of(part), role)
    ]


def _gated(form: Affine, gate: tuple[Literal, ...], most: float) -> Affine:
    """The sum, less a power of two above it for each literal that fails."""
    times = 2.0 ** math.ceil(math.log2(max(most, 0.5)))
    for literal in gate:
        form = form.plus(literal.affine, times).plus(Affine({}, -times))
    return form


def _comparison(
    program: GraphProgram,
    name: str,
    part: Condition,
    role: str,
    bounds: Bounds,
    scale: float,
) -> tuple[float, list[Cell]]:
    """The constant and the cells of a test with a comparison.

    Of whole numbers, `d > 0` is relu(d) - relu(d - 1), exactly, beside literals as
    gates. A disjunction is 1 less the conjunction of its negations.
    """
    if not part.every:
        negated = Condition(
            True,
            tuple(Literal(field, not positive) for field, positive in part.literals),
            tuple(
                each._replace(positive=not each.positive) for each in part.comparisons
            ),
        )
        _, cells = _comparison(program, name, negated, role, bounds, scale)
        return 1.0, [cell._replace(sign=-cell.sign) for cell in cells]
    (compared, *more) = part.comparisons
    apart = compared.difference
    if more or not is_whole(program, apart):
        form = _identity(program, name, part, scale)
        return 0.0, [Cell(form, 1.0, role, key_of(part))]
    back = Affine({}).plus(apart, -1.0)
    one = Affine({}, 1.0)
    # how often a step counts, and the sum above 0 of which it is 1, else 0
    steps: list[tuple[float, Affine]]
    if isinstance(compared.test, Less):
        steps = [(1.0, back if compared.positive else apart.plus(one))]
    elif compared.positive:
        steps = [(1.0, one), (-1.0, apart), (-1.0, back)]
    else:
        steps = [(1.0, apart), (1.0, back)]
    cells = []
    for number, (sign, form) in enumerate(steps):
        for lower, turn in ((0.0, 1.0), (1.0, -1.0)):
            lowered = form.plus(Affine({}, -lower))
            high = interval(program, lowered, bounds)[1]
            if high <= 0:
                continue
            gated = _gated(lowered, part.literals, high)
            key = (key_of(part), number, lower)
            cells.append(Cell(gated, sign * turn, role, key))
    return 0.0, cells


def _range(
    program: GraphProgram, name: str, part: Part, value: Affine, bounds: Bounds
) -> tuple[float, float]:
    """The values of a plain part, or of what stands under a test."""
    low, high = interval(program, value, bounds)
    if part is value:
        low, _ = range_of(program, part, bounds)
        if program.components[name] == "node" and len(program.effects[name]) == 1:
            low = max(low, 0.0)  # a node and differences of nodes: it stays a position
    return low, high


def _plain(part: Part) -> Affine:
    """The sum in a part; without terms for a test."""
    if isinstance(part, Gated | Rectified):
        return part.value
    return part if isinstance(part, Affine) else as_sum(part._replace(comparisons=()))


def _selects_itself(program: GraphProgram, part: Part) -> bool:
    """Whether the selected node that a part reads is oneself by default."""
    return any(program.selections[role].others for role in looked_at(part))


def _shut(program: GraphProgram, name: str, part: Part) -> Affine | None:
    """Minus the most that an edge adds for every literal of the mask that fails.

    So 0 where a candidate is selected. None if the component is not known to be 0 where
    none is: then graphs must have no self-loops.
    """
    if isinstance(part, Gated | Rectified) and _is_never_itself(part.gate):
        return Affine({})
    if not default_can_be_shut(program, name):
        return None
    failed = Affine({})
    (role,) = looked_at(part)
    for literal in program.selections[role].mask.literals:
        if literal.field.name not in EDGE:
            seen = _of_selected(literal, role)
            failed = failed.plus(Affine({}, 1.0)).plus(seen.affine, -1.0)
    weight = max(1.0, sum(map(abs, of_edge(_plain(part)).values())))
    return Affine({}).plus(failed, -LARGEST_WEIGHT * weight)


def _of_selected(literal: Literal, role: str) -> Literal:
    """A literal of a mask, with `other` by the name of the selected node."""
    if literal.field.role != "other":
        return literal
    return Literal(Field(role, literal.field.name), literal.positive)


def _is_never_itself(gate: Condition) -> bool:
    """Whether a test fails wherever the selected node is the node itself."""
    own = {
        Literal(Field("self", field.name), positive)
        for field, positive in gate.literals
        if field.name != "s"
    }
    return any(Literal(field, not positive) in own for field, positive in own)


def _identity(
    program: GraphProgram, name: str, part: Condition, scale: float
) -> Affine:
    """The sum whose ReLU is a conjunction with same(selected.index, self.index)."""
    place = f"{program.name}, update of `{name}`"
    roles, compared = looked_at(part), part.comparisons[0]
    apart = compared.difference
    wanted = {Field(role, "index"): 1.0 for role in roles}
    wanted[Field("self", "index")] = -1.0
    reversed_ = {field: -factor for field, factor in wanted.items()}
    if apart.terms == reversed_:
        apart = Affine({}).plus(apart, -1.0)
    selection = program.selections[roles[0]] if len(roles) == 1 else None
    if (
        selection is None
        or not isinstance(compared.test, Same)
        or not compared.positive
        or len(part.comparisons) > 1
        or any(literal.positive for literal in part.literals)
        or apart.terms != wanted
        or set(own_key(program, selection.key)) != {OTHER_INDEX}
        or not _bounded(program, roles[0], part.literals)
    ):
        raise CannotCompile(
            f"{place}: a comparison can be tested exactly only of whole numbers (a "
            "count of truth values and steps); of nodes, only whether the selected "
            "node's index is self.index, together with negated literals from which "
            "follows that one is not before the other. Others can stand in the mask of "
            "a selection with default=self:\n"
            f"    {program.updates[name]}"
        )
    for field in (literal.field for literal in part.literals):
        if _is_complement(program, field.name):
            raise CannotCompile(
                f"{place}: besides the comparison of nodes, {field.name} cannot be "
                "tested, which a disjunction updates: it is stored as what is left of "
                "1, and that rounds what stands beside it; write `a | b` as "
                f"`a + (~a & b)`:\n    {program.updates[name]}"
            )
        if not _clean(program, field, part.literals):
            raise CannotCompile(
                f"{place}: besides the comparison of nodes, only truth values that "
                f"start as 0 can be tested, and {field.name} starts as "
                f"{program.beginnings[field.name]}; a second one that starts as 0 and "
                f"is updated alike can be:\n    {program.updates[name]}"
            )
    side = selection.sign * selection.key.terms[OTHER_INDEX]
    total = Affine({}, 1.0).plus(apart, side * scale)
    for literal in part.literals:
        total = total.plus(Affine({literal.field: 1.0}), -2 * scale)
    return total


def _clean(program: GraphProgram, field: Field, beside: tuple[Literal, ...]) -> bool:
    """Whether a truth value rounds nothing in a sum where it must be false.

    What is not 0 at the start is added to a sum and, after the first step, taken back;
    in float32 that rounds what stands beside it. It does no harm at nodes where one of
    the truth values that must be false starts the same, and holds for ever.
    """
    start = program.beginnings.get(field.name, Affine({}))
    if start == Affine({}) or keeps(program, field.name):
        return True
    alike = {lit.field.name for lit in beside} & program.components.keys()
    return any(
        program.beginnings[name] == start
        and Condition(True, (Literal(Field("self", name), True),))
        in program.effects[name]
        for name in alike
    )


def _is_complement(program: GraphProgram, name: str) -> bool:
    """Whether a component is stored as 1 less what is computed of it."""
    return any(
        isinstance(part, Condition) and not part.every
        for part in program.effects.get(name, ())
    )


def _bounded(program: GraphProgram, role: str, literals: tuple[Literal, ...]) -> bool:
    """Whether the least index, of Max the greatest, is selected if the literals fail.

    The node itself is a candidate, so the selected key is not above its own: of Min,
    selected.index - self.index <= sum of c * (self.truth - selected.truth).
    """
    selection = program.selections[role]
    if selection.made.default is not None:
        return False
    false = {(literal.field.role, literal.field.name) for literal in literals}
    most = 0.0
    for field, factor in selection.key.terms.items():
        if field not in own_key(program, selection.key):
            signed = selection.sign * factor
            mine = 0.0 if ("self", field.name) in false else max(0.0, signed)
            theirs = 0.0 if (role, field.name) in false else max(0.0, -signed)
            most += mine + theirs
    return most == 0.0


def tests_identity(program: GraphProgram) -> bool:
    """Whether an update tests whether a node selected itself."""
    return any(
        isinstance(part, Condition)
        and any(
            isinstance(each.test, Same) and not is_whole(program, each.difference)
            for each in part.comparisons
        )
        for effect in program.effects.values()
        for part in effect
    )
