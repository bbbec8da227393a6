"""The networks that the site offers as files, and the table that lists them."""

from pathlib import Path

from mindgap import export
from mindgap.compiler.smallest import suited
from mindgap.experiments import learned
from mindgap.paper import EXPERIMENTS
from mindgap.programs import PROGRAMS
from mindgap.store import Store, StoreError

PLACE = "<!-- the table of files -->"
"""Where a page has the table."""
NODES = 64
"""Of compiled networks that take one number of nodes."""


def write(folder: Path, store: Store) -> str:
    """Writes compiled and kept trained networks, and returns the table as Markdown.

    Compiled ones are files of `export.save`, trained ones of `export.to_npz`. Rows of
    which the store has kept no network are left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["| network | hidden size | heads | file |", "|---|---|---|---|"]

    def add(name: str, size: int, heads: int, path: Path) -> None:
        kilobytes = path.stat().st_size / 1000
        link = f'<a href="{folder.name}/{path.name}">{path.name}</a>'
        about = f"{link} ({kilobytes:,.0f} kB)"
        lines.append(f"| {name} | {size} | {heads} | {about} |")

    first_of_task = {}
    for program in PROGRAMS.values():
        if program.task:
            first_of_task.setdefault(program.task.name, program)
    for program in first_of_task.values():
        compiled = suited(program, NODES)
        path = export.save(folder / f"compiled-{program.name}.safetensors", compiled)
        config = compiled.config
        name = f"compiled {program.name.replace('_', ' ')}"
        add(name, config.hidden_size, config.heads, path)
    for row in EXPERIMENTS.values():
        try:
            params = learned.load(row, store).params
        except StoreError:
            continue
        path = folder / f"{row.name.replace('/', '-')}.npz"
        export.to_npz(path, row.task, row.model, params)
        name = f"trained, `{row.name}`"
        add(name, row.model.hidden_size, row.model.heads, path)
    return "\n".join(lines)
