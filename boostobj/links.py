"""Links: how a raw score becomes what the target is measured in, and which native objective carries that to predict."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Link:
    """`inverse` maps float64 raw scores to the target's scale; `xgboost` is the objective whose predict does the same.

    Where `margin`, that objective's base_score is a raw score; else it is on the scale of `inverse`. "reg:squarederror"
    beside another inverse than the identity means that no objective has this link: predictions are raw scores.
    `lightgbm` is the objective with this link in LightGBM, as its models write it: {k} stands for the number of scores,
    {slope} for what multiplies a raw score; "" where there is none. `parameters` are those of the objective that `inverse`
    takes after the raw scores; a model's record has their values.
    """

    inverse: Callable[..., np.ndarray]
    xgboost: str
    margin: bool = False
    lightgbm: str = ""
    parameters: tuple[str, ...] = ()


def _identity(raw: np.ndarray) -> np.ndarray:
    return raw.copy()


def _logit(raw: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(raw))
    return np.where(raw >= 0, 1.0, e) / (1.0 + e)


def _softmax(raw: np.ndarray) -> np.ndarray:
    e = np.exp(raw - raw.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _log(raw: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # what is beyond the largest float is infinite
        return np.exp(raw)


def _softplus(raw: np.ndarray) -> np.ndarray:
    return np.maximum(raw, 0.0) + np.log1p(np.exp(-np.abs(raw)))


def _signed_square(raw: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return raw * np.abs(raw)


def _threshold(raw: np.ndarray) -> np.ndarray:
    return np.where(raw > 0, 1.0, 0.0)


def _cumulative(raw: np.ndarray) -> np.ndarray:
    steps = 1e-6 + _softplus(raw)
    steps[:, 0] = raw[:, 0]
    return np.cumsum(steps, axis=1)


def _location_scale(raw: np.ndarray, scale: float, epsilon: float) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.stack([scale * raw[:, 0], scale * np.hypot(epsilon, np.exp(raw[:, 1]))], axis=1)


def _median_sigma(raw: np.ndarray, epsilon: float) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.stack([np.exp(raw[:, 0]), np.hypot(epsilon, np.exp(raw[:, 1]))], axis=1)


def _ascending(raw: np.ndarray, width: float) -> np.ndarray:
    middle = raw.shape[1] // 2
    steps = width * _softplus(raw / width)
    above = np.cumsum(steps[:, middle + 1 :], axis=1)
    below = np.cumsum(steps[:, :middle][:, ::-1], axis=1)[:, ::-1]
    start = raw[:, middle, None]
    return np.concatenate([start - below, start, start + above], axis=1)


LINKS: dict[str, Link] = {
    "identity": Link(_identity, "reg:squarederror", lightgbm="regression"),
    "logit": Link(_logit, "binary:logistic", lightgbm="binary sigmoid:{slope:.17g}"),
    "softmax": Link(_softmax, "multi:softprob", margin=True, lightgbm="multiclass num_class:{k}"),
    # Not count:poisson, which brings max_delta_step=0.7 with it.
    "log": Link(_log, "reg:gamma", lightgbm="poisson"),
    # The place of an ordered class among thresholds: as it is, but not in the unit of the target.
    "location": Link(_identity, "reg:squarederror", margin=True, lightgbm="regression"),
    "one_vs_all": Link(_logit, "binary:logistic", lightgbm="multiclassova num_class:{k} sigmoid:{slope:.17g}"),
    "cumulative": Link(_cumulative, "reg:squarederror", margin=True),
    "ascending": Link(_ascending, "reg:squarederror", margin=True, parameters=("width",)),
    "signed_square": Link(_signed_square, "reg:squarederror", margin=True, lightgbm="regression sqrt"),
    "softplus": Link(_softplus, "reg:squarederror", margin=True, lightgbm="cross_entropy_lambda"),
    "threshold": Link(_threshold, "binary:hinge", margin=True),
    "location_scale": Link(_location_scale, "reg:squarederror", margin=True, parameters=("scale", "epsilon")),
    "median_sigma": Link(_median_sigma, "reg:squarederror", margin=True, parameters=("epsilon",)),
}


def applied(link: str, slope: float, raw: np.ndarray, parameters: tuple[float, ...] = ()) -> np.ndarray:
    """The inverse link of slope times the raw scores, computed in float64; the shape and dtype of `raw`, float32 or float64."""
    wide = raw.astype(np.float64)
    wide *= slope
    with np.errstate(over="ignore"):  # a mean beyond the largest float32 is infinite
        return LINKS[link].inverse(wide, *parameters).astype(raw.dtype)
