"""Heapsort: a node is a number, and a place where a number stands, as in quicksort.

Whose child a place is follows from where it stands: the parent of the place at x is the
last at or before (x - 1/N) / 2. So positions have to be linear. Each hint takes eleven
steps: who sinks is decided, his children are found and compared, two change places, and
the numbers are shown.
"""

from mindgap import tasks
from mindgap.language.expressions import maximum, same, when
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Min, nobody
from mindgap.programs.rows import (
    PAST,
    marked,
    named_by,
    ring,
    select_before,
    select_behind,
    select_front,
    select_last,
    select_middle,
    select_place,
    sure,
)

_TIMES = ring(11)


def _sort(
    self, front, last, before, behind, up, one, two, three, tail, over_1, over_2, own,
    place, bigs, firsts, eye, init,
):  # fmt: skip
    decides, compares, swaps, shows = self.t1, self.t3, self.t8, self.t9
    begins = same(last.index, self.index) & ~self.old
    rests = decides & ~self.takes & ~self.sank
    earlier = behind.of & ~self.end
    return {
        **{time: getattr(self, step) for time, step in _TIMES.items()},
        "old": True,
        "front": same(front.index, self.index), "end": same(last.index, self.index),
        "half": maximum(0.5 * self.index + 0.5 * last.index - 0.5, 0) + PAST,
        # all nodes alike: whether the heap is built, or its largest number taken
        "built": eye.front,
        "builds": (sure(self.builds) & ~decides) + (self.builds & decides & self.sank)
        + (self.builds & rests & ~self.built),
        "takes": (sure(self.takes) & ~decides) + (rests & ~self.builds)
        + (rests & self.builds & self.built),
        "sank": (sure(self.sank) & ~swaps) + (swaps & bigs.big),
        # places: whose number sinks, for which of them, and where the heap ends
        "at": (sure(self.at) & ~decides) + (decides & self.takes & self.front)
        + (decides & ~self.takes & self.sank & self.big)
        + (rests & self.builds & ~self.built & earlier) + begins,
        "of": (sure(self.of) & ~decides) + (decides & self.takes & self.of)
        + (decides & ~self.takes & self.sank & self.of)
        + (rests & self.builds & ~self.built & earlier)
        + (rests & self.builds & self.built & self.end)
        + (rests & ~self.builds & earlier) + begins,
        "open": (sure(self.open) & ~shows) + (shows & self.open & ~self.takes)
        + (shows & self.open & self.takes & ~self.of),
        "bottom": (sure(self.bottom) & ~shows) + (shows & self.bottom & ~self.takes)
        + (shows & self.takes & earlier) + begins,
        "kid": self.t2 & ~self.takes & self.open & ~self.front & up.at,
        # places whose numbers are compared, and later shown; and these numbers
        "p1": (sure(self.p1) & ~compares & ~shows) + (compares & self.at)
        + (shows & self.takes & self.front) + (shows & ~self.takes & self.of),
        "p2": (sure(self.p2) & ~compares & ~shows) + (compares & self.kid & ~before.kid)
        + (shows & self.takes & self.of) + (shows & ~self.takes & self.at),
        "p3": (sure(self.p3) & ~compares & ~shows) + (compares & self.kid & before.kid)
        + (shows & ~self.takes & self.big)
        + (shows & ~self.takes & self.at & ~bigs.big),
        "n1": one.p1, "n2": two.p2,
        "n3": three.p3 + (self.t10 & self.takes & self.front)
        + (self.t11 & self.takes & self.front),
        "n4": tail.bottom,
        "above_1": over_1.n1, "above_2": over_2.n2,
        # which child is the largest, and who change places
        "right": self.t6 & self.p3 & own.above_1 & own.above_2,
        "left": self.t6 & self.p2 & own.above_1,
        "big": (sure(self.big) & ~self.t7) + (self.t7 & self.right)
        + (self.t7 & self.left & ~behind.right) + (self.t7 & self.takes & self.of),
        "first": (self.t7 & self.takes & self.front)
        + (self.t7 & ~self.takes & self.at),
        "holds": when(~swaps, self.holds) + when(swaps & self.big, firsts.holds)
        + when(swaps & self.first & bigs.big, bigs.holds)
        + when(swaps & self.first & ~bigs.big, self.holds)
        + when(swaps & ~self.first & ~self.big, self.holds),
        # what is shown of each number: who stands before it, and above it in the heap
        "ahead": before.holds,
        "upper": when(self.open, up.holds) + when(~self.open, self.holds),
        "pred": place.ahead, "parent": place.upper,
        "sinks": ~self.takes & ~self.builds,
    }  # fmt: skip


heapsort = GraphProgram(
    name="heapsort",
    start=lambda init: {
        **{time: time == "t1" for time in _TIMES},
        "old": False, "front": False, "end": False, "half": PAST, "built": False,
        "builds": True, "takes": False, "sank": False, "at": False, "of": False,
        "open": True, "bottom": False, "kid": False,
        **dict.fromkeys(
            ("p1", "p2", "p3", "n1", "n2", "n3", "n4", "above_1", "above_2", "right",
             "left", "big", "first"),
            False,
        ),
        "holds": init.index, "ahead": init.index, "upper": init.index,
        "pred": init.index, "parent": init.index, "sinks": False,
    },
    select={
        "front": select_front,
        "last": select_last,
        "before": select_before,
        "behind": select_behind,
        "up": select_middle,
        "one": named_by("p1", "holds"),
        "two": named_by("p2", "holds"),
        "three": named_by("p3", "holds"),
        "tail": named_by("bottom", "holds"),
        "over_1": lambda self, other, init, edge: Min(
            other.index, where=other.n1 & (other.key < self.key), default=nobody
        ),
        "over_2": lambda self, other, init, edge: Min(
            other.index, where=other.n2 & (other.key < self.key), default=nobody
        ),
        "own": lambda self, other, init, edge: Min(
            other.index, where=same(other.index, self.holds), default=self
        ),
        "place": select_place,
        "bigs": marked("big"),
        "firsts": marked("first"),
        "eye": marked("of"),
    },
    update=_sort,
    task=tasks.heapsort,
    hints={
        "pred_h": "pred", "parent": "parent", "i": "n1", "j": "n2", "largest": "n3",
        "heap_size": "n4", "phase": (None, "takes", "sinks"),
    },
    outputs={"pred": "pred"},
    message_steps=11,
    largest_value=1.0,
    linear_positions=True,
)  # fmt: skip
"""A number sinks to the larger of its children, until both are below it. So the heap is
built from the last place to the first; then its first number, the largest, changes
places with its last, which the heap loses and from which it sinks again."""
