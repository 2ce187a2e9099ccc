""" "auto": any unit of the target will do, and the unit of a loss changes no tree."""

import copy
import dataclasses
import json
import math
import pickle
from typing import final

import chosen
import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb

import boostobj as bo
from boostobj import scales
from boostobj.boosters import units
from boostobj.builtins import version_of
from boostobj.domain import POSITIVE, REAL

RNG = np.random.default_rng(0)
BOOSTERS = ("xgboost", "lightgbm")
QUIET = {"xgboost": {"nthread": 1}, "lightgbm": {"num_threads": 1, "verbosity": -1, "min_data_in_leaf": 5}}
ROUNDS = 10
N = 300
CLOSE = 1e-5
GRID = 2.0**-8
"""In units of the spread: float32 labels keep multiples of it up to 2**16 away from 0, so that shifted ones are the same."""


def widths(cls):
    return [p.name for p in cls.parameters() if p.unit == "y"]


def auto(cls, **more):
    return cls(**dict.fromkeys(widths(cls), "auto"), **more)


SCALED = [cls for _, cls in chosen.classes().items() if widths(cls)]
PERCENTAGES = (bo.SquaredPercentageError,)
"""What is added to the targets changes what an error costs there. (LINEX has a mean curvature of 1 at its start in any unit.)"""
FREE = [cls for _, cls in chosen.classes().items() if not widths(cls) and not cls.uneven]


@final
@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Corner(bo.Pointwise):
    """sqrt(r**2 + width**2) in the unit of y, times a level: its curvature is in the unit 1/y."""

    name = "corner"
    link = "identity"
    domain = REAL
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"
    width: float = bo.param(1.0, domain=POSITIVE, unit="y", deviations=0.5)
    level: float = bo.param(1.0, domain=POSITIVE, auto=True)

    def profiled(self, y, weight, offset):
        rest = y if offset is None else y - offset
        return {"level": 1 + np.average(rest > np.average(rest, weights=weight), weights=weight)}

    @staticmethod
    def point(y, f, width, level):
        r = f - y
        q = math.sqrt(r * r + width * width)
        return level * q, level * r / q, level * width * width / (q * q * q), level / q


def data(cls):
    """Features, and targets in the domain with a spread of about 1."""
    x = RNG.normal(size=(N, 4)).astype(np.float32)
    y = x[:, 0] + np.sin(3 * x[:, 1]) / 2 + 0.3 * RNG.normal(size=N)
    y = y if cls.domain.low < 0 else np.exp(y)
    y = np.round(y / y.std() / GRID) * GRID
    return x, y if cls.domain.low < 0 else np.maximum(y, GRID)


def container(booster, x, y, weight=None, offset=None):
    if booster == "xgboost":
        return xgb.DMatrix(x, y, weight=weight, base_margin=offset)
    return lgb.Dataset(x, y, weight=weight, init_score=offset, free_raw_data=False)


def trained(booster, objective, x, y, weight=None, rounds=ROUNDS, **more):
    params = {**QUIET[booster], **more.pop("params", {})}
    return bo.train(params, container(booster, x, y, weight), rounds, objective=objective, **more)


def predicted(booster, model, x):
    """On the scale of the target."""
    return np.asarray(bo.predict(model, xgb.DMatrix(x) if booster == "xgboost" else x), np.float64)


def splits(booster, model):
    if booster == "xgboost":
        return int((model.trees_to_dataframe()["Feature"] != "Leaf").sum())
    return sum(tree["num_leaves"] - 1 for tree in model.dump_model()["tree_info"])



# Any unit of the target -----------------------------------------------------------------------------------------------


