"""Functions for what becomes float32: how far they are off, and how kernels are rebuilt with them."""

import math

import chosen
import numba
import numpy as np
import pytest
from test_elementary import ABOVE_0, ABOVE_MINUS_1, LINE, PLANE, longdouble_sigmoid, longdouble_softplus, needs_long_double, over

import boostobj as bo
from boostobj import elementary, loops, quick

pytestmark = pytest.mark.skipif(chosen.SHORT, reason="the first run has it: nothing here depends on the Python")

LIMIT = 2.0**-31
LARGEST, SMALLEST = np.longdouble(2.0**1022), np.longdouble(2.0**-1020)


def logistic_part(i):
    def part(x):
        return quick.logistic(x)[i]

    part.__qualname__ = f"part{i}"
    return numba.njit(part, error_model="numpy")


def log1p_square(a, s):
    high, low, _ = quick.log1p_square_parts(a, s)
    return high + low


def smaller_share(a, s):
    return quick.log1p_square_parts(a, s)[2]


def power(x):
    high, low = quick.log_parts(abs(x))
    return quick.raised(1.25, high, low, 0.0)


def longdouble_log1p_square(a, s):
    ratio = np.minimum(a, s) / np.maximum(a, s)
    return np.log1p(ratio * ratio) + np.where(a > s, 2 * (np.log(a) - np.log(s)), 0)


def compiled(function):
    return numba.njit(function, error_model="numpy")


TRUTH = {
    "exp": (quick.exp, np.exp, LINE),
    "expm1": (quick.expm1, np.expm1, LINE),
    "log": (quick.log, np.log, ABOVE_0),
    "log1p": (quick.log1p, np.log1p, ABOVE_MINUS_1),
    "tanh": (quick.tanh, np.tanh, LINE),
    "sigmoid": (quick.of(elementary.sigmoid), longdouble_sigmoid, LINE),
    "softplus": (quick.of(elementary.softplus), longdouble_softplus, LINE),
    "logistic, 1": (logistic_part(0), longdouble_sigmoid, LINE),
    "logistic, 2": (logistic_part(1), lambda x: longdouble_sigmoid(-x), LINE),
    "logistic, 3": (logistic_part(2), longdouble_softplus, LINE),
    "logistic, 4": (logistic_part(3), lambda x: longdouble_softplus(-x), LINE),
    "hypot": (quick.hypot, np.hypot, PLANE),
    "log1p_square_parts, 1": (compiled(log1p_square), longdouble_log1p_square, PLANE),
    "log1p_square_parts, 3": (compiled(smaller_share), lambda a, s: (np.minimum(a, s) / np.maximum(a, s)) ** 2, PLANE),
    "log_parts and raised": (compiled(power), lambda x: np.abs(x) ** np.longdouble(1.25), ABOVE_0),
}
POSITIVE = {"log1p_square_parts, 1", "log1p_square_parts, 3"}


@needs_long_double
@pytest.mark.parametrize("name", TRUTH)
def test_relative_error(name):
    """Wherever argument and truth are ordinary numbers, near 0 too; beyond them what is given is beyond, or below."""
    function, true, regions = TRUTH[name]
    arguments = 2 if regions is PLANE else 1
    call, rng, worst = over(function, arguments=arguments), np.random.default_rng(0), 0.0
    for i in range(30):
        x = np.array([regions[i % len(regions)](rng, 20_000) for _ in range(arguments)])
        x = np.abs(x) if name in POSITIVE else x
        x = x[:, (np.isfinite(x) & (np.abs(x) >= 2.0**-1022)).all(axis=0)]
        x = x[:, (np.abs(x) < 2.0**510).all(axis=0) & (np.abs(x) > 2.0**-500).any(axis=0)] if name == "hypot" else x
        x = x[:, x[0] * 2.0**-1000 < x[1]] if name in POSITIVE else x
        with np.errstate(all="ignore"):
            got, truth = call(*x), true(*x.astype(np.longdouble))
            size = np.abs(truth)
            ordinary = (size >= SMALLEST) & (size <= LARGEST)
            error = np.abs((got - truth) / truth)[ordinary]
        worst = max(worst, float(error.max(initial=0.0)))
        assert (got[size > LARGEST] >= LARGEST / 16).all()
        assert (np.abs(got[size < SMALLEST]) <= SMALLEST * 16).all()
    assert 2.0**-60 < worst <= LIMIT, f"2**{math.log2(worst)}"


