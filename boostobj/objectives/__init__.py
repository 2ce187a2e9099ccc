"""The objectives, one class each, grouped by target. Importing this registers them."""

from .classification import LogLoss
from .multiclass import Softmax
from .regression import LogCosh, PseudoHuber

__all__ = ["LogCosh", "LogLoss", "PseudoHuber", "Softmax"]