def kinked(cls):
    """Whether the gradient jumps where the score is the target: with the start at a target, rounding takes either side."""
    return hasattr(cls, "kinks")


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("cls", [*SCALED, Corner], ids=lambda cls: cls.name)
def test_what_multiplies_the_targets_multiplies_the_predictions(cls, booster):
    x, y = data(cls)
    weight = RNG.uniform(0.5, 2, N)
    model = trained(booster, auto(cls), x, y, weight)
    expected = predicted(booster, model, x)
    assert splits(booster, model) > 2 * ROUNDS
    for c in (2.0**-20, 2.0**20) if kinked(cls) else (1e-6, 1e-3, 1e3, 1e6):
        got = predicted(booster, trained(booster, auto(cls), x, c * y, weight), x) / c
        assert np.abs(got - expected).max() <= CLOSE * y.std()


SHIFTED = [c for c in [*SCALED, Corner] if c.domain.low < 0 and c.link in ("identity", "location_scale")
           and not (kinked(c) or c in PERCENTAGES)]  # fmt: skip


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("cls", SHIFTED, ids=lambda c: c.name)
def test_what_is_added_to_the_targets_is_added_to_the_predictions(cls, booster):
    """XGBoost's scores are float32: what is added is rounded with them, LightGBM's are not."""
    x, y = data(cls)
    expected = predicted(booster, trained(booster, auto(cls), x, y), x)
    spread = np.round(y.std() / GRID) * GRID
    for c in (-spread, spread / 2, spread) if booster == "xgboost" else (-spread, 1000 * spread):
        got = predicted(booster, trained(booster, auto(cls), x, y + c), x)
        moved = expected + c
        if cls.link == "location_scale":
            moved[:, 1] -= c
        assert np.abs(got - moved).max() <= CLOSE * y.std()


@pytest.mark.parametrize("cls", [*SCALED, Corner], ids=lambda cls: cls.name)
def test_what_is_resolved_goes_with_the_targets(cls):
    _, y = data(cls)
    weight = RNG.integers(1, 4, N)
    o, names = auto(cls).resolve(y, weight), widths(cls)
    assert not o._auto and o == auto(cls).resolve(np.repeat(y, weight)) and o.resolve(y) is o
    for c in (2.0**-30, 2.0**30):  # without a rounding
        for name in names:
            assert getattr(auto(cls).resolve(c * y, weight), name) == pytest.approx(c * getattr(o, name), rel=1e-9)


# What "auto" is -------------------------------------------------------------------------------------------------------


def test_the_median_deviation_from_the_start():
    y = np.array([0.0, 1.0, 2.0, 4.0, 100.0])
    first = np.median(np.abs(y - np.median(y)))
    o = bo.Huber(delta="auto").resolve(y)
    expected = np.median(np.abs(y - bo.Huber(delta=first).start(y)[0]))
    assert o.delta == pytest.approx(expected, rel=1e-12) and o.delta != pytest.approx(first, rel=0.1)
    offset = np.array([5.0, 3.0, -2.0, 0.0, 1.0])
    assert bo.Huber(delta="auto").resolve(y + offset, offset=offset).delta == pytest.approx(o.delta, rel=1e-12)


def test_where_half_of_the_targets_are_the_same():
    y = np.r_[np.zeros(60), np.arange(1.0, 41.0)]
    o = bo.LogCosh(scale="auto").resolve(y)
    first = np.mean(np.sqrt(y)) ** 2
    assert o.scale == pytest.approx(np.mean(np.sqrt(np.abs(y - bo.LogCosh(scale=first).start(y)[0]))) ** 2)
    for same, weight in ((np.ones(9), None), (np.r_[np.ones(9), 5.0], np.r_[np.ones(9), 0.0])):
        with pytest.raises(ValueError, match=r"LogCosh: scale='auto' needs targets that differ, all \d+ rows"):
            bo.LogCosh(scale="auto").resolve(same, weight)


def test_the_weighted_median():
    for _ in range(50):
        values, weight = RNG.normal(size=9).round(1), RNG.integers(0, 3, 9).astype(float)
        weight[RNG.integers(9)] = 1.0
        assert scales.median(values, weight) == pytest.approx(np.median(np.repeat(values, weight.astype(int))))
    normal = np.random.default_rng(1).normal(size=200_000)
    assert scales.of_roots(normal, None) == pytest.approx(scales.robust(normal, None), rel=0.01)


