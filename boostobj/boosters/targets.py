"""Several targets per row: each column of a label matrix as if it were the label of its own data."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import builtins, protocol
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


def check(objective: Objective, data: Any, leaf: str) -> None:
    """Raise ValueError where a loss, a leaf or XGBoost's version has no place for several targets per row."""
    count = len(of(data))
    if count == 1:
        return
    name = common.public_name(objective)
    textbook = objective.textbook if isinstance(objective, BuiltIn) else objective
    if not isinstance(textbook, Pointwise) or objective._wants.interval:
        raise ValueError(f"train: {name!r} takes one target per row, the labels have {count} columns: train a Booster for each")
    if isinstance(objective, BuiltIn) and objective.builtin in ("reg:quantileerror", "reg:expectileerror"):
        raise ValueError(f"train: XGBoost's {name!r} takes one target per row, the labels have {count} columns")
    if leaf == "exact":
        raise ValueError(f"train: leaf='exact' is for one target per row, the labels have {count} columns")
    version = protocol.installed_version("xgboost")
    if builtins.version_of(version) < (3, 1):
        raise ValueError(
            f"train: XGBoost {version} has one base_score for all {count} columns of the labels; 3.1 and later have one for each"
        )


def gradients(objective: Objective, raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    """The objective applied to each column of the scores, of shape (n, targets)."""
    results = np.empty(raw.shape, np.float32), np.empty(raw.shape, np.float32)
    for column, target in enumerate(of(data)):
        of_target = objective(np.ascontiguousarray(raw[:, column]), target)
        for result, values in zip(results, of_target, strict=True):
            result[:, column] = values
    return results
