"""Targets that are one of k classes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..domain import NON_NEGATIVE, POSITIVE, Interval, Optional, param
from ..elementary import exp, expm1, log1p, softplus
from ..objective import Pointwise, Rowwise
from ..registry import register
from .classification import LogLoss

__all__ = ["OneVsAll", "Softmax"]


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Softmax(Rowwise):
    """Multiclass cross-entropy of a softmax.

    Target: the index of a class, 0 to k - 1. Raw scores: k log probabilities up to a common constant. Estimates: the
    probabilities of the classes.

    With p = exp(f)/sum(exp(f)):

        loss      log(sum(exp(f))) - f[y]
        gradient  p - [class is y]
        exact     p*(1 - p)                            the diagonal of the Hessian
        majorized 1/2

    The majorized curvature: the Hessian diag(p) - p*p' has no eigenvalue above 1/2, so that 1/2 times the squared length
    of a step bounds the loss however the k trees move together (Boehning 1992).

    Parameters
    ----------
    num_class : int in [2, 2**31] or None
        The number of classes; None takes it from the scores, and for `start` from the targets.

    Equalities: XGBoost's multi:softprob and multi:softmax use 2*p*(1 - p) and LightGBM's multiclass k/(k - 1)*p*(1 - p)
    as Hessian: those are curvature="native", the default in the boosters' door. With two classes it is LogLoss of the
    difference of the scores. When not to use it: ordered classes; several labels per row.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., section 10.6, eq. 10.22; the
    bound: Boehning 1992, Multinomial logistic regression algorithm, Annals of the Institute of Statistical Mathematics
    44, theorem 5.

    >>> grad, hess = Softmax().grad_hess([1], [[0.0, 0.0]])
    >>> grad.tolist(), hess.tolist()
    ([[0.5, -0.5]], [[0.25, 0.25]])
    """

    name = "softmax"
    link = "softmax"
    domain = Interval(0, 2**31, "low", integer=True)
    kinds = ("exact", "majorized")
    shift_free = True

    num_class: int | None = param(
        None, domain=Optional(Interval(2, 2**31, "both", integer=True)), typical=(4,), kernel=False
    )

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        return mp.log(mp.fsum(mp.exp(v) for v in f)) - f[int(y)]

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any) -> Any:
        return [mp.mpf(1) / 2 for _ in f]

    @staticmethod
    def guess(y: np.ndarray, weight: np.ndarray, k: int) -> np.ndarray:
        count = np.bincount(y.astype(np.int64), weights=weight, minlength=k)
        return np.array([math.log(max(c, 0.5 / max(y.size, k))) for c in count])

    @staticmethod
    def row(y, f, grad, hess, kind):  # type: ignore[no-untyped-def]
        k = f.size
        label = int(y)
        best = 0
        for j in range(1, k):
            best = j if f[j] > f[best] else best
        top = f[best]
        rest = 0.0  # the sum without its largest term, 1: what 1 - p is made of where p is near 1
        for j in range(k):
            grad[j] = exp(f[j] - top)
            rest += 0.0 if j == best else grad[j]
        total = 1.0 + rest
        for j in range(k):
            p = grad[j] / total
            other = (rest if j == best else total - grad[j]) / total
            hess[j] = p * other if kind == 0 else 0.5
            grad[j] = -other if j == label else p
        return log1p(rest) + (top - f[label])


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class OneVsAll(Rowwise):
    """Binary log loss of each class against all others.

    Target: the index of a class, 0 to k - 1. Raw scores: k log odds, divided by `sigmoid`. Estimates: for each class the
    probability that the row is of it; they need not add up to 1.

    With s = `sigmoid`, p_j = 1/(1 + exp(-s*f_j)), t_j = [class is j] and c_j = `scale_pos_weight` where t_j = 1, else 1:

        loss      sum over j of c_j * (log(1 + exp(s*f_j)) - t_j*s*f_j)
        gradient  c_j * s * (p_j - t_j)
        exact     c_j * s**2 * p_j * (1 - p_j)
        majorized c_j * s**2 * tanh(s*f_j/2) / (2*s*f_j)     the tightest quadratic that touches at f_j and at -f_j

    The classes do not meet in the loss, so that the bound of LogLoss bounds it too.

    Parameters
    ----------
    sigmoid : float in (0, inf), unit 1/raw score
        Slope of the logistic curves; LightGBM's parameter of that name.
    scale_pos_weight : float in [0, inf)
        Multiplies what the score of a row's own class adds to the loss, as in LightGBM.
    num_class : int in [2, 2**31] or None
        The number of classes; None takes it from the scores, and for `start` from the targets.

    Equalities: each column is LogLoss of its class; LightGBM's multiclassova is curvature="native", the default in the
    boosters' door. When not to use it: classes that exclude each other, of which probabilities are wanted (Softmax).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Rifkin and Klautau 2004, In defense of one-vs-all classification, Journal of Machine Learning Research 5,
    section 2; the loss: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., section 4.4.1.

    >>> grad, hess = OneVsAll().grad_hess([1], [[0.0, 0.0]])
    >>> grad.tolist(), hess.tolist()
    ([[0.5, -0.5]], [[0.25, 0.25]])
    """

    name = "one_vs_all"
    link = "one_vs_all"
    domain = Interval(0, 2**31, "low", integer=True)
    kinds = ("exact", "majorized")
    link_slope = "sigmoid"

    sigmoid: float = param(1.0, domain=POSITIVE, unit="1/raw", typical=(1.7,))
    scale_pos_weight: float = param(1.0, domain=NON_NEGATIVE, typical=(2.5,))
    num_class: int | None = param(
        None, domain=Optional(Interval(2, 2**31, "both", integer=True)), typical=(4,), kernel=False
    )

    def apart(self, y: np.ndarray, k: int) -> list[tuple[Pointwise, np.ndarray]]:
        one = LogLoss(sigmoid=self.sigmoid, scale_pos_weight=self.scale_pos_weight)
        return [(one, (y == j).astype(np.float64)) for j in range(k)]

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, sigmoid: Any, scale_pos_weight: Any) -> Any:
        own = scale_pos_weight * mp.log(1 + mp.exp(-sigmoid * f[int(y)]))
        return own + mp.fsum(mp.log(1 + mp.exp(sigmoid * v)) for j, v in enumerate(f) if j != y)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, sigmoid: Any, scale_pos_weight: Any) -> Any:
        factors = [scale_pos_weight if j == y else 1 for j in range(len(f))]
        bounds = [mp.tanh(sigmoid * v / 2) / (2 * sigmoid * v) if v else mp.mpf(1) / 4 for v in f]
        return [c * sigmoid**2 * bound for c, bound in zip(factors, bounds, strict=True)]

    @staticmethod
    def row(y, f, sigmoid, scale_pos_weight, grad, hess, kind):  # type: ignore[no-untyped-def]
        label = int(y)
        loss = 0.0
        for j in range(f.size):
            c = scale_pos_weight if j == label else 1.0
            x = -sigmoid * f[j] if j == label else sigmoid * f[j]  # the loss is softplus(x)
            a = abs(x)
            e = exp(-a)
            tail = e / (1.0 + e)
            miss = 1.0 / (1.0 + e) if x >= 0.0 else tail
            m = expm1(-a)
            majorized = -0.5 * m / (2.0 + m) / a if a > 1e-8 else 0.25
            hess[j] = c * sigmoid * sigmoid * (tail / (1.0 + e) if kind == 0 else majorized)
            grad[j] = c * (-sigmoid if j == label else sigmoid) * miss
            loss += c * softplus(x)
        return loss
