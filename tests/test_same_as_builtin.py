"""Training through us gives the built-in's trees, bit for bit: every row of the table, every way of training."""

import dataclasses
import json

import lightgbm
import numpy as np
import pytest
import xgboost

from boostobj import builtins, get, parity
from boostobj.builtins.xgboost import as_read
from boostobj.parity import Case

REAL = [case for case in parity.claimed() if not case.weighted]
MORE = [case for case in parity.claimed(everything=True) if not case.weighted and case not in REAL]
MORE += parity._on("rank:ndcg", "synthetic queries", lambdarank_unbiased=True, ndcg_exp_gain=False)
MORE += parity._on("rank:ndcg", "synthetic queries", lambdarank_pair_method="mean")
MORE += parity._on("rank:map", parity._CLICKS, lambdarank_unbiased=True)
XGBOOST_WAYS = {
    "hist": {},
    "exact": {"tree_method": "exact"},
    "approx": {"tree_method": "approx"},
    "two threads": {"nthread": 2},
    "sampled": {"subsample": 0.7, "colsample_bytree": 0.6, "colsample_bynode": 0.8, "seed": 3},
    "dropout": {"booster": "dart", "rate_drop": 0.2},
    "leafwise": {"grow_policy": "lossguide", "max_leaves": 12, "max_depth": 0},
    "parallel trees": {"num_parallel_tree": 3, "subsample": 0.5},
}
LIGHTGBM_WAYS = {
    "row-wise": {},
    "column-wise": {"force_row_wise": False, "force_col_wise": True},
    "two threads": {"num_threads": 2},
    "bagging": {"bagging_fraction": 0.7, "bagging_freq": 1},
    "goss": {"data_sample_strategy": "goss"},
    "extra trees": {"extra_trees": True},
    "not deterministic": {"deterministic": False},
}


HANDED_OVER = ("column-wise", "bagging", "goss")
"""Where training under the name of an objective that sets its leaves anew is LightGBM's own: see test_leaves.py."""

ROUNDS, FEWER = 60, 25
"""`boostobj parity --all` trains 100, in the first way."""


def cells(booster, ways):
    """Every case in the first way, with and without weights; those on real data in every other way, weights alternating."""
    for j, (way, params) in enumerate(ways.items()):
        for i, case in enumerate(REAL if j else REAL + MORE):
            for weighted in (False, True) if j == 0 else ((i + j) % 2 == 0,):
                renewed = builtins.names()[case.objective].leaves is not None
                if case.booster == booster and not (renewed and way in HANDED_OVER):
                    start = case.start if j == 0 or booster == "xgboost" or renewed else ("init_score", "0")[(i + j) // 2 % 2]
                    rounds = FEWER if j else ROUNDS
                    how = {"weighted": weighted, "params": (*case.params, *params.items()), "rounds": rounds, "start": start}
                    made = dataclasses.replace(case, **how)
                    name = f"{case.label}-{made.data}-{way}-{'w' if weighted else 'u'}-{start}"
                    yield pytest.param(made, id=name)


def assert_identical(result):
    assert result.leaves > 3 * result.trees or result.case.data == "breast cancer", "too few splits to tell anything"
    assert result.first_different_tree is None
    assert result.raw_difference == 0
    assert result.prediction_difference == 0


@pytest.mark.filterwarnings("ignore:.*dart:UserWarning")  # XGBoost 3.3 and later call it gbtree
@pytest.mark.parametrize("case", list(cells("xgboost", XGBOOST_WAYS)))
def test_xgboost(case):
    result = parity.run(case)
    assert_identical(result)
    assert result.same_bytes, "the model's bytes, base_score included, differ"


@pytest.mark.parametrize("case", list(cells("lightgbm", LIGHTGBM_WAYS)))
def test_lightgbm(case):
    assert_identical(parity.run(case))


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_every_row_of_the_table_that_holds_here_is_tried(booster):
    version = {"xgboost": xgboost, "lightgbm": lightgbm}[booster].__version__
    tried = [
        builtins.row_for(case.objective, get(case.objective, **dict(case.objective_params)).params, version)
        for case in REAL + MORE
    ]
    number = builtins.version_of(version)
    there = [row for row in builtins.table() if row.booster == booster and row.since <= number < row.until]
    assert len(there) >= 12
    assert [row for row in there if row not in tried] == []


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["log_loss", "softmax", "pseudo_huber"])
def test_our_own_names_train_the_built_in_too(name, weighted):
    """log_loss, softmax, and pseudo_huber with curvature="native", without naming a booster."""
    theirs, data = {
        "log_loss": ("binary:logistic", "breast cancer"),
        "softmax": ("multi:softprob", "digits"),
        "pseudo_huber": ("reg:pseudohubererror", "synthetic regression"),
    }[name]
    data = parity.load(data)
    o = get(name, curvature="native") if name == "pseudo_huber" else get(name)
    dtrain = xgboost.DMatrix(data.x, data.y, weight=data.weight if weighted else None)
    params = o.train_params(dtrain)
    assert params["objective"] == theirs
    ours = xgboost.train(params, dtrain, 20, obj=o)
    assert ours.save_raw("ubj") == xgboost.train(params, dtrain, 20).save_raw("ubj")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "native", "data"), [
    ("log_loss", "lightgbm:binary", "breast cancer"),
    ("softmax", "lightgbm:multiclass", "digits"),
])  # fmt: skip
def test_our_own_names_compute_lightgbms_gradients(name, native, data, weighted):
    data = parity.load(data)
    dataset = lightgbm.Dataset(data.x, data.y, weight=data.weight if weighted else None).construct()
    k = int(data.y.max()) + 1
    raw = np.random.default_rng(0).normal(size=(data.y.size, k) if k > 2 else data.y.size)
    for ours, theirs in zip(get(name)(raw, dataset), get(native)(raw, dataset), strict=True):
        assert np.array_equal(ours, theirs)
    assert np.array_equal(get(name).init_score(dataset), get(native).init_score(dataset))


