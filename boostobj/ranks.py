"""Sorting in compiled kernels, without allocating: the scores of one query from the highest to the lowest."""

from __future__ import annotations

import math

import numba
import numpy as np

from .elementary import kernel, where

_RUN = 16
"""Rows that are put in order by counting those above each; longer ones are merged from such runs."""


@kernel
def _by_counting(source, start, stop, order, key):
    run = source[start:stop]
    for i in range(run.size):
        score, place = run[i], start
        for j in range(i):
            place += np.int64(run[j] >= score)  # of equal ones the first stays first
        for j in range(i + 1, run.size):
            place += np.int64(run[j] > score)
        order[place], key[place] = start + i, score


@kernel
def _merged(order, key, start, middle, stop, to_order, to_key):
    if middle >= stop or key[middle - 1] >= key[middle]:
        for k in range(start, stop):
            to_order[k], to_key[k] = order[k], key[k]
        return
    a, b, k = start, middle, start
    while a < middle and b < stop:
        right = key[b] > key[a]  # of equal ones the first stays first
        place = where(right, b, a)
        to_order[k], to_key[k] = order[place], key[place]
        b += right
        a += not right
        k += 1
    for rest in range(a, middle):
        to_order[k], to_key[k] = order[rest], key[rest]
        k += 1
    for rest in range(b, stop):
        to_order[k], to_key[k] = order[rest], key[rest]
        k += 1


@numba.njit(error_model="numpy", nogil=True)
def descending(source, order, key, spare_order, spare_key):
    """Rows by falling score, ties in the order of the rows: a stable merge sort.

    Parameters
    ----------
    source : float array of shape (m,)
        The scores.
    order : int64 array of shape (m,)
        Filled with the rows, the highest first.
    key : array of the dtype of `source`, shape (m,)
        Filled with their scores.
    spare_order, spare_key : arrays like `order` and `key`
        Room to work in; contents are lost.
    """
    m = source.size
    turns, size = 0, _RUN
    while size < m:
        size *= 2
        turns += 1
    if turns % 2 == 1:
        order, key, spare_order, spare_key = spare_order, spare_key, order, key
    for start in range(0, m, _RUN):
        _by_counting(source, start, min(start + _RUN, m), order, key)
    size = _RUN
    while size < m:
        for start in range(0, m, 2 * size):
            _merged(order, key, start, min(start + size, m), min(start + 2 * size, m), spare_order, spare_key)
        order, key, spare_order, spare_key = spare_order, spare_key, order, key
        size *= 2


_discounts = np.empty(0)


def discounts(m: int) -> np.ndarray:
    """1/log2(rank + 1) for the ranks 1, 2, ..., m at least: the discounts of DCG, with the C library's log2."""
    global _discounts
    found = _discounts
    if found.size < m:
        size = max(m, 1024, 2 * found.size)
        found = _discounts = np.array([1.0 / math.log2(rank) for rank in range(2, size + 2)])
    return found
