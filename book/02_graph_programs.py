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
# # From a graph program to weights (§2.4, Appendix A)
#
# **Question.** Can an algorithm be written straight into the weights of a graph attention
# network, so that the network computes it exactly? And do the paper's own programs, as
# printed, compute what they are called?
#
# **In one line.** Yes to the first, for breadth-first search and Bellman-Ford, with safe
# ranges that can be computed; no to the second: both listings lose the parents that they
# have found, and one clause of the mask with one change of the update mends each.
#
# **From the paper, on this page:** Listings 1 and 2; Equations 18-20; Figures 2, 8, 9, 10
# and 11.
#
# **What is claimed.** Programs of this kind "establish constructive proofs" that the
# architecture can express an algorithm {cite:p}`saldyt2025gap`. Neither the compiler nor
# its programs were published. What runs on this page was written from the text; others
# have compiled programs into transformers {cite:p}`lindner2023tracr,shaw2024alta`.

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
count: int = 0  # graphs of each size and kind; 0 for the profile's own number
seed: int = 0  # of the graphs

# %% [markdown]
# Nothing is trained here. The profile only says on how many graphs the certificate is
# checked: 20 (`quick`), 200 (`stored`) or 1,000 (`paper`) of each size and kind.

# %% tags=["remove-cell"]
import dataclasses

import jax
import numpy as np
import pandas as pd

import mindgap as mg
from mindgap import plots, programs
from mindgap.compiler import anatomy

mg.book.pages.check_parameters(globals())

count = count or {"quick": 20, "stored": 200, "paper": 1000}[profile]
sizes = {"quick": (16,), "stored": (4, 16, 64), "paper": (4, 7, 11, 13, 16, 64)}[
    profile
]

# %% tags=["remove-cell"]
# %config InlineBackend.figure_formats = []

# %% [markdown]
# ## The language
#
# A program says what every node holds, whom it looks at, and what it holds afterwards.
# `self` looks, `other` is looked at, `edge` lies between them. Here is breadth-first
# search as it must read to be right:

# %%
programs.bfs

# %% [markdown]
# The meaning of a program is fixed, and tested. Of programs whose `default` is the node itself,
# as all on this page:
#
# - The candidates are the *other* nodes that satisfy the mask. Equal keys go to the lowest
#   index.
# - When no candidate is left, `other` is the node itself and `edge` reads 0. The
#   graph's own self-loops never count.
# - All nodes step at once.
#
# An update must be a sum of parts, each of which is affine in what it reads, or one test, or an
# affine form under a test, or a minimum or maximum ({doc}`the language <11_language>`): that is
# what one layer, linear maps and a ReLU, can do. "Keep the old value" is
# therefore not an *if*: a node that is reached has no candidates, so it selects itself, and
# `other.index + (self.pi - self.index)` is then `self.pi`.
#
# ## The listings as printed
#
# The paper prints two programs. They can be interpreted as they stand:

# %%
programs.listing_2

# %%
programs.listing_1


# %% tags=["remove-input"]
def accuracy(program, graphs):
    lengths = np.maximum(2, np.asarray(graphs.trajectory.lengths))
    states = mg.interpret(program, graphs, int(lengths.max()) - 1).states["pi"]
    last = np.asarray(states)[np.arange(len(lengths)), lengths - 1]
    named = np.abs(last[:, :, None] - np.asarray(graphs.positions)[:, None]).argmin(-1)
    return 100 * (named == np.asarray(graphs.trajectory.outputs["pi"])).mean()


printed = {
    "Listing 2 (BFS) as printed": programs.listing_2,
    "BFS, mended": programs.bfs,
    "Listing 1 (Bellman-Ford) as printed": programs.listing_1,
    "Listing 1 with other.dist": programs.listing_1_other,
    "Bellman-Ford, mended": programs.bellman_ford,
}
tests = {
    task.name: task.benchmark("test") for task in (mg.tasks.bfs, mg.tasks.bellman_ford)
}
pd.DataFrame(
    [
        f"{accuracy(program, tests[program.task.name]):.2f}"
        for program in printed.values()
    ],
    list(printed),
    ["pointers right (%), CLRS-30 test, n = 64"],
)

