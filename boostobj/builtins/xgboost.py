"""XGBoost's objectives. Everything is float32, with the C library's expf; sums are double.

Source: src/objective/{regression_obj,quantile_obj,hinge,multiclass_obj}.cu, regression_loss.h, init_estimation.cc and
src/common/stats.{h,cc} of the releases.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from .. import loops
from ..domain import NON_NEGATIVE, POSITIVE, UNIT, Ascending, Interval, Optional, Parameter
from ..domain import REAL as ANY
from ..elementary import expf, kernel, where
from ..elementary32 import hypotf, log1pf, sigmoidf, softplusf, tanhf
from ..probe import c_function
from . import Native, Step

Values = Mapping[str, Any]
Weight = np.ndarray | None

_f4 = np.float32
_ZERO, _HALF, _ONE, _TWO = _f4(0), _f4(0.5), _f4(1), _f4(2)
_LOWEST_LOG, _LEAST_LOG = _f4(-1 + 1e-6), _f4(1e-6)
_SMOOTHING, _LEAST_RATIO = _f4(0.04), _f4(3e-4)
_GAP = _f4(1e-6)
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


@kernel
def _scaled(y, w, scale_pos_weight):  # type: ignore[no-untyped-def]
    return where(y == _ONE, min(w * _f4(scale_pos_weight), _LARGEST), w)


def squared_error(y, f, w, scale_pos_weight):  # type: ignore[no-untyped-def]
    w = _scaled(y, w, scale_pos_weight)
    return (f - y) * w, w


def squared_log_error(y, f, w):  # type: ignore[no-untyped-def]
    p = max(f, _LOWEST_LOG)
    first, second = log1pf(p), log1pf(y)
    beside = np.float64(p + _ONE)
    hess = _f4(np.float64(second - first + _ONE) / (beside * beside))
    return ((first - second) / (p + _ONE)) * w, max(hess, _LEAST_LOG) * w


def absolute_error(y, f, w):  # type: ignore[no-untyped-def]
    sign = where(f > y, _ONE, where(f < y, -_ONE, _ZERO))
    return sign * w, w


def smoothed_absolute_error(y, f, w, scale):  # type: ignore[no-untyped-def]
    r = f - y
    norm = hypotf(scale, r)
    curvature = where(norm > _ZERO, scale / norm, _ONE)
    pull = min(max(w * r, -_LARGEST), _LARGEST)  # an infinity times the 0 that it has for a curvature is no number
    return pull * curvature, w * curvature


def quantile(y, f, w, alpha):  # type: ignore[no-untyped-def]
    return where(f - y >= _ZERO, _ONE - alpha, -alpha) * w, w


def smoothed_quantile(y, f, w, alpha, scale):  # type: ignore[no-untyped-def]
    x = (f - y) / (_SMOOTHING * scale)
    t = tanhf(x)
    ratio = max(where(x == _ZERO, _ONE, t / x), _LEAST_RATIO)
    grad = (_HALF * scale) * ((t + _ONE) - _TWO * alpha)
    hess = _HALF / _SMOOTHING * ratio
    silent = (not (scale > _ZERO)) | (w == _ZERO)
    return where(silent, _ZERO, w * grad), where(silent, _ZERO, w * hess)


_quantile_of_row, _smoothed_quantile_of_row = kernel(quantile), kernel(smoothed_quantile)


def many_quantiles(y, f, w, alpha, hess):  # type: ignore[no-untyped-def]
    k, n = f.shape
    for j in range(k):
        for b in range(n):
            f[j, b], hess[j, b] = _quantile_of_row(y[b], f[j, b], w[b], alpha[j])


def many_smoothed_quantiles(y, f, w, alpha, scale, hess):  # type: ignore[no-untyped-def]
    k, n = f.shape
    for j in range(k):
        for b in range(n):
            f[j, b], hess[j, b] = _smoothed_quantile_of_row(y[b], f[j, b], w[b], alpha[j], scale[j])


def expectile(y, f, w, alpha):  # type: ignore[no-untyped-def]
    d = f - y
    v = where(d >= _ZERO, _ONE - alpha, alpha)
    return (v * d) * w, v * w


def many_expectiles(y, f, w, alpha, hess):  # type: ignore[no-untyped-def]
    k, n = f.shape
    grads = np.empty((k, n), _f4)
    hesses = np.empty((k, n), _f4)
    for j in range(k):
        for b in range(n):
            # f[j] becomes what the raw score says, the expectile; what is needed of the raw score later is its sigmoid.
            hess[j, b] = sigmoidf(f[j, b])
            if j > 0:
                f[j, b] = f[j - 1, b] + (_GAP + softplusf(f[j, b]))
            d = f[j, b] - y[b]
            v = where(d >= _ZERO, _ONE - alpha[j], alpha[j])
            # An infinite gradient times a weight of 0 is NaN in XGBoost; here it is 0.
            grads[j, b] = where(w[b] == _ZERO, _ZERO, min(max((v * d) * w[b], -_LARGEST), _LARGEST))
            hesses[j, b] = v * w[b]
    hess[0, :] = _ONE
    hess_sum = np.empty(n, _f4)
    for j in range(k):
        f[j, :] = _ZERO
        hess_sum[:] = _ZERO
        for i in range(j, k):  # each sum on its own, as in XGBoost: float32 sums depend on their order
            for b in range(n):
                f[j, b] += grads[i, b]
                hess_sum[b] += hesses[i, b]
        for b in range(n):
            scale = hess[j, b]
            f[j, b] = scale * min(max(f[j, b], -_LARGEST), _LARGEST)  # 0 times infinity is NaN in XGBoost
            hess[j, b] = scale * scale * min(hess_sum[b], _LARGEST)


def poisson(y, f, w, max_delta_step):  # type: ignore[no-untyped-def]
    # An infinite mean times a weight of 0 is NaN in XGBoost; saturated, it is 0. So too below.
    return (min(expf(f), _LARGEST) - y) * w, min(expf(f + max_delta_step), _LARGEST) * w


def gamma(y, f, w, scale_pos_weight):  # type: ignore[no-untyped-def]
    w = _scaled(y, w, scale_pos_weight)
    ratio = min(y / expf(f), _LARGEST)
    return (_ONE - ratio) * w, ratio * w


def tweedie(y, f, w, rho):  # type: ignore[no-untyped-def]
    first = min(expf((_ONE - rho) * f), _LARGEST)
    second = min(expf((_TWO - rho) * f), _LARGEST)
    return (-y * first + second) * w, (-y * (_ONE - rho) * first + (_TWO - rho) * second) * w


def hinge(y, f, w):  # type: ignore[no-untyped-def]
    label = np.float64(y) * 2.0 - 1.0
    missed = np.float64(f) * label < 1.0
    return where(missed, _f4(-label * np.float64(w)), _ZERO), where(missed, w, _SMALLEST_NORMAL)


def root_residual(y, f, w):  # type: ignore[no-untyped-def]
    return w * np.sqrt(abs(f - y))


def weight_alone(y, f, w):  # type: ignore[no-untyped-def]
    return w


def logistic(y, f, w, scale_pos_weight):  # type: ignore[no-untyped-def]
    q = sigmoidf(f)
    w = _scaled(y, w, scale_pos_weight)
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
    return _f4(_sum(y / _sum(weight, 1) * weight.astype(np.float64), threads))


def newton(grad: np.ndarray, hess: np.ndarray, threads: int) -> np.float32:
    """One step from a score of 0, from float32 gradients summed in double."""
    return _f4(-_sum(grad, threads) / max(_sum(hess, threads), 1e-6))


Start = Callable[[np.ndarray, Weight, int, Values, int], np.ndarray | None]


def _stepped(kernel_: Callable, shown: Callable[[np.float32], np.float32] | None = None) -> Start:
    """One Newton step from a score of 0, then the link: what every estimate was before XGBoost 3.0, and some still are."""

    def start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
        step = newton(*_at(kernel_, np.zeros_like(y), y, weight, map(as_read, values.values())), threads)
        return np.array([shown(step) if shown else step], _f4)

    return start


def _at(
    kernel_: Callable, raw: np.ndarray, y: np.ndarray, weight: Weight, parameters: Iterable[Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian, weight included, at some scores."""
    grad, hess = np.empty(y.size, _f4), np.empty(y.size, _f4)
    y, raw = np.ascontiguousarray(y, _f4), np.ascontiguousarray(raw, _f4)
    weight = None if weight is None else np.ascontiguousarray(weight, _f4)
    ends = -loops.LARGEST_FLOAT32, loops.LARGEST_FLOAT32
    loops.native_pointwise(kernel_, False, False)(0, y.size, y, raw, weight, tuple(parameters), *ends, grad, hess)
    return grad, hess


