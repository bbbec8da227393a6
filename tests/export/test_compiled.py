"""A compiled network in a file is the same network again."""

import dataclasses
import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import mindgap as mg
from mindgap import export, programs
from tests import cases


@pytest.mark.parametrize("name", ["bfs", "dijkstra", "dfs"])
def test_what_is_read_is_what_was_written(name, tmp_path, key):
    program = programs.PROGRAMS[name]
    compiled = mg.compile(program, mg.suited(program, 6).config, sharpness=2.0**20)
    path = export.save(tmp_path / "it.safetensors", compiled)
    read = export.load(path)
    assert read.program is compiled.program and read.config == compiled.config
    assert (read.limits, read.sharpness) == (compiled.limits, compiled.sharpness)
    graphs = cases.within(compiled, compiled.task.sample(key, 6, 8))
    for one, other in zip(compiled(graphs).states, read(graphs).states, strict=True):
        assert_array_equal(one, other)


def test_a_file_can_be_read_without_this_library(tmp_path):
    compiled = mg.suited(programs.bfs, 4)
    path = export.save(tmp_path / "it.safetensors", compiled)
    arrays = load_file(path)
    assert_array_equal(
        arrays["attention/value/w"], compiled.params["attention/value"]["w"]
    )
    with safe_open(path, "numpy") as file:
        about = {name: json.loads(text) for name, text in file.metadata().items()}
    assert about["config"]["hidden_size"] == compiled.config.hidden_size
    assert set(about["coordinates"].values()) == set(compiled.layout.names.values())
    assert "positions" in " ".join(about["limits"])


OWN = mg.GraphProgram(
    name="lightest",
    start=lambda init: {"to": init.index},
    select=lambda self, other, init, edge: mg.Min(
        edge.weight, where=edge.adj, default=self
    ),
    update=lambda self, other, init, edge: {"to": other.index},
)


def test_a_program_of_ones_own_has_to_be_given(tmp_path):
    path = export.save(tmp_path / "it.safetensors", mg.suited(OWN, 4))
    with pytest.raises(ValueError, match="has the program lightest, which is none of"):
        export.load(path)
    assert export.load(path, OWN).program is OWN
    other = dataclasses.replace(
        OWN,
        select=lambda self, other, init, edge: mg.Max(
            edge.weight, where=edge.adj, default=self
        ),
    )
    with pytest.raises(ValueError, match="was compiled from another program; it has"):
        export.load(path, other)


def test_a_changed_file_is_refused(tmp_path):
    path = export.save(tmp_path / "it.safetensors", mg.suited(OWN, 4))
    with safe_open(path, "numpy") as file:
        about = file.metadata()
    arrays = load_file(path)
    arrays["attention/value/w"] = np.nextafter(arrays["attention/value/w"], 9)
    save_file(arrays, path, about)
    with pytest.raises(ValueError, match=r"attention/value/w is not what lightest is"):
        export.load(path, OWN)
    save_file(arrays, path)
    with pytest.raises(ValueError, match="has no compiled network: it lacks program"):
        export.load(path, OWN)
    path.write_bytes(b"no such thing")
    with pytest.raises(ValueError, match="is no file of weights"):
        export.load(path)
