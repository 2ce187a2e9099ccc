"""A scalar kernel becomes a compiled loop over rows.

What is policy lives here, once: weights, counting of bad rows, saturation and casting. The mathematics is in the
kernels. A loop runs over the rows from `start` to `stop` (slices or unsigned numbers: an index that LLVM cannot prove not to
be negative costs a select per row) and returns flags: whether there were bad targets, bad scores, bad weights, and a
positive weight; the caller words the error.

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
import math
import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, serialize, types
from numba.core.caching import FunctionCache
from numba.extending import intrinsic, overload

from . import elementary, elementary32, intervals, lanes, probe, quick, ranks
from .elementary import where
from .lanes import turn_tile
from .version import __version__

LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
LARGEST = float(np.finfo(np.float64).max)


# ---------------------------------------------------------------------------------------------------------------------
# The cache


@functools.cache
def _fingerprint(*files: str) -> str:
    digest = hashlib.sha256()
    for part in (__version__, numba.__version__, llvmlite.__version__, np.__version__, probe.fingerprint()):
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


def _files_of(kernel: Callable) -> tuple[str, ...]:
    """The files that a kernel is made of besides the elementary functions; none if that is not known.

    A kernel made from a formula has no file: its qualified name holds a hash of its code, and `made_of` the files of what it
    calls.
    """
    made_of = getattr(kernel, "made_of", None)
    if made_of is not None:
        return made_of
    file = inspect.getsourcefile(kernel) if kernel.__module__.startswith("boostobj.") else None
    return (file,) if file else ()


_inlined = functools.cache(elementary.kernel)  # all loops over a kernel share what is compiled of it alone


class Compiled:
    """What is compiled around a kernel: each piece under a name of its own, the loop kept on disk if the kernel is ours.

    Numba finds machine code by module, qualified name, types and a number that counts within a process. Pieces that close
    over different kernels must not share a qualified name: machine code kept by one process would be linked with what
    another compiled for another kernel under the same number.
    """

    def __init__(self, template: str, kernel: Callable, *variant: object) -> None:
        self._key = (template, kernel.__module__, kernel.__qualname__, repr(variant))
        self._files = _files_of(kernel)
        self.kernel = _inlined(kernel)

    def piece(self, function: Callable, **options: Any) -> Any:
        template, module, kernel, variant = self._key
        function.__qualname__ = f"{template}[{module}.{kernel}, {variant}].{function.__name__}"
        return numba.njit(function, error_model="numpy", nogil=True, **options)

    def loop(self, function: Callable, **options: Any) -> Any:
        loop = self.piece(function, **options)
        if self._files:
            modules = (elementary, elementary32, intervals, lanes, probe, quick, ranks)
            print_ = _fingerprint(__file__, *(module.__file__ for module in modules), *self._files)
            with contextlib.suppress(RuntimeError):  # no place to write to
                loop._cache = _KernelCache(loop.py_func, (*self._key, print_))
        return loop


# ---------------------------------------------------------------------------------------------------------------------
# Pieces of a loop

BAD_TARGET, BAD_RAW, BAD_WEIGHT, POSITIVE_WEIGHT = 1, 2, 4, 8
ZERO, NEGATIVE = 16, 32
"""What the class that is not 1 is called, where it may be called 0 or -1: a loop that notes both has seen a mixture."""
WEIGHT = BAD_WEIGHT | POSITIVE_WEIGHT
_BAD_TARGET, _BAD_RAW, _BAD_WEIGHT, _POSITIVE_WEIGHT, _CLEAR = map(np.int32, (1, 2, 4, 8, 0))
_ZERO, _NEGATIVE = map(np.int32, (ZERO, NEGATIVE))


@intrinsic
def _noted(typingctx, flags, condition, bit):
    """flags with the bit set where the condition holds: 32 bits wide, as Numba's own `|` is not, so that vectors stay full."""

    def codegen(context, builder, signature, args):
        flags, condition, bit = args
        return builder.or_(flags, builder.select(condition, bit, ir.Constant(bit.type, 0)))

    return types.int32(types.int32, types.boolean, types.int32), codegen


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


def target_of(y, i):
    """The target of row i, in its own type, as a tuple: of one, or of the two ends of an interval."""
    raise TypeError("target_of is for compiled loops")


@overload(target_of, jit_options={"error_model": "numpy", "forceinline": True})
def _target_of(y, i):
    if isinstance(y, types.UniTuple):
        return lambda y, i: (y[0][i], y[1][i])
    return lambda y, i: (y[i],)


def bad_target(target, low, high, whole):
    """Whether a target is outside [low, high]. An interval must begin there, and end above low and not before it begins."""
    raise TypeError("bad_target is for compiled loops")


@overload(bad_target, jit_options={"error_model": "numpy", "forceinline": True})
def _bad_target(target, low, high, whole):
    if target.count == 2:
        return lambda target, low, high, whole: (
            _outside(target[0], low, high, whole) | (not (target[1] >= target[0])) | (not (target[1] > low))
        )
    return lambda target, low, high, whole: _outside(target[0], low, high, whole)


def weight_of(weight, i, one):
    """The weight of row i; `one` where there are no weights, and then nothing of it is left in the machine code."""
    raise TypeError("weight_of is for compiled loops")


@overload(weight_of, jit_options={"error_model": "numpy", "forceinline": True})
def _weight_of(weight, i, one):
    if isinstance(weight, types.NoneType):
        return lambda weight, i, one: one
    return lambda weight, i, one: weight[i]


def rows(array, start, stop):
    """Rows start to stop of an array or of each in a tuple; None stays None. Their index then starts at 0."""
    raise TypeError("rows is for compiled loops")


