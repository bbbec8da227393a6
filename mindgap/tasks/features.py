"""The named signals of a task, with CLRS's stages, locations and types (CLRS §3)."""

from typing import Literal, NamedTuple

Stage = Literal["input", "hint", "output"]
Location = Literal["node", "edge", "graph"]
Type = Literal["scalar", "mask", "mask_one", "categorical", "pointer"]


class Feature(NamedTuple):
    """One named signal of a task, as in CLRS: (stage, location, type)."""

    stage: Stage
    location: Location
    type: Type
    classes: int = 0
    """Number of classes of a categorical feature, 0 for every other type."""


POSITIONS = Feature("input", "node", "scalar")
SOURCE = Feature("input", "node", "mask_one")
WEIGHTS = Feature("input", "edge", "scalar")
ADJACENCY = Feature("input", "edge", "mask")
PARENTS = Feature("output", "node", "pointer")

SOURCED = {"pos": POSITIONS, "s": SOURCE, "A": WEIGHTS, "adj": ADJACENCY}
"""The input features of an algorithm that starts at a source, in CLRS's order."""
