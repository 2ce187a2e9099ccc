"""A loss taken apart as a person would: names for the inner functions, a derivative for each, and what they multiply to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Abs, Add, DiracDelta, Expr, Heaviside, Integer, Max, Min, Mul, Piecewise, Pow, Symbol, cosh, erfc, exp, log
from sympy import sign as sign_of

from .familiar import above, distributed, log_cosh, norm_cdf, norm_pdf, sigmoid, softplus
from .formula import symbol


@dataclass(frozen=True)
class Step:
    """A name, what it stands for in earlier names, and its derivatives with respect to what is in it."""

    name: Symbol
    meaning: Expr
    slopes: tuple[tuple[Symbol, Expr], ...]


@dataclass(frozen=True)
class Chain:
    """A loss in steps; everything is in the names of the steps, which `written_out` replaces by what they stand for."""

    scores: tuple[Symbol, ...]
    steps: tuple[Step, ...]
    loss: Expr
    slopes: tuple[tuple[Symbol, Expr], ...]
    gradient: tuple[Expr, ...]
    hessian: tuple[Expr, ...]

    def written_out(self, expr: Expr) -> Expr:
        for step in reversed(self.steps):
            expr = expr.xreplace({step.name: step.meaning})
        return expr


_NAMES = "u v w s t z h k a b d e g".split()
_LONGEST_TO_SIMPLIFY = 120
"""Operations in an expression beyond which only cheap rewriting is tried."""


def chained(loss: Expr, scores: Sequence[Symbol], targets: Iterable[Symbol] = ()) -> Chain:
    """The steps of a loss without pieces.

    Parameters
    ----------
    loss : sympy.Expr
        Without Piecewise but for indicators.
    scores : sequence of sympy.Symbol
    targets : iterable of sympy.Symbol
        A difference of a score and a target is written score first.
    """
    namer = _Namer(loss, scores, targets)
    loss = namer.named(familiar(namer.softmax(loss)))
    steps: list[Step] = []
    totals: dict[Symbol, list[Expr]] = {f: [Integer(int(f == g)) for g in scores] for f in scores}
    for name, meaning in namer.meanings.items():
        slopes = namer.known(name) or _slopes(meaning, totals)
        steps.append(Step(name, meaning, slopes))
        totals[name] = [_total(slopes, totals, j) for j in range(len(scores))]
    names = {step.name: step.meaning for step in steps}

    def short(expr: Expr) -> Expr:
        found = tidy(_recalled(expr, names), names)
        return tidy(_recalled(found, names), names) if namer.shares and found.has(exp) else found

    def derived(expr: Expr, j: int) -> Expr:
        return short(_total(_slopes(expr, totals), totals, j))

    steps = [Step(step.name, step.meaning, tuple((name, short(s)) for name, s in step.slopes)) for step in steps]
    moving = [name for name, of in totals.items() if any(of)]
    slopes = tuple((name, short(of)) for name, of in _slopes(loss, moving))
    gradient = tuple(derived(loss, j) for j in range(len(scores)))
    hessian = tuple(derived(g, j) for j, g in enumerate(gradient))
    return Chain(tuple(scores), tuple(steps), loss, slopes, gradient, hessian)


def _total(slopes: Iterable[tuple[Symbol, Expr]], totals: dict[Symbol, list[Expr]], j: int) -> Expr:
    return Add(*(of * totals[name][j] for name, of in slopes))


def _slopes(expr: Expr, names: Iterable[Symbol]) -> tuple[tuple[Symbol, Expr], ...]:
    found = ((name, slope(expr, name)) for name in names if name in expr.free_symbols)
    return tuple((name, of) for name, of in found if of != 0)


def _recalled(expr: Expr, names: Mapping[Symbol, Expr]) -> Expr:
    """With the names of what has one."""
    for name, meaning in reversed(list(names.items())):
        if meaning.is_Add:
            expr = expr.xreplace({meaning: name, -meaning: -name})
        elif not meaning.is_Symbol:
            expr = expr.subs(meaning, name)
        if isinstance(meaning, Max) and meaning.args[0] == 0:  # it is 0 wherever the indicator is
            inside = above(meaning.args[1])
            expr = expr.replace(
                lambda e, both=frozenset((inside, name)): isinstance(e, Mul) and both <= set(e.args),
                lambda e, inside=inside: e / inside,
            )
    return expr


# ---------------------------------------------------------------------------------------------------------------------
# Derivatives and simpler forms


def slope(expr: Expr, x: Symbol) -> Expr:
    """The derivative where there is one: at a kink the jump's own derivative is left out."""
    return without_jumps(expr.diff(x))