@overload(rows, jit_options={"error_model": "numpy", "forceinline": True})
def _rows(array, start, stop):
    if isinstance(array, types.NoneType):
        return lambda array, start, stop: None
    if isinstance(array, types.UniTuple):
        one = lambda array, start, stop: (array[0][start:stop],)  # noqa: E731
        two = lambda array, start, stop: (array[0][start:stop], array[1][start:stop])  # noqa: E731
        return {1: one, 2: two}.get(array.count)
    return lambda array, start, stop: array[start:stop]


def narrowed(value, like):
    """A score in the type of `like`: a float64 one beyond float32 becomes the largest float32; inf and NaN stay."""
    raise TypeError("narrowed is for compiled loops")


@overload(narrowed, jit_options={"error_model": "numpy", "forceinline": True})
def _narrowed(value, like):
    if value == types.float64 and like == types.float32:

        def narrow(value, like):
            size = abs(value)
            beyond = (size > LARGEST_FLOAT32) & (size <= LARGEST)
            return np.float32(where(beyond, math.copysign(LARGEST_FLOAT32, value), value))

        return narrow
    return (lambda value, like: np.float32(value)) if like == types.float32 else (lambda value, like: np.float64(value))


@elementary.kernel
def _saturated(value, limit):
    return min(max(value, -limit), limit)


@elementary.kernel
def _weighted(value, w):
    """What a row gives with its weight: nothing without one, be it infinite."""
    return where(w == 0.0, 0.0, value * w)


@elementary.kernel
def _heard(value, w):
    """A value that has its weight already: 0 where the weight is 0 and an infinity has made NaN of it."""
    return where((w == w - w) & (value != value), w - w, value)


@elementary.kernel
def _outside(value, low, high, whole):
    """A value outside [low, high], or NaN, or not whole where it must be; without a branch, to be vectorised."""
    return not ((value >= low) & (value <= high) & ((value == np.floor(value)) | (not whole)))


@elementary.kernel
def _class_noted(flags, target):
    return _noted(_noted(flags, target == 0.0, _ZERO), target < 0.0, _NEGATIVE)


def mixed(flags: int) -> int:
    """The flags, with that of a bad target where a class has two names."""
    return flags | BAD_TARGET if flags & ZERO and flags & NEGATIVE else flags


@elementary.kernel
def _weight_noted(flags, w, largest):
    zero = largest - largest  # of the weight's own type, which a literal would widen
    flags = _noted(flags, _outside(w, zero, largest, False), _BAD_WEIGHT)
    return _noted(flags, w > zero, _POSITIVE_WEIGHT)


@functools.cache
def pointwise_loss(point: Callable, whole: bool, signed: bool = False) -> Callable:
    compiled = Compiled("pointwise_loss", point, whole, signed)
    point_ = compiled.kernel

    @compiled.loop
    def loop(start, stop, targets, raw, params, low, high, out):
        targets, raw, out = rows(targets, start, stop), rows(raw, start, stop), rows(out, start, stop)
        flags = _CLEAR
        for i in range(raw.shape[0]):
            t = columns(targets, i)
            f = np.float64(raw[i])
            flags = _noted(flags, bad_target(t, low, high, whole), _BAD_TARGET)
            if signed:
                flags = _class_noted(flags, t[0])
            flags = _noted(flags, not (abs(f) <= LARGEST), _BAD_RAW)
            out[i] = point_(*(t + (f,) + params))[0]  # noqa: RUF005
        return flags

    return loop


@functools.cache
def pointwise_gradient(point: Callable, column: int, whole: bool, signed: bool = False) -> Callable:
    """`column` is the place of the curvature in the tuple that the kernel returns: LLVM drops the others.

    No Hessian is below `least`, nothing is beyond `limit`.
    """
    compiled = Compiled("pointwise_gradient", point, column, whole, signed)
    point_ = compiled.kernel

    @compiled.loop
    def loop(start, stop, targets, raw, weight, params, low, high, least, limit, grad, hess):
        targets, raw, weight = rows(targets, start, stop), rows(raw, start, stop), rows(weight, start, stop)
        grad, hess = rows(grad, start, stop), rows(hess, start, stop)
        flags = _CLEAR
        for i in range(raw.shape[0]):
            t = columns(targets, i)
            f = np.float64(raw[i])
            w = np.float64(weight_of(weight, i, 1.0))
            flags = _noted(flags, bad_target(t, low, high, whole), _BAD_TARGET)
            if signed:
                flags = _class_noted(flags, t[0])
            flags = _noted(flags, not (abs(f) <= LARGEST), _BAD_RAW)
            flags = _weight_noted(flags, w, LARGEST)
            v = point_(*(t + (f,) + params))  # noqa: RUF005
            grad[i] = _saturated(_weighted(v[1], w), limit)
            hess[i] = min(max(_weighted(v[column], w), least), limit)
        return flags

    return loop


@functools.cache
def smoothed_sums(smoothed: Callable) -> Callable:
    """Weighted sums over all rows, in float64: how far the kernel's gradient is below the loss's own, its Hessian, and 1."""
    compiled = Compiled("smoothed_sums", smoothed)
    smoothed_ = compiled.kernel

    # Vectorised: the terms are added in another order than that of the rows, always the same one.
    @functools.partial(compiled.loop, fastmath={"reassoc", "nsz"})
    def loop(targets, raw, weight, params):
        below = 0.0
        curved = 0.0
        total = 0.0
        for i in range(np.uintp(raw.shape[0])):
            w = np.float64(weight_of(weight, i, 1.0))
            v = smoothed_(*(columns(targets, i) + (np.float64(raw[i]),) + params))  # noqa: RUF005
            below += _weighted(v[0] - v[1], w)
            curved += _weighted(v[2], w)
            total += w
        return below, curved, total

    return loop


