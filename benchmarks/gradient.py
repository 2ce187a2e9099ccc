"""One gradient step on one core: through `__call__`, labels read from the DMatrix or Dataset, against every rival.

XGBoost's own step cannot be called from Python. Its monitor counts it (verbosity 3), so both sides train, in blocks of
some rounds that alternate; eta is 0 and the scores are the base margin, so that every round has the scores that the
other comparisons have. LightGBM's wheel has no monitor (it is compiled without USE_TIMETAG) and its step has no entry in
the C API: training.py compares whole trainings.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from sklearn._loss import HalfBinomialLoss

import boostobj as bo

from .measure import Meter, Row, fresh, get_gradient, meter, pairs, row

Step = Callable[[np.ndarray, Any], tuple[np.ndarray, np.ndarray]]

OWN = "XGBoost's own GetGradient"
SINGLE, DOUBLE = "NumPy float32", "NumPy float64"


def numpy_log_loss(raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    p = 1 / (1 + np.exp(-raw))
    return p - data.get_label(), p * (1 - p)


def numpy_weighted_log_loss(raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    grad, hess = numpy_log_loss(raw, data)
    weight = data.get_weight()
    return grad * weight, hess * weight


def numpy_pseudo_huber(raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    z = raw - data.get_label()
    scale = 1 + z**2
    root = np.sqrt(scale)
    return z / root, 1 / (scale * root)


def numpy_majorized_pseudo_huber(raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    z = raw - data.get_label()
    hess = 1 / np.sqrt(1 + z**2)
    return z * hess, hess


def numpy_log_cosh(raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    z = raw - data.get_label()
    grad = np.tanh(z)
    return grad, np.divide(grad, z, out=np.ones_like(z), where=z != 0)


def numpy_softmax(raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    e = np.exp(raw - raw.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    grad = p.copy()
    grad[np.arange(len(p)), data.get_label().astype(int)] -= 1
    return grad, 2 * p * (1 - p)


def numpy_lightgbm_log_loss(raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    grad, hess = numpy_log_loss(raw, data)
    return grad.astype(np.float32), hess.astype(np.float32)


def numpy_lightgbm_softmax(raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
    k = raw.shape[1]
    grad, hess = numpy_softmax(raw, data)
    return grad.astype(np.float32), (k / (2 * (k - 1)) * hess).astype(np.float32)


def block_of_own(name: str, dmatrix: xgb.DMatrix, rounds: int, **params: Any) -> Meter:
    def measure() -> float:
        log = io.StringIO()
        with contextlib.redirect_stdout(log), xgb.config_context(verbosity=3):
            booster = xgb.train(_still(name, params), dmatrix, rounds)
            del booster  # the monitor prints in the destructor
        return get_gradient(log.getvalue())

    return measure


def block_of_ours(objective: bo.Objective, name: str, dmatrix: xgb.DMatrix, rounds: int, **params: Any) -> Meter:
    def measure() -> float:
        spent = []

        def timed(raw: np.ndarray, data: xgb.DMatrix) -> tuple[np.ndarray, np.ndarray]:
            begin = time.perf_counter()
            found = objective(raw, data)
            spent.append(time.perf_counter() - begin)
            return found

        xgb.train(_still(name, params), dmatrix, rounds, obj=timed)
        return sum(spent) / len(spent)

    return measure


def _still(name: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"objective": name, "nthread": 1, "eta": 0, "max_depth": 1, "tree_method": "hist", **params}


def dmatrix(raw: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> xgb.DMatrix:
    """One constant column: nothing to split, the scores stay `raw`."""
    return xgb.DMatrix(np.zeros((len(y), 1), np.float32), y, weight=weight, base_margin=raw, nthread=1)


def dataset(y: np.ndarray) -> lgb.Dataset:
    return lgb.Dataset(np.zeros((len(y), 1)), y, params={"verbosity": -1, "num_threads": 1}).construct()


def run(smoke: bool) -> Iterator[Row]:
    """Each comparison in a process of its own: what was allocated and freed before decides what NumPy's temporaries cost."""
    for name in cases(smoke):
        yield from fresh("gradient", "one", name=name, smoke=smoke)


def one(name: str, smoke: bool) -> Iterator[Row]:
    yield cases(smoke)[name]()


