"""Losses that equal one another."""

import dataclasses
import math

import chosen
import numpy as np
import pytest
import scipy.special
import scipy.stats
import sklearn.metrics
from sklearn import _loss as sklearn_loss

import boostobj as bo
from boostobj import checks

pytestmark = pytest.mark.skipif(chosen.SHORT, reason="the first run has it: nothing here depends on the Python")

RNG = np.random.default_rng(0)
Y = RNG.normal(size=400) * 5
F = RNG.normal(size=400) * 5
UNIT = 2.0**-52
POSITIVE = np.exp(Y / 5)
COUNTS = np.where(Y < 0, 0.0, POSITIVE)
ROBUST = [
    lambda s: bo.LogCosh(scale=s),
    lambda s: bo.PseudoHuber(delta=s),
    lambda s: bo.Huber(delta=s),
]


def same(one, other):
    return all(map(np.array_equal, one, other))


def close(got, expected, *, size=0.0, units=8):
    return (np.abs(got - expected) <= units * UNIT * (np.abs(expected) + size)).all()


def test_log_loss_is_softmax_of_two_classes():
    y = (Y > 0).astype(float)
    two = np.stack([np.zeros(400), F], axis=1)
    grad, hess = bo.Softmax().grad_hess(y, two)
    for one, many in zip(bo.LogLoss().grad_hess(y, F), (grad[:, 1], hess[:, 1]), strict=True):
        assert (np.abs(one - many) <= 8 * UNIT * (np.abs(one) * (1 + np.abs(F)))).all()


BINARY = (Y > 0).astype(float)


@pytest.mark.parametrize(("ours", "factor"), [
    (bo.Focal(gamma=0.0, alpha=0.5), 2.0),
    (bo.AsymmetricFocal(gamma_pos=0.0, gamma_neg=0.0, shift=0.0), 1.0),
    (bo.Poly1(epsilon=0.0), 1.0),
    (bo.GeneralizedCrossEntropy(q=1e-300), 1.0),
    (bo.LabelSmoothing(smoothing=0.0), 1.0),
    (bo.ClassBalanced(beta=0.0, negatives=900.0, positives=3.0), 1.0),
], ids=repr)  # fmt: skip
def test_what_is_log_loss_in_the_end(ours, factor):
    for kind in {"exact", "majorized"} & set(ours.curvatures):
        one, other = dataclasses.replace(ours, curvature=kind), bo.LogLoss(curvature=kind)
        if kind == "exact" or isinstance(ours, (bo.LabelSmoothing, bo.ClassBalanced, bo.Poly1)):
            for mine, theirs in zip(one.grad_hess(BINARY, F), other.grad_hess(BINARY, F), strict=True):
                assert close(factor * mine, theirs, size=np.abs(theirs * F))
    assert close(factor * ours.loss(BINARY, F), bo.LogLoss().loss(BINARY, F))


def test_smoothed_labels_are_soft_labels():
    soft = scipy.special.expit(Y)
    both = (o.grad_hess(t, F) for o, t in ((bo.LabelSmoothing(smoothing=0.5), soft), (bo.LogLoss(), 0.5 * soft + 0.25)))
    assert all(close(mine, theirs, size=np.abs(F) / 4) for mine, theirs in zip(*both, strict=True))
    assert close(bo.LabelSmoothing(smoothing=0.5).loss(soft, F), bo.LogLoss().loss(0.5 * soft + 0.25, F))


def test_asymmetric_focal_loss_is_focal_loss_on_either_side():
    for kind in ("exact", "damped"):
        ours = bo.AsymmetricFocal(gamma_pos=1.5, gamma_neg=3.0, shift=0.0, curvature=kind).grad_hess(BINARY, F)
        for label, gamma in ((1.0, 1.5), (0.0, 3.0)):
            rows = BINARY == label
            focal = bo.Focal(gamma=gamma, alpha=0.5, curvature=kind)
            theirs = focal.grad_hess(BINARY[rows], F[rows])
            size = (1 + np.abs(F[rows])) * dataclasses.replace(focal, curvature="damped").grad_hess(BINARY[rows], F[rows])[1]
            assert all(close(one[rows], 2 * other, size=size) for one, other in zip(ours, theirs, strict=True))


def test_class_balanced_is_log_loss_with_weights():
    """Towards beta = 1 they are inverse to the rows of the classes."""
    weights = np.where(BINARY == 1, 2 * 900 / 903, 2 * 3 / 903)
    ours = bo.ClassBalanced(beta=1 - 2.0**-50, negatives=900.0, positives=3.0).grad_hess(BINARY, F)
    for mine, theirs in zip(ours, bo.LogLoss().grad_hess(BINARY, F, weights), strict=True):
        assert mine == pytest.approx(theirs, rel=1e-11, abs=0)


def test_class_balanced_counts_rows_by_their_weights():
    weight = np.where(BINARY == 1, 1.0, 3.0)
    found = bo.ClassBalanced().resolve(BINARY, weight)
    assert (found.positives, found.negatives) == (BINARY.sum(), 3 * (400 - BINARY.sum()))
    alone = bo.ClassBalanced().resolve([0.0, 0.0])
    assert (alone.positives, alone.negatives) == (1.0, 2.0)


def test_a_generalised_cross_entropy_of_1_is_the_absolute_error_of_the_probability():
    loss = bo.GeneralizedCrossEntropy(q=1.0).loss(BINARY, F)
    assert close(loss, np.where(BINARY == 1, scipy.special.expit(-F), scipy.special.expit(F)))


def test_the_spherical_score_is_a_generalised_cross_entropy():
    ours, theirs = bo.Spherical(), bo.GeneralizedCrossEntropy(q=0.5)
    assert np.array_equal(2 * ours.loss(BINARY, F), theirs.loss(BINARY, 2 * F))
    (grad, hess), (grad2, hess2) = ours.grad_hess(BINARY, F), theirs.grad_hess(BINARY, 2 * F)
    assert np.array_equal(grad, grad2) and np.array_equal(hess, 2 * hess2)


def test_brier_is_the_squared_error_of_the_probability():
    expected = bo.SquaredError().loss(BINARY, scipy.special.expit(F))
    assert bo.Brier().loss(BINARY, F) == pytest.approx(2 * expected, rel=1e-9, abs=0)


def test_squared_hinge_and_smoothed_hinge_share_a_parabola():
    near = np.where(BINARY == 1, np.abs(F), -np.abs(F))
    assert close(2 * bo.SmoothedHinge().loss(BINARY, near), bo.SquaredHinge().loss(BINARY, near))


