"""Measures of trained networks that the store keeps beside the experiments' records.

Each kind of measure has records of its own, in a folder below the experiment's, so that
a kind can be added later without invalidating existing records. The kinds, measured on
both checkpoints: scores by number of nodes (`sizes`), accuracy after attention is
changed (`interventions`), what a linear probe reads from the state (`probes`), whether
answers follow when the algorithm's state is written into the network (`interchange`),
how the loss rises around the weights (`landscape`), and how small random steps of the
weights change the answers (`robustness`).
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
"""Name of the kind that has scores by number of nodes."""

Found = Iterator[tuple[str, str, Float[np.ndarray, "_"] | float]]
"""Metric, data set, and one value or a value for each graph of the set."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of measure: to which experiments it applies, and how it is computed."""

    name: str
    applies: Callable[[Experiment], bool]
    measure: Callable[[Experiment, Params], Found]
    """Measures one network."""
    prefixes: tuple[str, ...]
    """First parts of its metrics' names, before `/`."""
    settings: Any
    """Settings that change its numbers; their digest is in the name of its folder."""
    of_kept: bool = False
    """Whether the experiment's kept network is measured where its seed was not."""


Source = Literal["records", "the kept network"]


def home(
    experiment: Experiment, kind: str, source: Source = "records"
) -> tuple[str, str]:
    """The name and digest under which the store has the records of a kind of measure.

    Records of the experiment's kept network have a digest of their own: that network
    may be rounded, and its seed may also be measured with the weights as trained.
    """
    (settings,) = (k.settings for k in KINDS if k.name == kind)
    name = f"{kind}-{config.digest(settings)[:6]}"
    kept = "" if source == "records" else "-of-kept"
    return f"{experiment.recorded}/{experiment.digest}", name + kept


def load(
    experiment: Experiment, kind: str, store: Store
) -> "tuple[pd.DataFrame, Source]":
    """All rows of a kind of measure: of the seeds, or else of the kept network."""
    rows = store.load(*home(experiment, kind))
    if len(rows):
        return rows, "records"
    return store.load(*home(experiment, kind, "the kept network")), "the kept network"


def with_kept(experiment: Experiment, kind: str, store: Store) -> "pd.DataFrame":
    """All rows of the seeds, and of the kept network where its seed is not one of them.

    The kept network has its best checkpoint only, and may be rounded.
    """
    import pandas as pd

    seeds = store.load(*home(experiment, kind))
    kept = store.load(*home(experiment, kind, "the kept network"))
    other = kept.loc[~kept.seed.isin(seeds.seed)]
    return pd.concat([seeds, other], ignore_index=True)


@jax.debug_nans(False)  # NaN says that a measure is not defined for a graph or step
def measure(
    experiment: Experiment,
    kind: Kind,
    seeds: Sequence[int],
    checkpoints: Mapping[str, Params],
) -> "pd.DataFrame":
    """Measures networks and returns the rows.

    `checkpoints` has parameters with a leading axis of seeds. Raises ValueError if the
    kind does not apply to the experiment.
    """
    import pandas as pd

    if not kind.applies(experiment):
        raise ValueError(f"{experiment.name} has no measure of the kind {kind.name!r}")
    parts = []
    for checkpoint, params in checkpoints.items():
        for index, seed in enumerate(seeds):
            one_network = jax.tree.map(
                lambda leaf, i=index: jnp.asarray(leaf[i]), params
            )
            for metric, data, measured in kind.measure(experiment, one_network):
                values = np.atleast_1d(np.asarray(measured, float))
                graph = np.arange(len(values)) if len(values) > 1 else -1
                columns = {"seed": seed, "metric": metric, "data": data}
                columns |= {"checkpoint": checkpoint, "step": -1}
                columns |= {"graph": graph, "value": values}
                parts.append(pd.DataFrame(columns)[list(COLUMNS)])
    return pd.concat(parts, ignore_index=True)


# --- Sizes ---


