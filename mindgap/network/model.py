"""Encode, process, decode over time (paper §2, Table 9): the network that is trained.

With its switches off this is dm-clrs's `Net` with the `gatv2` processor (`gatv2_full`
with `attend_to="all"`): `dm_clrs` moves parameters between the two, and tests hold
them equal. One hint of the algorithm is one step (or `message_steps` steps) of
attention; predicted hints are fed back as the next step's inputs, softly.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, get_args

import haiku as hk
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from mindgap.config import added
from mindgap.graphs import AnyArray, Graphs, Trajectory
from mindgap.network import attention, codecs, linear, recurrence
from mindgap.network.attention import Attention, AttentionWeights, EdgeValues
from mindgap.network.codecs import PointerDecoder, Term
from mindgap.network.linear import Linear
from mindgap.tasks import random
from mindgap.tasks.base import Task
from mindgap.tasks.features import Feature

HintMode = Literal["encoded_decoded", "decoded_only", "none"]
Reach = Literal["neighbours", "all"]
Params = Mapping[str, Mapping[str, AnyArray]]
Shapes = Mapping[str, Mapping[str, jax.ShapeDtypeStruct]]


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """The network (paper Table 9). Size-tied parts (Eq. 17, 20) need `nodes`."""

    hidden_size: int = 128
    heads: int = 1
    message_steps: int = 1
    hint_mode: HintMode = "encoded_decoded"
    edge_values: EdgeValues = "none"
    attention_bias: bool = False
    pointer_decoder: PointerDecoder = "pairwise"
    attend_to: Reach = "neighbours"
    layer_norm: bool = True
    nodes: int | None = None
    decoders_lack: Term = dataclasses.field(default="none", metadata=added("none"))
    """A term of Eq. 12 that pointers' decoders do without."""

    def __post_init__(self):
        allowed = {
            "hint_mode": HintMode,
            "edge_values": EdgeValues,
            "pointer_decoder": PointerDecoder,
            "attend_to": Reach,
            "decoders_lack": Term,
        }
        for field, values in allowed.items():
            if getattr(self, field) not in get_args(values):
                raise ValueError(
                    f"{field} is {getattr(self, field)!r}, "
                    f"but must be one of {', '.join(get_args(values))}"
                )
        for field in ("hidden_size", "heads", "message_steps"):
            if getattr(self, field) < 1:
                raise ValueError(
                    f"{field} is {getattr(self, field)}, but must be at least 1"
                )
        if self.hidden_size % self.heads:
            raise ValueError(
                f"heads is {self.heads}, but must divide hidden_size {self.hidden_size}"
            )
        if self.decoders_lack == "edge" and self.pointer_decoder == "simple":
            raise ValueError(
                "decoders_lack is 'edge', but the simple pointer decoder reads no edges"
            )
        if self.size_tied != (self.nodes is not None):
            raise ValueError(
                "attention_bias and the simple pointer decoder fix the number of "
                f"nodes, and nothing else does: nodes={self.nodes} with "
                f"attention_bias={self.attention_bias}, "
                f"pointer_decoder={self.pointer_decoder!r}"
            )

    @property
    def size_tied(self) -> bool:
        """Whether the network only runs on graphs of one size."""
        return self.attention_bias or self.pointer_decoder == "simple"

    def decodes(self, task: Task) -> list[str]:
        """The features that have a decoder: the outputs, and hints unless `none`."""
        stages = ("output",) if self.hint_mode == "none" else ("output", "hint")
        return [name for name, f in task.features.items() if f.stage in stages]

    def decoded_hints(self, task: Task) -> dict[str, Feature]:
        """The hints that are predicted at every step."""
        decoded = self.decodes(task)
        return {name: f for name, f in task.stage("hint").items() if name in decoded}

    def encodes(self, task: Task) -> list[str]:
        """The features that have an encoder: inputs, and hints if they are fed back."""
        fed = self.hint_mode == "encoded_decoded"
        stages = ("input", "hint") if fed else ("input",)
        return [name for name, f in task.features.items() if f.stage in stages]


Summarise = Callable[[Trajectory, dict[str, Array], Int[Array, ""]], dict[str, Array]]
"""(trajectory, predicted hints of all graphs, after which step) to what is kept."""


Steer = Callable[[Float[Array, "B H N N"], Int[Array, ""]], Float[Array, "B H N N"]]
"""(coefficients, after how many steps) to the coefficients that are used."""


