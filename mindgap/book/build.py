"""Making the book: notebooks from sources, execution through papermill, the site.

`book/NN_name.py` (percent format) is the only form of a chapter that is edited by hand.
These are made from it:

    book/NN_name.ipynb               without outputs, committed, for Colab and papermill
    _build/executed/NN_name.ipynb    run through papermill
    _build/html                      the site, made from the executed notebooks

The tools (jupytext, papermill, nbformat, jupyter-book) come with the extra `book` and
are imported when first needed; the library itself does not need them.
"""

import ast
import importlib
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from mindgap.book import executions, shown, terms

TRAINED = "03_baselines"  # the chapter that trains networks when the whole book is made
KINDS = {"str": str, "int": int, "float": float, "bool": bool, "list": list}
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

LAST = "scoreboard"
"""The page that tells how the others were executed."""


class BookError(Exception):
    """The book cannot be made; the message names the fault and what is allowed."""


def write_notebooks(root: Path, check: bool = False) -> list[Path]:
    """Write `book/NN.ipynb` for each `book/NN.py`, byte for byte reproducibly.

    With `check` nothing is written; raises BookError, with the names of all notebooks
    that are missing, differ from their source or have no source, if there are any.
    """
    texts = {s.with_suffix(".ipynb"): _notebook_text(s) for s in _sources(root)}
    if check:
        stale = [p for p in texts if not p.exists() or p.read_text("utf-8") != texts[p]]
        stale += sorted(set((root / "book").glob("*.ipynb")) - set(texts))
        if stale:
            names = ", ".join(p.name for p in stale)
            raise BookError(
                f"notebooks that do not match their sources: {names}; run "
                "`mindgap book notebooks`, and delete notebooks that have no .py"
            )
        return list(texts)
    for path, text in texts.items():
        path.write_text(text, "utf-8", newline="\n")
    return list(texts)


def run(
    root: Path,
    chapter: str | None = None,
    parameters: dict[str, object] | None = None,
    file: Path | None = None,
    into: Path | None = None,
    at_once: int = 1,
) -> list[Path]:
    """Execute one chapter, or all, into `_build/executed` (or `into`).

    So many chapters are executed `at_once`, each in a process of its own.

    A chapter is named by `03_baselines`, `03` or a path. Parameters are read from the
    YAML `file` and replaced by those in `parameters`, whose strings are YAML too.

    A chapter whose execution fails is left in the subfolder `failed/`, and an earlier
    executed copy of it is removed. Raises BookError for an unknown chapter or
    parameter, a value of the wrong type, a notebook that does not match its source, and
    a failing cell.
    """
    write_notebooks(root, check=True)
    chosen = _sources(root) if chapter is None else [_find(root, chapter)]
    chosen.sort(key=lambda source: source.stem == LAST)
    values = {**_read_yaml(file), **(parameters or {})}
    # All values are checked before the first chapter starts.
    complete = {source: _check_parameters(source, values) for source in chosen}
    into = into or root / "_build" / "executed"
    tasks = []
    for tool in ("papermill", "nbclient"):
        _tool(tool)  # before anything starts
    for number, source in enumerate(chosen, start=1):
        place = f"{number} of {len(chosen)}"
        tasks.append((root, source, complete[source], into, place, _in_words(values)))
    if at_once == 1 or len(tasks) < 2:
        return [_execute(*task) for task in tasks]
    # processes, since papermill changes the folder of the whole process
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(at_once, mp_context=spawn) as pool:
        # the last one waits for all others
        waiting = [pool.submit(_execute, *task) for task in tasks[:-1]]
        try:
            found = [each.result() for each in waiting]
            return [*found, pool.submit(_execute, *tasks[-1]).result()]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def site(root: Path) -> Path:
    """Build `_build/html` from the executed chapters and return it.

    Raises BookError if a chapter was not executed, or was executed from another source
    or with another version of the library, and if the build gives a warning.
    """
    write_notebooks(root, check=True)
    stage = root / "_build" / "stage"
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(root / "book", stage, ignore=_unstaged)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(root / name, stage)
    glossary = stage / "glossary.md"
    known = terms.terms_of(glossary.read_text("utf-8")) if glossary.exists() else []
    for source in _sources(root):
        notebook = shown.notebook(_executed(root, source), known)
        _tool("nbformat").write(notebook, stage / f"{source.stem}.ipynb")
    for page in stage.glob("*.md"):
        if page != glossary:
            text = terms.linked(page.read_text("utf-8"), terms.clear(known))
            page.write_text(text, "utf-8")
    _write_networks(root, stage)
    _tool("jupyter_book")
    start = "from jupyter_book.cli.main import main; main()"
    _progress("building the site")
    flags = ["--warningiserror", "--nitpick", "--keep-going", "--quiet"]
    command = [sys.executable, "-c", start, "build", str(stage), *flags]
    built = subprocess.run(command, capture_output=True, text=True)
    if built.returncode or not (stage / "_build" / "html" / "index.html").exists():
        raise BookError(f"the site was not built:\n{built.stderr[-4000:]}")
    for page in (stage / "_build" / "html").glob("*.html"):
        text = shown.with_drawings(page.read_text("utf-8"), stage / "_static")
        page.write_text(text, "utf-8")
    # The last good site is replaced only now, so that a failed build leaves it.
    site = root / "_build" / "html"
    shutil.rmtree(site, ignore_errors=True)
    shutil.move(stage / "_build" / "html", site)
    return site


