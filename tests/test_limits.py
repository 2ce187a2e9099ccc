"""What the boosters do not let a callable do, each shown: a test that fails means that a booster was mended.

The message says which entry of the README's list of limits must then change. One more is in test_same_as_builtin.py:
feature_fraction.
"""

import inspect
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pytest
import xgboost
from lightgbm.basic import _ConfigAliases

import boostobj as bo
from boostobj import builtins, parity

CANCER = parity.load("breast cancer")
REGRESSION = parity.load("synthetic regression")
DIABETES = parity.load("diabetes")
LIGHTGBM = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True, "num_leaves": 7, "seed": 1}
XGBOOST = {"max_depth": 3, "eta": 0.3, "nthread": 1}


def changed(limit):
    """What to do when a booster behaves otherwise than a test says."""
    return f"the booster has been mended: change {limit!r} in the README's list of limits"


def dataset(data, **more):
    return lightgbm.Dataset(data.x, data.y, params={"verbosity": -1}, **more)


def train(objective, data=CANCER, rounds=10, weight=None, **params):
    """A LightGBM model; `start` 0 on both sides, so that callable and built-in are comparable from the first tree."""
    params = {**LIGHTGBM, "boost_from_average": False, **params, "objective": objective}
    return lightgbm.train(params, dataset(data, weight=weight), rounds)


def lightgbms_trees(booster):
    return booster.model_to_string().split("\nTree=0\n")[1].split("\nend of trees")[0]


def same_trees(first, second):
    if isinstance(first, lightgbm.Booster):
        return lightgbms_trees(first) == lightgbms_trees(second)
    return first.get_dump(with_stats=True) == second.get_dump(with_stats=True)


# ------------------------------------------------------------------------------------------------------------- LightGBM

DART = """
import lightgbm, numpy as np, sys
rng = np.random.default_rng(0)
x = rng.normal(size=(500, 4))
y = (x[:, 0] * x[:, 1] + rng.normal(size=500) > 0).astype(float)

def log_loss(raw, data):
    p = 1 / (1 + np.exp(-raw))
    return p - data.get_label(), p * (1 - p)

for objective in (log_loss, "binary"):
    params = {"objective": objective, "boosting": "dart", "drop_rate": 0.5, "num_threads": 1, "deterministic": True,
              "force_row_wise": True, "boost_from_average": False, "verbosity": -1}
    print(repr(lightgbm.train(params, lightgbm.Dataset(x, y), 10).predict(x, raw_score=True).sum()))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc lets one choose what is in fresh memory")
def test_lightgbms_dart_depends_on_what_was_in_memory_before():
    """Its flag is_update_score_cur_iter_ is read before it is set: two fillings of fresh memory, two models."""
    models = []
    for filling in (255, 1):  # fresh memory is then full of zeros, or of bytes that are not zero
        tunables = f"glibc.malloc.tcache_count=0:glibc.malloc.perturb={filling}"
        environment = {**os.environ, "GLIBC_TUNABLES": tunables}
        ran = subprocess.run([sys.executable, "-c", DART], env=environment, capture_output=True, text=True, check=True)
        models.append([line for line in ran.stdout.splitlines() if "Warning" not in line])
    (callable_zeros, builtin_zeros), (callable_ones, builtin_ones) = models
    assert builtin_zeros == builtin_ones
    assert callable_zeros != callable_ones, changed("dart")


@pytest.mark.parametrize("key", _ConfigAliases.get_sorted("boosting"))
@pytest.mark.parametrize("value", ["dart", "DART"])
def test_lightgbms_dart_is_refused(key, value):
    assert "[boosting: dart]" in train("binary", rounds=1, **{key: value}).model_to_string()
    with pytest.raises(ValueError, match="dart"):
        train(bo.LogLoss(), **{key: value})


def test_dart_cannot_be_seen_through_the_scikit_learn_wrappers():
    """They hand a callable arrays only. If this fails, ours refuse it there too: change 'dart' in the README's list."""
    estimator = lightgbm.LGBMRegressor(objective=bo.LogCosh(), boosting_type="dart", n_estimators=2, **LIGHTGBM)
    assert estimator.fit(DIABETES.x, DIABETES.y).booster_.num_trees() == 2


