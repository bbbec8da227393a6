"""The score of a selection with `default=self` (App. A.1-A.2, Eq. 4-7, 17).

A score is a weighted sum of leaky ReLUs, one for each channel. All weights here are
such that a candidate's score is exactly -sharpness * key, a node's score of itself lies
below that of every candidate, and every other node's lies below both:

    candidates   -K * key            in [-K * range, 0]
    self         about -D            D = 2 K * range
    others       -Q or less          Q = 8 K * range

What separates the node itself from its neighbours is the bias of Eq. 17, which is a
large negative number on the diagonal: there the leaky ReLUs are almost flat. Without
it, positions must do (see `_by_position`), for programs whose mask allows that.

Candidates' penalties are exactly 0, so large constants cost the keys no precision.
"""

from typing import NamedTuple

from mindgap.compiler.limits import UNDERFLOW, UNIT, UNSEEN, Margin
from mindgap.compiler.scores.base import Channel, Score, Setting
from mindgap.compiler.static import (
    OTHER_INDEX,
    CannotCompile,
    fields_read,
    interval,
    is_whole,
    misses_itself_once,
    settled,
)
from mindgap.language.expressions import Less
from mindgap.language.normal_forms import (
    OWN,
    Affine,
    Comparison,
    Field,
    Gated,
    fields_of,
    merged,
)
from mindgap.language.program import GraphProgram
from mindgap.network.attention import NO_EDGE
from mindgap.network.pairwise import LEAK as SLOPE

LARGEST_KEY = 2.0**16
ROOM = 2.0**-20
"""Positions must be this far apart: references to nodes carry rounding errors."""


class _Key(NamedTuple):
    """What is to be small for the selected node: sign * key, shifted to be >= 0."""

    form: Affine
    range: float
    shift: float
    tie: float
    """The weight of the index as a second key, 0 without."""
    size: float
    """The largest size of the key as written, with what all candidates share."""


def oneself(setting: Setting) -> Score:
    """The score of a selection with `default=self`.

    The mask asks for an edge; see `beside` for one that does not. Raises CannotCompile
    if the network cannot tell a node from its neighbours, or if keys can tie.
    """
    program, selection, config = setting.program, setting.selection, setting.config
    bounds, sharpness = setting.bounds, setting.sharpness
    key, contrast, diagonal = _key(setting), 0.0, 0.0
    if config.bias_shape is not None:
        if selection.mask.comparisons:
            contrast = 0.75 / _number_of_nodes(
                setting, "mask of select: telling compared"
            )
        channels, cancelled, diagonal = _by_bias(setting, key, contrast)
    else:
        channels, cancelled = _by_position(setting, key)
    # of a negative sum, a rectifying pair cancels SLOPE times its size, with rounding
    residue = 3 * UNIT * SLOPE * cancelled
    enough, why_enough = UNDERFLOW, f"exp(-{UNDERFLOW:g}) is 0 in float32"
    if _forgives(program, key):
        enough = UNSEEN
        why_enough = "others get less than float32 sees beside 1, never multiplied"
    gap = (enough + 2 * residue) / sharpness
    floats = any(program.components.get(f.name) == "float" for f in key.form.terms)
    whole = key.tie == 0.5  # and so without rounding errors that add up
    rounding = UNIT * (6 if floats and not whole else 2)
    starts = sum(
        max(map(abs, interval(program, program.beginnings[name], bounds)))
        for name, sort in program.components.items()
        if sort == "float"
    )
    shared = abs(selection.key.constant) + sum(
        abs(factor) * (bounds.value if program.components.get(f.name) == "float" else 1)
        for f, factor in selection.key.terms.items()
        if f.role in ("self", "init")
    )
    offset = key.shift + shared + starts + (bounds.weight if floats else 0.0)
    gated = any(
        isinstance(part, Gated)
        for name, effect in program.effects.items()
        if program.components[name] == "float"
        for part in effect
    )
    if floats and gated:
        offset += 8 * (bounds.value + bounds.weight)  # constants beside a gated number
    by_index = key.tie or key.form.terms.get(OTHER_INDEX, 0.0)
    needed = gap + rounding * (key.shift + key.range) * bool(key.tie)
    apart, why = ROOM, "what float32 tells apart of references to nodes"
    if by_index and needed / abs(by_index) > apart:
        apart, why = needed / abs(by_index), "the gap of keys that the index decides"
    if key.tie and key.tie < 1:
        ties = "key of select: keys can be equal, and telling their"
        between = 0.999 / _number_of_nodes(setting, ties)
        if between > apart:
            # labels must outweigh the index
            apart, why = between, "the index must not outweigh the key"
    return Score(
        channels,
        margin=Margin(float(gap), rounding, offset, bool(key.tie), contrast),
        position_gap=float(apart),
        reasons={
            "key_gap": why_enough,
            "position_gap": why,
        },
        diagonal=diagonal,
        separated=bool(sharpness * key.range >= enough),
        directed=config.bias_shape is not None,
        neighbours_only=config.bias_shape is None,
    )


