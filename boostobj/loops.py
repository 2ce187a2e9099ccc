"""A scalar kernel becomes a compiled loop over rows.

What is policy lives here, once: weights, counting of bad rows, saturation and casting. The mathematics is in the
kernels. A loop runs over all rows of the arrays it is given (a chunk is a slice: an index that starts at 0 is what LLVM
can prove not to be negative) and returns whether there were bad targets, bad scores, bad weights, and a positive weight;
the caller words the error.

Compiled loops are kept on disk. Numba's own cache never hits for a closure, and keeps several signatures in one index
that two processes can overwrite with each other's machine code. Here each loop and signature has its own file, under a
name that contains everything the machine code depends on, and only kernels of this package are kept (what a user's
kernel calls is not known).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import os
import pickle
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

import llvmlite
import numba
import numpy as np
from numba.core import serialize, types
from numba.core.caching import FunctionCache
from numba.extending import overload

from . import elementary
from .version import __version__

LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
LARGEST = float(np.finfo(np.float64).max)
NO_WEIGHT = {np.dtype(t): np.empty(0, t) for t in (np.float32, np.float64)}


# ---------------------------------------------------------------------------------------------------------------------
# The cache


@functools.cache
def _fingerprint(*files: str) -> str:
    digest = hashlib.sha256()
    for part in (__version__, numba.__version__, llvmlite.__version__, np.__version__, *platform.libc_ver()):
        digest.update(f"{part}\0".encode())
    for file in files:
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()


class _KernelCache(FunctionCache):
    """One file per compiled signature, written whole and then renamed."""

    def __init__(self, py_func: Callable, key: tuple[str, ...]) -> None:
        super().__init__(py_func)
        self._key = key

    def _entry(self, sig: object, codegen: object) -> tuple[Path, str]:
        full = repr((self._key, str(sig), codegen.magic_tuple()))  # type: ignore[attr-defined]
        name = hashlib.sha256(full.encode()).hexdigest()[:32]
        return Path(self._cache_path) / f"boostobj-{name}.nbc", full

    def load_overload(self, sig: object, target_context: object) -> object:
        path, full = self._entry(sig, target_context.codegen())  # type: ignore[attr-defined]
        target_context.refresh()  # type: ignore[attr-defined]
        try:
            stored, payload = pickle.loads(path.read_bytes())
        except (OSError, EOFError, pickle.UnpicklingError, ValueError, AttributeError, ImportError):
            return None  # not there, or not whole: it is compiled again
        return self._impl.rebuild(target_context, payload) if stored == full else None

    def save_overload(self, sig: object, data: object) -> None:
        if not self._impl.check_cachable(data):
            return
        path, full = self._entry(sig, data.codegen)  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):  # a read-only or full disk costs time, not the result
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix="boostobj-")
            with os.fdopen(handle, "wb") as out:
                out.write(serialize.dumps((full, self._impl.reduce(data))))
            os.replace(temporary, path)


def _cached(loop: Callable, template: str, function: Callable, *variant: object) -> Callable:
    """Keep the loop's machine code on disk, if the kernel is one of ours."""
    file = inspect.getsourcefile(function)
    if file and function.__module__.startswith("boostobj."):
        print_ = _fingerprint(__file__, elementary.__file__, file)
        key = (template, function.__module__, function.__qualname__, repr(variant), print_)
        with contextlib.suppress(RuntimeError):  # no place to write to
            loop._cache = _KernelCache(loop.py_func, key)  # type: ignore[attr-defined]
    return loop


# ---------------------------------------------------------------------------------------------------------------------
# Pieces of a loop


def columns(targets, i):
    """Row i of each target column, as a tuple."""
    raise TypeError("columns is for compiled loops")


@overload(columns, jit_options={"error_model": "numpy", "forceinline": True})
def _columns(targets, i):
    if not isinstance(targets, types.UniTuple):
        return None
    one = lambda targets, i: (np.float64(targets[0][i]),)  # noqa: E731
    two = lambda targets, i: (np.float64(targets[0][i]), np.float64(targets[1][i]))  # noqa: E731
    return {1: one, 2: two}.get(targets.count)


@elementary.kernel
def _saturated(value, limit):
    return min(max(value, -limit), limit)


_flag = np.int32  # bad rows are noted, not counted: an integer as wide as the scores keeps the loop's vectors full
_NO, _YES = _flag(0), _flag(1)


