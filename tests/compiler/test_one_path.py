"""One compiler: every construct means the same in every program that it stands in."""

import dataclasses

import jax
import numpy as np
import pytest

import mindgap as mg
from mindgap import programs
from mindgap.compiler.compile import compile
from mindgap.compiler.static import CannotCompile
from mindgap.network import ModelConfig
from tests import cases

HOLDER = ModelConfig(
    hidden_size=24,
    heads=2,
    edge_values="projected",
    attend_to="neighbours",
    layer_norm=False,
)


def named(program, name="looked"):
    """The same program with a name for its only selection."""

    def update(self, chosen, init):
        class Edge:
            weight = chosen.weight

        return program.update(self, chosen, init, Edge)

    return dataclasses.replace(program, select={name: program.select}, update=update)


@pytest.mark.parametrize(
    "program",
    [programs.bfs, programs.bellman_ford, *map(programs.PROGRAMS.get, ("hop_count",))],
    ids=lambda program: program.name,
)
def test_a_name_for_the_only_selection_changes_no_weight(program):
    plain = compile(program, cases.MODIFIED)
    again = compile(named(program), cases.MODIFIED)
    jax.tree.map(np.testing.assert_array_equal, plain.params, again.params)
    assert list(again.limits.margins) == ["looked"]
    graphs = cases.random_graphs(program, cases.MODIFIED.nodes, 20)
    assert again.refusals(graphs) == plain.refusals(graphs)
    assert cases.agrees(again, cases.within(again, graphs))


def made(update, start, select=None, **more):
    return mg.GraphProgram(
        name="made",
        start=start,
        select=select
        or cases.select(lambda self, other, init, edge: edge.adj & other.r & ~self.r),
        update=update,
        **more,
    )


def random_graphs(program, count=40, nodes=cases.MODIFIED.nodes):
    """Of all densities, without self-loops."""
    graphs = cases.random_graphs(program, nodes, count)
    weights = np.array(graphs.weights) * (1 - np.eye(nodes))
    return mg.language.interpreter.task_of(program).run(weights, graphs.source)


def check(program, config=cases.MODIFIED, within=1e-5):
    """The network does what the interpreter does on nearly all random graphs."""
    compiled = compile(program, config)
    graphs = random_graphs(program)
    kept = cases.within(compiled, graphs)
    assert len(kept.positions) >= 36, compiled.refusals(graphs)
    assert cases.agrees(compiled, kept, within)
    return compiled


ROOMY = cases.resized(cases.MODIFIED, hidden_size=24)


def test_when_in_a_program_of_one_selection():
    program = made(
        lambda self, other, init, edge: {
            "r": self.r | other.r,
            "x": self.x + mg.when(other.r & ~self.r, 1 + edge.weight),
        },
        lambda init: {"r": init.s, "x": 0.0},
    )
    check(program, ROOMY)


def test_or_in_a_program_of_several_selections():
    program = made(
        lambda self, near, far, init: {
            "r": self.r | near.r,
            "q": near.r | ~self.q,
            "p": far.index,
        },
        lambda init: {"r": init.s, "q": False, "p": init.index},
        select={
            "near": lambda self, other, init, edge: mg.Min(
                other.index, where=edge.adj & other.r & ~self.r, default=self
            ),
            "far": lambda self, other, init, edge: mg.Max(other.index, where=edge.adj),
        },
    )
    # scores of neighbours only are kept apart from those of other nodes
    compiled = compile(program, HOLDER, sharpness=2.0**20)
    graphs = cases.random_graphs(program, 5, 40)
    kept = cases.within(compiled, graphs)
    assert len(kept.positions) >= 36
    assert cases.agrees(compiled, kept)


def test_numbers_below_zero():
    program = made(
        lambda self, other, init, edge: {
            "r": self.r | other.r,
            "x": other.x - edge.weight,
            "y": self.y - 2 * self.r + mg.when(other.r, other.x - 0.5),
        },
        lambda init: {"r": init.s, "x": 0.0, "y": -1.5},
    )
    # 64 and 128 are added to what stands under a test, and taken away: 1e-5 is rounded
    compiled = check(program, ROOMY, within=1e-4)
    assert compiled.limits.signed == ("x", "y")
    graphs = random_graphs(program)
    states = mg.interpret(program, graphs, 4).states
    assert all(np.asarray(states[name]).min() < -0.5 for name in ("x", "y"))


