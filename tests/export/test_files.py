"""Exported networks give the same outputs, hints and states in other libraries."""

import importlib.util
import json

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import mindgap as mg
from mindgap import export, network, programs, tasks
from mindgap.network import ModelConfig


def loaded(folder):
    """The network of an exported folder, by the module that lies in it."""
    spec = importlib.util.spec_from_file_location("exported", folder / "network.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load(folder)


def run_in_torch(graphs, net):
    torch = pytest.importorskip("torch")

    def tensor(array):
        return torch.tensor(np.array(array, np.float32))

    inputs = {name: tensor(array) for name, array in graphs.inputs.items()}
    starts = {
        name: tensor(np.asarray(hint)[:, 0])
        for name, hint in graphs.trajectory.hints.items()
    }
    steps = torch.tensor(np.maximum(1, np.asarray(graphs.trajectory.lengths) - 1))
    with torch.no_grad():
        return net(inputs, starts, steps)


def check(task, config, params, graphs, folder, within):
    pytest.importorskip("torch_geometric")
    export.to_pyg(folder, task, config, params)
    found = run_in_torch(graphs, loaded(folder))
    with jax.default_matmul_precision("highest"):
        ours = network.apply(task, config, params, graphs)
    taken = np.arange(ours.states.shape[1]) < config.message_steps * np.maximum(
        1, np.asarray(graphs.trajectory.lengths)[:, None] - 1
    )
    assert_allclose(found.states.numpy()[taken], ours.states[taken], 0, within)
    for name, logits in ours.logits.items():
        scale = max(1.0, float(np.abs(logits).max()))
        assert_allclose(found.logits[name].numpy(), logits, 0, within * scale)
    by_step = taken[:, :: config.message_steps]
    for name, hint in ours.hints.items():
        scale = max(1.0, float(np.abs(np.asarray(hint)[by_step]).max()))
        mine = found.hints[name].numpy()[by_step]
        assert_allclose(mine, hint[by_step], 0, within * scale)
    return found


@pytest.mark.parametrize("name", programs.PROGRAMS)
def test_compiled_programs_run_in_torch(name, tmp_path, key):
    compiled = mg.suited(programs.PROGRAMS[name], 7)
    task = compiled.task
    graphs = task.sample(key, 7, 64, (0.2, 0.5)).trimmed()
    kept = [i for i, reason in enumerate(compiled.refusals(graphs)) if reason is None]
    assert kept
    graphs = graphs.take(np.array(kept)).trimmed()
    check(task, compiled.config, compiled.params, graphs, tmp_path, 1e-5)


def short(graphs, longest):
    """The first steps only: random networks amplify the rounding of every step."""
    trajectory = graphs.trajectory
    hints = {name: hint[:, :longest] for name, hint in trajectory.hints.items()}
    lengths = np.minimum(trajectory.lengths, longest)
    cut = mg.Trajectory(hints, trajectory.outputs, lengths)
    return mg.Graphs(graphs.task, graphs.inputs, cut).trimmed()


NETWORKS = {
    "the benchmark's": ModelConfig(hidden_size=16),
    "two heads, no hints": ModelConfig(hidden_size=16, heads=2, hint_mode="none"),
    "projected edges": ModelConfig(hidden_size=16, heads=4, edge_values="projected"),
    "first component, hard hints": ModelConfig(
        hidden_size=8, edge_values="first_component", feedback="hard"
    ),
    "to all, two messages": ModelConfig(
        hidden_size=16, attend_to="all", message_steps=2, hint_mode="decoded_only"
    ),
    "bias, simple decoder": ModelConfig(
        hidden_size=8, attention_bias=True, pointer_decoder="simple", nodes=6
    ),
    "one bias for oneself": ModelConfig(hidden_size=8, self_bias=True),
    "without the edge": ModelConfig(hidden_size=8, decoders_lack="edge"),
}


@pytest.mark.parametrize("config", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("task", [tasks.bellman_ford, tasks.dfs], ids=lambda t: t.name)
def test_random_networks_run_in_torch(task, config, tmp_path, key):
    params = network.init(task, config, key)
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(key, len(leaves))
    # biases start at 0 and would not be tested
    moved = [
        leaf + 0.1 * jax.random.normal(k, leaf.shape)
        for leaf, k in zip(leaves, keys, strict=True)
    ]
    params = jax.tree.unflatten(tree, moved)
    graphs = short(task.sample(key, 6, 8, 0.4, True), 4)
    check(task, config, params, graphs, tmp_path, 3e-5)


def test_the_numpy_file_has_all_weights_and_their_description(tmp_path):
    compiled = mg.suited(programs.bfs, 5)
    path = tmp_path / "bfs.npz"
    export.to_npz(path, compiled.task, compiled.config, compiled.params)
    with np.load(path) as file:
        found = json.loads(str(file["description"]))
        value = file["attention/value/w"]
        entries = sum(file[name].size for name in file.files) - 1
    assert_array_equal(value, compiled.params["attention/value"]["w"])
    assert entries == network.count(compiled.task, compiled.config)
    assert ModelConfig(**found["config"]) == compiled.config
    assert found["features"]["pi"] == compiled.task.features["pi"]._asdict()
