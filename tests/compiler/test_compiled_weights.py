"""What programs compile to stays what it is, bit for bit.

Recorded experiments start from these weights. `compiled_weights.json` holds a hash for
each program, network, number of nodes and sharpness. To write it anew:
`python -m tests.compiler.test_compiled_weights`. That is right only if the rows that
start from changed weights are run again.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mindgap import paper, programs, tasks
from mindgap.compiler import verification
from mindgap.compiler.compile import compile
from mindgap.compiler.static import CannotCompile
from mindgap.config import weights_digest

FILE = Path(__file__).with_name("compiled_weights.json")
CERTIFICATES = Path(__file__).parents[2] / "book" / "results" / "certificates.json"
SIZES, SHARPNESSES = (4, 16, 64), (2.0, 8.0, 32.0, 2.0**13, 2.0**20)
STARTS = [row for row in paper.EXPERIMENTS.values() if row.start]


def of_program(name: str) -> Iterator[tuple[str, str]]:
    """A line for each network that may hold the program, and the hash or `refused`."""
    program = programs.PROGRAMS[name]
    for network in ("mindgap", "clrs"):
        for nodes in SIZES:
            where = f"{name}, {network}, {nodes} nodes"
            try:
                made = verification.suited(program, nodes, network)
            except CannotCompile:
                yield where, "refused"
                continue
            yield where, weights_digest(made.params)
            if nodes != 16:
                continue
            for sharpness in SHARPNESSES:
                soft = compile(program, made.config, sharpness=sharpness)
                yield f"{where}, sharpness {sharpness:g}", weights_digest(soft.params)


def of_starts() -> Iterator[tuple[str, str]]:
    """The weights that rows of the registry start from."""
    for row in STARTS:
        yield row.name, weights_digest(row.start.params(row.model))


def recorded() -> dict[str, str]:
    return json.loads(FILE.read_text())


SLOWEST = ("heapsort", "quickselect", "quicksort")
"""Half a minute each, and no row starts from them."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.large] * (name in SLOWEST))
        for name in programs.PROGRAMS
    ],
)
def test_programs_compile_to_the_same_bits(name):
    expected = {k: v for k, v in recorded().items() if k.split(", ")[0] == name}
    assert expected and dict(of_program(name)) == expected


def test_certificates_of_the_book_are_of_these_weights():
    expected = recorded()
    certificates = json.loads(CERTIFICATES.read_text())
    sizes = {}
    for found in certificates:
        (nodes,) = found["nodes"]
        sizes.setdefault((found["program"], found["network"]), set()).add(nodes)
        where = f"{found['program']}, {found['network']}, {nodes} nodes"
        assert found["weights"] == expected[where], where
    for task in tasks.CLRS:
        name = "prim" if task == "mst_prim" else task
        assert {4, 16} <= sizes[name, "mindgap"], name


def test_rows_start_from_the_same_bits():
    expected = recorded()
    for name, found in of_starts():
        assert found == expected[name], name


if __name__ == "__main__":
    lines = [line for name in programs.PROGRAMS for line in of_program(name)]
    FILE.write_text(json.dumps(dict([*lines, *of_starts()]), indent=1) + "\n")
