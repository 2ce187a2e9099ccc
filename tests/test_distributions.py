"""Likelihoods with a location and a scale for every row: the start, and what both boosters learn of them."""

import warnings

import chosen
import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import xgboost as xgb

import boostobj as bo
from boostobj import estimators
from boostobj.boosters import records

pytestmark = pytest.mark.skipif(chosen.SHORT, reason="the first run has it: nothing here depends on the Python")

lgb = pytest.importorskip("lightgbm")

NAMES = ("gaussian", "laplace", "student_t", "log_normal")
BOOSTERS = ("xgboost", "lightgbm")
QUIET = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True}
ERRORS = {
    "gaussian": lambda rng, n: rng.normal(size=n),
    "laplace": lambda rng, n: rng.laplace(size=n),
    "student_t": lambda rng, n: rng.standard_t(4, size=n),
    "log_normal": lambda rng, n: rng.normal(size=n),
}


def heteroscedastic(name, n, seed):
    """Rows whose location depends on two columns and whose scale, between 0.05 and 1, on a third."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 3))
    y = 1 + x[:, 0] + np.abs(x[:, 1]) + np.exp(1.5 * x[:, 2] - 1.5) * ERRORS[name](rng, n)
    return x, np.exp(y) if name == "log_normal" else y


def trained(booster, o, x, y, rounds=60, **more):
    if booster == "xgboost":
        params = {"eta": 0.1, "max_depth": 3, "nthread": 1, "min_child_weight": 10, **more}
        return bo.train(params, xgb.DMatrix(x, y), rounds, objective=o)
    params = {**QUIET, "learning_rate": 0.1, "num_leaves": 8, "min_data_in_leaf": 30, **more}
    return bo.train(params, lgb.Dataset(x, y), rounds, objective=o)


def objective(name):
    return bo.get(name) if name == "log_normal" else bo.get(name, scale=0.5)


# The start ------------------------------------------------------------------------------------------------------------


def total(o, y, c, weight, offset):
    return np.dot(weight, o.loss(y, offset + np.asarray(c)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shifted", [False, True])
def test_the_start_is_the_likeliest_constant(name, shifted):
    rng = np.random.default_rng(1)
    o = bo.get(name, epsilon=0.2)
    y = heteroscedastic(name, 300, 2)[1]
    weight = rng.uniform(0, 2, 300) * (rng.random(300) < 0.8)
    offset = rng.normal(size=(300, 2)) * (0.5 if shifted else 0.0)
    start = o.start(y, weight, offset=offset if shifted else None)
    mine = total(o, y, start, weight, offset)
    for scale in (0.3, 3.0):
        found = scipy.optimize.minimize(
            lambda c: total(o, y, c, weight, offset), [np.median(y), np.log(scale)], method="Nelder-Mead",
            options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 2000},
        )  # fmt: skip
        assert mine <= found.fun + 1e-7
    assert start == pytest.approx(found.x, rel=1e-2, abs=1e-3)
    some = weight > 0
    assert o.start(y[some], weight[some], offset=offset[some] if shifted else None) == pytest.approx(start, rel=1e-10, abs=0)


@pytest.mark.parametrize("df", [0.5, 1.0, 4.0, 1e6])
def test_the_start_of_student_t_is_scipys_fit(df):
    y = np.random.default_rng(3).standard_t(2, 400) * 7 + 100
    o = bo.StudentT(df=df, scale=5.0, epsilon=1e-6)
    location, scale = o.inverse_link(o.start(y)[None])[0]
    expected = scipy.stats.t.fit(y, f0=df, loc=100, scale=7)[1:]
    assert (location, scale) == pytest.approx(expected, rel=1e-3, abs=0)
    assert -scipy.stats.t.logpdf(y, df, location, scale).sum() <= -scipy.stats.t.logpdf(y, df, *expected).sum() * (1 + 1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [1, 50])
@pytest.mark.parametrize("shifted", [False, True])
def test_targets_that_do_not_differ_leave_the_scale_at_its_bound(name, n, shifted):
    o, y = bo.get(name), np.full(n, 7.0)
    offset = np.zeros((n, 2)) if shifted else None
    with pytest.warns(UserWarning, match="differ by less than epsilon"):
        start = o.start(y, offset=offset)
    location, scale = o.inverse_link(start[None])[0]
    assert location == pytest.approx(7.0, rel=1e-12, abs=0)
    assert o.epsilon < scale <= o.epsilon * np.sqrt(1 + 1 / n) * (1 + 1e-12)
    grad, _ = o.grad_hess(y, np.tile(start, (n, 1)))
    assert grad[:, 1].sum() == pytest.approx(n / (n + 1), rel=1e-9, abs=0)  # a pull is left, for trees


def test_many_ties_have_no_scale_in_student_t():
    y = np.concatenate([np.full(90, 3.0), np.random.default_rng(0).normal(size=10)])
    with pytest.warns(UserWarning, match="differ by less than epsilon"):
        assert bo.StudentT(df=1.0).start(y)[0] == pytest.approx(3.0, rel=1e-6, abs=0)


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("name", NAMES)
def test_constant_targets_and_one_row_train(booster, name):
    for n in (1, 40):
        x, y = np.arange(n, dtype=float)[:, None], np.full(n, 2.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the start's, and the doctor's: there is nothing to split
            model = trained(booster, bo.get(name), x, y, 5)
        found = bo.predict(model, x)
        assert np.isfinite(found).all()
        assert found[:, 0] == pytest.approx(np.full(n, 2.0), rel=1e-5, abs=0)
        assert (found[:, 1] < 2e-3).all()


# What is learnt ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("name", NAMES)
def test_the_scale_of_each_row_is_learnt(booster, name):
    o = objective(name)
    x, y = heteroscedastic(name, 4000, 0)
    new, truth = heteroscedastic(name, 4000, 1)
    model = trained(booster, o, x, y)
    shown = bo.predict(model, new)
    assert shown.shape == (4000, 2) and (shown[:, 1] > 0).all()
    held_out = -o.distribution(shown).logpdf(truth).mean()
    # The best scale for all rows, of the locations that were learnt, on the very rows that are held out.
    raw = np.linspace(-4, 2, 200)
    location = np.log(shown[:, 0]) if name == "log_normal" else shown[:, 0] / o.scale
    constant = min(o.loss(truth, np.stack([location, np.full(4000, s)], axis=1)).mean() for s in raw)
    assert held_out < constant - 0.25
    low, high = o.distribution(shown).interval(0.9)
    inside = np.mean((low <= truth) & (truth <= high))
    assert abs(inside - 0.9) < 4 * np.sqrt(0.9 * 0.1 / 4000) + 0.02  # what sampling leaves, and two rounds too many or few
    scale = np.exp(1.5 * new[:, 2] - 1.5)
    assert np.corrcoef(np.log(shown[:, 1]), np.log(scale))[0, 1] > 0.9


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("name", ["gaussian", "laplace", "student_t"])
@pytest.mark.parametrize("c", [2.0**17, 2.0**-20])
def test_what_multiplies_target_and_scale_multiplies_predictions(booster, name, c):
    """Dollars and millionths."""
    x, y = heteroscedastic(name, 1000, 0)
    one = bo.predict(trained(booster, bo.get(name, scale=0.5), x, y, 20), x)
    other = bo.predict(trained(booster, bo.get(name, scale=0.5 * c), x, y * c, 20), x)
    assert other == pytest.approx(one * c, rel=1e-5, abs=0)
    assert np.ptp(one[:, 0]) > 1


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("name", ["gaussian", "laplace", "student_t"])
def test_auto_makes_any_unit_do(booster, name):
    x, y = heteroscedastic(name, 1000, 0)
    one, *others = (bo.predict(trained(booster, bo.get(name, scale="auto"), x, y * c, 20), x) for c in (1.0, 1e-6, 1e6))
    for other, c in zip(others, (1e-6, 1e6), strict=True):
        assert np.abs(other / c - one).max() < 1e-5 * y.std()


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("name", ["gaussian", "laplace", "student_t"])
def test_dollars_are_learnt_without_a_word(booster, name):
    """Where the location has a Hessian of 1e-10 each score is trained in a unit of its own."""
    x, y = heteroscedastic(name, 1000, 0)
    shown = bo.predict(trained(booster, name, x, 1e5 * y), x)
    plain = bo.predict(trained(booster, bo.get(name, scale="auto"), x, y), x)
    assert np.corrcoef(shown[:, 0], plain[:, 0])[0, 1] > 0.98
    assert np.corrcoef(np.log(shown[:, 1]), np.log(plain[:, 1]))[0, 1] > 0.95


@pytest.mark.parametrize("booster", BOOSTERS)
def test_log_normal_has_no_unit(booster):
    x, y = heteroscedastic("log_normal", 1000, 0)
    one, other = (bo.predict(trained(booster, "log_normal", x, y * c, 20), x) for c in (1.0, 1e6))
    assert other == pytest.approx(one * [1e6, 1.0], rel=1e-4, abs=0)


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("name", NAMES)
def test_a_plain_callable_finds_its_way_from_far(booster, name):
    """Without a start, and with all residuals some hundreds of scales: Fisher's steps of the scale end in infinity."""
    o = bo.get(name)
    x, y = heteroscedastic(name, 1000, 0)
    y = y + 100.0
    if booster == "xgboost":
        params = {"objective": "reg:squarederror", "num_class": 2, "nthread": 1, "disable_default_eval_metric": 1}
        params |= {"max_depth": 3, "lambda": 0, "min_child_weight": 0}  # the location's Hessian is 1/10000 on the way
        raw = xgb.train(params, xgb.DMatrix(x, y), 100, obj=o).predict(xgb.DMatrix(x), output_margin=True)
    else:
        params = {**QUIET, "objective": o, "num_class": 2, "learning_rate": 0.3, "num_leaves": 8}
        raw = lgb.train(params, lgb.Dataset(x, y), 100).predict(x, raw_score=True)
    start = np.tile(o.start(y), (1000, 1))
    assert o.loss(y, raw).mean() < o.loss(y, start).mean()


