"""XGBoost's objectives. Everything is float32, with the C library's expf; sums are double.

Source: src/objective/{regression_obj,multiclass_obj}.cu, regression_loss.h and src/common/stats.cc of the releases.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..domain import NON_NEGATIVE, POSITIVE, UNIT, Interval, Optional, Parameter
from ..domain import REAL as ANY
from ..elementary import expf, where
from ..elementary32 import sigmoidf
from ..probe import c_function
from . import Native

_f4 = np.float32
_ONE, _TWO = _f4(1), _f4(2)
_FLOOR = _f4(1e-16)
_LARGEST = np.finfo(_f4).max
_SMALLEST_NORMAL = np.finfo(_f4).tiny


def _libm(name: str, x: np.float32) -> np.float32:
    """The C library's own float32 function, which XGBoost calls; NumPy's has other bits."""
    return _f4(c_function(name)(float(x)))


def _vanishing() -> np.float32:
    """The largest float32 whose expf is 0."""
    near, far = _f4(-100), _f4(-110)
    while np.nextafter(near, far) != far:
        middle = _f4((near + far) / _TWO)
        if _libm("expf", middle) == 0:
            far = middle
        else:
            near = middle
    return far


_VANISHES = _vanishing()


def logistic(y, f, w, scale_pos_weight):  # type: ignore[no-untyped-def]
    q = sigmoidf(f)
    w = min(w * _f4(scale_pos_weight), _LARGEST) if y == _ONE else w
    return (q - y) * w, max(q * (_ONE - q), _FLOOR) * w


def pseudo_huber(y, f, w, huber_slope):  # type: ignore[no-untyped-def]
    slope = _f4(huber_slope)
    z = f - y
    root = np.sqrt(_ONE + (z * z) / (slope * slope))
    return (z / root) * w, ((slope * slope) / ((slope * slope + z * z) * root)) * w


def softmax(y, f, w, hess):  # type: ignore[no-untyped-def]
    k, n = f.shape
    top = f[0].copy()
    for j in range(1, k):
        for b in range(n):
            top[b] = max(top[b], f[j, b])
    for b in range(n):
        # XGBoost's maximum starts from the smallest positive float: no shift where all scores are negative. But where all
        # are below about -100 it divides 0 by 0, and its model is lost: shift by the true maximum there.
        top[b] = where(top[b] <= _VANISHES, top[b], max(top[b], _SMALLEST_NORMAL))
    total = np.zeros(n)
    for j in range(k):
        for b in range(n):
            f[j, b] = expf(f[j, b] - top[b])
        for b in range(n):
            total[b] += np.float64(f[j, b])
    total_ = total.astype(_f4)
    for j in range(k):
        for b in range(n):
            q = f[j, b] / total_[b]
            hess[j, b] = max(_TWO * q * (_ONE - q) * w[b], _FLOOR)
            f[j, b] = where(y[b] == j, q - _ONE, q) * w[b]


@functools.cache
def as_read(value: float) -> np.float32:
    """A parameter as XGBoost reads it from its text: not always the nearest float32.

    Source: ParseFloat of dmlc-core's strtonum.h. The digits after the point are rounded on their own, powers of ten
    multiply up in float32.
    """
    mantissa, _, exponent = str(value).lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    number = _f4(int(whole))
    if digits := fraction[:19]:
        number = number + _f4(int(digits) / 10.0 ** len(digits))
    scale = _ONE
    eights, ones = divmod(min(abs(int(exponent or 0)), 38), 8)
    for factor in [1e8] * eights + [10.0] * ones:
        scale = scale * _f4(factor)
    return number / scale if exponent.startswith("-") else number * scale


# ---------------------------------------------------------------------------------------------------------------------
# base_score, on the scale of predictions


def _sum(values: np.ndarray, threads: int) -> np.float64:
    """A float64 sum as XGBoost adds: one partial sum per thread over contiguous rows, then those in order."""
    total = np.float64(0)
    for part in np.array_split(values.astype(np.float64), threads):
        total += np.add.accumulate(part)[-1] if part.size else 0.0
    return total


def _mean(y: np.ndarray, weight: np.ndarray | None, threads: int) -> np.float32:
    y = y.astype(np.float64)
    if weight is None:
        return _f4(_sum(y / y.size, threads))
    return _f4(_sum(y / _sum(weight, threads) * weight.astype(np.float64), threads))


def _newton(grad: np.ndarray, hess: np.ndarray, threads: int) -> np.float32:
    """One step from a score of 0, from float32 gradients summed in double."""
    return _f4(-_sum(grad, threads) / max(_sum(hess, threads), 1e-6))


def _logistic_start(
    y: np.ndarray, weight: np.ndarray | None, k: int, values: Mapping[str, Any], threads: int
) -> np.ndarray:
    """The weighted mean; with scale_pos_weight one Newton step from 0, then the link."""
    if _no_scale(values):
        return np.array([_mean(y, weight, threads)])
    return _stepped_logistic_start(y, weight, k, values, threads)


def _stepped_logistic_start(
    y: np.ndarray, weight: np.ndarray | None, k: int, values: Mapping[str, Any], threads: int
) -> np.ndarray:
    """One Newton step from 0, then the link: what every estimate was before XGBoost 3.0."""
    return np.array([_sigmoid(_logistic_newton(y, weight, values, threads))])


def _raw_logistic_start(
    y: np.ndarray, weight: np.ndarray | None, k: int, values: Mapping[str, Any], threads: int
) -> np.ndarray:
    """binary:logitraw estimates as its siblings do, but has no link: the mean itself is its raw score."""
    if _no_scale(values):
        return np.array([_mean(y, weight, threads)])
    return _stepped_raw_logistic_start(y, weight, k, values, threads)


def _stepped_raw_logistic_start(
    y: np.ndarray, weight: np.ndarray | None, k: int, values: Mapping[str, Any], threads: int
) -> np.ndarray:
    return np.array([_logistic_newton(y, weight, values, threads)])


def _no_scale(values: Mapping[str, Any]) -> bool:
    return bool(abs(as_read(values["scale_pos_weight"]) - _ONE) <= 1e-6)


def _logistic_newton(
    y: np.ndarray, weight: np.ndarray | None, values: Mapping[str, Any], threads: int
) -> np.float32:
    w = np.ones_like(y) if weight is None else weight
    w = np.where(y == _ONE, w * as_read(values["scale_pos_weight"]), w)
    return _newton((_f4(0.5) - y) * w, _f4(0.25) * w, threads)


def _pseudo_huber_start(
    y: np.ndarray, weight: np.ndarray | None, k: int, values: Mapping[str, Any], threads: int
) -> np.ndarray:
    slope = as_read(values["huber_slope"])
    w = np.ones_like(y) if weight is None else weight
    z = -y
    root = np.sqrt(_ONE + (z * z) / (slope * slope))
    hess = (slope * slope) / ((slope * slope + z * z) * root)
    return np.array([_newton((z / root) * w, hess * w, threads)])


def _softmax_start(
    y: np.ndarray, weight: np.ndarray | None, k: int, values: Mapping[str, Any], threads: int
) -> np.ndarray:
    w = np.ones_like(y) if weight is None else weight
    label = y.astype(np.int64)
    count = np.zeros(k, _f4)
    for j in range(k):  # float32 sums, in the order of the rows
        chosen = w[label == j]
        count[j] = np.add.accumulate(chosen, dtype=_f4)[-1] if chosen.size else 0
    prior = (count * (1.0 / _sum(w, threads))).astype(_f4) + _f4(1e-6)
    scores = np.array([_libm("logf", p) for p in prior], _f4)
    mean = _f4(0)
    for part in np.array_split(scores, threads):  # float32 too, and therefore other bits with two threads than with one
        inside = _f4(0)
        for score in part:
            inside = _f4(inside + score / _f4(k))
        mean = _f4(mean + inside)
    return scores - mean


def _scalar_start(
    y: np.ndarray, weight: np.ndarray | None, k: int, values: Mapping[str, Any], threads: int
) -> None:
    """Nothing is estimated: every class starts at the default base_score."""
    return None


def _sigmoid(x: np.float32) -> np.float32:
    return _f4(_ONE / (_libm("expf", min(-x, _f4(88.7))) + _ONE))


def to_raw(row: Native, start: np.ndarray | None, k: int) -> np.ndarray:
    """base_score as a raw score: what XGBoost adds to every row."""
    if start is None:
        return np.full(k, 0.5)
    if row.link == "logit":
        inside = np.clip(start, _f4(1e-6), _ONE - _f4(1e-6))
        return np.array([-float(_libm("logf", _ONE / p - _ONE)) for p in inside])
    return start.astype(np.float64)


_SCALE_POS_WEIGHT = Parameter("scale_pos_weight", 1.0, NON_NEGATIVE, typical=(2.5,))
_HUBER_SLOPE = Parameter("huber_slope", 1.0, POSITIVE, unit="y", typical=(4.0,))
_NUM_CLASS = Parameter("num_class", None, Optional(Interval(2, 2**31, "both", True)), typical=(3,), kernel=False)
_CLASSES = Interval(0, 2**31, "low", integer=True)


def _logistic_rows(name: str, link: str) -> tuple[Native, Native]:
    raw = link == "identity"
    common = ("xgboost", name, "log_loss", logistic)
    rest = (UNIT, (_SCALE_POS_WEIGHT,), {"scale_pos_weight": "scale_pos_weight"})
    old = _stepped_raw_logistic_start if raw else _stepped_logistic_start
    new = _raw_logistic_start if raw else _logistic_start
    return (
        Native(*common, old, *rest, link=link, until=(3,)),
        Native(*common, new, *rest, link=link, since=(3,)),
    )


def _softmax_rows(name: str) -> tuple[Native, Native]:
    common = ("xgboost", name, "softmax", softmax)
    rest = (_CLASSES, (_NUM_CLASS,), {"num_class": "num_class"})
    return (
        Native(*common, _scalar_start, *rest, count="num_class", until=(3, 1)),
        Native(*common, _softmax_start, *rest, count="num_class", since=(3, 1)),
    )


ROWS = (
    *_logistic_rows("binary:logistic", "logit"),
    *_logistic_rows("reg:logistic", "logit"),
    *_logistic_rows("binary:logitraw", "identity"),
    Native(
        "xgboost",
        "reg:pseudohubererror",
        "pseudo_huber",
        pseudo_huber,
        _pseudo_huber_start,
        ANY,
        (_HUBER_SLOPE,),
        {"huber_slope": "delta"},
    ),
    *_softmax_rows("multi:softprob"),
    *_softmax_rows("multi:softmax"),
)
