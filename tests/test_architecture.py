"""The library's order: imports point down, equations are findable."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from mindgap.network import attention

HOME = Path(__file__).parent.parent / "mindgap"
CORE = (
    "extras",
    "checks",
    "config",
    "graphs",
    "tasks",
    "network",
    "language",
    "programs",
    "compiler",
    "training",
    "measures",
)
"""What others import: it knows nothing of results, of the paper and of the book."""
ROOMS = (
    *CORE,
    "convert",
    "export",
    "store",
    "plots",
    "experiments",
    "paper",
    "book",
    "bench",
    "cli",
)
"""Folders, and files that stand alone, from the ground up; the root comes last."""
CLOSED = {
    # room: rooms below that it must not import all the same
    "language": {"network"},
    "store": {*CORE} - {"checks", "config", "extras"},
    "plots": {*CORE, "store"} - {"extras"},
}
HEAVY = {
    "clrs", "dask", "distributed", "matplotlib", "pandas", "papermill", "pyarrow",
    "safetensors", "scipy", "statsmodels", "tensorflow", "tyro",
}  # fmt: skip
"""Libraries that come with extras; the core imports them where it uses them."""
FILES = sorted(HOME.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(HOME).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    first = module.split(".")[0]
    return (
        "cli" if first == "__main__" else first
    )  # `python -m mindgap`, its other name


def imported(path: Path) -> set[str]:
    """Rooms that a file imports from, at its top or inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base, *inner = (node.module or "").split(".")
            if base == "mindgap":
                found |= {inner[0]} if inner else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found |= {name[1] for name in names if name[0] == "mindgap" and name[1:]}
    return found


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_room_imports_from_those_above_it(path):
    own = room(module_name(path))
    if not own:  # the root, which names what is to be had
        return
    assert own in ROOMS, f"{own} has no place in the order of rooms: give it one"
    for other in imported(path) - {own}:
        assert ROOMS.index(other) < ROOMS.index(own), f"{own} imports {other}"
        assert other not in CLOSED.get(own, ()), f"{own} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_the_core_loads_no_library_of_an_extra(path):
    if room(module_name(path)) not in CORE:
        return
    tree = ast.parse(path.read_text())
    for node in tree.body:
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
        assert not HEAVY & {name.split(".")[0] for name in names}


def test_the_readme_has_every_room():
    table = (HOME.parent / "README.md").read_text().split("## Find your way")[1]
    named = re.findall(r"^\| (`.*?) \|", table, re.M)
    listed = [n for cell in named for n in re.findall(r"`([a-z_]+)(?:\.py|/)`", cell)]
    # the order is that of imports, but that the root's small files share a line
    assert set(listed) == set(ROOMS)
    assert [n for n in listed if n in CORE[3:]] == list(CORE[3:])


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


def test_shapes_are_checked_while_the_tests_run():
    """By the hook in `conftest.py`."""
    with pytest.raises(TypeCheckError, match="bias"):
        attention.bias_parts(np.ones((3, 4)))