# %% [markdown]
# Three things go wrong in print:
#
# 1. **No retention.** `pi = other.idx` is written again at every step. In Listing 2 a node
#    ends up with its lowest *visited* neighbour of the last step instead of the one that
#    first reached it, and the source, too, takes a neighbour for a parent.
# 2. **The default erases.** The remedy is that a reached node stops looking. But with
#    `default = self.idx`, a node that looks at nobody then writes its own number over its
#    parent: the update has to say what is kept.
# 3. **Whose distance?** Listing 1 selects by `other.dist + edge` but updates with
#    `self.dist + edge.dist`, so distances are no path lengths. With `other.dist` the
#    source still takes part: once a neighbour is visited, it takes on a parent and a
#    distance, and these spread.
#
# The smallest changes that make them exact are a clause of the mask each: BFS adds
# `& ~self.reach` (and says what is kept), Bellman-Ford `& ~init.s` (and reads `other.dist`).
#
# Smaller misprints: commas are missing; the length of an edge is `edge` in one line and
# `edge.dist` in another (here `edge.weight`); Listing 2 declares a component `s` and
# updates one named `visit` (here both are `reach`). And once distances no longer change,
# the best offer that a node gets is as good as what it has: whether a parent stays is then
# a question of ties, of which print says nothing. That is why programs here are held
# against CLRS at every hint, on all small graphs, and not at the end alone.

# %%
programs.bellman_ford

# %% [markdown]
# ## From program to hidden state (Eq. 18-19)
#
# The compiler gives every component a coordinate of the hidden state. For Bellman-Ford in
# the paper's minimal network, of hidden size 4:

# %%
modified = mg.ModelConfig(
    hidden_size=4,
    layer_norm=False,
    attention_bias=True,
    edge_values="projected",
    nodes=5,
)
compiled = mg.compile(programs.bellman_ford, modified)
compiled.layout

# %% [markdown]
# The paper has
#
# $$h = [\;\text{dist} \quad \text{visited} \quad \pi \quad \text{id}\;] \tag{19}$$
#
# with the example $[1.25,\ 0,\ 0.25,\ 0.75]$ as its Eq. 18. Three of our four are the same.
# The fourth answers a question that the paper leaves open: the network's state starts at
# zero, not at the program's start. So that the first step already sees the right values, a
# component is read as *start + V - P*, where *start* comes from the inputs, V is the stored
# value, and P a copy of the start that is kept from the first step on. At first V = P = 0;
# afterwards the start cancels. (For BFS's parent, P is what the paper calls `id`.)
#
# ## The program, running

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-2", "caption": "Figure 2's counterpart: compiled Bellman-Ford on five nodes, one column per step. Above, what every node holds after the step, read off the network's hidden state; below, its attention. Section 2.4 says of the paper's figure no more than that it shows a compiled program using attention (bottom) to update distances and visited states (top)."}, "image": {"alt": "Five panels, one for each step. The upper row colours the distance, the reached flag and the parent of five nodes; the lower row is the attention from each receiver to each sender."}}
weights = np.zeros((1, 5, 5), np.float32)
for i, j, w in (
    (0, 1, 0.9),
    (0, 2, 0.2),
    (2, 1, 0.3),
    (1, 3, 0.4),
    (2, 4, 0.8),
    (3, 4, 0.1),
):
    weights[0, i, j] = weights[0, j, i] = w
small = mg.tasks.bellman_ford.run(weights, np.eye(5, dtype=np.float32)[:1]).trimmed()
found = compiled(small)
held = {
    name: np.asarray(compiled.layout.read(found.states, name))[0]
    for name in ("dist", "reach", "pi")
}
held["pi"] = held["pi"] * 5  # the parent's number
steps = found.states.shape[1]
shown_steps = [f"step {t + 1}" for t in range(steps)]
plots.program_run(held, np.asarray(found.attention)[0, :, 0], shown_steps)

# %% tags=["remove-input"]
frame = pd.concat({k: pd.DataFrame(v, shown_steps) for k, v in held.items()})
mg.book.pages.data("figure-2", frame.rename_axis(["component", "after"]).round(5))