def _mean_start(stepped: Start) -> Start:
    """The weighted mean; with scale_pos_weight one Newton step from 0. Even for binary:logitraw, which has no link."""

    def start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray | None:
        if abs(as_read(values.get("scale_pos_weight", 1.0)) - _ONE) <= 1e-6:
            return np.array([_mean(y, weight, threads)])
        return stepped(y, weight, k, values, threads)

    return start


def _sorted(y: np.ndarray, weight: Weight) -> tuple[np.ndarray, np.ndarray | None]:
    order = np.argsort(y, kind="stable")
    return y[order], None if weight is None else np.add.accumulate(weight[order], dtype=_f4)


def _quantile(y: np.ndarray, cumulated: np.ndarray | None, alpha: np.float32) -> np.float32:
    """Of sorted targets: linear interpolation without weights, a step function with."""
    n, level = y.size, float(alpha)
    if cumulated is not None:
        place = int(np.searchsorted(cumulated, _f4(float(cumulated[-1]) * level), side="left"))
        return y[min(place, n - 1)]
    if level <= 1 / (n + 1):
        return y[0]
    if level >= n / (n + 1):
        return y[-1]
    x = level * (n + 1)
    below = math.floor(x) - 1
    return _f4(float(y[below]) + ((x - 1) - below) * float(y[below + 1] - y[below]))


