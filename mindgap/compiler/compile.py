"""Graph programs straight into weights (paper §2.4, App. A; Figures 8, 10).

The compiler sets every parameter of the network, in the order of these files:

    static     what is known of the program before it runs
    updates    every component as a sum of cells, each the ReLU of a sum
    layout     which hidden coordinate holds which cell
    scores     attention scores that select what the program selects, a head for each
    readout    encoders and decoders
    limits     on which graphs all of this is exact

Nothing is trained and nothing is approximate: inside the computed limits the network
does what the program says, outside it is refused. `Compiled.explain` prints each of
these for one program.

One step of the program is one step of attention. The paper's layer norm must be off: it
would rescale the scalars that the hidden state is made of.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from mindgap import checks
from mindgap.compiler import explain, updates
from mindgap.compiler.layout import Arrays, Layout, lay_out, zero_layer
from mindgap.compiler.limits import NODES, Limits, OutOfRange, refusals
from mindgap.compiler.readout import set_decoders, set_encoders
from mindgap.compiler.scores import Score, scores
from mindgap.compiler.scores.base import fed_pointers
from mindgap.compiler.static import (
    Bounds,
    CannotCompile,
    fields_read,
    is_given,
    of_edge,
    reads_source,
    with_signs,
)
from mindgap.compiler.updates import LARGEST_WEIGHT, Sum
from mindgap.graphs import AnyArray, Graphs
from mindgap.language.interpreter import task_of
from mindgap.language.normal_forms import fields_of
from mindgap.language.program import GraphProgram
from mindgap.network import (
    ModelConfig,
    Params,
    Result,
    Shapes,
    apply,
    predict,
    template,
)
from mindgap.tasks.base import Task

EXACT = 2.0**26
"""Score per unit of key: positions that float32 can use at all are told apart."""

TRACED = 4 * 2**30
"""Bytes that the attention and the pointers of all steps may take."""

LARGEST_VALUE = 2.0**20


@dataclasses.dataclass(frozen=True, eq=False)
class Compiled:
    """A program as a network: call it on graphs."""

    program: GraphProgram
    config: ModelConfig
    params: Params
    sums: Mapping[str, Sum]
    """Every component as the network has it."""
    layout: Layout
    scores: Mapping[str, Score]
    """Of each selection, in the order of the heads."""
    limits: Limits
    sharpness: float
    """The score per unit of key."""

    @property
    def task(self) -> Task:
        """The task whose features the network computes."""
        return task_of(self.program)

    @property
    def channels(self) -> dict[int, str]:
        """What each coordinate of the scores' zeta is for."""
        room = self.config.hidden_size // self.config.heads
        return {
            head * room + place: channel.name
            for head, score in enumerate(self.scores.values())
            for place, channel in enumerate(score.channels)
        }

    def explain(self) -> str:
        """What the compiler made of the program, pass by pass, to be printed."""
        return explain.explain(self)

    def refusals(self, graphs: Graphs) -> list[str | None]:
        """For each graph why the network may not be exact on it, or None."""
        return refusals(self.program, self.limits, graphs)

    def __call__(self, graphs: Graphs, trace: bool = True) -> Result:
        """The network's outputs on a batch; if traced, hints, states and attention.

        Raises OutOfRange, naming graphs and reasons, unless all are within the limits;
        TypeError inside jit, vmap and grad, where the limits cannot be asked (see
        `run`); ValueError if what is traced of every step would not fit into memory.
        """
        if isinstance(graphs, Graphs) and any(
            isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(graphs)
        ):
            raise TypeError(
                "the limits cannot be asked inside jit, vmap or grad, where values are "
                "not known yet: ask compiled.refusals(graphs) before, and use "
                "compiled.run(graphs) inside"
            )
        reasons = [f"graph {i}: {r}" for i, r in enumerate(self.refusals(graphs)) if r]
        if reasons:
            more = f"; and {len(reasons) - 3} more" if len(reasons) > 3 else ""
            raise OutOfRange(
                f"{self.program.name} is not known to be exact on "
                f"{len(reasons)} of {len(graphs.positions)} graphs: "
                + "; ".join(reasons[:3])
                + more
            )
        return self.run(graphs, trace)

    def run(self, graphs: Graphs, trace: bool = True) -> Result:
        """As a call, but the limits are not asked: also inside jit, vmap and grad."""
        if trace:
            _check_size(self.task, self.config, graphs)
        use = apply if trace else _answer
        # some accelerators multiply float32 at less than its precision by default
        with jax.default_matmul_precision("highest"):
            return use(self.task, self.config, self.params, graphs)


