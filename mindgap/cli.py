"""The command `mindgap`: run experiments, print tables, make the book.

Results are recorded in a store, `book/results` unless another folder is named.
"""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import tyro

from mindgap.book import BookError
from mindgap.store import StoreError

RESULTS = Path("book") / "results"

app = tyro.extras.SubcommandApp()
book_app = tyro.extras.SubcommandApp()


@app.command
def run(
    name: tyro.conf.Positional[str],
    /,
    seeds: str | None = None,
    steps: int | None = None,
    store: Path = RESULTS,
    cluster: str | None = None,
    dry: bool = False,
) -> None:
    """Train what is missing and record it.

    Args:
        name: a table (table-1), one row of it (table-1/bfs), or all.
        seeds: first:end, end not included, or one number; if not given, the first few
            that `mindgap status` calls the least.
        steps: training steps; the experiment's own if not given.
        store: the folder of results.
        cluster: address of a dask scheduler (tcp://host:port) whose workers train; or
            local, for one worker per core of this machine.
        dry: only say what is missing.
    """
    from mindgap import experiments
    from mindgap.run import complete
    from mindgap.store import Store

    chosen, results = None if seeds is None else _seeds(seeds), Store(store)
    for experiment in experiments.find(name):
        wanted = range(experiment.least) if chosen is None else chosen
        if steps is not None:
            experiment = experiment.with_steps(steps)
        missing = results.missing(experiment.recorded, experiment.digest, wanted)
        print(
            f"{experiment.name}: {len(wanted) - len(missing)} of {len(wanted)} seeds "
            f"recorded, {experiment.train.steps} steps"
        )
        if not dry:
            complete(experiment, wanted, results, cluster=cluster)


@app.command
def status(*, json: bool = False, store: Path = RESULTS) -> None:
    """What is recorded of each experiment of the registry.

    Args:
        json: print data instead of lines.
        store: the folder of results.
    """
    from mindgap import experiments, report
    from mindgap.store import Store

    rows = list(experiments.EXPERIMENTS.values())
    found = report.progress(rows, Store(store))
    if json:
        _print_json([dataclasses.asdict(line) for line in found])
        return
    for line in found:
        left = "unknown" if line.hours_left is None else f"{line.hours_left:.1f} h"
        print(
            f"{line.name:<32} {line.seeds:>4} of {line.wanted} seeds, "
            f"{line.steps} steps; least {line.least}, {left} left"
        )
    hours = sum(line.hours_left or 0 for line in found)
    untimed = sum(line.hours_left is None for line in found)
    print(
        f"{hours:.1f} hours left to the least numbers"
        + (
            f", and {untimed} rows of which this device has run nothing similar"
            * bool(untimed)
        )
    )


@app.command
def table(
    name: tyro.conf.Positional[str],
    /,
    steps: int | None = None,
    json: bool = False,
    store: Path = RESULTS,
) -> None:
    """The paper's numbers and ours, in percent of pointers.

    Args:
        name: a table (table-1, or 1) or one row of it (table-1/bfs).
        steps: of runs with another number of training steps.
        json: print data instead of a table.
        store: the folder of results.
    """
    from mindgap import report
    from mindgap.store import Store

    rows = report.table(name, Store(store), steps)
    if json:
        _print_json([dataclasses.asdict(row) for row in rows])
        return
    print(report.compare(rows).to_string())
    for row in rows:
        if row.reason:
            print(f"{row.name}: {row.status}: {row.reason}")


@app.command
def params(*, task: str = "bfs", hidden_size: int = 128, heads: int = 1) -> None:
    """Every parameter of the network, with its shape and the total.

    Args:
        task: bfs, dfs or bellman_ford.
        hidden_size: width of the hidden state.
        heads: attention heads.
    """
    from mindgap import network, tasks

    if task not in tasks.TASKS:
        raise ValueError(f"no task {task!r}: one of {', '.join(tasks.TASKS)}")
    config = network.ModelConfig(hidden_size=hidden_size, heads=heads)
    total = 0
    for module, leaves in network.template(tasks.TASKS[task], config).items():
        for leaf, array in leaves.items():
            total += array.size
            shape = " x ".join(map(str, array.shape))
            print(f"{module + '/' + leaf:<32} {shape:>12} {array.size:>10,}")
    print(f"{'total':<32} {'':>12} {total:>10,}")


@app.command
def verify(
    program: tyro.conf.Positional[str],
    /,
    network: Literal["mindgap", "clrs"] = "mindgap",
    hidden_size: int | None = None,
    nodes: tuple[int, ...] = (4, 16, 64),
    graphs: int = 100,
    seed: int = 0,
    json: bool = False,
) -> None:
    """Compare algorithm, interpreter and compiled network; exit with 1 if they differ.

    Args:
        program: a graph program (bfs, bellman_ford, ...).
        network: mindgap for the paper's modified network, clrs for dm-clrs's own.
        hidden_size: of the network; the smallest that is large enough if not given.
        nodes: sizes of graphs.
        graphs: how many of each size, with linear and with random positions.
        seed: of the graphs.
        json: print data instead of a report.
    """
    from mindgap import verification
    from mindgap.programs import PROGRAMS

    if program not in PROGRAMS:
        raise KeyError(f"no program {program!r}: one of {', '.join(PROGRAMS)}")
    found = verification.verify(
        PROGRAMS[program], network, hidden_size, nodes, graphs, seed
    )
    if json:
        _print_json(dataclasses.asdict(found))
    else:
        print(found)
    if not found.exact:
        sys.exit(1)