@functools.cache
def smoothed_gradient(smoothed: Callable, whole: bool, signed: bool = False) -> Callable:
    """As `pointwise_gradient`, of (gradient + shift)*factor and Hessian*factor."""
    compiled = Compiled("smoothed_gradient", smoothed, whole, signed)
    smoothed_ = compiled.kernel

    @compiled.loop
    def loop(start, stop, targets, raw, weight, params, shift, factor, low, high, least, limit, grad, hess):
        targets, raw, weight = rows(targets, start, stop), rows(raw, start, stop), rows(weight, start, stop)
        grad, hess = rows(grad, start, stop), rows(hess, start, stop)
        flags = _CLEAR
        for i in range(raw.shape[0]):
            t = columns(targets, i)
            f = np.float64(raw[i])
            w = np.float64(weight_of(weight, i, 1.0))
            flags = _noted(flags, bad_target(t, low, high, whole), _BAD_TARGET)
            if signed:
                flags = _class_noted(flags, t[0])
            flags = _noted(flags, not (abs(f) <= LARGEST), _BAD_RAW)
            flags = _weight_noted(flags, w, LARGEST)
            v = smoothed_(*(t + (f,) + params))  # noqa: RUF005
            grad[i] = _saturated(_weighted((v[1] + shift) * factor, w), limit)
            hess[i] = min(max(_weighted(v[2] * factor, w), least), limit)
        return flags

    return loop


@functools.cache
def best_constants(point: Callable, among_residuals: bool, convex: bool, bound: int = 0) -> Callable:
    """The constant that, added to the scores of a group of rows, minimises their weighted loss: starts, and leaves.

    Group g is the rows from begin[g] to begin[g + 1]. The best constant is where the sum of the gradients changes its sign, the
    middle of where it is flat at zero. Where there is none it is the one at which the pull of the rows has fallen to 1/n, and
    is noted in `unbounded`. `among_residuals`: a loss of y - f, whose best constant lies among the residuals. Groups
    without weight get 0. `bound`: the place, in what the kernel returns, of a majorized curvature of such a loss that is not
    convex and may have several places of that kind: the one downhill from the weighted median of the residuals is taken.
    """
    compiled = Compiled("best_constants", point, among_residuals, convex, bound)
    point_ = compiled.kernel

    @compiled.piece
    def slope(targets, raw, weight, params, rows_, c):
        """Weighted sums of gradient and exact Hessian at raw + c; the weights are multiplied by rows_[2]."""
        total_grad = 0.0
        total_hess = 0.0
        for i in range(rows_[0], rows_[1]):
            v = point_(*(columns(targets, i) + (raw[i] + c,) + params))  # noqa: RUF005
            w = weight[i] * rows_[2]
            total_grad += _weighted(v[1], w)
            total_hess += _weighted(v[2], w)
        return total_grad, total_hess

    @compiled.piece
    def edge(targets, raw, weight, params, rows_, level, outside, inside):
        """The far end of the stretch where the slope is exactly the level, from `inside` towards `outside`."""
        if slope(targets, raw, weight, params, rows_, outside)[0] == level:
            return outside
        for _ in range(1100):
            middle = outside / 2 + inside / 2
            if middle == outside or middle == inside:
                break
            if slope(targets, raw, weight, params, rows_, middle)[0] == level:
                inside = middle
            else:
                outside = middle
        return inside

    @compiled.piece
    def root(targets, raw, weight, params, rows_, level, low, high):
        """Where the slope, which does not fall, crosses the level between low and high.

        Newton's steps where they stay inside the bracket and get shorter by half; bisection otherwise. A loss that is not
        convex may have several such places: there the bracket itself must be halved at least every other time.
        """
        if slope(targets, raw, weight, params, rows_, low)[0] > level:
            return low
        if slope(targets, raw, weight, params, rows_, high)[0] < level:
            return high
        c = low / 2 + high / 2
        before = high - low
        for _ in range(400):
            g, h = slope(targets, raw, weight, params, rows_, c)
            g -= level
            if g == 0.0:
                left = edge(targets, raw, weight, params, rows_, level, low, c)
                return left / 2 + edge(targets, raw, weight, params, rows_, level, high, c) / 2
            if g < 0.0:
                low = c
            else:
                high = c
            following = low / 2 + high / 2
            width = high - low
            if h > 0.0:
                step = c - g / h
                if convex and step == c:
                    return c
                if low < step < high and (abs(step - c) if convex else width) <= before / 2:
                    following = step
            if following == low or following == high or following == c:
                return following
            before = abs(following - c) if convex else width
            c = following
        return c

    @compiled.piece
    def bracket(targets, raw, weight, params, rows_, begin, smallest):
        """(low, high, level): where the slope changes its sign; the level it is to have instead where it does not."""
        pull = abs(slope(targets, raw, weight, params, rows_, begin)[0])
        low = high = begin
        # A finite constant is where the sign changes, however small the slope is before it. Where there is none the
        # slope runs out to 0 and has been small before; a loss that is flat at its best was steep until there.
        step, before = 1.0, pull
        g = slope(targets, raw, weight, params, rows_, high)[0]
        while g < 0.0 and step < 2.0**1000:
            low, high, step, before = high, high + step, step * 2, -g
            g = slope(targets, raw, weight, params, rows_, high)[0]
        if g == 0.0 and before <= smallest * pull < pull:
            return begin, high, -smallest * pull
        g = slope(targets, raw, weight, params, rows_, low)[0]
        while g > 0.0 and step < 2.0**1000:
            low, high, step, before = low - step, low, step * 2, g
            g = slope(targets, raw, weight, params, rows_, low)[0]
        if g == 0.0 and before <= smallest * pull < pull:
            return low, begin, smallest * pull
        return low, high, 0.0

    @compiled.piece
    def median(targets, raw, weight, rows_):
        """The weighted median of the residuals; the lower one, which is a residual, where two are in the middle."""
        first, last, _ = rows_
        residuals = np.empty(last - first)
        half = 0.0
        for i in range(first, last):
            residuals[i - first] = columns(targets, i)[0] - raw[i]
            half += 0.5 * weight[i]
        order = np.argsort(residuals)
        below = 0.0
        for i in order:
            below += weight[first + i]
            if below >= half:
                return residuals[i]
        return residuals[order[-1]]

    @compiled.piece
    def downhill(targets, raw, weight, params, rows_, level, low, high):
        """The root of the slope downhill from the median; the median itself where the slope is 0 there.

        A step of almost twice the one that the majorizing quadratic asks for still goes down, from anywhere, and soon
        beyond the root, which then lies between two constants.
        """
        c = median(targets, raw, weight, rows_)
        for _ in range(2000):
            g = h = 0.0
            for i in range(rows_[0], rows_[1]):
                v = point_(*(columns(targets, i) + (raw[i] + c,) + params))  # noqa: RUF005
                w = weight[i] * rows_[2]
                g += w * v[1]
                h += w * v[bound]
            if g == 0.0 or not h > 0.0:
                return c
            following = min(max(c - 1.9 * (g / h), low), high)
            if following == c:
                return c
            ahead = slope(targets, raw, weight, params, rows_, following)[0]
            if (g < 0.0) == (ahead > 0.0):
                left, right = min(c, following), max(c, following)
                return root(targets, raw, weight, params, rows_, level, left, right)
            c = following
        return c

    settled = downhill if bound else root

    @compiled.loop
    def loop(start, stop, targets, raw, weight, params, begin, best, unbounded):
        for group in range(start, stop):
            first, last = begin[group], begin[group + 1]
            total = middle = 0.0
            low, high, used = np.inf, -np.inf, 0
            for i in range(first, last):
                total += weight[i]
                middle += weight[i] * raw[i]
                if weight[i] > 0.0:
                    used += 1
                    residual = columns(targets, i)[0] - raw[i]
                    low, high = min(low, residual), max(high, residual)
            best[group], unbounded[group] = 0.0, False
            if used == 0:
                continue
            # By a power of two: sums of equal weights stay exact, and a slope that is 0 is 0.
            rows_ = (first, last, math.ldexp(1.0, -math.frexp(total)[1]))
            level = 0.0
            if not among_residuals:
                smallest = 1.0 / max(float(used), total, 2.0)
                low, high, level = bracket(targets, raw, weight, params, rows_, -middle / total, smallest)
            unbounded[group] = level != 0.0
            best[group] = settled(targets, raw, weight, params, rows_, level, low, high)
        return _CLEAR

    return loop