def test_other_parameters_are_what_the_class_says():
    y, weight = np.array([0.0, 1.0, 2.0, 9.0]), np.array([1.0, 1.0, 1.0, 2.0])
    o = Corner(width=2.0, level="auto")
    assert o.resolve(y) == Corner(width=2.0, level=1.25) and o.resolve(y, weight) == Corner(width=2.0, level=1.4)
    both = Corner(width="auto", level="auto").resolve(y, weight)
    assert both == Corner(width=both.width, level=1.4) and both.width > 0
    grad, hess = o(y.astype(np.float32), np.ones(4, np.float32))
    expected = Corner(width=2.0, level=1.25)(y.astype(np.float32), np.ones(4, np.float32))
    assert np.array_equal(grad, expected[0]) and np.array_equal(hess, expected[1])


def test_a_class_that_leaves_parameters_to_the_data_says_which_they_are():
    @final
    @dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
    class Silent(bo.Pointwise):
        name = "silent"
        link = "identity"
        domain = REAL
        level: float = bo.param(1.0, domain=POSITIVE, auto=True)

    with pytest.raises(TypeError, match="Silent must have a method profiled, which gives level where they are 'auto'"):
        bo.register(Silent)
    with pytest.raises(NotImplementedError, match="Silent declares parameters auto=True"):
        Silent(level="auto").resolve([1.0, 2.0])


def test_auto_is_a_value_like_others():
    o = bo.get("log_cosh", scale="auto")
    assert repr(o) == "LogCosh(scale='auto')" and eval(repr(o), vars(bo)) == o and hash(o) == hash(bo.LogCosh(scale="auto"))
    assert o != bo.LogCosh() and dataclasses.replace(o, scale=2.0)._auto == ()
    for twin in (pickle.loads(pickle.dumps(o)), copy.deepcopy(o)):
        assert twin == o and twin._auto == ("scale",)
    with pytest.raises(ValueError, match=r"LogCosh: scale must be a number in \(0, inf\), or 'auto', got 'Auto'"):
        bo.LogCosh(scale="Auto")
    for name, value in (("reg:pseudohubererror", "huber_slope"), ("lightgbm:huber", "alpha"), ("lightgbm:fair", "fair_c")):
        with pytest.raises(ValueError, match=f"{value} must be"):
            bo.get(name, **{value: "auto"})
    with pytest.raises(ValueError, match="alpha must be"):
        bo.Quantile(alpha="auto")


@pytest.mark.parametrize("cls", [*SCALED, Corner], ids=lambda cls: cls.name)
def test_the_textbooks_door_resolves_from_the_targets(cls):
    _, y = data(cls)
    weight, raw = RNG.uniform(0.5, 2, N), np.full(N, 0.3)
    o = auto(cls)
    if not issubclass(cls, bo.Rowwise):
        assert np.array_equal(o.loss(y, raw), o.resolve(y).loss(y, raw))
        for got, expected in zip(o.grad_hess(y, raw, weight), o.resolve(y, weight).grad_hess(y, raw, weight), strict=True):
            assert np.array_equal(got, expected)
    assert np.array_equal(o.start(y, weight), o.resolve(y, weight).start(y, weight))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cls", [c for c in [*SCALED, Corner] if issubclass(c, bo.Pointwise)], ids=lambda c: c.name)
def test_a_plain_call_measures_the_residuals_of_the_round(cls, dtype):
    """No state: what it gives depends on nothing but the call."""
    _, y = data(cls)
    y, o = y.astype(np.float32), auto(cls)
    for weight in (None, RNG.uniform(0.5, 2, N).astype(np.float32)):
        for shift in (0.5, 3.0):
            raw = (y + shift * RNG.normal(size=N)).astype(dtype)
            r = np.abs(y.astype(float) - o.inverse_link(raw.astype(float)))
            scale = np.average(np.sqrt(r), weights=weight) ** 2
            at = dataclasses.replace(o, **{p.name: p.deviations * scale for p in cls.parameters() if p.unit == "y"})
            for got, expected in zip(o(y, raw, weight), at(y, raw, weight), strict=True):
                assert got.dtype == np.float32
                np.testing.assert_allclose(got, expected, rtol=1e-6)
    grad, _ = o(y, o.resolve(y).start(y)[0] + np.zeros(N, dtype))
    assert np.isfinite(grad).all() and grad.any()
    if cls.link == "identity":
        assert not o(y, y.astype(dtype))[0].any()  # nothing is left to be measured
    with pytest.raises(ValueError, match="raw must be finite"):
        o(y, np.full(N, np.nan, dtype))


