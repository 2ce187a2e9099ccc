"""A whole training through us against the booster's own objective: CPU time of the process, one core, one thread.

Both sides have the same data, parameters and start, so that only the objective differs, and must end with the same trees.
XGBoost copies the gradients of a callable one by one (CopyGradientFromArrays in its c_api.cc), which takes about as long as
its logistic objective and longer than its pseudo-Huber. Where that decides, a second row has the floor: a callable that
does nothing but hand over gradients recorded in an earlier training.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb

import boostobj as bo
from boostobj import builtins, parity

from .measure import Row, meter, pairs, row

WIDE, NARROW = 28, 4  # columns; 28 is the shape of HIGGS
LIMIT = {WIDE: 1.03, NARROW: 0.95}
Training = Callable[[], Any]


def xgboost_sides(objective: bo.Objective, data: xgb.DMatrix, rounds: int, nthread: int = 1) -> tuple[Training, Training]:
    params = {**parity.XGBOOST_DEFAULTS, "nthread": nthread} | objective.train_params(data, nthread=nthread)
    return lambda: xgb.train(params, data, rounds, obj=objective), lambda: xgb.train(params, data, rounds)


def lightgbm_sides(
    objective: bo.Objective,
    native: dict[str, Any],
    data: lgb.Dataset,
    rounds: int,
    at_zero: bool = False,
    num_threads: int = 1,
) -> tuple[Training, Training]:
    params = {**parity.LIGHTGBM_DEFAULTS, "num_threads": num_threads, "boost_from_average": not at_zero}
    data._update_params(params).construct()
    if native["objective"].startswith("multiclass"):
        params["num_class"] = int(data.get_label().max()) + 1
    if not at_zero:
        data.set_init_score(objective.init_score(data))
    own = params | native
    through_us = {**params, "objective": objective}
    return lambda: lgb.train(dict(through_us), data, rounds), lambda: lgb.train(dict(own), data, rounds)


def trained_sides(
    case: parity.Case, objective: bo.Objective, data: parity.Data, rounds: int
) -> tuple[Training, Training]:
    """What only `bo.train` does for a callable: it sets leaves anew, and knows the round."""
    if case.booster == "xgboost":
        dmatrix = data.dmatrix(case.weighted)
        params = {**parity.XGBOOST_DEFAULTS} | objective.train_params(dmatrix, nthread=1)
        rest = {key: value for key, value in params.items() if key != "objective"}
        return (
            lambda: bo.train(rest, dmatrix, rounds, objective=objective),
            lambda: xgb.train(params, dmatrix, rounds),
        )
    params = {**parity.LIGHTGBM_DEFAULTS, "boost_from_average": case.start != "0"}
    dataset = data.dataset(case.weighted)
    own = {**params, **dict(case.objective_params), "objective": builtins.names()[case.objective].name}
    return (
        lambda: bo.train(params, dataset, rounds, objective=objective),
        lambda: lgb.train(dict(own), dataset, rounds),
    )


def replayed(
    objective: bo.Objective, x: np.ndarray, y: np.ndarray, rounds: int
) -> tuple[Training, Training]:
    """The least that any callable costs in XGBoost: one that hands over gradients recorded in an earlier training."""
    data = xgb.DMatrix(x, y, nthread=1)
    params = {**parity.XGBOOST_DEFAULTS} | objective.train_params(data, nthread=1)
    recorded: list[tuple[np.ndarray, np.ndarray]] = []

    def recording(raw: np.ndarray, dtrain: xgb.DMatrix) -> tuple[np.ndarray, np.ndarray]:
        recorded.append(objective(raw, dtrain))
        return recorded[-1]

    xgb.train(params, data, rounds, obj=recording)

    def replaying() -> Any:
        rest = iter(recorded)
        return xgb.train(params, data, rounds, obj=lambda raw, dtrain: next(rest))

    return replaying, lambda: xgb.train(params, data, rounds)


def trees(booster: Any) -> Any:
    if isinstance(booster, xgb.Booster):
        booster.set_attr(boostobj=None)  # what bo.train says about how the model was made
        return booster.save_raw("ubj")
    return booster.model_to_string().split("\nTree=0", 1)[1].split("\nend of trees")[0]


def compare(what: str, against: str, sides: tuple[Training, Training], count: int, **options: Any) -> Row:
    ours, theirs = sides
    if trees(ours()) != trees(theirs()):
        raise AssertionError(f"{what}: not the trees of {against}")
    taken = pairs(*(meter(side, clock=time.process_time) for side in sides), count)
    return row("training", what, against, taken, unit="s", **options)


def synthetic(n: int, columns: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns that all say a little; k classes, or a real target for k = 1."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, columns), np.float32)
    scores = np.sin(x) @ rng.normal(size=(columns, k)) + np.abs(x[:, :1])
    if k == 1:
        return x, scores[:, 0] + rng.standard_t(3, n)
    return x, (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)


def run(smoke: bool) -> Iterator[Row]:
    for columns in (WIDE, NARROW):
        for booster, name, k, rounds in (
            ("xgboost", "binary:logistic", 2, 10),
            ("xgboost", "reg:pseudohubererror", 1, 10),
            ("xgboost", "multi:softprob", 5, 2),
            ("lightgbm", "lightgbm:binary", 2, 10),
            ("lightgbm", "lightgbm:multiclass", 5, 2),
        ):
            if k == 1 and columns == NARROW:
                continue  # no promise
            n, count = (2_000, 2) if smoke else (200_000, 41)
            rounds = 2 if smoke else rounds
            x, y = synthetic(n, columns, k)
            objective = bo.get(name)
            where = {"rows": n, "columns": columns, **({"classes": k} if k > 1 else {})}
            if booster == "lightgbm":
                dataset = lgb.Dataset(x, y, free_raw_data=False)
                sides = lightgbm_sides(objective, {"objective": name.partition(":")[2]}, dataset, rounds)
                yield compare(textbook(name), whose(name), sides, count, limit=LIMIT[columns], **where)
                continue
            sides = xgboost_sides(objective, xgb.DMatrix(x, y, nthread=1), rounds)
            # XGBoost's own step takes little more, or less, than its copying of a callable's gradients.
            copying = k == 1 or (k == 2 and columns == NARROW)
            yield compare(textbook(name), whose(name), sides, count, limit=None if copying else LIMIT[columns], **where)
            if copying or columns == NARROW:
                what = f"{textbook(name)}, recorded gradients: what any callable costs"
                yield compare(what, whose(name), replayed(objective, x, y, rounds), count, **where)

    for case in parity.claimed()[:: 2 if smoke else 1]:
        yield claimed(case, 3 if smoke else 20, 2 if smoke else 11)


def claimed(case: parity.Case, rounds: int, count: int) -> Row:
    data = parity.load(case.data)
    given = dict(case.objective_params)
    objective = bo.get(case.objective, **given)
    if case.trained:
        sides = trained_sides(case, objective, data, rounds)
    elif case.booster == "xgboost":
        sides = xgboost_sides(objective, data.dmatrix(case.weighted), rounds)
    else:
        native = {**given, "objective": builtins.names()[case.objective].name}
        sides = lightgbm_sides(objective, native, data.dataset(case.weighted), rounds, case.start == "0")
    what = f"{textbook(case.objective)}, {case.data}" + (", weighted" if case.weighted else "")
    n, columns = data.x.shape
    return compare(what, whose(case.objective, case.label), sides, count, rows=n, columns=columns, data=case.data)


def textbook(name: str) -> str:
    return builtins.names()[name].textbook


def whose(name: str, label: str = "") -> str:
    booster = {"xgboost": "XGBoost", "lightgbm": "LightGBM"}[builtins.names()[name].booster]
    return f"{booster}'s {(label or name).removeprefix('lightgbm:')}"
