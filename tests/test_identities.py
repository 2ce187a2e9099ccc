"""Losses that equal one another."""

import numpy as np
import pytest
import scipy.special

import boostobj as bo

RNG = np.random.default_rng(0)
Y = RNG.normal(size=400) * 5
F = RNG.normal(size=400) * 5
UNIT = 2.0**-52


def test_log_loss_is_softmax_of_two_classes():
    y = (Y > 0).astype(float)
    two = np.stack([np.zeros(400), F], axis=1)
    grad, hess = bo.Softmax().grad_hess(y, two)
    for one, many in zip(bo.LogLoss().grad_hess(y, F), (grad[:, 1], hess[:, 1]), strict=True):
        assert (np.abs(one - many) <= 8 * UNIT * (np.abs(one) * (1 + np.abs(F)))).all()


def test_sigmoid_is_a_factor_of_the_score():
    y = (Y > 0).astype(float)
    grad, hess = bo.LogLoss(sigmoid=2.0).grad_hess(y, F)
    once, twice = bo.LogLoss().grad_hess(y, 2 * F)
    assert np.array_equal(grad, 2 * once)
    assert np.array_equal(hess, 4 * twice)


@pytest.mark.parametrize("cls", [bo.LogCosh, bo.PseudoHuber])
@pytest.mark.parametrize("curvature", ["exact", "majorized"])
def test_robust_losses_scale_with_their_unit(cls, curvature):
    (name,) = (p.name for p in cls.parameters())
    one = cls(**{name: 0.5}, curvature=curvature)
    other = cls(**{name: 0.5 * 1024}, curvature=curvature)
    grad, hess = one.grad_hess(Y, F)
    assert np.array_equal(other.grad_hess(1024 * Y, 1024 * F)[0], 1024 * grad)
    assert np.array_equal(other.grad_hess(1024 * Y, 1024 * F)[1], hess)
    assert np.array_equal(other.loss(1024 * Y, 1024 * F), 1024**2 * one.loss(Y, F))


@pytest.mark.parametrize("make", [lambda s: bo.LogCosh(scale=s), lambda s: bo.PseudoHuber(delta=s)])
def test_robust_losses_end_in_squared_error(make):
    square = (F - Y) ** 2 / 2
    r = np.abs(F - Y)
    got = make(1e9).loss(Y, F)
    assert (np.abs(got - square) <= 1e-15 * square + 1e-18 * r**4).all()


@pytest.mark.parametrize("make", [lambda s: bo.LogCosh(scale=s), lambda s: bo.PseudoHuber(delta=s)])
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
