"""Programs at random: one or several selections, every default, every operator.

A drawn program is read four times: by hand, by the interpreter, by the compiler, and by
the network. The interpreter must do what is done by hand, and the network what the
interpreter does, on all small graphs and on random ones, wherever it is not refused.
Every refusal must be of a kind that is listed here, with a reason that is checked by
brute force: on the drawn data, or by hand on the graph, node and step that it names.
"""

import re
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import mindgap as mg
from mindgap import network
from mindgap.compiler import limits, verification
from mindgap.compiler.static import CannotCompile
from mindgap.graphs import Graphs
from mindgap.language import interpreter
from mindgap.network import ModelConfig, metrics
from tests import drawn as making
from tests.drawn import NODES, NUMBERS, TRUTHS

ROOMY = 48
"""Coordinates of a head: networks of one size are compiled by XLA once for all."""


class Seen(NamedTuple):
    """A program on a batch of graphs: by hand, and as interpreted."""

    drawn: dict
    program: Any
    graphs: Any
    run: Any
    """States by hand, and the selections that the interpreter makes from them."""
    stepped: dict
    """(B, T, N): each component after a step of the interpreter."""
    after: dict
    """The same by hand."""
    looks: dict
    taken: np.ndarray
    """(B, T): which steps belong to a graph's own course."""

    def state(self, name):
        """(B, T + 1, N)."""
        return np.asarray(self.run.states[name])


def see(drawn, program, seed, eager):
    """The run by hand, of which the interpreter takes every step anew.

    It takes all steps at once, each of a graph of its own. Eagerly, XLA compiles single
    operations, which other programs have, too: worth it for more than some fifty.
    """
    inputs = making.graphs_of(drawn["nodes"], not drawn["undirected"], seed)
    each, most = program.message_steps, max(2, drawn["nodes"])
    states = making.states_by_hand(drawn, inputs, each * most)
    trajectory = making.trajectory_by_hand(states, inputs["pos"], each)
    steps = each * (most - 1)
    before = {name: values[:, :steps] for name, values in states.items()}
    after, looks = making.by_hand(drawn, inputs, before)
    graphs = Graphs(interpreter.task_of(program).name, inputs, trajectory)
    apart = {name: np.repeat(leaf, steps, 0) for name, leaf in inputs.items()}
    with jax.disable_jit(eager):
        begun = mg.interpret(program, graphs, 1).states
        one = mg.interpret(
            program,
            Graphs(graphs.task, apart, trajectory),
            1,
            {n: jnp.asarray(v.reshape(-1, graphs.nodes)) for n, v in before.items()},
        )
    shape = graphs.batch, steps, graphs.nodes
    run = interpreter.Meaning(
        {name: values[:, : steps + 1] for name, values in states.items()},
        {
            name: interpreter.Look(*(np.asarray(leaf).reshape(shape) for leaf in look))
            for name, look in one.looks.items()
        },
    )
    for name, values in states.items():
        np.testing.assert_array_equal(begun[name][:, 0], values[:, 0])
    stepped = {n: np.asarray(s)[:, 1].reshape(shape) for n, s in one.states.items()}
    taken = np.arange(steps) < each * np.maximum(1, trajectory.lengths - 1)[:, None]
    return Seen(drawn, program, graphs, run, stepped, after, looks, taken)


def solved(seen):
    """What the limits compare with a trajectory: here that is always the right one."""
    return seen.graphs.trajectory


def check_by_hand(seen):
    """One step by hand is one of the interpreter, but for keys that all but tie."""
    before = np.stack([seen.state(name)[:, :-1] for name in seen.program.components])
    size = 1 + abs(before).max((0, 3))[..., None]
    truths = [seen.state(name)[:, :-1] for name in TRUTHS]
    clear = np.all([(t == 0) | (t == 1) for t in truths], (0, 3))[..., None]
    clear = np.broadcast_to(clear, truths[0].shape).copy()
    for name, look in seen.looks.items():
        with np.errstate(invalid="ignore"):  # of nobody, all keys are infinite
            behind = look.keys - look.keys.min(-1, keepdims=True)
        clear &= ((behind == 0) == (behind < 1e-6 * size[..., None])).all(-1)
        found = seen.run.looks[name]
        assert (np.asarray(found.active) == look.active)[clear].all(), name
        assert (np.asarray(found.selected) == look.selected)[clear].all(), name
    for name, after in seen.after.items():
        off = abs(seen.stepped[name] - after) / (size + abs(after))
        assert off[clear].max(initial=0) < 1e-5, name


# Refusals of programs: by what the message says, the reason


