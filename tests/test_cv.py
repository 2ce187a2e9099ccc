"""bo.cv: the booster's own cv under its names, and each fold trained as bo.train would under ours."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from sklearn.model_selection import GroupKFold, StratifiedKFold

import boostobj as bo
from boostobj import builtins

N = 300
RNG = np.random.default_rng(17)
X = RNG.normal(size=(N, 6))
SIGNAL = (X[:, 0] - np.abs(X[:, 1]) + X[:, 2] * X[:, 3] + 0.3 * RNG.normal(size=N)).astype(np.float32).astype(np.float64)
WEIGHT = RNG.uniform(0.3, 3.0, N).astype(np.float32).astype(np.float64)
OFFSET = RNG.normal(size=N).astype(np.float32).astype(np.float64)
BINARY = (SIGNAL > 0).astype(float)
CLASSES = np.digitize(SIGNAL, [-1.0, 0.3]).astype(float)
COUNTS = np.floor(np.exp(SIGNAL)) + 1
SIZES = np.full(N // 10, 10)
SINGLE = {"nthread": 1, "max_depth": 3}
QUIET = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True, "min_data_in_leaf": 5}
FOLDS = [(np.arange(0, 200), np.arange(200, N)), (np.arange(100, N), np.arange(0, 100))]


def same(ours, theirs):
    assert list(ours) == list(theirs)
    for key in theirs:
        assert np.array_equal(ours[key], theirs[key]), key


def folds_of(splits):
    """The rows of each fold."""
    return [(np.sort(train), np.sort(test)) for train, test in splits]


# Under a booster's own name -------------------------------------------------------------------------------------------

XGBOOST_CASES = {
    "plain": ("reg:squarederror", SIGNAL, {}, {}),
    "weights": ("binary:logistic", BINARY, {"weight": WEIGHT}, {"seed": 3}),
    "offset": ("count:poisson", COUNTS, {"base_margin": OFFSET}, {"shuffle": False}),
    "stratified": ("binary:logistic", BINARY, {}, {"stratified": True, "nfold": 4}),
    "folds": ("reg:gamma", COUNTS, {}, {"folds": FOLDS}),
    "splitter": ("binary:logistic", BINARY, {}, {"folds": StratifiedKFold(3)}),
    "metrics": ("binary:logistic", BINARY, {}, {"metrics": ["auc", "error"]}),
    "stopped": ("binary:logistic", BINARY, {}, {"early_stopping_rounds": 2, "params": {"eta": 1.0}}),
    "classes": ("multi:softprob", CLASSES, {"base_margin": np.stack([OFFSET, -OFFSET, OFFSET], 1)}, {"params": {"num_class": 3}}),
    "sampled": ("reg:squarederror", SIGNAL, {}, {"params": {"subsample": 0.6, "colsample_bytree": 0.5, "seed": 2}}),
    "renewed": ("reg:absoluteerror", SIGNAL, {"weight": WEIGHT}, {}),
    "levels": ("reg:quantileerror", SIGNAL, {}, {"params": {"quantile_alpha": [0.2, 0.8]}}),
    "ranking": ("rank:ndcg", np.digitize(SIGNAL, [-1, 0.3]), {"group": SIZES}, {"params": {"lambdarank_pair_method": "mean"}}),
    "debiased": ("rank:ndcg", np.digitize(SIGNAL, [-1, 0.3]), {"group": SIZES}, {"params": {"lambdarank_unbiased": True}}),
    "times": ("survival:cox", np.where(BINARY, COUNTS, -COUNTS), {}, {}),
}


@pytest.mark.parametrize("case", XGBOOST_CASES)
def test_xgboosts_own_name_gives_xgboosts_cv(case):
    name, y, info, asked = XGBOOST_CASES[case]
    if case == "levels" and builtins.row_for(name, {"quantile_alpha": (0.2, 0.8)}, xgb.__version__) is None:
        pytest.skip("this XGBoost has one level")
    params, asked = {**SINGLE, **asked.get("params", {})}, {n: v for n, v in asked.items() if n != "params"}
    for as_pandas in (True, False):
        asked["as_pandas"] = as_pandas
        ours = bo.cv(params, xgb.DMatrix(X, y, **info), 6, objective=name, **asked)
        theirs = xgb.cv({**params, "objective": name}, xgb.DMatrix(X, y, **info), 6, **asked)
        assert type(ours) is type(theirs)
        same(ours, theirs)
    stops = "early_stopping_rounds" in asked
    assert (len(theirs[next(iter(theirs))]) < 6) == stops


LIGHTGBM_CASES = {
    "weights": ("binary", BINARY, {"weight": WEIGHT}, {"seed": 3}),
    "offset": ("poisson", COUNTS, {"init_score": OFFSET}, {"stratified": False, "shuffle": False}),
    "folds": ("gamma", COUNTS, {}, {"folds": FOLDS, "eval_train_metric": True}),
    "metrics": ("binary", BINARY, {}, {"metrics": ["auc", "binary_error"], "nfold": 3}),
    "stopped": ("binary", BINARY, {}, {"params": {"early_stopping_round": 2, "learning_rate": 1.0}}),
    "classes": ("multiclass", CLASSES, {}, {"params": {"num_class": 3, "is_unbalance": True}}),
    "renewed": ("quantile", SIGNAL, {}, {"params": {"alpha": 0.8}, "folds": FOLDS}),
    "ranking": ("lambdarank", np.digitize(SIGNAL, [-1, 0.3]), {"group": SIZES}, {}),
}


@pytest.mark.parametrize("case", LIGHTGBM_CASES)
def test_lightgbms_own_name_gives_lightgbms_cv(case):
    name, y, info, asked = LIGHTGBM_CASES[case]
    params, asked = {**QUIET, **asked.get("params", {})}, {n: v for n, v in asked.items() if n != "params"}
    asked["return_cvbooster"] = True
    ours = bo.cv(params, lgb.Dataset(X, y, **info), 6, objective=f"lightgbm:{name}", **asked)
    theirs = lgb.cv({**params, "objective": name}, lgb.Dataset(X, y, **info), 6, **asked)
    for mine, other in zip(ours.pop("cvbooster").boosters, theirs.pop("cvbooster").boosters, strict=True):
        assert np.array_equal(mine.predict(X), other.predict(X))
    same(ours, theirs)
    assert (len(theirs[next(iter(theirs))]) < 6) == (case == "stopped")


def test_lightgbm_refuses_what_it_would_refuse():
    with pytest.raises(ValueError, match=r"Supported target types are"):
        bo.cv(QUIET, lgb.Dataset(X, SIGNAL), 2, objective="lightgbm:regression")


# Under our own names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leaf", ["newton", "exact"])
@pytest.mark.parametrize("name", ["log_loss", "softmax", "pseudo_huber", "poisson"])
def test_each_fold_of_xgboost_is_what_train_gives(name, leaf):
    if name == "softmax" and leaf == "exact":
        pytest.skip("its scores act together")
    y = {"log_loss": BINARY, "softmax": CLASSES, "pseudo_huber": SIGNAL, "poisson": COUNTS}[name]
    o = bo.get(name, num_class=3) if name == "softmax" else bo.get(name)
    offset = OFFSET if name == "poisson" else None
    data = xgb.DMatrix(X, y, weight=WEIGHT, base_margin=offset)
    found = bo.cv(SINGLE, data, 5, objective=o, folds=FOLDS, leaf=leaf)
    assert list(found) == [f"{where}-{name}-{what}" for where in ("train", "test") for what in ("mean", "std")]
    each = []
    for rows in FOLDS:
        train, test = (data.slice(r) for r in rows)
        seen = {}
        rest = {"evals": [(train, "train"), (test, "test")], "evals_result": seen, "verbose_eval": False}
        bo.train(SINGLE, train, 5, objective=o, leaf=leaf, **rest)
        each.append([seen["train"][name], seen["test"][name]])
    for i, where in enumerate(("train", "test")):
        # XGBoost prints six decimals of each fold, and reads them again.
        of_folds = np.array([[float(f"{value:f}") for value in seen[i]] for seen in each])
        np.testing.assert_allclose(found[f"{where}-{name}-mean"], of_folds.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(found[f"{where}-{name}-std"], of_folds.std(axis=0), rtol=1e-12)
    kept = data.get_base_margin()
    assert np.array_equal(kept, [] if offset is None else offset.astype(np.float32))


@pytest.mark.parametrize("leaf", ["newton", "exact"])
@pytest.mark.parametrize("name", ["log_loss", "softmax", "pseudo_huber", "poisson"])
def test_each_fold_of_lightgbm_is_what_train_gives(name, leaf):
    if name == "softmax" and leaf == "exact":
        pytest.skip("its scores act together")
    y = {"log_loss": BINARY, "softmax": CLASSES, "pseudo_huber": SIGNAL, "poisson": COUNTS}[name]
    o = bo.get(name, num_class=3) if name == "softmax" else bo.get(name)
    offset = OFFSET if name == "poisson" else None

    def made():
        return lgb.Dataset(X, y, weight=WEIGHT, init_score=offset, free_raw_data=False)

    asked = {"folds": FOLDS, "eval_train_metric": True, "return_cvbooster": True}
    data = made()
    found = bo.cv(QUIET, data, 5, objective=o, leaf=leaf, **asked)
    boosters = found.pop("cvbooster").boosters
    assert list(found) == [f"{where} {name}-{what}" for where in ("train", "valid") for what in ("mean", "stdv")]
    each, whole = [], made().construct()
    for rows, booster in zip(FOLDS, boosters, strict=True):
        train, valid = (whole.subset(r) for r in rows)
        seen = {}
        rest = {"valid_sets": [train, valid], "valid_names": ["train", "valid"], "callbacks": [lgb.record_evaluation(seen)]}
        alone = bo.train(QUIET, train, 5, objective=o, leaf=leaf, **rest)
        each.append([seen["train"][name], seen["valid"][name]])
        assert np.array_equal(booster.predict(X), alone.predict(X))
        trees = [text.partition("\nparameters:")[0] for text in (booster.model_to_string(), alone.model_to_string())]
        assert trees[0] == trees[1]
    for i, where in enumerate(("train", "valid")):
        of_folds = np.array([seen[i] for seen in each])
        assert np.array_equal(found[f"{where} {name}-mean"], of_folds.mean(axis=0))
        assert np.array_equal(found[f"{where} {name}-stdv"], of_folds.std(axis=0))
    kept = data.get_field("init_score")
    assert kept is None if offset is None else np.array_equal(kept, offset)


def test_the_callable_in_lightgbms_folds_gives_the_models_of_its_own_objective():
    """Our own log_loss has LightGBM's arithmetic and start."""
    asked = {"return_cvbooster": True, "seed": 4}
    params = {**QUIET, "feature_fraction": 0.6}
    ours = bo.cv(params, lgb.Dataset(X, BINARY, weight=WEIGHT), 6, objective=bo.LogLoss, **asked)
    theirs = lgb.cv({**params, "objective": "binary"}, lgb.Dataset(X, BINARY, weight=WEIGHT), 6, **asked)
    np.testing.assert_allclose(ours["valid log_loss-mean"], theirs["valid binary_logloss-mean"], rtol=1e-12)
    for mine, other in zip(ours["cvbooster"].boosters, theirs["cvbooster"].boosters, strict=True):
        assert np.array_equal(mine.predict(X), other.predict(X))
        assert mine.model_to_string().count("objective=binary sigmoid:1") == 1


