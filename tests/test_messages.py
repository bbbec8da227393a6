"""What a wrong argument is told: one sentence with what was got and what is taken."""

import pkgutil
import re
import subprocess
import sys

import pytest

import mindgap as mg

SETTING = """
import jax
import numpy as np
import mindgap as mg
from mindgap import network, programs, tasks

edges = np.array([[[0, 1, 0], [1, 0, 1], [0, 1, 0]]]) / 2
bfs, key = tasks.bfs, mg.key_of(0)
graphs = bfs.run(edges, 0)
small, large = mg.ModelConfig(hidden_size=4), mg.ModelConfig(hidden_size=8)
params = mg.init(bfs, small, key)
compiled = mg.suited(programs.bfs, 3)
one = jax.tree.map(lambda leaf: leaf[0], graphs)
none = graphs.take(slice(0, 0))
plain = mg.ModelConfig(hidden_size=4, layer_norm=False)

def program(**changes):
    return mg.GraphProgram(**{
        "name": "x",
        "start": lambda init: {"c": init.s},
        "select": lambda self, other, init, edge: mg.Min(
            other.index, where=edge.adj, default=self),
        "update": lambda self, other, init, edge: {"c": other.c},
    } | changes)

def update(made):
    return program(update=lambda self, other, init, edge: {"c": made(other.c)})

def task(**changes):
    return tasks.Task(**{
        "name": "t", "features": bfs.features, "solve": bfs.solve,
        "most_hints": bfs.most_hints} | changes)
"""

