"""It learns: every loss of a location on raw targets, in both boosters, with default parameters.

For each data set five splits into 80 % to train and 20 % to measure on; 100 rounds through `bo.train`, with "auto" for
whatever is in the unit of the target. Labels are clean, or a tenth of the training labels, drawn at random, is multiplied by
100; those measured on are clean always. A result is the mean absolute error on the held-out rows at its best round,
relative to that of the booster's own squared error at its best round, means over the splits; `final` is the error after the
last round, relative to the same.

Promised is what `learning.kind` calls robust: convex, a loss of the residual alone, the same on both sides, of bounded
gradient. On clean labels within 5 % of squared error, on the others at most half of its error. Everything else is reported:
losses that are not convex, those that estimate something else than the centre, the boosters' own objectives (with the
textbook's default parameters: they take none from the data), and CatBoost's if it is installed. CatBoost gets XGBoost's
learning rate, 0.3: its own for these losses, 0.03, is meant for 1000 rounds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb

import boostobj as bo
from boostobj import builtins, protocol

from . import data, learning
from .learning import BOOSTERS, ROUNDS
from .measure import Row

SETS = ("diabetes", "California housing", "concrete", "energy", "kin8nm", "power plant", "wine", "yacht")
SEEDS = 5
LABELS = {"clean": 1.05, "10 % times 100": 0.5}
"""The kinds of labels, each with what is promised of a robust loss there: its error relative to squared error's."""
RIVALS = ("RMSE", "MAE", "LogCosh", "Huber:delta=1", "Quantile:alpha=0.5")
SQUARED = {"xgboost": "reg:squarederror", "lightgbm": "lightgbm:regression", "catboost": "RMSE"}

Contestant = tuple[str, str, str]  # the booster, the kind, the name


def run(smoke: bool) -> Iterator[Row]:
    sets, seeds, rounds = (SETS[:1], 1, 3) if smoke else (data.at_hand(*SETS), SEEDS, ROUNDS)
    units = [
        {"name": name, "labels": labels, "seed": seed, "rounds": rounds, "few": smoke}
        for name in sets for labels in LABELS for seed in range(seeds)
    ]  # fmt: skip
    results = learning.spread(split, units, smoke)
    for begin in range(0, len(units), seeds):
        yield from compared(units[begin], [next(results) for _ in range(seeds)])


def compared(unit: dict[str, Any], found: list[dict[str, Any]]) -> Iterator[Row]:
    """The rows of one data set and kind of labels, from what its splits gave."""
    for booster, kind, name in contestants(unit["few"]):
        courses = np.array([f["courses"][f"{booster} {name}"] for f in found])
        base = np.array([f["courses"][f"{booster} {SQUARED[booster]}"] for f in found]).min(axis=1)
        best, final = courses.min(axis=1), courses[:, -1]
        theirs = base.mean()
        values = {
            "ratio": best.mean() / theirs,
            "error": learning.mean_and_error(best / base)[1],
            "final": final.mean() / theirs,
            "ours": best.mean(),
            "theirs": theirs,
        }
        yield {
            "benchmark": "convergence",
            "what": name,
            "with": found[0]["with"].get(name, ""),
            "kind": kind,
            "booster": BOOSTERS.get(booster, "CatBoost"),
            "data": unit["name"],
            "rows": found[0]["rows"],
            "labels": unit["labels"],
            "against": "its squared error",
            **{key: learning.rounded(value) for key, value in values.items()},
            "unit": "",
            "splits": len(found),
            "limit": LABELS[unit["labels"]] if kind == "robust" else None,
        }


def contestants(few: bool = False) -> list[Contestant]:
    """Who takes part; with `few`, one of each booster and kind, and those that they are compared with."""
    found: list[Contestant] = []
    for booster in BOOSTERS:
        own = {row.public_name for row in own_rows(booster)}
        found += [(booster, "built-in", name) for name in sorted(own, key=lambda n, b=booster: (n != SQUARED[b], n))]
        found += [(booster, learning.kind(cls), name) for name, cls in learning.registered() if learning.of_location(cls)]
    if learning.installed("catboost"):
        found += [("catboost", "rival", name) for name in RIVALS]
    if few:
        found = list({contestant[:2]: contestant for contestant in reversed(found)}.values())[::-1]
    return found


def own_rows(booster: str) -> list[builtins.Native]:
    """The booster's own losses of a location, as the installed version has them."""
    version = builtins.version_of(protocol.installed_version(booster))
    return [
        row
        for row in builtins.table()
        if row.booster == booster
        and row.textbook in bo.objectives
        and learning.of_location(bo.objectives[row.textbook])
        and not row.output
        and row.holds(textbook_values(row), version)
    ]


