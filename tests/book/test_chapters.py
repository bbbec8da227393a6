"""What every chapter keeps to: nothing typed in, everything drawn can be taken away."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import mindgap as mg

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "book").glob("*.ipynb"))
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)

# Numbers that prose may hold: settings of the experiments, constants of the network,
# and what the paper says in words. None is a result of ours.
SETTINGS = {
    "0.01": "slope of the leaky ReLU",
    "0.05": "a share of the parameters' length",
    "0.1": "least edge probability in training",
    "0.9": "greatest edge probability in training",
    "1,000": "graphs of a certificate, or of a test set",
    "1,024": "the paper's seeds in Table 13",
    "1024": "pointers of 64 graphs of 16 nodes",
    "10,000": "steps of training",
    "100 %": "what exact means",
    "128": "hidden size; the paper's least number of seeds",
    "2,000": "steps of training from compiled weights",
    "2,048": "pointers of CLRS-30's test set",
    "2048": "pointers of CLRS-30's test set",
    "200": "graphs of a certificate",
    "256": "nodes of the largest DFS",
    "50,000": "steps of Table 7",
    "500": "the paper's count of minimal parameters; graphs of a certificate",
    "90 %": "level of the interval that shows equivalence; what good stands for",
    "95 %": "level of all intervals; what nearly perfect stands for",
    "99 %": "the paper, section 3: accuracy on training lengths",
}


RATES = {1e-3, 1e-4, 1e-5, 1e-6, 1e-8}
"""Learning rates, weights and tolerances."""


def cells(path: Path, kind: str) -> Iterator[Any]:
    yield from (
        cell
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == kind
    )


def parsed(path: Path) -> Iterator[tuple[str, ast.Module]]:
    """The name of each code cell and its code, without IPython's own lines."""
    for cell in cells(path, "code"):
        lines = cell.source.splitlines()
        kept = "\n".join(line for line in lines if not line.startswith("%"))
        yield cell.id, ast.parse(kept)


def prose(text: str) -> str:
    """A text cell without code, equations, addresses, roles and numbers of sections."""
    for pattern in (
        r"```.*?```",
        r"\$\$.*?\$\$",
        r"\{[a-z:]+\}`[^`]*`",
        r"`[^`]*`",
        r"\$[^$]*\$",
        r"\]\([^)]*\)",
        r"(?:[Ss]ections?|arXiv|\d\d:\d\d) [\d.]+(?:(?:,| and| to) [\d.]+)*",
    ):
        text = re.sub(pattern, " ", text, flags=re.S)
    return text


@each_chapter
def test_no_result_is_typed_by_hand(path: Path) -> None:
    number = re.compile(
        r"(?<![\w.,§-])(?:\d+(?:,\d{3})*(?:\.\d+)?\s?%|\d+\.\d+|\d+(?:,\d{3})+|\d{3,})"
    )
    found = [
        match
        for cell in cells(path, "markdown")
        for match in number.findall(prose(cell.source))
    ]
    typed = [re.sub(r"\s", " ", match) for match in found]
    years = re.compile(r"(19|20)\d\d")
    assert [t for t in typed if t not in SETTINGS and not years.fullmatch(t)] == []


@each_chapter
def test_no_table_of_numbers_is_typed_into_code(path: Path) -> None:
    """A literal list or dictionary of several decimals would be a table by hand."""
    for name, code in parsed(path):
        for node in ast.walk(code):
            if isinstance(node, ast.List | ast.Tuple | ast.Dict | ast.Set):
                decimals = [
                    n.value
                    for n in ast.iter_child_nodes(node)
                    if isinstance(n, ast.Constant) and isinstance(n.value, float)
                ]
                fine = [
                    d for d in decimals if round(100 * d) != 100 * d and d not in RATES
                ]
                assert not fine, f"{path.stem}: {fine} in {name}"


@each_chapter
def test_checks_and_plumbing_are_not_shown(path: Path) -> None:
    """A page shows code that teaches; only a figure's code is behind a folding bar."""
    for cell in cells(path, "code"):
        tags = cell.metadata.get("tags", [])
        if "hide-input" in tags:
            assert "figure" in cell.metadata.get("mystnb", {}), cell.source
        elif not {"remove-cell", "remove-input"} & {*tags}:
            assert "assert " not in cell.source, cell.source


def test_a_book_has_few_folding_bars() -> None:
    folded = [
        cell
        for path in CHAPTERS
        for cell in cells(path, "code")
        if any(tag.startswith("hide-") for tag in cell.metadata.get("tags", []))
    ]
    assert 0 < len(folded) <= 60


@each_chapter
def test_every_figure_has_words_and_data(path: Path) -> None:
    code = list(cells(path, "code"))
    for cell, following in zip(code, [*code[1:], None], strict=True):
        if "figure" not in cell.metadata.get("mystnb", {}):
            continue
        about = cell.metadata["mystnb"]
        name = about["figure"]["name"]
        assert len(about["figure"]["caption"]) > 40, name
        assert len(about.get("image", {}).get("alt", "")) > 40, name
        offer = rf'pages\.data\(\s*"{name}"'
        offered = following is not None and re.search(offer, following.source)
        assert offered, f"{path.stem}: {name} is not followed by its data"