def test_smoothed_hinge_ends_in_hinge():
    assert close(bo.SmoothedHinge(width=1e-30).loss(BINARY, F), bo.Hinge().loss(BINARY, F))
    assert np.array_equal(bo.SmoothedHinge(width=1e-30).grad_hess(BINARY, F)[0], bo.Hinge().grad_hess(BINARY, F)[0])


def test_binary_starts_are_the_probability_they_should_be():
    share = BINARY.mean()
    for o in (bo.Brier(), bo.Spherical(), bo.Exponential()):
        assert o.inverse_link(o.start(BINARY)) == pytest.approx(share, rel=1e-9, abs=0)
    o = bo.GeneralizedCrossEntropy(q=0.75)
    assert o.start(BINARY) == pytest.approx(4 * scipy.special.logit(share), rel=1e-9, abs=0)
    assert bo.SquaredHinge().start(BINARY) == pytest.approx(2 * share - 1, rel=1e-9, abs=0)


def test_sigmoid_is_a_factor_of_the_score():
    y = (Y > 0).astype(float)
    grad, hess = bo.LogLoss(sigmoid=2.0).grad_hess(y, F)
    once, twice = bo.LogLoss().grad_hess(y, 2 * F)
    assert np.array_equal(grad, 2 * once)
    assert np.array_equal(hess, 4 * twice)


@pytest.mark.parametrize("cls", [bo.LogCosh, bo.PseudoHuber, bo.Huber, bo.Fair])
@pytest.mark.parametrize("curvature", ["exact", "majorized"])
def test_robust_losses_scale_with_their_unit(cls, curvature):
    (name,) = (p.name for p in cls.parameters())
    one = cls(**{name: 0.5}, curvature=curvature)
    other = cls(**{name: 0.5 * 1024}, curvature=curvature)
    grad, hess = one.grad_hess(Y, F)
    assert np.array_equal(other.grad_hess(1024 * Y, 1024 * F)[0], 1024 * grad)
    assert np.array_equal(other.grad_hess(1024 * Y, 1024 * F)[1], hess)
    assert np.array_equal(other.loss(1024 * Y, 1024 * F), 1024**2 * one.loss(Y, F))


@pytest.mark.parametrize("make", ROBUST)
def test_robust_losses_end_in_squared_error(make):
    square = (F - Y) ** 2 / 2
    r = np.abs(F - Y)
    got = make(1e9).loss(Y, F)
    assert (np.abs(got - square) <= 1e-15 * square + 1e-18 * r**4).all()


@pytest.mark.parametrize("make", ROBUST)
def test_robust_losses_end_in_absolute_error(make):
    assert np.array_equal(make(1e-30).loss(Y, F) / 1e-30, (1e-30 * np.abs(F - Y)) / 1e-30)


def test_scale_pos_weight_is_a_weight():
    y = (Y > 0).astype(float)
    weighted = bo.LogLoss().grad_hess(y, F, np.where(y == 1, 2.0, 1.0))
    assert all(map(np.array_equal, bo.LogLoss(scale_pos_weight=2.0).grad_hess(y, F), weighted))


def test_pseudo_huber_is_scipys():
    """An independent implementation, as accurate as it is: its root minus 1 cancels for small residuals."""
    got = bo.PseudoHuber(delta=0.7).loss(Y, F)
    assert got == pytest.approx(scipy.special.pseudo_huber(0.7, F - Y), rel=1e-10, abs=0)


def test_tweedie_of_power_1_is_poisson():
    assert np.array_equal(bo.Tweedie(power=1.0).loss(COUNTS, F), bo.Poisson().loss(COUNTS, F))
    assert same(bo.Tweedie(power=1.0).grad_hess(COUNTS, F), bo.Poisson().grad_hess(COUNTS, F))


def test_tweedie_ends_in_gamma():
    almost = bo.Tweedie(power=2 - 2.0**-40)
    for got, expected in zip(almost.grad_hess(POSITIVE, F), bo.Gamma().grad_hess(POSITIVE, F), strict=True):
        # exp(b*f) = 1 + b*f + ...
        assert (np.abs(got - expected) <= 2.0**-39 * (1 + np.abs(F)) * (2 + POSITIVE * np.exp(-F))).all()


@pytest.mark.parametrize(("ours", "theirs"), [
    (bo.Poisson(), sklearn_loss.HalfPoissonLoss()),
    (bo.Gamma(), sklearn_loss.HalfGammaLoss()),
    (bo.Tweedie(power=1.3), sklearn_loss.HalfTweedieLoss(power=1.3)),
    (bo.Tweedie(power=1.9), sklearn_loss.HalfTweedieLoss(power=1.9)),
])  # fmt: skip
def test_log_linked_losses_are_scikit_learns(ours, theirs):
    y = POSITIVE if ours.name == "gamma" else COUNTS
    grad, hess = theirs.gradient_hessian(y_true=y, raw_prediction=F)
    mine_grad, mine_hess = ours.grad_hess(y, F)
    assert mine_hess == pytest.approx(hess, rel=1e-12, abs=0)
    assert (np.abs(mine_grad - grad) <= 1e-12 * hess * (1 + np.abs(F))).all()
    left_out = y / (1 - ours.power) if ours.name == "tweedie" else 0.0  # of the score it does not depend
    loss = theirs.loss(y_true=y, raw_prediction=F) + left_out
    assert (np.abs(ours.loss(y, F) - loss) <= 1e-12 * (np.abs(loss) + np.abs(left_out) + y * np.abs(F))).all()


@pytest.mark.parametrize(("ours", "theirs"), [
    (bo.SquaredError(), sklearn_loss.HalfSquaredError()),
    (bo.AbsoluteError(), sklearn_loss.AbsoluteError()),
    (bo.Quantile(alpha=0.3), sklearn_loss.PinballLoss(quantile=0.3)),
])  # fmt: skip
def test_identity_linked_losses_are_scikit_learns(ours, theirs):
    assert ours.loss(Y, F) == pytest.approx(theirs.loss(y_true=Y, raw_prediction=F), rel=1e-12, abs=0)
    assert ours.grad_hess(Y, F)[0] == pytest.approx(theirs.gradient(y_true=Y, raw_prediction=F), rel=1e-12, abs=0)


def test_huber_is_scipys():
    assert bo.Huber(delta=0.7).loss(Y, F) == pytest.approx(scipy.special.huber(0.7, F - Y), rel=1e-12, abs=0)


