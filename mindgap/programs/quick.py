"""Quicksort and quickselect: a node is a number, and a place where a number stands.

As a place, a node `holds` the number that stands there, and marks CLRS's variables p,
r, i + 1 and j. As a number it is shown by these marks, and compared. CLRS records
nothing before the first comparison, so that the first round has to make two.
"""

from mindgap import tasks
from mindgap.language.expressions import same, when
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Min, everyone, nobody
from mindgap.programs.rows import (
    PAST,
    marked,
    named_by,
    ring,
    select_before,
    select_behind,
    select_front,
    select_last,
    select_middle,
    select_place,
)

ROUND = 12
"""Steps for each hint: in step 6 the marks move, in step 10 (and once in 5) who stands
at i + 1 and j may change places."""
TIMES = ring(ROUND)


def _events(
    self, front, last, before, eye, jay, shown, pivot, place, held_p, held_r, held_i,
    held_j,
):  # fmt: skip
    """What both update alike: the exchange at i + 1 and j, and what is shown."""
    acts = self.acts
    return {
        **{time: getattr(self, earlier) for time, earlier in TIMES.items()},
        "old": True,
        "begun": self.begun + (self.t5 & ~self.begun),
        "acts": self.t9 + (self.t4 & ~self.begun),
        "front": same(front.index, self.index), "end": same(last.index, self.index),
        "holds": when(~acts, self.holds) + when(acts & ~self.fit, self.holds)
        + when(acts & self.fit & ~self.i & ~self.j, self.holds)
        + when(acts & self.fit & self.i & self.j, self.holds)
        + when(acts & self.fit & self.i & ~self.j, jay.holds)
        + when(acts & self.fit & self.j & ~self.i, eye.holds),
        "earlier": before.holds,
        # all nodes alike
        "last": jay.r,
        "fit": shown.fits,
        "ended": (self.ended & ~acts) + (acts & self.last),
        # numbers
        "at_p": held_p.p, "at_r": held_r.r, "at_i": held_i.i, "at_j": held_j.j,
        "fits": self.at_j & pivot.at_r,
        "pred": place.earlier,
    }  # fmt: skip


def _sort(
    self, front, last, before, behind, lead, tail, called, eye, jay, shown, pivot,
    place, held_p, held_r, held_i, held_j, init,
):  # fmt: skip
    acts, sets = self.acts, self.t6
    final = same(last.index, self.index)
    leads = same(lead.index, self.index) & ~self.stays & ~self.unopen
    return {
        **_events(
            self, front, last, before, eye, jay, shown, pivot, place, held_p, held_r,
            held_i, held_j,
        ),
        "stays": ~self.t5 + (self.t5 & ~self.ended),
        # places
        "p": (self.p & self.stays) + leads,
        "i": (self.i & self.stays & ~acts) + leads
        + (acts & self.fit & ~self.last & before.i & ~self.front)
        + (acts & self.i & ~self.fit) + (acts & self.i & self.last),
        "j": (self.j & self.stays & ~sets) + leads
        + (sets & ~self.ended & before.j & ~self.front),
        "r": (self.r & ~sets) + (sets & self.r & ~self.ended) + (final & ~self.old)
        + (sets & self.ended & called.front),
        "settled": self.settled + (acts & self.i & self.last & ~self.settled),
        "opens": ~self.settled & ~behind.settled & ~self.end,
        "unopen": ~self.opens,
        "closes": ~self.settled & ~self.opens & before.opens,
        "uncloses": ~self.closes,
        "named": tail.index,
    }  # fmt: skip


_SOUGHT = {
    "front": select_front,
    "last": select_last,
    "before": select_before,
    "behind": select_behind,
    "lead": lambda self, other, init, edge: Min(
        other.index + 2 * other.unopen, where=everyone
    ),
    "tail": lambda self, other, init, edge: Min(
        other.index + 2 * other.uncloses, where=everyone
    ),
    "called": named_by("front"),
    "eye": marked("i"),
    "jay": marked("j"),
    "shown": marked("at_j"),
    "pivot": lambda self, other, init, edge: Min(
        other.index, where=other.at_r & (self.key <= other.key), default=nobody
    ),
    "place": select_place,
    **{f"held_{mark}": named_by(mark, "holds") for mark in "prij"},
}

