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
# # Scoreboard: what became of each number and each claim? (all sections)
#
# **Question.** Which of the paper's numbers come out again, which do not, and which cannot
# be compared? Which of its claims do our data support? Where is the paper unclear, and what
# was done about it? And how was this book itself made?
#
# **In one line.** The paragraph below counts it: printed numbers by the primary
# reading of their settings, and claims by their main clause. Where fewer than eight of our
# networks stand behind a row, there is no verdict yet.
#
# **From the paper, on this page:** every table with results (1 to 3, 10 to 14), the numbers
# that its text gives {cite:p}`saldyt2025gap`, and its claims in words.
#
# Nothing on this page is typed: it is made from the registry of experiments, the store of
# results, and the executed chapters.

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
seeds: int = 0  # show the first so many seeds of each row; 0 for all
store: str = "results"  # where results are read, relative to book/
root: str = ".."  # where the book was executed, relative to book/

# %% [markdown]
# Nothing is trained on this page. Under `quick`, claims that need more than recorded results
# (a certificate of compiled weights) are not judged; `paper` shows what `stored` shows.

# %% tags=["remove-cell"]
from pathlib import Path

import pandas as pd

import mindgap as mg
from mindgap.paper.claims import CLAIMS
from mindgap.paper.discrepancies import DISCREPANCIES

mg.book.pages.check_parameters(globals())

# %% tags=["remove-cell"]
# %config InlineBackend.figure_formats = []
pd.set_option("display.max_colwidth", None)
pd.set_option("display.max_rows", None)

# %% tags=["remove-input"]
results = mg.paper.report.book_store(store, seeds)
computed = {"verification"}
names = [
    name
    for name, claim in CLAIMS.items()
    if profile != "quick" or not computed & {*claim.measures}
]
evidence = mg.paper.verdicts.judge_of(results)
numbers = mg.paper.verdicts.numbers(evidence)
judged = mg.paper.verdicts.verdicts(results, names, evidence)
totals = mg.paper.scoreboard.totals(numbers, judged)
made = mg.book.executions.executions(Path(root), running="scoreboard")
pages = {e.chapter for e in made}
left_out = len(CLAIMS) - len(names)
said = f" Claims not judged under this profile: {left_out}." if left_out else ""
mg.book.pages.note(mg.paper.scoreboard.sentence(totals) + said)

# %% [markdown]
# ## The rule
#
# It is one file of the library, `mindgap.paper.protocol`, which was committed before the deciding
# networks were trained. In words:
#
# - *Numbers.* Each printed number has one primary reading of its settings: the literal text;
#   where that is silent, the defaults of Table 9 and of the benchmark; the best checkpoint by
#   validation, as the benchmark's driver has it, and for Table 14, which trains from
#   compiled weights, the last one. All other readings, of the checkpoint as well, are
#   sensitivity readings, and counted apart.
# - Ours and the paper's means are compared with Welch's interval. *Equivalent*: the 90 %
#   interval of the difference lies within half of the paper's standard deviation, at least
#   within one point. *Differs*: not equivalent, and the difference is not zero at 95 %, by
#   Holm's correction over all primary readings that can be compared. Else *inconclusive*.
#   Where we do not know which test graphs the paper used, the variance between sets of this
#   size is added twice, for our set and for the paper's; our mean on a larger set stands
#   beside.
# - *Claims.* The main clause gives the verdict: the 95 % interval of a statistic of our
#   networks lies on the claim's side of a threshold that quotes the paper's words
#   (*supported*), on the other (*contradicted*), or across (*inconclusive*). No clause is a
#   minimum or maximum over networks.
# - Fewer than eight networks on a side are *too few seeds*; a statistic that no record has is
#   *not measured*. Networks that were recorded
#   before the rule are exploratory: rows of which eight new ones cost less than an hour are
#   judged from new ones alone, all others from all of theirs, and each line says which.

# %% tags=["remove-input"]
changes = "".join(f"\n- {date}: {what}" for date, _, what in mg.paper.protocol.CHANGES)
mg.book.pages.note(
    f"First committed on {mg.paper.protocol.COMMITTED}. Changes since:\n{changes}"
)

# %% [markdown]
# ## Numbers

# %% tags=["remove-input"]
pd.DataFrame({"printed numbers": totals.printed}).T

# %% tags=["remove-cell"]
assert sum(totals.printed.values()) == len(mg.paper.protocol.PRIMARY)

# %% tags=["hide-input"] mystnb={"figure": {"name": "figure-agreement", "caption": "Ours minus the paper's mean, for each primary reading with at least two deciding networks, with its 95 % interval. Linear up to 5 points, logarithmic beyond."}, "image": {"alt": "A list of rows in groups by table, each with a mark and an interval. Which of them are equivalent, differ, are inconclusive or have too few seeds is told by colour and shape, and in the tables below."}}
found = mg.paper.scoreboard.differences(n for n in numbers if n.reading == "primary")
mg.paper.scoreboard.figure(found)

# %% tags=["remove-input"]
mg.book.pages.data("figure-agreement", found.round(4))


# %% [markdown]
# Mean ± standard deviation over all our networks (maximum), in percent of pointers; the
# difference, and the verdict, are of those that decide. Why rows cannot be compared, or
# cannot be shown equivalent:

