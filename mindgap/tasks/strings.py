"""Finding one string in another (CLRS `naive_string_matcher` and `kmp_matcher`).

Not in the paper. The first nodes are the letters of the text, the last those of what is
sought. Both strings have positions of their own, from 0 on.
"""

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from mindgap.graphs import AnyArray, Trajectory
from mindgap.tasks import base
from mindgap.tasks.erdos_renyi import Inputs, ascending
from mindgap.tasks.features import POSITIONS, Feature
from mindgap.tasks.random import uniforms
from mindgap.tasks.sequences import ONE, ORDER

LETTERS = 4


@dataclasses.dataclass(frozen=True)
class Strings:
    """Random strings of four letters; the second, a fifth of all, is in the first."""

    directed = weighted = False

    def draw(
        self, key: Key[Array, ""], nodes: int, batch: int, chances: Float[Array, "any"]
    ) -> dict[str, Array]:
        """Random strings at random positions; `chances`, those of edges, are not used.

        Raises ValueError for a single node, since there are two strings.
        """
        text = nodes - _sought(nodes)
        drawn = uniforms(key, batch, 2 * nodes + 1, np.arange(2 * nodes + 1))
        positions = jnp.concatenate(
            [ascending(drawn[:, :text]), ascending(drawn[:, text:nodes])], 1
        )
        letters = (LETTERS * drawn[:, nodes:-1]).astype(int)
        places = jnp.maximum(1, text - _sought(nodes))
        at = (drawn[:, -1] * places).astype(int)[:, None]
        behind = jnp.arange(text) - at
        inside = (behind >= 0) & (behind < nodes - text)
        put = jnp.take_along_axis(
            letters, text + jnp.clip(behind, 0, nodes - text - 1), 1
        )
        first = jnp.where(inside, put, letters[:, :text])
        return _inputs(positions, jnp.concatenate([first, letters[:, text:]], 1), text)

    def draw_as_clrs(self, rng: np.random.RandomState, nodes: int) -> Inputs:
        """The strings of one input, as dm-clrs's sampler draws them."""
        size = _sought(nodes)
        text = nodes - size
        sought = rng.randint(0, high=LETTERS, size=(size,))
        letters = rng.randint(0, high=LETTERS, size=(text,))
        at = rng.choice(text - size)
        letters[at : at + size] = sought
        positions = np.concatenate([np.arange(text) / text, np.arange(size) / size])
        letters = np.concatenate([letters, sought])
        drawn = _inputs(positions[None], letters[None], text)
        return {name: np.asarray(array)[0] for name, array in drawn.items()}

    def faults(self, inputs: Inputs) -> Iterator[str]:
        """Why a batch is not of this kind: the first place of each fault."""
        which = np.asarray(inputs["string"])
        for graph in np.flatnonzero((np.diff(which) < 0).any(1))[:1]:
            yield f"in input {graph} a letter of the first string is behind the second"
        for graph in np.flatnonzero((which.min(1) > 0) | (which.max(1) < 1))[:1]:
            yield f"input {graph} has one string only"
        for graph in np.flatnonzero(2 * which.sum(1) > which.shape[1])[:1]:
            yield f"in input {graph} what is sought is longer than where it is sought"

    def __str__(self) -> str:
        return "pairs of strings"

    @property
    def features(self) -> dict[str, Feature]:
        """The inputs, in CLRS's order."""
        return {
            "string": Feature("input", "node", "mask"),
            "pos": POSITIONS,
            "key": Feature("input", "node", "categorical", classes=LETTERS),
        }


def _sought(nodes: int) -> int:
    if nodes < 2:
        raise ValueError(f"{nodes} nodes are not two strings: at least 2 are needed")
    return 1 if nodes < 5 else nodes // 5


def _inputs(
    positions: Float[AnyArray, "B N"], letters: Int[AnyArray, "B N"], text: int
) -> dict:
    second = (jnp.arange(letters.shape[1]) >= text).astype(jnp.float32)
    return {
        "string": jnp.broadcast_to(second, letters.shape),
        "pos": positions,
        "key": jax.nn.one_hot(letters, LETTERS),
    }


def _letters(inputs: Inputs) -> tuple[Int[Array, "N"], Int[Array, ""]]:
    """The letter of each node, and the length of the text."""
    letter = jnp.argmax(jnp.asarray(inputs["key"]), -1)
    return letter, (jnp.asarray(inputs["string"]) <= 0).sum()


def _matched(
    hints: dict[str, Array],
    text: Int[Array, ""],
    s: Int[Array, "T"],
    found: Bool[Array, "T"],
    done: Bool[Array, "T"],
) -> Trajectory:
    """The trajectory to the first hint that is done: `s` where it is found, else none.

    None is the first letter of what is sought, by CLRS's convention.
    """
    nodes, last = hints["i"].shape[1], done.argmax()
    node = jnp.arange(nodes)
    first = (node == 0) | (node == text)
    pred = jnp.where(first, node, node - 1)
    match = jnp.where(found[last], s[last], text)
    return base.masked_after(
        {"pred_h": jnp.broadcast_to(pred, (len(s), nodes)), **hints},
        {"match": jax.nn.one_hot(match, nodes)},
        last + 1,
    )


class _Match(NamedTuple):
    """Where the text is compared with what is sought."""

    s: Int[Array, "*T"]
    i: Int[Array, "*T"]
    j: Int[Array, "*T"]


