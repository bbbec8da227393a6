"""Depth-first search, with several selections in each step (not in the paper)."""

from mindgap import tasks
from mindgap.language.expressions import same, when
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Max, Min, everyone, nobody


def select_child(self, other, init, edge):
    """The lowest neighbour that is not seen; any neighbour where all are seen."""
    return Min(other.index + 2 * other.seen, where=edge.adj)


def select_caller(self, other, init, edge):
    """The node that hands the token to oneself; nobody if there is none."""
    called = other.token & same(other.target, self.index)
    return Min(other.index, where=called, default=nobody)


def select_first(self, other, init, edge):
    """The node that is new or has the token; else the lowest that is not seen."""
    key = other.index + 2 * other.seen - 3 * other.new - 3 * other.token
    return Min(key, where=everyone)


def select_entry(self, other, init, edge):
    """The neighbour with the token, which may be oneself; else the lowest one."""
    return Min(other.index - 2 * other.token, where=edge.adj)


def select_end(self, other, init, edge):
    """The last node."""
    return Max(other.index, where=everyone)


def _dfs(self, child, caller, first, end, init):
    chosen = same(first.index, self.index) & ~first.new & ~first.token & ~self.seen
    called = caller.token & ~caller.down & ~self.token  # back, by a finished child
    finishes = self.token & ~self.down
    ticks = when(first.new, 0.01) + when(first.token & ~first.down, 0.01)
    return {
        "new": caller.down + chosen,
        "token": self.new + called,
        "down": (self.new & ~child.seen) + (called & ~self.leaf),
        "leaf": child.seen,
        "target": when(~child.seen, child.index) + when(child.seen, self.pi),
        "seen": self.seen + caller.down + chosen,
        "gray": (self.gray & ~self.token) + (self.gray & self.down)
        + (self.new & ~self.gray) + caller.down,
        "black": self.black + finishes,
        "pi": when(~caller.down, self.pi) + when(caller.down, caller.index),
        "below": when(self.black, self.index) + when(caller.down, caller.index)
        + when(~self.black & ~caller.down, self.below),
        "time": self.time + ticks,
        "d": self.d + when(self.new, self.time + 0.01),
        "f": self.f + when(finishes, self.time + 0.01),
        "root": (self.root & first.seen) + chosen,
        "top": self.new + finishes + caller.down + chosen,
        "u": self.new + self.token + chosen,
        "v": (self.v & first.new) + (self.last & first.token & ~first.down)
        + caller.down + chosen,
        "last": same(end.index, self.index),
    }  # fmt: skip


dfs = GraphProgram(
    name="dfs",
    start=lambda init: {
        "new": init.s, "token": False, "down": False, "leaf": False,
        "target": init.index, "seen": init.s, "gray": False, "black": False,
        "pi": init.index, "below": init.index, "time": 0.0, "d": 0.0, "f": 0.0,
        "root": init.s, "top": init.s, "u": init.s, "v": init.s, "last": False,
    },
    select={
        "child": select_child,
        "caller": select_caller,
        "first": select_first,
        "end": select_end,
    },
    update=_dfs,
    task=tasks.dfs,
    hints={
        "pi_h": "pi", "color": (None, "gray", "black"), "d": "d", "f": "f",
        "s_prev": "below", "s": "root", "u": "u", "v": "v", "s_last": "top",
        "time": "time",
    },
    outputs={"pi": "pi"},
)  # fmt: skip
"""CLRS's depth-first search, one event a step. A node is `new` when the search comes to
it, and is discovered; then it has the token, once and whenever a child has finished,
and passes it `down` to its lowest unseen neighbour, or finishes and calls its parent
back. Where nobody is new or has the token, the lowest unseen node becomes a root."""


BEAT = 2.0**-7
"""What a clock that is handed on counts in: nothing is lost beside gates."""

SECOND = 0.01 / BEAT
"""CLRS's clock for each unit of that one: a beat counts 0.01."""


def _one_tree(self, child, caller, init):
    called = caller.token & ~caller.down & ~self.token
    finishes = self.token & ~self.down

    def clock(scale):
        ticked = scale * (self.clock + BEAT)
        return (
            when(self.new, ticked) + when(finishes & self.root, ticked)
            + when(caller.down, scale * caller.clock)
            + when(called, scale * (caller.clock + BEAT))
        )  # fmt: skip

    return {
        "new": caller.down,
        "token": self.new + called,
        "down": (self.new & ~child.seen) + (called & ~self.leaf),
        "leaf": child.seen,
        "target": when(~child.seen, child.index) + when(child.seen, self.pi),
        "seen": self.seen + caller.down,
        "gray": (self.gray & ~self.token) + (self.gray & self.down)
        + (self.new & ~self.gray) + caller.down,
        "black": self.black + finishes,
        "pi": when(~caller.down, self.pi) + when(caller.down, caller.index),
        "below": when(self.black, self.index) + when(caller.down, caller.index)
        + when(~self.black & ~caller.down, self.below),
        "clock": clock(1),
        "time": clock(SECOND),
        "d": self.d + when(self.new, SECOND * (self.clock + BEAT)),
        "f": self.f + when(finishes, SECOND * (self.clock + BEAT)),
        "root": self.root,
        "top": self.new + finishes + caller.down,
        "u": self.new + self.token,
    }  # fmt: skip


dfs_one_tree = GraphProgram(
    name="dfs_one_tree",
    start=lambda init: {
        "clock": 0.0,
        **{n: e for n, e in dfs.starts.items() if n not in ("v", "last")},
    },
    select={"child": select_child, "caller": select_caller},
    update=_one_tree,
    task=tasks.dfs,
    hints={**dfs.hints, "v": None},
    outputs=dfs.outputs,
)
"""The same search of what the first root reaches, all by neighbours: the clock goes
with the token. Nobody can see that a tree is finished but its root, so there is no
second one. CLRS's loop variable `v` is not shown: it jumps to the last node."""
