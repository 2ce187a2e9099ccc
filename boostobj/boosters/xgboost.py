"""Training XGBoost: the parameters beside the objective, its metric, and offsets."""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .. import metrics, protocol
from ..objective import Objective, Rowwise
from . import common, leaves, records, targets, units

_RANKS = {"auc", "aucpr", "pre", "ndcg", "map"}
"""Metrics that look at nothing but the order of the scores."""


def aliases(name: str) -> set[str]:
    return {name}


def nthread(params: Mapping[str, Any]) -> int:
    return int(params.get("nthread", params.get("n_jobs", 0)) or 0)


def seed(params: Mapping[str, Any]) -> int:
    return int(params.get("seed", params.get("random_state", 0)) or 0)


def train(
    params: Mapping[str, Any],
    data: Any,
    num_boost_round: int,
    objective: str | Objective | type[Objective],
    leaf: str,
    metric: Any,
    kwargs: dict[str, Any],
) -> Any:
    import xgboost

    objective, params = _settled(params, data, objective, leaf, kwargs)
    sets = _different([data, *(d for d, _ in kwargs.get("evals") or ())])
    continued = kwargs.get("xgb_model") is not None
    plan = _planned(params, data, objective, leaf, sets, continued=continued)
    raw = records.raw_in_xgboost(objective, plan.params["objective"])
    kwargs = _with_metric(plan.objectives, plan.params, kwargs, metric, raw)
    if plan.start is not None and num_boost_round < 1:
        name = common.public_name(objective)
        raise ValueError(f"train: {name!r} with a base_margin needs num_boost_round of at least 1, got {num_boost_round}")
    callbacks = [_begun([plan]), *([_forgetting()] if continued else []), *(kwargs.get("callbacks") or ())]
    with _margins(sets, plan):
        booster = xgboost.train(plan.params, data, num_boost_round, obj=plan.gradients, **{**kwargs, "callbacks": callbacks})
    before = _rounds_of(kwargs.get("xgb_model")) if params.get("process_type") != "update" else 0
    return _finished(booster, plan, before)


def _rounds_of(model: Any) -> int:
    """Of a model to go on from: a Booster, or what one can be loaded from."""
    import xgboost

    if model is None:
        return 0
    booster = model if isinstance(model, xgboost.Booster) else xgboost.Booster(model_file=model)
    return int(booster.num_boosted_rounds())


def _settled(
    params: Mapping[str, Any], data: Any, objective: str | Objective | type[Objective], leaf: str, kwargs: Mapping[str, Any]
) -> tuple[Objective, dict[str, Any]]:
    """Objective and parameters, with nothing among what was asked that cannot be."""
    objective, params = common.settled(objective, params, "xgboost", aliases)
    leaves.check(leaf, objective)
    targets.check(objective, data, leaf)
    if leaf == "exact":
        _refuse_exact(objective, params, kwargs)
    return objective, params


