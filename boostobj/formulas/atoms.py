"""Functions that hide a cancellation or an overflow, with derivatives that hide it too.

Each stands for a textbook expression (`doit` gives it back) and for a compiled function that has all its digits
everywhere. A loss that is written in them has derivatives in them.
"""

from __future__ import annotations

from typing import Any

import sympy


class Atom(sympy.Function):
    """A function of real arguments; `textbook(*args)` is what it stands for."""

    is_extended_real = True

    @classmethod
    def textbook(cls, *args: sympy.Expr) -> sympy.Expr:
        raise NotImplementedError

    def doit(self, **hints: Any) -> sympy.Expr:
        args = [a.doit(**hints) for a in self.args] if hints.get("deep", True) else self.args
        return self.textbook(*args)

    def _eval_evalf(self, prec: int) -> sympy.Expr:
        return self.textbook(*self.args)._eval_evalf(prec)


class softplus(Atom):
    """log(1 + exp(x))"""

    nargs = 1
    is_positive = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.log(1 + sympy.exp(x))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sigmoid(self.args[0])


class sigmoid(Atom):
    """1/(1 + exp(-x)); of opposite arguments it adds up to 1"""

    nargs = 1
    is_positive = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return 1 / (1 + sympy.exp(-x))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sigmoid(self.args[0]) * sigmoid(-self.args[0])


class sigmoid_residual(Atom):
    """sigmoid(x) - t, for t in [0, 1]"""

    nargs = 2

    @classmethod
    def textbook(cls, x: sympy.Expr, t: sympy.Expr) -> sympy.Expr:
        return 1 / (1 + sympy.exp(-x)) - t

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sigmoid(self.args[0]) * sigmoid(-self.args[0]) if argindex == 1 else sympy.Integer(-1)


