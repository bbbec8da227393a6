"""Graph programs as values (paper Listings 1-2, and the smallest changes that work).

`bfs` and `bellman_ford` compute what CLRS's algorithms do, every hint at every step.
`listing_1` and `listing_2` are the paper's programs as printed: they compute something
else, since a node's parent is written again at every step. The other programs are not
in the paper.
"""

from mindgap import tasks
from mindgap.program import GraphProgram
from mindgap.selection import Max, Min
from mindgap.state_machines import dfs, dijkstra, prim, topological_sort
from mindgap.state_machines import dfs_one_tree as dfs_one_tree

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

reachability = GraphProgram(
    name="reachability",
    start=lambda init: {"reach": init.s},
    select=lambda self, other, init, edge: Max(
        other.index, where=edge.adj & other.reach, default=self
    ),
    update=lambda self, other, init, edge: {"reach": self.reach | other.reach},
)
"""Which nodes the source reaches, and nothing else."""

hop_count = GraphProgram(
    name="hop_count",
    start=lambda init: {"reach": init.s, "hops": 0.0},
    select=lambda self, other, init, edge: Min(
        other.hops, where=edge.adj & other.reach & ~self.reach, default=self
    ),
    update=lambda self, other, init, edge: {
        "reach": other.reach,
        "hops": other.hops + other.reach - self.reach,
    },
)
"""How many edges lie between the source and each node. All candidates have the same
key: the tie goes to the lowest index, for which the compiler adds a second key."""

components = GraphProgram(
    name="components",
    start=lambda init: {"label": init.index},
    select=lambda self, other, init, edge: Min(
        other.label, where=edge.adj & (other.label < self.label), default=self
    ),
    update=lambda self, other, init, edge: {"label": other.label},
)
"""Connected components: each node's label becomes its component's lowest node."""

nearest_neighbour = GraphProgram(
    name="nearest_neighbour",
    start=lambda init: {"nearest": init.index},
    select=lambda self, other, init, edge: Min(
        edge.weight, where=edge.adj, default=self
    ),
    update=lambda self, other, init, edge: {"nearest": other.index},
)
"""Whom the lightest edge leads to; one step is enough."""


PROGRAMS = {
    program.name: program
    for program in (
        bfs,
        bellman_ford,
        listing_1,
        listing_1_other,
        listing_2,
        reachability,
        hop_count,
        components,
        nearest_neighbour,
        dfs,
        dijkstra,
        prim,
        topological_sort,
    )
}
