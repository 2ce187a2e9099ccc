"""Targets that are one of k classes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..domain import NON_NEGATIVE, POSITIVE, Interval, Optional, Several, first_bad, param
from ..elementary import exp, expm1, kernel, log1p, where
from ..loops import LOSS
from ..objective import Pointwise, Rowwise
from ..registry import register
from .classification import LogLoss

__all__ = ["BrierSoftmax", "FocalSoftmax", "MultiLabel", "OneVsAll", "Softmax", "SphericalSoftmax"]

_COUNT = Interval(2, 2**31, "both", integer=True)
_LARGEST = float(np.finfo(float).max)


def _shares(y: np.ndarray, weight: np.ndarray, k: int, class_weight: np.ndarray | None) -> np.ndarray:
    """What the rows of each class weigh."""
    count = np.bincount(y.astype(np.int64), weights=weight, minlength=k)
    return count if class_weight is None else count * class_weight


def _logarithms(y: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.array([math.log(max(c, 0.5 / max(y.size, share.size))) for c in share])


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Softmax(Rowwise):
    """Multiclass cross-entropy of a softmax.

    Target: the index of a class, 0 to k - 1. Raw scores: k log probabilities up to a common constant. Estimates: the
    probabilities of the classes, as the weights of the classes and `label_smoothing` move them.

    With p = exp(f)/sum(exp(f)), the smoothed target t = (1 - `label_smoothing`)*[class is y] + `label_smoothing`/k, and the
    `class_weight` c of class y:

        loss      c * (log(sum(exp(f))) - sum(t*f))
        gradient  c * (p - t)
        exact     c * p*(1 - p)                        the diagonal of the Hessian
        majorized c / 2
        damped    c * |p - t|

    The majorized curvature: the Hessian diag(p) - p*p' has no eigenvalue above 1/2, so that 1/2 times the squared length
    of a step bounds the loss however the k trees move together (Boehning 1992); the targets are not part of it.

    The damped curvature is what XGBoost is about to use: no bound, but no step -gradient/damped is longer than 1. Where the
    probabilities are right its mean over the targets is 2*p*(1 - p), XGBoost's own. At p = t it is 0, as the gradient is;
    without smoothing no finite score is there. With class weights or smoothing it is the default in the boosters' door.

    Parameters
    ----------
    class_weight : tuple of k floats in [0, inf), or None
        Multiplies the rows of each class, as a weight does. (PyTorch weights each term of a smoothed target.)
    label_smoothing : float in [0, 1)
        How much of a target is spread evenly over all k classes: no score then pays for growing without end.
    num_class : int in [2, 2**31] or None
        The number of classes; None takes it from the scores, and for `start` from the targets.

    Equalities: XGBoost's multi:softprob and multi:softmax use 2*p*(1 - p) and LightGBM's multiclass k/(k - 1)*p*(1 - p)
    as Hessian: those are curvature="native", the default in the boosters' door. With two classes it is LogLoss of the
    difference of the scores. When not to use it: ordered classes (OrdinalLogit); several labels per row (MultiLabel).

    Raises: ValueError for a parameter, target, score or weight outside its set, or as many class weights as there are not
    scores.

    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., section 10.6, eq. 10.22; the
    bound: Boehning 1992, Multinomial logistic regression algorithm, Annals of the Institute of Statistical Mathematics
    44, theorem 5; smoothing: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016, Rethinking the Inception architecture for
    computer vision, section 7, u(k) = 1/K.

    >>> grad, hess = Softmax().grad_hess([1], [[0.0, 0.0]])
    >>> grad.tolist(), hess.tolist()
    ([[0.5, -0.5]], [[0.25, 0.25]])
    """

    name = "softmax"
    link = "softmax"
    domain = Interval(0, 2**31, "low", integer=True)
    kinds = ("exact", "majorized", "damped")
    fallback = "damped"
    shift_free = True
    weighted_by = "class_weight"

    class_weight: tuple[float, ...] | None = param(None, domain=Optional(Several(NON_NEGATIVE)), typical=((0.5, 2.0, 1.0, 3.0),))
    label_smoothing: float = param(0.0, domain=Interval(0, 1, "low"), typical=(0.1,))
    num_class: int | None = param(None, domain=Optional(_COUNT), typical=(4,), kernel=False)

    def lacking(self, share: np.ndarray) -> np.ndarray:
        return (share == 0) & (self.label_smoothing == 0.0)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, class_weight: Any, label_smoothing: Any) -> Any:
        k, c = len(f), class_weight[int(y)] if class_weight else 1
        p = [mp.exp(v) / mp.fsum(mp.exp(u) for u in f) for v in f]
        t = [(1 - label_smoothing) * (j == y) + label_smoothing / k for j in range(k)]
        return -c * mp.fsum(u * mp.log(v) for u, v in zip(t, p, strict=True) if u)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, class_weight: Any, label_smoothing: Any) -> Any:
        return [mp.mpf(class_weight[int(y)] if class_weight else 1) / 2 for _ in f]

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, class_weight: Any, label_smoothing: Any) -> Any:
        k, c = len(f), class_weight[int(y)] if class_weight else 1
        total = mp.fsum(mp.exp(v) for v in f)
        t = [(1 - label_smoothing) * (j == y) + label_smoothing / k for j in range(k)]
        return [c * abs(mp.exp(v) / total - u) for u, v in zip(t, f, strict=True)]

    @staticmethod
    def guess(y: np.ndarray, weight: np.ndarray, k: int, class_weight: Any, label_smoothing: float) -> np.ndarray:
        share = _shares(y, weight, k, class_weight)
        if label_smoothing:
            share = (1 - label_smoothing) * share + label_smoothing / k * share.sum()
        return _logarithms(y, share)

    @staticmethod
    def block(y, f, class_weight, label_smoothing, loss, grad, hess, kind):  # type: ignore[no-untyped-def]
        k, n = f.shape
        spread = label_smoothing / k
        moved = label_smoothing - spread  # away from the label
        top, best, own = _largest(f, y, False)
        rest = np.zeros(n)
        for j in range(np.uintp(k)):
            for b in range(np.uintp(n)):
                grad[j, b] = exp(f[j, b] - top[b])
                # The sum without its largest term, 1: what 1 - p is made of where p is near 1.
                rest[b] += where(best[b] == j, 0.0, grad[j, b])
        c = _weights_of(class_weight, y)
        if kind == LOSS:
            for b in range(np.uintp(n)):
                loss[b] = log1p(rest[b]) + (1.0 - moved) * (top[b] - own[b])
            if label_smoothing > 0.0:
                for j in range(np.uintp(k)):
                    for b in range(np.uintp(n)):
                        loss[b] += where(y[b] == j, 0.0, spread * (top[b] - f[j, b]))
            for b in range(np.uintp(n)):
                loss[b] *= c[b]
            return
        unit = np.empty(n)
        for b in range(np.uintp(n)):
            unit[b] = 1.0 / (1.0 + rest[b])
        for j in range(np.uintp(k)):
            for b in range(np.uintp(n)):
                p = grad[j, b] * unit[b]
                other = where(best[b] == j, rest[b], 1.0 + rest[b] - grad[j, b]) * unit[b]
                g = where(y[b] == j, -(other - moved), p - spread)
                h = p * other if kind == 0 else 0.5 if kind == 1 else abs(g)
                grad[j, b] = c[b] * g
                hess[j, b] = c[b] * h


@kernel
def _weights_of(class_weight, y):  # type: ignore[no-untyped-def]
    """The weight of the class of each row."""
    c = np.ones(y.size)
    if class_weight is not None:
        for b in range(np.uintp(y.size)):
            c[b] = class_weight[np.uintp(y[b])]
    return c


@kernel
def _largest(f, y, others):  # type: ignore[no-untyped-def]
    """The largest score of each row and whose it is, of the classes that are not y if `others`; and the score of y."""
    k, n = f.shape
    top, best, own = np.full(n, -np.inf), np.zeros(n), np.empty(n)
    for j in range(np.uintp(k)):
        for b in range(np.uintp(n)):
            is_label = y[b] == j
            more = (f[j, b] > top[b]) & ((not is_label) | (not others))
            top[b] = where(more, f[j, b], top[b])
            best[b] = where(more, np.float64(j), best[b])
            own[b] = where(is_label, f[j, b], own[b])
    return top, best, own


@kernel
def _against_the_others(f, y, slope, share):  # type: ignore[no-untyped-def]
    """The log odds z that the class is another than the label, under a softmax of slope*f, and which other is the likeliest.

    `share` is filled with the probabilities of the others in units of the likeliest one's, and 0 for the label; the last numbers
    are the sums of them without the likeliest.
    """
    k, n = f.shape
    top, best, own = _largest(f, y, True)
    rest, z = np.zeros(n), np.empty(n)
    for j in range(np.uintp(k)):
        for b in range(np.uintp(n)):
            share[j, b] = where(y[b] == j, 0.0, exp(slope * (f[j, b] - top[b])))
            rest[b] += where(best[b] == j, 0.0, share[j, b])
    for b in range(np.uintp(n)):
        z[b] = min(max(slope * (top[b] - own[b]) + log1p(rest[b]), -_LARGEST), _LARGEST)
    return z, best, rest


def _probabilities(mp: Any, f: Any, slope: int = 1) -> list:
    total = mp.fsum(mp.exp(slope * v) for v in f)
    return [mp.exp(slope * v) / total for v in f]


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class FocalSoftmax(Rowwise):
    """Focal loss of a softmax: cross-entropy that looks away from the rows it is sure of.

    Target: the index of a class, 0 to k - 1. Raw scores: k scores, of which a softmax is made; only their differences count.
    Estimates: classes, by the largest score. The softmax of the scores is less sure than the data are, for `gamma` above 0.

    With p = exp(f)/sum(exp(f)), of the label p_y and q = 1 - p_y, L = -log(p_y), the `class_weight` c of class y, g = `gamma`,
    and for the other classes their shares r_j = p_j/q:

        loss      c * q**g * L
        gradient  c * d1 * r_j          -c * d1 for the label       d1 = q**g * (q + g*p_y*L)
        exact     c * (d2*r_j**2 + d1*r_j*(1 - r_j))      c * d2    d2 = q**g * p_y * ((2*g + 1)*q + g*L*(g*p_y - q))
        damped    |gradient|

    (d1 and d2 are the derivatives with respect to the log odds against the label.) The loss is not convex: d2 is negative
    for labels that have been missed by far. The damped curvature is no bound, but no step -gradient/damped is longer than 1; it
    is XGBoost's coming rule for softmax, |p - y|, carried over. The boosters' door uses it unless told otherwise.

    Parameters
    ----------
    gamma : float in [0, inf)
        How fast rows that are predicted well lose their say.
    class_weight : tuple of k floats in [0, inf), or None
        Multiplies the rows of each class (the alpha_t of the source).
    num_class : int in [2, 2**31] or None
        The number of classes; None takes it from the scores, and for `start` from the targets.

    Equalities: with gamma=0 Softmax with the same class weights. When not to use it: probabilities are wanted (Softmax; the
    focal loss is not proper, so calibrate); labels with many mistakes, which are what it looks at.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Lin, Goyal, Girshick, He and Dollar 2017, Focal loss for dense object detection, eq. 5, with a softmax for p_t.

    >>> grad, hess = FocalSoftmax().grad_hess([1], [[0.0, 0.0]])
    >>> grad.round(3).tolist(), hess.round(3).tolist()
    ([[0.298, -0.298]], [[0.399, 0.399]])
    """

    name = "focal_softmax"
    link = "softmax"
    domain = Interval(0, 2**31, "low", integer=True)
    convex = False
    kinds = ("exact", "damped")
    boosters_curvature = "damped"
    shift_free = True
    weighted_by = "class_weight"

    gamma: float = param(2.0, domain=NON_NEGATIVE, typical=(0.5,))
    class_weight: tuple[float, ...] | None = param(None, domain=Optional(Several(NON_NEGATIVE)), typical=((0.5, 2.0, 1.0, 3.0),))
    num_class: int | None = param(None, domain=Optional(_COUNT), kernel=False)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, gamma: Any, class_weight: Any) -> Any:
        p = _probabilities(mp, f)
        others = mp.fsum(v for j, v in enumerate(p) if j != y)
        return -(class_weight[int(y)] if class_weight else 1) * others**gamma * mp.log(p[int(y)])

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, gamma: Any, class_weight: Any) -> Any:
        p = _probabilities(mp, f)
        own, c = p[int(y)], class_weight[int(y)] if class_weight else 1
        others = mp.fsum(v for j, v in enumerate(p) if j != y)
        slope = c * others**gamma * (others - gamma * own * mp.log(own))
        return [slope if j == y else slope * v / others for j, v in enumerate(p)]

    @staticmethod
    def guess(y: np.ndarray, weight: np.ndarray, k: int, gamma: float, class_weight: Any) -> np.ndarray:
        return _logarithms(y, _shares(y, weight, k, class_weight))

    @staticmethod
    def block(y, f, gamma, class_weight, loss, grad, hess, kind):  # type: ignore[no-untyped-def]
        k, n = f.shape
        z, best, rest = _against_the_others(f, y, 1.0, grad)
        c = _weights_of(class_weight, y)
        first, second, unit = np.empty(n), np.empty(n), np.empty(n)
        for b in range(np.uintp(n)):
            e = exp(-abs(z[b]))
            q = where(z[b] >= 0.0, 1.0, e) / (1.0 + e)
            p = where(z[b] >= 0.0, e, 1.0) / (1.0 + e)
            logarithm = log1p(e)
            missed = max(z[b], 0.0) + logarithm
            factor = c[b] * exp(gamma * (min(z[b], 0.0) - logarithm))
            loss[b] = factor * missed
            first[b] = factor * (q + gamma * p * missed)
            second[b] = factor * p * ((2.0 * gamma + 1.0) * q + gamma * missed * (gamma * p - q))
            unit[b] = 1.0 / (1.0 + rest[b])
        if kind == LOSS:
            return
        for j in range(np.uintp(k)):
            for b in range(np.uintp(n)):
                r = grad[j, b] * unit[b]
                other = where(best[b] == j, rest[b], 1.0 + rest[b] - grad[j, b]) * unit[b]
                g = where(y[b] == j, -first[b], first[b] * r)
                exact = where(y[b] == j, second[b], r * (second[b] * r + first[b] * other))
                grad[j, b] = g
                hess[j, b] = exact if kind == 0 else abs(g)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class BrierSoftmax(Rowwise):
    """Multiclass Brier score: squared error of the probabilities of a softmax.

    Target: the index of a class, 0 to k - 1. Raw scores: k log probabilities up to a common constant. Estimates: the
    probabilities of the classes.

    With p = exp(f)/sum(exp(f)), t = [class is y], a_j = p_j - t_j - sum over i of p_i*(p_i - t_i):

        loss      sum over j of (p_j - t_j)**2                                     between 0 and 2
        gradient  2*p_j*a_j
        exact     2*p_j**2*((1 - p_j)**2 + sum over i != j of p_i**2) + (1 - 2*p_j)*gradient
        damped    |gradient|

    The loss is not convex: it is flat where a label has been missed by far, and bends the other way before. The damped
    curvature is no bound, but no step -gradient/damped is longer than 1, and far from the label none is much shorter: the
    first term of the exact one, that of Gauss and Newton, has steps of 1/p_y there. The boosters' door uses "damped" unless told
    otherwise.

    Parameters
    ----------
    num_class : int in [2, 2**31] or None
        The number of classes; None takes it from the scores, and for `start` from the targets.

    Equalities: minus the quadratic score; the start is Softmax's, since the score is proper. With two classes it is twice
    the squared error of the probability. When not to use it: rare classes (their probabilities weigh little in it).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Brier 1950, Verification of forecasts expressed in terms of probability; Gneiting and Raftery 2007,
    Strictly proper scoring rules, prediction, and estimation, section 3.1, example 1.

    >>> grad, hess = BrierSoftmax().grad_hess([1], [[0.0, 0.0]])
    >>> grad.tolist(), hess.tolist()
    ([[0.5, -0.5]], [[0.25, 0.25]])
    """

    name = "brier_softmax"
    link = "softmax"
    domain = Interval(0, 2**31, "low", integer=True)
    convex = False
    kinds = ("exact", "damped")
    boosters_curvature = "damped"
    shift_free = True

    num_class: int | None = param(None, domain=Optional(_COUNT), kernel=False)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        p = _probabilities(mp, f)
        own = mp.fsum(v for j, v in enumerate(p) if j != y)  # what p_y lacks to 1
        return own**2 + mp.fsum(v**2 for j, v in enumerate(p) if j != y)

    @staticmethod
    def damper(mp: Any, y: Any, f: Any) -> Any:
        p = _probabilities(mp, f)
        missed = [v - (j == y) for j, v in enumerate(p)]
        mean = mp.fsum(u * v for u, v in zip(p, missed, strict=True))
        return [abs(2 * u * (v - mean)) for u, v in zip(p, missed, strict=True)]

    @staticmethod
    def guess(y: np.ndarray, weight: np.ndarray, k: int) -> np.ndarray:
        return _logarithms(y, _shares(y, weight, k, None))

    @staticmethod
    def block(y, f, loss, grad, hess, kind):  # type: ignore[no-untyped-def]
        k, n = f.shape
        top, best, label = _largest(f, y, False)
        rest = np.zeros(n)
        for j in range(np.uintp(k)):
            for b in range(np.uintp(n)):
                grad[j, b] = exp(f[j, b] - top[b])
                rest[b] += where(best[b] == j, 0.0, grad[j, b])
                label[b] = where(y[b] == j, grad[j, b], label[b])
        unit = np.empty(n)
        for b in range(np.uintp(n)):
            unit[b] = 1.0 / (1.0 + rest[b])
        # Sums over the classes that are not the label, and apart from them the term of the most probable one.
        squares, mixed = np.zeros(n), np.zeros(n)
        for j in range(np.uintp(k)):
            for b in range(np.uintp(n)):
                p = grad[j, b] * unit[b]
                counts = (y[b] != j) & (best[b] != j)
                squares[b] += where(counts, p * p, 0.0)
                # The sum of p*(p_y - p) is p_y*(1 - p_y) - squares.
                mixed[b] += where(counts, p * ((label[b] - grad[j, b]) * unit[b]), 0.0)
        lacking, every_square, every_mixed, high = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
        for b in range(np.uintp(n)):
            lacking[b] = where(y[b] == best[b], rest[b], 1.0 + rest[b] - label[b]) * unit[b]
            high[b] = where(y[b] == best[b], 0.0, unit[b])
            every_square[b] = squares[b] + high[b] * high[b]
            every_mixed[b] = mixed[b] + high[b] * ((label[b] - 1.0) * unit[b])
            loss[b] = lacking[b] * lacking[b] + every_square[b]
        if kind == LOSS:
            return
        for j in range(np.uintp(k)):
            for b in range(np.uintp(n)):
                p = grad[j, b] * unit[b]
                own = label[b] * unit[b]
                is_best, is_label = best[b] == j, y[b] == j
                other = where(is_best, rest[b], 1.0 + rest[b] - grad[j, b]) * unit[b]
                short = rest[b] * unit[b]  # what the most probable class lacks to 1
                a = where(is_best, mixed[b] + high[b] * (own + short), p + every_mixed[b])
                a = where(is_label, -loss[b], a)
                rivals = own * own + where(is_best, squares[b], every_square[b] - p * p)
                exact = 2.0 * p * (p * (other * other + rivals) + (other - p) * a)
                exact = where(is_label, -2.0 * p * a * (2.0 * p - other), exact)
                grad[j, b] = 2.0 * p * a
                hess[j, b] = exact if kind == 0 else abs(2.0 * p * a)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class SphericalSoftmax(Rowwise):
    """Multiclass spherical score: the cosine between the probabilities of a softmax and the label.

    Target: the index of a class, 0 to k - 1. Raw scores: k log probabilities up to a common constant. Estimates: the
    probabilities of the classes.

    With p = exp(f)/sum(exp(f)), s = p_y/sqrt(sum(p**2)) and P = exp(2*f)/sum(exp(2*f)), of which P_y = s**2:

        loss      1 - s                                between 0 and 1
        gradient  s*P_j            -s*(1 - P_y) for the label
        exact     s*P_j*(2 - 3*P_j)     s*(1 - P_y)*(3*P_y - 1)
        damped    |gradient|

    The loss is not convex: it is flat where a label has been missed by far, and bends the other way before. The damped
    curvature is no bound, but no step -gradient/damped is longer than 1. The boosters' door uses it unless told otherwise.

    Parameters
    ----------
    num_class : int in [2, 2**31] or None
        The number of classes; None takes it from the scores, and for `start` from the targets.

    Equalities: 1 minus the spherical score; the start is Softmax's, since the score is proper. When not to use it: a confident
    miss must cost (Softmax).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Gneiting and Raftery 2007, Strictly proper scoring rules, prediction, and estimation, section 3.1, example 2, with
    alpha = 2.

    >>> grad, hess = SphericalSoftmax().grad_hess([1], [[0.0, 0.0]])
    >>> grad.round(4).tolist(), hess.round(4).tolist()
    ([[0.3536, -0.3536]], [[0.1768, 0.1768]])
    """

    name = "spherical_softmax"
    link = "softmax"
    domain = Interval(0, 2**31, "low", integer=True)
    convex = False
    kinds = ("exact", "damped")
    boosters_curvature = "damped"
    shift_free = True

    num_class: int | None = param(None, domain=Optional(_COUNT), kernel=False)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        p = _probabilities(mp, f)
        square = mp.fsum(v**2 for v in p)
        others = mp.fsum(v**2 for j, v in enumerate(p) if j != y)
        # 1 - s = (1 - s**2)/(1 + s), which keeps its digits where s is near 1.
        return others / square / (1 + p[int(y)] / mp.sqrt(square))

    @staticmethod
    def damper(mp: Any, y: Any, f: Any) -> Any:
        p, square = _probabilities(mp, f), _probabilities(mp, f, 2)
        s = p[int(y)] / mp.sqrt(mp.fsum(v**2 for v in p))
        return [s * (mp.fsum(square) - v if j == y else v) for j, v in enumerate(square)]

    @staticmethod
    def guess(y: np.ndarray, weight: np.ndarray, k: int) -> np.ndarray:
        return _logarithms(y, _shares(y, weight, k, None))

    @staticmethod
    def block(y, f, loss, grad, hess, kind):  # type: ignore[no-untyped-def]
        k, n = f.shape
        z, _, rest = _against_the_others(f, y, 2.0, grad)
        slope, beside, bend, unit = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
        for b in range(np.uintp(n)):
            # The root of P_y, as itself: of what is far away P_y has no digits left, or is 0.
            half = exp(-0.5 * abs(z[b]))
            e = half * half
            s = where(z[b] >= 0.0, half, 1.0) / math.sqrt(1.0 + e)
            beside[b] = where(z[b] >= 0.0, 1.0, e) / (1.0 + e)
            own = where(z[b] >= 0.0, e, 1.0) / (1.0 + e)
            loss[b] = beside[b] / (1.0 + s)
            slope[b] = s
            bend[b] = s * beside[b] * (2.0 * own - beside[b])
            unit[b] = beside[b] / (1.0 + rest[b])
        if kind == LOSS:
            return
        for j in range(np.uintp(k)):
            for b in range(np.uintp(n)):
                p = grad[j, b] * unit[b]
                g = slope[b] * where(y[b] == j, -beside[b], p)
                exact = where(y[b] == j, bend[b], g * (2.0 - 3.0 * p))
                grad[j, b] = g
                hess[j, b] = exact if kind == 0 else abs(g)


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
    num_class: int | None = param(None, domain=Optional(_COUNT), typical=(4,), kernel=False)

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
    def block(y, f, sigmoid, scale_pos_weight, loss, grad, hess, kind):  # type: ignore[no-untyped-def]
        k, n = f.shape
        loss[:] = 0.0
        for j in range(np.uintp(k)):
            for b in range(np.uintp(n)):
                is_label = y[b] == j
                c = where(is_label, scale_pos_weight, 1.0)
                slope = where(is_label, -sigmoid, sigmoid)
                value, miss, bend = _binary(slope * f[j, b], kind)
                if kind == LOSS:
                    loss[b] += c * value
                else:
                    grad[j, b] = c * slope * miss
                    hess[j, b] = c * sigmoid * sigmoid * bend


@kernel
def _binary(x, kind):  # type: ignore[no-untyped-def]
    """softplus(x), its derivative, and of the curvatures of LogLoss that of this kind: what is not used is left out."""
    a = abs(x)
    e = exp(-a)
    large = 1.0 / (1.0 + e)
    small = e * large
    m = expm1(-a)
    majorized = where(a > 1e-8, -0.5 * m / (2.0 + m) / max(a, 1e-8), 0.25)
    return max(x, 0.0) + log1p(e), where(x >= 0.0, large, small), small * large if kind == 0 else majorized


_MOST_LABELS = 24
"""A float32 holds every integer of so many bits, and XGBoost and LightGBM hold labels as float32."""


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class MultiLabel(Rowwise):
    """Binary log loss of each of k labels, which do not exclude each other.

    Target: a set of labels as one number, the sum of 2**j over the labels j that a row has; `encoded` makes such numbers of a
    matrix of 0 and 1, and `decoded` the matrix of them. Raw scores: k log odds. Estimates: for each label the probability that
    a row has it.

    With p_j = 1/(1 + exp(-f_j)) and t_j = [label j is in the set]:

        loss      sum over j of log(1 + exp(f_j)) - t_j*f_j
        gradient  p_j - t_j
        exact     p_j * (1 - p_j)
        majorized tanh(f_j/2) / (2*f_j)                the tightest quadratic that touches at f_j and at -f_j

    The labels do not meet in the loss, so that the bound of LogLoss bounds it too. The boosters' door uses the exact curvature
    unless told otherwise.

    Parameters
    ----------
    num_class : int in [2, 24] or None
        The number of labels; None takes it from the scores, and for `start` from the largest label in any set. It is at most
        24 because the boosters hold targets as float32, which has 24 bits for an integer. XGBoost 3.1 and later take any
        number of labels as a matrix, with log_loss.

    Equalities: each column is LogLoss of its label; OneVsAll where every row has one label. When not to use it: classes that
    exclude each other (Softmax).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Tsoumakas and Katakis 2007, Multi-label classification: an overview, section 3 (binary relevance); the loss:
    Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., section 4.4.1; the bound: Jaakkola and Jordan
    2000, Bayesian parameter estimation via variational methods, eq. 10.

    >>> y = MultiLabel.encoded([[1, 0, 1], [0, 0, 0]])
    >>> y.tolist(), MultiLabel().grad_hess(y, [[0.0, 0.0, 0.0]] * 2)[0].tolist()
    ([5.0, 0.0], [[-0.5, 0.5, -0.5], [0.5, 0.5, 0.5]])
    """

    name = "multi_label"
    link = "one_vs_all"
    domain = Interval(0, 2**_MOST_LABELS, "low", integer=True)
    kinds = ("exact", "majorized")
    boosters_curvature = "exact"
    sets = True

    num_class: int | None = param(None, domain=Optional(Interval(2, _MOST_LABELS, "both", integer=True)), kernel=False)

    @staticmethod
    def encoded(labels: Any) -> np.ndarray:
        """Sets of labels as targets.

        Parameters
        ----------
        labels : array of shape (n, k), 2 <= k <= 24
            1 where a row has a label, 0 where not.

        Returns
        -------
        array of shape (n,), float64

        Raises
        ------
        ValueError
            Another shape, or a value that is neither 0 nor 1.
        """
        labels = np.asarray(labels, np.float64)
        if labels.ndim != 2 or not 2 <= labels.shape[1] <= _MOST_LABELS:
            raise ValueError(f"MultiLabel: labels must have shape (n, k) with k in [2, {_MOST_LABELS}], got {labels.shape}")
        bad = (labels != 0) & (labels != 1)
        if bad.any():
            raise first_bad("MultiLabel", "labels", "0 or 1", labels, bad)
        return labels @ 2.0 ** np.arange(labels.shape[1])

    @staticmethod
    def decoded(y: Any, num_class: int) -> np.ndarray:
        """Targets as a matrix of labels.

        Parameters
        ----------
        y : array of shape (n,)
            Sums of 2**j.
        num_class : int in [2, 24]

        Returns
        -------
        array of shape (n, num_class) of 0 and 1, int64

        Raises
        ------
        ValueError
            Another shape, or a target that is no set of so many labels.
        """
        y = np.asarray(y, np.float64)
        if y.ndim != 1 or not 2 <= num_class <= _MOST_LABELS:
            raise ValueError(
                f"MultiLabel: y must have shape (n,) and num_class be in [2, {_MOST_LABELS}], got {y.shape} and {num_class!r}"
            )
        allowed = Interval(0, 2**num_class - 1, "both", integer=True)
        if not allowed.contains(y).all():
            raise first_bad("MultiLabel", "y", allowed.words, y, ~allowed.contains(y))
        return y.astype(np.int64)[:, None] >> np.arange(num_class) & 1

    def apart(self, y: np.ndarray, k: int) -> list[tuple[Pointwise, np.ndarray]]:
        return [(LogLoss(), column.astype(np.float64)) for column in self.decoded(y, k).T]

    @staticmethod
    def definition(mp: Any, y: Any, f: Any) -> Any:
        # Of a label that is not in the set it is log(1 + exp(f)), of one that is log(1 + exp(-f)).
        return mp.fsum(mp.log(1 + mp.exp(-v if int(y) >> j & 1 else v)) for j, v in enumerate(f))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any) -> Any:
        return [mp.tanh(v / 2) / (2 * v) if v else mp.mpf(1) / 4 for v in f]

    @staticmethod
    def block(y, f, loss, grad, hess, kind):  # type: ignore[no-untyped-def]
        k, n = f.shape
        loss[:] = 0.0
        bit = 1.0
        for j in range(np.uintp(k)):
            for b in range(np.uintp(n)):
                halved = 0.5 * np.floor(y[b] / bit)
                sign = where(halved == np.floor(halved), 1.0, -1.0)  # -1 for a label that is in the set
                value, miss, bend = _binary(sign * f[j, b], kind)
                if kind == LOSS:
                    loss[b] += value
                else:
                    grad[j, b] = sign * miss
                    hess[j, b] = bend
            bit *= 2.0
