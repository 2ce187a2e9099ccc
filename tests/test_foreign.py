"""Anybody's objective: right ones have no finding, and every wrong one has the finding that says what is wrong."""

import doctest
import itertools
from pathlib import Path

import numpy as np
import pytest

import boostobj as bo
from boostobj import calling, cli, foreign
from boostobj.slopes import slopes

RNG = np.random.default_rng(7)
LABELS = RNG.integers(0, 2, 120).astype(float)
CLASSES = RNG.integers(0, 3, 120).astype(float)
COUNTS = RNG.poisson(2.0, 120).astype(float)
GRADES = np.resize(RNG.permutation(5), 120).astype(float)
PLAIN = np.round(RNG.normal(0, 1, 120), 2)
RAW = np.round(RNG.uniform(25, 346, 120))  # as the diabetes targets are
GROUPS = np.full(12, 10)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(f):
    e = np.exp(f - f.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def one_hot(y):
    return np.eye(3)[y.astype(int)]


def weighed(grad, hess, w):
    if w is None or len(w) == 0:
        return grad, hess
    w = w[:, None] if grad.ndim == 2 else w
    return grad * w, hess * w


def native(formula):
    """obj(preds, data) for both boosters' train."""

    def objective(preds, data):
        return weighed(*formula(data.get_label(), preds), data.get_weight())

    return objective


def estimators(formula):
    """obj(y_true, y_pred, sample_weight) for both scikit-learn interfaces."""

    def objective(y_true, y_pred, sample_weight=None):
        return weighed(*formula(y_true, y_pred), sample_weight)

    return objective


def names(objective, y, **options):
    return {finding.name for finding in bo.check(objective, y, show=False, **options)}


# ---------------------------------------------------------------------------------------------------------------------
# Right ones


def log_loss(y, f):
    p = sigmoid(f)
    return p - y, p * (1 - p)


def loss_of_log_loss(y, f):
    return np.logaddexp(0, f) - y * f


def poisson(y, f):
    return np.exp(f) - y, np.exp(f)


def gamma(y, f):
    return 1 - y * np.exp(-f), y * np.exp(-f)


def gamma_by_fisher(y, f):
    return 1 - y * np.exp(-f), np.ones_like(f)


def tweedie_nearly(y, f):
    """The pseudo-Hessian of XGBoost's coming gamma."""
    return 1 - y * np.exp(-f), (2 * y * np.exp(-f) + 1) / 3


def squared(y, f):
    return f - y, np.ones_like(f)


def absolute(y, f):
    return np.sign(f - y), np.ones_like(f)


def quantile(y, f):
    return np.where(f > y, 0.2, -0.8), np.ones_like(f)


def huber(y, f):
    return np.clip(f - y, -1, 1), np.where(abs(f - y) < 1, 1.0, 1e-6)


def log_cosh(y, f):
    t = np.tanh(f - y)
    return t, 1 - t * t


def pseudo_huber_bound(y, f):
    root = np.sqrt(1 + (f - y) ** 2)
    return (f - y) / root, 1 / root


def cauchy_clipped(y, f):
    r = f - y
    return r / (1 + r * r), np.maximum((1 - r * r) / (1 + r * r) ** 2, 1e-6)


def focal(y, f, exact=True):
    """gamma = 2: loss -(1 - p)**2 * log(p) of the probability p of the class that it is."""
    s = 2 * y - 1
    p, q = sigmoid(s * f), sigmoid(-s * f)
    log = -np.logaddexp(0, -s * f)
    slope = q * q * (2 * p * log - q)
    hess = -2 * p * q * q * (2 * p * log - q) + q * q * (2 * p * q * log + 2 * p * q + p * q)
    return s * slope, np.maximum(hess, 1e-9) if exact else hess


def loss_of_focal(y, f):
    s = 2 * y - 1
    return sigmoid(-s * f) ** 2 * np.logaddexp(0, -s * f)


def hinge_squared(y, f):
    s = 2 * y - 1
    return -s * np.maximum(0, 1 - s * f), (s * f < 1) + 1e-6


def softmax_rows(y, f):
    p = softmax(f)
    return p - one_hot(y), np.maximum(2 * p * (1 - p), 1e-6)


def gaussian(y, f):
    z = (y - f[:, 0]) * np.exp(-f[:, 1])
    return np.stack([-z * np.exp(-f[:, 1]), 1 - z * z], 1), np.stack([np.exp(-2 * f[:, 1]), 2 + 0 * z], 1)


def old_lightgbm(preds, train_data):
    """Flat, class after class."""
    y = train_data.get_label()
    grad, hess = weighed(*softmax_rows(y, preds.reshape(3, len(y)).T), train_data.get_weight())
    return grad.T.ravel(), hess.T.ravel()


def old_xgboost(preds, dtrain):
    """Flat, row after row."""
    y = dtrain.get_label()
    grad, hess = weighed(*softmax_rows(y, preds.reshape(len(y), 3)), dtrain.get_weight())
    return grad.reshape(-1, 1), hess.reshape(-1, 1)


def pairs(y_true, y_pred, weight, group):
    """RankNet, group by group."""
    grad, hess, end = np.zeros(len(y_true)), np.zeros(len(y_true)), 0
    for size in group:
        rows = slice(end, end + size)
        end += size
        better = y_true[rows, None] > y_true[None, rows]
        p = sigmoid(y_pred[None, rows] - y_pred[rows, None]) * better
        grad[rows] = p.sum(0) - p.sum(1)
        hess[rows] = (p * (1 - p)).sum(0) + (p * (1 - p)).sum(1)
    return weighed(grad, hess, weight)


def loss_of_pairs(y, f):
    return (np.logaddexp(0, f[None] - f[:, None]) * (y[:, None] > y[None])).sum()


RIGHT = {
    "log loss": (native(log_loss), LABELS, {"loss": loss_of_log_loss}),
    "log loss, estimators": (estimators(log_loss), LABELS, {"loss": lambda y, f: loss_of_log_loss(y, f).mean()}),
    "log loss, of probabilities": (
        estimators(log_loss),
        LABELS,
        {"loss": lambda y, p: -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum()},
    ),
    "log loss, two arguments": (lambda y_true, y_pred: log_loss(y_true, y_pred), LABELS, {}),
    "labels of -1 and 1": (estimators(lambda y, f: log_loss((y + 1) / 2, f)), 2 * LABELS - 1, {}),
    "float32": (native(lambda y, f: log_loss(y, f.astype(np.float32))), LABELS, {"loss": loss_of_log_loss}),
    "poisson": (native(poisson), COUNTS, {"loss": lambda y, f: np.exp(f) - y * f}),
    "gamma": (native(gamma), COUNTS + 1, {}),
    "gamma by Fisher": (native(gamma_by_fisher), COUNTS + 1, {}),
    "gamma nearly": (native(tweedie_nearly), COUNTS + 1, {}),
    "squared": (estimators(squared), RAW, {"loss": lambda y, f: (f - y) ** 2 / 2}),
    "absolute": (native(absolute), RAW, {"loss": lambda y, f: abs(f - y)}),
    "quantile": (estimators(quantile), RAW, {"loss": lambda y, f: np.where(f > y, 0.2, -0.8) * (f - y)}),
    "huber": (estimators(huber), PLAIN, {}),
    "log cosh": (estimators(log_cosh), PLAIN, {"loss": lambda y, f: np.log(np.cosh(f - y))}),
    "pseudo huber, a bound": (native(pseudo_huber_bound), RAW, {"loss": lambda y, f: np.sqrt(1 + (f - y) ** 2)}),
    "cauchy, clipped": (estimators(cauchy_clipped), PLAIN, {"loss": lambda y, f: np.log1p((f - y) ** 2) / 2}),
    "focal": (estimators(focal), LABELS, {"loss": loss_of_focal}),
    "squared hinge": (estimators(hinge_squared), LABELS, {}),
    "softmax": (native(softmax_rows), CLASSES, {"loss": lambda y, f: -np.log((softmax(f) * one_hot(y)).sum(axis=1))}),
    "softmax, estimators": (estimators(softmax_rows), CLASSES, {"num_class": 3}),
    "softmax, old LightGBM": (old_lightgbm, CLASSES, {"num_class": 3, "style": "lightgbm"}),
    "softmax, old XGBoost": (old_xgboost, CLASSES, {"num_class": 3, "style": "xgboost"}),
    "gaussian by Fisher": (estimators(gaussian), PLAIN, {"num_class": 2}),
    "pairs": (pairs, GRADES, {"group": GROUPS, "loss": loss_of_pairs}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_ones_have_no_finding(name):
    objective, y, options = RIGHT[name]
    without = {key: value for key, value in options.items() if key != "loss"}
    for given in (options, without) if "loss" in options else (options,):
        report = bo.check(objective, y, show=False, **given)
        assert not report, str(report)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("absolute", "flat between its steps"),
        ("pseudo huber, a bound", "the derivative of the gradient or more"),
        ("gamma by Fisher", "Fisher information"),
        ("gamma nearly", "Fisher information, or near it"),
        ("softmax, old LightGBM", "wants flat scores class after class"),
        ("softmax, old XGBoost", "flat arrays score after score (row-major), as XGBoost reads them"),
        ("log loss, two arguments", "LGBMModel ignores them without a word"),
    ],
)
def test_notes_say_what_is_no_fault(name, words):
    objective, y, options = RIGHT[name]
    report = bo.check(objective, y, show=False, **options)
    assert any(words in note.what and note.severity == "note" for note in report.notes), str(report)


# ---------------------------------------------------------------------------------------------------------------------
# Wrong ones


def changed(formula, grad=1.0, hess=1.0):
    """With factors that may be functions of (y, f)."""

    def wrong(y, f):
        g, h = formula(y, f)
        return g * (grad(y, f) if callable(grad) else grad), h * (hess(y, f) if callable(hess) else hess)

    return wrong


def beyond(formula, hess):
    """Another Hessian."""
    return lambda y, f: (formula(y, f)[0], hess(y, f))


def clipped_and_differentiated(y, f):
    """Autodiff of a loss of np.clip(p, 1e-7, 1 - 1e-7)."""
    p = sigmoid(f)
    inside = (p > 1e-7) & (p < 1 - 1e-7)
    return (p - y) * inside, p * (1 - p) * inside


def focal_with_the_label_for_the_probability(y, f):
    """Its Hessian is 0 for every positive."""
    p = sigmoid(f)
    return focal(y, f)[0], 1.5 * (1 - y) * p * (1 - p)


def focal_without_the_chain_rule(y, f):
    """The derivative by p, not by the score."""
    p = sigmoid(f)
    grad, hess = focal(y, f)
    return grad / (p * (1 - p)), hess


def sinh_over_cosh(y, f):
    r = (f - y).astype(np.float32)
    return np.sinh(r) / np.cosh(r), 1 / np.cosh(r) ** 2


def log_cosh_that_loses_its_digits(y, f):
    return np.tanh(f - y), np.where(abs(f - y) < 50, 1 - np.tanh(f - y) ** 2, 1.0)


def squared_logarithms(y, f):
    """For scores that are not negative."""
    u = np.log1p(np.maximum(f, 0)) - np.log1p(y)
    return u / (1 + np.maximum(f, 0)), (1 - u) / (1 + np.maximum(f, 0)) ** 2


def of_a_probability(y, f):
    return -y / f + (1 - y) / (1 - f), y / f**2 + (1 - y) / (1 - f) ** 2


def of_an_amount(y, f):
    return 1 - y / f, y / f**2


def fair_without_the_absolute_value(y, f):
    r = f - y
    return r / (r + 1), 1 / (abs(r) + 1) ** 2


def crps_with_ones(y, f):
    return gaussian(y, f)[0] * np.exp(f), np.ones_like(f)


def nan_far_out(y, f):
    p = sigmoid(f)
    return p - y, np.where(p == 1, np.nan, p * (1 - p))


WRONG = {
    # objective, targets, options, names of the findings, words of one of them
    "ignores weights, native": (lambda preds, dtrain: log_loss(dtrain.get_label(), preds), LABELS, {}, {"weight"}, "ignored"),
    "has no weights": (
        lambda y_true, y_pred: log_loss(y_true, y_pred),
        LABELS, {"weight": LABELS + 1}, {"weight"}, "no parameter",
    ),
    "focal, label for probability": (
        estimators(focal_with_the_label_for_the_probability), LABELS, {"loss": loss_of_focal}, {"hessian"}, "for y=1",
    ),
    "focal, negative": (
        estimators(lambda y, f: focal(y, f, exact=False)), LABELS, {}, {"negative"}, "to 20 for y=0, raw from -20 to",
    ),
    "focal, no chain rule": (
        estimators(focal_without_the_chain_rule), LABELS, {"loss": loss_of_focal}, {"link", "overflow"}, "1/(p*(1 - p))",
    ),
    "NaN at 40": (estimators(nan_far_out), LABELS, {}, {"nan"}, "Hessian is NaN at raw from 37 to 100"),
    "clipped probability": (estimators(clipped_and_differentiated), LABELS, {}, {"dead"}, "drops from 1 to 0 at raw="),
    "clipped, with a loss": (
        estimators(clipped_and_differentiated), LABELS, {"loss": loss_of_log_loss}, {"dead", "gradient"}, "slope of the loss 1",
    ),
    "log cosh, NaN": (estimators(sinh_over_cosh), RAW, {}, {"nan", "zero"}, "to -89.5 and from 89.5 to"),
    "log cosh, 1 far out": (estimators(log_cosh_that_loses_its_digits), RAW, {}, {"hessian", "zero"}, "much too large"),
    "log cosh, nothing left": (estimators(beyond(log_cosh, lambda y, f: np.cosh(f - y) ** -2)), RAW, {}, {"zero"}, "or nearly"),
    "squared logarithms": (
        estimators(beyond(squared_logarithms, lambda y, f: -(squared_logarithms(y, f)[1] + 0.1))), COUNTS, {},
        {"negative"}, "negative everywhere",
    ),
    "SMAPE": (
        estimators(lambda y, f: ((f - y) / (abs(f) + abs(y)), 0 * f)), RAW,
        {"loss": lambda y, f: abs(f - y) / (abs(f) + abs(y))}, {"gradient", "zero"}, "is not the slope",
    ),
    "fair": (estimators(fair_without_the_absolute_value), PLAIN, {}, {"hessian", "overflow"}, "derivative of the gradient"),
    "MAPE": (estimators(lambda y, f: (np.sign(f - y) / y, 0 * f)), RAW, {}, {"zero"}, "0 at all"),
    "no log link": (estimators(of_an_amount), COUNTS + 1, {}, {"link"}, "taken for an amount"),
    "CRPS with ones": (estimators(crps_with_ones), PLAIN, {"num_class": 2}, {"hessian"}, "not the derivative"),
    "for train only": (native(log_loss), LABELS, {"style": "sklearn"}, {"call"}, "get_label"),
    "for estimators only": (estimators(log_loss), LABELS, {"style": "xgboost"}, {"call"}, "DMatrix"),
    "batch normalisation": (
        estimators(lambda y, f: (f - y, np.ones_like(f) / abs(f - y).mean())),
        RAW, {}, {"rows", "hessian"}, "other rows",
    ),
    # Signs and factors
    "sign": (estimators(changed(log_loss, -1)), LABELS, {}, {"sign"}, "pulls scores away"),
    "sign, with a loss": (estimators(changed(log_loss, -1)), LABELS, {"loss": loss_of_log_loss}, {"sign"}, "wrong sign"),
    "sign of squared": (estimators(changed(squared, -1)), RAW, {}, {"sign"}, "pulls scores away"),
    "both signs": (estimators(changed(log_loss, -1, -1)), LABELS, {}, {"sign", "negative"}, "negative everywhere too"),
    "sign of the Hessian": (estimators(changed(log_loss, 1, -1)), LABELS, {}, {"negative"}, "negative everywhere"),
    "sign of softmax": (estimators(changed(softmax_rows, -1)), CLASSES, {}, {"sign"}, "pulls scores away"),
    "twice the gradient": (
        estimators(changed(log_loss, 2)),
        LABELS, {"loss": loss_of_log_loss}, {"gradient"}, "2 times the slope",
    ),
    "half the Hessian": (estimators(changed(log_loss, 1, 0.5)), LABELS, {}, {"hessian"}, "0.5 times the derivative"),
    "mean": (
        estimators(lambda y, f: (log_loss(y, f)[0] / len(y), log_loss(y, f)[1] / len(y))),
        LABELS, {}, {"mean"}, "number of rows",
    ),
    "mean, one": (estimators(lambda y, f: (log_loss(y, f)[0] / len(y), log_loss(y, f)[1])), LABELS, {}, {"mean"}, "not: leaves"),
    "ones": (estimators(beyond(poisson, lambda y, f: np.ones_like(f))), COUNTS, {}, {"hessian"}, "not the derivative"),
    "sign where the Hessian is 0": (estimators(beyond(absolute, lambda y, f: 0 * f)), RAW, {}, {"zero"}, "0 at all"),
    # Links
    "a probability": (estimators(of_a_probability), LABELS, {}, {"link"}, "taken for a probability"),
    "no sigmoid": (
        estimators(lambda y, f: (f - y, sigmoid(f) * (1 - sigmoid(f)))),
        LABELS, {"loss": loss_of_log_loss}, {"link"}, "logit(raw)",
    ),
    "no sigmoid, no loss": (estimators(lambda y, f: (f - y, log_loss(y, f)[1])), LABELS, {}, {"hessian"}, "ratio is p*(1 - p)"),
    "two sigmoids": (
        estimators(lambda y, f: log_loss(y, sigmoid(f))), LABELS, {"loss": loss_of_log_loss}, {"link"}, "at sigmoid(raw)",
    ),
    "two sigmoids, no loss": (
        estimators(lambda y, f: log_loss(y, sigmoid(f))),
        LABELS, {}, {"hessian"}, "ratio is 1/(p*(1 - p))",
    ),
    "p*(1 - p) twice": (
        estimators(changed(log_loss, lambda y, f: log_loss(y, f)[1])),
        LABELS, {"loss": loss_of_log_loss}, {"link"}, "ratio is p*(1 - p)",
    ),
    "the other class": (estimators(lambda y, f: log_loss(1 - y, f)), LABELS, {}, {"labels"}, "down by y=1"),
    "the other class, with a loss": (
        estimators(lambda y, f: log_loss(1 - y, f)), LABELS, {"loss": loss_of_log_loss}, {"labels"}, "the other label",
    ),
    # Several scores
    "rows for classes": (
        lambda preds, train_data: tuple(v.ravel() for v in old_xgboost(preds, train_data)), CLASSES, {"num_class": 3},
        {"layout"}, "where lightgbm reads them class after class",
    ),
    "classes for rows": (
        lambda preds, dtrain: tuple(v.T.ravel() for v in native(softmax_rows)(preds, dtrain)), CLASSES, {"num_class": 3},
        {"layout"}, "where xgboost reads them score after score",
    ),
    "in one order, out in the other": (
        lambda preds, data: tuple(v.ravel() for v in native(softmax_rows)(preds.reshape(-1, 3, order="F"), data)), CLASSES,
        {"num_class": 3}, {"layout"}, "takes flat scores class after class",
    ),
    "labels from 1": (estimators(lambda y, f: softmax_rows((y + 1) % 3, f)), CLASSES, {}, {"classes"}, "class 0 raises score 1"),
    "columns": (
        estimators(lambda y, f: tuple(v[:, [1, 0, 2]] for v in softmax_rows(y, f))),
        CLASSES, {}, {"classes"}, "class 0 raises score 1",
    ),
    "transposed": (
        estimators(lambda y, f: tuple(v.T for v in softmax_rows(y, f))),
        CLASSES, {"num_class": 3}, {"shape"}, "transpose",
    ),
    "no shift": (
        estimators(lambda y, f: (np.exp(f) / np.exp(f).sum(1)[:, None] - one_hot(y), np.ones_like(f))),
        CLASSES, {}, {"nan"}, "float32",
    ),
    # Weights
    "one of the two": (
        lambda y_true, y_pred, sample_weight=None: (
            weighed(*log_loss(y_true, y_pred), sample_weight)[0], log_loss(y_true, y_pred)[1]
        ),
        LABELS, {}, {"weight"}, "ignored in the Hessian, in the gradient they are not",
    ),
    "twice": (
        lambda y_true, y_pred, sample_weight=None: weighed(*weighed(*log_loss(y_true, y_pred), sample_weight), sample_weight),
        LABELS, {}, {"weight"}, "applied twice in the gradient and Hessian",
    ),
    "normalised": (
        lambda y_true, y_pred, w=None: weighed(*log_loss(y_true, y_pred), None if w is None else w / w.mean()),
        LABELS, {}, {"weight"}, "divided by their sum or mean",
    ),
    "not without": (
        lambda y_true, y_pred, weight: tuple(v * weight for v in log_loss(y_true, y_pred)), LABELS, {}, {"weight"}, "weight=None",
    ),
    # Calls
    "exchanged": (lambda y_pred, y_true: log_loss(y_true, y_pred), LABELS, {}, {"arguments"}, "targets first"),
    "its own third": (
        lambda y_true, y_pred, gamma=2.0: log_loss(y_true, y_pred),
        LABELS, {}, {"arguments"}, "gamma would get them",
    ),
    "the loss itself": (lambda y_true, y_pred: ((y_pred - y_true) ** 2).mean(), RAW, {}, {"return"}, "one number"),
    "one array": (lambda y_true, y_pred: y_pred - y_true, RAW, {}, {"return"}, "one array of shape (120,)"),
    "three": (lambda y_true, y_pred: (y_pred, y_pred, y_pred), RAW, {}, {"return"}, "3 things"),
    "lists": (lambda y_true, y_pred: (list(y_pred - y_true), [1.0] * len(y_true)), RAW, {}, {"dtype"}, "of type list"),
    "integers": (
        lambda y_true, y_pred: (np.where(y_pred > y_true, 1, -1), np.ones_like(y_pred)),
        RAW, {}, {"dtype"}, "the gradient is of dtype int64",
    ),
    "objects": (lambda y_true, y_pred: ((y_pred - y_true).astype(object), 1 + 0 * y_pred), RAW, {}, {"dtype"}, "dtype object"),
    "one Hessian": (lambda y_true, y_pred: (y_pred - y_true, 1.0), RAW, {}, {"shape"}, "1 numbers for 120 rows"),
    "nothing fits": (lambda scores: scores, RAW, {}, {"call"}, "cannot be called"),
    # Ranges
    "float32 overflow": (
        estimators(lambda y, f: (np.exp(f) / (1 + np.exp(f)) - y, np.exp(f) / (1 + np.exp(f)) ** 2)), LABELS, {}, {"nan"},
        "at raw from 89 to 100, where scores are float32",
    ),
    "0/0 at the target": (
        estimators(lambda y, f: (f - y, np.tanh(f - y) / np.tanh(f - y))), RAW, {}, {"nan"}, "at raw - y 0",
    ),
    "infinite": (estimators(lambda y, f: (np.exp(3 * f) - y, 3 * np.exp(3 * f))), COUNTS, {}, {"overflow"}, "beyond float32"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_ones_have_their_finding(name):
    objective, y, options, expected, words = WRONG[name]
    report = bo.check(objective, y, show=False, **options)
    found = {finding.name for finding in report}
    assert found == expected, str(report)
    assert any(words in finding.what or words in finding.remedy for finding in report), str(report)
    assert all(finding.remedy and finding.severity in ("wrong", "risk") for finding in report)


def test_what_is_kept_between_calls():
    calls = itertools.count(1)
    assert names(estimators(lambda y, f: (squared(y, f)[0] / next(calls), squared(y, f)[1])), RAW) == {"state"}
    assert names(estimators(lambda y, f: (f - y + np.random.normal(size=len(y)), 1 + 0 * f)), RAW) == {"random"}  # noqa: NPY002
    first = {}
    assert names(native(lambda y, f: squared(first.setdefault("y", y), f)), RAW) == {"call"}
    outside = np.resize(RAW, 1000)
    assert names(native(lambda y, f: squared(outside[: len(f)], f)), RAW) == {"rows"}
    same = np.full(10_000, 3.0)
    assert names(native(lambda y, f: squared(same[: len(f)], f)), RAW) == {"labels"}


def test_chance_is_left_as_it_was():
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    calls = itertools.count(1)
    names(estimators(lambda y, f: (squared(y, f)[0] / next(calls), squared(y, f)[1])), RAW)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_arguments_that_are_written_into():
    def scores(y_true, y_pred, sample_weight=None):
        y_pred -= y_true
        return weighed(y_pred, np.ones_like(y_pred), sample_weight)

    def labels(preds, train_data):
        y = train_data.get_label()
        y *= 1.01
        return weighed(preds - y, np.ones_like(preds), train_data.get_weight())

    for objective, what in ((scores, "scores"), (labels, "labels")):
        y = RAW.copy()
        report = bo.check(objective, y, show=False)
        assert [f.name for f in report] == ["inplace"] and what in report[0].what
        assert (y == RAW).all()


def test_groups_must_be_declared():
    def each(y_true, y_pred, sample_weight=None):
        return pairs(y_true, y_pred, sample_weight, np.r_[np.full(len(y_true) // 10, 10), len(y_true) % 10])

    (finding,) = bo.check(each, GRADES, show=False)
    assert finding.name == "rows" and "group=" in finding.remedy

    def flipped(y_true, y_pred, weight, group):
        grad, hess = pairs(y_true, y_pred, weight, group)
        return -grad, hess

    assert names(flipped, GRADES, group=GROUPS) == {"sign"}
    assert names(flipped, GRADES, group=GROUPS, loss=loss_of_pairs) == {"sign"}


def test_ours_are_looked_at_as_any_other_or_by_the_suite(capsys):
    assert bo.check("log_loss", LABELS) == ()
    assert "LogLoss(" in capsys.readouterr().out
    assert bo.check(bo.LogLoss, LABELS, show=False) == bo.check(bo.LogLoss(), LABELS, show=False) == ()
    assert names(bo.PseudoHuber(curvature="majorized"), PLAIN) == set()
    report = bo.check(bo.SquaredError(), show=False)
    assert report == () and "checks" in report.title
    with pytest.raises(TypeError, match="need y"):
        bo.check("log_loss", style="xgboost")


def test_a_factor_that_both_have_is_a_note():
    report = bo.check(estimators(squared), PLAIN, loss=lambda y, f: (f - y) ** 2, show=False)
    assert report == () and any("both 0.5 times" in note.what for note in report.notes)


@pytest.mark.parametrize("scale", [1e-6, 1e4])
@pytest.mark.parametrize("name", ["absolute", "quantile", "squared", "pseudo huber, a bound"])
def test_right_ones_are_right_in_any_unit(name, scale):
    objective, y, options = RIGHT[name]
    assert not bo.check(objective, y * scale, show=False, **options)


def test_weights_of_gradients_beyond_float32_are_not_compared():
    y = np.resize([90.0, 100.0, 80.0, 1.0], 120)
    assert names(native(poisson), y) == set()


def test_raw_says_where_to_look():
    objective = estimators(lambda y, f: (f - y, np.where(f > 5, 0.5, 1.0)))
    assert names(objective, PLAIN, raw=np.linspace(-4, 4, 120)) == set()
    assert names(objective, PLAIN, raw=np.linspace(4, 12, 120)) == {"hessian"}


def test_many_rows_are_thinned_with_every_label():
    y = np.zeros(5000)
    y[4321] = 1.0
    report = bo.check(estimators(log_loss), y, show=False)
    kept, _, _ = foreign._rows(y, None, None)
    assert not report and f", {len(kept)} rows" in report.title
    assert len(kept) <= foreign.ROWS and kept.sum() == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"style": "r"}, "style must be one of 'auto', 'xgboost', 'lightgbm', 'sklearn', got 'r'"),
        ({"y": [[1.0], [2.0]]}, r"y must have shape \(n,\)"),
        ({"y": [1.0, np.nan, 2.0, 3.0]}, "y must be finite, got nan at row 1; 1 such rows"),
        ({"num_class": 0}, "num_class must be a whole number of at least 1"),
        ({"raw": np.zeros(3)}, r"raw must have shape \(120,\)"),
        ({"weight": np.zeros(3)}, "weight must have the shape of y"),
        ({"group": [1, 2]}, "add up to 120 rows, got 3"),
        ({"loss": lambda y: y}, r"loss cannot be called as loss\(y, raw\)"),
        ({"loss": "logloss"}, "no objective 'logloss'"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        bo.check(estimators(log_loss), options.pop("y", LABELS), show=False, **options)


def test_only_callables_are_taken():
    with pytest.raises(TypeError, match="objective must be a callable, an Objective or a name, got int"):
        bo.check(3, LABELS)
    with pytest.raises(TypeError, match="y, the targets, must be given"):
        bo.check(log_loss)
    with pytest.raises(TypeError, match="loss must be a callable"):
        bo.check(estimators(log_loss), LABELS, loss=3, show=False)


def test_signatures_are_read_as_the_boosters_read_them():
    def rank(y_true, y_pred, weight, group, *, gamma=2): ...

    has = calling.signature(rank)
    assert (has.weight, has.group, has.own, has.required) == ("weight", "group", ("gamma",), 4)
    assert calling.signature(lambda y, p, *, sample_weight=None: ()).by_name
    assert calling.signature(lambda iteration, y_pred, dtrain: ()).has_iteration


def test_objectives_of_three_arguments_are_called_with_the_iteration():
    def new(iteration, y_pred, dtrain):
        return native(log_loss)(y_pred, dtrain)

    assert names(new, LABELS) == set()


def test_differences_know_their_error():
    x = np.linspace(-3, 3, 41) + 0.01
    for function, slope in ((np.sin, np.cos(x)), (np.exp, np.exp(x)), (np.abs, np.sign(x))):
        found, error = slopes(function, x, 0.5)
        assert (np.abs(found - slope) <= 10 * error).all() and (error < 1e-6).all()
        found, error = slopes(lambda x, f=function: f(x.astype(np.float32)).astype(np.float64), x, 0.5)
        assert (np.abs(found - slope) <= 10 * error).all() and (error < 1e-2 * (1 + np.abs(slope))).all()
    found, error = slopes(np.sign, np.zeros(1), 0.5)
    assert error[0] > 0.5 * abs(found[0])


# ---------------------------------------------------------------------------------------------------------------------
# The command line, and the page


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # undone afterwards, as is what the command adds
    (tmp_path / "some_notebook.py").write_text(
        "import numpy as np\n"
        "def right(y_true, y_pred, sample_weight=None):\n"
        "    p = 1 / (1 + np.exp(-y_pred)); w = 1.0 if sample_weight is None else sample_weight\n"
        "    return w * (p - y_true), w * p * (1 - p)\n"
        "def wrong(y_true, y_pred, sample_weight=None):\n"
        "    g, h = right(y_true, y_pred, sample_weight)\n"
        "    return 3 * g, h\n"
        "def loss(y, raw):\n"
        "    return np.logaddexp(0, raw) - y * raw\n"
        "class Scaled:\n"
        "    def __init__(self, by=1.0):\n"
        "        self.by = by\n"
        "    def __call__(self, y_true, y_pred, sample_weight=None):\n"
        "        g, h = right(y_true, y_pred, sample_weight)\n"
        "        return g * self.by, h\n"
    )
    rows = "\n".join(f"{i // 10},{label:g},{1 + label}" for i, label in enumerate(LABELS))
    (tmp_path / "y.csv").write_text(f"query,clicked,w\n{rows}\n")
    return tmp_path


def test_the_command_line(folder, capsys):
    assert cli.main(["check", "some_notebook:right", "--loss", "some_notebook:loss"]) == 0
    printed = capsys.readouterr().out
    assert "right, 200 rows, as obj(y_true, y_pred, sample_weight)" in printed and "made up: binary" in printed
    assert "nothing wrong was found" in printed
    told = ["--target", "clicked", "--loss", "some_notebook:loss"]
    assert cli.main(["check", "some_notebook:wrong", "--data", "y.csv", *told]) == 1
    printed = capsys.readouterr().out
    assert "wrong: gradient" in printed and "1 to change" in printed and "120 rows" in printed and "made up" not in printed
    assert cli.main(["check", "some_notebook:Scaled", "--param", "by=-1", "--style", "sklearn"]) == 1
    assert "wrong: sign" in capsys.readouterr().out
    assert cli.main(["check", "log_loss", "--data", "y.csv", "--target", "clicked", "--weight", "w"]) == 0
    assert "LogLoss(" in capsys.readouterr().out
    assert cli.main(["check", "some_notebook:right", "--data", "y.csv", "--target", "clicked", "--group", "query"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["some_notebook:gone"], "'some_notebook:gone': some_notebook has no 'gone'"),
        (["no_such_notebook:right"], "'no_such_notebook' cannot be imported from"),
        (["reg:squarederor"], "did you mean 'reg:squarederror'"),
        (["some_notebook:right", "--param", "gamma=2"], "--param: 'some_notebook:right' is no class"),
        (["some_notebook:right", "--target", "y"], "--target is a column of --data"),
        (["some_notebook:right", "--data", "y.csv", "--kind", "real"], "--kind is for made-up targets"),
        (["some_notebook:right", "--data", "none.csv"], "there is no file none.csv"),
        (["some_notebook:right", "--data", "y.csv", "--target", "y"], "has no column 'y'; it has 'query', 'clicked', 'w'"),
        (["log_loss", "--style", "xgboost"], "--style: the conformance suite has its own data"),
    ],
)
def test_the_command_line_refuses(folder, arguments, message, capsys):
    assert cli.main(["check", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("kind", foreign.KINDS)
def test_made_up_targets_are_of_their_kind(kind):
    y = foreign.sample(kind, 4)
    assert len(y) == 200 and len(np.unique(y)) > 1
    assert (y > 0).all() == (kind == "positive")
    assert (y == np.round(y)).all() == (kind in ("binary", "count", "classes"))
    assert kind != "classes" or set(y) == {0, 1, 2, 3}


def test_the_page_is_true():
    page = Path(bo.__file__).parent.parent / "docs" / "check_yours.md"
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=flags)
    assert tried > 5 and not failed
    listed = set()
    for line in page.read_text().splitlines():
        if line.startswith("| `"):
            listed |= set(line.split("|")[1].replace("`", "").replace(" ", "").split(","))
    assert listed == set().union(*(row[3] for row in WRONG.values())) | {"inplace", "state", "random", "rows"}
