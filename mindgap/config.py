"""What a configuration is identified by: readable, digested, with the random stream.

Results of one configuration lie under its digest, so whatever can change a number is in
it, and what cannot is not.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

STREAM = 2
"""Version of the random stream: which graphs and weights a seed's number stands for.

It is part of a record's identity, and goes up with any change of what a seed draws, or
in which order. Version 1 drew other numbers for the seeds of the first days, whose
records were removed."""

UNNAMED_STREAM = 2
"""The version of the records that do not name theirs."""


def digest(configuration: Any) -> str:
    """Twelve hex digits that change with anything in a nested configuration."""
    text = json.dumps(readable(configuration), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def added(before: Any) -> dict[str, Any]:
    """Metadata of a field that configurations did not always have.

    `before` is the value that every configuration had until there was such a field.
    """
    return {"before": before}


def readable(configuration: Any) -> Any:
    """Frozen dataclasses as nested plain dictionaries.

    A field of `added` metadata is left out at the value from before it was there, so
    that what was recorded then keeps its place.
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
    return configuration
