"""Kernels of the ranking objectives of both boosters: pairs of documents of one query, in the order of their scores.

A kernel works on one query. The documents lie in scratch space in the order of their ranks, so that the pairs of one
document with all below it are neighbours in memory: what a pair adds is computed for all of them at once, in vectors;
the float32 sums are then taken in the booster's order, because their bits depend on it.

Source: src/objective/lambdarank_obj.{h,cc} and src/common/ranking_utils.{h,cc} of XGBoost's releases;
src/objective/rank_objective.hpp and src/metric/dcg_calculator.cpp of LightGBM's.
"""

from __future__ import annotations

import numpy as np

from ..elementary import exp, kernel, where
from ..elementary32 import sigmoidf
from ..ranks import descending

_f4 = np.float32
_ZERO, _ONE = _f4(0), _f4(1)
_NDCG, _PAIRWISE, _MAP = range(3)
MULTIPLIER, MODULUS = 48271, 2**31 - 1
_SPAN = MODULUS - 2  # of numbers from 1 to MODULUS - 1
_BINS = 2.0**20
_LANES, _LIST, _SMALL = 16, 128, 32
_HUNDREDTH = float(_f4(0.01))
_EPSILON = float(_f4(1e-15))
FACTOR, SUMMAND, LOW32 = 214013, 2531011, 2**32 - 1
_LEAST_REST = 2.0**-53

# ---------------------------------------------------------------------------------------------------------------------
# XGBoost


@kernel
def _gain(y, exponential):
    return np.float64((np.int64(1) << np.int64(y)) - 1) if exponential else np.float64(y)


@kernel
def _best_dcg(y, depth, exponential, discount, order, key, spare_order, spare_key):
    """The DCG of the documents in the order of their labels, down to a depth."""
    depth = min(y.size, depth)
    total = 0.0
    if not exponential:
        descending(y, order, key, spare_order, spare_key)
        for k in range(depth):
            total += discount[k] * np.float64(key[k])
        return total
    top = _ZERO
    for k in range(y.size):
        top = max(top, y[k])
    label, done = np.int64(top), 0
    while label > 0 and done < depth:  # few labels: counting each is cheaper than sorting
        count = 0
        for k in range(y.size):
            count += np.int64(y[k]) == label
        for k in range(done, min(done + count, depth)):
            total += discount[k] * _gain(label, True)
        done += count
        label -= 1
    return total


@kernel
def _change(metric, first_y, first_a, first_b, y, a, b, scale):
    """How much the metric changes when two documents change places, the first having the better rank.

    NDCG: a is the gain, b the discount, scale 1 over the best DCG. MAP: a is the number of relevant documents down to this
    rank, over the rank, b the sum of 1/rank over the relevant ones above it, scale their number; see `_as_first`.
    """
    if metric == _NDCG:
        return abs(((first_a * first_b + a * b) - (a * first_b + first_a * b)) * scale)
    if metric == _MAP:
        between = b - first_b
        return abs(where(first_y < y, (a - first_a) - between, (first_a - a) + between) / scale)
    return 1.0


@kernel
def _as_first(metric, i, label, a, b):
    """What `_change` takes of the document with the better rank: in MAP it is counted itself, relevant or about to be."""
    if metric == _MAP:
        rank = i + 1.0
        relevant = np.floor(a[i] * rank + 0.5)
        return where(label[i] > _ZERO, relevant, relevant + 1.0) / rank, b[i] + np.float64(label[i]) / rank
    return a[i], b[i]


@kernel
def _step_of_pair(difference, change, apart):
    """Sigmoid, weight, gradient and Hessian of a pair, of which the score of the more relevant document is as much higher."""
    sigma = np.float64(sigmoidf(difference))
    weight = where(apart, change / (np.float64(abs(difference)) + 0.01), change)
    return sigma, weight, (sigma - 1.0) * weight, max(sigma * (1.0 - sigma), 1e-16) * weight * 2.0


