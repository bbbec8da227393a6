"""The library's order: imports point down, equations are findable."""

import ast
import re
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent / "mindgap"
LAYERS = [
    {"files", "config"},
    {
        "graphs",
        "summary",
        "store",
        "checkpoint",
        "pairwise",
        "tasks.uniforms",
        "linear",
        "expressions",
        "landscape",
    },
    {"recurrence", "tasks.base", "forms"},
    {
        "tasks.bfs",
        "tasks.dfs",
        "tasks.bellman_ford",
        "tasks.dijkstra",
        "codecs",
        "selection",
    },
    {"attention", "tasks.variants", "tasks.topological_sort", "program"},
    {"tasks", "interpreter"},
    {"network", "metrics", "floors", "state_machines", "validity"},
    {"interop", "scoring", "layout", "programs"},
    {"training", "placement"},
    {"proofs"},
    {"limits", "auxiliary"},
    {"selector"},
    {"updates"},
    {"heads"},
    {"compiler", "faithfulness", "probing"},
    {"interventions"},
    {"holders"},
    {"verification", "anatomy"},
    {"experiments.base", "experiments.claims", "experiments.discrepancies"},
    {"experiments.ablations", "experiments.settings"},
    {"experiments.trainability"},
    {"experiments.tables", "mixture"},
    {"experiments"},
    {"measurement", "plots", "learned", "pages", "stepper", "sizes", "robustness"},
    {"beside"},
    {"plots_faithfulness", "plots_landscapes", "plots_scoreboard", "plots_sizes"},
    {"blocks"},
    {"cluster", "bench", "report", "executions", "remeasure"},
    {"evidence", "run", "by_size"},
    {"protocol"},
    {"verdicts"},
    {"scoreboard", "campaign"},
    {"book"},
    {"cli"},
    {""},
]
RANK = {name: depth for depth, layer in enumerate(LAYERS) for name in layer}
FILES = sorted(HOME.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(HOME).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> set[str]:
    """Our own modules that a file imports, at its top or inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "mindgap"
        ):
            base = node.module.removeprefix("mindgap").lstrip(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}".lstrip(".")
                found.add(inner if inner in RANK else base)
        elif isinstance(node, ast.Import):
            names = (a.name for a in node.names if a.name.startswith("mindgap."))
            found |= {name.removeprefix("mindgap.") for name in names}
    return found


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_point_down(path):
    module = module_name(path)
    assert module in RANK, f"{module} has no layer: give it one"
    for other in imported(path) - {module}:
        assert RANK[other] < RANK[module], f"{module} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_file_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_no_private_name_is_used_across_files():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and "mindgap" in (node.module or ""):
                assert not any(alias.name.startswith("_") for alias in node.names), path


def equations(docstring: str) -> set[int]:
    """Numbers that `Eq. 1-9` or `and Eq. 20` names."""
    found = set()
    for listed in re.findall(r"Eq\. ([\d, \-]+)", docstring):
        for part in re.findall(r"(\d+)(?:-(\d+))?", listed):
            found |= set(range(int(part[0]), int(part[1] or part[0]) + 1))
    return found


def test_every_equation_of_the_network_is_in_a_module_docstring():
    heads = [ast.get_docstring(ast.parse(path.read_text())) or "" for path in FILES]
    assert set().union(*map(equations, heads)) >= set(range(1, 21))


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_public_names_have_docstrings(path):
    tree = ast.parse(path.read_text())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
            assert ast.get_docstring(node), f"{module_name(path)}.{node.name}"
            inner = node.body if isinstance(node, ast.ClassDef) else []
            for method in inner:
                if isinstance(method, ast.FunctionDef) and method.name[0] != "_":
                    assert ast.get_docstring(method), f"{node.name}.{method.name}"
