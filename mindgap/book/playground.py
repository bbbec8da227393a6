"""The playground of the book: networks as data that a page runs.

`network.js` has the arithmetic, `playground.js` the page. Nothing is fetched from
elsewhere: networks are scripts beside the page, so it works offline and from a file.
"""

import base64
import json
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mindgap import export, programs
from mindgap.compiler.compile import Compiled, compile
from mindgap.compiler.smallest import suited
from mindgap.experiments import learned
from mindgap.language.interpreter import shown
from mindgap.language.normal_forms import Affine
from mindgap.language.program import GraphProgram
from mindgap.network import ModelConfig, Params
from mindgap.paper.tables import find
from mindgap.store import Store, StoreError
from mindgap.tasks.base import Task

NODES = 10
"""The most nodes of a graph of the playground."""
LEAST = 2
"""The fewest."""
SHARPNESS = 4.0, 16.0, 64.0, 1024.0
"""Of softer compiled networks; the last one is as sharp as it can be."""


class Shown(NamedTuple):
    """What the page shows of a program."""

    pointer: str
    """The hint that is drawn as arrows."""
    reached: str
    """The hint by which nodes are filled: a truth value of each, or one node."""
    row: str | None = None
    """Of the trained network beside it."""


SHOWN = {
    "bfs": Shown("pi_h", "reach_h", "table-1/bfs"),
    "bellman_ford": Shown("pi_h", "msk", "table-1/bellman-ford"),
    "dfs": Shown("pi_h", "color", "table-1/dfs"),
    "dijkstra": Shown("pi_h", "mark"),
    "prim": Shown("pi_h", "mark"),
    "strongly_connected_components": Shown("scc_id_h", "color"),
    "articulation_points": Shown("pi_h", "is_cut_h"),
    "minimum": Shown("pred_h", "min_h"),
    "insertion_sort": Shown("pred_h", "i"),
    "find_maximum_subarray_kadane": Shown("pred_h", "i"),
    "naive_string_matcher": Shown("pred_h", "i"),
}


def write(folder: Path, store: Store) -> None:
    """Writes the scripts: arithmetic, page, and a file for each network.

    A trained network that the store has not kept is left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("network.js", "playground.js"):
        script = resources.files("mindgap.book").joinpath(name).read_text("utf-8")
        (folder / name).write_text(script, "utf-8")
    for name, shown_of in SHOWN.items():
        program = programs.PROGRAMS[name]
        task, exact = program.task, suited(program, NODES)
        numbers = []
        if not {"adj", "string"} & task.features.keys():
            numbers = [n for n in task.stage("input") if n != "pos"]
        softer = [
            compile(program, exact.config, sharpness=sharpness)
            for sharpness in SHARPNESS
        ]
        about = {
            "edges": "adj" in task.features,
            "strings": "string" in task.features,
            "numbers": numbers or None,
            "directed": task.sampler.directed,
            "weighted": task.sampler.weighted,
            "sourced": {"s", "adj"} <= task.stage("input").keys(),
            "pointer": shown_of.pointer,
            "reached": shown_of.reached,
            "most": [task.most_hints(max(LEAST, n)) - 1 or 1 for n in range(NODES + 1)],
            "compiled": [
                {
                    "sharpness": each.sharpness,
                    "network": data(task, each.config, each.params, program),
                    "components": _components(each),
                }
                for each in (*softer, exact)
            ],
            "learned": False,
        }
        if shown_of.row:
            (row,) = find(shown_of.row)
            try:
                params = learned.load(row, store).params
            except StoreError:
                params = None
            if params is not None:
                about["learned"] = True
                network = json.dumps(data(task, row.model, params, program))
                text = f"mindgapPlayground.addTrained({json.dumps(name)}, {network});"
                (folder / f"{name}-trained.js").write_text(text, "utf-8")
        text = f"mindgapPlayground.add({json.dumps(name)}, {json.dumps(about)});"
        (folder / f"{name}.js").write_text(text, "utf-8")


def data(
    task: Task, config: ModelConfig, params: Params, program: GraphProgram
) -> dict[str, Any]:
    """A network as JSON: `export.description`, float32 weights, and first hints.

    The hints before the first step are those with which the program starts: affine in
    the source and the position. Raises ValueError for a network whose task is not the
    program's, and for hints that start as something else.
    """
    if {*task.features} - {*program.hints, *program.outputs, *task.stage("input")}:
        raise ValueError(f"{program.name} does not show every feature of {task.name}")
    arrays = export.arrays(task, config, params)
    return {
        **export.description(task, config),
        "arrays": {
            name: {
                "shape": array.shape,
                "base64": base64.b64encode(array.astype("<f4").tobytes()).decode(),
            }
            for name, array in arrays.items()
        },
        "starts": {name: _starts(program, name) for name in task.stage("hint")},
    }


def _components(compiled: Compiled) -> dict[str, Any]:
    """How each component is read from a hidden state (Eq. 19), and its sort.

    A component is an affine function of the state, so its values at 0 and at the unit
    vectors determine it.
    """
    size = compiled.layout.size
    states = np.concatenate([np.zeros((1, size)), np.eye(size)])
    found = {}
    for name, sort in compiled.program.components.items():
        constant, *values = np.asarray(compiled.layout.read(states, name), float)
        weights = [float(value - constant) for value in values]
        found[name] = {"sort": sort, "w": weights, "b": float(constant)}
    return found


def _starts(program: GraphProgram, hint: str) -> list[dict[str, float]]:
    """What a hint starts as, for each of its classes if it is a category."""
    component = shown(program)[hint]
    classes = component if isinstance(component, tuple) else [component]
    return [_start(program, each) for each in classes]


def _start(program: GraphProgram, component: str | None) -> dict[str, float]:
    # a class without a component is the answer where no other class holds
    form = Affine({}, 0.5) if component is None else program.beginnings[component]
    found = {"constant": form.constant, "s": 0.0, "index": 0.0}
    for field, factor in form.terms.items():
        if field.name not in found:
            raise ValueError(f"{program.name}: {component} starts as {form}")
        found[field.name] += factor
    return {name: float(np.float32(value)) for name, value in found.items()}
