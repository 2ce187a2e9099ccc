"""Calling an objective that somebody wrote, in the way that it was written for: found from its signature, and by trying."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .boosters import containers

STYLES = ("auto", "xgboost", "lightgbm", "sklearn")
SHOWN = {"xgboost": "obj(preds, DMatrix)", "lightgbm": "obj(preds, Dataset)", "sklearn": "obj(y_true, y_pred)"}

_WEIGHTS = {"weight", "weights", "sample_weight", "sample_weights", "w", "sw"}
_GROUPS = {"group", "groups", "query", "queries", "qid", "sizes"}
_TARGETS = {"y", "y_true", "ytrue", "true", "label", "labels", "target", "targets", "y_train"}
_SCORES = {"pred", "preds", "predt", "y_pred", "ypred", "y_hat", "yhat", "raw", "score", "scores", "margin", "approx", "f", "z"}
_OF_XGBOOST, _OF_LIGHTGBM = ("dtrain", "dmat", "dmatrix"), ("dataset", "train_data", "train_set", "lgb")


class Trouble(Exception):
    """What makes an answer useless: (name, what, remedy) of a finding."""

    def __init__(self, name: str, what: str, remedy: str) -> None:
        super().__init__(name, what, remedy)
        self.name, self.what, self.remedy = name, what, remedy


class Signature(NamedTuple):
    """The parameters of a callable, as the boosters look at them."""

    names: tuple[str, ...]
    """Of those given by position."""
    required: int
    weight: str | None
    group: str | None
    by_name: bool
    """The weight can only be given by name."""
    own: tuple[str, ...]
    """What LightGBM counts, though it is the objective's own."""
    weight_default: bool

    @property
    def has_iteration(self) -> bool:
        return len(self.names) > 2 and self.names[0] in ("iteration", "iter", "it")