def named_update(drawn, message):
    """The component whose update a message names, and that as it was drawn."""
    (name,) = re.findall(r"update of `(\w+)`", message)
    return name, drawn["update"][name]


def several_roles(drawn, message):
    """A test reads both of the selected nodes that are named."""
    _, tests = named_update(drawn, message)
    both = set(re.search(r"not at (\w+) and (\w+)", message).groups())
    return any(both <= {role for (role, _), _ in t.literals} for t in tests)


def neither(drawn, message):
    """Of the truth table neither one row holds nor all but one."""
    _, tests = named_update(drawn, message)
    (test, *_) = (test for test in tests if test.how == "mixed")
    count = len(test.literals) + (test.compared is not None)
    rows = np.indices([2] * count).reshape(count, -1) > 0
    holds = (rows[0] & rows[1]) | rows[2:].all(0)
    return 1 < holds.sum() < len(holds) - 1


def product(drawn, message):
    """A part of the update multiplies two fields."""
    _, parts = named_update(drawn, message)
    return any(kind == "product" for *_, kind in parts)


def maybe_nobody(drawn, message):
    """A mask asks for more than an edge, which a node has to itself."""
    return any(
        sought.recipe == "always" and sought.literals
        for sought in drawn["select"].values()
    )


MEANINGLESS = {
    "one head looks at one node": several_roles,
    "neither one conjunction nor one disjunction": neither,
    "a product of two inputs": product,
    "no default": maybe_nobody,
}


def read_of_nobody(seen, message):
    """The update tells a node that holds no truth from nobody, who holds nothing."""
    name, _ = named_update(seen.drawn, message)
    role = re.search(r": (\w+) may be nobody", message)[1]
    rng = np.random.default_rng(0)
    many = {n: rng.random(500) for n in (*NUMBERS, *NODES, "index", "n", "weight")}
    many |= {n: rng.random(500) < 0.5 for n in (*TRUTHS, "adj", "s")}
    idle = {n: v[::-1] for n, v in many.items()}
    idle |= {n: np.zeros(500, bool) for n in TRUTHS}
    nobody = {n: np.zeros_like(v) for n, v in idle.items()}
    roles = *seen.drawn["select"], "self", "init", "edge"
    env = {name: SimpleNamespace(**many) for name in roles}
    updates = []
    for held in (idle, nobody):
        env[role] = SimpleNamespace(**held)
        env["edge"] = env[role] if role == "other" else env["edge"]
        updates.append(making.after(making.NUMPY, seen.drawn, env)[name])
    return (updates[0] != updates[1]).any()


def another_mask(seen, message):
    """A mask with nobody as its default asks for an edge, or compares nothing."""
    return any(
        sought.recipe == "nobody" and (sought.adjacent or not sought.compared)
        for sought in seen.drawn["select"].values()
    )


def unlike_itself(seen, message):
    """A node is not told from its neighbours by one literal, or among all."""
    chosen = seen.drawn["select"].values()
    return any(not s.adjacent and s.recipe == "always" for s in chosen) or any(
        sought.recipe == "oneself"
        and (
            sought.key != "index"
            or sought.compared
            or len(sought.literals) != 2
            or sought.literals[0][0][1] != sought.literals[1][0][1]
            or sought.literals[0][0][0] == sought.literals[1][0][0]
        )
        for sought in chosen
    )


def compared_gate(seen, message):
    """A comparison stands in the test of a number."""
    _, parts = named_update(seen.drawn, message)
    return any(gate and gate.compared for gate, *_ in parts)


def identity(seen, message):
    """A test asks whether the selected node is the node itself."""
    _, tests = named_update(seen.drawn, message)
    return any(isinstance(test.compared, str) for test in tests)


def starts_true(seen, message):
    """Beside the comparison a truth value must fail, and some node starts with it."""
    _, tests = named_update(seen.drawn, message)
    read = {
        field
        for test in tests
        if isinstance(test.compared, str)
        for (role, field), _ in test.literals
        if role != "init"
    }
    return any(seen.state(field)[:, 0].any() for field in read)


def reads_adjacency(seen, message):
    """A part of the update reads whether there is an edge."""
    _, parts = named_update(seen.drawn, message)
    read = [field for _, (terms, _), _ in parts for _, field in terms]
    return ("edge", "adj") in read


def no_neighbour(seen, message):
    """By a mask of `default=self`, nodes are candidates without an edge."""
    return any(
        sought.recipe == "oneself" and not sought.adjacent
        for sought in seen.drawn["select"].values()
    )


