"""Identity of a configuration: its readable form, its digest, the random stream.

Results of a configuration are stored under its digest. So a configuration contains
every setting that can change a number, and no setting that cannot.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

STREAM = 2
"""Version of the random stream: the graphs and weights that each seed number draws.

The version is part of a record's identity. Raise it with any change of the numbers that
a seed draws, or of their order. Version 1 drew other numbers for the first seeds; their
records were removed."""

UNNAMED_STREAM = 2
"""The stream version of records that do not state one."""


def digest(configuration: Any) -> str:
    """A hash of a nested configuration, twelve hex digits; every value enters it."""
    text = json.dumps(readable(configuration), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def weights_digest(params: Mapping[str, Mapping[str, Any]]) -> str:
    """A hash of weights, sixteen hex digits; every bit, name and shape enters it."""
    whole = hashlib.sha256()
    for module in sorted(params):
        for leaf in sorted(params[module]):
            array = np.ascontiguousarray(params[module][leaf], np.float32)
            whole.update(f"{module}/{leaf} {array.shape}".encode())
            whole.update(array.tobytes())
    return whole.hexdigest()[:16]


def added(before: Any) -> dict[str, Any]:
    """Metadata for a field that was added after results had been recorded.

    `before` is the value that reproduces the behaviour from before the field existed.
    `readable` leaves the field out at this value, so older records keep their digest.
    """
    return {"before": before}


def readable(configuration: Any) -> Any:
    """A configuration of frozen dataclasses as nested plain dictionaries.

    A field with `added` metadata is left out while it has its `before` value, so that
    records from before the field existed keep their digest.
    """
    if dataclasses.is_dataclass(configuration) and not isinstance(configuration, type):
        return {
            field.name: readable(value)
            for field in dataclasses.fields(configuration)
            for value in [getattr(configuration, field.name)]
            if "before" not in field.metadata or value != field.metadata["before"]
        }
    if isinstance(configuration, Mapping):
        return {str(k): readable(v) for k, v in configuration.items()}
    if isinstance(configuration, list | tuple):
        return [readable(v) for v in configuration]
    if isinstance(configuration, np.generic):
        return configuration.item()
    return configuration
