"""A task of one's own, with an output of every type that a node can have.

A walk from the source goes to the lowest neighbour that it has not seen, until there is
none. The nodes that were seen are a ring, in which each new node comes after the one
that found it: a permutation of all nodes.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mindgap as mg
from mindgap.compiler import verification
from mindgap.tasks import Feature, Task
from mindgap.tasks.erdos_renyi import ErdosRenyi
from mindgap.tasks.features import SOURCED
from tests import cases

SHOWN = {
    # of each output the component that shows it, and its type
    "seen": ("seen", "mask"),
    "here": ("token", "mask_one"),
    "kind": ((None, "token", "past"), "categorical"),
    "depth": ("depth", "scalar"),
    "pi": ("pi", "pointer"),
    "next": ("next", "pointer"),  # a permutation
}


def walk(inputs):
    """The trajectory of one graph: a hint for each node that is found."""
    nodes = inputs["adj"].shape[0]
    linked = (jnp.asarray(inputs["adj"]) > 0) & ~jnp.eye(nodes, dtype=bool)
    node = jnp.arange(nodes)

    def step(state, _):
        seen, at, depth, pi, ring = state
        free = linked[at] & ~seen
        to = jnp.where(free.any(), free.argmax(), at)
        found = free.any() & (node == to)
        after = (
            seen | found,
            to,
            jnp.where(found, depth[at] + 1, depth),
            jnp.where(found, at, pi),
            jnp.where(found, ring[at], jnp.where(free.any() & (node == at), to, ring)),
        )
        return after, state

    source = jnp.asarray(inputs["s"]) > 0
    start = source, source.argmax(), jnp.zeros(nodes), node, node
    _, (seen, at, depth, pi, ring) = jax.lax.scan(step, start, length=max(2, nodes))
    here = jax.nn.one_hot(at, nodes)
    hints = {
        "seen": seen * 1.0,
        "here": here,
        "kind": jax.nn.one_hot(seen * (2 - here.astype(int)), 3),
        "depth": depth,
        "pi": pi,
        "next": ring,
    }
    outputs = {name: hint[-1] for name, hint in hints.items()}
    hints = {f"{name}_h": hint for name, hint in hints.items()}
    return mg.Trajectory(hints, outputs, jnp.array(max(2, nodes)))


TASK = Task(
    name="walk",
    features={
        **SOURCED,
        **{
            f"{name}{end}": Feature(stage, "node", kind, 3 * (kind == "categorical"))
            for stage, end in (("output", ""), ("hint", "_h"))
            for name, (_, kind) in SHOWN.items()
        },
    },
    solve=walk,
    most_hints=lambda nodes: max(2, nodes),
    sampler=ErdosRenyi(),
)


def _update(self, child, caller, init):
    found = caller.token & ~self.seen
    return {
        "acts": ~self.acts,
        "moves": self.token & ~child.seen & ~self.acts,
        "target": mg.when(~self.acts & ~child.seen, child.index)
        + mg.when(~self.acts & child.seen, self.index) + mg.when(self.acts, self.index),
        "token": (self.token & ~self.acts) + (caller.token & self.acts),
        "seen": self.seen + found,
        "past": self.past + self.moves,
        "depth": self.depth + mg.when(found, caller.depth + 1),
        "pi": mg.when(found, caller.index) + mg.when(self.seen, self.pi)
        + mg.when(~self.seen & ~caller.token, self.pi),
        "next": mg.when(found, caller.next) + mg.when(self.moves, self.target)
        + mg.when(~self.moves & self.seen, self.next)
        + mg.when(~self.seen & ~caller.token, self.next),
    }  # fmt: skip


WALK = mg.GraphProgram(
    name="walk",
    start=lambda init: {
        "acts": False, "moves": False, "target": init.index, "token": init.s,
        "seen": init.s, "past": False, "depth": 0.0, "pi": init.index,
        "next": init.index,
    },
    select={
        "child": lambda self, other, init, edge: mg.Min(
            other.index + 2 * other.seen, where=edge.adj
        ),
        "caller": lambda self, other, init, edge: mg.Min(
            other.index,
            where=other.token & mg.same(other.target, self.index),
            default=mg.nobody,
        ),
    },
    update=_update,
    task=TASK,
    hints={f"{name}_h": component for name, (component, _) in SHOWN.items()},
    outputs={name: component for name, (component, _) in SHOWN.items()},
    message_steps=2,
)  # fmt: skip
"""Each hint takes two steps: one to name the next node, one to pass the token to it."""


def test_outputs_of_every_type_are_exact():
    found = mg.verify(WALK, nodes=(7,), graphs=30)
    assert found.exact and found.refused == 0, str(found)


@pytest.mark.parametrize("nodes", [1, 3, pytest.param(4, marks=pytest.mark.large)])
def test_they_are_exact_on_all_small_graphs(nodes):
    graphs = cases.all_graphs(WALK, nodes, loops=False)
    compiled = verification.suited(WALK, nodes)
    assert compiled.refusals(graphs) == [None] * graphs.batch
    found = verification.compare(compiled, "mindgap", graphs)
    for kind in ("outputs", "hints", "selections"):
        assert found[kind] > 0 and found[f"{kind} right"] == found[kind], kind
    if nodes == 3:
        outputs = compiled(graphs).outputs
        np.testing.assert_array_equal(np.sort(outputs["next"])[-1], range(3))
        assert len(np.unique(outputs["kind"])) == 3 and outputs["depth"].max() == 2


def shows(steps):
    """A program without a task, whose components are its hints and outputs."""
    return mg.GraphProgram(
        name="spread",
        start=lambda init: {"r": init.s, "n": 0.0},
        select=cases.select(lambda self, other, init, edge: edge.adj & other.r),
        update=lambda self, other, init, edge: {
            "r": self.r | other.r,
            "n": self.n + self.r,
        },
        message_steps=steps,
    )


@pytest.mark.parametrize(("steps", "nodes"), [(1, 1), (2, 4)])
def test_without_a_task_a_hint_takes_all_its_message_steps(steps, nodes):
    """Also on one node, where the network takes a step, too."""
    program = shows(steps)
    found = mg.verify(program, nodes=(nodes,), graphs=10)
    assert found.exact and found.refused == 0, str(found)
    hints = cases.all_graphs(program, nodes).trajectory.hints["n_h"]
    np.testing.assert_array_equal(hints[0, :2, 0], [0, steps])