def test_median_and_mean_are_the_middle_levels():
    assert np.array_equal(2 * bo.Quantile(alpha=0.5).loss(Y, F), bo.AbsoluteError().loss(Y, F))
    assert np.array_equal(2 * bo.Quantile(alpha=0.5).grad_hess(Y, F)[0], bo.AbsoluteError().grad_hess(Y, F)[0])
    assert np.array_equal(2 * bo.Expectile(alpha=0.5).loss(Y, F), bo.SquaredError().loss(Y, F))
    assert same([2 * v for v in bo.Expectile(alpha=0.5).grad_hess(Y, F)], bo.SquaredError().grad_hess(Y, F))


@pytest.mark.parametrize("cls", [bo.Quantile, bo.Expectile])
def test_levels_mirror(cls):
    """Exactly, for levels whose complement is a float."""
    assert np.array_equal(cls(alpha=0.25).loss(Y, F), cls(alpha=0.75).loss(-Y, -F))
    assert np.array_equal(cls(alpha=0.25).grad_hess(Y, F)[0], -cls(alpha=0.75).grad_hess(-Y, -F)[0])


def test_fair_ends_in_squared_and_absolute_error():
    r = np.abs(F - Y)
    assert (np.abs(bo.Fair(c=1e9).loss(Y, F) - r**2 / 2) <= 1e-15 * r**2 + 1e-9 * r**3).all()
    got = bo.Fair(c=1e-30).loss(Y, F) / 1e-30
    assert close(got, r, size=1e-30 * np.log1p(r / 1e-30))


def test_fair_is_its_formula_where_nothing_cancels():
    far = np.abs(F - Y) > 2
    x = np.abs(F - Y)[far] / 0.5
    assert close(bo.Fair(c=0.5).loss(Y[far], F[far]), 0.25 * (x - np.log1p(x)), units=16)


def test_squared_log_error_is_squared_error_of_logarithms():
    y, f = np.expm1(Y / 5), np.expm1(F / 5)
    expected = bo.SquaredError().loss(np.log1p(y), np.log1p(f))
    assert close(bo.SquaredLogError().loss(y, f), expected, size=np.abs(np.log1p(f)) * np.sqrt(2 * expected))


def test_a_damped_step_of_squared_log_error_ends_at_the_fit():
    y, f = np.expm1(Y / 5), np.expm1(F / 5)
    grad, hess = bo.SquaredLogError(curvature="damped").grad_hess(y, f)
    assert close(f - grad / hess, y, size=np.abs(f))


def test_squared_root_error_is_squared_error_of_roots():
    root = np.copysign(np.sqrt(np.abs(Y)), Y)
    assert np.array_equal(bo.SquaredRootError().loss(Y, F), bo.SquaredError().loss(root, F))
    assert np.array_equal(bo.SquaredRootError().inverse_link(root), root * np.abs(root))


def test_each_column_of_one_vs_all_is_log_loss():
    rng = np.random.default_rng(1)
    y, raw = rng.integers(0, 3, 400), 3 * rng.normal(size=(400, 3))
    for kind in ("exact", "majorized"):
        many = bo.OneVsAll(sigmoid=1.7, scale_pos_weight=2.5, curvature=kind)
        one = bo.LogLoss(sigmoid=1.7, scale_pos_weight=2.5, curvature=kind)
        grad, hess = many.grad_hess(y, raw)
        columns = [(y == j).astype(float) for j in range(3)]
        for j, column in enumerate(columns):
            expected = one.grad_hess(column, raw[:, j])
            assert close(grad[:, j], expected[0]) and close(hess[:, j], expected[1])
            assert np.array_equal(many.inverse_link(raw)[:, j], one.inverse_link(raw[:, j].copy()))
        assert close(many.loss(y, raw), sum(one.loss(t, raw[:, j].copy()) for j, t in enumerate(columns)))
        assert np.array_equal(many.start(y), [one.start(t)[0] for t in columns])


CLASS = np.random.default_rng(2).integers(0, 3, 400)
THREE = 3 * np.random.default_rng(3).normal(size=(400, 3))
OWN = np.eye(3)[CLASS] == 1


def test_class_weights_are_weights():
    weights = np.array([0.5, 2.0, 3.0])
    for kind in ("exact", "majorized", "damped"):
        weighted = bo.Softmax(class_weight=tuple(weights), curvature=kind)
        assert same(weighted.grad_hess(CLASS, THREE), bo.Softmax(curvature=kind).grad_hess(CLASS, THREE, weights[CLASS]))
        assert weighted.start(CLASS) == pytest.approx(bo.Softmax().start(CLASS, weights[CLASS]), rel=1e-12, abs=0)
    focal = bo.FocalSoftmax(class_weight=tuple(weights)).grad_hess(CLASS, THREE)
    assert all(map(close, focal, bo.FocalSoftmax().grad_hess(CLASS, THREE, weights[CLASS])))


def test_a_smoothed_target_is_a_mixture_of_targets():
    smooth = bo.Softmax(label_smoothing=0.3)
    each = [bo.Softmax().loss(np.full(400, j), THREE) for j in range(3)]
    assert close(smooth.loss(CLASS, THREE), 0.7 * bo.Softmax().loss(CLASS, THREE) + 0.1 * sum(each))
    assert np.array_equal(smooth.grad_hess(CLASS, THREE)[1], bo.Softmax().grad_hess(CLASS, THREE)[1])
    target = 0.7 * OWN + 0.1
    assert close(smooth.grad_hess(CLASS, THREE)[0], smooth.inverse_link(THREE) - target, size=1 + np.abs(THREE))


def test_focal_loss_without_focus_is_cross_entropy():
    plain = bo.FocalSoftmax(gamma=0.0)
    size = np.abs(THREE).sum(axis=1)
    assert close(plain.loss(CLASS, THREE), bo.Softmax().loss(CLASS, THREE), size=size)
    for kind in ("exact", "damped"):
        of_focal, of_softmax = (cls(curvature=kind) for cls in (lambda **k: bo.FocalSoftmax(gamma=0.0, **k), bo.Softmax))
        for got, expected in zip(of_focal.grad_hess(CLASS, THREE), of_softmax.grad_hess(CLASS, THREE), strict=True):
            assert (np.abs(got - expected) <= 8 * UNIT * np.abs(expected) * (1 + size[:, None])).all()


def test_scores_of_probabilities_are_their_formulas():
    p = scipy.special.softmax(THREE, axis=1)
    own = p[OWN]
    assert close(bo.BrierSoftmax().loss(CLASS, THREE), ((p - OWN) ** 2).sum(axis=1), size=1.0)
    assert close(bo.SphericalSoftmax().loss(CLASS, THREE), 1 - own / np.sqrt((p**2).sum(axis=1)), size=1.0)
    assert close(bo.FocalSoftmax(gamma=1.5).loss(CLASS, THREE), -((1 - own) ** 1.5) * np.log(own), size=10.0)


