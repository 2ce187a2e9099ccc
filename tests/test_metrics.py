"""Metrics: scikit-learn's numbers, in every call style of both boosters, in the right direction."""

import copy
import pickle
import warnings

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from sklearn import metrics as sk
from sklearn.base import clone

import boostobj as bo
from boostobj.builtins import version_of

N, K = 240, 3
RNG = np.random.default_rng(3)
X = RNG.normal(size=(N, 5)).astype(np.float32)
SIGNAL = (X[:, 0] - X[:, 1] * X[:, 2] + 0.7 * RNG.normal(size=N)).astype(np.float32).astype(np.float64)  # as labels are kept
WEIGHT = RNG.integers(0, 4, N).astype(np.float64)
BINARY = (SIGNAL > 0).astype(np.float64)
CLASSES = np.digitize(SIGNAL, [-0.7, 0.6]).astype(np.float64)
COUNTS = RNG.poisson(np.exp(0.5 * SIGNAL)).astype(np.float64)
SIZES = np.array([30, 30, 40, 1, 39, 30, 20, 50])
SIGNED = np.where(RNG.random(N) < 0.7, 1, -1) * np.ceil(3 * np.exp(SIGNAL))  # with ties

XGBOOST = {"nthread": 1, "max_depth": 3}
LIGHTGBM = {"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}


def sigmoid(raw):
    return 1 / (1 + np.exp(-raw))


def softmax(raw):
    e = np.exp(raw)
    return e / e.sum(axis=1, keepdims=True)


# For each metric targets and a good prediction of them; both may be worsened by noise.
LABELS = np.stack([BINARY, CLASSES > 0, CLASSES > 1], axis=1).astype(np.float64)
GOOD = {
    **dict.fromkeys(("auc", "average_precision", "brier", "log_loss", "d2_log_loss"), (BINARY, sigmoid, SIGNAL)),
    **dict.fromkeys(("accuracy", "balanced_accuracy", "f1"), (BINARY, sigmoid, SIGNAL)),
    **dict.fromkeys(("mse", "rmse", "mae", "r2", "d2_absolute_error"), (SIGNAL, lambda f: f, 0.9 * SIGNAL)),
    **dict.fromkeys(("pinball", "d2_pinball"), (SIGNAL, lambda f: f, SIGNAL + 0.1)),
    "mape": (np.exp(SIGNAL), np.exp, 0.9 * SIGNAL),
    **dict.fromkeys(("rmsle", "gamma_deviance", "d2_gamma"), (np.exp(SIGNAL), np.exp, 0.9 * SIGNAL)),
    **dict.fromkeys(("poisson_deviance", "d2_poisson", "tweedie_deviance", "d2_tweedie"), (COUNTS, np.exp, 0.5 * SIGNAL)),
    "ndcg": (CLASSES, lambda f: f, SIGNAL),
    "map": (BINARY, lambda f: f, SIGNAL),
    "concordance": (SIGNED, np.exp, -np.abs(SIGNED) / 5),
}
SETTINGS = {"concordance": {"prediction": "hazard"}}


def made(name, **more):
    return bo.metrics.get(name, **SETTINGS.get(name, {}), **more)


NAMES = [name for name in bo.metrics.names() if name != "loss"]


def test_every_metric_has_its_example():
    assert sorted(GOOD) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_better_predictions_are_better_in_the_metrics_direction(name):
    y, inverse, raw = GOOD[name]
    metric = made(name)
    noise = np.random.default_rng(1).normal(size=N)
    values = [metric.value(y, inverse(raw + s * noise), WEIGHT) for s in (0.0, 0.8, 3.0)]
    assert values == sorted(values, reverse=metric.maximize)
    assert len(set(values)) == 3


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_repetitions(name):
    y, inverse, raw = GOOD[name]
    predicted = inverse(raw + np.random.default_rng(1).normal(size=N))
    often = np.repeat(np.arange(N), WEIGHT.astype(int))
    metric = made(name)
    if name in ("ndcg", "map"):  # of queries
        of_query = np.array([2.0, 0, 3, 1, 1, 2, 1, 4])
        queries = np.split(np.arange(N), np.cumsum(SIZES)[:-1])
        again = [q for q, times in zip(queries, of_query, strict=True) for _ in range(int(times))]
        rows = np.concatenate(again)
        repeated = metric.value(y[rows], predicted[rows], group=[len(q) for q in again])
        weighted = metric.value(y, predicted, np.repeat(of_query, SIZES), group=SIZES)
        plain = metric.value(y, predicted, group=SIZES)
    else:
        repeated = metric.value(y[often], predicted[often])
        weighted, plain = metric.value(y, predicted, WEIGHT), metric.value(y, predicted)
    assert weighted == pytest.approx(repeated, rel=1e-12)
    assert weighted != pytest.approx(plain, rel=1e-6)


def brute_auc(y, p, w):
    pairs = (y[:, None] > y) * np.multiply.outer(w, w)
    return (pairs * ((p[:, None] > p) + 0.5 * (p[:, None] == p))).sum() / pairs.sum()


def brute_concordance(signed, risk, w):
    time, event = np.abs(signed), signed > 0
    sooner = (time[:, None] < time) | ((time[:, None] == time) & ~event)
    pairs = sooner * event[:, None] * np.multiply.outer(w, w)
    return (pairs * ((risk[:, None] > risk) + 0.5 * (risk[:, None] == risk))).sum() / pairs.sum()


def brute_ndcg(y, p, k=None):
    def dcg(order):
        gains = (2 ** y[order] - 1)[:k]
        return (gains / np.log2(np.arange(len(gains)) + 2)).sum()

    return dcg(np.argsort(-p)) / dcg(np.argsort(-y))


def brute_average_precision(y, p):
    hits = y[np.argsort(-p)]
    return (hits * np.cumsum(hits) / np.arange(1, len(y) + 1)).sum() / hits.sum()


def of_queries(one):
    parts = np.split(np.arange(N), np.cumsum(SIZES)[:-1])
    return lambda y, p: np.mean([one(y[q], p[q]) if np.ptp(y[q]) else 1.0 for q in parts])


P = sigmoid(SIGNAL + np.random.default_rng(1).normal(size=N)).round(2).clip(0.01, 0.99)  # with ties
MU = np.exp(0.4 * SIGNAL)


def mean(values):
    return np.average(values, weights=WEIGHT)


SOFT = np.clip(P + 0.1 * X[:, 3], 0, 1)
CLOSED = [
    ("auc", {}, BINARY, P, lambda: brute_auc(BINARY, P, WEIGHT)),
    ("brier", {}, BINARY, P, lambda: mean((BINARY - P) ** 2)),
    ("brier", {}, SOFT, P, lambda: mean((SOFT - P) ** 2)),
    ("log_loss", {}, BINARY, P, lambda: mean(-np.log(np.where(BINARY == 1, P, 1 - P)))),
    ("log_loss", {}, SOFT, P, lambda: mean(-SOFT * np.log(P) - (1 - SOFT) * np.log1p(-P))),
    ("accuracy", {}, BINARY, P, lambda: mean(BINARY == (P > 0.5))),
    ("balanced_accuracy", {}, BINARY, P, lambda: sk.balanced_accuracy_score(BINARY, P > 0.5, sample_weight=WEIGHT)),
    ("f1", {}, BINARY, P, lambda: sk.f1_score(BINARY, P > 0.5, sample_weight=WEIGHT)),
    ("average_precision", {}, BINARY, P, lambda: sk.average_precision_score(BINARY, P, sample_weight=WEIGHT)),
    ("mse", {}, SIGNAL, P, lambda: mean((SIGNAL - P) ** 2)),
    ("rmse", {}, SIGNAL, P, lambda: np.sqrt(mean((SIGNAL - P) ** 2))),
    ("rmsle", {}, COUNTS, MU, lambda: np.sqrt(mean((np.log1p(COUNTS) - np.log1p(MU)) ** 2))),
    ("mae", {}, SIGNAL, P, lambda: mean(np.abs(SIGNAL - P))),
    ("mape", {}, SIGNAL, P, lambda: mean(np.abs(SIGNAL - P) / np.abs(SIGNAL))),
    ("r2", {}, SIGNAL, P, lambda: 1 - mean((SIGNAL - P) ** 2) / mean((SIGNAL - mean(SIGNAL)) ** 2)),
    ("pinball", {"alpha": 0.9}, SIGNAL, P, lambda: mean(np.maximum(0.9 * (SIGNAL - P), -0.1 * (SIGNAL - P)))),
    ("d2_pinball", {"alpha": 0.9}, SIGNAL, P, lambda: sk.d2_pinball_score(SIGNAL, P, sample_weight=WEIGHT, alpha=0.9)),
    ("d2_absolute_error", {}, SIGNAL, P, lambda: sk.d2_absolute_error_score(SIGNAL, P, sample_weight=WEIGHT)),
    (
        "poisson_deviance", {}, COUNTS, MU,
        lambda: mean(2 * (np.where(COUNTS > 0, COUNTS * np.log(np.maximum(COUNTS, 1) / MU), 0) - COUNTS + MU)),
    ),
    ("gamma_deviance", {}, COUNTS + 1, MU, lambda: mean(2 * (np.log(MU / (COUNTS + 1)) + (COUNTS + 1) / MU - 1))),
    (
        "tweedie_deviance", {"power": 1.3}, COUNTS, MU,
        lambda: mean(2 * (COUNTS**0.7 / (-0.3 * 0.7) + COUNTS * MU**-0.3 / 0.3 + MU**0.7 / 0.7)),
    ),
    ("d2_poisson", {}, COUNTS, MU, lambda: sk.d2_tweedie_score(COUNTS, MU, sample_weight=WEIGHT, power=1)),
    ("d2_gamma", {}, COUNTS + 1, MU, lambda: sk.d2_tweedie_score(COUNTS + 1, MU, sample_weight=WEIGHT, power=2)),
    ("d2_tweedie", {"power": 1.3}, COUNTS, MU, lambda: sk.d2_tweedie_score(COUNTS, MU, sample_weight=WEIGHT, power=1.3)),
    ("concordance", {"prediction": "hazard"}, SIGNED, P, lambda: brute_concordance(SIGNED, P, WEIGHT)),
    ("concordance", {"prediction": "time"}, SIGNED, P, lambda: brute_concordance(SIGNED, -P, WEIGHT)),
]  # fmt: skip


@pytest.mark.parametrize("i", range(len(CLOSED)), ids=[f"{name}-{i}" for i, (name, *_) in enumerate(CLOSED)])
def test_values_are_the_textbooks(i):
    name, params, y, predicted, by_hand = CLOSED[i]
    assert bo.metrics.get(name, **params).value(y, predicted, WEIGHT) == pytest.approx(by_hand(), rel=1e-12)


def test_d2_log_loss_is_the_share_of_the_best_constants_loss():
    metric = bo.metrics.get("d2_log_loss")
    loss = bo.metrics.get("log_loss")
    for y, p in ((BINARY, P), (SOFT, P)):
        constant = np.full(N, mean(y))
        assert metric.value(y, p, WEIGHT) == pytest.approx(1 - loss.value(y, p, WEIGHT) / loss.value(y, constant, WEIGHT))
        assert metric.value(y, constant, WEIGHT) == 0
    several = softmax(X[:, :K].astype(np.float64))
    shares = np.tile(np.bincount(CLASSES.astype(int), weights=WEIGHT) / WEIGHT.sum(), (N, 1))
    assert metric.value(CLASSES, shares, WEIGHT) == 0
    expected = 1 - loss.value(CLASSES, several) / loss.value(CLASSES, np.tile(np.bincount(CLASSES.astype(int)) / N, (N, 1)))
    assert metric.value(CLASSES, several) == pytest.approx(expected)


def test_queries():
    score = SIGNAL + np.random.default_rng(1).normal(size=N)
    for name, y, one in (("ndcg", CLASSES, brute_ndcg), ("map", BINARY, brute_average_precision)):
        assert bo.metrics.get(name).value(y, score, group=SIZES) == pytest.approx(of_queries(one)(y, score), rel=1e-12)
    cut = bo.metrics.get("ndcg", k=5)
    assert cut.value(CLASSES, score, group=SIZES) == pytest.approx(of_queries(lambda y, p: brute_ndcg(y, p, 5))(CLASSES, score))
    assert cut.name == "ndcg@5"
    linear = bo.metrics.get("ndcg", exponential=False)
    assert linear.value(CLASSES, score) == pytest.approx(sk.ndcg_score([CLASSES], [score]))
    assert bo.metrics.get("ndcg").value(np.zeros(5), np.arange(5.0)) == 1  # nothing to put in order


@pytest.mark.parametrize("name", ["auc", "average_precision", "brier", "log_loss", "accuracy", "f1", "balanced_accuracy"])
def test_several_classes(name):
    p = softmax(np.stack([-SIGNAL, 0 * SIGNAL, SIGNAL], axis=1) + X[:, :K])
    y = CLASSES.astype(int)
    each = (y[:, None] == np.arange(K)).astype(int)
    w = {"sample_weight": WEIGHT}
    expected = {
        "auc": lambda: sk.roc_auc_score(y, p, multi_class="ovr", **w),
        "average_precision": lambda: sk.average_precision_score(each, p, **w),
        "brier": lambda: mean(((each - p) ** 2).sum(axis=1)),
        "log_loss": lambda: sk.log_loss(y, p, **w),
        "accuracy": lambda: sk.accuracy_score(y, p.argmax(axis=1), **w),
        "f1": lambda: sk.f1_score(y, p.argmax(axis=1), average="macro", **w),
        "balanced_accuracy": lambda: sk.balanced_accuracy_score(y, p.argmax(axis=1), **w),
    }[name]()
    metric = bo.metrics.get(name)
    assert metric.value(CLASSES, p, WEIGHT) == pytest.approx(expected, rel=1e-12)
    narrow = metric.value(CLASSES, p.astype(np.float32), WEIGHT)  # as XGBoost hands them over: their sums are not 1
    assert narrow == pytest.approx(expected, rel=1e-6)
    if name not in ("auc", "average_precision", "brier", "log_loss"):
        assert metric.value(CLASSES, p.argmax(axis=1), WEIGHT) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["auc", "average_precision", "brier", "log_loss", "accuracy", "f1"])
