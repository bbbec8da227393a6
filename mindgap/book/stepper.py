"""Compiled networks to step through in the page itself, on a graph of one's choice.

What a page shows is the network: its folded weights are written into the page, and run
there by `stepper.js`, in double precision. Nothing is fetched, so it works offline.
"""

import dataclasses
import json
import uuid
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np
from jaxtyping import Float

from mindgap import network
from mindgap.compiler.compile import Compiled
from mindgap.network import attention, codecs
from mindgap.network.linear import Linear

STYLE = """
.stepper { background: white; color: black; color-scheme: light; padding: .5em; }
.stepper .choices, .stepper .edges { display: flex; flex-wrap: wrap; gap: .5em 1em; }
.stepper .shown { display: flex; flex-wrap: wrap; gap: 1em; align-items: center; }
.stepper .graph { width: 320px; max-width: 100%; }
.stepper th, .stepper td { padding: .1em .5em; text-align: right; }
.stepper input { width: 4.5em; }
"""


@dataclasses.dataclass(frozen=True)
class Stepper:
    """Something to look at in a notebook; prints as the names of what can be run."""

    networks: Mapping[str, Mapping[str, Any]]
    weights: Float[np.ndarray, "N N"]

    def _repr_html_(self) -> str:
        script = resources.files("mindgap.book").joinpath("stepper.js").read_text()
        place = f"stepper-{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(self.networks))}"
        start = json.dumps(np.round(self.weights.astype(float), 2).tolist())
        return (
            f'<style>{STYLE}</style><div class="stepper" id="{place}"></div>\n'
            f"<script>{script}\nmindgapStepper.show("
            f"document.getElementById({json.dumps(place)}), "
            f"{json.dumps(self.networks)}, {start});</script>"
        )

    def __repr__(self) -> str:
        return f"<stepper of {', '.join(self.networks)}: needs a browser>"


def step_through(
    programs: Mapping[str, Compiled], weights: Float[np.ndarray, "N N"]
) -> Stepper:
    """A page's own copy of some compiled networks, on a first graph with N nodes.

    Each takes one step of one head a hint, and is fed inputs alone. `weights` is
    symmetric, 0 where there is no edge. Raises ValueError for another network.
    """
    written = {}
    for title, compiled in programs.items():
        name = compiled.program.name
        config = compiled.config
        if (config.heads, config.message_steps, config.hint_mode, config.nodes) != (
            *(1, 1, "decoded_only"),
            len(weights),
        ):
            raise ValueError(
                f"{name}: only networks of one head and one step a hint, fed no hints "
                f"and with a bias for {len(weights)} nodes, can be stepped through; "
                f"this one has {config}"
            )
        written[name] = {"title": title, **_written(compiled)}
    return Stepper(written, weights)


def _written(compiled: Compiled) -> dict[str, Any]:
    """The network as `stepper.js` reads it: of each layer w, as rows, and b."""
    task, config = compiled.task, compiled.config
    read = network.weights(task, config, compiled.params)
    features = {name: task.features[name] for name in config.encodes(task)}
    encoders = codecs.join(read.encoders, features, config.hidden_size)
    layer = attention.fold(read.attention, encoders, config.edge_values)
    assert layer.bias is not None
    ((score, constant),) = layer.scores
    return {
        "nodes": [n for n, f in features.items() if f.location == "node"],
        "edges": [n for n, f in features.items() if f.location == "edge"],
        "reads": _layer(layer.reads),
        "edge": _layer(layer.edge),
        "meta": np.asarray(layer.meta.b).tolist(),
        "score": {"w": np.asarray(score).tolist(), "b": float(constant[0])},
        "bias": np.asarray(layer.bias).tolist(),
        "info": None if layer.info is None else _layer(layer.info),
        "reduce": None if layer.reduce is None else _layer(layer.reduce),
        "sorts": dict(compiled.program.components),
        "components": _components(compiled),
    }


def _components(compiled: Compiled) -> dict[str, Any]:
    """How each component is read from a hidden state (Eq. 19), as a layer."""
    states = np.concatenate(
        [np.zeros((1, compiled.layout.size)), np.eye(compiled.layout.size)]
    )
    found = {}
    for name in compiled.program.components:
        constant, *held = np.asarray(compiled.layout.read(states, name))
        found[name] = {"w": [[h - constant] for h in held], "b": [constant]}
    return found


def _layer(layer: Linear) -> dict[str, Any]:
    return {"w": np.asarray(layer.w).tolist(), "b": np.asarray(layer.b).tolist()}
