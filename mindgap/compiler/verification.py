"""Tests whether algorithm, interpreter and network agree on many graphs (App. A).

The task's own algorithm, the interpreter and the compiled network compute the same
trajectories in three independent ways. The network is this library's or dm-clrs's
unmodified one. Graphs outside the computed limits are refused, and the refusals are
counted by reason.
"""

import dataclasses
import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mindgap import checks
from mindgap.compiler.compile import Compiled, prove
from mindgap.compiler.limits import matters, nearest_nodes
from mindgap.compiler.smallest import Network
from mindgap.compiler.smallest import suited as suited
from mindgap.config import weights_digest
from mindgap.graphs import Graphs
from mindgap.language.interpreter import interpret, shown
from mindgap.language.program import GraphProgram
from mindgap.language.selection import nobody
from mindgap.network import apply, dm_clrs, metrics
from mindgap.tasks import random
from mindgap.tasks.base import BENCHMARK, TRAIN_PROBABILITIES, Task

CLOSE = 1e-4
"""Largest absolute error of a scalar that counts as right."""

CHUNK, NUMBERS = 250, 2**27
"""Most graphs, and most numbers of their runs, that are in memory at once."""
MOST_NUMBERS = 2**29
"""Of one graph; they then take two gigabytes."""
PER_NODE = 8
"""Numbers that are kept of a node's selection at a step: six of the interpreter's
(`Look`), two of the network's (`_clearest`)."""


