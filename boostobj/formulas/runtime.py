"""What compiled formulas call: the functions of `atoms`, and others; float64, without branches where that can be."""

from __future__ import annotations

import math

import numpy as np

from ..elementary import (
    exp,
    exp_product,
    expm1,
    hypot,
    kernel,
    log,
    log1p,
    log1p_pair,
    log_cosh,
    log_parts,
    logistic,
    logistic_parts,
    normal_hazard,
    raised,
    sigmoid,
    softplus,
    tanh,
    where,
)
from ..objectives.classification import residual

__all__ = [
    "absolute",
    "arctan",
    "cauchy_bend",
    "cauchy_slope",
    "cosh",
    "digamma",
    "erf",
    "exp",
    "exp_complement",
    "exp_residual",
    "expm1",
    "expm1_excess",
    "hypot",
    "hypot1",
    "hypot1_excess",
    "hypot1_slope",
    "lgamma",
    "log",
    "log1p",
    "log1p_square",
    "log_cosh",
    "log_norm_cdf",
    "logaddexp",
    "logistic",
    "logistic_power",
    "lorentz",
    "mills",
    "mills_excess",
    "norm_cdf",
    "power",
    "root",
    "scaled_exp",
    "scaled_sigmoid",
    "scaled_sigmoid_square",
    "sech2",
    "sigmoid",
    "sigmoid_residual",
    "signum",
    "sinh",
    "softplus",
    "tanh",
    "trigamma",
    "where",
    "within",
    "xlogx",
]

_ROOT_HALF = math.sqrt(0.5)
_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
_NEAR = 0.5
_LOG_TWO = math.log(2.0)


@kernel
def sigmoid_residual(x, t):  # type: ignore[no-untyped-def]
    """sigmoid(x) - t."""
    e, _, large, half_tanh = logistic_parts(abs(x))
    return residual(x, e, large, half_tanh, t, 1.0 - t, t - 0.5)


@kernel
def exp_residual(x, t):  # type: ignore[no-untyped-def]
    """exp(x) - t: where that can be small for a small x, t - 1 is exact."""
    return where(abs(x) < _NEAR, expm1(x) - (t - 1.0), exp(x) - t)


@kernel
def expm1_excess(x):  # type: ignore[no-untyped-def]
    """exp(x) - 1 - x: near 0 by its series, whose next term is below the last digit."""
    series = 1.0
    for n in range(17, 2, -1):
        series = 1.0 + x * series * (1.0 / n)
    return where(abs(x) < 1.0, 0.5 * x * x * series, expm1(x) - x)


@kernel
def exp_complement(x, t):  # type: ignore[no-untyped-def]
    """1 - t*exp(-x), likewise."""
    e = exp(-x)
    return where(abs(x) < _NEAR, e * (expm1(x) - (t - 1.0)), where(t == 0.0, 1.0, 1.0 - t * e))


@kernel
def scaled_exp(u, v):  # type: ignore[no-untyped-def]
    """u*exp(v), 0 for u = 0."""
    half = exp(0.5 * v)
    return where(u == 0.0, 0.0, (u * half) * half)


@kernel
def scaled_sigmoid(u, x):  # type: ignore[no-untyped-def]
    """u*sigmoid(x): where exp(x) has lost its digits its root, which is multiplied first, has not."""
    half = exp(-0.5 * abs(x))
    large = 1.0 / (1.0 + half * half)
    return where(x >= 0.0, u * large, (u * half) * (half * large))


@kernel
def scaled_sigmoid_square(u, x):  # type: ignore[no-untyped-def]
    """u**2*sigmoid(x)."""
    half = exp(-0.5 * abs(x))
    part = where(x >= 0.0, u, u * half)
    return part * (part / (1.0 + half * half))


@kernel
def logaddexp(a, b):  # type: ignore[no-untyped-def]
    """log(exp(a) + exp(b))."""
    return max(a, b) + log1p(exp(-abs(a - b)))


@kernel
def logistic_power(x, g):  # type: ignore[no-untyped-def]
    """sigmoid(x)**g: the last digits of a power are not those of its logarithm, which is therefore a sum of two."""
    e = exp(-abs(x))
    rest, beyond = log1p_pair(e)
    below = max(-x, 0.0)
    missed = below + rest  # -log(sigmoid(x))
    beyond += where(x < 0.0, (below - missed) + rest, 0.0)
    y = exp_product(abs(g), -missed, -beyond)
    return where(g >= 0.0, y, 1.0 / y)


@kernel
def sech2(x):  # type: ignore[no-untyped-def]
    """1/cosh(x)**2."""
    e = exp(-2.0 * abs(x))
    s = 2.0 / (1.0 + e)
    return e * s * s


@kernel
def hypot1(x):  # type: ignore[no-untyped-def]
    """sqrt(1 + x**2)."""
    a = abs(x)
    return where(a > 2.0**500, a, math.sqrt(1.0 + a * a))


@kernel
def hypot1_excess(x):  # type: ignore[no-untyped-def]
    """sqrt(1 + x**2) - 1."""
    a = abs(x)
    return a * where(a > 2.0**60, 1.0, a / (1.0 + math.sqrt(1.0 + a * a)))