@kernel
def _all_below(metric, i, score, label, a, b, scale, apart, grad, hess, step_grad, step_hess):
    """The pairs of the document at rank i with all below it; the sum of their gradients."""
    first, first_y = score[i], label[i]
    first_a, first_b = _as_first(metric, i, label, a, b)
    # Slices, and one loop for each thing: what LLVM turns into vectors.
    score, label, a, b = score[i + 1 :], label[i + 1 :], a[i + 1 :], b[i + 1 :]
    step_grad, step_hess = step_grad[i + 1 :], step_hess[i + 1 :]
    for j in range(score.size):
        difference = first - score[j]
        above = first_y > label[j]
        equal = first_y == label[j]
        change = _change(metric, first_y, first_a, first_b, label[j], a[j], b[j], scale)
        _, _, slope, curvature = _step_of_pair(where(above, difference, -difference), change, apart)
        step_grad[j] = where(equal, _ZERO, where(above, _f4(slope), -_f4(slope)))
        step_hess[j] = where(equal, _ZERO, _f4(curvature))
    other_grad, other_hess = grad[i + 1 :], hess[i + 1 :]
    for j in range(score.size):
        other_grad[j] -= step_grad[j]
    for j in range(score.size):
        other_hess[j] += step_hess[j]
    total, own_grad, own_hess = 0.0, grad[i], hess[i]
    for j in range(score.size):  # in this order: float32 sums depend on it
        own_grad += step_grad[j]
        own_hess += step_hess[j]
        total += np.float64(abs(step_grad[j]))
    grad[i], hess[i] = own_grad, own_hess
    return total


@kernel
def _one_pair(metric, i, j, documents, scale, apart, grad, hess, begin, biases):
    """The pair of two ranks, with the biases of the places that the documents had when they were shown; its gradient."""
    score, label, a, b, order = documents
    _, bias_high, bias_low, loss_high, loss_low = biases
    if label[i] == label[j]:
        return 0.0
    high, low = (i, j) if label[i] > label[j] else (j, i)
    first, second = min(i, j), max(i, j)
    first_a, first_b = _as_first(metric, first, label, a, b)
    change = _change(metric, label[first], first_a, first_b, label[second], a[second], b[second], scale)
    sigma, weight, slope, curvature = _step_of_pair(score[high] - score[low], change, apart)
    shown_high, shown_low, places = order[high], order[low], bias_high.size
    if shown_high < places and shown_low < places:
        cost = np.log(1.0 / (1.0 - sigma)) * weight
        if bias_low[shown_low] >= 1e-16 and bias_high[shown_high] >= 1e-16:
            bias = bias_high[shown_high] * bias_low[shown_low]
            slope /= bias
            curvature /= bias
        if bias_low[shown_low] >= 1e-16:
            loss_high[begin + shown_high] += cost / bias_low[shown_low]
        if bias_high[shown_high] >= 1e-16:
            loss_low[begin + shown_low] += cost / bias_high[shown_high]
    step, bent = _f4(slope), _f4(curvature)
    grad[high] += step
    grad[low] -= step
    hess[high] += bent
    hess[low] += bent
    return np.float64(abs(step))


@kernel
def _drawn(state, count):
    """A random number below count, and the generator's next state: libstdc++'s uniform_int_distribution of minstd_rand."""
    scaling = _SPAN // count
    while True:
        state = state * MULTIPLIER % MODULUS
        if state - 1 < count * scaling:
            return (state - 1) // scaling, state


@kernel
def _laid_out(metric, y, f, depth, exponential, discount, order, work):
    """The documents of a query in the order of their ranks: scores, labels, a and b of `_change`, ranks; and its scale."""
    m = f.size
    narrow = work[: 2 * m].view(np.float32)
    score, label, spare = narrow[:m], narrow[m : 2 * m], narrow[2 * m : 3 * m]
    rank, other, a, b = order[:m], order[m : 2 * m], work[2 * m : 3 * m], work[3 * m : 4 * m]
    scale = 1.0
    if metric == _NDCG:
        best = _best_dcg(y, depth, exponential, discount, rank, score, other, spare)
        scale = 0.0 if best == 0.0 else 1.0 / best
    descending(f, rank, score, other, spare)
    for k in range(m):
        label[k] = y[rank[k]]
    if metric == _NDCG:
        for k in range(m):
            a[k] = _gain(label[k], exponential)
        b = discount
    if metric == _MAP:
        relevant, passed = 0.0, 0.0
        for k in range(m):
            relevant += np.float64(label[k])
            a[k] = relevant / (k + 1.0)
            b[k] = passed
            passed += np.float64(label[k]) / (k + 1.0)
        scale = relevant
    return (score, label, a, b, rank), scale


