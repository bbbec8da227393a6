"""Tasks on rows of numbers: traces are dm-clrs's at every step, rows drawn alike."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from mindgap import tasks
from tests import clrs_reference

ROWS = tasks.ROWS.values()
SOLVE = {task.name: jax.jit(task.solve) for task in ROWS}


@pytest.mark.clrs
@pytest.mark.parametrize("task", ROWS, ids=lambda t: t.name)
@given(data=st.data())
def test_every_hint_at_every_step_is_that_of_dm_clrs(task, data):
    """Numbers are quarters, so that sums are exact and ties occur (not in an order)."""
    nodes = data.draw(st.integers(2, 9))
    ordering = {"activity_selector": "f", "task_scheduling": "w"}.get(task.name)
    rows = {}
    for name in task.sampler.names:
        low = 1 if name in task.sampler.whole else -8 * (task.sampler.least < 0)
        high = nodes if name in task.sampler.whole else 3 * nodes
        values = data.draw(
            st.lists(
                st.integers(low, high),
                min_size=nodes,
                max_size=nodes,
                unique=name == ordering,
            )
        )
        scale = 1 if name in task.sampler.whole else 4
        rows[name] = np.array(values, float) / scale
    if task.sampler.ordered:
        rows["s"] = np.minimum(rows["s"], rows["f"])
    if task is tasks.binary_search:
        target = data.draw(st.integers(-1, 3 * nodes + 1)) / 4
        rows = {"target": np.array(target), "key": np.sort(rows["key"])}
    found = SOLVE[task.name]({"pos": np.arange(nodes) / nodes, **rows})
    clrs_reference.assert_traced(task, found, *rows.values())


@pytest.mark.clrs
@pytest.mark.parametrize("task", ROWS, ids=lambda t: t.name)
def test_random_rows_follow_the_distribution_of_dm_clrs(task, key):
    import clrs
    from scipy import stats

    nodes, count = 7, 1000
    sampler, _ = clrs.build_sampler(task.name, seed=0, num_samples=count, length=nodes)
    theirs = {point.name: point.data for point in sampler.next().features.inputs}
    ours = task.sample(key, nodes, count, random_positions=True)
    for name in {*ours.inputs} - {"pos"}:
        if name == "target":
            assert stats.ks_2samp(ours.inputs[name], theirs[name]).pvalue > 1e-4
            continue
        for statistic in (np.ravel, lambda row: row.max(1), lambda row: row[:, 2]):
            a, b = statistic(np.asarray(ours.inputs[name])), statistic(theirs[name])
            assert stats.ks_2samp(a, b, method="asymp").pvalue > 1e-4, name
    expected = (np.arange(nodes) + 1) / (nodes + 1)
    assert_allclose(np.asarray(ours.positions).mean(0), expected, atol=0.03)
    assert (np.diff(ours.positions) > 0).all()


def test_rows_of_another_kind_are_refused():
    pos = np.arange(3)[None] / 3
    ones = np.ones((1, 3))
    with pytest.raises(ValueError, match=r"s is 1 and f is 0\.5 in graph 0, node 0"):
        tasks.activity_selector.solved({"pos": pos, "s": ones, "f": ones / 2})
    for wrong in (1.5, 0.0):
        with pytest.raises(ValueError, match=f"d is {wrong:g} in graph 0, node 0"):
            tasks.task_scheduling.solved({"pos": pos, "d": wrong * ones, "w": ones})
