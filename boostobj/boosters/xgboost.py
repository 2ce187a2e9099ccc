"""Training XGBoost: the parameters beside the objective, its metric, and offsets."""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import protocol
from ..objective import Objective, Rowwise
from . import common, leaves, records

_RANKS = {"auc", "aucpr", "pre", "ndcg", "map"}
"""Metrics that look at nothing but the order of the scores."""


def aliases(name: str) -> set[str]:
    return {name}


def train(
    params: Mapping[str, Any], data: Any, num_boost_round: int, objective: str | Objective, leaf: str, kwargs: dict[str, Any]
) -> Any:
    objective, params = common.settled(objective, params, "xgboost", aliases)
    leaves.check(leaf, objective)
    if leaf == "exact":
        _refuse_exact(objective, params, kwargs)
    builtin = common.like(objective) == "xgboost"
    sets = _different([data, *(d for d, _ in kwargs.get("evals") or ())])
    continued = kwargs.get("xgb_model") is not None
    nthread = int(params.get("nthread", params.get("n_jobs", 0)) or 0)
    beside = _beside(objective, data, nthread, int(params.get("seed", params.get("random_state", 0)) or 0))
    if continued:
        beside.pop("base_score", None)  # it would replace the one of the model
    if not builtin:
        kwargs = _with_metric(objective, params, kwargs, records.raw_in_xgboost(objective, beside["objective"]))
    if continued:
        kwargs = {**kwargs, "callbacks": [_forgetting(), *(kwargs.get("callbacks") or ())]}
    estimated = "base_score" not in params and not continued  # by XGBoost, were it its own objective
    memory: dict[str, Any] = {"params": params, "estimated": estimated}
    callable_ = common.remembering(objective, memory)
    if callable_ is not objective:
        kwargs = {**kwargs, "callbacks": [_known(memory), *(kwargs.get("callbacks") or ())]}
    offsets = [_offset(d) for d in sets]
    # XGBoost ignores base_score where there is a base_margin: under its own names that is what the built-in does.
    offset_counts = not builtin and any(o is not None for o in offsets)
    ours = objective._native_by_default("xgboost") is None
    if ours and "base_score" not in {**beside, **params} and not continued:  # XGBoost before 3.1, several scores
        offset_counts = True
    grown = functools.partial(_grown, data, num_boost_round, objective, callable_, leaf, sets, kwargs)
    recorded = functools.partial(records.on_xgboost, objective, data, leaf, offsets[0] is not None, continued)
    if not offset_counts:
        return recorded(_with_bias(grown({**beside, **params}), memory), None)

    if "base_score" in params:
        raise ValueError(
            f"train: params has base_score={params['base_score']!r}, which XGBoost ignores beside a base_margin;"
            " leave one of them out"
        )
    _refuse_offset(objective, params, num_boost_round)
    y, weight, bounds, _ = protocol.rows(common.public_name(objective), data, objective._wants)
    k = int(beside.get("num_class") or (isinstance(objective, Rowwise) and objective._known_count()) or 1)
    shape = (data.num_row(), k) if k > 1 else (data.num_row(),)
    offset = None if offsets[0] is None else offsets[0].reshape(shape)
    start = np.zeros(k) if continued else np.asarray(
        objective.start(y, weight, offset=offset, group=None if bounds is None else np.diff(bounds)), np.float64
    )
    if not continued:
        beside["base_score"] = _base_score_of_zero(beside)
    with _margins(sets, offsets, start):
        booster = grown({**beside, **params})
    return recorded(booster if continued else _edited(booster, functools.partial(_fold, start)), start)


def _forgetting() -> Any:
    """A callback: what was the best iteration of the model to go on from need not be that of the new one."""
    import xgboost

    class Forgetting(xgboost.callback.TrainingCallback):
        def before_training(self, model: Any) -> Any:
            model.set_attr(best_iteration=None, best_score=None)
            return model

    return Forgetting()


