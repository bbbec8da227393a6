"""The language of graph programs (paper §2.4, Appendix A, Listings 1-2, Eq. 18-19).

A program defines what every node holds (its components), which node each node selects
in a step (`select`), and what the node holds after the step (`update`). The roles are
the paper's: `self` is the node, `other` the node that it looks at, `init` what the node
was given, and `edge` the edge from `self` to `other` (`edge.back` the edge from `other`
to `self`). A program is traced and checked once, when it is made. From then on it is a
value that can be printed, interpreted (`interpreter`) and compiled (`compiler`).

The meaning of a program:

- All nodes step at once. Before the first step a node holds what `start` returns.
- A node selects the candidate of least (`Min`) or greatest (`Max`) key. Equal keys go
  to the lowest index.
- The candidates are the nodes that satisfy the mask. What is selected if there is none
  is the selection's `default`:
  - `default=self`: the node itself, which is never a candidate. Every field of `edge`
    then reads 0.
  - `default=nobody`: nobody, all of whose fields read 0. The node itself can be a
    candidate.
  - no default: allowed only for masks that always leave a candidate (`everyone`, and
    `edge.adj`, since in masks a node is its own neighbour). The node itself is one.
- An update is a sum of parts, each of which reads at most one selected node.

A program may select several nodes in a step, each by a name. Its update is given the
selected nodes by these names; `weight` of a selected node is that of the edge to it.

This module does not use JAX.
"""

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from mindgap import checks
from mindgap.language import normal_forms
from mindgap.language.expressions import (
    Expr,
    ProgramError,
    Read,
    Role,
    Sort,
    lift,
    reads,
    sort_of,
)
from mindgap.language.normal_forms import Affine, Part, affine, condition
from mindgap.language.selection import ADJACENT, Min, Selection, nobody

EDGES: dict[str, tuple[str, Sort]] = {"adj": ("adj", "bool"), "A": ("weight", "float")}
"""CLRS's inputs of edges that programs read, with the name and sort of the field."""

SORTS: dict[str, Sort] = {
    "scalar": "float",
    "mask": "bool",
    "mask_one": "bool",
}
"""Which sort of field an input feature of each type is. An input that is a pointer is a
feature of pairs of nodes in CLRS's network: no field of one node."""

BEGIN = "begin"
"""The field of an input `s` that is a number, as in CLRS's `activity_selector`: the
field `s` is the source, a truth value."""

RESERVED = ("index", "pos", "s", "adj", "weight", "A")
SHOWN: dict[Sort, typing.Literal["mask", "scalar", "pointer"]] = {
    "bool": "mask",
    "float": "scalar",
    "node": "pointer",
}
"""Which type of feature shows a component of each sort."""


def is_source(feature: Any) -> bool:
    """Whether CLRS's feature `s` marks a source: one node."""
    return feature.type == "mask_one"


def input_of(task: Any, field: str) -> tuple[str, int | None]:
    """The input, by CLRS's name, that programs read as `field`, and its class."""
    if field == BEGIN:
        return "s", None
    if field in task.features:
        return field, None
    name, _, number = field.rpartition("_")
    return name, int(number)


class _Fields:
    """A role as a program's functions are given it: its fields by name."""

    def __init__(
        self,
        role: Role,
        sorts: Mapping[str, Sort],
        place: str,
        everywhere: Mapping[str, Sort] | None = None,
        back: Mapping[str, Sort] | None = None,
    ):
        self._role: Role = role
        self._everywhere: Mapping[str, Sort] = everywhere or {}
        self._sorts: dict[str, Sort] = {**sorts, **self._everywhere}
        self._place = place
        self._back = back

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what Python asks of every object, as to copy it
            raise AttributeError(name)
        if name == "back" and self._back is not None:
            return _Fields("edge.back", self._back, self._place)
        if name not in self._sorts:
            raise ProgramError(
                f"{self._place}: {self._role}.{name}: {self._role} has no `{name}`; "
                f"it has {', '.join(self._sorts)}"
            )
        return Read(self._role, name, self._sorts[name], name in self._everywhere)

    def __str__(self) -> str:
        return self._role

    __repr__ = __str__


Effect = tuple[Part, ...]
"""What becomes of a component: the sum of these."""