def sides_differ(seen, message):
    """The two sides of a comparison are two components; they may differ at a node.

    That they never do, on any graph, is not for a compiler to find out.
    """
    return any(
        sought.recipe == "oneself"
        and sought.compared
        and sought.compared[1] != sought.compared[2]
        for sought in seen.drawn["select"].values()
    )


def unclear_key(seen, message):
    """Without a default, a key can tie: all nodes without an edge weigh 0."""
    ties = {True: ("p", "truth"), False: ("p", "truth", "way back")}
    return any(
        sought.recipe == "always" and sought.key in ties[sought.adjacent]
        for sought in seen.drawn["select"].values()
    )


def equal_references(seen, message):
    """A key is a reference, and no bias tells two nodes with the same one apart."""
    chosen = seen.drawn["select"].values()
    return len(chosen) > 1 and any(
        sought.recipe == "oneself" and sought.key == "p" for sought in chosen
    )


def way_back(seen, message):
    """A key is the weight of the edge back, which on some graph is another's."""
    weights = np.asarray(seen.graphs.weights)
    keys = {sought.key for sought in seen.drawn["select"].values()}
    other = (weights != weights.swapaxes(1, 2)).any()
    return "way back" in keys and (other or seen.drawn["nodes"] == 1)


def beside_disjunction(seen, message):
    """Beside a comparison of nodes stands a component that a disjunction updates."""
    return "same(" in message and "|" in str(seen.program)


CANNOT = {
    "may be nobody, of whom only": read_of_nobody,
    "with nobody as the default the mask must": another_mask,
    "without attention_bias a node is told": unlike_itself,
    "a comparison as the test of": compared_gate,
    "a comparison can be tested exactly only": identity,
    "besides the comparison of nodes, only": starts_true,
    "cannot be tested, which a disjunction": beside_disjunction,
    "reads edge.adj, which is 0": reads_adjacency,
    "without edge.adj and with default=self": no_neighbour,
    "the two sides of a comparison must": sides_differ,
    "without a default the key must": unclear_key,
    "nodes can be equal, and telling them apart by index": equal_references,
    "reads edge.back": way_back,
}


def explained(reasons, where, error):
    """The kind of a refusal, whose reason must hold."""
    kinds = [kind for kind in reasons if kind in str(error)]
    assert len(kinds) == 1, f"unknown: {error}"
    assert reasons[kinds[0]](where, str(error)), f"unfounded: {error}"
    return kinds[0]


# Refusals of graphs: by what the message says, the reason


def near(said, value, size=1.0):
    """Whether a number of a message, rounded to three digits, is this."""
    return abs(float(said) - value) <= 0.006 * abs(value) + 1e-6 * size


def close_keys(seen, graph, gap, node, step, enough):
    """Two candidates' keys are so far apart, and that is less than what is enough."""
    place = graph, int(step) - 1, int(node)
    return float(gap) <= 1.05 * float(enough) < 0.05 and any(
        near(gap, look.gap[place], 1 + look.size[place])
        for look in seen.looks.values()
        if np.isfinite(look.gap[place])
    )


def close_values(seen, graph, apart, node, step, enough):
    """A mask compares two values so far apart."""
    place = graph, int(step) - 1, int(node)
    return float(apart) <= 1.05 * float(enough) < 1 / seen.drawn["nodes"] and any(
        near(apart, value)
        for look in seen.looks.values()
        if look.sides
        for value in abs(look.sides[0] - look.sides[1])[place]
        if value > 0
    )


def two_candidates(seen, graph, name, node, step):
    """By hand, too."""
    return seen.looks[name].candidate[graph, int(step) - 1, int(node)].sum() > 1


