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
# # Is a compiled solution a worse place than a learned one? (§3.4, C.7)
#
# **Question.** Weights that were compiled and weights that were learned are points of the
# same space. What does the loss look like around them? Is the learned point the flatter
# one, and does that say anything about the algorithm, or only about how large the numbers
# in the weights are?
#
# **In one line.** Exact compiled weights lie at the lowest point of all, in a hole so
# narrow that no map of the paper's kind shows it. How much the loss rises around it is a
# choice of the compiler: larger logits make it rise more steeply, but answers go wrong after
# the same step. Compiled networks go wrong after smaller steps than learned ones; for a verdict
# there are too few networks. Weights that were compiled softly and then trained tolerate
# plain steps, too, and are right more often. Around learned DFS the loss rises sooner than
# around the other tasks (few networks); that its place is a bad one no map can show.
#
# **From the paper, on this page:** Figures 6, 7, 17, 18 and 19.
#
# **What is claimed.** DFS has an attractive minimum that leads to the suboptimal solution
# (section 3.4); nothing strong can be concluded about DFS (C.7). Learned Bellman-Ford is
# flatter and more forgiving than compiled; learned BFS is extremely flat, and compiled BFS
# is not {cite:p}`saldyt2025gap`.

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
points: int = 0  # along each side of a map, 4k + 1; 0 for the profile's own number
directions: int = 0  # of a cut; 0 for the profile's own number
seed: int = 0  # of the graphs and of the directions
store: str = "results"  # where results are read, relative to book/

# %% [markdown]
# Nothing is trained on this page: the networks are recorded ones, and every loss is
# computed here. The profile says on how fine a grid and along how many directions:
# 5 points a side and 2 directions (`quick`, which has only DFS of the three large
# networks), 13 and 16 (`stored`), 41 and 64 (`paper`).

# %% tags=["remove-cell"]
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import mindgap as mg
from mindgap import programs, training
from mindgap.experiments.base import TRAIN_PROBABILITIES
from mindgap.measures import landscape, robustness
from mindgap.network import scoring
from mindgap.paper.tables import find
from mindgap.plots import landscapes

mg.book.pages.check_parameters(globals())

points = points or {"quick": 5, "stored": 13, "paper": 41}[profile]
directions = directions or {"quick": 2, "stored": 16, "paper": 64}[profile]
results = mg.paper.report.book_store(store)
recorded = profile == "stored" and not seed

# %% tags=["remove-cell"]
# %config InlineBackend.figure_formats = []

# %% [markdown]
# ## What is drawn
#
# The paper gives neither the directions nor how they are scaled, nor which loss is drawn
# or on which data. So this page says it.
#
# - **The map.** Around a network $\theta$ it is the loss
#   $f(a, b) = L(\theta + a\,\delta + b\,\eta)$ along two random directions.
# - **The directions** are Gaussian and *filter-normalised* {cite:p}`li2018visualizing`: of
#   each column $\theta_j$ of a matrix, which is what flows into one unit,
#
#   $$\delta_j = \frac{\lVert\theta_j\rVert}{\lVert d_j\rVert}\, d_j, \qquad
#   d \sim \mathcal{N}(0, 1).$$
#
#   So 1 on an axis is as far as the network's own weights are long, in every column.
#   Biases are not moved, save the bias between pairs of nodes, which is a matrix. One pair
#   of directions is drawn for each network; cuts, further below, take many.
# - **General and local** are the paper's words for two ranges. We take 1 and 0.05.
# - **The loss** is the one that training descends: of the output and of all hints, in nats.
# - **The data** are fresh graphs as in training, with edge probabilities between 0.1 and
#   0.9 and random positions: 8 of 11 nodes for networks of any size, and 32 of 16 nodes
#   for those whose bias is tied to a size.


# %% tags=["remove-cell"]
def graphs(task, nodes, count):
    """As in training: mixed edge probabilities, random positions."""
    key = jax.random.key(100 + seed)
    return task.sample(key, nodes, count, TRAIN_PROBABILITIES, True).trimmed()


def judge(task, model, drawn):
    """Of parameters, on these graphs: loss (nats) and pointers that are wrong (%)."""
    parts = scoring.loss_and_errors(task, model, drawn)

    def of(params):
        outputs, hints, wrong = parts(params)
        loss = outputs + hints
        wrong = jnp.where(jnp.isfinite(loss), wrong, jnp.nan)
        return jnp.stack([loss, 100 * wrong])

    return of


def drawn_ways(params, count, normalised=True):
    keys = jax.random.split(jax.random.key(seed), count)
    return [landscape.direction(key, params, normalised) for key in keys]


def surface(loss, params, reach):
    """A map of the loss: so far along two random directions."""
    at, losses = landscape.plane(loss, params, *drawn_ways(params, 2), reach, points)
    return landscapes.Surface(at, at, losses[..., 0].T)


