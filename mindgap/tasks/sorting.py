"""Sorting a row of numbers (CLRS `insertion_sort`, `bubble_sort`, `heapsort`,
`quicksort`), or as much of it as finds the median (`quickselect`).

Not in the paper.

`pred` points from each node to the one before it in the order; the first points to
itself.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from mindgap.graphs import Trajectory
from mindgap.tasks import base
from mindgap.tasks.erdos_renyi import Inputs
from mindgap.tasks.features import Feature
from mindgap.tasks.sequences import ONE, ORDER, Sequences


def predecessors(order):
    """Who stands before each node, for nodes in this order."""
    before = jnp.concatenate([order[:1], order[:-1]])
    return jnp.zeros_like(order).at[order].set(before)


def _insertion(inputs: Inputs) -> Trajectory:
    """Hint j: nodes 0 to j are sorted; `i` is who stands behind j, or j if nobody."""
    keys = jnp.asarray(inputs["key"])
    nodes = keys.shape[0]
    node = jnp.arange(nodes)
    hint = node[:, None]
    # the place of each node after hint j: how many of the first j stand before it; all
    # others keep the order of the row
    sorted_ = jnp.cumsum(base.precede(keys), 0)
    place = jnp.where(node <= hint, sorted_, node)
    order = (hint * (place[:, :, None] == node)).sum(1)
    before = jnp.take_along_axis(order, jnp.maximum(0, place - 1), 1)
    own = jnp.diagonal(place)
    behind = jnp.take_along_axis(order, jnp.minimum(own + 1, nodes - 1)[:, None], 1)
    preds = jnp.where(place > 0, before, node)
    hints = {
        "pred_h": preds,
        "i": jax.nn.one_hot(jnp.where(own < node, behind[:, 0], node), nodes),
        "j": jnp.eye(nodes),
    }
    return Trajectory(hints, {"pred": preds[-1]}, jnp.array(nodes))


def _bubble(inputs: Inputs) -> Trajectory:
    """A hint for each comparison of two that stand beside each other.

    `i` stands at the place that the pass is to fill, `j` at the later of the two places
    that are compared.
    """
    keys = jnp.asarray(inputs["key"])
    nodes = keys.shape[0]

    def compare(order, places):
        i, j = places
        left, right = order[j - 1], order[j]
        swapped = order.at[j - 1].set(right).at[j].set(left)
        order = jnp.where(keys[right] < keys[left], swapped, order)
        return order, (predecessors(order), order[i], order[j])

    passes = [(i, j) for i in range(nodes - 1) for j in reversed(range(i + 1, nodes))]
    places = jnp.array(passes, int).reshape(-1, 2).T
    node = jnp.arange(nodes)
    _, steps = jax.lax.scan(compare, node, (places[0], places[1]))
    start = predecessors(node), node[0], node[0]
    preds, i, j = (
        jnp.concatenate([first[None], later])
        for first, later in zip(start, steps, strict=True)
    )
    hints = {
        "pred_h": preds,
        "i": jax.nn.one_hot(i, nodes),
        "j": jax.nn.one_hot(j, nodes),
    }
    return Trajectory(hints, {"pred": preds[-1]}, jnp.array(1 + len(passes)))


class Part(NamedTuple):
    """The state of a partition: who stands at each place, and CLRS's variables."""

    order: Int[Array, "N"]
    p: Int[Array, ""]
    r: Int[Array, ""]
    i: Int[Array, ""]
    """The place that CLRS calls i + 1."""
    j: Int[Array, ""]


def partitioned(keys: Array, part: Part) -> tuple[Part, Array]:
    """The state after one event, and whether the partition has ended with it.

    An event compares who stands at place j with the pivot at place r or, where these
    are one place, puts the pivot in its own.
    """
    order, i, j = part.order, part.i, part.j
    left, right = order[i], order[j]
    ends = j == part.r
    swaps = ends | (keys[right] <= keys[order[part.r]])
    swapped = order.at[i].set(right).at[j].set(left)
    after = jnp.where(swaps, swapped, order)
    return part._replace(order=after, i=jnp.where(swaps & ~ends, i + 1, i)), ends


