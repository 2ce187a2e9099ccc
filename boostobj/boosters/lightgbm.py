"""Training LightGBM: start, metric and offsets around a callable, and the finished model as a native one."""

from __future__ import annotations

import contextlib
import functools
import math
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .. import builtins, metrics, protocol
from ..links import LINKS
from ..objective import Objective, Rowwise
from . import common, leaves, progress, records, units
from .frames import refuse_frames

_EPSILON = float(np.float32(1e-15))  # kEpsilon: LightGBM adds no start that is smaller
_ZERO = 1e-35  # kZeroThreshold
_RANKS = {
    *("auc", "average_precision", "auc_mu", "multi_error"),
    *("ndcg", "lambdarank", "rank_xendcg", "xendcg", "xe_ndcg", "xe_ndcg_mart", "xendcg_mart"),
    *("map", "mean_average_precision"),
}
_NO_METRIC = {"none", "na", "null", "custom"}
_CLASSES = ("logit", "softmax", "one_vs_all", "location")
"""Links of losses whose targets are classes."""


def aliases(name: str) -> set[str]:
    import lightgbm

    return {name, *lightgbm.basic._ConfigAliases.get(name)}


def train(
    params: Mapping[str, Any],
    data: Any,
    num_boost_round: int,
    objective: str | Objective | type[Objective],
    leaf: str,
    metric: Any,
    kwargs: dict[str, Any],
) -> Any:
    asked, params = common.settled(objective, params, "lightgbm", aliases)
    leaves.check(leaf, asked)
    _refuse(asked, params, kwargs)
    objective = _resolved(asked, data, params)
    kwargs, measured = _with_metric(objective, params, kwargs, metric)
    valid = kwargs.get("valid_sets") or ()
    sets = list({id(d): d for d in [data, *([valid] if protocol.is_dataset(valid) else valid)]}.values())
    for dataset in sets:
        refuse_frames("train", dataset)
    x = _raw_data(data)
    name = common.public_name(objective)
    renewed = _renewed(objective)
    obstacle = _obstacle(params, x)
    if leaf == "exact":
        if obstacle:
            raise ValueError(f"train: leaf='exact' with {name!r} is not possible: {obstacle}")
        return _trained(params, data, num_boost_round, asked, objective, sets, kwargs, x, None)
    if renewed is None:
        return _trained(params, data, num_boost_round, asked, objective, sets, kwargs, None, None)
    try:
        obstacle = obstacle or _obstacle_to_the_same(params, kwargs)
        if obstacle:
            raise leaves.NotTheSame(obstacle)
        return _trained(params, data, num_boost_round, asked, objective, sets, kwargs, x, renewed)
    except leaves.NotTheSame as reason:
        if common.like(objective) != "lightgbm":
            raise ValueError(f"train: {objective!r}: LightGBM's leaves cannot be reproduced: {reason}") from None
        warnings.warn(
            f"train: {name!r} is trained by LightGBM itself: its leaves cannot be reproduced here, because {reason}",
            UserWarning,
            stacklevel=4,
        )
        return _by_lightgbm(objective, params, data, num_boost_round, sets, kwargs, measured)


def _resolved(objective: Objective, data: Any, params: Mapping[str, Any]) -> Objective:
    """The objective with nothing left to the data."""
    if not objective._auto:
        return objective
    refuse_frames("train", data)
    _readable(data, data, params)
    y, weight, *_ = protocol.rows(common.public_name(objective), data, objective._wants)
    offset = None if data._predictor is not None else _offset(data)
    several = isinstance(objective, Rowwise)
    shaped = None if offset is None else offset.reshape(len(y), -1) if several else offset.reshape(len(y))
    return objective.resolve(y, weight, offset=shaped)


def _renewed(objective: Objective) -> tuple[builtins.Native, Mapping[str, Any]] | None:
    """LightGBM's own objective that the objective is, if it sets its leaves anew."""
    native = objective._native_by_default("lightgbm")
    return native if native and native[0].leaves is not None else None


