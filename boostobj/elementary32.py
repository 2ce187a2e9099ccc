"""Elementary functions of float32 for compiled kernels: scalar, branch-free, made for LLVM's vectoriser.

`expm1f`, `logf`, `log1pf`, `tanhf` and `hypotf` return the bits of the C library's own functions, as `expf` does: XGBoost's
float32 gradients are made of them. Each follows the algorithm of glibc up to 2.38 step by step, with a select for each
branch; on a C library that rounds otherwise, the kernels call the C library (see `probe`).

Every constant is a float32, because a Python number would widen the arithmetic to float64.
Constants: fdlibm's float functions; of logf: Arm Optimized Routines (MIT). See NOTICE.
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .elementary import expf, fma, kernel, log_cosh, where
from .probe import spread, stand_in

_f4 = np.float32
_u4 = np.uint32
_i4 = np.int32


@intrinsic
def _bits(typingctx, x):
    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], ir.IntType(32))

    return types.uint32(types.float32), codegen


@intrinsic
def _float(typingctx, u):
    """The float32 with the low 32 bits of an integer; Numba widens every sum of integers to 64."""

    def codegen(context, builder, signature, args):
        bits = context.cast(builder, args[0], signature.args[0], types.uint32)
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(u), codegen


_ZERO, _QUARTER, _HALF, _ONE, _TWO, _THREE, _SIX = (_f4(v) for v in (0, 0.25, 0.5, 1, 2, 3, 6))
_INF, _NAN = _f4(np.inf), _f4(np.nan)
_S23 = _u4(23)
_MANTISSA = _u4((1 << 23) - 1)
_LN2_HI = _f4(6.9313812256e-01)
_LN2_LO = _f4(9.0580006145e-06)

# ---------------------------------------------------------------------------------------------------------------------
# expm1f, tanhf

_INV_LN2 = _f4(1.4426950216e00)
# -27 log(2), and the last of those that fdlibm does not test for overflow
_EXPM1_LOW, _EXPM1_HIGH = (_u4(u).view(_f4) for u in (0xC195B844, 0x42B17217))
_Q1 = _f4(-3.3333335072e-02)
_Q2 = _f4(1.5873016091e-03)
_Q3 = _f4(-7.9365076090e-05)
_Q4 = _f4(4.0082177293e-06)
_Q5 = _f4(-2.0109921195e-07)


@kernel
def _expm1f_fast(x):
    """exp(x) - 1 of a float32, the C library's bits."""
    clipped = min(max(x, _EXPM1_LOW), _EXPM1_HIGH)
    k = np.trunc(_INV_LN2 * clipped + math.copysign(_HALF, clipped))
    ki = _i4(k)
    hi = clipped - k * _LN2_HI
    lo = k * _LN2_LO
    r = hi - lo
    c = (hi - r) - lo
    half = _HALF * r
    z = r * half
    r1 = _ONE + z * (_Q1 + z * (_Q2 + z * (_Q3 + z * (_Q4 + z * _Q5))))
    t = _THREE - r1 * half
    e = z * ((r1 - t) / (_SIX - r * t))
    e = (r * (e - c) - c) - z
    d = r - e
    exponent = ki << 23
    power = _float(0x3F800000 - exponent)  # 2**-k
    middle = (_ONE - power) + d
    far = (r - (e + power)) + _ONE
    outer = _ONE + d
    y = where(k < _f4(23), middle, far)
    outside = (k < _ZERO) | (k > _f4(56))
    y = where(outside, outer, y)
    y = _float(_bits(y) + exponent)
    y = where(outside, y - _ONE, y)
    y = where(k == _ONE, where(r < -_QUARTER, -_TWO * (e - (r + _HALF)), _ONE + _TWO * d), y)
    y = where(k == -_ONE, _HALF * d - _HALF, y)
    y = where(k == _ZERO, d, y)
    y = where(x > _EXPM1_HIGH, _INF, y)
    return where(abs(x) > _ZERO, y, x)


