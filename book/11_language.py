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
# # The language of graph programs: a reference
#
# **Question.** What can a program say, where may each word stand, what does it mean, and
# what does it cost in the network?
#
# **In one line.** Three sorts, four roles and a dozen operators; a program compiles if each
# of its updates is a sum of parts that one ReLU each can compute, and each of its selections
# one of five kinds of attention score.
#
# **From the paper, on this page:** section 2.4 and Appendix A, where programs are shown in
# two listings and no grammar is given. The language is this book's.
#
# **What is claimed.** Nothing is taken on trust: every row of the tables below that has a
# cost is a program that is compiled when this page is built.

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
seed: int = 0  # of the graphs on which the examples are compared

# %% [markdown]
# Nothing is trained here; the profile changes nothing but the number of graphs on which
# each example is compared with its interpreter.

# %%
import jax
import numpy as np
import pandas as pd

import mindgap as mg
from mindgap.compiler import verification
from mindgap.language import expressions

mg.book.pages.check_parameters(globals())

pd.set_option("display.max_colwidth", None)
graphs = {"quick": 10, "stored": 50, "paper": 500}[profile]

# %% [markdown]
# ## A program
#
# A program is a Python object with four parts: what every node holds at the `start`, whom it
# selects (`select`), what it holds afterwards (`update`), and the task whose hints and
# outputs its components show (none: every component is both).

# %%
widest = mg.GraphProgram(
    name="widest_path",
    start=lambda init: {"reach": init.s, "width": 2.0 * init.s, "pi": init.index},
    select=lambda self, other, init, edge: mg.Min(
        other.index, where=edge.adj & other.reach & ~self.reach, default=self
    ),
    update=lambda self, other, init, edge: {
        "reach": self.reach | other.reach,
        "width": mg.when(self.reach, self.width)
        + mg.when(other.reach & ~self.reach, mg.minimum(other.width, edge.weight)),
        "pi": other.index + (self.pi - self.index),
    },
)
widest

# %% [markdown]
# All nodes step at once. In a step, the functions are given *roles*: `self` is the node,
# `other` the node that it looks at, `edge` lies between them, from `self` to `other`
# (`edge.back` from `other` to `self`), and `init` is what the node was given.
#
# ## Sorts and fields
#
# A field holds a truth value, a number or a reference to a node. A reference is stored as
# the node's position, which is in $[0, 1)$ and increases with the node's number. The sort of
# a component is that of its start.

# %%
pd.DataFrame(
    [
        (
            "init.s",
            "bool",
            "whether the node is the source; of tasks without one, the first hint s",
        ),
        ("init.index, self.index", "node", "the node itself"),
        (
            "init.key, self.key, other.key",
            "of its type",
            "an input at nodes, by its name",
        ),
        ("init.size", "of its type", "an input of the whole graph; in keys and masks"),
        ("self.x, other.x", "of its start", "a component"),
        (
            "edge.adj",
            "bool",
            "whether there is an edge; in masks a node has one to itself",
        ),
        ("edge.weight", "float", "its weight, 0 without an edge"),
        (
            "edge.back.adj, .weight",
            "as above",
            "the edge from other to self; in keys and masks, of undirected graphs",
        ),
    ],
    columns=["field", "sort", "what it holds"],
).set_index("field")

