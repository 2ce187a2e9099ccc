"""What is asked of an objective that somebody wrote, apart from its derivatives: calls, rows, weights, ranges of scores."""

from __future__ import annotations

import dataclasses
import itertools
import pickle
from typing import Any

import numpy as np

from . import calling
from .boosters.doctor import Finding
from .calling import Caller

_SMALL = 40.0
"""Scores that a training reaches: what is wrong within is wrong; beyond, and up to _LARGE, it is a risk."""
_LARGE = 100.0
HUGE = 1e37
"""What reaches this is as good as infinite: float32 ends there, and some end there on purpose."""
CLOSE = 0.01
"""Derivatives that agree to this are the same: faults are of another size."""


def finding(name: str, severity: str, what: str, remedy: str) -> Finding:
    return Finding(name=name, severity=severity, booster="", what=what, remedy=remedy)


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    size = np.abs(b[np.isfinite(b) & (b != 0)])
    least = 1e-6 * float(np.quantile(size, 0.1)) if size.size else 0.0
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=least, equal_nan=True)


def typical(values: np.ndarray) -> float:
    """The middle size of those that are not 0."""
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.median(size)) if size.size else 0.0


def number(value: float) -> str:
    return f"{value:.4g}"


_NAMES = ("gradient", "Hessian")


