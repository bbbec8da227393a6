"""Where a compiled network is exact, and the refusal to use it elsewhere (App. A).

A softmax selects one node only if the best key beats the next by enough, and float32
only resolves so much. Both are computed from the weights when a program is compiled.
Whether a graph lies within them is seen by running the program on it.
"""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from mindgap.graphs import Graphs
from mindgap.language.interpreter import Meaning, interpret, source_of, task_of
from mindgap.language.normal_forms import fields_of
from mindgap.language.program import GraphProgram

NODES = 4096
"""Softmax sums over at most so many nodes."""

LEAK = 2.0**-26
"""What all others together may get of a selection: less than float32 sees beside 1."""

UNIT = 2.0**-24
"""Relative rounding error of float32."""


class OutOfRange(ValueError):
    """Graphs on which a compiled network is not known to be exact; says why."""


@dataclasses.dataclass(frozen=True)
class Margin:
    """How clearly a selection must be made."""

    key_gap: float
    """The best key must beat the next by this..."""
    rounding: float = 0.0
    """...plus this times (number of the step) * (size of the larger key + offset)."""
    offset: float = 0.0
    ties_by_index: bool = False
    """Whether equal keys are told apart by a second key, the index."""
    contrast: float = 0.0
    """The sides of a comparison must be equal, or at least this far apart."""
    alone: str = ""
    """If named, there must be one candidate at most; and a node where this truth value
    is 0, of whom all that is read of nobody is 0, too."""
    relative: float = 0.0
    """To `key_gap` comes this times (the size of the larger key + offset)."""
    unread_from: float = np.inf
    """From this key on nothing depends on who is selected."""
    asked: tuple[tuple[str, bool], ...] = ()
    """Truth values that a node must hold if anything depends on whom it selects."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """The safe range of a compiled network; positions are in [0, 1)."""

    nodes: int
    fixed_nodes: bool
    """Whether the network runs on exactly `nodes` nodes, else on at most so many."""
    leak: float
    """The most that a softmax gives to all nodes but the selected one."""
    margins: dict[str, Margin]
    """Of each selection."""
    separated: bool
    """Whether the network is sharp enough to keep a node apart from its candidates."""
    position_gap: float
    """Neighbouring positions must be at least this far apart."""
    identity: float
    """A float32 product of this with a position must keep its last bit beside 1, for
    tests of who selected itself; 0 without."""
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
            f"other nodes get at most {self.leak:.2g} of a selection",
        ]
        for name, margin in self.margins.items():
            head = f"{name}: " * (len(self.margins) > 1)
            if margin.alone:
                lines.append(f"{head}one candidate at most")
                continue
            drift = f" + step * {margin.rounding:.2g} * (key + {margin.offset:g})"
            lines.append(
                f"{head}best key ahead by {margin.key_gap:.2g}"
                + f" + {margin.relative:.2g} * (key + {margin.offset:g})"
                * (margin.relative > 0)
                + drift * (margin.rounding > 0)
                + ", or equal" * margin.ties_by_index
            )
            if margin.contrast:
                lines.append(f"compared values equal or {margin.contrast:.2g} apart")
        return "\n".join(lines)


def refusals(program: GraphProgram, limits: Limits, graphs: Graphs) -> list[str | None]:
    """For each graph why it lies outside the limits, or None if it does not.

    A graph is followed for its own trajectory's steps (at least one).
    """
    task_of(program).inputs(graphs)  # refuses what are no graphs of the task
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
        return ["the network is too soft: candidates are not kept apart"] * len(
            positions
        )
    start = source_of(graphs)
    if start is None:
        return ["no source"] * len(positions)
    source = np.asarray(start)
    refuse(((source != 0) & (source != 1)).any(1), "a source that is neither 0 nor 1")
    inside = (positions.min(1) >= 0) & (positions.max(1) < 1)
    refuse(np.logical_not(inside), "positions outside [0, 1)")
    apart = np.diff(positions, axis=1).min(1, initial=1.0)
    near = f"neighbouring positions closer than {limits.position_gap:.2g}"
    refuse(apart < limits.position_gap, near, apart)
    if limits.identity:
        places = np.float32(limits.identity) * positions.astype(np.float32)
        one = np.float32(1)
        lost = ((one - places) + places != 1) | ((places + one) - places != 1)
        refuse(lost.any(1), "a position that cannot be told from itself")
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
    again = task_of(program).solved(graphs.inputs).trajectory
    stale = np.array(again.lengths != jnp.asarray(graphs.trajectory.lengths))
    for name, output in again.outputs.items():
        differs = np.asarray(output != jnp.asarray(graphs.trajectory.outputs[name]))
        stale |= differs.reshape(len(stale), -1).any(1)
    refuse(stale, "its trajectory is that of other graphs: solve it with task.run")
    _follow(program, limits, graphs, refuse)
    return found


def _follow(program: GraphProgram, limits: Limits, graphs: Graphs, refuse) -> None:
    """Refuses what the program's own run shows: keys, comparisons, values."""
    lengths = np.maximum(2, np.asarray(graphs.trajectory.lengths))
    steps = program.message_steps * max(1, graphs.trajectory.steps)
    run = interpret(program, graphs, steps)
    time = np.arange(steps)
    last = program.message_steps * (lengths[:, None] - 1)
    taken = (time < last)[..., None]  # (B, T, 1)
    for name, margin in limits.margins.items():
        look = run.looks[name]
        gap, size = np.asarray(look.gap), np.asarray(look.key)
        if margin.alone:
            refuse((np.isfinite(gap) & taken).any((1, 2)), f"{name} has two candidates")
            refuse(
                _somebody(program, name, margin.alone, run, taken), f"no {name} idle"
            )
            continue
        needed = margin.key_gap + margin.rounding * (time[:, None] + 1) * (
            size + margin.offset
        )
        needed = needed + margin.relative * (size + margin.offset)
        near = (gap < needed) & taken
        near &= matters(margin, run, name)
        if margin.ties_by_index:
            near &= gap > 0
        closest = np.where(near, gap, np.inf).min((1, 2))
        refuse(near.any((1, 2)), "two candidates' keys are too close", closest)
        if margin.contrast:
            contrast = np.where(taken, np.asarray(look.contrast), np.inf).min((1, 2))
            too_close = contrast < margin.contrast
            refuse(too_close, "compared values are too close", contrast)
    positions = np.asarray(graphs.positions)[:, None, :]
    for name, sort in program.components.items():
        held = np.asarray(run.states[name])
        held = np.concatenate(
            [held[:, :1], np.where(taken, held[:, 1:], held[:, :1])], 1
        )
        if sort == "bool":
            refuse(
                ((held != 0) & (held != 1)).any((1, 2)), f"{name} is neither 0 nor 1"
            )
        if sort == "float":
            outside = (held < 0) | (held > limits.value)
            refuse(
                outside.any((1, 2)),
                f"{name} leaves [0, {limits.value:g}]",
                np.abs(held).max((1, 2)),
            )
        if sort == "node":
            nearest = nearest_nodes(held, np.asarray(graphs.positions))
            off = np.abs(np.take_along_axis(positions, nearest, -1) - held)
            stray = off.max((1, 2))
            refuse(stray > limits.position_gap / 4, f"{name} is no node", stray)
            if limits.near_pointers:
                near = np.asarray(graphs.adjacency)[:, None]
                named = np.take_along_axis(near, nearest[..., None], -1)
                refuse((named == 0).any((1, 2, 3)), f"{name} is no neighbour")


