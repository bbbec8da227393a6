"""dm-clrs itself, driven with our tasks and parameters."""

import contextlib
from types import SimpleNamespace
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from mindgap import tasks
from mindgap.network import ModelConfig, dm_clrs


def feedback(name: str, nodes: int, count: int, seed: int, p=(0.3, 0.6)):
    """A batch of dm-clrs's own sampler."""
    import clrs

    sampler, _ = clrs.build_sampler(
        name, seed=seed, num_samples=count, length=nodes, p=p
    )
    return sampler.next()


def assert_traced(task, found, *given, atol=1e-5):
    """A trajectory is that of dm-clrs on these inputs, hint by hint."""
    hints, outputs = dm_clrs.traced(task.name, *given)
    length = int(found.lengths)
    assert found.outputs.keys() == outputs.keys()
    for name, truth in outputs.items():
        assert_array_equal(found.outputs[name], truth, err_msg=name)
    assert {*hints} - {*task.left_out} == found.hints.keys()
    for name in found.hints:
        truth = hints[name]
        assert len(truth) == length
        assert_allclose(found.hints[name][:length], truth, atol=atol, err_msg=name)
        assert not np.any(found.hints[name][length:])


def as_graphs(task: tasks.Task, batch):
    """The graphs of a dm-clrs batch, solved by our algorithm."""
    inputs = {d.name: jnp.asarray(d.data, float) for d in batch.features.inputs}
    return task.run(inputs["A"], inputs.get("s"), inputs["pos"]).trimmed()


def model(name: str, config: ModelConfig, batch):
    """dm-clrs's BaselineModel of the same network, initialised by itself."""
    made = dm_clrs.clrs_model(tasks.TASKS[name], config, batch)
    made.init([batch.features], 7)
    return made


@contextlib.contextmanager
def double_precision():
    """jax in float64, and dm-clrs, whose encoders cast to float32, with it."""
    from clrs._src import encoders

    wide = SimpleNamespace(**{**vars(jnp), "float32": jnp.float64})
    with jax.enable_x64(True), mock.patch.object(encoders, "jnp", wide):
        yield


def everything(made, batch):
    """A function of parameters: dm-clrs's outputs, hints, loss and gradients."""
    from clrs._src import losses

    nodes = batch.outputs[0].data.shape[1]

    def loss(params):
        outputs, hints = made.net_fn.apply(
            params,
            jax.random.PRNGKey(0),
            [batch.features],
            repred=False,
            algorithm_index=0,
            return_hints=True,
            return_all_outputs=False,
        )
        total = sum(
            losses.output_loss(truth=t, pred=outputs[t.name], nb_nodes=nodes)
            for t in batch.outputs
        )
        if made.decode_hints:
            total += sum(
                losses.hint_loss(
                    truth=t,
                    preds=[h[t.name] for h in hints],
                    lengths=batch.features.lengths,
                    nb_nodes=nodes,
                )
                for t in batch.features.hints
            )
        stacked = {} if not hints else jax.tree.map(lambda *h: jnp.stack(h, 1), *hints)
        return total, (outputs, stacked)

    return jax.jit(jax.value_and_grad(loss, has_aux=True))


def nudged(params, seed: int = 0):
    """The same parameters, each moved by one unit in the last place, up or down."""
    rng = np.random.default_rng(seed)

    def nudge(array):
        ends = np.where(rng.random(array.shape) < 0.5, -np.inf, np.inf)
        return np.nextafter(np.asarray(array), ends.astype(array.dtype))

    return jax.tree.map(nudge, params)


def gap(ours, theirs) -> float:
    """max |a - b| / max |b| over a tree of arrays, leaf by leaf, the worst of them.

    A leaf whose values are rounding noise (below 1e-6 of the tree's largest) is held
    against the tree's scale instead of its own.
    """
    leaves = [np.abs(np.asarray(leaf)).max() for leaf in jax.tree.leaves(theirs)]
    floor = 1e-6 * max(leaves, default=1.0)
    gaps = jax.tree.map(
        lambda a, b: (
            np.abs(np.asarray(a) - np.asarray(b)).max()
            / (np.abs(np.asarray(b)).max() if np.abs(b).max() > floor else max(leaves))
        ),
        ours,
        theirs,
    )
    # numpy's maximum keeps a NaN, Python's may lose it
    return float(np.max(jax.tree.leaves(gaps), initial=0.0))