def test_several_labels(name):
    p = sigmoid(np.stack([SIGNAL, SIGNAL + 0.7, SIGNAL - 0.6], axis=1) + X[:, :K])
    each = [bo.metrics.get(name).value(LABELS[:, j], p[:, j], WEIGHT) for j in range(K)]
    found = bo.metrics.get(name).value(LABELS, p, WEIGHT)
    right = mean((LABELS == (p > 0.5)).all(axis=1))  # accuracy is of whole rows, as in scikit-learn
    assert found == pytest.approx(right if name == "accuracy" else np.mean(each), rel=1e-12)


def test_several_levels_and_targets():
    band = np.stack([SIGNAL - 1, SIGNAL, SIGNAL + 2], axis=1)
    metric = bo.metrics.get("pinball", alpha=(0.1, 0.5, 0.9))
    each = [sk.mean_pinball_loss(SIGNAL, band[:, j], alpha=a) for j, a in enumerate((0.1, 0.5, 0.9))]
    assert metric.value(SIGNAL, band) == pytest.approx(np.mean(each), rel=1e-12)
    assert metric.name == "pinball@0.1,0.5,0.9"
    both = np.stack([SIGNAL, COUNTS], axis=1)
    assert bo.metrics.get("mae").value(both, both + np.array([1, 2]), WEIGHT) == pytest.approx(1.5, rel=1e-12)
    assert bo.metrics.get("mae").value(SIGNAL[:, None], band[:, :1]) == pytest.approx(1, rel=1e-12)


