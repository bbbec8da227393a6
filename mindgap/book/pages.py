"""What a page of the book has beside its figures: parameters, downloads, links."""

import ast
import base64
import dataclasses
import html
from collections.abc import Container, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


PROFILES = ("stored", "quick", "paper")


def check_parameters(names: MutableMapping[str, Any]) -> None:
    """Check the parameters that a notebook was given; called in its first own cell.

    `names` are the notebook's `globals()`. Its parameters are the annotated names, as
    in `seeds: int = 0`. Raises ValueError if papermill, which accepts any name and
    value, was given an unknown parameter, a value of another type, a number below 0 or
    an unknown profile.
    """
    declared = names["__annotations__"]
    # papermill puts the parameters that it was given into a cell of its own
    injected = [cell for cell in names["In"] if cell.startswith("# Parameters")]
    for node in ast.walk(ast.parse("\n".join(injected))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if node.id not in declared:
                raise ValueError(
                    f"no parameter {node.id}; the parameters are: {', '.join(declared)}"
                )
    for name, kind in declared.items():
        value = names[name]
        if kind is float and type(value) is int:
            value = names[name] = float(value)
        if type(value) is not kind:
            raise ValueError(
                f"parameter {name} = {value!r} is {type(value).__name__}, not "
                f"{kind.__name__}"
            )
        if kind is not str and value < 0:
            raise ValueError(f"parameter {name} = {value!r} is below 0")
    if names["profile"] not in PROFILES:
        raise ValueError(
            f"parameter profile = {names['profile']!r} is not one of "
            f"{', '.join(PROFILES)}"
        )


@dataclasses.dataclass(frozen=True)
class Download:
    """A link to a table as CSV, which the page itself contains, so it works offline."""

    name: str
    csv: str

    def _repr_html_(self) -> str:
        content = base64.b64encode(self.csv.encode()).decode()
        return (
            f'<a class="data" download="{self.name}.csv" '
            f'href="data:text/csv;base64,{content}">Data of {self.name} (CSV)</a>'
        )

    def __repr__(self) -> str:
        return self.csv


def data(name: str, table: "pd.DataFrame | pd.Series") -> Download:
    """A link to the numbers of a figure, to be the last line of a cell.

    `name` is the name of the figure, and of the file without its suffix. The file has
    the table's index.
    """
    return Download(name, table.to_csv())


@dataclasses.dataclass(frozen=True)
class Linked:
    """A table in which one column links to pages of the book."""

    table: "pd.DataFrame"
    column: str
    pages: Container[str]

    def _repr_html_(self) -> str:
        import pandas as pd

        def link(name: str) -> str:
            text = html.escape(name)
            if name not in self.pages:
                return text
            return f'<a href="{text}.html">{text.replace("_", " ")}</a>'

        shown = self.table.reset_index() if self.table.index.name else self.table
        cells = shown.map(lambda cell: html.escape(str(cell)))
        cells[self.column] = shown[self.column].map(link)
        with pd.option_context("display.max_colwidth", None):
            return cells.to_html(escape=False, index=False)

    def __repr__(self) -> str:
        return self.table.to_string()


def linked(
    table: "pd.DataFrame", column: str = "chapter", pages: Container[str] = ()
) -> Linked:
    """The table, in whose `column` each chapter that is among `pages` is a link."""
    return Linked(table, column, pages)


@dataclasses.dataclass(frozen=True)
class Parts:
    """Tables below each other, each with its title."""

    tables: "dict[str, pd.DataFrame]"

    def _repr_html_(self) -> str:
        return "".join(
            f'<p style="margin-top: 1.5em"><strong>{html.escape(title)}</strong></p>'
            + table.to_html()
            for title, table in self.tables.items()
        )

    def __repr__(self) -> str:
        return "\n\n".join(f"{k}\n{v.to_string()}" for k, v in self.tables.items())


def parts(table: "pd.DataFrame") -> Parts:
    """A long table in parts: the rows "BFS, size 4" and "BFS, size 8" under "BFS".

    Raises ValueError for a row whose name has no comma.
    """
    names = [str(name) for name in table.index]
    if whole := [name for name in names if ", " not in name]:
        raise ValueError(f"row {whole[0]!r} has no comma, so it belongs to no part")
    titles = [name.split(", ", 1)[0] for name in names]
    rest = table.set_axis([name.split(", ", 1)[1] for name in names])
    return Parts(
        {
            title: rest.loc[[title == other for other in titles]]
            for title in dict.fromkeys(titles)
        }
    )


@dataclasses.dataclass(frozen=True)
class Note:
    """A sentence made from data, which the page shows as Markdown text."""

    text: str

    def _repr_markdown_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def note(text: str) -> Note:
    """A sentence to be the last line of a cell; the page wraps it like its own text."""
    return Note(text)
