"""What is stored of an update's parts, in programs of several selections.

A part is one coordinate before its ReLU: a sum, under a test

    value - M * (number of literals that fail), and for same(selected, self)
    1 + F * (selected - self) - 2 F * (number of literals that fail)

where the selected is known not to lie after oneself: 1 or, if it lies before, negative
(and the other way round for the greatest index). A literal that is negated adds no
constant where it holds, so that beside it nothing of the value is rounded away.
"""

import math

from mindgap.compiler.layout import CannotCompile, Layout, as_sum, interval
from mindgap.compiler.selector import OTHER_INDEX
from mindgap.language.expressions import Same
from mindgap.language.normal_forms import (
    Affine,
    Condition,
    Field,
    Gated,
    Literal,
    Part,
    difference,
    fields_of,
    looked_at,
)
from mindgap.language.program import GraphProgram

WEIGHT = Field("edge", "weight")
FINEST = 2.0**20
"""How finely an update tells two nodes apart, at most: float32 resolves no more."""


def fine(sharpness: float) -> float:
    """How finely an update tells two nodes apart: 1 / fine, or more."""
    return min(FINEST, max(1.0, sharpness / 8))


def own_key(program: GraphProgram, key: Affine) -> dict[Field, float]:
    """What of a key differs from node to node: the index, numbers, weights."""
    return {
        field: factor
        for field, factor in key.terms.items()
        if field == OTHER_INDEX
        or field == WEIGHT
        or (field.role == "other" and program.components.get(field.name) == "float")
    }


def stored(layout: Layout, part: Part, sharpness: float) -> Affine:
    """What is stored of a part of an update, before its ReLU.

    Raises CannotCompile for a number that can be negative, or a test that is not exact.
    """
    program = layout.program
    if isinstance(part, Condition) and part.comparisons:
        return _identity(program, part, fine(sharpness))
    value, fails = (part, []) if isinstance(part, Affine) else (Affine({}, 1.0), [])
    if isinstance(part, Condition):
        return as_sum(part)
    if isinstance(part, Gated):
        value, fails = part.value, list(part.gate.literals)
        if part.gate.comparisons:
            raise CannotCompile(f"{program.name}, update: no comparison in when(...)")
    low, high = interval(program, value, layout.bounds)
    if low < 0:
        raise CannotCompile(
            f"{program.name}, update: {value} can be as low as {low:g}, but a ReLU "
            "keeps nothing below 0"
        )
    times = 2.0 ** math.ceil(math.log2(max(high, 0.5)))
    for literal in fails:
        value = value.plus(literal.affine, times).plus(Affine({}, -times))
    return value


def _identity(program: GraphProgram, part: Condition, scale: float) -> Affine:
    """A conjunction with same(selected.index, self.index)."""
    (role,) = looked_at(part)
    apart = difference(part.comparisons[0])
    wanted = {Field(role, "index"): 1.0, Field("self", "index"): -1.0}
    selection = program.selections[role]
    own = own_key(program, selection.key)
    if (
        len(part.comparisons) > 1
        or any(literal.positive for literal in part.literals)
        or apart.terms != wanted
        or set(own) != {OTHER_INDEX}
        or not _bounded(program, role, part.literals)
    ):
        raise CannotCompile(
            f"{program.name}, update: same(...) can be tested exactly only of the "
            f"selected node, {role}.index, and oneself, self.index, together with "
            "negated literals from which follows that one is not before the other"
        )
    side = selection.sign * selection.key.terms[OTHER_INDEX]
    total = Affine({}, 1.0).plus(apart, side * scale)
    for literal in part.literals:
        total = total.plus(Affine({literal.field: 1.0}), -2 * scale)
    return total


def _bounded(program: GraphProgram, role: str, literals: tuple[Literal, ...]) -> bool:
    """Whether the least index, of Max the greatest, is selected if the literals fail.

    Oneself is a candidate, so the selected key is not above one's own: of Min,
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


def reads_weights(program: GraphProgram) -> bool:
    """Whether an update of several selections reads the weight of an edge."""
    parts = (part for effect in program.effects.values() for part in effect)
    return any(
        f.name == "weight" and f.role != "edge" for p in parts for f in fields_of(p)
    )


def kept_exactly(program: GraphProgram, number: str) -> bool:
    """Whether a component is, in the network, bit for bit what the interpreter has.

    If it starts as 0, and each part of its update is a sum of at most two such numbers
    or weights, beside whose gates no constant is added and taken away again: on the
    side of a number, other's or one's own, all literals are negations of what starts
    as 0.
    """
    if program.beginnings[number] != Affine({}):
        return False
    for part in program.effects[number]:
        value = part.value if isinstance(part, Gated) else part
        if not isinstance(value, Affine) or value.constant or len(value.terms) > 2:
            return False
        numbers = {f for f in value.terms if f.name != "weight"}
        sides = {field.role for field in numbers}
        beside = [lit for lit in literals_of(part) if lit.field.role in sides]
        if (
            set(value.terms.values()) != {1.0}
            or {field.name for field in numbers} - {number}
            or any(
                lit.positive
                or program.beginnings.get(lit.field.name, Affine({})) != Affine({})
                for lit in beside
            )
        ):
            return False
    return True


def literals_of(part: Part) -> tuple[Literal, ...]:
    """The truth values that a part requires."""
    if isinstance(part, Affine):
        return ()
    return (part.gate if isinstance(part, Gated) else part).literals


def compares(part: Part) -> bool:
    """Whether a part tests whether a node selected itself."""
    return isinstance(part, Condition) and any(
        isinstance(test, Same) for test in part.comparisons
    )


def tests_identity(program: GraphProgram) -> bool:
    """Whether an update tests whether a node selected itself."""
    return any(compares(part) for effect in program.effects.values() for part in effect)