def _write_networks(root: Path, stage: Path) -> None:
    """The networks that pages run or offer, if the book has these pages."""
    store = importlib.import_module("mindgap.store").Store(root / "book" / "results")
    if (stage / "playground.md").exists():
        playground = importlib.import_module("mindgap.book.playground")
        playground.write(stage / "_extra" / "playground", store)
    page = stage / "weights.md"
    if page.exists():
        downloads = importlib.import_module("mindgap.book.downloads")
        table = downloads.write(stage / "_extra" / "weights", store)
        text = page.read_text("utf-8").replace(downloads.PLACE, table)
        page.write_text(text, "utf-8")


def everything(root: Path) -> Path:
    """Execute every chapter, build the site and return its folder.

    The baselines chapter runs twice: first under the profile `quick`, which trains a
    few networks, then, like all chapters, under `stored`, where it shows the numbers of
    these networks beside the stored ones. Raises BookError as `run` and `site` do.
    """
    quick = root / "_build" / "executed" / "quick"
    # results of an earlier run would be found recorded, and nothing would be trained
    shutil.rmtree(root / "_build" / "quick", ignore_errors=True)
    run(root, TRAINED, {"profile": "quick"}, into=quick)
    cores = os.cpu_count() or 1
    run(root, parameters={"profile": "stored"}, at_once=min(2, cores))
    return site(root)


# Sources and notebooks


def _sources(root: Path) -> list[Path]:
    return sorted((root / "book").glob("*.py"))


def _find(root: Path, chapter: str) -> Path:
    """The source of a chapter; raises BookError for an unknown one."""
    stem = Path(chapter).stem
    for source in _sources(root):
        if source.stem == stem or source.stem.startswith(f"{stem}_"):
            return source
    known = ", ".join(s.stem for s in _sources(root))
    raise BookError(f"no chapter {chapter!r}; the chapters are: {known}")


def _notebook_text(source: Path) -> str:
    """The text of the notebook that a source makes, the same at each call."""
    nbformat = _tool("nbformat")
    notebook = _tool("jupytext").read(source)
    notebook.metadata = METADATA
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"{source.stem}-{index:02d}"  # jupytext's ids are random
        cell.metadata.pop("lines_to_next_cell", None)
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


# Parameters


def _check_parameters(source: Path, values: dict[str, object]) -> dict[str, object]:
    """All parameters of a chapter: the given values, checked, and else its defaults."""
    inspected = _tool("papermill").inspect_notebook(str(source.with_suffix(".ipynb")))
    unknown = [name for name in values if name not in inspected]
    if unknown:
        raise BookError(
            f"{source.stem}: no parameter {', '.join(unknown)}; "
            f"the parameters are: {', '.join(inspected) or 'none'}"
        )
    return {
        name: _check_value(source, entry, values[name])
        if name in values
        else ast.literal_eval(entry["default"])
        for name, entry in inspected.items()
    }


def _check_value(source: Path, entry: dict[str, str], value: object) -> object:
    """The value, in the parameter's type.

    A parameter whose line ends in a comment `# a | b | c` takes these values only.
    Raises BookError for another value and for one of another type.
    """
    name, annotation = entry["name"], entry["inferred_type_name"]
    if annotation == "None":  # papermill's word for "no annotation"
        annotation = type(ast.literal_eval(entry["default"])).__name__
    kind = KINDS.get(annotation.split("[")[0])
    if kind is None:
        raise BookError(
            f"{source.stem}: parameter {name} is declared {annotation}, "
            f"not one of {', '.join(KINDS)}"
        )
    if isinstance(value, str) and kind is not str:
        value = _parse_yaml(value, f"parameter {name}")
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise BookError(
            f"{source.stem}: parameter {name} = {value!r} is {type(value).__name__}, "
            f"not {annotation}"
        )
    choices = re.fullmatch(r"\w+(?: \| \w+)+", entry["help"])
    if choices and value not in choices[0].split(" | "):
        raise BookError(
            f"{source.stem}: parameter {name} = {value!r} is not one of {choices[0]}"
        )
    return value