def test_leaves_that_lightgbm_sets_anew_under_our_name():
    o, asked = bo.AbsoluteError(curvature="native"), {"folds": FOLDS, "return_cvbooster": True}
    ours = bo.cv(QUIET, lgb.Dataset(X, SIGNAL), 5, objective=o, **asked)
    theirs = lgb.cv({**QUIET, "objective": "regression_l1"}, lgb.Dataset(X, SIGNAL), 5, **asked)
    for mine, other in zip(ours["cvbooster"].boosters, theirs["cvbooster"].boosters, strict=True):
        assert np.array_equal(mine.predict(X), other.predict(X))
    np.testing.assert_allclose(ours["valid absolute_error-mean"], theirs["valid l1-mean"], rtol=1e-12)
    with pytest.raises(ValueError, match=r"cv: what LightGBM sets its leaves to with AbsoluteError\(.*bagging_fraction leaves"):
        bo.cv({**QUIET, "bagging_fraction": 0.5, "bagging_freq": 1}, lgb.Dataset(X, SIGNAL), 2, objective=o)


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_early_stopping_looks_at_the_mean_of_the_folds(booster):
    if booster == "xgboost":
        params = {**SINGLE, "eta": 0.8}
        longer = bo.cv(params, xgb.DMatrix(X, BINARY), 40, objective="log_loss")["test-log_loss-mean"]
        stopped = bo.cv(params, xgb.DMatrix(X, BINARY), 40, objective="log_loss", early_stopping_rounds=3)
        stopped = stopped["test-log_loss-mean"]
    else:
        params = {**QUIET, "learning_rate": 0.5}
        longer = bo.cv(params, lgb.Dataset(X, BINARY), 40, objective="log_loss")["valid log_loss-mean"]
        callbacks = [lgb.early_stopping(3, verbose=False)]
        rest = {"callbacks": callbacks, "return_cvbooster": True}
        stopped = bo.cv(params, lgb.Dataset(X, BINARY), 40, objective="log_loss", **rest)
        boosters = stopped["cvbooster"].boosters
        stopped = stopped["valid log_loss-mean"]
        assert [b.current_iteration() for b in boosters] == [len(stopped)] * 5
    assert 1 < len(stopped) == np.argmin(longer[: len(stopped) + 3]) + 1 < 37
    assert np.array_equal(stopped, longer[: len(stopped)])


