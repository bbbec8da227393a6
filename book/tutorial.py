# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Tutorial: compile an algorithm of your own
#
# **Question.** How does an algorithm that is not in this book become weights, how do I know
# that they are right, and what can I do with them?
#
# **In one line.** Write a program: what every node holds, which node it selects, and
# what it holds next. Mend what is refused, compile the program, verify the network, run
# it on your own graphs, and save it or export it to PyTorch.
#
# **From the paper, on this page:** nothing; the example is not in it.

# %% tags=["remove-cell"]
# On a hosted notebook: fetch the book with its results, and the library without
# touching the jax that is installed there.
import importlib.util
import os
import subprocess
import sys

if importlib.util.find_spec("mindgap") is None:
    repository = "https://github.com/mindgap-companion/mindgap"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", repository], check=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "./mindgap[clrs,run]"],
        check=True,
    )
    os.chdir("mindgap/book")

# %% tags=["parameters"]
profile: str = "stored"  # stored | quick | paper

# %%
import tempfile
from pathlib import Path

import networkx as nx
import numpy as np

import mindgap as mg
from mindgap import convert, export

mg.book.pages.check_parameters(globals())

graphs_of_each_kind = {"quick": 20, "stored": 100, "paper": 1000}[profile]

# %% [markdown]
# ## 1. The idea: two colours
#
# Can the nodes of a graph be painted in two colours so that no edge joins equal ones? Start at
# a source, give it one colour, and let every node that is reached take the other colour than
# the neighbour by which it is reached. If the graph is connected and a colouring exists, this
# finds it.
#
# A program says this for one node. It has three parts: what a node holds at the `start`;
# which node it looks at (`select`); and what it holds after the step (`update`). Here a node
# holds whether it has been reached and whether its colour is the second one.

# %%
reach_first = {
    "start": lambda init: {"reach": init.s, "second": False},
    "select": lambda self, other, init, edge: mg.Min(
        other.index, where=edge.adj & other.reach & ~self.reach, default=self
    ),
}

# %% [markdown]
# `select` reads: of the neighbours that have been reached, as long as I have not, the one with
# the smallest number; if there is none, myself.
#
# ## 2. A first update, which is refused
#
# "My colour stays if I have been reached; if not, and my neighbour has been, it is the other
# one." Written like that:

# %%
try:
    mg.GraphProgram(
        name="two_colours",
        **reach_first,
        update=lambda self, other, init, edge: {
            "reach": self.reach | other.reach,
            "second": (self.reach & self.second)
            | (other.reach & ~self.reach & ~other.second),
        },
    )
except mg.ProgramError as error:
    print(error)

# %% [markdown]
# The message names the place. One coordinate of the network is one ReLU of a sum. It
# can compute a conjunction (*all of these*) or a disjunction (*any of these*), but no
# disjunction of conjunctions.
#
# ## 3. The same as a sum
#
# The two cases exclude each other, so that at most one of them is 1: instead of *or* they can
# be added. Each term gets a coordinate of its own. ({doc}`the language <11_language>` lists what can stand
# where, and what it costs.)

# %%
two_colours = mg.GraphProgram(
    name="two_colours",
    **reach_first,
    update=lambda self, other, init, edge: {
        "reach": self.reach | other.reach,
        "second": (self.reach & self.second)
        + (other.reach & ~self.reach & ~other.second),
    },
)
two_colours

# %% [markdown]
# ## 4. Is the program the algorithm?
#
# The compiler cannot know that. The interpreter runs a program without any network, so
# its result can be compared with something independent: here with networkx, on random
# trees, which always have two colours. A program without a CLRS task gets a task of its
# own, in which every component (what a node holds: here `reach` and `second`) is a hint
# and an output, and the interpreter computes both.

# %%
task = mg.language.interpreter.task_of(two_colours)
right = 0
for seed in range(20):
    tree = nx.random_labeled_tree(9, seed=seed)
    drawn = convert.labelled(task, tree, source=0)
    found = np.asarray(drawn.graphs.trajectory.outputs["second"])[0]
    truth = nx.bipartite.color(tree)
    right += all((found[n] == found[0]) == (truth[n] == truth[0]) for n in tree)
print(right, "of 20 trees")

# %% tags=["remove-cell"]
assert right == 20

# %% [markdown]
# ## 5. Weights, and how they came about
#
# `suited` compiles into the smallest network that holds the program; `mg.compile` takes
# a configuration of your choice. `explain` prints what the compiler did: each update as
# a sum of parts (*normal form*), the ReLUs that compute the parts (*cells*), the hidden
# coordinate of each (*layout*), the attention scores that make a node attend to the
# node that it selects, and the *limits* within which the network is exact.

