"""Giving every component of a program its coordinates (which `layout` reads).

A program of several selections has a head for each. A component has a coordinate for
each part of its update, in the block of the head whose selection that part reads, and
is their sum; parts that are the same share a coordinate. Truth values add up to 0 or 1
without error, and at most one part of a reference is not 0, so that sums are exact.
"""

from mindgap.compiler.layout import (
    SOURCE,
    Bounds,
    CannotCompile,
    Layout,
    Place,
    as_sum,
    keeps,
)
from mindgap.language.interpreter import shown, task_of
from mindgap.language.normal_forms import (
    INDEX,
    Affine,
    Condition,
    Field,
    Gated,
    Part,
    difference,
    fields_of,
    looked_at,
)
from mindgap.language.program import GraphProgram
from mindgap.network import ModelConfig


def lay_out(program: GraphProgram, config: ModelConfig, bounds: Bounds) -> Layout:
    """Gives every component its coordinates.

    Raises CannotCompile if the network is too small, or has too few heads.
    """
    several = len(program.selections) > 1
    places = (_by_head if several else _by_component)(program, config)
    by_edge = any(
        f.role == "edge"
        for effect in program.effects.values()
        for f in fields_of(effect[0])
    )
    # `first_component` adds edge feature 0 to the state: it may only be the weight
    spare = config.edge_values == "first_component" and not by_edge
    return Layout(
        program,
        config.hidden_size,
        places,
        {INDEX: 0, Field("init", "s"): 1},
        {"weight": int(spare), "adj": int(spare) + 1},
        bounds,
    )


def _by_component(program: GraphProgram, config: ModelConfig) -> dict[str, Place]:
    """One coordinate each, those that read an edge first."""
    used = _used(program)
    by_edge = {
        name: any(f.role == "edge" for f in as_sum(program.effect(name)).terms)
        for name in program.effects
    }
    order = sorted(program.components, key=lambda name: not by_edge[name])
    places, free = {}, 0
    for name in order:
        effect, start = program.effect(name), program.beginnings[name]
        complement = isinstance(effect, Condition) and not effect.every
        stored = Affine({}, 1.0).plus(start, -1.0) if complement else start
        again = name in used and not keeps(program, name) and stored != Affine({})
        places[name] = Place((free,), (free + 1,) if again else (), complement)
        free += 2 if again else 1
    room = config.hidden_size // config.heads
    if max(free, 2) > room:
        raise CannotCompile(
            f"{program.name}: its state needs {max(free, 2)} coordinates, hidden_size "
            f"{config.hidden_size} with {config.heads} heads has {room}"
        )
    return places


def _by_head(program: GraphProgram, config: ModelConfig) -> dict[str, Place]:
    """One coordinate for each part, in the block of the head that it reads."""
    if config.heads < len(program.selections):
        raise CannotCompile(
            f"{program.name}: {len(program.selections)} selections "
            f"({', '.join(program.selections)}) need as many heads, but heads is "
            f"{config.heads}"
        )
    room = config.hidden_size // config.heads
    blocks = [list(range(k * room, (k + 1) * room)) for k in range(config.heads)]
    head = {name: k for k, name in enumerate(program.selections)}
    where: dict[object, int] = {}
    parts = [part for effect in program.effects.values() for part in effect]
    # parts that read no selection go where room is left
    for part in sorted(parts, key=lambda part: not looked_at(part)):
        if _key(part) not in where:
            seen = looked_at(part)
            block = blocks[head[seen[0]]] if seen else max(blocks, key=len)
            where[_key(part)] = _next(program, config, block)
    values = {
        name: tuple(where[_key(part)] for part in effect)
        for name, effect in program.effects.items()
    }
    used, places = _used(program), {}
    sourced = "s" in task_of(program).stage("input")
    for name in program.components:
        start, kept = program.beginnings[name], ()
        if name in used and start == SOURCE and not sourced:
            # the hint that says where the algorithm starts is told again each step
            kept = values[_starts(program)]
        elif name in used and start != Affine({}):
            if _key(start) not in where:
                block = max(blocks, key=len)
                where[_key(start)] = _next(program, config, block)
            kept = (where[_key(start)],)
        places[name] = Place(values[name], kept, False)
    return places


def _starts(program: GraphProgram) -> str:
    """The component that the hint `s` shows."""
    found = shown(program).get("s")
    if not isinstance(found, str) or program.beginnings[found] != SOURCE:
        raise CannotCompile(
            f"{program.name}: init.s is the first hint `s`, which is fed back: a "
            "component that starts as init.s must show it"
        )
    return found


def _next(program: GraphProgram, config: ModelConfig, block: list[int]) -> int:
    if not block:
        raise CannotCompile(
            f"{program.name}: its state needs more coordinates than hidden_size "
            f"{config.hidden_size} with {config.heads} heads has"
        )
    return block.pop(0)


def _key(part: Part) -> object:
    """Equal for parts that are the same."""
    if isinstance(part, Affine):
        return frozenset(part.terms.items()), part.constant
    if isinstance(part, Gated):
        return _key(part.value), _key(part.gate)
    tests = (_key(difference(test)) for test in part.comparisons)
    return part.every, frozenset(part.literals), frozenset(tests)


def _used(program: GraphProgram) -> set[str]:
    """The components that a step reads."""
    parts: list[Part] = [part for e in program.effects.values() for part in e]
    for selection in program.selections.values():
        parts += [selection.key, selection.mask]
    fields = {field.name for part in parts for field in fields_of(part)}
    return fields & set(program.components)
