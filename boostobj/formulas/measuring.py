"""What a formula is worth in float64: its forms against mpmath of the textbook expression, at points of every size."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from mpmath import mp

from ..domain import Interval
from .atoms import Atom

EPS = 2.0**-52
TINY = 2.0**-1074
LIMIT = 4.0
"""Units, as in `boostobj.checks`."""
ENOUGH = 3.5
"""Units that a form may be off in NumPy, whose functions are not the compiled ones."""
LARGE = 1000.0
"""Beyond this a score's exponential is no float."""


# ---------------------------------------------------------------------------------------------------------------------
# In mpmath


_EXACT: dict[str, Callable[..., Any]] = {
    "exp": mp.exp,
    "log": mp.log,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "atan": mp.atan,
    "erf": mp.erf,
    "erfc": mp.erfc,
    "loggamma": mp.loggamma,
    "polygamma": lambda n, x: mp.polygamma(int(n), x),
    "Abs": abs,
    "sign": mp.sign,
    "DiracDelta": lambda *x: mp.mpf(0),
    "Heaviside": lambda x, *at: mp.mpf(1) if x > 0 else mp.mpf(0) if x < 0 else mp.mpf(0.5),
}


def exact(expr: sympy.Basic, values: dict[sympy.Symbol, Any], known: dict[sympy.Basic, Any] | None = None) -> Any:
    """The expression with the digits that mpmath works with now."""
    known = {} if known is None else known
    if expr in known:
        return known[expr]
    made = _exact(expr, values, known)
    known[expr] = made
    return made


def _exact(expr: sympy.Basic, values: dict[sympy.Symbol, Any], known: dict[sympy.Basic, Any]) -> Any:
    if isinstance(expr, sympy.Symbol):
        return values[expr]
    if isinstance(expr, sympy.Rational):
        return mp.mpf(int(expr.p)) / int(expr.q)
    if expr is sympy.pi:
        return mp.pi()
    if expr is sympy.E:
        return mp.e()
    if isinstance(expr, sympy.Float):
        return mp.mpf(expr)
    if isinstance(expr, Atom):
        return exact(expr.textbook(*expr.args), values, known)
    if isinstance(expr, sympy.Piecewise):
        for value, condition in expr.args:
            if _holds(condition, values, known):
                return exact(value, values, known)
        return mp.nan
    args = [exact(a, values, known) for a in expr.args]
    if isinstance(expr, sympy.Add):
        return mp.fsum(args)
    if isinstance(expr, sympy.Mul):
        return 0 * args[0] if any(a == 0 for a in args) and all(mp.isfinite(a) for a in args) else mp.fprod(args)
    if isinstance(expr, sympy.Pow):
        if args[0] == 0 and args[1] < 0:
            return mp.inf
        return args[0] ** args[1]
    return _EXACT[type(expr).__name__](*args)


def _holds(condition: sympy.Basic, values: dict[sympy.Symbol, Any], known: dict[sympy.Basic, Any]) -> bool:
    if condition in (sympy.true, sympy.false):
        return bool(condition)
    if isinstance(condition, sympy.And):
        return all(_holds(c, values, known) for c in condition.args)
    if isinstance(condition, sympy.Or):
        return any(_holds(c, values, known) for c in condition.args)
    if isinstance(condition, sympy.Not):
        return not _holds(condition.args[0], values, known)
    a, b = (exact(side, values, known) for side in condition.args)
    op = getattr(condition, "rel_op", "==")
    return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[op])


def settled(exprs: Sequence[sympy.Basic], symbols: Sequence[sympy.Symbol], point: Sequence[float]) -> list[Any]:
    """Values to 25 digits, computed twice with different numbers of them; NaN where the two differ or there is none.

    The digits grow with the sizes at the point: beside 1, exp(-f) needs as many as it has zeros.
    """
    largest = max((abs(v) for v in point if abs(v) < math.inf), default=1.0)
    if any(map(_has_squares, exprs)):
        largest = max(largest, largest**2 / 2 if largest < LARGE else LARGE)
    digits = 40 + int(0.9 * min(largest, LARGE))
    before: list[Any] = []
    values = [mp.nan] * len(exprs)
    open_ = list(range(len(exprs)))
    for more in (0, 60, 1200):
        with mp.workdps(digits + more):
            at = {s: mp.mpf(v) for s, v in zip(symbols, point, strict=True)}
            known: dict[sympy.Basic, Any] = {}
            now = {i: _real(exprs[i], at, known) for i in open_}
            if before:
                same = [i for i in open_ if mp.isfinite(now[i]) and abs(now[i] - before[i]) <= abs(now[i]) * mp.mpf(10) ** -25]
                for i in same:
                    values[i] = now[i]
                open_ = [i for i in open_ if i not in same and mp.isfinite(now[i])]
            before = now  # type: ignore[assignment]
        if not open_:
            break
    return values


