"""Truth values stay exactly 0 or 1, however many steps there are.

The programs here are as sensitive as they can be. With n = 1 the test 0 < n is exact
only if n is, and n is exact only if all truth values are: an error of either comes back
multiplied by the largest value, at every second step.
"""

import numpy as np
import pytest

import mindgap as mg
from mindgap import programs
from tests import cases

NODES = 16
CONFIG = mg.ModelConfig(
    hidden_size=32,
    layer_norm=False,
    edge_values="projected",
    attention_bias=True,
    nodes=NODES,
)


def sensitive(name, select, read, start, update):
    """n is 1 from the first two steps on; `clock` goes on, for NODES - 1 steps."""
    return mg.GraphProgram(
        name=name,
        start=lambda init: {
            **{"n": 0.0, "t": False, "clock": 0.0, "first": True, "second": False},
            **start(init),
        },
        select=select,
        update=lambda self, other, init, edge: {
            "t": (0 < self.n) & ~read(other),
            "n": mg.when(self.t & ~read(other), self.n) + self.first + self.second,
            "first": self.first & ~self.first,
            "second": self.first,
            "clock": self.clock + init.s,
            **update(self, other),
        },
    )


def worst(compiled, graphs):
    """How far a component is from the interpreter's, at most."""
    steps = NODES - 1
    states = mg.interpret(compiled.program, graphs, steps).states
    found = compiled.run(graphs).states
    assert found.shape[1] == steps
    return max(
        abs(np.asarray(compiled.layout.read(found, name) - states[name][:, 1:])).max()
        for name in states
    )


def test_nobody_of_many_holds_nothing():
    """All hold b at the start, so that an idle node holds 1 - 1 of it, not 0.

    Softmax weights of many idle nodes add up to 1 but for a rounding.
    """
    program = sensitive(
        "nobody",
        lambda self, other, init, edge: mg.Min(
            other.index,
            where=other.a & mg.same(other.p, self.index),
            default=mg.nobody,
        ),
        lambda other: other.b,
        lambda init: {"a": True, "b": True, "p": init.index},
        lambda self, other: dict.fromkeys("ab", self.a & ~self.first) | {"p": self.p},
    )
    compiled = mg.compile(
        program,
        mg.ModelConfig(
            hidden_size=32,
            layer_norm=False,
            edge_values="projected",
            attend_to="all",
        ),
        largest_value=2.0**20,
    )
    graphs = cases.random_graphs(program, NODES, 8)
    assert compiled.refusals(graphs) == [None] * 8
    assert worst(compiled, graphs) == 0


@pytest.mark.parametrize("sharpness", [2.0**16, 2.0**20])
def test_the_second_best_gets_nothing(sharpness):
    """The source holds what is read; its edge is as heavy as the limits allow."""
    program = sensitive(
        "second",
        lambda self, other, init, edge: mg.Min(
            edge.weight, where=edge.adj, default=self
        ),
        lambda other: other.c,
        lambda init: {"c": init.s},
        lambda self, other: {"c": self.c},
    )
    compiled = mg.compile(program, CONFIG, sharpness=sharpness, largest_value=2.0**20)
    (margin,) = compiled.limits.margins.values()
    weights = np.random.default_rng(0).permutation(NODES**2).reshape(1, NODES, NODES)
    weights = 0.6 + weights / NODES**2
    weights[0, 0, 6], weights[0, 0, 7] = 0.5, 0.5 + margin.key_gap
    graphs = compiled.task.run(weights, 7)

    def moved(times):
        weights[0, 0, 7] = np.float32(0.5) + np.float32(times * margin.key_gap)
        return compiled.task.run(weights, 7)

    times = 1.0
    while compiled.refusals(graphs) != [None]:
        times += 0.002
        graphs = moved(times)
    assert times < 2 and worst(compiled, graphs) == 0


def test_what_nothing_reads_may_be_rounded():
    """A sum that is only shown is off by less than float32 sees beside 1, at most."""
    config = cases.resized(CONFIG, hidden_size=4)
    program = programs.nearest_neighbour
    compiled = mg.compile(program, config)
    reading = mg.compile(
        mg.GraphProgram(
            name="read_again",
            start=lambda init: {"nearest": init.index, "last": init.index},
            select=program.select,
            update=lambda self, other, init, edge: {
                "nearest": other.index,
                "last": self.nearest,
            },
        ),
        config,
    )
    (margin,) = compiled.limits.margins.values()
    (wider,) = reading.limits.margins.values()
    assert margin.key_gap < wider.key_gap / 3
    weights = np.random.default_rng(1).uniform(0.6, 1, (1, NODES, NODES))
    weights = weights.astype(np.float32)
    weights[0, 0, 6] = 0.5
    # the second best is as near as the limits allow, and as far away as it can be
    weights[0, 0, 15] = 0.5
    while compiled.refusals(graphs := compiled.task.run(weights, 7)) != [None]:
        weights[0, 0, 15] = np.nextafter(weights[0, 0, 15], np.float32(1))
    assert weights[0, 0, 15] - weights[0, 0, 6] < 4 * margin.key_gap
    assert None is not reading.refusals(reading.task.run(weights, 7))[0]
    found = compiled.run(graphs)
    assert found.outputs["nearest"][0, 0] == 6
    states = mg.interpret(program, graphs, 1).states["nearest"]
    read = compiled.layout.read(found.states, "nearest")[:, :1]
    assert abs(np.asarray(read - states[:, 1:])).max() <= 2**-24


