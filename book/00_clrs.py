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
# # CLRS in ten minutes
#
# **Question.** What does a network see of an algorithm, what must it answer, and how is it
# trained and scored?
#
# **In one line.** It is given a graph, says after every step what the algorithm would have
# written down (hints), and at the end the parent of every node (pointers). Training shows
# it graphs of 4 to 16 nodes; as far as the printed maxima tell, the paper's Tables 1 to 3, 10
# and half of 13 test on 64 nodes, the others on 16.
#
# **From the paper, on this page:** nothing; the paper takes the benchmark CLRS-30
# {cite:p}`velickovic2022clrs` as known. Whoever knows it can go on to {doc}`attention <01_attention>`.

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

# %% [markdown]
# Nothing is trained here, and the profile changes nothing.

# %%
import numpy as np
import pandas as pd

import mindgap as mg
from mindgap import plots, tasks

mg.book.pages.check_parameters(globals())

# %% tags=["remove-cell"]
# %config InlineBackend.figure_formats = []

# %% [markdown]
# ## A graph, as the network is given it
#
# A graph of $N$ nodes has four *inputs*. Each belongs to nodes or to edges (its *location*)
# and is a number (scalar), a truth value (mask), or a truth value that is true for
# exactly one node (mask_one); this is its *type*:
#
# | input | location, type | what it is |
# |---|---|---|
# | `pos` | node, scalar | a number in [0, 1) that increases with the node's own: in tests that number divided by $N$, in training sorted random numbers. Algorithms break ties in favour of the smaller |
# | `s` | node, mask_one | 1 at the source, 0 elsewhere (DFS has none) |
# | `A` | edge, scalar | the weights, 0 where there is no edge |
# | `adj` | edge, mask | 1 where there is an edge, and from every node to itself |

# %%
edges = np.zeros((7, 7))
for i, j in [(0, 1), (0, 2), (1, 3), (2, 3), (2, 4), (4, 5), (3, 6), (5, 6)]:
    edges[i, j] = edges[j, i] = 1
places = np.array([(0, 0.5), (1, 1), (1, 0), (2, 1), (2, 0), (3, 0), (3, 1)])
graphs = tasks.bfs.run(edges[None], source=0)
pd.DataFrame({name: [np.shape(a[0])] for name, a in graphs.inputs.items()}, ["shape"]).T

# %% [markdown]
# ## A trace: the hints of breadth-first search
#
# CLRS runs the algorithm and records its variables before the first step and after every
# step. Each recorded variable is a *hint*; all of them together are the *trace*. BFS has
# two hints. `reach_h` is a *mask*, a truth value for every node: has it been reached?
# `pi_h` is a *pointer*: every node names one node, here its parent, or itself as long as it
# has no parent. We also call the values of all variables at one time a hint: the number of
# hints $T$ is the number of steps plus one. In one step of BFS, all nodes that have a
# reached neighbour are reached; of several such neighbours, the one with the smallest
# number becomes the parent.
#
# The *output* is what the algorithm returns in the end: the parents `pi`, again a pointer.

# %% mystnb={"figure": {"name": "figure-bfs-trace", "caption": "The trace of BFS from node 0. Reached nodes are blue; an arrow goes from a node to its parent. Node 3 could have had 1 or 2 as its parent: the smaller number wins."}, "image": {"alt": "Four drawings of a graph of seven nodes. At the start node 0 is reached; after three steps all are, and arrows lead from every node back to node 0."}}
trace = graphs.trajectory
steps = range(int(trace.lengths[0]))
titles = ["before the first step"] + [f"after step {step}" for step in steps if step]
reached, parents = (np.asarray(trace.hints[n])[0] for n in ("reach_h", "pi_h"))
plots.graphs.storyboard(edges > 0, reached > 0, parents, titles, places)

# %% tags=["remove-input"]
held = pd.DataFrame(parents, titles).rename_axis("parent of node", axis="columns")
mg.book.pages.data("figure-bfs-trace", held)

# %% [markdown]
# ## The same graph in depth-first search
#
# DFS follows one path as far as it can, and goes back. It records ten hints: the
# parents `pi_h`; for each node a *category* `color` (not entered, on the path, left)
# and the times at which it was entered and left (`d`, `f`, scalars); the root of the
# current tree (`s`), the top of the stack (`s_last`) and, for each node, the one below
# it on the stack (`s_prev`); the current edge (`u`, `v`); and the clock (`time`). Every
# event is a step: choose a root, enter a node, go down, leave a node. That makes $3N$
# hints in time, the first one included, whatever the edges. DFS has no source: whenever
# a tree is finished, the search starts again at the first node that has not been
# entered. CLRS draws directed graphs for DFS; here it runs on the graph above.