@functools.cache
def native_pointwise(function: Callable, wide: bool, whole: bool) -> Callable:
    """A booster's own arithmetic: float32 scores (XGBoost) or, if `wide`, float64 scores (LightGBM)."""
    compiled = Compiled("native_pointwise", function, wide, whole)
    function_ = compiled.kernel
    one_score = np.float64(1.0) if wide else np.float32(1.0)
    one = np.float32(1.0)
    largest = np.float32(LARGEST_FLOAT32)
    limit = LARGEST_FLOAT32 if wide else largest
    farthest = LARGEST if wide else largest

    @compiled.loop
    def loop(start, stop, y, raw, weight, params, low_, high_, grad, hess):
        y, raw, weight = rows(y, start, stop), rows(raw, start, stop), rows(weight, start, stop)
        grad, hess = rows(grad, start, stop), rows(hess, start, stop)
        low = np.float32(max(low_, -LARGEST_FLOAT32))
        high = np.float32(min(high_, LARGEST_FLOAT32))
        flags = _CLEAR
        for i in range(raw.shape[0]):
            f = narrowed(raw[i], one_score)
            w = weight_of(weight, i, one)
            t = target_of(y, i)
            flags = _noted(flags, bad_target(t, low, high, whole), _BAD_TARGET)
            flags = _noted(flags, not (abs(f) <= farthest), _BAD_RAW)
            flags = _weight_noted(flags, w, largest)
            g, h = function_(*(t + (f, w) + params))  # noqa: RUF005
            grad[i] = _saturated(_heard(g, w), limit)
            hess[i] = _saturated(_heard(h, w), limit)
        return flags

    return loop


@functools.cache
def native_sum(function: Callable) -> Callable:
    """A float64 sum of float32 terms function(y, f, w): what a booster's own objective takes its scale from."""
    compiled = Compiled("native_sum", function)
    function_ = compiled.kernel
    one = np.float32(1.0)
    like = np.float32(0.0)

    # Vectorised, so that the terms are added in another order than the booster's: its scale is then rounded to float32.
    @functools.partial(compiled.loop, fastmath={"reassoc", "nsz"})
    def loop(y, raw, weight):
        total = 0.0
        for i in range(np.uintp(raw.shape[0])):
            total += np.float64(function_(y[i], narrowed(raw[i], like), weight_of(weight, i, one)))
        return total

    return loop


@functools.cache
def rowwise_loss(row: Callable, whole: bool) -> Callable:
    compiled = Compiled("rowwise_loss", row, whole)
    row_ = compiled.kernel

    @compiled.loop
    def loop(start, stop, targets, raw, params, low, high, out):
        k = raw.shape[1]
        f = np.empty(k)
        grad = np.empty(k)
        hess = np.empty(k)
        flags = _CLEAR
        for i in range(np.uintp(start), np.uintp(stop)):
            t = columns(targets, i)
            finite = True
            for j in range(k):
                f[j] = raw[i, j]
                finite &= abs(f[j]) <= LARGEST
            flags = _noted(flags, not finite, _BAD_RAW)
            bad = _outside(t[0], low, high, whole)
            flags = _noted(flags, bad, _BAD_TARGET)
            if not bad:  # the kernel indexes with it
                out[i] = row_(*(t + (f,) + params + (grad, hess, 0)))  # noqa: RUF005
        return flags

    return loop