@pytest.mark.parametrize("booster", BOOSTERS)
def test_as_a_callable(booster):
    x, y = data(bo.LogCosh)
    o = bo.LogCosh(scale="auto")
    if booster == "xgboost":
        dtrain = xgb.DMatrix(x, 1e3 * y)
        params = o.train_params(dtrain)
        assert params["base_score"] == pytest.approx(o.start(1e3 * y)[0], rel=1e-6)
        model = xgb.train({**QUIET[booster], **params}, dtrain, ROUNDS, obj=o)
        got = model.predict(dtrain)
    else:
        dataset = lgb.Dataset(x, 1e3 * y)
        start = o.init_score(dataset)
        dataset.set_init_score(start)
        got = lgb.train({**QUIET[booster], "objective": o}, dataset, ROUNDS).predict(x) + start
    assert np.abs(got - 1e3 * y).mean() < 0.6 * 1e3 * np.abs(y - np.median(y)).mean()


# The unit of the loss -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("cls", FREE, ids=lambda cls: cls.name)
def test_losses_without_a_scale_are_left_alone(cls, booster):
    assert units.matters(cls(), booster) == (cls.boosters_curvature == "smoothed")  # whose width is the residuals'
    if cls.name not in ("squared_error", "expectile"):
        return
    x, y = data(cls)
    o, y = cls(), 1e-3 * np.abs(y) + 1e-3
    model = trained(booster, o, x, y)
    assert bo.record(model)["unit"] == {"factor": 1.0, "penalty": 1.0, "least": 1.0}
    if booster == "xgboost":
        dtrain = xgb.DMatrix(x, y)
        plain = xgb.train({**QUIET[booster], **o.train_params(dtrain)}, dtrain, ROUNDS, obj=o)
        assert np.array_equal(model.predict(dtrain), plain.predict(dtrain))


