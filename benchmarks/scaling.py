"""How a gradient step grows with the rows, on one core.

Nanoseconds per row at n rows against n/10: 1 is linear, the overhead of a call pulls the small sizes below it, leaving
the caches lifts the large ones above. The overhead itself is the whole call at 100 rows; with a DMatrix also against what its
get_label and get_weight would cost.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import boostobj as bo

from .gradient import dmatrix
from .measure import Meter, Row, meter, pairs, promised, row

LEAST = 2e-3  # seconds: a thousand times what a clock adds
OVERHEAD = 20e-6


def _per_row(measure: Meter, n: int) -> Meter:
    return lambda: measure() / n


def run(smoke: bool) -> Iterator[Row]:
    objective = bo.LogLoss()
    largest = {"arrays": 4, "DMatrix": 4} if smoke else {"arrays": 8, "DMatrix": 7}
    rng = np.random.default_rng(0)
    n = 10 ** max(largest.values())
    scores = rng.standard_normal(n, np.float32)
    labels = (scores > 0).astype(np.float32)

    for style, exponent in largest.items():
        before = None
        for n in (10**i for i in range(2, exponent + 1)):
            raw, y = scores[:n], labels[:n]
            data = (raw, dmatrix(raw, y)) if style == "DMatrix" else (y, raw)
            whole = meter(lambda data=data: objective(*data), LEAST)
            if n == 100:
                yield from overhead(style, data, whole, 5 if smoke else 41)
            if before:
                taken = pairs(_per_row(whole, n), _per_row(before, n // 10), 5 if smoke else 11)
                yield row("scaling", f"log_loss, {style}, one row", "a tenth of the rows", taken, unit="ns", rows=n)
            before = whole


def overhead(style: str, data: tuple, whole: Meter, count: int) -> Iterator[Row]:
    what = f"log_loss, {style}, whole call"
    if style == "DMatrix":
        reading = meter(lambda: (data[1].get_label(), data[1].get_weight()), LEAST)
        taken = pairs(whole, reading, count)
        yield row("scaling", what, "get_label and get_weight", taken, unit="µs", rows=100)
        measured = taken[:, 0]
    else:
        measured = np.array([whole() for _ in range(count)])
    yield row("scaling", what, "the promise", promised(OVERHEAD, measured), unit="µs", limit=1.0, rows=100)
