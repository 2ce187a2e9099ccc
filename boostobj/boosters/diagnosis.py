"""What the doctor looks at: one gradient step at the start, the splits that it allows, and steps on imagined features."""

from __future__ import annotations

import dataclasses
import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .. import builtins, protocol, scales
from ..domain import AUTO
from ..objective import Objective, Pointwise, Rowwise
from ..registry import BuiltIn
from . import common, lightgbm, records, units, xgboost
from .doctor import Finding
from .splits import LEAST_GAIN, ROOM, Trees, value
from .splits import trees as trees_of

_ROWS = 20_000
_ROUNDS = 20
_BLOCKED_ROUNDS = 100
_NOISE = (1.0, 2.0, 4.0)
_AWAY = 2.0
_NARROW, _WIDE = 1 / 100, 10.0
_SLOW = 100.0
_BEYOND = 5.0
_FINE = 1000
_FAINT = 1e-4

# Data and parameters --------------------------------------------------------------------------------------------------


class Data:
    """Targets and what belongs to them, as arrays."""

    def __init__(self, y: Any, weight: Any, offset: Any, group: Any) -> None:
        self.y = np.asarray(y)
        self.weight = None if weight is None else np.asarray(weight)
        self.offset = None if offset is None else np.asarray(offset)
        self.group = None if group is None else np.asarray(group)

    def container(self, booster: str, objective: Objective) -> Any:
        """A DMatrix or Dataset with a constant feature."""
        nothing = np.zeros((len(self.y), 1), np.float32)
        label = self.y if self.y.ndim == 1 else None
        weight = self.weight
        row_weights = getattr(_textbook(objective), "row_weights", True)  # else XGBoost has weights of groups
        made: Any
        if booster == "xgboost":
            import xgboost

            heavy = {} if weight is None else {"weight": weight}
            if self.group is not None:
                heavy["group"] = self.group
                if weight is not None and not row_weights:
                    heavy["weight"] = weight[np.r_[0, np.cumsum(self.group)[:-1]]]
            made = xgboost.DMatrix(nothing, label, base_margin=self.offset, **heavy)
        else:
            import lightgbm

            made = lightgbm.Dataset(nothing, label, weight=weight, init_score=self.offset, group=self.group)
        if self.y.ndim == 2:
            protocol.set_bounds(made, *self.y.T)
        return made


def module_of(booster: str) -> Any:
    __import__(booster)  # what its objectives compute depends on its version
    return xgboost if booster == "xgboost" else lightgbm


def examined(booster: str, objective: str | Objective, params: dict[str, Any], data: Data) -> Iterator[Finding]:
    module = module_of(booster)
    try:
        settled, rest = common.settled(objective, params, booster, module.aliases)
    except (TypeError, ValueError) as error:
        yield _refusal("parameter", booster, error)
        return
    unfit = list(_unfit(settled, data))
    yield from unfit
    if any(finding.severity == "cannot" for finding in unfit):
        return
    with np.errstate(over="ignore"):
        container = data.container(booster, settled)
    refused = list(_refused(booster, settled, rest, container))
    yield from refused
    if not any(finding.severity == "cannot" and finding.name != "metric" for finding in refused):
        yield from of_the_trees(booster, settled, rest, container, "newton")


def _refusal(name: str, booster: str, error: Exception) -> Finding:
    """An error of `train`, whose text says what is wrong and, after a semicolon, what to do instead."""
    what, _, remedy = str(error).removeprefix("train: ").partition("; ")
    return Finding(name=name, severity="cannot", booster=booster, what=what, remedy=remedy or "change it")