@pytest.mark.parametrize("cls", [bo.BrierSoftmax, bo.SphericalSoftmax])
def test_proper_scores_start_at_the_shares(cls):
    assert cls().start(CLASS) == pytest.approx(bo.Softmax().start(CLASS), rel=1e-9, abs=0)


def test_the_brier_score_of_two_classes_is_twice_a_squared_error():
    y = (Y > 0).astype(float)
    two = np.stack([np.zeros(400), F], axis=1)
    assert close(bo.BrierSoftmax().loss(y, two), 2 * (scipy.special.expit(F) - y) ** 2, size=1.0)


def test_single_labels_are_one_vs_all():
    sets, against = bo.MultiLabel(curvature="majorized"), bo.OneVsAll(curvature="majorized")
    assert np.array_equal(sets.loss(2.0**CLASS, THREE), against.loss(CLASS, THREE))
    assert same(sets.grad_hess(2.0**CLASS, THREE), against.grad_hess(CLASS, THREE))
    assert np.array_equal(sets.start(2.0**CLASS), against.start(CLASS))


def test_two_ordered_classes_are_log_loss():
    y = (Y > 0).astype(float)
    for kind in ("exact", "majorized"):
        ordered, binary = bo.OrdinalLogit(thresholds=(0.0,), curvature=kind), bo.LogLoss(curvature=kind)
        assert close(ordered.loss(y, F), binary.loss(y, F))
        assert all(map(close, ordered.grad_hess(y, F), binary.grad_hess(y, F)))
    moved = bo.OrdinalLogit(thresholds=(2.0,))
    assert all(map(close, moved.grad_hess(y, F), bo.LogLoss().grad_hess(y, F - 2.0)))
    assert bo.OrdinalLogit().resolve(y).thresholds == pytest.approx(-bo.LogLoss().start(y), rel=1e-12, abs=0)


@pytest.mark.parametrize(("ordered", "noise"), [(bo.OrdinalLogit, "logistic"), (bo.OrdinalProbit, "normal")])
def test_ordered_classes_are_intervals(ordered, noise):
    thresholds = np.array([-1.5, 0.5, 2.0])
    y = np.random.default_rng(4).integers(0, 4, 400)
    ends = np.array([0.0, *np.exp(thresholds), np.inf])
    intervals = np.stack([ends[y], ends[y + 1]], axis=1)
    o, aft = ordered(thresholds=tuple(thresholds)), bo.AFT(distribution=noise)
    # exp and log move the ends by a few units.
    grad, hess = aft.grad_hess(intervals, F)
    room = (1 + np.abs(F)) * (np.abs(grad) + hess)
    assert close(o.loss(y, F), aft.loss(intervals, F), size=room, units=32)
    assert close(o.grad_hess(y, F)[0], grad, size=room, units=32)
    assert close(o.grad_hess(y, F)[1], hess, size=room, units=32)


def test_each_column_of_several_quantiles_is_one():
    raw = np.stack([F, F + 1, F / 2], axis=1)
    many = bo.MultiQuantile(alpha=(0.1, 0.5, 0.75))
    ones = [bo.Quantile(alpha=a) for a in many.alpha]
    for j, one in enumerate(ones):
        assert np.array_equal(many.grad_hess(Y, raw)[0][:, j], one.grad_hess(Y, raw[:, j].copy())[0])
    assert close(many.loss(Y, raw), sum(one.loss(Y, raw[:, j].copy()) for j, one in enumerate(ones)))
    assert np.array_equal(many.start(Y), [one.start(Y)[0] for one in ones])


def test_several_expectiles_start_at_the_expectiles():
    many = bo.MultiExpectile(alpha=(0.1, 0.5, 0.75))
    shown = many.inverse_link(many.start(Y)[None])[0]
    assert shown == pytest.approx([bo.Expectile(alpha=a).start(Y)[0] for a in many.alpha], rel=1e-12, abs=0)


def test_several_expectiles_are_expectiles_of_their_estimates():
    many = bo.MultiExpectile(alpha=(0.25, 0.75))
    raw = np.stack([F, Y / 2], axis=1)
    estimates = many.inverse_link(raw)
    ones = [bo.Expectile(alpha=a) for a in many.alpha]
    loss = sum(one.loss(Y, estimates[:, j].copy()) for j, one in enumerate(ones))
    assert close(many.loss(Y, raw), loss, size=estimates[:, 1] ** 2 + Y**2)
    grad = [one.grad_hess(Y, estimates[:, j].copy())[0] for j, one in enumerate(ones)]
    slope = scipy.special.expit(raw[:, 1])
    got, _ = many.grad_hess(Y, raw)
    size = np.abs(estimates).sum(axis=1) + np.abs(Y)
    assert close(got[:, 0], grad[0] + grad[1], size=size) and close(got[:, 1], slope * grad[1], size=size)


def test_equal_levels_share_an_expectile():
    with pytest.warns(UserWarning, match="no finite start minimises the loss: some levels"):
        start = bo.MultiExpectile(alpha=(0.25, 0.5, 0.5)).start(Y)
    assert np.isfinite(start).all()
    low, middle, high = bo.MultiExpectile(alpha=(0.25, 0.5, 0.5)).inverse_link(start[None])[0]
    assert low == pytest.approx(bo.Expectile(alpha=0.25).start(Y)[0], rel=1e-12, abs=0)
    assert middle == pytest.approx(Y.mean(), rel=1e-5, abs=0) and 0 < high - middle < 0.01


ROOT2 = math.sqrt(2)


@pytest.mark.parametrize("curvature", ["exact", "majorized"])
@pytest.mark.parametrize(("alpha", "other"), [
    (2.0, lambda curvature: bo.SquaredError()),
    (1.0, lambda curvature: bo.PseudoHuber(delta=1.5, curvature=curvature)),
    (0.0, lambda curvature: bo.Cauchy(c=1.5 * ROOT2, curvature=curvature)),
    (1e-300, lambda curvature: bo.Cauchy(c=1.5 * ROOT2, curvature=curvature)),
    (-2.0, lambda curvature: bo.GemanMcClure(c=3.0, curvature=curvature)),
    (-1e18, lambda curvature: bo.Welsch(c=1.5 * ROOT2, curvature=curvature)),
    (-1.7e308, lambda curvature: bo.Welsch(c=1.5 * ROOT2, curvature=curvature)),
], ids=lambda v: repr(v) if isinstance(v, float) else "other")  # fmt: skip
def test_barrons_loss_is_five_others(alpha, other, curvature):
    mine, other = bo.Barron(alpha=alpha, scale=1.5, curvature=curvature), other(curvature)
    u2 = ((F - Y) / 1.5) ** 2  # what the exponent of Welsch's loss has of units
    assert close(mine.loss(Y, F), other.loss(Y, F), units=8)
    weight = np.exp(-u2 / 2) if alpha < -3 else 1 / (1 + u2)
    for got, expected in zip(mine.grad_hess(Y, F), other.grad_hess(Y, F), strict=True):
        assert close(got, expected, size=(1 + np.abs(F - Y)) * weight * (1 + u2) ** 2)


