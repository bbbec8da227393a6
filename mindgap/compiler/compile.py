"""Graph programs straight into weights (paper §2.4, App. A; Figures 8, 10).

The compiler sets every parameter of the network: encoders put the inputs into fixed
coordinates, the score of attention selects (`selector`), the value and skip
maps carry the update's affine form into the coordinates of `layout`, and the decoders
read components off them. Nothing is trained and nothing is approximate: inside the
computed `limits` the network does what the program says, outside it is refused.

One step of the program is one step of attention. The paper's layer norm must be off: it
would rescale the scalars that the hidden state is made of.
"""

import dataclasses
import functools
import itertools
from collections.abc import Mapping, Sequence

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from mindgap.compiler import heads, static, updates
from mindgap.compiler.layout import (
    Arrays,
    Bounds,
    CannotCompile,
    Layout,
    Reading,
    as_sum,
    interval,
    zero_layer,
)
from mindgap.compiler.limits import LEAK, NODES, Limits, OutOfRange, refusals
from mindgap.compiler.placement import lay_out
from mindgap.compiler.readout import set_decoders, set_encoders
from mindgap.compiler.selector import Selector, select
from mindgap.graphs import AnyArray, Graphs
from mindgap.language.expressions import lift, reads
from mindgap.language.interpreter import task_of
from mindgap.language.normal_forms import Affine
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
LARGEST_WEIGHT = 2.0
"""Edge weights may be so large (CLRS's reach 1.0005)."""


@dataclasses.dataclass(frozen=True, eq=False)
class Compiled:
    """A program as a network: call it on graphs."""

    program: GraphProgram
    config: ModelConfig
    params: Params
    layout: Layout
    channels: Mapping[int, str]
    """What each coordinate of the scores' zeta is for."""
    limits: Limits

    @property
    def task(self) -> Task:
        """The task whose features the network computes."""
        return task_of(self.program)

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
    largest_value: float = 64.0,
) -> Compiled:
    """The weights that make the network compute a program.

    `sharpness` is the score per unit of key (and of position, in pointers' logits):
    less than the default makes a softer network with narrower limits. `largest_value`
    bounds every component of sort float.

    Raises CannotCompile, naming the place, for a program or a network in which it
    cannot be done exactly; ValueError for a sharpness or bound that is not positive.
    """
    if not (0 < sharpness <= EXACT and 0 < largest_value <= LARGEST_VALUE):
        raise ValueError(
            f"sharpness must be in (0, {EXACT:.0f}] and largest_value in "
            f"(0, {LARGEST_VALUE:.0f}], got {sharpness} and {largest_value}"
        )
    if not isinstance(program, GraphProgram):
        raise TypeError(
            f"compile takes a GraphProgram, as in mindgap.programs, got a "
            f"{type(program).__name__}: {program!r:.50}"
        )
    _check_config(program, config)
    bounds = Bounds(largest_value, LARGEST_WEIGHT)
    layout = lay_out(program, config, bounds)
    if len(program.selections) > 1:
        selectors = heads.selectors(program, layout, config, sharpness)
    else:
        selectors = [select(program, layout, config, sharpness, bounds)]
    params: Arrays = {}
    set_encoders(params, program, config, layout)
    channels = _set_scores(params, config, selectors)
    if len(program.selections) > 1:
        self_loops = _set_parts(params, program, config, layout, sharpness)
    else:
        self_loops = _set_update(params, program, config, layout)
    set_decoders(params, program, config, layout, sharpness)
    limits = Limits(
        nodes=config.nodes or NODES,
        fixed_nodes=config.nodes is not None,
        leak=LEAK if len(program.selections) == 1 else 0.0,
        margins={
            name: selector.margin
            for name, selector in zip(program.selections, selectors, strict=True)
        },
        separated=all(selector.separated for selector in selectors),
        position_gap=max(selector.position_gap for selector in selectors),
        identity=updates.fine(sharpness) * updates.tests_identity(program),
        value=largest_value,
        weight=LARGEST_WEIGHT if _reads_weights(program) else np.inf,
        self_loops=self_loops,
        directed=all(selector.directed for selector in selectors),
        near_pointers=len(program.selections) == 1
        and not config.attention_bias
        and config.hint_mode == "encoded_decoded",
        linear_positions=config.pointer_decoder == "simple",
    )
    filled = fill(template(task_of(program), config), params)
    return Compiled(program, config, filled, layout, channels, limits)


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


def _reads_weights(program: GraphProgram) -> bool:
    selected = [
        lift(part)
        for selection in program.selections.values()
        for part in (selection.made.key, selection.made.where)
    ]
    read = itertools.chain(*map(reads, [*selected, *program.updates.values()]))
    return any(field.field == "weight" for field in read)


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
    if "s" not in config.encodes(task_of(program)):
        raise CannotCompile(
            f"{program.name}: init.s is neither an input nor a hint that this network "
            "is given: the first hint is, with hint_mode='encoded_decoded'"
        )


