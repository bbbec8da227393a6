"""What the site shows of executed notebooks, and of pages that are built from them."""

import html
import re
from pathlib import Path
from typing import Any

from mindgap.book import terms
from mindgap.plots.page import described


def with_drawings(page: str, static: Path) -> str:
    """A page in which figures that have two drawings are not images but these."""

    def drawings(image: re.Match) -> str:
        path = static / f"{image['name']}.html"
        words = re.search(r'alt="([^"]*)"', image[0])
        if not path.exists():
            return image[0]
        return described(
            path.read_text("utf-8"), html.unescape(words[1] if words else "")
        )

    return re.sub(r'<img[^>]*src="_static/(?P<name>[\w-]+)\.svg"[^>]*>', drawings, page)


def notebook(executed: Any, glossary: list[str]) -> Any:
    """An executed notebook as a page shows it; changes and returns what is given.

    The cell of default parameters is removed, the cell of this run's parameters is
    folded, each progress bar is reduced to its last state, a figure gets the words for
    those who do not see it, a table has one line of names if that is enough, and the
    first use of each term of the glossary is a link to it.
    """
    pending = terms.clear(glossary)
    for cell in executed.cells:
        if cell.cell_type == "markdown":
            cell.source = terms.linked(cell.source, pending)
        tags = cell.metadata.get("tags", [])
        if "parameters" in tags:
            cell.metadata["tags"] = [*tags, "remove-cell"]
        elif "injected-parameters" in tags:
            cell.metadata["tags"] = [*tags, "hide-input"]
            cell.metadata["mystnb"] = {"code_prompt_show": "Parameters of this run"}
        if cell.cell_type == "code":
            cell.outputs = _collapse(cell.outputs)
            words = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            for output in cell.outputs:
                shown = output.get("data", {})
                if "text/html" in shown:
                    page = described(shown["text/html"], words)
                    shown["text/html"] = with_one_header(page)
    return executed


def with_one_header(page: str) -> str:
    """HTML in which the names of a table's index stand beside those of its columns.

    pandas writes them into a line of their own, in which all else is empty.
    """

    def merged(header: re.Match) -> str:
        lines = re.findall(r"<tr[^>]*>(.*?)</tr>", header[1], flags=re.S)
        cells = [re.findall(r"<th[^>]*>(.*?)</th>", line, flags=re.S) for line in lines]
        if len(cells) != 2 or len(cells[0]) != len(cells[1]) or "colspan" in header[1]:
            return header[0]
        if any(above and below for above, below in zip(*cells, strict=True)):
            return header[0]
        both = zip(*cells, strict=True)
        names = "".join(f"<th>{above or below}</th>" for above, below in both)
        return f"<thead><tr>{names}</tr></thead>"

    return re.sub(r"<thead>(.*?)</thead>", merged, page, flags=re.S)


def _collapse(outputs: list[Any]) -> list[Any]:
    """Outputs in which neighbouring pieces of one stream are joined.

    Of a line that was overwritten by carriage returns only the last state is kept;
    empty streams are left out.
    """
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == "stream" and last.get("name") == output.name:
            last.text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            lines = output.text.replace("\r\n", "\n").split("\n")
            output.text = "\n".join(_last_frame(line) for line in lines)
    return [o for o in joined if o.output_type != "stream" or o.text.strip()]


def _last_frame(line: str) -> str:
    frames = [frame for frame in line.split("\r") if frame.strip()]
    return frames[-1].rstrip() if frames else ""
