"""One object in every call style: native, cross-validated, scikit-learn; copied, searched over, forked, threaded."""

import copy
import pickle
import subprocess
import sys
import threading

import chosen
import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold

import boostobj as bo
from boostobj import parity

ROUNDS = 8
BINARY, REAL, CLASSES = (parity.load(name) for name in ("breast cancer", "diabetes", "digits"))
NAMES = list(chosen.classes())


def grouped(data, y, size=None):
    n = len(data.y)
    sizes = None if size is None else np.append(np.full(n // size, size), n % size)
    return parity.Data(data.name, data.x, np.asarray(y, float), data.weight, sizes)


def data_for(cls):
    """Real data with the targets, and the groups, that the objective takes."""
    late = np.arange(len(REAL.y)) % 3 == 0
    if len(cls.targets) == 2:
        return grouped(REAL, np.stack([REAL.y, np.where(late, np.inf, REAL.y)], axis=1))
    if issubclass(cls, bo.Groupwise) and cls.row_weights:
        return grouped(REAL, np.where(late, -REAL.y, REAL.y))  # signed times
    if issubclass(cls, bo.Groupwise):
        return grouped(BINARY, BINARY.y, 30) if cls.domain.high == 1 else grouped(REAL, REAL.y // 70, 13)
    if issubclass(cls, bo.Rowwise) and cls.sets:
        return grouped(CLASSES, 2.0**CLASSES.y)
    return REAL if cls.domain.high > 2**31 else CLASSES if issubclass(cls, bo.Rowwise) else BINARY


DATA = {name: data_for(cls) for name, cls in bo.objectives.items()}
QUIET = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True}


def objective(name):
    """With parameters in the unit of the targets of about their size."""
    return bo.get(name, **{p.name: 30.0 * p.deviations for p in bo.objectives[name].parameters() if p.unit == "y"})


def columns(o):
    """As LightGBM must be told the number of scores."""
    return {"num_class": o._known_count() or 10} if isinstance(o, bo.Rowwise) else {}


def weights(data, weighted):
    return data.weight if weighted else None


def native_xgboost(o, data, weighted):
    dtrain = data.dmatrix(weighted)
    # Hessians of squared_log_error are about 1/y**2: XGBoost's least weight of a leaf, 1, is more than all have.
    params = {**o.train_params(dtrain), "nthread": 1, "min_child_weight": 0}
    return xgb.train(params, dtrain, ROUNDS, obj=o), dtrain


def native_lightgbm(o, data, weighted, **params):
    dataset = data.dataset(weighted)
    k = columns(o)
    return lgb.train({**QUIET, **k, **params, "objective": o}, dataset, ROUNDS)


def improves(o, data, raw):
    start = np.broadcast_to(o.start(data.y), raw.shape) if raw.ndim == 2 else np.full(raw.shape, o.start(data.y)[0])
    group = {"group": data.sizes} if issubclass(type(o), bo.Groupwise) else {}
    return o.loss(data.y, raw, **group).mean() < o.loss(data.y, start, **group).mean()


OLD = int(xgb.__version__.partition(".")[0]) < 3


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_xgboost_train_learns(name, weighted):
    o, data = objective(name), DATA[name]
    booster, dtrain = native_xgboost(o, data, weighted)
    # XGBoost 2 starts counts one step from 0, far from the best start, and knows no start of several scores.
    if not (OLD and (o.link == "log" or isinstance(o, bo.Rowwise))):
        assert improves(o, data, booster.predict(dtrain, output_margin=True))
    assert weighted == (booster.save_raw() != native_xgboost(o, data, False)[0].save_raw())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_lightgbm_train_learns(name, weighted):
    o, data = objective(name), DATA[name]
    dataset = data.dataset(weighted)
    init = o.init_score(dataset)
    dataset.set_init_score(init)
    k = columns(o)
    booster = lgb.train({**QUIET, **k, "objective": o}, dataset, ROUNDS)
    assert improves(o, data, booster.predict(data.x, raw_score=True) + init[0])


@pytest.mark.parametrize("name", NAMES)
def test_xgboost_cv(name):
    o, data = objective(name), DATA[name]
    dtrain = data.dmatrix(False)
    params = {**o.train_params(dtrain), "nthread": 1, "min_child_weight": 0}
    # No default metric for several scores, for times, or for gradients that are held fixed.
    if params["objective"] == "reg:squarederror" or o.link == "one_vs_all" or isinstance(o, (bo.AFT, bo.Groupwise)):
        mean_loss = bo.metrics.get("loss", objective=o)
        params["disable_default_eval_metric"] = 1
    else:
        mean_loss = None
    table = xgb.cv(params, dtrain, ROUNDS, nfold=3, obj=o, seed=0, custom_metric=mean_loss)
    metric = next(c for c in table.columns if c.startswith("train-") and c.endswith("-mean"))
    assert table[metric].iloc[-1] < table[metric].iloc[0]
    if name in ("log_loss", "softmax"):
        assert table.equals(xgb.cv(params, dtrain, ROUNDS, nfold=3, seed=0, custom_metric=None))


@pytest.mark.parametrize("name", NAMES)
def test_lightgbm_cv(name):
    o, data = objective(name), DATA[name]
    k, mean_loss = columns(o), bo.metrics.get("loss", objective=o)
    dataset = data.dataset(False)
    dataset.set_init_score(o.init_score(data.dataset(False)))
    params = {**QUIET, **k, "objective": o, "metric": "None"}
    folds = None
    if data.sizes is not None:  # whole groups
        folds = GroupKFold(3).split(data.x, groups=np.repeat(np.arange(len(data.sizes)), data.sizes))
    table = lgb.cv(params, dataset, ROUNDS, nfold=3, stratified=False, feval=mean_loss, folds=folds)
    assert table[f"valid {mean_loss.name}-mean"][-1] < table[f"valid {mean_loss.name}-mean"][0]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["log_cosh", "pseudo_huber"])
def test_xgb_regressor_is_native_training(name, weighted):
    o, data = objective(name), REAL
    booster, dtrain = native_xgboost(o, data, weighted)
    base = o.train_params(dtrain)["base_score"]
    model = xgb.XGBRegressor(objective=o, n_estimators=ROUNDS, base_score=base, n_jobs=1, min_child_weight=0)
    model.fit(data.x, data.y, sample_weight=weights(data, weighted))
    assert np.array_equal(model.predict(data.x), booster.predict(dtrain))
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(data.x), model.predict(data.x))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_xgb_classifier_is_the_built_in(classes, weighted):
    data = BINARY if classes == 2 else CLASSES
    rows = data.y < classes
    x, y, w = data.x[rows], data.y[rows], data.weight[rows] if weighted else None
    base = 0.6 if classes == 2 else 0.5
    common = {"n_estimators": ROUNDS, "base_score": base, "n_jobs": 1}
    ours = xgb.XGBClassifier(objective=bo.LogLoss() if classes == 2 else bo.Softmax(), **common)
    theirs = xgb.XGBClassifier(**common)
    for model in (ours, theirs):
        model.fit(x, y, sample_weight=w)
    assert np.array_equal(ours.predict_proba(x), theirs.predict_proba(x))
    assert np.array_equal(ours.predict(x), theirs.predict(x))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["log_cosh", "pseudo_huber"])