def test_a_negative_number_beyond_the_bound_is_refused():
    program = made(
        lambda self, other, init, edge: {"r": self.r | other.r, "x": self.x - 3.0},
        lambda init: {"r": init.s, "x": 0.0},
    )
    compiled = compile(program, ROOMY, largest_value=4.0)
    path = np.eye(4, k=1) + np.eye(4, k=-1)
    reason = compiled.refusals(compiled.task.run(path[None], 0))[0]
    assert reason.startswith("x leaves [-4, 4] (-6 at node 0 after step 2")


def test_nobody_as_the_default_of_the_only_selection():
    program = made(
        lambda self, other, init, edge: {
            "r": self.r + (other.r & ~self.r),
            "to": mg.when(other.r, other.index) + mg.when(~other.r, self.to),
        },
        lambda init: {"r": init.s, "to": init.index},
        select=lambda self, other, init, edge: mg.Min(
            other.index,
            where=other.r & mg.same(other.to, self.index),
            default=mg.nobody,
        ),
    )
    config = dataclasses.replace(HOLDER, heads=1, attend_to="all")
    check(program, config)


def called(update, start):
    """`caller` holds `a` and refers to me; `near` is the first neighbour."""
    return mg.GraphProgram(
        name="called",
        start=lambda init: {"p": init.index, **start(init)},
        select={
            "caller": lambda self, other, init, edge: mg.Min(
                other.index,
                where=other.a & mg.same(other.p, self.index),
                default=mg.nobody,
            ),
            "near": lambda self, other, init, edge: mg.Min(other.index, where=edge.adj),
        },
        update=update,
    )


def refused_and_wrong(program, config, reason):
    """With attention to all every small graph of the reason is kept, and is exact.

    With attention to neighbours it is refused for the reason, and the network is wrong
    on every one of these; on what is kept it is exact.
    """
    graphs = cases.all_graphs(program, 4)
    compiled = compile(program, config, sharpness=2.0**20)
    kept = cases.within(compiled, graphs)
    assert kept.batch and cases.agrees(compiled, kept)
    reasons = compiled.refusals(graphs)
    picked = np.flatnonzero([reason in str(found) for found in reasons])
    assert len(picked)
    among_all = compile(program, cases.resized(config, attend_to="all"))
    assert among_all.refusals(graphs.take(picked)) == [None] * len(picked)
    assert cases.agrees(among_all, graphs.take(picked))
    for graph in picked[:8].tolist():
        assert not cases.agrees(compiled, graphs.take([graph]))


@pytest.mark.parametrize("changes", [{"message_steps": 2}, {"hint_mode": "none"}])
def test_a_caller_that_is_no_neighbour_is_out_of_reach(changes):
    """Only fed back as hints, after all message steps, references make neighbours."""
    program = called(
        lambda self, caller, near, init: {
            "p": near.p,
            "a": self.a,
            "q": mg.when(caller.a, caller.index) + mg.when(~caller.a, self.index),
        },
        lambda init: {"a": init.s, "q": init.index},
    )
    program = cases.changed(program, message_steps=changes.get("message_steps", 1))
    config = cases.resized(HOLDER, **changes)
    refused_and_wrong(program, config, "caller is no neighbour (of node")


def test_nobody_needs_an_idle_neighbour():
    """One that is idle elsewhere is out of reach."""
    program = called(
        lambda self, caller, near, init: {
            "p": near.index, "a": ~init.s, "got": caller.a
        },
        lambda init: {"a": ~init.s, "got": False},
    )  # fmt: skip
    config = cases.resized(HOLDER, hint_mode="none")
    refused_and_wrong(program, config, "no caller idle (of those that node")


def test_a_part_whose_test_never_holds_reads_nobody():
    """No number of nobody is read under a truth value and its opposite."""
    program = called(
        lambda self, caller, near, init: {
            "p": near.index,
            "a": self.a,
            "x": self.x + mg.when(self.a & ~init.s & ~self.a, caller.x)
            + mg.when(caller.a, caller.x),
        },
        lambda init: {"a": init.s, "x": 1.0},
    )  # fmt: skip
    check(program, dataclasses.replace(HOLDER, attend_to="all"))


