"""Functions that derivations call by name, with the derivatives that a person writes: tanh(x) squared, p*(1 - p)."""

from __future__ import annotations

import sympy
from sympy import Add, Expr, Integer, Piecewise, erfc, exp

from .atoms import Atom


class softplus(Atom):
    """log(1 + exp(x))"""

    nargs = 1
    is_positive = True

    @classmethod
    def textbook(cls, x: Expr) -> Expr:
        return sympy.log(1 + exp(x))

    def fdiff(self, argindex: int = 1) -> Expr:
        return sigmoid(self.args[0])


class sigmoid(Atom):
    """1/(1 + exp(-x))"""

    nargs = 1
    is_positive = True

    @classmethod
    def textbook(cls, x: Expr) -> Expr:
        return 1 / (1 + exp(-x))

    def fdiff(self, argindex: int = 1) -> Expr:
        return sigmoid(self.args[0]) * sigmoid(-self.args[0])


class log_cosh(Atom):
    """log(cosh(x))"""

    nargs = 1
    is_nonnegative = True

    @classmethod
    def textbook(cls, x: Expr) -> Expr:
        return sympy.log(sympy.cosh(x))

    def fdiff(self, argindex: int = 1) -> Expr:
        return sympy.tanh(self.args[0])


class above(Atom):
    """1 where x > 0, else 0; its derivative is 0 where it has one"""

    nargs = 1
    is_nonnegative = True
    is_integer = True

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        return None if x.is_number is False or x.is_comparable is not True else Integer(int(bool(x > 0)))

    @classmethod
    def textbook(cls, x: Expr) -> Expr:
        return Piecewise((1, x > 0), (0, True))

    def fdiff(self, argindex: int = 1) -> Expr:
        return Integer(0)


class norm_cdf(Atom):
    """the standard normal distribution function"""

    nargs = 1
    is_positive = True

    @classmethod
    def textbook(cls, x: Expr) -> Expr:
        return erfc(-x / sympy.sqrt(2)) / 2

    def fdiff(self, argindex: int = 1) -> Expr:
        return norm_pdf(self.args[0])


class norm_pdf(Atom):
    """the standard normal density"""

    nargs = 1
    is_positive = True

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        return cls(distributed(-x)) if x.could_extract_minus_sign() else None

    @classmethod
    def textbook(cls, x: Expr) -> Expr:
        return exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)

    def fdiff(self, argindex: int = 1) -> Expr:
        return -self.args[0] * norm_pdf(self.args[0])


def distributed(x: Expr) -> Expr:
    """-(a - b) as b - a."""
    if x.is_Mul and x.could_extract_minus_sign():
        for factor in sorted(x.args, key=lambda t: not t.is_Add):
            base, power = factor.as_base_exp()
            if base.is_Add and abs(power) == 1:
                return x / factor / -1 * Add(*(-t for t in base.args)) ** power
    return x