# %% [markdown]
# Of edges, a program reads their weight and whether they exist; other inputs of edges, and
# inputs that are pointers, have no field. A program that selects by neighbourhood is refused for
# a task that has such inputs, since the network lets their nodes attend to each other.
#
# ## Whom a node selects
#
# A selection is a `Min` or a `Max` of a key among the candidates, which are the nodes that
# satisfy a mask; equal keys go to the lowest index. What is selected when a mask leaves no
# candidate is the `default`; default and mask together decide how the score of attention is
# made:
#
# - `default=self`: a node is never its own candidate. It selects itself when there is no
#   other, and the edge then reads as nothing. The network tells a node from its neighbours
#   by the pre-attention bias, or by position where the mask allows that. The candidates are
#   neighbours, or all nodes on one side: `Max(other.index, where=other.index < self.index)`
#   is who stands before a node, and there is the like for who stands behind it. Or it is the
#   one that a reference names, as in `same(other.index, self.to)`; there must be one.
# - `default=nobody`: everything that is read of nobody is false, or zero. The mask is one
#   truth value of `other`, which one node holds at most, and one question: whether a
#   reference of `other` names `self`, or how a number of `other` compares with one of `self`,
#   as in `other.chosen & (other.key < self.key)`. Without a truth value, it is the last node
#   before a number, `Max(other.index, where=other.index < self.number)`; there must be one, else
#   the graph is refused. With
#   attention to neighbours, who names a node has to be one of its neighbours, or to be made one
#   by a pointer that is fed back as a hint; a graph on which it is not is refused.
# - no default: all nodes (`everyone`) or all neighbours are candidates, the node itself
#   among them, so there always is one.
#
# A program may select several nodes in a step, each by a name; `update` is then given the
# selected nodes by these names, and every one costs a head. What an update reads of two
# selected nodes cannot be in one test.
#
# ## Operators
#
# The same operators serve everywhere. Where each may stand follows from what computes it: a
# key is one sum, a mask is one conjunction, and an update is a sum of parts, each of which
# is a sum, a test, a sum under a test (`when`), or a minimum or maximum.

# %%
MEANINGS = {
    "Read": ("anywhere", "the field"),
    "Constant": ("anywhere", "the number or truth value"),
    "Not": ("anywhere", "true where the test is false"),
    "Add": (
        "anywhere",
        "the sum; of tests in an update, which must exclude each other",
    ),
    "Subtract": ("anywhere", "the difference"),
    "Multiply": ("anywhere", "a multiple; one side must be a constant"),
    "Both": ("masks, updates", "true where both are"),
    "Either": ("updates", "true where one is"),
    "Less": ("masks; updates, of whole numbers", "<, and with ~ also <=, > and >="),
    "Same": ("masks; updates, as above or same(selected, self)", "== and !="),
    "When": ("updates, as a term", "the value where the test holds, else 0"),
    "Minimum": ("updates, as a term", "the lesser number"),
    "Maximum": ("updates, as a term", "the greater number"),
}
EXAMPLE = {"role": "other", "field": "x", "value": 1.0, "of": "a"}


def written(operator):
    return expressions.PRINT[operator].format(**EXAMPLE, left="a", right="b")


listed = {kind.__name__: kind for kind in expressions.OPERATORS}
pd.DataFrame(
    [(written(listed[name]), *MEANINGS[name]) for name in MEANINGS],
    columns=["written", "where", "meaning"],
).set_index("written")

# %% tags=["remove-cell"]
assert listed.keys() == MEANINGS.keys()

# %% [markdown]
# In an update, `same(selected, self)` may stand beside negated truth values. A truth value
# that does not start as false is refused there, unless a negated one of the same test has
# the same start and stays true once it is: adding and subtracting the start rounds the
# comparison in float32.
#
# `==` and `!=` between truth values, and Python's own `and`, `or`, `not`, `if`, `min` and `max`,
# have no meaning here. Each is an error that names the place and what would have one.

# %%
for wrong in (
    lambda self, other: {"reach": self.reach == other.reach},
    lambda self, other: {"reach": self.reach and other.reach},
    lambda self, other: {"reach": self.index == 0.5},
    lambda self, other: {"reach": other.reach & other.index},
):
    try:
        mg.GraphProgram(
            name="wrong",
            start=lambda init: {"reach": init.s},
            select=widest.select,
            update=lambda self, other, init, edge, wrong=wrong: wrong(self, other),
        )
    except mg.ProgramError as error:
        print("-", error)

# %% [markdown]
# ## What each costs
#
# Every part of an update takes hidden coordinates (a *cell* is one ReLU), every selection a
# head with some channels, that is leaky ReLUs of its score. Here each construct is added to
# the same small program, and compiled into the smallest network that holds it; the last
# column is the share of random graphs, within the limits, on which network and interpreter
# agree in every state.


