"""The derivatives of an objective that somebody wrote: its gradient against a loss, its Hessian against its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import registry
from .calling import Trouble
from .examination import CLOSE, HUGE, Calls, constant_ratio, few, number, typical
from .objective import Objective
from .slopes import slopes

_TRUST = 10.0
"""A difference counts where it exceeds the estimated error so many times."""


def ours(objective: Any) -> Objective | None:
    """The object that a name, a class or an object of ours means; None for anything else."""
    if isinstance(objective, str):
        return registry.get(objective)
    if isinstance(objective, type) and issubclass(objective, Objective):
        return objective()
    return objective if isinstance(objective, Objective) else None


class Look(Calls):
    """Everything that is asked of one callable on one data set."""

    def everything(self, loss: Callable | None) -> None:
        try:
            self.signature()
            self.returns()
            self.repeats()
            if self.found("state", "random"):
                return  # what follows compares one call with another
            if self.k > 1:
                self.layout()
            self.rows()
            self.weights()
            self.unit()
            self.scan()
            self.derivatives(loss)
        except LossError:
            raise
        except Trouble as trouble:
            self.wrong(trouble.name, trouble.what, trouble.remedy)
        except Exception as error:  # whatever it raises on rows that a booster may hand it
            self.wrong(
                "call",
                f"it works on the first call and fails on another one with other rows: {type(error).__name__}: {error}",
                "take targets, weights and the number of rows from the arguments of each call, from nowhere else",
            )

    # Derivatives

    def points(self) -> tuple[np.ndarray, np.ndarray, int]:
        """Where derivatives are taken: the first of them a grid of every score with each of a few targets (how many)."""
        rng = np.random.default_rng(4)
        y, k = self.y, self.k
        if not self.alone or self.own_raw:
            return y, self.raw, 0
        values = few(y, 6)
        spread = float(np.std(y)) or 1.0
        some = y[rng.integers(0, len(y), 60)]
        if k > 1:
            grid = rng.normal(0, 2.0, (12, k))
            more = rng.normal(0, 1.0, (60, k)) * np.repeat([1.0, 2.0, 8.0], 20)[:, None]
            if not self._are_classes():  # the first may be a location
                more[:30, 0] = some[:30] + spread * rng.normal(size=30)
                for wide in (grid, more):  # the others a logarithm of a scale
                    wide[::2, 1:] += max(0.0, np.log(spread))
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
                near = np.where(np.isfinite(near), near, 0.0)
                more[:40] = near[:40] + rng.normal(size=40)
                grid = np.concatenate([grid, np.quantile(near, np.linspace(0.1, 0.9, 7)) + 0.01])
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
        spread = float(np.std(y)) or 1.0
        reach, least = (max(0.5, 0.25 * spread), min(1.0, spread)) if self.fits else (0.5, 1.0)
        for rows in self.slots(len(y)):
            for column in range(self.k):
                place: Any = rows if self.k == 1 else (rows, column)

                def moved(x: np.ndarray, place: Any = place) -> np.ndarray:
                    scores = raw.copy()
                    scores[place] = x
                    return value(scores)[place]

                slope[place], error[place] = slopes(moved, raw[place], reach, least)
        return slope, error

    def derivatives(self, loss: Callable | None) -> None:
        self.alone = self.alone and self.group is None
        y, raw, grid = self.points()
        more = {} if self.group is None else {"group": self.group}
        grad, hess = self.call(y, raw, **more)
        if loss is not None and not self.found("link", "classes"):
            self.gradient(Loss(loss, y, raw, self.group if self.alone_in_groups else None), y, raw, grad)
        if self.found("link"):
            return  # of what would the Hessian be the derivative?
        slope, error = self.differentiated(lambda scores: self.call(y, scores, **more)[0], y, raw)
        if loss is None and not self.found("sign"):
            self._flipped(slope, error)
        if self.direction == -1 and not self.found("sign", "labels", "gradient") and len(np.unique(self.y)) == 2 and self.k == 1:
            low, high = np.unique(self.y)
            self.wrong(
                "labels",
                f"scores are pulled down by y={number(high)} and up by y={number(low)}",
                "look where the label enters: the other class is taken for the positive one",
                "risk",
            )
        if self.factor:
            good = (np.abs(hess) < HUGE) & (np.abs(slope) < HUGE) & np.isfinite(error)
            what, remedy = self.factor
            if self.times > 0 and _agree(hess[good], slope[good], error[good]):
                self.times = 1.0
                self.note("gradient", f"gradient and Hessian are both {what}", "fine but for regularisation, which has that unit")
            else:
                self.wrong("gradient", f"the gradient is {what}", remedy)
        self.hessian(y, raw, hess, slope / self.times, error / abs(self.times), grad / self.times, grid)

    def _flipped(self, slope: np.ndarray, error: np.ndarray) -> None:
        """Without a loss: the gradient falls with the score, and pulls away from the target."""
        known = np.isfinite(slope) & (np.abs(slope) > _TRUST * error)
        falls = bool(known.any() and (slope[known] < 0).mean() > 0.8)
        if self.direction == -1 and (falls or self.fits):
            self.times = -1.0
            self.wrong(
                "sign",
                f"the gradient has the wrong sign: it pulls scores away from their targets"
                f" (it falls with the score at {(slope[known] < 0).sum()} of {known.sum()} points)",
                "both boosters go downhill: return the derivative of the loss, raw - y for squared error and not y - raw",
            )

    def gradient(self, loss: Loss, y: np.ndarray, raw: np.ndarray, grad: np.ndarray) -> None:
        true, error = self.differentiated(loss.by_row, y, raw)
        good = (np.abs(true) < HUGE) & (np.abs(grad) < HUGE) & np.isfinite(error)
        apart = np.abs(grad - true)
        tolerance = CLOSE * np.maximum(np.abs(grad), np.abs(true)) + _TRUST * error + 1e-7 * typical(true[good])
        if (lost := np.isfinite(grad) & ~np.isfinite(true)).any():
            self.note("loss", f"the loss is not finite {self._where(lost, y, raw)}, and not compared", "a stable form of it")
        off = good & (apart > tolerance)
        if not _many(off, good):
            return
        sharp = good & (np.abs(true) > 1e-6 * typical(true[good])) & (error < 1e-3 * np.abs(true))
        ratio = grad[sharp] / true[sharp] if sharp.any() else np.empty(0)
        constant = constant_ratio(grad[sharp], true[sharp]) if sharp.sum() > 4 else None
        words = "the gradient", "the slope of the loss"
        told = f"{self._where(off, y, raw)}; {self._worst(off, apart, y, raw, grad, true, *words)}"
        if constant is not None and abs(constant - 1.0) > CLOSE:
            self.times = constant
            if abs(constant + 1.0) < CLOSE:
                self.wrong("sign", f"the gradient has the wrong sign: {told}", "return its negative")
            else:
                sign = " and has the wrong sign" if constant < 0 else ""
                self.factor = (
                    f"{number(abs(constant))} times the slope of the loss{sign}: {told}",
                    f"multiply it by {number(1.0 / constant)}, or change the loss by that factor",
                )
            return
        if self.k > 1 and (order := _permuted(grad, true, good)) is not None:
            self.wrong(
                "classes",
                f"the columns are exchanged: column {', '.join(map(str, range(self.k)))} of the gradient belongs to score"
                f" {', '.join(map(str, order))}",
                "give columns in the order of the scores",
            )
            return
        if self.k == 1:
            other = self.y.min() + self.y.max() - y
            if len(np.unique(self.y)) == 2 and self.alone and _agree(self.call(other, raw)[0], true, error):
                remedy = "look where the label enters: 1 - y instead of y, say"
                self.wrong("labels", f"the gradient is that of the other label: {told}", remedy)
                return
            reason = self._chain(ratio, raw[sharp], "gradient") or self._twice(loss, y, grad, raw)
            if reason:
                self.wrong("link", f"the gradient is not the slope of the loss: {told}; {reason[0]}", reason[1])
                return
        remedy = "differentiate the loss by the raw score again"
        self.wrong("gradient", f"the gradient is not the slope of the loss: {told}", remedy)

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
        with np.errstate(divide="ignore"):
            inverse = 1 / (p * (1 - p))
        for shown, factor, remedy in (
            ("p*(1 - p)", p * (1 - p), missing),
            ("1/(p*(1 - p))", inverse, surplus),
            ("raw*(1 - raw)", raw * (1 - raw), "apply the sigmoid first: scores are no probabilities"),
        ):
            if constant_ratio(ratio[wide], factor[wide]) is not None:
                return f"their ratio is {shown}, with p = sigmoid(raw)", remedy
        return None

    def _twice(self, loss: Loss, y: np.ndarray, grad: np.ndarray, raw: np.ndarray) -> tuple[str, str] | None:
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
        good = (np.abs(hess) < HUGE) & (np.abs(slope) < HUGE) & np.isfinite(error)
        if not good.any():
            return
        if not hess[np.isfinite(hess)].any():
            self.wrong(
                "zero",
                f"the Hessian is 0 at all {hess.size} points: no leaf has the least sum of Hessians, and nothing is split",
                "where the gradient is a step, return ones (times the weight), or a curvature over a width of your choice",
            )
            return
        size = max(typical(slope[good]), 1e-3 * typical(hess[good]))
        tolerance = CLOSE * np.maximum(np.abs(hess), np.abs(slope)) + _TRUST * error + 1e-7 * size
        below, above = good & (hess < slope - tolerance), good & (hess > slope + tolerance)
        negative = np.isfinite(hess) & (hess < -1e-9 * typical(hess))
        off = below | above
        told = self._worst(off, np.abs(hess - slope), y, raw, hess, slope, "the Hessian", "the derivative of the gradient")
        again = "the Hessian is the derivative of the gradient by the raw score, of the same row and score: derive it again"
        if negative.any() and (hess[np.isfinite(hess)] <= 0).all():
            too = " too" if self.found("sign") else ""
            down = number(float(np.nanmin(hess)))
            self.wrong("negative", f"the Hessian is negative everywhere{too}, down to {down}", "change its sign")
            self.hessian(y, raw, -hess, slope, error, grad, grid)
            return
        if _many(negative, good, 0.0):
            concave = 2 * (negative & good & (slope < 0)).sum() > negative.sum()
            self.wrong(
                "negative",
                f"the Hessian is negative {self._where(negative, y, raw)}, down to {number(hess[negative].min())}"
                + ("; the loss is not convex there" if concave else ", though the gradient rises there"),
                "boosters take leaf steps the wrong way there, or drop such rows: np.maximum(hess, 1e-6), or a positive bound",
                "risk" if concave else "wrong",
            )
        steps = 1e15 * max(1.0, float(np.std(self.y)))  # that a leaf would take
        idle = good & (hess >= 0) & (np.abs(grad) > 1e-3 * typical(grad)) & (np.abs(grad) > steps * hess)
        idle &= (hess >= slope - tolerance) & (slope > -tolerance)  # one below 0 may be cut off
        if _many(idle, good, 0.1):
            self.wrong(
                "zero",
                f"the Hessian is 0, or nearly, {self._where(idle, y, raw)}, where the gradient is up to"
                f" {number(float(np.abs(grad[idle]).max()))}: such rows count nothing in a leaf's sum of Hessians",
                "scale the targets, or take a curvature that does not vanish: gradient / (raw - y) for a loss of |raw - y|",
                "risk",
            )
        if not _many(off, good):
            return
        if _many(below, good) and (other := self._stands_in(hess, slope, grad, grid)) is not None:
            self.note("hessian", other, "fine if it is meant; else derive it again")
            return
        sharp = good & (np.abs(slope) > 1e-6 * size) & (error < 1e-3 * np.abs(slope))
        if sharp.sum() > 4:
            constant = constant_ratio(hess[sharp], slope[sharp])
            if constant is not None and 0 < constant < 1 - CLOSE:
                self.wrong(
                    "hessian",
                    f"the Hessian is {number(constant)} times the derivative of the gradient; {told}",
                    f"multiply it by {number(1.0 / constant)}, or the gradient by {number(constant)}: leaves overshoot",
                )
                return
            if constant is not None and constant < 0 and not self.found("negative"):
                self.wrong(
                    "sign",
                    f"the gradient falls where the Hessian says that it rises, {number(constant)} times as fast; {told}",
                    "one of the two has the wrong sign: the gradient is raw - y for squared error, the Hessian is positive",
                )
                return
            reason = self._chain(hess[sharp] / slope[sharp], raw[sharp], "Hessian") if self.k == 1 and constant is None else None
            if reason:
                self.wrong("hessian", f"the Hessian is not the derivative of the gradient; {told}; {reason[0]}", reason[1])
                return
        if below.sum() <= max(2, 0.02 * good.sum()) or (_only_flat(slope, error, good) and (hess[good] > 0).all()):
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
                by = f", up to {number(float((hess[rises] / slope[rises]).max()))} times" if rises.any() else ""
                what = f"the Hessian is the derivative of the gradient or more: more at {above.sum()} of {good.sum()} points{by}"
            self.note("hessian", what, "fine if it is meant as a bound: steps are shorter and safe; else see the factor")
            return
        lost = below & (hess == 0)
        if 2 * lost.sum() > below.sum():
            told = f"it is 0 {self._where(lost, y, raw)}; {told}"
        self.wrong("hessian", f"the Hessian is not the derivative of the gradient {self._where(off, y, raw)}; {told}", again)

    def _jumps(self, above: np.ndarray, good: np.ndarray, hess: np.ndarray, slope: np.ndarray) -> np.ndarray | None:
        """Points where a Hessian that is right elsewhere, and falls as it should, is suddenly large."""
        right = good & ~above
        if right.sum() < 0.1 * good.sum():
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
            cancel = g.min() < 0 < g.max()
            if not np.isfinite([h, s, g]).all() or not cancel or not 0 < size < 1e4 * h.min():
                continue
            lines = np.stack([np.ones_like(g), g / (np.abs(g).max() or 1.0)], axis=1)
            of_h, of_s = (np.linalg.lstsq(lines, v, rcond=None)[0] for v in (h, s))
            left = max(float(np.abs(lines @ c - v).max()) for c, v in ((of_h, h), (of_s, s)))
            meets.append(abs(of_h[0] - of_s[0]) < 0.02 * abs(of_s[0]) + 1e-9 * size and left < 0.02 * size)
            within = (s.min() <= 1.01 * h.min() and np.ptp(s) > 0.05 * size) or s.max() <= h.min()
            between.append(within and np.ptp(h) < CLOSE * h.max())
        if len(meets) > 4 and np.mean(meets) > 0.9:
            return "the Hessian is the derivative of the gradient where the gradient is 0: Fisher information, or near it"
        if len(between) > 4 and np.mean(between) > 0.9:
            return "the Hessian is one for all targets, and among the derivatives of the gradient: Fisher information, or so"
        return None


class LossError(ValueError):
    """A loss that cannot be called."""


def loss_of(loss: Any) -> Callable | None:
    """A function of (y, raw)."""
    known = ours(loss)
    found = loss if known is None else known.loss
    if found is not None and not callable(found):
        raise TypeError(f"check: loss must be a callable, an Objective or a name, got {type(loss).__name__}")
    return found


class Loss:
    """A loss as it was given, evaluated row by row."""

    def __init__(self, loss: Callable, y: np.ndarray, raw: np.ndarray, group: np.ndarray | None) -> None:
        self.y, self.group, self.function = y, group, loss
        value = self._tried(raw)
        shares = raw.ndim == 1 and set(np.unique(y)) <= {0.0, 1.0}
        if shares and (value is None or np.isfinite(value).mean() < 0.7):
            plain = self.function
            self.function = lambda y, raw: plain(y, _sigmoid(raw))
            value = self._tried(raw)
        if value is None:
            raise LossError(f"check: loss cannot be called as loss(y, raw): {self.error}")
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
        try:
            return self._by_row(raw)
        except Exception as error:  # on scores where it has no value, say
            what = f"check: loss cannot be called as loss(y, raw): {type(error).__name__}: {error}"
            raise LossError(f"{what}; where it has a value is said by raw=") from error

    def _by_row(self, raw: np.ndarray) -> np.ndarray:
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


def _agree(a: np.ndarray, b: np.ndarray, error: np.ndarray) -> bool:
    good = np.isfinite(a) & np.isfinite(b) & np.isfinite(error)
    near = np.abs(a - b) <= CLOSE * np.maximum(np.abs(a), np.abs(b)) + _TRUST * error
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
        near = [np.isclose(column, slope, rtol=CLOSE, atol=1e-5).mean() > 0.95 for slope in true[rows].T]
        order += [near.index(True)] if sum(near) == 1 else []
    return order if sorted(order) == list(range(grad.shape[1])) else None