def test_every_quick_function_is_that_of_an_exact_one():
    for exact, fast in quick._QUICK.items():
        assert quick.of(exact) is fast
        assert fast.__name__ == exact.__name__ or fast.__name__ == f"_quick{exact.__name__}"
    assert quick.of(elementary.log_excess) is elementary.log_excess


def test_at_poles_and_fits():
    assert over(quick.log)([0.0]) == -math.inf and over(quick.log)([1.0]) == 0.0
    for function in (quick.expm1, quick.log1p, quick.tanh):
        assert over(function)([0.0]) == 0.0
    assert over(quick.exp)([0.0]) == 1.0


def test_a_kernel_is_rebuilt_with_what_it_calls():
    point = bo.Linex.point
    rebuilt = quick.of(point)
    assert quick.of(point) is rebuilt and rebuilt is not point
    assert rebuilt.__globals__["expm1"] is quick.expm1 and rebuilt.__globals__["exp"] is quick.exp
    assert point.__globals__["expm1"] is elementary.expm1
    composed = quick.of(elementary.softplus).py_func
    assert composed.__globals__["exp"] is quick.exp and composed.__globals__["log1p"] is quick.log1p


def test_a_kernel_without_such_functions_stays_as_it_is():
    for cls in (bo.SquaredError, bo.Huber, bo.Tukey):
        assert quick.of(cls.point) is cls.point
    assert quick.of(math.exp) is math.exp


def test_exact_and_quick_are_kept_apart_on_disk():
    keys = {loops.pointwise_gradient(kernel, 2, False)._cache._key for kernel in (bo.Linex.point, quick.of(bo.Linex.point))}
    assert len(keys) == 2


def test_what_calls_itself_or_closes_over_functions():
    exp = elementary.exp

    def outer():
        inner = numba.njit(lambda x: exp(x))
        return lambda x: inner(x) + inner(-x)

    function = outer()
    rebuilt = quick.of(function)
    assert rebuilt is not function
    expected = 2 * math.cosh(1.5)
    assert numba.njit(rebuilt)(1.5) == pytest.approx(expected, rel=1e-9)
    assert numba.njit(rebuilt)(1.5) != numba.njit(function)(1.5) == pytest.approx(expected, rel=1e-15)


def test_float32_scores_in_the_textbooks_door_stay_exact():
    """The quick functions are the boosters' alone."""
    rng = np.random.default_rng(0)
    y, raw = rng.integers(0, 2, 50_000).astype(float), rng.normal(size=50_000).astype(np.float32)
    narrow, wide = (bo.Focal().grad_hess(y, scores)[0] for scores in (raw, raw.astype(np.float64)))
    assert np.array_equal(narrow, wide.astype(np.float32))
    boosters, _ = bo.Focal()(y.astype(np.float32), raw)
    assert not np.array_equal(boosters, narrow) and np.abs(boosters / narrow - 1).max() < 2.0**-22


def test_a_large_exponent_leaves_the_digits_of_a_float32():
    """Around 0 no rounding of the score would explain an error."""
    y, raw = np.tile([0.0, 1.0], 500), np.linspace(-0.5, 0.5, 1000)
    objective = bo.Focal(gamma=60.0, curvature="damped")
    for exact, given in zip(objective.grad_hess(y, raw), objective(y.astype(np.float32), raw), strict=True):
        assert np.abs(given / exact - 1).max() <= 2.0**-23
