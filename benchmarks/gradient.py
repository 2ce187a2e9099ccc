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

from .measure import Meter, Row, get_gradient, meter, pairs, row

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
    n, count, blocks, rounds = (2_000, 5, 3, 3) if smoke else (1_000_000, 41, 15, 10)
    rng = np.random.default_rng(0)
    raw = rng.normal(0, 3, n).astype(np.float32)
    y = (rng.random(n) < 0.5).astype(np.float32)
    real = rng.normal(size=n).astype(np.float32)
    weight = rng.uniform(0.3, 3, n).astype(np.float32)

    def against_own(what: str, objective: bo.Objective, name: str, data: xgb.DMatrix, limit: float, **where: int) -> Row:
        params = {"num_class": where["classes"]} if "classes" in where else {}
        sides = block_of_ours(objective, name, data, rounds, **params), block_of_own(name, data, rounds, **params)
        for block in sides:
            block()
        return row("gradient", what, OWN, pairs(*sides, blocks), limit=limit, **where)

    def against_formula(
        what: str,
        against: str,
        ours: Step,
        formula: Step,
        scores: np.ndarray,
        data: Any,
        limit: float | None = None,
        **where: int,
    ) -> Row:
        for mine, other in zip(ours(scores, data), formula(scores, data), strict=True):
            np.testing.assert_allclose(mine, other, rtol=2e-3, atol=2e-6)  # a formula in float32 loses that much
        taken = pairs(meter(lambda: ours(scores, data)), meter(lambda: formula(scores, data)), count)
        return row("gradient", what, against, taken, limit=limit, **where)

    binary, regression = dmatrix(raw, y), dmatrix(raw, real)
    log_loss, huber = bo.LogLoss(), bo.get("reg:pseudohubererror")
    yield against_own("log_loss", log_loss, "binary:logistic", binary, 1 / 6, rows=n)
    yield against_formula("log_loss", SINGLE, log_loss, numpy_log_loss, raw, binary, 1.0, rows=n)
    half = HalfBinomialLoss()
    taken = pairs(meter(lambda: log_loss(raw, binary)), meter(lambda: half.gradient_hessian(y, raw)), count)
    yield row("gradient", "log_loss", "scikit-learn HalfBinomialLoss", taken, limit=1 / 4, rows=n)
    grad, hess = np.empty_like(raw), np.empty_like(raw)
    taken = pairs(meter(lambda: log_loss(raw, binary)), meter(lambda: (np.copyto(grad, raw), np.copyto(hess, y))), count)
    yield row("gradient", "log_loss", "copying the same bytes", taken, goal=3, rows=n)
    weighted = dmatrix(raw, y, weight)
    yield against_formula("log_loss, weighted", SINGLE, log_loss, numpy_weighted_log_loss, raw, weighted, rows=n)
    yield against_own("reg:pseudohubererror", huber, "reg:pseudohubererror", regression, 1 / 5, rows=n)
    yield against_formula("reg:pseudohubererror", SINGLE, huber, numpy_pseudo_huber, raw, regression, rows=n)
    yield against_formula("pseudo_huber", SINGLE, bo.PseudoHuber(), numpy_majorized_pseudo_huber, raw, regression, rows=n)
    yield against_formula("log_cosh", SINGLE, bo.LogCosh(), numpy_log_cosh, raw, regression, rows=n)

    for k in (3, 10, 100, 1000):
        m = 2 * n // k
        scores = rng.normal(size=(m, k)).astype(np.float32)
        classes = dmatrix(scores, np.arange(m) % k)
        where = {"rows": m, "classes": k}
        yield against_own("softmax", bo.Softmax(), "multi:softprob", classes, 1 / 3, **where)
        # A quarter of NumPy's time for 100 classes and more is less than exp alone takes with the C library's bits.
        limit = 1 / 4 if k <= 10 else None
        yield against_formula("softmax", SINGLE, bo.Softmax(), numpy_softmax, scores, classes, limit, **where)

    wide = raw.astype(np.float64)
    yield against_formula("log_loss, LightGBM", DOUBLE, log_loss, numpy_lightgbm_log_loss, wide, dataset(y), 1 / 4, rows=n)
    k, m = 10, n // 5
    columns = np.asfortranarray(rng.normal(size=(m, k)))  # the order in which LightGBM passes scores
    classes = dataset(np.arange(m) % k)
    yield against_formula("softmax, LightGBM", DOUBLE, bo.Softmax(), numpy_lightgbm_softmax, columns, classes, rows=m, classes=k)
