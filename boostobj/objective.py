"""What an objective is: the abstract bases, with all protocol and checking in final methods.

A subclass states class data, parameters, a definition and one kernel. See `boostobj.objectives` for examples of 30
lines each.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, final

import numpy as np

from . import buffers, builtins, loops, orders, protocol, quick, scales, threads
from .domain import AUTO, REAL, Interval, Parameter, first_bad
from .links import LINKS, applied

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FINITE = "finite"
_NON_NEGATIVE = "finite and not negative"


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Objective(ABC):
    """A loss, its gradient and Hessian, for XGBoost and LightGBM.

    Two doors. The textbook's: `loss`, `grad_hess`, `start`, `inverse_link`, mathematics in float64. The boosters':
    calling the object, in the protocol of the booster that calls and, where the curvature is the booster's own, in the
    booster's own arithmetic; elsewhere with the digits of the float32 that boosters keep.

    A parameter in the unit of y may be "auto", and so may others that say so: `resolve` makes a number of it. In the textbook's
    door it is that of the targets (and weights) of the call; in the boosters' door that of the residuals of the call, anew in
    every round, because a callable keeps nothing. `boostobj.train` resolves it once.

    Every objective takes `curvature`, one of `curvatures` or "default": the textbook's second derivative ("exact") in
    the textbook's door, and in the boosters' door what learns.
    """

    curvature: str = "default"

    name: ClassVar[str]
    link: ClassVar[str]
    formula: ClassVar[str] = ""
    """The text of the loss, where it comes from a formula (`boostobj.from_formula`)."""
    targets: ClassVar[tuple[str, ...]] = ("label",)
    domain: ClassVar[Interval]
    scores: ClassVar[Interval] = REAL
    """The raw scores for which the loss is defined; beyond them the boosters' door goes on as at the end."""
    convex: ClassVar[bool] = True
    """Whether the loss is convex in the raw scores."""
    link_slope: ClassVar[str] = ""
    """The field that multiplies a raw score before the link, if there is one."""
    boosters_curvature: ClassVar[str] = "native"
    """What "default" means in the boosters' door: a kind of curvature, or "native", or "smoothed".

    "native" is the booster's own arithmetic, and `fallback` where the booster lacks the loss. "smoothed" is what the kernel of
    that name computes.
    """
    fallback: ClassVar[str] = "exact"
    """The kind of curvature that "native" falls back to by default."""
    measured_natively: ClassVar[bool] = False
    """Whether XGBoost is told its own objective's name, for the metric, although the curvature is not its own: the metrics of
    the other objectives with the same link do not take such targets."""
    uneven: ClassVar[bool] = False
    """Whether the curvatures of the scores of a row have different units (1/y**2 for a mean, none for the logarithm of a
    scale), or nearly vanish in some data: training then brings each near 1, for lambda and min_child_weight to mean rows."""
    _auto: ClassVar[tuple[str, ...]] = ()
    """The parameters that are "auto"; an attribute of its own where there are any, not to look for them in every round."""

    def __post_init__(self) -> None:
        for parameter in self.parameters():
            value = parameter.converted(self._owner, getattr(self, parameter.name))
            object.__setattr__(self, parameter.name, value)
            if parameter.auto and value == AUTO:
                object.__setattr__(self, "_auto", (*self._auto, parameter.name))
        allowed = ("default", *self.curvatures)
        if self.curvature not in allowed:
            raise ValueError(
                f"{self._owner}: curvature must be one of {', '.join(map(repr, allowed))}, got {self.curvature!r}"
            )

    # What a concrete base provides ------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def curvatures(self) -> tuple[str, ...]:
        """The kinds of curvature this objective has."""

    @abstractmethod
    def _scores(self, raw: Any, y: np.ndarray, what: str = "raw") -> np.ndarray:
        """Raw scores, or an offset, as a contiguous float array of the right number of dimensions; ValueError otherwise."""

    @abstractmethod
    def _losses(self, rows: protocol.Rows, raw: np.ndarray) -> tuple[np.ndarray, int]: ...

    @abstractmethod
    def _gradients(
        self,
        rows: protocol.Rows,
        raw: np.ndarray,
        kind: str,
        results: tuple[np.ndarray, np.ndarray],
        least: float = -math.inf,
        quickly: bool = False,
    ) -> int:
        """Fill gradient and Hessian; what the loop noted. No Hessian is below `least`.

        `quickly`: with as many right digits as a float32 needs (`quick`), where the class has that.
        """

    @abstractmethod
    def _start(self, rows: protocol.Rows, offset: np.ndarray | None) -> np.ndarray:
        """`rows` have weights."""

    @property
    @abstractmethod
    def _wants(self) -> protocol.Wants:
        """What is read of the data besides labels and weights."""

    @abstractmethod
    def _native(self, booster: str) -> tuple[builtins.Native, Mapping[str, Any]] | None:
        """The booster's own objective that this one is, with that one's parameters."""

    @abstractmethod
    def _labels(self, k: int) -> Interval:
        """What a label may be, for k raw scores."""

    # The textbook's door ----------------------------------------------------------------------------------------------

    @final
    def loss(self, y: Any, raw: Any, weight: Any = None, *, group: Any = None) -> np.ndarray:
        """Loss of each row, not multiplied by its weight.

        Parameters
        ----------
        y : array of shape (n,), or (n, 2) where targets are intervals
            Targets, in the objective's `domain`.
        raw : array of shape (n,) or (n, k)
            Raw scores, finite.
        weight : array of shape (n,), optional
            Only for losses of groups: weights of the rows that the loss of a row looks at.
        group : array of integers, optional
            Only for losses of groups: how many rows each has, in the order of the rows. Default: one group of all.

        Returns
        -------
        array of shape (n,), float64

        Raises
        ------
        ValueError
            Shapes do not fit, or a row is outside what is allowed: the message has the first such row and their number.
        """
        if weight is not None and not self._wants.groups:
            raise ValueError(f"{self._owner}: the loss of a row does not depend on weights; multiply by them")
        if self._auto:
            return self.resolve(y, weight).loss(y, raw, weight, group=group)
        rows, raw = self._checked(y, raw, weight, group)
        out, bad = self._losses(rows, raw)
        self._refuse(bad, rows, raw)
        self._refuse_scores(raw)
        return out

    @final
    def grad_hess(self, y: Any, raw: Any, weight: Any = None, *, group: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and Hessian of the sum of the losses, each times its weight, with respect to the raw scores.

        With k scores, and for losses of groups, the Hessian is its diagonal. Values beyond the largest float32 saturate
        if `raw` is float32.

        Parameters
        ----------
        y : array of shape (n,), or (n, 2) where targets are intervals
            Targets, in the objective's `domain`.
        raw : array of shape (n,) or (n, k)
            Raw scores, finite; float32 and float64 are kept, everything else becomes float64.
        weight : array of shape (n,), optional
            Weights, not negative.
        group : array of integers, optional
            As for `loss`.

        Returns
        -------
        grad, hess : fresh arrays of the shape and dtype of `raw`

        Raises
        ------
        ValueError
            As `loss`; also for weights that are negative, not finite, or all zero.
        """
        if self._auto:
            return self.resolve(y, weight).grad_hess(y, raw, weight, group=group)
        rows, raw = self._checked(y, raw, weight, group)
        kind = "exact" if self.curvature in ("default", "native") else self.curvature
        order = _order(raw)
        results = np.empty(raw.shape, raw.dtype, order), np.empty(raw.shape, raw.dtype, order)
        self._refuse(self._gradients(rows, raw, kind, results), rows, raw)
        self._refuse_scores(raw)
        return results

    @final
    def start(self, y: Any, weight: Any = None, *, offset: Any = None, group: Any = None) -> np.ndarray:
        """The constant raw score with the smallest weighted loss: where training starts.

        Where no finite score is best (one class only) the score is bounded, with a warning: the one at which the pull
        of the data has fallen to 1/n of what it was. It is 0 for losses of groups, which only differences move.

        Parameters
        ----------
        y : array of shape (n,), or (n, 2) where targets are intervals
        weight : array of shape (n,), optional
        offset : array of shape (n,) or (n, k), optional
            Added to the raw score of each row (base margin, init score).
        group : array of integers, optional
            As for `loss`.

        Returns
        -------
        array of shape (k,), float64; k is 1 for objectives of one score per row

        Raises
        ------
        ValueError
            No rows, or as `grad_hess`.
        """
        if self._auto:
            return self.resolve(y, weight, offset=offset).start(y, weight, offset=offset, group=group)
        y, weight, offset = self._start_data(y, weight, offset)
        rows = self._grouped(y, np.ones(len(y)) if weight is None else weight, group)
        return self._start(rows, offset)

    def _start_data(
        self, y: Any, weight: Any, offset: Any
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Targets, weights and offset in float64, checked."""
        y = self._target(y)
        if len(y) == 0:
            raise ValueError(f"{self._owner}: y has no rows")
        weight = self._weight(weight, y)
        self._refuse_targets(y, self._labels(2**31))
        if weight is not None:
            self._refuse_weights(weight)
        if offset is not None:
            offset = self._scores(offset, y, "offset").astype(np.float64, copy=False)
            if len(offset) != len(y):
                raise ValueError(f"{self._owner}: y has {len(y)} rows, offset has {len(offset)}")
            if not np.isfinite(offset).all():
                raise first_bad(self._owner, "offset", _FINITE, offset, ~np.isfinite(offset))
        return y, weight, offset

    @final
    def resolve(self, y: Any, weight: Any = None, *, offset: Any = None) -> Objective:
        """The objective with numbers from the data in place of every "auto".

        A parameter in the unit of y becomes the weighted median absolute deviation of the targets from the start (times
        the parameter's `deviations`), or (weighted mean of sqrt|r|)**2 of the same residuals r where half of them or more
        are the same. The start itself depends on the parameter: the deviation from the weighted median of y - offset is
        a first value, whose start gives the second and last. With several scores per row, and with a link, the first
        is the deviation of y from its weighted median; several scores keep it. Other parameters are what the
        objective's `profiled` says.

        What is multiplied with y, if anything, multiplies such a parameter, and what is added to y does not change it.

        Parameters
        ----------
        y : array of shape (n,)
        weight : array of shape (n,), optional
        offset : array of shape (n,) or (n, k), optional
            Raw scores, as for `start`.

        Returns
        -------
        Objective
            This one where nothing is "auto".

        Raises
        ------
        ValueError
            As `start`; all targets with a weight are the same, or they are intervals.
        """
        if not self._auto:
            return self
        return self._resolved(*self._start_data(y, weight, offset))

    @final
    def _resolved(self, y: np.ndarray, weight: np.ndarray | None, offset: np.ndarray | None) -> Objective:
        widths = [p for p in self.parameters() if p.name in self._auto and p.unit == "y"]
        others = [name for name in self._auto if name not in [p.name for p in widths]]
        weight_ = np.ones(len(y)) if weight is None else weight
        found: Objective = self
        spread = scales.robust
        if widths:
            if y.ndim == 2:
                raise ValueError(f"{self._owner}: {widths[0].name}={AUTO!r} is for targets that are numbers, not intervals")
            apart = offset is not None and offset.ndim == 1 and self.link == "identity"
            rest = y - offset if apart else y
            r = rest - scales.median(rest, weight)
            if scales.robust(r, weight) == 0.0:
                spread = scales.of_roots
            found = self._with_widths(widths, spread(r, weight), y)
        if others:
            found = dataclasses.replace(found, **found._profiled(others, y, weight_, offset))
        if widths:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=".*no finite start")
                start = found._start(protocol.Rows(y, weight_), offset)
            if len(start) == 1:
                raw = np.full(len(y), start[0]) if offset is None else offset + start[0]
                found = found._with_widths(widths, spread(y - found.inverse_link(raw), weight), y)
        return found

    @final
    def _with_widths(self, widths: list[Parameter], scale: float, y: np.ndarray) -> Objective:
        if not 0 < scale < math.inf:
            names = ", ".join(p.name for p in widths)
            raise ValueError(
                f"{self._owner}: {names}={AUTO!r} needs targets that differ, all {len(y)} rows with a weight have the same"
                " one; give a number"
            )
        return self._at_scale(widths, scale)

    @final
    def _at_scale(self, widths: list[Parameter], scale: float) -> Objective:
        values: dict[str, Any] = {p.name: p.deviations * scale for p in widths}
        return dataclasses.replace(self, **values)

    @final
    def _profiled(
        self, names: list[str], y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None
    ) -> dict[str, Any]:
        values = self.profiled(y, weight, offset)
        return {name: values[name] for name in names}

    def profiled(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> dict[str, Any]:
        """Values for the parameters that are "auto" and not in the unit of y, by their names.

        A class with parameters declared `param(..., auto=True)` has it: the values under which the data are likeliest at
        the start, say. The arrays are float64 and checked; `self` may still have "auto" in the parameters asked for.
        """
        raise NotImplementedError(f"{self._owner} declares parameters auto=True and has no method profiled")

    @final
    def inverse_link(self, raw: Any) -> np.ndarray:
        """What the raw scores say on the scale of the target: a location, a probability, class probabilities.

        Parameters
        ----------
        raw : array of shape (n,) or (n, k)

        Returns
        -------
        array of the shape and dtype of `raw`
        """
        raw = np.asarray(raw)
        if raw.dtype not in (np.float32, np.float64):
            raw = raw.astype(np.float64)
        return applied(self.link, self._slope(), raw, self._of_link())

    @final
    def plot(
        self,
        *others: Objective,
        y: Any = None,
        raw: Any = None,
        score: int | None = None,
        rows: int = 20,
        reg_lambda: float = 0.0,
    ) -> Figure:
        """The loss card: loss, gradient, Hessian, and the step of a leaf, beside those of other objectives.

        One column of panels for each objective, all over the same scores. A loss of a difference is drawn against the
        residual f - y; any other against the raw score, for two or three targets: both classes, a small and a large
        count, an event and a censored time. Of k scores one varies and the others stay where training starts: each in
        turn where targets are numbers, in a column of its own, and that of class 0 where they are classes. Of losses of
        groups the score of one row of a small group varies; its loss is then the group's.

        The third panel has every kind of curvature, and says which of them a booster is given in training; where that
        is a booster's own arithmetic, it is a line for itself, computed as if the scores drawn were a round's.

        The last panel is what the Hessian is for. `rows` rows at the same score, as many of each target drawn, take the
        step -sum(grad) / (sum(hess) + reg_lambda), a negative Hessian being 0 to a booster. The broad grey line is the
        ideal, the step that ends where their loss is smallest. A line between it and 0 comes nearer; one in the grey
        area goes past the minimum; and where it has crosses the loss is higher after the step than before: there Newton's
        method diverges, unless the learning rate is small enough. A line that ends has no step: the Hessian is 0.

        Parameters
        ----------
        *others : Objective
            Drawn beside this one; axes that mean the same have the same limits.
        y : array of shape (n,), or (n, 2) where targets are intervals, optional
            Targets that "auto", the start and the targets drawn are taken from; for losses of groups, one group. Default:
            a small sample of the domain.
        raw : array of shape (m,), optional
            The raw scores to draw at, or residuals; finite and ascending. Default: around the smallest loss.
        score : int, optional
            Which of k scores varies.
        rows : int
            How many rows are in the leaf; it matters where reg_lambda does.
        reg_lambda : float
            The booster's lambda_l2, in the unit of the Hessian.

        Returns
        -------
        matplotlib.figure.Figure
            Not one of pyplot's: there is nothing to close. `savefig` writes it, and a notebook shows it.

        Raises
        ------
        ImportError
            matplotlib is not installed: it comes with boostobj[plot].
        TypeError
            One of the others is no objective.
        ValueError
            As `start`, for y; raw is not ascending, or the objective has no such score.
        """
        from . import cards

        return cards.card(self, *others, y=y, raw=raw, score=score, rows=rows, reg_lambda=reg_lambda)

    # The boosters' door -----------------------------------------------------------------------------------------------

    @final
    def __call__(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, group: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and Hessian as a booster asks for them.

        (raw, DMatrix or Dataset) in the boosters' native interface; (y, raw, weight, group) in the scikit-learn one,
        where float32 scores mean XGBoost and float64 scores LightGBM. The names and the number of the parameters are
        part of the boosters' protocol. Returns float32 arrays of the shape of the scores, saturated at the largest
        float32; a negative Hessian of a loss that is not convex becomes 0.

        float32 is what both boosters keep of gradients. Where the arithmetic is not a booster's own it has about 30 right
        bits (`quick`), whatever the dtype of the scores, and the result is within one unit of float32, of its value or of how
        far the inputs' own last bits move it, of what `grad_hess` gives.

        Raises
        ------
        TypeError
            Scores of another dtype.
        ValueError
            As `grad_hess`; and for LightGBM's boosting="dart", which is not deterministic with any custom objective.
        """
        return self._called(protocol.read(self._owner, y_true, y_pred, sample_weight, group, self._wants))

    @final
    def _called(self, call: protocol.Call, memory: dict[str, Any] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """What a booster is given; `memory` is what lasts from round to round, where somebody keeps it."""
        rows = call.rows
        raw = self._scores(call.raw, rows.y)
        self._same_length(rows.y, raw, rows.weight)
        if len(rows.y) == 0:
            return np.empty(raw.shape, np.float32), np.empty(raw.shape, np.float32)
        if self._auto:
            return self._in_this_round(call.rows, raw)._called(call, memory)
        kind = self._kind_for_boosters()
        if kind == "native":
            found = self._native_gradients(call, raw, memory)
            if found:
                return found
            kind = self.fallback if self.curvature == "default" else "exact"
        results = _handed_out(raw)
        self._refuse(self._gradients(rows, raw, kind, results, 0.0, quickly=True), rows, raw)
        return results

    @final
    def _in_this_round(self, rows: protocol.Rows, raw: np.ndarray) -> Objective:
        """The objective for one plain call: a callable keeps nothing, so that what is "auto" comes from this call's data.

        In the unit of y that is (weighted mean of sqrt|r|)**2 of the residuals as they are now, which XGBoost's own
        reg:absoluteerror measures them in; without sorting them. What is profiled depends on the targets alone.
        """
        widths = [p for p in self.parameters() if p.name in self._auto and p.unit == "y"]
        if len(widths) < len(self._auto) or raw.ndim > 1:
            self._check_start(rows.y, rows.weight, self._labels(raw.shape[1] if raw.ndim > 1 else 1))
            found = self.resolve(rows.y, rows.weight)
            if raw.ndim > 1 or not widths:
                return found
        r = rows.y.astype(np.float64) - self.inverse_link(raw.astype(np.float64))
        weight = None if rows.weight is None else rows.weight.astype(np.float64)
        scale = scales.of_roots(r, weight)
        if not 0 < scale < math.inf:
            scale = 1.0  # all residuals are 0, and so are the gradients; or there are scores or weights to refuse
        return self._at_scale(widths, scale)

    def _native_gradients(
        self, call: protocol.Call, raw: np.ndarray, memory: dict[str, Any] | None
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """A booster's own arithmetic; None where only the textbook takes these labels (soft ones, say)."""
        k = raw.shape[1] if raw.ndim == 2 else 1
        version = protocol.installed_version(call.booster)
        native = _native_step(self, call.booster, version, k)
        if native is None:
            return None
        results = _handed_out(raw)
        row, y, weight = native.row, call.rows.y, call.rows.weight
        why = row.remembers(native.values) if row.remembers and memory is None else None
        if why:
            raise ValueError(f"{self._owner}: {why}, and a callable is not told the round: train with boostobj.train")
        parameters = native.parameters
        if row.groups or row.prepare:
            step = _step(row, call.rows, raw, memory, call.data, version)
            if row.prepare:
                if row.groups == "all":  # what is made of the labels must not meet bad ones; loops leave bad queries out
                    self._check_start(y, weight, native.labels)
                parameters = row.prepare(step, native.values)
        ends = native.labels.float32_ends
        if row.groups:
            data = (y, raw, loops.weight_array(weight, y), parameters, *ends, native.labels.integer)
            bad = _over_groups(native.loop, step.bounds, len(raw), *data, *results)
        else:
            bad = _over_rows(native.loop, raw, _columns(y) if y.ndim == 2 else y, raw, weight, parameters, *ends, *results)
        if bad & loops.BAD_TARGET and not self._is_builtin():
            plain = self._unsigned(y)
            if plain is y:
                return None  # the textbook takes them, or refuses them in its own words
            return self._native_gradients(call._replace(rows=call.rows._replace(y=plain)), raw, memory)
        self._refuse(bad, call.rows, raw, native.labels)
        if row.finish:
            row.finish(step, *results)
        return results

    @final
    def train_params(self, dtrain: Any, *, nthread: int | None = None, seed: int | None = None) -> dict[str, Any]:
        """The few parameters that belong beside `obj=` in `xgboost.train`, for this data.

        The objective's name keeps link, default metric and saved model alive; base_score is not estimated by XGBoost
        when it is handed an objective. With the booster's own curvature the trained model equals the built-in's.

        Parameters
        ----------
        dtrain : xgboost.DMatrix with labels
        nthread : int, optional
            The nthread of the training to come, as in params. XGBoost adds one partial sum per thread, and in float32
            for multi:*, so that its base_score depends on it; with more than two threads the order of the partial sums,
            and with it the last bit of XGBoost's own base_score, is up to chance. Default: all cores, as in XGBoost.
        seed : int, optional
            The seed of the training to come, as in params: the base_score of rank:* with lambdarank_pair_method="mean" is
            made of pairs that are drawn. Default: 0, as in XGBoost.

        Returns
        -------
        dict

        Raises
        ------
        TypeError
            Not a DMatrix.
        ValueError
            No labels, or labels or weights that the objective refuses.
        """
        if not protocol.is_dmatrix(dtrain):
            raise TypeError(f"{self._owner}: train_params takes an xgboost.DMatrix, got {type(dtrain).__name__}")
        rows = protocol.rows(self._owner, dtrain, self._wants)
        rows = rows._replace(y=self._unsigned(rows.y))
        y, weight = rows.y, rows.weight
        if self._auto:
            return self.resolve(y, weight).train_params(dtrain, nthread=nthread, seed=seed)
        native = self._native_by_default("xgboost")
        # The textbook may take more labels; __call__ then is the textbook's as well.
        if native and (self._is_builtin() or native[0].count or y.ndim == 2 or self._labels_of(native[0], 1).contains(y).all()):
            row, values = native
            version = protocol.installed_version("xgboost")
            if builtins.version_of(version) < row.since:
                raise ValueError(f"{self._owner}: xgboost {version} has no such objective")
            k = self._count(row.count, values, y)
            self._check_start(y, weight, self._labels_of(row, k))
            params: dict[str, Any] = {"objective": row.name}
            params |= {p.name: _for_xgboost(values[p.name]) for p in row.parameters if _told(p, values[p.name])}
            step = _step(row, rows, np.zeros(len(y), np.float32), {"seed": seed}, dtrain, version)
            start = row.start_of(step, k, values, protocol.threads(nthread))
            if row.link == "log" and start is not None and not (start > 0).all():  # XGBoost's own would start at -inf
                if self._is_builtin():
                    raise ValueError(f"{self._owner}: y must be positive somewhere, all {len(y)} are 0")
                start = self.inverse_link(self.start(y, weight))
            if row.count == "num_class":
                params["num_class"] = k
            if start is not None:
                params["base_score"] = _base_score(start)
            return params
        start = self.start(y, weight)
        link = LINKS[self.link]
        params = {"objective": link.xgboost}
        measured = self._native("xgboost") if self.measured_natively else None
        if measured and (y.ndim == 1 or protocol.has_bounds(dtrain)):
            row, values = measured
            params = {"objective": row.name}
            params |= {p.name: _for_xgboost(values[p.name]) for p in row.parameters if _told(p, values[p.name])}
        if len(start) > 1:
            params["num_class"] = len(start)
        if self._slope() != 1.0:
            params["objective"] = LINKS["identity"].xgboost  # no native objective has a slope: predictions are raw
        elif not link.margin:
            start = self.inverse_link(start)
        if len(start) == 1 or builtins.version_of(protocol.installed_version("xgboost")) >= (3, 1):
            params["base_score"] = _base_score(start)  # before 3.1 XGBoost has one for all scores
        return params

    @final
    def init_score(self, dataset: Any) -> np.ndarray:
        """The start as LightGBM's init_score, one row's value repeated: LightGBM starts callables at 0.

        Parameters
        ----------
        dataset : lightgbm.Dataset with labels

        Returns
        -------
        array of shape (n,) or (n, k), float64

        Raises
        ------
        TypeError
            Not a Dataset.
        ValueError
            No labels, or labels or weights that the objective refuses.
        """
        if not protocol.is_dataset(dataset):
            raise TypeError(f"{self._owner}: init_score takes a lightgbm.Dataset, got {type(dataset).__name__}")
        rows = protocol.rows(self._owner, dataset, self._wants)
        y, weight = rows.y, rows.weight
        if self._auto:
            return self.resolve(y, weight).init_score(dataset)
        native = self._native_by_default("lightgbm")
        start = None
        if native:
            row, values = native
            k = self._count(row.count, values, y)
            allowed = self._labels_of(row, k)
            if self._is_builtin() or allowed.contains(y).all():
                self._check_start(y, weight, allowed)
                version = protocol.installed_version("lightgbm")
                start = row.raw_start(_step(row, rows, np.zeros(len(y)), None, dataset, version), k, values)
        if start is None:
            start = self.start(y, weight)
        return np.full(len(y), start[0]) if len(start) == 1 else np.tile(start, (len(y), 1))

    @final
    def derivation(self) -> Any:
        """How gradient, Hessian, start and curvatures follow from the loss, step by step.

        Returns
        -------
        boostobj.formulas.derivation.Derivation
            `print` it; it has `latex()` and `markdown()`, and shows itself as such in a notebook.

        Raises
        ------
        TypeError
            There is no definition to derive from.
        """
        from .formulas.derivation import derivation  # and with it SymPy

        return derivation(self)

    # Data and errors --------------------------------------------------------------------------------------------------

    @final
    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """The parameters, each with its domain, unit and typical values."""
        return _parameters(cls)

    @property
    def _owner(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        shown = [f"{p.name}={getattr(self, p.name)!r}" for p in self.parameters()]
        if self.curvature != "default":
            shown.append(f"curvature={self.curvature!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def _slope(self) -> float:
        """What a raw score is multiplied with before the link."""
        return float(getattr(self, self.link_slope)) if self.link_slope else 1.0

    def _of_link(self) -> tuple[float, ...]:
        """The parameters that the link takes."""
        return tuple(getattr(self, name) for name in LINKS[self.link].parameters)

    def _is_builtin(self) -> bool:
        """Whether this object bears a booster's name, whose refusals are then its own."""
        return False

    @final
    def _native_by_default(self, booster: str) -> tuple[builtins.Native, Mapping[str, Any]] | None:
        """The booster's own objective that this one trains, if it trains one of the booster's; its name then goes along."""
        native = self._native(booster)
        if native is None or native[0].booster != booster:
            return None  # under the other booster's name, say
        return native if self._kind_for_boosters() == "native" else None

    def _kind_for_boosters(self) -> str:
        return self.boosters_curvature if self.curvature == "default" else self.curvature

    def _labels_of(self, row: builtins.Native, k: int) -> Interval:
        if row.count and row.labels.integer:
            return Interval(row.labels.low, k - 1, "both", integer=True)
        # A booster may take labels for which its loss is not defined; under our own name they are refused.
        mine = row.labels if self._is_builtin() else self._labels(k)
        return row.labels if all(mine.contains(end) for end in row.labels.ends) else mine

    def _count(self, name: str, values: Mapping[str, Any], y: np.ndarray) -> int:
        """How many scores a row has: what the parameter of that name says, or else the classes among the targets."""
        if not name:
            return 1
        given = values[name]
        if isinstance(given, tuple):
            return len(given)
        # A stray label must not become millions of classes: beyond this many num_class has to say so.
        self._refuse_targets(y, Interval(0, (given or 65536) - 1, "both", integer=True))
        return given or max(int(y.max()) + 1, 2)

    def _check_start(self, y: np.ndarray, weight: np.ndarray | None, allowed: Interval) -> None:
        self._check_shape(y)
        self._refuse_targets(y, allowed)
        if weight is not None:
            self._same_length(y, y, weight)
            self._refuse_weights(weight)

    def _check_shape(self, y: np.ndarray) -> None:
        if self._wants.interval:
            if y.ndim != 2 or y.shape[1] != 2:
                raise ValueError(
                    f"{self._owner}: y must have shape (n, 2), the two ends of each interval, or (n,), signed times,"
                    f" got {y.shape}"
                )
        elif y.ndim != 1:
            raise ValueError(f"{self._owner}: y must have shape (n,), one target per row, got {y.shape}")

    def _target(self, y: Any) -> np.ndarray:
        y = protocol.for_loop(np.ascontiguousarray(y, dtype=np.float64))
        if self._wants.interval:
            y = protocol.signed(y) if y.ndim == 1 else np.asfortranarray(y)
        self._check_shape(y)
        return y

    def _weight(self, weight: Any, y: np.ndarray) -> np.ndarray | None:
        if weight is None:
            return None
        weight = protocol.for_loop(np.ascontiguousarray(weight, dtype=np.float64))
        self._same_length(y, y, weight)
        return weight

    def _checked(self, y: Any, raw: Any, weight: Any, group: Any) -> tuple[protocol.Rows, np.ndarray]:
        y = self._target(y)
        raw = self._scores(raw, y)
        weight = self._weight(weight, y)
        self._same_length(y, raw, weight)
        return self._grouped(y, weight, group), raw

    def _grouped(self, y: np.ndarray, weight: np.ndarray | None, group: Any) -> protocol.Rows:
        if self._wants.groups:
            return protocol.Rows(y, weight, protocol.bounds_of(self._owner, group, len(y)))
        if group is not None:
            raise ValueError(f"{self._owner}: the loss of a row does not depend on groups; leave group out")
        return protocol.Rows(y, weight)

    def _same_length(self, y: np.ndarray, raw: np.ndarray, weight: np.ndarray | None) -> None:
        self._check_shape(y)
        if len(raw) != len(y):
            raise ValueError(f"{self._owner}: y has {len(y)} rows, raw has {len(raw)}")
        if weight is not None and weight.shape != (len(y),):
            raise ValueError(f"{self._owner}: weight must have shape ({len(y)},), got {weight.shape}")

    def _unsigned(self, y: np.ndarray) -> np.ndarray:
        """The targets with 0 for a class that is called -1, where the loss takes that name: boosters' own objectives do not."""
        labels = self._labels(1)
        if not labels.signed or not (y < 0).any():
            return y
        self._refuse_targets(y, labels)
        return np.maximum(y, 0)

    def _refuse_targets(self, y: np.ndarray, allowed: Interval) -> None:
        if y.ndim == 2:
            lower, upper = y.T
            inside = allowed.contains(lower) & (lower <= upper) & (upper > allowed.ends[0])
            words = f"an interval of {allowed} that ends above {allowed.low:g} and not before it begins"
        else:
            inside, words = allowed.contains(y), _words(allowed)
        if not inside.all():
            raise first_bad(self._owner, "y", words, y, ~inside)

    def _refuse_scores(self, raw: np.ndarray) -> None:
        if self.scores is REAL:
            return
        inside = self.scores.contains(raw)
        if not inside.all():
            raise first_bad(self._owner, "raw", _words(self.scores), raw, ~inside)

    def _refuse_weights(self, weight: np.ndarray) -> None:
        good = np.isfinite(weight) & (weight >= 0)
        if not good.all():
            raise first_bad(self._owner, "weight", _NON_NEGATIVE, weight, ~good)
        if weight.size and not weight.any():
            raise ValueError(f"{self._owner}: weight must be positive somewhere, all {weight.size} are 0")

    def _refuse(self, bad: int, rows: protocol.Rows, raw: np.ndarray, labels: Interval | None = None) -> None:
        """Word the error that a loop has noted."""
        y, weight = rows.y, rows.weight
        if bad & loops.BAD_TARGET:
            k = raw.shape[1] if raw.ndim == 2 else 1
            self._refuse_targets(y, labels or self._labels(k))
        if bad & loops.BAD_RAW:
            raise first_bad(self._owner, "raw", _FINITE, raw, ~np.isfinite(raw))
        if weight is not None and weight.size and bad & loops.WEIGHT != loops.POSITIVE_WEIGHT:
            self._refuse_weights(weight)


@functools.cache
def _parameters(cls: type[Objective]) -> tuple[Parameter, ...]:
    return tuple(
        dataclasses.replace(f.metadata["parameter"], name=f.name)
        for f in dataclasses.fields(cls)
        if "parameter" in f.metadata
    )


def _words(allowed: Interval) -> str:
    if allowed.low == -math.inf and allowed.high == math.inf:
        return _FINITE
    return allowed.words


def _told(parameter: Parameter, value: Any) -> bool:
    """Whether XGBoost must be told the value: it is not XGBoost's own default."""
    return parameter.required or value not in (parameter.default, None)


def _for_xgboost(value: Any) -> Any:
    return "[" + ",".join(map(repr, value)) + "]" if isinstance(value, tuple) else value


def _base_score(start: np.ndarray) -> float | str:
    """A number, or XGBoost's list of numbers; every float32 survives the trip through text."""
    values = [float(v) for v in np.asarray(start, np.float32)]
    if len(values) == 1 and 0 < abs(values[0]) < 1e-5 and builtins.version_of(protocol.installed_version("xgboost")) < (3, 1):
        return f"{values[0]:.19f}"  # of a number with an exponent those read another float32
    return values[0] if len(values) == 1 else "[" + ",".join(map(repr, values)) + "]"


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class _Textbook(Objective):
    """What the bases with a kernel share."""

    kinds: ClassVar[tuple[str, ...]] = ("exact",)
    """The curvature kinds that the kernel returns, in their order."""
    definition: ClassVar[Callable[..., Any]]
    """definition(mp, y, f, **parameters): the loss as the textbook prints it, in mpmath. It is the law."""
    majorizer: ClassVar[Callable[..., Any]]
    """majorizer(mp, y, f, **parameters): the "majorized" curvature as the literature prints it, where there is one."""
    damper: ClassVar[Callable[..., Any]]
    """damper(mp, y, f, **parameters): the "damped" curvature likewise."""
    informant: ClassVar[Callable[..., Any]]
    """informant(mp, y, f, **parameters): the "fisher" curvature, what is expected if the scores are right, whatever y is."""
    rounded: ClassVar[tuple[str, ...]] = ()
    """Parameters that are rounded numbers, as scores are: the checks count how far a last bit of theirs moves a value."""
    row_weights: ClassVar[bool] = True
    """Whether the rows of a group may have different weights; False where a weight is the group's."""

    quick: ClassVar[bool] = True
    """Whether boosters are given what the kernel makes with the functions of `boostobj.quick`: False for one that subtracts what
    nearly cancels, so that 30 bits of each leave less than a float32. `checks` tries it."""

    @final
    @classmethod
    def _kernel(cls, name: str, quickly: bool) -> Callable:
        kernel = getattr(cls, name)
        return quick.of(kernel) if quickly and cls.quick else kernel

    @final
    @property
    def curvatures(self) -> tuple[str, ...]:
        names = [row.textbook for row in builtins.table()]
        return (*self.kinds, "native") if self.name in names else self.kinds

    @final
    def _kernel_parameters(self) -> tuple[Any, ...]:
        return tuple(p.for_kernel(getattr(self, p.name), float) for p in self.parameters() if p.kernel)

    @final
    @property
    def _wants(self) -> protocol.Wants:
        return protocol.Wants(len(self.targets) == 2, isinstance(self, Groupwise))

    @final
    def _native(self, booster: str) -> tuple[builtins.Native, Mapping[str, Any]] | None:
        for row in builtins.rows_of_textbook(booster, self.name, protocol.installed_version(booster)):
            values = self._as_parameters_of(row)
            if values is not None:
                return row, values
        return None

    @final
    def _as_parameters_of(self, row: builtins.Native) -> dict[str, Any] | None:
        """The booster's parameters that make its objective this one; None if none do."""
        mine = {p.name: (getattr(self, p.name), p.default) for p in self.parameters()}
        if any(value != default for name, (value, default) in mine.items() if name not in row.mirror.values()):
            return None
        values = {**row.defaults(), **{theirs: mine[ours][0] for theirs, ours in row.mirror.items()}}
        return values if row.when is None or row.when(values) else None


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Pointwise(_Textbook):
    """One raw score per row.

    `point(y, f, *parameters)` returns (loss, gradient, exact Hessian, further curvatures in the order of `kinds`), in
    float64, from functions of `boostobj.elementary` and plain arithmetic. With two `targets`, the ends of an interval, it
    is `point(lower, upper, f, *parameters)`.
    """

    point: ClassVar[Callable[..., tuple[float, ...]]]
    smoothed: ClassVar[Callable[..., tuple[float, ...]]]
    """smoothed(y, f, *parameters, width): the loss's own gradient, and gradient and Hessian of the loss with its kinks rounded
    off over that width, all three in the same unit, whatever it is.

    What boosters are given of a loss that no quadratic lies above, where `boosters_curvature` says so: the width comes from the
    rows, anew in every round (`_spread`); to all gradients is added what makes their mean that of the loss's own, so that
    rounding moves a leaf's score but not the scores as a whole, by which a share of rows stays what it says; and all is
    divided by the mean Hessian, for lambda and min_child_weight to mean rows.
    """
    among_targets: ClassVar[bool] = True
    """Whether the best constant of a loss with the identity as its link lies among the targets."""
    cuts: ClassVar[str] = ""
    """The field, a tuple, that separates the classes which the targets are: there is one more of them."""

    @property
    def law(self) -> str:
        """The attribute with the kernel: another for each choice between laws, where a loop over all could not be vectorised."""
        return "point"

    @final
    def _labels(self, k: int) -> Interval:
        cuts = getattr(self, self.cuts) if self.cuts else AUTO
        if cuts == AUTO:
            return self.domain
        return Interval(self.domain.low, self.domain.low + len(cuts), "both", integer=True)

    @final
    def _scores(self, raw: Any, y: np.ndarray, what: str = "raw") -> np.ndarray:
        return _one_score(self._owner, raw, y, what)

    @final
    def _losses(self, rows: protocol.Rows, raw: np.ndarray) -> tuple[np.ndarray, int]:
        out = np.empty(len(raw))
        domain = self._labels(1)
        loop = loops.pointwise_loss(self._kernel(self.law, False), domain.integer, domain.signed)
        flags = _over_rows(loop, raw, _columns(rows.y), raw, self._kernel_parameters(), *domain.ends, out)
        return out, loops.mixed(flags)

    @final
    def _gradients(
        self,
        rows: protocol.Rows,
        raw: np.ndarray,
        kind: str,
        results: tuple[np.ndarray, np.ndarray],
        least: float = -math.inf,
        quickly: bool = False,
    ) -> int:
        domain, parameters = self._labels(1), self._kernel_parameters()
        rest: tuple[Any, ...] = (*domain.ends, least, _limit(results), *results)
        if kind == "smoothed":
            kernel = self._kernel("smoothed", quickly)
            width, shift, factor = self._smoothing(kernel, rows, raw)
            parameters, rest = (*parameters, width), (shift, factor, *rest)
            loop = loops.smoothed_gradient(kernel, domain.integer, domain.signed)
        else:
            column, kernel = 2 + self.kinds.index(kind), self._kernel(self.law, quickly)
            loop = loops.pointwise_gradient(kernel, column, domain.integer, domain.signed)
        return loops.mixed(_over_rows(loop, raw, _columns(rows.y), raw, rows.weight, parameters, *rest))

    @final
    def _smoothing(
        self, kernel: Callable, rows: protocol.Rows, raw: np.ndarray, j: int | None = None
    ) -> tuple[float, float, float]:
        """The width, what is added to gradients, and what multiplies gradients and Hessians: of all rows, and of score j if
        each has several."""
        width = _spread(rows.y, raw, rows.weight, j)
        parameters = (*self._kernel_parameters(), width)
        sums = np.zeros(3)
        for y, f, weight in _pieces(rows.y, raw, rows.weight, j):
            sums += loops.smoothed_sums(kernel)(_columns(y), f, weight, parameters)
        below, curved, total = sums.tolist()
        known = 0.0 < curved < math.inf and math.isfinite(below)  # else there is something to refuse
        return (width, below / total, total / curved) if known else (width, 0.0, 1.0)

    @final
    def _start(self, rows: protocol.Rows, offset: np.ndarray | None) -> np.ndarray:
        y, weight = rows.y, rows.weight
        assert weight is not None
        if offset is None:  # rows with the same target are one row
            y, place = np.unique(y, return_inverse=True, axis=0)
            weight = np.bincount(place.ravel(), weights=weight)
            offset = np.zeros(len(y))
        best, unbounded = self._best_constants(y, weight, offset, np.array([0, len(y)]))
        if not self.convex and self.link != "identity":
            best[0], unbounded[0] = self._lowest_constant(y, weight, offset, best[0], unbounded[0])
        if unbounded[0]:
            warnings.warn(
                f"{self._owner}: no finite start minimises the loss (is there only one class?); it is bounded instead",
                UserWarning,
                stacklevel=3,
            )
        return best

    @final
    def _lowest_constant(
        self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray, known: float, unbounded: bool
    ) -> tuple[float, bool]:
        """The best constant beside one where the slope is 0, and whether that is bounded: no finite one is best.

        For losses that are not convex and have a link, whose scores are of the size of 1: rows with other offsets may each have
        a valley of their own. They are where an offset and a few units cancel; that is searched on no more rows than it takes.
        """
        few = _thinned(y, weight, offset, self.domain.integer)
        places = np.unique(np.quantile(-few[2], np.linspace(0, 1, 33)))
        candidates = np.unique(np.round(8.0 * np.add.outer(places, np.linspace(-24.0, 24.0, 193))) / 8.0)  # none beside another

        def total(c: float, y: np.ndarray, weight: np.ndarray, offset: np.ndarray) -> float:
            return float(weight @ self._losses(protocol.Rows(y, None), offset + c)[0])

        def slope(c: float) -> float:
            grad, hess = np.empty(len(y)), np.empty(len(y))
            self._gradients(protocol.Rows(y, None), offset + c, "exact", (grad, hess))
            return float(weight @ grad)

        losses = np.array([total(c, *few) for c in candidates])
        at = int(np.argmin(losses))
        low, high = candidates[max(at - 1, 0)], candidates[min(at + 1, len(candidates) - 1)]
        if low <= known <= high or losses[at] >= total(known, *few):
            return known, unbounded
        ends = at in (0, len(candidates) - 1)
        for _ in range(8):  # a valley may be far narrower than a step of the search
            if ends or slope(low) < 0 < slope(high):
                break
            inside = np.linspace(low, high, 33)
            best = 1 + int(np.argmin([total(c, *few) for c in inside[1:-1]]))
            low, high = inside[best - 1], inside[best + 1]
        if slope(low) < 0 < slope(high):
            while low < (middle := low / 2 + high / 2) < high:
                low, high = (middle, high) if slope(middle) < 0 else (low, middle)
            found = float(high), False
        elif not ends:  # between valleys so far apart that nothing there has a slope
            found = float(candidates[at]), False
        elif unbounded:
            return known, True
        else:  # what is won by going all the way is won but for 1/n of it at
            enough = losses <= losses[at] + (total(known, *few) - losses[at]) / len(y)
            found = float(candidates[enough][np.argmin(np.abs(candidates[enough] - known))]), True
        better = total(found[0], y, weight, offset) < total(known, y, weight, offset)
        return found if better else (known, unbounded)

    @final
    def _best_constants(
        self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray, begin: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """For each group of rows, from begin[g] to begin[g + 1], what to add to their scores; and where that is infinite."""
        best, unbounded = np.empty(len(begin) - 1), np.empty(len(begin) - 1, np.bool_)
        several = not self.convex and "majorized" in self.kinds
        bound = 2 + self.kinds.index("majorized") if several and self.link == "identity" else 0
        law = self._kernel(self.law, False)
        loop = loops.best_constants(law, self.link == "identity" and self.among_targets, self.convex, bound)
        targets = tuple(map(np.ascontiguousarray, _columns(y)))
        rest = (targets, offset, weight, self._kernel_parameters(), begin, best, unbounded)
        threads.run(lambda start, stop: loop(start, stop, *rest), len(best), len(y))
        return best, unbounded


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Rowwise(_Textbook):
    """k raw scores per row.

    One kernel, in one of three forms, in float64. `row(y, f[k], *parameters, grad[k], hess[k], kind)` fills the gradient and the
    diagonal curvature of the kind with that place in `kinds`, and returns the loss. `block(y[n], f[k, n], *parameters, loss[n],
    grad[k, n], hess[k, n], kind)` does so for n rows at a time: loops over the last index can be vectorised, whatever k is. Where
    kind is `loops.LOSS` (-1) only the losses are looked at, else only gradients and curvatures; what is not is scratch space.
    Parameters that are tuples reach both as arrays.

    `few(y, f, *parameters)`, without branches, is for a small number of scores that the kernel is made for: f is a tuple of k
    numbers, and it returns (loss, gradient, exact diagonal, further curvatures in the order of `kinds`), all but the loss tuples
    of k. It is vectorised over rows. Parameters that are tuples reach it as tuples. It is called for targets outside the domain
    too, and must not use them as an index.

    `guess(y, weight, k, *parameters)` is a first value for `start`: exact where there is no offset and, for classes,
    every one occurs. Losses that are a sum of losses of one score each override `apart` instead, and those that are not
    convex may override `best`.
    """

    row: ClassVar[Callable[..., float] | None] = None
    block: ClassVar[Callable[..., None] | None] = None
    few: ClassVar[Callable[..., tuple[Any, ...]] | None] = None
    guess: ClassVar[Callable[..., np.ndarray]]
    count: ClassVar[str] = "num_class"
    """The field that says how many scores a row has: that number, None for as many as the scores have, or a tuple.

    Where that is the same for all objects: an attribute of the class, a tuple of what each score is.
    """
    shift_free: ClassVar[bool] = False
    """Whether adding one number to all scores of a row changes nothing, as in softmax."""
    sets: ClassVar[bool] = False
    """Whether a target is a set of classes, the sum of 2**j over its members j, and not one class."""
    classes: ClassVar[bool] = True
    """Whether targets that are whole numbers are classes, one for each score, and not counts."""
    weighted_by: ClassVar[str] = ""
    """The field, a tuple or None, with a weight for each class: it too says how many there are."""

    def __post_init__(self) -> None:
        super().__post_init__()
        weights, count = self._class_weights(), getattr(self, self.count)
        if weights is not None and count not in (None, len(weights)):
            raise ValueError(f"{self._owner}: {self.weighted_by} has {len(weights)} numbers, {self.count} is {count}")

    def lacking(self, share: np.ndarray) -> np.ndarray:
        """The classes without a finite best score, by what their rows weigh."""
        return share == 0

    @final
    def _class_weights(self) -> tuple[float, ...] | None:
        return getattr(self, self.weighted_by) if self.weighted_by else None

    def apart(self, y: np.ndarray, k: int) -> list[tuple[Pointwise, np.ndarray]] | None:
        """One loss of one score, with its targets, per score, if the loss is their sum."""
        return None

    def best(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> np.ndarray | None:
        """The start, if the class has its own way to it; the arrays are float64 and checked."""
        return None

    @final
    def _known_count(self) -> int | None:
        value = getattr(self, self.count)
        value = self._class_weights() if value is None else value
        return len(value) if isinstance(value, tuple) else value

    @final
    def _labels(self, k: int) -> Interval:
        if not (self.domain.integer and self.classes):
            return self.domain
        k = min(k, self._known_count() or k)
        high = min(2.0 ** min(k, 1000), self.domain.high) if self.sets else k
        return Interval(self.domain.low, high - 1, "both", integer=True)

    @final
    def _scores(self, raw: Any, y: np.ndarray, what: str = "raw") -> np.ndarray:
        raw = _float_array(raw)
        if raw.ndim != 2 or raw.shape[1] < 2:
            raise ValueError(
                f"{self._owner}: {what} must have shape ({y.size}, {self._known_count() or 'num_class'}) with at least 2"
                f" scores per row, got {raw.shape}; is num_class among the booster's parameters?"
            )
        known = self._known_count()
        if known is not None and raw.shape[1] != known:
            value = getattr(self, self.count)
            said = f"{self.weighted_by} has {known} numbers" if value is None else f"{self.count} is {value}"
            raise ValueError(f"{self._owner}: {said}, {what} has {raw.shape[1]} columns")
        return raw if raw.flags.c_contiguous or raw.flags.f_contiguous else np.ascontiguousarray(raw)

    @final
    def _losses(self, rows: protocol.Rows, raw: np.ndarray) -> tuple[np.ndarray, int]:
        out = np.empty(len(raw))
        allowed = self._labels(raw.shape[1])
        row, block, few = type(self).row, type(self).block, type(self).few
        if few:
            loop = loops.few_loss(few, raw.shape[1], allowed.integer)
        else:
            loop = loops.blockwise_loss(block, allowed.integer) if block else loops.rowwise_loss(row, allowed.integer)
        return out, _over_rows(loop, raw, (rows.y,), raw, self._row_parameters(), *allowed.ends, out)

    @final
    def _row_parameters(self) -> tuple[Any, ...]:
        """What the kernel of a row gets: for `few` numbers alone, which LLVM keeps in registers."""
        parameters = self._kernel_parameters()
        return tuple(tuple(v.tolist()) if isinstance(v, np.ndarray) else v for v in parameters) if type(self).few else parameters

    @final
    def _gradients(
        self,
        rows: protocol.Rows,
        raw: np.ndarray,
        kind: str,
        results: tuple[np.ndarray, np.ndarray],
        least: float = -math.inf,
        quickly: bool = False,
    ) -> int:
        if kind == "smoothed":
            return self._smoothed_apart(rows, raw, results, least, quickly)
        allowed = self._labels(raw.shape[1])
        name = "few" if type(self).few else "block" if type(self).block else "row"
        kernel, place = self._kernel(name, quickly), self.kinds.index(kind)
        weight = rows.weight
        if name == "few":
            loop = loops.few_gradient(kernel, raw.shape[1], 2 + place, allowed.integer, _order(raw) == "F")
        elif name == "block":
            loop = loops.blockwise_gradient(kernel, place, allowed.integer)
            weight = loops.weight_array(weight, rows.y)
        else:
            loop = loops.rowwise_gradient(kernel, place, allowed.integer)
        rest = (*allowed.ends, least, _limit(results), *results)
        return _over_rows(loop, raw, (rows.y,), raw, weight, self._row_parameters(), *rest)

    @final
    def _smoothed_apart(
        self, rows: protocol.Rows, raw: np.ndarray, results: tuple[np.ndarray, np.ndarray], least: float, quickly: bool
    ) -> int:
        """Of a sum of losses of one score each: each is rounded off over a width of its own, a piece of its rows at a time."""
        flags = 0
        grad, hess = (np.empty(min(_PIECE, len(raw)), r.dtype) for r in results)
        for j, (one, y) in enumerate(self.apart(rows.y, raw.shape[1]) or ()):
            kernel = one._kernel("smoothed", quickly)
            own = rows._replace(y=y)
            width, *numbers = one._smoothing(kernel, own, raw, j)
            domain = one._labels(1)
            loop = loops.smoothed_gradient(kernel, domain.integer, domain.signed)
            parameters = (*one._kernel_parameters(), width)
            for first in range(0, len(raw), _PIECE):
                piece = slice(first, min(first + _PIECE, len(raw)))
                weight = None if own.weight is None else own.weight[piece]
                g, h = grad[: piece.stop - first], hess[: piece.stop - first]
                rest = (*numbers, *domain.ends, least, _limit(results), g, h)
                flags |= loop(0, len(g), _columns(y[piece]), raw[piece, j].copy(), weight, parameters, *rest)
                results[0][piece, j], results[1][piece, j] = g, h
        return flags

    @final
    def _count_in(self, y: np.ndarray) -> int:
        """How many scores a row has: what a parameter says, or else the classes among the targets."""
        if self.sets:
            known = self._known_count()
            self._refuse_targets(y, self._labels(known or 2**31))
            return known or max(int(y.max()).bit_length(), 2)
        given = getattr(self, self.count)
        return self._count(self.count, {self.count: self._known_count() if given is None else given}, y)

    @final
    def _start(self, rows: protocol.Rows, offset: np.ndarray | None) -> np.ndarray:
        y, weight = rows.y, rows.weight
        assert weight is not None
        k = offset.shape[1] if offset is not None else self._count_in(y)
        self._refuse_targets(y, self._labels(k))
        apart = self.apart(y, k)
        if apart is not None:
            offsets = [None] * k if offset is None else list(np.ascontiguousarray(offset.T))
            parts = zip(apart, offsets, strict=True)
            return np.array([o._start(protocol.Rows(t, weight), f)[0] for (o, t), f in parts])
        best = self.best(y, weight, offset)
        if best is not None:
            return best
        guess = functools.partial(type(self).guess, y, weight, k, *self._kernel_parameters())
        if self.domain.integer and self.classes:
            counts = np.bincount(y.astype(np.int64), weights=weight, minlength=k)
            of_class = self._class_weights()
            lacking = self.lacking(counts if of_class is None else counts * np.array(of_class))
            if lacking.any():
                warnings.warn(
                    f"{self._owner}: no finite start minimises the loss: no row of class {int(np.argmax(lacking))} has weight;"
                    " it is bounded instead",
                    UserWarning,
                    stacklevel=3,
                )
                counts = np.where(counts == 0, 0.5 * weight.sum() / max(y.size, k), counts)
            if offset is None:
                y = np.arange(k, dtype=np.float64)
                weight = counts
                offset = np.zeros((k, k))
                guess = functools.partial(type(self).guess, y, weight, k, *self._kernel_parameters())
        elif offset is None:
            return guess()
        weight = weight / weight.sum()

        def slope(c: np.ndarray) -> np.ndarray:
            raw = offset + c
            grad, hess = np.empty(raw.shape), np.empty(raw.shape)
            self._gradients(protocol.Rows(y, weight), raw, "exact", (grad, hess))
            return grad.sum(axis=0)

        def total(c: np.ndarray) -> float:
            return float(weight @ self._losses(protocol.Rows(y, weight), offset + c)[0])

        unit = max((float(getattr(self, p.name)) for p in self.parameters() if p.unit == "y"), default=1.0)
        return _root_of_many(slope, guess(), self.shift_free, None if self.convex else total, unit)


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Groupwise(_Textbook):
    """One raw score per row; the loss of a row depends on the other rows of its group (a query, a stratum).

    `group(y[m], f[m], w[m], *parameters, loss[m], grad[m], hess[m], order[2m], work[8m + 640], kind)` fills the losses of the
    rows of one group, each without its own weight, and the gradient and the diagonal curvature of the kind with that place
    in `kinds` of their weighted sum; in float64. `order` (int64) and `work` (float64) are scratch space.
    `definition(mp, y, f, w, **parameters)` is the weighted sum of one group.
    """

    group: ClassVar[Callable[..., None]]
    some: ClassVar[Interval] = REAL
    """Where one target has to lie at least, for there to be something to learn."""
    by_size: ClassVar[bool] = False
    """Whether the kernel is to see the rows of a group by ascending |y|, those of equal |y| as they come."""

    @final
    def _labels(self, k: int) -> Interval:
        return self.domain

    @final
    def _scores(self, raw: Any, y: np.ndarray, what: str = "raw") -> np.ndarray:
        return _one_score(self._owner, raw, y, what)

    @final
    def _losses(self, rows: protocol.Rows, raw: np.ndarray) -> tuple[np.ndarray, int]:
        out = np.empty(len(raw))
        return out, self._run(rows, raw, 0, -math.inf, out, np.empty(len(raw)), np.empty(len(raw)))

    @final
    def _gradients(
        self,
        rows: protocol.Rows,
        raw: np.ndarray,
        kind: str,
        results: tuple[np.ndarray, np.ndarray],
        least: float = -math.inf,
        quickly: bool = False,
    ) -> int:
        return self._run(rows, raw, self.kinds.index(kind), least, np.empty(0), *results)

    @final
    def _run(self, rows: protocol.Rows, raw: np.ndarray, kind: int, least: float, loss: Any, grad: Any, hess: Any) -> int:
        loop = loops.groupwise(type(self).group, kind)
        rest = (*self.domain.ends, self.domain.integer, least, _limit((grad, hess)), loss, grad, hess)
        assert rows.bounds is not None
        rank = orders.by_size(rows.y, rows.bounds) if self.by_size else None
        data = (rows.bounds, len(raw), rank, (rows.y,), raw, loops.weight_array(rows.weight, rows.y))
        return _over_groups(loop, *data, self._kernel_parameters(), *rest)

    @final
    def _start(self, rows: protocol.Rows, offset: np.ndarray | None) -> np.ndarray:
        if not self.some.contains(rows.y).any():
            raise ValueError(f"{self._owner}: y must be {self.some.words} somewhere, it is in none of {len(rows.y)} rows")
        return np.zeros(1)


class _NativeStep(NamedTuple):
    """What a gradient step in a booster's own arithmetic needs beside the data."""

    row: builtins.Native
    values: Mapping[str, Any]
    parameters: tuple[Any, ...]
    labels: Interval
    loop: Callable[..., int]


@functools.lru_cache(1024)
def _native_step(
    objective: Objective, booster: str, version: str | None, k: int
) -> _NativeStep | None:
    """Looked up once, not in every round: a small round takes a few microseconds. None where the booster lacks the loss."""
    native = objective._native(booster)
    if native is None:
        return None
    row, values = native
    if row.booster == booster:
        builtins.tell(booster, version)
    labels = objective._labels_of(row, k)
    parameters = () if row.prepare else row.kernel_parameters(values)
    if row.groups:
        loop = loops.native_groupwise(row.kernel, row.wide)
    else:
        made = loops.native_rowwise if row.count else loops.native_pointwise
        loop = made(row.kernel, row.wide, labels.integer)
    return _NativeStep(row, values, parameters, labels, loop)


def _over_rows(loop: Callable[..., int], raw: np.ndarray, *arguments: Any) -> int:
    """All rows of the scores through a compiled loop, on as many threads as pay."""
    return threads.run(lambda start, stop: loop(start, stop, *arguments), len(raw), raw.size)


_PAIRS = 16
"""A row of a group costs as much as this many scores of pointwise losses, or more."""


def _over_groups(loop: Callable[..., int], bounds: Any, n: int, *arguments: Any) -> int:
    """All groups through a compiled loop, on as many threads as pay."""
    return threads.run(lambda start, stop: loop(start, stop, bounds, *arguments), len(bounds) - 1, n * _PAIRS)


def _columns(y: np.ndarray) -> tuple[np.ndarray, ...]:
    """The targets of all rows, one array for each."""
    return (y,) if y.ndim == 1 else (y[:, 0], y[:, 1])


_MANY = 2**18
_PIECE = 4096
_FEW = 1200
"""Rows: what a mean is worth taking over; of one score of several that are copied at a time; that show how far targets spread."""


def _stride(n: int, most: int, weight: np.ndarray | None) -> int:
    """So that no more than that many rows are left, some of them with a weight."""
    step = -(-n // most)
    return step if weight is None or weight[::step].any() else 1


def _pieces(
    y: np.ndarray, raw: np.ndarray, weight: np.ndarray | None, j: int | None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """All rows, or of very many every second, third ...: what is a mean over them is not worth a pass over all. Of one score of
    several in pieces."""
    step = _stride(len(raw), _MANY, weight)
    size = len(raw) if j is None else _PIECE * step
    for first in range(0, len(raw), size):
        piece = slice(first, first + size, step)
        f = raw[piece] if j is None else raw[piece, j]
        own = None if weight is None else weight[piece]
        if step > 1 or j is not None:
            f = f.copy()
        if step > 1:
            yield y[piece].copy(), f, None if own is None else own.copy()
        else:
            yield y[piece], f, own


def _spread(y: np.ndarray, raw: np.ndarray, weight: np.ndarray | None, j: int | None) -> float:
    """What kinks are rounded off over: s**(3/4) * S**(1/4), with s = (weighted mean of sqrt|r|)**2 of the residuals and S the
    same of the targets about the mean score, where that is more; of score j if each row has several.

    XGBoost 3.4 measures residuals in s for its own losses with kinks. Rows within the width pull in proportion to their
    residuals, as in squared error; among those beyond, the ones that nearly fit hold a leaf where it is. Where the noise is
    small beside the targets' spread, s falls faster than the rows that are far off can follow; where it is not, S is little
    more than s, and the width is no more than noise with heavy tails bears. S is that of up to 1200 rows at equal distances.
    """
    from .builtins import xgboost

    roots = total = 0.0
    for part, f, w in _pieces(y, raw, weight, j):
        size = xgboost.total_weight(part, w)
        roots += size * math.sqrt(float(xgboost.residual_scale(part, f, w))) if size > 0.0 else 0.0
        total += size
    near = (roots / total) ** 2 if total > 0.0 else 0.0
    step = _stride(len(raw), _FEW, weight)
    with np.errstate(all="ignore"):  # of scores and weights to be refused
        f = (raw[::step] if j is None else raw[::step, j]).astype(np.float32)
        w = np.broadcast_to(np.float32(1.0), f.shape) if weight is None else weight[::step]
        share = np.float32(1.0) / w.sum()  # of the total before the sum, which would leave float32's range
        middle = np.nan_to_num(np.clip(np.dot(np.multiply(f, share, out=f), w), -loops.LARGEST_FLOAT32, loops.LARGEST_FLOAT32))
        np.sqrt(np.abs(np.subtract(y[::step], middle, out=f, casting="same_kind"), out=f), out=f)
        far = float(np.nan_to_num(np.dot(np.multiply(f, share, out=f), w), posinf=0.0)) ** 2
    far = max(near, min(far, loops.LARGEST_FLOAT32))
    return math.sqrt(near * math.sqrt(near * far))


def _step(
    row: builtins.Native, rows: protocol.Rows, raw: np.ndarray, memory: dict[str, Any] | None, data: Any, version: str | None
) -> builtins.Step:
    bounds = np.array([0, len(raw)], np.int64) if row.groups == "all" else rows.bounds
    return builtins.Step(rows.y, raw, rows.weight, rows.group_weight, bounds, memory, data, version)


def _one_score(owner: str, raw: Any, y: np.ndarray, what: str) -> np.ndarray:
    raw = _float_array(raw)
    if raw.ndim != 1:
        raise ValueError(f"{owner}: {what} must have shape ({len(y)},), one score per row, got {raw.shape}")
    return raw if raw.flags.c_contiguous else np.ascontiguousarray(raw)


def _order(raw: np.ndarray) -> Any:
    return "F" if raw.flags.f_contiguous and not raw.flags.c_contiguous else "C"


def _handed_out(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Room for what a booster asked for, in the layout of its scores."""
    return buffers.empty(raw.shape, _order(raw)), buffers.empty(raw.shape, _order(raw))


def _limit(results: tuple[np.ndarray, np.ndarray]) -> float:
    return loops.LARGEST_FLOAT32 if results[0].dtype == np.float32 else math.inf


def _float_array(raw: Any) -> np.ndarray:
    raw = np.asarray(raw)
    return protocol.for_loop(raw if raw.dtype in (np.float32, np.float64) else raw.astype(np.float64))


def _thinned(y: np.ndarray, weight: np.ndarray, offset: np.ndarray, classes: bool, most: int = 1024) -> tuple[np.ndarray, ...]:
    """Fewer rows that stand for all: the means of neighbours by offset (of one class), with the sums of their weights."""
    order = np.lexsort((offset, y) if classes else (y, offset))
    order = order[weight[order] > 0]
    y, weight, offset = y[order], weight[order], offset[order]
    begins = np.arange(0, len(y), max(len(y) // most, 1))
    if classes:
        begins = np.union1d(begins, 1 + np.flatnonzero(np.diff(y)))
    sums = np.add.reduceat(weight, begins)
    return tuple(v if v is sums else np.add.reduceat(weight * v, begins) / sums for v in (y, sums, offset))


def _root_of_many(
    slope: Callable[[np.ndarray], np.ndarray],
    c: np.ndarray,
    shift_free: bool,
    total: Callable[[np.ndarray], float] | None = None,
    unit: float = 1.0,
) -> np.ndarray:
    """Newton's method for a function of k scores; where it only fixes their differences, the mean of c is 0.

    `total` is given where the function is not convex, and must fall: a slope may vanish far away too. Derivatives are taken
    over a part of `unit`.
    """
    k = c.size
    freedom = np.ones((k, k)) if shift_free else np.zeros((k, k))
    c = c - c.mean() if shift_free else c
    g = slope(c)
    here = total(c) if total else 0.0
    for _ in range(100):
        if np.abs(g).max() <= 4 * np.finfo(float).eps * unit:
            break
        h = 1e-4 * unit
        curvature = np.array([(slope(c + h * e) - slope(c - h * e)) / (2 * h) for e in np.eye(k)])
        curvature = (curvature + curvature.T) / 2
        if total:
            values, vectors = np.linalg.eigh(curvature)
            values = np.maximum(np.abs(values), 1e-6 * np.abs(values).max() + 1e-300)
            step = -vectors @ ((vectors.T @ g) / values)
        else:
            step = np.linalg.lstsq(curvature + freedom, -g, rcond=None)[0]
        step -= step.mean() if shift_free else 0.0
        if total and shift_free:  # log probabilities: no more than 1, for far away all slopes vanish
            step /= max(np.abs(step).max(), 1.0)
        size = 1.0
        while size > 1e-10:
            candidate = slope(c + size * step)
            there = total(c + size * step) if total else 0.0
            room = 1e-14 * abs(here)
            nearer = np.abs(candidate).sum() < np.abs(g).sum()
            if (there < here - room) or (nearer and there <= here + room):
                break
            size /= 2
        else:
            break
        c, g, here = c + size * step, candidate, there
    return c - c.mean() if shift_free else c
