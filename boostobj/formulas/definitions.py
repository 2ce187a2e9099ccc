"""The formula of every registered objective: its own textbook definition, run with symbols in place of numbers.

A definition is a plain function of the module mpmath and of numbers. Here it gets a stand-in for the module, and numbers
that build SymPy expressions. Where it asks whether a comparison of symbols holds it is run again for either answer, and
what comes out is one expression in pieces. Pieces that are the same function, written twice to keep the digits, become one.
"""

from __future__ import annotations

import functools
import inspect
import math
import operator
import random
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from ..domain import AUTO, REAL, Ascending, Cuts, Interval, Several
from ..domain import Optional as OrNone
from ..objective import Groupwise, Objective, Pointwise, Rowwise
from .formula import Formula, symbol
from .numbers import close, number

KINDS = {"majorized": "majorizer", "damped": "damper", "fisher": "informant"}
"""The function that defines each kind of curvature; the exact one is the second derivative."""

CHANGES_NOTHING = {"sigmoid": 1.0, "scale_pos_weight": 1.0, "label_smoothing": 0.0}
"""Parameters that are left out of a formula where they have these values: the loss is known without them."""

CLASSES = 3
"""So many are written out where only the data says how many there are."""

GUARD = 10**5
"""Beyond this a definition steps aside from what cannot be computed: the law is what it says for less."""

ANY_GROUP = ((2, 1, 0), (), "of relevance 2, 1 and 0")
GROUPS: dict[str, tuple[tuple[int, ...], tuple[int, ...], str]] = {
    "lambda_ndcg": ((2, 1, 0), (3, 2, 1), "of relevance 2, 1 and 0, which the scores rank in this order now"),
    "lambda_map": ((1, 0, 1), (3, 2, 1), "of which the first and the last are relevant, ranked in this order now"),
    "cox": ((1, 2, -3), (), "with events at the times 1 and 2, the third censored at 3"),
}
"""The group that is written out: its targets, scores that rank it where the law holds ranks fixed, and words."""

READS_BETTER: dict[str, Callable[[tuple[sympy.Symbol, ...], int], sympy.Expr]] = {
    "spherical_softmax": lambda f, y: 1 - sympy.exp(f[y]) / sympy.sqrt(sympy.Add(*(sympy.exp(2 * v) for v in f))),
}
"""The same function in another form, where the definition has one that keeps the digits and reads badly: both are compared."""

Values = tuple[sympy.Expr, ...]
Pieces = tuple[tuple[Any, Values], ...]
"""(condition, values): the first whose condition holds counts; the last condition is true."""


@dataclass(frozen=True)
class Case:
    """The loss for some of the targets."""

    where: Any
    """A condition on the targets alone; true where there are no other cases."""
    loss: Pieces
    curvature: dict[str, Pieces]


@dataclass(frozen=True)
class Definition:
    """An objective's formula by cases, and what is to be said about it."""

    objective: Objective
    formula: Formula
    cases: tuple[Case, ...]
    shown: int
    """How many cases are worth writing out: the others are these with the scores exchanged."""
    numbers: dict[str, Any]
    """Of each parameter of the formula: its value, or where the data decides a typical one."""
    values: dict[str, Any]
    """Of each parameter of the objective, as it has them."""
    left_out: dict[str, Any]
    notes: tuple[str, ...]

    def curvature(self, kind: str) -> Values:
        """Of each score, over all cases."""
        return joined([(case.where, case.curvature[kind]) for case in self.cases])

    def sample(self, rng: random.Random, case: Case | None = None) -> dict[str, Any]:
        """Numbers for all symbols, by name: anywhere, or where a case is."""
        return _sample(self.objective, self.formula.scores, self.numbers, (case or rng.choice(self.cases)).where, rng)


