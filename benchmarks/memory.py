"""Memory, as multiples of what cannot be less: the arrays that go in and come out. Reads Linux's /proc.

The size of a process is measured in processes of their own, after the first call; its peak is reset before the call
(Linux: a 5 written to clear_refs), so that building the data does not count.
"""

from __future__ import annotations

import os
import resource
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb

import boostobj as bo

from .gradient import dmatrix
from .measure import Row, fresh, row


def run(smoke: bool) -> Iterator[Row]:
    early, late = (5, 20) if smoke else (100, 1000)
    for booster in ("XGBoost",) if smoke else ("XGBoost", "LightGBM"):
        for name in ("log_loss", "its own"):
            sizes = list(fresh("memory", "grow", booster=booster, own=name == "its own", rounds=[late, early]))
            what = f"{booster} with {name}, process after {late} rounds"
            yield row("memory", what, f"after {early} rounds", sizes, unit="MB", rows=100_000)
    n = 10_000 if smoke else 1_000_000
    for style in ("arrays", "DMatrix"):
        for name, k in (("log_loss", 1), ("softmax", 10)):
            yield row("memory", f"{name}, {style}, allocated by a call", "its outputs", [allocated(name, style, n // k, k)],
                      unit="MB", rows=n // k, **({"classes": k} if k > 1 else {}))  # fmt: skip
    n = 100_000 if smoke else 100_000_000
    for style in ("arrays", "DMatrix"):
        sizes = list(fresh("memory", "peak", style=style, n=n))
        yield row("memory", f"log_loss, {style}, peak of the process", "inputs and outputs", sizes, unit="MB", rows=n)


def data(style: str, n: int, k: int) -> tuple[np.ndarray, Any]:
    raw = np.random.default_rng(0).standard_normal((n, k) if k > 1 else n, np.float32)
    y = np.zeros(n, np.float32)
    y[: n // 2] = 1
    return (raw, dmatrix(raw, y)) if style == "DMatrix" else (y, raw)


def allocated(name: str, style: str, n: int, k: int) -> tuple[int, int]:
    objective = bo.get(name)
    objective(*data(style, 10, k))
    arguments = data(style, n, k)
    tracemalloc.start()
    found = objective(*arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, sum(a.nbytes for a in found)


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def grow(booster: str, own: bool, rounds: list[int]) -> Iterator[list[int]]:
    """Bytes of the process after so many rounds."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100_000, 2))
    y = (x.sum(axis=1) + rng.logistic(size=len(x)) > 0).astype(np.float32)
    objective = bo.LogLoss()
    sizes = {}
    if booster == "XGBoost":

        class Watch(xgb.callback.TrainingCallback):
            def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
                sizes[epoch + 1] = resident()
                return False

        dtrain = xgb.DMatrix(x, y)
        params = objective.train_params(dtrain, nthread=1) | {"max_depth": 1, "nthread": 1}
        xgb.train(params, dtrain, max(rounds), obj=None if own else objective, callbacks=[Watch()])
    else:
        params = {"objective": "binary" if own else objective, "num_leaves": 2, "num_threads": 1, "verbosity": -1}
        watch = lambda env: sizes.update({env.iteration + 1: resident()})  # noqa: E731
        lgb.train(params, lgb.Dataset(x, y), max(rounds), callbacks=[watch])
    yield [sizes[n] for n in rounds]


def peak(style: str, n: int) -> Iterator[list[int]]:
    """Bytes of inputs and of what the process grew by during a call; bytes of inputs and outputs."""
    objective = bo.LogLoss()
    objective(*data(style, 10, 1))
    arguments = data(style, n, 1)
    inputs = 2 * arguments[0].nbytes  # scores and labels, which a DMatrix keeps
    Path("/proc/self/clear_refs").write_text("5")
    before = resident()
    found = objective(*arguments)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    yield [inputs + grown, inputs + sum(a.nbytes for a in found)]
