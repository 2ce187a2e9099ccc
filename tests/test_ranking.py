"""Ranking within queries: what no callable can know, sizes of queries, options switched off, and that it learns."""

import dataclasses

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb

import boostobj as bo
from boostobj import builtins, parity
from boostobj.ranks import descending, discounts

DATA = parity.load("synthetic queries")
CLICKS = parity.load("synthetic queries, yes or no")
PLACES = parity.load("synthetic queries with places")
BOUNDS = np.concatenate([[0], np.cumsum(DATA.sizes)])
XGB = {"max_depth": 4, "eta": 0.3, "nthread": 1}
LGB = {"num_leaves": 15, "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1}
XGBOOST, LIGHTGBM = (builtins.version_of(booster.__version__) for booster in (xgb, lgb))
SAMPLED = {"subsample": 0.7, "colsample_bytree": 0.6, "colsample_bynode": 0.8}


def lightgbm_trees(booster):
    return booster.model_to_string().split("\nend of trees")[0].split("\nTree=0\n")[1]


# Sorting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_descending_is_numpys_stable_sort(dtype):
    rng = np.random.default_rng(0)
    for m in (1, 2, 15, 16, 17, 31, 32, 33, 64, 65, 100, 1000):
        for values in (rng.normal(size=m), rng.integers(-3, 3, m) * rng.choice([-0.0, 1.0], m), np.zeros(m), np.arange(m)):
            source = values.astype(dtype)
            order, spare_order = np.full((2, m), -1)
            key, spare_key = np.full((2, m), np.nan, dtype)
            descending(source, order, key, spare_order, spare_key)
            expected = np.argsort(-source, kind="stable")
            assert np.array_equal(order, expected) and np.array_equal(key, source[expected])


def test_discounts_grow_with_the_largest_query():
    assert discounts(3)[:3] == pytest.approx([1.0, 1 / np.log2(3), 0.5], rel=1e-15)
    assert discounts(5000).size >= 5000
    assert np.array_equal(discounts(5000)[:1024], discounts(3)[:1024])


# The round -----------------------------------------------------------------------------------------------------------

MEAN = {"lambdarank_pair_method": "mean"}
TRAINED = [
    ("rank:ndcg", MEAN, {}),
    ("rank:pairwise", MEAN | {"lambdarank_num_pair_per_sample": 2}, {"seed": 3, **SAMPLED}),
    ("rank:map", MEAN, {"seed": 7, "subsample": 0.6}),
    ("rank:ndcg", {"lambdarank_unbiased": True}, SAMPLED),
    ("rank:ndcg", MEAN | {"lambdarank_unbiased": True}, SAMPLED),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "values", "params"), TRAINED, ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_xgboost_estimates_and_draws_as_ours(name, values, params, weighted):
    """Without a base_score, which XGBoost makes of drawn pairs: since 3.4 with a number of its own generator."""
    dtrain = (CLICKS if name == "rank:map" else DATA).dmatrix(weighted)
    theirs = xgb.train({**XGB, **params, **values, "objective": name}, dtrain, 25)
    ours = bo.train({**XGB, **params}, dtrain, 25, objective=bo.get(name, **values))
    assert theirs.get_dump(with_stats=True) == ours.get_dump(with_stats=True)
    assert np.array_equal(theirs.predict(dtrain), ours.predict(dtrain))
    assert len(set(ours.predict(dtrain))) > 500


@pytest.mark.parametrize("values", [MEAN, {"lambdarank_unbiased": True}])
def test_xgboosts_training_goes_on_from_a_model(values):
    if XGBOOST < (3,) and values != MEAN:
        pytest.skip("XGBoost 2 itself crashes: it forgets to make room for the losses of a model that it has read")
    dtrain = DATA.dmatrix(False)
    # Before 3.3 all Boosters of a process draw from one generator: two trainings from a model are not the same.
    native = {**XGB, "objective": "rank:ndcg", "subsample": 0.7 if XGBOOST >= (3, 3) else 1.0, "base_score": 0.0, **values}
    first = xgb.train(native, dtrain, 5)
    theirs = xgb.train(native, dtrain, 5, xgb_model=first.copy())
    given = {k: v for k, v in native.items() if k not in ("objective", *values)}
    ours = bo.train(given, dtrain, 5, objective=bo.get("rank:ndcg", **values), xgb_model=first.copy())
    assert theirs.get_dump(with_stats=True) == ours.get_dump(with_stats=True)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("params", [{}, {"seed": 3}, {"random_state": 4, "bagging_fraction": 0.6, "bagging_freq": 1}])
def test_lightgbms_numbers_of_each_round(params, weighted):
    theirs = lgb.train({**LGB, **params, "objective": "rank_xendcg"}, DATA.dataset(weighted), 25)
    ours = bo.train({**LGB, **params}, DATA.dataset(weighted), 25, objective="lightgbm:rank_xendcg")
    assert lightgbm_trees(theirs) == lightgbm_trees(ours)
    other = bo.train({**LGB, **params}, DATA.dataset(weighted), 25, objective=bo.get("lightgbm:rank_xendcg", objective_seed=6))
    assert lightgbm_trees(theirs) != lightgbm_trees(other)


@pytest.mark.skipif(LIGHTGBM < (4, 1), reason="Datasets have no positions")
@pytest.mark.parametrize("params", [{}, {"eta": 0.3, "seed": 1, "bagging_fraction": 0.6, "bagging_freq": 1}])
def test_lightgbms_bias_of_places(params):
    theirs = lgb.train({**LGB, **params, "objective": "lambdarank"}, PLACES.dataset(True), 25)
    ours = bo.train({**LGB, **params}, PLACES.dataset(True), 25, objective="lightgbm:lambdarank")
    assert lightgbm_trees(theirs) == lightgbm_trees(ours)
    assert lightgbm_trees(ours) != lightgbm_trees(lgb.train({**LGB, **params, "objective": "lambdarank"}, DATA.dataset(True), 25))


def test_a_callable_that_is_not_told_the_round_says_so():
    dtrain, raw = DATA.dmatrix(False), np.zeros(len(DATA.y), np.float32)
    with pytest.raises(ValueError, match=r"rank:ndcg: lambdarank_pair_method='mean' draws other pairs.*boostobj\.train"):
        bo.get("rank:ndcg", **MEAN)(raw, dtrain)
    with pytest.raises(ValueError, match=r"rank:map: lambdarank_unbiased=True learns.*boostobj\.train"):
        bo.get("rank:map", lambdarank_unbiased=True)(raw, CLICKS.dmatrix(False))
    with pytest.raises(ValueError, match=r"lightgbm:rank_xendcg: it draws other numbers.*boostobj\.train"):
        bo.get("lightgbm:rank_xendcg")(raw.astype(np.float64), DATA.dataset(False).construct())
    if LIGHTGBM >= (4, 1):
        with pytest.raises(ValueError, match=r"lightgbm:lambdarank: the Dataset has positions.*boostobj\.train"):
            bo.get("lightgbm:lambdarank")(raw.astype(np.float64), PLACES.dataset(False).construct())


# Queries of every size -----------------------------------------------------------------------------------------------

ODD = np.array([1, 0, 1, 30, 2, 0, 200, 5, 0])


def odd(labels=None):
    rng = np.random.default_rng(2)
    n = int(ODD.sum())
    y = rng.integers(0, 2, n).astype(float) if labels is None else labels
    y[2:32] = 1.0  # a query whose documents are alike
    return rng.normal(size=(n, 5)), y


@pytest.mark.parametrize("name", ["rank:ndcg", "rank:pairwise", "rank:map"])
@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("values", [{}, MEAN], ids=["topk", "mean"])
def test_xgboosts_queries_of_odd_sizes(name, grouped, values):
    x, y = odd()
    dtrain = xgb.DMatrix(x, y)
    # XGBoost reads before the start of an empty query for rank:map, so that only others are compared there.
    sizes = ODD if name != "rank:map" else ODD[ODD > 0]
    if grouped:
        dtrain.set_group(sizes)
    native = {**XGB, "objective": name, "base_score": 0.0, **values}
    theirs = xgb.train(native, dtrain, 10)
    ours = bo.train({**XGB, "base_score": 0.0}, dtrain, 10, objective=bo.get(name, **values))
    assert theirs.get_dump(with_stats=True) == ours.get_dump(with_stats=True)
    grad, hess = bo.get(name)(np.linspace(0, 1, len(y), dtype=np.float32), dtrain)
    if grouped:
        assert not grad[:32].any() and not hess[:32].any() and grad[32:].any()


@pytest.mark.parametrize("name", ["lambdarank", "rank_xendcg"])
def test_lightgbms_queries_of_odd_sizes(name):
    x, y = odd()
    params = {**LGB, "min_data_in_leaf": 3}
    theirs = lgb.train({**params, "objective": name}, lgb.Dataset(x, y, group=ODD[ODD > 0]), 10)
    ours = bo.train(params, lgb.Dataset(x, y, group=ODD[ODD > 0]), 10, objective=f"lightgbm:{name}")
    assert lightgbm_trees(theirs) == lightgbm_trees(ours)


@pytest.mark.parametrize("name", ["pairwise_logistic", "lambda_ndcg", "lambda_map", "xe_ndcg"])
def test_textbook_losses_of_odd_sizes(name):
    _, y = odd()
    raw = np.random.default_rng(3).normal(size=y.size)
    grad, hess = bo.get(name).grad_hess(y, raw, group=ODD)
    assert not grad[:2].any() and not hess[:2].any(), "one document has nobody to be compared with"
    if name != "xe_ndcg":
        assert not grad[:32].any() and not hess[:32].any(), "nor have documents that are alike"
    assert (hess >= 0).all() and grad[32:].any()
    for first, last in zip(np.cumsum(ODD) - ODD, np.cumsum(ODD), strict=True):
        assert abs(grad[first:last].sum()) < 1e-12 * (1 + np.abs(grad[first:last]).sum()), "a constant moves nothing"


# Options off ---------------------------------------------------------------------------------------------------------

OFF = {"lambdarank_normalization": False, "lambdarank_score_normalization": False}
PLAIN = [
    ("rank:pairwise", OFF | {"lambdarank_num_pair_per_sample": 500}, "pairwise_logistic", {}, 2.0, DATA),
    ("rank:ndcg", OFF, "lambda_ndcg", {}, 2.0, DATA),
    ("rank:ndcg", OFF | {"lambdarank_num_pair_per_sample": 4}, "lambda_ndcg", {"truncation": 4}, 2.0, DATA),
    ("rank:ndcg", OFF | {"ndcg_exp_gain": False}, "lambda_ndcg", {"exponential": False}, 2.0, DATA),
    ("rank:map", OFF, "lambda_map", {}, 2.0, CLICKS),
    ("lightgbm:lambdarank", {"lambdarank_norm": False}, "lambda_ndcg", {"truncation": 30}, 1.0, DATA),
    ("lightgbm:lambdarank", {"lambdarank_norm": False, "sigmoid": 2.0}, "lambda_ndcg", {"truncation": 30, "sigmoid": 2.0},
     1.0, DATA),
]


@pytest.mark.skipif(XGBOOST < (3,), reason="XGBoost always divides by the difference of the scores")
@pytest.mark.parametrize(("name", "values", "textbook", "fields", "factor", "data"), PLAIN)
def test_with_the_options_off_it_is_the_textbooks(name, values, textbook, fields, factor, data):
    raw = np.random.default_rng(1).normal(size=len(data.y)).astype(np.float32)
    like = name.startswith("lightgbm")
    grad, hess = bo.get(name, **values)(data.y, raw.astype(np.float64 if like else np.float32), None, data.sizes)
    true_grad, true_hess = bo.get(textbook, **fields).grad_hess(data.y, raw.astype(np.float64), group=data.sizes)
    size = np.repeat([np.abs(part).max(initial=0.0) for part in np.split(true_grad, np.cumsum(data.sizes)[:-1])], data.sizes)
    room = 1e-4 if like else 2**-16  # LightGBM's sigmoid is a table of 2**20 steps over 50/sigmoid
    assert (np.abs(grad - true_grad) <= room * size).all()
    assert (np.abs(hess - factor * true_hess) <= room * factor * size).all()
    assert bo.get(name, **values).loss(data.y, raw, group=data.sizes) == pytest.approx(
        bo.get(textbook, **fields).loss(data.y, raw, group=data.sizes), rel=1e-15, abs=0
    )


def test_names_of_ours_that_a_booster_has_say_so():
    dtrain = DATA.dmatrix(False)
    params = bo.LambdaNDCG(truncation=7, exponential=False).train_params(dtrain)
    assert params["objective"] == "rank:ndcg"
    assert params["lambdarank_num_pair_per_sample"] == 7 and params["ndcg_exp_gain"] is False
    assert bo.get("rank:ndcg").textbook == bo.LambdaNDCG()
    assert bo.get("lightgbm:lambdarank").textbook == bo.LambdaNDCG(truncation=30)
    raw = np.random.default_rng(0).normal(size=len(DATA.y))
    for ours, theirs in (("lambda_map", "rank:map"), ("pairwise_logistic", "rank:pairwise")):
        results = [bo.get(name)(CLICKS.y, np.float32(raw), None, CLICKS.sizes) for name in (ours, theirs)]
        assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))
    with pytest.raises(ValueError, match="lightgbm:lambdarank: label_gain gives gains that no textbook has"):
        bo.get("lightgbm:lambdarank", label_gain=(0, 1, 2, 3, 4)).loss(DATA.y, raw, group=DATA.sizes)


