"""The smallest network that holds a program, of ours or of those that dm-clrs has."""

import dataclasses
from typing import Literal

from mindgap import checks
from mindgap.compiler.compile import EXACT, Compiled, compile, prove
from mindgap.compiler.static import weights_are_read
from mindgap.language.program import GraphProgram
from mindgap.language.selection import local
from mindgap.network import ModelConfig

Network = Literal["mindgap", "clrs"]

ROOMY = 128
"""Coordinates of each head in which a program is compiled to see what it needs."""

SHARP_AMONG_NEIGHBOURS = 2.0**24
"""As sharp as one can be whose scores compete with those of nodes without an edge."""


def suited(
    program: GraphProgram,
    nodes: int,
    network: Network = "mindgap",
    hidden_size: int | None = None,
) -> Compiled:
    """The program in the paper's modified network, or in one that dm-clrs has.

    The former has edge information and, for a program of one selection, the
    pre-attention bias (§2.3), for graphs of `nodes` nodes; neither has a layer norm.
    There is a head for each selection, and attention to all nodes if one is of all.
    Without a hidden size, the smallest that is large enough.

    Raises CannotCompile if no hidden size is; TypeError for what is no program,
    ValueError for sizes that are no whole numbers of at least 1.
    """
    prove("suited", program)
    nodes = checks.whole("nodes", nodes)
    if hidden_size is not None:
        checks.whole("hidden_size", hidden_size)
    if network not in ("mindgap", "clrs"):
        raise ValueError(f"network is {network!r}, but must be mindgap or clrs")
    selections = program.selections.values()
    heads, sharpness = len(selections), EXACT
    near = all(map(local, selections))
    config = ModelConfig(
        hidden_size=hidden_size or heads * ROOMY,
        heads=heads,
        layer_norm=False,
        attend_to="neighbours" if near else "all",
        message_steps=program.message_steps,
    )
    biased = heads == 1 and next(iter(selections)).others
    if near and not biased:
        sharpness = SHARP_AMONG_NEIGHBOURS
    if network == "mindgap":
        if biased:
            config = dataclasses.replace(config, attention_bias=True, nodes=nodes)
        if biased or weights_are_read(program):
            config = dataclasses.replace(config, edge_values="projected")
    compiled = compile(program, config, sharpness=sharpness)
    if hidden_size is not None:
        return compiled
    config = dataclasses.replace(config, hidden_size=_needed(compiled))
    return compile(program, config, sharpness=sharpness)


def _needed(compiled: Compiled) -> int:
    """The least hidden size: a multiple of the heads with room for all of a head.

    A head's block has to hold the cells that read its selected node, and the channels
    of its score; all blocks together everything that is stored.
    """
    layout, heads = compiled.layout, compiled.config.heads
    number = {name: head for head, name in enumerate(compiled.program.selections)}
    bound: dict[str, set] = {name: set() for name in number}
    for whole in compiled.sums.values():
        for cell in whole.cells:
            if cell.role:
                bound[cell.role].add(cell.key)
    stored = len(layout.coordinates)
    room = max(
        -(-stored // heads),
        *(len(keys) for keys in bound.values()),
        *(len(score.channels) for score in compiled.scores.values()),
    )
    coordinates = layout.inputs, layout.edges, layout.graphs
    inputs = 1 + max(max(each.values(), default=0) for each in coordinates)
    return max(heads * room, -(-inputs // heads) * heads)