def test_lightgbms_rf_refuses_callables():
    forest = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}
    train("binary", **forest)
    try:
        train(bo.LogLoss(), **forest)
    except lightgbm.basic.LightGBMError as error:
        assert "RF mode do not support custom objective function" in str(error), changed("rf")
    else:
        pytest.fail(changed("rf"))


@pytest.mark.parametrize("name", ["regression_l1", "quantile", "mape"])
def test_lightgbm_sets_no_leaves_anew_under_a_callable(name):
    """The splits of the first tree are the built-in's, its leaves are not: Newton's steps are no longer than 1."""
    objectives = name, bo.get(f"lightgbm:{name}")
    theirs, ours = (train(o, REGRESSION, 1, learning_rate=1.0) for o in objectives)
    splits = [re.findall(r"^(?:split_feature|threshold)=.*", lightgbms_trees(b), re.MULTILINE) for b in (theirs, ours)]
    assert splits[0] == splits[1] != []
    assert not same_trees(theirs, ours), changed("regression_l1")
    assert np.abs(ours.predict(REGRESSION.x)).max() <= 1.0


def test_lightgbms_bagging_by_class_does_nothing_under_a_callable():
    for balanced in ({"pos_bagging_fraction": 0.5, "bagging_freq": 1}, {"neg_bagging_fraction": 0.5, "bagging_freq": 1}):
        assert not same_trees(train("binary", **balanced), train("binary"))
        assert same_trees(train(bo.LogLoss(), **balanced), train(bo.LogLoss())), changed("pos_bagging_fraction")
    data = parity.load("synthetic queries")
    queries = {**parity.LIGHTGBM_DEFAULTS, "bagging_fraction": 0.5, "bagging_freq": 1, "bagging_by_query": True}
    if builtins.version_of(lightgbm.__version__) >= (4, 6):
        ranker = bo.get("lightgbm:lambdarank")
        ours = lightgbm.train({**queries, "objective": ranker}, data.dataset(False), 5)
        theirs = lightgbm.train({**queries, "objective": "lambdarank"}, data.dataset(False), 5)
        assert not same_trees(ours, theirs), changed("pos_bagging_fraction")
        with pytest.raises(ValueError, match="does not sample as bagging_by_query=True"):
            bo.train(queries, data.dataset(False), 5, objective="lightgbm:lambdarank")
    both = {"bagging_fraction": 0.5, "bagging_freq": 1}
    assert same_trees(train(bo.LogLoss(), **both), train("binary", **both)), "the ordinary bagging is the built-in's"


def test_lightgbms_refit_needs_an_objective():
    train("binary").refit(CANCER.x, CANCER.y)
    model = train(bo.LogLoss())
    try:
        model.refit(CANCER.x, CANCER.y)
    except lightgbm.basic.LightGBMError as error:
        assert "objective function" in str(error), changed("refit")
    else:
        pytest.fail(changed("refit"))


def test_lightgbms_prediction_early_stopping_does_nothing_under_a_callable():
    early = {"pred_early_stop": True, "pred_early_stop_freq": 1, "pred_early_stop_margin": 0.5, "raw_score": True}
    theirs, ours = train("binary"), train(bo.LogLoss())
    assert same_trees(theirs, ours)
    whole = theirs.predict(CANCER.x, raw_score=True)
    assert not np.array_equal(theirs.predict(CANCER.x, **early), whole)
    assert np.array_equal(ours.predict(CANCER.x, **early), whole), changed("pred_early_stop")


def test_lightgbm_starts_callables_at_0():
    for average in (False, True):
        model = train(bo.LogLoss(), boost_from_average=average)
        assert same_trees(model, train("binary", boost_from_average=False)), changed("boost_from_average")
    assert not same_trees(train("binary", boost_from_average=True), train("binary"))


def test_lightgbms_metrics_see_raw_scores_under_a_callable():
    """binary_logloss takes the raw score for a probability."""
    seen = {}
    params = {**LIGHTGBM, "metric": "binary_logloss", "boost_from_average": False}
    data = dataset(CANCER)
    for objective in ("binary", bo.LogLoss()):
        record = {}
        callbacks = [lightgbm.record_evaluation(record)]
        model = lightgbm.train({**params, "objective": objective}, data, 5, valid_sets=[data], callbacks=callbacks)
        seen[objective] = record["training"]["binary_logloss"][-1]
        data = dataset(CANCER)
    raw = model.predict(CANCER.x)
    right = bo.LogLoss().loss(CANCER.y, raw).mean()
    assert seen["binary"] == pytest.approx(right, rel=1e-6)
    epsilon = float(np.float32(1e-15))
    wrong = -np.log(np.maximum(np.where(CANCER.y > 0, raw, 1 - raw), epsilon)).mean()
    assert seen[bo.LogLoss()] == pytest.approx(wrong, rel=1e-6), changed("metrics")
    assert wrong > 1.5 * right


