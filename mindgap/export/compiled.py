"""A compiled network in one file, and from it again.

The file (safetensors) has the weights by their names in the network, and as its
metadata what they were compiled from: program, configuration, sharpness, bounds; and
what a reader of the weights has to know: which coordinate holds what, what each channel
of a score is for, on which graphs the network is exact.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from mindgap import checks
from mindgap.compiler.compile import Compiled, compile
from mindgap.extras import require
from mindgap.language.program import GraphProgram
from mindgap.network import ModelConfig
from mindgap.programs import PROGRAMS

MADE_OF = "program", "text", "config", "sharpness", "largest_value"
"""The metadata that weights are compiled from."""


def save(path: Path | str, compiled: Compiled) -> Path:
    """Writes a compiled network to one file, which `load` reads, and other tools too.

    Each piece of metadata is JSON. `text` is the program as it is printed.
    """
    require("run", "export.save", "safetensors")
    from safetensors.numpy import save_file

    checks.kind("save", compiled, Compiled, "a compiled network")
    path = Path(path)
    layout = compiled.layout
    about = {
        **_made_of(compiled),
        "coordinates": {str(at): name for at, name in sorted(layout.names.items())},
        "channels": {str(at): name for at, name in compiled.channels.items()},
        "limits": str(compiled.limits).splitlines(),
    }
    arrays = {n: np.ascontiguousarray(a) for n, a in _named(compiled).items()}
    save_file(arrays, path, {name: json.dumps(value) for name, value in about.items()})
    return path


def load(path: Path | str, program: GraphProgram | None = None) -> Compiled:
    """The compiled network of a file that `save` wrote.

    A program is made of functions, which no file holds: one of `mindgap.programs` is
    found by its name, and one of your own has to be given. It is compiled again, and
    the result must be the file's, bit for bit.

    Raises ValueError for a file without a compiled network, for another program than
    the file's, and for weights that this version of the compiler does not make.
    """
    require("run", "export.load", "safetensors")
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    try:
        with safe_open(path, "numpy") as file:
            about = {n: json.loads(v) for n, v in (file.metadata() or {}).items()}
            stored = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{path} is no file of weights: {error}") from error
    if missing := [name for name in MADE_OF if name not in about]:
        lacks = ", ".join(missing)
        raise ValueError(f"{path} has no compiled network: it lacks {lacks}")
    program = _known(path, about, program)
    compiled = compile(
        program,
        ModelConfig(**about["config"]),
        sharpness=about["sharpness"],
        largest_value=about["largest_value"],
    )
    made = _named(compiled)
    for name in sorted(made.keys() | stored.keys()):
        if name not in made or name not in stored:
            raise ValueError(f"{path}: {name} is only in one of file and program")
        if not np.array_equal(made[name], stored[name]):
            raise ValueError(
                f"{path}: {name} is not what {program.name} is compiled to here: the "
                "file was changed, or written by another version"
            )
    return compiled


def _named(compiled: Compiled) -> dict[str, np.ndarray]:
    """The parameters by `module/leaf`."""
    return {
        f"{module}/{leaf}": np.asarray(array)
        for module, leaves in compiled.params.items()
        for leaf, array in leaves.items()
    }


def _made_of(compiled: Compiled) -> dict[str, Any]:
    return {
        "program": compiled.program.name,
        "text": str(compiled.program),
        "config": dataclasses.asdict(compiled.config),
        "sharpness": compiled.sharpness,
        "largest_value": compiled.limits.value,
    }


def _known(path: Path, about: dict[str, Any], given: GraphProgram | None):
    """The program, if it is the one whose text the file has."""
    name = about["program"]
    program = PROGRAMS.get(name) if given is None else given
    if program is None:
        raise ValueError(
            f"{path} has the program {name}, which is none of {', '.join(PROGRAMS)}: "
            "give it to load"
        )
    if str(program) != about["text"]:
        raise ValueError(
            f"{path} was compiled from another program; it has\n{about['text']}\n"
            f"and not\n{program}"
        )
    return program
