"""Elementary functions: the C library's bits, or a few units in the last place of the truth."""

import math
import os

import chosen
import mpmath
import numba
import numpy as np
import pytest

from boostobj import elementary as el
from boostobj import probe

pytestmark = pytest.mark.skipif(chosen.SHORT, reason="the first run has it: nothing here depends on the Python")

needs_long_double = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="the reference is a long double of 64 bits")

RNG = np.random.default_rng(0)
N = 200_000
EDGES = np.array([0.0, -0.0, 5e-324, -5e-324, 1e-308, 1.0, -1.0, 709.78, 709.79, -708.4, -744.44, -745.13, -745.14, 1e308])
EVERYWHERE = np.concatenate(
    [RNG.uniform(-760, 720, N), RNG.normal(size=N), RNG.choice([-1, 1], N) * 10.0 ** RNG.uniform(-320, 3, N), EDGES]
)


def over(function, dtype=np.float64, arguments=1):
    def one(x, out):
        for i in range(out.size):
            out[i] = function(x[i])

    def two(x, y, out):
        for i in range(out.size):
            out[i] = function(x[i], y[i])

    loop = numba.njit(one if arguments == 1 else two, error_model="numpy")

    def call(*arrays):
        arrays = [np.asarray(x, dtype) for x in arrays]
        out = np.empty(arrays[0].size, dtype)
        loop(*arrays, out)
        return out

    call.loop = loop
    return call


def units(got, true):
    """Distance from the true value, a longdouble, in units in the last place that a number of got's type has there."""
    rounded = true.astype(got.dtype)
    # Where the truth rounds to infinity, the largest number is one unit away.
    unit = np.spacing(np.minimum(np.abs(rounded), np.finfo(got.dtype).max))
    error = (got - true).astype(np.float64) / unit
    return np.where((got == rounded) | (np.isnan(got) & np.isnan(rounded)), 0.5, np.abs(error))


def longdouble_log_cosh(x):
    a = np.abs(x)
    small = np.minimum(a, 1)
    near = np.where(a < 1e-10, a * a / 2, np.log1p(2 * np.sinh(small / 2) ** 2))
    return np.where(a < 1, near, a + np.log1p(np.exp(-2 * a)) - np.log(np.longdouble(2)))


def longdouble_log_cosh_ratio(x):
    return longdouble_log_cosh(x) / np.where(x == 0, 1, np.abs(x))


def longdouble_sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def longdouble_softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def any_bits(rng, n):
    return rng.integers(0, 1 << 64, n, dtype=np.uint64).view(np.float64)


def signed_decades(low, high):
    return lambda rng, n: rng.choice([-1, 1], n) * 10.0 ** rng.uniform(low, high, n)


def uniform(low, high):
    return lambda rng, n: rng.uniform(low, high, n)


LINE = (uniform(-760, 720), uniform(-5, 5), uniform(-40, 40), signed_decades(-320, 3), signed_decades(-9, 0), any_bits)
ABOVE_0 = (
    uniform(0, 10),
    uniform(0.5, 2),
    lambda rng, n: 1 + 0.99 * signed_decades(-16, 0)(rng, n),
    signed_decades(-323, 308),
    any_bits,
)
ABOVE_MINUS_1 = (
    uniform(-1, 3),
    lambda rng, n: 0.99 * signed_decades(-320, 0)(rng, n),
    lambda rng, n: 0.99 * signed_decades(-17, 0)(rng, n),
    lambda rng, n: -1 + 10.0 ** rng.uniform(-16, 0, n),
    lambda rng, n: 10.0 ** rng.uniform(-2, 308, n),
    any_bits,
)
PLANE = (signed_decades(-2, 2), signed_decades(-324, -300), signed_decades(-165, -110), signed_decades(140, 308), any_bits)
TRUTH = {
    "exp": (np.exp, LINE, 0.51),
    "expm1": (np.expm1, LINE, 0.51),
    "log1p": (np.log1p, ABOVE_MINUS_1, 1),
    "log": (np.log, ABOVE_0, 1),
    "hypot": (np.hypot, PLANE, 1),
    "tanh": (np.tanh, LINE, 3),
    "sigmoid": (longdouble_sigmoid, LINE, 3),
    "softplus": (longdouble_softplus, LINE, 3),
    "log_cosh": (longdouble_log_cosh, LINE, 1),
    "log_cosh_ratio": (longdouble_log_cosh_ratio, LINE, 2),
}
POINTS, CHUNK = 10_000_000, 100_000


