"""XGBoost's survival objectives: Cox's proportional hazards and the accelerated failure time model.

Scores are float32, everything else is double, with the C library's exp, log and erf.

Source: CoxRegression in src/objective/regression_obj.cu, src/objective/aft_obj.cu, src/common/survival_util.h,
src/common/probability_distribution.h and MetaInfo::LabelAbsSort in src/data/data.cc; the same from 2.1 to 3.4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import loops, orders
from ..domain import NON_NEGATIVE, POSITIVE, REAL, Choice, Parameter
from ..elementary import expf, kernel, where
from . import Native, Step
from .xgboost import expf_of, newton

_f4 = np.float32
_ROOT_TWO_PI, _ROOT_TWO = math.sqrt(2.0 * math.pi), math.sqrt(2.0)
_STEEPEST, _FLATTEST, _MOST_CURVED, _EPS = 15.0, 1e-16, 15.0, 1e-12
_UNCENSORED, _RIGHT, _LEFT, _BETWEEN = 0, 1, 2, 3
DISTRIBUTIONS = ("normal", "logistic", "extreme")
_NORMAL, _LOGISTIC, _EXTREME = 0, 1, 2

# ---------------------------------------------------------------------------------------------------------------------
# Cox


def cox(q, y, f, w, ascending, grad, hess, order, work):  # type: ignore[no-untyped-def]
    """Breslow's partial likelihood as XGBoost has it.

    The weights do not enter the sums over the risk sets, and of several events at one time a row sees its own and those
    in rows before it only: with weights or ties this is not the gradient of a loss.
    """
    at_risk = 0.0
    for i in range(y.size):
        at_risk += np.float64(expf(f[ascending[i]]))  # float32 here, and float64 below: so in XGBoost
    first = second = 0.0
    gone = last = before = 0.0
    for i in range(y.size):
        row = ascending[i]
        e = math.exp(np.float64(f[row]))
        time = np.float64(abs(y[row]))
        gone += last
        if before < time:
            at_risk -= gone
            gone = 0.0
        event = y[row] > 0
        if event:
            first += 1.0 / at_risk
            second += 1.0 / (at_risk * at_risk)
        g = e * first - where(event, 1.0, 0.0)
        h = e * first - e * e * second
        # Beyond the range of exp XGBoost's sums are NaN, and its model is lost.
        g = where(g == g, g, where(event, -1.0, 0.0))
        h = where(h == h, h, 0.0)
        grad[row] = _f4(g * np.float64(w[row]))
        hess[row] = _f4(h * np.float64(w[row]))
        before, last = time, e


# ---------------------------------------------------------------------------------------------------------------------
# Accelerated failure time


@kernel
def _normal(z):  # type: ignore[no-untyped-def]
    """Density, distribution function, and the density's two derivatives."""
    density = math.exp(-z * z / 2.0) / _ROOT_TWO_PI
    return density, 0.5 * (1.0 + math.erf(z / _ROOT_TWO)), -z * density, (z * z - 1.0) * density


@kernel
def _logistic(z):  # type: ignore[no-untyped-def]
    e = math.exp(z)
    over, far = e == math.inf, e * e == math.inf
    one = 1.0 + e
    density = where(far, 0.0, e / (one * one))
    slope = where(over, 0.0, density * (1.0 - e) / one)
    bend = where(far, 0.0, density * (e * e - 4.0 * e + 1.0) / (one * one))
    return density, where(over, 1.0, e / one), slope, bend


@kernel
def _extreme(z):  # type: ignore[no-untyped-def]
    e = math.exp(z)
    over, far = e == math.inf, e * e == math.inf
    survival = math.exp(-e)
    density = where(over, 0.0, e * survival)
    slope = where(over, 0.0, (1.0 - e) * density)
    bend = where(far, 0.0, (e * e - 3.0 * e + 1.0) * density)
    return density, 1.0 - survival, slope, bend


@kernel
def _law(distribution, z):  # type: ignore[no-untyped-def]
    if distribution == _NORMAL:
        return _normal(z)
    if distribution == _LOGISTIC:
        return _logistic(z)
    return _extreme(z)


@kernel
def _far_gradient(distribution, censoring, above, scale):  # type: ignore[no-untyped-def]
    """Where the probability has underflowed: XGBoost's limit of the gradient."""
    if above:
        if censoring == _LEFT:
            return 0.0
        return -1.0 / scale if distribution == _LOGISTIC else -_STEEPEST
    if censoring == _RIGHT:
        return 0.0
    return _STEEPEST if distribution == _NORMAL else 1.0 / scale


