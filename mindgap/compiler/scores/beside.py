"""The score of a node by position: who stands beside oneself, or who is named.

A selection with `default=self` that asks for no edge, only that the other's index is
less (or greater) than one's own, and takes the greatest (the least) of them:

    candidates           -K * distance                in [-K, 0)
    self                 -M * g                       -2 K
    on the other side    -M * (distance + g)          far below

where g is less than half of the gap between positions, so that M is 2 K / g. K is no
larger than neighbours of that gap need: XLA may compute a score twice, rounded in two
ways, and of the selected one they must not differ by more than exp can bear. What a
candidate keeps of M * distance is SLOPE times its rounding.

The last node before a number, `Max(other.index, where=other.index < self.number,
default=nobody)`, is found alike; there must be one, and the node itself may be it.

A selection whose mask is same(other..., self...) of two references, or of a reference
and an index, finds the node for which they are the same: -K |difference|. There must be
one such node; it may be the node itself.
"""

from mindgap.compiler.limits import UNDERFLOW, UNIT, Margin
from mindgap.compiler.scores.base import Channel, Score, Setting
from mindgap.compiler.static import OTHER_INDEX, CannotCompile
from mindgap.language.expressions import Less, Same
from mindgap.language.normal_forms import INDEX, Affine, Comparison
from mindgap.network.pairwise import LEAK as SLOPE

FINEST = 2.0**-13
"""g: random positions of 64 nodes are seldom closer than twice this."""
SHARPEST = 2.0**20
"""K: a distance of twice g counts 256."""


def beside(setting: Setting) -> Score:
    """The score of a selection with `default=self` of a node beside oneself.

    Raises CannotCompile for another key or mask, and where the network attends to
    neighbours only.
    """
    selection = setting.selection
    named = _named(setting)
    if named is not None:
        return _by_name(setting, named)
    side = float(selection.sign)  # 1 for the nodes after oneself
    away = Affine({OTHER_INDEX: side, INDEX: -side})
    compared = selection.mask.comparisons
    if (
        selection.mask.literals
        or len(compared) != 1
        or not isinstance(compared[0].test, Less)
        or not compared[0].positive
        or compared[0].difference != Affine({}).plus(away, -1.0)
        or selection.key != Affine({OTHER_INDEX: 1.0})
    ):
        raise CannotCompile(
            f"{setting.place}: without edge.adj and with default=self a node can "
            "select the one beside it: Max(other.index, where=other.index < "
            "self.index), or Min(other.index, where=self.index < other.index), or the "
            f"one it names: Min(other.index, where=same(other..., self...)); this is "
            f"{selection.made.word} {selection.made.key} where "
            f"{selection.made.where}"
        )
    _prove_reach(setting)
    channels, gap = _nearest(setting, away, 1.0)
    apart, why = setting.position_gap(
        max(gap, 2 * FINEST), "who stands beside a node must be told from it"
    )
    return Score(
        channels,
        Margin(gap),
        apart,
        reasons={"key_gap": "exp(-104) is 0", "position_gap": why},
    )


def below(setting: Setting) -> Score:
    """The score of the last node before a number that a node holds.

    Raises CannotCompile for another key or mask, and where the network attends to
    neighbours only.
    """
    selection, program = setting.selection, setting.program
    (compared,) = selection.mask.comparisons
    ahead = Affine({}).plus(compared.difference, -1.0)
    numbers = [f for f in ahead.terms if f.role == "self"]
    if (
        not isinstance(compared.test, Less)
        or not compared.positive
        or set(ahead.terms) != {OTHER_INDEX, *numbers}
        or len(numbers) != 1
        or program.components.get(numbers[0].name) != "float"
        or ahead.terms[OTHER_INDEX] != -1.0
        or selection.sign * selection.key.terms.get(OTHER_INDEX, 0.0) != -1.0
        or len(selection.key.terms) != 1
    ):
        raise CannotCompile(
            f"{setting.place}: with nobody as the default and no truth value in the "
            "mask a node can select the last before a number: Max(other.index, "
            f"where=other.index < self.number); this is {selection.made.word} "
            f"{selection.made.key} where {selection.made.where}"
        )
    _prove_reach(setting)
    channels, gap = _nearest(setting, ahead, 1 + setting.bounds.value)
    apart, why = setting.position_gap(gap, "of two before a number the last is meant")
    return Score(
        channels,
        Margin(gap, contrast=2 * FINEST, drift=setting.drift(ahead), somebody=True),
        apart,
        reasons={"key_gap": "exp(-104) is 0", "position_gap": why},
    )


def _nearest(
    setting: Setting, ahead: Affine, size: float
) -> tuple[list[Channel], float]:
    """The channels that score least what is least above 0, and the gap that they need.

    `size` bounds what is above 0 or below.
    """
    sharpness = min(setting.sharpness, SHARPEST)
    steep = 2 * size * sharpness / FINEST
    wrong = Affine({}, FINEST).plus(ahead, -1.0)
    channels = [
        setting.channel("distance", ahead, sharpness),
        *setting.rectified("wrong side", wrong, steep, -1.0),
    ]
    noise = 3 * UNIT * SLOPE * steep * size + 8 * UNIT * sharpness
    return channels, (UNDERFLOW + 2 * noise) / sharpness


def _prove_reach(setting: Setting) -> None:
    if setting.config.attend_to != "all":
        raise CannotCompile(
            f"{setting.place}: every node may stand beside another, but this network "
            "attends to neighbours only (attend_to='neighbours')"
        )


def _named(setting: Setting) -> Comparison | None:
    """The comparison of a mask that is same(other..., self...) of two nodes."""
    selection, program = setting.selection, setting.program
    if selection.mask.literals or len(selection.mask.comparisons) != 1:
        return None
    (compared,) = selection.mask.comparisons
    terms = compared.difference.terms
    kinds = {program.components.get(field.name, "node") for field in terms}
    if (
        isinstance(compared.test, Same)
        and compared.positive
        and kinds == {"node"}
        and sorted(field.role for field in terms) == ["other", "self"]
    ):
        return compared
    return None


def _by_name(setting: Setting, named: Comparison) -> Score:
    _prove_reach(setting)
    sharpness = setting.sharpness
    channels = [
        setting.channel(f"{side:+g} difference", named.difference, side * sharpness)
        for side in (1.0, -1.0)
    ]  # the two leaky ReLUs are 1 - SLOPE of the size
    noise = 8 * UNIT * sharpness
    gap = (UNDERFLOW + 2 * noise) / sharpness / (1 - SLOPE)
    apart, why = setting.position_gap(gap, "who is named must be told from all others")
    fields = {field.role: field.name for field in named.difference.terms}
    return Score(
        channels,
        Margin(gap, named=(fields["other"], fields["self"])),
        apart,
        reasons={"key_gap": "one candidate at most", "position_gap": why},
    )
