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
# # Can the network express depth-first search at all? (beyond §3.4)
#
# **Question.** The paper shows that depth-first search (DFS) is not learned, and compiles
# breadth-first search (BFS) and Bellman-Ford only. Whether the same kind of network can
# express DFS is left open there, so its gap between what can be expressed and what is
# trained lacks one side. Is there an exact solution? And does training stay at it?
#
# **In one line.** There is one, in a small graph attention network with four heads, exact
# in every hint at every step; training that starts from it leaves it, and does not come
# back, while BFS stays where it was put.
#
# **From the paper, on this page:** nothing is printed there; the claims are those of
# sections 3.4 and 5 {cite:p}`saldyt2025gap`.
#
# **What is known.** CLRS's DFS visits children in index order. That lexicographic DFS is
# P-complete {cite:p}`reif1985sequential`, so no shortcut in few parallel steps is to be
# expected, while a DFS in any order has one {cite:p}`aggarwal1988random`. Others have
# simulated DFS with transformers by hand, in float64 {cite:p}`deluca2024simulation`.

# %% tags=["hide-cell"]
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
        [sys.executable, "-m", "pip", "install", "-q", "./mindgap"], check=True
    )
    os.chdir("mindgap/book")

# %% tags=["parameters"]
profile: str = "stored"  # stored | quick | paper
count: int = 0  # graphs of each size and kind; 0 for the profile's own number
seed: int = 0  # of the graphs
store: str = "results"  # where results are read, relative to book/

# %% [markdown]
# Nothing is trained on this page: it shows what is recorded. The profile says on how many
# graphs the certificate is checked: 10 (`quick`), 30 (`stored`) or 500 (`paper`) of each
# size and kind. `mindgap run trainability --seeds 0:4` continues the experiment.

# %%
import jax
import numpy as np
import pandas as pd

import mindgap as mg
from mindgap import plots, programs
from mindgap.experiments.tables import find

count = count or {"quick": 10, "stored": 30, "paper": 500}[profile]
sizes = {"quick": (4,), "stored": (4, 16), "paper": (4, 16, 64)}[profile]
results = mg.report.book_store(store)

# %% tags=["remove-cell"]
# %config InlineBackend.figure_formats = ["svg"]

# %% [markdown]
# ## The program
#
# CLRS's DFS records one event per hint: a root is chosen, the top of the stack is
# discovered, the top passes to its lowest white out-neighbour, or the top finishes. So a
# state machine with one token is enough, if every node can answer three questions in one
# step. Who is my lowest unseen out-neighbour (`child`)? Does somebody hand the token to me
# (`caller`)? And does anybody have it, or else who is the lowest unseen node (`first`)? A
# fourth selection (`end`) finds the last node, only because CLRS's loop variable `v` is
# left there.

# %%
programs.dfs

# %% [markdown]
# Each selection is one head. What is new beside the programs of the last chapters:
#
# - A node may select itself, and nobody has to be told from its neighbours: the child of a
#   node without unseen neighbours is one that is seen, which says all that is needed.
# - `same(other.target, self.index)` is a match of positions, the score
#   $-K\,|\text{target}_j - p_i|$ of the token's holder; all others share a score between a
#   match and a miss, so that without a call the attention goes to those who hold nothing:
#   `nobody`.
# - An update is a sum of parts, each with a ReLU of its own, since a coordinate belongs to
#   one head. `when(holds, value)` is the value less a large number for every clause that
#   fails.
#
# ## Running
#
# Four nodes; 0 has an edge to 2, 2 to 1, and 3 to 0. So 3 is not reached: the search
# starts again there.

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-dfs-run", "caption": "Compiled DFS on four nodes, one column per step. Above, what every node holds after the step, read off the hidden state: just reached (new), the token, whether it goes down, discovered (gray), finished (black), and the parent's number. Below, the head that looks for one's caller: a row without one dark entry has none."}}
compiled = mg.verification.suited(programs.dfs, 4)
weights = np.zeros((1, 4, 4), np.float32)
for i, j in ((0, 2), (2, 1), (3, 0)):
    weights[0, i, j] = 1
small = mg.tasks.dfs.run(weights, None)
found = compiled(small)
shown = ("new", "token", "down", "gray", "black", "pi")
held = {name: np.asarray(compiled.layout.read(found.states, name))[0] for name in shown}
held["pi"] = held["pi"] * 4  # the parent's number
heads = list(programs.dfs.selections)
caller = np.asarray(found.attention)[0, :, heads.index("caller")]
titles = [f"step {t + 1}" for t in range(len(caller))]
first = {name: values[:6] for name, values in held.items()}
plots.program_run(first, caller[:6], titles[:6])

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-dfs-rest", "caption": "The same run, continued: node 0 finishes, node 3 becomes a root, is discovered and finishes."}}
rest = {name: values[6:] for name, values in held.items()}
plots.program_run(rest, caller[6:], titles[6:])