@pytest.mark.parametrize("name", ["reg:pseudohubererror", "lightgbm:huber", "lightgbm:fair"])
def test_a_boosters_own_names_are_left_alone(name):
    assert not any(units.matters(bo.get(name), booster) for booster in BOOSTERS)
    native = bo.PseudoHuber(curvature="native")  # which only XGBoost has
    assert not units.matters(native, "xgboost") and units.matters(native, "lightgbm")


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("cls", [c for c in SCALED if not (c.uneven or c in (*PERCENTAGES, bo.Linex))], ids=lambda cls: cls.name)
def test_the_unit_changes_no_tree(cls, booster):
    """Of a loss in the unit of y**2, where no child can be too small: one power of two multiplies everything."""
    x, y = data(cls)
    o = auto(cls).resolve(y)
    o = dataclasses.replace(o, **{name: getattr(o, name) / 8 for name in widths(cls)})
    least = {"xgboost": {"min_child_weight": 0}, "lightgbm": {"min_sum_hessian_in_leaf": 0}}[booster]
    penalty = {"xgboost": {"reg_lambda": 3.0, "gamma": 0.02}, "lightgbm": {"reg_lambda": 3.0, "min_split_gain": 0.02}}[booster]
    y = 4 * y
    if booster == "xgboost":
        dtrain = xgb.DMatrix(x, y)
        params = {**QUIET[booster], **least, **penalty}
        model = bo.train(params, dtrain, ROUNDS, objective=o)
        unit = bo.record(model)["unit"]
        if not unit["factor"] == unit["penalty"] or math.frexp(unit["factor"])[0] != 0.5:
            pytest.skip("not in the unit of y**2")
        plain = xgb.train({**params, **o.train_params(dtrain)}, dtrain, ROUNDS, obj=o)
        assert np.array_equal(model.predict(dtrain), plain.predict(dtrain))
        assert model.trees_to_dataframe().equals(plain.trees_to_dataframe())  # gains and covers too
        assert unit["factor"] > 1 and splits(booster, model) > ROUNDS
        told = json.loads(model.save_config())["learner"]["gradient_booster"]["tree_train_param"]
        assert [float(told[n]) for n in ("lambda", "gamma", "min_child_weight")] == [3.0, pytest.approx(0.02), 0.0]
        return
    params = {**QUIET[booster], **least, **penalty}
    model = bo.train(params, lgb.Dataset(x, y), ROUNDS, objective=o)
    unit = bo.record(model)["unit"]
    if not unit["factor"] == unit["penalty"] or math.frexp(unit["factor"])[0] != 0.5:
        pytest.skip("not in the unit of y**2")
    start = o.start(y)[0]
    plain = lgb.train({**params, "objective": o}, lgb.Dataset(x, y, init_score=np.full(N, start)), ROUNDS)
    np.testing.assert_allclose(model.predict(x), plain.predict(x) + start, rtol=1e-12, atol=1e-12 * y.std())
    assert unit["factor"] >= 1 and splits(booster, model) > ROUNDS
    if unit["factor"] == 1:
        return
    text = model.model_to_string()
    assert "\n[lambda_l2: 3]\n" in text and "\n[min_gain_to_split: 0.02]\n" in text and "\n[cat_l2: 10]\n" in text
    assert {name: model.params[name] for name in penalty} == penalty and "cat_l2" not in model.params


def test_min_child_weight_means_rows():
    x, y = data(bo.LogCosh)
    model = trained("xgboost", bo.LogCosh(scale=1e-3), x, y, rounds=1, params={"min_child_weight": 30, "max_depth": 2})
    unit = bo.record(model)["unit"]
    assert unit["factor"] > 100 and splits("xgboost", model) > 1
    leaves = model.trees_to_dataframe().query("Feature == 'Leaf'")
    rows = np.unique(model.predict(xgb.DMatrix(x), pred_leaf=True), return_counts=True)[1]
    cover = leaves["Cover"] * unit["factor"] / unit["least"]
    assert cover.min() >= 30 and cover.sum() == pytest.approx(N, rel=0.5) and rows.min() > 5


def test_regularisation_beside_the_default():
    """What the user gives stays what it was, under any of its names; a loss in another unit has lambda count rows."""
    params = {"reg_lambda": 2, "alpha": 1.0, "min_child_weight": 5, "eta": 0.1, "max_delta_step": 1}
    made = units.Unit((8.0,), 8.0, 4.0).params("xgboost", params)
    assert made == {**params, "reg_lambda": 16.0, "alpha": 8.0, "min_child_weight": 20.0}
    assert units.Unit((8.0,), 8.0, 4.0).params("xgboost", {})["lambda"] == 8.0
    assert units.Unit((8.0,), 8.0, 2.0).params("xgboost", {"booster": "gblinear"}) == {"booster": "gblinear"}
    made = units.Unit((8.0,), 8.0).params("lightgbm", {"reg_alpha": 1, "min_child_weight": 1.0})
    assert made == {"reg_alpha": 8.0, "min_child_weight": 1.0, "cat_l2": 80.0, "cat_smooth": 80.0, "cegb_tradeoff": 8.0}
    assert units.PLAIN.params("xgboost", params) == params
    x, y = data(Corner)
    model = trained("xgboost", Corner(width=0.01), x, y)
    unit = bo.record(model)["unit"]
    assert unit["penalty"] == unit["least"] != unit["factor"]


