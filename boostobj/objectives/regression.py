"""Real targets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

from ..domain import POSITIVE, REAL, UNIT, Interval, param
from ..elementary import exp, kernel, log1p, log_cosh_ratio, tanh, where
from ..objective import Pointwise
from ..registry import register

__all__ = [
    "AbsoluteError",
    "AbsolutePercentageError",
    "Expectile",
    "Fair",
    "Huber",
    "LogCosh",
    "PseudoHuber",
    "Quantile",
    "SquaredError",
    "SquaredLogError",
    "SquaredRootError",
]

_ABOVE_MINUS_1 = math.nextafter(-1.0, 0.0)
_DOWN = 2.0**-64
_DOWN_LOG = 64 * math.log(2.0)
_FAR = 2.0**500  # whose square is a float
_EASED = 1.0 / 3.0


@kernel
def rounded(d, width):  # type: ignore[no-untyped-def]
    """|d|, and |d| with its kink rounded off, sqrt(d**2 + width**2), both times the width: the gradient of the first; of the
    second the gradient, and the curvature of the tightest quadratic above it, less a third of its own."""
    square = width * width
    # Where all residuals are 0 there is nothing to learn, and nothing to divide by.
    k = where(width > 0.0, width / math.sqrt(square + d * d), 1.0)
    sign = where(d == 0.0, 0.0, math.copysign(1.0, d))
    return width * sign, d * k, k - _EASED * (k * k * k)


@kernel
def _atanh_rest(z):  # type: ignore[no-untyped-def]
    """1/3 + z/5 + z**2/7 + ...: for z up to 1/25, where its terms beyond these are below the last bit."""
    y = 1.0 / 25.0
    y = y * z + 1.0 / 23.0
    y = y * z + 1.0 / 21.0
    y = y * z + 1.0 / 19.0
    y = y * z + 1.0 / 17.0
    y = y * z + 1.0 / 15.0
    y = y * z + 1.0 / 13.0
    y = y * z + 1.0 / 11.0
    y = y * z + 1.0 / 9.0
    y = y * z + 1.0 / 7.0
    y = y * z + 1.0 / 5.0
    return y * z + 1.0 / 3.0


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class LogCosh(Pointwise):
    """Log-cosh loss: squared error near, absolute error far.

    Target: any real number. Raw score: the prediction itself. Estimates: a location between mean and median.

    With s = `scale` and r = (f - y)/s:

        loss      s**2 * log(cosh(r))
        gradient  s * tanh(r)
        exact     1/cosh(r)**2
        majorized tanh(r)/r                            never below exact; 1 at r = 0

    The majorized curvature: log(cosh(sqrt(t))) is concave in t = r**2, so the quadratic in r that touches it at r lies
    above it everywhere; its curvature is gradient/residual. The exact Hessian falls like exp(-2*|r|): a booster that
    starts far from the targets, in units of the scale, learns nothing or diverges with it. That is why the boosters
    are given the majorized one unless curvature says otherwise.

    Parameters
    ----------
    scale : float in (0, inf), unit of y
        Where the loss turns from square to absolute.

    Equalities: (f - y)**2/2 for residuals much smaller than the scale; scale*|f - y| - scale**2*log(2) for much larger
    ones. In neither booster. When not to use it: outliers that must have no influence at all (their gradient stays
    `scale`).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Saleh and Saleh 2022, Statistical properties of the log-cosh loss function, arXiv:2208.04564, eq. 1.

    >>> LogCosh(scale=2.0).grad_hess([1.0, 1.0], [1.0, 1e300])
    (array([0., 2.]), array([1., 0.]))
    """

    name = "log_cosh"
    link = "identity"
    domain = REAL
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    scale: float = param(1.0, domain=POSITIVE, unit="y", typical=(0.01, 30.0))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, scale: Any) -> Any:
        return scale**2 * mp.log(mp.cosh((f - y) / scale))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, scale: Any) -> Any:
        r = (f - y) / scale
        return mp.tanh(r) / r if r else mp.mpf(1)

    @staticmethod
    def point(y, f, scale):  # type: ignore[no-untyped-def]
        d = f - y
        r = d / scale
        a = abs(r)
        loss = 0.5 * d * d if a < 1e-8 else scale * (abs(d) * log_cosh_ratio(r))
        t = tanh(r)
        e = exp(-2.0 * a)
        sech = 2.0 / (1.0 + e)
        return loss, scale * t, e * sech * sech, t / r if a > 1e-8 else 1.0


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class PseudoHuber(Pointwise):
    """Pseudo-Huber loss (Charbonnier, L1-L2): squared error near, absolute error far.

    Target: any real number. Raw score: the prediction itself. Estimates: a location between mean and median.

    With d = `delta`, r = f - y and q = sqrt(1 + (r/d)**2):

        loss      d**2 * (q - 1)
        gradient  r/q
        exact     1/q**3
        majorized 1/q                                  never below exact; 1 at r = 0

    The majorized curvature: sqrt(1 + t) is concave in t = (r/d)**2, so the quadratic in r that touches the loss at r
    lies above it everywhere; its curvature is gradient/residual. The exact Hessian falls like |r|**-3: a booster that
    starts far from the targets, in units of delta, diverges with it (XGBoost's own starts at 573409 on the diabetes
    data). That is why the boosters are given the majorized one unless curvature says otherwise.

    Parameters
    ----------
    delta : float in (0, inf), unit of y
        Where the loss turns from square to absolute.

    Equalities: XGBoost's reg:pseudohubererror(huber_slope=delta) is curvature="native"; (f - y)**2/2 as delta grows.
    When not to use it: outliers that must have no influence at all (their gradient stays `delta`).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Charbonnier, Blanc-Feraud, Aubert, Barlaud 1997, Deterministic edge-preserving regularization in computed
    imaging, table I (hyper surfaces).

    >>> PseudoHuber(delta=2.0).loss([0.0, 0.0], [1.5, 1e300]).tolist()
    [1.0, 2e+300]
    """

    name = "pseudo_huber"
    link = "identity"
    domain = REAL
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    delta: float = param(1.0, domain=POSITIVE, unit="y", typical=(0.01, 30.0))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, delta: Any) -> Any:
        return delta**2 * (mp.sqrt(1 + ((f - y) / delta) ** 2) - 1)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, delta: Any) -> Any:
        return 1 / mp.sqrt(1 + ((f - y) / delta) ** 2)

    @staticmethod
    def point(y, f, delta):  # type: ignore[no-untyped-def]
        r = f - y
        a = abs(r)
        # r/delta may overflow and its square does; with the larger of the two taken out nothing can.
        near = min(a, delta)
        ratio = near / max(a, delta)
        root = math.sqrt(1.0 + ratio * ratio)
        share = 1.0 if a <= delta else ratio
        majorized = share / root
        loss = a * (near / (root + share))
        return loss, math.copysign(near / root, r), majorized * majorized * majorized, majorized


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class SquaredError(Pointwise):
    """Squared error (half of it).

    Target: any real number. Raw score: the prediction itself. Estimates: the mean.

        loss      (f - y)**2 / 2
        gradient  f - y
        exact     1

    Equalities: XGBoost's reg:squarederror and LightGBM's regression are curvature="native", the default in the
    boosters' door; Expectile(alpha=0.5) is half of it; Huber, Fair, LogCosh and PseudoHuber near the target.
    When not to use it: outliers (their gradient grows without bound).

    Raises: ValueError for a target, score or weight outside its set.

    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., section 10.10.2, table 10.2.

    >>> SquaredError().grad_hess([1.0, 1.0], [1.0, 4.0])
    (array([0., 3.]), array([1., 1.]))
    """

    name = "squared_error"
    link = "identity"
    domain = REAL
    kinds = ("exact",)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return (f - y) ** 2 / 2

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        d = f - y
        return 0.5 * d * d, d, 1.0


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class AbsoluteError(Pointwise):
    """Absolute error.

    Target: any real number. Raw score: the prediction itself. Estimates: the median.

        loss      |f - y|
        gradient  sign(f - y)                          0 at f = y, where the loss has a kink
        exact     0

    A booster cannot divide by a Hessian of 0. Unless curvature says otherwise both boosters are given the following, anew in
    every round, with r = f - y, a width d, and k = d/sqrt(d**2 + r**2):

        gradient  (r*k + c) / m                        c = mean of d*sign(r) - r*k
        Hessian   (k - k**3/3) / m                     m = mean of k - k**3/3

    Here r*k is the gradient of the loss with its kink rounded off over the width d, times d, k the curvature of the tightest
    quadratic above that, and k**3 its second derivative. A third of that is taken off, because rows that nearly fit hold their
    leaf where it is; more than half of k is left, with which no learning rate up to 1 makes that loss rise. The constant c makes
    the mean gradient that of the absolute error itself: half of the rows stay above the scores, whatever the law of the
    residuals. As the mean Hessian is 1, lambda and min_child_weight mean rows.

    The width is s**(3/4) * S**(1/4), with s = (mean of sqrt(|r|))**2 and S the same of the targets about the mean score: the
    size of the residuals, or somewhat more where the scores explain most of the targets, so that learning goes on as in
    squared error where there is little noise. Any unit of the target will do.

    Equalities: curvature="native" is XGBoost's reg:absoluteerror and LightGBM's regression_l1: before 3.4 XGBoost sets the
    leaves to the median of their residuals if it is told the name (`train_params`, `train`), and `train` sets LightGBM's. Twice
    Quantile(alpha=0.5). `train` with leaf="exact" has such leaves anywhere.
    When not to use it: few rows per leaf (it ignores how far off a row is; Huber or LogCosh near the target).

    Raises: ValueError for a target, score or weight outside its set.

    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., section 10.10.2, table 10.2; the bound:
    Hunter and Lange 2004, A tutorial on MM algorithms, The American Statistician 58, section 3; steps up to twice as long:
    de Leeuw and Heiser 1980, Multidimensional scaling with restrictions on the configuration, in: Multivariate Analysis V.

    >>> AbsoluteError().grad_hess([1.0, 1.0], [1.0, 4.0])
    (array([0., 1.]), array([0., 0.]))
    """

    name = "absolute_error"
    link = "identity"
    domain = REAL
    kinds = ("exact",)
    boosters_curvature = "smoothed"

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return abs(f - y)

    @staticmethod
    def kinks(y: Any, f: Any) -> Any:
        return f - y

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        d = f - y
        return abs(d), 0.0 if d == 0.0 else math.copysign(1.0, d), 0.0

    @staticmethod
    def smoothed(y, f, width):  # type: ignore[no-untyped-def]
        return rounded(min(max(f - y, -_FAR), _FAR), width)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class AbsolutePercentageError(Pointwise):
    """MAPE, mean absolute percentage error: absolute error in units of the target.

    Target: any real number; those between -1 and 1 count as 1 in the denominator. Raw score: the prediction itself.
    Estimates: the median of targets that weigh 1/|y|, which is below the median of positive targets.

    With m = max(1, |y|) and r = f - y:

        loss      |r| / m
        gradient  sign(r) / m                          0 at f = y, where the loss has a kink
        exact     0
        damped    1 / (m * max(|r|, m/16))

    The damped curvature is gradient/residual, whose steps are those of iteratively reweighted least squares, with residuals
    below a sixteenth of the target counted as that much. It is no bound nearer than that. The boosters are given it unless
    curvature says otherwise: they cannot divide by a Hessian of 0.

    Equalities: AbsoluteError with weights 1/m; LightGBM's mape is curvature="native", whose leaves are set to the weighted
    median of their residuals (`train`). When not to use it: targets that are mostly below 1 (it is AbsoluteError there),
    or forecasts that must not be too low.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: LightGBM 4.7, documentation of mape; de Myttenaere, Golden, Le Grand, Rossi 2016, Mean absolute percentage error
    for regression models, Neurocomputing 192, eq. 3; damped: Schlossmacher 1973, An iterative technique for absolute
    deviations curve fitting, Journal of the American Statistical Association 68.

    >>> AbsolutePercentageError().loss([4.0, 0.5], [5.0, 0.0]).tolist()
    [0.25, 0.5]
    """

    name = "absolute_percentage_error"
    link = "identity"
    domain = REAL
    kinds = ("exact", "damped")
    boosters_curvature = "damped"

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return abs(f - y) / max(1, abs(y))

    @staticmethod
    def damper(mp: Any, y: Any, f: Any) -> Any:
        m = max(mp.mpf(1), abs(y))
        return 1 / (m * max(abs(f - y), m / 16))

    @staticmethod
    def kinks(y: Any, f: Any) -> Any:
        return f - y

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        d = f - y
        m = max(1.0, abs(y))
        slope = 0.0 if d == 0.0 else math.copysign(1.0 / m, d)
        return abs(d) / m, slope, 0.0, 1.0 / m / max(abs(d), 0.0625 * m)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Huber(Pointwise):
    """Huber loss: squared error near, absolute error far.

    Target: any real number. Raw score: the prediction itself. Estimates: a location between mean and median.

    With d = `delta` and r = f - y:

        loss      r**2 / 2                             where |r| <= d, else d*(|r| - d/2)
        gradient  r                                    where |r| <= d, else d*sign(r)
        exact     1                                    where |r| <= d, else 0
        majorized 1                                    where |r| <= d, else d/|r|; never below exact

    The majorized curvature: the loss is concave in r**2, so the quadratic in r that touches it at r lies above it
    everywhere; its curvature is gradient/residual. With the exact Hessian rows far from their targets pull without
    weighing anything: a leaf of them takes a step of any size. That is why the boosters are given the majorized one
    unless curvature says otherwise.

    Parameters
    ----------
    delta : float in (0, inf), unit of y
        Where the loss turns from square to absolute.

    Equalities: SquaredError as delta grows; delta*AbsoluteError as it shrinks; LightGBM's huber(alpha=delta), whose
    Hessian is 1 everywhere, is curvature="native". When not to use it: outliers that must have no influence at all
    (their gradient stays `delta`).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Huber 1964, Robust estimation of a location parameter, Annals of Mathematical Statistics 35, section 1.

    >>> Huber(delta=2.0).grad_hess([0.0, 0.0], [1.0, -6.0])
    (array([ 1., -2.]), array([1., 0.]))
    """

    name = "huber"
    link = "identity"
    domain = REAL
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    delta: float = param(1.0, domain=POSITIVE, unit="y", typical=(0.01, 30.0))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, delta: Any) -> Any:
        r = abs(f - y)
        return r**2 / 2 if r <= delta else delta * (r - delta / 2)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, delta: Any) -> Any:
        r = abs(f - y)
        return delta / r if r > delta else mp.mpf(1)

    @staticmethod
    def kinks(y: Any, f: Any, delta: float) -> Any:
        return abs(f - y) - delta

    @staticmethod
    def point(y, f, delta):  # type: ignore[no-untyped-def]
        d = f - y
        a = abs(d)
        inside = a <= delta
        loss = 0.5 * d * d if inside else delta * (a - 0.5 * delta)
        return loss, math.copysign(min(a, delta), d), 1.0 if inside else 0.0, 1.0 if inside else delta / a


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Fair(Pointwise):
    """Fair's loss: squared error near; far out it grows like absolute error, more slowly than Huber's.

    Target: any real number. Raw score: the prediction itself. Estimates: a location between mean and median.

    With r = f - y:

        loss      c**2 * (|r|/c - log(1 + |r|/c))
        gradient  c*r / (|r| + c)
        exact     c**2 / (|r| + c)**2
        majorized c / (|r| + c)                        never below exact; 1 at r = 0

    The majorized curvature: the loss is concave in r**2, so the quadratic in r that touches it at r lies above it
    everywhere; its curvature is gradient/residual. The exact Hessian falls like |r|**-2: a booster that starts far from
    the targets, in units of c, diverges with it. That is why the boosters are given the majorized one unless curvature
    says otherwise.

    Parameters
    ----------
    c : float in (0, inf), unit of y
        Where the loss turns from square to absolute.

    Equalities: SquaredError as c grows; c*AbsoluteError as it shrinks; LightGBM's fair(fair_c=c) has the exact Hessian
    and is curvature="native". When not to use it: outliers that must have no influence at all (their gradient tends to
    `c`).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Fair 1974, On the robust estimation of econometric models, Annals of Economic and Social Measurement 3,
    section 2; the loss as printed by Rey 1983, Introduction to Robust and Quasi-Robust Statistical Methods, section 6.4.

    >>> Fair(c=2.0).grad_hess([0.0, 0.0], [0.0, 6.0])
    (array([0. , 1.5]), array([1.    , 0.0625]))
    """

    name = "fair"
    link = "identity"
    domain = REAL
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    c: float = param(1.0, domain=POSITIVE, unit="y", typical=(0.01, 30.0))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, c: Any) -> Any:
        x = abs(f - y) / c
        return c**2 * (x - mp.log1p(x))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, c: Any) -> Any:
        return c / (abs(f - y) + c)

    @staticmethod
    def point(y, f, c):  # type: ignore[no-untyped-def]
        d = f - y
        a = abs(d)
        u = a / c
        # Near 0 the difference cancels. With s = u/(2 + u), log1p(u) is 2*(s + s**3/3 + s**5/5 + ...), and u is
        # 2*s/(1 - s): the difference is s*(u - 2*(s**2/3 + s**4/5 + ...)), whose terms are far apart.
        z = (u / (2.0 + u)) ** 2
        near = (a / (2.0 + u)) * (a - 2.0 * c * (z * _atanh_rest(z)))
        far = c * (a - c * log1p(min(u, 1e308)))
        # |r| and c may be far apart: with the larger of the two taken out nothing overflows.
        small = min(a, c)
        ratio = small / max(a, c)
        majorized = (1.0 if a <= c else ratio) / (1.0 + ratio)
        loss = near if u < 0.5 else far
        return loss, math.copysign(small / (1.0 + ratio), d), majorized * majorized, majorized


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Quantile(Pointwise):
    """Quantile loss (pinball loss).

    Target: any real number. Raw score: the prediction itself. Estimates: the quantile of level `alpha`.

    With r = f - y:

        loss      (1 - alpha)*r                        where r >= 0, else -alpha*r
        gradient  1 - alpha                            where r >= 0, else -alpha
        exact     0

    At the kink, f = y, the gradient is that of r > 0, as in XGBoost and LightGBM. A booster cannot divide by a Hessian of
    0. Unless curvature says otherwise both boosters are given what AbsoluteError describes, of which this is the half with a
    slope: the gradient (r*k + d*(1 - 2*alpha) + c)/m, where c makes the mean gradient over the rows that of the loss itself, so
    that a share alpha of them stays below the scores; and the width is multiplied by 4*alpha*(1 - alpha), or by 0.04 if that
    is more: at a level near 0 or 1 most rows are far off, and say little of how densely they lie at the quantile. Any unit of
    the target will do.

    Parameters
    ----------
    alpha : float in [0, 1]
        Level of the quantile. At 0 and 1 nothing holds the score back on one side: the start is the smallest or the
        largest target.

    Equalities: half of AbsoluteError for alpha=0.5. curvature="native" is XGBoost's reg:quantileerror(quantile_alpha=alpha) and
    LightGBM's quantile(alpha=alpha): before 3.4 XGBoost sets the leaves to the quantile of their residuals if it is told the
    name (`train_params`, `train`), and `train` sets LightGBM's. `train` with leaf="exact" has such leaves anywhere.
    When not to use it: several levels that must not cross (NonCrossingQuantile's do not).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Koenker and Bassett 1978, Regression quantiles, Econometrica 46, eq. 2.1.

    >>> Quantile(alpha=0.75).grad_hess([1.0, 1.0], [1.0, 0.0])
    (array([ 0.25, -0.75]), array([0., 0.]))
    """

    name = "quantile"
    link = "identity"
    domain = REAL
    kinds = ("exact",)
    boosters_curvature = "smoothed"

    alpha: float = param(0.5, domain=UNIT, typical=(0.1, 0.75))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, alpha: Any) -> Any:
        return ((f > y) - alpha) * (f - y)

    @staticmethod
    def kinks(y: Any, f: Any, alpha: float) -> Any:
        return f - y

    @staticmethod
    def point(y, f, alpha):  # type: ignore[no-untyped-def]
        d = f - y
        slope = 1.0 - alpha if d >= 0.0 else -alpha
        return slope * d, slope, 0.0

    @staticmethod
    def smoothed(y, f, alpha, width):  # type: ignore[no-untyped-def]
        width *= max(4.0 * alpha * (1.0 - alpha), 0.04)
        exact, grad, hess = rounded(min(max(f - y, -_FAR), _FAR), width)
        tilt = width * (1.0 - 2.0 * alpha)
        return exact + tilt, grad + tilt, hess


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Expectile(Pointwise):
    """Expectile loss, or asymmetric squared error (asymmetric least squares): errors on one side count more.

    Target: any real number. Raw score: the prediction itself. Estimates: the expectile of level `alpha`, a weighted
    mean: targets above it weigh alpha, those below 1 - alpha.

    With r = f - y and v = 1 - alpha where r >= 0, else alpha:

        loss      v * r**2 / 2
        gradient  v * r
        exact     v                                    that of r > 0 at f = y, where it jumps

    Parameters
    ----------
    alpha : float in [0, 1]
        Level of the expectile.

    Equalities: half of SquaredError for alpha=0.5; XGBoost's reg:expectileerror. When not to use it: outliers (their
    gradient grows without bound; Quantile), or a level that must mean a share of rows.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Newey and Powell 1987, Asymmetric least squares estimation and testing, Econometrica 55, eq. 2.2.

    >>> Expectile(alpha=0.75).grad_hess([1.0, 1.0], [3.0, -1.0])
    (array([ 0.5, -1.5]), array([0.25, 0.75]))
    """

    name = "expectile"
    link = "identity"
    domain = REAL
    kinds = ("exact",)

    alpha: float = param(0.5, domain=UNIT, typical=(0.1, 0.75))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, alpha: Any) -> Any:
        return abs(alpha - (1 if f >= y else 0)) * (f - y) ** 2 / 2

    @staticmethod
    def kinks(y: Any, f: Any, alpha: float) -> Any:
        return f - y

    @staticmethod
    def point(y, f, alpha):  # type: ignore[no-untyped-def]
        d = f - y
        v = 1.0 - alpha if d >= 0.0 else alpha
        slope = v * d
        return 0.5 * slope * d, slope, v


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class SquaredLogError(Pointwise):
    """Squared logarithmic error (half of it).

    Target: a number above -1. Raw score: the prediction itself, above -1 too. Estimates: exp of the mean of
    log(1 + y), minus 1.

    With u = log(1 + f) - log(1 + y):

        loss      u**2 / 2
        gradient  u / (1 + f)
        exact     (1 - u) / (1 + f)**2                 negative where 1 + f is above e*(1 + y)
        damped    u / ((1 + f)*(f - y))                the curvature of the secant to the fit; 1/(1 + y)**2 at f = y

    The damped curvature is gradient/residual: always positive, and a step of -gradient/damped ends at f = y from
    anywhere. It is no bound. The boosters are given it unless curvature says otherwise, because with the exact one rows
    far above their target pull without weighing anything, or have a negative weight.

    Equalities: SquaredError of log1p(f) and log1p(y). XGBoost's reg:squaredlogerror is curvature="native"; its Hessian
    is the exact one, and at least 1e-6. When not to use it: it is not convex; SquaredError on log1p(y) gives the same
    estimate without the edge at -1.

    A booster's scores may go below -1 on the way; they count as the smallest number above -1 there, which pulls them
    back. `loss` and `grad_hess` take scores above -1 only.

    Raises: ValueError for a target, score or weight outside its set.

    Source: XGBoost 1.0, documentation of reg:squaredlogerror; damped: the secant (quasi-Newton) condition, Nocedal and
    Wright, Numerical Optimization, 2nd ed., eq. 6.6.

    >>> grad, hess = SquaredLogError(curvature="damped").grad_hess([0.0, 1.0], [1.0, 1.0])
    >>> grad.round(4).tolist(), hess.round(4).tolist()
    ([0.3466, 0.0], [0.3466, 0.25])
    """

    name = "squared_log_error"
    link = "identity"
    domain = Interval(-1, math.inf)
    scores = Interval(-1, math.inf)
    convex = False
    kinds = ("exact", "damped")
    boosters_curvature = "damped"

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return (mp.log(1 + f) - mp.log(1 + y)) ** 2 / 2

    @staticmethod
    def damper(mp: Any, y: Any, f: Any) -> Any:
        return (mp.log(1 + f) - mp.log(1 + y)) / ((1 + f) * (f - y)) if f != y else 1 / (1 + y) ** 2

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        f = max(f, _ABOVE_MINUS_1)
        d = f - y
        a = abs(d)
        s = 1.0 + f
        low = 1.0 + min(f, y)
        # |u| is log1p(a/low): relative accuracy everywhere, where the difference of two logarithms has none at f = y.
        q = a / low
        far = q > 1e300
        u = log1p((a * _DOWN) / low if far else q) + (_DOWN_LOG if far else 0.0)
        secant = u / a / s if q > 1e-17 else 1.0 / low / s
        return 0.5 * u * u, math.copysign(u, d) / s, (1.0 - math.copysign(u, d)) / s / s, secant


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class SquaredRootError(Pointwise):
    """Squared error (half of it) of the target's root.

    Target: any real number. Raw score: the root of the prediction, with its sign. Estimates: the square of the mean of
    the targets' roots.

    With t = sign(y)*sqrt(|y|):

        loss      (f - t)**2 / 2
        gradient  f - t
        exact     1

    Equalities: SquaredError on t; LightGBM's regression with reg_sqrt=true is curvature="native", the default in the
    boosters' door. When not to use it: the mean is wanted (it estimates less, the more the targets vary).

    Raises: ValueError for a target, score or weight outside its set.

    Source: LightGBM 2.0, documentation of reg_sqrt; why a root: Bartlett 1936, The square root transformation in
    analysis of variance, Supplement to the Journal of the Royal Statistical Society 3.

    >>> SquaredRootError().grad_hess([9.0, -4.0], [3.0, 1.0])
    (array([0., 3.]), array([1., 1.]))
    """

    name = "squared_root_error"
    link = "signed_square"
    domain = REAL
    kinds = ("exact",)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return (f - mp.sign(y) * mp.sqrt(abs(y))) ** 2 / 2

    @staticmethod
    def point(y, f):  # type: ignore[no-untyped-def]
        d = f - math.copysign(math.sqrt(abs(y)), y)
        return 0.5 * d * d, d, 1.0