def _unfit(objective: Objective, data: Data) -> Iterator[Finding]:
    """What the objective refuses of the data, and what has nothing to learn from."""
    name = common.public_name(objective)

    def cannot(about: str, what: str, remedy: str, severity: str = "cannot") -> Finding:
        return Finding(name=about, severity=severity, booster="", what=what, remedy=remedy)

    try:
        y = objective._target(data.y)
        objective._refuse_targets(y, objective._labels(2**31))
    except (TypeError, ValueError) as error:
        yield cannot("target", str(error), f"correct or leave out such rows, or take another objective than {name!r}")
        return
    if len(y) < 2:
        yield cannot("rows", f"{name!r}: y has {len(y)} rows", "a split needs two rows at least")
        return
    try:
        weight = objective._weight(data.weight, y)
        if weight is not None:
            objective._refuse_weights(weight)
    except (TypeError, ValueError) as error:
        yield cannot("weight", str(error), "correct the weights; rows that shall not count have weight 0, or are left out")
        return
    counts = y if weight is None else y[weight > 0]
    if weight is not None and len(counts) < len(y) / 2:
        yield cannot(
            "weight",
            f"{len(y) - len(counts)} of {len(y)} weights are 0: such rows teach nothing, though LightGBM's min_data_in_leaf and"
            " both boosters' bins count them",
            "leave those rows out",
            "risk",
        )
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*no finite start")
            objective.start(y, weight, offset=data.offset, group=data.group)
    except (TypeError, ValueError) as error:
        about = next((n for n in ("offset", "group") if n in str(error)), "target")
        yield cannot(about, str(error), f"correct {about}")
        return
    if data.offset is None and (counts == counts[0]).all() and not objective._wants.groups:
        yield cannot(
            "target",
            f"the targets of all {len(counts)} rows with a weight are {counts[0].tolist()!r}",
            "train on rows with other targets too",
        )
    elif isinstance(_textbook(objective), Rowwise) and _textbook(objective).domain.integer:
        yield from _classes(objective, counts)


def _textbook(objective: Objective) -> Any:
    return objective.textbook if isinstance(objective, BuiltIn) else objective


def _classes(objective: Objective, counts: np.ndarray) -> Iterator[Finding]:
    given = objective.params if isinstance(objective, BuiltIn) else {"num_class": getattr(objective, "num_class", None)}
    k = int(given.get("num_class") or counts.max() + 1)
    rows = np.bincount(counts.astype(np.int64), minlength=k)
    if rows.all():
        return
    missing = np.flatnonzero(rows == 0)
    first = "the labels begin at 1" if missing.tolist() == [0] else f"class {missing[0]}"
    yield Finding(
        name="target",
        severity="risk",
        booster="",
        what=f"{missing.size} of {k} classes have no row with a weight ({first}): they are never predicted",
        remedy="number the classes from 0 without gaps" + (" (y - 1)" if missing.tolist() == [0] else ""),
    )


def _refused(booster: str, objective: Objective, params: dict[str, Any], data: Any) -> Iterator[Finding]:
    """What `train` refuses, in its own words, and what early stopping does not look at."""

    def attempt(name: str, *checks: Callable[[], Any]) -> Iterator[Finding]:
        for check in checks:
            try:
                check()
            except ValueError as error:
                yield _refusal(name, booster, error)

    if booster == "xgboost":
        beside: dict[str, Any] = {}
        yield from attempt("parameter", lambda: beside.update(xgboost._beside([objective], data, params)))
        raw = bool(beside) and records.raw_in_xgboost(objective, beside["objective"])
        yield from attempt("metric", lambda: xgboost._with_metric([objective], dict(params), {}, None, raw))
        if xgboost._offset(data) is not None and common.like(objective) != "xgboost":
            if "base_score" in params:
                yield Finding(
                    name="offset",
                    severity="cannot",
                    booster=booster,
                    what=f"params has base_score={params['base_score']!r}, which XGBoost ignores beside a base_margin",
                    remedy="leave one of them out",
                )
            yield from attempt("offset", lambda: xgboost._refuse_offset(objective, params))
        return
    yield from attempt("parameter", lambda: lightgbm._refuse(objective, params, {}))
    yield from attempt("metric", lambda: lightgbm._with_metric(objective, params, {}, None))
    if common.like(objective) != "lightgbm":
        k = np.size(lightgbm._start(objective, data))
        yield from attempt("parameter", lambda: lightgbm._objective_line(objective, data, k))
    metrics = value(params, "metric", lightgbm.aliases("metric"), "")
    several = [m for m in (metrics.split(",") if isinstance(metrics, str) else metrics) if m]
    watched = value(params, "early_stopping_round", lightgbm.aliases("early_stopping_round"), 0)
    if float(watched) > 0 and len(several) > 1 and not lightgbm._true(params, "first_metric_only"):
        yield Finding(
            name="metric",
            severity="risk",
            booster=booster,
            what=f"early stopping looks at all of {', '.join(map(repr, several))}, and stops at the first that does not improve",
            remedy="name the one that counts first, with first_metric_only=True",
        )


