"""Several selections in one step, a head each (for DFS; not in the paper).

Here a node may select itself, so nothing has to tell it from its neighbours:

    edge.adj, everyone   -K * key, less 2 K * range without an edge; the key is the
                         index, or numbers, and whole multiples of truth values
    same, else nobody    -K |reference - position| of those who satisfy the mask's
                         literals, -S of all others: a match gets about 0, and where
                         there is none the others share the attention, whose fields
                         that the update may read are 0

Scores differ so much that the softmax gives exactly 0 to all but the selected: then
truth values stay exactly 0 or 1 and references exactly positions (but for a rounding
beside a constant, once), however many steps there are. What becomes of
a node is in `updates`.
"""

import dataclasses
import functools
import math

from mindgap.compiler.layout import CannotCompile, Layout, interval
from mindgap.compiler.limits import UNIT, Margin
from mindgap.compiler.selector import OTHER_INDEX, Channel, Selector, rectified
from mindgap.compiler.updates import WEIGHT, fine, kept_exactly, literals_of, own_key
from mindgap.language.normal_forms import (
    Affine,
    Field,
    Gated,
    Literal,
    Part,
    difference,
    fields_of,
    looked_at,
)
from mindgap.language.program import GraphProgram
from mindgap.language.selection import ADJACENT, Selection, nobody
from mindgap.network import ModelConfig
from mindgap.network.attention import NO_EDGE

_ZERO = Affine({})
UNDERFLOW = 104.0
"""exp(-104) is 0 in float32."""

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
    near = ADJACENT in selection.mask.literals
    own, truths = own_key(program, key), _truths(program, key)
    indexed = set(own) == {OTHER_INDEX}
    known = indexed or (own and all(near or f.role == "other" for f in own))
    if (
        selection.others
        or not known
        or len(own) + len(truths) < len(key.terms)
        or {abs(c) for c in own.values()} != {1.0}
    ):
        raise CannotCompile(
            f"{place}: among several selections the key must be other.index, or a sum "
            "of numbers of `other` and, among neighbours, the edge's weight, and whole "
            "multiples of truth values of `other`, and the default nobody or none:\n"
            f"    {selection.made.key}"
        )
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
    if indexed:
        return _selector(channels, (UNDERFLOW + 2 * noise) / sharpness, sharpness)
    # of whoever may be selected all penalties are exactly 0: only the key is rounded
    found = _selector(
        channels, max(UNDERFLOW / sharpness, 2 / fine(sharpness)), sharpness
    )
    name = next(n for n, s in program.selections.items() if s is selection)
    read = [p for e in program.effects.values() for p in e if looked_at(p) == [name]]
    most = interval(program, Affine(own), layout.bounds)[1]
    # beside a key there are constants, of its shift and of what starts as no zero
    begun = [f for f in key.terms if program.beginnings.get(f.name, _ZERO) != _ZERO]
    offset = -low + 2 * sum(abs(key.terms[f]) * layout.bounds.value for f in begun)
    numbers = [f.name for f in own if f != WEIGHT]
    rounds = not all(map(functools.partial(kept_exactly, program), numbers))
    margin = dataclasses.replace(
        found.margin,
        relative=TERMS * UNIT,
        rounding=rounds * TERMS * UNIT,
        offset=offset + rounds * 8 * (layout.bounds.value + layout.bounds.weight),
        unread_from=_unread(_truths(program, key), name, read, most),
        asked=_asked(read),
    )
    return found._replace(margin=margin)


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
    """From which key on nothing is read of whom is selected but why.

    If a truth value puts a key beyond all others, `most` and less, and every part of an
    update that reads more of the selected requires that it does not hold.
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


def _asked(read: list[Part]) -> tuple[tuple[str, bool], ...]:
    """What a node must hold in all parts that read a selection."""
    common = set.intersection(*(set(literals_of(part)) for part in read))
    own = {lit for lit in common if lit.field.role == "self"}
    return tuple(sorted((lit.field.name, lit.positive) for lit in own))


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
