"""Loss cards: pictures of an objective, what it costs, what it hands to a booster, and the step that a leaf then takes."""

from __future__ import annotations

import dataclasses
import math
import textwrap
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import protocol, scales
from .domain import REAL, first_bad
from .objective import Groupwise, Objective, Rowwise
from .registry import BuiltIn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 401
"""How many scores a line is drawn through; an odd number, so that the middle is one of them."""

FORMATS = (".pdf", ".png", ".svg")

PANELS = ("loss", "gradient", "Hessian", "leaf step")

BLACK, ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
"""Okabe and Ito's colours, "Color Universal Design" (2008), without their yellow, which white paper swallows."""

GREY = "#8C8C8C"

MINUS = "\N{MINUS SIGN}"

_TARGETS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"))
"""A target is a colour and a marker, and a kind of curvature a style of line: in grey the second of each pair still tells."""

_KINDS: dict[str, tuple[str, Any]] = {
    "exact": (BLACK, "-"),
    "majorized": (VERMILLION, "--"),
    "damped": (PURPLE, "-."),
    "fisher": (SKY, ":"),
    "in training": (GREEN, (0, (6, 1, 1, 1, 1, 1))),
    "in XGBoost": (GREEN, (0, (6, 1, 1, 1, 1, 1))),
    "in LightGBM": (BLUE, (0, (8, 2))),
}
"""Of what a booster is given, which is none of the kinds, the beginning of its name counts."""
_OTHER: tuple[str, Any] = (SKY, (0, (3, 1)))
"""A kind that somebody else's objective has."""

_PADS = {"log": 3.0, "median_sigma": 3.0, "threshold": 3.0, "location_scale": 3.0}
"""How far from the best score the picture goes, for links whose scores are not in the unit of the target; else `_PAD`."""
_PAD = 6.0

_SCORE_UNITS = {"logit": "log odds", "one_vs_all": "log odds", "softmax": "log odds", "log": "log of the unit of y"}


