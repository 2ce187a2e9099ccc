"""bo.train: objectives by class, progress bars, other boosters than trees, several targets per row, data without features."""

import io
import json

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from rich.console import Console
from rich.progress import Progress

import boostobj as bo
from boostobj import builtins
from boostobj.builtins import version_of

N, HALF = 300, 150
RNG = np.random.default_rng(23)
X = RNG.normal(size=(N, 5)).astype(np.float32).astype(np.float64)  # linear trees and XGBoost keep float32
SIGNAL = (X[:, 0] - np.abs(X[:, 1]) + X[:, 2] * X[:, 3] + 0.3 * RNG.normal(size=N)).astype(np.float32).astype(np.float64)
WEIGHT = RNG.uniform(0.3, 3.0, N).astype(np.float32).astype(np.float64)
OFFSET = RNG.normal(size=N).astype(np.float32).astype(np.float64)
BINARY = (SIGNAL > 0).astype(float)
CLASSES = np.digitize(SIGNAL, [-1.0, 0.3]).astype(float)
COUNTS = np.floor(np.exp(SIGNAL)) + 1
SINGLE = {"nthread": 1, "max_depth": 3}
QUIET = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True, "min_data_in_leaf": 5}
TARGET = {"log_loss": BINARY, "softmax": CLASSES, "pseudo_huber": SIGNAL, "poisson": COUNTS, "squared_error": SIGNAL}


def margins(booster, data):
    return booster.predict(data, output_margin=True)


# Objectives -----------------------------------------------------------------------------------------------------------


def test_an_objective_by_name_class_and_object():
    for cls, name in ((bo.LogLoss, "log_loss"), (bo.Softmax, "softmax")):
        y = TARGET[name]
        dtrain, params = xgb.DMatrix(X, y), {**QUIET, "num_class": 3} if name == "softmax" else QUIET
        by = [bo.train(SINGLE, dtrain, 3, objective=o).save_raw("json") for o in (name, cls, cls())]
        assert by[0] == by[1] == by[2]
        by = [bo.train(params, lgb.Dataset(X, y), 3, objective=o).model_to_string() for o in (name, cls, bo.get(name))]
        assert by[0] == by[1] == by[2]


@pytest.mark.parametrize("cls", [bo.Pointwise, bo.Objective, dict, abs])
def test_what_is_no_objective(cls):
    with pytest.raises(TypeError, match=r"objective must be a name, an Objective or the class of one, got"):
        bo.train(SINGLE, xgb.DMatrix(X, BINARY), 2, objective=cls)


# A progress bar -------------------------------------------------------------------------------------------------------


def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=200, height=20, _environ={})


class Shown:
    """What a bar has been told, and whether it is still there."""

    def __init__(self, monkeypatch):
        self.texts, self.alive = [], 0
        start, stop, update, add = Progress.start, Progress.stop, Progress.update, Progress.add_task
        shown = self

        def started(progress):
            shown.alive += 1
            start(progress)

        def stopped(progress):
            shown.alive = 0
            stop(progress)

        def told(progress, *args, **fields):
            shown.texts.append((fields["completed"], fields["total"], fields["measured"]))
            return update(progress, *args, **fields)

        def added(progress, *args, **fields):
            shown.texts.append((fields["completed"], fields["total"], fields["measured"]))
            return add(progress, *args, **fields)

        for name, replacement in (("start", started), ("stop", stopped), ("update", told), ("add_task", added)):
            monkeypatch.setattr(Progress, name, replacement)


@pytest.fixture
def shown(monkeypatch):
    return Shown(monkeypatch)


