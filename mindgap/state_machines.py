"""Programs of several selections in one step, or of several steps in one hint.

Depth-first search, Dijkstra and Prim, which need to know more than one's neighbours
do. None of them is in the paper.
"""

from collections.abc import Callable

from mindgap import tasks
from mindgap.expressions import same, when
from mindgap.program import GraphProgram
from mindgap.selection import Max, Min, everyone, nobody
from mindgap.tasks.base import Task


def _child(self, other, init, edge):
    return Min(other.index + 2 * other.seen, where=edge.adj)


def _caller(self, other, init, edge):
    called = other.token & same(other.target, self.index)
    return Min(other.index, where=called, default=nobody)


def _first(self, other, init, edge):
    key = other.index + 2 * other.seen - 3 * other.new - 3 * other.token
    return Min(key, where=everyone)


def _end(self, other, init, edge):
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
        "child": _child,
        "caller": _caller,
        "first": _first,
        "end": _end,
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


_BEAT = 2.0**-7
"""What a clock that is handed on counts in: nothing is lost beside gates."""


def _one_tree(self, child, caller, init):
    called = caller.token & ~caller.down & ~self.token
    finishes = self.token & ~self.down

    def clock(scale):
        ticked = scale * (self.clock + _BEAT)
        return (
            when(self.new, ticked) + when(finishes & self.root, ticked)
            + when(caller.down, scale * caller.clock)
            + when(called, scale * (caller.clock + _BEAT))
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
        "time": clock(0.01 / _BEAT),
        "d": self.d + when(self.new, 0.01 / _BEAT * (self.clock + _BEAT)),
        "f": self.f + when(finishes, 0.01 / _BEAT * (self.clock + _BEAT)),
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
    select={"child": _child, "caller": _caller},
    update=_one_tree,
    task=tasks.dfs,
    hints={**dfs.hints, "v": None},
    outputs=dfs.outputs,
)
"""The same search of what the first root reaches, all by neighbours: the clock goes
with the token. Nobody can see that a tree is finished but its root, so there is no
second one. CLRS's loop variable `v` is not shown: it jumps to the last node."""


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
        "child": _child,
        "caller": _caller,
        "first": _first,
        "end": _end,
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

_FAR = 128.0
"""More than any key: so much is added to the keys of those who are not meant."""


def _grow(name: str, task: Task, shown: str, offer: Callable) -> GraphProgram:
    """A tree that grows by the node of least key; `offer` is a neighbour's."""

    def update(self, least, called, giver, init):
        takes = self.live & ~giver.live
        return {
            "offering": ~self.offering & ~self.picking,
            "picking": self.offering,
            "names": self.names,
            "chosen": when(~self.picking, self.chosen)
            + when(self.picking & ~least.idle, least.index)
            + when(self.picking & least.idle, self.index),
            "u": called.names,
            "closed": self.closed + (called.names & ~self.closed),
            "live": ~self.offering & ~self.picking & ~self.closed & ~called.names,
            "queued": (self.queued & ~called.names) + (takes & ~self.queued),
            "idle": (self.offering & self.closed)
            + (self.live & ~self.queued & giver.live),
            "key": when(~self.live, self.key) + when(takes, offer(giver, giver)),
            "pi": when(~self.live, self.pi) + when(takes, giver.index)
            + when(self.live & giver.live, self.index),
        }  # fmt: skip

    return GraphProgram(
        name=name,
        start=lambda init: {
            "offering": False, "picking": False, "names": init.s, "chosen": init.index,
            "u": init.s, "closed": False, "live": False, "queued": init.s,
            "idle": False, "key": 0.0, "pi": init.index,
        },
        select={
            "least": lambda self, other, init, edge: Min(
                other.key + _FAR * other.idle, where=everyone
            ),
            "called": lambda self, other, init, edge: Min(
                other.index,
                where=other.names & same(other.chosen, self.index),
                default=nobody,
            ),
            "giver": lambda self, other, init, edge: Min(
                offer(other, edge) + _FAR * other.live, where=edge.adj
            ),
        },
        update=update,
        task=task,
        hints={
            "pi_h": "pi", shown: "key", "mark": "closed", "in_queue": "queued", "u": "u"
        },
        outputs={"pi": "pi"},
        message_steps=3,
    )  # fmt: skip


dijkstra = _grow(
    "dijkstra", tasks.dijkstra, "d", lambda other, edge: other.key + edge.weight
)
"""Dijkstra's shortest paths, a round of three steps each hint. The source calls the
node that it has chosen, which is closed; all that are not (`live`) take the best offer
of a closed neighbour; and everybody sees who has the least distance of those queued.
Gates are such that those of a number add nothing to it, so that no bit is lost."""

prim = _grow("prim", tasks.mst_prim, "key", lambda other, edge: edge.weight)
"""Prim's spanning tree: the same, but what is offered is the weight of the edge."""
