"""Anybody's objective, looked at from outside: called as the boosters call it, and held against itself and against a loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import calling
from .boosters.doctor import Finding, Findings
from .calling import Trouble
from .derivatives import Look, loss_of, ours
from .examination import finding
from .objective import Objective

ROWS = 500
KINDS = ("binary", "real", "positive", "count", "classes")


class Report(Findings):
    """What `check` found: a tuple of `Finding`, empty where nothing is wrong; its text has all of them, and the notes.

    Attributes
    ----------
    notes : tuple of Finding
        What one may want to know and is no fault: a Hessian that is larger than the exact one, say.
    title : str
        What was looked at, in which call style, on how many rows.
    """

    notes: tuple[Finding, ...]
    title: str

    def __new__(cls, findings: Iterable[Finding] = (), notes: Iterable[Finding] = (), title: str = "") -> Report:
        made = super().__new__(cls, findings)
        made.notes, made.title = tuple(notes), title
        return made

    def __str__(self) -> str:
        return "\n".join([*map(str, self or ["nothing wrong was found"]), *map(str, self.notes)])


def check(
    objective: Any,
    y: Any = None,
    *,
    loss: Any = None,
    raw: Any = None,
    weight: Any = None,
    group: Any = None,
    num_class: int | None = None,
    style: str = "auto",
    show: bool = True,
) -> Report:
    """Look for faults in an objective: anybody's, as it stands in a notebook, or one of ours.

    A callable is called on these targets as the boosters call it, and nothing of its code is looked at but the names of its
    parameters. No tree is grown.

    Parameters
    ----------
    objective : callable, Objective, class or name
        A callable of (preds, dtrain), for `xgboost.train` or `lightgbm.train`; or of (y_true, y_pred), and if it likes weight
        and group, for the scikit-learn estimators; it returns gradient and Hessian. One of ours (an Objective, its class, its
        name) without y has the conformance suite run on it, and each check that fails is a finding; with y it is looked at
        like any other.
    y : array of shape (n,)
        Targets of the kind that it is for. At most 500 of them are looked at.
    loss : callable, Objective or name, optional
        The loss that it is meant for, as loss(y, raw), which returns one number per row, or their sum or mean. A loss of
        probabilities is taken at sigmoid(raw). Without it sign and factor are judged by what can be seen: a factor in gradient
        and Hessian alike cannot.
    raw : array of shape (n,) or (n, k), optional
        Raw scores to look at; default: around the targets and around 0.
    weight : array of shape (n,), optional
        Says that there will be weights: an objective that has no parameter for them is then at fault.
    group : array of integers, optional
        For losses of groups: how many rows each has, in the order of the rows.
    num_class : int, optional
        How many scores a row has; default: 1, or as many as there are classes in y if only those are taken.
    style : {"auto", "xgboost", "lightgbm", "sklearn"}
        How it is called: obj(preds, DMatrix), obj(preds, Dataset) or obj(y_true, y_pred, ...). "auto": by its signature, and by
        trying. If a booster is named, flat arrays of several scores must be laid out as that booster has them.
    show : bool
        Whether to print the findings.

    Returns
    -------
    Report
        A tuple of `Finding`; empty where nothing is wrong. `notes` has what is no fault.

    Raises
    ------
    TypeError
        objective is no callable and no name, or one of ours comes with options but without y.
    ValueError
        y, raw, weight, group, num_class or style outside what they may be; a loss that cannot be called.

    Notes
    -----
    The names of findings: "call" (no way of calling it works), "return", "shape", "dtype" (of what it returns), "layout",
    "classes" (order of several scores), "arguments", "weight", "labels" (they are not looked at, or the other way round),
    "inplace", "state", "random", "mean", "rows" (a row's result depends on the others), "sign", "gradient", "link" (raw scores
    taken for probabilities or amounts), "dead" (a gradient of 0 for the worst rows), "zero", "negative", "hessian", "nan",
    "overflow".

    Derivatives are central differences in float64, extrapolated, over many steps; where three estimates in a row agree best
    lies the derivative, and what they differ by is its error. A difference is reported where it is 1 % of the value and 10
    times that error, at 2 % of the points at least, so that kinks (absolute error, hinge) are none.

    A Hessian that is nowhere below the derivative of the gradient, is positive, and does not jump is a bound and thus a note:
    so are the boosters' own 2*p*(1 - p), and whatever stands in where the gradient is flat. So is Fisher information.

    >>> def squared(preds, dtrain):
    ...     return dtrain.get_label() - preds, np.ones_like(preds)
    >>> report = check(squared, [1.0, 2.0, 4.0, 8.0, 9.0], style="xgboost", show=False)
    >>> [finding.name for finding in report]
    ['weight', 'sign']
    """
    known = ours(objective)
    if y is None:
        if known is None:
            raise TypeError(f"check: y, the targets, must be given for {_name(objective)}")
        if any(option is not None for option in (loss, raw, weight, group, num_class)) or style != "auto":
            raise TypeError("check: loss, raw, weight, group, num_class and style need y")
        report = _conformance(known)
    else:
        made = objective if known is None else known
        if not callable(made):
            raise TypeError(f"check: objective must be a callable, an Objective or a name, got {type(objective).__name__}")
        report = _examined(made, _data(y, raw, weight, group, num_class, style), loss_of(loss), style)
    if show:
        print(f"{report.title}:\n{report}")
    return report


def _name(objective: Any) -> str:
    return repr(objective) if isinstance(objective, Objective) else getattr(objective, "__name__", repr(objective))


def _conformance(objective: Objective) -> Report:
    from . import checks

    checks.mpmath()
    outcomes = list(checks.run(objective))
    remedy = "see the check of that name in boostobj.checks"
    failed = [finding(o.name, "wrong", str(o.error), remedy) for o in outcomes if o.error is not None]
    return Report(failed, title=f"{objective!r}, {len(outcomes)} checks")


# Data -----------------------------------------------------------------------------------------------------------------


def sample(kind: str, num_class: int | None = None) -> np.ndarray:
    """200 made-up targets of a kind: "binary", "real" (150, give or take 80), "positive", "count" or "classes"."""
    rng = np.random.default_rng(0)
    if kind == "classes":
        return np.resize(np.arange(num_class or 3), 200).astype(np.float64)[rng.permutation(200)]
    made = {
        "binary": lambda: rng.integers(0, 2, 200),
        "real": lambda: np.round(rng.normal(150, 77, 200), 1),
        "positive": lambda: rng.gamma(2.0, 1.0, 200),
        "count": lambda: rng.poisson(2.0, 200),
    }
    return made[kind]().astype(np.float64)


def _data(y: Any, raw: Any, weight: Any, group: Any, num_class: int | None, style: str) -> tuple:
    if style not in calling.STYLES:
        raise ValueError(f"check: style must be one of {', '.join(map(repr, calling.STYLES))}, got {style!r}")
    y = _array("y", y)
    if y.ndim != 1 or len(y) < 4:
        raise ValueError(f"check: y must have shape (n,) with 4 rows at least, got {y.shape}")
    with np.errstate(over="ignore"):
        y = y.astype(np.float32).astype(np.float64)  # as the boosters keep labels
    if num_class is not None and (int(num_class) != num_class or num_class < 1):
        raise ValueError(f"check: num_class must be a whole number of at least 1, got {num_class!r}")
    if raw is not None:
        raw = _array("raw", raw)
        if raw.ndim == 2 and raw.shape[1] == 1:
            raw = raw[:, 0]
        if len(raw) != len(y) or raw.ndim > 2 or (num_class or raw[:1].size) != raw[:1].size:
            raise ValueError(f"check: raw must have shape ({len(y)},) or ({len(y)}, k), got {raw.shape}")
    if weight is not None:
        weight = _array("weight", weight)
        if weight.shape != y.shape:
            raise ValueError(f"check: weight must have the shape of y, {y.shape}, got {weight.shape}")
    if group is not None:
        group = np.asarray(group)
        if group.ndim != 1 or (group < 1).any() or group.sum() != len(y):
            raise ValueError(f"check: group must be the sizes of the groups, which add up to {len(y)} rows, got {group.sum()}")
    return (*_rows(y, raw, group), weight is not None, num_class)


def _array(name: str, values: Any) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    bad = ~np.isfinite(array.reshape(len(array), -1) if array.ndim else array[None, None]).all(axis=1)
    if bad.any():
        first = int(bad.argmax())
        raise ValueError(f"check: {name} must be finite, got {array[first]} at row {first}; {bad.sum()} such rows")
    return array


def _rows(y: np.ndarray, raw: np.ndarray | None, group: np.ndarray | None) -> tuple:
    """Not more than ROWS of them, in their order; whole groups, and some of every label of few."""
    if len(y) <= ROWS:
        return y, raw, group
    if group is not None:
        many = max(2, int((np.cumsum(group) <= ROWS).sum()))
        group = group[:many]
        keep = np.arange(group.sum())
    else:
        rng = np.random.default_rng(0)
        keep = rng.permutation(len(y))[:ROWS]
        labels, first = np.unique(y, return_index=True)
        keep = np.unique(np.concatenate([keep[: ROWS - 50], first[:50] if len(labels) <= 50 else keep[-50:]]))
    return y[keep], None if raw is None else raw[keep], group


# The examination ------------------------------------------------------------------------------------------------------


def _examined(function: Callable, data: tuple, loss: Any, style: str) -> Report:
    y, raw, group, weighted, num_class = data
    title = f"{_name(function)}, {len(y)} rows"
    counts = [num_class] if num_class else [1]
    if raw is not None:
        counts = [1 if raw.ndim == 1 else raw.shape[1]]
    elif num_class is None and 2 < (classes := len(np.unique(y))) <= 50 and (np.unique(y) == np.arange(classes)).all():
        counts.append(classes)
    trouble = None
    for k in counts:
        base = _base(y, k, group is None) if raw is None else raw
        try:
            caller = calling.settle(function, y, base, group, style)
        except Trouble as found:
            trouble = trouble or found
            continue
        look = Look(caller, y, base, group, weighted, raw is not None)
        look.everything(loss)
        return Report(look.findings, look.notes, f"{title}, as {caller}")
    assert trouble is not None
    return Report([finding(trouble.name, "wrong", trouble.what, trouble.remedy)], title=title)


def _base(y: np.ndarray, k: int, near_targets: bool) -> np.ndarray:
    """Scores around 0, where boosters start; beside them some around the targets."""
    rng = np.random.default_rng(1)
    raw = rng.normal(0, 1.5, len(y) if k == 1 else (len(y), k))
    near = rng.random(len(y)) < (0.5 if near_targets and len(np.unique(y)) > k + 1 else 0.0)
    raw.reshape(len(y), -1)[near, 0] += y[near]
    return raw
