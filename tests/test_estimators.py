"""Estimators: the predictions of the boosters' own, and at home in scikit-learn."""

import pickle
import subprocess
import sys
import warnings

import joblib
import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import xgboost as xgb
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import boostobj as bo
from boostobj import builtins
from boostobj.boosters import fits
from boostobj.builtins import version_of
from boostobj.estimators import Classifier, Ranker, Regressor

N, HALF = 400, 250
RNG = np.random.default_rng(3)
X = RNG.normal(size=(N, 6))
X[RNG.random((N, 6)) < 0.05] = np.nan
SIGNAL = np.nan_to_num(X[:, 0] - np.abs(X[:, 1]) + X[:, 2] * X[:, 3]) + RNG.normal(size=N)
WEIGHT = RNG.uniform(0.3, 3.0, N)
OFFSET = RNG.normal(scale=0.3, size=N)
COUNTS = RNG.poisson(np.exp(0.3 * SIGNAL)).astype(float)
BINARY = np.where(SIGNAL > 0.5, "yes", "no")
SEVERAL = np.array(["low", "high", "middle"])[np.digitize(SIGNAL, [-1.0, 0.5])]
SMALL = {"xgboost": {"max_depth": 3}, "lightgbm": {"num_leaves": 7, "min_child_samples": 5, "verbosity": -1}}
BOOSTERS = list(SMALL)
REGRESSIONS = {"reg:squarederror": SIGNAL, "count:poisson": COUNTS, "reg:quantileerror": SIGNAL, "lightgbm:regression": SIGNAL}
REGRESSIONS |= {"lightgbm:poisson": COUNTS, "lightgbm:quantile": SIGNAL}
CLASSES = {"binary:logistic": BINARY, "multi:softprob": SEVERAL, "multi:softmax": SEVERAL, "lightgbm:binary": BINARY}
CLASSES |= {"lightgbm:multiclass": SEVERAL, "lightgbm:multiclassova": SEVERAL}
BESIDE = {"reg:quantileerror": {"quantile_alpha": 0.8}, "lightgbm:quantile": {"alpha": 0.8}}
BESIDE |= {"lightgbm:binary": {"is_unbalance": True}, "binary:logistic": {"scale_pos_weight": 2.0}}
WAYS = {
    "plain": {},
    "weighted": {"weight": True},
    "stopped early": {"weight": True, "stop": 3},
    "offset": {"offset": True},
    "sampled": {"native": {"random_state": 5, "subsample": 0.7, "subsample_freq": 1, "colsample_bytree": 0.6}},
}


def booster_of(name):
    return "lightgbm" if name.startswith("lightgbm:") else "xgboost"


def settings(name, way):
    """The parameters that ours and the booster's own estimator have in common."""
    booster = booster_of(name)
    native = {**SMALL[booster], **BESIDE.get(name, {}), **way.get("native", {})}
    if booster == "xgboost":
        native.pop("subsample_freq", None)
    return {"n_estimators": 40 if "stop" in way else 12, "learning_rate": 0.4, "n_jobs": 1, **native}


def own(name, kind, way):
    """The booster's own estimator."""
    params = {**settings(name, way), "objective": name.removeprefix("lightgbm:")}
    if booster_of(name) == "lightgbm":
        return {"regressor": lgb.LGBMRegressor, "classifier": lgb.LGBMClassifier}[kind](**params)
    stop = {"early_stopping_rounds": way["stop"]} if "stop" in way else {}
    return {"regressor": xgb.XGBRegressor, "classifier": xgb.XGBClassifier}[kind](**params, **stop)


def fitted_own(name, kind, way, y, weight=None):
    """The booster's own estimator, fitted; `weight` instead of the way's."""
    model = own(name, kind, way)
    weight = WEIGHT[:HALF] if way.get("weight") and weight is None else weight
    given = {"sample_weight": weight}
    offset = "init_score" if booster_of(name) == "lightgbm" else "base_margin"
    if way.get("offset"):
        given[offset] = offset_for(y)
    with warnings.catch_warnings():
        # LightGBM 4.7 has new names for eval_set, which its older versions do not know.
        warnings.filterwarnings("ignore", message="The argument 'eval_set' is deprecated")
        if "stop" in way:
            given["eval_set"] = [(X[HALF:], y[HALF:])]
            if booster_of(name) == "lightgbm":
                given |= {"eval_sample_weight": [WEIGHT[HALF:]], "callbacks": [lgb.early_stopping(way["stop"], verbose=False)]}
            else:
                given |= {"sample_weight_eval_set": [WEIGHT[HALF:]], "verbose": False}
        return model.fit(X[:HALF], y[:HALF], **given)