class Weights(NamedTuple):
    """All parameters of one network, by role."""

    encoders: dict[str, Linear]
    attention: AttentionWeights
    decoders: dict[str, dict[str, Linear]]


class Result(NamedTuple):
    """What a network computed on a batch."""

    logits: dict[str, Float[Array, "B N *nodes"]]
    """Outputs as decoded, at each graph's own last step; pointers' are (B, N, N)."""
    hints: dict[str, Array]
    """Predicted hints after each step, as decoded: (B, T - 1, ...). Or what was made
    of them there and then: (T - 1, ...), see `predict`."""
    states: Float[Array, "B steps N S"] | None
    """Hidden states after each step of attention; None unless traced."""
    attention: Float[Array, "B steps H N N"] | None
    """Coefficients of each step, row i the receiver; None unless traced."""

    @property
    def outputs(self) -> dict[str, Array]:
        """The predicted pointers; outputs of another type as they are decoded."""
        return {
            name: logits.argmax(-1) if logits.ndim == 3 else logits
            for name, logits in self.logits.items()
        }


jax.export.register_namedtuple_serialization(Result, serialized_name="mindgap.Result")


def init(task: Task, config: ModelConfig, key: Key[Array, ""]) -> Params:
    """Fresh parameters, drawn from dm-clrs's distributions."""
    return linear.draw(functools.partial(_declare, task, config), key)


def template(task: Task, config: ModelConfig) -> Shapes:
    """The tree of shapes that `init` fills, without drawing anything."""
    return jax.eval_shape(lambda: init(task, config, random.key(0)))


def count(task: Task, config: ModelConfig) -> int:
    """How many parameters the network has."""
    return sum(leaf.size for leaf in jax.tree.leaves(template(task, config)))


def apply(
    task: Task,
    config: ModelConfig,
    params: Params,
    graphs: Graphs,
    hidden: Float[Array, "B N S"] | None = None,
) -> Result:
    """Runs the network on a batch, with its states and attention at every step.

    Takes as many steps as the batch's longest trajectory (or one, if that has no
    steps), from the given hidden states, or from zeros. There are gradients of
    parameters and of graphs. Raises ValueError if the network is tied to another number
    of nodes, or for graphs of another task.
    """
    task.inputs(graphs)  # refuses what are no graphs of the task
    return _traced(task, config, params, graphs, hidden)


def predict(
    task: Task,
    config: ModelConfig,
    params: Params,
    graphs: Graphs,
    steps: Int[Array, ""] | None = None,
    summarise: Summarise | None = None,
    steer: Steer | None = None,
) -> Result:
    """`apply` without states and attention: what training and scoring need.

    Steps from `steps` on, if given, are not computed (their hints read 0): at least
    the largest length less one, else the outputs of longer graphs are zero. With
    `summarise`, only what it makes of the hints is kept of each step. `steer` changes
    the attention's coefficients before they are used. There are gradients of parameters
    alone: asked for those of graphs, it raises NotImplementedError.
    """
    read = weights(task, config, params)
    return unroll(task, config, read, graphs, False, steps, summarise, steer=steer)


def weights(task: Task, config: ModelConfig, params: Params) -> Weights:
    """The parameters by role, from Haiku's tree."""
    declare = hk.transform(functools.partial(_declare, task, config))
    return declare.apply(params, None)


