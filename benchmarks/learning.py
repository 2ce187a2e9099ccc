"""What the benchmarks of learning share: who takes part, on how many cores, and the format of their results.

Here it is not time that is compared but what a model is worth on rows it has not seen. Each unit of work is a split of one
data set; it runs with one thread in a process of its own, and the numbers do not depend on how many of them run at once.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

import boostobj as bo
from boostobj.objective import Pointwise

from . import data, measure

BOOSTERS = {"xgboost": "XGBoost", "lightgbm": "LightGBM"}
RIVALS = ("catboost", "ngboost")
ROUNDS = 100


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def environment() -> dict[str, Any]:
    """What the results depend on, the rivals that are installed and the data sets that are at hand."""
    rivals = {name: importlib.metadata.version(name) for name in RIVALS if installed(name)}
    return {**measure.environment(), **rivals, "data": ", ".join(data.at_hand(*data.BUNDLED, *data.FILES))}


def registered() -> Iterator[tuple[str, type[bo.Objective]]]:
    """The package's own objectives, not those that other packages have registered."""
    for name, cls in sorted(bo.objectives.items()):
        if cls.__module__.startswith("boostobj."):
            yield name, cls


def fitted_to_data(cls: type[bo.Objective], **fixed: Any) -> bo.Objective:
    """The objective with "auto" for every parameter that can be taken from the data, and its defaults for the rest."""
    given = {p.name: "auto" for p in cls.parameters() if p.auto and p.name not in fixed}
    return cls(**given, **fixed)


def words(objective: bo.Objective) -> str:
    """What is not as by default, as one writes it."""
    fields = ((p.name, getattr(objective, p.name), p.default) for p in objective.parameters())
    return ", ".join(f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value!r}"
                     for name, value, default in fields if value != default)  # fmt: skip


def of_location(cls: type[bo.Objective]) -> bool:
    """Whether the loss is of one score that is the prediction itself, for any real target."""
    anywhere = np.isinf([cls.domain.low, cls.domain.high]).all() and not cls.domain.integer
    return issubclass(cls, Pointwise) and cls.link == "identity" and len(cls.targets) == 1 and bool(anywhere)


def robust(cls: type[bo.Objective]) -> bool:
    """Whether the loss is one of the residual alone, the same on both sides, whose gradient stays bounded.

    Read off the gradient: at the same residuals from several targets, at these with the other sign, and far out.
    """
    if not of_location(cls):
        return False
    objective = cls().resolve(np.linspace(-2, 2, 9))
    steps = np.array([0.25, 1.0, 3.0, 40.0, 2.0**20, 2.0**30])  # exact beside every target below
    slopes = {}
    for y in (0.0, 3.0, -48.0):
        for sign in (1.0, -1.0):
            slopes[y, sign] = sign * objective.grad_hess(np.full(steps.shape, y), y + sign * steps)[0]
    first = slopes[0.0, 1.0]
    same = all(np.allclose(s, first, rtol=1e-9, atol=0.0) for s in slopes.values())
    return same and bool(abs(first[-1]) <= 1.01 * abs(first[-2]))


def kind(cls: type[bo.Objective]) -> str:
    """How a loss of location is judged: "robust", and so promised, only if it is convex too."""
    if not robust(cls):
        return "other"
    return "robust" if cls.convex else "not convex"


def mean_and_error(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """The mean, and its standard error over the splits; 0 for a single one."""
    values = np.asarray(values, float)
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return float(values.mean()), float(error)


def rounded(value: float) -> float:
    return float(f"{value:.4g}")


def spread(function: Callable[..., Any], units: Sequence[Mapping[str, Any]], smoke: bool) -> Iterator[Any]:
    """What `function(**unit)` returns for each unit, in their order; on all cores, one thread each."""
    if smoke:
        yield from (function(**unit) for unit in units)
        return
    os.environ |= {"OMP_NUM_THREADS": "1", "BOOSTOBJ_NUM_THREADS": "1"}  # children read them when they start
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(measure.cores()), context, _to_stderr) as pool:
        for running in [pool.submit(function, **unit) for unit in units]:
            yield running.result()


def _to_stderr() -> None:
    """What boosters print must not get between the results, which go to stdout."""
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