def offset_for(y):
    """One number a row, or one for each of three classes."""
    return OFFSET[:HALF, None] * [1, 2, 3] if len(np.unique(y)) == 3 else OFFSET[:HALF]


def fitted(name, kind, way, y, **more):
    cls = {"regressor": Regressor, "classifier": Classifier}[kind]
    stop = {"early_stopping_rounds": way["stop"]} if "stop" in way else {}
    model = cls(objective=name, booster=booster_of(name), **settings(name, way), **stop, **more)
    given = {"sample_weight": WEIGHT[:HALF] if way.get("weight") else None}
    if way.get("offset"):
        given["offset"] = offset_for(y)
    if "stop" in way:
        given |= {"eval_set": [(X[HALF:], y[HALF:])], "eval_sample_weight": [WEIGHT[HALF:]]}
    return model.fit(X[:HALF], y[:HALF], **given)


def rounds(model, booster):
    if booster == "lightgbm":
        return model.best_iteration_
    return model.best_iteration + 1


# The predictions of the boosters' own estimators -----------------------------------------------------------------------


@pytest.mark.parametrize("name", REGRESSIONS)
def test_regressions_are_those_of_the_boosters_own_estimator(name):
    y = REGRESSIONS[name]
    for what, way in WAYS.items():
        if name == "lightgbm:quantile" and what == "sampled":
            continue  # LightGBM itself trains it then: tests/test_train.py
        ours, theirs = fitted(name, "regressor", way, y), fitted_own(name, "regressor", way, y)
        assert np.array_equal(ours.predict(X), theirs.predict(X)), what
        assert np.array_equal(ours.feature_importances_, theirs.feature_importances_), what
        if "stop" in way:
            assert ours.best_iteration_ == rounds(theirs, booster_of(name)) < 40, what


NAMES = sorted(builtins.names())
"""Which of them the installed boosters have, and what they can be trained on: see `target_for`."""
MORE = {"reg:expectileerror": {"expectile_alpha": 0.7}, "lightgbm:mape": {"force_row_wise": True}}


def target_for(name):
    """A target for the name of a booster's objective; None where it is in another test, or not in the installed booster."""
    row = builtins.names()[name]
    version = version_of({"xgboost": xgb, "lightgbm": lgb}[row.booster].__version__)
    there = any(r.public_name == name and r.since <= version < r.until for r in builtins.table())
    if name in REGRESSIONS or name in CLASSES or row.groups == "queries" or name == "survival:aft" or not there:
        return None
    if name in ("binary:hinge", "binary:logitraw"):
        return BINARY
    low, high = row.labels.ends
    if high == 1:
        return 1 / (1 + np.exp(-SIGNAL))
    return np.exp(0.4 * SIGNAL) if low >= -1 else SIGNAL


@pytest.mark.parametrize("name", [name for name in NAMES if target_for(name) is not None])
def test_so_are_all_the_others(name):
    y = target_for(name)
    kind = "classifier" if y is BINARY else "regressor"
    BESIDE.setdefault(name, MORE.get(name, {}))
    # Its weight is part of the loss, which then has no mean to stop by, and can end in NaN: tests/test_limits.py.
    for what in ("plain",) if name == "lightgbm:cross_entropy_lambda" else ("weighted", "stopped early"):
        way = WAYS[what]
        ours = fitted(name, kind, way, y)
        theirs = fitted_own(name, kind, way, (y == "yes").astype(int) if y is BINARY else y)
        raw = {"raw_score": True} if booster_of(name) == "lightgbm" else {"output_margin": True}
        assert np.array_equal(ours.predict_raw(X), theirs.predict(X, **raw)), what
        if kind == "regressor":
            assert np.array_equal(ours.predict(X), theirs.predict(X)), what
        elif name != "binary:logitraw":  # XGBClassifier calls raw scores above 1/2 the second class, we those above 0
            assert np.array_equal(ours.predict(X), np.array(["no", "yes"])[theirs.predict(X)]), what
        if "stop" in way:
            assert rounds(theirs, booster_of(name)) == ours.best_iteration_, what


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_those_of_the_boosters_own_estimator(name):
    y = CLASSES[name]
    labels, codes = np.unique(y, return_inverse=True)
    for what, way in WAYS.items():
        ours, theirs = fitted(name, "classifier", way, y), fitted_own(name, "classifier", way, codes)
        assert np.array_equal(ours.predict_proba(X), theirs.predict_proba(X)), what
        assert np.array_equal(ours.predict(X), labels[theirs.predict(X)]), what
        if "stop" in way:
            assert ours.best_iteration_ == rounds(theirs, booster_of(name)) < 40, what


