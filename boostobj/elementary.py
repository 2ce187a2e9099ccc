"""Elementary functions for compiled kernels: scalar, branch-free, made for LLVM's vectoriser.

`exp` and `expf` return the bits of the C library's own functions (the algorithm that glibc and musl share), because a
booster's gradients are made of them and a tree splits on the last bit. A probe at first use compares them with the
running C library; where one differs (another C library, a processor without fused multiply-add) the kernels call the C
library instead, slower and still identical.

Every function takes and returns float64, but for `expf`, which takes and returns float32; more of those are in `elementary32`.
Constants of the exponentials: Arm Optimized Routines (MIT). Constants of the logarithm: fdlibm. See NOTICE.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .lanes import DOUBLE, FLOAT, Lanes, with_twin
from .probe import spread, stand_in

# Branch-free division needs NumPy's rule for x/0, and only what is inlined can be vectorised.
kernel = functools.partial(numba.njit, error_model="numpy", nogil=True, forceinline=True)

_U64 = np.uint64
_SHIFT = float.fromhex("0x1.8p52")  # adding it rounds to an integer, which then stands in the low bits


@intrinsic
def fma(typingctx, a, b, c):
    """a*b + c with one rounding."""

    def codegen(context, builder, signature, args):
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), codegen


@intrinsic
def _bits(typingctx, x):
    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], ir.IntType(64))

    return types.uint64(types.float64), codegen


@intrinsic
def _float(typingctx, u):
    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.uint64), codegen


@intrinsic
def where(typingctx, condition, a, b):
    """a where the condition holds, else b: a select, where `a if condition else b` may stay a branch and stop the vectors."""
    common = typingctx.unify_types(a, b)

    def codegen(context, builder, signature, args):
        chosen, rejected = (context.cast(builder, arg, kind, common) for arg, kind in zip(args[1:], (a, b), strict=True))
        return builder.select(args[0], chosen, rejected)

    return common(types.boolean, a, b), codegen


# ---------------------------------------------------------------------------------------------------------------------
# Tables of 2**(i/N), computed here with integers: a number that nobody typed cannot be mistyped.


def _power_of_two(i: int, n: int) -> tuple[float, float]:
    """2**(i/n) rounded to a double, and the relative rest, for n a power of two."""
    bits = 256
    x = 2 << (2 * bits)  # 2 as a fixed-point number of 2*bits fractional bits, then log2(n) square roots
    root = [math.isqrt(x)]
    while 2 ** len(root) < n:
        root.append(math.isqrt(root[-1] << bits))
    value = Fraction(1)
    for j, r in enumerate(root):
        if i & (n >> (j + 1)):
            value *= Fraction(r, 1 << bits)
    head = float(value)
    return head, float((value - Fraction(head)) / Fraction(head))


def _table(n: int) -> tuple[np.ndarray, np.ndarray]:
    heads, tails = zip(*(_power_of_two(i, n) for i in range(n)), strict=True)
    shift = _U64(52 - n.bit_length() + 1)
    return np.array(heads).view(_U64) - (np.arange(n, dtype=_U64) << shift), np.array(tails)


_HEADS32, _ = _table(32)
_TABLE32 = _HEADS32.view(np.float64)[:, None]
_HEADS128, _TAILS128 = _table(128)
_TABLE128 = np.stack([_HEADS128.view(np.float64), _TAILS128], axis=1)  # side by side: one cache line for both
_PAIRS128 = _TABLE128.ravel()

_E32_INV = float.fromhex("0x1.71547652b82fep0") * 32
_E32_0 = float.fromhex("0x1.c6af84b912394p-5") / 32**3
_E32_1 = float.fromhex("0x1.ebfce50fac4f3p-3") / 32**2
_E32_2 = float.fromhex("0x1.62e42ff0c52d6p-1") / 32
_E32_LOW, _E32_HIGH = -104.0, 89.0  # beyond these the double result rounds to 0 and to infinity as a float32


def _write_expf(v: Lanes, x: Any) -> Any:
    b = v.builder
    low, high = (v.constant(FLOAT, end) for end in (_E32_LOW, _E32_HIGH))
    x = v.select(b.fcmp_ordered("<", x, low), low, x)  # NaN stays
    x = v.select(b.fcmp_ordered(">", x, high), high, x)
    z = b.fpext(x, v.kind(DOUBLE))
    shifted = v.fma(v.double(_E32_INV), z, v.double(_SHIFT))
    k = v.bits(shifted)
    r = v.fma(v.double(_E32_INV), z, b.fneg(b.fsub(shifted, v.double(_SHIFT))))
    (head,) = v.lookup("boostobj.table32", _TABLE32, b.and_(k, v.int64(31)))
    scale = v.from_bits(b.add(v.bits(head), b.shl(k, v.int64(47))))
    y = v.fma(v.double(_E32_2), r, v.double(1.0))
    y = v.fma(v.fma(v.double(_E32_0), r, v.double(_E32_1)), b.fmul(r, r), y)
    return b.fptrunc(b.fmul(y, scale), v.kind(FLOAT))


_E64_INV = float.fromhex("0x1.71547652b82fep0") * 128
_E64_HI = float.fromhex("-0x1.62e42fefa0000p-8")
_E64_LO = float.fromhex("-0x1.cf79abc9e3b39p-47")
_E64_2 = float.fromhex("0x1.ffffffffffdbdp-2")
_E64_3 = float.fromhex("0x1.555555555543cp-3")
_E64_4 = float.fromhex("0x1.55555cf172b91p-5")
_E64_5 = float.fromhex("0x1.1111167a4d017p-7")
_E64_OVERFLOW = float.fromhex("0x1.62e42fefa39efp9")
_E64_UNDERFLOW = float.fromhex("-0x1.74910d52d3051p9")
_M127 = _U64(127)
_S45, _S52 = _U64(45), _U64(52)
_I1 = _U64(1)
_DOWN = _U64((1 << 64) - (1009 << 52))
_ZERO64 = _U64(0)
_HUGE = 2.0**1009
_TINY = 2.0**-1022


def _write_exp(v: Lanes, x: Any) -> Any:
    b = v.builder
    low, high = v.double(-746.0), v.double(710.0)
    clipped = v.select(b.fcmp_ordered("<", x, low), low, x)  # NaN stays
    clipped = v.select(b.fcmp_ordered(">", clipped, high), high, clipped)
    shifted = v.fma(v.double(_E64_INV), clipped, v.double(_SHIFT))
    bits = v.bits(shifted)
    k = b.fsub(shifted, v.double(_SHIFT))
    r = v.fma(k, v.double(_E64_LO), v.fma(k, v.double(_E64_HI), clipped))
    head, tail = v.lookup("boostobj.table128", _TABLE128, b.and_(bits, v.int64(127)))
    top = b.add(v.bits(head), b.shl(bits, v.int64(45)))
    r2 = b.fmul(r, r)
    rest = v.fma(r2, v.fma(r, v.double(_E64_3), v.double(_E64_2)), b.fadd(tail, r))
    rest = v.fma(b.fmul(r2, r2), v.fma(r, v.double(_E64_5), v.double(_E64_4)), rest)
    scale = v.from_bits(top)
    near = v.fma(scale, rest, scale)
    # Far from 0 the scale leaves the range of a double: it is moved in, and the result moved back.
    size = v.from_bits(b.and_(v.bits(clipped), v.int64((1 << 63) - 1)))
    here = b.block
    with b.if_then(v.any(b.fcmp_ordered(">=", size, v.double(512.0))), likely=False):
        negative = b.fcmp_ordered("<", clipped, v.double(0.0))
        moved = b.add(top, v.select(negative, v.int64(1022 << 52), v.int64(-1009 << 52)))
        scale = v.from_bits(moved)
        product = b.fmul(scale, rest)
        # The C library's code for very negative arguments rounds the product before the sum; and a subnormal result
        # must be rounded once: split it at 1, whose last place is the subnormals'.
        total = b.fadd(scale, product)
        lost = b.fadd(b.fsub(scale, total), product)
        one = v.double(1.0)
        sum_ = b.fadd(one, total)
        split = b.fadd(sum_, b.fadd(b.fadd(b.fsub(one, sum_), total), lost))
        split = b.fsub(split, one)
        below = v.select(b.fcmp_ordered("<", total, one), split, total)
        below = b.fmul(below, v.double(2.0**-1022))
        above = b.fmul(v.fma(scale, rest, scale), v.double(_HUGE))
        y = v.select(negative, below, above)
        y = v.select(b.fcmp_ordered(">", x, v.double(_E64_OVERFLOW)), v.double(math.inf), y)
        y = v.select(b.fcmp_ordered("<", x, v.double(_E64_UNDERFLOW)), v.double(0.0), y)
        y = v.select(b.fcmp_ordered(">=", size, v.double(512.0)), y, near)
        there = b.block
    merged = b.phi(v.kind(DOUBLE))
    merged.add_incoming(near, here)
    merged.add_incoming(y, there)
    return merged


_expf_lanes = with_twin("expf", _write_expf)
_exp_lanes = with_twin("exp", _write_exp)


@kernel
def _expf_fast(x):
    """exp of a float32, the C library's bits."""
    return _expf_lanes(x)