def alone(start, update):
    """The first neighbour of all, and whether a node is it and `a` does not hold."""
    return mg.GraphProgram(
        name="alone",
        start=lambda init: {"a": start(init), "b": False},
        select=lambda self, other, init, edge: mg.Min(other.index, where=edge.adj),
        update=lambda self, other, init, edge: {
            "a": update(self),
            "b": ~self.a & mg.same(other.index, self.index),
        },
    )


FREE = mg.ModelConfig(
    hidden_size=16, layer_norm=False, edge_values="projected", attend_to="all"
)


def test_a_start_that_is_taken_back_rounds_no_comparison():
    """In float32, index - 2 + 2 is another index, so that a test of two finds 1.125.

    Found by random programs.
    """
    forgets = alone(lambda init: init.s, lambda self: self.a & self.b)
    with pytest.raises(mg.CannotCompile, match=r"only truth values that start as 0"):
        mg.compile(forgets, FREE)
    # nothing is taken back of what starts as 0; what holds for ever is never compared
    for program in (
        alone(lambda init: False, lambda self: self.a & self.b),
        alone(lambda init: init.s, lambda self: self.a + (self.b & ~self.a)),
    ):
        compiled = mg.compile(program, FREE)
        graphs = cases.random_graphs(program, 5, 256, random_positions=True)
        graphs = cases.within(compiled, graphs)
        assert len(graphs.positions) > 200
        steps = compiled.run(graphs).states.shape[1]
        states = mg.interpret(program, graphs, steps).states["b"]
        found = compiled.layout.read(compiled.run(graphs).states, "b")
        np.testing.assert_array_equal(found, states[:, 1:])


def distances(update=lambda *_: {}, start=lambda init: {}):
    """Bellman-Ford, with more components."""
    return mg.GraphProgram(
        name="distances",
        start=lambda init: {
            "reach": init.s,
            "dist": 0.0,
            "pi": init.index,
            **start(init),
        },
        select=lambda self, other, init, edge: mg.Min(
            other.dist + edge.weight,
            where=edge.adj & other.reach & ~init.s,
            default=self,
        ),
        update=lambda self, other, init, edge: {
            "reach": other.reach,
            "dist": other.dist + edge.weight,
            "pi": other.index,
            **update(self, other),
        },
    )


@pytest.mark.parametrize(
    ("update", "start", "multiplied"),
    [
        (lambda self, other: {"x": 2 * self.dist}, lambda init: {"x": 0.0}, False),
        (
            lambda self, other: {"x": self.x + self.dist},
            lambda init: {"x": 0.0},
            True,
        ),
        (
            lambda self, other: {"x": mg.when(self.reach, self.dist)},
            lambda init: {"x": 0.0},
            True,
        ),
        (lambda self, other: {"x": other.x}, lambda init: {"x": 0.0}, True),
        (
            lambda self, other: {"q": other.index, "r": self.q},
            lambda init: dict.fromkeys("qr", init.index),
            True,
        ),
    ],
)
def test_others_get_something_where_no_update_multiplies_it(update, start, multiplied):
    """Their gap is less than a third of the one that leaves them nothing."""
    (plain,) = mg.compile(distances(), CONFIG).limits.margins.values()
    program = distances(update, start)
    (margin,) = mg.compile(program, CONFIG).limits.margins.values()
    assert (margin.key_gap > 3 * plain.key_gap) == multiplied


def test_near_keys_in_a_row():
    """Each node of a path of diamonds has two parents, as near as the limits allow."""
    compiled = mg.compile(distances(), CONFIG)
    weights = np.zeros((1, NODES, NODES), np.float32)
    tops = np.arange(0, NODES - 3, 3)

    def join(a, b, weight):
        weights[0, a, b] = weights[0, b, a] = weight

    # to the next top by a long and a short edge; the second way is longer by a little
    join(tops, tops + 1, 0.5)
    join(tops + 1, tops + 3, 0.5)
    join(tops + 2, tops + 3, 2.0**-10)
    further = np.float32(1.0 - 2.0**-10)
    join(tops, tops + 2, further)
    while any(compiled.refusals(graphs := compiled.task.run(weights, 0))):
        further += np.float32(2.0**-23)
        join(tops, tops + 2, further)
        assert further < 1
    found = compiled.run(graphs)
    assert (found.outputs["pi"][0, tops + 3] == tops + 1).all()
    steps = found.states.shape[1]
    states = mg.interpret(compiled.program, graphs, steps).states["dist"]
    read = np.asarray(compiled.layout.read(found.states, "dist"))
    np.testing.assert_allclose(read, states[:, 1:], atol=2**-20)