def _check_size(task: Task, config: ModelConfig, graphs: Graphs) -> None:
    """Raises ValueError if pairs of nodes at every step take more than `TRACED`."""
    task.inputs(graphs)  # refuses what are no graphs of the task
    hints = config.decoded_hints(task).values()
    pointers = sum(feature.type == "pointer" for feature in hints)
    tables = graphs.trajectory.steps * (pointers + config.heads * config.message_steps)
    size = 4 * graphs.batch * tables * graphs.nodes**2
    if size > TRACED:
        raise ValueError(
            f"attention and hints of {graphs.trajectory.steps} steps on {graphs.batch} "
            f"graphs of {graphs.nodes} nodes take {size / 2**30:.1f} GiB: "
            "compiled(graphs, trace=False) has the outputs alone, "
            "graphs.take(...) picks fewer graphs"
        )


@functools.partial(jax.jit, static_argnums=(0, 1))
def _answer(task: Task, config: ModelConfig, params: Params, graphs: Graphs) -> Result:
    return predict(task, config, params, graphs, summarise=lambda *_: {})


def compile(  # as in "compile a program": the module's builtin is not needed here
    program: GraphProgram,
    config: ModelConfig,
    *,
    sharpness: float = EXACT,
    largest_value: float | None = None,
) -> Compiled:
    """The weights that make the network compute a program.

    `sharpness` is the score per unit of key (and of position, in pointers' logits):
    less than the default makes a softer network with narrower limits. `largest_value`
    bounds every component of sort float, by default with the program's own bound.

    Raises CannotCompile, naming the place, for a program or a network in which it
    cannot be done exactly; ValueError for a sharpness or bound that is not positive.
    """
    checks.number("sharpness", sharpness, most=EXACT)
    prove("compile", program)
    if largest_value is None:
        largest_value = program.largest_value
    checks.number("largest_value", largest_value, most=LARGEST_VALUE)
    checks.kind("compile", config, ModelConfig, "a ModelConfig")
    if config.nodes is not None:
        checks.whole("nodes", config.nodes, 1, NODES)
    _check_config(program, config)
    bounds = with_signs(program, Bounds(largest_value, LARGEST_WEIGHT))
    sums, self_loops = updates.sums(program, bounds, sharpness)
    layout = lay_out(program, config, sums, bounds)
    scored = scores(program, layout, config, sharpness)
    params: Arrays = {}
    set_encoders(params, program, config, layout)
    _set_scores(params, config, scored)
    _set_updates(params, config, sums, layout)
    set_decoders(params, program, config, layout, sharpness)
    weighted = "weight" in fields_read(program)
    limits = Limits(
        nodes=config.nodes or NODES,
        fixed_nodes=config.nodes is not None,
        margins={name: score.margin for name, score in scored.items()},
        separated=all(score.separated for score in scored.values()),
        position_gap=max(score.position_gap for score in scored.values()),
        identity=updates.fine(sharpness) * updates.tests_identity(program),
        value=largest_value,
        signed=tuple(sorted(bounds.signed)),
        weight=LARGEST_WEIGHT if weighted else np.inf,
        self_loops=self_loops,
        directed=all(score.directed for score in scored.values())
        and not program.undirected,
        equal_weights=program.undirected and weighted,
        near_pointers=any(score.neighbours_only for score in scored.values()),
        fed_pointers=fed_pointers(program, config),
        linear_positions=config.pointer_decoder == "simple" or program.linear_positions,
    )
    filled = fill(template(task_of(program), config), params)
    return Compiled(program, config, filled, sums, layout, scored, limits, sharpness)


def prove(taker: str, program: Any) -> None:
    """Raises TypeError unless this is a program."""
    checks.kind(taker, program, GraphProgram, "a GraphProgram, as in mindgap.programs")