# The start ------------------------------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """A gradient step: float64, (n, k)."""

    raw: np.ndarray
    grad: np.ndarray
    hess: np.ndarray

    def of(self, score: int) -> tuple[np.ndarray, np.ndarray]:
        return self.grad[:, score], self.hess[:, score]


class _Case(NamedTuple):
    """An objective on data, at the start of a training."""

    objective: Objective
    params: Mapping[str, Any]
    data: Any
    rows: protocol.Rows
    trees: Trees
    """In the unit of the loss, as are gradients and Hessians."""
    unit: units.Unit = units.PLAIN

    def with_objective(self, objective: Objective) -> _Case:
        """Another objective in its place, in its own unit."""
        objective, unit = _in_its_unit(self.trees.booster, objective, self.data)
        penalty, least = unit.penalty / self.unit.penalty, unit.least / self.unit.least
        trees = self.trees
        trees = trees._replace(
            hessian=trees.hessian * least,
            l2=trees.l2 * penalty,
            l1=trees.l1 * penalty,
            gain=trees.gain if trees.gain == LEAST_GAIN else trees.gain * penalty,
        )
        return self._replace(objective=objective, trees=trees, unit=unit)

    def start(self) -> np.ndarray:
        """The raw scores of all rows, as the booster has them: (n,) or (n, k)."""
        module = xgboost if self.trees.booster == "xgboost" else lightgbm
        n = len(self.rows.y)
        offset = module._offset(self.data)
        constant = _constant(self, offset)
        shape = (n, len(constant)) if len(constant) > 1 else (n,)
        scores = np.broadcast_to(constant if len(constant) > 1 else constant[0], shape)
        if offset is not None:
            scores = offset.reshape(shape) + scores
        kind = np.float32 if self.trees.booster == "xgboost" else np.float64
        return np.ascontiguousarray(scores, kind)

    def step(self, raw: np.ndarray) -> _Step:
        memory = {"round": 0, "params": self.params, "seed": xgboost.seed(self.params) if self.trees.booster == "xgboost" else 0}
        name = common.public_name(self.objective)
        call = protocol.read(name, raw, self.data, None, None, self.objective._wants)
        grad, hess = self.unit.times(*self.objective._called(call, memory))
        shape = (len(raw), -1)
        return _Step(raw, grad.astype(np.float64).reshape(shape), hess.astype(np.float64).reshape(shape))

    def best(self) -> np.ndarray:
        """The raw scores of the best constant, that of the textbook, beside the offset."""
        y, weight, *_ = self.rows
        module = xgboost if self.trees.booster == "xgboost" else lightgbm
        offset = module._offset(self.data)
        offset = None if offset is None else offset.reshape(len(y))
        constant = _textbook(self.objective).start(y, weight, offset=offset)[0]
        return np.full(len(y), constant) if offset is None else offset + constant


def _constant(case: _Case, offset: np.ndarray | None) -> np.ndarray:
    """Where `train` starts beside an offset: k raw scores."""
    objective, params, data = case.objective, case.params, case.data
    y, weight, bounds, *_ = case.rows
    like = common.like(objective) == case.trees.booster
    group = None if bounds is None else np.diff(bounds)

    def best(beside: np.ndarray | None) -> np.ndarray:
        return np.asarray(objective.start(y, weight, offset=beside, group=group), np.float64)

    if offset is not None:
        several = isinstance(_textbook(objective), Rowwise)
        shaped: Any = offset.reshape(len(y), -1) if several else offset.reshape(len(y))
        still = like or not lightgbm._averaged(params, continued=False)
        return np.zeros(shaped.shape[1] if several else 1) if still else best(shaped)
    if case.trees.booster == "lightgbm":
        start = lightgbm._start(objective, data)
        return start if lightgbm._averaged(params, continued=False) else np.zeros(len(start))
    beside = {**xgboost._beside([objective], data, params), **params}
    score = beside.get("base_score")
    if score is None:  # XGBoost before 3.1, several scores: its own objective then starts all at 1/2
        found = best(None)
        return np.full(len(found), 0.5) if objective._native_by_default("xgboost") else found
    values = np.atleast_1d(np.asarray(json.loads(score) if isinstance(score, str) else score, np.float32))
    k = int(beside.get("num_class") or values.size)
    values = np.broadcast_to(values, (k,)) if values.size == 1 else values
    return builtins.xgboost.to_raw(builtins.names()[beside["objective"]], values, len(values))