@kernel
def _far_hessian(distribution, censoring, above, scale):  # type: ignore[no-untyped-def]
    if distribution == _LOGISTIC:
        return _FLATTEST
    if distribution == _EXTREME:
        return _MOST_CURVED if above and censoring != _LEFT else _FLATTEST
    flat = (censoring == _RIGHT and not above) or (censoring == _LEFT and above)
    return _FLATTEST if flat else 1.0 / (scale * scale)


@kernel
def _clipped(value, low, high):  # type: ignore[no-untyped-def]
    """NaN stays."""
    return where(value < low, low, where(value > high, high, value))


def aft(lower, upper, f, w, distribution, scale):  # type: ignore[no-untyped-def]
    """Minus the log likelihood of a time between two bounds; its derivatives are clipped."""
    sigma = np.float64(scale)
    score = np.float64(f)
    below, above = np.float64(lower), np.float64(upper)
    if below == above:
        z = (math.log(below) - score) / sigma
        density, _, slope, bend = _law(distribution, z)
        censoring, right = _UNCENSORED, z > 0.0
        denominator = sigma * density
        gradient = slope / denominator
        square = sigma * sigma * density * density
        hessian = -(density * bend - slope * slope) / square
    else:
        z_high = z_low = 0.0
        density_high = density_low = slope_high = slope_low = below_low = 0.0
        below_high = 1.0
        censoring = _BETWEEN
        if above == math.inf:
            censoring = _RIGHT
        else:
            z_high = (math.log(above) - score) / sigma
            density_high, below_high, slope_high, _ = _law(distribution, z_high)
        if below <= 0.0:
            censoring = _LEFT
        else:
            z_low = (math.log(below) - score) / sigma
            density_low, below_low, slope_low, _ = _law(distribution, z_low)
        right = z_high > 0.0 or z_low > 0.0
        between, density = below_high - below_low, density_high - density_low
        denominator = sigma * between
        gradient = density / denominator
        square = denominator * denominator
        hessian = -(between * (slope_high - slope_low) - density * density) / square
    if denominator < _EPS and not abs(gradient) < math.inf:
        gradient = _far_gradient(distribution, censoring, right, sigma)
    if square < _EPS and not abs(hessian) < math.inf:
        hessian = _far_hessian(distribution, censoring, right, sigma)
    gradient = _clipped(gradient, -_STEEPEST, _STEEPEST)
    return _f4(gradient) * w, _f4(_clipped(hessian, _FLATTEST, _MOST_CURVED)) * w


# ---------------------------------------------------------------------------------------------------------------------
# Rows


def _ordered(step: Step, values: Mapping[str, Any]) -> tuple[Any, ...]:
    assert step.bounds is not None
    return (orders.by_size(step.y, step.bounds),)


def _cox_start(step: Step, weight: np.ndarray | None, k: int, values: Mapping[str, Any], threads: int) -> np.ndarray:
    """One Newton step from a score of 0, then the link."""
    grad, hess = np.empty(len(step.y), _f4), np.empty(len(step.y), _f4)
    ends = -loops.LARGEST_FLOAT32, loops.LARGEST_FLOAT32, False
    loop = loops.native_groupwise(cox, False)
    y = np.ascontiguousarray(step.y, _f4)
    weights = np.ascontiguousarray(loops.weight_array(weight, y), _f4)
    loop(0, 1, step.bounds, y, np.zeros_like(y), weights, _ordered(step, values), *ends, grad, hess)
    return np.array([expf_of(newton(grad, hess, threads))], _f4)


def _aft_start(y: np.ndarray, weight: np.ndarray | None, k: int, values: Mapping[str, Any], threads: int) -> np.ndarray:
    """XGBoost estimates nothing: a time of 1/2, in whatever unit."""
    return np.array([0.5], _f4)


_DISTRIBUTION = Parameter("aft_loss_distribution", "normal", Choice(DISTRIBUTIONS), typical=DISTRIBUTIONS[1:])
_SCALE = Parameter("aft_loss_distribution_scale", 1.0, POSITIVE, typical=(0.4,))

ROWS = (
    Native(
        "xgboost", "survival:cox", "cox", cox, _cox_start, REAL, prepare=_ordered, groups="all", link="log", hessian="",
        smooth=True,
    ),
    Native(
        "xgboost", "survival:aft", "aft", aft, _aft_start, NON_NEGATIVE, (_DISTRIBUTION, _SCALE),
        {"aft_loss_distribution": "distribution", "aft_loss_distribution_scale": "scale"}, link="log", hessian="",
        steepest=_STEEPEST,
    ),
)