@functools.cache
def _has_squares(expr: sympy.Basic) -> bool:
    """Whether something falls like exp(-x**2)."""
    return expr.has(sympy.erf, sympy.erfc) or any(
        e.args[0].has(sympy.Pow) and _degree(e.args[0]) > 1 for e in expr.atoms(sympy.exp)
    )


def _degree(expr: sympy.Expr) -> int:
    return max((int(p.exp) for p in expr.atoms(sympy.Pow) if p.exp.is_Integer and p.exp > 0), default=1)


def _real(expr: sympy.Basic, at: dict[sympy.Symbol, Any], known: dict[sympy.Basic, Any]) -> Any:
    try:
        value = exact(expr, at, known)
    except (ZeroDivisionError, ValueError, OverflowError):
        return mp.nan
    return mp.nan if isinstance(value, mp.mpc) else value


# ---------------------------------------------------------------------------------------------------------------------
# In NumPy: what a compiled form of an expression would give, without compiling it


def _numpy_functions() -> dict[str, Callable[..., Any]]:
    from scipy import special as sp

    def sigmoid(x: Any) -> Any:
        e = np.exp(-np.abs(x))
        return np.where(x >= 0, 1.0, e) / (1.0 + e)

    def softplus(x: Any) -> Any:
        return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))

    def sigmoid_residual(x: Any, t: Any) -> Any:
        e = np.exp(-np.abs(x))
        centre = 0.5 * np.tanh(0.5 * x) - (t - 0.5)
        return np.where(e > 0.3679, centre, np.where(x >= 0, (1 - t) - e / (1 + e), e / (1 + e) - t))

    def scaled_exp(u: Any, v: Any) -> Any:
        half = np.exp(0.5 * v)
        return np.where(u == 0, 0.0, u * half * half)

    def log_cosh(x: Any) -> Any:
        a = np.abs(x)
        m = np.expm1(-2 * a)
        near = np.log1p(2 * np.sinh(np.minimum(a, 2.0) / 2) ** 2)
        return np.where(a < 1, near, a + np.log1p(m / 2))

    def hypot1(x: Any) -> Any:
        return np.hypot(1.0, x)

    def log1p_square(x: Any) -> Any:
        a = np.abs(x)
        return np.where(a > 2.0**60, 2 * np.log(np.maximum(a, 1.0)), np.log1p(np.minimum(a, 2.0**61) ** 2))

    def mills(x: Any) -> Any:
        return np.exp(-0.5 * x * x - 0.5 * math.log(2 * math.pi) - sp.log_ndtr(x))

    def mills_excess(x: Any) -> Any:
        z = np.maximum(-x, 1.0)
        excess: Any = z
        for k in range(200, 1, -1):
            excess = z + k / excess
        return np.where(x < -2, 1 / excess, mills(x) + x)

    def expm1_excess(x: Any) -> Any:
        series = 1.0
        for n in range(17, 2, -1):
            series = 1.0 + x * series / n
        return np.where(np.abs(x) < 1, 0.5 * x * x * series, np.expm1(x) - x)

    def log_shares(*args: Any) -> Any:
        return sp.logsumexp(np.broadcast_arrays(*args), axis=0)

    def softmax(i: Any, *args: Any) -> Any:
        parts = np.exp(np.array(np.broadcast_arrays(*args)) - np.maximum.reduce(np.broadcast_arrays(*args)))
        return parts[int(i)] / parts.sum(axis=0)

    def softmax_missed(i: Any, *args: Any) -> Any:
        a = np.array(np.broadcast_arrays(*args))
        most = a.max(axis=0)
        parts = np.exp(a - most)
        rest = np.delete(parts, int(i), axis=0).sum(axis=0)
        return np.where(a[int(i)] == most, np.log1p(rest), (most - a[int(i)]) + np.log(parts.sum(axis=0)))

    def scaled_sigmoid(u: Any, x: Any) -> Any:
        half = np.exp(-0.5 * np.abs(x))
        large = 1 / (1 + half * half)
        return np.where(x >= 0, u * large, (u * half) * (half * large))

    def scaled_sigmoid_square(u: Any, x: Any) -> Any:
        half = np.exp(-0.5 * np.abs(x))
        part = np.where(x >= 0, u, u * half)
        return part * (part / (1 + half * half))

    return {
        "exp": np.exp,
        "log": np.log,
        "sinh": np.sinh,
        "cosh": np.cosh,
        "tanh": np.tanh,
        "atan": np.arctan,
        "erf": sp.erf,
        "loggamma": sp.gammaln,
        "polygamma": lambda n, x: sp.polygamma(int(n), x),
        "Abs": np.abs,
        "sign": np.sign,
        "sigmoid": sigmoid,
        "softplus": softplus,
        "sigmoid_residual": sigmoid_residual,
        "logaddexp": np.logaddexp,
        "logsumexp": log_shares,
        "softmax": softmax,
        "softmax_missed": softmax_missed,
        "scaled_sigmoid": scaled_sigmoid,
        "scaled_sigmoid_square": scaled_sigmoid_square,
        "log_cosh": log_cosh,
        "sech2": lambda x: np.exp(-2 * np.abs(x)) * (2 / (1 + np.exp(-2 * np.abs(x)))) ** 2,
        "log1p": np.log1p,
        "expm1": np.expm1,
        "expm1_excess": expm1_excess,
        "exp_residual": lambda x, t: np.where(np.abs(x) < 0.5, np.expm1(x) - (t - 1), np.exp(x) - t),
        "scaled_exp": scaled_exp,
        "hypot1": hypot1,
        "hypot1_excess": lambda x: np.abs(x) * np.where(np.abs(x) > 2.0**60, 1.0, np.abs(x) / (1 + hypot1(x))),
        "hypot1_slope": lambda x: np.where(np.abs(x) > 2.0**60, np.sign(x), x / hypot1(x)),
        "log1p_square": log1p_square,
        "cauchy_slope": lambda x: np.where(np.abs(x) > 2.0**60, 1 / x, x / (1 + x * x)),
        "cauchy_bend": lambda x: np.where(np.abs(x) > 2.0**60, -(1 / x) * (1 / x), (1 - x) * (1 + x) / (1 + x * x) / (1 + x * x)),
        "exp_complement": lambda x, t: np.where(np.abs(x) < 0.5, np.exp(-x) * (np.expm1(x) - (t - 1)), 1 - t * np.exp(-x)),
        "lorentz": lambda x: np.where(np.abs(x) > 2.0**60, (1 / x) * (1 / x), 1 / (1 + x * x)),
        "norm_cdf": sp.ndtr,
        "log_norm_cdf": sp.log_ndtr,
        "mills": mills,
        "mills_excess": mills_excess,
        "xlogx": lambda x: np.where(x == 0, 0.0, x * np.log(x)),
        "absolute": np.abs,
        "signum": np.sign,
    }