def of_the_trees(
    booster: str, objective: Objective, params: Mapping[str, Any], data: Any, leaf: str
) -> list[Finding]:
    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.filterwarnings("ignore", message=".*no finite start")  # `train` says it, and `_unfit`
        objective, unit = _in_its_unit(booster, objective, data)
        trees = trees_of(booster, unit.params(booster, params), objective)
        if trees is None:
            return []
        rows = protocol.rows(common.public_name(objective), data, objective._wants)
        case = _Case(objective, params, data, rows, trees, unit)
        step = case.step(case.start())
        findings = list(_unsplit(case, step))
        if not any(f.severity == "cannot" for f in findings):
            findings += _astray(case, step, leaf)
        return findings + list(_scale(case))


def _in_its_unit(booster: str, objective: Objective, data: Any) -> tuple[Objective, units.Unit]:
    """The objective with nothing left to the data, and the unit in which `train` trains it."""
    rows = protocol.rows(common.public_name(objective), data, objective._wants)
    offset = module_of(booster)._offset(data)
    k = -1 if isinstance(_textbook(objective), Rowwise) else 1
    shaped: Any = None if offset is None else offset.reshape(len(rows.y), k) if k < 0 else offset.reshape(len(rows.y))
    objective = objective.resolve(rows.y, rows.weight, offset=shaped)
    if not units.matters(objective, booster):
        return objective, units.PLAIN
    start = objective.start(rows.y, rows.weight, offset=shaped)
    kind = np.float32 if booster == "xgboost" else np.float64
    return objective, units.of(booster, [(objective, rows, units.broadcast(start, offset, len(rows.y), kind))])


# No split -------------------------------------------------------------------------------------------------------------


def _unsplit(case: _Case, step: _Step) -> Iterator[Finding]:
    trees, n = case.trees, len(step.grad)
    seen = int(n * trees.share)
    if seen < 2 * trees.rows:
        part = f" of which bagging_fraction={trees.share:g} leaves {seen}," if trees.share < 1 else ""
        yield Finding(
            name="rows",
            severity="cannot",
            booster=trees.booster,
            what=f"there are {n} rows,{part} and min_data_in_leaf={trees.rows} asks for that many on both sides of a split:"
            " no split is possible",
            remedy=f"min_data_in_leaf={max(1, seen // 10)}" if seen > 1 else "more rows",
        )
        return
    name, stuck = trees.blocked(step.grad, step.hess)
    if not name:
        yield from _barely(case, step)
        return
    rounds, step = _after_constants(case, step) if stuck.all() else (0, step)
    severity = "cannot" if stuck.all() and rounds is not None and not _draws(case) else "risk"
    name, stuck = trees.blocked(step.grad, step.hess) if rounds else (name, stuck)
    k = len(stuck)
    of = "" if k == 1 else f" of all {k} scores" if stuck.all() else f" of score {int(np.argmax(stuck))} ({stuck.sum()} of {k})"
    when = f"after {rounds} rounds without a split, which is where the scores come to rest" if rounds else "at the start"
    if name == "gradient":
        what = f"the gradient{of} is 0 in every row {when}: nothing is pulled anywhere"
        remedy = "targets that differ" + (" inside of a group" if case.objective._wants.groups else " from each other")
    elif name == "hessian":
        total, least = (value / case.unit.least for value in (float(step.hess.sum(axis=0)[stuck].min()), trees.hessian))
        what = (
            f"the Hessians{of} of all {n} rows add up to {total:.3g} {when}, and {trees.of_hessian}={least:g} asks"
            " for that much on both sides of a split: no split is possible"
        )
        remedy = _remedy(case, step, name, stuck)
    else:
        absolute = trees.gain == LEAST_GAIN
        bound, gain = float(trees.best(step.grad, step.hess)[stuck].max()), trees.gain
        bound, gain = (value if absolute else value / case.unit.penalty for value in (bound, gain))
        floor = "XGBoost's absolute threshold" if absolute else trees.of_gain
        what = f"no split{of} can gain more than {max(bound, 0.0):.3g} {when}, and {floor} is {gain:.3g}: none is made"
        remedy = _remedy(case, step, name, stuck)
    yield Finding(name=name, severity=severity, booster=trees.booster, what=what, remedy=remedy)


