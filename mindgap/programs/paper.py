"""The paper's programs (Listings 1-2), and the smallest changes that make them work.

`bfs` and `bellman_ford` compute what CLRS's algorithms do, every hint at every step.
`listing_1` and `listing_2` are the paper's programs as printed. They compute something
else, since they write a node's parent again at every step.
"""

from mindgap import tasks
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Min

_BFS = {
    "task": tasks.bfs,
    "hints": {"reach_h": "reach", "pi_h": "pi"},
    "outputs": {"pi": "pi"},
}
_BELLMAN_FORD = {
    "task": tasks.bellman_ford,
    "hints": {"msk": "reach", "d": "dist", "pi_h": "pi"},
    "outputs": {"pi": "pi"},
}

bfs = GraphProgram(
    name="bfs",
    start=lambda init: {"reach": init.s, "pi": init.index},
    select=lambda self, other, init, edge: Min(
        other.index, where=edge.adj & other.reach & ~self.reach, default=self
    ),
    update=lambda self, other, init, edge: {
        "reach": other.reach,
        "pi": other.index + (self.pi - self.index),
    },
    **_BFS,
)
"""A node that is not reached takes the reached neighbour of lowest index; a reached one
selects itself, so that its parent stays what it is."""

bellman_ford = GraphProgram(
    name="bellman_ford",
    start=lambda init: {"reach": init.s, "dist": 0.0, "pi": init.index},
    select=lambda self, other, init, edge: Min(
        other.dist + edge.weight, where=edge.adj & other.reach & ~init.s, default=self
    ),
    update=lambda self, other, init, edge: {
        "reach": other.reach,
        "dist": other.dist + edge.weight,
        "pi": other.index,
    },
    **_BELLMAN_FORD,
)
"""Every node but the source takes its best offer anew at each step; offers only become
better, so nothing has to be kept."""

listing_1 = GraphProgram(
    name="listing_1",
    start=lambda init: {
        "dist": 0.0, "visit": init.s, "pi": init.index, "idx": init.index
    },
    select=lambda self, other, init, edge: Min(
        other.dist + edge.weight, where=edge.adj & other.visit, default=self
    ),
    update=lambda self, other, init, edge: {
        "dist": self.dist + edge.weight,
        "visit": other.visit | self.visit | init.s,
        "pi": other.idx,
        "idx": self.idx,
    },
    task=tasks.bellman_ford,
    hints={"msk": "visit", "d": "dist", "pi_h": "pi"},
    outputs={"pi": "pi"},
)  # fmt: skip
"""Listing 1 as printed: `self.dist` where `other.dist` is meant, and no retention."""

listing_1_other = GraphProgram(
    name="listing_1_other",
    start=listing_1.start,
    select=listing_1.select,
    update=lambda self, other, init, edge: {
        **listing_1.update(self, other, init, edge),
        "dist": other.dist + edge.weight,
    },
    task=tasks.bellman_ford,
    hints=listing_1.hints,
    outputs=listing_1.outputs,
)
"""Listing 1 with `other.dist`, as its select has it."""

listing_2 = GraphProgram(
    name="listing_2",
    start=lambda init: {"visit": init.s, "pi": init.index, "idx": init.index},
    select=lambda self, other, init, edge: Min(
        other.idx, where=edge.adj & other.visit, default=self
    ),
    update=lambda self, other, init, edge: {
        "visit": other.visit | self.visit | init.s,
        "pi": other.idx,
        "idx": self.idx,
    },
    task=tasks.bfs,
    hints={"reach_h": "visit", "pi_h": "pi"},
    outputs={"pi": "pi"},
)
"""Listing 2 as printed: the parent is the lowest visited neighbour of the last step."""
