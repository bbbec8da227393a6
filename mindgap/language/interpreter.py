"""What a graph program means: it is run on graphs directly (paper §2.4).

This is the reference that compiled weights are compared with. It does not use the
network. Arithmetic is float32, as in the network, with truth values as 0 and 1 and
nodes as their positions.
"""

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mindgap import checks
from mindgap.graphs import AnyArray, Graphs, Trajectory, edges_of, index_of
from mindgap.language.expressions import (
    Add,
    Both,
    Constant,
    Either,
    Expr,
    Less,
    Maximum,
    Minimum,
    Multiply,
    Not,
    Read,
    Same,
    Subtract,
    When,
    lift,
)
from mindgap.language.program import SHOWN, GraphProgram, Shown, input_of, is_source
from mindgap.language.selection import Selection, nobody
from mindgap.tasks import base
from mindgap.tasks.base import Task
from mindgap.tasks.erdos_renyi import ErdosRenyi, Inputs
from mindgap.tasks.features import SOURCED, Feature

State = dict[str, Float[Array, "N"]]
BatchState = dict[str, Float[Array, "B N"]]
"""The values of every component."""

INTERPRET: dict[type, Callable] = {
    Read: lambda e, fields: fields[e.role][e.field],
    Constant: lambda e, fields: jnp.float32(e.value),
    Not: lambda e, fields: 1.0 - value(e.of, fields),
    Add: lambda e, fields: value(e.left, fields) + value(e.right, fields),
    Subtract: lambda e, fields: value(e.left, fields) - value(e.right, fields),
    Multiply: lambda e, fields: value(e.left, fields) * value(e.right, fields),
    Both: lambda e, fields: jnp.minimum(value(e.left, fields), value(e.right, fields)),
    Either: lambda e, fields: jnp.maximum(
        value(e.left, fields), value(e.right, fields)
    ),
    Less: lambda e, fields: _number(value(e.left, fields) < value(e.right, fields)),
    Same: lambda e, fields: _number(value(e.left, fields) == value(e.right, fields)),
    When: lambda e, fields: value(e.left, fields) * value(e.right, fields),
    Minimum: lambda e, fields: jnp.minimum(
        value(e.left, fields), value(e.right, fields)
    ),
    Maximum: lambda e, fields: jnp.maximum(
        value(e.left, fields), value(e.right, fields)
    ),
}


def _number(truth: Bool[Array, "..."]) -> Float[Array, "..."]:
    return truth.astype(jnp.float32)


def value(expr: Expr, fields: Mapping[str, Mapping[str, Array]]) -> Float[Array, "..."]:
    """The expression's value, given the value of every field of every role."""
    return INTERPRET[type(expr)](expr, fields)


class Look(NamedTuple):
    """The node that each node selects at each step, and how clearly it does."""

    selected: Int[Array, "B T N"]
    active: Bool[Array, "B T N"]
    """Whether the node has a candidate; else it selects itself, or nobody."""
    gap: Float[Array, "B T N"]
    """From the selected key to the next candidate's key; inf for one candidate."""
    key: Float[Array, "B T N"]
    """Size of the larger of those two keys, 0 if there are no two."""
    contrast: Float[Array, "B T N"]
    """Least right - left above 0 of any comparison in the mask; inf without any."""
    excess: Float[Array, "B T N"]
    """Least left - right of at least 0 of any `<` in the mask; inf without any."""


class Meaning(NamedTuple):
    """A program's run on a batch of graphs."""

    states: dict[str, Float[Array, "B hints N"]]
    """Every component, at the start and after each step: one more than the steps."""
    looks: dict[str, Look]
    """Of each selection."""

    @property
    def look(self) -> Look:
        """Of the program's only selection."""
        (look,) = self.looks.values()
        return look