@pytest.mark.parametrize("name", ["multi:softprob", "lightgbm:multiclass"])
@pytest.mark.parametrize("class_weight", ["balanced", {"low": 1.0, "middle": 0.5, "high": 4.0}], ids=["balanced", "given"])
def test_class_weights_multiply_sample_weights(name, class_weight):
    way = {"weight": True}
    ours = fitted(name, "classifier", way, SEVERAL, class_weight=class_weight)
    labels, codes = np.unique(SEVERAL, return_inverse=True)
    counts = np.bincount(codes[:HALF])
    of_class = HALF / (3 * counts) if class_weight == "balanced" else np.array([class_weight[label] for label in labels])
    theirs = fitted_own(name, "classifier", way, codes, weight=WEIGHT[:HALF] * of_class[codes[:HALF]])
    assert np.array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    assert not np.array_equal(ours.predict_proba(X), fitted(name, "classifier", way, SEVERAL).predict_proba(X))


def test_without_an_objective_they_are_the_boosters_own_estimators():
    codes = np.unique(SEVERAL, return_inverse=True)[1]
    for booster, regressor, classifier in (
        ("xgboost", xgb.XGBRegressor, xgb.XGBClassifier),
        ("lightgbm", lgb.LGBMRegressor, lgb.LGBMClassifier),
    ):
        params = {"n_estimators": 8, "n_jobs": 1, **SMALL[booster]}
        ours, theirs = Regressor(booster=booster, **params), regressor(**params)
        assert np.array_equal(ours.fit(X, SIGNAL).predict(X), theirs.fit(X, SIGNAL).predict(X))
        for y in (BINARY == "yes", codes):
            ours, theirs = Classifier(booster=booster, **params), classifier(**params)
            expected = theirs.fit(X, y.astype(int)).predict_proba(X)
            assert np.array_equal(ours.fit(X, y).predict_proba(X), expected)
            assert ours.objective_.name == ("softmax" if y is codes else "log_loss")


def test_all_the_data_types_of_the_boosters_own_estimators():
    """XGBRegressor makes another container of some types of data, with other cuts."""
    dense = np.nan_to_num(X)
    dense[dense < 0] = 0
    for booster, own in (("xgboost", xgb.XGBRegressor), ("lightgbm", lgb.LGBMRegressor)):
        params = {"n_estimators": 5, "n_jobs": 1, **SMALL[booster]}
        ours, theirs = Regressor(booster=booster, **params), own(**params)
        for made in (np.asfortranarray, np.float32, scipy.sparse.csr_matrix, scipy.sparse.csc_matrix, scipy.sparse.coo_matrix):
            if booster == "lightgbm" and made is scipy.sparse.coo_matrix:
                continue  # LightGBM does not predict from it
            x = made(dense)
            assert np.array_equal(ours.fit(x, SIGNAL).predict(x), theirs.fit(x, SIGNAL).predict(x)), (booster, made)


@pytest.mark.parametrize("native", [{"tree_method": "exact"}, {"boosting": "dart", "rate_drop": 0.5}, {"boosting": "gblinear"}])
def test_other_trees_of_xgboost_and_none(native):
    native |= {"n_estimators": 6, "n_jobs": 1, "random_state": 0, "verbosity": 0}  # 3.4 has other names for dropout
    ours = Regressor(**native).fit(np.nan_to_num(X), SIGNAL)
    given = {("booster" if name == "boosting" else name): value for name, value in native.items()}
    theirs = xgb.XGBRegressor(**given).fit(np.nan_to_num(X), SIGNAL)
    assert np.array_equal(ours.predict(np.nan_to_num(X)), theirs.predict(np.nan_to_num(X)))
    assert np.array_equal(ours.feature_importances_, theirs.feature_importances_)


def test_several_labels_are_those_of_xgboost():
    y = np.stack([SIGNAL > 0, SIGNAL > 1, COUNTS > 1], axis=1).astype(int)
    # Before 3.1 XGBoost has one base_score for all targets.
    params = {"n_estimators": 8, "max_depth": 3, "n_jobs": 1, "base_score": 0.5}
    ours = Classifier(objective="binary:logistic", **params).fit(X, y)
    theirs = xgb.XGBClassifier(**params).fit(X, y)
    assert np.array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.predict(X).shape == ours.decision_function(X).shape == (N, 3) and len(ours.boosters_) == 3
    with pytest.raises(AttributeError, match="3 Boosters"):
        _ = ours.booster_