# %% tags=["remove-cell"]
meant = mg.interpret(programs.bellman_ford, small, steps)
assert np.allclose(held["dist"], np.asarray(meant.states["dist"])[0, 1:], atol=1e-6)
assert (
    np.asarray(found.attention)[0, :, 0].argmax(-1)
    == np.asarray(meant.look.selected)[0]
).all()

# %% [markdown]
# On a graph of yours, and beside a trained network: the {doc}`playground <playground>` runs the weights in
# the page. Give two paths the same length there, and watch the softmax share its attention
# between them: such graphs are outside of the program's limits (see below).

# %% [markdown]
# ## The parameters (Figures 8-11)
#
# Every weight has a reason, and so a name on each axis. The columns of $W_\text{in}$,
# $W_\text{out}$ and $W_\text{edge}$ are the channels of the score. `key` is what is to be
# small, here the offered distance. `mask` counts the clauses that a pair fails, times a large
# number. `self` reads nothing but the bias $\mathcal{B}$, which is a large negative number on
# the diagonal: there all leaky ReLUs are nearly flat, so that a node's own score hardly
# depends on what it holds, and lies between those of the candidates and those of all
# others.

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-8", "caption": "Figure 8's counterpart: main parameters of compiled Bellman-Ford at hidden size 4. Rows are inputs (x: encoded, h: hidden), columns outputs; entries that are 0 are blank. The sharpness is 8 instead of the exact compiler's 2^26, to keep the numbers readable."}, "image": {"alt": "Tables of numbers: the value, skip, sender, receiver and edge maps of compiled Bellman-Ford with their few entries that are not zero, and named rows and columns."}}
shown = mg.compile(programs.bellman_ford, modified, sharpness=8.0, largest_value=4.0)
plots.parameters(anatomy.main_parameters(shown))

# %% tags=["remove-input"]
mg.book.pages.data("figure-8", anatomy.frame(anatomy.main_parameters(shown)))

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-9", "caption": "Figure 9's counterpart: encoders and decoders of compiled Bellman-Ford."}, "image": {"alt": "Tables of numbers: the encoders and decoders of compiled Bellman-Ford with their few entries that are not zero."}}
plots.parameters(anatomy.auxiliary_parameters(shown))

# %% tags=["remove-input"]
mg.book.pages.data("figure-9", anatomy.frame(anatomy.auxiliary_parameters(shown)))

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-10", "caption": "Figure 10's counterpart: main parameters of compiled BFS. No distance is tracked, and the key is the sender's position."}, "image": {"alt": "Tables of numbers: the value, skip, sender, receiver and edge maps of compiled BFS with their few entries that are not zero."}}
shown_bfs = mg.compile(
    programs.bfs, dataclasses.replace(modified, edge_values="none"), sharpness=8.0
)
plots.parameters(anatomy.main_parameters(shown_bfs))

# %% tags=["remove-input"]
mg.book.pages.data("figure-10", anatomy.frame(anatomy.main_parameters(shown_bfs)))

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-11", "caption": "Figure 11's counterpart: encoders and decoders of compiled BFS."}, "image": {"alt": "Tables of numbers: the encoders and decoders of compiled BFS with their few entries that are not zero."}}
plots.parameters(anatomy.auxiliary_parameters(shown_bfs))

# %% tags=["remove-input"]
mg.book.pages.data("figure-11", anatomy.frame(anatomy.auxiliary_parameters(shown_bfs)))

# %% [markdown]
# The paper describes its own weights in words (A.1-A.2), not in numbers. Where they can be
# compared, ours differ in two ways. The paper has "large negative values on the diagonal"
# of $W_\text{edge}$ and orders BFS's neighbours through $\mathcal{B}$; here one diagonal bias
# serves every program, and the order comes from positions, so that random positions work,
# too.
#
# ## Reading parents out (Eq. 20)
#
# A parent is stored as a position and must become a class:
#
# $$y_\text{pred} = \text{softmax}(c \cdot \max(p - v,\; v - p)) \tag{20}$$
#
# The paper's example:

# %%
p, v, c = np.array([0.0, 0.25, 0.5, 0.75]), 0.25, -1000.0
y = np.asarray(jax.nn.softmax(c * np.maximum(p - v, v - p)))
y