def _quantile_start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
    found = _sorted(y, weight)
    return np.array([_quantile(*found, as_read(alpha)) for alpha in np.atleast_1d(values["quantile_alpha"])])


def _median(divided: bool) -> Start:
    """The median, times the sum of the weights and `divided` by it, as for a mean over machines, or times its inverse."""

    def start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
        total = float(y.size) if weight is None else float(_sum(weight, threads))
        weighed = float(_f4(float(_quantile(*_sorted(y, weight), _HALF)) * total))
        return np.array([_f4(weighed / total if divided else weighed * (1.0 / total))])

    return start


def _scale(terms: float, total: float) -> np.float32:
    """(the weighted mean of sqrt|r|)**2, in which robust losses of XGBoost 3.4 measure residuals."""
    return _ZERO if abs(total) < 1e-6 else _f4(min((terms / total) * (terms / total), loops.LARGEST_FLOAT32))


def _scale_of(y: np.ndarray, raw: np.ndarray, weight: Weight, total: float) -> np.float32:
    terms = loops.native_sum(root_residual)(y, raw, weight)
    if math.isinf(terms):  # XGBoost's float32 terms overflow for weights near the largest float, and its model is lost
        w = np.float64(1) if weight is None else weight.astype(np.float64)
        terms = float((w * np.sqrt(np.abs(raw.astype(np.float64) - y))).sum())
    return _scale(terms, total)


def residual_scale(y: np.ndarray, raw: np.ndarray, weight: Weight) -> np.float32:
    """`_scale` of the residuals of one score per row."""
    return _scale_of(y, raw, weight, total_weight(y, weight))


def _absolute_parameters(step: Step, values: Values) -> tuple[Any, ...]:
    return (residual_scale(step.y, step.raw, step.weight),)


def _quantile_parameters(step: Step, values: Values) -> tuple[Any, ...]:
    y, raw, weight = step.y, step.raw, step.weight
    alpha, total = values["quantile_alpha"], total_weight(y, weight)
    if raw.ndim == 1:
        return as_read(alpha), _scale_of(y, raw, weight, total)
    scales = [_scale_of(y, raw[:, j], weight, total) for j in range(raw.shape[1])]
    return np.array([as_read(a) for a in alpha]), np.array(scales)


def total_weight(y: np.ndarray, weight: Weight) -> float:
    """The sum of the weights, or the number of rows."""
    return float(y.size) if weight is None else loops.native_sum(weight_alone)(y, y, weight)


def _smoothed_start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
    """One step from the weighted mean."""
    mean = _mean(y, weight, threads)
    w = np.ones_like(y) if weight is None else weight
    scale = _scale(float(_sum(w * np.sqrt(np.abs(mean - y)), threads)), total_weight(y, weight))
    raw = np.full(y.size, mean)
    return np.array([newton(*_at(smoothed_absolute_error, raw, y, weight, (scale,)), threads) + mean])