def _by_lightgbm(
    objective: Objective,
    params: dict[str, Any],
    data: Any,
    num_boost_round: int,
    sets: list[Any],
    kwargs: dict[str, Any],
    measured: bool,
) -> Any:
    """LightGBM's own training, with the metric that ours would have had."""
    import lightgbm

    own = {**params, **_changed(objective), "objective": builtins.names()[common.public_name(objective)].name}
    with _restored(sets):
        continued = kwargs.get("init_model") is not None
        for dataset in sets:
            if not continued and dataset._predictor is not None:
                dataset._set_predictor(None)
        _readable(data, data, own)
        offset = _offset(data) is not None
        start = np.zeros(1) if offset or not _averaged(params, continued) else _start(objective, data)
        booster: Any = lightgbm.train(own if measured else {**own, "metric": "None"}, data, num_boost_round, **kwargs)
    origin = records.Origin(objective, [objective])
    text = records.in_text(origin, data, "native", offset, continued, booster.model_to_string(), start)
    booster.model_from_string(text)
    return booster


def _trained(
    params: dict[str, Any],
    data: Any,
    num_boost_round: int,
    asked: Objective,
    objective: Objective,
    sets: list[Any],
    kwargs: dict[str, Any],
    x: Any,
    renewed: tuple[builtins.Native, Mapping[str, Any]] | None,
) -> Any:
    """Around the callable; leaves are set anew where there is raw data for it: as in `renewed`, or to the optimum."""
    import lightgbm

    continued = kwargs.get("init_model") is not None
    with _restored(sets):
        for dataset in sets:
            _readable(dataset, data, params)
            if not continued and dataset._predictor is not None:
                dataset._set_predictor(None)  # a former init_model; lightgbm.train would set the scores to 0 later
        plan = _planned(params, data, asked, objective, sets, continued, x, renewed)
        callbacks = [_begun([plan]), *(kwargs.get("callbacks") or ())]
        booster: Any = lightgbm.train(
            {**plan.params, "objective": plan.gradients}, data, num_boost_round, **{**kwargs, "callbacks": callbacks}
        )
    return _finished(booster, plan)