# %%
deep = tasks.dfs.run(edges[None])
pd.DataFrame(
    {
        task.name: [len(task.stage("hint")), int(solved.trajectory.lengths[0]) - 1]
        for task, solved in ((tasks.bfs, graphs), (tasks.dfs, deep))
    },
    ["hints", "steps on this graph"],
)

# %% mystnb={"figure": {"name": "figure-dfs-trace", "caption": "The trace of DFS on the same graph, every few steps. Nodes that have been entered are blue. The parents form one long path; with another order of edges DFS finds other parents."}, "image": {"alt": "Four drawings of the graph of seven nodes, with more and more nodes entered, and arrows from each to its parent, nearly in one path."}}
trail = deep.trajectory
shown = np.linspace(0, int(trail.lengths[0]) - 1, 4).astype(int)
titles = ["before the first step"] + [f"after step {step}" for step in shown[1:]]
entered = np.asarray(trail.hints["color"])[0, shown].argmax(-1) > 0
back = np.asarray(trail.hints["pi_h"])[0, shown]
plots.graphs.storyboard(edges > 0, entered, back, titles, places)

# %% tags=["remove-input"]
held = pd.DataFrame(back, titles)
mg.book.pages.data(
    "figure-dfs-trace", held.rename_axis("parent of node", axis="columns")
)

# %% [markdown]
# ## What the network does
#
# - An *encoder* for each feature turns inputs, and the hints of the step before, into
#   vectors. The *processor*, here one layer of graph attention, gives each node a new hidden
#   state from its own and those of its neighbours. A *decoder* for each feature reads the
#   next hints from the hidden states; after the last step, the outputs.
# - One step of the processor stands for one step of the algorithm. The number of steps is
#   given, as many as the algorithm takes.
# - A pointer is decoded as $N$ numbers (logits) for each node; the largest names the node.
# - **Training** minimises the error of hints and outputs together, on random graphs of 4, 7,
#   11, 13 and 16 nodes in turn. In training and in tests the network runs freely: after
#   the first hint, which is given, it reads its own predictions, never the true hints.
# - **The score** is the share of pointers that are right, over all nodes and graphs: of 64
#   nodes in the paper's Tables 1 to 3 and 10, of 16 in most of its others, and of 16 to 64 in
#   this book. A run keeps two *checkpoints*, its parameters at a step of training: the
#   *best* one on validation graphs of 16 nodes, and the *last*.
#
# Training in which hints are neither predicted nor fed back is called *without traces*,
# or *no hints* ({doc}`traces <05_traces>`).
#
# ## Two ways to be right
#
# A network is *effective* if its answers are right, and *faithful* if it reaches them
# as the algorithm does. This book measures faithfulness in two ways: the share of hints
# that are right along the way, and how often a node's attention is on the neighbour
# that the algorithm selects. A *graph program*, the algorithm written as what one node
# does in one step, defines that neighbour ({doc}`graph programs <02_graph_programs>`,
# {doc}`faithfulness <06_faithfulness>`).
#
# ## Notation
#
# | letter | what | shapes that have it |
# |---|---|---|
# | $B$ | graphs of a batch | all of the following have it first |
# | $N$ | nodes; $i$ receives, $j$ sends | `pos`, `s`: $(B, N)$; `A`, `adj`: $(B, N, N)$ |
# | $T$ | hints, the one before the first step included | masks, numbers, pointers: $(B, T, N)$ |
# | $S$ | steps of the processor, $T - 1$ | attention: $(B, S, H, N, N)$ |
# | $H$ | heads of the attention | |
# | $D$ | hidden size | hidden states: $(B, S, N, D)$ |
#
# ## What this shows, and what it does not
#
# This page shows two traces of one small graph. This library's own versions of the
# benchmark's algorithms made them; tests compare every hint with dm-clrs, the
# benchmark's code. The page shows nothing about networks.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | this page | `papermill book/00_clrs.ipynb out.ipynb` |
# | every hint against dm-clrs | `pytest tests/tasks` |
