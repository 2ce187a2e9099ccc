"""Binary targets of which few are of one class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from .. import quick
from ..domain import AUTO, NON_NEGATIVE, POSITIVE, Interval, param
from ..elementary import exp_product, expm1, kernel, log, log1p_pair, log_pair, logistic, logistic_parts, where
from ..objective import Pointwise
from ..registry import register
from .classification import CLASSES, residual

__all__ = ["AsymmetricFocal", "ClassBalanced", "Focal"]


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class ClassBalanced(Pointwise):
    """Log loss with weights of the classes by the effective number of their rows.

    Target: 0 or 1. Raw score: log odds of the weighted data. Estimates: the probability that the target is 1 in data where
    the classes have these weights; where class 1 is rare that is more than in the data.

    With x = f where y = 1, else -f, p = 1/(1 + exp(-x)) the probability given to the target, and n the rows of its class,
    E(n) = (1 - beta**n)/(1 - beta) of them effective, m and E(m) those of the other class:

        weight    c = 2 * E(m)/(E(n) + E(m))           inverse to E(n); the weights of the two classes add up to 2
        loss      c * log(1 + exp(-x))
        gradient  -c * (1 - p) * dx/df
        exact     c * p * (1 - p)
        majorized c * tanh(x/2)/(2*x)                  c times that of LogLoss, where it is derived

    The boosters are given the exact curvature unless curvature says otherwise, as they have it in their own log losses.

    Parameters
    ----------
    beta : float in [0, 1)
        (N - 1)/N, if there are no more than N different rows to be had: 0 weighs both classes alike; towards 1 a class's
        weight is inverse to its rows.
    negatives : float in (0, inf), or "auto"
        How many rows are 0. "auto": the sum of their weights in the data; if there are none, 1.
    positives : float in (0, inf), or "auto"
        How many rows are 1; as `negatives`.

    Equalities: LogLoss with weights, and LogLoss itself where beta is 0. When not to use it: calibrated probabilities are
    wanted (LogLoss; a rare class needs no weight for that), soft labels.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Cui, Jia, Lin, Song, Belongie 2019, Class-balanced loss based on effective number of samples, proposition 1 and
    section 4.

    >>> ClassBalanced(beta=0.5, negatives=2, positives=1).grad_hess([0, 1], [0.0, 0.0])[0].tolist()
    [0.4, -0.6]
    """

    name = "class_balanced"
    link = "logit"
    domain = CLASSES
    kinds = ("exact", "majorized")
    boosters_curvature = "exact"

    beta: float = param(0.999, domain=Interval(0, 1, "low"), typical=(0.0,))
    negatives: float | str = param(AUTO, domain=POSITIVE, typical=(5000.0,), auto=True)
    positives: float | str = param(AUTO, domain=POSITIVE, typical=(100.0,), auto=True)

    def profiled(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> dict[str, Any]:
        positives = float(weight @ y)
        negatives = float(weight.sum() - positives)
        return {"negatives": negatives if negatives > 0 else 1.0, "positives": positives if positives > 0 else 1.0}

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, beta: Any, negatives: Any, positives: Any) -> Any:
        own, other = (positives, negatives) if y == 1 else (negatives, positives)
        effective = [(1 - beta**n) / (1 - beta) for n in (own, other)]
        weights = [1 / e for e in effective]
        return 2 * weights[0] / sum(weights) * mp.log(1 + mp.exp(-f if y == 1 else f))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, beta: Any, negatives: Any, positives: Any) -> Any:
        own, other = (positives, negatives) if y == 1 else (negatives, positives)
        c = 2 * (1 - beta**other) / (2 - beta**own - beta**other)
        return c * (mp.tanh(f / 2) / (2 * f) if f else mp.mpf(1) / 4)

    @staticmethod
    def point(y, f, beta, negatives, positives):  # type: ignore[no-untyped-def]
        of_one = y == 1.0
        s = where(of_one, 1.0, -1.0)
        each = log(beta)
        zeros, ones = -expm1(negatives * each), -expm1(positives * each)
        c = 2.0 * where(of_one, zeros, ones) / (zeros + ones)
        p, q, _, surprise = logistic(s * f)
        a = abs(s * f)
        _, _, _, half_tanh = logistic_parts(a)
        return c * surprise, -s * c * q, c * (p * q), c * where(a > 1e-8, half_tanh / a, 0.25)


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class Focal(Pointwise):
    """Focal loss: log loss in which rows that are well classified count little.

    Target: 0 or 1. Raw score: log odds only where gamma is 0. Estimates: which class is the more likely one; its probability
    is drawn towards 1/2, and is not calibrated: calibrate it afterwards, on other data.

    With x = f where y = 1, else -f, p = 1/(1 + exp(-x)) the probability given to the target, q = 1 - p, L = -log(p), and
    c = `alpha` where y = 1, else 1 - alpha:

        loss      c * q**gamma * L
        gradient  -c * q**gamma * (gamma*p*L + q) * dx/df
        exact     c * q**gamma * p * (gamma*L*(gamma*p - q) + (2*gamma + 1)*q)
        majorized c * (gamma + 1)**2 / (2*(gamma + 2)) nowhere below the exact one
        damped    c * q**gamma * p * (gamma**2*L*p + (2*gamma + 1)*q)    the exact one without its negative term

    The majorized curvature: L is at most q/p, so that the exact one is at most (gamma + 1)**2 * q**(gamma + 1)*(1 - q); that is
    largest at q = (gamma + 1)/(gamma + 2), and ((gamma + 1)/(gamma + 2))**(gamma + 1) is at most 1/2. A second derivative that
    is nowhere above a number makes a quadratic of that curvature lie above the loss. The boosters are given the damped one
    unless curvature says otherwise: the exact one is negative on rows that are missed by far, and the constant learns slowly
    where all rows are well classified.

    The second derivative is often given as that of log loss, or with the label where the probability belongs: then it is 0 on
    every row of class 1.

    Parameters
    ----------
    gamma : float in [0, inf)
        How little: a row that is given p weighs (1 - p)**gamma.
    alpha : float in (0, 1)
        The weight of class 1; that of class 0 is 1 - alpha. The default is Lin's, for gamma = 2: beside a focus on what is hard
        the rare class needs less weight than the other one.

    Equalities: half of LogLoss where gamma is 0 and alpha 1/2; AsymmetricFocal is it with two gammas. When not to use it:
    probabilities are wanted (LogLoss); labels with mistakes (it looks at little else). XGBoost's min_child_weight counts
    Hessians, which are small here: lower it where no split is found.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Lin, Goyal, Girshick, He, Dollar 2017, Focal loss for dense object detection, eq. 5.

    >>> Focal(gamma=1.0, alpha=0.5).grad_hess([0, 1], [0.0, 0.0])[1].round(4)
    array([0.1875, 0.1875])
    """

    name = "focal"
    link = "logit"
    domain = CLASSES
    convex = False
    kinds = ("exact", "majorized", "damped")
    boosters_curvature = "damped"

    gamma: float = param(2.0, domain=NON_NEGATIVE, typical=(0.3,))
    alpha: float = param(0.25, domain=Interval(0, 1))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, gamma: Any, alpha: Any) -> Any:
        x = f if y == 1 else -f
        p, q = 1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x))
        return -(alpha if y == 1 else 1 - alpha) * q**gamma * mp.log(p)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, gamma: Any, alpha: Any) -> Any:
        return (alpha if y == 1 else 1 - alpha) * (gamma + 1) ** 2 / (2 * (gamma + 2))

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, gamma: Any, alpha: Any) -> Any:
        x = f if y == 1 else -f
        p, q = 1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x))
        return (alpha if y == 1 else 1 - alpha) * q**gamma * p * (-(gamma**2) * p * mp.log(p) + (2 * gamma + 1) * q)

    @staticmethod
    def point(y, f, gamma, alpha):  # type: ignore[no-untyped-def]
        of_one = y == 1.0
        s = where(of_one, 1.0, -1.0)
        x = s * f
        a = abs(x)
        # With the root of exp(-a): where exp(-a) has lost its digits, a multiple of it by a or gamma has not.
        e, root, large, _ = logistic_parts(a)
        tail = root * large
        small = e * large
        rest, beyond = log1p_pair(e)
        positive = x >= 0.0
        p, q = where(positive, large, small), where(positive, small, large)
        missed, surprise = max(x, 0.0) + rest, max(-x, 0.0) + rest  # -log(q), -log(p)
        beyond += where(positive, (x - missed) + rest, 0.0)
        one, other = where(positive, large, root), where(positive, 1.0, tail)  # p is their product
        alpha = where(of_one, alpha, 1.0 - alpha)
        c = alpha * exp_product(gamma, -missed, -beyond)
        share = one * surprise * gamma * other
        outer = (2.0 * gamma + 1.0) * root * tail * large
        exact = share * (gamma * p - q) + outer
        damped = share * (gamma * p) + outer
        most = alpha * (gamma + 1.0) * ((gamma + 1.0) / (2.0 * (gamma + 2.0)))
        return c * surprise, -s * c * (share + q), c * exact, most, c * damped


@kernel
def _logarithms(plain, a, e, lesser):  # type: ignore[no-untyped-def]
    """log(1 - lesser) and log(lesser), each as a sum of two; where plain, of lesser = e/(1 + e), by e = exp(-a) and a."""
    upper, upper_tail = log1p_pair(where(plain, e, -lesser))
    upper, upper_tail = where(plain, -upper, upper), where(plain, -upper_tail, upper_tail)
    lower, lower_tail = log_pair(where(plain, 1.0, lesser))
    whole = upper - a
    return upper, upper_tail, where(plain, whole, lower), where(plain, ((-a - whole) + upper) + upper_tail, lower_tail)


@quick.form_of(_logarithms)
@kernel
def _quick_logarithms(plain, a, e, lesser):  # type: ignore[no-untyped-def]
    upper, upper_tail = quick.log1p_pair(-lesser)
    lower, lower_tail = quick.log_pair(lesser)  # e has lost its digits only where p or q is nothing
    return upper, upper_tail, lower, lower_tail


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class AsymmetricFocal(Pointwise):
    """Asymmetric loss (ASL): focal loss with a gamma for each class, that disregards negatives of small probability.

    Target: 0 or 1. Raw score: log odds only where all parameters are 0. Estimates: which class is the more likely one; its
    probability is not calibrated, and leans to class 1 where gamma_neg is the larger: calibrate it afterwards, on other data.

    With p = 1/(1 + exp(-f)), q = 1 - p and u = max(p - shift, 0). Where y = 1, with g = `gamma_pos`, Focal's

        loss      q**g * -log(p)
        gradient  -q**g * (-g*p*log(p) + q)
        exact     q**g * p * (-g*log(p)*(g*p - q) + (2*g + 1)*q)
        damped    q**g * p * (-g**2*log(p)*p + (2*g + 1)*q)

    and where y = 0, with g = `gamma_neg`, k = 1/(1 - u) and r = -log(1 - u)/u:

        loss      u**g * -log(1 - u)
        gradient  p*q * u**g * (g*r + k)
        exact     p*q * u**g * (g*r*(q + (g - 1)*p*q/u) + 2*g*k*p*q/u + k*q - g*r*p - shift*p*k**2)
        damped    the same without its two last terms, and without the first if that is negative

    and 0 where u is. The exact curvature has no bound where gamma_neg is between 0 and 1 and shift is not 0, and none is
    given here. The boosters are given the damped one unless curvature says otherwise: the exact one is negative on rows that
    are missed by far.

    Parameters
    ----------
    gamma_pos : float in [0, inf)
        How little rows of class 1 count that are well classified; see Focal.
    gamma_neg : float in [0, inf)
        The same of class 0.
    shift : float in [0, 1)
        Negatives of no larger probability do not count at all. What is below 1e-300 counts as 0.

    Equalities: LogLoss where all three are 0; without shift and with one gamma twice Focal(alpha=0.5). With gamma_neg = 0 and a
    shift the loss has a kink at p = shift. When not to use it: probabilities are wanted (LogLoss); negatives with mistakes.
    Where rows of one leaf are all disregarded negatives there is no gradient, and the leaf stays as it is.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Ridnik et al. 2021, Asymmetric loss for multi-label classification, section 2.

    >>> AsymmetricFocal(gamma_neg=1.0, shift=0.0).loss([0], [0.0]) .round(6)
    array([0.346574])
    """

    name = "asymmetric_focal"
    link = "logit"
    domain = CLASSES
    convex = False
    kinds = ("exact", "damped")
    boosters_curvature = "damped"

    gamma_pos: float = param(0.0, domain=NON_NEGATIVE, typical=(1.0,))
    gamma_neg: float = param(4.0, domain=NON_NEGATIVE, typical=(0.5,))
    shift: float = param(0.05, domain=Interval(0, 1, "low"), typical=(0.0, 0.3))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, gamma_pos: Any, gamma_neg: Any, shift: Any) -> Any:
        p, q = 1 / (1 + mp.exp(-f)), 1 / (1 + mp.exp(f))
        if y == 1:
            return -(q**gamma_pos) * mp.log(p)
        return -((p - shift) ** gamma_neg) * mp.log(q + shift) if p > shift else mp.mpf(0)

    @staticmethod
    def damper(mp: Any, y: Any, f: Any, gamma_pos: Any, gamma_neg: Any, shift: Any) -> Any:
        p, q = 1 / (1 + mp.exp(-f)), 1 / (1 + mp.exp(f))
        if y == 1:
            g = gamma_pos
            return q**g * p * (-(g**2) * p * mp.log(p) + (2 * g + 1) * q)
        g, u = gamma_neg, p - shift
        if u <= 0:
            return mp.mpf(0)
        k, r = 1 / (q + shift), -mp.log(q + shift) / u
        first = g * r * (q + (g - 1) * p * q / u)
        return p * q * u**g * (max(first, mp.mpf(0)) + 2 * g * k * p * q / u + k * q)

    @staticmethod
    def point(y, f, gamma_pos, gamma_neg, shift):  # type: ignore[no-untyped-def]
        of_one = y == 1.0
        sign = where(of_one, -1.0, 1.0)
        gamma = where(of_one, gamma_pos, gamma_neg)
        m = where(of_one | (shift < 1e-300), 0.0, shift)
        plain = m == 0.0
        # One loss for both classes: of x = f for class 0 and -f for class 1.
        x = sign * f
        a = abs(f)
        # With the root of exp(-a): where exp(-a) has lost its digits, a multiple of it by a or gamma has not.
        e, root, large, half_tanh = logistic_parts(a)
        tail = root * large
        small = e * large
        p, q = where(x >= 0.0, large, small), where(x >= 0.0, small, large)
        u = where(plain, p, residual(x, e, large, half_tanh, m, 1.0 - m, m - 0.5))
        counts = u > 0.0
        u = where(counts, u, 0.5)
        rest = q + m  # 1 - u
        # Of the smaller one of u and 1 - u the logarithm does not cancel, nor does log1p of minus it.
        below = u <= rest
        lesser = where(below, u, rest)
        upper, upper_tail, lower, lower_tail = _logarithms(plain, a, e, lesser)
        power = exp_product(gamma, where(below, lower, upper), where(below, lower_tail, upper_tail))
        power = where(counts, power, 0.0)
        lost = -where(below, upper, lower)
        # p/u and q/(1 - u), which are 1 without a shift, where p or q may be 0.
        one, two = where(x >= 0.0, root, large), where(x >= 0.0, tail, 1.0)  # q is their product
        ratio = where(plain, 1.0, p / u)
        share = where(plain, 1.0, one / rest * two)
        drawn = one * lost * gamma * ratio * two
        pull = drawn + p * share
        own = drawn * q * (1.0 + (gamma - 1.0) * ratio)
        other = (1.0 + 2.0 * gamma * ratio) * root * tail * large * share
        against = drawn * p + where(plain, 0.0, m / rest * (p * p) * share)
        return power * lost, sign * power * pull, power * (own + other - against), power * (max(own, 0.0) + other)