# %%
compiled = mg.suited(two_colours, nodes=9)
print(compiled.explain())

# %% [markdown]
# ## 6. The certificate
#
# `verify` compares the task's algorithm, the interpreter and the network on random
# graphs: every hint, every output, and every selection. This program has no CLRS task,
# so the interpreter stands for its algorithm, here and in the columns *(algorithm)*
# below: the certificate compares the network with the program. Step 4 compares the
# program with something independent.

# %%
print(mg.verify(two_colours, nodes=(4, 9), graphs=graphs_of_each_kind))

# %% [markdown]
# ## 7. Your graphs
#
# Graphs of networkx, SciPy, NumPy and PyTorch Geometric and lists of edges are taken as they
# are, with their labels. This network has an attention bias for each pair of nodes, so
# it takes exactly nine nodes: `nodes=9` adds nodes without edges. Results come back as
# tables, and as graphs of networkx.

# %%
towns = nx.Graph([("Ulm", "Bonn"), ("Bonn", "Kiel"), ("Kiel", "Jena"), ("Ulm", "Jena")])
mine = convert.labelled(task, towns, source="Ulm", nodes=9)
result = compiled(mine.graphs)
mine.nodes(result)

# %% [markdown]
# Where a node looked in the second step, and with which coefficient:

# %%
mine.edges(result, step=2).round(3)

# %% [markdown]
# A graph on which the network is not known to be exact is refused, with the reason. This one
# has four nodes, and the network was compiled for nine:

# %%
small = convert.labelled(task, nx.path_graph(4), source=0)
compiled.refusals(small.graphs)

# %% [markdown]
# ## 8. To a file, and to other tools
#
# A saved network has its weights and what they were compiled from; reading it compiles the
# program again and compares, bit for bit. `to_pyg` writes a folder that PyTorch Geometric
# runs without this library, and `to_npz` plain arrays.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = export.save(Path(folder) / "two_colours.safetensors", compiled)
    again = export.load(path, two_colours)
    written = export.to_pyg(
        Path(folder) / "torch", task, compiled.config, compiled.params
    )
    print(sorted(file.name for file in written.iterdir()))

# %% [markdown]
# ## 9. Train a network on a task of your own
#
# The task of a program is a task like any other. What a network answers is scored for
# pointers, categories and one-hot masks, so here is a program that holds a pointer only: every
# node names the neighbour at the other end of its lightest edge. Training is a pure function
# of a key; an ensemble is a `vmap` of it. Twenty steps are too few to learn anything;
# they show how it is done. The two columns are the losses of the first and the last
# step, for each seed; the first step has graphs of four nodes and the last of nine, so
# they cannot be compared.

# %%
import jax

lightest = mg.GraphProgram(
    name="lightest",
    start=lambda init: {"to": init.index},
    select=lambda self, other, init, edge: mg.Min(
        edge.weight, where=edge.adj, default=self
    ),
    update=lambda self, other, init, edge: {"to": other.index},
)
settings = mg.TrainConfig(steps=20, lengths=(4, 9))
train = mg.make_train(
    mg.language.interpreter.task_of(lightest), mg.ModelConfig(hidden_size=16), settings
)
state, curves = jax.jit(jax.vmap(train))(jax.vmap(mg.key_of)(np.arange(2)))
np.asarray(curves.loss)[:, [0, -1]].round(2)

# %% [markdown]
# ## 10. As an experiment with records, and on a cluster
#
# What should be kept, continued and compared is an experiment: a value with a name, which a
# store identifies by its settings. With more seeds the same call trains what is missing; with
# `cluster=` blocks of seeds go to the workers of a dask cluster ({doc}`commands and costs <commands>`).
#
# ```python
# import dataclasses
#
# (bfs,) = mg.paper.find("table-1/bfs")
# row = dataclasses.replace(
#     bfs, name="mine/lightest", task=mg.language.interpreter.task_of(lightest), reported=None
# )
# store = mg.Store("my-results")
# mg.experiments.run.complete(row, range(8), store)
# mg.experiments.run.complete(row, range(128), store, cluster="tcp://host:8786")
# mg.paper.report.row(row, store)
# ```
#
# ## What this shows, and what it does not
#
# The certificate covers the graphs that it names, and the limits all others; both are about
# this program and these weights. That the program is the algorithm that you meant is yours to
# show, as in step 4.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | this page with a larger certificate | `papermill book/tutorial.ipynb out.ipynb -p profile paper` |
