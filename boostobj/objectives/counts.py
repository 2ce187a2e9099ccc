"""Targets that are counts or amounts: not negative, with a mean that the raw score is the logarithm of."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..domain import NON_NEGATIVE, POSITIVE, Interval, param
from ..elementary import exp, expm1, fma, kernel, log, log1p, times_exp, where
from ..objective import Pointwise
from ..registry import register

__all__ = ["Gamma", "InverseGaussian", "NegativeBinomial", "Poisson", "Tweedie"]


@kernel
def _product(x, f):  # type: ignore[no-untyped-def]
    """x*f and what its rounding lost: far out the exponential turns a last bit into a hundred."""
    product = x * f
    return product, where(abs(product) < 4096.0, fma(x, f, -product), 0.0)


@kernel
def _difference(y, f):  # type: ignore[no-untyped-def]
    """exp(f) - y where f is small: near y = 1 the difference of two numbers near 1 has lost its digits."""
    return expm1(f) - (y - 1.0)


def _crossing(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function crosses 0 between two places at which its signs differ: regula falsi, and bisection where that is slow."""
    at_low, at_high = function(low), function(high)
    for i in range(200):
        place = low / 2 + high / 2
        if i % 3 and at_low != at_high:
            place = min(max(low - at_low * (high - low) / (at_high - at_low), low), high)
        at = function(place)
        if at == 0 or place in (low, high) or high - low <= 1e-12 * max(abs(low), abs(high)):
            return place
        if (at > 0) == (at_low > 0):
            low, at_low = place, at
        else:
            high, at_high = place, at
    return low / 2 + high / 2


def _digamma(x: np.ndarray) -> np.ndarray:
    """The derivative of log(gamma(x)), for x > 0: within 1e-14 of it."""
    low, x = np.zeros_like(x), x.copy()
    for _ in range(10):
        low += 1 / x
        x += 1
    z = 1 / (x * x)
    series = z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * (1 / 132 - z * 691 / 32760)))))
    return np.log(x) - 0.5 / x - series - low


