"""From expressions to a kernel. The code is a tree of Python's own syntax, built node by node: no text is compiled.

Every name in it is made here or is a function of `runtime`; numbers are constants. So nothing that a formula says can become
anything but arithmetic.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import types
from collections.abc import Callable, Sequence

import sympy
from sympy import Add, Expr, Mul, Pow

from . import runtime
from .atoms import Atom, logsumexp, sigmoid, softmax, softmax_missed, softplus

_CALLS = {
    "exp": "exp",
    "log": "log",
    "sinh": "sinh",
    "cosh": "cosh",
    "atan": "arctan",
    "erf": "erf",
    "loggamma": "lgamma",
}
_RELATIONS = {
    sympy.StrictLessThan: ast.Lt,
    sympy.LessThan: ast.LtE,
    sympy.StrictGreaterThan: ast.Gt,
    sympy.GreaterThan: ast.GtE,
    sympy.Equality: ast.Eq,
    sympy.Unequality: ast.NotEq,
}


def number(expr: Expr) -> float:
    """A constant, rounded once."""
    return float(sympy.N(expr, 30))


class Writer:
    """Statements that compute expressions, each part once."""

    def __init__(self, names: dict[sympy.Symbol, str]) -> None:
        self.known: dict[Expr, ast.expr] = {s: ast.Name(n, ast.Load()) for s, n in names.items()}
        self.lines: list[ast.stmt] = []
        self.powers: set[Expr] = set()

    def expecting(self, exprs: Sequence[Expr]) -> None:
        """What is to be written: arguments of a sigmoid whose opposite or softplus is needed too share one exponential."""
        found: dict[Expr, int] = {}
        for expr in exprs:
            for part in sympy.preorder_traversal(expr):
                if isinstance(part, sigmoid | softplus):
                    x = _upward(part.args[0])
                    found[x] = found.get(x, 0) | (1 << (2 * isinstance(part, softplus) + (x != part.args[0])))
        for x, kinds in found.items():
            if kinds.bit_count() > 1:
                down = sympy.Mul(-1, x)
                pieces = self.several("logistic", [self.of(x)], 4)
                keys = (sigmoid(x), sigmoid(down), softplus(x), softplus(down))
                self.known.update(zip(keys, pieces, strict=True))

    def of(self, expr: Expr) -> ast.expr:
        """What stands for an expression: a name or a number; statements that compute it have then been written."""
        if expr in self.known:
            return self.known[expr]
        if expr.is_number:
            return ast.Constant(number(expr))
        made = self.made(expr)
        name = f"v{len(self.lines)}"
        self.lines.append(ast.Assign([ast.Name(name, ast.Store())], made))
        self.known[expr] = ast.Name(name, ast.Load())
        return self.known[expr]

    def several(self, function: str, arguments: list[ast.expr], count: int) -> list[ast.expr]:
        first = len(self.lines)
        names = [f"v{first}_{j}" for j in range(count)]
        targets = ast.Tuple([ast.Name(n, ast.Store()) for n in names], ast.Store())
        self.lines.append(ast.Assign([targets], self.call(function, *arguments)))
        return [ast.Name(n, ast.Load()) for n in names]

    def call(self, function: str, *arguments: ast.expr) -> ast.expr:
        assert function in runtime.__all__ or function == "max", function
        return ast.Call(ast.Name(function, ast.Load()), list(arguments), [])

    def binary(self, op: ast.operator, a: ast.expr, b: ast.expr) -> ast.expr:
        return ast.BinOp(a, op, b)

    def made(self, expr: Expr) -> ast.expr:
        if isinstance(expr, Add):
            return self.sum(expr)
        if isinstance(expr, Mul):
            return self.product(expr)
        if isinstance(expr, Pow):
            return self.power(expr)
        if isinstance(expr, sympy.Piecewise):
            return self.pieces(expr)
        if isinstance(expr, logsumexp | softmax | softmax_missed):
            return self.shares(expr)
        if isinstance(expr, Atom):
            return self.call(type(expr).__name__, *map(self.of, expr.args))
        if isinstance(expr, sympy.polygamma) and expr.args[0] in (0, 1):
            return self.call("trigamma" if expr.args[0] == 1 else "digamma", self.of(expr.args[1]))
        name = type(expr).__name__
        if name in _CALLS:
            return self.call(_CALLS[name], *map(self.of, expr.args))
        raise NotImplementedError(f"formula: {name} has no compiled form")

    def sum(self, expr: Add) -> ast.expr:
        content, plain = expr.primitive()
        if content != 1:  # 3*f - 3*y would round twice before it subtracts
            return self.binary(ast.Mult(), ast.Constant(number(content)), self.of(plain))
        ups = [t for t in expr.args if not t.could_extract_minus_sign()]
        downs = [-t for t in expr.args if t.could_extract_minus_sign()]
        terms = sorted(ups, key=_order)
        if not terms:
            return ast.UnaryOp(ast.USub(), self.of(sympy.Add(*downs)))
        made = self.of(terms[0])
        for term in terms[1:]:
            made = self.binary(ast.Add(), made, self.of(term))
        for term in sorted(downs, key=_order):
            made = self.binary(ast.Sub(), made, self.of(term))
        return made

    def product(self, expr: Mul) -> ast.expr:
        if expr.could_extract_minus_sign():
            return ast.UnaryOp(ast.USub(), self.of(-expr))
        above, below = [], []
        for factor in expr.args:
            base, power = factor.as_base_exp()
            if factor.is_Rational and factor.q != 1 and factor.q & (factor.q - 1):
                above += [sympy.Integer(factor.p)] if factor.p != 1 else []
                below.append(sympy.Integer(factor.q))
            elif power.is_Rational and power < 0 and not isinstance(factor, sympy.exp) and not factor.is_number:
                below.append(base**-power)
            else:
                above.append(factor)
        made = self.chain(above) if above else ast.Constant(1.0)
        return self.binary(ast.Div(), made, self.chain(below)) if below else made

    def chain(self, factors: list[Expr]) -> ast.expr:
        factors = sorted(factors, key=_order)
        made = self.of(factors[0])
        for factor in factors[1:]:
            made = self.binary(ast.Mult(), made, self.of(factor))
        return made

    def power(self, expr: Pow) -> ast.expr:
        base, power = expr.args
        if power.is_Rational and power < 0:
            return self.binary(ast.Div(), ast.Constant(1.0), self.of(base**-power))
        if power == sympy.Rational(1, 2):
            return self.call("root", self.of(base))
        if power.is_Integer and power <= 64:
            half = self.of(base ** (power // 2))
            made = self.binary(ast.Mult(), half, half)
            return self.binary(ast.Mult(), made, self.of(base)) if power % 2 else made
        if power.is_Rational and power.q == 2 and power < 32:
            return self.binary(ast.Mult(), self.of(base ** (power - sympy.Rational(1, 2))), self.of(sympy.sqrt(base)))
        if isinstance(base, sigmoid):
            return self.call("logistic_power", self.of(base.args[0]), self.of(power))
        if base.is_number and base.is_positive:
            return self.call("exp", self.of(power * sympy.log(base)))
        return self.call("power", self.of(base), self.of(power))

    def pieces(self, expr: sympy.Piecewise) -> ast.expr:
        *pairs, (last, _) = expr.args
        made = self.of(last)
        for value, condition in reversed(pairs):
            made = self.call("where", self.condition(condition), self.of(value), made)
        return made

    def condition(self, condition: sympy.Basic) -> ast.expr:
        if condition in (sympy.true, sympy.false):
            return ast.Constant(bool(condition))
        if isinstance(condition, sympy.And | sympy.Or):
            op: ast.operator = ast.BitAnd() if isinstance(condition, sympy.And) else ast.BitOr()
            made, *rest = map(self.condition, condition.args)
            for other in rest:
                made = self.binary(op, made, other)
            return made
        if isinstance(condition, sympy.Not):
            return ast.UnaryOp(ast.Not(), self.condition(condition.args[0]))
        compare = _RELATIONS[type(condition)]()
        return ast.Compare(self.float(condition.args[0]), [compare], [self.float(condition.args[1])])

    def float(self, expr: Expr) -> ast.expr:
        return self.of(expr)

    def shares(self, expr: Expr) -> ast.expr:
        """Of several exponentials, each over the largest: their sum's logarithm, or one's share."""
        args = expr.args if isinstance(expr, logsumexp) else expr.args[1:]
        scores = [self.of(a) for a in args]
        largest = self.named(("largest", args), lambda: self.folded("max", scores))
        parts = [
            self.named(("part", args, j), lambda s=s: self.call("exp", self.binary(ast.Sub(), s, largest)))
            for j, s in enumerate(scores)
        ]
        total = self.named(("total", args), lambda: self.added(parts))
        if isinstance(expr, logsumexp):
            return self.binary(ast.Add(), largest, self.call("log", total))
        place = int(expr.args[0])
        if isinstance(expr, softmax):
            return self.binary(ast.Div(), parts[place], total)
        others = self.added([p for j, p in enumerate(parts) if j != place])
        below = self.binary(ast.Sub(), largest, scores[place])
        far = self.binary(ast.Add(), below, self.call("log", total))
        first = ast.Compare(scores[place], [ast.Eq()], [largest])
        return self.call("where", first, self.call("log1p", others), far)

    def named(self, key: tuple, make: Callable[[], ast.expr]) -> ast.expr:
        if key not in self.known:
            made = make()
            name = f"v{len(self.lines)}"
            self.lines.append(ast.Assign([ast.Name(name, ast.Store())], made))
            self.known[key] = ast.Name(name, ast.Load())  # type: ignore[index]
        return self.known[key]  # type: ignore[index]

    def folded(self, function: str, values: list[ast.expr]) -> ast.expr:
        made = values[0]
        for value in values[1:]:
            made = self.call(function, made, value)
        return made

    def added(self, values: list[ast.expr]) -> ast.expr:
        made = values[0]
        for value in values[1:]:
            made = self.binary(ast.Add(), made, value)
        return made


def _upward(x: Expr) -> Expr:
    return sympy.Mul(-1, x) if x.could_extract_minus_sign() else x


def _order(expr: Expr) -> tuple[bool, object]:
    """Constants first, then by SymPy's own order: the code of a formula is the same in every process."""
    return not expr.is_number, expr.sort_key()


def function(name: str, arguments: Sequence[str], body: Sequence[ast.stmt], result: ast.expr) -> types.FunctionType:
    """A Python function of these statements. What it calls are functions of `runtime`, and max and abs."""
    parameters = ast.arguments([], [ast.arg(a) for a in arguments], None, [], [], None, [])
    definition = ast.FunctionDef(name, parameters, [*body, ast.Return(result)], [], None, None)
    definition.type_params = []  # type: ignore[attr-defined]
    module = ast.fix_missing_locations(ast.Module([definition], []))
    compiled = compile(module, f"<formula {name}>", "exec")
    inner = next(c for c in compiled.co_consts if isinstance(c, types.CodeType))
    scope = {n: getattr(runtime, n) for n in runtime.__all__}
    scope["__builtins__"] = {"abs": builtins.abs, "max": builtins.max}  # type: ignore[assignment]
    made = types.FunctionType(inner, scope, name)
    made.__module__ = "boostobj.formulas.kernels"  # there is no such module: the code is kept by its own fingerprint
    made.__qualname__ = f"{name}_{hashlib.sha256(ast.dump(module).encode()).hexdigest()[:24]}"
    return made
