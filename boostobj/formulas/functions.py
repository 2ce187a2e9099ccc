"""The functions that a formula may use, each as the textbook expression it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from sympy import exp, log


def _piecewise(condition: Any, a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    rest = b.args if isinstance(b, sympy.Piecewise) else ((b, True),)  # one list of pieces, however it was written
    return sympy.Piecewise((a, condition), *rest)


def _largest(*values: sympy.Expr) -> sympy.Expr:
    out = values[0]
    for value in values[1:]:
        out = _piecewise(out >= value, out, value)
    return out


def _smallest(*values: sympy.Expr) -> sympy.Expr:
    out = values[0]
    for value in values[1:]:
        out = _piecewise(out <= value, out, value)
    return out


def _chosen(place: sympy.Expr, *values: sympy.Expr) -> sympy.Expr:
    """values[place], for a place among 0, 1, ..."""
    pairs = [(value, sympy.Eq(place, i)) for i, value in enumerate(values[:-1])]
    return sympy.Piecewise(*pairs, (values[-1], True))


def _log_sum_exp(*values: sympy.Expr) -> sympy.Expr:
    return log(sympy.Add(*map(exp, values)))


def _norm_cdf(x: sympy.Expr) -> sympy.Expr:
    return sympy.erfc(-x / sympy.sqrt(2)) / 2


def _norm_pdf(x: sympy.Expr) -> sympy.Expr:
    return exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)


def _xlogy(x: sympy.Expr, y: sympy.Expr) -> sympy.Expr:
    return _piecewise(sympy.Eq(x, 0), sympy.Integer(0), x * log(y))


FUNCTIONS: dict[str, tuple[Callable[..., sympy.Expr], int, int]] = {
    "exp": (exp, 1, 1),
    "expm1": (lambda x: exp(x) - 1, 1, 1),
    "log": (log, 1, 1),
    "log1p": (lambda x: log(1 + x), 1, 1),
    "sqrt": (sympy.sqrt, 1, 1),
    "abs": (sympy.Abs, 1, 1),
    "sign": (sympy.sign, 1, 1),
    "max": (_largest, 2, 8),
    "min": (_smallest, 2, 8),
    "where": (_piecewise, 3, 3),
    "choose": (_chosen, 3, 9),
    "square": (lambda x: x**2, 1, 1),
    "sinh": (sympy.sinh, 1, 1),
    "cosh": (sympy.cosh, 1, 1),
    "tanh": (sympy.tanh, 1, 1),
    "atan": (sympy.atan, 1, 1),
    "log_cosh": (lambda x: log(sympy.cosh(x)), 1, 1),
    "sigmoid": (lambda x: 1 / (1 + exp(-x)), 1, 1),
    "logit": (lambda x: log(x / (1 - x)), 1, 1),
    "softplus": (lambda x: log(1 + exp(x)), 1, 1),
    "log_sigmoid": (lambda x: -log(1 + exp(-x)), 1, 1),
    "logaddexp": (_log_sum_exp, 2, 2),
    "logsumexp": (_log_sum_exp, 2, 8),
    "hypot": (lambda x, y: sympy.sqrt(x**2 + y**2), 2, 2),
    "xlogy": (_xlogy, 2, 2),
    "lgamma": (sympy.loggamma, 1, 1),
    "digamma": (sympy.digamma, 1, 1),
    "erf": (sympy.erf, 1, 1),
    "erfc": (sympy.erfc, 1, 1),
    "norm_cdf": (_norm_cdf, 1, 1),
    "norm_pdf": (_norm_pdf, 1, 1),
}
"""name: (what it is, the least and the largest number of its arguments)"""

CONSTANTS: dict[str, sympy.Expr] = {"pi": sympy.pi}