# In training ----------------------------------------------------------------------------------------------------------

CASES = [  # objective, targets, metrics
    ("log_loss", BINARY, ["auc", "average_precision", "brier", "d2_log_loss", "accuracy", "f1", "loss"]),
    (bo.PseudoHuber(delta=0.5), SIGNAL, ["mae", "rmse", "r2", "d2_absolute_error", "loss"]),
    ("poisson", COUNTS, ["poisson_deviance", "d2_poisson", "mae", "loss"]),
    ("softmax", CLASSES, ["auc", "log_loss", "accuracy", "brier", "loss"]),
]
IDS = ["log_loss", "pseudo_huber", "poisson", "softmax"]


def by_hand(names, objective, y, predicted, raw, weight):
    o = bo.get(objective) if isinstance(objective, str) else objective
    found = {}
    for name in names:
        metric = bo.metrics.get(name)
        if name == "loss":
            found[o.name] = np.average(o.loss(y, raw), weights=weight)
        else:
            found[metric.name] = metric.value(y, predicted, weight)
    return found


@pytest.mark.parametrize(("objective", "y", "names"), CASES, ids=IDS)
def test_train_measures_predictions_in_both_boosters(objective, y, names):
    weight = WEIGHT + 0.5
    dtrain, seen = xgb.DMatrix(X, y, weight=weight), {}
    booster = bo.train(
        XGBOOST, dtrain, 3, objective=objective, metric=names, evals=[(dtrain, "train")], evals_result=seen, verbose_eval=False
    )
    predicted, raw = booster.predict(dtrain), booster.predict(dtrain, output_margin=True)
    expected = by_hand(names, objective, y, predicted, raw, weight)
    told = {bo.metrics.get(n).xgboost_name if n in NAMES else n: v for n, v in expected.items()}
    assert list(seen["train"]) == list(told)
    for name, value in told.items():
        # Predictions are float32, and old releases keep six decimals.
        assert seen["train"][name][-1] == pytest.approx(value, rel=1e-5), name

    data, seen = lgb.Dataset(X, y, weight=weight), {}
    model = bo.train(
        {**LIGHTGBM, "num_class": K} if objective == "softmax" else LIGHTGBM, data, 3, objective=objective, metric=names,
        valid_sets=[data], callbacks=[lgb.record_evaluation(seen)],
    )  # fmt: skip
    predicted, raw = model.predict(X), model.predict(X, raw_score=True)
    expected = by_hand(names, objective, y, predicted, raw, weight)
    assert list(seen["training"]) == list(expected)
    for name, value in expected.items():
        assert seen["training"][name][-1] == pytest.approx(value, rel=1e-10), name


