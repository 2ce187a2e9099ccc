"""Anybody's objective, looked at from outside: called as the boosters call it, and held against itself and against a loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import calling, registry
from .boosters.doctor import Finding, Findings
from .calling import Caller, Trouble
from .objective import Objective
from .slopes import slopes

ROWS = 500
KINDS = ("binary", "real", "positive", "count", "classes")

_SMALL = 40.0
"""Scores that a training reaches: what is wrong within is wrong; beyond, and up to _LARGE, it is a risk."""
_LARGE = 100.0
_HUGE = 1e37
"""What reaches this is as good as infinite: float32 ends there, and some end there on purpose."""
_CLOSE = 0.01
"""Derivatives that agree to this are the same: faults are of another size."""
_TRUST = 10.0
"""A difference counts where it exceeds the estimated error so many times."""


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
        return "\n".join(map(str, (*self, *self.notes))) if self or self.notes else "nothing wrong was found"


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
    "inplace", "state", "random", "mean", "rows" (a row's result depends on the others), "sign", "gradient", "probability",
    "dead" (a gradient of 0 for the worst rows), "zero", "negative", "hessian", "nan", "overflow".

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
    known = _ours(objective)
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
        report = _examined(made, *_data(y, raw, weight, group, num_class, style), loss, style)
    if show:
        print(f"{report.title}:\n{report}")
    return report


def _ours(objective: Any) -> Objective | None:
    if isinstance(objective, str):
        return registry.get(objective)
    return objective() if isinstance(objective, type) and issubclass(objective, Objective) else (
        objective if isinstance(objective, Objective) else None
    )  # fmt: skip


def _name(objective: Any) -> str:
    return repr(objective) if isinstance(objective, Objective) else getattr(objective, "__name__", repr(objective))


def _conformance(objective: Objective) -> Report:
    from . import checks

    checks.mpmath()
    outcomes = list(checks.run(objective))
    remedy = "see the check of that name in boostobj.checks"
    failed = [_finding(o.name, "wrong", str(o.error), remedy) for o in outcomes if o.error is not None]
    return Report(failed, title=f"{objective!r}, {len(outcomes)} checks")


def _finding(name: str, severity: str, what: str, remedy: str) -> Finding:
    return Finding(name=name, severity=severity, booster="", what=what, remedy=remedy)


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


def _examined(
    function: Callable,
    y: np.ndarray,
    raw: np.ndarray | None,
    group: np.ndarray | None,
    weighted: bool,
    num_class: int | None,
    loss: Any,
    style: str,
) -> Report:
    title = f"{_name(function)}, {len(y)} rows"
    counts = [num_class] if num_class else [1]
    if raw is not None:
        counts = [1 if raw.ndim == 1 else raw.shape[1]]
    elif num_class is None and 2 < (classes := len(np.unique(y))) <= 50 and (np.unique(y) == np.arange(classes)).all():
        counts.append(classes)
    trouble = None
    for k in counts:
        base = _base(y, k) if raw is None else raw
        try:
            caller = calling.settle(function, y, base, group, style)
        except Trouble as found:
            trouble = trouble or found
            continue
        look = _Look(caller, y, base, group, weighted, raw is not None)
        look.everything(loss)
        return Report(look.findings, look.notes, f"{title}, as {caller}")
    assert trouble is not None
    return Report([_finding(trouble.name, "wrong", trouble.what, trouble.remedy)], title=title)


def _base(y: np.ndarray, k: int) -> np.ndarray:
    """Scores around 0, where boosters start; beside them some around the targets."""
    rng = np.random.default_rng(1)
    raw = rng.normal(0, 1.5, len(y) if k == 1 else (len(y), k))
    near = rng.random(len(y)) < (0.5 if len(np.unique(y)) > k + 1 else 0.0)
    raw.reshape(len(y), -1)[near, 0] += y[near]
    return raw


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    size = np.abs(b[np.isfinite(b) & (b != 0)])
    least = 1e-6 * float(np.quantile(size, 0.1)) if size.size else 0.0
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=least, equal_nan=True)


def _typical(values: np.ndarray) -> float:
    """The middle size of those that are not 0."""
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.median(size)) if size.size else 0.0


def _number(value: float) -> str:
    return f"{value:.4g}"


_NAMES = ("gradient", "Hessian")


@dataclasses.dataclass
class _Look:
    """One callable, one data set."""

    caller: Caller
    y: np.ndarray
    raw: np.ndarray
    group: np.ndarray | None
    weighted: bool
    own_raw: bool

    def __post_init__(self) -> None:
        self.findings: list[Finding] = []
        self.notes: list[Finding] = []
        self.k = self.caller.k
        self.alone = self.group is None
        """Whether a row's result depends on that row only."""
        self.fits = False
        """Whether the raw score is in the unit of the target: the gradient changes its sign where they meet."""
        self.direction = 0
        """1 where it pulls scores towards targets, -1 where away, 0 where that cannot be seen."""
        self.times = 1.0
        """What the gradient has to be divided by to be the loss's."""

    def wrong(self, name: str, what: str, remedy: str, severity: str = "wrong") -> None:
        self.findings.append(_finding(name, severity, what, remedy))

    def note(self, name: str, what: str, remedy: str) -> None:
        self.notes.append(_finding(name, "note", what, remedy))

    def found(self, *names: str) -> bool:
        return any(finding.name in names for finding in self.findings)

    def call(self, y: np.ndarray, raw: np.ndarray, **more: Any) -> tuple[np.ndarray, np.ndarray]:
        return self.caller(y, raw, **more)

    def everything(self, loss: Any) -> None:
        try:
            self.signature()
            self.returns()
            self.repeats()
            if self.k > 1:
                self.layout()
            self.rows()
            self.weights()
            self.unit()
            self.scan()
            self.derivatives(loss)
        except Trouble as trouble:
            self.wrong(trouble.name, trouble.what, trouble.remedy)
        except Exception as error:  # whatever it raises on rows that a booster may hand it
            self.wrong(
                "call",
                f"it works on the first call and fails on another one with other rows: {type(error).__name__}: {error}",
                "take targets, weights and the number of rows from the arguments of each call, from nowhere else",
            )

    # What is called and returned

    def signature(self) -> None:
        has = self.caller.signature
        if self.caller.style != "sklearn":
            return
        if calling.exchanged(has):
            self.wrong(
                "arguments",
                f"its parameters are ({', '.join(has.names)}): the estimators give targets first, then scores, by position",
                f"exchange them: ({', '.join([has.names[1], has.names[0], *has.names[2:]])})",
            )
        if has.own:
            counted = 2 + bool(has.weight) + bool(has.group) + len(has.own)
            self.wrong(
                "arguments",
                f"LGBMModel counts parameters, {counted} here, and gives weights and groups for those after the second:"
                f" {', '.join(has.own)} would get them",
                "write a function of (y_true, y_pred, sample_weight) around it that has its own parameters fixed",
                "risk",
            )
        if self.caller.needs_weight:
            self.wrong(
                "weight",
                f"it fails without weights, where LGBMModel gives {has.weight}=None",
                f"`{has.weight}=None` in the signature, and multiply only `if {has.weight} is not None`",
                "risk",
            )
        elif has.weight and has.weight != "sample_weight":
            self.note(
                "weight",
                f"XGBModel looks for a parameter of the name sample_weight, and refuses weights for one called {has.weight}",
                "call it sample_weight if it is for XGBoost too",
            )
        elif has.weight and not has.weight_default:
            self.note("weight", "XGBModel leaves it out where there are no weights", "sample_weight=None in the signature")

    def returns(self) -> None:
        caller, y = self.caller, self.y.copy()
        scores = caller.scores(self.raw)
        if caller.style == "sklearn":
            kept = y.copy()
            result = caller._quietly(*caller._of_arrays(y, scores, None, self.group))
            changed = not np.array_equal(kept, y)
        else:
            data = caller.container(y, None, self.group)
            kept = np.array(data.get_label())
            result = caller._quietly((0, scores, data) if caller.signature.has_iteration else (scores, data), {})
            changed = not np.array_equal(kept, data.get_label())
            caller.forget()
        for what, moved in (("scores", not np.array_equal(scores, caller.scores(self.raw))), ("labels", changed)):
            if moved:
                self.wrong(
                    "inplace", f"it writes into the {what} that it is given", f"work on a copy: {what} = {what}.copy()"
                )
        grad, hess = calling.pair(result)
        for name, values in zip(_NAMES, (grad, hess), strict=True):
            kind = np.asarray(values).dtype
            if isinstance(values, (list, tuple)):
                self.wrong(
                    "dtype", f"the {name} is a {type(values).__name__}", "return NumPy arrays: np.asarray(...); XGBoost takes no less",
                )  # fmt: skip
            elif kind.kind in "biuO" or kind == np.float16:
                self.wrong(
                    "dtype",
                    f"the {name} is of dtype {kind}",
                    "return floats, np.float32 or np.float64: `.astype(np.float64)`, before the arithmetic where that rounds",
                    "risk" if kind.kind in "biu" else "wrong",
                )

    def repeats(self) -> None:
        one = self.call(self.y, self.raw)
        two = self.call(self.y, self.raw)
        if all(map(_same, one, two)):
            return
        kept = np.random.get_state()  # noqa: NPY002  what objectives draw from is this one
        seeded = []
        for _ in range(2):
            np.random.seed(0)  # noqa: NPY002
            seeded.append(self.call(self.y, self.raw))
        np.random.set_state(kept)  # noqa: NPY002
        worst = max(float(np.nanmax(np.abs(a - b))) for a, b in zip(one, two, strict=True))
        what = f"a second call with the same arguments gives something else, by up to {_number(worst)}"
        if all(map(_same, *seeded)):
            self.wrong("random", f"{what}: it draws from np.random", "leave chance out of an objective: subsample in the booster")
        else:
            self.wrong(
                "state",
                f"{what}: it keeps something between calls, or draws random numbers",
                "compute everything from the arguments of each call: LightGBM copies objectives, and cv shares them",
            )

    def layout(self) -> None:
        caller, k = self.caller, self.k
        n = len(self.y)
        flat = np.asarray(calling.pair(caller.answer(self.y, self.raw, None, self.group))[0]).shape != (n, k)
        returned = caller.returned
        wants = {"xgboost": "row-major", "lightgbm": "class-major"}
        shown = {"row-major": "score after score (row-major)", "class-major": "class after class (class-major)"}
        remedy = f"take and return arrays of shape ({n}, {k}), rows by scores: both boosters do today"
        takes = caller.given
        if flat and takes == "plain":  # what would it make of flat ones?
            for given in ("class-major", "row-major"):
                other = Caller(caller.function, caller.style, given, k)
                other.needs_weight = caller.needs_weight
                try:
                    if calling._separates(other, self.y, self.raw, self.group):
                        takes = given
                        break
                except Exception:  # it does not take them
                    continue
        if takes != "plain" and flat and takes != returned:
            self.wrong("layout", f"it takes flat scores {shown[takes]} and returns {shown[returned]}", remedy)
        elif flat and caller.strict and returned != wants[caller.strict]:
            self.wrong(
                "layout",
                f"it returns flat arrays {shown[returned]}, where {caller.strict} reads them {shown[wants[caller.strict]]}",
                f"{remedy}; or reshape with order={'F' if caller.strict == 'lightgbm' else 'C'!r}",
            )
        elif caller.given != "plain" and caller.strict and caller.given != wants[caller.strict]:
            self.wrong("layout", f"it takes scores {shown[caller.given]}, not as {caller.strict} has them", remedy)
        elif flat and caller.given == "plain":
            booster = "XGBoost reads" if returned == "row-major" else "LightGBM reads"
            self.note(
                "layout", f"it returns flat arrays {shown[returned]}, as {booster} them, the other does not", remedy
            )
        if caller.given != "plain":
            self.note("layout", f"it wants flat scores {shown[caller.given]}, and mixes up those of shape ({n}, {k}) that both boosters hand over today", remedy)

    # Rows

    def rows(self) -> None:
        y, raw, n = self.y, self.raw, len(self.y)
        whole = self.call(y, raw, group=self.group)
        if self.group is None:
            part = np.arange(0, n, 2)
            some = self.call(y[part], raw[part])
        else:
            half = max(1, len(self.group) // 2)
            part = np.arange(self.group[:half].sum())
            some = self.call(y[part], raw[part], group=self.group[:half])
        shared = []
        for place, name in enumerate(_NAMES):
            here, there = some[place], whole[place][part]
            if _same(here, there):
                continue
            ratio = _constant(here, there)
            if ratio is not None and abs(ratio / (n / len(part)) - 1.0) < 1e-3 and n != len(part):
                self.caller.shares[place] = True
                shared.append(name)
            elif not self.found("rows"):
                self._depends(name, here, there, part)
        if shared:
            both = " and ".join(shared)
            alone = "" if len(shared) == 2 else ", and the other one is not: leaves are wrong by that factor"
            self.wrong(
                "mean",
                f"the {both} {'are' if len(shared) == 2 else 'is'} divided by the number of rows: on half of them"
                f" {'they are' if len(shared) == 2 else 'it is'} twice as large{alone}",
                "leave out the division: boosters add up rows, and min_child_weight, lambda and the gain are in that unit",
            )
        if self.group is not None or self.found("rows"):
            return
        order = np.random.default_rng(2).permutation(n)
        moved = self.call(y[order], raw[order])
        blind = self.call(y[order], raw)
        whole = self.call(y, raw)
        different = (y[order] != y).any()
        if different and all(map(_same, blind, whole)):
            self.wrong(
                "labels",
                "other targets give the same gradients: it does not look at those it is given",
                "take the targets from the arguments of each call, not from a variable outside",
            )
        for name, a, b in zip(_NAMES, moved, whole, strict=True):
            if not _same(a, b[order]) and not self.found("rows", "labels", "random", "state"):
                self._depends(name, a, b[order], order, "in another order")

    def _depends(self, name: str, here: np.ndarray, there: np.ndarray, rows: np.ndarray, how: str = "without the others") -> None:
        if self.found("random", "state"):
            return
        apart = np.abs(here - there)
        apart = np.where(np.isfinite(apart), apart, 0.0)
        at = np.unravel_index(int(apart.argmax()), apart.shape)
        off = (apart > 1e-5 * np.abs(there)).reshape(len(apart), -1).any(axis=1)
        self.alone = False
        given = "" if self.group is None else ", though not of its group"
        self.wrong(
            "rows",
            f"the {name} of a row depends on other rows{given}: row {rows[at[0]]} has {_number(there[at])} among all, and"
            f" {_number(here[at])} {how}; {off.sum()} of {len(apart)} rows change",
            "a loss is a sum over rows: leave out means, ranks and normalisation over the batch, and anything of the full data;"
            " if it is a loss of groups, give check their sizes (group=)",
            "risk",
        )

    # Weights

    def weights(self) -> None:
        has = self.caller.signature
        if self.caller.style == "sklearn" and not has.weight:
            what = "it has no parameter for weights: LGBMModel ignores them without a word, XGBModel refuses them"
            remedy = "add sample_weight=None, and multiply gradient and Hessian by it if it is given"
            if self.weighted:
                self.wrong("weight", what, remedy)
            else:
                self.note("weight", what, remedy)
            return
        rng = np.random.default_rng(3)
        w = np.array([0.5, 1.0, 2.0, 3.0])[rng.integers(0, 4, len(self.y))]
        if self.group is not None:
            w = np.repeat(np.array([0.5, 2.0, 3.0])[np.arange(len(self.group)) % 3], self.group)
        plain = self.call(self.y, self.raw, group=self.group)
        if self.caller.needs_weight:
            self.caller.needs_weight = False
            plain = self.call(self.y, self.raw, weight=np.ones(len(w)), group=self.group)
            heavy = self.call(self.y, self.raw, weight=w, group=self.group)
            self.caller.needs_weight = True
        else:
            heavy = self.call(self.y, self.raw, weight=w, group=self.group)
        columns = w if self.k == 1 else w[:, None]
        plain, heavy = (tuple(np.where(np.abs(v) < _HUGE, v, np.nan) for v in both) for both in (plain, heavy))
        seen: dict[str, list[str]] = {}
        for name, before, after in zip(_NAMES, plain, heavy, strict=True):
            if not (np.isfinite(before) & (before != 0)).any() or _same(after, before * columns):
                continue
            if _same(after, before):
                seen.setdefault("ignored", []).append(name)
            elif _same(after, before * columns**2):
                seen.setdefault("twice", []).append(name)
            elif _constant(after, before * columns) is not None:
                seen.setdefault("normalised", []).append(name)
            elif self.group is None:
                seen.setdefault("not as factors", []).append(name)
        grades = "multiply gradient and Hessian by the weights, once each: neither booster does it for a custom objective"
        for how, names in seen.items():
            both = " and ".join(names)
            one = f", in the {'Hessian' if names == ['gradient'] else 'gradient'} they are not" if len(names) == 1 else ""
            if how == "ignored":
                source = "" if self.caller.style == "sklearn" else "; they are data.get_weight(), empty or None where there are none"
                self.wrong("weight", f"weights are ignored in the {both}{one}", grades + source)
            elif how == "twice":
                self.wrong("weight", f"weights are applied twice in the {both}{one}", grades)
            elif how == "normalised":
                self.wrong(
                    "weight",
                    f"weights are divided by their sum or mean in the {both}{one}",
                    "multiply by them as they are: what a row counts would depend on which others there are",
                    "risk",
                )
            else:
                self.wrong("weight", f"the {both} with weights {'are' if len(names) > 1 else 'is'} not the weight times that without", grades)

    # What the scores are

    def unit(self) -> None:
        """Whether scores are in the unit of the target, and whether they are pulled towards it."""
        y = self.y
        spread = float(np.std(y)) or 1.0
        if self.k == 1:
            step = 1e-3 * spread
            over, under = (self.call(y, y + by, group=self.group)[0] for by in (step, -step))
            turns = np.sign(over) * np.sign(under) < 0
            self.fits = bool(self.alone and turns.mean() > 0.9)
            if self.fits:
                self.direction = int(np.sign(np.sign(over - under).sum()))
        if self.k > 1 and self._are_classes():
            self._classes()
        elif not self.fits and self.k == 1:
            self._association()

    def _are_classes(self) -> bool:
        labels = np.unique(self.y)
        return bool(len(labels) <= self.k and (labels == np.floor(labels)).all() and labels[0] >= 0 and labels[-1] < self.k)

    def _classes(self) -> None:
        """Each class pulls up one score: its own."""
        grad = self.call(self.y, np.zeros((len(self.y), self.k)), group=self.group)[0]
        labels = np.unique(self.y).astype(int)
        means = np.array([grad[self.y == c].mean(axis=0) for c in labels])
        if not np.isfinite(means).all():
            return
        for sign in (1, -1):
            pulled = sign * means < -1e-9 * np.abs(means).max()
            if not (pulled.sum(axis=1) == 1).all() or self.k == 2:
                continue
            own = pulled.argmax(axis=1)
            self.direction = sign
            if (own == labels).all() or len(set(own)) < len(own):
                return
            pairs = ", ".join(f"class {c} raises score {o}" for c, o in zip(labels, own, strict=True) if c != o)
            self.wrong(
                "classes",
                f"labels and scores do not belong together: {pairs}",
                "label c belongs to column c, counted from 0: check the one-hot encoding, the order of the columns and any label - 1",
            )
            return
        if self.k == 2:
            own_pull = np.array([means[i, c] for i, c in enumerate(labels)])
            self.direction = int(-np.sign(own_pull[0])) if len({*np.sign(own_pull)}) == 1 else 0

    def _association(self) -> None:
        """With the score fixed, a larger target pulls harder upwards: the gradient falls."""
        if self.group is not None:
            level = np.arange(len(self.y)) * 1e-3  # no ties
            grad = self.call(self.y, level, group=self.group)[0]
            bounds = np.r_[0, np.cumsum(self.group)]
            pull = sum(
                float(((self.y[a:b] - self.y[a:b].mean()) * grad[a:b]).sum()) for a, b in zip(bounds, bounds[1:], strict=False)
            )
            self.direction = -int(np.sign(pull))
            return
        if not self.alone:
            return
        values = _few(self.y, 4)
        scores = np.linspace(-3.0, 3.0, 13)
        grad = np.array([self.call(np.full(13, v), scores)[0] for v in values])
        with np.errstate(all="ignore"):
            change = np.sign(np.diff(grad, axis=0))
        change = change[np.isfinite(change) & (change != 0)]
        if change.size and abs(change.mean()) > 0.8:
            self.direction = -int(np.sign(change.mean()))

    # Ranges of scores

    def scan(self) -> None:
        if not self.alone:
            return
        values = _few(self.y, 5)
        reach = max(_LARGE, 4.0 * float(np.ptp(self.y)), float(np.abs(self.y).max())) if self.fits else _LARGE
        grid = np.unique(np.concatenate([np.linspace(-_LARGE, _LARGE, 401), [1e-3, -1e-3, 1e-8, -1e-8]]))
        if self.fits and reach > _LARGE:
            far = np.geomspace(_LARGE, reach, 30)[1:]
            grid = np.concatenate([-far[::-1], grid, far])
        if self.own_raw:
            low, high = float(self.raw.min()), float(self.raw.max())
            grid = np.linspace(low, high, 401) - (float(np.median(self.y)) if self.fits else 0.0)
        y = np.repeat(values, len(grid))
        place = np.tile(grid, len(values))
        score = place + (y if self.fits else 0.0)
        if self.k > 1:
            score = np.zeros((len(y), self.k))
            own = y.astype(int) if self._are_classes() else np.zeros(len(y), int)
            score[np.arange(len(y)), own] = place
        wide: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for kind in ("float64", "float32"):
            wide[kind] = self.call(y, score.astype(kind))
        if self.k == 1 and set(np.unique(self.y)) <= {-1.0, 0.0, 1.0} and not self.fits and self._as_probability(y, place, wide["float64"][0]):
            return
        reached = np.abs(place) <= (reach if self.fits else _SMALL)
        for kind, (grad, hess) in wide.items():
            for name, values_ in (("gradient", grad), ("Hessian", hess)):
                self._holes(kind, name, values_.reshape(len(y), -1), y, place, reached)
        if not self.fits and (self.k == 1 and len(np.unique(self.y)) == 2 or self.k > 1 and self._are_classes()):
            for kind, (grad, _) in wide.items():
                if not self.found("dead"):
                    self._dead(kind, grad, y, place, grid)

    def _holes(self, kind: str, name: str, values: np.ndarray, y: np.ndarray, place: np.ndarray, reached: np.ndarray) -> None:
        nan = np.isnan(values).any(axis=1)
        with np.errstate(over="ignore", invalid="ignore"):
            inf = np.isinf(values.astype(np.float32)).any(axis=1) & ~nan & (np.abs(place) <= _SMALL)
        of = "raw - y" if self.fits else "raw" if self.k == 1 else "one raw score"
        for found, bad, text in (("nan", nan, "NaN"), ("overflow", inf, "beyond the largest float32")):
            if not bad.any() or any(f.name == found and f.what.startswith(f"the {name}") for f in self.findings):
                continue
            at = y[bad][0]
            which = "" if len(np.unique(y[bad])) == len(np.unique(y)) and len(np.unique(y)) > 1 else f", y={_number(at)}"
            only = " given as float32, which XGBoost does" if kind == "float32" else ""
            cure = "compute in float64 (preds.astype(np.float64)), and " if kind == "float32" else ""
            self.wrong(
                found,
                f"the {name} is {text} for {of} {_ranges(np.unique(place), np.unique(place[bad]))}{which}; scores{only or ' of any dtype'}",
                f"{cure}use forms that cannot overflow: scipy.special.expit, np.tanh, np.logaddexp, -np.abs(x) in exponents",
                "wrong" if (bad & reached).any() else "risk",
            )

    def _as_probability(self, y: np.ndarray, place: np.ndarray, grad: np.ndarray) -> bool:
        """The sign is right between 0 and 1, and wrong or lost outside."""
        one = y == y.max()
        inside, under = one & (place > 0.02) & (place < 0.98), one & (place < -0.4) & (place > -_SMALL)
        rows = grad[inside] < 0
        if not rows.size or not (rows.all() and not (grad[under] < 0).any()):
            return False
        at = int(np.flatnonzero(under)[-1])
        self.wrong(
            "probability",
            f"the raw score is taken for a probability: for y={_number(y.max())} the gradient is {_number(grad[at])} at"
            f" raw={_number(place[at])}, and negative only between 0 and 1",
            "p = 1 / (1 + np.exp(-raw)) first; then the chain rule: the gradient by raw is that by p times p*(1 - p)",
        )
        return True

    def _dead(self, kind: str, grad: np.ndarray, y: np.ndarray, place: np.ndarray, grid: np.ndarray) -> None:
        for value in np.unique(y):
            here = y == value
            if self.k == 1:
                g, outwards = grad[here], -1 if value == y.max() else 1
            else:
                g, outwards = grad[here, int(value)], -1
            size = np.abs(g[::outwards])
            along = grid[::outwards]
            size, along = size[along * outwards >= 0], along[along * outwards >= 0]
            size = np.where(np.isfinite(size), size, 1.0)
            zeros = size[::-1].cumsum()[::-1] == 0
            if not zeros.any() or zeros.all():
                continue
            first = int(zeros.argmax())
            if size[first - 1] > 0.1 * size.max():
                self.wrong(
                    "dead",
                    f"for y={_number(value)} the gradient drops from {_number(size[first - 1])} to 0 at raw={_number(along[first])}"
                    f" ({kind} scores) and stays 0: the worst rows have no say",
                    "no clipping of probabilities before differentiating: write the gradient of log loss as p - y, others in log p",
                )
                return

    # Derivatives

    def points(self) -> tuple[np.ndarray, np.ndarray, int]:
        """Where derivatives are taken: the first of them a grid of every score with each of a few targets (how many)."""
        rng = np.random.default_rng(4)
        y, k = self.y, self.k
        if not self.alone or self.own_raw:
            return y, self.raw, 0
        values = _few(y, 6)
        spread = float(np.std(y)) or 1.0
        some = y[rng.integers(0, len(y), 60)]
        if k > 1:
            grid = rng.normal(0, 2.0, (12, k))
            more = rng.normal(0, 1.0, (60, k)) * np.repeat([1.0, 2.0, 8.0], 20)[:, None]
            if not self._are_classes():  # the first may be a location
                more[:30, 0] = some[:30] + spread * rng.normal(size=30)
        elif self.fits:
            grid = np.concatenate([values + 0.013 * spread, values + spread, [0.011, 0.511]])  # beside the kinks at the targets
            away = np.concatenate([spread * rng.normal(size=20), 0.05 * spread * rng.normal(size=20), rng.normal(size=20)])
            more = some + away
            if y.min() >= 0:  # what is below may have no loss
                grid, more = np.abs(grid), np.abs(more)
        else:
            grid = np.concatenate([np.linspace(-6.0, 6.0, 13), [-30.0, -20.0, -12.0, 12.0, 20.0, 30.0]])
            more = rng.normal(0, 1.5, 60)
            if (y > 0).any():
                with np.errstate(all="ignore"):
                    near = np.log(some) - (np.log1p(-some) if y.max() <= 1 else 0.0)
                more[:40] = np.where(np.isfinite(near), near, 0.0)[:40] + rng.normal(size=40)
        both = np.repeat(values, len(grid)), np.concatenate([grid] * len(values))
        return np.concatenate([both[0], some]), np.concatenate([both[1], more]), len(values)

    def slots(self, n: int) -> list[np.ndarray]:
        """Rows that can be moved at once."""
        if self.group is not None and self.alone_in_groups:
            starts = np.r_[0, np.cumsum(self.group)[:-1]]
            return [starts[self.group > t] + t for t in range(min(int(self.group.max()), 12))]
        if self.alone:
            return [np.arange(n)]
        return [np.array([row]) for row in np.unique(np.linspace(0, n - 1, 12).astype(int))]

    @property
    def alone_in_groups(self) -> bool:
        return not self.found("rows")

    def differentiated(self, value: Callable, y: np.ndarray, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """d value(raw)[i, j] / d raw[i, j], and its error; NaN where it was not taken."""
        slope, error = np.full(raw.shape, np.nan), np.full(raw.shape, np.inf)
        reach = max(0.5, 0.25 * float(np.std(y))) if self.fits else 0.5
        for rows in self.slots(len(y)):
            for column in range(self.k):
                place: Any = rows if self.k == 1 else (rows, column)

                def moved(x: np.ndarray, place: Any = place) -> np.ndarray:
                    scores = raw.copy()
                    scores[place] = x
                    return value(scores)[place]

                slope[place], error[place] = slopes(moved, raw[place], reach)
        return slope, error

    def derivatives(self, loss: Any) -> None:
        self.alone = self.alone and self.group is None
        y, raw, grid = self.points()
        more = {} if self.group is None else {"group": self.group}
        grad, hess = self.call(y, raw, **more)
        if loss is not None and not self.found("probability"):
            self.gradient(_Loss(loss, y, raw, self.group if self.alone_in_groups else None), y, raw, grad)
        if self.found("probability"):
            return  # of what would the Hessian be the derivative?
        slope, error = self.differentiated(lambda scores: self.call(y, scores, **more)[0], y, raw)
        if loss is None and not self.found("sign"):
            self._flipped(slope, error)
        if self.direction == -1 and not self.found("sign", "labels", "gradient") and len(np.unique(self.y)) == 2 and self.k == 1:
            low, high = np.unique(self.y)
            self.wrong(
                "labels",
                f"scores are pulled down by y={_number(high)} and up by y={_number(low)}",
                "look where the label enters: the other class is taken for the positive one",
                "risk",
            )
        self.hessian(y, raw, hess, slope / self.times, error / abs(self.times), grad / self.times, grid)

    def _flipped(self, slope: np.ndarray, error: np.ndarray) -> None:
        """Without a loss: the gradient falls with the score, and pulls away from the target."""
        known = np.isfinite(slope) & (np.abs(slope) > _TRUST * error)
        if self.direction == -1 and known.any() and (slope[known] < 0).mean() > 0.8 or self.direction == -1 and self.fits:
            self.times = -1.0
            self.wrong(
                "sign",
                f"the gradient has the wrong sign: it pulls scores away from their targets"
                f" (it falls with the score at {(slope[known] < 0).sum()} of {known.sum()} points)",
                "both boosters go downhill: return the derivative of the loss, raw - y for squared error and not y - raw",
            )

    def gradient(self, loss: _Loss, y: np.ndarray, raw: np.ndarray, grad: np.ndarray) -> None:
        true, error = self.differentiated(loss.by_row, y, raw)
        good = (np.abs(true) < _HUGE) & (np.abs(grad) < _HUGE) & np.isfinite(error)
        apart = np.abs(grad - true)
        tolerance = _CLOSE * np.maximum(np.abs(grad), np.abs(true)) + _TRUST * error + 1e-7 * _typical(true[good])
        off = good & (apart > tolerance)
        if not _many(off, good):
            return
        sharp = good & (np.abs(true) > 1e-6 * _typical(true[good])) & (error < 1e-3 * np.abs(true))
        ratio = grad[sharp] / true[sharp] if sharp.any() else np.empty(0)
        constant = _constant(grad[sharp], true[sharp]) if sharp.sum() > 4 else None
        told = f"{self._where(off, y, raw)}; {self._worst(off, apart, y, raw, grad, true, 'the gradient', 'the slope of the loss')}"
        if constant is not None and abs(constant - 1.0) > _CLOSE:
            self.times = constant
            if abs(constant + 1.0) < _CLOSE:
                self.wrong("sign", f"the gradient has the wrong sign: {told}", "return its negative")
            else:
                sign = " and has the wrong sign" if constant < 0 else ""
                self.wrong(
                    "gradient",
                    f"the gradient is {_number(abs(constant))} times the slope of the loss{sign}: {told}",
                    f"multiply it by {_number(1.0 / constant)}, or change the loss by that factor",
                )
            return
        if self.k > 1 and not self.found("classes") and (order := _permuted(grad, true, good)) is not None:
            self.wrong(
                "classes",
                f"the columns are exchanged: column {', '.join(map(str, range(self.k)))} of the gradient belongs to score"
                f" {', '.join(map(str, order))}",
                "give columns in the order of the scores",
            )
            return
        if self.k == 1:
            if len(np.unique(self.y)) == 2 and self.alone and _agree(self.call(self.y.min() + self.y.max() - y, raw)[0], true, error):
                self.wrong(
                    "labels", f"the gradient is that of the other label: {told}", "look where the label enters: 1 - y instead of y, say"
                )
                return
            reason = self._chain(ratio, raw[sharp], "gradient") or self._twice(loss, y, grad, raw)
            if reason:
                self.wrong("probability", f"the gradient is not the slope of the loss: {told}; {reason[0]}", reason[1])
                return
        self.wrong("gradient", f"the gradient is not the slope of the loss: {told}", "differentiate the loss by the raw score again")

    def _chain(self, ratio: np.ndarray, raw: np.ndarray, of: str) -> tuple[str, str] | None:
        """Whether a ratio of derivatives is that of a sigmoid left out, or put in twice."""
        p, wide = _sigmoid(raw), np.abs(raw) < 15
        if wide.sum() < 5 or np.ptp(raw[wide]) == 0:
            return None
        missing = "p = 1 / (1 + np.exp(-raw)) in the gradient too, or leave p*(1 - p) out of the Hessian"
        surplus = "one sigmoid too many in the gradient, or p*(1 - p) forgotten in the Hessian: d/d raw = d/dp * p*(1 - p)"
        if of == "gradient":
            missing = "p*(1 - p) is in it twice: in p - y it is already"
            surplus = "the chain rule: multiply by it, d/d raw = d/dp * p*(1 - p)"
        for shown, factor, remedy in (
            ("p*(1 - p)", p * (1 - p), missing),
            ("1/(p*(1 - p))", 1 / (p * (1 - p)), surplus),
            ("raw*(1 - raw)", raw * (1 - raw), "apply the sigmoid first: scores are no probabilities"),
        ):
            if _constant(ratio[wide], factor[wide]) is not None:
                return f"their ratio is {shown}, with p = sigmoid(raw)", remedy
        return None

    def _twice(self, loss: _Loss, y: np.ndarray, grad: np.ndarray, raw: np.ndarray) -> tuple[str, str] | None:
        if not self.alone or not loss.rows or set(np.unique(self.y)) - {0.0, 1.0}:
            return None
        again = _sigmoid(raw)
        slope, error = self.differentiated(loss.by_row, y, again)
        if _agree(grad, slope, error):
            return "it is the slope at sigmoid(raw)", "the sigmoid is applied twice: scores are raw already in one of them"
        inside = 0.05 + 0.9 * again
        slope, error = self.differentiated(loss.by_row, y, np.log(inside) - np.log1p(-inside))
        if _agree(self.call(y, inside)[0], slope, error):
            return "it is the slope at logit(raw)", "the sigmoid is forgotten: p = 1 / (1 + np.exp(-raw)) first"
        return None

    def hessian(
        self, y: np.ndarray, raw: np.ndarray, hess: np.ndarray, slope: np.ndarray, error: np.ndarray, grad: np.ndarray, grid: int
    ) -> None:
        good = (np.abs(hess) < _HUGE) & (np.abs(slope) < _HUGE) & np.isfinite(error)
        if not good.any():
            return
        if not hess[np.isfinite(hess)].any():
            self.wrong(
                "zero",
                f"the Hessian is 0 at all {hess.size} points: no leaf has the least sum of Hessians, and nothing is split",
                "where the gradient is a step, return ones (times the weight), or a curvature over a width of your choice",
            )
            return
        size = max(_typical(slope[good]), 1e-3 * _typical(hess[good]))
        tolerance = _CLOSE * np.maximum(np.abs(hess), np.abs(slope)) + _TRUST * error + 1e-7 * size
        below, above = good & (hess < slope - tolerance), good & (hess > slope + tolerance)
        negative = np.isfinite(hess) & (hess < -1e-9 * _typical(hess))
        off = below | above
        told = self._worst(off, np.abs(hess - slope), y, raw, hess, slope, "the Hessian", "the derivative of the gradient")
        again = "the Hessian is the derivative of the gradient by the raw score, of the same row and score: derive it again"
        if negative.any() and (hess[np.isfinite(hess)] <= 0).all():
            too = " too" if self.found("sign") else ""
            self.wrong("negative", f"the Hessian is negative everywhere{too}, down to {_number(np.nanmin(hess))}", "change its sign")
            self.hessian(y, raw, -hess, slope, error, grad, grid)
            return
        if _many(negative, good, 0.0):
            concave = 2 * (negative & good & (slope < 0)).sum() > negative.sum()
            self.wrong(
                "negative",
                f"the Hessian is negative {self._where(negative, y, raw)}, down to {_number(hess[negative].min())}"
                + ("; the loss is not convex there" if concave else ", though the gradient rises there"),
                "boosters take leaf steps the wrong way there, or drop such rows: np.maximum(hess, 1e-6), or a positive bound",
                "risk" if concave else "wrong",
            )
        if not _many(off, good):
            return
        sharp = good & (np.abs(slope) > 1e-6 * size) & (error < 1e-3 * np.abs(slope))
        if sharp.sum() > 4:
            constant = _constant(hess[sharp], slope[sharp])
            if constant is not None and 0 < constant < 1 - _CLOSE:
                self.wrong(
                    "hessian",
                    f"the Hessian is {_number(constant)} times the derivative of the gradient; {told}",
                    f"multiply it by {_number(1.0 / constant)}, or the gradient by {_number(constant)}: leaves overshoot",
                )
                return
            if constant is not None and constant < 0 and not self.found("negative"):
                self.wrong(
                    "sign",
                    f"the gradient falls where the Hessian says that it rises, {_number(constant)} times as fast; {told}",
                    "one of the two has the wrong sign: the gradient is raw - y for squared error, the Hessian is positive",
                )
                return
            reason = self._chain(hess[sharp] / slope[sharp], raw[sharp], "Hessian") if self.k == 1 and constant is None else None
            if reason:
                self.wrong("hessian", f"the Hessian is not the derivative of the gradient; {told}; {reason[0]}", reason[1])
                return
        if below.sum() <= max(2, 0.02 * good.sum()) or _only_flat(slope, error, good) and (hess[good] > 0).all():
            if (jump := self._jumps(above, good, hess, slope)) is not None:
                self.wrong(
                    "hessian",
                    f"the Hessian is right at most points and much too large {self._where(jump, y, raw)}; {told}",
                    f"{again}, in a form that does not lose its digits far from the target",
                )
                return
            if _only_flat(slope, error, good):
                what = "the gradient is flat between its steps, and the Hessian made up"
            else:
                rises = above & (slope > 0)
                by = f", up to {_number(float((hess[rises] / slope[rises]).max()))} times" if rises.any() else ""
                what = f"the Hessian is larger than the derivative of the gradient at {above.sum()} of {good.sum()} points{by}, nowhere smaller"
            self.note("hessian", what, "fine if it is meant as a bound: steps are shorter and safe; else see the factor")
            return
        if (other := self._stands_in(hess, slope, grad, grid)) is not None:
            self.note("hessian", other, "fine if it is meant; else derive it again")
            return
        lost = below & (hess == 0)
        if 2 * lost.sum() > below.sum():
            told = f"it is 0 {self._where(lost, y, raw)}; {told}"
        self.wrong("hessian", f"the Hessian is not the derivative of the gradient {self._where(off, y, raw)}; {told}", again)

    def _jumps(self, above: np.ndarray, good: np.ndarray, hess: np.ndarray, slope: np.ndarray) -> np.ndarray | None:
        """Points where a Hessian that is right elsewhere, and falls as it should, is suddenly large."""
        right = good & ~above
        if right.sum() < 0.3 * good.sum():
            return None
        values = hess[right]
        jump = above & (hess > max(0.5 * values.max(), 1.5 * float(np.median(values)))) & (np.abs(slope) < 1e-3 * values.max())
        return jump if _many(jump, good) and values.max() > 4 * values.min() else None

    def _stands_in(self, hess: np.ndarray, slope: np.ndarray, grad: np.ndarray, grid: int) -> str | None:
        """What a positive Hessian that is not the derivative may be all the same, told by the targets with the score fixed."""
        if grid < 3 or not (hess > 0).all():
            return None
        n = (len(hess) - 60) // grid
        meets, between = [], []
        for h, s, g in zip(*(v[: n * grid].reshape(grid, -1).T for v in (hess, slope, grad)), strict=True):
            size = max(float(np.abs(v).max()) for v in (h, s))
            if not np.isfinite([h, s, g]).all() or not 0 < size < 1e8 * h.min():
                continue
            lines = np.stack([np.ones_like(g), g / (np.abs(g).max() or 1.0)], axis=1)
            of_h, of_s = (np.linalg.lstsq(lines, v, rcond=None)[0] for v in (h, s))
            left = max(float(np.abs(lines @ c - v).max()) for c, v in ((of_h, h), (of_s, s)))
            meets.append(abs(of_h[0] - of_s[0]) < 0.02 * abs(of_s[0]) + 1e-9 * size and left < 0.02 * size)
            between.append(np.ptp(h) < _CLOSE * h.max() and s.min() <= 1.01 * h.min() and np.ptp(s) > 0.05 * size)
        if len(meets) > 4 and np.mean(meets) > 0.9:
            return "the Hessian is what the derivative of the gradient is where the gradient is 0: Fisher information, or a bound near it"
        if len(between) > 4 and np.mean(between) > 0.9:
            return "the Hessian does not depend on the target, and is among the derivatives of the gradient: Fisher information, or so"
        return None

    # Words

    def _where(self, at: np.ndarray, y: np.ndarray, raw: np.ndarray) -> str:
        labels = y if at.ndim == 1 else np.broadcast_to(y[:, None], at.shape)
        few = np.unique(y)
        places = [at] if len(few) > 3 or len(few) < 2 else [at & (labels == value) for value in few]
        ends = [
            f"raw from {_number(raw[place].min())} to {_number(raw[place].max())}"
            + (f" for y={_number(labels[place][0])}" if len(places) > 1 else "")
            for place in places
            if place.any()
        ]
        return f"at {at.sum()} of {at.size} points ({', '.join(ends)})"

    def _worst(
        self, at: np.ndarray, apart: np.ndarray, y: np.ndarray, raw: np.ndarray, a: np.ndarray, b: np.ndarray, one: str, other: str
    ) -> str:
        if not at.any():
            return ""
        with np.errstate(all="ignore"):  # one that is plain to see, and not at the end of the world
            plain = apart / (np.abs(a) + np.abs(b)) / (10.0 + np.abs(raw))
        place = np.unravel_index(int(np.where(at & np.isfinite(plain), plain, -1.0).argmax()), at.shape)
        column = "" if self.k == 1 else f", score {place[1]}"
        return f"at y={_number(y[place[0]])}, raw={_number(raw[place])}{column} {one} is {_number(a[place])} and {other} {_number(b[place])}"


class _Loss:
    """A loss as it was given, evaluated row by row."""

    def __init__(self, loss: Any, y: np.ndarray, raw: np.ndarray, group: np.ndarray | None) -> None:
        known = _ours(loss)
        self.y, self.group = y, group
        self.function: Callable = loss if known is None else known.loss
        if not callable(self.function):
            raise TypeError(f"check: loss must be a callable, an Objective or a name, got {type(loss).__name__}")
        value = self._tried(raw)
        shares = raw.ndim == 1 and set(np.unique(y)) <= {0.0, 1.0}
        if shares and (value is None or np.isfinite(value).mean() < 0.7):
            plain = self.function
            self.function = lambda y, raw: plain(y, _sigmoid(raw))
            value = self._tried(raw)
        if value is None:
            raise ValueError(f"check: loss cannot be called as loss(y, raw): {self.error}")
        self.rows = value.size == len(y) or value.shape[:1] == (len(y),)

    def _tried(self, raw: np.ndarray) -> np.ndarray | None:
        try:
            with np.errstate(all="ignore"):
                return np.asarray(self.function(self.y, raw), np.float64)
        except Exception as error:  # a loss of probabilities may refuse scores
            self.error = f"{type(error).__name__}: {error}"
            return None

    def by_row(self, raw: np.ndarray) -> np.ndarray:
        """The loss of each row (of its group), in the shape of raw."""
        with np.errstate(all="ignore"):
            if self.rows:
                out = np.asarray(self.function(self.y, raw), np.float64).reshape(len(self.y), -1).sum(axis=1)
                if self.group is not None:
                    bounds = np.r_[0, np.cumsum(self.group)[:-1]]
                    out = np.repeat(np.add.reduceat(out, bounds), self.group)
            else:
                sizes = np.ones(len(self.y), int) if self.group is None else self.group
                ends = np.cumsum(sizes)
                each = [
                    float(self.function(self.y[end - size : end], raw[end - size : end]))
                    for size, end in zip(sizes, ends, strict=True)
                ]
                out = np.repeat(each, sizes)
        return out if raw.ndim == 1 else np.broadcast_to(out[:, None], raw.shape)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -700, 700)))


