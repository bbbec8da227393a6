"""Does the answer depend on what attention selects? It is steered to find out.

A learned network may attend to the node that the program selects without using it, or
attend elsewhere and be as accurate. Here its coefficients are changed at every step,
for every node whose selection is not the program's default. All weight goes to the
selected node (`forced`), or the selected node's coefficient is set to 0 (`without`), or
that of the other node whose coefficient is nearest in size (`control`). `matched` is
`without`, limited to the nodes for which `control` finds a coefficient of like size.
The remaining coefficients are scaled to add up to 1. Otherwise the network runs freely,
and the accuracy of its answer is recorded.
"""

import functools
from collections.abc import Mapping
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mindgap import network
from mindgap.graphs import Graphs
from mindgap.language.program import GraphProgram
from mindgap.measures import faithfulness
from mindgap.network import ModelConfig, Params
from mindgap.tasks.base import Task

Treatment = Literal["forced", "without", "matched", "control"]
TREATMENTS: tuple[Treatment, ...] = ("forced", "without", "matched", "control")
ALIKE = 2.0
"""Coefficients are of like size if neither is more than so many times the other."""


def steer(
    treatment: Treatment,
    alpha: Float[Array, "*batch N N"],
    selected: Int[Array, "*batch N"],
    active: Bool[Array, "*batch N"],
) -> Float[Array, "*batch N N"]:
    """One head's coefficients, changed for active nodes; row i belongs to receiver i.

    A row stays as it is if the receiver may not attend to the selected node, or if no
    weight would be left.
    """
    target = jax.nn.one_hot(selected, alpha.shape[-1])
    coefficient = (alpha * target).sum(-1, keepdims=True)
    treated = active & (coefficient[..., 0] > 0)
    if treatment == "forced":
        return jnp.where(treated[..., None], target, alpha)
    ratio = jnp.where(
        alpha > 0, alpha / jnp.where(coefficient > 0, coefficient, 1), jnp.inf
    )
    difference = jnp.where(
        (target > 0) | (alpha <= 0), jnp.inf, jnp.abs(alpha - coefficient)
    )
    other = jax.nn.one_hot(difference.argmin(-1), alpha.shape[-1])
    other_ratio = jnp.where(jnp.isinf(ratio), 0, ratio * other).sum(-1)
    comparable = (
        jnp.isfinite(difference.min(-1))
        & (1 / ALIKE <= other_ratio)
        & (other_ratio <= ALIKE)
    )
    if treatment != "without":
        treated = treated & comparable
    rest = alpha * (1 - (other if treatment == "control" else target))
    total = rest.sum(-1, keepdims=True)
    rescaled = rest / jnp.where(total > 0, total, 1)
    return jnp.where((treated & (total[..., 0] > 0))[..., None], rescaled, alpha)


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def matched_heads(
    program: GraphProgram,
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
) -> dict[str, Int[Array, ""]]:
    """For each selection of the program, the head that agrees with it most often.

    Match heads on other graphs than those that are scored.
    """
    by_head = network.apply(task, model, params, graphs).attention
    assert by_head is not None
    heads = {}
    for name, (selected, active) in faithfulness.selections(program, graphs).items():
        agreement = [
            jnp.nanmean(
                faithfulness.attention_accuracy(by_head[:, :, head], selected, active)
            )
            for head in range(model.heads)
        ]
        heads[name] = jnp.stack(agreement).argmax()
    return heads


@functools.partial(jax.jit, static_argnums=(0, 1, 2, 5))
def accuracies(
    program: GraphProgram,
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
    treatment: Treatment,
    heads: Mapping[str, Int[Array, ""]],
) -> dict[str, Float[Array, "B"]]:
    """Pointer accuracy in [0, 1] of each graph, with one selection treated at a time.

    `heads` has the index of the head that stands for each selection (`matched_heads`).
    Raises ValueError for a network that takes several steps of attention for a hint.
    """
    if model.message_steps != 1:
        raise ValueError(
            f"message_steps is {model.message_steps}, but a selection belongs to one "
            "step of attention"
        )
    scores = {}
    for name, (selected, active) in faithfulness.selections(program, graphs).items():

        def change(alpha, time, selected=selected, active=active, head=heads[name]):
            changed = steer(
                treatment, alpha[:, head], selected[:, time], active[:, time]
            )
            return alpha.at[:, head].set(changed)

        outputs = network.predict(
            task, model, params, graphs, None, lambda *_: {}, change
        ).outputs
        (truth,) = graphs.trajectory.outputs.values()
        (predicted,) = outputs.values()
        scores[name] = (predicted == jnp.asarray(truth)).mean(-1)
    return scores