@functools.cache
def rowwise_gradient(row: Callable, kind: int, whole: bool) -> Callable:
    compiled = Compiled("rowwise_gradient", row, kind, whole)
    row_ = compiled.kernel

    @compiled.loop
    def loop(start, stop, targets, raw, weight, params, low, high, least, limit, grad, hess):
        k = raw.shape[1]
        f = np.empty(k)
        g = np.empty(k)
        h = np.empty(k)
        flags = _CLEAR
        for i in range(np.uintp(start), np.uintp(stop)):
            t = columns(targets, i)
            w = np.float64(weight_of(weight, i, 1.0))
            finite = True
            for j in range(k):
                f[j] = raw[i, j]
                finite &= abs(f[j]) <= LARGEST
            flags = _noted(flags, not finite, _BAD_RAW)
            flags = _weight_noted(flags, w, LARGEST)
            bad = _outside(t[0], low, high, whole)
            flags = _noted(flags, bad, _BAD_TARGET)
            if not bad:  # the kernel indexes with it
                row_(*(t + (f,) + params + (g, h, kind)))  # noqa: RUF005
                for j in range(k):
                    grad[i, j] = _saturated(_weighted(g[j], w), limit)
                    hess[i, j] = min(max(_weighted(h[j], w), least), limit)
        return flags

    return loop


def _score_pointer(context, builder, kind, array, k, start, i, j):
    """The address of array[start + i, j], of k scores a row, said so that LLVM sees it does not wrap around: it would check
    at run time for each score, and not make vectors where that are too many.
    """
    data = context.make_array(kind)(context, builder, array)
    shape = cgutils.unpack_tuple(builder, data.shape, 2)
    if kind.layout == "C":
        first = builder.gep(data.data, [builder.add(builder.mul(start, k), j)])
        return builder.gep(first, [builder.mul(i, k, flags=("nsw",))], inbounds=True)
    first = builder.gep(data.data, [builder.add(start, builder.mul(shape[0], j))])
    return builder.gep(first, [i], inbounds=True)


@intrinsic
def _score(typingctx, array, k, start, i, j):
    """array[start + i, j], of k scores a row."""

    def codegen(context, builder, signature, args):
        kind = signature.args[0]
        pointer = _score_pointer(context, builder, kind, *args)
        return builder.load(pointer, align=context.get_abi_sizeof(context.get_data_type(kind.dtype)))

    return array.dtype(array, types.intp, types.intp, types.intp, types.intp), codegen


@intrinsic
def _set_score(typingctx, array, k, start, i, j, value):
    """array[start + i, j] = value"""

    def codegen(context, builder, signature, args):
        kind = signature.args[0]
        pointer = _score_pointer(context, builder, kind, *args[:-1])
        builder.store(args[-1], pointer, align=context.get_abi_sizeof(context.get_data_type(kind.dtype)))
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, types.intp, types.intp, array.dtype), codegen


def scores_of(raw, k, start, i, places):
    """The scores of row start + i at these places as a tuple; in all it has k."""
    raise TypeError("scores_of is for compiled loops")


@overload(scores_of, jit_options={"error_model": "numpy", "forceinline": True})
def _scores_of(raw, k, start, i, places):
    def one(raw, k, start, i, places):
        return (np.float64(_score(raw, k, start, i, places[0])),)

    def several(raw, k, start, i, places):
        return (np.float64(_score(raw, k, start, i, places[0])),) + scores_of(raw, k, start, i, places[1:])  # noqa: RUF005

    return one if places.count == 1 else several


def all_finite(values):
    """Whether all numbers of a tuple are finite."""
    raise TypeError("all_finite is for compiled loops")


@overload(all_finite, jit_options={"error_model": "numpy", "forceinline": True})
def _all_finite(values):
    if values.count == 1:
        return lambda values: abs(values[0]) <= LARGEST
    return lambda values: (abs(values[0]) <= LARGEST) & all_finite(values[1:])


def fill(out, k, start, i, places, values, w, least, most):
    """What a row gives for its scores, with its weight, between two ends, in the places that `scores_of` reads."""
    raise TypeError("fill is for compiled loops")


@overload(fill, jit_options={"error_model": "numpy", "forceinline": True})
def _fill(out, k, start, i, places, values, w, least, most):
    def one(out, k, start, i, places, values, w, least, most):
        _set_score(out, k, start, i, places[0], min(max(_weighted(values[0], w), least), most))

    def several(out, k, start, i, places, values, w, least, most):
        _set_score(out, k, start, i, places[0], min(max(_weighted(values[0], w), least), most))
        fill(out, k, start, i, places[1:], values[1:], w, least, most)

    return one if places.count == 1 else several


@functools.cache
def few_loss(few: Callable, k: int, whole: bool) -> Callable:
    compiled = Compiled("few_loss", few, k, whole)
    few_ = compiled.kernel
    places = tuple(range(k))

    @compiled.loop
    def loop(start, stop, targets, raw, params, low, high, out):
        targets, out = rows(targets, start, stop), rows(out, start, stop)
        flags = _CLEAR
        for i in range(out.shape[0]):
            t = columns(targets, i)
            f = scores_of(raw, k, start, i, places)
            flags = _noted(flags, bad_target(t, low, high, whole), _BAD_TARGET)
            flags = _noted(flags, not all_finite(f), _BAD_RAW)
            out[i] = few_(*(t + (f,) + params))[0]  # noqa: RUF005
        return flags

    return loop


_STREAMS = 5  # more columns, of scores and results, are more pairs than LLVM checks for an overlap before a loop
_ROWS = 512