def _few(y: np.ndarray, many: int) -> np.ndarray:
    """Some of the targets, the ends among them."""
    values = np.unique(y)
    return values if len(values) <= many else values[np.unique(np.linspace(0, len(values) - 1, many).astype(int))]


def _constant(a: np.ndarray, b: np.ndarray) -> float | None:
    """The c of a = c*b to a percent at nearly all elements; None if there is none."""
    keep = np.isfinite(a) & np.isfinite(b) & (np.abs(b) > 1e-6 * _typical(b))
    if keep.sum() < 2:
        return None
    ratio = a[keep] / b[keep]
    middle = float(np.median(ratio))
    return middle if (np.abs(ratio - middle) <= _CLOSE * abs(middle)).mean() >= 0.95 and middle else None


def _agree(a: np.ndarray, b: np.ndarray, error: np.ndarray) -> bool:
    good = np.isfinite(a) & np.isfinite(b) & np.isfinite(error)
    near = np.abs(a - b) <= _CLOSE * np.maximum(np.abs(a), np.abs(b)) + _TRUST * error
    return bool(good.any() and near[good].mean() > 0.95)


def _many(at: np.ndarray, of: np.ndarray, share: float = 0.02) -> bool:
    return bool(at.sum() > max(2, share * of.sum()))


