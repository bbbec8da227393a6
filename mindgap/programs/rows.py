"""Programs that go along a row of numbers, a node for each hint (CLRS's order of work).

A row has no edges: every selection is of all nodes. Each hint is a round of a few
steps. In one of them the next node is called, and the others settle what follows. The
first step of the first round calls the first node, before the second is called.
"""

from mindgap import tasks
from mindgap.language.expressions import maximum, same, when
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Max, Min, everyone, nobody

PAST = 1.05 * 2.0**-12
"""Added to a middle, so that a node there lies before it: a little more than numbers
must be apart to be compared. Rows with nodes so close that it decides are refused."""


FAR = 128.0
"""More than any key: so much is added to the keys of those who are not meant."""


def select_next(self, other, init, edge):
    """The first node that has not been called; the first of all where all have."""
    return Min(other.index + 2 * other.seen, where=everyone)


def ring(steps: int) -> dict[str, str]:
    """Truth values that hold in one step of a round each, with the one before each."""
    times = [f"t{step}" for step in range(1, steps + 1)]
    return dict(zip(times, [times[-1], *times], strict=False))


def sure(truth):
    """A truth value, rounded to 0 or 1: so what a softmax rounds does not add up.

    Where scores are computed twice, in two orders, the node that is selected can get
    1 - 2^-24; each conjunction of such values is further from 1.
    """
    return 3 * truth > 1


def marked(mark: str):
    """A selection: the node with this mark, or the first of all where nobody has it."""
    return lambda self, other, init, edge: Min(
        other.index - 2 * getattr(other, mark), where=everyone
    )


def named_by(mark: str, name: str = "named"):
    """A selection: the node with this mark, if its reference `name` is oneself."""
    return lambda self, other, init, edge: Min(
        other.index,
        where=getattr(other, mark) & same(getattr(other, name), self.index),
        default=nobody,
    )


def select_front(self, other, init, edge):
    """The first node of all."""
    return Min(other.index, where=everyone)


def select_last(self, other, init, edge):
    """The last node of all."""
    return Max(other.index, where=everyone)


def select_middle(self, other, init, edge):
    """The last node before the number `half`."""
    return Max(other.index, where=other.index < self.half, default=nobody)


def select_before(self, other, init, edge):
    """Who stands before oneself in the row; the first node selects itself."""
    return Max(other.index, where=other.index < self.index, default=self)


def select_behind(self, other, init, edge):
    """Who stands behind oneself in the row; the last node selects itself."""
    return Min(other.index, where=self.index < other.index, default=self)


def select_place(self, other, init, edge):
    """The place that holds oneself as a number."""
    return Min(other.index, where=same(other.holds, self.index), default=self)


def _minimum(self, next, lower, higher, before, init):
    called = same(next.index, self.index) & ~self.seen
    return {
        "old": True,
        "seeds": self.rests,
        "calls": self.seeds,
        "rests": self.calls,
        "waits": ~self.seeds,
        "seen": self.seen + (called & ~self.waits),
        "i": (self.i & self.waits) + (called & ~self.waits),
        "least": (self.least & ~lower.i) + (self.i & higher.least)
        + (called & ~self.old),
        "pred": before.index,
    }  # fmt: skip


minimum = GraphProgram(
    name="minimum",
    start=lambda init: {
        "old": False, "seeds": True, "calls": False, "rests": False, "waits": False,
        "seen": False, "i": False, "least": False, "pred": init.index,
    },
    select={
        "next": select_next,
        "lower": lambda self, other, init, edge: Min(
            other.index, where=other.i & (other.key < self.key), default=nobody
        ),
        "higher": lambda self, other, init, edge: Min(
            other.index, where=other.least & (self.key < other.key), default=nobody
        ),
        "before": select_before,
    },
    update=_minimum,
    task=tasks.minimum,
    hints={"pred_h": "pred", "min_h": "least", "i": "i"},
    outputs={"min": "least"},
    message_steps=3,
    largest_value=1.0,
)  # fmt: skip
"""The node that is called becomes the least if the least so far is higher."""