@pytest.mark.filterwarnings("ignore:Cannot compute class probabilities or labels")
def test_lightgbms_classifier_predicts_raw_scores_under_a_callable():
    estimator = lightgbm.LGBMClassifier(objective=bo.LogLoss(), n_estimators=5, **LIGHTGBM).fit(CANCER.x, CANCER.y)
    raw = estimator.predict(CANCER.x, raw_score=True)
    assert raw.min() < 0
    for predicted in (estimator.predict(CANCER.x), estimator.predict_proba(CANCER.x)):
        assert np.array_equal(predicted, raw), changed("LGBMClassifier")


def test_lightgbms_callables_of_two_arguments_lose_the_weights():
    """Ours take four, so they have them."""

    def squared(y, raw):
        return raw - y, np.ones_like(y)

    def predicted(objective, weight):
        estimator = lightgbm.LGBMRegressor(objective=objective, n_estimators=5, **LIGHTGBM)
        return estimator.fit(DIABETES.x, DIABETES.y, sample_weight=weight).predict(DIABETES.x)

    lost = predicted(squared, DIABETES.weight)
    assert np.array_equal(lost, predicted(squared, None)), changed("two arguments")
    estimator = xgboost.XGBRegressor(objective=squared, n_estimators=1)
    with pytest.raises(ValueError, match="sample_weight"):  # XGBoost refuses where LightGBM drops
        estimator.fit(DIABETES.x, DIABETES.y, sample_weight=DIABETES.weight)
    o = bo.LogCosh(scale=100.0)
    assert list(inspect.signature(o).parameters) == ["y_true", "y_pred", "sample_weight", "group"]
    assert not np.array_equal(predicted(o, DIABETES.weight), predicted(o, None))


def test_lightgbm_ignores_parameters_of_its_objectives_under_a_callable():
    for name, value in (("is_unbalance", True), ("scale_pos_weight", 3.0), ("sigmoid", 2.0)):
        params = {name: value}
        assert not same_trees(train("binary", **params), train("binary"))
        assert same_trees(train(bo.LogLoss(), **params), train(bo.LogLoss())), changed("parameters")
        o = bo.from_params("lightgbm", {"objective": "binary", **params})
        assert same_trees(train(o, **params), train("binary", **params))


# -------------------------------------------------------------------------------------------------------------- XGBoost


def xgboosts(params, data, rounds=10, obj=None, weight=None, base_margin=None):
    dtrain = xgboost.DMatrix(data.x, data.y, weight=weight, base_margin=base_margin)
    return xgboost.train({**XGBOOST, **params}, dtrain, rounds, obj=obj), dtrain


@pytest.mark.parametrize(("method", "same"), [("hist", True), ("exact", True), ("approx", False)])
def test_xgbregressors_approx_is_the_one_of_a_constant_hessian(method, same):
    """XGBRegressor puts reg:squarederror beside every callable; approx then leaves the Hessian out of its sketch."""
    o = bo.get("reg:pseudohubererror", huber_slope=1.0)
    params = {**XGBOOST, "tree_method": method, "max_bin": 16, "base_score": 0.5}
    native = {"objective": "reg:pseudohubererror", "huber_slope": 1.0}

    def fitted(**objective):
        return xgboost.XGBRegressor(n_estimators=10, **params, **objective).fit(REGRESSION.x, REGRESSION.y)

    theirs, ours = fitted(**native).get_booster(), fitted(objective=o).get_booster()
    carrier = json.loads(ours.save_config())["learner"]["objective"]["name"]
    assert carrier == "reg:squarederror", changed("XGBRegressor")
    assert same_trees(theirs, ours) is same, changed("XGBRegressor")
    ours, _ = xgboosts({**params, **native}, REGRESSION, obj=o)
    assert same_trees(theirs, ours), "with the name kept every tree method is the built-in's"


def test_xgbranker_refuses_callables():
    try:
        xgboost.XGBRanker(objective=bo.LogCosh())
    except ValueError as error:
        assert "objective" in str(error), changed("XGBRanker")
    else:
        pytest.fail(changed("XGBRanker"))


