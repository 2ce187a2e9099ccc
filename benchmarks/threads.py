"""What a second thread of ours is worth, and what it costs beside the threads of a booster.

The gain is promised for softmax. One score a row takes so little time that the memory which both cores share decides, and
with it what else the machine does: for log_loss the most that two cores can gain is measured beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb

import boostobj as bo

from .measure import Meter, Row, cores, meter, pairs, row
from .training import WIDE, lightgbm_sides, synthetic, xgboost_sides

LIMIT = 1 / 1.7
LEAST = 5e-3


def with_threads(threads: int, measure: Meter) -> Meter:
    def measured() -> float:
        bo.set_num_threads(threads)
        return measure()

    return measured


def one_and_two(what: str, step: Callable[[], Any], count: int, limit: float | None, **where: int) -> Row:
    sides = []
    for threads in (2, 1):
        bo.set_num_threads(threads)
        sides.append(with_threads(threads, meter(step, LEAST)))
    return row("threads", what, "1 thread", pairs(*sides, count), limit=limit, **where, threads=2)


def run(smoke: bool) -> Iterator[Row]:
    if len(cores()) < 2:
        print("two threads need two cores: not measured")
        return
    count = 5 if smoke else 41
    sizes = (1_000, 3_000) if smoke else (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
    k = 10
    rng = np.random.default_rng(0)
    raw = rng.standard_normal(sizes[-1], np.float32)
    wide = raw.astype(np.float64)
    y = (raw > 0).astype(np.float32)
    scores = rng.standard_normal((sizes[-1] // 5, k), np.float32)
    classes = (np.arange(len(scores)) % k).astype(np.float32)
    log_loss, softmax = bo.LogLoss(), bo.Softmax()
    for n in sizes:
        more = count * (2 if n == 1_000_000 else 1)
        yield one_and_two("log_loss", lambda n=n: log_loss(y[:n], raw[:n]), more, None, rows=n)
        yield one_and_two("log_loss, LightGBM", lambda n=n: log_loss(y[:n], wide[:n]), more, None, rows=n)
        limit = LIMIT if n == 1_000_000 else None
        m = n // 5
        step = lambda m=m: softmax(classes[:m], scores[:m])  # noqa: E731
        yield one_and_two("softmax", step, more, limit, rows=m, classes=k)
    yield two_halves(y, raw, count)
    for threads in (1, 2):
        yield several_callers(log_loss, y, raw, threads, count)

    n, rounds = (2_000, 2) if smoke else (200_000, 10)
    x, target = synthetic(n, WIDE, 2)
    for booster, training in (
        ("XGBoost", xgboost_sides(log_loss, xgb.DMatrix(x, target, nthread=2), rounds, nthread=2)[0]),
        ("LightGBM", lightgbm_sides(log_loss, {"objective": "binary"}, lgb.Dataset(x, target), rounds, num_threads=2)[0]),
    ):
        taken = pairs(*(with_threads(threads, meter(training)) for threads in (2, 1)), 2 if smoke else 61)
        what = f"training log_loss with {booster}'s 2 threads"
        yield row("threads", what, "1 thread of ours", taken, unit="s", limit=1.03, rows=n, columns=WIDE, threads=2)


def two_halves(y: np.ndarray, raw: np.ndarray, count: int) -> Row:
    """What two cores can gain on log_loss of float32: two threads that know nothing of each other, half of the rows each.

    A row takes a nanosecond and moves 24 bytes, so that the memory that both share decides.
    """
    bo.set_num_threads(1)
    objective, half, calls = bo.LogLoss(), len(y) // 2, 20

    def repeated(part: slice) -> None:
        for _ in range(calls):
            objective(y[part], raw[part])

    with ThreadPoolExecutor(2) as two, ThreadPoolExecutor(1) as one:
        halves = [slice(half), slice(half, None)]
        taken = pairs(
            meter(lambda: list(two.map(repeated, halves))), meter(lambda: list(one.map(repeated, [slice(None)]))), count
        )
    return row("threads", "log_loss, two halves, each by itself", "all rows", taken, rows=len(y), threads=2)


def several_callers(objective: bo.Objective, y: np.ndarray, raw: np.ndarray, threads: int, count: int) -> Row:
    """Two Python threads at once, as in a joblib search with threads, against the same calls one after another."""
    bo.set_num_threads(threads)
    expected = objective(y, raw)

    # In turn in a thread as well: glibc gives threads other memory than it gives the main one, which page faults tell.
    def calls(callers: ThreadPoolExecutor) -> Callable[[], Any]:
        return lambda: list(callers.map(lambda _: objective(y, raw) and None, range(8)))

    with ThreadPoolExecutor(2) as two, ThreadPoolExecutor(1) as one:
        for found in two.map(lambda _: objective(y, raw), range(4)):
            np.testing.assert_array_equal(found, expected)
        taken = pairs(*(with_threads(threads, meter(calls(callers), LEAST)) for callers in (two, one)), count)
    return row("threads", "log_loss, 8 calls by 2 callers", "the same calls in turn", taken, rows=len(y), threads=threads)