def _grown(
    data: Any,
    num_boost_round: int,
    objective: Objective,
    callable_: Any,
    leaf: str,
    sets: list[Any],
    kwargs: dict[str, Any],
    params: dict[str, Any],
) -> Any:
    """A training around the callable, with the leaves that were asked for."""
    import xgboost

    if leaf == "newton":
        return xgboost.train(params, data, num_boost_round, obj=callable_, **kwargs)
    y, weight, *_ = protocol.rows(common.public_name(objective), data, objective._wants)
    values = leaves.optima(objective, y, weight, int(params.get("num_class", 1)))
    rates = [params[name] for name in params if name in ("eta", "learning_rate")]
    renewal = leaves.XGBoost(objective, params, sets, values, float(rates[-1] if rates else 0.3))
    kwargs = {**kwargs, "callbacks": [renewal.callback(), *(kwargs.get("callbacks") or ())]}
    booster = xgboost.train(params, data, num_boost_round, obj=renewal.gradients, **kwargs)
    renewal.leave(booster)
    return _edited(booster, renewal.restore)


def _refuse_exact(objective: Objective, params: Mapping[str, Any], kwargs: Mapping[str, Any]) -> None:
    """What has no leaves of one number, or sets them itself."""
    import xgboost

    name = common.public_name(objective)
    refused = {
        "booster": ("gblinear", "dart"),
        "multi_strategy": ("multi_output_tree",),
        "process_type": ("update",),
    }
    for key, values in refused.items():
        if params.get(key) in values:
            raise ValueError(f"train: leaf='exact' with {name!r} is not possible with {key}={params[key]!r}")
    constraints = params.get("monotone_constraints")
    if constraints and re.search("[1-9]", str(constraints)):
        raise ValueError(f"train: leaf='exact' with {name!r}: monotone_constraints={constraints!r} would not hold for the leaves")
    for callback in kwargs.get("callbacks") or ():
        if isinstance(callback, xgboost.callback.TrainingCheckPoint):
            raise ValueError(
                "train: leaf='exact' writes the leaves into the finished model: TrainingCheckPoint would save others"
            )


def _with_bias(booster: Any, memory: dict[str, Any]) -> Any:
    """The Booster, with what lambdarank_unbiased has learnt where XGBoost keeps it in its models."""
    if "bias" in memory:
        config = json.loads(booster.save_config())
        for key, bias in zip(("ti+", "tj-"), memory["bias"], strict=True):
            config["learner"]["objective"][key] = bias.astype(np.float32).astype(np.float64).tolist()
        booster.load_config(json.dumps(config))
    return booster


def _known(memory: dict[str, Any]) -> Any:
    """A callback that puts the Booster in training into memory."""
    import xgboost

    class Known(xgboost.callback.TrainingCallback):
        def before_training(self, model: Any) -> Any:
            memory["booster"] = model
            return model

    return Known()


def _different(sets: list[Any]) -> list[Any]:
    return list({id(d): d for d in sets}.values())


def _beside(objective: Objective, data: Any, nthread: int, seed: int) -> dict[str, Any]:
    """What goes into params beside the callable: objective, base_score, number of scores."""
    return objective.train_params(data, nthread=nthread, seed=seed)


def _with_metric(objective: Objective, params: dict[str, Any], kwargs: dict[str, Any], raw: bool) -> dict[str, Any]:
    """The objective's own mean loss where the user names no metric: XGBoost's default belongs to the carrier.

    Built-in metrics see what XGBoost predicts, which is `raw` where it has no such link.
    """
    if "eval_metric" in params:
        given = params["eval_metric"]
        for name in [given] if isinstance(given, str) else given or ():
            if raw and str(name).split("@")[0].rstrip("-") not in _RANKS:
                raise ValueError(
                    f"train: no objective of XGBoost has the link of {objective!r}, so that its metric {name!r} would see raw"
                    f" scores; allowed are {', '.join(sorted(_RANKS))}, or custom_metric; its own loss is measured where"
                    " eval_metric is left out"
                )
        return kwargs
    params.setdefault("disable_default_eval_metric", 1)
    if kwargs.get("custom_metric") or kwargs.get("feval") or not common.measures(objective):
        return kwargs
    name = common.public_name(objective).replace(":", "_")  # a colon ends the name in what XGBoost prints and parses

    def metric(raw: np.ndarray, dmatrix: Any) -> tuple[str, float]:
        return name, common.mean_loss(objective, raw, dmatrix)

    made = {**kwargs, "custom_metric": metric}
    if made.get("early_stopping_rounds") and made.get("maximize") is None:
        made["maximize"] = False
    return made