def without_jumps(expr: Expr) -> Expr:
    if not expr.has(DiracDelta, Heaviside):
        return expr
    expr = expr.replace(DiracDelta, lambda *args: Integer(0))
    return expr.replace(Heaviside, lambda x, *_: above(_primitive(x)))


def _primitive(x: Expr) -> Expr:
    """The same sign, without a positive factor."""
    x = sympy.expand(x)
    content, rest = sympy.factor_terms(x).as_coeff_Mul()
    if content.is_negative:
        return -rest
    return rest if content.is_positive else x


def familiar(expr: Expr) -> Expr:
    """Textbook expressions by their names: softplus, sigmoid, log_cosh, the normal distribution, indicators."""
    expr = expr.replace(lambda e: isinstance(e, Piecewise) and _is_indicator(e), lambda e: _indicator(e.args[0][1]))
    expr = expr.replace(erfc, lambda x: 2 * norm_cdf(distributed(-sympy.sqrt(2) * x)))
    expr = expr.replace(lambda e: isinstance(e, Pow) and _sigmoid_of(e.base) is not None, _as_sigmoid)
    return expr.replace(log, _familiar_log)


def _is_indicator(e: Piecewise) -> bool:
    return len(e.args) == 2 and (e.args[0][0], e.args[1][0]) == (1, 0) and hasattr(e.args[0][1], "gts")


def _indicator(relation: Any) -> Expr:
    return above(relation.gts - relation.lts)


def _sigmoid_of(base: Expr) -> Expr | None:
    """a of 1 + exp(a)."""
    if base.is_Add and len(base.args) == 2 and base.args[0] == 1 and isinstance(base.args[1], exp):
        return base.args[1].args[0]
    return None


def _as_sigmoid(e: Pow) -> Expr:
    if not (e.exp.is_negative or e.exp.could_extract_minus_sign()):
        return e
    inner = _sigmoid_of(e.base)
    assert inner is not None
    return sigmoid(-inner) ** (-e.exp)


def _familiar_log(x: Expr) -> Expr:
    inner = _sigmoid_of(x)
    if inner is not None:
        return softplus(inner)
    if isinstance(x, sigmoid):
        return -softplus(-x.args[0])
    if isinstance(x, cosh):
        return log_cosh(x.args[0])
    rest = 1 - x
    if isinstance(rest, norm_cdf):
        return log(norm_cdf(distributed(-rest.args[0])))
    found = log(x)
    return sympy.expand_log(found) if {s.name[0] for s in x.free_symbols} & {"f"} or x.has(exp) else found


def tidy(expr: Expr, names: Mapping[Symbol, Expr] | None = None, deep: bool = True) -> Expr:
    """A short form of an expression, found by a few cheap ways of rewriting.

    `names` are what names in it stand for; `deep` tries its terms and factors one by one too.
    """
    expr = signs(expr)
    if expr.is_Rational or expr.is_Symbol:
        return expr
    best, least = expr, cost(expr)
    seen = {expr}
    for way in _ways(expr, names or {}, deep):
        for form in (way, turned(way)):
            found = signs(form)
            if found not in seen and (many := cost(found)) < least:
                best, least = found, many
            seen.add(found)
    return best


def cost(expr: Expr) -> int:
    """How long an expression is to read."""
    leaves = twice = 0
    for e in sympy.preorder_traversal(expr):
        leaves += not e.args
        if isinstance(e, Mul):  # p*p**g
            twice += len(e.args) - len({x.as_base_exp()[0] for x in e.args})
    return int(expr.count_ops(visual=False)) * 2 + leaves + twice + sum(2 for e in expr.atoms(Abs, sign_of, above))


def turned(expr: Expr) -> Expr:
    """Without a minus before a product where a difference in it can be turned round."""
    return expr.replace(lambda e: isinstance(e, Mul) and e.could_extract_minus_sign(), distributed)


