"""The benchmark times what it says, on both sides."""

import dataclasses
import json
import sys

import pytest
from matplotlib import pyplot as plt

from mindgap import bench, cli, tasks
from mindgap.network import ModelConfig
from mindgap.training import TrainConfig

SHORT = TrainConfig(lengths=(4,), batch=4, validation_graphs=4)


@pytest.mark.clrs
@pytest.mark.slow
@pytest.mark.large
def test_both_sides_are_timed_and_compared():
    found = bench.against_dm_clrs(tasks.bfs, 1, ModelConfig(hidden_size=8), SHORT)
    assert (found.task, found.hidden_size, found.seeds) == ("bfs", 8, 8)
    assert found.dm_clrs_ms is not None and found.sampling_dm_clrs_ms is not None
    assert found.ratio == pytest.approx(found.dm_clrs_ms / found.ours_ms)
    assert 0 < found.sampling_ours_ms and 0 < found.sampling_dm_clrs_ms
    assert 0 < found.memory_gib < 1


@pytest.mark.clrs
def test_sampling_is_timed_on_both_sides():
    (found,) = bench.sampling([tasks.minimum], 1)
    assert found.task == "minimum" and 0 < found.ours_ms and 0 < found.dm_clrs_ms
    assert found.ratio == pytest.approx(found.dm_clrs_ms / found.ours_ms)


@pytest.mark.slow
def test_an_ensemble_is_timed_per_seed():
    found = bench.alone(tasks.bfs, 1, hidden_size=4, seeds=3, config=SHORT)
    assert found.seeds == 3 and found.ratio is None and found.ours_ms > 0


@pytest.mark.slow
@pytest.mark.large
def test_growth_varies_one_setting_at_a_time(monkeypatch):
    asked = []

    def cost(varied, task, nodes, size, seeds, rounds):
        asked.append((varied, (task.name, nodes, size, seeds)))
        return bench.Cost(varied, task.name, nodes, size, seeds, 1.0, 1.0, 0.1, "cpu")

    real = bench._cost("hints", tasks.bfs_padded, 4, 4, 2, 1)
    assert real.hints == 12 and real.ms > 0 and real.memory_gib > 0
    monkeypatch.setattr(bench, "_cost", cost)
    found = list(bench.growth(1))
    assert {line.varied for line in found} == {"nodes", "hidden size", "seeds", "hints"}
    usual = next(settings for varied, settings in asked if varied == "hints")
    for place, varied in enumerate(("hints", "nodes", "hidden size", "seeds")):
        for settings in (settings for name, settings in asked if name == varied):
            others = [i for i in range(4) if i != place]
            assert [settings[i] for i in others] == [usual[i] for i in others]


def test_growth_is_drawn_by_what_was_varied(monkeypatch, tmp_path):
    def cost(varied, task, nodes, size, seeds, rounds):
        return bench.Cost(varied, task.name, nodes, size, seeds, 7.0, 2.0, 0.1, "cpu")

    monkeypatch.setattr(bench, "_cost", cost)
    path = tmp_path / "cost.svg"
    monkeypatch.setattr(sys, "argv", ["mindgap", "bench", "--growth", str(path)])
    with plt.rc_context({"svg.fonttype": "none"}):
        cli.main()
    drawn = path.read_text()
    for label in ("nodes", "hidden size", "seeds", "hints", "ms per seed and step"):
        assert f">{label}<" in drawn


def test_medians_of_rounds_after_one_that_is_not_counted():
    calls = iter(range(100))
    one = [lambda: float(next(calls))] * 2
    said = []
    found = bench._in_turn((one, one), 2, said.append)
    assert found == [[[4, 8], [6, 10]], [[5, 9], [7, 11]]]
    assert len(said) == 3 and said[-1].endswith("about 0 s left")


def test_the_command_prints_data(monkeypatch, capsys):
    timing = bench.Timing("bfs", 128, 1, 2.0, 30.0, 15.0, 0.1, 9.0, 90.0, 0.5, "cpu")
    small = dataclasses.replace(timing, hidden_size=4, dm_clrs_ms=None, ratio=None)

    def timed(made):
        def one(task, rounds, *settings):
            report = settings[-1]
            bench._in_turn(([lambda: 0.0],), rounds, report)
            return made

        return one

    monkeypatch.setattr(bench, "against_dm_clrs", timed(timing))
    monkeypatch.setattr(bench, "alone", timed(small))
    monkeypatch.setattr(sys, "argv", ["mindgap", "bench", "--task", "bfs", "--json"])
    cli.main()
    said = capsys.readouterr()
    first, second = json.loads(said.out)
    assert said.err.count("bfs: compiling") == 2 and said.err.count("round 1 of") == 2
    assert first["task"] == "bfs" and first["ratio"] == 15 and second["ratio"] is None
    assert first["ours_ms"] == 2 and first["dm_clrs_ms"] == 30
    assert "15.0 times as much" in str(timing)


def test_the_command_names_what_it_does_not_know(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["mindgap", "bench", "--task", "dijkstra"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "dijkstra" in capsys.readouterr().err
    for also in (["--task", "bfs"], ["--sampling"]):
        asked = ["mindgap", "bench", "--growth", "cost.svg", *also]
        monkeypatch.setattr(sys, "argv", asked)
        with pytest.raises(SystemExit):
            cli.main()
        said = capsys.readouterr().err
        assert "--growth times BFS" in said and " ".join(also) in said