def _expectile_start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
    """One step from the weighted mean for each level, then never below the level before."""
    mean = _mean(y, weight, threads)
    raw = np.full(y.size, mean)
    levels = [as_read(alpha) for alpha in np.atleast_1d(values["expectile_alpha"])]
    found = [newton(*_at(expectile, raw, y, weight, (level,)), threads) + mean for level in levels]
    return np.maximum.accumulate(np.array(found, _f4))


def _softmax_start(
    y: np.ndarray, weight: Weight, k: int, values: Values, threads: int
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
    y: np.ndarray, weight: Weight, k: int, values: Values, threads: int
) -> None:
    """Nothing is estimated: every class starts at the default base_score."""
    return None


def _sigmoid(x: np.float32) -> np.float32:
    return _f4(_ONE / (_libm("expf", min(-x, _f4(88.7))) + _ONE))


def expf_of(x: np.float32) -> np.float32:
    """The C library's expf."""
    return _libm("expf", x)


def _threshold(x: np.float32) -> np.float32:
    return _ONE if x > 0 else _ZERO


def to_raw(row: Native, start: np.ndarray | None, k: int) -> np.ndarray:
    """base_score as a raw score: what XGBoost adds to every row."""
    if start is None:
        return np.full(k, 0.5)
    if row.link == "logit":
        inside = np.clip(start, _f4(1e-6), _ONE - _f4(1e-6))
        return np.array([-float(_libm("logf", _ONE / p - _ONE)) for p in inside])
    if row.link == "log":
        return np.array([float(_libm("logf", max(p, _SMALLEST_NORMAL))) for p in start])  # XGBoost refuses a mean of 0
    if row.link == "cumulative":
        gaps = [max(_f4(_f4(b - a) - _GAP), _GAP) for a, b in itertools.pairwise(start)]
        return np.array([start[0], *(g + _libm("logf", -_libm("expm1f", -g)) for g in gaps)], np.float64)
    return start.astype(np.float64)


_SCALE_POS_WEIGHT = Parameter("scale_pos_weight", 1.0, NON_NEGATIVE, typical=(2.5,))
_HUBER_SLOPE = Parameter("huber_slope", 1.0, POSITIVE, unit="y", typical=(4.0,))
_NUM_CLASS = Parameter("num_class", None, Optional(Interval(2, 2**31, "both", True)), typical=(3,), kernel=False)
_CLASSES = Interval(0, 2**31, "low", integer=True)
_LEVELS = Ascending(UNIT, one=True)
_QUANTILE = Parameter("quantile_alpha", 0.5, _LEVELS, typical=(0.9, (0.1, 0.5, 0.9)), required=True)
_EXPECTILE = Parameter("expectile_alpha", 0.5, _LEVELS, typical=(0.9, (0.1, 0.5, 0.9)), required=True)
_STEP = Parameter("max_delta_step", 0.7, NON_NEGATIVE, typical=(0.3,))
_POWER = Parameter("tweedie_variance_power", 1.5, Interval(1, 2, "low"), typical=(1.2,))
_ABOVE_MINUS_ONE = Interval(-1, math.inf)


def _scale_pos_weight(y: np.ndarray, values: Values) -> np.ndarray | None:
    """A factor of the rows whose target is exactly 1, of whatever kind the targets are."""
    return None if values["scale_pos_weight"] == 1.0 else np.where(y == 1, values["scale_pos_weight"], 1.0)


def _row(name: str, textbook: str, kernel_: Any, start: Any, labels: Interval, *rest: Any, **more: Any) -> Native:
    return Native("xgboost", name, textbook, kernel_, start, labels, *rest, **more)


def _since_3(
    name: str, textbook: str, kernel_: Any, shown: Any, labels: Interval, *rest: Any, **more: Any
) -> tuple[Native, Native]:
    """The start is one Newton step before 3.0, and the mean since."""
    stepped = _stepped(kernel_, shown)
    return (
        _row(name, textbook, kernel_, stepped, labels, *rest, **more, until=(3,)),
        _row(name, textbook, kernel_, _mean_start(stepped), labels, *rest, **more, since=(3,)),
    )


def _logistic_rows(name: str, link: str) -> tuple[Native, Native]:
    shown = _sigmoid if link == "logit" else None
    mirror = {"scale_pos_weight": "scale_pos_weight"}
    return _since_3(name, "log_loss", logistic, shown, UNIT, (_SCALE_POS_WEIGHT,), mirror, link=link)


