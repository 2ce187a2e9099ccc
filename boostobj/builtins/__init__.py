"""What each booster's own objectives compute, to the bit: a table of rows.

A row is a fact about another program, not a second copy of the mathematics: it names the textbook objective that it
computes, and the conformance checks hold its arithmetic against that. Adding a built-in adds one row.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..domain import Interval, Parameter

CHECKED = {"xgboost": ("2.1.0", "3.2.0", "3.4.1"), "lightgbm": ("4.0.0", "4.7.0")}
"""The versions on which every row below gave identical trees when this release was made."""


@dataclass(frozen=True)
class Step:
    """The data of one gradient step, where a row of the table needs more of it than the kernel sees."""

    y: np.ndarray  # float32, (n,), or (n, 2) where targets are intervals
    raw: np.ndarray  # (n,) or (n, k)
    weight: np.ndarray | None  # float32, (n,): of rows
    group_weight: np.ndarray | None = None  # float32, (G,): XGBoost's weights of groups
    bounds: np.ndarray | None = None  # int64, (G + 1,): the groups are the rows from one bound to the next
    memory: dict[str, Any] | None = None
    """What lasts from round to round of one training: "round", counted from 0, and what `finish` keeps. None in a plain call."""
    data: Any = None  # the DMatrix or Dataset; None in a call with arrays
    version: str | None = None  # of the booster


@dataclass(frozen=True)
class Native:
    """One objective of one booster.

    `kernel` is the booster's own arithmetic, weight included. Its signature:
    for one score `kernel(y, f, w, *parameters)`, which returns (grad, hess); y is `lower, upper` for intervals;
    for k scores `kernel(y[n], f[k, n], w[n], *parameters, hess[k, n])` for a block of n rows (y are int32 where targets are
    classes, float32 otherwise), which fills hess and leaves the gradient in f;
    for a loss of whole groups `kernel(q, y[m], f[m], w[m], *parameters, grad[m], hess[m], order[2m], work[8m + 640])` for group
    number q, which fills grad and hess; order (int64) and work (float64) are scratch space.
    `start(y, weight, k, parameters, threads)` is the booster's own start: `base_score`, on the scale of its predictions,
    in XGBoost, which adds one partial sum per thread; raw scores in LightGBM. None where the booster has none. For a loss
    of groups the first argument is a `Step` whose scores are 0.
    `mirror` maps the booster's parameter names to the fields of the textbook objective; an objective under its own name
    uses the first row of the table that it can be expressed in.
    `label_weight(y, parameters)` gives a factor per row that is part of the booster's loss and depends on the data.
    `prepare(step, parameters)` gives the kernel's parameters where they depend on the data, and `finish(step, grad, hess)`
    keeps in the step's memory what the next round needs.
    """

    booster: str
    name: str
    textbook: str
    kernel: Callable
    start: Callable[[Any, np.ndarray | None, int, Mapping[str, Any], int], np.ndarray | None]
    labels: Interval
    parameters: tuple[Parameter, ...] = ()
    mirror: Mapping[str, str] = field(default_factory=dict)
    label_weight: Callable[[np.ndarray, Mapping[str, Any]], np.ndarray | None] | None = None
    prepare: Callable[[Step, Mapping[str, Any]], tuple[Any, ...]] | None = None
    conflict: Callable[[Mapping[str, Any]], str | None] | None = None  # parameters that exclude each other
    finish: Callable[[Step, np.ndarray, np.ndarray], None] | None = None
    remembers: Callable[[Mapping[str, Any]], str | None] | None = None
    """Why, with these values, a step depends on the number of the round or on what was before; None where it does not."""
    groups: str = ""
    """What a loss of whole groups takes for a group: "queries" of the data, or "all" rows, whatever queries they have."""
    count: str = ""
    """The parameter that says how many scores a row has: that number, or a tuple of as many; "" for one score."""
    link: str = "identity"  # XGBoost: how base_score becomes a raw score
    output: str = ""  # the link of the booster's predictions, where it is not the textbook objective's
    hessian: str = "exact"
    """The textbook curvature that the booster's Hessian is, up to one factor; "" where it is none of them."""
    leaves: Any = None
    """How the booster sets leaves anew after each tree: a `lightgbm.Percentile`. No callable can; `bo.train` does."""
    smooth: bool = False
    """The booster trains a smoothed loss: its gradient is not the textbook's either."""
    steepest: float = math.inf
    """Gradients are cut off beyond this size, before the weight."""
    exposure: bool = False
    """The weight is part of the loss, and does not multiply it; with weights the booster's arithmetic can end in NaN."""
    when: Callable[[Mapping[str, Any]], bool] | None = None  # the values of the parameters for which the row holds
    since: tuple[int, ...] = (0,)
    until: tuple[int, ...] = (10**6,)  # the first version for which the row no longer holds

    @property
    def public_name(self) -> str:
        """XGBoost's names contain a colon; LightGBM's are prefixed."""
        return f"lightgbm:{self.name}" if self.booster == "lightgbm" else self.name

    @property
    def versions(self) -> str:
        """The versions of the booster for which the row holds, in words."""
        since = f"since {_text(self.since)}" if self.since > (0,) else ""
        until = f"before {_text(self.until)}" if self.until < (10**6,) else ""
        return ", ".join(filter(None, (since, until))) or "all"

    @property
    def wide(self) -> bool:
        """Whether the scores are float64."""
        return self.booster == "lightgbm"

    def start_of(self, step: Step, k: int, values: Mapping[str, Any], threads: int) -> np.ndarray | None:
        return self.start(step if self.groups else step.y, step.weight, k, values, threads)

    def kernel_parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """What the kernel is handed after (y, f, w), where `prepare` does not make it from the data."""
        from . import lightgbm, xgboost

        read: Callable[[float], Any] = xgboost.as_read if self.booster == "xgboost" else lightgbm.as_read
        return tuple(p.for_kernel(values[p.name], read) for p in self.parameters if p.kernel)

    def defaults(self) -> dict[str, Any]:
        return {p.name: p.default for p in self.parameters}

    def holds(self, values: Mapping[str, Any], number: tuple[int, ...]) -> bool:
        return self.since <= number < self.until and (self.when is None or self.when(values))

    def raw_start(self, step: Step, k: int, values: Mapping[str, Any]) -> np.ndarray:
        """The booster's start as raw scores, float64, shape (k,)."""
        start = self.start_of(step, k, values, 1)
        if self.booster == "lightgbm":
            start = np.asarray(start, np.float64)
            return np.where(np.abs(start) > np.float32(1e-15), start, 0.0)  # LightGBM's kEpsilon: not worth adding
        from .xgboost import to_raw

        return to_raw(self, start, k)


