"""A widget that runs compiled networks step by step in a page, on any small graph.

The page contains the folded weights of each network, and `stepper.js` runs them in
double precision: the widget shows the network itself, not the algorithm. Nothing is
fetched, so it works offline.
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
    """The widget, as the value of a notebook cell; its text form lists the programs."""

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
    """A widget of compiled networks by title, which starts with a graph of N nodes.

    `weights` are the lengths of the graph's edges: symmetric, 0 where there is no edge.
    Each network must have one head, one message step per hint, hints that are decoded
    but not encoded, and a bias for N nodes. Raises ValueError for another network.
    """
    data = {}
    for title, compiled in programs.items():
        name = compiled.program.name
        config = compiled.config
        if (config.heads, config.message_steps, config.hint_mode, config.nodes) != (
            *(1, 1, "decoded_only"),
            len(weights),
        ):
            raise ValueError(
                f"{name}: only networks of one head and one message step per hint, "
                f"with hints decoded only and a bias for {len(weights)} nodes, can be "
                f"stepped through; the configuration of this one is {config}"
            )
        data[name] = {"title": title, **_for_script(compiled)}
    return Stepper(data, weights)


def _for_script(compiled: Compiled) -> dict[str, Any]:
    """The network as `stepper.js` reads it: each layer as {w: rows, b: bias}."""
    task, config = compiled.task, compiled.config
    weights = network.weights(task, config, compiled.params)
    features = {name: task.features[name] for name in config.encodes(task)}
    encoders = codecs.join(weights.encoders, features, config.hidden_size)
    layer = attention.fold(weights.attention, encoders, config.edge_values)
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
    """Layers that read each component from a hidden state (Eq. 19).

    A component is an affine function of the state, so its values at 0 and at the unit
    vectors determine the layer.
    """
    states = np.concatenate(
        [np.zeros((1, compiled.layout.size)), np.eye(compiled.layout.size)]
    )
    layers = {}
    for name in compiled.program.components:
        constant, *values = np.asarray(compiled.layout.read(states, name))
        layers[name] = {"w": [[v - constant] for v in values], "b": [constant]}
    return layers


def _layer(layer: Linear) -> dict[str, Any]:
    return {"w": np.asarray(layer.w).tolist(), "b": np.asarray(layer.b).tolist()}
