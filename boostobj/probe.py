"""How a vectorised function stands in for one of the C library's.

A booster's gradients are made of the C library's functions, and a tree splits on the last bit. A stand-in compiles to the
vectorised function where that returns the running C library's bits on hard arguments; elsewhere (another C library, a
processor without fused multiply-add) to a call of the C library, slower and still identical. The comparison is made when a
kernel is compiled, so machine code that is kept on disk must carry `fingerprint()` in its key.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import math
import os
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numba.extending import overload

# Arguments, in pairs for hypotf, whose result glibc 2.36 does not round to the nearest: a better library differs on them.
# Found by comparing a million random ones with long double, those of hypotf with exact fractions. On the first two of expf, of
# all floats, and on the first two of exp the result depends on fused multiply-add.
_HARD = {
    "expf": "0x1.04845ep+5 -0x1.f8cbb2p+5 0x1.2ade26p+5 -0x1.d7a1eep+5 0x1.67a066p+5 -0x1.1579b8p+4",
    "exp": "0x1.98d79bf8dd02cp+7 -0x1.67e9ee54c200cp+8 0x1.aa4b8934a0c20p+6 0x1.d0f72c9d8f580p+4 -0x1.b7ad34ac06c2cp+7",
    "expm1f": "0x1.7502f2p-2 0x1.64d54ap-2 0x1.05b06cp-1 0x1.7cdc3ep-2 -0x1.8d3e9ep-2",
    "logf": "0x1.15f102p+0 0x1.03efb6p+0 0x1.03a732p+0 0x1.03dd54p+0 0x1.15cd90p+0",
    "log1pf": "0x1.a16ff4p-2 0x1.9d4898p-2 0x1.a7b650p-2 0x1.15f8d6p-2 0x1.a4d1aep-2",
    "tanhf": "0x1.d14634p-3 0x1.fcc1c6p-3 -0x1.02be30p-2 0x1.0227ccp-2 0x1.fae7bep-3",
    "hypotf": "0x1.1f8cfap-1 0x1.7fb34ap-13 0x1.5cdc2ap-17 0x1.6e0230p-28 0x1.585400p-2 0x1.6b9f9ap-13"
    " 0x1.26245cp+3 0x1.8412b6p-9 0x1.0b22c2p-7 0x1.71d43cp-19",
}


def _real(name: str) -> type:
    """C's convention: the functions of float32 end in f."""
    return np.float32 if name.endswith("f") else np.float64


def _arity(name: str) -> int:
    return 2 if name.startswith("hypot") else 1


def hard(name: str) -> np.ndarray:
    """Arguments on which the C libraries differ, one row for each parameter of the function."""
    values = [float.fromhex(v) for v in _HARD.get(name, "").split()]
    return np.array(values, _real(name)).reshape(-1, _arity(name)).T


@functools.cache
def _exported(name: str) -> Callable[..., float] | None:
    try:
        library = ctypes.CDLL(None if os.name == "posix" else "ucrtbase")
    except OSError:
        return None
    for spelling in (name, f"_{name}"):  # the underscore is Windows'
        if function := getattr(library, spelling, None):
            real = ctypes.c_float if _real(name) is np.float32 else ctypes.c_double
            function.restype, function.argtypes = real, (real,) * _arity(name)
            return function
    return None


def c_function(name: str) -> Callable[..., float]:
    """The C library's function, from Python floats; where it cannot be had, the float64 function of `math`."""
    return _exported(name) or getattr(math, name.removesuffix("f"))


@functools.cache
def fingerprint() -> str:
    """What tells one C library from another: a hash of its results on hard arguments."""
    digest = hashlib.sha256()
    for name in _HARD:
        digest.update(_called(name, hard(name)).tobytes())
    return digest.hexdigest()[:16]


def _called(name: str, x: np.ndarray) -> np.ndarray:
    function = c_function(name)
    return np.array([function(*row) for row in x.T.tolist()], x.dtype)


# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _StandIn:
    fast: Callable
    arguments: Callable[[], np.ndarray]


_STAND_INS: dict[str, _StandIn] = {}


def stand_in(name: str, fast: Callable, libm: Callable, arguments: Callable[[], np.ndarray]) -> Callable:
    """The C library's function for compiled kernels: `fast` where it has the same bits, else `libm`.

    Parameters
    ----------
    name : the C library's name, such as "tanhf": of float32 if it ends in f, else of float64
    fast : compiled function of one or two scalars, fit to be inlined and vectorised
    libm : compiled function of the same parameters that calls the C library
    arguments : returns where `fast` is compared, besides `hard(name)`: an array of one row for each parameter
    """
    kind = numba.from_dtype(np.dtype(_real(name)))
    _STAND_INS[name] = _StandIn(fast, arguments)

    def stub(*arguments: object) -> None:
        raise TypeError(f"{name} is for compiled kernels")

    def chosen(*arguments):  # type: ignore[no-untyped-def]  # Numba compares its signature with the lambda's
        # Another type would be computed in another precision: no overload, and the kernel does not compile.
        if any(argument != kind for argument in arguments):
            return None
        function = fast if agrees(name) else libm
        call = lambda *arguments: function(*arguments)  # noqa: E731
        call.__qualname__ = f"stand_in[{name}]"  # machine code is found by name: one for each function
        return call

    stub.__name__ = stub.__qualname__ = name
    stub.__module__, stub.__doc__ = fast.__module__, fast.__doc__
    overload(stub, jit_options={"error_model": "numpy", "forceinline": True})(chosen)
    return stub


def spread(real: type, low: float, high: float) -> np.ndarray:
    """Evenly over the bit patterns of all floats (every exponent, both signs, NaN), evenly over an interval, and ends."""
    bits = 8 * np.dtype(real).itemsize
    patterns = [i * ((1 << bits) // 4099) for i in range(4099)]
    everywhere: np.ndarray = np.array(patterns, f"uint{bits}").view(real)
    ends: np.ndarray = np.array([-0.0, np.inf, -np.inf], real)
    return np.concatenate([everywhere, np.linspace(low, high, 4001, dtype=real), ends])[None]


@functools.cache
def agrees(name: str) -> bool:
    """Whether the vectorised function returns the running C library's bits on all arguments of its probe."""
    if _exported(name) is None:
        return False
    this = _STAND_INS[name]
    x = np.concatenate([hard(name), this.arguments()], axis=1)
    # Called row by row: what is compiled for that is compiled for the kernels anyway, a loop over the rows is not.
    got, expected = np.array([this.fast(*row) for row in x.T], x.dtype), _called(name, x)
    same = (got == expected) & (np.signbit(got) == np.signbit(expected)) | np.isnan(got) & np.isnan(expected)
    return bool(same.all())
