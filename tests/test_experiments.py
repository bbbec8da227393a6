"""The registry transcribes the paper, and its data sets are what they say."""

import numpy as np
import pytest

from mindgap import experiments
from mindgap.experiments.base import CLRS30_TEST, IN_DISTRIBUTION


@pytest.mark.parametrize(
    "experiment", experiments.EXPERIMENTS.values(), ids=lambda e: e.name
)
def test_maxima_are_shares_of_the_test_sets_pointers(experiment):
    pointers = experiment.test.nodes * experiment.test.graphs
    largest = experiment.reported.max
    nearest = round(largest / 100 * pointers) / pointers * 100
    assert abs(nearest - largest) <= 0.005 + 1e-9
    assert experiment.reported.mean <= largest


def test_names_are_unique_and_sources_given():
    for name, experiment in experiments.EXPERIMENTS.items():
        assert name == experiment.name and "/" in name
        assert experiment.source.lower().startswith(experiment.table.replace("-", " "))
        assert experiment.claim and isinstance(experiment.unsure, tuple)


def test_a_table_or_a_row_is_found_and_nothing_else():
    assert len(experiments.find("table-1")) == 3
    assert experiments.find("table-1/dfs")[0].task.name == "dfs"
    with pytest.raises(
        KeyError, match=r"no experiment 'table-1/dsf': one of table-1/bfs"
    ):
        experiments.find("table-1/dsf")


@pytest.mark.parametrize(
    "data", [CLRS30_TEST, IN_DISTRIBUTION[0]], ids=lambda d: d.name
)
def test_data_sets_are_what_they_say(data):
    graphs = data.draw(experiments.EXPERIMENTS["table-1/bfs"].task)
    assert graphs.positions.shape == (data.graphs, data.nodes)
    linear = np.allclose(graphs.positions[0], np.arange(data.nodes) / data.nodes)
    assert linear != data.random_positions
