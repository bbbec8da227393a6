"""Measures of a trained network that are kept beside its record.

They are not part of a record, so that a measure can be added later without orphaning
what is recorded: each kind has records of its own, below the experiment's. Of both
checkpoints: scores by number of nodes (`sizes`), what becomes of the answer if
attention is changed (`interventions`), what a linear probe reads off the state
(`probes`), and how the loss rises around the weights (`landscape`).
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mindgap import interventions, landscape, network, probing, scoring
from mindgap import sizes as by_nodes
from mindgap.compiler import compile
from mindgap.experiments.base import FULL_SIZE, Experiment
from mindgap.graphs import Graphs
from mindgap.holders import suited
from mindgap.network import Params
from mindgap.store import COLUMNS, Store

if TYPE_CHECKING:
    import pandas as pd

Found = Iterator[tuple[str, str, Float[np.ndarray, "_"] | float]]
"""Metric, data set, and a value, or one of each graph of the set."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of measure: of which experiments, and how it is made of one network."""

    name: str
    applies: Callable[[Experiment], bool]
    measure: Callable[[Experiment, Params], Found]
    prefixes: tuple[str, ...]
    """What the names of its metrics begin with."""
    of_kept: bool = False
    """Whether the kept network has it, where no weights of seeds are there."""


Source = Literal["records", "the kept network"]


def home(
    experiment: Experiment, kind: str, source: Source = "records"
) -> tuple[str, str]:
    """Under which name and digest the store has the records of such a measure.

    Those of the one network that is kept of each experiment, rounded as it is, are
    apart: its seed may be measured as it was trained, too.
    """
    name = kind if source == "records" else f"{kind}-of-kept"
    return f"{experiment.recorded}/{experiment.digest}", name


def load(
    experiment: Experiment, kind: str, store: Store
) -> "tuple[pd.DataFrame, Source]":
    """All rows of a measure; of the kept network where no seed has any."""
    rows = store.load(*home(experiment, kind))
    if len(rows):
        return rows, "records"
    return store.load(*home(experiment, kind, "the kept network")), "the kept network"


def measure(
    experiment: Experiment,
    kind: Kind,
    seeds: Sequence[int],
    checkpoints: Mapping[str, Params],
) -> "pd.DataFrame":
    """Rows of networks, whose parameters have a leading axis of seeds.

    Raises ValueError for an experiment that the kind does not apply to.
    """
    import pandas as pd

    if not kind.applies(experiment):
        raise ValueError(f"{experiment.name} has no measure of the kind {kind.name!r}")
    parts = []
    for checkpoint, params in checkpoints.items():
        for index, seed in enumerate(seeds):
            one = jax.tree.map(lambda leaf, at=index: jnp.asarray(leaf[at]), params)
            for metric, data, found in kind.measure(experiment, one):
                values = np.atleast_1d(np.asarray(found, float))
                graph = np.arange(len(values)) if len(values) > 1 else -1
                columns = {"seed": seed, "metric": metric, "data": data}
                columns |= {"checkpoint": checkpoint, "step": -1}
                columns |= {"graph": graph, "value": values}
                parts.append(pd.DataFrame(columns)[list(COLUMNS)])
    return pd.concat(parts, ignore_index=True)


# --- Sizes ---


def _sizes(experiment: Experiment, params: Params) -> Found:
    """Pointer accuracy, in [0, 1], and the first wrong hint, of each graph and size.

    Of single hints the first wrong step as a mean over graphs.
    """
    task, model = experiment.task, experiment.model
    several = jax.tree.map(lambda leaf: leaf[None], params)
    for data in experiment.by_size:
        graphs = data.draw(task)
        right = np.asarray(scoring.evaluate(task, model, several, graphs))[0]
        yield "pointer_accuracy", data.name, right
        for hint, steps in by_nodes.first_wrong(task, model, params, graphs).items():
            whole = np.asarray(steps, float)
            kept = whole if hint == "any" else whole.mean()
            yield f"first_wrong/{hint}", data.name, kept


# --- Interventions ---

STEERED = 16
"""Graphs of each size on which attention is changed: the first of those that are
scored."""
MATCHED = 30_000
"""Seed of the graphs on which heads are matched to selections."""


def _steers(experiment: Experiment) -> bool:
    program = experiment.program
    one_step = experiment.model.message_steps == 1
    return bool(experiment.by_size) and program is not None and one_step


def _interventions(experiment: Experiment, params: Params) -> Found:
    """Pointer accuracy of each graph, left free and under each treatment."""
    task, model, program = experiment.task, experiment.model, experiment.program
    assert program is not None
    smallest, *_, largest = experiment.by_size
    drawn = task.sample(jax.random.key(MATCHED), smallest.nodes, 32).trimmed()
    heads = interventions.matched_heads(program, task, model, params, drawn)
    for data in (smallest, largest):
        graphs, name = data.draw(task).take(slice(0, STEERED)).trimmed(), data.name
        free = scoring.score(task, model, params, graphs)
        yield "steered/free", name, np.asarray(free)
        for treatment in interventions.TREATMENTS:
            found = interventions.accuracies(
                program, task, model, params, graphs, treatment, heads
            )
            for selection, right in found.items():
                label = f"/{selection}" if len(found) > 1 else ""
                yield f"steered/{treatment}{label}", name, np.asarray(right)


