"""Textbook expressions, rewritten so that no digit is lost and nothing overflows.

Two passes, both from the leaves up. `in_atoms` replaces what hides a cancellation or an overflow by functions that do not
(log(1 + exp(x)) by softplus(x)); it is exact and done before differentiating, for derivatives of such functions are such
functions. `settled` looks at differences of what is left (sigmoid(x) - y, 1 - sigmoid(x)); it is done to every result.
`candidates` are other forms of a result that are equal; which one keeps its digits is measured, not guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy
from sympy import Add, Expr, Integer, Mul, Pow, Rational, exp, log

from .atoms import (
    absolute,
    cauchy_slope,
    exp_complement,
    exp_residual,
    expm1,
    expm1_excess,
    hypot1,
    hypot1_excess,
    hypot1_slope,
    log1p,
    log1p_square,
    log_cosh,
    log_norm_cdf,
    logaddexp,
    logsumexp,
    lorentz,
    norm_cdf,
    scaled_exp,
    scaled_sigmoid,
    scaled_sigmoid_square,
    sech2,
    sigmoid,
    sigmoid_residual,
    signum,
    softmax,
    softmax_missed,
    softplus,
    tanh,
    xlogx,
)

_HALF = Rational(1, 2)


def _from_leaves(expr: Expr, rule: Callable[[Expr], Expr]) -> Expr:
    """The rule applied to every part, the smallest first."""
    if not expr.args:
        return expr
    if isinstance(expr, sympy.Piecewise):
        pairs = []
        for value, condition in expr.args:
            if isinstance(condition, sympy.core.relational.Relational | sympy.logic.boolalg.BooleanFunction):
                condition = condition.func(*(_from_leaves(a, rule) for a in condition.args))
            pairs.append((_from_leaves(value, rule), condition))
        return rule(sympy.Piecewise(*pairs))
    args = [_from_leaves(a, rule) for a in expr.args]
    if all(a is b for a, b in zip(args, expr.args, strict=True)):
        return rule(expr)
    return rule(expr.func(*args))


def _settle(expr: Expr, rule: Callable[[Expr], Expr]) -> Expr:
    for _ in range(8):
        before = expr
        expr = _from_leaves(expr, rule)
        if expr == before:
            break
    return expr


# ---------------------------------------------------------------------------------------------------------------------
# Pass one


def in_atoms(expr: Expr) -> Expr:
    """The expression in functions that keep their digits, wherever a textbook form of one is recognised."""
    return _settle(expr, _atom)


def _atom(expr: Expr) -> Expr:
    if isinstance(expr, log):
        return _log(expr.args[0])
    if isinstance(expr, Pow):
        return _power(expr)
    if isinstance(expr, Mul):
        return _product(expr)
    if isinstance(expr, Add):
        return _constants(expr)
    if isinstance(expr, sympy.Abs):
        return absolute(expr.args[0])
    if isinstance(expr, sympy.sign):
        return signum(expr.args[0])
    if isinstance(expr, sympy.tanh):
        return tanh(expr.args[0])
    if isinstance(expr, sympy.erfc):
        return 2 * norm_cdf(sympy.expand(-sympy.sqrt(2) * expr.args[0]))
    return expr


def _exponential(term: Expr) -> Expr | None:
    """a of a term exp(a) with a positive number before it; None of another term."""
    c, rest = term.as_coeff_Mul()
    if not c.is_positive:
        return None
    if rest == 1:
        return log(c)
    found = Integer(0)
    for factor in Mul.make_args(rest):
        if isinstance(factor, exp):
            found += factor.args[0]
        elif factor.is_positive and not factor.has(sympy.Add):
            found += log(factor)
        else:
            return None
    return log(c) + found


def _exponentials(expr: Expr) -> list[Expr] | None:
    """a, b, ... of exp(a) + exp(b) + ...; None of another sum."""
    if not isinstance(expr, Add) or not expr.has(exp):
        return None
    found = [_exponential(term) for term in expr.args]
    return None if None in found else sorted(found, key=sympy.default_sort_key)


def _square_root(expr: Expr) -> Expr | None:
    """z of z**2, a product of even powers; None of another expression."""
    root = Integer(1)
    for factor in Mul.make_args(expr):
        base, power = factor.as_base_exp()
        if factor.is_Rational and factor.is_positive:
            root *= sympy.sqrt(factor)
        elif factor.func is exp:
            root *= exp(factor.args[0] / 2)
        elif power.is_Integer and power % 2 == 0:
            root *= base ** (power / 2)
        elif factor.is_positive and base.is_Symbol:
            root *= base ** (power / 2)
        else:
            return None
    return root


def _one_and_square(expr: Expr) -> Expr | None:
    """z of 1 + z**2; None of another expression."""
    if isinstance(expr, Add) and len(expr.args) == 2 and Integer(1) in expr.args:
        other = expr - 1
        if not other.is_number:
            return _square_root(other)
    return None


def _two_squares(expr: Expr) -> tuple[Expr, Expr] | None:
    """c, z of c**2 + z**2 = c**2*(1 + (z/c)**2), for a positive c that is no score or target; None of another expression."""
    if not (isinstance(expr, Add) and len(expr.args) == 2):
        return None
    for first, second in (expr.args, expr.args[::-1]):
        if first.is_positive and not _moves(first):
            c, z = _square_root(first), _square_root(second)
            if c is not None and z is not None and c.is_positive and not z.is_number:
                return c, z
    return None


def _log(x: Expr) -> Expr:
    if isinstance(x, sigmoid):
        return -softplus(-x.args[0])
    if isinstance(x, exp):
        return x.args[0]
    if isinstance(x, sympy.cosh):
        return log_cosh(x.args[0])
    if isinstance(x, norm_cdf):
        return log_norm_cdf(x.args[0])
    if isinstance(x, hypot1):
        return log1p_square(x.args[0]) / 2
    if isinstance(x, lorentz):
        return -log1p_square(x.args[0])
    if isinstance(x, softmax):
        i, *args = x.args
        return -softmax_missed(i, *args)
    if isinstance(x, Mul):
        parts = [f for f in x.args if f.is_positive]
        if parts:
            rest = Mul(*(f for f in x.args if not f.is_positive))
            return Add(*map(log, parts)) + (log(rest) if rest != 1 else 0)
    if isinstance(x, Pow) and x.base.is_positive:
        return x.exp * log(x.base)
    if isinstance(x, Add):
        found = _exponentials(x)
        if found:
            if len(found) == 2:
                a, b = found
                return softplus(b) if a == 0 else softplus(a) if b == 0 else logaddexp(a, b)
            return logsumexp(*found)
        z = _one_and_square(x)
        if z is not None:
            return log1p_square(z)
        both = _two_squares(x)
        if both is not None:
            return log(both[0] ** 2) + log1p_square(both[1] / both[0])
        if Integer(1) in x.args:
            rest = x - 1
            c, inner = rest.as_coeff_Mul()
            if c == -1 and isinstance(inner, sigmoid):
                return -softplus(inner.args[0])
            if not rest.is_number:
                return log1p(rest)
    return log(x)


def _power(expr: Expr) -> Expr:
    base, power = expr.as_base_exp()
    if isinstance(base, exp):
        return exp(base.args[0] * power)
    if isinstance(base, Add):
        found = _exponentials(base)
        if found and len(found) == 2:
            a, b = found if not _moves(found[0]) else found[::-1]
            # exp(a) + exp(b) = exp(a)*(1 + exp(b - a)) = exp(a)/sigmoid(a - b)
            return exp(a * power) * sigmoid(a - b) ** -power
        if found:
            return exp(-power * found[0]) ** -1 * softmax(Integer(0), *found) ** -power
        whole = power * 2
        z = _one_and_square(base)
        if z is not None and whole.is_Integer:
            if power == _HALF:
                return hypot1(z)
            return lorentz(z) ** -power if power.is_Integer and power < 0 else hypot1(z) ** whole
        both = _two_squares(base)
        if both is not None and whole.is_Integer and (whole % 2 or power < 0):
            c, z = both
            return c**whole * _power(Pow(1 + (z / c) ** 2, power, evaluate=False))
    if isinstance(base, sympy.cosh) and power == -2:
        return sech2(base.args[0])
    return expr


def _product(expr: Expr) -> Expr:
    """exp(d)*sigmoid(-d) = sigmoid(d), z/sqrt(1 + z**2), x*log(x)."""
    exponent, others = Integer(0), []
    powers: dict[Expr, Expr] = {}
    for factor in expr.args:
        base, power = factor.as_base_exp()
        if isinstance(factor, exp):
            exponent += factor.args[0]
        elif isinstance(base, sigmoid | softmax | hypot1 | lorentz):
            powers[base] = powers.get(base, Integer(0)) + power
        else:
            others.append(factor)
    changed = False
    for base in list(powers):
        if isinstance(base, sigmoid) and exponent != 0:
            d = -base.args[0]
            times = sympy.cancel(exponent / d)
            while times.is_number and times >= 1 and powers[base].is_number and powers[base] >= 1:
                powers[base] -= 1
                powers[sigmoid(d)] = powers.get(sigmoid(d), Integer(0)) + 1
                exponent, times, changed = sympy.expand(exponent - d), times - 1, True
            if times == powers[base] and not powers[base].is_number:  # exp(d)**g * sigmoid(-d)**g
                power = powers.pop(base)
                powers[sigmoid(d)] = powers.get(sigmoid(d), Integer(0)) + power
                exponent, changed = Integer(0), True
        if isinstance(base, softmax):
            i, *args = base.args
            for j, a in enumerate(args):
                if (
                    powers[base].is_number
                    and powers[base] >= 1
                    and exponent != 0
                    and sympy.expand(exponent - (a - args[int(i)])) == 0
                ):
                    powers[base] -= 1
                    other = softmax(Integer(j), *args)
                    powers[other] = powers.get(other, Integer(0)) + 1
                    exponent, changed = Integer(0), True
    if changed:
        return Mul(*others, *(b**p for b, p in powers.items())) * exp(exponent)
    for base, power in powers.items():
        if (isinstance(base, hypot1) and power == -1) or (isinstance(base, lorentz) and power == 1):
            z = base.args[0]
            rest = sympy.cancel(Mul(*others) / z)
            if not _moves(rest):
                made = hypot1_slope(z) if isinstance(base, hypot1) else cauchy_slope(z)
                return rest * made * Mul(*(b**p for b, p in powers.items() if b != base)) * exp(exponent)
    for factor in others:
        if isinstance(factor, log) and factor.args[0] in others:
            rest = [f for f in others if f is not factor and f != factor.args[0]]
            return Mul(*rest, *(b**p for b, p in powers.items())) * xlogx(factor.args[0]) * exp(exponent)
    return expr


def _constants(expr: Expr) -> Expr:
    """A difference of a number and something that is near it: exp(x) - 1, sqrt(1 + x**2) - 1, cosh(x) - 1, 1 - tanh(x)**2."""
    for term in expr.args:
        for inner in Mul.make_args(term):
            c = term / inner
            if isinstance(inner, logsumexp):  # the logarithm of a sum of exponentials, less one of them
                for i, a in enumerate(inner.args):
                    rest = _without(expr, term, -c * a)
                    if rest is not None:
                        return c * softmax_missed(Integer(i), *inner.args) + rest
            if isinstance(inner, softplus | expm1):  # softplus(x) - x, exp(x) - 1 - x
                rest = _without(expr, term, -c * inner.args[0])
                if rest is not None:
                    x = inner.args[0]
                    return c * (softplus(-x) if isinstance(inner, softplus) else expm1_excess(x)) + rest
    constant, rest = expr.as_coeff_Add()
    terms = list(Add.make_args(rest))
    if constant != 0:
        for term in terms:
            c, inner = term.as_coeff_Mul()
            if c != -constant:
                continue
            made = _less_one(inner)
            if made is not None:
                return c * made + Add(*(t for t in terms if t is not term))
        return expr
    for term in terms:  # c*sqrt(1 + x**2) - c, for a c that is not a number
        for factor in Mul.make_args(term):
            made = _less_one(factor)
            other = -term / factor
            if made is not None and other in terms:
                return made * (term / factor) + Add(*(t for t in terms if t is not term and t != other))
    return expr


def _without(expr: Expr, term: Expr, other: Expr) -> Expr | None:
    """What is left of a sum without one term and those of another sum; None where it does not have them."""
    rest = list(expr.args)
    rest.remove(term)
    for part in Add.make_args(sympy.expand(other)):
        if part not in rest:
            return None
        rest.remove(part)
    return Add(*rest)


def _less_one(inner: Expr) -> Expr | None:
    """inner - 1, where it has a form without the difference."""
    if isinstance(inner, exp):
        return expm1(inner.args[0])
    if isinstance(inner, hypot1):
        return hypot1_excess(inner.args[0])
    if isinstance(inner, sympy.cosh):
        return 2 * sympy.sinh(inner.args[0] / 2) ** 2
    if isinstance(inner, sigmoid | norm_cdf):
        return -inner.func(-inner.args[0])
    if isinstance(inner, softmax):
        i, *args = inner.args
        return -Add(*(softmax(Integer(j), *args) for j in range(len(args)) if j != i))
    if isinstance(inner, Pow) and inner.exp == 2 and isinstance(inner.base, tanh):
        return -sech2(inner.base.args[0])
    return None


# ---------------------------------------------------------------------------------------------------------------------
# Pass two


def settled(expr: Expr, target: sympy.Symbol, unit: bool) -> Expr:
    """Differences with the target where they have a form of their own; `unit`: whether the target is in [0, 1].

    Products with exponentials that may overflow alone are taken together last.
    """
    expr = _settle(expr, _atom)
    return _settle(expr, lambda e: _difference(e, target, unit))


def _difference(expr: Expr, y: sympy.Symbol, unit: bool) -> Expr:
    if not isinstance(expr, Add):
        return expr
    terms = list(expr.args)
    for term in terms:
        if not term.has(y):
            continue
        c = term.coeff(y, 1)
        rest = Add(*(t for t in terms if t is not term))
        if not isinstance(rest, Add) and c != 0 and not c.has(y) and term == c * y:
            ratio = -c / rest  # rest*(1 - y*exp(-x))
            if isinstance(ratio, exp) and not _moves(rest):
                return rest * exp_complement(-ratio.args[0], y)
        if c == 0 or c.has(y) or term != c * y:
            continue
        for other in terms:
            if other is term:
                continue
            factor = sympy.cancel(-other / c)
            rest = Add(*(t for t in terms if t is not term and t is not other))
            if isinstance(factor, exp):
                return -c * exp_residual(factor.args[0], y) + rest
            if unit and isinstance(factor, sigmoid):
                return -c * sigmoid_residual(factor.args[0], y) + rest
            if (unit and isinstance(other.as_coeff_Mul()[1], softplus)) or _softplus_of(other) is not None:
                found = _softplus_of(other)
                if found is not None and unit:
                    before, x = found
                    if sympy.expand(c + before * x) == 0:  # before*(softplus(x) - y*x)
                        return before * ((1 - y) * softplus(x) + y * softplus(-x)) + rest
    return expr


def _softplus_of(term: Expr) -> tuple[Expr, Expr] | None:
    """c and x of c*softplus(x)."""
    factors = Mul.make_args(term)
    inside = [f for f in factors if isinstance(f, softplus)]
    if len(inside) != 1:
        return None
    return term / inside[0], inside[0].args[0]


def guarded(expr: Expr) -> Expr:
    """Products with an exponential that can leave the range where the product does not, in one piece."""
    return _from_leaves(expr, _guard)


def _guard(expr: Expr) -> Expr:
    if not isinstance(expr, Mul):
        return expr
    for kind in (exp, sigmoid):
        inside = [f for f in expr.args if isinstance(f, kind) and not f.args[0].is_number]
        if len(inside) != 1:
            continue
        v = inside[0].args[0]
        moving = [f for f in expr.args if f is not inside[0] and _moves(f)]
        if not moving:
            continue
        rest = Mul(*(f for f in expr.args if f is not inside[0] and f not in moving))
        if len(moving) == 1 and isinstance(moving[0], Pow) and moving[0].exp == 2:
            u = moving[0].base
            return rest * (scaled_exp(u, v / 2) ** 2 if kind is exp else scaled_sigmoid_square(u, v))
        return rest * (scaled_exp(Mul(*moving), v) if kind is exp else scaled_sigmoid(Mul(*moving), v))
    return expr


def _moves(factor: Expr) -> bool:
    """Whether it depends on a score or a target."""
    return any(s.name == "y" or s.name == "f" or (s.name[0] == "f" and s.name[1:].isdigit()) for s in factor.free_symbols)


def candidates(expr: Expr, target: sympy.Symbol, unit: bool) -> Iterator[Expr]:
    """Equal forms, the plainest first; as `settled`, and each also `guarded`."""
    seen: list[Expr] = []
    settled_ = settled(expr, target, unit)
    for form in (
        lambda e: e,
        sympy.factor_terms,
        lambda e: sympy.factor_terms(sympy.expand(e)),
        sympy.expand,
        _factored,
        lambda e: sympy.expand_mul(sympy.factor_terms(e)),
    ):
        try:
            made = settled(form(settled_), target, unit)
        except (sympy.PolynomialError, NotImplementedError):  # an expression that is no polynomial of anything
            continue
        for one in (made, guarded(made)):
            if one not in seen:
                seen.append(one)
                yield one
    for form in (sympy.expand, sympy.factor_terms):  # where a difference is no difference, its own form may overflow
        made = guarded(_settle(form(expr), _atom))
        if made not in seen:
            seen.append(made)
            yield made


def _factored(expr: Expr) -> Expr:
    return sympy.factor(expr) if sympy.count_ops(expr) < 120 else expr
