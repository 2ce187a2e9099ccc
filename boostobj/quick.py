"""Elementary functions for what becomes float32: 30 right bits or more, and kernels rebuilt with them.

A booster keeps gradients as float32. Of a float64 function half the digits would do, and with half the digits it costs a third:
no table, no sum of two numbers, a polynomial that is as short as it may be. `of(kernel)` is the kernel with the functions
of `elementary` that it is made of replaced by those here, and the kernels that it calls rebuilt likewise: one kernel, in two
precisions.

Every function is relatively accurate wherever the exact one is, to 2**-31 or better, also where it is small. What is beyond
exp(709) may be any number beyond: as a float32, times what kernels multiply it with, it saturates. What is below exp(-708) may
be any number below, and of exp it is 0. Arguments are not subnormal, and of a NaN anything is made: scores and targets that
are one have been noted by the loop.

The coefficients are those of minimax polynomials for the relative error; tests/test_quick.py measures every function.
"""

from __future__ import annotations

import math
import threading
import types
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.core.registry import CPUDispatcher

from . import elementary, intervals
from .elementary import _bits, _float, _split, fma, kernel, where

_U64 = np.uint64
_SHIFT = float.fromhex("0x1.8p52")
_LOG2E, _LN2 = float.fromhex("0x1.71547652b82fep+0"), float.fromhex("0x1.62e42fefa39efp-1")
_LOW, _HIGH = -708.0, 709.0
_S52, _BIAS = _U64(52), _U64(1023)

# (exp(r) - 1 - r)/r**2 for |r| <= log(2)/2, and (log(1 + f) - f)/f**2 for 1 + f in [sqrt(1/2), sqrt(2)].
_E0, _E1, _E2, _E3, _E4, _E5 = (
    float.fromhex(v)
    for v in (
        "0x1.00000025ea16bp-1 0x1.555554efa9b40p-3 0x1.5554b13f778c6p-5"
        " 0x1.1111894aad8c2p-7 0x1.6d71e5d787ef5p-10 0x1.a032d31c5a6ecp-13"
    ).split()
)
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8, _L9, _L10 = (
    float.fromhex(v)
    for v in (
        "-0x1.00000018682d2p-1 0x1.5555546d5f8eap-2 -0x1.ffffacf2a76f2p-3 0x1.999a1b02764b3p-3 -0x1.556886b1da479p-3"
        " 0x1.249234ebbaebfp-3 -0x1.fc6c0c9337b9bp-4 0x1.c36c603067be0p-4 -0x1.bd410bf5e7824p-4 0x1.b7617da763697p-4"
        " -0x1.eb0d8ba23385ap-5"
    ).split()
)


@kernel
def _powers(x):
    """s and q of exp(x) = s*(1 + q), s a power of two, for x between -708 and 709."""
    shifted = fma(x, _LOG2E, _SHIFT)
    r = fma(shifted - _SHIFT, -_LN2, x)
    r2 = r * r  # by pairs: what waits for one another is half as long
    p = fma(fma(fma(_E5, r, _E4), r2, fma(_E3, r, _E2)), r2, fma(_E1, r, _E0))
    return _float((_bits(shifted) + _BIAS) << _S52), fma(p, r2, r)


@kernel
def _scaled(x):
    """The same for any x, and the same for exp and expm1, which then share it."""
    return _powers(min(max(x, _LOW), _HIGH))


@kernel
def _below_1(x):
    """The same for x <= 0."""
    return _powers(max(x, _LOW))


@kernel
def exp(x):
    s, q = _scaled(x)
    return where(x >= _LOW, fma(s, q, s), 0.0)  # not the smallest number, which a score of 1e300 makes a large one of


@kernel
def expm1(x):
    s, q = _scaled(x)
    return fma(s, q, s - 1.0)


@kernel
def _log1p_near(f):
    """log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)]."""
    f2 = f * f
    f4 = f2 * f2
    high = fma(_L10, f2, fma(_L9, f, _L8))
    middle = fma(fma(_L7, f, _L6), f2, fma(_L5, f, _L4))
    low = fma(fma(_L3, f, _L2), f2, fma(_L1, f, _L0))
    return fma(fma(fma(high, f4, middle), f4, low), f2, f)


@kernel
def log(x):
    k, m = _split(x)
    return where(x > 0.0, fma(k, _LN2, _log1p_near(m - 1.0)), -math.inf)


@kernel
def log1p(x):
    k, m = _split(1.0 + x)
    return fma(k, _LN2, _log1p_near(where(k == 0.0, x, m - 1.0)))


@kernel
def tanh(x):
    s, q = _below_1(-2.0 * abs(x))
    m = fma(s, q, s - 1.0)
    return math.copysign(m / (2.0 + m), x)


@kernel
def logistic_parts(a):
    s, q = _below_1(-0.5 * a)
    root, rest = fma(s, q, s), fma(s, q, s - 1.0)
    e = root * root
    large = 1.0 / (1.0 + e)
    return e, root, large, -0.5 * (rest * (2.0 + rest)) * large


