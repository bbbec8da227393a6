"""What rows of training from exact weights assume, computed again."""

import pytest

from mindgap import tasks
from mindgap.paper import departure


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[pytest.mark.large] * (case != ("bfs", 5)))
        for case in departure.CURVATURES
    ],
    ids=lambda case: f"{case[0]}-{case[1]}",
)
def test_rates_of_plain_steps_come_from_the_curvature(case):
    """To a factor of two: products with the Hessian round by processor and compiler."""
    name, sharpness = case
    found = departure.curvature(tasks.TASKS[name], sharpness)
    stated = departure.CURVATURES[case]
    assert stated / 2 - 1e-6 < found < 2 * stated + 1e-6


@pytest.mark.large
@pytest.mark.parametrize("sharpness", [5, 10])
def test_dfs_has_no_plain_row_where_its_curvature_is_no_number(sharpness):
    with pytest.raises(FloatingPointError, match="not finite"):
        departure.curvature(tasks.dfs, sharpness)