@app.command
def merge(stores: tyro.conf.Positional[tuple[Path, ...]], /) -> None:
    """Add the records of all stores but the last to the last: mindgap merge A B.

    Args:
        stores: folders of results; the last is made if it is not there.
    """
    from mindgap.store import Store

    if len(stores) < 2:
        raise ValueError(f"merge needs two stores at least, got {len(stores)}")
    *others, into = map(Store, stores)
    for name, digest, added, already in into.merge(*others):
        print(f"{name} ({digest}): {added} seeds added, {already} there already")


@app.command
def bench(
    *,
    task: str | None = None,
    rounds: int = 5,
    growth: Path | None = None,
    json: bool = False,
) -> None:
    """Time a training step here and in dm-clrs, in turn, per seed.

    Args:
        task: bfs, bellman_ford or dfs; all three if not given.
        rounds: of which the median is taken.
        growth: instead, how ours grows with nodes, hidden size, seeds and hints, drawn
            to this file (.svg, .png).
        json: print data instead of a table.
    """
    from mindgap import bench, blocks, tasks

    if task is not None and task not in tasks.TASKS:
        raise ValueError(f"no task {task!r}: one of {', '.join(tasks.TASKS)}")
    if rounds < 1:
        raise ValueError(f"--rounds {rounds}: at least 1")
    if growth and task:
        raise ValueError(f"--growth is of BFS and its variants, not --task {task}")
    chosen = [t for name, t in tasks.TASKS.items() if task in (None, name)]
    blocks.use_cores()
    found = []
    for timing in bench.growth(rounds) if growth else bench.measure(chosen, rounds):
        found.append(timing)
        if not json:
            print(timing, flush=True)
    if growth:
        bench.draw(found, growth)
    if json:
        _print_json([dataclasses.asdict(timing) for timing in found])


@book_app.command(name="run")
def book_run(
    chapter: tyro.conf.Positional[str | None] = None,
    /,
    parameter: Annotated[
        tyro.conf.UseAppendAction[list[str]], tyro.conf.arg(aliases=["-p"])
    ] = [],  # noqa: B006
    file: Annotated[Path | None, tyro.conf.arg(aliases=["-f"])] = None,
) -> None:
    """Execute one chapter, or all, through papermill.

    Args:
        chapter: its name (03_baselines) or number (03); all if not given.
        parameter: name=value, as often as needed.
        file: YAML lines of name: value.
    """
    from mindgap import book

    values: dict[str, object] = {}
    for assignment in parameter:
        name, found, value = assignment.partition("=")
        if not found:
            raise ValueError(f"-p {assignment!r} is not of the form name=value")
        values[name] = value
    for path in book.run(_root(), chapter, values, file):
        print(path)


@book_app.command(name="site")
def book_site() -> None:
    """Build the site from executed chapters, warnings as errors."""
    from mindgap import book

    print(book.site(_root()) / "index.html")


@book_app.command(name="all")
def book_all() -> None:
    """Execute every chapter and build the site."""
    from mindgap import book

    print(book.everything(_root()) / "index.html")


@book_app.command(name="notebooks")
def book_notebooks() -> None:
    """Write each chapter's notebook anew from its source."""
    from mindgap import book

    for path in book.write_notebooks(_root()):
        print(path)


def main() -> None:
    """Runs the command; an error of the user's is one line, with exit status 2."""
    arguments = sys.argv[1:]
    try:
        if arguments[:1] == ["book"]:
            book_app.cli(
                prog="mindgap book",
                description="Make the book: run, site, all, notebooks.",
                args=arguments[1:],
            )
        else:
            app.cli(prog="mindgap", description=__doc__, args=arguments)
    except (BookError, StoreError, ValueError, KeyError, OSError, ImportError) as error:
        message = error.args[0] if isinstance(error, KeyError) else error
        print(f"mindgap: {message}", file=sys.stderr)
        sys.exit(2)


@app.command(name="book")
def _book() -> None:
    """Make the book: run, site, all, notebooks (see mindgap book --help)."""


def _seeds(text: str) -> range:
    try:
        numbers = [int(part) for part in text.split(":")]
        first, end = numbers if len(numbers) == 2 else (numbers[0], numbers[0] + 1)
        if len(numbers) > 2 or not 0 <= first < end:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"--seeds {text!r}: first:end with 0 <= first < end, or one number"
        ) from None
    return range(first, end)


def _root() -> Path:
    """The folder with `_toc.yml`, here or above."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "_toc.yml").exists():
            return folder
    raise BookError(f"no _toc.yml in {Path.cwd()} or above: run this in a checkout")


def _print_json(data: object) -> None:
    """Strict JSON: an undefined number is null."""

    def clean(value):
        if isinstance(value, float) and value != value:
            return None
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [clean(v) for v in value]
        return value

    print(json.dumps(clean(data), indent=1))
