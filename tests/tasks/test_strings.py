"""Two strings on one set of nodes: traces are dm-clrs's, strings are drawn alike."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import mindgap as mg
from mindgap import programs, tasks
from mindgap.compiler import verification
from tests import clrs_reference

TASK = tasks.naive_string_matcher
SOLVES = {name: jax.jit(task.solve) for name, task in tasks.STRINGS.items()}
each_task = pytest.mark.parametrize("name", SOLVES)


@st.composite
def two_strings(draw):
    """A text of three letters and what is sought, of a few sizes that are compiled."""
    nodes = draw(st.sampled_from((2, 5, 8, 14)))
    size = draw(st.integers(1, nodes // 2))
    every = draw(st.lists(st.integers(0, 2), min_size=nodes, max_size=nodes))
    return every[:-size], every[-size:]


def as_inputs(text, sought):
    sizes = len(text), len(sought)
    return {
        "string": np.repeat([0.0, 1.0], sizes),
        "pos": np.concatenate([np.arange(n) / n for n in sizes]),
        "key": np.eye(4)[[*text, *sought]],
    }


@pytest.mark.clrs
@each_task
@given(both=two_strings())
def test_every_hint_at_every_step_is_that_of_dm_clrs(name, both):
    text, sought = both
    found = SOLVES[name](as_inputs(text, sought))
    given = np.array(text), np.array(sought)
    clrs_reference.assert_traced(tasks.CLRS[name], found, *given)


@each_task
@given(both=two_strings())
def test_what_is_found_is_there_and_nowhere_before(name, both):
    """Python finds the same place; CLRS names the first of what is sought if none."""
    text, sought = both
    place = "".join(map(str, text)).find("".join(map(str, sought)))
    match = int(np.argmax(SOLVES[name](as_inputs(text, sought)).outputs["match"]))
    assert match == (len(text) if place < 0 else place)


@pytest.mark.clrs
@pytest.mark.parametrize("nodes", [4, 5, 16])
def test_strings_are_drawn_as_dm_clrs_draws_them(nodes, key):
    import clrs
    from scipy import stats

    count = 400
    sampler, _ = clrs.build_sampler(TASK.name, seed=3, num_samples=count, length=nodes)
    theirs = {point.name: point.data for point in sampler.next().features.inputs}
    rng = np.random.RandomState(3)
    again = [TASK.sampler.draw_as_clrs(rng, nodes) for _ in range(count)]
    ours = TASK.sample(key, nodes, count)
    for name, data in theirs.items():
        assert_allclose(np.stack([one[name] for one in again]), data, atol=1e-6)
    assert_allclose(ours.inputs["pos"], theirs["pos"], atol=1e-6)
    assert_array_equal(ours.inputs["string"], theirs["string"])
    drawn = np.asarray(ours.inputs["key"]).argmax(-1), theirs["key"].argmax(-1)
    assert stats.ks_2samp(*map(np.ravel, drawn)).pvalue > 1e-4
    lengths = np.asarray(ours.trajectory.lengths), theirs_lengths(nodes, count)
    assert stats.ks_2samp(*lengths, method="asymp").pvalue > 1e-4


def theirs_lengths(nodes, count):
    import clrs

    sampler, _ = clrs.build_sampler(TASK.name, seed=4, num_samples=count, length=nodes)
    return sampler.next().features.lengths


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"string": np.array([[1.0, 0.0, 0.0]])}, "first string is behind the second"),
        ({"string": np.zeros((1, 3))}, "has one string only"),
        ({"string": np.array([[0.0, 1.0, 1.0]])}, "longer than where it is sought"),
    ],
)
def test_what_are_no_two_strings_is_refused(change, message):
    given_ = {name: array[None] for name, array in as_inputs([0, 1], [1]).items()}
    with pytest.raises(ValueError, match=message):
        TASK.solved({**given_, **change})


def test_one_node_is_refused(key):
    with pytest.raises(ValueError, match="1 nodes are not two strings"):
        TASK.sample(key, 1, 2)


@each_task
@pytest.mark.parametrize(
    ("network", "nodes"),
    [("mindgap", 11), pytest.param("clrs", 8, marks=pytest.mark.large)],
)
def test_the_program_is_exact(name, network, nodes):
    found = mg.verify(programs.PROGRAMS[name], network, nodes=(nodes,), graphs=20)
    assert found.exact and found.margin == 1.0 and found.refused < 0.2


@each_task
def test_it_is_exact_on_all_short_strings(name):
    """Of two letters: four places, and two letters sought."""
    rows = [
        as_inputs([n >> k & 1 for k in range(4)], [n >> 4 & 1, n >> 5])
        for n in range(2**6)
    ]
    inputs = {feature: np.stack([row[feature] for row in rows]) for feature in rows[0]}
    graphs = tasks.STRINGS[name].solved(inputs)
    compiled = mg.suited(programs.PROGRAMS[name], 6)
    assert compiled.refusals(graphs) == [None] * 64
    found = verification.compare(compiled, "mindgap", graphs)
    for kind in ("outputs", "hints", "selections"):
        assert found[kind] > 0 and found[f"{kind} right"] == found[kind], kind


def test_letters_of_two_strings_at_one_position_are_told_apart():
    given_ = {name: array[None] for name, array in as_inputs([0, 1], [1]).items()}
    graphs = TASK.solved(given_)
    assert np.asarray(graphs.positions).tolist() == [[0.0, 0.5, 0.0]]
    assert np.asarray(graphs.index).tolist() == [[0.0, 0.25, 0.5]]