def fill(shapes: Shapes, params: Mapping[str, Mapping[str, AnyArray]]) -> Params:
    """The parameters, if they are just those that the network has.

    Raises KeyError naming leaves that are unknown or not filled, ValueError for one of
    another shape or with a value that is not finite.
    """
    wanted = {(m, leaf): s.shape for m, ls in shapes.items() for leaf, s in ls.items()}
    given = {(m, leaf): a for m, ls in params.items() for leaf, a in ls.items()}
    for problem, leaves in (
        ("not filled", wanted.keys() - given.keys()),
        ("unknown", given.keys() - wanted.keys()),
    ):
        if leaves:
            raise KeyError(f"{problem}: {', '.join(map('/'.join, sorted(leaves)))}")
    filled: dict[str, dict[str, Array]] = {}
    for (module, leaf), array in given.items():
        array = jnp.asarray(array, jnp.float32)
        if array.shape != wanted[module, leaf]:
            raise ValueError(
                f"{module}/{leaf} has shape {array.shape}, expected "
                f"{wanted[module, leaf]}"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{module}/{leaf} has values that are not finite")
        filled.setdefault(module, {})[leaf] = array
    return filled


def _check_config(program: GraphProgram, config: ModelConfig) -> None:
    if config.layer_norm:
        raise CannotCompile(
            f"{program.name}: layer_norm=True would rescale the scalars that hold the "
            "program's state; only layer_norm=False can be compiled"
        )
    if config.message_steps != program.message_steps:
        raise CannotCompile(
            f"{program.name}: one step of a program is one step of attention, of which "
            f"it takes {program.message_steps} for each hint, but message_steps is "
            f"{config.message_steps}"
        )
    for name, selection in program.selections.items():
        read = fields_of(selection.key) | fields_of(selection.mask)
        if any(field.role == "edge.back" for field in read):
            raise CannotCompile(
                f"{program.name}, select {name}: reads edge.back, the edge from the "
                "other node, but attention of a node sees the edges from it only; in "
                "a task for undirected graphs they are one"
            )
    given = is_given(program) or "s" in config.encodes(task_of(program))
    if not given and reads_source(program):
        raise CannotCompile(
            f"{program.name}: init.s is neither an input nor a hint that this network "
            "is given: the first hint is, with hint_mode='encoded_decoded'"
        )


def _set_scores(
    params: Arrays, config: ModelConfig, scored: Mapping[str, Score]
) -> None:
    """A head for each selection; other heads score 0 and carry nothing."""
    size, heads = config.hidden_size, config.heads
    sender, _ = zero_layer(params, "attention/in", 2 * size, size)
    receiver, constant = zero_layer(params, "attention/out", 2 * size, size)
    edge, _ = zero_layer(params, "attention/edge", size, size)
    meta, _ = zero_layer(params, "attention/meta", size, size)
    layers = [
        zero_layer(params, f"attention/score_{head}", size // heads, 1)
        for head in range(heads)
    ]
    for head, score in enumerate(scored.values()):
        for place, channel in enumerate(score.channels):
            column = head * (size // heads) + place
            sender[:, column] = channel.zeta.other
            receiver[:, column] = channel.zeta.self
            edge[:, column] = channel.zeta.edge
            if channel.zeta.graph.any():
                meta[:, column] = channel.zeta.graph
            constant[column] = channel.zeta.constant + channel.zeta.other_constant
            layers[head][0][place] = channel.weight
    if (shape := config.bias_shape) is not None:
        # one selection at most needs it (see `oneself`)
        diagonal = sum(score.diagonal for score in scored.values())
        params["attention"] = {"bias": diagonal * np.eye(shape[0]).reshape(shape)}


def _set_updates(
    params: Arrays, config: ModelConfig, sums: Mapping[str, Sum], layout: Layout
) -> None:
    """Value, skip and edge maps: each cell, and each kept start, in its coordinate."""
    size, program = config.hidden_size, layout.program
    value, weighed = zero_layer(params, "attention/value", 2 * size, size)
    skip, constant = zero_layer(params, "attention/skip", 2 * size, size)
    projected = config.edge_values == "projected"
    if projected:
        info, _ = zero_layer(params, "attention/edge_info", size, size)
        reduce, _ = zero_layer(params, "attention/edge_reduce", size, size)
    for name, whole in sums.items():
        place = layout.places[name]
        cells = [(layout.coordinates[cell.key], cell.form) for cell in whole.cells]
        for column, form in [*cells, *place.written]:
            reading = layout.reading(form)
            value[:, column], skip[:, column] = reading.other, reading.self
            constant[column], weighed[column] = reading.constant, reading.other_constant
            if reading.graph.any():
                raise CannotCompile(
                    f"{program.name}, update of `{name}`: reads an input of the whole "
                    f"graph ({', '.join(layout.graphs)}), which reaches the scores of "
                    "attention only: it can stand in keys and masks"
                )
            if not of_edge(form):
                continue
            if projected:
                info[:, column], reduce[column, column] = reading.edge, 1.0
            elif config.edge_values == "none":
                raise CannotCompile(
                    f"{program.name}, update of `{name}`: reads the edge, which this "
                    "network does not pass on (edge_values='none', but must be "
                    "'projected'): its states depend on weights only through who is "
                    "selected"
                )
            elif column or of_edge(form) != {"weight": 1.0}:
                raise CannotCompile(
                    f"{program.name}, update of `{name}`: edge_values="
                    "'first_component' adds the weight, once, to one component"
                )