def _text(number: tuple[int, ...]) -> str:
    return ".".join(map(str, (*number, 0)[:2]))


def version_of(text: str | None) -> tuple[int, ...]:
    """'3.4.1' as (3, 4, 1); the newest there could be if unknown."""
    if text is None:
        return (10**6 - 1,)
    digits = []
    for part in text.split(".")[:3]:
        if not part.isdigit():
            break
        digits.append(int(part))
    return tuple(digits)


@functools.cache
def table() -> tuple[Native, ...]:
    from . import lightgbm, ranking, survival, xgboost

    return (*xgboost.ROWS, *survival.ROWS, *lightgbm.ROWS, *ranking.ROWS)


@functools.cache
def names() -> dict[str, Native]:
    """Every built-in by its public name, with one of its rows; all rows of a name have the same parameters."""
    return {row.public_name: row for row in sorted(table(), key=lambda row: row.since)}


def row_for(public_name: str, values: Mapping[str, Any], version: str | None) -> Native | None:
    """The row that holds for these values of the parameters and this version of the booster; None for the newest."""
    number = version_of(version)
    rows = [row for row in table() if row.public_name == public_name and row.holds(values, number)]
    return rows[0] if rows else None


def rows_of_textbook(booster: str, textbook: str, version: str | None) -> tuple[Native, ...]:
    number = version_of(version)
    return tuple(
        row
        for row in table()
        if row.booster == booster and row.textbook == textbook and row.since <= number < row.until
    )


def checked(booster: str, version: str) -> bool:
    """Whether the table was checked on a version; patch releases count as their minor version."""
    return version_of(version)[:2] in {version_of(v)[:2] for v in CHECKED[booster]}


@functools.cache
def tell(booster: str, version: str | None) -> None:
    """Say once that nobody has checked a version."""
    if version is None or checked(booster, version):
        return
    warnings.warn(
        f"boostobj has not been checked on {booster} {version} (only on {', '.join(CHECKED[booster])}): whether training through"
        " it still gives the trees of the built-in objectives is what `boostobj parity --all` says",
        UserWarning,
        stacklevel=5,
    )
