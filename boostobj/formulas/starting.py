"""Where training starts, as far as it has a closed form: the constant score at which the weighted gradients add up to 0."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import mpmath
import sympy
from sympy import Expr, Symbol, exp, log, sign

from .chains import familiar, slope, tidy, turned
from .familiar import above, sigmoid, softplus
from .numbers import number

_LARGEST = 25
"""Operations in a gradient beyond which no closed form is looked for."""


@dataclass(frozen=True)
class Start:
    """The start of each score: `closed` of means, shares or quantiles of the targets; empty where there is no closed form."""

    closed: tuple[Expr, ...] = ()
    means: dict[Symbol, Expr] = field(default_factory=dict)
    """What is averaged, by the weights, for each symbol in `closed`; of a condition the share of weight where it holds."""
    level: Expr | None = None
    """The start is the weighted quantile of the targets at this level, the lowest and the highest value of which may differ."""
    by: Expr = sympy.S.One
    """What multiplies the weights of that quantile."""
    words: str = ""


def started(cases: Sequence[tuple[Any, Expr]], f: Symbol, targets: Sequence[Symbol]) -> Start | None:
    """The start of one score whose gradient is g where a condition on the target holds; None where none is found."""
    cases = [(where, familiar(g)) for where, g in cases]
    if any(g.count_ops() > _LARGEST for _, g in cases):
        return None
    if len(cases) == 1:
        (y,) = targets if len(targets) == 1 else (None,)
        if y is None:
            return None
        return _quantile(cases[0][1], f, y) or _mean(cases[0][1], f, y)
    if len(cases) == 2:
        share = sympy.Symbol("share", positive=True)
        (one, g1), (_, g0) = cases
        found = _balance(-g0, g1, f, share / (1 - share))
        return None if found is None else Start((found,), {share: one})
    return None


def _quantile(g: Expr, f: Symbol, y: Symbol) -> Start | None:
    jump = [e for e in g.atoms(above, sign) if f in e.free_symbols]
    if len(jump) != 1 or sympy.expand(jump[0].args[0] - (f - y)) != 0:
        return None
    kind = sympy.Dummy(real=True)
    a, b = sympy.expand(g).xreplace({jump[0]: kind}).as_independent(kind, as_Add=True)
    b = sympy.simplify(b / kind)
    if f in a.free_symbols | b.free_symbols:
        return None
    level = sympy.simplify(-a / b if isinstance(jump[0], above) else (1 - a / b) / 2)
    return None if y in level.free_symbols else Start(level=level, by=b if y in b.free_symbols else sympy.Integer(1))


def _mean(g: Expr, f: Symbol, y: Symbol) -> Start | None:
    """Where the gradient is a(c)*T(y) + b(c)."""
    if g.has(above, sign, sympy.Abs) and any(f in e.free_symbols for e in g.atoms(above, sign, sympy.Abs)):
        return None
    top, bottom = sympy.fraction(sympy.together(g))
    if y in bottom.free_symbols:
        top, bottom = g, sympy.Integer(1)
    parts: dict[Expr, Expr] = {}
    for term in sympy.Add.make_args(sympy.expand(top, power_exp=True)):
        free, of_y = term.as_independent(y, as_Add=False)
        if f in of_y.free_symbols:
            return None
        parts[of_y] = parts.get(of_y, sympy.Integer(0)) + free
    mean = sympy.Symbol("mean", positive=bool(y.is_nonnegative) or None)
    if set(parts) == {sympy.Integer(1)} or len(parts) != 2:
        return None
    if sympy.Integer(1) in parts:
        (of_y,) = set(parts) - {sympy.Integer(1)}
        found = _balance(-parts[sympy.Integer(1)], parts[of_y], f, mean)
        return None if found is None else Start((found,), {mean: of_y})
    first, second = sorted(parts, key=str)
    other = sympy.Symbol("other", positive=True)
    found = _balance(-parts[second], parts[first], f, mean / other)
    return None if found is None else Start((found,), {mean: first, other: second})


def _balance(top: Expr, bottom: Expr, f: Symbol, value: Expr) -> Expr | None:
    """The f at which top/bottom is the value."""
    ratio = top / bottom
    if ratio.has(above, sign, sympy.Abs, sympy.Max, softplus) or ratio.count_ops() > _LARGEST:
        return None
    found = _within_sigmoid(ratio, f, value)
    if found is not None:
        return found
    ratio = sympy.powsimp(sympy.simplify(ratio.doit()))
    if f not in ratio.free_symbols:
        return None
    slope_ = sympy.simplify(slope(ratio, f))
    if f not in slope_.free_symbols:  # a line
        return tidy((value - ratio.subs(f, 0)) / slope_)
    rate = sympy.simplify(slope_ / ratio)
    if f not in rate.free_symbols:  # an exponential
        return turned(log(turned(sympy.simplify(value / ratio.subs(f, 0)))) / rate)
    if ratio.count_ops() < 8 and isinstance(ratio, log):
        inner = sympy.solve(sympy.Eq(ratio.args[0], exp(value)), f)
        return inner[0] if len(inner) == 1 else None
    return None


def _within_sigmoid(ratio: Expr, f: Symbol, value: Expr) -> Expr | None:
    """The f at which a + b*sigmoid(k*f) is the value."""
    for found in ratio.atoms(sigmoid):
        inner = found.args[0]
        rate = slope(inner, f)
        if f in rate.free_symbols or inner.subs(f, 0) != 0 or inner.could_extract_minus_sign():
            continue
        p = sympy.Dummy(positive=True)
        line = sympy.cancel(ratio.subs(sigmoid(-inner), 1 - p).subs(found, p))
        if f in line.free_symbols:
            continue
        gain = sympy.cancel(line.diff(p))
        if p in gain.free_symbols:
            continue
        share = tidy(sympy.cancel((value - line.subs(p, 0)) / gain))
        return log(turned(tidy(share / (1 - share)))) / rate
    return None


def of_shares(gradients: Sequence[tuple[Expr, ...]], scores: Sequence[Symbol], members: Sequence[frozenset[int]]) -> str:
    """ "log" or "logit" where the start is that of the classes' shares, else ""; tried with shares at random.

    `gradients` are those of the rows of each case, `members` the classes in each.
    """
    rng = random.Random(5)
    for name in ("log", "logit"):
        with mpmath.mp.workdps(30):
            if all(_balanced(gradients, scores, members, name, rng) for _ in range(2)):
                return name
    return ""


def _balanced(
    gradients: Sequence[tuple[Expr, ...]],
    scores: Sequence[Symbol],
    members: Sequence[frozenset[int]],
    link: str,
    rng: random.Random,
) -> bool:
    weights = [mpmath.mpf(rng.uniform(0.2, 1.0)) for _ in gradients]
    total = mpmath.fsum(weights)
    values: dict[str, Any] = {}
    for j, f in enumerate(scores):
        share = mpmath.fsum(w for w, classes in zip(weights, members, strict=True) if j in classes) / total
        values[f.name] = mpmath.log(share) if link == "log" else mpmath.log(share / (1 - share))
    for j in range(len(scores)):
        pulls = [w * number(g[j], values) for w, g in zip(weights, gradients, strict=True)]
        if not abs(mpmath.fsum(pulls)) < mpmath.mpf(10) ** -20 * total:
            return False
    return True


def evaluated(start: Start, values: Mapping[str, Any], y: Any, weight: Any) -> list[float]:
    """The closed form for targets and weights, with the parameters' values: what tests compare with `start`."""
    import numpy as np

    y, weight = np.asarray(y, float), np.asarray(weight, float)
    numbers: dict[str, Any] = dict(values)
    for name, of_y in start.means.items():
        rows = [w * _of_row(of_y, {**values, "y": v}) for v, w in zip(y.tolist(), weight.tolist(), strict=True)]
        numbers[name.name] = mpmath.fsum(rows) / mpmath.fsum(weight.tolist())
    return [float(number(c, numbers)) for c in start.closed]


def _of_row(of_y: Any, values: Mapping[str, Any]) -> Any:
    if of_y.is_Boolean or of_y.is_Relational:
        return number(sympy.Piecewise((1, of_y), (0, True)), values)
    return number(of_y, values)
