"""Targets that are times until something happens, not all of them seen to the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..domain import NON_NEGATIVE, POSITIVE, REAL, Choice, param
from ..elementary import bose, exp, expm1, falling, kernel, log, log1mexp, log1p, tanh, where
from ..intervals import HALF_LOG_TWO_PI, LARGEST, logistic, normal
from ..objective import Groupwise, Pointwise
from ..registry import register

__all__ = ["AFT", "Cox"]


@kernel
def _added(high, low, x):  # type: ignore[no-untyped-def]
    """high + low + x as such a sum again: one of many terms that loses none of them."""
    total = high + x
    moved = total - high
    return total, low + ((high - (total - moved)) + (x - moved))


@kernel
def _times_exp(factor, x, e):  # type: ignore[no-untyped-def]
    """factor*exp(x), not 0 before the product is; e = exp(x)."""
    if x > -700.0:
        return factor * e
    half = math.exp(0.5 * x)
    return factor * half * half


@kernel
def _log_total(w, rest):  # type: ignore[no-untyped-def]
    """log(w*(1 + rest))."""
    return math.log(w + w * rest) if w < 0.5 else math.log1p((w - 1.0) + w * rest)


_ROOM = 1.0
"""How far a score may be above the unit of a sum of exponentials before the unit is moved: less than the rounding of it shows."""


@kernel
def _risks(y, f, w, heaviest, work):  # type: ignore[no-untyped-def]
    """The sums over the risk sets, latest times first: what is at risk at a time is there at all times before.

    For the block of rows with one time that begins at row i, in units of exp(work[i]): work[m + i] is the largest term, of
    row heaviest[i], work[2*m + i] the sum of the others, and work[3*m + i] the sum without the rows with an event then. What
    a row shares with the others is never a difference of two large sums.
    """
    m = y.size
    top = rest = lost = 0.0
    unit = -math.inf
    largest = np.int64(-1)
    stop = m
    while stop > 0:
        first = stop - 1
        time = abs(y[first])
        while first > 0 and abs(y[first - 1]) == time:
            first -= 1
        apart = 0.0
        for events in (False, True):
            if events:
                apart = top + (rest + lost)
            for i in range(stop - 1, first - 1, -1):
                if (y[i] > 0.0) != events or not w[i] > 0.0:
                    continue
                if f[i] - unit > _ROOM:
                    shrunk = math.exp(unit - f[i])
                    top, rest, lost, apart = top * shrunk, rest * shrunk, lost * shrunk, apart * shrunk
                    unit = f[i]
                term = w[i] * math.exp(f[i] - unit)
                if term > top:
                    term, top, largest = top, term, i
                rest, lost = _added(rest, lost, term)
        work[first] = unit
        work[m + first] = top
        work[2 * m + first] = rest + lost
        work[3 * m + first] = apart
        heaviest[first] = largest
        stop = first


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Cox(Groupwise):
    """Cox's proportional hazards: minus the log of Breslow's partial likelihood.

    Target: a time, signed: y > 0 is an event at y, y <= 0 is censored at |y|. Raw score: the log of the hazard, up to a
    constant that cancels. Estimates: how many times the common hazard a row has, exp(f). Groups are strata, each with
    its own common hazard; without groups all rows are one.

    With the risk set of a time the rows whose |y| is not before it, R(t) the sum of w*exp(f) over it, and the sums over
    the rows i with an event until |y_j|:

        loss of an event   log(R(y)) - f        of a censored row 0
        gradient           w_j*(exp(f_j)*sum(w_i/R(y_i)) - 1 if it is an event)
        exact              w_j*exp(f_j)*sum(w_i/R(y_i)) - (w_j*exp(f_j))**2*sum(w_i/R(y_i)**2)

    A weight of 2 is the row twice, as in R's coxph: weights enter the risk sets. Events at one time share a risk set
    (Breslow's way with ties; coxph's default is Efron's). The exact curvature is the diagonal of a matrix whose rows add
    up to 0. The loss of a row does not change when a constant is added to all scores: the start is 0.

    The gradient's error is below 4 units of eps times (the weight of the row if it is an event, the gradient, and how much it
    moves when each score does by its own relative size): where what is expected and what has happened are nearly equal,
    their difference has the rounding error of either.

    Equalities: R's survival::coxph(ties="breslow"), whose log likelihood is minus the total. XGBoost's survival:cox
    without weights and ties is curvature="native"; it leaves the weights out of the risk sets, gives tied events but the
    terms of the rows before them, and mixes exponentials of float32 and float64, so that the sums cancel for scores that
    are far apart. The boosters' door uses "exact" unless told otherwise. When not to use it: intervals (AFT); hazards
    that cross; times in themselves are wanted (AFT).

    Raises: ValueError for a target, score or weight outside its set; from `start` (so from `bo.train`, `train_params` and
    `init_score`) also if no row has an event.

    Source: Breslow 1974, Covariance analysis of censored survival data, eq. 6; Therneau and Grambsch 2000, Modeling
    Survival Data, section 3.1 (gradient, weights, strata).

    >>> grad, hess = Cox().grad_hess([1.0, 2.0, -2.0], [0.0, 0.0, 0.0])
    >>> grad.round(3).tolist(), hess.round(3).tolist()
    ([-0.667, -0.167, 0.833], [0.222, 0.472, 0.472])
    """

    name = "cox"
    link = "log"
    domain = REAL
    kinds = ("exact",)
    some = POSITIVE
    by_size = True
    boosters_curvature = "exact"
    measured_natively = True

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, w: Any) -> Any:
        rows = list(zip(y, f, w, strict=True))
        return mp.fsum(
            v * (mp.log(mp.fsum(u * mp.exp(g) for s, g, u in rows if abs(s) >= t)) - e) for t, e, v in rows if t > 0 and v > 0
        )

    @staticmethod
    def group(y, f, w, loss, grad, hess, order, work, kind):  # type: ignore[no-untyped-def]
        m = y.size
        _risks(y, f, w, order, work)
        # Earliest times first; a, b: the sums over the events so far of w/R and w/R**2, in units of exp(-unit) and its
        # square. A row that is most of its risk set would have its Hessian as the difference of two equal numbers: while one
        # is there (only one can be), what it has with the others is added up apart.
        a = a_lost = b = b_lost = 0.0
        unit = -math.inf
        chief, chief_a, chief_b, chief_sum = np.int64(-1), 0.0, 0.0, 0.0
        first = 0
        while first < m:
            time = abs(y[first])
            stop, many = first, 0
            weight, highest = 0.0, -math.inf
            while stop < m and abs(y[stop]) == time:
                if y[stop] > 0.0 and w[stop] > 0.0:
                    many += 1
                    weight += w[stop]
                    highest = max(highest, f[stop])
                stop += 1
            before = a + a_lost
            heaviest, top, rest = order[first], work[m + first], work[2 * m + first]
            risk = top + rest
            tied = tied_lost = 0.0
            if many > 0:
                if work[first] < unit:
                    shrunk = math.exp(work[first] - unit)
                    a, a_lost, chief_a = a * shrunk, a_lost * shrunk, chief_a * shrunk
                    b, b_lost, chief_b = b * shrunk * shrunk, b_lost * shrunk * shrunk, chief_b * shrunk * shrunk
                    before = a + a_lost
                unit = work[first]
                if heaviest != chief and top > 2.0 * rest:
                    chief, chief_a, chief_b, chief_sum = heaviest, before, b + b_lost, 0.0
                if heaviest == chief:
                    chief_sum += weight * (top / risk) * (rest / risk)
                a, a_lost = _added(a, a_lost, weight / risk)
                b, b_lost = _added(b, b_lost, weight / risk / risk)
                if many > 1:
                    for i in range(first, stop):
                        if y[i] > 0.0 and w[i] > 0.0:
                            tied, tied_lost = _added(tied, tied_lost, w[i] * math.expm1(f[i] - highest))
            for i in range(first, stop):
                event = y[i] > 0.0
                loss[i] = grad[i] = hess[i] = 0.0
                if event and risk > 0.0:
                    loss[i] = (f[heaviest] - f[i]) + _log_total(w[heaviest], rest / top)
                if unit == -math.inf or not w[i] > 0.0:
                    continue
                x = f[i] - unit
                e = math.exp(x)
                pull = _times_exp(before if event else a + a_lost, x, e)
                if event:
                    beside = 0.0
                    if many > 1:
                        beside = math.exp(highest - unit) * (weight * math.expm1(f[i] - highest) - (tied + tied_lost))
                    pull += (beside - work[3 * m + first]) / risk
                grad[i] = w[i] * pull
                term = w[i] * e
                if i == chief:
                    hess[i] = chief_sum + w[i] * _times_exp(chief_a, x, e) - term * term * chief_b
                else:
                    hess[i] = w[i] * _times_exp(a + a_lost, x, e) - term * term * (b + b_lost)
            first = stop


# ---------------------------------------------------------------------------------------------------------------------
# Accelerated failure time: minus log likelihood of z, its first two derivatives when z moves up, and the damped second


@kernel
def _normal(low, high, width):  # type: ignore[no-untyped-def]
    loss, slope, bend = normal(low, high, width)
    event = width == 0.0
    loss, slope, bend = where(event, 0.5 * low * low + HALF_LOG_TWO_PI, loss), where(event, low, slope), where(event, 1.0, bend)
    return loss, slope, bend, bend


@kernel
def _logistic(low, high, width):  # type: ignore[no-untyped-def]
    total = low + high
    loss, slope, bend, bound = logistic(low, high, width, where(total == total, total, 0.0))
    event = width == 0.0
    e = exp(-abs(low))
    return (
        where(event, abs(low) + 2.0 * log1p(e), loss),
        where(event, tanh(0.5 * low), slope),
        where(event, 2.0 * e / ((1.0 + e) * (1.0 + e)), bend),
        bound,  # of both ends
    )


@kernel
def _extreme(low, high, width):  # type: ignore[no-untyped-def]
    """Gumbel's distribution of minima: the time is Weibull's."""
    e, rest = exp(low), expm1(low)
    room = 1.0 / (1.0 + max(-high, 0.0))
    # exp(high) - exp(low): the log of what survives until low and not until high is -exp(low) + log(1 - exp(-gap)).
    _, fallen = falling(-width)
    gap = where(high == math.inf, math.inf, exp(high) * -fallen)
    ratio, over = bose(gap)
    share = where(ratio == 0.0, 0.0, ratio * over)
    _, gone = falling(-gap)
    of_gap = where(gap > 1e-300, log(-gone / gap), 0.0)
    hit = where(gap < 0.5, high + log(-fallen) + of_gap, log1mexp(gap))
    near = (abs(low) < 0.5) & (gap < 1.0)
    slope = where(near, rest + gap - over, e - ratio)  # ratio = 1 + over - gap
    event = width == 0.0
    bend = where(event, e, e + share)
    return where(event, e - low, e - hit), where(event, rest, slope), bend, max(bend, where(event, room, ratio * room))


@kernel
def _noise(lower, upper, f, scale):  # type: ignore[no-untyped-def]
    """Where the ends are on the scale of the noise, infinite what there is no time for, and how far apart."""
    log_lower, log_upper = log(lower), log(upper)
    low, high = (log_lower - f) / scale, (log_upper - f) / scale
    low = where(lower > 0.0, max(min(low, LARGEST), -LARGEST), -math.inf)
    high = where(upper < math.inf, max(min(high, LARGEST), -LARGEST), math.inf)
    apart = (upper - lower) / lower
    width = where(apart < 1e300, log1p(apart), log_upper - log_lower) / scale
    return low, high, where(lower == upper, 0.0, width)


@kernel
def _of_times(loss, slope, bend, damped, lower, upper, scale):  # type: ignore[no-untyped-def]
    """What the score moves, of what the noise does: the density of an event is that of a time."""
    product = scale * lower
    size = where((product > 1e-300) & (product < 1e300), log(product), log(scale) + log(lower))
    loss += where(lower == upper, size, 0.0)
    return loss, (0.0 - slope) / scale, bend / scale / scale, damped / scale / scale


def _standard(mp: Any, lower: Any, upper: Any, f: Any, scale: Any) -> tuple[Any, Any]:
    """Where the ends are on the scale of the noise."""
    low = (mp.log(lower) - f) / scale if lower > 0 else -mp.inf
    return low, (mp.log(upper) - f) / scale if upper < mp.inf else mp.inf


def _normal_mass(mp: Any, low: Any, high: Any) -> Any:
    """Of the standard normal between two ends, as a difference on the side where it has all digits."""
    side = 1 if low + high > 0 or high == mp.inf else -1
    return abs(mp.erfc(side * low / mp.sqrt(2)) - mp.erfc(side * high / mp.sqrt(2))) / 2


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class AFT(Pointwise):
    """Accelerated failure time: minus the log likelihood of a time of which an interval is known.

    Target: the interval's two ends, 0 <= lower <= upper, upper > 0, in any unit of time: an event at t is (t, t), censored
    at t is (t, inf), before t is (0, t). One column means signed times: an event at y > 0, y <= 0 censored at |y|.
    Raw score: the location of the log of the time. Estimates: the time exp(f), the median for "normal" and "logistic"
    noise, the 0.632 quantile for "extreme".

    log(time) = f + scale*noise, with density g and distribution function G of the noise, and z(t) = (log(t) - f)/scale:

        loss of an event  -log(g(z(t))/(scale*t))
             otherwise    -log(G(z(upper)) - G(z(lower)))
        gradient          (g(z(upper)) - g(z(lower)))/(scale*(G(z(upper)) - G(z(lower))));  of an event g'(z)/(scale*g(z))
        exact             the derivative of that, positive for all three distributions
        damped            "normal": exact. "logistic": for each end that is known tanh(z/2)/(2*z)/scale**2, the sharpest
                          quadratic bound. "extreme": the larger of exact and
                          d/(exp(d) - 1)/(1 + max(-z(upper), 0))/scale**2, d = exp(z(upper)) - exp(z(lower))

    The damped curvature takes a step of -gradient/damped at most 1 + |z| units of `scale` far, towards the interval. The
    exact one vanishes far from it faster than the gradient does ("logistic", "extreme"): the step is then as long as
    exp(|z|), and with "extreme" noise the loss there exp(exp(|z|)). The boosters' door uses "damped" unless told otherwise.

    The loss of an event is the log density of the time itself (not of its logarithm), so that it can be negative.

    Parameters
    ----------
    distribution : "normal", "logistic" or "extreme"
        Of the noise: times are then log-normal, log-logistic, or Weibull of shape 1/`scale` ("extreme" is Gumbel's
        distribution of minima).
    scale : positive float
        Standard deviation of the noise ("normal"), or the factor of the standard distribution.

    Equalities: R's survival::survreg with the same scale: its log likelihood is minus the total. XGBoost's survival:aft is
    curvature="native": the same, clipped to gradients of 15 and Hessians of [1e-16, 15], and started at a time of 1/2 in
    whatever unit. Under this name the start is the best constant. When not to use it: only the order of the times is of
    interest (Cox).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Barnwal, Cho and Hocking 2022, Survival regression with accelerated failure time model in XGBoost, section 2;
    Kalbfleisch and Prentice 2002, The Statistical Analysis of Failure Time Data, section 2.2.

    >>> grad, hess = AFT().grad_hess([[1.0, 1.0], [1.0, float("inf")], [0.0, 1.0]], [0.0, 0.0, 0.0])
    >>> grad.round(3).tolist(), hess.round(3).tolist()
    ([0.0, -0.798, 0.798], [1.0, 0.637, 0.637])
    """

    name = "aft"
    link = "log"
    targets = ("lower", "upper")
    domain = NON_NEGATIVE
    kinds = ("exact", "damped")
    boosters_curvature = "damped"
    measured_natively = True

    distribution: str = param("normal", domain=Choice(("normal", "logistic", "extreme")), typical=("logistic", "extreme"))
    scale: float = param(1.0, domain=POSITIVE, typical=(0.4,))

    @staticmethod
    def definition(mp: Any, lower: Any, upper: Any, f: Any, distribution: Any, scale: Any) -> Any:
        low, high = _standard(mp, lower, upper, f, scale)
        if distribution == "normal":
            if lower == upper:
                return mp.log(scale * lower) + mp.log(2 * mp.pi) / 2 + low**2 / 2
            return -mp.log(_normal_mass(mp, low, high))
        if distribution == "logistic":
            if lower == upper:
                return mp.log(scale * lower) - low + 2 * mp.log(1 + mp.exp(low))
            # The distribution function, and what it lacks to 1: one of the two differences has all digits.
            below, above = (1 / (1 + mp.exp(-high)) - 1 / (1 + mp.exp(-low)), 1 / (1 + mp.exp(low)) - 1 / (1 + mp.exp(high)))
            return -mp.log(below if low < 0 else above)
        # What survives until t is exp(-exp(z)); of exp(-a) - exp(-b) the first factor by its logarithm.
        hazard = mp.exp(low)
        if lower == upper:
            return mp.log(scale * lower) - low + hazard
        gap = mp.exp(high) - hazard
        return hazard - (mp.log(-mp.expm1(-gap)) if gap < 10**5 else 0)  # beyond it exp(-gap) is below all digits

    @staticmethod
    def damper(mp: Any, lower: Any, upper: Any, f: Any, distribution: Any, scale: Any) -> Any:
        low, high = _standard(mp, lower, upper, f, scale)
        if distribution == "logistic":
            return sum(mp.tanh(z / 2) / (2 * z) if z else mp.mpf(1) / 4 for z in (low, high) if abs(z) < mp.inf) / scale**2
        if distribution == "normal":
            if lower == upper:
                return 1 / scale**2
            mass = _normal_mass(mp, low, high)
            first, last = (mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi) for z in (low, high))
            mean = (first - last) / mass
            ends = (low * first if lower > 0 else 0) - (high * last if upper < mp.inf else 0)
            return (mean**2 - ends / mass) / scale**2
        hazard = mp.exp(low)
        if upper == mp.inf:
            return hazard / scale**2
        gap = mp.exp(high) - hazard
        ratio = (gap / mp.expm1(gap) if gap < 10**5 else mp.mpf(0)) if gap else mp.mpf(1)
        return max(hazard + ratio * (gap + ratio - 1), ratio / (1 + max(-high, 0))) / scale**2

    @property
    def law(self) -> str:
        return {"normal": "point", "logistic": "logistic_point", "extreme": "extreme_point"}[self.distribution]

    @staticmethod
    def point(lower, upper, f, distribution, scale):  # type: ignore[no-untyped-def]
        return _of_times(*_normal(*_noise(lower, upper, f, scale)), lower, upper, scale)

    @staticmethod
    def logistic_point(lower, upper, f, distribution, scale):  # type: ignore[no-untyped-def]
        return _of_times(*_logistic(*_noise(lower, upper, f, scale)), lower, upper, scale)

    @staticmethod
    def extreme_point(lower, upper, f, distribution, scale):  # type: ignore[no-untyped-def]
        return _of_times(*_extreme(*_noise(lower, upper, f, scale)), lower, upper, scale)
