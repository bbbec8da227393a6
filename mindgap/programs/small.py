"""Small programs that no CLRS task stands behind, as examples of the language."""

from mindgap.language.program import GraphProgram
from mindgap.language.selection import Max, Min

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