def _sizes(experiment: Experiment, params: Params) -> Found:
    """For each graph of each size, pointer accuracy in [0, 1] and first wrong step.

    The first step at which a given hint is wrong is recorded as a mean over graphs.
    """
    task, model = experiment.task, experiment.model
    ensemble = jax.tree.map(lambda leaf: leaf[None], params)
    for data in experiment.by_size:
        graphs = data.draw(task)
        accuracy = np.asarray(scoring.evaluate(task, model, ensemble, graphs))[0]
        yield "pointer_accuracy", data.name, accuracy
        for hint, steps in faithfulness.first_wrong(
            task, model, params, graphs
        ).items():
            first_wrong = np.asarray(steps, float)
            values = first_wrong if hint == "any" else first_wrong.mean()
            yield f"first_wrong/{hint}", data.name, values


# --- Interventions ---

STEERED = 16
"""Number of graphs of each size on which attention is changed: the first ones."""
MATCHED = 30_000
"""Seed of the graphs on which heads are matched to selections."""


def _is_steered(experiment: Experiment) -> bool:
    program = experiment.program
    one_step = experiment.model.message_steps == 1
    return bool(experiment.by_size) and program is not None and one_step


def _interventions(experiment: Experiment, params: Params) -> Found:
    """Pointer accuracy of each graph, without and with each treatment of attention."""
    task, model, program = experiment.task, experiment.model, experiment.program
    assert program is not None
    smallest, *_, largest = experiment.by_size
    matching = task.sample(random.key(MATCHED), smallest.nodes, 32).trimmed()
    heads = interventions.matched_heads(program, task, model, params, matching)
    for data in (smallest, largest):
        graphs, name = data.draw(task).take(slice(0, STEERED)).trimmed(), data.name
        untreated = scoring.score(task, model, params, graphs)
        yield "steered/free", name, np.asarray(untreated)
        for treatment in interventions.TREATMENTS:
            accuracies = interventions.accuracies(
                program, task, model, params, graphs, treatment, heads
            )
            for selection, accuracy in accuracies.items():
                label = f"/{selection}" if len(accuracies) > 1 else ""
                yield f"steered/{treatment}{label}", name, np.asarray(accuracy)


# --- Probes ---

PROBED = {"bfs": ("reach_h",), "bellman_ford": ("d",), "dfs": ("s_last",)}
"""The probed variables by task: reached nodes, distances, the top of the stack."""
PROBED_GRAPHS = 32
"""Number of graphs of each size, for fitting and testing a probe together."""


def _probes(experiment: Experiment, params: Params) -> Found:
    """Shares of variance that a probe of the state and the decoder explain, in [0, 1].

    Means over the steps that at least a quarter of the graphs take; negative shares
    count as 0. Measured on the first graphs of the smallest and of the largest size.
    """
    task, model = experiment.task, experiment.model
    smallest, *_, largest = experiment.by_size
    for data in (smallest, largest):
        graphs = data.draw(task).take(slice(0, PROBED_GRAPHS)).trimmed()
        given = np.asarray(probing.present(graphs))
        frequent = given.mean(0) >= 0.25
        given = given[:, frequent]
        run = network.apply(task, model, params, graphs)
        states = np.asarray(run.states)[:, frequent]
        targets = probing.targets(task, graphs)
        for hint in PROBED[task.name]:
            target = np.asarray(targets[hint])[:, frequent]
            explained = {"probe": probing.probe(states, target, given)}
            if hint in run.hints:
                decoded = np.asarray(probing.decoded(task, graphs, run.hints)[hint])
                explained["decoder"] = probing.explained(
                    decoded[:, frequent], target, given
                )
            for kind, values in explained.items():
                share = float(np.nanmean(np.clip(values, 0, None)))
                yield f"{kind}/{hint}", data.name, share


# --- Interchange of states ---

EXCHANGED = 1
"""The step after which the state is exchanged."""


def _interchange(experiment: Experiment, params: Params) -> Found:
    """Shares of `probing.Followed` for each graph of the smallest and largest size."""
    assert experiment.program is not None
    smallest, *_, largest = experiment.by_size
    for data in (smallest, largest):
        graphs = data.draw(experiment.task).trimmed()
        found = probing.interchange(
            experiment.program, experiment.model, params, graphs, EXCHANGED
        )
        for name, shares in found._asdict().items():
            yield f"interchange/{name}", data.name, shares


# --- Landscape ---

