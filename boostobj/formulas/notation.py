"""Expressions as plain text and as LaTeX, in the way that derivations are written."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import precedence
from sympy.printing.str import StrPrinter

from .atoms import Atom

_TEXT = {"loggamma": "lgamma", "signum": "sign"}
_LATEX = {
    "softplus": r"\operatorname{softplus}",
    "sigmoid": r"\sigma",
    "log_cosh": r"\log\cosh",
    "log1p": r"\operatorname{log1p}",
    "expm1": r"\operatorname{expm1}",
    "norm_cdf": r"\Phi",
    "norm_pdf": r"\varphi",
    "loggamma": r"\log\Gamma",
}
_GREEK = {"alpha", "beta", "gamma", "delta", "epsilon"}


def text(expr: Any) -> str:
    """In the signs of Python, which a formula may have too; [a > b] is 1 where a > b, else 0."""
    return str(_Text().doprint(expr))


def latex(expr: Any) -> str:
    return str(_Latex({"fold_func_brackets": False, "ln_notation": False}).doprint(expr))


def _sides(x: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """x > 0 as a > b without a minus."""
    terms = sympy.Add.make_args(x)
    low = [-t for t in terms if t.could_extract_minus_sign()]
    return sympy.Add(*(t for t in terms if not t.could_extract_minus_sign())), sympy.Add(*low)


def _terms(expr: sympy.Add) -> list[sympy.Expr]:
    """The terms of a sum, one without a minus first if there is one; numbers last behind a term that is no number."""
    terms = list(expr.as_ordered_terms())
    return sorted(terms, key=lambda t: t.could_extract_minus_sign())


def _readable(relation: Any) -> Any:
    """A comparison with what moves on the left."""
    left, right = relation.lhs, relation.rhs
    if left.is_number or (isinstance(right, sympy.Symbol) and not isinstance(left, sympy.Symbol) and right.name[0] in "fy"):
        relation = relation.reversed
    if len(relation.free_symbols) == 1 and relation.lhs.is_Add and relation.rhs.is_number:
        (x,) = relation.free_symbols
        gain, rest = relation.lhs.coeff(x), relation.lhs.subs(x, 0)
        if gain.is_number and gain != 0 and sympy.expand(relation.lhs - gain * x - rest) == 0:
            operator = relation.func if gain > 0 else relation.reversed.func
            return operator(x, (relation.rhs - rest) / gain)
    return relation


class _Text(StrPrinter):
    def _print_Add(self, expr: Any, order: Any = None) -> str:
        out = ""
        for term in _terms(expr):
            one = self.parenthesize(-term if term.could_extract_minus_sign() else term, precedence(expr))
            out += (" - " if out else "-") + one if term.could_extract_minus_sign() else (" + " if out else "") + one
        return out

    def _print_Abs(self, expr: Any) -> str:
        return f"|{self._print(expr.args[0])}|"

    def _print_above(self, expr: Any) -> str:
        a, b = _sides(expr.args[0])
        return f"[{self._print(a)} > {self._print(b)}]"

    def _print_absolute(self, expr: Any) -> str:
        return self._print_Abs(expr)

    def _print_Max(self, expr: Any) -> str:
        return f"max({', '.join(map(self._print, sorted(expr.args, key=lambda x: (not x.is_number, str(x)))))})"

    def _print_Min(self, expr: Any) -> str:
        return f"min({', '.join(map(self._print, sorted(expr.args, key=lambda x: (not x.is_number, str(x)))))})"

    def _print_Function(self, expr: Any) -> str:
        name = type(expr).__name__
        return f"{_TEXT.get(name, name)}({', '.join(map(self._print, expr.args))})"

    def _print_Piecewise(self, expr: Any) -> str:
        if len(expr.args) == 2 and (expr.args[0][0], expr.args[1][0]) == (1, 0):
            return f"[{self._print(expr.args[0][1])}]"
        *pieces, (last, condition) = expr.args
        out = self._print(last) if condition == sympy.true else f"where({self._print(condition)}, {self._print(last)})"
        for value, where in reversed(pieces):
            out = f"where({self._print(where)}, {self._print(value)}, {out})"
        return out

    def _print_Relational(self, expr: Any) -> str:
        expr = _readable(expr)
        op = {"==": "=", "!=": "!="}.get(expr.rel_op, expr.rel_op)
        return f"{self._print(expr.lhs)} {op} {self._print(expr.rhs)}"

    def _print_And(self, expr: Any) -> str:
        return " and ".join(map(self._print, sorted(expr.args, key=str)))

    def _print_Or(self, expr: Any) -> str:
        return " or ".join(f"({self._print(a)})" if a.is_And else self._print(a) for a in sorted(expr.args, key=str))

    def _print_Not(self, expr: Any) -> str:
        return f"not ({self._print(expr.args[0])})"

    def _print_Infinity(self, expr: Any) -> str:
        return "inf"


class _Latex(LatexPrinter):
    def _print_Add(self, expr: Any, order: Any = None) -> str:
        out = ""
        for term in _terms(expr):
            minus = term.could_extract_minus_sign()
            body = self._print(-term if minus else term)
            body = rf"\left({body}\right)" if minus and (-term).is_Add else body
            out += (" - " if out else "- ") + body if minus else (" + " if out else "") + body
        return out

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        name = expr.name
        if name == "y_i":
            return name
        stem = name.rstrip("0123456789")
        place = name[len(stem) :]
        shown = f"\\{stem}" if stem in _GREEK else stem if len(stem) == 1 else rf"\mathrm{{{stem}}}".replace("_", r"\_")
        return shown + (f"_{{{place}}}" if place else "")

    def _print_above(self, expr: Any, exp: Any = None) -> str:
        a, b = _sides(expr.args[0])
        return self._raised(rf"\left[{self._print(a)} > {self._print(b)}\right]", exp)

    @staticmethod
    def _raised(shown: str, exp: Any) -> str:
        return shown if exp is None else f"{shown}^{{{exp}}}"

    def _print_Piecewise(self, expr: Any) -> str:
        if len(expr.args) == 2 and (expr.args[0][0], expr.args[1][0]) == (1, 0):
            return rf"\left[{self._print(expr.args[0][1])}\right]"
        return str(super()._print_Piecewise(expr))

    def _print_Function(self, expr: Any, exp: Any = None) -> str:
        if not isinstance(expr, Atom):
            return str(super()._print_Function(expr, exp))
        name = type(expr).__name__.replace("_", r"\_")
        return self._raised(rf"\operatorname{{{name}}}\left({', '.join(map(self._print, expr.args))}\right)", exp)

    def _print_absolute(self, expr: Any, exp: Any = None) -> str:
        return self._raised(rf"\left|{self._print(expr.args[0])}\right|", exp)

    def _print_signum(self, expr: Any, exp: Any = None) -> str:
        return self._print_sign(expr, exp)

    def _print_tanh(self, expr: Any, exp: Any = None) -> str:
        return self._raised(rf"\tanh\left({self._print(expr.args[0])}\right)", exp)

    def _print_sign(self, expr: Any, exp: Any = None) -> str:
        return self._raised(rf"\operatorname{{sign}}\left({self._print(expr.args[0])}\right)", exp)

    def _print_Relational(self, expr: Any) -> str:
        expr = _readable(expr)
        return str(super()._print_Relational(expr))

    def _print_And(self, expr: Any) -> str:
        return r" \text{ and } ".join(map(self._print, sorted(expr.args, key=str)))


def _named(name: str) -> Any:
    def method(self: _Latex, expr: Any, exp: Any = None) -> str:
        return self._raised(rf"{_LATEX[name]}\left({self._print(expr.args[0])}\right)", exp)

    return method


for _name in _LATEX:
    setattr(_Latex, f"_print_{_name}", _named(_name))
