"""Binary search: the middle of two places is found by halving their positions."""

from mindgap import tasks
from mindgap.language.expressions import same
from mindgap.language.program import GraphProgram
from mindgap.language.selection import Min, nobody
from mindgap.programs.rows import (
    PAST,
    marked,
    named_by,
    ring,
    select_before,
    select_front,
    select_last,
    select_middle,
)

ROUND = 9
"""Steps for each hint: in step 6 one end moves to the middle, or behind it. The middle
then is found in three steps, and at first in the steps before."""
TIMES = ring(ROUND)


def _halve(self, front, last, before, least, greatest, middle, called, above, init):
    moves = self.t6
    first, final = same(front.index, self.index), same(last.index, self.index)
    return {
        **{time: getattr(self, earlier) for time, earlier in TIMES.items()},
        "old": True,
        "front": first,
        "low": (first & ~self.old) + (self.low & ~moves)
        + (moves & self.below & self.low)
        + (moves & ~self.below & before.mid & ~self.front),
        "high": (final & ~self.old) + (self.high & ~moves)
        + (moves & ~self.below & self.high) + (moves & self.below & self.mid),
        "half": 0.5 * least.index + 0.5 * greatest.index + PAST,
        "named": middle.index,
        "mid": called.front,
        "below": above.mid,
        "pred": before.index,
    }  # fmt: skip


binary_search = GraphProgram(
    name="binary_search",
    start=lambda init: {
        **{time: time == "t1" for time in TIMES},
        "old": False, "front": False, "low": False, "high": False, "half": PAST,
        "named": init.index, "mid": False, "below": False, "pred": init.index,
    },
    select={
        "front": select_front,
        "last": select_last,
        "before": select_before,
        "least": marked("low"),
        "greatest": marked("high"),
        "middle": select_middle,
        "called": named_by("front"),
        "above": lambda self, other, init, edge: Min(
            other.index, where=other.mid & (init.target <= other.key), default=nobody
        ),
    },
    update=_halve,
    task=tasks.binary_search,
    hints={"pred_h": "pred", "low": "low", "high": "high", "mid": "mid"},
    outputs={"return": "high"},
    message_steps=ROUND,
    largest_value=1.0,
    linear_positions=True,
)  # fmt: skip
"""What is sought lies between `low` and `high`; the middle becomes one end, or is left
out. It is halfway in positions, so that these have to be linear."""
