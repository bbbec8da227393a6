"""Whether algorithm = interpreter = network holds, on graph after graph (App. A).

Three independent readings of a program are compared on random graphs: the task's own
algorithm, the interpreter, and the compiled network, which is ours or dm-clrs's
unmodified one. Graphs outside the computed limits are refused, counted and named.
"""

import dataclasses
import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from mindgap.compiler.compile import Compiled
from mindgap.compiler.limits import matters, nearest_nodes
from mindgap.compiler.smallest import Network
from mindgap.compiler.smallest import suited as suited
from mindgap.extras import require
from mindgap.graphs import Graphs
from mindgap.language.interpreter import interpret, shown
from mindgap.language.program import GraphProgram
from mindgap.language.selection import nobody
from mindgap.network import apply, dm_clrs, metrics
from mindgap.tasks import random
from mindgap.tasks.base import BENCHMARK, TRAIN_PROBABILITIES, Task

CLOSE = 1e-4
"""Scalars count as right within this."""

CHUNK, COEFFICIENTS = 250, 2**27
"""Graphs, and coefficients of attention, that are held in memory at once, at most."""


@dataclasses.dataclass(frozen=True)
class Verification:
    """What was compared, and which share of it was right (shares in [0, 1])."""

    program: str
    network: str
    hidden_size: int
    nodes: tuple[int, ...]
    sets: tuple[str, ...]
    """Which graphs: linear or random positions, CLRS-30's test set."""
    graphs: int
    """Compared graphs, those refused not among them."""
    outputs: float
    hints: float
    """Of all hints at all steps and nodes: algorithm = interpreter = network."""
    selections: float
    """Of all nodes and steps: largest attention on whom the interpreter selects."""
    refused: float
    reasons: dict[str, int]
    """Why graphs were refused, and how many."""
    margin: float
    """The least lead of the largest coefficient over the next, seen anywhere."""
    limits: dict[str, Any]
    """Of the network for the last of `nodes`."""

    @property
    def exact(self) -> bool:
        """Whether everything compared was right, and anything was compared."""
        shares = (self.outputs, self.hints, self.selections)
        return self.graphs > 0 and all(share == 1.0 for share in shares)

    def __str__(self) -> str:
        why = "".join(f"\n  {count:>6}  {r}" for r, count in self.reasons.items())
        return (
            f"{self.program} in {self.network}, hidden size {self.hidden_size}: "
            f"{self.graphs} graphs of {', '.join(map(str, self.nodes))} nodes\n"
            f"({', '.join(self.sets)})\n"
            f"outputs     {self.outputs:.4%}\n"
            f"hints       {self.hints:.4%}\n"
            f"selections  {self.selections:.4%}, least margin {self.margin:.6f}\n"
            f"refused     {self.refused:.2%}{why}"
        )


def verify(
    program: GraphProgram,
    network: Network = "mindgap",
    hidden_size: int | None = None,
    nodes: Sequence[int] = (4, 16, 64),
    graphs: int = 100,
    seed: int = 0,
    report: Callable[[str], None] = lambda line: None,
) -> Verification:
    """Compares the three readings on random graphs, and on CLRS-30's test set.

    So many `graphs` of each number of nodes with linear positions, and as many with
    random ones, edge probabilities .1 to .9. Programs for which random positions are
    outside the limits get linear ones only. CLRS-30's set is added for programs of
    CLRS's tasks if its 64 nodes are among `nodes`. `report` is told what is compared
    next.
    """
    if not nodes or min(nodes) < 1 or graphs < 1:
        raise ValueError(f"nodes and graphs must be at least 1: {nodes}, {graphs}")
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    sets: dict[str, None] = {}
    margin, compiled = 1.0, None
    for size in nodes:
        compiled = suited(program, size, network, hidden_size)
        for name, batch in _batches(compiled, size, graphs, seed):
            sets[name] = None
            report(f"{program.name}: {batch.batch} graphs of {size} nodes, {name}")
            refusals = compiled.refusals(batch)
            reasons.update(r.split(" (")[0] for r in refusals if r)
            kept = np.flatnonzero([r is None for r in refusals])
            counts["refused"] += len(refusals) - len(kept)
            if len(kept):
                counts["graphs"] += len(kept)
                found = compare(compiled, network, batch.take(kept))
                margin = min(margin, found.pop("margin"))
                counts.update({name: int(count) for name, count in found.items()})
    assert compiled is not None

    def share(name: str) -> float:
        return counts[f"{name} right"] / counts[name] if counts[name] else 1.0

    return Verification(
        program=program.name,
        network=network,
        hidden_size=compiled.config.hidden_size,
        nodes=tuple(nodes),
        sets=tuple(sets),
        graphs=counts["graphs"],
        outputs=share("outputs"),
        hints=share("hints"),
        selections=share("selections"),
        refused=counts["refused"] / (counts["refused"] + counts["graphs"]),
        reasons=dict(reasons),
        margin=float(margin),
        limits=dataclasses.asdict(compiled.limits),
    )


