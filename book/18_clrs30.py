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
# **In one line.** Two thirds are compiled, sorting among them, nearly always with every hint;
# most of these run in DeepMind's own network. For four others, no network that keeps its state on
# nodes can show every hint through CLRS's decoders, whatever its weights. For the last six the
# answers are partial.
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
# Nothing is trained on this page, and `profile` changes nothing: certificates are read as
# they were recorded.

# %% tags=["remove-cell"]
import itertools
import json

import jax
import numpy as np
import pandas as pd

import mindgap as mg
from mindgap import programs, tasks
from mindgap.measures import bounds
from mindgap.network import dm_clrs

mg.book.pages.check_parameters(globals())

recorded = mg.paper.report.book_store("results").folder / "certificates.json"
certificates = pd.DataFrame(json.loads(recorded.read_text())).explode("nodes")
all_names = dm_clrs.algorithms()
words = mg.paper.report.algorithm


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
# Insertion sort takes the next node `j`. Every sorted node with a larger number marks itself,
# and `j` is inserted before the least of these. CLRS asks for the order as pointers, from each node to the one before
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
#
# An insertion changes two pointers at most: that of the inserted node, and that of the node that
# now has it before.

# %% tags=["remove-input"] mystnb={"figure": {"name": "figure-insertion", "caption": "Insertion sort in the compiled network: after each hint each node points to the one before it in the order, the first one to itself. Blue: nodes that have been sorted in."}, "image": {"alt": "Five drawings of five nodes on a circle, labelled 5, 2, 4, 1, 3. At first each node points to the one before it in the row. In the end the arrows lead from 5 over 4, 3 and 2 to 1."}}
sorted_in = np.tri(5, dtype=bool)
titles = [f"hint {k}" for k in range(5)]
none = np.zeros((5, 5), bool)
own = [f"{8 * number:.0f}" for number in numbers[0]]
mg.plots.graphs.storyboard(none, sorted_in, np.stack(pointers), titles, labels=own)

# %% tags=["remove-input"]
told = pd.DataFrame(pointers, titles, [f"node {k}" for k in range(5)])
mg.book.pages.data("figure-insertion", told.rename_axis("after"))

# %% tags=["remove-cell"]
assert orders.iloc[-1].tolist() == [1, 2, 3, 4, 5]
assert np.array_equal(np.stack(pointers), row.trajectory.hints["pred_h"][0])

# %% [markdown]
# ## Going along a line
#
# Kadane's maximum subarray goes along the row once. It keeps the sum of the best piece that ends here,
# begins anew where that sum is negative, and keeps the best piece so far. Sums are numbers in the
# hidden state, added in float32. What the compiled network shows after each hint, of a row whose
# best piece is in the middle:

# %%
gains = np.array([[2.0, -3.0, 4.0, -1.0, 2.0, -5.0, 1.0]]) / 8
line = tasks.find_maximum_subarray_kadane.solved(
    {"pos": np.arange(7)[None] / 7, "key": gains}
)
run = mg.suited(programs.find_maximum_subarray_kadane, 7)(line)
piece = [int(np.asarray(run.outputs[k])[0].argmax()) for k in ("start", "end")]
piece

# %% tags=["remove-input"]
shown = {
    "at place": np.asarray(run.hints["j"])[0].argmax(-1),
    "best piece that ends here begins at": np.asarray(run.hints["i"])[0].argmax(-1),
    "its sum, in eighths": np.round(8 * np.asarray(run.hints["sum"])[0], 3),
    "best so far from": np.asarray(run.hints["best_low"])[0].argmax(-1),
    "to": np.asarray(run.hints["best_high"])[0].argmax(-1),
    "its sum": np.round(8 * np.asarray(run.hints["best_sum"])[0], 3),
}
went = pd.DataFrame(shown)
went.set_axis(1 + went.index).rename_axis("hint")

# %% tags=["remove-cell"]
assert piece == [2, 4]
for name in ("i", "j", "best_low", "best_high"):
    truth = np.asarray(line.trajectory.hints[name])[0, 1:]
    assert np.array_equal(
        np.asarray(run.hints[name])[0].argmax(-1), truth.argmax(-1)[: len(went)]
    )

