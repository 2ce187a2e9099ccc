"""The objectives, one class each, grouped by target. Importing this registers them."""

from .classification import Hinge, LogLoss
from .counts import Gamma, Poisson, Tweedie
from .multiclass import OneVsAll, Softmax
from .quantiles import MultiExpectile, MultiQuantile
from .regression import (
    AbsoluteError,
    AbsolutePercentageError,
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

__all__ = [
    "AbsoluteError",
    "AbsolutePercentageError",
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
