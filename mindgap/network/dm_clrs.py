"""Converts parameters to and from dm-clrs's tree: each network can run the other's.

Only the names differ. `to_clrs` and `from_clrs` are inverses, and raise an error for a
leaf that is unknown, missing or of another shape, and for networks with parts that
dm-clrs does not have (edge values, attention bias, the simple pointer decoder).
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from mindgap.extras import require
from mindgap.graphs import AnyArray, Graphs
from mindgap.network import ModelConfig, Params, template
from mindgap.tasks.base import Task
from mindgap.tasks.bfs import bfs

Leaf = tuple[str, str]
"""(name of a module, name of its parameter), for example (`attention/in`, `w`)."""


LOGGED = re.compile(rb"WARNING: All log messages before absl|[IW]\d{4} [\d:.]+ +\d+ ")
"""Lines that TensorFlow logs while it is imported, and that no setting suppresses."""


def library(part: str) -> Any:
    """dm-clrs, imported without TensorFlow's log; ImportError naming what needs it."""
    require("clrs", part, "clrs")
    with unlogged():
        import clrs
        import clrs.models
    return clrs


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Leaves lines of `LOGGED` out of what is written to standard error meanwhile.

    They come from C++, so the file itself is replaced; its other lines follow later.
    """
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            for line in file:
                if not LOGGED.match(line):
                    os.write(2, line)


def to_clrs(
    task: Task, config: ModelConfig, params: Params
) -> dict[str, dict[str, np.ndarray]]:
    """dm-clrs's parameter tree for the same network.

    Raises ValueError for a network that dm-clrs does not have, KeyError for a leaf that
    is unknown or missing, ValueError for a leaf of another shape.
    """
    return _renamed(params, dict(_names(task, config)), _shapes(task, config))


def from_clrs(
    task: Task, config: ModelConfig, params: Params
) -> dict[str, dict[str, np.ndarray]]:
    """mindgap's parameter tree for the same network; the inverse of `to_clrs`."""
    names = dict(_names(task, config))
    shapes = {names[leaf]: shape for leaf, shape in _shapes(task, config).items()}
    return _renamed(params, {theirs: ours for ours, theirs in names.items()}, shapes)


def to_feedback(task: Task, graphs: Graphs) -> Any:
    """The graphs and trajectories as a `clrs.Feedback`, like those of its samplers."""
    clrs = library("dm-clrs's feedback")
    trajectory = graphs.trajectory
    values = {**task.inputs(graphs), **trajectory.hints, **trajectory.outputs}
    points: dict[str, list] = {"input": [], "hint": [], "output": []}
    for name, feature in task.features.items():
        data = np.asarray(values[name], np.float32)
        if feature.stage == "hint":
            data = data.swapaxes(0, 1)  # dm-clrs has time first
        points[feature.stage].append(
            clrs.DataPoint(name, feature.location, feature.type, data)
        )
    lengths = np.asarray(trajectory.lengths, np.float32)
    features = clrs.Features(tuple(points["input"]), tuple(points["hint"]), lengths)
    return clrs.Feedback(features, points["output"])


def algorithms() -> list[str]:
    """CLRS-30's algorithms by name, in dm-clrs's order."""
    return list(library("the list of CLRS-30's algorithms").CLRS_30_ALGS_SETTINGS)