def _draws(case: _Case) -> bool:
    """Whether another round has other gradients at the same scores."""
    native = case.objective._native_by_default(case.trees.booster)
    return native is not None and native[0].remembers is not None and native[0].remembers(native[1]) is not None


def _barely(case: _Case, step: _Step) -> Iterator[Finding]:
    """Above XGBoost's threshold, and not by far."""
    if case.trees.booster != "xgboost":
        return
    best = float(case.trees.best(step.grad, step.hess, _FAINT).max())
    if best < _FAINT:
        yield Finding(
            name="gain",
            severity="risk",
            booster=case.trees.booster,
            what=f"no split can gain more than {best:.3g}, and XGBoost makes none that gains less than {LEAST_GAIN:g},"
            " absolutely: few will be made",
            remedy=_larger(case, step),
        )


def _after_constants(case: _Case, step: _Step) -> tuple[int | None, _Step]:
    """After how many trees of one leaf the scores rest without a split being possible, and there; None if one becomes so."""
    trees, first = case.trees, step
    if trees.booster == "lightgbm":
        return 0, first
    for round_ in range(_BLOCKED_ROUNDS):
        total = step.grad.sum(axis=0)
        value = trees.rate * trees.leaf(total, step.hess.sum(axis=0))
        balanced = np.abs(total) <= 1e-3 * np.abs(step.grad).sum(axis=0)
        raw = (step.raw + (value if step.raw.ndim == 2 else value[0])).astype(step.raw.dtype)
        if ((raw == step.raw).all() or balanced.all()) or not np.isfinite(raw).all():
            return round_, step
        step = case.step(raw)
        if not trees.blocked(step.grad, step.hess)[1].all():
            return None, first
    return _BLOCKED_ROUNDS, step


# What to change -------------------------------------------------------------------------------------------------------


def _remedy(case: _Case, step: _Step, name: str, stuck: np.ndarray) -> str:
    """The first change of these after which splits are possible."""
    trees, n = case.trees, len(step.grad)
    usual = trees_of(trees.booster, case.unit.params(trees.booster, {}), case.objective)
    if usual and usual != trees and not usual.blocked(step.grad, step.hess)[0]:
        if name == "hessian":
            return f"{trees.of_hessian}={usual.hessian / case.unit.least:g}, the default"
        return f"{trees.of_gain}, lambda and alpha nearer to their defaults"
    weight = case.rows.weight
    if weight is not None and name == "hessian" and stuck.all():
        mean = float(weight.mean(dtype=np.float64))
        if mean < 0.1 and not trees.blocked(step.grad / mean, step.hess / mean)[0]:
            return f"multiply the weights by {1 / mean:.3g}: they add up to {mean * n:.3g}, not to the number of rows"
    for other in _others(case):
        return f"train {other!r}"
    if name == "gain":
        return _larger(case, step)
    total = float(step.hess.sum(axis=0)[stuck].min()) / case.unit.least
    if not stuck.all():
        return f"more rows that matter to this score, or {trees.of_hessian}={total / 4:.1g}"
    if total > 0 and common.measures(case.objective):
        return f"multiply all weights (1 where there are none) by {_power(n / total):g}: a row's Hessian is then about 1"
    return f"{trees.of_hessian}={total / 20:.1g}, and as little lambda" if total > 0 else "a curvature that is not 0"


def _power(ratio: float) -> float:
    """The power of ten that is at least this."""
    return 10.0 ** math.ceil(math.log10(ratio))


def _larger(case: _Case, step: _Step) -> str:
    """How to come out above XGBoost's threshold: gains are of the unit of the loss."""
    sums = np.square(step.grad).sum() / max(float(step.hess.mean()), 1e-300)
    factor = _power(len(step.grad) / sums) if sums > 0 else 1e6
    if case.objective.link == "identity" and case.objective.domain.low == -math.inf:
        times = 10.0 ** math.ceil(math.log10(factor) / 2)
        return f"multiply the target by {times:g}, and divide by it what the model predicts"
    return f"multiply all weights (1 where there are none) by {factor:g}"


def _others(case: _Case) -> Iterator[Objective]:
    """What the textbook has for the loss and that learns: its default curvature, and the scale of the targets."""
    plain = dataclasses.replace(_textbook(case.objective), curvature="default")
    for other in (plain, _scaled(case, plain)):
        if other is not None and other != case.objective and not _flaws(case.with_objective(other)):
            yield other