@kernel
def hypot1_slope(x):  # type: ignore[no-untyped-def]
    """x/sqrt(1 + x**2)."""
    return where(abs(x) > 2.0**60, math.copysign(1.0, x), x / math.sqrt(1.0 + x * x))


@kernel
def log1p_square(x):  # type: ignore[no-untyped-def]
    """log(1 + x**2)."""
    a = abs(x)
    return where(a > 2.0**60, 2.0 * log(a), log1p(a * a))


@kernel
def cauchy_slope(x):  # type: ignore[no-untyped-def]
    """x/(1 + x**2)."""
    return where(abs(x) > 2.0**60, 1.0 / x, x / (1.0 + x * x))


@kernel
def cauchy_bend(x):  # type: ignore[no-untyped-def]
    """(1 - x**2)/(1 + x**2)**2."""
    inverse = 1.0 / x
    share = 1.0 / (1.0 + x * x)
    return where(abs(x) > 2.0**60, -inverse * inverse, (1.0 - x) * (1.0 + x) * share * share)


@kernel
def lorentz(x):  # type: ignore[no-untyped-def]
    """1/(1 + x**2)."""
    inverse = 1.0 / x
    return where(abs(x) > 2.0**60, inverse * inverse, 1.0 / (1.0 + x * x))


@kernel
def norm_cdf(x):  # type: ignore[no-untyped-def]
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-_ROOT_HALF * x)


@kernel
def log_norm_cdf(x):  # type: ignore[no-untyped-def]
    """Its logarithm."""
    hazard = normal_hazard(max(-x, 0.0))[0]
    low = (-0.5 * x) * x - _HALF_LOG_TWO_PI - log(hazard)
    return low if x < 0.0 else log1p(-norm_cdf(-x))


@kernel
def mills(x):  # type: ignore[no-untyped-def]
    """The standard normal density over the distribution function."""
    if x < 0.0:
        return normal_hazard(-x)[0]
    return exp((-0.5 * x) * x - _HALF_LOG_TWO_PI) / norm_cdf(x)


@kernel
def mills_excess(x):  # type: ignore[no-untyped-def]
    """That plus x."""
    if x < 0.0:
        return normal_hazard(-x)[1]
    return x + exp((-0.5 * x) * x - _HALF_LOG_TWO_PI) / norm_cdf(x)


@kernel
def xlogx(x):  # type: ignore[no-untyped-def]
    """x*log(x), 0 at 0."""
    return where(x == 0.0, 0.0, x * log(x))


@kernel
def absolute(x):  # type: ignore[no-untyped-def]
    return abs(x)


@kernel
def signum(x):  # type: ignore[no-untyped-def]
    """The sign, 0 at 0."""
    return where(x == 0.0, 0.0, math.copysign(1.0, x))


@kernel
def within(x):  # type: ignore[no-untyped-def]
    """x, or what is left of it where its square would be no float."""
    return min(max(x, -(2.0**500)), 2.0**500)


@kernel
def root(x):  # type: ignore[no-untyped-def]
    return math.sqrt(x)


@kernel
def power(x, g):  # type: ignore[no-untyped-def]
    """x**g for x >= 0: not the rounded logarithm raised, whose error the exponent would multiply."""
    high, low = log_parts(where(x > 0.0, x, 1.0))
    y = raised(g, high, low, 0.0)
    at_zero = where(g > 0.0, 0.0, where(g == 0.0, 1.0, np.inf))
    return where(x > 0.0, y, where(x == 0.0, at_zero, np.nan))


@kernel
def sinh(x):  # type: ignore[no-untyped-def]
    half = exp(0.5 * abs(x))
    m = expm1(min(abs(x), 40.0))
    near = 0.5 * (m + m / (1.0 + m))
    return math.copysign(where(abs(x) < 40.0, near, (0.5 * half) * half), x)


@kernel
def cosh(x):  # type: ignore[no-untyped-def]
    half = exp(0.5 * abs(x))
    return (0.5 * half) * half + 0.5 / half / half


@kernel
def arctan(x):  # type: ignore[no-untyped-def]
    return math.atan(x)


@kernel
def erf(x):  # type: ignore[no-untyped-def]
    return math.erf(x)


@kernel
def lgamma(x):  # type: ignore[no-untyped-def]
    return math.lgamma(x)


@kernel
def digamma(x):  # type: ignore[no-untyped-def]
    """d lgamma(x)/dx for x > 0: one over x and its neighbours until Stirling's series holds."""
    below = 0.0
    while x < 12.0:
        below += 1.0 / x
        x += 1.0
    z = 1.0 / (x * x)
    series = z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * (1 / 132 - z * (691 / 32760 - z / 12))))))
    return log(x) - 0.5 / x - series - below


@kernel
def trigamma(x):  # type: ignore[no-untyped-def]
    """d digamma(x)/dx for x > 0."""
    below = 0.0
    while x < 12.0:
        below += 1.0 / (x * x)
        x += 1.0
    z = 1.0 / (x * x)
    series = z * (1 / 6 - z * (1 / 30 - z * (1 / 42 - z * (1 / 30 - z * (5 / 66 - z * (691 / 2730 - z * 7 / 6))))))
    return below + (1.0 + 0.5 / x + series) / x