@functools.cache
def few_gradient(few: Callable, k: int, column: int, whole: bool, by_columns: bool) -> Callable:
    """As `pointwise_gradient`, for a small number k of scores a row, which the kernel takes and returns as tuples.

    The loop is vectorised over rows whether the scores of a row lie together or not, because it knows k. Where the scores lie
    by columns, and these are many, a few rows at a time are moved into one array, within which LLVM sees that nothing overlaps.
    """
    compiled = Compiled("few_gradient", few, k, column, whole, by_columns)
    few_ = compiled.kernel
    places = tuple(range(k))

    def body(targets, raw, weight, params, low, high, least, limit, grad, hess, start):
        flags = _CLEAR
        for i in range(targets[0].shape[0]):
            t = columns(targets, i)
            f = scores_of(raw, k, start, i, places)
            w = np.float64(weight_of(weight, i, 1.0))
            flags = _noted(flags, bad_target(t, low, high, whole), _BAD_TARGET)
            flags = _noted(flags, not all_finite(f), _BAD_RAW)
            flags = _weight_noted(flags, w, LARGEST)
            v = few_(*(t + (f,) + params))  # noqa: RUF005
            fill(grad, k, start, i, places, v[1], w, -limit, limit)
            fill(hess, k, start, i, places, v[column], w, least, limit)
        return flags

    body = compiled.piece(body, forceinline=True)

    def loop(start, stop, targets, raw, weight, params, low, high, least, limit, grad, hess):
        targets, weight = rows(targets, start, stop), rows(weight, start, stop)
        return body(targets, raw, weight, params, low, high, least, limit, grad, hess, start)

    def by_blocks(start, stop, targets, raw, weight, params, low, high, least, limit, grad, hess):
        room = np.empty((3, k, _ROWS))
        f, g, h = room[0].T, room[1].T, room[2].T
        flags = _CLEAR
        for first in range(start, stop, _ROWS):
            last = min(first + _ROWS, stop)
            turned(raw, first, 0, last - first, k, room[0], 0, 0)
            t, w = rows(targets, first, last), rows(weight, first, last)
            flags |= body(t, f, w, params, low, high, least, limit, g, h, 0)
            turned(room[1], 0, 0, k, last - first, grad, first, 0)
            turned(room[2], 0, 0, k, last - first, hess, first, 0)
        return flags

    return compiled.loop(by_blocks if by_columns and k > _STREAMS else loop)


def turned(source, row, column, rows, columns, target, target_row, target_column):
    """target[target_row + j, target_column + i] = source[row + i, column + j]."""
    raise TypeError("turned is for compiled loops")


@overload(turned, jit_options={"error_model": "numpy", "nogil": True})
def _turned(source, row, column, rows, columns, target, target_row, target_column):
    tiles = source.layout == target.layout == "C" and source.dtype == target.dtype
    along_columns = target.layout == "F"  # where both sides of a copy lie in one piece
    along_rows = source.layout == "F"
    kind = np.float32(0) if target.dtype == types.float32 else np.float64(0)

    def move(source, row, column, rows, columns, target, target_row, target_column):
        done_rows, done_columns = rows // 8 * 8, columns // 8 * 8
        if tiles:
            for j in range(0, done_columns, 8):
                for i in range(0, done_rows, 8):
                    turn_tile(source, row + i, column + j, target, target_row + j, target_column + i)
        elif along_columns or (not along_rows and rows < columns):
            done_rows = 0
        else:
            done_columns = 0
        # What is left over, along its longer side.
        for j in range(done_columns, columns):
            for i in range(rows):
                value = source[np.uintp(row) + np.uintp(i), np.uintp(column) + np.uintp(j)]
                target[np.uintp(target_row) + np.uintp(j), np.uintp(target_column) + np.uintp(i)] = narrowed(value, kind)
        for i in range(done_rows, rows):
            for j in range(done_columns):
                value = source[np.uintp(row) + np.uintp(i), np.uintp(column) + np.uintp(j)]
                target[np.uintp(target_row) + np.uintp(j), np.uintp(target_column) + np.uintp(i)] = narrowed(value, kind)

    return move


_BLOCK = 1 << 17  # bytes of scores in a block: with as many of Hessians, what a second-level cache holds
LOSS = -1
"""The kind that asks a block kernel for the losses, in place of gradients and a curvature; there is room for all of them."""


def room_like(scores, block):
    """A block of the type that the scores have, to turn them in: the block itself where that is its type."""
    raise TypeError("room_like is for compiled loops")


@overload(room_like, jit_options={"error_model": "numpy", "nogil": True})
def _room_like(scores, block):
    if scores.dtype == block.dtype:
        return lambda scores, block: block
    return lambda scores, block: np.zeros(block.shape, np.float32)


def gathered(raw, first, used, room, block):
    """Rows of scores into a block, class by class."""
    raise TypeError("gathered is for compiled loops")


@overload(gathered, jit_options={"error_model": "numpy", "nogil": True})
def _gathered(raw, first, used, room, block):
    turns, widens = raw.layout != "F", raw.dtype != block.dtype

    def gather(raw, first, used, room, block):
        k = raw.shape[1]
        if turns:
            turned(raw, first, 0, used, k, room, 0, 0)
            if widens:
                for j in range(np.uintp(k)):
                    for b in range(np.uintp(used)):
                        block[j, b] = room[j, b]
        else:
            for j in range(np.uintp(k)):
                for b in range(np.uintp(used)):
                    block[j, b] = raw[np.uintp(first) + b, j]

    return gather


def scattered(block, weight, least, limit, room, out, first, used):
    """A block of derivatives, times the weights, between the limits, into rows."""
    raise TypeError("scattered is for compiled loops")


@overload(scattered, jit_options={"error_model": "numpy", "nogil": True})
def _scattered(block, weight, least, limit, room, out, first, used):
    turns = out.layout != "F"

    def scatter(block, weight, least, limit, room, out, first, used):
        k = out.shape[1]
        for j in range(np.uintp(k)):
            if weight.size:
                for b in range(np.uintp(used)):
                    block[j, b] = _weighted(block[j, b], np.float64(weight[b]))
            for b in range(np.uintp(used)):
                value = min(max(block[j, b], least), limit)
                if turns:
                    room[j, b] = value
                else:
                    out[np.uintp(first) + b, j] = value
        if turns:
            turned(room, 0, 0, k, used, out, first, 0)

    return scatter