def _forgives(program: GraphProgram, key: _Key) -> bool:
    """Whether what other candidates get of a selection (UNSEEN) changes nothing.

    So it is if updates read of the selected node no more than

    - truth values of the mask: all candidates hold the same;
    - the key, which is almost the same for all who get anything: in sums whose errors
      add up from step to step as those of rounding do, without a factor;
    - whatever else, in sums that nothing reads: they are hints and outputs only.
    """
    (name, selection), *more = program.selections.items()
    if more:
        return False
    # an update reads the edge as a field of the selected node
    alike = {
        lit.field.name for lit in selection.mask.literals if lit.field.role not in OWN
    }
    keyed = {
        Field(name, field.name) if field.role in ("other", "edge") else field: factor
        for field, factor in selection.key.terms.items()
        if field.role not in OWN
    }
    keys = set()
    for component, effect in program.effects.items():
        for part in effect:
            read = {field for field in fields_of(part) if field.role not in OWN}
            if {field.name for field in read} <= alike:
                continue
            if not isinstance(part, Affine):
                return False
            if not key.tie and {f: part.terms[f] for f in read} == keyed:
                keys.add(component)
            elif component in fields_read(program):
                return False
    return not any(_multiplied(program, component) for component in keys)


def _multiplied(program: GraphProgram, number: str) -> bool:
    """Whether an error of a number can grow by more than each step adds to it."""
    (selection,) = program.selections.values()
    if number in {field.name for field in fields_of(selection.mask)}:
        return True
    for name, effect in program.effects.items():
        for part in effect:
            if number not in {field.name for field in fields_of(part)}:
                continue
            if not isinstance(part, Affine):
                return True
            if name not in fields_read(program):
                continue  # a sum that is only shown
            own = sum(abs(k) for f, k in part.terms.items() if f.name == number)
            if name != number or len(effect) > 1 or own > 1:
                return True
    return False


def _key(setting: Setting) -> _Key:
    """Only what differs between candidates counts; equal keys get a second one."""
    program, selection = setting.program, setting.selection
    terms = {
        field: selection.sign * factor
        for field, factor in settled(program, selection.key).terms.items()
        if field.role in ("other", "edge")
    }
    form, tie = Affine(terms), 0.0
    numbers = {**program.components, **program.node_inputs}
    reals = [f for f in terms if f.name == "weight" or numbers.get(f.name) == "float"]
    if OTHER_INDEX in terms and len(terms) == 1:
        pass  # positions differ
    elif is_whole(program, form):
        tie = 0.5  # times an index below 1: less than any difference between two keys
    elif len(terms) == 1 and all(
        program.components.get(f.name) == "node" for f in terms
    ):
        equal = "key of select: keys can be equal, and telling their"
        nodes = _number_of_nodes(setting, equal)
        tie = 0.5 * abs(next(iter(terms.values()))) / nodes
    elif not reals:
        raise CannotCompile(
            f"{program.name}, key of select: different candidates can have the same "
            f"key, which a softmax averages:\n    {selection.made.key}"
        )
    if tie:
        form = form.plus(Affine({OTHER_INDEX: tie}))
    low, high = interval(program, form, setting.bounds)
    # the interpreter, whose gaps are held against the limits, adds up the whole key
    size = max(map(abs, interval(program, selection.key, setting.bounds)))
    if tie and size > LARGEST_KEY:
        raise CannotCompile(
            f"{program.name}, key of select: can be as large as {size:g}, and float32 "
            f"tells whole keys from an index only up to {LARGEST_KEY:g}:\n"
            f"    {selection.made.key}"
        )
    return _Key(form, max(high - low, 1.0), -low, tie, size)


def _number_of_nodes(setting: Setting, what: str) -> int:
    """The network's fixed number of nodes. Raises CannotCompile if it has none."""
    if setting.config.nodes is None:
        raise CannotCompile(
            f"{setting.program.name}, {what} nodes' positions apart needs a network of "
            "fixed size (attention_bias)"
        )
    return setting.config.nodes


def _key_channel(setting: Setting, key: _Key) -> Channel:
    form = key.form.plus(Affine({}, key.shift))
    return setting.channel("key", form, setting.sharpness)


