"""Contradictions are sums of inequalities that are 0 > 0, found wherever one is."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindgap.measures import bounds
from mindgap.network import dm_clrs


def edges(classes, inputs=None):
    classes = np.array(classes)
    if inputs is None:
        inputs = np.zeros((*classes.shape, 0))
    return bounds.Edges(classes, np.asarray(inputs, float))


def adds_up(graphs, entries) -> bool:
    """Whether the sum of the entries is 0 for any terms of nodes and coefficients."""
    rng = np.random.default_rng(0)
    kinds = 1 + max(int(graph.classes.max()) for graph in graphs)
    terms = [rng.integers(-99, 99, (2, len(g.classes), kinds)) for g in graphs]
    weights = rng.integers(-99, 99, (graphs[0].inputs.shape[-1], kinds))

    def score(entry, kind):
        i, j = entry.edge
        first, second = terms[entry.graph]
        own = graphs[entry.graph].inputs[i, j] @ weights[:, kind]
        return first[i, kind] + second[j, kind] + own

    total = sum(e.times * (score(e, e.own) - score(e, e.other)) for e in entries)
    right = all(graphs[e.graph].classes[e.edge] == e.own for e in entries)
    return bool(entries) and total == 0 and right and min(e.times for e in entries) > 0


@given(st.integers(0, 2**32 - 1), st.integers(2, 3), st.integers(2, 5))
@settings(max_examples=40)
def test_what_node_terms_decide_has_no_contradiction(seed, kinds, nodes):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, nodes, kinds))
    inputs = rng.integers(0, 3, (nodes, nodes, 1)).astype(float)
    scores = first[:, None] + second[None] + inputs * rng.normal(size=kinds)
    made = edges(scores.argmax(-1), inputs)
    assert bounds.contradiction([made]) == []


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_a_contradiction_is_one(seed):
    """Two classes of nine pairs: two rows that differ both ways are in the way."""
    rng = np.random.default_rng(seed)
    made = edges(rng.integers(0, 2, (3, 3)))
    entries = bounds.contradiction([made])
    crossed = any(
        (made.classes[i] > made.classes[k]).any()
        and (made.classes[i] < made.classes[k]).any()
        for i, k in itertools.combinations(range(3), 2)
    )
    assert bool(entries) == crossed
    assert not entries or adds_up([made], entries)


def test_an_input_that_tells_the_classes_resolves_it():
    crossed = [[0, 1], [1, 0]]
    assert adds_up([edges(crossed)], bounds.contradiction([edges(crossed)]))
    told = edges(crossed, np.array(crossed)[..., None])
    assert bounds.contradiction([told]) == []
    # but not if another graph has it the other way round
    other = edges(crossed, 1 - np.array(crossed)[..., None])
    assert adds_up([told, other], bounds.contradiction([told, other]))
    assert bounds.contradiction([edges(np.full((2, 2), -1))]) == []


@pytest.mark.clrs
def test_bridges_are_contradictory_only_with_edges_of_a_node_to_itself():
    """But for the weight, an edge would be told from no pair of a node with itself."""
    rng, both = np.random.default_rng(0), 0
    for nodes in [5, 8] * 15:
        weights = np.triu(rng.uniform(size=(nodes, nodes)) < 2 / nodes, 1)
        weights = (weights | weights.T).astype(float)
        told = bridges(weights)
        both += {0, 1} <= {*told[weights > 0].tolist()}
        assert bounds.contradiction([edges(told, weights[..., None])]) == []
    assert both >= 5
    for weights in (1 - np.eye(2), np.ones((2, 2))):
        made = edges(bridges(weights))
        assert adds_up([made], bounds.contradiction([made]))
    made = edges(bridges(np.ones((2, 2))), np.ones((2, 2, 1)))
    assert adds_up([made], bounds.contradiction([made]))


@pytest.mark.clrs
def test_fed_back_stacks_tell_bridges_from_edges_of_a_node_to_itself():
    """Each hint of dm-clrs, with the one before as inputs; parents alone do not do."""
    rng = np.random.default_rng(1)
    for nodes in (2, 5, 6):
        weights = np.triu(rng.uniform(size=(nodes, nodes)) < 2 / nodes).astype(float)
        weights = np.maximum(weights, weights.T) if nodes > 2 else np.ones((2, 2))
        hints, _ = dm_clrs.traced("bridges", weights)
        for step, told in enumerate(hints["is_bridge_h"][1:].astype(int)):
            given_ = dm_clrs.edge_inputs("bridges", hints, step)
            seen = np.concatenate([given_, weights[..., None]], -1)
            assert bounds.contradiction([edges(told, seen)]) == []
            if nodes == 2 and told.any():
                few = {n: hints[n] for n in ("is_bridge_h", "pi_h")}
                made = edges(told, dm_clrs.edge_inputs("bridges", few, step))
                assert adds_up([made], bounds.contradiction([made]))


def bridges(weights):
    return dm_clrs.traced("bridges", weights)[1]["is_bridge"].astype(int)


@pytest.mark.clrs
def test_what_an_edge_is_given_of_hints_is_as_dm_clrs_encodes_it():
    """Weights that count each number alone show it, summed over features."""
    import clrs
    import haiku as hk
    from clrs._src import encoders

    hints, _ = dm_clrs.traced(
        "floyd_warshall", np.array([[0, 1, 0], [1, 0, 2], [0, 2, 0.0]])
    )
    ours = dm_clrs.edge_inputs("floyd_warshall", hints, 1)

    def theirs():
        total = []
        for name, hint in hints.items():
            _, location, kind = clrs.SPECS["floyd_warshall"][name]
            data = hint[1][None]
            if kind == "pointer":
                data = np.eye(3)[data.astype(int)]
            point = clrs.DataPoint(name, location, kind, data)
            for first in (1.0, 0.0):
                made = [
                    hk.Linear(1, w_init=hk.initializers.Constant(w), with_bias=False)
                    for w in (first, 1 - first)
                ]
                whole = np.zeros((1, 3, 3, 1))
                total.append(encoders.accum_edge_fts(made, point, whole)[0, ..., 0])
        return [np.asarray(each) for each in total if np.any(each)]

    expected = hk.without_apply_rng(hk.transform(theirs)).apply
    init = hk.transform(theirs).init(None)
    for number in np.moveaxis(ours, -1, 0):
        assert any(np.allclose(number, each) for each in expected(init))


def test_a_rectangle_is_where_sums_fail():
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(0, 9, (2, 5))
    numbers = (rows[:, None] + columns).astype(float)
    with pytest.raises(ValueError, match="no rectangle in 5 x 5 numbers"):
        bounds.rectangle(numbers, np.zeros((5, 5, 0)))
    numbers[0, 3] += 7
    (i, k), (j, m), apart = bounds.rectangle(numbers, np.zeros((5, 5, 0)))
    assert abs(apart) == 7 and 0 in (i, k) and 3 in (j, m)
    # an edge with inputs of its own may have a number of its own
    alone = np.zeros((5, 5, 1))
    alone[0, 3] = 1
    with pytest.raises(ValueError, match="no rectangle"):
        bounds.rectangle(numbers, alone)


@pytest.mark.parametrize("gap", [1e-2, 1e-4])
def test_fewest_pieces_between_two_hyperbolas(gap):
    """As many as are laid one by one, each as far as it stays between the two."""
    low, high, x, laid = 0.25 - gap, 0.25 + gap, 0.5, 0
    while x < 1:
        ends = np.linspace(x, 4 * x, 200_001)[1:]
        middles = (x + ends) / 2 * (low / x + low / ends) / 2
        x = ends[middles <= high].max()
        laid += 1
    assert bounds.pieces(gap) == pytest.approx(laid, abs=1)


@pytest.mark.parametrize("gap", [0.0, 0.25, -1.0, float("nan")])
def test_a_gap_is_between_0_and_a_quarter(gap):
    with pytest.raises(ValueError, match="gap is"):
        bounds.pieces(gap)
