"""Programs on rows of numbers: the certificate, and what they refuse."""

import dataclasses
import itertools

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import mindgap as mg
from mindgap import programs, tasks
from mindgap.compiler import verification
from mindgap.compiler.static import CannotCompile
from tests import cases

ROWS = [p for p in programs.PROGRAMS.values() if p.task in tasks.ROWS.values()]


def every_order(task, nodes):
    """All orders of the numbers 1 to n, by n; with two rows, also of the second."""
    orders = np.array(list(itertools.permutations(range(1, nodes + 1))), np.float32)
    rows = {}
    for place, name in enumerate(task.sampler.names):
        row = np.roll(orders, place, 0)
        rows[name] = row if name in task.sampler.whole else row / (nodes + 1)
        if task.sampler.least < 0:
            rows[name] = 2.03 * rows[name] - 1
    if task.sampler.ordered:
        rows["s"] = np.minimum(rows["s"], rows["f"]) - np.float32(0.01)
    positions = np.tile(np.arange(nodes) / nodes, (len(orders), 1))
    if task is tasks.binary_search:
        rows["target"] = rows["key"][:, 0] - 0.1
        rows["key"] = np.sort(rows["key"], 1)
    return task.solved({"pos": positions, **rows})


def each_but(*names: str):
    """All programs on rows; these, which are slow, in the large suite."""
    return pytest.mark.parametrize(
        "program",
        [
            pytest.param(p, id=p.name, marks=[pytest.mark.large] * (p.name in names))
            for p in ROWS
        ],
    )


# quicksort and quickselect share their events


@each_but("quicksort", "quickselect")
def test_every_order_of_four(program):
    compiled = mg.suited(program, 4)
    graphs = every_order(program.task, 4)
    kept = cases.within(compiled, graphs)
    assert kept.batch == graphs.batch == 24
    found = verification.compare(compiled, "mindgap", kept, kept.batch)
    for kind in ("outputs", "hints", "selections"):
        assert found[f"{kind} right"] == found[kind] > 0


@each_but("quicksort", "heapsort")
def test_certificates(program):
    slow = (programs.quickselect, programs.bubble_sort, programs.heapsort)
    nodes = 8 if program in slow else 16
    found = mg.verify(program, nodes=(nodes,), graphs=30)
    assert found.exact and found.refused < 0.1


@pytest.mark.parametrize("nodes", [2, 65, pytest.param(250, marks=pytest.mark.large)])
def test_binary_search_in_rows_of_any_length(nodes, key):
    compiled = mg.suited(programs.binary_search, 64)
    rows = cases.within(compiled, tasks.binary_search.sample(key, nodes, 4).trimmed())
    found = compiled(rows, trace=False).outputs["return"]
    assert rows.batch >= 2
    assert_array_equal(found.argmax(-1), rows.trajectory.outputs["return"].argmax(-1))


@pytest.mark.large
def test_binary_search_refuses_rows_so_long_that_a_middle_is_not_clear(key):
    compiled = mg.suited(programs.binary_search, 64)
    rows = tasks.binary_search.sample(key, 2048, 1).trimmed()
    (reason,) = compiled.refusals(rows)
    assert "compared values are too close" in str(reason)


def test_binary_search_refuses_positions_that_are_not_linear(key):
    compiled = mg.suited(programs.binary_search, 64)
    (reason,) = compiled.refusals(tasks.binary_search.sample(key, 9, 1, 0.5, True))
    assert "position" in str(reason) and "i / N" in str(reason)


def test_a_certificate_that_does_not_fit_in_memory_is_refused(monkeypatch):
    monkeypatch.setattr(verification, "MOST_NUMBERS", 10_000)
    with pytest.raises(ValueError, match="one input of 8 nodes takes 141,056"):
        mg.verify(programs.bubble_sort, nodes=(8,), graphs=2)


def test_numbers_that_are_too_close_are_refused():
    compiled = mg.suited(programs.insertion_sort, 3)
    close = 0.5 + np.array([0, 1e-6, 0.1], np.float32)
    row = {"pos": np.arange(3)[None] / 3, "key": close[None]}
    (reason,) = compiled.refusals(tasks.insertion_sort.solved(row))
    assert "two candidates' keys are too close (1.01e-06 apart" in str(reason)
    with pytest.raises(mg.OutOfRange, match="two candidates' keys are too close"):
        compiled(tasks.insertion_sort.solved(row))
    row = {**row, "key": close[None, [1, 0, 2]]}
    smallest = mg.suited(programs.minimum, 3)
    (reason,) = smallest.refusals(tasks.minimum.solved(row))
    assert "compared values are too close" in str(reason)
    with pytest.raises(mg.OutOfRange, match="compared values are too close"):
        smallest(tasks.minimum.solved(row))