@kernel
def _expf_libm(x):
    return np.float32(math.exp(x))


expf = stand_in("expf", _expf_fast, _expf_libm, lambda: spread(np.float32, -104, 89))


@kernel
def _exp_fast(x):
    """exp of a float64, the C library's bits."""
    return _exp_lanes(x)


@kernel
def _exp_libm(x):
    return math.exp(x)


def _exp_arguments() -> np.ndarray:
    return np.concatenate([spread(np.float64, -746, 710), np.linspace(-3, 3, 4001)[None]], axis=1)


exp = stand_in("exp", _exp_fast, _exp_libm, _exp_arguments)


_THIRD_ORDER, _FOURTH_ORDER, _FIFTH_ORDER, _SIXTH_ORDER = (1 / math.factorial(n) for n in (3, 4, 5, 6))


@kernel
def _expm1(clipped, high):
    """exp(x) - 1 as an unrounded sum of two; times _HUGE if `high`."""
    k = _E64_INV * clipped + _SHIFT
    ki = _bits(k)
    k = k - _SHIFT
    i = (ki & _M127) << _I1
    scale = _float(_bits(_PAIRS128[i]) + (ki << _S45) + where(high, _DOWN, _ZERO64))
    tail = _PAIRS128[i + _I1]
    # r + lost is the reduced argument to more than a double: near 0 the result is as small as r.
    near = fma(k, _E64_HI, clipped)
    r = fma(k, _E64_LO, near)
    lost = fma(k, _E64_LO, near - r)
    r2 = r * r
    # Taylor's series: exp's own polynomial trades the first digits for the last, which show where the result is small.
    series = fma(r, fma(r, fma(r, fma(r, _SIXTH_ORDER, _FIFTH_ORDER), _FOURTH_ORDER), _THIRD_ORDER), 0.5)
    rest = fma(r2, series, fma(tail, r, tail) + lost)
    one = where(high, 0.0, 1.0)
    above = scale - one
    moved = above - scale
    below = (scale - (above - moved)) - (one + moved)
    head = fma(scale, r, above)
    return head, fma(scale, rest, fma(scale, r, above - head)) + below


