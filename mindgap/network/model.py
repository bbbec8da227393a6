"""The network: encode, process and decode at every step (paper §2, Table 9).

With the default options this is dm-clrs's `Net` with the `gatv2` processor
(`gatv2_full` with `attend_to="all"`): `dm_clrs` converts parameters between the two,
and tests check that they are equal. One hint of the algorithm corresponds to one step
(or `message_steps` steps) of attention. Predicted hints, as probabilities, are inputs
of the next step.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from mindgap import checks
from mindgap.config import added
from mindgap.graphs import AnyArray, Graphs, Trajectory
from mindgap.network import attention, codecs, linear, recurrence
from mindgap.network.attention import Attention, AttentionWeights, EdgeValues
from mindgap.network.codecs import Feedback, PointerDecoder, Term
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
    """The network (paper Table 9).

    `nodes` is needed by the parts that fix the number of nodes: the attention bias
    (Eq. 17) and the simple pointer decoder (Eq. 20). Raises ValueError for settings
    that exclude each other.
    """

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
    """The term of Eq. 12 that pointer decoders do not read."""
    feedback: Feedback = dataclasses.field(default="soft", metadata=added("soft"))
    """Whether predicted hints are decided before they are inputs of the next step."""
    self_bias: bool = dataclasses.field(default=False, metadata=added(False))
    """Whether there is one bias for all pairs of a node with itself: the diagonal of
    Eq. 17, for any number of nodes."""

    def __post_init__(self):
        allowed = {
            "hint_mode": HintMode,
            "edge_values": EdgeValues,
            "pointer_decoder": PointerDecoder,
            "attend_to": Reach,
            "decoders_lack": Term,
            "feedback": Feedback,
        }
        for field, values in allowed.items():
            if getattr(self, field) not in get_args(values):
                raise ValueError(
                    f"{field} is {getattr(self, field)!r}, "
                    f"but must be one of {', '.join(get_args(values))}"
                )
        sizes = ("hidden_size", "heads", "message_steps")
        for field in (*sizes, *["nodes"] * (self.nodes is not None)):
            checks.whole(field, getattr(self, field))
        for field in ("attention_bias", "layer_norm", "self_bias"):
            checks.truth(field, getattr(self, field))
        if self.hidden_size % self.heads:
            raise ValueError(
                f"heads is {self.heads}, but must divide hidden_size {self.hidden_size}"
            )
        if self.decoders_lack == "edge" and self.pointer_decoder == "simple":
            raise ValueError(
                "decoders_lack is 'edge', but the simple pointer decoder reads no edges"
            )
        if self.attention_bias and self.self_bias:
            raise ValueError(
                "self_bias is True, but must be False with attention_bias, whose "
                "diagonal is a bias for a node with itself"
            )
        if self.size_tied != (self.nodes is not None):
            raise ValueError(
                "nodes must be given with attention_bias or the simple pointer decoder "
                f"and only then: got nodes={self.nodes} with "
                f"attention_bias={self.attention_bias}, "
                f"pointer_decoder={self.pointer_decoder!r}"
            )

    @property
    def size_tied(self) -> bool:
        """Whether the network runs only on graphs of `nodes` nodes."""
        return self.attention_bias or self.pointer_decoder == "simple"

    @property
    def bias_shape(self) -> tuple[int, ...] | None:
        """(N, N) with `attention_bias`, (1,) with `self_bias`, None without a bias."""
        if self.attention_bias:
            assert self.nodes is not None
            return self.nodes, self.nodes
        return (1,) if self.self_bias else None

    def decodes(self, task: Task) -> list[str]:
        """The features with a decoder: outputs, and hints unless they are not used."""
        stages = ("output",) if self.hint_mode == "none" else ("output", "hint")
        return [name for name, f in task.features.items() if f.stage in stages]

    def decoded_hints(self, task: Task) -> dict[str, Feature]:
        """The hints that the network predicts at every step."""
        decoded = self.decodes(task)
        return {name: f for name, f in task.stage("hint").items() if name in decoded}

    def encodes(self, task: Task) -> list[str]:
        """The features with an encoder: inputs, and hints if they are fed back."""
        fed = self.hint_mode == "encoded_decoded"
        stages = ("input", "hint") if fed else ("input",)
        return [name for name, f in task.features.items() if f.stage in stages]


Summarise = Callable[[Trajectory, dict[str, Array], Int[Array, ""]], dict[str, Array]]
"""(trajectory, predicted hints of all graphs, step) to the values kept of it."""


Steer = Callable[[Float[Array, "B H N N"], Int[Array, ""]], Float[Array, "B H N N"]]
"""(attention coefficients, number of steps before) to the coefficients to use."""


Forced = Mapping[str, Bool[Array, "T B"]]
"""For each hint, where the network is given the true one, not the one it predicted: as
inputs of each step (the first of which has the true ones anyway), in each graph. Hints
that are not named are predicted."""


Keep = Callable[[Float[Array, "B H N N"]], Any]
"""What is kept of the attention coefficients of a step."""


class Weights(NamedTuple):
    """All parameters of one network, by role."""

    encoders: dict[str, Linear]
    attention: AttentionWeights
    decoders: dict[str, dict[str, Linear]]


class Result(NamedTuple):
    """The results of a network on a batch."""

    logits: dict[str, Float[Array, "B N *nodes"]]
    """Outputs as decoded at the last step of each graph; pointers are (B, N, N)."""
    hints: dict[str, Array]
    """Predicted hints as decoded after each step, (B, T - 1, ...). With `summarise`,
    the values that it returned at each step, (T - 1, ...): see `predict`."""
    states: Float[Array, "B S N D"] | None
    """Hidden states after each step of attention; None in results of `predict`."""
    attention: Float[Array, "B S H N N"] | None
    """Coefficients of each step, row i the receiver; None in results of `predict`.
    With `keep`, what it returned of each step: see `apply`."""

    @property
    def outputs(self) -> dict[str, Array]:
        """Pointers and categories as predicted numbers, other outputs as decoded."""
        return {
            name: logits.argmax(-1) if logits.ndim == 3 else logits
            for name, logits in self.logits.items()
        }


jax.export.register_namedtuple_serialization(Result, serialized_name="mindgap.Result")


def init(task: Task, config: ModelConfig, key: Key[Array, ""]) -> Params:
    """Random parameters, drawn from dm-clrs's distributions.

    Raises TypeError for what is no task, no ModelConfig or no key.
    """
    prove("init", task, config)
    random.prove_key("init", key)
    return linear.draw(functools.partial(_declare, task, config), key)


def prove(taker: str, task: Any, config: Any) -> None:
    """Raises TypeError unless these are a task and the configuration of a network."""
    checks.kind(taker, task, Task, "a task, as in mindgap.tasks")
    checks.kind(taker, config, ModelConfig, "a ModelConfig")


@functools.lru_cache(maxsize=64)
def template(task: Task, config: ModelConfig) -> Shapes:
    """The shapes of the parameters that `init` returns, without drawing them."""
    return jax.eval_shape(lambda: init(task, config, random.key(0)))


def count(task: Task, config: ModelConfig) -> int:
    """The number of parameters of the network."""
    return sum(leaf.size for leaf in jax.tree.leaves(template(task, config)))


def apply(
    task: Task,
    config: ModelConfig,
    params: Params,
    graphs: Graphs,
    hidden: Float[Array, "B N D"] | None = None,
    keep: Keep | None = None,
) -> Result:
    """Runs the network on a batch; reports states and attention at every step.

    Takes as many steps as the batch's longest trajectory (or one, if that has no
    steps), from the `hidden` states, by default zeros. With `keep`, what that function
    makes of each step's attention is reported in place of all its coefficients, which
    may not fit into memory; each function is compiled anew. Differentiable in the
    parameters and in the graphs. Raises ValueError if the network fixes another number
    of nodes, or if the graphs are of another task.
    """
    prove("apply", task, config)
    task.inputs(graphs)  # raises an error if these are no graphs of the task
    states = graphs.batch, graphs.nodes, config.hidden_size
    if hidden is not None and np.shape(hidden) != states:
        raise ValueError(
            f"hidden must be (B, N, hidden_size), here {states}, got "
            f"{checks.shown(hidden) if isinstance(hidden, str) else np.shape(hidden)}"
        )
    return _traced(task, config, keep, params, graphs, hidden)


def predict(
    task: Task,
    config: ModelConfig,
    params: Params,
    graphs: Graphs,
    steps: Int[Array, ""] | None = None,
    summarise: Summarise | None = None,
    steer: Steer | None = None,
    forced: Forced | None = None,
) -> Result:
    """`apply` without states and attention, for training and scoring.

    With `steps`, only so many steps are computed, and later hints are 0. `steps` must
    be at least the largest length less one: the outputs of longer graphs are 0. With
    `summarise`, its values are kept of each step in place of the predicted hints.
    `steer` changes the attention coefficients before they are used; with `forced`, true
    hints take the place of predicted ones as inputs (dm-clrs's teacher forcing).
    Differentiable in the parameters; raises NotImplementedError for a gradient of the
    graphs, ValueError for a forced hint that the network is not given.
    """
    by_role = weights(task, config, params)
    return unroll(
        task,
        config,
        by_role,
        graphs,
        False,
        steps,
        summarise,
        steer=steer,
        forced=forced,
    )


def weights(task: Task, config: ModelConfig, params: Params) -> Weights:
    """The parameters by role, taken from Haiku's tree.

    Raises ValueError if they are not just those of the network: another's may have
    more, and the same names.
    """
    prove("the network", task, config)
    checks.kind("the network", params, Mapping, "its parameters, as made by init")
    wanted = {(m, k): leaf.shape for m, k, leaf in _leaves(template(task, config))}
    given = {(m, k): np.shape(leaf) for m, k, leaf in _leaves(params)}
    for module, leaf in sorted(
        path for path in wanted | given if wanted.get(path) != given.get(path)
    )[:1]:
        path = module, leaf
        raise ValueError(
            f"these are not parameters of {task.name}'s network with this ModelConfig: "
            f"{module}/{leaf} is {given.get(path, 'missing')}, but must be "
            f"{wanted.get(path, 'absent')}"
        )
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
    hidden: Float[Array, "B N D"] | None = None,
    steer: Steer | None = None,
    forced: Forced | None = None,
    keep: Keep | None = None,
) -> Result:
    """Runs the network over the T - 1 steps of the batch's trajectory.

    With `trace`, the result has states and attention, and all steps are taken. See
    `apply` and `predict` for the other arguments. Raises ValueError if the network
    fixes another number of nodes.
    """
    inputs = task.inputs(graphs)
    batch, nodes = graphs.batch, graphs.nodes
    if config.nodes not in (None, nodes):
        raise ValueError(f"this network only takes {config.nodes} nodes, got {nodes}")
    total = max(1, graphs.trajectory.steps)
    features = {name: task.features[name] for name in config.encodes(task)}
    outputs, hints = task.stage("output"), config.decoded_hints(task)
    fed_back = {name for name, f in features.items() if f.stage == "hint"}
    if unknown := set(forced or ()) - fed_back:
        raise ValueError(
            f"forced is for {sorted(unknown)}, but the hints that are inputs of "
            f"this network are {sorted(fed_back) or 'none'}"
        )
    encoders = codecs.join(weights.encoders, features, config.hidden_size)
    layer = attention.fold(weights.attention, encoders, config.edge_values)

    def encoder_inputs(
        inputs: dict[str, Array], fed: dict[str, Array]
    ) -> codecs.Features:
        seen = codecs.gather(features, {**inputs, **fed})
        if config.attend_to == "all":
            return seen._replace(neighbours=jnp.ones_like(seen.neighbours))
        return seen

    def step(folded, constants, carry, time: Int[Array, ""]):
        (layer, decoders), (hidden, fed) = folded, carry
        inputs, truth, forced = constants
        seen, new, traced = encoder_inputs(inputs, fed), hidden, []
        for _ in range(config.message_steps):
            steer_now = None if steer is None else functools.partial(_at, steer, time)
            new, alpha = attention.attend(layer, seen, new, steer_now)
            traced.append((new, keep(alpha) if keep else alpha))
        predicted = codecs.decode(decoders, hints, seen, hidden, new)
        fed = {
            name: codecs.feed_back(hints[name], predicted[name], config.feedback)
            for name in fed
        }
        for name, graphs_forced in (forced or {}).items():
            given = _hint(hints[name], truth.hints[name], time + 1, precision)
            shape = -1, *[1] * (given.ndim - 1)
            here = graphs_forced[time + 1].reshape(shape)
            fed[name] = jnp.where(here, given, fed[name])
        if summarise is not None:
            predicted = summarise(truth, predicted, time)
        return (new, fed), (predicted, traced if trace else [])

    known = summarise is not None or forced
    precision = jnp.result_type(*jax.tree.leaves((weights, inputs)))
    if hidden is None:
        hidden = jnp.zeros((batch, nodes, config.hidden_size), precision)
    arguments = (
        step,
        total,
        (layer, codecs.fold(weights.decoders, hints, encoders)),
        (inputs, graphs.trajectory if known else None, forced),
        (hidden, _start(task, config, graphs, precision)),
    )
    last = jnp.clip(jnp.asarray(graphs.trajectory.lengths) - 2, 0, total - 1)
    if trace:
        ends = recurrence.scan(*arguments, last)
    else:
        taken = jnp.array(total) if steps is None else steps
        ends = recurrence.unroll(*arguments, taken, last)
    (before, fed), (after, _), (predicted, traced) = ends
    decoders = codecs.fold(weights.decoders, outputs, encoders)
    seen = encoder_inputs(inputs, fed)
    logits = codecs.decode(decoders, outputs, seen, before, after)
    if summarise is None:
        predicted = {k: jnp.moveaxis(hint, 0, 1) for k, hint in predicted.items()}
    if not trace:
        return Result(logits, predicted, None, None)
    states, alphas = jax.tree.map(lambda *parts: _by_step(parts), *traced)
    return Result(logits, predicted, states, alphas)


def _leaves(params: Any) -> Iterator[tuple[str, str, Any]]:
    """Module, name and array of each parameter."""
    for module, leaves in params.items():
        for name, leaf in leaves.items():
            yield module, name, leaf


def _at(steer: Steer, time: Int[Array, ""], alpha: Array) -> Array:
    """`steer` at a fixed time, as `attention.attend` calls it."""
    return steer(alpha, time)


def _start(
    task: Task, config: ModelConfig, graphs: Graphs, precision: Any
) -> dict[str, Array]:
    """The algorithm's first hints, which are inputs of the first step."""
    return {
        name: _hint(task.features[name], graphs.trajectory.hints[name], 0, precision)
        for name in config.encodes(task)
        if task.features[name].stage == "hint"
    }


def _hint(
    feature: Feature, hint: AnyArray, time: Int[Array, ""] | int, precision: Any
) -> Float[Array, "B ..."]:
    """A true hint, (B, T, ...), at a time, as an input."""
    hint = jax.lax.dynamic_index_in_dim(jnp.asarray(hint), time, 1, keepdims=False)
    if feature.type == "pointer":
        hint = jax.nn.one_hot(hint, hint.shape[-1])
    return jnp.asarray(hint, precision)


def _by_step(parts: Sequence[Array]) -> Array:
    """Merges one (T, B, ...) per message step into (B, T * message steps, ...)."""
    stacked = jnp.moveaxis(jnp.stack(parts, 1), 2, 0)
    return stacked.reshape(stacked.shape[0], -1, *stacked.shape[3:])


def _declare(task: Task, config: ModelConfig) -> Weights:
    """Declares all parameters, under `hk.transform`; needs no graphs."""
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
            config.bias_shape,
        )(),
        decoders={
            name: decoder(name, task.features[name]) for name in config.decodes(task)
        },
    )


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def _traced(
    task: Task,
    config: ModelConfig,
    keep: Keep | None,
    params: Any,
    graphs: Graphs,
    hidden: Any,
) -> Result:
    by_role = weights(task, config, params)
    return unroll(task, config, by_role, graphs, trace=True, hidden=hidden, keep=keep)