@kernel
def _handed_back(rank, factor, total, w, weight_factor, grad, hess, spare):
    """Sums in the order of the ranks become gradients and Hessians in the order of the documents."""
    m = rank.size
    step_grad, step_hess = spare[:m], spare[m : 2 * m]
    if factor == 0.0:
        factor = np.log2(1.0 + 2.0 * total) / (2.0 * total) if total > 0.0 else 1.0
    for k in range(m):
        step_grad[k] = ((grad[k] * _f4(factor)) * w[k]) * weight_factor
        step_hess[k] = ((hess[k] * _f4(factor)) * w[k]) * weight_factor
    for k in range(m):
        grad[rank[k]] = step_grad[k]
        hess[rank[k]] = step_hess[k]


@kernel
def _first_with_all(metric, y, f, w, pairing, grad, hess, order, work):
    """The pairs of the first documents with all below them."""
    pairs, _, factor, apart, exponential, discount, weight_factor = pairing
    m = f.size
    (score, label, a, b, rank), scale = _laid_out(metric, y, f, pairs, exponential, discount, order, work)
    steps = work[4 * m : 5 * m].view(np.float32)
    apart = apart and score[0] != score[m - 1]
    grad[:] = _ZERO
    hess[:] = _ZERO
    total = 0.0
    for i in range(min(m, pairs)):
        total += _all_below(metric, i, score, label, a, b, scale, apart, grad, hess, steps[:m], steps[m:])
    _handed_back(rank, factor, total, w, weight_factor, grad, hess, steps)


@kernel
def _one_by_one(metric, q, y, f, w, pairing, biases, grad, hess, order, work):
    """Pairs that are drawn, or that are weighed by the places that documents were shown at."""
    pairs, states, factor, apart, exponential, discount, weight_factor = pairing
    m = f.size
    documents, scale = _laid_out(metric, y, f, m if states.size > 0 else pairs, exponential, discount, order, work)
    score, label = documents[0], documents[1]
    apart = apart and score[0] != score[m - 1]
    grad[:] = _ZERO
    hess[:] = _ZERO
    total, begin = 0.0, biases[0][q]
    other, spare = order[m : 2 * m], work[4 * m : 5 * m].view(np.float32)
    if states.size > 0:
        descending(label, other, spare[:m], work[5 * m : 6 * m].view(np.int64), spare[m:])
    state, first = states[q] if states.size > 0 else 0, 0
    while first < m:
        # Documents of one label, each with some of other labels, or one document with all below it.
        stop, count, rest = first + 1, 1, m - first - 1
        if states.size > 0:
            while stop < m and label[other[stop]] == label[other[first]]:
                stop += 1
            rest = first + m - stop
            count = pairs if rest > 0 else 0
        elif first >= pairs:
            break
        for _ in range(count):
            for k in range(stop - first if states.size > 0 else rest):
                i, j = first, first + 1 + k
                if states.size > 0:
                    drawn, state = _drawn(state, rest)
                    drawn += stop - first if drawn >= first else 0
                    i, j = other[first + k], other[drawn]
                total += _one_pair(metric, i, j, documents, scale, apart, grad, hess, begin, biases)
        first = stop
    _handed_back(documents[4], factor, total, w, weight_factor, grad, hess, spare)


def ndcg(q, y, f, w, pairing, biases, grad, hess, order, work):
    _first_with_all(_NDCG, y, f, w, pairing, grad, hess, order, work)


def ndcg_one_by_one(q, y, f, w, pairing, biases, grad, hess, order, work):
    _one_by_one(_NDCG, q, y, f, w, pairing, biases, grad, hess, order, work)


def pairwise(q, y, f, w, pairing, biases, grad, hess, order, work):
    _first_with_all(_PAIRWISE, y, f, w, pairing, grad, hess, order, work)


def pairwise_one_by_one(q, y, f, w, pairing, biases, grad, hess, order, work):
    _one_by_one(_PAIRWISE, q, y, f, w, pairing, biases, grad, hess, order, work)


def average_precision(q, y, f, w, pairing, biases, grad, hess, order, work):
    _first_with_all(_MAP, y, f, w, pairing, grad, hess, order, work)


def average_precision_one_by_one(q, y, f, w, pairing, biases, grad, hess, order, work):
    _one_by_one(_MAP, q, y, f, w, pairing, biases, grad, hess, order, work)


# ---------------------------------------------------------------------------------------------------------------------
# LightGBM


@kernel
def _tabulated(difference, sigmoid, low, per_unit):
    """1/(1 + exp(sigmoid*difference)) as LightGBM looks it up: at the lower end of one of 2**20 bins."""
    place = min(np.floor((min(max(difference, low), -low) - low) * per_unit), _BINS - 1.0)
    return 1.0 / (1.0 + exp((place / per_unit + low) * sigmoid))


