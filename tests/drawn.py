"""Graph programs at random, as data that hypothesis can shrink and that is read twice.

`program_of` makes a GraphProgram of what was drawn. `by_hand` takes a step of it in
NumPy, in float64, on the very functions that the program was made of: it shares no code
with the interpreter or the compiler.

Most programs keep to what the compiler can do. An odd one has something in it that is
refused, in the program or on most graphs: `ODD` lists what.
"""

import dataclasses
import functools
import itertools
import operator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import mindgap as mg
from mindgap.language import interpreter
from mindgap.tasks.erdos_renyi import graph_inputs, linear_positions

TRUTHS, NUMBERS, NODES = ("a", "b"), ("x", "y"), ("p", "q")
COMPARED = (
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
    operator.eq,
    operator.ne,
)
ODD = (
    "a test of two selected nodes",
    "neither a conjunction nor a disjunction",
    "a node compared with itself",
    "a sum of two tests",
    "a product",
    "a comparison as the test of a number",
    "an edge's existence in a number",
    "what nobody may hold",
    "another mask with nobody as the default",
    "a mask without a default",
    "a key that ties",
    "a mask that is not of neighbours",
    "two fields compared in a mask",
    "one's own literals in a mask of several selections",
    "everyone as a candidate beside neighbours",
    "the way back",
)
factors = st.sampled_from([1.0, 1.0, 0.5, -0.25, -1.0])


# Drawing


def literals(roles, tokens=None):
    """((role, name), positive) of truth values that an update or a mask may read.

    Of a role that may be nobody, only the truth value that it is sought by.
    """
    read = [("init", "s")]
    for role in roles:
        token = (tokens or {}).get(role)
        read += [(role, name) for name in TRUTHS if token in (None, name)]
    return st.tuples(st.sampled_from(read), st.booleans())


class Condition(NamedTuple):
    """Literals, and perhaps a comparison beside them."""

    how: str
    """`and`, `or`, or `mixed`, which is neither."""
    literals: tuple
    compared: Any = None
    """(how `self.n` is compared, with which number), or the role compared with self."""


@st.composite
def conjunctions(draw, roles, tokens):
    """Up to three literals of oneself and of selected nodes."""
    read = literals(["self", *roles], tokens)
    some = draw(st.lists(read, min_size=1, max_size=3, unique=True))
    return Condition("and", tuple(some))


@st.composite
def tests(draw, roles, tokens, odd):
    """The test of a truth value, of one selected node."""
    both = odd == "a test of two selected nodes"
    seen = roles if both else [draw(st.sampled_from(roles))]
    counted = st.tuples(st.sampled_from(COMPARED), st.integers(0, 3))
    made = draw(conjunctions(seen, tokens))._replace(
        how=draw(st.sampled_from(["and", "or"])), compared=draw(st.none() | counted)
    )
    if odd == "a node compared with itself":
        return made._replace(how="and", compared=draw(st.sampled_from(seen)))
    mixed = odd == "neither a conjunction nor a disjunction"
    return made._replace(how="mixed") if mixed and len(made.literals) == 3 else made


@st.composite
def gates(draw, role, tokens, odd):
    """A conjunction; of a role that may be nobody, with the truth it is sought by.

    Without that, what is read of nobody is not 0 in the network, and is refused.
    """
    free = odd == "what nobody may hold"
    made = draw(conjunctions([role], {} if free else tokens))
    if role in tokens and not free:
        sought = (role, tokens[role]), True
        made = made._replace(literals=(*made.literals, sought))
    counted = odd == "a comparison as the test of a number"
    return made._replace(compared=(operator.lt, 1)) if counted else made


@st.composite
def sums(draw, role, edge, odd):
    """Terms of numbers, with factors that keep them from growing."""
    read = [*itertools.product(("self", role), (*NUMBERS, *TRUTHS)), (edge, "weight")]
    if edge == "edge" and odd == "an edge's existence in a number":
        read = [("edge", "adj")]
    terms = st.lists(st.tuples(factors, st.sampled_from(read)), max_size=3)
    return draw(terms), draw(st.sampled_from([0.0, 0.0, 0.25, -0.5]))