# %%
def cost(update, start=lambda init: 0.0, where=lambda self, other, edge: edge.adj):
    program = mg.GraphProgram(
        name="small",
        start=lambda init: {"r": init.s, "n": 0.0, "p": init.index, "it": start(init)},
        select=lambda self, other, init, edge: mg.Min(
            other.index, where=where(self, other, edge), default=self
        ),
        update=lambda self, other, init, edge: small(update, self, other, edge),
    )
    return verification.suited(program, 8)


def small(update, self, other, edge):
    kept = {"r": self.r | other.r, "n": self.n + self.r, "p": self.p}
    return {**kept, "it": update(self, other, edge)}


def agreement(compiled):
    drawn = compiled.task.sample(jax.random.key(seed), 8, graphs, 0.4).inputs
    weights = np.array(drawn["A"]) * (1 - np.eye(8))
    found = mg.language.interpreter.task_of(compiled.program).run(weights, drawn["s"])
    kept = found.take(np.flatnonzero([r is None for r in compiled.refusals(found)]))
    read = compiled.layout.read(compiled(kept).states, "it")
    meant = mg.interpret(compiled.program, kept, read.shape[1]).states["it"][:, 1:]
    return float((np.abs(read - np.asarray(meant)) < 1e-4).mean())


# %%
TRUTH, NODE = (lambda init: False), (lambda init: init.index)
UPDATES = {
    "self.n - 2 * other.n": (lambda self, other, edge: self.n - 2 * other.n,),
    "other.n + edge.weight": (lambda self, other, edge: other.n + edge.weight,),
    "self.r & ~other.r": (lambda self, other, edge: self.r & ~other.r, TRUTH),
    "self.r | other.r": (lambda self, other, edge: self.r | other.r, TRUTH),
    "self.n > 1": (lambda self, other, edge: self.n > 1, TRUTH),
    "self.n == other.n": (lambda self, other, edge: self.n == other.n, TRUTH),
    "when(other.r, other.n)": (lambda self, other, edge: mg.when(other.r, other.n),),
    "minimum(self.n, other.n)": (
        lambda self, other, edge: mg.minimum(self.n, other.n),
    ),
    "other.index": (lambda self, other, edge: other.index, NODE),
}
plain = cost(lambda self, other, edge: 0.0)
lines = []
for written, arguments in UPDATES.items():
    compiled = cost(*arguments)
    cells = len(compiled.sums["it"].cells)
    lines.append((written, cells, compiled.config.hidden_size, agreement(compiled)))
pd.DataFrame(
    lines, columns=["update", "cells", "smallest hidden size", "agreement"]
).set_index("update").round(4)

# %% [markdown]
# A start that is not zero takes one coordinate more, in which it is kept; a component that
# never changes takes none of its own, since it is read off the inputs. In masks, a literal
# costs nothing and each comparison two channels or more:

# %%
MASKS = {
    "edge.adj": lambda self, other, edge: edge.adj,
    "edge.adj & other.r": lambda self, other, edge: edge.adj & other.r,
    "... other.p < self.p": lambda self, other, edge: edge.adj & (other.p < self.p),
    "... other.p == self.p": lambda self, other, edge: edge.adj & (other.p == self.p),
    "... other.p != self.p": lambda self, other, edge: edge.adj & (other.p != self.p),
}
found = {
    written: cost(lambda self, other, edge: other.n, where=where)
    for written, where in MASKS.items()
}
pd.DataFrame(
    [(n, len(c.scores["other"].channels), agreement(c)) for n, c in found.items()],
    columns=["mask", "channels", "agreement"],
).set_index("mask").round(4)

# %% [markdown]
# ## Limits
#
# A compiled network knows on which graphs it is exact, and refuses all others, naming
# graph, node, step, value and what would do. The limits of the program at the top:

# %%
print(verification.suited(widest, 8).limits)

# %% [markdown]
# ## What this shows, and what it does not
#
# It shows what this compiler can write into this architecture. It does not show that
# anything else is impossible: a program that is refused may have another form that
# compiles, and messages name the nearest one where there is one.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | this page on more graphs | `papermill book/11_language.ipynb out.ipynb -p profile paper` |
# | programs at random, every construct | `pytest tests/compiler/test_random_programs.py` |
