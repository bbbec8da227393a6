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
# # Which of CLRS-30's algorithms can be compiled? (beyond §2.4)
#
# **Question.** The paper compiles two of the thirty algorithms of CLRS-30
# {cite:p}`velickovic2022clrs`. How many of them does one layer of graph attention hold
# exactly, hint by hint, and what stands in the way of the others?
#
# **In one line.** Half of them so far, sorting among them, each with all of its hints;
# nearly all run in DeepMind's own network, unmodified. The others are not decided yet.
#
# **From the paper, on this page:** nothing is printed there; the compiler is that of
# section 2.4 and Appendix A {cite:p}`saldyt2025gap`.

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
# Nothing is trained on this page. Under `quick` fewer rows and graphs are drawn.

# %% tags=["remove-cell"]
import jax
import numpy as np
import pandas as pd

import mindgap as mg
from mindgap import programs, tasks
from mindgap.network import dm_clrs

mg.book.pages.check_parameters(globals())

few = 20 if profile == "quick" else 200
all_names = dm_clrs.algorithms()


def words(name):
    """An algorithm in words."""
    known = mg.paper.report.ALGORITHMS
    return known.get(name.replace("_", "-"), name.replace("_", " "))


# %% [markdown]
# ## Rows of numbers
#
# A third of CLRS-30 works on a row of numbers. There are no edges, so every node attends to
# all others, and four things are new to the compiler. A node can look at who stands beside
# it in the row. It can look at the node that a reference of its own names, and at the last
# node before a number. And it can ask
# whether its number is above that of the one node that is marked: attention decides, and what
# comes back is a truth value without rounding.
#
# Here is the minimum of a row, which keeps the best so far while it goes along:

# %%
print(programs.minimum)

# %% [markdown]
# ## Sorting, in attention
#
# Insertion sort takes the next node `j`, lets every node that is above it say so, and steps in
# before the least of them. CLRS asks for the order as pointers, from each node to the one before
# it. These are the pointers of the compiled network:

# %%
numbers = np.array([[5.0, 2.0, 4.0, 1.0, 3.0]]) / 8
places = np.arange(5)[None] / 5
row = tasks.insertion_sort.solved({"pos": places, "key": numbers})
run = mg.suited(programs.insertion_sort, 5)(row)
run.outputs["pred"][0]


# %% tags=["remove-input"]
def order(pointers):
    """The numbers in the order that the pointers give, the first first."""
    (at,) = [n for n, before in enumerate(pointers) if before == n]
    line = [at]
    while len(line) < len(pointers):
        at = next(n for n, p in enumerate(pointers) if p == at and n != at)
        line.append(at)
    return [int(8 * numbers[0, n]) for n in line]


hints = [*row.trajectory.hints["pred_h"][0][:1], *np.asarray(run.hints["pred_h"])[0]]
pointers = [
    np.asarray(h).argmax(-1) if np.ndim(h) > 1 else np.asarray(h) for h in hints
]
orders = pd.DataFrame([order(p) for p in pointers]).add_prefix("place ")
orders.rename_axis("hint")

# %% [markdown]
# *The row after each hint, in eighths. Hint 0 is given; the others are the network's.*

# %% tags=["remove-cell"]
assert orders.iloc[-1].tolist() == [1, 2, 3, 4, 5]
assert np.array_equal(np.stack(pointers), row.trajectory.hints["pred_h"][0])

# %% [markdown]
# ## What is compiled so far
#
# For each program: how many nodes are selected in a step (the heads), the least hidden size
# that holds it, steps of attention for a hint, the share of random inputs of
# sixteen nodes that it refuses, and whether dm-clrs's own network holds it without a change.


# %% tags=["remove-cell"]
def held(program, network):
    """Whether the network holds the program."""
    try:
        mg.suited(program, 16, network)
    except mg.CannotCompile:
        return False
    return True


def about(program):
    """A line of the table."""
    exact = mg.suited(program, 16)
    drawn = program.task.sample(jax.random.key(1), 16, few).trimmed()
    refused = np.mean([reason is not None for reason in exact.refusals(drawn)])
    return {
        "heads": exact.config.heads, "hidden size": exact.config.hidden_size,
        "steps a hint": program.message_steps, "refused": f"{refused:.1%}",
        "in dm-clrs": "yes" if held(program, "clrs") else "no",
    }  # fmt: skip


# %% tags=["remove-input"]
known = {**tasks.TASKS, **tasks.BEYOND, **tasks.ROWS}
first = {}
for program in programs.PROGRAMS.values():
    if program.task and program.task.name in known:
        first.setdefault(program.task.name, program)
shown = [n for n in first if "quick" not in n and n != "bubble_sort"]
chosen = {name: first[name] for name in (shown if profile == "quick" else first)}
table = pd.DataFrame({words(n): about(p) for n, p in chosen.items()}).T
table

# %% tags=["remove-cell"]
if profile != "quick":
    assert len(table) >= 15
    assert (table["in dm-clrs"] == "no").sum() <= 3

# %% [markdown]
# That each is exact is shown by its certificate: algorithm, interpreter and network are
# compared on every hint, output and selection, on random inputs of several sizes, and the suite of
# the library does so for every order of four numbers.
#
# ## What is not decided

# %% tags=["remove-input"]
undecided = [words(name) for name in all_names if name not in first]
mg.book.pages.note(f"{len(undecided)} of {len(all_names)}: {', '.join(undecided)}.")

# %% [markdown]
# What stands in the way, as far as it is known; none of this is a proof yet.
#
# - *Arithmetic of places.* Heapsort jumps to twice a place. With linear positions that is a sum
#   of positions, as the middle of a row is, so that binary search and quickselect are compiled for
#   these alone; with random ones a node would have to count.
# - *Two strings on one set of nodes.* In CLRS's string matching two nodes have the same position,
#   and references here are positions.
# - *Edges into a node.* A node's attention sees the weights of the edges from it. Where shortest
#   paths in an acyclic graph are relaxed, all nodes that an edge leads to need the weight of that
#   edge at once.
# - *State on pairs of nodes.* All-pairs and interval algorithms keep a number for each pair, and
#   what a pair is shown is a sum of what its two nodes and its edge hold.
#
# ## What this shows, and what it does not
#
# - Expressible does not mean learned: of these networks only some are trained
#   ({doc}`which algorithms are learned <17_which_algorithms>`).
# - A program takes a few steps of attention for each hint where CLRS's networks usually take one.
#   Whether one would do is open.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | one certificate | `mindgap verify insertion_sort --nodes 4 16 --graphs 50` |
# | this page | `mindgap book run 18_clrs30` |
