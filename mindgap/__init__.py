"""mindgap: compile graph algorithms into graph attention networks, and train them.

A companion to Saldyt & Kambhampati, "Mind The Gap: Deep Learning Doesn't Learn Deeply"
(arXiv 2505.18623). Names are loaded when they are first used, so that importing the
package is quick.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mindgap import (
        experiments,
        floors,
        interop,
        metrics,
        network,
        plots,
        report,
        run,
        summary,
        tasks,
    )
    from mindgap.graphs import Graphs, Trajectory
    from mindgap.network import ModelConfig, Result, apply, init
    from mindgap.store import Store
    from mindgap.training import TrainConfig, key_of, make_train

_HOMES = {
    "Graphs": "graphs",
    "Trajectory": "graphs",
    "ModelConfig": "network",
    "Result": "network",
    "apply": "network",
    "init": "network",
    "Store": "store",
    "TrainConfig": "training",
    "key_of": "training",
    "make_train": "training",
}
_MODULES = (
    "experiments",
    "floors",
    "interop",
    "metrics",
    "network",
    "plots",
    "report",
    "run",
    "summary",
    "tasks",
)

__all__ = [
    "Graphs",
    "ModelConfig",
    "Result",
    "Store",
    "TrainConfig",
    "Trajectory",
    "apply",
    "experiments",
    "floors",
    "init",
    "interop",
    "key_of",
    "make_train",
    "metrics",
    "network",
    "plots",
    "report",
    "run",
    "summary",
    "tasks",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"mindgap.{_HOMES[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"mindgap.{name}")
    raise AttributeError(f"module 'mindgap' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