# %% [markdown]
# ## A tree that grows
#
# Prim's and Dijkstra's algorithms add one node at a time. The network takes three steps of attention for
# that: nodes outside take the best offer of a neighbour in the tree; the source sees who has the
# least of all and calls that node; and the one that is called joins. Prim offers the weight of an
# edge, Dijkstra the distance over it. Here is Prim on a graph of six nodes, whose edges have these
# weights:

# %% tags=["remove-input"]
joined = [(0, 1, 30), (0, 2, 90), (1, 3, 55), (2, 3, 20), (2, 4, 75), (3, 5, 85)]
joined = pd.DataFrame(
    [*joined, (4, 5, 40)], columns=["from", "to", "weight, hundredths"]
)
weights = np.zeros((1, 6, 6))
for i, j, w in joined.itertuples(index=False):
    weights[0, [i, j], [j, i]] = w / 100
joined.T

# %%
grown = tasks.mst_prim.run(weights, 0)
run = mg.suited(programs.prim, 6)(grown)
np.asarray(run.outputs["pi"])[0]

# %% tags=["remove-input"] mystnb={"figure": {"name": "figure-prim", "caption": "Prim in the compiled network: after each hint, nodes in the tree are blue, and a node points to the one through which it would join, or has joined."}, "image": {"alt": "Six drawings of a graph of six nodes. The tree starts at node 0 and grows by nodes 1, 3, 2, 4 and 5."}}
parents = np.asarray(run.hints["pi_h"])[0].argmax(-1)
inside = np.asarray(run.hints["mark"])[0] > 0
titles = [f"hint {k}" for k in range(1, 1 + len(parents))]
mg.plots.graphs.storyboard(weights[0] > 0, inside, parents, titles)

# %% tags=["remove-input"]
told = pd.DataFrame(parents, titles).add_prefix("node ")
mg.book.pages.data("figure-prim", told.rename_axis("after"))

# %% tags=["remove-cell"]
truth = grown.trajectory
assert np.array_equal(parents, np.asarray(truth.hints["pi_h"])[0, 1 : 1 + len(parents)])
assert np.asarray(run.outputs["pi"])[0].tolist() == [0, 0, 3, 1, 2, 4]

# %% [markdown]
# ## Edges, followed backwards
#
# A node sees only where its own edges lead. Kosaraju's strongly connected components need a
# second search *against* the edges. So the node that has the token does not choose: each white
# node finds out whether an edge of its own leads to the token and says so, and the lowest that
# says so is called. On this graph the edges 0 → 1 → 2 → 0 are one circle, 3 → 4 → 3 another,
# and 2 → 3 leads from the first to the second:

# %%
edges = np.zeros((1, 5, 5))
for i, j in ((0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 3)):
    edges[0, i, j] = 1
graph = tasks.strongly_connected_components.run(edges)
run = mg.suited(programs.strongly_connected_components, 5)(graph)
run.outputs["scc_id"][0]

# %% [markdown]
# Each node names the node that its component was found from. This is how the names come in the
# second search:


# %% tags=["remove-input"] mystnb={"figure": {"name": "figure-components", "caption": "The second search of the compiled network, only the hints after which a node is newly reached or has a new name: a node points to the one that its component was found from. Nodes that have been reached are blue. The search starts at node 0 and goes against the edges."}, "image": {"alt": "Drawings of a graph of five nodes, with arrows for its edges: 0, 1 and 2 in a circle, 3 and 4 in another. First node 0 is reached, then 2 and 1, which come to point to 0; then node 3 and node 4, which comes to point to 3."}}
names = np.asarray(run.hints["scc_id_h"])[0].argmax(-1)
phase = np.asarray(run.hints["phase"])[0] > 0
seen = np.asarray(run.hints["color"])[0].argmax(-1) > 0
second = pd.DataFrame([*zip(names.tolist(), seen.tolist(), strict=True)])[phase]
steps = second.astype(str).drop_duplicates().index.to_numpy()
titles = [f"hint {step + 1}" for step in steps]
mg.plots.graphs.storyboard(edges[0] > 0, seen[steps], names[steps], titles)

# %% tags=["remove-input"]
told = pd.DataFrame(names[steps], titles).add_prefix("node ")
mg.book.pages.data("figure-components", told.rename_axis("after"))