@needs_long_double
@pytest.mark.parametrize("name", TRUTH)
def test_units_in_the_last_place(name):
    true, regions, limit = TRUTH[name]
    arguments = 2 if name == "hypot" else 1
    function = over(getattr(el, name), arguments=arguments)
    rng = np.random.default_rng(0)
    chunks = [np.array(np.meshgrid(*[EDGES] * arguments)).reshape(arguments, -1)]
    for i in range(POINTS // CHUNK):
        chunks[1:] = [np.array([regions[i % len(regions)](rng, CHUNK) for _ in range(arguments)])]
        for x in chunks:
            with np.errstate(all="ignore"):
                error = units(function(*x), true(*x.astype(np.longdouble)))
            worst = np.argmax(error)
            assert error[worst] <= limit, f"{error[worst]} units at {x[:, worst]!r}"


# The value at infinity, minus infinity, 0 and -0, zeros with their sign; of NaN every function makes NaN.
LIMITS = {
    "exp": (math.inf, 0.0, 1.0, 1.0),
    "expm1": (math.inf, -1.0, 0.0, -0.0),
    "log": (math.inf, math.nan, -math.inf, -math.inf),
    "log1p": (math.inf, math.nan, 0.0, -0.0),
    "tanh": (1.0, -1.0, 0.0, -0.0),
    "sigmoid": (1.0, 0.0, 0.5, 0.5),
    "softplus": (math.inf, 0.0, math.log(2), math.log(2)),
    "log_cosh": (math.inf, math.inf, 0.0, 0.0),
    "log_cosh_ratio": (1.0, 1.0, 0.0, 0.0),
}


def same(a, b):
    """Equal, zeros in their sign too, or both NaN."""
    return ((a == b) & (np.signbit(a) == np.signbit(b))) | (np.isnan(a) & np.isnan(b))


@pytest.mark.parametrize("name", LIMITS)
def test_infinities_zeros_and_nan(name):
    got = over(getattr(el, name))([math.inf, -math.inf, 0.0, -0.0, math.nan])
    assert same(got, np.array([*LIMITS[name], math.nan])).all(), got


@pytest.mark.parametrize(("name", "pole"), [("log", 0.0), ("log1p", -1.0)])
def test_logarithms_at_and_below_their_pole(name, pole):
    below = [np.nextafter(pole, -2), -2.0, -1e308]
    assert same(over(getattr(el, name))([pole, *below]), np.array([-math.inf, *[math.nan] * 3])).all()


SPECIAL = [0.0, -0.0, 1.0, -1.0, 5e-324, 1e308, -1e308, math.inf, -math.inf, math.nan]


def test_hypot_of_special_values():
    """C's rules: an infinite side wins over NaN."""
    x, y = (v.ravel() for v in np.meshgrid(SPECIAL, SPECIAL))
    assert same(over(el.hypot, arguments=2)(x, y), np.array([c_hypot(a, b) for a, b in zip(x, y, strict=True)])).all()


def c_hypot(x, y):
    return math.inf if math.inf in (abs(x), abs(y)) else math.hypot(x, y)


def test_exp_is_the_c_librarys():
    """math.exp is the C library's; so must be what the kernels use, on every kind of argument."""
    x = EVERYWHERE[EVERYWHERE < 709.7]
    expected = np.array([math.exp(v) for v in x.tolist()])
    assert np.array_equal(over(el.exp)(x), expected)
    if probe.agrees("exp"):
        assert np.array_equal(over(el._exp_fast)(x), expected)


@pytest.mark.parametrize("block", range(0, 16, 8 if os.environ.get("BOOSTOBJ_SHORT") else 1))
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


@pytest.mark.parametrize("name", TRUTH)
def test_loops_are_vectorised(name):
    """The machine code works on vectors of doubles; its scalar twin, on which it calls the C library, does not."""
    arguments = 2 if name == "hypot" else 1
    call = over(getattr(el, name), arguments=arguments)
    call(*[np.ones(3)] * arguments)
    (code,) = call.loop.inspect_llvm().values()
    assert any(f"<{width} x double>" in code for width in (2, 4, 8)), "no vectors"


def true_tail(mp, x):
    """Density over upper tail of the standard normal, and that minus x."""
    hazard = mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi) / (mp.erfc(x / mp.sqrt(2)) / 2)
    return hazard, hazard - x


