"""Why a training cannot work, found before its first round from targets, weights, start and parameters."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any

from .. import protocol
from ..objective import Objective
from ..registry import get
from . import common

_BOOSTERS = ("xgboost", "lightgbm")


class DoctorWarning(UserWarning):
    """What `train` warns with: a training that cannot work, or whose scores run away."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One reason why a training cannot work or may work badly, or why an objective is wrong.

    Parameters
    ----------
    name : str
        What it is about: "target", "weight", "offset", "group", "rows", "gradient", "hessian", "gain", "divergence", "steps",
        "scale", "metric", or "parameter"; `check` has its own list.
    severity : {"cannot", "risk", "wrong", "note"}
        "cannot": nothing is learnt, or `train` refuses it. "risk": it trains, and probably not as meant. Of `check`: "wrong": it
        is no gradient, no Hessian, or not what boosters take; "note": no fault.
    booster : str
        "xgboost" or "lightgbm"; "" where it is true of both.
    what, remedy : str
        What is the case, and what to change.
    """

    name: str
    severity: str
    booster: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.booster + ' ' if self.booster else ''}{self.severity} ({self.name}): {self.what}\n    -> {self.remedy}"


class Findings(tuple[Finding, ...]):
    """The findings of one examination; its text has all of them."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "nothing stands in the way of training"