def test_scores_with_curvatures_of_different_units():
    """Each has a factor of its own, and the targets any unit."""

    @final
    @dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
    class Two(bo.Rowwise):
        name = "two"
        link = "identity"
        domain = REAL
        uneven = True
        outputs: tuple = bo.param((1.0, 2.0), domain=bo.Ascending(POSITIVE))
        count = "outputs"

        @staticmethod
        def guess(y, weight, k, outputs):
            return np.array([np.average(y, weights=weight), 0.0])

        @staticmethod
        def row(y, f, outputs, grad, hess, kind):
            grad[0], hess[0] = 1e6 * (f[0] - y), 1e6
            grad[1], hess[1] = 1e-6 * (f[1] - y), 1e-6
            return 0.5e6 * (f[0] - y) ** 2 + 0.5e-6 * (f[1] - y) ** 2

    x, y = data(bo.SquaredError)
    for booster in BOOSTERS:
        model = trained(booster, Two(), x, y, params={"boost_from_average": False} if booster == "lightgbm" else {})
        first, second = (np.abs(column - y).mean() for column in predicted(booster, model, x).T)
        assert first == pytest.approx(second, rel=0.2) and second < 0.6 * np.abs(y - y.mean()).mean()
        factors = np.array(bo.record(model)["unit"]["factor"]) * [1e6, 1e-6]
        assert factors[0] == pytest.approx(factors[1], rel=1e-5)


# Where it is resolved -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("booster", BOOSTERS)
def test_the_model_says_what_it_became(booster):
    x, y = data(bo.LogCosh)
    weight, o = RNG.uniform(0.5, 2, N).astype(np.float32), bo.LogCosh(scale="auto")
    model = trained(booster, o, x, y, weight)
    read, resolved = bo.record(model), o.resolve(y, weight)
    assert read["parameters"] == {"scale": resolved.scale} and read["auto"] == ["scale"] and read["repr"] == repr(resolved)
    assert read["start"] == [pytest.approx(resolved.start(y, weight)[0], rel=1e-6)]
    twin = trained(booster, resolved, x, y, weight)
    assert np.array_equal(predicted(booster, model, x), predicted(booster, twin, x))
    assert bo.record(twin)["auto"] == []


@pytest.mark.parametrize("booster", BOOSTERS)
def test_beside_an_offset_with_its_own_metric_and_exact_leaves(booster):
    x, y = data(bo.Huber)
    offset, o, seen = (8 * RNG.normal(size=N)).round(), bo.Huber(delta="auto"), {}
    resolved = o.resolve(y + offset, offset=offset)
    more = {"xgboost": lambda d: {"evals": [(d, "it")], "evals_result": seen, "verbose_eval": False}}
    more["lightgbm"] = lambda d: {"valid_sets": [d], "valid_names": ["it"], "callbacks": [lgb.record_evaluation(seen)]}
    dtrain = container(booster, x, y + offset, offset=offset)
    model = bo.train(QUIET[booster], dtrain, 3, objective=o, leaf="exact", **more[booster](dtrain))
    assert bo.record(model)["parameters"] == {"delta": pytest.approx(resolved.delta, rel=1e-6)}
    raw = bo.predict(model, x, offset=offset) if booster == "lightgbm" else model.predict(dtrain)
    assert seen["it"]["huber"][-1] == pytest.approx(resolved.loss(y + offset, raw).mean(), rel=1e-4)


def test_every_fold_has_its_own():
    x, y = data(bo.LogCosh)
    o, fold = bo.LogCosh(scale="auto"), np.arange(N) < 100
    folds = [(np.flatnonzero(~fold), np.flatnonzero(fold)), (np.flatnonzero(fold), np.flatnonzero(~fold))]
    dataset = lgb.Dataset(x, y, free_raw_data=False)
    found = bo.cv(QUIET["lightgbm"], dataset, 3, objective=o, folds=folds, return_cvbooster=True)
    for booster, (rows, _) in zip(found["cvbooster"].boosters, folds, strict=True):
        assert bo.record(booster)["parameters"] == {"scale": o.resolve(y[rows]).scale}
        alone = bo.train(QUIET["lightgbm"], lgb.Dataset(x, y).subset(rows), 3, objective=o)
        np.testing.assert_allclose(booster.predict(x), alone.predict(x), rtol=1e-12)
    table = bo.cv(QUIET["xgboost"], xgb.DMatrix(x, y), 3, objective=o, folds=folds, as_pandas=False)
    rows, rest = folds[0]
    losses = []
    for rows, rest in folds:
        alone = trained("xgboost", o, x[rows], y[rows], rounds=3)
        losses.append(o.resolve(y).loss(y[rest], alone.predict(xgb.DMatrix(x[rest]))).mean())
    assert table["test-log_cosh-mean"][-1] == pytest.approx(np.mean(losses), rel=1e-5)


