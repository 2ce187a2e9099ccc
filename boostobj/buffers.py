"""Result arrays that are used again as soon as nobody holds them any more.

A booster asks for gradients of the same size in every round and drops them at once. Given back to the system, that
memory comes back page by page, cleared: at a million rows and more this costs more than the computation. So up to
`KEPT` blocks wait here for the next round. A block returns when the last array over it is gone, whatever views were made
of it: arrays over a block have a lease as their base, and the lease's end is what brings the block back.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np

SMALLEST = 1 << 17
"""Bytes below which the C library's own allocator reuses memory by itself."""

KEPT = 4

# Only single steps that are atomic: a lease may end anywhere, in the garbage collector too.
_free: deque[np.ndarray] = deque(maxlen=KEPT)


class _Lease:
    """Holds a block for as long as an array over it lives."""

    __slots__ = ("__array_interface__", "_block")

    def __init__(self, block: np.ndarray, shape: tuple[int, ...]) -> None:
        self._block = block
        self.__array_interface__: dict[str, Any] = {
            "version": 3,
            "shape": shape,
            "typestr": np.dtype(np.float32).str,
            "data": (block.ctypes.data, False),
        }

    def __del__(self) -> None:
        _free.append(self._block)


def empty(shape: tuple[int, ...], order: str) -> np.ndarray:
    """A float32 array like np.empty's, over a block that nobody uses if there is one of fitting size."""
    size = 4 * math.prod(shape)
    if size < SMALLEST:
        return np.empty(shape, np.float32, order)  # type: ignore[call-overload]
    block = _waiting(size)
    if block is None:
        block = np.empty(size, np.uint8)
    flat = shape[::-1] if order == "F" else shape
    array = np.asarray(_Lease(block, flat))
    return array.T if order == "F" else array


def _waiting(size: int) -> np.ndarray | None:
    """A block of that many bytes, or up to twice as many (the folds of a cross-validation are not all of one size)."""
    for _ in range(KEPT):
        try:
            block = _free.pop()
        except IndexError:
            return None
        if size <= block.nbytes <= 2 * size:
            return block
        _free.appendleft(block)
    return None


def clear() -> None:
    """Give the waiting blocks back to the system."""
    _free.clear()
