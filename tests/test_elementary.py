"""Elementary functions: the C library's bits, or a few units in the last place of the truth."""

import math
import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from boostobj import elementary as el
from boostobj import get

RNG = np.random.default_rng(0)
N = 200_000
EDGES = np.array([0.0, -0.0, 5e-324, -5e-324, 1e-308, 1.0, -1.0, 709.78, 709.79, -708.4, -744.44, -745.13, -745.14, 1e308])
EVERYWHERE = np.concatenate(
    [RNG.uniform(-760, 720, N), RNG.normal(size=N), RNG.choice([-1, 1], N) * 10.0 ** RNG.uniform(-320, 3, N), EDGES]
)


def over(function, dtype=np.float64):
    @numba.njit(error_model="numpy")
    def loop(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    def call(x):
        x = np.asarray(x, dtype)
        out = np.empty(x.size, dtype)
        loop(x, out)
        return out

    call.loop = loop
    return call


def units(got, true):
    """Distance in units in the last place of the true value, a longdouble."""
    rounded = true.astype(np.float64)
    same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
    with np.errstate(all="ignore"):
        rounded = np.where(np.isinf(rounded), np.finfo(float).max, rounded)
        unit = np.maximum(np.spacing(np.abs(rounded)), 2.0**-1074)
        return np.where(same, 0.5, np.abs(got - true) / unit)


def longdouble_log_cosh_ratio(x):
    a = np.abs(x)
    small = np.minimum(a, 1)
    near = np.log1p(2 * np.sinh(small / 2) ** 2)
    return np.where(a < 1e-8, a / 2, np.where(a < 1, near, a + np.log1p(np.exp(-2 * a)) - np.log(np.longdouble(2))) / a)


def longdouble_sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


TRUTH = {
    "exp": (np.exp, EVERYWHERE, 1),
    "expm1": (np.expm1, EVERYWHERE, 1),
    "log1p": (
        np.log1p,
        np.concatenate([np.abs(EVERYWHERE), -(10.0 ** RNG.uniform(-320, -1e-12, N)), 10.0 ** RNG.uniform(-9, 308, N)]),
        1,
    ),
    "tanh": (np.tanh, EVERYWHERE, 3),
    "sigmoid": (longdouble_sigmoid, EVERYWHERE, 3),
    "softplus": (lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), EVERYWHERE, 3),
    "log_cosh_ratio": (longdouble_log_cosh_ratio, np.concatenate([RNG.normal(size=N), 10.0 ** RNG.uniform(-290, 300, N)]), 4),
}


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="the reference needs a long double of 64 bits")
@pytest.mark.parametrize("name", TRUTH)
def test_units_in_the_last_place(name):
    true, x, limit = TRUTH[name]
    with np.errstate(all="ignore"):
        error = units(over(getattr(el, name))(x), true(x.astype(np.longdouble)))
    worst = np.argmax(error)
    assert error[worst] <= limit, f"{error[worst]} units at {x[worst]!r}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exp", [math.inf, 0.0, math.nan]),
        ("expm1", [math.inf, -1.0, math.nan]),
        ("log1p", [math.inf, math.nan, math.nan]),
        ("tanh", [1.0, -1.0, math.nan]),
        ("sigmoid", [1.0, 0.0, math.nan]),
        ("softplus", [math.inf, 0.0, math.nan]),
    ],
)
def test_infinities_and_nan(name, expected):
    assert np.array_equal(over(getattr(el, name))([math.inf, -math.inf, math.nan]), expected, equal_nan=True)


def test_log1p_at_its_pole():
    assert over(el.log1p)([-1.0, -2.0]).tolist()[0] == -math.inf
    assert math.isnan(over(el.log1p)([-2.0])[0])


@pytest.mark.parametrize("name", ["tanh", "expm1", "log1p"])
def test_signed_zero(name):
    assert np.signbit(over(getattr(el, name))([-0.0]))[0]
    assert not np.signbit(over(getattr(el, name))([0.0]))[0]


def test_exp_is_the_c_librarys():
    """math.exp is the C library's; so must be what the kernels use, on every kind of argument."""
    x = EVERYWHERE[EVERYWHERE < 709.7]
    expected = np.array([math.exp(v) for v in x.tolist()])
    assert np.array_equal(over(el.exp)(x), expected)
    if el.libm_agrees()[1]:
        assert np.array_equal(over(el._exp_fast)(x), expected)


@pytest.mark.parametrize("block", range(16))
def test_expf_is_the_c_librarys_on_every_float32(block):
    """All 2**32 of them: the vectorised function against the scalar call of the C library."""
    fast, libm = over(el.expf, np.float32), over(el._expf_libm, np.float32)
    step = 1 << 24
    for first in range(block << 28, (block + 1) << 28, step):
        x = np.arange(first, first + step, dtype=np.uint64).astype(np.uint32).view(np.float32)
        a, b = fast(x).view(np.uint32), libm(x).view(np.uint32)
        if not np.array_equal(a, b):
            different = (a != b) & ~np.isnan(x)
            assert not different.any(), f"{different.sum()} differ, the first at {x[different][0]!r}"


FAKED = """
import numba, numpy as np
from boostobj import elementary as el, get
el.libm_agrees = lambda: (False, False)
def over(function):
    @numba.njit(error_model="numpy")
    def loop(x, out):
        for i in range(x.size):
            out[i] = function(x[i])
    return loop
x = np.linspace(-20, 20, 1001)
for fast, slow, dtype in ((el.exp, el._exp_libm, "f8"), (el.expf, el._expf_libm, "f4")):
    loops = over(fast), over(slow)
    results = [np.empty(1001, dtype) for _ in loops]
    for loop, result in zip(loops, results):
        loop(x.astype(dtype), result)
    assert np.array_equal(*results)
    (code,) = loops[0].inspect_llvm().values()
    name = f"exp.f{8 * int(dtype[1])}"
    assert f"@llvm.{name}" in code or f"call double @{name[:3]}(" in code, "the loop does not call the C library"
print(get("binary:logistic")(np.float32([0, 1]), np.float32([1, 2]))[0].tolist())
"""


def test_a_libm_that_rounds_otherwise_is_called_itself(tmp_path):
    """On a C library that disagrees, kernels call it: the bits are its bits. (A process of its own: Numba remembers.)"""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", FAKED], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    expected = get("binary:logistic")(np.float32([0, 1]), np.float32([1, 2]))[0].tolist()
    assert run.stdout.strip() == str(expected)


def test_the_probe_notices(monkeypatch):
    for bits, place in ((32, 0), (64, 1)):
        el.libm_agrees.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(el, f"_mismatches{bits}", lambda low, high, n: 1)
            assert el.libm_agrees()[place] is False
    el.libm_agrees.cache_clear()
    assert len(el.libm_agrees()) == 2
    el.libm_agrees.cache_clear()


@pytest.mark.parametrize("name", ["exp", "expm1", "log1p", "sigmoid", "tanh", "softplus"])
def test_loops_are_vectorised(name):
    """The machine code works on vectors of doubles; its scalar twin, on which it calls the C library, does not."""
    call = over(getattr(el, name))
    call(np.ones(3))
    (code,) = call.loop.inspect_llvm().values()
    assert any(f"<{width} x double>" in code for width in (2, 4, 8)), "no vectors"