quicksort = GraphProgram(
    name="quicksort",
    start=lambda init: {
        **{time: time == "t1" for time in TIMES},
        **dict.fromkeys(
            ("old", "begun", "acts", "stays", "front", "end", "p", "i", "j", "r"),
            False,
        ),
        "holds": init.index,
        **dict.fromkeys(
            ("settled", "opens", "unopen", "closes", "uncloses"), False
        ),
        "named": init.index, "earlier": init.index,
        **dict.fromkeys(
            ("last", "fit", "ended", "at_p", "at_r", "at_i", "at_j", "fits"), False
        ),
        "pred": init.index,
    },
    select=_SOUGHT,
    update=_sort,
    task=tasks.quicksort,
    hints={"pred_h": "pred", "p": "at_p", "r": "at_r", "i": "at_i", "j": "at_j"},
    outputs={"pred": "pred"},
    message_steps=ROUND,
    largest_value=1.0,
)  # fmt: skip
"""Who stands at j goes to i + 1 if it is not above the pivot, which stands at r. Where
j comes to r, the pivot takes its place for good, and the first places that are not
settled are next."""


def _select(
    self, front, last, before, behind, middle, called, beyond, center, pee, eye, jay,
    shown, pivot, place, held_p, held_r, held_i, held_j, held_m, init,
):  # fmt: skip
    acts, sets = self.acts, self.t6
    first, final = same(front.index, self.index), same(last.index, self.index)
    fresh = sets & self.ended
    upper, lower = fresh & self.up, fresh & ~self.up
    starts = (upper & before.i & ~self.front, lower & self.p)
    return {
        **_events(
            self, front, last, before, eye, jay, shown, pivot, place, held_p, held_r,
            held_i, held_j,
        ),
        # places
        "p": (first & ~self.old) + (self.p & ~sets) + (sets & ~self.ended & self.p)
        + starts[0] + starts[1],
        "i": (first & ~self.old) + (self.i & ~sets & ~acts)
        + (sets & ~self.ended & self.i) + starts[0] + starts[1]
        + (acts & self.fit & ~self.last & before.i & ~self.front)
        + (acts & self.i & ~self.fit) + (acts & self.i & self.last),
        "j": (first & ~self.old) + (self.j & ~sets) + starts[0] + starts[1]
        + (sets & ~self.ended & before.j & ~self.front),
        "r": (final & ~self.old) + (self.r & ~sets) + (sets & self.r & ~self.ended)
        + (upper & self.r) + (lower & behind.i & ~self.end),
        "half": 0.5 + PAST,
        "named": middle.index,
        "m": called.front,
        "later": beyond.m,
        "up": eye.later,
        "rank": eye.index - when(self.ended, pee.index),
        "target_rank": center.index - pee.index,
        "at_m": held_m.m,
        "pivots": (self.at_r & ~self.ended) + (self.at_i & self.ended),
    }  # fmt: skip


_STARTS = ("stays", "settled", "opens", "unopen", "closes", "uncloses")

quickselect = GraphProgram(
    name="quickselect",
    start=lambda init: {
        **{name: start for name, start in quicksort.start(init).items()
           if name not in _STARTS},
        "half": 0.5 + PAST, "rank": 0.0, "target_rank": 0.0,
        **dict.fromkeys(("m", "later", "up", "at_m", "pivots"), False),
    },
    select={
        **{name: _SOUGHT[name]
           for name in ("front", "last", "before", "behind")},
        "middle": select_middle,
        "called": _SOUGHT["called"],
        "beyond": lambda self, other, init, edge: Min(
            other.index, where=other.m & (self.index < other.index), default=nobody
        ),
        "center": marked("m"),
        "pee": marked("p"),
        **{name: _SOUGHT[name]
           for name in ("eye", "jay", "shown", "pivot", "place")},
        **{f"held_{mark}": named_by(mark, "holds") for mark in "prijm"},
    },
    update=_select,
    task=tasks.quickselect,
    hints={
        "pred_h": "pred", "p": "at_p", "r": "at_r", "i": "at_i", "j": "at_j",
        "i_rank": "rank", "target": "target_rank", "pivot": "pivots",
    },
    outputs={"median": "at_m"},
    message_steps=ROUND,
    largest_value=1.0,
    linear_positions=True,
)  # fmt: skip
"""As quicksort, but of the two parts only the one with the middle place goes on. CLRS
shows ranks as numbers; these are positions, which have to be linear."""
