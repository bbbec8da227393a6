"""The language of graph programs (paper §2.4, Appendix A, Listings 1-2, Eq. 18-19).

A program says what every node holds (its components), whom it looks at in a step
(`select`) and what it holds afterwards (`update`). Roles are the paper's: `self` looks,
`other` is looked at, `init` is what `self` was given, `edge` lies between them. A
program is traced and checked once, when it is made, and is a value from then on: it can
be printed, interpreted (`interpreter`) and compiled (`compiler`).

Meaning, the same for every reader of a program:

- The candidates of a node are all *other* nodes that satisfy the mask; a node is its
  own neighbour only by default. `edge` is the edge from `self` to `other`.
- Equal keys go to the lowest index.
- When no candidate is left, `other` is `self` and every field of `edge` reads 0.
- All nodes step at once. At the first step they hold what `start` says.

Knows no JAX.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from mindgap import forms
from mindgap.expressions import (
    Expr,
    ProgramError,
    Read,
    Role,
    Sort,
    lift,
    reads,
    sort_of,
)
from mindgap.forms import Affine, Condition, affine, condition

ROLES: tuple[Role, ...] = ("self", "other", "init", "edge")
INPUTS: dict[Role, dict[str, Sort]] = {
    "self": {"index": "node"},
    "other": {"index": "node"},
    "init": {"s": "bool", "index": "node"},
    "edge": {"adj": "bool", "weight": "float"},
}
"""The fields that every program has; components join `self` and `other`."""

RESERVED = ("index", "pos", "s", "adj", "weight", "A")
SHOWN: dict[Sort, Literal["mask", "scalar", "pointer"]] = {
    "bool": "mask",
    "float": "scalar",
    "node": "pointer",
}
"""Which type of feature shows a component of each sort."""


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


class _Fields:
    """A role as the program's functions see it: its fields by name."""

    def __init__(self, role: Role, sorts: Mapping[str, Sort], place: str):
        self._role: Role = role
        self._sorts, self._place = sorts, place

    def __getattr__(self, name: str) -> Read:
        if name not in self._sorts:
            raise ProgramError(
                f"{self._place}: {self._role}.{name}: {self._role} has no `{name}`; "
                f"it has {', '.join(self._sorts)}"
            )
        return Read(self._role, name, self._sorts[name])

    def __str__(self) -> str:
        return self._role


class Selection(NamedTuple):
    """A checked `Min` or `Max`, with its normal forms."""

    made: Min
    key: Affine
    mask: Condition

    @property
    def sign(self) -> int:
        """1 if the least key is selected, -1 if the greatest."""
        return -1 if isinstance(self.made, Max) else 1


