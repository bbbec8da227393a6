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
    """Train the seeds that are not recorded yet, and record their results.

    Args:
        name: a table (table-1), one row of it (table-1/bfs), or all.
        seeds: first:end, where end is not included, or one number; by default the
            first eight seeds that count for the row's verdict (see mindgap status).
        steps: number of training steps; by default the experiment's own.
        store: the folder of results.
        cluster: address of a dask scheduler (tcp://host:port) whose workers train; or
            local, for one worker per core of this machine.
        time_limit: 90s, 25m or 1h30m: train the most wanted seeds first, stop within
            this time, keep unfinished blocks for the next run, and print what is left.
        again: train recorded seeds again (by default the first recorded one) and print
            whether the results are the same; nothing is recorded.
        dry: train nothing; print what is missing, in the order of training.
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
    """Train recorded seeds again and print one line for each.

    Exits with status 1 if the result of one repeated seed is not the same.
    """
    from mindgap.experiments.run import again

    all_same = True
    for row in rows:
        records = store.records(row.recorded, row.digest)
        if not records and len(rows) > 1:
            print(f"{row.name}: nothing is recorded")
            continue
        first = records[0].seeds[:1] if records else (0,)
        for repeat in again(row, list(seeds or first), store):
            all_same = all_same and repeat.right
            kind = "a machine of the same kind" if repeat.alike else "another machine"
            print(
                f"{row.name} seed {repeat.seed}: {repeat.kind}, recorded on {kind}; "
                f"first loss differs by {repeat.first_loss:.1e}, "
                f"score by {repeat.score:.3f} points"
            )
    if not all_same:
        sys.exit(1)


@app.command
def status(*, json: bool = False, store: Path = RESULTS) -> None:
    """Print which seeds of each experiment are recorded, and which are still wanted.

    Args:
        json: print JSON instead of lines.
        store: the folder of results.
    """
    from mindgap import paper
    from mindgap.paper import campaign
    from mindgap.store import Store

    rows, results = list(paper.EXPERIMENTS.values()), Store(store)
    results.prove_folder()
    results.prove_stream()
    lines = campaign.progress(rows, results)
    if json:
        _print_json([dataclasses.asdict(line) for line in lines])
        return

    def goal(count: int | None, hours: float | None) -> str:
        if count is None:
            return "–"
        return f"{count} ({'?' if hours is None else f'{hours:.1f}'} h)"

    print(
        f"{'row':<40} {'seeds':>5} {'deciding':>12} {'for a verdict':>14} "
        f"{'to be equivalent':>16} {'the paper’s':>14} {'by size':>7} {'steps':>6}"
    )
    for line in lines:
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
    """Print the paper's numbers beside the recorded ones, with the verdicts.

    Numbers are percentages of right pointers.

    Args:
        name: a table (table-1, or 1) or one row of it (table-1/bfs).
        steps: show runs with this number of training steps; they have no verdict.
        json: print JSON instead of a table.
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
    print(verdicts.compare(rows, named=str).to_string())


@app.command
def sizes(
    name: tyro.conf.Positional[str],
    /,
    json: bool = False,
    figure: Path | None = None,
    store: Path = RESULTS,
) -> None:
    """Print the percentage of right pointers by number of nodes, of both checkpoints.

    Args:
        name: one row (table-1/dfs), or with --figure table-1, the table that is drawn.
        json: print JSON instead of lines.
        figure: draw the figure of the three tasks of Table 1 to this file (.svg, .png).
        store: the folder of results.
    """
    from mindgap import paper
    from mindgap.paper import by_size
    from mindgap.store import Store

    rows, results = paper.find(name), Store(store)
    results.prove_folder()
    if figure:
        if name != "table-1":
            raise ValueError(f"sizes {name!r} --figure: only table-1 can be drawn")
        by_size.draw(results, figure)
        print(figure)
        return
    if len(rows) > 1:
        raise ValueError(f"sizes {name!r} is several rows: name one of them")
    lines = by_size.table(rows[0], results)
    if json:
        _print_json([dataclasses.asdict(line) for line in lines])
        return
    for line in lines:
        spread = "" if line.std != line.std else f" ± {line.std:.2f}"
        print(
            f"{line.nodes:>3} nodes, {line.checkpoint:<4} {line.mean:6.2f}{spread}, "
            f"{line.seeds} seeds, first wrong hint after step {line.first_wrong:.1f} "
            f"of {line.steps:.0f} ({line.source})"
        )


