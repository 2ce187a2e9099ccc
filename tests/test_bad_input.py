"""Bad input is refused before anything is trained, in the boosters' own calls too; extreme input is not bad."""

import chosen
import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb

import boostobj as bo

pytestmark = pytest.mark.skipif(chosen.OTHER_PYTHON, reason="the first run has it: nothing here depends on the Python")

X = np.random.default_rng(0).normal(size=(50, 3))
QUIET = {"verbosity": -1, "num_threads": 1}


def scores(name, n):
    """The shape of n rows of scores."""
    cls = bo.objectives.get(name)
    many = issubclass(cls, bo.Rowwise) if cls else "multi" in name
    return (n, 3 if cls and cls.count == "alpha" else 2) if many else (n,)


def train_xgboost(o, y, weight=None, **params):
    return xgb.train({"nthread": 1, **params}, xgb.DMatrix(X, y, weight=weight), 2, obj=o)


def train_lightgbm(o, y, weight=None, **params):
    return lgb.train({**QUIET, **params, "objective": o}, lgb.Dataset(X, y, weight=weight), 2)


@pytest.mark.parametrize("train", [train_xgboost, train_lightgbm])
@pytest.mark.parametrize(
    ("o", "value", "allowed"),
    [
        (bo.LogLoss(), 2.0, "LogLoss: y must be a number in [0, 1], got 2.0 in row 7 (2 of 50 rows)"),
        (bo.LogLoss(), -1.0, "LogLoss: y must be a number in [0, 1], got -1.0 in row 7 (2 of 50 rows)"),
        (bo.get("binary:logistic"), 2.0, "binary:logistic: y must be a number in [0, 1], got 2.0 in row 7"),
        (bo.get("lightgbm:binary"), 0.5, "lightgbm:binary: y must be an integer in [0, 1], got 0.5 in row 7"),
    ],
)
def test_labels_outside_the_domain(train, o, value, allowed):
    y = np.arange(50) % 2.0
    y[[7, 30]] = value
    with pytest.raises(ValueError) as error:
        train(o, y)
    assert allowed in str(error.value)


@pytest.mark.parametrize("o", [bo.Softmax(), bo.get("multi:softprob"), bo.get("lightgbm:multiclass")], ids=repr)
@pytest.mark.parametrize("train", [train_xgboost, train_lightgbm])
def test_class_index_out_of_range(train, o):
    y = np.arange(50) % 3.0
    y[7] = 3
    with pytest.raises(ValueError, match=r"y must be an integer in \[0, 2\], got 3.0 in row 7 \(1 of 50 rows\)"):
        train(o, y, num_class=3)
    y[7] = 0.5
    with pytest.raises(ValueError, match=r"got 0.5 in row 7"):
        train(o, y, num_class=3)


@pytest.mark.parametrize("train", [train_xgboost, train_lightgbm])
def test_wrong_num_class(train):
    y = np.arange(50) % 3.0
    with pytest.raises(ValueError, match="num_class is 4, raw has 3 columns"):
        train(bo.Softmax(num_class=4), y, num_class=3)
    with pytest.raises(ValueError, match="is num_class among the booster's parameters"):
        train(bo.Softmax(), y)
    with pytest.raises(ValueError, match=r"LogLoss: raw must have shape \(50,\), one score per row, got \(50, 3\)"):
        train(bo.LogLoss(), y % 2, num_class=3)


def test_all_zero_weights():
    y = np.arange(50) % 2.0
    with pytest.raises(ValueError, match="weight must be positive somewhere, all 50 are 0"):
        train_xgboost(bo.LogLoss(), y, np.zeros(50))


def test_negative_weights_where_the_booster_lets_them_through():
    weight = np.ones(50)
    weight[3] = -1.0
    o, y, raw = bo.LogLoss(), np.arange(50) % 2.0, np.zeros(50)
    with pytest.raises(ValueError, match=r"weight must be finite and not negative, got -1.0 in row 3 \(1 of 50 rows\)"):
        o(y, raw, weight)


