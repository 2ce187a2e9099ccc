"""How likely an interval is under a standard distribution: minus the log of its probability and how that moves with the interval.

Each function takes the two ends, one of which may be infinite, and `width`, the difference of the ends as it is known before
they were rounded, and returns (loss, slope, bend ...): minus the log of the probability, and its first two derivatives as both
ends move up. Nothing is the difference of two nearly equal probabilities.
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .elementary import exp, expm1, kernel, log, log1p, normal_hazard, softplus, tanh, where

LARGEST = float(np.finfo(float).max)
HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
_ROOT_HALF = math.sqrt(0.5)


@intrinsic
def neighbours(typingctx, place, cuts):  # type: ignore[no-untyped-def]
    """The cuts, of a tuple of them, on both sides of a place 0, 1, ... among them; infinite beyond the ends.

    A chain of selects: LLVM does not vectorise a loop that looks into an array and writes into others.
    """

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        place, cuts = args
        low, high = (ir.Constant(ir.DoubleType(), end) for end in (-math.inf, math.inf))
        each = [(ir.Constant(ir.DoubleType(), float(j)), builder.extract_value(cuts, j)) for j in range(signature.args[1].count)]
        for j, cut in each:
            low = builder.select(builder.fcmp_ordered(">", place, j), cut, low)
        for j, cut in reversed(each):
            high = builder.select(builder.fcmp_ordered("<=", place, j), cut, high)
        return context.make_tuple(builder, signature.return_type, (low, high))

    return types.UniTuple(types.float64, 2)(types.float64, cuts), codegen


def _gauss_legendre(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on [0, 1], by Newton's method on Legendre's polynomial, rounded once."""
    bits = 120
    one = 1 << bits
    nodes, weights = [], []
    for i in range(n):
        x = int(math.cos(math.pi * (i + 0.75) / (n + 0.5)) * 2.0**60) << (bits - 60)
        for _ in range(6):
            before, value = one, x
            for k in range(2, n + 1):
                before, value = value, ((2 * k - 1) * (x * value >> bits) - (k - 1) * before) // k
            slope = (n * (x * value - before * one)) // ((x * x >> bits) - one)
            x -= value * one // slope
        nodes.append(math.ldexp(one + x, -bits - 1))
        weights.append(math.ldexp(one * one // (((one - (x * x >> bits)) * (slope * slope >> bits)) >> bits), -bits))
    return np.array(nodes), np.array(weights)


_AT, _PART = _gauss_legendre(14)


@kernel
def _beyond(z):  # type: ignore[no-untyped-def]
    """The standard normal above z."""
    hazard, excess = normal_hazard(abs(z))
    if z >= 0.0:
        return 0.5 * z * z + (HALF_LOG_TWO_PI + math.log(hazard)), hazard, hazard * excess
    e = math.exp(-0.5 * z * z)
    below = e / hazard
    hazard = e / (_ROOT_TWO_PI - below)
    return -math.log1p(-below / _ROOT_TWO_PI), hazard, hazard * (hazard - z)


@kernel
def _normal_between(low, high, width):  # type: ignore[no-untyped-def]
    """The standard normal from low to high = low + width: the first derivative is the mean there."""
    left = low + high < 0.0
    a, b = where(left, -high, low), where(left, -low, high)  # the centre is not below 0
    total = abs(low + high)
    fall = 0.5 * width * total  # of the log of the density
    if a < 0.0:  # 0 is inside
        inside = 0.5 * (math.erf(b * _ROOT_HALF) + math.erf(-a * _ROOT_HALF))
        at_a, at_b = math.exp(-0.5 * a * a) / _ROOT_TWO_PI, math.exp(-0.5 * b * b) / _ROOT_TWO_PI
        mean = -at_a * math.expm1(-fall) / inside
        bend = mean * mean + ((b * at_b if b < 1e10 else 0.0) - a * at_a) / inside
        outside = 0.5 * (math.erfc(b * _ROOT_HALF) + math.erfc(-a * _ROOT_HALF))
        loss = where(inside > 0.5, -math.log1p(-outside), -math.log(inside))
    else:
        ratio = math.exp(-fall)
        if fall < 4.0:  # near to each other: a difference of two tails would lose its digits
            mass = excess = 0.0
            for i in range(_AT.size):
                t = width * _AT[i]
                part = _PART[i] * math.exp(-t * (a + 0.5 * t))
                mass += part
                excess += part * _AT[i]
            mean_excess = width * (excess / mass)
            scaled = 1.0 / (width * mass)
            loss = 0.5 * a * a + (HALF_LOG_TWO_PI + math.log(scaled))
        else:
            at_a, over_a = normal_hazard(a)
            at_b, over_b = normal_hazard(b)
            part = 0.0 if ratio == 0.0 else ratio * (at_a / at_b)
            mean_excess = (over_a - (0.0 if ratio == 0.0 else part * (over_b + width))) / (1.0 - part)
            scaled = at_a / (1.0 - part)
            loss = 0.5 * a * a + (HALF_LOG_TWO_PI + math.log(at_a) - math.log1p(-part))
        drop = -math.expm1(-fall)
        mean = drop * scaled
        bend = (drop * mean_excess + (0.0 if ratio == 0.0 else width * ratio)) * scaled
    return loss, where(left, -mean, mean), bend


@kernel
def normal(low, high, width):  # type: ignore[no-untyped-def]
    """The standard normal distribution."""
    if high == math.inf:
        return _beyond(max(low, -LARGEST))
    if low == -math.inf:
        loss, slope, bend = _beyond(-high)
        return loss, -slope, bend
    return _normal_between(low, high, width)


@kernel
def half_slope(x):  # type: ignore[no-untyped-def]
    """tanh(x/2)/(2*x): the sharpest quadratic bound of softplus has this curvature."""
    return where(abs(x) < 1e-8, 0.25, tanh(0.5 * x) / (2.0 * x))


@kernel
def _sides(x):  # type: ignore[no-untyped-def]
    """The logistic distribution until x, and from there on."""
    e = exp(-abs(x))
    large, small = 1.0 / (1.0 + e), e / (1.0 + e)
    return where(x >= 0.0, large, small), where(x >= 0.0, small, large)


@kernel
def logistic(low, high, width, total):  # type: ignore[no-untyped-def]
    """The logistic distribution; `total` is the sum of the ends. Also the curvature of a bound. Without a branch.

    The probability is G(high)*(1 - G(low))*(1 - exp(-width)), so that the loss is a sum of two log losses.
    """
    until_low, from_low = _sides(low)
    until_high, from_high = _sides(high)
    within = where(width < 0.6931471805599453, log(-expm1(-width)), log1p(-exp(-width)))
    # G(low) - (1 - G(high)), without their difference.
    pull = -expm1(-abs(total))
    slope = where(total >= 0.0, pull * (until_low * until_high), -pull * (from_low * from_high))
    bend = until_low * from_low + until_high * from_high
    return softplus(low) + softplus(-high) - within, slope, bend, half_slope(low) + half_slope(high)
