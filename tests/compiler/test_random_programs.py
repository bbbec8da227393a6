"""Programs at random: one or several selections, every default, every operator.

A program is drawn as data and made into functions, so that hypothesis can shrink it.
The network must do what the interpreter does wherever it is not refused, and a program
or a network is only refused for a reason that is known here.
"""

import functools
import itertools
import operator

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import mindgap as mg
from mindgap.compiler import verification
from mindgap.compiler.static import CannotCompile
from tests import cases

TRUTHS, NUMBERS, NODES = ("a", "b"), ("x", "y"), ("p", "q")
COMPARED = (
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
    operator.eq,
    operator.ne,
)


def literals(roles):
    """(role, name, positive) of truth values that an update or a mask may read."""
    own = [("init", "s")]
    read = [*own, *itertools.product(roles, TRUTHS)]
    return st.tuples(st.sampled_from(read), st.booleans())


@st.composite
def conditions(draw, role):
    """A conjunction or a disjunction of up to three literals of oneself and a role."""
    some = draw(st.lists(literals(["self", role]), min_size=1, max_size=3, unique=True))
    return draw(st.sampled_from(["and", "or"])), some


@st.composite
def gates(draw, role, token):
    """A conjunction; of a role that may be nobody, with the truth it is sought by.

    Without that, what is read of nobody is not 0 in the network, and is refused.
    """
    some = draw(conditions(role))[1]
    if token and draw(st.integers(0, 9)):
        some = [*some, ((role, token), True)]
    return "and", some


factors = st.sampled_from([1.0, 1.0, 0.5, -0.25, -1.0])


@st.composite
def sums(draw, role, weighed=True):
    """Terms of numbers, with factors that keep them from growing."""
    read = [("self", n) for n in NUMBERS] + [(role, n) for n in NUMBERS]
    read += [("self", t) for t in TRUTHS] + [(role, t) for t in TRUTHS]
    if weighed:
        read.append((role, "weight"))
    terms = draw(
        st.lists(st.tuples(factors, st.sampled_from(read)), min_size=0, max_size=3)
    )
    return terms, draw(st.sampled_from([0.0, 0.0, 0.25, -0.5]))


@st.composite
def updates(draw, roles, tokens):
    """One update for each component: parts, of which each reads one role.

    `tokens` are the truth values by which roles that may be nobody are sought.
    """
    made = {}
    for name in TRUTHS:
        how, some = draw(conditions(draw(st.sampled_from(roles))))
        compared = draw(st.none() | st.sampled_from(COMPARED))
        made[name] = how, some, compared and (compared, draw(st.integers(0, 3)))
    for name in NUMBERS:
        parts = []
        for role in draw(st.lists(st.sampled_from(roles), min_size=1, max_size=2)):
            token = tokens.get(role)
            gate = draw(gates(role, token) if token else st.none() | gates(role, token))
            kinds = ["sum", "sum", "minimum", "maximum"]
            parts.append((gate, draw(sums(role)), draw(st.sampled_from(kinds))))
        made[name] = parts
    for name in NODES:
        role = draw(st.sampled_from(roles))
        own = [("self", "p"), ("self", "q"), ("self", "index")]
        choices = [(role, "index"), (role, "p"), *own]
        if token := tokens.get(role):
            gate, choices, own = ((role, token), True), choices, own
        else:
            gate, own = draw(st.none() | literals(["self", role])), choices
        one, other = draw(st.sampled_from(choices)), draw(st.sampled_from(own))
        made[name] = gate, one, other
    return made


@st.composite
def selections(draw, several):
    """How one node is selected: recipe, mask, key and direction."""
    kind = draw(st.sampled_from([mg.Min, mg.Max]))
    recipe = draw(st.sampled_from(["oneself", "always", "nobody"]))
    if recipe == "nobody":
        return recipe, draw(st.sampled_from(TRUTHS)), draw(st.sampled_from(NODES)), kind
    if recipe == "always":
        near = draw(st.booleans())
        keys = ["index", "index - truth", "number"] + ["number + weight"] * near
        return recipe, near, draw(st.sampled_from(keys)), kind
    if several:
        return recipe, draw(st.sampled_from(TRUTHS)), "index", kind
    mask = draw(st.lists(literals(["self", "other"]), max_size=2, unique=True))
    compared = st.tuples(st.sampled_from(COMPARED), st.sampled_from(["p", "index"]))
    less = draw(st.none() | compared)
    keys = ["index", "p", "weight", "number", "number + weight", "truth"]
    return recipe, (mask, less), draw(st.sampled_from(keys)), kind