def test_every_figure_and_table_of_the_paper_has_its_counterpart() -> None:
    names, words = set(), ""
    for path in CHAPTERS:
        for cell in cells(path, "code"):
            names.add(cell.metadata.get("mystnb", {}).get("figure", {}).get("name"))
        words += "".join(cell.source for cell in cells(path, "markdown"))
    assert [n for n in range(1, 20) if f"figure-{n}" not in names] == []
    told = {int(n) for n in re.findall(r"Table (\d+)", words)}
    for first, last in re.findall(r"Tables (\d+) (?:to|and) (\d+)", words):
        told |= {*range(int(first), int(last) + 1)}
    assert [n for n in range(1, 15) if n not in told] == []


@each_chapter
def test_only_public_names_are_used_and_functions_are_short(path: Path) -> None:
    for _, code in parsed(path):
        for node in ast.walk(code):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "mindgap"
            ):
                assert not [n.name for n in node.names if n.name.startswith("_")]
            if (
                isinstance(node, ast.Attribute)
                and node.attr.startswith("_")
                and not node.attr.startswith("__")
            ):
                assert node.attr in ("_replace", "_asdict", "_fields"), node.attr
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno <= 10, node.name


@each_chapter
def test_a_reader_is_told_how_to_make_it_again(path: Path) -> None:
    text = "".join(cell.source for cell in cells(path, "markdown"))
    assert "**Question.**" in text and "**In one line.**" in text
    assert "## Reproduce" in text
    commands = re.findall(r"`((?:mindgap|papermill|pytest) [^`]*)`", text)
    assert any(path.stem in command for command in commands)
    opening = next(cells(path, "code")).source
    assert opening == next(cells(CHAPTERS[0], "code")).source  # the hosted notebook's


@each_chapter
def test_parameters_are_checked_before_anything_is_done(path: Path) -> None:
    """Plain papermill checks none. Only imports and the parameters come before."""
    lines = [line for _, code in parsed(path) for line in code.body]
    call = "mg.book.pages.check_parameters(globals())"
    (place,) = (n for n, line in enumerate(lines) if ast.unparse(line) == call)
    for line in lines[:place]:
        if isinstance(line, ast.Assign | ast.AnnAssign):
            assert line.value is None or ast.literal_eval(line.value) is not ...
        else:
            assert isinstance(line, ast.Import | ast.ImportFrom | ast.If), ast.unparse(
                line
            )


@pytest.mark.slow
@pytest.mark.large
def test_papermill_alone_trains_what_it_is_asked_for(tmp_path: Path) -> None:
    """As the README says it, from the root of a clone; the result follows."""
    out = tmp_path / "out.ipynb"
    values = {"profile": "quick", "seeds": 3, "steps": 20, "store": str(tmp_path)}
    given = [
        part for name, value in values.items() for part in ("-p", name, str(value))
    ]
    command = [sys.executable, "-m", "papermill", "book/03_baselines.ipynb", str(out)]
    done = subprocess.run(
        [*command, *given, "-p", "fresh", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    store = mg.Store(tmp_path)
    for name in ("table-1/bfs", "table-1/bellman-ford"):
        experiment = mg.paper.find(name)[0].quick().with_steps(20)
        seeds = store.load(experiment.name, experiment.digest).seed.unique()
        assert sorted(seeds) == [0, 1, 2]


def papermill(out: Path, *values: str) -> subprocess.CompletedProcess:
    """As the README says it, from the root of a clone."""
    command = [sys.executable, "-m", "papermill", "book/01_attention.ipynb", str(out)]
    given = [part for value in values for part in ("-p", *value.split("="))]
    return subprocess.run([*command, *given], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_papermill_alone_runs_a_chapter_with_other_values(tmp_path: Path) -> None:
    out = tmp_path / "out.ipynb"
    done = papermill(out, "nodes=5", "hidden_size=8", "seed=3")
    assert done.returncode == 0, done.stderr[-3000:]
    shown = [cell for cell in cells(out, "code") if cell.get("outputs")]
    assert len(shown) > 5
    values = next(
        c
        for c in cells(out, "code")
        if "injected-parameters" in c.metadata.get("tags", ())
    )
    assert "nodes = 5" in values.source


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "says"),
    [
        (
            "node=5",
            "no parameter node; the parameters are: profile, nodes",
        ),
        ("nodes=many", "parameter nodes = 'many' is str, not int"),
        pytest.param(
            "profile=Quick",
            "parameter profile = 'Quick' is not one of stored, quick",
            marks=pytest.mark.large,
        ),
        pytest.param(
            "seed=-1", "parameter seed = -1 is below 0", marks=pytest.mark.large
        ),
    ],
)
def test_papermill_alone_refuses_what_a_chapter_does_not_have(value, says, tmp_path):
    done = papermill(tmp_path / "out.ipynb", value)
    assert done.returncode != 0
    assert says in done.stderr + done.stdout
