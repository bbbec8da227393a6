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
# # What does one layer of graph attention compute? (§2.1-2.3)
#
# **Question.** The paper writes its network down in seventeen equations. Which arrays do
# they mean, is that what the benchmark computes, and what do the two modifications of
# §2.3 change?
#
# **In one line.** With the misprints repaired, Eq. 1-14 are dm-clrs's network, layer by
# layer; of the two modifications, the one for edge information is printed at a place
# where self-loops break it.
#
# **From the paper, on this page:** Equations 1-17.
#
# Every equation below is one cell, written with the paper's letters, and most are followed by
# a line that holds them against dm-clrs's own layers {cite:p}`velickovic2022clrs`, run with
# the same parameters on the same graphs. The paper takes the layer from GATv2
# {cite:p}`brody2022gatv2`.

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
nodes: int = 6  # of the graphs on this page
hidden_size: int = 16  # of the network
seed: int = 0  # of graphs and parameters

# %% [markdown]
# Nothing is trained on this page, so all profiles do the same.

# %%
import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import mindgap as mg

mg.book.pages.check_parameters(globals())

task = mg.tasks.bfs
config = mg.ModelConfig(hidden_size=hidden_size)
graphs = task.sample(jax.random.key(seed), nodes, 8, 0.6).trimmed()

# %% [markdown]
# ## The benchmark's network, and its parameters
#
# `clrs_model` makes dm-clrs's own `BaselineModel`, unmodified, and lets it initialise
# itself. From here on `W` holds *its* parameters. The paper calls the sender's map
# $W_\text{in}$ and the receiver's $W_\text{out}$.
#
# $$\alpha_{\text{attn}} = \mathcal{F}(\theta, V, \mathcal{E}, g, A, H_t) \tag{1}$$
#
# $$\theta = (W_\text{edge}, W_\text{meta}, W_\text{skip}, W_\text{val}, W_\text{in}, W_\text{out}, \omega_\text{attn}) \tag{2}$$

# %% tags=["remove-output"]
benchmark = mg.network.dm_clrs.to_feedback(task, graphs)
model = mg.network.dm_clrs.clrs_model(task, config, benchmark)
layers = {
    name.removeprefix("attention/"): (leaves["w"], leaves["b"])
    for name, leaves in mg.network.dm_clrs.from_clrs(task, config, model.params).items()
    if "w" in leaves
}
W = {name: w for name, (w, _) in layers.items()}
b = {name: bias for name, (_, bias) in layers.items()}

# %%
theta = ["edge", "meta", "skip", "value", "in", "out", "score_0"]
pd.DataFrame({"shape": [" x ".join(map(str, W[name].shape)) for name in theta]}, theta)

# %% [markdown]
# These are the shapes of Eq. 2 with $s$ = hidden size and one head ($d = 1$, $f = s$). Eq.
# 2 leaves out the biases, which dm-clrs has in every layer; they are zero at first, so we
# add a little to every parameter that is zero: a misplaced bias would otherwise go
# unnoticed.

# %%
model.params = jax.tree.map(lambda leaf: leaf + 0.1 * (leaf == 0), model.params)
ours = mg.network.dm_clrs.from_clrs(task, config, model.params)
layers = {name.removeprefix("attention/"): p for name, p in ours.items() if "w" in p}
W = {name: p["w"] for name, p in layers.items()}
b = {name: p["b"] for name, p in layers.items()}

# %% [markdown]
# ## Encoders
#
# Every input is a few scalars, and gets a linear map of its own. What belongs to nodes,
# to edges and to the graph is added up separately:
#
# $$v_i = \sum_{\text{enc}} W_j \hat v_{ij} \tag{10}$$
#
# A pointer is an edge input: `pi_h[i, j]` is 1 if $i$ points to $j$. At the first step
# the hints are the algorithm's own first ones.

# %%
inputs = task.inputs(graphs)
hints = {name: hint[:, 0] for name, hint in graphs.trajectory.hints.items()}
hints["pi_h"] = jax.nn.one_hot(hints["pi_h"], nodes)


def enc(name, scalars):
    return scalars[..., None] * W[f"encoder_{name}"][0] + b[f"encoder_{name}"]


x = enc("pos", inputs["pos"]) + enc("s", inputs["s"]) + enc("reach_h", hints["reach_h"])
E = enc("A", inputs["A"]) + enc("adj", inputs["adj"]) + enc("pi_h", hints["pi_h"])
g = jnp.zeros((len(x), hidden_size))  # BFS has no graph inputs
A = inputs["adj"]

