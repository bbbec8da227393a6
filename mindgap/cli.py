"""The command `mindgap`: run experiments, print tables, make the book.

Results are recorded in a store, `book/results` unless another folder is named.
"""

import dataclasses
import functools
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

try:
    from mindgap.book.build import BookError
    from mindgap.extras import require
    from mindgap.store import StoreError

    require("run", "the command mindgap", "tyro")
except ImportError as error:
    sys.exit(str(error))

import tyro

import mindgap

if TYPE_CHECKING:
    from mindgap.experiments.base import Experiment
    from mindgap.store import Store

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
    time_limit: str | None = None,
    again: bool = False,
    dry: bool = False,
) -> None:
    """Train what is missing and record it.

    Args:
        name: a table (table-1), one row of it (table-1/bfs), or all.
        seeds: first:end, end not included, or one number; if not given, the first eight
            that decide about the row (see mindgap status).
        steps: training steps; the experiment's own if not given.
        store: the folder of results.
        cluster: address of a dask scheduler (tcp://host:port) whose workers train; or
            local, for one worker per core of this machine.
        time_limit: 90s, 25m or 1h30m: work through what is most wanted, stop within
            this time, keep what is unfinished for the next run, and say what is left.
        again: train recorded seeds again (the first recorded one if none are named) and
            say whether they are the same; nothing is recorded.
        dry: only say what is missing, in the order of the work.
    """
    from mindgap import paper
    from mindgap.experiments.run import complete
    from mindgap.paper import campaign
    from mindgap.store import Store

    chosen, results = None if seeds is None else _seeds(seeds), Store(store)
    rows = paper.find(name)
    if steps is not None:
        rows = [row.with_steps(steps) for row in rows]
    if again:
        _refuse_beside("--again", cluster=cluster, time_limit=time_limit, dry=dry)
        _again(rows, chosen, results)
        return
    if time_limit is not None:
        _refuse_beside("--time-limit", cluster=cluster, seeds=seeds, dry=dry)
        campaign.work(rows, results, _duration(time_limit))
        return
    work = (
        campaign.most_wanted(rows, results, goals=1)
        if chosen is None
        else [(row, chosen) for row in rows]
    )
    for row, wanted in work:
        missing = results.missing(row.recorded, row.digest, wanted)
        print(
            f"{row.name}: {len(wanted) - len(missing)} of {len(wanted)} seeds "
            f"recorded, {row.train.steps} steps"
        )
        if not dry:
            complete(row, wanted, results, cluster=cluster)


def _again(rows: "list[Experiment]", seeds: "range | None", store: "Store") -> None:
    """One line for each repeated seed; exit status 1 if one is not the same."""
    from mindgap.experiments.run import again

    right, done = True, 0
    for row in rows:
        records = store.records(row.recorded, row.digest)
        if not records and len(rows) > 1:
            print(f"{row.name}: nothing is recorded")
            continue
        first = records[0].seeds[:1] if records else (0,)
        for found in again(row, list(seeds or first), store):
            right, done = right and found.right, done + 1
            kind = "a machine of the same kind" if found.alike else "another machine"
            print(
                f"{row.name} seed {found.seed}: {found.kind}, recorded on {kind}; "
                f"first loss differs by {found.first_loss:.1e}, "
                f"score by {found.score:.3f} points"
            )
    if not right:
        sys.exit(1)


@app.command
def status(*, json: bool = False, store: Path = RESULTS) -> None:
    """What is recorded of each experiment of the registry, and what is wanted.

    Args:
        json: print data instead of lines.
        store: the folder of results.
    """
    from mindgap import paper
    from mindgap.paper import campaign
    from mindgap.store import Store

    rows, results = list(paper.EXPERIMENTS.values()), Store(store)
    results.prove_folder()
    results.prove_stream()
    found = campaign.progress(rows, results)
    if json:
        _print_json([dataclasses.asdict(line) for line in found])
        return

    def goal(count: int | None, hours: float | None) -> str:
        if count is None:
            return "–"
        return f"{count} ({'?' if hours is None else f'{hours:.1f}'} h)"

    print(
        f"{'row':<40} {'seeds':>5} {'deciding':>12} {'for a verdict':>14} "
        f"{'to be equivalent':>16} {'the paper’s':>14} {'by size':>7} {'steps':>6}"
    )
    for line in found:
        first = f"{line.deciding} from {line.first}" if line.first else line.deciding
        sized = "–" if line.sized is None else line.sized
        print(
            f"{line.name:<40} {line.seeds:>5} {first:>12} "
            f"{goal(line.least, line.hours_to_least):>14} "
            f"{goal(line.equivalent, line.hours_to_equivalent):>16} "
            f"{goal(line.wanted, line.hours_to_wanted):>14} {sized:>7} {line.steps:>6}"
        )
    print(campaign.remaining(rows, results))