def numbers(panels):
    """The losses of maps as one table; a row of each height."""
    tables = {
        title: pd.DataFrame(s.losses, s.up, [f"{x:.4g}" for x in s.right])
        for title, s in panels.items()
    }
    flat = pd.concat(tables, names=["panel", "up"]).reset_index("up")
    return flat.map("{:.4g}".format)


axes = "first direction", "second direction"

# %% tags=["remove-cell"]
(e,) = find("table-13/bfs-bias-pairwise")
small = mg.experiments.learned.load(e, results).params

# %% tags=["remove-cell"]
for along in drawn_ways(small, 2):
    for there, own in zip(jax.tree.leaves(along), jax.tree.leaves(small), strict=True):
        lengths = jnp.linalg.norm(own, axis=0) if own.ndim > 1 else 0
        found = jnp.linalg.norm(there, axis=0) if own.ndim > 1 else there
        assert np.allclose(found, lengths, 1e-4)

# %% [markdown]
# ## Small steps, many networks
#
# Before the maps, a comparison that is fairer to both sides. Two things make a map a poor judge of which
# network is more forgiving: it shows one pair of directions of one network, and its height
# depends on the scale of the logits, which a compiler chooses freely. So here every entry of
# every matrix is moved by a normal number of one standard deviation, the same for all
# networks, and what counts is the share of pointers that are wrong afterwards, which no
# scale of the logits changes.
#
# All networks have hidden size 4 and are tied to 16 nodes, and are tested on the same graphs.
# Learned ones have layer norm; a compiled one cannot, since it would change the numbers that
# its state holds. The third kind, compiled softly and then trained (Table 14), is without
# layer norm as well, so that layer norm is not what separates it from the compiled ones.
# Compiled ones differ by `sharpness`, the score of one unit of a key ({doc}`stability <07_stability>`); there are
# five, from one that is nearly exact on these graphs to the compiler's own.

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-steps", "caption": "Pointers wrong after a random step of growing size, in networks of hidden size 4 on graphs of 16 nodes: median over networks, and band from the least to the largest. Of each network the median over eight directions, best checkpoint."}, "image": {"alt": "Two panels, BFS and Bellman-Ford, over the size of the step. Compiled networks are without errors at the left and go wrong at steps at which the two trained kinds still answer as they did."}}
shapes = {
    "BFS": ("table-13/bfs-bias-pairwise", "table-14/bfs-4-8-0.001"),
    "Bellman-Ford": (
        "table-13/bellman-ford-modified-pairwise",
        "table-14/bellman-ford-4-8-0.001",
    ),
}
sharpnesses = [2.0**k for k in (7, 11, 16, 21, 26)]


def compiled(made, soft):
    weights = mg.compile(
        programs.PROGRAMS[made.start.program], made.model, sharpness=soft
    )
    return jax.tree.map(jnp.asarray, weights.params)


def after_steps(made):
    """Of its program, compiled at each sharpness."""
    at = made.test.draw(made.task)
    found = [
        robustness.after_steps(made.task, made.model, compiled(made, soft), at)
        for soft in sharpnesses
    ]
    wrong = 100 * np.median(found, axis=2)[..., 1]
    powers = [f"sharpness 2^{np.log2(soft):.0f}" for soft in sharpnesses]
    return pd.DataFrame(wrong, powers, robustness.STEPS)


stepped = {}
for name, (by_training, from_soft) in shapes.items():
    (by_training,), (made,) = find(by_training), find(from_soft)
    stepped[name] = {
        "learned": mg.paper.report.after_steps(by_training, results),
        "compiled": after_steps(made),
        "compiled softly, then trained": mg.paper.report.after_steps(made, results),
    }
panels = {
    name: {
        kind: (table.columns[1:].to_numpy(), table.iloc[:, 1:].to_numpy())
        for kind, table in kinds.items()
        if len(table)
    }
    for name, kinds in stepped.items()
}
landscapes.cuts(
    panels,
    "step, standard deviation of an entry",
    ["pointers wrong (%)"],
    ["linear"],
    columns=2,
)

# %% tags=["remove-input"]
tall = {
    (name, kind): table.rename_axis("network")
    for name, kinds in stepped.items()
    for kind, table in kinds.items()
}
frame = pd.concat(tall, names=["task", "kind"])
mg.book.pages.data("figure-steps", frame.round(2))

# %% [markdown]
# In numbers, mean ± standard deviation over networks, in percent; 0 is the network itself.

# %% tags=["remove-input"]
told = {}
for place, table in tall.items():
    spread = table.std()
    cells = {}
    for step in table.columns:
        beside = "" if np.isnan(spread[step]) else f" ± {spread[step]:.1f}"
        cells[f"{step:g}"] = f"{table[step].mean():.1f}{beside}"
    told[place] = {"networks": len(table), **cells}