@pytest.mark.parametrize("alpha", [2 - 2.0**-52, 2 - 1e-9, 2 - 1e-4, 1e-300, 1e-17, -1e-9, 0.5, 1 + 2.0**-52, -1e3, -1e300])
@pytest.mark.parametrize("check", [checks.check_loss_is_exact, checks.check_gradient_is_exact,
                                   checks.check_every_curvature_is_exact])  # fmt: skip
def test_barrons_loss_is_exact_near_its_limits(alpha, check):
    check(bo.Barron(alpha=alpha))
    check(bo.Barron(alpha=alpha, scale=0.01))


def test_barrons_loss_is_continuous_in_alpha():
    for alpha in (0.0, 2.0 - 2.0**-40, -1.0):
        one, other = bo.Barron(alpha=alpha), bo.Barron(alpha=alpha + 2.0**-45)
        assert other.loss(Y, F) == pytest.approx(one.loss(Y, F), rel=1e-11, abs=0)
        for got, expected in zip(other.grad_hess(Y, F), one.grad_hess(Y, F), strict=True):
            assert close(got, expected, size=1.0, units=2**16)


@pytest.mark.parametrize("cls", [bo.Cauchy, bo.Welsch, bo.GemanMcClure, bo.Tukey])
def test_redescending_losses_end_in_squared_error(cls):
    square = (F - Y) ** 2 / 2
    assert (np.abs(cls(c=1e9).loss(Y, F) - square) <= 2e-15 * square + 1e-18 * (F - Y) ** 4).all()


@pytest.mark.parametrize("cls", [bo.Cauchy, bo.Welsch, bo.GemanMcClure, bo.Tukey])
def test_the_default_is_95_percent_efficient_at_the_normal(cls):
    x, step = np.linspace(-12, 12, 240_001, retstep=True)
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * step
    grad, hess = cls().grad_hess(np.zeros_like(x), x)
    assert (hess @ density) ** 2 / (grad**2 @ density) == pytest.approx(0.95, rel=1e-4, abs=0)


def test_lp_is_absolute_and_squared_error():
    for p, other, factor in ((1.0, bo.AbsoluteError(), 1.0), (2.0, bo.SquaredError(), 1.0)):
        assert close(bo.Lp(p=p).loss(Y, F), factor * other.loss(Y, F))
        for got, expected in zip(bo.Lp(p=p).grad_hess(Y, F), other.grad_hess(Y, F), strict=True):
            assert close(got, expected)
    assert bo.Lp(p=2.0).start(Y) == pytest.approx(Y.mean(), rel=1e-12, abs=0)
    assert bo.Lp(p=1.0).start(Y[:399]) == pytest.approx(np.median(Y[:399]), rel=1e-12, abs=0)


def test_epsilon_0_is_absolute_and_squared_error():
    assert np.array_equal(bo.EpsilonInsensitive(epsilon=0.0).loss(Y, F), bo.AbsoluteError().loss(Y, F))
    assert same(bo.EpsilonInsensitive(epsilon=0.0).grad_hess(Y, F), bo.AbsoluteError().grad_hess(Y, F))
    assert np.array_equal(bo.SquaredEpsilonInsensitive(epsilon=0.0).loss(Y, F), bo.SquaredError().loss(Y, F))
    for curvature in ("exact", "majorized"):
        mine = bo.SquaredEpsilonInsensitive(epsilon=0.0, curvature=curvature)
        assert same(mine.grad_hess(Y, F), bo.SquaredError().grad_hess(Y, F))
        assert same(mine.grad_hess(Y, Y), bo.SquaredError().grad_hess(Y, Y))


