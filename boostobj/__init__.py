"""Objectives for XGBoost and LightGBM: the same trees as the built-ins, exact, fast, and yours too."""

from .boosters import train
from .domain import Ascending, Choice, Interval, param
from .objective import Groupwise, Objective, Pointwise, Rowwise
from .objectives import (
    XENDCG,
    AbsoluteError,
    Expectile,
    Fair,
    Gamma,
    Hinge,
    Huber,
    LambdaMAP,
    LambdaNDCG,
    LogCosh,
    LogLoss,
    MultiExpectile,
    MultiQuantile,
    OneVsAll,
    PairwiseLogistic,
    Poisson,
    PseudoHuber,
    Quantile,
    Softmax,
    SquaredError,
    SquaredLogError,
    SquaredRootError,
    Tweedie,
)
from .params import from_params
from .protocol import set_bounds
from .registry import get, objectives, register
from .threads import get_num_threads, set_num_threads
from .version import __version__

__all__ = [
    "XENDCG",
    "AbsoluteError",
    "Ascending",
    "Choice",
    "Expectile",
    "Fair",
    "Gamma",
    "Groupwise",
    "Hinge",
    "Huber",
    "Interval",
    "LambdaMAP",
    "LambdaNDCG",
    "LogCosh",
    "LogLoss",
    "MultiExpectile",
    "MultiQuantile",
    "Objective",
    "OneVsAll",
    "PairwiseLogistic",
    "Pointwise",
    "Poisson",
    "PseudoHuber",
    "Quantile",
    "Rowwise",
    "Softmax",
    "SquaredError",
    "SquaredLogError",
    "SquaredRootError",
    "Tweedie",
    "__version__",
    "from_params",
    "get",
    "get_num_threads",
    "objectives",
    "param",
    "register",
    "set_bounds",
    "set_num_threads",
    "train",
]
