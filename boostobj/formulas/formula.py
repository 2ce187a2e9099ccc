"""A loss as a symbolic expression: what formulas, traced functions and definitions all become."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sympy


@dataclass(frozen=True)
class Formula:
    """The loss of one row.

    `loss` is an expression of the symbols below and of nothing else, made of SymPy's own functions, as a textbook has it
    (log(1 + exp(f)), not softplus(f)): it is the law, against which everything that is derived from it is measured.
    """

    loss: sympy.Expr
    targets: tuple[sympy.Symbol, ...]
    """y, or the two ends of an interval."""
    scores: tuple[sympy.Symbol, ...]
    """f, or f0, f1, ... where there are several per row."""
    parameters: dict[str, sympy.Symbol] = field(default_factory=dict)

    @property
    def gradient(self) -> tuple[sympy.Expr, ...]:
        """The derivative with respect to each score, as SymPy finds it."""
        return tuple(sympy.diff(self.loss, f) for f in self.scores)

    @property
    def hessian(self) -> tuple[sympy.Expr, ...]:
        """The second derivative with respect to each score: the diagonal that boosters use."""
        return tuple(sympy.diff(self.loss, f, 2) for f in self.scores)


def symbol(name: str, **assumptions: Any) -> sympy.Symbol:
    """A real symbol: every name in a formula is a number."""
    return sympy.Symbol(name, real=True, **assumptions)