def _choose(self, front, next, called, rival, taker, before, init):
    return {
        "anchor": same(front.index, self.index),
        "names": self.rests,
        "calls": self.names,
        "takes": self.calls,
        "marks": self.takes,
        "rests": self.marks,
        "begun": self.begun + (self.takes & ~self.begun),
        "named": when(self.names, next.index) + when(~self.names, self.named),
        "m": (self.m & ~self.calls) + (self.calls & called.anchor),
        "seen": self.seen + (self.calls & called.anchor),
        "taken": (self.takes & self.m & rival.k) + (self.takes & self.m & ~self.begun),
        "selected": self.selected + (self.takes & self.m & rival.k)
        + (self.takes & self.m & ~self.begun),
        "k": (self.k & ~self.marks) + (self.marks & self.taken)
        + (self.marks & self.k & ~taker.taken),
        "pred": before.index,
    }  # fmt: skip


activity_selector = GraphProgram(
    name="activity_selector",
    start=lambda init: {
        "anchor": False, "names": False, "calls": False, "takes": False,
        "marks": False, "rests": True, "begun": False, "named": init.index, "m": False,
        "seen": False, "taken": False, "selected": False, "k": False,
        "pred": init.index,
    },
    select={
        "front": select_front,
        "next": lambda self, other, init, edge: Min(
            other.f + 4 * other.seen, where=everyone
        ),
        "called": named_by("anchor"),
        "rival": lambda self, other, init, edge: Min(
            other.index, where=other.k & (other.f <= self.begin), default=nobody
        ),
        "taker": marked("taken"),
        "before": select_before,
    },
    update=_choose,
    task=tasks.activity_selector,
    hints={"pred_h": "pred", "selected_h": "selected", "m": "m", "k": "k"},
    outputs={"selected": "selected"},
    message_steps=5,
    largest_value=1.0,
)  # fmt: skip
"""The first node calls the activity that is left and finishes first. It is selected if
the one selected last has finished by its begin."""


def _schedule(self, front, next, called, clock, taker, before, init):
    return {
        "anchor": same(front.index, self.index),
        "names": self.rests,
        "calls": self.names,
        "takes": self.calls,
        "counts": self.takes,
        "rests": self.counts,
        "named": when(self.names, next.index) + when(~self.names, self.named),
        "i": (self.i & ~self.calls) + (self.calls & called.anchor),
        "seen": self.seen + (self.calls & called.anchor),
        "taken": self.takes & self.i & clock.anchor,
        "selected": self.selected + (self.takes & self.i & clock.anchor),
        "t": self.t + taker.taken,
        "pred": before.index,
    }


task_scheduling = GraphProgram(
    name="task_scheduling",
    start=lambda init: {
        "anchor": False, "names": False, "calls": False, "takes": False,
        "counts": False, "rests": True, "named": init.index, "i": False,
        "seen": False, "taken": False, "selected": False, "t": 0.0,
        "pred": init.index,
    },
    select={
        "front": select_front,
        "next": lambda self, other, init, edge: Max(
            other.w - FAR * other.seen, where=everyone
        ),
        "called": named_by("anchor"),
        "clock": lambda self, other, init, edge: Min(
            other.index, where=other.anchor & (other.t < self.d), default=nobody
        ),
        "taker": marked("taken"),
        "before": select_before,
    },
    update=_schedule,
    task=tasks.task_scheduling,
    hints={"pred_h": "pred", "selected_h": "selected", "i": "i", "t": "t"},
    outputs={"selected": "selected"},
    message_steps=5,
)  # fmt: skip
"""The first node, an `anchor`, calls the task of greatest penalty that is left. That
takes a place if its deadline is later than the number of places taken."""


