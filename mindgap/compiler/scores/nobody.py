"""The score of a selection whose default is nobody: all that is read of nobody is 0.

A node selects the one whose reference names it, among those that hold a truth value:

    -K |reference - position| of those that hold it, -S of all others

or the one that holds it, if a comparison of a number of it with one of one's own holds:
-K relu(what is too much or too little) then stands in the place of the distance. A
match gets about 0. Where there is none, the others share the attention, and of them
the update reads 0. Scores differ so much that the softmax gives exactly 0 to all but
the selected node (see `always`).
"""

from mindgap.compiler.limits import UNDERFLOW, UNIT, Margin
from mindgap.compiler.scores.always import TERMS
from mindgap.compiler.scores.base import Score, Setting, asked
from mindgap.compiler.static import CannotCompile, interval
from mindgap.language.expressions import Less, Same
from mindgap.language.normal_forms import (
    Affine,
    Comparison,
    Gated,
    Part,
    Rectified,
    fields_of,
    looked_at,
)
from mindgap.language.program import GraphProgram

NUMBERS = 4
"""A comparison of numbers adds two of them and two constants."""


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
    compared, (literal,) = _compared(setting), selection.mask.literals
    held = literal.field.name
    read = []
    for component, effect in program.effects.items():
        for part in effect:
            if setting.name in looked_at(part):
                read.append(part)
            if looked_at(part) == [setting.name] and not _safe(
                program, part, setting.name
            ):
                raise CannotCompile(
                    f"{program.name}, update of `{component}`: {setting.name} may be "
                    "nobody, of whom only truth values can be read, or more where "
                    f"{setting.name}.{held} or one that it follows from holds:\n"
                    f"    {program.updates[component]}"
                )
    if setting.config.attend_to == "neighbours":
        setting.check_reach()
    idle = Affine({}, 1.0).plus(literal.affine, -1.0)
    offences = _offences(compared)
    most = max(interval(program, form, setting.bounds)[1] for form in offences.values())
    numbers = isinstance(compared.test, Less)
    # `away` is beyond what any comparison offends by: of who is idle none is made
    if numbers:
        steep, away, terms = 8 * sharpness, 1.25 * most, NUMBERS
        size = (most + away) * steep
    else:
        steep, away, terms = sharpness, 2.0 * most, TERMS
        size = 2 * (most + 1) * steep
    setting.check_size(2 * size)
    noise = terms * UNIT * size
    enough = UNDERFLOW + 2 * noise
    # a soft network keeps nobody between a match and the next of some 64 nodes
    nobodys = min(enough, steep / 128)
    gap = float((nobodys + UNDERFLOW + 2 * noise) / steep)
    channels = []
    for name, form in offences.items():
        # two equal numbers offend against `<` as much as numbers that are far enough
        form = form.plus(Affine({}, gap * (numbers and compared.positive)))
        channels += setting.rectified(name, form.plus(idle, -away), steep, -1.0)
    channels.append(setting.channel("nobody", idle, nobodys))
    apart, why = setting.position_gap(
        0.0 if numbers else gap, "a match must be told from a node beside it"
    )
    return Score(
        channels,
        Margin(
            key_gap=gap,
            alone=held,
            contrast=gap * numbers,
            drift=setting.drift(compared.difference) * numbers,
            asked=asked(read) if numbers else (),
        ),
        apart,
        reasons={"key_gap": "one candidate at most", "position_gap": why},
        separated=nobodys == enough,
    )


def _compared(setting: Setting) -> Comparison:
    """The comparison of a mask that is one truth value of `other` and one comparison.

    Raises CannotCompile for another mask.
    """
    program, mask = setting.program, setting.selection.mask
    if len(mask.comparisons) == 1 and len(mask.literals) == 1:
        ((compared,), (literal,)) = mask.comparisons, mask.literals
        terms = compared.difference.terms
        nodes = {program.components.get(f.name, "node") for f in terms} == {"node"}
        named = isinstance(compared.test, Same) and compared.positive and nodes
        if (
            literal.positive
            and literal.field.role == "other"
            and (named or isinstance(compared.test, Less))
            and sorted(field.role for field in terms)
            in (["other", "self"], ["init", "other"])
        ):
            return compared
    raise CannotCompile(
        f"{setting.place}: with nobody as the default the mask must be one truth value "
        "of `other` and one same(other..., self...), or one comparison of a number of "
        f"`other` with one of `self`:\n    {setting.selection.made.where}"
    )


def _offences(compared: Comparison) -> dict[str, Affine]:
    """What is above 0 where the comparison fails, and at most 0 where it holds."""
    difference, back = compared.difference, Affine({}).plus(compared.difference, -1.0)
    if isinstance(compared.test, Same):
        return {"after": difference, "before": back}
    return {"too large": difference} if compared.positive else {"too small": back}


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