def traced(
    algorithm: str, *inputs: Any
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The hints (T, ...) and the outputs of dm-clrs's own algorithm, by name.

    `inputs` are its arguments, which are not changed. Raises ValueError for what is no
    algorithm of CLRS-30.
    """
    if algorithm not in algorithms():
        raise ValueError(
            f"no algorithm {algorithm!r} in CLRS-30: one of {', '.join(algorithms())}"
        )
    specs = library("dm-clrs's algorithms").SPECS[algorithm]
    from clrs._src import algorithms as known

    copies = [np.array(each) if np.ndim(each) else each for each in inputs]
    _, probes = getattr(known, algorithm)(*copies)
    for found in probes["output"].values():
        for entry in found.values():  # which one algorithm leaves in a list
            if isinstance(entry["data"], list):
                (entry["data"],) = entry["data"]
    hints, outputs = (
        {
            name: np.asarray(probes[stage][location][name]["data"])
            for name, (at, location, _) in specs.items()
            if at == stage
        }
        for stage in ("hint", "output")
    )
    return hints, outputs


def edge_inputs(
    algorithm: str, hints: Mapping[str, np.ndarray], step: int
) -> Float[np.ndarray, "N N F"]:
    """What an edge is given of one step's hints, where hints are fed back.

    Each number is multiplied by a row of weights and added up: hints of edges, pointers
    of nodes, and how often a pointer of edges names the second node from the first, or
    to it (dm-clrs `encoders.accum_edge_fts`).
    """
    specs = library("dm-clrs's features").SPECS[algorithm]
    given = []
    for name, hint in hints.items():
        _, location, kind = specs[name]
        value = np.asarray(hint[step])
        named = np.eye(value.shape[0] if value.ndim else 0)
        if location == "edge" and kind == "pointer":
            told = named[value.astype(int)]
            given += [told.mean(0), told.mean(1)]
        elif location == "edge":
            given += list(np.moveaxis(value, -1, 0)) if value.ndim == 3 else [value]
        elif location == "node" and kind.endswith("pointer"):
            given.append(named[value.astype(int)])
    return np.stack(given, -1)


@contextlib.contextmanager
def one_device() -> Iterator[None]:
    """A context in which dm-clrs finds one device; use it around dm-clrs's models.

    With several devices, dm-clrs calls functions that JAX has removed.
    """
    device_count = jax.local_device_count
    jax.local_device_count = lambda *_: 1
    try:
        yield
    finally:
        jax.local_device_count = device_count


@one_device()
def clrs_model(task: Task, config: ModelConfig, batch: Any) -> Any:
    """dm-clrs's BaselineModel of the same network, initialised for a `clrs.Feedback`.

    It has no decoders for hints that the task leaves out.
    Raises ValueError for a network that dm-clrs does not have.
    """
    clrs = library("dm-clrs's own network")
    _ = dict(_names(task, config))  # raises ValueError
    model = clrs.models.BaselineModel(
        # an order is a pointer at each node, as dm-clrs's `process_permutations` has it
        # where permutations are not enforced
        spec=[
            {
                name: (*entry[:2], task.features[name].type)
                for name, entry in clrs.SPECS[task.name].items()
                if name not in task.left_out
            }
        ],
        dummy_trajectory=[batch],
        processor_factory=_processor(config),
        hidden_dim=config.hidden_size,
        encode_hints=config.hint_mode == "encoded_decoded",
        decode_hints=config.hint_mode != "none",
        encoder_init="xavier_on_scalars",
        hint_teacher_forcing=0.0,
        hint_repred_mode=config.feedback,
        nb_msg_passing_steps=config.message_steps,
        learning_rate=1e-4,
        grad_clip_max_norm=1.0,
        checkpoint_path="unused",
    )
    model.init([batch.features], seed=1)  # pyright: ignore[reportArgumentType]
    return model


def clrs_layers(
    config: ModelConfig,
    params: Mapping[str, Mapping[str, AnyArray]],
    node: Float[Array, "B N D"],
    edge: Float[Array, "B N N D"],
    meta: Float[Array, "B D"],
    neighbours: Float[Array, "B N N"],
    hidden: Float[Array, "B N D"],
) -> tuple[Float[Array, "B N D"], dict[str, Array]]:
    """One step of dm-clrs's own processor, and the result of each linear layer in it.

    `params` is dm-clrs's tree. The results are under mindgap's names of the layers, for
    example `attention/value`.
    """
    import haiku as hk

    results: dict[str, Array] = {}

    def record(call, args, kwargs, context):
        result = call(*args, **kwargs)
        if isinstance(context.module, hk.Linear) and context.method_name == "__call__":
            results[context.module.module_name] = result
        return result

    def step():
        with hk.intercept_methods(record):
            batch, nodes = node.shape[:2]
            return _processor(config)(config.hidden_size)(
                node, edge, meta, neighbours, hidden, batch_size=batch, nb_nodes=nodes
            )[0]

    theirs = {k.removeprefix("net/"): v for k, v in params.items()}
    new = hk.without_apply_rng(hk.transform(step)).apply(theirs)
    names = {theirs[0]: ours[0] for ours, theirs in _names(bfs, config)}
    return new, {names[f"net/{name}"]: result for name, result in results.items()}


def _processor(config: ModelConfig) -> Any:
    return library("dm-clrs's processors").get_processor_factory(
        "gatv2_full" if config.attend_to == "all" else "gatv2",
        use_ln=config.layer_norm,
        nb_triplet_fts=8,  # required, but used by other processors only
        nb_heads=config.heads,
    )


def _names(task: Task, config: ModelConfig) -> Iterator[tuple[Leaf, Leaf]]:
    """mindgap's name and dm-clrs's of every parameter, in the order of creation.

    Raises ValueError for a network that dm-clrs does not have.
    """
    missing = [
        f"{field}={getattr(config, field)!r}"
        for field, default in (
            ("edge_values", "none"),
            ("attention_bias", False),
            ("self_bias", False),
            ("pointer_decoder", "pairwise"),
        )
        if getattr(config, field) != default
    ]
    if missing:
        raise ValueError(f"dm-clrs's network does not have {', '.join(missing)}")

    def linear(ours: str, theirs: str) -> Iterator[tuple[Leaf, Leaf]]:
        for leaf in ("w", "b"):
            yield (ours, leaf), (theirs, leaf)

    def numbered(base: str, names: list[str], theirs: str):
        """Layers that dm-clrs numbers: `linear`, `linear_1`, `linear_2`, ..."""
        for index, name in enumerate(names):
            suffix = f"_{index}" if index else ""
            yield from linear(f"{base}/{name}", f"{theirs}{suffix}")

    coder = "net/~_construct_encoders_decoders/algo_0_"
    for name in config.encodes(task):
        yield from linear(f"encoder_{name}", f"{coder}{name}_enc_linear")
    processor = "net/gatv2_aggr_clrs_processor"  # also that of gatv2_full
    heads = [f"score_{head}" for head in range(config.heads)]
    layers = ["value", "skip", "in", "out", "edge", "meta", *heads]
    yield from numbered("attention", layers, f"{processor}/linear")
    if config.layer_norm:
        norm = f"{processor}/layer_norm"
        yield ("attention", "norm_scale"), (norm, "scale")
        yield ("attention", "norm_offset"), (norm, "offset")
    for name in config.decodes(task):
        feature = task.features[name]
        layers = ["node", "meta"] if feature.location == "graph" else ["node"]
        if feature.type == "pointer":
            layers = ["receiver", "sender", "edge", "score"]
        yield from numbered(f"decoder_{name}", layers, f"{coder}{name}_dec_linear")


def _shapes(task: Task, config: ModelConfig) -> dict[Leaf, tuple[int, ...]]:
    """The shape of every parameter under mindgap's names."""
    return {
        (module, leaf): array.shape
        for module, leaves in template(task, config).items()
        for leaf, array in leaves.items()
    }


def _renamed(
    params: Params,
    names: Mapping[Leaf, Leaf],
    shapes: Mapping[Leaf, tuple[int, ...]],
) -> dict[str, dict[str, np.ndarray]]:
    """The tree with every leaf under its new name; `shapes` has the old names."""
    arrays = {
        (module, leaf): np.asarray(jax.device_get(array))
        for module, leaves in params.items()
        for leaf, array in leaves.items()
    }
    unknown, absent = arrays.keys() - names.keys(), names.keys() - arrays.keys()
    if unknown or absent:
        raise KeyError(
            f"parameters do not fit this network: unknown {sorted(unknown)}, "
            f"missing {sorted(absent)}"
        )
    renamed: dict[str, dict[str, np.ndarray]] = {}
    for source, array in arrays.items():
        if array.shape != shapes[source]:
            raise ValueError(
                f"{'/'.join(source)} has shape {array.shape}, expected {shapes[source]}"
            )
        module, leaf = names[source]
        renamed.setdefault(module, {})[leaf] = array
    return renamed
