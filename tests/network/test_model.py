"""The network is dm-clrs's where its switches are off, and differs only where asked."""

import dataclasses
from typing import NamedTuple

import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from mindgap import network, tasks
from mindgap.graphs import Graphs
from mindgap.network import ModelConfig, attention, codecs, dm_clrs, linear, metrics
from mindgap.network.linear import Linear
from tests import clrs_reference

MODES = ("encoded_decoded", "decoded_only", "none")
SIZES = (4, 16, 64)
COVER = [
    # each pair of a task, a size and a mode stands in one case: a Latin square
    (name, SIZES[(row + column) % 3], mode)
    for row, name in enumerate(("bfs", "bellman_ford", "dfs"))
    for column, mode in enumerate(MODES)
]
SINGLE = [
    # DFS's 192 steps at n = 64 are chaotic in single precision: dm-clrs does not agree
    # with itself when its parameters move by their last bit. See double precision.
    case
    for case in COVER
    if case[:2] != ("dfs", 64)
]
LARGE = [case for case in COVER if case[1] == 64]
VARIANTS = [
    # every switch that dm-clrs has is off its default in one of them
    pytest.param({}, id="paper"),
    pytest.param({"heads": 4, "message_steps": 2}, id="heads-and-steps"),
    pytest.param(
        {"attend_to": "all", "layer_norm": False, "feedback": "hard"},
        id="full-no-norm-hard",
    ),
]


class Gaps(NamedTuple):
    """max |a - b| / max |b| of outputs, hints and loss, and of the gradients."""

    values: float
    gradient: float


def gaps(task, config, batch, nudges=1, dtype=np.float32) -> tuple[Gaps, Gaps]:
    """Ours against dm-clrs's, and the most that `nudges` of its parameters do to it."""
    graphs = clrs_reference.as_graphs(task, batch)
    made = clrs_reference.model(task.name, config, batch)
    weights = jax.tree.map(lambda leaf: np.asarray(leaf, dtype), made.params)
    run = clrs_reference.everything(made, batch)
    theirs = run(weights)

    @jax.jit
    def ours(params):
        def loss(params):
            steps = jnp.maximum(1, jnp.max(graphs.trajectory.lengths) - 1)
            found = network.predict(task, config, params, graphs, steps)
            error = metrics.loss(task, graphs, found.logits, found.hints)
            return error, (found.logits, found.hints)

        return jax.value_and_grad(loss, has_aux=True)(params)

    values, gradient = ours(dm_clrs.from_clrs(task, config, weights))
    found = values, dm_clrs.to_clrs(task, config, gradient)
    noisy = [run(clrs_reference.nudged(weights, seed)) for seed in range(nudges)]
    noise = [Gaps(*map(clrs_reference.gap, other, theirs)) for other in noisy]
    worst = Gaps(*np.max(noise, 0).tolist()) if noise else Gaps(0.0, 0.0)
    return Gaps(*map(clrs_reference.gap, found, theirs)), worst


def test_the_cases_cover_every_pair_of_task_size_and_mode():
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert len({(case[first], case[second]) for case in COVER}) == 9
    assert {case[0] for case in COVER} == tasks.TASKS.keys()
    assert len(LARGE) == 3 and set(COVER) == {*SINGLE, *LARGE}


@pytest.mark.clrs
@pytest.mark.slow
@pytest.mark.parametrize(("name", "nodes", "mode"), SINGLE)
def test_outputs_hints_loss_and_gradients_are_those_of_dm_clrs(name, nodes, mode):
    task, config = tasks.TASKS[name], ModelConfig(hidden_size=32, hint_mode=mode)
    batch = clrs_reference.feedback(name, nodes, 2 if nodes == 64 else 4, seed=nodes)
    found, noise = gaps(task, config, batch, nudges=3)
    assert found.values <= max(1e-5, 10 * noise.values)
    assert found.gradient <= max(1e-5, 10 * noise.gradient)
    assert max(noise) < 0.01


