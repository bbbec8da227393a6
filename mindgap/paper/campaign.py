"""What is recorded, which seeds to train next, and training within a time limit.

Each row has three goals, which are numbers of deciding seeds: first eight, the least
that has a verdict; then as many as show equivalence with 80 % power; then as many as
the paper has. If only new seeds decide about a row (`protocol.FIRST_NEW`), earlier
seeds do not count. Example: if seeds from 16 on decide, the first goal is 16 to 23.
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
    """The recorded and the wanted seeds of one experiment.

    Hours are estimates for this device, None if it has trained nothing comparable.
    """

    name: str
    seeds: int
    """Number of recorded seeds."""
    deciding: int
    """Number of recorded seeds that the verdict rests on."""
    first: int
    """The first seed that the verdict may rest on."""
    least: int
    """Least number of deciding seeds for a verdict."""
    equivalent: int | None
    """Number of deciding seeds that show equivalence with 80 % power; None if the paper
    has no number, or if the margin is narrower than the paper's own error."""
    wanted: int
    """The paper's number of seeds."""
    steps: int
    sized: int | None
    """Number of seeds with scores by size; None for a row that is not scored by size.
    """
    hours_to_least: float | None
    hours_to_equivalent: float | None
    hours_to_wanted: float | None

    @property
    def goals(self) -> tuple[tuple[int, float | None], ...]:
        """The number of deciding seeds, and the hours to reach it, of each goal."""
        return (
            (self.least, self.hours_to_least),
            (self.equivalent or 0, self.hours_to_equivalent),
            (self.wanted, self.hours_to_wanted),
        )


def progress(rows: Sequence[Experiment], store: Store) -> list[Progress]:
    """The recorded seeds of each experiment, and the hours of training to each goal.

    Hours assume the pace of this device. A row that this device has not trained is
    assumed to take the time per step of a row with the same task and hidden size.
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
    lines = []
    for row in rows:
        first = protocol.FIRST_NEW.get(row.recorded, 0)
        deciding = sum(seed >= first for seed in recorded[row.name])
        pace = paces.get(row.name, paces.get((row.task.name, row.model.hidden_size)))
        per_seed = None if pace is None else pace * row.train.steps / 3600
        enough = verdicts.wanted(row, see)

        def hours(
            goal: int | None, deciding=deciding, per_seed=per_seed
        ) -> float | None:
            left = max(0, (goal or 0) - deciding)
            return 0.0 if not left else None if per_seed is None else left * per_seed

        scored = store.records(*beside.home(row, beside.SIZES)) if row.by_size else []
        lines.append(
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
    return lines


def most_wanted(
    rows: Sequence[Experiment], store: Store, goals: int = 3
) -> Iterator[tuple[Experiment, range]]:
    """Rows with the seeds that must be recorded, by goal and then by cost, least first.

    Only the first `goals` of the three goals are included. Within a goal, rows of
    unknown cost come last. Of rows that share their records (`same_as`) only the first
    is included.
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
    """Train the most wanted seeds first, until the time limit in `seconds` is over.

    Progress of an unfinished block is kept in a checkpoint. A row whose loss is not
    finite is reported and skipped. The work ends before a part for which the time left
    does not suffice. If a part takes longer than expected (compiling or measuring), the
    process itself ends within the limit, with status 0; this loses only the steps since
    the last checkpoint, since a record is written whole or not at all.
    """
    deadline = Deadline(seconds)

    def end() -> None:
        try:
            say(f"the time limit is reached; {remaining(rows, store)}")
            sys.stdout.flush()
        finally:
            os._exit(0)

    watchdog = threading.Timer(max(0.0, deadline.left - RESERVE), end)
    watchdog.daemon = True
    watchdog.start()
    try:
        failed = 0
        for row, seeds in most_wanted(rows, store):
            try:
                run.complete(row, seeds, store, deadline=deadline)
            except FloatingPointError as error:
                failed += 1
                say(f"{error}; going on with the next row")
        say(f"{failed} rows could not be trained" if failed else "nothing is left")
    except TimeUp as reason:
        say(f"stopped before the time limit ({reason}); {remaining(rows, store)}")
    finally:
        watchdog.cancel()


def _once(rows: Sequence[Experiment]) -> list[Experiment]:
    """The rows without those that share the records of an earlier row."""
    return list({(row.recorded, row.digest): row for row in reversed(rows)}.values())[
        ::-1
    ]


RESERVE = 10.0
"""Seconds before the limit at which the process is ended, so that there is time to
print what is left."""


def remaining(rows: Sequence[Experiment], store: Store) -> str:
    """One line with the number of rows, and the hours, that are left to each goal."""
    lines = progress(_once(rows), store)
    parts = []
    for index, goal in enumerate(("eight seeds", "equivalence", "the paper's seeds")):
        left = [line for line in lines if line.deciding < line.goals[index][0]]
        hours = [line.goals[index][1] for line in left]
        known = sum(h for h in hours if h is not None)
        unknown = sum(h is None for h in hours)
        more = f" and {unknown} rows of unknown cost" * bool(unknown)
        parts.append(f"{len(left)} rows to {goal} ({known:.1f} h{more})")
    return "left: " + ", ".join(parts)