def _only_flat(slope: np.ndarray, error: np.ndarray, good: np.ndarray) -> bool:
    flat = good & (np.abs(slope) <= _TRUST * error + 1e-9)
    return bool(flat.sum() > 0.95 * good.sum())


def _permuted(grad: np.ndarray, true: np.ndarray, good: np.ndarray) -> list[int] | None:
    """For each column of the gradient the score whose slope it is; None if they are not those of others."""
    rows = good.all(axis=1)
    order = []
    for column in grad[rows].T:
        match = [j for j, slope in enumerate(true[rows].T) if np.allclose(column, slope, rtol=_CLOSE, atol=1e-5)]
        if len(match) != 1:
            return None
        order += match
    return order if sorted(order) == list(range(len(order))) else None


def _ranges(grid: np.ndarray, bad: np.ndarray) -> str:
    """Runs of neighbours in the grid, at most three."""
    at = np.flatnonzero(np.isin(grid, bad))
    runs = np.split(at, np.flatnonzero(np.diff(at) > 1) + 1)
    text = [
        _number(grid[run[0]]) if len(run) == 1 else f"from {_number(grid[run[0]])} to {_number(grid[run[-1]])}" for run in runs
    ]
    return " and ".join(text[:3]) + (" and elsewhere" if len(text) > 3 else "")