def _insert(self, next, lower, after, caller, before, init):
    called = same(next.index, self.index) & ~self.seen
    moves = self.joins & self.j & self.inside
    return {
        "old": True,
        "seeds": self.joins,
        "calls": self.seeds,
        "compares": self.calls,
        "names": self.compares,
        "tells": self.names,
        "joins": self.tells,
        "waits": ~self.seeds,
        "seen": self.seen + (called & ~self.waits),
        "j": (self.j & self.waits) + (called & ~self.waits),
        "above": self.seen & lower.j,
        "named": after.index,
        "inside": (self.inside & ~self.joins) + (self.names & self.j & after.above),
        "hit": caller.inside,
        "shifts": before.j & before.inside,
        "i": (self.i & ~self.joins) + (self.joins & self.hit)
        + (self.joins & self.j & ~self.inside),
        "head": (self.head & ~self.joins) + (self.head & ~self.hit & self.joins)
        + (moves & after.head) + (called & ~self.old),
        "pred": when(~self.old, before.index)
        + when(self.old & ~self.joins, self.pred)
        + when(moves & ~after.head, after.pred)
        + when(moves & after.head, self.index)
        + when(self.joins & self.j & ~self.inside, self.pred)
        + when(self.joins & caller.inside, caller.index)
        + when(self.joins & before.inside & before.j & self.shifts, before.pred)
        + when(self.joins & ~self.j & ~self.hit & ~self.shifts, self.pred),
    }  # fmt: skip


insertion_sort = GraphProgram(
    name="insertion_sort",
    start=lambda init: {
        "old": False, "seeds": True, "calls": False, "compares": False,
        "names": False, "tells": False, "joins": False, "waits": False,
        "seen": False, "j": False, "above": False, "named": init.index,
        "inside": False, "hit": False, "shifts": False, "i": False, "head": False,
        "pred": init.index,
    },
    select={
        "next": select_next,
        "lower": lambda self, other, init, edge: Min(
            other.index, where=other.j & (other.key < self.key), default=nobody
        ),
        "after": lambda self, other, init, edge: Min(
            other.key - 4 * other.above, where=everyone
        ),
        "caller": named_by("j"),
        "before": select_before,
    },
    update=_insert,
    task=tasks.insertion_sort,
    hints={"pred_h": "pred", "i": "i", "j": "j"},
    outputs={"pred": "pred"},
    message_steps=6,
    largest_value=1.0,
)  # fmt: skip
"""The node that is called finds the least of those above it, and steps in before it.
Who is called next stands behind all that are sorted."""


def _best_run(self, next, reader, restart, better, before, init):
    called = same(next.index, self.index) & ~self.seen
    first = self.starts & ~self.begun
    return {
        "seeds": self.betters,
        "starts": self.seeds,
        "calls": self.starts,
        "adds": self.calls,
        "betters": self.adds,
        "begun": self.begun + first,
        "waits": ~self.starts,
        "zero": 0.0,
        "seen": self.seen + (called & ~self.waits),
        "j": (self.j & self.waits) + (called & ~self.waits),
        "sum": when(first, reader.key) + when(self.adds, maximum(self.sum, 0))
        + when(self.adds, reader.key) + when(self.begun & ~self.adds, self.sum),
        "i": (self.i & ~self.adds) + (self.adds & self.i & ~restart.j)
        + (self.adds & self.j & restart.j) + (first & self.j),
        "best": when(first, reader.key) + when(self.begun & ~self.betters, self.best)
        + when(self.betters & better.j, better.sum)
        + when(self.betters & ~better.j, self.best),
        "low": (self.low & ~self.betters) + (self.betters & self.low & ~better.j)
        + (self.betters & self.i & better.j) + (first & self.j),
        "high": (self.high & ~self.betters) + (self.betters & self.high & ~better.j)
        + (self.betters & self.j & better.j) + (first & self.j),
        "pred": before.index,
    }  # fmt: skip


