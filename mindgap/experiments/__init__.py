"""The registry: what the paper claims, where, and what has to be run to check it."""

from mindgap.experiments.base import Data, Experiment, Reported
from mindgap.experiments.tables import EXPERIMENTS, find

__all__ = ["EXPERIMENTS", "Data", "Experiment", "Reported", "find"]