def true_bose(mp, x):
    ratio = x / mp.expm1(x)
    return ratio, x + ratio - 1


def true_log1mexp(mp, x):
    return (mp.log(-mp.expm1(-x)),)


def true_logistic(mp, x):
    return 1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x)), mp.log(1 + mp.exp(x)), mp.log(1 + mp.exp(-x))


def true_log_excess(mp, x):
    return (-mp.log(1 - x) - x,)


def true_log(mp, x):
    return (mp.log(x),)


def true_log1p(mp, x):
    return (mp.log(1 + x),)


BY_MPMATH = {
    "normal_hazard": (true_tail, (uniform(0, 18), uniform(15.9, 16.1), lambda rng, n: 10.0 ** rng.uniform(-20, 3, n)), 3),
    "bose": (true_bose, (uniform(0, 5), uniform(2.9, 3.1), lambda rng, n: 10.0 ** rng.uniform(-300, 2.8, n)), 2),
    "logistic": (true_logistic, (uniform(-700, 700), uniform(-3, 3), signed_decades(-300, 0)), 3),
    "log_excess": (true_log_excess, (uniform(0, 0.29), lambda rng, n: 10.0 ** rng.uniform(-150, -1, n)), 3),
    "log1mexp": (true_log1mexp, (uniform(0, 2), lambda rng, n: 10.0 ** rng.uniform(-300, 2.8, n)), 2),
}


@pytest.mark.parametrize("name", BY_MPMATH)
def test_units_in_the_last_place_by_mpmath(name):
    true, regions, limit = BY_MPMATH[name]
    function = getattr(el, name)
    call = numba.njit(lambda x: function(x), error_model="numpy")
    rng = np.random.default_rng(0)
    mp = mpmath.mp
    for x in np.concatenate([region(rng, 400) for region in regions]).tolist():
        with mp.workdps(40 if name == "normal_hazard" else 700):
            for got, value in zip(np.atleast_1d(call(x)).tolist(), true(mp, mp.mpf(x)), strict=True):
                unit = math.ulp(float(value))
                assert abs(mp.mpf(got) - value) <= limit * unit, f"{name}({x!r}) is {got!r}, {mp.nstr(value, 20)}"


@pytest.mark.parametrize(("function", "true", "regions"), [
    (el.log_pair, true_log, (uniform(0, 2), uniform(0.7, 1.5), lambda rng, n: 10.0 ** rng.uniform(-300, 300, n))),
    (el.log1p_pair, true_log1p, (uniform(-0.6, 1), lambda rng, n: 10.0 ** rng.uniform(-300, -1, n), signed_decades(-9, -1))),
])  # fmt: skip
def test_logarithms_in_two_parts_to_more_than_a_double(function, true, regions):
    call = numba.njit(lambda x: function(x), error_model="numpy")
    rng = np.random.default_rng(0)
    mp = mpmath.mp
    for x in np.concatenate([region(rng, 400) for region in regions]).tolist():
        with mp.workdps(700):
            (value,) = true(mp, mp.mpf(x))
            head, tail = call(x)
            assert abs(mp.mpf(head) + mp.mpf(tail) - value) <= abs(value) * mp.mpf(2) ** -55, f"{x!r}"