pd.DataFrame(told).T

# %% tags=["remove-cell"]
if recorded:
    for name, kinds in stepped.items():
        learned_wrong = kinds["learned"].mean().to_numpy()
        third = kinds["compiled softly, then trained"].mean().to_numpy()
        assert len(kinds["learned"]) >= 8 <= len(kinds["compiled softly, then trained"])
        assert (third[:4] < learned_wrong[:4]).all()
        further = third[-1] - learned_wrong[-1]
        assert further > 10 if name == "BFS" else abs(further) < 5

# %% [markdown]
# These compiled networks go wrong at steps that the trained ones hardly notice, and all of
# them at the same, whatever the sharpness: the scale of the logits does not explain it. Nor
# does having been compiled, since a network that was compiled softly and then trained bears
# such steps, without layer norm. That third kind has fewer errors than the learned one
# without a step and after small ones, for both tasks; after the largest it has more for
# BFS, and about as many for Bellman-Ford. This describes the table; what is judged, with
# intervals, stands at the end of the page.
#
# ## Where training ends, by task
#
# The networks of Table 1, hidden size 128; of each task the seed with the best validation
# score among those that are recorded.

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-6", "caption": "Figure 6, our counterpart: the loss around the learned networks of the three tasks, 8 graphs of 11 nodes. We take the figure to show these, since section 3.4 sets DFS against others by it. Below each title the least and the largest loss of the map."}, "image": {"alt": "Three maps with contour lines, BFS, Bellman-Ford and DFS. Each is a bowl around its centre; that of BFS is wide and low, that of DFS the narrowest and the highest."}}
kept = {"BFS": "bfs", "Bellman-Ford": "bellman-ford", "DFS": "dfs"}
if profile == "quick":
    kept = {"DFS": "dfs"}
kept = {name: find(f"table-1/{row}")[0] for name, row in kept.items()}
learned = {name: mg.experiments.learned.load(e, results) for name, e in kept.items()}

losses = {
    name: judge(e.task, e.model, graphs(e.task, 11, 8)) for name, e in kept.items()
}
general = {name: surface(losses[name], learned[name].params, 1.0) for name in kept}
landscapes.surfaces(general, axes, (0.1, 100.0))

# %% tags=["remove-input"]
mg.book.pages.data("figure-6", numbers(general))

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-19", "caption": "Figure 19, our counterpart: the loss around learned DFS, general (left, as in Figure 6) and local (right). Like all maps, one pair of directions."}, "image": {"alt": "Two maps around learned DFS, the right one enlarged twenty times. The general one is a bowl around its centre; in the local one the loss changes little, and its lowest point is not in the middle."}}
dfs = {
    "DFS, general": general["DFS"],
    "DFS, local": surface(losses["DFS"], learned["DFS"].params, 0.05),
}
landscapes.surfaces(dfs, axes, (1.0, 100.0))

# %% tags=["remove-input"]
mg.book.pages.data("figure-19", numbers(dfs))

# %% [markdown]
# C.7 also speaks of initial parameters, of which no caption tells. A seed's initial
# parameters can be drawn again from its number, so here are maps that hold both ends of
# its training.

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-7", "caption": "Figure 7, our counterpart: the plane through the initial and the learned network of the same seed, and a random filter-normalised direction. The paper never cites its Figure 7, and its caption is the one word Landscape; we take it to show what C.7 announces and no other caption names, initial parameters."}, "image": {"alt": "Three maps, each with two points, initial on the left and learned on the right. In all three the loss falls along the straight line from one to the other, and the learned point lies in a bowl that is widest for BFS and narrowest for DFS."}}
starts = {
    name: training.make_trainer(e.task, e.model, e.train)
    .begin(mg.key_of(learned[name].seed))
    .params
    for name, e in kept.items()
}
at, up = np.linspace(-0.5, 1.5, points), np.linspace(-1, 1, points)


def from_start(name):
    """The loss from initial (0) to learned (1), and to the sides of that line."""
    start, end = starts[name], learned[name].params
    along = jax.tree.map(lambda a, b: b - a, start, end)
    (aside,) = drawn_ways(end, 1)
    lines = [landscape.moved(start, aside, by) for by in up]
    found = [landscape.ray(losses[name], line, along, at)[:, 0] for line in lines]
    return landscapes.Surface(at, up, np.stack(found))


trained = {name: from_start(name) for name in kept}
landscapes.surfaces(
    trained,
    ("share of the way from initial to learned", "random direction"),
    (0.1, 100.0),
    {"initial": (0.0, 0.0), "learned": (1.0, 0.0)},
)

# %% tags=["remove-input"]
mg.book.pages.data("figure-7", numbers(trained))

