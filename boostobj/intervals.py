"""How likely an interval is under a standard distribution: minus the log of its probability and how that moves with the interval.

Each function takes the two ends, one of which may be infinite, and `width`, the difference of the ends as it is known before
they were rounded, and returns (loss, slope, bend ...): minus the log of the probability, and its first two derivatives as both
ends move up. Nothing is the difference of two nearly equal probabilities.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .elementary import falling, fma, kernel, log, log1mexp, log1p, normal_excess, polynomial, softplus, where

LARGEST = float(np.finfo(float).max)
HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


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


_NEAR_ZERO, _FALL = 1.25, 2.5
"""How far from 0 a short interval about it may reach, and how much the logarithm of the density may fall over another.

Beyond, two probabilities whose ratio is nearer to 1 would lose digits in their difference.
"""


def moments_of(terms: int, by_half: int) -> Any:
    """A compiled function of v and u: E, the integral of exp(v*(1 - t**2))*cosh(u*t) over t from 0 to 1, and more.

    Of square = 2*v and half_square = u**2/2; also the first derivative of E and half its second by half_square. E is the sum over
    j of half_square**j/j! * N_j, where N_j = 1/(1*3*...*(2*j + 1)) + square*N_(j+1): nothing in it is negative.
    """
    odd = [1.0 / math.prod(range(1, 2 * j + 2, 2)) for j in range(terms)]

    @intrinsic
    def moments(typingctx, square, half_square):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            square, half_square = args
            constants = [ir.Constant(ir.DoubleType(), value) for value in odd]
            even = first = second = ir.Constant(ir.DoubleType(), 0.0)
            term = constants[-1]
            for j in range(terms - 2, -1, -1):
                term = builder.fma(square, term, constants[j])
                if j < by_half:
                    second = builder.fma(second, half_square, first)
                    first = builder.fma(first, half_square, even)
                    scaled = builder.fmul(term, ir.Constant(ir.DoubleType(), 1.0 / math.factorial(j)))
                    even = builder.fma(even, half_square, scaled)
            return context.make_tuple(builder, signature.return_type, (even, first, second))

        return types.UniTuple(types.float64, 3)(types.float64, types.float64), codegen

    return moments


def sinh_ratio_of(terms: int) -> Any:
    """A compiled function of u**2/2: sinh(u)/u."""
    return polynomial([2.0**j / math.factorial(2 * j + 1) for j in range(terms)])


_moments, _sinh_ratio = moments_of(18, 11), sinh_ratio_of(10)


@kernel
def moments(square, half_square):  # type: ignore[no-untyped-def]
    """Those of `moments_of`, and sinh(u)/u, for square and half_square up to 1.6 and 0.8."""
    return _moments(square, half_square), _sinh_ratio(half_square)


_FAR = 1e100


@kernel
def normal(low, high, width):  # type: ignore[no-untyped-def]
    """The standard normal distribution: the first derivative is the mean of what lies between. Without a branch.

    With the interval turned so that its centre c is not below 0, from a to b: a short one by moments about its centre, a long one
    by Mills's ratio at |a| and b.
    """
    total = low + high
    total = where(total == total, total, 0.0)  # of no end at all
    left = total < 0.0
    end, total = where(left, -high, low), abs(total)
    a, b = min(max(end, -_FAR), _FAR), min(where(left, -low, high), _FAR)
    width = min(width, _FAR)
    inside = a < 0.0  # 0 is
    fall = 0.5 * width * total  # of the log of the density
    short = where(inside, b <= _NEAR_ZERO, fall <= _FALL)

    square, half_square = 0.25 * width * width, 0.125 * fall * fall
    (even, first, second), sinh_ratio = moments(square, half_square)

    # Probabilities in units of the density at a, or at 0 if that is inside, and times both hazards.
    distance = abs(a)
    over_a, over_b = normal_excess(distance), normal_excess(b)
    hazard_a, hazard_b = distance + over_a, b + over_b
    both = hazard_a * hazard_b
    ratio, fallen = falling(-fall)
    top, _ = falling(-0.5 * a * a)
    top = where(inside, top, 1.0)
    tail_a, tail_b = top * hazard_b, top * ratio * hazard_a
    mass = where(inside, fma(_ROOT_TWO_PI, both, -tail_a), tail_a) - tail_b

    scale = 1.0 / where(short, even, mass)
    pull = first * scale
    short_mean = 0.5 * total * sinh_ratio * scale
    short_bend = 1.0 - square * (pull + 2.0 * half_square * (2.0 * second * scale - pull * pull))
    excess = (tail_a * over_a - tail_b * (over_b + width)) * scale
    top = top * both * scale
    long_mean = where(inside, -top * fallen, end + excess)
    beside = where(inside, b * ratio + distance, width * ratio) * top
    long_bend = fma(where(inside, long_mean, distance + excess), where(inside, long_mean, excess), beside)

    mean, bend = where(short, short_mean, long_mean), where(short, short_bend, long_bend)
    outside = (tail_a + tail_b) / (_ROOT_TWO_PI * both)
    most = inside & ((outside <= 0.5) | (not short))
    size = where(short, width * even, mass / both)
    at_end = 0.5 * end * end + where(short, 0.5 * fall, 0.0)
    loss = where(most, -log1p(-where(most, outside, 0.0)), at_end + (HALF_LOG_TWO_PI - log(size)))
    return loss, where(left, -mean, mean), bend


@kernel
def _sides(x):  # type: ignore[no-untyped-def]
    """The logistic distribution until x, and from there on; tanh(x/2)/(2*x), the sharpest curvature of a bound of softplus."""
    size = abs(x)
    e, fallen = falling(-size)
    large = 1.0 / (1.0 + e)
    small, positive = e * large, x >= 0.0
    bound = where(size < 1e-8, 0.25, -0.5 * (fallen * large) / size)
    return where(positive, large, small), where(positive, small, large), bound


@kernel
def logistic(low, high, width, total):  # type: ignore[no-untyped-def]
    """The logistic distribution; `total` is the sum of the ends. Also the curvature of a bound. Without a branch.

    The probability is G(high)*(1 - G(low))*(1 - exp(-width)), so that the loss is a sum of two log losses.
    """
    until_low, from_low, bound_low = _sides(low)
    until_high, from_high, bound_high = _sides(high)
    # G(low) - (1 - G(high)), without their difference.
    _, fallen = falling(-abs(total))
    pull = -fallen
    slope = where(total >= 0.0, pull * (until_low * until_high), -pull * (from_low * from_high))
    bend = until_low * from_low + until_high * from_high
    return softplus(low) + softplus(-high) - log1mexp(width), slope, bend, bound_low + bound_high
