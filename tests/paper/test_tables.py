"""The registry transcribes the paper, and its data sets are what they say."""

import collections
import functools
from pathlib import Path

import jax
import numpy as np
import pytest

import mindgap as mg
from mindgap import network, paper
from mindgap.experiments.base import BY_SIZE, CLRS30_TEST, IN_DISTRIBUTION
from mindgap.network import scoring
from mindgap.paper.trainability import HOLDING

ROWS = list(paper.EXPERIMENTS.values())
PRINTED = [e for e in ROWS if e.reported]


@pytest.mark.parametrize("experiment", PRINTED, ids=lambda e: e.name)
def test_maxima_are_shares_of_the_test_sets_pointers(experiment):
    pointers = experiment.test.nodes * experiment.test.graphs
    largest = experiment.reported.max
    nearest = round(largest / 100 * pointers) / pointers * 100
    assert abs(nearest - largest) <= 0.005 + 1e-9
    assert experiment.reported.mean <= largest


@functools.cache  # rows share tasks, networks and sizes
def scored(task, model, nodes):
    """The shape of the scores of two graphs."""

    def score(key):
        graphs = task.sample(key, nodes, 2)
        return scoring.score(task, model, network.init(task, model, key), graphs)

    return jax.eval_shape(score, jax.random.key(0)).shape


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("experiment", ROWS, ids=lambda e: e.name)
def test_every_row_can_be_trained_and_scored(experiment, quick):
    """Networks fit the sizes that they are trained and scored on (shapes only)."""
    settings = experiment.quick() if quick else experiment
    task, model = settings.task, settings.model
    assert settings.train.steps >= 100 and settings.train.batch >= 16

    sizes = {data.nodes for data in (settings.test, *settings.beside)}
    sizes |= {*settings.train.lengths}
    assert model.nodes is None or sizes == {model.nodes}
    for nodes in {min(sizes), max(sizes)}:
        assert scored(task, model, nodes) == (2,)


def test_rows_differ_where_their_sources_do():
    """No row is another's by mistake; Table 10's default is Table 1's."""
    digests = collections.Counter(e.digest for e in ROWS if not e.same_as)
    assert max(digests.values()) == 1
    (again,) = [e for e in ROWS if e.same_as]
    assert again.name == "table-10/default" and again.recorded == again.same_as
    assert again.digest == paper.EXPERIMENTS[again.same_as].digest


@pytest.mark.parametrize("task", HOLDING, ids=lambda task: task.name)
def test_a_row_trains_the_smallest_network_that_holds_its_program(task):
    programs = (p for p in mg.programs.PROGRAMS.values() if p.task == task)
    assert mg.suited(next(programs), 16).config == HOLDING[task]


def test_full_size_rows_are_scored_by_size_unless_tied_to_one():
    sized = {e.name: [d.nodes for d in e.by_size] for e in ROWS if e.by_size}
    assert sized["table-1/dfs"] == [16, 20, 24, 32, 48, 64]
    assert "trainability/dfs-scratch-32" in sized and "table-13/bfs" not in sized
    for row in ROWS:
        full = row.model.hidden_size == 128 and row.model.nodes is None
        assert (row.name in sized) == (full or row.sized), row.name
    assert not any(e.quick().by_size for e in ROWS)


def test_earlier_results_keep_their_place():
    """What is recorded for Table 1 was so before `l1` was a setting."""
    row = paper.find("table-1/bfs")[0]
    assert "l1" not in row.configuration["train"]
    with_l1 = paper.find("table-6/bfs-0.001")[0]
    assert with_l1.configuration["train"]["l1"] == 1e-3


def test_claims_name_rows_that_exist_and_every_table_bears_on_one():
    named = {name for claim in paper.CLAIMS.values() for name in claim.experiments}
    assert named <= paper.EXPERIMENTS.keys()
    tables = {paper.EXPERIMENTS[name].table for name in named}
    # Table 7's settings have neither a result nor a claim; the paper trains no `reach`
    # and no `departure`
    assert {row.table for row in ROWS} - tables == {"table-7", "reach", "departure"}
    for claim in paper.CLAIMS.values():
        assert claim.section and claim.says.endswith(".") and claim.measures
        assert claim.experiments or claim.measures == ("verification",)


def test_names_are_unique_and_sources_given():
    for name, experiment in paper.EXPERIMENTS.items():
        assert name == experiment.name and "/" in name
        place = experiment.table.replace("-", " ") if "table" in name else "section"
        assert experiment.source.lower().startswith(place)
        assert experiment.claim and isinstance(experiment.unsure, tuple)


def test_a_table_or_a_row_is_found_and_nothing_else():
    assert len(paper.find("table-1")) == 3 == len(paper.find("1"))
    assert paper.find("table-1/dfs")[0].task.name == "dfs"
    with pytest.raises(
        KeyError, match=r"no experiment 'table-1/dsf': .*or of their rows table-1/bfs"
    ):
        paper.find("table-1/dsf")


@pytest.mark.parametrize(
    "data", [CLRS30_TEST, IN_DISTRIBUTION[0], BY_SIZE[20]], ids=lambda d: d.name
)
def test_data_sets_are_what_they_say(data):
    graphs = data.draw(paper.EXPERIMENTS["table-1/bfs"].task)
    assert graphs.positions.shape == (data.graphs, data.nodes)
    linear = np.allclose(graphs.positions[0], np.arange(data.nodes) / data.nodes)
    assert linear != data.random_positions


def test_results_are_small_enough_to_be_part_of_the_book():
    home = Path(__file__).parents[2] / "book" / "results"
    kept = [*home.rglob("seeds-*.parquet"), *home.rglob("learned-*.safetensors")]
    assert sum(path.stat().st_size for path in kept) < 24e6
    learned = {
        str(p.parents[1].relative_to(home)) for p in kept if p.suffix != ".parquet"
    }
    assert learned <= {e.name for e in ROWS if e.keep}


def test_names_in_words():
    titles = {name: paper.report.title(name) for name in paper.EXPERIMENTS}
    assert len(set(titles.values())) == len(titles)
    assert titles["table-1/bellman-ford"] == "Table 1: Bellman-Ford"
    told = "Table 14: BFS, size 4, exact, rate 0.0001"
    assert titles["table-14/bfs-4-exact-0.0001"] == told
    assert titles["table-13/bfs-16"] == "Table 13: BFS, 16 nodes"
    assert titles["table-12/both-pairwise"] == "Table 12: both, pairwise"
    told = "Trainability: DFS, from scratch, size 32"
    assert titles["trainability/dfs-scratch-32"] == told
    told = "Trainability: BFS, sharpness 2^20, radius 0.01"
    assert titles["trainability/bfs-1048576-0.01"] == told
    assert titles["reach/dfs-to-16-nodes"] == "Reach: DFS, to 16 nodes"


def test_sets_of_graphs_are_named_in_words():
    row = paper.EXPERIMENTS["reach/dfs"]
    told = {paper.report.graphs_in_words(data) for data in (row.test, *row.beside)}
    assert told == {"CLRS-30's test", "as in training", "as CLRS-30's test"}