def _in_its_name(expr: Expr, name: Symbol, meaning: Expr) -> Expr | None:
    """With the one thing that moves in a sum written by the name of the sum: r**2 = c**2*(u - 1)."""
    moving = [t for t in meaning.args if t.has(*_moving(meaning))]
    if len(moving) != 1:
        return None
    gain, thing = moving[0].as_independent(*_moving(meaning), as_Add=False)
    base, power = (thing.base, thing.exp) if thing.is_Pow and not isinstance(thing, exp) else (thing, 1)
    if thing.is_Mul or not expr.has(base):
        return None
    value = (name - (meaning - moving[0])) / gain
    if power == 2:
        expr = expr.replace(
            lambda e: isinstance(e, Pow) and e.base == base and e.exp.is_Integer and e.exp % 2 == 1 and e.exp > 1,
            lambda e: base * value ** ((e.exp - 1) / 2),
        )
    return expr.subs(thing, value)


def _moving(meaning: Expr) -> list[Any]:
    """Names in a sum: those of steps and scores, which are single letters or letters with a place."""
    letters = {"f", "r", "m", *_NAMES}
    return [s for s in meaning.free_symbols if s.name in letters or (s.name[:1] in "fp" and s.name[1:].isdigit())]


def _ways(expr: Expr, names: Mapping[Symbol, Expr], deep: bool) -> Iterator[Expr]:
    forms = [expr]
    if expr.has(sigmoid):
        forms += [_one_sigmoid(expr, turn) for turn in (False, True)]
    for name, meaning in names.items():
        if meaning.is_Add and name in expr.free_symbols and (found := _in_its_name(expr, name, meaning)) is not None:
            forms.append(found)
            rest = meaning - next(t for t in meaning.args if t.has(*_moving(meaning)))
            forms.append(expr.xreplace({name - (meaning - rest): rest, meaning - rest - name: -rest}))
            if expr.has(sign_of):
                forms.append(sympy.together(expr).xreplace({name - rest: meaning - rest, rest - name: rest - meaning}))
    if deep and (expr.is_Mul or expr.is_Add) and 5 < expr.count_ops() < _LONGEST_TO_SIMPLIFY:
        yield expr.func(*(tidy(x, deep=False) if x.is_Add or (x.is_Mul and x.count_ops() > 3) else x for x in expr.args))
    for form in dict.fromkeys(forms):
        yield form
        if form.count_ops() > _LONGEST_TO_SIMPLIFY:
            continue
        yield sympy.factor_terms(form)
        powers = sympy.powsimp(form)
        expanded = sympy.powsimp(sympy.expand(form, power_exp=False, log=False))
        yield powers
        if expanded not in (form, powers):
            yield expanded
            yield sympy.factor_terms(expanded)
        if form.has(Piecewise):
            continue
        try:
            together = sympy.together(powers)
            yield together
            yield sympy.factor(together)
            cancelled = sympy.cancel(together)
        except (sympy.PolynomialError, NotImplementedError):
            continue
        if cancelled != expanded:
            yield cancelled
            yield sympy.factor_terms(cancelled)


def _one_sigmoid(expr: Expr, turn: bool) -> Expr:
    """With one of the sigmoids of a and -a written by the other: they add up to 1."""
    for found in sorted(expr.atoms(sigmoid), key=str):
        inner = found.args[0]
        if inner.could_extract_minus_sign() != turn:
            expr = expr.xreplace({found: 1 - sigmoid(-inner)})
    return expr


def signs(expr: Expr) -> Expr:
    """What signs, sizes and indicators multiply to."""
    if not expr.has(sign_of, Abs, above):
        return expr
    expr = expr.replace(lambda e: isinstance(e, Pow) and isinstance(e.base, above) and e.exp.is_positive, lambda e: e.base)
    expr = expr.replace(lambda e: isinstance(e, Pow) and isinstance(e.base, sign_of) and e.exp == 2, lambda e: Integer(1))
    return expr.replace(lambda e: isinstance(e, Mul), _product)


def _product(e: Mul) -> Expr:
    factors = list(e.args)
    for one in [x for x in factors if isinstance(x, sign_of)]:
        size = Abs(one.args[0])
        for other in factors:
            base, power = other.as_base_exp()
            if base == size and power == 1:
                factors = [x for x in factors if x not in (one, other)] + [one.args[0]]
                break
            if other == one.args[0]:
                factors = [x for x in factors if x not in (one, other)] + [size]
                break
    for one in [x for x in factors if isinstance(x, above)]:
        largest = Max(0, one.args[0])
        if any(x.as_base_exp()[0] == largest and x.as_base_exp()[1].is_positive for x in factors):
            factors.remove(one)
    return Mul(*factors)


