"""Training: the only code, with parity and checks, that imports a booster, and only when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import protocol
from ..objective import Objective


def train(
    params: Mapping[str, Any], data: Any, num_boost_round: int = 10, *, objective: str | Objective, **kwargs: Any
) -> Any:
    """Train."""
    for name in ("obj", "fobj"):
        if name in kwargs:
            raise TypeError(f"train has no argument {name!r}: the objective goes into objective=")
    if protocol.is_dmatrix(data):
        from .xgboost import train as train_xgboost

        return train_xgboost(params, data, num_boost_round, objective, kwargs)
    if protocol.is_dataset(data):
        from .lightgbm import train as train_lightgbm

        return train_lightgbm(params, data, num_boost_round, objective, kwargs)
    raise TypeError(f"train: data must be an xgboost.DMatrix or a lightgbm.Dataset, got {type(data).__name__}")