@kernel
def _highest_dcg(y, depth, gains, discount):
    """The DCG of the documents in the order of their labels, down to a depth."""
    depth = min(y.size, depth)
    top = _ZERO
    for k in range(y.size):
        top = max(top, y[k])
    label, done, total = min(np.int64(top), gains.size - 1), 0, 0.0
    while label >= 0 and done < depth:  # few labels: counting each is cheaper than sorting
        count = 0
        for k in range(y.size):
            count += np.int64(y[k]) == label
        for k in range(done, min(done + count, depth)):
            total += discount[k] * gains[label]
        done += count
        label -= 1
    return total


@kernel
def _lambda_of(difference, change, apart, sigmoid):
    """Gradient and Hessian of a pair, of which the score of the more relevant document is as much higher."""
    low = -50.0 / sigmoid / 2.0
    rest = _tabulated(difference, sigmoid, low, _BINS / (-low - low))
    change = where(apart, change / (_HUNDREDTH + abs(difference)), change)
    return rest * (-sigmoid * change), rest * (1.0 - rest) * (sigmoid * sigmoid * change)


@kernel
def _documents_below(i, score, label, gain, discount, scale, apart, sigmoid, grad, hess, step_grad, step_hess):
    """The pairs of the document at rank i with all below it; the sum of their gradients, which are not rounded yet."""
    first, first_y, first_gain, first_discount = score[i], label[i], gain[i], discount[i]
    # Slices, and one loop for each thing: what LLVM turns into vectors.
    score, label, gain, discount = score[i + 1 :], label[i + 1 :], gain[i + 1 :], discount[i + 1 :]
    step_grad, step_hess = step_grad[i + 1 :], step_hess[i + 1 :]
    for j in range(score.size):
        difference = first - score[j]
        above = first_y > label[j]
        equal = first_y == label[j]
        change = abs(first_gain - gain[j]) * abs(first_discount - discount[j]) * scale
        step, bent = _lambda_of(where(above, difference, -difference), change, apart, sigmoid)
        step_grad[j] = where(equal, 0.0, where(above, step, -step))
        step_hess[j] = where(equal, _ZERO, _f4(bent))
    other_grad, other_hess = grad[i + 1 :], hess[i + 1 :]
    for j in range(score.size):
        other_grad[j] -= _f4(step_grad[j])
    for j in range(score.size):
        other_hess[j] += step_hess[j]
    total, own_grad, own_hess = 0.0, grad[i], hess[i]
    for j in range(score.size):  # in this order: float32 sums depend on it
        own_grad += _f4(step_grad[j])
        own_hess += step_hess[j]
        total += abs(step_grad[j])
    grad[i], hess[i] = own_grad, own_hess
    return total


@kernel
def _listed_pairs(count, high, low, difference, change, bent, apart, sigmoid, grad, hess):
    """The pairs in a list; the sum of their gradients, which are not rounded yet."""
    for block in range(0, count, _LANES):
        for lane in range(_LANES):  # whole blocks are vectors; what lies beyond the list is computed, and not looked at
            p = np.uintp(block) + np.uintp(lane)
            change[p], bent[p] = _lambda_of(difference[p], change[p], apart, sigmoid)
    total = 0.0
    for p in range(count):
        step, curvature, above, below = _f4(change[p]), _f4(bent[p]), high[p], low[p]
        grad[above] += step
        grad[below] -= step
        hess[above] += curvature
        hess[below] += curvature
        total += abs(change[p])
    return total


@kernel
def _small_query(depth, score, label, gain, discount, scale, apart, sigmoid, grad, hess, spare):
    """All pairs of a query too small to fill vectors with the documents below one; the sum of their gradients."""
    high, low = spare[:_LIST].view(np.int64), spare[_LIST : 2 * _LIST].view(np.int64)
    difference, change, bent = (spare[2 * _LIST : 3 * _LIST], spare[3 * _LIST : 4 * _LIST], spare[4 * _LIST : 5 * _LIST])
    total, count = 0.0, np.uintp(0)
    for i in range(depth):
        if count + score.size - i - 1 > _LIST:
            total = total + _listed_pairs(count, high, low, difference, change, bent, apart, sigmoid, grad, hess)
            count = np.uintp(0)
        for j in range(i + 1, score.size):
            above = label[i] > label[j]
            apart_by = score[i] - score[j]
            high[count], low[count] = where(above, i, j), where(above, j, i)
            difference[count] = where(above, apart_by, -apart_by)
            change[count] = abs(gain[i] - gain[j]) * abs(discount[i] - discount[j]) * scale
            count += np.uintp(label[i] != label[j])
    return total + _listed_pairs(count, high, low, difference, change, bent, apart, sigmoid, grad, hess)


