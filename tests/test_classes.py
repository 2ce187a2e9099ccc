"""Objectives for classes: they learn in both boosters, start at their best constant, and say what is wrong."""

import warnings

import lightgbm as lgb
import numpy as np
import pytest
import sklearn.datasets
import xgboost as xgb

import boostobj as bo

IRIS = sklearn.datasets.load_iris(return_X_y=True)
WINE = sklearn.datasets.load_wine(return_X_y=True)
DIGITS = sklearn.datasets.load_digits(return_X_y=True)
DIABETES = sklearn.datasets.load_diabetes(return_X_y=True)
LEVELS = np.digitize(DIABETES[1], [90.0, 140.0, 210.0])


def apart(x, y):
    """Two thirds to learn from, one to look at."""
    order = np.random.default_rng(0).permutation(len(y))
    cut = 2 * len(y) // 3
    return x[order[:cut]], y[order[:cut]], x[order[cut:]], y[order[cut:]]


def predicted(booster, o, x, y, test, rounds=30, **params):
    """Scores of the test rows from a model with default parameters."""
    if booster == "xgboost":
        model = bo.train({"nthread": 1, **params}, xgb.DMatrix(x, y), rounds, objective=o)
        return bo.predict(model, xgb.DMatrix(test))
    model = bo.train({"num_threads": 1, "verbosity": -1, **params}, lgb.Dataset(x, y), rounds, objective=o)
    return bo.predict(model, test)


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
@pytest.mark.parametrize(("data", "least"), [(IRIS, 0.9), (WINE, 0.9), (DIGITS, 0.85)], ids=["iris", "wine", "digits"])
@pytest.mark.parametrize("o", [
    bo.Softmax(label_smoothing=0.1),
    bo.Softmax(curvature="damped"),
    bo.FocalSoftmax(),
    bo.BrierSoftmax(),
    bo.SphericalSoftmax(),
], ids=lambda o: f"{o.name}-{o.curvature}")  # fmt: skip
def test_it_learns_classes(booster, data, least, o):
    x, y, test, truth = apart(*data)
    found = predicted(booster, o, x, y, test, num_class=int(y.max()) + 1)
    assert found.shape == (len(test), y.max() + 1)
    assert found.sum(axis=1) == pytest.approx(np.ones(len(test)), rel=1e-5, abs=0)
    assert (found.argmax(axis=1) == truth).mean() > least


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_class_weights_are_learnt(booster):
    x, y, test, truth = apart(*WINE)
    recall = []
    for weights in ((1.0, 1.0, 1.0), (1.0, 1.0, 50.0)):
        found = predicted(booster, bo.Softmax(class_weight=weights), x, y, test, rounds=3)
        recall.append(found[truth != 2, 2].mean())
    assert recall[1] > 2 * recall[0]


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_it_learns_sets_of_labels(booster):
    """The bits of the digits: a label for each."""
    x, y, test, truth = apart(*DIGITS)
    found = predicted(booster, "multi_label", x, y, test, num_class=4)
    assert found.shape == (len(test), 4)
    assert ((found > 0.5) == bo.MultiLabel.decoded(truth, 4)).mean() > 0.93


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("cls", [bo.OrdinalLogit, bo.OrdinalProbit])
def test_it_learns_ordered_classes(booster, cls):
    x, y, test, truth = apart(DIABETES[0], LEVELS)
    found = predicted(booster, cls.name, x, y, test, max_depth=3, learning_rate=0.1)
    o = cls().resolve(y)  # as it was trained
    p = o.probabilities(found)
    assert p.shape == (len(test), 4) and p.sum(axis=1) == pytest.approx(np.ones(len(test)), rel=1e-12, abs=0)
    shares = np.bincount(y) / len(y)
    assert (o.classes(found) == truth).mean() > 0.4 > np.bincount(truth).max() / len(truth)
    assert np.abs(p @ np.arange(4) - truth).mean() < 0.75 * np.abs(np.median(y) - truth).mean()
    assert -np.log(p[np.arange(len(test)), truth]).mean() < 0.9 * -np.log(shares[truth]).mean()


# Venables and Ripley, MASS: the housing data, 72 rows of Madsen 1976; satisfaction low, medium, high for influence low, medium,
# high, by type of building (tower, apartment, atrium, terrace) and contact (low, high).
HOUSING = np.reshape([
    21, 21, 28, 34, 22, 36, 10, 11, 36, 61, 23, 17, 43, 35, 40, 26, 18, 54,
    13, 9, 10, 8, 8, 12, 6, 7, 9, 18, 6, 7, 15, 13, 13, 7, 5, 11,
    14, 19, 37, 17, 23, 40, 3, 5, 23, 78, 46, 43, 48, 45, 86, 15, 25, 62,
    20, 23, 20, 10, 22, 24, 7, 10, 21, 57, 23, 13, 31, 21, 13, 5, 6, 13,
], (2, 4, 3, 3)).astype(float)  # fmt: skip
CONTACT, TYPE, INFLUENCE, SATISFACTION = (a.ravel() for a in np.indices(HOUSING.shape))


def test_the_deviance_of_polr():
    """help(polr) in R's MASS 7.3: polr(Sat ~ Infl + Type + Cont, weights = Freq, data = housing)."""
    location = (
        np.array([0.0, 0.5663937, 1.2888191])[INFLUENCE]
        + np.array([0.0, -0.5723501, -0.3661866, -1.0910149])[TYPE]
        + np.array([0.0, 0.3602841])[CONTACT]
    )
    o = bo.OrdinalLogit(thresholds=(-0.4961353, 0.6907083))
    deviance = 2 * HOUSING.ravel() @ o.loss(SATISFACTION, location)
    assert deviance == pytest.approx(3479.149, rel=1e-6, abs=0)
    # The thresholds are the best ones for that location, and no constant moves it.
    found = o.resolve(SATISFACTION, HOUSING.ravel(), offset=location)
    assert found is o
    grad, _ = o.grad_hess(SATISFACTION, location, HOUSING.ravel())
    assert abs(grad.sum()) < 1e-5 * np.abs(grad).sum()


