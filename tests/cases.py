"""The case table of graph programs, and graphs to run them on: every suite reads it."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np

import mindgap as mg
from mindgap import network, programs
from mindgap.compiler.compile import Compiled
from mindgap.graphs import Graphs
from mindgap.language import interpreter
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Max, Min, nobody
from mindgap.network import ModelConfig
from mindgap.tasks.erdos_renyi import graph_inputs, linear_positions

MODIFIED = ModelConfig(
    hidden_size=8,
    layer_norm=False,
    attention_bias=True,
    edge_values="projected",
    nodes=4,
)
"""The paper's modified network, for 4 nodes."""

PLAIN = ModelConfig(hidden_size=8, layer_norm=False)
"""What dm-clrs has, too."""

PROGRAMS = tuple(p for p in programs.PROGRAMS.values() if len(p.selections) == 1)
"""Programs of one selection; those of several have suites of their own."""

EXACT = tuple(program for program in PROGRAMS if "listing" not in program.name)
"""Programs that compute what their name says, on graphs with self-loops."""


def resized(config: ModelConfig, **changes) -> ModelConfig:
    return dataclasses.replace(config, **changes)


def all_graphs(program: GraphProgram, nodes: int, loops: bool = True) -> Graphs:
    """Every undirected graph on the nodes, from every source.

    Weights are distinct and random, so that no two paths tie; self-loops too.
    """
    pairs = list(itertools.combinations(range(nodes), 2))
    rng = np.random.default_rng(nodes)
    weights, sources = [], []
    for present in itertools.product((False, True), repeat=len(pairs)):
        for source in range(nodes):
            matrix = np.zeros((nodes, nodes), np.float32)
            for (i, j), there in zip(pairs, present, strict=True):
                matrix[i, j] = matrix[j, i] = there * rng.uniform(0.05, 1)
            looped = loops * (rng.random(nodes) < 0.5)
            np.fill_diagonal(matrix, looped * rng.uniform(0.05, 1, nodes))
            weights.append(matrix)
            sources.append(np.eye(nodes, dtype=np.float32)[source])
    task = interpreter.task_of(program)
    return task.run(np.stack(weights), np.stack(sources)).trimmed()


def one_graph(weights, source=None) -> dict:
    """The inputs of one graph, as a task's `solve` takes them."""
    weights = jnp.asarray(weights)
    places = linear_positions(len(weights))
    return graph_inputs(places, weights, weights != 0, source)


def random_graphs(program, nodes, count=64, seed=0, random_positions=False) -> Graphs:
    """Graphs of all densities."""
    task = interpreter.task_of(program)
    chances = tuple(k / 10 for k in range(1, 10))
    key = jax.random.key(seed)
    return task.sample(key, nodes, count, chances, random_positions).trimmed()


def within(compiled: Compiled, graphs: Graphs) -> Graphs:
    """The graphs that the network does not refuse."""
    kept = np.flatnonzero([reason is None for reason in compiled.refusals(graphs)])
    return graphs.take(kept)


