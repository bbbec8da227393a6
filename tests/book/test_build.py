"""The machinery of the book, on a tiny book, and the state of the real one."""

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from mindgap.book import build, shown
from mindgap.book.build import BookError

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "book").glob("*.py"))

HEADER = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---
"""
CHAPTER = f"""{HEADER}
# %% [markdown]
# # A chapter

# %% tags=["parameters"]
profile: str = "stored"  # stored | quick | paper
seeds: int = 2
rate: float = 0.5
fresh: bool = False
table: dict = {{}}

# %%
print(profile, seeds * 10, rate, fresh)
"""
FAILING = f"""{HEADER}
# %%
print("before")

# %%
raise ZeroDivisionError("on purpose")
"""


def make_book(root: Path, **chapters: str) -> Path:
    """A book of the chapters given, with their notebooks."""
    (root / "book").mkdir()
    for name, text in chapters.items():
        (root / "book" / f"{name}.py").write_text(text)
    (root / "book" / "intro.md").write_text("# Intro\n")
    toc = "format: jb-book\nroot: intro\nchapters:\n"
    files = [f"  - file: {name}\n" for name in chapters]
    (root / "_toc.yml").write_text(toc + "".join(files))
    (root / "_config.yml").write_text(
        "title: Tiny\nexecute: {execute_notebooks: 'off'}\nonly_build_toc_files: true\n"
    )
    build.write_notebooks(root)
    return root


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return make_book(tmp_path, **{"01_one": CHAPTER, "02_two": CHAPTER})


def said(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "".join(o.text for c in cells for o in c.get("outputs", []))


# The real book


@pytest.mark.skipif(not CHAPTERS, reason="no chapter yet")
def test_notebooks_are_what_their_sources_make() -> None:
    build.write_notebooks(ROOT, check=True)


@pytest.mark.parametrize("source", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_has_no_outputs_and_has_its_parameters(source: Path) -> None:
    papermill = pytest.importorskip("papermill")
    path = source.with_suffix(".ipynb")
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert all(not c.outputs and c.execution_count is None for c in code)
    assert papermill.inspect_notebook(str(path))["profile"]["help"] == (
        "stored | quick | paper"
    )


# Notebooks


def test_notebooks_are_reproducible_byte_for_byte(tiny: Path) -> None:
    path = tiny / "book" / "01_one.ipynb"
    first = path.read_bytes()
    build.write_notebooks(tiny)
    assert path.read_bytes() == first
    ids = [cell["id"] for cell in json.loads(first)["cells"]]
    assert ids == ["01_one-00", "01_one-01", "01_one-02"]


def test_stale_notebook_is_named(tiny: Path) -> None:
    source = tiny / "book" / "01_one.py"
    source.write_text(CHAPTER + "\n# %%\nprint(1)\n")
    (tiny / "book" / "09_orphan.ipynb").write_text("{}")
    with pytest.raises(BookError, match=r"01_one\.ipynb, 09_orphan.*book notebooks"):
        build.write_notebooks(tiny, check=True)
    with pytest.raises(BookError, match="book notebooks"):
        build.run(tiny, "01_one")
    with pytest.raises(BookError, match="book notebooks"):
        build.site(tiny)


# Parameters


@pytest.mark.parametrize(
    ("chapter", "values", "message"),
    [
        ("03", {}, "no chapter '03'; the chapters are: 01_one, 02_two"),
        ("01_one", {"sedes": 1}, "no parameter sedes; .* profile, seeds, rate"),
        ("01_one", {"seeds": "many"}, "seeds = 'many' is str, not int"),
        ("01_one", {"seeds": "2.5"}, "seeds = 2.5 is float, not int"),
        ("01_one", {"seeds": True}, "seeds = True is bool, not int"),
        ("01_one", {"seeds": "[1"}, "parameter seeds: not YAML"),
        ("01_one", {"fresh": 1}, "fresh = 1 is int, not bool"),
        ("01_one", {"table": {}}, "table is declared dict, not one of str, int"),
        ("01_one", {"profile": 3}, "profile = 3 is int, not str"),
        ("01_one", {"profile": "fast"}, "'fast' is not one of stored . quick . paper"),
    ],
)
def test_wrong_parameters(
    tiny: Path, chapter: str, values: dict[str, object], message: str
) -> None:
    with pytest.raises(BookError, match=message):
        build.run(tiny, chapter, values)
    assert not (tiny / "_build").exists()


@pytest.mark.parametrize("text", ["seeds", "{", "- 1"])
def test_wrong_parameters_file(tiny: Path, text: str) -> None:
    file = tiny / "values.yml"
    file.write_text(text)
    with pytest.raises(BookError, match=r"values\.yml"):
        build.run(tiny, "01_one", file=file)
    with pytest.raises(BookError, match=r"absent\.yml: No such file"):
        build.run(tiny, "01_one", file=tiny / "absent.yml")


# Execution


def test_result_follows_the_parameters(tiny: Path) -> None:
    file = tiny / "values.yml"
    file.write_text("seeds: 5\nrate: 1\n")
    given: dict[str, object] = {"seeds": "7", "profile": "quick"}
    (done,) = build.run(tiny, str(tiny / "book" / "01_one.ipynb"), given, file)
    assert done == tiny / "_build" / "executed" / "01_one.ipynb"
    assert said(done) == "quick 70 1.0 False\n"
    (aside,) = build.run(tiny, "01", into=tiny / "_build" / "aside")
    assert said(aside) == "stored 20 0.5 False\n"
    assert said(done) == "quick 70 1.0 False\n"


def test_failing_cell_is_named_and_leaves_no_executed_chapter(tmp_path: Path) -> None:
    root = make_book(tmp_path, **{"01_one": FAILING})
    old = root / "_build" / "executed" / "01_one.ipynb"
    old.parent.mkdir(parents=True)
    old.write_text("from an earlier run")
    message = r"01_one: cell 01_one-01 \(raise .*ZeroDivisionError: on purpose"
    with pytest.raises(BookError, match=message):
        build.run(root, "01_one")
    assert not old.exists()
    assert "before" in (old.parent / "failed" / "01_one.ipynb").read_text()
    with pytest.raises(BookError, match="01_one was not executed, or failed"):
        build.site(root)


def test_two_chapters_at_once_are_those_of_one_after_the_other(tmp_path: Path) -> None:
    chapters = {"01_one": CHAPTER, "02_two": CHAPTER, "03_three": CHAPTER}
    root = make_book(tmp_path, **chapters)
    paths = build.run(root, parameters={"seeds": 3}, at_once=2)
    assert [path.stem for path in paths] == list(chapters)
    assert [said(path) for path in paths] == ["stored 30 0.5 False\n"] * 3


def test_of_two_chapters_at_once_the_one_that_fails_is_named(tmp_path: Path) -> None:
    root = make_book(tmp_path, **{"01_one": FAILING, "02_two": CHAPTER})
    with pytest.raises(BookError, match="01_one: cell 01_one-01"):
        build.run(root, at_once=2)


# The site


def test_site_is_built_only_from_chapters_as_they_are_now(tmp_path: Path) -> None:
    root = make_book(tmp_path, **{"01_one": CHAPTER})
    with pytest.raises(BookError, match="01_one was not executed"):
        build.site(root)
    build.run(root)
    html = build.site(root)
    page = (html / "01_one.html").read_text()
    assert "stored 20 0.5 False" in page
    assert "Parameters of this run" in page
    assert "# stored | quick | paper" not in page  # the defaults are hidden
    assert (html / "index.html").exists()

    # A warning stops the build and keeps the last good site.
    intro = root / "book" / "intro.md"
    intro.write_text("# Intro\n\n{ref}`nowhere`\n")
    with pytest.raises(BookError, match="undefined label"):
        build.site(root)
    assert (html / "01_one.html").exists()
    intro.write_text("# Intro\n")

    (root / "mindgap").mkdir()
    (root / "mindgap" / "library.py").write_text("answer = 42\n")
    with pytest.raises(BookError, match="another version of the library"):
        build.site(root)
    (root / "mindgap" / "library.py").unlink()

    source = root / "book" / "01_one.py"
    source.write_text(CHAPTER.replace("* 10", "* 11"))
    build.write_notebooks(root)
    with pytest.raises(BookError, match="executed from another source"):
        build.site(root)


def stream(text: str, name: str = "stdout") -> Any:
    return nbformat.v4.new_output("stream", name=name, text=text)


def test_staging_collapses_progress_frames() -> None:
    cell = nbformat.v4.new_code_cell("train()")
    cell.outputs = [
        stream("start\n\r 0%|   | 0/2"),
        stream("\r50%|#  | 1/2"),
        stream("\r100%|##| 2/2\r\nend\n"),
        stream("\r\n", "stderr"),
        nbformat.v4.new_output("display_data", data={"text/plain": "a\rb"}),
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    outputs = shown.notebook(notebook, []).cells[0].outputs
    assert [output.output_type for output in outputs] == ["stream", "display_data"]
    assert outputs[0].text == "start\n100%|##| 2/2\nend\n"


def test_a_table_has_one_line_of_names_if_that_is_enough() -> None:
    found = pd.DataFrame({"seeds": [8], "mean": [99.0]}).rename_axis("row")
    page = shown.with_one_header(found._repr_html_())
    assert page.count("<tr") == found._repr_html_().count("<tr") - 1
    names = re.findall("<th>(.*?)</th>", page.split("</thead>")[0])
    assert names == ["row", "seeds", "mean"]
    for more in (found.rename_axis("of", axis=1), pd.concat({"a": found}, axis=1)):
        assert shown.with_one_header(more._repr_html_()) == more._repr_html_()


def test_drawings_stand_where_a_page_has_an_image_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<div role="img" aria-label=""></div>')
    page = (
        '<p><img alt="a &amp; b" src="_static/a.svg" /><img src="_static/b.svg"/></p>'
    )
    assert shown.with_drawings(page, tmp_path) == (
        '<p><div role="img" aria-label="a &amp; b"></div><img src="_static/b.svg"/></p>'
    )


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(build.importlib, "import_module", absent)
    with pytest.raises(BookError, match=r"pip install 'mindgap\[book\]'"):
        build.write_notebooks(tiny)