@kernel
def expm1(x):
    """exp(x) - 1, within 0.51 ulp."""
    clipped = min(max(x, -50.0), 710.0)
    high = clipped >= 512.0
    head, tail = _expm1(clipped, high)
    y = (head + tail) * where(high, _HUGE, 1.0)
    y = where(x > _E64_OVERFLOW, np.inf, y)
    return where((x != x) | (abs(x) < 2.0**-54), x, y)


_LN2_HI = float.fromhex("0x1.62e42feep-1")
_LN2_LO = float.fromhex("0x1.a39ef35793c76p-33")
_L1 = 6.666666666666735130e-01
_L2 = 3.999999999940941908e-01
_L3 = 2.857142874366239149e-01
_L4 = 2.222219843214978396e-01
_L5 = 1.818357216161805012e-01
_L6 = 1.531383769920937332e-01
_L7 = 1.479819860511658591e-01
_SQRT_HALF = _U64(0x3FE6A09E667F3BCD)
_ONE = _U64(0x3FF0000000000000)
_MANTISSA = _U64((1 << 52) - 1)
_TWO52 = 2.0**52
_TWO52_BITS = _U64(0x4330000000000000)


@kernel
def _split(u):
    """k and m of u = 2**k * m, m in [sqrt(1/2), sqrt(2)), for a normal u > 0."""
    moved = _bits(u) + (_ONE - _SQRT_HALF)
    return _float((moved >> _S52) | _TWO52_BITS) - _TWO52 - 1023.0, _float((moved & _MANTISSA) + _SQRT_HALF)