def _scaled(case: _Case, objective: Objective) -> Objective | None:
    wanted: dict[str, Any] = {p.name: AUTO for p in objective.parameters() if p.unit == "y"}
    width = _spread(case)[1] if wanted else 0.0
    return dataclasses.replace(objective, **wanted) if width > 0 else None


def _flaws(case: _Case) -> bool:
    """Whether there is anything to say about the objective in place of another."""
    step = case.step(case.start())
    blocked = bool(case.trees.blocked(step.grad, step.hess)[0])
    return blocked or any(True for _ in _scale(case)) or any(True for _ in _astray(case, step, "", remedy=False))


# Steps ----------------------------------------------------------------------------------------------------------------


def _astray(case: _Case, step: _Step, leaf: str, *, remedy: bool = True) -> Iterator[Finding]:
    """Steps that run away, or that get nowhere."""
    objective = case.objective
    simple = isinstance(_textbook(objective), Pointwise) and common.measures(objective)
    if not simple or leaf == "exact" or _renewed(case):
        return
    case, step = _thinned(case, step)
    trees, y = case.trees, case.rows.y
    y = y if y.ndim == 1 else y[:, 0]

    def change(otherwise: str) -> str:
        other = next(_others(case), None) if remedy else None
        return f"train {other!r}" if other else otherwise

    start = common.mean_loss(objective, step.raw, case.data)
    away = abs(step.grad.sum()) > np.abs(step.grad).sum() / 2  # the start is not among the targets
    largest = float(np.abs(trees.imagined(y, *step.of(0))).max())
    lost = list(_lost(case, step, y, start, change)) if away else []
    if lost:
        yield from lost
        return
    if away or not _later(case, trees, step, y, 0.0, 1)[0] <= start * (1 + ROOM):
        after = [_later(case, trees, step, y, noise, _ROUNDS)[0] for noise in _NOISE]
        if not min(after) <= _AWAY * start:
            yield Finding(
                name="divergence",
                severity="risk",
                booster=trees.booster,
                what=f"leaves whose rows hardly have a Hessian move by {largest:.3g} or so in the first round: on imagined"
                f" features the mean loss goes from {start:.4g} to {max(after):.4g} in {_ROUNDS} rounds",
                remedy=change("a smaller learning rate, or max_delta_step"),
            )
            return
    if objective.link == "identity" and case.rows.y.ndim == 1:
        farthest = float(np.abs(y - step.raw).max())
        wild = float(np.abs(trees.imagined(y, *step.of(0), _FINE)).max())
        if wild > _BEYOND * farthest:
            yield Finding(
                name="steps",
                severity="risk",
                booster=trees.booster,
                what=f"a leaf of rows with similar targets may move by {wild:.3g} in the first round, and no target is further"
                f" than {farthest:.3g} from the start: the Hessian is small where the gradient is not",
                remedy=change("a smaller learning rate, or max_delta_step"),
            )
            return
        far = float(np.median(np.abs(y - step.raw)))
        if largest * _SLOW < far * trees.rate:
            yield Finding(
                name="steps",
                severity="risk",
                booster=trees.booster,
                what=f"a round moves no score by more than about {largest:.3g}, and half of the targets are further than"
                f" {far:.3g} from the start: it takes {far / max(largest, 1e-300):.1g} rounds",
                remedy=change("other weights or parameters: the Hessian is large where the gradient is not"),
            )


def _lost(case: _Case, step: _Step, y: np.ndarray, start: float, change: Callable[[str], str]) -> Iterator[Finding]:
    """From a start that is not among the targets, Hessians may vanish on the way to them."""
    trees = case.trees._replace(rate=max(case.trees.rate, 0.1))
    best = common.mean_loss(case.objective, case.best(), case.data)
    after, ends = zip(*(_later(case, trees, step, y, noise, _BLOCKED_ROUNDS) for noise in _NOISE), strict=True)
    total = max(float(end.hess.sum()) for end in ends)
    if min(after) <= best or total >= 2 * trees.hessian:
        return
    factor = _power(len(y) / max(total, 1e-300))
    yield Finding(
        name="hessian",
        severity="cannot",
        booster=trees.booster,
        what=f"on the way from the start to the targets the Hessians fall to {total:.3g} in sum, and {trees.of_hessian}"
        f"={trees.hessian:g} asks for that much on both sides of a split: on imagined features the mean loss goes from"
        f" {start:.4g} to {min(after):.4g} in {_BLOCKED_ROUNDS} rounds, and that of the best constant is {best:.4g}",
        remedy=change(f"multiply all weights (1 where there are none) by {factor:g}"),
    )