def _by_bias(
    setting: Setting, key: _Key, contrast: float
) -> tuple[list[Channel], float, float]:
    """With a large negative bias -B on the diagonal of every channel.

    There every channel reads about -B, so a node's own score is a hundredth of that for
    each weight, and a hundredth of what the others' scores are made of. A channel of
    the bias alone, with the right weight, puts it at -D. Returns the channels, the size
    of what rectifying pairs cancel, and -B.
    """
    program, mask = setting.program, setting.selection.mask
    if len(program.selections) > 1:
        raise CannotCompile(
            f"{program.name}: the bias is added to the scores of all heads, so only a "
            "program with one selection can use it; without it, a node is told from "
            "its neighbours by position"
        )
    reach = setting.sharpness * key.range
    wrong = 8 * reach
    penalty = Affine({})
    for literal in mask.literals:
        penalty = penalty.plus(Affine({}, 1.0)).plus(literal.affine, -1.0)
    channels = [
        _key_channel(setting, key),
        setting.channel("mask", penalty, wrong),
    ]
    cancelled = 0.0
    for compared in mask.comparisons:
        apart = compared.difference
        if merged(apart) != Affine({}) or apart.of("edge"):
            raise CannotCompile(
                f"{program.name}, mask of select: the two sides of a comparison must "
                f"be the same field of other and of self:\n    {compared}"
            )
        for form, weight, exactly in _penalties(compared, contrast):
            steep = 4 * wrong / contrast
            channels += setting.rectified(f"not {compared}", form, steep, weight)
            largest = max(map(abs, interval(program, form, setting.bounds)))
            # what a rectifying pair cancels is SLOPE of it; a bump cancels all
            cancelled += steep * largest * abs(weight) / (SLOPE if exactly else 1)
    bias = 2 * (reach + wrong * (len(mask.literals) + 2 * len(mask.comparisons)))
    # SLOPE * -B * (all weights) = -D, with D = 2 * reach
    weight = 2 * reach / (SLOPE * bias) - sum(channel.weight for channel in channels)
    nothing = setting.layout.nothing()
    channels.append(Channel("self", nothing, weight, Affine({}), 1.0))
    return channels, cancelled, -bias


def _penalties(
    compared: Comparison, contrast: float
) -> list[tuple[Affine, float, bool]]:
    """Sums whose ReLUs, times 4 Q / contrast and a weight, penalise a comparison.

    They add up to 0 where it holds and to 2 Q or more where it does not, if the two
    sides are equal or at least `contrast` apart. Third, whether they cancel each other.
    """
    apart, half = compared.difference, Affine({}, contrast / 2)
    back = Affine({}).plus(apart, -1.0)
    if isinstance(compared.test, Less):
        if compared.positive:
            return [(apart.plus(half), -1.0, False)]
        return [(back.plus(half, -1.0), -1.0, False)]
    if compared.positive:
        return [(way.plus(half, -1.0), -1.0, False) for way in (apart, back)]
    # a bump: relu(d + c / 2) - 2 relu(d) + relu(d - c / 2) is c / 2 at 0
    return [
        (apart.plus(half), -1.0, True),
        (apart, 2.0, True),
        (apart.plus(half, -1.0), -1.0, True),
    ]


def _by_position(setting: Setting, key: _Key) -> tuple[list[Channel], float]:
    """Without a bias, a pair is told from a node with itself by its positions.

    D |position_j - position_i| is taken from every pair's score unless the pair is a
    candidate: then two ReLUs of D |..| - 2 D are 0. A node fails its own mask in one
    literal, so that its own two ReLUs are 0, too. Returns the channels, and the size of
    what rectifying pairs cancel.
    """
    program, selection = setting.program, setting.selection
    literal = misses_itself_once(selection.mask)
    only_index = set(key.form.terms) == {OTHER_INDEX}
    if literal is None or not only_index or setting.config.attend_to != "neighbours":
        raise CannotCompile(
            f"{program.name}, select: without attention_bias a node is told from its "
            "neighbours by position only, which needs attention to neighbours, "
            "other.index as the key, and besides edge.adj one literal on other and its "
            f"opposite on self:\n    {selection.made.key} where "
            f"{selection.made.where}"
        )
    setting.check_reach()
    reach = setting.sharpness * key.range
    if 3 * reach > NO_EDGE / 2:
        raise CannotCompile(
            f"{program.name}, key of select: without attention_bias, sharpness times "
            f"the key's range must stay below {NO_EDGE / 6:.2g}, else nodes that are "
            f"no neighbours take part; it is {reach:.2g}"
        )
    apart = 8 * reach
    wrong = Affine({}, 1.0).plus(literal.affine, -1.0)  # of j
    mine = Affine(
        {Field("self", literal.field.name): 1.0 if literal.positive else -1.0}
    )
    candidate = literal.affine.plus(mine, -1.0)
    if not literal.positive:
        candidate = candidate.plus(Affine({}, -1.0))
    distance = Affine({OTHER_INDEX: 1.0, Field("self", "index"): -1.0})
    channels = [
        _key_channel(setting, key),
        setting.channel("mask", wrong, 2 * reach),
    ]
    for sign in (1.0, -1.0):
        form = Affine({}).plus(distance, sign).plus(candidate, -2.0)
        name = "j after i" if sign > 0 else "j before i"
        channels += setting.rectified(name, form, apart, -1.0)
    return channels, 2 * 3 * apart