# %% [markdown]
# A map shows one pair of directions out of very many. So the same in numbers, along more
# of them.


# %% tags=["remove-input"]
far = np.append(0, np.geomspace(0.01, 1, points - 1))
middle = points // 2


def in_numbers(name):
    """How the loss falls from the initial point, and rises around the learned one."""
    ways = drawn_ways(learned[name].params, directions)
    rays = [landscape.ray(losses[name], learned[name].params, w, far) for w in ways]
    rise = np.stack(rays)[..., 0] - rays[0][0, 0]
    fall = trained[name].losses[middle, (at > -0.01) & (at < 1.01)]
    assert np.isclose(general[name].losses[middle, middle], rays[0][0, 0], 1e-3)
    assert np.isclose(fall[-1], rays[0][0, 0], 1e-3)
    slopes = {"initial": fall[0], "learned": fall[-1], "way": np.diff(fall).max()}
    return slopes, rise


by_task, around_learned = {}, {}
for name in kept:
    ends, rise = in_numbers(name)
    around_learned[name] = rise
    middle_rise = np.median(rise, 0)
    by_task[name] = {
        "loss, initial": ends["initial"],
        "loss, learned": ends["learned"],
        "falls all the way": "yes" if ends["way"] < 0 else "no",
        "directions that rise (%), step 0.01": 100 * (rise[:, 1] > 0).mean(),
        "directions that rise (%), step 1": 100 * (rise[:, -1] > 0).mean(),
        "step to a rise of 1 nat": np.interp(1, middle_rise, far),
        "step to half of the initial loss": np.interp(
            ends["initial"] / 2, middle_rise + ends["learned"], far
        ),
    }
by_task = pd.DataFrame(by_task).T
by_task.map(lambda v: v if isinstance(v, str) else f"{v:.3g}")

# %% tags=["remove-cell"]
if recorded:
    assert (by_task["falls all the way"] == "yes").all()
    assert (by_task["directions that rise (%), step 1"] == 100).all()
    for column in ("step to a rise of 1 nat", "step to half of the initial loss"):
        assert by_task[column].astype(float).is_monotonic_decreasing
    assert by_task["loss, learned"].astype(float).is_monotonic_increasing
    assert dfs["DFS, local"].losses.min() < by_task["loss, learned"]["DFS"]
    nearby = by_task["directions that rise (%), step 0.01"].astype(float)
    assert nearby.max() < 95 and nearby.idxmax() == "DFS"

# %% [markdown]
# *The last two columns: where the median of the directions gets there, in lengths of the
# weights; 1 is the end of the scale.*
#
# Section 3.4 reads off its Figure 6 that "DFS in particular" has an attractive minimum that
# leads to a suboptimal solution; C.7 can draw no strong conclusion from the maps of DFS.
# These maps, one network of each task, show less than that section says:
#
# - *Attractive.* From the initial point to the learned one the loss falls all along the
#   straight line: in DFS, and in the two other tasks as well.
# - *A minimum.* A full step away the loss is higher along every direction, in all three
#   tasks. Nearby it falls along some of them: training has not stopped at the lowest point
#   of these fresh graphs' loss, in any of the tasks. Figure 19's local map shows it.
# - *In particular.* DFS has a higher loss, since it sums more hints, and a narrower bowl,
#   even relative to the loss that it starts from. The rises recorded of several networks say
#   the same (the clause on DFS below).
# - *Suboptimal.* A map of the loss on graphs as in training cannot tell: no lower place is
#   seen in it. That there is one takes a network that is known to be right. {doc}`compiled DFS <10_compiled_dfs>` has
#   it, in a network with four heads. And DFS's low score is one on graphs of four times the
#   size, while on validation graphs of 16 nodes it is nearly learned ({doc}`the BFS-DFS disparity <04_bfs_dfs_disparity>`).
#
# ## Learned beside compiled
#
# Now both kinds, in networks of hidden size 4 with the modifications of {doc}`graph programs <02_graph_programs>`, on 32
# graphs of 16 nodes. The compiled ones lack layer norm, which they cannot use, and the
# learned ones have it: the two are not points of one space, and a straight line from one to
# the other would have no meaning. How large the numbers in compiled weights are depends on
# `sharpness`, the score of one unit of a key ({doc}`stability <07_stability>`). The paper does not give its
# weights' scale, so there are two: 8, and the exact compiler's own, 2^26. The learned ones
# are each the best by validation of all recorded seeds.

# %% tags=["remove-cell"]
sharpness = {"compiled, sharpness 8": 8.0, "compiled, exact": 2.0**26}
rows = {
    "Bellman-Ford": (
        "table-13/bellman-ford-modified-pairwise",
        "table-14/bellman-ford",
    ),
    "BFS": ("table-13/bfs-bias-pairwise", "table-14/bfs"),
}