# %% tags=["remove-cell"]
truth = graph.trajectory
assert np.array_equal(names, np.asarray(truth.hints["scc_id_h"])[0, 1:])
assert len({*np.asarray(truth.outputs["scc_id"])[0].tolist()}) == 2

# %% [markdown]
# ## Two strings in one row
#
# To find one string in another, CLRS puts the letters of both in one row, and both strings count
# their positions from 0. In each hint two letters have to be compared, which two nodes hold. In one
# step of attention all nodes read the letter at place `i` of the text, in another that at place `j` of
# what is sought, and so all of them know whether the two are equal.

# %%
text, sought = "abacab", "aca"
letters = np.array(["abcd".index(letter) for letter in text + sought])
start = np.arange(len(letters)) >= len(text)
places = [np.arange(len(word)) / len(word) for word in (text, sought)]
given = {
    "string": start[None].astype(float),
    "pos": np.concatenate(places)[None],
    "key": np.eye(4)[letters][None],
}
strings = tasks.naive_string_matcher.solved(given)
run = mg.suited(programs.naive_string_matcher, len(letters))(strings)

# %% tags=["remove-input"]
told = {k: np.asarray(run.hints[k])[0].argmax(-1) for k in "sij"}
hints = np.arange(1, 1 + len(told["s"]))

# %% tags=["remove-input"] mystnb={"figure": {"name": "figure-strings", "caption": "What the compiled network shows after each step, from its pointers. Blue: the two letters that it compares next. The text is above; what is sought lies below, at the place where it is sought. Hint 0 compares the first letters and is given. In the end the network's answer is the place where the text has what is sought."}, "image": {"alt": "A drawing for each hint: six letters a, b, a, c, a, b in a row, below them a, c, a, which moves to the right from drawing to drawing. One letter of each row is blue."}}
looked = [
    [k in pair for k in range(9)] for pair in zip(told["i"], told["j"], strict=True)
]
titles = [f"hint {hint}" for hint in hints]
at = np.arange(9)
columns = np.where(start, at - 6 + told["s"][:, None], at)
places = np.stack([columns / 2, np.broadcast_to(start * -0.5, columns.shape)], -1)
none, nowhere = np.zeros((9, 9), bool), np.tile(at, (len(hints), 1))
mg.plots.graphs.storyboard(
    none, np.array(looked), nowhere, titles, places, [*text, *sought]
)

# %% tags=["remove-input"]
lines = {
    "sought from place": told["s"],
    "letter of the text": [f"{text[i]} (place {i})" for i in told["i"]],
    "letter that is sought": [sought[j - len(text)] for j in told["j"]],
}
mg.book.pages.data("figure-strings", pd.DataFrame(lines, hints).rename_axis("hint"))

# %% tags=["remove-cell"]
for k in "sij":
    truth = strings.trajectory.hints[k][0, 1:].argmax(-1)
    assert np.array_equal(told[k], truth[: len(told[k])])
assert np.asarray(run.outputs["match"])[0].argmax() == text.index(sought)

# %% [markdown]
# ## What is compiled so far
#
# For each program: how many nodes are selected in a step (the heads), the least hidden size
# in which this compiler holds it, steps of attention for a hint, and parameters, for sixteen nodes; and whether
# dm-clrs's own network holds it.


# %% tags=["remove-cell"]
def in_dm_clrs(program):
    """Whether dm-clrs's network holds the program, and why not."""
    try:
        mg.suited(program, 16, "clrs")
    except mg.CannotCompile:
        needs = mg.suited(program, 16).config
        lacks = ["weights"] * (needs.edge_values != "none")
        lacks += ["bias"] * (needs.self_bias or needs.attention_bias)
        return f"no: no {', no '.join(lacks)}"
    return "yes"


def about(program):
    """A line of the table."""
    exact = mg.suited(program, 16)
    size = sum(leaf.size for leaf in jax.tree.leaves(exact.params))
    return {
        "heads": exact.config.heads, "size": exact.config.hidden_size,
        "steps": program.message_steps, "parameters": f"{size:,}",
        "in dm-clrs": in_dm_clrs(program),
    }  # fmt: skip


# %% tags=["remove-input"]
first = {}
for program in programs.PROGRAMS.values():
    if program.task and program.task.name in tasks.CLRS:
        first.setdefault(program.task.name, program)