@dataclasses.dataclass(frozen=True)
class Verification:
    """What was compared, and the share that was right (shares in [0, 1])."""

    program: str
    network: str
    hidden_size: int
    weights: str
    """Hash of the weights that were compiled for the last of `nodes`
    (`mindgap.config.weights_digest`)."""
    nodes: tuple[int, ...]
    sets: tuple[str, ...]
    """Kinds of graphs: linear or random positions, CLRS-30's test set."""
    graphs: int
    """Number of compared graphs, without those that were refused."""
    outputs: float
    """Share of right outputs; this and the other shares are 1 if nothing was compared.
    """
    hints: float
    """Share of hints, over all steps and nodes, on which all three agree."""
    selections: float
    """Share of nodes and steps whose largest attention coefficient is that of the node
    which the interpreter selects."""
    refused: float
    reasons: dict[str, int]
    """Number of refused graphs by reason."""
    margin: float
    """Least difference between the largest and the second attention coefficient."""
    limits: dict[str, Any]
    """Limits of the network that was compiled for the last of `nodes`."""

    @property
    def exact(self) -> bool:
        """Whether at least one graph was compared, and all shares are 1."""
        shares = (self.outputs, self.hints, self.selections)
        return self.graphs > 0 and all(share == 1.0 for share in shares)

    def __str__(self) -> str:
        why = "".join(f"\n  {count:>6}  {r}" for r, count in self.reasons.items())
        if not self.graphs:
            return (
                f"{self.program} in {self.network}: nothing was compared, every graph "
                f"of {', '.join(map(str, self.nodes))} nodes was refused{why}"
            )
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
    """Compares algorithm, interpreter and network on random graphs.

    For each number of `nodes` there are `graphs` graphs with linear positions and as
    many with random positions, of edge probabilities from 0.1 to 0.9. A program whose
    limits exclude random positions is compared on linear ones only. The test set of
    CLRS-30 is added for programs of CLRS's tasks if `nodes` includes its 64 nodes.
    `report` is called with a line of text before each comparison.

    Raises ValueError if `nodes` is empty or a number is below 1, and for so many nodes
    that the attention of one graph does not fit in memory; CannotCompile if no network
    holds the program.
    """
    prove("verify", program)
    if not isinstance(nodes, Sequence) or isinstance(nodes, str) or not nodes:
        raise ValueError(f"nodes is {nodes!r}, but must be sizes, as in (4, 16)")
    nodes = [checks.whole("nodes", size) for size in nodes]
    checks.whole("graphs", graphs)
    checks.whole("seed", seed, 0, 2**32 - 1)
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
                # as many as before, by repetition: XLA compiles for each size of batch
                filled = batch.take(np.resize(kept, len(refusals)))
                found = compare(compiled, network, filled, len(kept))
                margin = min(margin, found.pop("margin"))
                counts.update({name: int(count) for name, count in found.items()})
    assert compiled is not None

    def share(name: str) -> float:
        return counts[f"{name} right"] / counts[name] if counts[name] else 1.0

    return Verification(
        program=program.name,
        network=network,
        hidden_size=compiled.config.hidden_size,
        weights=weights_digest(compiled.params),
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
    if compiled.program.task is not None and nodes == BENCHMARK["test"]["nodes"]:
        drawn["CLRS-30 test"] = task.benchmark("test")
    # one number of hints for all batches, so that XLA compiles the network once
    longest = max(int(batch.trajectory.lengths.max()) for batch in drawn.values())
    program = compiled.program
    kept = compiled.config.hidden_size + PER_NODE * len(program.selections)
    each = longest * program.message_steps * nodes * kept
    if each > MOST_NUMBERS:
        raise ValueError(
            f"{program.name}: the run on one input of {nodes} nodes takes {each:,} "
            f"numbers, but at most {MOST_NUMBERS:,} are compared: verify it on fewer "
            "nodes"
        )
    size = max(1, min(CHUNK, NUMBERS // each))
    for name, batch in drawn.items():
        for first in range(0, batch.batch, size):
            yield name, batch.take(slice(first, first + size)).trimmed(longest)


def compare(
    compiled: Compiled, network: Network, graphs: Graphs, first: int | None = None
) -> dict[str, int | float]:
    """Compares algorithm, interpreter and network on a batch, whatever the limits say.

    With `first`, only so many of the graphs are counted. Returns the numbers of
    `outputs`, `hints` and `selections` that were compared, the numbers of those that
    were right (`outputs right`, ...), and the least `margin`.
    """
    program, task = compiled.program, compiled.task
    each = program.message_steps
    steps = each * max(1, graphs.trajectory.steps)
    expected = interpret(program, graphs, steps)
    with jax.default_matmul_precision("highest"):
        ours = apply(task, compiled.config, compiled.params, graphs, keep=_clearest)
    logits, hints = ours.logits, ours.hints
    if network == "clrs":
        logits, hints = run_in_clrs(compiled, graphs)
    graphs, expected, logits, hints, attention = jax.tree.map(
        lambda array: np.asarray(array)[:first],
        (graphs, expected, logits, hints, ours.attention),
    )
    lengths = np.asarray(graphs.trajectory.lengths)
    by_hint = {name: states[:, ::each] for name, states in expected.states.items()}
    counts: Counter[str] = Counter()
    for name, component in shown(program).items():
        feature = task.features[name]
        predicted = logits if feature.stage == "output" else hints
        if not component or name not in predicted:
            continue
        decided = np.asarray(metrics.decided(feature, predicted[name]))
        truth, read = _truths(task, graphs, by_hint, name, component)
        right = (np.abs(decided - truth) <= CLOSE) & (np.abs(read - truth) <= CLOSE)
        kind = "outputs"
        counted = np.ones(right.shape, bool)
        if feature.stage == "hint":
            kind = "hints"
            inside = np.arange(right.shape[1]) < lengths[:, None] - 1
            inside = inside.reshape(inside.shape + (1,) * (right.ndim - 2))
            counted = np.broadcast_to(inside, right.shape)
        counts[kind] += int(counted.sum())
        counts[f"{kind} right"] += int((right & counted).sum())
    senders, margins = attention
    taken = np.arange(steps) < each * np.maximum(1, lengths - 1)[:, None]
    margin = 1.0
    for head, (name, selection) in enumerate(program.selections.items()):
        look = expected.looks[name]
        chosen = senders[:, :, head] == np.asarray(look.selected)
        counted = np.broadcast_to(taken[..., None], chosen.shape)
        if selection.made.default is nobody:
            counted = counted & np.asarray(look.active)
        counted = counted & matters(compiled.limits.margins[name], expected, name)
        counts["selections"] += int(counted.sum())
        counts["selections right"] += int((chosen & counted).sum())
        margin = min(margin, float(margins[:, :, head][counted].min(initial=1.0)))
    return {**counts, "margin": margin}


def _truths(
    task: Task,
    graphs: Graphs,
    states: Mapping[str, Any],
    name: str,
    component: str | tuple[str | None, ...],
) -> tuple[np.ndarray, np.ndarray]:
    """A feature's values by the algorithm and by the interpreter.

    Hints are returned from the first step on, without the initial one. Categories and
    one-hot masks are returned as indices. A class without a component (None) counts as
    one half, so that it is the answer where no other class holds.
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
        read = nearest_nodes(read, np.asarray(graphs.index))
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


def _clearest(
    alpha: Float[Array, "B H N N"],
) -> tuple[Int[Array, "B H N"], Float[Array, "B H N"]]:
    """The sender of each node's largest coefficient, and by how much it is larger.

    A missing second coefficient is 0.
    """
    sender = alpha.argmax(-1)
    others = jnp.where(jnp.arange(alpha.shape[-1]) == sender[..., None], 0.0, alpha)
    return sender, alpha.max(-1) - others.max(-1)


@dm_clrs.one_device()
def run_in_clrs(compiled: Compiled, graphs: Graphs) -> tuple[dict, dict]:
    """Outputs and hints of dm-clrs's unmodified BaselineModel with these weights.

    Raises ValueError for a configuration that dm-clrs does not have.
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
    clrs = dm_clrs.library("clrs.evaluate")
    batch = dm_clrs.to_feedback(compiled.task, graphs)
    outputs, _ = _clrs_model(compiled).predict(jax.random.PRNGKey(0), batch.features)
    return float(clrs.evaluate(batch.outputs, outputs)["score"])


@functools.lru_cache(maxsize=1)
def _clrs_model(compiled: Compiled) -> Any:
    """dm-clrs's model with the compiled weights; it serves graphs of any size."""
    some = compiled.task.sample(random.key(0), nodes=4, batch=1)
    batch = dm_clrs.to_feedback(compiled.task, some)
    model = dm_clrs.clrs_model(compiled.task, compiled.config, batch)
    model.params = dm_clrs.to_clrs(compiled.task, compiled.config, compiled.params)
    return model
