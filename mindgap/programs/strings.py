"""String matching, naive and Knuth-Morris-Pratt: two strings on one set of nodes.

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
    named_by,
    ring,
    select_before,
    select_front,
    select_last,
    sure,
)
from mindgap.tasks.strings import LETTERS

_TIMES = ring(8)


def _told(self, front, before, last, eye):
    """Where the strings begin and end, the letter that is read, and what is shown."""
    return {
        "front": same(front.index, self.index),
        "first": self.string & ~before.string,
        "end": same(last.index, self.index),
        **{f"letter_{k}": getattr(eye, f"key_{k}") for k in range(LETTERS)},
        "match": (self.shift & self.equal & self.ended) + (self.first & ~self.equal)
        + (self.first & self.equal & ~self.ended),
        "pred": when(~self.first, before.index) + when(self.first, self.index),
    }  # fmt: skip


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
        **_told(self, front, before, last, eye),
        # all nodes alike: whether the letter at i is that at j, and j is the last
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


_BEATS = ring(10)


def _borders(self, front, before, last, eye, reader, curs, heir, wheel, init):
    begins, moves = self.old & ~self.older, self.t6
    # the border of a letter of what is sought is known or falls; the same in the text
    knows, falls = moves & self.learns & ~self.differ, moves & self.learns & self.differ
    reads, drops = moves & self.phase & ~self.differ, moves & self.phase & self.differ
    turns, rests = moves & ~self.learns & ~self.phase, moves & ~self.learns
    searches = moves & ~self.phase
    within = ~self.string & ~self.front

    def compared(read):
        return functools.reduce(
            operator.add,
            (getattr(self, f"letter_{k}") & read(k) for k in range(LETTERS)),
        )

    def other_letter(k):
        return ~getattr(reader, f"key_{k}")

    unequal_1, unequal_2 = (
        compared(lambda k, free=free: free & other_letter(k))
        for free in (~self.phase & ~self.k_reset, self.phase & ~self.q_reset)
    )
    return {
        **{time: getattr(self, earlier) for time, earlier in _BEATS.items()},
        "old": True,
        "older": self.old,
        **_told(self, front, before, last, eye),
        # whose letter is read, the end of the border so far, and the letter behind it
        "reader": (sure(self.reader) & ~moves) + (falls & self.reader)
        + (knows & before.reader) + (turns & self.front) + (drops & self.reader)
        + (reads & before.reader & within) + (begins & before.first),
        "border": (~self.phase & self.k) + (self.phase & self.q),
        "at": (~self.phase & ~self.k_reset & before.k)
        + (~self.phase & self.k_reset & self.first)
        + (self.phase & ~self.q_reset & before.q)
        + (self.phase & self.q_reset & self.first),
        # all nodes alike
        "equal": compared(lambda k: getattr(reader, f"key_{k}")),
        "differ": unequal_1 + unequal_2,
        "ended": eye.end,
        "lost": curs.is_reset,
        "late": wheel.end,
        "learns": ~self.phase & reader.reader,
        "phase": sure(self.phase) + turns,
        "k_reset": (sure(self.k_reset) & ~moves) + (rests & self.k_reset)
        + (knows & ~self.equal) + (falls & self.lost),
        "q_reset": (sure(self.q_reset) & ~moves) + (searches & self.q_reset)
        + (reads & ~self.equal) + (drops & self.lost),
        # what is shown
        "pi": when(knows & self.reader, eye.index)
        + when(knows & ~self.reader, self.pi) + when(falls, self.pi)
        + when(rests, self.pi) + when(~moves, self.pi),
        "is_reset": sure(self.is_reset) + (begins & self.first)
        + (knows & self.reader & ~self.equal),
        "k": (sure(self.k) & ~moves) + (rests & self.k) + (knows & self.at)
        + (falls & self.lost & self.first) + (falls & ~self.lost & heir.border)
        + (begins & self.first),
        "q": (sure(self.q) & ~moves) + (moves & self.learns & self.reader)
        + (turns & self.first) + (reads & self.at)
        + (drops & self.lost & self.first) + (drops & ~self.lost & heir.border),
        "i": (sure(self.i) & ~moves) + (searches & self.i) + (drops & self.i)
        + (reads & before.i & within) + (begins & self.front),
        # as far behind the first letter as i, until it is at the last
        "wheel": (sure(self.wheel) & ~moves) + (searches & self.wheel)
        + (drops & self.wheel) + (reads & before.wheel)
        + (reads & self.wheel & self.end) + (begins & self.first),
        "shift": (sure(self.shift) & ~moves) + (searches & self.shift)
        + (drops & self.shift) + (reads & self.late & before.shift & within)
        + (reads & ~self.late & self.shift) + (begins & self.front),
    }  # fmt: skip


kmp_matcher = GraphProgram(
    name="kmp_matcher",
    start=lambda init: {
        **{time: time == "t1" for time in _BEATS},
        **dict.fromkeys(("old", "older", "front", "first", "end"), False),
        **dict.fromkeys(("reader", "border", "at"), False),
        **{f"letter_{k}": False for k in range(LETTERS)},
        **dict.fromkeys(("equal", "differ", "ended", "lost", "late", "learns"), False),
        "phase": False, "k_reset": True, "q_reset": True,
        "pi": init.index,
        **dict.fromkeys(("is_reset", "k", "q", "i", "wheel", "shift", "match"), False),
        "pred": init.index,
    },
    select={
        "front": select_front,
        "before": select_before,
        "last": select_last,
        "eye": marked("at"),
        "reader": marked("reader"),
        "curs": marked("border"),
        "heir": named_by("border", "pi"),
        "wheel": marked("wheel"),
    },
    update=_borders,
    task=tasks.kmp_matcher,
    hints={
        "pred_h": "pred", "pi": "pi", "is_reset": "is_reset", "k": "k",
        "k_reset": "k_reset", "q": "q", "q_reset": "q_reset", "s": "shift", "i": "i",
        "phase": "phase",
    },
    outputs={"match": "match"},
    message_steps=10,
    largest_value=1.0,
)  # fmt: skip
"""A border is a beginning of what is sought that the letters read so far end with. It
grows by the next letter or falls to its own border, `pi`. First what is sought is read,
then the text."""