places, made_of = {}, {}
for name, (trained_row, made_row) in rows.items():
    by_training, made = find(trained_row)[0], find(f"{made_row}-4-exact-0.001")[0]
    drawn = graphs(made.task, 16, 32)
    of_learned, of_compiled = (
        judge(e.task, e.model, drawn) for e in (by_training, made)
    )
    small = mg.experiments.learned.load(by_training, results).params
    places[name] = {"learned": (of_learned, small)}
    for kind, soft in sharpness.items():
        places[name][kind] = of_compiled, compiled(made, soft)
    made_of[name] = made, of_compiled


def maps(name):
    ranges = {"general": 1.0, "local": 0.05}
    return {
        f"{kind}, {title}": surface(*place, reach)
        for title, reach in ranges.items()
        for kind, place in places[name].items()
    }


# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-17", "caption": "Figure 17, our counterpart: the loss around learned and compiled Bellman-Ford, general above and local below. The paper has one compiled network, of unknown scale. Colours end at 10^4 nats; the numbers below the titles do not."}, "image": {"alt": "Six maps of Bellman-Ford. The learned one lies in a bowl; the compiled one of sharpness 8 is higher everywhere, with a small dent in its middle and a steep rise on one side; around the exact one all is beyond the scale of colours, but for the centre."}}
bellman_ford = maps("Bellman-Ford")
landscapes.surfaces(bellman_ford, axes, (0.1, 1e4))

# %% tags=["remove-input"]
mg.book.pages.data("figure-17", numbers(bellman_ford))

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-18", "caption": "Figure 18, our counterpart: the loss around learned and compiled BFS, general above and local below; as the figure before."}, "image": {"alt": "Six maps of BFS. The learned network lies in a wide bowl and its local map is nearly white; that of sharpness 8 is higher everywhere; around the exact one all is beyond the scale of colours, but for the centre."}}
bfs = maps("BFS")
landscapes.surfaces(bfs, axes, (0.1, 1e4))

# %% tags=["remove-input"]
mg.book.pages.data("figure-18", numbers(bfs))

# %% [markdown]
# On maps of this kind compiled weights look as the paper says. But a map's grid is far too
# wide for what is in its middle, and much of the height is the size of the numbers. So now
# many directions, from steps that no map could show on; and beside the loss the share of
# pointers that are wrong, which does not change if all logits are multiplied by a number.
#
# There are more networks in it. *Then trained* is the best seed of Table 14's row that
# starts from the same weights of sharpness 8 ({doc}`stability <07_stability>`), in the same network, without
# layer norm. And of DFS there is a compiled and a learned network of one architecture
# ({doc}`compiled DFS <10_compiled_dfs>`).

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-cuts", "caption": "Loss (above) and wrong pointers (below) at growing distance, along random filter-normalised directions: median, and band from the least to the largest. A line ends where a loss is no float32 number. Losses below 0.001 are drawn there. DFS: hidden size 32, 8 graphs of 8 nodes."}, "image": {"alt": "Six panels. The exact compiled networks are lowest at the left, at no loss and no wrong pointer, and shoot up at steps of a hundred thousandth or less; learned networks stay level until about a tenth. In the panels of wrong pointers both compiled kinds rise at about the same step."}}
steps = np.geomspace(1e-9, 1, points)
(tree,) = find("trainability/dfs-scratch-32")
of_dfs = judge(tree.task, tree.model, graphs(tree.task, 8, 8))
needle = jax.tree.map(jnp.asarray, mg.compile(programs.dfs, tree.model).params)
places["DFS"] = {
    "learned": (of_dfs, mg.experiments.learned.load(tree, results).params),
    "compiled, exact": (of_dfs, needle),
}


def cut(loss, params):
    ways = drawn_ways(params, directions)
    return np.stack([landscape.ray(loss, params, way, steps) for way in ways])


order = "BFS", "Bellman-Ford", "DFS"
for name, (made, of_compiled) in made_of.items():
    (e,) = find(made.name.replace("exact", "8"))
    softly = mg.experiments.learned.load(e, results).params
    places[name]["sharpness 8, then trained"] = of_compiled, softly
cuts = {n: {kind: cut(*place) for kind, place in places[n].items()} for n in order}
panels = {
    f"{name}, {title}": {
        kind: (steps, np.maximum(values[..., part], least))
        for kind, values in cuts[name].items()
    }
    for part, (title, least) in enumerate({"loss": 1e-3, "wrong": 0.0}.items())
    for name in order
}
labels = "loss (nats)", "pointers wrong (%)"
across = "step, as a share of the weights' length"
landscapes.cuts(panels, across, labels, ("log", "linear"))

