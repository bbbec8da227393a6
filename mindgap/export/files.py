"""A network as weights with names, and a description of its features and settings."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from mindgap.extras import require
from mindgap.network import ModelConfig, Params, weights
from mindgap.network.linear import Linear
from mindgap.tasks.base import Task

EDGE_VALUES = "edge_info", "edge_reduce"
"""Layers that only networks with projected edge values have."""


def description(task: Task, config: ModelConfig) -> dict[str, Any]:
    """What a reader of the weights has to know, as JSON: features and settings.

    `features` has stage, location, type and classes of each feature; `encoded` and
    `decoded` name those that have an encoder or a decoder.
    """
    return {
        "task": task.name,
        "features": {n: f._asdict() for n, f in task.features.items()},
        "encoded": config.encodes(task),
        "decoded": config.decodes(task),
        "config": dataclasses.asdict(config),
    }


def arrays(task: Task, config: ModelConfig, params: Params) -> dict[str, np.ndarray]:
    """The parameters by role: `encoder/pos/w`, `attention/value/w`, `decoder/pi/...`.

    Linear layers compute x @ w + b, with w of shape (inputs, outputs).
    """
    by_role = weights(task, config, params)
    named: dict[str, np.ndarray] = {}

    def add(name: str, layer: Linear) -> None:
        named[f"{name}/w"], named[f"{name}/b"] = map(np.asarray, layer)

    for name, layer in by_role.encoders.items():
        add(f"encoder/{name}", layer)
    attention = by_role.attention
    if attention.norm is not None:
        for leaf, array in zip(("scale", "offset"), attention.norm, strict=True):
            named[f"attention/norm/{leaf}"] = np.asarray(array)
    if attention.bias is not None:
        named["attention/bias"] = np.asarray(attention.bias)
    for head, score in enumerate(attention.scores):
        add(f"attention/score_{head}", score)
    names = {"sender": "in", "receiver": "out"}  # as in the paper
    for part in ("value", "skip", "sender", "receiver", "edge", "meta", *EDGE_VALUES):
        if (layer := getattr(attention, part)) is not None:
            add(f"attention/{names.get(part, part)}", layer)
    for name, layers in by_role.decoders.items():
        for part, layer in layers.items():
            add(f"decoder/{name}/{part}", layer)
    return {name: np.ascontiguousarray(a, np.float32) for name, a in named.items()}


def to_npz(path: Path, task: Task, config: ModelConfig, params: Params) -> Path:
    """Writes the parameters to one NumPy file, with the description as JSON in it."""
    text = json.dumps(description(task, config))
    named: dict[str, Any] = arrays(task, config, params)
    with path.open("wb") as file:
        np.savez(file, description=np.array(text), **named)
    return path


def to_pyg(folder: Path, task: Task, config: ModelConfig, params: Params) -> Path:
    """Writes a folder that PyTorch can run without this library.

    It has the weights (safetensors), the description (JSON), and `network.py`, a module
    with `load(folder)`.
    """
    require("run", "export to pyg", "safetensors")
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(description(task, config), indent=1)
    (folder / "network.json").write_text(text, encoding="utf-8")
    save_file(arrays(task, config, params), folder / "weights.safetensors")
    shutil.copyfile(Path(__file__).with_name("pyg.py"), folder / "network.py")
    return folder
