"""Targets that are one of k classes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..domain import Interval, Optional, param
from ..elementary import exp, log1p
from ..objective import Rowwise
from ..registry import register


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
