"""The conformance suite: what every objective must satisfy, registered or not, ours or yours.

`run(objective)` runs every check on one objective and reports; `ALL` is the list, for pytest's parametrize; `variants`
are the objects to try: every typical parameter value and curvature of a class. The references are evaluated in mpmath
from the objective's own `definition`, its derivatives taken numerically with enough digits for a result of 1e-323.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import math
import pickle
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import builtins, protocol, registry
from .domain import AUTO, Interval
from .links import LINKS
from .objective import Groupwise, Objective, Rowwise, _native_step, _Textbook
from .registry import BuiltIn
from .yours import from_formula

LIMIT = 4.0
"""The largest error allowed, in units: see `unit`."""

EPS = {np.dtype(np.float64): 2.0**-52, np.dtype(np.float32): 2.0**-23}
TINY = {np.dtype(np.float64): 2.0**-1074, np.dtype(np.float32): 2.0**-149}
CLASSES = 4
FLOAT32 = float(np.finfo(np.float32).max)
LARGEST = float(np.finfo(np.float64).max)

DEFINED_BY = {"majorized": "majorizer", "damped": "damper", "fisher": "informant"}
"""The method that defines each kind of curvature beside the exact one, whose law is `definition` itself."""

ALL: list[Callable[[Objective], None]] = []


def check(function: Callable[[Objective], None]) -> Callable[[Objective], None]:
    ALL.append(function)
    return function


@dataclass(frozen=True)
class Outcome:
    """One check on one objective; `error` is None where it passed."""

    name: str
    error: str | None


def run(objective: Objective) -> Iterator[Outcome]:
    """Every check on one objective, as it finishes."""
    for function in ALL:
        name = function.__name__.removeprefix("check_").replace("_", " ")
        try:
            function(objective)
        except Exception as error:  # whatever an objective raises under a check is that check's finding
            yield Outcome(name, f"{type(error).__name__}: {error}")
        else:
            yield Outcome(name, None)


def variants(cls: type[Objective]) -> Iterator[Objective]:
    """A class with its defaults and each typical value of each parameter, under every curvature."""
    # What is left to the data by default has no definition of its own: its first typical value stands in.
    base = {p.name: p.typical[0] for p in cls.parameters() if p.auto and p.default == AUTO}
    settings: list[dict[str, Any]] = [base]
    for parameter in cls.parameters():
        settings += [made for value in parameter.typical if (made := {**base, parameter.name: value}) != base]
    for setting in settings:
        for curvature in ("default", *cls(**setting).curvatures):
            yield cls(**setting, curvature=curvature)


def builtin_variants() -> Iterator[Objective]:
    """Every name of a booster, with its defaults and each typical value of each parameter."""
    for name, row in sorted(builtins.names().items()):
        yield registry.get(name)
        yield registry.get(name, curvature="exact")
        for parameter in row.parameters:
            for value in parameter.typical:
                yield registry.get(name, **{parameter.name: value})


# ---------------------------------------------------------------------------------------------------------------------
# References


def mpmath() -> Any:
    try:
        import mpmath
    except ImportError as error:
        raise ImportError("the accuracy checks need mpmath: pip install 'boostobj[check]'") from error
    return mpmath


def textbook(o: Objective) -> _Textbook:
    """The textbook objective: the object itself, or the one a built-in computes."""
    found = o.textbook if isinstance(o, BuiltIn) else o
    assert isinstance(found, _Textbook)
    return found


def _with(o: Objective, curvature: str = "default") -> _Textbook:
    """The textbook objective with the same kernel parameters, for any number of classes."""
    law = textbook(o)
    return type(law)(**{p.name: getattr(law, p.name) for p in law.parameters() if p.kernel}, curvature=curvature)


def _fields(o: _Textbook) -> dict[str, Any]:
    mp = mpmath().mp
    values = {p.name: getattr(o, p.name) for p in o.parameters() if p.kernel}

    def number(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(mp.mpf, value))
        return value if value is None or isinstance(value, str) else mp.mpf(value)

    return {n: number(v) for n, v in values.items()}


def _columns(o: Objective) -> int:
    """How many scores a row has, 1 or k."""
    law = textbook(o)
    return (law._known_count() or CLASSES) if isinstance(law, Rowwise) else 1


STEP = 25  # differences are taken over 10**-25, or less where a kink is nearer


def _steps(o: _Textbook, y: np.ndarray, raw: np.ndarray) -> list[int]:
    """The power of ten to take differences over, for each row: small against the distance to the next kink."""
    distance = kinks_at(o, y, raw)
    if distance is None:
        return [STEP] * len(y)
    nearest = np.abs(distance).reshape(len(y), -1).min(axis=1)
    return [max(STEP, STEP - math.floor(math.log10(d))) for d in nearest.tolist()]


def _digits(size: float, step: int = STEP) -> int:
    """Enough for a third difference over 10**-step to have 20 right digits at 1e-324."""
    return 3 * step + 345 + 20 + 2 * max(0, math.ceil(math.log10(max(size, 1.0))))


def _slopes(function: Callable[[Any], Any], x: Any, order: int, step: int) -> list[Any]:
    """Value and derivatives, by central differences."""
    h = mpmath().mpf(10) ** -step
    centre = function(x)
    up, down = function(x + h), function(x - h)
    out = [centre, (up - down) / (2 * h), (up - 2 * centre + down) / h**2]
    if order > 2:
        up2, down2 = function(x + 2 * h), function(x - 2 * h)
        out.append((up2 - 2 * up + 2 * down - down2) / (2 * h**3))
    return out[: order + 1]


@dataclass(frozen=True)
class Reference:
    """True values at some points, and how much each moves with its inputs.

    Points are (n,) or (n, k); values are lists of (v, moved), two mpf, of that shape. Losses are (n,), or for losses of
    groups the weighted totals of the groups, whose sizes are `group`. `moved` is
    sum_j |f_j dv/df_j| + |r dv/dr|, the last term for losses of one residual r = f - y; where several scores meet one
    real target it is |y dv/dy| instead.
    A loss whose link gives the target another scale can pass through 0 with nothing special there (Poisson's where
    exp(f) = y*f: what depends on y alone is left out of it), and the target is rounded data like the score: |y dv/dy| is
    part of what moves its loss. It is not part of what moves its derivatives: their zeros are where training ends.
    """

    y: np.ndarray
    raw: np.ndarray
    loss: list
    grad: list
    curvature: dict[str, list]
    weight: np.ndarray | None = None
    group: np.ndarray | None = None


def _points(o: _Textbook) -> tuple[np.ndarray, np.ndarray]:
    """Targets and scores of every size, near every place where a formula could cancel."""
    rng = np.random.default_rng(3)
    if isinstance(o, Groupwise):
        sizes = _small_groups()
        spread = np.resize([3.0, 0.1, 30.0, 1e-6, 300.0, 1e-3, 800.0, 1e5, 1e200], sizes.size)
        raw = rng.normal(size=sizes.sum()) * np.repeat(spread, sizes)
        raw[sizes[:2].sum() : sizes[:3].sum()] = 0.25  # a group of ties
        return sample_targets(o.domain, raw.size, rng), raw
    if isinstance(o, Rowwise):
        k = _columns(o)
        spread = np.concatenate([np.full(20, 3.0), 10.0 ** rng.uniform(-8, 3, 20), 10.0 ** rng.uniform(3, 300, 8)])
        raw = rng.normal(size=(len(spread), k)) * spread[:, None]
        raw[5] = raw[5, 0]  # all equal
        raw[6, 1] = raw[6].max()  # a tie for the largest
        raw[7] = [800.0, 0.0, -800.0, 1.0][:k]
        raw[8] = [0.0, -30.0, -40.0, -700.0][:k]
        if o.domain.integer and o.classes:
            return rng.integers(0, int(o._labels(k).high) + 1, len(raw)).astype(float), raw
        y = sample_targets(o.domain, len(raw), rng)
        fit = np.log(y) if o.link == "median_sigma" else y / getattr(o, "scale", 1.0)
        raw[9:15, 0] = fit[9:15]  # where the first score fits, or nearly
        raw[15:21, 0] = fit[15:21] * (1 + 10.0 ** rng.uniform(-16, -1, 6))
        return y, raw
    wide = np.concatenate([10.0 ** rng.uniform(-300, 300, 40), 10.0 ** rng.uniform(-3, 3, 40)])
    y = targets_for(o, 120, rng)
    raw = np.concatenate([wide * rng.choice([-1.0, 1.0], len(wide)), rng.normal(0, 3, 40)])
    # Around the score that fits the target: where a gradient is a small difference.
    close, fit = _fits(o.link, targets_for(o, 60, rng))
    near = fit * (1 + 10.0 ** rng.uniform(-16, -1, 60)) + 10.0 ** rng.uniform(-20, 0, 60) * rng.choice([-1, 0, 1], 60)
    edge = np.array([0.0, -0.0, 1.0, -1.0, 36.7, -36.7, 700.0, -700.0, 744.4, -744.4, 745.2, -745.2, 1e300, -1e300])
    ys = [y, close, close[::6], np.concatenate([targets_for(o, 7, rng)] * 2)]
    raws = [raw, near, fit[::6], edge]
    for p in o.parameters():
        if p.unit == "y":  # around the residual where the loss turns
            close = sample_targets(o.domain, 20, rng)
            size = getattr(o, p.name) * (1 + 10.0 ** rng.uniform(-16, 0, 20) * rng.choice([-1, 0, 1], 20))
            ys, raws = [*ys, close], [*raws, close + size * rng.choice([-1, 1], 20)]
    if math.isfinite(scores_of(o).low):
        low = 10.0 ** np.linspace(-15, 300, 22)
        ys, raws = [*ys, np.resize(y, low.size)], [*raws, scores_of(o).low + low]
    return np.concatenate(ys), np.concatenate(raws)


def _small_groups() -> np.ndarray:
    """Sizes of groups that differences of differences can be taken in."""
    return np.resize([3, 4, 2, 1, 4], 18)


def _fits(link: str, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Targets, and the raw score that says each; a target that no finite score says becomes one that has one."""
    if y.ndim == 2:  # an end of the interval
        return y, np.log(np.where(y[:, 0] > 0, y[:, 0], y[:, 1]))
    if link == "logit":
        said = np.where((y > 0) & (y < 1), y, 0.5)
        soft = (y == said).any()
        return said if soft else y, np.log(said) - np.log1p(-said)  # classes stay classes, and 0 is between them
    if link == "log":
        y = np.where(y > 0, y, 1.0)
        return y, np.log(y)
    if link == "signed_square":
        return y, np.copysign(np.sqrt(np.abs(y)), y)
    if link == "threshold":
        return y, 2 * y - 1  # the margin
    return y, y