Effect = Affine | Condition
"""What becomes of a component: a number or node is affine, a truth value one test."""


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GraphProgram:
    """A program; `start`, `select` and `update` are functions of the roles.

    `start(init)` and `update(self, other, init, edge)` return an expression for every
    component, `select(self, other, init, edge)` a `Min` or a `Max`. A component's sort
    is that of its start. `task` is the task whose features the program computes, by
    `hints` and `outputs` (feature: component); without one, every component is both.

    Raises ProgramError, naming the place, for a program that means nothing or that no
    layer of attention can compute.
    """

    name: str
    start: Callable[..., Mapping[str, Any]]
    select: Callable[..., Min]
    update: Callable[..., Mapping[str, Any]]
    task: Any = None
    hints: Mapping[str, str] = dataclasses.field(default_factory=dict)
    outputs: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def starts(self) -> dict[str, Expr]:
        """Every component's expression at the start."""
        place = f"{self.name}, start"
        made = _traced(place, self.start, [_Fields("init", INPUTS["init"], place)])
        if not isinstance(made, Mapping) or not made:
            raise ProgramError(
                f"{place}: needs an expression for each component, got {made!r}"
            )
        taken = {*RESERVED, *(f"{name}_h" for name in made)} & set(made)
        if taken:
            raise ProgramError(
                f"{place}: no component may be called {', '.join(sorted(taken))}: "
                f"{', '.join(RESERVED)} are inputs, and name_h is the hint of name"
            )
        return {name: lift(value) for name, value in made.items()}

    @functools.cached_property
    def components(self) -> dict[str, Sort]:
        """What each component holds."""
        return {name: sort_of(expr) for name, expr in self.starts.items()}

    @functools.cached_property
    def beginnings(self) -> dict[str, Affine]:
        """The starts' normal forms."""
        return {
            name: self._form(affine, expr, f"start of `{name}`")
            for name, expr in self.starts.items()
        }

    @functools.cached_property
    def selection(self) -> Selection:
        """Whom a node looks at."""
        place = f"{self.name}, select"
        roles = self._roles(place)
        made = _traced(place, self.select, roles)
        if not isinstance(made, Min):
            raise ProgramError(f"{place}: needs a Min or a Max, got {made!r}")
        if not isinstance(made.where, Expr):
            raise ProgramError(f"{place}: no mask: say `where=edge.adj & ...`")
        if made.default is not roles[0]:
            problem = "no default" if made.default is None else "an ambiguous default"
            raise ProgramError(
                f"{place}: {problem} ({made.default}): a mask may leave no candidate, "
                "and the only node that is then selected is `default=self`"
            )
        mask = self._form(condition, made.where, "mask of select")
        if not mask.every:
            raise ProgramError(
                f"{place}: the mask is not one conjunction:\n    {made.where}"
            )
        return Selection(
            made, self._form(affine, lift(made.key), "key of select"), mask
        )

    @functools.cached_property
    def updates(self) -> dict[str, Expr]:
        """Every component's expression after a step."""
        place = f"{self.name}, update"
        made = _traced(place, self.update, self._roles(place))
        unknown, absent = set(made) ^ set(self.starts), set(self.starts) - set(made)
        if unknown:
            raise ProgramError(
                f"{place}: {', '.join(sorted(absent)) or 'nothing'} missing, "
                f"{', '.join(sorted(unknown - absent)) or 'nothing'} unknown; the "
                f"components are {', '.join(self.starts)}"
            )
        return {name: lift(made[name]) for name in self.starts}

    @functools.cached_property
    def effects(self) -> dict[str, Effect]:
        """The updates' normal forms."""
        found = {}
        for name, expr in self.updates.items():
            place = f"update of `{name}`"
            form = condition if self.components[name] == "bool" else affine
            found[name] = self._form(form, expr, place)
            if form is condition and found[name].comparisons:
                raise ProgramError(
                    f"{self.name}, {place}: a comparison only has a place in masks:\n"
                    f"    {expr}"
                )
        return found

    def __post_init__(self):
        _ = self.beginnings, self.selection, self.effects  # traced and checked
        for name, sort in self.components.items():
            if sort == "node":
                self._check_node(name, self.starts[name], "start")
                self._check_node(name, self.updates[name], "update")
        for feature, component in {**self.hints, **self.outputs}.items():
            if component not in self.components or self.task is None:
                raise ProgramError(
                    f"{self.name}: {feature} is {component}: needs a task, and one of "
                    f"the components {', '.join(self.components)}"
                )
            features, sort = self.task.features, self.components[component]
            if feature not in features or features[feature].type != SHOWN[sort]:
                raise ProgramError(
                    f"{self.name}: {feature} is {component}, a {sort}: the task has "
                    + ", ".join(f"{k} ({f.type})" for k, f in features.items())
                    + f"; a {sort} is shown by a {SHOWN[sort]}"
                )

    def _check_node(self, name: str, expr: Expr, where: str):
        """A reference stays one: it is a node, plus differences of nodes."""
        nodes = {forms.field_of(r) for r in reads(expr) if r.sort == "node"}
        form = affine(expr)
        degree = sum(form.terms.get(field, 0.0) for field in nodes)
        if degree != 1 or form.constant or set(form.terms) - nodes:
            raise ProgramError(
                f"{self.name}, {where} of `{name}`: not a node, although {name} starts "
                f"as one:\n    {expr}"
            )

    def _roles(self, place: str) -> list[_Fields]:
        held = {**self.components, "index": "node"}
        sorts = {**INPUTS, "self": held, "other": held}
        return [_Fields(role, sorts[role], place) for role in ROLES]

    def _form(self, form: Callable, expr: Expr, place: str) -> Any:
        try:
            return form(expr)
        except forms.NotCompilable as error:
            raise error.at(f"{self.name}, {place}", expr) from None

    def __str__(self) -> str:
        held = ", ".join(f"{name} ({sort})" for name, sort in self.components.items())
        wide = max(map(len, self.components))
        starts = [f"{n:<{wide}} = {e}" for n, e in self.starts.items()]
        updates = [f"{n:<{wide}} ← {e}" for n, e in self.updates.items()]
        indent, chosen = "\n          ", self.selection.made
        return (
            f"{self.name}: {held}\n"
            f"  start   {indent.join(starts)}\n"
            f"  select  the candidate of {chosen.word} {chosen.key}\n"
            f"          among those with {chosen.where}, else self\n"
            f"  update  {indent.join(updates)}"
        )

    __repr__ = __str__


def _traced(place: str, function: Callable, roles: list[_Fields]) -> Any:
    try:
        return function(*roles)
    except ProgramError as error:
        named = str(error).startswith(place)
        raise error if named else ProgramError(f"{place}: {error}") from None