# %% tags=["remove-cell"]
assert (y.round(6) == [0, 1, 0, 0]).all()

# %% [markdown]
# This decoder knows the positions by heart, so it is tied to one number of nodes and to
# evenly spaced positions. The benchmark's own pointer decoder (Eq. 12-14) does the same
# without either: $-2\max(\pi_i, p_j) + p_j$ is largest where $p_j = \pi_i$.

# %%
logits = -2 * np.maximum(v, p) + p
print(logits.round(2), "largest at node", logits.argmax())

# %% tags=["remove-cell"]
assert logits.argmax() == 1

# %% [markdown]
# ## The certificate
#
# `verify` compares three readings on every graph: the algorithm (the benchmark's), the
# interpreter, and the compiled network: outputs, all hints at every step, and whom the
# largest attention is on. Half of the graphs have random positions, and CLRS-30's test set
# is added where its size is among those asked for.


# %% tags=["remove-input"]
def certificate(program, network="mindgap", nodes=sizes):
    found = mg.verify(program, network, nodes=nodes, graphs=count, seed=seed)
    return {
        "program": program.name, "network": network, "hidden": found.hidden_size,
        "nodes": ", ".join(map(str, found.nodes)), "graphs": found.graphs,
        "outputs": f"{found.outputs:.2%}", "hints": f"{found.hints:.2%}",
        "selections": f"{found.selections:.2%}", "margin": f"{found.margin:.4f}",
        "refused": f"{found.refused:.2%}",
    }  # fmt: skip


rows = [certificate(programs.bfs), certificate(programs.bellman_ford)]
if profile != "quick":  # the profile that leaves out what takes longest
    rows.append(certificate(programs.bfs, "clrs", nodes=(4, 16)))
    more = [programs.hop_count, programs.components]
    more += [programs.reachability, programs.nearest_neighbour]
    rows += [certificate(program, nodes=(16,)) for program in more]
pd.DataFrame(rows).set_index("program")

# %% tags=["remove-cell"]
for row in rows:
    assert {row[share] for share in ("outputs", "hints", "selections")} == {"100.00%"}

# %% [markdown]
# The third row (left out of the quick profile) is the strictest: the weights run in dm-clrs's *unmodified* code
# (`BaselineModel`, processor `gatv2`, layer norm off), which has neither of the two
# modifications. (Its attention cannot be seen from outside; the selections in that row are
# those of our network with the same weights.) Besides these random graphs, the library's
# tests go through every undirected graph of up to four nodes from every source.
#
# ## The safe range
#
# A softmax selects one node only if the best key is far enough ahead of the next, and
# float32 resolves only so much. Both are computed when a program is compiled; outside, the
# network is not used.

# %%
print(compiled.limits)

# %%
tie = np.array(small.weights)
tie[0, 0, 1] = tie[0, 1, 0] = 0.5  # 0-1 is now as long as 0-2-1
try:
    compiled(programs.bellman_ford.task.run(tie, small.source).trimmed())
except mg.OutOfRange as error:
    print(error)

# %% [markdown]
# Two equal paths are not a matter of sharpness: a softmax averages exact ties, whatever
# the weights. How often does a random graph come too close?

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-refused", "caption": "Share of random graphs (edge probabilities .1 to .9, linear positions) that lie outside the limits of compiled Bellman-Ford, by number of nodes and sharpness: in a softer network keys must be further apart."}, "image": {"alt": "Three rising lines, one for each sharpness, of the share of graphs refused against the number of nodes: the softer the network, the higher its line."}}
chances = mg.tasks.base.TRAIN_PROBABILITIES
drawn = {
    n: mg.tasks.bellman_ford.sample(jax.random.key(seed), n, 400, chances).trimmed()
    for n in ((4, 16) if profile == "quick" else (4, 8, 16, 32, 64))
}
lines = {}
for sharpness in (2.0**10, 2.0**14, 2.0**26):
    places, heights = [], []
    for nodes, batch in drawn.items():
        network = dataclasses.replace(modified, nodes=nodes)
        soft = mg.compile(programs.bellman_ford, network, sharpness=sharpness)
        refused = [reason is not None for reason in soft.refusals(batch)]
        places.append(nodes)
        heights.append(100 * np.mean(refused))
    lines[f"sharpness 2^{int(np.log2(sharpness))}"] = (places, heights)