def test_parameters_are_read_as_xgboost_reads_them():
    """XGBoost's own parser does not always find the nearest float32."""
    rng = np.random.default_rng(1)
    values = [*np.exp(rng.uniform(-14, 20, 300)), *10 ** rng.uniform(-37, 37, 100), *rng.uniform(0.1, 4, 200), 1e-7, 3.0]
    dtrain = xgboost.DMatrix(np.zeros((2, 1)), [0, 1])
    nearest = 0
    for value in map(float, values):
        booster = xgboost.Booster({"objective": "reg:pseudohubererror", "huber_slope": value}, [dtrain])
        config = json.loads(booster.save_config())["learner"]["objective"]["pseudo_huber_param"]
        assert as_read(value) == np.float32(config["huber_slope"]), value
        nearest += as_read(value) == np.float32(value)
    assert nearest < len(values)


def test_parameters_are_read_as_lightgbm_reads_them():
    """LightGBM's own parser neither: seen in the start of its binary objective, which sigmoid divides."""
    rng = np.random.default_rng(1)
    values = [*np.exp(rng.uniform(-5, 5, 60)), *rng.uniform(0.1, 9, 60).round(2), 1.14, 1.39, 1.715, 1e-7, 3.0, 2.5e10]
    y = np.r_[np.ones(10), np.zeros(25)]
    dataset = lightgbm.Dataset(np.arange(35.0)[:, None], y, params={"verbosity": -1}, free_raw_data=False).construct()
    nearest = 0
    for value in map(float, values):
        params = {"objective": "binary", "sigmoid": value, "min_gain_to_split": 1e30, "verbosity": -1}
        constant = lightgbm.train(params, dataset, 1).predict(np.zeros((1, 1)), raw_score=True)[0]
        start = get("lightgbm:binary", sigmoid=value).init_score(dataset)[0]
        assert start == constant, value
        nearest += start == np.log(10 / 25) / value
    assert nearest < len(values)


ESTIMATED = [*sorted({case.objective for case in REAL if case.booster == "xgboost"})]


@pytest.mark.parametrize("name", ESTIMATED)
def test_base_score_is_what_xgboost_estimates(name):
    """On one thread and on two, whose partial sums are added in either order."""
    rng = np.random.default_rng(2)
    row = builtins.names()[name]
    for trial in range(24):
        nthread, k = 1 + trial % 2, int(rng.integers(3, 12)) if row.count == "num_class" else 2
        n = int(rng.integers(50, 5000))
        sizes = None
        if row.groups == "queries":
            sizes = rng.multinomial(n, np.full(7, 1 / 7))
        if row.labels.integer or "logi" in name:
            y = rng.integers(0, k, n)
            y[:k] = range(k)
        else:
            y = rng.normal(size=n) if np.isinf(row.labels.low) else rng.gamma(1.5, size=n).round(trial % 5) + 1e-3
        if name == "survival:aft":
            y = np.stack([y, np.where(rng.uniform(size=n) < 0.3, np.inf, y)], axis=1)
        data = parity.Data(name, np.zeros((n, 1)), y, rng.exponential(size=n), sizes)
        dtrain = data.dmatrix(weighted=trial % 3 > 0)
        given = {"scale_pos_weight": float(rng.uniform(0.1, 4))} if trial % 4 < 2 else {}
        levels = {p.name: (0.2, 0.3, 0.97) if trial % 4 < 2 else 0.35 for p in row.parameters if p.required}
        o = get(name, **levels, **{k: v for k, v in given.items() if k in [p.name for p in row.parameters]})
        params = {**o.train_params(dtrain, nthread=nthread), "nthread": nthread}
        ours = xgboost.train(params, dtrain, 1)
        params.pop("base_score", None)
        assert parity._base_score(ours) == parity._base_score(xgboost.train(params, dtrain, 1))


def test_a_one_ulp_difference_is_seen():
    """The comparison can fail: gradients one unit in the last place off give other trees."""

    class Off:
        def __init__(self, objective):
            self.objective = objective
            self.train_params = objective.train_params

        def __call__(self, raw, dtrain):
            grad, hess = self.objective(raw, dtrain)
            return np.nextafter(grad, np.float32(1)), hess

    case = Case("binary:logistic", "breast cancer", rounds=10)
    result = parity._run_xgboost(case, parity.load(case.data), Off(get("binary:logistic")))
    assert not result.identical
    assert result.first_different_tree == 0


def test_feature_fraction_draws_one_number_too_many_in_lightgbm():
    """A limit of LightGBM, documented: its first update with a callable resets parameters and draws columns again.

    If this fails, LightGBM has mended it (its issue 6053) and the documentation must say so.
    """
    case = Case("lightgbm:binary", "breast cancer", params=(("feature_fraction", 0.5),), rounds=5, start="0")
    assert parity.run(case).first_different_tree == 0
