"""Binary targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from ..domain import NON_NEGATIVE, POSITIVE, UNIT, Interval, param
from ..elementary import exp, expm1, hypot, softplus
from ..objective import Pointwise
from ..registry import register

__all__ = ["Hinge", "LogLoss"]


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class LogLoss(Pointwise):
    """Binary log loss (logistic loss, binary cross-entropy).

    Target: 0 or 1, or a probability in [0, 1] (soft label).
    Raw score: log odds, divided by `sigmoid`. Estimates: the probability that the target is 1.

    With s = `sigmoid`, p = 1/(1 + exp(-s*f)) and c = `scale_pos_weight` where y = 1, else 1:

        loss      c * (log(1 + exp(s*f)) - y*s*f)
        gradient  c * s * (p - y)
        exact     c * s**2 * p * (1 - p)
        majorized c * s**2 * tanh(s*f/2) / (2*s*f)     the tightest quadratic that touches at f and at -f

    The majorized curvature: log(1 + exp(x)) = x/2 + log(2*cosh(x/2)), the second term is a concave function of x**2,
    and a tangent to a concave function lies above it; the tangent's slope gives tanh(x/2)/(2x), at most 1/4.

    Parameters
    ----------
    sigmoid : float in (0, inf), unit 1/raw score
        Slope of the logistic curve; LightGBM's parameter of that name.
    scale_pos_weight : float in [0, inf)
        Multiplies the rows whose target is exactly 1, as in XGBoost and LightGBM.

    Equalities: XGBoost's binary:logistic, reg:logistic and binary:logitraw (sigmoid=1), LightGBM's binary (targets 0
    and 1). Calling it under soft labels in LightGBM, whose binary counts every positive label as 1, uses the textbook
    Hessian instead. When not to use it: labels with many mistakes (it punishes a confident miss without bound).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., section 4.4.1; the bound:
    Jaakkola and Jordan 2000, Bayesian parameter estimation via variational methods, eq. 10.

    >>> LogLoss().grad_hess([0, 1], [0.0, 0.0])
    (array([ 0.5, -0.5]), array([0.25, 0.25]))
    """

    name = "log_loss"
    link = "logit"
    domain = UNIT
    kinds = ("exact", "majorized")
    link_slope = "sigmoid"

    sigmoid: float = param(1.0, domain=POSITIVE, unit="1/raw", typical=(1.7,))
    scale_pos_weight: float = param(1.0, domain=NON_NEGATIVE, typical=(2.5,))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, sigmoid: Any, scale_pos_weight: Any) -> Any:
        p = 1 / (1 + mp.exp(-sigmoid * f))
        c = scale_pos_weight if y == 1 else 1
        return -c * (y * mp.log(p) + (1 - y) * mp.log(1 / (1 + mp.exp(sigmoid * f))))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, sigmoid: Any, scale_pos_weight: Any) -> Any:
        c = scale_pos_weight if y == 1 else 1
        x = sigmoid * f
        return c * sigmoid**2 * (mp.tanh(x / 2) / (2 * x) if x else mp.mpf(1) / 4)

    @staticmethod
    def point(y, f, sigmoid, scale_pos_weight):  # type: ignore[no-untyped-def]
        c = scale_pos_weight if y == 1.0 else 1.0
        x = sigmoid * f
        a = abs(x)
        e = exp(-a)
        tail = e / (1.0 + e)
        m = expm1(-a)
        half_tanh = -0.5 * m / (2.0 + m)
        # p - y three ways, each without cancellation where it is used: around 0, where p - 1/2 is small; and in the
        # tails, where p or 1 - p is.
        centre = (half_tanh if x >= 0.0 else -half_tanh) - (y - 0.5)
        outer = (1.0 - y) - tail if x >= 0.0 else tail - y
        residual = centre if a < 1.0 else outer
        loss = y * softplus(-x) + (1.0 - y) * softplus(x)
        square = c * sigmoid * sigmoid
        majorized = half_tanh / a if a > 1e-8 else 0.25
        return c * loss, c * sigmoid * residual, square * (tail / (1.0 + e)), square * majorized


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Hinge(Pointwise):
    """Hinge loss, as of support vector machines.

    Target: 0 or 1. Raw score: a margin, positive for class 1. Estimates: which class is the more likely one, not how
    likely it is.

    With s = 2*y - 1, the class as -1 or 1:

        loss      max(0, 1 - s*f)
        gradient  -s                                   where s*f < 1, else 0
        exact     0
        damped    1/(2*sqrt(1 + (1 - s*f)**2))

    At the kink, s*f = 1, the gradient is 0, as in XGBoost. A booster cannot divide by a Hessian of 0. XGBoost uses 1 where
    s*f < 1 and next to nothing elsewhere, which its lambda has to help: without it no split gains anything where all rows
    of one class are at the kink, as at the start. LightGBM, which has neither loss nor lambda, is given the damped
    curvature unless curvature says otherwise: that of the tightest quadratic above the hinge smoothed with width 1,
    ((1 - s*f) + sqrt(1 + (1 - s*f)**2))/2. It is no bound for the hinge itself.

    Equalities: XGBoost's binary:hinge; LightGBM has none. When not to use it: probabilities are wanted (LogLoss); data
    of one class that is the more likely one everywhere (every score tends to it).

    Raises: ValueError for a target, score or weight outside its set.

    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., section 12.3.2, table 12.1.

    >>> Hinge().grad_hess([0, 1, 1], [0.0, 0.0, 1.0])
    (array([ 1., -1.,  0.]), array([0., 0., 0.]))
    """

    name = "hinge"
    link = "threshold"
    domain = Interval(0, 1, "both", integer=True)
    kinds = ("exact", "damped")
    fallback = "damped"

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return max(mp.mpf(0), 1 - (2 * y - 1) * f)

    @staticmethod
    def damper(mp: Any, y: Any, f: Any) -> Any:
        return 1 / (2 * mp.sqrt(1 + (1 - (2 * y - 1) * f) ** 2))

    @staticmethod
    def kinks(y: Any, f: Any) -> Any:
        return (2 * y - 1) * f - 1

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        s = 2.0 * y - 1.0
        m = 1.0 - s * f
        inside = m > 0.0
        return m if inside else 0.0, -s if inside else 0.0, 0.0, 0.5 / hypot(1.0, m)