@app.command
def table(
    name: tyro.conf.Positional[str],
    /,
    steps: int | None = None,
    json: bool = False,
    store: Path = RESULTS,
) -> None:
    """The paper's numbers and ours, in percent of pointers, with the verdicts.

    Args:
        name: a table (table-1, or 1) or one row of it (table-1/bfs).
        steps: of runs with another number of training steps.
        json: print data instead of a table.
        store: the folder of results.
    """
    from mindgap.paper import verdicts
    from mindgap.store import Store

    results = Store(store)
    results.prove_folder()
    rows = verdicts.rows(name, results, steps)
    if json:
        _print_json([verdicts.data_of(row) for row in rows])
        return
    print(verdicts.compare(rows).to_string())


@app.command
def sizes(
    name: tyro.conf.Positional[str],
    /,
    json: bool = False,
    figure: Path | None = None,
    store: Path = RESULTS,
) -> None:
    """Pointers right by number of nodes, in percent, both checkpoints.

    Args:
        name: one row (table-1/dfs), or any with --figure.
        json: print data instead of lines.
        figure: draw the figure of the three tasks of Table 1 to this file (.svg, .png).
        store: the folder of results.
    """
    from mindgap import paper
    from mindgap.paper import by_size
    from mindgap.store import Store

    rows, results = paper.find(name), Store(store)
    results.prove_folder()
    if figure:
        by_size.draw(results, figure)
        print(figure)
        return
    if len(rows) > 1:
        raise ValueError(f"sizes {name!r} is several rows: name one of them")
    found = by_size.table(rows[0], results)
    if json:
        _print_json([dataclasses.asdict(line) for line in found])
        return
    for line in found:
        spread = "" if line.std != line.std else f" ± {line.std:.2f}"
        print(
            f"{line.nodes:>3} nodes, {line.checkpoint:<4} {line.mean:6.2f}{spread}, "
            f"{line.seeds} seeds, first wrong hint after step {line.first_wrong:.1f} "
            f"of {line.steps:.0f} ({line.source})"
        )


@app.command
def measure(name: tyro.conf.Positional[str], /, store: Path = RESULTS) -> None:
    """Measure trained networks whose weights are in the store, as a block is by now.

    For networks that were trained before there was a measure: scores by size,
    interventions, probes, landscape. What is measured already stays.

    Args:
        name: a table (table-1), one row of it (table-1/bfs), or all.
        store: the folder of results and weights.
    """
    from mindgap import paper
    from mindgap.experiments import blocks, remeasure
    from mindgap.store import Store

    results = Store(store)
    results.prove_folder()
    blocks.use_cores()
    blocks.cache_compilation()
    for row in paper.find(name):
        for line in remeasure.measure(row, results):
            print(line, flush=True)


