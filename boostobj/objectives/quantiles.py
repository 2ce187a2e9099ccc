"""Quantiles without a kink, and several quantiles or expectiles of real targets at once: one raw score for each level."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..domain import POSITIVE, REAL, UNIT, Ascending, Interval, param
from ..elementary import exp, falling, hypot, kernel, log1p, softplus, where
from ..loops import LOSS
from ..objective import Pointwise, Rowwise
from ..registry import register
from .regression import Quantile

__all__ = ["MultiExpectile", "MultiQuantile", "NonCrossingQuantile", "SmoothQuantile"]

_GAP = 1e-6  # XGBoost's
_ROOT_3 = math.sqrt(3.0)


def _pooled(y: np.ndarray, weight: np.ndarray, levels: list[int], alpha: np.ndarray) -> float:
    """The common expectile of some levels, each with its gaps taken off: a weighted mean whose weights depend on it."""
    shifted = y[:, None] - np.array(levels) * _GAP
    level = alpha[levels]
    total = np.average(shifted.mean(axis=1), weights=weight)
    for _ in range(100):
        v = np.where(total >= shifted, 1 - level, level) * weight[:, None]
        if not v.any():
            break
        before, total = total, (v * shifted).sum() / v.sum()
        if total == before:
            break
    return float(total)


@kernel
def _smooth(d, width, alpha):  # type: ignore[no-untyped-def]
    """Loss, gradient, Hessian and the bound of SmoothQuantile for a residual; both last for a width of 1."""
    x = d / width
    a = abs(x)
    e, rest = falling(-2.0 * a)
    over = d >= 0.0
    near = a < 0.5
    half = 1.0 / (1.0 + e)
    tanh = -rest * half
    # Far out the difference of two shares, each right to the last digit, near the sum of what is small and what is exact.
    share = 2.0 * half
    far = where(over, 2.0 * (1.0 - alpha) - e * share, e * share - 2.0 * alpha)
    slope = where(near, math.copysign(tanh, x) + (1.0 - 2.0 * alpha), far)
    side = where(over, 1.0 - alpha, alpha)
    loss = width * (2.0 * side * abs(d) + width * log1p(e))
    return loss, width * slope, e * share * share, where(a > 1e-8, tanh / a, 1.0)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class SmoothQuantile(Pointwise):
    """Quantile loss without its kink, smoothed over a width.

    Target: any real number. Raw score: the prediction itself. Estimates: the quantile of level `alpha` of y + e, where e is
    logistic noise, independent of y, with mean 0 and standard deviation pi/sqrt(12) = 0.91 times the width. That is the bias:
    for a width far below the spread of y, with the density p of y at its quantile, -(pi*width)**2/24 * p'/p. Estimates of
    levels above 1/2 are too high, those below too low.

    With h = `width`, r = f - y and x = r/h:

        loss      h**2 * (log(1 + exp(2*x)) - 2*alpha*x)
        gradient  h * (tanh(x) + 1 - 2*alpha)
        exact     1/cosh(x)**2
        majorized tanh(x)/x                            never below exact; 1 at x = 0
        damped    1/sqrt(3 + x**2)                     0.58 of the majorized one at x = 0, and never less of it

    The majorized curvature: without its linear part the loss is log(cosh(x)), which is concave in x**2, so the quadratic that
    touches it lies above it everywhere, and adding the linear part changes nothing of that. The exact Hessian falls like
    exp(-2*|x|): a booster learns nothing or diverges with it. With the majorized one rows that nearly fit hold their leaf where
    it is. With the damped one they weigh little more than half of that; a step of less than twice what the majorized one
    allows does not make the loss rise, so that no learning rate up to 1 does. That is why the boosters are given it unless
    curvature says otherwise.

    Parameters
    ----------
    alpha : float in (0, 1)
        Level of the quantile.
    width : float in (0, inf), unit of y, or "auto": a quarter of the targets' median absolute deviation
        What the kink is smoothed over. The factor of 2*width between this loss and the quantile loss keeps Hessians between
        0 and 1 in any unit of the target: boosters compare them with numbers (min_child_weight, lambda).

    Equalities: 2*width*Quantile(alpha=alpha) as the width goes to 0; LogCosh(scale=width) plus width**2*log(2) for alpha=0.5.
    XGBoost's reg:quantileerror since 3.4 has gradients and Hessians in this proportion, with a width that it measures anew in
    every round. In neither booster. When not to use it: where a share of rows must be exact to less than the width (Quantile,
    with leaf="exact").

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Zheng 2011, Gradient descent algorithms for quantile regression with smooth approximation, International Journal of
    Machine Learning and Cybernetics 2, section 2 (times 2*width, for his alpha of width/2); as a convolution with the logistic
    density: Fernandes, Guerre, Horta 2021, Smoothing quantile regressions, Journal of Business & Economic Statistics 39,
    section 2; steps up to twice as long: de Leeuw and Heiser 1980, Multidimensional scaling with restrictions on the
    configuration, in: Multivariate Analysis V.

    >>> SmoothQuantile(alpha=0.75, width=2.0).grad_hess([1.0, 1.0], [1.0, 1e300])
    (array([-1.,  1.]), array([1., 0.]))
    """

    name = "smooth_quantile"
    link = "identity"
    domain = REAL
    kinds = ("exact", "majorized", "damped")
    boosters_curvature = "damped"
    among_targets = False

    alpha: float = param(0.5, domain=Interval(0, 1), typical=(0.1,))
    width: float = param(1.0, domain=POSITIVE, unit="y", typical=(0.01,), deviations=0.25)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, alpha: Any, width: Any) -> Any:
        x = (f - y) / width
        return width**2 * ((mp.log1p(mp.exp(2 * x)) if x < 0 else 2 * x + mp.log1p(mp.exp(-2 * x))) - 2 * alpha * x)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, alpha: Any, width: Any) -> Any:
        x = (f - y) / width
        return mp.tanh(x) / x if x else mp.mpf(1)

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, alpha: Any, width: Any) -> Any:
        return 1 / mp.sqrt(3 + ((f - y) / width) ** 2)

    @staticmethod
    def point(y, f, alpha, width):  # type: ignore[no-untyped-def]
        d = f - y
        loss, grad, exact, majorized = _smooth(d, width, alpha)
        return loss, grad, exact, majorized, 1.0 / hypot(_ROOT_3, d / width)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class MultiQuantile(Rowwise):
    """Quantile loss of several levels.

    Target: any real number. Raw scores: the predictions, one for each level. Estimates: the quantiles of these levels.

    With r_j = f_j - y for the level alpha_j:

        loss      sum over j of: (1 - alpha_j)*r_j     where r_j >= 0, else -alpha_j*r_j
        gradient  1 - alpha_j                          where r_j >= 0, else -alpha_j
        exact     0

    At a kink, f_j = y, the gradient is that of r_j > 0, as in XGBoost. A booster cannot divide by a Hessian of 0: unless
    curvature says otherwise both boosters are given for each level what Quantile describes.

    Parameters
    ----------
    alpha : tuple of two or more ascending floats in [0, 1]
        The levels.

    Equalities: each column is Quantile of its level; curvature="native" is XGBoost's reg:quantileerror(quantile_alpha=alpha),
    whose predictions XGBoost puts in ascending order since 3.4. When not to use it: quantiles that must not cross (nothing
    here keeps them in order).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Koenker and Bassett 1978, Regression quantiles, Econometrica 46, eq. 2.1, summed over levels.

    >>> grad, hess = MultiQuantile(alpha=(0.25, 0.75)).grad_hess([1.0], [[0.0, 2.0]])
    >>> grad.tolist(), hess.tolist()
    ([[-0.25, 0.25]], [[0.0, 0.0]])
    """

    name = "multi_quantile"
    link = "identity"
    domain = REAL
    kinds = ("exact",)
    boosters_curvature = "smoothed"
    count = "alpha"

    alpha: tuple[float, ...] = param((0.1, 0.5, 0.9), domain=Ascending(UNIT), typical=((0.25, 0.75),))

    def apart(self, y: np.ndarray, k: int) -> list[tuple[Pointwise, np.ndarray]]:
        return [(Quantile(alpha=level), y) for level in self.alpha]

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, alpha: Any) -> Any:
        return mp.fsum(((v > y) - a) * (v - y) for a, v in zip(alpha, f, strict=True))

    @staticmethod
    def kinks(y: Any, f: Any, alpha: Any) -> Any:
        return f - y

    @staticmethod
    def block(y, f, alpha, loss, grad, hess, kind):  # type: ignore[no-untyped-def]
        k, n = f.shape
        loss[:] = 0.0
        for j in range(np.uintp(k)):
            above, below = 1.0 - alpha[j], -alpha[j]
            for b in range(np.uintp(n)):
                d = f[j, b] - y[b]
                g = where(d >= 0.0, above, below)
                grad[j, b] = g
                hess[j, b] = 0.0
                loss[b] += g * d


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class MultiExpectile(Rowwise):
    """Expectile loss of several levels, whose estimates cannot cross.

    Target: any real number. Raw scores: the first estimate, then what softplus makes the step to the next one.
    Estimates: the expectiles of these levels, in ascending order.

    With softplus(p) = log(1 + exp(p)), the estimates e_0 = p_0 and e_j = e_(j-1) + 1e-6 + softplus(p_j), and for each
    r_j = e_j - y, v_j = 1 - alpha_j where r_j >= 0, else alpha_j:

        loss      sum over j of v_j * r_j**2 / 2
        gradient  s_j * G_j                            s_0 = 1, s_j = 1/(1 + exp(-p_j)); G_j = sum over i >= j of v_i*r_i
        exact     s_j**2 * H_j + s_j*(1 - s_j)*G_j     H_j = sum over i >= j of v_i; without the second term for j = 0
        damped    s_j**2 * H_j

    The damped curvature is that of Gauss and Newton: always positive, and the exact one where the estimates fit. It is
    no bound. The boosters are given it unless curvature says otherwise, because the exact one is negative where a step
    is small and should grow.

    Parameters
    ----------
    alpha : tuple of two or more ascending floats in [0, 1]
        The levels.

    Equalities: the first column alone is Expectile; XGBoost's reg:expectileerror with several levels. When not to use
    it: one level (Expectile); outliers (MultiQuantile).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Newey and Powell 1987, Asymmetric least squares estimation and testing, Econometrica 55, eq. 2.2, summed over
    levels; the steps: XGBoost 3.4, reg:expectileerror.

    >>> MultiExpectile(alpha=(0.25, 0.75)).grad_hess([1.0], [[2.0, -800.0]])[1].tolist()
    [[1.0, 0.0]]
    """

    name = "multi_expectile"
    link = "cumulative"
    domain = REAL
    convex = False
    kinds = ("exact", "damped")
    boosters_curvature = "damped"
    count = "alpha"

    alpha: tuple[float, ...] = param((0.1, 0.5, 0.9), domain=Ascending(UNIT), typical=((0.25, 0.75),))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, alpha: Any) -> Any:
        estimate, total = f[0], 0
        for j, a in enumerate(alpha):
            if j:
                estimate = estimate + mp.mpf(1e-6) + (mp.log1p(mp.exp(f[j])) if f[j] < 0 else f[j] + mp.log1p(mp.exp(-f[j])))
            total += ((1 - a) * (estimate >= y) + a * (estimate < y)) * (estimate - y) ** 2 / 2
        return total

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, alpha: Any) -> Any:
        estimate, weights = f[0], []
        for j, a in enumerate(alpha):
            if j:
                estimate = estimate + mp.mpf(1e-6) + (mp.log1p(mp.exp(f[j])) if f[j] < 0 else f[j] + mp.log1p(mp.exp(-f[j])))
            weights.append((1 - a) * (estimate >= y) + a * (estimate < y))
        slopes = [mp.mpf(1)] + [1 / (1 + mp.exp(-v)) for v in f[1:]]
        return [s**2 * mp.fsum(weights[j:]) for j, s in enumerate(slopes)]

    @staticmethod
    def kinks(y: Any, f: Any, alpha: Any) -> Any:
        steps = np.where(np.arange(f.shape[1]) == 0, f, _GAP + np.logaddexp(0.0, f))
        return np.cumsum(steps, axis=1) - y

    @staticmethod
    def guess(y: np.ndarray, weight: np.ndarray, k: int, alpha: np.ndarray) -> np.ndarray:
        # Without their gaps the estimates only have to ascend: levels that do not are pooled until they do.
        blocks: list[tuple[list[int], float]] = []
        for j in range(k):
            levels = [j]
            best = _pooled(y, weight, levels, alpha)
            while blocks and blocks[-1][1] >= best:
                levels = blocks.pop()[0] + levels
                best = _pooled(y, weight, levels, alpha)
            blocks.append((levels, best))
        start = np.empty(k)
        place = start[0] = blocks[0][1]
        for levels, best in blocks:
            if levels[0] > 0:
                gap = best - place
                start[levels[0]] = gap + np.log(-np.expm1(-gap))  # softplus of it is the gap
            place = best
            # Their steps would be 0, which no score is: one at which the pull has fallen to 1/n.
            start[levels[1:]] = -np.log(2.0 * max(y.size, 2))
        if len(blocks) < k:
            warnings.warn(
                "MultiExpectile: no finite start minimises the loss: some levels have the same expectile; it is bounded"
                " instead",
                UserWarning,
                stacklevel=5,
            )
        return start

    @staticmethod
    def block(y, f, alpha, loss, grad, hess, kind):  # type: ignore[no-untyped-def]
        k, n = f.shape
        estimate = np.empty(n)
        loss[:] = 0.0
        # What is off for each estimate, and the exponential that its step and the slope of that are made of.
        for j in range(np.uintp(k)):
            above, below = 1.0 - alpha[j], alpha[j]
            for b in range(np.uintp(n)):
                size = abs(f[j, b])
                e = where(size < 746.0, exp(-size), 0.0)  # what it is multiplied with may be as large as a number can be
                step = max(f[j, b], 0.0) + log1p(e)
                estimate[b] = f[j, b] if j == 0 else estimate[b] + (_GAP + step)
                d = estimate[b] - y[b]
                grad[j, b] = d
                hess[j, b] = e
                loss[b] += 0.5 * where(d >= 0.0, above, below) * d * d
        if kind == LOSS:
            return
        pull, weight = np.zeros(n), np.zeros(n)
        for i in range(np.uintp(k)):
            j = np.uintp(k) - np.uintp(1) - i
            above, below = 1.0 - alpha[j], alpha[j]
            for b in range(np.uintp(n)):
                d, e = grad[j, b], hess[j, b]
                v = where(d >= 0.0, above, below)
                pull[b] += v * d
                weight[b] += v
                large = 1.0 / (1.0 + e)
                small = e * large
                up = f[j, b] >= 0.0
                slope = 1.0 if j == 0 else where(up, large, small)
                rest = 0.0 if j == 0 else where(up, small, large)
                bend = rest * pull[b] if kind == 0 else 0.0
                hess[j, b] = slope * (slope * weight[b] + bend)
                grad[j, b] = slope * pull[b]


@kernel
def _step(u, pull, curvature, width, kind):  # type: ignore[no-untyped-def]
    """Gradient and Hessian by a score u*width, whose step the estimates that pull and bend so are moved by."""
    e, fallen = falling(-abs(u))
    large = 1.0 / (1.0 + e)
    small = e * large
    slope, rest = where(u >= 0.0, large, small), where(u >= 0.0, small, large)
    if kind == 0:
        return slope * pull, slope * (slope * curvature + rest * (pull / width))
    bend = where(abs(u) > 1e-8, -0.5 * fallen * large / abs(u), 0.25)
    return slope * pull, curvature + max(pull, 0.0) / width * bend


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class NonCrossingQuantile(Rowwise):
    """Smooth quantile loss of several levels, whose estimates cannot cross.

    Target: any real number. Raw scores: the estimate of the middle level (of an even number the upper one of the two), and for
    each other level what softplus makes the step from its neighbour towards the middle; all in the unit of y. Estimates: the
    quantiles of these levels, smoothed as in SmoothQuantile, in ascending order.

    With h = `width` and sp(p) = h*log(1 + exp(p/h)): the estimates are e_m = p_m for the middle level m, e_j = e_(j-1) + sp(p_j)
    above and e_j = e_(j+1) - sp(p_j) below. With x_i = (e_i - y)/h, the slopes s_m = 1, s_j = 1/(1 + exp(-p_j/h)), and over the
    levels i that p_j moves (all for m, else j and those farther from the middle) G_j, the sum of h*(tanh(x_i) + 1 - 2*alpha_i),
    with the other sign below the middle:

        loss      sum over i of h**2 * (log(1 + exp(2*x_i)) - 2*alpha_i*x_i)
        gradient  s_j * G_j
        exact     s_j**2 * (sum of 1/cosh(x_i)**2) + s_j*(1 - s_j)*G_j/h                    for m without the second term
        majorized (sum of (|i - m| + 1)*tanh(x_i)/x_i) + max(G_j, 0)*tanh(p_j/(2*h))/(2*p_j)         likewise; never below exact
        damped    the same without the factors |i - m| + 1

    The majorized curvature: each estimate's loss has the quadratic bound of SmoothQuantile. Estimate i is a sum of |i - m| + 1
    parts, and the square of a sum of n numbers is at most n times the sum of their squares; a part moves no more than its score
    does. What is linear in a part is G_j*sp(p_j), which lies above its tangent, as it must, where G_j is negative; where it
    is positive, log(1 + exp(u)) = u/2 + log(2*cosh(u/2)) has the quadratic bound of LogCosh. So the diagonal quadratic lies
    above the loss for any move of all the scores at once, as a round of trees makes it.

    The damped curvature is for moves that are not made in full: with k levels the factors are at most k/2 + 1, so that for
    learning rates up to the inverse of that it does what the majorized one does for 1. The boosters are given it unless
    curvature says otherwise: with the majorized one the outer levels are learnt that much more slowly, and the exact one is
    negative where a step is small and should grow.

    One width serves both: smoothed quantiles lie at least width/2*(logit(alpha_j) - logit(alpha_i)) apart, whatever the targets
    are. So a step is never far below the width, where softplus would be flat and the score beneath it out of reach.

    Parameters
    ----------
    alpha : tuple of two or more ascending floats in (0, 1)
        The levels.
    width : float in (0, inf), unit of y, or "auto": a tenth of the targets' median absolute deviation
        What kinks and steps are smoothed over: a small part of the distance between the quantiles.

    Equalities: SmoothQuantile of each estimate, summed. When not to use it: levels whose quantiles should be as without the
    others (MultiQuantile: here a level that is hard to learn pulls at all beyond it); very many levels.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Koenker and Bassett 1978, Regression quantiles, Econometrica 46, eq. 2.1, summed over levels; smoothed: Fernandes,
    Guerre, Horta 2021, Smoothing quantile regressions, Journal of Business & Economic Statistics 39, section 2; the bound: Hunter
    and Lange 2000, Quantile regression via an MM algorithm, Journal of Computational and Graphical Statistics 9, section 2 (for
    another smoothing); a sum of squares: Lange, Hunter, Yang 2000, Optimization transfer using surrogate objective functions,
    in the same volume, section 3.

    >>> NonCrossingQuantile(alpha=(0.25, 0.75)).inverse_link([[800.0, 1.0], [-800.0, 1.0]]).tolist()
    [[-799.0, 1.0], [1.0, 1.0]]
    """

    name = "non_crossing_quantile"
    link = "ascending"
    domain = REAL
    convex = False
    kinds = ("exact", "majorized", "damped")
    boosters_curvature = "damped"
    count = "alpha"
    rounded = ("alpha",)

    alpha: tuple[float, ...] = param((0.1, 0.5, 0.9), domain=Ascending(Interval(0, 1)))
    width: float = param(1.0, domain=POSITIVE, unit="y", typical=(0.25,), deviations=0.1)

    @staticmethod
    def _residuals(mp: Any, y: Any, f: Any, width: Any) -> list:
        steps = [width * (mp.log1p(mp.exp(p / width)) if p < 0 else p / width + mp.log1p(mp.exp(-p / width))) for p in f]
        m = len(f) // 2
        below = [-mp.fsum(steps[j:m]) for j in range(m)]
        above = [mp.fsum(steps[m + 1 : j + 1]) for j in range(m, len(f))]
        return [(f[m] + moved - y) / width for moved in below + above]

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, alpha: Any, width: Any) -> Any:
        x = NonCrossingQuantile._residuals(mp, y, f, width)
        grown = [mp.log1p(mp.exp(2 * v)) if v < 0 else 2 * v + mp.log1p(mp.exp(-2 * v)) for v in x]
        return width**2 * mp.fsum(g - 2 * a * v for g, a, v in zip(grown, alpha, x, strict=True))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, alpha: Any, width: Any) -> Any:
        return NonCrossingQuantile._bound(mp, y, f, alpha, width, [abs(i - len(f) // 2) + 1 for i in range(len(f))])

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, alpha: Any, width: Any) -> Any:
        return NonCrossingQuantile._bound(mp, y, f, alpha, width, [1] * len(f))

    @staticmethod
    def _bound(mp: Any, y: Any, f: Any, alpha: Any, width: Any, factors: list) -> Any:
        x = NonCrossingQuantile._residuals(mp, y, f, width)
        m = len(f) // 2
        pulls = [width * (mp.tanh(v) + 1 - 2 * a) for v, a in zip(x, alpha, strict=True)]
        bounds = [n * (mp.tanh(v) / v if v else mp.mpf(1)) for n, v in zip(factors, x, strict=True)]
        out = []
        for j, p in enumerate(f):
            moved = slice(None) if j == m else slice(j, None) if j > m else slice(j + 1)
            pull = 0 if j == m else mp.fsum(pulls[moved]) if j > m else -mp.fsum(pulls[moved])
            bend = mp.tanh(p / (2 * width)) / (2 * p) if p else 1 / (4 * width)
            out.append(mp.fsum(bounds[moved]) + (pull > 0) * pull * bend)
        return out

    @staticmethod
    def guess(y: np.ndarray, weight: np.ndarray, k: int, alpha: np.ndarray, width: float) -> np.ndarray:
        ones = [SmoothQuantile(alpha=level, width=width) for level in alpha.tolist()]
        best = np.array([one.start(y, weight)[0] for one in ones])
        gap = np.diff(best)
        # Equal levels have no step, which no score says: one at which the pull has fallen to 1/n.
        none = gap <= 4 * np.finfo(float).eps * np.abs(best[1:])
        u = np.where(none, 1.0, gap) / width
        steps = np.where(none, -width * np.log(2.0 * max(y.size, 2)), width * (u + np.log(-np.expm1(-u))))
        if none.any():
            warnings.warn(
                "NonCrossingQuantile: no finite start minimises the loss: some levels have the same quantile; it is bounded"
                " instead",
                UserWarning,
                stacklevel=5,
            )
        m = k // 2
        return np.concatenate([steps[:m], best[m : m + 1], steps[m:]])

    @staticmethod
    def block(y, f, alpha, width, loss, grad, hess, kind):  # type: ignore[no-untyped-def]
        k, n = f.shape
        m = k // 2
        middle, d = np.empty(n), np.empty(n)
        for b in range(np.uintp(n)):
            middle[b] = f[np.uintp(m), b] - y[b]  # rounded once, and for all alike
        loss[:] = 0.0
        # The middle, the levels above it outwards, then those below.
        for i in range(k):
            j = np.uintp(m + i if i < k - m else k - 1 - i)
            away = abs(np.intp(j) - m)
            side = 1.0 if i < k - m else -1.0
            for b in range(np.uintp(n)):
                before = middle[b] if away < 2 else d[b]
                d[b] = before + side * (width * softplus(f[j, b] / width)) if away > 0 else before
            factor = away + 1.0 if kind == 1 else 1.0
            for b in range(np.uintp(n)):
                part, grad[j, b], exact, bound = _smooth(d[b], width, alpha[j])
                hess[j, b] = exact if kind == 0 else factor * bound
                loss[b] += part
        if kind == LOSS:
            return
        # From the outermost levels inwards: each sum is complete where its own score is at hand.
        for side in (-1.0, 1.0):
            pull, bend = np.zeros(n), np.zeros(n)
            for i in range(m if side < 0.0 else k - 1 - m):
                j = np.uintp(i if side < 0.0 else k - 1 - i)
                for b in range(np.uintp(n)):
                    pull[b] += grad[j, b]
                    bend[b] += hess[j, b]
                    grad[j, b], hess[j, b] = _step(f[j, b] / width, side * pull[b], bend[b], width, kind)
            for b in range(np.uintp(n)):
                grad[np.uintp(m), b] += pull[b]
                hess[np.uintp(m), b] += bend[b]