_FUNCTIONS: dict[str, Callable[..., Any]] = {}


def in_floats(expr: sympy.Basic, values: dict[sympy.Symbol, Any]) -> Any:
    """The expression in float64, operation by operation as the compiled form has them."""
    if not _FUNCTIONS:
        _FUNCTIONS.update(_numpy_functions())
    if isinstance(expr, sympy.Symbol):
        return values[expr]
    if expr.is_number:
        return float(sympy.N(expr, 30))
    if isinstance(expr, sympy.Piecewise):
        *pairs, (last, _) = expr.args
        made = in_floats(last, values)
        for value, condition in reversed(pairs):
            made = np.where(_mask(condition, values), in_floats(value, values), made)
        return made
    if isinstance(expr, sympy.Add):
        content, plain = expr.primitive()
        if content != 1:
            return float(content) * in_floats(plain, values)
        made = 0.0
        for term in expr.args:
            made = made + in_floats(term, values)
        return made
    if isinstance(expr, sympy.Mul):
        above, below = 1.0, 1.0
        for factor in expr.args:
            base, power = factor.as_base_exp()
            if power.is_Rational and power < 0 and not isinstance(factor, sympy.exp):
                below = below * in_floats(base**-power, values)
            else:
                above = above * in_floats(factor, values)
        return above / below
    args = [in_floats(a, values) for a in expr.args]
    if isinstance(expr, sympy.Pow):
        return np.power(args[0], args[1])
    return _FUNCTIONS[type(expr).__name__](*args)


