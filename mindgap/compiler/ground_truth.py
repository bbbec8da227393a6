"""A compiled network as a benchmark: what every part of it is for, on given graphs.

Methods that explain networks are tested where the explanation is known. Of a compiled
network it is: its weights were written down from a program, and inside its limits it
computes what the program says. `ground_truth` puts the answers side by side.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from mindgap import checks
from mindgap.compiler.compile import Compiled
from mindgap.compiler.limits import OutOfRange
from mindgap.graphs import Graphs
from mindgap.language.interpreter import interpret


class GroundTruth(NamedTuple):
    """What is known of a compiled network on a batch; S are steps of attention."""

    heads: tuple[str, ...]
    """The selection that each head makes; other heads carry nothing."""
    selected: Int[np.ndarray, "H B S N"]
    """The node that each node's attention is on, by head."""
    active: Bool[np.ndarray, "H B S N"]
    """Whether that is a candidate; else the default: the node itself, or nobody."""
    states: Mapping[str, Float[np.ndarray, "B S N"]]
    """The components that the hidden states hold after each step."""
    coordinates: Mapping[int, str]
    """What each coordinate of the hidden state holds."""
    zeros: Mapping[str, Bool[np.ndarray, "..."]]
    """Of each parameter, by `module/leaf`, the entries that are 0."""
    taken: Bool[np.ndarray, "B S"]
    """Which steps belong to a graph's own course; later ones repeat its end."""


def ground_truth(compiled: Compiled, graphs: Graphs) -> GroundTruth:
    """The answers that a method of explanation is asked for.

    Raises OutOfRange for graphs on which the network is not known to be exact, since
    there nothing is known.
    """
    checks.kind("ground_truth", compiled, Compiled, "a compiled network")
    refused = [reason for reason in compiled.refusals(graphs) if reason]
    if refused:
        raise OutOfRange(
            f"{compiled.program.name} is not known to be exact on {len(refused)} of "
            f"{graphs.batch} graphs, the first because: {refused[0]}"
        )
    program = compiled.program
    each = program.message_steps
    steps = each * max(1, graphs.trajectory.steps)
    run = interpret(program, graphs, steps)
    looks = [run.looks[name] for name in program.selections]
    last = each * np.maximum(1, np.asarray(graphs.trajectory.lengths) - 1)
    return GroundTruth(
        tuple(program.selections),
        np.stack([np.asarray(look.selected) for look in looks]),
        np.stack([np.asarray(look.active) for look in looks]),
        {name: np.asarray(held)[:, 1:] for name, held in run.states.items()},
        compiled.layout.names,
        {
            f"{module}/{leaf}": np.asarray(array) == 0
            for module, leaves in compiled.params.items()
            for leaf, array in leaves.items()
        },
        np.arange(steps) < last[:, None],
    )
