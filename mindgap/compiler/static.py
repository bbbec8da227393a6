"""What the compiler has to know about a program before it may trust a ReLU (App. A).

Truth values are few, so statements about them are proved by looking at every case: a
case is what a node and the node it looks at hold. Numbers are bounded by intervals.
"""

import itertools
from collections.abc import Iterator, Mapping

from mindgap.compiler.layout import CannotCompile, as_sum
from mindgap.language.normal_forms import Affine, Condition, Field, Literal, merged
from mindgap.language.program import GraphProgram

Truths = Mapping[str, float]
"""The truth values of one node, by name; `s` among them."""


def least_update(program: GraphProgram, component: str) -> float:
    """The least value that a float component can be given, from values of 0 or more."""
    form, least = as_sum(program.effect(component)), float("inf")
    for me, you, selected in _cases(program):
        total = form.constant
        merged: dict[Field, float] = {}
        for field, factor in form.terms.items():
            if field.role == "edge" and not selected:
                continue
            held = you if field.role == "other" else me
            if field.role == "edge" and field.name == "adj":
                total += factor
            elif field.name in held:
                total += factor * held[field.name]
            else:
                # by default `other` is `self`: their coefficients add up
                other = field.role == "other" and not selected
                key = Field("self", field.name) if other else field
                merged[key] = merged.get(key, 0.0) + factor
        for field, factor in merged.items():
            bounded = (
                field.name == "index" or program.components.get(field.name) == "node"
            )
            total += min(0.0, factor if bounded else factor * float("inf"))
        least = min(least, total)
    return least


def default_can_be_shut(program: GraphProgram, component: str) -> bool:
    """Whether a component that reads the edge is 0 wherever a node selects itself.

    A graph's self-loop lies on the edge from a node to itself, where a program reads 0.
    The network can only shut such a component, so that has to be right. Proved by
    induction over steps: (1) a node that meets its own mask has a candidate, since one
    that it had before keeps qualifying; so who selects itself fails its own mask; (2) a
    node that fails its own mask holds 0 there.
    """
    mask = program.selection.mask
    own_terms = merged(as_sum(program.effect(component)))
    start = program.beginnings[component]
    if mask.comparisons or start != Affine({}):
        return False
    if own_terms != Affine({Field("self", component): 1.0}):
        return False
    for s in (0.0, 1.0):
        if _meets(mask, *(2 * [_start(program, s)])):
            return False
    for me, you, selected in _cases(program):
        after = _after(program, me, you)
        meets_after = _meets(mask, after, after)
        if _offers(mask, me) and not _offers(mask, after):
            return False
        if selected and not meets_after:
            return False
        if not selected and meets_after and not _meets(mask, me, me):
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
            if _whole(program, program.beginnings[name], whole)
            and _whole(program, as_sum(program.effect(name)), whole)
        }
        if kept == whole:
            return _whole(program, form, whole)
        whole = kept


def _whole(program: GraphProgram, form: Affine, whole: set[str]) -> bool:
    return not any(n % 1 for n in (form.constant, *form.terms.values())) and all(
        field.name in whole or field.name in ("s", "adj") for field in form.terms
    )


def _cases(program: GraphProgram) -> Iterator[tuple[Truths, Truths, bool]]:
    """What a node and whom it looks at may hold, and whether that is a candidate."""
    names = [n for n, sort in program.components.items() if sort == "bool"] + ["s"]
    if len(names) > 7:
        raise CannotCompile(
            f"{program.name}, start: {len(names) - 1} components are truth values "
            f"({', '.join(names[:-1])}); at most 6 can be checked"
        )
    nodes = [
        dict(zip(names, values, strict=True))
        for values in itertools.product((0.0, 1.0), repeat=len(names))
    ]
    for me, you in itertools.product(nodes, nodes):
        if _meets(program.selection.mask, me, you):
            yield me, you, True
    for me in nodes:
        yield me, me, False


def _holds(literal: Literal, me: Truths, you: Truths) -> bool:
    if literal.field.role == "edge":
        return literal.positive  # there is an edge
    held = you if literal.field.role == "other" else me
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
    def truth(effect: Condition) -> float:
        test = all if effect.every else any
        return float(test(_holds(literal, me, you) for literal in effect.literals))

    effects = {name: program.effect(name) for name in program.effects}
    held = {n: truth(e) for n, e in effects.items() if isinstance(e, Condition)}
    return {**held, "s": me["s"]}