@kernel
def _log_rest(k, f, lost):
    """k*_LN2_HI, which is exact, less log(2**k * (1 + f)) + lost, for 1 + f in [sqrt(1/2), sqrt(2))."""
    half = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (_L2 + w * (_L4 + w * _L6))
    odd = z * (_L1 + w * (_L3 + w * (_L5 + w * _L7)))
    return (half - (s * (half + (even + odd)) + (k * _LN2_LO + lost))) - f


@kernel
def _log(k, f, lost):
    """log(2**k * (1 + f)) + lost, for 1 + f in [sqrt(1/2), sqrt(2))."""
    return k * _LN2_HI - _log_rest(k, f, lost)


@kernel
def _log1p(x, rest):
    """log(1 + x + rest) for a rest small against x."""
    u = 1.0 + x
    k, m = _split(u)
    # What 1 + x lost, small against u; beyond 2**53 nothing that matters is lost.
    lost = where(x < 1.0, x - (u - 1.0), 1.0 - (u - x))
    f = where(k == 0.0, x, m - 1.0)
    lost = where(k == 0.0, 0.0, lost) + rest
    return _log(k, f, lost / u)


@kernel
def log1p(x):
    """log(1 + x), within 1 ulp, for x > -1."""
    y = _log1p(x, 0.0)
    y = where(abs(x) < 2.0**-54, x, y)
    y = where(x == np.inf, np.inf, y)
    y = where(x == -1.0, -np.inf, y)
    return where(x >= -1.0, y, np.nan)


@kernel
def _log_pair(k, f, lost):
    """log(2**k * (1 + f)) + lost as an unrounded sum of two, the second for what the first has rounded."""
    half = 0.5 * f * f
    dropped = fma(0.5 * f, f, -half)
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (_L2 + w * (_L4 + w * _L6))
    odd = z * (_L1 + w * (_L3 + w * (_L5 + w * _L7)))
    power = k * _LN2_HI  # exact, and 0 or larger than f
    first = power + f
    second = first - half
    rest = s * (half + (even + odd)) + (k * _LN2_LO + lost)
    head = second + rest
    return head, ((power - first) + f) + ((first - second) - half) + ((second - head) + rest) - dropped


@kernel
def log_pair(x):
    """log(x) as a sum of two, to 2**-55 of it, for a normal x > 0."""
    k, m = _split(x)
    return _log_pair(k, m - 1.0, 0.0)


@kernel
def log1p_pair(x):
    """log(1 + x) as a sum of two, to 2**-55 of it, for -0.6 < x <= 1."""
    u = 1.0 + x
    k, m = _split(u)
    f = where(k == 0.0, x, m - 1.0)
    return _log_pair(k, f, where(k == 0.0, 0.0, (x - (u - 1.0)) / u))


@kernel
def exp_product(a, head, tail):
    """exp(a*(head + tail)), for a >= 0 and a head that is at most 0: a power whose last digits are not those of its logarithm."""
    t = a * head
    lost = where(t > -800.0, fma(a, head, -t) + a * tail, 0.0)
    e = exp(t)
    return fma(e, lost, e)


@kernel
def tanh(x):
    """tanh(x), within 3 ulp."""
    e = expm1(2.0 * min(abs(x), 22.0))  # of the positive argument: its error shrinks in the quotient
    return where(x == x, math.copysign(e / (2.0 + e), x), x)


@kernel
def sigmoid(x):
    """1/(1 + exp(-x)), relative accuracy in both tails, within 3 ulp."""
    e = exp(-abs(x))
    return where(x >= 0.0, 1.0, e) / (1.0 + e)


@kernel
def softplus(x):
    """log(1 + exp(x)), within 3 ulp."""
    return max(x, 0.0) + log1p(exp(-abs(x)))


@kernel
def logistic(x):
    """sigmoid(x), sigmoid(-x), softplus(x) and softplus(-x), each within 3 ulp, of one exponential."""
    e = exp(-abs(x))
    large, small = 1.0 / (1.0 + e), e / (1.0 + e)
    rest = log1p(e)
    positive = x >= 0.0
    return where(positive, large, small), where(positive, small, large), max(x, 0.0) + rest, max(-x, 0.0) + rest