@pytest.mark.parametrize("name", ["rank:ndcg", "lightgbm:lambdarank"])
def test_rankings_are_those_of_the_boosters_own_estimator(name):
    relevance, group = np.digitize(SIGNAL, [-1.0, 0.5, 1.5]), np.full(N // 10, 10)
    old, new = group[: HALF // 10], group[HALF // 10 :]
    booster, x, y = booster_of(name), X[:HALF], relevance[:HALF]
    params = {"n_estimators": 40, "learning_rate": 0.4, "n_jobs": 1, **SMALL[booster]}
    weight = WEIGHT[: len(old)] if booster == "xgboost" else WEIGHT[:HALF]
    metric = {"eval_metric": "ndcg@5"} if booster == "xgboost" else {"eval_metric": "ndcg", "eval_at": [5]}
    ours = Ranker(objective=name, booster=booster, early_stopping_rounds=3, **metric, **params)
    ours.fit(x, y, weight, group=old, eval_set=[(X[HALF:], relevance[HALF:])], eval_group=[new])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The argument 'eval_set' is deprecated")  # of LightGBM 4.7
        given = {"group": old, "sample_weight": weight, "eval_set": [(X[HALF:], relevance[HALF:])], "eval_group": [new]}
        if booster == "xgboost":
            theirs = xgb.XGBRanker(objective=name, early_stopping_rounds=3, **metric, **params)
            theirs.fit(x, y, **given, verbose=False)
        else:
            theirs = lgb.LGBMRanker(**params)
            theirs.fit(x, y, **given, eval_at=[5], callbacks=[lgb.early_stopping(3, verbose=False)])
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.best_iteration_ == rounds(theirs, booster) < 40
    with pytest.raises(ValueError, match="group is needed"):
        ours.fit(x, y)
    usual = Ranker(booster=booster, **params).fit(x, y, group=old)
    assert usual.objective_ == bo.LambdaNDCG() and np.corrcoef(usual.predict(x), y)[0, 1] > 0.5


# Objectives -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("booster", BOOSTERS)
def test_objectives_by_name_object_and_class(booster):
    params = {"booster": booster, "n_estimators": 8, "n_jobs": 1, **SMALL[booster]}
    models = [Regressor(objective=o, **params).fit(X, SIGNAL) for o in ("pseudo_huber", bo.PseudoHuber(), bo.PseudoHuber)]
    for model in models[1:]:
        assert np.array_equal(model.predict(X), models[0].predict(X)) and model.objective_ == bo.PseudoHuber()
    other = Regressor(objective=bo.PseudoHuber(delta=3.0), **params).fit(X, SIGNAL)
    assert not np.array_equal(other.predict(X), models[0].predict(X))


@pytest.mark.parametrize("booster", BOOSTERS)
def test_early_stopping_looks_at_the_objectives_own_loss(booster):
    o = bo.PseudoHuber(delta=0.5)
    model = Regressor(objective=o, booster=booster, n_estimators=60, early_stopping_rounds=3, n_jobs=1, **SMALL[booster])
    x, y, weight = X[:HALF], SIGNAL[:HALF], WEIGHT[:HALF]
    given = {"eval_set": [(x, y), (X[HALF:], SIGNAL[HALF:])], "eval_sample_weight": [weight, WEIGHT[HALF:]]}
    model.fit(x, y, weight, **given, eval_names=["old", "new"])
    losses = model.evals_result_["new"]["pseudo_huber"]
    assert model.best_iteration_ == np.argmin(losses) + 1 == len(losses) - 3 < 57
    measured = np.average(o.loss(SIGNAL[HALF:], model.predict_raw(X[HALF:])), weights=WEIGHT[HALF:])
    assert measured == pytest.approx(min(losses), rel=1e-5)


@pytest.mark.parametrize("booster", BOOSTERS)
def test_metrics_of_the_booster_and_of_the_user(booster):
    def spread(raw, data):
        return ("spread", float(np.ptp(raw))) if booster == "xgboost" else ("spread", float(np.ptp(raw)), True)

    def middle(raw, data):
        return ("middle", float(np.mean(raw))) if booster == "xgboost" else ("middle", float(np.mean(raw)), True)

    model = Classifier(booster=booster, n_estimators=3, n_jobs=1, eval_metric=["auc", spread, middle], **SMALL[booster])
    model.fit(X[:HALF], BINARY[:HALF], eval_set=[(X[HALF:], BINARY[HALF:])])
    of_set = model.evals_result_["valid_0"]
    assert {"auc", "spread", "middle"} == set(of_set) and all(len(values) == 3 for values in of_set.values())
    raw = model.predict_raw(X[HALF:])
    assert of_set["spread"][-1] == pytest.approx(np.ptp(raw), rel=1e-6)
    model = clone(model).set_params(eval_metric="auc")
    x, y = X[:HALF], BINARY[:HALF]
    assert list(model.fit(x, y, eval_set=[(x, y), (x.copy(), y)]).evals_result_) == ["training", "valid_1"]


@pytest.mark.parametrize("booster", BOOSTERS)
def test_an_offset_counts_in_training_and_predicting(booster):
    exposure = np.exp(OFFSET)
    y = COUNTS * np.ceil(5 * exposure)
    params = {"objective": "poisson", "booster": booster, "n_estimators": 25, "n_jobs": 1, **SMALL[booster]}
    model = Regressor(**params).fit(X, y, offset=OFFSET)
    np.testing.assert_allclose(model.predict(X, OFFSET), model.predict(X) * exposure, rtol=1e-5)
    np.testing.assert_allclose(model.predict_raw(X, OFFSET), model.predict_raw(X) + OFFSET, rtol=1e-4, atol=1e-6)
    loss = bo.get("poisson").loss
    assert loss(y, model.predict_raw(X, OFFSET)).mean() < loss(y, model.predict_raw(X)).mean()
    if booster == "xgboost":
        native = bo.train({"max_depth": 3, "nthread": 1}, xgb.QuantileDMatrix(X, y, base_margin=OFFSET), 25, objective="poisson")
        assert np.array_equal(model.predict(X), native.predict(xgb.DMatrix(X)))


def test_intervals_and_several_scores_and_targets():
    common = {booster: {"booster": booster, "n_estimators": 6, "n_jobs": 1, **SMALL[booster]} for booster in BOOSTERS}
    ends = np.stack([np.exp(SIGNAL), np.where(np.arange(N) % 3, np.exp(SIGNAL), np.inf)], axis=1)
    survival = Regressor(objective="survival:aft", **common["xgboost"]).fit(X, ends)
    theirs = xgb.DMatrix(X, label_lower_bound=ends[:, 0], label_upper_bound=ends[:, 1])
    theirs = xgb.train({"objective": "survival:aft", "max_depth": 3, "nthread": 1}, theirs, 6)
    assert np.array_equal(survival.predict(X), theirs.predict(xgb.DMatrix(X)))
    alpha = (0.2, 0.8) if version_of(xgb.__version__) >= (3, 1) else 0.8  # before, several have no start of their own
    band = Regressor(objective="reg:quantileerror", quantile_alpha=alpha, **common["xgboost"]).fit(X, SIGNAL)
    theirs = xgb.XGBRegressor(objective="reg:quantileerror", quantile_alpha=alpha, n_estimators=6, n_jobs=1, max_depth=3)
    assert np.array_equal(band.predict(X), theirs.fit(X, SIGNAL).predict(X))
    assert band.predict(X).shape == ((N,) if alpha == 0.8 else (N, 2))
    for params in common.values():
        y = np.stack([SIGNAL, COUNTS], axis=1)
        several = Regressor(**params).fit(X, y, sample_weight=WEIGHT)
        expected = MultiOutputRegressor(Regressor(**params)).fit(X, y, sample_weight=WEIGHT).predict(X)
        assert np.array_equal(several.predict(X), expected)
        assert several.feature_importances_.shape == (6,) and len(several.best_iteration_) == 2


@pytest.mark.parametrize("booster", BOOSTERS)
def test_objectives_of_classes(booster):
    params = {"booster": booster, "n_estimators": 12, "n_jobs": 1, **SMALL[booster]}
    softmax = Classifier(objective="softmax", **params).fit(X, BINARY)
    raw = softmax.predict_raw(X)
    assert raw.shape == softmax.predict_proba(X).shape == (N, 2)
    assert np.array_equal(softmax.decision_function(X), raw[:, 1] - raw[:, 0])
    against = Classifier(objective="one_vs_all", **params).fit(X, SEVERAL)
    np.testing.assert_allclose(against.predict_proba(X).sum(axis=1), 1, rtol=1e-6)
    assert (against.predict(X) == SEVERAL).mean() > 0.6 < (softmax.predict(X) == BINARY).mean()
    single = Classifier(**params)
    with pytest.warns(bo.DoctorWarning, match="cannot"):
        single.fit(X, np.full(N, "all"))
    assert (single.predict(X) == "all").all() and np.array_equal(single.predict_proba(X), np.ones((N, 1)))


def test_an_objective_without_probabilities_has_no_predict_proba():
    assert not hasattr(Classifier(objective="hinge"), "predict_proba")
    hinge = Classifier(objective="hinge", n_estimators=10, n_jobs=1, max_depth=3).fit(X, BINARY)
    assert (hinge.predict(X) == BINARY).mean() > 0.7
    assert np.array_equal(hinge.predict(X), np.where(hinge.decision_function(X) > 0, "yes", "no"))
    margins = Classifier(objective="binary:logitraw", n_estimators=10, n_jobs=1, max_depth=3).fit(X, BINARY)
    raw = margins.predict_raw(X)
    assert np.array_equal(margins.booster_.predict(xgb.DMatrix(X)), raw)
    np.testing.assert_allclose(margins.predict_proba(X), np.c_[1 / (1 + np.exp(raw)), 1 / (1 + np.exp(-raw))], rtol=1e-5)
    assert np.array_equal(margins.predict(X), np.where(raw > 0, "yes", "no"))


def test_links_that_no_objective_of_a_booster_has_are_applied():
    o = bo.SquaredRootError()
    booster = xgb.train({"max_depth": 3, "nthread": 1}, xgb.DMatrix(X, COUNTS), 5, obj=o)
    scores = booster.predict(xgb.DMatrix(X))
    for raw, expected in ((True, scores), (False, o.inverse_link(scores))):
        assert np.array_equal(fits.XGBoost({"n_jobs": 1}).predict(booster, o, X, None, raw=raw), expected)
    o = bo.Hinge()
    params = {"objective": o, "num_threads": 1, **SMALL["lightgbm"]}
    booster = lgb.train(params, lgb.Dataset(X, BINARY == "yes"), 5)
    scores = booster.predict(X)
    for raw, expected in ((True, scores), (False, np.where(scores > 0, 1.0, 0.0))):
        assert np.array_equal(fits.LightGBM({"n_jobs": 1}).predict(booster, o, X, None, raw=raw), expected)


@pytest.mark.parametrize("booster", BOOSTERS)
def test_training_goes_on(booster):
    params = {"booster": booster, "n_jobs": 1, **SMALL[booster]}
    first = Regressor(n_estimators=4, **params).fit(X, SIGNAL)
    more = Regressor(n_estimators=3, **params)
    on = more.fit(X, SIGNAL, init_model=first)
    assert on.best_iteration_ == 7 and first.best_iteration_ == 4
    assert np.array_equal(on.predict(X), clone(more).fit(X, SIGNAL, init_model=first.booster_).predict(X))
    assert np.square(on.predict(X) - SIGNAL).mean() < np.square(first.predict(X) - SIGNAL).mean()


# Data frames ----------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:np.find_common_type:DeprecationWarning")  # LightGBM 4.0 under NumPy 1.26
@pytest.mark.parametrize("booster", BOOSTERS)
def test_frames_with_names_categories_and_missing_values(booster):
    colour = pd.Categorical(np.array(["red", "green", "blue"])[np.digitize(COUNTS, [1, 2])], ["red", "green", "blue"])
    frame = pd.DataFrame({"colour": colour, "size": X[:, 1], "count": pd.array(COUNTS, "Int64")})
    frame.loc[::7, "count"] = pd.NA
    frame.loc[::9, "colour"] = None
    model = Regressor(booster=booster, n_estimators=10, n_jobs=1, **SMALL[booster])
    model.fit(frame[:HALF], SIGNAL[:HALF], eval_set=[(frame[HALF:], SIGNAL[HALF:])])
    assert model.feature_names_in_.tolist() == ["colour", "size", "count"] and model.n_features_in_ == 3
    assert model.feature_importances_[0] > 0
    own = {"xgboost": xgb.XGBRegressor, "lightgbm": lgb.LGBMRegressor}[booster]
    more = {"enable_categorical": True} if booster == "xgboost" else {}
    theirs = own(n_estimators=10, n_jobs=1, **SMALL[booster], **more).fit(frame[:HALF], SIGNAL[:HALF])
    assert np.array_equal(model.predict(frame), theirs.predict(frame))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["size", "colour", "count"]])
    with pytest.raises(ValueError, match="6 features, but Regressor is expecting 3"):
        clone(model).fit(X[:, :3], SIGNAL).predict(X)


