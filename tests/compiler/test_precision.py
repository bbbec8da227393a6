"""What float32 cannot tell apart is refused: sums that cancel, numbers in float64."""

import jax
import numpy as np
import pytest

import mindgap as mg
from mindgap import programs, tasks
from mindgap.network import dm_clrs

KADANE = tasks.find_maximum_subarray_kadane


def rows(task, keys):
    """Rows of the numbers, at linear positions, solved."""
    count, nodes = keys.shape
    places = np.broadcast_to(np.arange(nodes) / nodes, (count, nodes))
    return task.solved({"pos": places, "key": keys})


@pytest.mark.clrs
@pytest.mark.parametrize(("unit", "most"), [(0.1, 0.9), (0.125, 0.0)])
def test_best_runs_of_round_numbers_are_dm_clrs_own_or_refused(unit, most):
    """Its sums are in float64, where tenths cancel in other places than in float32."""
    keys = unit * np.random.default_rng(0).integers(-8, 9, (200, 6))
    graphs, compiled = (
        rows(KADANE, keys),
        mg.suited(programs.find_maximum_subarray_kadane, 6),
    )
    refused = np.array([reason is not None for reason in compiled.refusals(graphs)])
    assert refused.mean() <= most and not refused.all()
    kept = np.flatnonzero(~refused)
    found = compiled(graphs.take(kept)).outputs
    for place, row in enumerate(kept):
        answer = dm_clrs.traced(KADANE.name, keys[row])[1]
        for name in ("start", "end"):
            told = np.asarray(found[name])[place].argmax()
            assert told == answer[name].argmax(), keys[row]


@pytest.mark.parametrize(
    "keys", [[0.3, -0.1, -0.2, 0.01], [0.6, -0.5, -0.1, 0.01], [0.7, -0.2, -0.5, 0.1]]
)
def test_a_sum_that_cancels_is_refused(keys):
    compiled = mg.suited(programs.find_maximum_subarray_kadane, 4)
    (reason,) = compiled.refusals(rows(KADANE, np.array([keys])))
    assert "compared sums are too close" in str(reason)


@pytest.mark.parametrize("name", ["minimum", "bubble_sort", "quicksort"])
def test_numbers_that_only_float64_tells_apart_are_refused(name):
    program = programs.PROGRAMS[name]
    with jax.enable_x64():
        close, far = np.array([[0.5, 0.25, 0.25 - 1e-12]]), np.array([[0.5, 0.25, 0.1]])
        compiled = mg.suited(program, 3)
        (reason,) = compiled.refusals(rows(program.task, close))
        assert "in float32 its run is another" in str(reason)
        assert compiled.refusals(rows(program.task, far)) == [None]


def test_a_row_of_one_number_is_refused_as_what_it_is():
    compiled = mg.suited(programs.minimum, 1)
    (reason,) = compiled.refusals(rows(tasks.minimum, np.array([[0.5]])))
    assert "a graph of one node" in str(reason) and "two nodes at least" in str(reason)
    found = mg.verify(programs.minimum, nodes=[1], graphs=2)
    assert not found.exact and found.graphs == 0
    assert "nothing was compared" in str(found) and "100" not in str(found)
