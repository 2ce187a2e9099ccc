"""The derivation of a loss as a person would write it: from the loss to gradient, Hessian, start and curvatures.

What is printed is what was derived: every line is an expression of `Derivation`, and those are held against numerical
derivatives of the loss.
"""

from __future__ import annotations

import functools
import random
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy import Expr, Symbol

from . import notation, stable, starting
from .atoms import Atom
from .chains import Chain, Step, chained, named_as, normal, signs, turned, without_jumps
from .comparing import Comparison, compare
from .definitions import Case, Definition, joined, traced
from .familiar import above
from .formula import Formula
from .functions import FUNCTIONS
from .numbers import holds, number
from .parsing import expression, parsed

MOST_PIECES = 32
_SHORT, _WIDE = 40, 100
"""Characters of a formula that is always written out, and beyond which it stays in the names of its steps."""
_MOST_PATHS = 4

_KINDS = {
    "exact": "the Hessian above",
    "majorized": "a bound: a step with it never makes the loss larger",
    "fisher": "the Hessian's expectation under the model",
    "damped": "positive and near the Hessian where it matters, without being a bound",
}

Condition = Any


@dataclass(frozen=True)
class Rate:
    """dL/du as a sign, not as an expression."""

    top: str
    bottom: Symbol
    order: int = 1


@dataclass(frozen=True)
class Line:
    """An equation, left = right = right; or words."""

    left: Any
    rights: tuple[Any, ...] = ()
    note: Any = None
    """A condition, or words in brackets."""
    also: tuple[Line, ...] = ()
    """What follows on the same line."""