# Around the model -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("booster", BOOSTERS)
def test_the_record_has_what_the_link_takes(booster):
    x, y = heteroscedastic("laplace", 300, 0)
    o = bo.Laplace(scale=3.0, epsilon=0.01)
    model = trained(booster, o, x, y, 5)
    data = xgb.DMatrix(x) if booster == "xgboost" else x
    raw = model.predict(data, **{"xgboost": {"output_margin": True}, "lightgbm": {"raw_score": True}}[booster])
    assert np.array_equal(bo.predict(model, x), o.inverse_link(raw))
    read = records.record(model)
    assert (read["link"], read["parameters"]["scale"], read["parameters"]["epsilon"]) == ("location_scale", 3.0, 0.01)
    for wrong in (None, "3", True, -1.0, float("inf")):
        with pytest.raises(ValueError, match="predict: the parameter scale of the link 'location_scale' in the model's record"):
            records.link_of({**read, "parameters": {"scale": wrong, "epsilon": 0.01}}, "predict")
    with pytest.raises(ValueError, match="the parameter scale of the link"):
        records.link_of({**read, "parameters": None}, "predict")


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("name", NAMES)
def test_cross_validation_and_estimators(booster, name):
    o = objective(name)
    x, y = heteroscedastic(name, 600, 0)
    if booster == "xgboost":
        params = {"nthread": 1, "max_depth": 3, "eta": 0.1}
        result = bo.cv(params, xgb.DMatrix(x, y), 20, nfold=3, objective=o, as_pandas=False)
    else:
        result = bo.cv({**QUIET, "num_leaves": 8}, lgb.Dataset(x, y), 20, nfold=3, objective=o, stratified=False)
    (losses,) = (values for key, values in result.items() if "test" in key or "valid" in key if "mean" in key)
    assert losses[-1] < losses[0] - 0.2
    model = estimators.Regressor(objective=o, booster=booster, n_estimators=20, n_jobs=1, max_depth=3, random_state=0).fit(x, y)
    shown = model.predict(x)
    assert shown.shape == (600, 2)
    assert np.allclose(shown, model.objective_.inverse_link(model.predict_raw(x)), rtol=1e-6, atol=0)
    assert model.objective_.distribution(shown).cdf(y).mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("booster", BOOSTERS)
