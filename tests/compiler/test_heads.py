"""Programs of several selections: what they mean, compiled DFS, what is refused."""

import dataclasses
import itertools

import jax
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import mindgap as mg
from mindgap import network
from mindgap.compiler import verification
from mindgap.compiler.compile import compile
from mindgap.compiler.static import CannotCompile
from mindgap.graphs import Graphs
from mindgap.language import expressions
from mindgap.language.selection import Max, Min, everyone, nobody
from mindgap.network import ModelConfig
from tests import cases
from tests.strategies import weighted_digraphs

DFS = mg.programs.dfs
HOLDER = ModelConfig(hidden_size=32, heads=4, attend_to="all", layer_norm=False)


@pytest.fixture(scope="module")
def compiled():
    return compile(DFS, HOLDER)


@pytest.fixture(autouse=True)
def forget_every_network():
    """Graphs of many sizes are compiled for; none comes again."""
    yield
    jax.clear_caches()


def every_digraph(nodes: int) -> Graphs:
    """All directed graphs on the nodes, self-loops included."""
    choices = itertools.product((0.0, 1.0), repeat=nodes**2)
    weights = np.array(list(choices), np.float32).reshape(-1, nodes, nodes)
    return mg.tasks.dfs.run(weights, None)


def some_digraphs(nodes: int, count: int, random_positions: bool) -> Graphs:
    chances = (0.05, 0.1, 0.3, 0.5, 0.9)
    key = jax.random.key(nodes)
    return mg.tasks.dfs.sample(key, nodes, count, chances, random_positions)


def traced(graphs: Graphs, hints) -> dict[str, np.ndarray]:
    """Hints as decoded, by the numbers that the algorithm's are compared with."""
    features = mg.tasks.dfs.features
    return {
        n: np.asarray(mg.network.metrics.decided(features[n], h))
        for n, h in hints.items()
    }


def truth(graphs: Graphs) -> dict[str, np.ndarray]:
    features, found = mg.tasks.dfs.features, {}
    for name, hint in graphs.trajectory.hints.items():
        told = np.asarray(hint)[:, 1:]
        one_hot = features[name].type in ("categorical", "mask_one")
        found[name] = told.argmax(-1) if one_hot else told
    return found


def assert_all_hints(graphs: Graphs, result) -> None:
    """All ten hints at every step, and the parents."""
    meant, said = truth(graphs), traced(graphs, result.hints)
    assert said.keys() == meant.keys() and len(said) == 10
    for name in said:
        np.testing.assert_allclose(said[name], meant[name], atol=1e-4, err_msg=name)
    parents = graphs.trajectory.outputs["pi"]
    np.testing.assert_array_equal(result.outputs["pi"], parents)


# DFS is exact


@pytest.mark.parametrize("nodes", [1, pytest.param(2, marks=pytest.mark.large), 3])
def test_compiled_dfs_is_exact_on_every_small_digraph(compiled, nodes):
    graphs = every_digraph(nodes)
    assert compiled.refusals(graphs) == [None] * len(graphs.positions)
    assert_all_hints(graphs, compiled(graphs))
    # times are rounded beside the largest value that they may have, 64
    assert cases.agrees(compiled, graphs.trimmed(), 2e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "random_positions", [pytest.param(False, marks=pytest.mark.large), True]
)
@pytest.mark.parametrize(
    ("nodes", "count"),
    [
        (4, 500),
        (16, 60),
        pytest.param(4, 3000, marks=pytest.mark.large),
        pytest.param(16, 200, marks=pytest.mark.large),
        pytest.param(33, 50, marks=pytest.mark.large),
    ],
)
def test_compiled_dfs_is_exact_on_random_digraphs(
    compiled, nodes, count, random_positions
):
    graphs = some_digraphs(nodes, count, random_positions)
    kept = cases.within(compiled, graphs)
    assert len(kept.positions) >= 0.98 * count
    for first in range(0, len(kept.positions), 500):
        part = kept.take(slice(first, first + 500))
        assert_all_hints(part, compiled(part))


