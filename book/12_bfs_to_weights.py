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
# # How BFS becomes weights, step by step
#
# **Question.** What does the compiler do between a program and a matrix?
#
# **In one line.** It writes every component as a signed sum of ReLUs, gives each of these a
# coordinate, makes one attention score for each selection, and computes on which graphs all
# of it is exact.
#
# **From the paper, on this page:** section 2.4, Equations 18 and 19, Figure 10 in another
# form. The paper describes the weights and not the steps that lead to them.
#
# **What is claimed.** That a program is "compiled" {cite:p}`saldyt2025gap`. This page is what
# that takes here.

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
# Nothing is trained or sampled here, so all profiles show the same page.

# %%
import dataclasses

import numpy as np
import pandas as pd

import mindgap as mg
from mindgap import plots, programs
from mindgap.compiler import anatomy

mg.book.pages.check_parameters(globals())

# %% tags=["remove-cell"]
# %config InlineBackend.figure_formats = []

# %% [markdown]
# ## The program

# %%
programs.bfs

# %% [markdown]
# ## Normal form
#
# One layer of attention moves numbers linearly and then applies a ReLU. So each update is
# written as a sum of parts, each of which reads one selected node at most: a sum, a test, a
# sum under a test, or a minimum or maximum. BFS needs one part for each component.

# %%
config = mg.ModelConfig(hidden_size=4, layer_norm=False, attention_bias=True, nodes=5)
compiled = mg.compile(programs.bfs, config, sharpness=8.0)
for name, effect in compiled.program.effects.items():
    print(f"{name:<6} <- {' + '.join(f'[{part}]' for part in effect)}")

# %% [markdown]
# ## Cells
#
# A *cell* is one ReLU; a component is a constant and a signed sum of cells. A conjunction
# is $\text{relu}(1 - \text{literals that fail})$, a disjunction is 1 minus the conjunction
# of the negations, and a number of either sign is $\text{relu}(x) - \text{relu}(-x)$. Here
# `reach` and `pi` are one cell each. For comparison, the same with a disjunction and a
# number that can be negative:

# %%
for name, whole in compiled.sums.items():
    print(f"{name:<6} = {whole}")
other = mg.GraphProgram(
    name="other",
    start=lambda init: {"reach": init.s, "x": 0.0},
    select=programs.bfs.select,
    update=lambda self, other, init, edge: {
        "reach": self.reach | other.reach,
        "x": other.x - edge.weight,
    },
)
wide = dataclasses.replace(config, hidden_size=8, edge_values="projected")
for name, whole in mg.compile(other, wide).sums.items():
    print(f"{name:<6} = {whole}")

# %% [markdown]
# ## Coordinates
#
# Every cell gets a coordinate of the hidden state. The state starts at zero and not at the
# program's start, so a component that is read before it is written is read as
# *start + V - P*: the start from the inputs, V the sum of its cells, P a copy of the start
# that is kept from the first step on.

# %%
compiled.layout

# %% [markdown]
# ## The score
#
# The selection is one score, a weighted sum of leaky ReLUs of what two nodes hold, its
# *channels*. A candidate scores minus the key times the sharpness, a node itself less than
# every candidate, and all others less than that.

# %%
score = compiled.scores["other"]
pd.DataFrame(
    [(c.name, c.weight, f"{c.times:g} * ({c.form})") for c in score.channels],
    columns=["channel", "weight", "what the leaky ReLU reads"],
).set_index("channel").round(3)

# %% [markdown]
# The channel of the last row reads nothing of the nodes. It is there for the bias, a large
# negative number from each node to itself:

# %%
score.diagonal

# %% [markdown]
# Take five nodes in a row, with the source at one end. At the second step the first two are
# reached, and the attention coefficients are (row: the node that attends; column: the node
# attended to):

# %%
path = np.eye(5, k=1) + np.eye(5, k=-1)
graphs = programs.bfs.task.run(path[None], 0)
result = compiled.run(graphs)
pd.DataFrame(np.asarray(result.attention)[0, 1, 0].round(3))

# %% [markdown]
# ## The matrices
#
# These scores and updates as the matrices of the attention layer (encoders and decoders are
# in {doc}`graph programs <02_graph_programs>`):

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-bfs-matrices", "caption": "The attention layer of compiled BFS at hidden size 4, sharpness 8. Rows are inputs (x: encoded, h: hidden), columns outputs; entries that are 0 are blank. The columns of the three score matrices are the channels above, those of the value and skip maps the coordinates."}, "image": {"alt": "Tables of numbers: the value, skip, sender, receiver and edge maps of compiled BFS with their few entries that are not zero, and named rows and columns."}}
plots.parameters(anatomy.main_parameters(compiled))

# %% tags=["remove-input"]
mg.book.pages.data(
    "figure-bfs-matrices", anatomy.frame(anatomy.main_parameters(compiled))
)

# %% [markdown]
# ## Limits
#
# Last, the compiler says where this is exact, and what sets each limit. At the sharpness of
# this page, which keeps the numbers readable, almost no graph is within the limits; at the
# usual one almost all are:

# %%
exact = mg.compile(programs.bfs, config)
print(exact.explain().split("limits ")[1])

# %% tags=["remove-cell"]
assert exact.refusals(graphs) == [None]
assert (exact(graphs).outputs["pi"] == graphs.trajectory.outputs["pi"]).all()

# %% [markdown]
# `print(compiled.explain())` prints all of these steps for any program.
#
# ## What this shows, and what it does not
#
# It shows every step from a program to its weights. It does not show that there is no
# smaller or more robust way to write them.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | this page | `papermill book/12_bfs_to_weights.ipynb out.ipynb` |
# | the same for any program | `python -c "import mindgap as mg; print(mg.suited(mg.programs.dfs, 16).explain())"` |
