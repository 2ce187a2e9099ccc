"""What each booster's own objectives compute, to the bit: a table of rows.

A row is a fact about another program, not a second copy of the mathematics: it names the textbook objective that it
computes, and the conformance checks hold its arithmetic against that. Adding a built-in adds one row.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..domain import Interval, Parameter

CHECKED = {"xgboost": ("2.1.0", "3.2.0", "3.4.1"), "lightgbm": ("4.0.0", "4.7.0")}
"""The versions on which every row below gave identical trees when this release was made."""


@dataclass(frozen=True)
class Native:
    """One objective of one booster.

    `kernel(y, f, w, *parameters)` returns (grad, hess), for one score, or
    `kernel(y[n], f[k, n], w[n], *parameters, hess[k, n])`, for a block of n rows whose y are class indices, fills hess
    and leaves the gradient in f: in the booster's own arithmetic, weight included.
    `start(y, weight, k, parameters, threads)` is the booster's own start: `base_score`, on the scale of its predictions,
    in XGBoost, which adds one partial sum per thread; raw scores in LightGBM. None where the booster has none.
    `mirror` maps the booster's parameter names to the fields of the textbook objective; an objective under its own name
    uses the first row of the table that it can be expressed in.
    `label_weight(y, parameters)` gives a factor per row that is part of the booster's loss and depends on the data.
    """

    booster: str
    name: str
    textbook: str
    kernel: Callable
    start: Callable[[np.ndarray, np.ndarray | None, int, Mapping[str, Any], int], np.ndarray | None]
    labels: Interval
    parameters: tuple[Parameter, ...] = ()
    mirror: Mapping[str, str] = field(default_factory=dict)
    label_weight: Callable[[np.ndarray, Mapping[str, Any]], np.ndarray | None] | None = None
    prepare: Callable[[np.ndarray, Mapping[str, Any]], tuple[float, ...]] | None = None
    conflict: Callable[[Mapping[str, Any]], str | None] | None = None  # parameters that exclude each other
    rowwise: bool = False
    link: str = "identity"  # XGBoost: how base_score becomes a raw score
    since: tuple[int, ...] = (0,)
    until: tuple[int, ...] = (10**6,)  # the first version for which the row no longer holds

    @property
    def public_name(self) -> str:
        """XGBoost's names contain a colon; LightGBM's are prefixed."""
        return f"lightgbm:{self.name}" if self.booster == "lightgbm" else self.name

    @property
    def wide(self) -> bool:
        """Whether the scores are float64."""
        return self.booster == "lightgbm"

    def kernel_parameters(self, y: np.ndarray, values: Mapping[str, Any]) -> tuple[float, ...]:
        """What the kernel is handed after (y, f, w)."""
        if self.prepare:
            return self.prepare(y, values)
        numbers = [values[p.name] for p in self.parameters if p.kernel]
        if self.booster == "xgboost":
            from .xgboost import as_read

            numbers = [as_read(number) for number in numbers]
        return tuple(float(number) for number in numbers)

    def defaults(self) -> dict[str, Any]:
        return {p.name: p.default for p in self.parameters}

    def raw_start(self, y: np.ndarray, weight: np.ndarray | None, k: int, values: Mapping[str, Any]) -> np.ndarray:
        """The booster's start as raw scores, float64, shape (k,)."""
        start = self.start(y, weight, k, values, 1)
        if self.booster == "lightgbm":
            return np.asarray(start, np.float64)
        from .xgboost import to_raw

        return to_raw(self, start, k)


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
    from . import lightgbm, xgboost

    return (*xgboost.ROWS, *lightgbm.ROWS)


@functools.cache
def names() -> dict[str, Native]:
    """Every built-in by its public name; of several versions the newest, whose parameters are the widest."""
    return {row.public_name: row for row in sorted(table(), key=lambda row: row.since)}


@functools.cache
def row_for(public_name: str, version: str | None) -> Native | None:
    """The row that holds for a version of the booster."""
    number = version_of(version)
    for row in table():
        if row.public_name == public_name and row.since <= number < row.until:
            return row
    return None


@functools.cache
def rows_of_textbook(booster: str, textbook: str, version: str | None) -> tuple[Native, ...]:
    number = version_of(version)
    return tuple(
        row
        for row in table()
        if row.booster == booster and row.textbook == textbook and row.since <= number < row.until
    )