class logaddexp(Atom):
    """log(exp(a) + exp(b))"""

    nargs = 2

    @classmethod
    def textbook(cls, a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
        return sympy.log(sympy.exp(a) + sympy.exp(b))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        a, b = self.args
        return sigmoid(a - b) if argindex == 1 else sigmoid(b - a)


class logsumexp(Atom):
    """log(exp(a) + exp(b) + exp(c) + ...)"""

    @classmethod
    def textbook(cls, *args: sympy.Expr) -> sympy.Expr:
        return sympy.log(sympy.Add(*map(sympy.exp, args)))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return softmax(sympy.Integer(argindex - 1), *self.args)


class softmax(Atom):
    """exp(a[i]) / (exp(a[0]) + exp(a[1]) + ...), of i, a[0], a[1], ..."""

    is_positive = True

    @classmethod
    def textbook(cls, i: sympy.Expr, *args: sympy.Expr) -> sympy.Expr:
        return sympy.exp(args[int(i)]) / sympy.Add(*map(sympy.exp, args))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        i, *args = self.args
        j = argindex - 2
        if j == i:  # 1 - p is what the others have
            return self * sympy.Add(*(softmax(sympy.Integer(m), *args) for m in range(len(args)) if m != i))
        return -self * softmax(sympy.Integer(j), *args)


class softmax_missed(Atom):
    """log(exp(a[0]) + exp(a[1]) + ...) - a[i], of i, a[0], a[1], ...: minus the logarithm of a share"""

    is_positive = True

    @classmethod
    def textbook(cls, i: sympy.Expr, *args: sympy.Expr) -> sympy.Expr:
        return sympy.log(sympy.Add(*map(sympy.exp, args))) - args[int(i)]

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        i, *args = self.args
        j = argindex - 2
        if j == i:
            return -sympy.Add(*(softmax(sympy.Integer(m), *args) for m in range(len(args)) if m != i))
        return softmax(sympy.Integer(j), *args)


class log_cosh(Atom):
    """log(cosh(x))"""

    nargs = 1
    is_nonnegative = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.log(sympy.cosh(x))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return tanh(self.args[0])


class tanh(Atom):
    """tanh(x)"""

    nargs = 1

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.tanh(x)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sech2(self.args[0])


class sech2(Atom):
    """1 - tanh(x)**2"""

    nargs = 1
    is_positive = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return 1 / sympy.cosh(x) ** 2

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return -2 * sech2(self.args[0]) * tanh(self.args[0])


class log1p(Atom):
    """log(1 + x)"""

    nargs = 1

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.log(1 + x)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return 1 / (1 + self.args[0])


class expm1(Atom):
    """exp(x) - 1"""

    nargs = 1

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.exp(x) - 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.exp(self.args[0])


class expm1_excess(Atom):
    """exp(x) - 1 - x"""

    nargs = 1
    is_nonnegative = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.exp(x) - 1 - x

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return expm1(self.args[0])


class exp_residual(Atom):
    """exp(x) - t"""

    nargs = 2

    @classmethod
    def textbook(cls, x: sympy.Expr, t: sympy.Expr) -> sympy.Expr:
        return sympy.exp(x) - t

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.exp(self.args[0]) if argindex == 1 else sympy.Integer(-1)


class exp_complement(Atom):
    """1 - t*exp(-x)"""

    nargs = 2

    @classmethod
    def textbook(cls, x: sympy.Expr, t: sympy.Expr) -> sympy.Expr:
        return 1 - t * sympy.exp(-x)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        x, t = self.args
        return t * sympy.exp(-x) if argindex == 1 else -sympy.exp(-x)


class scaled_exp(Atom):
    """u*exp(v), where exp(v) alone may overflow"""

    nargs = 2

    @classmethod
    def textbook(cls, u: sympy.Expr, v: sympy.Expr) -> sympy.Expr:
        return u * sympy.exp(v)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.exp(self.args[1]) if argindex == 1 else self


class scaled_sigmoid(Atom):
    """u/(1 + exp(-x)), where the second factor alone may have lost its digits"""

    nargs = 2

    @classmethod
    def textbook(cls, u: sympy.Expr, x: sympy.Expr) -> sympy.Expr:
        return u / (1 + sympy.exp(-x))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        u, x = self.args
        return sigmoid(x) if argindex == 1 else scaled_sigmoid(u * sigmoid(-x), x)


class scaled_sigmoid_square(Atom):
    """u**2/(1 + exp(-x)), where u**2 alone may overflow"""

    nargs = 2

    @classmethod
    def textbook(cls, u: sympy.Expr, x: sympy.Expr) -> sympy.Expr:
        return u**2 / (1 + sympy.exp(-x))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        u, x = self.args
        return 2 * scaled_sigmoid(u, x) if argindex == 1 else scaled_sigmoid_square(u, x) * sigmoid(-x)


class hypot1(Atom):
    """sqrt(1 + x**2)"""

    nargs = 1
    is_positive = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.sqrt(1 + x**2)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return hypot1_slope(self.args[0])


class hypot1_excess(Atom):
    """sqrt(1 + x**2) - 1"""

    nargs = 1
    is_nonnegative = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.sqrt(1 + x**2) - 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return hypot1_slope(self.args[0])


class hypot1_slope(Atom):
    """x/sqrt(1 + x**2)"""

    nargs = 1

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return x / sympy.sqrt(1 + x**2)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return hypot1(self.args[0]) ** -3


class log1p_square(Atom):
    """log(1 + x**2)"""

    nargs = 1
    is_nonnegative = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.log(1 + x**2)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return 2 * cauchy_slope(self.args[0])


class cauchy_slope(Atom):
    """x/(1 + x**2)"""

    nargs = 1

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return x / (1 + x**2)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return cauchy_bend(self.args[0])


class cauchy_bend(Atom):
    """(1 - x**2)/(1 + x**2)**2"""

    nargs = 1

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return (1 - x**2) / (1 + x**2) ** 2

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        x = self.args[0]
        return -2 * (3 - x**2) * cauchy_slope(x) * lorentz(x) ** 2


class lorentz(Atom):
    """1/(1 + x**2)"""

    nargs = 1
    is_positive = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return 1 / (1 + x**2)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return -2 * cauchy_slope(self.args[0]) * lorentz(self.args[0])


class norm_cdf(Atom):
    """erfc(-x/sqrt(2))/2"""

    nargs = 1
    is_positive = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.erfc(-x / sympy.sqrt(2)) / 2

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.exp(-(self.args[0] ** 2) / 2) / sympy.sqrt(2 * sympy.pi)


class log_norm_cdf(Atom):
    """log(erfc(-x/sqrt(2))/2)"""

    nargs = 1
    is_negative = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.log(sympy.erfc(-x / sympy.sqrt(2)) / 2)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return mills(self.args[0])


class mills(Atom):
    """norm_pdf(x)/norm_cdf(x)"""

    nargs = 1
    is_positive = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi) * 2 / sympy.erfc(-x / sympy.sqrt(2))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return -mills(self.args[0]) * mills_excess(self.args[0])


class mills_excess(Atom):
    """norm_pdf(x)/norm_cdf(x) + x"""

    nargs = 1
    is_positive = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return x + sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi) * 2 / sympy.erfc(-x / sympy.sqrt(2))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return 1 - mills(self.args[0]) * mills_excess(self.args[0])


class xlogx(Atom):
    """x*log(x), 0 at 0"""

    nargs = 1

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.Piecewise((sympy.Integer(0), sympy.Eq(x, 0)), (x * sympy.log(x), True))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.log(self.args[0]) + 1


class absolute(Atom):
    """abs(x), whose slope at 0 counts as 0"""

    nargs = 1
    is_nonnegative = True

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.Abs(x)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return signum(self.args[0])


class signum(Atom):
    """sign(x), 0 at 0"""

    nargs = 1

    @classmethod
    def textbook(cls, x: sympy.Expr) -> sympy.Expr:
        return sympy.sign(x)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.Integer(0)


ATOMS = {
    cls.__name__: cls for cls in list(globals().values()) if isinstance(cls, type) and issubclass(cls, Atom) and cls is not Atom
}
