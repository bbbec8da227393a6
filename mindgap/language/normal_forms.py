"""Normal forms of expressions: what one layer of attention can compute (paper §2.4).

The network moves values linearly and then applies one ReLU. So a number must be affine
in the fields that it reads, and a truth value one conjunction or one disjunction of
literals: `a & ~b` is relu(a + (1 - b) - 1), `a | b` is 1 - relu(1 - a - b), while
`a & b | c` is neither. An update is a sum of such parts, each with ReLUs of its own.
Each part reads at most one selected node, since one head attends to one node. This
module does not use JAX.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mindgap.language.expressions import (
    Add,
    Both,
    Constant,
    Either,
    Expr,
    Less,
    Maximum,
    Minimum,
    Multiply,
    Not,
    ProgramError,
    Read,
    Same,
    Subtract,
    When,
    show,
    sort_of,
)


class Field(NamedTuple):
    """What an expression may read, by role and name."""

    role: str
    name: str


INDEX = Field("self", "index")
OWN = ("self", "init")
"""The roles that are not a selected node's."""
EDGE = ("adj", "weight")
"""The fields of an edge. In an update they are fields of the selected node, to which
the edge leads: `edge.weight` is the `weight` of `other`."""


def field_of(read: Read) -> Field:
    """The field; an input of the node itself is one field, of `init` or of `self`."""
    if read.role == "init" and read.field != "s" and not read.everywhere:
        return Field("self", read.field)
    return Field(read.role, read.field)


@dataclasses.dataclass(frozen=True)
class Affine:
    """constant + sum of coefficient times field; no coefficient is 0."""

    terms: Mapping[Field, float]
    constant: float = 0.0

    def plus(self, other: "Affine", times: float = 1.0) -> "Affine":
        """self + times * other."""
        terms = dict(self.terms)
        for field, factor in other.terms.items():
            terms[field] = terms.get(field, 0.0) + times * factor
        terms = {field: factor for field, factor in terms.items() if factor}
        return Affine(terms, self.constant + times * other.constant)

    def of(self, role: str) -> dict[str, float]:
        """The coefficients of one role's fields."""
        return {f.name: c for f, c in self.terms.items() if f.role == role}

    def __str__(self) -> str:
        text = ""
        for field, factor in self.terms.items():
            times = "" if abs(factor) == 1 else f"{abs(factor):g} * "
            text += f" {'-' if factor < 0 else '+'} {times}{field.role}.{field.name}"
        if self.constant or not self.terms:
            sign = "-" if self.constant < 0 else "+"
            text += f" {sign} {abs(self.constant):g}"
        return text[3:] if text.startswith(" +") else f"-{text[3:]}"


class Literal(NamedTuple):
    """A truth value that is read, or its negation."""

    field: Field
    positive: bool

    def __str__(self) -> str:
        return f"{'' if self.positive else '~'}{self.field.role}.{self.field.name}"

    @property
    def affine(self) -> Affine:
        """1 if the literal holds, else 0."""
        if self.positive:
            return Affine({self.field: 1.0})
        return Affine({self.field: -1.0}, 1.0)


class Comparison(NamedTuple):
    """Two numbers or nodes that are compared, or the negation of that."""

    test: Less | Same
    positive: bool
    difference: Affine
    """left - right: below 0 where `<` holds, 0 where both sides are equal."""

    def __str__(self) -> str:
        left, right = show(self.test.left), show(self.test.right)
        if isinstance(self.test, Less):
            return f"{left} < {right}" if self.positive else f"{right} <= {left}"
        return f"{left} {'==' if self.positive else '!='} {right}"


class Condition(NamedTuple):
    """All of the literals (and comparisons) or, if not `every`, any of them."""

    every: bool
    literals: tuple[Literal, ...]
    comparisons: tuple[Comparison, ...] = ()

    def __str__(self) -> str:
        tests = map(str, (*self.literals, *self.comparisons))
        return (" & " if self.every else " | ").join(tests) or str(self.every)


class Gated(NamedTuple):
    """A sum where a conjunction holds, else 0."""

    value: Affine
    gate: Condition

    def __str__(self) -> str:
        return f"when({self.gate}, {self.value})"


class Rectified(NamedTuple):
    """factor * relu(value) where a conjunction holds, else 0.

    Of it minima and maxima are made: min(a, b) = a - relu(a - b).
    """

    value: Affine
    factor: float
    gate: Condition = Condition(True, ())

    def __str__(self) -> str:
        text = f"{self.factor:g} * relu({self.value})"
        return f"when({self.gate}, {text})" if self.gate.literals else text


Part = Affine | Condition | Gated | Rectified
"""What an update adds up: sums, tests, sums under a test, and sums above 0."""