@st.composite
def programs(draw):
    count = draw(st.integers(1, 3))
    names = ["one", "two", "three"][:count]
    chosen = {n: draw(selections(count > 1)) for n in names}
    tokens = {n: made[1] for n, made in chosen.items() if made[0] == "nobody"}
    return {
        "select": chosen,
        "update": draw(updates(names, tokens)),
        "starts": {
            "a": draw(st.sampled_from(["s", "not s", "false", "true"])),
            "b": draw(st.sampled_from(["s", "false"])),
            "x": draw(st.sampled_from([0.0, 0.5, -1.0])),
            "y": draw(st.sampled_from([0.0, 2.0])),
        },
    }


def truth_of(test, env):
    how, some = test
    read = [
        getattr(env[role], name) if positive else ~getattr(env[role], name)
        for (role, name), positive in some
    ]
    return functools.reduce(operator.and_ if how == "and" else operator.or_, read)


def sum_of(drawn, env):
    terms, constant = drawn
    total = mg.language.expressions.Constant(constant)
    for factor, (role, name) in terms:
        total = total + factor * getattr(env[role], name)
    return total


def select_function(drawn):
    recipe, what, how, kind = drawn

    def key(other, edge):
        return {
            "index": lambda: other.index,
            "index - truth": lambda: other.index - 2 * other.a,
            "number": lambda: other.x + 0.0,
            "number + weight": lambda: other.x + edge.weight,
            "weight": lambda: edge.weight,
            "p": lambda: other.p,
            "truth": lambda: other.a + 0.0,
        }[how]()

    def select(self, other, init, edge):
        env = {"self": self, "other": other, "init": init}
        if recipe == "nobody":
            holds = getattr(other, what)
            named = mg.same(getattr(other, how), self.index)
            return kind(other.index, where=holds & named, default=mg.nobody)
        if recipe == "always":
            return kind(key(other, edge), where=edge.adj if what else mg.everyone)
        if isinstance(what, str):
            where = edge.adj & getattr(other, what) & ~getattr(self, what)
        else:
            where, (mask, less) = edge.adj, what
            for literal in mask:
                where = where & truth_of(("and", [literal]), env)
            if less:
                compare, name = less
                where = where & compare(getattr(other, name), getattr(self, name))
        return kind(key(other, edge), where=where, default=self)

    return select


def program_of(drawn):
    names = list(drawn["select"])
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

    def part_of(drawn, env):
        gate, terms, kind = drawn
        value = sum_of(terms, env)
        if kind != "sum":
            value = getattr(mg, kind)(value, env["self"].x)
        return value if gate is None else mg.when(truth_of(gate, env), value)

    def update(self, *chosen):
        *chosen, init = chosen
        env = {"self": self, "init": init, **dict(zip(names, chosen, strict=True))}
        made = {}
        made["n"] = self.n + self.a
        for name in TRUTHS:
            how, some, compared = drawn["update"][name]
            made[name] = truth_of((how, some), env)
            if compared:
                (compare, number) = compared
                test, combine = compare(self.n, number), operator.and_
                combine = combine if how == "and" else operator.or_
                made[name] = combine(made[name], test)
        for name in NUMBERS:
            total = mg.language.expressions.Constant(0.0)
            for part in drawn["update"][name]:
                total += part_of(part, env)
            made[name] = total
        for name in NODES:
            gate, *choices = drawn["update"][name]
            one, other = (getattr(env[role], field) for role, field in choices)
            if gate is None:
                made[name] = one
            else:
                holds = truth_of(("and", [gate]), env)
                made[name] = mg.when(holds, one) + mg.when(~holds, other)
        return made

    return mg.GraphProgram(
        name="drawn",
        start=start,
        select={n: select_function(s) for n, s in drawn["select"].items()},
        update=update,
    )


def check(drawn, seed):
    """Interpreter = network wherever nothing is refused."""
    try:
        program = program_of(drawn)
    except mg.ProgramError as error:
        known = ("one head looks at one node", "no default")
        assert any(reason in str(error) for reason in known), error
        event(f"no program: {str(error)[:60]}")
        return
    try:
        compiled = verification.suited(program, 4)
    except CannotCompile as error:
        event(f"cannot compile: {str(error).split(': ')[1][:40]}")
        return
    graphs = cases.random_graphs(program, 4, 48, seed)
    kept = cases.within(compiled, graphs)
    event(f"{'some' if kept.batch else 'no'} graphs kept")
    if kept.batch:
        apart = cases.differences(compiled, kept)
        assert max(apart.values()) <= 2e-4, (apart, compiled.explain())


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 1000))
def test_programs_at_random(drawn, seed):
    check(drawn, seed)


@pytest.mark.large
@settings(max_examples=2000, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 1000))
def test_many_programs_at_random(drawn, seed):
    check(drawn, seed)