# %% tags=["remove-input"]
mg.book.pages.linked(mg.paper.scoreboard.reasons(numbers), column="why")

# %% [markdown]
# ### Table 1: baselines
#
# Told in {doc}`03_baselines`.

# %% tags=["remove-input"]
mg.paper.scoreboard.table(numbers, "table-1")

# %% [markdown]
# ### Table 2: BFS and DFS with other traces
#
# Told in {doc}`04_bfs_dfs_disparity`.

# %% tags=["remove-input"]
mg.paper.scoreboard.table(numbers, "table-2")

# %% [markdown]
# ### Table 3: without traces
#
# Told in {doc}`05_traces`.

# %% tags=["remove-input"]
mg.paper.scoreboard.table(numbers, "table-3")

# %% [markdown]
# ### Table 10: edge information
#
# Told, as Tables 11 to 13, in {doc}`09_ablations`.

# %% tags=["remove-input"]
mg.paper.scoreboard.table(numbers, "table-10")

# %% [markdown]
# ### Table 11: a bias, BFS

# %% tags=["remove-input"]
mg.paper.scoreboard.table(numbers, "table-11")

# %% [markdown]
# ### Table 12: both changes, Bellman-Ford

# %% tags=["remove-input"]
mg.paper.scoreboard.table(numbers, "table-12")

# %% [markdown]
# ### Table 13: minimal networks

# %% tags=["remove-input"]
mg.paper.scoreboard.table(numbers, "table-13")

# %% [markdown]
# ### Table 14: training from compiled weights
#
# In a row's name: hidden size, sharpness of the compiled selections, learning rate.

# %% tags=["remove-input"]
mg.paper.scoreboard.table(numbers, "table-14")

# %% [markdown]
# ### In the text
#
# Numbers that stand in the text alone. What they are taken to say is judged among the claims.

# %% tags=["remove-input"]
text = pd.DataFrame(mg.paper.scoreboard.stated(evidence))
text.columns = ["what", "section", "paper", "ours", "chapter"]
mg.book.pages.linked(text, pages=pages)

# %% [markdown]
# ### The commands
#
# What continues each number to the seeds that its verdict needs; seeds that are recorded are
# not run again.

# %% tags=["remove-input"]
commands = pd.DataFrame(
    {
        "command": mg.paper.scoreboard.command(n),
        "deciding": n.deciding,
        "verdict": n.verdict,
        "chapter": mg.paper.scoreboard.chapter(n),
    }
    for n in numbers
    if n.row.checkpoint == n.experiment.headline
)
mg.book.pages.linked(commands, pages=pages)

# %% [markdown]
# ## Claims

# %% tags=["remove-input"]
pd.Series(totals.claims, name="claims").to_frame().T

# %% tags=["remove-input"]
mg.book.pages.linked(mg.paper.verdicts.table(judged), pages=pages)

# %% [markdown]
# All clauses, the main one of each claim first, with the paper's words, our estimate (95 %
# interval over networks) beside the threshold, and how many networks each side has.

# %% tags=["remove-input", "hide-output"]
mg.book.pages.linked(mg.paper.verdicts.detail(judged), column="verdict")

# %% tags=["remove-cell"]
assert {v.claim.name for v in judged} == {*names}
assert all(v.kind == v.clauses[0].verdict for v in judged)

# %% [markdown]
# ## Discrepancies
#
# Places where the paper is unclear, silent, or contradicts itself or the code that it
# builds on, and what is done here.

# %% tags=["remove-input"]
places = pd.DataFrame(DISCREPANCIES)
places.columns = ["", "where", "the paper", "here", "chapter"]
mg.book.pages.linked(places, pages=pages)

# %% [markdown]
# ## How this book was made
#
# Of each chapter, as it was executed when this page was: seconds, date, commit of the
# library (with + if it was changed since), versions, machine.

# %% tags=["remove-input", "hide-output"]
status = mg.book.executions.table(made).reset_index()
mg.book.pages.linked(status, pages=pages)

# %% tags=["remove-input"]
missing = [e.chapter for e in made if e.state == "not executed"]
old = [e.chapter for e in made if "earlier" in e.state]
print(f"Not executed yet: {', '.join(missing) or 'none'}.")
print(f"Executed from an earlier source or library: {', '.join(old) or 'none'}.")

# %% [markdown]
# Of each row of the registry, what is recorded: how many seeds, when and with which commit
# of the library they were trained, where, and how long it took.

# %% tags=["remove-input"]
mg.paper.report.ages(results)

# %% [markdown]
# ## What this shows, and what it does not
#
# - A verdict is one statistic on one side of a threshold. Whether it is the right one for a
#   claim is a judgement, which is why words, statistic and threshold are listed.
# - Equivalence of a mean says that a number was reproduced, not that what the paper concludes
#   from it follows.
# - A difference says that our reading of the settings does not give the paper's number. The
#   paper's code for its experiments is not public, and many settings are not printed.
#
# **What would change our mind.** Settings, seeds and scores of the paper's own runs.
#
# ## Reproduce
#
# | what | command |
# |---|---|
# | all rows, a little further | `mindgap run all` |
# | how far each row is | `mindgap status` |
# | this page | `mindgap book run scoreboard` |
# | this page, without what must be computed | `mindgap book run scoreboard -p profile=quick` |