def test_tables_of_other_libraries_are_what_pandas_are():
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    columns = {f"c{i}": np.nan_to_num(X[:, i]) for i in range(6)}
    for booster in BOOSTERS:
        model = Classifier(booster=booster, n_estimators=6, n_jobs=1, **SMALL[booster])
        expected = model.fit(pd.DataFrame(columns), pd.Series(BINARY)).predict_proba(pd.DataFrame(columns))
        for table, y in ((polars.DataFrame, polars.Series(BINARY)), (pyarrow.table, pyarrow.chunked_array([BINARY]))):
            made = table(columns)
            again = clone(model).fit(made, y, eval_set=[(made, y)])
            assert np.array_equal(again.predict_proba(made), expected)
            assert again.feature_names_in_.tolist() == list(columns) and again.classes_.tolist() == ["no", "yes"]


def test_names_and_sets_of_what_is_refused():
    one, two, labels = [(X, SIGNAL)], np.c_[SIGNAL, SIGNAL], np.eye(2, dtype=int)[np.arange(N) % 2]
    digits = np.c_[np.arange(N) % 3, np.arange(N) % 4]
    cases = [
        (r"booster must be one of 'xgboost', 'lightgbm', got 'catboost'", Regressor(booster="catboost"), SIGNAL, {}),
        ("early_stopping_rounds=3 needs an eval_set", Regressor(early_stopping_rounds=3), SIGNAL, {}),
        ("eval_set has 1 sets, eval_offset has 2", Regressor(), SIGNAL, {"eval_set": one, "eval_offset": [0, 0]}),
        ("y has 2 columns, offset has 3", Regressor(), two, {"offset": np.ones((N, 3))}),
        ("y has 2 columns, that of an eval_set has 1", Regressor(), two, {"eval_set": one}),
        ("'log_loss' has two classes, y has 3", Classifier(objective="log_loss"), SEVERAL, {}),
        ("'poisson' has the link 'log', but the links of classes are", Classifier(objective="poisson"), BINARY, {}),
        ("y of several columns must have 0 and 1", Classifier(), digits, {}),
        ("y has 2 columns, class_weight has 1", Classifier(class_weight=[{}]), labels, {}),
        ("inconsistent numbers of samples", Regressor(), SIGNAL, {"offset": np.ones(3)}),
    ]
    for message, model, y, given in cases:
        with pytest.raises(ValueError, match=message):
            model.fit(X, y, **given)
    with pytest.raises(TypeError, match=r"objective must be a name.*, got int"):
        Regressor(objective=3).fit(X, SIGNAL)
    for model in (Regressor(), Classifier()):
        for use in (model.predict, model.predict_raw):
            with pytest.raises(NotFittedError):
                use(X)
        for name in ("booster_", "objective_", "best_iteration_", "feature_importances_"):
            with pytest.raises(NotFittedError):
                getattr(model, name)
    with pytest.raises(ValueError, match="importance_type must be one of 'weight', 'gain'"):
        _ = Regressor(importance_type="split", n_estimators=1).fit(X, SIGNAL).feature_importances_


