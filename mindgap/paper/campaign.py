"""What is recorded, what is wanted next, and work within a time limit.

A row wants three numbers of seeds, one after the other: eight, without which it has no
verdict; as many as show equivalence with 80 % power; as many as the paper has. Rows of
which new seeds alone decide count from the first new one.
"""

import dataclasses
import math
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

from mindgap.experiments import beside, blocks, run
from mindgap.experiments.base import Experiment
from mindgap.experiments.blocks import Deadline, TimeUp
from mindgap.paper import protocol, verdicts
from mindgap.store import Store


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far one experiment is. Hours are this device's, None where it has no pace."""

    name: str
    seeds: int
    """Recorded."""
    deciding: int
    """Those that its verdict rests on."""
    first: int
    """The first seed that decides."""
    least: int
    """Deciding seeds without which there is no verdict."""
    equivalent: int | None
    """Deciding seeds that show equivalence with 80 % power; None without a number in
    the paper, or if the margin is narrower than the paper's own error."""
    wanted: int
    """As many as the paper has."""
    steps: int
    sized: int | None
    """Seeds that are scored by size; None for a row that is not."""
    hours_to_least: float | None
    hours_to_equivalent: float | None
    hours_to_wanted: float | None

    @property
    def goals(self) -> tuple[tuple[int, float | None], ...]:
        """Deciding seeds and hours to each of the three."""
        return (
            (self.least, self.hours_to_least),
            (self.equivalent or 0, self.hours_to_equivalent),
            (self.wanted, self.hours_to_wanted),
        )


def progress(rows: Sequence[Experiment], store: Store) -> list[Progress]:
    """Of each experiment what is recorded, and the hours that are left to each goal.

    At the pace of this device; a row that it has not run takes the pace of one with the
    same task and hidden size.
    """
    recorded, paces, here = {}, {}, blocks.device()
    see = verdicts.judge_of(store)
    for row in rows:
        records = store.records(row.recorded, row.digest)
        recorded[row.name] = [seed for record in records for seed in record.seeds]
        timed = [r for r in records if r.certificate["device"] == here]
        if timed:
            spent = sum(record.certificate["seconds"] for record in timed)
            pace = spent / sum(len(record.seeds) for record in timed) / row.train.steps
            paces[row.name] = pace
            paces.setdefault((row.task.name, row.model.hidden_size), pace)
    found = []
    for row in rows:
        first = protocol.FIRST_NEW.get(row.recorded, 0)
        deciding = sum(seed >= first for seed in recorded[row.name])
        pace = paces.get(row.name, paces.get((row.task.name, row.model.hidden_size)))
        each = None if pace is None else pace * row.train.steps / 3600
        enough = verdicts.wanted(row, see)

        def hours(goal: int | None, deciding=deciding, each=each) -> float | None:
            left = max(0, (goal or 0) - deciding)
            return 0.0 if not left else None if each is None else left * each

        scored = store.records(*beside.home(row, beside.SIZES)) if row.by_size else []
        found.append(
            Progress(
                row.name,
                len(recorded[row.name]),
                deciding,
                first,
                protocol.LEAST,
                enough,
                row.seeds,
                row.train.steps,
                sum(len(r.seeds) for r in scored) if row.by_size else None,
                hours(protocol.LEAST),
                hours(enough),
                hours(row.seeds),
            )
        )
    return found


def most_wanted(
    rows: Sequence[Experiment], store: Store, goals: int = 3
) -> Iterator[tuple[Experiment, range]]:
    """Rows with the seeds to record next, by goal and then by cost, cheap ones first.

    With fewer `goals`, only to the first of the three. A row without a known cost comes
    after the others. Records that share seeds (`same_as`) are told once.
    """
    own = _once(rows)
    lines = {line.name: line for line in progress(own, store)}
    by_name = {row.name: row for row in own}
    for goal in range(goals):
        left = [
            (hours, count, line)
            for line in lines.values()
            for count, hours in [line.goals[goal]]
            if line.deciding < count
        ]
        for _, count, line in sorted(
            left, key=lambda item: math.inf if item[0] is None else item[0]
        ):
            yield by_name[line.name], range(line.first, line.first + count)


def work(
    rows: Sequence[Experiment],
    store: Store,
    seconds: float,
    say: Callable[[str], None] = print,
) -> None:
    """Trains what is most wanted until the time is over; what is unfinished is kept.

    A row whose loss is not finite is said, and left out. Ends within the limit: before
    a part of the work for which no time is left, and at the last moment in the middle
    of one, where compiling or measuring takes longer than was left. Then the process
    itself ends, with status 0: records are written whole or not at all, and all steps
    but the last ones are in a checkpoint.
    """
    deadline = Deadline(seconds)

    def end() -> None:
        try:
            say(f"the time limit is reached; {remaining(rows, store)}")
            sys.stdout.flush()
        finally:
            os._exit(0)

    watch = threading.Timer(max(0.0, deadline.left - RESERVE), end)
    watch.daemon = True
    watch.start()
    try:
        lost = 0
        for row, seeds in most_wanted(rows, store):
            try:
                run.complete(row, seeds, store, deadline=deadline)
            except FloatingPointError as error:
                lost += 1
                say(f"{error}; going on with the next row")
        say(f"{lost} rows could not be trained" if lost else "nothing is left")
    except TimeUp as reason:
        say(f"stopped before the time limit ({reason}); {remaining(rows, store)}")
    finally:
        watch.cancel()


def _once(rows: Sequence[Experiment]) -> list[Experiment]:
    """Rows without those that share the records of an earlier one."""
    return list({(row.recorded, row.digest): row for row in reversed(rows)}.values())[
        ::-1
    ]


RESERVE = 10.0
"""Seconds before the limit at which work is broken off, to say what is left."""


def remaining(rows: Sequence[Experiment], store: Store) -> str:
    """What is left to each goal, in a line."""
    found = progress(_once(rows), store)
    parts = []
    for index, goal in enumerate(("eight seeds", "equivalence", "the paper's seeds")):
        left = [line for line in found if line.deciding < line.goals[index][0]]
        hours = [line.goals[index][1] for line in left]
        known = sum(h for h in hours if h is not None)
        unknown = sum(h is None for h in hours)
        more = f" and {unknown} rows of unknown cost" * bool(unknown)
        parts.append(f"{len(left)} rows to {goal} ({known:.1f} h{more})")
    return "left: " + ", ".join(parts)