def cases(smoke: bool) -> dict[str, Callable[[], Row]]:
    """The comparisons by name; their data are made when one is called."""
    n, count, blocks, rounds = (2_000, 5, 3, 3) if smoke else (1_000_000, 41, 15, 10)
    found: dict[str, Callable[[], Row]] = {}

    def scores(k: int = 1) -> np.ndarray:
        rng = np.random.default_rng(0)
        return rng.normal(0, 3, n).astype(np.float32) if k == 1 else rng.standard_normal((2 * n // k, k), np.float32)

    def labels(k: int = 2) -> np.ndarray:
        rng = np.random.default_rng(1)
        if k == 1:
            return rng.normal(size=n).astype(np.float32)
        return rng.integers(0, k, n if k == 2 else 2 * n // k).astype(np.float32)

    def add(function: Callable[[], Row], *name: object) -> None:
        found[" ".join(map(str, name))] = function

    def against_own(what: str, objective: bo.Objective, name: str, k: int, limit: float) -> None:
        many = k > 2

        def measure() -> Row:
            raw, y = scores(k if many else 1), labels(k)
            data = dmatrix(raw, y)
            params = {"num_class": k} if many else {}
            sides = block_of_ours(objective, name, data, rounds, **params), block_of_own(name, data, rounds, **params)
            for block in sides:
                block()
            where = {"rows": len(y), **({"classes": k} if many else {})}
            return row("gradient", what, OWN, pairs(*sides, blocks), limit=limit, **where)

        add(measure, what, OWN, k)

    def against_formula(
        what: str, against: str, ours: Step, formula: Step, k: int, weighted: bool = False, **promise: float | None
    ) -> None:
        many, wide = k > 2, against == DOUBLE

        def measure() -> Row:
            raw, y = scores(k if many else 1), labels(k)
            if wide:  # in the order in which LightGBM passes scores
                raw, data = np.asfortranarray(raw.astype(np.float64)), dataset(y)
            else:
                weight = np.random.default_rng(2).uniform(0.3, 3, n).astype(np.float32) if weighted else None
                data = dmatrix(raw, y, weight)
            for mine, other in zip(ours(raw, data), formula(raw, data), strict=True):
                np.testing.assert_allclose(mine, other, rtol=2e-3, atol=2e-6)  # a formula in float32 loses that much
            taken = pairs(meter(lambda: ours(raw, data)), meter(lambda: formula(raw, data)), count)
            where = {"rows": len(y), **({"classes": k} if many else {})}
            return row("gradient", what, against, taken, **promise, **where)

        add(measure, what, against, k)

    def against_half_binomial() -> Row:
        raw, y, half = scores(), labels(), HalfBinomialLoss()
        data = dmatrix(raw, y)
        taken = pairs(meter(lambda: log_loss(raw, data)), meter(lambda: half.gradient_hessian(y, raw)), count)
        return row("gradient", "log_loss", "scikit-learn HalfBinomialLoss", taken, limit=1 / 4, rows=n)

    def against_copying() -> Row:
        raw, y = scores(), labels()
        data, grad, hess = dmatrix(raw, y), np.empty_like(raw), np.empty_like(raw)
        copying = meter(lambda: (np.copyto(grad, raw), np.copyto(hess, y)))
        taken = pairs(meter(lambda: log_loss(raw, data)), copying, count)
        return row("gradient", "log_loss", "copying the same bytes", taken, goal=3, rows=n)

    log_loss, softmax, huber = bo.LogLoss(), bo.Softmax(), bo.get("reg:pseudohubererror")
    against_own("log_loss", log_loss, "binary:logistic", 2, 1 / 6)
    against_formula("log_loss", SINGLE, log_loss, numpy_log_loss, 2, limit=1.0)
    add(against_half_binomial, "log_loss HalfBinomialLoss")
    add(against_copying, "log_loss copying")
    against_formula("log_loss, weighted", SINGLE, log_loss, numpy_weighted_log_loss, 2, weighted=True)
    against_own("reg:pseudohubererror", huber, "reg:pseudohubererror", 1, 1 / 5)
    against_formula("reg:pseudohubererror", SINGLE, huber, numpy_pseudo_huber, 1)
    against_formula("pseudo_huber", SINGLE, bo.PseudoHuber(), numpy_majorized_pseudo_huber, 1)
    against_formula("log_cosh", SINGLE, bo.LogCosh(), numpy_log_cosh, 1)
    for k in (3, 10, 100, 1000):
        against_own("softmax", softmax, "multi:softprob", k, 1 / 3)
        limit = 1 / 4 if k <= 10 else None  # the long rows of 100 classes and more suit NumPy
        against_formula("softmax", SINGLE, softmax, numpy_softmax, k, limit=limit)
    against_formula("log_loss, LightGBM", DOUBLE, log_loss, numpy_lightgbm_log_loss, 2, goal=1 / 4)
    against_formula("softmax, LightGBM", DOUBLE, softmax, numpy_lightgbm_softmax, 10)
    return found