def _batches(
    compiled: Compiled, nodes: int, graphs: int, seed: int
) -> Iterator[tuple[str, Graphs]]:
    task, limits = compiled.task, compiled.limits
    kinds = {"linear positions": False}
    if not limits.linear_positions and limits.position_gap < 0.01 / nodes:
        kinds["random positions"] = True
    drawn = {}
    for name, kind in kinds.items():
        key = jax.random.fold_in(random.key(seed), 2 * nodes + kind)
        drawn[name] = task.sample(key, nodes, graphs, TRAIN_PROBABILITIES, kind)
    # all of one number of hints, so that what is compiled for one batch serves them all
    longest = max(int(batch.trajectory.lengths.max()) for batch in drawn.values())
    each = longest * len(compiled.program.selections) * nodes**2
    size = max(1, min(CHUNK, COEFFICIENTS // each))
    for name, batch in drawn.items():
        for first in range(0, graphs, size):
            yield name, batch.take(slice(first, first + size)).trimmed(longest)
    if compiled.program.task is not None and nodes == BENCHMARK["test"]["nodes"]:
        yield "CLRS-30 test", task.benchmark("test")


def compare(
    compiled: Compiled, network: Network, graphs: Graphs
) -> dict[str, int | float]:
    """What a batch of graphs shows: limits are not asked.

    Counts of `outputs`, `hints` and `selections` that were compared, of each that were
    right (`outputs right`, ...), and the least `margin`.
    """
    program, task = compiled.program, compiled.task
    each = program.message_steps
    steps = each * max(1, graphs.trajectory.steps)
    meant = interpret(program, graphs, steps)
    with jax.default_matmul_precision("highest"):
        ours = apply(task, compiled.config, compiled.params, graphs)
    logits, hints = ours.logits, ours.hints
    if network == "clrs":
        logits, hints = run_in_clrs(compiled, graphs)
    lengths = np.asarray(graphs.trajectory.lengths)
    by_hint = {name: states[:, ::each] for name, states in meant.states.items()}
    counts: Counter[str] = Counter()
    for name, component in shown(program).items():
        feature = task.features[name]
        predicted = logits if feature.stage == "output" else hints
        if not component or name not in predicted:
            continue
        said = np.asarray(metrics.decided(feature, predicted[name]))
        truth, read = _truths(task, graphs, by_hint, name, component)
        right = (np.abs(said - truth) <= CLOSE) & (np.abs(read - truth) <= CLOSE)
        kind = "outputs"
        counted = np.ones(right.shape, bool)
        if feature.stage == "hint":
            kind = "hints"
            inside = np.arange(right.shape[1]) < lengths[:, None] - 1
            inside = inside.reshape(inside.shape + (1,) * (right.ndim - 2))
            counted = np.broadcast_to(inside, right.shape)
        counts[kind] += int(counted.sum())
        counts[f"{kind} right"] += int((right & counted).sum())
    assert ours.attention is not None
    taken = np.arange(steps) < each * np.maximum(1, lengths - 1)[:, None]
    margin = 1.0
    for head, (name, selection) in enumerate(program.selections.items()):
        alpha, look = np.asarray(ours.attention[:, :, head]), meant.looks[name]
        chosen = alpha.argmax(-1) == np.asarray(look.selected)
        counted = np.broadcast_to(taken[..., None], chosen.shape)
        if selection.made.default is nobody:
            counted = counted & np.asarray(look.active)
        counted = counted & matters(compiled.limits.margins[name], meant, name)
        counts["selections"] += int(counted.sum())
        counts["selections right"] += int((chosen & counted).sum())
        margin = min(margin, _margin(alpha[counted]))
    return {**counts, "margin": margin}


def _truths(
    task: Task,
    graphs: Graphs,
    states: Mapping[str, Any],
    name: str,
    component: str | tuple[str | None, ...],
) -> tuple[np.ndarray, np.ndarray]:
    """A feature as the algorithm has it and as the program's states do, from hint 1 on.

    Classes by number: one that no component shows has what the others leave.
    """
    feature, trajectory = task.features[name], graphs.trajectory
    if isinstance(component, tuple):
        held = [0.5 if c is None else states[c] for c in component]
        read = np.stack(np.broadcast_arrays(*held)).argmax(0)
    else:
        read = np.asarray(states[component])
    if feature.location == "graph":
        read = read.max(-1)
    if feature.type == "pointer":
        read = nearest_nodes(read, np.asarray(graphs.positions))
    if feature.stage == "output":
        truth = np.asarray(trajectory.outputs[name])
        last = np.maximum(1, np.asarray(trajectory.lengths) - 1)
        read = read[np.arange(len(last)), last]
    else:
        truth, read = np.asarray(trajectory.hints[name]), read[:, 1:]
        # if no graph of the batch takes a step, there is nothing but the first hint
        truth = truth[:, 1:] if truth.shape[1] > 1 else truth
    if feature.type == "mask_one":
        read = read.argmax(-1)
    if feature.type in ("categorical", "mask_one"):
        truth = truth.argmax(-1)
    return truth, read


def _margin(alpha: np.ndarray) -> float:
    """The least lead of the largest coefficient; of a single node, over nothing."""
    ranked = np.sort(np.pad(alpha, [(0, 0)] * (alpha.ndim - 1) + [(1, 0)]), -1)
    return float((ranked[..., -1] - ranked[..., -2]).min(initial=1.0))


@dm_clrs.one_device()
def run_in_clrs(compiled: Compiled, graphs: Graphs) -> tuple[dict, dict]:
    """Outputs and hints, as decoded, of dm-clrs's BaselineModel with these weights.

    The model is dm-clrs's own, unmodified. Raises ValueError for a network that
    dm-clrs does not have.
    """
    batch = dm_clrs.to_feedback(compiled.task, graphs)
    outputs, hints = _clrs_model(compiled).predict(
        jax.random.PRNGKey(0), batch.features, return_hints=True
    )
    # outputs come as node numbers, hints as logits
    nodes = np.eye(graphs.positions.shape[1])
    pointers = [n for n, f in compiled.task.features.items() if f.type == "pointer"]
    logits = {
        n: nodes[np.asarray(p.data).astype(int)]
        if n in pointers
        else np.asarray(p.data)
        for n, p in outputs.items()
    }
    raw = {name: np.stack([np.asarray(h[name]) for h in hints], 1) for name in hints[0]}
    return logits, raw


@dm_clrs.one_device()
def clrs_score(compiled: Compiled, graphs: Graphs) -> float:
    """`clrs.evaluate`'s score in [0, 1] of dm-clrs's own network with these weights."""
    require("clrs", "clrs.evaluate", "clrs")
    import clrs

    batch = dm_clrs.to_feedback(compiled.task, graphs)
    outputs, _ = _clrs_model(compiled).predict(jax.random.PRNGKey(0), batch.features)
    return float(clrs.evaluate(batch.outputs, outputs)["score"])


@functools.lru_cache(maxsize=1)
def _clrs_model(compiled: Compiled) -> Any:
    """The weights in dm-clrs's model, whose own do not depend on the graphs' size."""
    some = compiled.task.sample(random.key(0), nodes=4, batch=1)
    batch = dm_clrs.to_feedback(compiled.task, some)
    model = dm_clrs.clrs_model(compiled.task, compiled.config, batch)
    model.params = dm_clrs.to_clrs(compiled.task, compiled.config, compiled.params)
    return model