# ---------------------------------------------------------------------------------------------------------------------
# Names


class _Namer:
    """Finds the inner functions of a loss and names them."""

    def __init__(self, loss: Expr, scores: Sequence[Symbol], targets: Iterable[Symbol]) -> None:
        self.scores, self.targets = tuple(scores), set(targets)
        self.meanings: dict[Symbol, Expr] = {}
        self.shares: dict[Symbol, Symbol] = {}
        taken = {s.name for s in loss.free_symbols} | {"L", "f", "y"}
        self.taken = taken

    def _name(self, *wanted: str) -> Symbol:
        for name in (*wanted, *_NAMES, *(f"{stem}{i}" for i in range(1, 99) for stem in "uvw")):
            if name not in self.taken:
                self.taken.add(name)
                return symbol(name)
        raise AssertionError("a hundred names are enough")

    def _moves(self, expr: Expr) -> bool:
        return bool(expr.free_symbols & (set(self.scores) | set(self.meanings)))

    def named(self, loss: Expr) -> Expr:
        loss = self._constants(loss)
        loss = self._residual(loss) if len(self.scores) == 1 else loss
        loss = self._sigmoids(loss)
        loss = self._repeated(loss)
        loss = self._switches(self._inner(loss))
        for name, meaning in self.meanings.items():
            sums = [t for t in Mul.make_args(meaning) if t.is_Add]
            if len(sums) == 1:
                whole = name * sums[0] / meaning
                same = {sums[0]: whole, -sums[0]: -whole}
                loss = loss.xreplace(same)
                for other in list(self.meanings)[list(self.meanings).index(name) + 1 :]:
                    self.meanings[other] = self.meanings[other].xreplace(same)
        return loss

    def _switches(self, loss: Expr) -> Expr:
        """Sums that only jump: a weight that depends on the side."""

        def is_switch(e: Any) -> bool:
            if not e.is_Add or len(e.atoms(above)) < 2:
                return False
            return not self._moves(e.replace(above, lambda x: sympy.Dummy()))

        found = [e for e in sympy.preorder_traversal(loss) if is_switch(e)]
        for j, e in enumerate(dict.fromkeys(found)):
            name = self._name(f"w{j}" if len(found) > 1 else "w")
            self.meanings[name] = e
            loss = loss.xreplace({e: name})
        return loss

    def _constants(self, loss: Expr) -> Expr:
        """Factors that do not move: shortened, and named where they are numbers that nobody reads."""

        def shorter(e: Mul) -> Expr:
            fixed, rest = e.as_independent(*self.scores, *self.meanings, as_Add=False)
            if rest == 1 or fixed.count_ops() < 6:
                return e
            if not fixed.free_symbols:
                name = self._name("k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8")
                self.meanings[name] = fixed
                return name * rest
            return tidy(fixed) * rest

        return loss.replace(lambda e: isinstance(e, Mul), shorter)

    # Softmax: p0, p1, ... -------------------------------------------------------------------------------------------

    def softmax(self, loss: Expr) -> Expr:
        """Before all else: a logarithm of a share must not fall apart."""
        total = Add(*map(exp, self.scores))
        if len(self.scores) < 2 or (not loss.has(1 / total) and not loss.has(log(total))):
            return loss
        sum_ = self._name("S")
        self.meanings[sum_] = total
        loss = loss.xreplace({total: sum_})
        for j, f in enumerate(self.scores):
            p = self._name(f"p{j}")
            self.meanings[p] = exp(f) / sum_
            self.shares[p] = f
            loss = loss.replace(lambda e: isinstance(e, Mul) and 1 / sum_ in e.args, lambda e, f=f, p=p: e.subs(exp(f) / sum_, p))
            loss = loss.subs(exp(2 * f) / sum_**2, p**2)
        return loss

    def known(self, name: Symbol) -> tuple[tuple[Symbol, Expr], ...] | None:
        """The derivatives that read better in the name itself."""
        meaning = self.meanings[name]
        if name in self.shares:
            own = self.shares[name]
            return tuple((f, name * (1 - name) if f == own else -name * p) for p, f in self.shares.items())
        inner: Any = meaning.args[0] if meaning.args else None
        if isinstance(meaning, exp) and inner in (*self.scores, *self.meanings):
            return ((inner, name),)
        if isinstance(meaning, sigmoid):
            bases = [s for s in inner.free_symbols if s in (*self.scores, *self.meanings)]
            other = next((n for n, m in self.meanings.items() if m == sigmoid(-inner)), None)
            if len(bases) == 1:
                return ((bases[0], slope(inner, bases[0]) * name * (1 - name if other is None else other)),)
        return None

    # One score: the residual ----------------------------------------------------------------------------------------

    def _residual(self, loss: Expr) -> Expr:
        (f,) = self.scores
        found = [inner for inner in _arguments(loss) if self._is_affine(inner, f)]
        inner = [x for x in found if x not in (f, -f)]
        if not inner:
            return loss
        roots = {sympy.simplify(x.subs(f, 0) / slope(x, f)) for x in inner}
        if len(roots) > 1 or any(x in (f, -f) for x in found):
            return loss
        first = max(inner, key=lambda x: (self._moves(x) and x.count_ops(), str(x)))
        if slope(first, f).could_extract_minus_sign() and any(-y in _terms(-first) for y in self.targets):
            first = -first
        if roots == {Integer(0)} and len(inner) < 2:
            return loss
        gain, rest = slope(first, f), first.subs(f, 0)
        name = self._name("r") if gain == 1 and -rest in self.targets else self._name("u")
        replaced = loss.subs(f, (name - rest) / gain)
        replaced = replaced.replace(lambda e: e.is_Add and e.has(name), sympy.expand_mul)
        replaced = familiar(sympy.factor_terms(replaced)) if replaced.count_ops() > loss.count_ops() else replaced
        if replaced.count_ops() > loss.count_ops():
            self.taken.discard(name.name)
            return loss
        self.meanings[name] = sympy.factor_terms(first) if first.is_Mul else first
        return replaced

    @staticmethod
    def _is_affine(x: Expr, f: Symbol) -> bool:
        return f in x.free_symbols and not x.has(Abs, Max, Piecewise) and f not in sympy.expand(slope(x, f)).free_symbols

    # What appears again and again -----------------------------------------------------------------------------------

    def _sigmoids(self, loss: Expr) -> Expr:
        inners = sorted({x.args[0] for x in loss.atoms(sigmoid)}, key=lambda x: (x.could_extract_minus_sign(), str(x)))
        for inner in inners:
            inner = self._inner(inner) if not _is_simple(inner) else inner
            turned = any(m == sigmoid(-inner) for m in self.meanings.values())
            plain = not (inner.as_independent(*self.scores, as_Add=True)[0])
            name = self._name("q") if turned or (plain and inner.could_extract_minus_sign()) else self._name(*["p"] * plain)
            self.meanings[name] = sigmoid(inner)
            loss = loss.xreplace({sigmoid(inner): name})
        return loss

    def _repeated(self, loss: Expr) -> Expr:
        for f in self.scores:
            if len(self.scores) == 1 and _count(loss, exp(f)) > 2:
                name = self._name("m")
                self.meanings[name] = exp(f)
                loss = loss.xreplace({exp(f): name})
        return loss

    def _inner(self, expr: Expr) -> Expr:
        """Names for the arguments of functions, from the inside out."""
        if not self._moves(expr) or not expr.args:
            return expr
        if isinstance(expr, (Add, Mul)):
            return expr.func(*(self._inner(x) for x in expr.args))
        if isinstance(expr, Pow) and not self._moves(expr.exp):
            return self._argument(expr.base) ** expr.exp
        if isinstance(expr, (Max, Min)):
            return expr.func(*(self._argument(x) for x in expr.args))
        return expr.func(*(self._argument(x) for x in expr.args))

    def _argument(self, x: Expr) -> Expr:
        if not self._moves(x) or _is_simple(x):
            return x
        x = self._inner(x)
        if _is_simple(x):
            return x
        turn = False
        for f in self.scores:
            bare = any(-y in _terms(-x) for y in self.targets)
            if self._is_affine(x, f) and bare and slope(x, f).could_extract_minus_sign():
                turn = True
        x = -x if turn else x
        for name, meaning in self.meanings.items():
            if meaning == x:
                return -name if turn else name
            if meaning == -x:
                return name if turn else -name
        residual = any(x == f - y for f in self.scores for y in self.targets)
        sums = x.is_Add and all(isinstance(t, exp) for t in x.args)
        name = self._name("r") if residual else self._name("S", "T") if sums else self._name()
        self.meanings[name] = x
        return -name if turn else name


