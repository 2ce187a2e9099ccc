"""The unit of a loss: what gradients, Hessians and regularisation are multiplied with before a booster sees them.

A booster compares sums of Hessians with numbers that were made for a Hessian of about 1 per row: min_child_weight and lambda
mean rows only then. XGBoost also makes no split that gains less than 1e-6, absolutely, and gains are in the unit of the loss:
with targets in millionths there is none. Both matter to losses with a parameter in the unit of the target.

Let m be the weighted mean curvature of a score at the start, and L the sum of squared gradients over the sum of Hessians,
the size of a row's gain. For a loss in the unit of y**2, whose curvature has no unit (the robust losses), everything is
multiplied by one power of two u that brings m near 1, and XGBoost's by another, v >= 1, that brings L*u to 2**20 or more, so
that the threshold is below 1e-12 of it in any unit of y:

    gradients, Hessians, lambda, alpha, gamma    u*v          (leaves are what they were: nothing is rounded)
    min_child_weight                             v            (it means rows)

For any other loss in whose parameters the unit of y occurs, or whose scores have curvatures of different units, lambda
itself would mean another number of rows in every unit of y. There each score is multiplied by v/m, and what is compared
with it by v: lambda and min_child_weight both mean rows.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import protocol
from ..objective import Objective
from . import common

_MOST = 100
"""Powers of two beyond which float32 sums would end."""
_ABOVE = 20
_SOME = 1000
_SAME = 1e-3

Gradients = Callable[..., tuple[np.ndarray, np.ndarray]]

_PENALTIES: Mapping[str, Mapping[str, float]] = {
    "xgboost": {"lambda": 1.0, "alpha": 0.0, "gamma": 0.0},
    # LightGBM adds cat_l2 and cat_smooth to sums of Hessians, and takes cegb_tradeoff times a cost from gains.
    "lightgbm": {
        "lambda_l1": 0.0,
        "lambda_l2": 0.0,
        "min_gain_to_split": 0.0,
        "linear_lambda": 0.0,
        "cat_l2": 10.0,
        "cat_smooth": 10.0,
        "cegb_tradeoff": 1.0,
    },
}
_LEAST: Mapping[str, Mapping[str, float]] = {
    "xgboost": {"min_child_weight": 1.0},
    "lightgbm": {"min_sum_hessian_in_leaf": 1e-3},
}
_XGBOOST_ALIASES = {"lambda": "reg_lambda", "alpha": "reg_alpha", "gamma": "min_split_loss"}


class Unit(NamedTuple):
    """What a training's numbers are multiplied with."""

    factor: tuple[float, ...] = (1.0,)
    """Gradients and Hessians, of all scores or of each."""
    penalty: float = 1.0
    """lambda, alpha, gamma."""
    least: float = 1.0
    """The least sum of Hessians of a child."""

    def of(self, gradients: Gradients) -> Gradients:
        """The gradients in this unit."""
        if self == PLAIN:
            return gradients

        def scaled(raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
            return self.times(*gradients(raw, data))

        return scaled

    def times(self, grad: np.ndarray, hess: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and Hessian in this unit, in place."""
        factor = np.asarray(self.factor if len(self.factor) > 1 else self.factor[0], grad.dtype)
        with np.errstate(under="ignore"):
            grad *= factor
            hess *= factor
        return grad, hess

    def params(self, booster: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """A booster's parameters in this unit."""
        found = dict(params)
        for names, factor in ((_PENALTIES[booster], self.penalty), (_LEAST[booster], self.least)):
            if factor == 1.0:
                continue
            for name, usual in names.items():
                keys = [key for key in _keys(booster, name) if params.get(key) is not None]
                for key in keys:
                    found[key] = float(params[key]) * factor
                if not keys and usual and not _linear(params):
                    found[name] = usual * factor
        return found

    def restored(self, booster: str, params: Mapping[str, Any]) -> dict[str, float]:
        """What the parameters that `params` changes were, under their main names."""
        found = {}
        for names, factor in ((_PENALTIES[booster], self.penalty), (_LEAST[booster], self.least)):
            if factor == 1.0:
                continue
            for name, usual in names.items():
                given = [float(params[key]) for key in _keys(booster, name) if params.get(key) is not None]
                if given or (usual and not _linear(params)):
                    found[name] = given[0] if given else usual
        return found


PLAIN = Unit()


def _linear(params: Mapping[str, Any]) -> bool:
    """Whether XGBoost's linear booster trains, whose penalties are 0 by default."""
    return params.get("booster") == "gblinear"


def _keys(booster: str, name: str) -> list[str]:
    """A parameter's names, the main one first."""
    if booster == "xgboost":
        return [name, _XGBOOST_ALIASES[name]] if name in _XGBOOST_ALIASES else [name]
    from . import lightgbm

    return [name, *sorted(lightgbm.aliases(name) - {name})]


def matters(objective: Objective, booster: str) -> bool:
    """Whether the loss is one whose unit is ours to choose, and depends on that of the target."""
    kind = objective._kind_for_boosters()
    measured = kind == "smoothed" or any(p.unit == "y" for p in objective.parameters())
    if common.like(objective) is not None or not (objective.uneven or measured):
        return False
    return kind != "native" or objective._native(booster) is None  # else it is a booster's own arithmetic: identity rules


def of(booster: str, each: Iterable[tuple[Objective, protocol.Rows, np.ndarray]]) -> Unit:
    """The unit for a training that starts at these raw scores, of shape (n,) or (n, k), of one target or several."""
    means: list[float] = []
    gains: list[float] = []
    even = True
    for objective, rows, raw in each:
        grad, hess = _sums(objective, booster, rows, raw)
        total = len(raw) if rows.weight is None else rows.weight.sum(dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            means += (hess / total).tolist()
            gains += (grad / hess).tolist()
        even = even and _of_squares(objective, booster, rows, raw)
    if not all(0 < m < math.inf for m in means):
        return PLAIN
    if even:
        curvature = _power(1 / float(np.mean(means)))
        lift = _lift(booster, min(gains) * curvature)
        return Unit((curvature * lift,), curvature * lift, lift)
    lift = _lift(booster, min(g / m for g, m in zip(gains, means, strict=True)))
    return Unit(tuple(lift / m for m in means), lift, lift)


def _sums(objective: Objective, booster: str, rows: protocol.Rows, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each score: sums of squared gradients, and of Hessians."""
    grad, hess = (a.reshape(len(raw), -1) for a in objective._called(protocol.Call(booster, rows, raw)))
    return np.square(grad, dtype=np.float64).sum(axis=0), hess.sum(axis=0, dtype=np.float64)


def _of_squares(objective: Objective, booster: str, rows: protocol.Rows, raw: np.ndarray) -> bool:
    """Whether the loss is in the unit of y**2: doubling targets, scores and parameters then leaves its curvature as it is."""
    if objective.uneven or objective.link != "identity":
        return False
    every = slice(None, None, -(-len(raw) // _SOME))
    some = protocol.Rows(rows.y[every], None)
    values: dict[str, Any] = {p.name: 2 * getattr(objective, p.name) for p in objective.parameters() if p.unit == "y"}
    try:
        doubled = dataclasses.replace(objective, **values)
        twice = _sums(doubled, booster, some._replace(y=2 * some.y), 2 * raw[every])[1]
    except ValueError:  # the domain ends before
        return False
    once = _sums(objective, booster, some, raw[every])[1]
    return bool((np.abs(twice - once) <= _SAME * once).all())


def _lift(booster: str, gain: float) -> float:
    """XGBoost's threshold for gains is absolute."""
    if booster != "xgboost" or not gain > 0:
        return 1.0
    return 2.0 ** max(0, min(_ABOVE - math.floor(math.log2(gain)), _MOST))


def _power(value: float) -> float:
    """The nearest power of two."""
    return 2.0 ** max(-_MOST, min(round(math.log2(value)), _MOST))


def broadcast(start: Sequence[float] | np.ndarray, offset: np.ndarray | None, n: int, dtype: Any) -> np.ndarray:
    """Raw scores of n rows at a start of k scores beside an offset: (n,), or (n, k)."""
    start = np.asarray(start, np.float64)
    shape = (n, len(start)) if len(start) > 1 else (n,)
    scores = np.broadcast_to(start if len(start) > 1 else start[0], shape)
    if offset is not None:
        scores = offset.reshape(shape) + scores
    return np.ascontiguousarray(scores, dtype)
