"""The auxiliary parameters: encoders and decoders (App. A; Figures 9, 11).

An encoder writes an input feature into its coordinate. A decoder reads a component from
the new hidden state. A component that refers to a node holds that node's position; the
decoder of a pointer turns it into logits over all nodes (Eq. 20, or Eq. 12-14).
"""

import numpy as np

from mindgap.compiler.layout import Arrays, Layout, Place, zero_layer
from mindgap.compiler.static import CannotCompile
from mindgap.language.interpreter import shown, task_of
from mindgap.language.normal_forms import Field
from mindgap.language.program import GraphProgram, input_of
from mindgap.network import ModelConfig
from mindgap.tasks.features import Feature

LOGIT = 128.0
"""Logit of a true component; its sigmoid is 1 in float32."""

SHARPEN = 1000.0
"""The factor that the decoder of Eq. 20 applies to its logits."""


def set_encoders(
    params: Arrays, program: GraphProgram, config: ModelConfig, layout: Layout
) -> None:
    """Writes each input feature into its coordinate.

    Hints that are fed back are not read, except `s`, which is an input as well.
    """
    task = task_of(program)
    index = layout.inputs[Field("self", "index")]
    # by input and class, where it is written to and with which factor
    written: dict[tuple[str, int], dict[int, float]] = {
        ("pos", 0): {index: 1.0},
        ("s", 0): {layout.inputs[Field("init", "s")]: 1.0},
        ("A", 0): {layout.edges["weight"]: 1.0},
        ("adj", 0): {layout.edges["adj"]: 1.0},
        **{(name, 0): {at: 1.0} for name, at in layout.graphs.items()},
    }
    for field in program.node_inputs:
        name, which = input_of(task, field)
        written[name, which or 0] = {layout.inputs[Field("self", field)]: 1.0}
    if "string" in task.features:  # see `graphs.index_of`
        written["pos", 0] = {index: 0.5}
        written["string", 0] |= {index: 0.5}
    for name in config.encodes(task):
        rows = max(1, task.features[name].classes)
        w, _ = zero_layer(params, f"encoder_{name}", rows, layout.size)
        for row in range(rows):
            for coordinate, factor in written.get((name, row), {}).items():
                w[row, coordinate] = factor


def set_decoders(
    params: Arrays,
    program: GraphProgram,
    config: ModelConfig,
    layout: Layout,
    sharpness: float,
) -> None:
    """Reads every hint and output from the coordinates of its component.

    A graph's hint is the maximum of the component over all nodes. A feature whose
    component is empty gets a decoder of zeros.

    Raises CannotCompile for a decoded feature that the program does not show, and for
    a feature of edges.
    """
    task, components = task_of(program), shown(program)
    size = layout.size
    for name in config.decodes(task):
        if name not in components:
            raise CannotCompile(
                f"{program.name}: {task.name} has {name}, which no component shows; "
                f"shown are {', '.join(components)} (hint_mode='none' drops hints)"
            )
        component, feature = components[name], task.features[name]
        if feature.location == "edge":
            raise CannotCompile(
                f"{program.name}: {name} is an edge's {feature.type}, for which there "
                "is no decoder; allowed are those of nodes and graphs"
            )
        if feature.location == "graph":
            zero_layer(params, f"decoder_{name}/meta", size, max(1, feature.classes))
        if feature.type == "pointer":
            assert not isinstance(component, tuple)
            rows = _rows(layout, layout.places[component]) if component else {}
            _set_pointer(params, name, feature, config, layout, rows, sharpness)
            continue
        classes = component if isinstance(component, tuple) else [component]
        w, b = zero_layer(params, f"decoder_{name}/node", 3 * size, len(classes))
        scale = 1.0 if feature.type == "scalar" else min(LOGIT, 4 * sharpness)
        for column, each in enumerate(classes):
            # the logit of a mask is positive if the component is above one half; so is
            # that of a class beside a class without a component (None)
            b[column] = scale / 2 if each is None and component else 0.0
            if each is not None:
                place = layout.places[each]
                for row, sign in _rows(layout, place).items():
                    w[row, column] = scale * sign
                b[column] += scale * place.constant
            if feature.type == "mask":
                b[column] -= scale / 2


def _rows(layout: Layout, place: Place) -> dict[int, float]:
    """Rows and signs of a place in a decoder's input [x | h | new h]."""
    return {2 * layout.size + at: sign for at, sign in place.values.items()}


def _set_pointer(
    params: Arrays,
    name: str,
    feature: Feature,
    config: ModelConfig,
    layout: Layout,
    rows: dict[int, float],
    sharpness: float,
) -> None:
    """Sets logits that are largest at the node whose position the component holds.

    `pairwise` (Eq. 12-14): -2 max(pi_i, pos_j) + pos_j, largest at pos_j = pi_i.
    `simple` (Eq. 20): -1000 max(pi_i - pos_j, pos_j - pi_i), for positions j / n.
    """
    read, index = 3 * layout.size, layout.inputs[Field("self", "index")]
    if config.pointer_decoder == "simple":
        assert config.nodes is not None
        positions = np.arange(config.nodes) / config.nodes
        for layer, sign in (("p1", 1.0), ("p2", -1.0)):
            w, b = zero_layer(params, f"decoder_{name}/{layer}", read, config.nodes)
            scale = sign * sharpness / SHARPEN
            for row, own in rows.items():
                w[row] = scale * own
            b[:] = -scale * positions
        return
    receiver, low = zero_layer(params, f"decoder_{name}/receiver", read, layout.size)
    sender, _ = zero_layer(params, f"decoder_{name}/sender", read, layout.size)
    zero_layer(params, f"decoder_{name}/edge", layout.size, layout.size)
    score, _ = zero_layer(params, f"decoder_{name}/score", layout.size, 1)
    for row, own in rows.items():
        receiver[row, 0] = own
    sender[index, 0] = sender[index, 1] = 1.0
    low[1] = -8.0  # below every position: the second channel is pos_j
    score[:2, 0] = -2 * sharpness, sharpness
