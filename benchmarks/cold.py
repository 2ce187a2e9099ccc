"""What it costs to begin: importing the package, the first gradient step, and the very first one, which is compiled.

Everything in fresh processes, which time themselves: on top of importing NumPy and Numba, against that import in the same
process. A first step includes importing the package, and no booster: the scikit-learn call style needs none. Machine code
is kept in a folder of our own, so that a run does not depend on what the package has kept.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from .measure import ROOT, Row, promised, row

IMPORT, FIRST = 0.3, 0.5  # seconds

# A child prints the seconds of what is measured and of importing Numba, which brings NumPy.
CHILD = """
import time
begin = time.perf_counter()
import numba
theirs = time.perf_counter() - begin
import numpy as np
begin = time.perf_counter()
import boostobj
{step}
print(time.perf_counter() - begin, theirs)
"""
STEP = "boostobj.get({name!r})(np.zeros(8, np.float32), np.zeros({shape}, np.{dtype}))"
DTYPES = {"XGBoost": "float32", "LightGBM": "float64"}  # what the scikit-learn call style knows a booster by


def child(step: str, cache: str) -> list[float]:
    command = [sys.executable, "-c", CHILD.format(step=step)]
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def run(smoke: bool) -> Iterator[Row]:
    count, compiled = (2, 1) if smoke else (11, 3)
    names = ("log_loss",) if smoke else ("log_loss", "pseudo_huber", "log_cosh", "softmax")
    boosters = list(DTYPES)[: 1 if smoke else None]
    against = "importing Numba"

    with tempfile.TemporaryDirectory() as cache:
        child("", cache)
        taken = [child("", cache) for _ in range(count)]
    yield row("cold", "import boostobj", against, taken, unit="s")
    yield row("cold", "import boostobj", "the promise", promised(IMPORT, [t[0] for t in taken]), unit="s", limit=1.0)

    for name in names:
        for booster in boosters:
            step = STEP.format(name=name, shape=(8, 3) if name == "softmax" else 8, dtype=DTYPES[booster])
            what = f"{name}, {booster}"
            empty = []
            for _ in range(compiled):
                with tempfile.TemporaryDirectory() as cache:
                    empty.append(child(step, cache))
            with tempfile.TemporaryDirectory() as cache:
                child(step, cache)
                taken = [child(step, cache) for _ in range(count)]
            first = promised(FIRST, [t[0] for t in taken])
            yield row("cold", f"{what}, first call", against, taken, unit="s")
            yield row("cold", f"{what}, first call", "the promise", first, unit="s", limit=1.0)
            yield row("cold", f"{what}, very first call", against, empty, unit="s")
