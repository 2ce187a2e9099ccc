"""Expressions evaluated in mpmath, with as many digits as asked for; symbols are found by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mpmath
import sympy
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Not, Or

from .atoms import Atom

DIGITS = 50
"""Of the working precision where formulas are compared."""

_RELATIONS = {
    sympy.Eq: lambda a, b: a == b,
    sympy.Ne: lambda a, b: a != b,
    sympy.Lt: lambda a, b: a < b,
    sympy.Le: lambda a, b: a <= b,
    sympy.Gt: lambda a, b: a > b,
    sympy.Ge: lambda a, b: a >= b,
}
_NAMES = {"Abs": "fabs", "sign": "sign", "polygamma": "polygamma", "loggamma": "loggamma"}


def number(expr: Any, values: Mapping[str, Any]) -> Any:
    """The value of an expression at these numbers, an mpf; nan where it has none.

    Parameters
    ----------
    expr : sympy.Expr
    values : mapping of names to numbers
        One for each symbol.
    """
    try:
        found = _Evaluation(values).of(expr)
    except (ZeroDivisionError, ValueError, OverflowError):
        return mpmath.mp.nan
    return found if isinstance(found, mpmath.mpf) else mpmath.mp.nan  # a complex number is no loss


def holds(condition: Any, values: Mapping[str, Any]) -> bool:
    """Whether a condition holds at these numbers."""
    return _Evaluation(values).holds(condition)


class _Evaluation:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name: mpmath.mpf(value) for name, value in values.items()}
        self.done: dict[Any, Any] = {}

    def of(self, expr: Any) -> Any:
        if expr not in self.done:
            self.done[expr] = self._of(expr)
        return self.done[expr]

    def _of(self, expr: Any) -> Any:
        mp = mpmath.mp
        if isinstance(expr, sympy.Symbol):
            return self.values[expr.name]
        if isinstance(expr, sympy.Rational):
            return mp.mpf(expr.p) / expr.q
        if isinstance(expr, (sympy.Float, sympy.NumberSymbol)) or expr in (sympy.oo, -sympy.oo):
            return mp.mpf(expr._to_mpmath(mp.prec)) if expr.is_finite else mp.inf * sympy.sign(expr)
        if isinstance(expr, sympy.Add):
            return mp.fsum(map(self.of, expr.args))
        if isinstance(expr, sympy.Mul):
            return mp.fprod(map(self.of, expr.args))
        if isinstance(expr, sympy.Pow):
            base, power = map(self.of, expr.args)
            return mp.power(base, power)
        if isinstance(expr, sympy.Piecewise):
            for value, condition in expr.args:
                if self.holds(condition):
                    return self.of(value)
            return mp.nan
        if isinstance(expr, Atom):
            return self.of(expr.textbook(*expr.args))
        if isinstance(expr, sympy.Max):
            return max(map(self.of, expr.args))
        if isinstance(expr, sympy.Min):
            return min(map(self.of, expr.args))
        name = type(expr).__name__
        return getattr(mp, _NAMES.get(name, name))(*map(self.of, expr.args))

    def holds(self, condition: Any) -> bool:
        if isinstance(condition, (BooleanTrue, BooleanFalse)):
            return bool(condition)
        if isinstance(condition, And):
            return all(map(self.holds, condition.args))
        if isinstance(condition, Or):
            return any(map(self.holds, condition.args))
        if isinstance(condition, Not):
            return not self.holds(condition.args[0])
        assert isinstance(condition, Relational)
        return bool(_RELATIONS[type(condition)](*map(self.of, condition.args)))


def close(a: Any, b: Any, points: Sequence[Mapping[str, Any]]) -> bool:
    """Whether two expressions agree in thirty digits at all points where both have values, of which there must be one."""
    seen = False
    with mpmath.mp.workdps(DIGITS):
        for point in points:
            u, v = number(a, point), number(b, point)
            if not (mpmath.isfinite(u) and mpmath.isfinite(v)):
                continue
            seen = True
            if abs(u - v) > mpmath.mpf(10) ** -30 * max(abs(u), abs(v), 1):
                return False
    return seen