def of(objective: Objective) -> Formula:
    """The loss of an objective as a formula.

    Parameters
    ----------
    objective : Objective
        A registered one, or a booster's own under its name. Its parameters become symbols; one of several numbers becomes
        several, alpha0, alpha1, ...

    Returns
    -------
    Formula
        Of one row, with three classes where only the data says how many there are. Of losses of groups: of one group of
        three rows, whose targets are numbers.

    Raises
    ------
    TypeError
        It has no definition.
    """
    return traced(objective).formula


def traced(objective: Objective) -> Definition:
    """The definition of an objective by cases, with its curvatures; see `of`."""
    from ..registry import BuiltIn

    law = objective.textbook if isinstance(objective, BuiltIn) else objective
    if not isinstance(law, (Pointwise, Rowwise, Groupwise)):
        raise TypeError(f"{objective!r} has no definition to derive from")
    return _traced(law)


@functools.lru_cache(maxsize=128)
def _traced(o: Any) -> Definition:
    given, symbols, numbers, left_out = _parameters(o)
    count = _count(o)
    f = tuple(symbol(f"f{j}") for j in range(count)) if count > 1 else (symbol("f", **assumed(o.scores)),)
    targets = _targets(o)
    cases = []
    for where, target in _cases(o, count):
        arguments, extra = _arguments(o, target, f, given)

        def run(name: str, arguments: tuple = arguments, extra: dict = extra, where: Any = where) -> Pieces:
            rng = random.Random(1)
            points = [_sample(o, f, _other_parameters(o, numbers, rng), where, rng) for _ in range(12)]
            function = _with_symbolic_extremes(getattr(type(o), name))
            return _explored(lambda: function(_Mathematics, *arguments, **extra), f, numbers, points)

        kinds = {kind: run(KINDS[kind]) for kind in o.kinds if kind in KINDS}
        law = run("definition")
        if o.name in READS_BETTER:
            other = ((sympy.true, (READS_BETTER[o.name](f, int(target[0])),)),)
            points = [_sample(o, f, numbers, where, random.Random(seed)) for seed in range(12)]
            assert len(law) == 1 and _same(law[0][1], other[0][1], points), f"{o!r}: the other form is another function"
            law = other
        cases.append(Case(where, law, kinds))
    loss = joined([(case.where, case.loss) for case in cases])[0]
    loss = loss.xreplace({s: weak for weak in targets for s in loss.free_symbols if s.name == weak.name})
    formula = Formula(loss, targets, f, {name: s for name, s in symbols.items() if s in loss.free_symbols})
    alike = isinstance(o, Rowwise) and o.domain.integer
    values = {p.name: getattr(o, p.name) for p in o.parameters() if p.kernel and p.name not in left_out}
    return Definition(o, formula, tuple(cases), 1 if alike else len(cases), numbers, values, left_out, _notes(o, count, alike))


def joined(cases: Sequence[tuple[Any, Pieces]]) -> Values:
    """One expression for each value, over cases and their pieces."""
    flat = [(sympy.And(where, condition), values) for where, pieces in cases for condition, values in pieces]
    flat[-1] = (sympy.true, flat[-1][1])
    if len(flat) == 1:
        return flat[0][1]
    return tuple(sympy.Piecewise(*((values[j], where) for where, values in flat), evaluate=False) for j in range(len(flat[0][1])))


def assumed(domain: Any) -> dict[str, bool]:
    """What SymPy may know of a number in a set."""
    if not isinstance(domain, Interval) or domain.low < 0:
        return {}
    return {"nonnegative": True} if domain.low == 0 and domain.closed in ("low", "both") else {"positive": True}


def _count(o: Any) -> int:
    """How many scores are written out."""
    if isinstance(o, Groupwise):
        return len(GROUPS.get(o.name, ANY_GROUP)[0])
    return (o._known_count() or CLASSES) if isinstance(o, Rowwise) else 1


