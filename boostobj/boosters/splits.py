"""What the boosters ask of a split and make of a leaf, computed without features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..objective import Objective
from . import lightgbm

LEAST_GAIN = 1e-6
"""XGBoost's kRtEps: a split whose gain is not above it is not made."""
ROOM = 1e-6
"""Relative: the boosters round sums and gains otherwise than NumPy."""
_EPSILON = 1e-15
"""LightGBM's kEpsilon, which it adds to sums of Hessians."""
_LEAVES = 32
_SAMPLE = 10_000


class Trees(NamedTuple):
    """What the parameters of a booster ask of a split, and make of a leaf."""

    booster: str
    rate: float
    hessian: float
    """Least sum of Hessians of a child."""
    rows: int
    """Least number of rows of a child."""
    share: float
    """Of the rows, that a tree sees."""
    l2: float
    l1: float
    gain: float
    """A split must gain more than this."""
    step: float
    """Largest step of a leaf before the learning rate; 0 for any."""
    leaves: int

    @property
    def of_hessian(self) -> str:
        return "min_child_weight" if self.booster == "xgboost" else "min_sum_hessian_in_leaf"

    @property
    def of_gain(self) -> str:
        return "gamma" if self.booster == "xgboost" else "min_gain_to_split"

    def pull(self, g: Any) -> Any:
        """Sums of gradients, less alpha."""
        return np.sign(g) * np.maximum(np.abs(g) - self.l1, 0.0)

    def term(self, g: Any, h: Any) -> Any:
        """What a node with these sums adds to a gain."""
        pull = self.pull(g)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(pull == 0, 0.0, pull * pull / (np.maximum(h, 0.0) + self.l2))

    def leaf(self, g: np.ndarray, h: np.ndarray) -> np.ndarray:
        """The step of leaves with these sums, before the learning rate."""
        value = -self.pull(g) / (h + self.l2 + _EPSILON)
        value = np.where((h < self.hessian) | (h <= 0), 0.0, value)
        return np.clip(value, -self.step, self.step) if self.step > 0 else value

    def blocked(self, grad: np.ndarray, hess: np.ndarray) -> tuple[str, np.ndarray]:
        """What forbids every split of all rows, "" if nothing does; and for which of the k scores. Arrays are (n, k)."""
        total = hess.sum(axis=0)
        smaller = np.minimum(total / 2, total - hess.max(axis=0))  # no child of two can have more than this
        none = (smaller <= 0) & (self.booster == "xgboost")
        checks: tuple[tuple[str, Any], ...] = (
            ("gradient", ~grad.any(axis=0)),
            ("hessian", none | (smaller < self.hessian * (1 - ROOM))),
            ("gain", self.best(grad, hess) <= self.gain),
        )
        for name, stuck in checks:
            if stuck.any():
                return name, stuck
        return "", np.zeros(len(total), bool)

    def best(self, grad: np.ndarray, hess: np.ndarray, enough: float = 0.0) -> np.ndarray:
        """For each of the k scores a gain that no split of the rows can exceed.

        A smaller one where a split is found at once that gains more than `enough` and the threshold.
        """
        enough = max(enough, self.gain)
        out = []
        for g, h in zip(grad.T, hess.T, strict=True):
            found = self._found(g, h)
            out.append(found if found > enough else min(self._by_signs(g), self._exact(g, h)))
        return np.array(out)

    def _by_signs(self, g: np.ndarray) -> float:
        up, down = (float(self.pull(np.where(s * g > 0, s * g, 0.0).sum())) for s in (1, -1))
        least = self.hessian + self.l2
        return (up * up + down * down) / least if least > 0 else np.inf

    def _found(self, g: np.ndarray, h: np.ndarray) -> float:
        """The gain of the best of a few splits by g/h."""
        ratio = _ratio(g, h)
        some = ratio[:: -(-len(ratio) // _SAMPLE)]
        places = np.unique(np.quantile(some, np.arange(1, _LEAVES) / _LEAVES, method="lower"))
        group = np.searchsorted(places, ratio)
        sums = (np.bincount(group, w, len(places) + 1).cumsum() for w in (g, h))
        return self._largest(*sums)

    def _exact(self, g: np.ndarray, h: np.ndarray) -> float:
        order = np.argsort(_ratio(g, h))
        return self._largest(g[order].cumsum(), h[order].cumsum())

    def _largest(self, left_g: np.ndarray, left_h: np.ndarray) -> float:
        g, h = left_g[-1], left_h[-1]
        left_g, left_h = left_g[:-1], left_h[:-1]  # all rows are no child
        root = self.term(g, h)
        with np.errstate(invalid="ignore"):  # infinite less infinite, without any Hessian: no bound
            children = self.term(left_g, left_h) + self.term(g - left_g, h - left_h)
            return float(np.nan_to_num(children - root * (1 - ROOM), nan=np.inf, posinf=np.inf).max(initial=-np.inf))

    def imagined(self, feature: np.ndarray, g: np.ndarray, h: np.ndarray, most: int = 0) -> np.ndarray:
        """What a tree adds to each row that is split by this feature alone, times the learning rate."""
        most = most or min(_LEAVES, max(self.leaves, 2))
        group = np.searchsorted(np.unique(np.quantile(feature, np.arange(1, most) / most)), feature)
        sums = [np.bincount(group, w, most) for w in (g, h, None)]
        leaf = self._merged(sums[1], sums[2])
        of_leaf = [np.bincount(leaf, w) for w in sums[:2]]
        if self.term(*of_leaf).sum() - self.term(g.sum(), h.sum()) <= self.gain:
            if self.booster == "lightgbm":
                return np.zeros(len(g))
            leaf[:], of_leaf = 0, [np.array([w.sum()]) for w in sums[:2]]
        values = self.leaf(*of_leaf)
        return self.rate * values[leaf[group]]

    def _merged(self, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        """The leaf of each of these groups of rows, neighbours in one leaf until there is enough in it and in what is left."""
        leaf, last = np.zeros(len(n), np.int64), 0
        rows, total = 0, 0.0
        rows_left, left = n.sum() - n.cumsum(), h[::-1].cumsum()[::-1] - h
        for i in range(len(n)):
            leaf[i] = last
            rows, total = rows + n[i], total + h[i]
            if min(rows, rows_left[i]) >= self.rows and min(total, left[i]) >= self.hessian:
                last, rows, total = last + 1, 0, 0.0
        return leaf


def _ratio(g: np.ndarray, h: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(g / h, nan=0.0, posinf=np.finfo(float).max, neginf=np.finfo(float).min)


def value(params: Mapping[str, Any], main: str, names: set[str], default: Any) -> Any:
    """A parameter under any of its names, the main one first, as the boosters choose."""
    for name in (main, *sorted(names)):
        if params.get(name) is not None:
            return params[name]
    return default


def trees(booster: str, params: Mapping[str, Any], objective: Objective) -> Trees | None:
    """What the parameters ask of splits; None where no trees are grown, or not by these rules."""
    return _of_xgboost(params, objective) if booster == "xgboost" else _of_lightgbm(params)


def _of_xgboost(params: Mapping[str, Any], objective: Objective) -> Trees | None:
    def number(default: float, main: str, *names: str) -> float:
        return float(value(params, main, set(names), default))

    other = {
        "booster": ("gblinear",),
        "process_type": ("update",),
        "multi_strategy": ("multi_output_tree",),
        "sampling_method": ("gradient_based",),
    }
    if any(params.get(key) in values for key, values in other.items()) or params.get("updater"):
        return None
    native = objective._native_by_default("xgboost")
    step = native[1].get("max_delta_step") if native else None  # XGBoost's Poisson brings one along
    by_depth = 2 ** min(int(number(6, "max_depth")) or 31, 31)
    return Trees(
        booster="xgboost",
        rate=number(0.3, "eta", "learning_rate"),
        hessian=number(1, "min_child_weight"),
        rows=1,
        share=1.0,
        l2=number(1, "lambda", "reg_lambda"),
        l1=number(0, "alpha", "reg_alpha"),
        gain=max(LEAST_GAIN, number(0, "gamma", "min_split_loss") * (1 - ROOM)),
        step=number(step or 0, "max_delta_step"),
        leaves=int(number(0, "max_leaves")) or by_depth,
    )


def _of_lightgbm(params: Mapping[str, Any]) -> Trees | None:
    def setting(name: str, default: Any) -> Any:
        return value(params, name, lightgbm.aliases(name), default)

    if "goss" in (setting("boosting", "gbdt"), setting("data_sample_strategy", "bagging")):
        return None  # its sums of Hessians are those of other rows
    if setting("forcedsplits_filename", ""):
        return None
    return Trees(
        booster="lightgbm",
        rate=float(setting("learning_rate", 0.1)),
        hessian=float(setting("min_sum_hessian_in_leaf", 1e-3)),
        rows=max(int(setting("min_data_in_leaf", 20)), 1),
        share=float(setting("bagging_fraction", 1.0)) if int(setting("bagging_freq", 0)) > 0 else 1.0,
        l2=float(setting("lambda_l2", 0.0)),
        l1=float(setting("lambda_l1", 0.0)),
        gain=float(setting("min_gain_to_split", 0.0)),
        step=float(setting("max_delta_step", 0.0)),
        leaves=int(setting("num_leaves", 31)),
    )
