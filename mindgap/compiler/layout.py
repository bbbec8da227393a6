"""Which hidden coordinate holds what (paper Eq. 18-19).

Every cell of a component has a coordinate (see `updates`); cells that are the same
share one. The network starts from zeros, not from the program's start, so a component
that is read before it is written has further coordinates, in which its start is kept
from the first step on. With V the sum of its cells, P what is kept of the start, and
`start` computed from the inputs, the component is

    start + V - P

which is `start` while V = P = 0, and V and its constant from then on. (The paper's `id`
in Eq. 18 is the P of the parent. In DFS the source is the first of the hints `s`, which
are fed back: start and P both follow the component that shows `s`.) Everything else of
the hidden state is 0.

A cell that reads a selected node lies in the block of the head that selects the node,
since a head writes to its own block only.
"""

import dataclasses
from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mindgap import checks
from mindgap.compiler.static import (
    Bounds,
    CannotCompile,
    fields_read,
    interval,
    is_given,
    keeps,
    of_edge,
)
from mindgap.compiler.updates import Cell, Sum, key_of, rectified
from mindgap.graphs import AnyArray
from mindgap.language.interpreter import shown
from mindgap.language.normal_forms import EDGE, INDEX, Affine, Field
from mindgap.language.program import GraphProgram
from mindgap.network import ModelConfig

Arrays = dict[str, dict[str, np.ndarray]]
"""Parameters by module and leaf, as they are being set."""

SOURCE = Affine({Field("init", "s"): 1.0})


class Place(NamedTuple):
    """Where a component lies: coordinates, each with the sign that it counts with."""

    constant: float
    values: dict[int, float]
    """Their sum, with the constant, is the component after the first step."""
    start: dict[int, float]
    """Their sum, with the constant, is the kept start, if there is one."""
    written: tuple[tuple[int, Affine], ...]
    """What is written to coordinates of the start: the sum before the ReLU."""


