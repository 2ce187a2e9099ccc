"""How far numbers spread, weighted: what "auto" is made of."""

from __future__ import annotations

import numpy as np


def median(values: np.ndarray, weight: np.ndarray | None) -> float:
    """The weighted median; the middle where half of the weight is on either side. Weights must not all be 0."""
    if weight is None:
        return float(np.median(values))
    counts = weight > 0
    values, weight = values[counts], weight[counts]
    order = np.argsort(values)
    sums = np.cumsum(weight[order], dtype=np.float64)
    half = sums[-1] / 2
    place = int(np.searchsorted(sums, half))
    low = values[order[place]]
    return float(low if sums[place] != half else low / 2 + values[order[place + 1]] / 2)


def robust(residuals: np.ndarray, weight: np.ndarray | None) -> float:
    """The weighted median of |r|: 0 where half of the residuals or more are 0."""
    return median(np.abs(residuals), weight)


def of_roots(residuals: np.ndarray, weight: np.ndarray | None) -> float:
    """(weighted mean of sqrt|r|)**2: outliers count little, and only residuals that are all 0 give 0.

    Of normal residuals it is 0.676 standard deviations, and the median of |r| is 0.674. NaN where weights or residuals
    are.
    """
    roots = np.sqrt(np.abs(residuals))
    mean = roots.mean() if weight is None else (roots @ weight) / weight.sum()
    return float(mean * mean)
