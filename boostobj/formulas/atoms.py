"""Functions that hide a cancellation or an overflow, with derivatives that hide it too.

Each stands for a textbook expression (`doit` gives it back) and for a function of `boostobj.elementary` that has all its
digits everywhere. A loss that is written in them has derivatives in them.
"""

from __future__ import annotations

from typing import Any

import sympy


class Atom(sympy.Function):
    """A function of one real argument."""

    nargs = 1
    is_extended_real = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        raise NotImplementedError

    def doit(self, **hints: Any) -> sympy.Expr:
        x = self.args[0].doit(**hints) if hints.get("deep", True) else self.args[0]
        return self.textbook(x)

    def _eval_evalf(self, prec: int) -> sympy.Expr:
        return self.textbook(self.args[0])._eval_evalf(prec)


class softplus(Atom):
    """log(1 + exp(x))"""

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.log(1 + sympy.exp(x))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sigmoid(self.args[0])


class sigmoid(Atom):
    """1/(1 + exp(-x)); of opposite arguments it adds up to 1"""

    is_positive = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return 1 / (1 + sympy.exp(-x))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sigmoid(self.args[0]) * sigmoid(-self.args[0])


class log_cosh(Atom):
    """log(cosh(x))"""

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.log(sympy.cosh(x))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.tanh(self.args[0])


class log1p(Atom):
    """log(1 + x)"""

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.log(1 + x)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return 1 / (1 + self.args[0])


class expm1(Atom):
    """exp(x) - 1"""

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.exp(x) - 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.exp(self.args[0])
