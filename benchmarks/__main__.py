"""One gradient step through us, against the NumPy formula and scikit-learn's loss: ratios of paired times.

    python -m benchmarks [--smoke]

Writes benchmarks/results.json (but for a smoke run, which only shows that everything runs).
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from sklearn._loss import HalfBinomialLoss

import boostobj as bo
from boostobj import parity

RESULTS = Path(__file__).with_name("results.json")


def paired_ratio(ours: Callable[[], Any], theirs: Callable[[], Any], pairs: int) -> dict[str, float]:
    """Median of ours/theirs over pairs run in alternating order, with the 95 % limits of a median."""
    ours()
    theirs()
    ratios, times = [], []
    for i in range(pairs):
        spent = {}
        for name, function in (("ours", ours), ("theirs", theirs))[:: 1 if i % 2 else -1]:
            begin = time.perf_counter()
            function()
            spent[name] = time.perf_counter() - begin
        ratios.append(spent["ours"] / spent["theirs"])
        times.append((spent["ours"], spent["theirs"]))
    ordered = np.sort(ratios)
    reach = int(np.ceil(0.98 * np.sqrt(pairs)))  # the sign test's interval: 1.96 standard deviations of n/2
    middle = pairs // 2
    mine, other = np.median(times, axis=0) * 1e3
    return {
        "ratio": round(float(np.median(ordered)), 4),
        "low": round(float(ordered[max(middle - reach, 0)]), 4),
        "high": round(float(ordered[min(middle + reach, pairs - 1)]), 4),
        "ours_ms": round(float(mine), 4),
        "theirs_ms": round(float(other), 4),
        "pairs": pairs,
    }


def numpy_log_loss(raw: np.ndarray, dtrain: xgb.DMatrix) -> tuple[np.ndarray, np.ndarray]:
    p = 1 / (1 + np.exp(-raw))
    return p - dtrain.get_label(), p * (1 - p)


def numpy_softmax(raw: np.ndarray, dtrain: xgb.DMatrix) -> tuple[np.ndarray, np.ndarray]:
    e = np.exp(raw - raw.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    grad = p.copy()
    grad[np.arange(len(p)), dtrain.get_label().astype(int)] -= 1
    return grad, 2 * p * (1 - p)


def numpy_pseudo_huber(raw: np.ndarray, dtrain: xgb.DMatrix) -> tuple[np.ndarray, np.ndarray]:
    z = raw - dtrain.get_label()
    scale = 1 + z**2
    root = np.sqrt(scale)
    return z / root, 1 / (scale * root)


def gradient_steps(n: int, pairs: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    raw = rng.normal(0, 3, n).astype(np.float32)
    y = (rng.random(n) < 0.5).astype(np.float32)
    binary = xgb.DMatrix(np.zeros((n, 1), np.float32), y)
    real = xgb.DMatrix(np.zeros((n, 1), np.float32), rng.normal(size=n))
    k, m = 10, max(n // 5, 10)
    many = rng.normal(size=(m, k)).astype(np.float32)
    classes = xgb.DMatrix(np.zeros((m, 1), np.float32), rng.integers(0, k, m))
    log_loss, softmax, huber = bo.LogLoss(), bo.Softmax(), bo.get("reg:pseudohubererror")
    half = HalfBinomialLoss()
    cases: list[tuple[str, str, int, Callable, Callable]] = [
        ("log_loss", "NumPy float32", n, lambda: log_loss(raw, binary), lambda: numpy_log_loss(raw, binary)),
        ("log_loss", "scikit-learn HalfBinomialLoss", n, lambda: log_loss(raw, binary),
         lambda: half.gradient_hessian(y, raw)),
        ("pseudo_huber", "NumPy float32", n, lambda: huber(raw, real), lambda: numpy_pseudo_huber(raw, real)),
        ("softmax, 10 classes", "NumPy float32", m, lambda: softmax(many, classes),
         lambda: numpy_softmax(many, classes)),
    ]  # fmt: skip
    return [
        {"what": what, "against": against, "rows": rows, **paired_ratio(ours, theirs, pairs)}
        for what, against, rows, ours, theirs in cases
    ]


def cpu() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, nothing written")
    arguments = parser.parse_args()
    rows = gradient_steps(2_000, 5) if arguments.smoke else gradient_steps(1_000_000, 41)
    for row in rows:
        print(
            f"{row['what']:22} against {row['against']:30} {row['rows']:>9} rows: ratio {row['ratio']:.3f}"
            f" ({row['low']:.3f} to {row['high']:.3f}), {row['ours_ms']:.3f} ms against {row['theirs_ms']:.3f} ms"
        )
    if not arguments.smoke:
        environment = {**parity.environment(), "cpu": cpu()}
        RESULTS.write_text(json.dumps({"environment": environment, "gradient step": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