@functools.cache
def blockwise_loss(block: Callable, whole: bool) -> Callable:
    """`rowwise_loss` for a kernel that takes a block of rows at a time: see `blockwise_gradient`."""
    compiled = Compiled("blockwise_loss", block, whole)
    block_ = compiled.kernel

    @compiled.loop
    def loop(start, stop, targets, raw, params, low, high, out):
        k = raw.shape[1]
        size = _block_size(k, stop - start)
        f = np.zeros((k, size))
        room = room_like(raw, f)
        y, loss, g, h = np.zeros(size), np.empty(size), np.empty((k, size)), np.empty((k, size))
        flags = _CLEAR
        for first in range(start, stop, size):
            used = min(size, stop - first)
            flags |= _targets_taken(targets[0][first : first + used], low, high, whole, y)
            gathered(raw, first, used, room, f)
            flags |= _scores_noted(f, used)
            block_(*((y, f) + params + (loss, g, h, LOSS)))  # noqa: RUF005
            for b in range(np.uintp(used)):
                out[np.uintp(first) + b] = loss[b]
        return flags

    return loop


@functools.cache
def blockwise_gradient(block: Callable, kind: int, whole: bool) -> Callable:
    """`rowwise_gradient` for a kernel that takes a block of rows at a time, whose scores lie class by class.

    Neighbours in memory are then rows, which have nothing to do with each other, and fill vectors whatever k is. A block may
    have more rows than there are: what is in the last of them is computed, and not looked at. Without weights `weight` is empty:
    these loops are long, and what can be looked at when they run is not compiled twice.
    """
    compiled = Compiled("blockwise_gradient", block, kind, whole)
    block_ = compiled.kernel

    @compiled.loop
    def loop(start, stop, targets, raw, weight, params, low, high, least, limit, grad, hess):
        k = raw.shape[1]
        size = _block_size(k, stop - start)
        f, g, h = np.zeros((k, size)), np.empty((k, size)), np.empty((k, size))
        room = room_like(raw, f)
        y, loss = np.zeros(size), np.empty(size)
        flags = _CLEAR
        for first in range(start, stop, size):
            used = min(size, stop - first)
            weight_ = weight[first : first + used]  # of no weights: nothing
            flags |= _targets_taken(targets[0][first : first + used], low, high, whole, y)
            for b in range(np.uintp(weight_.size)):
                flags = _weight_noted(flags, np.float64(weight_[b]), LARGEST)
            gathered(raw, first, used, room, f)
            flags |= _scores_noted(f, used)
            block_(*((y, f) + params + (loss, g, h, kind)))  # noqa: RUF005
            scattered(g, weight_, -limit, limit, room, grad, first, used)
            scattered(h, weight_, least, limit, room, hess, first, used)
        return flags

    return loop