@kernel
def _log1p_unit(x):
    """log(1 + x) for -0.6 <= x <= 1, where halving or doubling 1 + x once is all there is to do."""
    above, below = x > 0.41421356, x < -0.29289322
    f = where(above, 0.5 * x - 0.5, where(below, 2.0 * x + 1.0, x))
    return where(above, _LN2, where(below, -_LN2, 0.0)) + _log1p_near(f)


@kernel
def softplus(x):
    e, _, _, _ = logistic_parts(abs(x))
    return max(x, 0.0) + _log1p_unit(e)


@kernel
def logistic(x):
    e, _, large, _ = logistic_parts(abs(x))
    small = e * large
    rest = _log1p_unit(e)
    positive = x >= 0.0
    return where(positive, large, small), where(positive, small, large), max(x, 0.0) + rest, max(-x, 0.0) + rest


@kernel
def log_pair(x):
    k, m = _split(x)
    return fma(k, _LN2, _log1p_near(m - 1.0)), 0.0


@kernel
def log1p_pair(x):
    return _log1p_unit(x), 0.0


@kernel
def exp_product(a, head, tail):
    s, q = _below_1(a * head)
    return fma(s, q, s)


@kernel
def log_parts(x):
    return log_pair(x)


@kernel
def raised(e, high, low, rest):
    return exp(e * high)


@kernel
def log1p_square_parts(a, s):
    far = a > s
    ratio = a / max(s, 2.0**-1022)
    square = ratio * ratio
    # Far from 1 the logarithm is twice that of the ratio, whose square might be no number.
    beyond = ratio > 2.0**20
    k, m = _split(where(beyond, ratio, 1.0 + square))
    f = where(k == 0.0, square, m - 1.0)
    inverse = s / max(a, 2.0**-1022)
    return fma(k, _LN2, _log1p_near(f)) * where(beyond, 2.0, 1.0), 0.0, where(far, inverse * inverse, square)


@kernel
def hypot(x, y):
    """For sides whose squares are numbers: beyond 2**511 it is infinite."""
    return np.sqrt(fma(x, x, y * y))


@kernel
def times_exp(y, x, lost):
    return where(y == 0.0, 0.0, y * exp(x))


@kernel
def falling(x):
    s, q = _below_1(x)
    return fma(s, q, s), fma(s, q, s - 1.0)


_excess = elementary.polynomial(elementary.excess_polynomial(17))


@kernel
def normal_excess(z):
    inverse = 1.0 / (z + elementary.TURN)
    nearness = 2.0 * elementary.TURN * inverse
    return fma(nearness * inverse, _excess(1.0 - nearness), inverse)


_moments, _sinh_ratio = intervals.moments_of(12, 8), intervals.sinh_ratio_of(7)


@kernel
def moments(square, half_square):
    return _moments(square, half_square), _sinh_ratio(half_square)


# ---------------------------------------------------------------------------------------------------------------------
# Kernels made of them

_QUICK: dict[Any, Any] = {
    getattr(elementary, name): globals()[name]
    for name in (
        "exp", "expm1", "log", "log1p", "tanh", "softplus", "logistic", "logistic_parts", "log_pair", "log1p_pair",
        "exp_product", "log_parts", "raised", "log1p_square_parts", "hypot", "times_exp", "falling",
        "normal_excess",
    )
}  # fmt: skip
_QUICK[intervals.moments] = moments
_made: dict[Any, Any] = {}
_lock = threading.RLock()


def form_of(exact: Any) -> Callable[[Any], Any]:
    """Registers a compiled function as the quick form of another, for what only both together can save."""

    def registered(function: Any) -> Any:
        _QUICK[exact] = function
        return function

    return registered


def of(function: Callable) -> Callable:
    """The kernel made of the functions of this module; itself where it uses none that has a quick form.

    What it calls and closes over is rebuilt in turn. The name tells the two apart, on disk too.
    """
    with _lock:
        if function not in _made:
            _made[function] = function  # what calls itself stays as it is
            _made[function] = _rebuilt(function)
        return _made[function]


def _compiled(value: object) -> bool:
    return isinstance(value, CPUDispatcher) or value is elementary.exp  # a stand-in is a plain function


def _rebuilt(function: Any) -> Any:
    if function in _QUICK:
        return _QUICK[function]
    if isinstance(function, CPUDispatcher):
        inner: Any = of(function.py_func)
        options = {name: value for name, value in function.targetoptions.items() if name != "nopython"}
        return function if inner is function.py_func else numba.njit(inner, **options)
    if not isinstance(function, types.FunctionType):
        return function
    named: dict[str, Any] = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    changed = {name: of(value) for name, value in named.items() if _compiled(value)}
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    others = [of(value) if _compiled(value) else value for value in cells]
    same = all(changed[name] is function.__globals__[name] for name in changed)
    if same and all(a is b for a, b in zip(cells, others, strict=True)):
        return function
    closure = tuple(types.CellType(value) for value in others)
    quick = types.FunctionType(
        function.__code__, {**function.__globals__, **changed}, function.__name__, function.__defaults__, closure or None
    )
    quick.__qualname__ = f"{function.__qualname__}[quick]"
    quick.__dict__.update(function.__dict__)  # what a kernel from a formula is made of
    return quick