def test_a_metric_stands_where_the_boosters_take_callables():
    """In XGBoost a custom_metric sees raw scores beside obj= and predictions else; a feval of LightGBM's too."""
    o, names = bo.LogLoss(), ("auc", "brier")
    dtrain = xgb.DMatrix(X, BINARY, weight=WEIGHT)
    params, rest = {**XGBOOST, **o.train_params(dtrain)}, {"evals": [(dtrain, "train")], "verbose_eval": False}
    for name in names:
        metric, found = bo.metrics.get(name), []
        for obj, custom in ((None, metric), (o, metric.with_objective(o))):
            seen = {}
            booster = xgb.train(params, dtrain, 3, obj=obj, custom_metric=custom, evals_result=seen, **rest)
            found.append(seen["train"][name][-1])
        assert found[0] == found[1]
        assert found[0] == pytest.approx(metric.value(BINARY, booster.predict(dtrain), WEIGHT), rel=1e-5)
        seen = {}
        bo.train(XGBOOST, dtrain, 3, objective=o, custom_metric=metric, evals_result=seen, **rest)
        assert list(seen["train"]) == [name]
        assert seen["train"][name][-1] == pytest.approx(found[0], rel=1e-5)
    bo.train(XGBOOST, dtrain, 3, objective=o, custom_metric=[bo.metrics.get(n) for n in names], evals_result=seen, **rest)
    assert list(seen["train"]) == list(names)
    made_of = {"binary": None, "callable": o}
    found = {}
    for how, given in made_of.items():
        data, seen = lgb.Dataset(X, BINARY, weight=WEIGHT), {}
        if given:
            data.set_init_score(o.init_score(data))
        feval = [bo.metrics.get(name, objective=given) for name in names]
        lgb.train(
            {**LIGHTGBM, "objective": given or "binary", "metric": "None"}, data, 3, feval=feval, valid_sets=[data],
            callbacks=[lgb.record_evaluation(seen)],
        )  # fmt: skip
        found[how] = {name: values[-1] for name, values in seen["training"].items()}
    assert found["binary"] == pytest.approx(found["callable"], rel=1e-12)
    data, seen = lgb.Dataset(X, BINARY, weight=WEIGHT), {}
    feval = [bo.metrics.get("auc"), lambda raw, d: ("lowest", raw.min(), False), bo.metrics.get("brier")]
    bo.train(LIGHTGBM, data, 3, objective=o, feval=feval, valid_sets=[data], callbacks=[lgb.record_evaluation(seen)])
    assert list(seen["training"]) == ["auc", "lowest", "brier"]
    assert seen["training"]["lowest"][-1] < 0
    assert {n: seen["training"][n][-1] for n in names} == pytest.approx(found["binary"], rel=1e-12)


@pytest.mark.parametrize("more", [{}, {"leaf": "exact"}])
def test_offsets_and_exact_leaves_are_part_of_what_is_measured(more):
    exposure = np.exp(X[:, 4] / 2).astype(np.float64)
    weight = WEIGHT + 0.5
    dtrain, seen = xgb.DMatrix(X, COUNTS, weight=weight, base_margin=np.log(exposure)), {}
    booster = bo.train(
        XGBOOST, dtrain, 3, objective="poisson", metric=["mae", "poisson_deviance"], evals=[(dtrain, "train")],
        evals_result=seen, verbose_eval=False, **more,
    )  # fmt: skip
    measured = booster.predict(dtrain)
    for name in ("mae", "poisson_deviance"):
        assert seen["train"][name][-1] == pytest.approx(bo.metrics.get(name).value(COUNTS, measured, weight), rel=1e-5)
    data, seen = lgb.Dataset(X, COUNTS, weight=weight, init_score=np.log(exposure), free_raw_data=False), {}
    model = bo.train(
        LIGHTGBM, data, 3, objective="poisson", metric=["mae", "poisson_deviance"], valid_sets=[data],
        callbacks=[lgb.record_evaluation(seen)], **more,
    )  # fmt: skip
    measured = exposure * model.predict(X)
    for name in ("mae", "poisson_deviance"):
        assert seen["training"][name][-1] == pytest.approx(bo.metrics.get(name).value(COUNTS, measured, weight), rel=1e-6)


def test_weights_of_queries_are_those_of_their_rows():
    of_queries = np.arange(1.0, 9)
    dtrain = xgb.DMatrix(X, SIGNAL, group=SIZES, weight=of_queries)
    _, value = bo.metrics.get("mae")(X[:, 0], dtrain)
    assert value == pytest.approx(bo.metrics.get("mae").value(SIGNAL, X[:, 0], np.repeat(of_queries, SIZES)), rel=1e-12)