def test_importing_the_estimators_imports_no_booster():
    code = "import sys, boostobj.estimators; print({'xgboost', 'lightgbm'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


# scikit-learn ---------------------------------------------------------------------------------------------------------


def test_parameters_of_the_booster_are_parameters():
    model = Regressor(objective=bo.PseudoHuber(delta=2.0), max_depth=3, reg_lambda=0.5)
    params = model.get_params()
    assert params["max_depth"] == 3 and params["reg_lambda"] == 0.5 and params["objective"] == bo.PseudoHuber(delta=2.0)
    assert clone(model).get_params() == params
    model.set_params(max_depth=4, subsample=0.5, n_estimators=7)
    assert {"max_depth": 4, "subsample": 0.5, "n_estimators": 7}.items() <= model.get_params().items()
    assert params["max_depth"] == 3
    assert "max_depth=4" in repr(model) and "PseudoHuber(delta=2.0)" in repr(model)


def test_random_states():
    models = [
        Regressor(n_estimators=3, n_jobs=1, subsample=0.5, random_state=state).fit(X, SIGNAL).predict(X)
        for state in (1, 2, np.random.RandomState(0), np.random.RandomState(0), np.random.default_rng(0))
    ]
    assert np.array_equal(models[2], models[3])
    assert len({model.tobytes() for model in models}) == 4


