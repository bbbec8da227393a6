"""Topological sorting by depth-first search, in two steps for each hint."""

from mindgap import tasks
from mindgap.language.expressions import same, when
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Min, everyone
from mindgap.programs.dfs import (
    select_caller,
    select_child,
    select_end,
    select_first,
)


def _sort(self, child, caller, first, end, head, init):
    chosen = (
        same(first.index, self.index)
        & ~first.new
        & ~first.token
        & ~self.seen
        & ~self.settles
    )
    return {
        "acts": ~self.acts,
        "settles": self.acts,
        "new": (self.new & ~self.acts) + chosen,
        "token": (self.token & ~self.acts) + (self.new & self.acts)
        + (caller.token & ~self.token & self.acts),
        "down": self.token & ~child.seen & ~self.acts,
        "ends": self.token & child.seen & ~self.acts,
        "target": when(~self.acts & ~child.seen, child.index)
        + when(~self.acts & child.seen, self.below) + when(self.acts, self.index),
        "seen": self.seen + caller.down + chosen,
        "gray": (self.gray & ~self.ends) + caller.down + (self.new & self.acts),
        "black": self.black + self.ends,
        "below": when(self.black, self.index) + when(caller.down, caller.index)
        + when(~self.black & ~caller.down, self.below),
        "root": (self.root & ~self.acts) + chosen
        + (self.root & self.acts & first.seen),
        "top": (self.new & self.acts) + self.ends + caller.down + chosen,
        "u": (self.new & self.acts) + (self.token & self.acts) + chosen,
        "v": (self.v & ~self.acts) + (self.v & self.acts & first.new)
        + (self.last & first.ends) + caller.down + chosen,
        "last": same(end.index, self.index),
        "topo": when(~self.ends, self.topo) + when(self.ends & head.black, head.index)
        + when(self.ends & ~head.black, self.index),
        "head": self.ends + (self.head & ~first.ends),
    }  # fmt: skip


topological_sort = GraphProgram(
    name="topological_sort",
    start=lambda init: {
        "acts": False, "settles": False, "new": init.s, "token": False, "down": False,
        "ends": False, "target": init.index, "seen": init.s, "gray": False,
        "black": False, "below": init.index, "root": init.s, "top": init.s,
        "u": init.s, "v": init.s, "last": False, "topo": init.index, "head": init.s,
    },
    select={
        "child": select_child,
        "caller": select_caller,
        "first": select_first,
        "end": select_end,
        "head": lambda self, other, init, edge: Min(
            other.index - 2 * other.head, where=everyone
        ),
    },
    update=_sort,
    task=tasks.topological_sort,
    hints={
        "topo_h": "topo", "topo_head_h": "head", "color": (None, "gray", "black"),
        "s_prev": "below", "s": "root", "u": "u", "v": "v", "s_last": "top",
    },
    outputs={"topo": "topo", "topo_head": "head"},
    message_steps=2,
)  # fmt: skip
"""DFS without an event for the discovery of a child, which has no time to look around
before it acts: so each hint takes two steps, one to settle whom to pass the token to,
one to act. Who ends names the `head`, who ended last, and becomes it."""
