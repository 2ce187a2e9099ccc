"""Kernels of a few scores a row: the same in every layout, each error found, and vectorised over rows."""

import dataclasses
import re
import types
from typing import final

import chosen
import numpy as np
import pytest

import boostobj as bo
from boostobj import elementary, loops, probe
from boostobj.domain import POSITIVE, REAL

pytestmark = pytest.mark.skipif(chosen.SHORT, reason="the first run has it: nothing here depends on the Python")

ROWS = 1237
RNG = np.random.default_rng(0)
SIZES = 1.0 + np.arange(6)


@final
@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Three(bo.Rowwise):
    """sum_j s_j*(f_j - y)**2/2"""

    name = "three"
    link = "identity"
    domain = REAL
    count = "sizes"
    kinds = ("exact", "damped")

    sizes: tuple = bo.param((1.0, 2.0, 3.0), domain=bo.Ascending(POSITIVE))

    @staticmethod
    def few(y, f, sizes):
        a, b, c = f[0] - y, f[1] - y, f[2] - y
        grad = (sizes[0] * a, sizes[1] * b, sizes[2] * c)
        return 0.5 * (grad[0] * a + grad[1] * b + grad[2] * c), grad, sizes, (4.0, 5.0, 6.0)


@final
@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Six(bo.Rowwise):
    """So many that columns are moved into blocks."""

    name = "six"
    link = "identity"
    domain = REAL
    count = "outputs"
    outputs = tuple("abcdef")

    @staticmethod
    def few(y, f):
        a, b, c, d, e, g = f
        grad = (a - y, 2.0 * (b - y), 3.0 * (c - y), 4.0 * (d - y), 5.0 * (e - y), 6.0 * (g - y))
        return 0.0, grad, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)


def data(k, dtype=np.float64, order="C"):
    y, raw = RNG.normal(size=ROWS).astype(np.float32), RNG.normal(size=(ROWS, k))
    return y, np.array(raw, dtype, order=order), 2.0 ** RNG.integers(-2, 3, ROWS)


@pytest.mark.parametrize(("o", "order", "dtype", "weighted"), [
    (Three(), "C", np.float32, True),
    (Three(curvature="damped"), "F", np.float64, False),
    (Six(), "C", np.float64, False),
    (Six(), "F", np.float32, True),
])  # fmt: skip
def test_each_score_gets_its_own(o, order, dtype, weighted):
    k = o._known_count()
    y, raw, weight = data(k, dtype, order)
    grad, hess = o.grad_hess(y, raw, weight if weighted else None)
    w = (weight if weighted else np.ones(ROWS))[:, None]
    expected = (raw.astype(np.float64) - y[:, None]) * SIZES[:k] * w
    curvature = np.array([4.0, 5.0, 6.0]) if o.curvature == "damped" else SIZES[:k]
    assert np.array_equal(grad, expected.astype(dtype))
    assert np.array_equal(hess, (curvature * w).astype(dtype))
    assert grad.dtype == hess.dtype == dtype and grad.strides == hess.strides == raw.strides


def test_the_loss_of_each_row():
    y, raw, _ = data(3)
    r = raw - y[:, None]
    assert np.array_equal(Three().loss(y, raw), 0.5 * (SIZES[:3] * r * r).cumsum(axis=1)[:, 2])


@pytest.mark.parametrize(("o", "order"), [(Three(), "C"), (Six(), "F")])
@pytest.mark.parametrize("row", [0, 700, ROWS - 1])
def test_what_is_bad_is_found(o, order, row):
    y, raw, weight = data(o._known_count(), np.float32, order)
    raw[row, 2] = np.nan
    with pytest.raises(ValueError, match=rf"raw must be finite.* row {row}"):
        o.grad_hess(y, raw, weight)
    raw[row, 2], y[row] = 0.0, np.inf
    with pytest.raises(ValueError, match=rf"y must be finite.* row {row} "):
        o.grad_hess(y, raw, weight)
    y[row], weight[row] = 0.0, -1.0
    with pytest.raises(ValueError, match=rf"weight must be .* row {row} "):
        o.grad_hess(y, raw, weight)


def test_a_huge_step_of_float32_scores_saturates():
    y, raw = np.array([0.0, 1.0]), np.array([[3e38, -3e38, -3e38], [0.0, 0.0, 0.0]], np.float32)
    grad, _ = Three().grad_hess(y, raw)
    assert grad.tolist()[0] == [float(np.float32(3e38)), -loops.LARGEST_FLOAT32, -loops.LARGEST_FLOAT32]


def six(y, f):
    """Exponentials, which only a vectorised loop calls by their vector form."""
    p = (elementary.exp(f[0]), elementary.exp(f[1]), elementary.exp(f[2]), elementary.exp(f[3]), elementary.exp(f[4]))
    return 0.0, (*p, f[5]), (*p, y)


LIKELIHOODS = [(bo.Gaussian.few, 2, "C", 4)]
LIKELIHOODS += [(cls.few, 2, "F", 2) for cls in (bo.Gaussian, bo.Laplace, bo.StudentT, bo.LogNormal)]


@pytest.mark.skipif(not probe.agrees("exp"), reason="the C library's exponential is called, which has no vector form")
@pytest.mark.parametrize(("few", "k", "order", "place"), [*LIKELIHOODS, (six, 6, "F", 2), (six, 6, "C", 2)])
def test_loops_are_vectorised(few, k, order, place):
    copy = types.FunctionType(few.__code__, few.__globals__, few.__qualname__)  # of no module of ours: it is compiled anew
    copy.__module__ = __name__
    loop = loops.few_gradient(copy, k, place, False, order == "F")
    y, raw = np.ones(3), np.zeros((3, k), np.float32, order)
    names = few.__code__.co_varnames[2 : few.__code__.co_argcount]
    values = {"epsilon": 1e-3, "scale": (1.0, 0.0, 1.0, 1.0), "df": (4.0, 1.0)}
    results = np.empty_like(raw), np.empty_like(raw)
    loop(0, 3, (y,), raw, None, tuple(values[name] for name in names), -np.inf, np.inf, 0.0, 1.0, *results)
    (code,) = loop.inspect_llvm().values()
    assert re.search(r"call <(\d+) x double> @boostobj\.exp\.\1\(", code), "the exponential's vector form is not called"