@pytest.mark.clrs
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "nodes", "mode"),
    [
        pytest.param(*case, marks=[pytest.mark.large] if case[0] == "dfs" else [])
        for case in LARGE
    ],
)
def test_in_double_precision_they_agree_on_large_graphs_to_rounding(name, nodes, mode):
    task, config = tasks.TASKS[name], ModelConfig(hidden_size=32, hint_mode=mode)
    with clrs_reference.double_precision():
        batch = clrs_reference.feedback(name, nodes, 2, seed=64)
        found, _ = gaps(task, config, batch, nudges=0, dtype=np.float64)
    assert found.values <= 1e-7
    assert found.gradient <= 1e-7


@pytest.mark.clrs
@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "name"),
    [
        pytest.param(*changes.values, name, id=changes.id)
        for changes, name in zip(VARIANTS[1:], ("bellman_ford", "dfs"), strict=True)
    ],
)
def test_the_other_switches_of_dm_clrs_too(changes, name):
    config = ModelConfig(hidden_size=32, **changes)
    batch = clrs_reference.feedback(name, 7, 4, seed=5)
    found, _ = gaps(tasks.TASKS[name], config, batch)
    assert found.values <= 1e-4
    assert found.gradient <= 1e-3


@pytest.mark.clrs
@pytest.mark.parametrize("changes", VARIANTS)
def test_one_step_of_attention_is_dm_clrs_processor(changes, key):
    import clrs
    import haiku as hk

    config = ModelConfig(hidden_size=32, **changes)
    full = config.attend_to == "all"
    factory = clrs.get_processor_factory(
        "gatv2_full" if full else "gatv2", config.layer_norm, 8, config.heads
    )
    keys = jax.random.split(key, 6)
    draw = jax.random.normal
    encoders = codecs.Encoders(
        *(Linear(draw(k, (2, 32)), draw(k, (32,))) for k in jax.random.split(key, 3))
    )
    near = (jax.random.uniform(keys[5], (3, 7, 7)) < 0.5) | jnp.eye(7, dtype=bool)
    node, graph = draw(keys[0], (3, 7, 2)), draw(keys[3], (3, 2))
    edge = draw(keys[2], (3, 7, 7, 2))
    edges = (edge[..., 0], edge[..., 1])
    seen = codecs.Features(node, edges, graph, near.astype(jnp.float32))
    hidden = draw(keys[4], (3, 7, 32))

    def step(node, edge, meta, near, hidden):
        return factory(32)(node, edge, meta, near, hidden, batch_size=3, nb_nodes=7)[0]

    processor = hk.without_apply_rng(hk.transform(step))
    encoded = map(linear.apply, encoders, (node, edge, graph))
    inputs = (*encoded, seen.neighbours, hidden)
    theirs = processor.init(key, *inputs)
    ours = network.init(tasks.bfs, config, key)
    names = dict(dm_clrs._names(tasks.bfs, config))
    given = {
        module: {
            leaf: theirs[names[module, leaf][0].removeprefix("net/")][
                names[module, leaf][1]
            ]
            if module.startswith("attention")
            else array
            for leaf, array in leaves.items()
        }
        for module, leaves in ours.items()
    }
    weights = network.weights(tasks.bfs, config, given).attention
    if full:
        seen = seen._replace(neighbours=jnp.ones((3, 7, 7)))
    layer = attention.fold(weights, encoders, "none")
    new, alpha = attention.attend(layer, seen, hidden)
    assert clrs_reference.gap(new, processor.apply(theirs, *inputs)) <= 1e-5
    assert_allclose(alpha.sum(-1), 1, rtol=1e-5)