def _thinned(case: _Case, step: _Step) -> tuple[_Case, _Step]:
    """Some of the rows, and trees that ask for accordingly less."""
    n = len(step.grad)
    every = -(-n // _ROWS)
    if every == 1:
        return case, step
    y, weight, *_ = (None if a is None else a[::every] for a in case.rows)
    module = xgboost if case.trees.booster == "xgboost" else lightgbm
    offset = module._offset(case.data)
    data = Data(y, weight, None if offset is None else offset[::every], None).container(case.trees.booster, case.objective)
    trees = case.trees._replace(
        hessian=case.trees.hessian / every, rows=-(-case.trees.rows // every), l2=case.trees.l2 / every, l1=case.trees.l1 / every
    )
    some = case._replace(data=data, rows=protocol.rows("", data, case.objective._wants), trees=trees)
    return some, _Step(*(a[::every] for a in step))


def _later(
    case: _Case, trees: Trees, step: _Step, y: np.ndarray, noise: float, rounds: int
) -> tuple[float, _Step]:
    """The mean loss after some rounds on imagined features, the targets' ranks with noise in units of their spread; the end."""
    rng = np.random.default_rng(0)
    ordered = np.sort(y)
    rank = np.searchsorted(ordered, y) + np.searchsorted(ordered, y, "right")
    after = math.inf
    for _ in range(rounds):
        feature = rank + noise * rank.std() * rng.standard_normal(len(y))
        raw = (step.raw + trees.imagined(feature, *step.of(0))).astype(step.raw.dtype)
        if not np.isfinite(raw).all():
            return math.inf, step
        after = common.mean_loss(case.objective, raw, case.data)
        if not math.isfinite(after):
            return math.inf, step
        step = case.step(raw)
    return after, step


def _renewed(case: _Case) -> bool:
    """Whether leaves are set anew after each tree: steps are then other ones."""
    native = case.objective._native_by_default(case.trees.booster)
    if native is None:
        return False
    row = native[0]
    return row.leaves is not None or (row.booster == "xgboost" and not row.hessian and row.until == (3, 4))


# Scale ----------------------------------------------------------------------------------------------------------------


def _spread(case: _Case) -> tuple[float, float, float]:
    """Of the targets beside their offset: weighted median, weighted median distance from it, and the largest one."""
    y, weight = case.rows.y.astype(np.float64), case.rows.weight
    module = xgboost if case.trees.booster == "xgboost" else lightgbm
    offset = module._offset(case.data)
    y = y if offset is None else y - offset.reshape(y.shape)
    middle = scales.median(y, weight)
    far = np.abs(y - middle)
    return middle, scales.median(far, weight), float(far.max())


def _scale(case: _Case) -> Iterator[Finding]:
    objective = case.objective
    if case.rows.y.ndim == 2:
        return
    if isinstance(objective, BuiltIn):
        given = [(p.name, objective.params[p.name]) for p in objective._any.parameters if p.unit == "y"]
    else:
        given = [(p.name, getattr(objective, p.name)) for p in objective.parameters() if p.unit == "y"]
    for name, now in given:
        _, width, largest = _spread(case)
        words = "the median distance of the targets from their median"
        theirs = isinstance(objective, BuiltIn)
        wanted = f"{name}={width:.2g}, or so, {words}" if theirs else f"{name}={AUTO!r}, here {width:.2g} or so: {words}"
        if 0 < now < width * _NARROW:
            yield Finding(
                name="scale",
                severity="risk",
                booster=case.trees.booster,
                what=f"{name}={now:g} is {width / now:.3g} times smaller than the median distance of the targets from their"
                " median: the loss is straight nearly everywhere, and its Hessian next to nothing",
                remedy=wanted,
            )
        elif width > 0 and now > _WIDE * largest:
            yield Finding(
                name="scale",
                severity="risk",
                booster=case.trees.booster,
                what=f"{name}={now:g} is {now / largest:.3g} times larger than the largest distance of a target from their"
                " median: the loss is squared error, and outliers count as much",
                remedy=wanted,
            )