@app.command
def params(*, task: str = "bfs", hidden_size: int = 128, heads: int = 1) -> None:
    """Every parameter of the network, with its shape and the total.

    Args:
        task: bfs, dfs, bellman_ford, dijkstra, ... or a variant (bfs_sequential).
        hidden_size: width of the hidden state.
        heads: attention heads.
    """
    from mindgap import network, tasks

    known = {**tasks.TASKS, **tasks.BEYOND, **tasks.VARIANTS}
    if task not in known:
        raise ValueError(f"no task {task!r}: one of {', '.join(known)}")
    config = network.ModelConfig(hidden_size=hidden_size, heads=heads)
    total = 0
    for module, leaves in network.template(known[task], config).items():
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
    from mindgap.compiler import verification
    from mindgap.programs import PROGRAMS

    if program not in PROGRAMS:
        raise KeyError(f"no program {program!r}: one of {', '.join(PROGRAMS)}")
    found = verification.verify(
        PROGRAMS[program], network, hidden_size, nodes, graphs, seed, _progress
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
    from mindgap import bench, tasks
    from mindgap.experiments import blocks

    if task is not None and task not in tasks.TASKS:
        raise ValueError(f"no task {task!r}: one of {', '.join(tasks.TASKS)}")
    if rounds < 1:
        raise ValueError(f"--rounds {rounds}: at least 1")
    if growth and task:
        raise ValueError(f"--growth is of BFS and its variants, not --task {task}")
    chosen = [t for name, t in tasks.TASKS.items() if task in (None, name)]
    blocks.use_cores()
    what = "BFS and its variants" if growth else ", ".join(t.name for t in chosen)
    _progress(f"timing {what}, {rounds} rounds: minutes for each on a few cores")
    found, way = (
        [],
        bench.growth if growth else functools.partial(bench.measure, chosen),
    )
    for timing in way(rounds, _progress):
        found.append(timing)
        print(timing, file=sys.stderr if json else sys.stdout, flush=True)
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
    from mindgap.book import build

    values: dict[str, object] = {}
    for assignment in parameter:
        name, found, value = assignment.partition("=")
        if not found:
            raise ValueError(f"-p {assignment!r} is not of the form name=value")
        values[name] = value
    for path in build.run(_root(), chapter, values, file):
        print(path)


@book_app.command(name="site")
def book_site() -> None:
    """Build the site from executed chapters, warnings as errors."""
    from mindgap.book import build

    print(build.site(_root()) / "index.html")


@book_app.command(name="all")
def book_all() -> None:
    """Execute every chapter and build the site."""
    from mindgap.book import build

    print(build.everything(_root()) / "index.html")


@book_app.command(name="notebooks")
def book_notebooks() -> None:
    """Write each chapter's notebook anew from its source."""
    from mindgap.book import build

    for path in build.write_notebooks(_root()):
        print(path)


def main() -> None:
    """Runs the command; an error of the user's is one line, with exit status 2."""
    arguments = sys.argv[1:]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # terminals without UTF-8
    if arguments == ["--version"]:
        print(f"mindgap {mindgap.__version__}")
        return
    try:
        _check_platform()
        if arguments[:1] == ["book"]:
            book_app.cli(
                prog="mindgap book",
                description="Make the book: run, site, all, notebooks.",
                args=arguments[1:],
            )
        else:
            app.cli(prog="mindgap", description=__doc__, args=arguments)
    except (
        BookError,
        StoreError,
        ValueError,
        KeyError,
        OSError,
        ImportError,
        FloatingPointError,
    ) as error:
        message = error.args[0] if isinstance(error, KeyError) else error
        print(f"mindgap: {message}", file=sys.stderr)
        sys.exit(2)


@app.command(name="book")
def _book() -> None:
    """Make the book: run, site, all, notebooks (see mindgap book --help)."""


def _progress(line: str) -> None:
    """What is done next, on standard error: with --json, too."""
    print(line, file=sys.stderr, flush=True)


def _check_platform() -> None:
    """Raises ValueError if JAX is told to use devices that are not there."""
    wanted = os.environ.get("JAX_PLATFORMS")
    if not wanted:
        return
    import jax

    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0] if str(error) else "it does not start"
        raise ValueError(f"JAX_PLATFORMS={wanted} is not here: {why}") from None


def _refuse_beside(flag: str, **others: object) -> None:
    """Raises ValueError if a flag is given that means nothing beside another."""
    for name, value in others.items():
        if value:
            raise ValueError(f"--{name.replace('_', '-')} means nothing with {flag}")


def _duration(text: str) -> float:
    """Seconds of `90s`, `25m`, `1h30m`."""
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    hours, minutes, seconds = (
        (int(p or 0) for p in parts.groups()) if parts else [0] * 3
    )
    total = 3600 * hours + 60 * minutes + seconds
    if not total:
        raise ValueError(
            f"--time-limit {text!r} is no duration: hours, minutes and seconds with "
            "their letters, as in 90s, 25m or 1h30m"
        )
    return float(total)


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