@pytest.mark.parametrize("objective", [None, bo.LogLoss()])
def test_estimators_take_a_metric(objective):
    auc = bo.metrics.get("auc", objective=objective)
    brier = bo.metrics.get("brier", objective=objective)
    given = {"objective": objective} if objective else {}
    for metric in (auc, brier):
        model = xgb.XGBClassifier(n_estimators=20, eval_metric=metric, early_stopping_rounds=3, n_jobs=1, max_depth=2, **given)
        clone(model).fit(
            X[:120], BINARY[:120], eval_set=[(X[120:], BINARY[120:])], sample_weight_eval_set=[WEIGHT[120:]], verbose=False
        )
        model.fit(X[:120], BINARY[:120], eval_set=[(X[120:], BINARY[120:])], sample_weight_eval_set=[WEIGHT[120:]], verbose=False)
        seen = model.evals_result()["validation_0"]
        assert list(seen)[-1] == metric.name
        best = np.argmax if metric.maximize else np.argmin
        assert model.best_iteration == best(seen[metric.name]) > 0
        rows = (0, len(seen[metric.name]))
        predicted = model.predict_proba(X[120:], iteration_range=rows)[:, 1]
        value = bo.metrics.get(metric.kind).value(BINARY[120:], predicted, WEIGHT[120:])
        assert seen[metric.name][-1] == pytest.approx(value, abs=6e-7)  # XGBoost prints six decimals

    model = lgb.LGBMClassifier(n_estimators=5, n_jobs=1, verbosity=-1, **given)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The argument 'eval_set' is deprecated")  # there is no other way before 4.7
        model.fit(
            X[:120], BINARY[:120], eval_set=[(X[120:], BINARY[120:])], eval_sample_weight=[WEIGHT[120:]],
            eval_metric=[auc, brier],
        )  # fmt: skip
    raw = model.booster_.predict(X[120:], raw_score=True)
    for metric in (auc, brier):
        value = bo.metrics.get(metric.kind).value(BINARY[120:], sigmoid(raw), WEIGHT[120:])
        assert model.evals_result_["valid_0"][metric.name][-1] == pytest.approx(value, rel=1e-12)


def test_rankers_take_a_metric():
    ndcg = bo.metrics.get("ndcg")
    assert ndcg.value(CLASSES, SIGNAL + X[:, 3], group=SIZES) != ndcg.value(CLASSES, SIGNAL + X[:, 3])
    ranker = xgb.XGBRanker(n_estimators=3, eval_metric=ndcg, n_jobs=1, max_depth=2)
    ranker.fit(X, CLASSES, group=SIZES, eval_set=[(X, CLASSES)], eval_group=[SIZES], verbose=False)
    # XGBoost hands its ranker's metric one query at a time, and weights them with their sizes.
    expected = ndcg.value(CLASSES, ranker.predict(X), np.repeat(SIZES, SIZES), group=SIZES)
    assert ranker.evals_result()["validation_0"]["ndcg"][-1] == pytest.approx(expected, abs=6e-7)
    ranker = lgb.LGBMRanker(n_estimators=3, n_jobs=1, verbosity=-1, min_child_samples=5)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The argument 'eval_set' is deprecated")
        ranker.fit(X, CLASSES.astype(int), group=SIZES, eval_set=[(X, CLASSES)], eval_group=[SIZES], eval_metric=[ndcg])
    expected = ndcg.value(CLASSES, ranker.predict(X), group=SIZES)
    assert ranker.evals_result_["valid_0"]["ndcg"][-1] == pytest.approx(expected, rel=1e-12)
    dtrain, seen = xgb.DMatrix(X, CLASSES, group=SIZES, weight=np.arange(1.0, 9)), {}
    booster = xgb.train(
        {**XGBOOST, "objective": "rank:ndcg", "disable_default_eval_metric": 1}, dtrain, 3, custom_metric=ndcg,
        evals=[(dtrain, "train")], evals_result=seen, verbose_eval=False,
    )  # fmt: skip
    expected = ndcg.value(CLASSES, booster.predict(dtrain), np.repeat(np.arange(1.0, 9), SIZES), group=SIZES)
    assert seen["train"]["ndcg"][-1] == pytest.approx(expected, abs=6e-7)


def test_concordance_in_training():
    seen, rest = {}, {"verbose_eval": False}
    dtrain = xgb.DMatrix(X)
    bo.set_bounds(dtrain, np.abs(SIGNED), np.where(SIGNED > 0, SIGNED, np.inf))
    booster = xgb.train(
        {**XGBOOST, "objective": "survival:aft", "base_score": 3.0}, dtrain, 3, evals=[(dtrain, "train")], evals_result=seen,
        custom_metric=bo.metrics.get("concordance", prediction="time"), **rest,
    )  # fmt: skip
    expected = brute_concordance(SIGNED, -booster.predict(dtrain), np.ones(N))
    assert seen["train"]["prediction_concordance@time"][-1] == pytest.approx(expected, abs=6e-7)
    assert 0.6 < expected < 1
    hazard = bo.metrics.get("concordance", objective="survival:cox")  # says itself what it predicts
    assert hazard.value(SIGNED, -SIGNAL) == pytest.approx(brute_concordance(SIGNED, -SIGNAL, np.ones(N)), rel=1e-12)
    time = bo.metrics.get("concordance", objective="survival:aft")
    assert time.value(SIGNED, SIGNAL) == pytest.approx(hazard.value(SIGNED, -SIGNAL), rel=1e-12)


# Direction ------------------------------------------------------------------------------------------------------------

HALF = N // 2


def stopped(booster, objective, y, metric, weight=None, **more):
    """Best iteration from 0, and what was measured, of a training that stops early."""
    seen = {}
    if booster == "xgboost":
        dtrain, valid = xgb.DMatrix(X[:HALF], y[:HALF]), xgb.DMatrix(X[HALF:], y[HALF:], weight=weight)
        model = bo.train(
            {**XGBOOST, "eta": 0.5}, dtrain, 200, objective=objective, metric=metric, evals=[(valid, "valid")],
            early_stopping_rounds=5, evals_result=seen, verbose_eval=False, **more,
        )  # fmt: skip
        return model.best_iteration, list(seen["valid"].values())[-1]
    data = lgb.Dataset(X[:HALF], y[:HALF])
    valid = lgb.Dataset(X[HALF:], y[HALF:], weight=weight, reference=data)
    model = bo.train(
        {**LIGHTGBM, "learning_rate": 0.4}, data, 200, objective=objective, metric=metric, valid_sets=[valid],
        valid_names=["valid"], callbacks=[lgb.early_stopping(5, verbose=False), lgb.record_evaluation(seen)], **more,
    )  # fmt: skip
    return model.best_iteration - 1, list(seen["valid"].values())[-1]


