"""Two-parameter likelihoods: how well a whole distribution is predicted, by held-out negative log likelihood.

The data sets and the random splits into 90 % and 10 % are those that Hernandez-Lobato and Adams 2015 made usual; 20 splits,
of the two sets with more than 5000 rows 5, as the literature takes for large sets. Everybody has the same protocol: a fifth of
the training rows is kept apart, training stops when their negative log likelihood has not fallen for 50 rounds, at the
latest after 1000, the learning rate is 0.05, and everything else is the library's default. Every registered likelihood of
two scores takes part in both boosters, and NGBoost with its Normal, if it is installed.

Measured on the held-out rows, in the target's own unit: the negative log likelihood of a row, and the root mean squared error
of the mean of the distribution. Both are means over the splits with their standard errors. Nothing is promised.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb

import boostobj as bo
from boostobj.objective import Rowwise

from . import data, learning
from .learning import BOOSTERS
from .measure import Row

SETS = ("concrete", "energy", "kin8nm", "power plant", "wine", "yacht")
BUNDLED = ("diabetes",)
SPLITS, FEW_SPLITS, LARGE = 20, 5, 5000
ROUNDS, PATIENCE, LEARNING_RATE = 1000, 50, 0.05
NGBOOST = "Normal"


def run(smoke: bool) -> Iterator[Row]:
    sets = BUNDLED if smoke else data.at_hand(*SETS) or BUNDLED
    rounds = 3 if smoke else ROUNDS
    counts = {name: 1 if smoke else FEW_SPLITS if len(data.load(name).y) > LARGE else SPLITS for name in sets}
    units = [{"name": name, "seed": s, "rounds": rounds, "few": smoke} for name in sets for s in range(counts[name])]
    results = learning.spread(split, units, smoke)
    for name in sets:
        yield from compared(name, [next(results) for _ in range(counts[name])])


def compared(name: str, found: list[dict[str, Any]]) -> Iterator[Row]:
    for booster, who in (tuple(key.split(" ")) for key in found[0]["measured"]):
        losses, errors, trees = (np.array([f["measured"][f"{booster} {who}"][i] for f in found]) for i in range(3))
        yield {
            "benchmark": "likelihood",
            "what": who,
            "with": found[0]["with"].get(who, ""),
            "booster": BOOSTERS.get(booster, "NGBoost"),
            "data": name,
            "rows": found[0]["rows"],
            "negative_log_likelihood": [learning.rounded(v) for v in learning.mean_and_error(losses)],
            "rmse": [learning.rounded(v) for v in learning.mean_and_error(errors)],
            "rounds": learning.rounded(float(np.median(trees))),
            "splits": len(found),
            "limit": None,
        }


def of_two_parameters(cls: type[bo.Objective]) -> bool:
    """Whether the loss is the likelihood of a number, with expected information, in two scores."""
    if not (issubclass(cls, Rowwise) and "fisher" in cls.kinds and not cls.domain.integer):
        return False
    return cls()._known_count() == 2


def contestants(y: np.ndarray, few: bool = False) -> list[tuple[str, type[bo.Objective]]]:
    """The likelihoods that take these targets."""
    found = [(n, c) for n, c in learning.registered() if of_two_parameters(c) and c.domain.contains(y).all()]
    return found[:1] if few else found


def split(name: str, seed: int, rounds: int, few: bool) -> dict[str, Any]:
    """For every contestant the negative log likelihood, the root mean squared error and the number of rounds."""
    found = data.load(name)
    train, held = data.parts(len(found.y), (0.9, 0.1), seed)
    fitted, apart = (train[rows] for rows in data.parts(len(train), (0.8, 0.2), 1000 + seed))
    x, y = found.x, found.y
    result: dict[str, Any] = {"rows": len(y), "with": {}, "measured": {}}
    for who, cls in contestants(y, few):
        objective = learning.fitted_to_data(cls)
        result["with"][who] = learning.words(objective)
        objective = objective.resolve(y[fitted])
        for booster in BOOSTERS:
            raw, trees = trained(booster, objective, x, y, fitted, apart, held, rounds)
            predicted = objective.distribution(objective.inverse_link(raw))
            result["measured"][f"{booster} {who}"] = *scored(predicted, y[held]), trees
    if learning.installed("ngboost"):
        result["measured"][f"ngboost {NGBOOST}"] = of_ngboost(x, y, fitted, apart, held, rounds, seed)
    return result


def scored(predicted: Any, y: np.ndarray) -> tuple[float, float]:
    """The negative log likelihood of a row, and the root mean squared error, of predicted distributions."""
    return float(-predicted.logpdf(y).mean()), float(np.sqrt(np.mean((predicted.mean() - y) ** 2)))


def trained(
    booster: str, objective: bo.Objective, x: np.ndarray, y: np.ndarray, fitted: Any, apart: Any, held: Any, rounds: int
) -> tuple[np.ndarray, int]:
    """Raw scores of the held-out rows at the best round, and which that was."""
    given: dict[str, Any] = {"objective": objective, "doctor": False}
    if booster == "xgboost":
        watched = xgb.DMatrix(x[apart], y[apart], nthread=1)
        given |= {"evals": [(watched, "apart")], "early_stopping_rounds": PATIENCE, "verbose_eval": False}
        params = {"nthread": 1, "learning_rate": LEARNING_RATE}
        model = bo.train(params, xgb.DMatrix(x[fitted], y[fitted], nthread=1), rounds, **given)
        best = model.best_iteration + 1
        raw = model.predict(xgb.DMatrix(x[held], nthread=1), output_margin=True, iteration_range=(0, best))
    else:
        params = {"verbosity": -1, "num_threads": 1, "learning_rate": LEARNING_RATE}
        dataset = lgb.Dataset(x[fitted], y[fitted], params=params)
        given |= {"valid_sets": [dataset.create_valid(x[apart], y[apart])]}
        given |= {"callbacks": [lgb.early_stopping(PATIENCE, verbose=False)]}
        model = bo.train(params, dataset, rounds, **given)
        best = model.best_iteration or rounds
        raw = model.predict(x[held], raw_score=True)
    return np.asarray(raw, np.float64), best


def of_ngboost(
    x: np.ndarray, y: np.ndarray, fitted: Any, apart: Any, held: Any, rounds: int, seed: int
) -> tuple[float, float, int]:
    from ngboost import NGBRegressor
    from ngboost.distns import Normal

    model = NGBRegressor(
        Dist=Normal,
        n_estimators=rounds,
        learning_rate=LEARNING_RATE,
        early_stopping_rounds=PATIENCE,
        random_state=seed,
        verbose=False,
    )
    model.fit(x[fitted], y[fitted], X_val=x[apart], Y_val=y[apart])
    best = rounds if model.best_val_loss_itr is None else model.best_val_loss_itr + 1  # which counts from 0
    return *scored(model.pred_dist(x[held], max_iter=best), y[held]), int(best)