def reached(seen, graph, node, step):
    """Neighbours, the node itself, and whom a reference joins that was a hint.

    All nodes, if everyone is a candidate of another selection.
    """
    if any(
        s.recipe == "always" and not s.adjacent for s in seen.drawn["select"].values()
    ):
        return np.ones(seen.graphs.nodes, bool)
    each = seen.program.message_steps
    weights = np.asarray(seen.graphs.weights)[graph]
    places = np.asarray(seen.graphs.positions)[graph]
    found = (weights[node] != 0) | (weights[:, node] != 0)
    found[node] = True
    for name in NODES:
        held = seen.state(name)[graph, step // each * each]
        named = abs(held[:, None] - places).argmin(-1)
        found |= named == node
        found[named[node]] = True
    return found


def out_of_reach(seen, graph, name, node, step):
    """Attention does not reach the only candidate."""
    node, step = int(node), int(step) - 1
    (to,) = np.flatnonzero(seen.looks[name].candidate[graph, step, node])
    return not reached(seen, graph, node, step)[to]


def nobody_idle(seen, graph, name, node, step):
    """A node has no candidate, and reaches no idle node, or one that holds a truth."""
    node, step = int(node), int(step) - 1
    truth = seen.drawn["select"][name].literals[0][0][1]
    idle = seen.state(truth)[graph, step] == 0
    held = np.any([seen.state(n)[graph, step] != 0 for n in TRUTHS], 0)
    near = reached(seen, graph, node, step)
    nobody = not seen.looks[name].candidate[graph, step, node].any()
    return nobody and (not (near & idle).any() or (near & idle & held).any())


def out_of_bounds(seen, graph, name, least, most, value, node, step):
    """The component has this value, which is not between the bounds."""
    there = seen.state(name)[graph, int(step), int(node)]
    return near(value, there, abs(there)) and not float(least) <= there <= float(most)


def no_truth(seen, graph, name, value, node, step):
    """Two tests that are added up both hold."""
    there = seen.state(name)[graph, int(step), int(node)]
    return name in TRUTHS and near(value, there) and there not in (0, 1)


def no_node(seen, graph, name, value, node, step):
    """No node lies there."""
    there = seen.state(name)[graph, int(step), int(node)]
    places = np.asarray(seen.graphs.positions)[graph]
    return name in NODES and near(value, there) and (there != places).all()


def not_adjacent(seen, graph, name, value, node, step):
    """The node that lies there is no neighbour."""
    there = seen.state(name)[graph, int(step), int(node)]
    named = abs(np.asarray(seen.graphs.positions)[graph] - there).argmin()
    adjacent = np.asarray(seen.graphs.adjacency)[graph, int(node), named]
    return name in NODES and near(value, there) and not adjacent


def looped(seen, graph, node):
    return seen.graphs.weights[graph, int(node), int(node)] != 0


def one_way(seen, graph, i, j):
    weights = np.asarray(seen.graphs.weights)[graph]
    return weights[int(i), int(j)] and not weights[int(j), int(i)]


def close_positions(seen, graph, enough, gap, node, after):
    positions = np.asarray(seen.graphs.positions)[graph]
    there = positions[int(after)] - positions[int(node)]
    return near(gap, there) and there < float(enough) * 1.01


def inexact_position(seen, graph, place, node):
    return near(place, np.asarray(seen.graphs.positions)[graph, int(node)])


AT = r"(\S+) at node (\d+) after step (\d+)"
REFUSED = {
    r"two candidates' keys are too close \((\S+) apart at node (\d+), step (\d+); "
    r"(\S+) is enough\)": close_keys,
    r"compared values are too close \((\S+) apart at node (\d+), step (\d+); "
    r"(\S+) is enough\)": close_values,
    r"(\w+) has two candidates \(of node (\d+) at step (\d+)\)": two_candidates,
    r"(\w+) is no neighbour \(of node (\d+) at step (\d+); .*\)": out_of_reach,
    r"no (\w+) idle \(of those that node (\d+) reaches at step (\d+)\)": nobody_idle,
    rf"(\w+) leaves \[(\S+), (\S+)\] \({AT}.*\)": out_of_bounds,
    rf"(\w+) is neither 0 nor 1 \({AT}\)": no_truth,
    rf"(\w+) is no node \({AT}\)": no_node,
    rf"(\w+) is no neighbour \({AT}\)": not_adjacent,
    r"a self-loop \(at node (\d+)\)": looped,
    r"an edge without its opposite \((\d+) -> (\d+)\)": one_way,
    r"neighbouring positions closer than (\S+) "
    r"\((\S+) from node (\d+) to (\d+)\)": close_positions,
    r"a position that cannot be told from itself "
    r"\((\S+) at node (\d+)\)": inexact_position,
}  # fmt: skip


def reason_of(seen, graph, reason):
    """The kind of a graph's refusal, whose reason must hold."""
    for pattern, holds in REFUSED.items():
        if match := re.fullmatch(pattern, reason):
            assert holds(seen, graph, *match.groups()), f"unfounded: {reason}"
            return holds.__name__
    raise AssertionError(f"unknown: {reason}")


# The network


def suited(program, drawn):
    """The program compiled; with less sharpness if that is what the message advises."""
    heads, nodes = len(program.selections), drawn["nodes"]
    size = None if drawn["smallest"] else heads * ROOMY
    try:
        return verification.suited(program, nodes, hidden_size=size)
    except CannotCompile as error:
        if "compile with less sharpness" not in str(error):
            raise
        reach, most = re.search(r"reach (\S+), .* below (\S+),", str(error)).groups()
    config = ModelConfig(
        hidden_size=heads * ROOMY,
        heads=heads,
        layer_norm=False,
        edge_values="projected",
        message_steps=program.message_steps,
    )
    event("less sharpness")
    sharpness = 2.0**24 * 0.95 * float(most) / float(reach)
    return mg.compile(program, config, sharpness=sharpness)


def apart(seen, compiled):
    """(B, T): how far the network is from the interpreter at every step.

    The largest difference of a component; infinity where another node is selected, and
    where a hint or an output is decoded as another.
    """
    task = interpreter.task_of(seen.program)
    params, graphs = compiled.params, seen.graphs
    found = network.apply(stand_in(task), compiled.config, params, graphs)
    off = np.zeros(seen.taken.shape)
    for name in seen.program.components:
        read = np.asarray(compiled.layout.read(found.states, name))
        off = np.maximum(off, abs(read - seen.state(name)[:, 1:]).max(-1))
    for head, (name, look) in enumerate(seen.looks.items()):
        other = np.asarray(found.attention[:, :, head]).argmax(-1) != look.selected
        other &= look.active | (seen.drawn["select"][name].recipe != "nobody")
        other &= limits.matters(compiled.limits.margins[name], seen.run, name)
        off = np.where(other.any(-1), np.inf, off)
    off = np.where(seen.taken, off, 0)
    inside = np.arange(1, graphs.trajectory.steps + 1)
    inside = inside < np.asarray(graphs.trajectory.lengths)[:, None]
    for name in seen.program.components:
        hint = misread(task, f"{name}_h", found.hints, graphs.trajectory.hints, 1)
        output = misread(task, name, found.logits, graphs.trajectory.outputs, 0)
        wrong = output | (hint & inside).any(-1)
        off[:, 0] = np.where(wrong, np.inf, off[:, 0])
    return off


def misread(task, name, predicted, truths, first):
    """Where a feature is decoded as another than the trajectory's, at any node."""
    said = np.asarray(metrics.decided(task.features[name], predicted[name]))
    truth = np.asarray(truths[name])
    truth = truth[:, first:] if first else truth
    return (abs(said[:, : truth.shape[1]] - truth) > 2e-4).any(-1)


TASKS = []


def stand_in(task):
    """One task for all programs: their features are equal, so XLA compiles once."""
    TASKS[:] = TASKS or [task]
    assert task.features == TASKS[0].features
    return TASKS[0]


def check(drawn, seed, eager=True):
    """By hand = interpreter = network, wherever nothing is refused."""
    try:
        program = making.program_of(drawn)
    except mg.ProgramError as error:
        event(f"no program: {explained(MEANINGLESS, drawn, error)}")
        return
    seen = see(drawn, program, seed, eager)
    check_by_hand(seen)
    try:
        compiled = suited(program, drawn)
    except CannotCompile as error:
        event(f"cannot compile: {explained(CANNOT, seen, error)}")
        return
    # the limits are asked of the run that was seen: it is the slowest part
    with mock.patch.object(limits, "interpret", lambda *_: seen.run):
        with mock.patch.object(limits, "trajectories", lambda *_: solved(seen)):
            reasons = compiled.refusals(seen.graphs)
    off = apart(seen, compiled).max(-1)
    kept = np.array([reason is None for reason in reasons])
    event(f"{'some' if kept.any() else 'no'} graphs kept")
    kinds: dict[str, bool] = {}
    for graph in np.flatnonzero(~kept):
        kind = reason_of(seen, graph, reasons[graph])
        kinds[kind] = kinds.get(kind, False) or off[graph] > 2e-4
    for kind, wrong in kinds.items():
        event(f"graphs refused: {kind}, network {'wrong' if wrong else 'right'}")
    worst = np.where(kept, off, 0).argmax()
    assert off[kept].max(initial=0) <= 2e-4, (worst, off[worst], compiled.explain())


@pytest.fixture(autouse=True)
def forget_every_network():
    """What XLA compiles of a thousand programs is more than a process may map."""
    yield
    TASKS.clear()
    jax.clear_caches()


@pytest.mark.slow
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(making.programs(nodes=3), st.integers(0, 1000))
def test_programs_at_random(drawn, seed):
    check(drawn, seed, eager=False)


@pytest.mark.large
@pytest.mark.parametrize("number", range(10))
def test_many_programs_at_random(number):
    @hypothesis.seed(number)
    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @given(making.programs(), st.integers(0, 1000))
    def each(drawn, seed):
        check(drawn, seed)

    each()


@pytest.mark.large
@pytest.mark.parametrize("odd", making.ODD)
def test_odd_programs_are_refused_with_a_reason(odd):
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(making.programs(odd), st.integers(0, 1000))
    def each(drawn, seed):
        check(drawn, seed)

    each()