def differences(compiled: Compiled, graphs: Graphs) -> dict[str, float]:
    """How far the network is from the interpreter on graphs, at their own steps.

    The largest difference of each component's state, and the share of selections that
    differ. The limits are not asked.
    """
    program = compiled.program
    # few sizes of batches, so that XLA compiles the network and the interpreter for few
    unit = 16 if graphs.batch <= 16 else 64
    graphs = graphs.take(
        np.resize(np.arange(graphs.batch), -(-graphs.batch // unit) * unit)
    )
    with jax.default_matmul_precision("highest"):  # as a compiled network has it
        found = network.apply(compiled.task, compiled.config, compiled.params, graphs)
    steps = found.states.shape[1]
    meant = mg.interpret(program, graphs, steps)
    lengths = np.asarray(graphs.trajectory.lengths)
    last = program.message_steps * np.maximum(1, lengths - 1)
    taken = np.arange(steps) < last[:, None]
    apart = {}
    for name in program.components:
        read = np.asarray(compiled.layout.read(found.states, name))
        off = np.abs(read - np.asarray(meant.states[name])[:, 1:]).max(-1)
        apart[name] = float(np.where(taken, off, 0).max(initial=0.0))
    wrong = np.zeros_like(taken)
    for head, (name, selection) in enumerate(program.selections.items()):
        looked = np.asarray(found.attention[:, :, head]).argmax(-1)
        look = meant.looks[name]
        missed = looked != np.asarray(look.selected)
        if selection.made.default is nobody:
            missed &= np.asarray(look.active)
        wrong |= missed.any(-1) & taken
    apart["selections"] = float(wrong.sum() / taken.sum())
    return apart


def agrees(compiled: Compiled, graphs: Graphs, within: float = 1e-5) -> bool:
    """Whether the network does what the interpreter does."""
    return max(differences(compiled, graphs).values()) <= within


def changed(program: GraphProgram, **parts) -> GraphProgram:
    """A program of which some functions are others."""
    return dataclasses.replace(program, **parts)


def select(where, key=lambda self, other, init, edge: other.index, kind=Min):
    """The function of a selection with a mask."""
    return lambda self, other, init, edge: kind(
        key(self, other, init, edge), where=where(self, other, init, edge), default=self
    )


REFUSED = {
    # name: (changes to bfs, what the message says)
    "unknown component": (
        {"update": lambda self, other, init, edge: {"reach": other.reech}},
        r"bfs, update: other.reech: other has no `reech`; it has reach, pi, index",
    ),
    "unknown input": (
        {"start": lambda init: {"reach": init.t, "pi": init.index}},
        r"bfs, start: init.t: init has no `t`; it has s, index",
    ),
    "missing component": (
        {"update": lambda self, other, init, edge: {"reach": other.reach, "q": 0}},
        r"bfs, update: pi missing, q unknown; the components are reach, pi",
    ),
    "product of inputs": (
        {
            "update": lambda self, other, init, edge: {
                "reach": other.reach,
                "pi": other.index * self.pi,
            }
        },
        r"bfs, update of `pi`:\n    other.index \* self.pi\n +\^ a product of two",
    ),
    "neither all nor any": (
        {
            "update": lambda self, other, init, edge: {
                "reach": other.reach & init.s | self.reach & ~init.s,
                "pi": self.pi,
            }
        },
        r"bfs, update of `reach`:\n.*\n +\^ neither one conjunction nor one disjunct",
    ),
    "truth of a number": (
        {
            "update": lambda self, other, init, edge: {
                "reach": other.reach & other.pi,
                "pi": self.pi,
            }
        },
        r"bfs, update of `reach`:\n.*\n +\^ not a truth value",
    ),
    "not a node": (
        {
            "update": lambda self, other, init, edge: {
                "reach": other.reach,
                "pi": other.index + self.pi,
            }
        },
        r"bfs, update of `pi`: not a node, although pi starts as one",
    ),
    "minimum of two inputs": (
        # widest path: the width of a path is the least of its edges
        {
            "update": lambda self, other, init, edge: {
                "reach": other.reach,
                "pi": min(other.pi, self.pi),
            }
        },
        r"bfs, update: `self.pi < other.pi` has no truth value yet",
    ),
    "no mask": (
        {"select": lambda self, other, init, edge: Min(other.index, default=self)},
        r"bfs, select: no mask",
    ),
    "mask that may leave nobody without a default": (
        {
            "select": lambda self, other, init, edge: Min(
                other.index, where=edge.adj & other.reach
            )
        },
        r"bfs, select: no default \(None\)",
    ),
    "ambiguous default": (
        {
            "select": lambda self, other, init, edge: Max(
                other.index, where=edge.adj, default=self.index
            )
        },
        r"bfs, select: an ambiguous default \(self.index\)",
    ),
    "disjunctive mask": (
        {"select": select(lambda self, other, init, edge: edge.adj | other.reach)},
        r"bfs, select: the mask is not one conjunction",
    ),
    "no selection": (
        {"select": lambda self, other, init, edge: other.index},
        r"bfs, select: needs a Min or a Max",
    ),
    "nothing held": ({"start": lambda init: {}}, r"bfs, start: needs an expression"),
    "unknown feature": ({"hints": {"pi_h": "p"}}, r"bfs: pi_h is p"),
}
"""Programs that mean nothing, or that no layer of attention can compute."""