# Labels --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values", "label", "words"),
    [
        ("rank:ndcg", {}, 32.0, r"rank:ndcg: y must be .*\[0, 31\].*got 32.0 in row 5 \(1 of"),
        ("rank:ndcg", {}, 0.5, r"rank:ndcg: y must be .*got 0.5 in row 5"),
        ("rank:ndcg", {"ndcg_exp_gain": False}, -1.0, r"rank:ndcg: y must be .*\[0, 1000\].*got -1.0 in row 5"),
        ("rank:map", {}, 2.0, r"rank:map: y must be .*\[0, 1\].*got 2.0 in row 5"),
        ("lightgbm:lambdarank", {}, 31.0, r"lightgbm:lambdarank: y must be .*\[0, 30\].*got 31.0 in row 5"),
        ("lightgbm:lambdarank", {"label_gain": (0, 1, 3)}, 3.0, r"y must be below 3, the number of gains in label_gain, got 3.0"),
        ("lambda_map", {}, 2.0, r"LambdaMAP: y must be .*got 2.0 in row 5"),
    ],
)
def test_labels_outside(name, values, label, words):
    y = CLICKS.y.copy()
    y[5] = label
    raw = np.zeros(len(y), np.float64 if name.startswith("lightgbm") else np.float32)
    with pytest.raises(ValueError, match=words):
        bo.get(name, **values)(y, raw, None, CLICKS.sizes)


