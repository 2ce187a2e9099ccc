"""Relevance of documents within queries."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..domain import POSITIVE, REAL, Choice, Interval, param
from ..elementary import exp, expm1, kernel, log, log1p, sigmoid, softplus, where
from ..objective import Groupwise
from ..ranks import descending
from ..registry import register

__all__ = ["XENDCG", "LambdaMAP", "LambdaNDCG", "PairwiseLogistic"]

_PAIRS, _NDCG, _MAP = range(3)
_LN2 = math.log(2.0)
_RELEVANCE = Interval(0, 1000, "both")
_DEPTH = Interval(1, 2**31, "both", integer=True)


@kernel
def _gain(y, exponential):  # type: ignore[no-untyped-def]
    exact = where(y < 1.0, expm1(y * _LN2), 2.0**y - 1.0)
    return where(exponential != 0.0, exact, y)


@kernel
def _below(metric, i, sigma, scale, score, label, weight, a, b, step, bend, value, loss, grad, hess):  # type: ignore[no-untyped-def]
    """The pairs of the document at rank i with all below it; a and b as in `_paired`."""
    first, first_y, first_w, first_a, first_b = score[i], label[i], weight[i], a[i], b[i]
    rank = i + 1.0
    if metric == _MAP:  # the upper document of a pair is relevant, or is about to be
        first_a, first_b = first_a + where(first_y > 0.0, 0.0, 1.0), first_b + first_y / rank
    own_loss, own_grad, own_hess = loss[i], grad[i], hess[i]
    # Slices, and one loop for each thing: what LLVM turns into vectors.
    score, label, weight, a, b = score[i + 1 :], label[i + 1 :], weight[i + 1 :], a[i + 1 :], b[i + 1 :]
    step, bend, value = step[i + 1 :], bend[i + 1 :], value[i + 1 :]
    loss, grad, hess = loss[i + 1 :], grad[i + 1 :], hess[i + 1 :]
    for j in range(score.size):
        above, equal = first_y > label[j], first_y == label[j]
        change = 1.0
        if metric == _NDCG:
            # The difference of two discounts, 1/log(rank + 1): it cancels less this way.
            change = abs(first_a - a[j]) * (log1p((1.0 + j) / (rank + 1.0)) / (first_b * b[j])) * scale
        if metric == _MAP:
            change = abs(first_a / rank - a[j] / (rank + 1.0 + j) + (b[j] - first_b)) * scale
        difference = sigma * where(above, first - score[j], score[j] - first)
        wrong, right = sigmoid(-difference), sigmoid(difference)
        weighed = sigma * change * where(above, first_w, weight[j])
        step[j] = where(equal, 0.0, where(above, -weighed, weighed) * wrong)
        bend[j] = where(equal, 0.0, sigma * weighed * wrong * right)
        value[j] = where(equal, 0.0, change * softplus(-difference))
    for j in range(score.size):
        grad[j] -= step[j]
    for j in range(score.size):
        hess[j] += bend[j]
    for j in range(score.size):
        loss[j] += where(first_y > label[j], 0.0, value[j])
    for j in range(score.size):
        own_loss += where(first_y > label[j], value[j], 0.0)
        own_grad += step[j]
        own_hess += bend[j]
    return own_loss, own_grad, own_hess


@kernel
def _paired(metric, depth, exponential, sigma, y, f, w, loss, grad, hess, order, work):  # type: ignore[no-untyped-def]
    """All pairs of a query of which one document has a rank down to `depth`.

    Of the documents in the order of their ranks, a is the gain and b the logarithm of rank + 1 for NDCG; for MAP a is the
    number of relevant documents down to this rank, b the sum of 1/rank over those above it.
    """
    m = y.size
    score, label, weight, a, b = work[:m], work[m : 2 * m], work[2 * m : 3 * m], work[3 * m : 4 * m], work[4 * m : 5 * m]
    step, bend, value = work[5 * m : 6 * m], work[6 * m : 7 * m], work[7 * m : 8 * m]
    rank, other = order[:m], order[m : 2 * m]
    loss, grad, hess = loss[:m], grad[:m], hess[:m]
    last = np.int64(min(depth, np.float64(m)))
    scale = 1.0
    if metric == _NDCG:
        descending(y, rank, label, other, step)
        best = 0.0
        for k in range(last):
            best += _gain(label[k], exponential) / log(k + 2.0)
        scale = 1.0 / best if best > 0.0 else 0.0
    descending(f, rank, score, other, step)
    for k in range(m):
        label[k], weight[k] = y[rank[k]], w[rank[k]]
        a[k] = b[k] = 0.0
        loss[k] = grad[k] = hess[k] = 0.0
    if metric == _NDCG:
        for k in range(m):
            a[k], b[k] = _gain(label[k], exponential), log(k + 2.0)
    if metric == _MAP:
        relevant = passed = 0.0
        for k in range(m):
            relevant += label[k]
            a[k], b[k] = relevant, passed
            passed += label[k] / (k + 1.0)
        scale = 1.0 / relevant if relevant > 0.0 else 0.0
    for i in range(last):
        loss[i], grad[i], hess[i] = _below(
            metric, i, sigma, scale, score, label, weight, a, b, step, bend, value, loss, grad, hess
        )
    for k in range(m):
        value[k], step[k], bend[k] = loss[k], grad[k], hess[k]
    for k in range(m):
        loss[rank[k]], grad[rank[k]], hess[rank[k]] = value[k], step[k], bend[k]


def _ranks(f: Any) -> list[int]:
    """The rank of each document, from 1; ties in the order of the documents."""
    order = sorted(range(len(f)), key=lambda i: (-f[i], i))
    return [order.index(i) + 1 for i in range(len(f))]


def _pair_losses(mp: Any, y: Any, f: Any, w: Any, change: Any) -> Any:
    """The weighted sum over all pairs with one more relevant document of change(i, j)*log(1 + exp(-(f_i - f_j)))."""
    pairs = [(i, j) for i in range(len(f)) for j in range(len(f)) if y[i] > y[j]]
    return mp.fsum(w[i] * change(i, j) * mp.log(1 + mp.exp(f[j] - f[i])) for i, j in pairs)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class PairwiseLogistic(Groupwise):
    """Logistic loss of every pair of documents of a query (RankNet).

    Target: relevance, any number; only its order counts. Raw score: what documents are ordered by, up to a constant per
    query. Estimates: with p = 1/(1 + exp(-(f_i - f_j))) the probability that document i is more relevant than j.

    For each pair of one query with y_i > y_j, and d = f_i - f_j:

        loss      log(1 + exp(-d))                  counted as loss of document i
        gradient  -(1 - p) for i, 1 - p for j
        exact     p*(1 - p) for both                the diagonal of the Hessian

    A weight is that of the query; where the documents of one query differ in weight, a pair has that of the more relevant
    document. The cost of a step grows with the square of the size of a query.

    Equalities: of two documents the loss is LogLoss of the difference of their scores. XGBoost's rank:pairwise is
    curvature="native", the default in the boosters' door: only pairs with one of the first 32 documents, divided by how
    far their scores are apart, twice this Hessian. When not to use it: where the first ranks matter most (LambdaNDCG);
    queries of thousands of documents.

    Raises: ValueError for a target, score or weight outside its set, or groups that do not fit.

    Source: Burges et al. 2005, Learning to rank using gradient descent, ICML, eq. 3; Burges 2010, From RankNet to
    LambdaRank to LambdaMART: an overview, MSR-TR-2010-82, section 2.

    >>> grad, hess = PairwiseLogistic().grad_hess([1, 0, 0], [0.0, 0.0, 0.0])
    >>> grad.tolist(), hess.tolist()
    ([-1.0, 0.5, 0.5], [0.5, 0.25, 0.25])
    """

    name = "pairwise_logistic"
    link = "identity"
    domain = REAL
    row_weights = False

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, w: Any) -> Any:
        return _pair_losses(mp, y, f, w, lambda i, j: 1)

    @staticmethod
    def group(y, f, w, loss, grad, hess, order, work, kind):  # type: ignore[no-untyped-def]
        _paired(_PAIRS, np.inf, 0.0, 1.0, y, f, w, loss, grad, hess, order, work)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class LambdaNDCG(Groupwise):
    """Pairs of documents of a query, weighted by what NDCG changes if they change places (LambdaRank, LambdaMART).

    Target: relevance, not negative. Raw score: what documents are ordered by, up to a constant per query. Estimates: an
    order in which the most relevant documents come first.

    For each pair of one query with y_i > y_j of which one has a rank r down to `truncation`, with d = f_i - f_j,
    s = `sigmoid`, p = 1/(1 + exp(-s*d)), gain G(y) = 2**y - 1 and Z the sum of G(y)/log2(1 + r) over the first
    `truncation` documents in the order of their relevance:

        c         |(G(y_i) - G(y_j)) * (1/log2(1 + r_i) - 1/log2(1 + r_j))| / Z
        loss      c * log(1 + exp(-s*d))            counted as loss of document i
        gradient  -c*s*(1 - p) for i, c*s*(1 - p) for j
        exact     c * s**2 * p*(1 - p) for both     the diagonal of the Hessian

    c is held fixed at the current order, documents with equal scores in the order of the rows: the gradient is that of the
    loss with this c, not of c itself. A weight is that of the query, as in PairwiseLogistic.

    Parameters
    ----------
    truncation : int in [1, 2**31]
        How many ranks count; XGBoost's lambdarank_num_pair_per_sample, LightGBM's lambdarank_truncation_level.
    exponential : bool
        G(y) = 2**y - 1, or y itself; XGBoost's ndcg_exp_gain.
    sigmoid : float in (0, inf), unit 1/raw score
        Slope of the logistic curves; LightGBM's parameter of that name.

    Equalities: with c = 1 it is PairwiseLogistic. XGBoost's rank:ndcg and LightGBM's lambdarank are curvature="native",
    the default in the boosters' door: by default they also divide c by how far the scores are apart and scale each query;
    without, their gradients are these (XGBoost has twice this Hessian). When not to use it: relevance that is only yes or
    no (LambdaMAP); where a loss must be convex (PairwiseLogistic, XENDCG).

    Raises: ValueError for a parameter, target, score or weight outside its set, or groups that do not fit.

    Source: Burges 2010, From RankNet to LambdaRank to LambdaMART: an overview, MSR-TR-2010-82, section 4, eq. 6;
    Wang et al. 2018, The LambdaLoss framework for ranking metric optimization, CIKM, eq. 13.

    >>> grad, hess = LambdaNDCG().grad_hess([0, 1], [0.0, 0.0])
    >>> grad.round(6).tolist(), hess.round(6).tolist()
    ([0.184535, -0.184535], [0.092268, 0.092268])
    """

    name = "lambda_ndcg"
    link = "identity"
    domain = _RELEVANCE
    row_weights = False

    truncation: int = param(32, domain=_DEPTH, typical=(2,))
    exponential: bool = param(True, domain=Choice((True, False)), typical=(False,))
    sigmoid: float = param(1.0, domain=POSITIVE, unit="1/raw", typical=(1.7,))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, w: Any, truncation: Any, exponential: Any, sigmoid: Any, at: Any = None) -> Any:
        gain = [2**v - 1 if exponential else v for v in y]
        best = mp.fsum(g / mp.log(1 + r, 2) for r, g in enumerate(sorted(gain, reverse=True)[: int(truncation)], 1))
        rank = _ranks(at or f)

        def change(i: int, j: int) -> Any:
            if min(rank[i], rank[j]) > truncation:
                return 0
            return abs((gain[i] - gain[j]) * (1 / mp.log(1 + rank[i], 2) - 1 / mp.log(1 + rank[j], 2))) / best

        return _pair_losses(mp, y, [sigmoid * v for v in f], w, change)

    @staticmethod
    def group(y, f, w, truncation, exponential, sigmoid, loss, grad, hess, order, work, kind):  # type: ignore[no-untyped-def]
        _paired(_NDCG, truncation, exponential, sigmoid, y, f, w, loss, grad, hess, order, work)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class LambdaMAP(Groupwise):
    """Pairs of documents of a query, weighted by what average precision changes if they change places (LambdaRank).

    Target: relevance, 0 or 1. Raw score: what documents are ordered by, up to a constant per query. Estimates: an order in
    which the relevant documents come first.

    For each pair of one query with y_i = 1 and y_j = 0 of which one has a rank down to `truncation`, with d = f_i - f_j and
    p = 1/(1 + exp(-d)); AP, the mean over the relevant documents of their number down to each one's rank over that rank:

        c         |AP - AP with i and j in each other's place|
        loss      c * log(1 + exp(-d))              counted as loss of document i
        gradient  -c*(1 - p) for i, c*(1 - p) for j
        exact     c * p*(1 - p) for both            the diagonal of the Hessian

    c is held fixed at the current order, documents with equal scores in the order of the rows. A weight is that of the
    query, as in PairwiseLogistic.

    Parameters
    ----------
    truncation : int in [1, 2**31]
        How many ranks count; XGBoost's lambdarank_num_pair_per_sample.

    Equalities: with c = 1 it is PairwiseLogistic. XGBoost's rank:map is curvature="native", the default in the boosters'
    door: by default it also divides c by how far the scores are apart and scales each query; without, its gradient is this
    one, with twice this Hessian. When not to use it: graded relevance (LambdaNDCG); where a loss must be convex
    (PairwiseLogistic, XENDCG).

    Raises: ValueError for a parameter, target, score or weight outside its set, or groups that do not fit.

    Source: Burges 2010, From RankNet to LambdaRank to LambdaMART: an overview, MSR-TR-2010-82, sections 4 and 6, eq. 6.

    >>> grad, hess = LambdaMAP().grad_hess([0, 1], [0.0, 0.0])
    >>> grad.tolist(), hess.tolist()
    ([0.25, -0.25], [0.125, 0.125])
    """

    name = "lambda_map"
    link = "identity"
    domain = Interval(0, 1, "both", integer=True)
    row_weights = False

    truncation: int = param(32, domain=_DEPTH, typical=(2,))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, w: Any, truncation: Any, at: Any = None) -> Any:
        rank = _ranks(at or f)

        def precision(labels: list) -> Any:
            places = sorted(r for r, label in zip(rank, labels, strict=True) if label)
            return mp.fsum(mp.mpf(n) / r for n, r in enumerate(places, 1)) / len(places)

        def change(i: int, j: int) -> Any:
            other = list(y)
            other[i], other[j] = y[j], y[i]
            return abs(precision(list(y)) - precision(other)) if min(rank[i], rank[j]) <= truncation else 0

        return _pair_losses(mp, y, f, w, change)

    @staticmethod
    def group(y, f, w, truncation, loss, grad, hess, order, work, kind):  # type: ignore[no-untyped-def]
        _paired(_MAP, truncation, 0.0, 1.0, y, f, w, loss, grad, hess, order, work)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class XENDCG(Groupwise):
    """Cross-entropy between relevance and a softmax over the documents of a query (XE-NDCG).

    Target: relevance, not negative. Raw score: log probability, up to a constant per query. Estimates: the share of each
    document in the relevance of its query.

    With p = exp(f)/sum(exp(f)) and q = (2**y - gamma)/sum(2**y - gamma), sums over the query:

        loss      -q*log(p)
        gradient  p - q                             of the sum of the losses
        exact     p*(1 - p)                         the diagonal of the Hessian

    With weights w, p is multiplied by sum(w*q) and q by w. The loss of a query, with gamma drawn anew at each step, bounds
    1 - NDCG up to a factor.

    Parameters
    ----------
    gamma : float in [0, 1)
        Taken from each gain: how little relevance 0 counts.

    Equalities: where one document has all the relevance it is Softmax, with documents for classes. LightGBM's rank_xendcg
    is curvature="native": it draws a gamma for each document in every round and adds terms of higher order to the
    gradient. When not to use it: only a few ranks matter (LambdaNDCG).

    Raises: ValueError for a parameter, target, score or weight outside its set, or groups that do not fit.

    Source: Bruch 2021, An alternative cross entropy loss for learning-to-rank, WWW, definition 2 and eq. 6.

    >>> grad, hess = XENDCG().grad_hess([1, 0], [0.0, 0.0])
    >>> grad.round(6).tolist(), hess.tolist()
    ([-0.25, 0.25], [0.25, 0.25])
    """

    name = "xe_ndcg"
    link = "identity"
    domain = _RELEVANCE
    row_weights = False
    boosters_curvature = "exact"

    gamma: float = param(0.5, domain=Interval(0, 1, "low"), typical=(0.0, 0.9))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, w: Any, gamma: Any) -> Any:
        gain = [2**v - gamma for v in y]
        logs = [v - mp.log(mp.fsum(map(mp.exp, f))) for v in f]
        return -mp.fsum(weight * g * p for weight, g, p in zip(w, gain, logs, strict=True)) / mp.fsum(gain)

    @staticmethod
    def group(y, f, w, gamma, loss, grad, hess, order, work, kind):  # type: ignore[no-untyped-def]
        m = y.size
        share, gain = work[:m], work[m : 2 * m]
        best = 0
        for k in range(1, m):
            best = k if f[k] > f[best] else best
        top, rest, whole = f[best], 0.0, 0.0
        for k in range(m):
            share[k] = exp(f[k] - top)
            gain[k] = 2.0 ** y[k] - gamma
        for k in range(m):  # without the largest, 1: what 1 - p is made of where p is near 1
            rest += share[k] if k != best else 0.0
            whole += gain[k]
        total, mass = 1.0 + rest, 0.0
        for k in range(m):
            gain[k] /= whole
            mass += w[k] * gain[k]
        log_total = log1p(rest)
        for k in range(m):
            other = rest if k == best else total - share[k]
            p = share[k] / total
            loss[k] = gain[k] * (log_total + (top - f[k]))
            grad[k] = p * mass - w[k] * gain[k]
            hess[k] = p * (other / total) * mass