@kernel
def logistic_parts(a):
    """exp(-a), exp(-a/2), 1/(1 + exp(-a)) and tanh(a/2)/2, for a >= 0: what a sigmoid and its slopes are made of."""
    e = exp(-a)
    m = expm1(-a)
    return e, exp(-0.5 * a), 1.0 / (1.0 + e), -0.5 * m / (2.0 + m)


@kernel
def log_excess(x):
    """-log(1 - x) - x, for 0 <= x <= 0.29, within 3 ulp."""
    # log(1 - x) = -2*atanh(s); the series of 2*atanh(s) begins with 2*s = x + x*s.
    s = x / (2.0 - x)
    z = s * s
    w = z * z
    even = w * (_L2 + w * (_L4 + w * _L6))
    odd = z * (_L1 + w * (_L3 + w * (_L5 + w * _L7)))
    return s * (x + (even + odd))


_FAR = 1.25  # log(cosh(1.25)) / 1.25 > 1/2: a difference from 1 has lost no digit


@kernel
def _log_cosh(a):
    """log(cosh(a)) for 1e-8 <= a < _FAR, else log(cosh(a)) - a.

    cosh(a) = 1 + expm1(a)**2 / (2 exp(a)) = exp(a) * (1 + expm1(-2a)/2); what the roundings lose goes along.
    """
    near = a < _FAR
    head, tail = _expm1(where(near, a, max(-2.0 * a, -50.0)), False)
    h = head + tail
    rest = (head - h) + tail
    q = 1.0 + h
    square = h * h
    double = 2.0 * q
    t = square / double
    lost = fma(h, h, -square) + 2.0 * h * rest + fma(-t, double, square) - 2.0 * t * (h - (q - 1.0) + rest)
    return _log1p(where(near, t, 0.5 * h), where(near, lost / double, 0.5 * rest))


@kernel
def log_cosh_ratio(x):
    """log(cosh(x)) / |x|, within 2 ulp: 1 far out, so that a loss can be built from it without overflow."""
    a = abs(x)
    y = _log_cosh(a) / a  # at infinity: log(1/2)/inf
    return where(a < 1e-8, 0.5 * a, where(a < _FAR, y, 1.0 + y))


@kernel
def log(x):
    """log(x), within 1 ulp, for x > 0."""
    subnormal = x < _TINY
    k, m = _split(where(subnormal, x * 2.0**54, x))
    y = _log(k - where(subnormal, 54.0, 0.0), m - 1.0, 0.0)
    y = where(x == np.inf, np.inf, y)
    y = where(x == 0.0, -np.inf, y)
    return where(x >= 0.0, y, np.nan)


@kernel
def hypot(x, y):
    """sqrt(x*x + y*y), within 1 ulp, without overflow or underflow on the way."""
    a = max(abs(x), abs(y))
    b = min(abs(x), abs(y))
    # Where a square, or what it loses, would leave the range, both sides are moved in, and the result moved back.
    large, small = a > 2.0**500, a < 2.0**-400
    scale = where(large, 2.0**-600, where(small, 2.0**600, 1.0))
    back = where(large, 2.0**600, where(small, 2.0**-600, 1.0))
    a = a * scale
    b = b * scale
    # One step of Newton's method on the square root of a sum whose rounding errors are known.
    a2 = a * a
    b2 = b * b
    total = a2 + b2
    lost = (b2 - (total - a2)) + fma(a, a, -a2) + fma(b, b, -b2)
    root = np.sqrt(total)
    better = root + (fma(-root, root, total) + lost) / (2.0 * root)
    result = where(total > 0.0, better, a) * back
    result = where((x == x) & (y == y), result, np.nan)
    return where((abs(x) == np.inf) | (abs(y) == np.inf), np.inf, result)


@kernel
def log_cosh(x):
    """log(cosh(x)), within 1 ulp, without overflow."""
    a = abs(x)
    y = _log_cosh(a)
    return where(a < 1e-8, 0.5 * a * a, where(a < _FAR, y, a + y))


@kernel
def _parted(x):
    """k and m of x = 2**k * m, m in [sqrt(1/2), sqrt(2)), for x > 0."""
    subnormal = x < _TINY
    k, m = _split(where(subnormal, x * 2.0**54, x))
    return k - where(subnormal, 54.0, 0.0), m


@kernel
def log_parts(x):
    """log(x) as an unrounded sum of two, for finite x > 0; at 0 two finite numbers."""
    k, m = _parted(x)
    return k * _LN2_HI, -_log_rest(k, m - 1.0, 0.0)


