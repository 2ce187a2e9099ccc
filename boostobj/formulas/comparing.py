"""A gradient that somebody derived by hand, held against the right one: whether they agree, where not, and what was slipped."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import mpmath
import sympy
from sympy import Expr, Symbol

from . import notation
from .chains import chained, familiar, tidy
from .familiar import sigmoid
from .numbers import number

POINTS = 60
SHOWN = 6
_DIGITS = 40
_AGREES = 25
"""Digits in which two formulas must agree to count as one."""
_SIMPLE = 80
"""Operations up to which it is tried to prove it."""


@dataclass(frozen=True)
class Row:
    """One place where the two differ."""

    values: dict[str, float]
    theirs: float
    ours: float

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours if self.ours else math.copysign(math.inf, self.theirs)


@dataclass(frozen=True)
class Comparison:
    """What came out; true where the two are the same function."""

    equal: bool
    proved: bool
    """Whether symbolically; else by many points in 25 digits."""
    what: str
    theirs: Expr
    ours: Expr
    diagnosis: str = ""
    rows: tuple[Row, ...] = ()
    points: int = 0
    wrong: int = 0
    """At how many of the points they differ."""
    names: tuple[str, ...] = field(default=())

    def __bool__(self) -> bool:
        return self.equal

    def __str__(self) -> str:
        if self.equal:
            how = "their difference is 0" if self.proved else f"they agree in {_AGREES} digits at {self.points} points"
            return f"The {self.what} is right: {how}.\n"
        head = [f"The {self.what} is wrong at {self.wrong} of {self.points} points: {self.diagnosis}"]
        head += ["", f"    typed    {notation.text(self.theirs)}", f"    right    {notation.text(self.ours)}", ""]
        columns = [*self.names, "typed", "right", "ratio"]
        table = [columns, *([*(f"{r.values[n]:.4g}" for n in self.names), *_cells(r)] for r in self.rows)]
        widths = [max(len(row[i]) for row in table) for i in range(len(columns))]
        lines = ["    " + "   ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
        return "\n".join(head + lines) + "\n"


def _cells(row: Row) -> list[str]:
    return [f"{row.theirs:.6g}", f"{row.ours:.6g}", f"{row.ratio:.6g}"]


def compare(
    ours: Expr,
    typed: Expr,
    *,
    loss: Expr | None = None,
    scores: Sequence[Symbol] = (),
    sample: Callable[[random.Random], Mapping[str, float]] | None = None,
    what: str = "gradient",
) -> Comparison:
    """Whether a typed formula is the right one.

    Parameters
    ----------
    ours, typed : sympy.Expr
        Of symbols with the same names.
    loss : sympy.Expr, optional
        What `ours` is the derivative of, for the diagnosis.
    scores : sequence of sympy.Symbol
        The raw scores; the first is the one that `ours` is the derivative with respect to.
    sample : callable, optional
        sample(rng) is a number for each name. Default: standard normal, and for names other than y and the scores numbers
        about 1.
    what : str
        "gradient" or "Hessian", for the words.

    Returns
    -------
    Comparison
    """
    own = {s.name: s for s in ours.free_symbols | (loss.free_symbols if loss is not None else set()) | set(scores)}
    typed = typed.xreplace({s: own[s.name] for s in typed.free_symbols if s.name in own})
    names = sorted({s.name for s in ours.free_symbols | typed.free_symbols}, key=_order)
    sample = sample or (lambda rng: _anywhere(names, rng))
    rng = random.Random(7)
    rows, agreed, looked = [], 0, 0
    with mpmath.mp.workdps(_DIGITS):
        for _ in range(POINTS):
            values = {name: float(v) for name, v in sample(rng).items()}
            for name in names:
                values.setdefault(name, math.exp(rng.gauss(0, 0.5)))
            a, b = number(typed, values), number(ours, values)
            if not mpmath.isfinite(b):
                continue  # no derivative there
            looked += 1
            if mpmath.isfinite(a) and abs(a - b) <= mpmath.mpf(10) ** -_AGREES * max(abs(a), abs(b)):
                agreed += 1
                continue
            rows.append((values, a, b))
        if not rows:
            proved = typed.count_ops() + ours.count_ops() <= _SIMPLE and _is_zero(typed - ours)
            return Comparison(True, proved, what, typed, ours, points=looked)
        diagnosis = _diagnosis(rows, agreed, typed, ours, loss, tuple(scores), names, what)
        shown = [Row(values, float(a), float(b)) for values, a, b in rows[:SHOWN]]
    return Comparison(
        False, False, what, typed, ours, diagnosis, tuple(shown), looked, len(rows), tuple(n for n in names if _varies(rows, n))
    )


def _order(name: str) -> tuple[int, str]:
    """0 for a target, 1 for a score, 2 for a parameter."""
    if name in ("lower", "upper") or _is_place(name, "y"):
        return 0, name
    return 1 if _is_place(name, "f") else 2, name


def _is_place(name: str, letter: str) -> bool:
    return name == letter or (name[0] == letter and name[1:].isdigit())


def _varies(rows: Sequence[tuple], name: str) -> bool:
    return _order(name)[0] < 2 or len({values[name] for values, _, _ in rows}) > 1


def _anywhere(names: Sequence[str], rng: random.Random) -> dict[str, float]:
    return {n: rng.gauss(0, 1.5) if _order(n)[0] < 2 else math.exp(rng.gauss(0, 0.5)) for n in names}


def _is_zero(expr: Expr) -> bool:
    try:
        plain = expr.doit()
        return any(sympy.simplify(form) == 0 for form in (plain, plain.rewrite(sympy.exp)))
    except (NotImplementedError, TypeError, ValueError, RecursionError):
        return False


def _diagnosis(
    rows: list,
    agreed: int,
    typed: Expr,
    ours: Expr,
    loss: Expr | None,
    scores: tuple[Symbol, ...],
    names: Sequence[str],
    what: str,
) -> str:
    points = [values for values, _, _ in rows]
    if any(not mpmath.isfinite(a) for _, a, _ in rows):
        values = next(values for values, a, _ in rows if not mpmath.isfinite(a))
        return f"it has no finite real value at {_place(values, names)}."
    everywhere = agreed == 0

    def same(candidate: Expr) -> bool:
        return _equal(typed, candidate, points)

    if everywhere and same(-ours):
        return "the sign is flipped."
    constant = _ratio(rows)
    if everywhere and constant is not None:
        return (
            f"it is {_known(constant)} times too large: a constant factor."
            if abs(constant) > 1
            else (f"it is {_known(constant)} of the right one: a constant factor.")
        )
    for power in (1, -1, 2, -2):
        for name in (n for n in names if _order(n)[0] == 2):
            s = next(x for x in (ours - typed).free_symbols | ours.free_symbols | typed.free_symbols if x.name == name)
            for sign in (1, -1):
                if everywhere and same(sign * s**power * ours):
                    return f"it has a factor {notation.text(sign * s**power)} too many: a scale that cancels or is missing."
    if loss is not None and scores:
        found = _of_the_chain(same, loss, ours, scores, what)
        if found:
            return found
    if everywhere:
        for place, word in ((0, "the target"), (1, "the raw score")):
            if _ratio_depends_only_on(rows, ours, typed, place, names):
                return f"it is off by a factor that depends on {word} alone."
    if not everywhere:
        signs = _only_where(rows, agreed)
        return f"they agree at {agreed} points: a piece or a condition is wrong{signs}."
    if _equal(typed - ours, sympy.Integer(0), points, relative_to=typed):
        return "they differ by rounding alone."
    difference = _constant_difference(rows)
    if difference is not None:
        return f"it is {_known(difference)} more than the right one everywhere: a term is wrong."
    return "the two are different functions."


def _of_the_chain(same: Callable[[Expr], bool], loss: Expr, ours: Expr, scores: tuple[Symbol, ...], what: str) -> str:
    f = scores[0]
    second = sympy.diff(loss, f, 2)
    first = what.startswith("gradient")
    if first and same(second):
        return "this is the Hessian."
    if not first and same(sympy.diff(loss, f)):
        return "this is the gradient."
    if same(loss):
        return "this is the loss itself."
    if isinstance(loss, sympy.Piecewise):
        return ""
    targets = [s for s in loss.free_symbols if _order(s.name)[0] == 0]
    chain = chained(loss, scores, targets)
    inner: dict[str, Expr] = {}
    for step in chain.steps:
        slope = sympy.diff(chain.written_out(step.meaning), f)
        if slope not in (0, 1):
            meaning = chain.written_out(step.meaning)
            inner[f"{step.name} = {notation.text(meaning)}"] = tidy(slope)
    inner[f"p = sigmoid({f})"] = sigmoid(f) * sigmoid(-f)
    inner[f"m = exp({f})"] = sympy.exp(f)
    verb = "derivative" if first else "right one"
    for words, of in inner.items():
        rate = f"the chain-rule factor d{words.partition(' ')[0]}/d{f} = {notation.text(familiar(of))}"
        if same(ours / of):
            return f"{rate} is missing: this is the {verb} with respect to {words}."
        if same(ours * of):
            return f"{rate} is there once too often, with {words}."
    return ""


def _equal(a: Expr, b: Expr, points: Sequence[Mapping[str, Any]], relative_to: Expr | None = None) -> bool:
    for values in points[:25]:
        u, v = number(a, values), number(b, values)
        if not (mpmath.isfinite(u) and mpmath.isfinite(v)):
            return False
        size = abs(number(relative_to, values)) if relative_to is not None else max(abs(u), abs(v))
        if abs(u - v) > mpmath.mpf(10) ** (-12 if relative_to is not None else -_AGREES) * size:
            return False
    return True


def _ratio(rows: Sequence[tuple]) -> float | None:
    """What theirs is times ours, where that is one number."""
    if any(b == 0 for _, _, b in rows):
        return None
    ratios = [a / b for _, a, b in rows]
    same = all(abs(r - ratios[0]) <= abs(ratios[0]) * mpmath.mpf(10) ** -15 for r in ratios)
    return float(ratios[0]) if same and len(rows) > 2 else None


def _constant_difference(rows: Sequence[tuple]) -> float | None:
    gaps = [a - b for _, a, b in rows]
    same = all(abs(g - gaps[0]) <= abs(gaps[0]) * mpmath.mpf(10) ** -15 for g in gaps)
    return float(gaps[0]) if same and len(rows) > 2 else None


def _ratio_depends_only_on(rows: Sequence[tuple], ours: Expr, typed: Expr, place: int, names: Sequence[str]) -> bool:
    """Whether theirs/ours stays when everything but the target (or the score) moves."""
    kept = {n for n in names if _order(n)[0] == place}
    if not kept:
        return False
    for i in range(min(8, len(rows) - 1)):
        here, other = rows[i][0], rows[i + 1][0]
        moved = {name: value if name in kept else other[name] for name, value in here.items()}
        pairs = [(number(typed, v), number(ours, v)) for v in (here, moved)]
        if any(not (mpmath.isfinite(a) and mpmath.isfinite(b)) or b == 0 for a, b in pairs):
            return False
        first, second = (a / b for a, b in pairs)
        if abs(first - second) > abs(first) * mpmath.mpf(10) ** -15:
            return False
    return True


def _only_where(rows: Sequence[tuple], agreed: int) -> str:
    if all({"y", "f"} <= set(values) for values, _, _ in rows):
        if all(values["f"] > values["y"] for values, _, _ in rows):
            return ", where f > y"
        if all(values["f"] < values["y"] for values, _, _ in rows):
            return ", where f < y"
    classes = {values.get("y") for values, _, _ in rows}
    return f", where y = {classes.pop():g}" if len(classes) == 1 and None not in classes else ""


def _known(value: float) -> str:
    """As a fraction where it is a simple one."""
    nice = sympy.nsimplify(sympy.Float(value, 15), rational=True, tolerance=1e-12)
    return str(nice) if nice.q <= 64 and abs(nice.p) <= 1000 else f"{value:.6g}"


def _place(values: Mapping[str, float], names: Sequence[str]) -> str:
    return ", ".join(f"{name} = {values[name]:.4g}" for name in names)
