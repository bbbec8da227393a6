"""How a graph program selects a node (paper §2.4: `select`).

This module does not use JAX.
"""

import dataclasses
from typing import Any, NamedTuple

from mindgap.language.expressions import Constant
from mindgap.language.normal_forms import Affine, Condition, Field, Literal

everyone = Constant(True)
"""The mask that all nodes satisfy."""


class _Nobody:
    def __str__(self) -> str:
        return "nobody"

    def __reduce__(self) -> str:
        return "nobody"  # a copy is the same object


nobody = _Nobody()
"""What a node selects where the mask leaves no candidate: all its fields read 0."""

ADJACENT = Literal(Field("edge", "adj"), True)


@dataclasses.dataclass(frozen=True, eq=False)
class Min:
    """The candidate of least `key` among those that satisfy `where`; else `default`."""

    key: Any
    where: Any = None
    default: Any = None
    word = "least"


class Max(Min):
    """The candidate of greatest `key` among those that satisfy `where`."""

    word = "greatest"


class Selection(NamedTuple):
    """A checked `Min` or `Max`, with its normal forms."""

    made: Min
    key: Affine
    mask: Condition
    others: bool
    """Whether the node itself is no candidate, but the default."""

    @property
    def sign(self) -> int:
        """1 if the least key is selected, -1 if the greatest."""
        return -1 if isinstance(self.made, Max) else 1


def local(selection: Selection) -> bool:
    """Whether a node can select only neighbours, or nodes whose reference names it."""
    return ADJACENT in selection.mask.literals or selection.made.default is nobody