@pytest.mark.parametrize("name", ["auc", "accuracy", "d2_log_loss", "brier", "log_loss", "loss"])
@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_early_stopping_goes_in_the_metrics_direction(booster, name):
    best, measured = stopped(booster, "log_loss", BINARY, name)
    maximize = bo.metrics.get(name).maximize
    assert best == (np.argmax if maximize else np.argmin)(measured)
    assert 0 < best < len(measured) - 1 < 199
    change = measured[best] - measured[0]
    assert change > 0 if maximize else change < 0


def test_xgboost_guesses_the_direction_from_the_name():
    o = bo.LogLoss()
    dtrain, valid = xgb.DMatrix(X[:HALF], BINARY[:HALF]), xgb.DMatrix(X[HALF:], BINARY[HALF:])
    for name in ("accuracy", "average_precision", "auc", "brier"):
        metric, seen = bo.metrics.get(name, objective=o), {}
        booster = xgb.train(
            {**XGBOOST, "eta": 0.5, **o.train_params(dtrain)}, dtrain, 50, obj=o, custom_metric=metric, evals_result=seen,
            evals=[(valid, "valid")], early_stopping_rounds=5, verbose_eval=False,
        )  # fmt: skip
        measured = seen["valid"][metric.xgboost_name]
        assert booster.best_iteration == (np.argmax if metric.maximize else np.argmin)(measured) > 0
    assert bo.metrics.get("average_precision").xgboost_name == "prediction_average_precision"
    for name in ("auc", "ndcg", "map", "mape", "mae"):
        assert bo.metrics.get(name).xgboost_name == name
    assert bo.metrics.make("precision loss", max, maximize=False).xgboost_name == "loss_precision_loss"


def test_every_name_is_guessed_right_by_the_installed_xgboost():
    guess = xgb.callback.EarlyStopping
    for name in bo.metrics.names():
        metric, stopping = bo.metrics.get(name), guess(rounds=1)
        row = xgb.DMatrix(np.zeros((1, 1)), [0.0])
        stopping._update_rounds(score=0.5, name="valid", metric=metric.xgboost_name, model=xgb.Booster({}, [row]), epoch=0)
        assert stopping.maximize == metric.maximize, name


@pytest.mark.skipif(isinstance(xgb.callback.CallbackContainer([]).callbacks, set), reason="callbacks have no order there")
def test_xgboosts_early_stopping_sees_losses_below_a_millionth():
    found = []
    for unit in (1.0, 2.0**-14):  # the weights make the gains the same
        dtrain = xgb.DMatrix(X[:HALF], SIGNAL[:HALF] * unit, weight=np.full(HALF, unit**-2))
        valid, seen = xgb.DMatrix(X[HALF:], SIGNAL[HALF:] * unit), {}
        booster = bo.train(
            {**XGBOOST, "eta": 0.5, "lambda": 0, "min_child_weight": 0}, dtrain, 100, objective="squared_error",
            evals=[(valid, "valid")], early_stopping_rounds=5, evals_result=seen, verbose_eval=False,
        )  # fmt: skip
        measured = seen["valid"]["squared_error"]
        assert booster.best_iteration == np.argmin(measured) > 0
        assert booster.best_score == min(measured)
        found.append(np.array(measured) / unit**2)
    assert max(measured) < 1e-6 / 16
    np.testing.assert_allclose(*found, rtol=1e-5, atol=0)


def test_the_last_of_several_metrics_stops_xgboost():
    best, measured = stopped("xgboost", "log_loss", BINARY, ["log_loss", "auc"])
    assert best == np.argmax(measured) == stopped("xgboost", "log_loss", BINARY, "auc")[0]
    best, measured = stopped("xgboost", "log_loss", BINARY, ["auc", bo.metrics.get("log_loss")])
    assert best == np.argmin(measured)


def test_named_metrics_take_the_place_of_the_boosters_default():
    dtrain, seen = xgb.DMatrix(X, BINARY), {}
    rest = {"evals": [(dtrain, "train")], "verbose_eval": False, "evals_result": seen}
    bo.train(XGBOOST, dtrain, 2, objective="binary:logistic", metric="auc", **rest)
    assert list(seen["train"]) == ["auc"]
    bo.train({**XGBOOST, "eval_metric": "logloss"}, dtrain, 2, objective="binary:logistic", metric="brier", **rest)
    assert list(seen["train"]) == ["logloss", "brier"]
    plain = bo.train(XGBOOST, dtrain, 2, objective="binary:logistic")
    named = bo.train(XGBOOST, dtrain, 2, objective="binary:logistic", metric=["auc", "loss"], **rest)
    assert plain.save_raw("json") == named.save_raw("json")
    assert list(seen["train"]) == ["auc", "binary_logistic"]
    data, seen = lgb.Dataset(X, SIGNAL), {}
    rest = {"valid_sets": [data], "callbacks": [lgb.record_evaluation(seen)]}
    with pytest.warns(UserWarning, match="trained by LightGBM itself"):
        bo.train({**LIGHTGBM, "bagging_fraction": 0.5, "bagging_freq": 1}, data, 2, objective="lightgbm:regression_l1",
                 metric="mae", **rest)  # fmt: skip
    assert list(seen["training"]) == ["mae"]


# Objects --------------------------------------------------------------------------------------------------------------


