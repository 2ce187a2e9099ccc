"""One gradient step of every objective, on one core: against log_loss by the score, and against its NumPy formula.

Every registered objective of rows takes part; those of groups are in ranking.py. The step is what the boosters call, in the
scikit-learn call style, where no labels have to be read from a container: float32 scores as from XGBoost, float64 scores as
from LightGBM. Both sides are timed in CPU time of the process, and each objective has a process of its own. What is promised:
no objective takes more than 3 times as long as log_loss for a score, and none longer than its formula in formulas.py.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator

import numpy as np

import boostobj as bo
from boostobj.objective import Rowwise

from . import formulas
from .measure import Meter, Row, fresh, meter, pairs, row

PER_SCORE, PER_FORMULA = 3.0, 1.0
DTYPES = {"XGBoost": np.float32, "LightGBM": np.float64}
CLASSES = 10
FEW = 4  # how many objectives a smoke run takes


def run(smoke: bool) -> Iterator[Row]:
    names = formulas.wanted()
    if smoke:
        for name in names[:: max(len(names) // FEW, 1)]:
            yield from one(name, smoke)
    else:
        for name in names:
            yield from fresh("every", "one", name=name, smoke=smoke)


def one(name: str, smoke: bool) -> Iterator[Row]:
    n, count = (2_000, 3) if smoke else (1_000_000, 21)
    objective, log_loss = bo.objectives[name](), bo.LogLoss()
    for booster, dtype in DTYPES.items():
        y, raw = sample(objective, n, dtype)
        objective = objective.resolve(y)
        one_y, one_raw = sample(log_loss, raw.size, dtype)
        y, one_y = y.astype(np.float32), one_y.astype(np.float32)  # as both boosters keep them
        ours = timed(functools.partial(objective, y, raw))
        theirs = timed(functools.partial(log_loss, one_y, one_raw))
        where = {"rows": len(raw), **({"scores": raw.shape[1]} if raw.ndim == 2 else {})}
        what = f"{name}, {booster}"
        yield row("every", what, "log_loss, as many scores", pairs(ours, theirs, count), limit=PER_SCORE, **where)
        with np.errstate(all="ignore"):
            formula = timed(functools.partial(formulas.of(name), y, raw, **formulas.parameters(objective)))
            taken = pairs(ours, formula, count)
        yield row("every", what, "its NumPy formula", taken, limit=PER_FORMULA, **where)


def timed(function: Callable[[], object]) -> Meter:
    return meter(function, clock=time.process_time)


def sample(objective: bo.Objective, n: int, dtype: type = np.float64, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Targets that the objective takes and scores of ordinary size, about n of them altogether; k scores a row, where free."""
    rng = np.random.default_rng(0)
    shape: tuple[int, ...] = (n,)
    if isinstance(objective, Rowwise):
        k = objective._known_count() or CLASSES
        shape = (n // k, k)
    raw = rng.normal(size=shape)
    domain, rows = objective._labels(k), shape[0]
    low, high = domain.low, domain.high
    if domain.integer:
        y = rng.integers(int(low), int(min(high, low + CLASSES - 1)) + 1, rows).astype(np.float64)
    elif np.isfinite([low, high]).all():
        y = np.where(rng.uniform(size=rows) < 0.5, low, high)
    else:
        y = rng.normal(size=rows) if np.isinf(low) else low + rng.gamma(2.0, size=rows)
    if len(objective.targets) == 2:
        seen = rng.uniform(size=rows) < 0.6
        y = np.stack([y, np.where(seen, y, np.inf)], axis=1)
    if np.isfinite(objective.scores.low):
        raw = objective.scores.low + np.exp(raw)
    return y.astype(np.float32).astype(dtype), np.asfortranarray(raw.astype(dtype))