def unroll(
    task: Task,
    config: ModelConfig,
    weights: Weights,
    graphs: Graphs,
    trace: bool,
    steps: Int[Array, ""] | None = None,
    summarise: Summarise | None = None,
    hidden: Float[Array, "B N S"] | None = None,
    steer: Steer | None = None,
) -> Result:
    """The network's recurrence over the T - 1 steps of the batch's trajectory."""
    inputs = task.inputs(graphs)
    batch, nodes = graphs.batch, graphs.nodes
    if config.nodes not in (None, nodes):
        raise ValueError(f"this network only takes {config.nodes} nodes, got {nodes}")
    total = max(1, graphs.trajectory.steps)
    features = {name: task.features[name] for name in config.encodes(task)}
    outputs, hints = task.stage("output"), config.decoded_hints(task)
    encoders = codecs.join(weights.encoders, features, config.hidden_size)
    layer = attention.fold(weights.attention, encoders, config.edge_values)

    def see(inputs: dict[str, Array], fed: dict[str, Array]) -> codecs.Features:
        seen = codecs.gather(features, {**inputs, **fed})
        if config.attend_to == "all":
            return seen._replace(neighbours=jnp.ones_like(seen.neighbours))
        return seen

    def step(folded, given, carry, time: Int[Array, ""]):
        (layer, decoders), (inputs, truth), (hidden, fed) = folded, given, carry
        seen, new, watched = see(inputs, fed), hidden, []
        for _ in range(config.message_steps):
            change = None if steer is None else functools.partial(_at, steer, time)
            new, alpha = attention.attend(layer, seen, new, change)
            watched.append((new, alpha))
        told = codecs.decode(decoders, hints, seen, hidden, new)
        fed = {name: codecs.feed_back(hints[name], told[name]) for name in fed}
        if summarise is not None:
            told = summarise(truth, told, time)
        return (new, fed), (told, watched if trace else [])

    truth = graphs.trajectory if summarise is not None else None
    precision = jnp.result_type(*jax.tree.leaves((weights, inputs)))
    if hidden is None:
        hidden = jnp.zeros((batch, nodes, config.hidden_size), precision)
    arguments = (
        step,
        total,
        (layer, codecs.fold(weights.decoders, hints, encoders)),
        (inputs, truth),
        (hidden, _start(task, config, graphs, precision)),
    )
    last = jnp.clip(jnp.asarray(graphs.trajectory.lengths) - 2, 0, total - 1)
    if trace:
        (before, fed), (after, _), (told, watched) = recurrence.scan(*arguments, last)
    else:
        taken = jnp.array(total) if steps is None else steps
        ends = recurrence.unroll(*arguments, taken, last)
        (before, fed), (after, _), (told, watched) = ends
    decoders = codecs.fold(weights.decoders, outputs, encoders)
    logits = codecs.decode(decoders, outputs, see(inputs, fed), before, after)
    if summarise is None:
        told = {name: jnp.moveaxis(hint, 0, 1) for name, hint in told.items()}
    if not trace:
        return Result(logits, told, None, None)
    states, alphas = (_by_step(list(parts)) for parts in zip(*watched, strict=True))
    return Result(logits, told, states, alphas)


def _at(steer: Steer, time: Int[Array, ""], alpha: Array) -> Array:
    return steer(alpha, time)


def _start(
    task: Task, config: ModelConfig, graphs: Graphs, precision: Any
) -> dict[str, Array]:
    """The algorithm's own first hints, which the first step is fed."""
    start = {}
    for name in config.encodes(task):
        feature = task.features[name]
        if feature.stage == "hint":
            hint = jnp.asarray(graphs.trajectory.hints[name])[:, 0]
            if feature.type == "pointer":
                hint = jax.nn.one_hot(hint, hint.shape[-1])
            start[name] = hint.astype(precision)
    return start


def _by_step(parts: list[Array]) -> Array:
    """(T, B, ...) for each message step to (B, T * message steps, ...)."""
    stacked = jnp.moveaxis(jnp.stack(parts, 1), 2, 0)
    return stacked.reshape(stacked.shape[0], -1, *stacked.shape[3:])


def _declare(task: Task, config: ModelConfig) -> Weights:
    """All parameters, under `hk.transform`; no graphs are needed to declare them."""
    size = config.hidden_size
    simple = config.nodes if config.pointer_decoder == "simple" else None

    def decoder(name: str, feature: Feature) -> dict[str, Linear]:
        layers = codecs.Decoder(name, feature, size, simple)()
        if feature.type == "pointer" and config.decoders_lack != "none":
            layers = codecs.without(layers, config.decoders_lack, size)
        return layers

    return Weights(
        encoders={
            name: codecs.encoder(name, task.features[name], size)
            for name in config.encodes(task)
        },
        attention=Attention(
            size,
            config.heads,
            config.layer_norm,
            config.edge_values,
            config.nodes if config.attention_bias else None,
        )(),
        decoders={
            name: decoder(name, task.features[name]) for name in config.decodes(task)
        },
    )


@functools.partial(jax.jit, static_argnums=(0, 1))
def _traced(
    task: Task, config: ModelConfig, params: Any, graphs: Graphs, hidden: Any
) -> Result:
    read = weights(task, config, params)
    return unroll(task, config, read, graphs, trace=True, hidden=hidden)