class Line(NamedTuple):
    """What is drawn in one panel: values at the scores of its column."""

    label: str
    values: np.ndarray
    target: int | None
    """Which of the targets it is for; None where it is the same for all."""
    kind: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class _View:
    """Rows of which one score varies."""

    objective: Objective
    labels: tuple[str, ...]
    """What each target is called."""
    y: tuple[np.ndarray, ...]
    """For each target, the rows that one value of the score needs: one, or a group."""
    raw: tuple[np.ndarray, ...]
    """Their raw scores, of which [place] varies."""
    places: tuple[Any, ...]
    axis: str
    """What varies, for the label of the axis."""
    residual: bool = False
    notes: tuple[str, ...] = ()

    @property
    def grouped(self) -> bool:
        return isinstance(_law(self.objective), Groupwise)

    def rows(self, t: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """Targets, raw scores, and what else `loss` and `grad_hess` are told."""
        y, raw = self.y[t], self.raw[t]
        scores = np.repeat(raw[None], len(x), axis=0)
        scores[(slice(None), *np.atleast_1d(self.places[t]))] = x
        group = {"group": np.full(len(x), len(y))} if self.grouped else {}
        return np.concatenate([y] * len(x)), scores.reshape(-1, *raw.shape[1:]), group

    def loss(self, t: int, x: np.ndarray) -> np.ndarray:
        y, raw, group = self.rows(t, x)
        return self.objective.loss(y, raw, **group).reshape(len(x), -1).sum(axis=1)

    def grad_hess(self, t: int, x: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
        y, raw, group = self.rows(t, x)
        found = dataclasses.replace(self.objective, curvature=kind).grad_hess(y, raw, **group)
        return self._varied(t, found[0], len(x)), self._varied(t, found[1], len(x))

    def _varied(self, t: int, values: np.ndarray, n: int) -> np.ndarray:
        shaped = values.reshape(n, *self.raw[t].shape)
        return shaped[(slice(None), *np.atleast_1d(self.places[t]))]

    def in_training(self, x: np.ndarray, dtype: type) -> list[tuple[np.ndarray, np.ndarray]]:
        """Gradient and Hessian of each target as a booster gets them: XGBoost for float32, LightGBM for float64."""
        every = [self.rows(t, x) for t in range(len(self.y))]
        y, raw = (np.concatenate(parts) for parts in zip(*(rows[:2] for rows in every), strict=True))
        # The same numbers for both: at a kink the last bit of a score decides which side it is on.
        grad, hess = self.objective(y, raw.astype(np.float32).astype(dtype))
        parts = zip(np.split(grad, len(every)), np.split(hess, len(every)), strict=True)
        return [
            (self._varied(t, g, len(x)).astype(np.float64), self._varied(t, h, len(x)).astype(np.float64))
            for t, (g, h) in enumerate(parts)
        ]

    def total(self, x: np.ndarray) -> np.ndarray:
        """Mean loss of the leaf: as many rows of each target."""
        return np.mean([self.loss(t, x) for t in range(len(self.y))], axis=0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Column:
    """What one column of panels shows."""

    view: _View
    x: np.ndarray
    lines: dict[str, list[Line]]
    rising: dict[str, np.ndarray]
    """For the label of each line of steps, where the loss after the step is above the loss before it."""
    best: float | None
    """The score at which the leaf's loss is smallest; None where there is none in the picture."""
    best_of: int | None
    """Which row of a group it is the best of."""
    units: dict[str, str]


def card(
    *objectives: Objective,
    y: Any = None,
    raw: Any = None,
    score: int | None = None,
    rows: int = 20,
    reg_lambda: float = 0.0,
) -> Figure:
    """The card of several objectives, side by side: `Objective.plot`, which says what is drawn and what the parameters are."""
    figure_of = _matplotlib()
    for o in objectives:
        if not isinstance(o, Objective):
            raise TypeError(f"plot takes objectives, got {o!r}; boostobj.get makes one of a name")
    if not (isinstance(rows, (int, np.integer)) and rows > 0):
        raise ValueError(f"plot: rows must be an integer in [1, inf), got {rows!r}")
    if not 0 <= reg_lambda < math.inf:
        raise ValueError(f"plot: reg_lambda must be a number in [0, inf), got {reg_lambda!r}")
    grid = None if raw is None else _grid(raw)
    views = [view for o in objectives for view in _views(o, y, score)]
    columns = [_column(v, x, reg_lambda / rows) for v, x in zip(views, _spans(views, y, grid), strict=True)]
    return _draw(figure_of, columns, f", {rows} rows, lambda {reg_lambda:g}" if reg_lambda else "")


def writable(path: Path) -> None:
    """ValueError unless a card can be written there: the message has the formats there are."""
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"a card is written as {', '.join(FORMATS)}, by the end of its name, got {str(path)!r}")
    if not path.resolve().parent.is_dir():
        raise ValueError(f"there is no directory {path.parent}")


def save(figure: Figure, path: str | Path) -> None:
    """Write a card; its format is what the name ends in.

    Raises
    ------
    ValueError
        No such format, or no such directory.
    """
    path = Path(path)
    writable(path)
    smaller: dict[str, Any] = {"pil_kwargs": {"optimize": True}} if path.suffix.lower() == ".png" else {}
    figure.savefig(path, dpi=100, **smaller)


def _matplotlib() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("loss cards need matplotlib: pip install 'boostobj[plot]'") from error
    return Figure


# What is shown --------------------------------------------------------------------------------------------------------


def _law(o: Objective) -> Objective:
    """The objective itself, or the textbook's that a booster's own one computes."""
    return o.textbook if isinstance(o, BuiltIn) else o


def _views(o: Objective, y: Any, score: int | None) -> list[_View]:
    """What is varied: the one score of a row, some of its k scores, or the score of one row of a group."""
    law = _law(o)
    interval = len(law.targets) == 2
    sample = _sample(o, interval) if y is None else np.asarray(y, dtype=np.float64)
    sample = protocol.signed(sample) if interval and sample.ndim == 1 else sample
    if len(sample) == 0:
        raise ValueError(f"{o!r}: y has no rows")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*no finite start")  # a class may be missing: what is bounded will do
        found = o.resolve(sample)
        notes: tuple[str, ...] = ()
        if found != o:
            notes = (f"“auto” from {'a sample' if y is None else f'the {len(sample)} targets given'}",)
        start = found.start(sample)
    if score is not None and not (isinstance(law, Rowwise) and 0 <= score < len(start)):
        has = f"scores 0 to {len(start) - 1}" if isinstance(law, Rowwise) else "one score per row, and score is for several"
        raise ValueError(f"plot: {o!r} has {has}; got score={score!r}")
    if isinstance(law, Groupwise):
        return [_group_view(found, sample, notes)]
    if isinstance(law, Rowwise):
        real = not law.domain.integer
        several = range(len(start)) if real else range(1)
        return [_score_view(found, sample, start, j, notes) for j in (several if score is None else [score])]
    if not interval and _of_difference(found):
        zero = (np.zeros(1),)
        axis = f"residual f {MINUS} y"
        return [_View(objective=found, labels=("",), y=zero, raw=zero, places=(0,), axis=axis, residual=True, notes=notes)]
    targets = _chosen(law, sample)
    labels = tuple(_interval_label(t) if interval else f"y = {_number(t)}" for t in targets)
    n = len(targets)
    rows = tuple(np.array([t]) for t in targets)
    raws = (np.zeros(1),) * n
    return [_View(objective=found, labels=labels, y=rows, raw=raws, places=(0,) * n, axis="raw score f", notes=notes)]


def _score_view(o: Objective, sample: np.ndarray, start: np.ndarray, j: int, notes: tuple[str, ...]) -> _View:
    """One of k scores, the others where training starts."""
    law = _law(o)
    assert isinstance(law, Rowwise)
    k = len(start)
    start = np.where(np.abs(start) < 1e-9 * np.abs(start).max(), 0.0, start)  # what rounding leaves of a 0
    if law.domain.integer:
        other = (j + 1) % k
        targets = (2.0**j, 2.0**other) if law.sets else (float(j), float(other))
        names = ("with", "without") if law.sets else ("of", "not of")
        labels = tuple(f"{name} class {j}: y = {t:g}" for name, t in zip(names, targets, strict=True))
    else:
        targets = tuple(np.unique(np.quantile(sample, [0.5, 0.95], method="nearest")).tolist())
        labels = tuple(f"y = {_number(t)}" for t in targets)
    said = getattr(law, law.count)
    of = ""
    if isinstance(said, tuple):
        of = f" ({said[j]})" if isinstance(said[j], str) else f" ({law.count} {said[j]:g})"
    rest = ", ".join(f"f[{i}] = {_number(start[i])}" for i in range(k) if i != j)
    axis = f"score f[{j}]{of}\n{rest if k <= 4 else f'the other {k - 1} scores'} as at the start"
    n = len(targets)
    rows = tuple(np.array([t]) for t in targets)
    return _View(
        objective=o, labels=labels, y=rows, raw=(start[None],) * n, places=((0, j),) * n, axis=axis, notes=notes
    )


def _number(value: float) -> str:
    digits, e, power = f"{value:.4g}".partition("e")
    return (digits + (f"e{int(power)}" if e else "")).replace("-", MINUS)


def _group_view(o: Objective, group: np.ndarray, notes: tuple[str, ...]) -> _View:
    """One row of a group, the others at scores of their own: a loss of ranks sees which it passes."""
    m = len(group)
    if m < 2:
        raise ValueError(f"{o!r}: y must be one group of two rows or more, it has {m}")
    order = np.argsort(-group, kind="stable")
    places = list(dict.fromkeys(int(order[i]) for i in (0, (m - 1) // 2, m - 1)))
    others = np.linspace(1.0, -1.0, m)
    shown, at = (", ".join(map(_number, v[:8])) + (", ..." if m > 8 else "") for v in (group, others.round(2)))
    return _View(
        objective=o,
        labels=tuple(f"row {p}, y = {_number(group[p])}" for p in places),
        y=(group,) * len(places),
        raw=(others,) * len(places),
        places=tuple(places),
        axis="raw score f of one row of the group",
        notes=(*notes, f"a group with y = {shown}", f"the other rows stay at f = {at}"),
    )


def _sample(o: Objective, interval: bool) -> np.ndarray:
    """Targets that stand for data where none are given: what "auto" and the start are then taken of."""
    bell = np.array([-2.0, -1.4, -1.0, -0.7, -0.4, -0.2, 0.0, 0.2, 0.4, 0.7, 1.0, 1.4, 2.0])
    amounts = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 4.0, 5.0, 8.0])
    law: Any = _law(o)
    domain = law.domain
    if isinstance(law, Groupwise):
        if domain.integer and domain.high == 1:
            return np.array([1.0, 0.0, 1.0, 0.0])
        return np.array([1.0, 2.0, -3.0, 4.0] if domain.low == -math.inf else [1.0, 2.0, 0.0, 3.0])
    if interval:
        return np.array([[2.0, 2.0], [2.0, math.inf], [1.0, 4.0]])
    if isinstance(law, Rowwise) and domain.integer:
        k = max(len(value) if isinstance(value, tuple) else int(value or 0) for value in _counts(law)) or 3
        return 2.0 ** np.arange(k) if law.sets else np.arange(float(k))
    if domain.integer:
        cuts = getattr(law, law.cuts) if law.cuts else None
        high = len(cuts) if isinstance(cuts, tuple) else min(domain.high - domain.low, 2)
        return domain.low + np.repeat(np.arange(high + 1.0), [3, 1] if high == 1 else 2)
    if math.isfinite(domain.low) and math.isfinite(domain.high):
        return domain.low + (domain.high - domain.low) * np.array([0.0, 0.0, 0.0, 1.0])
    if math.isfinite(domain.low):
        return domain.low + amounts + (domain.closed != "low")
    if math.isfinite(domain.high):
        return domain.high - amounts - (domain.closed != "high")
    return bell if isinstance(law, Rowwise) or _of_difference(o.resolve(bell)) else 1.0 + amounts


def _counts(law: Rowwise) -> list[Any]:
    """What says how many classes there are."""
    return [getattr(law, law.count), *([getattr(law, law.weighted_by)] if law.weighted_by else [])]


def _chosen(law: Any, sample: np.ndarray) -> np.ndarray:
    """Two or three targets to draw lines for."""
    if sample.ndim == 2:  # one that was observed, one that is open, one between two ends, as far as there are any
        low, high = sample.T
        sorts = (low == high, np.isinf(high), (low < high) & np.isfinite(high))
        return sample[[int(np.argmax(rows)) for rows in sorts if rows.any()]]
    different = np.unique(sample)
    if law.domain.integer:
        return different[np.unique(np.linspace(0, len(different) - 1, 3).round().astype(int))]
    if len(different) <= 2:
        return different
    low, high = law.domain.low, law.domain.high
    if math.isfinite(low) and math.isfinite(high):
        return different[[0, -1]]
    return np.quantile(sample, [0.1, 0.9], method="nearest")


def _interval_label(ends: np.ndarray) -> str:
    low, high = ends
    if low == high:
        return f"y = {low:g}"
    return f"y > {low:g}" if math.isinf(high) else f"{low:g} ≤ y ≤ {high:g}"


def _of_difference(o: Objective) -> bool:
    """Whether the loss depends on the raw score and the target by their difference alone: tried, not declared."""
    law = _law(o)
    if isinstance(law, Rowwise | Groupwise) or law.domain != REAL or law.scores != REAL or law.link != "identity":
        return False
    r = np.array([-7.0, -2.5, -0.5, -0.125, 0.0, 0.125, 0.5, 2.5, 7.0])
    at_zero = o.loss(np.zeros(len(r)), r)
    return all(np.allclose(o.loss(np.full(len(r), y), y + r), at_zero, rtol=1e-9) for y in (-4.0, 1.0, 64.0))


def _grid(raw: Any) -> np.ndarray:
    raw = np.asarray(raw, dtype=np.float64)
    if raw.ndim != 1 or len(raw) < 2:
        raise ValueError(f"plot: raw must have shape (m,), two scores or more, got {raw.shape}")
    if not np.isfinite(raw).all():
        raise first_bad("plot", "raw", "finite", raw, ~np.isfinite(raw))
    if not (np.diff(raw) > 0).all():
        raise first_bad("plot", "raw", "ascending", raw, np.append(False, np.diff(raw) <= 0))
    return raw


def _spans(views: Sequence[_View], y: Any, grid: np.ndarray | None) -> list[np.ndarray]:
    """The scores to draw at: the same for all columns with the same axis."""
    if grid is not None:
        return [grid for _ in views]
    ends: dict[tuple, tuple[float, float]] = {}
    for view in views:
        low, high = _span(view, y)
        known = ends.get(_axis_of(view), (low, high))
        ends[_axis_of(view)] = min(low, known[0]), max(high, known[1])
    return [np.linspace(*ends[_axis_of(view)], POINTS) for view in views]


def _axis_of(view: _View) -> tuple:
    """What columns have in common whose scores mean the same."""
    law = _law(view.objective)
    return view.residual, law.link, law.scores, view.axis if isinstance(law, Rowwise | Groupwise) else ""


def _span(view: _View, y: Any) -> tuple[float, float]:
    o, law = view.objective, _law(view.objective)
    if view.residual:
        widths = [getattr(law, p.name) for p in law.parameters() if p.unit == "y"]
        if not widths and y is not None:
            widths = [_spread(np.asarray(y, dtype=np.float64))]
        half = 4 * max(widths, default=1.0)
        return -half, half
    if view.grouped:
        return -5.0, 5.0
    if isinstance(law, Rowwise):
        at = np.array([view.raw[0][view.places[0]]])
    else:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*no finite start")
            at = o.start(np.concatenate(view.y))
    pad = _PADS.get(law.link, _PAD)
    if law.link in ("identity", "signed_square", "cumulative", "ascending"):  # in the unit of the target, or its root
        pad = max(float(np.ptp([*np.concatenate(view.y), 0.0])), 1e-300)
        said = np.concatenate(view.y)
        if law.link == "signed_square":
            pad, said = 2 * math.sqrt(pad), np.copysign(np.sqrt(np.abs(said)), said)
        at = np.append(at, said)
    low, high = float(at.min()) - pad, float(at.max()) + pad
    if math.isfinite(law.scores.low):
        low = max(low, law.scores.low + 0.02 * (high - law.scores.low))
    return low, high


def _spread(y: np.ndarray) -> float:
    r = y - scales.median(y, None)
    return scales.robust(r, None) or scales.of_roots(r, None) or 1.0


# What is computed -----------------------------------------------------------------------------------------------------


def _column(view: _View, x: np.ndarray, ridge: float) -> _Column:
    """`ridge` is lambda for each row of a leaf."""
    n = len(view.y)
    kinds = [kind for kind in view.objective.curvatures if kind != "native"]
    found = {kind: [view.grad_hess(t, x, kind) for t in range(n)] for kind in kinds}
    used = {} if view.grouped else _add_training(view, x, found)
    losses = [Line(view.labels[t], view.loss(t, x), t if n > 1 else None, "exact") for t in range(n)]
    gradients = _merged(view, {kind: [g for g, _ in rows] for kind, rows in found.items()}, used)
    if {line.kind for line in gradients} == {"exact"}:  # all kinds have the same: it needs no name
        gradients = [line._replace(label=view.labels[line.target or 0]) for line in gradients]
    curvatures = _merged(view, {kind: [h for _, h in rows] for kind, rows in found.items()}, used)
    best, of = (0.0, None) if view.residual else _best(view, x)
    steps, rising = _steps(view, x, found, used, ridge)
    return _Column(
        view=view,
        x=x,
        lines={"loss": losses, "gradient": gradients, "Hessian": curvatures, "leaf step": steps},
        rising=rising,
        best=best,
        best_of=of,
        units=_units(view, x),
    )


def _add_training(view: _View, x: np.ndarray, found: dict[str, list]) -> dict[str, str]:
    """Which kind each booster gets, in words; what is none of them becomes a kind of its own, and is added to those found."""
    xgboost, lightgbm = (view.in_training(x, dtype) for dtype in (np.float32, np.float64))
    theirs = {"in training": xgboost} if _alike(xgboost, lightgbm) else {"in XGBoost": xgboost, "in LightGBM": lightgbm}
    used: dict[str, str] = {}
    kinds = list(found)
    for where, pairs in theirs.items():
        same = [kind for kind in kinds if _alike([(g, np.maximum(h, 0.0)) for g, h in found[kind]], pairs)]
        if not _alike([(g, g) for g, _ in found["exact"]], [(g, g) for g, _ in pairs]):
            where += ", in its own unit"
        if same:
            used[same[0]] = f"{used[same[0]]} and {where}" if same[0] in used else where
        else:
            found[where] = pairs
    return used


def _alike(a: Sequence, b: Sequence) -> bool:
    """Whether all arrays are the same to the eye: a booster's are float32, and it lifts a Hessian of 0 a little."""
    return all(_equal(p, q, 1e-4) for one, other in zip(a, b, strict=True) for p, q in zip(one, other, strict=True))


def _merged(view: _View, values: dict[str, list[np.ndarray]], used: dict[str, str]) -> list[Line]:
    """One line for all targets where they have the same, and one for all kinds that are the same."""
    lines: list[tuple[list[str], np.ndarray, int | None]] = []
    for kind, per_target in values.items():
        alone = all(_equal(per_target[0], v) for v in per_target[1:])
        for t, v in enumerate(per_target[:1] if alone else per_target):
            target = None if alone else t
            twin = next((kinds for kinds, known, of in lines if of == target and _equal(known, v)), None)
            if twin is None:
                lines.append(([kind], v, target))
            else:
                twin.append(kind)
    return [Line(_said(kinds, used, view, t), v, t, kinds[0]) for kinds, v, t in lines]


def _equal(a: np.ndarray, b: np.ndarray, precision: float = 1e-6) -> bool:
    """Whether two lines are one; at a kink, a point in a hundred, each may take another side."""
    size = float(np.quantile(np.abs(a[np.isfinite(a)]), 0.98)) if np.isfinite(a).any() else 0.0
    return np.mean(~np.isclose(a, b, rtol=precision, atol=precision * size, equal_nan=True)) <= 0.01


def _said(kinds: Sequence[str], used: dict[str, str], view: _View, target: int | None) -> str:
    name = ", ".join(kinds) + "".join(f" ({used[kind]})" for kind in kinds if kind in used)
    return name if target is None else f"{name}; {view.labels[target]}"


def _steps(
    view: _View, x: np.ndarray, found: dict[str, list], used: dict[str, str], ridge: float
) -> tuple[list[Line], dict[str, np.ndarray]]:
    """The step of a leaf, for each kind; of a leaf for each row of a group, where the loss is of groups."""
    steps: dict[str, list[np.ndarray]] = {}
    for kind, pairs in found.items():
        leaves = [[pair] for pair in pairs] if view.grouped else [pairs]
        steps[kind] = []
        for leaf in leaves:
            grad = np.mean([g for g, _ in leaf], axis=0)
            hess = np.mean([np.maximum(h, 0.0) for _, h in leaf], axis=0) + ridge
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                steps[kind].append(np.where(hess > 0, -grad / hess, np.nan))
    lines, rising = [], {}
    for line in _merged(view, steps, used):
        if not np.isfinite(line.values).any():
            line = line._replace(label=f"{line.label}: none, all Hessians are 0")
        after = np.where(np.isfinite(line.values), x + line.values, x)
        after = np.clip(after, *_law(view.objective).scores.ends)
        before, then = (view.loss(line.target or 0, f) if view.grouped else view.total(f) for f in (x, after))
        rising[line.label] = ~(then <= before + 1e-6 * np.abs(before).max())
        lines.append(line)
    return lines, rising


def _best(view: _View, x: np.ndarray) -> tuple[float | None, int | None]:
    """Where the leaf's loss is smallest, the middle of where it is flat, if that is inside the picture.

    Of groups, for the first row for which it is.
    """
    leaves: list[Sequence[int]] = [[t] for t in range(len(view.y))] if view.grouped else [range(len(view.y))]
    for leaf in leaves:
        total = np.sum([view.loss(t, x) for t in leaf], axis=0)
        at = int(np.argmin(total))
        if 0 < at < len(x) - 1 and total[at] < min(total[0], total[-1]):
            lowest = x[total <= total[at] + 1e-9 * (min(total[0], total[-1]) - total[at])]
            flat = len(lowest) > 2
            found = float(lowest[0] + lowest[-1]) / 2 if flat else _refined(view, leaf, x[at - 1], x[at + 1])
            return found, leaf[0] if view.grouped else None
    return None, None


def _refined(view: _View, leaf: Sequence[int], low: float, high: float) -> float:
    """Where the gradient of the leaf's loss goes through 0."""
    for _ in range(12):
        inside = np.linspace(low, high, 9)
        slopes = np.sum([view.grad_hess(t, inside, "exact")[0] for t in leaf], axis=0)
        below = np.flatnonzero(slopes[:-1] < 0)
        cell = int(below[-1]) if below.size else 0
        low, high = inside[cell], inside[cell + 1]
    return float((low + high) / 2)


def _units(view: _View, x: np.ndarray) -> dict[str, str]:
    """The unit of every panel and of the scores: how the gradient shrinks if y, and what is in its unit, is halved."""
    law = _law(view.objective)
    own = "1" if view.grouped else _SCORE_UNITS.get(law.link, "1")
    slope = getattr(law, law.link_slope) if law.link_slope else 1
    own = own if slope == 1 else f"{own} / {slope:g}"
    step = "1" if law.link == "log" else own  # a difference of logarithms
    names = dict.fromkeys(PANELS, "1") | {"x": own, "leaf step": step}
    if law.domain.integer or (law.domain.low, law.domain.high) == (0, 1) or view.grouped:
        return names
    move: Callable[[np.ndarray], np.ndarray]
    of_score, move = {
        "identity": (1.0, lambda f: f / 2),
        "ascending": (1.0, lambda f: f / 2),
        "signed_square": (0.5, lambda f: math.sqrt(0.5) * f),
        "log": (0.0, lambda f: f - math.log(2)),
        "location_scale": (0.0, lambda f: f),
        "median_sigma": (0.0, lambda f: f - np.array([math.log(2), 0.0])),
    }.get(law.link, (math.nan, lambda f: f))
    power = math.nan
    if law.scores == REAL and law.domain.low in (0, -math.inf) and law.domain.high == math.inf and math.isfinite(of_score):
        few = x[:: max(len(x) // 10, 1)]
        power = _power(law, view, few, move)
    if math.isnan(power):
        unknown = "depends on the unit of y"
        if math.isfinite(of_score) and law.link not in _SCORE_UNITS:
            own = step = _unit(of_score)
        return dict.fromkeys(PANELS, unknown) | {"x": own, "leaf step": step}
    powers = {"loss": power + of_score, "gradient": power, "Hessian": power - of_score, "leaf step": of_score, "x": of_score}
    names = {what: _unit(p) for what, p in powers.items()}
    return names | ({"x": own, "leaf step": step} if law.link in _SCORE_UNITS else {})


def _power(o: Objective, view: _View, x: np.ndarray, move: Callable[[np.ndarray], np.ndarray]) -> float:
    """The power of the unit of y that the gradient has; nan for none."""

    def smaller(o: Objective) -> Objective:
        halves: dict[str, Any] = {p.name: getattr(o, p.name) / 2 for p in o.parameters() if p.unit == "y"}
        return dataclasses.replace(o, **halves)

    found, law = [], o
    for t in range(len(view.y)):
        o = law
        y, raw, _ = view.rows(t, x)
        if view.residual:  # any target: not the one at which everything is 0
            y, raw = y + 1.0, raw + 1.0
        before = o.grad_hess(y, raw)[0]
        for _ in range(7):  # from one unit to another: what is measured in the one may be a ratio in the other
            o, y, raw = smaller(o), y / 2, move(raw)
            after = o.grad_hess(y, raw)[0]
            usable = (before != 0) & np.isfinite(before) & np.isfinite(after) & (before * after > 0)
            found.append(np.log2(before[usable] / after[usable]))
            before = after
    powers = np.concatenate(found)
    if not powers.size or np.ptp(powers) > 1e-6:
        return math.nan
    return round(float(powers.mean()), 6) + 0.0


def _unit(power: float) -> str:
    if power == 0:
        return "1"
    text = "unit of y" if abs(power) == 1 else f"(unit of y)$^{{{abs(power):g}}}$"
    return text if power > 0 else f"1 / {text}"


# What is drawn --------------------------------------------------------------------------------------------------------

_SMALL, _TEXT = 7.5, 8.5
"""Sizes of letters, in points."""
_WIDE, _HIGH, _LEFT, _RIGHT, _LETTERS = 3.3, 1.75, 0.9, 0.15, 0.16
"""Of a panel, of the room left and right of it, and of a line of text, in inches."""
_FITS = 46
"""So many letters go beside a sample of a line above a panel."""


def _draw(figure_of: Any, columns: Sequence[_Column], leaf: str) -> Figure:
    titles = [[line for part in (repr(c.view.objective), *c.view.notes) for line in textwrap.wrap(part, 52)] for c in columns]
    legends = {panel: [_entries(c, panel) for c in columns] for panel in PANELS}
    wide = len(columns) * (_LEFT + _WIDE + _RIGHT)
    above = {panel: 0.1 + _LETTERS * max(sum(map(_lines, entries)) for entries in legends[panel]) for panel in PANELS}
    below = 0.45 + _LETTERS * (max(c.view.axis.count("\n") + 2 for c in columns) + (1 if wide > 7 else 3))
    high = 0.1 + _LETTERS * max(map(len, titles)) + sum(above.values()) + len(PANELS) * (_HIGH + 0.15) + below
    figure = figure_of(figsize=(wide, high))
    top = high - 0.1 - _LETTERS * max(map(len, titles))
    limits = _shared_limits(columns)
    first: dict[int, Axes] = {}
    for panel in PANELS:
        top -= above[panel] + _HIGH
        for c, column in enumerate(columns):
            left = c * (_LEFT + _WIDE + _RIGHT) + _LEFT
            box = (left / wide, top / high, _WIDE / wide, _HIGH / high)
            ax = first.setdefault(c, figure.add_axes(box)) if panel == PANELS[0] else figure.add_axes(box, sharex=first[c])
            _draw_panel(ax, column, panel, limits[panel][c], legends[panel][c])
            name = f"{panel}{leaf if panel == 'leaf step' else ''}"
            ax.set_ylabel(f"{name}\n[{column.units[panel]}]", fontsize=_TEXT)
            ax.yaxis.set_label_coords(-0.57 / _WIDE, 0.5)
            if panel == PANELS[0]:
                pad = 72 * (above[panel] - 0.02)
                ax.set_title("\n".join(titles[c]), fontsize=_TEXT, pad=pad, loc="left", linespacing=1.25)
            if panel != PANELS[-1]:
                ax.tick_params(labelbottom=False)
            else:
                ax.set_xlabel(f"{column.view.axis}\n[{column.units['x']}]", fontsize=_TEXT)
        top -= 0.15
    known = {label: handle for ax in figure.axes for handle, label in _references(ax)}
    if known:
        figure.legend(
            list(known.values()), list(known), loc="lower left", bbox_to_anchor=(_LEFT / wide, 0.0), frameon=False,
            ncols=3 if wide > 7 else 1, fontsize=_SMALL, borderaxespad=0.3, handlelength=3.2, labelspacing=0.3,
        )  # fmt: skip
    return figure


_IDEAL, _FAR, _HIGHER = "ideal: ends at the minimum", "too far: past the minimum", "the loss is higher after the step"


def _references(ax: Axes) -> list[tuple[Any, str]]:
    return [pair for pair in zip(*ax.get_legend_handles_labels(), strict=True) if pair[1] in (_IDEAL, _FAR, _HIGHER)]


def _draw_panel(ax: Axes, column: _Column, panel: str, limits: tuple[float, float], entries: list[str]) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.set_autoscale_on(False)  # a Hessian at a kink may be the largest float
    ax.tick_params(labelsize=_SMALL)
    ax.grid(color="#E6E6E6", linewidth=0.6)
    ax.set_axisbelow(True)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda v, _: _number(v))
        axis.set_major_locator(MaxNLocator(7 if axis is ax.xaxis else 6, steps=[1, 2, 2.5, 5, 10]))
    if column.best is not None:
        ax.axvline(column.best, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)), label="_best")
    drawn = [_draw_line(ax, column, line, panel) for line in column.lines[panel]]
    ax.set_xlim(column.x[0], column.x[-1])
    ax.set_ylim(limits)
    if panel == "leaf step":
        _draw_reference(ax, column, [line.get_color() for line in drawn])
    if not any(entries):
        return
    title = entries[0] if len(entries) > len(drawn) else None
    ax.legend(
        drawn, entries[-len(drawn) :], loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize=_SMALL, frameon=False, title=title,
        title_fontsize=_SMALL, alignment="left", borderaxespad=0.1, borderpad=0.2, handlelength=3.2, labelspacing=0.3,
    )  # fmt: skip


def _entries(column: _Column, panel: str) -> list[str]:
    """What is written above a panel, broken into lines: of the leaf what is in it, and of each line what it is."""
    entries = [textwrap.fill(line.label, _FITS) for line in column.lines[panel]]
    view = column.view
    if panel == "leaf step" and len(view.y) > 1 and not view.grouped:
        together = "; ".join(label.replace(" ", "\N{NO-BREAK SPACE}") for label in view.labels)
        entries.insert(0, textwrap.fill(f"a leaf with as many rows of each: {together}", _FITS + 14))
    elif panel == "leaf step" and column.best_of is not None:
        entries.insert(0, f"a leaf with such a row of each group; ideal for {view.labels[column.best_of]}")
    return entries


def _lines(entry: str) -> int:
    return entry.count("\n") + 1 if entry else 0


def _draw_line(ax: Axes, column: _Column, line: Line, panel: str) -> Any:
    colour, style = _KINDS.get(line.kind.partition(",")[0], _OTHER)
    extra: dict[str, Any] = {}
    if line.target is not None:
        colour, marker = _TARGETS[line.target]
        every = max(len(column.x) // 7, 1)
        extra = {"marker": marker, "markersize": 4, "markerfacecolor": "white"}
        extra["markevery"] = ((every // 6 + every * line.target // 3) % len(column.x), every)
    elif panel == "loss" or (panel == "gradient" and len({known.kind for known in column.lines[panel]}) == 1):
        colour = BLUE
    return ax.plot(column.x, line.values, color=colour, linestyle=style, linewidth=1.5, label=line.label or "_", **extra)[0]


def _draw_reference(ax: Axes, column: _Column, colours: Sequence[str]) -> None:
    """The ideal step, the steps that go too far, and those that end higher than they began."""
    x, (low, high) = column.x, ax.get_ylim()
    if column.best is not None:
        ideal = column.best - x
        ax.plot(x, ideal, color=GREY, linewidth=3.5, alpha=0.55, zorder=1.5, label=_IDEAL)
        far: dict[str, Any] = {"color": GREY, "alpha": 0.15, "linewidth": 0, "zorder": 0.5}
        ax.fill_between(x, ideal, low, where=x >= column.best, label=_FAR, **far)
        ax.fill_between(x, ideal, high, where=x <= column.best, **far)
    for line, colour in zip(column.lines["leaf step"], colours, strict=True):
        visible = column.rising[line.label] & (line.values > low) & (line.values < high)
        picked = np.flatnonzero(visible)[:: max(len(x) // 60, 1)]
        if picked.size:
            ax.plot(x[picked], line.values[picked], "x", color=colour, markersize=5, markeredgewidth=1.2, label=_HIGHER)


def _shared_limits(columns: Sequence[_Column]) -> dict[str, list[tuple[float, float]]]:
    """The same limits for panels of the same axis and unit, unless one of them would be flat in the other's."""
    found: dict[str, list[tuple[float, float]]] = {}
    for panel in PANELS:
        own = [_limits(column, panel) for column in columns]
        shared = list(own)
        for c, column in enumerate(columns):
            alike = [
                i for i, other in enumerate(columns)
                if _axis_of(other.view) == _axis_of(column.view) and other.units[panel] == column.units[panel]
            ]  # fmt: skip
            near = [i for i in alike if max(_size(own[i]), _size(own[c])) <= 6 * min(_size(own[i]), _size(own[c]))]
            if near == alike:
                shared[c] = min(own[i][0] for i in near), max(own[i][1] for i in near)
        found[panel] = shared
    return found


def _size(limits: tuple[float, float]) -> float:
    return limits[1] - limits[0]


def _limits(column: _Column, panel: str) -> tuple[float, float]:
    """What is to be seen: all, but where some value is far larger than most, about that most."""
    if panel == "leaf step" and column.best is not None:
        half = 1.5 * float(np.abs(column.best - column.x).max())
        return -half, half
    lines = [line.values[np.isfinite(line.values)] for line in column.lines[panel]]
    values = np.concatenate(lines)
    if not values.size:
        return -1.0, 1.0
    low, high = float(values.min()), float(values.max())
    usual = float(np.quantile(np.abs(values), 0.75))
    sizes = [np.abs(v) for v in lines if v.size]
    ends = [max(size[0], size[-1]) >= 0.99 * size.max() for size in sizes]  # it goes on; a peak is better seen whole
    whole = [float(s.max()) for s, end in zip(sizes, ends, strict=True) if s.max() <= (7 if end else 25) * usual]
    if usual:
        most = max(4 * usual, *whole, 0.0)
        low, high = max(low, -most), min(high, most)
    if panel == "leaf step":  # farther than the picture is wide is far enough
        low, high = max(low, column.x[0] - column.x[-1]), min(high, column.x[-1] - column.x[0])
    low, high = (min(low, 0.0), max(high, 0.0)) if panel != "loss" or low >= 0 else (low, high)
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room