plots.shares(lines, "nodes", "graphs refused (%)")

# %% tags=["remove-input"]
columns = {
    name: pd.Series(heights, places) for name, (places, heights) in lines.items()
}
mg.book.pages.data("figure-refused", pd.DataFrame(columns).rename_axis("nodes"))

# %% [markdown]
# ## What the architecture must have, and what it need not
#
# **The bias is not needed for BFS.** In C.1 the paper says that the bias is not strictly
# necessary, and also that compiled BFS needs an identity matrix as one. The third row of the
# certificate does without: two leaky ReLUs give an exact ReLU, $\text{relu}(x) = (\text{leaky}(x) + 0.01\,\text{leaky}(-x)) / 0.9999$, and so a
# score can take $|p_j - p_i|$ from every pair that is no candidate, which is zero for the node
# itself only. For Bellman-Ford the compiler does not find such a way:

# %%
for changes in (
    {"attention_bias": False, "nodes": None},
    {"edge_values": "none"},
    {"layer_norm": True},
):
    try:
        mg.compile(programs.bellman_ford, dataclasses.replace(modified, **changes))
    except mg.CannotCompile as error:
        print("-", error)

# %% [markdown]
# **All it needs is one number.** The bias is a matrix, so it ties a network to one number of
# nodes. What compiling uses of it is its diagonal, with the same number in every place. With
# that number alone, Bellman-Ford compiles for graphs of any size:

# %%
bare = dataclasses.replace(modified, attention_bias=False, nodes=None)
free = mg.compile(programs.bellman_ford, dataclasses.replace(bare, self_bias=True))
right = {}
for nodes, batch in drawn.items():
    kept = batch.take(np.flatnonzero([r is None for r in free.refusals(batch)]))
    hit = free(kept, trace=False).outputs["pi"] == kept.trajectory.outputs["pi"]
    right[nodes] = np.asarray(hit).mean()
{nodes: f"{share:.2%}" for nodes, share in right.items()}

# %% [markdown]
# *Share of pointers right by number of nodes, on the graphs within the limits.*

# %% tags=["remove-cell"]
assert set(right.values()) == {1.0}

# %% [markdown]
# **Edge information is needed for Bellman-Ford, as long as each node selects whom the
# algorithm selects.** The paper says that the change "is not strictly necessary" (C.1). Here is the bound. Without edge
# values, a node's next state depends on edge weights only through the attention
# coefficients. If these are one-hot (up to a leak $\varepsilon$), two graphs on which every
# node selects the same neighbours have the same states, up to $2 \varepsilon$ times the
# largest value. Take a diamond: source 0, then 1 and 2, then 3, whose two edges weigh the
# same. Swap the weights of the edges at the source. In the first step nothing is selected
# differently; in the second, node 3 sees the same scores on both graphs; but its right parent
# is 1 on the one and 2 on the other. No weights of that kind can be right on both. A network
# that spends a step or a head on comparing weights is not excluded: nodes 1 and 2 see which
# of their two edges is the lighter one.


# %% tags=["remove-input"]
def diamond(first, second):
    w = np.zeros((1, 4, 4), np.float32)
    for i, j, weight in ((0, 1, first), (0, 2, second), (1, 3, 0.5), (2, 3, 0.5)):
        w[0, i, j] = w[0, j, i] = weight
    return mg.tasks.bellman_ford.run(w, np.eye(4, dtype=np.float32)[:1]).trimmed()


four = dataclasses.replace(modified, nodes=4)
whole = mg.compile(programs.bellman_ford, four)
deaf = {
    **whole.params,
    "attention/edge_reduce": jax.tree.map(
        np.zeros_like, whole.params["attention/edge_reduce"]
    ),
}
for graph in (diamond(0.1, 0.9), diamond(0.9, 0.1)):
    parents = [
        mg.apply(whole.task, four, params, graph).outputs["pi"][0, 3]
        for params in (whole.params, deaf)
    ]
    print(
        f"right {graph.trajectory.outputs['pi'][0, 3]}, with edge values {parents[0]}, without {parents[1]}"
    )