@pytest.mark.parametrize("a", [0.0, 0.5, 4.0, 10.0])
def test_powers_by_a_logarithm_in_two_parts(a):
    call = numba.njit(lambda a, x: el.exp_product(a, *el.log_pair(x)), error_model="numpy")
    rng = np.random.default_rng(0)
    for x in np.concatenate([rng.uniform(0, 1, 400), 10.0 ** rng.uniform(-300, 0, 100)]).tolist():
        with mpmath.workdps(50):
            true = mpmath.mpf(x) ** mpmath.mpf(a)
            assert abs(mpmath.mpf(call(a, x)) - true) <= 2 * math.ulp(float(true)), f"{x!r}**{a!r}"


def test_the_tail_of_special_values():
    functions = el.normal_hazard, el.bose, el.log1mexp
    tail, bose, log1mexp = (numba.njit(lambda x, f=f: f(x), error_model="numpy") for f in functions)
    assert tail(0.0) == (pytest.approx(math.sqrt(2 / math.pi), rel=1e-15),) * 2
    assert tail(math.inf) == (math.inf, 0.0)
    assert tail(1e300) == (1e300, 1e-300)
    assert all(math.isnan(v) for x in (math.nan,) for v in tail(x))
    assert bose(0.0) == (1.0, 0.0) and bose(math.inf) == (0.0, math.inf) and bose(1e-320)[0] == 1.0
    assert log1mexp(0.0) == -math.inf and log1mexp(math.inf) == 0.0


def test_parts_of_a_logarithm_are_more_than_a_double():
    """Their sum is off by half a unit of the second, which is below 1: a power of 1000 may be made of it."""
    rng = np.random.default_rng(0)
    call = numba.njit(lambda x: el.log_parts(x), error_model="numpy")
    for x in np.concatenate([10.0 ** rng.uniform(-323, 308, 2000), rng.uniform(0.5, 2, 2000), [5e-324, 1.0, 1.7e308]]).tolist():
        high, low = call(x)
        with mpmath.mp.workdps(40):
            error = abs(mpmath.mpf(high) + mpmath.mpf(low) - mpmath.log(mpmath.mpf(x)))
            assert abs(low) < 0.7 and error <= 2 * math.ulp(low) + 2.0**-62 * abs(high), x


def test_the_logarithm_of_1_and_a_square():
    rng = np.random.default_rng(0)
    call = numba.njit(lambda a, s: el.log1p_square_parts(a, s), error_model="numpy")
    a, s = 10.0 ** rng.uniform(-300, 308, (2, 2000))
    close = s[:1500] * 10.0 ** rng.uniform(-3, 3, 1500)
    for x, y in [*zip(a.tolist(), s.tolist(), strict=True), *zip(close.tolist(), s.tolist(), strict=False), (1e300, 5e-324)]:
        high, low, q = call(x, y)
        with mpmath.mp.workdps(700):
            ratio = mpmath.mpf(x) / mpmath.mpf(y)
            true = mpmath.log1p(ratio**2)
            error = abs(mpmath.mpf(high) + mpmath.mpf(low) - true)
            assert error <= max(4 * 2.0**-52 * min(true, 1) + 2.0**-62 * true, 2 * mpmath.mpf(2) ** -1074), (x, y)
            small = min(ratio, 1 / ratio) ** 2
            assert abs(q - small) <= max(2 * mpmath.mpf(2) ** -52 * small, mpmath.mpf(2) ** -1074), (x, y)
    assert call(0.0, 0.0) == (0.0, 0.0, 0.0) and call(0.0, 1.0) == (0.0, 0.0, 0.0)


def test_a_power_far_from_1():
    """Far out the rounding of the exponent alone would be a hundred units."""
    rng = np.random.default_rng(0)

    def power(x, e):
        high, low = el.log_parts(x)
        return el.raised(e, high, low, 0.0)

    call = numba.njit(power, error_model="numpy")
    for x, e in zip((10.0 ** rng.uniform(-300, 300, 3000)).tolist(), rng.uniform(-2, 2, 3000).tolist(), strict=True):
        with mpmath.mp.workdps(60):
            true = mpmath.mpf(x) ** mpmath.mpf(e)
            if 1e-290 < true < 1e290:
                assert abs(mpmath.mpf(call(x, e)) - true) <= 3 * math.ulp(float(true)), (x, e)
