"""What is said of a compiled network holds in the network itself."""

import numpy as np
import pytest

import mindgap as mg
from mindgap import network, programs
from mindgap.compiler.ground_truth import ground_truth
from tests import cases


@pytest.mark.parametrize("name", ["bfs", "bellman_ford", "dfs"])
def test_heads_coordinates_and_zeros_are_as_said(name, key):
    compiled = mg.suited(programs.PROGRAMS[name], 6)
    graphs = cases.within(compiled, compiled.task.sample(key, 6, 16).trimmed())
    truth = ground_truth(compiled, graphs)
    found = network.apply(compiled.task, compiled.config, compiled.params, graphs)
    looked = np.moveaxis(np.asarray(found.attention).argmax(-1), 2, 0)
    seen = truth.active & truth.taken[None, :, :, None]
    for head, selection in enumerate(truth.heads):
        margin = compiled.limits.margins[selection]
        run = mg.interpret(compiled.program, graphs, truth.taken.shape[1])
        read = mg.compiler.limits.matters(margin, run, selection)
        where = seen[head] & read
        assert (looked[head] == truth.selected[head])[where].all() and where.any()
    for component, held in truth.states.items():
        said = np.asarray(compiled.layout.read(found.states, component))
        assert np.abs(said - held)[truth.taken].max() < 1e-4
    used = np.flatnonzero((np.asarray(found.states) != 0).any((0, 1, 2)))
    assert set(used.tolist()) <= set(truth.coordinates)
    for name_of, zero in truth.zeros.items():
        module, _, leaf = name_of.rpartition("/")
        parameter = np.asarray(compiled.params[module][leaf])
        assert ((parameter == 0) == zero).all() and zero.shape == parameter.shape


def test_where_a_network_is_not_exact_there_is_no_truth():
    compiled = mg.suited(programs.bellman_ford, 4)
    square = np.array([[0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1], [0, 1, 1, 0]])
    graphs = compiled.task.run(0.5 * square[None], 0)
    with pytest.raises(mg.OutOfRange, match="1 of 1 graphs, the first because: two"):
        ground_truth(compiled, graphs)
