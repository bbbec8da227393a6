"""Changed attention: the coefficients by plain loops, the answers of exact networks."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mindgap import network, paper, tasks
from mindgap.compiler.compile import compile
from mindgap.compiler.smallest import suited
from mindgap.experiments import base, beside
from mindgap.measures import faithfulness, interventions
from mindgap.measures.interventions import TREATMENTS
from mindgap.network import ModelConfig
from mindgap.programs import PROGRAMS


def by_hand(treatment, row, selected):
    """One receiver's coefficients, as the docstring has it."""
    row, changed = np.array(row, float), np.array(row, float)
    if row[selected] <= 0:
        return row
    if treatment == "forced":
        return np.eye(len(row))[selected]
    taken = selected
    if treatment != "without":
        others = [j for j in range(len(row)) if j != selected and row[j] > 0]
        if not others:
            return row
        near = min(others, key=lambda j: abs(row[j] - row[selected]))
        if not 0.5 <= row[near] / row[selected] <= 2:
            return row
        taken = near if treatment == "control" else selected
    changed[taken] = 0
    return changed / changed.sum() if changed.sum() > 0 else row


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_coefficients_are_those_of_a_plain_loop(treatment):
    rng = np.random.default_rng(0)
    alpha = rng.dirichlet(np.ones(6), (5, 6)).astype(np.float32)
    alpha *= rng.random(alpha.shape) < 0.7  # some nodes are no neighbours
    alpha[..., 0] += 1e-3
    alpha /= alpha.sum(-1, keepdims=True)
    alpha[0, 0] = np.eye(6)[2]  # one that looks at one node alone
    selected, active = rng.integers(0, 6, (5, 6)), rng.random((5, 6)) < 0.8
    selected[0, 0], active[0, 0] = 2, True
    found = interventions.steer(treatment, *map(jnp.asarray, (alpha, selected, active)))
    for at in np.ndindex(5, 6):
        expected = by_hand(treatment, alpha[at], selected[at])
        expected = expected if active[at] else alpha[at]
        np.testing.assert_allclose(found[at], expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)


def accuracy(made, graphs, treatment):
    program, task = made.program, made.task
    params = jax.tree.map(jnp.asarray, made.params)
    heads = interventions.matched_heads(program, task, made.config, params, graphs)
    found = interventions.accuracies(
        program, task, made.config, params, graphs, treatment, heads
    )
    return {name: float(right.mean()) for name, right in found.items()}


def test_an_exact_network_needs_what_it_selects_and_nothing_else(key):
    model = ModelConfig(
        hidden_size=4, layer_norm=False, attention_bias=True, nodes=8,
        edge_values="projected",
    )  # fmt: skip
    made = compile(PROGRAMS["bfs"], model)
    graphs = tasks.bfs.sample(key, 8, 40).trimmed()
    (forced,) = accuracy(made, graphs, "forced").values()
    (control,) = accuracy(made, graphs, "control").values()
    assert forced == control == 1
    # with softer selections there is something else to look at
    soft = compile(PROGRAMS["bfs"], model, sharpness=8.0)
    (without,) = accuracy(soft, graphs, "without").values()
    (forced,) = accuracy(soft, graphs, "forced").values()
    (control,) = accuracy(soft, graphs, "control").values()
    assert without < 0.9 and forced == control == 1


@pytest.mark.slow
def test_heads_of_compiled_dfs_are_matched_to_their_selections(key):
    made = suited(PROGRAMS["dfs"], 6)
    graphs = tasks.dfs.sample(key, 6, 12).trimmed()
    params = jax.tree.map(jnp.asarray, made.params)
    heads = interventions.matched_heads(
        made.program, made.task, made.config, params, graphs
    )
    meant = faithfulness.selections(made.program, graphs)
    assert heads.keys() == meant.keys() == made.program.selections.keys()
    coefficients = network.apply(made.task, made.config, params, graphs).attention
    for name, (selected, active) in meant.items():
        chosen = coefficients[:, :, int(heads[name])]
        share = faithfulness.attention_accuracy(chosen, selected, active)
        assert np.nanmin(share) == 1
    assert set(accuracy(made, graphs, "forced").values()) == {1.0}


def test_a_network_of_several_steps_is_refused(key):
    config = ModelConfig(hidden_size=8, message_steps=2)
    graphs = tasks.bfs.sample(key, 5, 3)
    params = network.init(tasks.bfs, config, key)
    with pytest.raises(ValueError, match="message_steps is 2"):
        interventions.accuracies(
            PROGRAMS["bfs"], tasks.bfs, config, params, graphs, "forced", {"": 0}
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "table-1/bfs",
        pytest.param("table-1/dfs", marks=pytest.mark.large),
        pytest.param("table-1/bellman-ford", marks=pytest.mark.large),
    ],
)
def test_every_kind_of_measure_is_made_of_a_network(name, key, monkeypatch):
    small = {n: base.Data(f"size-{n}", n, 8, seed=n) for n in (16, 64)}
    monkeypatch.setattr(base, "BY_SIZE", small)
    monkeypatch.setattr(beside, "STEERED", 2)
    monkeypatch.setattr(beside, "PROBED_GRAPHS", 4)
    monkeypatch.setattr(beside, "FULL_SIZE", 8)
    row = dataclasses.replace(
        paper.EXPERIMENTS[name], model=ModelConfig(hidden_size=8), sized=True
    )
    kinds = [kind.name for kind in beside.of(row)]
    exchanged = ["interchange"] if name == "table-1/bfs" else []
    assert kinds == ["sizes", "interventions", "probes", *exchanged, "landscape"]
    params = jax.tree.map(
        lambda leaf: leaf[None] + 0.1, network.init(row.task, row.model, key)
    )
    metrics = set()
    for kind in beside.of(row):
        rows = beside.measure(row, kind, [3], {"best": params})
        assert set(rows.seed) == {3} and rows.value.notna().all()
        prefixes = {metric.split("/")[0] for metric in rows.metric}
        assert prefixes <= set(kind.prefixes)
        metrics |= set(rows.metric)
    assert {"steered/free", "landscape/rise-8"} <= metrics
    if exchanged:
        assert "interchange/swapped" in metrics
    if name == "table-1/dfs":
        assert "steered/without/child" in metrics and "probe/s_last" in metrics
    else:
        assert {"steered/forced", "steered/matched", "steered/control"} <= metrics


def test_metrics_are_found_where_they_are_kept():
    assert beside.kind_of("steered/forced") == "interventions"
    assert beside.kind_of("probe/d") == "probes"
    assert beside.kind_of("landscape/exact") == "landscape"
    assert beside.kind_of("pointer_accuracy") is None
    assert beside.kind_of("attention/accuracy") is None
    assert not beside.of(paper.EXPERIMENTS["table-1/bfs"].quick())
