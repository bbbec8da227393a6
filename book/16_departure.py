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
# # Why does training leave a compiled solution? (beyond §3.4)
#
# **Question.** Trained on from exact weights, networks can lose what was compiled into them
# ({doc}`stability <07_stability>`). There are three ways to lose it. The solution can be
# *unstable*: the gradient leads away. It can lie in a *flat* place, where no gradient leads
# anywhere and noise decides. Or the *step* is too large for the place, whatever the gradient
# says, as Adam's first steps are. Which is it?
#
# **In one line.** From exact weights, as far as the rows below are trained: the step is too
# large. One step of Adam breaks DFS, at a hundredth of the usual rate as well; for
# Bellman-Ford the first step costs some pointers at the usual rate, and next to none at the
# low one; BFS, whose gradient is zero at first, stays under Adam. Moments that were gathered
# before do not help. Soft weights, wrong in part at the start, are mended by Adam: BFS becomes
# right on 64 nodes, and Bellman-Ford right on twice as many pointers. There are four networks
# of each row at most, too few for a verdict.
#
# **From the paper, on this page:** section 3.4 and Table 14, which report that it happens
# {cite:p}`saldyt2025gap`.
#
# **What is known.** Adam divides the gradient by its own running size, so that its first
# steps move every parameter by about the learning rate, however small the gradient is
# {cite:p}`kingma2015adam`.

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
store: str = "results"  # where results are read and kept, relative to book/

# %% [markdown]
# Under `stored` and `quick` nothing is trained: recorded rows are shown. `paper` completes
# all rows at four networks each first.

# %% tags=["remove-cell"]
import numpy as np
import pandas as pd

import mindgap as mg
from mindgap.experiments.base import CLRS30_TEST, TEST_16
from mindgap.paper import departure
from mindgap.paper.tables import find

mg.book.pages.check_parameters(globals())

results = mg.paper.report.book_store(store)
rows = find("departure")
if profile == "paper":
    for experiment in rows:
        mg.experiments.run.complete(experiment, range(experiment.seeds), results)
ways = {
    "adam": "Adam",
    "slow": "Adam, low rate",
    "gathered": "Adam, moments gathered",
    "plain": "gradient steps",
}
counts = {"start": 0, "after-1": 1, "after-10": 10, "after-100": 100, "last": 2000}


def parts(row):
    """Task, sharpness as a power of two, and way of training of a row."""
    task, power, way = row.name.partition("/")[2].rsplit("-", 2)
    return mg.paper.report.ALGORITHMS[task], f"2^{power}", ways[way]


# %% tags=["remove-cell"]
# %config InlineBackend.figure_formats = []

# %% [markdown]
# ## One network for three algorithms
#
# To compare algorithms, all else has to be alike. BFS, Bellman-Ford and DFS are compiled into
# one and the same network, of any number of nodes. For that, the paper's bias of Eq. 17 is
# cut down to what compiling uses of it, one number for all pairs of a node with itself:

# %%
three = (mg.programs.bfs, mg.programs.bellman_ford, mg.programs.dfs)
compiled = [mg.compile(program, departure.SHARED) for program in three]
departure.SHARED

# %% [markdown]
# The programs are compiled at four degrees of sharpness, from soft selections ($2^5$) to ones
# that are exact in float32 ($2^{20}$), and trained for 2,000 steps on graphs of 4 to 16
# nodes, in four ways:
#
# - **Adam** at the learning rate of the paper's Table 9;
# - **Adam, low rate**: a hundredth of it;
# - **Adam, moments gathered**: at the usual rate, but a hundred batches only gather Adam's
#   moments before the first step, so that it starts with a step of the size that the
#   gradients give it;
# - **gradient steps**: no Adam, no clipping, and a rate of one through the largest eigenvalue
#   of the Hessian at the compiled weights. A larger step could overshoot in that direction.
#
# A step whose loss or gradient overflows is left out. Here are the eigenvalues, which another
# command computes again (`mindgap.measures.landscape.curvature`); for DFS with soft
# selections there is none in float32.

# %% tags=["remove-input"]
known = {
    (mg.paper.report.ALGORITHMS[task.replace("_", "-")], f"2^{power}"): f"{value:.2g}"
    for (task, power), value in departure.CURVATURES.items()
}
pd.Series(known).unstack()[["2^5", "2^10", "2^15", "2^20"]].fillna("–")

# %% [markdown]
# *Largest eigenvalue, by size, in nats per squared unit of parameter; columns are the
# sharpness. A dash: not a number in float32, and no gradient steps were taken.*
#
# ## What is left, step by step


# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-departure", "caption": "Pointers right on CLRS-30's test of 64 nodes after so many steps of training from compiled weights: a panel for each algorithm and sharpness. Thin lines are networks, thick ones their means."}, "image": {"alt": "Panels of lines over 0 to 2,000 steps, one line for each way of training. The numbers are in the table below the figure."}}
def summed(values):
    """Mean over networks, and its 95 % interval where there are several."""
    told = mg.measures.statistics.describe(values, mg.paper.report.PERCENT)
    low, high = told.interval
    return f"{told.mean:.1f}" + f" ({low:.1f} to {high:.1f})" * (len(values) > 1)


panels, table, means = {}, {}, {}
for row in rows:
    task, power, way = parts(row)
    each = [
        mg.paper.report.scores_by_seed(row, results, CLRS30_TEST, checkpoint)
        for checkpoint in counts
    ]
    if not len(each[0]):
        continue
    values = np.stack([one.to_numpy(float) for one in each], 1)
    panels.setdefault(f"{task}, {power}", {})[way] = (
        np.array([*counts.values()]),
        values,
    )
    at = [f"{count:,}" for count in counts.values()]
    means[task, power, way] = dict(zip(at, values.mean(0), strict=True))
    lines = dict(zip(at, map(summed, values.T), strict=True))
    table[task, power, way] = {**lines, "networks": len(values)}
mg.plots.over_steps(
    panels, "pointers right, %", xlabel="steps of training", decades=True
)

# %% tags=["remove-input"]
table = pd.DataFrame(table).T.rename_axis(["task", "sharpness", "way"])
mg.book.pages.data("figure-departure", table)

# %% tags=["remove-input"]
table.xs("2^20", level="sharpness") if len(table) else table

# %% [markdown]
# *Pointers right on 64 nodes, percent, by steps of training: mean and 95 % interval over networks, from exact
# weights. The other sharpnesses are in the table for download.*

# %% tags=["remove-input"]
lacking = mg.paper.report.lacking(rows, results, 4)
missing, every = {}, {}
for row in rows:
    task, power, way = parts(row)
    every.setdefault(f"{task} at {power}", []).append(way)
    if row.name in lacking.index:
        missing.setdefault(f"{task} at {power}", []).append(way)
told = [
    place if found == every[place] else f"{place} ({', '.join(found)})"
    for place, found in missing.items()
]
hours = lacking["hours"].sum()
pace = f", in about {hours:.0f} hours on two cores at the median pace recorded"
mg.book.pages.note(
    f"Fewer than four networks: {'; '.join(told)}. `mindgap run departure --seeds 0:4` trains "
    f"what is missing{pace if hours else ''}."
    if told
    else "All rows have four networks."
)

# %% [markdown]
# On graphs of 16 nodes, the largest of training, and the loss there:


# %% tags=["remove-input"]
def after(row, metric, data):
    """Means over networks at each checkpoint."""
    found = {}
    for checkpoint, count in counts.items():
        if metric == "score":
            each = mg.paper.report.seed_scores(row, results, data, checkpoint)
        else:
            each = mg.paper.report.measured(row, results, metric, data, checkpoint)
        if len(each):
            found[f"{count:,}"] = np.mean(each)
    return found


def collected(metric, data, shown):
    lines = {parts(row): after(row, metric, data) for row in rows}
    lines = {
        k: {c: shown(v) for c, v in line.items()} for k, line in lines.items() if line
    }
    return pd.DataFrame(lines).T.rename_axis(["task", "sharpness", "way"])


small = collected("score", TEST_16, "{:.1f}".format)
mg.book.pages.data("departure-16", small)

# %% tags=["remove-input"]
losses = collected("test_loss", TEST_16, "{:.2g}".format)
exact = losses.xs("2^20", level="sharpness") if len(losses) else losses
exact

# %% [markdown]
# *Loss on 64 graphs of 16 nodes, in nats, mean over networks: exact starts only; the others
# are in the table for download.*

# %% tags=["remove-input"]
mg.book.pages.data("departure-losses", losses)

# %% [markdown]
# ## How far did what move?
#
# The root mean square by which the parameters of a layer have moved, of the layer that has
# moved most of each part of the network.


# %% tags=["remove-input"]
def moved(row, checkpoint="last"):
    """The largest movement of a layer in each part."""
    found = {}
    for layer in row.start.params(row.model):
        each = mg.paper.report.measured(
            row, results, f"moved/{layer}", None, checkpoint
        )
        if len(each):
            part = mg.paper.report.part_of(layer)
            found[part] = max(found.get(part, 0.0), float(each.mean()))
    return found