def nearest_nodes(
    places: Float[np.ndarray, "B T N"], positions: Float[np.ndarray, "B N"]
) -> Int[np.ndarray, "B T N"]:
    """The node whose position each value is nearest to.

    A few graphs at a time: all pairs of values and nodes of a large one fill memory.
    """
    found = np.empty(places.shape, int)
    for graph, (held, own) in enumerate(zip(places, positions, strict=True)):
        order = np.argsort(own, kind="stable")
        ranked = own[order]
        after = np.clip(
            np.searchsorted(ranked, held), 1 if len(own) > 1 else 0, len(own) - 1
        )
        before = np.maximum(after - 1, 0)
        lower = held - ranked[before] <= ranked[after] - held
        found[graph] = order[np.where(lower, before, after)]
    return found


def matters(margin: Margin, run: Meaning, selection: str) -> np.ndarray:
    """Whether anything depends on whom a node selects, (B, T, N)."""
    look = run.looks[selection]
    gap, size = np.asarray(look.gap), np.asarray(look.key)
    # of two keys the lesser is read, if either is
    found = np.where(np.isfinite(gap), size - gap, 0) < margin.unread_from
    for name, truth in margin.asked:
        found &= (np.asarray(run.states[name])[:, :-1] != 0) == truth
    return found


def _somebody(
    program: GraphProgram, role: str, alone: str, run: Meaning, taken: np.ndarray
) -> np.ndarray:
    """Of each graph, whether "nobody" could be somebody: see `Margin.alone`."""
    idle = np.asarray(run.states[alone])[:, :-1] == 0  # (B, T, N)
    missing = ~np.asarray(run.looks[role].active).all(-1) & ~idle.any(-1)
    truths = {n for n, sort in program.components.items() if sort == "bool"}
    for effect in program.effects.values():
        for part in effect:
            read = {f.name for f in fields_of(part) if f.role == role} & truths
            for name in read:
                held = np.asarray(run.states[name])[:, :-1] != 0
                missing |= (held & idle).any(-1)
    return (missing & taken[..., 0]).any(-1)