@pytest.mark.clrs
@pytest.mark.slow
@pytest.mark.parametrize("name", list(tasks.TASKS))
def test_fresh_parameters_follow_the_distributions_of_dm_clrs(name):
    from scipy import stats

    task, config = tasks.TASKS[name], ModelConfig(hidden_size=32)
    made = clrs_reference.model(name, config, clrs_reference.feedback(name, 4, 2, 0))
    theirs, ours = {}, {}
    for seed in range(8):
        batch = clrs_reference.feedback(name, 4, 2, 0)
        made.init([batch.features], seed)
        mine = network.init(task, config, jax.random.key(seed))
        for module, leaves in dm_clrs.to_clrs(task, config, mine).items():
            for leaf, array in leaves.items():
                ours.setdefault((module, leaf), []).append(array.ravel())
                theirs.setdefault((module, leaf), []).append(
                    made.params[module][leaf].ravel()
                )
    for leaf in ours:
        a, b = np.concatenate(ours[leaf]), np.concatenate(theirs[leaf])
        if np.ptp(b) == 0:
            assert_array_equal(a, b)
        else:
            assert stats.ks_2samp(a, b, method="asymp").pvalue > 1e-5, leaf


@pytest.mark.parametrize(
    ("task", "hidden_size", "count"),
    [
        (tasks.bfs, 128, 397_316),
        (tasks.bellman_ford, 128, 397_957),
        (tasks.dfs, 128, 518_159),
        (tasks.bfs, 4, 516),
        (tasks.bellman_ford, 4, 537),
    ],
)
def test_the_number_of_parameters(task, hidden_size, count):
    tree = network.template(task, ModelConfig(hidden_size=hidden_size))
    assert sum(leaf.size for leaf in jax.tree.leaves(tree)) == count


def permuted(graphs, order):
    inputs = {
        name: leaf[:, order][:, :, order] if leaf.ndim == 3 else leaf[:, order]
        for name, leaf in graphs.inputs.items()
    }
    back = jnp.argsort(order)
    hints = {
        name: back[hint[:, :, order]] if name == "pi_h" else hint[:, :, order]
        for name, hint in graphs.trajectory.hints.items()
    }
    return Graphs(graphs.task, inputs, graphs.trajectory._replace(hints=hints))


@pytest.mark.parametrize(
    ("changes", "equivariant"),
    [
        ({}, True),
        ({"edge_values": "projected"}, True),
        ({"edge_values": "first_component"}, True),
        ({"attend_to": "all", "heads": 2}, True),
        ({"attention_bias": True, "nodes": 6}, False),
        ({"self_bias": True, "heads": 2}, True),
        ({"pointer_decoder": "simple", "nodes": 6}, False),
    ],
)
def test_relabelling_nodes_relabels_answers_unless_a_part_is_tied_to_them(
    changes, equivariant, key
):
    task, config = tasks.bellman_ford, ModelConfig(hidden_size=8, **changes)
    graphs = task.sample(key, nodes=6, batch=3)
    params = jax.tree.map(
        lambda leaf: leaf + 0.3 * jax.random.normal(key, leaf.shape),
        network.init(task, config, key),
    )
    order = jnp.array([3, 0, 5, 1, 4, 2])
    here = network.apply(task, config, params, graphs)
    there = network.apply(task, config, params, permuted(graphs, order))
    expected = here.logits["pi"][:, order][:, :, order]
    close = np.allclose(there.logits["pi"], expected, rtol=1e-3, atol=1e-4)
    assert close == equivariant


def test_edge_values_are_the_attended_edges(key):
    """Against the definition with dense edge features, written out with loops."""
    config = ModelConfig(hidden_size=6, heads=2, edge_values="projected")
    params = network.init(tasks.bfs, config, key)
    weights = network.weights(tasks.bfs, config, params).attention
    alpha = jax.nn.softmax(jax.random.normal(key, (1, 2, 4, 4)))
    edge = jax.random.normal(key, (1, 4, 4, 3))
    encoder = Linear(jax.random.normal(key, (3, 6)), jnp.ones(6))
    encoders, dense = codecs.Encoders(*[encoder] * 3), linear.apply(encoder, edge)
    layer = attention.fold(weights, encoders, "projected")
    edges = [edge[..., k] for k in range(3)]
    found = attention.edge_information(layer, alpha, edges)
    info = linear.apply(weights.edge_info, dense)
    for i in range(4):
        middle = np.zeros(6)
        for head in range(2):
            part = slice(3 * head, 3 * head + 3)
            for j in range(4):
                middle[part] += alpha[0, head, i, j] * info[0, i, j, part]
        expected = middle @ weights.edge_reduce.w + weights.edge_reduce.b
        assert_allclose(found[0, i], expected, rtol=1e-4, atol=1e-5)
    weights = weights._replace(edge_info=None, edge_reduce=None)
    layer = attention.fold(weights, encoders, "first_component")
    first = attention.edge_information(layer, alpha, edges)
    expected = (alpha[0, 0] * dense[0, :, :, 0]).sum(-1)
    assert_allclose(first[0, :, 0], expected, rtol=1e-4, atol=1e-5)
    assert not first[..., 1:].any()