table = pd.DataFrame({words(n): about(p) for n, p in first.items()}).T
table

# %% [markdown]
# *No weights: a state of dm-clrs's network depends on the weights of edges only through who is
# selected. No bias: dm-clrs has no attention bias. Without one, this compiler tells a node from its
# neighbours only in programs that select by a node's number.*
#
# ## On how many inputs they are right
#
# A certificate compares the algorithm, the program's interpreter and the network on random
# inputs, hint by hint and selection by selection, and on CLRS-30's test at sixty-four nodes. An
# input on which float32 may not tell two numbers apart is refused before, and does not count:


# %% tags=["remove-cell"]
def compared(name, network, size):
    """On how many inputs of this size, and the share refused, or a dash."""
    of = certificates.query("program == @name and network == @network")
    found = of[of["nodes"] == size]
    if found.empty:
        return "–"
    return f"{found['graphs'].sum():,} ({found['refused'].mean():.1%})"


def why(of):
    """The most frequent reason of refusals, or a dash."""
    counts = pd.DataFrame(of["reasons"].tolist()).sum()
    return "–" if counts.empty else counts.idxmax()


def certified(program):
    """A line of the table: this library's network, why it refuses, dm-clrs's."""
    both = certificates[certificates["program"] == program.name]
    there = both[both["network"] == "clrs"]
    here = {f"n = {n}": compared(program.name, "mindgap", n) for n in (4, 16, 64)}
    return here | {"refused most": why(both[both["network"] == "mindgap"])} | {
        "in dm-clrs": f"{there['graphs'].sum():,}, n to {there['nodes'].max()}"
        if len(there) else "–"
    }  # fmt: skip


# %% tags=["remove-input"]
pd.DataFrame({words(n): certified(p) for n, p in first.items()}).T

# %% tags=["remove-cell"]
assert len(table) >= 20 and {p.name for p in first.values()} <= {
    *certificates["program"]
}
assert (certificates[["outputs", "hints", "selections"]] == 1).all(axis=None)

# %% tags=["remove-input"]
reasons = certificates[certificates["network"] == "mindgap"].set_index("program")
every = [
    (n, why, c) for n, each in reasons["reasons"].items() for why, c in each.items()
]
refused = pd.DataFrame(every, columns=["program", "why", "count"])
close = refused[refused["why"].str.contains("too close|closer than")]["count"].sum()
most = refused.groupby("program")["count"].sum().idxmax()
holds = (table["in dm-clrs"] == "yes").sum()
mg.book.pages.note(
    f"*Inputs that were compared, and the share that was refused. On all that were compared, all "
    f"outputs, hints and selections were right.* {holds} of these {len(table)} programs run in "
    f"dm-clrs's own network. {close:,} of {refused['count'].sum():,} refusals are of inputs with "
    f"two numbers, or two places, so close that float32 may not tell them; most are of "
    f"{words(programs.PROGRAMS[most].task.name)}."
)

# %% [markdown]
# Half of the inputs have random positions, where a network takes them. Neighbours in a row or in a
# string must not be as close as the table says. Some rows of sixteen random positions have such
# neighbours. Of sixty-four, most would, and would be refused: the table does not count these, since
# rows and strings of sixty-four are compared at even positions only. Binary search, heapsort and
# quickselect take even positions only, at any size.
#
# Kadane's algorithm compares sums, and the limits allow for a rounding in every step, on either
# side. Task scheduling compares penalties below 1, but its scores are scaled for numbers up to
# sixty-four, since it also counts; so two penalties must differ by more to be told apart.
#
# For sorting, the suite of the library makes the same comparison for every order of four numbers.
# Of strongly connected components one hint of CLRS is left out, in dm-clrs's network too: the
# transposed graph, which lies on edges and never changes. The networks can be
# {doc}`downloaded <weights>`. Most of the families above can be watched, on inputs of your own, in the
# {doc}`playground`: searches, growing trees, rows of numbers and strings.
#
# ## What no network can say of an edge
#
# CLRS's decoder of edges reads a sum: one term of node *i*, one of node *j*, one of what
# the edge from *i* to *j* was given. The terms of the nodes may depend on the whole graph, in any
# way and after any number of steps. That is little. Take the longest common subsequence of two
# strings, `01` and `10`, as dm-clrs's own algorithm answers it: for each pair of places, whether the
# two letters match (0) or the way goes up (1) or to the left (2).

