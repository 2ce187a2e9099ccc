"""Targets that are counts or amounts: not negative, with a mean that the raw score is the logarithm of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

from ..domain import NON_NEGATIVE, POSITIVE, Interval, param
from ..elementary import exp, expm1, fma, kernel, where
from ..objective import Pointwise
from ..registry import register

__all__ = ["Gamma", "Poisson", "Tweedie"]


@kernel
def _product(x, f):  # type: ignore[no-untyped-def]
    """x*f and what its rounding lost: far out the exponential turns a last bit into a hundred."""
    product = x * f
    return product, where(abs(product) < 4096.0, fma(x, f, -product), 0.0)


@kernel
def _times_exp(y, x, lost):  # type: ignore[no-untyped-def]
    """y*exp(x + lost) for y >= 0, infinite or 0 only where the product is."""
    quarter = exp(0.25 * x)
    far = y * quarter * quarter * quarter * quarter
    value = where(abs(x) < 700.0, y * exp(x), far)
    value = where(y == 0.0, 0.0, value)
    return where(value < math.inf, value + value * lost, value)


@kernel
def _difference(y, f):  # type: ignore[no-untyped-def]
    """exp(f) - y where f is small: near y = 1 the difference of two numbers near 1 has lost its digits."""
    return expm1(f) - (y - 1.0)


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

    The loss leaves out log(y!), so that it can be negative; half the Poisson deviance is it plus y*log(y) - y. No
    quadratic lies above it everywhere.

    Equalities: Tweedie(power=1); scikit-learn's HalfPoissonLoss; XGBoost's count:poisson and LightGBM's poisson, which
    multiply the Hessian by exp(max_delta_step), are curvature="native", the default in the boosters' door.
    When not to use it: a variance far above the mean (Tweedie, Gamma); targets below 0.

    Raises: ValueError for a target, score or weight outside its set.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 6.2, eq. 6.1 (log likelihood).

    >>> Poisson().grad_hess([0.0, 3.0], [0.0, 0.0])
    (array([ 1., -2.]), array([1., 1.]))
    """

    name = "poisson"
    link = "log"
    domain = NON_NEGATIVE
    kinds = ("exact",)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return mp.exp(f) - y * f

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        e = exp(f)
        # Where exp(f) is infinite y*f can be too: with the root of exp(f) taken out one of them is not.
        root = exp(0.5 * f)
        far = root * (root - y * (f / root))
        loss = e - y * f if e < math.inf else far
        return loss, where(abs(f) < _NEAR, _difference(y, f), e - y), e


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

    The loss can be negative; half the gamma deviance is it minus log(y) + 1. No quadratic lies above it everywhere.

    Equalities: the limit of Tweedie for power 2; scikit-learn's HalfGammaLoss; XGBoost's reg:gamma and LightGBM's gamma
    are curvature="native", the default in the boosters' door. When not to use it: targets that are 0 (Tweedie).

    Raises: ValueError for a target, score or weight outside its set.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 8.3.1 (log likelihood).

    >>> Gamma().grad_hess([1.0, 3.0], [0.0, 0.0])
    (array([ 0., -2.]), array([1., 3.]))
    """

    name = "gamma"
    link = "log"
    domain = POSITIVE
    kinds = ("exact",)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return y * mp.exp(-f) + f

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        share = _times_exp(y, -f, 0.0)
        near = exp(-f) * _difference(y, f)
        return share + f, where(abs(f) < _NEAR, near, 1.0 - share), share


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

    Half the Tweedie deviance differs from the loss by a function of y. No quadratic lies above it everywhere.

    Parameters
    ----------
    power : float in [1, 2)
        Exponent of the variance: 1 for a Poisson count, near 2 for sums of few amounts.

    Equalities: Poisson for power 1, Gamma for power to 2; scikit-learn's HalfTweedieLoss plus y/a; XGBoost's
    reg:tweedie (tweedie_variance_power) and LightGBM's tweedie are curvature="native", the default in the boosters'
    door. When not to use it: targets without zeros (Gamma); targets below 0.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Jorgensen, The Theory of Dispersion Models, section 4.2 (unit deviance of power p).

    >>> Tweedie(power=1.5).grad_hess([0.0, 3.0], [0.0, 0.0])
    (array([ 1., -2.]), array([0.5, 2. ]))
    """

    name = "tweedie"
    link = "log"
    domain = NON_NEGATIVE
    kinds = ("exact",)

    power: float = param(1.5, domain=Interval(1, 2, "low"), typical=(1.0, 1.3, 1.9))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, power: Any) -> Any:
        a, b = 1 - power, 2 - power
        return mp.exp(b * f) / b - y * (mp.expm1(a * f) / a if a else f)

    @staticmethod
    def point(y, f, power):  # type: ignore[no-untyped-def]
        a = 1.0 - power
        b = 2.0 - power
        x, lost_x = _product(a, f)
        z, lost_z = _product(b, f)
        grown = _times_exp(1.0, z, lost_z)
        share = _times_exp(y, x, lost_x)
        # exp(x) - 1, over a: by itself where it is small, without the 1 where it is large and y is to be looked after.
        e = expm1(x)
        middle = y * ((e + (1.0 + e) * lost_x) / a)
        rest = y * f if abs(x) < 1e-17 else (share / a if x > 40.0 else middle)
        # Where exp(b*f) is infinite y*f can be too: with the root of exp(b*f) taken out one of them is not.
        root = exp(0.5 * z)
        far = root * (root / b - y * ((f if abs(x) < 1e-17 else e / a) / root))
        loss = grown / b - rest if grown / b < math.inf else far
        near = exp(x) * _difference(y, f)
        return loss, where(abs(f) < _NEAR, near, grown - share), b * grown - a * share