def test_labels_that_are_no_grades_are_taken_where_the_booster_takes_them():
    data = dataclasses.replace(DATA, y=np.random.default_rng(0).uniform(0, 100, len(DATA.y)))
    dtrain = data.dmatrix(True)
    for name, values in (("rank:ndcg", {"ndcg_exp_gain": False}), ("rank:pairwise", {})):
        native = {**XGB, "objective": name, "base_score": 0.0, **values}
        ours = xgb.train(native, dtrain, 10, obj=bo.get(name, **values))
        assert xgb.train(native, dtrain, 10).get_dump(with_stats=True) == ours.get_dump(with_stats=True)


# scikit-learn, and learning ------------------------------------------------------------------------------------------


def test_lightgbms_ranker_takes_the_callable():
    args = {"n_estimators": 20, "num_leaves": 15, "n_jobs": 1, "verbosity": -1}
    fitted = [
        lgb.LGBMRanker(objective=objective, **args).fit(DATA.x, DATA.y, group=DATA.sizes, sample_weight=DATA.weight)
        for objective in ("lambdarank", bo.get("lightgbm:lambdarank"))
    ]
    assert lightgbm_trees(fitted[0].booster_) == lightgbm_trees(fitted[1].booster_)


def ndcg(scores, data, depth=10):
    out = []
    for part in np.split(np.arange(len(data.y)), np.cumsum(data.sizes)[:-1]):
        gain = 2 ** data.y[part] - 1
        best = np.sort(gain)[::-1][:depth] @ discounts(depth)[: min(depth, part.size)]
        if best > 0 and part.size > 1:
            out.append(gain[np.argsort(-scores[part], kind="stable")][:depth] @ discounts(depth)[: min(depth, part.size)] / best)
    return np.mean(out)


OURS = [bo.PairwiseLogistic(), bo.LambdaNDCG(), bo.LambdaNDCG(sigmoid=2.0, exponential=False), bo.LambdaMAP(), bo.XENDCG()]


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("objective", OURS, ids=repr)
def test_names_of_ours_learn(objective, booster):
    data = CLICKS if isinstance(objective, bo.LambdaMAP) else DATA
    chance = ndcg(np.random.default_rng(0).normal(size=len(data.y)), data)
    if booster == "xgboost":
        dtrain = data.dmatrix(True)
        scores = bo.train({"nthread": 1}, dtrain, 30, objective=objective).predict(dtrain, output_margin=True)
    else:
        scores = bo.train({"num_threads": 1, "verbosity": -1}, data.dataset(False), 30, objective=objective).predict(data.x)
    assert ndcg(scores, data) > 1 - (1 - chance) / 2, f"from {chance:.3f} by chance"