def _arguments(expr: Expr) -> list[Expr]:
    """What functions and powers are taken of."""
    out = []
    for e in sympy.preorder_traversal(expr):
        if isinstance(e, (sympy.Function, Abs)) and not isinstance(e, Piecewise):
            out += list(e.args)
        elif isinstance(e, Pow) and not isinstance(e.base, exp):
            out.append(e.base)
        elif isinstance(e, (Max, Min)):
            out += [x for x in e.args if x.args]
    return out


def _terms(x: Expr) -> tuple[Expr, ...]:
    """Of a sum, also where it is multiplied by something."""
    return Add.make_args(next((t for t in Mul.make_args(distributed(x)) if t.is_Add), x))


def _count(expr: Expr, what: Expr) -> int:
    return sum(1 for e in sympy.preorder_traversal(expr) if e == what)


def _is_simple(x: Expr) -> bool:
    """What needs no name of its own: a name, a multiple or a whole power of it, its size, the difference of two scores."""
    if x.is_Add:
        pair = [t.as_coeff_Mul() for t in x.args]
        scores = all(v.is_Symbol and v.name[0] == "f" for _, v in pair)
        return len(pair) == 2 and scores and sum(gain for gain, _ in pair) == 0
    return _is_multiple(x)


def _is_multiple(x: Expr) -> bool:
    if x.is_Mul:
        moving = [t for t in x.args if not t.is_Symbol and not t.is_number and not (t.is_Pow and t.base.is_Symbol)]
        return not moving
    if isinstance(x, Abs):
        return bool(x.args[0].is_Symbol)
    return bool(x.is_Symbol or (x.is_Pow and x.base.is_Symbol and x.exp.is_Integer))