def _softmax_rows(name: str) -> tuple[Native, Native]:
    rest = (_CLASSES, (_NUM_CLASS,), {"num_class": "num_class"})
    return (
        _row(name, "softmax", softmax, _scalar_start, *rest, count="num_class", until=(3, 1)),
        _row(name, "softmax", softmax, _softmax_start, *rest, count="num_class", since=(3, 1)),
    )


def _one(parameter: str) -> Callable[[Values], bool]:
    return lambda values: not isinstance(values[parameter], tuple)


def _several(parameter: str) -> Callable[[Values], bool]:
    return lambda values: isinstance(values[parameter], tuple)


def _level_rows() -> tuple[Native, ...]:
    """Quantiles and expectiles: one level is one score, several are as many."""
    one = (ANY, (_QUANTILE,), {"quantile_alpha": "alpha"})
    more: dict[str, Any] = {"count": "quantile_alpha", "hessian": "", "when": _several("quantile_alpha")}
    smooth: dict[str, Any] = {"prepare": _quantile_parameters, "hessian": "", "smooth": True, "since": (3, 4)}
    renewed: dict[str, Any] = {"hessian": "", "until": (3, 4)}
    expectiles = (ANY, (_EXPECTILE,), {"expectile_alpha": "alpha"})
    several: dict[str, Any] = {"count": "expectile_alpha", "hessian": "damped", "when": _several("expectile_alpha")}
    name, other = "reg:quantileerror", "reg:expectileerror"
    is_one = _one("quantile_alpha")
    return (
        _row(name, "quantile", quantile, _quantile_start, *one, when=is_one, **renewed),
        _row(name, "quantile", smoothed_quantile, _quantile_start, *one, when=is_one, **smooth),
        _row(name, "multi_quantile", many_quantiles, _quantile_start, *one, **more | renewed, since=(3, 1)),
        _row(name, "multi_quantile", many_smoothed_quantiles, _quantile_start, *one, **more | smooth),
        _row(other, "expectile", expectile, _expectile_start, *expectiles, when=_one("expectile_alpha"), since=(3, 3)),
        _row(
            other, "multi_expectile", many_expectiles, _expectile_start, *expectiles, **several, link="cumulative",
            since=(3, 3),
        ),
    )


ROWS = (
    *_since_3(
        "reg:squarederror", "squared_error", squared_error, None, ANY, (_SCALE_POS_WEIGHT,),
        label_weight=_scale_pos_weight,
    ),
    _row(
        "reg:squaredlogerror", "squared_log_error", squared_log_error, _stepped(squared_log_error), _ABOVE_MINUS_ONE,
        hessian="",
    ),
    *_logistic_rows("binary:logistic", "logit"),
    *_logistic_rows("reg:logistic", "logit"),
    *_logistic_rows("binary:logitraw", "identity"),
    _row("binary:hinge", "hinge", hinge, _stepped(hinge, _threshold), Interval(0, 1, "both", True), hessian=""),
    _row(
        "reg:pseudohubererror", "pseudo_huber", pseudo_huber, _stepped(pseudo_huber), ANY, (_HUBER_SLOPE,),
        {"huber_slope": "delta"},
    ),
    _row("reg:absoluteerror", "absolute_error", absolute_error, _median(divided=True), ANY, hessian="", until=(3,)),
    _row(
        "reg:absoluteerror", "absolute_error", absolute_error, _median(divided=False), ANY, hessian="", since=(3,),
        until=(3, 4),
    ),
    _row(
        "reg:absoluteerror", "absolute_error", smoothed_absolute_error, _smoothed_start, ANY,
        prepare=_absolute_parameters, hessian="", smooth=True, since=(3, 4),
    ),
    *_level_rows(),
    *_since_3("count:poisson", "poisson", poisson, expf_of, NON_NEGATIVE, (_STEP,), link="log"),
    *_since_3(
        "reg:gamma", "gamma", gamma, expf_of, POSITIVE, (_SCALE_POS_WEIGHT,), label_weight=_scale_pos_weight, link="log"
    ),
    *_since_3(
        "reg:tweedie", "tweedie", tweedie, expf_of, NON_NEGATIVE, (_POWER,), {"tweedie_variance_power": "power"},
        link="log",
    ),
    *_softmax_rows("multi:softprob"),
    *_softmax_rows("multi:softmax"),
)