def _read_yaml(file: Path | None) -> dict[str, object]:
    """The parameters in a YAML file; none without a file."""
    if file is None:
        return {}
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise BookError(f"parameters file {file}: {error.strerror}") from error
    values = _parse_yaml(text, f"parameters file {file}")
    if not isinstance(values, dict):
        raise BookError(f"parameters file {file}: not lines of `name: value`")
    return values


def _parse_yaml(text: str, where: str) -> Any:
    """The value of a YAML text; `where` is what an error message calls the text."""
    yaml = _tool("yaml")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BookError(f"{where}: not YAML: {text!r}") from error


# Execution


def _execute(
    root: Path,
    source: Path,
    values: dict[str, object],
    into: Path,
    place: str,
    told: str,
) -> Path:
    """Execute one chapter and return its executed notebook, which `into` gets at the
    end only: until then the notebook is in `into/failed`. `place` (3 of 17) and the
    parameters as they are `told` are printed at the start."""
    _progress(f"{source.stem} ({place}): {told}")
    papermill, nbclient = _tool("papermill"), _tool("nbclient")
    executed = into / f"{source.stem}.ipynb"
    partial = into / "failed" / executed.name
    partial.parent.mkdir(parents=True, exist_ok=True)
    executed.unlink(missing_ok=True)
    digest, about = executions.digest(root, source), executions.here()
    start = time.monotonic()
    try:
        notebook = papermill.execute_notebook(
            str(source.with_suffix(".ipynb")),
            str(partial),
            parameters=values,
            cwd=str(source.parent),
            progress_bar=sys.stderr.isatty(),
            extra_arguments=["--log-level=ERROR"],  # without the kernel's advice
        )
    except papermill.PapermillExecutionError as error:
        raise BookError(
            f"{source.stem}: cell {_failed_cell(partial)} failed: {error.ename}: "
            f"{error.evalue}; the chapter up to that cell is in {partial}"
        ) from error
    except nbclient.exceptions.DeadKernelError as error:
        raise BookError(
            f"{source.stem}: the process that executes it died: {error}"
        ) from error
    notebook.metadata["mindgap"] = {"digest": digest, **about}
    _tool("nbformat").write(notebook, partial)
    partial.replace(executed)
    _progress(f"{source.stem}: done in {time.monotonic() - start:.0f} s")
    return executed


def _failed_cell(partial: Path) -> str:
    """The cell that raised an error, for a message: its id and its first line."""
    for cell in _tool("nbformat").read(partial, as_version=4).cells:
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            return f"{cell.get('id')} ({cell.source.strip().splitlines()[0]})"
    return "(unknown)"


def _executed(root: Path, source: Path) -> Any:
    """The executed notebook of a chapter; raises BookError if it is not up to date."""
    path = root / "_build" / "executed" / f"{source.stem}.ipynb"
    again = f"run `mindgap book run {source.stem}`"
    if not path.exists():
        raise BookError(f"{source.stem} was not executed, or failed; {again}")
    notebook = _tool("nbformat").read(path, as_version=4)
    if notebook.metadata.get("mindgap", {}).get("digest") != executions.digest(
        root, source
    ):
        raise BookError(
            f"{source.stem} was executed from another source, or with another version "
            f"of the library; {again}"
        )
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    if any(output.output_type == "error" for output in outputs):
        raise BookError(f"{source.stem} was executed with an error; {again}")
    return notebook


# Staging


def _unstaged(folder: str, names: list[str]) -> set[str]:
    """The names in a folder of the book that are not copied for the site.

    These are sources and their notebooks, whose executed notebooks the site shows, and
    the results.
    """
    return {n for n in names if n.endswith((".py", ".ipynb")) or n == "results"}


def _tool(name: str) -> Any:
    """A module of the extra `book`; raises BookError if it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise BookError(
            f"{error.name} is not installed; the book needs it: "
            "pip install 'mindgap[book]'"
        ) from error


def _progress(line: str) -> None:
    """Print to standard error, since standard output lists the files that were made."""
    print(line, file=sys.stderr, flush=True)


def _in_words(values: dict[str, object]) -> str:
    return ", ".join(f"{k}={v}" for k, v in values.items()) or "no parameters"
