"""Binary objectives in both boosters: every one learns, with either pair of names for the classes, from the right start."""

import warnings

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.metrics import roc_auc_score

import boostobj as bo
from boostobj import parity
from boostobj.estimators import Classifier
from boostobj.objective import Pointwise

CANCER = parity.load("breast cancer")
BINARY = [cls for cls in bo.objectives.values() if issubclass(cls, Pointwise) and cls.link in ("logit", "threshold")]
MARGINS = [cls for cls in BINARY if cls.domain.signed]
BOOSTERS = ["xgboost", "lightgbm"]
PARAMS = {"xgboost": {"nthread": 1}, "lightgbm": {"num_threads": 1, "verbosity": -1, "seed": 1}}


def names(cls):
    return cls.name


def rare():
    """1 row of class 1 in 50; in most of the space, and so in most leaves, there is none."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5000, 4))
    chance = np.where(x[:, 0] > 1.0, 1 / (1 + np.exp(2.2 - x[:, 1])), 0.0)
    return x, (rng.random(5000) < chance).astype(float)


def data(booster, x, y, **more):
    if booster == "xgboost":
        return xgboost.DMatrix(x, y, **more)
    return lightgbm.Dataset(x, y, params={"verbosity": -1}, **more)


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("cls", BINARY, ids=names)
def test_every_one_learns_with_default_parameters(cls, booster):
    x, y = CANCER.x[::2], CANCER.y[::2]
    model = Classifier(objective=cls, booster=booster, n_estimators=10, n_jobs=1).fit(x, y)
    assert roc_auc_score(y, model.decision_function(x)) > 0.8
    if cls.link == "logit":
        probability = model.predict_proba(x)
        assert np.allclose(probability.sum(axis=1), 1) and ((probability >= 0) & (probability <= 1)).all()
        assert np.allclose(probability[:, 1], cls().inverse_link(model.decision_function(x)), rtol=1e-6)
    else:
        assert not hasattr(model, "predict_proba") and set(model.predict(x)) <= {0, 1}


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("cls", BINARY, ids=names)
def test_every_one_learns_a_rare_class(cls, booster):
    x, y = rare()
    assert 80 < y.sum() < 120
    made = data(booster, x, y)
    o = cls()
    trained = bo.train(PARAMS[booster], made, 20, objective=o)
    raw = trained.predict(x, raw_score=True) if booster == "lightgbm" else trained.predict(made, output_margin=True)
    assert np.isfinite(raw).all() and len(np.unique(raw)) > 10
    assert roc_auc_score(y, raw) > 0.8


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("cls", MARGINS, ids=names)
def test_minus_one_and_one_give_the_model_of_zero_and_one(cls, booster):
    x, y = CANCER.x[:200], CANCER.y[:200]
    models, measured = [], []
    for labels in (y, 2 * y - 1):
        results = {}
        made = data(booster, x, labels)
        more = {"valid_sets": [made], "valid_names": ["d"]} if booster == "lightgbm" else {"evals": [(made, "d")]}
        if booster == "lightgbm":
            more["callbacks"] = [lightgbm.record_evaluation(results)]
        else:
            more |= {"evals_result": results, "verbose_eval": False}
        model = bo.train(PARAMS[booster], made, 5, objective=cls(), metric=["accuracy", "auc", "loss"], **more)
        text = model.model_to_string() if booster == "lightgbm" else model.get_dump(with_stats=True)
        models.append(text)
        measured.append(results)
    assert models[0] == models[1]
    assert measured[0] == measured[1] and len(measured[0]["d"]) == 3


@pytest.mark.parametrize("booster", BOOSTERS)
def test_a_mixture_of_names_is_refused(booster):
    y = 2 * CANCER.y[:200] - 1
    y[[50, 60]] = 0
    words = r"y must be an integer in .0, 1. in all rows or in .-1, 1. in all rows, got 0.0 in row 50 .2 of 200 rows"
    with pytest.raises(ValueError, match=words):
        bo.train(PARAMS[booster], data(booster, CANCER.x[:200], y), 1, objective="squared_hinge")


def test_xgboosts_own_name_takes_no_minus_one():
    with pytest.raises(ValueError, match=r"y must be an integer in \[0, 1\], got -1.0 in row"):
        bo.get("binary:hinge")(2 * np.float32(CANCER.y) - 1, np.zeros(len(CANCER.y), np.float32))


VALLEYS = [
    bo.Focal(gamma=5.0, alpha=0.9),
    bo.AsymmetricFocal(gamma_pos=1.0, gamma_neg=2.0),
    bo.Poly1(epsilon=5.0),
    bo.GeneralizedCrossEntropy(),
    bo.Brier(),
    bo.Spherical(),
]


@pytest.mark.parametrize("o", VALLEYS, ids=repr)
@pytest.mark.parametrize("spread", [0.0, 1.0, 10.0, 40.0])
def test_no_constant_is_better_than_the_start(o, spread):
    """Losses that are not convex, with a valley for each group of offsets."""
    rng = np.random.default_rng(7)
    for share in (0.1, 0.4, 0.8):
        y = (np.arange(40) < 40 * share).astype(float)
        weight, offset = rng.uniform(0.1, 3.0, 40), spread * rng.integers(-2, 3, 40)
        with warnings.catch_warnings(record=True) as warned:  # of data that are best far out
            warnings.simplefilter("always")
            start = o.start(y, weight, offset=offset)[0]
        losses = [weight @ o.loss(y, offset + c) for c in np.linspace(-150, 150, 6001)]
        lowest = min(losses)
        room = (max(losses) - lowest) / 10 if warned else 1e-9 * lowest
        assert weight @ o.loss(y, offset + start) <= lowest + room


def test_thousands_of_offsets_are_searched_on_fewer_rows():
    rng = np.random.default_rng(8)
    y, offset = rng.integers(0, 2, 20000).astype(float), np.repeat([30.0, -30.0], [13000, 7000]) + rng.normal(size=20000)
    start = bo.Brier().start(y, offset=offset)[0]
    assert abs(start + 30) < 1
    grad, _ = bo.Brier().grad_hess(y, offset + start)
    assert abs(grad.sum()) < 1e-9 * np.abs(grad).sum()


@pytest.mark.parametrize("cls", BINARY, ids=names)
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_the_start_of_one_class_is_bounded(cls, label):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        start = cls().start(np.full(30, label))
    assert np.isfinite(start).all() and abs(start[0]) < 60
    assert (start[0] > 0) == (label == 1)
    # The others have a constant that no other is better than.
    best = cls.link == "threshold" or cls in (bo.LabelSmoothing,) or (cls is bo.AsymmetricFocal and label == 0)
    assert bool(warned) != best