WRONG = {
    # configurations
    "mg.ModelConfig(hidden_size=4.5)": "hidden_size is 4.5, but must be a whole",
    "mg.ModelConfig(attention_bias=True, nodes=0)": "nodes is 0, but .* at least 1",
    "mg.ModelConfig(layer_norm='no')": "layer_norm is 'no', but must be True or",
    "mg.TrainConfig(steps='1')": "steps is '1', but must be a whole number",
    "mg.TrainConfig(lengths=4)": r"lengths is 4, but must be a tuple, as in \(16,\)",
    "mg.training.Windows(forced=0.5)": r"forced is 0.5, but must be two probabilities",
    "mg.TrainConfig(windows=3)": r"TrainConfig takes Windows or None, got a int: 3",
    "mg.TrainConfig(decay=1)": r"decay is 1, but must be True or False",
    "mg.TrainConfig(lengths=(4.5,))": "one of lengths is 4.5, but must be a whole",
    "mg.TrainConfig(learning_rate=np.nan)": "learning_rate is nan, but .* finite",
    "mg.TrainConfig(l1=None)": "l1 is None, but must be a finite number",
    # keys and seeds
    "mg.key_of(1.5)": "seed is 1.5, but must be a whole number of at least 0",
    "mg.key_of(-1)": "seed is -1, but must be at least 0 and at most 4294967295",
    "mg.init(bfs, small, 0)": "init takes one key, such as mg.key_of.*, got a int: 0",
    "bfs.sample(jax.random.split(key), 4, 2)": "bfs.sample takes one key.*PRNGKeyArray",
    "mg.make_train(bfs, small, mg.TrainConfig(steps=1))(7)": "takes one key.* int: 7",
    # tasks
    "mg.init('bfs', small, key)": "init takes a task, as in .*, got a str: 'bfs'",
    "mg.apply(programs.bfs, small, params, graphs)": "takes a task.* GraphProgram",
    "mg.make_train(bfs, mg.TrainConfig(), small)": "takes a ModelConfig, .*TrainConfig",
    "bfs.sample(key, '4', 2)": "nodes is '4', but must be a whole number",
    "bfs.sample(key, 4, 0)": "batch is 0, but must be at least 1",
    "bfs.sample(key, 4, 2, p=1.5)": r"p is 1.5, but must be one .* in \[0, 1\]",
    "bfs.sample(key, 4, 2, p=[])": r"p is \[\], but must be one probability",
    "bfs.benchmark(['test'])": r"unknown split \['test'\]: one of train, val, test",
    "bfs.solved(graphs)": "bfs.solved takes a mapping .* such as graphs.inputs",
    "bfs.solved({**graphs.inputs, 1: 2})": "bfs has no input 1",
    "bfs.solved({**graphs.inputs, 'adj': edges > 0})": "adj is 0 from node 0 to itself",
    "bfs.solved({**graphs.inputs, 'adj': np.eye(3)[None]})": "0 -> 1, which is no edge",
    "bfs.run([__import__('networkx').path_graph(3)], 0)": "networkx Graph: .*to_numpy",
    "bfs.run('abc', 0)": "weights must be an array, got a str: convert it",
    "bfs.run(edges * 1e300, 0)": "inf at graph 0, edge 0 -> 1, .* finite in float32",
    "tasks.dijkstra.run(edges * 4e38, 0)": r"an edge weighs 2e\+38: the sum of 3 such",
    "bfs.run(adjacency=edges, source=0)": "adjacency is 0.5 at graph 0, edge 0 -> 1",
    "task(features={})": r"t: needs the input pos",
    "task(features={**bfs.features, 'x': tasks.Feature('hint', 'node', 'scalr')})": (
        "'scalr' of the feature x is none of scalar, mask"
    ),
    "task(features={k: v for k, v in bfs.features.items() if k != 'reach_h'})"
    ".run(edges, 0)": "solve must return .* reach_h is only in one",
    # graphs
    "graphs.take(0)": r"take is given 0, but takes .* from 0 to 0, as in take\(\[0\]\)",
    "graphs.take([3])": r"take is given \[3\], but takes .* from 0 to 0",
    "graphs.later(99)": "time is 99, but must be at least 0 and at most",
    "mg.Graphs('bfs', {}, None)": "Graphs takes the trajectory of its inputs, got",
    "mg.apply(bfs, small, params, one)": r"takes a batch of graphs, .* pos \(3,\)",
    "mg.apply(bfs, small, params, none)": r"at least one, .* pos \(0, 3\)",
    "compiled(none)": r"at least one, .* pos \(0, 3\)",
    "mg.interpret(programs.bfs, one, 2)": r"takes a batch of graphs, .* pos \(3,\)",
    # parameters
    "mg.apply(bfs, large, params, graphs)": r"offset is \(4,\), but must be \(8,\)",
    "mg.apply(bfs, plain, params, graphs)": "norm_offset is .*, but must be absent",
    "mg.apply(bfs, small, {}, graphs)": "norm_offset is missing, but must be",
    "mg.apply(bfs, small, None, graphs)": "takes its parameters, .* got a NoneType",
    "mg.apply(bfs, small, params, graphs, edges)": r"hidden must be .* got \(1, 3, 3\)",
    # measures and stores
    "mg.measures.floors.rules('bfs')": "rules takes a task, as in mindgap.tasks",
    "mg.measures.floors.best_one_line(tasks.topological_sort, "
    "tasks.topological_sort.sample(key, 3, 1))": "the output pi, .* topological_sort",
    "mg.measures.validity.any_parent(graphs, np.array([[0, 0, 3]]))": (
        r"numbers from 0 to 2, here \(1, 3\), got int64 \(1, 3\) from 0 to 3"
    ),
    "mg.measures.validity.is_edge(graphs, edges)": "got float64",
    "mg.measures.validity.levels(tasks.dfs.run(edges))": "a source, but dfs has none",
    "mg.Store(None)": "Store takes the path of a folder, got a NoneType",
    "mg.Store('x').merge('y')": "merge takes stores, as in .*, got a str: 'y'",
    "mg.paper.find(1)": "find takes the name of a table or a row, got a int: 1",
    # programs
    "mg.compile('bfs', small)": "compile takes a GraphProgram, .* got a str: 'bfs'",
    "mg.compile(programs.bfs, {})": "compile takes a ModelConfig, got a dict",
    "mg.compile(programs.bfs, plain, sharpness='x')": "sharpness is 'x', but must be",
    "mg.compile(programs.bfs, mg.ModelConfig(hidden_size=4, layer_norm=False, "
    "attention_bias=True, nodes=5000))": "nodes is 5000, but .* at most 4096",
    "mg.suited(bfs, 4)": "suited takes a GraphProgram, .* got a Task",
    "mg.suited(programs.bfs, '4')": "nodes is '4', but must be a whole number",
    "mg.suited(programs.bfs, 4, hidden_size=0)": "hidden_size is 0, but must be at",
    "mg.verify('bfs')": "verify takes a GraphProgram, .* got a str",
    "mg.verify(programs.bfs, nodes=4)": r"nodes is 4, but .* sizes, as in \(4, 16\)",
    "mg.verify(programs.bfs, seed=2**40)": "seed is 1099511627776, but must be",
    "mg.interpret('bfs', graphs, 2)": "interpret takes a GraphProgram, got a str",
    "mg.interpret(programs.bfs, graphs, -1)": "steps is -1, but must be at least 0",
    "mg.interpret(programs.bfs, graphs, 1, {'x': edges})": "must be of reach, pi, each",
    "compiled.layout.read(None, 'reach')": "hidden states end in 4 coordinates, .*None",
    "program(name=3)": "name is 3, but must be a text",
    "program(task='bfs')": "x: task must be one of mindgap.tasks, .*, got a str: 'bfs'",
    "program(hints=['reach_h'])": "x: hints and outputs map features to components",
    "program(message_steps=0)": "x: message_steps is 0, but must be at least 1",
    "program(start=None)": r"x, start: needs a function of \(init\), got a NoneType",
    "program(start=lambda: {})": r"x, start: is called with \(init\), but: too many",
    "program(start=lambda init: {'c': 's'})": "x, start of `c`: 's' is neither an expr",
    "program(start=lambda init: {1: init.s})": "x, start: .* by name, got {1: init.s}",
    "program(select=[1])": r"x, select: needs a function of \(self, other",
    "program(select={1: None})": r"x, select: needs a name for .* got \[1\]",
    "program(update=lambda *roles: None)": "x, update: needs an expression .* got None",
    "update(np.sqrt)": "x, update: no value is known yet .*: expressions add",
    "update(float)": "x, update: no value is known yet .*: expressions add",
    "update(lambda c: c + 10**400)": "x, update: 10.* finite number in float32",
}
"""Python to the sentence that its last line ends in."""