@numba.njit(error_model="numpy", nogil=True)
def _block_size(k, n):
    """Rows in a block: whole vectors, hardly more than there are, and few enough for the cache."""
    return max(min(_BLOCK // 16 // k // 32 * 32, 512, (n + 31) // 32 * 32), 32)


@elementary.kernel
def _targets_taken(targets, low, high, whole, y):
    """The flags of the targets of a block, which go into y: 0 in place of a bad one, with which a kernel might index."""
    flags = _CLEAR
    for b in range(np.uintp(targets.shape[0])):
        target = np.float64(targets[b])
        bad = _outside(target, low, high, whole)
        flags = _noted(flags, bad, _BAD_TARGET)
        y[b] = where(bad, 0.0, target)
    return flags


@elementary.kernel
def _scores_noted(f, used):
    flags = _CLEAR
    for j in range(np.uintp(f.shape[0])):
        for b in range(np.uintp(used)):
            flags = _noted(flags, not (abs(f[j, b]) <= LARGEST), _BAD_RAW)
    return flags


@functools.cache
def native_rowwise(function: Callable, wide: bool, whole: bool) -> Callable:
    """A booster's own arithmetic for k scores per row, a block of rows at a time; the targets are classes if `whole`.

    Within a block the scores lie class by class: neighbours in memory are then rows, which have nothing to do with each
    other, and fill vectors whatever k is. What moves data is apart from what computes, because only the latter can be
    vectorised where the k scores of a row lie together.
    """
    compiled = Compiled("native_rowwise", function, wide, whole)
    function_ = compiled.kernel
    score = np.float64 if wide else np.float32
    one = np.float32(1.0)
    largest = np.float32(LARGEST_FLOAT32)
    limit = LARGEST_FLOAT32 if wide else largest
    farthest = LARGEST if wide else largest
    most_scores = _BLOCK // np.dtype(score).itemsize
    target = np.int32 if whole else np.float32
    nothing = target(0)

    @compiled.loop
    def loop(start, stop, y, raw, weight, params, low_, high_, grad, hess):
        low = np.float32(max(low_, -LARGEST_FLOAT32))
        high = np.float32(min(high_, LARGEST_FLOAT32))
        k = raw.shape[1]
        size = max(min(most_scores // k // 32 * 32, 512), 32)
        f = np.zeros((k, size), score)
        h = np.empty((k, size), score)
        w = np.full(size, one)
        label = np.zeros(size, target)
        flags = _CLEAR
        for first in range(start, stop, size):
            used = min(size, stop - first)  # of the last block: the rest of it is computed, and not looked at
            y_, weight_ = rows(y, first, first + used), rows(weight, first, first + used)
            for b in range(used):
                bad = _outside(y_[b], low, high, whole)
                flags = _noted(flags, bad, _BAD_TARGET)
                label[b] = where(bad, nothing, target(y_[b]))
            for b in range(used):
                w[b] = weight_of(weight_, b, one)
                flags = _weight_noted(flags, w[b], largest)
            turned(raw, first, 0, used, k, f, 0, 0)
            flat = f.reshape(k * size)
            for i in range(flat.size):
                flags = _noted(flags, not (abs(flat[i]) <= farthest), _BAD_RAW)
            function_(*((label, f, w) + params + (h,)))  # noqa: RUF005
            flat_hess = h.reshape(k * size)
            for i in range(flat.size):
                flat[i] = _saturated(flat[i], limit)
                flat_hess[i] = _saturated(flat_hess[i], limit)
            turned(f, 0, 0, k, used, grad, first, 0)
            turned(h, 0, 0, k, used, hess, first, 0)
        return flags

    return loop


# ---------------------------------------------------------------------------------------------------------------------
# Losses of whole groups: `start` and `stop` count groups, which lie between their bounds


_ROOM = 640
"""Scratch space of a group beside that which grows with it."""


def weight_array(weight: np.ndarray | None, y: np.ndarray) -> np.ndarray:
    """Weights for loops over groups and blocks: without any an empty array of the type of the targets."""
    return np.empty(0, y.dtype) if weight is None else weight


@numba.njit(error_model="numpy", nogil=True)
def _largest(bounds, start, stop):
    most = 0
    for q in range(start, stop):
        most = max(most, bounds[q + 1] - bounds[q])
    return most


@functools.cache
def groupwise(group: Callable, kind: int) -> Callable:
    """Loss (where there is room for it), gradient and Hessian of whole groups. A group with anything bad is left out.

    `rank` is an order of the rows within each group in which the kernel is to see them, or None; without weights `weight`
    is empty. These kernels are long: what can be looked at when it runs is not compiled twice.
    """
    compiled = Compiled("groupwise", group, kind)
    group_ = compiled.kernel

    @compiled.loop
    def loop(start, stop, bounds, rank, targets, raw, weight, params, low, high, whole, least, limit, loss, grad, hess):
        most = _largest(bounds, start, stop)
        y, f, w, out, g, h = np.empty(most), np.empty(most), np.ones(most), np.empty(most), np.empty(most), np.empty(most)
        order, work = np.empty(2 * most, np.int64), np.empty(8 * most + _ROOM)
        flags = _CLEAR
        for q in range(start, stop):
            first = bounds[q]
            m = bounds[q + 1] - first
            bad = _CLEAR
            for i in range(m):
                row = first + i
                if rank is not None:
                    row = rank[row]
                y[i] = targets[0][row]
                f[i] = raw[row]
                bad = _noted(bad, _outside(y[i], low, high, whole), _BAD_TARGET)
                bad = _noted(bad, not (abs(f[i]) <= LARGEST), _BAD_RAW)
                if weight.size:  # else they stay 1
                    w[i] = weight[row]
                    bad = _weight_noted(bad, w[i], LARGEST)
            flags |= bad
            if bad & ~_POSITIVE_WEIGHT or m == 0:
                continue
            group_(*((y[:m], f[:m], w[:m]) + params + (out, g, h, order, work, kind)))  # noqa: RUF005
            for i in range(m):
                row = first + i
                if rank is not None:
                    row = rank[row]
                if loss.size:
                    loss[row] = out[i]
                grad[row] = _saturated(g[i], limit)
                hess[row] = min(max(h[i], least), limit)
        return flags

    return loop


@functools.cache
def native_groupwise(function: Callable, wide: bool) -> Callable:
    """A booster's own arithmetic for whole groups. A group in which anything is bad is left out.

    Without weights `weight` is empty. `each`, and with it the kernel, which must allocate nothing, does not count the
    references to what it slices: in short queries the counting, in atomic steps, took longer than the rest.
    """
    compiled = Compiled("native_groupwise", function, wide)
    function_ = compiled.kernel
    score = np.float64 if wide else np.float32
    like = score(0.0)
    one = np.float32(1.0)
    largest = np.float32(LARGEST_FLOAT32)
    farthest = LARGEST if wide else largest

    @functools.partial(compiled.piece, _nrt=False)
    def each(start, stop, bounds, y, raw, weight, params, low, high, whole, grad, hess, f, w, order, work):
        flags = _CLEAR
        for q in range(start, stop):
            first, last = bounds[q], bounds[q + 1]
            m = last - first
            y_, raw_, weight_ = y[first:last], raw[first:last], weight[first:last]
            grad_, hess_ = grad[first:last], hess[first:last]
            bad = _CLEAR
            for i in range(m):
                f[i] = narrowed(raw_[i], like)
                bad = _noted(bad, _outside(y_[i], low, high, whole), _BAD_TARGET)
                bad = _noted(bad, not (abs(f[i]) <= farthest), _BAD_RAW)
            for i in range(weight_.size):  # else they stay 1
                w[i] = weight_[i]
                bad = _weight_noted(bad, w[i], largest)
            flags |= bad
            if bad & ~_POSITIVE_WEIGHT or m == 0:
                continue
            function_(*((q, y_, f[:m], w[:m]) + params + (grad_, hess_, order, work)))  # noqa: RUF005
            for i in range(m):
                grad_[i] = _saturated(grad_[i], largest)
                hess_[i] = _saturated(hess_[i], largest)
        return flags

    @compiled.loop
    def loop(start, stop, bounds, y, raw, weight, params, low_, high_, whole, grad, hess):
        low = np.float32(max(low_, -LARGEST_FLOAT32))
        high = np.float32(min(high_, LARGEST_FLOAT32))
        most = _largest(bounds, start, stop)
        f, w = np.empty(most, score), np.full(most, one)
        order, work = np.empty(2 * most, np.int64), np.empty(8 * most + _ROOM)
        return each(start, stop, bounds, y, raw, weight, params, low, high, whole, grad, hess, f, w, order, work)

    return loop