@settings(max_examples=25)
@given(weighted_digraphs(most=5), st.integers(0, 2**31 - 1))
def test_compiled_dfs_is_exact_wherever_it_is_not_refused(compiled, weights, seed):
    nodes = len(weights)
    drawn = np.random.default_rng(seed).uniform(0, 1, (1, nodes)).astype(np.float32)
    positions = np.sort(drawn)
    graphs = mg.tasks.dfs.run((weights > 0)[None] * 1.0, None, positions)
    assume(compiled.refusals(graphs) == [None])  # too many of these fail the test
    assert_all_hints(graphs, compiled(graphs))


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, pytest.param(32, marks=pytest.mark.large)])
def test_on_clrs30_in_both_networks(count, compiled):
    graphs = mg.tasks.dfs.benchmark("test").take(slice(0, count))
    assert compiled.refusals(graphs) == [None] * count
    assert_all_hints(graphs, compiled(graphs))
    assert verification.clrs_score(compiled, graphs) == 1.0
    _, raw = verification.run_in_clrs(compiled, graphs)
    meant, said = truth(graphs), traced(graphs, raw)
    for name in meant:
        shown = said[name].reshape(meant[name].shape)
        np.testing.assert_allclose(shown, meant[name], atol=1e-4, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nodes", "graphs"),
    [
        (4, 100),
        (16, 100),
        pytest.param(4, 500, marks=pytest.mark.large),
        pytest.param(16, 500, marks=pytest.mark.large),
        pytest.param(64, 60, marks=pytest.mark.large),
    ],
)
def test_verify_reports_digraphs_of_every_density(nodes, graphs):
    """`mindgap verify dfs --graphs 500` does the same with 1,000 of each size."""
    found = verification.verify(DFS, nodes=(nodes,), graphs=graphs)
    assert found.exact and found.graphs >= 1.9 * graphs and found.refused < 0.05
    assert found.hidden_size == 32 and found.margin == 1.0


@pytest.mark.slow
def test_every_head_selects_exactly(compiled):
    """The others get nothing at all, so nothing builds up over the steps."""
    graphs = some_digraphs(16, 8, False)
    alpha = np.asarray(compiled(graphs).attention)  # (B, T, H, N, N)
    heads = {name: alpha[:, :, k] for k, name in enumerate(DFS.selections)}
    for name in ("child", "first", "end"):
        assert (heads[name].max(-1) == 1).all()
    meant = mg.interpret(DFS, graphs, graphs.trajectory.steps)
    active = np.asarray(meant.looks["caller"].active)
    assert (heads["caller"].max(-1)[active] == 1).all()


# DFS among neighbours alone


def reached(graphs: Graphs, yes: bool = True) -> Graphs:
    """Those of the graphs in which the first root reaches all nodes, or the others."""
    one_root = (np.asarray(graphs.trajectory.hints["s"])[:, :, 0] == 1).all(1)
    return graphs.take(np.flatnonzero(one_root == yes))


@pytest.mark.parametrize("network", ["mindgap", "clrs"])
@pytest.mark.parametrize(
    "nodes", [4, *(pytest.param(n, marks=pytest.mark.large) for n in (2, 16))]
)
def test_one_tree_needs_neighbours_only(network, nodes):
    one_tree = verification.suited(mg.programs.dfs_one_tree, nodes)
    assert one_tree.config.attend_to == "neighbours" and one_tree.config.heads == 2
    graphs = reached(some_digraphs(nodes, 100, False))
    assert len(graphs.positions) > 20
    assert one_tree.refusals(graphs) == [None] * len(graphs.positions)
    found = verification.compare(one_tree, network, graphs)
    for kind in ("outputs", "hints", "selections"):
        assert found[kind] > 0 and found[f"{kind} right"] == found[kind]


@pytest.mark.large
@pytest.mark.slow
def test_one_tree_is_exact_on_clrs30_in_both_networks():
    one_tree = verification.suited(mg.programs.dfs_one_tree, 64)
    graphs = mg.tasks.dfs.benchmark("test")
    assert len(reached(graphs).positions) == 32
    said = traced(graphs, one_tree(graphs).hints)
    meant = truth(graphs)
    for name in meant.keys() - {"v"}:
        np.testing.assert_allclose(said[name], meant[name], atol=1e-4, err_msg=name)
    assert verification.clrs_score(one_tree, graphs) == 1.0


def test_one_tree_fails_exactly_at_the_second_root():
    """Nobody knows that a tree is finished but its root."""
    one_tree = verification.suited(mg.programs.dfs_one_tree, 8)
    graphs = reached(mg.tasks.dfs.sample(jax.random.key(1), 8, 200, 0.2), False)
    config, params = one_tree.config, one_tree.params
    result = network.apply(mg.tasks.dfs, config, params, graphs)
    said, meant = traced(graphs, result.hints), truth(graphs)
    wrong = np.any([said[name] != meant[name] for name in ("s", "u")], 0)
    restarts = meant["s"] != 0
    assert len(restarts) > 100 and restarts.any(1).all()
    np.testing.assert_array_equal(wrong.argmax(1), restarts.argmax(1))


# What is refused


CANNOT = {
    "too few heads": ({"heads": 2}, "4 selections (child, caller, first, end) need"),
    "too small a state": (
        {"hidden_size": 28},
        r"its state needs \d+ coordinates.* has 7 for each of 4",
    ),
    "too few channels": ({"heads": 8}, "its (score|state) needs"),
    "neighbours": ({"attend_to": "neighbours"}, "select child: scores reach"),
    "no first hint": ({"hint_mode": "decoded_only"}, "init.s is neither an input nor"),
}


