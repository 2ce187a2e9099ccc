"""An expression as the text of a formula, which is read back as the same expression."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.printing.str import StrPrinter

from .atoms import Atom
from .functions import FUNCTIONS

_NAMES = {"Abs": "abs", "loggamma": "lgamma"}


class _Printer(StrPrinter):
    def _print_Function(self, expr: Any) -> str:
        name = _NAMES.get(type(expr).__name__, type(expr).__name__)
        if isinstance(expr, Atom) and name not in FUNCTIONS:
            return str(self._print(expr.textbook(*expr.args)))
        if name == "polygamma" and expr.args[0] == 0:
            return f"digamma({self._print(expr.args[1])})"
        if name not in FUNCTIONS:
            raise ValueError(f"formula: {name} is not among the functions of formulas")
        return f"{name}({', '.join(map(self._print, expr.args))})"

    def _print_Abs(self, expr: Any) -> str:
        return f"abs({self._print(expr.args[0])})"

    def _print_Piecewise(self, expr: Any) -> str:
        *pieces, (last, _) = expr.args
        text = self._print(last)
        for value, condition in reversed(pieces):
            text = f"where({self._print(condition)}, {self._print(value)}, {text})"
        return text

    def _print_Relational(self, expr: Any) -> str:
        op = {"Eq": "==", "Ne": "!="}.get(expr.func.__name__.replace("Equality", "Eq").replace("Unequality", "Ne"), expr.rel_op)
        return f"{self._print(expr.lhs)} {op} {self._print(expr.rhs)}"

    def _print_And(self, expr: Any) -> str:
        return " and ".join(f"({self._print(a)})" for a in expr.args)

    def _print_Or(self, expr: Any) -> str:
        return " or ".join(f"({self._print(a)})" for a in expr.args)

    def _print_Not(self, expr: Any) -> str:
        return f"not ({self._print(expr.args[0])})"


def text_of(expr: sympy.Expr) -> str:
    """The expression in the language of formulas.

    Raises
    ------
    ValueError
        It has a function that formulas lack.
    """
    return str(_Printer({"order": "none"}).doprint(expr))