# %% [markdown]
# ## The layer
#
# We give both networks some hidden state, so that no weight is multiplied by zero.
# `theirs` is what each linear layer inside dm-clrs's processor gave. All our arrays have
# the receiver $i$ before the sender $j$.

# %%
h = jax.random.normal(jax.random.key(seed + 1), x.shape)
new_theirs, theirs = mg.network.dm_clrs.clrs_layers(config, model.params, x, E, g, A, h)


gaps = []


def same(ours, theirs):
    gap = np.abs(ours - theirs).max() / np.abs(theirs).max()
    gaps.append(gap)
    return f"equal up to {gap:.0e}"


# %% [markdown]
# $$\nu_\text{val} = W_\text{val} [x_i \mid h_i] \tag{3}$$

# %%
xh = jnp.concatenate([x, h], -1)
nu_val = xh @ W["value"] + b["value"]
same(nu_val, theirs["attention/value"])

# %% [markdown]
# $$z_\text{in} = W_\text{in}[x_i \mid h_i] \qquad z_\text{out} = W_\text{out}[x_i \mid h_i] \qquad z_\text{edge} = W_\text{edge} \mathcal{E} \qquad z_\text{meta} = W_\text{meta}\, g \tag{4}$$

# %%
z_in = xh @ W["in"] + b["in"]
z_out = xh @ W["out"] + b["out"]
z_edge = E @ W["edge"] + b["edge"]
z_meta = g @ W["meta"] + b["meta"]
for name, z in {"in": z_in, "out": z_out, "edge": z_edge, "meta": z_meta}.items():
    print(name, same(z, theirs[f"attention/{name}"]))

# %% [markdown]
# $$\zeta_\text{pre attn} = z_\text{in} + z_\text{out} + z_\text{edge} + z_\text{meta} \tag{5}$$
#
# with $z_\text{in}$ broadcast over receivers and $z_\text{out}$ over senders. (The shapes
# printed under Eq. 5 name both axes $n$ and cannot tell which is which; dm-clrs's order is
# the one here. An edge feature $e_{ij}$ is seen by $i$, so on a directed graph a node sees
# the edges that leave it.)

# %%
zeta = z_in[:, None, :, :] + z_out[:, :, None, :] + z_edge + z_meta[:, None, None, :]

# %% [markdown]
# $$a = \omega_k\, \sigma(\zeta) \tag{6}$$
#
# Here $\sigma$ is a leaky ReLU of slope 0.01; in Eq. 9 the same letter is a plain ReLU.

# %%
a = jax.nn.leaky_relu(zeta) @ W["score_0"] + b["score_0"]
same(a, theirs["attention/score_0"])

# %% [markdown]
# $$\beta = c\,(A - 1) \tag{7}$$
# $$\alpha = \text{softmax}(a + \beta) \tag{8}$$
# $$h_\text{new} = \sigma(\alpha\, \nu_\text{val} + W_\text{skip}[x_i \mid h_i]) \tag{9}$$
#
# and a layer norm at the end.

# %%
beta = 1e9 * (A - 1)

# %%
alpha = jax.nn.softmax(a[..., 0] + beta, axis=-1)

# %% tags=["remove-cell"]
assert (
    np.allclose(alpha.sum(-1), 1) and (np.asarray(alpha)[np.asarray(A) == 0] == 0).all()
)

# %%
skip = xh @ W["skip"] + b["skip"]
same(skip, theirs["attention/skip"])

# %%
h_relu = jax.nn.relu(alpha @ nu_val + skip)
norm = ours["attention"]
centred = h_relu - h_relu.mean(-1, keepdims=True)
h_new = norm["norm_scale"] * centred / jnp.sqrt(h_relu.var(-1, keepdims=True) + 1e-5)
h_new = h_new + norm["norm_offset"]
same(h_new, new_theirs)

# %% [markdown]
# That is dm-clrs's processor, whole. The library computes the same without ever forming
# $\zeta$, whose size is $n^2 s$: see `mindgap.network.attention.attend`.
#
# ## Decoders
#
# $$y_k = W_k\, h \tag{11}$$
#
# dm-clrs's decoders do not read $h$ alone but $[x_i \mid h_i \mid h_i^\text{new}]$: the
# input, the state before the step, and the state after it. So a decoder can answer from
# the inputs, with the state doing nothing.
#
# $$p_1 = W_1 h \qquad p_2 = W_2 h \qquad p_e = W_e \mathcal{E} \tag{12}$$
# $$p_m = \max(p_1, p_2 + p_e) \tag{13}$$
# $$y = W_3\, p_m \tag{14}$$
#
# Eq. 13 is printed with $p_m$ on both sides. In dm-clrs the maximum is between what the
# pointing node $i$ holds and what node $j$ offers it, over the edge from $j$ to $i$.


