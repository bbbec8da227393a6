"""Trees that grow by one node a round: Dijkstra and Prim, three steps for each hint."""

from collections.abc import Callable

from mindgap import tasks
from mindgap.language.expressions import same, when
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Min, everyone, nobody
from mindgap.tasks.base import Task

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
