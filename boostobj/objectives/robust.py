"""Real targets with errors that must not count in full: far off, or too small to matter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..domain import NON_NEGATIVE, POSITIVE, REAL, Interval, param
from ..elementary import exp, expm1, kernel, log, log1p_square_parts, log_parts, raised, where
from ..objective import Pointwise
from ..registry import register
from .regression import _EASED, rounded

__all__ = [
    "Barron",
    "Cauchy",
    "EpsilonInsensitive",
    "GemanMcClure",
    "Lp",
    "SquaredEpsilonInsensitive",
    "Tukey",
    "Welsch",
]

_NORMAL = 1.4826
"""The standard deviation of normal errors in median absolute deviations: Hampel 1974."""

_LARGEST = float(np.finfo(np.float64).max)


@kernel
def _shares(a, c):  # type: ignore[no-untyped-def]
    """min(a, c), (min/max)**2, and min(1, c/a): with these no power of a/c is needed, which could overflow."""
    near = min(a, c)
    ratio = near / max(a, c)
    return near, ratio * ratio, where(a <= c, 1.0, ratio)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Cauchy(Pointwise):
    """Cauchy loss (Lorentzian): minus the log likelihood of Cauchy errors.

    Target: any real number. Raw score: the prediction itself. Estimates: a location; the middle of the bulk of the targets.

    With r = f - y and u = r/c:

        loss      c**2/2 * log(1 + u**2)
        gradient  r / (1 + u**2)                       largest at |r| = c, c/2; it falls to 0 beyond
        exact     (1 - u**2) / (1 + u**2)**2           negative where |r| > c
        majorized 1 / (1 + u**2)                       never below exact; 1 at r = 0

    The majorized curvature: log(1 + t) is concave in t = u**2, so the tangent to it at t lies above it; as a function of r
    that is a quadratic which touches the loss at r and has the curvature gradient/residual. The boosters are given it unless
    curvature says otherwise; the exact one has no use beyond c, where it is negative, and they never see that.

    Not convex: there can be several best constants. `start` is the one downhill from the weighted median.

    Parameters
    ----------
    c : float in (0, inf), unit of y
        Where the gradient is largest. At the default a constant is 95 % as precisely estimated as by squared error, if the
        errors are normal with a standard deviation of 1; for another standard deviation multiply, as "auto" does.

    Equalities: Barron(alpha=0, scale=c/sqrt(2)); SquaredError as c grows; c**2 times minus the log likelihood of Student's t
    with 1 degree of freedom and scale c, halved. When not to use it: an outlier is what matters, or c is far below the size of
    the residuals: nearly all gradients are then close to 0.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Black and Rangarajan 1996, On the unification of line processes, outlier rejection, and robust statistics,
    International Journal of Computer Vision 19, Lorentzian; the constant: Holland and Welsch 1977, Robust regression using
    iteratively reweighted least-squares, Communications in Statistics A6, table of weights; the bound: Hunter and Lange 2004,
    A tutorial on MM algorithms, American Statistician 58, section 3.

    >>> Cauchy(c=2.0).grad_hess([0.0, 0.0], [2.0, -6.0])
    (array([ 1. , -0.6]), array([ 0.  , -0.08]))
    """

    name = "cauchy"
    link = "identity"
    domain = REAL
    convex = False
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    c: float = param(2.385, domain=POSITIVE, unit="y", typical=(30.0,), deviations=2.385 * _NORMAL)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, c: Any) -> Any:
        return c**2 / 2 * mp.log1p(((f - y) / c) ** 2)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, c: Any) -> Any:
        return 1 / (1 + ((f - y) / c) ** 2)

    @staticmethod
    def point(y, f, c):  # type: ignore[no-untyped-def]
        d = f - y
        a = abs(d)
        near, q, share = _shares(a, c)
        whole = 1.0 + q
        majorized = share * share / whole
        high, low, _ = log1p_square_parts(a, c)
        # Near 0 the logarithm is q but for rounding, and c**2 * q may overflow on the way.
        loss = where(a < 1e-8 * c, 0.5 * a * a, 0.5 * c * (c * (high + low)))
        # 1 - u**2 as a product: the square of a number near 1 has lost the digits of the difference.
        ratio = near / max(a, c)
        bend = math.copysign((1.0 - ratio) * (1.0 + ratio), c - a)
        return loss, math.copysign(near * share / whole, d), bend * (share * share) / (whole * whole), majorized


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Welsch(Pointwise):
    """Welsch loss (Leclerc, correntropy): squared error near; what is far off has no influence.

    Target: any real number. Raw score: the prediction itself. Estimates: a location; where the targets are densest, smoothed
    over a width of c.

    With r = f - y and u = r/c:

        loss      c**2/2 * (1 - exp(-u**2))
        gradient  r * exp(-u**2)                       largest at |r| = c/sqrt(2); it falls to 0 beyond
        exact     (1 - 2*u**2) * exp(-u**2)            negative where |r| > c/sqrt(2)
        majorized exp(-u**2)                           never below exact; 1 at r = 0

    The majorized curvature: 1 - exp(-t) is concave in t = u**2, so the tangent to it at t lies above it; as a function of r
    that is a quadratic which touches the loss at r and has the curvature gradient/residual. The boosters are given it unless
    curvature says otherwise; the exact one is negative far out, and they never see that.

    Not convex: there can be several best constants. `start` is the one downhill from the weighted median.

    Parameters
    ----------
    c : float in (0, inf), unit of y
        How far the targets reach that count. At the default a constant is 95 % as precisely estimated as by squared error, if
        the errors are normal with a standard deviation of 1; for another standard deviation multiply, as "auto" does.

    Equalities: the limit of Barron(alpha, scale=c/sqrt(2)) for alpha to -inf; SquaredError as c grows. When not to use it:
    an outlier is what matters, or c is far below the size of the residuals: the gradients are then 0, and nothing is learnt.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Dennis and Welsch 1978, Techniques for nonlinear least squares and robust regression, Communications in Statistics
    B7, section 2; the constant: Holland and Welsch 1977, Robust regression using iteratively reweighted least-squares,
    Communications in Statistics A6, table of weights; the bound: Hunter and Lange 2004, A tutorial on MM algorithms,
    American Statistician 58, section 3.

    >>> grad, hess = Welsch(c=2.0).grad_hess([0.0, 0.0], [2.0, -1e3])
    >>> grad.round(4).tolist(), hess.round(4).tolist()
    ([0.7358, -0.0], [-0.3679, -0.0])
    """

    name = "welsch"
    link = "identity"
    domain = REAL
    convex = False
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    c: float = param(2.985, domain=POSITIVE, unit="y", typical=(30.0,), deviations=2.985 * _NORMAL)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, c: Any) -> Any:
        return -(c**2) / 2 * mp.expm1(-(((f - y) / c) ** 2))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, c: Any) -> Any:
        return mp.exp(-(((f - y) / c) ** 2))

    @staticmethod
    def point(y, f, c):  # type: ignore[no-untyped-def]
        d = f - y
        a = abs(d)
        u = min(a / c, 64.0)  # where its square is large the exponential is 0
        z = u * u
        root = exp(-0.5 * z)  # the exponential itself is no longer exact where it is multiplied by what makes up for that
        loss = where(u < 1e-8, 0.5 * a * a, 0.5 * c * (c * -expm1(-z)))
        return loss, d * root * root, (1.0 - 2.0 * z) * root * root, root * root


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class GemanMcClure(Pointwise):
    """Geman and McClure's loss: squared error near; what is far off has next to no influence.

    Target: any real number. Raw score: the prediction itself. Estimates: a location; the middle of the bulk of the targets.

    With r = f - y and u = r/c:

        loss      r**2/2 / (1 + u**2)
        gradient  r / (1 + u**2)**2                    largest at |r| = c/sqrt(3); it falls to 0 beyond
        exact     (1 - 3*u**2) / (1 + u**2)**3         negative where |r| > c/sqrt(3)
        majorized 1 / (1 + u**2)**2                    never below exact; 1 at r = 0

    The majorized curvature: t/(1 + t) is concave in t = u**2, so the tangent to it at t lies above it; as a function of r
    that is a quadratic which touches the loss at r and has the curvature gradient/residual. The boosters are given it unless
    curvature says otherwise; the exact one is negative far out, and they never see that.

    Not convex: there can be several best constants. `start` is the one downhill from the weighted median.

    Parameters
    ----------
    c : float in (0, inf), unit of y
        Where the loss is half of its largest value, c**2/2. At the default a constant is 95 % as precisely estimated as by
        squared error, if the errors are normal with a standard deviation of 1; for another standard deviation multiply, as
        "auto" does.

    Equalities: Barron(alpha=-2, scale=c/2); SquaredError as c grows. When not to use it: an outlier is what matters, or c is
    far below the size of the residuals: nearly all gradients are then close to 0.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Geman and McClure 1985, Bayesian image analysis: an application to single photon emission tomography, Proceedings
    of the American Statistical Association, Statistical Computing Section; the constant: (E psi')**2 = 0.95 * E psi**2 for a
    standard normal residual, psi the gradient; the bound: Hunter and Lange 2004, A tutorial on MM algorithms, American
    Statistician 58, section 3.

    >>> GemanMcClure(c=2.0).grad_hess([0.0, 0.0], [2.0, -6.0])
    (array([ 0.5 , -0.06]), array([-0.25 , -0.026]))
    """

    name = "geman_mcclure"
    link = "identity"
    domain = REAL
    convex = False
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    c: float = param(3.787, domain=POSITIVE, unit="y", typical=(30.0,), deviations=3.787 * _NORMAL)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, c: Any) -> Any:
        return (f - y) ** 2 / 2 / (1 + ((f - y) / c) ** 2)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, c: Any) -> Any:
        return 1 / (1 + ((f - y) / c) ** 2) ** 2

    @staticmethod
    def point(y, f, c):  # type: ignore[no-untyped-def]
        d = f - y
        a = abs(d)
        near, q, share = _shares(a, c)
        whole = 1.0 + q
        part = share / whole
        majorized = part * part * (share * share)
        bend = where(a <= c, 1.0 - 3.0 * q, q - 3.0)
        exact = bend * (part * part) * (share * share) / whole
        return 0.5 * near * (near / whole), math.copysign(near * share * (part * part), d), exact, majorized


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Tukey(Pointwise):
    """Tukey's biweight loss (bisquare): squared error near; what is farther off than c has no influence at all.

    Target: any real number. Raw score: the prediction itself. Estimates: a location; the middle of the bulk of the targets.

    With r = f - y and u = r/c:

        loss      c**2/6 * (1 - (1 - u**2)**3)         where |r| <= c, else c**2/6
        gradient  r * (1 - u**2)**2                    where |r| <= c, else 0
        exact     (1 - u**2) * (1 - 5*u**2)            where |r| <= c, else 0; negative where c/sqrt(5) < |r| < c
        majorized (1 - u**2)**2                        where |r| <= c, else 0; never below exact; 1 at r = 0

    The majorized curvature: 1 - (1 - t)**3, and 1 beyond t = 1, is concave in t = u**2, so the tangent to it at t lies above
    it; as a function of r that is a quadratic which touches the loss at r and has the curvature gradient/residual. The
    boosters are given it unless curvature says otherwise; the exact one is negative in part, and they never see that.

    Not convex: there can be several best constants. `start` is the one downhill from the weighted median.

    Parameters
    ----------
    c : float in (0, inf), unit of y
        How far the targets reach that count. At the default a constant is 95 % as precisely estimated as by squared error, if
        the errors are normal with a standard deviation of 1; for another standard deviation multiply, as "auto" does.

    Equalities: SquaredError as c grows. When not to use it: an outlier is what matters, or c is below the size of the
    residuals: a row that is farther off than c is never learnt from, however wrong the score (Cauchy always pulls a little).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Beaton and Tukey 1974, The fitting of power series, meaning polynomials, illustrated on band-spectroscopic data,
    Technometrics 16; the constant: Holland and Welsch 1977, Robust regression using iteratively reweighted least-squares,
    Communications in Statistics A6, table of weights; the bound: Hunter and Lange 2004, A tutorial on MM algorithms, American
    Statistician 58, section 3.

    >>> Tukey(c=2.0).grad_hess([0.0, 0.0], [1.0, -3.0])
    (array([ 0.5625, -0.    ]), array([-0.1875, -0.    ]))
    """

    name = "tukey"
    link = "identity"
    domain = REAL
    convex = False
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    c: float = param(4.685, domain=POSITIVE, unit="y", typical=(30.0,), deviations=4.685 * _NORMAL)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, c: Any) -> Any:
        u = abs(f - y) / c
        return c**2 / 6 * (1 - (1 - u**2) ** 3 if u <= 1 else 1)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, c: Any) -> Any:
        u = abs(f - y) / c
        return (1 - u**2) ** 2 if u <= 1 else mp.mpf(0)

    @staticmethod
    def point(y, f, c):  # type: ignore[no-untyped-def]
        d = f - y
        u = min(abs(d) / c, 1.0)
        z = u * u
        rest = (1.0 - u) * (1.0 + u)  # as a product: the square of a number near 1 has lost the digits of the difference
        near = min(abs(d), c)
        loss = near * (near * ((3.0 * rest + z * z) / 6.0))
        majorized = rest * rest
        return loss, d * majorized, rest * (1.0 - 5.0 * z), majorized


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Barron(Pointwise):
    """Barron's general and adaptive loss: from squared error over pseudo-Huber and Cauchy to Welsch, by one number.

    Target: any real number. Raw score: the prediction itself. Estimates: the mean for alpha=2; a location that outliers move
    the less, the smaller alpha is.

    With s = `scale`, r = f - y, u = r/s, b = 2 - alpha and z = u**2/b:

        loss      s**2 * b/alpha * ((1 + z)**(alpha/2) - 1)
        gradient  r * (1 + z)**(alpha/2 - 1)
        exact     (1 + z)**(alpha/2 - 2) * (1 + (alpha - 1)*z)   negative far out where alpha < 1
        majorized (1 + z)**(alpha/2 - 1)               never below exact; 1 at r = 0

    and their limits where alpha is 0 (the loss is s**2 * log(1 + u**2/2)) and 2 (r**2/2). What is near a limit is as exact
    as the rest.

    The majorized curvature: the loss as a function of t = r**2 has the derivative (1 + z)**(alpha/2 - 1)/2, which does not
    grow for alpha <= 2: it is concave in t, so the tangent to it at t lies above it; as a function of r that is a quadratic
    which touches the loss at r and has the curvature gradient/residual. The boosters are given it unless curvature says
    otherwise; the exact one may be negative, and they never see that.

    Not convex for alpha < 1: there can be several best constants. `start` is the one downhill from the weighted median.

    Parameters
    ----------
    alpha : float in (-inf, 2]
        How much what is far off counts: its pull grows like |r|**(alpha - 1), and falls off where alpha < 1.
    scale : float in (0, inf), unit of y
        Where the loss turns from square to what alpha makes of it.

    Equalities: alpha=2 is SquaredError, 1 is PseudoHuber(delta=scale), 0 is Cauchy(c=sqrt(2)*scale), -2 is
    GemanMcClure(c=2*scale), and to -inf it tends to Welsch(c=sqrt(2)*scale). When not to use it: alpha is to be learnt from the
    data by the gradient (here it is a number to be tuned).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Barron 2019, A general and adaptive robust loss function, arXiv:1701.03077, eq. 8 and 9, times scale**2; the bound:
    Hunter and Lange 2004, A tutorial on MM algorithms, American Statistician 58, section 3.

    >>> grad, hess = Barron(alpha=-2.0).grad_hess([0.0, 0.0], [2.0, -6.0])
    >>> grad.round(4).tolist(), hess.round(4).tolist()
    ([0.5, -0.06], [-0.25, -0.026])
    """

    name = "barron"
    link = "identity"
    domain = REAL
    convex = False
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    alpha: float = param(1.0, domain=Interval(-math.inf, 2, "high"), typical=(2.0, 1e-9, -3.5))
    scale: float = param(1.0, domain=POSITIVE, unit="y", typical=(30.0,))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, alpha: Any, scale: Any) -> Any:
        square = ((f - y) / scale) ** 2
        if alpha == 2:
            return scale**2 * square / 2
        if alpha == 0:
            return scale**2 * mp.log1p(square / 2)
        b = 2 - alpha
        # The power less 1, with all digits for any alpha near 0.
        return scale**2 * b / alpha * mp.expm1(alpha / 2 * mp.log1p(square / b))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, alpha: Any, scale: Any) -> Any:
        square = ((f - y) / scale) ** 2
        return (1 + square / (2 - alpha)) ** (alpha / 2 - 1) if alpha < 2 else mp.mpf(1)

    @staticmethod
    def point(y, f, alpha, scale):  # type: ignore[no-untyped-def]
        d = f - y
        a = abs(d)
        alpha = max(alpha, -(2.0**100))  # beyond that nothing changes but what is infinite
        b = 2.0 - alpha
        back = b - 2.0
        lost = (2.0 - (b - back)) + (-alpha - back)  # what b's rounding lost
        floor = max(b, 2.0**-1000)  # b is 0 for alpha=2, where all that is divided by it is 0
        width = scale * math.sqrt(b)
        far = a > width
        high, low, q = log1p_square_parts(a, width)
        logarithm = high + low
        # Near, b*log(1 + z)/2 is made of u, which is a number where b is infinite in effect and z is not one.
        u = a / scale
        share = where(q < 2.0**-54, 1.0, logarithm / q)
        near = 0.5 * u * u * share
        # The root of (1 + z)**(-b/2): the power itself may be 0 where it is multiplied by what is as large.
        root = raised(-0.25 * b, high, low, -0.25 * lost)
        # (1 + (alpha - 1)*z)/(1 + z)
        turn = where(far, q + (alpha - 1.0), 1.0 + u * u * ((alpha - 1.0) / floor)) / (1.0 + q)

        half = 0.5 * logarithm
        x = where(far, alpha * half, alpha / floor * near)
        grown = expm1(min(x, 2.0))
        flat = where(abs(x) < 1e-300, 1.0, grown / x)
        loss_near = a * (a * (0.5 * share * flat))
        loss_far = scale * (scale * (b * where(abs(x) < 0.5, half * flat, grown / alpha)))
        pull = a * root
        steep = pull / alpha * pull * (1.0 + q) - scale * (scale * b) / alpha
        loss = where(far, where(x > 2.0, steep, loss_far), loss_near)
        return loss, d * root * root, root * turn * root, root * root


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Lp(Pointwise):
    """The p-th power of the absolute error: between absolute and squared error, or beyond.

    Target: any real number. Raw score: the prediction itself. Estimates: the median for p=1, the mean for p=2, something
    between them for p between, something towards the middle between the smallest and the largest target for larger p.

    With r = f - y:

        loss      |r|**p / p
        gradient  sign(r) * |r|**(p - 1)               0 at f = y
        exact     (p - 1) * |r|**(p - 2)               at f = y the largest float where 1 < p < 2: it is infinite there

    For p <= 2 the loss is concave in r**2, and gradient/residual, |r|**(p - 2), would be the curvature of the tightest
    quadratic above it; but at f = y, for p < 2, no quadratic is, and a row that fits would hold its whole leaf where it is. For
    p > 2 no quadratic lies above the loss from anywhere. So unless curvature says otherwise both boosters are given the
    following, with AbsoluteError's width d, anew in every round, and u = r/d:

        p <= 2    with k = (1 + u**2)**(p/2 - 1) the gradient r*k + c and the Hessian k - k*(1 + (p - 1)*u**2)/(1 + u**2)/3:
                  the loss rounded off with width d, times d**(2 - p), and the tightest quadratic above it, less a third of its
                  own second derivative; c makes the mean gradient that of the loss itself
        p > 2     the gradient r * |u|**(p - 2) and the Hessian (p - 1) * max(1, |u|)**(p - 2): the loss times d**(2 - p), with
                  residuals below d curved as much as at d

    both divided by the mean Hessian. Any unit of the target will do.

    Parameters
    ----------
    p : float in [1, inf)
        The power.

    Equalities: AbsoluteError for p=1 (in the boosters' door too), SquaredError for p=2. When not to use it: outliers, with
    p > 2, which is dominated by them; few rows, with p near 1 (Huber).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Money, Affleck-Graves, Hart and Barr 1982, The linear regression model: Lp norm estimation and the choice of p,
    Communications in Statistics B11; the bound: Hunter and Lange 2004, A tutorial on MM algorithms, American Statistician 58,
    section 3.

    >>> Lp(p=3.0).grad_hess([0.0, 0.0], [2.0, -3.0])
    (array([ 4., -9.]), array([4., 6.]))
    """

    name = "lp"
    link = "identity"
    domain = REAL
    kinds = ("exact",)
    boosters_curvature = "smoothed"

    p: float = param(1.5, domain=Interval(1, math.inf, "low"), typical=(1.0, 3.0))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, p: Any) -> Any:
        return abs(f - y) ** p / p

    @staticmethod
    def kinks(y: Any, f: Any, p: float) -> Any:
        return f - y

    @staticmethod
    def point(y, f, p):  # type: ignore[no-untyped-def]
        d = f - y
        a = abs(d)
        high, low = log_parts(a)
        # The root of |r|**(p - 2): the power itself may be infinite where it is multiplied by what is as small.
        root = raised(0.5 * (p - 2.0), high, low, 0.0)
        pull = a * root
        at_fit = where(p < 2.0, _LARGEST, where(p == 2.0, 1.0, 0.0))
        exact = where(a == 0.0, at_fit, (p - 1.0) * root * root)
        return pull / p * pull, d * root * root, where(p == 1.0, 0.0, exact)

    @staticmethod
    def smoothed(y, f, p, width):  # type: ignore[no-untyped-def]
        d = f - y
        a = abs(d)
        round_ = p <= 2.0
        # Where all residuals are 0 there is nothing to learn, and nothing to divide by; the square of the largest is a float.
        u = min(a / max(width, 2.0**-1022), 2.0**500)
        q = u * u
        one = 1.0 + q
        k = exp((0.5 * p - 1.0) * log(one))
        turn = (1.0 + (p - 1.0) * q) / one
        grown = exp(min((p - 2.0) * log(u), 700.0))
        own = d * where(a == 0.0, 0.0, grown)
        return own, where(round_, d * k, own), where(round_, k - _EASED * (k * turn), (p - 1.0) * max(1.0, grown))


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class EpsilonInsensitive(Pointwise):
    """Epsilon-insensitive loss, of support vector regression: absolute error of what is off by more than epsilon.

    Target: any real number. Raw score: the prediction itself. Estimates: a median that small errors do not move.

    With r = f - y and e = `epsilon`:

        loss      max(0, |r| - e)
        gradient  sign(r)                              where |r| > e, else 0
        exact     0

    A booster cannot divide by a Hessian of 0, and at the kinks, where |r| = e, no quadratic lies above the loss. Unless
    curvature says otherwise both boosters are given the mean of what AbsoluteError describes for the residuals r - e and r + e:
    the loss is (|r - e| + |r + e|)/2 - e. The width, the constant that makes the mean gradient that of the loss itself, and the
    mean Hessian of 1 are those of all rows. Any unit of the target will do.

    Parameters
    ----------
    epsilon : float in [0, inf), unit of y, or "auto": a fiftieth of the targets' median absolute deviation
        What is not more off than that counts as right: an error that is not seen.

    Equalities: AbsoluteError for epsilon=0, in the boosters' door too. When not to use it: an error is an error, however small
    (AbsoluteError); epsilon is far above the size of the residuals: nothing is left to learn.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Vapnik 1995, The Nature of Statistical Learning Theory, section 6.1, eq. 6.1; the bound: Hunter and Lange 2004, A
    tutorial on MM algorithms, American Statistician 58, section 3.

    >>> EpsilonInsensitive(epsilon=0.5).grad_hess([1.0, 1.0], [1.25, 4.0])
    (array([0., 1.]), array([0., 0.]))
    """

    name = "epsilon_insensitive"
    link = "identity"
    domain = REAL
    kinds = ("exact",)
    boosters_curvature = "smoothed"

    epsilon: float = param(0.1, domain=NON_NEGATIVE, unit="y", typical=(30.0,), deviations=0.02)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, epsilon: Any) -> Any:
        return max(mp.mpf(0), abs(f - y) - epsilon)

    @staticmethod
    def kinks(y: Any, f: Any, epsilon: float) -> Any:
        return abs(f - y) - epsilon

    @staticmethod
    def point(y, f, epsilon):  # type: ignore[no-untyped-def]
        d = f - y
        beyond = abs(d) - epsilon
        return max(0.0, beyond), where(beyond > 0.0, math.copysign(1.0, d), 0.0), 0.0

    @staticmethod
    def smoothed(y, f, epsilon, width):  # type: ignore[no-untyped-def]
        d = f - y
        far = 2.0**500  # whose square is a float
        one = rounded(min(max(d - epsilon, -far), far), width)
        other = rounded(min(max(d + epsilon, -far), far), width)
        return 0.5 * (one[0] + other[0]), 0.5 * (one[1] + other[1]), 0.5 * (one[2] + other[2])


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class SquaredEpsilonInsensitive(Pointwise):
    """Squared epsilon-insensitive loss (half of it): squared error of what is off by more than epsilon.

    Target: any real number. Raw score: the prediction itself. Estimates: a mean that small errors do not move.

    With r = f - y and e = `epsilon`:

        loss      max(0, |r| - e)**2 / 2
        gradient  sign(r) * max(0, |r| - e)
        exact     1                                    where |r| > e, else 0
        majorized 1

    The majorized curvature: the gradient nowhere rises faster than r, so that a quadratic of curvature 1 that touches the loss
    anywhere lies above it; no smaller curvature will do, because far out the loss grows like r**2/2. With the exact one rows
    that are right weigh nothing, and a leaf's step moves them out of where they are right. That is why the boosters are given
    the majorized one unless curvature says otherwise.

    Parameters
    ----------
    epsilon : float in [0, inf), unit of y, or "auto": a twentieth of the targets' median absolute deviation
        What is not more off than that counts as right.

    Equalities: SquaredError for epsilon=0; half of scikit-learn's squared_epsilon_insensitive. When not to use it: outliers
    (their gradient grows without bound; EpsilonInsensitive).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Vapnik 1995, The Nature of Statistical Learning Theory, section 6.1, quadratic epsilon-insensitive loss; the bound:
    Hunter and Lange 2004, A tutorial on MM algorithms, American Statistician 58, section 3.4.

    >>> SquaredEpsilonInsensitive(epsilon=0.5).grad_hess([1.0, 1.0], [1.25, 4.0])
    (array([0. , 2.5]), array([0., 1.]))
    """

    name = "squared_epsilon_insensitive"
    link = "identity"
    domain = REAL
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    epsilon: float = param(0.1, domain=NON_NEGATIVE, unit="y", typical=(30.0,), deviations=0.05)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, epsilon: Any) -> Any:
        return max(mp.mpf(0), abs(f - y) - epsilon) ** 2 / 2

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, epsilon: Any) -> Any:
        return mp.mpf(1)

    @staticmethod
    def kinks(y: Any, f: Any, epsilon: float) -> Any:
        return abs(f - y) - epsilon

    @staticmethod
    def point(y, f, epsilon):  # type: ignore[no-untyped-def]
        d = f - y
        beyond = max(0.0, abs(d) - epsilon)
        outside = (beyond > 0.0) | (epsilon == 0.0)
        return 0.5 * beyond * beyond, math.copysign(beyond, d), where(outside, 1.0, 0.0), 1.0
