"""Measures of a trained network that are kept beside its record.

They are not part of a record, so that a measure can be added later without orphaning
what is recorded: each kind has records of its own, below the experiment's. Of both
checkpoints: scores by number of nodes (`sizes`), what becomes of the answer if
attention is changed (`interventions`), what a linear probe reads off the state
(`probes`), how the loss rises around the weights (`landscape`), and what small steps
do to the answers (`robustness`).
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mindgap import config, network
from mindgap.compiler.compile import EXACT, compile
from mindgap.compiler.smallest import suited
from mindgap.experiments.base import BY_SIZE, FULL_SIZE, Experiment
from mindgap.measures import faithfulness, interventions, landscape, probing, robustness
from mindgap.network import ModelConfig, Params, scoring
from mindgap.store import COLUMNS, Store
from mindgap.tasks import random
from mindgap.tasks.base import Task

if TYPE_CHECKING:
    import pandas as pd

SIZES = "sizes"
"""The kind of scores by number of nodes."""

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
    settings: Any
    """What its numbers depend on: with other settings its records lie elsewhere."""
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
    (settings,) = (k.settings for k in KINDS if k.name == kind)
    name = f"{kind}-{config.digest(settings)[:6]}"
    kept = "" if source == "records" else "-of-kept"
    return f"{experiment.recorded}/{experiment.digest}", name + kept


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
        for hint, steps in faithfulness.first_wrong(
            task, model, params, graphs
        ).items():
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
    drawn = task.sample(random.key(MATCHED), smallest.nodes, 32).trimmed()
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
PROBED_GRAPHS = 32


def _probes(experiment: Experiment, params: Params) -> Found:
    """Variance that a ridge probe of the state explains, and that the decoder does.

    Means over the steps that a quarter of the graphs take, negative ones as 0, in
    [0, 1]; on the first graphs of the smallest and the largest size.
    """
    task, model = experiment.task, experiment.model
    smallest, *_, largest = experiment.by_size
    for data in (smallest, largest):
        graphs = data.draw(task).take(slice(0, PROBED_GRAPHS)).trimmed()
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
                yield f"{kind}/{hint}", data.name, share


# --- Landscape ---

DIRECTIONS, REACH, SOFT = 8, 0.25, 8.0
"""Random directions, how far along them as a share of the parameters' own length, and
the sharpness of softly compiled selections."""
FLAT = 1e-9
"""Nats; a rise below this counts as this, so that no flat place is left out."""


def _landscape(experiment: Experiment, params: Params) -> Found:
    """How the loss rises nearby, as log10 of the median over directions, in nats.

    Around the network itself on 8 graphs of 8 nodes, the same for every task, along
    filter-normalised directions. For a network that is tied to a size also on 32 graphs
    of that size, along filter-normalised directions and along plain ones, which treat
    all weights alike; there, too, around its program compiled into a network of the
    same hidden size, exactly and softly.
    """
    task, model, program = experiment.task, experiment.model, experiment.program
    if model.nodes is None:
        yield "landscape/rise-8", "", _rise(task, model, params, 8, 8, True)
        return
    assert program is not None
    holder = suited(program, model.nodes).config
    holder = dataclasses.replace(holder, hidden_size=model.hidden_size)
    points = {"learned": (model, params)}
    for name, sharpness in (("exact", EXACT), ("soft", SOFT)):
        points[name] = holder, compile(program, holder, sharpness=sharpness).params
    for kind, normalised in (("filter", True), ("plain", False)):
        for name, (shape, around) in points.items():
            rise = _rise(task, shape, around, model.nodes, 32, normalised)
            yield f"landscape/{kind}-{name}", "", rise


def _rise(
    task: Task,
    model: ModelConfig,
    params: Any,
    nodes: int,
    count: int,
    normalised: bool,
) -> float:
    graphs = task.sample(random.key(5), nodes, count).trimmed()
    losses = scoring.losses(task, model, graphs)
    params = jax.tree.map(jnp.asarray, params)
    loss = jax.jit(lambda p: losses(p).sum())
    ways = [
        landscape.direction(random.key(k), params, normalised)
        for k in range(DIRECTIONS)
    ]
    there = [float(loss(landscape.moved(params, way, REACH))) for way in ways]
    rise = float(np.median(np.nan_to_num(there, nan=np.inf))) - float(loss(params))
    return float(np.log10(np.clip(rise, FLAT, 1e30)))


# --- Robustness ---


def _robustness(experiment: Experiment, params: Params) -> Found:
    """Loss and share of wrong pointers after plain steps, medians over directions."""
    task, model = experiment.task, experiment.model
    found = robustness.after_steps(task, model, params, experiment.test.draw(task))
    for step, (loss, wrong) in zip(robustness.STEPS, np.median(found, 1), strict=True):
        yield f"robustness/loss-{step:g}", "", float(loss)
        yield f"robustness/wrong-{step:g}", "", float(wrong)


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
    return known and full and experiment.recorded.startswith("table-1/")


KINDS = (
    Kind(
        SIZES,
        lambda e: bool(e.by_size),
        _sizes,
        ("pointer_accuracy", "first_wrong"),
        tuple(BY_SIZE.values()),
        of_kept=True,
    ),
    Kind(
        "interventions",
        _steers,
        _interventions,
        ("steered",),
        (STEERED, MATCHED, interventions.TREATMENTS, interventions.ALIKE),
        of_kept=True,
    ),
    Kind("probes", _is_probed, _probes, ("probe", "decoder"), (PROBED, PROBED_GRAPHS)),
    Kind(
        "landscape",
        lambda e: e.recorded in LANDSCAPE_ROWS and e.model.hidden_size >= FULL_SIZE,
        _landscape,
        ("landscape",),
        (DIRECTIONS, REACH, SOFT, FLAT),
    ),
    Kind(
        "robustness",
        lambda e: e.model.nodes is not None,
        _robustness,
        ("robustness",),
        (robustness.STEPS, robustness.DIRECTIONS, robustness.GRAPHS),
        of_kept=True,
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
