"""What the compiler proves about a program before it runs (App. A).

A ReLU keeps no negative number and a hidden state starts at zero, so the compiler has
to know which values a sum can take, which components never change, and what a node
holds where it selects itself. Numbers are bounded by intervals. Truth values are few,
so statements about them are proved by looking at every case: a case is what a node and
the node that it selects hold.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mindgap.language.expressions import ProgramError, Sort
from mindgap.language.interpreter import task_of
from mindgap.language.normal_forms import (
    EDGE,
    Affine,
    Condition,
    Field,
    Gated,
    Literal,
    Part,
    Rectified,
    fields_of,
    looked_at,
    merged,
)
from mindgap.language.program import GraphProgram, is_source
from mindgap.language.selection import Selection, nobody

OTHER_INDEX = Field("other", "index")
MOST_TRUTHS = 6
"""Components of sort bool of which all cases are looked at: 4^7 cases with `init.s`."""

Truths = Mapping[str, float]
"""The truth values of one node, by name; `s` among them."""


class CannotCompile(ProgramError):
    """A program that this network cannot compute exactly; the message says why."""


class Bounds(NamedTuple):
    """The largest sizes of what has no bound of its own."""

    value: float
    """Of a component of sort float."""
    weight: float
    """Of an edge's weight, which is never below 0."""
    signed: frozenset[str] = frozenset()
    """The components of sort float that can be below 0."""


def interval(
    program: GraphProgram, form: Affine, bounds: Bounds
) -> tuple[float, float]:
    """The least and the greatest value that a sum can take."""
    low = high = form.constant
    for field, factor in form.terms.items():
        most, least = 1.0, 0.0
        if field.name == "weight":
            most = bounds.weight
        elif program.components.get(field.name) == "float":
            most = bounds.value
            least = -most if field.name in bounds.signed else 0.0
        elif inputs_of(program).get(field.name) == "float":
            most, least = bounds.value, -bounds.value
        ends = factor * least, factor * most
        low, high = low + min(ends), high + max(ends)
    return low, high


def with_signs(program: GraphProgram, bounds: Bounds) -> Bounds:
    """The bounds, with the components of sort float that can be below 0.

    Starts from none and adds those whose start or update can be below 0, given those
    found before, until nothing is added.
    """
    numbers = [name for name, sort in program.components.items() if sort == "float"]
    while True:
        below = {
            name
            for name in numbers
            if interval(program, program.beginnings[name], bounds)[0] < 0
            or sum(
                min(0.0, range_of(program, part, bounds)[0])
                for part in program.effects[name]
            )
            < 0
        }
        if below <= bounds.signed:
            return bounds
        bounds = bounds._replace(signed=bounds.signed | below)


def range_of(program: GraphProgram, part: Part, bounds: Bounds) -> tuple[float, float]:
    """The least and the greatest value of a part of an update."""
    if isinstance(part, Condition):
        return 0.0, 1.0
    if isinstance(part, Rectified):
        most = part.factor * max(0.0, interval(program, part.value, bounds)[1])
        return min(0.0, most), max(0.0, most)
    if isinstance(part, Gated):
        low, high = interval(program, part.value, bounds)
        return min(0.0, low), max(0.0, high)
    low, high = interval(program, part, bounds)
    if low < 0:
        low = max(low, _least_in_cases(program, part, bounds))
    return low, high


def as_sum(part: Part) -> Affine:
    """The sum whose ReLU a plain part or a test is; 1 less it for a disjunction."""
    if isinstance(part, Affine):
        return part
    assert isinstance(part, Condition)
    total = Affine({}, 1.0 - len(part.literals) if part.every else 1.0)
    for literal in part.literals:
        total = total.plus(literal.affine, 1.0 if part.every else -1.0)
    return total


def of_edge(form: Affine) -> dict[str, float]:
    """The coefficients of the edge to the selected node in a part of an update."""
    return {f.name: c for f, c in form.terms.items() if f.name in EDGE}


def weights_are_read(program: GraphProgram) -> bool:
    """Whether an update reads the weight of an edge."""
    return any(
        field.name == "weight"
        for effect in program.effects.values()
        for part in effect
        for field in fields_of(part)
    )


