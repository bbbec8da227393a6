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
# **In one line.** More than half are compiled, sorting among them, each with its hints;
# nearly all run in DeepMind's own network, unmodified. For two no network of this kind has the
# answer, whatever its weights; for six more it cannot show all that is asked. The others are
# open.
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

certificates = mg.paper.report.book_store("results").folder / "certificates.json"
certified = {c["program"]: c for c in json.loads(certificates.read_text())}
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


# %% tags=["remove-input"]
names = np.asarray(run.hints["scc_id_h"])[0].argmax(-1)
phase = np.asarray(run.hints["phase"])[0] > 0
second = pd.DataFrame(names[phase], index=1 + np.flatnonzero(phase))
second.add_prefix("node ").rename_axis("hint").drop_duplicates()

# %% tags=["remove-cell"]
truth = graph.trajectory
assert np.array_equal(names, np.asarray(truth.hints["scc_id_h"])[0, 1:])
assert len({*np.asarray(truth.outputs["scc_id"])[0].tolist()}) == 2

# %% [markdown]
# ## What is compiled so far
#
# For each program: how many nodes are selected in a step (the heads), the least hidden size
# that holds it, steps of attention for a hint, numbers that are learned where it is trained, the
# share of random inputs of sixteen and of sixty-four nodes that it refuses, and whether dm-clrs's
# own network holds it without a change.


# %% tags=["remove-cell"]
def held(program, network):
    """Whether the network holds the program."""
    try:
        mg.suited(program, 16, network)
    except mg.CannotCompile:
        return False
    return True