# %%
hints = small.trajectory.hints
assert (
    np.asarray(found.hints["pi_h"]).argmax(-1) == np.asarray(hints["pi_h"])[:, 1:]
).all()

# %% [markdown]
# ## The certificate
#
# Algorithm, interpreter and network are compared in all ten hints of CLRS (parents,
# colours, times of discovery and finish, the clock, the stack, the root, and the three
# loop variables) and in the parents that come out, on random directed graphs with
# self-loops, with linear and with random positions. The second row is dm-clrs's own,
# unmodified network (`gatv2_full`) with the same weights.

# %%
checks = []
for network in ("mindgap", "clrs"):
    check = mg.verify(programs.dfs, network, nodes=sizes, graphs=count, seed=seed)
    assert check.exact
    checks.append(
        {
            "network": network,
            "graphs": check.graphs,
            "outputs (%)": 100 * check.outputs,
            "hints (%)": 100 * check.hints,
            "selections (%)": 100 * check.selections,
            "refused (%)": 100 * check.refused,
        }
    )
pd.DataFrame(checks).set_index("network").round(2)

# %% [markdown]
# Scores differ by so much that the softmax gives exactly 0 to everybody but the selected.
# So truth values stay exactly 0 or 1, nothing builds up over the steps, and the number of
# steps has no limit. What limits the network is how near positions may be:

# %%
print(compiled.limits)

# %% [markdown]
# ## What it takes


# %%
def needs(program):
    made = mg.verification.suited(program, 16)
    leaves = jax.tree.leaves(mg.network.template(made.task, made.config))
    return {
        "heads": len(program.selections),
        "attention to": made.config.attend_to,
        "hidden size": made.config.hidden_size,
        "parameters": f"{sum(leaf.size for leaf in leaves):,}",
        "positions apart by": f"{made.limits.position_gap:.1e}",
    }


pd.DataFrame(
    {p.name: needs(p) for p in (programs.bfs, programs.bellman_ford, programs.dfs)}
).T

# %% [markdown]
# DFS needs attention to all nodes, since a new root must know that nobody has the token.
#
# ## Does training stay at the solution?
#
# The same network is trained with the paper's settings: from its compiled weights (radius
# 0), and from weights moved away in a random direction, by the radius as a share of each
# filter's length. BFS and Bellman-Ford, each in the network that holds it, are the
# controls. Steps whose loss or gradient overflows float32 are left out of the training;
# in DFS there are some, since a state beside the exact one can grow at each step.


# %% tags=["hide-input"]
def line(experiment):
    scores = {}
    for checkpoint in ("start", "last"):
        found = mg.report.seed_scores(experiment, results, None, checkpoint)
        spread = f" ± {found.std(ddof=1):.1f}" if len(found) > 1 else ""
        scores[checkpoint] = f"{found.mean():.1f}{spread}" if len(found) else "–"
    return {"n": experiment.test.nodes, **scores, "seeds": len(found)}


rows = [e for e in find("trainability") if e.start]
pd.DataFrame({e.name.split("/")[1]: line(e) for e in rows}).T

# %% [markdown]
# *Percent of pointers, mean ± standard deviation over seeds, before training and after
# 2,000 steps. Rows: task, sharpness, radius. Rows without seeds are not run yet.*
#
# What no learning scores, on the same 64 nodes:

# %%
test = mg.tasks.dfs.benchmark("test")
pd.Series(
    {
        rule.name: 100 * mg.floors.score(rule, test).mean()
        for rule in mg.floors.rules(mg.tasks.dfs)
    }
).round(1)

# %% [markdown]
# ## What this shows, and what it does not
#
# - DFS is expressible: the gap that the paper sees for DFS is one between what the
#   architecture can express and what training finds, not a limit of the architecture.
# - The exact solution is a needle. It is a fixed point of exact arithmetic on truth values,
#   and a step of training moves every weight at once, also those that must be 0. BFS has
#   few steps in which an error could grow, DFS has three for each node.
# - Bellman-Ford lies between: training drifts off its exact weights as well, but it stays
#   far above what DFS falls to. The table says on how many seeds each row rests.
# - This is one construction; another could lie in a wider basin. Training from scratch in
#   this very network is not measured yet (`mindgap run trainability/dfs-scratch-32`).
# - With four heads, attention to all nodes and no layer norm, this network is not the one
#   of the paper's Table 1.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | the certificate | `mindgap verify dfs`, `mindgap verify dfs --network clrs` |
# | the training rows | `mindgap run trainability --seeds 0:4` |
# | this page, small and quick | `mindgap book run 10_compiled_dfs -p profile=quick` |
#
# The recorded results on this page were computed by these runs:

# %% tags=["hide-input"]
mg.report.provenance(rows, results)
