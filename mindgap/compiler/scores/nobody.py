"""The score of a selection whose default is nobody: all that is read of nobody is 0.

A node selects the one whose reference names it, among those that hold a truth value:

    -K |reference - position| of those that hold it, -S of all others

A match gets about 0. Where there is none, the others share the attention, and of them
the update reads 0. Scores differ so much that the softmax gives exactly 0 to all but
the selected node (see `always`).
"""

from mindgap.compiler.limits import UNDERFLOW, UNIT, Margin
from mindgap.compiler.scores.always import TERMS
from mindgap.compiler.scores.base import Score, Setting
from mindgap.compiler.static import CannotCompile
from mindgap.language.expressions import Same
from mindgap.language.normal_forms import (
    Affine,
    Gated,
    Part,
    Rectified,
    fields_of,
    looked_at,
)
from mindgap.language.program import GraphProgram


def else_nobody(setting: Setting) -> Score:
    """The score of a selection with `default=nobody`.

    Raises CannotCompile for another mask, and for an update that reads of nobody what
    is not 0.
    """
    program, selection, sharpness = (
        setting.program,
        setting.selection,
        setting.sharpness,
    )
    mask = selection.mask
    test = Affine({})
    if len(mask.comparisons) == 1 and mask.comparisons[0].positive:
        (compared,) = mask.comparisons
        test = compared.difference if isinstance(compared.test, Same) else test
    sides = {field.role for field in test.terms}
    kinds = {program.components.get(f.name, "node") for f in test.terms}
    held = [literal.field.name for literal in mask.literals]
    if (
        sorted(sides) != ["other", "self"]
        or kinds != {"node"}
        or len(held) != 1
        or not mask.literals[0].positive
        or mask.literals[0].field.role != "other"
    ):
        raise CannotCompile(
            f"{setting.place}: with nobody as the default the mask must be one truth "
            "value of `other` and one same(other..., self...):\n"
            f"    {selection.made.where}"
        )
    for component, effect in program.effects.items():
        for part in effect:
            if looked_at(part) == [setting.name] and not _safe(
                program, part, setting.name
            ):
                raise CannotCompile(
                    f"{program.name}, update of `{component}`: {setting.name} may be "
                    "nobody, of whom only truth values can be read, or more where "
                    f"{setting.name}.{held[0]} or one that it follows from holds:\n"
                    f"    {program.updates[component]}"
                )
    if setting.config.attend_to == "neighbours":
        setting.check_reach()
    idle = Affine({}, 1.0).plus(mask.literals[0].affine, -1.0)
    size = 4 * sharpness
    setting.check_size(2 * size)
    noise = TERMS * UNIT * size
    enough = UNDERFLOW + 2 * noise
    # a soft network keeps nobody between a match and the next of some 64 nodes
    nobodys = min(enough, sharpness / 128)
    channels = []
    for sign, name in ((1.0, "after"), (-1.0, "before")):
        form = Affine({}).plus(test, sign).plus(idle, -2.0)
        channels += setting.rectified(name, form, sharpness, -1.0)
    channels.append(setting.channel("nobody", idle, nobodys))
    gap = float((nobodys + UNDERFLOW + 2 * noise) / sharpness)
    apart, why = setting.position_gap(gap, "a match must be told from a node beside it")
    return Score(
        channels,
        Margin(key_gap=gap, alone=held[0]),
        apart,
        reasons={"key_gap": "one candidate at most", "position_gap": why},
        separated=nobodys == enough,
    )


def _safe(program: GraphProgram, part: Part, role: str) -> bool:
    """Whether a part reads nothing but truth values of nobody, or is under such a one.

    That these truth values are 0 there is seen by running the program (see `limits`).
    """
    truths = {n for n, sort in program.components.items() if sort == "bool"}
    read = {field.name for field in fields_of(part) if field.role == role}
    if read <= truths:
        return True
    if not isinstance(part, Gated | Rectified):
        return False
    literals = part.gate.literals
    # a gate that asks for a truth value and its opposite never opens
    opposites = {lit._replace(positive=not lit.positive) for lit in literals}
    return not opposites.isdisjoint(literals) or any(
        lit.positive and lit.field.role == role and lit.field.name in truths
        for lit in literals
    )
