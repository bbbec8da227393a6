"""The vocabulary of graph programs: fields of roles, constants, and operators.

Each meaning of the vocabulary is one table with a row for every class of `OPERATORS`:
`PRINT` here, `AFFINE` in `normal_forms`, `INTERPRET` in `interpreter`. A new operator
is one row in each. This module does not use JAX.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

Sort = Literal["bool", "float", "node"]
"""What a field holds: 0 or 1, a number, or a reference to a node (its position)."""

Role = str
"""`self`, `other`, `init`, `edge`, or the name of one of several selections."""

Number = bool | int | float

LARGEST = 2.0**128
"""Float32 has no number of this size or more."""


class ProgramError(ValueError):
    """A program without a meaning; the message names the place and what is allowed."""


class Expr:
    """An expression; operators make larger ones, `==` and `!=` among them.

    Two nodes are equal if they are the same node, two numbers if they are the same
    number. Python's own question, whether two names stand for one object, is `is`.
    """

    __hash__ = object.__hash__

    __array_ufunc__ = None  # NumPy's numbers leave `number + expression` to us

    def __add__(self, other: Any) -> "Expr":
        return Add(self, lift(other))

    def __radd__(self, other: Any) -> "Expr":
        return Add(lift(other), self)

    def __sub__(self, other: Any) -> "Expr":
        return Subtract(self, lift(other))

    def __rsub__(self, other: Any) -> "Expr":
        return Subtract(lift(other), self)

    def __mul__(self, factor: Any) -> "Expr":
        return Multiply(self, lift(factor))

    def __rmul__(self, factor: Any) -> "Expr":
        return Multiply(lift(factor), self)

    def __neg__(self) -> "Expr":
        return Multiply(lift(-1), self)

    def __and__(self, other: Any) -> "Expr":
        return Both(self, lift(other))

    def __rand__(self, other: Any) -> "Expr":
        return Both(lift(other), self)

    def __ror__(self, other: Any) -> "Expr":
        return Either(lift(other), self)

    def __or__(self, other: Any) -> "Expr":
        return Either(self, lift(other))

    def __invert__(self) -> "Expr":
        return Not(self)

    def __lt__(self, other: Any) -> "Expr":
        return Less(self, lift(other))

    def __gt__(self, other: Any) -> "Expr":
        return Less(lift(other), self)

    def __truediv__(self, other: object) -> "Expr":
        raise _no("/", "multiply by the inverse of a number")

    def __le__(self, other: Any) -> "Expr":
        return Not(Less(lift(other), self))

    def __ge__(self, other: Any) -> "Expr":
        return Not(Less(self, lift(other)))

    def __eq__(self, other: Any) -> "Expr":  # pyright: ignore
        return _equal(self, lift(other))

    def __ne__(self, other: Any) -> "Expr":  # pyright: ignore
        return Not(_equal(self, lift(other)))

    def __floordiv__(self, other: object) -> "Expr":
        raise _no("//")

    def __mod__(self, other: object) -> "Expr":
        raise _no("%")

    def __pow__(self, other: object) -> "Expr":
        raise _no("**")

    def __xor__(self, other: object) -> "Expr":
        raise _no("^", "masks combine with &, | and ~")

    def __abs__(self) -> "Expr":
        raise _no("abs")

    __rtruediv__ = __truediv__
    __rfloordiv__, __rmod__, __rpow__ = __floordiv__, __mod__, __pow__
    __rxor__ = __xor__

    def __bool__(self) -> bool:
        raise ProgramError(
            f"`{self}` has no truth value yet: a program is written without `and`, "
            "`or`, `not`, `if`, `min` and `max`; tests combine with &, | and ~, and "
            "numbers with mg.minimum and mg.maximum"
        )

    def __str__(self) -> str:
        return show(self)

    __repr__ = __str__


def _no(
    operator: str, instead: str = "they add, subtract and multiply"
) -> ProgramError:
    return ProgramError(f"programs have no `{operator}`: {instead}")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Read(Expr):
    """A field of a role."""

    role: Role
    field: str
    sort: Sort
    everywhere: bool = False
    """Whether it is one value for all nodes: a scalar or a truth of the graph."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Constant(Expr):
    """A number, or a truth value."""

    value: Number


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Not(Expr):
    """~a: 1 - a."""

    of: Expr


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class _Two(Expr):
    left: Expr
    right: Expr


class Add(_Two):
    """a + b."""


class Subtract(_Two):
    """a - b."""


class Multiply(_Two):
    """a * b, where one of them must be a constant."""


class Both(_Two):
    """a & b."""


class Either(_Two):
    """a | b."""


class Less(_Two):
    """a < b; a <= b is that b is not less than a."""


class Same(_Two):
    """Whether two references name one node, or two numbers are equal."""


class Minimum(_Two):
    """The lesser of two numbers, as a term of a sum in an update."""


