"""How a graph program selects a node (paper §2.4: `select`).

Knows no JAX.
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
        return "nobody"  # a copy is nobody else


nobody = _Nobody()
"""Who is selected where a mask leaves no candidate: all that it holds is 0."""

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
    """Whether a node is no candidate of its own, but its own default."""

    @property
    def sign(self) -> int:
        """1 if the least key is selected, -1 if the greatest."""
        return -1 if isinstance(self.made, Max) else 1


def local(selection: Selection) -> bool:
    """Whether only neighbours, or nodes that name oneself, can be selected."""
    return ADJACENT in selection.mask.literals or selection.made.default is nobody
