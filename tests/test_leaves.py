"""Leaves set anew after each tree: LightGBM's own, to the last byte of the model, and the optimum of the loss."""

import json
import warnings

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import xgboost as xgb

import boostobj as bo
from boostobj import parity
from boostobj.builtins import version_of

QUIET = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True, "min_data_in_leaf": 5}
SINGLE = {"nthread": 1, "max_depth": 3}
RENEWED = {"regression_l1": {}, "quantile": {"alpha": 0.3}, "mape": {}}
N = 500
RNG = np.random.default_rng(11)
X = RNG.normal(size=(N, 6))
Y = (X[:, 0] - np.abs(X[:, 1]) + X[:, 2] * X[:, 3] + 0.5 * RNG.standard_t(2, N)).astype(np.float32).astype(np.float64)
MANY = np.floor(np.exp(Y.clip(-3, 3)))  # counts: many zeros, and ties
WEIGHT = RNG.uniform(0.3, 3.0, N).astype(np.float32).astype(np.float64)
OFFSET = RNG.normal(size=N).astype(np.float32).astype(np.float64)
HALF = N // 2
DIABETES = parity.load("diabetes")


def text(booster):
    """A whole model, but for what the user's metric is called and the record of what made it."""
    return [line for line in booster.model_to_string().splitlines() if not line.startswith(("[metric: ", "[boostobj: ]"))]


def both(name, params, rounds, made, **rest):
    """Ours and LightGBM's own, each with its own data; callbacks are made anew for each."""
    out = []
    for ours in (True, False):
        data, more = made()
        given = {**QUIET, **RENEWED[name], **params}
        more = {**rest, **more}
        if ours:
            out.append(bo.train(given, data, rounds, objective=f"lightgbm:{name}", **more))
        else:
            out.append(lgb.train({**given, "objective": name}, data, rounds, **more))
    return out


# LightGBM's own leaves ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", RENEWED)
def test_model_evaluations_and_early_stopping_are_the_built_ins(name, weighted):
    d, seen = DIABETES, []
    weight = d.weight if weighted else np.ones(len(d.y))
    half = len(d.y) * 2 // 3

    def spread(raw, data):
        return "spread", float(np.ptp(raw) + raw[0] * data.get_label()[0]), False

    def made():
        data = lgb.Dataset(d.x[:half], d.y[:half], weight=weight[:half])
        valid = lgb.Dataset(d.x[half:], d.y[half:], weight=weight[half:], reference=data)
        seen.append({})
        callbacks = [lgb.record_evaluation(seen[-1]), lgb.early_stopping(30, verbose=False)]
        return data, {"valid_sets": [data, valid], "callbacks": callbacks, "feval": spread}

    params = {"metric": "l1,quantile,mape,l2", "learning_rate": 0.05, "min_data_in_leaf": 10}
    ours, theirs = both(name, params, 150, made)
    assert len(seen[0]["valid_1"]["l1"]) >= 60
    assert seen[0] == seen[1]
    assert text(ours) == text(theirs)
    assert ours.best_iteration == theirs.best_iteration
    assert ours.best_score == theirs.best_score
    assert ours.params == theirs.params
    assert np.array_equal(ours.predict(d.x), theirs.predict(d.x))
    assert "update" not in vars(ours) and "reset_parameter" not in vars(ours)


def frame():
    return pd.DataFrame(X).assign(kind=pd.Categorical(np.digitize(X[:, 0], [-1, 0, 1])))


