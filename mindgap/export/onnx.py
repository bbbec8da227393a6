"""The network as an ONNX model of one size, by way of `jax2onnx`.

The model takes one graph: the task's input features by CLRS's names, each hint that the
network is given before the first step as `first_NAME`, and as `length` the number of
the graph's hints (`trajectory.lengths`). It returns `output_NAME`, the outputs as
decoded at the graph's last step, and `hint_NAME`, the hints as decoded after each step.
Values are logits, as in `network.Result`.
"""

# pyright: reportMissingImports=false
# (jax2onnx is in none of mindgap's extras: it brings much, and few need it)

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from mindgap import checks
from mindgap.graphs import Graphs, Trajectory
from mindgap.network import ModelConfig, Params, apply
from mindgap.tasks.base import Task

OPSET = 21


def to_onnx(
    path: Path, task: Task, config: ModelConfig, params: Params, nodes: int
) -> Path:
    """Writes the network for graphs of so many nodes to one file.

    Raises ImportError, in one sentence, without jax2onnx, which is in none of this
    library's extras; ValueError for a network that is tied to other sizes.
    """
    checks.whole("nodes", nodes, 1, None)
    if config.nodes not in (None, nodes):
        raise ValueError(f"nodes = {nodes}: this network takes {config.nodes} nodes")
    try:
        import jax2onnx
    except ImportError:
        raise ImportError(
            "export to onnx needs jax2onnx: pip install jax2onnx"
        ) from None

    shapes, function, results = traced(task, config, params, nodes)
    with jax.default_matmul_precision("highest"):
        jax2onnx.to_onnx(
            function,
            list(shapes.values()),
            model_name=task.name,
            opset=OPSET,
            input_names=list(shapes),
            output_names=results,
            return_mode="file",
            output_path=path,
        )
    return path


def traced(
    task: Task, config: ModelConfig, params: Params, nodes: int
) -> tuple[dict[str, Any], Callable[..., Any], list[str]]:
    """The arguments' shapes by name, a function of them, and the names of its results.

    All shapes of the function are fixed, and it returns arrays.
    """

    def example(key: Array) -> tuple[dict, dict, dict]:
        graph = task.sample(key, nodes, 1)
        told, answers, _ = graph.trajectory
        return dict(graph.inputs), dict(told), dict(answers)

    inputs, hints, outputs = jax.eval_shape(example, jax.random.key(0))
    begun = [name for name in hints if name in config.encodes(task)]

    def room(name: str, count: int) -> Any:
        return jax.ShapeDtypeStruct(
            (1, count, *hints[name].shape[2:]), hints[name].dtype
        )

    shapes = dict(inputs)
    shapes |= {f"first_{name}": room(name, 1) for name in begun}
    shapes["length"] = jax.ShapeDtypeStruct((1,), jnp.int32)

    def zeros(shape: Any) -> Array:
        return jnp.zeros(shape.shape, shape.dtype)

    def found(given: dict[str, Array]) -> dict[str, Array]:
        told = {}
        for name in hints:
            parts = [given[f"first_{name}"]] if name in begun else []
            parts.append(zeros(room(name, task.most_hints(nodes) - len(parts))))
            told[name] = jnp.concatenate(parts, 1)
        blank = {name: zeros(shape) for name, shape in outputs.items()}
        trajectory = Trajectory(told, blank, given["length"])
        own = {name: given[name] for name in inputs}
        result = apply(task, config, params, Graphs(task.name, own, trajectory))
        return {
            **{f"output_{name}": logits for name, logits in result.logits.items()},
            **{f"hint_{name}": logits for name, logits in result.hints.items()},
        }

    names = list(jax.eval_shape(found, shapes))

    def function(*arrays: Array) -> tuple[Array, ...]:
        values = found(dict(zip(shapes, arrays, strict=True)))
        return tuple(values[name] for name in names)

    return shapes, function, names