@app.command
def measure(name: tyro.conf.Positional[str], /, store: Path = RESULTS) -> None:
    """Add missing measures to trained networks whose weights are in the store.

    For networks that were trained before a measure was added: scores by size,
    interventions, probes, landscape. Measures that are recorded already are kept.

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
    """Print each parameter array of the network with its shape and size, and the total.

    Args:
        task: bfs, dfs, bellman_ford, dijkstra, ... or a variant (bfs_sequential).
        hidden_size: width of the hidden state.
        heads: number of attention heads.
    """
    from mindgap import network, tasks

    known = {**tasks.CLRS, **tasks.VARIANTS}
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
        program: a graph program (bfs, bellman_ford, ...), or all, one after the other;
            those that the network does not hold are said, and left out.
        network: mindgap for the paper's modified network, clrs for dm-clrs's own.
        hidden_size: width of the hidden state; by default the smallest that suffices.
        nodes: numbers of nodes of the graphs.
        graphs: number of graphs of each size, each with linear and with random
            positions.
        seed: seed of the graphs.
        json: print JSON instead of a report.
    """
    from mindgap.compiler import verification
    from mindgap.compiler.static import CannotCompile
    from mindgap.programs import PROGRAMS

    if program not in [*PROGRAMS, "all"]:
        raise KeyError(f"no program {program!r}: all, or one of {', '.join(PROGRAMS)}")
    results: list[verification.Verification] = []
    for name in PROGRAMS if program == "all" else [program]:
        try:
            result = verification.verify(
                PROGRAMS[name], network, hidden_size, nodes, graphs, seed, _progress
            )
        except CannotCompile:
            if program != "all":
                raise
            kind = "dm-clrs's kind" if network == "clrs" else "this kind and size"
            _progress(f"{name}: no network of {kind} holds it")
            continue
        results.append(result)
        if not json:
            print(result, flush=True)
    if json:
        told = [dataclasses.asdict(result) for result in results]
        _print_json(told if program == "all" else told[0])
    if not all(result.exact for result in results):
        sys.exit(1)


@app.command
def export(
    name: tyro.conf.Positional[str],
    /,
    *,
    to: Literal["npz", "pyg", "onnx"] = "npz",
    out: Path | None = None,
    nodes: int = 16,
    network: Literal["mindgap", "clrs"] = "mindgap",
    store: Path = RESULTS,
) -> None:
    """Write a compiled or trained network for NumPy, PyTorch Geometric or ONNX.

    Args:
        name: a graph program (bfs), compiled; or a row (table-1/bfs), of which the kept
            trained network is taken.
        to: npz for one file of arrays; pyg for a folder with weights and a PyTorch
            module around PyTorch Geometric's GATv2Conv; onnx for a model of one
            number of nodes (needs jax2onnx).
        out: the file or folder; by default the name, with - for /.
        nodes: number of nodes that a compiled network with an attention bias takes, and
            that of an ONNX model.
        network: mindgap for the paper's modified network, clrs for dm-clrs's own.
        store: the folder of results.
    """
    from mindgap import export, paper
    from mindgap.compiler import smallest
    from mindgap.experiments import learned
    from mindgap.programs import PROGRAMS
    from mindgap.store import Store

    if name in PROGRAMS:
        compiled = smallest.suited(PROGRAMS[name], nodes, network)
        parts = compiled.task, compiled.config, compiled.params
    elif "/" in name:
        (row,) = paper.find(name)
        parts = row.task, row.model, learned.load(row, Store(store)).params
    else:
        raise ValueError(
            f"export {name!r}: neither a row (table-1/bfs) nor one of the programs "
            f"{', '.join(PROGRAMS)}"
        )
    ending = {"npz": ".npz", "pyg": "", "onnx": ".onnx"}[to]
    path = out or Path(name.replace("/", "-") + ending)
    if to == "onnx":
        print(export.to_onnx(path, *parts, nodes))
    else:
        print((export.to_npz if to == "npz" else export.to_pyg)(path, *parts))


@app.command
def merge(stores: tyro.conf.Positional[tuple[Path, ...]], /) -> None:
    """Add records to the last store named: mindgap merge A B adds those of A to B.

    Of each row that has got more seeds, the network that is best by validation is kept.

    Args:
        stores: folders of results; the last one is created if it does not exist.
    """
    from mindgap import paper
    from mindgap.experiments import learned
    from mindgap.store import Store

    if len(stores) < 2:
        raise ValueError(f"merge needs two stores at least, got {len(stores)}")
    *others, into = map(Store, stores)
    merged = into.merge(*others)
    for name, digest, added, already in merged:
        print(f"{name} ({digest}): {added} seeds added, {already} there already")
    grown = {(found.name, found.digest) for found in merged if found.added}
    for row in paper.EXPERIMENTS.values():
        if row.keep and (row.recorded, row.digest) in grown:
            learned.keep(row, into)


