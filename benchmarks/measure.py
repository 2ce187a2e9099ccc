"""How everything here is measured, and the one format of a result.

Two sides are timed in pairs, one directly after the other, in alternating order, in one process: what else the machine
does falls on both. A result is the median of the ratios of the pairs (below 1: ours is faster, or smaller), with its
95 % confidence limits. A limit is kept if the upper confidence limit is not above it.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom

Row = dict[str, Any]
Meter = Callable[[], float]

ROOT = Path(__file__).parent.parent
UNITS = {"ns": 1e9, "µs": 1e6, "ms": 1e3, "s": 1.0, "MB": 1e-6, "": 1.0}


def meter(function: Callable[[], Any], least: float = 0.0, clock: Callable[[], float] = time.perf_counter) -> Meter:
    """Seconds of one call: the mean over as many calls as last `least` seconds, for calls shorter than a clock is exact."""

    def measure(calls: int) -> float:
        begin = clock()
        for _ in range(calls):
            function()
        return (clock() - begin) / calls

    function()
    calls = 1
    if least:
        once = min(measure(1) for _ in range(5))  # the least: an interruption here would count for all that follows
        calls = max(1, math.ceil(least / max(once, 1e-9)))
    return lambda: measure(calls)


def pairs(ours: Meter, theirs: Meter, count: int) -> np.ndarray:
    """(count, 2): ours and theirs."""
    taken = np.empty((count, 2))
    for i in range(count):
        for side in (0, 1) if i % 2 else (1, 0):
            taken[i, side] = (ours, theirs)[side]()
    return taken


def median_with_limits(values: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """The median and its 95 % confidence limits: order statistics, from the binomial distribution of the sign test.

    Fewer than six values have no such limits: their extremes are given.
    """
    ordered = np.sort(values)
    n = len(ordered)
    below = max(int(binom.ppf(0.025, n, 0.5)) - 1, 0)
    return float(np.median(ordered)), float(ordered[below]), float(ordered[n - 1 - below])


def row(
    benchmark: str,
    what: str,
    against: str,
    taken: np.ndarray | Sequence[Sequence[float]],
    *,
    unit: str = "ms",
    limit: float | None = None,
    goal: float | None = None,
    **where: int | str,
) -> Row:
    """One result, from pairs in seconds or bytes, or without a unit. `limit` is promised; a `goal` is not."""
    taken = np.asarray(taken, float)
    ratio, low, high = median_with_limits(taken[:, 0] / taken[:, 1])
    ours, theirs = np.median(taken, axis=0) * UNITS[unit]
    shown = {"ratio": ratio, "low": low, "high": high, "ours": ours, "theirs": theirs}
    return {
        "benchmark": benchmark,
        "what": what,
        **where,
        "against": against,
        **{name: float(f"{value:.4g}") for name, value in shown.items()},
        "unit": unit,
        "pairs": len(taken),
        "limit": limit if limit is None else float(f"{limit:.4g}"),
        **({} if goal is None else {"goal": goal}),
    }


def promised(seconds: float, measured: np.ndarray | Sequence[float]) -> np.ndarray:
    """Pairs of what was measured and a time that is promised: a promise in seconds in the format of the others."""
    return np.stack([np.asarray(measured, float), np.full(len(measured), seconds)], axis=1)


def broken(rows: Sequence[Row]) -> list[Row]:
    """The rows whose limit is not kept; a ratio that is not a number keeps none.

    A ratio without confidence limits, of means over splits of data, is compared itself.
    """
    return [r for r in rows if r["limit"] is not None and not r.get("high", r["ratio"]) <= r["limit"]]


def get_gradient(log: str) -> float:
    """Seconds of one call of XGBoost's own GetGradient, from what its monitor prints when the booster is deleted."""
    found = re.findall(r"GetGradient: (\S+)s, (\d+) calls", log)
    if len(found) != 1:
        raise ValueError(f"XGBoost's log must name GetGradient once, found {len(found)} times")
    total, calls = found[0]
    return float(total) / int(calls)


def cores() -> list[int]:
    """The cores this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def environment() -> dict[str, Any]:
    """What a result depends on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    packages = ("xgboost", "lightgbm", "numpy", "numba", "scipy", "scikit-learn")
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in packages},
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "cpu": names[0] if names else platform.processor(),
        "cores": len(cores()),
    }


def fresh(module: str, function: str, cores: int = 1, **arguments: Any) -> Iterator[Any]:
    """What benchmarks.MODULE.FUNCTION(**arguments) yields in a new process with so many cores and threads."""
    command = [sys.executable, "-m", "benchmarks.worker", module, function, str(cores), json.dumps(arguments)]
    threads = {name: str(cores) for name in ("OMP_NUM_THREADS", "BOOSTOBJ_NUM_THREADS")}
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | threads, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield from map(json.loads, process.stdout)
    if process.returncode:
        raise RuntimeError(f"benchmarks.{module}.{function} ended with status {process.returncode}")