def test_a_bar_in_xgboost(shown, capfd):
    dtrain, valid = xgb.DMatrix(X[:HALF], BINARY[:HALF]), xgb.DMatrix(X[HALF:], BINARY[HALF:])
    seen, console = {}, terminal()
    bo.train(SINGLE, dtrain, 4, objective="log_loss", evals=[(valid, "valid")], evals_result=seen, progress=console)
    expected = [(i + 1, 4, f"valid-log_loss {v:.6g}") for i, v in enumerate(seen["valid"]["log_loss"])]
    assert shown.texts == [(0, 4, ""), *expected]
    assert shown.alive == 0
    text = console.file.getvalue()
    assert "4/4" in text and expected[-1][2] in text  # what is drawn last before it is wiped
    assert text.rstrip("\n").endswith("\x1b[2K")  # erased
    assert capfd.readouterr() == ("", "")  # the bar is in the place of XGBoost's lines
    stopped = {"early_stopping_rounds": 2, "evals": [(valid, "valid")], "progress": console}
    booster = bo.train({**SINGLE, "eta": 1.0}, dtrain, 50, objective="log_loss", **stopped)
    rounds = booster.num_boosted_rounds()
    assert rounds - shown.texts[-1][0] in (0, 1)  # XGBoost 2 asks its callbacks in any order, and none after one that stops
    assert shown.texts[-1][1] == 50 > rounds and shown.alive == 0


def test_a_bar_in_lightgbm(shown):
    data = lgb.Dataset(X[:HALF], BINARY[:HALF])
    valid = lgb.Dataset(X[HALF:], BINARY[HALF:], reference=data)
    seen, console = {}, terminal()
    rest = {"valid_sets": [valid], "valid_names": ["valid"], "callbacks": [lgb.record_evaluation(seen)], "progress": console}
    first = bo.train(QUIET, data, 4, objective="log_loss", **rest)
    expected = [(i + 1, 4, f"valid-log_loss {v:.6g}") for i, v in enumerate(seen["valid"]["log_loss"])]
    assert shown.texts == [(0, 4, ""), *expected]
    assert shown.alive == 0 and expected[-1][2] in console.file.getvalue()
    rest["callbacks"] = [lgb.early_stopping(2, verbose=False)]
    bo.train({**QUIET, "learning_rate": 1.0}, data, 50, objective="log_loss", **rest)
    done = shown.texts[-1]
    assert done[1] == 50 and 2 < done[0] < 50 and shown.alive == 0
    bo.train(QUIET, lgb.Dataset(X, BINARY), 3, objective="log_loss", init_model=first, progress=console)
    assert [text[:2] for text in shown.texts[-4:]] == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_bar_does_not_change_what_is_trained(shown):
    """Renewed leaves, too: a callback of the user's would be an obstacle to them."""
    for name in ("lightgbm:quantile", "pseudo_huber"):
        data = [lgb.Dataset(X, SIGNAL, free_raw_data=False) for _ in range(2)]
        with_bar = bo.train(QUIET, data[0], 3, objective=name, progress=terminal())
        assert with_bar.model_to_string() == bo.train(QUIET, data[1], 3, objective=name).model_to_string()
    assert shown.texts[-1] == (3, 3, "")  # nothing is measured without a set to measure it on
    dtrain = xgb.DMatrix(X, SIGNAL)
    with_bar = bo.train(SINGLE, dtrain, 3, objective="pseudo_huber", progress=terminal())
    assert with_bar.save_raw() == bo.train(SINGLE, dtrain, 3, objective="pseudo_huber").save_raw()


def test_a_bar_over_folds(shown):
    found = bo.cv(SINGLE, xgb.DMatrix(X, BINARY), 3, objective="log_loss", as_pandas=False, progress=terminal())
    last = [found[f"{where}-log_loss-mean"][-1] for where in ("train", "test")]
    assert shown.texts[-1] == (3, 3, f"train-log_loss {last[0]:.6g}  test-log_loss {last[1]:.6g}") and shown.alive == 0
    for name in ("log_loss", "lightgbm:binary"):
        found = bo.cv(QUIET, lgb.Dataset(X, BINARY), 3, objective=name, progress=terminal())
        key = next(iter(found))
        measured = f"{key.removesuffix('-mean').replace(' ', '-', 1)} {found[key][-1]:.6g}"
        assert shown.texts[-1] == (3, 3, measured) and shown.alive == 0