def scores_of(o: Objective) -> Interval:
    """The scores that the textbook's door takes."""
    return textbook(o).scores


def kinks_at(o: _Textbook, y: np.ndarray, raw: np.ndarray) -> np.ndarray | None:
    """How far each score is from a kink, roughly, and 0 exactly at one; None for a smooth loss."""
    kinks = getattr(type(o), "kinks", None)
    if kinks is None:
        return None
    fields = {p.name: getattr(o, p.name) for p in o.parameters() if p.kernel}
    with np.errstate(over="ignore"):
        return np.broadcast_to(kinks(y if raw.ndim == 1 else y[:, None], raw, **fields), raw.shape)


@functools.cache
def reference(cls: type[_Textbook], parameters: tuple[tuple[str, Any], ...]) -> Reference:
    """The truth for a class and its parameters."""
    o = cls(**dict(parameters))
    y, raw = _points(o)
    keep = scores_of(o).contains(raw).reshape(len(y), -1).all(axis=1)
    distance = kinks_at(o, y, raw)
    if distance is not None:  # a kink has no derivative: `check_kinks_take_a_side` looks there
        keep &= (distance != 0).reshape(len(y), -1).all(axis=1)
    return evaluated(o, y[keep], raw[keep])


def evaluated(o: _Textbook, y: np.ndarray, raw: np.ndarray) -> Reference:
    """The truth at these points."""
    if isinstance(o, Groupwise):
        return _groupwise_reference(o, y, raw)
    return (_rowwise_reference if isinstance(o, Rowwise) else _pointwise_reference)(o, y, raw)


def reference_of(o: Objective) -> Reference:
    law = textbook(o)
    return reference(type(law), tuple((p.name, getattr(law, p.name)) for p in law.parameters() if p.kernel))


def _at(mp: Any, function: Callable, target: tuple, fields: dict[str, Any], score: Any) -> Any:
    return function(mp, *target, score, **fields)


def _largest(*values: Any) -> float:
    """The largest finite size: what decides how many digits are needed."""
    flat = np.abs(np.concatenate([np.ravel(v) for v in values]))
    return float(flat[np.isfinite(flat)].max(initial=0.0))


def _pointwise_reference(o: _Textbook, y: np.ndarray, raw: np.ndarray) -> Reference:
    mp = mpmath().mp
    loss, grad, curvature = [], [], {kind: [] for kind in o.kinds}  # type: ignore[var-annotated]
    for target, score, step in zip(y, raw.tolist(), _steps(o, y, raw), strict=True):
        with mp.workdps(_digits(_largest(target, score), step)):
            t, f = tuple(map(mp.mpf, np.atleast_1d(target).tolist())), mp.mpf(score)
            fields = _fields(o)
            distance = abs(f)
            if len(t) == 2:  # times, whose logarithms the score is compared with
                distance += max(abs(f - mp.log(end)) for end in t if 0 < end < mp.inf)
            elif o.link == "identity":
                distance += abs(f - t[0])
            v = _slopes(functools.partial(_at, mp, type(o).definition, t, fields), f, 3, step)
            by_target = mp.mpf(0)
            if o.link in ("log", "signed_square"):
                for place in {t.index(end) for end in t}:  # an end that is the other one moves with it
                    moved = [
                        tuple(end * (1 + sign * mp.mpf(10) ** -step) if end == t[place] else end for end in t) for sign in (1, -1)
                    ]
                    up, down = (_at(mp, type(o).definition, m, fields, f) for m in moved)
                    by_target += abs(up - down) / 2 * mp.mpf(10) ** step
            loss.append((v[0], distance * abs(v[1]) + by_target))
            # A difference that is no more than its own error, h**2/6 times the third derivative, is 0: beside the target, if
            # not over a smaller one.
            real = abs(v[1]) > abs(v[3]) * mp.mpf(10) ** (-2 * step)
            if not real and v[1] and o.link == "identity" and f != t[0]:
                closer = max(step, 1 - math.floor(mp.log10(abs(f - t[0]))))
                with mp.workdps(_digits(_largest(target, score), closer)):
                    v[1] = _slopes(functools.partial(_at, mp, type(o).definition, t, fields), f, 1, closer)[1]
                real = abs(v[1]) > abs(v[3]) * mp.mpf(10) ** (-2 * closer)
            grad.append((v[1] if real else mp.mpf(0), distance * abs(v[2])))
            curvature["exact"].append((v[2], distance * abs(v[3])))
            for kind in o.kinds[1:]:
                law = functools.partial(_at, mp, getattr(type(o), DEFINED_BY[kind]), t, fields)
                m = _slopes(law, f, 1, step)
                curvature[kind].append((m[0], distance * abs(m[1])))
    return Reference(y, raw, loss, grad, curvature)


def _many(
    law: Callable[[list], Any], bounds: Mapping[str, Callable[[list], Any]], x: list, k: int, step: int
) -> tuple[Any, list, dict[str, list]]:
    """Value, gradient and curvatures of a function of x with respect to the first k, and how much each moves with all x."""
    h = mpmath().mp.mpf(10) ** -step

    def tabled(function: Callable[[list], Any]) -> Callable[..., Any]:
        """The function of (place, how many h) pairs to move by; it is asked for the same again and again."""

        @functools.cache
        def at(*moves: int) -> Any:
            return function([v + m * h for v, m in zip(x, moves, strict=True)])

        def moved(*pairs: tuple[int, int]) -> Any:
            moves = [0] * len(x)
            for j, m in pairs:
                moves[j] += m
            return at(*moves)

        return moved

    def effect(of: Callable[..., Any]) -> Any:
        """How much a function moves when the x do, by their own size."""
        return mpmath().mp.fsum(abs(x[i]) * abs(of((i, 1)) - of((i, -1))) / (2 * h) for i in range(len(x)))

    value = tabled(law)

    def slope(j: int, *at: tuple[int, int]) -> Any:
        return (value((j, 1), *at) - value((j, -1), *at)) / (2 * h)

    def bend(j: int, *at: tuple[int, int]) -> Any:
        return (value((j, 1), *at) - 2 * value(*at) + value((j, -1), *at)) / h**2

    def both(of: Callable[..., Any]) -> list:
        return [(of(j), effect(functools.partial(of, j))) for j in range(k)]

    curvature = {"exact": both(bend)}
    for kind, bound in bounds.items():
        table = tabled(bound)
        curvature[kind] = both(lambda j, *at, table=table: table(*at)[j])
    return (value(), effect(value)), both(slope), curvature


def _rowwise_reference(o: _Textbook, y: np.ndarray, raw: np.ndarray) -> Reference:
    mp = mpmath().mp
    loss, grad, curvature = [], [], {kind: [] for kind in o.kinds}  # type: ignore[var-annotated]
    k = raw.shape[1]
    for target, scores, step in zip(y.tolist(), raw.tolist(), _steps(o, y, raw), strict=True):
        with mp.workdps(_digits(_largest(scores, target), step)):
            fields = _fields(o)

            def at(name: str, x: list, fields: dict = fields, target: float = target) -> Any:
                moved = dict(zip(o.rounded, np.split(np.array(x[k + 1 :], object), max(len(o.rounded), 1)), strict=False))
                return getattr(type(o), name)(mp, mp.mpf(target) if len(x) == k else x[k], x[:k], **(fields | moved))

            # A target that is a real number moves too.
            x = [mp.mpf(v) for v in (scores if o.domain.integer else [*scores, target])]
            x += [v for parameter in o.rounded for v in fields[parameter]]  # of k numbers each
            bounds = {kind: functools.partial(at, DEFINED_BY[kind]) for kind in o.kinds[1:]}
            of_loss, of_grad, of_curvature = _many(functools.partial(at, "definition"), bounds, x, k, step)
            loss.append(of_loss)
            grad.append(of_grad)
            for kind, values in of_curvature.items():
                curvature[kind].append(values)
    return Reference(y, raw, loss, grad, curvature)


