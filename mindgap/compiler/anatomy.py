"""A compiled network's parameters as matrices with named axes (Figures 8-11).

Each axis of a weight matrix runs over coordinates, and the layout names them. Only rows
and columns that the program uses are shown, so that the matrices of a network of hidden
size 128 look like those of the smallest network.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float

from mindgap.compiler.compile import Compiled

if TYPE_CHECKING:
    import pandas as pd


class Panel(NamedTuple):
    """One matrix with the names of its rows and columns."""

    name: str
    values: Float[np.ndarray, "rows columns"]
    rows: list[str]
    columns: list[str]


def main_parameters(compiled: Compiled) -> list[Panel]:
    """The attention layer: W_in, W_out, W_edge, omega, W_value, W_skip, W_edge2, B."""
    layout, channels = compiled.layout, dict(compiled.channels)
    held, edges = layout.names, {v: k for k, v in layout.edges.items()}
    inputs = {v: k.name for k, v in layout.inputs.items()}
    both = {
        **{index: f"x: {name}" for index, name in inputs.items()},
        **{layout.size + index: f"h: {name}" for index, name in held.items()},
    }
    panels = [
        _panel(compiled, "W_in (sender)", "attention/in", both, channels),
        _panel(compiled, "W_out (receiver)", "attention/out", both, channels),
        _panel(compiled, "W_edge", "attention/edge", edges, channels),
        _panel(compiled, "ω (score)", "attention/score_0", channels, {0: "score"}),
        _panel(compiled, "W_value", "attention/value", both, held),
        _panel(compiled, "W_skip", "attention/skip", both, held),
    ]
    if compiled.config.edge_values == "projected":
        panels.append(
            _panel(compiled, "W_edge2 (info)", "attention/edge_info", edges, held)
        )
    if compiled.config.bias_shape is not None:
        bias = np.atleast_2d(compiled.params["attention"]["bias"])
        of_all = compiled.config.self_bias
        nodes = ["self"] if of_all else [str(node) for node in range(len(bias))]
        panels.append(Panel("B (pre-attention bias)", bias, nodes, nodes))
    return panels


def auxiliary_parameters(compiled: Compiled) -> list[Panel]:
    """The encoders and decoders that have an entry other than 0."""
    layout = compiled.layout
    inputs = {v: k.name for k, v in layout.inputs.items()}
    edges = {v: k for k, v in layout.edges.items()}
    read = {
        **{index: f"x: {name}" for index, name in inputs.items()},
        **{2 * layout.size + i: f"h': {name}" for i, name in layout.names.items()},
    }
    panels = []
    for module, leaves in compiled.params.items():
        w = np.asarray(leaves["w"]) if "w" in leaves else np.zeros((1, 1))
        if not w.any():
            continue
        if module.startswith("encoder"):
            columns = (
                edges if module.removeprefix("encoder_") in ("A", "adj") else inputs
            )
            panels.append(_panel(compiled, module, module, {0: "input"}, columns))
        elif module.startswith("decoder"):
            rows = {0: "max", 1: "pos"} if module.endswith("score") else read
            used = w.any(0) | (np.asarray(leaves["b"]) != 0)
            columns = {int(i): str(i) for i in np.flatnonzero(used)}
            panels.append(_panel(compiled, module, module, rows, columns))
    return panels


def frame(panels: Sequence[Panel]) -> "pd.DataFrame":
    """A table of the entries other than 0: panel, row, column, value."""
    import pandas as pd

    entries = [
        (panel.name, panel.rows[i], panel.columns[j], float(panel.values[i, j]))
        for panel in panels
        for i, j in zip(*np.nonzero(panel.values), strict=True)
    ]
    columns = ["panel", "row", "column", "value"]
    return pd.DataFrame(entries, columns=columns).set_index("panel")


def _panel(
    compiled: Compiled,
    name: str,
    module: str,
    rows: dict[int, str],
    columns: dict[int, str],
) -> Panel:
    """A layer's weights; the last row is the bias, unless it is 0."""
    w, b = (np.asarray(compiled.params[module][leaf]) for leaf in ("w", "b"))
    values = w[np.ix_(list(rows), list(columns))]
    labels = list(rows.values())
    if b[list(columns)].any():
        values = np.concatenate([values, b[None, list(columns)]])
        labels.append("bias")
    return Panel(name, values, labels, list(columns.values()))
