"""What the compiler made of a program, in words: the passes of `compile`, printed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mindgap.compiler.compile import Compiled


def explain(compiled: "Compiled") -> str:
    """A section for each pass: normal form, cells, layout, scores, limits.

    Sums are written in the language of programs; `relu(...)` and `leaky(...)` are the
    network's, and K is the sharpness.
    """
    sections = {
        "normal form (each update is a sum of parts)": _normal_form(compiled),
        "cells (each component is a signed sum of ReLUs)": _cells(compiled),
        "layout (hidden coordinates)": _layout(compiled),
        "scores (one head for each selection)": _scores(compiled),
        "limits (graphs outside are refused)": _limits(compiled),
    }
    config = compiled.config
    head = (
        f"{compiled.program.name} in hidden size {config.hidden_size} with "
        f"{config.heads} head{'s' * (config.heads > 1)}"
    )
    return "\n\n".join(
        [head, *("\n".join([title, *lines]) for title, lines in sections.items())]
    )


def _normal_form(compiled: "Compiled") -> list[str]:
    wide = max(map(len, compiled.program.effects))
    return [
        f"  {name:<{wide}} <- {' + '.join(f'[{part}]' for part in effect)}"
        for name, effect in compiled.program.effects.items()
    ]


def _cells(compiled: "Compiled") -> list[str]:
    wide = max(map(len, compiled.sums))
    return [f"  {name:<{wide}} = {whole}" for name, whole in compiled.sums.items()]


def _layout(compiled: "Compiled") -> list[str]:
    return [f"  {at:>3}  {name}" for at, name in compiled.layout.names.items()]


def _scores(compiled: "Compiled") -> list[str]:
    lines = []
    for head, (name, score) in enumerate(compiled.scores.items()):
        selection = compiled.program.selections[name]
        default = selection.made.default
        otherwise = f"else {default}" if default is not None else "always somebody"
        lines.append(f"  head {head} selects {name}, {otherwise}")
        for channel in score.channels:
            lines.append(
                f"    {channel.weight:+.4g} * leaky({channel.times:.4g} * "
                f"({channel.form}))  {channel.name}"
            )
        if score.diagonal:
            lines.append(f"    bias {score.diagonal:.4g} from a node to itself")
    return lines


def _limits(compiled: "Compiled") -> list[str]:
    lines = [f"  {line}" for line in str(compiled.limits).splitlines()]
    for name, score in compiled.scores.items():
        for limit, why in score.reasons.items():
            lines.append(f"  {name}, {limit.replace('_', ' ')}: {why}")
    return lines