moves = {parts(row): moved(row) for row in rows}
moves = pd.DataFrame({k: v for k, v in moves.items() if v}).T
moves = moves.rename_axis(["task", "sharpness", "way"])
far = moves.xs("2^20", level="sharpness") if len(moves) else moves
far.map("{:.1g}".format)

# %% tags=["remove-input"]
mg.book.pages.data("departure-moved", moves)

# %% [markdown]
# *After 2,000 steps from exact weights, in the parameters' own units; the other sharpnesses are in the
# table for download. Adam could have moved each by at most about its rate times the number of
# steps.*

# %% [markdown]
# ## When do gradient steps lose it?
#
# The gradient steps from exact weights, network by network: by which step answers on graphs of 16
# nodes were lost, if they were, and the mean training loss of the hundred steps before and of the
# hundred in which it happened.


# %% tags=["remove-input"]
def around(steps, right, losses):
    """By which step a network lost its answers, and the losses before and then."""
    if right.min() >= 50:
        return "–", "–", "–"
    at = int((right < 50).argmax())
    before = f"{losses[at - 2]:.1g}" if at > 1 else "–"
    then = losses[max(0, at - 1) : at + 1].max()
    return f"{steps[at] + 1:,}", before, f"{then:.1g}"


def losing(row):
    """When each network lost its answers, and how far it went."""
    steps, right = mg.paper.report.curves(row, results, "validation")
    _, loss = mg.paper.report.curves(row, results, "loss")
    far = mg.paper.report.measured(row, results, "distance", None, "last")
    for *curves, went in zip(right, loss, far, strict=True):
        yield *around(steps, *curves), f"{went:.1g}"


plain = [row for row in rows if row.name.endswith("-20-plain")]
lost = {
    (parts(row)[0], network): line
    for row in plain
    for network, line in enumerate(losing(row), 1)
}
columns = ["lost by step", "loss before", "loss then", "distance"]
lost = pd.DataFrame.from_dict(lost, orient="index", columns=columns)
lost.index = pd.MultiIndex.from_tuples(lost.index, names=["task", "network"])
lost

# %% tags=["remove-cell"]
if profile == "stored" and store == "results":
    stays = lost.loc["Bellman-Ford"]["lost by step"] == "–"
    went = lost.loc["Bellman-Ford"]["distance"].astype(float)
    assert stays.sum() == 3 and len(stays) == 4 and went[stays].max() < 1e-13
    assert set(lost.loc["BFS"]["lost by step"]) == {"101"}
    assert set(lost.loc["DFS"]["lost by step"]) == {"101"}

# %% [markdown]
# *Lost: fewer than half of the pointers right at a check, one every hundred steps. A dash: never, or
# no hundred steps before. Losses are in nats; a step whose loss is no number counts as the largest
# that is recorded, 1e30, so that what is near it is the share of such steps. Distance: from the start to
# the last weights, in units of the length of the start.*
#
# Three of four networks of Bellman-Ford keep their answers to the end. But they have hardly moved: nearly
# all batches have next to no gradient. The fourth loses nearly all answers between two checks, and
# from then on most steps overflow. Whether a single batch did it was not recorded.

# %% tags=["remove-cell"]
if profile == "stored" and store == "results":
    number = {(t, w): pd.Series(m) for (t, p, w), m in means.items() if p == "2^20"}
    assert len(far) == len(number)
    assert (
        number["BFS", "Adam"].min() > 99 and number["BFS", "Adam, low rate"].min() > 99
    )
    assert number["DFS", "Adam"]["1"] < 10 and number["DFS", "Adam, low rate"]["1"] < 10
    assert 80 < number["Bellman-Ford", "Adam"]["1"] < 98
    assert number["Bellman-Ford", "Adam, low rate"]["1"] > 99.5
    assert number["Bellman-Ford", "Adam, moments gathered"]["1"] < 90
    assert number["Bellman-Ford", "gradient steps"]["100"] > 99.9
    assert number["Bellman-Ford", "gradient steps"]["2,000"] < 90
    assert number["BFS", "gradient steps"]["100"] < 10
    (mended,) = find("departure/bfs-5-adam")
    ends = [
        mg.paper.report.seed_scores(mended, results, CLRS30_TEST, c)
        for c in ("start", "last")
    ]
    assert (ends[0] < 90).all() and (ends[1] > 99.9).all() and len(ends[1]) == 4
    fell = [*after(mended, "test_loss", TEST_16).values()]
    assert fell[0] < fell[1] > fell[2] > fell[3] > fell[4]
    rows_of = {n: find(f"departure/bellman-ford-{n}-adam")[0] for n in (5, 10)}
    scores = {
        n: [mg.paper.report.seed_scores(row, results, CLRS30_TEST, c) for c in counts]
        for n, row in rows_of.items()
    }
    begun, one, *_, end = map(np.asarray, scores[10])
    assert (one < 50).sum() == 3 and len(end) == 4 and (end > begun - 1.5).all()
    left = after(rows_of[10], "test_loss", TEST_16)
    assert left["2,000"] > left["0"]
    begun, one, *_, end = map(np.asarray, scores[5])
    assert (one < begun).sum() == 3 and len(end) == 4
    assert (begun < 45).all() and (end > 1.9 * begun).all()
    left = after(rows_of[5], "test_loss", TEST_16)
    assert left["1"] > left["0"] > left["2,000"]
    (sharper,) = find("departure/bfs-15-adam")
    for c in counts:
        found = mg.paper.report.seed_scores(sharper, results, CLRS30_TEST, c)
        assert min(found) > 99.9 and len(found) == 4
    steps = number["DFS", "gradient steps"]
    assert steps["1"] > 99.9 and steps["10"] < 10