@pytest.fixture(scope="module")
def told():
    """Type and text of each error, as a user gets them.

    In a process of its own, since the types of all arguments are checked in this one.
    """
    code = SETTING + (
        f"for line in {list(WRONG)!r}:\n"
        "    try:\n"
        "        eval(line)\n"
        "        print('nothing')\n"
        "    except Exception as error:\n"
        "        print(type(error).__name__, str(error).replace(chr(10), '//'))\n"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    lines = made.stdout.splitlines()
    assert len(lines) == len(WRONG), made.stderr
    return dict(zip(WRONG, lines, strict=True))


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_argument_is_told_in_one_sentence(told, line):
    kind, _, text = told[line].partition(" ")
    assert kind in ("ValueError", "TypeError", "ProgramError"), told[line]
    assert re.search(WRONG[line], text), text
    assert "//" not in text and len(text) < 300


def test_a_negative_and_a_mask_on_the_right_are_expressions():
    made = mg.GraphProgram(
        name="less",
        start=lambda init: {"least": -1 * init.index + init.index},
        select=lambda self, other, init, edge: mg.Max(
            -other.index, where=True & edge.adj, default=self
        ),
        update=lambda self, other, init, edge: {"least": -other.least},
    )
    assert "greatest -1 * other.index" in str(made)
    assert "True & edge.adj" in str(made)


@pytest.mark.parametrize(
    "room", [name for _, name, folder in pkgutil.iter_modules(mg.__path__) if folder]
)
def test_every_name_that_a_room_lists_is_there(room):
    found = getattr(mg, room, None) or __import__(f"mindgap.{room}").__dict__[room]
    for name in getattr(found, "__all__", []):
        assert getattr(found, name) is not None
