"""mindgap: compile graph algorithms into graph attention networks, and train them.

A companion to Saldyt & Kambhampati, "Mind The Gap: Deep Learning Doesn't Learn Deeply"
(arXiv 2505.18623). Names are loaded when they are first used, so that importing the
package is quick.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mindgap import (
        by_size,
        campaign,
        compiler,
        executions,
        experiments,
        faithfulness,
        floors,
        interop,
        landscape,
        learned,
        metrics,
        mixture,
        network,
        pages,
        plots,
        plots_faithfulness,
        plots_landscapes,
        plots_scoreboard,
        plots_sizes,
        probing,
        programs,
        protocol,
        report,
        run,
        scoreboard,
        stepper,
        summary,
        tasks,
        validity,
        verdicts,
        verification,
    )
    from mindgap.compiler import Compiled, compile
    from mindgap.expressions import ProgramError, same, when
    from mindgap.graphs import Graphs, Trajectory
    from mindgap.interpreter import interpret
    from mindgap.layout import CannotCompile
    from mindgap.limits import OutOfRange
    from mindgap.network import ModelConfig, Result, apply, init
    from mindgap.program import GraphProgram
    from mindgap.selection import Max, Min, everyone, nobody
    from mindgap.store import Store
    from mindgap.training import TrainConfig, key_of, make_train
    from mindgap.verification import verify

_HOMES = {
    "Graphs": "graphs",
    "Trajectory": "graphs",
    "ProgramError": "expressions",
    "GraphProgram": "program",
    "Max": "selection",
    "Min": "selection",
    "everyone": "selection",
    "nobody": "selection",
    "same": "expressions",
    "when": "expressions",
    "interpret": "interpreter",
    "CannotCompile": "layout",
    "Compiled": "compiler",
    "OutOfRange": "limits",
    "compile": "compiler",
    "verify": "verification",
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
    "by_size",
    "campaign",
    "compiler",
    "executions",
    "experiments",
    "faithfulness",
    "floors",
    "interop",
    "landscape",
    "learned",
    "metrics",
    "mixture",
    "network",
    "pages",
    "plots",
    "plots_faithfulness",
    "plots_landscapes",
    "plots_scoreboard",
    "plots_sizes",
    "probing",
    "programs",
    "protocol",
    "report",
    "run",
    "scoreboard",
    "stepper",
    "summary",
    "tasks",
    "validity",
    "verdicts",
    "verification",
)

__all__ = [
    "CannotCompile",
    "Compiled",
    "GraphProgram",
    "Graphs",
    "Max",
    "Min",
    "ModelConfig",
    "OutOfRange",
    "ProgramError",
    "Result",
    "Store",
    "TrainConfig",
    "Trajectory",
    "apply",
    "by_size",
    "campaign",
    "compile",
    "compiler",
    "everyone",
    "executions",
    "experiments",
    "faithfulness",
    "floors",
    "init",
    "interop",
    "interpret",
    "key_of",
    "landscape",
    "learned",
    "make_train",
    "metrics",
    "mixture",
    "network",
    "nobody",
    "pages",
    "plots",
    "plots_faithfulness",
    "plots_landscapes",
    "plots_scoreboard",
    "plots_sizes",
    "probing",
    "programs",
    "protocol",
    "report",
    "run",
    "same",
    "scoreboard",
    "stepper",
    "summary",
    "tasks",
    "validity",
    "verdicts",
    "verification",
    "verify",
    "when",
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