# %%
_, answer = dm_clrs.traced("lcs_length", np.array([0, 1]), np.array([1, 0]))
told = answer["b"].argmax(-1)[:2, 2:]
told


# %% tags=["remove-cell"]
def lines(entries):
    """The inequalities of a contradiction as a table."""
    return pd.DataFrame(
        {
            "pair": [f"{e.edge[0]} → {e.edge[1]}" for e in entries],
            "of graph": [e.graph + 1 for e in entries],
            "is": [e.own for e in entries], "not": [e.other for e in entries],
            "times": [e.times for e in entries],
        }
    ).set_index("pair")  # fmt: skip


def across(table, size):
    """The classes of pairs of one node of the first and one of the second string."""
    asked = np.full(table.shape, -1)
    asked[:size, size:] = table[:size, size:]
    return asked


def tree(weights):
    """Which edges are in the minimum spanning tree, and their weights."""
    told = dm_clrs.traced("mst_kruskal", weights)[1]["in_mst"]
    asked = np.where(weights > 0, told, -1).astype(int)
    return bounds.Edges(asked, weights[..., None])


def weighted(size, *edges):
    """Symmetric weights of edges (i, j, weight)."""
    made = np.zeros((size, size))
    for i, j, weight in edges:
        made[i, j] = made[j, i] = weight
    return made


pairs = across(answer["b"].argmax(-1), 2)
proof = bounds.contradiction([bounds.Edges(pairs, np.zeros((4, 4, 0)))])

# %% tags=["remove-input"]
lines(proof)

# %% [markdown]
# *What a network has to score: in each line the class that is must be above the one that is not.
# Nodes 0 and 1 are the first string, 2 and 3 the second.*
#
# In two of the four pairs class 1 must score above class 0, by f(0) + g(2) and f(1) + g(3), say.
# In the other two, below: f(0) + g(3) and f(1) + g(2). But the two sums are the same four terms.
# No weights, width, depth or number of steps change that. The library finds such sums by linear
# programming and checks them with whole numbers (`mindgap.measures.bounds`).
#
# This holds if an edge is given nothing. In dm-clrs, what was predicted of an edge is an input of
# that edge in the next step, and the network can build on it. But the first hint is given as it
# is, so that all that the second prediction sees is known. For the strings `001` and
# `110` it does not help:

# %% tags=["remove-input"]
hints, _ = dm_clrs.traced("lcs_length", np.array([0, 0, 1]), np.array([1, 1, 0]))
second = across(hints["b_h"][1].argmax(-1), 3)
fed_back = dm_clrs.edge_inputs("lcs_length", hints, 0)
common = bounds.contradiction([bounds.Edges(second, fed_back)])
lines(common)

# %% [markdown]
# *The second hint, with the first hint as inputs of the edges.*
#
# In Kruskal's minimum spanning trees edges have weights, which the readout sees. Any one of these
# two graphs can be told right. Both together cannot: the coefficient of the weight is the
# network's, and the same for all graphs. In one graph it would have to be below 0, in the other
# above:

# %% tags=["remove-input"]
one = weighted(4, (0, 1, 1), (2, 3, 2), (1, 3, 3), (1, 2, 4), (0, 3, 5))
two = weighted(
    5, (0, 1, 5), (2, 3, 6), (1, 4, 1), (4, 2, 2), (1, 2, 3), (0, 3, 7)
)  # fmt: skip
spanning = bounds.contradiction([tree(one), tree(two)])
lines(spanning)

# %% tags=["remove-cell"]
assert len(proof) == len(common) == 4 and {e.times for e in proof} == {1}
assert not bounds.contradiction([tree(one)]) and not bounds.contradiction([tree(two)])
assert {e.graph for e in spanning} == {0, 1}

# %% [markdown]
# *Eight inequalities of two graphs: 1 is an edge of the tree, 0 is none. Each counts as
# often as the last column says.*
#
# CLRS's sampler also draws edges from a node to itself, which are in no tree. With these, hints that
# are fed back do not help either, if they are decided and right: what an edge is given tells the
# last edge of this tree from the two loops at its ends neither by weight nor by any hint.

