"""Binary targets by their margin: how far the raw score is on the side of the class. The classes may be called -1 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

from ..domain import POSITIVE, Interval, param
from ..elementary import exp, hypot, where
from ..objective import Pointwise
from ..registry import register

__all__ = ["Exponential", "Hinge", "SmoothedHinge", "SquaredHinge"]

CLASSES = Interval(0, 1, "both", integer=True, signed=True)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Hinge(Pointwise):
    """Hinge loss, as of support vector machines.

    Target: 0 or 1; or -1 or 1, in every row. Raw score: a margin, positive for class 1. Estimates: which class is the more
    likely one, not how likely it is.

    With s the class as -1 or 1:

        loss      max(0, 1 - s*f)
        gradient  -s                                   where s*f < 1, else 0
        exact     0
        damped    1/(2*sqrt(1 + (1 - s*f)**2))

    At the kink, s*f = 1, the gradient is 0, as in XGBoost. A booster cannot divide by a Hessian of 0. XGBoost uses 1 where
    s*f < 1 and next to nothing elsewhere, which its lambda has to help: without it no split gains anything where all rows
    of one class are at the kink, as at the start. LightGBM, which has neither loss nor lambda, is given the damped
    curvature unless curvature says otherwise: that of the tightest quadratic above the hinge smoothed with width 1,
    ((1 - s*f) + sqrt(1 + (1 - s*f)**2))/2. It is no bound for the hinge itself.

    Equalities: XGBoost's binary:hinge, which knows the classes as 0 and 1 only; LightGBM has none. SmoothedHinge as its
    width shrinks. When not to use it: probabilities are wanted (LogLoss); data of one class that is the more likely one
    everywhere (every score tends to it).

    Raises: ValueError for a target, score or weight outside its set, and for targets of which some are 0 and some -1.

    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., section 12.3.2, table 12.1.

    >>> Hinge().grad_hess([0, 1, 1], [0.0, 0.0, 1.0])
    (array([ 1., -1.,  0.]), array([0., 0., 0.]))
    """

    name = "hinge"
    link = "threshold"
    domain = CLASSES
    kinds = ("exact", "damped")
    fallback = "damped"

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return max(mp.mpf(0), 1 - (f if y > 0 else -f))

    @staticmethod
    def damper(mp: Any, y: Any, f: Any) -> Any:
        return 1 / (2 * mp.sqrt(1 + (1 - (f if y > 0 else -f)) ** 2))

    @staticmethod
    def kinks(y: Any, f: Any) -> Any:
        return (2 * (y > 0) - 1) * f - 1

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        s = where(y > 0.0, 1.0, -1.0)
        m = 1.0 - s * f
        inside = m > 0.0
        return m if inside else 0.0, -s if inside else 0.0, 0.0, 0.5 / hypot(1.0, m)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class SmoothedHinge(Pointwise):
    """Hinge loss with its corner rounded off by a parabola.

    Target: 0 or 1; or -1 or 1, in every row. Raw score: a margin, positive for class 1. Estimates: which class is the more
    likely one, not how likely it is.

    With s the class as -1 or 1, u = 1 - s*f, by how much the margin is missed, and w = `width`:

        loss      0                                    where u <= 0, else u**2/(2*w) where u <= w, else u - w/2
        gradient  -s * min(max(u/w, 0), 1)
        exact     1/w                                  where 0 < u <= w, else 0
        majorized 1/max(w, |2*u - w|)                  never below exact

    The majorized curvature: the loss is u/2 and Huber's loss of u - w/2 with its turns at -w/2 and w/2, divided by w. Huber's
    is concave in the square of its residual, so that the quadratic about w/2 which touches it at u lies above it everywhere;
    its curvature is 1/w inside and 1/(2*|u - w/2|) outside. The boosters are given it unless curvature says otherwise: rows
    on either side of the parabola pull without any curvature of their own.

    Parameters
    ----------
    width : float in (0, inf), unit of the raw score
        Of the margins over which the slope falls from 1 to 0.

    Equalities: Hinge as the width shrinks; SquaredHinge/(2*w) for scores with u <= w; with width 1 Rennie's smooth hinge.
    When not to use it: probabilities are wanted (LogLoss).

    Raises: ValueError for a parameter, target, score or weight outside its set, and for targets of which some are 0 and
    some -1.

    Source: Rennie and Srebro 2005, Loss functions for preference levels: regression with discrete ordered labels, smooth
    hinge (width 1); the width: Shalev-Shwartz and Zhang 2013, Stochastic dual coordinate ascent methods for regularized loss
    minimization, smooth hinge with gamma.

    >>> SmoothedHinge().grad_hess([0, 1, 1], [0.0, 0.5, 1.0])
    (array([ 1. , -0.5, -0. ]), array([1., 1., 0.]))
    """

    name = "smoothed_hinge"
    link = "threshold"
    domain = CLASSES
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    width: float = param(1.0, domain=POSITIVE, unit="raw", typical=(0.5,))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, width: Any) -> Any:
        u = 1 - (f if y > 0 else -f)
        if u <= 0:
            return mp.mpf(0)
        return u**2 / (2 * width) if u <= width else u - width / 2

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, width: Any) -> Any:
        u = 1 - (f if y > 0 else -f)
        return 1 / max(width, abs(2 * u - width))

    @staticmethod
    def kinks(y: Any, f: Any, width: float) -> Any:
        z = (2 * (y > 0) - 1) * f
        low, high = z - (1 - width), z - 1
        nearer = abs(low) < abs(high)
        return nearer * low + ~nearer * high

    @staticmethod
    def point(y, f, width):  # type: ignore[no-untyped-def]
        s = where(y > 0.0, 1.0, -1.0)
        u = 1.0 - s * f
        missed = max(u, 0.0)
        on_parabola = s * f >= 1.0 - width  # not u <= width: a small score is lost in 1 - f
        share = where(on_parabola, missed / width, 1.0)
        loss = where(on_parabola, 0.5 * missed * share, u - 0.5 * width)
        exact = where(on_parabola & (u > 0.0), 1.0 / width, 0.0)
        # Of u/2 - w/4, which is finite: 2*u need not be.
        return loss, -s * share, exact, 0.5 / max(0.5 * width, abs(u - 0.5 * width))


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class SquaredHinge(Pointwise):
    """Squared hinge loss, as of L2 support vector machines.

    Target: 0 or 1; or -1 or 1, in every row. Raw score: a margin, positive for class 1. Estimates: 2*p - 1, with p the
    probability that the target is 1; what is predicted is the more likely class.

    With s the class as -1 or 1 and u = max(0, 1 - s*f):

        loss      u**2
        gradient  -2*s*u
        exact     2                                    where s*f < 1, else 0
        majorized 2                                    everywhere: the second derivative is nowhere larger, and nothing
                                                       less bounds a miss that is far away

    The boosters are given the majorized curvature unless curvature says otherwise: with the exact one rows beyond the margin
    do not weigh against a step that takes them back across it.

    Equalities: twice the parabola of SmoothedHinge of width 1; scikit-learn's loss="squared_hinge". When not to use it:
    labels with many mistakes (their gradient grows without bound; SmoothedHinge).

    Raises: ValueError for a target, score or weight outside its set, and for targets of which some are 0 and some -1.

    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., section 12.3.2, table 12.1,
    whose hinge is squared; the estimate: Zhang 2004, Statistical behavior and consistency of classification methods based on
    convex risk minimization, Annals of Statistics 32.

    >>> SquaredHinge().grad_hess([-1, 1, 1], [0.0, 0.0, 2.0])
    (array([ 2., -2., -0.]), array([2., 2., 0.]))
    """

    name = "squared_hinge"
    link = "threshold"
    domain = CLASSES
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return max(mp.mpf(0), 1 - (f if y > 0 else -f)) ** 2

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any) -> Any:
        return mp.mpf(2)

    @staticmethod
    def kinks(y: Any, f: Any) -> Any:
        return (2 * (y > 0) - 1) * f - 1

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        s = where(y > 0.0, 1.0, -1.0)
        u = max(1.0 - s * f, 0.0)
        return u * u, -2.0 * s * u, where(u > 0.0, 2.0, 0.0), 2.0


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Exponential(Pointwise):
    """Exponential loss, as of AdaBoost.

    Target: 0 or 1; or -1 or 1, in every row. Raw score: half the log odds. Estimates: the probability that the target is 1;
    it is 1/(1 + exp(-2*f)).

    With s the class as -1 or 1:

        loss      exp(-s*f)
        gradient  -s * exp(-s*f)
        exact     exp(-s*f)

    Newton's step in a leaf is a weighted mean of the classes, in [-1, 1]: that is Gentle AdaBoost, and why the boosters are
    given the exact curvature. There is no quadratic bound, the loss outgrows any. Beyond s*f = -88 gradient and Hessian are
    both the largest float32 in the boosters' door; their ratio stays.

    Equalities: its minimiser is half of LogLoss's, and LogLoss(sigmoid=2) has the same link. In XGBoost, none of whose
    objectives multiplies a score, a Booster predicts raw scores; the estimators predict probabilities. When not to use it:
    labels with mistakes (a confident miss outweighs all other rows; LogLoss).

    Raises: ValueError for a target, score or weight outside its set, and for targets of which some are 0 and some -1.

    Source: Friedman, Hastie, Tibshirani 2000, Additive logistic regression: a statistical view of boosting, Annals of
    Statistics 28, lemma 1; Newton's step: algorithm 4.

    >>> Exponential().grad_hess([-1, 1], [0.0, 0.0])
    (array([ 1., -1.]), array([1., 1.]))
    """

    name = "exponential"
    link = "logit"
    domain = CLASSES
    kinds = ("exact",)
    boosters_curvature = "exact"
    link_slope = "odds"

    odds: ClassVar[float] = 2.0
    """The log odds are that many raw scores."""

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return mp.exp(-f if y > 0 else f)

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        s = where(y > 0.0, 1.0, -1.0)
        e = exp(-s * f)
        return e, -s * e, e