@pytest.mark.parametrize("every", [True, False])
def test_a_tie_is_refused_unless_what_is_read_does_not_matter(every):
    """It does not in a conjunction with a literal that fails, or beside one that holds.

    All keys are equal, so the network reads the mean of all neighbours.
    """
    program = mg.GraphProgram(
        name="tied",
        start=lambda init: {"a": init.s, "b": init.s, "x": 0.0},
        select={
            "near": lambda self, other, init, edge: mg.Min(other.x, where=edge.adj)
        },
        update=lambda self, near, init: {
            "a": (near.a & self.b) if every else (near.a | self.b),
            "b": self.b,
            "x": self.x,
        },
    )
    config = dataclasses.replace(HOLDER, heads=1, attend_to="all")
    compiled = compile(program, config)
    graphs = cases.all_graphs(program, 3)
    reasons = compiled.refusals(graphs)
    tied = np.flatnonzero(["too close" in str(reason) for reason in reasons])
    at = [str(reasons[graph]).split("at node ")[1][0] for graph in tied]
    source = np.asarray(graphs.inputs["s"])[tied, list(map(int, at))]
    assert len(tied) and (source == every).all()
    assert not cases.agrees(compiled, graphs.take(tied))
    assert cases.agrees(compiled, cases.within(compiled, graphs))


def test_the_same_part_twice_counts_twice():
    program = made(
        lambda self, other, init, edge: {
            "r": self.r | other.r,
            "x": mg.when(other.r, 1.0) + mg.when(other.r, 1.0),
        },
        lambda init: {"r": init.s, "x": 0.0},
    )
    check(program, ROOMY)


COUNTS = {
    "less": lambda self, other: other.n < self.n,
    "less or equal": lambda self, other: other.n <= self.n,
    "greater": lambda self, other: self.n > 1,
    "equal": lambda self, other: self.n == other.n,
    "different": lambda self, other: self.n != other.n,
    "beside truths": lambda self, other: (self.n == 1) & other.r,
    "either": lambda self, other: (self.n >= 2) | other.r,
}


@pytest.mark.parametrize("name", COUNTS)
def test_whole_numbers_are_compared_in_updates(name):
    program = made(
        lambda self, other, init, edge: {
            "r": self.r | other.r,
            "n": self.n + self.r,
            "holds": COUNTS[name](self, other),
        },
        lambda init: {"r": init.s, "n": 0.0, "holds": False},
        select=cases.select(
            lambda self, other, init, edge: edge.adj & other.r,
            kind=mg.Max,
        ),
    )
    compiled = check(program, ROOMY)
    graphs = random_graphs(program)
    run = mg.interpret(program, graphs, compiled.task.most_hints(4)).states["holds"]
    assert 0 < np.asarray(run)[:, 1:].mean() < 1


def test_other_numbers_cannot_be_compared_in_updates():
    program = made(
        lambda self, other, init, edge: {"r": edge.weight < 0.5, "x": self.x},
        lambda init: {"r": init.s, "x": 0.25},
    )
    with pytest.raises(CannotCompile, match=r"update of `r`: .* only of whole numbers"):
        compile(program, ROOMY)


MASKS = {
    "less": lambda self, other: other.p < self.p,
    "less or equal": lambda self, other: (other.p <= self.p) & ~self.r,
    "greater": lambda self, other: other.p > self.p,
    "equal": lambda self, other: (other.p == self.p) & other.r,
    "different": lambda self, other: other.p != self.p,
}


@pytest.mark.parametrize("name", MASKS)
def test_nodes_are_compared_in_masks(name):
    program = made(
        lambda self, other, init, edge: {"r": self.r | other.r, "p": other.p},
        lambda init: {"r": init.s, "p": init.index},
        select=cases.select(
            lambda self, other, init, edge: edge.adj & MASKS[name](self, other)
        ),
    )
    check(program, ROOMY)