def interpret(
    program: GraphProgram, graphs: Graphs, steps: int, start: BatchState | None = None
) -> Meaning:
    """Runs the program for so many steps on every graph of a batch.

    From its own start, or from another state of all its components.

    Raises TypeError for what is no program or no graphs, ValueError for other graphs,
    for a number of steps below 0 and for a start that is not of all components.
    """
    checks.kind("interpret", program, GraphProgram, "a GraphProgram")
    steps = checks.whole("steps", steps, 0)
    task_of(program).inputs(graphs)  # refuses what are no graphs of the task
    if start is not None:
        shape = graphs.batch, graphs.nodes
        checks.kind("start", start, Mapping, "a mapping from components to arrays")
        found = {name: np.shape(value) for name, value in start.items()}
        if found != dict.fromkeys(program.components, shape):
            raise ValueError(
                f"start must be of {', '.join(program.components)}, each {shape}, got "
                + ", ".join(f"{name} {size}" for name, size in found.items())
            )
    source = source_of(program, graphs)
    if source is None:
        source = jnp.zeros_like(graphs.positions)
    return _interpreted(program, steps, dict(graphs.inputs), source, start)


def source_of(program: GraphProgram, graphs: Graphs) -> Float[AnyArray, "B N"] | None:
    """`init.s`: where the algorithm starts, by its input or by its first hint.

    None if it has neither.
    """
    features = task_of(program).features
    if "s" not in features or not is_source(features["s"]):
        return None
    if graphs.source is None:
        return graphs.trajectory.hints["s"][:, 0]
    return graphs.source


def task_of(program: GraphProgram) -> Task:
    """The task that a program computes: its own, or one made of its components.

    In the latter every component is a hint (`name_h`) and an output (`name`), shown
    after every `message_steps` steps; a graph is done when nothing changes any more,
    after N hints at the latest. One node has two hints, since a network always steps.
    """
    return program.task or _own_task(program)


def shown(program: GraphProgram) -> dict[str, Shown]:
    """Which component shows each hint and output of the program's task."""
    if program.task is not None:
        return {**program.hints, **program.outputs}
    return {
        name: component
        for component in program.components
        for name in (f"{component}_h", component)
    }


@functools.cache
def _own_task(program: GraphProgram) -> Task:
    def most_hints(nodes: int) -> int:
        return max(2, nodes)

    def solve(inputs: Inputs) -> Trajectory:
        positions = jnp.asarray(inputs["pos"])
        nodes = positions.shape[0]
        each, most = program.message_steps, most_hints(nodes)
        run = _run(program, each * most, inputs, jnp.asarray(inputs["s"]))
        shown = {
            name: _nearest(states[::each], positions)
            if program.components[name] == "node"
            else states[::each]
            for name, states in run.states.items()
        }
        moved = jnp.stack([(s[1:] != s[:-1]).any(1) for s in shown.values()]).any(0)
        # after a hint without change nothing moves: the state is the only memory
        length = jnp.minimum(moved.sum() + 1, most)
        return base.masked_after(
            {f"{name}_h": states[:-1] for name, states in shown.items()},
            {name: states[length - 1] for name, states in shown.items()},
            length,
        )

    features = dict(SOURCED)
    for name, sort in program.components.items():
        features[name] = Feature("output", "node", SHOWN[sort])
        features[f"{name}_h"] = Feature("hint", "node", SHOWN[sort])
    return Task(
        name=program.name,
        features=features,
        solve=solve,
        most_hints=most_hints,
        sampler=ErdosRenyi(weighted=True),
        strict=False,
    )


def _nearest(
    places: Float[Array, "T N"], positions: Float[Array, "N"]
) -> Int[Array, "T N"]:
    """The number of the node that each reference names."""
    return jnp.abs(places[..., None] - positions).argmin(-1)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _interpreted(
    program: GraphProgram,
    steps: int,
    inputs: Inputs,
    source: Array,
    start: BatchState | None,
) -> Meaning:
    return jax.vmap(functools.partial(_run, program, steps))(inputs, source, start)


def _run(
    program: GraphProgram,
    steps: int,
    inputs: Inputs,
    source: Array,
    start: State | None = None,
) -> Meaning:
    # float32, whatever JAX is set to: what the compiled network computes in
    inputs = {name: jnp.asarray(leaf, jnp.float32) for name, leaf in inputs.items()}
    index = index_of(inputs)
    given = {"s": jnp.asarray(source, jnp.float32), "index": index}
    given |= {name: given_as(program, name, inputs) for name in program.node_inputs}
    for name in program.graph_inputs:
        given[name] = jnp.broadcast_to(inputs[name], index.shape)
    if start is None:
        start = {
            name: jnp.broadcast_to(value(expr, {"init": given}), given["index"].shape)
            for name, expr in program.starts.items()
        }

    def step(state: State, _):
        after, looks = _step(program, inputs, given, state)
        return after, (state, looks)

    last, (states, looks) = jax.lax.scan(step, start, length=steps)
    joined = {k: jnp.concatenate([states[k], last[k][None]]) for k in start}
    return Meaning(joined, looks)