# %%
def dec(name, rows):
    return rows @ W[f"decoder_{name}"] + b[f"decoder_{name}"]


def step(x, E, h):
    new, _ = mg.network.dm_clrs.clrs_layers(config, model.params, x, E, g, A, h)
    return new, jnp.concatenate([x, h, new], -1)


def pointers(rows, E):  # Eq. 12-14
    p_1, p_2 = dec("pi_h/receiver", rows), dec("pi_h/sender", rows)
    offered = p_2[:, :, None] + dec("pi_h/edge", E)
    p_m = jnp.maximum(p_1[:, :, None], offered.swapaxes(1, 2))
    return dec("pi_h/score", p_m)[..., 0]


# %% [markdown]
# dm-clrs's own predictions of all hints are the test: for its first step, where the state
# is zero, and for the second, which gets the predictions of the first as inputs (softly: a
# sigmoid for a mask, a softmax for a pointer).

# %%
_, told = model.predict(jax.random.PRNGKey(0), benchmark.features, return_hints=True)
h_1, rows = step(x, E, jnp.zeros_like(x))
reach, pi = dec("reach_h/node", rows)[..., 0], pointers(rows, E)
print("reach_h, step 1:", same(reach, told[0]["reach_h"]))
print("pi_h,    step 1:", same(pi, told[0]["pi_h"]))

# %%
x_2 = enc("pos", inputs["pos"]) + enc("s", inputs["s"])
x_2 = x_2 + enc("reach_h", jax.nn.sigmoid(reach))
E_2 = enc("A", inputs["A"]) + enc("adj", inputs["adj"])
E_2 = E_2 + enc("pi_h", jax.nn.softmax(pi, -1))
strong = jax.nn.softmax(pi, -1)
A = jnp.maximum(A, strong + strong.mT > 0.5)
_, rows = step(x_2, E_2, h_1)
print("reach_h, step 2:", same(dec("reach_h/node", rows)[..., 0], told[1]["reach_h"]))
print("pi_h,    step 2:", same(pointers(rows, E_2), told[1]["pi_h"]))

# %% [markdown]
# One detail is in no equation: where hints are fed back, dm-clrs also lets two nodes attend
# to each other if their predicted pointers to each other add up to more than one half
# (`strong` above). For the whole network over whole trajectories, three tasks, losses and
# gradients included, the library's tests hold the same comparison.
#
# ## Edge information (Eq. 15-16)
#
# The values of Eq. 3 know nothing of edges: a distance along edges can only be added up
# if it leaks through the attention coefficients, or in a decoder. The paper therefore adds
#
# $$\mathcal{E}_\text{mid} = W_\text{info}\, \mathcal{E} \tag{15}$$
# $$h = h + W_\text{reduce}(\alpha \odot \mathcal{E}_\text{mid}) \tag{16}$$
#
# The authors' code has two forms: an early one without parameters, and a later one in which
# $W_\text{reduce}$ contracts the neighbour axis, which ties it to one number of nodes and to
# one order of them. The reading here,
# $h_i \mathrel{+}= W_\text{reduce} \sum_j \alpha_{ij} W_\text{info}\, e_{ij}$, fits any graph.
#
# *Where* it is added matters. Eq. 16 stands after Eq. 9, so after the ReLU. The library adds
# it inside, before the ReLU. To see the difference, take a network that computes
# Bellman-Ford exactly (compiled; see the next chapter), and move the term.

# %%
program = mg.programs.bellman_ford
exact = mg.compile(
    program,
    dataclasses.replace(
        config, hidden_size=4, nodes=nodes, layer_norm=False,
        attention_bias=True, edge_values="projected",
    ),
)  # fmt: skip
batch = program.task.sample(jax.random.key(seed), nodes, 64, 0.7).trimmed()
found = exact(batch)

# %% [markdown]
# Look at the first step. All distances are still zero, so that behind the ReLU, where Eq. 16 is
# printed, the new distance is the edge term alone, $\sum_j \alpha_{ij} A_{ij}$. A node without a
# reached neighbour selects itself, and this sum is then the weight of its own self-loop,
# $A_{ii}$. Inside the ReLU a large negative number, the gate that the compiler sets, makes it
# zero; behind the ReLU nothing can.