def _quicksort(inputs: Inputs) -> Trajectory:
    """A hint for each event; parts are sorted from left to right."""
    keys = jnp.asarray(inputs["key"])
    nodes = keys.shape[0]
    node = jnp.arange(nodes)

    def event(state, _):
        part, settled = state
        part, ends = partitioned(keys, part)
        settled |= ends & (node == part.i)
        # the first two places beside each other of which neither is settled
        joined = ~settled & ~jnp.append(settled[1:], True)
        p = base.lowest(joined)
        r = base.lowest((node > p) & ~joined)
        fresh = Part(part.order, p, r, p, p)
        going = part._replace(j=part.j + 1)
        after = jax.tree.map(lambda new, old: jnp.where(ends, new, old), fresh, going)
        return (after, settled), (part, ends & ~joined.any())

    first, last = jnp.array(0), jnp.array(nodes - 1)
    start = Part(node, first, last, first, first), jnp.zeros(nodes, bool)
    most = _most_events(nodes)
    _, (parts, done) = jax.lax.scan(event, start, length=most)
    preds = jax.vmap(predecessors)(parts.order)
    steps = jnp.arange(most)
    hints = {"pred_h": preds} | {
        name: jax.nn.one_hot(parts.order[steps, place], nodes)
        for name, place in parts._asdict().items()
        if name != "order"
    }
    length = 1 + done.argmax()
    return base.masked_after(hints, {"pred": preds[length - 1]}, length)


def _quickselect(inputs: Inputs) -> Trajectory:
    """A hint for each event, until the pivot's place is the middle one."""
    keys = jnp.asarray(inputs["key"])
    nodes = keys.shape[0]
    middle = nodes // 2

    def event(part, _):
        part, ends = partitioned(keys, part)
        upper = middle > part.i
        p = jnp.where(upper, part.i + 1, part.p)
        fresh = Part(part.order, p, jnp.where(upper, part.r, part.i - 1), p, p)
        going = part._replace(j=part.j + 1)
        after = jax.tree.map(lambda new, old: jnp.where(ends, new, old), fresh, going)
        return after, (part, ends)

    first, last = jnp.array(0), jnp.array(nodes - 1)
    start = Part(jnp.arange(nodes), first, last, first, first)
    most = _most_events(nodes)
    _, (parts, ends) = jax.lax.scan(event, start, length=most)
    places = {n: place for n, place in parts._asdict().items() if n != "order"}
    places["pivot"] = jnp.where(ends, parts.i, parts.r)
    steps = jnp.arange(most)
    hints = {
        name: jax.nn.one_hot(parts.order[steps, place], nodes)
        for name, place in places.items()
    }
    hints["pred_h"] = jax.vmap(predecessors)(parts.order)
    hints["i_rank"] = (parts.i - jnp.where(ends, parts.p, 0)) / nodes
    hints["target"] = (middle - parts.p) / nodes
    length = 1 + (ends & (parts.i == middle)).argmax()
    median = jax.nn.one_hot(parts.order[length - 1, middle], nodes)
    return base.masked_after(hints, {"median": median}, length)


def _most_events(nodes: int) -> int:
    """Of both, on a row that is sorted; only quickselect parts a row of one."""
    return nodes * (nodes - 1) // 2 + nodes


class _Heap(NamedTuple):
    """The row as a heap: place p has the children 2p + 1 and 2p + 2."""

    order: Int[Array, "*T N"]
    """The node at each place."""
    size: Int[Array, "*T"]
    at: Int[Array, "*T"]
    """The place whose number sinks."""
    of: Int[Array, "*T"]
    """The place that is made a heap from, or that the largest number goes to."""
    phase: Int[Array, "*T"]
    """0 while the heap is built, 1 where its largest number is taken, 2 after that."""


