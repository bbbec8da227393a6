"""Strongly connected components: two depth-first searches, the second backwards.

A node sees only where its own edges lead. So in the second search the node with the
token does not know who leads to it: each white node finds out whether an edge of its
own does, says so, and the lowest that says so is called. Every hint takes three steps:
to look around, to name whom the token goes to, and to act.
"""

from mindgap import tasks
from mindgap.language.expressions import same, when
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Max, Min, everyone
from mindgap.programs.dfs import (
    BEAT,
    SECOND,
    select_child,
    select_end,
    select_entry,
)
from mindgap.programs.rows import marked, named_by, ring

_TIMES = ring(3)


def _connect(self, child, entry, heir, latest, holder, caller, end, init):
    looks, names, acts = self.t1, self.t2, self.t3
    turns = looks & self.idle & heir.seen & ~self.back
    gives = names & self.token & ~self.new
    opens = names & self.idle & self.last
    dates = gives & ~self.back & child.seen  # it ends in the first search
    discovers = acts & self.new
    return {
        **{time: getattr(self, earlier) for time, earlier in _TIMES.items()},
        # all nodes alike
        "idle": (self.idle & ~acts) + (holder.ends & holder.root),
        "turns": turns,
        "back": self.back + turns,
        # who has the token, and whom it can go to
        "token": (self.token & ~self.gives) + caller.calls
        + (caller.ends & ~self.ends) + caller.opens,
        "new": (self.new & ~acts) + (caller.calls & ~self.back) + caller.opens,
        "wants": looks & self.back & entry.token & ~self.seen,
        # the token's holder; where nobody has it, the last node speaks
        "gives": gives + opens,
        "opens": opens,
        "calls": (gives & ~self.back & ~child.seen) + (gives & self.back & heir.wants),
        "ends": dates + (gives & self.back & ~heir.wants),
        "dates": dates,
        "target": when(~self.idle & ~self.back & ~child.seen, child.index)
        + when(~self.idle & ~self.back & child.seen, self.below)
        + when(~self.idle & self.back & heir.wants, heir.index)
        + when(~self.idle & self.back & ~heir.wants, self.below)
        + when(self.idle & ~self.back, heir.index)
        + when(self.idle & self.back, latest.index),
        # what is shown
        "seen": (self.seen & ~self.turns) + caller.calls + caller.opens,
        "gray": (self.gray & ~self.turns & ~self.ends) + (discovers & ~self.gray)
        + caller.calls,
        "black": (self.black & ~self.turns) + self.ends,
        "below": when(self.black, self.index) + when(caller.calls, caller.index)
        + when(~self.black & ~caller.calls, self.below),
        "owner": when(caller.calls & self.back, caller.owner)
        + when(~caller.calls, self.owner) + when(~self.back & caller.calls, self.owner),
        "scc": when(acts & self.back & self.token, self.owner)
        + when(~acts, self.scc) + when(acts & ~self.back, self.scc)
        + when(acts & self.back & ~self.token, self.scc),
        "clock": self.clock + when(acts & holder.new, BEAT) + when(holder.ends, BEAT),
        "time": SECOND * self.clock + when(acts & holder.new, SECOND * BEAT)
        + when(holder.ends, SECOND * BEAT),
        "d": when(discovers, SECOND * (self.clock + BEAT)) + when(~acts, self.d)
        + when(acts & ~self.new, self.d),
        "f": when(self.ends, SECOND * (self.clock + BEAT)) + when(~self.ends, self.f),
        "ended": when(self.dates, self.clock + BEAT) + when(~self.dates, self.ended),
        "root": (self.root & ~acts) + (self.root & acts & ~self.idle) + caller.opens,
        "top": (self.top & ~acts) + discovers + self.ends + caller.calls
        + caller.opens,
        "u": (self.u & ~acts) + discovers + self.calls + self.ends + caller.opens,
        "v": (self.v & ~acts) + (self.v & acts & holder.new)
        + (self.last & holder.ends) + caller.calls + caller.opens,
        "last": same(end.index, self.index),
    }  # fmt: skip


strongly_connected_components = GraphProgram(
    name="strongly_connected_components",
    start=lambda init: {
        **{time: time == "t1" for time in _TIMES},
        "idle": False, "turns": False, "back": False, "token": init.s, "new": init.s,
        "wants": False, "gives": False, "opens": False, "calls": False, "ends": False,
        "dates": False, "target": init.index, "seen": init.s, "gray": False,
        "black": False, "below": init.index, "owner": init.index, "scc": init.index,
        "clock": 0.0, "time": 0.0, "d": 0.0, "f": 0.0, "ended": 0.0, "root": init.s,
        "top": init.s, "u": init.s, "v": init.s, "last": False,
    },
    select={
        "child": select_child,
        "entry": select_entry,
        "heir": lambda self, other, init, edge: Min(
            other.index + 2 * other.seen - 4 * other.wants, where=everyone
        ),
        "latest": lambda self, other, init, edge: Max(
            other.ended - 8 * other.seen, where=everyone
        ),
        "holder": marked("token"),
        "caller": named_by("gives", "target"),
        "end": select_end,
    },
    update=_connect,
    task=tasks.strongly_connected_components,
    hints={
        "scc_id_h": "scc", "color": (None, "gray", "black"), "d": "d", "f": "f",
        "s_prev": "below", "s": "root", "u": "u", "v": "v", "s_last": "top",
        "time": "time", "phase": "back",
    },
    outputs={"scc_id": "scc"},
    message_steps=3,
    largest_value=4.0,
)  # fmt: skip
"""Who stands on the stack is as in DFS. Where all have been seen, all are white again,
and of those who are white the one that finished last is the next root."""