def inputs_of(program: GraphProgram) -> dict[str, Sort]:
    """The task's own inputs at nodes and of the graph: not position and source."""
    return {**program.node_inputs, **program.graph_inputs}


def fields_read(program: GraphProgram) -> set[str]:
    """The names of all fields that a step reads, in selections or updates."""
    parts: list[Part] = [part for e in program.effects.values() for part in e]
    for selection in program.selections.values():
        parts += [selection.key, selection.mask]
    return {field.name for part in parts for field in fields_of(part)}


def reads_source(program: GraphProgram) -> bool:
    """Whether `init.s` is read anywhere, in a step or at the start."""
    starts = (field for form in program.beginnings.values() for field in form.terms)
    return "s" in fields_read(program) | {field.name for field in starts}


def is_given(program: GraphProgram) -> bool:
    """Whether `init.s` is an input, which is there at every step.

    Else it is the first of the hints `s`, which change from step to step.
    """
    inputs = task_of(program).stage("input")
    return "s" in inputs and is_source(inputs["s"])


def keeps(program: GraphProgram, component: str) -> bool:
    """Whether a component is at every step what it is at the start.

    Then it is computed from the inputs that it starts as, and never stored.
    """
    (part, *more) = program.effects[component]
    if more or isinstance(part, Gated | Rectified):
        return False
    if isinstance(part, Condition) and (not part.every or part.comparisons):
        return False
    if as_sum(part) != Affine({Field("self", component): 1.0}):
        return False
    start = program.beginnings[component]
    return is_given(program) or all(field.name != "s" for field in start.terms)


def settled(program: GraphProgram, form: Affine) -> Affine:
    """The same sum, with components that never change replaced by their starts."""
    total = Affine({}, form.constant)
    for field, factor in form.terms.items():
        part = Affine({field: 1.0})
        if field.name in program.components and keeps(program, field.name):
            start = program.beginnings[field.name]
            terms = {
                Field(field.role, f.name) if f.role == "self" else f: factor
                for f, factor in start.terms.items()
            }
            if field.role == "self" or all(f.role == "other" for f in terms):
                part = Affine(terms, start.constant)
        total = total.plus(part, factor)
    return total


def own_key(program: GraphProgram, key: Affine) -> dict[Field, float]:
    """The terms of a key that differ from node to node: index, numbers, weights."""
    return {
        field: factor
        for field, factor in key.terms.items()
        if field in (OTHER_INDEX, Field("edge", "weight"))
        or (
            field.role == "other"
            and {**program.components, **program.node_inputs}.get(field.name) == "float"
        )
    }


def literals_of(part: Part) -> tuple[Literal, ...]:
    """The truth values without which nothing else of a part matters.

    A conjunction is false unless all of its literals hold; a disjunction is true unless
    all of them fail.
    """
    if isinstance(part, Affine):
        return ()
    test = part if isinstance(part, Condition) else part.gate
    if test.every:
        return test.literals
    return tuple(lit._replace(positive=not lit.positive) for lit in test.literals)


def kept_exactly(program: GraphProgram, number: str) -> bool:
    """Whether the network has a component bit for bit as the interpreter has it.

    It does if the component starts as 0, and each part of its update is a sum of at
    most two such numbers or weights, whose gates add and subtract no constant beside
    the number: on the side of the number (the selected node's or the node's own) all
    literals are negations of what starts as 0.
    """
    if program.beginnings[number] != Affine({}):
        return False
    for part in program.effects[number]:
        if isinstance(part, Rectified):
            return False
        value = part.value if isinstance(part, Gated) else part
        if not isinstance(value, Affine) or value.constant or len(value.terms) > 2:
            return False
        numbers = {f for f in value.terms if f.name != "weight"}
        sides = {field.role for field in numbers}
        beside = [lit for lit in literals_of(part) if lit.field.role in sides]
        if (
            set(value.terms.values()) != {1.0}
            or {field.name for field in numbers} - {number}
            or any(
                lit.positive
                or program.beginnings.get(lit.field.name, Affine({})) != Affine({})
                for lit in beside
            )
        ):
            return False
    return True


