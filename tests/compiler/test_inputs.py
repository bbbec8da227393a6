"""Programs read any input of their task by name: at nodes, and of the whole graph."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_array_equal

import mindgap as mg
from mindgap.compiler.compile import compile
from mindgap.compiler.static import CannotCompile
from mindgap.network import ModelConfig
from mindgap.tasks import Feature, Task
from tests import cases


class Numbered:
    """Random graphs whose nodes have keys and marks, and a bound for all of them."""

    directed = weighted = False

    def draw(self, key, nodes, batch, chances):
        drawn = mg.tasks.bfs.sample(key, nodes, batch, 0.5).inputs
        keys = jax.random.uniform(key, (batch, nodes), minval=-1.0)
        return {
            "pos": drawn["pos"],
            "A": drawn["A"],
            "adj": drawn["adj"],
            "key": keys,
            "marked": (keys < 0.3) * 1.0,
            "open": (keys[:, 0] < 0.5) * 1.0,
        }

    def draw_as_clrs(self, rng, nodes):
        raise NotImplementedError

    def faults(self, inputs):
        return iter(())


def lowest_marked(inputs):
    """The marked neighbour of least key, if the graph is open, else the node itself."""
    nodes = inputs["key"].shape[0]
    linked = (inputs["adj"] > 0) & ~jnp.eye(nodes, dtype=bool)
    allowed = linked & (inputs["marked"] > 0) & (inputs["open"] > 0)
    keys = jnp.where(allowed, inputs["key"], jnp.inf)
    to = jnp.where(allowed.any(1), keys.argmin(1), jnp.arange(nodes))
    start = jnp.arange(nodes)
    hints = {"to_h": jnp.stack([start, to])}
    return mg.Trajectory(hints, {"to": to}, jnp.array(2))


TASK = Task(
    name="lowest_marked",
    features={
        "pos": Feature("input", "node", "scalar"),
        "A": Feature("input", "edge", "scalar"),
        "adj": Feature("input", "edge", "mask"),
        "key": Feature("input", "node", "scalar"),
        "marked": Feature("input", "node", "mask"),
        "open": Feature("input", "graph", "mask"),
        "to_h": Feature("hint", "node", "pointer"),
        "to": Feature("output", "node", "pointer"),
    },
    solve=lowest_marked,
    most_hints=lambda nodes: 2,
    sampler=Numbered(),
)

LOWEST = mg.GraphProgram(
    name="lowest_marked",
    start=lambda init: {"to": init.index},
    select=lambda self, other, init, edge: mg.Min(
        other.key, where=edge.adj & other.marked & init.open, default=self
    ),
    update=lambda self, other, init, edge: {"to": other.index},
    task=TASK,
    hints={"to_h": "to"},
    outputs={"to": "to"},
)
"""`init.open` is of the whole graph, `key` and `marked` of each node."""

CONFIG = ModelConfig(hidden_size=8, layer_norm=False, attention_bias=True, nodes=6)


def test_a_program_reads_keys_marks_and_the_graph(key):
    compiled = compile(LOWEST, CONFIG)
    graphs = TASK.sample(key, 6, 200)
    kept = cases.within(compiled, graphs)
    assert kept.batch >= 198
    found = compiled(kept).outputs["to"]
    assert_array_equal(found, kept.trajectory.outputs["to"])
    opened = np.asarray(kept.inputs["open"]) > 0
    assert 0.2 < opened.mean() < 0.95
    assert cases.agrees(compiled, kept)


def test_keys_equal_for_two_candidates_are_refused(key):
    compiled = compile(LOWEST, CONFIG)
    graphs = TASK.sample(key, 6, 4)
    marked = {"marked": jnp.ones((4, 6)), "open": jnp.ones(4), "key": jnp.ones((4, 6))}
    same = TASK.solved({**graphs.inputs, **marked})
    assert any("keys are too close" in str(r) for r in compiled.refusals(same))


def test_a_number_outside_of_the_limits_is_refused(key):
    graphs = TASK.sample(key, 6, 1)
    other = TASK.solved({**graphs.inputs, "key": jnp.full((1, 6), 65.0)})
    (reason,) = compile(LOWEST, CONFIG).refusals(other)
    assert reason == "key leaves [-64, 64] (65 at node 0)"


def test_a_component_starts_as_an_input(key):
    program = dataclasses.replace(
        LOWEST,
        name="sum_of_keys",
        start=lambda init: {"to": init.index, "total": init.key, "hit": ~init.marked},
        update=lambda self, other, init, edge: {
            "to": other.index,
            "total": self.total + 0.5 * other.key,
            "hit": other.hit & self.marked,
        },
        task=TASK,
    )
    compiled = compile(program, CONFIG)
    assert compiled.limits.signed == ("total",)
    graphs = cases.within(compiled, TASK.sample(key, 6, 40))
    assert graphs.batch >= 38 and cases.agrees(compiled, graphs)


def test_the_graphs_inputs_reach_scores_only():
    program = dataclasses.replace(
        LOWEST,
        start=lambda init: {"to": init.index, "r": False},
        update=lambda self, other, init, edge: {
            "to": other.index, "r": init.open & other.marked
        },
    )  # fmt: skip
    with pytest.raises(CannotCompile, match=r"`r`: reads an input of the whole graph"):
        compile(program, CONFIG)


def test_what_a_task_does_not_have_is_refused_by_name():
    with pytest.raises(mg.ProgramError, match="init has no `s`; it has index, key"):
        dataclasses.replace(LOWEST, start=lambda init: {"to": init.index, "r": init.s})
    with pytest.raises(mg.ProgramError, match="no component may be called key"):
        dataclasses.replace(LOWEST, start=lambda init: {"key": init.index})


def test_an_input_that_is_a_pointer_is_no_field():
    """The network encodes it as a feature of pairs, so no node holds it."""
    task = dataclasses.replace(
        TASK,
        features={**TASK.features, "mate": Feature("input", "node", "pointer")},
    )
    with pytest.raises(mg.ProgramError, match="init has no `mate`; it has index, key"):
        dataclasses.replace(LOWEST, task=task, start=lambda init: {"to": init.mate})


JOINING = {
    "input mate": {"mate": Feature("input", "node", "pointer")},
    "input streets": {"streets": Feature("input", "edge", "mask")},
    "hint lost": {"lost": Feature("hint", "node", "pointer")},
}


@pytest.mark.parametrize("name", JOINING)
def test_what_lets_more_nodes_attend_to_each_other_is_refused(name):
    """A node is told from its neighbours by position if adj alone makes neighbours."""
    task = mg.tasks.bfs
    config = ModelConfig(hidden_size=12, layer_norm=False)
    hints = {**mg.programs.bfs.hints, "lost": None}
    program = dataclasses.replace(
        mg.programs.bfs,
        task=dataclasses.replace(task, features={**task.features, **JOINING[name]}),
        hints=hints if name == "hint lost" else mg.programs.bfs.hints,
    )
    compile(mg.programs.bfs, config)
    with pytest.raises(CannotCompile, match=f"the {name} lets nodes attend to each"):
        compile(program, config)
    bias = dataclasses.replace(config, attention_bias=True, nodes=6)
    assert compile(program, bias).limits
