"""The registry: what the paper claims, where, and what has to be run to check it."""

from mindgap.experiments.base import Data, Experiment, Reported
from mindgap.experiments.claims import CLAIMS, Claim
from mindgap.experiments.tables import EXPERIMENTS, find

__all__ = [
    "CLAIMS",
    "EXPERIMENTS",
    "Claim",
    "Data",
    "Experiment",
    "Reported",
    "find",
]
