"""Real and positive targets with an error of its own for every row: a location and a scale, both learnt.

The loss is minus the log of a density, whole, so that it compares families. Raw scores are the location in units of the
parameter `scale`, and the log of the scale in the same units. With `scale` of the size of the errors all gradients and
Hessians are near 1 whatever the target is measured in: without that the location of targets in dollars has a Hessian of
1e-10, and a plain booster whose lambda and min_child_weight are 1 never moves it (`train` brings each score near 1). The
density's own scale is bounded below by `epsilon` times that unit, or trees that interpolate would make it 0 and their loss
minus infinity.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

import numpy as np

from .. import protocol
from ..domain import POSITIVE, REAL, Interval, param
from ..elementary import exp, kernel, log, log1p_square_parts, where
from ..loops import LARGEST
from ..objective import Rowwise, _root_of_many
from ..registry import register
from .regression import AbsoluteError

__all__ = ["Gaussian", "Laplace", "LogNormal", "StudentT"]

_EPSILON = Interval(1e-9, 0.5, closed="both")
_DF = Interval(0.1, 1e10, closed="both")
_LOG_2 = math.log(2.0)
_HALF_LOG_2_PI = 0.5 * math.log(2.0 * math.pi)
_FAR, _DOWN = 2.0**500, 2.0**-524


# What the kernels share ---------------------------------------------------------------------------------------------------


@kernel
def _scaled(f, epsilon):  # type: ignore[no-untyped-def]
    """What is made of the log of the scale, f: with E = exp(-|f|) and V, the variance epsilon**2 + exp(2*f) divided by
    exp(2*max(f, 0))

    root of E, E, E**2 or 1 as f is above 0 or below, V, 1/V, the root of t*V, t = d log(scale)/df, 1 - t. What is multiplied
    with E may be as large as E is small: with its root twice.
    """
    half = exp(-0.5 * abs(f))
    e = half * half
    square = e * e
    up = f >= 0.0
    above = where(up, square, 1.0)
    lost = epsilon * epsilon * above
    variance = where(up, 1.0, square) + lost
    inverse = 1.0 / variance
    kept = where(up, 1.0, e)
    return half, e, above, variance, inverse, kept, kept * (kept * inverse), lost * inverse


@kernel
def _normal(r, f, epsilon):  # type: ignore[no-untyped-def]
    """For a residual r: minus the log of the density without its constant, the gradient, and the three curvatures."""
    half, e, above, variance, inverse, _, t, rest = _scaled(f, epsilon)
    up = f >= 0.0
    size = abs(r)
    shrunk = (size * half) * half
    p = shrunk * inverse
    share = p * p  # t times the square of the standardised residual
    z = where(up, shrunk, size) / math.sqrt(variance)
    loss = (max(f, 0.0) + 0.5 * log(variance)) + (0.5 * z) * z
    precision = above * inverse
    return (
        loss,
        (math.copysign(where(up, p * e, size * inverse), r), t - share),
        (precision, 2.0 * (t * rest + share * (t - rest))),
        (precision, 2.0 * t * t),
        (precision, t + share),
    )


def _of_unit(scale: float) -> tuple[float, ...]:
    """The log of the scale; its inverse as two factors. What is multiplied with one after the other neither overflows nor
    vanishes before the quotient does: one of them is a power of two, and goes first where it makes numbers larger.
    """
    mantissa, power = math.frexp(scale)
    if power > 0:
        return math.log(scale), 0.5 / mantissa, math.ldexp(1.0, 1 - power)
    first = min(-power, 1023)
    return math.log(scale), math.ldexp(1.0, first), math.ldexp(1.0 / mantissa, -power - first)


@kernel
def _in_units(y, scale):  # type: ignore[no-untyped-def]
    """y/scale"""
    return y * scale[2] * scale[3]


# What the definitions share: references in mpmath -----------------------------------------------------------------------


def _sigma(mp: Any, f: Any, epsilon: Any) -> tuple[Any, Any]:
    """The scale in its unit, and d log(scale)/df."""
    e = mp.exp(2 * f)
    return mp.sqrt(epsilon**2 + e), e / (epsilon**2 + e)


def _minus_log_normal(mp: Any, r: Any, sigma: Any) -> Any:
    return mp.log(2 * mp.pi) / 2 + mp.log(sigma) + (r / sigma) ** 2 / 2


# The start ----------------------------------------------------------------------------------------------------------------


def _mean(r: np.ndarray, weight: np.ndarray) -> float:
    return float(np.average(r, weights=weight))


def _median(r: np.ndarray, weight: np.ndarray) -> float:
    return float(AbsoluteError().start(r, weight)[0])


def _lowest(epsilon: float, n: int) -> float:
    """The log of the scale at which the pull towards still smaller ones has fallen to 1/n."""
    return math.log(epsilon) - 0.5 * math.log(n)


def _bounded(o: Rowwise, lowest: float) -> float:
    of_unit = "epsilon*scale (is scale in the unit of the targets?)" if o.link == "location_scale" else "epsilon"
    warnings.warn(
        f"{o._owner}: no finite start minimises the loss: the targets differ by less than {of_unit}; it is bounded instead",
        UserWarning,
        stacklevel=6,
    )
    return lowest


def _constants(o: Rowwise, location: float, size: float, epsilon: float, n: int) -> np.ndarray:
    """Raw scores of a location, and of a size that the scale is to have."""
    square = (size - epsilon) * (size + epsilon)
    lowest = _lowest(epsilon, n)
    found = 0.5 * math.log(square) if square > 0 else -math.inf
    return np.array([location, found if found >= lowest else _bounded(o, lowest)])


def _deviation(r: np.ndarray, weight: np.ndarray) -> float:
    """The root of the mean square, of residuals of any size."""
    largest = float(np.abs(r).max(initial=0.0))
    return largest * math.sqrt(np.average((r / largest) ** 2, weights=weight)) if largest > 0 else 0.0


def _descended(
    o: Rowwise,
    rows: tuple[np.ndarray, np.ndarray, np.ndarray | None],
    residual: np.ndarray,
    epsilon: float,
    located: Callable[[np.ndarray, np.ndarray, np.ndarray, float], float],
    *,
    smooth: bool,
) -> np.ndarray:
    """The best constants, downhill along one score after the other; `residual` are the targets in units of the location.

    located(r, weight, size, before) is a location not worse than `before` for rows with that scale. The steps of the log of
    the scale are those of the damped curvature, which do not go too far. Newton's method ends it where the loss is smooth.
    """
    y, weight, offset = rows
    some = weight > 0
    y, weight, residual = y[some], weight[some] / weight.sum(), residual[some]
    shift = np.zeros((len(y), 2)) if offset is None else offset[some]
    r = residual - shift[:, 0]
    lowest = _lowest(epsilon, len(y)) - float(shift[:, 1].max())
    place = _median(r, weight)
    apart = float(np.average(np.abs(r - place), weights=weight))
    c = np.array([place, max(math.log(max(apart, epsilon)) - float(np.median(shift[:, 1])), lowest)])

    def slopes(c: np.ndarray, kind: str = "exact") -> tuple[np.ndarray, np.ndarray]:
        grad, hess = np.empty(shift.shape), np.empty(shift.shape)
        o._gradients(protocol.Rows(y, weight), shift + c, kind, (grad, hess))
        return grad.sum(axis=0), hess.sum(axis=0)

    for _ in range(500):
        before = c.copy()
        with np.errstate(over="ignore"):
            size = np.hypot(epsilon, np.exp(shift[:, 1] + c[1]))
        c[0] = located(r, weight, size, c[0])
        for _ in range(3):
            grad, hess = slopes(c, "damped")
            if c[1] == lowest and grad[1] >= 0:
                return np.array([c[0], _bounded(o, lowest)])
            c[1] = max(c[1] - grad[1] / hess[1], lowest)
        enough = 1e-3 * math.exp(min(c[1], 0.0)) if smooth else 2.0**-50
        if (np.abs(c - before) <= enough * np.array([max(abs(c[0]), 1.0), 1.0])).all():
            break
    if not smooth:
        return c
    found = _root_of_many(lambda c: slopes(c)[0], c, False)
    raw, ended = shift + found, shift + c
    better = np.isfinite(found).all() and np.average(o.loss(y, raw) - o.loss(y, ended), weights=weight) <= 0
    return found if better else c


def _two(predicted: Any) -> tuple[np.ndarray, np.ndarray]:
    predicted = np.asarray(predicted, np.float64)
    if predicted.ndim != 2 or predicted.shape[1] != 2:
        raise ValueError(f"distribution: predicted must have shape (n, 2), a location and a scale, got {predicted.shape}")
    return predicted[:, 0], predicted[:, 1]


# The objectives -------------------------------------------------------------------------------------------------------------


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Gaussian(Rowwise):
    """Normal likelihood with a mean and a standard deviation for every row.

    Target: any real number. Raw scores: the mean divided by `scale`, and the log of the standard deviation divided by
    `scale`. Estimates: the mean and the standard deviation, which is what predictions are.

    With s = `scale`, v = `epsilon`**2 + exp(2*f_1), the standard deviation s*sqrt(v), z = (f_0 - y/s)/sqrt(v) and
    t = exp(2*f_1)/v:

        loss      log(2*pi)/2 + log(s) + log(v)/2 + z**2/2
        gradient  z/sqrt(v)       t*(1 - z**2)
        exact     1/v             2*t*(1 - t) + 2*t*z**2*(2*t - 1)     the diagonal of the Hessian
        fisher    1/v             2*t**2                               its expectation under the model, which is diagonal
        damped    1/v             t*(1 + z**2)

    A Fisher step of the log of the scale is too long wherever the scale is too small: (z**2 - 1)/2, 5000 for a residual of
    100 standard deviations. The damped curvature of the log of the scale is the mean of the exact and the expected one in
    log(sqrt(v)): for rows of one leaf with mean square m of z its step is (m - 1)/(m + 1) = tanh(log(m)/2) where the bound is
    far, never beyond log(m)/2, the best. So it goes downhill, and by 1 at most. It is no bound, but the boosters are given it
    unless curvature says otherwise. Both agree where the estimates fit.

    Parameters
    ----------
    scale : float in (0, inf), unit of y
        The unit of the raw scores, to be of the size of the errors, as "auto" makes it; it does not change the density, but
        for its bound.
    epsilon : float in [1e-09, 0.5]
        The standard deviation is above epsilon*scale: the variance above its square.

    Equalities: with a fixed standard deviation the mean's gradient is that of SquaredError of y/scale divided by v; StudentT
    as df grows. In neither booster. When not to use it: outliers (StudentT); a target that is only ever positive (LogNormal,
    Gamma); where nobody looks at the scale (SquaredError).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Johnson, Kotz, Balakrishnan 1994, Continuous Univariate Distributions 1, eq. 13.1; for boosting Duan et al. 2020,
    NGBoost, arXiv:1910.03225, section 3.2; Maerz 2019, arXiv:1907.03178.

    >>> grad, hess = Gaussian(epsilon=1e-9).grad_hess([1.0], [[3.0, 0.0]])
    >>> grad.tolist(), hess.tolist()
    ([[2.0, -3.0]], [[1.0, 8.0]])
    >>> Gaussian().distribution([[3.0, 2.0]]).ppf(0.5).tolist()
    [3.0]
    """

    name = "gaussian"
    link = "location_scale"
    domain = REAL
    convex = False
    uneven = True
    kinds = ("exact", "fisher", "damped")
    boosters_curvature = "damped"
    count = "outputs"
    outputs = ("location", "log of the scale")

    scale: float = param(1.0, domain=POSITIVE, unit="y", typical=(4.0,), constants=_of_unit)
    epsilon: float = param(1e-3, domain=_EPSILON, typical=(0.25,))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, scale: Any, epsilon: Any) -> Any:
        return _minus_log_normal(mp, y - scale * f[0], scale * _sigma(mp, f[1], epsilon)[0])

    @staticmethod
    def informant(mp: Any, y: Any, f: Any, scale: Any, epsilon: Any) -> Any:
        sigma, t = _sigma(mp, f[1], epsilon)
        return [1 / sigma**2, 2 * t**2]

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, scale: Any, epsilon: Any) -> Any:
        sigma, t = _sigma(mp, f[1], epsilon)
        return [1 / sigma**2, t * (1 + ((f[0] - y / scale) / sigma) ** 2)]

    @staticmethod
    def few(y, f, scale, epsilon):  # type: ignore[no-untyped-def]
        loss, grad, exact, fisher, damped = _normal(f[0] - _in_units(y, scale), f[1], epsilon)
        return (_HALF_LOG_2_PI + scale[1]) + loss, grad, exact, fisher, damped

    def best(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> np.ndarray:
        return _best_normal(self, y, y / self.scale, weight, offset, self.epsilon)

    def distribution(self, predicted: Any) -> Any:
        """The predicted distributions: scipy.stats.norm(loc, scale), with cdf, ppf, interval and more.

        Parameters
        ----------
        predicted : array of shape (n, 2)
            Predictions: of `boostobj.predict`, of an estimator, or `inverse_link` of raw scores.

        Returns
        -------
        frozen distribution of scipy.stats, of shape (n,)

        Raises
        ------
        ValueError
            Another shape.
        """
        from scipy import stats

        location, scale = _two(predicted)
        return stats.norm(location, scale)


def _best_normal(
    o: Rowwise, y: np.ndarray, t: np.ndarray, weight: np.ndarray, offset: np.ndarray | None, epsilon: float
) -> np.ndarray:
    """The start of a normal likelihood of t."""
    if offset is None:
        centre = _mean(t, weight)
        return _constants(o, centre, _deviation(t - centre, weight), epsilon, len(y))
    return _descended(
        o, (y, weight, offset), t, epsilon, lambda r, weight, size, before: _mean(r, weight / size**2), smooth=True
    )


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class LogNormal(Rowwise):
    """Log-normal likelihood with a median and a spread for every row: Gaussian of log(y).

    Target: a positive number. Raw scores: the log of the median, and the log of the standard deviation of log(y).
    Estimates: the median of the target and the standard deviation sigma of its log, which is what predictions are; the mean
    is median*exp(sigma**2/2).

    With v = `epsilon`**2 + exp(2*f_1), sigma = sqrt(v), z = (f_0 - log(y))/sigma and t = exp(2*f_1)/v:

        loss      log(2*pi)/2 + log(y) + log(v)/2 + z**2/2
        gradient  z/sqrt(v)       t*(1 - z**2)
        exact     1/v             2*t*(1 - t) + 2*t*z**2*(2*t - 1)     the diagonal of the Hessian
        fisher    1/v             2*t**2                               its expectation under the model, which is diagonal
        damped    1/v             t*(1 + z**2)                         see Gaussian; the boosters are given it by default

    Parameters
    ----------
    epsilon : float in [1e-09, 0.5]
        sigma is above it: errors of that part of the target are as good as none.

    Equalities: Gaussian of log(y), plus log(y). Any unit of the target will do: it is a constant in the first score. In
    neither booster; XGBoost's survival:aft has one scale for all rows. When not to use it: targets of 0 (Gamma and Tweedie
    estimate means); where the mean is wanted and the log is not normal (Gamma).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Johnson, Kotz, Balakrishnan 1994, Continuous Univariate Distributions 1, eq. 14.2'; for boosting Duan et al. 2020,
    NGBoost, arXiv:1910.03225, section 3.2.

    >>> LogNormal().loss([1.0], [[0.0, 0.0]]).round(6).tolist()
    [0.918939]
    """

    name = "log_normal"
    link = "median_sigma"
    domain = POSITIVE
    convex = False
    uneven = True
    kinds = ("exact", "fisher", "damped")
    boosters_curvature = "damped"
    count = "outputs"
    outputs = ("log of the median", "log of sigma")

    epsilon: float = param(1e-3, domain=_EPSILON, typical=(0.25,))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, epsilon: Any) -> Any:
        return mp.log(y) + _minus_log_normal(mp, mp.log(y) - f[0], _sigma(mp, f[1], epsilon)[0])

    @staticmethod
    def informant(mp: Any, y: Any, f: Any, epsilon: Any) -> Any:
        sigma, t = _sigma(mp, f[1], epsilon)
        return [1 / sigma**2, 2 * t**2]

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, epsilon: Any) -> Any:
        sigma, t = _sigma(mp, f[1], epsilon)
        return [1 / sigma**2, t * (1 + ((f[0] - mp.log(y)) / sigma) ** 2)]

    @staticmethod
    def few(y, f, epsilon):  # type: ignore[no-untyped-def]
        log_y = log(y)
        loss, grad, exact, fisher, damped = _normal(f[0] - log_y, f[1], epsilon)
        return (_HALF_LOG_2_PI + log_y) + loss, grad, exact, fisher, damped

    def best(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> np.ndarray:
        return _best_normal(self, y, np.log(y), weight, offset, self.epsilon)

    def distribution(self, predicted: Any) -> Any:
        """The predicted distributions: scipy.stats.lognorm(s=sigma, scale=median).

        Parameters
        ----------
        predicted : array of shape (n, 2)
            Predictions: of `boostobj.predict`, of an estimator, or `inverse_link` of raw scores.

        Returns
        -------
        frozen distribution of scipy.stats, of shape (n,)

        Raises
        ------
        ValueError
            Another shape.
        """
        from scipy import stats

        median, sigma = _two(predicted)
        return stats.lognorm(s=sigma, scale=median)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Laplace(Rowwise):
    """Laplace likelihood with a median and a mean absolute deviation for every row.

    Target: any real number. Raw scores: the median divided by `scale`, and the log of the mean absolute deviation divided
    by `scale`. Estimates: the median and the mean absolute deviation, which is what predictions are.

    With s = `scale`, b = sqrt(`epsilon`**2 + exp(2*f_1)), the deviation s*b, a = |f_0 - y/s|/b and t = exp(2*f_1)/b**2:

        loss      log(2) + log(s) + log(b) + a
        gradient  sign(f_0 - y/s)/b   t*(1 - a)                  0 at f_0 = y/s, where the loss has a kink
        exact     0                   2*t*(1 - t) + t*a*(3*t - 2)
        fisher    1/b**2              t**2                       the variance of the gradient under the model
        damped    1/b**2              t*(1 + a)/2

    At the location the second derivative is 0 almost everywhere; what is expected of the kink, and of the square of the
    gradient, is 1/b**2. The damped curvature of the log of the scale is the mean of the exact and the expected one in log(b):
    for rows of one leaf with mean m of a its step is 2*(m - 1)/(m + 1) = 2*tanh(log(m)/2) where the bound is far, never
    beyond log(m), the best, and 2 at most, where Fisher's is m - 1. It is no bound. The boosters are given it unless
    curvature says otherwise.

    Parameters
    ----------
    scale : float in (0, inf), unit of y
        The unit of the raw scores, to be of the size of the errors, as "auto" makes it; it does not change the density, but
        for its bound.
    epsilon : float in [1e-09, 0.5]
        The mean absolute deviation is above epsilon*scale.

    Equalities: with a fixed deviation AbsoluteError of y/scale divided by b. In neither booster. When not to use it: errors
    that are smooth near 0 (StudentT has a curvature there); where nobody looks at the scale (AbsoluteError).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Johnson, Kotz, Balakrishnan 1995, Continuous Univariate Distributions 2, eq. 24.1; for boosting Duan et al. 2020,
    NGBoost, arXiv:1910.03225, section 3.2.

    >>> grad, hess = Laplace(epsilon=1e-9, curvature="fisher").grad_hess([1.0], [[3.0, 0.0]])
    >>> grad.tolist(), hess.tolist()
    ([[1.0, -1.0]], [[1.0, 1.0]])
    """

    name = "laplace"
    link = "location_scale"
    domain = REAL
    convex = False
    uneven = True
    kinds = ("exact", "fisher", "damped")
    boosters_curvature = "damped"
    count = "outputs"
    outputs = ("location", "log of the scale")

    scale: float = param(1.0, domain=POSITIVE, unit="y", typical=(4.0,), constants=_of_unit)
    epsilon: float = param(1e-3, domain=_EPSILON)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, scale: Any, epsilon: Any) -> Any:
        b = scale * _sigma(mp, f[1], epsilon)[0]
        return mp.log(2 * b) + abs(y - scale * f[0]) / b

    @staticmethod
    def informant(mp: Any, y: Any, f: Any, scale: Any, epsilon: Any) -> Any:
        b, t = _sigma(mp, f[1], epsilon)
        return [1 / b**2, t**2]

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, scale: Any, epsilon: Any) -> Any:
        b, t = _sigma(mp, f[1], epsilon)
        return [1 / b**2, t * (1 + abs(f[0] - y / scale) / b) / 2]

    @staticmethod
    def kinks(y: Any, f: Any, scale: Any, epsilon: Any) -> Any:
        return np.where(np.arange(2) == 0, f - y / scale, np.inf)

    @staticmethod
    def few(y, f, scale, epsilon):  # type: ignore[no-untyped-def]
        r = f[0] - _in_units(y, scale)
        half, e, above, variance, inverse, kept, t, rest = _scaled(f[1], epsilon)
        up = f[1] >= 0.0
        size = abs(r)
        b = math.sqrt(variance)
        slope = b * inverse
        shrunk = (size * half) * half
        share = (shrunk * inverse) * (kept * slope)  # t*a
        sign = math.copysign(where(r == 0.0, 0.0, slope), r)
        precision = above * inverse
        loss = (max(f[1], 0.0) + 0.5 * log(variance)) + where(up, shrunk, size) / b
        return (
            (_LOG_2 + scale[1]) + loss,
            (where(up, e, 1.0) * sign, t - share),
            (0.0, 2.0 * t * rest + share * (t - 2.0 * rest)),
            (precision, t * t),
            (precision, 0.5 * (t + share)),
        )

    def best(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> np.ndarray:
        t = y / self.scale
        if offset is None:
            centre = _median(t, weight)
            return _constants(self, centre, _mean(np.abs(t - centre), weight), self.epsilon, len(y))
        rows = (y, weight, offset)
        return _descended(
            self, rows, t, self.epsilon, lambda r, weight, size, before: _median(r, weight / size), smooth=False
        )

    def distribution(self, predicted: Any) -> Any:
        """The predicted distributions: scipy.stats.laplace(loc, scale).

        Parameters
        ----------
        predicted : array of shape (n, 2)
            Predictions: of `boostobj.predict`, of an estimator, or `inverse_link` of raw scores.

        Returns
        -------
        frozen distribution of scipy.stats, of shape (n,)

        Raises
        ------
        ValueError
            Another shape.
        """
        from scipy import stats

        location, scale = _two(predicted)
        return stats.laplace(location, scale)


@functools.lru_cache
def _log_constant(df: float) -> tuple[float, ...]:
    """Minus the log of Student's density at 0 and a scale of 1.

    Gamma(x + 1/2)/Gamma(x), x = df/2, by its asymptotic series from 64 on; what lies between is a product, and exact.
    """
    x = 0.5 * df
    product, high = Fraction(1), Fraction(x)
    if x < 64:
        for _ in range(64):
            product *= (high + Fraction(1, 2)) / high
            high += 1
        product *= product * Fraction(x) / high
    inverse = 1.0 / float(high)
    square = inverse * inverse
    series = inverse * (1 / 8 - square * (1 / 192 - square / 640))
    return (math.fsum((_HALF_LOG_2_PI, 0.5 * math.log(product), series)),)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class StudentT(Rowwise):
    """Student's t likelihood with a location and a scale for every row: heavier tails than Gaussian.

    Target: any real number. Raw scores: the location divided by `scale`, and the log of the t distribution's scale divided
    by `scale`. Estimates: the location (mean, median and mode) and the scale, which is what predictions are; the standard
    deviation is the scale times sqrt(df/(df - 2)).

    With n = `df`, s = `scale`, v = `epsilon`**2 + exp(2*f_1), the scale s*sqrt(v), z = (f_0 - y/s)/sqrt(v),
    t = exp(2*f_1)/v and the weight w = (n + 1)/(n + z**2):

        loss      log(Gamma(n/2)/Gamma((n + 1)/2)) + log(n*pi)/2 + log(s) + log(v)/2 + (n + 1)/2*log(1 + z**2/n)
        gradient  w*z/sqrt(v)                 t*(1 - w*z**2)
        exact     w*(n - z**2)/(n + z**2)/v   2*t*(1 - t)*(1 - w*z**2) + 2*t**2*n*w*z**2/(n + z**2)
        fisher    (n + 1)/(n + 3)/v           2*n/(n + 3)*t**2       the expectation of the exact one under the model
        damped    w/v                         t*(1 + w*z**2)

    The damped curvature is Gaussian's for rows of weight w, as in the EM algorithm, whose surrogate lies above the loss: one
    step of one score goes downhill. The exact Hessian of the location is negative for an outlier. The boosters are given
    the damped one unless curvature says otherwise. It is no bound for the log of the scale.

    Parameters
    ----------
    df : float in [0.1, 1e+10]
        Degrees of freedom: the smaller, the heavier the tails; 1 is Cauchy's distribution.
    scale : float in (0, inf), unit of y
        The unit of the raw scores, to be of the size of the errors, as "auto" makes it; it does not change the density, but
        for its bound.
    epsilon : float in [1e-09, 0.5]
        The t distribution's scale is above epsilon*scale.

    Equalities: Gaussian as df grows. In neither booster. When not to use it: errors that are normal (Gaussian); where nobody
    looks at the scale (a robust loss). Where more than df/(df + 1) of the targets are the same the likeliest constant is that
    target with no scale: the start is bounded then.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Lange, Little, Taylor 1989, Robust statistical modeling using the t distribution, Journal of the American
    Statistical Association 84, section 2 (density, weights) and appendix (expected information); Johnson, Kotz, Balakrishnan
    1995, Continuous Univariate Distributions 2, eq. 28.2.

    >>> grad, hess = StudentT(df=4.0, epsilon=1e-9, curvature="fisher").grad_hess([1.0], [[3.0, 0.0]])
    >>> grad.tolist(), hess.round(3).tolist()
    ([[1.25, -1.5]], [[0.714, 1.143]])
    """

    name = "student_t"
    link = "location_scale"
    domain = REAL
    convex = False
    uneven = True
    kinds = ("exact", "fisher", "damped")
    boosters_curvature = "damped"
    count = "outputs"
    outputs = ("location", "log of the scale")

    df: float = param(4.0, domain=_DF, typical=(0.5,), constants=_log_constant)
    scale: float = param(1.0, domain=POSITIVE, unit="y", constants=_of_unit)
    epsilon: float = param(1e-3, domain=_EPSILON)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, df: Any, scale: Any, epsilon: Any) -> Any:
        sigma = scale * _sigma(mp, f[1], epsilon)[0]
        constant = mp.loggamma(df / 2) - mp.loggamma((df + 1) / 2) + mp.log(df * mp.pi) / 2
        return constant + mp.log(sigma) + (df + 1) / 2 * mp.log1p(((y - scale * f[0]) / sigma) ** 2 / df)

    @staticmethod
    def informant(mp: Any, y: Any, f: Any, df: Any, scale: Any, epsilon: Any) -> Any:
        sigma, t = _sigma(mp, f[1], epsilon)
        return [(df + 1) / (df + 3) / sigma**2, 2 * df / (df + 3) * t**2]

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, df: Any, scale: Any, epsilon: Any) -> Any:
        sigma, t = _sigma(mp, f[1], epsilon)
        square = ((f[0] - y / scale) / sigma) ** 2
        w = (df + 1) / (df + square)
        return [w / sigma**2, t * (1 + w * square)]

    @staticmethod
    def few(y, f, df, scale, epsilon):  # type: ignore[no-untyped-def]
        n, more = df[0], df[0] + 1.0
        r = f[0] - _in_units(y, scale)
        half, e, above, variance, inverse, _, t, rest = _scaled(f[1], epsilon)
        up = f[1] >= 0.0
        size = abs(r)
        a = where(up, (size * half) * half, size)
        # Far out what is squared is moved in, and the results moved back.
        move = where(a > _FAR, _DOWN, 1.0)
        moved = min(a, LARGEST) * move
        square = moved * moved
        whole = n * variance
        near = (whole * move) * move
        part = 1.0 / (near + square)
        tail = square * part  # z**2/(n + z**2)
        body = ((whole * part) * move) * move  # n/(n + z**2)
        pull = (more * (moved * part)) * move
        weighed = (((more * part) * move) * move) * above
        excess = where(tail <= 0.5, 1.0 - more * tail, more * body - n)  # 1 - w*z**2
        high, low, _ = log1p_square_parts(a, math.sqrt(whole))
        loss = (max(f[1], 0.0) + 0.5 * log(variance)) + more * (0.5 * (high + low))
        return (
            (df[1] + scale[1]) + loss,
            (math.copysign(pull * where(up, e, 1.0), r), t * excess),
            (weighed * ((near - square) * part), 2.0 * t * (rest * excess + t * ((more * tail) * body))),
            (more / (n + 3.0) * (above * inverse), 2.0 * n / (n + 3.0) * t * t),
            (weighed, t * (1.0 + more * tail)),
        )

    def best(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> np.ndarray:
        def located(r: np.ndarray, weight: np.ndarray, size: np.ndarray, before: float) -> float:
            with np.errstate(over="ignore"):
                return _mean(r, weight * (self.df + 1) / (self.df * size**2 + (r - before) ** 2))

        return _descended(self, (y, weight, offset), y / self.scale, self.epsilon, located, smooth=True)

    def distribution(self, predicted: Any) -> Any:
        """The predicted distributions: scipy.stats.t(df, loc, scale).

        Parameters
        ----------
        predicted : array of shape (n, 2)
            Predictions: of `boostobj.predict`, of an estimator, or `inverse_link` of raw scores.

        Returns
        -------
        frozen distribution of scipy.stats, of shape (n,)

        Raises
        ------
        ValueError
            Another shape.
        """
        from scipy import stats

        location, scale = _two(predicted)
        return stats.t(self.df, location, scale)