def cv(
    params: Mapping[str, Any],
    data: Any,
    num_boost_round: int,
    objective: str | Objective | type[Objective],
    leaf: str,
    metric: Any,
    kwargs: dict[str, Any],
) -> Any:
    """lightgbm.cv around the objective, with a plan for each fold: fpreproc is where LightGBM shows its folds."""
    import lightgbm

    refuse_frames("cv", data)
    objective, params = common.settled(objective, params, "lightgbm", aliases)
    leaves.check(leaf, objective)
    _refuse(objective, params, kwargs)
    if common.like(objective) == "lightgbm" and objective._native_by_default("lightgbm"):
        # Its metrics need its own objective: they would see raw scores beside ours.
        own = {**params, **_changed(objective), "objective": builtins.names()[common.public_name(objective)].name}
        measured = common.asked(objective, metric, kwargs.get("feval"), "feval")
        feval = {"feval": [m.for_predictions() for m in measured]} if measured else {}
        with _restored([data]):
            return lightgbm.cv(own, data, num_boost_round, **{**kwargs, **feval})
    renewed = None if leaf == "exact" or objective._auto else _renewed(objective)
    x = _raw_data(data) if leaf == "exact" or renewed else None
    if leaf == "exact" or renewed:
        obstacle = _obstacle(params, x) or (renewed and _obstacle_to_the_same(params, kwargs))
        if obstacle:
            what = "leaf='exact'" if leaf == "exact" else "what LightGBM sets its leaves to"
            raise ValueError(f"cv: {what} with {objective!r} is not possible: {obstacle}")
    with _restored([data]):
        _readable(data, data, params)
        continued = kwargs.get("init_model") is not None
        if not continued and data._predictor is not None:
            data._set_predictor(None)  # a former init_model
        objective = common.counted(objective, data)
        asked = {name: value for name, value in kwargs.items() if name not in ("metrics", "fpreproc")}
        if kwargs.get("metrics") is not None:
            params = {n: v for n, v in params.items() if n not in aliases("metric")} | {"metric": kwargs["metrics"]}
        measured_by = _resolved(objective, data, params)  # one scale for all folds, or their mean would mean nothing
        asked, _ = _with_metric(measured_by, params, asked, metric)
        asked |= _split(objective, data, asked)
        preprocess = kwargs.get("fpreproc")
        plans: dict[int, Plan] = {}

        def planned(train: Any, valid: Any, of_fold: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
            if preprocess is not None:
                train, valid, of_fold = preprocess(train, valid, of_fold)
            of_fold = {n: v for n, v in of_fold.items() if n not in aliases("objective")}
            for dataset in (train, valid):
                _readable(dataset, train, of_fold)
            raw_data = None
            if x is not None:
                raw_data = _taken(x, train.used_indices) if train.reference is data else _raw_data(train)
            of_this = _resolved(objective, train, of_fold)
            plan = _planned(of_fold, train, objective, of_this, [train, valid], continued, raw_data, renewed)
            plans[id(train)] = plan
            return train, valid, {**plan.params, "objective": "none"}

        def gradients(raw: np.ndarray, train: Any) -> Any:
            return plans[id(train)].gradients(raw, train)

        asked["callbacks"] = [_begun(plans.values()), *(asked.get("callbacks") or ())]
        try:
            found: Any = lightgbm.cv({**params, "objective": gradients}, data, num_boost_round, fpreproc=planned, **asked)
        except leaves.NotTheSame as reason:
            raise ValueError(f"cv: {objective!r}: LightGBM's leaves cannot be reproduced: {reason}") from None
    if "cvbooster" in found:
        for booster, plan in zip(found["cvbooster"].boosters, plans.values(), strict=True):
            _finished(booster, plan).free_dataset()
    return found


def _split(objective: Objective, data: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of lightgbm.cv for folds that fit the data: of whole groups, and stratified where there are classes."""
    if asked.get("folds") is not None:
        return {}
    sizes = protocol._sizes(data)
    if sizes is not None:
        from sklearn.model_selection import GroupKFold

        # As LightGBM does under the names of its own objectives for ranking.
        group = np.repeat(np.arange(len(sizes)), np.asarray(sizes, np.int64))
        return {"folds": GroupKFold(n_splits=asked.get("nfold", 5)).split(X=np.empty(len(group)), groups=group)}
    if "stratified" in asked:
        return {}
    y, _ = protocol.labels(common.public_name(objective), data)
    sets = isinstance(objective, Rowwise) and objective.sets  # most of which are rare
    return {"stratified": objective.link in _CLASSES and not sets and bool((y == np.round(y)).all())}


class Plan(NamedTuple):
    """What one training needs beside its data, and what makes an ordinary model of its Booster."""

    params: dict[str, Any]
    """For LightGBM, without an objective."""
    given: dict[str, Any]
    """The same, with the learning rate that was asked for."""
    gradients: Callable[..., Any]
    shift: np.ndarray
    """What goes into the first trees."""
    constant: np.ndarray
    """What goes into those of them that have no splits."""
    line: str
    """What LightGBM writes into a model about its objective."""
    renewal: leaves.LightGBM | None
    recorded: Callable[[str], str]
    """Writes the record into the text of a model."""
    restored: dict[str, float]
    """Parameters that are not as they were given, as they were given."""


def _planned(
    params: dict[str, Any],
    data: Any,
    asked: Objective,
    objective: Objective,
    sets: list[Any],
    continued: bool,
    x: Any,
    renewed: tuple[builtins.Native, Mapping[str, Any]] | None,
) -> Plan:
    """Sets the init scores of all sets, which can be read; see `_trained`."""
    builtin = common.like(objective) == "lightgbm"
    offsets = [_offset(d) for d in sets]
    averaged = _averaged(params, continued)
    best = _start(objective, data)
    start = best if averaged else np.zeros(len(best))
    if any(o is not None for o in offsets) and not continued:
        if builtin:  # boosts from the offset alone
            best = start = np.zeros(len(best))
        elif averaged:
            best = start = _start_beside(objective, data, offsets[0], len(best))
        elif units.matters(objective, "lightgbm"):
            best = _start_beside(objective, data, offsets[0], len(best))
    start = np.where(np.abs(start) > _EPSILON, start, 0.0)
    k = len(start)
    if k > 1:
        params = {**{n: v for n, v in params.items() if n not in aliases("num_class")}, "num_class": k}
    line = _objective_line(objective, data, k)
    if builtin:
        params |= {n: v for n, v in _changed(objective).items() if n != "num_class"}
    if start.any():
        for dataset, offset in zip(sets, offsets, strict=True):
            _set_scores(dataset, offset, start)
    still = _not_trained(objective, data, k) if builtin else np.zeros(k, bool)
    # What LightGBM puts into a first tree without splits although it does not boost from the average.
    constant = best if builtin and not averaged and not continued else start
    remembering = common.remembering(objective, {"params": params})
    gradients = _with_still(objective, still, constant - start) if still.any() else remembering
    given = params
    unit = units.PLAIN
    if units.matters(objective, "lightgbm"):
        rows = protocol.rows(common.public_name(objective), data, objective._wants)
        offset = offsets[0] if not continued else None
        unit = units.of("lightgbm", [(objective, rows, units.broadcast(best, offset, len(rows.y), np.float64))])
        gradients, params = unit.of(gradients), unit.params("lightgbm", params)
    restored = unit.restored("lightgbm", given)
    renewal = None if x is None else _renewal(objective, params, data, k, x, renewed, bool((constant != start).any()))
    if renewal:
        params = {n: v for n, v in params.items() if n not in aliases("learning_rate")}
        params["learning_rate"] = renewal.faint_rate
    kind = "native" if renewed else "exact" if renewal else "newton"
    origin = records.Origin(asked, [objective], unit)
    recorded = functools.partial(records.in_text, origin, data, kind, offsets[0] is not None, continued, start=start)
    shift = np.zeros(k) if continued else start
    return Plan(params, given, gradients, shift, constant, line, renewal, recorded, restored)


def _finished(booster: Any, plan: Plan) -> Any:
    """The Booster as an ordinary one: with its leaves, start and link in the model."""
    text = booster.model_to_string()
    if plan.renewal:
        plan.renewal.leave(booster)
        text = plan.renewal.restored(text, booster.best_iteration, plan.shift != 0)
        rates = {n: v for n, v in plan.given.items() if n in aliases("learning_rate")}
        booster.params.pop("learning_rate")
        booster.params.update(rates)
    for name, value in plan.restored.items():
        for key in aliases(name):
            booster.params.pop(key, None)
        booster.params.update({key: plan.given[key] for key in aliases(name) & set(plan.given)})
        text = re.sub(rf"^\[{name}: .*\]$", f"[{name}: {value:g}]", text, flags=re.MULTILINE)
    text = _sealed(text, plan.shift, plan.constant, plan.line)
    booster.model_from_string(plan.recorded(text))
    if plan.line:
        booster.params["objective"] = plan.line.split()[0]
        if "_Booster__set_objective_to_none" in vars(booster):
            booster._Booster__set_objective_to_none = False  # refit asks
    return booster


def _averaged(params: Mapping[str, Any], continued: bool) -> bool:
    return not continued and str(params.get("boost_from_average", True)).lower() not in ("false", "-")


def _renewal(
    objective: Objective,
    params: Mapping[str, Any],
    data: Any,
    k: int,
    x: Any,
    renewed: tuple[builtins.Native, Mapping[str, Any]] | None,
    moves: bool,
) -> leaves.LightGBM:
    from lightgbm.basic import _choose_param_value

    y, weight, *_ = protocol.rows(common.public_name(objective), data, objective._wants)
    if renewed and renewed[0].name == "mape" and weight is not None and not _true(params, "force_row_wise"):
        raise leaves.NotTheSame("with weights LightGBM takes the first row's Hessian for all, unless force_row_wise=True")
    values = [leaves.percentiles(*renewed, y, weight)] if renewed else leaves.optima(objective, y, weight, k)
    rate = float(_choose_param_value("learning_rate", dict(params), 0.1)["learning_rate"])
    # Predicting, LightGBM resets both to their defaults.
    kept = {n: v for n, v in params.items() if n in aliases("num_threads") | aliases("verbosity")}
    return leaves.LightGBM(x, rate, values, kept, same=renewed is not None, moves=moves)


def _raw_data(dataset: Any) -> Any:
    """What LightGBM can predict the leaves of the rows from; None where that is not at hand."""
    x = dataset.data
    if dataset.used_indices is not None and getattr(dataset, "_need_slice", True):
        x = _taken(dataset.reference.data, dataset.used_indices)
    if isinstance(x, list) and all(isinstance(part, np.ndarray) for part in x):
        x = np.concatenate(x)
    if isinstance(x, np.ndarray):
        return np.ascontiguousarray(x, x.dtype if x.dtype in (np.float32, np.float64) else np.float64)
    return x if hasattr(x, "shape") else None  # not a file, nor a Sequence


def _taken(x: Any, rows: Any) -> Any:
    """Rows of the raw data."""
    if not hasattr(x, "shape"):
        return x
    if hasattr(x, "iloc"):
        return x.iloc[rows]
    return x.take(rows) if hasattr(x, "column_names") else x[rows]  # pyarrow's tables


def _true(params: Mapping[str, Any], name: str) -> bool:
    return any(str(params[key]).lower() in ("true", "+", "1") for key in aliases(name) & set(params))


def _obstacle(params: Mapping[str, Any], x: Any) -> str:
    """Why leaves cannot be set anew; "" if they can."""

    def given(name: str, *usual: str) -> str:
        found = [f"{key}={params[key]!r}" for key in sorted(aliases(name) & set(params)) if str(params[key]).lower() not in usual]
        return found[0] if found else ""

    if x is None:
        return (
            "the raw data are not at hand (LightGBM frees them when it constructs a Dataset; free_raw_data=False keeps them, and"
            " files and Sequences have none)"
        )
    if _true(params, "linear_tree"):
        return "linear_tree has other leaves than constants"
    if any(params[key] not in (None, "") and np.any(params[key]) for key in aliases("monotone_constraints") & set(params)):
        return "monotone_constraints would not hold for the new leaves"
    if found := given("device_type", "cpu"):
        return f"{found} keeps its scores elsewhere"
    if found := given("tree_learner", "serial") or given("num_machines", "1"):
        return f"{found} has rows on other machines"
    return ""


def _obstacle_to_the_same(params: Mapping[str, Any], kwargs: Mapping[str, Any]) -> str:
    """Why the leaves of LightGBM's own objective cannot be reproduced; "" if they can."""

    def value(name: str, default: Any) -> Any:
        return next((params[key] for key in sorted(aliases(name) & set(params)) if params[key] is not None), default)

    if float(value("bagging_fraction", 1.0)) < 1 and int(value("bagging_freq", 0)) > 0:
        return "bagging_fraction leaves out rows, and LightGBM does not say which"
    if "goss" in (value("boosting", "gbdt"), value("data_sample_strategy", "bagging")):
        return "GOSS leaves out rows, and LightGBM does not say which"
    if _true(params, "reg_sqrt"):
        return "reg_sqrt makes another objective of it"
    for callback in kwargs.get("callbacks") or ():
        if type(callback).__module__ not in ("lightgbm.callback", progress.__name__):
            return "a callback may look at the model, which has no trees before the end"
    return ""


def _refuse(objective: Objective, params: Mapping[str, Any], kwargs: Mapping[str, Any]) -> None:
    name = common.public_name(objective)
    out = "train LightGBM's own objective by its name with lightgbm.train"
    for key in aliases("boosting") & set(params):
        if params[key] == "dart":
            raise ValueError(
                f"train: {name!r}: LightGBM's {key}='dart' gives another model at every run under a custom objective"
                f" (it reads a flag that nothing has set); use 'gbdt', or {out}"
            )
        if params[key] in ("rf", "random_forest"):
            raise ValueError(f"train: {name!r}: LightGBM's {key}={params[key]!r} takes no custom objective; {out}")
    for parameter in ("pos_bagging_fraction", "neg_bagging_fraction", "bagging_by_query"):
        for key in aliases(parameter) & set(params):
            asked = str(params[key]).lower() in ("true", "+", "1") if parameter == "bagging_by_query" else float(params[key]) < 1
            if asked:
                raise ValueError(
                    f"train: {name!r}: under a custom objective LightGBM does not sample as {key}={params[key]!r}"
                    f" asks for; use bagging_fraction, or {out}"
                )
    if kwargs.get("keep_training_booster"):
        raise ValueError(
            f"train: {name!r}: keep_training_booster=True is not possible: start and link are written into the finished"
            " model; to train on, pass the Booster as init_model"
        )


def _with_metric(
    objective: Objective, params: Mapping[str, Any], kwargs: dict[str, Any], metric: Any
) -> tuple[dict[str, Any], bool]:
    """What `metric` names, or the objective's own mean loss where the user names nothing; whether LightGBM's metrics stay.

    LightGBM shows built-in metrics raw scores.
    """
    given = [params[key] for key in sorted(aliases("metric")) if params.get(key) is not None]
    names = [n for value in given for n in (value.split(",") if isinstance(value, str) else value)]
    for name in names:
        if objective.link != "identity" and str(name).strip().lower().split("@")[0] not in {*_RANKS, *_NO_METRIC, ""}:
            raise ValueError(
                f"train: LightGBM hands its metric {name!r} raw scores under a custom objective, as if they were"
                f" predictions; allowed with {common.public_name(objective)!r} are"
                f" {', '.join(sorted(_RANKS))} and 'None'; the argument metric= of train takes those of boostobj.metrics,"
                " which see predictions, and where neither is given the objective's own loss is measured"
            )
    feval = kwargs.get("feval")
    found = common.asked(objective, metric, feval, "feval")
    if found is not None:
        return {**kwargs, "feval": found}, bool(names) or metric is None
    if isinstance(feval, (list, tuple)):
        bound = [common.bound(f, objective) if isinstance(f, metrics.Metric) else f for f in feval]
        return {**kwargs, "feval": bound}, True
    if names or feval is not None or not common.measures(objective):
        return dict(kwargs), True
    return {**kwargs, "feval": metrics.get("loss", objective=objective)}, False


def _begun(plans: Collection[Plan]) -> Callable[[Any], None]:
    """A callback for what is to be done before the first update of a Booster, or of the one of each fold."""
    import lightgbm

    def callback(env: Any) -> None:
        if env.iteration != env.begin_iteration:
            return
        folds = isinstance(env.model, lightgbm.CVBooster)
        boosters = env.model.boosters if folds else [env.model]
        for booster, plan in zip(boosters, plans, strict=True):
            if plan.renewal:
                plan.renewal.watch(booster)
            _created_without_objective(booster, plan.given)
        if not folds and plan.renewal:
            del env.params["learning_rate"]  # other callbacks see what the user has said
            env.params.update({n: v for n, v in plan.given.items() if n in aliases("learning_rate")})

    callback.before_iteration = True  # type: ignore[attr-defined]
    callback.order = -1000  # type: ignore[attr-defined]
    return callback


def _created_without_objective(booster: Any, params: Mapping[str, Any]) -> None:
    """LightGBM's first update with a callable resets parameters, which draws one sample of columns too many.

    LightGBM has created the Booster without objective, so that there is nothing to reset: say so before.
    """
    if "_Booster__set_objective_to_none" in vars(booster):
        booster._Booster__set_objective_to_none = True
    elif any(float(params[key]) < 1 for key in aliases("feature_fraction") & set(params)):
        warnings.warn(
            "train: this version of LightGBM may draw other columns under a custom objective than under its own",
            UserWarning,
            stacklevel=5,
        )


# Data ---------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _restored(sets: list[Any]) -> Iterator[None]:
    """Afterwards the init scores are as before."""
    before = [(d, d.init_score if protocol._not_constructed(d) else d.get_field("init_score"), d._predictor) for d in sets]
    try:
        yield
    finally:
        for dataset, scores, predictor in before:
            dataset._predictor = predictor
            dataset.init_score = scores
            if not protocol._not_constructed(dataset):
                dataset.set_field("init_score", None)
                dataset.set_init_score(scores)


def _readable(dataset: Any, data: Any, params: Mapping[str, Any]) -> None:
    """Construct what has its labels elsewhere (in a file, in the data set that it is a part of)."""
    if not protocol._not_constructed(dataset):
        return
    if dataset.used_indices is None and dataset.label is not None:
        shape = np.shape(dataset.label)
        if len(shape) == 2 and shape[1] > 1:
            raise ValueError(f"train: LightGBM takes one target per row, the labels have shape {shape}: train a Booster for each")
        if len(shape) == 1:
            return
    dataset._update_params({**params, "objective": "none"})
    if dataset is not data and dataset.used_indices is None:
        dataset.set_reference(data)
    dataset.construct()


def _rows(dataset: Any) -> int:
    return len(dataset.label) if protocol._not_constructed(dataset) else dataset.num_data()


def _offset(dataset: Any) -> np.ndarray | None:
    """The user's init scores, of shape (n,) or (n, k)."""
    scores = dataset.init_score if protocol._not_constructed(dataset) else dataset.get_field("init_score")
    if scores is None:
        return None
    scores = np.asarray(scores, np.float64)
    n = _rows(dataset)
    return scores.reshape((n, -1), order="F") if scores.ndim == 1 and scores.size != n else scores


def _set_scores(dataset: Any, offset: np.ndarray | None, start: np.ndarray) -> None:
    shape = (_rows(dataset), len(start)) if len(start) > 1 else (_rows(dataset),)
    scores = np.broadcast_to(start if len(start) > 1 else start[0], shape)
    dataset.set_init_score(scores.copy() if offset is None else offset.reshape(shape) + scores)


# Start and link -----------------------------------------------------------------------------------------------------


def _start(objective: Objective, data: Any) -> np.ndarray:
    """The start without an offset."""
    if common.like(objective) == "xgboost":
        y, weight, bounds, _ = protocol.rows(common.public_name(objective), data, objective._wants)
        return np.asarray(objective.start(y, weight, group=None if bounds is None else np.diff(bounds)), np.float64)
    scores = objective.init_score(data)
    return np.atleast_1d(scores[0])


def _start_beside(objective: Objective, data: Any, offset: np.ndarray | None, k: int) -> np.ndarray:
    y, weight, bounds, _ = protocol.rows(common.public_name(objective), data, objective._wants)
    shaped = None if offset is None else offset.reshape((len(y), k) if k > 1 else (len(y),))
    group = None if bounds is None else np.diff(bounds)
    return np.asarray(objective.start(y, weight, offset=shaped, group=group), np.float64)


def _changed(objective: Objective) -> dict[str, Any]:
    """Parameters of a built-in that are not at their default."""
    row = builtins.names()[common.public_name(objective)]
    has = objective.params  # type: ignore[attr-defined]
    return {p.name: has[p.name] for p in row.parameters if has[p.name] != p.default}


def _not_trained(objective: Objective, data: Any, k: int) -> np.ndarray:
    """Scores that LightGBM never trains: of classes without rows, and of the only class."""
    if objective.link == "identity":
        return np.zeros(k, bool)
    row = builtins.names()[common.public_name(objective)]
    y, weight = protocol.labels(common.public_name(objective), data)
    if not row.labels.integer:
        return np.zeros(k, bool)
    if k == 1:
        return np.array([objective.link == "logit" and ((y > 0).all() or not (y > 0).any())])
    if objective.link != "softmax":  # one against all: no class without rows
        weight = None
    share = np.bincount(y.astype(np.int64), weights=weight, minlength=k) / (y.size if weight is None else weight.sum())
    return (share <= _EPSILON) | (share >= 1 - _EPSILON)


def _with_still(objective: Objective, still: np.ndarray, shift: np.ndarray) -> Callable[..., Any]:
    """The objective without a pull on scores that are not trained, and from the second round on shifted ones.

    LightGBM gives a first tree without splits the start also where it does not boost from the average.
    """
    rounds = 0

    def gradients(raw: np.ndarray, dataset: Any) -> tuple[np.ndarray, np.ndarray]:
        nonlocal rounds
        moved = raw + np.where(still, shift, 0.0) if rounds else raw
        rounds += 1
        grad, hess = (a.copy() for a in objective(np.ascontiguousarray(moved), dataset))
        grad.reshape(len(raw), -1)[:, still] = 0
        hess.reshape(len(raw), -1)[:, still] = 0
        return grad, hess

    return gradients


def _objective_line(objective: Objective, data: Any, k: int) -> str:
    """What LightGBM writes into a model about its objective; nothing for several raw scores as they are."""
    import lightgbm

    if common.like(objective) == "lightgbm":
        row = builtins.names()[common.public_name(objective)]
        y, _ = protocol.labels(row.name, data)
        group = [2] if row.groups else None
        two = lightgbm.Dataset(np.eye(2), [y.min(), y.max()], group=group, params={"verbosity": -1})
        asked = {**_changed(objective), "objective": row.name, "verbosity": -1, "num_threads": 1}
        text = lightgbm.Booster({**asked, "num_class": k}, two).model_to_string()
        (line,) = re.findall(r"^objective=(.*)$", text, re.MULTILINE)
        return line
    pattern = LINKS[objective.link].lightgbm
    if objective.link == "identity":
        return pattern if k == 1 else ""
    if records.raw_in_lightgbm(objective):
        return LINKS["identity"].lightgbm if k == 1 else ""
    return pattern.format(k=k, slope=objective._slope())


def _sealed(text: str, start: np.ndarray, constant: np.ndarray, line: str) -> str:
    """The text of a model with the start in its first trees, and an objective."""
    body, end, parameters = text.partition("\nend of trees")
    head, *trees = re.split(r"^(?=Tree=\d+$)", body, flags=re.MULTILINE)
    head = re.sub(r"^tree_sizes=.*\n", "", head, flags=re.MULTILINE)  # the sizes have changed
    if line:
        head = re.sub(r"^(?=feature_names=)", f"objective={line}\n", head, count=1, flags=re.MULTILINE)
        parameters = parameters.replace("\n[objective: custom]\n", f"\n[objective: {line.split()[0]}]\n", 1)
    for i in range(min(len(start), len(trees))):
        single = "\nnum_leaves=1\n" in trees[i]
        value = constant[i] if single else start[i]
        if value != 0:
            trees[i] = _biased(trees[i], float(value))
    return head + "".join(trees) + end + parameters


def _biased(tree: str, value: float) -> str:
    """As LightGBM's Tree::AddBias."""

    def added(match: re.Match[str]) -> str:
        digits = ".17g" if match[1].startswith("leaf") else "g"
        sums = (float(v) + value for v in match[2].split())
        return f"{match[1]}=" + " ".join(format(0.0 if math.fabs(s) <= _ZERO else s, digits) for s in sums)

    tree = re.sub(r"^(leaf_value|leaf_const|internal_value)=(.*)$", added, tree, flags=re.MULTILINE)
    return re.sub(r"^shrinkage=.*$", "shrinkage=1", tree, flags=re.MULTILINE)