@pytest.mark.parametrize("make", [
    lambda o, y: o.train_params(xgb.DMatrix(X, y)),
    lambda o, y: o.init_score(lgb.Dataset(X, y)),
    lambda o, y: o.start(y),
])  # fmt: skip
@pytest.mark.parametrize("o", [bo.LogLoss(), bo.get("binary:logistic"), bo.get("lightgbm:binary")], ids=repr)
def test_starts_refuse_labels(make, o):
    y = np.arange(50) % 2.0
    y[9] = 3.0
    with pytest.raises(ValueError, match=r"y must be .*got 3.0 in row 9 \(1 of 50 rows\)"):
        make(o, y)


def test_containers_of_the_wrong_kind_or_without_labels():
    o = bo.LogLoss()
    with pytest.raises(TypeError, match=r"train_params takes an xgboost.DMatrix, got Dataset"):
        o.train_params(lgb.Dataset(X, X[:, 0]))
    with pytest.raises(TypeError, match=r"init_score takes a lightgbm.Dataset, got DMatrix"):
        o.init_score(xgb.DMatrix(X, X[:, 0]))
    with pytest.raises(ValueError, match="LogLoss: the DMatrix has no labels"):
        o(np.zeros(50, np.float32), xgb.DMatrix(X))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bo.LogCosh(scale=0), r"LogCosh: scale must be a number in \(0, inf\), or 'auto', got 0.0"),
        (lambda: bo.PseudoHuber(delta=float("nan")), r"PseudoHuber: delta must be .*, got nan"),
        (lambda: bo.LogLoss(scale_pos_weight="2"), r"LogLoss: scale_pos_weight must be .*, got '2'"),
        (lambda: bo.Softmax(num_class=1), r"Softmax: num_class must be an integer in \[2, .*, or None, got 1"),
        (lambda: bo.get("reg:pseudohubererror", huber_slope=-1), r"reg:pseudohubererror: huber_slope must be"),
        (lambda: bo.get("lightgbm:binary", is_unbalance=1), r"is_unbalance must be one of False, True, got 1"),
        (lambda: bo.LogLoss(curvature="newton"), r"curvature must be one of 'default', 'exact', .*, got 'newton'"),
        (lambda: bo.LogCosh(curvature="native"), r"curvature must be one of"),
    ],
)
def test_parameters_outside_their_domain(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", ["log_loss", "binary:logistic", "lightgbm:binary"])
def test_unknown_parameters(name):
    with pytest.raises(TypeError, match="has no parameter 'slope'; it has"):
        bo.get(name, slope=2)


@pytest.mark.parametrize("name", chosen.classes())
def test_one_target_warns_only_where_nothing_finite_is_best(name):
    o = bo.get(name)
    one_class = {"log_loss": 1.0, "one_vs_all": 1.0, "multi_label": 1.0, "poisson": 0.0, "tweedie": 0.0}
    one_class |= {name: 1.0 for name, cls in bo.objectives.items() if cls.link == "softmax"}
    if o.link == "logit" and name != "label_smoothing":
        one_class[name] = 1.0
    y = np.full(20, one_class.get(name, 1.0))
    if name in one_class:
        with pytest.warns(UserWarning, match="no finite start minimises the loss"):
            start = o.start(y)
        assert 1 < np.ptp([0, *start]) < 40
    elif name == "multi_expectile":  # expectiles that would be the same, and cannot
        with pytest.warns(UserWarning, match="some levels have the same expectile"):
            assert o.inverse_link(o.start(y)[None]) == pytest.approx(np.ones((1, 3)), rel=0.1, abs=0)
    elif o.link == "location":
        with pytest.warns(UserWarning, match="minimises? the loss"):
            assert 0 < o.start(y)[0] < 40
    elif o.link in ("location_scale", "median_sigma"):  # no scale at all would be likeliest
        with pytest.warns(UserWarning, match="differ by less than epsilon"):
            assert o.inverse_link(o.start(y)[None])[0] == pytest.approx([1.0, o.epsilon], rel=0.1, abs=0)
    elif o.link == "ascending":  # as far apart as smoothing makes them
        assert (np.diff(o.inverse_link(o.start(y)[None])[0]) > 0.5 * o.width).all()
    elif name == "label_smoothing":
        assert o.inverse_link(o.start(y)) == pytest.approx(0.95, rel=1e-12, abs=0)
    elif isinstance(o, bo.Groupwise):
        assert o.start(y).tolist() == [0.0]  # a constant does not move differences
    else:
        start = o.start(y)
        assert o.inverse_link(start).tolist() == pytest.approx(np.ones(start.size).tolist(), rel=1e-12, abs=0)


@pytest.mark.parametrize("name", ["poisson", "tweedie"])
def test_counts_that_are_all_zero(name):
    """XGBoost's own base_score is then 0, a raw score of minus infinity."""
    if xgb.__version__ < "3":
        pytest.skip("XGBoost 2 starts one step from 0")
    dtrain = xgb.DMatrix(X, np.zeros(50))
    with pytest.warns(UserWarning, match="no finite start minimises the loss"):
        params = bo.get(name).train_params(dtrain)
    booster = xgb.train({**params, "nthread": 1}, dtrain, 2, obj=bo.get(name))
    assert (booster.predict(dtrain) < 0.1).all()
    theirs = {"poisson": "count:poisson", "tweedie": "reg:tweedie"}[name]
    with pytest.raises(ValueError, match=f"{theirs}: y must be positive somewhere, all 50 are 0"):
        bo.get(theirs).train_params(dtrain)


@pytest.mark.parametrize("name", ["squared_error", "count:poisson", "log_cosh", "softmax"])
def test_several_targets_per_row(name):
    dtrain = xgb.DMatrix(X, np.ones((50, 2)))
    if dtrain.get_label().ndim == 1:
        pytest.skip("XGBoost 2 does not say that there are several")
    with pytest.raises(ValueError, match=r"y must have shape \(n,\).*got \(50, 2\)"):
        bo.get(name).train_params(dtrain)


def test_extreme_targets_train():
    y = np.where(np.arange(50) % 2, 1e37, -1e37)
    for o in (bo.LogCosh(scale=1e30), bo.PseudoHuber(delta=1e30)):
        dtrain = xgb.DMatrix(X, y)
        booster = xgb.train({**o.train_params(dtrain), "nthread": 1}, dtrain, 3, obj=o)
        assert np.isfinite(booster.predict(dtrain)).all()


def test_gradients_saturate_at_the_largest_float32():
    largest = np.finfo(np.float32).max
    grad, hess = bo.PseudoHuber(delta=1e30)(np.zeros(2), np.array([1e30, 1e300]), np.array([3e38, 3e38]))
    assert grad.tolist() == [largest, largest]
    assert np.isfinite(hess).all()


@pytest.mark.parametrize("value", [np.inf, 1e9, -1.0, np.nan])
def test_a_stray_class_index_does_not_become_a_billion_classes(value):
    y = np.array([0.0, 1.0, value])
    with pytest.raises(ValueError, match=r"y must be .* in row 2 \(1 of 3 rows\)"):
        bo.Softmax().start(y)


@pytest.mark.parametrize("name", sorted([*chosen.classes(), "binary:logistic", "lightgbm:multiclass"]))
@pytest.mark.parametrize("rows", [1, 3, 5])
def test_an_offset_has_one_row_per_target(name, rows):
    o = bo.get(name)
    y = [0.25, 1, 1, 0.25] if name in ("gamma", "inverse_gaussian", "log_normal") else [0, 1, 1, 0]
    with pytest.raises(ValueError, match=f"y has 4 rows, offset has {rows}"):
        o.start(y, offset=np.zeros(scores(name, rows)))
    with pytest.raises(ValueError, match="offset must have shape"):
        o.start(y, offset=np.zeros((*scores(name, 4), 1, 1)))


@pytest.mark.parametrize("name", sorted([*chosen.classes(), "lightgbm:binary", "lightgbm:multiclass"]))
def test_every_float64_score_is_taken(name):
    o = bo.get(name)
    far = np.finfo(np.float64).max
    raw = np.zeros(scores(name, 2))
    raw[0, ...] = far
    if raw.ndim == 2:
        raw[:, 1:] = 0.0
        raw[1, -1] = far
    else:
        raw[1] = -far
    y = np.array([1.0, 1.0]) if name in ("gamma", "inverse_gaussian", "log_normal") else np.array([0.0, 1.0])
    for order in "CF":
        grad, hess = o(y, np.array(raw, order=order))
        assert np.isfinite(grad).all() and np.isfinite(hess).all() and grad.shape == raw.shape


def test_a_target_beyond_float32_is_refused_without_a_warning():
    with pytest.raises(ValueError, match=r"y must be finite, got inf in row 1 \(1 of 2 rows\)"):
        bo.LogCosh()(np.array([0.0, 1e300]), np.zeros(2, np.float32))
