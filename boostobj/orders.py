"""The order of targets by size, which some losses of whole groups go through: the same one in every round of a training."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable

import numpy as np

from . import loops

_found: collections.deque[np.ndarray] = collections.deque(maxlen=5)
"""The last orders: a training asks for the same one again and again, a cross-validation for a few in turn.

Guesses, not state: one is used only after it was seen to be the order.
"""


def _ascends(y, bounds, order):  # type: ignore[no-untyped-def]
    """Whether (|y|, row) ascends within each group: then no row occurs twice, so that all do."""
    for q in range(bounds.size - 1):
        first, last = bounds[q], bounds[q + 1]
        for i in range(first, last):
            row = order[i]
            if row < first or row >= last:
                return False
            if i > first:
                before = order[i - 1]
                a, b = abs(y[before]), abs(y[row])
                if not (a < b or (a == b and before < row)):
                    return False
    return True


@functools.cache
def _check() -> Callable[[np.ndarray, np.ndarray, np.ndarray], bool]:
    return loops.Compiled("order", _ascends).loop(_ascends)


def by_size(y: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Rows by ascending |y| within each group, those of equal |y| as they come.

    Parameters
    ----------
    y : float array of shape (n,), without NaN
    bounds : int64[G + 1]
        The groups are the rows from one bound to the next.

    Returns
    -------
    int64[n], not to be written to; in O(n) where it has been found before
    """
    for order in tuple(_found):
        if order.size == y.size and _check()(y, bounds, order):
            return order
    if len(bounds) == 2:
        order = np.argsort(np.abs(y), kind="stable")
    else:
        group = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
        order = np.lexsort((np.abs(y), group))
    order = order.astype(np.int64, copy=False)
    _found.append(order)
    return order
