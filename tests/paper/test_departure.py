"""What rows of training from exact weights assume, computed again."""

import pytest

from mindgap import tasks
from mindgap.paper import departure

LARGE = {("bfs", s) for s in (10, 15, 20)} | {("bellman_ford", s) for s in (5, 10, 15)}
LARGE |= {("dfs", s) for s in (15, 20)}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[pytest.mark.large] * (case in LARGE))
        for case in departure.CURVATURES
    ],
    ids=lambda case: f"{case[0]}-{case[1]}",
)
def test_rates_of_plain_steps_come_from_the_curvature(case):
    """As far as float32 goes: products with the Hessian round by processor."""
    name, sharpness = case
    found = departure.curvature(tasks.TASKS[name], sharpness)
    assert found == pytest.approx(departure.CURVATURES[case], rel=0.2, abs=1e-6)


@pytest.mark.large
@pytest.mark.parametrize("sharpness", [5, 10])
def test_dfs_has_no_plain_row_where_its_curvature_is_no_number(sharpness):
    with pytest.raises(FloatingPointError, match="not finite"):
        departure.curvature(tasks.dfs, sharpness)