def test_the_bias_is_added_before_the_activation(key):
    """Eq. 17: with B, a score is omega . leaky(zeta + B_ij)."""
    config = ModelConfig(hidden_size=4, attention_bias=True, nodes=3)
    plain = dataclasses.replace(config, attention_bias=False, nodes=None)
    params = network.init(tasks.bfs, config, key)
    bias = jax.random.normal(key, (3, 3))
    params["attention"]["bias"] = bias
    weights = network.weights(tasks.bfs, config, params).attention
    nothing = Linear(jnp.zeros((1, 4)), jnp.zeros(4))
    layer = attention.fold(weights, codecs.Encoders(*[nothing] * 3), "none")
    seen = codecs.Features(
        jnp.zeros((1, 3, 1)),
        (jnp.zeros((1, 3, 3)),),
        jnp.zeros((1, 1)),
        jnp.eye(3)[None],
    )
    z_in, z_out = jax.random.normal(key, (2, 1, 3, 4))
    (scores,) = attention.pre_attention_scores(layer, z_in, z_out, seen)
    zeta = z_in[0][None] + z_out[0][:, None] + bias[..., None]
    expected = jax.nn.leaky_relu(zeta) @ weights.scores[0].w
    assert_allclose(scores[0], expected[..., 0], rtol=1e-5, atol=1e-6)
    assert "bias" not in network.init(tasks.bfs, plain, key).get("attention", {})


def test_one_bias_for_oneself_is_the_diagonal_of_the_bias(key):
    task = tasks.bellman_ford
    plain = ModelConfig(hidden_size=8, heads=2)
    params = network.init(task, plain, key)
    graphs = task.sample(key, nodes=5, batch=3)

    def logits(bias, **changes):
        config = dataclasses.replace(plain, **changes)
        biased = {**params, "attention": {**params.get("attention", {}), "bias": bias}}
        return network.apply(task, config, biased, graphs).logits["pi"]

    one = logits(jnp.array([-3.0]), self_bias=True)
    whole = logits(-3.0 * jnp.eye(5), attention_bias=True, nodes=5)
    assert_allclose(one, whole, rtol=1e-5, atol=1e-6)
    none = network.apply(task, plain, params, graphs).logits["pi"]
    assert np.abs(one - none).max() > 1e-3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": 3}, "heads is 3, but must divide hidden_size 128"),
        ({"hidden_size": 0}, "hidden_size is 0"),
        ({"attention_bias": True}, "nodes=None"),
        ({"nodes": 16}, "nodes=16"),
        (
            {"attention_bias": True, "nodes": 4, "self_bias": True},
            "self_bias is True, but must be False with attention_bias",
        ),
        (
            {"decoders_lack": "edge", "pointer_decoder": "simple", "nodes": 4},
            "the simple pointer decoder reads no edges",
        ),
    ],
)
def test_impossible_networks_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        ModelConfig(**changes)


def test_a_size_tied_network_refuses_other_sizes(key):
    config = ModelConfig(hidden_size=4, attention_bias=True, nodes=5)
    params = network.init(tasks.bfs, config, key)
    with pytest.raises(ValueError, match="only takes 5 nodes, got 4"):
        network.apply(tasks.bfs, config, params, tasks.bfs.sample(key, 4, 2))