@dataclasses.dataclass
class Calls:
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
        self.factor: tuple[str, str] | None = None
        """That in words, until it is known whether the Hessian has it too."""

    def wrong(self, name: str, what: str, remedy: str, severity: str = "wrong") -> None:
        self.findings.append(finding(name, severity, what, remedy))

    def note(self, name: str, what: str, remedy: str) -> None:
        self.notes.append(finding(name, "note", what, remedy))

    def found(self, *names: str) -> bool:
        return any(finding.name in names for finding in self.findings)

    def call(self, y: np.ndarray, raw: np.ndarray, **more: Any) -> tuple[np.ndarray, np.ndarray]:
        return self.caller(y, raw, **more)

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
            self.caller.exchanged = True  # what else is wrong is seen better so
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
            caller.fresh = changed
        if not np.array_equal(scores, caller.scores(self.raw)):
            self.wrong(
                "inplace",
                "it writes into the scores that it is given: a copy of XGBoost's, but LightGBM's own buffer",
                "work on a copy: preds = preds.copy()",
                "risk",
            )
        if changed:
            self.wrong("inplace", "it writes into the labels that it is given", "work on a copy: labels = labels.copy()")
        kinds: dict[str, list[str]] = {}
        for name, values in zip(_NAMES, calling.pair(result), strict=True):
            kind = type(values).__name__ if isinstance(values, (list, tuple)) else str(np.asarray(values).dtype)
            if kind not in ("float32", "float64"):
                kinds.setdefault(kind, []).append(name)
        for kind, names in kinds.items():
            if kind in ("list", "tuple"):
                how, severity = f"of type {kind}", "wrong"
            else:
                how, severity = f"of dtype {kind}", "wrong" if kind in ("object", "float16") else "risk"
            self.wrong(
                "dtype",
                f"the {' and '.join(names)} {'is' if len(names) == 1 else 'are'} {how}",
                "return NumPy arrays of np.float32 or np.float64; where numbers are rounded, convert before the arithmetic",
                severity,
            )
        try:
            pickle.dumps(caller.function if caller.style == "sklearn" else None)
        except Exception as error:  # each kind of object refuses in its own way
            self.note(
                "pickle",
                f"it cannot be pickled, and neither can an estimator that has it ({error})",
                "define it at the top of a module",
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
        what = f"a second call with the same arguments gives something else, by up to {number(worst)}"
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
            self.note("layout", f"it returns flat arrays {shown[returned]}, as {booster} them, the other does not", remedy)
        if caller.given != "plain":
            self.note(
                "layout",
                f"it wants flat scores {shown[caller.given]}, and mixes up the ({n}, {k}) that boosters give today",
                remedy,
            )

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
            ratio = constant_ratio(here, there)
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
        near = raw.copy()
        near.reshape(n, -1)[:, 0] = y
        if different and all(map(_same, blind, whole)) and all(map(_same, self.call(y[order], near), self.call(y, near))):
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
            f"the {name} of a row depends on other rows{given}: row {rows[at[0]]} has {number(there[at])} among all, and"
            f" {number(here[at])} {how}; {off.sum()} of {len(apart)} rows change",
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
        needed, self.caller.needs_weight = self.caller.needs_weight, False
        without = np.ones(len(w)) if needed else None
        plain = self.call(self.y, self.raw, weight=without, group=self.group)
        heavy = self.call(self.y, self.raw, weight=w, group=self.group)
        self.caller.needs_weight = needed
        columns = w if self.k == 1 else w[:, None]
        seen: dict[str, list[str]] = {}
        for name, *two in zip(_NAMES, plain, heavy, strict=True):
            small = (np.abs(two[0]) < HUGE) & (np.abs(two[1]) < HUGE)
            before, after = (np.where(small, values, np.nan) for values in two)
            if not (np.isfinite(before) & (before != 0)).any() or _same(after, before * columns):
                continue
            if _same(after, before):
                seen.setdefault("ignored", []).append(name)
            elif _same(after, before * columns**2):
                seen.setdefault("twice", []).append(name)
            elif constant_ratio(after, before * columns) is not None:
                seen.setdefault("normalised", []).append(name)
            elif self.group is None:
                seen.setdefault("not as factors", []).append(name)
        grades = "multiply gradient and Hessian by the weights, once each: neither booster does it for a custom objective"
        for how, names in seen.items():
            both = " and ".join(names)
            one = f", in the {'Hessian' if names == ['gradient'] else 'gradient'} they are not" if len(names) == 1 else ""
            if how == "ignored":
                where = "; they are data.get_weight(), empty or None where there are none"
                source = "" if self.caller.style == "sklearn" else where
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
                self.wrong(
                    "weight", f"with weights, the {both} {'are' if len(names) > 1 else 'is'} not multiplied by them", grades
                )

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
                "label c belongs to column c, from 0: check the one-hot encoding, the order of the columns and any label - 1",
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
            pull = sum(float(((self.y[a:b] - self.y[a:b].mean()) * grad[a:b]).sum()) for a, b in itertools.pairwise(bounds))
            self.direction = -int(np.sign(pull))
            return
        if not self.alone:
            return
        values = few(self.y, 4)
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
        values = few(self.y, 5)
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
        two = self.k == 1 and len(np.unique(self.y)) == 2 and not self.fits
        if two and self._as_probability(y, place, wide["float64"][0]):
            return
        reached = np.abs(place) <= (reach if self.fits else _SMALL)
        if self.fits and self.y.min() >= 0 and self._as_amount(y, score, wide["float64"][0]):
            return
        for kind, both in wide.items():
            self._holes(kind, [values_.reshape(len(y), -1) for values_ in both], y, place, reached)
        if two or (self.k > 1 and self._are_classes()):
            for kind, (grad, _) in wide.items():
                if not self.found("dead"):
                    self._dead(kind, grad, y, place, grid)

    def _holes(self, kind: str, both: list[np.ndarray], y: np.ndarray, place: np.ndarray, reached: np.ndarray) -> None:
        of = "raw - y" if self.fits else "raw" if self.k == 1 else "one raw score"
        with np.errstate(over="ignore", invalid="ignore"):
            nan = [np.isnan(values).any(axis=1) for values in both]
            inf = [np.isinf(values.astype(np.float32)).any(axis=1) & ~nan[0] & ~nan[1] for values in both]
        near = np.abs(place) <= _SMALL
        for found, holes, text in (("nan", nan, "NaN"), ("overflow", [at & near for at in inf], "infinite, or beyond float32,")):
            bad = holes[0] | holes[1]
            if not bad.any() or self.found(found):
                continue
            names = [name for name, at in zip(_NAMES, holes, strict=True) if at.any()]
            labels = np.unique(y[bad])
            which = "" if len(labels) == len(np.unique(y)) else f" for y={', '.join(map(number, labels[:3]))}"
            if kind == "float32":
                which += ", where scores are float32, as XGBoost has them"
            remedy = "forms that cannot overflow: scipy.special.expit, np.tanh, np.logaddexp, exponents of -np.abs(x)"
            if kind == "float32":
                remedy = f"compute in float64, preds.astype(np.float64), and use {remedy}"
            elif set(place[bad]) == {0.0}:
                remedy = "a case of its own for the limit, 0/0 as it is written: np.where on a safe denominator"
            else:
                remedy = f"use {remedy}; where the loss itself has no value there, keep scores off: np.maximum(preds, ...)"
            self.wrong(
                found,
                f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} {text} at"
                f" {of} {_ranges(np.unique(place), np.unique(place[bad]))}{which}",
                remedy,
                "wrong" if (bad & reached).any() else "risk",
            )

    def _as_amount(self, y: np.ndarray, score: np.ndarray, grad: np.ndarray) -> bool:
        """Right for positive scores, and the other way for negative ones."""
        towards = np.where(np.isfinite(grad), np.sign(grad) * np.sign(score - y), 0.0) * self.direction
        negative, positive = ((y > 0.5) & (score > low) & (score < high) for low, high in ((-_SMALL, -0.01), (0.01, np.inf)))
        if not negative.any() or not positive.any() or towards[negative].mean() > -0.8 or towards[positive].mean() < 0.8:
            return False
        at = int(np.flatnonzero(negative)[-1])
        self.wrong(
            "link",
            f"the raw score is taken for an amount: at y={number(y[at])}, raw={number(score[at])} the gradient is"
            f" {number(grad[at])}, and pushes a negative score further down",
            "mu = np.exp(raw) first; then the chain rule: the gradient by raw is that by mu times mu",
        )
        return True

    def _as_probability(self, y: np.ndarray, place: np.ndarray, grad: np.ndarray) -> bool:
        """The sign is right between 0 and 1, and wrong or lost outside."""
        one = y == y.max()
        inside, under = one & (place > 0.02) & (place < 0.98), one & (place < -0.4) & (place > -_SMALL)
        rows = grad[inside] < 0
        if not rows.size or not (rows.all() and not (grad[under] < 0).any()):
            return False
        at = int(np.flatnonzero(under)[-1])
        self.wrong(
            "link",
            f"the raw score is taken for a probability: for y={number(y.max())} the gradient is {number(grad[at])} at"
            f" raw={number(place[at])}, and negative only between 0 and 1",
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
                    f"for y={number(value)} the gradient drops from {number(size[first - 1])} to 0 at"
                    f" raw={number(along[first])} ({kind} scores) and stays 0: the worst rows have no say",
                    "no clipping of probabilities before differentiating: write log loss's gradient as p - y, others in log p",
                )
                return

    # Words

    def _where(self, at: np.ndarray, y: np.ndarray, raw: np.ndarray) -> str:
        labels = y if at.ndim == 1 else np.broadcast_to(y[:, None], at.shape)
        few = np.unique(y)
        places = [at] if len(few) > 3 or len(few) < 2 else [at & (labels == value) for value in few]
        ends = [
            f"raw from {number(raw[place].min())} to {number(raw[place].max())}"
            + (f" for y={number(labels[place][0])}" if len(places) > 1 else "")
            for place in places
            if place.any()
        ]
        return f"at {at.sum()} of {at.size} points ({', '.join(ends)})"

    def _worst(
        self,
        at: np.ndarray,
        apart: np.ndarray,
        y: np.ndarray,
        raw: np.ndarray,
        a: np.ndarray,
        b: np.ndarray,
        one: str,
        other: str,
    ) -> str:
        if not at.any():
            return ""
        with np.errstate(all="ignore"):  # one that is plain to see, and not at the end of the world
            plain = apart / (np.abs(a) + np.abs(b)) / (10.0 + np.abs(raw))
        place = np.unravel_index(int(np.where(at & np.isfinite(plain), plain, -1.0).argmax()), at.shape)
        column = "" if self.k == 1 else f", score {place[1]}"
        point = f"at y={number(y[place[0]])}, raw={number(raw[place])}{column}"
        return f"{point} {one} is {number(a[place])} and {other} {number(b[place])}"