@kernel
def _expm1f_libm(x):
    return _f4(math.expm1(x))


expm1f = stand_in("expm1f", _expm1f_fast, _expm1f_libm, lambda: spread(_f4, -19, 89))


@kernel
def _tanhf_fast(x):
    """tanh(x) of a float32, the C library's bits."""
    a = abs(x)
    large = a >= _ONE
    t = _expm1f_fast(where(large, a, -a) * _TWO)
    q = where(large, _TWO, -t) / (t + _TWO)
    return where(x == x, math.copysign(where(large, _ONE - q, q), x), x)


@kernel
def _tanhf_libm(x):
    return _f4(math.tanh(x))


tanhf = stand_in("tanhf", _tanhf_fast, _tanhf_libm, lambda: spread(_f4, -10, 10))

# ---------------------------------------------------------------------------------------------------------------------
# logf, log1pf

_LP1 = _f4(6.6666668653e-01)
_LP2 = _f4(4.0000000596e-01)
_LP3 = _f4(2.8571429849e-01)
_LP4 = _f4(2.2222198546e-01)
_LP5 = _f4(1.8183572590e-01)
_LP6 = _f4(1.5313838422e-01)
_LP7 = _f4(1.4798198640e-01)
_ROOT_HALF = _u4(0x3F3504F7)
_TO_ROOT_HALF = _u4(0x3F800000 - 0x3F3504F7)
_LOG1P_LOW, _LOG1P_HIGH = (_u4(u).view(_f4) for u in (0xBE95F61F, 0x3ED413D7))  # sqrt(1/2) - 1 and sqrt(2) - 1


@kernel
def _log1pf_fast(x):
    """log(1 + x) of a float32, the C library's bits."""
    u = _ONE + x
    bits = _bits(u)
    moved = bits + _TO_ROOT_HALF
    k = _f4(_i4(moved >> _S23) - _i4(127))
    lost = where(u >= _TWO, _ONE - (u - x), x - (u - _ONE)) / u
    near = (x >= _LOG1P_LOW) & (x < _LOG1P_HIGH)
    f = where(near, x, _float((moved & _MANTISSA) + _ROOT_HALF) - _ONE)
    k = where(near, _ZERO, k)
    lost = where(k == _ZERO, _ZERO, lost)
    half = _HALF * f * f
    s = f / (_TWO + f)
    z = s * s
    r = z * (_LP1 + z * (_LP2 + z * (_LP3 + z * (_LP4 + z * (_LP5 + z * (_LP6 + z * _LP7))))))
    y = k * _LN2_HI - ((half - (s * (half + r) + (k * _LN2_LO + lost))) - f)
    y = where(x == _ZERO, x, y)
    y = where(x == _INF, _INF, y)
    y = where(x == -_ONE, -_INF, y)
    return where(x >= -_ONE, y, _NAN)


@kernel
def _log1pf_libm(x):
    return _f4(math.log1p(x))


log1pf = stand_in("log1pf", _log1pf_fast, _log1pf_libm, lambda: spread(_f4, -1, 10))