@elementary.kernel
def _outside(value, low, high, whole):
    """1 for a value outside [low, high], or NaN, or not whole where it must be; without a branch, to be vectorised."""
    inside = (value >= low) & (value <= high) & ((value == np.floor(value)) | (not whole))
    return _flag(not inside)


_jit = functools.partial(numba.njit, error_model="numpy", nogil=True)


def _compiled(function: Callable) -> Callable:
    return elementary.kernel(function)


@functools.cache
def pointwise_loss(point: Callable) -> Callable:
    point_ = _compiled(point)

    @_jit
    def loop(targets, raw, params, low, high, whole, out):
        bad_target = _NO
        bad_raw = _NO
        for i in range(raw.shape[0]):
            t = columns(targets, i)
            f = np.float64(raw[i])
            bad_target |= _outside(t[0], low, high, whole)
            bad_raw |= _flag(not (abs(f) <= LARGEST))
            out[i] = point_(*(t + (f,) + params))[0]  # noqa: RUF005
        return bad_target, bad_raw, _NO, _NO

    return _cached(loop, "pointwise_loss", point)


@functools.cache
def pointwise_gradient(point: Callable, column: int) -> Callable:
    """`column` is the place of the curvature in the tuple that the kernel returns: LLVM drops the others.

    No Hessian is below `least`, nothing is beyond `limit`.
    """
    point_ = _compiled(point)

    @_jit
    def loop(targets, raw, weight, params, low, high, whole, least, limit, grad, hess):
        bad_target = _NO
        bad_raw = _NO
        bad_weight = _NO
        positive = _NO
        if weight.size == 0:
            for i in range(raw.shape[0]):
                t = columns(targets, i)
                f = np.float64(raw[i])
                bad_target |= _outside(t[0], low, high, whole)
                bad_raw |= _flag(not (abs(f) <= LARGEST))
                v = point_(*(t + (f,) + params))  # noqa: RUF005
                grad[i] = _saturated(v[1], limit)
                hess[i] = min(max(v[column], least), limit)
        else:
            for i in range(raw.shape[0]):
                t = columns(targets, i)
                f = np.float64(raw[i])
                w = np.float64(weight[i])
                bad_target |= _outside(t[0], low, high, whole)
                bad_raw |= _flag(not (abs(f) <= LARGEST))
                bad_weight |= _outside(w, 0.0, LARGEST, False)
                positive |= _flag(w > 0.0)
                v = point_(*(t + (f,) + params))  # noqa: RUF005
                grad[i] = _saturated(v[1] * w, limit)
                hess[i] = min(max(v[column] * w, least), limit)
        return bad_target, bad_raw, bad_weight, positive

    return _cached(loop, "pointwise_gradient", point, column)


@functools.cache
def pointwise_sum(point: Callable) -> Callable:
    """Weighted sums of gradient and exact Hessian at offset + c: what a start score is found from."""
    point_ = _compiled(point)

    @_jit
    def loop(targets, offset, weight, params, c):
        total_grad = 0.0
        total_hess = 0.0
        for i in range(offset.size):
            v = point_(*(columns(targets, i) + (offset[i] + c,) + params))  # noqa: RUF005
            total_grad += weight[i] * v[1]
            total_hess += weight[i] * v[2]
        return total_grad, total_hess

    return _cached(loop, "pointwise_sum", point)


@functools.cache
def native_pointwise(function: Callable, wide: bool) -> Callable:
    """A booster's own arithmetic: float32 scores (XGBoost) or, if `wide`, float64 scores (LightGBM)."""
    function_ = _compiled(function)
    score = np.float64 if wide else np.float32
    one = np.float32(1.0)
    zero = np.float32(0.0)
    largest = np.float32(LARGEST_FLOAT32)
    limit = LARGEST_FLOAT32 if wide else largest
    farthest = LARGEST if wide else largest

    @_jit
    def loop(y, raw, weight, params, low_, high_, whole, grad, hess):
        low = np.float32(max(low_, -LARGEST_FLOAT32))
        high = np.float32(min(high_, LARGEST_FLOAT32))
        bad_target = _NO
        bad_raw = _NO
        bad_weight = _NO
        positive = _NO
        if weight.size == 0:
            for i in range(raw.shape[0]):
                f = score(raw[i])
                bad_target |= _outside(y[i], low, high, whole)
                bad_raw |= _flag(not (abs(f) <= farthest))
                g, h = function_(*((y[i], f, one) + params))  # noqa: RUF005
                grad[i] = _saturated(g, limit)
                hess[i] = _saturated(h, limit)
        else:
            for i in range(raw.shape[0]):
                f = score(raw[i])
                w = weight[i]
                bad_target |= _outside(y[i], low, high, whole)
                bad_raw |= _flag(not (abs(f) <= farthest))
                bad_weight |= _outside(w, zero, largest, False)
                positive |= _flag(w > zero)
                g, h = function_(*((y[i], f, w) + params))  # noqa: RUF005
                grad[i] = _saturated(g, limit)
                hess[i] = _saturated(h, limit)
        return bad_target, bad_raw, bad_weight, positive

    return _cached(loop, "native_pointwise", function, wide)