def given_as(program: GraphProgram, field: str, inputs: Inputs) -> AnyArray:
    """An input as programs read it, by the name of its field."""
    name, which = input_of(task_of(program), field)
    return inputs[name] if which is None else inputs[name][..., which]


def _step(
    program: GraphProgram, inputs: Inputs, given: State, state: State
) -> tuple[State, dict[str, Look]]:
    """The state after a step, and each selection; `given` are the fields of `init`."""
    nodes = given["index"].shape[0]
    own = {name: given[name] for name in ("index", *program.node_inputs)}
    held = {**state, **own}
    weights = jnp.asarray(inputs.get("A", jnp.zeros((nodes, nodes))))
    linked = edges_of(inputs) if "adj" in inputs else jnp.zeros_like(weights, bool)
    edges = {"adj": _number(linked), "weight": weights}
    pairs = {
        "self": {k: v[:, None] for k, v in held.items()},
        "other": {k: v[None, :] for k, v in held.items()},
        "init": {k: v[:, None] for k, v in given.items()},
        "edge": edges,
        "edge.back": {k: v.T for k, v in edges.items()},
    }
    looks = {n: _look(s, pairs) for n, s in program.selections.items()}
    node = jnp.arange(nodes)
    looked_at = {"self": held, "init": given}
    for name, selection in program.selections.items():
        look = looks[name]
        someone = look.active if selection.made.default is nobody else True
        looked_at[name] = {k: v[look.selected] * someone for k, v in held.items()}
        looked_at[name]["weight"] = weights[node, look.selected] * look.active
        looked_at["edge"] = {
            k: v[node, look.selected] * look.active for k, v in edges.items()
        }
    after = {
        name: jnp.broadcast_to(value(expr, looked_at), (nodes,))
        for name, expr in program.updates.items()
    }
    return after, looks


def _look(selection: Selection, pairs: dict[str, dict[str, Array]]) -> Look:
    nodes = pairs["edge"]["adj"].shape[0]
    itself = jnp.eye(nodes, dtype=bool)
    allowed = ~itself if selection.others else jnp.ones_like(itself)
    if not selection.others:
        pairs = pairs | {
            way: {**pairs[way], "adj": jnp.maximum(pairs[way]["adj"], itself)}
            for way in ("edge", "edge.back")
        }
    candidate = allowed & (value(selection.made.where, pairs) > 0)
    keys = jnp.broadcast_to(value(lift(selection.made.key), pairs), (nodes, nodes))
    keys = jnp.where(candidate, selection.sign * keys, jnp.inf)
    active = candidate.any(1)
    node = jnp.arange(nodes)
    best = keys.argmin(1)  # the lowest index on ties
    first = keys.min(1)
    second = jnp.where(node == best[:, None], jnp.inf, keys).min(1)
    several = jnp.isfinite(second)
    contrast = excess = jnp.full(nodes, jnp.inf)
    if selection.made.default is nobody:  # who holds no truth value is not compared
        for (role, name), positive in selection.mask.literals:
            allowed &= (pairs[role][name] > 0) == positive
    for test, *_ in selection.mask.comparisons:
        apart = value(test.right, pairs) - value(test.left, pairs)
        if isinstance(test, Same):
            apart = jnp.abs(apart)
        else:
            below = jnp.where(allowed & (apart <= 0), jnp.abs(apart), jnp.inf)
            excess = jnp.minimum(excess, below.min(1))
        apart = jnp.where(allowed & (apart > 0), apart, jnp.inf)
        contrast = jnp.minimum(contrast, apart.min(1))
    return Look(
        selected=jnp.where(active, best, node),
        active=active,
        gap=jnp.where(several, second - first, jnp.inf),
        key=jnp.where(several, jnp.maximum(jnp.abs(first), jnp.abs(second)), 0.0),
        contrast=contrast,
        excess=excess,
    )