@st.composite
def updates(draw, roles, tokens, named, odd):
    """One update for each component: parts, of which each reads one role.

    `tokens` are the truth values by which roles that may be nobody are sought.
    """
    made: dict[str, Any] = {}
    several = 1 + (odd == "a sum of two tests")
    for name in TRUTHS:
        made[name] = draw(
            st.lists(tests(roles, tokens, odd), min_size=1, max_size=several)
        )
    kinds = ["sum", "sum", "minimum", "maximum"]
    kinds += ["product"] * (odd == "a product")
    for name in NUMBERS:
        parts = []
        for role in draw(st.lists(st.sampled_from(roles), min_size=1, max_size=2)):
            gate = gates(role, tokens, odd)
            gate = draw(gate if role in tokens else st.none() | gate)
            terms = draw(sums(role, role if named else "edge", odd))
            parts.append((gate, terms, draw(st.sampled_from(kinds))))
        made[name] = parts
    for name in NODES:
        role = draw(st.sampled_from(roles))
        others = [("self", "p"), ("self", "q"), ("self", "index")]
        seen = [(role, "index"), (role, "p"), *others]
        if role in tokens:
            gate: Any = Condition("and", (((role, tokens[role]), True),))
        else:
            gate = draw(st.none() | gates(role, tokens, None) | st.just("shift"))
            others = seen
        made[name] = gate, draw(st.sampled_from(seen)), draw(st.sampled_from(others))
    return made


class Sought(NamedTuple):
    """How a node is selected: by default, mask and key."""

    recipe: str
    """The default: `oneself`, `nobody`, or none (`always`)."""
    literals: tuple = ()
    adjacent: bool = True
    compared: Any = None
    """(how, which field of other, which field of self), or None."""
    key: str = "index"
    kind: Any = mg.Min


KEYS = {
    "index": lambda other, edge: other.index,
    "index - truth": lambda other, edge: other.index - 2 * other.a,
    "number": lambda other, edge: other.x + 0.0,
    "number + weight": lambda other, edge: other.x + edge.weight,
    "weight": lambda other, edge: edge.weight,
    "p": lambda other, edge: other.p,
    "truth": lambda other, edge: other.a + 0.0,
    "way back": lambda other, edge: edge.back.weight,
}


@st.composite
def selections(draw, recipe, several, everyone, odd):
    """A selection."""
    truth = draw(st.sampled_from(TRUTHS))
    made = Sought(recipe, kind=draw(st.sampled_from([mg.Min, mg.Max])))
    keys = ["index"]
    if recipe == "nobody":
        other = odd == "another mask with nobody as the default"
        same = st.tuples(st.just(operator.eq), st.sampled_from(NODES), st.just("index"))
        orders = st.sampled_from((operator.lt, operator.gt, operator.le, operator.ge))
        number = st.sampled_from(NUMBERS)
        named = draw(same | st.tuples(orders, number, number))
        made = made._replace(
            literals=((("other", truth), True),),
            adjacent=other,
            compared=None if other else named,
        )
    elif recipe == "always":
        keys = ["index", "index - truth", "number"]
        keys += ["number + weight"] * (not everyone)
        if odd == "a key that ties":
            keys = ["p", "truth"]
        masked = odd == "a mask without a default"
        some = ((("other", truth), True),) * masked
        made = made._replace(adjacent=not everyone, literals=some)
    elif several and odd != "one's own literals in a mask of several selections":
        some = (("other", truth), True), (("self", truth), False)
        made = made._replace(literals=some)
    else:
        some = st.lists(literals(["self", "other"]), max_size=2, unique=True)
        compared = draw(st.none() | st.sampled_from(COMPARED))
        field = draw(st.sampled_from(["p", "index"]))
        other = "q" if odd == "two fields compared in a mask" else field
        made = made._replace(
            literals=tuple(draw(some)),
            adjacent=odd != "a mask that is not of neighbours",
            compared=compared and (compared, field, other),
        )
        keys = ["index", "p", "weight", "number", "number + weight", "truth"]
    if odd == "the way back":
        keys = ["way back"]
    return made._replace(key=draw(st.sampled_from(keys)))


