"""bo.train: the built-in's predictions under its name, ordinary models, honest metrics, offsets, and nothing left changed."""

import contextlib
import copy
import json
import subprocess
import sys

import chosen
import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb

import boostobj as bo
from boostobj import builtins, checks
from boostobj.builtins import version_of
from boostobj.links import LINKS

QUIET = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True, "min_data_in_leaf": 5}
SINGLE = {"nthread": 1, "max_depth": 3}
VERSIONS = {"xgboost": xgb.__version__, "lightgbm": lgb.__version__}


def needed(name):
    """The parameters that a built-in cannot do without."""
    return {p.name: p.typical[-1] for p in builtins.names()[name].parameters if p.required}


def of(booster):
    """The built-ins of the installed version."""
    names = sorted(name for name, row in builtins.names().items() if row.booster == booster)
    return [n for n in names if builtins.row_for(n, {**builtins.names()[n].defaults(), **needed(n)}, VERSIONS[booster])]


XGBOOST, LIGHTGBM = of("xgboost"), of("lightgbm")
N, K = 400, 3
RNG = np.random.default_rng(5)
X = RNG.normal(size=(N, 12))
SIGNAL = X[:, 0] - np.abs(X[:, 1]) + X[:, 2] * X[:, 3] + 0.3 * RNG.normal(size=N)
WEIGHT = RNG.uniform(0.3, 3.0, N)
OFFSET = RNG.normal(size=N)
# The boosters keep float32: so that what is computed by hand is computed from the same numbers.
SIGNAL, WEIGHT, OFFSET = (a.astype(np.float32).astype(np.float64) for a in (SIGNAL, WEIGHT, OFFSET))
HALF = N // 2


def target(allowed, classes):
    """Targets that depend on X, inside what is allowed."""
    if classes:
        y = np.digitize(SIGNAL, [-1.0, 0.3])
    elif allowed.low >= 0 and allowed.high <= 1:
        y = SIGNAL > np.median(SIGNAL)
    elif allowed.integer:  # degrees of relevance
        y = np.digitize(SIGNAL, [-1.0, 0.3, 1.0])
    elif allowed.low >= 0:
        y = np.floor(np.exp(SIGNAL)) + 1
    elif allowed.low > -np.inf:
        y = allowed.low + np.exp(SIGNAL).astype(np.float32)
    else:
        y = SIGNAL
    y = np.asarray(y, np.float64)
    assert allowed.contains(y).all()
    return y


def target_at(o):
    """Targets that depend on X for an objective: labels, or the ends of intervals."""
    if not o._wants.interval:
        y = target(o._labels(K), scores(o) > 1 and o.domain.integer)
        return 2**y if getattr(o, "sets", False) else y  # one class of each row, as a set
    y = np.exp(SIGNAL).astype(np.float32).astype(np.float64)
    return np.stack([y, np.where(np.arange(N) % 3, y, np.inf)], axis=1)