def signature(function: Callable) -> Signature:
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # compiled: it has none to show
        return Signature(("", ""), 2, None, None, False, (), False)
    empty = inspect.Parameter.empty
    by_position = [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    optional = [p.default is not empty for p in by_position]
    names = tuple(p.name for p in by_position)
    weight = group = None
    by_name = default = False
    own = [p.name for p in found if p.kind is p.KEYWORD_ONLY and p.name not in _WEIGHTS]
    rest = by_position[2:]
    if rest and (rest[0].name.lower() in _WEIGHTS or rest[0].default is empty):
        weight, default = rest[0].name, rest[0].default is not empty
        rest = rest[1:]
        if rest and (rest[0].name.lower() in _GROUPS or rest[0].default is empty):
            group = rest[0].name
            rest = rest[1:]
    for p in found:
        if p.kind is p.KEYWORD_ONLY and p.name in _WEIGHTS:
            weight, by_name, default = p.name, True, p.default is not empty
    return Signature(names, optional.count(False), weight, group, by_name, (*(p.name for p in rest), *own), default)


class Caller:
    """One objective, called as it was found to want it; gives float64 arrays of the shape of the raw scores."""

    def __init__(self, function: Callable, style: str, given: str, k: int) -> None:
        self.function, self.style, self.given, self.k = function, style, given, k
        self.signature = signature(function)
        self.returned = "row-major"
        self.needs_weight = False
        self.strict: str | None = None
        """The booster that it is for, if that is known."""
        self.shares = [False, False]
        """Whether gradient and Hessian are divided by the number of rows, which is made good then."""
        self.exchanged = False
        """Whether it wants scores first and targets second, though given as arrays."""
        self.fresh = False
        """Whether it spoils the data it is given, and needs new ones for each call."""
        self._made: list[tuple[Any, Any, Any, Any]] = []

    def __str__(self) -> str:
        if self.style == "sklearn":
            extras = ", ".join(filter(None, (self.signature.weight, self.signature.group)))
            text = f"obj(y_true, y_pred{', ' + extras if extras else ''})"
        else:
            text = SHOWN[self.style]
        layout = "" if self.k == 1 else f", {self.k} scores a row"
        return text + layout + ("" if self.given == "plain" else f" given flat, {self.given}")

    def __call__(
        self, y: np.ndarray, raw: np.ndarray, weight: np.ndarray | None = None, group: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        grad, hess = numbers(self.answer(y, raw, weight, group), len(y), self.k)
        out = []
        for values, shared in zip((grad, hess), self.shares, strict=True):
            shaped = np.asarray(values, np.float64)
            if self.k == 1:
                shaped = shaped.reshape(-1)
            elif self.returned == "class-major":
                shaped = shaped.reshape(self.k, len(y)).T
            else:
                shaped = shaped.reshape(len(y), self.k)
            out.append(shaped * len(y) if shared else shaped.copy())
        return out[0], out[1]

    def answer(self, y: np.ndarray, raw: np.ndarray, weight: np.ndarray | None = None, group: np.ndarray | None = None) -> Any:
        """Whatever the objective returns."""
        scores = self.scores(raw)
        if self.style == "sklearn":
            return self._quietly(*self._of_arrays(y.copy(), scores, weight, group))
        data = self.container(y, weight, group)
        return self._quietly((0, scores, data) if self.signature.has_iteration else (scores, data), {})

    def scores(self, raw: np.ndarray) -> np.ndarray:
        """A fresh array, laid out as it wants it."""
        if self.given == "plain":
            return raw.copy(order="F" if self.style == "lightgbm" else "C")
        return raw.ravel(order="F" if self.given == "class-major" else "C").copy()

    def container(self, y: np.ndarray, weight: np.ndarray | None = None, group: np.ndarray | None = None) -> Any:
        for kept_y, kept_weight, kept_group, made in () if self.fresh else self._made:
            if kept_y is y and kept_weight is weight and kept_group is group:
                return made
        make = containers.dmatrix if self.style == "xgboost" else containers.dataset
        made = make(y.copy(), weight, group)
        self._made = [*self._made[-3:], (y, weight, group, made)]
        return made

    def _of_arrays(self, y: np.ndarray, raw: np.ndarray, weight: Any, group: Any) -> tuple[tuple, dict]:
        has = self.signature
        if weight is None and self.needs_weight:
            weight = np.ones(len(y), np.float32)
        arguments: tuple = (raw, y) if self.exchanged else (y, raw)
        if has.by_name:
            return arguments, {str(has.weight): weight}
        if has.weight:
            arguments += (weight,)
        if has.group:
            arguments += (np.array([len(y)]) if group is None else group,)
        return arguments, {}

    def _quietly(self, arguments: tuple, named: dict) -> Any:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return self.function(*arguments, **named)


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"one array of shape {value.shape}"
    if isinstance(value, (int, float, np.number)):
        return f"one number, {value:g}"
    return f"a {type(value).__name__}"


def pair(result: Any) -> tuple[Any, Any]:
    """Gradient and Hessian as they were returned; Trouble where there are not two."""
    two = isinstance(result, (tuple, list)) or (isinstance(result, np.ndarray) and result.ndim > 1 and len(result) == 2)
    if not two:
        loss = np.ndim(result) == 0 and not isinstance(result, (str, dict)) and result is not None
        hint = "; a single number looks like the value of the loss, whose derivatives are wanted, row by row" if loss else ""
        raise Trouble("return", f"it returns {_described(result)}", f"end with `return grad, hess`, two arrays{hint}")
    if len(result) != 2:
        raise Trouble("return", f"it returns {len(result)} things", "return two arrays, the gradient and the Hessian")
    return result[0], result[1]


def numbers(result: Any, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays of floats of the right size; Trouble where they are not."""
    out = []
    wanted = f"({n},)" if k == 1 else f"({n}, {k})"
    for name, values in zip(("gradient", "Hessian"), pair(result), strict=True):
        try:
            array = np.asarray(values)
            if array.dtype.kind not in "biufc":
                array = array.astype(np.float64)
        except (TypeError, ValueError, RuntimeError) as error:
            raise Trouble("dtype", f"the {name} is no array of numbers ({error})", "return NumPy arrays of floats") from error
        if array.dtype.kind == "c":
            raise Trouble("dtype", f"the {name} is complex", "return its real part")
        if array.size != n * k:
            one = "; for a constant: np.full_like(grad, 1.0)" if array.size == 1 else ""
            raise Trouble(
                "shape",
                f"the {name} has shape {array.shape}: {array.size} numbers for {n} rows" + (f" of {k} scores" if k > 1 else ""),
                f"return one number for every raw score, in the shape {wanted}, without summing or averaging over rows{one}",
            )
        if k > 1 and array.ndim == 2 and array.shape == (k, n) and k != n:
            raise Trouble("shape", f"the {name} has shape ({k}, {n}), a row for each score", f"return its transpose, {wanted}")
        out.append(array)
    return out[0], out[1]


def settle(function: Callable, y: np.ndarray, raw: np.ndarray, group: np.ndarray | None, style: str) -> Caller:
    """How it wants to be called.

    Raises
    ------
    Trouble
        It cannot be called in any way, or what it returns is useless in each.
    """
    k = 1 if raw.ndim == 1 else raw.shape[1]
    refusals: dict[str, str] = {}
    trouble: Trouble | None = None
    usable: Caller | None = None
    styles, strict = _order(signature(function), style)
    for candidate in styles:
        for given in ("plain",) if k == 1 else ("plain", "class-major", "row-major"):
            caller = Caller(function, candidate, given, k)
            try:
                _try(caller, y, raw, group)
            except Trouble as found:
                trouble = trouble or found
                continue
            except Exception as error:  # whatever it raises: it does not want to be called so
                refusals.setdefault(SHOWN[candidate], f"{type(error).__name__}: {error}")
                continue
            caller.strict = strict or ("lightgbm" if candidate == "lightgbm" and SHOWN["xgboost"] in refusals else None)
            if k == 1 or _separates(caller, y, raw, group):
                return caller
            usable = usable or caller
    if usable:
        return usable
    if trouble:
        raise trouble
    tried = "; ".join(f"as {how}: {error}" for how, error in refusals.items())
    raise Trouble(
        "call",
        f"it cannot be called {tried}",
        "take obj(preds, dtrain) for train, or obj(y_true, y_pred, sample_weight=None) for the scikit-learn estimators",
    )


def _try(caller: Caller, y: np.ndarray, raw: np.ndarray, group: np.ndarray | None) -> None:
    try:
        numbers(caller.answer(y, raw, None, group), len(y), caller.k)
    except Trouble:
        raise
    except Exception:
        if caller.style != "sklearn" or not caller.signature.weight:
            raise
        caller.needs_weight = True
        numbers(caller.answer(y, raw, None, group), len(y), caller.k)


def _order(has: Signature, style: str) -> tuple[list[str], str | None]:
    """Styles to try, the likeliest first, and the booster it is for where that is said."""
    if style != "auto":
        return [style], None if style == "sklearn" else style
    second = has.names[1].lower() if len(has.names) > 1 else ""
    if has.has_iteration or any(part in second for part in _OF_XGBOOST):
        return ["xgboost", "lightgbm", "sklearn"], "xgboost"
    if any(part in second for part in _OF_LIGHTGBM):
        return ["lightgbm", "xgboost", "sklearn"], "lightgbm"
    if has.required > 2 or (second in _SCORES | _TARGETS):
        return ["sklearn", "xgboost", "lightgbm"], None
    return ["xgboost", "lightgbm", "sklearn"], None


def exchanged(has: Signature) -> bool:
    """Whether the names say (scores, targets), where the estimators hand over (targets, scores)."""
    return len(has.names) > 1 and has.names[0].lower() in _SCORES and has.names[1].lower() in _TARGETS


def _separates(caller: Caller, y: np.ndarray, raw: np.ndarray, group: np.ndarray | None) -> bool:
    """Whether a row's scores move that row alone; says in which layout, and leaves that in `caller.returned`."""
    layouts = set(_moved(caller, y, raw, group))
    if len(layouts) == 1 and None not in layouts:
        (layout,) = layouts
        caller.returned = str(layout)
        return True
    return False


def _moved(caller: Caller, y: np.ndarray, raw: np.ndarray, group: np.ndarray | None) -> Iterator[str | None]:
    n, k = raw.shape
    push = 0.7 * (-0.6) ** np.arange(k)

    def flat(scores: np.ndarray) -> np.ndarray:
        both = numbers(caller.answer(y, scores, None, group), n, k)
        return np.array([np.asarray(values, np.float64).ravel() for values in both])

    before = flat(raw)
    for row in np.unique(np.linspace(1, n - 2, 5).astype(int)):
        pushed = raw.copy()
        pushed[row] += push
        after = flat(pushed)
        places = set(np.flatnonzero(((before != after) & ~(np.isnan(before) & np.isnan(after))).any(axis=0)).tolist())
        if not places:
            continue
        if places <= set(range(row * k, row * k + k)):
            yield "row-major"
        elif places <= set(range(row, n * k, n)):
            yield "class-major"
        else:
            yield None
