"""Float32 functions: the C library's bits, or XGBoost's formula of them."""

import math
import os
import platform

import chosen
import numba
import numpy as np
import pytest
from test_elementary import longdouble_log_cosh, needs_long_double, over, same, units

from boostobj import elementary32 as el
from boostobj import probe

pytestmark = pytest.mark.skipif(chosen.SHORT, reason="the first run has it: nothing here depends on the Python")

f4 = np.float32
GLIBC = tuple(int(v) for v in platform.libc_ver()[1].split(".")[:2] if v)
STAND_INS = [name for name, this in probe._STAND_INS.items() if this.fast.__module__ == el.__name__]
UNARY = [name for name in STAND_INS if name != "hypotf"]
STEP = 1 if os.environ.get("BOOSTOBJ_EVERY_FLOAT") else 67  # of all bit patterns
CHUNK = 1 << 22


@numba.njit
def sigmoid_reference(x):
    return f4(1) / (math.exp(min(-x, f4(88.7))) + f4(1))


@numba.njit
def softplus_reference(x):
    return x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))


def reference(name):
    composites = {"sigmoidf": sigmoid_reference, "softplusf": softplus_reference}
    return composites.get(name) or getattr(el, f"_{name}_libm")


def floats(first, last, step=1):
    """The floats of the bit patterns from first up to last, in chunks."""
    for start in range(first, last, step * CHUNK):
        yield np.arange(start, min(start + step * CHUNK, last), step, dtype=np.uint64).astype(np.uint32).view(f4)


# Where the algorithms change their branch: 27 log(2) and 88.7 (expm1f, sigmoidf), log(2)/2 and 3 log(2)/2 (expm1f), 1 and 22
# (tanhf), sqrt(1/2) - 1 and sqrt(2) - 1 (log1pf), the smallest normal number, 2**-54, 2**-29, 2**-25 (what is left out), 2**53.
BRANCHES = [27 * math.log(2), 88.7217, math.log(2) / 2, 1.5 * math.log(2), 1, 2, 22, 0.25, math.sqrt(0.5), 1 - math.sqrt(0.5)]
BRANCHES += [math.sqrt(2) - 1, 2.0**-126, 2.0**-54, 2.0**-29, 2.0**-25, 2.0**53]


def hard():
    """Every float within 2**17 of a branch, of either sign."""
    for branch in BRANCHES:
        at = int(f4(branch).view(np.uint32))
        for sign in (0, 1 << 31):
            yield from floats(sign + at - (1 << 17), sign + at + (1 << 17))


@pytest.mark.parametrize("name", [*UNARY, "sigmoidf", "softplusf"])
def test_same_bits_as_the_c_library(name):
    """On every 67th float and all floats near the branches; on all of them if BOOSTOBJ_EVERY_FLOAT is set."""
    fast, libm = over(getattr(el, name), f4), over(reference(name), f4)
    for x in (*hard(), *floats(0, 1 << 32, STEP)):
        a, b = fast(x), libm(x)
        if not np.array_equal(a.view(np.uint32), b.view(np.uint32)):
            different = ~same(a, b)
            assert not different.any(), f"{different.sum()} differ, the first at {x[different][0]!r}"


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or not (2, 35) <= GLIBC <= (2, 38), reason="another C library may round otherwise"
)
@pytest.mark.parametrize("name", STAND_INS)
def test_stands_in_for_the_glibc_that_it_follows(name):
    """Else every comparison here would be one of the C library with itself."""
    assert probe.agrees(name)


def pairs():
    """Random bits; sides of like size; every pair of special values; sides whose hypotenuse is nearly between two floats."""
    rng = np.random.default_rng(0)
    for _ in range(40):
        x = rng.integers(0, 1 << 32, CHUNK // 16, dtype=np.uint64)
        yield x, rng.integers(0, 1 << 32, x.size, dtype=np.uint64)
        yield x, x ^ rng.integers(0, 1 << 27, x.size, dtype=np.uint64)
    special = np.array([*SPECIAL, -1, 3, 1e-45, 1e-38, 3.4e38, 2.4e38], f4).view(np.uint32)
    yield tuple(v.ravel() for v in np.meshgrid(special, special))
    x = rng.uniform(1, 2, CHUNK).astype(f4)
    y = np.sqrt(np.float64(x) * np.spacing(x) * rng.choice([1, 3, 5], CHUNK)).astype(f4)
    yield x.view(np.uint32), y.view(np.uint32)


def quiet(bits):
    """Floats without signaling NaN, for which the C library has its own rule."""
    bits = np.asarray(bits, np.uint32)
    return np.where(bits & 0x7FFFFFFF > 0x7F800000, bits | 0x400000, bits).astype(np.uint32).view(f4)


SPECIAL = [math.inf, -math.inf, 0.0, -0.0, math.nan]


def test_hypotf_is_the_c_librarys():
    fast, libm = over(el.hypotf, f4, 2), over(el._hypotf_libm, f4, 2)
    for x, y in pairs():
        x, y = quiet(x), quiet(y)
        assert same(fast(x, y), libm(x, y)).all()


@needs_long_double
@pytest.mark.parametrize("name", STAND_INS)
def test_hard_arguments_are_not_rounded_to_the_nearest(name):
    """What a better C library would do; those of hypotf are so near the middle of two floats that glibc rounds twice."""
    x = probe.hard(name)
    nearest = getattr(np, name.removesuffix("f"))(*x.astype(np.longdouble)).astype(f4)
    assert not (over(probe._STAND_INS[name].fast, f4, len(x))(*x) == nearest).any()


@needs_long_double
def test_log_coshf_within_1_unit():
    function = over(el.log_coshf, f4)
    for x in (*floats(0, 1 << 32, 4003), *floats(0x3F000000, 0x41000000, 67)):
        with np.errstate(all="ignore"):
            error = units(function(x), longdouble_log_cosh(x.astype(np.longdouble)))
        assert error.max() <= 1, f"{error.max()} units at {x[np.argmax(error)]!r}"


# The value at infinity, minus infinity, 0 and -0, zeros with their sign; of NaN every function makes NaN.
LIMITS = {
    "expm1f": (math.inf, -1.0, 0.0, -0.0),
    "logf": (math.inf, math.nan, -math.inf, -math.inf),
    "log1pf": (math.inf, math.nan, 0.0, -0.0),
    "tanhf": (1.0, -1.0, 0.0, -0.0),
    "sigmoidf": (1.0, 1 / (math.exp(f4(88.7)) + 1), 0.5, 0.5),  # XGBoost's never reaches 0
    "softplusf": (math.inf, 0.0, math.log(2), math.log(2)),
    "log_coshf": (math.inf, math.inf, 0.0, 0.0),
}


@pytest.mark.parametrize("name", LIMITS)
def test_infinities_zeros_and_nan(name):
    got = over(getattr(el, name), f4)(SPECIAL)
    assert same(got, np.array([*LIMITS[name], math.nan], f4)).all(), got


@pytest.mark.parametrize("name", [*STAND_INS, "sigmoidf", "softplusf", "log_coshf"])
def test_loops_are_vectorised(name):
    function = probe._STAND_INS[name].fast if name in STAND_INS else getattr(el, name)
    arguments = 2 if name == "hypotf" else 1
    call = over(function, f4, arguments)
    call(*[np.ones(3)] * arguments)
    (code,) = call.loop.inspect_llvm().values()
    assert any(f"<{width} x float>" in code for width in (4, 8, 16)), "no vectors"