# %% tags=["remove-input"]
tall = {
    (title, kind): pd.DataFrame(values.T, [f"{x:.3g}" for x in at])
    for title, shown in panels.items()
    for kind, (at, values) in shown.items()
}
frame = pd.concat(tall, names=["panel", "network", "step"]).map("{:.3g}".format)
mg.book.pages.data("figure-cuts", frame)

# %% [markdown]
# In numbers: the loss and the share of wrong pointers where the network lies, and the step
# at which the median of the directions has risen so far.


# %% tags=["remove-input"]
def first_step(values, goal):
    """Where the median of directions first reaches a value; between two steps, by log."""
    middle = np.nan_to_num(np.median(values, 0), nan=np.inf)
    if not (middle >= goal).any():
        return np.inf
    after = max(1, int((middle >= goal).argmax()))
    low, high = middle[after - 1], min(middle[after], 1e30)
    share = (goal - low) / (high - low)
    return steps[after - 1] * (steps[after] / steps[after - 1]) ** share


def measures(values):
    return {
        "loss": values[0, 0, 0],
        "wrong (%)": values[0, 0, 1],
        "step to 1 nat more": first_step(values[..., 0], values[0, 0, 0] + 1),
        "step to 5 points more wrong": first_step(values[..., 1], values[0, 0, 1] + 5),
    }


width = {
    (name, kind): measures(values)
    for name in order
    for kind, values in cuts[name].items()
}
width = pd.DataFrame(width).T
width.map("{:.2g}".format)

# %% tags=["remove-cell"]
if recorded:
    for name in order:
        exact, found = (width.loc[name].loc[k] for k in ("compiled, exact", "learned"))
        assert exact["loss"] < 1e-6 < 0.05 < found["loss"] and exact["wrong (%)"] == 0
        assert (exact.iloc[2:] < found.iloc[2:] / 50).all()
        assert exact["step to 1 nat more"] < 1e-3
    narrow = width.xs("compiled, exact", level=1).iloc[:, 2:]
    assert (narrow.idxmin() == "DFS").all()
    for name in rows:
        kinds = "compiled, sharpness 8", "learned", "sharpness 8, then trained"
        soft, found, later = (width.loc[name].loc[kind] for kind in kinds)
        assert soft["loss"] > found["loss"] > later["loss"]
        assert soft["wrong (%)"] > found["wrong (%)"] > later["wrong (%)"]
        assert max(soft.iloc[3], later.iloc[3]) < found.iloc[3] / 5
        assert (later.iloc[3] > 5 * soft.iloc[3]) == (name == "BFS")

# %% [markdown]
# - **Exact weights** are the lowest point there is, and stay so for steps that are tiny. Up
#   to there the loss is flat along every direction drawn. Then it rises to millions and
#   more, until it overflows.
# - **Wrong pointers** tell how much of this is real: also without the scale, compiled
#   weights of either sharpness go wrong at steps many times smaller than the learned ones
#   stand.
# - **Sharpness 8** is not where the loss is lowest. Training from there leads to a lower
#   loss and to fewer errors than training from scratch did in its best recorded seed. By
#   these directions the place is wider than where it began for BFS and not for
#   Bellman-Ford, and narrower than the learned one for both: the filters still hold some
#   large numbers, and a normalised direction gives small entries their share of these.
# - **DFS** has the narrowest hole.
#
# The usual measure of flatness is the Hessian's largest eigenvalue at the point itself,
# here in nats per squared unit of parameter. It takes a second derivative, and no steps;
# `quick` leaves it out. For exact weights float32 cannot compute it.


# %% tags=["remove-input"]
@functools.cache
def alone(loss):
    """Without the wrong pointers; the same function each time, to be compiled once."""
    return lambda params: loss(params)[0]


def sharpest(loss, params):
    """The Hessian's largest eigenvalue, by size."""
    params, key = jax.tree.map(jnp.asarray, params), jax.random.key(seed)
    return landscape.curvature(alone(loss), params, key, 1, 15)[0]


looked = rows if profile != "quick" else ()
curved = {n: {k: sharpest(*at) for k, at in places[n].items()} for n in looked}
curved = pd.DataFrame(curved)
curved.map("{:.2g}".format)

# %% tags=["remove-cell"]
if recorded:
    size = curved.abs()
    assert size.loc["compiled, exact", "BFS"] < 1e-6
    assert size.loc["compiled, exact", "Bellman-Ford"] > 1e12
    for name in rows:
        soft, found, later = (size.loc[kind, name] for kind in kinds)
        assert soft > later > 20 * found