# %% [markdown]
# What is left to a network that selects as Bellman-Ford does is the leak itself: a second,
# soft head could carry a weight $w$ in a coefficient $\sigma(\eta w) \approx 1/2 + \eta w / 4$. Float32 stores
# that with an error, which grows by $4 / \eta$ when $w$ is recovered, and the next term of
# the series adds $\eta^2 w^3 / 12$. The best compromise, for an edge of weight 1, beside
# what has to be told apart on CLRS-30's test set:

# %%
eta = np.geomspace(1e-4, 1, 1000)
error = 2.0**-25 * 4 / eta + eta**2 / 12
test = tests["bellman_ford"]
last = int(test.trajectory.lengths.max()) - 1
gaps = np.asarray(mg.interpret(programs.bellman_ford, test, last).look.gap)
print(
    f"least error for each edge: {error.min():.1e}, at eta = {eta[error.argmin()]:.1e}"
)
print(f"least gap between two offers on the test set: {gaps.min():.1e}")

# %% [markdown]
# The two are of one size, and errors add up along a path. So such a network would be nearly
# right, not exact: that is the leak in the attention
# mechanism that the paper suspects in learned networks.
#
# **Layer norm must be off.** It rescales the scalars that the state is made of. The paper's
# trained networks have it on (Table 9), so a compiled and a learned network never have
# quite the same architecture unless it is switched off for both.
#
# **Size.** A hidden size of 4 is enough for both programs. The same patterns lie in a network
# of hidden size 128, the rest of which is zero:

# %% tags=["remove-input"]
large = dataclasses.replace(modified, hidden_size=128)
embedded = mg.compile(programs.bellman_ford, large)(small)
minimal = dataclasses.replace(modified, nodes=16)
plain = mg.ModelConfig(hidden_size=4)
pd.DataFrame(
    {
        task.name: {
            "minimal (paper: 500)": mg.network.count(task, plain),
            "minimal with both modifications, n = 16": mg.network.count(task, minimal),
            "hidden size 128 (paper: about 5e6)": mg.network.count(
                task, mg.ModelConfig()
            ),
        }
        for task in (mg.tasks.bfs, mg.tasks.bellman_ford)
    }
)

# %% tags=["remove-cell"]
assert np.array_equal(embedded.logits["pi"], found.logits["pi"])

# %% [markdown]
# ## A program of your own
#
# Ten lines are enough. This one marks every node that has a neighbour at the source, and
# keeps the mark:

# %%
around = mg.GraphProgram(
    name="around",
    start=lambda init: {"source": init.s, "marked": False},
    select=lambda self, other, init, edge: mg.Min(
        other.index, where=edge.adj & other.source, default=self
    ),
    update=lambda self, other, init, edge: {
        "source": self.source,
        "marked": self.marked | other.source,
    },
)
print(mg.verify(around, nodes=(8,), graphs=20))

# %% [markdown]
# What one layer cannot do is refused, by place. If the edges of a path are probabilities,
# that of the whole path is their product, and a product of two inputs is not affine:

# %%
try:
    mg.GraphProgram(
        name="likeliest_path",
        start=lambda init: {"chance": init.s + 0.0},
        select=lambda self, other, init, edge: mg.Max(
            other.chance, where=edge.adj, default=self
        ),
        update=lambda self, other, init, edge: {"chance": other.chance * edge.weight},
    )
except mg.ProgramError as error:
    print(error)

# %% [markdown]
# ## What this shows, and what it does not
#
# - It shows that the network *can* hold BFS and Bellman-Ford exactly, and where: the
#   expressivity half of the paper's gap, for these two.
# - It does not show that such weights resemble learned ones, or that training would stay
#   near them.
# - DFS is not here: its program needs more than one selection per step.
#
# **What would change our mind.** One graph within the limits on which the three readings
# differ: the build would stop.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | the certificate | `mindgap verify bfs --nodes 4 16 64 --graphs 1000` |
# | in dm-clrs's own code | `mindgap verify bfs --network clrs` |
# | this page on more graphs | `papermill book/02_graph_programs.ipynb out.ipynb -p count 1000` |
# | every small graph, injected faults | `pytest tests/compiler` |
