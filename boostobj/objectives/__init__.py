"""The objectives, one class each, grouped by target. Importing this registers them."""

from .classification import Hinge, LogLoss
from .counts import Gamma, Poisson, Tweedie
from .multiclass import OneVsAll, Softmax
from .quantiles import MultiExpectile, MultiQuantile
from .ranking import XENDCG, LambdaMAP, LambdaNDCG, PairwiseLogistic
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
from .survival import AFT, Cox

__all__ = [
    "AFT",
    "XENDCG",
    "AbsoluteError",
    "AbsolutePercentageError",
    "Cox",
    "Expectile",
    "Fair",
    "Gamma",
    "Hinge",
    "Huber",
    "LambdaMAP",
    "LambdaNDCG",
    "LogCosh",
    "LogLoss",
    "MultiExpectile",
    "MultiQuantile",
    "OneVsAll",
    "PairwiseLogistic",
    "Poisson",
    "PseudoHuber",
    "Quantile",
    "Softmax",
    "SquaredError",
    "SquaredLogError",
    "SquaredRootError",
    "Tweedie",
]