def test_parameters_come_from_the_objective():
    q = bo.Quantile(alpha=0.9)
    raw = SIGNAL + 0.3
    expected = sk.mean_pinball_loss(SIGNAL, raw, alpha=0.9)
    assert bo.metrics.get("pinball", objective=q).value(SIGNAL, raw) == pytest.approx(expected, rel=1e-12)
    theirs = bo.get("reg:quantileerror", quantile_alpha=0.9)
    assert bo.metrics.get("pinball", objective=theirs).value(SIGNAL, raw) == pytest.approx(expected, rel=1e-12)
    other = bo.metrics.get("pinball", objective=q, alpha=0.2).value(SIGNAL, raw)
    assert other == pytest.approx(sk.mean_pinball_loss(SIGNAL, raw, alpha=0.2), rel=1e-12)
    deviance = bo.metrics.get("tweedie_deviance", objective=bo.Tweedie(power=1.2)).value(COUNTS, np.log(MU))
    assert deviance == pytest.approx(sk.mean_tweedie_deviance(COUNTS, MU, power=1.2), rel=1e-12)
    of_poisson = bo.metrics.get("tweedie_deviance", objective="poisson").value(COUNTS, np.log(MU))
    assert of_poisson == pytest.approx(sk.mean_poisson_deviance(COUNTS, MU), rel=1e-12)


def test_what_is_for_raw_scores_is_had_for_predictions():
    for o, y in ((bo.LogLoss(sigmoid=2.0), BINARY), (bo.Tweedie(power=1.2), COUNTS), (bo.Cox(), SIGNED)):
        raw = 0.5 * SIGNAL
        for metric in bo.metrics.usual(o)[:-1]:
            plain = metric.for_predictions()
            assert plain.objective is None and plain.kind == metric.kind
            assert plain.value(y, o.inverse_link(raw), WEIGHT) == metric.value(y, raw, WEIGHT)
        with pytest.raises(ValueError, match="is one of raw scores"):
            bo.metrics.usual(o)[-1].for_predictions()
    q = bo.metrics.usual(bo.Quantile(alpha=0.9))
    assert [m.for_predictions() for m in q] == list(q)  # raw scores are predictions


def test_the_usual_metrics_of_every_objective():
    for name, cls in bo.objectives.items():
        chosen = bo.metrics.usual(cls())
        assert chosen[-1].name == name
        assert all(m.objective == cls() for m in chosen)
    assert [m.name for m in bo.metrics.usual("lightgbm:binary")] == ["auc", "average_precision", "brier", "lightgbm:binary"]
    assert [m.name for m in bo.metrics.usual("lightgbm:cross_entropy_lambda")] == ["rmse", "mae", "r2"]
    o = bo.LogLoss()
    values = {m.name: m.value(BINARY, SIGNAL, WEIGHT) for m in bo.metrics.usual(o)}
    assert values["log_loss"] == pytest.approx(np.average(o.loss(BINARY, SIGNAL), weights=WEIGHT), rel=1e-12)
    assert values["brier"] == pytest.approx(mean((BINARY - sigmoid(SIGNAL)) ** 2), rel=1e-12)


@pytest.mark.parametrize("metric", [
    bo.metrics.get("auc"),
    bo.metrics.get("pinball", alpha=(0.1, 0.9)),
    bo.metrics.get("loss", objective=bo.PseudoHuber(delta=2.0)),
    bo.metrics.get("ndcg", k=10, objective="reg:squarederror"),
])  # fmt: skip
def test_a_metric_is_a_value(metric):
    assert pickle.loads(pickle.dumps(metric)) == copy.deepcopy(metric) == clone(metric, safe=False) == metric
    assert {metric: 1}[copy.copy(metric)] == 1
    names = {**vars(bo), "get": bo.metrics.get, "PseudoHuber": bo.PseudoHuber}
    text = repr(metric)
    if "objective=get(" in text:
        text = text.replace("objective=get(", "objective=bo.get(")
    assert eval(text, {**names, "bo": bo}) == metric


def test_a_function_of_the_users_sees_predictions():
    def off(y, predictions, sample_weight=None):
        return abs(np.average(predictions - y, weights=sample_weight))

    metric = bo.metrics.make("calibration in the large", off, maximize=False)
    assert metric.xgboost_name == "calibration_in_the_large"
    dtrain, seen = xgb.DMatrix(X, BINARY, weight=WEIGHT), {}
    booster = bo.train(XGBOOST, dtrain, 2, objective="log_loss", metric=[metric], evals=[(dtrain, "train")], evals_result=seen,
                       verbose_eval=False)  # fmt: skip
    assert seen["train"]["calibration_in_the_large"][-1] == pytest.approx(off(BINARY, booster.predict(dtrain), WEIGHT), rel=1e-3)
    assert "maximize=False" in repr(metric)
    o = bo.LogLoss()
    bound = bo.metrics.make("off", off, maximize=False, objective=o)
    assert bound.value(BINARY, SIGNAL) == pytest.approx(off(BINARY, sigmoid(SIGNAL)))


def value(name, y, scores, weight=None, **params):
    group = params.pop("group", None)
    return lambda: bo.metrics.get(name, **params).value(y, scores, weight, group=group)