_INVERSE, _LOGARITHM = np.array(
    [
        [float.fromhex(v) for v in row.split()]
        for row in (
            "0x1.661ec79f8f3bep+0 -0x1.57bf7808caadep-2",
            "0x1.571ed4aaf883dp+0 -0x1.2bef0a7c06ddbp-2",
            "0x1.49539f0f010bp+0 -0x1.01eae7f513a67p-2",
            "0x1.3c995b0b80385p+0 -0x1.b31d8a68224e9p-3",
            "0x1.30d190c8864a5p+0 -0x1.6574f0ac07758p-3",
            "0x1.25e227b0b8eap+0 -0x1.1aa2bc79c81p-3",
            "0x1.1bb4a4a1a343fp+0 -0x1.a4e76ce8c0e5ep-4",
            "0x1.12358f08ae5bap+0 -0x1.1973c5a611cccp-4",
            "0x1.0953f419900a7p+0 -0x1.252f438e10c1ep-5",
            "0x1p+0 0x0p+0",
            "0x1.e608cfd9a47acp-1 0x1.aa5aa5df25984p-5",
            "0x1.ca4b31f026aap-1 0x1.c5e53aa362eb4p-4",
            "0x1.b2036576afce6p-1 0x1.526e57720db08p-3",
            "0x1.9c2d163a1aa2dp-1 0x1.bc2860d22477p-3",
            "0x1.886e6037841edp-1 0x1.1058bc8a07ee1p-2",
            "0x1.767dcf5534862p-1 0x1.4043057b6ee09p-2",
        )
    ]
).T.copy()
_LN2 = float.fromhex("0x1.62e42fefa39efp-1")
_A0, _A1, _A2 = (float.fromhex(v) for v in ("-0x1.00ea348b88334p-2", "0x1.5575b0be00b6ap-2", "-0x1.ffffef20a4123p-2"))
_ORIGIN = _u4(0x3F330000)
_S19 = _u4(19)
_M15 = _u4(15)
_TINY = np.finfo(_f4).tiny
_TWO23 = _f4(2.0**23)


@kernel
def _logf_fast(x):
    """log(x) of a float32, the C library's bits."""
    subnormal = x < _TINY
    moved = _bits(where(subnormal, x * _TWO23, x)) - _ORIGIN
    i = (moved >> _S19) & _M15
    k = np.float64(_i4(moved) >> 23) - where(subnormal, 23.0, 0.0)
    z = np.float64(_float((moved & _MANTISSA) + _ORIGIN))
    r = fma(z, _INVERSE[i], -1.0)
    y0 = fma(k, _LN2, _LOGARITHM[i])
    r2 = r * r
    y = _f4(fma(fma(_A0, r2, fma(_A1, r, _A2)), r2, y0 + r))
    y = where(x == _INF, _INF, y)
    y = where(x == _ZERO, -_INF, y)
    return where(x >= _ZERO, y, _NAN)


@kernel
def _logf_libm(x):
    return _f4(math.log(x))


logf = stand_in("logf", _logf_fast, _logf_libm, lambda: spread(_f4, 0, 4))

# ---------------------------------------------------------------------------------------------------------------------
# hypotf


@kernel
def _hypotf_fast(x, y):
    """sqrt(x*x + y*y) of two float32, the C library's bits."""
    a, b = np.float64(x), np.float64(y)
    return where((abs(x) == _INF) | (abs(y) == _INF), _INF, _f4(np.sqrt(a * a + b * b)))


@kernel
def _hypotf_libm(x, y):
    return _f4(math.hypot(x, y))


def _pairs() -> np.ndarray:
    x = spread(_f4, -2, 2)[0]
    return np.concatenate([np.stack([x, other]) for other in (np.roll(x, 1), np.roll(x, x.size // 3), np.copysign(_ZERO, x))], 1)


hypotf = stand_in("hypotf", _hypotf_fast, _hypotf_libm, _pairs)

# ---------------------------------------------------------------------------------------------------------------------
# Composites

_SIGMOID_HIGH = _f4(88.7)


@kernel
def sigmoidf(x):
    """XGBoost's float32 sigmoid: 1/(exp(min(-x, 88.7)) + 1)."""
    return _ONE / (expf(min(-x, _SIGMOID_HIGH)) + _ONE)


@kernel
def softplusf(x):
    """XGBoost's float32 log(1 + exp(x)): x + log1p(exp(-x)) for x > 0, else log1p(exp(x))."""
    return where(x > _ZERO, x, _ZERO) + log1pf(expf(-abs(x)))


@kernel
def log_coshf(x):
    """log(cosh(x)) of a float32, within 1 ulp."""
    return _f4(log_cosh(np.float64(x)))
