"""LightGBM's objectives. Scores and arithmetic are float64, rounded to float32 last; labels and weights are float32.

Source: src/objective/{regression,binary,multiclass,xentropy}_objective.hpp of the releases.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..domain import NON_NEGATIVE, POSITIVE, UNIT, Choice, Interval, Optional, Parameter
from ..domain import REAL as ANY
from ..elementary import exp, kernel, where
from . import Native, Step

Values = Mapping[str, Any]
Weight = np.ndarray | None

_f4 = np.float32
_EPSILON = float(_f4(1e-15))
_LARGEST = float(np.finfo(np.float64).max)


def regression(y, f, w):  # type: ignore[no-untyped-def]
    return _f4(f - y) * w, w


def root_regression(y, f, w):  # type: ignore[no-untyped-def]
    return _f4(f - math.copysign(np.sqrt(abs(y)), y)) * w, w


def _sign(value):  # type: ignore[no-untyped-def]
    return where(value > 0.0, _f4(1), where(value < 0.0, _f4(-1), _f4(0)))


_sign = kernel(_sign)


def regression_l1(y, f, w):  # type: ignore[no-untyped-def]
    return _sign(f - y) * w, w


def quantile(y, f, w, alpha):  # type: ignore[no-untyped-def]
    level = _f4(alpha)
    return where(_f4(f - y) >= _f4(0), _f4(1) - level, -level) * w, w


def mape(y, f, w):  # type: ignore[no-untyped-def]
    return _sign(f - y) * (_f4(1) / max(_f4(1), abs(y)) * w), w


def huber(y, f, w, alpha):  # type: ignore[no-untyped-def]
    difference = f - y
    weight = np.float64(w)
    return where(abs(difference) <= alpha, difference * weight, math.copysign(weight, difference) * alpha), w


def fair(y, f, w, c):  # type: ignore[no-untyped-def]
    x = f - y
    weight = np.float64(w)
    near = abs(x) + c
    return c * x / near * weight, c * c / (near * near) * weight


def poisson(y, f, w, exp_max_delta_step):  # type: ignore[no-untyped-def]
    # An infinite mean times a weight of 0 is NaN in LightGBM; saturated, it is 0.
    mean = min(exp(f), _LARGEST)
    weight = np.float64(w)
    return (mean - y) * weight, min(mean * exp_max_delta_step, _LARGEST) * weight


def gamma(y, f, w):  # type: ignore[no-untyped-def]
    ratio = min(y * min(exp(-f), _LARGEST), _LARGEST)
    weight = np.float64(w)
    return (1.0 - ratio) * weight, ratio * weight


def tweedie(y, f, w, rho):  # type: ignore[no-untyped-def]
    first = min(exp((1.0 - rho) * f), _LARGEST)
    second = min(exp((2.0 - rho) * f), _LARGEST)
    weight = np.float64(w)
    return (-y * first + second) * weight, (-y * (1.0 - rho) * first + (2.0 - rho) * second) * weight


def cross_entropy(y, f, w):  # type: ignore[no-untyped-def]
    weight = np.float64(w)
    far = f <= -37.0
    e = exp(where(far, f, -f))
    beside = 1.0 + e
    grad = where(far, e - y, ((_f4(1) - y) - y * e) / beside)
    return grad * weight, where(far, e, e / (beside * beside)) * weight


def old_cross_entropy(y, f, w):  # type: ignore[no-untyped-def]
    z = 1.0 / (1.0 + exp(-f))
    weight = np.float64(w)
    return (z - y) * weight, z * (1.0 - z) * weight


def cross_entropy_lambda(y, f, w, weighted):  # type: ignore[no-untyped-def]
    if weighted == 0.0:
        z = 1.0 / (1.0 + exp(-f))
        return z - y, z * (1.0 - z)
    weight = np.float64(w)
    epf = exp(f)
    hhat = math.log1p(epf)  # the C library's own: what follows cancels, and shows every bit
    z = 1.0 - exp(-weight * hhat)
    enf = 1.0 / epf
    grad = (1.0 - y / z) * weight / (1.0 + enf)
    c = 1.0 / (1.0 - z)
    d = 1.0 + epf
    a = weight * epf / (d * d)
    d = c - 1.0
    b = (c / (d * d)) * (1.0 + weight * epf - c)
    # Once a row is sure (z is 1 where the weight times the score is about 37) this is NaN: LightGBM finds no split any
    # more and stops, with the model it has. So it does here.
    return grad, a * (1.0 + y * b)


def binary(y, f, w, sigmoid, negative, positive):  # type: ignore[no-untyped-def]
    is_positive = y > _f4(0)
    label = 1.0 if is_positive else -1.0
    label_weight = positive if is_positive else negative
    response = -label * sigmoid / (1.0 + exp(label * sigmoid * f))
    size = abs(response)
    weight = np.float64(w)
    return response * label_weight * weight, size * (sigmoid - size) * label_weight * weight


def multiclass_ova(y, f, w, sigmoid, negative, positive, hess):  # type: ignore[no-untyped-def]
    k, n = f.shape
    for j in range(k):
        for b in range(n):
            is_positive = y[b] == j
            label = where(is_positive, 1.0, -1.0)
            label_weight = where(is_positive, positive[j], negative[j])
            response = -label * sigmoid / (1.0 + exp(label * sigmoid * f[j, b]))
            size = abs(response)
            weight = np.float64(w[b])
            hess[j, b] = size * (sigmoid - size) * label_weight * weight
            f[j, b] = response * label_weight * weight


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


Test = Callable[[np.ndarray], np.ndarray]


def _above_zero(y: np.ndarray) -> np.ndarray:
    return y > 0


def _one_sort(y: np.ndarray, positive: Test) -> bool:
    """Whether all rows are positive, or none; the first thousand usually tell."""
    first = positive(y[:1])
    return all((positive(y[start : start + 1024]) == first).all() for start in range(0, y.size, 1024))


def _label_weights(y: np.ndarray, positive: Test, values: Values) -> tuple[float, float]:
    """The factors of negative and positive rows; where there is but one sort LightGBM does not train."""
    if _one_sort(y, positive):
        return 0.0, 0.0
    below = above = 1.0
    if values["is_unbalance"]:
        count = int(positive(y).sum())
        rest = y.size - count
        below, above = (count / rest, 1.0) if count > rest else (1.0, rest / count)
    return below, above * as_read(values["scale_pos_weight"])


def _binary_parameters(step: Step, values: Values) -> tuple[float, ...]:
    return as_read(values["sigmoid"]), *_label_weights(step.y, _above_zero, values)


def _ova_parameters(step: Step, values: Values) -> tuple[Any, ...]:
    classes = [functools.partial(np.equal, j) for j in range(step.raw.shape[1])]
    factors = np.array([_label_weights(step.y, its, values) for its in classes])
    return as_read(values["sigmoid"]), np.ascontiguousarray(factors[:, 0]), np.ascontiguousarray(factors[:, 1])


def _poisson_parameters(step: Step, values: Values) -> tuple[float, ...]:
    return (math.exp(as_read(values["poisson_max_delta_step"])),)


def _lambda_parameters(step: Step, values: Values) -> tuple[float, ...]:
    """Whether there are weights: LightGBM drops those that are all 1, and has another formula without."""
    weight = step.weight
    if weight is None:
        return (0.0,)
    return (float(not all((weight[start : start + 1024] == 1).all() for start in range(0, weight.size, 1024))),)


def _binary_label_weight(y: np.ndarray, values: Values) -> np.ndarray | None:
    """What is_unbalance multiplies each row by; scale_pos_weight is a parameter of the textbook loss."""
    if not values["is_unbalance"]:
        return None
    negative, positive = _label_weights(y, _above_zero, {**values, "scale_pos_weight": 1.0})
    return np.where(y > 0, positive, negative)


def _ova_label_weight(y: np.ndarray, values: Values) -> None:
    if values["is_unbalance"]:
        raise ValueError("lightgbm:multiclassova: is_unbalance=True weights each class on its own, which no textbook has")


def _binary_conflict(values: Values) -> str | None:
    if values["is_unbalance"] and values["scale_pos_weight"] != 1.0:
        return "is_unbalance=True and scale_pos_weight exclude each other, as in LightGBM"
    return None


def _sum(values: np.ndarray) -> float:
    return float(np.add.accumulate(values, dtype=np.float64)[-1])


def _mean(y: np.ndarray, weight: Weight) -> float:
    y = y.astype(np.float64)
    return _sum(y) / y.size if weight is None else _sum(y * weight) / _sum(weight)


def _median_level(values: Values) -> float:
    return 0.5


def _quantile_level(values: Values) -> float:
    return float(_f4(as_read(values["alpha"])))


def _own_weight(y: np.ndarray, weight: Weight) -> Weight:
    return weight


def _mape_weight(y: np.ndarray, weight: Weight) -> np.ndarray:
    relative = _f4(1) / np.maximum(_f4(1), np.abs(y))
    return relative if weight is None else relative * weight


@dataclass(frozen=True)
class Percentile:
    """What LightGBM's objectives with a leaf renewal take for the best constant: of all labels for the start, of a leaf's
    residuals for its value.

    Two rules have changed: that without weights in 4.2 (`plain`: whether it is the later one) and that with weights in
    4.7 (`weighted`). `row_weight(y, weight)` and `level(values)` are the objective's.
    """

    level: Callable[[Values], float]
    row_weight: Callable[[np.ndarray, Weight], Weight]
    plain: bool
    weighted: bool

    def start(self, y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
        return np.array([self.of(y, self.row_weight(y, weight), self.level(values))], np.float64)

    def of(self, values: np.ndarray, weight: Weight, level: float) -> Any:
        """Of values in the order of their rows, in their own precision."""
        if values.size <= 1:
            return values[0]
        return self._without(values, level) if weight is None else self._with(values, weight, level)

    def _without(self, values: np.ndarray, level: float) -> Any:
        n = values.size
        share = (n - 1) * (1.0 - level) if self.plain else (1.0 - level) * n
        place = int(share) + self.plain
        if place < 1:
            return values.max()
        if place >= n:
            return values.min()
        ascending = np.partition(values, (n - 1 - place, n - place))
        upper, lower = ascending[n - place], ascending[n - 1 - place]
        return values.dtype.type(np.float64(upper) - np.float64(upper - lower) * (share - (place - self.plain)))

    def _with(self, values: np.ndarray, weight: np.ndarray, level: float) -> Any:
        n = values.size
        order = np.argsort(values, kind="stable")
        sums = np.add.accumulate(weight[order], dtype=np.float64)
        wanted = sums[-1] * level
        place = min(int(np.searchsorted(sums, wanted, side="right")), n - 1)
        if place in (0, n - 1):
            return values[order[place]]
        lower, upper = values[order[place - 1]], values[order[place]]
        first = place - 1 if self.weighted else place  # the older rule looks at the weight of the next row
        step = sums[first + 1] - sums[first]
        if step < 1.0:
            return lower if self.weighted else upper
        return values.dtype.type((wanted - sums[first]) / step * np.float64(upper - lower) + np.float64(lower))


def _mean_start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
    return np.array([_mean(y, weight)])


def _root_start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
    return np.array([_mean(np.copysign(np.sqrt(np.abs(y)), y), weight)])


def _log_mean_start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
    """Bounded where all targets are 0, which LightGBM refuses."""
    return np.array([math.log(max(_mean(y, weight), _EPSILON))])


def _logit(mean: float) -> float:
    mean = max(min(mean, 1.0 - _EPSILON), _EPSILON)
    return math.log(mean / (1.0 - mean))


def _binary_start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
    return np.array([_logit(_mean(y > 0, weight)) / as_read(values["sigmoid"])])


def _ova_start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
    return np.array([_logit(_mean(y == j, weight)) / as_read(values["sigmoid"]) for j in range(k)])


def _cross_entropy_start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
    return np.array([_logit(_mean(y, weight))])


def _lambda_start(y: np.ndarray, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
    return np.array([math.log(max(math.expm1(_mean(y, weight)), _EPSILON))])


def _multiclass_start(
    y: np.ndarray, weight: Weight, k: int, values: Values, threads: int
) -> np.ndarray:
    w = np.ones(y.size) if weight is None else weight.astype(np.float64)
    label = y.astype(np.int64)
    prior = np.array([_sum(w[label == j]) if (label == j).any() else 0.0 for j in range(k)]) / _sum(w)
    return np.array([math.log(max(p, _EPSILON)) for p in prior])  # NumPy's log has other bits than the C library's


_SIGMOID = Parameter("sigmoid", 1.0, POSITIVE, unit="1/raw", typical=(1.7,))
_SCALE_POS_WEIGHT = Parameter("scale_pos_weight", 1.0, POSITIVE, typical=(2.5,))
_UNBALANCE = Choice((False, True))
_CLASSES = Interval(0, 2**31, "low", integer=True)
_NUM_CLASS = Parameter("num_class", None, Optional(Interval(2, 2**31, "both", True)), typical=(3,), kernel=False)
_ALPHA = Parameter("alpha", 0.9, Interval(0, 1), typical=(0.1, 0.75))
_REG_SQRT = Parameter("reg_sqrt", False, Choice((False, True)), typical=(True,), kernel=False)


def _row(name: str, textbook: str, kernel: Any, start: Any, labels: Interval, *rest: Any, **more: Any) -> Native:
    return Native("lightgbm", name, textbook, kernel, start, labels, *rest, **more)


def _renewed_rows(
    name: str, textbook: str, kernel_: Any, level: Any, row_weight: Any, *rest: Any, **more: Any
) -> tuple[Native, ...]:
    """For each of the rules of its percentile."""
    rows = []
    for since, until, plain, weighted in (
        ((0,), (4, 2), False, False),
        ((4, 2), (4, 7), True, False),
        ((4, 7), (10**6,), True, True),
    ):
        percentile = Percentile(level, row_weight, plain, weighted)
        versions = {"since": since, "until": until}
        rows.append(
            _row(name, textbook, kernel_, percentile.start, ANY, *rest, hessian="", leaves=percentile, **versions, **more)
        )
    return tuple(rows)


def _no_root(values: Values) -> bool:
    return not values["reg_sqrt"]


def _root(values: Values) -> bool:
    return bool(values["reg_sqrt"])


ROWS = (
    _row("regression", "squared_error", regression, _mean_start, ANY, (_REG_SQRT,), when=_no_root),
    _row("regression", "squared_root_error", root_regression, _root_start, ANY, (_REG_SQRT,), when=_root),
    *_renewed_rows("regression_l1", "absolute_error", regression_l1, _median_level, _own_weight),
    *_renewed_rows("quantile", "quantile", quantile, _quantile_level, _own_weight, (_ALPHA,), {"alpha": "alpha"}),
    *_renewed_rows("mape", "absolute_percentage_error", mape, _median_level, _mape_weight),
    _row(
        "huber",
        "huber",
        huber,
        _mean_start,
        ANY,
        (Parameter("alpha", 0.9, POSITIVE, unit="y", typical=(3.0,)),),
        {"alpha": "delta"},
        hessian="",
    ),
    _row(
        "fair",
        "fair",
        fair,
        _mean_start,
        ANY,
        (Parameter("fair_c", 1.0, POSITIVE, unit="y", typical=(3.0,)),),
        {"fair_c": "c"},
    ),
    _row(
        "poisson",
        "poisson",
        poisson,
        _log_mean_start,
        NON_NEGATIVE,
        (Parameter("poisson_max_delta_step", 0.7, POSITIVE, typical=(0.3,)),),
        prepare=_poisson_parameters,
    ),
    _row("gamma", "gamma", gamma, _log_mean_start, NON_NEGATIVE),
    _row(
        "tweedie",
        "tweedie",
        tweedie,
        _log_mean_start,
        NON_NEGATIVE,
        (Parameter("tweedie_variance_power", 1.5, Interval(1, 2, "low"), typical=(1.2,)),),
        {"tweedie_variance_power": "power"},
    ),
    _row(
        "binary",
        "log_loss",
        binary,
        _binary_start,
        Interval(0, 1, "both", integer=True),
        (_SIGMOID, Parameter("is_unbalance", False, _UNBALANCE, typical=(True,)), _SCALE_POS_WEIGHT),
        {"sigmoid": "sigmoid", "scale_pos_weight": "scale_pos_weight"},
        _binary_label_weight,
        _binary_parameters,
        _binary_conflict,
    ),
    _row("cross_entropy", "log_loss", old_cross_entropy, _cross_entropy_start, UNIT, until=(4, 4)),
    _row("cross_entropy", "log_loss", cross_entropy, _cross_entropy_start, UNIT, since=(4, 4)),
    _row(
        "cross_entropy_lambda",
        "log_loss",
        cross_entropy_lambda,
        _lambda_start,
        UNIT,
        prepare=_lambda_parameters,
        output="softplus",
        exposure=True,
    ),
    _row(
        "multiclass", "softmax", multiclass, _multiclass_start, _CLASSES, (_NUM_CLASS,), {"num_class": "num_class"},
        count="num_class",
    ),
    _row(
        "multiclassova",
        "one_vs_all",
        multiclass_ova,
        _ova_start,
        _CLASSES,
        (_NUM_CLASS, _SIGMOID, Parameter("is_unbalance", False, _UNBALANCE), _SCALE_POS_WEIGHT),
        {"num_class": "num_class", "sigmoid": "sigmoid", "scale_pos_weight": "scale_pos_weight"},
        _ova_label_weight,
        _ova_parameters,
        _binary_conflict,
        count="num_class",
    ),
)
