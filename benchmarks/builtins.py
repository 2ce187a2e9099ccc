"""One gradient step of every built-in, on one core: ours, through `__call__`, against the booster's own C++.

XGBoost's own is counted by its monitor, as in gradient.py. LightGBM's wheel has no monitor and its step no entry in the C
API; but on data without a usable feature, one constant column, a round of its own objective computes the gradients and
grows no tree: that round is what ours is compared with. `parity.claimed` says which objectives there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import lightgbm as lgb
import numpy as np

import boostobj as bo
from boostobj import builtins, parity

from .gradient import OWN, block_of_ours, block_of_own, dmatrix
from .measure import Meter, Row, fresh, meter, pairs, row

PROMISED = {"count:poisson": 1 / 5, "reg:tweedie": 1 / 5, "reg:gamma": 1 / 2}
"""Of XGBoost's own time; every other built-in is promised not to be slower than the booster's own, but for these."""
MEMORY = ("reg:squarederror", "lightgbm:regression")
"""A subtraction a row: how fast memory is read and written decides. The booster writes one array, a callable two."""
LIGHTGBM = "LightGBM's own round without features"


def run(smoke: bool) -> Iterator[Row]:
    for name in cases():
        yield from one(name, smoke) if smoke else fresh("builtins", "one", name=name, smoke=smoke)


def cases() -> dict[str, parity.Case]:
    """Every built-in once for each form that it has: one or several levels, with and without root of the targets.

    But for those of queries: see ranking.py.
    """
    plain = (case for case in parity.claimed() if not case.weighted)
    return {case.label: case for case in plain if builtins.names()[case.objective].groups != "queries"}


def one(name: str, smoke: bool) -> Iterator[Row]:
    case = cases()[name]
    count, blocks, rounds = (5, 3, 3) if smoke else (31, 11, 8)
    objective = bo.get(case.objective, **dict(case.objective_params))
    raw, y = data(case, objective, 2_000 if smoke else 1_000_000)
    where = {"rows": len(y), **({"scores": raw.shape[1]} if raw.ndim == 2 else {})}
    if case.booster == "xgboost":
        container = dmatrix(raw.astype(np.float32), y if y.ndim == 1 else y[:, 0])
        if y.ndim == 2:
            bo.set_bounds(container, *y.T)
        params = objective.train_params(container)
        given = {k: v for k, v in params.items() if k not in ("objective", "base_score")}
        sides = tuple(
            side(*of, container, rounds, **given)
            for side, of in ((block_of_ours, (objective, params["objective"])), (block_of_own, (params["objective"],)))
        )
        for side in sides:
            side()
        taken = pairs(sides[0], sides[1], blocks)
        against = OWN
    else:
        taken, against = pairs(*lightgbm_sides(case, objective, np.asfortranarray(raw), y), count), LIGHTGBM
    promise = {"goal": 1.0} if case.objective in MEMORY else {"limit": PROMISED.get(case.objective, 1.0)}
    yield row("builtins", name, against, taken, **promise, **where)


def lightgbm_sides(case: parity.Case, objective: bo.Objective, raw: np.ndarray, y: np.ndarray) -> tuple[Meter, Meter]:
    params = {"verbosity": -1, "num_threads": 1, **dict(case.objective_params)}
    params["objective"] = builtins.names()[case.objective].name
    if raw.ndim == 2:
        params["num_class"] = raw.shape[1]
    dataset = lgb.Dataset(np.zeros((len(y), 1)), y, init_score=raw, params=params).construct()
    booster = lgb.Booster(params, dataset)
    step: Callable[[], Any] = booster.update
    return meter(lambda: objective(raw, dataset)), meter(step)


def data(case: parity.Case, objective: bo.Objective, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores and targets that the objective takes, of ordinary size; 10 classes where there are classes."""
    row_ = builtins.names()[case.objective]
    given = dict(case.objective_params).get(row_.count)
    k = len(given) if isinstance(given, tuple) else 10 if row_.count == "num_class" else 1
    rng = np.random.default_rng(0)
    shape = (n,) if k == 1 else (2 * n // (k + 1), k)
    raw, low = rng.normal(size=shape), row_.labels.low
    if row_.labels.integer:
        y = rng.integers(0, max(k, 2), len(raw))
    elif row_.labels.high == 1:
        y = rng.uniform(size=len(raw))
    else:
        y = rng.normal(size=len(raw)) if np.isinf(low) else low + rng.gamma(2.0, size=len(raw))
    if objective._wants.interval:  # of every fifth row or two the end was not seen
        y = np.stack([y, np.where(rng.uniform(size=len(raw)) < 0.4, np.inf, y)], axis=1)
    scores = objective.scores
    return raw if np.isinf(scores.low) else scores.low + np.exp(raw), y.astype(np.float32)