@pytest.mark.parametrize("booster", BOOSTERS)
def test_estimators(booster):
    x, y = data(bo.Fair)
    o = bo.Fair(c="auto")
    model = bo_regressor(booster, o).fit(x, 1e-6 * y)
    assert model.objective_ == o.resolve((1e-6 * y).astype(np.float32)) and model.get_params()["objective"] == o
    assert np.abs(model.predict(x) * 1e6 - bo_regressor(booster, o).fit(x, y).predict(x)).max() <= CLOSE * y.std()
    two = bo_regressor(booster, o).fit(x, np.stack([y, 1e3 * y], axis=1))
    first, second = two.predict(x).T
    assert np.abs(second / 1e3 - first).max() <= CLOSE * y.std() and two.objective_ == o


def bo_regressor(booster, objective):
    from boostobj.estimators import Regressor

    quiet = {"verbosity": -1} if booster == "lightgbm" else {}
    return Regressor(objective=objective, booster=booster, n_estimators=ROUNDS, n_jobs=1, **quiet)


@pytest.mark.parametrize("booster", BOOSTERS)
def test_training_on_from_a_model(booster):
    """The scale is that of the targets about their start, whatever the model has learnt."""
    x, y = data(bo.LogCosh)
    o, key = bo.LogCosh(scale="auto"), "xgb_model" if booster == "xgboost" else "init_model"
    first = trained(booster, o, x, 1e-6 * y, rounds=4)
    both = trained(booster, o, x, 1e-6 * y, rounds=4, **{key: first})
    whole = trained(booster, o, x, 1e-6 * y, rounds=8)
    assert bo.record(both)["parameters"] == bo.record(whole)["parameters"]
    assert np.abs(predicted(booster, both, x) - predicted(booster, whole, x)).max() <= 1e-11
    assert np.abs(predicted(booster, both, x) - predicted(booster, first, x)).max() > 1e-8
    if booster == "xgboost":
        covers = [model.trees_to_dataframe().query("Node == 0")["Cover"] for model in (both, whole)]
        np.testing.assert_allclose(*covers, rtol=1e-3)
        assert len(covers[0]) == 8 and bo.record(both)["unit"]["factor"] > 1e9


@pytest.mark.skipif(version_of(xgb.__version__) < (3, 1), reason="one base_score for all targets")
def test_several_targets_have_a_scale_each():
    x, y = data(bo.PseudoHuber)
    both, o, seen = np.stack([y, 1e3 * np.exp(y)], axis=1), bo.PseudoHuber(delta="auto"), {}
    dtrain, params = xgb.DMatrix(x, both), {"nthread": 1, "min_child_weight": 0}
    model = bo.train(params, dtrain, 5, objective=o, evals=[(dtrain, "it")], evals_result=seen, verbose_eval=False)
    read = bo.record(model)
    assert read["parameters"] == {"delta": [o.resolve(column.astype(np.float32)).delta for column in both.T]}
    assert read["auto"] == ["delta"] and read["repr"] == repr(o)
    losses = []
    for j, column in enumerate(both.T):
        alone = bo.train(params, xgb.DMatrix(x, column), 5, objective=o)
        assert np.array_equal(model.predict(dtrain)[:, j], alone.predict(dtrain))
        losses.append(o.loss(column, alone.predict(dtrain)).mean())
    assert seen["it"]["pseudo_huber"][-1] == pytest.approx(np.mean(losses), rel=1e-5)