def on_grid(program: GraphProgram, number: str, value: float) -> bool:
    """Whether a number is always a multiple of one power of two, and never rounded.

    So it is if its start and its update add up constants, truth values and such numbers
    in whole multiples, and nothing that is given or a place. `value` is the largest
    size of a number. Of an update, everything that float32 may add up, in any order,
    must be below 2^24 such multiples: its terms, and the constants of its gates.
    """
    names, reached = [number], {number}
    constants, largest = [0.5], 0.5  # gates add halves at the least
    while names:
        name = names.pop()
        size = 0.0
        for part in (program.beginnings[name], *program.effects[name]):
            plain = part.value if isinstance(part, Gated | Rectified) else part
            if not isinstance(plain, Affine):
                return False
            scale = part.factor if isinstance(part, Rectified) else 1.0
            terms = abs(scale * plain.constant)
            constants.append(scale * plain.constant)
            for field, factor in plain.terms.items():
                sort = program.components.get(field.name)
                if field.name in (*EDGE, "index") or sort not in ("float", "bool"):
                    return False
                if sort == "float":
                    if scale * factor % 1:
                        return False
                    if field.name not in reached:
                        names.append(field.name)
                        reached.add(field.name)
                terms += abs(scale * factor) * (value if sort == "float" else 1.0)
                constants.append(scale * factor)
            gates = len(literals_of(part)) if part is not plain else 0
            size += terms + gates * 2 * max(terms, 0.5)
        largest = max(largest, size)
    # of a float this is a power of two, the least of which it is a whole multiple
    finest = max(abs(float(each)).as_integer_ratio()[1] for each in constants)
    return largest * finest <= 2.0**24


def accumulates(program: GraphProgram, number: str, value: float) -> bool:
    """Whether rounding errors of a component of sort float add up from step to step.

    They do if its update reads such components, unless it is kept bit for bit.
    """
    if on_grid(program, number, value):
        return False
    read = {field.name for part in program.effects[number] for field in fields_of(part)}
    numbers = {n for n, sort in program.components.items() if sort == "float"}
    return not read.isdisjoint(numbers) and not kept_exactly(program, number)


def _least_in_cases(program: GraphProgram, form: Affine, bounds: Bounds) -> float:
    """The least value of a sum in any case of the truth values that it reads."""
    names = looked_at(form)
    if len(names) > 1:
        return -float("inf")
    name = names[0] if names else next(iter(program.selections))
    selection, least = program.selections[name], float("inf")
    for me, you, chosen in cases(program, selection):
        total = form.constant
        numbers: dict[Field, float] = {}
        for field, factor in form.terms.items():
            if field.name in EDGE and not chosen:
                continue
            if field.role == name and not chosen and selection.made.default is nobody:
                continue  # all that nobody holds is 0
            held = you if field.role == name else me
            if field.name == "adj":
                total += factor
            elif field.name in held:
                total += factor * held[field.name]
            else:
                # where a node selects itself, the coefficients of both roles add up
                itself = field.role == name and not chosen
                key = Field("self", field.name) if itself else field
                numbers[key] = numbers.get(key, 0.0) + factor
        total += interval(program, Affine(numbers), bounds)[0]
        least = min(least, total)
    return least if least < float("inf") else -float("inf")


def default_can_be_shut(program: GraphProgram, component: str) -> bool:
    """Whether a component that reads the edge is 0 wherever a node selects itself.

    A graph's self-loop lies on the edge from a node to itself, where a program reads 0.
    The network can only shut such a component, so that has to be right. Proved by
    induction over steps: (1) a node that meets its own mask has a candidate, since one
    that it had before keeps qualifying; so who selects itself fails its own mask; (2) a
    node that fails its own mask holds 0 there.
    """
    (part, *more) = program.effects[component]
    roles = looked_at(part)
    if not isinstance(part, Affine) or more or len(roles) > 1:
        return False
    selection = program.selections[roles[0]]
    mask = selection.mask
    own_terms = merged(part)
    start = program.beginnings[component]
    if mask.comparisons or start != Affine({}) or "bool" in inputs_of(program).values():
        return False
    if own_terms != Affine({Field("self", component): 1.0}):
        return False
    if any(
        isinstance(test, Condition)
        and (more or test.comparisons or set(looked_at(test)) - set(roles))
        for test, *more in program.effects.values()
    ):
        return False
    every_case = list(cases(program, selection))
    if not every_case:
        return False
    for s in (0.0, 1.0):
        if _meets(mask, *(2 * [_start(program, s)])):
            return False
    for me, you, chosen in every_case:
        after = _after(program, me, you)
        meets_after = _meets(mask, after, after)
        if _offers(mask, me) and not _offers(mask, after):
            return False
        if chosen and not meets_after:
            return False
        if not chosen and meets_after and not _meets(mask, me, me):
            return False
    return True


