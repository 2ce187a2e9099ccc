"""Losses that equal one another."""

import dataclasses

import numpy as np
import pytest
import scipy.special
from sklearn import _loss as sklearn_loss

import boostobj as bo

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


@pytest.mark.parametrize(("objective", "y", "raw", "grad", "hess"), [
    (bo.AbsoluteError(), 3.0, 3.0, 0.0, 0.0),
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
