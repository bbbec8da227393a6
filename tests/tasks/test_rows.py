"""Tasks on rows of numbers: traces are dm-clrs's at every step, sets are CLRS-30's."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mindgap import tasks

ROWS = tasks.ROWS.values()
SOLVE = {task.name: jax.jit(task.solve) for task in ROWS}


def sampler_of(task, **arguments):
    import clrs

    sampler, spec = clrs.build_sampler(task.name, **arguments)
    return sampler, spec


@pytest.mark.clrs
@pytest.mark.parametrize("task", ROWS, ids=lambda t: t.name)
@given(data=st.data())
def test_every_hint_at_every_step_is_that_of_dm_clrs(task, data):
    """Numbers are quarters, so that sums are exact and ties occur (not in an order)."""
    import clrs
    from clrs._src import algorithms

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
    _, probes = getattr(algorithms, task.name)(*(v.copy() for v in rows.values()))
    found = SOLVE[task.name]({"pos": np.arange(nodes) / nodes, **rows})
    length = int(found.lengths)
    for name, (stage, location, _) in clrs.SPECS[task.name].items():
        if stage == "input":
            continue
        truth = probes[stage][location][name]["data"]
        if stage == "output":
            assert_array_equal(found.outputs[name], truth, err_msg=name)
            continue
        assert len(truth) == length
        assert_allclose(found.hints[name][:length], truth, atol=1e-5, err_msg=name)


@pytest.mark.clrs
@pytest.mark.parametrize(
    ("task", "split"),
    [
        pytest.param(
            task,
            split,
            # in dm-clrs its test set takes minutes
            marks=[pytest.mark.large] * (split == "test" and task is tasks.quickselect),
        )
        for task in ROWS
        for split in ("val", "test")
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_the_benchmark_sets_are_dm_clrs_own(task, split):
    import clrs
    from clrs._src import specs

    setting = clrs.CLRS30[split]
    times = specs.CLRS_30_ALGS_SETTINGS[task.name]["num_samples_multiplier"]
    sampler, spec = sampler_of(
        task,
        seed=setting["seed"],
        num_samples=times * setting["num_samples"],
        length=setting["length"],
    )
    theirs, ours = sampler.next(), task.benchmark(split)
    for point in theirs.features.inputs:
        assert_allclose(task.inputs(ours)[point.name], point.data, atol=1e-7)
    for point in theirs.features.hints:
        truth = np.swapaxes(point.data, 0, 1)
        assert_allclose(ours.trajectory.hints[point.name], truth, atol=1e-5)
    for point in theirs.outputs:
        assert_array_equal(ours.trajectory.outputs[point.name], point.data)
    assert_array_equal(ours.trajectory.lengths, theirs.features.lengths)
    features = {name: tuple(f[:3]) for name, f in task.features.items()}
    # an order of nodes is a pointer at each node
    assert features == {
        name: (*entry[:2], str(entry[2]).replace("should_be_permutation", "pointer"))
        for name, entry in spec.items()
    }


@pytest.mark.clrs
@pytest.mark.parametrize("task", ROWS, ids=lambda t: t.name)
def test_random_rows_follow_the_distribution_of_dm_clrs(task, key):
    from scipy import stats

    nodes, count = 7, 1000
    sampler, _ = sampler_of(task, seed=0, num_samples=count, length=nodes)
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