def textbook_values(row: builtins.Native) -> dict[str, Any]:
    """The booster's parameters that say what the textbook objective says by default."""
    ours = {p.name: p.default for p in bo.objectives[row.textbook].parameters()}
    return {**row.defaults(), **{theirs: ours[name] for theirs, name in row.mirror.items()}}


def split(name: str, labels: str, seed: int, rounds: int, few: bool) -> dict[str, Any]:
    """For every contestant the mean absolute error on held-out rows after each round."""
    found = data.load(name)
    train, held = data.parts(len(found.y), (0.8, 0.2), seed)
    y = found.y[train].copy()
    if labels != "clean":
        spoilt = np.random.default_rng(1000 + seed).choice(len(y), len(y) // 10, replace=False)
        y[spoilt] *= 100
    sides = (found.x[train], y, found.x[held], found.y[held], rounds)
    courses, given = {}, {}
    for booster, kind, who in contestants(few):
        if kind in ("built-in", "rival"):
            course = OWN[booster](who, *sides)
        else:
            objective = learning.fitted_to_data(bo.objectives[who])
            given[who] = learning.words(objective)
            course = ours(booster, objective, *sides)
        courses[f"{booster} {who}"] = course
    return {"rows": len(found.y), "courses": courses, "with": given}


def ours(
    booster: str, objective: bo.Objective, x: np.ndarray, y: np.ndarray, x_held: np.ndarray, y_held: np.ndarray, rounds: int
) -> list[float]:
    seen: dict[str, Any] = {}
    given: dict[str, Any] = {"objective": objective, "metric": "mae", "doctor": False}
    if booster == "xgboost":
        given |= {"evals": [(xgb.DMatrix(x_held, y_held, nthread=1), "held")], "evals_result": seen, "verbose_eval": False}
        bo.train({"nthread": 1}, xgb.DMatrix(x, y, nthread=1), rounds, **given)
    else:
        given |= lightgbm_watch(x, y, x_held, y_held, seen)
        bo.train(given.pop("params"), given.pop("dataset"), rounds, **given)
    return [float(v) for v in seen["held"]["mae"]]


def lightgbm_watch(
    x: np.ndarray, y: np.ndarray, x_held: np.ndarray, y_held: np.ndarray, seen: dict[str, Any]
) -> dict[str, Any]:
    params = {"verbosity": -1, "num_threads": 1}
    dataset = lgb.Dataset(x, y, params=params)
    watched = {"valid_sets": [dataset.create_valid(x_held, y_held)], "valid_names": ["held"]}
    return {"params": params, "dataset": dataset, **watched, "callbacks": [lgb.record_evaluation(seen)]}


def own_of_xgboost(
    name: str, x: np.ndarray, y: np.ndarray, x_held: np.ndarray, y_held: np.ndarray, rounds: int
) -> list[float]:
    row = next(r for r in own_rows("xgboost") if r.public_name == name)
    values = {p.name: textbook_values(row)[p.name] for p in row.parameters if p.name in row.mirror or p.required}
    seen: dict[str, Any] = {}
    xgb.train(
        {"objective": row.name, "eval_metric": "mae", "nthread": 1, **values},
        xgb.DMatrix(x, y, nthread=1),
        rounds,
        evals=[(xgb.DMatrix(x_held, y_held, nthread=1), "held")],
        evals_result=seen,
        verbose_eval=False,
    )
    return [float(v) for v in seen["held"]["mae"]]


def own_of_lightgbm(
    name: str, x: np.ndarray, y: np.ndarray, x_held: np.ndarray, y_held: np.ndarray, rounds: int
) -> list[float]:
    row = next(r for r in own_rows("lightgbm") if r.public_name == name)
    values = {theirs: textbook_values(row)[theirs] for theirs in row.mirror}
    seen: dict[str, Any] = {}
    given = lightgbm_watch(x, y, x_held, y_held, seen)
    params = {**given.pop("params"), "objective": row.name, "metric": "l1", **values}
    lgb.train(params, given.pop("dataset"), rounds, **given)
    return [float(v) for v in seen["held"]["l1"]]


def own_of_catboost(
    name: str, x: np.ndarray, y: np.ndarray, x_held: np.ndarray, y_held: np.ndarray, rounds: int
) -> list[float]:
    import catboost

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a loss without a bound on its steps, among others
        model = catboost.CatBoostRegressor(
            loss_function=name,
            custom_metric=["MAE"],
            iterations=rounds,
            learning_rate=0.3,
            thread_count=1,
            random_seed=0,
            use_best_model=False,
            allow_writing_files=False,
            verbose=False,
        )
        model.fit(x, y, eval_set=(x_held, y_held))
    return [float(v) for v in model.get_evals_result()["validation"]["MAE"]]


OWN: dict[str, Callable[..., list[float]]] = {
    "xgboost": own_of_xgboost,
    "lightgbm": own_of_lightgbm,
    "catboost": own_of_catboost,
}
