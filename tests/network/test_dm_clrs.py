"""Parameters go to dm-clrs's tree and back unchanged, or are refused."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import jax
import pytest
from numpy.testing import assert_array_equal

import mindgap
from mindgap import network, tasks
from mindgap.network import ModelConfig, dm_clrs

CONFIG = ModelConfig(hidden_size=8, heads=2)


@pytest.fixture
def params(key):
    return network.init(tasks.dfs, CONFIG, key)


def test_there_and_back(params):
    there = dm_clrs.to_clrs(tasks.dfs, CONFIG, params)
    back = dm_clrs.from_clrs(tasks.dfs, CONFIG, there)
    jax.tree.map(assert_array_equal, back, jax.device_get(params))


@pytest.mark.parametrize(
    "changes",
    [
        {"edge_values": "projected"},
        {"attention_bias": True, "nodes": 4},
        {"self_bias": True},
        {"pointer_decoder": "simple", "nodes": 4},
    ],
)
def test_parts_that_dm_clrs_lacks_are_refused(changes, key):
    config = ModelConfig(hidden_size=8, **changes)
    params = network.init(tasks.bfs, config, key)
    with pytest.raises(ValueError, match=f"does not have {next(iter(changes))}"):
        dm_clrs.to_clrs(tasks.bfs, config, params)


def test_a_leaf_too_many_or_too_few_is_named(params):
    more = {**params, "encoder_x": {"w": params["encoder_pos"]["w"]}}
    with pytest.raises(KeyError, match=r"unknown \[\('encoder_x', 'w'\)\]"):
        dm_clrs.to_clrs(tasks.dfs, CONFIG, more)
    less = {name: leaves for name, leaves in params.items() if name != "encoder_pos"}
    with pytest.raises(KeyError, match=r"missing .*encoder_pos"):
        dm_clrs.to_clrs(tasks.dfs, CONFIG, less)


def test_a_wrong_shape_is_named(params):
    wide = ModelConfig(hidden_size=16, heads=2)
    with pytest.raises(ValueError, match=r"has shape .*8.*expected .*16"):
        dm_clrs.to_clrs(tasks.dfs, wide, params)


@pytest.mark.clrs
@pytest.mark.slow
def test_dm_clrs_runs_beside_an_ensemble_on_several_devices():
    code = """
    import jax
    jax.config.update("jax_num_cpu_devices", 2)
    import mindgap as mg
    found = mg.verify(mg.programs.bfs, "clrs", nodes=(4,), graphs=3)
    assert found.exact and jax.local_device_count() == 2
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_what_tensorflow_logs_is_left_out_and_nothing_else(capfd):
    logged = b"WARNING: All log messages before absl::InitializeLog() is called are\n"
    logged += b"I0000 00:00:1795935238.901327   19548 port.cc:153] oneDNN is on.\n"
    with dm_clrs.unlogged():
        os.write(2, logged + b"a warning of something else\n")
    assert capfd.readouterr().err == "a warning of something else\n"


def test_the_benchmark_comes_without_tensorflows_lines():
    """In a process of its own, with the settings that a user has."""
    code = (
        "from mindgap.network import dm_clrs; print(dm_clrs.library('a test').__name__)"
    )
    settings = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=settings)
    assert (done.stdout, done.stderr) == ("clrs\n", "")


def test_only_one_place_imports_the_benchmark():
    """Whoever imports it elsewhere gets TensorFlow's lines."""
    root = Path(mindgap.__file__).parents[1]
    found = [
        path.relative_to(root).as_posix()
        for folder in ("mindgap", "book")
        for path in (root / folder).rglob("*.py")
        if re.search(r"^\s*(import|from) clrs", path.read_text(), re.MULTILINE)
    ]
    assert found == ["mindgap/network/dm_clrs.py"]