@kernel
def log1p_square_parts(a, s):
    """log(1 + (a/s)**2) as an unrounded sum of two, for finite a, s >= 0, and min(a/s, s/a)**2; at 0/0 that of 0.

    Neither the ratio nor its square can overflow, and the sum of the two is within 4 ulp. Only where a > s is the second more
    than nothing.
    """
    far = a > s
    ratio = min(a, s) / max(max(a, s), 2.0**-1074)
    q = ratio * ratio
    near = 1.0 + q
    up, mantissa = _parted(a)
    down, divisor = _parted(s)
    v = mantissa / divisor
    u = where(far, v * v * near, near)
    k, m = _split(u)
    plain = (not far) & (k == 0.0)
    f = where(plain, q, m - 1.0)
    lost = where(far | plain, 0.0, q - (u - 1.0))
    k = k + where(far, 2.0 * (up - down), 0.0)
    return k * _LN2_HI, -_log_rest(k, f, lost / u), q


@kernel
def raised(e, high, low, rest):
    """exp((e + rest)*(high + low)): a power, by the parts of a logarithm and the exponent with what rounding took from it.

    Within 1 ulp, and as many more as |e| times the error of the logarithm: rounding the product would cost as many as that is
    large.
    """
    product = e * high
    more = where(abs(product) < 4096.0, fma(e, high, -product) + (e * low + rest * high), 0.0)
    x = product + more
    y = exp(x)
    return where(abs(x) < 700.0, fma(y, more - (x - product), y), y)


@kernel
def times_exp(y, x, lost):
    """y*exp(x + lost) for y >= 0, infinite or 0 only where the product is."""
    quarter = exp(0.25 * x)
    far = y * quarter * quarter * quarter * quarter
    value = where(abs(x) < 700.0, y * exp(x), far)
    value = where(y == 0.0, 0.0, value)
    return where(value < math.inf, value + value * lost, value)


# ---------------------------------------------------------------------------------------------------------------------
# Without a table, for kernels that need more of an exponential than its last bit; and the normal distribution's tail


def polynomial(coefficients: Sequence[float]) -> Any:
    """A compiled function of x: the sum of coefficients[n]*x**n, in four parts that need not wait for each other."""

    @intrinsic
    def function(typingctx, x):
        def codegen(context, builder, signature, args):
            (x,) = args
            square = builder.fmul(x, x)
            fourth = builder.fmul(square, square)
            parts = []
            for first in range(4):
                part = [ir.Constant(DOUBLE, value) for value in coefficients[first::4]]
                total = part.pop()
                while part:
                    total = builder.fma(total, fourth, part.pop())
                parts.append(total)
            return builder.fma(builder.fma(parts[3], x, parts[2]), square, builder.fma(parts[1], x, parts[0]))

        return types.float64(types.float64), codegen

    return function


_BIAS = _U64(1023)
_LOG2E = 1.0 / math.log(2.0)
_LN2 = math.log(2.0)
_LN2_REST = float.fromhex("0x1.abc9e3b39803fp-56")  # what ln(2) is more than that
_beyond_linear = polynomial([1 / math.factorial(n) for n in range(2, 14)])
_LOWEST = -746.0  # exp of it is 0


@kernel
def falling(x):
    """exp(x) and exp(x) - 1, each within 1 ulp, for x <= 0."""
    clipped = max(x, _LOWEST)
    shifted = fma(clipped, _LOG2E, _SHIFT)
    ki = _bits(shifted)
    k = shifted - _SHIFT
    r = fma(k, -_LN2_REST, fma(k, -_LN2, clipped))
    rest = fma(r * r, _beyond_linear(r), r)
    # In two steps: where the result is subnormal only the second rounds.
    half = _float(((ki >> _I1) + _BIAS) << _S52)
    other = _float((ki - (ki >> _I1) + _BIAS) << _S52)
    scale = half * other
    return fma(half, rest, half) * other, fma(scale, rest, scale - 1.0)


@kernel
def log1mexp(x):
    """log(1 - exp(-x)), within 2 ulp, for x >= 0."""
    e, rest = falling(-x)
    return where(x < 0.6931471805599453, log(-rest), log1p(-e))