# %%
(dist,) = exact.layout.places["dist"].values  # its coordinate
alpha = found.attention[:, 0, 0]  # of the first step
edge_term = (alpha * batch.weights).sum(-1)
true = np.asarray(mg.interpret(program, batch, 1).states["dist"])[:, 1]
inside = np.asarray(found.states[:, 0, :, dist])
selects_itself = alpha.argmax(-1) == jnp.arange(nodes)
# the candidates' values are 0 in the first step, so behind the ReLU only the term is left
printed = np.asarray(edge_term)

# %%
looped = np.asarray(jnp.diagonal(batch.weights, axis1=1, axis2=2) > 0)
groups = {
    "selects a neighbour": ~np.asarray(selects_itself),
    "selects itself, no self-loop": np.asarray(selects_itself) & ~looped,
    "selects itself, has a self-loop": np.asarray(selects_itself) & looped,
}
pd.DataFrame(
    {
        "nodes": [mask.sum() for mask in groups.values()],
        "inside the ReLU: distance right": [
            f"{np.isclose(inside, true, atol=1e-4)[m].mean():.0%}"
            for m in groups.values()
        ],
        "as printed: distance right": [
            f"{np.isclose(printed, true, atol=1e-4)[m].mean():.0%}"
            for m in groups.values()
        ],
    },
    index=list(groups),
)

# %% tags=["remove-cell"]
assert np.allclose(inside, true, atol=1e-4)
assert not np.isclose(printed, true, atol=1e-4)[
    groups["selects itself, has a self-loop"]
].any()

# %% [markdown]
# The benchmark's graphs do have self-loops: its samplers keep the diagonal, and at edge
# probability one half, half of all nodes have one. As printed, every such node would start
# out with its own loop's weight as a distance. (A network could still be trained around
# it, through its decoders. A program cannot be compiled past it.)
#
# ## Pre-attention bias (Eq. 17)
#
# $$\zeta_\text{post} = \zeta_\text{pre} + \mathcal{B} \tag{17}$$
#
# $\mathcal{B}$ is one number for every pair of nodes, the same for all features and heads,
# and so it fixes the number of nodes. With $\mathcal{B} = 0$, where training starts, the
# network is the unmodified one:

# %%
biased = dataclasses.replace(config, attention_bias=True, nodes=nodes)
fresh = mg.init(task, biased, jax.random.key(seed))
plain = {k: v for k, v in fresh.items() if k != "attention"}
plain["attention"] = {k: v for k, v in fresh["attention"].items() if k != "bias"}
without = mg.apply(task, config, plain, graphs)
print(same(mg.apply(task, biased, fresh, graphs).states, without.states))

# %% tags=["remove-cell"]
assert max(gaps) <= 1e-5 and gaps[-1] <= 1e-6

# %% [markdown]
# What it is for is the diagonal: a large negative number there marks a node to itself, so
# that "keep what you hold" can be told from "copy your neighbour" whatever the two hold.
# The price is not only the fixed size. Unless $\mathcal{B}$ has one number everywhere on the
# diagonal and one everywhere else, the network depends on how the nodes are numbered:

# %%
marked = jax.tree.map(jnp.array, fresh)
marked["attention"]["bias"] = jnp.zeros((nodes, nodes)).at[0, 1].set(-50.0)
flip = np.arange(nodes)[::-1]


def flipped(array, axes):  # of the same graphs, with the nodes numbered backwards
    return functools.reduce(lambda a, axis: jnp.take(a, flip, axis), axes, array)


backwards = task.run(
    flipped(graphs.weights, [1, 2]),
    flipped(graphs.source, [1]),
    flipped(graphs.positions, [1]),
)
for name, params in {"B = 0": fresh, "one entry of B set": marked}.items():
    once, twice = (
        mg.apply(task, biased, params, g).states[:, 0] for g in (graphs, backwards)
    )
    apart = np.abs(flipped(twice, [1]) - once).max()
    print(f"{name}: states after one step differ by {apart:.1e} under renumbering")

# %% [markdown]
# ## What this shows, and what it does not
#
# - The equations, once repaired (Eq. 11-13, the two $\sigma$, the biases), are the
#   benchmark's network: a result about one is a result about the other.
# - The two modifications exist in no benchmark. Ours is one reading of Eq. 15-16 among
#   several; it is the one that runs on graphs of any size.
# - It does not show that training uses any of this as intended. Training is the subject of
#   later pages, from {doc}`baselines <03_baselines>` on.
#
# **What would change our mind.** A layer of dm-clrs that differs from its equation here by
# more than rounding: each of these lines would stop the book.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | this page | `mindgap book run 01_attention` |
# | other graphs | `papermill book/01_attention.ipynb out.ipynb -p nodes 9 -p hidden_size 32 -p seed 3` |
# | the whole comparison with dm-clrs | `pytest tests/network` |