def _parameters(o: Any) -> tuple[dict[str, Any], dict[str, sympy.Symbol], dict[str, Any], dict[str, Any]]:
    """What the definition is given, the symbols in it, a number for each, and what is left out."""
    given: dict[str, Any] = {}
    symbols: dict[str, sympy.Symbol] = {}
    numbers: dict[str, Any] = {}
    left_out: dict[str, Any] = {}
    for p in o.parameters():
        value = getattr(o, p.name)
        if not p.kernel:
            continue
        domain = p.domain.inner if isinstance(p.domain, OrNone) else p.domain
        if value == AUTO:
            value = p.typical[0]
            value = value[: CLASSES - 1] if isinstance(value, tuple) else value
        if p.name in CHANGES_NOTHING and value == CHANGES_NOTHING[p.name]:
            left_out[p.name] = value
            given[p.name] = Number(sympy.Integer(int(value)))
        elif isinstance(value, tuple):
            inner = domain.inner if isinstance(domain, (Ascending, Several)) else None
            stem = p.name.removesuffix("s") if isinstance(domain, Cuts) else p.name
            own = [symbol(f"{stem}{j}", **assumed(inner)) for j in range(len(value))]
            symbols |= {s.name: s for s in own}
            numbers |= {s.name: v for s, v in zip(own, value, strict=True)}
            given[p.name] = tuple(map(Number, own))
        elif value is None or isinstance(value, (str, bool)) or getattr(domain, "integer", False):
            given[p.name] = value
        else:
            symbols[p.name] = symbol(p.name, **assumed(domain))
            numbers[p.name] = value
            given[p.name] = Number(symbols[p.name])
    return given, symbols, numbers, left_out


def _targets(o: Any) -> tuple[sympy.Symbol, ...]:
    if isinstance(o, Groupwise):
        return tuple(symbol(f"y{j}") for j in range(_count(o)))
    if len(o.targets) == 2:  # the upper end of an interval may be infinite
        return symbol("lower", nonnegative=True), sympy.Symbol("upper", extended_nonnegative=True)
    return (symbol("y", **({} if o.domain.integer else assumed(o.domain))),)


def _cases(o: Any, count: int) -> Iterator[tuple[Any, tuple]]:
    """Conditions on the targets that lead to different formulas, with the targets that stand for each."""
    targets = _targets(o)
    if isinstance(o, Groupwise):
        yield sympy.true, tuple(map(sympy.Integer, GROUPS.get(o.name, ANY_GROUP)[0]))
    elif len(targets) == 2:
        low, high = symbol("lower", positive=True), symbol("upper", positive=True)
        yield sympy.Eq(*targets), (low, low)
        yield sympy.Eq(targets[1], sympy.oo), (low, sympy.oo)
        yield sympy.Eq(targets[0], 0), (sympy.Integer(0), high)
        yield sympy.true, (low, high)
    elif o.domain.integer and (isinstance(o, Rowwise) or getattr(o, "cuts", "") or o.domain.high == 1):
        cuts = getattr(o, "cuts", "")
        if cuts:
            value = getattr(o, cuts)
            places = list(range(CLASSES if value == AUTO else len(value) + 1))
        elif isinstance(o, Rowwise):
            places = [*range(1, 2**count), 0] if o.sets else list(range(count))
        else:
            places = [1, 0]
        for place in places:
            yield sympy.Eq(targets[0], place), (sympy.Integer(place),)
    else:
        yield sympy.true, targets