def fields(o, y, weight, for_xgboost):
    """Labels, bounds, groups and weights as the boosters' containers take them."""
    ranks = o._wants.groups and not checks.textbook(o).row_weights
    found = {"group": np.full(len(y) // 10, 10)} if ranks else {}
    if y.ndim == 1:
        found["label"] = y
    elif for_xgboost:
        found["label_lower_bound"], found["label_upper_bound"] = y.T
    if weight is not None:
        found["weight"] = weight[: len(y) // 10] if ranks and for_xgboost else weight
    return found


def dmatrix(o, y, weight=None, made=xgb.DMatrix, **more):
    return made(X[: len(y)], **fields(o, y, weight, True), **more)


def made_for(o, y, weight=None, **more):
    data = lgb.Dataset(X, **fields(o, y, weight, False), **more)
    if y.ndim == 2:
        bo.set_bounds(data, *y.T)
    return data


def scores(o):
    if not isinstance(o, bo.Rowwise):
        return 1
    count = getattr(o, o.count)
    return len(count) if isinstance(count, tuple) else K


def target_of(o):
    return target_at(o)


def target_of_builtin(name):
    row = builtins.names()[name]
    o = bo.get(name)
    return target_at(o) if o._wants.interval else target(row.labels, row.count and row.labels.integer)


def with_classes(o, params):
    return {**params, "num_class": K} if scores(o) > 1 and o.count == "num_class" else params


def learns(o, y):
    """Whether a booster can learn the loss from its own Hessian."""
    k = scores(o)
    return o(np.full((N, k) if k > 1 else N, 0.5, np.float32), dmatrix(o, y))[1].any()


# An ordinary Booster -------------------------------------------------------------------------------------------------


def test_models_predict_on_the_scale_of_the_target_where_boostobj_is_not(tmp_path):
    shown = {}
    for name in sorted(bo.objectives):
        o = bo.get(name)
        y = target_of(o)
        dtrain = dmatrix(o, y)
        link = LINKS[o.link]
        ours = bo.train(SINGLE, dtrain, 4, objective=o)
        raw = ours.predict(xgb.DMatrix(X), output_margin=True)
        as_it_is = o.link in ("identity", "location")
        lacks = not as_it_is and o.train_params(dtrain)["objective"] == "reg:squarederror"
        shown[f"xgboost-{name}"] = ours.predict(xgb.DMatrix(X)), raw, o, lacks
        assert np.array_equal(bo.predict(ours, X), o.inverse_link(raw) if lacks else ours.predict(xgb.DMatrix(X)))
        ours.save_model(tmp_path / f"xgboost-{name}.json")
        ours = bo.train(with_classes(o, QUIET), made_for(o, y), 4, objective=o)
        raw = ours.predict(X, raw_score=True)
        lacks = not as_it_is and not link.lightgbm
        shown[f"lightgbm-{name}"] = ours.predict(X), raw, o, lacks
        assert np.array_equal(bo.predict(ours, X), o.inverse_link(raw) if lacks else ours.predict(X))
        ours.save_model(tmp_path / f"lightgbm-{name}.txt")
    assert {name for name, (*_, lacks) in shown.items() if lacks} == {
        *(f"lightgbm-{name}" for name in ("hinge", "smoothed_hinge", "squared_hinge")),
        *("xgboost-squared_root_error", "xgboost-exponential"),
        *(f"{booster}-{name}" for booster in VERSIONS for name in ("multi_expectile", "non_crossing_quantile")),
        *(f"{booster}-{name}" for booster in VERSIONS for name in ("gaussian", "laplace", "log_normal", "student_t")),
    }
    np.save(tmp_path / "x.npy", X)
    code = """
import sys
sys.modules["boostobj"] = None
import pathlib, numpy as np, xgboost, lightgbm
try:
    import boostobj
except ImportError:
    x = np.load("x.npy")
    for path in pathlib.Path(".").glob("*-*"):
        if path.suffix == ".json":
            shown = xgboost.Booster(model_file=path).predict(xgboost.DMatrix(x))
        else:
            shown = lightgbm.Booster(model_file=path).predict(x)
        np.save(path.stem + ".npy", shown)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    for name, (predicted, raw, o, lacks) in shown.items():
        assert np.ptp(raw, axis=0).min() > 0 or not learns(o, target_of(o)), name
        assert np.array_equal(np.load(tmp_path / f"{name}.npy"), predicted), name
        eps = np.finfo(predicted.dtype).eps
        np.testing.assert_allclose(predicted, raw if lacks else o.inverse_link(raw), rtol=16 * eps, atol=0, err_msg=name)


def test_training_starts_at_the_best_constant():
    """With a learning rate of nearly 0 the model is its start."""
    for name in chosen.classes():
        o = bo.get(name, curvature="exact")
        y = target_of(o)
        start = o.start(y, WEIGHT)
        heavy = None if o._wants.groups else WEIGHT
        ours = bo.train({**SINGLE, "eta": 1e-30}, dmatrix(o, y, heavy), 1, objective=o, doctor=False)
        raw = ours.predict(xgb.DMatrix(X), output_margin=True).reshape(N, -1)
        scale = 1 + np.abs(start).max()  # base_score is a float32 on the scale of the target
        assert np.abs(raw - start).max() <= 1e-6 * scale, name
        assert np.abs(bo.record(ours)["start"] - start).max() <= 1e-6 * scale, name
        params = with_classes(o, {**QUIET, "learning_rate": 1e-30})
        ours = bo.train(params, made_for(o, y, heavy), 1, objective=o, doctor=False)
        raw = ours.predict(X, raw_score=True).reshape(N, -1)
        # Beside a start of 0 there is what the trees say, times the learning rate.
        assert np.abs(raw - start).max() <= max(1e-12 * np.abs(start).max(), 1e-15), name  # LightGBM's kEpsilon: below it is 0
        assert np.abs(bo.record(ours)["start"] - start).max() <= max(1e-12 * np.abs(start).max(), 1e-15), name


def test_a_users_base_score_wins():
    y = target_of(bo.get("log_loss"))
    for o in ("log_loss", "binary:logistic", bo.get("log_loss", curvature="majorized")):
        booster = bo.train({**SINGLE, "eta": 1e-30, "base_score": 0.25}, xgb.DMatrix(X, y), 1, objective=o)
        assert booster.predict(xgb.DMatrix(X))[0] == pytest.approx(0.25, rel=1e-6)


def test_a_slope_of_the_raw_score_is_in_the_model_of_lightgbm():
    y = target_of(bo.get("log_loss"))
    for o in (bo.get("log_loss", sigmoid=1.7), bo.get("log_loss", sigmoid=1.7, curvature="majorized")):
        booster = bo.train(QUIET, lgb.Dataset(X, y), 3, objective=o)
        expected = o.inverse_link(booster.predict(X, raw_score=True))
        np.testing.assert_allclose(booster.predict(X), expected, rtol=16 * np.finfo(float).eps, atol=0)


def test_an_objective_of_the_other_booster():
    y = target_of(bo.get("log_loss"))
    o = bo.get("lightgbm:binary")
    booster = bo.train(SINGLE, xgb.DMatrix(X, y), 5, objective=o)
    raw = booster.predict(xgb.DMatrix(X), output_margin=True)
    np.testing.assert_allclose(booster.predict(xgb.DMatrix(X)), o.inverse_link(raw), rtol=2e-6, atol=0)
    assert o.loss(y, raw).mean() < 0.8 * o.loss(y, np.zeros(N)).mean()
    booster = bo.train(QUIET, lgb.Dataset(X, y), 5, objective="binary:logistic")
    raw = booster.predict(X, raw_score=True)
    np.testing.assert_allclose(booster.predict(X), o.inverse_link(raw), rtol=1e-14, atol=0)
    assert o.loss(y, raw).mean() < 0.8 * o.loss(y, np.zeros(N)).mean()


def test_lightgbm_refits_with_the_objective_in_the_model():
    y = target_of(bo.get("log_loss"))
    ours = bo.train(QUIET, lgb.Dataset(X, y), 5, objective="log_loss")
    theirs = lgb.train({**QUIET, "objective": "binary"}, lgb.Dataset(X, y), 5)
    assert np.array_equal(ours.refit(X, y).predict(X), theirs.refit(X, y).predict(X))


def weights(way, ways, i):
    """With and without in the first way, in the others in turns."""
    j = list(ways).index(way)
    return (None, WEIGHT) if j == 0 else ((None, WEIGHT)[(i + j) % 2],)


# Under a booster's own name -------------------------------------------------------------------------------------------

XGBOOST_WAYS = {
    "hist": {},
    "exact": {"tree_method": "exact"},
    "approx": {"tree_method": "approx"},
    "two threads": {"nthread": 2},
    "sampled": {"subsample": 0.7, "colsample_bytree": 0.6, "seed": 3},
    "dropout": {"booster": "dart", "rate_drop": 0.3},
    "parallel trees": {"num_parallel_tree": 2, "subsample": 0.5},
    "quantile": {},
    "offset": {},
    "continued": {},
}


@pytest.mark.filterwarnings("ignore:.*dart:UserWarning")
@pytest.mark.filterwarnings("ignore::boostobj.DoctorWarning")  # half of the targets is one class, where training goes on
@pytest.mark.parametrize("way", XGBOOST_WAYS)
@pytest.mark.parametrize("name", XGBOOST)
def test_xgboost_predicts_as_the_built_in(name, way):
    if (name, way) == ("reg:absoluteerror", "parallel trees") and version_of(xgb.__version__) < (3,):
        pytest.skip("XGBoost 2 does not grow forests with this objective")
    y = target_of_builtin(name)
    count = builtins.names()[name].count
    values = {"num_class": K} if count == "num_class" else {}
    values |= {n: list(v) if isinstance(v, tuple) else v for n, v in needed(name).items()}
    params = {**SINGLE, **values, **XGBOOST_WAYS[way]}
    k = values.get(count, 1)
    k = len(k) if isinstance(k, list) else k
    offset = np.stack([OFFSET, -OFFSET, 2 * OFFSET], axis=1)[:, :k] if k > 1 else OFFSET
    for weight in weights(way, XGBOOST_WAYS, XGBOOST.index(name)):
        made = xgb.QuantileDMatrix if way == "quantile" else xgb.DMatrix
        o = bo.get(name, **needed(name))
        dtrain = dmatrix(o, y, weight, made, base_margin=offset if way == "offset" else None)
        # A model to go on from has seen other targets: its start is not that of the data.
        half = np.sort(y, axis=0)[:HALF] if not count else y[:HALF]
        first = dmatrix(o, half) if way == "continued" else dtrain
        ours = bo.train(params, first, 8, objective=name)
        theirs = xgb.train({**params, "objective": name}, first, 8)
        if way == "continued":
            ours = bo.train(params, dtrain, 4, objective=name, xgb_model=ours)
            theirs = xgb.train({**params, "objective": name}, dtrain, 4, xgb_model=theirs)
        for data in (dtrain, xgb.DMatrix(X)):
            for margin in (False, True):
                assert np.array_equal(ours.predict(data, output_margin=margin), theirs.predict(data, output_margin=margin))


def test_xgboosts_start_is_that_of_its_number_of_threads():
    """XGBoost adds float32 numbers, one partial sum per thread."""
    rng = np.random.default_rng(3)
    for trial in range(6):
        nthread = 1 + trial % 2
        y = np.r_[:11, rng.integers(0, 11, 3000)]
        dtrain = xgb.DMatrix(np.zeros((y.size, 1)), y, weight=rng.exponential(size=y.size))
        params = {"num_class": 11, "nthread": nthread}
        ours = bo.train(params, dtrain, 1, objective="multi:softprob")
        theirs = xgb.train({**params, "objective": "multi:softprob"}, dtrain, 1)
        assert np.array_equal(ours.predict(dtrain, output_margin=True), theirs.predict(dtrain, output_margin=True))


def test_xgboosts_model_is_the_built_ins_byte_for_byte_but_for_the_record():
    y = target_of(bo.get("log_loss"))
    dtrain = xgb.DMatrix(X, y, weight=WEIGHT)
    ours = bo.train({**SINGLE, "scale_pos_weight": 2.5}, dtrain, 8, objective="binary:logistic")
    score = json.loads(ours.save_config())["learner"]["learner_model_param"]["base_score"]
    params = {**SINGLE, "scale_pos_weight": 2.5, "base_score": score, "objective": "binary:logistic"}
    if version_of(xgb.__version__) < (3, 1):
        params["base_score"] = float(score)
    theirs = xgb.train(params, dtrain, 8)
    assert ours.save_raw("ubj") != theirs.save_raw("ubj")
    ours.set_attr(boostobj=None)  # the record of what made it
    assert ours.save_raw("ubj") == theirs.save_raw("ubj")


LIGHTGBM_WAYS = {
    "row-wise": {},
    "column-wise": {"force_row_wise": False, "force_col_wise": True},
    "from 0": {"boost_from_average": False},
    "bagging": {"bagging_fraction": 0.7, "bagging_freq": 1},
    "goss": {"boosting": "goss"},
    "few columns": {"feature_fraction": 0.3},
    "more columns": {"feature_fraction": 0.6, "feature_fraction_bynode": 0.5},
    "most columns": {"feature_fraction": 0.9},
    "linear": {"linear_tree": True},
    "offset": {},
    "continued": {},
    "no splits": {"min_data_in_leaf": N},
    "no splits, from 0": {"min_data_in_leaf": N, "boost_from_average": False},
}


def assert_same(ours, theirs):
    assert ours.num_trees() == theirs.num_trees()
    assert np.array_equal(ours.predict(X, raw_score=True), theirs.predict(X, raw_score=True))
    assert np.array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.filterwarnings("ignore:.*is trained by LightGBM itself:UserWarning")  # see test_leaves.py
@pytest.mark.filterwarnings("ignore::boostobj.DoctorWarning")  # "no splits" is meant
@pytest.mark.parametrize("way", LIGHTGBM_WAYS)
@pytest.mark.parametrize("name", LIGHTGBM)
def test_lightgbm_predicts_as_the_built_in(name, way):
    if way == "linear" and builtins.names()[name].leaves:
        pytest.skip("LightGBM refuses it")
    y = target_of_builtin(name)
    row = builtins.names()[name]
    params = {**QUIET, **LIGHTGBM_WAYS[way], **({"num_class": K} if row.count else {})}
    offset = np.stack([OFFSET, -OFFSET, 2 * OFFSET], axis=1) if row.count else OFFSET
    for weight in weights(way, LIGHTGBM_WAYS, LIGHTGBM.index(name)):
        keep = {"init_score": offset if way == "offset" else None, "free_raw_data": False}
        data = [made_for(bo.get(name), y, weight, **keep) for _ in range(2)]
        ours = bo.train(params, data[0], 8, objective=name)
        theirs = lgb.train({**params, "objective": row.name}, data[1], 8)
        if way == "continued":
            ours = bo.train(params, data[0], 4, objective=name, init_model=ours)
            theirs = lgb.train({**params, "objective": row.name}, data[1], 4, init_model=theirs)
        assert "no splits" in way or np.ptp(theirs.predict(X, raw_score=True), axis=0).min() > 0
        assert_same(ours, theirs)


@pytest.mark.parametrize("params", [{"sigmoid": 1.7}, {"is_unbalance": True}, {"scale_pos_weight": 2.5, "sigmoid": 0.5}])
def test_parameters_of_the_objective_are_taken_from_params(params):
    y = (SIGNAL > 1).astype(float)
    ours = bo.train({**QUIET, **params}, lgb.Dataset(X, y), 8, objective="lightgbm:binary")
    theirs = lgb.train({**QUIET, **params, "objective": "binary"}, lgb.Dataset(X, y), 8)
    assert_same(ours, theirs)
    assert_same(bo.train(QUIET, lgb.Dataset(X, y), 8, objective=bo.get("lightgbm:binary", **params)), theirs)
    lines = [next(line for line in b.model_to_string().splitlines() if line.startswith("objective=")) for b in (ours, theirs)]
    assert lines[0] == lines[1]


@pytest.mark.filterwarnings("ignore::boostobj.DoctorWarning")  # it is right
@pytest.mark.filterwarnings("ignore:lightgbm.binary. no finite start:UserWarning")
@pytest.mark.parametrize("params", [{}, {"boost_from_average": False}, {"min_sum_hessian_in_leaf": 0.0}])
@pytest.mark.parametrize("only", [0.0, 1.0])
def test_lightgbm_trains_nothing_on_one_class(only, params):
    params, y = {**QUIET, **params}, np.full(N, only)
    ours = bo.train(params, lgb.Dataset(X, y), 5, objective="lightgbm:binary")
    assert_same(ours, lgb.train({**params, "objective": "binary"}, lgb.Dataset(X, y), 5))


@pytest.mark.parametrize("start", [True, False])
@pytest.mark.parametrize("least", [1e-3, 0.0])
def test_lightgbm_trains_no_class_without_rows(start, least):
    params = {**QUIET, "num_class": K + 2, "boost_from_average": start, "min_sum_hessian_in_leaf": least}
    y = target_of(bo.get("softmax")) + 1
    ours = bo.train(params, lgb.Dataset(X, y), 5, objective="lightgbm:multiclass")
    assert_same(ours, lgb.train({**params, "objective": "multiclass"}, lgb.Dataset(X, y), 5))


def test_lightgbm_reads_files_and_subsets(tmp_path):
    y = target_of(bo.get("log_loss"))
    np.savetxt(tmp_path / "data.csv", np.c_[y, X], delimiter=",", fmt="%.17g")
    data = [lgb.Dataset(str(tmp_path / "data.csv")) for _ in range(2)]
    theirs = lgb.train({**QUIET, "objective": "binary"}, data[1], 5)
    assert_same(bo.train(QUIET, data[0], 5, objective="lightgbm:binary"), theirs)
    parts = [lgb.Dataset(X, y, weight=WEIGHT).subset(np.arange(0, N, 2)) for _ in range(2)]
    theirs = lgb.train({**QUIET, "objective": "binary"}, parts[1], 5)
    assert_same(bo.train(QUIET, parts[0], 5, objective="lightgbm:binary"), theirs)


# Metrics --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("curvature", ["default", "majorized"])
@pytest.mark.parametrize("name", ["log_loss", "softmax", "log_cosh"])
def test_xgboost_stops_early_where_the_mean_loss_is_smallest(name, curvature):
    o = bo.get(name, curvature=curvature)
    y = target_of(o)
    dtrain = xgb.DMatrix(X[:HALF], y[:HALF])
    valid = xgb.DMatrix(X[HALF:], y[HALF:], weight=WEIGHT[HALF:])
    seen = {}
    booster = bo.train(
        {**SINGLE, "eta": 0.8}, dtrain, 100, objective=o,
        evals=[(dtrain, "train"), (valid, "valid")], early_stopping_rounds=3, evals_result=seen, verbose_eval=False,
    )  # fmt: skip
    assert list(seen["valid"]) == [name]
    by_hand = []
    for i in range(booster.num_boosted_rounds()):
        raw = booster.predict(valid, output_margin=True, iteration_range=(0, i + 1))
        by_hand.append(np.average(o.loss(y[HALF:], raw), weights=WEIGHT[HALF:]))
    np.testing.assert_allclose(seen["valid"][name], by_hand, rtol=1e-5, atol=0)
    assert booster.best_iteration == np.argmin(by_hand) < booster.num_boosted_rounds() - 1


@pytest.mark.parametrize("curvature", ["default", "majorized"])
@pytest.mark.parametrize("name", ["log_loss", "softmax", "log_cosh"])
def test_lightgbm_stops_early_where_the_mean_loss_is_smallest(name, curvature):
    o = bo.get(name, curvature=curvature)
    y = target_of(o)
    data = lgb.Dataset(X[:HALF], y[:HALF])
    valid = lgb.Dataset(X[HALF:], y[HALF:], weight=WEIGHT[HALF:], reference=data)
    seen, params = {}, with_classes(o, {**QUIET, "learning_rate": 0.8})
    booster = bo.train(
        params, data, 100, objective=o, valid_sets=[valid, data], valid_names=["valid", "train"],
        callbacks=[lgb.early_stopping(3, verbose=False), lgb.record_evaluation(seen)],
    )  # fmt: skip
    assert list(seen["valid"]) == [name]
    longer = bo.train(params, lgb.Dataset(X[:HALF], y[:HALF]), len(seen["valid"][name]), objective=o)
    by_hand = []
    for i in range(len(seen["valid"][name])):
        raw = longer.predict(X[HALF:], raw_score=True, num_iteration=i + 1)
        by_hand.append(np.average(o.loss(y[HALF:], raw), weights=WEIGHT[HALF:]))
    np.testing.assert_allclose(seen["valid"][name], by_hand, rtol=1e-12, atol=0)
    assert booster.best_iteration == np.argmin(by_hand) + 1 < len(by_hand)
    assert booster.best_score["valid"][name] == pytest.approx(min(by_hand), rel=1e-12)
    assert booster.current_iteration() == booster.best_iteration


def test_lightgbm_with_valid_sets_stops_where_the_built_in_stops():
    y = target_of(bo.get("log_loss"))
    made = []
    for ours in (True, False):
        data = lgb.Dataset(X[:HALF], y[:HALF])
        valid = lgb.Dataset(X[HALF:], y[HALF:], reference=data)
        rest = {"valid_sets": [valid], "callbacks": [lgb.early_stopping(3, verbose=False)]}
        if ours:
            made.append(bo.train(QUIET, data, 200, objective="lightgbm:binary", **rest))
        else:
            made.append(lgb.train({**QUIET, "objective": "binary"}, data, 200, **rest))
    assert 1 < made[0].best_iteration == made[1].best_iteration < 200
    assert_same(*made)


def test_xgboosts_own_metric_stays_under_its_own_name():
    y = target_of(bo.get("log_loss"))
    dtrain, ours, theirs = xgb.DMatrix(X, y), {}, {}
    rest = {"evals": [(dtrain, "train")], "verbose_eval": False}
    bo.train(SINGLE, dtrain, 5, objective="binary:logistic", evals_result=ours, **rest)
    xgb.train({**SINGLE, "objective": "binary:logistic"}, dtrain, 5, evals_result=theirs, **rest)
    assert ours == theirs


def test_a_metric_of_the_users_takes_the_place_of_ours():
    y = target_of(bo.get("log_loss"))
    dtrain, seen = xgb.DMatrix(X, y), {}
    rest = {"evals": [(dtrain, "train")], "verbose_eval": False, "evals_result": seen}
    bo.train({**SINGLE, "eval_metric": ["auc", "error"]}, dtrain, 2, objective="log_loss", **rest)
    assert list(seen.pop("train")) == ["auc", "error"]
    bo.train(SINGLE, dtrain, 2, objective="log_loss", custom_metric=lambda raw, d: ("mine", raw.min()), **rest)
    assert list(seen["train"]) == ["mine"]
    data, seen = lgb.Dataset(X, y), {}
    rest = {"valid_sets": [data], "callbacks": [lgb.record_evaluation(seen)]}
    bo.train({**QUIET, "metric": "auc,average_precision"}, data, 2, objective="log_loss", **rest)
    assert list(seen.pop("training")) == ["auc", "average_precision"]
    bo.train(QUIET, data, 2, objective="log_loss", feval=lambda raw, d: ("mine", raw.min(), False), **rest)
    assert list(seen["training"]) == ["mine"]


# Offsets --------------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*dart:UserWarning")
@pytest.mark.parametrize("way", [{}, {"num_parallel_tree": 2}, {"booster": "dart", "rate_drop": 0.5}])
@pytest.mark.parametrize("name", ["log_loss", "softmax", "log_cosh", "expectile", "quantile", "multi_quantile"])
def test_xgboost_with_an_offset(name, way):
    """Offset 0.5 on one side, none on the other: what training saw is what the model predicts, given the margin or not."""
    o = bo.get(name)
    y = target_of(o)
    offset = np.stack([OFFSET, -OFFSET, 2 * OFFSET], axis=1) if name in ("softmax", "multi_quantile") else OFFSET
    dtrain = xgb.DMatrix(X, y, weight=WEIGHT, base_margin=offset)
    valid = xgb.DMatrix(X, y)
    seen = {}
    rest = {"evals": [(dtrain, "train"), (valid, "valid")], "evals_result": seen, "verbose_eval": False}
    booster = bo.train({**SINGLE, **way}, dtrain, 6, objective=o, **rest)
    raw = {"train": booster.predict(dtrain, output_margin=True), "valid": booster.predict(valid, output_margin=True)}
    for which, weight in (("train", WEIGHT), ("valid", None)):
        expected = np.average(o.loss(y, raw[which]), weights=weight)
        assert seen[which][name][-1] == pytest.approx(expected, rel=2e-5), which
    np.testing.assert_allclose(raw["train"], raw["valid"] + offset, rtol=1e-5, atol=1e-5 * np.abs(offset).max())
    assert np.array_equal(np.asarray(dtrain.get_base_margin()).reshape(offset.shape), offset.astype(np.float32))
    assert valid.get_base_margin().size == 0
    still = bo.train({**SINGLE, "eta": 1e-30}, dtrain, 1, objective=o)
    start = o.start(y, WEIGHT, offset=offset.astype(np.float32))
    np.testing.assert_allclose(still.predict(valid, output_margin=True).reshape(N, -1), np.tile(start, (N, 1)), rtol=2e-6)


def test_xgboost_with_an_offset_keeps_what_belongs_to_the_booster():
    y = target_of(bo.get("log_loss"))
    dtrain = xgb.DMatrix(X[:HALF], y[:HALF], base_margin=OFFSET[:HALF], feature_names=[f"f{i}x" for i in range(X.shape[1])])
    valid = xgb.DMatrix(X[HALF:], y[HALF:], feature_names=dtrain.feature_names)
    booster = bo.train(
        {**SINGLE, "eta": 0.8, "eval_metric": "logloss"}, dtrain, 100, objective="log_loss",
        evals=[(valid, "valid")], early_stopping_rounds=3, verbose_eval=False,
    )  # fmt: skip
    assert 0 < booster.best_iteration < booster.num_boosted_rounds() - 1
    assert booster.feature_names == dtrain.feature_names
    config = json.loads(booster.save_config())["learner"]
    assert config["metrics"][0]["name"] == "logloss"
    assert float(config["gradient_booster"]["tree_train_param"]["eta"]) == pytest.approx(0.8)
    raw = booster.predict(valid, output_margin=True, iteration_range=(0, booster.best_iteration + 1))
    assert booster.best_score == pytest.approx(bo.get("log_loss").loss(y[HALF:], raw).mean(), rel=1e-5)


@pytest.mark.parametrize("name", ["log_loss", "softmax", "log_cosh"])
def test_lightgbm_with_an_offset(name):
    o = bo.get(name)
    y = target_of(o)
    offset = np.stack([OFFSET, -OFFSET, 2 * OFFSET], axis=1) if name == "softmax" else OFFSET
    for flat in (False, True):
        given = offset.ravel(order="F") if flat else offset
        data = lgb.Dataset(X, y, weight=WEIGHT, init_score=given)
        valid = lgb.Dataset(X, y, reference=data)
        seen, params = {}, with_classes(o, QUIET)
        rest = {"valid_sets": [data, valid], "valid_names": ["train", "valid"], "callbacks": [lgb.record_evaluation(seen)]}
        booster = bo.train(params, data, 6, objective=o, **rest)
        raw = booster.predict(X, raw_score=True)
        mean = np.average(o.loss(y, raw + offset), weights=WEIGHT.astype(np.float32))
        assert seen["train"][name][-1] == pytest.approx(mean, rel=1e-12)
        assert seen["valid"][name][-1] == pytest.approx(o.loss(y, raw).mean(), rel=1e-12)
        assert np.array_equal(data.get_init_score(), offset)
        assert valid.get_field("init_score") is None
        still = bo.train({**params, "learning_rate": 1e-30}, data, 1, objective=o)
        start = o.start(y.astype(np.float32), WEIGHT.astype(np.float32), offset=offset)
        np.testing.assert_allclose(still.predict(X, raw_score=True).reshape(N, -1), np.tile(start, (N, 1)), rtol=1e-9)


def test_counts_with_exposure():
    """Closed forms: the rate of all, and of each of two groups, is the sum of counts over the sum of exposures."""
    o, rng = bo.get("poisson"), np.random.default_rng(8)
    group = np.repeat([0.0, 1.0], HALF)
    exposure = rng.uniform(0.1, 5, N).astype(np.float32).astype(np.float64)
    y = rng.poisson(exposure * (0.3 + 2 * group)).astype(float)
    offset = np.log(exposure)
    rate = y.sum() / exposure.sum()
    of_group = np.array([y[group == g].sum() / exposure[group == g].sum() for g in (0, 1)])
    assert o.start(y, offset=offset)[0] == pytest.approx(np.log(rate), rel=1e-12)
    two = np.array([[0.0], [1.0]])

    newton = {"eta": 1.0, "lambda": 0.0, "min_child_weight": 0.0, "nthread": 1}
    booster = bo.train(newton, xgb.DMatrix(np.zeros((N, 1)), y, base_margin=offset), 30, objective=o)
    np.testing.assert_allclose(booster.predict(xgb.DMatrix(two)), rate, rtol=1e-6)
    given = booster.predict(xgb.DMatrix(two, base_margin=np.log([2.0, 5.0])))
    np.testing.assert_allclose(given, [2 * rate, 5 * rate], rtol=1e-6)
    booster = bo.train(newton, xgb.DMatrix(group[:, None], y, base_margin=offset), 60, objective=o)
    np.testing.assert_allclose(booster.predict(xgb.DMatrix(two)), of_group, rtol=1e-4)

    params = {**QUIET, "learning_rate": 1.0, "min_data_in_leaf": N}
    data = lgb.Dataset(group[:, None], y, init_score=offset)
    booster = bo.train(params, data, 30, objective=o, doctor=False)  # no splits are meant
    np.testing.assert_allclose(booster.predict(two), rate, rtol=1e-12)
    params |= {"min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0.0}
    booster = bo.train(params, lgb.Dataset(group[:, None], y, init_score=offset), 60, objective=o)
    np.testing.assert_allclose(booster.predict(two), of_group, rtol=1e-6)
    assert booster.predict(two, raw_score=True)[0] + np.log(2) == pytest.approx(np.log(2 * of_group[0]), rel=1e-5)


# Nothing is left changed ----------------------------------------------------------------------------------------------


class Stop(Exception):
    pass


def failing(raw, data):
    raise Stop


@pytest.mark.parametrize("offset", [None, OFFSET])
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("objective", ["log_loss", "binary:logistic", "lightgbm:binary"])
def test_params_and_data_are_as_before(objective, fails, offset):
    y = target_of(bo.get("log_loss"))

    def error():
        return pytest.raises(Stop) if fails else contextlib.nullcontext()

    params = {**SINGLE, "eval_metric": ["auc", "logloss"]}
    before = copy.deepcopy(params)
    dtrain, valid = xgb.DMatrix(X, y, base_margin=offset), xgb.DMatrix(X, y)
    rest = {"evals": [(dtrain, "train"), (valid, "valid")], "verbose_eval": False}
    with error():
        bo.train(params, dtrain, 2, objective=objective, custom_metric=failing if fails else None, **rest)
    assert params == before
    assert valid.get_base_margin().size == 0
    assert np.array_equal(dtrain.get_base_margin(), [] if offset is None else offset.astype(np.float32))

    for constructed in (False, True):
        params = {**QUIET, "interaction_constraints": [[0, 1], [2, 3]]}
        before = copy.deepcopy(params)
        data = lgb.Dataset(X, y, init_score=offset, params=QUIET)
        valid = lgb.Dataset(X, y, reference=data, params=QUIET)
        if constructed:
            data.construct()
            valid.construct()
        callbacks = [lgb.record_evaluation({})]
        rest = {"valid_sets": [data, valid], "callbacks": callbacks}
        with error():
            bo.train(params, data, 2, objective=objective, feval=failing if fails else None, **rest)
        assert params == before
        assert len(callbacks) == 1
        assert valid.get_field("init_score") is None and valid.init_score is None
        if offset is None:
            assert data.get_field("init_score") is None and data.init_score is None
        else:
            assert np.array_equal(data.get_field("init_score"), offset)


def test_lightgbm_data_serve_again_after_training_goes_on():
    y = target_of(bo.get("log_loss"))
    data = lgb.Dataset(X, y, free_raw_data=False)
    first = bo.train(QUIET, data, 5, objective="log_loss")
    bo.train(QUIET, data, 5, objective="log_loss", init_model=first)
    assert data.get_field("init_score") is None
    assert np.array_equal(bo.train(QUIET, data, 5, objective="log_loss").predict(X), first.predict(X))
    data = lgb.Dataset(X, y)  # frees its raw data: LightGBM could not take a model off it later
    bo.train(QUIET, data, 5, objective="log_loss", init_model=first)
    assert np.array_equal(bo.train(QUIET, data, 5, objective="log_loss").predict(X), first.predict(X))


# What is refused ------------------------------------------------------------------------------------------------------

BINARY = target_of(bo.get("log_loss"))


def matrix(**rest):
    return xgb.DMatrix(X, BINARY, **rest)


def dataset(**rest):
    return lgb.Dataset(X, BINARY, **rest)


@pytest.mark.parametrize(("params", "data", "rest", "error", "message"), [
    ({}, X, {}, TypeError, r"must be an xgboost.DMatrix or a lightgbm.Dataset, got ndarray"),
    ({}, matrix(), {"obj": abs}, TypeError, r"no argument 'obj'"),
    ({}, dataset(), {"fobj": abs}, TypeError, r"no argument 'fobj'"),
    ([("eta", 1)], matrix(), {}, TypeError, r"params must be a dict, got list"),
    ({}, matrix(), {"objective": abs}, TypeError, r"objective must be a name, .* class of one, got builtin_function"),
    ({}, matrix(), {"objective": "logloss"}, ValueError, r"no objective 'logloss'"),
    ({"objective": "reg:gamma"}, matrix(), {}, ValueError, r"params\['objective'\] is 'reg:gamma', but objective is LogLoss"),
    ({"application": "binary"}, dataset(), {}, ValueError, r"params\['application'\] is 'binary'"),
    ({"objective": "binary"}, matrix(), {"objective": "lightgbm:binary"}, ValueError, r"is 'binary'"),
    ({"scale_pos_weight": 2}, matrix(), {}, ValueError, r"has no effect on LogLoss.*belongs in get\('log_loss', ...\)"),
    ({"unbalance": True}, dataset(), {}, ValueError, r"params\['unbalance'\].*belongs in get\('log_loss', ...\)"),
    ({"sigmoid": 2}, dataset(), {"objective": bo.get("lightgbm:binary", sigmoid=3)}, ValueError, r"sigmoid=2, but.*one place"),
    ({"sigmoid": -1}, dataset(), {"objective": "lightgbm:binary"}, ValueError, r"sigmoid must be"),
    ({"num_class": 4}, matrix(), {"objective": bo.get("softmax", num_class=3)}, ValueError, r"num_class=4, but.*one place"),
    ({"base_score": 0.1}, matrix(base_margin=OFFSET), {}, ValueError, r"base_score=0.1, which XGBoost ignores"),
    ({"multi_strategy": "multi_output_tree"}, matrix(base_margin=OFFSET), {}, ValueError, r"multi_output_tree"),
    ({"eval_metric": ["auc", "logloss"]}, matrix(), {"objective": bo.get("log_loss", sigmoid=2)}, ValueError,
     r"metric 'logloss' would see raw scores; allowed are auc"),
    ({"boosting_type": "dart"}, dataset(), {}, ValueError, r"boosting_type='dart' gives another model at every run"),
    ({"boost": "rf"}, dataset(), {}, ValueError, r"boost='rf' takes no custom objective"),
    ({"pos_subsample": 0.5}, dataset(), {}, ValueError, r"pos_subsample=0.5"),
    ({"neg_bagging_fraction": 0.5}, dataset(), {}, ValueError, r"neg_bagging_fraction=0.5"),
    ({"metrics": ["auc", "binary_logloss"]}, dataset(), {}, ValueError, r"metric 'binary_logloss' raw scores"),
    ({}, dataset(), {"keep_training_booster": True}, ValueError, r"keep_training_booster=True is not possible"),
    ({}, xgb.DMatrix(X), {}, ValueError, r"has no labels"),
    ({}, xgb.DMatrix(X, BINARY * 2), {}, ValueError, r"y must be .* in \[0, 1\], got 2"),
])  # fmt: skip
def test_refused(params, data, rest, error, message):
    with pytest.raises(error, match=message):
        bo.train(params, data, 2, **{"objective": "log_loss", **rest})


def test_the_same_objective_in_params_is_no_conflict():
    for name, params, data in [
        ("binary:logistic", {**SINGLE, "objective": "binary:logistic"}, matrix()),
        ("lightgbm:binary", {**QUIET, "app": "binary"}, dataset()),
        ("log_loss", {**QUIET, "objective": bo.get("log_loss")}, dataset()),
        ("log_loss", {**QUIET, "objective": "log_loss"}, dataset()),
    ]:
        with_it = bo.train(params, data, 2, objective=name)
        without = {key: value for key, value in params.items() if key not in ("objective", "app")}
        x = xgb.DMatrix(X) if isinstance(data, xgb.DMatrix) else X
        assert np.array_equal(with_it.predict(x), bo.train(without, data, 2, objective=name).predict(x))