@pytest.mark.parametrize("obj", [None, bo.LogLoss()])
def test_xgboost_ignores_base_score_beside_a_base_margin(obj):
    margin = np.linspace(-1, 1, len(CANCER.y))
    models = []
    for base_score in (0.1, 0.9):
        params = {"objective": "binary:logistic", "base_score": base_score}
        model, dtrain = xgboosts(params, CANCER, obj=obj, base_margin=margin)
        models.append(model.predict(dtrain))
    assert np.array_equal(*models), changed("base_margin")


def test_xgboost_starts_callables_at_a_base_score_of_one_half():
    params = {"objective": "binary:logistic"}
    for given, obj, same in (({}, bo.LogLoss(), True), ({}, None, False), ({"base_score": 0.5}, None, True)):
        model, dtrain = xgboosts({**params, **given}, CANCER, obj=obj)
        half, _ = xgboosts({**params, "base_score": 0.5}, CANCER, obj=bo.LogLoss())
        assert np.array_equal(model.predict(dtrain), half.predict(dtrain)) is same, changed("base_score")
    o = bo.LogLoss()
    ours, _ = xgboosts(o.train_params(dtrain), CANCER, obj=o)
    theirs, _ = xgboosts(params, CANCER)
    assert same_trees(ours, theirs)


@pytest.mark.parametrize("native", [True, False])
def test_xgboost_rejects_splits_of_a_gain_below_a_millionth(native):
    """Whatever the unit of the targets, by its own objectives too."""

    def squared(raw, dtrain):
        return raw - dtrain.get_label(), np.ones_like(raw)

    def leaves(unit):
        data = parity.Data("small", DIABETES.x, DIABETES.y * unit, DIABETES.weight)
        params = {"objective": "reg:squarederror", "base_score": data.y.mean(), "lambda": 0}
        model, _ = xgboosts(params, data, rounds=1, obj=None if native else squared)
        return model.get_dump()[0].count("leaf=")

    assert leaves(1.0) == 8
    assert leaves(1e-7) == 1, changed("1e-6")


def test_xgboost_ignores_parameters_of_its_objectives_under_a_callable():
    params = {"objective": "binary:logistic", "base_score": 0.5}
    spw = {**params, "scale_pos_weight": 3.0}
    theirs, _ = xgboosts(params, CANCER)
    weighted, _ = xgboosts(spw, CANCER)
    assert not same_trees(theirs, weighted)
    ours, _ = xgboosts(spw, CANCER, obj=bo.LogLoss())
    assert same_trees(ours, theirs), changed("parameters")
    ours, _ = xgboosts(spw, CANCER, obj=bo.from_params("xgboost", spw))
    assert same_trees(ours, weighted)


def test_xgboost_predicts_raw_scores_where_the_name_is_not_kept():
    """With no objective beside the callable it is reg:squarederror, and with num_class multi:softmax: class indices."""
    model, dtrain = xgboosts({}, CANCER, obj=bo.LogLoss())
    assert np.array_equal(model.predict(dtrain), model.predict(dtrain, output_margin=True)), changed("link")
    o = bo.Softmax()
    digits = parity.load("digits")
    model, dtrain = xgboosts({"num_class": 10}, digits, rounds=2, obj=o)
    raw = model.predict(dtrain, output_margin=True)
    assert np.array_equal(model.predict(dtrain), raw.argmax(axis=1)), changed("link")


def test_lightgbms_cross_entropy_lambda_stops_where_it_divides_by_0():
    """Its own objective: fewer trees than rounds, without splits that are not worth while."""
    weighted = lightgbm.Dataset(CANCER.x, CANCER.y, weight=CANCER.weight)
    params = {"objective": "cross_entropy_lambda", "verbosity": -1, "num_threads": 1}
    assert lightgbm.train(params, weighted, 200).num_trees() < 200, changed("cross_entropy_lambda")
    assert lightgbm.train({**params, "objective": "cross_entropy"}, weighted, 200).num_trees() == 200


def test_the_readme_has_every_entry():
    text = (Path(__file__).parent.parent / "README.md").read_text()
    labels = set(re.findall(r'changed\("([^"]+)"\)', Path(__file__).read_text()))
    assert len(labels) > 12
    assert [label for label in sorted(labels) if f"- **{label}**" not in text] == []
