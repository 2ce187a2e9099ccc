"""leaf="exact" against Newton's leaves, with the same objective, data, start and number of rounds, on one core.

Three rows for each loss, booster and data set: the mean loss on the training data at the end; the rounds after which exact
leaves have reached Newton's final loss (all of them, if they never have); and the CPU time of the whole training. Nothing is
promised: how much there is to gain depends on the loss. The losses are the same at every run, so that one pair is enough.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb

import boostobj as bo
from boostobj import parity

from .measure import Row, meter, pairs, row

LOSSES = {
    "quantile": {"alpha": 0.9},
    "absolute_error": {},
    "expectile": {"alpha": 0.9},
    "log_cosh": {},
}
DATA = ("diabetes", "synthetic regression")
BOOSTERS = {"xgboost": "XGBoost", "lightgbm": "LightGBM"}


def run(smoke: bool) -> Iterator[Row]:
    rounds, count = (5, 2) if smoke else (200, 11)
    for data in DATA:
        for name, given in LOSSES.items():
            for booster in BOOSTERS:
                yield from one(booster, bo.get(name, **given), parity.load(data), rounds, count)


def one(booster: str, objective: bo.Objective, data: parity.Data, rounds: int, count: int) -> Iterator[Row]:
    losses = {leaf: course(booster, objective, data, rounds, leaf) for leaf in ("exact", "newton")}
    what = f"{objective.name}, {data.name}, {BOOSTERS[booster]}"
    where: dict[str, Any] = {"rows": len(data.y), "rounds": rounds}
    against = 'leaf="newton"'
    end = losses["newton"][-1]
    yield row("leaves", f"{what}: loss", against, [(losses["exact"][-1], end)], unit="", **where)
    reached = np.flatnonzero(np.array(losses["exact"]) <= end)
    needed = int(reached[0]) + 1 if reached.size else rounds
    yield row("leaves", f"{what}: rounds to that loss", against, [(needed, rounds)], unit="", **where)
    sides = [meter(lambda leaf=leaf: train(booster, objective, data, rounds, leaf), clock=time.process_time) for leaf in losses]
    yield row("leaves", f"{what}: time", against, pairs(sides[0], sides[1], count), unit="s", **where)


def train(
    booster: str, objective: bo.Objective, data: parity.Data, rounds: int, leaf: str, seen: dict[str, Any] | None = None
) -> Any:
    """With the mean loss on the training data after every round in `seen`, if it is wanted."""
    if booster == "xgboost":
        dtrain = xgb.DMatrix(data.x, data.y, nthread=1)
        watched: dict[str, Any] = {}
        if seen is not None:
            watched = {"evals": [(dtrain, "train")], "evals_result": seen, "verbose_eval": False}
        return bo.train(parity.XGBOOST_DEFAULTS, dtrain, rounds, objective=objective, leaf=leaf, **watched)
    dataset = lgb.Dataset(data.x, data.y)
    if seen is None:
        return bo.train(parity.LIGHTGBM_DEFAULTS, dataset, rounds, objective=objective, leaf=leaf)
    watched = {"valid_sets": [dataset], "valid_names": ["train"], "callbacks": [lgb.record_evaluation(seen)]}
    return bo.train(parity.LIGHTGBM_DEFAULTS, dataset, rounds, objective=objective, leaf=leaf, **watched)


def course(booster: str, objective: bo.Objective, data: parity.Data, rounds: int, leaf: str) -> list[float]:
    seen: dict[str, Any] = {}
    train(booster, objective, data, rounds, leaf, seen)
    return [float(v) for v in seen["train"][objective.name]]
