"""Few positives: every loss of two classes, on binary sets of which 1 % and 5 % are positive, in both boosters.

The sets are the digits, each against the other nine, the malignant tumours of the breast cancer data, and the signal events
of higgs where it is at hand; positives are drawn until they are that share. Half of the rows train, a quarter calibrates, a
quarter is measured on, each with its share of the positives; sets that leave fewer than 4 positives to measure on are left
out. 100 rounds with default parameters; whoever has a parameter for it takes part with the ratio of negatives to positives as
the weight of a positive too. Measured are the average precision, and the log loss after Platt's calibration of the raw scores
on the calibration rows, over 5 draws; for the digits over all ten as well.

Nothing is promised, nobody is tuned, and everything that took part is in the results, with its standard error. `against` is
the plain log loss of the same booster on the same draws.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss

import boostobj as bo
from boostobj.objective import Pointwise

from . import data, learning
from .learning import BOOSTERS, ROUNDS
from .measure import Row

SETS = ("digits", "breast cancer", "higgs")
SHARES = (0.01, 0.05)
SEEDS = 5
LEAST = 4
WEIGHT = "scale_pos_weight"
RIVALS = ("Logloss", "Focal:focal_alpha=0.25;focal_gamma=2")
PLAIN = {"xgboost": "log_loss", "lightgbm": "log_loss", "catboost": "Logloss"}

Contestant = tuple[str, str, bool]  # the booster, the name, whether positives get a weight


def run(smoke: bool) -> Iterator[Row]:
    sets, seeds, rounds = (SETS[:1], 1, 3) if smoke else (data.at_hand(*SETS), SEEDS, ROUNDS)
    shares = SHARES[1:] if smoke else SHARES
    groups = []
    for name in sets:
        classes = range(1 if smoke else 10) if name == "digits" else (1,)
        for share in shares:
            if drawn(name, classes[0], share, 0)[2]:
                where = {"name": name, "share": share, "rounds": rounds, "few": smoke}
                groups.append([{**where, "positive": c, "seed": seed} for c in classes for seed in range(seeds)])
    results = learning.spread(draw, [unit for units in groups for unit in units], smoke)
    for units in groups:
        yield from compared(units[0], [next(results) for _ in units])


def compared(unit: dict[str, Any], found: list[dict[str, Any]]) -> Iterator[Row]:
    for who in contestants(unit["few"]):
        booster, name, weighted = who
        precision, loss = (np.array([f[" ".join(map(str, who))][i] for f in found]) for i in (0, 1))
        plain = np.array([f[f"{booster} {PLAIN[booster]} False"] for f in found])
        values = {
            "average_precision": learning.mean_and_error(precision),
            "log_loss": learning.mean_and_error(loss),
            # Of the differences, draw by draw: what the draws have in common is not in their error.
            "average_precision_gain": learning.mean_and_error(precision - plain[:, 0]),
            "log_loss_gain": learning.mean_and_error(plain[:, 1] - loss),
        }
        yield {
            "benchmark": "imbalance",
            "what": name,
            "with": f"{WEIGHT}=negatives/positives" if weighted else found[0]["with"][" ".join(map(str, who))],
            "booster": BOOSTERS.get(booster, "CatBoost"),
            "data": unit["name"],
            "positives": unit["share"],
            "rows": found[0]["rows"],
            "against": PLAIN[booster],
            **{key: [learning.rounded(v) for v in pair] for key, pair in values.items()},
            "splits": len(found),
            "limit": None,
        }


def of_two_classes(cls: type[bo.Objective]) -> bool:
    return issubclass(cls, Pointwise) and cls.domain.low >= -1 and cls.domain.high <= 1 and len(cls.targets) == 1


def contestants(few: bool = False) -> list[Contestant]:
    found: list[Contestant] = []
    for booster in BOOSTERS:
        for name, cls in learning.registered():
            if of_two_classes(cls):
                has_weight = any(p.name == WEIGHT for p in cls.parameters())
                found += [(booster, name, weighted) for weighted in (False, True)[: 1 + has_weight]]
    if learning.installed("catboost"):
        found += [("catboost", name, False) for name in RIVALS]
    return [c for c in found if c[1] in PLAIN.values()] if few else found


def drawn(name: str, positive: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Features, labels, and the rows to train on, to calibrate with and to measure on; no rows where positives are too few."""
    found = data.load(name)
    y = (found.y == positive) if name != "breast cancer" else (found.y == 0)  # where 0 is malignant
    negatives, positives = np.flatnonzero(~y), np.flatnonzero(y)
    count = round(share / (1 - share) * len(negatives))
    if min(count, len(positives)) < 4 * LEAST:
        return found.x, y, []
    kept = np.random.default_rng(seed).choice(positives, min(count, len(positives)), replace=False)
    rows = np.sort(np.concatenate([negatives, kept]))
    x, y = found.x[rows], y[rows].astype(np.float64)
    return x, y, data.parts(len(y), (0.5, 0.25, 0.25), seed, y)


