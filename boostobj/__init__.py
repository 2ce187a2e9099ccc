"""Objectives for XGBoost and LightGBM: the same trees as the built-ins, exact, fast, and yours too."""

from . import metrics
from . import objectives as _classes
from .boosters import cv, deployable, describe, predict, record, train
from .boosters.doctor import DoctorWarning, Finding, doctor
from .domain import Ascending, Choice, Interval, param
from .objective import Groupwise, Objective, Pointwise, Rowwise
from .objectives import *
from .params import from_params
from .protocol import set_bounds
from .registry import get, objectives, register
from .threads import get_num_threads, set_num_threads
from .version import __version__
from .yours import from_formula, objective

__all__ = [
    "Ascending",
    "Choice",
    "DoctorWarning",
    "Finding",
    "Groupwise",
    "Interval",
    "Objective",
    "Pointwise",
    "Rowwise",
    "__version__",
    "cv",
    "deployable",
    "describe",
    "doctor",
    "from_formula",
    "from_params",
    "get",
    "get_num_threads",
    "metrics",
    "objective",
    "objectives",
    "param",
    "predict",
    "record",
    "register",
    "set_bounds",
    "set_num_threads",
    "train",
]
__all__ += _classes.__all__