def test_lgbm_regressor_is_native_training(name, weighted):
    o, data = objective(name), REAL
    model = lgb.LGBMRegressor(objective=o, n_estimators=ROUNDS, n_jobs=1, verbosity=-1, deterministic=True,
                              force_row_wise=True, min_child_weight=1e-3)  # fmt: skip
    model.fit(data.x, data.y, sample_weight=weights(data, weighted), init_score=np.full(len(data.y), 140.0))
    dataset = lgb.Dataset(data.x, data.y, weight=weights(data, weighted), init_score=np.full(len(data.y), 140.0))
    native = lgb.train({**QUIET, "objective": o}, dataset, ROUNDS)
    assert np.array_equal(model.predict(data.x), native.predict(data.x))
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(data.x), model.predict(data.x))


@pytest.mark.filterwarnings("ignore:Cannot compute class probabilities")  # LightGBM returns raw scores, and says so
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_lgbm_classifier_is_the_built_in(classes, weighted):
    data = BINARY if classes == 2 else CLASSES
    rows = data.y < classes
    x, y, w = data.x[rows], data.y[rows], data.weight[rows] if weighted else None
    common = {"n_estimators": ROUNDS, "n_jobs": 1, "verbosity": -1, "deterministic": True, "force_row_wise": True}
    ours = lgb.LGBMClassifier(objective=bo.LogLoss() if classes == 2 else bo.Softmax(), **common)
    theirs = lgb.LGBMClassifier(boost_from_average=False, **common)
    for model in (ours, theirs):
        model.fit(x, y, sample_weight=w)
    assert np.array_equal(ours.predict(x, raw_score=True), theirs.predict(x, raw_score=True))