class NotCompilable(Exception):
    """Which part of an expression has no such form, and why."""

    def __init__(self, part: Expr, why: str):
        super().__init__(why)
        self.part, self.why = part, why

    def at(self, place: str, whole: Expr) -> ProgramError:
        """The error to show: the place, the expression, a mark below the part."""
        text, part = show(whole), show(self.part)
        column = max(0, text.find(part))
        if isinstance(self.part, Add | Subtract | Multiply | Both | Either | Less):
            column += len(show(self.part.left)) + 1
        return ProgramError(f"{place}:\n    {text}\n    {' ' * column}^ {self.why}")


def _product(expr: Multiply) -> Affine:
    left, right = affine(expr.left), affine(expr.right)
    if left.terms and right.terms:
        raise NotCompilable(expr, "a product of two inputs is not affine")
    numbers, factor = (right, left) if right.terms else (left, right)
    return Affine({}).plus(numbers, factor.constant)


def _truth(expr: Expr) -> Expr:
    if sort_of(expr) != "bool":
        raise NotCompilable(expr, "not a truth value")
    return expr


def _refuse(expr: Expr) -> Affine:
    raise NotCompilable(expr, "a truth value made by an operator is not affine")


def _misplaced(expr: Expr) -> Affine:
    raise NotCompilable(
        expr, "when, minimum and maximum can only be terms of a sum, in an update"
    )


AFFINE: dict[type, Callable] = {
    Read: lambda e: Affine({field_of(e): 1.0}),
    Constant: lambda e: Affine({}, float(e.value)),
    Not: lambda e: Affine({}, 1.0).plus(affine(_truth(e.of)), -1.0),
    Add: lambda e: affine(e.left).plus(affine(e.right)),
    Subtract: lambda e: affine(e.left).plus(affine(e.right), -1.0),
    Multiply: _product,
    Both: _refuse,
    Either: _refuse,
    Less: _refuse,
    Same: _refuse,
    When: _misplaced,
    Minimum: _misplaced,
    Maximum: _misplaced,
}


def affine(expr: Expr) -> Affine:
    """The expression as a sum; raises NotCompilable if it is none."""
    return AFFINE[type(expr)](expr)


def condition(expr: Expr, negated: bool = False) -> Condition:
    """The truth value as one conjunction or disjunction.

    Raises NotCompilable if it is neither, or no truth value.
    """
    _truth(expr)
    if isinstance(expr, Not):
        return condition(expr.of, not negated)
    if isinstance(expr, Constant):
        # of no literals, `every` holds and `any` does not
        return Condition(bool(expr.value) != negated, ())
    if isinstance(expr, Read):
        return Condition(True, (Literal(field_of(expr), not negated),))
    if isinstance(expr, Less | Same):
        apart = affine(expr.left).plus(affine(expr.right), -1.0)
        return Condition(True, (), (Comparison(expr, not negated, apart),))
    assert isinstance(expr, Both | Either)
    every = isinstance(expr, Both) != negated
    literals, comparisons = [], []
    for part in (condition(expr.left, negated), condition(expr.right, negated)):
        many = len(part.literals) + len(part.comparisons)
        if part.every != every and many != 1:
            raise NotCompilable(
                expr, "neither one conjunction nor one disjunction of literals"
            )
        literals += [lit for lit in part.literals if lit not in literals]
        comparisons += part.comparisons
    # of a single literal, "all" and "any" are the same: one form for it
    every = every or len(literals) + len(comparisons) == 1
    return Condition(every, tuple(literals), tuple(comparisons))


def parts(expr: Expr, truth: bool) -> tuple[Part, ...]:
    """An update as a sum of parts, each of which reads at most one selected node.

    For a truth value each part is one test. For a number the plain terms (those without
    a test) that read one selected node, or none, are one part: `other.index + self.pi -
    self.index`. If they read several selected nodes, they are one part for each.

    Raises NotCompilable for a test that reads two selected nodes, and for a term that
    is neither affine nor a test.
    """
    tests: list[Part] = []
    plain: dict[str, Affine] = {}
    whole = Affine({})
    for factor, term in _terms(expr, split_all=not truth):
        summands = [condition(term)] if truth else _summands(factor, term)
        for part in map(_with_edges, summands):
            if isinstance(part, Affine):
                whole = whole.plus(part)
                for role, piece in _by_selection(part).items():
                    plain[role] = plain.get(role, Affine({})).plus(piece)
                continue
            seen = looked_at(part)
            if len(seen) > 1:
                raise NotCompilable(
                    term, f"one head looks at one node, not at {' and '.join(seen)}"
                )
            tests.append(part)
    if len(plain.keys() - {""}) <= 1:
        plain = {"": whole}
    found = (*tests, *(part for part in plain.values() if part != Affine({})))
    return found or (Affine({}),)