def named_as(chain: Chain, expr: Expr) -> Expr:
    """Another expression of the same loss in the names of a chain."""
    names = {step.name: step.meaning for step in chain.steps}
    expr = familiar(expr)
    if expr.has(norm_cdf):
        expr = expr.replace(exp, _familiar_exp)
        expr = expr.replace(lambda e: e.is_Add and e.has(norm_cdf), _other_tail)
    if len(chain.scores) == 1 and chain.steps:
        f, first = chain.scores[0], chain.steps[0]
        if first.meaning.free_symbols & set(chain.scores) and f not in slope(first.meaning, f).free_symbols:
            gain = slope(first.meaning, f)
            found = expr.subs(f, (first.name - first.meaning.subs(f, 0)) / gain)
            found = found.replace(lambda e: e.is_Add and e.has(first.name), sympy.expand_mul)
            expr = found if f not in found.free_symbols and found.count_ops() < expr.count_ops() else expr
    for name, meaning in names.items():
        for sum_ in (t for t in Mul.make_args(meaning) if t.is_Add):
            whole = name * sum_ / meaning
            expr = expr.xreplace({sum_: whole, -sum_: -whole})
    return tidy(_recalled(expr, names), names)


def _familiar_exp(x: Expr) -> Expr:
    """exp(-z**2/2) as a normal density."""
    for times, power in ((2, 1), (1, 2)):
        z = sympy.powdenest(sympy.sqrt(sympy.factor(-times * x)), force=True)
        if not z.has(sympy.sqrt(2)) and not any(p.exp.is_Rational and p.exp.q == 2 for p in z.atoms(Pow)):
            return (sympy.sqrt(2 * sympy.pi) * norm_pdf(z.replace(Abs, lambda inside: inside))) ** power
    return exp(x)


def _other_tail(e: Add) -> Expr:
    """1 - norm_cdf(x) as norm_cdf(-x)."""
    for sign in (1, -1):
        inside = 1 - sign * e
        if isinstance(inside, norm_cdf):
            return sign * norm_cdf(distributed(-inside.args[0]))
    return e


def normal(expr: Expr) -> Expr:
    """With the normal distribution by its name."""
    found = expr.replace(erfc, lambda x: 2 * norm_cdf(distributed(-sympy.sqrt(2) * x)))
    return found.replace(lambda e: e.is_Add and e.has(norm_cdf), _other_tail) if found != expr else expr