Shown = str | tuple[str | None, ...] | None
"""The component that shows a feature. For a categorical feature, one component for
each class, or None for the class of all other nodes. None if no component shows the
feature: then the network does not predict it."""


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GraphProgram:
    """A program; `start`, `select` and `update` are functions of the roles.

    `start(init)` and `update(self, other, init, edge)` return an expression for every
    component. `select(self, other, init, edge)` returns a `Min` or a `Max`. With a
    mapping from names to such functions, `update(self, ..., init)` is given the
    selected nodes in the order of the names. The sort of a component is that of its
    start.

    `task` is the task whose features the program computes; `hints` and `outputs` name
    the component that shows each feature. Without a task, every component is both a
    hint and an output. One hint of the task takes `message_steps` steps of the program.
    `largest_value` bounds the numbers that nodes hold or are given, unless a compiler
    is told another bound: the smaller, the closer may numbers be that are compared. A
    program that counts in positions is right for `linear_positions` only, node i at
    i / N; others are refused.

    Raises ProgramError, naming the place, for a program without a meaning, and for one
    that no layer of attention can compute.
    """

    name: str
    start: Callable[..., Mapping[str, Any]]
    select: Callable[..., Min] | Mapping[str, Callable[..., Min]]
    update: Callable[..., Mapping[str, Any]]
    task: Any = None
    hints: Mapping[str, Shown] = dataclasses.field(default_factory=dict)
    outputs: Mapping[str, Shown] = dataclasses.field(default_factory=dict)
    message_steps: int = 1
    largest_value: float = 64.0
    linear_positions: bool = False

    @functools.cached_property
    def node_inputs(self) -> dict[str, Sort]:
        """The task's inputs at nodes beside position and source: CLRS's names, but a
        number `s` is `begin`, and the classes of `key` are `key_0` and so on."""
        return self._inputs("node")

    @functools.cached_property
    def graph_inputs(self) -> dict[str, Sort]:
        """The task's inputs of the whole graph, by CLRS's names."""
        return self._inputs("graph")

    def _inputs(self, location: str) -> dict[str, Sort]:
        features = {} if self.task is None else self.task.stage("input")
        found: dict[str, Sort] = {}
        for name, feature in features.items():
            if feature.location != location or name == "pos":
                continue
            if feature.type == "categorical":
                found |= {f"{name}_{k}": "bool" for k in range(feature.classes)}
            elif feature.type in SORTS and not (name == "s" and is_source(feature)):
                found[BEGIN if name == "s" else name] = SORTS[feature.type]
        return found

    @property
    def _init(self) -> dict[str, Sort]:
        """The fields of `init` that belong to one node."""
        sourced = self.task is None or (
            "s" in self.task.features and is_source(self.task.features["s"])
        )
        source: dict[str, Sort] = {"s": "bool"} if sourced else {}
        return {**source, "index": "node", **self.node_inputs}

    @functools.cached_property
    def starts(self) -> dict[str, Expr]:
        """Every component's expression at the start."""
        place = f"{self.name}, start"
        init = _Fields("init", self._init, place, self.graph_inputs)
        made = _components(place, self.start, [init])
        if not made:
            raise ProgramError(
                f"{place}: needs an expression for each component, got none"
            )
        inputs = [*RESERVED, *self.node_inputs, *self.graph_inputs]
        taken = {*inputs, *(f"{name}_h" for name in made)} & set(made)
        if taken:
            raise ProgramError(
                f"{place}: no component may be called {', '.join(sorted(taken))}: "
                f"{', '.join(inputs)} are inputs, and name_h is the hint of name"
            )
        return made

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
    def selections(self) -> dict[str, Selection]:
        """Whom a node looks at, by the name that the update has for it."""
        if isinstance(self.select, Mapping):
            taken = {"self", "init", "edge"} & set(self.select)
            if taken or not self.select or not all(map(_named, self.select)):
                raise ProgramError(
                    f"{self.name}, select: needs a name for each selected node, other "
                    f"than self, init and edge; got {[*self.select] or 'none'}"
                )
            return {name: self._select(name, f) for name, f in self.select.items()}
        return {"other": self._select("", self.select)}

    def _select(self, name: str, function: Callable[..., Min]) -> Selection:
        place = f"{self.name}, select{name and f' of {name}'}"
        roles = self._roles(place, ["other"], selecting=True)
        made = _traced(place, function, roles)
        if not isinstance(made, Min):
            raise ProgramError(f"{place}: needs a Min or a Max, got {made!r}")
        if not isinstance(made.where, Expr):
            raise ProgramError(
                f"{place}: no mask, but {made.where}: say `where=edge.adj & ...`, or "
                "`where=mg.everyone`"
            )
        mask = self._form(condition, made.where, f"mask of select{name and ' ' + name}")
        if not mask.every:
            raise ProgramError(
                f"{place}: the mask is not one conjunction:\n    {made.where}"
            )
        somebody = not mask.comparisons and set(mask.literals) <= {ADJACENT}
        allowed = made.default is roles[0] or made.default is nobody
        if not allowed and not (made.default is None and somebody):
            problem = "no default" if made.default is None else "an ambiguous default"
            raise ProgramError(
                f"{place}: {problem} ({made.default}): a mask may leave no candidate; "
                "what is selected then is `default=self` or `default=nobody`"
            )
        key = self._form(affine, lift(made.key), f"key of select{name and ' ' + name}")
        if self.undirected:
            key, mask = map(normal_forms.one_way, (key, mask))
        return Selection(made, key, mask, made.default is roles[0])

    @functools.cached_property
    def updates(self) -> dict[str, Expr]:
        """Every component's expression after a step."""
        place = f"{self.name}, update"
        roles = self._roles(place, list(self.selections), selecting=False)
        made = _components(place, self.update, roles)
        unknown, absent = set(made) ^ set(self.starts), set(self.starts) - set(made)
        if unknown:
            raise ProgramError(
                f"{place}: {', '.join(sorted(absent)) or 'nothing'} missing, "
                f"{', '.join(sorted(unknown - absent)) or 'nothing'} unknown; the "
                f"components are {', '.join(self.starts)}"
            )
        return {name: made[name] for name in self.starts}

    @functools.cached_property
    def effects(self) -> dict[str, Effect]:
        """The updates' normal forms."""
        effects: dict[str, Effect] = {}
        for name, expr in self.updates.items():
            place, truth = f"update of `{name}`", self.components[name] == "bool"
            form = functools.partial(normal_forms.parts, truth=truth)
            effects[name] = self._form(form, expr, place)
        return effects

    def __post_init__(self):
        if not _named(self.name):
            raise ProgramError(f"name is {self.name!r}, but must be a text")
        checks.whole(f"{self.name}: message_steps", self.message_steps)
        checks.number(f"{self.name}: largest_value", self.largest_value)
        checks.truth(f"{self.name}: linear_positions", self.linear_positions)
        if self.task is not None and not hasattr(self.task, "features"):
            raise ProgramError(
                f"{self.name}: task must be one of mindgap.tasks, or one's own, got "
                f"{checks.shown(self.task)}"
            )
        for names in (self.hints, self.outputs):
            if not isinstance(names, Mapping):
                raise ProgramError(
                    f"{self.name}: hints and outputs map features to components, got "
                    f"{checks.shown(names)}"
                )
        _ = self.beginnings, self.selections, self.effects  # traced and checked
        for name, sort in self.components.items():
            if sort == "node":
                self._check_node(name, "start", (self.beginnings[name],))
                self._check_node(name, "update", self.effects[name])
        for feature, component in {**self.hints, **self.outputs}.items():
            self._check_shown(feature, component)

    def _check_shown(self, feature: str, component: Shown):
        """A feature is shown by a component of its sort, or a class each by a truth."""
        each = list(component) if isinstance(component, tuple) else [component]
        if not {*each} - {None} <= set(self.components) or self.task is None:
            raise ProgramError(
                f"{self.name}: {feature} is {component}: needs a task, and one of "
                f"the components {', '.join(self.components)}"
            )
        features = self.task.features
        if component is None and feature in features:
            return
        sort = self.components[next(filter(None, each))]
        wanted = SHOWN[sort] if isinstance(component, str) else "categorical"
        found = features[feature].type if feature in features else ""
        if found.removesuffix("_one") != wanted or (
            found == "categorical" and len(each) != features[feature].classes
        ):
            raise ProgramError(
                f"{self.name}: {feature} is {component}, a {sort}: the task has "
                + ", ".join(f"{k} ({f.type})" for k, f in features.items())
                + f"; a {sort} is shown by a {wanted}"
            )

    def _check_node(self, name: str, where: str, parts: Effect):
        """A reference stays one: it is a node, plus differences of nodes."""
        expr = (self.starts if where == "start" else self.updates)[name]
        nodes = {normal_forms.field_of(r) for r in reads(expr) if r.sort == "node"}
        plain, sums = Affine({}), []
        for part in parts:
            if isinstance(part, Affine):
                plain = plain.plus(part)
            else:
                sums.append(getattr(part, "value", None))
        for form in [plain] * (plain != Affine({}) or not sums) + sums:
            if (
                not isinstance(form, Affine)
                or sum(form.terms.get(field, 0.0) for field in nodes) != 1
                or form.constant
                or set(form.terms) - nodes
            ):
                raise ProgramError(
                    f"{self.name}, {where} of `{name}`: not a node, although {name} "
                    f"starts as one:\n    {expr}"
                )

    def _roles(
        self, place: str, looked_at: list[str], selecting: bool
    ) -> list[_Fields]:
        held: dict[str, Sort] = {**self.components, "index": "node", **self.node_inputs}
        inputs = None if self.task is None else self.task.stage("input")
        edge: dict[str, Sort] = {
            n: s for clrs, (n, s) in EDGES.items() if not inputs or clrs in inputs
        }
        sorts: dict[Role, dict[str, Sort]] = {
            "init": self._init,
            "edge": edge,
            "self": held,
        }
        sorts |= dict.fromkeys(looked_at, held)
        if looked_at != ["other"]:
            # whom a node looks at stands for the edge to it, too
            weight: dict[str, Sort] = {n: s for n, s in edge.items() if n == "weight"}
            sorts.update({name: {**held, **weight} for name in looked_at})
        names = ["self", *looked_at, "init", *["edge"] * (looked_at == ["other"])]
        whole = {"init": self.graph_inputs}
        # an update is passed only the edge from the node to the other
        back: dict[Role, dict[str, Sort]] = {"edge": edge} if selecting else {}
        return [
            _Fields(role, sorts[role], place, whole.get(role), back.get(role))
            for role in names
        ]

    @functools.cached_property
    def undirected(self) -> bool:
        """Whether the task is for undirected graphs only: both directions are one."""
        if self.task is None or not self.task.strict:
            return False
        return not getattr(self.task.sampler, "directed", True)

    def _form(self, form: Callable, expr: Expr, place: str) -> Any:
        try:
            return form(expr)
        except normal_forms.NotCompilable as error:
            raise error.at(f"{self.name}, {place}", expr) from None

    def __str__(self) -> str:
        held = ", ".join(f"{name} ({sort})" for name, sort in self.components.items())
        wide = max(map(len, self.components))
        starts = [f"{n:<{wide}} = {e}" for n, e in self.starts.items()]
        updates = [f"{n:<{wide}} <- {e}" for n, e in self.updates.items()]
        indent, selects = "\n          ", []
        for name, (made, *_) in self.selections.items():
            head = f"{name}: " * isinstance(self.select, Mapping)
            otherwise = f", else {made.default}" if made.default else ""
            selects += [
                f"{head}the candidate of {made.word} {made.key}",
                f"among those with {made.where}{otherwise}",
            ]
        return (
            f"{self.name}: {held}\n"
            f"  start   {indent.join(starts)}\n"
            f"  select  {indent.join(selects)}\n"
            f"  update  {indent.join(updates)}"
        )

    __repr__ = __str__


