"""Plain steps against parameters that are moved by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mindgap import network, paper, tasks
from mindgap.compiler.compile import compile
from mindgap.experiments import beside
from mindgap.experiments.base import Data
from mindgap.measures import robustness
from mindgap.network import ModelConfig
from mindgap.programs import PROGRAMS

TIED = ModelConfig(
    hidden_size=4, layer_norm=False, attention_bias=True, nodes=5,
    edge_values="projected",
)  # fmt: skip
DATA = Data("five", 5, 40, seed=2)


def wrong(params, model=TIED):
    """Share of wrong pointers on the first graphs, from the answers alone."""
    graphs = DATA.draw(tasks.bfs).take(slice(0, robustness.GRAPHS)).trimmed()
    found = network.apply(tasks.bfs, model, params, graphs).outputs
    truth = graphs.trajectory.outputs
    return np.mean([np.asarray(found[k]) != np.asarray(truth[k]) for k in truth])


def test_steps_are_those_of_parameters_moved_by_hand(key):
    params = network.init(tasks.bfs, TIED, key)
    found = robustness.after_steps(tasks.bfs, TIED, params, DATA.draw(tasks.bfs))
    assert found.shape == (len(robustness.STEPS), robustness.DIRECTIONS, 2)
    assert found[0, :, 1] == pytest.approx(wrong(params), abs=1e-6)
    drawn = np.random.default_rng(0)
    for index, step in ((3, 0.01), (5, 0.1)):
        assert robustness.STEPS[index] == step
        moved = [
            jax.tree.map(
                lambda leaf, by=step: (
                    leaf + by * drawn.normal(size=leaf.shape) * (leaf.ndim > 1)
                ),
                params,
            )
            for _ in range(60)
        ]
        plain = [wrong(jax.tree.map(jnp.float32, other)) for other in moved]
        spread = np.std(plain) / np.sqrt(robustness.DIRECTIONS) + 1e-3
        assert abs(np.mean(plain) - found[index, :, 1].mean()) < 4 * spread


def test_exact_weights_make_no_error_until_they_are_moved():
    made = compile(PROGRAMS["bfs"], TIED).params
    found = robustness.after_steps(tasks.bfs, TIED, made, DATA.draw(tasks.bfs))
    assert (found[0, :, 1] == 0).all() and (found[-1, :, 1] > 0.1).all()


def test_it_is_measured_of_networks_that_are_tied_to_a_size(key):
    row = paper.EXPERIMENTS["table-13/bfs-bias-pairwise"]
    (kind,) = (k for k in beside.KINDS if k.name == "robustness")
    params = network.init(row.task, row.model, key)
    rows = beside.measure(
        row, kind, [3], {"best": jax.tree.map(lambda a: a[None], params)}
    )
    at = rows.set_index("metric").value
    assert set(at.index) == {
        f"robustness/{what}-{step:g}"
        for what in ("loss", "wrong")
        for step in robustness.STEPS
    }
    assert not kind.applies(paper.EXPERIMENTS["table-1/bfs"])
