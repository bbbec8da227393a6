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
# # A benchmark for explanations: does attribution find the selected node?
#
# **Question.** Methods that explain networks are hard to test, since of a trained network
# nobody knows the right explanation. Of a compiled network one does. Which usual methods
# find the node from which another node takes its new value?
#
# **In one line.** In the exact networks attention always names the selected node, by
# construction; no other method here does so in both programs. The gradient does in
# Bellman-Ford, where the new distance contains the neighbour's distance. In BFS it is
# at chance, since the neighbour's state decides only the choice, and a sharp choice has
# derivative zero. Occlusion always names the node in BFS, and mostly in Bellman-Ford.
# Integrated gradients are at chance in exact BFS.
#
# **From the paper, on this page:** nothing; the paper uses compiled networks to judge learned
# ones, and this page uses them to judge methods.

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
seed: int = 0  # of the graphs

# %% [markdown]
# Nothing is trained here; the profile sets the number of graphs, and `quick` tries one
# softer network only.

# %%
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import mindgap as mg
from mindgap.compiler.ground_truth import ground_truth

mg.book.pages.check_parameters(globals())

# %%
nodes = 8
count = {"quick": 16, "stored": 64, "paper": 256}[profile]
softer = (64.0,) if profile == "quick" else (16.0, 64.0, 1024.0)


class Case(NamedTuple):
    """A program, the component whose new value is to be explained, and graphs."""

    program: mg.GraphProgram
    component: str
    graphs: mg.Graphs
    exact: mg.compiler.compile.Compiled


def case(program, component):
    exact = mg.suited(program, nodes)
    drawn = program.task.sample(mg.key_of(seed), nodes, count, 0.65).trimmed()
    kept = np.flatnonzero([reason is None for reason in exact.refusals(drawn)])
    return Case(program, component, drawn.take(kept), exact)


cases = {
    "BFS: the parent": case(mg.programs.bfs, "pi"),
    "Bellman-Ford: the distance": case(mg.programs.bellman_ford, "dist"),
}

# %% [markdown]
# ## The ground truth
#
# `ground_truth` has, for a compiled network and a batch of graphs, the selection that each head
# makes, the node that it selects at every step, what each coordinate of the hidden state
# holds, and which weights are 0. It refuses graphs on which the network is not exact.
#
# This page asks about two networks: compiled BFS, whose new parents are to be
# explained, and compiled Bellman-Ford, whose new distances are. Each has its own random
# graphs of 8 nodes, in which an edge joins about two of five pairs of nodes; graphs
# outside the limits of its network are left out. The hidden coordinates of the two
# (*start of* marks one that keeps what a component was before the first step):

# %%
truths = {name: ground_truth(each.exact, each.graphs) for name, each in cases.items()}
pd.DataFrame({name: truth.coordinates for name, truth in truths.items()}).fillna("")

# %% [markdown]
# ## The question to a method
#
# In each step a node takes its new parent, or its new distance, from the neighbour that
# it selects. We ask of every node that selects a neighbour, from the second step on:
# *which one?* In BFS these are the nodes that are reached in this step; in Bellman-Ford
# they are all nodes but the source that have a reached neighbour, whether or not the
# distance changes. A method gives each neighbour a number. It is right if the largest
# number belongs to the selected neighbour; if k numbers are equally large, the answer
# counts 1/k.
#
# The gradient methods differentiate the new value by the neighbour's hidden state.
# *Gradient* adds up the absolute values of the derivatives. *Gradient × state* adds up
# derivative times state, with signs, and takes the absolute value. *Integrated gradients*
# does the same with the mean derivative on the line from states of zero. *Occlusion* sets the neighbour's state to zero and takes the change of
# the new value.


# %% tags=["remove-cell"]
def new_values(case, compiled, states, time):
    """The component after one step from hidden states, (B, N)."""
    task, config = case.program.task, compiled.config
    found = mg.apply(task, config, compiled.params, case.graphs.later(time), states)
    return compiled.layout.read(found.states[:, 0], case.component)


def slopes(case, compiled, states, time):
    """Its derivative, (receiver, B, sender, coordinate); graphs do not interact."""
    return jax.jacrev(lambda h: new_values(case, compiled, h, time).sum(0))(states)


def integrated(case, compiled, states, time, points=16):
    """The size of the mean derivative on the way from zero, times the state."""
    shares = (np.arange(points) + 0.5) / points
    mean = sum(slopes(case, compiled, s * states, time) for s in shares) / points
    return jnp.abs((mean * states).sum(-1))


