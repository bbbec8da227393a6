"""Where a compiled network is exact, and the refusal to use it elsewhere (App. A).

A softmax selects one node only if the best key beats the next by enough, and float32
only resolves so much. Both are computed from the weights when a program is compiled.
Enough means that the softmax gives exactly 0 to all others: an update multiplies what
it reads by factors as large as the largest value, so no leak is small after some steps.
Only where no update multiplies it may others get less than float32 sees beside 1.
Whether a graph lies within them is seen by running the program on it.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from mindgap.compiler.static import is_given, reads_source
from mindgap.graphs import Graphs, Trajectory
from mindgap.language.interpreter import (
    Meaning,
    given_as,
    interpret,
    shown,
    source_of,
    task_of,
)
from mindgap.language.normal_forms import fields_of
from mindgap.language.program import GraphProgram
from mindgap.tasks.base import Task, trajectories

NODES = 4096
"""A network that is not for a fixed number of nodes takes at most so many."""

UNDERFLOW = 104.0
"""exp(-104) is 0 in float32: a score this far below another gets nothing."""

UNSEEN = 26.4
"""4,096 scores this far below another get less than 2^-26 together: beside 1, float32
does not see it."""

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
    """The sides of a comparison must be equal, or at least this far apart..."""
    drift: float = 0.0
    """...plus this times the number of the step."""
    alone: str = ""
    """If named, there must be one candidate at most; and, within reach of a node that
    has none, nodes where this truth value is 0, of whom all that is read of nobody is
    0, too."""
    named: tuple[str, str] | None = None
    """If given, the fields of the other and of the node itself that must be the same:
    of one node exactly, which may be the node itself."""
    somebody: bool = False
    """Whether there must be a candidate at every step."""
    relative: float = 0.0
    """To `key_gap` comes this times (the size of the larger key + offset)."""
    unread_from: float = np.inf
    """From this key on nothing depends on who is selected."""
    asked: tuple[tuple[str, bool], ...] = ()
    """Truth values that a node must hold if anything depends on whom it selects."""

    def drifts(self, steps: int) -> Float[np.ndarray, "T 1"]:
        """By how much numbers that are compared may be wrong at each step."""
        return self.drift * (1.0 + np.arange(steps)[:, None])


@dataclasses.dataclass(frozen=True)
class Limits:
    """The safe range of a compiled network; positions are in [0, 1)."""

    nodes: int
    fixed_nodes: bool
    """Whether the network runs on exactly `nodes` nodes, else on at most so many."""
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
    """The largest size of a float component."""
    signed: tuple[str, ...]
    """The float components that may be below 0."""
    weight: float
    """The largest edge weight."""
    self_loops: bool
    """Whether graphs may have self-loops."""
    directed: bool
    """Whether edges may lack their opposite."""
    equal_weights: bool
    """Whether an edge and its opposite must weigh the same."""
    near_pointers: bool
    """Whether those of `fed_pointers` must be to neighbours or to oneself."""
    fed_pointers: tuple[str, ...] | None
    """None if attention reaches all nodes. Else it reaches neighbours, and nodes that
    one of these references joins: pointers that are fed back make neighbours."""
    linear_positions: bool
    """Whether node i must lie at i / N."""

    def __str__(self) -> str:
        exactly = "exactly" if self.fixed_nodes else "at most"
        weights = "not read" if np.isinf(self.weight) else f"in [0, {self.weight:g}]"
        values = f"in [0, {self.value:g}]"
        if self.signed:
            values += f", {', '.join(self.signed)} from {-self.value:g} on"
        lines = [
            f"{exactly} {self.nodes} nodes",
            f"positions {'i / N' if self.linear_positions else 'increasing'}, "
            f"at least {self.position_gap:.2g} apart",
            f"edge weights {weights}, values {values}",
            f"self-loops {'allowed' if self.self_loops else 'refused'}, "
            f"one-way edges {'allowed' if self.directed else 'refused'}",
        ]
        for name, margin in self.margins.items():
            head = f"{name}: " * (len(self.margins) > 1)
            if margin.contrast:
                drift = f"step * {margin.drift:.2g}"
                lines.append(
                    f"{head}compared values equal or {margin.contrast:.2g} apart"
                    if not margin.drift
                    else f"{head}compared sums {margin.contrast:.2g} + {drift} apart, "
                    f"{drift} the other way, or equal and none rounded"
                )
            if margin.alone or margin.named:
                number = "at most" if margin.alone else "exactly"
                lines.append(f"{head}one candidate {number}")
                continue
            drift = f" + step * {margin.rounding:.2g} * (key + {margin.offset:g})"
            lines.append(
                f"{head}best key ahead by {margin.key_gap:.2g}"
                + f" + {margin.relative:.2g} * (key + {margin.offset:g})"
                * (margin.relative > 0)
                + drift * (margin.rounding > 0)
                + ", or equal" * margin.ties_by_index
            )
        return "\n".join(lines)


Say = Callable[..., str]
"""(graph, and where in it) to what is too large or too small there."""


class _Findings:
    """The first reason against each graph."""

    def __init__(self, graphs: int):
        self.reasons: list[str | None] = [None] * graphs

    def refuse(self, bad: Bool[np.ndarray, "B ..."], reason: str, say: Say) -> None:
        """Refuses every graph in which something is bad, and says what is first."""
        bad = np.asarray(bad)
        for graph in map(int, np.flatnonzero(bad.reshape(len(bad), -1).any(1))):
            if self.reasons[graph] is None:
                place = map(int, np.argwhere(bad[graph])[0]) if bad.ndim > 1 else ()
                self.reasons[graph] = f"{reason} ({say(graph, *place)})"


def refusals(program: GraphProgram, limits: Limits, graphs: Graphs) -> list[str | None]:
    """For each graph why it lies outside the limits, or None if it does not.

    The reason names node, step and value, and in parentheses what would be allowed.
    A graph is followed for its own trajectory's steps (at least one).
    """
    task_of(program).inputs(graphs)  # refuses what are no graphs of the task
    nodes = graphs.nodes
    wrong = bool(nodes != limits.nodes if limits.fixed_nodes else nodes > limits.nodes)
    exactly = "exactly" if limits.fixed_nodes else "at most"
    if wrong:
        return [f"{nodes} nodes, {exactly} {limits.nodes} allowed"] * graphs.batch
    if not limits.separated:
        soft = "the network is too soft: candidates are not kept apart"
        return [soft] * graphs.batch
    found = _Findings(graphs.batch)
    _check_inputs(program, limits, graphs, found)
    _check_positions(limits, np.asarray(graphs.index), found)
    if "adj" in graphs.inputs:
        _check_edges(limits, graphs, found)
    task = task_of(program)
    solved = trajectories(task, dict(graphs.inputs))
    stale = _differing(solved, graphs.trajectory, task.stage("output"))
    found.refuse(
        stale, "its trajectory is that of other graphs", lambda graph: "use task.run"
    )
    _check_rounding(task, graphs, solved, found)
    _follow(program, limits, graphs, found)
    return found.reasons


def _check_rounding(
    task: Task, graphs: Graphs, solved: Trajectory, found: _Findings
) -> None:
    """Refuses graphs in float64 on which the algorithm does otherwise in float32."""
    kinds = {np.asarray(leaf).dtype for leaf in graphs.inputs.values()}
    if np.dtype(np.float64) not in kinds:
        return
    rounded = trajectories(
        task, {k: jnp.asarray(v, jnp.float32) for k, v in graphs.inputs.items()}
    )
    decided = [
        name
        for name, feature in task.features.items()
        if feature.stage != "input" and feature.type != "scalar"
    ]
    other = _differing(solved, rounded, decided)
    found.refuse(
        other, "in float32 its run is another", lambda graph: "numbers are too close"
    )


def _differing(
    one: Trajectory, other: Trajectory, names: Iterable[str]
) -> Bool[np.ndarray, "B"]:
    """Graphs whose lengths, or hints or outputs of these names, are not the same."""
    found = np.asarray(one.lengths) != np.asarray(other.lengths)
    ones, others = ({**t.hints, **t.outputs} for t in (one, other))
    for name in names:
        differs = np.asarray(ones[name]) != np.asarray(others[name])
        found = found | differs.reshape(len(found), -1).any(1)
    return found


def _check_inputs(
    program: GraphProgram, limits: Limits, graphs: Graphs, found: _Findings
) -> None:
    """Refuses truth values that are neither 0 nor 1, and numbers that are too large."""
    given = {
        name: (np.asarray(given_as(program, name, graphs.inputs)), sort)
        for name, sort in (*program.node_inputs.items(), *program.graph_inputs.items())
    }
    source = source_of(program, graphs)
    if source is not None:
        given["s"] = np.asarray(source), "bool"
    for name, (values, sort) in given.items():

        def at(graph: int, *node: int, values=values) -> str:
            where = f" at node {node[0]}" if node else ""
            return f"{values[(graph, *node)]:g}{where}"

        if sort == "bool":
            word = "a source that is" if name == "s" else f"{name} is"
            neither = (values != 0) & (values != 1)
            found.refuse(neither, f"{word} neither 0 nor 1", at)
        if sort == "float":
            large = ~(np.abs(values) <= limits.value)
            found.refuse(
                large, f"{name} leaves [-{limits.value:g}, {limits.value:g}]", at
            )


def _check_positions(
    limits: Limits, positions: Float[np.ndarray, "B N"], found: _Findings
) -> None:
    def at(graph: int, node: int) -> str:
        return f"{positions[graph, node]:.9g} at node {node}"

    found.refuse((positions < 0) | (positions >= 1), "positions outside [0, 1)", at)
    gaps = np.diff(positions, axis=1)
    found.refuse(
        gaps < limits.position_gap,
        f"neighbouring positions closer than {limits.position_gap:.2g}",
        lambda graph, node: f"{gaps[graph, node]:.3g} from node {node} to {node + 1}",
    )
    if limits.identity:
        places = np.float32(limits.identity) * positions.astype(np.float32)
        one = np.float32(1)
        lost = ((one - places) + places != 1) | ((places + one) - places != 1)
        found.refuse(lost, "a position that cannot be told from itself", at)
    if limits.linear_positions:
        nodes = positions.shape[1]
        linear = np.arange(nodes, dtype=np.float32) / np.float32(nodes)
        off = np.abs(positions - linear) > 1e-6
        found.refuse(off, "positions that are not i / N", at)


def _check_edges(limits: Limits, graphs: Graphs, found: _Findings) -> None:
    edges = np.asarray(graphs.edges)
    if np.isfinite(limits.weight):
        weights = np.asarray(graphs.weights)

        def heavy(graph: int, i: int, j: int) -> str:
            least, largest = weights[graph].min(), weights[graph].max()
            scaled = least >= 0 and largest < np.inf
            advice = f"; times {limits.weight / largest:.2g} they fit" if scaled else ""
            return f"{weights[graph, i, j]:g} of edge {i} -> {j}{advice}"

        found.refuse(
            ~((weights >= 0) & (weights <= limits.weight)),
            f"weights outside [0, {limits.weight:g}]",
            heavy,
        )
    if not limits.self_loops:
        looped = np.diagonal(edges, axis1=1, axis2=2)
        found.refuse(looped, "a self-loop", lambda graph, node: f"at node {node}")
    if not limits.directed:
        found.refuse(
            edges & ~edges.swapaxes(1, 2),
            "an edge without its opposite",
            lambda graph, i, j: f"{i} -> {j}",
        )
    if limits.equal_weights:
        weights = np.asarray(graphs.weights)
        found.refuse(
            edges & (weights != weights.swapaxes(1, 2)),
            "an edge whose opposite weighs something else",
            lambda graph, i, j: (
                f"{weights[graph, i, j]:g} of {i} -> {j}, "
                f"{weights[graph, j, i]:g} of {j} -> {i}"
            ),
        )


def _follow(
    program: GraphProgram, limits: Limits, graphs: Graphs, found: _Findings
) -> None:
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
        counts, wrong = taken & matters(margin, run, name), margin.drifts(steps)
        if margin.contrast:
            contrast, enough = np.asarray(look.contrast), margin.contrast + wrong
            found.refuse(
                (contrast < enough) & counts,
                "compared values are too close",
                lambda graph, step, node, contrast=contrast, enough=enough: (
                    f"{contrast[graph, step, node]:.3g} apart at node {node}, step "
                    f"{step + 1}; {enough[step, 0]:.2g} is enough"
                ),
            )
        if margin.drift:
            excess = np.asarray(look.excess)
            found.refuse(
                (excess < wrong) & counts & ~_sums_are_exact(program, limits, graphs),
                "compared sums are too close",
                lambda graph, step, node, excess=excess, wrong=wrong: (
                    f"{excess[graph, step, node]:.3g} apart at node {node}, step "
                    f"{step + 1}; they are rounded by up to {wrong[step, 0]:.2g}"
                ),
            )
        if margin.somebody:
            found.refuse(
                ~np.asarray(look.active) & taken,
                f"{name} is nobody",
                lambda graph, step, node: f"of node {node} at step {step + 1}",
            )
        if margin.named:
            number = _namesakes(run, graphs, name, margin.named)
            found.refuse(
                (number != 1) & taken,
                f"{name} is not one node",
                lambda graph, step, node, number=number: (
                    f"but {number[graph, step, node]}, of node {node} at step "
                    f"{step + 1}"
                ),
            )
            continue
        if margin.alone:
            found.refuse(
                np.isfinite(gap) & taken,
                f"{name} has two candidates",
                lambda graph, step, node: f"of node {node} at step {step + 1}",
            )
            far, somebody = _beyond(program, limits, graphs, run, name)
            found.refuse(
                far & taken,
                f"{name} is no neighbour",
                lambda graph, step, node: (
                    f"of node {node} at step {step + 1}; with attend_to='all' it need "
                    "not be"
                ),
            )
            found.refuse(
                somebody & taken & (graphs.nodes == 1),
                "a graph of one node",
                lambda graph, step, node, name=name: (
                    f"at step {step + 1} it has no {name}, and nobody else to look "
                    "at; two nodes at least"
                ),
            )
            found.refuse(
                somebody & taken,
                f"no {name} idle",
                lambda graph, step, node: (
                    f"of those that node {node} reaches at step {step + 1}"
                ),
            )
            continue
        needed = margin.key_gap + margin.rounding * (time[:, None] + 1) * (
            size + margin.offset
        )
        needed = needed + margin.relative * (size + margin.offset)
        near = (gap < needed) & counts
        if margin.ties_by_index:
            near &= gap > 0
        found.refuse(
            near,
            "two candidates' keys are too close",
            lambda graph, step, node, gap=gap, needed=needed: (
                f"{gap[graph, step, node]:.3g} apart at node {node}, step {step + 1}; "
                f"{needed[graph, step, node]:.2g} is enough"
            ),
        )
    _check_source(program, run, taken, found)
    positions = np.asarray(graphs.index)[:, None, :]
    for name, sort in program.components.items():
        held = np.asarray(run.states[name])
        held = np.concatenate(
            [held[:, :1], np.where(taken, held[:, 1:], held[:, :1])], 1
        )

        def at(graph: int, step: int, node: int, held=held) -> str:
            return f"{held[graph, step, node]:.3g} at node {node} after step {step}"

        if sort == "bool":
            neither = (held != 0) & (held != 1)
            found.refuse(neither, f"{name} is neither 0 nor 1", at)
        if sort == "float":
            least = -limits.value if name in limits.signed else 0
            outside = f"{name} leaves [{least:g}, {limits.value:g}]"
            found.refuse(held < least, outside, at)
            found.refuse(
                held > limits.value,
                outside,
                lambda *place, at=at: f"{at(*place)}; compile with largest_value=",
            )
        if sort == "node":
            nearest = nearest_nodes(held, np.asarray(graphs.index))
            off = np.abs(np.take_along_axis(positions, nearest, -1) - held)
            found.refuse(off > limits.position_gap / 4, f"{name} is no node", at)
            if limits.near_pointers and name in (limits.fed_pointers or ()):
                near = np.asarray(graphs.adjacency)[:, None]
                named = np.take_along_axis(near, nearest[..., None], -1)[..., 0]
                found.refuse(named == 0, f"{name} is no neighbour", at)


def _sums_are_exact(
    program: GraphProgram, limits: Limits, graphs: Graphs
) -> Bool[np.ndarray, "B 1 1"]:
    """Whether no sum of a graph's numbers is rounded, so that equal ones are equal.

    In the network a number stands beside constants of up to three times the largest
    value, and keeps what is a multiple of float32's spacing there.
    """
    spacing = 4 * limits.value * UNIT
    exact = np.ones((graphs.batch, 1, 1), bool)
    for name, sort in (*program.node_inputs.items(), *program.graph_inputs.items()):
        if sort == "float":
            given = np.asarray(given_as(program, name, graphs.inputs), float)
            whole = given.reshape(graphs.batch, 1, -1) / spacing % 1 == 0
            exact &= whole.all(-1, keepdims=True)
    return exact


def _check_source(
    program: GraphProgram,
    run: Meaning,
    taken: Bool[np.ndarray, "B T 1"],
    found: _Findings,
) -> None:
    """Refuses a source that moves while a hint is on the way, or is not one node.

    Where `init.s` is the first hint, the last hint `s` is fed back, one-hot, and what a
    start is taken back by is the component that shows it. The two are the same if that
    component is 1 at one node at the end of every hint, and changes at no other step.
    """
    name = shown(program).get("s")
    if not reads_source(program) or is_given(program) or not isinstance(name, str):
        return
    each, held = program.message_steps, np.asarray(run.states[name])
    moves = (held[:, 1:] != held[:, :-1]) & taken
    moves[:, each - 1 :: each] = False
    found.refuse(
        moves,
        f"{name}, which shows the hint s, changes before the last step of a hint",
        lambda graph, step, node: f"at node {node}, step {step + 1}",
    )
    none = ((held[:, each::each] != 0).sum(-1) != 1) & taken[:, each - 1 :: each, 0]
    found.refuse(
        none,
        f"{name}, which shows the hint s, is not one node",
        lambda graph, hint: f"at hint {hint + 1}",
    )


def _namesakes(
    run: Meaning, graphs: Graphs, name: str, fields: tuple[str, str]
) -> Int[np.ndarray, "B T N"]:
    """How many nodes a selection by name may be of, the node itself among them."""
    positions = np.asarray(graphs.index, np.float32)[:, None]  # as in the run
    theirs, own = (
        np.asarray(run.states[f])[:, :-1]
        if f in run.states
        else np.broadcast_to(positions, run.looks[name].active.shape)
        for f in fields
    )
    count = np.empty(own.shape, int)
    for step in range(own.shape[1]):  # all pairs at all steps would fill memory
        same = theirs[:, step, None] == own[:, step, :, None]
        count[:, step] = same.sum(-1)
    return count


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


def matters(margin: Margin, run: Meaning, selection: str) -> Bool[np.ndarray, "B T N"]:
    """Whether anything depends on whom a node selects.

    Where a comparison is clear, who is selected is right, and counts as if it mattered.
    """
    look = run.looks[selection]
    gap, size = np.asarray(look.gap), np.asarray(look.key)
    # of two keys the lesser is read, if either is
    found = np.where(np.isfinite(gap), size - gap, 0) < margin.unread_from
    asked = np.ones_like(found)
    for name, truth in margin.asked:
        asked &= (np.asarray(run.states[name])[:, :-1] != 0) == truth
    if margin.contrast:
        wrong = margin.drifts(gap.shape[1])
        asked |= (np.asarray(look.contrast) >= margin.contrast + wrong) & (
            np.asarray(look.excess) >= wrong
        )
    return found & asked


def _beyond(
    program: GraphProgram, limits: Limits, graphs: Graphs, run: Meaning, role: str
) -> tuple[Bool[np.ndarray, "B T N"], Bool[np.ndarray, "B T N"]]:
    """Where attention does not reach the selected node; and where "nobody" is somebody.

    The latter is so if a node without a candidate reaches no idle one, or reaches one
    that is idle and holds a truth value that is read of nobody. See `Margin.alone`.
    """
    look, alone = run.looks[role], limits.margins[role].alone
    active, chosen = np.asarray(look.active), np.asarray(look.selected)
    idle = np.asarray(run.states[alone])[:, :-1] == 0  # (B, T, N)
    truths = {n for n, sort in program.components.items() if sort == "bool"}
    read = {
        field.name
        for effect in program.effects.values()
        for part in effect
        for field in fields_of(part)
        if field.role == role and field.name in truths
    }
    held = np.zeros_like(idle)
    for name in read:
        held |= np.asarray(run.states[name])[:, :-1] != 0
    far, somebody = np.zeros_like(active), np.zeros_like(active)
    for step, linked in enumerate(_reach(program, limits, graphs, run)):
        whole = np.broadcast_to(linked, (*active[:, step].shape, graphs.nodes))
        at = np.take_along_axis(whole, chosen[:, step, :, None], -1)[..., 0]
        far[:, step] = active[:, step] & ~at
        reached = linked & idle[:, step, None]
        truthful = (reached & held[:, step, None]).any(-1)
        somebody[:, step] = ~active[:, step] & (~reached.any(-1) | truthful)
    return far, somebody


def _reach(
    program: GraphProgram, limits: Limits, graphs: Graphs, run: Meaning
) -> Iterator[Bool[np.ndarray, "B #N N"]]:
    """Which nodes each node can attend to, step by step; see `Limits.fed_pointers`."""
    each, positions = program.message_steps, np.asarray(graphs.index)
    near = np.zeros((graphs.batch, graphs.nodes, graphs.nodes), bool)
    if "adj" in graphs.inputs:
        near = np.asarray(graphs.adjacency) > 0
    near = near | near.swapaxes(1, 2) | np.eye(graphs.nodes, dtype=bool)
    if limits.fed_pointers is None:
        near = np.ones_like(near[:, :1])  # all nodes attend alike
    named = [
        nearest_nodes(np.asarray(run.states[name])[:, ::each], positions)
        for name in limits.fed_pointers or ()
    ]
    (look, *_) = run.looks.values()
    for step in range(look.active.shape[1]):
        linked = near
        for nodes in named:
            # hints are fed back after all message steps of one
            names = nodes[:, step // each, :, None] == np.arange(graphs.nodes)
            linked = linked | names | names.swapaxes(1, 2)
        yield linked