@st.composite
def programs(draw, odd=None, nodes=None):
    """A program, with the number of message steps, the kind of task and the nodes.

    It is odd in the way that is named, or rarely in one that is drawn.
    """
    odd = odd or draw(st.sampled_from([None] * 2 * len(ODD) + list(ODD)))
    count = draw(st.integers(1, 3))
    named = count > 1 or draw(st.booleans())
    names = ["one", "two", "three"][:count] if named else ["other"]
    recipes = [draw(st.sampled_from(["oneself", "always", "nobody"])) for _ in names]
    # beside a selection of everyone, a node is not told from its neighbours
    beside = odd == "everyone as a candidate beside neighbours"
    everyone = ("oneself" not in recipes or beside) and draw(st.booleans())
    chosen = {
        name: draw(selections(recipe, count > 1, everyone, odd))
        for name, recipe in zip(names, recipes, strict=True)
    }
    tokens = {
        name: sought.literals[0][0][1]
        for name, sought in chosen.items()
        if sought.recipe == "nobody"
    }
    return {
        "odd": odd,
        "named": named,
        "select": chosen,
        "update": draw(updates(names, tokens, named, odd)),
        "starts": {
            "a": draw(st.sampled_from(["s", "not s", "false", "true"])),
            "b": draw(st.sampled_from(["s", "false"])),
            "x": draw(st.sampled_from([0.0, 0.5, -1.0])),
            "y": draw(st.sampled_from([0.0, 2.0])),
        },
        "message_steps": draw(st.sampled_from([1, 1, 1, 2, 2, 3])),
        "undirected": draw(st.sampled_from([False, False, True])),
        "smallest": draw(st.sampled_from([False, False, False, True])),
        "nodes": nodes or draw(st.sampled_from([3, 4, 2, 1])),
    }


# Making functions of what was drawn. `words` are the language's, or NumPy's.

LANGUAGE = SimpleNamespace(
    when=mg.when,
    minimum=mg.minimum,
    maximum=mg.maximum,
    same=mg.same,
    everyone=mg.everyone,
    number=lambda test: test,
)
NUMPY = SimpleNamespace(
    when=lambda holds, value: holds * value,
    minimum=np.minimum,
    maximum=np.maximum,
    same=np.equal,
    everyone=True,
    number=lambda test: 1.0 * test,
)


def truth_of(words, test, env):
    """What a test says."""
    read = [
        getattr(env[role], name) if positive else ~getattr(env[role], name)
        for (role, name), positive in test.literals
    ]
    if isinstance(test.compared, tuple):
        compare, number = test.compared
        read.append(compare(env["self"].n, number))
    elif test.compared:
        read.append(words.same(env[test.compared].index, env["self"].index))
    if test.how == "mixed":
        return (read[0] & read[1]) | functools.reduce(operator.and_, read[2:])
    combine = operator.and_ if test.how == "and" else operator.or_
    return functools.reduce(combine, read)


def part_of(words, part, env):
    """A part of a number's update."""
    gate, (terms, value), kind = part
    for factor, (role, name) in terms:
        value = value + factor * getattr(env[role], name)
    if kind == "product":
        value = value * env["self"].x
    elif kind != "sum":
        value = getattr(words, kind)(value, env["self"].x)
    return value if gate is None else words.when(truth_of(words, gate, env), value)


def node_of(words, name, drawn, env):
    """A node's update."""
    gate, *choices = drawn
    one, other = (getattr(env[role], field) for role, field in choices)
    if gate == "shift":
        return one + (getattr(env["self"], name) - env["self"].index)
    if gate is None:
        return one
    holds = truth_of(words, gate, env)
    if len(gate.literals) > 1:  # what is not one conjunction is no test of a term
        return words.when(holds, one)
    return words.when(holds, one) + words.when(~holds, other)


def after(words, drawn, env):
    """Every component after a step, of the roles in `env`."""
    made = {"n": env["self"].n + env["self"].a}
    for name in TRUTHS:
        several = [words.number(truth_of(words, t, env)) for t in drawn["update"][name]]
        made[name] = functools.reduce(operator.add, several)
    for name in NUMBERS:
        made[name] = sum(part_of(words, part, env) for part in drawn["update"][name])
    for name in NODES:
        made[name] = node_of(words, name, drawn["update"][name], env)
    return made


def selected(words, sought, self, other, init, edge):
    """The Min or Max of a selection."""
    env = {"self": self, "other": other, "init": init}
    where = edge.adj if sought.adjacent else words.everyone
    if sought.literals:
        test = truth_of(words, Condition("and", sought.literals), env)
        where = where & test if sought.adjacent else test
    if sought.compared:
        compare, field, own = sought.compared
        where = where & compare(getattr(other, field), getattr(self, own))
    default = {"oneself": self, "nobody": mg.nobody, "always": None}[sought.recipe]
    return sought.kind(KEYS[sought.key](other, edge), where=where, default=default)