def test_minimum_and_maximum_of_numbers():
    """The widest path to each node, among other things."""
    program = made(
        lambda self, other, init, edge: {
            "r": self.r | other.r,
            "wide": mg.when(other.r & ~self.r, mg.minimum(other.wide, edge.weight))
            + mg.when(self.r, self.wide),
            "low": mg.maximum(self.low - 0.25, -0.6),
        },
        lambda init: {"r": init.s, "wide": 2.0, "low": 0.0},
    )
    check(program, ROOMY, within=1e-4)


def back_and_forth(task=None):
    """Each node selects a node that has an edge to it."""
    return mg.GraphProgram(
        name="back",
        start=lambda init: {"p": init.index, "r": init.s},
        select=lambda self, other, init, edge: mg.Min(
            edge.back.weight, where=edge.back.adj & edge.adj, default=self
        ),
        update=lambda self, other, init, edge: {"p": other.index, "r": other.r},
        task=task,
        outputs={"pi": "p"} if task else {},
        hints={"pi_h": "p", "reach_h": "r"} if task else {},
    )


def test_the_edge_from_the_other_node_is_not_seen():
    program = back_and_forth()
    weights = np.zeros((1, 3, 3))
    weights[0, [0, 1, 1, 2], [1, 0, 2, 1]] = 0.9, 0.5, 0.1, 0.7
    graphs = mg.language.interpreter.task_of(program).run(weights, 0)
    found = mg.interpret(program, graphs, 1).states["p"][0, 1]
    np.testing.assert_allclose(found, [1 / 3, 2 / 3, 1 / 3])  # 0.5 < 0.9 to node 1
    with pytest.raises(CannotCompile, match=r"edge\.back.* edges from it only"):
        compile(program, cases.MODIFIED)


def test_a_selection_of_any_name_may_read_the_way_back():
    """Also one that is called as the function that may not."""
    program = mg.GraphProgram(
        name="named",
        start=lambda init: {"p": init.index},
        select={"update": back_and_forth().select},
        update=lambda self, chosen, init: {"p": chosen.index},
    )
    assert str(program.selections["update"].key) == "edge.back.weight"


def test_in_an_undirected_task_both_directions_are_one():
    program = back_and_forth(mg.tasks.bfs)
    compiled = compile(program, cases.MODIFIED)
    assert str(program.selections["other"].key) == "edge.weight"
    graphs = mg.tasks.bellman_ford.sample(jax.random.key(0), 4, 20, 0.9)
    own = mg.tasks.bfs.run(graphs.weights, graphs.source)
    kept = cases.within(compiled, own)
    assert kept.batch >= 18 and cases.agrees(compiled, kept)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (programs.bfs, "an edge without its opposite (0 -> 1)"),
        (
            programs.bellman_ford,
            "an edge whose opposite weighs something else (0.5 of 1 -> 2, 0.7 of "
            "2 -> 1)",
        ),
    ],
)
def test_programs_of_undirected_tasks_refuse_other_graphs(program, reason):
    """Graphs that were solved inside jit, where a task cannot look at them."""
    weights = np.zeros((1, 4, 4), np.float32)
    weights[0, [0, 1, 1, 2], [1, 0, 2, 1]] = 0.9, 0.9, 0.5, 0.7
    if program is programs.bfs:
        weights[0, 1, 0] = 0
    source = np.eye(4)[:1]
    graphs = jax.jit(program.task.run)(weights, source)
    assert compile(program, cases.MODIFIED).refusals(graphs) == [reason]


def test_truth_values_are_not_compared():
    with pytest.raises(mg.ProgramError, match=r"compared as \(a & b\) \+ "):
        made(
            lambda self, other, init, edge: {"r": self.r == other.r},
            lambda init: {"r": init.s},
        )


def test_a_node_and_a_number_are_never_equal():
    with pytest.raises(mg.ProgramError, match="a node and a number"):
        made(
            lambda self, other, init, edge: {"r": self.index == 0.5},
            lambda init: {"r": init.s},
        )


def test_a_program_explains_itself():
    text = compile(programs.bfs, cases.MODIFIED).explain()
    assert "reach <- [other.reach]" in text
    assert "pi    <- [other.index + self.pi - self.index]" in text
    assert "head 0 selects other, else self" in text
    assert "start of pi" in text and "position gap: " in text
    for line in text.splitlines():
        assert len(line) < 200