def misses_itself_once(mask: Condition) -> Literal | None:
    """The literal on `other` whose opposite the mask asks of `self`, if that is all.

    Then every node fails its own mask in exactly one literal.
    """
    literals = [lit for lit in mask.literals if lit.field.role != "edge"]
    if len(literals) == 2 and not mask.comparisons:
        for one, two in (literals, literals[::-1]):
            opposite = Literal(Field("self", one.field.name), not one.positive)
            if one.field.role == "other" and two == opposite:
                return one
    return None


def is_whole(program: GraphProgram, form: Affine) -> bool:
    """Whether a sum only takes whole values, whatever the graph."""
    whole = {n for n, sort in program.components.items() if sort != "node"}
    while True:
        # a component is whole if it starts so and stays so
        kept = {
            name
            for name in whole
            if _whole(program.beginnings[name], whole)
            and all(_whole_part(part, whole) for part in program.effects[name])
        }
        if kept == whole:
            return _whole(form, whole)
        whole = kept


def _whole_part(part: Part, whole: set[str]) -> bool:
    if isinstance(part, Condition):
        return True
    if isinstance(part, Rectified) and part.factor % 1:
        return False
    return _whole(part if isinstance(part, Affine) else part.value, whole)


def _whole(form: Affine, whole: set[str]) -> bool:
    return not any(n % 1 for n in (form.constant, *form.terms.values())) and all(
        field.name in whole or field.name in ("s", "adj") for field in form.terms
    )


def cases(
    program: GraphProgram, selection: Selection
) -> Iterator[tuple[Truths, Truths, bool]]:
    """What a node and its selected node may hold, and whether that is a candidate.

    If it is none, the node has selected itself, or nobody. No cases at all if there are
    more than `MOST_TRUTHS` truth values.
    """
    held = {**program.components, **inputs_of(program)}
    names = [n for n, sort in held.items() if sort == "bool"] + ["s"]
    if len(names) > MOST_TRUTHS + 1:
        return
    nodes = [
        dict(zip(names, values, strict=True))
        for values in itertools.product((0.0, 1.0), repeat=len(names))
    ]
    for me, you in itertools.product(nodes, nodes):
        if _meets(selection.mask, me, you):
            yield me, you, True
    if selection.made.default is not None:
        for me in nodes:
            yield me, me, False


def _holds(literal: Literal, me: Truths, you: Truths) -> bool:
    if literal.field.name in EDGE:
        return literal.positive  # there is an edge
    held = me if literal.field.role in ("self", "init") else you
    return bool(held[literal.field.name]) == literal.positive


def _meets(mask: Condition, me: Truths, you: Truths) -> bool:
    return all(_holds(literal, me, you) for literal in mask.literals)


def _offers(mask: Condition, you: Truths) -> bool:
    """Whether a node meets what the mask asks of `other`."""
    asked = [lit for lit in mask.literals if lit.field.role == "other"]
    return all(_holds(literal, you, you) for literal in asked)


def _start(program: GraphProgram, s: float) -> Truths:
    held = {"s": s}
    for name, sort in program.components.items():
        if sort == "bool":
            form = program.beginnings[name]
            held[name] = form.constant + s * sum(form.terms.values())
    return held


def _after(program: GraphProgram, me: Truths, you: Truths) -> Truths:
    def truth(test: Condition) -> float:
        of = all if test.every else any
        return float(of(_holds(literal, me, you) for literal in test.literals))

    effects = {name: program.effects[name][0] for name in program.effects}
    held = {n: truth(e) for n, e in effects.items() if isinstance(e, Condition)}
    return {**held, "s": me["s"]}