@pytest.mark.parametrize("booster", BOOSTERS)
def test_pickles_and_joblib_files_predict_the_same(booster, tmp_path):
    params = {"booster": booster, "n_estimators": 30, "n_jobs": 1, "early_stopping_rounds": 3, **SMALL[booster]}
    sets = {"eval_set": [(X[HALF:], BINARY[HALF:])]}
    model = Classifier(objective=bo.LogLoss(), **params).fit(X[:HALF], BINARY[:HALF], **sets)
    assert model.best_iteration_ < 30
    joblib.dump(model, tmp_path / "model")
    for again in (pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model")):
        assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
        assert again.best_iteration_ == model.best_iteration_ and again.get_params() == model.get_params()
        assert np.array_equal(again.feature_importances_, model.feature_importances_)
        assert again.evals_result_ == model.evals_result_


@pytest.mark.filterwarnings("ignore:.*resource_tracker.*:UserWarning")  # loky's, where a worker ends before its parent
@pytest.mark.parametrize("booster", BOOSTERS)
def test_a_grid_of_objectives_in_two_processes(booster):
    grid = {"objective": ["squared_error", bo.PseudoHuber(delta=0.5), bo.PseudoHuber(delta=2.0)], "learning_rate": [0.1, 0.3]}
    model = Regressor(booster=booster, n_estimators=8, n_jobs=1, **SMALL[booster])
    search = GridSearchCV(model, grid, cv=2, n_jobs=2, scoring="neg_mean_absolute_error").fit(X, SIGNAL)
    assert search.best_params_["objective"] in grid["objective"]
    best = clone(model).set_params(**search.best_params_).fit(X, SIGNAL)
    assert np.array_equal(search.predict(X), best.predict(X))


@pytest.mark.parametrize("booster", BOOSTERS)
def test_pipelines_calibration_and_importances(booster):
    model = Classifier(booster=booster, n_estimators=10, n_jobs=1, **SMALL[booster])
    pipeline = make_pipeline(StandardScaler(), model)
    pipeline.fit(X, BINARY, classifier__sample_weight=WEIGHT)
    scaled = StandardScaler().fit_transform(X)
    assert np.array_equal(pipeline.predict(X), clone(model).fit(scaled, BINARY, WEIGHT).predict(scaled))
    calibrated = CalibratedClassifierCV(model, cv=2).fit(X, SEVERAL, sample_weight=WEIGHT)
    assert log_loss(SEVERAL, calibrated.predict_proba(X)) < log_loss(SEVERAL, np.full((N, 3), 1 / 3))
    assert cross_val_predict(model, X, SEVERAL, cv=2, method="predict_proba").shape == (N, 3)
    assert permutation_importance(model.fit(X, BINARY), X, BINARY, n_repeats=2).importances_mean.shape == (6,)


def test_an_optuna_study_over_the_parameters_of_an_objective():
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def value(trial):
        o = bo.PseudoHuber(delta=trial.suggest_float("delta", 0.3, 5.0, log=True))
        booster = trial.suggest_categorical("booster", BOOSTERS)
        model = Regressor(objective=o, booster=booster, n_estimators=8, n_jobs=1, **SMALL[booster])
        return np.abs(model.fit(X[:HALF], SIGNAL[:HALF]).predict(X[HALF:]) - SIGNAL[HALF:]).mean()

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(value, n_trials=4)
    assert len({trial.value for trial in study.trials}) == 4 and study.best_value < np.abs(SIGNAL[HALF:]).mean()


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_metrics_see_predictions_and_stop_in_their_direction(booster):
    auc, own = bo.metrics.get("auc"), bo.metrics.get("brier")
    x, y = load_breast_cancer(return_X_y=True)
    for metrics, watched in (([own, auc], "auc"), ([auc, own], "brier")):
        one = [metrics[-1]] if booster == "lightgbm" else metrics  # LightGBM looks at all of them
        model = Classifier(
            booster=booster, n_estimators=60, learning_rate=0.5, eval_metric=one, early_stopping_rounds=4, n_jobs=1, verbosity=0
        )
        model.fit(x[::2], y[::2], eval_set=[(x[1::2], y[1::2])])
        values = model.evals_result_["valid_0"][watched]
        best = max(values) if watched == "auc" else min(values)
        assert values.index(best) + 1 == model.best_iteration_ < len(values)
        expected = bo.metrics.get(watched).value(y[1::2], model.predict_proba(x[1::2])[:, 1])
        assert best == pytest.approx(expected, rel=1e-5)


def test_two_sets_of_one_name_are_refused():
    x, y = np.eye(4), [0.0, 1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="Regressor: two of eval_set are called 'a'"):
        Regressor(n_estimators=1).fit(x, y, eval_set=[(x, y), (x + 1, y)], eval_names=["a", "a"])


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_what_a_booster_would_refuse_in_its_own_words(booster):
    x, y = np.eye(4), np.array([0.0, 1.0, 2.0, 3.0])
    model = Regressor(booster=booster, n_estimators=1, n_jobs=1)
    with pytest.raises(ValueError, match=r"Regressor: sample_weight must be not negative, got -2.0 in row 1 \(2 of 4 rows\)"):
        model.fit(x, y, sample_weight=[1, -2, -1, 0])
    with pytest.raises(ValueError, match=r"y must be within the range of float32 .*, got 1e\+300 in row 3 \(1 of 4 rows\)"):
        model.fit(x, np.r_[y[:3], 1e300])
    with pytest.raises(ValueError, match=r"Regressor: sample_weight must be not negative"):
        model.fit(x, y, eval_set=[(x + 1, y)], eval_sample_weight=[-y])
    with pytest.raises(ValueError, match=r"Ranker: sample_weight must be not negative, got -1.0 in row 0"):
        Ranker(booster=booster).fit(x, y, -np.ones(2 if booster == "xgboost" else 4), group=[2, 2])