# %% [markdown]
# ## What this shows, and what it does not
#
# From exact weights, of sharpness $2^{20}$:
#
# - **BFS: flat.** At exact weights softmaxes are saturated, and the gradient is exactly zero on
#   nearly all batches. Adam at either rate moves little and keeps the answers. The Hessian's
#   largest eigenvalue is zero as well, so that by it any step is small enough; a plain step at
#   a rate of 1e-2 waits for the first batch whose gradient is not zero, and this one throws
#   the weights away. The eigenvalue at the point does not see the walls around it. At
#   $2^{15}$, where it is not zero, Adam keeps all answers as well.
# - **Bellman-Ford: the step is too large.** Adam's first step loses answers on 64 nodes at the
#   usual rate and hardly any at a hundredth of it, from the same gradient. With gradient steps
#   within the curvature three networks of four hardly move, and keep all answers; the fourth loses
#   them between two checks. We suspect a batch with a huge gradient, since these steps are not clipped,
#   but have not measured it.
# - **DFS: the step is too large, and a hundredth of it, too.** After one step of Adam most
#   answers are wrong, on graphs of 16 nodes as on 64. Gradient steps within the curvature keep
#   all answers for a step and have lost them after ten (fewer networks than of the other rows);
#   here, too, we have not measured which batch does it.
# - **New moments are not the cause.** With gathered moments the first step is no better. Most
#   batches have no gradient and a few have a large one, so that what was gathered says little
#   about the next batch.
# - **Soft weights: training mends them.** At sharpness $2^5$ selections are too soft for 64 nodes, where a
#   part of BFS's answers is wrong from the start, and more than half of Bellman-Ford's. Adam makes all of
#   BFS's right, and twice as many of Bellman-Ford's as at the start, in all four networks of each. The first
#   step raises the loss; from then on it falls, below that of the start.
# - **Softer Bellman-Ford: answers come back, weights do not.** Bellman-Ford at sharpness $2^{10}$ loses more in
#   Adam's first step, over half of its answers on 64 nodes in three networks of four, and in one of
#   them more still in the next steps. In the end all four are about as right as at the start. But their
#   loss stays above that of the start, and the weights move on, away from it: training finds another
#   solution nearby, which is as right and less sure.
# - *Unstable*, in the sense that small steps along the gradient lead away, none of them has
#   been seen to be so far. Where the gradient is zero on nearly all batches that says little; other
#   degrees of sharpness, not trained yet, say more.
# - **For the paper's hypothesis** that training finds what lies in NC: the class does not tell what happens at
#   an exact solution. BFS and Bellman-Ford are both in NC, and one stays where the other leaves. And
#   that training leaves it is no sign that the solution cannot be learned. It says that Adam, which
#   moves each parameter by about its rate however flat the place is, does not rest at weights as sharp
#   as these.
# - The networks of a row, four at most, differ only in the batches that they see; the results are for
#   2,000 steps, one network shape, and a sharpness that is far beyond what training makes.
# - What would change our mind: gradient steps within the curvature that leave exact weights
#   although no single gradient is large, or a rate of Adam that keeps DFS.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | all rows | `mindgap run departure --seeds 0:4` |
# | one of them | `mindgap run departure/bfs-20-adam --seeds 0:4` |
# | this page | `mindgap book run 16_departure` |
#
# The recorded results on this page were computed by these runs:

# %% tags=["remove-input", "hide-output"]
mg.paper.report.provenance(rows, results)