def _groupwise_reference(o: _Textbook, y: np.ndarray, raw: np.ndarray) -> Reference:
    """With weights. Where the law holds something at the scores as they are it takes them as `at`."""
    mp = mpmath().mp
    loss, grad, curvature = [], [], {kind: [] for kind in o.kinds}  # type: ignore[var-annotated]
    sizes = _small_groups()
    weight = np.random.default_rng(4).uniform(0.3, 3.0, sizes.size).repeat(sizes)
    weight *= np.resize([1.0, 0.5, 2.0], weight.size) if o.row_weights else 1.0
    end = 0
    for m in sizes.tolist():
        start, end = end, end + m
        with mp.workdps(_digits(_largest(raw[start:end]))):
            labels, f, w = ([mp.mpf(v) for v in values[start:end].tolist()] for values in (y, raw, weight))
            fields = _fields(o) | ({"at": f} if "at" in inspect.signature(type(o).definition).parameters else {})

            def at(name: str, x: list, fields: dict = fields, labels: list = labels, w: list = w) -> Any:
                return getattr(type(o), name)(mp, labels, x, w, **fields)

            bounds = {kind: functools.partial(at, DEFINED_BY[kind]) for kind in o.kinds[1:]}
            of_loss, of_grad, of_curvature = _many(functools.partial(at, "definition"), bounds, f, m, STEP)
            loss.append(of_loss)
            if not o.row_weights:  # sums over pairs or lists, of terms that cancel: measured by the largest of the group
                largest = max(abs(v) for v, _ in of_grad)
                of_grad = [(v, effect + largest) for v, effect in of_grad]
            grad += of_grad
            for kind, values in of_curvature.items():
                curvature[kind] += values
    return Reference(y, raw, loss, grad, curvature, weight, sizes)


def worst(got: np.ndarray, true: list) -> tuple[float, int]:
    """The largest error in units, and its row.

    A unit is eps times (|v| + how much v moves when its inputs move by their own relative size), and at least the
    smallest subnormal. Beyond the largest float only an infinity (float64) or the largest float (float32) is right.
    """
    mp = mpmath().mp
    dtype = got.dtype
    largest = mp.mpf(float(np.finfo(dtype).max))
    most, row = -1.0, 0
    flat = [entry for line in true for entry in (line if isinstance(line, list) else [line])]
    for i, (value, (v, effect)) in enumerate(zip(got.ravel().tolist(), flat, strict=True)):
        if math.isnan(value):
            error = math.inf
        elif abs(v) > largest:
            right = value == math.copysign(math.inf, v) or (dtype == np.float32 and value == math.copysign(FLOAT32, v))
            error = 0.0 if right else math.inf
        elif math.isinf(value):
            error = math.inf
        else:
            unit = max(EPS[dtype] * (abs(v) + effect), mp.mpf(TINY[dtype]))
            error = float(abs(mp.mpf(value) - v) / unit)
        if error > most:
            most, row = error, i
    return most, row // (len(flat) // len(true))


def errors(o: Objective) -> dict[str, float]:
    """Largest error of loss, gradient and each curvature in units, for the published table."""
    return {what: most for what, (most, _) in _errors(textbook(o)).items()}


def _errors(o: _Textbook) -> dict[str, tuple[float, int]]:
    true = reference_of(o)
    o = _with(o)
    out = {"loss": worst(_losses(o, true), true.loss)}
    for kind in o.kinds:
        grad, hess = _with(o, kind).grad_hess(true.y, true.raw, true.weight, group=true.group)
        out["gradient"] = worst(grad, true.grad)
        out[kind] = worst(hess, true.curvature[kind])
    return out


def _losses(o: _Textbook, true: Reference) -> np.ndarray:
    """Of rows, or the weighted total of each group."""
    losses = o.loss(true.y, true.raw, true.weight, group=true.group)
    if true.group is None:
        return losses
    assert true.weight is not None
    parts = np.split(losses * true.weight, np.cumsum(true.group)[:-1])
    return np.array([math.fsum(part) for part in parts])


# ---------------------------------------------------------------------------------------------------------------------
# Data to try