def refused(program, size, count, at_once=10):
    """The share of random inputs that the compiled network refuses."""
    exact, reasons = mg.suited(program, size), []
    for part in range(count // at_once):
        drawn = program.task.sample(jax.random.key(part), size, at_once).trimmed()
        reasons += exact.refusals(drawn)
    return np.mean([reason is not None for reason in reasons])


def about(program):
    """A line of the table."""
    exact = mg.suited(program, 16)
    leaves = jax.tree.leaves(exact.params)
    small, large = refused(program, 16, few), refused(program, 64, max(10, few // 4))
    shown_for = certified.get(program.name, {"graphs": 0, "nodes": [0]})
    return {
        "heads": exact.config.heads, "hidden size": exact.config.hidden_size,
        "steps a hint": program.message_steps,
        "parameters": f"{sum(leaf.size for leaf in leaves):,}",
        "refused": f"{small:.1%}, {large:.1%}",
        "verified": f"{shown_for['graphs']:,} to n = {max(shown_for['nodes'])}",
        "in dm-clrs": "yes" if held(program, "clrs") else "no",
    }  # fmt: skip


# %% tags=["remove-input"]
known = {**tasks.TASKS, **tasks.BEYOND, **tasks.ROWS}
first = {}
for program in programs.PROGRAMS.values():
    if program.task and program.task.name in known:
        first.setdefault(program.task.name, program)
long = ("quicksort", "quickselect", "bubble_sort", "heapsort", "articulation_points")
shown = [name for name in first if name not in long]
chosen = {name: first[name] for name in (shown if profile == "quick" else first)}
table = pd.DataFrame({words(n): about(p) for n, p in chosen.items()}).T
table

# %% tags=["remove-cell"]
if profile != "quick":
    assert len(table) >= 18
    assert (table["in dm-clrs"] == "no").sum() <= 4

# %% [markdown]
# *Refused: of sixteen, and of sixty-four nodes. Verified: on so many random inputs of up to so many
# nodes, and on CLRS-30's test, all outputs, hints and selections were right
# (`mindgap verify all`).* What is refused is mostly two numbers so close that
# float32 cannot tell them. Two algorithms refuse most. Kadane's compares sums, and every sum of up
# to sixty-four numbers has been rounded three hundred times. Task scheduling compares penalties
# below 1 in scores that leave room for its count, which reaches sixty-four.
#
# That each is exact is shown by its certificate: algorithm, interpreter and network are
# compared on every hint, output and selection, on random inputs of several sizes, and the suite of
# the library does so for every order of four numbers. CLRS's hint of the transposed graph, which
# lies on edges and never changes, is left out. The networks can be
# {doc}`downloaded <weights>`.
#
# ## Answers that no network of this kind has
#
# A decision about an edge from *i* to *j* is read from a sum: one term of node *i*, one of
# node *j*, one of what the edge was given. The first two may depend on the whole graph, in any way
# and after any number of steps. That is little. Take the longest common subsequence of two
# strings, 01 and 10, as dm-clrs's own algorithm answers it: for each pair of places, whether the
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


pairs = np.full((4, 4), -1)
pairs[:2, 2:] = told
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
# In Kruskal's minimum spanning trees edges have weights, which the readout sees. Any one graph can
# be told right. Two together cannot: the coefficient of the weight is the network's, and the
# same for all graphs. In one of these graphs it would have to be below 0, in the other above:

# %% tags=["remove-input"]
one = weighted(4, (0, 1, 1), (2, 3, 2), (1, 3, 3), (1, 2, 4), (0, 3, 5))
two = weighted(
    5, (0, 1, 5), (2, 3, 6), (1, 4, 1), (4, 2, 2), (1, 2, 3), (0, 3, 7)
)  # fmt: skip
spanning = bounds.contradiction([tree(one), tree(two)])
lines(spanning)

# %% tags=["remove-cell"]
assert len(proof) == 4 and {e.times for e in proof} == {1}
assert not bounds.contradiction([tree(one)]) and not bounds.contradiction([tree(two)])
assert {e.graph for e in spanning} == {0, 1}

# %% [markdown]
# *Eight inequalities of two graphs: 1 is an edge of the tree, 0 is none. Each counts as
# often as the last column says.*
#
# What would do is state on edges. dm-clrs's networks have a little of it: a hint of an edge that
# was predicted is an input of that edge in the next step. None of the above holds for these.
# Bridges, whose answer lies on edges too, are not among them: a bridge is on no circle, so that
# such sums exist for every graph (on a closed walk that has a bridge in every other step, the walk
# has to turn back over the same bridge).
#
# ## Numbers on pairs that cannot be shown
#
# All-pairs and interval algorithms have a hint with a number for each pair. It is read by the same
# sums. So of four pairs with the same inputs, (*i*, *j*) and (*k*, *m*) must add up to as much as
# (*i*, *m*) and (*k*, *j*). They do not:


# %% tags=["remove-cell"]
def on_pairs(name, hint, asked, *inputs):
    """The largest difference of two sums that any network makes equal."""
    told = dm_clrs.traced(name, *inputs)[0]
    numbers = np.where(asked(told), told[hint][-1], np.nan)
    rows, columns, apart = bounds.rectangle(numbers, np.zeros((*numbers.shape, 0)))
    pairs = " and ".join(f"({i}, {j})" for i, j in zip(rows, columns, strict=True))
    crossed = " and ".join(
        f"({i}, {j})" for i, j in zip(rows, columns[::-1], strict=True)
    )
    return {
        "hint": hint,
        "pairs": pairs,
        "against": crossed,
        "apart by": f"{apart:.3g}",
    }


rng = np.random.default_rng(0)
sides, chances = rng.uniform(size=6), rng.uniform(size=11) / 11
ways = weighted(6, (0, 2, 1), (1, 3, 1), (2, 4, 1), (3, 5, 1), (2, 3, 5))
strings = np.array([0, 1, 0, 1]), np.array([1, 0, 0, 1])
apart = {
    "floyd_warshall": on_pairs("floyd_warshall", "D", lambda h: ways == 0, ways),
    "matrix_chain_order": on_pairs(
        "matrix_chain_order", "m", lambda h: h["msk"][-1] > 0, sides
    ),
    "optimal_bst": on_pairs(
        "optimal_bst", "e", lambda h: h["msk"][-1] > 0, chances[:5], chances[5:]
    ),
}

# %% tags=["remove-input"]
pd.DataFrame({words(name): line for name, line in apart.items()}).T

# %% [markdown]
# *One small input each. "Apart by" is the difference of two sums that every network makes equal.*
#
# The answer of these three is a pointer for each pair, which is read through a maximum, and this
# argument does not reach it. For Floyd and Warshall there is another, which counts. Let *a* nodes
# have one edge each, to a middle node of their own, and one to a hub; the middle nodes have edges
# to *a* further nodes, with one of two weights. Then the predecessor of each far node on the way
# from each first one says which weight the edge has that lies between, an edge that neither of the
# two nodes is on:


# %%
def tables(far):
    """How many different answers there are about the pairs, of all choices of weights."""
    first, middle, hub = range(far), range(far, 2 * far), 3 * far
    last, found = range(2 * far, 3 * far), set()
    for choice in itertools.product((0.5, 0.9), repeat=far * far):
        spokes = [(end, hub, 0.4) for end in (*first, *last)]
        steps = [(i, m, 0.01) for i, m in zip(first, middle, strict=True)]
        across = zip(itertools.product(middle, last), choice, strict=True)
        graph = weighted(hub + 1, *spokes, *steps, *((*e, w) for e, w in across))
        answer = dm_clrs.traced("floyd_warshall", graph)[1]["Pi"]
        found.add(answer[:far, 2 * far : 3 * far].tobytes())
    return len(found)


width = 128
tables(1), tables(2)


# %% tags=["remove-cell"]
def enough(bits):
    """From which number of first nodes on the answers are more than states of nodes."""
    return next(a for a in itertools.count(1) if a**2 > (3 * a + 1) * bits)


assert (tables(1), tables(2)) == (2, 2**4)

# %% tags=["remove-input"]
mg.book.pages.note(
    f"All {tables(2)} choices for two by two nodes have different answers; for *a* by *a* "
    "there are 2 to the power of *a* squared. What is read about these pairs are the states of "
    f"nodes and nothing else: {32 * width:,} bits each at hidden size {width}, of 3*a* + 1 nodes. "
    f"From *a* = {enough(32 * width):,} on these are too few, so that no network of this width "
    "has all answers. On smaller graphs the question is open."
)

# %% [markdown]
# ## Products
#
# The three algorithms of geometry ask on which side of a line a point lies: whether one product of
# two differences is above another. A network whose attention selects, as compiled ones do, adds,
# selects and cuts off at 0. What it decides has straight borders, finitely many. The border
# of a product is curved. So no such network is right for all numbers, and Graham's hint of
# angles and the hint of signed areas cannot be shown:

# %% tags=["remove-input"]
mg.book.pages.note(
    f"To tell x y > 1/4 from x y < 1/4 for x from 1/4 to 1, except within {2.0**-24:.1g} of the "
    f"border, takes {bounds.pieces(2.0**-24):,} straight pieces at least."
)

# %% [markdown]
# That is finite, so this is no proof against a large network for float32's numbers. A product in
# the update would do. Soft attention multiplies too, but not exactly.
#
# ## All thirty

# %% tags=["remove-cell"]
verdicts = {
    **dict.fromkeys(("lcs_length", "mst_kruskal"),
        "no: edges need state of their own"),
    **dict.fromkeys(("matrix_chain_order", "optimal_bst"),
        "not its hints; the answer is open"),
    "floyd_warshall": "not its hints; at no fixed width for all sizes",
    **dict.fromkeys(("graham_scan", "jarvis_march", "segments_intersect"),
        "not for all numbers: needs a product"),
    "dag_shortest_paths": "open: an edge's weight is needed where it leads",
    "bridges": "open: the sums exist; no program yet",
    **dict.fromkeys(("naive_string_matcher", "kmp_matcher"),
        "open: two nodes share a position"),
    **dict.fromkeys(first, "compiled"),
}  # fmt: skip
assert {*all_names} == {*verdicts}

# %% tags=["remove-input"]
pd.DataFrame({"verdict": {words(name): verdicts[name] for name in all_names}})

# %% [markdown]
# What "open" stands for, as far as it is known:
#
# - *Shortest paths in an acyclic graph.* A node's attention sees the weights of the edges
#   from it. All nodes that an edge leads to need its weight, at once.
# - *Strings.* In CLRS's string matching two nodes have the same position, and references here
#   are positions.
#
# ## What this shows, and what it does not
#
# - Expressible does not mean learned: of these networks only some are trained
#   ({doc}`which algorithms are learned <17_which_algorithms>`).
# - A program takes a few steps of attention for each hint where CLRS's networks usually take one.
#   Whether one would do is open.
# - "No" is said of networks whose state is at the nodes, and of decoders as CLRS has them. It is
#   exact: such a network may still be right about most edges.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | one certificate | `mindgap verify insertion_sort --nodes 4 16 --graphs 50` |
# | this page | `mindgap book run 18_clrs30` |
