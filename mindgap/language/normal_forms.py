"""Normal forms of expressions: what one layer of attention can compute (paper §2.4).

The network moves values linearly and then applies one ReLU. So a number must be affine
in the fields that it reads, and a truth value one conjunction or one disjunction of
literals: `a & ~b` is relu(a + (1 - b) - 1), `a | b` is 1 - relu(1 - a - b), while
`a & b | c` is neither. Where a program has several selections, each of its own head, an
update is a sum of such parts, each with a ReLU of its own. Knows no JAX.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from mindgap.language.expressions import (
    Add,
    Both,
    Constant,
    Either,
    Expr,
    Less,
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


def field_of(read: Read) -> Field:
    """The field; `init.index` and `self.index` are one."""
    return (
        INDEX
        if read.role == "init" and read.field == "index"
        else Field(read.role, read.field)
    )


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


class Literal(NamedTuple):
    """A truth value that is read, or its negation."""

    field: Field
    positive: bool

    @property
    def affine(self) -> Affine:
        """1 if the literal holds, else 0."""
        if self.positive:
            return Affine({self.field: 1.0})
        return Affine({self.field: -1.0}, 1.0)


class Condition(NamedTuple):
    """All of the literals (and comparisons) or, if not `every`, any of them."""

    every: bool
    literals: tuple[Literal, ...]
    comparisons: tuple[Less | Same, ...] = ()


class Gated(NamedTuple):
    """A sum where a conjunction holds, else 0."""

    value: Affine
    gate: Condition


Part = Affine | Condition | Gated
"""What one coordinate can become: a sum, one test, or a sum under a test."""


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
        expr, "only a part of a sum, in the update of a program of several selections"
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
        if negated:
            raise NotCompilable(
                expr,
                (
                    "a negated comparison holds on equality, too"
                    if isinstance(expr, Less)
                    else "that two nodes differ is not one ReLU"
                ),
            )
        difference(expr)
        return Condition(True, (), (expr,))
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


def parts(expr: Expr) -> tuple[Part, ...]:
    """An update as a sum of parts, each of which reads one selection at most.

    Raises NotCompilable for a part that reads two, or that is none.
    """
    plain: dict[str, Affine] = {}
    found: list[Part] = []
    for term in _terms(expr):
        if isinstance(term, When):
            gate = condition(term.left)
            if not gate.every:
                raise NotCompilable(term.left, "not one conjunction")
            part = Gated(affine(term.right), gate)
        elif sort_of(term) == "bool":
            part = condition(term)
        else:
            part = affine(term)
        seen = looked_at(part)
        if len(seen) > 1:
            raise NotCompilable(
                term, f"one head looks at one node, not at {' and '.join(seen)}"
            )
        if isinstance(part, Affine):
            role = next(iter(seen), "")
            plain[role] = plain.get(role, Affine({})).plus(part)
        else:
            found.append(part)
    return (*found, *(part for part in plain.values() if part != Affine({})))


def _terms(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Add):
        yield from _terms(expr.left)
        yield from _terms(expr.right)
    else:
        yield expr


def fields_of(part: Part) -> set[Field]:
    """Everything that a part reads."""
    if isinstance(part, Affine):
        return set(part.terms)
    if isinstance(part, Gated):
        return fields_of(part.value) | fields_of(part.gate)
    read = {literal.field for literal in part.literals}
    return read.union(*(difference(test).terms for test in part.comparisons))


def looked_at(part: Part) -> list[str]:
    """The selections that a part reads, by name."""
    roles = {field.role for field in fields_of(part)}
    return sorted(roles - {"self", "init"})


def difference(less: Less | Same) -> Affine:
    """left - right: below 0 where a comparison holds, 0 where nodes are the same."""
    return affine(less.left).plus(affine(less.right), -1.0)


def merged(form: Affine) -> Affine:
    """The sum where `other` is `self` and there is no edge."""
    total = Affine({}, form.constant)
    for field, factor in form.terms.items():
        if field.role != "edge":
            role = "self" if field.role == "other" else field.role
            total = total.plus(Affine({Field(role, field.name): factor}))
    return total