# %% [markdown]
# Between learned and softly compiled weights it says what the steps say. (A negative
# eigenvalue is a direction in which the loss of these graphs falls: training has not
# stopped at its minimum.) For exact weights it fails: by it, exact BFS lies in the flattest
# place of all, and exact Bellman-Ford in one of a steepness without meaning. We take both
# to come from softmaxes that are all but saturated: derivatives are then exponentially
# small in the sharpness, and multiplied with powers of it. Either way, the eigenvalue
# describes only steps too small for float32. A quadratic at the point does not see the
# walls around it.
#
# ## How much of it is scale
#
# The rise of the loss at one step, for compiled weights of many sharpnesses and for two
# kinds of direction: filter-normalised ones, a tenth of the weights' length; and plain
# ones, in which every entry of every matrix is moved by a normal number of standard
# deviation 0.01, which is a hundred of Adam's steps at the rate of 1e-4, whatever the
# entry's size.


# %% tags=["remove-input"]
def rises(loss, params):
    found, ones = {}, jax.tree.map(jnp.ones_like, params)
    kinds = {"normalised, 0.1": (params, True, 0.1), "plain, 0.01": (ones, False, 0.01)}
    for kind, (like, normalised, by) in kinds.items():
        reach = np.where(np.arange(points) == 0, 0.0, by)
        ways = drawn_ways(like, directions // 2, normalised)
        there = np.stack([landscape.ray(loss, params, w, reach)[:2] for w in ways])
        found[kind, "loss rises by"] = np.median(there[:, 1, 0] - there[:, 0, 0])
        found[kind, "wrong (%)"] = np.median(there[:, 1, 1])
    here = dict(zip(("loss", "wrong (%)"), there[0, 0], strict=False))
    return {("at 0", name): value for name, value in here.items()} | found


continued = {
    "trained from sharpness 8": "table-14/{}-4-8-0.001",
    "trained from beside, radius 1": "stability/{}-1",
}
scale = {}
for name, (made, of_compiled) in made_of.items():
    scale[name, "learned"] = rises(*places[name]["learned"])
    for soft in (2.0, 8.0, 32.0, 2048.0, 2.0**26):
        scale[name, f"compiled, sharpness {soft:.0f}"] = rises(
            of_compiled, compiled(made, soft)
        )
    for kind, row in continued.items():
        (e,) = find(row.format(made.name.split("/")[1].rsplit("-", 3)[0]))
        scale[name, kind] = rises(
            of_compiled, mg.experiments.learned.load(e, results).params
        )
scale = pd.DataFrame(scale).T
scale.map("{:.3g}".format)

# %% tags=["remove-cell"]
if recorded:
    for name in rows:
        table = scale.loc[name]
        made = table[table.index.str.startswith("compiled")]
        sharp = made.index.str.split().str[-1].astype(float)
        risen = made["normalised, 0.1", "loss rises by"] / sharp
        assert 0.1 < risen.min() and risen.max() < 1
        wrong = made["normalised, 0.1", "wrong (%)"]
        assert wrong.max() - wrong.min() < 5
        plain = table["plain, 0.01", "wrong (%)"]
        assert plain[made.index].min() > 30 > 20 > plain["learned"]
        assert plain["trained from sharpness 8"] <= plain["learned"]
        assert plain["trained from beside, radius 1"] > 30

# %% [markdown]
# *Medians over half as many directions as above.*
#
# The same normalised step makes about the same share of pointers wrong at every sharpness,
# while the loss rises in proportion to it: by its heights alone a map shows which number
# the compiler was given. What stays is that compiled weights, also the soft ones, do not
# bear it if every entry is moved by about a hundredth, and learned ones do.
#
# Is it the architecture? The learned networks have layer norm, and numbers in compiled
# states would not survive one. The last two lines are networks without it, of the same
# shape as the compiled ones, that training has been through, one of each kind. The one from
# sharpness 8 bears plain steps as well as the learned one does, on BFS with as few errors.
# So neither the architecture nor starting from compiled weights is enough to make a network
# fragile. The one from beside weights of sharpness 2048, at radius 1
# ({doc}`stability <07_stability>`), does not bear them; it differs in scale, in the distance
# from compiled weights and in the learning rate, and is often wrong without any step, so
# that what makes it fragile is not separated.
#
# What the softly compiled and then trained networks look like inside, recorded for Table
# 14, in percent on its test graphs of 16 nodes, beside the learned ones (last checkpoint):


# %% tags=["remove-input"]
def inside(row):
    (e,) = find(row)
    found = {"score": mg.paper.report.seed_scores(e, results, None, "last")}
    for title, metric in (("attention", "attention/accuracy"), ("hints", "trace")):
        found[title] = 100 * mg.paper.report.measured(e, results, metric, None, "last")
    told = {k: f"{v.mean():.1f} ± {v.std(ddof=1):.1f}" for k, v in found.items()}
    return {**told, "seeds": len(found["score"])}


in_words = {"BFS": "bfs", "Bellman-Ford": "bellman-ford"}
looks = {}
for name, row in in_words.items():
    looks[name, "learned"] = inside(rows[name][0])
    looks[name, "sharpness 8, then trained"] = inside(f"table-14/{row}-4-8-0.001")
pd.DataFrame(looks).T

# %% tags=["remove-cell"]
if recorded:
    for name in in_words.values():
        (e,) = find(f"table-14/{name}-4-8-0.001")
        look = mg.paper.report.measured(e, results, "attention/accuracy", None, "last")
        assert look.min() > 0.99
        assert mg.paper.report.seed_scores(e, results, None, "last").min() > 97

# %% [markdown]
# They score high in every seed, and after all that training they still look where the
# program looks. The paper hopes for compiled solutions that fit in with training; to
# compile softly and train on is one way to them.
#
# ## Around compiled DFS
#
# Beyond the paper, which has no compiled DFS: the hole in which the exact solution lies.

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-dfs-plane", "caption": "The loss around exact compiled DFS, at three ranges; the axes are in units of the range. Hatched, if anything is: the loss is no float32 number. 8 graphs of 8 nodes."}, "image": {"alt": "Three maps. At the smallest range the loss is nearly 0 all over; at the middle one only the centre is low, and around it stand millions of nats; at the largest most of the map is near or beyond the end of the scale of colours."}}
ranges = [surface(of_dfs, needle, reach) for reach in (1e-8, 1e-6, 1e-5)]
around = {
    f"range {s.up[-1]:.0e}": s._replace(right=s.right / s.up[-1], up=s.up / s.up[-1])
    for s in ranges
}
landscapes.surfaces(around, axes, (1.0, 1e8))

# %% tags=["remove-input"]
mg.book.pages.data("figure-dfs-plane", numbers(around))

# %% tags=["remove-cell"]
if recorded:
    nearest, between, _ = ranges
    assert nearest.losses.max() < 1e-6 and np.median(between.losses) > 1e6

# %% [markdown]
# ## The claims, judged
#
# The main clause of a claim gives its verdict; side clauses say more ({doc}`how claims are
# judged <scoreboard>`).

# %% tags=["remove-input"]
asked = ["dfs-minimum", "flatter-bellman-ford", "flat-bfs"]
judged = mg.paper.verdicts.verdicts(results, asked)
mg.book.pages.linked(mg.paper.verdicts.detail(judged), column="verdict")

# %% [markdown]
# The clauses rest on the surroundings of each recorded network of hidden size 128, and ask
# for eight; the small networks of the first figure are beside them, and the maps are
# illustrations.
#
# ## What this shows, and what it does not
#
# - The verdicts on the paper's claims are those of the table, and ask for more networks. In
#   the networks drawn here the learned ones are the more forgiving, for both tasks, by two
#   kinds of directions and by wrong pointers after a plain step, which do not depend on
#   scale; the compiled side is one solution at several sharpnesses.
# - That this is a mark of compiling is not shown. Soft selections that were trained on
#   are in these networks as robust to plain steps as learned ones. "Flat" depends on how a function is
#   written down in weights {cite:p}`dinh2017sharp`, and compiled weights can be written
#   down at any scale. The statement is about one way to compile, and about its scale.
# - That flat means high quality, as C.7 puts it: not shown. The exact networks are the best
#   and the least flat; learned ones are flat and, as the paper says itself, not faithful.
# - That training does not find DFS on 64 nodes because of its landscape: maps along random
#   directions do not show it. They show that the compiled point lies in a tiny hole, which no method
#   would hit that moves every weight a little.
# - A map is one pair of directions out of as many as there are weights; in a random one a
#   narrow valley looks like a wall. Cuts have more of them, all random. Training moves
#   along gradients, which are not.
# - In maps and cuts each network is one seed, the best by validation; only the first figure
#   has several of a kind. Learned networks of hidden size 128 are kept in half precision, an
#   error of less than a thousandth of an entry.
#
# **What would change our mind.** Directions, found and not drawn, along which a compiled
# network can go as far as a learned one without errors; learned networks, of many seeds,
# that bear steps as badly as compiled ones; or the authors' weights, to draw their maps.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | a learned network | `mindgap run table-13/bfs-bias-pairwise --seeds 0:128` |
# | one trained from sharpness 8 | `mindgap run table-14/bfs-4-8-0.001 --seeds 0:8` |
# | maps with more points | `mindgap book run 08_landscapes -p points=41` |
# | this page, small and quick | `mindgap book run 08_landscapes -p profile=quick` |
#
# The recorded networks on this page come from these runs:

# %% tags=["remove-input", "hide-output"]
used = [row for row, _ in rows.values()]
for name in in_words.values():
    used += [row.format(name) for row in continued.values()]
shown = [*kept.values(), *(find(row)[0] for row in used), tree]
mg.paper.report.provenance(shown, results)
