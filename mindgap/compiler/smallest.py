"""The smallest network that holds a program, of ours or of those that dm-clrs has."""

import dataclasses
from typing import Literal

from mindgap.compiler.compile import EXACT, Compiled, compile
from mindgap.compiler.layout import CannotCompile
from mindgap.compiler.updates import reads_weights
from mindgap.language.program import GraphProgram
from mindgap.language.selection import local
from mindgap.network import ModelConfig

Network = Literal["mindgap", "clrs"]

SIZES = (4, 8, 16, 128)
"""Hidden sizes that are tried in turn where none is named."""

ROOMS = range(2, 43)
"""The same for each head of a program of several selections."""

SHARP_AMONG_NEIGHBOURS = 2.0**24
"""As sharp as one can be whose scores compete with those of nodes without an edge."""


def suited(
    program: GraphProgram,
    nodes: int,
    network: Network = "mindgap",
    hidden_size: int | None = None,
) -> Compiled:
    """The program in the paper's modified network, or in one that dm-clrs has.

    The former has edge information and the pre-attention bias (§2.3), for graphs of
    `nodes` nodes; neither has a layer norm. A program of several selections has a head
    for each in either, and attention to all nodes if it selects of all. Without a
    hidden size, the first of 4, 8, 16 and 128 that is large enough, or of what these
    heads can have. Raises CannotCompile if there is none.
    """
    if network not in ("mindgap", "clrs"):
        raise ValueError(f"network is {network!r}, but must be mindgap or clrs")
    config, sizes = ModelConfig(layer_norm=False), SIZES
    heads, sharpness = len(program.selections), EXACT
    if heads > 1:
        near = all(map(local, program.selections.values()))
        config = dataclasses.replace(
            config,
            hidden_size=heads,
            heads=heads,
            attend_to="neighbours" if near else "all",
            message_steps=program.message_steps,
        )
        if network == "mindgap" and reads_weights(program):
            config = dataclasses.replace(config, edge_values="projected")
        sizes = tuple(heads * room for room in ROOMS)
        sharpness = SHARP_AMONG_NEIGHBOURS if near else sharpness
    elif network == "mindgap":
        config = dataclasses.replace(
            config, attention_bias=True, edge_values="projected", nodes=nodes
        )
    sizes = sizes if hidden_size is None else (hidden_size,)
    for size in sizes:
        try:
            return compile(
                program,
                dataclasses.replace(config, hidden_size=size),
                sharpness=sharpness,
            )
        except CannotCompile:
            if size == sizes[-1]:
                raise
    raise AssertionError("there is at least one size")