class Stop(Exception):
    pass


def test_a_bar_is_gone_when_training_raises(shown):
    calls = []

    def failing(raw, data):
        calls.append(shown.alive)
        if len(calls) == 3:
            raise Stop
        return "mine", 0.0, False

    for run in (bo.train, bo.cv):
        calls.clear()
        data = lgb.Dataset(X, BINARY)
        rest = {"valid_sets": [data]} if run is bo.train else {"nfold": 2}
        with pytest.raises(Stop):
            run(QUIET, data, 5, objective="log_loss", feval=failing, progress=terminal(), **rest)
        assert calls == [1, 1, 1] and shown.alive == 0
        calls.clear()
        dtrain = xgb.DMatrix(X, BINARY)
        rest = {"evals": [(dtrain, "train")]} if run is bo.train else {"nfold": 2}
        metric = lambda raw, d: failing(raw, d)[:2]  # noqa: E731
        with pytest.raises(Stop):
            run(SINGLE, dtrain, 5, objective="log_loss", custom_metric=metric, progress=terminal(), **rest)
        assert calls == [1, 1, 1] and shown.alive == 0
    with pytest.raises(ValueError, match="no objective"):
        bo.train(QUIET, data, 5, objective="logloss", progress=terminal())
    assert shown.alive == 0


def test_a_bar_is_on_stderr_and_only_where_it_can_be_wiped(capfd):
    dtrain = xgb.DMatrix(X, BINARY)
    bo.train(SINGLE, dtrain, 3, objective="log_loss", evals=[(dtrain, "train")], progress=True)  # not a terminal here
    out, err = capfd.readouterr()
    assert out == "" and err.strip() == ""
    bo.train(SINGLE, dtrain, 1, objective="log_loss", evals=[(dtrain, "train")], progress=True, verbose_eval=True)
    assert "train-log_loss" in capfd.readouterr().out  # asked for


# Linear boosters and dropout ------------------------------------------------------------------------------------------

OLD = pytest.mark.filterwarnings("ignore:.*gblinear. is deprecated:UserWarning")  # by XGBoost 3.4
WAYS_OF_GBLINEAR = ({"updater": "coord_descent"}, {"updater": "shotgun", "alpha": 0.1},
                    {"updater": "coord_descent", "feature_selector": "greedy", "top_k": 2})  # fmt: skip


@OLD
@pytest.mark.parametrize("way", WAYS_OF_GBLINEAR)
@pytest.mark.parametrize("name", ["reg:squarederror", "binary:logistic", "count:poisson", "multi:softprob", "reg:absoluteerror"])
def test_gblinear_under_xgboosts_names(name, way):
    textbook = builtins.names()[name].textbook
    y = TARGET.get(textbook, SIGNAL)
    params = {"booster": "gblinear", "nthread": 1, **way, **({"num_class": 3} if name.startswith("multi") else {})}
    for offset in (None, OFFSET):
        if offset is not None and "num_class" in params:
            offset = np.stack([OFFSET, -OFFSET, 2 * OFFSET], axis=1)
        dtrain = xgb.DMatrix(X, y, weight=WEIGHT, base_margin=offset)
        ours = bo.train(params, dtrain, 6, objective=name)
        theirs = xgb.train({**params, "objective": name}, dtrain, 6)
        for data in (dtrain, xgb.DMatrix(X)):
            assert np.array_equal(margins(ours, data), margins(theirs, data))
        assert np.ptp(margins(ours, xgb.DMatrix(X)), axis=0).max() > 0