def draw(name: str, positive: int, share: float, seed: int, rounds: int, few: bool) -> dict[str, Any]:
    """For every contestant the average precision and the log loss after calibration."""
    x, y, (train, middle, held) = drawn(name, positive, share, seed)
    ratio = float((y[train] == 0).sum() / (y[train] == 1).sum())
    found: dict[str, Any] = {"rows": len(y), "with": {}}
    for booster, who, weighted in contestants(few):
        if booster == "catboost":
            given, raw = "", scores_of_catboost(who, x[train], y[train], x, rounds)
        else:
            objective = learning.fitted_to_data(bo.objectives[who], **({WEIGHT: ratio} if weighted else {}))
            given, raw = learning.words(objective), scores(booster, objective, x[train], y[train], x, rounds)
        key = f"{booster} {who} {weighted}"
        found["with"][key] = given
        p = calibrated(raw[middle], y[middle], raw[held])
        found[key] = average_precision_score(y[held], raw[held]), log_loss(y[held], p)
    return found


def calibrated(raw: np.ndarray, y: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """Probabilities for other raw scores by Platt's method: a logistic curve through targets that are nearly 0 and 1.

    Platt 1999, Probabilistic outputs for support vector machines, section 2.2: so that a few positives that lie apart from
    all negatives do not make it a step.
    """
    positives = y.sum()
    target = np.where(y == 1, (positives + 1) / (positives + 2), 1 / (len(y) - positives + 2))
    middle, size = raw.mean(), raw.std()  # losses have scores of very different size
    if size == 0:
        return np.full(len(unseen), target.mean())
    curve = LogisticRegression(C=np.inf, solver="newton-cholesky")
    twice = (np.concatenate([raw, raw])[:, None] - middle) / size
    curve.fit(twice, np.repeat([1, 0], len(y)), sample_weight=np.concatenate([target, 1 - target]))
    return curve.predict_proba((unseen[:, None] - middle) / size)[:, 1]


def scores(
    booster: str, objective: bo.Objective, x: np.ndarray, y: np.ndarray, everywhere: np.ndarray, rounds: int
) -> np.ndarray:
    """Raw scores of all rows, from a model of some."""
    given: dict[str, Any] = {"objective": objective, "doctor": False}
    if booster == "xgboost":
        model = bo.train({"nthread": 1}, xgb.DMatrix(x, y, nthread=1), rounds, **given)
        return model.predict(xgb.DMatrix(everywhere, nthread=1), output_margin=True).astype(np.float64)
    params = {"verbosity": -1, "num_threads": 1}
    return bo.train(params, lgb.Dataset(x, y, params=params), rounds, **given).predict(everywhere, raw_score=True)


def scores_of_catboost(name: str, x: np.ndarray, y: np.ndarray, everywhere: np.ndarray, rounds: int) -> np.ndarray:
    import catboost

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = catboost.CatBoostClassifier(
            loss_function=name,
            iterations=rounds,
            learning_rate=0.3,  # XGBoost's: its own is meant for 1000 rounds
            thread_count=1,
            random_seed=0,
            allow_writing_files=False,
            verbose=False,
        )
        model.fit(x, y)
    return np.asarray(model.predict(everywhere, prediction_type="RawFormulaVal"), np.float64)
