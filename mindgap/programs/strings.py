"""Naive string matching: two strings on one set of nodes, eight steps for each hint.

In CLRS two letters of different strings can have the same position. So the place of a
node is half its position, and for the second string half a unit more.
"""

import functools
import operator

from mindgap import tasks
from mindgap.language.expressions import same, when
from mindgap.language.program import GraphProgram
from mindgap.programs.rows import (
    marked,
    ring,
    select_before,
    select_front,
    select_last,
    sure,
)
from mindgap.tasks.strings import LETTERS

_TIMES = ring(8)


def _match(self, front, before, last, eye, jay, init):
    begins, moves = ~self.old, self.t5
    found = moves & self.equal & self.ended
    on, anew = moves & self.equal & ~self.ended, moves & ~self.equal
    within = ~self.string & ~self.front
    alike = [
        getattr(self, time) & getattr(self, f"letter_{k}") & getattr(jay, f"key_{k}")
        for time in ("t4", "t7")
        for k in range(LETTERS)
    ]
    return {
        **{time: getattr(self, earlier) for time, earlier in _TIMES.items()},
        "old": True,
        "older": self.old,
        "front": same(front.index, self.index),
        "first": self.string & ~before.string,
        "end": same(last.index, self.index),
        # all nodes alike: the letter at i, whether it is that at j, and j is the last
        **{f"letter_{k}": getattr(eye, f"key_{k}") for k in range(LETTERS)},
        "equal": (sure(self.equal) & ~self.t4 & ~self.t7)
        + functools.reduce(operator.add, alike),
        "ended": jay.end,
        "shift": (sure(self.shift) & ~moves) + (moves & self.equal & self.shift)
        + (anew & before.shift & within)
        + (same(front.index, self.index) & begins),
        "i": (sure(self.i) & ~moves) + (found & self.i) + (on & before.i & within)
        + (anew & before.shift & within) + (same(front.index, self.index) & begins),
        "j": (sure(self.j) & ~moves) + (found & self.j) + (on & before.j)
        + (anew & self.first)
        + (self.first & self.old & ~self.older),
        "match": (self.shift & self.equal & self.ended) + (self.first & ~self.equal)
        + (self.first & self.equal & ~self.ended),
        "pred": when(~self.first, before.index) + when(self.first, self.index),
    }  # fmt: skip


naive_string_matcher = GraphProgram(
    name="naive_string_matcher",
    start=lambda init: {
        **{time: time == "t1" for time in _TIMES},
        **dict.fromkeys(("old", "older", "front", "first", "end"), False),
        **{f"letter_{k}": False for k in range(LETTERS)},
        **dict.fromkeys(("equal", "ended", "shift", "i", "j", "match"), False),
        "pred": init.index,
    },
    select={
        "front": select_front,
        "before": select_before,
        "last": select_last,
        "eye": marked("i"),
        "jay": marked("j"),
    },
    update=_match,
    task=tasks.naive_string_matcher,
    hints={"pred_h": "pred", "s": "shift", "i": "i", "j": "j"},
    outputs={"match": "match"},
    message_steps=8,
    largest_value=1.0,
)
"""Where the two letters are the same, both go on; else the text is tried one letter
later, and what is sought from its first. What is found is where the last letter is the
same; until then, by CLRS's convention, the first letter of what is sought."""
