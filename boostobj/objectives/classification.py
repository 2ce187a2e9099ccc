"""Binary targets, by the probability of class 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

from ..domain import NON_NEGATIVE, POSITIVE, UNIT, Interval, param
from ..elementary import exp, expm1, kernel, log_excess, logistic, logistic_parts, softplus, where
from ..objective import Pointwise
from ..registry import register

__all__ = ["Brier", "GeneralizedCrossEntropy", "LabelSmoothing", "LogLoss", "Poly1", "Spherical"]

CLASSES = Interval(0, 1, "both", integer=True)


@kernel
def residual(x, e, large, half_tanh, y, rest, half):  # type: ignore[no-untyped-def]
    """p - y, for p = sigmoid(x), rest = 1 - y, half = y - 1/2, and of `logistic_parts(|x|)` all but the second.

    Three ways, each without cancellation where it is used: around 0, where p - 1/2 is small; and in the tails, where p or
    1 - p is.
    """
    tail = e * large
    centre = where(x >= 0.0, half_tanh, -half_tanh) - half
    return where(e > 0.36787944117144233, centre, where(x >= 0.0, rest - tail, tail - y))


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
        e, _, large, half_tanh = logistic_parts(a)
        loss = y * softplus(-x) + (1.0 - y) * softplus(x)
        square = c * sigmoid * sigmoid
        majorized = half_tanh / a if a > 1e-8 else 0.25
        slope = c * sigmoid * residual(x, e, large, half_tanh, y, 1.0 - y, y - 0.5)
        return c * loss, slope, square * (e * large * large), square * majorized


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class LabelSmoothing(Pointwise):
    """Log loss with targets moved towards 1/2: no target asks for certainty.

    Target: 0 or 1, or a probability in [0, 1] (soft label). Raw score: log odds. Estimates: the probability that the
    smoothed target is 1, t = (1 - e)*y + e/2 on average; (p - e/2)/(1 - e) is that of the target itself.

    With e = `smoothing`, p = 1/(1 + exp(-f)):

        loss      log(1 + exp(f)) - t*f
        gradient  p - t
        exact     p * (1 - p)
        majorized tanh(f/2) / (2*f)                    that of LogLoss

    The majorized curvature is derived in LogLoss, which this is with other targets. The boosters are given the exact one
    unless curvature says otherwise, as they have it in their own log losses.

    Parameters
    ----------
    smoothing : float in [0, 1)
        The share of a target that is spread evenly over both classes.

    Equalities: LogLoss where smoothing is 0, and of targets t. When not to use it: calibrated probabilities are wanted
    (LogLoss; or turn the estimate back as above), or rows must be told apart by how sure they are.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna 2016, Rethinking the inception architecture for computer vision,
    section 7.

    >>> LabelSmoothing(smoothing=0.5).grad_hess([0, 1], [0.0, 0.0])
    (array([ 0.25, -0.25]), array([0.25, 0.25]))
    """

    name = "label_smoothing"
    link = "logit"
    domain = UNIT
    kinds = ("exact", "majorized")
    boosters_curvature = "exact"

    smoothing: float = param(0.1, domain=Interval(0, 1, "low"), typical=(0.75,))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, smoothing: Any) -> Any:
        t = (1 - smoothing) * y + smoothing / 2
        return -t * mp.log(1 / (1 + mp.exp(-f))) - (1 - t) * mp.log(1 / (1 + mp.exp(f)))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, smoothing: Any) -> Any:
        return mp.tanh(f / 2) / (2 * f) if f else mp.mpf(1) / 4

    @staticmethod
    def point(y, f, smoothing):  # type: ignore[no-untyped-def]
        a = abs(f)
        e, _, large, half_tanh = logistic_parts(a)
        kept, spread = 1.0 - smoothing, 0.5 * smoothing
        t, rest = kept * y + spread, kept * (1.0 - y) + spread
        loss = t * softplus(-f) + rest * softplus(f)
        slope = residual(f, e, large, half_tanh, t, rest, kept * (y - 0.5))
        return loss, slope, e * large * large, where(a > 1e-8, half_tanh / a, 0.25)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Poly1(Pointwise):
    """Log loss with another first coefficient of its series in 1 - p: PolyLoss's Poly-1.

    Target: 0 or 1. Raw score: log odds as long as epsilon is 0. Estimates: which class is the more likely one, and with what
    probability only roughly: nearer to 0 or 1 than it is for a positive epsilon.

    With x = f where y = 1, else -f, p = 1/(1 + exp(-x)) the probability given to the target, q = 1 - p and e = `epsilon`:

        loss      -log(p) + e*q
        gradient  -q * (1 + e*p) * dx/df
        exact     p * q * (1 + e*(p - q))
        majorized tanh(x/2)/(2*x) + |e|/(6*sqrt(3))
        damped    p * q * (1 + e*p)                    for a positive e, the exact one without its negative term; else exact

    The majorized curvature: LogLoss's, and the largest second derivative of e*q: that of q is p*q*(p - q), between
    -1/(6*sqrt(3)) and 1/(6*sqrt(3)). The boosters are given the damped one unless curvature says otherwise: the exact one
    is negative where e*(q - p) > 1, and falls like p**2 on the rows that are missed where e = 1.

    Parameters
    ----------
    epsilon : float in [-1, inf)
        What is added to the coefficient 1 of 1 - p. Convex up to 1.

    Equalities: LogLoss where epsilon is 0. When not to use it: calibrated probabilities are wanted (LogLoss).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Leng et al. 2022, PolyLoss: a polynomial expansion perspective of classification loss functions: Poly-1.

    >>> Poly1(epsilon=2.0).loss([1], [0.0]) - LogLoss().loss([1], [0.0])
    array([1.])
    """

    name = "poly1"
    link = "logit"
    domain = CLASSES
    convex = False
    kinds = ("exact", "majorized", "damped")
    boosters_curvature = "damped"

    epsilon: float = param(1.0, domain=Interval(-1, math.inf, "low"), typical=(-1.0, 4.0))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, epsilon: Any) -> Any:
        x = f if y == 1 else -f
        return mp.log(1 + mp.exp(-x)) + epsilon / (1 + mp.exp(x))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, epsilon: Any) -> Any:
        return (mp.tanh(f / 2) / (2 * f) if f else mp.mpf(1) / 4) + abs(epsilon) / (6 * mp.sqrt(3))

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, epsilon: Any) -> Any:
        x = f if y == 1 else -f
        p, q = 1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x))
        return p * q * (1 + (epsilon * p if epsilon > 0 else epsilon * (p - q)))

    @staticmethod
    def point(y, f, epsilon):  # type: ignore[no-untyped-def]
        s = where(y == 1.0, 1.0, -1.0)
        x = s * f
        p, q, _, surprise = logistic(x)
        a = abs(x)
        # The smaller of p and q as a product: where it has lost its digits, epsilon times it has not.
        _, root, _, half_tanh = logistic_parts(a)
        tail = root * max(p, q)
        most = where(x >= 0.0, root, q)
        least = where(x >= 0.0, tail, 1.0)
        # For epsilon near -1 the sum of what is left: -log(p) - q, and (1 + epsilon)*q.
        more = 1.0 + epsilon
        negative = epsilon < 0.0
        excess = where(q < 0.29, log_excess(min(q, 0.29)), surprise - q)
        loss = where(negative, more * q + excess, surprise + epsilon * most * least)
        steeper = where(negative, more - epsilon * q, 1.0 + epsilon * p)
        # p - q around 0, and where p is small.
        below = more - 2.0 * epsilon * q
        above = where(x > -1.0, 1.0 + 2.0 * epsilon * where(x >= 0.0, half_tanh, -half_tanh), (1.0 - epsilon) + 2.0 * epsilon * p)
        majorized = where(a > 1e-8, half_tanh / a, 0.25) + abs(epsilon) * 0.09622504486493763
        exact = where(negative, below, above) * root * tail * max(p, q)
        damped = where(negative, below, steeper) * root * tail * max(p, q)
        return loss, -s * (steeper * most) * least, exact, majorized, damped


@kernel
def powered(x, q):  # type: ignore[no-untyped-def]
    """(1 - p**q)/q for p = sigmoid(x), minus its slope, and its exact and damped curvatures."""
    p, r, _, surprise = logistic(x)
    product = q * surprise
    power = exp(-product)
    slope = power * r
    # p - q*r around 0, where p - r is small, and so may be 1 - q.
    _, _, _, half_tanh = logistic_parts(abs(x))
    near = 2.0 * where(x >= 0.0, half_tanh, -half_tanh) + (1.0 - q) * r
    loss = where(product < 2.0**-54, surprise, -expm1(-product) / q)
    return loss, slope, slope * where(abs(x) < 1.0, near, p - q * r), slope * p


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class GeneralizedCrossEntropy(Pointwise):
    """Generalised cross-entropy, between log loss and absolute error: rows that are far off lose their pull.

    Target: 0 or 1. Raw score: log odds to the power that makes it robust: at the best constant (1 - q) times it is the log
    odds. Estimates: which class is the more likely one; nearer to 0 or 1 than its probability is.

    With x = f where y = 1, else -f, p = 1/(1 + exp(-x)) the probability given to the target, and r = 1 - p:

        loss      (1 - p**q) / q
        gradient  -p**q * r * dx/df
        exact     p**q * r * (p - q*r)
        majorized 1 / (2*(2 + q))                      nowhere below the exact one
        damped    p**q * r * p                         the exact one without its negative term

    The majorized curvature: the exact one is at most p**(1 + q)*(1 - p), which is largest at p = (1 + q)/(2 + q), and
    ((1 + q)/(2 + q))**(1 + q) is at most 1/2. A second derivative that is nowhere above a number makes a quadratic of that
    curvature lie above the loss. The boosters are given the damped one unless curvature says otherwise: it falls with the
    gradient.

    Parameters
    ----------
    q : float in (0, 1]
        How robust: log loss towards 0, absolute error of the probability at 1, of which no constant is best but certainty.

    Equalities: LogLoss as q goes to 0; 1 - p at 1; Spherical is half of it at q = 1/2 and twice the score.
    When not to use it: labels without mistakes (LogLoss learns faster), calibrated probabilities, rare classes (their rows are
    what is far off: a smaller q).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Zhang and Sabuncu 2018, Generalized cross entropy loss for training deep neural networks with noisy labels, eq. 6.

    >>> GeneralizedCrossEntropy(q=1.0).loss([1, 0], [0.0, 0.0])
    array([0.5, 0.5])
    """

    name = "generalized_cross_entropy"
    link = "logit"
    domain = CLASSES
    convex = False
    kinds = ("exact", "majorized", "damped")
    boosters_curvature = "damped"
    uneven = True  # where a class is rare its Hessians at the start are far below those of log loss

    q: float = param(0.7, domain=Interval(0, 1, "high"), typical=(1e-9, 0.98))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, q: Any) -> Any:
        p = 1 / (1 + mp.exp(-f if y == 1 else f))
        return (1 - p**q) / q

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, q: Any) -> Any:
        return 1 / (2 * (2 + q))

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, q: Any) -> Any:
        p = 1 / (1 + mp.exp(-f if y == 1 else f))
        return p ** (q + 1) / (1 + mp.exp(f if y == 1 else -f))

    @staticmethod
    def point(y, f, q):  # type: ignore[no-untyped-def]
        s = where(y == 1.0, 1.0, -1.0)
        loss, slope, exact, damped = powered(s * f, q)
        return loss, -s * slope, exact, 0.5 / (2.0 + q), damped


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Brier(Pointwise):
    """Brier score: the squared error of the probability.

    Target: 0 or 1, or a probability in [0, 1] (soft label). Raw score: log odds. Estimates: the probability that the target
    is 1.

    With p = 1/(1 + exp(-f)) and q = 1 - p:

        loss      (p - y)**2
        gradient  2 * (p - y) * p * q
        exact     2 * p * q * (p*q + (p - y)*(q - p))
        majorized (39 + 55*sqrt(33))/2304              the largest that the exact one is anywhere, 0.154
        damped    4 * (p*q)**2

    The majorized curvature: the exact one is linear in y, at y = 0 it is 2*p**2*q*(2 - 3*p), whose derivative is 0 at
    p = (15 - sqrt(33))/24, and at y = 1 the same of q. The damped one is the exact one at y = 0 and y = 1 without its negative
    term, and there never below it; the boosters are given it unless curvature says otherwise: it falls with the gradient,
    where a constant learns slowly.

    Equalities: squared error of `inverse_link`. It is bounded: rows that are far off lose their pull, as in Spherical.
    When not to use it: the start of a training that is far off (LogLoss is convex, and as proper a score).

    Raises: ValueError for a target, score or weight outside its set.

    Source: Brier 1950, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78, eq. 2, one of
    its two equal halves; Gneiting and Raftery 2007, Strictly proper scoring rules, prediction, and estimation, example 1.

    >>> Brier().loss([0, 1, 0.5], [0.0, 0.0, 0.0])
    array([0.25, 0.25, 0.  ])
    """

    name = "brier"
    link = "logit"
    domain = UNIT
    convex = False
    kinds = ("exact", "majorized", "damped")
    boosters_curvature = "damped"
    uneven = True  # where a class is rare its Hessians at the start are far below those of log loss

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        # 1 - p has all its digits too.
        return (1 / (1 + mp.exp(-f)) - y) ** 2 if f < 0 else (1 - y - 1 / (1 + mp.exp(f))) ** 2

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any) -> Any:
        return (39 + 55 * mp.sqrt(33)) / 2304

    @staticmethod
    def damper(mp: Any, y: Any, f: Any) -> Any:
        return 4 / ((1 + mp.exp(-f)) * (1 + mp.exp(f))) ** 2

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        a = abs(f)
        e, _, large, half_tanh = logistic_parts(a)
        both = e * large * large
        r = residual(f, e, large, half_tanh, y, 1.0 - y, y - 0.5)
        turned = -2.0 * where(f >= 0.0, half_tanh, -half_tanh)
        bent = 2.0 * both * (both + r * turned)
        return r * r, 2.0 * r * both, bent, 0.1540585701213505, 4.0 * both * both


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Spherical(Pointwise):
    """Spherical score: what the vector of both probabilities, made one long, lacks in the target's direction.

    Target: 0 or 1. Raw score: log odds. Estimates: the probability that the target is 1.

    With x = f where y = 1, else -f, p = 1/(1 + exp(-x)) the probability given to the target, q = 1 - p, and
    P = p**2/(p**2 + q**2) = 1/(1 + exp(-2*x)):

        loss      1 - p/sqrt(p**2 + q**2) = 1 - sqrt(P)
        gradient  -sqrt(P) * (1 - P) * dx/df
        exact     sqrt(P) * (1 - P) * (2*P - (1 - P))
        majorized 2/5                                  nowhere below the exact one
        damped    2 * sqrt(P) * (1 - P) * P            the exact one without its negative term

    The majorized curvature: this is half of GeneralizedCrossEntropy(q=0.5) at 2*x, whose bound times 2**2/2 is 2/5. The
    boosters are given the damped one unless curvature says otherwise: it falls with the gradient.

    Equalities: GeneralizedCrossEntropy as above. It is bounded: rows that are far off lose their pull, faster than in Brier.
    When not to use it: the start of a training that is far off (LogLoss is convex, and as proper a score).

    Raises: ValueError for a target, score or weight outside its set.

    Source: Gneiting and Raftery 2007, Strictly proper scoring rules, prediction, and estimation, example 2 (1 minus it).

    >>> Spherical().grad_hess([1], [0.0])[0] + math.sqrt(1/8)
    array([0.])
    """

    name = "spherical"
    link = "logit"
    domain = CLASSES
    convex = False
    kinds = ("exact", "majorized", "damped")
    boosters_curvature = "damped"
    uneven = True  # where a class is rare its Hessians at the start are far below those of log loss

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        p, q = 1 / (1 + mp.exp(-f)), 1 / (1 + mp.exp(f))
        return 1 - (p if y == 1 else q) / mp.sqrt(p**2 + q**2)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any) -> Any:
        return mp.mpf(2) / 5

    @staticmethod
    def damper(mp: Any, y: Any, f: Any) -> Any:
        p, q = 1 / (1 + mp.exp(-f)), 1 / (1 + mp.exp(f))
        square = (p if y == 1 else q) ** 2 / (p**2 + q**2)
        rest = (q if y == 1 else p) ** 2 / (p**2 + q**2)
        return 2 * mp.sqrt(square) * rest * square

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        s = where(y == 1.0, 1.0, -1.0)
        loss, slope, exact, damped = powered(2.0 * s * f, 0.5)
        return 0.5 * loss, -s * slope, 2.0 * exact, 0.4, 2.0 * damped
