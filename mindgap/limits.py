"""Where a compiled network is exact, and the refusal to use it elsewhere (App. A).

A softmax selects one node only if the best key beats the next by enough, and float32
only resolves so much. Both are computed from the weights when a program is compiled.
Whether a graph lies within them is seen by running the program on it.
"""

import dataclasses

import numpy as np

from mindgap.graphs import Graphs
from mindgap.interpreter import interpret
from mindgap.program import GraphProgram

NODES = 4096
"""Softmax sums over at most so many nodes."""

LEAK = 2.0**-26
"""What all others together may get of a selection: less than float32 sees beside 1."""

UNIT = 2.0**-24
"""Relative rounding error of float32."""


class OutOfRange(ValueError):
    """Graphs on which a compiled network is not known to be exact; says why."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """The safe range of a compiled network; positions are in [0, 1)."""

    nodes: int
    fixed_nodes: bool
    """Whether the network runs on exactly `nodes` nodes, else on at most so many."""
    leak: float
    """The most that a softmax gives to all nodes but the selected one."""
    key_gap: float
    """The best key must beat the next by this..."""
    rounding: float
    """...plus this times (number of the step) * (size of the larger key + offset)."""
    offset: float
    separated: bool
    """Whether the network is sharp enough to keep a node apart from its candidates."""
    ties_by_index: bool
    """Whether equal keys are told apart by a second key, the index."""
    position_gap: float
    """Neighbouring positions must be at least this far apart."""
    contrast: float
    """The sides of a comparison must be equal, or at least this far apart."""
    value: float
    """The largest value of a float component."""
    weight: float
    """The largest edge weight."""
    self_loops: bool
    """Whether graphs may have self-loops."""
    directed: bool
    """Whether edges may lack their opposite."""
    near_pointers: bool
    """Whether references must be to neighbours or to oneself: hints that are fed back
    make neighbours of others."""
    linear_positions: bool
    """Whether node i must lie at i / N."""

    def __str__(self) -> str:
        exactly = "exactly" if self.fixed_nodes else "at most"
        lines = [
            f"{exactly} {self.nodes} nodes",
            f"positions {'i / N' if self.linear_positions else 'increasing'}, "
            f"at least {self.position_gap:.2g} apart",
            f"edge weights in [0, {self.weight:g}], values in [0, {self.value:g}]",
            f"self-loops {'allowed' if self.self_loops else 'refused'}, "
            f"one-way edges {'allowed' if self.directed else 'refused'}",
            f"best key ahead by {self.key_gap:.2g} + step * {self.rounding:.2g} * "
            f"(key + {self.offset:g})" + (", or equal" if self.ties_by_index else ""),
            f"other nodes get at most {self.leak:.2g} of a selection",
        ]
        if self.contrast:
            lines.append(f"compared values equal or {self.contrast:.2g} apart")
        return "\n".join(lines)


def refusals(program: GraphProgram, limits: Limits, graphs: Graphs) -> list[str | None]:
    """For each graph why it lies outside the limits, or None if it does not.

    A graph is followed for its own trajectory's steps (at least one).
    """
    found: list[str | None] = [None] * len(graphs.positions)

    def refuse(bad: np.ndarray, reason: str, values=None) -> None:
        for graph in np.flatnonzero(bad):
            if found[graph] is None:
                shown = "" if values is None else f" ({float(values[graph]):.3g})"
                found[graph] = reason + shown

    positions, weights = np.asarray(graphs.positions), np.asarray(graphs.weights)
    nodes = positions.shape[1]
    wrong = bool(nodes != limits.nodes if limits.fixed_nodes else nodes > limits.nodes)
    exactly = "exactly" if limits.fixed_nodes else "at most"
    if wrong:
        return [f"{nodes} nodes, {exactly} {limits.nodes} allowed"] * len(positions)
    if not limits.separated:
        return ["the network is too soft: self is not kept apart"] * len(positions)
    if graphs.source is None:
        return ["no source"] * len(positions)
    source = np.asarray(graphs.source)
    refuse(((source != 0) & (source != 1)).any(1), "a source that is neither 0 nor 1")
    inside = (positions.min(1) >= 0) & (positions.max(1) < 1)
    refuse(np.logical_not(inside), "positions outside [0, 1)")
    apart = np.diff(positions, axis=1).min(1, initial=1.0)
    near = f"neighbouring positions closer than {limits.position_gap:.2g}"
    refuse(apart < limits.position_gap, near, apart)
    if limits.linear_positions:
        linear = np.arange(nodes, dtype=np.float32) / np.float32(nodes)
        off = np.abs(positions - linear).max(1)
        refuse(off > 1e-6, "positions that are not i / N", off)
    heaviest = np.where(weights >= 0, weights, np.inf).max((1, 2))
    refuse(
        heaviest > limits.weight, f"weights outside [0, {limits.weight:g}]", heaviest
    )
    if not limits.self_loops:
        looped = (np.diagonal(weights, axis1=1, axis2=2) != 0).any(1)
        refuse(looped, "a self-loop")
    if not limits.directed:
        one_way = ((weights != 0) != (weights != 0).swapaxes(1, 2)).any((1, 2))
        refuse(one_way, "an edge without its opposite")
    _follow(program, limits, graphs, refuse)
    return found


def _follow(program: GraphProgram, limits: Limits, graphs: Graphs, refuse) -> None:
    """Refuses what the program's own run shows: keys, comparisons, values."""
    lengths = np.maximum(2, np.asarray(graphs.trajectory.lengths))
    steps = max(1, graphs.trajectory.steps)
    run = interpret(program, graphs, steps)
    time = np.arange(steps)
    taken = (time < lengths[:, None] - 1)[..., None]  # (B, T, 1)
    gap, size = np.asarray(run.gap), np.asarray(run.key)
    needed = limits.key_gap + limits.rounding * (time[:, None] + 1) * (
        size + limits.offset
    )
    near = (gap < needed) & taken
    if limits.ties_by_index:
        near &= gap > 0
    closest = np.where(near, gap, np.inf).min((1, 2))
    refuse(near.any((1, 2)), "two candidates' keys are too close", closest)
    if limits.contrast:
        contrast = np.where(taken, np.asarray(run.contrast), np.inf).min((1, 2))
        refuse(contrast < limits.contrast, "compared values are too close", contrast)
    positions = np.asarray(graphs.positions)[:, None, None, :]
    for name, sort in program.components.items():
        held = np.asarray(run.states[name])
        held = np.concatenate(
            [held[:, :1], np.where(taken, held[:, 1:], held[:, :1])], 1
        )
        if sort == "float":
            outside = (held < 0) | (held > limits.value)
            refuse(
                outside.any((1, 2)),
                f"{name} leaves [0, {limits.value:g}]",
                np.abs(held).max((1, 2)),
            )
        if sort == "node":
            off = np.abs(held[..., None] - positions)
            stray = off.min(-1).max((1, 2))
            refuse(stray > limits.position_gap / 4, f"{name} is no node", stray)
            if limits.near_pointers:
                near = np.asarray(graphs.adjacency)[:, None]
                named = np.take_along_axis(near, off.argmin(-1)[..., None], -1)
                refuse((named == 0).any((1, 2, 3)), f"{name} is no neighbour")
