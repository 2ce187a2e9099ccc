"""Several targets per row: each column of a label matrix as if it were the label of its own data."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import builtins, metrics, protocol
from ..links import LINKS
from ..objective import Objective, Pointwise
from ..registry import BuiltIn
from . import common


class Target:
    """One target of a DMatrix: its column of the labels, beside the weights that all targets share."""

    def __init__(self, data: Any, label: np.ndarray, column: int) -> None:
        self._data = data
        self._label = label
        self._column = column

    def get_label(self) -> np.ndarray:
        return self._label

    def get_weight(self) -> np.ndarray:
        return self._data.get_weight()

    def get_base_margin(self) -> np.ndarray:
        margin = np.asarray(self._data.get_base_margin(), np.float32)
        return np.ascontiguousarray(margin.reshape(len(self._label), -1)[:, self._column]) if margin.size else margin

    def get_float_info(self, name: str) -> np.ndarray:
        return self._data.get_float_info(name)

    def get_uint_info(self, name: str) -> np.ndarray:
        return self._data.get_uint_info(name)

    def num_row(self) -> int:
        return len(self._label)


def of(data: Any) -> list[Any]:
    """The targets of a DMatrix; the DMatrix itself where there is one."""
    lent = protocol._borrowed_field(data, "label")  # not to copy the labels in every round
    rows = data.num_row()
    if (np.size(data.get_label()) if lent is None else lent.size) <= rows:
        return [data]
    columns = np.ascontiguousarray(np.asarray(data.get_label(), np.float32).reshape(rows, -1).T)
    return [Target(data, label, column) for column, label in enumerate(columns)]


_ONE = ("reg:quantileerror", "reg:expectileerror")
"""XGBoost's objectives of one score per row that refuse a label matrix."""


def check(objective: Objective, data: Any, leaf: str) -> None:
    """Raise ValueError where a loss, a leaf or XGBoost's version has no place for several targets per row."""
    count = len(of(data))
    if count == 1:
        return
    name = common.public_name(objective)
    textbook = objective.textbook if isinstance(objective, BuiltIn) else objective
    if not isinstance(textbook, Pointwise) or objective._wants.interval:
        raise ValueError(f"train: {name!r} takes one target per row, the labels have {count} columns: train a Booster for each")
    native = objective._native_by_default("xgboost")
    if native and native[0].name in _ONE and (isinstance(objective, BuiltIn) or objective.curvature == "native"):
        raise ValueError(
            f"train: {objective!r}: XGBoost's {native[0].name!r} takes one target per row, the labels have {count} columns"
        )
    if leaf == "exact":
        raise ValueError(f"train: leaf='exact' is for one target per row, the labels have {count} columns")
    version = protocol.installed_version("xgboost")
    if builtins.version_of(version) < (3, 1):
        raise ValueError(
            f"train: XGBoost {version} has one base_score for all {count} columns of the labels; 3.1 and later have one for each"
        )


def resolved(objective: Objective, data: Any) -> list[Objective]:
    """The objective of each target: where a parameter is "auto" each has its own."""
    if not objective._auto:
        return [objective] * len(of(data))
    found = []
    for target in of(data):
        y, weight, *_ = protocol.rows(common.public_name(objective), target, objective._wants)
        margin = np.asarray(target.get_base_margin(), np.float32)
        offset = None if margin.size == 0 else margin.reshape(len(y), -1) if margin.size != len(y) else margin.ravel()
        found.append(objective.resolve(y, weight, offset=offset))
    return found


def beside(each_objective: Sequence[Objective], data: Any, nthread: int, seed: int) -> dict[str, Any]:
    """`train_params` for as many targets as there are, with a base_score for each."""
    objective = each_objective[0]
    pairs = zip(each_objective, of(data), strict=True)
    each = [of_target.train_params(target, nthread=nthread, seed=seed) for of_target, target in pairs]
    params = each[0]
    if len(each) > 1:
        params["base_score"] = "[" + ",".join(str(params_["base_score"]) for params_ in each) + "]"
        if params["objective"] in _ONE:  # the arithmetic stays, and the link
            params = {"objective": LINKS[objective.link].xgboost, "base_score": params["base_score"]}
    return params


def gradients(each: Sequence[Objective], raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    """The objective of each target applied to its column of the scores, of shape (n, targets)."""
    results = np.empty(raw.shape, np.float32), np.empty(raw.shape, np.float32)
    for column, (objective, target) in enumerate(zip(each, of(data), strict=True)):
        of_target = objective(np.ascontiguousarray(raw[:, column]), target)
        for result, values in zip(results, of_target, strict=True):
            result[:, column] = values
    return results


@dataclasses.dataclass(frozen=True)
class Losses:
    """In place of a metric "loss": the mean over the targets of the mean loss of each, whose objective is its own."""

    metric: metrics.Metric
    each: Sequence[Objective]

    @property
    def maximize(self) -> bool:
        return self.metric.maximize

    def __call__(self, raw: np.ndarray, data: Any) -> tuple[str, float]:
        scores = np.asarray(raw).reshape(len(raw), -1)
        columns = enumerate(zip(self.each, of(data), strict=True))
        values = [common.mean_loss(o, np.ascontiguousarray(scores[:, j]), target) for j, (o, target) in columns]
        return self.metric.xgboost_name, float(np.mean(values))