def _bernoulli(count: int) -> list[float]:
    """What x**2, x**4 ... have in x/2*coth(x/2), from that times sinh(x/2)*2/x, which is cosh(x/2)."""
    sinh = [Fraction(1, 4**n * math.factorial(2 * n + 1)) for n in range(count + 1)]
    found = [Fraction(1)]
    for n in range(1, count + 1):
        cosh = Fraction(1, 4**n * math.factorial(2 * n))
        found.append(cosh - sum((found[j] * sinh[n - j] for j in range(n)), Fraction(0)))
    return [float(v) for v in found[1:]]


_coth_rest = polynomial(_bernoulli(12))


@kernel
def bose(x):
    """x/(exp(x) - 1) and (x + that - 1), both within 2 ulp, for x >= 0: 1 and 0 at 0, 0 and infinite at infinity."""
    e = expm1(x)
    ratio = where(e < 2.0**-1000, 1.0, where(x < 750.0, x / e, 0.0))
    square = x * x
    return ratio, where(x < 1.0, fma(square, _coth_rest(square), 0.5 * x), (x - 1.0) + ratio)


TURN = 4.0


_MILLS_BITS, _MILLS_LAST = 256, 64


def _laplace(z: int, first: int) -> int:
    """1/(z + first/(z + (first + 1)/(z + ...))) in fixed point: with 1 Mills's ratio."""
    value = z
    for n in range(200, first - 1, -1):
        value = z + (n << 2 * _MILLS_BITS) // value
    return (1 << 2 * _MILLS_BITS) // value


@functools.cache
def _mills_series(count: int = 60) -> list[list[int]]:
    """Series of Mills's ratio M about 0, 1/4, ... 16.

    Laplace's continued fraction gives M at the last place, M' = z*M - 1 every term from the two before, and the series the value
    at the next place below: downwards errors shrink.
    """
    series = []
    value = _laplace(_MILLS_LAST << _MILLS_BITS - 2, 1)
    for j in range(_MILLS_LAST, -1, -1):
        c = [value, (j * value >> 2) - (1 << _MILLS_BITS)]
        while len(c) < count:
            c.append(((j * c[-1] >> 2) + c[-2]) // len(c))
        series.append(c)
        value = sum((-v if n % 2 else v) >> (2 * n) for n, v in enumerate(c))
    return series[::-1]


def excess_polynomial(terms: int) -> list[float]:
    """H of t = 1 - 8/(z + 4) from -1 to 1, where what the normal hazard at z is above z is (1 + (1 - t)*H(t))/(z + 4).

    From its values, with integers.
    """
    bits, one = _MILLS_BITS, 1 << _MILLS_BITS
    # Newton's divided differences at Chebyshev's places, where the polynomial is nearly the best.
    places = [int(math.cos(math.pi * (i + 0.5) / terms) * 2.0**60) << (bits - 60) for i in range(terms)]
    table = []
    for t in places:
        z = int(TURN) * (one + t) * one // (one - t)
        j = (4 * z + one // 2) >> bits
        if j > _MILLS_LAST:
            excess = _laplace(z, 2)
        else:
            ratio = 0
            for v in reversed(_mills_series()[j]):
                ratio = v + (ratio * (z - (j * one >> 2)) >> bits)
            excess = one * one // ratio - z
        over = (excess * (z + int(TURN) * one) >> bits) - one
        table.append(over * one // (one - t))
    for n in range(1, terms):
        for i in range(terms - 1, n - 1, -1):
            table[i] = (table[i] - table[i - 1]) * one // (places[i] - places[i - n])
    c = [0] * terms
    for t, value in zip(reversed(places), reversed(table), strict=True):
        c = [value - (t * c[0] >> bits), *(c[n - 1] - (t * c[n] >> bits) for n in range(1, terms))]
    return [math.ldexp(v, -bits) for v in c]


_excess = polynomial(excess_polynomial(29))


@kernel
def normal_excess(z):
    """How far the mean of the standard normal's tail from z on lies above z, within 2 ulp, for z >= 0."""
    inverse = 1.0 / (z + TURN)
    nearness = 2.0 * TURN * inverse
    return fma(nearness * inverse, _excess(1.0 - nearness), inverse)


@kernel
def normal_hazard(z):
    """The standard normal density over its upper tail, and that minus z, both within 3 ulp, for z >= 0.

    The tail's mean lies there, and that far above z. Mills's ratio M is the inverse of the first, -M'/M the second.
    """
    excess = normal_excess(z)
    return z + excess, excess
