"""The attention scores that select what a program selects, one head for each (App. A).

A score is a recipe, chosen by the default of the selection: what is selected where the
mask leaves no candidate. Each recipe owns its numerical argument: how large scores are,
what is rounded, which gap it needs, and when it refuses.
"""

from mindgap.compiler.layout import Layout
from mindgap.compiler.scores.always import always
from mindgap.compiler.scores.base import Channel as Channel
from mindgap.compiler.scores.base import Score as Score
from mindgap.compiler.scores.base import Setting
from mindgap.compiler.scores.beside import below, beside
from mindgap.compiler.scores.nobody import else_nobody
from mindgap.compiler.scores.oneself import oneself
from mindgap.compiler.static import CannotCompile
from mindgap.language.program import GraphProgram
from mindgap.language.selection import ADJACENT, Selection, nobody
from mindgap.network import ModelConfig


def scores(
    program: GraphProgram, layout: Layout, config: ModelConfig, sharpness: float
) -> dict[str, Score]:
    """The scores of all selections by name, in the order of their heads.

    `sharpness` is K, the score per unit of key. Raises CannotCompile if a selection
    cannot be made in this network, or needs more channels than a head has.
    """
    found = {}
    for name, selection in program.selections.items():
        setting = Setting(program, name, selection, layout, config, sharpness)
        score = _recipe(selection)(setting)
        if config.attention_bias and not selection.others:
            raise CannotCompile(
                f"{setting.place}: attention_bias tells a node from its neighbours for "
                "default=self; a selection with another default is compiled without it"
            )
        room = config.hidden_size // config.heads
        if len(score.channels) > room:
            raise CannotCompile(
                f"{setting.place}: its score needs {len(score.channels)} channels, "
                f"hidden_size {config.hidden_size} with {config.heads} heads has {room}"
            )
        found[name] = score
    return found


def _recipe(selection: Selection):
    if selection.others:
        return oneself if ADJACENT in selection.mask.literals else beside
    if selection.made.default is not nobody:
        return always
    mask = selection.mask
    bare = not mask.literals and len(mask.comparisons) == 1
    return below if bare else else_nobody
