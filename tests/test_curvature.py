"""What a curvature promises: steps that go down, from anywhere, and never a negative Hessian for a booster."""

import itertools
import math

import chosen
import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb

import boostobj as bo
from boostobj import checks

BOUNDED = [cls for cls in chosen.classes().values() if "majorized" in getattr(cls, "kinds", ())]
ROUNDS, ROWS = 6, 150
EPS32, EPS64 = 2.0**-24, 2.0**-53


def named(cls):
    return cls.name


def spoken_to(o, scores):
    """The objective as a callable that keeps the scores it is asked about."""

    def called(raw, data):
        scores.append(np.array(raw, np.float64))
        return o(raw, data)

    return called


def by_xgboost(o, x, y, raw, weight, rate):
    dtrain = xgb.DMatrix(x, y, weight=weight, base_margin=raw.astype(np.float32))
    params = {"learning_rate": rate, "lambda": 0, "min_child_weight": 0, "max_depth": 3, "tree_method": "hist", "nthread": 1}
    params |= {"num_class": raw.shape[1]} if raw.ndim == 2 else {}
    scores = []
    xgb.train({**params, "base_score": 0.5}, dtrain, ROUNDS, obj=spoken_to(o, scores))
    return scores


def by_lightgbm(o, x, y, raw, weight, rate):
    dataset = lgb.Dataset(x, y, weight=weight, init_score=raw, params={"verbosity": -1, "min_data_in_bin": 1})
    # Its least sum of Hessians stays: without one LightGBM may choose a split with nothing on one side, and stop with an error.
    params = {"learning_rate": rate, "lambda_l2": 0, "min_data_in_leaf": 1, "num_leaves": 8}
    params |= {"num_class": raw.shape[1]} if raw.ndim == 2 else {}
    scores = []
    lgb.train({**params, "objective": spoken_to(o, scores), "num_threads": 1, "verbosity": -1}, dataset, ROUNDS)
    return scores


def total(o, y, raw, weight):
    loss = weight * o.loss(y, raw)
    return math.fsum(loss), math.fsum(abs(loss))


def room(o, y, before, after, weight, eps):
    """By how much rounding alone can lift the loss in one step, `eps` being that of the scores.

    The quadratic above the loss of a row has the slope |g| + h*|s| at most on the way to a step s. The step that was made is
    off the leaf's by the roundings of the new score and, relatively, of the float32 value of the leaf and of the Hessians it is
    made of. The float32 gradients of a leaf move its best step by eps*sum|g|/sum h, which costs the square of that times the
    Hessian: (eps*sum|g|)**2/sum h, and no more than eps**2 * sum(g**2/h). The losses themselves are within `checks.LIMIT`.
    """
    grad, hess = (np.abs(v) for v in o.grad_hess(y, before, weight))
    step = np.abs(after - before)
    off = eps * np.abs(after) + 4 * EPS32 * step
    # Score and residual are rounded data: what a unit of loss is measured by.
    moved = (np.abs(before) + np.abs(after) + (np.abs(y) if before.ndim == 1 else 0)) * (grad + hess * step)
    squared = np.divide(grad**2, hess, out=np.zeros_like(grad), where=hess > 0)
    return ((grad + hess * step) * off + 0.5 * hess * off**2 + 4 * EPS32**2 * squared + 2 * checks.LIMIT * EPS64 * moved).sum()


@pytest.mark.parametrize("rate", [1.0, 0.3])
@pytest.mark.parametrize(("train", "eps"), [(by_xgboost, EPS32), (by_lightgbm, EPS64)], ids=["xgboost", "lightgbm"])
@pytest.mark.parametrize("cls", BOUNDED, ids=named)
def test_the_loss_falls_in_every_round(cls, train, eps, rate):
    o = cls(curvature="majorized")
    y, raw, weight = checks.sample(o, ROWS)
    y, weight, raw = (v.astype(np.float32).astype(np.float64) for v in (y, weight, 3 * raw))
    rng = np.random.default_rng(1)
    x = np.stack([np.arcsinh(y) + rng.normal(size=ROWS), rng.normal(size=ROWS), rng.normal(size=ROWS)], axis=1)
    scores = train(o, x, y, raw, weight, rate)
    assert len(scores) >= 3
    totals = [total(o, y, s, weight) for s in scores]
    for i, ((before, size), (after, _)) in enumerate(itertools.pairwise(totals)):
        allowed = room(o, y, scores[i], scores[i + 1], weight, eps) + 2 * checks.LIMIT * EPS64 * size
        assert after <= before + allowed, f"round {i}: from {before!r} to {after!r}, of which {allowed:.3g} may be rounding"
    assert totals[-1][0] < totals[0][0], "nothing was learnt"


def test_a_curvature_that_is_no_bound_is_noticed():
    """Huber's exact Hessian is 0 for rows that are far off: the test above must not pass with it."""
    o = bo.Huber(curvature="exact")
    y = np.append(np.full(ROWS - 1, 10.0), 0.5)
    x = np.arange(ROWS) % 2.0
    scores = by_xgboost(o, x[:, None], y, np.zeros(ROWS), np.ones(ROWS), 1.0)
    totals = [total(o, y, s, np.ones(ROWS))[0] for s in scores]
    assert totals[1] > 2 * totals[0]