@pytest.mark.parametrize("name", NAMES)
def test_copies_give_the_same_gradients(name):
    o, data = objective(name), DATA[name]
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(len(data.y), *columns(o).values()))
    expected = o(data.y, raw, None, data.sizes)
    for other in (copy.deepcopy(o), copy.copy(o), pickle.loads(pickle.dumps(o)), clone(o, safe=False), eval(repr(o), vars(bo))):
        assert all(map(np.array_equal, other(data.y, raw, None, data.sizes), expected))
    model = clone(xgb.XGBRegressor(objective=o))
    assert model.get_params()["objective"] == o
    assert clone(lgb.LGBMRegressor(objective=o)).get_params()["objective"] == o


@pytest.mark.parametrize("estimator", [
    xgb.XGBRegressor(n_estimators=ROUNDS, n_jobs=1, base_score=140.0),
    lgb.LGBMRegressor(n_estimators=ROUNDS, n_jobs=1, verbosity=-1),
], ids=["xgboost", "lightgbm"])  # fmt: skip
def test_a_grid_search_over_objectives_in_two_processes(estimator):
    grid = [bo.LogCosh(scale=s) for s in (1.0, 100.0)] + [bo.PseudoHuber(delta=30.0)]
    search = GridSearchCV(estimator, {"objective": grid}, cv=2, n_jobs=2, scoring="neg_mean_absolute_error")
    search.fit(REAL.x, REAL.y)
    assert search.best_params_["objective"] in grid
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all() and len(set(scores)) == 3


FORK = """
import os, numpy as np, boostobj as bo
o, y, raw = bo.LogLoss(), np.arange(4000) % 2, np.linspace(-3, 3, 4000)
before = o(y, raw)
child = os.fork()
if child == 0:
    same = all(map(np.array_equal, o(y, raw), before))
    os._exit(0 if same else 1)
assert os.waitpid(child, 0)[1] == 0
assert all(map(np.array_equal, o(y, raw), before))
"""


def test_after_a_fork():
    subprocess.run([sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK], check=True, timeout=120)


@pytest.mark.parametrize("name", NAMES)
def test_from_several_threads(name):
    """Two trainings at once give what one gives."""
    o, data = objective(name), DATA[name]
    expected = native_xgboost(o, data, True)[0].save_raw()
    results = []
    threads = [threading.Thread(target=lambda: results.append(native_xgboost(o, data, True)[0].save_raw())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected, expected]


def test_a_result_is_not_overwritten_by_the_next():
    o = bo.LogLoss()
    y, raw = np.float32([0, 1]), np.float32([1, 2])
    first = o(y, raw)
    kept = [v.copy() for v in first]
    o(y, -raw)
    assert all(map(np.array_equal, first, kept))


def test_a_ranker_passes_four_arguments():
    o = bo.LogLoss()
    y, raw, w = np.array([0.0, 1.0]), np.array([0.5, -0.5]), np.array([1.0, 2.0])
    assert all(map(np.array_equal, o(y, raw, w, np.array([2])), o(y, raw, w)))


@pytest.mark.parametrize("alias", ["boosting", "boosting_type", "boost"])
def test_lightgbms_dart_is_refused(alias):
    with pytest.raises(ValueError, match="LogLoss: LightGBM's boosting='dart'"):
        native_lightgbm(bo.LogLoss(), BINARY, False, **{alias: "dart"})
