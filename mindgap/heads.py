"""Several selections in one step, a head each (for DFS; not in the paper).

Here a node may select itself, so nothing has to tell it from its neighbours:

    edge.adj, everyone   -K * key, less 2 K * range without an edge
    same, else nobody    -K |reference - position| of those who satisfy the mask's
                         literals, -S of all others: a match gets about 0, and where
                         there is none the others share the attention, whose fields
                         that the update may read are 0

Scores differ so much that the softmax gives exactly 0 to all but the selected: then
truth values stay exactly 0 or 1 and references exactly positions (but for a rounding
beside a constant, once), however many steps there are. A part of an update is

    value - M * (number of literals that fail), and for same(selected, self)
    1 + F * (selected - self) - 2 F * (number of literals that fail)

where the selected is known not to lie after oneself: 1 or, if it lies before, negative
(and the other way round for the greatest index).
"""

import math

from mindgap.attention import NO_EDGE
from mindgap.expressions import Same
from mindgap.forms import (
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
from mindgap.layout import CannotCompile, Layout, as_sum, interval
from mindgap.limits import UNIT, Margin
from mindgap.network import ModelConfig
from mindgap.program import GraphProgram
from mindgap.selection import ADJACENT, Selection, nobody
from mindgap.selector import OTHER_INDEX, Channel, Selector, rectified

UNDERFLOW = 104.0
"""exp(-104) is 0 in float32."""

FINEST = 2.0**20
"""How finely an update tells two nodes apart, at most: float32 resolves no more."""

TERMS = 8
"""A score is the sum of at most so many rounded numbers."""


def selectors(
    program: GraphProgram, layout: Layout, config: ModelConfig, sharpness: float
) -> list[Selector]:
    """The scores of all selections, a head each. `sharpness` is K.

    Raises CannotCompile if a selection cannot be made in this network.
    """
    found = []
    for name, selection in program.selections.items():
        make = _matching if selection.made.default is nobody else _least
        place = f"{program.name}, select {name}"
        selector = make(program, selection, layout, config, sharpness, place)
        room = config.hidden_size // config.heads
        if len(selector.channels) > room:
            raise CannotCompile(
                f"{place}: its score needs {len(selector.channels)} channels, "
                f"hidden_size {config.hidden_size} with {config.heads} heads has {room}"
            )
        found.append(selector)
    return found


def _least(
    program: GraphProgram,
    selection: Selection,
    layout: Layout,
    config: ModelConfig,
    sharpness: float,
    place: str,
) -> Selector:
    """Of neighbours, oneself among them, or of all nodes."""
    key = Affine({}).plus(selection.key, float(selection.sign))
    whole = {f: c for f, c in key.terms.items() if f != OTHER_INDEX}
    tied = key.terms.get(OTHER_INDEX) not in (1.0, -1.0) or any(
        f.role != "other" or c % 1 or program.components.get(f.name) != "bool"
        for f, c in whole.items()
    )
    if selection.others or tied:
        raise CannotCompile(
            f"{place}: among several selections the key must be other.index and whole "
            f"multiples of truth values of `other`, and the default nobody or none:\n"
            f"    {selection.made.key}"
        )
    near = ADJACENT in selection.mask.literals
    if not near and config.attend_to != "all":
        raise CannotCompile(
            f"{place}: everyone is a candidate, but this network attends to neighbours "
            "only (attend_to='neighbours')"
        )
    low, high = interval(program, key, layout.bounds)
    reach = sharpness * (high - low)
    form = key.plus(Affine({}, -low))
    channels = [Channel("key", layout.reading(form).times(sharpness), -1.0)]
    if near:
        missing = Affine({ADJACENT.field: -1.0}, 1.0)
        channels.append(Channel("mask", layout.reading(missing).times(2 * reach), -1.0))
    size = reach * (3 if near else 1)
    _check_size(config, size, place)
    noise = TERMS * UNIT * size
    return _selector(channels, (UNDERFLOW + 2 * noise) / sharpness, sharpness)


def _matching(
    program: GraphProgram,
    selection: Selection,
    layout: Layout,
    config: ModelConfig,
    sharpness: float,
    place: str,
) -> Selector:
    """Whose reference names oneself, else nobody."""
    mask = selection.mask
    test = difference(mask.comparisons[0]) if len(mask.comparisons) == 1 else Affine({})
    sides = {field.role: c for field, c in test.terms.items()}
    kinds = {layout.program.components.get(f.name, "node") for f in test.terms}
    held = [literal.field.name for literal in mask.literals]
    if (
        sorted(sides) != ["other", "self"]
        or kinds != {"node"}
        or len(held) != 1
        or not mask.literals[0].positive
        or mask.literals[0].field.role != "other"
    ):
        raise CannotCompile(
            f"{place}: with nobody as the default the mask must be one truth value of "
            f"`other` and one same(other..., self...):\n    {selection.made.where}"
        )
    name = next(n for n, s in program.selections.items() if s is selection)
    for component, effect in program.effects.items():
        for part in effect:
            if looked_at(part) == [name] and not _safe(program, part, name, held[0]):
                raise CannotCompile(
                    f"{program.name}, update of `{component}`: {name} may be nobody, "
                    f"of whom only truth values can be read, or more where "
                    f"{name}.{held[0]} or one that it follows from holds:\n"
                    f"    {program.updates[component]}"
                )
    idle = Affine({}, 1.0).plus(mask.literals[0].affine, -1.0)
    size = 4 * sharpness
    _check_size(config, 2 * size, place)
    noise = TERMS * UNIT * size
    enough = UNDERFLOW + 2 * noise
    # a soft network keeps nobody between a match and the next of some 64 nodes
    nobodys = min(enough, sharpness / 128)
    channels = []
    for sign, name in ((1.0, "after"), (-1.0, "before")):
        form = Affine({}).plus(test, sign).plus(idle, -2.0)
        channels += rectified(name, layout.reading(form).times(sharpness), -1.0)
    channels.append(Channel("nobody", layout.reading(idle).times(nobodys), -1.0))
    gap = (nobodys + UNDERFLOW + 2 * noise) / sharpness
    found = _selector(channels, gap, sharpness, alone=held[0])
    return found._replace(separated=nobodys == enough)


def _safe(program: GraphProgram, part: Part, role: str, held: str) -> bool:
    """Whether a part reads 0 off those who have no token, or nothing but truth values.

    That these truth values are 0 there is seen by running the program (see `limits`).
    """
    truths = {n for n, sort in program.components.items() if sort == "bool"}
    read = {field.name for field in fields_of(part) if field.role == role}
    if read <= truths:
        return True
    gate = part.gate if isinstance(part, Gated) else None
    return gate is not None and any(
        literal.positive and literal.field.role == role and literal.field.name in truths
        for literal in gate.literals
    )


def fine(sharpness: float) -> float:
    """How finely an update tells two nodes apart: 1 / fine, or more."""
    return min(FINEST, max(1.0, sharpness / 8))


def _selector(
    channels: list[Channel], gap: float, sharpness: float, alone: str = ""
) -> Selector:
    return Selector(
        channels,
        diagonal=0.0,
        margin=Margin(key_gap=float(gap), alone=alone),
        separated=True,
        position_gap=max(float(gap), 2 / fine(sharpness)),
        directed=True,
    )


def _check_size(config: ModelConfig, size: float, place: str) -> None:
    if config.attend_to == "neighbours" and size > NO_EDGE / 4:
        raise CannotCompile(
            f"{place}: scores reach {size:.2g}, but among neighbours they must stay "
            f"below {NO_EDGE / 4:.2g}, else nodes that are no neighbours take part: "
            "compile with less sharpness"
        )


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
    if (
        len(part.comparisons) > 1
        or any(literal.positive for literal in part.literals)
        or apart.terms != wanted
        or not _bounded(program, role, part.literals)
    ):
        raise CannotCompile(
            f"{program.name}, update: same(...) can be tested exactly only of the "
            f"selected node, {role}.index, and oneself, self.index, together with "
            "negated literals from which follows that one is not before the other"
        )
    selection = program.selections[role]
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
        if field != OTHER_INDEX:
            signed = selection.sign * factor
            mine = 0.0 if ("self", field.name) in false else max(0.0, signed)
            theirs = 0.0 if (role, field.name) in false else max(0.0, -signed)
            most += mine + theirs
    return most == 0.0


def tests_identity(program: GraphProgram) -> bool:
    """Whether an update tests whether a node selected itself."""
    return any(
        isinstance(test, Same)
        for effect in program.effects.values()
        for part in effect
        if isinstance(part, Condition)
        for test in part.comparisons
    )