def doctor(
    objective: str | Objective | type[Objective],
    y: Any,
    weight: Any = None,
    *,
    params: Mapping[str, Any] | None = None,
    booster: str | None = None,
    offset: Any = None,
    group: Any = None,
    show: bool = True,
) -> Findings:
    """Say, before the first round, why training an objective on these targets cannot work, and what to change.

    Everything is computed from one gradient step at the start that `train` would have, as the booster is handed it; no
    features are needed, and no tree is grown. Found are targets, weights and offsets that the objective refuses; what
    `train` refuses of params; and, by the formulas below, splits that cannot be made, steps that run away or get nowhere, and
    a parameter in the unit of the target that is far from the targets.

    Parameters
    ----------
    objective : str, Objective or class
    y : array of shape (n,), or (n, 2) where targets are intervals
    weight : array of shape (n,), optional
    params : dict, optional
        What `train` would be given: the booster's own parameters.
    booster : {"xgboost", "lightgbm"}, optional
        Default: the one whose name the objective bears, else both.
    offset : array of shape (n,) or (n, k), optional
        Base margin or init score, raw scores.
    group : array of integers, optional
        For losses of groups: how many rows each has, in the order of the rows.
    show : bool
        Whether to print the findings.

    Returns
    -------
    Findings
        A tuple of `Finding`; empty where nothing stands in the way.

    Raises
    ------
    TypeError
        objective is neither a name nor an Objective, or params are no mapping.
    ValueError
        Unknown objective or booster.

    Notes
    -----
    With g and h the gradient and the Hessian of each row, G and H their sums over a node, lambda the L2 and alpha the L1
    regularisation, and T(G) = sign(G) * max(|G| - alpha, 0), both boosters split a node into L and R if both sums of Hessians
    reach min_child_weight or min_sum_hessian_in_leaf, both have min_data_in_leaf rows (LightGBM), and the gain

        T(G_L)**2 / (H_L + lambda) + T(G_R)**2 / (H_R + lambda) - T(G)**2 / (H + lambda)

    is above 1e-6 (XGBoost, whatever the unit of the loss) and reaches gamma or min_gain_to_split. All of these are what `train`
    makes of them for losses with a parameter in the unit of the target (see its section Scale), with "auto" resolved.

    hessian: the sum over all rows is below twice the least of a child, or without the largest Hessian below that.

    gain: no partition of the rows can reach the threshold. A child's term is convex in (G, H) together, so that the largest
    gain over all subsets of the rows is at a corner of what their sums of (g, h) can be, and those are the subsets that a
    threshold of g/h cuts off: the best of them is found by sorting. With P the sum of the positive gradients and N that of the
    negative ones without their sign, and m the least sum of Hessians of a child, the gain is also at most
    (T(P)**2 + T(N)**2) / (m + lambda): G_L is in [-N, P], G_R = P - N - G_L, and a convex function is largest at an end. The
    smaller of the two counts. XGBoost's threshold is absolute, and the gain is in the unit of the loss: a largest gain of less
    than 1e-4 is a "risk".

    Where nothing is split XGBoost still moves all scores by the same amount: up to 100 such rounds are computed, and it is
    "cannot" where no split is possible in any. LightGBM moves nothing.

    divergence: trees are imagined on features that know the targets' ranks, up to noise: as many leaves as a tree may have and
    at most 32, of rows with similar features, each as large as the booster asks for, with the values -T(G)/(H + lambda) times
    the learning rate, up to max_delta_step; on at most 20000 rows. Where the mean loss rises in the first round without noise,
    20 rounds follow with noise of one, two and four times the spread of the ranks. It is a "risk" where the mean loss has more
    than doubled after each: what happens depends on the features, and `train` warns of it all the same.

    hessian, again: from a start that is not among the targets (all gradients pull to one side; a booster's own start may be
    such), 100 rounds of that kind end above the loss of the best constant, with too small a sum of Hessians for a split.

    steps, with the identity as link: a leaf that is as small as the booster allows, of rows with similar targets, moves more
    than 5 times further in the first round than the farthest target is; or even the largest leaf's step at a learning rate of 1
    is below a hundredth of the median distance of the targets.

    scale: with w the weighted median of |y - start|, where "start" is the weighted median of the targets, a parameter in the
    unit of the target below w/100 (the loss is straight nearly everywhere), or above 10 times the largest |y - start| (it is
    squared error everywhere); "auto" is w, or nearly so.

    >>> found = doctor("log_cosh", [1e9, 3e9, 7e9], params={"min_child_weight": 0.01}, booster="xgboost", show=False)
    >>> [finding.name for finding in found]
    ['hessian', 'scale']
    """
    if isinstance(objective, type) and issubclass(objective, Objective):
        objective = objective()
    if not isinstance(objective, (str, Objective)):
        raise TypeError(f"doctor: objective must be a name or an Objective, got {type(objective).__name__}")
    if params is not None and not isinstance(params, Mapping):
        raise TypeError(f"doctor: params must be a dict, got {type(params).__name__}")
    if booster not in (None, *_BOOSTERS):
        raise ValueError(f"doctor: booster must be one of {', '.join(map(repr, _BOOSTERS))}, got {booster!r}")
    from . import diagnosis

    found = get(objective) if isinstance(objective, str) else objective
    only = booster or common.like(found)
    boosters = (only,) if only else _BOOSTERS
    data = diagnosis.Data(y, weight, offset, group)
    findings: list[Finding] = []
    for name in boosters:
        for finding in diagnosis.examined(name, objective, dict(params or {}), data):
            same = [dataclasses.replace(f, booster=finding.booster) == finding for f in findings]
            if not any(same):
                findings.append(finding)
            elif findings[same.index(True)].booster != name:
                findings[same.index(True)] = dataclasses.replace(finding, booster="")
    out = Findings(findings)
    if show:
        print(f"{found!r}, {len(data.y)} rows, {' and '.join(boosters)}:\n{out}")
    return out


def warn(
    objective: str | Objective | type[Objective], params: Mapping[str, Any], data: Any, leaf: str, kwargs: Mapping[str, Any]
) -> None:
    """Before a training: a DoctorWarning for each finding that means nothing is learnt, and is not an error of `train` itself."""
    from . import diagnosis, targets

    booster = "xgboost" if protocol.is_dmatrix(data) else "lightgbm"
    if kwargs.get("xgb_model") is not None or kwargs.get("init_model") is not None:
        return  # the start is another model's
    if booster == "lightgbm" and protocol._not_constructed(data) and data.label is None:
        return  # its labels are in a file
    if booster == "xgboost" and len(targets.of(data)) > 1:
        return  # it looks at one target
    try:
        settled, rest = common.settled(objective, params, booster, diagnosis.module_of(booster).aliases)
        findings = diagnosis.of_the_trees(booster, settled, rest, data, leaf)
    except (TypeError, ValueError):
        return  # what train says about it in a moment is what matters
    for finding in findings:
        if finding.severity == "cannot" or finding.name == "divergence":
            warnings.warn(f"train: {finding}", DoctorWarning, stacklevel=4)
