"""Objectives for XGBoost and LightGBM: the same trees as the built-ins, exact, fast, and yours too."""

from .boosters import train
from .domain import Choice, Interval, param
from .objective import Objective, Pointwise, Rowwise
from .objectives import LogCosh, LogLoss, PseudoHuber, Softmax
from .registry import get, objectives, register
from .threads import get_num_threads, set_num_threads
from .version import __version__

__all__ = [
    "Choice",
    "Interval",
    "LogCosh",
    "LogLoss",
    "Objective",
    "Pointwise",
    "PseudoHuber",
    "Rowwise",
    "Softmax",
    "__version__",
    "get",
    "get_num_threads",
    "objectives",
    "param",
    "register",
    "set_num_threads",
    "train",
]