def start_of(drawn):
    starts = drawn["starts"]

    def start(init):
        truth = {"s": init.s, "not s": ~init.s, "false": False, "true": True}
        return {
            "a": truth[starts["a"]],
            "b": truth[starts["b"]],
            "x": starts["x"],
            "y": starts["y"],
            "p": init.index,
            "q": init.index,
            "n": 0.0,
        }

    return start


def program_of(drawn):
    """The program; its own task takes any graphs, or undirected ones only."""
    names = list(drawn["select"])

    def update(self, *roles):
        env = {"self": self}
        order = [*names, "init"] if drawn["named"] else ["other", "init", "edge"]
        env.update(zip(order, roles, strict=True))
        return after(LANGUAGE, drawn, env)

    made = {
        name: functools.partial(selected, LANGUAGE, sought)
        for name, sought in drawn["select"].items()
    }
    program = mg.GraphProgram(
        name="drawn",
        start=start_of(drawn),
        select=made if drawn["named"] else made["other"],
        update=update,
        message_steps=drawn["message_steps"],
    )
    if not drawn["undirected"]:
        return program
    task = dataclasses.replace(interpreter.task_of(program), strict=True)
    return dataclasses.replace(
        program,
        task=task,
        hints={f"{name}_h": name for name in program.components},
        outputs={name: name for name in program.components},
    )


# A step by hand


class Look(NamedTuple):
    """A selection by hand: pairs are (B, T, N, N), the rest is (B, T, N)."""

    candidate: np.ndarray
    keys: np.ndarray
    """The least is selected; infinite where there is no candidate."""
    selected: np.ndarray
    active: np.ndarray
    gap: np.ndarray
    """From the selected key to the next; inf without a second candidate."""
    size: np.ndarray
    """Of the larger of these two keys."""
    sides: tuple | None
    """What the mask compares, as pairs."""


def by_hand(drawn, inputs, states):
    """(states after a step, looks), of states (B, T, N) before it."""
    wide = {name: np.asarray(leaf, float)[:, None] for name, leaf in inputs.items()}
    positions, weights = wide["pos"], wide["A"]
    nodes = positions.shape[-1]
    shape = next(iter(states.values())).shape
    itself = np.eye(nodes, dtype=bool)
    linked = np.where(itself, weights != 0, wide["adj"] > 0)
    held = {"index": np.broadcast_to(positions, shape)}
    for name, values in states.items():
        values = np.asarray(values)
        held[name] = values != 0 if name in TRUTHS else values.astype(float)
    source = np.broadcast_to(wide["s"] > 0, shape)

    def fields(view):
        return SimpleNamespace(**{name: view(values) for name, values in held.items()})

    def edge_of(adj):
        way, back = (
            SimpleNamespace(adj=turn(adj), weight=turn(weights))
            for turn in (lambda e: e, lambda e: e.swapaxes(-1, -2))
        )
        way.back = back
        return way

    own, other = fields(lambda v: v[..., :, None]), fields(lambda v: v[..., None, :])
    env = {"self": SimpleNamespace(**held), "init": SimpleNamespace(s=source)}
    looks = {}
    for name, sought in drawn["select"].items():
        oneself = sought.recipe == "oneself"
        edge = edge_of(linked if oneself else linked | itself)
        init = SimpleNamespace(s=source[..., :, None])
        made = selected(NUMPY, sought, own, other, init, edge)
        pairs = (*shape, nodes)
        candidate = np.broadcast_to(made.where, pairs) & ~(itself & oneself)
        keys = np.broadcast_to(made.key, pairs) * (-1 if sought.kind is mg.Max else 1)
        keys = np.where(candidate, keys, np.inf)
        active = candidate.any(-1)
        best = np.where(active, keys.argmin(-1), np.arange(nodes))
        padded = np.pad(keys, [(0, 0)] * 3 + [(0, 1)], constant_values=np.inf)
        first, second = np.moveaxis(np.sort(padded, -1)[..., :2], -1, 0)
        with np.errstate(invalid="ignore"):
            gap = np.where(np.isfinite(second), second - first, np.inf)
        size = np.where(np.isfinite(second), np.maximum(abs(first), abs(second)), 0)
        sides = sought.compared and tuple(
            np.broadcast_to(side, pairs)
            for side in (
                getattr(other, sought.compared[1]),
                getattr(own, sought.compared[2]),
            )
        )
        looks[name] = Look(candidate, keys, best, active, gap, size, sides)
        someone = active | (sought.recipe != "nobody")
        seen = {
            field: np.take_along_axis(values, best, -1) * someone
            for field, values in held.items()
        }
        at = best[..., None]
        for field, values in (("weight", weights), ("adj", linked)):
            along = np.take_along_axis(np.broadcast_to(values, pairs), at, -1)[..., 0]
            seen[field] = along * active
        env[name] = env["edge"] = SimpleNamespace(**seen)
    made = after(NUMPY, drawn, env)
    return {n: np.broadcast_to(v, shape) * 1.0 for n, v in made.items()}, looks


