"""How a vectorised function stands in for one of the C library's.

A booster's gradients are made of the C library's functions, and a tree splits on the last bit. A stand-in is compiled into
a kernel where it returns the running C library's bits on hard arguments; elsewhere (another C library, a processor without
fused multiply-add) the kernel calls the C library itself, slower and still identical. The comparison is made when a kernel is
compiled. Machine code that is kept on disk must therefore carry `fingerprint()` in its key.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import inspect
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.extending import overload

_JIT_OPTIONS = {"error_model": "numpy", "forceinline": True}


@dataclass(frozen=True)
class _StandIn:
    fast: Callable
    libm: Callable
    arguments: Callable[[], np.ndarray]


_STAND_INS: dict[str, _StandIn] = {}


def stand_in(name: str, fast: Callable, libm: Callable, arguments: Callable[[], np.ndarray], dtype: type) -> Callable:
    """The function `name` of the C library for compiled kernels: `fast` where it has the same bits, else `libm`.

    Parameters
    ----------
    name : the C library's name, "tanhf"
    fast : compiled function of one or two scalars, fit to be inlined and vectorised
    libm : compiled function that calls the C library
    arguments : returns an array (number of arguments, points) of `dtype`: where `fast` is compared
    dtype : np.float32 or np.float64, of the arguments and of the result; a kernel that passes another does not compile
    """
    kind = numba.from_dtype(np.dtype(dtype))
    _STAND_INS[name] = _StandIn(fast, libm, arguments)

    def stub(*arguments):  # type: ignore[no-untyped-def]
        raise TypeError(f"{name} is for compiled kernels")

    stub.__name__ = stub.__qualname__ = name
    stub.__module__, stub.__doc__ = fast.__module__, fast.__doc__

    def chosen() -> Callable:
        return fast if agrees(name) else libm

    def unary(x):  # type: ignore[no-untyped-def]
        if x != kind:
            return None
        function = chosen()
        return lambda x: function(x)

    def binary(x, y):  # type: ignore[no-untyped-def]
        if (x, y) != (kind, kind):
            return None
        function = chosen()
        return lambda x, y: function(x, y)

    overload(stub, jit_options=_JIT_OPTIONS)(unary if _arity(fast) == 1 else binary)
    return stub


def _arity(compiled: Any) -> int:
    return len(inspect.signature(compiled.py_func).parameters)


@functools.cache
def agrees(name: str) -> bool:
    """Whether the vectorised function returns the running C library's bits on all of its arguments."""
    this = _STAND_INS[name]
    x = this.arguments()
    got = _evaluated(this.fast, x)
    function = c_function(name, x.dtype.type, len(x))
    if function is None:
        expected = _evaluated(this.libm, x)
    else:
        expected = np.array([function(*row) for row in x.T.tolist()], x.dtype)
    return got.tobytes() == expected.tobytes() or bool(np.all(_same(got, expected)))


def _same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Equal to the sign of zero; which NaN it is does not matter."""
    return ((a == b) & (np.signbit(a) == np.signbit(b))) | (np.isnan(a) & np.isnan(b))


def _evaluated(function: Callable, x: np.ndarray) -> np.ndarray:
    out = np.empty(x.shape[1], x.dtype)
    vector = numba.from_dtype(x.dtype)[::1]
    signature = types.void(*[vector] * (len(x) + 1))

    def unary(x, out):  # type: ignore[no-untyped-def]
        for i in range(out.size):
            out[i] = function(x[i])

    def binary(x, y, out):  # type: ignore[no-untyped-def]
        for i in range(out.size):
            out[i] = function(x[i], y[i])

    numba.njit(signature, error_model="numpy")(unary if len(x) == 1 else binary)(*x, out)
    return out


@functools.cache
def c_function(name: str, dtype: type = np.float32, arity: int = 1) -> Callable[..., float] | None:
    """The C library's own function, on Python floats; None where there is no such library or function."""
    try:
        library = ctypes.CDLL(None if os.name == "posix" else "ucrtbase")
    except OSError:
        return None
    for spelling in (name, f"_{name}"):  # the underscore is Windows'
        if function := getattr(library, spelling, None):
            real = {np.float32: ctypes.c_float, np.float64: ctypes.c_double}[dtype]
            function.restype, function.argtypes = real, (real,) * arity
            return function
    return None
