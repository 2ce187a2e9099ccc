"""Numerical derivatives of functions that nobody knows, each with an estimate of its own error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_RATIO = 4.0
_SMALLEST = 2.0**-14


def slopes(
    function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, reach: float, least: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """The derivative of each value of `function` by its own element of x, and how far it may be off.

    Central differences over steps from `reach` down, each a quarter of the last, every two of them extrapolated to 0
    (Richardson): the truncation error of a smooth function falls by 256 from one to the next, while noise (float32 inside,
    cancellation) rises by 4. Where three neighbours agree best lies the estimate, and what they differ by is its error; at
    a kink no three agree, and the error is of the size of the estimate.

    Parameters
    ----------
    function : callable
        Takes an array like x and returns one of its shape; every value must depend on its own element alone, as far as x
        is moved.
    x : array of shape (n,)
    reach : float
        The largest step, in the unit of x: the distance over which the function changes.
    least : float
        The least distance over which it may change, in the unit of x: steps go down to a small part of it.

    Returns
    -------
    slope, error : arrays of shape (n,)
        NaN and inf where fewer than three neighbours are finite.

    >>> slope, error = slopes(np.exp, np.array([0.0, 3.0]), 1.0)
    >>> bool((abs(slope - np.exp([0.0, 3.0])) <= error).all() and (error < 1e-9).all())
    True
    """
    steps = [reach]
    while steps[-1] > _SMALLEST * min(least, reach) or len(steps) < 6:
        steps.append(steps[-1] / _RATIO)
    plain, noise = [], []
    for step in steps:
        above, below = x + step, x - step
        up, down = function(above), function(below)
        with np.errstate(all="ignore"):
            plain.append((up - down) / (above - below))  # the steps that were taken, not those that were asked for
            noise.append(8.0 * np.maximum(_rounding(up), _rounding(down)) / step)
    d = np.array(plain)
    with np.errstate(all="ignore"):
        r = (_RATIO**2 * d[1:] - d[:-1]) / (_RATIO**2 - 1.0)
        apart = np.abs(np.diff(r, axis=0))
        error = np.maximum(apart[:-1], apart[1:]) + np.array(noise)[2:-1]
    error[~np.isfinite(error)] = np.inf
    best = error.argmin(axis=0)
    rows = np.arange(x.size)
    slope, off = r[1:-1][best, rows], error[best, rows]
    return np.where(np.isfinite(off), slope, np.nan), off


def _rounding(values: np.ndarray) -> np.ndarray:
    """What the last digit of each value stands for: that of float32 where float32 holds them all."""
    with np.errstate(over="ignore", invalid="ignore"):
        single = np.array_equal(values.astype(np.float32), values, equal_nan=True)
    return np.abs(values) * (2.0**-23 if single else 2.0**-52)