def test_lightgbm_splits_by_groups_where_there_are_some_and_by_class_where_there_are_classes():
    seen = []

    def look(train, valid, params):
        seen.append((train.used_indices, valid.used_indices))
        return train, valid, params

    def split(data, name, **asked):
        seen.clear()
        bo.cv(QUIET, data, 1, objective=name, fpreproc=look, **asked)
        return folds_of(seen)

    def expected(splitter, y=None, groups=None):
        return folds_of(splitter.split(X, y, groups))

    def equal(ours, theirs):
        return len(ours) == len(theirs) and all(
            np.array_equal(a, b) for mine, other in zip(ours, theirs, strict=True) for a, b in zip(mine, other, strict=True)
        )

    by_group = expected(GroupKFold(5), groups=np.repeat(np.arange(N // 10), 10))
    assert equal(split(lgb.Dataset(X, BINARY, group=SIZES), "log_loss"), by_group)
    by_class = expected(StratifiedKFold(4, shuffle=True, random_state=9), BINARY)
    assert equal(split(lgb.Dataset(X, BINARY), "log_loss", nfold=4, seed=9), by_class)
    plain = split(lgb.Dataset(X, SIGNAL), "pseudo_huber", nfold=4)
    assert not equal(plain, by_class) and [len(valid) for _, valid in plain] == [N // 4] * 4
    soft = (BINARY + 0.1) / 1.3
    assert [len(valid) for _, valid in split(lgb.Dataset(X, soft), "log_loss", nfold=3)] == [N // 3] * 3
    assert equal(split(lgb.Dataset(X, BINARY), "log_loss", folds=FOLDS), folds_of(FOLDS))


def test_intervals_go_along_into_the_folds():
    time = np.exp(SIGNAL)
    upper = np.where(np.arange(N) % 3, time, np.inf)
    dtrain, data = xgb.DMatrix(X), lgb.Dataset(X)
    for made in (dtrain, data):
        bo.set_bounds(made, time, upper)
    own = bo.cv(SINGLE, dtrain, 4, objective="survival:aft", folds=FOLDS)
    same(own, xgb.cv({**SINGLE, "objective": "survival:aft"}, dtrain, 4, folds=FOLDS))
    found = bo.cv(QUIET, data, 8, objective="aft", folds=FOLDS)["valid aft-mean"]
    o = bo.get("aft")
    constant = [o.loss(np.stack([time, upper], 1)[test], np.full(len(test), 0.0)).mean() for _, test in FOLDS]
    assert found[-1] < found[0] < np.mean(constant)


def test_a_fold_without_a_class_has_the_scores_of_the_others():
    y = np.repeat([0.0, 1.0, 2.0], 100)
    for data, params in ((xgb.DMatrix(X, y), SINGLE), (lgb.Dataset(X, y), QUIET)):
        found = bo.cv(params, data, 2, objective="softmax", folds=[FOLDS[0]], metrics=None)  # train: classes 0 and 1
        assert np.isfinite(found[list(found)[-2]]).all() and len(found[list(found)[-2]]) == 2


def test_what_fpreproc_returns_is_trained():
    def heavier(dtrain, dtest, params):
        dtrain.set_weight(np.linspace(1, 5, 200))
        return dtrain, dtest, {**params, "max_depth": 1}

    theirs = xgb.cv({**SINGLE, "objective": "binary:logistic"}, xgb.DMatrix(X, BINARY), 3, fpreproc=heavier)
    same(bo.cv(SINGLE, xgb.DMatrix(X, BINARY), 3, objective="binary:logistic", fpreproc=heavier), theirs)

    def shallower(train, valid, params):
        return train, valid, {**params, "num_leaves": 2}

    asked = {"fpreproc": shallower, "return_cvbooster": True}
    for booster in bo.cv(QUIET, lgb.Dataset(X, SIGNAL), 3, objective="pseudo_huber", **asked)["cvbooster"].boosters:
        assert all(tree["num_leaves"] == 2 for tree in booster.dump_model()["tree_info"])


def test_metrics_of_the_users_take_the_place_of_ours():
    dtrain = xgb.DMatrix(X, BINARY)
    assert list(bo.cv(SINGLE, dtrain, 2, objective="log_loss", metrics="auc"))[2] == "test-auc-mean"
    assert list(bo.cv({**SINGLE, "eval_metric": "error"}, dtrain, 2, objective="log_loss"))[2] == "test-error-mean"
    asked = {"custom_metric": lambda raw, d: ("least", float(raw.min())), "as_pandas": False}
    found = bo.cv(SINGLE, dtrain, 2, objective="log_loss", **asked)
    assert list(found)[2] == "test-least-mean" and found["test-least-mean"][0] < 0  # a raw score
    exact = bo.cv(SINGLE, dtrain, 2, objective="log_loss", metrics=("auc", "logloss"), leaf="exact")
    assert list(exact)[::2] == ["train-auc-mean", "train-logloss-mean", "test-auc-mean", "test-logloss-mean"]
    data = lgb.Dataset(X, BINARY)
    found = bo.cv({**QUIET, "metric": "l1"}, data, 2, objective="log_loss", metrics="auc")
    assert set(found) == {"valid auc-mean", "valid auc-stdv"}
    with pytest.raises(ValueError, match="metric 'binary_logloss' raw scores"):
        bo.cv(QUIET, data, 2, objective="log_loss", metrics=["binary_logloss"])
    mine = bo.cv(QUIET, data, 2, objective="log_loss", feval=lambda raw, d: ("least", raw.min(), False))
    assert set(mine) == {"valid least-mean", "valid least-stdv"}


def test_lightgbm_goes_on_from_a_model_in_each_fold():
    first = bo.train(QUIET, lgb.Dataset(X, BINARY), 3, objective="log_loss")
    asked = {"init_model": first, "return_cvbooster": True, "folds": FOLDS}
    data = lgb.Dataset(X, BINARY, free_raw_data=False)
    found = bo.cv(QUIET, data, 2, objective="log_loss", **asked)
    theirs = lgb.cv({**QUIET, "objective": "binary"}, lgb.Dataset(X, BINARY, free_raw_data=False), 2, **asked)
    for mine, other in zip(found["cvbooster"].boosters, theirs["cvbooster"].boosters, strict=True):
        assert mine.num_trees() == 5
        assert np.array_equal(mine.predict(X, raw_score=True), other.predict(X, raw_score=True))
    assert data.get_field("init_score") is None
    again = bo.cv(QUIET, data, 2, objective="log_loss", folds=FOLDS)
    same(again, bo.cv(QUIET, lgb.Dataset(X, BINARY), 2, objective="log_loss", folds=FOLDS))


@pytest.mark.parametrize("name", ["lightgbm:binary", "log_loss"])
def test_params_and_data_serve_again(name):
    params, kept = {**QUIET, "metric": ["auc"]}, {**QUIET, "metric": ["auc"]}
    data, offset = lgb.Dataset(X, BINARY, weight=WEIGHT, init_score=OFFSET, free_raw_data=False), OFFSET.copy()
    first = bo.cv(params, data, 3, objective=name, seed=1)
    assert params == kept and np.array_equal(data.get_field("init_score"), offset)
    same(bo.cv(params, data, 3, objective=name, seed=1), first)
    fresh = bo.train(params, lgb.Dataset(X, BINARY, weight=WEIGHT, init_score=OFFSET), 3, objective=name)
    assert np.array_equal(bo.train(params, data, 3, objective=name).predict(X), fresh.predict(X))
    params, kept = {**SINGLE, "eval_metric": ["auc"]}, {**SINGLE, "eval_metric": ["auc"]}
    dtrain = xgb.DMatrix(X, BINARY, base_margin=OFFSET)
    first = bo.cv(params, dtrain, 3, objective="log_loss")
    assert params == kept and np.array_equal(dtrain.get_base_margin(), OFFSET.astype(np.float32))
    same(bo.cv(params, dtrain, 3, objective="log_loss"), first)


def test_learning_rates_that_a_callback_sets():
    rates = [0.5, 0.1, 0.3]
    theirs = xgb.cv({**SINGLE, "objective": "binary:logistic"}, xgb.DMatrix(X, BINARY), 3,
                    callbacks=[xgb.callback.LearningRateScheduler(rates)])  # fmt: skip
    ours = bo.cv(SINGLE, xgb.DMatrix(X, BINARY), 3, objective="binary:logistic",
                 callbacks=[xgb.callback.LearningRateScheduler(rates)])  # fmt: skip
    same(ours, theirs)
    for leaf in ("newton", "exact"):
        asked = {"folds": FOLDS, "leaf": leaf, "objective": "pseudo_huber", "return_cvbooster": True}
        data = lgb.Dataset(X, SIGNAL, free_raw_data=False)
        found = bo.cv(QUIET, data, 3, callbacks=[lgb.reset_parameter(learning_rate=rates)], **asked)
        train = data.subset(FOLDS[0][0])
        alone = bo.train(QUIET, train, 3, objective="pseudo_huber", leaf=leaf,
                         callbacks=[lgb.reset_parameter(learning_rate=rates)])  # fmt: skip
        assert np.array_equal(found["cvbooster"].boosters[0].predict(X), alone.predict(X))


@pytest.mark.parametrize(("params", "data", "rest", "error", "message"), [
    ({}, X, {}, TypeError, r"cv: data must be an xgboost.DMatrix or a lightgbm.Dataset, got ndarray"),
    ({}, xgb.DMatrix(X, BINARY), {"obj": abs}, TypeError, r"cv has no argument 'obj'"),
    ({}, xgb.DMatrix(X, BINARY), {"objective": bo.Pointwise}, TypeError, r"or the class of one, got Pointwise"),
    ({}, xgb.DMatrix(X, BINARY), {"leaf": "best"}, ValueError, r"leaf must be one of"),
    ({}, xgb.QuantileDMatrix(X, BINARY), {}, ValueError, r"QuantileDMatrix. is not yet|Slicing DMatrix is not"),
    ({"objective": "reg:gamma"}, xgb.DMatrix(X, BINARY), {}, ValueError, r"params\['objective'\] is 'reg:gamma'"),
    ({"boosting": "dart"}, lgb.Dataset(X, BINARY), {}, ValueError, r"boosting='dart' gives another model"),
    ({"linear_tree": True}, lgb.Dataset(X, BINARY), {"leaf": "exact"}, ValueError, r"cv: leaf='exact'.*linear_tree"),
    ({}, lgb.Dataset(X, BINARY), {"progress": 3}, TypeError, r"progress must be a bool or a rich.console.Console, got int"),
])  # fmt: skip
def test_refused(params, data, rest, error, message):
    with pytest.raises(error, match=message):
        bo.cv(params, data, 2, **{"objective": "log_loss", **rest})


def test_the_table_of_built_ins_names_what_is_tested():
    assert {f"lightgbm:{name}" for name, *_ in LIGHTGBM_CASES.values()} <= set(builtins.names())


def test_refusals_say_who_refuses():
    cases = (({**QUIET, "metric": "binary_logloss"}, lgb.Dataset(X, BINARY)), ({"scale_pos_weight": 2}, xgb.DMatrix(X, BINARY)))
    for params, data in cases:
        with pytest.raises(ValueError, match=r"^cv: (LightGBM hands|params)"):
            bo.cv(params, data, 2, objective="log_loss")
