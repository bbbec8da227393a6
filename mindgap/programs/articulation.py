"""Articulation points: a depth-first search that looks at one neighbour a hint.

Times are kept in beats, which no step rounds, and shown in CLRS's unit. Every hint
takes five steps: the node with the token names whom it looks at, the search acts,
discoveries and lows are compared, the lesser is taken, and everybody looks who may be
next.
"""

from mindgap import tasks
from mindgap.language.expressions import maximum, same, when
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Min, everyone, nobody
from mindgap.programs.dfs import BEAT, SECOND, select_end, select_entry
from mindgap.programs.rows import marked, named_by, ring

_TIMES = ring(5)


def _cut(
    self, entry, kin, heir, first, holder, caller, lower, less, blocks, bound, end,
    init,
):  # fmt: skip
    names, acts, compares, looks = self.t1, self.t2, self.t3, self.t5
    gives = names & self.token & ~self.new
    now = self.clock + BEAT
    return {
        **{time: getattr(self, earlier) for time, earlier in _TIMES.items()},
        "last": same(end.index, self.index),
        "loop": entry.weight, "loops": bound.last, "zero": 0.0,
        # all nodes alike
        "idle": (self.idle & ~looks) + (self.idle & looks & ~holder.new)
        + (holder.ends & holder.root),
        "clock": self.clock + when(holder.finds, BEAT) + when(holder.ends, BEAT),
        # who may be looked at, from the first on
        "near": (looks & entry.token & ~self.passed & ~self.token)
        + (looks & entry.token & ~self.passed & self.token & self.loops),
        "skip": looks & kin.token,
        "passed": (self.passed & ~holder.calls & ~holder.ends) + caller.visits,
        # what the token's holder does; where nobody has it, the last node speaks
        "gives": gives + (names & self.idle & self.last),
        "opens": names & self.idle & self.last,
        "finds": names & self.new,
        "calls": gives & heir.near & ~heir.skip & ~heir.seen,
        "visits": gives & heir.near & ~heir.skip & heir.seen,
        "ends": (gives & ~heir.near) + (gives & heir.near & heir.skip),
        "target": when(~self.idle & heir.near & ~heir.skip, heir.index)
        + when(~self.idle & heir.near & heir.skip, self.below)
        + when(~self.idle & ~heir.near, self.below) + when(self.idle, first.index),
        "token": (self.token & ~self.calls & ~self.ends) + caller.calls
        + (caller.ends & ~self.ends) + caller.opens,
        "new": (self.new & ~acts) + caller.calls + caller.opens,
        # discoveries and lows
        "visit": caller.visits + (self.visit & compares),
        "back": self.ends + (self.back & compares),
        "lowers": compares & self.token & lower.visit,
        "unders": compares & self.token & less.back,
        "began": when(self.finds, now) + when(~self.finds, self.began),
        "low": when(self.finds, now) + when(self.lowers & lower.visit, lower.began)
        + when(~self.finds & ~self.lowers, self.low)
        - when(self.ends, maximum(self.low - self.under, 0)),
        "under": when(self.finds, now) + when(self.unders & less.back, less.low)
        + when(~self.finds & ~self.unders, self.under),
        "parts": self.parts + (compares & self.token & ~self.parts & blocks.back),
        "parent": self.parent + (self.calls & ~self.parent),
        "twice": self.twice + (self.calls & self.parent & ~self.twice),
        # what is shown
        "cut": self.cut + (self.ends & self.parts & ~self.root)
        + (self.ends & self.twice & self.root),
        "pi": when(~caller.calls, self.pi) + when(caller.calls, caller.index),
        "seen": self.seen + caller.calls + caller.opens,
        "gray": (self.gray & ~self.ends) + (self.finds & ~self.gray) + caller.calls,
        "black": self.black + self.ends,
        "below": when(names & self.black, self.index)
        + when(caller.calls, caller.index) + when(~names & self.black, self.below)
        + when(~self.black & ~caller.calls, self.below),
        "d": SECOND * self.began,
        "f": when(self.ends, SECOND * now) + when(~self.ends, self.f),
        "shown": SECOND * self.low,
        "children": self.children + when(self.calls, 0.01),
        "time": SECOND * self.clock,
        "root": (self.root & ~looks) + (self.root & looks & ~self.idle)
        + (self.root & looks & self.idle & ~holder.new)
        + (looks & self.idle & self.new),
        "top": (self.top & ~acts) + self.finds + self.ends + self.visits
        + caller.calls + caller.opens,
        "u": (self.u & ~acts) + self.finds + self.ends + self.visits + self.calls
        + caller.opens,
        "v": (self.v & ~acts) + (self.v & holder.finds) + (self.last & holder.ends)
        + caller.calls + caller.visits + caller.opens,
    }  # fmt: skip


articulation_points = GraphProgram(
    name="articulation_points",
    start=lambda init: {
        **{time: time == "t1" for time in _TIMES},
        "last": False, "loop": 0.0, "loops": False, "zero": 0.0, "idle": False,
        "clock": 0.0,
        **dict.fromkeys(
            ("near", "skip", "passed", "gives", "opens", "finds", "calls", "visits",
             "ends"),
            False,
        ),
        "target": init.index, "token": init.s, "new": init.s,
        **dict.fromkeys(("visit", "back", "lowers", "unders"), False),
        "began": 0.0, "low": 0.0, "under": 0.0, "parts": False, "parent": False,
        "twice": False, "cut": False, "pi": init.index, "seen": init.s, "gray": False,
        "black": False, "below": init.index, "d": 0.0, "f": 0.0, "shown": 0.0,
        "children": 0.0, "time": 0.0, "root": init.s, "top": init.s, "u": init.s,
        "v": init.s,
    },
    select={
        "entry": select_entry,
        "kin": named_by("token", "pi"),
        "heir": lambda self, other, init, edge: Min(
            other.index - 2 * other.near + 4 * other.skip, where=everyone
        ),
        "first": lambda self, other, init, edge: Min(
            other.index + 2 * other.seen, where=everyone
        ),
        "holder": marked("token"),
        "caller": named_by("gives", "target"),
        "lower": lambda self, other, init, edge: Min(
            other.index, where=other.visit & (other.began < self.low), default=nobody
        ),
        "less": lambda self, other, init, edge: Min(
            other.index, where=other.back & (other.low < self.under), default=nobody
        ),
        "blocks": lambda self, other, init, edge: Min(
            other.index, where=other.back & (self.began <= other.low), default=nobody
        ),
        "bound": lambda self, other, init, edge: Min(
            other.index, where=other.last & (other.zero < self.loop), default=nobody
        ),
        "end": select_end,
    },
    update=_cut,
    task=tasks.articulation_points,
    hints={
        "is_cut_h": "cut", "pi_h": "pi", "color": (None, "gray", "black"), "d": "d",
        "f": "f", "low": "shown", "child_cnt": "children", "s_prev": "below",
        "s": "root", "u": "u", "v": "v", "s_last": "top", "time": "time",
    },
    outputs={"is_cut": "cut"},
    message_steps=5,
    largest_value=2.0,
)  # fmt: skip
"""A node cuts if no node below one of its children has an edge past it: if the child's
low is not before its own discovery. A root cuts if it has two children. A loop is known
by its weight, as an edge of weight 0 is none for CLRS: so weights must be at most 2."""