def _set_scores(
    params: Arrays, config: ModelConfig, selectors: Sequence[Selector]
) -> dict[int, str]:
    """A head for each selection; other heads score 0 and carry nothing.

    Returns what each coordinate of zeta is for.
    """
    size, heads = config.hidden_size, config.heads
    sender, _ = zero_layer(params, "attention/in", 2 * size, size)
    receiver, constant = zero_layer(params, "attention/out", 2 * size, size)
    edge, _ = zero_layer(params, "attention/edge", size, size)
    zero_layer(params, "attention/meta", size, size)
    scores = [
        zero_layer(params, f"attention/score_{head}", size // heads, 1)
        for head in range(heads)
    ]
    names = {}
    for head, selector in enumerate(selectors):
        for place, (name, zeta, weight) in enumerate(selector.channels):
            column = head * (size // heads) + place
            sender[:, column] = zeta.other
            receiver[:, column] = zeta.self
            edge[:, column] = zeta.edge
            constant[column] = zeta.constant
            scores[head][0][place] = weight
            names[column] = name
    if config.attention_bias:
        assert config.nodes is not None
        bias = selectors[0].diagonal * np.eye(config.nodes)
        params["attention"] = {"bias": bias}
    return names


def _set_parts(
    params: Arrays,
    program: GraphProgram,
    config: ModelConfig,
    layout: Layout,
    sharpness: float,
) -> bool:
    """Value and skip maps where a component is the sum of its update's parts."""
    size = config.hidden_size
    value, _ = zero_layer(params, "attention/value", 2 * size, size)
    skip, constant = zero_layer(params, "attention/skip", 2 * size, size)
    weighed = updates.reads_weights(program)
    if config.edge_values != ("projected" if weighed else "none"):
        raise CannotCompile(
            f"{program.name}: its update reads {'' if weighed else 'no '}weights of "
            f"edges, so that edge_values must be {'projected' if weighed else 'none'}, "
            f"not {config.edge_values}"
        )
    if config.attention_bias:
        raise CannotCompile(
            f"{program.name}: programs of several selections have no use for "
            "attention_bias, and are compiled without"
        )
    if weighed:
        info, _ = zero_layer(params, "attention/edge_info", size, size)
        reduce, _ = zero_layer(params, "attention/edge_reduce", size, size)

    def write(column: int, reading: Reading) -> None:
        value[:, column], skip[:, column] = reading.other, reading.self
        constant[column] = reading.constant
        if weighed:
            info[:, column], reduce[column, column] = reading.edge, 1.0

    for name, place in layout.places.items():
        for column, part in zip(place.values, program.effects[name], strict=True):
            write(column, layout.reading(updates.stored(layout, part, sharpness)))
        if len(place.start) == 1 and place.start != place.values:
            write(place.start[0], layout.reading(program.beginnings[name]))
    return True


def _set_update(
    params: Arrays, program: GraphProgram, config: ModelConfig, layout: Layout
) -> bool:
    """Value, skip and edge maps; whether graphs may have self-loops."""
    size = config.hidden_size
    value, _ = zero_layer(params, "attention/value", 2 * size, size)
    skip, constant = zero_layer(params, "attention/skip", 2 * size, size)
    if config.edge_values == "projected":
        info, _ = zero_layer(params, "attention/edge_info", size, size)
        reduce, _ = zero_layer(params, "attention/edge_reduce", size, size)

    def write(column: int, reading: Reading) -> None:
        value[:, column], skip[:, column] = reading.other, reading.self
        constant[column] = reading.constant

    self_loops = True
    for name, place in layout.places.items():
        form = as_sum(program.effect(name))
        if program.components[name] == "float":
            _check_sign(program, name)
        reading = layout.reading(form)
        if form.of("edge"):
            if config.edge_values == "none":
                raise CannotCompile(
                    f"{program.name}, update of `{name}`: reads the edge, which this "
                    "network does not pass on (edge_values='none'): its states depend "
                    "on weights only through who is selected"
                )
            gate = _gate(program, layout, name)
            self_loops = self_loops and gate is not None
            reading = reading if gate is None else reading.plus(gate)
            if config.edge_values == "projected":
                info[:, place.values[0]] = reading.edge
                reduce[place.values[0], place.values[0]] = 1.0
            elif place.values != (0,) or form.of("edge") != {"weight": 1.0}:
                raise CannotCompile(
                    f"{program.name}, update of `{name}`: edge_values="
                    "'first_component' adds the weight, once, to one component"
                )
        write(place.values[0], reading)
        if place.start:
            start = program.beginnings[name]
            if place.complement:
                start = Affine({}, 1.0).plus(start, -1.0)
            write(place.start[0], layout.reading(start))
    return self_loops


def _check_sign(program: GraphProgram, name: str) -> None:
    start, _ = interval(program, program.beginnings[name], Bounds(0.0, 0.0))
    least = min(start, static.least_update(program, name))
    if least < 0:
        raise CannotCompile(
            f"{program.name}, update of `{name}`: can be as low as {least:g}, but a "
            f"ReLU keeps nothing below 0:\n    {name} <- {program.updates[name]}"
        )


def _gate(program: GraphProgram, layout: Layout, name: str) -> Reading | None:
    """Shuts a component that reads the edge where the node selected itself.

    There the network reads the graph's own self-loop. Minus the largest weight for
    every literal that a pair fails, so 0 for candidates. None if the component is not
    known to be 0 there: then graphs must have no self-loops.
    """
    reads = program.effect(name)
    if not static.default_can_be_shut(program, name):
        if "adj" in as_sum(reads).of("edge"):
            raise CannotCompile(
                f"{program.name}, update of `{name}`: reads edge.adj, which is 0 by "
                "default, but every node is its own neighbour in the network"
            )
        return None
    failed = Affine({})
    for literal in program.selection.mask.literals:
        if literal.field.role != "edge":
            failed = failed.plus(Affine({}, 1.0)).plus(literal.affine, -1.0)
    weight = max(1.0, sum(abs(c) for c in as_sum(reads).of("edge").values()))
    return layout.reading(failed).times(-LARGEST_WEIGHT * weight)