find_maximum_subarray_kadane = GraphProgram(
    name="find_maximum_subarray_kadane",
    start=lambda init: {
        "seeds": True, "starts": False, "calls": False, "adds": False,
        "betters": False, "begun": False, "waits": False, "zero": 0.0, "seen": False,
        "j": False, "sum": 0.0, "i": False, "best": 0.0, "low": False, "high": False,
        "pred": init.index,
    },
    select={
        "next": select_next,
        "reader": marked("j"),
        "restart": lambda self, other, init, edge: Min(
            other.index, where=other.j & (self.sum < other.zero), default=nobody
        ),
        "better": lambda self, other, init, edge: Min(
            other.index, where=other.j & (self.best < other.sum), default=nobody
        ),
        "before": select_before,
    },
    update=_best_run,
    task=tasks.find_maximum_subarray_kadane,
    hints={
        "pred_h": "pred", "best_low": "low", "best_high": "high", "best_sum": "best",
        "i": "i", "j": "j", "sum": "sum",
    },
    outputs={"start": "low", "end": "high"},
    message_steps=5,
    largest_value=32.0,
)  # fmt: skip
"""Every node keeps the two sums; whoever is called adds its number to one of them. A
run starts anew where the sum before it is negative."""


def _bubble(self, front, last, before, caller, follows, lower, chief, bearer, init):
    moves, swaps = self.settles, self.settles & chief.swap
    first, final = same(front.index, self.index), same(last.index, self.index)
    return {
        "old": True,
        "starts": self.settles,
        "looks": self.starts,
        "compares": self.looks,
        "settles": self.compares,
        "left": caller.right,
        "behind": follows.right,
        "swap": self.left & lower.right,
        "ended": (self.ended & ~moves) + (moves & chief.i),
        "right": (final & ~self.old)
        + (self.starts & self.ended & self.tail)
        + (self.starts & ~self.ended & self.right)
        + (self.right & ~self.starts & ~moves)
        + (self.right & swaps) + (moves & self.left & ~self.swap),
        "i": (first & ~self.old) + (self.starts & self.ended & self.j)
        + (self.starts & ~self.ended & self.i) + (self.i & ~self.starts & ~moves)
        + (swaps & self.right & chief.i) + (moves & self.i & ~self.left)
        + (moves & self.i & self.left & ~self.swap),
        "j": (self.j & ~moves) + (moves & self.left & self.swap)
        + (moves & self.right & ~chief.swap),
        "head": (first & ~self.old) + (self.head & ~moves)
        + (swaps & self.right & chief.head) + (moves & self.head & ~self.left)
        + (moves & self.head & self.left & ~self.swap),
        "tail": (final & ~self.old) + (self.tail & ~moves)
        + (moves & self.left & self.swap & bearer.tail)
        + (moves & self.tail & ~self.right)
        + (moves & self.tail & self.right & ~chief.swap),
        "pred": when(~self.old, before.index)
        + when(self.old & ~moves, self.pred)
        + when(moves & ~chief.swap, self.pred)
        + when(swaps & ~self.right & ~self.left & ~self.behind, self.pred)
        + when(swaps & self.right & ~chief.head, chief.pred)
        + when(swaps & self.right & chief.head, self.index)
        + when(moves & self.left & self.swap, bearer.index)
        + when(swaps & self.behind, chief.index),
    }  # fmt: skip


bubble_sort = GraphProgram(
    name="bubble_sort",
    start=lambda init: {
        "old": False, "starts": True, "looks": False, "compares": False,
        "settles": False, "left": False, "behind": False, "swap": False,
        "ended": False, "right": False, "i": False, "j": False, "head": False,
        "tail": False, "pred": init.index,
    },
    select={
        "front": select_front,
        "last": select_last,
        "before": select_before,
        "caller": named_by("right", "pred"),
        "follows": lambda self, other, init, edge: Min(
            other.index,
            where=other.right & same(other.index, self.pred),
            default=nobody,
        ),
        "lower": lambda self, other, init, edge: Min(
            other.index, where=other.right & (other.key < self.key), default=nobody
        ),
        "chief": marked("left"),
        "bearer": marked("right"),
    },
    update=_bubble,
    task=tasks.bubble_sort,
    hints={"pred_h": "pred", "i": "i", "j": "j"},
    outputs={"pred": "pred"},
    message_steps=4,
    largest_value=1.0,
)  # fmt: skip
"""Of two that stand beside each other, `right` and `left`, the lower goes before. A
pass ends where the left one stands at the place to be filled."""