def _mask(condition: sympy.Basic, values: dict[sympy.Symbol, Any]) -> Any:
    if condition in (sympy.true, sympy.false):
        return bool(condition)
    if isinstance(condition, sympy.And):
        return np.logical_and.reduce([_mask(c, values) for c in condition.args])
    if isinstance(condition, sympy.Or):
        return np.logical_or.reduce([_mask(c, values) for c in condition.args])
    if isinstance(condition, sympy.Not):
        return ~_mask(condition.args[0], values)
    a, b = (in_floats(side, values) for side in condition.args)
    op = getattr(condition, "rel_op", "==")
    return {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal}[op](
        a, b
    )


# ---------------------------------------------------------------------------------------------------------------------
# Points, truths, errors


def points(domain: Interval, link: str, k: int, n: int = 40) -> np.ndarray:
    """Targets and scores, of shape (rows, 1 + k): of every size, near each other, and far out."""
    rng = np.random.default_rng(7)
    rows = []
    low, high = domain.ends
    low = low if low == domain.low else domain.low + 1e-6  # an open end: not the smallest float beside it
    high = high if high == domain.high else domain.high - 1e-6

    def target(size: int) -> np.ndarray:
        if domain.integer and not (domain.signed or math.isinf(domain.high)):
            return rng.integers(int(domain.low), int(domain.high) + 1, size).astype(float)
        if domain.signed:
            return rng.integers(0, 2, size) * 2.0 - 1.0
        if math.isinf(domain.low) and math.isinf(domain.high):
            return rng.normal(size=size) * 10.0 ** rng.uniform(-3, 3, size)
        if math.isinf(domain.high):
            y = domain.low + 10.0 ** rng.uniform(-2, 3, size)
            y = np.floor(y) if domain.integer else y
            y[::5] = low
            return y
        y = rng.uniform(low, high, size)
        y[::5], y[1::5] = low, high
        return y

    for spread in (1.0, 5.0):
        y = target(n)
        rows.append(np.column_stack([y, rng.normal(size=(n, k)) * spread]))
    wide = 10.0 ** rng.uniform(-20, 4, (n, k)) * rng.choice([-1, 1], (n, k))
    rows.append(np.column_stack([target(n), wide]))
    far = 10.0 ** rng.uniform(4, 300, (n // 3, k)) * rng.choice([-1, 1], (n // 3, k))
    rows.append(np.column_stack([target(n // 3), far]))
    y = target(n)
    fit = {"logit": _logit, "log": lambda v: np.log(np.where(v > 0, v, 1.0))}.get(link, lambda v: v)(y)
    near = fit[:, None] * (1 + 10.0 ** rng.uniform(-16, -1, (n, 1))) * np.ones((1, k))
    near[:, 1:] = rng.normal(size=(n, k - 1)) * 3
    rows.append(np.column_stack([y, near]))
    edge = np.array([0.0, 1.0, -1.0, 36.7, -36.7, 700.0, -700.0, 744.0, -744.0, 1e8, -1e8])
    rows.append(np.column_stack([target(len(edge)), np.tile(edge[:, None], (1, k))]))
    return np.concatenate(rows)


def _logit(y: np.ndarray) -> np.ndarray:
    inside = (y > 0) & (y < 1)
    said = np.where(inside, y, 0.5)
    return np.log(said) - np.log1p(-said)


@dataclass(frozen=True)
class Truth:
    """True values of an expression at points, and how much each moves with its inputs; NaN where there is none."""

    values: list[Any]
    moved: list[Any]

    def units(self, got: np.ndarray) -> np.ndarray:
        """Errors in units of eps times (the value and how much it moves); infinite for NaN and for wrong infinities."""
        largest = mp.mpf(float(np.finfo(float).max))
        out = np.zeros(len(self.values))
        for i, (value, (v, effect)) in enumerate(zip(got.tolist(), zip(self.values, self.moved, strict=True), strict=True)):
            if v != v or effect != effect:
                continue  # no truth is known
            if abs(v) > largest * (1 - mp.mpf(10) ** -15):
                out[i] = (
                    0.0
                    if not math.isnan(value) and (math.isinf(value) or abs(value) > 1e307) and (value > 0) == (v > 0)
                    else math.inf
                )
            elif math.isnan(value) or math.isinf(value):
                out[i] = math.inf
            else:
                unit = max(EPS * (abs(v) + effect), mp.mpf(TINY))
                out[i] = float(abs(mp.mpf(value) - v) / unit)
        return out


def truths(
    exprs: Sequence[sympy.Expr],
    symbols: Sequence[sympy.Symbol],
    rows: np.ndarray,
    scores: Sequence[sympy.Symbol],
    target: sympy.Symbol,
    *,
    residual: bool,
    with_target: Sequence[bool],
) -> list[Truth]:
    """The truth of each expression; inputs move it as in `boostobj.checks.Reference`."""
    wanted: dict[sympy.Expr, int] = {}

    def place_of(expr: sympy.Expr) -> int:
        return wanted.setdefault(expr, len(wanted))

    plan = []
    for expr, also in zip(exprs, with_target, strict=True):
        slopes = [place_of(sympy.diff(expr, f)) for f in scores]
        plan.append((place_of(expr), slopes, place_of(sympy.diff(expr, target)) if also else None))
    at = {s: i for i, s in enumerate(symbols)}
    found: list[tuple[list, list]] = [([], []) for _ in exprs]
    for row in rows.tolist():
        values = settled(list(wanted), symbols, row)
        y = row[at[target]]
        for (place, slopes, by_target), (true, moved) in zip(plan, found, strict=True):
            effect = mp.mpf(0)
            for f, slope in zip(scores, slopes, strict=True):
                size = abs(row[at[f]]) + (abs(row[at[f]] - y) if residual else 0.0)
                effect += mp.mpf(size) * abs(values[slope]) if size else 0
            if by_target is not None and y:
                effect += abs(y * values[by_target])
            true.append(values[place])
            moved.append(effect)
    return [Truth(true, moved) for true, moved in found]


def best(
    forms: Sequence[sympy.Expr],
    true: Truth,
    symbols: Sequence[sympy.Symbol],
    rows: np.ndarray,
    score: sympy.Symbol | None = None,
) -> tuple[sympy.Expr, float]:
    """The cheapest of the forms that keep their digits; the one that loses fewest where none does.

    Where none does, and there is one `score`, two forms may do together: one near 0 and the other beyond, or one on each side.
    """
    columns = {s: rows[:, i] for i, s in enumerate(symbols)}
    found = []
    with np.errstate(all="ignore"):
        for form in forms:
            got = np.broadcast_to(in_floats(form, columns), len(rows)).astype(float)
            found.append((true.units(got), form))
    enough = [(errors, form) for errors, form in found if errors.max(initial=0.0) <= ENOUGH]
    if enough:
        errors, form = min(enough, key=lambda e: sympy.count_ops(e[1]))
        return form, float(errors.max(initial=0.0))
    half = sympy.Rational(1, 2)
    for condition in () if score is None else (sympy.And(score < half, score > -half), score < 0):
        here = np.broadcast_to(_mask(condition, columns), len(rows))
        inside = min(found, key=lambda e: e[0][here].max(initial=0.0))
        beyond = min(found, key=lambda e: e[0][~here].max(initial=0.0))
        worst = max(inside[0][here].max(initial=0.0), beyond[0][~here].max(initial=0.0))
        if worst <= ENOUGH:
            return sympy.Piecewise((inside[1], condition), (beyond[1], True)), float(worst)
    errors, form = min(found, key=lambda e: (np.minimum(e[0], 1e6).mean(), sympy.count_ops(e[1])))
    return form, float(errors.max(initial=0.0))