def cv(
    params: Mapping[str, Any],
    data: Any,
    num_boost_round: int,
    objective: str | Objective | type[Objective],
    leaf: str,
    metric: Any,
    kwargs: dict[str, Any],
) -> Any:
    """xgboost.cv around the objective, with a plan for each fold: fpreproc is where XGBoost shows its folds."""
    import xgboost

    objective, params = _settled(params, data, objective, leaf, kwargs)
    objective = common.counted(objective, data)
    asked = {name: value for name, value in kwargs.items() if name not in ("metrics", "fpreproc")}
    named = kwargs.get("metrics") or params.get("eval_metric") or ()
    named = {"eval_metric": [named] if isinstance(named, str) else list(named)} if named else {}
    params |= named
    measured = targets.resolved(objective, data)  # one scale for all folds, or their mean would mean nothing
    raw = records.raw_in_xgboost(objective, _beside(measured, data, params)["objective"])
    asked = _with_metric(measured, params, asked, metric, raw)
    preprocess = kwargs.get("fpreproc")
    plans: dict[int, Plan] = {}

    def planned(dtrain: Any, dtest: Any, of_fold: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
        if preprocess is not None:
            dtrain, dtest, of_fold = preprocess(dtrain, dtest, of_fold)
        plan = _planned({**of_fold, **named}, dtrain, objective, leaf, [dtrain, dtest], continued=False)
        _set_margins([dtrain, dtest], plan)
        plans[id(dtrain)] = plan
        return dtrain, dtest, {name: value for name, value in plan.params.items() if name != "eval_metric"}  # beside it

    def gradients(raw: np.ndarray, dtrain: Any) -> Any:
        return plans[id(dtrain)].gradients(raw, dtrain)

    asked["callbacks"] = [_begun(plans.values()), *(asked.get("callbacks") or ())]
    return xgboost.cv(params, data, num_boost_round, obj=gradients, fpreproc=planned, **asked)


class Plan(NamedTuple):
    """What one training needs beside its data, and what makes an ordinary model of its Booster."""

    params: dict[str, Any]
    objectives: list[Objective]
    """Of each target, with nothing left to the data."""
    gradients: Callable[..., Any]
    memory: dict[str, Any]
    offsets: list[np.ndarray | None]
    """Of each set."""
    start: np.ndarray | None
    """What is added to the offsets, where XGBoost has no use for a base_score."""
    renewal: leaves.XGBoost | None
    recorded: Callable[[Any, np.ndarray | None], Any]
    """Writes the record into a Booster."""
    restored: dict[str, float]
    """Parameters that are not as they were given, as they were given."""
    unit: units.Unit


def _planned(
    params: Mapping[str, Any], data: Any, objective: Objective, leaf: str, sets: list[Any], *, continued: bool
) -> Plan:
    """The plan for one training; `data` is the first of `sets`."""
    builtin = common.like(objective) == "xgboost"
    asked, objectives = objective, targets.resolved(objective, data)
    objective = objectives[0]
    beside = _beside(objectives, data, params)
    estimate = beside.get("base_score")
    if continued:
        beside.pop("base_score", None)  # it would replace the one of the model
    estimated = "base_score" not in params and not continued  # by XGBoost, were it its own objective
    memory: dict[str, Any] = {"params": params, "estimated": estimated}
    gradients = common.remembering(objective, memory)
    if len(objectives) > 1:
        gradients = functools.partial(targets.gradients, objectives)
    offsets = [_offset(d) for d in sets]
    # XGBoost ignores base_score where there is a base_margin: under its own names that is what the built-in does.
    offset_counts = not builtin and any(o is not None for o in offsets)
    if not builtin and params.get("booster") == "gblinear" and str(beside.get("base_score", "")).startswith("["):
        del beside["base_score"]  # gblinear takes the first one for all scores
        offset_counts = offset_counts or ("base_score" not in params and not continued)
    ours = objective._native_by_default("xgboost") is None
    if ours and "base_score" not in {**beside, **params} and not continued:  # XGBoost before 3.1, several scores
        offset_counts = True
    start = None
    if offset_counts:
        _refuse_offset(objective, params)
        each = targets.of(data)
        k = int(beside.get("num_class") or (isinstance(objective, Rowwise) and objective._known_count()) or 1)
        if continued:
            start = np.zeros(k * len(each))
        else:
            start = np.concatenate([_start(o, target, k) for o, target in zip(objectives, each, strict=True)])
            beside["base_score"] = _base_score_of_zero(beside)
    unit = units.PLAIN
    if units.matters(objective, "xgboost"):
        unit = _unit(objectives, data, estimate, None if continued else start)
        gradients = unit.of(gradients)
    restored = unit.restored("xgboost", params)
    params = {**beside, **unit.params("xgboost", params)}
    renewal = None
    if leaf == "exact":
        y, weight, *_ = protocol.rows(common.public_name(objective), data, objective._wants)
        values = leaves.optima(objective, y, weight, int(params.get("num_class", 1)))
        rates = [params[name] for name in params if name in ("eta", "learning_rate")]
        renewal = leaves.XGBoost(gradients, params, sets, values, float(rates[-1] if rates else 0.3))
        gradients = renewal.gradients
    first = targets.of(data)[0]
    origin = records.Origin(asked, objectives, unit)
    recorded = functools.partial(records.on_xgboost, origin, first, leaf, offsets[0] is not None, continued)
    return Plan(params, objectives, gradients, memory, offsets, start, renewal, recorded, restored, unit)


def _unit(objectives: list[Objective], data: Any, estimate: Any, start: np.ndarray | None) -> units.Unit:
    """The unit of the loss at its start: `start` beside an offset, or the `estimate` that is base_score."""
    each = []
    for column, (objective, target) in enumerate(zip(objectives, targets.of(data), strict=True)):
        rows = protocol.rows(common.public_name(objective), target, objective._wants)
        if start is not None:
            its = start if len(objectives) == 1 else start[column : column + 1]
        elif estimate is not None and len(objectives) == 1 and objective.link == "identity":
            values = json.loads(estimate) if isinstance(estimate, str) else estimate
            its = np.atleast_1d(np.asarray(values, np.float64))
        else:
            its = _start(objective, target, objective._known_count() or 1 if isinstance(objective, Rowwise) else 1)
        raw = units.broadcast(its, _offset(target), len(rows.y), np.float32)
        each.append((objective, rows, raw))
    return units.of("xgboost", each)


def _start(objective: Objective, data: Any, k: int) -> np.ndarray:
    """The best start beside the offset, of k scores."""
    y, weight, bounds, _ = protocol.rows(common.public_name(objective), data, objective._wants)
    offset = _offset(data)
    shaped = None if offset is None else offset.reshape((len(y), k) if k > 1 else (len(y),))
    group = None if bounds is None else np.diff(bounds)
    return np.asarray(objective.start(y, weight, offset=shaped, group=group), np.float64)


def _forgetting() -> Any:
    """A callback: what was the best iteration of the model to go on from need not be that of the new one."""
    import xgboost

    class Forgetting(xgboost.callback.TrainingCallback):
        def before_training(self, model: Any) -> Any:
            model.set_attr(best_iteration=None, best_score=None)
            return model

    return Forgetting()


def _begun(plans: Collection[Plan]) -> Any:
    """A callback for what is to be done before the first round of a Booster, or of the one of each fold."""
    import xgboost

    class Begun(xgboost.callback.TrainingCallback):
        def before_training(self, model: Any) -> Any:
            boosters = [fold.bst for fold in model.cvfolds] if hasattr(model, "cvfolds") else [model]
            for booster, plan in zip(boosters, plans, strict=True):
                plan.memory["booster"] = booster
                if plan.renewal:
                    plan.renewal.watch(booster)
            return model

    return Begun()


def _finished(booster: Any, plan: Plan, before: int) -> Any:
    """The Booster as an ordinary one: with its leaves and start in the model, which had so many rounds before."""
    start = plan.start
    if plan.restored:
        booster.set_param(plan.restored)
    if plan.unit != units.PLAIN:
        booster = _edited(booster, functools.partial(_in_the_unit_of_the_loss, plan.unit, before))
    if plan.renewal:
        plan.renewal.leave(booster)
        booster = _edited(booster, plan.renewal.restore)
    if start is not None and start.any():
        booster = _edited(booster, functools.partial(_fold, start))
    return plan.recorded(_with_bias(booster, plan.memory), start)


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


def _different(sets: list[Any]) -> list[Any]:
    return list({id(d): d for d in sets}.values())


def _beside(objectives: list[Objective], data: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """What goes into params beside the callable: objective, base_score, number of scores."""
    return targets.beside(objectives, data, nthread(params), seed(params))


def _with_metric(
    objectives: list[Objective], params: dict[str, Any], kwargs: dict[str, Any], metric: Any, raw: bool
) -> dict[str, Any]:
    """What `metric` names; where the user names nothing the objective's own mean loss: XGBoost's default belongs to the carrier.

    Under XGBoost's own names its default is the right one, and stays. Its metrics see what it predicts, which is `raw` where it
    has no objective with the link.
    """
    objective = objectives[0]
    ours = common.like(objective) != "xgboost"
    given = params.get("eval_metric") or ()
    for name in [given] if isinstance(given, str) else given:
        if ours and raw and str(name).split("@")[0].rstrip("-") not in _RANKS:
            raise ValueError(
                f"train: no objective of XGBoost has the link of {objective!r}, so that its metric {name!r} would see raw"
                f" scores; allowed are {', '.join(sorted(_RANKS))}; the argument metric= of train takes those of"
                " boostobj.metrics, which see predictions, and where neither is given the objective's own loss is measured"
            )
    found: list[Any] | None = common.asked(objective, metric, kwargs.get("custom_metric"), "custom_metric")
    if "eval_metric" not in params and (ours or metric is not None):
        params.setdefault("disable_default_eval_metric", 1)
        if not found and not kwargs.get("custom_metric") and not kwargs.get("feval") and common.measures(objective):
            found = [metrics.get("loss", objective=objective)]
    if not found:
        return kwargs
    if any(o != objective for o in objectives):
        found = [targets.Losses(m, objectives) if m.kind == "loss" else m for m in found]
    precise = _precise(found)
    made = {**kwargs, "custom_metric": precise.metric, "callbacks": [precise, *(kwargs.get("callbacks") or ())]}
    if made.get("early_stopping_rounds") and made.get("maximize") is None:
        made["maximize"] = found[-1].maximize  # the last is what it looks at
    return made


def _precise(measured: list[Any]) -> Any:
    """A callback whose `metric` is a custom_metric, and which gives evaluations back the digits that XGBoost drops.

    XGBoost prints six decimals and reads them again: to its early stopping all losses below 5e-7 are one. Old releases, 2.1
    among them, call callbacks in the order of a set: there early stopping would see the digits by chance, and never does.
    """
    import xgboost

    in_order = isinstance(xgboost.callback.CallbackContainer([]).callbacks, list)

    class Precise(xgboost.callback.TrainingCallback):
        def __init__(self) -> None:
            super().__init__()
            self.values: list[list[tuple[str, float]]] = []

        def metric(self, raw: np.ndarray, dmatrix: Any) -> list[tuple[str, float]]:
            self.values.append([m(raw, dmatrix) for m in measured])
            return self.values[-1]

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            if not in_order:
                self.values.clear()
            for log, values in zip(evals_log.values(), self.values, strict=False):
                for name, value in values:
                    if log[name][-1] == float(f"{value:f}"):  # not so where machines have taken their mean
                        log[name][-1] = value
            self.values.clear()
            return False

    return Precise()


def _offset(dmatrix: Any) -> np.ndarray | None:
    margin = np.asarray(dmatrix.get_base_margin(), np.float32)
    if margin.size == 0:
        return None
    return margin.reshape(dmatrix.num_row(), -1) if margin.size != dmatrix.num_row() else margin.ravel()


def _refuse_offset(objective: Objective, params: Mapping[str, Any]) -> None:
    name = common.public_name(objective)
    if "base_score" in params:
        raise ValueError(
            f"train: params has base_score={params['base_score']!r}, which XGBoost ignores beside a base_margin;"
            " leave one of them out"
        )
    if params.get("multi_strategy") == "multi_output_tree":
        raise ValueError(
            f"train: {name!r} with a base_margin has no place for its start in multi_strategy='multi_output_tree';"
            " use one_output_per_tree"
        )


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
def _margins(sets: list[Any], plan: Plan) -> Iterator[None]:
    """Every data set at its offset plus the start, if that is where the start goes; afterwards as before."""
    try:
        _set_margins(sets, plan)
        yield
    finally:
        for data, offset in zip(sets, plan.offsets, strict=True):
            if plan.start is not None:
                data.set_base_margin(np.empty(0, np.float32) if offset is None else offset)


def _set_margins(sets: list[Any], plan: Plan) -> None:
    start = plan.start
    if start is None:
        return
    for data, offset in zip(sets, plan.offsets, strict=True):
        shape = (data.num_row(), len(start)) if len(start) > 1 else (data.num_row(),)
        margin = np.zeros(shape) if offset is None else offset.reshape(shape)
        data.set_base_margin((margin + (start if len(start) > 1 else start[0])).astype(np.float32))


def _edited(booster: Any, change: Callable[[dict[str, Any]], None]) -> Any:
    """The booster with a change to its model, the content of its JSON."""
    model = json.loads(booster.save_raw("json"))
    change(model)
    config = booster.save_config()
    booster.load_model(bytearray(json.dumps(model).encode()))
    booster.load_config(config)
    return booster


def _in_the_unit_of_the_loss(unit: units.Unit, before: int, model: dict[str, Any]) -> None:
    """Gains and sums of Hessians as they are without factors, in the trees after so many rounds."""
    boosting = model["learner"]["gradient_booster"]
    if boosting["name"] == "gblinear":
        return
    trees = leaves.trees_in(model)
    first = trees["iteration_indptr"][before] if before else 0
    for tree, score in zip(trees["trees"][first:], trees["tree_info"][first:], strict=True):
        factor = unit.factor[score % len(unit.factor)]
        for numbers in ("loss_changes", "sum_hessian"):
            tree[numbers] = [float(np.float32(value / factor)) for value in tree[numbers]]


def _fold(start: np.ndarray, model: dict[str, Any]) -> None:
    """The start added to every leaf of the first tree of each score, or to the bias of a linear model."""
    boosting = model["learner"]["gradient_booster"]
    if boosting["name"] == "gblinear":
        weights = boosting["model"]["weights"]
        for score, value in enumerate(start):
            place = len(weights) - len(start) + score
            weights[place] = float(np.float32(weights[place] + value))
        return
    trees = leaves.trees_in(model)
    # Dropout's factor of each tree.
    dropped = boosting.get("weight_drop") or trees.get("weight_drop")
    for score, value in enumerate(start):
        first = trees["tree_info"].index(score)
        tree = trees["trees"][first]
        shift = value / dropped[first] if dropped else value
        leaf = tree["split_conditions"]
        for node, child in enumerate(tree["left_children"]):
            if child == -1:
                leaf[node] = float(np.float32(leaf[node] + shift))