def _naive(inputs: Inputs) -> Trajectory:
    """A hint for each comparison; `s` is where the text may begin to be the same."""
    letter, text = _letters(inputs)
    nodes = letter.shape[0]
    size = nodes - text

    def compare(at: _Match, _):
        same = letter[at.i] == letter[at.j]
        found = same & (at.j == nodes - 1)
        ended = ~same & (at.s + size >= text)
        on = _Match(at.s, at.i + 1, at.j + 1)
        anew = _Match(at.s + 1, at.s + 1, text)
        after = jax.tree.map(lambda a, b: jnp.where(same, a, b), on, anew)
        return after, (at, found, found | ended)

    zero = jnp.array(0)
    start = _Match(zero, zero, text)
    most = _most_comparisons(nodes)
    _, (at, found, done) = jax.lax.scan(compare, start, length=most)
    hints = {
        **{name: jax.nn.one_hot(place, nodes) for name, place in at._asdict().items()},
    }
    return _matched(hints, text, at.s, found, done)


class _Borders(NamedTuple):
    """What Knuth, Morris and Pratt's search knows at one hint.

    A border is a beginning of what is sought that the letters read so far end with. Its
    last letter is `k` in the first phase, which reads what is sought at `q`, and `q` in
    the second, which reads the text at `i`. `reset` says that it is empty; its last
    letter is shown as the first then.
    """

    pi: Int[Array, "*T N"]
    is_reset: Bool[Array, "*T N"]
    k: Int[Array, "*T"]
    k_reset: Bool[Array, "*T"]
    q: Int[Array, "*T"]
    q_reset: Bool[Array, "*T"]
    s: Int[Array, "*T"]
    i: Int[Array, "*T"]
    phase: Bool[Array, "*T"]
    next: Int[Array, "*T"]
    """Whose border is sought next, in the first phase."""


def _kmp(inputs: Inputs) -> Trajectory:
    """A hint for each shorter border, and for each letter whose border is found."""
    letter, text = _letters(inputs)
    nodes, node = letter.shape[0], jnp.arange(letter.shape[0])
    size = nodes - text

    def step(at: _Borders, _):
        border = jnp.where(at.phase, at.q, at.k)
        reset = jnp.where(at.phase, at.q_reset, at.k_reset)
        longer = jnp.where(reset, text, border + 1)
        reader = jnp.where(at.phase, at.i, at.next)
        same = letter[longer] == letter[reader]
        found = at.phase & same & (longer == nodes - 1)
        # the border becomes shorter, or the letter's is known
        falls = ~same & ~reset
        ended = at.phase & ~falls & (at.i == text - 1)
        lost = falls & at.is_reset[border]
        shorter = jnp.where(lost, text, at.pi[border])
        border = jnp.where(falls, shorter, longer)
        reset = jnp.where(falls, lost, ~same)
        of_next = node == at.next
        learns = at._replace(
            pi=jnp.where(of_next & ~falls, border, at.pi),
            is_reset=at.is_reset | (of_next & ~falls & reset),
            k=border,
            k_reset=reset,
            q=at.next,
            next=at.next + ~falls,
        )
        turns = at._replace(q=text, phase=True)
        reads = at._replace(
            q=border,
            q_reset=reset,
            i=at.i + ~falls,
            s=at.s + (~falls & (at.i + 1 >= size)),
        )
        searching = jax.tree.map(
            lambda a, b: jnp.where(at.next < nodes, a, b), learns, turns
        )
        after = jax.tree.map(lambda a, b: jnp.where(at.phase, a, b), reads, searching)
        return after, (at, found, found | ended)

    zero, yes = jnp.array(0), jnp.array(True)
    start = _Borders(
        node, node == text, text, yes, jnp.minimum(text + 1, nodes - 1), yes, zero,
        zero, ~yes, text + 1,
    )  # fmt: skip
    most = _most_borders(nodes)
    _, (at, found, done) = jax.lax.scan(step, start, length=most)
    hints = {
        "pi": at.pi,
        **{n: jax.nn.one_hot(getattr(at, n), nodes) for n in ("k", "q", "s", "i")},
        **{
            n: getattr(at, n).astype(float)
            for n in ("is_reset", "k_reset", "q_reset", "phase")
        },
    }
    return _matched(hints, text, at.s, found, done)


def _most_borders(nodes: int) -> int:
    """Two hints a letter at most: each letter that is read makes the border longer by
    one at most, and every other hint makes it shorter."""
    return 2 * nodes


def _most_comparisons(nodes: int) -> int:
    """Of any two strings: each letter that is sought at each place of the text."""
    return max((nodes - size + 1 - size) * size for size in range(1, nodes // 2 + 1))


_STRINGS = Strings()

naive_string_matcher = base.Task(
    name="naive_string_matcher",
    features={
        **_STRINGS.features,
        "match": Feature("output", "node", "mask_one"),
        "pred_h": ORDER,
        "s": ONE,
        "i": ONE,
        "j": ONE,
    },
    solve=_naive,
    most_hints=_most_comparisons,
    sampler=_STRINGS,
    test_sets=64,
)

_OF_ALL = Feature("hint", "graph", "mask")

kmp_matcher = base.Task(
    name="kmp_matcher",
    features={
        **_STRINGS.features,
        "match": naive_string_matcher.features["match"],
        "pred_h": ORDER,
        "pi": ORDER,
        "is_reset": Feature("hint", "node", "mask"),
        "k": ONE,
        "k_reset": _OF_ALL,
        "q": ONE,
        "q_reset": _OF_ALL,
        "s": ONE,
        "i": ONE,
        "phase": _OF_ALL,
    },
    solve=_kmp,
    most_hints=_most_borders,
    sampler=_STRINGS,
    test_sets=64,
)
"""Knuth, Morris and Pratt's search, which looks at no letter of the text again."""