@dataclass(frozen=True)
class Piece:
    """The loss where two conditions hold: one on the target (a case), one on the scores."""

    case: Condition
    where: Condition
    loss: Expr
    chain: Chain
    curvature: dict[str, tuple[Expr, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Derivation:
    """A loss with all that follows from it; `str` is plain text, `latex` and `markdown` are the others.

    `loss`, `gradient` and `hessian` are SymPy expressions over all cases; the last two have one for each score.
    """

    title: str
    formula: Formula
    pieces: tuple[Piece, ...]
    about: tuple[str, ...] = ()
    shown: int = 1
    """How many cases are written out."""
    starts: tuple[starting.Start | None, ...] = ()
    unit: bool = False
    """Whether the target is in [0, 1]."""
    has_start: bool = True
    sample: Callable[[random.Random], dict[str, Any]] | None = field(default=None, compare=False)
    """sample(rng): a number for each name, where what is written out holds."""

    @property
    def loss(self) -> Expr:
        return self.formula.loss

    @property
    def gradient(self) -> tuple[Expr, ...]:
        """Of each score, written out."""
        return self._over_all(lambda piece: piece.chain.gradient)

    @property
    def hessian(self) -> tuple[Expr, ...]:
        """Of each score, written out: the diagonal."""
        return self._over_all(lambda piece: piece.chain.hessian)

    def curvature(self, kind: str) -> tuple[Expr, ...]:
        """A kind of curvature of each score, written out."""
        return self._over_all(lambda piece: piece.curvature[kind])

    def check(self, *texts: str, hessian: bool = False) -> tuple[Comparison, ...]:
        """Compare with a gradient (or Hessian) that somebody typed, one formula for each score.

        Raises
        ------
        FormulaError
            A text is no formula.
        ValueError
            There are more or fewer texts than scores.
        """
        scores = self.formula.scores
        if len(texts) != len(scores):
            raise ValueError(f"{self.title}: there are {len(scores)} scores, and one formula to check for each, got {len(texts)}")
        ours = self.hessian if hessian else self.gradient
        names = {s.name for e in (self.loss, *ours) for s in e.free_symbols} - {"y", *(f.name for f in scores)}
        what = "Hessian" if hessian else "gradient"
        out = []
        for j, text in enumerate(texts):
            typed = expression(text, sorted(names - set(FUNCTIONS)))
            word = what if len(scores) == 1 else f"{what} of f{j}"
            order = (scores[j], *(f for f in scores if f != scores[j]))
            out.append(compare(ours[j], typed, loss=self.loss, scores=order, sample=self.sample, what=word))
        return tuple(out)

    def stable_forms(self, piece: Piece) -> tuple[Expr, ...]:
        """Loss, gradient and Hessian of a piece in functions that keep their digits (`boostobj.formulas.atoms`)."""
        loss = stable.in_atoms(piece.loss)
        y = self.formula.targets[0]
        out = [loss]
        for order in (1, 2):
            out += [stable.settled(without_jumps(sympy.diff(loss, f, order)), y, self.unit) for f in self.formula.scores]
        return tuple(turned(signs(sympy.factor_terms(e))) for e in out)

    def _over_all(self, of: Callable[[Piece], tuple[Expr, ...]]) -> tuple[Expr, ...]:
        cases = [(p.case, ((p.where, tuple(map(p.chain.written_out, of(p)))),)) for p in self.pieces]
        return joined(cases)

    def __str__(self) -> str:
        return _as_text(self)

    def latex(self) -> str:
        """Sections of a LaTeX document, with amsmath."""
        return _as_latex(self)

    def markdown(self) -> str:
        """Markdown with formulas between dollars."""
        return _as_markdown(self)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _repr_latex_(self) -> str:
        k, lines = len(self.formula.scores), []
        for letter, of in (("L", lambda p: (p.loss,)), ("g", _gradient), ("h", _hessian)):
            for p in _shown(self):
                for j, expr in enumerate(of(p)):
                    name = f"{letter}{j}" if k > 1 and letter != "L" else letter
                    lines.append(Line(name, (turned(p.chain.written_out(expr)),), _where(self, p)))
        return "$$\n" + _aligned(lines) + "\n$$"


def derivation(
    source: Any,
    *,
    name: str = "",
    link: str = "",
    values: Mapping[str, Any] | None = None,
) -> Derivation:
    """The derivation of an objective or of a formula.

    Parameters
    ----------
    source : Objective or Formula
    name : str
        What to call a formula.
    link : str
        Of a formula: said in the heading.
    values : mapping, optional
        Of a formula: its parameters' values, said in the heading.

    Returns
    -------
    Derivation

    Raises
    ------
    TypeError
        `source` is neither, or an objective without a definition.
    ValueError
        The formula has more than 32 pieces.
    """
    if isinstance(source, Formula):
        return _of_formula(source, name, link, values or {})
    return _of_objective(source)


def _of_formula(formula: Formula, name: str, link: str, values: Mapping[str, Any], domain: Any = None) -> Derivation:
    folded = sympy.piecewise_fold(formula.loss) if formula.loss.has(sympy.Piecewise) else formula.loss
    pairs = [(c, e) for e, c in folded.args] if isinstance(folded, sympy.Piecewise) else [(sympy.true, folded)]
    if len(pairs) > MOST_PIECES:
        raise ValueError(f"the formula has {len(pairs)} pieces, at most {MOST_PIECES} are derived")
    scores = set(formula.scores)
    pieces = []
    for condition, loss in pairs:
        on_targets = not condition.free_symbols & scores
        chain = chained(loss, formula.scores, formula.targets)
        case, where = (condition, sympy.true) if on_targets else (sympy.true, condition)
        pieces.append(Piece(case, where, loss, chain))
    if pieces[-1].case == sympy.true and any(p.case != sympy.true for p in pieces) and pieces[-1].where != sympy.true:
        pieces[-1] = Piece(sympy.true, sympy.true, pieces[-1].loss, pieces[-1].chain)
    heading = f"{_raw(formula)}, target {_list(formula.targets)}"
    about = [heading + (f" in {domain}" if domain else "") + (f", link {link}" if link else "")]
    if formula.parameters:
        about.append(", ".join(f"{name} = {values[name]!r}" if name in values else name for name in formula.parameters))
    starts = _starts(pieces, formula)
    unit = domain is not None and domain.low >= 0 and domain.high <= 1
    return Derivation(name or "A loss", formula, tuple(pieces), tuple(about), len(pieces), starts, unit)


@functools.lru_cache(maxsize=128)
def _of_objective(objective: Any) -> Derivation:
    from ..objective import Groupwise

    text = getattr(objective, "formula", "")
    if text:
        values = {p.name: getattr(objective, p.name) for p in objective.parameters()}
        return _of_formula(parsed(text, values), repr(objective), objective.link, values, objective.domain)
    d = traced(objective)
    pieces = []
    for case in d.cases:
        for where, (loss,) in case.loss:
            targets = {s for s in loss.free_symbols if s.name in {t.name for t in d.formula.targets}}
            chain = chained(loss, d.formula.scores, targets)
            pieces.append(Piece(case.where, where, loss, chain, _curvatures(d, case, where, chain)))
        if d.shown == 1:  # the others are alike, and are derived when they are asked for
            break
    if d.shown == 1 and len(d.cases) > 1:
        pieces += [_alike(case, d) for case in d.cases[1:]]
    o = d.objective
    about = [f"{_raw(d.formula)}, target {_list(d.formula.targets)} in {_domain(o, len(d.formula.scores))}, link {o.link}"]
    if isinstance(o, Groupwise):
        about = [f"{_raw(d.formula)}, link {o.link}"]
    values = {name: value for name, value in d.values.items() if value is not None}
    if values:
        about.append(", ".join(f"{k} = {v!r}" for k, v in values.items()))
    if d.left_out:
        about.append(f"{', '.join(f'{k} = {v:g}' for k, v in d.left_out.items())}: left out, as it changes nothing")
    about += d.notes
    grouped = isinstance(o, Groupwise)
    starts = () if grouped else _starts(pieces, d.formula, d)
    shown = d.cases[0] if d.shown == 1 else None
    sample = functools.partial(d.sample, case=shown)
    return Derivation(repr(o), d.formula, tuple(pieces), tuple(about), d.shown, starts, o.domain.high == 1, not grouped, sample)


def _domain(o: Any, k: int) -> Any:
    return o._labels(k) if k > 1 else o.domain


def _alike(case: Case, d: Definition) -> Piece:
    """A case that is not written out: without steps."""
    ((where, (loss,)),) = case.loss
    f = d.formula.scores
    chain = Chain(f, (), loss, (), tuple(sympy.diff(loss, s) for s in f), tuple(sympy.diff(loss, s, 2) for s in f))
    curvature = {kind: joined([(sympy.true, pieces)]) for kind, pieces in case.curvature.items()}
    return Piece(case.where, where, loss, chain, curvature)


def _curvatures(d: Definition, case: Case, where: Condition, chain: Chain) -> dict[str, tuple[Expr, ...]]:
    """In the names of the chain; of a bound with pieces of its own the one that counts here, or all in one expression."""
    out = {}
    for kind, pieces in case.curvature.items():
        own = pieces
        if len(pieces) > 1 and len(case.loss) > 1:
            rng = random.Random(2)
            here = {_first(pieces, point) for point in (d.sample(rng, case) for _ in range(100)) if _counts(case, where, point)}
            own = (pieces[here.pop()],) if len(here) == 1 else pieces
        values = own[0][1] if len(own) == 1 else joined([(sympy.true, own)])
        out[kind] = tuple(named_as(chain, v) for v in values)
    return out


def _counts(case: Case, where: Condition, point: Any) -> bool:
    return bool(case.loss[_first(case.loss, point)][0] == where)


def _first(pieces: Any, point: Any) -> int:
    """The piece that counts at a point."""
    return next(i for i, (condition, _) in enumerate(pieces) if holds(condition, point))


def _starts(pieces: Sequence[Piece], formula: Formula, d: Definition | None = None) -> tuple[starting.Start | None, ...]:
    if d is not None and d.shown == 1 and len(d.cases) > 1:
        gradients = [tuple(map(p.chain.written_out, p.chain.gradient)) for p in pieces]
        k = len(formula.scores)
        places = [int(_place(p.case)) for p in pieces]
        sets = getattr(d.objective, "sets", False)
        members = [frozenset(j for j in range(k) if (place >> j & 1 if sets else place == j)) for place in places]
        if formula.parameters:
            return (None,) * k
        found = starting.of_shares(gradients, formula.scores, members)
        if not found:
            return (None,) * k
        words = "the share of weight of its class" if not sets else "the share of weight of the rows whose set holds it"
        return tuple(starting.Start(words=f"{found}({words})") for _ in range(k))
    if any(p.where != sympy.true for p in pieces):
        return (None,) * len(formula.scores)
    out = []
    for j, f in enumerate(formula.scores):
        gradients_ = [(p.case, p.chain.written_out(p.chain.gradient[j])) for p in pieces]
        alone = all(not g.free_symbols & (set(formula.scores) - {f}) for _, g in gradients_)
        targets = [s for s in gradients_[0][1].free_symbols if s.name in {t.name for t in formula.targets}]
        out.append(starting.started(gradients_, f, targets) if alone else None)
    return tuple(out)


def _place(condition: Any) -> Any:
    return next(a for a in condition.args if a.is_number)


def _raw(formula: Formula) -> str:
    return f"raw score{'s' if len(formula.scores) > 1 else ''} {_list(formula.scores)}"


def _list(names: Any) -> str:
    names = [str(n) for n in names]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# ---------------------------------------------------------------------------------------------------------------------
# What is written


def _sections(d: Derivation) -> Iterator[tuple[str, list[Line]]]:
    pieces = _shown(d)
    yield "", [Line(words) for words in d.about]
    yield "Loss", [Line("L", (normal(p.loss),), _where(d, p)) for p in pieces]
    yield "Step by step", list(_steps(d, pieces))
    for title, letter, of in (("Gradient", "g", _gradient), ("Hessian", "h", _hessian)):
        yield title, list(_results(d, pieces, letter, of))
    if any(_has_kinks(p.chain.loss) or p.where != sympy.true for p in pieces):
        yield (
            "",
            [
                Line(
                    "At a kink the loss has no derivative, and at a jump of the gradient no second one: the formulas are"
                    " those beside it."
                )
            ],
        )
    yield "Start", list(_start_lines(d, pieces))
    stable = list(_stable_lines(d, pieces))
    if stable:
        yield "Stable form", stable
    curvature = list(_curvature_lines(d, pieces))
    if curvature:
        yield "Curvature", curvature


def _gradient(p: Piece) -> tuple[Expr, ...]:
    return p.chain.gradient


def _hessian(p: Piece) -> tuple[Expr, ...]:
    return p.chain.hessian


def _shown(d: Derivation) -> list[Piece]:
    cases = list(dict.fromkeys(p.case for p in d.pieces))[: d.shown]
    return [p for p in d.pieces if p.case in cases]


def _where(d: Derivation, p: Piece) -> Any:
    """The condition of a piece in words, or None where it holds always."""
    if len(_shown(d)) == 1:
        return None
    last = p is _shown(d)[-1]
    siblings = [q for q in _shown(d) if q.case == p.case]
    inner = "otherwise" if p.where == sympy.true and len(siblings) > 1 else p.where
    if p.case == sympy.true:
        return "otherwise" if last and inner in (sympy.true, "otherwise") else inner
    return p.case if inner == sympy.true else (p.case, inner)


def _has_kinks(loss: Expr) -> bool:
    return bool(loss.has(sympy.Abs, sympy.Max, sympy.Min, above, sympy.sign))


def _steps(d: Derivation, pieces: Sequence[Piece]) -> Iterator[Line]:
    for p in pieces:
        where = _where(d, p)
        if where is not None:
            yield Line("where", (), where)
        if not p.chain.slopes:
            yield Line("L", (p.chain.loss,))
            yield Line(Rate("L", p.chain.scores[0]), (sympy.Integer(0),), "the score is not in it")
            continue
        used = {name for _, slopes in [*((s.name, s.slopes) for s in p.chain.steps), ("L", p.chain.slopes)] for name, _ in slopes}
        for step in p.chain.steps:
            yield _step(step, step.name in used)
        inner = [Line(Rate("L", name), (of,)) for name, of in p.chain.slopes if name not in p.chain.scores]
        yield Line("L", (p.chain.loss,), None, tuple(inner if p.chain.steps else _rules(p.chain)))
        for j, f in enumerate(p.chain.scores):
            paths = _paths(p.chain, f) if p.chain.steps else ()
            yield Line(Rate("L", f), (*((paths,) if paths else ()), p.chain.gradient[j]))
        for j, f in enumerate(p.chain.scores):
            yield Line(Rate("L", f, 2), (p.chain.hessian[j],))


def _step(step: Step, used: bool) -> Line:
    if not step.meaning.free_symbols:
        return Line(step.name, (step.meaning, sympy.N(step.meaning, 4)))
    slopes = [Line(Rate(step.name.name, name), (of,)) for name, of in step.slopes if used]
    return Line(step.name, (step.meaning,), None, tuple(slopes))


def _rules(chain: Chain) -> Iterator[Line]:
    """Where there is nothing to name: the derivative of each function in the loss."""
    seen: set[Expr] = set()
    for e in sympy.preorder_traversal(chain.loss):
        moves = [f for f in chain.scores if f in getattr(e, "free_symbols", ())]
        if isinstance(e, (sympy.Function, sympy.Abs)) and moves and e not in seen and len(seen) < 4:
            seen.add(e)
            for f in moves[:1]:
                yield Line(Rate(notation.text(e), f), (sympy.diff(e, f),))


def _paths(chain: Chain, f: Symbol) -> tuple[tuple[Any, ...], ...]:
    """The products of the chain rule that lead from L to a score; () where they are too many to be read."""
    inside = {step.name: [name for name, _ in step.slopes] for step in chain.steps}

    def down(name: Symbol) -> list[list[Rate]]:
        if name == f:
            return [[]]
        return [[Rate(name.name, inner), *rest] for inner in inside.get(name, []) for rest in down(inner)]

    found: list[tuple[Any, ...]] = []
    for name, of in chain.slopes:
        if name == f:
            found.append((of,))
        found += [(Rate("L", name), *rest) for rest in down(name) if rest]
    inner = any(isinstance(path[0], Rate) for path in found)
    return tuple(found) if inner and len(found) <= _MOST_PATHS else ()


def _results(d: Derivation, pieces: Sequence[Piece], letter: str, of: Callable[[Piece], tuple[Expr, ...]]) -> Iterator[Line]:
    k = len(d.formula.scores)
    named = False
    for p in pieces:
        for j, expr in enumerate(of(p)):
            shown = _shorter(p.chain, expr)
            named = named or _has_names(p.chain, shown)
            yield Line(f"{letter}{j}" if k > 1 else letter, (shown,), _where(d, p))
    if named:
        yield Line(_IN_NAMES)


_IN_NAMES = "With the names of the steps."


def _has_names(chain: Chain, expr: Expr) -> bool:
    return bool(expr.free_symbols & {step.name for step in chain.steps})


def _shorter(chain: Chain, expr: Expr) -> Expr:
    """Written out where that can be read, else in names."""
    if any(s.name[0] == "p" and s.name[1:].isdigit() for s in expr.free_symbols):
        return expr  # shares of classes are best known by their names
    out = turned(chain.written_out(expr))
    many, few = len(notation.text(out)), len(notation.text(expr))
    return out if many <= _SHORT or many <= min(2.5 * few, _WIDE) else expr


def _start_lines(d: Derivation, pieces: Sequence[Piece]) -> Iterator[Line]:
    if not d.has_start:
        yield Line("0: only differences of scores within a group count, so that no constant is better than another.")
        return
    k = len(d.formula.scores)
    yield Line(
        "The constant raw score c at which the weighted gradients of all rows add up to 0:"
        if k == 1
        else "The constant raw scores at which the weighted gradients of all rows add up to 0:"
    )
    letters = [f"c{j}" if k > 1 else "c" for j in range(k)]
    if len(pieces) == 1 and k == 1 and len(d.formula.targets) == 1:
        g = _shorter(pieces[0].chain, pieces[0].chain.gradient[0])
        y = [s for s in g.free_symbols if s.name == "y"]
        put = {d.formula.scores[0]: sympy.Symbol("c"), **{s: sympy.Symbol("y_i") for s in y}}
        named = _has_names(pieces[0].chain, g) or d.formula.scores[0] not in g.free_symbols
        inner = "g(y_i, c)" if named else g.xreplace(put)
        yield Line("sum", (inner, sympy.Integer(0)))
    else:
        yield Line("sum", ("g(y_i, c)", sympy.Integer(0)))
    for letter, start in zip(letters, d.starts, strict=True):
        if start is None:
            continue
        if start.words:
            if letter in ("c", "c0"):
                yield Line(f"{letter.replace('0', '_j')} = {start.words}")
        elif start.level is not None:
            by = "" if start.by == 1 else f", each weight times {notation.text(start.by.xreplace(_rows(start.by)))}"
            half = start.level == sympy.Rational(1, 2)
            what = "the weighted median of y" if half else f"the weighted quantile of y at the level {notation.text(start.level)}"
            yield Line(f"{letter} = {what}{by}")
        else:
            yield Line(letter, tuple(start.closed))
            for name, of_y in start.means.items():
                yield Line(f"{name.name}: {_mean_words(of_y)}")
    if None in d.starts:
        yield Line("No closed form was found; `start` finds the root numerically.")


def _rows(expr: Expr) -> dict[Symbol, Symbol]:
    return {s: sympy.Symbol("y_i") for s in expr.free_symbols if s.name == "y"}


def _mean_words(of_y: Any) -> str:
    if of_y.is_Boolean or of_y.is_Relational:
        return f"the share of weight of the rows with {notation.text(of_y)}"
    return f"the weighted mean of {notation.text(of_y)}"


def _stable_lines(d: Derivation, pieces: Sequence[Piece]) -> Iterator[Line]:
    k = len(d.formula.scores)
    meant: dict[str, str] = {}
    kept: set[str] = set()
    for p in pieces:
        where = _where(d, p)
        plain = (p.loss, *(p.chain.written_out(e) for e in (*p.chain.gradient, *p.chain.hessian)))
        for name, was, found in zip(_names_of_results(k), plain, d.stable_forms(p), strict=True):
            text = notation.text(found)
            if text == notation.text(turned(was)) or len(text) > 2 * _WIDE:
                kept.add(name[0])
                continue
            yield Line(name, (found,), where)
            for atom in sorted(found.atoms(Atom), key=lambda e: type(e).__name__):
                name_ = type(atom).__name__
                if name_ not in _WELL_KNOWN:
                    meant[name_] = (type(atom).__doc__ or "").strip()
    for name, words in meant.items():
        yield Line(f"{name} is {words}.")


_WELL_KNOWN = {"softplus", "sigmoid", "log_cosh", "tanh", "norm_cdf", "norm_pdf", "above", "absolute", "signum"}


def _names_of_results(k: int) -> list[str]:
    return ["L", *(f"{letter}{j}" if k > 1 else letter for letter in "gh" for j in range(k))]


def _curvature_lines(d: Derivation, pieces: Sequence[Piece]) -> Iterator[Line]:
    kinds = list(pieces[0].curvature)
    if not kinds:
        return
    k = len(d.formula.scores)
    yield Line(f"exact: {_KINDS['exact']}.")
    limit = named = False
    for kind in kinds:
        yield Line(f"{kind}: {_KINDS.get(kind, '')}.")
        lines = []
        for p in pieces:
            for j, expr in enumerate(p.curvature[kind]):
                shown = _shorter(p.chain, expr)
                limit = limit or _needs_limit(p.chain.written_out(expr))
                named = named or _has_names(p.chain, shown)
                lines.append(Line(f"m{j}" if k > 1 else "m", (shown,), _where(d, p)))
        yield from _merged(lines, pieces)
    if named:
        yield Line(_IN_NAMES)
    if limit:
        yield Line("Where this is 0/0 its limit is meant.")


def _merged(lines: list[Line], pieces: Sequence[Piece]) -> list[Line]:
    """One line where all pieces say the same, or all of a case."""
    if len({(line.left, line.rights) for line in lines}) == len({line.left for line in lines}):
        return [Line(left, rights) for left, rights in dict.fromkeys((x.left, x.rights) for x in lines)]
    by_case: dict[Any, list[Line]] = {}
    for line, p in zip(lines, pieces, strict=True) if len(lines) == len(pieces) else ():
        by_case.setdefault(p.case, []).append(line)
    if len(by_case) > 1 and all(len({x.rights for x in of_case}) == 1 for of_case in by_case.values()):
        return [Line(x[0].left, x[0].rights, "otherwise" if case == sympy.true else case) for case, x in by_case.items()]
    return lines


def _needs_limit(expr: Expr) -> bool:
    names = {s.name for s in expr.free_symbols}
    for f in (0, 1):  # the target is 1 too
        import mpmath

        values = {name: f if (name[0] == "f" and name[1:].isdigit()) or name == "f" else 1 for name in names}
        if mpmath.isnan(number(expr, values)) or mpmath.isinf(number(expr, values)):
            return True
    return False


# ---------------------------------------------------------------------------------------------------------------------
# Text, LaTeX, Markdown


def _rate_text(rate: Rate) -> str:
    top = rate.top if rate.top.isidentifier() else f"({rate.top})"
    return f"d{top}/d{rate.bottom}" if rate.order == 1 else f"d{rate.order}{top}/d{rate.bottom}^{rate.order}"


def _part_text(part: Any) -> str:
    if isinstance(part, Rate):
        return _rate_text(part)
    if isinstance(part, tuple):  # a sum of products
        terms = []
        for path in part:
            factors = [_part_text(x) for x in path]
            if len(path) == 1 and isinstance(path[0], Expr) and path[0].is_Add:
                factors = [f"({factors[0]})"]
            terms.append("*".join(factors))
        return " + ".join(terms).replace("+ -", "- ")
    return part if isinstance(part, str) else notation.text(part)


def _note_text(note: Any) -> str:
    if isinstance(note, tuple):
        return f"{notation.text(note[0])}, {_note_text(note[1]).removeprefix('where ')}"
    return note if isinstance(note, str) else f"where {notation.text(note)}"


def _line_text(line: Line) -> str:
    if line.left == "where":
        words = _note_text(line.note)
        return (words if words.startswith(("where", "otherwise")) else f"where {words}") + ":"
    if line.left == "sum":
        inner, zero = line.rights
        shown = _part_text(inner)
        shown = f"({shown})" if isinstance(inner, Expr) and inner.is_Add else shown
        return f"sum of w_i*{shown} over the rows = {_part_text(zero)}"
    if not line.rights:
        return str(line.left)
    left = _part_text(line.left)
    body = " = ".join([left, *(_part_text(x) for x in line.rights)])
    if line.note is None:
        return ",   ".join([body, *map(_line_text, line.also)])
    words = _note_text(line.note)
    return f"{body}    ({words})" if isinstance(line.note, str) and words != "otherwise" else f"{body}    {_with_where(words)}"


def _with_where(words: str) -> str:
    return words if words.startswith(("where", "otherwise")) else f"where {words}"


def _as_text(d: Derivation) -> str:
    out = [d.title]
    for title, lines in _sections(d):
        out += ["", title] if title else [""] if len(out) > 1 else []
        indent = "    " if title else ""
        deeper = False
        for line in lines:
            deeper = (deeper and bool(title)) or line.left == "where"
            own = indent + ("    " if deeper and line.left != "where" else "")
            shown = _line_text(line)
            wrapped = textwrap.wrap(
                _held_together(shown) if line.rights else shown,
                120,
                initial_indent=own,
                subsequent_indent=own + "        " if title else own,
                break_long_words=False,
                break_on_hyphens=False,
            )
            out += [row.replace(_HELD, " ") for row in wrapped]
    return "\n".join(out) + "\n"


_HELD = "\N{NO-BREAK SPACE}"


def _held_together(shown: str) -> str:
    """A line that is not broken within short brackets, nor within its condition."""
    body, gap, condition = shown.partition("    ")
    parts = [part.replace(" ", _HELD) if len(part) < 60 else part for part in body.split(",   ")]
    body = ",   ".join(parts)
    starts: list[int] = []
    out = list(body)
    for i, c in enumerate(body):
        if c in "([":
            starts.append(i)
        elif c in ")]" and starts and i - (start := starts.pop()) < 50:
            out[start:i] = [_HELD if x == " " else x for x in out[start:i]]
    return "".join(out) + gap + condition.replace(" ", _HELD)


def _part_latex(part: Any) -> str:
    if isinstance(part, Rate):
        power = f"^{part.order}" if part.order > 1 else ""
        bottom = notation.latex(part.bottom)
        if not part.top.isidentifier():
            return rf"\frac{{d}}{{d {bottom}}}\,\mathrm{{{part.top}}}".replace("_", r"\_")
        top = notation.latex(sympy.Symbol(part.top))
        return rf"\frac{{d{power} {top}}}{{d {bottom}{power}}}"
    if isinstance(part, tuple):
        terms = []
        for path in part:
            factors = [_part_latex(x) for x in path]
            if len(path) == 1 and isinstance(path[0], Expr) and path[0].is_Add:
                factors = [rf"\left({factors[0]}\right)"]
            terms.append(r"\,".join(factors))
        return " + ".join(terms).replace("+ -", "- ")
    return notation.latex(sympy.Symbol(part)) if isinstance(part, str) else notation.latex(part)


def _note_latex(note: Any) -> str:
    if isinstance(note, tuple):
        return rf"{_note_latex(note[0])},\ " + _note_latex(note[1]).removeprefix(r"\text{where } ")
    return rf"\text{{{note}}}" if isinstance(note, str) else rf"\text{{where }} {notation.latex(note)}"


def _line_latex(line: Line) -> str:
    if line.left == "sum":
        inner, zero = line.rights
        shown = inner if isinstance(inner, str) else _part_latex(inner)
        shown = rf"\left({shown}\right)" if isinstance(inner, Expr) and inner.is_Add else shown
        return rf"\sum_i w_i\,{shown} &= {_part_latex(zero)}"
    body = f"{_part_latex(line.left)} &= " + " = ".join(_part_latex(x) for x in line.rights)
    if line.also:
        body += "".join(rf",\quad {_line_latex(x).replace('&=', '=')}" for x in line.also)
    return body if line.note is None else rf"{body} && {_note_latex(line.note)}"


def _aligned(lines: Sequence[Line]) -> str:
    inner = " \\\\\n".join(map(_line_latex, lines))
    return f"\\begin{{aligned}}\n{inner}\n\\end{{aligned}}"


def _blocks(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Equations together, words apart."""
    held: list[Line] = []
    for line in lines:
        if line.rights:
            held.append(line)
            continue
        if held:
            yield held
            held = []
        yield [line]
    if held:
        yield held


def _latex_words(line: Line) -> str:
    if line.left == "where":
        return f"${_note_latex(line.note)}$:"
    return str(line.left).replace("_", r"\_").replace("`", "")


def _as_latex(d: Derivation) -> str:
    out = [rf"\section*{{{d.title}}}".replace("_", r"\_")]
    for title, lines in _sections(d):
        if title:
            out.append(rf"\subsection*{{{title}}}")
        for block in _blocks(lines):
            out.append(rf"\[{chr(10)}{_aligned(block)}{chr(10)}\]" if block[0].rights else _latex_words(block[0]) + r"\par")
    return "\n".join(out) + "\n"


def _as_markdown(d: Derivation) -> str:
    out = [f"## {d.title}"]
    for title, lines in _sections(d):
        if title:
            out.append(f"### {title}")
        for block in _blocks(lines):
            if block[0].rights:
                out.append(f"$$\n{_aligned(block)}\n$$")
            elif block[0].left == "where":
                out.append(f"${_note_latex(block[0].note)}$:")
            else:
                out.append(str(block[0].left))
    return "\n\n".join(out) + "\n"


__all__ = ["Derivation", "derivation"]
