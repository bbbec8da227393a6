"""Which hidden coordinate holds what (paper Eq. 18-19).

Every component has one coordinate. The network starts from zeros, not from the
program's start, so a component that is read before it is written has a second
coordinate, in which the start is kept from the first step on: with V the stored value,
P the stored start and `start` computed from the inputs, the component is

    start + V - P

which is `start` while V = P = 0, and V from then on. (The paper's `id` in Eq. 18 is the
P of the parent; for DFS, whose source is the first of the hints `s` that are fed back,
start and P both follow the component that shows it.) A disjunction is stored as its
complement, since only conjunctions are one ReLU of a sum. Everything else of the hidden
state is 0.
"""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mindgap.graphs import AnyArray
from mindgap.language.expressions import ProgramError
from mindgap.language.normal_forms import INDEX, Affine, Condition, Field, Part
from mindgap.language.program import GraphProgram

Arrays = dict[str, dict[str, np.ndarray]]
"""Parameters by module and leaf, as they are being set."""


SOURCE = Affine({Field("init", "s"): 1.0})


class CannotCompile(ProgramError):
    """A program that this network cannot compute exactly; the message says why."""


class Place(NamedTuple):
    """Where a component lies."""

    values: tuple[int, ...]
    """Coordinates that add up to it; one, in a program of one selection."""
    start: tuple[int, ...]
    """Coordinates that add up to the kept start, if there is one."""
    complement: bool


class Reading(NamedTuple):
    """A sum as weights: of [x_j | h_j], [x_i | h_i] and edge features, and a bias."""

    other: Float[np.ndarray, "2*S"]
    self: Float[np.ndarray, "2*S"]
    edge: Float[np.ndarray, "S"]
    constant: float

    def times(self, factor: float) -> "Reading":
        """The same, scaled."""
        return Reading(
            factor * self.other,
            factor * self.self,
            factor * self.edge,
            factor * self.constant,
        )

    def plus(self, more: "Reading") -> "Reading":
        """The sum of both."""
        return Reading(
            self.other + more.other,
            self.self + more.self,
            self.edge + more.edge,
            self.constant + more.constant,
        )


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Layout:
    """The coordinates of a program's components and inputs; prints as a table."""

    program: GraphProgram
    size: int
    places: Mapping[str, Place]
    inputs: Mapping[Field, int]
    """Coordinates of the encoded node inputs."""
    edges: Mapping[str, int]
    """Coordinates of the encoded edge inputs, weight and adj."""
    bounds: "Bounds"

    def read(
        self, states: Float[AnyArray, "*dims S"], component: str
    ) -> Float[AnyArray, "*dims"]:
        """A component's value from hidden states, after at least one step.

        Raises KeyError for a component that the program does not have.
        """
        if component not in self.places:
            raise KeyError(f"no component {component!r}: {', '.join(self.places)}")
        place = self.places[component]
        stored = states[..., list(place.values)].sum(-1)
        return 1.0 - stored if place.complement else stored

    def nothing(self) -> Reading:
        """A reading of no field."""
        wide = np.zeros(2 * self.size)
        return Reading(wide, wide.copy(), np.zeros(self.size), 0.0)

    def reading(self, form: Affine) -> Reading:
        """The weights that compute a sum from inputs and the state before a step."""
        found = self.nothing()._replace(constant=form.constant)
        for field, factor in form.terms.items():
            if field.role == "edge" or field.name == "weight":
                found.edge[self.edges[field.name]] += factor
                continue
            row = found.self if field.role in ("self", "init") else found.other
            constant = self._add(row, field, factor)
            found = found._replace(constant=found.constant + constant)
        return found

    def _add(self, row: np.ndarray, field: Field, factor: float) -> float:
        """Adds factor * field to a row of [x | h] weights; returns what is constant."""
        own = Field("init", "s") if field.name == "s" else INDEX
        if field.name in ("s", "index"):
            row[self.inputs[own]] += factor
            return 0.0
        place, start = self.places[field.name], self.program.beginnings[field.name]
        for part, weight in start.terms.items():
            row[self.inputs[part]] += factor * weight
        if not keeps(self.program, field.name):
            sign = -factor if place.complement else factor
            for coordinate in place.values:
                row[self.size + coordinate] += sign
            for coordinate in place.start:
                row[self.size + coordinate] -= sign
        return factor * start.constant

    @property
    def names(self) -> dict[int, str]:
        """What each coordinate holds, of those that hold anything."""
        names: dict[int, str] = {}
        for name, place in self.places.items():
            held = f"not {name}" if place.complement else name
            several = len(place.values) > 1
            for number, coordinate in enumerate(place.values, 1):
                part = f"{held} {number}" if several else held
                names[coordinate] = " = ".join(
                    filter(None, [names.get(coordinate), part])
                )
            for coordinate in place.start:
                names.setdefault(coordinate, f"start of {held}")
        return dict(sorted(names.items()))

    def __str__(self) -> str:
        lines = [f"{index:>4}  {name}" for index, name in self.names.items()]
        return "\n".join([f"{self.program.name} in {self.size} coordinates", *lines])

    __repr__ = __str__


def keeps(program: GraphProgram, component: str) -> bool:
    """Whether a component is the same at every step: its start is all there is."""
    if len(program.selections) > 1:
        return False
    effect = program.effect(component)
    if isinstance(effect, Condition) and not effect.every:
        return False  # its sum is that of the complement
    return as_sum(effect) == Affine({Field("self", component): 1.0})


def settled(program: GraphProgram, form: Affine) -> Affine:
    """The same sum, with components that never change replaced by their starts."""
    total = Affine({}, form.constant)
    for field, factor in form.terms.items():
        part = Affine({field: 1.0})
        if field.name in program.components and keeps(program, field.name):
            start = program.beginnings[field.name]
            terms = {
                Field(field.role, f.name) if f == INDEX else f: factor
                for f, factor in start.terms.items()
            }
            if field.role == "self" or set(terms) <= {Field("other", "index")}:
                part = Affine(terms, start.constant)
        total = total.plus(part, factor)
    return total


class Bounds(NamedTuple):
    """The largest values of what has no bound of its own."""

    value: float
    """Of a component of sort float, which is never below 0."""
    weight: float


def interval(
    program: GraphProgram, form: Affine, bounds: Bounds
) -> tuple[float, float]:
    """The least and the greatest value that a sum can take."""
    low = high = form.constant
    for field, factor in form.terms.items():
        if field.name == "weight":
            most = bounds.weight
        elif program.components.get(field.name) == "float":
            most = bounds.value
        else:
            most = 1.0
        low, high = low + min(0.0, factor * most), high + max(0.0, factor * most)
    return low, high


def as_sum(part: Part) -> Affine:
    """What is stored of a part, before the ReLU makes a truth value of it."""
    if isinstance(part, Affine):
        return part
    assert isinstance(part, Condition)
    total = Affine({}, 1.0 - len(part.literals) if part.every else 1.0)
    for literal in part.literals:
        total = total.plus(literal.affine, 1.0 if part.every else -1.0)
    return total


def zero_layer(
    params: Arrays, name: str, inputs: int, outputs: int
) -> tuple[Float[np.ndarray, "inputs outputs"], Float[np.ndarray, "outputs"]]:
    """Adds a layer of zeros to the parameters; returns w and b, to be written to."""
    w, b = np.zeros((inputs, outputs)), np.zeros(outputs)
    params[name] = {"w": w, "b": b}
    return w, b
