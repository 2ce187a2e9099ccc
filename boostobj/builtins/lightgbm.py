"""LightGBM's objectives. Scores and arithmetic are float64, rounded to float32 last; labels and weights are float32.

Source: src/objective/{binary,multiclass}_objective.hpp of the releases.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..domain import POSITIVE, Choice, Interval, Optional, Parameter
from ..elementary import exp, where
from . import Native

_f4 = np.float32
_EPSILON = float(_f4(1e-15))


def binary(y, f, w, sigmoid, negative, positive):  # type: ignore[no-untyped-def]
    is_positive = y > _f4(0)
    label = 1.0 if is_positive else -1.0
    label_weight = positive if is_positive else negative
    response = -label * sigmoid / (1.0 + exp(label * sigmoid * f))
    size = abs(response)
    weight = np.float64(w)
    return response * label_weight * weight, size * (sigmoid - size) * label_weight * weight


def multiclass(y, f, w, hess):  # type: ignore[no-untyped-def]
    k, n = f.shape
    top = f[0].copy()
    for j in range(1, k):
        for b in range(n):
            top[b] = max(top[b], f[j, b])
    total = np.zeros(n)
    for j in range(k):
        for b in range(n):
            e = exp(f[j, b] - top[b])
            f[j, b] = e
            total[b] += e
    factor = k / (k - 1.0)
    for j in range(k):
        for b in range(n):
            q = f[j, b] / total[b]
            weight = np.float64(w[b])
            hess[j, b] = factor * q * (1.0 - q) * weight
            f[j, b] = where(y[b] == j, q - 1.0, q) * weight


@functools.cache
def as_read(value: float) -> float:
    """A parameter as LightGBM reads it from its text: not always the nearest float64.

    Source: Common::Atof of utils/common.h. The digits after the point are read as a whole number and divided.
    """
    mantissa, _, exponent = str(value).lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    number, right = 0.0, 0.0
    for digit in whole.lstrip("-"):
        number = number * 10.0 + int(digit)
    for digit in fraction:
        right = right * 10.0 + int(digit)
    number += right / 10.0 ** len(fraction)
    scale = 1.0
    fifties, rest = divmod(min(abs(int(exponent or 0)), 308), 50)
    eights, ones = divmod(rest, 8)
    for factor in [1e50] * fifties + [1e8] * eights + [10.0] * ones:
        scale *= factor
    number = number / scale if exponent.startswith("-") else number * scale
    return -number if mantissa.startswith("-") else number


def _label_weights(y: np.ndarray, values: Mapping[str, Any]) -> tuple[float, float]:
    """The factors of negative and positive rows."""
    negative = positive = 1.0
    if values["is_unbalance"]:
        count = int((y > 0).sum())
        rest = y.size - count
        if count and rest:
            negative, positive = (count / rest, 1.0) if count > rest else (1.0, rest / count)
    return negative, positive * as_read(values["scale_pos_weight"])


def _binary_parameters(
    y: np.ndarray, raw: np.ndarray, weight: np.ndarray | None, values: Mapping[str, Any]
) -> tuple[float, ...]:
    return as_read(values["sigmoid"]), *_label_weights(y, values)


def _binary_label_weight(y: np.ndarray, values: Mapping[str, Any]) -> np.ndarray | None:
    """What is_unbalance multiplies each row by; scale_pos_weight is a parameter of the textbook loss."""
    if not values["is_unbalance"]:
        return None
    negative, positive = _label_weights(y, {**values, "scale_pos_weight": 1.0})
    return np.where(y > 0, positive, negative)


def _binary_conflict(values: Mapping[str, Any]) -> str | None:
    if values["is_unbalance"] and values["scale_pos_weight"] != 1.0:
        return "is_unbalance=True and scale_pos_weight exclude each other, as in LightGBM"
    return None


def _sum(values: np.ndarray) -> float:
    return float(np.add.accumulate(values, dtype=np.float64)[-1])


def _binary_start(
    y: np.ndarray, weight: np.ndarray | None, k: int, values: Mapping[str, Any], threads: int
) -> np.ndarray:
    positive = (y > 0).astype(np.float64)
    if weight is None:
        mean = _sum(positive) / y.size
    else:
        mean = _sum(positive * weight) / _sum(weight)
    mean = max(min(mean, 1.0 - _EPSILON), _EPSILON)
    return np.array([math.log(mean / (1.0 - mean)) / as_read(values["sigmoid"])])


def _multiclass_start(
    y: np.ndarray, weight: np.ndarray | None, k: int, values: Mapping[str, Any], threads: int
) -> np.ndarray:
    w = np.ones(y.size) if weight is None else weight.astype(np.float64)
    label = y.astype(np.int64)
    prior = np.array([_sum(w[label == j]) if (label == j).any() else 0.0 for j in range(k)]) / _sum(w)
    return np.array([math.log(max(p, _EPSILON)) for p in prior])  # NumPy's log has other bits than the C library's


ROWS = (
    Native(
        "lightgbm",
        "binary",
        "log_loss",
        binary,
        _binary_start,
        Interval(0, 1, "both", integer=True),
        (
            Parameter("sigmoid", 1.0, POSITIVE, unit="1/raw", typical=(1.7,)),
            Parameter("is_unbalance", False, Choice((False, True)), typical=(True,)),
            Parameter("scale_pos_weight", 1.0, POSITIVE, typical=(2.5,)),
        ),
        {"sigmoid": "sigmoid", "scale_pos_weight": "scale_pos_weight"},
        _binary_label_weight,
        _binary_parameters,
        _binary_conflict,
    ),
    Native(
        "lightgbm",
        "multiclass",
        "softmax",
        multiclass,
        _multiclass_start,
        Interval(0, 2**31, "low", integer=True),
        (Parameter("num_class", None, Optional(Interval(2, 2**31, "both", True)), typical=(3,), kernel=False),),
        {"num_class": "num_class"},
        count="num_class",
    ),
)