def _arguments(o: Any, target: tuple, f: tuple, given: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
    scores: Any = [Number(s) for s in f] if len(f) > 1 else Number(f[0])
    if not isinstance(o, Groupwise):
        return (*map(Number, target), scores), given
    ranked = GROUPS.get(o.name, ANY_GROUP)[1]
    takes_at = "at" in inspect.signature(type(o).definition).parameters
    labels = [int(t) for t in target]
    return (labels, scores, [Number(sympy.Integer(1))] * len(f)), given | ({"at": list(ranked)} if takes_at else {})


def _notes(o: Any, count: int, alike: bool) -> tuple[str, ...]:
    if isinstance(o, Groupwise):
        words = GROUPS.get(o.name, ANY_GROUP)[2]
        return (f"One group of three rows {words}, each of weight 1: f0, f1 and f2 are their raw scores.",)
    if not alike:
        return ()
    if o.sets:
        return (
            f"{count} labels, and a row whose set holds the label 0 alone (y = 1, a sum of powers of 2): for other sets"
            " the labels in the set go as label 0 goes here, the others as label 1.",
        )
    return (f"{count} classes, and a row of class 0: for other classes the scores change places.",)


def _sample(o: Any, f: tuple, numbers: Mapping[str, Any], where: Any, rng: random.Random) -> dict[str, Any]:
    """A number for each symbol, by name."""
    out = dict(numbers)
    for s in f:
        out[s.name] = rng.gauss(0, 2) if o.scores.low == -math.inf else o.scores.low + math.exp(rng.gauss(0, 1))
    if isinstance(o, Groupwise):
        labels, ranked, _ = GROUPS.get(o.name, ANY_GROUP)
        if ranked:  # the scores rank the rows as those of the group do
            out |= dict(zip([s.name for s in f], sorted((out[s.name] for s in f), reverse=True), strict=True))
        return out | {f"y{j}": v for j, v in enumerate(labels)}
    if len(o.targets) == 2:
        low = math.exp(rng.gauss(0, 1))
        high = low * (1 + math.exp(rng.gauss(0, 1)))
        ends = {"lower": low, "upper": high}
        if where != sympy.true:
            a, b = where.args
            one, other = (a, b) if isinstance(a, sympy.Symbol) else (b, a)
            ends[one.name] = ends[other.name] if isinstance(other, sympy.Symbol) else float(other)
        return out | ends
    if isinstance(where, sympy.Eq):
        return out | {"y": int(where.args[1] if isinstance(where.args[0], sympy.Symbol) else where.args[0])}
    return out | {"y": _anywhere(o.domain, rng)}


def _anywhere(domain: Interval, rng: random.Random) -> float:
    if math.isfinite(domain.low) and math.isfinite(domain.high):
        return rng.uniform(domain.low, domain.high)
    ends = [end for end in (domain.low, domain.high) if math.isfinite(end)]
    return ends[0] + math.exp(rng.gauss(0, 1)) * (1 if ends[0] == domain.low else -1) if ends else rng.gauss(0, 2)


def _other_parameters(o: Any, numbers: Mapping[str, Any], rng: random.Random) -> dict[str, float]:
    """Parameters anywhere in their sets: two formulas may agree where a level is 1/2, and nowhere else."""
    out: dict[str, float] = {}
    for p in o.parameters():
        names = [name for name in numbers if name.rstrip("0123456789") in (p.name, p.name.removesuffix("s"))]
        domain = p.domain.inner if isinstance(p.domain, (OrNone, Ascending, Several)) else p.domain
        domain = domain.inner if isinstance(domain, (Ascending, Several)) else REAL if isinstance(domain, Cuts) else domain
        if names:
            out |= dict(zip(names, sorted(_anywhere(domain, rng) for _ in names), strict=True))
    return out


# ---------------------------------------------------------------------------------------------------------------------
# Numbers that remember how they were computed


class _Run:
    """The answers to the questions of one run of a definition."""

    current: _Run | None = None

    def __init__(self, answers: Sequence[bool], f: Sequence[sympy.Symbol], numbers: Mapping[str, Any]) -> None:
        self.answers, self.f, self.numbers = list(answers), set(f), numbers
        self.asked: list[Any] = []
        self.known: dict[Any, bool] = {}

    def answer(self, question: Any) -> bool:
        for side, other in (question.args, question.args[::-1]):
            if side.is_number and abs(side) >= GUARD:
                return bool(question.xreplace({other: sympy.Integer(0)}))
        free = question.free_symbols
        if isinstance(question, (sympy.Eq, sympy.Ne)) and (free & self.f or {s.name for s in free} == {"lower", "upper"}):
            return isinstance(question, sympy.Ne)  # a point among infinitely many
        if {s.name for s in free} <= set(self.numbers):
            return bool(question.subs({s: sympy.Rational(str(self.numbers[s.name])) for s in free}))
        for same, turn in ((question, False), (sympy.Not(question), True)):
            if same in self.known:
                return self.known[same] ^ turn
        place = len(self.asked)
        self.asked.append(question)
        self.known[question] = self.answers[place] if place < len(self.answers) else True
        return self.known[question]


class Question:
    """A comparison of symbols."""

    def __init__(self, relation: Any) -> None:
        self.relation = relation

    def __bool__(self) -> bool:
        assert _Run.current is not None
        return _Run.current.answer(self.relation)

    def _indicator(self) -> Number:
        return Number(sympy.Piecewise((1, self.relation), (0, True)))

    def __mul__(self, other: Any) -> Number:
        return self._indicator() * other

    def __sub__(self, other: Any) -> Number:
        return self._indicator() - other

    def __rsub__(self, other: Any) -> Number:
        return other - self._indicator()

    __rmul__ = __mul__


class Number:
    """A number that is an expression."""

    def __init__(self, expr: sympy.Expr) -> None:
        self.expr = expr

    def __repr__(self) -> str:
        return f"Number({self.expr})"

    def __hash__(self) -> int:
        return hash(self.expr)

    def __neg__(self) -> Number:
        return Number(-self.expr)

    def __pos__(self) -> Number:
        return self

    def __abs__(self) -> Number:
        return Number(sympy.Abs(self.expr))

    def __int__(self) -> int:
        if not self.expr.is_number:
            raise TypeError(f"{self.expr} is no number to index with")
        return int(self.expr)

    def __bool__(self) -> bool:
        if self.expr.is_number:
            return bool(self.expr != 0)
        return bool(_asked(sympy.Ne(self.expr, 0)))


def _plain(value: Any) -> Any:
    """The expression of a number; NotImplemented of what is none."""
    if isinstance(value, Number):
        return value.expr
    if isinstance(value, Question):
        return value._indicator().expr
    if isinstance(value, (int, bool)):
        return sympy.Integer(int(value))
    return sympy.Rational(repr(value)) if isinstance(value, float) else NotImplemented


def _asked(relation: Any) -> Any:
    return bool(relation) if relation in (sympy.true, sympy.false) else Question(relation)


def _operators() -> None:
    def arithmetic(function: Callable, turned: bool) -> Callable:
        def method(self: Number, other: Any) -> Any:
            other = _plain(other)
            if other is NotImplemented:
                return other
            return Number(function(other, self.expr) if turned else function(self.expr, other))

        return method

    def comparison(relation: Callable) -> Callable:
        def method(self: Number, other: Any) -> Any:
            other = _plain(other)
            return other if other is NotImplemented else _asked(relation(self.expr, other))

        return method

    for name, function in {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "truediv": operator.truediv,
        "pow": operator.pow,
    }.items():
        setattr(Number, f"__{name}__", arithmetic(function, False))
        setattr(Number, f"__r{name}__", arithmetic(function, True))
    relations = {"lt": sympy.Lt, "le": sympy.Le, "gt": sympy.Gt, "ge": sympy.Ge, "eq": sympy.Eq, "ne": sympy.Ne}
    for name, relation in relations.items():
        setattr(Number, f"__{name}__", comparison(relation))


_operators()


def _function(of: Callable[[sympy.Expr], sympy.Expr]) -> Callable[[Any], Number]:
    return lambda x: Number(of(_plain(x)))


class _Mathematics:
    """What definitions use of mpmath."""

    inf, pi = Number(sympy.oo), Number(sympy.pi)
    mpf = staticmethod(_function(lambda x: x))
    exp = staticmethod(_function(sympy.exp))
    expm1 = staticmethod(_function(lambda x: sympy.exp(x) - 1))
    log1p = staticmethod(_function(lambda x: sympy.log(1 + x)))
    sqrt = staticmethod(_function(sympy.sqrt))
    cosh = staticmethod(_function(sympy.cosh))
    tanh = staticmethod(_function(sympy.tanh))
    sign = staticmethod(_function(sympy.sign))
    erfc = staticmethod(_function(sympy.erfc))
    loggamma = staticmethod(_function(sympy.loggamma))

    @staticmethod
    def log(x: Any, base: Any = None) -> Number:
        found = sympy.log(_plain(x))
        return Number(found if base is None else found / sympy.log(_plain(base)))

    @staticmethod
    def fsum(values: Any) -> Number:
        return Number(sympy.Add(*map(_plain, values)))


def _with_symbolic_extremes(function: Any) -> Callable[..., Any]:
    """The same function, whose max and min of symbols are symbols too."""

    def extreme(plain: Callable, symbolic: Callable) -> Callable:
        def found(*values: Any, **others: Any) -> Any:
            if not any(isinstance(v, Number) for v in values):
                return plain(*values, **others)
            return Number(symbolic(*map(_plain, values)))

        return found

    names = {**function.__globals__, "max": extreme(max, sympy.Max), "min": extreme(min, sympy.Min)}
    copy = types.FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _explored(
    function: Callable[[], Any], f: Sequence[sympy.Symbol], numbers: Mapping[str, Any], points: Sequence[Mapping[str, Any]]
) -> Pieces:
    """The pieces of what a function returns, over all answers to its questions."""

    def run(answers: Sequence[bool]) -> tuple[list, Values]:
        held, _Run.current = _Run.current, _Run(answers, f, numbers)
        try:
            found = function()
            return _Run.current.asked, tuple(_plain(v) for v in (found if isinstance(found, list) else [found]))
        finally:
            _Run.current = held

    def walk(answers: list[bool]) -> list[tuple[Any, Values]]:
        asked, values = run(answers)
        if len(asked) == len(answers):
            return [(sympy.true, values)]
        question = asked[len(answers)]
        _, others = run([*answers, False])
        if _same(values, others, points):
            short = sum(map(sympy.count_ops, values)) <= sum(map(sympy.count_ops, others))
            return walk([*answers, short])
        yes, no = walk([*answers, True]), walk([*answers, False])
        if isinstance(question, sympy.Eq) and isinstance(question.lhs, sympy.Symbol):
            yes = [(condition, tuple(v.subs(question.lhs, question.rhs) for v in values)) for condition, values in yes]
        return [(sympy.And(question, condition), values) for condition, values in yes] + no

    return tuple((condition, tuple(_of_one_sign(v, points) for v in values)) for condition, values in walk([]))


def _same(a: Values, b: Values, points: Sequence[Mapping[str, Any]]) -> bool:
    """Whether two formulas are the same function: they agree in thirty digits at a dozen points, or are no functions there."""
    return all(u == v or close(u, v, points) for u, v in zip(a, b, strict=True))


def _of_one_sign(expr: sympy.Expr, points: Sequence[Mapping[str, Any]]) -> sympy.Expr:
    """Without the bars around what has one sign: a difference of probabilities, 1 less a level."""
    scores = set(points[0]) & {"f", "f0"}
    for found in expr.atoms(sympy.Abs):
        inner = found.args[0]
        if inner.has(sympy.erfc) or not scores & {s.name for s in inner.free_symbols}:
            signs = {sympy.sign(number(inner, point)) for point in points}
            if signs in ({1}, {-1}):
                expr = expr.xreplace({found: inner * signs.pop()})
    return expr