def occluded(case, compiled, states, time):
    """The size of each value's change if a sender's state is set to zero."""
    whole = new_values(case, compiled, states, time)
    without = [states.at[:, sender].set(0.0) for sender in range(nodes)]
    changed = [whole - new_values(case, compiled, s, time) for s in without]
    return jnp.abs(jnp.stack(changed, -1)).swapaxes(0, 1)


# %% tags=["remove-cell"]
def answers(case, compiled, states, attention, time):
    """What each method says, (B, receiver, sender)."""
    by_slope = slopes(case, compiled, states, time)
    found = {
        "gradient": jnp.abs(by_slope).sum(-1),
        "gradient × state": jnp.abs((by_slope * states).sum(-1)),
        "integrated gradients": integrated(case, compiled, states, time),
        "occlusion": occluded(case, compiled, states, time),
    }
    found = {name: jnp.moveaxis(each, 0, 1) for name, each in found.items()}
    return {"attention": attention, **found}


def hits(said, case, truth, time):
    """Of each asked node, how much of the selected neighbour is named; and chance."""
    near = np.asarray(case.graphs.edges) & ~np.eye(nodes, dtype=bool)
    said = np.where(near, np.asarray(said), -1.0)
    largest = said == said.max(-1, keepdims=True)
    selected = truth.selected[0, :, time][..., None]
    hit = np.take_along_axis(largest, selected, -1)[..., 0] / largest.sum(-1)
    asked = truth.active[0, :, time] & truth.taken[:, time, None]
    return hit[asked], (1 / np.maximum(near.sum(-1), 1))[asked]


# %% [markdown]
# ## Which methods find it
#
# A compiled network takes a softmax over scores. The program orders neighbours by a key
# (the number of the node in BFS, the offered distance in Bellman-Ford), and *sharpness*
# is the score of one unit of it. Softer networks are compiled from the same program;
# they give the selected node a smaller coefficient, and are less exact. *Chance* is one
# over the number of neighbours.


# %% tags=["remove-input"]
def at_step(case, truth, compiled, run, time):
    """For each method, of each asked node, whether it names the selected neighbour."""
    states, attention = run.states[:, time - 1], run.attention[:, time, 0]
    said = answers(case, compiled, states, attention, time)
    found = {method: hits(each, case, truth, time) for method, each in said.items()}
    _, chance = found["attention"]
    return {**{method: hit for method, (hit, _) in found.items()}, "chance": chance}


def tested(case, truth, sharpness):
    """The same of all steps after the first, in a network of this sharpness."""
    compiled = mg.compile(case.program, case.exact.config, sharpness=sharpness)
    run = mg.apply(case.program.task, compiled.config, compiled.params, case.graphs)
    times = range(1, truth.taken.shape[1])
    found = [at_step(case, truth, compiled, run, time) for time in times]
    return {name: np.concatenate([each[name] for each in found]) for name in found[0]}


rows, asked = {}, {}
for name, each in cases.items():
    for sharpness in (*softer, each.exact.sharpness):
        shares = tested(each, truths[name], sharpness)
        rows[name, f"2^{np.log2(sharpness):.0f}"] = {
            k: v.mean() for k, v in shares.items()
        }
    asked[name] = len(shares["chance"])
table = pd.DataFrame(rows).T.rename_axis(["what is explained", "sharpness"])
(100 * table).round(1)

# %% tags=["remove-input"]
mg.book.pages.note(
    "Percent of the nodes that were asked: "
    + ", ".join(f"{number} ({name})" for name, number in asked.items())
    + "."
)

# %% [markdown]
# ## What this shows, and what it does not
#
# In exact BFS a node's new parent is the number of the selected neighbour, which is an
# input. The neighbour's state decides only whether the neighbour is chosen. The
# derivative of that choice is zero, so all gradient methods are at chance; setting the
# state to zero undoes the choice. In Bellman-Ford the new distance is a sum with the
# neighbour's distance, whose derivative is one, so the gradient names the neighbour.
# Multiplying by the state fails where the selected neighbour is the source, whose
# distance is zero already. In softer BFS the choice has a derivative: integrated
# gradients find it, the plain gradient mostly misses it.
#
# This is how five methods answer one question about two compiled networks, on small graphs. A
# method that fails here fails where the answer is known; one that succeeds here may still fail
# on a trained network, whose states hold many things at once. The same question can be asked of
# every compiled program, such as DFS with its four heads.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | this page on more graphs | `papermill book/13_ground_truth.ipynb out.ipynb -p profile paper` |
# | the ground truth against the network | `pytest tests/compiler/test_ground_truth.py` |
