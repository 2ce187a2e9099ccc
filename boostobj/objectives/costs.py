"""What an error costs: more on one side than on the other, or in proportion to the target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

from ..domain import NON_NEGATIVE, POSITIVE, REAL, Choice, Interval, param
from ..elementary import exp, expm1, hypot, kernel, log, logistic_parts, times_exp, where
from ..objective import Pointwise
from ..registry import register

__all__ = ["Linex", "SquaredPercentageError", "SymmetricPercentageError"]

_TAYLOR = tuple(2.0 / math.factorial(n + 2) for n in range(15))


@kernel
def _beyond_linear(x):  # type: ignore[no-untyped-def]
    """(exp(x) - 1 - x) / (x**2/2) for |x| up to 1/2, where a difference would have lost its digits."""
    y = _TAYLOR[14]
    y = y * x + _TAYLOR[13]
    y = y * x + _TAYLOR[12]
    y = y * x + _TAYLOR[11]
    y = y * x + _TAYLOR[10]
    y = y * x + _TAYLOR[9]
    y = y * x + _TAYLOR[8]
    y = y * x + _TAYLOR[7]
    y = y * x + _TAYLOR[6]
    y = y * x + _TAYLOR[5]
    y = y * x + _TAYLOR[4]
    y = y * x + _TAYLOR[3]
    y = y * x + _TAYLOR[2]
    y = y * x + _TAYLOR[1]
    return y * x + _TAYLOR[0]


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Linex(Pointwise):
    """LINEX loss: errors on the costly side cost exponentially, those on the other side linearly.

    Target: any real number. Raw score: the prediction itself. Estimates: -scale*log(E exp(-y/scale)) where scores above
    their targets are the costly ones, scale*log(E exp(y/scale)) where those below are: of normal targets the mean, moved
    away from the costly side by variance/(2*scale).

    With s = `scale`, x = (f - y)/s for costly="above" and x = (y - f)/s for costly="below":

        loss      s**2 * (exp(x) - x - 1)
        gradient  s * (exp(x) - 1)                     with the other sign for costly="below"
        exact     exp(x)
        damped    (1 + exp(x)) / 2

    No quadratic lies above it everywhere. On the cheap side the exact curvature vanishes while the gradient does not: a step
    of any size, straight into the exponential. The damped curvature is the mean of the exact one here and at the target, and
    the exact one where the score fits. A leaf's step with it never passes the leaf's best score: with A the weighted mean of
    exp(x) the step is -2*s*(A - 1)/(A + 1), the way to the best score -s*log(A), and the logarithmic mean of A and 1 is below
    the arithmetic one. That is why the boosters are given it unless curvature says otherwise. A step is at most twice the
    scale.

    Parameters
    ----------
    scale : float in (0, inf), unit of y, or "auto": the targets' median absolute deviation from the start
        The size of an error from which on its cost is exponential: 1/|a| of the literature's a.
    costly : "above" or "below"
        Which scores are the costly ones: those above their target (a > 0) or those below (a < 0).

    Equalities: (f - y)**2/2 for errors much smaller than the scale; the literature's loss is this for b = scale**2; Poisson of
    exp(y), up to what does not depend on f, with weights exp(-y), for scale 1. In neither booster. When not to use it: outliers
    (one on the costly side decides everything: with targets that have heavy tails there is nothing to estimate; Quantile,
    Expectile).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Varian 1975, A Bayesian approach to real estate assessment, in: Studies in Bayesian Econometrics and Statistics in
    Honor of Leonard J. Savage; Zellner 1986, Bayesian estimation and prediction using asymmetric loss functions, Journal of the
    American Statistical Association 81, section 2.

    >>> Linex(costly="below").grad_hess([1.0, 800.0], [1.0, 1600.0])
    (array([0., 1.]), array([1., 0.]))
    """

    name = "linex"
    link = "identity"
    domain = REAL
    kinds = ("exact", "damped")
    boosters_curvature = "damped"

    scale: float = param(1.0, domain=POSITIVE, unit="y", typical=(30.0,))
    costly: str = param("above", domain=Choice(("above", "below")), typical=("below",))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, scale: Any, costly: Any) -> Any:
        x = (f - y) / scale if costly == "above" else (y - f) / scale
        return scale**2 * (mp.expm1(x) - x)

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, scale: Any, costly: Any) -> Any:
        x = (f - y) / scale if costly == "above" else (y - f) / scale
        return (1 + mp.exp(x)) / 2

    @staticmethod
    def point(y, f, scale, costly):  # type: ignore[no-untyped-def]
        side = 1.0 - 2.0 * costly
        d = side * (f - y)
        x = d / scale
        near = 0.5 * d * d * _beyond_linear(min(max(x, -1.0), 1.0))
        rest = expm1(x)
        beyond = x > 700.0  # where exp(x) may be infinite and its product with the scale not
        far = where(beyond, times_exp(scale * scale, x, 0.0), scale * (scale * rest - d))
        loss = where(abs(x) < 0.5, near, far)
        grad = side * where(beyond, times_exp(scale, x, 0.0), scale * rest)
        return loss, grad, exp(x), 0.5 + times_exp(0.5, x, 0.0)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class SquaredPercentageError(Pointwise):
    """Squared percentage error (half of it): squared error in units of the target.

    Target: any real number; those between -floor and floor count as floor in the denominator. Raw score: the prediction
    itself. Estimates: the mean of targets that weigh 1/y**2, which is far below the mean of positive targets.

    With c = `floor`, m = max(c, |y|) and r = f - y:

        loss      (c*r/m)**2 / 2
        gradient  (c/m)**2 * r
        exact     (c/m)**2

    The factor c**2 keeps Hessians between 0 and 1 in any unit of the target: boosters compare them with numbers
    (min_child_weight, lambda). With the default floor of 1 the loss is that of the textbook for targets of at least 1.

    Parameters
    ----------
    floor : float in (0, inf), unit of y, or "auto": a tenth of the targets' median absolute deviation
        The size of a target below which errors are no longer counted in units of the target: nothing is a percentage of 0.

    Equalities: SquaredError with weights (c/m)**2; SquaredError for targets up to the floor; its absolute sibling is
    AbsolutePercentageError. In neither booster. When not to use it: targets near 0 (those near the floor decide everything),
    or forecasts that must not be too low; SquaredError on log(y) treats ratios alike on both sides.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Park and Stefanski 1998, Relative-error prediction, Statistics & Probability Letters 40, section 1.

    >>> SquaredPercentageError().grad_hess([4.0, 0.5], [6.0, 1.5])
    (array([0.125, 1.   ]), array([0.0625, 1.    ]))
    """

    name = "squared_percentage_error"
    link = "identity"
    domain = REAL
    kinds = ("exact",)

    floor: float = param(1.0, domain=POSITIVE, unit="y", typical=(0.01, 30.0), deviations=0.1)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, floor: Any) -> Any:
        return (floor * (f - y) / max(floor, abs(y))) ** 2 / 2

    @staticmethod
    def point(y, f, floor):  # type: ignore[no-untyped-def]
        share = floor / max(floor, abs(y))
        r = share * (f - y)
        return 0.5 * r * r, share * r, share * share


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class SymmetricPercentageError(Pointwise):
    """Symmetric percentage error (SMAPE): the error in units of the mean of target and prediction.

    Target: a number that is not negative. Raw score: the logarithm of the prediction. Estimates: a location of log(y), near
    its median where the targets vary by less than a factor of two or so, and near its mode where they vary more.

    With m = exp(f), the relative error u = 2*(m - y)/(m + y), its slope v = 4*m*y/(m + y)**2 = 1 - u**2/4, and d = `width`:

        loss      sqrt(u**2 + d**2) - d                |u| as d goes to 0: the textbook's 2*|m - y|/(m + y)
        gradient  u*v / q                              q = sqrt(u**2 + d**2)
        exact     v * (d**2*v/q**2 - u**2/2) / q       negative where |u| is above the width, or little more
        majorized v / q                                never below exact; 1/d at u = 0

    The logarithm is what makes it learn: predictions are positive, so that none lies where the loss is 2 whatever one does, and
    the loss is a function of f - log(y) alone, the same in any unit of the target. A target of 0 costs 2 - less than d of that -
    whatever the score; target and prediction are never both 0.

    The majorized curvature: |u| = 2*tanh(|z|/2) for z = f - log(y), whose square is concave in z**2, and so is the root of a
    sum with a constant; hence the quadratic in z that touches the loss at z lies above it everywhere, with curvature
    gradient/z. As |u| is below |z|, gradient/u is above that, and no logarithm. The boosters are given it unless curvature says
    otherwise, because the exact one is negative wherever a prediction is off by more than the width.

    Parameters
    ----------
    width : float in (0, 2]
        The relative error below which it counts squared. The loss is at most that much below the textbook's.

    Equalities: 2*|m - y|/(m + y) as the width goes to 0; SquaredError of log(y), divided by the width, for errors far below
    the width. In neither booster. When not to use it: as anything but the measure one is judged by. It is not convex and is
    bounded: a prediction off by a factor of ten hardly feels its target. Doubling and halving cost the same, so that
    predictions of positive targets are below their mean; and rows whose target is 0 teach nothing (Poisson, Tweedie).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Makridakis 1993, Accuracy measures: theoretical and practical concerns, International Journal of Forecasting 9
    (the textbook's, times 100); the root: Charbonnier, Blanc-Feraud, Aubert, Barlaud 1997, table I; the bound: Hunter
    and Lange 2004, A tutorial on MM algorithms, The American Statistician 58, section 3.

    >>> import math
    >>> SymmetricPercentageError(width=0.5).loss([1.0, 0.0], [math.log(3), 0.0]).round(6).tolist()
    [0.618034, 1.561553]
    """

    name = "symmetric_percentage_error"
    link = "log"
    domain = NON_NEGATIVE
    convex = False
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    width: float = param(0.1, domain=Interval(0, 2, "high"), typical=(0.001,))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, width: Any) -> Any:
        m = mp.exp(f)
        return mp.sqrt((2 * (m - y) / (m + y)) ** 2 + width**2) - width

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, width: Any) -> Any:
        m = mp.exp(f)
        u = 2 * (m - y) / (m + y)
        return 4 * m * y / (m + y) ** 2 / mp.sqrt(u**2 + width**2)

    @staticmethod
    def point(y, f, width):  # type: ignore[no-untyped-def]
        z = f - log(y)  # infinite at 0, where u is 2 and v is 0
        e, _, large, half_tanh = logistic_parts(abs(z))
        v = 4.0 * e * large * large
        u = math.copysign(4.0 * half_tanh, z)
        q = hypot(u, width)
        part = width / q
        bound = v / q
        loss = abs(u) * (abs(u) / (q + width))
        return loss, u * bound, bound * (v * part * part - 0.5 * u * u), bound