DIRECTIONS, REACH, SOFT = 8, 0.25, 8.0
"""Number of random directions; how far to move along each, as a share of the
parameters' own length; sharpness of softly compiled selections."""
FLAT = 1e-9
"""Smallest recorded rise, in nats: where the loss is flat, its logarithm is finite."""


def _landscape(experiment: Experiment, params: Params) -> Found:
    """How far the loss rises nearby: log10 of the median over directions, in nats.

    For a network of any number of nodes: on 8 graphs of 8 nodes, whatever the task,
    along filter-normalised directions. For a network that is tied to one number of
    nodes: on 32 graphs of that size, along filter-normalised directions and along plain
    ones, which move all weights alike. In that case the rise is also measured around
    its program, compiled exactly and softly into a network of the same hidden size.
    """
    task, model, program = experiment.task, experiment.model, experiment.program
    if model.nodes is None:
        yield "landscape/rise-8", "", _rise(task, model, params, 8, 8, True)
        return
    assert program is not None
    wide = suited(program, model.nodes).config
    wide = dataclasses.replace(wide, hidden_size=model.hidden_size)
    centres = {"learned": (model, params)}
    for name, sharpness in (("exact", EXACT), ("soft", SOFT)):
        centres[name] = wide, compile(program, wide, sharpness=sharpness).params
    for kind, normalised in (("filter", True), ("plain", False)):
        for name, (shape, centre) in centres.items():
            rise = _rise(task, shape, centre, model.nodes, 32, normalised)
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
    directions = [
        landscape.direction(random.key(k), params, normalised)
        for k in range(DIRECTIONS)
    ]
    nearby = [
        float(loss(landscape.moved(params, direction, REACH)))
        for direction in directions
    ]
    rise = float(np.median(np.nan_to_num(nearby, nan=np.inf))) - float(loss(params))
    return float(np.log10(np.clip(rise, FLAT, 1e30)))


# --- Robustness ---


def _robustness(experiment: Experiment, params: Params) -> Found:
    """Loss and share of wrong pointers after plain steps: medians over directions."""
    task, model = experiment.task, experiment.model
    scores = robustness.after_steps(task, model, params, experiment.test.draw(task))
    for step, (loss, wrong) in zip(robustness.STEPS, np.median(scores, 1), strict=True):
        yield f"robustness/loss-{step:g}", "", float(loss)
        yield f"robustness/wrong-{step:g}", "", float(wrong)


LANDSCAPE_ROWS = (
    "table-1/bfs",
    "table-1/dfs",
    "table-1/bellman-ford",
    "table-11/bias-pairwise",
    "table-12/both-pairwise",
)
"""The rows whose loss landscapes the paper makes claims about."""


def _is_probed(experiment: Experiment) -> bool:
    known = experiment.task.name in PROBED and experiment.model.hint_mode != "none"
    full = experiment.model.hidden_size >= FULL_SIZE
    return known and full and experiment.recorded.startswith("table-1/")


def _is_exchanged(experiment: Experiment) -> bool:
    full = experiment.model.hidden_size >= FULL_SIZE
    return full and experiment.recorded in ("table-1/bfs", "table-3/bfs")


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
        _is_steered,
        _interventions,
        ("steered",),
        (STEERED, MATCHED, interventions.TREATMENTS, interventions.ALIKE),
        of_kept=True,
    ),
    Kind(
        "probes",
        _is_probed,
        _probes,
        ("probe", "decoder"),
        (PROBED, PROBED_GRAPHS),
        of_kept=True,
    ),
    Kind(
        "interchange",
        _is_exchanged,
        _interchange,
        ("interchange",),
        EXCHANGED,
        of_kept=True,
    ),
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
"""All kinds of measure; those that apply are measured after training a block."""


@functools.cache
def kind_of(metric: str) -> str | None:
    """The kind whose records have a metric; None for a metric of the main records.

    None for pointer accuracy, which is in the main records and in those of `sizes`.
    """
    prefix = metric.split("/")[0]
    kinds = [k.name for k in KINDS if prefix in k.prefixes]
    return kinds[0] if kinds and prefix != "pointer_accuracy" else None


def of(experiment: Experiment) -> tuple[Kind, ...]:
    """The kinds that apply to an experiment."""
    return tuple(kind for kind in KINDS if kind.applies(experiment))
