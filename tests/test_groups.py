"""Losses of whole groups, and targets that are intervals: where groups and bounds come from, and what is refused."""

import dataclasses
import math

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb

import boostobj as bo
from boostobj import protocol

RNG = np.random.default_rng(0)
SIZES = np.array([1, 30, 0, 7, 12, 50])
N = int(SIZES.sum())
X = RNG.normal(size=(N, 4))
Y = np.clip((X[:, 0] + RNG.normal(size=N)).round(), 0, 3)
RAW = RNG.normal(size=N)
WEIGHT = np.repeat(np.array([1.0, 2.0, 0.5, 4.0, 0.25, 1.0]), SIZES)
QUIET = {"verbosity": -1, "num_threads": 1}


def squares(y, f, w, loss, grad, hess, order, work, kind):
    """Squared differences from the group's mean difference: nothing that a constant moves."""
    total = mass = 0.0
    for i in range(y.size):
        mass += w[i]
        total += w[i] * (f[i] - y[i])
    for i in range(y.size):
        r = f[i] - y[i] - total / mass if mass > 0.0 else 0.0
        loss[i] = r * r / 2
        grad[i] = w[i] * r
        hess[i] = w[i] * (1 - w[i] / mass) if mass > 0.0 else 0.0


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Within(bo.Groupwise):
    name = "within"
    link = "identity"
    domain = bo.Interval(-math.inf, math.inf)
    boosters_curvature = "exact"
    group = staticmethod(squares)


def by_hand(y, f, w, sizes):
    out = []
    for part in np.split(np.arange(len(y)), np.cumsum(sizes)[:-1]):
        if len(part):
            r = f[part] - y[part]
            out.append(w[part] * (r - np.average(r, weights=w[part])))
    return np.concatenate(out)


def test_every_group_by_itself():
    grad, hess = Within().grad_hess(Y, RAW, WEIGHT, group=SIZES)
    assert grad == pytest.approx(by_hand(Y, RAW, WEIGHT, SIZES), rel=1e-12, abs=0)
    whole, _ = Within().grad_hess(Y, RAW)
    assert whole == pytest.approx(by_hand(Y, RAW, np.ones(N), [N]), rel=1e-12, abs=0)
    assert Within().loss(Y, RAW, WEIGHT, group=SIZES) @ WEIGHT == pytest.approx((grad**2 / np.maximum(WEIGHT, 1e-9)).sum() / 2)
    assert (hess >= 0).all()


def test_threads_give_the_same():
    sizes = np.full(4000, 25)
    y, raw = RNG.normal(size=(2, 100_000))
    results = []
    for n in (1, 2, 3):
        bo.set_num_threads(n)
        results.append(Within().grad_hess(y, raw, group=sizes))
    bo.set_num_threads(None)
    assert all(np.array_equal(a, b) for other in results[1:] for a, b in zip(results[0], other, strict=True))


def dmatrix(**info):
    data = xgb.DMatrix(X, Y)
    data.set_group(SIZES)
    for name, value in info.items():
        data.set_info(**{name: value})
    return data


def called(*args):
    return Within()(*args)[0]


EXPECTED = by_hand(Y, RAW, np.ones(N), SIZES)
WEIGHED = by_hand(Y, RAW, WEIGHT, SIZES)


def test_groups_of_a_dmatrix_and_weights_of_its_groups():
    near = {"rel": 1e-4, "abs": 1e-5}  # float32 labels and scores
    raw = RAW.astype(np.float32)
    assert called(raw, dmatrix()) == pytest.approx(EXPECTED, **near)
    of_groups = WEIGHT[np.minimum(np.cumsum(SIZES) - 1, N - 1)]
    assert called(raw, dmatrix(weight=of_groups)) == pytest.approx(WEIGHED, **near)
    assert called(raw, xgb.DMatrix(X, Y)) == pytest.approx(by_hand(Y, RAW, np.ones(N), [N]), **near)


@pytest.mark.parametrize("constructed", [False, True])
def test_groups_of_a_dataset(constructed):
    sizes = SIZES[SIZES > 0]
    dataset = lgb.Dataset(X, Y, group=sizes, weight=WEIGHT, params={"verbosity": -1})
    if constructed:
        dataset.construct()
    assert called(RAW, dataset) == pytest.approx(WEIGHED, rel=1e-4, abs=1e-5)


