"""Predictions on the scale of the target, and models as other tools take them."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np

from .. import protocol
from ..domain import first_bad
from . import records
from .frames import refuse_frames

_SAME = {"reg:logistic": "binary:logistic", "survival:cox": "reg:gamma", "survival:aft": "reg:gamma"}
"""Objectives of XGBoost whose link onnxmltools does not know, and one with the same link that it knows."""


def predict(booster: Any, data: Any, *, offset: Any = None, **kwargs: Any) -> np.ndarray:
    """Predictions on the scale of the target, for every model that `train` has made, in whatever process it is loaded.

    The booster's own predict where that says the same, which is nearly always; else the link, which the model's record names,
    of its raw scores. Models that stopped early predict with their best iteration.

    Parameters
    ----------
    booster : xgboost.Booster or lightgbm.Booster
    data : what the booster predicts from
        For XGBoost a DMatrix, or what a DMatrix is made of: arrays and frames, with categories.
    offset : array of shape (n,) or (n, k), optional
        LightGBM only: log(exposure), say, added to the raw scores before the link. XGBoost has the base_margin of a DMatrix
        for that.
    **kwargs
        The other arguments of the booster's predict: iteration_range, num_iteration, ... Where they ask for something else
        than predictions (output_margin, raw_score, pred_leaf, pred_contribs ...) that is what is returned.

    Returns
    -------
    array of shape (n,) or (n, k)
        float32 from XGBoost, float64 from LightGBM.

    Raises
    ------
    TypeError
        Not a Booster.
    ValueError
        The model has no record, or one that cannot be read; an offset with XGBoost, of another shape, that is not finite, or
        beside leaves or contributions; tables of polars or pyarrow with columns over which LightGBM ends the process.

    >>> import numpy as np, xgboost
    >>> from boostobj import train
    >>> x, y = np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([4.0, 4.0, 9.0, 9.0])
    >>> params = {"max_depth": 1, "lambda": 0, "min_child_weight": 0, "nthread": 1}
    >>> booster = train(params, xgboost.DMatrix(x, y), 20, objective="squared_root_error")
    >>> booster.predict(xgboost.DMatrix(x)).round(2).tolist()  # XGBoost has no such link
    [2.0, 2.0, 3.0, 3.0]
    >>> predict(booster, x).round(1).tolist()
    [4.0, 4.0, 9.0, 9.0]
    """
    whose = records.booster_of(booster)
    shown = records.link_of(records.needed(booster, "predict"), "predict")
    if whose == "xgboost":
        if offset is not None:
            raise ValueError(
                "predict: offset is for LightGBM; XGBoost adds the base_margin of its data, xgboost.DMatrix(x, base_margin=...)"
            )
        return _by_xgboost(booster, data, shown, kwargs)
    refuse_frames("predict", data)
    return _by_lightgbm(booster, data, shown, offset, kwargs)


def _by_xgboost(booster: Any, data: Any, shown: records.Shown, kwargs: dict[str, Any]) -> np.ndarray:
    import xgboost

    if not protocol.is_dmatrix(data):
        data = xgboost.DMatrix(data, enable_categorical=True)
    best = _best(booster)
    if best is not None:
        kwargs = {"iteration_range": (0, best + 1), **kwargs}
    others = ("output_margin", "pred_leaf", "pred_contribs", "approx_contribs", "pred_interactions")
    if not shown.raw or any(kwargs.get(name) for name in others):
        return booster.predict(data, **kwargs)
    return shown.applied(booster.predict(data, **{**kwargs, "output_margin": True}))


def _best(booster: Any) -> int | None:
    """The best iteration of an XGBoost model that stopped early; None where there is none, or no way to take only it."""
    best = booster.attr("best_iteration")
    if best is None or json.loads(booster.save_config())["learner"]["gradient_booster"]["name"] == "gblinear":
        return None
    return min(int(best), booster.num_boosted_rounds() - 1)


def _by_lightgbm(booster: Any, data: Any, shown: records.Shown, offset: Any, kwargs: dict[str, Any]) -> np.ndarray:
    others = [name for name in ("pred_leaf", "pred_contrib") if kwargs.get(name)]
    if others and offset is not None:
        raise ValueError(f"predict: an offset belongs to raw scores, but {others[0]}={kwargs[others[0]]!r} asks for others")
    if others or (offset is None and (not shown.raw or kwargs.get("raw_score"))):
        return booster.predict(data, **kwargs)
    found = booster.predict(data, **{**kwargs, "raw_score": True})
    if offset is not None:
        found = found + _shaped(offset, found.shape)
    return found if kwargs.get("raw_score") else shown.applied(found)


def _shaped(offset: Any, shape: tuple[int, ...]) -> np.ndarray:
    offset = np.asarray(offset, np.float64)
    if offset.shape != shape:
        raise ValueError(f"predict: offset must have shape {shape}, one number for each raw score, got {offset.shape}")
    bad = ~np.isfinite(offset)
    if bad.any():
        raise first_bad("predict", "offset", "finite", offset, bad)
    return offset


def deployable(booster: Any) -> Any:
    """A copy of a model for converters (onnxmltools, treelite) and servers: what they export is what it predicts.

    Three traps are gone. A model that stopped early holds its best iteration and nothing beyond: converters and XGBoost's own
    predict take all trees. XGBoost's features lose the names that onnxmltools cannot read; they are known by their order.
    Objectives of XGBoost which onnxmltools takes for others (reg:logistic, survival:cox, survival:aft) become ones with the
    same link. Predictions of the booster's own predict do not change, nor does the record.

    What onnxmltools still gets wrong without a word, in XGBoost: "binary:hinge" and our "hinge" (it gives raw scores),
    "binary:logitraw" (it gives probabilities), "one_vs_all" (probabilities that add up to 1; treelite too is wrong there), and
    booster="dart". And in LightGBM: "one_vs_all", and "squared_root_error" and reg_sqrt (it gives raw scores). Several scores
    that are no classes ("multi_quantile", "multi_expectile", "gaussian" ...) neither converter can be relied on to take.
    Compare before you ship, as examples/deployment.py does.

    Parameters
    ----------
    booster : xgboost.Booster or lightgbm.Booster, not changed

    Returns
    -------
    xgboost.Booster or lightgbm.Booster

    Warns
    -----
    UserWarning
        The model predicts raw scores outside boostobj: its link is none of the booster's, and whoever serves it must apply it.

    Raises
    ------
    TypeError
        Not a Booster.
    ValueError
        The model's record cannot be read.
    """
    whose = records.booster_of(booster)
    read = records.record(booster)
    if read is not None:
        shown = records.link_of(read, "deployable")
        if shown.raw:
            warnings.warn(
                f"deployable: outside boostobj the model predicts raw scores; predictions are the inverse of its link"
                f" {shown.link!r}, of {shown.slope:g} times the raw score",
                UserWarning,
                stacklevel=2,
            )
    return _xgboost(booster) if whose == "xgboost" else _lightgbm(booster)


def _xgboost(booster: Any) -> Any:
    import xgboost

    best = _best(booster)
    copy = booster.copy() if best is None else booster[: best + 1]
    copy.feature_names = None
    name = json.loads(copy.save_config())["learner"]["objective"]["name"]
    if name in _SAME:
        model = json.loads(copy.save_raw("json"))
        row = xgboost.DMatrix(np.zeros((1, 1)))
        other = xgboost.Booster({"objective": _SAME[name]}, [row])
        other.predict(row)  # configures it
        config = json.loads(other.save_config())
        model["learner"]["objective"] = config["learner"]["objective"]
        copy.load_model(bytearray(json.dumps(model).encode()))
    return copy


def _lightgbm(booster: Any) -> Any:
    import lightgbm

    return lightgbm.Booster(model_str=booster.model_to_string())