# %% tags=["remove-input"]
looped_tree = weighted(4, (0, 1, 1), (2, 3, 1), (0, 2, 2), (0, 0, 2), (2, 2, 2))
told, _ = dm_clrs.traced("mst_kruskal", looped_tree)
before = dm_clrs.edge_inputs("mst_kruskal", told, -2)
seen = np.concatenate([before, looped_tree[..., None]], -1)
asked = np.where(looped_tree > 0, told["in_mst_h"][-1], -1).astype(int)
last = bounds.contradiction([bounds.Edges(asked, seen)])
lines(last)

# %% tags=["remove-cell"]
assert len(last) == 4 and {e.times for e in last} == {1}

# %% [markdown]
# *The last hint, with the hint before as inputs of the edges: 1 is an edge of the tree.*
#
# Hints that are fed back as probabilities may carry more, and where there are no loops decided ones
# may do. Both are open.
#
# Bridges fall to a detail of CLRS's sampler: a node can have an edge to itself. It is no bridge, and
# has the weight that bridges have. So two nodes with an edge between them, and one each to
# themselves, will do:

# %% tags=["remove-input"]
both = np.ones((2, 2))
bridge = dm_clrs.traced("bridges", both)[1]["is_bridge"].astype(int)
looped = bounds.contradiction([bounds.Edges(bridge, both[..., None])])
lines(looped)

# %% tags=["remove-cell"]
assert len(looped) == 4 and {e.times for e in looped} == {1}

# %% [markdown]
# *1 is a bridge. All four pairs have an edge.*
#
# Where no node has an edge to itself, nothing of this kind is in the way. Pairs of a node with itself
# are asked too, but have no weight, which the readout sees. Of the others a contradiction would be a
# closed walk in which every other edge is a bridge. After a bridge the walk takes one edge that is
# none, to another node. So it cannot cross the same bridge back, and there is no other way back.
#
# If hints are fed back, nothing is in the way either, as far as we know: the stack's pointer
# (`s_prev`) of a finished child, and of a root, names the node itself, and so marks its edge to
# itself, and bridges that were found before are told by their own hint. That is an argument, not a
# program: compiled networks read no hint of an edge.
#
# ## Numbers on pairs that cannot be shown
#
# All-pairs and interval algorithms have a hint with a number for each pair, which is read by the
# same sum. So of four pairs with the same inputs, (*i*, *j*) and (*k*, *m*) must add up to as much
# as (*i*, *m*) and (*k*, *j*). They do not, in the second hint, with the first as inputs:


# %% tags=["remove-cell"]
def on_pairs(name, hint, given, *inputs):
    """The largest difference of two sums that any network makes equal."""
    told = dm_clrs.traced(name, *inputs)[0]
    seen = np.concatenate([dm_clrs.edge_inputs(name, told, 0), *given], -1)
    rows, columns, apart = bounds.rectangle(told[hint][1], seen)
    pairs, crossed = (
        " and ".join(f"({i}, {j})" for i, j in zip(rows, those, strict=True))
        for those in (columns, columns[::-1])
    )
    return {"hint": hint, "pairs": pairs, "against": crossed, "apart": abs(apart)}


rng = np.random.default_rng(0)
ways = np.triu(rng.uniform(size=(8, 8)) * (rng.uniform(size=(8, 8)) < 0.5), 1)
ways += ways.T
strings = np.array([0, 1, 0, 1]), np.array([1, 0, 0, 1])
sides, found, missed = rng.uniform(size=8), rng.uniform(size=6), rng.uniform(size=7)
apart = {
    "floyd_warshall": on_pairs("floyd_warshall", "D", [ways[..., None]], ways),
    "matrix_chain_order": on_pairs("matrix_chain_order", "m", [], sides),
    "optimal_bst": on_pairs("optimal_bst", "e", [], found / 13, missed / 13),
    "lcs_length": on_pairs("lcs_length", "c", [], *strings),
}

# %% tags=["remove-input"]
shown = pd.DataFrame({words(name): line for name, line in apart.items()}).T
shown["apart"] = shown["apart"].map("{:.2f}".format)
shown

# %% tags=["remove-cell"]
assert all(line["apart"] > 1e-3 for line in apart.values())