def few(y: np.ndarray, many: int) -> np.ndarray:
    """Some of the targets, the ends among them."""
    values = np.unique(y)
    return values if len(values) <= many else values[np.unique(np.linspace(0, len(values) - 1, many).astype(int))]


def constant_ratio(a: np.ndarray, b: np.ndarray) -> float | None:
    """The c of a = c*b to a percent at nearly all elements; None if there is none."""
    keep = np.isfinite(a) & np.isfinite(b) & (np.abs(b) > 1e-6 * typical(b))
    if keep.sum() < 2:
        return None
    ratio = a[keep] / b[keep]
    middle = float(np.median(ratio))
    return middle if (np.abs(ratio - middle) <= CLOSE * abs(middle)).mean() >= 0.95 and middle else None


def _ranges(grid: np.ndarray, bad: np.ndarray) -> str:
    """Runs of neighbours in the grid, at most three."""
    at = np.flatnonzero(np.isin(grid, bad))
    runs = np.split(at, np.flatnonzero(np.diff(at) > 1) + 1)
    text = [number(grid[run[0]]) if len(run) == 1 else f"from {number(grid[run[0]])} to {number(grid[run[-1]])}" for run in runs]
    return " and ".join(text[:3]) + (" and elsewhere" if len(text) > 3 else "")