WAYS = {
    "columns": ({"feature_fraction": 0.5, "extra_trees": True}, {}),
    "from 0": ({"boost_from_average": False}, {}),
    "another rate": ({"eta": 0.3, "max_delta_step": 0.2, "lambda_l1": 0.5, "path_smooth": 2.0}, {}),
    "quantised": ({"use_quantized_grad": True}, {}),
    "sparse": ({}, {"data": scipy.sparse.csr_matrix(np.where(np.abs(X) > 0.5, X, 0.0))}),
    "frame": ({}, {"data": frame()}),
    "float32 by columns": ({}, {"data": np.asfortranarray(X.astype(np.float32))}),
    "missing": ({}, {"data": np.where(np.abs(X) < 0.2, np.nan, X)}),
    "zeros": ({}, {"label": MANY}),
    "offset": ({}, {"init_score": OFFSET}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", RENEWED)
def test_model_is_the_built_ins_in_every_way(name, way):
    params, given = WAYS[way]
    if version_of(lgb.__version__) < (4, 2) and way in ("frame", "quantised"):
        pytest.skip("fails in this version of LightGBM")
    weight = WEIGHT if list(WAYS).index(way) % 2 else None
    if weight is not None and name == "mape" and "use_quantized_grad" in params:
        weight = None

    def made():
        return lgb.Dataset(**{"data": X, "label": Y, "weight": weight, **given}), {}

    ours, theirs = both(name, params, 20, made)
    assert ours.num_trees() == 20
    assert text(ours) == text(theirs)


@pytest.mark.parametrize("key", ["learning_rate", "eta"])
def test_a_schedule_of_learning_rates(key):
    """With few columns: LightGBM draws them again whenever a parameter is reset, and only then."""

    def made():
        rates = [0.1] * 3 + [0.1 * 0.9**i for i in range(9)]
        return lgb.Dataset(X, Y), {"callbacks": [lgb.reset_parameter(**{key: rates})]}

    ours, theirs = both("regression_l1", {key: 0.1, "feature_fraction": 0.5}, 12, made)
    assert text(ours) == text(theirs)


def test_training_goes_on():
    first = [lgb.train({**QUIET, "objective": "quantile"}, lgb.Dataset(X, Y), 5) for _ in range(2)]
    ours = bo.train(QUIET, lgb.Dataset(X, Y, free_raw_data=False), 5, objective="lightgbm:quantile", init_model=first[0])
    data = lgb.Dataset(X, Y, free_raw_data=False)
    theirs = lgb.train({**QUIET, "objective": "quantile"}, data, 5, init_model=first[1])
    assert ours.num_trees() == 10
    assert text(ours) == text(theirs)


def test_a_part_of_the_data():
    def made():
        whole = lgb.Dataset(X, Y, weight=WEIGHT, free_raw_data=False)
        return whole.subset(np.arange(0, N, 2)), {}

    ours, theirs = both("regression_l1", {}, 10, made)
    assert text(ours) == text(theirs)


def test_our_own_name_with_lightgbms_curvature():
    ours = bo.train(QUIET, lgb.Dataset(X, Y), 10, objective=bo.Quantile(alpha=0.3, curvature="native"))
    theirs = lgb.train({**QUIET, "objective": "quantile", "alpha": 0.3}, lgb.Dataset(X, Y), 10)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    with pytest.raises(ValueError, match="LightGBM's leaves cannot be reproduced: bagging_fraction leaves out rows"):
        bagged = {**QUIET, "bagging_fraction": 0.5, "bagging_freq": 1}
        bo.train(bagged, lgb.Dataset(X, Y), 10, objective=bo.Quantile(alpha=0.3, curvature="native"))


def test_our_own_names_keep_the_curvature_that_learns():
    data = lgb.Dataset(X, Y).construct()
    raw = np.zeros(N)
    for o, row in ((bo.Quantile(alpha=0.3), bo.get("lightgbm:quantile", alpha=0.3)), (bo.AbsoluteError(), None)):
        assert len(np.unique(o(raw, data)[1])) > 100
        if row:
            assert np.array_equal(np.unique(row(raw, data)[1]), [1.0])


def once(*_):
    return None


HANDED_OVER = [
    ({"subsample": 0.5, "bagging_freq": 1}, {}, {}, "bagging_fraction leaves out rows"),
    ({"boosting": "goss"}, {}, {}, "GOSS leaves out rows"),
    ({"data_sample_strategy": "goss"}, {}, {}, "GOSS leaves out rows"),
    ({"reg_sqrt": True}, {"label": np.abs(Y)}, {}, "reg_sqrt makes another objective"),
    ({"boost_from_average": False}, {"label": Y + 100}, {}, "after a first tree without splits"),
    ({}, {}, {"callbacks": [once]}, "a callback may look at the model"),
    ({}, {}, {"callbacks": [lgb.reset_parameter(lambda_l1=lambda i: 0.1 * i)]}, "lambda_l1 is reset between rounds"),
    ({}, {"constructed": True}, {}, "the raw data are not at hand"),
]


@pytest.mark.parametrize(("params", "given", "rest", "reason"), HANDED_OVER)
def test_what_cannot_be_reproduced_is_lightgbms_own(params, given, rest, reason):
    given, seen, out = dict(given), [{}, {}], []
    constructed = given.pop("constructed", False)
    for ours in (True, False):
        data = lgb.Dataset(**{"data": X, "label": Y, **given}, params=QUIET)
        if constructed:
            data.construct()
        callbacks = [*rest.get("callbacks", []), lgb.record_evaluation(seen[not ours])]
        more = {"valid_sets": [data], "callbacks": callbacks}
        if ours:
            with pytest.warns(UserWarning, match=f"'lightgbm:regression_l1' is trained by LightGBM itself.*{reason}") as told:
                out.append(bo.train({**QUIET, **params}, data, 8, objective="lightgbm:regression_l1", **more))
            assert len(told) == 1
            assert data.get_field("init_score") is None
        else:
            out.append(lgb.train({**QUIET, **params, "objective": "regression_l1", "metric": "l1"}, data, 8, **more))
    assert text(out[0]) == text(out[1])
    assert list(seen[0]["training"]) == ["lightgbm:regression_l1"]
    if "reg_sqrt" not in params:  # a metric sees predictions there
        np.testing.assert_allclose(seen[0]["training"]["lightgbm:regression_l1"], seen[1]["training"]["l1"], rtol=1e-7)


def test_weighted_mape_by_columns_is_lightgbms_own(tmp_path):
    params = {k: v for k, v in QUIET.items() if k != "force_row_wise"}
    with pytest.warns(UserWarning, match="takes the first row's Hessian for all"):
        ours = bo.train({**params, "force_col_wise": True}, lgb.Dataset(X, Y, weight=WEIGHT), 8, objective="lightgbm:mape")
    native = {**params, "force_col_wise": True, "objective": "mape"}
    assert text(ours) == text(lgb.train(native, lgb.Dataset(X, Y, weight=WEIGHT), 8))
    np.savetxt(tmp_path / "data.csv", np.c_[Y, X], delimiter=",", fmt="%.17g")
    with pytest.warns(UserWarning, match="files and Sequences have none"):
        ours = bo.train(QUIET, lgb.Dataset(str(tmp_path / "data.csv")), 8, objective="lightgbm:mape")
    theirs = lgb.train({**QUIET, "objective": "mape"}, lgb.Dataset(str(tmp_path / "data.csv")), 8)
    assert text(ours)[:-140] == text(theirs)[:-140]  # the parameters name the file


@pytest.mark.parametrize(("rows", "reason"), [
    (np.r_[N // 2 : N, : N // 2], "LightGBM's scores are not those of the data"),  # as many rows in every leaf
    (np.r_[:40, :40, 80:N], "LightGBM grew a tree on other values than those of the data"),
])  # fmt: skip
def test_data_that_are_not_what_lightgbm_has_are_noticed(rows, reason):
    """Columns that LightGBM bundles may lose values; here they are changed behind its back."""
    x = X.copy()
    data = lgb.Dataset(x, Y, free_raw_data=False, params=QUIET).construct()
    x[:] = X[rows]
    with pytest.warns(UserWarning, match=reason):
        ours = bo.train(QUIET, data, 8, objective="lightgbm:regression_l1")
    assert text(ours) == text(lgb.train({**QUIET, "objective": "regression_l1"}, lgb.Dataset(X, Y), 8))


@pytest.mark.parametrize("params", [{"linear_tree": True}, {"monotone_constraints": [1, 0, 0, 0, 0, 0]}])
def test_what_lightgbm_refuses_lightgbm_refuses(params):
    """In some versions."""
    params, said = {**QUIET, **params}, []
    for ours in (True, False):
        try:
            if ours:
                with pytest.warns(UserWarning, match="is trained by LightGBM itself"):
                    bo.train(params, lgb.Dataset(X, Y), 2, objective="lightgbm:regression_l1")
            else:
                lgb.train({**params, "objective": "regression_l1"}, lgb.Dataset(X, Y), 2)
        except lgb.basic.LightGBMError as error:
            said.append(str(error))
        else:
            said.append("")
    assert said[0] == said[1]


# XGBoost's own leaves -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "params"), [
    ("reg:absoluteerror", {}),
    ("reg:absoluteerror", {"subsample": 0.6, "seed": 3}),
    ("reg:quantileerror", {"quantile_alpha": 0.3}),
    ("reg:quantileerror", {"quantile_alpha": 0.8, "subsample": 0.6, "tree_method": "approx"}),
])  # fmt: skip
def test_xgboost_renews_the_leaves_of_its_own_names(name, params, weighted):
    weight = WEIGHT if weighted else np.ones(N)
    out, seen = [], [{}, {}]
    for ours in (True, False):
        dtrain = xgb.DMatrix(X[:HALF], Y[:HALF], weight=weight[:HALF])
        valid = xgb.DMatrix(X[HALF:], Y[HALF:], weight=weight[HALF:])
        rest = {"evals": [(dtrain, "train"), (valid, "valid")], "evals_result": seen[not ours], "verbose_eval": False}
        rest["early_stopping_rounds"] = 20
        if ours:
            out.append(bo.train({**SINGLE, **params}, dtrain, 80, objective=name, **rest))
        else:
            out.append(xgb.train({**SINGLE, **params, "objective": name}, dtrain, 80, **rest))
    assert seen[0] == seen[1]
    assert out[0].best_iteration == out[1].best_iteration
    assert parity._xgboost_trees(out[0]) == parity._xgboost_trees(out[1])
    assert np.array_equal(out[0].predict(xgb.DMatrix(X)), out[1].predict(xgb.DMatrix(X)))


# The optimum ----------------------------------------------------------------------------------------------------------

LABELS = {"log_loss": (Y > 0).astype(float), "poisson": MANY, "gamma": MANY + 0.5}
CONVEX = [
    *(bo.get("quantile", alpha=0.2), bo.get("absolute_error"), bo.get("absolute_percentage_error"), bo.get("log_cosh")),
    *(bo.get("expectile", alpha=0.9), bo.get("huber"), bo.get("poisson"), bo.get("log_loss"), bo.get("gamma")),
]


def labels(o):
    return LABELS.get(o.name, Y)


def lightgbms(o, params=(), rounds=6, x=X, rows=slice(None), leaf="exact", **rest):
    given = {"weight": WEIGHT[rows], **{k: rest.pop(k) for k in ("init_score",) if k in rest}}
    data = lgb.Dataset(x[rows], labels(o)[rows], free_raw_data=False, **given)
    return bo.train({**QUIET, **dict(params)}, data, rounds, objective=o, leaf=leaf, **rest), data


def xgboosts(o, params=(), rounds=6, rows=slice(None), leaf="exact", made=xgb.DMatrix, **rest):
    given = {"weight": WEIGHT[rows], **{k: rest.pop(k) for k in ("base_margin",) if k in rest}}
    data = made(X[rows], labels(o)[rows], **given)
    return bo.train({**SINGLE, **dict(params)}, data, rounds, objective=o, leaf=leaf, **rest), data


@pytest.mark.filterwarnings("ignore:.*no finite start:UserWarning")
@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("o", CONVEX, ids=lambda o: o.name)
def test_each_leaf_is_the_rate_times_the_best_constant_for_its_rows(o, booster):
    y = labels(o)
    rounds = 4
    if booster == "xgboost":
        model, data = xgboosts(o, {"eta": 0.3}, rounds)

        def raw(k):
            return model.predict(data, output_margin=True, iteration_range=(0, k)) if k else np.full(N, start, np.float32)

        leaves, eps = model.predict(data, pred_leaf=True), 2.0**-22
        still, _ = xgboosts(o, {"eta": 1e-30}, 1)  # under a native curvature the start may be XGBoost's own
        start = still.predict(data, output_margin=True)[0]
    else:
        model, data = lightgbms(o, {"learning_rate": 0.3}, rounds)

        def raw(k):
            return model.predict(X, raw_score=True, num_iteration=k) if k else np.full(N, start)

        leaves, eps = model.predict(X, pred_leaf=True), 2.0**-48
        still, _ = lightgbms(o, {"learning_rate": 1e-30}, 1)
        start = still.predict(X, raw_score=True)[0]
    assert leaves.shape == (N, rounds)
    several = 0
    for k in range(rounds):
        before, step = raw(k).astype(np.float64), raw(k + 1).astype(np.float64) - raw(k)
        for leaf in np.unique(leaves[:, k]):
            rows = leaves[:, k] == leaf
            several += 1
            assert np.ptp(step[rows]) <= 8 * eps * np.abs(before[rows]).max() + 8 * eps * np.abs(step[rows]).max()
            c = o.start(y[rows], WEIGHT[rows], offset=before[rows])[0]
            total = [o.loss(y[rows], before[rows] + v) @ WEIGHT[rows] for v in (step[rows][0] / 0.3, c)]
            # Where several constants are best rounding may choose another one.
            assert total[0] <= total[1] + 32 * eps * (np.abs(total[1]) + WEIGHT[rows].sum() * np.abs(before[rows]).max())
    assert several > 4 * rounds


def measured(o, raw, rows, weight):
    return np.average(o.loss(labels(o)[rows], raw), weights=weight)


@pytest.mark.parametrize("o", [bo.Quantile(alpha=0.9), bo.LogLoss(), bo.Poisson()], ids=lambda o: o.name)
def test_lightgbm_evaluates_and_stops_early(o):
    rows, rest = slice(0, HALF), slice(HALF, N)
    seen = {}
    y = labels(o)
    data = lgb.Dataset(X[rows], y[rows], weight=WEIGHT[rows])
    valid = lgb.Dataset(X[rest], y[rest], reference=data)
    callbacks = [lgb.record_evaluation(seen), lgb.early_stopping(4, verbose=False)]
    more = {"valid_sets": [data, valid], "callbacks": callbacks}
    model = bo.train({**QUIET, "learning_rate": 0.5}, data, 200, objective=o, leaf="exact", **more)
    best = model.best_iteration
    assert 1 <= best == model.num_trees() == np.argmin(seen["valid_1"][o.name]) + 1 < len(seen["valid_1"][o.name]) < 200
    for name, part, weight in (("training", rows, WEIGHT[rows]), ("valid_1", rest, None)):
        expected = measured(o, model.predict(X[part], raw_score=True), part, weight)
        assert seen[name][o.name][best - 1] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("save_best", [False, True])
@pytest.mark.parametrize("o", [bo.Quantile(alpha=0.9), bo.LogLoss(), bo.Poisson()], ids=lambda o: o.name)
def test_xgboost_evaluates_and_stops_early(o, save_best):
    rows, rest = slice(0, HALF), slice(HALF, N)
    seen, scores = {}, []
    y = labels(o)
    valid = xgb.DMatrix(X[rest], y[rest])
    dtrain = xgb.DMatrix(X[rows], y[rows], weight=WEIGHT[rows])
    own = "logloss" if o.name == "log_loss" else "mae"  # the boosters' metrics see predictions

    def metric(raw, data):
        if data is valid:
            scores.append(raw.copy())
        return o.name, np.average(o.loss(data.get_label(), raw), weights=data.get_weight() if data is dtrain else None)

    stopping = xgb.callback.EarlyStopping(rounds=4, save_best=save_best, maximize=False)
    model = bo.train(
        {**SINGLE, "eta": 0.5, "eval_metric": own}, dtrain, 200, objective=o, leaf="exact", custom_metric=metric,
        evals=[(dtrain, "train"), (valid, "valid")], evals_result=seen, verbose_eval=False, callbacks=[stopping],
    )  # fmt: skip
    best = model.best_iteration
    assert best == np.argmin(seen["valid"][o.name]) < len(seen["valid"][o.name]) - 1 < 199
    assert model.num_boosted_rounds() == (best + 1 if save_best else len(seen["valid"][o.name]))
    assert model.best_score == pytest.approx(min(seen["valid"][o.name]), rel=1e-12)
    raw = model.predict(valid, output_margin=True, iteration_range=(0, best + 1))
    assert np.array_equal(raw, scores[best])
    expected = measured(o, raw, rest, None) if own == "logloss" else np.abs(o.inverse_link(raw) - y[rest]).mean()
    assert seen["valid"][own][best] == pytest.approx(expected, rel=1e-5)
    assert not {"update", "eval_set", "set_param"} & set(vars(model))
    assert dtrain.get_base_margin().size == valid.get_base_margin().size == 0


@pytest.mark.filterwarnings("ignore:.*no finite start:UserWarning")
@pytest.mark.parametrize("o", [bo.Quantile(alpha=0.2), bo.Poisson()], ids=lambda o: o.name)
def test_an_offset(o):
    y = labels(o)
    seen = {}
    model, data = lightgbms(o, init_score=OFFSET, valid_sets=None)
    step = model.predict(X, raw_score=True, num_iteration=1)
    leaf = model.predict(X, pred_leaf=True, num_iteration=1)
    start = o.start(y, WEIGHT, offset=OFFSET)[0]
    assert np.array_equal(data.get_init_score(), OFFSET)
    xgboosts_model, dtrain = xgboosts(o, {"eta": 0.1}, base_margin=OFFSET)
    valid = xgb.DMatrix(X, y)
    rest = {"evals": [(dtrain, "train"), (valid, "valid")], "evals_result": seen, "verbose_eval": False}
    again = bo.train({**SINGLE, "eta": 0.1}, dtrain, 6, objective=o, leaf="exact", **rest)
    assert np.array_equal(again.predict(valid), xgboosts_model.predict(valid))
    assert np.array_equal(dtrain.get_base_margin(), OFFSET.astype(np.float32))
    for name, of, weight in (("train", dtrain, WEIGHT), ("valid", valid, None)):
        expected = measured(o, again.predict(of, output_margin=True), slice(None), weight)
        assert seen[name][o.name][-1] == pytest.approx(expected, rel=1e-5)
    first = again.predict(valid, output_margin=True, iteration_range=(0, 1))
    for steps, leaves, eps in ((step, leaf, 1e-12), (first, again.predict(valid, pred_leaf=True)[:, 0], 1e-5)):
        for which in np.unique(leaves):
            rows = leaves.reshape(N) == which
            best = o.start(y[rows], WEIGHT[rows], offset=OFFSET[rows] + start)[0]
            values = (steps[rows][0] - start) / 0.1, best
            got, wanted = (o.loss(y[rows], OFFSET[rows] + start + v) @ WEIGHT[rows] for v in values)
            assert got <= wanted + eps * abs(wanted) * 10 + eps


def test_training_goes_on_from_a_model():
    o = bo.Quantile(alpha=0.9)
    first, data = lightgbms(o, rounds=4)
    longer = bo.train(QUIET, lgb.Dataset(X, Y, weight=WEIGHT), 4, objective=o, leaf="exact", init_model=first)
    whole, _ = lightgbms(o, rounds=8)
    assert longer.num_trees() == 8
    np.testing.assert_allclose(longer.predict(X), whole.predict(X), rtol=1e-9, atol=1e-12)
    first, data = xgboosts(o, rounds=4)
    longer = bo.train(SINGLE, data, 4, objective=o, leaf="exact", xgb_model=first)
    whole, _ = xgboosts(o, rounds=8)
    assert longer.num_boosted_rounds() == 8
    np.testing.assert_allclose(longer.predict(data), whole.predict(data), rtol=1e-5, atol=1e-5)


def test_schedules_of_the_rate():
    o = bo.AbsoluteError()
    rates = [0.5, 0.25, 0.125]
    model, _ = lightgbms(o, rounds=3, callbacks=[lgb.reset_parameter(learning_rate=rates)])
    shrunk = [float(line.split("=")[1]) for line in text(model) if line.startswith("shrinkage=")]
    assert shrunk == [1, *rates[1:]]  # LightGBM's own first tree has 1: its start is in it
    half, _ = lightgbms(o, {"learning_rate": 0.5}, rounds=1)
    assert np.array_equal(model.predict(X, num_iteration=1), half.predict(X))
    model, data = xgboosts(o, {"eta": 0.5}, 2, callbacks=[xgb.callback.LearningRateScheduler([0.25, 0.125])])
    half, _ = xgboosts(o, {"eta": 0.5}, rounds=1)
    assert np.array_equal(model.predict(data, iteration_range=(0, 1)), half.predict(data))
    more = bo.train({**SINGLE, "eta": 0.25}, data, 1, objective=o, leaf="exact", xgb_model=half)
    np.testing.assert_allclose(model.predict(data), more.predict(data), rtol=1e-5, atol=1e-6)


def test_a_forest_in_each_round():
    o = bo.AbsoluteError()
    one, data = xgboosts(o, rounds=3)
    three, _ = xgboosts(o, {"num_parallel_tree": 4}, rounds=3)  # all the same: nothing is sampled
    np.testing.assert_allclose(one.predict(data), three.predict(data), rtol=1e-5, atol=1e-5)


def test_sampled_rows_choose_the_splits_and_all_rows_the_leaves():
    o = bo.AbsoluteError()
    model, data = xgboosts(o, {"subsample": 0.5, "eta": 1.0}, rounds=1)
    for leaf in np.unique(model.predict(data, pred_leaf=True)):
        rows = model.predict(data, pred_leaf=True).ravel() == leaf
        assert o.loss(Y[rows], model.predict(data)[rows]) @ WEIGHT[rows] <= (
            (1 + 1e-6) * o.loss(Y[rows], np.full(rows.sum(), o.start(Y[rows], WEIGHT[rows])[0])) @ WEIGHT[rows]
        )
    model, _ = lightgbms(o, {"bagging_fraction": 0.5, "bagging_freq": 1, "learning_rate": 1.0}, rounds=1)
    for leaf in np.unique(model.predict(X, pred_leaf=True)):
        rows = model.predict(X, pred_leaf=True).ravel() == leaf
        best = o.start(Y[rows], WEIGHT[rows])[0]
        assert o.loss(Y[rows], model.predict(X)[rows]) @ WEIGHT[rows] <= (1 + 1e-9) * np.abs(Y[rows] - best) @ WEIGHT[rows]


def test_quantile_dmatrices():
    o = bo.Quantile(alpha=0.9)
    if version_of(xgb.__version__) < (3,):
        with pytest.raises(ValueError, match="XGBoost does not say the leaves of this data"):
            xgboosts(o, made=xgb.QuantileDMatrix)
        return
    model, data = xgboosts(o, made=xgb.QuantileDMatrix)
    assert measured(o, model.predict(data), slice(None), WEIGHT) < 0.9 * measured(
        o, xgboosts(o, made=xgb.QuantileDMatrix, leaf="newton")[0].predict(data), slice(None), WEIGHT
    )


@pytest.mark.parametrize("o", [bo.MultiQuantile(alpha=(0.2, 0.5, 0.8)), bo.OneVsAll(num_class=3)], ids=lambda o: o.name)
def test_several_scores_that_are_losses_of_their_own(o):
    y = Y if o.name == "multi_quantile" else np.digitize(Y, [-1.0, 0.5]).astype(float)
    alone = o.apart(y, 3)
    params = {**QUIET, "learning_rate": 0.3, "num_class": 3}
    if o.name == "multi_quantile":
        del params["num_class"]
    raw = bo.train(params, lgb.Dataset(X, y), 5, objective=o, leaf="exact").predict(X, raw_score=True)
    if o.link == "identity":
        dtrain = xgb.DMatrix(X, y)
        other = bo.train({**SINGLE, "eta": 0.3}, dtrain, 5, objective=o, leaf="exact").predict(dtrain, output_margin=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pure classes
        for j, (one, target) in enumerate(alone):
            single = bo.train({**QUIET, "learning_rate": 0.3}, lgb.Dataset(X, target), 5, objective=one, leaf="exact")
            np.testing.assert_allclose(raw[:, j], single.predict(X, raw_score=True), rtol=1e-7, atol=1e-9)
            if o.link == "identity":
                dtrain = xgb.DMatrix(X, target)
                single = bo.train({**SINGLE, "eta": 0.3}, dtrain, 5, objective=one, leaf="exact")
                np.testing.assert_allclose(other[:, j], single.predict(dtrain, output_margin=True), rtol=1e-4, atol=1e-4)


def test_models_are_ordinary(tmp_path):
    o = bo.LogLoss()
    model, _ = lightgbms(o)
    model.save_model(tmp_path / "model.txt")
    again = lgb.Booster(model_file=tmp_path / "model.txt")
    assert np.array_equal(again.predict(X), model.predict(X))
    np.testing.assert_allclose(model.predict(X), o.inverse_link(model.predict(X, raw_score=True)), rtol=1e-14)
    assert model.feature_importance().sum() > 0
    model, data = xgboosts(o)
    model.save_model(tmp_path / "model.json")
    again = xgb.Booster(model_file=tmp_path / "model.json")
    assert np.array_equal(again.predict(data), model.predict(data))
    assert json.loads(model.save_config())["learner"]["objective"]["name"] == "binary:logistic"


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("o", [bo.Quantile(alpha=0.1), bo.LogCosh(scale=0.1)], ids=repr)
def test_training_loss_is_lower(o, booster):
    made = xgboosts if booster == "xgboost" else lightgbms
    losses = []
    for leaf in ("exact", "newton"):
        model, data = made(o, rounds=20, leaf=leaf)
        losses.append(measured(o, model.predict(data if booster == "xgboost" else X), slice(None), WEIGHT))
    assert losses[0] < losses[1]


# What is refused ------------------------------------------------------------------------------------------------------


class Checkpoint(xgb.callback.TrainingCheckPoint):
    def __init__(self):
        super().__init__(".")


def dmatrix():
    return xgb.DMatrix(X, Y)


def dataset():
    return lgb.Dataset(X, Y)


@pytest.mark.parametrize(("made", "params", "objective", "rest", "message"), [
    (dmatrix, {}, "quantile", {"leaf": "best"}, r"leaf must be one of 'newton', 'exact', got 'best'"),
    (dataset, {}, "squared_log_error", {}, r"needs a convex loss: 'squared_log_error' may have several minima"),
    (dmatrix, {}, "softmax", {}, r"the scores of 'softmax' act together"),
    (dmatrix, {}, "multi_expectile", {}, r"needs a convex loss"),
    (dmatrix, {}, "cox", {}, r"a loss of single rows: those of 'cox' depend on one another"),
    (dmatrix, {}, "reg:absoluteerror", {}, r"the leaves of 'reg:absoluteerror' are the booster's"),
    (dataset, {}, "lightgbm:quantile", {}, r"the leaves of 'lightgbm:quantile' are the booster's"),
    (dmatrix, {"booster": "gblinear"}, "quantile", {}, r"not possible with booster='gblinear'"),
    (dmatrix, {"booster": "dart"}, "quantile", {}, r"not possible with booster='dart'"),
    (dmatrix, {"multi_strategy": "multi_output_tree"}, "quantile", {}, r"multi_output_tree"),
    (dmatrix, {"process_type": "update"}, "quantile", {}, r"process_type='update'"),
    (dmatrix, {"monotone_constraints": "(1,0,0,0,0,0)"}, "quantile", {}, r"would not hold for the leaves"),
    (dmatrix, {}, "quantile", {"callbacks": [Checkpoint()]}, r"TrainingCheckPoint would save others"),
    (dataset, {"linear_tree": True}, "quantile", {}, r"linear_tree has other leaves than constants"),
    (dataset, {"mc": [1, 0, 0, 0, 0, 0]}, "quantile", {}, r"monotone_constraints would not hold"),
    (dataset, {"device": "gpu"}, "quantile", {}, r"device='gpu'"),
    (dataset, {"tree_learner": "data"}, "quantile", {}, r"rows on other machines"),
    (lambda: dataset().construct(), {}, "quantile", {}, r"free_raw_data=False keeps them"),
    (dataset, {"boosting": "dart"}, "quantile", {}, r"another model at every run"),
])  # fmt: skip
def test_refused(made, params, objective, rest, message):
    with pytest.raises(ValueError, match=message):
        bo.train({**params}, made(), 2, **{"objective": objective, "leaf": "exact", **rest})


def test_a_loss_that_does_not_say_that_it_is_not_convex():
    from dataclasses import dataclass

    @dataclass(frozen=True, kw_only=True, repr=False)
    class Bent(bo.Pointwise):
        name, link, domain = "bent", "identity", bo.domain.REAL

        @staticmethod
        def definition(mp, y, f):
            return mp.log(1 + (f - y) ** 2)

        @staticmethod
        def point(y, f):
            d = f - y
            q = 1.0 + d * d
            return np.log(q), 2.0 * d / q, 2.0 * (1.0 - d * d) / (q * q)

    for data in (dmatrix(), dataset()):
        with pytest.raises(ValueError, match=r"needs a convex loss: the curvature of Bent\(\) is -0\."):
            bo.train({}, data, 2, objective=Bent(), leaf="exact")