# %% [markdown]
# *One small input each, of random numbers. Apart: by how much two sums differ that every network
# makes equal. In chains of matrices and in search trees some of these pairs are not filled yet, and
# have to be shown as 0.*
#
# The answers of the first three are pointers for each pair, which are read through a maximum, and
# this argument does not reach them. For Floyd and Warshall there is another, which counts, if hints
# are not fed back. Let *a* nodes have one edge each, to a middle node of their own, and one to a
# hub; the middle nodes have edges to *a* last nodes, with one of two weights, and the hub too. The
# way through the middle is shorter than the way over the hub if and only if the weight between is
# the lower one. So the answer for a first and a last node tells the weight of an edge that the first
# node is not on:


# %%
def answers(far, choice):
    """The predecessors of the last nodes, on the ways from the first."""
    hub, middle, last = 3 * far, range(far, 2 * far), range(2 * far, 3 * far)
    ways = [(i, hub, 0.4) for i in (*range(far), *last)]
    ways += [(i, far + i, 0.01) for i in range(far)]
    across = zip(itertools.product(middle, last), choice, strict=True)
    graph = weighted(hub + 1, *ways, *((*e, w) for e, w in across))
    answer = dm_clrs.traced("floyd_warshall", graph)[1]["Pi"]
    return answer[:far, 2 * far : hub].tobytes()


def tables(far):
    """How many different answers there are, of all choices of weights."""
    choices = itertools.product((0.5, 0.9), repeat=far * far)
    return len({answers(far, choice) for choice in choices})


width = 128
tables(1), tables(2)


# %% tags=["remove-cell"]
def enough(bits):
    """From which number of first nodes on the answers are more than states of nodes."""
    return next(a for a in itertools.count(1) if a**2 > (3 * a + 1) * bits)


read = 3 * 32 * width  # encoded inputs, the state before and after, of float32 each
assert (tables(1), tables(2)) == (2, 2**4)

# %% tags=["remove-input"]
mg.book.pages.note(
    f"All {tables(2)} choices for two by two nodes have different answers; for *a* by *a* "
    "there are 2 to the power of *a* squared. What is read about these pairs is what 3*a* + 1 "
    f"nodes hold, {read:,} bits each at hidden size {width}. From *a* = {enough(read):,} on "
    "these are too few, so that no network of this width has all answers without hints that are "
    "fed back. On smaller graphs the question is open."
)

# %% [markdown]
# ## Weights that are needed elsewhere
#
# A node's attention sees the weights of the edges *from* it. In shortest paths of an acyclic graph
# they are needed where the edges lead: when a node's turn comes, all nodes that its edges lead to
# change their distances at once. Let each of *t* first nodes have an edge to each of *b* last ones,
# of one of two weights, and let the first nodes be reached at 1, 2, 3 and so on. The farthest has its
# turn first, so that every edge shortens the way to its last node by something:


# %%
def distances(first, last, choice):
    """The distances of the last nodes in all hints."""
    graph = np.zeros((1 + first + last, 1 + first + last))
    graph[0, 1 : first + 1] = 1 + np.arange(first)
    graph[1 : first + 1, first + 1 :] = np.reshape(choice, (first, last))
    told = dm_clrs.traced("dag_shortest_paths", graph, 0)[0]
    return told["d"][:, first + 1 :].tobytes()


def courses(first, last):
    """How many different courses of distances there are, of all choices."""
    choices = itertools.product((0.5, 1.0), repeat=first * last)
    return len({distances(first, last, choice) for choice in choices})


courses(1, 2), courses(2, 3)

# %% tags=["remove-cell"]
assert (courses(1, 2), courses(2, 3)) == (2**2, 2**6)

# %% [markdown]
# The distances tell all $tb$ weights. If hints are not fed back, a distance is read from its node's
# state alone. Only a first node sees the weights of its own edges; every other node learns them from
# that node's state. Let a
# state have *S* bits, and a hint take *M* steps. Before the first turn all states together hold
# $(1 + t + b) S$ bits; in the *t* turns that follow each first node's state passes $tMS$ more.
# For $t = 2S$ and $b > 4MS^2 + 2S + 1$ that is less than $tb$. So for any width and
# any number of steps there is a size from which no network of this kind shows all hints. It is far
# beyond the graphs of this book, where the question is open, and beyond those whose positions
# float32 tells apart.
#
# ## Products
#
# The three algorithms of geometry ask on which side of a line a point lies. For the points (0, 0),
# (*x*, 1/2) and (1/2, *y*) the side is the sign of *x y* - 1/4. One point more, and the answer
# depends on it: whether (1/2, *y*) is in the hull of these and (1, 0), and whether the ways from
# the first to the second and from the third to (0, 1) cross, for *x* from 1/2 to 1 and *y* near
# 1/(4*x*). dm-clrs's own algorithms, just below and just above:


# %% tags=["remove-cell"]
def answer_of(name, x, product):
    """What dm-clrs answers for the point (1/2, product / x) and its three others."""
    fourth = (0.0, 1.0) if name == "segments_intersect" else (1.0, 0.0)
    points = np.array([(0.0, 0.0), (x, 0.5), (0.5, product / x), fourth])
    (told,) = dm_clrs.traced(name, *points.T)[1].values()
    return float(told if np.ndim(told) == 0 else told[2])


# %% tags=["remove-input"]
geometry = ("graham_scan", "jarvis_march", "segments_intersect")
sides = {
    words(name): [answer_of(name, 0.75, 0.25 + side) for side in (-1e-3, 1e-3)]
    for name in geometry
}
pd.DataFrame(sides, index=["x y below 1/4", "x y above 1/4"]).T

# %% tags=["remove-cell"]
for name, x in itertools.product(geometry, np.linspace(0.51, 0.99, 9)):
    assert answer_of(name, x, 0.249) != answer_of(name, x, 0.251)

# %% [markdown]
# *1: in the hull, or the two cross.*
#
# A network whose attention selects, as compiled ones do, adds, selects and cuts off at 0, so what
# it decides has straight borders, finitely many. This border is curved. So no such network is right
# for all real numbers:

# %% tags=["remove-input"]
mg.book.pages.note(
    f"To tell whether x y is above 1/4 for x from 1/2 to 1, except where it is within "
    f"{2.0**-24:.1g} of 1/4, takes {bounds.pieces(2.0**-24):,} straight pieces at least."
)

# %% [markdown]
# For the numbers of float32 this is open: the number of pieces can double with each step. A product
# in the update escapes the argument. Whether soft attention can multiply exactly is open, too.
#
# ## All thirty

# %% tags=["remove-cell"]
verdicts = {
    "lcs_length": "not its hints; its answer not without feedback",
    "mst_kruskal": "its answer not without feedback, its hints not with decided feedback",
    "floyd_warshall": "not its hints; its answer from some size on not without feedback",
    **dict.fromkeys(("matrix_chain_order", "optimal_bst"),
        "not its hints; its answer is open"),
    **dict.fromkeys(("graham_scan", "jarvis_march", "segments_intersect"),
        "not for all real numbers if attention selects; in float32 open"),
    "dag_shortest_paths": "its hints from some size on not without feedback; else open",
    "bridges": "not without feedback, by its loops; else open",
    **dict.fromkeys(first, "compiled"),
}  # fmt: skip
assert {*all_names} == {*verdicts}

# %% tags=["remove-input"]
pd.DataFrame({"verdict": {words(name): verdicts[name] for name in all_names}})

# %% [markdown]
# *Feedback: hints of edges, and pointers of nodes, that are inputs of the next step, as in dm-clrs.
# Loops: edges of a node to itself; where there are none, bridges are open without feedback, and
# Kruskal's trees with it. From some size on: for networks of one width and number of steps.*
#
# ## What this shows, and what it does not
#
# - Expressible does not mean learned: of these networks only some are trained
#   ({doc}`which algorithms are learned <17_which_algorithms>`).
# - A program takes a few steps of attention for each hint where CLRS's networks usually take one.
#   Whether one would do is open.
# - "Not" is said of networks of attention, whose states lie on nodes, with CLRS's decoders, and means
#   not right everywhere: such a network may be right about most edges. The arguments do not reach
#   networks with state on edges, with attention to the edges that come in, or with a readout that
#   multiplies.
# - Compiled programs do not depend on what is fed back, but for the source of the searches.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | a certificate | `mindgap verify insertion_sort --nodes 4 16 64 --graphs 20` |
# | the table's | `mindgap verify bfs --nodes 16 --graphs 500 --json`, so for each program and size, some hours |
# | this page | `mindgap book run 18_clrs30` |