@pytest.mark.parametrize("cls", [bo.OrdinalLogit, bo.OrdinalProbit])
def test_thresholds_from_the_classes(cls):
    y, weight = np.repeat([0, 1, 2], [20, 50, 30]), np.ones(100)
    o = cls().resolve(y, weight)
    assert o.probabilities([0.0]) == pytest.approx(np.array([[0.2, 0.5, 0.3]]), rel=1e-12, abs=0)
    assert abs(o.start(y)[0]) < 1e-12
    shifted = cls().resolve(y, offset=np.full(100, 3.0))
    assert shifted.thresholds == pytest.approx(np.array(o.thresholds) + 3, rel=1e-12, abs=0)
    with pytest.warns(UserWarning, match="no row of class 1 has weight"):
        gap = cls().resolve(np.where(y == 1, 3, y))
    assert gap.probabilities([0.0])[0].round(3).tolist() == [0.199, 0.005, 0.299, 0.498]


def test_thresholds_that_are_none():
    with pytest.raises(ValueError, match=r"OrdinalLogit: thresholds must be numbers here, got 'auto'"):
        bo.OrdinalLogit().probabilities([0.0])
    for bad in ((1.0, 1.0), (2.0, 1.0), ()):
        with pytest.raises(ValueError, match="OrdinalProbit: thresholds must be one or more finite numbers in ascending order"):
            bo.OrdinalProbit(thresholds=bad)
    with pytest.raises(ValueError, match=r"y must be an integer in \[0, 2\], got 3.0 in row 1 \(1 of 2 rows\)"):
        bo.OrdinalLogit(thresholds=(0.0, 1.0)).loss([0, 3], [0.0, 0.0])


def test_class_weights_that_do_not_fit():
    with pytest.raises(ValueError, match="Softmax: class_weight has 2 numbers, num_class is 3"):
        bo.Softmax(class_weight=(1.0, 2.0), num_class=3)
    with pytest.raises(ValueError, match="FocalSoftmax: class_weight has 3 numbers, raw has 4 columns"):
        bo.FocalSoftmax(class_weight=(1.0, 2.0, 1.0)).loss([0.0], [[0.0] * 4])
    with pytest.raises(ValueError, match=r"y must be an integer in \[0, 1\], got 2.0 in row 0"):
        bo.Softmax(class_weight=(1.0, 2.0)).start([2.0, 0.0])
    with pytest.raises(ValueError, match=r"class_weight must be two or more numbers in \[0, inf\), or None"):
        bo.Softmax(class_weight=(1.0, -1.0))


def test_a_class_without_rows_or_weight():
    y = np.array([0.0, 0.0, 1.0])
    for o in (bo.Softmax(num_class=3), bo.FocalSoftmax(num_class=3), bo.Softmax(class_weight=(1.0, 0.0, 1.0))):
        with pytest.warns(UserWarning, match="no row of class [12] has weight"):
            assert np.isfinite(o.start(y)).all()
    smooth = bo.Softmax(label_smoothing=0.3, num_class=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        start = smooth.start(y)
    assert smooth.inverse_link(start[None])[0] == pytest.approx([0.7 * 2 / 3 + 0.1, 0.7 / 3 + 0.1, 0.1], rel=1e-9, abs=0)


@pytest.mark.parametrize("gamma", [0.5, 2.0, 10.0])
def test_the_focal_start_is_the_best_of_all(gamma):
    """It is not convex, and flat far away."""
    y = np.repeat([0, 1, 2], [5, 1, 100])
    o = bo.FocalSoftmax(gamma=gamma)
    start = o.start(y)
    best = o.loss(y, np.tile(start, (106, 1))).sum()
    for move in np.random.default_rng(0).normal(size=(200, 3)) * 10.0 ** np.random.default_rng(1).uniform(-2, 1, (200, 1)):
        assert o.loss(y, np.tile(start + move, (106, 1))).sum() >= best * (1 - 1e-12)


def test_labels_there_and_back():
    matrix = np.random.default_rng(0).integers(0, 2, (50, 24))
    y = bo.MultiLabel.encoded(matrix)
    assert np.array_equal(y.astype(np.float32), y)
    assert np.array_equal(bo.MultiLabel.decoded(y, 24), matrix)
    with pytest.raises(ValueError, match=r"MultiLabel: labels must have shape \(n, k\) with k in \[2, 24\], got \(1, 25\)"):
        bo.MultiLabel.encoded(np.ones((1, 25)))
    with pytest.raises(ValueError, match=r"MultiLabel: labels must be 0 or 1, got \[0.0, 2.0\] in row 1 \(1 of 2 rows\)"):
        bo.MultiLabel.encoded([[0, 1], [0, 2]])
    with pytest.raises(ValueError, match=r"MultiLabel: y must be an integer in \[0, 7\], got 8.0 in row 1"):
        bo.MultiLabel.decoded([1.0, 8.0], 3)
    with pytest.raises(ValueError, match=r"num_class must be an integer in \[2, 24\], or None, got 25"):
        bo.MultiLabel(num_class=25)


def test_the_classifier_refuses_sets_of_labels():
    from boostobj.estimators import Classifier

    with pytest.raises(ValueError, match="'multi_label' has one number for all labels of a row"):
        Classifier(objective="multi_label").fit(*IRIS)