@pytest.mark.parametrize("o", [bo.EpsilonInsensitive(epsilon=0.0), bo.Lp(p=1.0)], ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_absolute_error_is_so_in_the_boosters_door(o, dtype):
    y, raw, weight = Y.astype(np.float32), F.astype(np.float32).astype(dtype), np.abs(F).astype(np.float32)
    for got, expected in zip(o(y, raw, weight), bo.AbsoluteError()(y, raw, weight), strict=True):
        assert got == pytest.approx(expected, rel=8 * 2.0**-23, abs=0)


@pytest.mark.parametrize("alpha", [0.1, 0.75])
def test_smooth_quantile_is_a_tilted_log_cosh(alpha):
    smooth, round_ = bo.SmoothQuantile(alpha=alpha, width=0.7), bo.LogCosh(scale=0.7)
    tilt = 0.7 * (1 - 2 * alpha)
    expected = round_.loss(Y, F) + tilt * (F - Y) + 0.49 * np.log(2)
    assert close(smooth.loss(Y, F), expected, size=round_.loss(Y, F) + np.abs(tilt * (F - Y)))
    grad, hess = round_.grad_hess(Y, F)
    mine, my_hess = smooth.grad_hess(Y, F)
    assert close(mine, grad + tilt, size=np.abs(grad)) and close(my_hess, hess, size=np.abs(F - Y) * hess)
    bounds = [o(curvature="majorized").grad_hess(Y, F)[1] for o in (
        lambda **k: bo.SmoothQuantile(alpha=alpha, width=0.7, **k), lambda **k: bo.LogCosh(scale=0.7, **k))]  # fmt: skip
    assert close(*bounds)


def test_smooth_quantile_ends_in_the_quantile_loss():
    for alpha in (0.1, 0.75):
        got = bo.SmoothQuantile(alpha=alpha, width=1e-9).loss(Y, F) / 2e-9
        assert close(got, bo.Quantile(alpha=alpha).loss(Y, F))


def test_smooth_quantile_starts_at_the_quantile_of_noisy_targets():
    """The noise is logistic, with a scale of half the width: it is averaged here over 2001 of its own quantiles."""
    noise = scipy.stats.logistic.ppf((np.arange(2001) + 0.5) / 2001, scale=1.5)
    noisy = (Y[:, None] + noise).ravel()
    for alpha in (0.1, 0.5, 0.9):
        got = bo.SmoothQuantile(alpha=alpha, width=3.0).start(Y)
        assert got == pytest.approx(np.quantile(noisy, alpha), abs=1e-3 * np.std(Y), rel=0)


@pytest.mark.parametrize("alpha", [(0.25, 0.75), (0.1, 0.2, 0.5, 0.6, 0.9)])
def test_quantiles_that_cannot_cross_are_smooth_quantiles_of_their_estimates(alpha):
    many, k, middle = bo.NonCrossingQuantile(alpha=alpha, width=0.7), len(alpha), len(alpha) // 2
    raw = np.random.default_rng(2).normal(size=(400, k)) * 2
    estimates = many.inverse_link(raw)
    assert (np.diff(estimates, axis=1) > 0).all()
    ones = [bo.SmoothQuantile(alpha=a, width=0.7) for a in alpha]
    losses = [one.loss(Y, estimates[:, j].copy()) for j, one in enumerate(ones)]
    size = np.abs(estimates).sum(axis=1) + np.abs(Y)
    assert close(many.loss(Y, raw), sum(losses), size=size)
    pulls = np.stack([one.grad_hess(Y, estimates[:, j].copy())[0] for j, one in enumerate(ones)], axis=1)
    grad, _ = many.grad_hess(Y, raw)
    assert close(grad[:, middle], pulls.sum(axis=1), size=size)
    slopes = scipy.special.expit(raw / 0.7)
    for j in range(k):
        if j != middle:
            pull = -pulls[:, : j + 1].sum(axis=1) if j < middle else pulls[:, j:].sum(axis=1)
            assert close(grad[:, j], slopes[:, j] * pull, size=size)
    starts = [one.start(Y)[0] for one in ones]
    assert many.inverse_link(many.start(Y)[None])[0] == pytest.approx(starts, rel=1e-12, abs=1e-12 * np.std(Y))
    assert (np.diff(starts) >= 0.35 * np.diff(scipy.special.logit(alpha))).all()  # as far apart as its docstring says


def test_equal_levels_share_a_smooth_quantile():
    with pytest.warns(UserWarning, match="no finite start minimises the loss: some levels"):
        start = bo.NonCrossingQuantile(alpha=(0.25, 0.5, 0.5)).start(Y)
    low, middle, high = bo.NonCrossingQuantile(alpha=(0.25, 0.5, 0.5)).inverse_link(start[None])[0]
    assert low < middle < high < middle + 0.01


@pytest.mark.parametrize("costly", ["above", "below"])
def test_linex_ends_in_squared_error(costly):
    r = F - Y
    got = bo.Linex(scale=1e6, costly=costly).loss(Y, F)
    assert (np.abs(got - r**2 / 2) <= np.abs(r) ** 3 / 5e6 + 1e-15 * r**2).all()


def test_linex_mirrors():
    above, below = bo.Linex(scale=3.0), bo.Linex(scale=3.0, costly="below")
    assert np.array_equal(above.loss(Y, F), below.loss(-Y, -F))
    grad, hess = above.grad_hess(Y, F)
    assert same(below.grad_hess(-Y, -F), (-grad, hess))


def test_linex_is_poisson_of_exponentials():
    """With the targets' inverse as weights."""
    y = np.exp(Y)
    grad, hess = bo.Poisson().grad_hess(y, F, 1 / y)
    mine, my_hess = bo.Linex().grad_hess(Y, F)
    size = (1 + np.abs(Y) + np.abs(F)) * hess
    assert close(mine, grad, size=size) and close(my_hess, hess, size=size)


def test_linex_starts_at_its_closed_form():
    for c in (1e-6, 1.0, 1e6):
        expected = -2.0 * c * scipy.special.logsumexp(-Y / 2.0, b=1 / 400)
        assert bo.Linex(scale=2.0 * c).start(c * Y) == pytest.approx(expected, rel=1e-12, abs=0)
    assert bo.Linex().start([0.0, 1.0, -2000.0], [1.0, 1.0, 0.0]) == bo.Linex().start([0.0, 1.0])


def test_a_row_without_weight_gives_nothing_be_its_gradient_infinite():
    grad, hess = bo.Linex().grad_hess([0.0, -2000.0], [1.0, 0.0], [1.0, 0.0])
    assert np.isfinite(grad).all() and grad[1] == hess[1] == 0
    assert all(np.isfinite(v).all() for v in bo.Linex()(np.array([0.0, -2000.0]), np.zeros(2, np.float32), np.array([1.0, 0.0])))


@pytest.mark.parametrize("spread", [0.5, 3.0])
def test_a_leaf_never_passes_its_best_score(spread):
    """The damped step of rows with any scores, against their best constant."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y, f, w = rng.normal(size=12) * spread, rng.normal(size=12) * 3, rng.uniform(0.1, 2, 12)
        for o, target in ((bo.Linex(curvature="damped"), y), (bo.InverseGaussian(curvature="damped"), np.exp(y)),
                          (bo.Tweedie(power=1.5, curvature="damped"), np.exp(y))):  # fmt: skip
            grad, hess = o.grad_hess(target, f, w)
            step, best = -grad.sum() / hess.sum(), o.start(target, w, offset=f)[0]
            assert 0 < step / best <= 1 + 1e-9, repr(o)


def test_expectile_is_asymmetric_squared_error():
    weight = np.where(F >= Y, 0.25, 0.75)
    assert np.array_equal(bo.Expectile(alpha=0.75).loss(Y, F), weight * (F - Y) * (F - Y) / 2)
    assert same(bo.Expectile(alpha=0.75).grad_hess(Y, F), bo.SquaredError().grad_hess(Y, F, weight))


def test_mape_is_scikit_learns():
    y = np.where(np.abs(Y) > 1, Y, 3.0)
    expected = sklearn.metrics.mean_absolute_percentage_error(y, F)
    assert bo.AbsolutePercentageError().loss(y, F).mean() == pytest.approx(expected, rel=1e-12, abs=0)
    assert close(bo.AbsolutePercentageError().loss(y, F), bo.AbsoluteError().loss(y, F) / np.abs(y))


def test_squared_percentage_error_is_a_weighted_squared_error():
    weight = (0.5 / np.maximum(0.5, np.abs(Y))) ** 2
    o = bo.SquaredPercentageError(floor=0.5)
    assert close(o.loss(Y, F), weight * (F - Y) ** 2 / 2)
    for got, expected in zip(o.grad_hess(Y, F), bo.SquaredError().grad_hess(Y, F, weight), strict=True):
        assert close(got, expected)
    assert o.start(Y) == pytest.approx(np.average(Y, weights=weight), rel=1e-10, abs=0)


def test_symmetric_percentage_error_ends_in_the_textbooks():
    m = np.exp(F)
    textbook = 2 * np.abs(m - COUNTS) / (m + COUNTS)
    for width in (1e-3, 1e-9):
        got = bo.SymmetricPercentageError(width=width).loss(COUNTS, F)
        assert (got <= textbook * (1 + 1e-12)).all() and (got >= (textbook - width) * (1 - 1e-12)).all()


def test_symmetric_percentage_error_knows_ratios_only():
    o = bo.SymmetricPercentageError()
    one, other = o.loss(POSITIVE, F), o.loss(1024 * POSITIVE, F + np.log(1024))
    assert close(other, one, size=np.abs(F) + 7, units=16)
    assert close(o.loss(1 / POSITIVE, -F), one, size=np.abs(F) + np.abs(np.log(POSITIVE)), units=16)


def test_inverse_gaussian_is_scikit_learns_deviance():
    got = bo.InverseGaussian(shape=3.0).loss(POSITIVE, F) + 3.0 / (2 * POSITIVE)
    expected = [1.5 * sklearn.metrics.mean_tweedie_deviance([a], [b], power=3) for a, b in zip(POSITIVE, np.exp(F), strict=True)]
    assert got == pytest.approx(expected, rel=1e-9, abs=0)


def test_inverse_gaussian_is_scipys_likelihood():
    mean = np.exp(F)
    log = scipy.stats.invgauss.logpdf(POSITIVE, mean / 3.0, scale=3.0)
    constant = 0.5 * np.log(3.0 / (2 * np.pi * POSITIVE**3)) - 3.0 / (2 * POSITIVE)
    assert (np.abs(bo.InverseGaussian(shape=3.0).loss(POSITIVE, F) + log - constant) <= 1e-9 * (1 + np.abs(log))).all()


def test_negative_binomial_is_scipys_likelihood():
    """Which leaves out nothing: at dispersion d, size 1/d and success probability 1/(1 + d*mean)."""
    y, mean = np.floor(COUNTS * 3), np.exp(F / 3)
    for d in (0.2, 1.0, 5.0):
        log = scipy.stats.nbinom.logpmf(y, 1 / d, 1 / (1 + d * mean))
        constant = scipy.special.gammaln(y + 1 / d) - scipy.special.gammaln(1 / d) - scipy.special.gammaln(y + 1) + y * np.log(d)
        got = bo.NegativeBinomial(dispersion=d).loss(y, F / 3)
        assert (np.abs(got + log - constant) <= 1e-10 * (1 + np.abs(log) + np.abs(constant))).all()


def test_negative_binomial_without_dispersion_is_poisson():
    for kind in ("exact", "fisher", "damped"):
        expected = bo.Poisson(curvature=kind).grad_hess(COUNTS, F)
        none = bo.NegativeBinomial(dispersion=0.0, curvature=kind).grad_hess(COUNTS, F)
        little = bo.NegativeBinomial(dispersion=1e-30, curvature=kind).grad_hess(COUNTS, F)
        for got in (none, little):
            assert close(got[0], expected[0], size=np.exp(F)) and close(got[1], expected[1])
    assert close(bo.NegativeBinomial(dispersion=0.0).loss(COUNTS, F), bo.Poisson().loss(COUNTS, F), size=COUNTS * np.abs(F))


@pytest.mark.parametrize(("objective", "y"), [
    (bo.Poisson(), np.floor(COUNTS)), (bo.Gamma(), POSITIVE), (bo.Tweedie(power=1.3), COUNTS), (bo.InverseGaussian(), POSITIVE),
    (bo.NegativeBinomial(dispersion=0.7), np.floor(COUNTS)),
])  # fmt: skip
def test_all_curvatures_of_a_likelihood_meet_where_the_mean_fits(objective, y):
    fit = np.log(y[y > 0])
    hess = [type(objective)(**{p.name: getattr(objective, p.name) for p in objective.parameters()}, curvature=kind)
            .grad_hess(y[y > 0], fit)[1] for kind in objective.kinds]  # fmt: skip
    for other in hess[1:]:
        assert close(other, hess[0], size=(1 + np.abs(fit)) * hess[0])


@pytest.mark.parametrize(("objective", "y", "raw", "grad", "hess"), [
    (bo.AbsoluteError(), 3.0, 3.0, 0.0, 0.0),
    (bo.EpsilonInsensitive(epsilon=2.0), 3.0, 5.0, 0.0, 0.0),
    (bo.EpsilonInsensitive(epsilon=2.0), 3.0, 1.0, 0.0, 0.0),
    (bo.SquaredEpsilonInsensitive(epsilon=2.0), 3.0, 5.0, 0.0, 0.0),
    (bo.Lp(p=1.0), 3.0, 3.0, 0.0, 0.0),
    (bo.Lp(p=1.5), 3.0, 3.0, 0.0, np.finfo(float).max),
    (bo.Lp(p=2.0), 3.0, 3.0, 0.0, 1.0),
    (bo.Lp(p=3.0), 3.0, 3.0, 0.0, 0.0),
    (bo.Quantile(alpha=0.25), 3.0, 3.0, 0.75, 0.0),
    (bo.Expectile(alpha=0.25), 3.0, 3.0, 0.0, 0.75),
    (bo.Huber(delta=2.0), 3.0, 5.0, 2.0, 1.0),
    (bo.Huber(delta=2.0), 3.0, 1.0, -2.0, 1.0),
    (bo.Huber(delta=2.0, curvature="majorized"), 3.0, 1.0, -2.0, 1.0),
    (bo.Hinge(), 1.0, 1.0, 0.0, 0.0),
    (bo.Hinge(), 0.0, -1.0, 0.0, 0.0),
    (bo.MultiQuantile(alpha=(0.25, 0.75)), 3.0, [3.0, 4.0], [0.75, 0.25], [0.0, 0.0]),
    (bo.MultiExpectile(alpha=(0.25, 0.75)), 3.0, [3.0, -800.0], [0.25 * 1e-6, 0.0], [1.0, 0.0]),
], ids=repr)  # fmt: skip
def test_what_is_documented_at_a_kink(objective, y, raw, grad, hess):
    got_grad, got_hess = objective.grad_hess([y], [raw])
    assert got_grad[0] == pytest.approx(grad, rel=1e-9, abs=0)
    assert np.array_equal(got_hess[0], hess)


def test_starts_are_the_statistics_they_should_be():
    odd = Y[:399]
    assert bo.SquaredError().start(odd) == pytest.approx(odd.mean(), rel=1e-12, abs=0)
    assert bo.AbsoluteError().start(odd) == pytest.approx(np.median(odd), rel=1e-12, abs=0)
    assert bo.Poisson().start(COUNTS) == pytest.approx(np.log(COUNTS.mean()), rel=1e-12, abs=0)
    assert bo.Gamma().start(POSITIVE) == pytest.approx(np.log(POSITIVE.mean()), rel=1e-12, abs=0)
    assert bo.Tweedie(power=1.7).start(COUNTS) == pytest.approx(np.log(COUNTS.mean()), rel=1e-12, abs=0)
    assert bo.SquaredLogError().start(POSITIVE) == pytest.approx(np.expm1(np.log1p(POSITIVE).mean()), rel=1e-12, abs=0)
    assert bo.SquaredRootError().start(Y) == pytest.approx((np.sign(Y) * np.sqrt(np.abs(Y))).mean(), rel=1e-12, abs=0)
    assert bo.Hinge().start([0.0, 1.0, 1.0]) == pytest.approx(1.0, rel=1e-12, abs=0)
    assert bo.Quantile(alpha=0.1).start(np.arange(11.0)) == pytest.approx(1.0, rel=1e-12, abs=0)


@pytest.mark.parametrize("mean", [1e-20, 1e-3, 1.0, 1100.0, 1e28, 1e280])
def test_the_start_of_any_mean_is_its_logarithm(mean):
    y = mean * np.array([0.5, 1.5, 1.0])
    for o in (bo.Poisson(), bo.Gamma(), bo.Tweedie(power=1.5)):
        assert np.exp(o.start(y)) == pytest.approx(mean, rel=1e-12, abs=0)


SCORES = np.stack([F, RNG.normal(size=400)], axis=1)


def test_gaussian_of_a_fixed_scale_is_squared_error():
    o = bo.Gaussian(scale=2.0, epsilon=1e-9)
    grad, hess = o.grad_hess(2 * Y, SCORES)
    variance = np.exp(2 * SCORES[:, 1])
    square_grad, square_hess = bo.SquaredError().grad_hess(Y, F)
    assert close(grad[:, 0], square_grad / variance)
    assert close(hess[:, 0], square_hess / variance)
    rest = o.loss(2 * Y, SCORES) - bo.SquaredError().loss(Y, F) / variance
    constant = np.log(2 * np.pi) / 2 + np.log(2.0) + SCORES[:, 1]
    assert (np.abs(rest - constant) <= 8 * UNIT * (4 + o.loss(2 * Y, SCORES))).all()


def test_laplace_of_a_fixed_scale_is_absolute_error():
    o = bo.Laplace(epsilon=1e-9)
    grad, hess = o.grad_hess(Y, SCORES)
    assert close(grad[:, 0], bo.AbsoluteError().grad_hess(Y, F)[0] * np.exp(-SCORES[:, 1]))
    assert not hess[:, 0].any()


@pytest.mark.parametrize("curvature", ["exact", "fisher", "damped"])
def test_student_t_ends_in_gaussian(curvature):
    near = np.stack([Y + RNG.normal(size=400), SCORES[:, 1] / 4], axis=1)
    t, normal = bo.StudentT(df=1e8, curvature=curvature), bo.Gaussian(curvature=curvature)
    z = (near[:, 0] - Y) * np.exp(-near[:, 1])
    room = 1e-8 * (1 + z**4)[:, None]  # log(1 + z**2/n)*(n + 1)/2 = z**2/2 + (z**2/2 - z**4/4)/n + ...
    for got, expected in zip(t.grad_hess(Y, near), normal.grad_hess(Y, near), strict=True):
        assert (np.abs(got - expected) <= 4 * room * (1 + np.abs(expected))).all()
    assert (np.abs(t.loss(Y, near) - normal.loss(Y, near)) <= room[:, 0]).all()


@pytest.mark.parametrize("curvature", ["exact", "fisher", "damped"])
def test_log_normal_is_gaussian_of_the_log(curvature):
    log_y = np.log(POSITIVE)
    one, other = bo.LogNormal(curvature=curvature), bo.Gaussian(curvature=curvature)
    for got, expected in zip(one.grad_hess(POSITIVE, SCORES), other.grad_hess(log_y, SCORES), strict=True):
        assert (np.abs(got - expected) <= 64 * UNIT * (np.abs(expected) + np.exp(-2 * SCORES[:, 1:]) * 400)).all()
    assert np.allclose(one.loss(POSITIVE, SCORES) - log_y, other.loss(log_y, SCORES), rtol=1e-13, atol=0)
    start = one.start(POSITIVE)
    assert start == pytest.approx(other.start(log_y), rel=1e-13, abs=0)


@pytest.mark.parametrize("cls", [bo.Gaussian, bo.Laplace, bo.StudentT])
@pytest.mark.parametrize("curvature", ["exact", "fisher", "damped"])
def test_raw_scores_of_likelihoods_have_no_unit(cls, curvature):
    one, other = (cls(scale=scale, curvature=curvature) for scale in (0.5, 512.0))
    assert same(one.grad_hess(Y, SCORES), other.grad_hess(1024 * Y, SCORES))
    assert np.array_equal(1024 * one.inverse_link(SCORES), other.inverse_link(SCORES))
    assert np.array_equal(one.start(Y), other.start(1024 * Y))
    assert close(other.loss(1024 * Y, SCORES) - one.loss(Y, SCORES), np.log(1024.0), size=20 + one.loss(Y, SCORES))


@pytest.mark.parametrize(("o", "density"), [
    (bo.Gaussian(epsilon=0.1), lambda m, s: scipy.stats.norm(m, s)),
    (bo.Laplace(epsilon=0.1), lambda m, s: scipy.stats.laplace(m, s)),
    (bo.StudentT(df=2.5, scale=3.0), lambda m, s: scipy.stats.t(2.5, m, s)),
    (bo.LogNormal(epsilon=0.1), lambda m, s: scipy.stats.lognorm(s, scale=m)),
])  # fmt: skip
def test_likelihoods_are_scipys(o, density):
    y = POSITIVE if o.name == "log_normal" else Y
    raw = SCORES * [0.2, 1.0]
    shown = o.inverse_link(raw)
    with np.errstate(divide="ignore"):  # SciPy's Laplace density is 0 far out
        for model in (density(*shown.T), o.distribution(shown)):
            expected = -model.logpdf(y)
            some = np.isfinite(expected)
            assert some.mean() > 0.9
            assert o.loss(y, raw)[some] == pytest.approx(expected[some], rel=1e-9, abs=0)