def _heapsort(inputs: Inputs) -> Trajectory:
    """A hint for each place where a number sinks or stays, and for each taken."""
    keys = jnp.asarray(inputs["key"])
    nodes = keys.shape[0]
    node = jnp.arange(nodes)

    def event(state: _Heap, _):
        takes = state.phase == 1
        key = keys[state.order]
        largest = state.at
        for child in (2 * state.at + 1, 2 * state.at + 2):
            above = (child < state.size) & (key[child] > key[largest])
            largest = jnp.where(above, child, largest)
        first, second = (
            jnp.where(takes, pair[0], pair[1])
            for pair in ((0, state.at), (state.of, largest))
        )
        swapped = state.order.at[first].set(state.order[second])
        order = swapped.at[second].set(state.order[first])
        size = state.size - takes
        shown = {
            "order": order,
            "size": size,
            "i": order[jnp.where(takes, 0, state.of)],
            "j": order[jnp.where(takes, state.of, state.at)],
            "largest": jnp.where(takes, 0, order[largest]),
            "heap_size": order[size - 1],
            "phase": state.phase,
        }
        sinks = ~takes & (largest != state.at)
        rests = ~takes & ~sinks
        built = (state.phase == 0) & (state.of == 0)
        turns = rests & (built | (state.phase == 2))  # to the next largest
        of = jnp.where(rests, jnp.where(built, nodes, state.of) - 1, state.of)
        at = jnp.where(takes, 0, jnp.where(sinks, largest, of))
        phase = jnp.where(takes, 2, jnp.where(turns, 1, state.phase))
        ended = turns & jnp.where(built, nodes == 1, state.of == 1)
        return _Heap(order, size, at, of, phase), (shown, ended)

    end = jnp.array(nodes - 1)
    start = _Heap(node, jnp.array(nodes), end, end, jnp.array(0))
    begun = {"order": node, "size": jnp.array(nodes), "phase": jnp.array(0)}
    begun |= dict.fromkeys(("i", "j", "largest", "heap_size"), end)
    _, (later, ended) = jax.lax.scan(event, start, length=_most_sinks(nodes) - 1)
    shown = {n: jnp.concatenate([begun[n][None], later[n]]) for n in begun}

    def parents(order, size):
        above = jnp.where(node < size, order[jnp.maximum(0, (node - 1) // 2)], order)
        return jnp.zeros_like(order).at[order].set(above)

    preds = jax.vmap(predecessors)(shown["order"])
    hints = {
        "pred_h": preds,
        "parent": jax.vmap(parents)(shown["order"], shown["size"]),
        **{
            name: jax.nn.one_hot(shown[name], nodes)
            for name in ("i", "j", "largest", "heap_size")
        },
        "phase": jax.nn.one_hot(shown["phase"], 3),
    }
    length = 2 + ended.argmax()
    return base.masked_after(hints, {"pred": preds[length - 1]}, length)


def _most_sinks(nodes: int) -> int:
    """The heap has a place for each node, and as many levels as n has binary digits."""
    return 1 + 2 * nodes + (nodes - 1) * (1 + nodes.bit_length())


_ROW = Sequences()

_FEATURES = {
    **_ROW.features,
    "pred": Feature("output", "node", "pointer"),
    "pred_h": ORDER,
    "i": ONE,
    "j": ONE,
}

insertion_sort = base.Task(
    name="insertion_sort",
    features=_FEATURES,
    solve=_insertion,
    most_hints=lambda nodes: nodes,
    sampler=_ROW,
)

bubble_sort = base.Task(
    name="bubble_sort",
    features=_FEATURES,
    solve=_bubble,
    most_hints=lambda nodes: 1 + nodes * (nodes - 1) // 2,
    sampler=_ROW,
)

heapsort = base.Task(
    name="heapsort",
    features={
        **_FEATURES,
        "parent": Feature("hint", "node", "pointer"),
        "largest": ONE,
        "heap_size": ONE,
        "phase": Feature("hint", "graph", "categorical", classes=3),
    },
    solve=_heapsort,
    most_hints=_most_sinks,
    sampler=_ROW,
)

quicksort = base.Task(
    name="quicksort",
    features={**_FEATURES, "p": ONE, "r": ONE},
    solve=_quicksort,
    most_hints=_most_events,
    sampler=_ROW,
)

quickselect = base.Task(
    name="quickselect",
    features={
        **_ROW.features,
        "median": Feature("output", "node", "mask_one"),
        "pred_h": ORDER,
        **dict.fromkeys(("p", "r", "i", "j"), ONE),
        "i_rank": Feature("hint", "graph", "scalar"),
        "target": Feature("hint", "graph", "scalar"),
        "pivot": ONE,
    },
    solve=_quickselect,
    most_hints=_most_events,
    sampler=_ROW,
    test_sets=64,
)