def lambdarank(q, y, f, w, ranking, places, grad, hess, order, work):
    """ranking: sigmoid, lambdarank_norm, truncation, gains of the grades, discounts. places: bounds, of each document its
    place, and the biases of the places."""
    sigmoid, normalised, truncation, gains, discount = ranking
    bounds, place, bias = places
    m = f.size
    score, step_grad, gain = work[:m], work[m : 2 * m], work[2 * m : 3 * m]
    singles = work[3 * m : 4 * m].view(np.float32)
    label, step_hess = singles[:m], singles[m:]
    rank, other = order[:m], order[m : 2 * m]
    if bias.size > 0:
        begin = bounds[q]
        for k in range(m):
            gain[k] = f[k] + np.float64(bias[place[begin + k]])
        descending(gain, rank, score, other, step_grad)
    else:
        descending(f, rank, score, other, step_grad)
    for k in range(m):
        label[k] = y[rank[k]]
        gain[k] = gains[min(np.int64(label[k]), gains.size - 1)]
    best = _highest_dcg(y, truncation, gains, discount)
    scale = 1.0 / best if best > 0.0 else best
    apart = normalised and score[0] != score[m - 1]
    grad[:] = _ZERO
    hess[:] = _ZERO
    total = 0.0
    depth = min(m - 1, truncation)
    if m <= _SMALL:
        total = _small_query(depth, score, label, gain, discount, scale, apart, sigmoid, grad, hess, work[4 * m :])
    else:
        for i in range(depth):
            total += _documents_below(
                i, score, label, gain, discount, scale, apart, sigmoid, grad, hess, step_grad, step_hess
            )
    total *= 2.0
    factor = np.log2(1.0 + total) / total if normalised and total > 0.0 else 1.0
    for k in range(m):
        step_grad[k] = np.float64(grad[k]) * factor
        gain[k] = np.float64(hess[k]) * factor
    for k in range(m):
        grad[rank[k]] = _f4(step_grad[k]) * w[rank[k]]
        hess[rank[k]] = _f4(gain[k]) * w[rank[k]]


@kernel
def _jumped(state, steps):
    """LightGBM's random numbers, x -> 214013*x + 2531011 modulo 2**32, so many steps on."""
    factor, summand = FACTOR, SUMMAND
    while steps > 0:
        if steps & 1:
            state = (factor * state + summand) & LOW32
        factor, summand = (factor * factor) & LOW32, (factor * summand + summand) & LOW32
        steps >>= 1
    return state


def rank_xendcg(q, y, f, w, seed, round_, grad, hess, order, work):
    m = f.size
    grad[:] = _ZERO
    hess[:] = _ZERO
    if m < 2:
        return
    share, term = work[:m], work[m : 2 * m]
    top = f[0]
    for k in range(m):
        top = max(top, f[k])
    for k in range(m):
        share[k] = exp(f[k] - top)
    total = 0.0
    for k in range(m):
        total += share[k]
    state = _jumped((np.int64(seed) + q) & LOW32, np.int64(round_) * m)
    whole = 0.0
    for k in range(m):
        state = (FACTOR * state + SUMMAND) & LOW32
        term[k] = np.float64(np.int64(1) << np.int64(y[k])) - ((state >> 16) & 0x7FFF) / 32768.0
        whole += term[k]
    inverse = 1.0 / max(_EPSILON, whole)
    # LightGBM divides by 1 - share, which is 0 where a score is far above all others, and its model is lost.
    first = second = 0.0
    for k in range(m):
        share[k] /= total
        step = -term[k] * inverse + share[k]
        grad[k] = _f4(step)
        term[k] = step / max(1.0 - share[k], _LEAST_REST)
    for k in range(m):
        first += term[k]
    for k in range(m):
        step = share[k] * (first - term[k])
        grad[k] += _f4(step)
        term[k] = step / max(1.0 - share[k], _LEAST_REST)
    for k in range(m):
        second += term[k]
    for k in range(m):
        grad[k] = (grad[k] + _f4(share[k] * (second - term[k]))) * w[k]
        hess[k] = _f4(share[k] * (1.0 - share[k])) * w[k]