def sample_targets(domain: Interval, n: int, rng: np.random.Generator) -> np.ndarray:
    """Targets all over a domain, its closed ends among them; sizes from tiny to huge where it is unbounded."""
    low, high = domain.low, domain.high
    if domain.integer:
        return rng.integers(int(low), int(min(high, low + CLASSES - 1)) + 1, n).astype(float)
    if math.isinf(low) and math.isinf(high):
        y = rng.normal(size=n) * 10.0 ** rng.uniform(-3, 3, n)
        y[:: max(n // 5, 2)] = 0.0
    elif math.isinf(high):
        y = low + 10.0 ** rng.uniform(-3, 3, n)
        y[1::4] = low if domain.closed in ("low", "both") else y[1::4]
    else:
        y = rng.uniform(low, high, n)
        y[1::4] = low if domain.closed in ("low", "both") else y[1::4]
        y[3::4] = high if domain.closed in ("high", "both") else y[3::4]
    assert n < 3 or len(np.unique(y)) > 1, "the sample does not vary"
    return y


def targets_for(o: Objective, n: int, rng: np.random.Generator, k: int = 1) -> np.ndarray:
    """Targets all over what the objective takes: of shape (n, 2) for intervals, of every kind."""
    if not o._wants.interval:
        many = isinstance(textbook(o), Rowwise) and textbook(o).sets  # type: ignore[attr-defined]
        return rng.integers(0, 2**k, n).astype(float) if many else sample_targets(o._labels(k), n, rng)
    time = 10.0 ** rng.uniform(-3, 3, n)
    y = np.stack([time, time], axis=1)
    y[1::4, 1] = math.inf  # censored
    y[2::4, 0] = 0.0  # happened before
    y[3::4, 1] *= 1 + 10.0 ** rng.uniform(-3, 1, n)[3::4]
    return y


def sample(o: Objective, n: int = 37, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets, scores and weights that the objective must take."""
    rng = np.random.default_rng(seed)
    many = isinstance(textbook(o), Rowwise)
    k = _columns(o)
    y = targets_for(o, n, rng, k)
    if many and o._labels(k).integer:
        y[:k] = (2.0 ** np.arange(k) if textbook(o).sets else np.arange(k))[:n]  # type: ignore[attr-defined]
    raw = rng.normal(size=(n, k)) if many else rng.normal(size=n)
    for p in textbook(o).parameters():
        if p.unit == "y" and y.ndim == raw.ndim:  # some residuals on either side of where the loss turns
            raw[2::5] = y[2::5] + getattr(textbook(o), p.name) / 2
    low = scores_of(o).low
    return y, (raw if math.isinf(low) else low + np.exp(raw)), rng.uniform(0.5, 2.0, n)


def _same(a: Any, b: Any) -> bool:
    return all(np.array_equal(x, y, equal_nan=True) and x.dtype == y.dtype for x, y in zip(a, b, strict=True))


def refused(function: Callable[[], Any], *words: str, kind: type[Exception] = ValueError) -> None:
    """The call must raise, and the message must have the words."""
    try:
        function()
    except kind as error:
        missing = [word for word in words if word not in str(error)]
        assert not missing, f"the message {str(error)!r} lacks {missing}"
    else:
        raise AssertionError(f"no {kind.__name__} that says {words}")


def _called(o: Objective, y_true: Any, y_pred: Any, weight: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """The boosters' door, in the first round of a training where an objective must know the round."""
    if not o._wants.groups:
        return o(y_true, y_pred, weight)
    return o._called(protocol.read(o._owner, y_true, y_pred, weight, None, o._wants), {"round": 0, "params": {}})


# ---------------------------------------------------------------------------------------------------------------------
# A value object


def _made(o: Objective, **fields: Any) -> Objective:
    """Another of the same name, or of the same formula."""
    if o.formula:
        return dataclasses.replace(o, **fields)
    return registry.get(o.builtin if isinstance(o, BuiltIn) else o.name, **fields)


@check
def check_is_known_by_its_name(o: Objective) -> None:
    if isinstance(o, BuiltIn):
        assert registry.get(o.builtin, **dict(o.values), curvature=o.curvature) == o
        return
    if o.formula:  # it has no name in the registry: what makes it again is its text
        assert pickle.loads(pickle.dumps(o)) == o and type(copy.deepcopy(o)) is type(o)
        return
    fields = {p.name: getattr(o, p.name) for p in o.parameters()}
    found = registry.get(o.name, **fields, curvature=o.curvature)  # not `objectives`: an entry point may wait to be asked
    assert type(found) is type(o), f"{o.name!r} is the name of {type(found)}"
    assert found == o


@check
def check_repr_evaluates_back(o: Objective) -> None:
    names = {type(o).__name__: type(o)}
    assert eval(repr(o), {"get": registry.get, "from_formula": from_formula} | names) == o, repr(o)


@check
def check_pickles_small(o: Objective) -> None:
    data = pickle.dumps(o)
    assert pickle.loads(data) == o
    assert len(data) < 400, f"{len(data)} bytes"


@check
def check_copies_are_equal(o: Objective) -> None:
    from sklearn.base import clone

    for other in (copy.copy(o), copy.deepcopy(o), clone(o, safe=False)):
        assert other == o
        assert hash(other) == hash(o)


@check
def check_is_frozen(o: Objective) -> None:
    refused(lambda: setattr(o, "curvature", "exact"), kind=AttributeError)


@check
def check_numpy_parameters_become_plain(o: Objective) -> None:
    if isinstance(o, BuiltIn):
        plain: dict[str, Any] = dict(o.values)
        other: Objective = registry.get(o.builtin, **_numpy(plain), curvature=o.curvature)
    else:
        plain = {p.name: getattr(o, p.name) for p in o.parameters()}
        other = type(o)(**_numpy(plain), curvature=o.curvature)
    assert other == o
    assert repr(other) == repr(o)


def _numpy(fields: dict[str, Any]) -> dict[str, Any]:
    def numpy(value: Any) -> Any:
        return np.float64(value) if isinstance(value, float) else value

    return {name: np.array(v) if isinstance(v, tuple) else numpy(v) for name, v in fields.items()}


@check
def check_refuses_parameters_outside_their_domain(o: Objective) -> None:
    parameters = builtins.names()[o.builtin].parameters if isinstance(o, BuiltIn) else o.parameters()
    for p in parameters:
        for bad in (-1.5, math.nan, math.inf, "1", [2.0], [math.nan]):
            if p.domain.check(p.domain.convert(bad)) is None:
                continue  # a negative number, or a single one of several, where these are allowed
            refused(functools.partial(_made, o, **{p.name: bad}), p.name, "must be")


@check
def check_refuses_an_unknown_curvature(o: Objective) -> None:
    refused(lambda: _made(o, curvature="wrong"), "curvature", "'exact'", "'wrong'")
    assert o.curvatures[0] == "exact"


@check
def check_docstring_says_what_one_must_know(o: Objective) -> None:
    doc = type(textbook(o)).__doc__ or ""
    for part in ("Target", "Raw score", "stimate", "loss", "gradient", "exact", "When not to use", "Raises", "Source", ">>>"):
        assert part in doc, f"the docstring lacks {part!r}"
    for p in textbook(o).parameters():
        assert f"{p.name} :" in doc, f"the docstring lacks the parameter {p.name}"
    for kind in textbook(o).kinds:
        assert kind in doc, f"the docstring lacks the curvature {kind}"


# ---------------------------------------------------------------------------------------------------------------------
# Exact


def _within_limit(o: Objective, what: str) -> None:
    law = textbook(o)
    most, row = _errors(law)[what]
    true = reference_of(law)
    where = f"y={true.y[row]!r}, raw={true.raw[row]!r}"
    assert most <= LIMIT, f"{what} of {law!r} is {most:.3g} units off at {where}"


@check
def check_loss_is_exact(o: Objective) -> None:
    _within_limit(o, "loss")


@check
def check_gradient_is_exact(o: Objective) -> None:
    _within_limit(o, "gradient")


@check
def check_every_curvature_is_exact(o: Objective) -> None:
    for kind in textbook(o).kinds:
        _within_limit(o, kind)


@check
def check_float32_scores_are_exact(o: Objective) -> None:
    """They are widened before anything is computed, and what comes out is rounded once: exact where float64 scores are."""
    law = textbook(o)
    y, raw = _points(law)
    group = _small_groups() if law._wants.groups else None
    if group is not None:  # they stay whole
        raw = np.clip(raw, -1e38, 1e38)
    keep = (np.abs(raw) <= 1e38).reshape(len(y), -1).all(axis=1)
    y, raw = y[keep], raw[keep].astype(np.float32)
    inside = scores_of(law).contains(raw).reshape(len(y), -1).all(axis=1)
    y, raw = y[inside], raw[inside]
    for kind in law.kinds:
        wide = _with(law, kind).grad_hess(y, raw.astype(np.float64), group=group)
        expected = [np.clip(v, -FLOAT32, FLOAT32).astype(np.float32) for v in wide]
        for got, value in zip(_with(law, kind).grad_hess(y, raw, group=group), expected, strict=True):
            wrong = np.flatnonzero((got != value).reshape(len(y), -1).any(axis=1))
            where = wrong[0] if wrong.size else 0
            assert not wrong.size, f"{kind}: {got[where]!r} for {value[where]!r} at y={y[where]!r}, raw={raw[where]!r}"


def _is_flat(law: _Textbook, kind: str) -> bool:
    """Whether the curvature is 0 wherever the loss has one, as its definition shows."""
    true = reference_of(law).curvature.get(kind, [])
    flat = [entry for line in true for entry in (line if isinstance(line, list) else [line])]
    return bool(flat) and all(abs(v) <= TINY[np.dtype(np.float64)] for v, _ in flat)


def _may_be_negative(law: _Textbook, kind: str) -> bool:
    """The exact curvature of a loss that is not convex, as its definition shows at the points of the reference."""
    true = reference_of(law).curvature["exact"] if kind == "exact" else []
    least = TINY[np.dtype(np.float64)]  # a difference that is smaller is its own error
    return any(v <= -least for line in true for v, _ in (line if isinstance(line, list) else [line]))


@check
def check_says_whether_it_is_convex(o: Objective) -> None:
    """A loss whose exact curvature is negative somewhere is not convex, and its class must say so."""
    law = textbook(o)
    if law.convex and not isinstance(law, Groupwise):
        true = reference_of(law)
        _, hess = _with(law, "exact").grad_hess(true.y, true.raw)
        negative = np.flatnonzero((hess < 0).reshape(len(hess), -1).any(axis=1))
        assert not negative.size, f"convex must be False: the exact curvature is negative at y={true.y[negative[0]]!r}"


@check
def check_huge_scores_stay_finite(o: Objective) -> None:
    law = textbook(o)
    y, raw, _ = sample(law, 40)
    sizes = 10.0 ** np.linspace(-300, 300, 40)
    huge = raw / np.abs(raw) * (sizes if raw.ndim == 1 else sizes[:, None])
    huge = huge if math.isinf(scores_of(law).low) else np.abs(huge)
    for kind in law.kinds:
        grad, hess = _with(law, kind).grad_hess(y, huge)
        assert not np.isnan(grad).any() and not np.isnan(hess).any(), kind
        assert (hess >= 0).all() or _may_be_negative(law, kind), kind
        # Only what is beyond the largest float is infinite.
        rows = np.flatnonzero((np.isinf(grad) | np.isinf(hess)).reshape(len(y), -1).any(axis=1))
        if rows.size:
            assert not law._wants.groups, f"{kind}: infinite in row {rows[0]}"
            true = evaluated(law, y[rows], huge[rows])
            for got, law_says in ((grad, true.grad), (hess, true.curvature[kind])):
                error, row = worst(got[rows], law_says)
                assert error <= LIMIT, f"{kind}: infinite at y={y[rows[row]]!r}, raw={huge[rows[row]]!r}"
    assert not np.isnan(law.loss(y, huge)).any()


@check
def check_kinks_take_a_side(o: Objective) -> None:
    """At a kink the gradient is between the slopes of the two sides, and the exact curvature that of one of them."""
    law = textbook(o)
    y, raw = _points(law)
    distance = kinks_at(law, y, raw)
    if distance is None:
        return
    mp = mpmath().mp
    on = (distance == 0).reshape(len(y), -1).any(axis=1) & scores_of(law).contains(raw).reshape(len(y), -1).all(axis=1)
    y, raw, distance = y[on], raw[on], distance[on].reshape(on.sum(), -1)
    assert len(y) >= 3, "no score of the reference is at a kink"
    grad, hess = _with(law, "exact").grad_hess(y, raw)
    many = raw.ndim == 2
    for i in range(len(y)):
        at = np.atleast_1d(raw[i])
        with mp.workdps(_digits(float(max(abs(y[i]), np.abs(at).max())))):
            t, fields, h = mp.mpf(y[i]), _fields(law), mp.mpf(10) ** -STEP

            def value(moves: dict[int, Any], at: np.ndarray = at, t: Any = t, fields: dict = fields) -> Any:
                f = [mp.mpf(v) + moves.get(j, 0) for j, v in enumerate(at.tolist())]
                return type(law).definition(mp, t, f if many else f[0], **fields)

            for j in np.flatnonzero(distance[i] == 0).tolist():
                here = value({})
                beside = [(value({j: side * h}), value({j: 2 * side * h}), side) for side in (-1, 1)]
                slopes = [(4 * one - two - 3 * here) / (2 * side * h) for one, two, side in beside]
                bends = [(two - 2 * one + here) / h**2 for one, two, _ in beside]
                # Over a smaller step a curvature that is infinite here grows, and one that is 0 falls off.
                k = h / 1000
                closer = [(value({j: 2 * side * k}) - 2 * value({j: side * k}) + here) / k**2 for side in (-1, 1)]
                largest = mp.mpf(float(np.finfo(np.float64).max))
                bends = [
                    largest if abs(c) > max(10 * abs(b), 1) else mp.mpf(0) if abs(c) < abs(b) / 10 else b
                    for b, c in zip(bends, closer, strict=True)
                ]
                g, c = (mp.mpf(np.atleast_1d(v[i])[j]) for v in (grad, hess))
                # What a difference over h and a rounded residual (a kink that is missed by half a bit) leave open.
                room = mp.mpf(2) ** -50 * (max(abs(v) for v in slopes) + max(abs(v) for v in bends) * (abs(t) + abs(at[j])))
                where = f"y={y[i]!r}, raw={raw[i]!r}"
                assert min(slopes) - room <= g <= max(slopes) + room, f"gradient {g} at {where}, between {slopes}"
                room = mp.mpf(2) ** -48 * max(abs(v) for v in bends) + TINY[grad.dtype]
                assert any(abs(c - v) <= room for v in bends), f"Hessian {c} at {where}, of {bends}"


@check
def check_gradient_has_the_sign_of_the_slope(o: Objective) -> None:
    true = reference_of(o)
    grad, _ = _with(o).grad_hess(true.y, true.raw, true.weight, group=true.group)
    flat = [entry for line in true.grad for entry in (line if isinstance(line, list) else [line])]
    for got, (v, effect) in zip(grad.ravel().tolist(), flat, strict=True):
        if abs(v) > LIMIT * max(EPS[grad.dtype] * effect, TINY[grad.dtype]):
            assert np.sign(got) == (1 if v > 0 else -1), f"{got} for {mpmath().nstr(v, 17)}"


@check
def check_majorized_lies_above_the_loss(o: Objective) -> None:
    law = textbook(o)
    if "majorized" not in law.kinds:
        return
    mp = mpmath().mp
    rng = np.random.default_rng(5)
    if isinstance(law, Rowwise):
        y, raw, _ = sample(law, 60, 5)
        raw *= 10.0 ** rng.uniform(-1, 1, (60, 1))
        k = raw.shape[1]
        step = rng.normal(size=raw.shape) * 10.0 ** rng.uniform(-2, 2, (60, 1))
        step[::3] = (np.eye(k)[rng.integers(0, k, 20)] - np.eye(k)[rng.integers(0, k, 20)]) * step[::3, :1]
    else:
        true = reference_of(law)
        moderate = np.abs(true.raw) < 1e6
        y, raw = np.repeat(true.y[moderate], 4), np.repeat(true.raw[moderate], 4)
        # Random steps, steps to the fit and beyond, and the mirror image, where a sharp bound touches the loss again.
        step = rng.normal(size=raw.size) * 10.0 ** rng.uniform(-3, 3, raw.size)
        centre = y if law.link == "identity" else np.zeros_like(y)
        step[1::4] = (centre - raw)[1::4]
        step[2::4] = 2 * (centre - raw)[2::4]
        step[3::4] = -2.5 * raw[3::4]
    grad, bound = _with(law, "majorized").grad_hess(y, raw)
    with mp.workdps(60):
        numbers = _fields(law)

        def value(target: float, scores: Any) -> Any:
            point = [mp.mpf(s) for s in scores] if np.ndim(scores) else mp.mpf(scores)
            return type(law).definition(mp, mp.mpf(target), point, **numbers)

        for i in range(len(y)):
            d = np.atleast_1d(step[i])
            here = value(y[i], raw[i])
            moved = raw[i] + step[i]
            d = np.atleast_1d(moved - raw[i])  # the step that was taken, after rounding
            linear = mp.fsum(mp.mpf(g) * mp.mpf(s) for g, s in zip(np.atleast_1d(grad[i]).tolist(), d.tolist(), strict=True))
            square = mp.fsum(
                mp.mpf(b) * mp.mpf(s) ** 2 / 2 for b, s in zip(np.atleast_1d(bound[i]).tolist(), d.tolist(), strict=True)
            )
            rounding = 16 * mp.mpf(2) ** -52 * (abs(here) + abs(linear) + square + mp.mpf(2) ** -1000)
            assert here + linear + square + rounding >= value(y[i], moved), (
                f"the majorized quadratic of {law!r} at y={y[i]!r}, raw={raw[i]!r} is below the loss at {moved!r}"
            )


@check
def check_fisher_is_what_is_expected(o: Objective) -> None:
    """Under the distribution that the scores say the mean gradient is 0, and its mean square the Fisher information.

    So is the mean of the exact curvature, where no kink hides from it. For objectives with a method `distribution`, which
    takes predictions.
    """
    law = textbook(o)
    if "fisher" not in law.kinds or not hasattr(law, "distribution"):
        return
    from scipy import stats

    raw = np.random.default_rng(7).normal(size=(5, 2) if isinstance(law, Rowwise) else 5)
    hess = _with(law, "fisher").grad_hess(sample(law, 5)[0], raw)[1]
    for i in range(len(raw)):
        model = law.distribution(law.inverse_link(raw[i : i + 1]))
        if isinstance(model.dist, stats.rv_discrete):
            y = np.arange(model.ppf(1e-30)[0], model.isf(1e-30)[0] + 1)
            share = model.pmf(y)
        else:  # by tanh-sinh quadrature over the probability below, and the one above, so that either may be tiny
            x = np.linspace(-4.0, 4.0, 321)
            half = 0.5 / (1.0 + np.exp(-np.pi * np.sinh(x)))  # from 0 to 1/2
            step = 0.5 * (x[1] - x[0]) * np.pi * np.cosh(x) / (2.0 + 2.0 * np.cosh(np.pi * np.sinh(x)))
            y, share = np.concatenate([model.ppf(half), model.isf(half)]), np.concatenate([step, step])
            inside = law._labels(raw.ndim).contains(y)
            y, share = y[inside], share[inside]
        grad, exact = _with(law, "exact").grad_hess(y, np.repeat(raw[i : i + 1], len(y), axis=0))
        mean, square, second = (np.tensordot(share, v, axes=1) for v in (grad, grad**2, exact))
        assert abs(share.sum() - 1) <= 1e-9, f"{model.dist.name} of {law!r} adds up to {share.sum()}"
        assert (np.abs(mean) <= 1e-7 * np.sqrt(hess[i])).all(), f"the mean gradient at raw={raw[i]!r} is {mean}"
        for expected in (square, *(() if hasattr(type(law), "kinks") else (second,))):
            assert (np.abs(expected - hess[i]) <= 1e-7 * hess[i]).all(), f"fisher is {hess[i]} at raw={raw[i]!r}, not {expected}"


# ---------------------------------------------------------------------------------------------------------------------
# Data


@check
def check_shapes_and_dtypes(o: Objective) -> None:
    y, raw, weight = sample(o)
    assert o.loss(y, raw).shape == (len(y),) and o.loss(y, raw).dtype == np.float64
    for dtype in (np.float32, np.float64):
        for result in o.grad_hess(y, raw.astype(dtype), weight):
            assert result.shape == raw.shape and result.dtype == dtype


@check
def check_weights_multiply(o: Objective) -> None:
    y, raw, _ = sample(o)
    # Powers of two: the product is exact. Of groups every row has the same, or the loss would be another.
    weight = np.resize([4.0] if o._wants.groups else [1.0, 2.0, 0.25, 8.0], len(y))
    column = weight if raw.ndim == 1 else weight[:, None]
    assert _same(o.grad_hess(y, raw, weight), [v * column for v in o.grad_hess(y, raw)])


@check
def check_a_weight_of_one_is_no_weight(o: Objective) -> None:
    y, raw, _ = sample(o, 61)
    assert _same(o.grad_hess(y, raw, np.ones(len(y))), o.grad_hess(y, raw))
    narrow = y.astype(np.float32)
    for dtype in (np.float32, np.float64):
        scores = raw.astype(dtype)
        assert _same(_called(o, narrow, scores, np.ones(len(y), np.float32)), _called(o, narrow, scores))


@check
def check_a_weight_of_zero_silences(o: Objective) -> None:
    y, raw, weight = sample(o)
    silent = np.arange(len(y)) % 2 == 0
    group = None
    if o._wants.groups and not textbook(o).row_weights:
        group = [20, len(y) - 20]
        silent = np.arange(len(y)) < 20
    weight[silent] = 0
    flat = _is_flat(textbook(o), "exact" if o.curvature in ("default", "native") else o.curvature)
    for result, may_be_zero in zip(o.grad_hess(y, raw, weight, group=group), (False, flat), strict=True):
        assert not result[silent].any()
        assert result[~silent].any() or may_be_zero


def _takes_a_mean(o: Objective, dtype: type) -> bool:
    """Whether the booster whose scores have that type is given gradients that a mean over all rows is part of."""
    kind, booster = o._kind_for_boosters(), "xgboost" if dtype is np.float32 else "lightgbm"
    if kind == "smoothed":
        return True
    if kind != "native":
        return False
    step = _native_step(o, booster, protocol.installed_version(booster), _columns(o))
    return step is not None and step.row.smooth


@check
def check_rows_do_not_see_each_other(o: Objective) -> None:
    """The vectorised middle of a loop, its remainder, and a single row give the same bits."""
    y, raw, weight = sample(o, 67)
    if isinstance(o, BuiltIn) and o.params.get("is_unbalance"):
        return  # its weights are made of all labels
    if o._wants.groups:
        _groups_do_not_see_each_other(o, y, raw, weight)
        return
    order = np.random.default_rng(1).permutation(len(y))
    whole = [v[order] for v in o.grad_hess(y, raw, weight)]
    assert _same(o.grad_hess(y[order], raw[order], weight[order]), whole)
    one = o.grad_hess(y[5:6], raw[5:6], weight[5:6])
    assert _same(one, [v[5:6] for v in o.grad_hess(y, raw, weight)])
    for dtype in (np.float32, np.float64):
        if _takes_a_mean(o, dtype):
            continue
        narrow, scores, heavy = y.astype(np.float32), raw.astype(dtype), weight.astype(np.float32)
        every = _called(o, narrow, scores, heavy)
        # Nine rows, with every class among them: LightGBM does not train a class that no row is of.
        assert _same(_called(o, narrow[:9], scores[:9], heavy[:9]), [v[:9] for v in every])


def _groups_do_not_see_each_other(o: Objective, y: np.ndarray, raw: np.ndarray, weight: np.ndarray) -> None:
    sizes = np.array([1, 20, 0, 6, 40])
    weight = np.repeat(np.linspace(0.5, 2.0, 5), sizes) if not textbook(o).row_weights else weight
    whole = o.grad_hess(y, raw, weight, group=sizes)
    for end, m in zip(np.cumsum(sizes), sizes, strict=True):
        part = slice(end - m, end)
        if m:
            assert _same(o.grad_hess(y[part], raw[part], weight[part]), [v[part] for v in whole])


@check
def check_takes_anything_like_an_array(o: Objective) -> None:
    import pandas as pd

    y, raw, weight = sample(o)
    expected = o.grad_hess(y, raw, weight)
    spaced_y, spaced_raw = np.repeat(y, 2, axis=0)[::2], np.repeat(raw, 2, axis=0)[::2]
    assert _same(o.grad_hess(y.tolist(), raw.tolist(), weight.tolist()), expected)
    assert _same(o.grad_hess(pd.Series(y) if y.ndim == 1 else pd.DataFrame(y), raw, pd.Series(weight)), expected)
    assert _same(o.grad_hess(spaced_y, spaced_raw, weight), expected)
    assert _same(o.grad_hess(y, np.asfortranarray(raw), weight), expected)
    for array in (y, raw, weight):
        array.setflags(write=False)
    assert _same(o.grad_hess(y, raw, weight), expected)


@check
def check_results_are_fresh(o: Objective) -> None:
    y, raw, _ = sample(o)
    kept = raw.copy()
    first = o.grad_hess(y, raw)
    saved = [v.copy() for v in first]
    second = o.grad_hess(y, raw + 1.0)
    assert _same(first, saved) and np.array_equal(raw, kept)
    assert not any(np.shares_memory(a, b) for a in (*first, raw) for b in second)


@check
def check_no_rows_and_one_row(o: Objective) -> None:
    y, raw, weight = sample(o)
    for result in (*o.grad_hess(y[:0], raw[:0]), *o.grad_hess(y[:0], raw[:0], weight[:0])):
        assert result.shape == raw[:0].shape
    assert o.loss(y[:0], raw[:0]).shape == (0,)
    assert o.grad_hess(y[:1], raw[:1])[0].shape == raw[:1].shape
    refused(lambda: o.start(y[:0]), "y has no rows")


def _everywhere(o: Objective, y: Any, raw: Any, weight: Any, *words: str) -> None:
    """Refused by the textbook's door and by the boosters'."""
    refused(lambda: o.grad_hess(y, raw, weight), *words)
    for dtype in (np.float32, np.float64):
        refused(lambda dtype=dtype: _called(o, np.float32(y), raw.astype(dtype), weight), *words)  # type: ignore[misc]


@check
def check_refuses_targets_outside_the_domain(o: Objective) -> None:
    y, raw, weight = sample(o)
    k = raw.shape[1] if raw.ndim == 2 else 1
    bad: list[float] = [math.nan, math.inf, -math.inf]
    labels = o._labels(k)
    bad += [labels.low - 1] if math.isfinite(labels.low) else []
    bad += [labels.high + 1] if math.isfinite(labels.high) else []
    bad += [float(labels.low)] if math.isfinite(labels.low) and labels.closed in ("", "high") else []
    bad += [labels.low + 0.5] if labels.integer else []
    bad += [float(labels.low)] if y.ndim == 2 else []  # an interval must end above
    for value in bad:
        wrong = y.copy()
        wrong[[11, 20]] = value
        words = ("y must be", "row 11", "(2 of 37 rows)", repr(value))
        refused(lambda wrong=wrong: o.loss(wrong, raw), *words)  # type: ignore[misc]
        if raw.ndim == 1 or value != labels.high + 1:  # targets alone do not say how many classes there are
            refused(lambda wrong=wrong: o.start(wrong), *words)  # type: ignore[misc]
        _everywhere(o, wrong, raw, weight, *words)


@check
def check_the_other_class_may_be_minus_one_throughout(o: Objective) -> None:
    if not o._labels(1).signed:
        return
    import lightgbm
    import xgboost

    y, raw, weight = sample(o)
    other = 2 * y - 1
    assert np.array_equal(o.loss(other, raw), o.loss(y, raw))
    assert _same(o.grad_hess(other, raw, weight), o.grad_hess(y, raw, weight))
    assert np.array_equal(o.start(other, weight, offset=raw), o.start(y, weight, offset=raw))
    for dtype in (np.float32, np.float64):
        both = (_called(o, np.float32(labels), raw.astype(dtype), np.float32(weight)) for labels in (other, y))
        assert _same(*both)
    x = np.zeros((len(y), 1))
    assert o.train_params(xgboost.DMatrix(x, other)) == o.train_params(xgboost.DMatrix(x, y))
    datasets = [lightgbm.Dataset(x, labels, params={"verbosity": -1}).construct() for labels in (other, y)]
    assert np.array_equal(o.init_score(datasets[0]), o.init_score(datasets[1]))
    other[:3] = 1.0, 1.0, -1.0
    other[[11, 20]] = 0.0
    words = "y must be", "{-1, 1}", "got 0.0 in row 11", "(2 of 37 rows)"
    refused(lambda: o.loss(other, raw), *words)
    refused(lambda: o.start(other), *words)
    refused(lambda: o.train_params(xgboost.DMatrix(x, other)), *words)
    _everywhere(o, other, raw, weight, *words)


@check
def check_refuses_scores_that_are_not_finite(o: Objective) -> None:
    y, raw, weight = sample(o)
    for value in (math.nan, math.inf, -math.inf):
        wrong = raw.copy()
        wrong[7] = value
        refused(lambda wrong=wrong: o.loss(y, wrong), "raw must be finite", "row 7")  # type: ignore[misc]
        _everywhere(o, y, wrong, weight, "raw must be finite", "row 7", "(1 of 37 rows)")


@check
def check_refuses_bad_weights(o: Objective) -> None:
    y, raw, weight = sample(o)
    for value in (math.nan, math.inf, -1.0):
        wrong = weight.copy()
        wrong[9] = value
        _everywhere(o, y, raw, wrong, "weight must be finite and not negative", repr(value), "row 9")
        refused(lambda wrong=wrong: o.start(y, wrong), "weight must be", "row 9")  # type: ignore[misc]
    _everywhere(o, y, raw, np.zeros(len(y)), "weight must be positive somewhere")
    refused(lambda: o.start(y, np.zeros(len(y))), "weight must be positive somewhere")


@check
def check_refuses_wrong_shapes(o: Objective) -> None:
    y, raw, weight = sample(o)
    refused(lambda: o.loss(y[:-1], raw), "y has 36 rows, raw has 37")
    refused(lambda: o.loss(y[:, None], raw), "y must have shape (n, 2)" if y.ndim == 2 else "y must have shape (n,)")
    refused(lambda: o.grad_hess(y, raw, weight[:-1]), "weight must have shape (37,)")
    other = raw[:, None] if raw.ndim == 1 else raw[:, 0]
    refused(lambda: o.grad_hess(y, other), "raw must have shape (37,")
    refused(lambda: _called(o, np.float32(y), np.float32(other)), "raw must have shape (37,")
    for dtype in (np.float16, np.int64):
        refused(lambda dtype=dtype: _called(o, y, raw.astype(dtype)), "float32", "float64", kind=TypeError)  # type: ignore[misc]


# ---------------------------------------------------------------------------------------------------------------------
# Start and link


def _constant(o: Objective, c: np.ndarray, n: int) -> np.ndarray:
    return np.tile(c, (n, 1)) if isinstance(textbook(o), Rowwise) else np.full(n, c[0])


def _total(o: Objective, y: np.ndarray, c: np.ndarray, offset: np.ndarray | None, weight: np.ndarray) -> np.ndarray:
    law = textbook(o)
    k = len(c)
    raw = _constant(o, c, len(y))
    grad, _ = law.grad_hess(y, raw if offset is None else raw + offset, weight)
    return grad.reshape(len(y), k).sum(axis=0)


@check
def check_start_is_where_the_gradients_cancel(o: Objective) -> None:
    if isinstance(o, BuiltIn):
        return  # the booster's own start, good or bad: compared with the booster itself
    for seed, weighted, shifted in ((0, False, False), (1, True, False), (2, True, True)):
        y, raw, weight = sample(o, 53, seed)
        weight = weight if weighted else np.ones(len(y))
        offset = raw / 4 if shifted else None
        c = o.start(y, weight if weighted else None, offset=offset)
        assert c.dtype == np.float64 and c.ndim == 1
        if o._wants.groups:
            assert not c.any(), "a constant does not move a loss of differences"
            continue
        at = _total(o, y, c, offset, weight)
        moved = 1e-9 * np.maximum(np.abs(c), np.std(y) if o.link == "identity" else 1.0)
        # A loss with kinks has an interval of best scores, where the sum of the gradients is 0 but for rounding.
        room = len(y) * EPS[c.dtype] * weight.sum() if hasattr(type(textbook(o)), "kinks") else 0.0
        for j in range(len(c)):
            e = np.eye(len(c))[j] * moved[j]
            up, down = _total(o, y, c + e, offset, weight)[j], _total(o, y, c - e, offset, weight)[j]
            assert down <= room and up >= -room, f"gradient {at} at {c} does not change sign within {moved[j]:.3g}"


@check
def check_start_takes_weights_as_copies(o: Objective) -> None:
    if isinstance(o, BuiltIn) and o._wants.groups:
        return  # XGBoost leaves the weights out of Cox's risk sets
    y, _, _ = sample(o, 23)
    times = np.arange(23) % 3 + 1
    once = o.start(y, times.astype(float))
    copies = o.start(np.repeat(y, times, axis=0))
    size = np.maximum(np.abs(once), np.std(y) if o.link == "identity" else 1.0)
    # Boosters' own starts are made in float32.
    tolerance = 1e-5 if isinstance(o, BuiltIn) else 1e-12
    if isinstance(o, BuiltIn) and o.params.get("is_unbalance"):
        return  # LightGBM counts rows there, not weights
    if isinstance(o, BuiltIn) and hasattr(type(textbook(o)), "kinks"):
        return  # XGBoost's weighted quantiles interpolate
    if hasattr(type(textbook(o)), "kinks"):  # an interval of best scores: rounding may choose either end
        one, other = (np.dot(times, textbook(o).loss(y, _constant(o, c, len(y)))) for c in (once, copies))
        assert abs(one - other) <= 1e-12 * abs(one), f"{once} against {copies}"
        return
    assert (np.abs(once - copies) <= tolerance * size).all(), f"{once} against {copies}"


@check
def check_what_is_left_to_the_data_is_resolved(o: Objective) -> None:
    """Whatever is "auto" becomes a value of its domain; one in the unit of y is multiplied by what multiplies y."""
    left = {p.name: AUTO for p in o.parameters() if p.auto}
    if not left:
        return
    law = dataclasses.replace(o, **left)
    names = {type(law).__name__: type(law), "from_formula": from_formula}
    assert eval(repr(law), names) == law and hash(law) == hash(copy.deepcopy(law))
    y, _, _ = sample(o, 23)
    times = np.arange(23) % 3 + 1
    found = law.resolve(y, times.astype(float))
    assert type(found) is type(law) and AUTO not in [getattr(found, p.name) for p in o.parameters()]
    assert found.resolve(y) is found
    others = [(law.resolve(np.repeat(y, times, axis=0)), 1.0)]
    if set(left) == {p.name for p in o.parameters() if p.unit == "y"}:
        others += [(law.resolve(c * y, times), c) for c in (2.0**-10, 2.0**10) if o.domain.contains(c * y).all()]
    for name in left:
        value = np.asarray(getattr(found, name))
        for other, c in others:
            at = np.asarray(getattr(other, name))
            said = f"{name} of {found} and, for targets times {c:g}, of {other}"
            assert (np.abs(at - c * value) <= 1e-6 * np.abs(at)).all(), said
    assert np.array_equal(law.start(y, times), found.start(y, times))


@check
def check_start_is_bounded_for_one_target(o: Objective) -> None:
    if o._wants.groups:
        return  # 0, or nothing to learn at all
    y, _, _ = sample(o, 23)
    for value in (y[0], y[1], y[3]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            c = o.start(np.full(23, value) if y.ndim == 1 else np.tile(value, (23, 1)))
        assert np.isfinite(c).all()
        if isinstance(o, BuiltIn):
            continue  # the booster's own start, good or bad
        assert np.abs(c).max() <= max(_largest(value) * (1 + 1e-6), 700.0)


@check
def check_inverse_link(o: Objective) -> None:
    _, raw, _ = sample(o, 50)
    for dtype in (np.float32, np.float64):
        shown = o.inverse_link(raw.astype(dtype))
        assert shown.shape == raw.shape and shown.dtype == dtype
    law = textbook(o)
    slope = law._slope()
    of_link = dict(zip(LINKS[o.link].parameters, o._of_link(), strict=True))
    width = of_link.get("width", 1.0)
    ends = width * np.array([-1e300, 1e300, 0.0, 0.0])
    extreme = o.inverse_link(ends[:2] if raw.ndim == 1 else ends[None, : raw.shape[1]])
    assert extreme.ravel().tolist() == [v * width * of_link.get("scale", 1.0) for v in EXTREMES[o.link][: extreme.size]]
    mp = mpmath().mp
    with mp.workdps(60):
        true = []
        for scores in np.atleast_2d(raw.T).T.tolist():
            x = [mp.mpf(slope) * mp.mpf(v) for v in scores]
            h = mp.mpf(10) ** -STEP
            show = functools.partial(_shown, mp, o.link, of_link=of_link)
            centre = show(x)
            moved = [show([v + (h if i == j else 0) for i, v in enumerate(x)]) for j in range(len(x))]
            effects = [mp.fsum(abs(x[j]) * abs(moved[j][i] - v) / h for j in range(len(x))) for i, v in enumerate(centre)]
            if len(x) == 1 and slope == 1:
                effects = [mp.mpf(0)]  # one function of a score that is exact
            true.append(list(zip(centre, effects, strict=True)))
    most, row = worst(o.inverse_link(raw), true)
    assert most <= LIMIT, f"the link {o.link!r} is {most:.3g} units off at {raw[row]!r}"


EXTREMES: dict[str, list[float]] = {
    "identity": [-1e300, 1e300, 0.0, 0.0],
    "location": [-1e300, 1e300],
    "logit": [0.0, 1.0],
    "one_vs_all": [0.0, 1.0, 0.5, 0.5],
    "log": [0.0, math.inf],
    "signed_square": [-math.inf, math.inf],
    "threshold": [0.0, 1.0],
    "softplus": [0.0, 1e300],
    "softmax": [0.0, 1.0, 0.0, 0.0],
    "location_scale": [-1e300, math.inf],
    "median_sigma": [0.0, math.inf],
    "cumulative": [-1e300, 0.0, math.log(2) + 1e-6, 2 * (math.log(2) + 1e-6)],
    "ascending": [1e300, 1e300, 1e300],
}
"""What each link says of -1e300, 1e300, 0 and 0; in units of the scale or width, if it has one."""


def _shown(mp: Any, link: str, x: list, of_link: Mapping[str, float]) -> list:
    """What a link says of the scores of one row, as the textbook prints it."""
    if link == "softmax":
        total = mp.fsum(mp.exp(v) for v in x)
        return [mp.exp(v) / total for v in x]
    if link in ("location_scale", "median_sigma"):
        scale = mp.mpf(of_link.get("scale", 1.0))
        location = scale * x[0] if link == "location_scale" else mp.exp(x[0])
        return [location, scale * mp.sqrt(mp.mpf(of_link["epsilon"]) ** 2 + mp.exp(2 * x[1]))]
    if link == "cumulative":
        steps = [x[0], *(mp.mpf(1e-6) + mp.log(1 + mp.exp(v)) for v in x[1:])]
        return [mp.fsum(steps[: j + 1]) for j in range(len(x))]
    if link == "ascending":
        width, middle = mp.mpf(of_link["width"]), len(x) // 2
        steps = [width * mp.log(1 + mp.exp(v / width)) for v in x]
        below = [x[middle] - mp.fsum(steps[j:middle]) for j in range(middle)]
        return below + [x[middle] + mp.fsum(steps[middle + 1 : j + 1]) for j in range(middle, len(x))]
    one = {
        "identity": lambda v: v,
        "location": lambda v: v,
        "logit": lambda v: 1 / (1 + mp.exp(-v)),
        "one_vs_all": lambda v: 1 / (1 + mp.exp(-v)),
        "log": mp.exp,
        "signed_square": lambda v: v * abs(v),
        "threshold": lambda v: mp.mpf(int(v > 0)),
        "softplus": lambda v: mp.log(1 + mp.exp(v)),
    }[link]
    return [one(v) for v in x]


# ---------------------------------------------------------------------------------------------------------------------
# The boosters' door


@check
def check_returns_float32_to_the_boosters(o: Objective) -> None:
    y, raw, weight = sample(o)
    for dtype in (np.float32, np.float64):
        for layout in ("C", "F"):
            grad, hess = _called(o, np.float32(y), np.asarray(raw, dtype, order=layout), np.float32(weight))
            assert grad.shape == hess.shape == raw.shape
            assert grad.dtype == hess.dtype == np.float32
            law = textbook(o)
            assert grad.any()
            # A booster's own Hessian always weighs something; the exact one need not.
            own = isinstance(o, BuiltIn) and o.curvature != "exact"
            assert hess.any() or (not own and (_is_flat(law, "exact") or _may_be_negative(law, o.curvature)))


@check
def check_boosters_get_a_named_curvature(o: Objective) -> None:
    """A kind named by the user is honoured in both doors; what is negative there becomes 0 in the boosters'."""
    if o.curvature in ("default", "native"):
        return
    y, raw, weight = sample(o)
    for dtype in (np.float32, np.float64):
        _booster_agrees(o, y, raw.astype(dtype), weight)


@check
def check_boosters_get_every_digit_of_a_float32(o: Objective) -> None:
    """Scores of every size, and those that fit: what boosters are given is within one unit of what the textbook's door gives."""
    if isinstance(o, BuiltIn) or o.curvature in ("default", "native"):
        return
    law = textbook(o)
    y, raw = _points(law)
    if not (o._wants.groups or y.ndim < raw.ndim):
        near, fit = _fits(o.link, y.astype(np.float32).astype(np.float64)[::2])
        off = np.random.default_rng(5).choice([-1.0, 0.0, 1.0], len(fit)) * 10.0 ** np.resize(np.linspace(-16, -1, 31), len(fit))
        y, raw = np.concatenate([y, near]), np.concatenate([raw, fit * (1 + off)])
    for dtype in (np.float32, np.float64):
        most = 1e38 if dtype is np.float32 or o._wants.groups else math.inf
        scores = np.clip(raw, -most, most).astype(dtype)
        keep = scores_of(law).contains(scores).reshape(len(y), -1).all(axis=1)
        keep |= o._wants.groups  # they stay whole
        _booster_agrees(o, y[keep], scores[keep], None)


def _booster_agrees(o: Objective, y: np.ndarray, raw: np.ndarray, weight: np.ndarray | None) -> None:
    """The boosters' door is within one unit of the textbook's: one of float32, of the value and of how far it moves.

    How far a value moves when its inputs move by their own relative size, as in `Reference`, is measured by moving them.
    """
    narrow = y.astype(np.float32)
    weight = None if weight is None else weight.astype(np.float32)
    y, wide = narrow.astype(np.float64), raw.astype(np.float64)
    got = _called(o, narrow, raw, weight)
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        for what, value, moved, given in zip(("gradient", "Hessian"), *_moves(o, y, wide, weight), got, strict=True):
            lowest = -FLOAT32 if what == "gradient" else 0.0
            unit = EPS[np.dtype(np.float32)] * (np.abs(value) + np.where(np.isnan(moved), 0.0, moved))
            off = np.abs(given - np.clip(value, lowest, FLOAT32)) / np.maximum(unit, TINY[np.dtype(np.float32)])
            row = int(np.argmax(off.reshape(len(y), -1).max(axis=1)))
            most = off[row].max()
            assert most <= 1, f"{what} {given[row]} for {value[row]}, {most:.3g} units off, at y={y[row]!r}, raw={raw[row]!r}"


def _moves(
    o: Objective, y: np.ndarray, raw: np.ndarray, weight: np.ndarray | None
) -> tuple[tuple[np.ndarray, np.ndarray], list[np.ndarray]]:
    """Gradient and Hessian in float64, and how far each moves with its inputs."""
    values = o.grad_hess(y, raw, weight)
    moved = [np.zeros_like(v) for v in values]
    step = 2.0**-20
    low = np.nextafter(scores_of(o).low, math.inf)

    def move(y: np.ndarray, raw: np.ndarray) -> None:
        for total, before, after in zip(moved, values, o.grad_hess(y, np.clip(raw, low, LARGEST), weight), strict=True):
            total += np.abs(after - before) / (2 * step)

    for sign in (1.0, -1.0):
        if raw.ndim == 1:
            distance = np.abs(raw)
            if y.ndim == 2:
                ends = np.where((y > 0) & np.isfinite(y), y, 1.0)
                distance = distance + np.abs(raw[:, None] - np.log(ends)).max(axis=1)
            elif o.link == "identity":
                distance = distance + np.abs(raw - y)
            move(y, raw + sign * step * distance)
            continue
        for j in range(raw.shape[1]):
            other = raw.copy()
            other[:, j] *= 1 + sign * step
            move(y, other)
        if not o._labels(raw.shape[1]).integer:
            move(y * (1 + sign * step), raw)
    return values, moved


@check
def check_boosters_never_get_a_negative_hessian(o: Objective) -> None:
    """Nor one that is no number: scores of every size, some that fit, and weights of 0, tiny and huge ones."""
    y, raw, _ = sample(o, 200)
    y = y.astype(np.float32)
    sizes = np.random.default_rng(1).permutation(10.0 ** np.linspace(-300, 300, 200))
    moderate = np.resize([1e-30, 1e-3, 1.0, 30.0, 1e4, 1e30], 200)
    weight = np.resize([1.0, 0.0, 1e-30, 1e30, 3.0], 200).astype(np.float32)
    if (o._wants.groups and not textbook(o).row_weights) or (isinstance(o, BuiltIn) and o._row().exposure):
        weight[:] = 1
    for size, dtype in ((moderate, np.float32), (moderate, np.float64), (sizes, np.float64)):
        scores = (raw * (size if raw.ndim == 1 else size[:, None])).astype(dtype)
        if y.ndim == raw.ndim == 1:
            scores[::7] = y[::7]
        for w in (None, weight):
            grad, hess = _called(o, y, scores, w)
            assert (hess >= 0).all() and np.isfinite(hess).all() and np.isfinite(grad).all()


@check
def check_gradients_saturate(o: Objective) -> None:
    y, raw, _ = sample(o)
    for dtype in (np.float32, np.float64):
        # The sum of the weights is part of such a mean, and has no more than float32's range in XGBoost.
        weight = np.full(len(y), 3e38 / (len(y) if _takes_a_mean(o, dtype) else 1), np.float32)
        if isinstance(o, BuiltIn) and o._row().exposure and o.curvature == "default":
            weight[:] = 1  # LightGBM's own NaN is what stops its training there
        grad, hess = _called(o, np.float32(y), (raw * 100).astype(dtype), weight)
        assert np.isfinite(grad).all() and np.isfinite(hess).all()
    far = raw * 100 if math.isinf(scores_of(o).low) else np.abs(raw) * 100
    heavy = np.full(len(y), 1e300)
    # Far out there may be nothing that pulls.
    most = max(np.abs(o.grad_hess(y, np.float32(scores), heavy)[0]).max() for scores in (far, raw))
    assert most == np.finfo(np.float32).max


@check
def check_boosters_own_arithmetic_is_the_textbooks(o: Objective) -> None:
    """Up to rounding and one factor, at scores where float32 can tell: a row of the table computes what it says."""
    if not (isinstance(o, BuiltIn) and o.curvature == "default"):
        return
    y, raw, weight = sample(o, 200)
    row = o._row()
    if y.ndim == 2:  # far from an interval XGBoost has it as the difference of two numbers near 1
        raw += _fits(o.link, y)[1]
    y = y.astype(np.float32)
    weight = np.ones(200, np.float32) if row.exposure else weight.astype(np.float32)
    scores = raw.astype(np.float64 if row.wide else np.float32)
    grad, hess = _called(o, y, scores, weight)
    law = registry.get(o.builtin, **dict(o.values), curvature=row.hessian or "exact")
    true_grad, true_hess = law.grad_hess(y, scores.astype(np.float64), weight)
    size = np.abs(true_grad) + weight.reshape([-1] + [1] * (raw.ndim - 1))
    if not row.smooth:
        true_grad = np.clip(true_grad, -row.steepest * weight, row.steepest * weight) if raw.ndim == 1 else true_grad
        assert (np.abs(grad - true_grad) <= 2**-18 * size).all()
    if row.hessian:
        some = true_hess > 0
        assert some.mean() > 0.5 and not hess[~some].any()
        factor = hess[some] / true_hess[some]
        assert factor.max() / factor.min() < 1 + 2**-14, f"between {factor.min()} and {factor.max()}"
        assert factor.min() > 1 - 2**-14, "a Hessian below the textbook's makes steps that are too long"


@check
def check_threads_do_not_disturb_each_other(o: Objective) -> None:
    y, raw, weight = sample(o, 5000)
    group = [50] * 100 if o._wants.groups else None
    expected = o.grad_hess(y, raw, weight, group=group)
    results: list[bool] = []

    def work() -> None:
        results.extend(_same(o.grad_hess(y, raw, weight, group=group), expected) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 20 and all(results)


@check
def check_containers_give_what_arrays_give(o: Objective) -> None:
    import lightgbm
    import xgboost

    y, raw, weight = sample(o)
    x = np.arange(len(y), dtype=float)[:, None]
    y, weight = y.astype(np.float32), weight.astype(np.float32)
    for w in (None, weight):
        label = y if y.ndim == 1 else None
        dtrain = xgboost.DMatrix(x, label, weight=w)
        dataset = lightgbm.Dataset(x, label, weight=w, params={"verbosity": -1, "min_data_in_bin": 1})
        if y.ndim == 2:
            for data in (dtrain, dataset):
                protocol.set_bounds(data, *y.T)
        dataset.construct()
        assert _same(_called(o, np.float32(raw), dtrain), _called(o, y, np.float32(raw), w))
        assert _same(_called(o, raw, dataset), _called(o, y, raw, w))
        score = o.init_score(dataset)
        assert score.shape == raw.shape and score.dtype == np.float64
        lent = isinstance(o, BuiltIn) and o.like == "xgboost" and o.curvature != "exact"
        if lent and builtins.row_for(o.builtin, o.params, xgboost.__version__) is None:  # type: ignore[attr-defined]
            refused(lambda dtrain=dtrain: o.train_params(dtrain), "has no such objective")  # type: ignore[misc]
            continue
        params = o.train_params(dtrain)
        assert isinstance(params["objective"], str)


__all__ = ["ALL", "LIMIT", "Outcome", "builtin_variants", "errors", "reference_of", "run", "sample", "variants"]