def states_by_hand(drawn, inputs, steps):
    """Every component at the start and after each step, (B, T + 1, N), in float32."""
    positions = np.asarray(inputs["pos"])
    init = SimpleNamespace(s=np.asarray(inputs["s"]) > 0, index=positions)
    start = start_of(drawn)(init)
    states = [
        {n: np.broadcast_to(np.float32(v), positions.shape) for n, v in start.items()}
    ]
    for _ in range(steps):
        one, _ = by_hand(drawn, inputs, {n: v[:, None] for n, v in states[-1].items()})
        states.append({name: np.float32(one[name][:, 0]) for name in start})
    return {name: np.stack([state[name] for state in states], 1) for name in start}


def trajectory_by_hand(states, positions, each):
    """The trajectory whose hints are every so many-th state; the last is not needed.

    It ends with the hint after which nothing changes.
    """
    shown = {name: values[:, ::each] for name, values in states.items()}
    for name in NODES:
        off = abs(shown[name][..., None] - positions[:, None, None])
        shown[name] = off.argmin(-1)
    moved = np.any([(v[:, 1:] != v[:, :-1]).any(-1) for v in shown.values()], 0)
    most = moved.shape[1]
    lengths = np.minimum(moved.sum(1) + 1, most)
    inside = np.arange(most) < lengths[:, None]
    rows = np.arange(len(lengths))
    return mg.Trajectory(
        {f"{n}_h": np.where(inside[..., None], v[:, :-1], 0) for n, v in shown.items()},
        {name: values[rows, lengths - 1] for name, values in shown.items()},
        lengths,
    )


# Graphs


@functools.cache
def small_graphs(nodes, directed):
    """Weights and sources of all graphs on the nodes, from every source.

    Weights are distinct and random; there are no self-loops.
    """
    pairs = list(itertools.permutations(range(nodes), 2))
    if not directed:
        pairs = [(i, j) for i, j in pairs if i < j]
    rng = np.random.default_rng(nodes)
    weights, sources = [], []
    for present in itertools.product((0, 1), repeat=len(pairs)):
        for source in range(nodes):
            matrix = np.zeros((nodes, nodes), np.float32)
            for (i, j), there in zip(pairs, present, strict=True):
                matrix[i, j] = there * rng.uniform(0.05, 1)
                if not directed:
                    matrix[j, i] = matrix[i, j]
            weights.append(matrix)
            sources.append(source)
    return np.stack(weights), np.array(sources)


def graphs_of(nodes, directed, seed, count=48):
    """Inputs: all small graphs, then random ones.

    Some of those have self-loops, some equal weights, some random positions.
    """
    small, at = small_graphs(nodes, directed and nodes < 4)
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.05, 1, (count, nodes, nodes))
    weights[::3] = np.ceil(4 * weights[::3]) / 4
    weights *= rng.random(weights.shape) < rng.uniform(0.1, 1, (count, 1, 1))
    weights[count // 2 :] *= 1 - np.eye(nodes)
    if not directed:
        weights = np.maximum(weights, weights.swapaxes(1, 2))
    positions = np.tile(linear_positions(nodes), (len(small) + count, 1))
    positions[-count::2] = np.sort(rng.random((len(positions[-count::2]), nodes)))
    sources = np.concatenate([at, rng.integers(0, nodes, count)])
    together = np.concatenate([small, weights]).astype(np.float32)
    return {
        name: np.asarray(leaf, np.float32)
        for name, leaf in graph_inputs(
            positions.astype(np.float32),
            together,
            together != 0,
            np.eye(nodes, dtype=np.float32)[sources],
        ).items()
    }
