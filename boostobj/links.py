"""Links: how a raw score becomes what the target is measured in, and which native objective carries that to predict."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Link:
    """`inverse` maps float64 raw scores to the target's scale; `xgboost` is the objective whose predict does the same.

    `lightgbm` is the same in LightGBM, as its models write it: {k} stands for the number of scores, {slope} for what
    multiplies the raw score. Empty where it has none.
    """

    inverse: Callable[[np.ndarray], np.ndarray]
    xgboost: str
    lightgbm: str = ""


def _identity(raw: np.ndarray) -> np.ndarray:
    return raw.copy()


def _logit(raw: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(raw))
    return np.where(raw >= 0, 1.0, e) / (1.0 + e)


def _softmax(raw: np.ndarray) -> np.ndarray:
    e = np.exp(raw - raw.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


LINKS: dict[str, Link] = {
    "identity": Link(_identity, "reg:squarederror", "regression"),
    "logit": Link(_logit, "binary:logistic", "binary sigmoid:{slope:.17g}"),
    "softmax": Link(_softmax, "multi:softprob", "multiclass num_class:{k}"),
}
