"""Several quantiles or expectiles of real targets at once: one raw score for each level."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..domain import REAL, UNIT, Ascending, param
from ..elementary import exp, softplus
from ..objective import Pointwise, Rowwise
from ..registry import register
from .regression import Quantile

__all__ = ["MultiExpectile", "MultiQuantile"]

_GAP = 1e-6  # XGBoost's


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
    curvature says otherwise both boosters are given what XGBoost uses since 3.4, for each level as described in Quantile.

    Parameters
    ----------
    alpha : tuple of two or more ascending floats in [0, 1]
        The levels.

    Equalities: each column is Quantile of its level; XGBoost's reg:quantileerror(quantile_alpha=alpha), by default
    since 3.4, whose predictions XGBoost puts in ascending order; before 3.4 that is curvature="native". When not to use
    it: quantiles that must not cross (nothing here keeps them in order).

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
    boosters_curvature = "borrowed"
    learns_as = "reg:quantileerror"
    count = "alpha"

    alpha: tuple[float, ...] = param((0.1, 0.5, 0.9), domain=Ascending(UNIT), typical=((0.25, 0.75),))

    def apart(self, y: np.ndarray, k: int) -> list[tuple[Pointwise, np.ndarray]]:
        return [(Quantile(alpha=level), y) for level in self.alpha]

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, alpha: Any) -> Any:
        return mp.fsum(max(a * (y - v), (1 - a) * (v - y)) for a, v in zip(alpha, f, strict=True))

    @staticmethod
    def kinks(y: Any, f: Any, alpha: Any) -> Any:
        return f - y

    @staticmethod
    def row(y, f, alpha, grad, hess, kind):  # type: ignore[no-untyped-def]
        loss = 0.0
        for j in range(f.size):
            d = f[j] - y
            grad[j] = 1.0 - alpha[j] if d >= 0.0 else -alpha[j]
            hess[j] = 0.0
            loss += grad[j] * d
        return loss


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
            total += (1 - a if estimate >= y else a) * (estimate - y) ** 2 / 2
        return total

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, alpha: Any) -> Any:
        estimate, weights = f[0], []
        for j, a in enumerate(alpha):
            if j:
                estimate = estimate + mp.mpf(1e-6) + (mp.log1p(mp.exp(f[j])) if f[j] < 0 else f[j] + mp.log1p(mp.exp(-f[j])))
            weights.append(1 - a if estimate >= y else a)
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
    def row(y, f, alpha, grad, hess, kind):  # type: ignore[no-untyped-def]
        k = f.size
        loss = 0.0
        estimate = f[0]
        for j in range(k):
            if j > 0:
                estimate += _GAP + softplus(f[j])
            d = estimate - y
            v = 1.0 - alpha[j] if d >= 0.0 else alpha[j]
            grad[j] = v * d
            hess[j] = v
            loss += 0.5 * grad[j] * d
        for j in range(k - 2, -1, -1):
            grad[j] += grad[j + 1]
            hess[j] += hess[j + 1]
        for j in range(1, k):
            e = exp(-abs(f[j]))
            tail = e / (1.0 + e)
            slope = 1.0 / (1.0 + e) if f[j] >= 0.0 else tail
            rest = tail if f[j] >= 0.0 else 1.0 / (1.0 + e)
            bend = rest * grad[j] if kind == 0 else 0.0
            hess[j] = slope * (slope * hess[j] + bend)
            grad[j] *= slope
        return loss
