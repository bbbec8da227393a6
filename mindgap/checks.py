"""Checks of what a user gives: one sentence says what was got and what is taken."""

import math
import numbers
import operator
import sys
from typing import Any

import numpy as np


def shown(value: Any) -> str:
    """A value's type and the beginning of its text, on one line, for a message."""
    text = " ".join(repr(value).split())
    return f"a {type(value).__name__}: {text[:60]}{'...' * (len(text) > 60)}"


def kind(taker: str, value: Any, wanted: type | tuple, such_as: str) -> None:
    """Raises TypeError unless the value is one of the types; `such_as` names them."""
    if not isinstance(value, wanted):
        raise TypeError(f"{taker} takes {such_as}, got {shown(value)}")


def whole(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """The value as an int; raises ValueError unless it is one, within the bounds."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise ValueError(
            f"{name} is {value!r}, but must be a whole number of at least {least}"
        ) from None
    if number < least or (most is not None and number > most):
        bounds = f"at least {least}" + f" and at most {most}" * (most is not None)
        raise ValueError(f"{name} is {number}, but must be {bounds}")
    return number


def number(
    name: str, value: Any, positive: bool = True, most: float = sys.float_info.max
) -> None:
    """Raises ValueError unless it is a number above 0, or at least 0, up to `most`."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    size = float(value) if real else math.nan
    if not (0 < size <= most or (size == 0 and not positive)):
        wanted = "above 0" if positive else "of at least 0"
        bound = f" and at most {most:g}" * (most < sys.float_info.max)
        raise ValueError(
            f"{name} is {value!r}, but must be a finite number {wanted}{bound}"
        )


def truth(name: str, value: Any) -> None:
    """Raises ValueError unless the value is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} is {value!r}, but must be True or False")