def _offset(dmatrix: Any) -> np.ndarray | None:
    margin = np.asarray(dmatrix.get_base_margin(), np.float32)
    if margin.size == 0:
        return None
    return margin.reshape(dmatrix.num_row(), -1) if margin.size != dmatrix.num_row() else margin.ravel()


def _refuse_offset(objective: Objective, params: Mapping[str, Any], num_boost_round: int) -> None:
    name = common.public_name(objective)
    if params.get("booster") == "gblinear":
        raise ValueError(f"train: {name!r} with a base_margin has no place for its start in booster='gblinear'; use gbtree")
    if params.get("multi_strategy") == "multi_output_tree":
        raise ValueError(
            f"train: {name!r} with a base_margin has no place for its start in multi_strategy='multi_output_tree';"
            " use one_output_per_tree"
        )
    if num_boost_round < 1:
        raise ValueError(f"train: {name!r} with a base_margin needs num_boost_round of at least 1, got {num_boost_round}")


def _base_score_of_zero(params: Mapping[str, Any]) -> float:
    """The base_score that XGBoost turns into a raw score of 0: how depends on its objective."""
    import xgboost

    row = xgboost.DMatrix(np.zeros((1, 1)), np.zeros(1))
    for score in (0.0, 0.5, 1.0):
        with contextlib.suppress(xgboost.core.XGBoostError):  # 0 and 1 are no probabilities
            booster = xgboost.Booster({**params, "base_score": score, "verbosity": 0}, [row])
            if not booster.predict(row, output_margin=True).any():
                return score
    raise ValueError(f"train: no base_score makes XGBoost's {params['objective']!r} start at 0")


@contextlib.contextmanager
def _margins(sets: list[Any], offsets: list[np.ndarray | None], start: np.ndarray) -> Iterator[None]:
    """Every data set at its offset plus the start; afterwards as before."""
    constant = start if len(start) > 1 else start[0]
    try:
        for data, offset in zip(sets, offsets, strict=True):
            shape = (data.num_row(), len(start)) if len(start) > 1 else (data.num_row(),)
            margin = np.zeros(shape) if offset is None else offset.reshape(shape)
            data.set_base_margin((margin + constant).astype(np.float32))
        yield
    finally:
        for data, offset in zip(sets, offsets, strict=True):
            data.set_base_margin(np.empty(0, np.float32) if offset is None else offset)


def _edited(booster: Any, change: Callable[[dict[str, Any]], None]) -> Any:
    """The booster with a change to its model, the content of its JSON."""
    model = json.loads(booster.save_raw("json"))
    change(model)
    config = booster.save_config()
    booster.load_model(bytearray(json.dumps(model).encode()))
    booster.load_config(config)
    return booster


def _fold(start: np.ndarray, model: dict[str, Any]) -> None:
    """The start added to every leaf of the first tree of each score."""
    trees = leaves.trees_in(model)
    # Dropout's factor of each tree.
    dropped = model["learner"]["gradient_booster"].get("weight_drop") or trees.get("weight_drop")
    for score, value in enumerate(start):
        first = trees["tree_info"].index(score)
        tree = trees["trees"][first]
        shift = value / dropped[first] if dropped else value
        leaf = tree["split_conditions"]
        for node, child in enumerate(tree["left_children"]):
            if child == -1:
                leaf[node] = float(np.float32(leaf[node] + shift))