class Reading(NamedTuple):
    """A sum as weights of [x_j | h_j], [x_i | h_i], edge and graph features; biases."""

    other: Float[np.ndarray, "2*D"]
    self: Float[np.ndarray, "2*D"]
    edge: Float[np.ndarray, "D"]
    graph: Float[np.ndarray, "D"]
    constant: float
    other_constant: float
    """What belongs to the fields of node j, whose start may be another than 0.

    It is weighed with them: where nodes share the attention, rounded weights add up to
    almost 1, so a truth value of all of them is 0 only if it is 0 before weighing.
    """

    def times(self, factor: float) -> "Reading":
        """The same, scaled."""
        return Reading(
            factor * self.other,
            factor * self.self,
            factor * self.edge,
            factor * self.graph,
            factor * self.constant,
            factor * self.other_constant,
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
    graphs: Mapping[str, int]
    """Coordinates of the encoded inputs of the whole graph."""
    bounds: Bounds
    coordinates: Mapping[Hashable, int]
    """Of each cell, by its key."""

    def read(
        self, states: Float[AnyArray, "*dims D"], component: str
    ) -> Float[AnyArray, "*dims"]:
        """A component's value from hidden states, after at least one step.

        Raises KeyError for a component that the program does not have, ValueError for
        what are no hidden states of its network.
        """
        if component not in self.places:
            raise KeyError(f"no component {component!r}: {', '.join(self.places)}")
        if getattr(states, "shape", ())[-1:] != (self.size,):
            raise ValueError(
                f"hidden states end in {self.size} coordinates, as result.states of a "
                f"traced call; got {checks.shown(states)}"
            )
        place = self.places[component]
        signs = np.array(list(place.values.values()), np.float32)
        return place.constant + (states[..., list(place.values)] * signs).sum(-1)

    def nothing(self) -> Reading:
        """A reading of no field."""
        wide = np.zeros(2 * self.size)
        narrow = np.zeros(self.size)
        return Reading(wide, wide.copy(), narrow, narrow.copy(), 0.0, 0.0)

    def reading(self, form: Affine) -> Reading:
        """The weights that compute a sum from inputs and the state before a step."""
        weights = self.nothing()
        constants = {"self": form.constant, "other": 0.0}
        for field, factor in form.terms.items():
            if field.name in self.graphs:
                weights.graph[self.graphs[field.name]] += factor
                continue
            if field.name in EDGE:
                weights.edge[self.edges[field.name]] += factor
                continue
            side = "self" if field.role in ("self", "init") else "other"
            constants[side] += self._add(getattr(weights, side), field, factor)
        return weights._replace(
            constant=constants["self"], other_constant=constants["other"]
        )

    def _add(self, row: np.ndarray, field: Field, factor: float) -> float:
        """Adds factor * field to a row of [x | h] weights; returns what is constant."""
        if field.name not in self.places:
            own = Field("init" if field.name == "s" else "self", field.name)
            row[self.inputs[own]] += factor
            return 0.0
        place, start = self.places[field.name], self.program.beginnings[field.name]
        for part, weight in start.terms.items():
            row[self.inputs[part]] += factor * weight
        if not keeps(self.program, field.name):
            for coordinate, sign in place.values.items():
                row[self.size + coordinate] += factor * sign
            for coordinate, sign in place.start.items():
                row[self.size + coordinate] -= factor * sign
        return factor * start.constant

    @property
    def names(self) -> dict[int, str]:
        """What each coordinate holds, of those that hold anything."""
        names: dict[int, str] = {}
        for name, place in self.places.items():
            several = len(place.values) > 1
            for number, (coordinate, sign) in enumerate(place.values.items(), 1):
                part = _signed(name, sign, place.constant)
                part = f"{part} {number}" if several else part
                names[coordinate] = " = ".join(
                    filter(None, [names.get(coordinate), part])
                )
            for coordinate, sign in place.start.items():
                kept = f"start of {_signed(name, sign, place.constant)}"
                names.setdefault(coordinate, kept)
        return dict(sorted(names.items()))

    def __str__(self) -> str:
        lines = [f"{index:>4}  {name}" for index, name in self.names.items()]
        return "\n".join([f"{self.program.name} in {self.size} coordinates", *lines])

    __repr__ = __str__


def lay_out(
    program: GraphProgram,
    config: ModelConfig,
    sums: Mapping[str, Sum],
    bounds: Bounds,
) -> Layout:
    """Gives every component its coordinates.

    Raises CannotCompile if the network is too small, or has too few heads.
    """
    if config.heads < len(program.selections):
        raise CannotCompile(
            f"{program.name}: {len(program.selections)} selections "
            f"({', '.join(program.selections)}) need as many heads, but heads is "
            f"{config.heads}"
        )
    read = fields_read(program)
    # a start that is a hint is not kept: the component that shows it is read
    kept = {
        name: []
        if _is_hint(program, name) or name not in read
        else _kept(program, name, whole, bounds)
        for name, whole in sums.items()
    }
    coordinates = _allocate(program, config, sums, kept)
    places = {}
    for name, whole in sums.items():
        cells = kept[name]
        if _is_hint(program, name) and name in read:
            cells = sums[_shows_source(program)].cells
        places[name] = Place(
            whole.constant,
            _signs(whole.cells, coordinates),
            _signs(cells, coordinates),
            tuple((coordinates[cell.key], cell.form) for cell in kept[name]),
        )
    reads_edge = any(of_edge(cell.form) for s in sums.values() for cell in s.cells)
    # `first_component` adds edge feature 0 to the state: it may only be the weight
    spare = int(config.edge_values == "first_component" and not reads_edge)
    inputs = {INDEX: 0, Field("init", "s"): 1}
    inputs |= {Field("self", n): at for at, n in enumerate(program.node_inputs, 2)}
    needed = max(len(inputs), spare + 2, len(program.graph_inputs))
    if config.hidden_size < needed:
        raise CannotCompile(
            f"{program.name}: its inputs need {needed} coordinates, but hidden_size "
            f"is {config.hidden_size}"
        )
    return Layout(
        program,
        config.hidden_size,
        places,
        inputs,
        {"weight": spare, "adj": spare + 1},
        {name: at for at, name in enumerate(program.graph_inputs)},
        bounds,
        coordinates,
    )


def _signs(
    cells: Iterable[Cell], coordinates: Mapping[Hashable, int]
) -> dict[int, float]:
    """The coordinates of cells, each with the sum of its signs."""
    signs: dict[int, float] = {}
    for cell in cells:
        coordinate = coordinates[cell.key]
        signs[coordinate] = signs.get(coordinate, 0.0) + cell.sign
    return signs


class _Request(NamedTuple):
    """A coordinate that is needed; smaller ranks are placed first."""

    rank: int
    key: Hashable
    role: str


def _allocate(
    program: GraphProgram,
    config: ModelConfig,
    sums: Mapping[str, Sum],
    kept: Mapping[str, list[Cell]],
) -> dict[Hashable, int]:
    """The coordinate of everything that is stored, by its key.

    In one head a component and its start lie side by side, components that read the
    edge first. In several heads, first comes what reads a selected node, which has to
    be in the block of a head, and then everything else where most room is left.
    """
    several = config.heads > 1
    requests = []
    for name in sorted(
        sums, key=lambda name: not any(of_edge(c.form) for c in sums[name].cells)
    ):
        for cell in sums[name].cells:
            rank = several * (0 if cell.role else 1)
            requests.append(_Request(rank, cell.key, cell.role))
        requests += [_Request(2 * several, cell.key, "") for cell in kept[name]]
    room = config.hidden_size // config.heads
    blocks = [list(range(k * room, (k + 1) * room)) for k in range(config.heads)]
    head = {name: number for number, name in enumerate(program.selections)}
    coordinates: dict[Hashable, int] = {}
    for request in sorted(requests, key=lambda request: request.rank):
        if request.key in coordinates:
            continue
        block = blocks[head[request.role]] if request.role else max(blocks, key=len)
        if not block:
            needed = len({request.key for request in requests})
            where = f", those that read {request.role} in one head"
            where *= bool(several and request.role)
            raise CannotCompile(
                f"{program.name}: its state needs {needed} coordinates{where}; "
                f"hidden_size {config.hidden_size} has {room} for each of "
                f"{config.heads} heads"
            )
        coordinates[request.key] = block.pop(0)
    return coordinates


def _kept(program: GraphProgram, name: str, whole: Sum, bounds: Bounds) -> list[Cell]:
    """The cells that keep the start of a component, less its constant."""
    offset = program.beginnings[name].plus(Affine({}, -whole.constant))
    if keeps(program, name) or offset == Affine({}):
        return []
    return rectified(offset, *interval(program, offset, bounds), key_of(offset))


def _is_hint(program: GraphProgram, name: str) -> bool:
    """Whether a component starts as the first hint `s`, which is fed back."""
    return program.beginnings[name] == SOURCE and not is_given(program)


def _shows_source(program: GraphProgram) -> str:
    """The component that the hint `s` shows."""
    found = shown(program).get("s")
    if not isinstance(found, str) or program.beginnings[found] != SOURCE:
        raise CannotCompile(
            f"{program.name}: init.s is the first hint `s`, which is fed back: a "
            "component that starts as init.s must show it"
        )
    return found


def _signed(name: str, sign: float, constant: float) -> str:
    if sign > 0:
        return name
    return f"not {name}" if constant else f"-{name}"


def zero_layer(
    params: Arrays, name: str, inputs: int, outputs: int
) -> tuple[Float[np.ndarray, "inputs outputs"], Float[np.ndarray, "outputs"]]:
    """Adds a layer of zeros to the parameters; returns w and b, to be written to."""
    w, b = np.zeros((inputs, outputs)), np.zeros(outputs)
    params[name] = {"w": w, "b": b}
    return w, b
