"""The score of a selection that always finds a node: no default is needed.

The candidates are all nodes, or all neighbours; the node itself is one of them, so
nothing has to tell it from its neighbours:

    -K * key, less 2 K * range where there is no edge

The key is the index, or numbers, and whole multiples of truth values. Scores differ so
much that the softmax gives exactly 0 to all but the selected node: exp(-104) is 0 in
float32. Truth values then stay exactly 0 or 1 and references exactly positions (but for
one rounding beside a constant), however many steps there are.
"""

import math

from mindgap.compiler.limits import UNDERFLOW, UNIT, Margin
from mindgap.compiler.scores.base import Score, Setting, asked
from mindgap.compiler.static import (
    OTHER_INDEX,
    CannotCompile,
    interval,
    kept_exactly,
    literals_of,
    on_grid,
    own_key,
)
from mindgap.compiler.updates import fine
from mindgap.language.normal_forms import (
    Affine,
    Field,
    Literal,
    Part,
    fields_of,
    looked_at,
)
from mindgap.language.program import GraphProgram
from mindgap.language.selection import ADJACENT

TERMS = 8
"""A score is the sum of at most so many rounded numbers."""

WEIGHT = Field("edge", "weight")
_ZERO = Affine({})


def always(setting: Setting) -> Score:
    """The score of a selection without a default.

    Raises CannotCompile for another key, and where the network attends to neighbours
    only but every node is a candidate.
    """
    program, selection, sharpness = (
        setting.program,
        setting.selection,
        setting.sharpness,
    )
    key = Affine({}).plus(selection.key, float(selection.sign))
    near = ADJACENT in selection.mask.literals
    own, truths = own_key(program, key), _truths(program, key)
    indexed = set(own) == {OTHER_INDEX}
    known = indexed or (own and all(near or f.role == "other" for f in own))
    if (
        not known
        or len(own) + len(truths) < len(key.terms)
        or {abs(c) for c in own.values()} != {1.0}
    ):
        raise CannotCompile(
            f"{setting.place}: without a default the key must be other.index, or a sum "
            "of numbers of `other` and, among neighbours, the edge's weight, and whole "
            f"multiples of truth values of `other`:\n    {selection.made.key}"
        )
    if not near and setting.config.attend_to != "all":
        raise CannotCompile(
            f"{setting.place}: everyone is a candidate, but this network attends to "
            "neighbours only (attend_to='neighbours')"
        )
    low, high = interval(program, key, setting.bounds)
    reach = sharpness * (high - low)
    channels = [setting.channel("key", key.plus(Affine({}, -low)), sharpness)]
    if near:
        missing = Affine({ADJACENT.field: -1.0}, 1.0)
        channels.append(setting.channel("mask", missing, 2 * reach))
    size = reach * (3 if near else 1)
    setting.check_size(size)
    noise = TERMS * UNIT * size
    if indexed:
        gap = (UNDERFLOW + 2 * noise) / sharpness
        why = f"exp(-{UNDERFLOW:g}) is 0, beside rounding of scores of {size:.2g}"
        return _score(setting, channels, Margin(gap), why)
    # of whoever may be selected all penalties are exactly 0: only the key is rounded
    gap = max(UNDERFLOW / sharpness, 2 / fine(sharpness))
    read = [
        part
        for effect in program.effects.values()
        for part in effect
        if looked_at(part) == [setting.name]
    ]
    most = interval(program, Affine(own), setting.bounds)[1]
    # beside a key there are constants, of its shift and of what starts as no zero
    begun = [f for f in key.terms if program.beginnings.get(f.name, _ZERO) != _ZERO]
    value = setting.bounds.value
    offset = -low + 2 * sum(abs(key.terms[f]) * value for f in begun)
    numbers = [f.name for f in own if f.name in program.components]
    rounds = not all(
        kept_exactly(program, number) or on_grid(program, number, value)
        for number in numbers
    )
    margin = Margin(
        gap,
        relative=TERMS * UNIT,
        rounding=rounds * TERMS * UNIT,
        offset=offset + rounds * 8 * (value + setting.bounds.weight),
        unread_from=_unread(truths, setting.name, read, most),
        asked=asked(read),
    )
    why = f"exp(-{UNDERFLOW:g}) is 0; numbers are rounded with each step"
    return _score(setting, channels, margin, why)


def _score(setting: Setting, channels: list, margin: Margin, why: str) -> Score:
    apart, why_apart = setting.position_gap(margin.key_gap, "the gap of keys")
    reasons = {"key_gap": why, "position_gap": why_apart}
    return Score(channels, margin, apart, reasons)


def _truths(program: GraphProgram, key: Affine) -> dict[str, float]:
    """The truth values of `other` in a key, with whole factors."""
    return {
        field.name: factor
        for field, factor in key.terms.items()
        if field.role == "other"
        and not factor % 1
        and program.components.get(field.name) == "bool"
    }


def _unread(
    truths: dict[str, float], name: str, read: list[Part], most: float
) -> float:
    """The key from which on an update reads no more than why a node is selected.

    It exists if a truth value puts a key beyond all others (`most` and less), and every
    part of an update that reads more of the selected node requires that the truth value
    does not hold. Infinity if there is none.
    """
    for truth, factor in truths.items():
        no = Literal(Field(name, truth), False)
        if factor > most and all(
            no in literals_of(part)
            or {f for f in fields_of(part) if f.role == name} == {no.field}
            for part in read
        ):
            return factor
    return math.inf
