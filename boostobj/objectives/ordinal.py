"""Targets that are one of k classes with an order."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..domain import AUTO, Cuts, Interval, param
from ..intervals import logistic, neighbours, normal
from ..objective import Pointwise
from ..protocol import Rows
from ..registry import register

__all__ = ["OrdinalLogit", "OrdinalProbit"]


def _probabilities(objective: OrdinalLogit | OrdinalProbit, raw: Any) -> np.ndarray:
    if objective.thresholds == AUTO:
        raise ValueError(f"{objective._owner}: thresholds must be numbers here, got {AUTO!r}: those of `resolve`, or the model's")
    raw = objective._scores(raw, np.empty(len(raw)))
    return np.stack([np.exp(-objective.loss(np.full(len(raw), j), raw)) for j in range(len(objective.thresholds) + 1)], axis=1)


def _thresholds(objective: OrdinalLogit | OrdinalProbit, y: np.ndarray, weight: np.ndarray, offset: Any) -> dict[str, Any]:
    """Each threshold from the two sides of it alone; ascending, because fewer rows are below a lower one."""
    k = objective._count("thresholds", {"thresholds": None}, y)
    lacking = np.flatnonzero(np.bincount(y.astype(np.int64), weights=weight, minlength=k) == 0)
    if lacking.size:
        warnings.warn(
            f"{objective._owner}: no thresholds minimise the loss: no row of class {lacking[0]} has weight; it counts as half"
            " a row",
            UserWarning,
            stacklevel=6,
        )
        if offset is not None:
            offset = np.append(offset, np.full(lacking.size, np.average(offset, weights=weight)))
        y, weight = np.append(y, lacking), np.append(weight, np.full(lacking.size, 0.5 * weight.sum() / len(y)))
    one = type(objective)(thresholds=(0.0,))
    found = [-one._start(Rows((y > j).astype(np.float64), weight), offset)[0] for j in range(k - 1)]
    return {"thresholds": tuple(map(float, found))}


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class OrdinalLogit(Pointwise):
    """Proportional odds: minus log likelihood of an ordered class under a cumulative logistic model.

    Target: the index of a class, 0 to k - 1, in their order. Raw score: where the row lies on the scale that the thresholds cut
    into classes; the higher, the higher the class. Estimates: that place, which the inverse link leaves as it is;
    `probabilities` makes the probabilities of the classes of it, and `classes` the most probable class.

    With the thresholds t_0 < ... < t_(k-2) (t_(-1) is minus infinity, t_(k-1) infinity), G(x) = 1/(1 + exp(-x)) and for the class
    y the ends a = t_(y-1) - f and b = t_y - f:

        loss      -log(G(b) - G(a)) = log(1 + exp(a)) + log(1 + exp(-b)) - log(1 - exp(a - b))
        gradient  1 - G(a) - G(b)
        exact     G(a)*(1 - G(a)) + G(b)*(1 - G(b))
        majorized tanh(a/2)/(2*a) + tanh(b/2)/(2*b), without the term of an infinite end

    The second form of the loss is two log losses and a number that the score does not move, so that the bounds of LogLoss
    add up to one of it. The boosters' door uses "majorized" unless told otherwise: the exact curvature vanishes where a class
    is missed by far, and the gradient does not.

    Parameters
    ----------
    thresholds : tuple of k - 1 ascending floats, no two equal, or "auto"
        Where one class ends and the next begins. "auto" makes them of how many rows each class has (with an offset: for each
        threshold the best one for a constant score beyond the offset); the start is then 0. They stay as they are in training.

    Equalities: with the one threshold 0 LogLoss; R's MASS::polr, whose deviance is twice the total, with the thresholds it
    finds. When not to use it: classes without an order (Softmax); what a score means differs from class to class (a LogLoss
    for each threshold).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: McCullagh 1980, Regression models for ordinal data, Journal of the Royal Statistical Society B 42, section 2;
    Venables and Ripley 2002, Modern Applied Statistics with S, 4th ed., section 7.3 (signs as here); the bound:
    Jaakkola and Jordan 2000, Bayesian parameter estimation via variational methods, eq. 10.

    >>> o = OrdinalLogit(thresholds=(-1.0, 1.0))
    >>> o.probabilities([0.0, 4.0]).round(3).tolist(), o.classes([0.0, 4.0]).tolist()
    ([[0.269, 0.462, 0.269], [0.007, 0.041, 0.953]], [1, 2])
    >>> OrdinalLogit().resolve([0, 0, 1, 2]).thresholds
    (0.0, 1.0986122886681098)
    """

    name = "ordinal_logit"
    link = "location"
    domain = Interval(0, 2**31, "low", integer=True)
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"
    cuts = "thresholds"

    thresholds: tuple[float, ...] | str = param(AUTO, domain=Cuts(), auto=True, typical=((-1.0, 0.5, 2.0), (0.5,)))

    def profiled(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> dict[str, Any]:
        return _thresholds(self, y, weight, offset)

    def probabilities(self, raw: Any) -> np.ndarray:
        """The probability of each class.

        Parameters
        ----------
        raw : array of shape (n,)
            Raw scores, as a model predicts them.

        Returns
        -------
        array of shape (n, k), float64

        Raises
        ------
        ValueError
            Thresholds that are still "auto", or scores of another shape or not finite.
        """
        return _probabilities(self, raw)

    def classes(self, raw: Any) -> np.ndarray:
        """The most probable class.

        Parameters
        ----------
        raw : array of shape (n,)

        Returns
        -------
        array of shape (n,), int64

        Raises
        ------
        ValueError
            As `probabilities`.
        """
        return _probabilities(self, raw).argmax(axis=1)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, thresholds: Any) -> Any:
        ends = [-mp.inf, *thresholds, mp.inf]
        low, high = ends[int(y)] - f, ends[int(y) + 1] - f
        # The distribution function, and what it lacks to 1: one of the two differences has all digits.
        below = 1 / (1 + mp.exp(-high)) - 1 / (1 + mp.exp(-low))
        return -mp.log(below if low < 0 else 1 / (1 + mp.exp(low)) - 1 / (1 + mp.exp(high)))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, thresholds: Any) -> Any:
        ends = [t - f for t in [-mp.inf, *thresholds, mp.inf][int(y) : int(y) + 2]]
        return sum(mp.tanh(x / 2) / (2 * x) if x else mp.mpf(1) / 4 for x in ends if abs(x) < mp.inf)

    @staticmethod
    def point(y, f, thresholds):  # type: ignore[no-untyped-def]
        low, high = neighbours(y, thresholds)
        loss, slope, bend, bound = logistic(low - f, high - f, high - low, (low + high) - f - f)
        return loss, -slope, bend, bound


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class OrdinalProbit(Pointwise):
    """Ordered probit: minus log likelihood of an ordered class under a cumulative normal model.

    Target: the index of a class, 0 to k - 1, in their order. Raw score: where the row lies on the scale that the thresholds cut
    into classes, in standard deviations of the noise; the higher, the higher the class. Estimates: that place, which the
    inverse link leaves as it is; `probabilities` makes the probabilities of the classes of it, and `classes` the most
    probable class.

    With the thresholds t_0 < ... < t_(k-2) (t_(-1) is minus infinity, t_(k-1) infinity), the standard normal density g and
    distribution function G, and for the class y the ends a = t_(y-1) - f and b = t_y - f:

        loss      -log(G(b) - G(a))
        gradient  (g(b) - g(a)) / (G(b) - G(a))
        exact     gradient**2 + (b*g(b) - a*g(a)) / (G(b) - G(a))
        majorized 1

    The exact curvature is 1 minus the variance of a standard normal variable that is known to lie between a and b, so that it
    is above 0 and below 1: hence the bound. The boosters' door uses "exact" unless told otherwise: it does not vanish where a
    class is missed by far.

    Parameters
    ----------
    thresholds : tuple of k - 1 ascending floats, no two equal, or "auto"
        As in OrdinalLogit.

    Equalities: AFT(distribution="normal") of times exp(t_(y-1)) to exp(t_y); R's MASS::polr with method="probit".
    When not to use it: classes without an order (Softmax); odds ratios are wanted (OrdinalLogit).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Aitchison and Silvey 1957, The generalization of probit analysis to the case of multiple responses, Biometrika 44,
    section 2; McCullagh 1980, Regression models for ordinal data, Journal of the Royal Statistical Society B 42, section 1.

    >>> o = OrdinalProbit(thresholds=(-1.0, 1.0))
    >>> o.probabilities([0.0, 4.0]).round(3).tolist(), o.classes([0.0, 4.0]).tolist()
    ([[0.159, 0.683, 0.159], [0.0, 0.001, 0.999]], [1, 2])
    """

    name = "ordinal_probit"
    link = "location"
    domain = Interval(0, 2**31, "low", integer=True)
    kinds = ("exact", "majorized")
    boosters_curvature = "exact"
    cuts = "thresholds"

    thresholds: tuple[float, ...] | str = param(AUTO, domain=Cuts(), auto=True, typical=((-1.0, 0.5, 2.0), (0.5,)))

    def profiled(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> dict[str, Any]:
        return _thresholds(self, y, weight, offset)

    def probabilities(self, raw: Any) -> np.ndarray:
        """The probability of each class: as in OrdinalLogit."""
        return _probabilities(self, raw)

    def classes(self, raw: Any) -> np.ndarray:
        """The most probable class: as in OrdinalLogit."""
        return _probabilities(self, raw).argmax(axis=1)

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, thresholds: Any) -> Any:
        ends = [-mp.inf, *thresholds, mp.inf]
        low, high = ends[int(y)] - f, ends[int(y) + 1] - f
        side = 1 if low + high > 0 else -1  # on which the difference has all digits
        return -mp.log(abs(mp.erfc(side * low / mp.sqrt(2)) - mp.erfc(side * high / mp.sqrt(2))) / 2)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, thresholds: Any) -> Any:
        return mp.mpf(1)

    @staticmethod
    def point(y, f, thresholds):  # type: ignore[no-untyped-def]
        low, high = neighbours(y, thresholds)
        loss, slope, bend = normal(low - f, high - f, high - low)
        return loss, -slope, bend, 1.0