FEW = np.array([0.0, 1, 1, 0])


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: bo.metrics.get("roc"), ValueError, r"no metric 'roc'.*there are loss, auc, average_precision"),
    (lambda: bo.metrics.get("average_precison"), ValueError, "did you mean 'average_precision'"),
    (lambda: bo.metrics.get("auc", alpha=1), TypeError, "metric 'auc' has no parameter 'alpha'; it has none"),
    (lambda: bo.metrics.get("pinball", alpha=2), ValueError, "metric 'pinball': alpha must be a number in .0, 1."),
    (lambda: bo.metrics.get("loss", objective="lightgbm:cross_entropy_lambda"), ValueError, "the weight is part of the loss"),
    (lambda: bo.metrics.get("loss").value(FEW, FEW), ValueError, "'loss' is the loss of an objective"),
    (lambda: bo.metrics.make("x", 3, maximize=True), TypeError, "function must be callable, got int"),
    (value("auc", FEW + 1, FEW), ValueError, r"metric 'auc': y must be integers in .0, 1., got 2.0 in row 1 \(2 of 4 rows\)"),
    (value("auc", np.ones(4), FEW), ValueError, "metric 'auc': no row with weight is negative"),
    (value("auc", FEW, FEW, [0, 1, 1, 0]), ValueError, "metric 'auc': no row with weight is negative"),
    (value("auc", [0, 1, 1, 0], np.ones((4, 3))), ValueError, "no row with weight is positive in column 2"),
    (value("auc", [0, 1, 3, 0], np.ones((4, 3))), ValueError, r"y must be integers in .0, 2., got 3.0 in row 2"),
    (value("auc", np.ones((4, 2)), np.ones((4, 3))), ValueError, r"y of shape \(4, 2\) does not go with predictions of shape"),
    (value("brier", FEW, FEW * 2), ValueError, "predictions must be .0, 1., got 2.0 in row 1.*raw scores.*needs objective="),
    (value("log_loss", FEW, np.full((4, 3), 0.5)), ValueError, "probabilities that add up to 1"),
    (value("d2_log_loss", np.ones(4), FEW), ValueError, "of one class"),
    (value("balanced_accuracy", np.ones((4, 2)), np.ones((4, 2))), ValueError, "several labels per row"),
    (value("accuracy", FEW * 2, FEW / 2), ValueError, "predictions must be integers.*or a column for each"),
    (value("mae", FEW, FEW[:3]), ValueError, "y has 4 rows, the scores have 3"),
    (value("mae", FEW[:0], FEW[:0]), ValueError, "there are no rows"),
    (value("mae", FEW, np.ones((4, 2))), ValueError, "must have one shape"),
    (value("mae", FEW, [0, np.inf, 1, 2]), ValueError, r"predictions must be finite, got inf in row 1 \(1 of 4"),
    (value("mae", FEW, FEW, FEW - 1), ValueError, "weight must be finite and not negative, got -1.0 in row 0"),
    (value("mae", FEW, FEW, FEW * 0), ValueError, "weight must be positive somewhere"),
    (value("mae", FEW, FEW, [1]), ValueError, r"weight must have shape \(4,\)"),
    (value("poisson_deviance", FEW, FEW), ValueError, "metric 'poisson_deviance': .*strictly positive"),
    (value("pinball", FEW, np.ones((4, 2)), alpha=0.3), ValueError, "alpha=0.3 goes with y of shape"),
    (value("ndcg", FEW, FEW, group=[1, 2]), ValueError, "the sizes in group add up to 3, y has 4 rows"),
    (value("ndcg", FEW - 1, FEW), ValueError, "metric 'ndcg': y must be .0, 1000., got -1.0 in row 0"),
    (value("map", FEW * 2, FEW), ValueError, "metric 'map': y must be integers in .0, 1."),
    (value("map", FEW, np.ones((4, 2))), ValueError, r"must have shape \(n,\)"),
    (value("concordance", FEW + 1, FEW), ValueError, "prediction must say what is predicted, 'hazard' or 'time'"),
    (value("concordance", -FEW - 1, FEW, prediction="time"), ValueError, "no two rows are comparable"),
    (value("concordance", [[1, 2], [2, 2]], [1, 2], prediction="time"), ValueError, "censored on the right.*row 0"),
    (value("concordance", FEW + 1, np.ones((4, 2)), prediction="time"), ValueError, r"must have shape \(n,\)"),
])  # fmt: skip
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(("rest", "error", "message"), [
    ({"metric": "roc"}, ValueError, "no metric 'roc'"),
    ({"metric": []}, ValueError, "names no metric"),
    ({"metric": ["auc", len]}, TypeError, "got builtin_function_or_method; metrics.make takes a function"),
    ({"metric": ["auc", "auc"]}, ValueError, "metric has 'auc' twice"),
    ({"metric": bo.metrics.get("auc", objective="poisson")}, ValueError, "link 'log'.*link 'logit'|link 'log'.*with 'logit'"),
    ({"metric": "auc", "custom_metric": len, "feval": len}, ValueError, "metric= and (feval|custom_metric)= are given"),
])  # fmt: skip
def test_train_refuses(rest, error, message):
    for data, params, other in ((xgb.DMatrix(X, BINARY), XGBOOST, "feval"), (lgb.Dataset(X, BINARY), LIGHTGBM, "custom_metric")):
        given = {k: v for k, v in rest.items() if k != other}
        with pytest.raises(error, match=message):
            bo.train(params, data, 2, objective="log_loss", **given)


@pytest.mark.skipif(version_of(xgb.__version__) < (2, 1), reason="label matrices")
def test_label_matrices_of_xgboost():
    metric, seen = bo.metrics.get("auc"), {}
    dtrain = xgb.DMatrix(X, LABELS)
    booster = xgb.train(
        {**XGBOOST, "objective": "binary:logistic", "disable_default_eval_metric": 1}, dtrain, 2, custom_metric=metric,
        evals=[(dtrain, "train")], evals_result=seen, verbose_eval=False,
    )  # fmt: skip
    expected = sk.roc_auc_score(LABELS, booster.predict(dtrain))
    assert seen["train"]["auc"][-1] == pytest.approx(expected, abs=6e-7)
    o, weighted = bo.PseudoHuber(delta=0.5), xgb.DMatrix(X, X[:, :2], weight=WEIGHT)
    raw = X[:, 2:4]
    each = [np.average(o.loss(X[:, j], raw[:, j]), weights=WEIGHT) for j in range(2)]
    for metric, several in ((bo.metrics.get("loss", objective=o), each), (bo.metrics.get("mae", objective=o), None)):
        several = several or [mean(np.abs(X[:, j].astype(np.float64) - raw[:, j])) for j in range(2)]
        assert metric(raw, weighted)[1] == metric.value(X[:, :2], raw, WEIGHT) == pytest.approx(np.mean(several), rel=1e-12)