def test_sums_must_be_further_apart_the_later_they_are_compared():
    """Rounding errors of what a component adds up may add up, too."""
    compiled = mg.suited(programs.find_maximum_subarray_kadane, 8)
    assert " + step * " in str(compiled.limits)
    assert " + step * " not in str(mg.suited(programs.insertion_sort, 8).limits)
    keys = np.array([0.5, -0.25, 0.2503, -0.5, -0.25, -0.25, -0.25, -0.25], np.float32)
    reasons = []
    for row in (np.roll(keys, 4), np.roll(keys, 5), keys, np.roll(keys, 3)):
        places = np.arange(8)[None] / 8
        rows = tasks.find_maximum_subarray_kadane.solved(
            {"pos": places, "key": row[None]}
        )
        reasons += compiled.refusals(rows)
    steps = [int(str(reason).split("step ")[1].split(";")[0]) for reason in reasons]
    ahead, behind = reasons[:2], reasons[2:]
    assert all("compared values are too close" in str(reason) for reason in ahead)
    needed = [float(str(reason).split("; ")[1].split(" ")[0]) for reason in ahead]
    assert steps[0] < steps[1] and 1e-4 < needed[0] < needed[1]
    assert all("compared sums are too close" in str(reason) for reason in behind)
    wrong = [float(str(reason).split("by up to ")[1][:-1]) for reason in behind]
    assert steps[2] < steps[3] and 1e-4 < wrong[0] < wrong[1]


def test_equal_numbers_keep_their_order():
    """`A[i] > key` is strict: of equal ones nobody moves. Two that are least tie."""
    compiled = mg.suited(programs.insertion_sort, 4)
    rows = [[0.25, 0.5, 0.5, 0.75], [0.75, 0.25, 0.5, 0.5], [0.5, 0.5, 0.25, 0.5]]
    positions = np.tile(np.arange(4) / 4, (3, 1))
    graphs = tasks.insertion_sort.solved({"pos": positions, "key": np.float32(rows)})
    first, second, third = compiled.refusals(graphs)
    assert first is None and second is None
    assert "two candidates' keys are too close" in str(third)
    kept = graphs.take([0, 1])
    found = compiled(kept, trace=False).outputs["pred"]
    assert_array_equal(found, kept.trajectory.outputs["pred"])


def test_who_stands_beside_oneself_is_sought_in_one_way_only():
    select = dict(programs.minimum.select)
    for before in (
        lambda self, other, init, edge: mg.Max(
            other.key, where=other.key < self.key, default=self
        ),
        lambda self, other, init, edge: mg.Min(
            other.index, where=other.index < self.index, default=self
        ),
    ):
        program = dataclasses.replace(
            programs.minimum, select={**select, "before": before}
        )
        with pytest.raises(CannotCompile, match="a node can select the one beside it"):
            mg.suited(program, 4)


@pytest.mark.clrs
@pytest.mark.parametrize(
    "program",
    [
        pytest.param(p, marks=[pytest.mark.large] * (p.name != "insertion_sort"))
        for p in ROWS
    ],
    ids=lambda p: p.name,
)
def test_certificates_in_dm_clrs_own_network(program):
    found = mg.verify(program, "clrs", nodes=(5,), graphs=10)
    assert found.exact and found.refused < 0.2


def test_a_disjunction_beside_a_comparison_of_nodes_is_refused():
    """It is stored as what is left of 1, which rounds positions."""
    exact = programs.quicksort

    def update(self, *others):
        either = ~self.t5 | ~self.ended
        return {**exact.update(self, *others), "stays": either}

    program = dataclasses.replace(exact, update=update)
    with pytest.raises(CannotCompile, match="stays cannot be tested, which a disjunct"):
        mg.suited(program, 4)


def test_a_name_must_be_of_one_node():
    """Where references do not name exactly one node, the graph is refused."""
    exact = programs.quicksort
    program = dataclasses.replace(
        exact,
        select={
            **dict(exact.select),  # pyright: ignore[reportArgumentType]
            "place": lambda self, other, init, edge: mg.Min(
                other.index, where=mg.same(other.named, self.index), default=self
            ),
        },
    )
    graphs = tasks.quicksort.solved(
        {"pos": np.arange(3)[None] / 3, "key": np.array([[0.1, 0.2, 0.3]])}
    )
    (reason,) = mg.suited(program, 3).refusals(graphs)
    assert str(reason).startswith("place is not one node (but 3, of node 0 at step 2)")