def _terms(
    expr: Expr, split_all: bool, factor: float = 1.0
) -> Iterator[tuple[float, Expr]]:
    """The terms of a sum with their factors; only those of additions, or of all."""
    if isinstance(expr, Add) or (split_all and isinstance(expr, Subtract)):
        sign = -1.0 if isinstance(expr, Subtract) else 1.0
        yield from _terms(expr.left, split_all, factor)
        yield from _terms(expr.right, split_all, sign * factor)
        return
    if split_all and isinstance(expr, Multiply):
        for one, other in ((expr.left, expr.right), (expr.right, expr.left)):
            if isinstance(one, Constant):
                yield from _terms(other, split_all, factor * one.value)
                return
    yield factor, expr


def _with_edges(part: Part) -> Part:
    """The part with the fields of `edge` as fields of `other`."""
    return _renamed(part, "edge", "other")


def one_way(form: Any) -> Any:
    """A key or a mask of a program for undirected graphs: the way back is the edge."""
    return _renamed(form, "edge.back", "edge")


def _renamed(part: Any, role: str, new: str) -> Any:
    """The same part with the fields of one role as those of another."""

    def moved(field: Field) -> Field:
        return Field(new, field.name) if field.role == role else field

    if isinstance(part, Affine):
        total = Affine({}, part.constant)
        for field, factor in part.terms.items():
            total = total.plus(Affine({moved(field): factor}))
        return total
    if isinstance(part, Gated | Rectified):
        value, gate = (_renamed(each, role, new) for each in (part.value, part.gate))
        return part._replace(value=value, gate=gate)
    literals = (Literal(moved(field), positive) for field, positive in part.literals)
    return part._replace(
        literals=tuple(dict.fromkeys(literals)),
        comparisons=tuple(
            each._replace(difference=_renamed(each.difference, role, new))
            for each in part.comparisons
        ),
    )


def _summands(factor: float, term: Expr) -> list[Part]:
    """The parts that `factor * term` adds to a number."""
    if isinstance(term, When):
        gate = condition(term.left)
        if not gate.every:
            raise NotCompilable(
                term.left,
                "not one conjunction: write when(a, x) + when(~a & b, x) for `a | b`",
            )
        if isinstance(term.right, Minimum | Maximum):
            first, above = _extreme(factor, term.right)
            return [Gated(first, gate), above._replace(gate=gate)]
        return [Gated(Affine({}).plus(affine(term.right), factor), gate)]
    if isinstance(term, Minimum | Maximum):
        return list(_extreme(factor, term))
    if sort_of(term) != "bool" or not _is_test(term):
        return [Affine({}).plus(affine(term), factor)]
    test = condition(term)
    if test.every:
        return [Gated(Affine({}, factor), test)]
    none = condition(Not(term))
    return [Affine({}, factor), Gated(Affine({}, -factor), none)]


def _extreme(factor: float, term: Minimum | Maximum) -> tuple[Affine, Rectified]:
    """min(a, b) = a - relu(a - b), and max(a, b) = a + relu(b - a)."""
    left, right = affine(term.left), affine(term.right)
    first = Affine({}).plus(left, factor)
    if isinstance(term, Minimum):
        return first, Rectified(left.plus(right, -1.0), -factor)
    return first, Rectified(right.plus(left, -1.0), factor)


def _is_test(term: Expr) -> bool:
    """Whether a truth value is made by an operator other than a negation."""
    while isinstance(term, Not):
        term = term.of
    return isinstance(term, Both | Either | Less | Same)


def _by_selection(form: Affine) -> dict[str, Affine]:
    """The sum in pieces by the selected node that they read; "" for all other terms."""
    pieces: dict[str, Affine] = {"": Affine({}, form.constant)}
    for field, factor in form.terms.items():
        role = "" if field.role in OWN else field.role
        piece = pieces.get(role, Affine({}))
        pieces[role] = piece.plus(Affine({field: factor}))
    return pieces


def fields_of(part: Part) -> set[Field]:
    """Everything that a part reads."""
    if isinstance(part, Affine):
        return set(part.terms)
    if isinstance(part, Gated | Rectified):
        return fields_of(part.value) | fields_of(part.gate)
    read = {literal.field for literal in part.literals}
    return read.union(*(each.difference.terms for each in part.comparisons))


def looked_at(part: Part) -> list[str]:
    """The names of the selected nodes that a part of an update reads."""
    return sorted({field.role for field in fields_of(part)} - set(OWN))


def merged(form: Affine) -> Affine:
    """The sum where the selected node is the node itself and there is no edge."""
    total = Affine({}, form.constant)
    for field, factor in form.terms.items():
        if field.name not in EDGE:
            role = field.role if field.role in OWN else "self"
            total = total.plus(Affine({Field(role, field.name): factor}))
    return total