# --- Probes ---

PROBED = {"bfs": ("reach_h",), "bellman_ford": ("d",), "dfs": ("s_last",)}
"""The variables that are looked for: reached nodes, distances, the top of the stack."""
PROBE_KEY, PROBE_GRAPHS = 7, 32


def _probes(experiment: Experiment, params: Params) -> Found:
    """Variance that a ridge probe of the state explains, and that the decoder does.

    Means over the steps that a quarter of the graphs take, negative ones as 0, in
    [0, 1]; on fresh graphs of 16 and of 64 nodes.
    """
    task, model = experiment.task, experiment.model
    for nodes in (16, 64):
        drawn = task.sample(jax.random.key(PROBE_KEY), nodes, PROBE_GRAPHS)
        graphs = drawn.trimmed()
        given = np.asarray(probing.present(graphs))
        often = given.mean(0) >= 0.25
        given = given[:, often]
        run = network.apply(task, model, params, graphs)
        states = np.asarray(run.states)[:, often]
        goals = probing.targets(task, graphs)
        for hint in PROBED[task.name]:
            goal = np.asarray(goals[hint])[:, often]
            found = {"probe": probing.probe(states, goal, given)}
            if hint in run.hints:
                said = np.asarray(probing.decoded(task, graphs, run.hints)[hint])
                found["decoder"] = probing.explained(said[:, often], goal, given)
            for kind, values in found.items():
                share = float(np.nanmean(np.clip(values, 0, None)))
                yield f"{kind}/{hint}", f"size-{nodes}", share


# --- Landscape ---

DIRECTIONS, REACH, SOFT = 8, 0.25, 8.0
"""Random filter-normalised directions, how far along them as a share of each filter's
length, and the sharpness of softly compiled selections."""


def _landscape(experiment: Experiment, params: Params) -> Found:
    """How the loss rises nearby, as log10 of the median over directions, in nats.

    And the share of directions along which it rises; around the network itself and
    around its program compiled, exactly and softly. Nothing is said of a median that
    does not rise.
    """
    points = {"learned": (experiment.model, params)}
    program = experiment.program
    if program is not None and not experiment.task.directed:
        made = suited(program, experiment.model.nodes or 16)
        soft = compile(program, made.config, sharpness=SOFT)
        points["exact"] = made.config, made.params
        points["soft"] = soft.config, soft.params
    for name, (model, around) in points.items():
        rises = _rises(experiment, model, around)
        if name == "learned":
            yield "landscape/rising", "", float((rises > 0).mean())
        if np.median(rises) > 0:
            yield f"landscape/{name}", "", float(np.log10(np.median(rises)))


def _rises(experiment: Experiment, model: Any, params: Any) -> np.ndarray:
    task = experiment.task
    nodes, count = (8, 8) if task.directed else (model.nodes or 16, 32)
    graphs: Graphs = task.sample(jax.random.key(5), nodes, count).trimmed()
    losses = scoring.losses(task, model, graphs)
    params = jax.tree.map(jnp.asarray, params)
    ways = [landscape.direction(jax.random.key(k), params) for k in range(DIRECTIONS)]
    loss = jax.jit(lambda p: losses(p).sum())
    there = [float(loss(landscape.moved(params, way, REACH))) for way in ways]
    return np.asarray(there) - float(loss(params))


LANDSCAPE_ROWS = (
    "table-1/bfs",
    "table-1/dfs",
    "table-1/bellman-ford",
    "table-11/bias-pairwise",
    "table-12/both-pairwise",
)
"""The rows whose surroundings claims are about."""


def _is_probed(experiment: Experiment) -> bool:
    known = experiment.task.name in PROBED and experiment.model.hint_mode != "none"
    full = experiment.model.hidden_size >= FULL_SIZE
    return known and full and experiment.name.startswith("table-1/")


KINDS = (
    Kind(
        by_nodes.KIND,
        lambda e: bool(e.by_size),
        _sizes,
        ("pointer_accuracy", "first_wrong"),
        of_kept=True,
    ),
    Kind("interventions", _steers, _interventions, ("steered",), of_kept=True),
    Kind("probes", _is_probed, _probes, ("probe", "decoder")),
    Kind(
        "landscape",
        lambda e: e.name in LANDSCAPE_ROWS and e.model.hidden_size >= FULL_SIZE,
        _landscape,
        ("landscape",),
    ),
)
"""Every kind of measure; what a block of seeds is measured by after training."""


@functools.cache
def kind_of(metric: str) -> str | None:
    """The kind whose records have a metric; None for one of the main records.

    Pointer accuracy is of both: here it is that of the main records.
    """
    prefix = metric.split("/")[0]
    found = [k.name for k in KINDS if prefix in k.prefixes]
    return found[0] if found and prefix != "pointer_accuracy" else None


def of(experiment: Experiment) -> tuple[Kind, ...]:
    """The kinds that apply to an experiment."""
    return tuple(kind for kind in KINDS if kind.applies(experiment))
