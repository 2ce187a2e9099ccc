"""The boosters' data containers for targets alone: what a native objective is called with."""

from __future__ import annotations

from typing import Any

import numpy as np


def dmatrix(y: np.ndarray, weight: np.ndarray | None, group: np.ndarray | None) -> Any:
    """An xgboost.DMatrix; with groups its weights are of the groups (the first row's)."""
    import xgboost

    given: dict[str, Any] = {}
    if group is not None:
        given["group"] = group
        weight = None if weight is None else weight[np.r_[0, np.cumsum(group)[:-1]]]
    if weight is not None:
        given["weight"] = weight
    return xgboost.DMatrix(np.zeros((len(y), 1), np.float32), y, **given)


def dataset(y: np.ndarray, weight: np.ndarray | None, group: np.ndarray | None) -> Any:
    """A constructed lightgbm.Dataset, as `train` has one by the time it calls an objective."""
    import lightgbm

    feature = np.arange(len(y), dtype=np.float64)[:, None]
    settings = {"verbosity": -1, "min_data_in_bin": 1, "min_data_in_leaf": 1, "feature_pre_filter": False}
    return lightgbm.Dataset(feature, y, weight=weight, group=group, params=settings).construct()
