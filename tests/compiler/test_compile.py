"""Compiled = interpreted, in every network that has room; limits hold or refuse."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mindgap as mg
from mindgap import network, programs
from mindgap.compiler import verification
from mindgap.compiler.compile import compile, fill
from mindgap.compiler.limits import NODES, OutOfRange
from mindgap.compiler.static import CannotCompile
from mindgap.graphs import Graphs
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Max, Min
from mindgap.measures import faithfulness
from mindgap.network import ModelConfig
from tests import cases

BFS, BELLMAN_FORD = programs.bfs, programs.bellman_ford
MINIMAL = cases.resized(cases.MODIFIED, hidden_size=4)


def test_the_layout_reads_like_the_papers_hidden_state():
    assert str(compile(BELLMAN_FORD, MINIMAL).layout) == (
        "bellman_ford in 4 coordinates\n"
        "   0  dist\n   1  reach\n   2  start of reach\n   3  pi"
    )
    assert str(compile(BFS, MINIMAL).layout).splitlines()[1:] == [
        "   0  reach", "   1  start of reach", "   2  pi", "   3  start of pi",
    ]  # fmt: skip
    with pytest.raises(KeyError, match="no component 'dist': reach, pi"):
        compile(BFS, MINIMAL).layout.read(np.zeros(4), "dist")


# What the compiler refuses


def program(**changes):
    return cases.changed(BELLMAN_FORD, **changes)


CANNOT = {
    "layer norm": (BFS, {"layer_norm": True}, "layer_norm=True would rescale"),
    "two message steps": (BFS, {"message_steps": 2}, "message_steps is 2"),
    "too small a state": (
        programs.listing_1,
        {"hidden_size": 4},
        "needs 5 coordinates; hidden_size 4 has 4 for each of 1 heads",
    ),
    "too few channels": (
        BFS,
        {"hidden_size": 4, "attention_bias": False, "nodes": None},
        "its score needs 6 channels, hidden_size 4",
    ),
    "no edge values": (
        BELLMAN_FORD,
        {"edge_values": "none"},
        "update of `dist`: reads the edge, which this network does not pass on",
    ),
    "no bias": (
        BELLMAN_FORD,
        {"attention_bias": False, "nodes": None},
        "without attention_bias a node is told from its neighbours by position only",
    ),
    "no adjacency": (
        cases.changed(
            BFS,
            select=cases.select(lambda self, other, init, edge: other.reach),
        ),
        {},
        "select: without edge.adj and with default=self a node can select the one",
    ),
    "no adjacency, no bias": (
        cases.changed(
            BFS,
            select=cases.select(
                lambda self, other, init, edge: other.reach & ~self.reach
            ),
        ),
        {"attention_bias": False, "nodes": None, "edge_values": "none"},
        "select: without edge.adj and with default=self a node can select the one",
    ),
    "ties": (
        cases.changed(
            BFS,
            select=cases.select(
                lambda self, other, init, edge: edge.adj & other.reach,
                lambda self, other, init, edge: other.pi + other.index,
            ),
        ),
        {},
        "key of select: different candidates can have the same key",
    ),
    "adjacency by default": (
        program(
            select=cases.select(
                lambda self, other, init, edge: edge.adj & other.reach & ~self.reach
            ),
            update=lambda self, other, init, edge: {
                "reach": other.reach, "pi": other.index,
                "dist": other.dist + edge.adj,
            },
        ),
        {},
        "update of `dist`: reads edge.adj, which is 0 from a node to itself",
    ),
    "edges of a comparison": (
        cases.changed(
            BFS,
            select=cases.select(
                lambda self, other, init, edge: edge.adj & (edge.weight < 0.5)
            ),
        ),
        {},
        "the same field of other and of self",
    ),
    "a hint that nothing shows": (
        cases.changed(BFS, hints={"pi_h": "pi"}),
        {},
        "bfs has reach_h, which no component shows",
    ),
    "a DFS": (
        programs.dfs,
        {"hint_mode": "decoded_only", "attention_bias": False, "nodes": None},
        "init.s is neither an input nor a hint that this network is given",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CANNOT)
def test_what_cannot_be_exact_is_refused_with_its_reason(name):
    wrong, changes, message = CANNOT[name]
    with pytest.raises(CannotCompile, match=message):
        compile(wrong, cases.resized(cases.MODIFIED, **changes))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"sharpness": 0.0}, r"^sharpness is 0\.0, but must be .* at most 6\.71"),
        ({"sharpness": 2.0**27}, r"^sharpness is 134217728\.0, but must be"),
        ({"largest_value": -1.0}, r"^largest_value is -1\.0, but must be"),
    ],
)
def test_settings_out_of_range_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        compile(BFS, cases.MODIFIED, **settings)


def test_a_leaf_unknown_or_not_filled_or_of_another_shape_is_an_error():
    task = mg.tasks.bfs
    shapes = network.template(task, MINIMAL)
    params = compile(BFS, MINIMAL).params
    assert fill(shapes, params).keys() == params.keys()
    less = {k: v for k, v in params.items() if k != "attention/skip"}
    with pytest.raises(KeyError, match="not filled: attention/skip/b, atte"):
        fill(shapes, less)
    more = {**params, "attention/skip_2": params["attention/skip"]}
    with pytest.raises(KeyError, match="unknown: attention/skip_2/b"):
        fill(shapes, more)
    wide = {**params, "attention/skip": {"w": np.zeros((2, 2)), "b": np.zeros(4)}}
    with pytest.raises(ValueError, match=r"attention/skip/w has shape \(2, 2\)"):
        fill(shapes, wide)


# Limits


def square(**changes):
    """Four nodes in a ring, source 0: two equal ways to node 2, unless changed."""
    weights = np.zeros((1, 4, 4), np.float32)
    for i, j, weight in ((0, 1, 0.5), (1, 2, 0.25), (2, 3, 0.5), (0, 3, 0.25)):
        weights[0, i, j] = weights[0, j, i] = changes.get(f"w{i}{j}", weight)
    weights[0, 3, 3] = changes.get("loop", 0)
    source = np.eye(4, dtype=np.float32)[:1]
    positions = np.asarray([changes.get("positions", [0, 0.25, 0.5, 0.75])], np.float32)
    return mg.tasks.bellman_ford.run(weights, source, positions).trimmed()


OUTSIDE = {
    "tie": (
        square(), {}, "two candidates' keys are too close (0 apart at node 2, step 2; "
    ),
    "near tie": (square(w12=0.250001), {}, "two candidates' keys are too close"),
    "heavy edge": (
        square(w12=2.5),
        {},
        "weights outside [0, 2] (2.5 of edge 1 -> 2; times 0.8 they fit)",
    ),
    "close": (
        square(w12=0.3, positions=[0, 0.25, 0.2500001, 0.75]),
        {},
        "neighbouring positions closer than 9.5e-07",
    ),
    "unsorted": (
        square(w12=0.3, positions=[0, 0.5, 0.25, 0.75]),
        {},
        "neighbouring positions closer than 9.5e-07 (-0.25 from node 1 to 2)",
    ),
    "position 1": (
        square(w12=0.3, positions=[0, 0.5, 0.75, 1]),
        {},
        "positions outside [0, 1) (1 at node 3)",
    ),
    "far": (
        square(w12=0.3),
        {"largest_value": 0.7},
        "dist leaves [0, 0.7] (0.75 at node 2 after step 2; compile with largest_v",
    ),
    "soft": (
        square(w12=0.3), {"sharpness": 2.0}, "two candidates' keys are too close"
    ),
    "softest": (
        square(w12=0.3), {"sharpness": 0.01}, "the network is too soft: candidates"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_its_limits_a_network_is_not_used(name):
    graphs, settings, reason = OUTSIDE[name]
    compiled = compile(BELLMAN_FORD, MINIMAL, **settings)
    (found,) = compiled.refusals(graphs)
    assert found.startswith(reason)
    with pytest.raises(OutOfRange, match="not known to be exact on 1 of 1 graphs: gra"):
        compiled(graphs)


def test_a_program_that_reads_no_weights_takes_any():
    weights = np.array([[[0, -3.0, 0], [-3.0, 0, 1e6], [0, 1e6, 0]]])
    graphs = mg.tasks.bfs.run(weights, 0)
    compiled = compile(BFS, cases.PLAIN)
    assert compiled.refusals(graphs) == [None]
    assert compiled(graphs).outputs["pi"].tolist() == [[0, 0, 1]]


LIGHTEST = GraphProgram(
    name="lightest",
    start=lambda init: {"to": init.index},
    select=cases.select(
        lambda self, other, init, edge: edge.adj,
        lambda self, other, init, edge: edge.weight,
    ),
    update=lambda self, other, init, edge: {"to": other.index},
)


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (-0.5, "(-0.5 of edge 0 -> 1)"),
        (np.nan, "(nan of edge 0 -> 1)"),
        (np.inf, "(inf of edge 0 -> 1)"),
        (4.0, "(4 of edge 0 -> 1; times 0.5 they fit)"),
    ],
)
def test_weights_that_no_task_refuses_are_refused_by_the_network(weight, said):
    """A program without a task takes any; inside jit nothing looks at values."""
    compiled = compile(LIGHTEST, cases.resized(MINIMAL, nodes=2))
    weights = jnp.array([[[0, weight], [0, 0]], [[0, 8.0], [0, 0]]])
    graphs = jax.jit(compiled.task.run)(weights, jnp.array([0, 0]))
    assert compiled.refusals(graphs)[0] == f"weights outside [0, 2] {said}"


ONE_FOR_ALL = ModelConfig(
    hidden_size=32, heads=4, attend_to="all", layer_norm=False,
    edge_values="projected", self_bias=True,
)  # fmt: skip
"""BFS, Bellman-Ford and DFS all compile to this network, for any number of nodes."""


@pytest.mark.parametrize(
    "name", ["bfs", "bellman_ford", pytest.param("dfs", marks=pytest.mark.large)]
)
@pytest.mark.parametrize("nodes", [3, 16, pytest.param(64, marks=pytest.mark.large)])
def test_one_network_holds_the_three_algorithms(name, nodes, key):
    program = programs.PROGRAMS[name]
    compiled = compile(program, ONE_FOR_ALL)
    graphs = compiled.task.sample(key, nodes, 8).trimmed()
    kept = [i for i, why in enumerate(compiled.refusals(graphs)) if why is None]
    assert len(kept) >= 4
    graphs = graphs.take(np.array(kept))
    found = compiled(graphs)
    for output, value in graphs.trajectory.outputs.items():
        np.testing.assert_array_equal(found.outputs[output], value)
    first_wrong = faithfulness.first_wrong(
        compiled.task, compiled.config, compiled.params, graphs
    )
    np.testing.assert_array_equal(first_wrong["any"], graphs.trajectory.lengths)


@pytest.mark.parametrize("program", cases.EXACT, ids=lambda p: p.name)
def test_one_bias_does_what_a_matrix_of_them_does(program):
    wide = cases.MODIFIED
    one = dataclasses.replace(wide, attention_bias=False, nodes=None, self_bias=True)
    try:
        compiled = compile(program, one)
    except CannotCompile as refusal:
        assert "apart needs a network of fixed size" in str(refusal)
        return
    tied = compile(program, wide)
    graphs = cases.all_graphs(program, 4)
    for output, value in tied(graphs).outputs.items():
        np.testing.assert_array_equal(compiled(graphs).outputs[output], value)


def test_a_value_beyond_the_bound_says_how_to_raise_it():
    """Hops of a path of 70 nodes pass the largest value that is the default."""
    path = np.eye(70, k=1) + np.eye(70, k=-1)
    hops = programs.hop_count
    config = ModelConfig(hidden_size=8, layer_norm=False, attention_bias=True, nodes=70)
    graphs = compile(hops, config).task.run(path[None], 0)
    (reason,) = compile(hops, config).refusals(graphs)
    assert reason == (
        "hops leaves [0, 64] (65 at node 65 after step 65; compile with largest_value=)"
    )
    larger = compile(hops, config, largest_value=128.0)
    assert larger.refusals(graphs) == [None]
    found = larger(graphs, trace=False).outputs["hops"]
    assert np.allclose(found[0], np.arange(70), atol=1e-4)


def test_a_trace_that_fills_memory_is_refused_before(monkeypatch):
    """A path of 1,000 nodes asks for gigabytes of attention."""
    graphs, compiled = square(w12=0.3), compile(BELLMAN_FORD, MINIMAL)
    tables = graphs.trajectory.steps * 2 * 4**2  # of attention and of one pointer
    monkeypatch.setattr("mindgap.compiler.compile.TRACED", 4 * tables)
    assert compiled(graphs).attention.shape[-2:] == (4, 4)
    monkeypatch.setattr("mindgap.compiler.compile.TRACED", 4 * tables - 1)
    with pytest.raises(ValueError, match=r"trace=False\) has the outputs alone"):
        compiled(graphs)
    assert compiled(graphs, trace=False).outputs["pi"].shape == (1, 4)


def test_inside_its_limits_it_is():
    compiled = compile(BELLMAN_FORD, MINIMAL)
    for graphs in (square(w12=0.3), square(w12=0.3, loop=0.2), square(w12=0.2501)):
        assert compiled.refusals(graphs) == [None]
        assert list(compiled(graphs).outputs["pi"][0]) == [
            int(parent) for parent in graphs.trajectory.outputs["pi"][0]
        ]


def test_another_number_of_nodes_self_loops_and_one_way_edges_are_refused():
    graphs = square(w12=0.3, loop=0.2)
    five = compile(BELLMAN_FORD, cases.resized(MINIMAL, nodes=5))
    assert five.refusals(graphs) == ["4 nodes, exactly 5 allowed"]
    listing = compile(programs.listing_1, cases.MODIFIED)
    assert listing.refusals(graphs) == ["a self-loop (at node 3)"]
    own = cases.changed(
        BFS, task=None, hints={}, outputs={}
    )  # any graphs are its task's
    plain = compile(own, cases.PLAIN)
    one_way = plain.task.run(np.array([[[0, 1], [0, 0]]]), 0)
    assert plain.refusals(one_way) == ["an edge without its opposite (0 -> 1)"]
    simple = compile(BFS, cases.resized(cases.MODIFIED, pointer_decoder="simple"))
    moved = square(w12=0.3, positions=[0, 0.2, 0.5, 0.7])
    moved = mg.tasks.bfs.solved(moved.inputs)
    assert str(simple.refusals(moved)[0]).startswith("positions that are not i / N")


def test_limits_are_computed_from_the_weights():
    sharp, soft = (compile(BFS, MINIMAL, sharpness=k) for k in (2.0**26, 32.0))
    for compiled, gap in ((sharp, 1e-5), (soft, 4.0)):
        limits = compiled.limits
        assert limits.margins["other"].key_gap < gap
        # beside 1, float32 does not see what a softmax gives to keys this far behind
        k = -compiled.params["attention/score_0"]["w"][0, 0]
        k *= np.abs(compiled.params["attention/in"]["w"][:, 0]).max()
        behind = -np.float32(k * limits.margins["other"].key_gap)
        others = NODES * jax.nn.softmax(jnp.array([0.0, behind]))[1]
        assert others < 2.0**-26 and np.float32(1) + others == 1
    assert sharp.limits.margins["other"].key_gap < soft.limits.margins["other"].key_gap
    assert "exactly 4 nodes" in str(sharp.limits)


def test_softer_networks_select_less_sharply():
    graphs = cases.random_graphs(BFS, 4, 32)
    leads = []
    for sharpness in (2.0, 8.0, 32.0, 2.0**26):
        compiled = compile(BFS, MINIMAL, sharpness=sharpness)
        found = network.apply(compiled.task, MINIMAL, compiled.params, graphs)
        leads.append(float(found.attention.max(-1).mean()))
    assert leads == sorted(set(leads)) and leads[-1] == 1.0


# Ways to be wrong in silence that a review found: refused, or right


def probe(start, key, where, update, kind=Min):
    return GraphProgram(
        name="probe", start=start, select=cases.select(where, key, kind), update=update
    )


INDEX = lambda s, o, i, e: o.index  # noqa: E731
REACHED = lambda s, o, i, e: e.adj & o.r  # noqa: E731
SILENT = {
    "a pointer that is fed back makes neighbours": (
        probe(
            lambda i: {"r": i.s, "u": i.s, "q": i.index, "p": i.index},
            INDEX,
            lambda s, o, i, e: e.adj & o.r & ~s.r,
            lambda s, o, i, e: {"r": o.u, "u": s.u, "q": o.index, "p": o.q},
        ),
        cases.PLAIN,
    ),
    "the edge in a comparison": (
        probe(
            lambda i: {"x": 30.0 - 30 * i.s, "q": i.index},
            INDEX,
            lambda s, o, i, e: e.adj & (o.x + e.adj < s.x),
            lambda s, o, i, e: {"x": o.x, "q": o.index},
        ),
        cases.MODIFIED,
    ),
    "a negation that looks like nothing": (
        probe(
            lambda i: {"r": i.s},
            INDEX,
            REACHED,
            lambda s, o, i, e: {"r": ~(s.r & True)},
        ),
        cases.MODIFIED,
    ),
    "a negation, twice the same": (
        probe(
            lambda i: {"r": i.s}, INDEX, REACHED, lambda s, o, i, e: {"r": ~s.r | ~s.r}
        ),
        cases.MODIFIED,
    ),
    "a start that is too large": (
        probe(
            lambda i: {"x": 1000 * i.s, "q": i.index},
            lambda s, o, i, e: o.x,
            lambda s, o, i, e: e.adj,
            lambda s, o, i, e: {"x": 0.0, "q": o.index},
        ),
        cases.MODIFIED,
    ),
    "a key that is too large for a second one": (
        probe(
            lambda i: {"r": i.s, "q": i.index},
            lambda s, o, i, e: 1e9 * ~o.r,
            lambda s, o, i, e: e.adj,
            lambda s, o, i, e: {"r": o.r, "q": o.index},
        ),
        cases.MODIFIED,
    ),
    "a constant that drowns the key": (
        probe(
            lambda i: {"r": i.s, "q": i.index},
            lambda s, o, i, e: 1e9 + ~o.r,
            lambda s, o, i, e: e.adj,
            lambda s, o, i, e: {"r": o.r, "q": o.index},
        ),
        cases.MODIFIED,
    ),
    "a greatest whole key": (
        probe(
            lambda i: {"x": 0.0, "q": i.index},
            lambda s, o, i, e: o.x,
            lambda s, o, i, e: e.adj,
            lambda s, o, i, e: {"x": s.x + 1, "q": o.index},
            Max,
        ),
        cases.MODIFIED,
    ),
    "a small sum of a large start": (
        probe(
            lambda i: {"x": 60.1, "q": i.index},
            lambda s, o, i, e: o.x,
            lambda s, o, i, e: e.adj,
            lambda s, o, i, e: {"x": 0.0001 * s.index + 0.00017, "q": o.index},
        ),
        cases.MODIFIED,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("random_positions", [False, True])
@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_wrong_in_silence(name, random_positions):
    wrong, config = SILENT[name]
    try:
        compiled = compile(wrong, config)
    except CannotCompile:
        return
    graphs = cases.all_graphs(wrong, 4)
    if random_positions:
        graphs = cases.random_graphs(wrong, 4, 200, 3, True)
    graphs = cases.within(compiled, graphs)
    if len(graphs.positions):
        assert cases.agrees(compiled, graphs)


@pytest.mark.parametrize("name", ["s", "weight", "adj", "pos", "index", "r_h"])
def test_the_names_of_inputs_and_hints_are_taken(name):
    with pytest.raises(mg.ProgramError, match=f"no component may be called {name}"):
        probe(
            lambda i: {"r": i.s, name: i.s},
            INDEX,
            REACHED,
            lambda s, o, i, e: {"r": o.r, name: i.s},
        )


def test_features_are_shown_by_components_of_their_sort():
    with pytest.raises(
        mg.ProgramError, match="reach_h is pi, a node: the task has pos"
    ):
        cases.changed(BFS, hints={"reach_h": "pi", "pi_h": "reach"})
    with pytest.raises(mg.ProgramError, match="a finite number"):
        cases.changed(BFS, start=lambda i: {"reach": i.s, "pi": float("nan")})


# Faults


def swapped(params, one, two):
    return {**params, one: params[two], two: params[one]}


def edited(module, leaf, edit):
    def fault(params):
        array = np.array(params[module][leaf])
        return {**params, module: {**params[module], leaf: edit(array)}}

    return fault


def scaled(module, factors):
    return edited(module, "w", lambda w: w * np.array(factors, np.float32))


def negated(index):
    def edit(array):
        array[index] *= -1
        return array

    return edit


def zeroed(index):
    def edit(array):
        array[index] = 0
        return array

    return edit


FAULTS = {
    "sender and receiver swapped": lambda p: swapped(
        p, "attention/in", "attention/out"
    ),
    "value and skip swapped": lambda p: swapped(p, "attention/value", "attention/skip"),
    "no skip": edited("attention/skip", "w", lambda w: 0 * w),
    "no diagonal bias": edited("attention", "bias", lambda b: 0 * b),
    "bias off the diagonal": edited("attention", "bias", lambda b: np.roll(b, 1, 0)),
    "bias of the wrong sign": edited("attention", "bias", lambda b: -b),
    "greatest for least": edited("attention/score_0", "w", lambda w: -w),
    "no mask": edited("attention/score_0", "w", zeroed(1)),
    "a soft mask": scaled("attention/score_0", [[1], [1e-9], [1], [0]]),
    "default below the others": scaled("attention/score_0", [[1], [1], [9], [0]]),
    "adjacency ignored": edited("attention/edge", "w", zeroed((1, 1))),
    "weights ignored": edited("attention/edge", "w", zeroed((0, 0))),
    "edge information dropped": edited("attention/edge_reduce", "w", lambda w: 0 * w),
    "self-loops leak in": edited("attention/skip", "b", zeroed(0)),
    "start forgotten": edited("attention/skip", "w", zeroed((slice(None), 2))),
    "source not encoded": edited("encoder_s", "w", lambda w: 0 * w),
    "inputs swapped": lambda p: swapped(p, "encoder_s", "encoder_pos"),
    "edge inputs swapped": lambda p: swapped(p, "encoder_A", "encoder_adj"),
}  # fmt: skip
READ_OUT = {
    "the state before the step is read": edited(
        "decoder_d/node", "w", lambda w: np.roll(w, -4, 0)
    ),
    "a truth value upside down": edited("decoder_msk/node", "w", lambda w: -w),
    "a threshold of the wrong sign": edited("decoder_msk/node", "b", lambda b: -b),
    "pointers to the neighbour": edited("decoder_pi/receiver", "w", lambda w: w * 1.3),
    "a pointer decoder without its second half": edited(
        "decoder_pi/score", "w", zeroed(1)
    ),
}


@pytest.fixture(scope="module")
def bellman_ford():
    compiled = compile(BELLMAN_FORD, MINIMAL)
    return compiled, cases.all_graphs(BELLMAN_FORD, 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_an_injected_fault_is_seen_in_states_and_selections(name, bellman_ford):
    compiled, graphs = bellman_ford
    assert cases.agrees(compiled, graphs)
    broken = dataclasses.replace(compiled, params=FAULTS[name](compiled.params))
    assert not cases.agrees(broken, graphs)


@pytest.mark.slow
@pytest.mark.parametrize("name", READ_OUT)
def test_an_injected_fault_is_seen_by_verification(name, bellman_ford):
    compiled, graphs = bellman_ford
    right = verification.compare(compiled, "mindgap", graphs)
    assert right["outputs"] == right["outputs right"] > 0
    assert right["hints"] == right["hints right"] > 0
    broken = dataclasses.replace(compiled, params=READ_OUT[name](compiled.params))
    found = verification.compare(broken, "mindgap", graphs)
    assert (
        found["outputs right"] < found["outputs"]
        or found["hints right"] < found["hints"]
    )


def test_ties_upward_would_be_seen():
    """Hop counts tie: the second key decides, and it must be the lowest index."""
    compiled = compile(programs.hop_count, cases.MODIFIED)
    graphs = cases.all_graphs(programs.hop_count, 4)
    sender = np.array(compiled.params["attention/in"]["w"])
    sender[0, 0] = -sender[0, 0]
    upward = {
        **compiled.params,
        "attention/in": {**compiled.params["attention/in"], "w": sender},
    }
    assert cases.agrees(compiled, graphs)
    assert not cases.agrees(dataclasses.replace(compiled, params=upward), graphs)


def test_one_step_too_few_would_be_seen():
    compiled = compile(BFS, MINIMAL)
    graphs = cases.all_graphs(BFS, 4)
    trajectory = graphs.trajectory._replace(
        hints={k: v[:, :-1] for k, v in graphs.trajectory.hints.items()},
        lengths=jnp.minimum(graphs.trajectory.lengths, 3),
    )
    short = Graphs(graphs.task, graphs.inputs, trajectory)
    said = np.asarray(
        network.predict(compiled.task, MINIMAL, compiled.params, short).outputs["pi"]
    )
    assert (said != np.asarray(graphs.trajectory.outputs["pi"])).any()
    whole = np.asarray(compiled(graphs).outputs["pi"])
    assert (whole == np.asarray(graphs.trajectory.outputs["pi"])).all()


def test_a_compiled_network_can_be_trained_on():
    """Its parameters are an ordinary tree: gradients are finite and not all zero."""
    config = dataclasses.replace(ModelConfig(), **dataclasses.asdict(MINIMAL))
    compiled = compile(BFS, config, sharpness=8.0)
    graphs = cases.random_graphs(BFS, 4, 8)

    def loss(params):
        found = network.predict(compiled.task, config, params, graphs)
        return mg.network.metrics.loss(compiled.task, graphs, found.logits, found.hints)

    value, gradient = jax.jit(jax.value_and_grad(loss))(compiled.params)
    sizes = [float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(gradient)]
    assert np.isfinite(value) and np.isfinite(sizes).all() and max(sizes) > 0
