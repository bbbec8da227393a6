"""Applies each fault to a copy of the project, and runs the tests that it names.

A fault is caught if a test fails with it that passes without it.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.faults import Fault, apply, copy, faults

FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
AT_ONCE = min(4, os.cpu_count() or 1)
"""Copies under test side by side; each takes about 2 GB of memory."""


class Outcome(NamedTuple):
    """Which test failed with a fault in place."""

    fault: Fault
    test: str
    """The first test that fails; empty if none does."""
    problem: str
    """Why the fault does not count as caught; empty if it does."""
    seconds: float


def run(folder: Path, tests: list[str]) -> subprocess.CompletedProcess:
    """Runs tests of a copy until the first failure."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "--no-header"]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", "-m", "not gpu and not large", *tests],
        cwd=folder,
        # an editable installation would be found instead in other processes
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )


def judge(fault: Fault) -> Outcome:
    """Runs the fault's tests with it; then the test that failed without it."""
    started = time.monotonic()

    def outcome(test: str, problem: str = "") -> Outcome:
        return Outcome(fault, test, problem, time.monotonic() - started)

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        copy(folder)
        applied = apply(fault, folder)
        if applied.returncode:
            return outcome("", f"the patch does not fit: {applied.stderr.strip()}")
        done = run(folder, fault.caught_by)
        failed = FAILED.search(done.stdout)
        if failed is None:
            last = (done.stdout + done.stderr).strip().splitlines()[-1:]
            return outcome("", f"no test fails: {' '.join(last)}")
        apply(fault, folder, "--reverse")
        if run(folder, [failed[1]]).returncode:
            return outcome(failed[1], "this test fails without the fault, too")
    return outcome(failed[1])


def main(names: list[str]) -> int:
    """Judges the named faults, or all; 1 if one is not caught."""
    known = {fault.name: fault for fault in faults()}
    if unknown := set(names) - known.keys():
        print(f"no such faults: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    chosen = [known[name] for name in names] or list(known.values())
    missed = 0
    print("| fault | caught by | seconds |\n| --- | --- | --- |", flush=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(judge, chosen):
            missed += bool(found.problem)
            test = found.test.rpartition("/")[2]
            result = f"NOT CAUGHT ({found.problem}) {test}" if found.problem else test
            print(
                f"| {found.fault.says} | {result} | {found.seconds:.0f} |", flush=True
            )
    print(f"{len(chosen) - missed} of {len(chosen)} faults were caught")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