class Maximum(_Two):
    """The greater of two numbers, as a term of a sum in an update."""


class When(_Two):
    """A number where a truth value (on the left) holds, else 0."""


def same(left: Expr, right: Expr) -> Expr:
    """Whether two references are to the same node.

    Raises ProgramError if one of them is no reference.
    """
    for side in (left, right):
        if sort_of(side) != "node":
            raise ProgramError(f"same({left}, {right}): {side} is not a node")
    return Same(left, right)


def minimum(left: "Expr | Number", right: "Expr | Number") -> Expr:
    """The lesser of two numbers, as a term of a sum in an update.

    Raises ProgramError if one of them is no number.
    """
    return Minimum(_number(left), _number(right))


def maximum(left: "Expr | Number", right: "Expr | Number") -> Expr:
    """The greater of two numbers, as a term of a sum in an update.

    Raises ProgramError if one of them is no number.
    """
    return Maximum(_number(left), _number(right))


def _number(side: "Expr | Number") -> Expr:
    expr = lift(side)
    if sort_of(expr) != "float":
        raise ProgramError(f"minimum and maximum are of numbers, {expr} is none")
    return expr


def _equal(left: Expr, right: Expr) -> Expr:
    sorts = {sort_of(left), sort_of(right)}
    if "bool" in sorts:
        raise ProgramError(
            f"{left} == {right}: truth values are compared as "
            "(a & b) + (~a & ~b), a sum of two tests in an update"
        )
    if len(sorts) > 1:
        raise ProgramError(f"{left} == {right}: a node and a number are never equal")
    return Same(left, right)


def when(holds: Expr, value: "Expr | Number") -> Expr:
    """The value where the test `holds`, else 0; a term of a sum in an update.

    Raises ProgramError if `holds` is no truth value.
    """
    if not isinstance(holds, Expr) or sort_of(holds) != "bool":
        raise ProgramError(f"when({holds}, {value}): {holds} is not a truth value")
    return When(holds, lift(value))


OPERATORS = (
    Read, Constant, Not, Add, Subtract, Multiply, Both, Either, Less, Same, When,
    Minimum, Maximum,
)  # fmt: skip
PRINT: dict[type, str] = {
    Read: "{role}.{field}",
    Constant: "{value:g}",
    Not: "~{of}",
    Add: "{left} + {right}",
    Subtract: "{left} - {right}",
    Multiply: "{left} * {right}",
    Both: "{left} & {right}",
    Either: "{left} | {right}",
    Less: "{left} < {right}",
    Same: "same({left}, {right})",
    When: "when({left}, {right})",
    Minimum: "minimum({left}, {right})",
    Maximum: "maximum({left}, {right})",
}
BINDING: dict[type, int] = {
    Less: 0,
    Either: 1,
    Both: 2,
    Add: 3,
    Subtract: 3,
    Multiply: 4,
    Not: 5,
    Constant: 6,
    Read: 6,
    Same: 6,
    When: 6,
    Minimum: 6,
    Maximum: 6,
}
"""How tightly operators bind, in Python too: what needs parentheses."""


def show(expr: Expr) -> str:
    """The expression as one would write it."""

    def inner(part: Any, right: bool) -> Any:
        if not isinstance(part, Expr):
            return part
        outer, own = BINDING[type(expr)], BINDING[type(part)]
        if isinstance(expr, Same | When | Minimum | Maximum):
            return show(part)
        # a - (b + c) needs them on the right, (a - b) + c does not
        return f"({show(part)})" if own < outer + right else show(part)

    if isinstance(expr, Constant) and isinstance(expr.value, bool):
        return str(expr.value)
    if isinstance(expr, Not) and isinstance(expr.of, Less):
        return f"~({show(expr.of)})"
    fields = dataclasses.fields(expr)  # pyright: ignore[reportArgumentType]
    parts = {f.name: inner(getattr(expr, f.name), f.name == "right") for f in fields}
    return PRINT[type(expr)].format(**parts)


def reads(expr: Expr) -> Iterator[Read]:
    """Every field that the expression reads, as often as it does."""
    if isinstance(expr, Read):
        yield expr
    for part in vars(expr).values():
        if isinstance(part, Expr):
            yield from reads(part)


def lift(value: Any) -> Expr:
    """The value as an expression; raises ProgramError if it is neither."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Number) and abs(value) < LARGEST:
        return Constant(value)
    raise ProgramError(
        f"{value!r:.60} is neither an expression nor a finite number"
        + " in float32" * isinstance(value, Number)
    )


def sort_of(expr: Expr) -> Sort:
    """What the expression's value is; sums of nodes and numbers are numbers."""
    if isinstance(expr, Read):
        return expr.sort
    if isinstance(expr, Not | Both | Either | Less | Same):
        return "bool"
    if isinstance(expr, Constant) and isinstance(expr.value, bool):
        return "bool"
    return "float"