def _named(name: object) -> bool:
    return isinstance(name, str) and name != ""


def _components(
    place: str, function: Callable, roles: list[_Fields]
) -> dict[str, Expr]:
    """The expression of each component that the function returns."""
    made = _traced(place, function, roles)
    if not isinstance(made, Mapping) or not all(map(_named, made)):
        raise ProgramError(
            f"{place}: needs an expression for each component, by name, got {made!r}"
        )
    lifted = {}
    for name, value in made.items():
        try:
            lifted[name] = lift(value)
        except ProgramError as error:
            raise ProgramError(f"{place} of `{name}`: {error}") from None
    return lifted


def _traced(place: str, function: Callable, roles: list[_Fields]) -> Any:
    """What the function returns for these roles; ProgramError if it cannot."""
    names = ", ".join(map(str, roles))
    if not callable(function):
        raise ProgramError(
            f"{place}: needs a function of ({names}), got {checks.shown(function)}"
        )
    try:
        inspect.signature(function).bind(*roles)
    except TypeError as error:
        raise ProgramError(f"{place}: is called with ({names}), but: {error}") from None
    try:
        return function(*roles)
    except ProgramError as error:
        named = str(error).startswith(place)
        raise error if named else ProgramError(f"{place}: {error}") from None
    except TypeError as error:
        raise ProgramError(
            f"{place}: no value is known yet ({error}): expressions add, subtract and "
            "multiply by numbers, compare, and combine with &, | and ~"
        ) from error