@functools.cache
def rowwise_loss(row: Callable) -> Callable:
    row_ = _compiled(row)

    @_jit
    def loop(targets, raw, params, low, high, whole, out):
        k = raw.shape[1]
        f = np.empty(k)
        grad = np.empty(k)
        hess = np.empty(k)
        bad_target = _NO
        bad_raw = _NO
        for i in range(raw.shape[0]):
            t = columns(targets, i)
            finite = True
            for j in range(k):
                f[j] = raw[i, j]
                finite &= abs(f[j]) <= LARGEST
            bad_raw |= _flag(not finite)
            if not _outside(t[0], low, high, whole):
                out[i] = row_(*(t + (f,) + params + (grad, hess, 0)))  # noqa: RUF005
            else:
                bad_target = _YES
        return bad_target, bad_raw, _NO, _NO

    return _cached(loop, "rowwise_loss", row)


@functools.cache
def rowwise_gradient(row: Callable, kind: int) -> Callable:
    row_ = _compiled(row)

    @_jit
    def loop(targets, raw, weight, params, low, high, whole, least, limit, grad, hess):
        k = raw.shape[1]
        f = np.empty(k)
        g = np.empty(k)
        h = np.empty(k)
        bad_target = _NO
        bad_raw = _NO
        bad_weight = _NO
        positive = _NO
        for i in range(raw.shape[0]):
            t = columns(targets, i)
            w = np.float64(weight[i]) if weight.size else 1.0
            finite = True
            for j in range(k):
                f[j] = raw[i, j]
                finite &= abs(f[j]) <= LARGEST
            bad_raw |= _flag(not finite)
            bad_weight |= _outside(w, 0.0, LARGEST, False)
            positive |= _flag(w > 0.0)
            if not _outside(t[0], low, high, whole):
                row_(*(t + (f,) + params + (g, h, kind)))  # noqa: RUF005
                for j in range(k):
                    grad[i, j] = _saturated(g[j] * w, limit)
                    hess[i, j] = min(max(h[j] * w, least), limit)
            else:
                bad_target = _YES
        return bad_target, bad_raw, bad_weight, positive

    return _cached(loop, "rowwise_gradient", row, kind)


@functools.cache
def native_rowwise(function: Callable, wide: bool) -> Callable:
    function_ = _compiled(function)
    score = np.float64 if wide else np.float32
    one = np.float32(1.0)
    zero = np.float32(0.0)
    largest = np.float32(LARGEST_FLOAT32)
    limit = LARGEST_FLOAT32 if wide else largest
    farthest = LARGEST if wide else largest

    @_jit
    def loop(y, raw, weight, params, low_, high_, whole, grad, hess):
        low = np.float32(max(low_, -LARGEST_FLOAT32))
        high = np.float32(min(high_, LARGEST_FLOAT32))
        k = raw.shape[1]
        f = np.empty(k, score)
        g = np.empty(k, score)
        h = np.empty(k, score)
        bad_target = _NO
        bad_raw = _NO
        bad_weight = _NO
        positive = _NO
        for i in range(raw.shape[0]):
            w = weight[i] if weight.size else one
            finite = True
            for j in range(k):
                f[j] = raw[i, j]
                finite &= abs(f[j]) <= farthest
            bad_raw |= _flag(not finite)
            bad_weight |= _outside(w, zero, largest, False)
            positive |= _flag(w > zero)
            if not _outside(y[i], low, high, whole):
                function_(*((y[i], f, w) + params + (g, h)))  # noqa: RUF005
                for j in range(k):
                    grad[i, j] = _saturated(g[j], limit)
                    hess[i, j] = _saturated(h[j], limit)
            else:
                bad_target = _YES
        return bad_target, bad_raw, bad_weight, positive

    return _cached(loop, "native_rowwise", function, wide)