def test_what_is_traced_belongs_to_the_same_run(key):
    config = ModelConfig(hidden_size=8, heads=2, message_steps=2)
    graphs = tasks.dfs.sample(key, nodes=3, batch=2)
    params = network.init(tasks.dfs, config, key)
    traced = network.apply(tasks.dfs, config, params, graphs)
    plain = network.predict(tasks.dfs, config, params, graphs)
    assert_allclose(traced.logits["pi"], plain.logits["pi"], rtol=1e-5, atol=1e-6)
    assert traced.states.shape == (2, 8 * 2, 3, 8)
    assert traced.attention.shape == (2, 8 * 2, 2, 3, 3)
    assert_allclose(traced.attention.sum(-1), 1, rtol=1e-5)
    assert traced.outputs["pi"].shape == (2, 3)


def test_what_is_kept_of_attention_belongs_to_the_same_run(key):
    graphs = tasks.bfs.sample(key, 5, 2)
    config = ModelConfig(hidden_size=4, heads=2, message_steps=2)
    params = network.init(tasks.bfs, config, key)

    def keep(alpha):
        return alpha.argmax(-1), alpha.max(-1)

    whole = network.apply(tasks.bfs, config, params, graphs)
    found = network.apply(tasks.bfs, config, params, graphs, keep=keep)
    np.testing.assert_array_equal(found.attention[0], whole.attention.argmax(-1))
    np.testing.assert_array_equal(found.attention[1], whole.attention.max(-1))
    np.testing.assert_array_equal(found.states, whole.states)


def test_steps_after_a_graphs_own_end_do_not_change_its_answer(key):
    """A short trajectory batched with a long one, and alone."""
    config = ModelConfig(hidden_size=8)
    path = jnp.zeros((6, 6)).at[jnp.arange(5), jnp.arange(1, 6)].set(1.0)
    path = path + path.T
    dense = jnp.ones((6, 6))
    source = jax.nn.one_hot(jnp.array([0, 0]), 6)
    graphs = tasks.bfs.run(jnp.stack([path, dense]), source)
    assert list(graphs.trajectory.lengths) == [6, 2]
    params = network.init(tasks.bfs, config, key)
    together = network.predict(tasks.bfs, config, params, graphs)
    alone = network.predict(
        tasks.bfs, config, params, graphs.take(slice(1, 2)).trimmed()
    )
    assert_allclose(together.logits["pi"][1:], alone.logits["pi"], rtol=1e-5, atol=1e-6)


def test_the_parts_of_a_bias_are_what_it_was_made_of():
    rng = np.random.default_rng(0)
    row, column = rng.normal(size=(2, 7))
    row, column = row - row.mean(), column - column.mean()
    for made, part in (
        (row[:, None] + np.zeros((7, 7)), "receiver"),
        (column[None] + np.full((7, 7), 3.0), "sender"),
        (5 * np.eye(7), "diagonal"),
    ):
        shares = attention.bias_parts(jnp.asarray(made))
        assert_allclose(shares[part], 1, rtol=1e-5)
        assert_allclose(sum(shares.values()), 1, rtol=1e-5)
    noise = rng.normal(size=(7, 7))
    shares = attention.bias_parts(jnp.asarray(noise))
    assert_allclose(sum(shares.values()), 1, rtol=1e-5)
    assert shares["residual"] > 0.5  # 36 of 48 degrees of freedom, less one
    mixed = attention.bias_parts(jnp.asarray(row[:, None] + 2 * column[None]))
    sizes = (row**2).sum(), 4 * (column**2).sum()
    assert_allclose(mixed["receiver"], sizes[0] / sum(sizes), rtol=1e-5)


def test_weights_drawn_together_are_what_haiku_draws(key, as_users_run):
    def declare():
        linear.declare("first", 3, 4)
        linear.declare("second", 4, 2, hk.initializers.TruncatedNormal(0.1))
        hk.LayerNorm(-1, True, True, name="norm")(jnp.ones(2))
        linear.declare("third", 1, 7)

    theirs = hk.transform(declare).init(key)
    jax.tree.map(assert_array_equal, linear.draw(declare, key), dict(theirs))