@OLD
@pytest.mark.parametrize("name", ["log_loss", "softmax", "pseudo_huber"])
def test_gblinear_under_our_names(name):
    """What training saw is what the model predicts, given the offset or not."""
    o, y = bo.get(name, curvature="exact"), TARGET[name]  # XGBoost's own arithmetic brings its own start
    offset = np.stack([OFFSET, -OFFSET, 2 * OFFSET], axis=1) if name == "softmax" else OFFSET
    params = {"booster": "gblinear", "nthread": 1, "updater": "coord_descent"}
    for given in (None, offset):
        dtrain, valid, seen = xgb.DMatrix(X, y, base_margin=given), xgb.DMatrix(X, y), {}
        rest = {"evals": [(dtrain, "train"), (valid, "valid")], "evals_result": seen, "verbose_eval": False}
        booster = bo.train(params, dtrain, 8, objective=o, **rest)
        raw = margins(booster, dtrain)
        assert seen["train"][name][-1] == pytest.approx(o.loss(y, raw).mean(), rel=2e-5)
        assert seen["valid"][name][-1] == pytest.approx(o.loss(y, margins(booster, valid)).mean(), rel=2e-5)
        start = o.start(y, offset=given)
        assert seen["train"][name][-1] < 0.95 * o.loss(y, np.zeros(raw.shape) + start + (0 if given is None else given)).mean()
        # Nothing learnt: the start alone.
        still = bo.train({**params, "eta": 1e-30}, dtrain, 1, objective=o)
        np.testing.assert_allclose(margins(still, valid).reshape(N, -1), np.tile(start, (N, 1)), rtol=2e-6)
        if given is not None:
            np.testing.assert_allclose(raw, margins(booster, valid) + offset, atol=1e-5 * np.abs(offset).max(), rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.*dart:UserWarning")  # XGBoost 3.3 and later call it gbtree
def test_dart_stops_early_goes_on_and_is_cross_validated_like_the_built_in():
    params = {**SINGLE, "booster": "dart", "rate_drop": 0.4, "seed": 4, "eta": 0.9}
    made = []
    for train, more in ((bo.train, {"objective": "binary:logistic"}), (xgb.train, {})):
        dtrain, valid = xgb.DMatrix(X[:HALF], BINARY[:HALF]), xgb.DMatrix(X[HALF:], BINARY[HALF:])
        asked = params if more else {**params, "objective": "binary:logistic"}
        rest = {"evals": [(valid, "valid")], "early_stopping_rounds": 3, "verbose_eval": False, **more}
        booster = train(asked, dtrain, 30, **rest)
        longer = train(asked, dtrain, 2, xgb_model=booster, **more)
        made.append((booster.best_iteration, margins(booster, valid), margins(longer, valid)))
    assert made[0][0] == made[1][0] < 27
    assert np.array_equal(made[0][1], made[1][1]) and np.array_equal(made[0][2], made[1][2])
    ours = bo.cv(params, xgb.DMatrix(X, BINARY), 4, objective="binary:logistic")
    theirs = xgb.cv({**params, "objective": "binary:logistic"}, xgb.DMatrix(X, BINARY), 4)
    assert ours.equals(theirs)


@pytest.mark.parametrize("offset", [None, OFFSET])
@pytest.mark.parametrize("name", ["log_loss", "pseudo_huber", "poisson"])
def test_linear_trees_of_lightgbm_under_our_names(name, offset):
    """The start lies in the constant of each leaf: what training saw is what the model predicts."""
    o, y = bo.get(name), TARGET[name]
    params, seen = {**QUIET, "linear_tree": True, "linear_lambda": 0.1}, {}
    data = lgb.Dataset(X, y, weight=WEIGHT, init_score=offset)
    rest = {"valid_sets": [data], "valid_names": ["train"], "callbacks": [lgb.record_evaluation(seen)]}
    booster = bo.train(params, data, 6, objective=o, **rest)
    assert "leaf_coeff" in booster.model_to_string()
    raw = booster.predict(X, raw_score=True) + (0 if offset is None else offset)
    mean = np.average(o.loss(y, raw), weights=WEIGHT.astype(np.float32))
    assert seen["train"][name][-1] == pytest.approx(mean, rel=1e-12)
    np.testing.assert_allclose(booster.predict(X), o.inverse_link(booster.predict(X, raw_score=True)), rtol=1e-13)


# Several targets per row ----------------------------------------------------------------------------------------------

MATRIX = np.stack([SIGNAL + 2, np.abs(SIGNAL) * 3, X[:, 2] * X[:, 0] - 2], axis=1).astype(np.float32).astype(np.float64)
OFFSETS = np.stack([OFFSET, -OFFSET, 2 * OFFSET], axis=1)
OF_MATRIX = {
    "reg:squarederror": MATRIX, "reg:absoluteerror": MATRIX, "reg:pseudohubererror": MATRIX,
    "binary:logistic": (MATRIX > 1.5).astype(float), "count:poisson": np.floor(np.abs(MATRIX)),
}  # fmt: skip
MULTI = pytest.mark.skipif(version_of(xgb.__version__) < (3, 1), reason="one base_score for all targets")
STRATEGIES = ("one_output_per_tree", "multi_output_tree")


@MULTI
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", OF_MATRIX)
def test_several_targets_under_xgboosts_names(name, strategy):
    y, params = OF_MATRIX[name], {**SINGLE, "multi_strategy": strategy}
    for weight, offset in ((None, None), (WEIGHT, None), (WEIGHT, OFFSETS)):
        results = [{}, {}]
        dtrain = xgb.DMatrix(X, y, weight=weight, base_margin=offset)
        rest = {"evals": [(dtrain, "train")], "verbose_eval": False}
        ours = bo.train(params, dtrain, 4, objective=name, evals_result=results[0], **rest)
        theirs = xgb.train({**params, "objective": name}, dtrain, 4, evals_result=results[1], **rest)
        assert np.array_equal(margins(ours, dtrain), margins(theirs, dtrain))
        assert np.array_equal(ours.predict(xgb.DMatrix(X)), theirs.predict(xgb.DMatrix(X)))
        assert results[0] == results[1]
    ours = bo.cv(params, xgb.DMatrix(X, y, weight=WEIGHT), 3, objective=name)
    assert ours.equals(xgb.cv({**params, "objective": name}, xgb.DMatrix(X, y, weight=WEIGHT), 3))


@MULTI
@pytest.mark.parametrize("name", ["log_loss", "pseudo_huber", "poisson", "quantile"])
def test_several_targets_under_our_names(name):
    """With one output per tree, the targets know nothing of one another, but share the unit that min_child_weight is in."""
    o = bo.get(name) if name == "quantile" else bo.get(name, curvature="exact")  # not XGBoost's own arithmetic
    y = {"log_loss": (MATRIX > 1.5).astype(float), "poisson": np.floor(np.abs(MATRIX))}.get(name, MATRIX)
    params = {**SINGLE, "min_child_weight": 0}
    for offset in (None, OFFSETS):
        dtrain, seen = xgb.DMatrix(X, y, weight=WEIGHT, base_margin=offset), {}
        rest = {"evals": [(dtrain, "train")], "evals_result": seen, "verbose_eval": False}
        booster = bo.train(params, dtrain, 4, objective=o, **rest)
        losses = []
        for j in range(3):
            alone = xgb.DMatrix(X, y[:, j], weight=WEIGHT, base_margin=None if offset is None else offset[:, j])
            one = bo.train(params, alone, 4, objective=o)
            assert np.array_equal(booster.predict(xgb.DMatrix(X))[:, j], one.predict(xgb.DMatrix(X)))
            losses.append(np.average(o.loss(y[:, j], margins(one, alone)), weights=WEIGHT))
            assert len(set(margins(one, xgb.DMatrix(X)))) > 4
        assert list(seen["train"]) == [name]
        assert seen["train"][name][-1] == pytest.approx(np.mean(losses), rel=2e-5)


@MULTI
def test_trees_of_several_outputs_start_at_the_best_constants():
    o, params = bo.get("pseudo_huber"), {**SINGLE, "multi_strategy": "multi_output_tree"}
    dtrain = xgb.DMatrix(X, MATRIX)
    still = bo.train({**params, "eta": 1e-30}, dtrain, 1, objective=o)
    starts = [o.start(MATRIX[:, j])[0] for j in range(3)]
    np.testing.assert_allclose(still.predict(dtrain), np.tile(starts, (N, 1)), rtol=1e-6)
    booster = bo.train(params, dtrain, 10, objective=o)
    loss = [o.loss(MATRIX[:, j], booster.predict(dtrain)[:, j]).mean() for j in range(3)]
    assert all(loss[j] < 0.8 * o.loss(MATRIX[:, j], np.full(N, starts[j])).mean() for j in range(3))


@pytest.mark.parametrize(("params", "objective", "rest", "message"), [
    ({}, "softmax", {}, r"'softmax' takes one target per row, the labels have 3 columns: train a Booster for each"),
    ({}, "multi_quantile", {}, r"'multi_quantile' takes one target per row"),
    ({}, "rank:ndcg", {}, r"'rank:ndcg' takes one target per row"),
    ({}, "aft", {}, r"'aft' takes one target per row"),
    ({}, "reg:quantileerror", {}, r"XGBoost's 'reg:quantileerror' takes one target per row, the labels have 3 columns$"),
    ({}, bo.Quantile(curvature="native"), {}, r"Quantile\(.*: XGBoost's 'reg:quantileerror' takes one target per row"),
    ({}, "pseudo_huber", {"leaf": "exact"}, r"leaf='exact' is for one target per row, the labels have 3 columns"),
])  # fmt: skip
def test_where_several_targets_are_refused(params, objective, rest, message):
    for run in (bo.train, bo.cv):
        with pytest.raises(ValueError, match=message):
            run(params, xgb.DMatrix(X, MATRIX), 2, objective=objective, **rest)


@MULTI
def test_several_targets_and_an_offset_have_no_place_in_trees_of_several_outputs():
    with pytest.raises(ValueError, match=r"no place for its start in multi_strategy='multi_output_tree'"):
        bo.train({"multi_strategy": STRATEGIES[1]}, xgb.DMatrix(X, MATRIX, base_margin=OFFSETS), 2, objective="pseudo_huber")


def test_lightgbm_has_one_target_per_row():
    for run in (bo.train, bo.cv):
        for label in (MATRIX, MATRIX.tolist()):
            with pytest.raises(ValueError, match=r"LightGBM takes one target per row, the labels have shape \(300, 3\)"):
                run(QUIET, lgb.Dataset(X, label), 2, objective="pseudo_huber")


# Data without a usable feature ----------------------------------------------------------------------------------------

CONSTANT = {
    "constant columns": (np.ones((N, 2)), {}),
    "missing columns": (np.full((N, 2), np.nan), {}),
    "too few rows": (X, {"min_data_in_leaf": N}),
    "too few rows, not filtered": (X, {"min_data_in_leaf": N, "feature_pre_filter": False}),
}


@pytest.mark.filterwarnings("ignore::boostobj.DoctorWarning")  # nothing is learnt, on purpose
@pytest.mark.parametrize("from_average", [True, False])
@pytest.mark.parametrize("case", CONSTANT)
def test_lightgbms_model_is_constant_where_no_feature_can_be_used(case, from_average):
    x, more = CONSTANT[case]
    params = {**QUIET, **more, "boost_from_average": from_average}
    for name in ("squared_error", "log_loss", "poisson", "softmax"):
        y, own = TARGET[name], {"squared_error": "regression", "log_loss": "binary", "softmax": "multiclass"}.get(name, name)
        asked = {**params, **({"num_class": 3} if name == "softmax" else {})}
        theirs = lgb.train({**asked, "objective": own}, lgb.Dataset(x, y), 3)
        ours = bo.train(asked, lgb.Dataset(x, y), 3, objective=f"lightgbm:{own}")
        assert np.array_equal(ours.predict(x), theirs.predict(x))
        assert np.ptp(ours.predict(x), axis=0).max() == 0
        if from_average:
            assert np.array_equal(bo.train(asked, lgb.Dataset(x, y), 3, objective=name).predict(x), theirs.predict(x))
            found = bo.cv(asked, lgb.Dataset(x, y), 3, objective=name, stratified=False)
            other = lgb.cv({**asked, "objective": own, "metric": "None"}, lgb.Dataset(x, y), 3, stratified=False,
                           return_cvbooster=True)  # fmt: skip
            assert len(other["cvbooster"].boosters) == 5
            assert len(set(found[f"valid {name}-mean"])) == 1  # nothing is learnt after the start
    ours = bo.train(params, lgb.Dataset(x, SIGNAL), 3, objective="pseudo_huber")
    expected = bo.get("pseudo_huber").start(SIGNAL)[0] if from_average else 0.0
    assert np.array_equal(ours.predict(x), np.full(len(x), expected))


# Metrics, callbacks, going on -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("maximize", [True, False])
def test_early_stopping_on_a_metric_of_the_users_goes_the_way_it_says(maximize):
    """A metric that is best in round 2, and one that is worst there."""
    values = [3.0, 2.0, 1.0, 2.5, 4.0, 5.0]
    calls = []

    def metric(raw, data):
        calls.append(1)
        value = values[min(len(calls), len(values)) - 1]
        return "mine", -value if maximize else value

    dtrain = xgb.DMatrix(X, BINARY)
    rest = {"evals": [(dtrain, "train")], "early_stopping_rounds": 3, "verbose_eval": False, "maximize": maximize}
    booster = bo.train(SINGLE, dtrain, 30, objective="log_loss", custom_metric=metric, **rest)
    assert booster.best_iteration == 2
    calls.clear()
    data = lgb.Dataset(X, BINARY)
    rest = {"valid_sets": [lgb.Dataset(X, BINARY, reference=data)], "callbacks": [lgb.early_stopping(3, verbose=False)]}
    booster = bo.train(QUIET, data, 30, objective="log_loss", feval=lambda raw, d: (*metric(raw, d), maximize), **rest)
    assert booster.best_iteration == 3


def test_early_stopping_on_a_metric_of_the_boosters_goes_the_right_way():
    dtrain, valid = xgb.DMatrix(X[:HALF], BINARY[:HALF]), xgb.DMatrix(X[HALF:], BINARY[HALF:])
    seen = {}
    rest = {"evals": [(valid, "valid")], "early_stopping_rounds": 3, "verbose_eval": False, "evals_result": seen}
    booster = bo.train({**SINGLE, "eta": 0.8, "eval_metric": "auc"}, dtrain, 60, objective="log_loss", **rest)
    assert booster.best_iteration == np.argmax(seen["valid"]["auc"]) < 57
    data = lgb.Dataset(X[:HALF], BINARY[:HALF])
    rest = {"valid_sets": [lgb.Dataset(X[HALF:], BINARY[HALF:], reference=data)]}
    rest["callbacks"] = [lgb.early_stopping(3, verbose=False), lgb.record_evaluation(seen)]
    params = {**QUIET, "learning_rate": 0.8, "metric": "auc"}
    booster = bo.train(params, data, 60, objective="log_loss", **rest)
    assert booster.best_iteration == np.argmax(seen["valid_0"]["auc"]) + 1 < 57


def test_early_stopping_in_lightgbms_params():
    data = lgb.Dataset(X[:HALF], BINARY[:HALF])
    valid = lgb.Dataset(X[HALF:], BINARY[HALF:], reference=data)
    params = {**QUIET, "learning_rate": 0.8, "early_stopping_round": 3}
    by_params = bo.train(params, data, 60, objective="log_loss", valid_sets=[valid])
    data = lgb.Dataset(X[:HALF], BINARY[:HALF])
    valid = lgb.Dataset(X[HALF:], BINARY[HALF:], reference=data)
    rest = {"valid_sets": [valid], "callbacks": [lgb.early_stopping(3, verbose=False)]}
    by_callback = bo.train({**QUIET, "learning_rate": 0.8}, data, 60, objective="log_loss", **rest)
    assert by_params.best_iteration == by_callback.best_iteration < 57


@pytest.mark.parametrize("name", ["log_loss", "pseudo_huber", "softmax"])
def test_going_on_is_as_if_there_had_been_no_stop(name):
    """From a Booster, from a file, and in XGBoost also with an offset."""
    y = TARGET[name]
    for offset in (None,) if name == "softmax" else (None, OFFSET):
        dtrain = xgb.DMatrix(X, y, base_margin=offset)
        whole = bo.train(SINGLE, dtrain, 6, objective=name)
        half = bo.train(SINGLE, dtrain, 3, objective=name)
        on = bo.train(SINGLE, dtrain, 3, objective=name, xgb_model=half)
        assert on.num_boosted_rounds() == 6 and half.num_boosted_rounds() == 3
        # Scores are float32: where the start lies in a leaf the sum has been rounded once more.
        np.testing.assert_allclose(margins(on, dtrain), margins(whole, dtrain), rtol=1e-4, atol=1e-4)
    params = {**QUIET, "num_class": 3} if name == "softmax" else QUIET
    whole = bo.train(params, lgb.Dataset(X, y), 6, objective=name)
    half = bo.train(params, lgb.Dataset(X, y), 3, objective=name)
    on = bo.train(params, lgb.Dataset(X, y, free_raw_data=False), 3, objective=name, init_model=half)
    assert on.num_trees() == whole.num_trees()
    np.testing.assert_allclose(on.predict(X, raw_score=True), whole.predict(X, raw_score=True), rtol=1e-6)


def test_going_on_from_a_file(tmp_path):
    dtrain = xgb.DMatrix(X, BINARY)
    half = bo.train(SINGLE, dtrain, 3, objective="log_loss")
    half.save_model(tmp_path / "half.ubj")
    on = [bo.train(SINGLE, dtrain, 3, objective="log_loss", xgb_model=m) for m in (half, tmp_path / "half.ubj")]
    assert on[0].save_raw() == on[1].save_raw()
    half = bo.train(QUIET, lgb.Dataset(X, BINARY), 3, objective="log_loss")
    half.save_model(tmp_path / "half.txt")
    on = [
        bo.train(QUIET, lgb.Dataset(X, BINARY, free_raw_data=False), 3, objective="log_loss", init_model=m)
        for m in (half, tmp_path / "half.txt")
    ]
    assert np.array_equal(on[0].predict(X), on[1].predict(X)) and on[1].num_trees() == 6


def test_callbacks_see_the_training():
    class Looking(xgb.callback.TrainingCallback):
        def __init__(self):
            self.seen = []

        def before_training(self, model):
            self.seen.append("before")
            return model

        def after_iteration(self, model, epoch, evals_log):
            self.seen.append((model.num_boosted_rounds(), len(evals_log["train"]["log_loss"])))
            return epoch == 1

        def after_training(self, model):
            self.seen.append("after")
            return model

    looking, dtrain = Looking(), xgb.DMatrix(X, BINARY)
    rest = {"evals": [(dtrain, "train")], "verbose_eval": False, "callbacks": [looking]}
    booster = bo.train(SINGLE, dtrain, 5, objective="log_loss", **rest)
    assert looking.seen == ["before", (1, 1), (2, 2), "after"]
    assert booster.num_boosted_rounds() == 2
    seen, data = [], lgb.Dataset(X, BINARY)

    def look(env):
        seen.append((env.iteration, env.evaluation_result_list[0][1], env.params["learning_rate"]))

    params = {**QUIET, "learning_rate": 0.3}
    bo.train(params, data, 2, objective="log_loss", valid_sets=[data], callbacks=[look])
    assert seen == [(0, "log_loss", 0.3), (1, "log_loss", 0.3)]


def test_the_booster_knows_its_parameters_after_training():
    booster = bo.train({**SINGLE, "eta": 0.7}, xgb.DMatrix(X, BINARY), 2, objective="log_loss")
    config = json.loads(booster.save_config())["learner"]
    assert config["objective"]["name"] == "binary:logistic"
    assert float(config["gradient_booster"]["tree_train_param"]["eta"]) == pytest.approx(0.7)