def test_offsets_are_part_of_both_scores(booster):
    x, y = heteroscedastic("gaussian", 800, 0)
    o = bo.Gaussian(scale=0.5)
    offset = np.stack([x[:, 0] / o.scale, 1.5 * x[:, 2] - 1.5], axis=1)
    if booster == "xgboost":
        model = bo.train({"nthread": 1, "max_depth": 2}, xgb.DMatrix(x, y, base_margin=offset), 10, objective=o)
        shown = bo.predict(model, xgb.DMatrix(x, base_margin=offset))
    else:
        model = bo.train({**QUIET, "num_leaves": 4}, lgb.Dataset(x, y, init_score=offset), 10, objective=o)
        shown = bo.predict(model, x, offset=offset)
    best = o.start(y, offset=offset)
    loss = -o.distribution(shown).logpdf(y).mean()
    assert loss < o.loss(y, offset + best).mean() < o.loss(y, np.tile(o.start(y), (800, 1))).mean() - 0.2


def test_distributions_take_predictions():
    with pytest.raises(ValueError, match=r"predicted must have shape \(n, 2\), a location and a scale, got \(3,\)"):
        bo.Gaussian().distribution([1.0, 2.0, 3.0])
    assert bo.StudentT(df=3.0).distribution([[1.0, 2.0]]).var().tolist() == [12.0]
    assert bo.LogNormal().distribution([[3.0, 1.0]]).median() == pytest.approx([3.0], rel=1e-12, abs=0)


@pytest.mark.parametrize("name", NAMES)
def test_the_usual_metric_is_the_likelihood(name):
    o = bo.get(name)
    y = heteroscedastic(name, 200, 0)[1]
    raw = np.tile(o.start(y), (200, 1))
    (metric,) = bo.metrics.usual(o)
    assert metric.value(y, raw) == pytest.approx(o.loss(y, raw).mean(), rel=1e-12, abs=0)
