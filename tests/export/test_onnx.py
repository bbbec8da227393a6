"""A network as a function of arrays of fixed shapes, and as an ONNX model."""

import sys

import jax
import numpy as np
import pytest

import mindgap as mg
from mindgap.export import onnx
from tests import cases

PROGRAMS = {
    "bfs": mg.programs.bfs,
    "bellman_ford": mg.programs.bellman_ford,
    "dfs": mg.programs.dfs,
}
NODES = 6


def arguments(shapes, graphs, place):
    """The arrays of one graph, as the file says."""
    trajectory, found = graphs.trajectory, []
    for name in shapes:
        if name == "length":
            found.append(trajectory.lengths[place : place + 1])
        elif name.startswith("first_"):
            found.append(trajectory.hints[name[6:]][place : place + 1, :1])
        else:
            found.append(graphs.inputs[name][place : place + 1])
    return [np.asarray(array) for array in found]


def check(run, shapes, names, compiled, graphs):
    """`run` gives what the network does: outputs, and hints up to the last step."""
    task, config, params = compiled.task, compiled.config, compiled.params
    whole = mg.apply(task, config, params, graphs)
    for place in range(graphs.batch):
        last = int(graphs.trajectory.lengths[place]) - 1
        found = dict(zip(names, run(*arguments(shapes, graphs, place)), strict=True))
        for name, logits in whole.logits.items():
            own = np.asarray(found[f"output_{name}"])[0]
            np.testing.assert_allclose(own, logits[place], 1e-5, 1e-5)
        for name, logits in whole.hints.items():
            own = np.asarray(found[f"hint_{name}"])[0, :last]
            np.testing.assert_allclose(own, logits[place, :last], 1e-5, 1e-5)
    assert set(names) == {f"output_{n}" for n in whole.logits} | {
        f"hint_{n}" for n in whole.hints
    }


@pytest.fixture(params=PROGRAMS)
def compiled(request):
    return mg.suited(PROGRAMS[request.param], NODES)


def test_a_graph_is_a_few_arrays(compiled):
    parts = compiled.task, compiled.config, compiled.params
    shapes, function, names = onnx.traced(*parts, NODES)
    graphs = cases.random_graphs(compiled.program, NODES, 4)
    check(jax.jit(function), shapes, names, compiled, graphs)


def test_an_onnx_model_is_the_network(compiled, tmp_path):
    pytest.importorskip("jax2onnx")
    runtime = pytest.importorskip("onnxruntime")
    parts = compiled.task, compiled.config, compiled.params
    path = onnx.to_onnx(tmp_path / "network.onnx", *parts, NODES)
    session = runtime.InferenceSession(path)
    names = [result.name for result in session.get_outputs()]
    given = [argument.name for argument in session.get_inputs()]

    def run(*arrays):
        return session.run(names, dict(zip(given, arrays, strict=True)))

    graphs = cases.random_graphs(compiled.program, NODES, 4)
    check(run, given, names, compiled, graphs)


def test_what_is_missing_or_of_another_size_is_named(tmp_path, monkeypatch):
    compiled = mg.suited(mg.programs.bfs, NODES)
    parts = compiled.task, compiled.config, compiled.params
    monkeypatch.setitem(sys.modules, "jax2onnx", None)
    with pytest.raises(ImportError, match="needs jax2onnx: pip install jax2onnx"):
        onnx.to_onnx(tmp_path / "a.onnx", *parts, NODES)
    with pytest.raises(ValueError, match="nodes = 9: this network takes 6 nodes"):
        onnx.to_onnx(tmp_path / "a.onnx", *parts, 9)
