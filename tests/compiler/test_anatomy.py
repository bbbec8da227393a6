"""Every weight that is not zero is in a figure, under the name of what it reads."""

import numpy as np
import pytest

from mindgap import programs
from mindgap.compiler import anatomy
from mindgap.compiler.compile import compile
from tests import cases


@pytest.mark.parametrize("size", [4, 128])
@pytest.mark.parametrize(
    "program", [programs.bfs, programs.bellman_ford], ids=lambda p: p.name
)
def test_no_weight_is_left_out(program, size):
    compiled = compile(program, cases.resized(cases.MODIFIED, hidden_size=size))
    main = anatomy.main_parameters(compiled)
    panels = main + anatomy.auxiliary_parameters(compiled)
    shown = sum(np.count_nonzero(panel.values) for panel in panels)
    info = 1 if program is programs.bellman_ford else 0  # reduce hands it on
    assert shown + info == sum(
        np.count_nonzero(leaf)
        for leaves in compiled.params.values()
        for leaf in leaves.values()
    )
    assert len(anatomy.frame(panels)) == shown
    for panel in panels:
        assert panel.values.shape == (len(panel.rows), len(panel.columns))


def test_rows_and_columns_are_named_after_what_they_hold():
    compiled = compile(programs.bellman_ford, cases.MODIFIED)
    panels = {panel.name: panel for panel in anatomy.main_parameters(compiled)}
    value = panels["W_value"]
    row, column = value.rows.index("h: dist"), value.columns.index("dist")
    assert value.values[row, column] == 1
    sender = panels["W_in (sender)"]
    key = sender.columns.index("key")
    assert sender.rows[int(np.abs(sender.values[:, key]).argmax())] == "h: dist"
    assert (np.diag(panels["B (pre-attention bias)"].values) < 0).all()