_THIRD, _TWO_THIRDS = 1.0 / 3.0, 2.0 / 3.0
_NEAR = 0.5  # what is lost beyond is no more than what the rounding of the score itself moves


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Poisson(Pointwise):
    """Poisson loss: minus the log likelihood of a Poisson count, up to what does not depend on the score.

    Target: a count, or any number that is not negative. Raw score: the logarithm of the mean. Estimates: the mean.

        loss      exp(f) - y*f
        gradient  exp(f) - y
        exact     exp(f)
        fisher    exp(f)                               the exact one: it does not depend on y
        damped    (y + 2*exp(f)) / 3

    The loss leaves out log(y!), so that it can be negative; half the Poisson deviance is it plus y*log(y) - y. No
    quadratic lies above it everywhere. The damped curvature does not vanish where the mean is far below the target, and
    is the exact one where it fits.

    Equalities: Tweedie(power=1); scikit-learn's HalfPoissonLoss; XGBoost's count:poisson and LightGBM's poisson, which
    multiply the Hessian by exp(max_delta_step), are curvature="native", the default in the boosters' door; damped is
    what XGBoost's own will be after 3.4; NegativeBinomial(dispersion=0).
    When not to use it: a variance far above the mean (NegativeBinomial, Tweedie); targets below 0.

    Raises: ValueError for a target, score or weight outside its set.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 6.2, eq. 6.1 (log likelihood); damped: XGBoost,
    pull request 12538.

    >>> Poisson().grad_hess([0.0, 3.0], [0.0, 0.0])
    (array([ 1., -2.]), array([1., 1.]))
    """

    name = "poisson"
    link = "log"
    domain = NON_NEGATIVE
    kinds = ("exact", "fisher", "damped")

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return mp.exp(f) - y * f

    @staticmethod
    def informant(mp: Any, y: Any, f: Any) -> Any:
        return mp.exp(f)

    @staticmethod
    def damper(mp: Any, y: Any, f: Any) -> Any:
        return (y + 2 * mp.exp(f)) / 3

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        e = exp(f)
        # Where exp(f) is infinite y*f can be too: with the root of exp(f) taken out one of them is not.
        root = exp(0.5 * f)
        far = root * (root - y * (f / root))
        loss = e - y * f if e < math.inf else far
        return loss, where(abs(f) < _NEAR, _difference(y, f), e - y), e, e, y / 3.0 + e * _TWO_THIRDS


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Gamma(Pointwise):
    """Gamma loss: minus the log likelihood of a gamma variable of shape 1, up to what does not depend on the score.

    Target: a positive number. Raw score: the logarithm of the mean. Estimates: the mean, with a standard deviation that
    is proportional to it.

        loss      y*exp(-f) + f
        gradient  1 - y*exp(-f)
        exact     y*exp(-f)
        fisher    1
        damped    (2*y*exp(-f) + 1) / 3

    The loss can be negative; half the gamma deviance is it minus log(y) + 1. No quadratic lies above it everywhere. The
    damped curvature does not vanish where the mean is far above the target, and is the exact one where it fits.

    Equalities: the limit of Tweedie for power 2; scikit-learn's HalfGammaLoss; XGBoost's reg:gamma and LightGBM's gamma
    are curvature="native", the default in the boosters' door; damped is what XGBoost's own will be after 3.4.
    When not to use it: targets that are 0 (Tweedie).

    Raises: ValueError for a target, score or weight outside its set.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 8.3.1 (log likelihood); damped: XGBoost, pull
    request 12538.

    >>> Gamma().grad_hess([1.0, 3.0], [0.0, 0.0])
    (array([ 0., -2.]), array([1., 3.]))
    """

    name = "gamma"
    link = "log"
    domain = POSITIVE
    kinds = ("exact", "fisher", "damped")

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return y * mp.exp(-f) + f

    @staticmethod
    def informant(mp: Any, y: Any, f: Any) -> Any:
        return mp.mpf(1)

    @staticmethod
    def damper(mp: Any, y: Any, f: Any) -> Any:
        return (2 * y * mp.exp(-f) + 1) / 3

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        share = times_exp(y, -f, 0.0)
        near = exp(-f) * _difference(y, f)
        damped = share * _TWO_THIRDS + _THIRD
        return share + f, where(abs(f) < _NEAR, near, 1.0 - share), share, 1.0, damped


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Tweedie(Pointwise):
    """Tweedie loss: minus the log likelihood of a compound Poisson sum, up to what does not depend on the score.

    Target: not negative, with many zeros (claims per policy, rain per day). Raw score: the logarithm of the mean.
    Estimates: the mean, with a variance proportional to mean**power.

    With a = 1 - `power` and b = 2 - `power`:

        loss      exp(b*f)/b - y*(exp(a*f) - 1)/a      at power 1, where a is 0: exp(f) - y*f
        gradient  exp(b*f) - y*exp(a*f)
        exact     b*exp(b*f) - a*y*exp(a*f)            positive: a is not
        fisher    exp(b*f)
        damped    (power*y*exp(a*f) + (3 - power)*exp(b*f)) / 3

    Half the Tweedie deviance differs from the loss by a function of y. No quadratic lies above it everywhere. The damped
    curvature does not vanish on either side of the target, and is the exact one where the mean fits. At power 1.5 a leaf's
    step with it never passes the leaf's best score: with A the sum of y*exp(a*f) and B that of exp(b*f) the step is
    (A - B)/((A + B)/2), the way to the best score log(A/B), and a logarithmic mean is below the arithmetic one.

    Parameters
    ----------
    power : float in [1, 2), or "auto"
        Exponent of the variance: 1 for a Poisson count, near 2 for sums of few amounts. "auto": the power at which a compound
        Poisson sum with the mean of the start and the dispersion of Pearson's statistic is 0 as often as the targets are.
        Without offset that is 2 + mean**2/(variance*log(share of zeros)); at least 1, with a warning where it would be less.

    Equalities: Poisson for power 1, Gamma for power to 2; scikit-learn's HalfTweedieLoss plus y/a; XGBoost's
    reg:tweedie (tweedie_variance_power) and LightGBM's tweedie are curvature="native", the default in the boosters'
    door; damped is what XGBoost's own will be after 3.4. When not to use it: targets without zeros (Gamma); targets below 0.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Jorgensen, The Theory of Dispersion Models, section 4.2 (unit deviance of power p); damped: XGBoost, pull
    request 12538.

    >>> Tweedie(power=1.5).grad_hess([0.0, 3.0], [0.0, 0.0])
    (array([ 1., -2.]), array([0.5, 2. ]))
    """

    name = "tweedie"
    link = "log"
    domain = NON_NEGATIVE
    kinds = ("exact", "fisher", "damped")

    power: float = param(1.5, domain=Interval(1, 2, "low"), typical=(1.0, 1.3, 1.9), auto=True)

    def profiled(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> dict[str, Any]:
        zeros = weight[y == 0].sum() / weight.sum()
        if not 0 < zeros < 1:
            share = "none" if zeros == 0 else "all"
            hint = "Gamma is for targets without zeros; give a number" if zeros == 0 else "give a number"
            raise ValueError(f"Tweedie: power='auto' comes from the share of targets that are 0, {share} of {len(y)} are; {hint}")

        def excess(power: float) -> float:
            """How many more zeros are expected than there are."""
            raw = dataclasses.replace(self, power=power).start(y, weight, offset=offset)
            mean = np.exp(raw[0] + (0.0 if offset is None else offset))
            dispersion = np.average((y - mean) ** 2 / mean**power, weights=weight)
            expected = np.exp(-(mean ** (2 - power)) / (dispersion * (2 - power)))
            return float(np.average(np.broadcast_to(expected, y.shape), weights=weight) - zeros)

        if excess(1.0) <= 0:
            warnings.warn(
                "Tweedie: power='auto' is 1, the smallest there is: the targets are 0 more often than a sum of that mean and"
                " variance can be",
                UserWarning,
                stacklevel=5,
            )
            return {"power": 1.0}
        return {"power": _crossing(excess, 1.0, math.nextafter(2.0, 1.0))}

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, power: Any) -> Any:
        a, b = 1 - power, 2 - power
        return mp.exp(b * f) / b - y * (mp.expm1(a * f) / a if a else f)

    @staticmethod
    def informant(mp: Any, y: Any, f: Any, power: Any) -> Any:
        return mp.exp((2 - power) * f)

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, power: Any) -> Any:
        return (power * y * mp.exp((1 - power) * f) + (3 - power) * mp.exp((2 - power) * f)) / 3

    @staticmethod
    def point(y, f, power):  # type: ignore[no-untyped-def]
        a = 1.0 - power
        b = 2.0 - power
        x, lost_x = _product(a, f)
        z, lost_z = _product(b, f)
        grown = times_exp(1.0, z, lost_z)
        share = times_exp(y, x, lost_x)
        # exp(x) - 1, over a: by itself where it is small, without the 1 where it is large and y is to be looked after.
        e = expm1(x)
        middle = y * ((e + (1.0 + e) * lost_x) / a)
        rest = y * f if abs(x) < 1e-17 else (share / a if x > 40.0 else middle)
        # Where exp(b*f) is infinite y*f can be too: with the root of exp(b*f) taken out one of them is not.
        root = exp(0.5 * z)
        far = root * (root / b - y * ((f if abs(x) < 1e-17 else e / a) / root))
        loss = grown / b - rest if grown / b < math.inf else far
        near = exp(x) * _difference(y, f)
        damped = share * (power / 3.0) + grown * ((3.0 - power) / 3.0)
        return loss, where(abs(f) < _NEAR, near, grown - share), b * grown - a * share, grown, damped


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class InverseGaussian(Pointwise):
    """Inverse Gaussian loss: minus the log likelihood of an inverse Gaussian variable, up to what does not depend on the score.

    Target: a positive number (waiting times, sizes of claims). Raw score: the logarithm of the mean. Estimates: the mean,
    with a variance of mean**3/shape: the large vary far more than the small.

    With s = `shape`:

        loss      s * (y*exp(-2*f)/2 - exp(-f))
        gradient  s * (exp(-f) - y*exp(-2*f))
        exact     s * (2*y*exp(-2*f) - exp(-f))        negative where the mean exp(f) is above 2*y
        fisher    s * exp(-f)
        damped    s * (y*exp(-2*f) + exp(-f)) / 2

    The loss can be negative; s times half the deviance is it plus s/(2*y). It is not convex, and no quadratic lies above it
    everywhere. The boosters are given the damped curvature unless curvature says otherwise: it is positive, of the order of
    the gradient far off on both sides, and the exact one where the mean fits. A leaf's step with it never passes the leaf's
    best score: with A the sum of s*y*exp(-2*f) and B that of s*exp(-f) the step is (A - B)/((A + B)/2), the way to the best
    score log(A/B), and a logarithmic mean is below the arithmetic one. With fisher the step grows like the ratio of target
    and mean where the mean is too low.

    Parameters
    ----------
    shape : float in (0, inf), unit of y
        The shape of the distribution, a factor of the loss. It moves no estimate: it brings gradients and Hessians of
        targets in any unit near 1, for what boosters compare with Hessians (min_child_weight, lambda).

    Exposure is an offset of log(exposure), where the target is the total over the exposure.

    Equalities: Tweedie's formulas with a power of 3; a mean without covariates is the mean of the targets. In neither booster.
    When not to use it: targets that are 0 or nearly (their exact values decide little, and are often rounded: Gamma, Tweedie).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., table 2.1 (deviance of the inverse Gaussian).

    >>> InverseGaussian().grad_hess([1.0, 3.0], [0.0, 0.0])
    (array([ 0., -2.]), array([1., 5.]))
    """

    name = "inverse_gaussian"
    link = "log"
    domain = POSITIVE
    convex = False
    kinds = ("exact", "fisher", "damped")
    boosters_curvature = "damped"

    shape: float = param(1.0, domain=POSITIVE, unit="y", typical=(30.0,))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, shape: Any) -> Any:
        return shape * (y * mp.exp(-2 * f) / 2 - mp.exp(-f))

    @staticmethod
    def informant(mp: Any, y: Any, f: Any, shape: Any) -> Any:
        return shape * mp.exp(-f)

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, shape: Any) -> Any:
        return shape * (y * mp.exp(-2 * f) + mp.exp(-f)) / 2

    @staticmethod
    def point(y, f, shape):  # type: ignore[no-untyped-def]
        e = exp(-f)
        precision = times_exp(shape, -f, 0.0)
        share = times_exp(y, -f, 0.0)
        close = abs(f) < _NEAR
        left = where(close, e * _difference(y, f), 1.0 - share)
        bend = where(close, -e * _difference(2.0 * y, f), 2.0 * share - 1.0)
        loss = precision * (0.5 * share - 1.0)
        return loss, precision * left, precision * bend, precision, precision * (0.5 * share + 0.5)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class NegativeBinomial(Pointwise):
    """Negative binomial loss (NB2): Poisson's for counts that vary more than Poisson's do.

    Target: a count, or any number that is not negative. Raw score: the logarithm of the mean. Estimates: the mean, with a
    variance of mean + dispersion*mean**2.

    With d = `dispersion` and m = exp(f):

        loss      (y + 1/d)*log(1 + d*m) - y*f         m - y*f at d = 0
        gradient  (m - y) / (1 + d*m)
        exact     m*(1 + d*y) / (1 + d*m)**2
        fisher    m / (1 + d*m)
        damped    (y + 2*m) / (3*(1 + d*m))

    The loss leaves out what depends on y and d only, so that it can be negative: with it dispersions cannot be compared. No
    quadratic lies above it everywhere. The exact curvature vanishes where the mean is far above the target, fisher where it
    is far below: steps of any size. The damped one does neither, and all three agree where the mean fits. That is why the
    boosters are given it unless curvature says otherwise.

    Parameters
    ----------
    dispersion : float in [0, inf), or "auto"
        How much more than Poisson counts vary: 0 not at all. The inverse of what others call size, or theta. "auto": the
        likeliest, for the mean of the start; 0, with a warning, where the targets vary no more than Poisson counts. What the
        features explain is part of that variation: a number from a second look at the residuals is smaller.

    Exposure is an offset of log(exposure).

    Equalities: Poisson for dispersion 0, in every curvature; a mean without covariates is the mean of the targets, if all have
    the same exposure. In neither booster.
    When not to use it: a variance that grows like the mean (Poisson with any factor estimates the same); targets below 0.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Cameron and Trivedi, Regression Analysis of Count Data, 2nd ed., section 3.3.1 (log likelihood and its
    first order conditions); Hilbe, Negative Binomial Regression, 2nd ed., section 8.2.

    >>> NegativeBinomial(dispersion=1.0).grad_hess([0.0, 3.0], [0.0, 0.0])
    (array([ 0.5, -1. ]), array([0.25, 1.  ]))
    """

    name = "negative_binomial"
    link = "log"
    domain = NON_NEGATIVE
    kinds = ("exact", "fisher", "damped")
    boosters_curvature = "damped"

    dispersion: float = param(1.0, domain=NON_NEGATIVE, typical=(0.0, 0.01), auto=True)

    def profiled(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> dict[str, Any]:
        targets, place = np.unique(y, return_inverse=True)
        times = np.bincount(place.ravel(), weights=weight)
        w = weight / weight.sum()

        def mean_at(dispersion: float) -> Any:
            raw = dataclasses.replace(self, dispersion=dispersion).start(y, weight, offset=offset)
            return np.exp(raw[0] + (0.0 if offset is None else offset))

        def slope(logarithm: float) -> float:
            """Of the log likelihood, with respect to the size 1/dispersion; the best mean does not add to it."""
            size = math.exp(logarithm)
            mean = mean_at(1 / size)
            counted = times @ (_digamma(targets + size) - _digamma(np.array([size]))) / weight.sum()
            return float(counted - w @ (np.log1p(mean / size) + (y - mean) / (size + mean)))

        mean = mean_at(0.0)
        more = w @ ((y - mean) ** 2 - y)
        if not more > 1e-12 * (w @ (y + y * y)):
            warnings.warn(
                "NegativeBinomial: dispersion='auto' is 0, as in Poisson: the targets vary no more than Poisson counts",
                UserWarning,
                stacklevel=5,
            )
            return {"dispersion": 0.0}
        # From the moments outwards, to where the slope has changed its sign.
        low = high = -math.log(more / np.sum(w * mean**2))
        while slope(low) < 0 and low > -600:
            low -= 1 + abs(low) / 2
        while slope(high) > 0 and high < 600:
            high += 1 + abs(high) / 2
        return {"dispersion": math.exp(-_crossing(slope, low, high))}

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, dispersion: Any) -> Any:
        if not dispersion:
            return mp.exp(f) - y * f
        return (y + 1 / dispersion) * mp.log1p(dispersion * mp.exp(f)) - y * f

    @staticmethod
    def informant(mp: Any, y: Any, f: Any, dispersion: Any) -> Any:
        return mp.exp(f) / (1 + dispersion * mp.exp(f))

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, dispersion: Any) -> Any:
        return (y + 2 * mp.exp(f)) / (3 * (1 + dispersion * mp.exp(f)))

    @staticmethod
    def point(y, f, dispersion):  # type: ignore[no-untyped-def]
        small = exp(-abs(f))
        up = f > 0.0
        excess = times_exp(dispersion, f, 0.0)
        below = 1.0 + excess
        # Where the mean is large both sides of a quotient are divided by it.
        fisher = where(up, 1.0 / (small + dispersion), small / below)
        far = where(up, (1.0 - y * small) / (small + dispersion), (small - y) / below)
        grad = where(abs(f) < _NEAR, _difference(y, f) / below, far)
        more = 1.0 + dispersion * y
        exact = where(excess < 1e300, fisher * more / below, times_exp(fisher * more / dispersion, -f, 0.0))
        # log(1 + d*m) is the larger of 0 and f + log(d), and a rest.
        large = excess > 1.0
        rest = log1p(where(large, 1.0 / excess, excess))
        shift = log(dispersion)
        ratio = where(excess < 1e-300, 1.0, rest / excess)
        mean = exp(f)
        amount = where(large, (f + shift + rest) / dispersion, mean * ratio)
        loss = y * where(large, shift + rest, rest - f) + amount
        # Without dispersion both terms may be infinite: as in Poisson.
        root = exp(0.5 * f)
        loss = where((mean == math.inf) & (dispersion == 0.0), root * (root - y * (f / root)), loss)
        return loss, grad, exact, fisher, _THIRD * (y / below) + _TWO_THIRDS * fisher
