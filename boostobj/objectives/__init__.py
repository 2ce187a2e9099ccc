"""The objectives, one class each, grouped by target. Importing this registers them."""

from .classification import Hinge, LogLoss
from .counts import Gamma, Poisson, Tweedie
from .multiclass import OneVsAll, Softmax
from .quantiles import MultiExpectile, MultiQuantile
from .regression import (
    AbsoluteError,
    Expectile,
    Fair,
    Huber,
    LogCosh,
    PseudoHuber,
    Quantile,
    SquaredError,
    SquaredLogError,
    SquaredRootError,
)
from .survival import AFT, Cox

__all__ = [
    "AFT",
    "AbsoluteError",
    "Cox",
    "Expectile",
    "Fair",
    "Gamma",
    "Hinge",
    "Huber",
    "LogCosh",
    "LogLoss",
    "MultiExpectile",
    "MultiQuantile",
    "OneVsAll",
    "Poisson",
    "PseudoHuber",
    "Quantile",
    "Softmax",
    "SquaredError",
    "SquaredLogError",
    "SquaredRootError",
    "Tweedie",
]