@pytest.mark.parametrize("name", CANNOT)
def test_a_network_that_cannot_hold_it_is_refused(name):
    changes, message = CANNOT[name]
    message = message.replace("(child", r"\(child").replace("end)", r"end\)")
    with pytest.raises(CannotCompile, match=message):
        compile(DFS, dataclasses.replace(HOLDER, **changes))


def altered(**changes):
    """DFS with other updates of some components."""

    def update(self, child, caller, first, end, init):
        made = dict(DFS.update(self, child, caller, first, end, init))
        roles = (self, child, caller, first, end)
        return made | {name: change(*roles) for name, change in changes.items()}

    return cases.changed(DFS, update=update)


UNSAFE = {
    "a number of nobody": (
        {"target": lambda self, child, caller, *_: mg.when(child.seen, child.index)
         + mg.when(~caller.down, caller.index)},
        "caller may be nobody",
    ),
    "another identity": (
        {"last": lambda self, child, *_: mg.same(child.index, self.index)},
        "of nodes, only whether the selected node",
    ),
    "an identity beside a truth": (
        {"last": lambda self, child, caller, first, end:
         mg.same(end.index, self.index) & self.seen},
        "negated literals",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE)
def test_an_update_that_is_not_exact_is_refused(name):
    changes, message = UNSAFE[name]
    with pytest.raises(CannotCompile, match=message):
        compile(altered(**changes), HOLDER)


MEANINGLESS = {
    "two selections in one part": (
        {"new": lambda self, child, caller, *_: child.seen & caller.down},
        "one head looks at one node, not at caller and child",
    ),
    "a number as a truth value": (
        {"new": lambda self, *_: self.new - self.seen},
        "not a truth value",
    ),
    "a part that is no node": (
        {"pi": lambda self, child, *_: mg.when(child.seen, self.d)},
        "not a node, although pi starts as one",
    ),
}


@pytest.mark.parametrize("name", MEANINGLESS)
def test_an_update_that_means_nothing_is_refused_by_place(name):
    changes, message = MEANINGLESS[name]
    with pytest.raises(mg.ProgramError, match=message):
        altered(**changes)


def selecting(**functions):
    assert isinstance(DFS.select, dict)
    return {**DFS.select, **functions}


SELECTIONS = {
    "a default that may be missing": (
        lambda self, other, init, edge: Min(other.index, where=other.seen),
        "select of first: no default",
    ),
    "no such component": (
        lambda self, other, init, edge: Min(other.colour, where=everyone),
        "select of first: other.colour",
    ),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_a_selection_that_means_nothing_is_refused_by_place(name):
    function, message = SELECTIONS[name]
    with pytest.raises(mg.ProgramError, match=message):
        cases.changed(DFS, select=selecting(first=function))


UNSELECTABLE = {
    "a key that ties": (
        "child",
        lambda self, other, init, edge: Min(other.seen + 0.0, where=everyone),
        "the key must be other.index",
    ),
    "half a truth value": (
        "child",
        lambda self, other, init, edge: Min(
            other.index + 0.5 * other.seen, where=everyone
        ),
        "whole",
    ),
    "two tokens": (
        "caller",
        lambda self, other, init, edge: Min(
            other.index,
            where=other.token & other.new & mg.same(other.target, self.index),
            default=nobody,
        ),
        "must be one truth value",
    ),
}


@pytest.mark.parametrize("name", UNSELECTABLE)
def test_a_selection_that_is_not_exact_is_refused(name):
    role, function, message = UNSELECTABLE[name]
    wrong = cases.changed(DFS, select=selecting(**{role: function}))
    with pytest.raises(CannotCompile, match=message):
        compile(wrong, HOLDER)


def test_vocabulary_is_checked_where_it_is_used():
    index = expressions.Read("self", "index", "node")
    seen = expressions.Read("self", "seen", "bool")
    with pytest.raises(mg.ProgramError, match="is not a node"):
        mg.same(index, seen)
    with pytest.raises(mg.ProgramError, match="is not a truth value"):
        mg.when(index, 1.0)
    assert (
        str(mg.when(seen & ~seen, index)) == "when(self.seen & ~self.seen, self.index)"
    )


# Faults are seen


FAULTS = {
    "a finished root calls itself": {
        "token": lambda self, child, caller, *_: self.new
        + (caller.token & ~caller.down),
        "down": lambda self, child, caller, *_: (self.new & ~child.seen)
        + (caller.token & ~caller.down & ~self.leaf),
    },
    "children are not coloured": {
        "gray": lambda self, *_: (self.gray & ~self.token) + (self.gray & self.down)
        + (self.new & ~self.gray),
    },
    "nobody stays below": {
        "below": lambda self, child, caller, *_: mg.when(~caller.down, self.below)
        + mg.when(caller.down, caller.index),
    },
    "the clock stands still at the end": {
        "time": lambda self, child, caller, first, end: self.time
        + mg.when(first.new, 0.01),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_program_is_found(name):
    graphs = every_digraph(2)
    wrong = compile(altered(**FAULTS[name]), HOLDER)
    found = verification.compare(wrong, "mindgap", graphs)
    assert found["hints right"] < found["hints"]


@pytest.mark.parametrize("module", ["skip", "value", "in", "out", "edge"])
def test_a_fault_in_the_weights_is_found(compiled, module):
    """Each layer's largest weights matter."""
    params = {m: dict(leaves) for m, leaves in compiled.params.items()}
    w = np.array(params[f"attention/{module}"]["w"])
    w[np.abs(w) == np.abs(w).max()] = 0
    params[f"attention/{module}"]["w"] = w
    graphs = some_digraphs(4, 40, False)
    wrong = dataclasses.replace(compiled, params=params)
    found = verification.compare(wrong, "mindgap", graphs)
    right = found["hints right"] + found["selections right"]
    assert right < found["hints"] + found["selections"]


def test_truth_values_that_add_up_to_two_are_refused():
    wrong = altered(last=lambda self, child, *_: self.seen + child.seen)
    reasons = compile(wrong, HOLDER).refusals(every_digraph(2))
    assert all("last is neither 0 nor 1" in str(reason) for reason in reasons)


# Limits


def test_what_lies_outside_the_limits_is_refused(compiled):
    near = np.array([[0.0, 1e-6, 0.5]], np.float32)
    weights = np.ones((1, 3, 3), np.float32)
    graphs = mg.tasks.dfs.run(weights, None, near)
    (reason,) = compiled.refusals(graphs)
    assert "neighbouring positions closer than" in reason
    first = np.array([[1e-7, 0.3, 0.5]], np.float32)
    (reason,) = compiled.refusals(mg.tasks.dfs.run(weights, None, first))
    assert "cannot be told from itself" in reason
    soft = compile(DFS, HOLDER, sharpness=2048.0)
    reasons = soft.refusals(every_digraph(1))
    assert all("too soft" in str(reason) for reason in reasons)


def test_at_the_limit_of_positions_it_is_exact(compiled):
    """As near as allowed, anywhere in [0, 1)."""
    gap = 1.01 * compiled.limits.position_gap
    rng = np.random.default_rng(0)
    starts = rng.uniform(0, 1 - 5 * gap, (200, 1))
    positions = (starts + gap * np.arange(4)).astype(np.float32)
    weights = (rng.random((200, 4, 4)) < 0.5).astype(np.float32)
    graphs = cases.within(compiled, mg.tasks.dfs.run(weights, None, positions))
    assert len(graphs.positions) > 150
    assert_all_hints(graphs, compiled(graphs))


def test_softness_narrows_what_is_exact():
    """On 16 nodes and on 64, as the registry's starts have it."""
    graphs = some_digraphs(16, 16, False)

    def share(sharpness: float) -> float:
        params = compile(DFS, HOLDER, sharpness=sharpness).params
        said = network.apply(mg.tasks.dfs, HOLDER, params, graphs).outputs["pi"]
        return float((said == graphs.trajectory.outputs["pi"]).mean())

    assert share(2048.0) == 1.0 > share(512.0)


# Another program of several selections


def _passing(self, following, end, init):
    return {"here": following.here + 0.0, "ends": mg.same(end.index, self.index)}


def test_another_program_is_printed_and_compiled():
    """Everyone takes the flag of whoever points at it; the last node knows itself."""
    program = mg.GraphProgram(
        name="passing",
        start=lambda init: {"here": init.s, "ends": False, "next": init.index},
        select={
            "before": lambda self, other, init, edge: Min(
                other.index, where=other.here & mg.same(other.next, self.index),
                default=nobody,
            ),
            "end": lambda self, other, init, edge: Max(other.index, where=everyone),
        },
        update=lambda self, before, end, init: {
            "here": before.here & ~self.ends,
            "ends": mg.same(end.index, self.index),
            "next": mg.when(~self.here, self.next) + mg.when(self.here, self.next),
        },
        task=None,
    )  # fmt: skip
    assert "before: the candidate of least other.index" in str(program)
    assert "else nobody" in str(program) and "among those with True" in str(program)
    config = dataclasses.replace(HOLDER, heads=2, hidden_size=12)
    made = compile(program, config)
    graphs = cases.random_graphs(program, 5, 20)
    assert made.refusals(graphs) == [None] * 20
    assert cases.agrees(made, graphs)