def test_groups_of_lightgbms_ranker():
    sizes = SIZES[SIZES > 0]
    ranker = lgb.LGBMRanker(objective=Within(), n_estimators=4, verbosity=-1, n_jobs=1).fit(X, Y, group=sizes)
    dataset = lgb.Dataset(X, Y, group=sizes)
    booster = lgb.train({**QUIET, "objective": Within()}, dataset, 4)
    assert np.array_equal(ranker.predict(X), booster.predict(X))
    assert called(Y, RAW, None, sizes) == pytest.approx(EXPECTED, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("data", [dmatrix(), lgb.Dataset(X, Y, group=SIZES[SIZES > 0])], ids=["xgboost", "lightgbm"])
def test_train_measures_the_loss_within_groups(data):
    seen = {}
    if protocol.is_dmatrix(data):
        more = {"evals": [(data, "d")], "evals_result": seen, "verbose_eval": False}
        model = bo.train({"max_depth": 3}, data, 9, objective=Within(), **more)
        scores = model.predict(data)
    else:
        more = {"valid_sets": [data], "valid_names": ["d"], "callbacks": [lgb.record_evaluation(seen)]}
        model = bo.train({**QUIET, "min_data_in_leaf": 3}, data, 9, objective=Within(), **more)
        scores = model.predict(X)
    losses = seen["d"]["within"]
    assert losses[-1] < losses[0]
    assert losses[-1] == pytest.approx(Within().loss(Y, scores, group=SIZES).mean(), rel=1e-5)


def test_groups_that_cannot_be_are_refused():
    o = Within()
    for group, words in [
        ([3, 4], f"the sizes in group add up to 7, y has {N} rows"),
        ([N, -1, 1], "whole numbers, got -1 for group 1"),
        ([N - 0.5, 0.5], f"whole numbers, got {N - 0.5} for group 0"),
    ]:
        for call in (lambda g: o.grad_hess(Y, RAW, group=g), lambda g: o.loss(Y, RAW, group=g), lambda g: o(Y, RAW, None, g)):
            with pytest.raises(ValueError, match=words):
                call(group)
    with pytest.raises(ValueError, match="LogCosh: the loss of a row does not depend on groups"):
        bo.LogCosh().grad_hess(Y, RAW, group=SIZES)
    with pytest.raises(ValueError, match="LogCosh: the loss of a row does not depend on weights"):
        bo.LogCosh().loss(Y, RAW, WEIGHT)


def test_a_pointwise_loss_ranks_as_well():
    lgb.LGBMRanker(objective=bo.LogCosh(), n_estimators=2, verbosity=-1).fit(X, Y, group=SIZES[SIZES > 0])


# Intervals -----------------------------------------------------------------------------------------------------------

LOWER = np.array([1.0, 2.0, 0.0, 4.0], np.float32)
UPPER = np.array([1.0, np.inf, 3.0, 6.0], np.float32)
WANTS = protocol.Wants(interval=True)


def test_bounds_of_both_containers():
    for data in (xgb.DMatrix(np.eye(4)), lgb.Dataset(np.eye(4)), lgb.Dataset(np.eye(4), LOWER).construct()):
        bo.set_bounds(data, LOWER, UPPER)
        y = protocol.rows("it", data, WANTS).y
        assert y.dtype == np.float32 and y.flags.f_contiguous
        assert np.array_equal(y, np.stack([LOWER, UPPER], axis=1))
    assert np.array_equal(data.get_label(), LOWER)


def test_bounds_of_a_part_of_a_dataset():
    """As lightgbm.cv makes them."""
    data = lgb.Dataset(np.eye(4), free_raw_data=False)
    bo.set_bounds(data, LOWER, UPPER)
    part = data.subset([1, 3]).construct()
    assert np.array_equal(protocol.rows("it", part, WANTS).y, np.stack([LOWER, UPPER], axis=1)[[1, 3]])


def test_signed_times():
    y = protocol.rows("it", xgb.DMatrix(np.eye(3), [2.0, -3.0, 0.0]), WANTS).y
    assert np.array_equal(y, [[2.0, 2.0], [3.0, np.inf], [0.0, np.inf]])


def test_bounds_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match=r"set_bounds: lower and upper must have one shape \(n,\), got \(4,\) and \(3,\)"):
        bo.set_bounds(xgb.DMatrix(np.eye(4)), LOWER, UPPER[:3])
    with pytest.raises(TypeError, match=r"set_bounds: data must be an xgboost.DMatrix or a lightgbm.Dataset, got ndarray"):
        bo.set_bounds(np.eye(4), LOWER, UPPER)