@app.command
def bench(
    *,
    task: str | None = None,
    rounds: int = 5,
    growth: Path | None = None,
    sampling: bool = False,
    json: bool = False,
) -> None:
    """Time a training step per seed, here and in dm-clrs, in alternation.

    Args:
        task: bfs, bellman_ford or dfs; by default all three. With --sampling any task
            of CLRS that is compiled here, by default all of them.
        rounds: number of rounds, whose median is reported.
        growth: without dm-clrs, time how a step grows with nodes, hidden size, seeds
            and hints, and draw the times to this file (.svg, .png).
        sampling: time the drawing of inputs with their traces, and no training.
        json: print JSON instead of lines.
    """
    from mindgap import bench, tasks
    from mindgap.experiments import blocks

    known = tasks.CLRS if sampling else tasks.TASKS
    if task is not None and task not in known:
        raise ValueError(f"no task {task!r}: one of {', '.join(known)}")
    if rounds < 1:
        raise ValueError(f"--rounds is {rounds}, it must be at least 1")
    if growth and (task or sampling):
        raise ValueError(
            "--growth times BFS and its variants, so it cannot be combined with "
            + ("--sampling" if sampling else f"--task {task}")
        )
    chosen = [t for name, t in known.items() if task in (None, name)]
    blocks.use_cores()
    names = "BFS and its variants" if growth else ", ".join(t.name for t in chosen)
    long = "some seconds" if sampling else "two to six minutes"
    _progress(
        f"timing {names}, {rounds} rounds: {long} a task on two cores; "
        "each round says how long is left"
    )
    timed = bench.sampling if sampling else bench.measure
    measurement = bench.growth if growth else functools.partial(timed, chosen)
    timings = []
    for timing in measurement(rounds, _progress):
        timings.append(timing)
        print(timing, file=sys.stderr if json else sys.stdout, flush=True)
    if growth:
        bench.draw(timings, growth)
    if json:
        _print_json([dataclasses.asdict(timing) for timing in timings])


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
        chapter: name (03_baselines) or number (03) of a chapter; by default all.
        parameter: name=value; repeat the option for several parameters.
        file: a YAML file of parameters, one line of name: value for each.
    """
    from mindgap.book import build

    values: dict[str, object] = {}
    for assignment in parameter:
        name, separator, value = assignment.partition("=")
        if not separator:
            raise ValueError(f"-p {assignment!r} is not of the form name=value")
        values[name] = value
    for path in build.run(_root(), chapter, values, file):
        print(path)


@book_app.command(name="site")
def book_site() -> None:
    """Build the site from the executed chapters; any warning is an error."""
    from mindgap.book import build

    print(build.site(_root()) / "index.html")


@book_app.command(name="all")
def book_all() -> None:
    """Execute every chapter and build the site."""
    from mindgap.book import build

    print(build.everything(_root()) / "index.html")


@book_app.command(name="notebooks")
def book_notebooks() -> None:
    """Write each chapter's notebook from its source."""
    from mindgap.book import build

    for path in build.write_notebooks(_root()):
        print(path)


def main() -> None:
    """Run the command; an expected error is printed as one line, with exit status 2."""
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
    """Print a line of progress to standard error; with --json, stdout is data only."""
    print(line, file=sys.stderr, flush=True)


def _check_platform() -> None:
    """Raises ValueError if `JAX_PLATFORMS` names a platform that is not available."""
    wanted = os.environ.get("JAX_PLATFORMS")
    if not wanted:
        return
    import jax

    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0] if str(error) else "it does not start"
        raise ValueError(f"JAX_PLATFORMS={wanted} is not available: {why}") from None


def _refuse_beside(flag: str, **others: object) -> None:
    """Raises ValueError if one of the `others` is given together with `flag`."""
    for name, value in others.items():
        if value:
            other = f"--{name.replace('_', '-')}"
            raise ValueError(f"{other} cannot be combined with {flag}")


def _duration(text: str) -> float:
    """Seconds in a duration such as `90s`, `25m` or `1h30m`.

    Raises ValueError for a text of another form, and for a duration of zero.
    """
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    hours, minutes, seconds = (
        (int(p or 0) for p in parts.groups()) if parts else [0] * 3
    )
    total = 3600 * hours + 60 * minutes + seconds
    if not total:
        raise ValueError(
            f"--time-limit {text!r} is not a duration: give hours (h), minutes (m) and "
            "seconds (s), as in 90s, 25m or 1h30m"
        )
    return float(total)


def _seeds(text: str) -> range:
    """The seeds that `first:end` or one number names; ValueError for anything else."""
    try:
        numbers = [int(part) for part in text.split(":")]
        first, end = numbers if len(numbers) == 2 else (numbers[0], numbers[0] + 1)
        if len(numbers) > 2 or not 0 <= first < end <= 2**32:
            raise ValueError
        if end - first > 10**6:  # each is asked for in the store
            raise ValueError
    except ValueError:
        raise ValueError(
            f"--seeds {text!r} is neither first:end with 0 <= first < end nor one "
            "number, below 2^32 and at most a million at once"
        ) from None
    return range(first, end)


def _root() -> Path:
    """The folder that has `_toc.yml`: the current folder or one above it."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "_toc.yml").exists():
            return folder
    raise BookError(
        f"no _toc.yml in {Path.cwd()} or any folder above it: run this command inside "
        "a checkout"
    )


def _print_json(data: object) -> None:
    """Print strict JSON, in which an undefined number (NaN) is null."""

    def clean(value):
        if isinstance(value, float) and value != value:
            return None
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [clean(v) for v in value]
        return value

    print(json.dumps(clean(data), indent=1))
