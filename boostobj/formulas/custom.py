"""A formula becomes a class: derived, made stable, compiled by the same loops as every other objective."""

from __future__ import annotations

import ast
import dataclasses
import functools
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from mpmath import mp

from ..domain import AUTO, POSITIVE, REAL, Interval, Parameter
from ..links import LINKS
from ..objective import Objective, Pointwise, Rowwise, _root_of_many
from . import code, findings, measuring, stable
from .domains import classes_of, target_of, written
from .formula import Formula
from .parsing import parsed
from .printing import text_of
from .tracing import traced

_KINDS = ("exact", "majorized", "fisher", "damped")


@dataclasses.dataclass(frozen=True)
class Law:
    """All that is known of a formula before it is compiled."""

    formula: Formula
    domain: Interval
    link: str
    text: str
    name: str
    values: tuple[tuple[str, float], ...]
    """Of the parameters, where forms were measured."""


def from_formula(
    text: str,
    *,
    link: str = "identity",
    target: str | Interval | None = None,
    name: str | None = None,
    curvature: str = "default",
    measured: bool = True,
    **parameters: Any,
) -> Objective:
    """See `boostobj.from_formula`."""
    if isinstance(text, str) and text.lstrip().startswith("from_formula("):
        return _of_repr(text)
    formula = parsed(text, parameters)
    return _objective(formula, text, link, target, name, curvature, measured, parameters)


def _of_repr(text: str) -> Objective:
    """The objective whose repr a text is: constants in a call of from_formula, and nothing else."""
    refused = ValueError(
        f"formula: a repr is from_formula('...', name=value, ...) of plain numbers and texts, got {text[:200]!r}"
    )
    try:
        call = ast.parse(text.strip(), "<repr>", "eval").body
        assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "from_formula"
        (formula,) = [ast.literal_eval(a) for a in call.args]
        values = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords if k.arg}
        assert len(values) == len(call.keywords) and not formula.lstrip().startswith("from_formula(")
    except (AssertionError, ValueError, SyntaxError, RecursionError, MemoryError, AttributeError):
        raise refused from None
    return from_formula(formula, **values)


def from_function(
    function: Callable[..., Any],
    *,
    scores: int = 1,
    link: str = "identity",
    target: str | Interval | None = None,
    curvature: str = "default",
    measured: bool = True,
    **parameters: Any,
) -> Objective:
    """See `boostobj.objective`."""
    formula, defaults = traced(function, scores)
    values = {**defaults, **parameters}
    missing = [p for p in formula.parameters if p not in values]
    unknown = [p for p in values if p not in formula.parameters]
    if missing or unknown:
        what = f"needs a value for {missing[0]!r}" if missing else f"has no parameter {unknown[0]!r}"
        raise TypeError(f"{function.__name__} {what}")
    ordered = {p: values[p] for p in formula.parameters}
    return _objective(formula, text_of(formula.loss), link, target, function.__name__, curvature, measured, ordered)


def _objective(
    formula: Formula,
    text: str,
    link: str,
    target: str | Interval | None,
    name: str | None,
    curvature: str,
    measured: bool,
    parameters: Mapping[str, Any],
) -> Objective:
    if link not in LINKS:
        raise ValueError(f"formula: link must be one of {', '.join(map(repr, LINKS))}, got {link!r}")
    if name is not None and not (isinstance(name, str) and name.isidentifier() and name.isascii()):
        raise ValueError(f"formula: name must be a word of letters, digits and _, got {name!r}")
    lacking = [p for p in LINKS[link].parameters if p not in parameters]
    if lacking:
        raise ValueError(f"formula: the link {link!r} takes the parameter {lacking[0]!r}, which the formula does not have")
    domain = target_of(target)
    classes = classes_of(domain)
    if len(formula.scores) > 1 and classes is not None and len(classes) != len(formula.scores):
        raise ValueError(
            f"formula: with {len(formula.scores)} raw scores a target that is a class is one of {len(formula.scores)}, got"
            f" the target {written(domain)}; one score per class, or one altogether"
        )
    declared, given = {}, {}
    for key, value in parameters.items():
        declared[key], given[key] = _declared(key, value)
    asked = (text_of(formula.loss), text, link, domain, name, tuple(sorted(declared.items())), tuple(given))
    cls: Any = _CLASSES.get(asked)
    if cls is None:
        law = Law(formula, domain, link, text, name or "formula", tuple((k, _number(v)) for k, v in given.items()))
        cls = _CLASSES[asked] = _made(law, declared)
    if measured and not hasattr(cls, "accuracy"):
        findings.measure_compiled(cls, cls._derived)
    if curvature == "default":
        cls._derived.warn()
    return cls(**given, curvature=curvature)


_CLASSES: dict[tuple, type[Objective]] = {}
"""By what was asked for: the same formula is the same class, so that its objects are equal."""


def _number(value: Any) -> float:
    return 1.0 if value == AUTO else float(value)


def _declared(key: str, value: Any) -> tuple[tuple[Interval, tuple[Any, ...]], Any]:
    """The set of a parameter, and its value: a number that is positive stays positive, unless `boostobj.param` says more."""
    if isinstance(value, dataclasses.Field) and "parameter" in value.metadata:
        said: Parameter = value.metadata["parameter"]
        if not isinstance(said.domain, Interval):
            raise ValueError(f"formula: the parameter {key!r} must be a number, its set an interval")
        return (said.domain, said.typical), said.default
    if isinstance(value, str) and value == AUTO:
        return (POSITIVE, ()), AUTO
    value = REAL.convert(value)
    wrong = REAL.check(value)
    if wrong:
        raise ValueError(f"formula: {key} {wrong}, or {AUTO!r}, got {value!r}")
    return (POSITIVE if value > 0 else REAL, ()), value


# ---------------------------------------------------------------------------------------------------------------------
# The class


def _made(law: Law, declared: Mapping[str, tuple[Interval, tuple]]) -> type[Objective]:
    derived = _Derived(law, declared)
    bases: tuple[type, ...] = (Pointwise,) if derived.k == 1 else (Rowwise,)
    units = findings.in_unit_of_target(derived)
    kinds = [k for k in _KINDS if k == "exact" or k in derived.kinds]
    body: dict[str, Any] = {
        "name": law.name,
        "link": law.link,
        "domain": law.domain,
        "convex": derived.convex,
        "kinds": tuple(kinds),
        "formula": law.text,
        "_law": law,
        "_derived": derived,
        "definition": staticmethod(derived.definition),
        "__doc__": _documented(derived, kinds),
        "__repr__": _repr,
        "__reduce__": _reduce,
        "__module__": __name__,
        "boosters_curvature": derived.default_kind,
    }
    for kind, method in (("majorized", "majorizer"), ("fisher", "informant"), ("damped", "damper")):
        if kind in kinds:
            body[method] = staticmethod(functools.partial(derived.curvature_definition, kind))
    if derived.boundaries:
        body["kinks"] = staticmethod(derived.kinks)
    if derived.k == 1:
        body["point"] = staticmethod(derived.kernel(kinds))
        body["among_targets"] = derived.residual is not None and derived.lowest_at_zero
        if derived.default_kind == "smoothed":
            body["smoothed"] = staticmethod(derived.smoothed_kernel())
    else:
        body |= {
            "few": staticmethod(derived.kernel(kinds)),
            "count": "outputs",
            "outputs": tuple(f.name for f in law.formula.scores),
            "shift_free": derived.shift_free,
            "uneven": True,
            "best": _best,
            "classes": derived.classes is not None,
            "guess": staticmethod(_middle),
        }
    annotations, fields = {}, {}
    for name, value in law.values:
        domain, typical = declared[name]
        unit = "y" if name in units else "1"
        parameter = Parameter("", value, domain, unit, typical or (value,), auto=unit == "y")
        annotations[name] = float
        fields[name] = dataclasses.field(default=value, metadata={"parameter": parameter})
    title = "".join(part.capitalize() for part in law.name.split("_")) or "Formula"
    cls = type(title, bases, {**body, **fields, "__annotations__": annotations})
    made: type[Objective] = dataclasses.dataclass(frozen=True, kw_only=True, repr=False)(cls)
    return made


def _documented(derived: _Derived, kinds: Sequence[str]) -> str:
    """What one must know of the class, as the others' docstrings have it."""
    law = derived.law
    forms = derived.forms[0][1]
    of_class = "" if not derived.mirrored else ", of class 1; class 0 is its mirror image"
    words = {"identity": "the prediction itself", "logit": "log odds", "log": "the logarithm of the prediction"}
    kinds_said = {
        "majorized": "gradient/residual: the quadratic of that curvature lies above the loss",
        "fisher": "what is expected of the exact one if the scores are right",
        "damped": "the exact one without its negative terms, or its size where their signs are not known",
    }
    lines = [
        f"The loss {law.text}, from its formula.",
        "",
        f"Target: {law.domain}. Raw score: {words.get(law.link, 'what the link ' + repr(law.link) + ' makes a prediction of')}.",
        "Estimates: what minimises the expected loss.",
        "",
        f"    loss      {law.text}",
    ]
    for j in range(derived.k):
        which = "" if derived.k == 1 else f" f{j}"
        lines.append(f"    gradient{which}  {forms[f'gradient {j}']}{of_class}")
        lines.append(f"    exact{which}     {forms[f'exact {j}']}{of_class}")
    lines += [f"    {kind}  {kinds_said[kind]}" for kind in kinds if kind != "exact"]
    lines += ["", *derived.notes, "", "Parameters", "----------"]
    lines += [f"{name} : float, {value!r} where forms were measured" for name, value in law.values]
    lines += [
        "",
        "When not to use it: where a registered objective is the same (boostobj.objectives), which is proven in more ways.",
        "Raises: ValueError for a parameter, target, score or weight outside its set. Source: the formula.",
        "",
        f">>> from_formula({law.text!r}, ...)",
    ]
    return "\n".join(lines)


def _repr(self: Any) -> str:
    law: Law = self._law
    shown = [repr(law.text)]
    if law.link != "identity":
        shown.append(f"link={law.link!r}")
    if law.domain != REAL:
        shown.append(f"target={written(law.domain)!r}")
    if law.name != "formula":
        shown.append(f"name={law.name!r}")
    shown += [f"{p.name}={getattr(self, p.name)!r}" for p in self.parameters()]
    if self.curvature != "default":
        shown.append(f"curvature={self.curvature!r}")
    return f"from_formula({', '.join(shown)})"


def restored(text: str, link: str, domain: Interval, name: str | None, curvature: str, values: dict[str, Any]) -> Objective:
    """What a pickle holds: the formula, which is parsed again."""
    with warnings.catch_warnings():  # whoever made it has been told
        warnings.simplefilter("ignore", UserWarning)
        return from_formula(text, link=link, target=domain, name=name, curvature=curvature, measured=False, **values)


def _reduce(self: Any) -> tuple[Any, ...]:
    law: Law = self._law
    values = {p.name: getattr(self, p.name) for p in self.parameters()}
    name = None if law.name == "formula" else law.name
    return restored, (law.text, law.link, law.domain, name, self.curvature, values)


def _best(self: Any, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> np.ndarray | None:
    """The best constants of several scores, by Newton's method from a few places."""
    from ..protocol import Rows

    if self.classes:
        return None
    k = len(self.outputs)
    shift = np.zeros((len(y), k)) if offset is None else offset
    weight = weight / weight.sum()

    def slope(c: np.ndarray) -> np.ndarray:
        grad, hess = np.empty(shift.shape), np.empty(shift.shape)
        self._gradients(Rows(y, weight), shift + c, "exact", (grad, hess))
        return grad.sum(axis=0)

    def total(c: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            return float(weight @ self._losses(Rows(y, None), shift + c)[0])

    middle = float(np.average(y, weights=weight))
    places = [np.zeros(k)] + [middle * e for e in np.eye(k)]
    size = float(np.sqrt(np.average((y - middle) ** 2, weights=weight)))
    if size > 0:
        places += [p + math.log(size) * e for p in list(places) for e in np.eye(k) if not p @ e]
    places = [p for p in places if math.isfinite(total(p))] or [np.zeros(k)]
    found = min((_root_of_many(slope, p, self.shift_free, total) for p in sorted(places, key=total)[:2]), key=total)
    far = max(float(np.abs(y).max()), FARTHEST)
    if np.isfinite(found).all() and np.abs(found).max() <= far and np.abs(slope(found)).max() <= 1e-6:
        return found
    warnings.warn(
        f"{self._owner}: no finite start minimises the loss (are all targets the same?); it is bounded instead",
        UserWarning,
        stacklevel=3,
    )
    return np.clip(np.nan_to_num(found), -far, far)


FARTHEST = 36.0
"""Beyond it a score on the scale of logarithms changes nothing: exp(-36) beside 1 is the last digit."""


def _middle(y: np.ndarray, weight: np.ndarray, k: int, *parameters: Any) -> np.ndarray:
    """A first value for the start of losses of classes: the logarithms of what the classes weigh, where they have a start."""
    shares = np.bincount(y.astype(np.int64), weights=weight, minlength=k)[:k]
    return np.log(np.maximum(shares / shares.sum(), 1e-300))


# ---------------------------------------------------------------------------------------------------------------------
# What is derived


@functools.cache
def _damped(
    loss: sympy.Expr, scores: tuple[sympy.Symbol, ...], values: tuple[tuple[sympy.Symbol, float], ...]
) -> list[sympy.Expr]:
    """The Hessian without its negative terms, or its size where the signs of its terms are not known."""
    constant, shape = findings.apart(loss, scores, values)
    atoms = stable.in_atoms(findings.smooth(shape))
    out = []
    for f in scores:
        bend = stable.in_atoms(sympy.diff(atoms, f, 2))
        part = findings.positive_part(bend)
        out.append(abs(constant) * (abs(bend) if part is None else part))
    return out


def _signed(name: str, domain: Interval) -> sympy.Symbol:
    """A symbol that knows its sign, so that SymPy takes roots and logarithms apart; no more than its set says."""
    if domain.ends[0] > 0:
        return sympy.Symbol(name, positive=True)
    return sympy.Symbol(name, nonnegative=True) if domain.low >= 0 else sympy.Symbol(name, real=True)


class _Derived:
    """Loss, gradient and curvatures of a law, in forms that keep their digits, for each class or for all targets."""

    def __init__(self, law: Law, declared: Mapping[str, tuple[Interval, tuple]]) -> None:
        self.law = law
        formula, domain = law.formula, law.domain
        self.k = len(formula.scores)
        self.names = {s: name for name, s in formula.parameters.items()}
        signs = {s: _signed(name, declared[name][0]) for s, name in self.names.items()}
        (y,) = formula.targets
        if not domain.signed:
            signs[y] = _signed("y", domain)
        self.y = signs.get(y, y)
        self.scores = formula.scores
        self.parameters = {name: signs.get(s, s) for name, s in formula.parameters.items()}
        self.loss = formula.loss.xreplace(signs)
        self.unit = domain.low >= 0 and domain.high <= 1
        self.values = dict(law.values)
        self.numbers = tuple((self.parameters[name], value) for name, value in law.values)
        self.classes = classes_of(domain)
        self.symbols = [self.y, *self.scores, *self.parameters.values()]
        self.rows = self._rows()
        self.boundaries = findings.boundaries(self.loss, self.scores)
        self.residual = findings.residual(self) if self.k == 1 and self.classes is None else None
        self.convex, self.negative = findings.convexity(self)
        self.lowest_at_zero = self.residual is not None and findings.lowest_at_zero(self)
        self.shift_free = self.k > 1 and findings.shift_free(self)
        self.notes: list[str] = []
        self.kinds = self._kinds()
        self.default_kind = self._default_kind()
        self.mirrored: tuple[sympy.Expr, sympy.Expr] | None = None
        self.forms = self._forms()

    # Where forms are measured

    def _rows(self) -> np.ndarray:
        rows = measuring.points(self.law.domain, self.law.link, self.k)
        for value in self.values.values():  # around residuals of the size of a parameter
            if self.k == 1 and self.classes is None and value > 0:
                some = rows[:12].copy()
                sizes = value * (1 + 10.0 ** -np.linspace(0, 15, 12)) * np.resize([1.0, -1.0], 12)
                some[:, 1] = some[:, 0] + sizes
                rows = np.concatenate([rows, some])
        if self.loss.has(sympy.loggamma, sympy.polygamma):  # mpmath's are slow where they are large; and so is nobody's count
            rows = rows[(np.abs(rows[:, 1:]).max(axis=1) < 20) & (np.abs(rows[:, 0]) < 1e6)]
        more = [np.full(len(rows), v) for v in self.values.values()]
        return np.column_stack([rows, *more])

    # Which curvatures there are

    def _kinds(self) -> dict[str, Any]:
        kinds: dict[str, Any] = {}
        if self.residual is not None and not self.boundaries:
            note = findings.majorizer(self)
            if note is not None:
                kinds["majorized"] = None  # made of the gradient
                self.notes.append(note)
        fisher = findings.fisher(self)
        if fisher is not None:
            kinds["fisher"] = fisher
        if self.negative and not kinds:
            kinds["damped"] = None
        return kinds

    def _default_kind(self) -> str:
        if "majorized" in self.kinds:
            return "majorized"
        if "fisher" in self.kinds and (self.negative or self.k > 1):
            return "fisher"
        flat = all(sympy.diff(findings.smooth(self.loss), f, 2) == 0 for f in self.scores)
        if flat and self.residual is not None:
            return "smoothed"
        return "exact"

    # Forms

    def _cases(self) -> list[tuple[int | None, sympy.Expr]]:
        if self.classes is None:
            return [(None, self.loss)]
        return [(c, self.loss.subs(self.y, c)) for c in self.classes]

    def _forms(self) -> list[tuple[int | None, dict[str, Any]]]:
        cases = self._cases()
        if self.k == 1 and self.classes is not None and len(self.classes) == 2:
            self.mirrored = findings.mirrored(cases[1][1], cases[0][1], self)
            if self.mirrored:
                one = cases[1][1] / self.mirrored[0]
                return [(None, self._forms_of(one))]
        return [(c, self._forms_of(loss)) for c, loss in cases]

    def _forms_of(self, loss: sympy.Expr) -> dict[str, Any]:
        """The best form found for each thing that is computed."""
        smooth = findings.smooth(loss)
        atoms = stable.in_atoms(smooth)
        wanted: list[tuple[str, sympy.Expr, sympy.Expr, bool]] = [
            ("loss", smooth, atoms, self.law.link in ("log", "signed_square"))
        ]
        several = self.k > 1 and not self.law.domain.integer
        for j, f in enumerate(self.scores):
            wanted.append((f"gradient {j}", sympy.diff(smooth, f), sympy.diff(atoms, f), several))
            wanted.append((f"exact {j}", sympy.diff(smooth, f, 2), sympy.diff(atoms, f, 2), several))
        for kind, exprs in self.kinds.items():
            if kind == "majorized":
                continue
            for j, expr in enumerate(_damped(loss, self.scores, self.numbers) if kind == "damped" else exprs):
                wanted.append((f"{kind} {j}", expr, stable.in_atoms(expr), several))
        true = measuring.truths(
            [w[1] for w in wanted],
            self.symbols,
            self.rows,
            self.scores,
            self.y,
            residual=self.law.link == "identity" and self.k == 1,
            with_target=[w[3] or (several and w[0] == "loss") for w in wanted],
        )
        forms = {}
        for (name, _, expr, _), truth in zip(wanted, true, strict=True):
            options = list(stable.candidates(expr, self.y, self.unit))
            forms[name], _ = measuring.best(options, truth, self.symbols, self.rows, self.scores[0] if self.k == 1 else None)
        return forms

    # Compiled

    def kernel(self, kinds: Sequence[str]) -> Callable[..., Any]:
        names = {self.y: "y", **{s: n for n, s in self.parameters.items()}}
        arguments = ["y", "f", *self.parameters]
        body: list[ast.stmt] = []
        if self.k > 1:
            targets = ast.Tuple([ast.Name(f.name, ast.Store()) for f in self.scores], ast.Store())
            body.append(ast.Assign([targets], ast.Name("f", ast.Load())))
        names |= {f: f.name for f in self.scores}
        keys = ["loss", *(f"gradient {j}" for j in range(self.k))]
        keys += [f"{kind} {j}" for kind in kinds if kind != "majorized" for j in range(self.k)]
        if self.mirrored:
            return self._mirrored_kernel(names, arguments, keys, kinds)
        writer = code.Writer(names)
        writer.expecting([forms[key] for _, forms in self.forms for key in keys])
        results = {}
        for key in keys:
            made = [(c, writer.of(forms[key]), forms[key]) for c, forms in self.forms]
            value = made[-1][1]
            for c, node, form in reversed(made[:-1]):
                if form != made[-1][2] or any(m[2] != form for m in made):
                    at = ast.Compare(
                        ast.Name("y", ast.Load()), [ast.LtE()], [ast.Constant(0.0 if self.law.domain.signed else float(c or 0))]
                    )
                    value = writer.call("where", at, node, value)
            results[key] = writer.kept(value)
        return code.function("formula", arguments, [*body, *writer.lines], self._tuple(writer, results, kinds))

    def _tuple(self, writer: code.Writer, results: dict[str, ast.expr], kinds: Sequence[str]) -> ast.expr:
        parts: list[ast.expr] = [results["loss"]]
        for what in ("gradient", *kinds):
            if what == "majorized":
                each = [self._over_residual(writer, results)]
            else:
                each = [results[f"{what} {j}"] for j in range(self.k)]
            parts.append(each[0] if self.k == 1 else ast.Tuple(each, ast.Load()))
        return ast.Tuple(parts, ast.Load())

    def _over_residual(self, writer: code.Writer, results: dict[str, ast.expr]) -> ast.expr:
        """gradient/residual, and the exact Hessian where the residual is 0 or nearly no number."""
        (f,) = self.scores
        r = writer.of(f - self.y)
        tiny = ast.Compare(writer.call("absolute", r), [ast.Lt()], [ast.Constant(1e-290)])
        return writer.call("where", tiny, results["exact 0"], writer.binary(ast.Div(), results["gradient 0"], r))

    def _mirrored_kernel(
        self, names: dict[sympy.Symbol, str], arguments: list[str], keys: list[str], kinds: Sequence[str]
    ) -> Callable[..., Any]:
        """Of two classes that are each other's mirror image: one computation, of the score with a sign."""
        assert self.mirrored is not None
        (f,) = self.scores
        names = {**names, f: "x"}
        writer = code.Writer(names)
        one = ast.Compare(ast.Name("y", ast.Load()), [ast.Gt()], [ast.Constant(0.0)])
        writer.lines.append(ast.Assign([ast.Name("one", ast.Store())], one))
        sign = writer.call("where", ast.Name("one", ast.Load()), ast.Constant(1.0), ast.Constant(-1.0))
        writer.lines.append(ast.Assign([ast.Name("s", ast.Store())], sign))
        x = writer.binary(ast.Mult(), ast.Name("s", ast.Load()), ast.Name("f", ast.Load()))
        writer.lines.append(ast.Assign([ast.Name("x", ast.Store())], x))
        forms = self.forms[0][1]
        writer.expecting([forms[key] for key in keys])
        up, down = self.mirrored
        c = writer.of(up)
        if up != down:
            c = writer.named(
                ("scale",), lambda: writer.call("where", ast.Name("one", ast.Load()), writer.of(up), writer.of(down))
            )
        results = {}
        for key in keys:
            value = writer.of(forms[key])
            if not (up == down == 1):
                value = writer.binary(ast.Mult(), writer.call("absolute", c) if key.startswith("damped") else c, value)
            if key.startswith("gradient"):
                value = writer.binary(ast.Mult(), ast.Name("s", ast.Load()), value)
            results[key] = writer.kept(value)
        return code.function("formula", arguments, writer.lines, self._tuple(writer, results, kinds))

    def smoothed_kernel(self) -> Callable[..., Any]:
        """A loss of straight pieces with its kinks rounded off, as `Pointwise.smoothed` has it: what its gradient is far out on
        both sides decides how much it bends."""
        (f,) = self.scores
        names = {self.y: "y", f: "f", **{s: n for n, s in self.parameters.items()}}
        writer = code.Writer(names)
        width = ast.Name("width", ast.Load())
        slope = sympy.diff(findings.smooth(self.loss), f)
        above, below = (stable.in_atoms(slope.subs(f, self.y + side)) for side in (2**100, -(2**100)))
        r = writer.kept(writer.call("within", writer.of(f - self.y)))
        g = writer.of(self.forms[0][1]["gradient 0"])
        size, tilt = writer.of((above - below) / 2), writer.of((above + below) / 2)
        root = writer.kept(writer.call("hypot", r, width))
        share = writer.binary(ast.Div(), writer.call("absolute", r), root)
        rounded = writer.binary(ast.Add(), tilt, writer.binary(ast.Mult(), writer.binary(ast.Sub(), g, tilt), share))
        k = writer.kept(writer.binary(ast.Div(), width, root))
        cube = writer.binary(ast.Mult(), writer.binary(ast.Mult(), k, k), writer.binary(ast.Mult(), k, ast.Constant(1 / 3)))
        eased = writer.binary(ast.Sub(), k, cube)
        bend = writer.binary(ast.Div(), writer.binary(ast.Mult(), size, eased), width)
        result = ast.Tuple([g, rounded, bend], ast.Load())
        return code.function("smoothed", ["y", "f", *self.parameters, "width"], writer.lines, result)

    # The law, in mpmath

    def _at(self, y: Any, f: Any, fields: Mapping[str, Any]) -> dict[sympy.Symbol, Any]:
        scores = f if self.k > 1 else [f]
        if self.law.domain.signed:
            y = 1 if y > 0 else -1
        return {
            self.y: mp.mpf(y),
            **dict(zip(self.scores, scores, strict=True)),
            **{s: mp.mpf(fields[name]) for name, s in self.parameters.items()},
        }

    def definition(self, mp_: Any, y: Any, f: Any, **fields: Any) -> Any:
        return measuring.exact(self.law_in_atoms, self._at(y, f, fields))

    @functools.cached_property
    def law_in_atoms(self) -> sympy.Expr:
        """The loss in functions that mpmath can evaluate anywhere: log(1 - 1/(1 + exp(-f))) has no digits for a large f."""
        return stable.in_atoms(findings.smooth(self.loss))

    def curvature_definition(self, kind: str, mp_: Any, y: Any, f: Any, **fields: Any) -> Any:
        at = self._at(y, f, fields)
        smooth = self.law_in_atoms
        if kind == "majorized":
            r = f - y
            slope = sympy.diff(smooth, self.scores[0])
            if r == 0:
                return measuring.exact(sympy.diff(slope, self.scores[0]), at)
            return measuring.exact(slope, at) / r
        exprs = self._damped_at(y) if kind == "damped" else self.kinds[kind]
        found = [measuring.exact(expr, at) for expr in exprs]
        return found if self.k > 1 else found[0]

    def _damped_at(self, y: Any) -> list[sympy.Expr]:
        if self.classes is None:
            return _damped(self.loss, self.scores, self.numbers)
        c = self.classes[int(y > 0) if self.law.domain.signed else int(y) - self.classes[0]]
        return _damped(self.loss.subs(self.y, c), self.scores, self.numbers)

    def kinks(self, y: Any, f: Any, **fields: Any) -> Any:
        """About how far each score is from a kink; 0 at one."""
        columns = {self.y: np.asarray(y, float), **{s: fields[n] for n, s in self.parameters.items()}}
        scores = [f] if self.k == 1 else [f[..., j] for j in range(self.k)]
        columns |= dict(zip(self.scores, scores, strict=True))
        out: Any = np.inf
        with np.errstate(all="ignore"):
            for edge in self.boundaries:
                slope = np.sqrt(sum(np.square(measuring.in_floats(sympy.diff(edge, s), columns)) for s in self.scores))
                away = np.abs(measuring.in_floats(edge, columns) / slope)
                out = np.minimum(out, np.where(np.isnan(away), np.inf, away))
        return out if self.k == 1 else np.broadcast_to(np.asarray(out)[..., None], np.shape(f))

    def warn(self) -> None:
        """Say what a user must know before training."""
        bends = [sympy.diff(findings.smooth(self.loss), f, 2) for f in self.scores]
        if self.default_kind == "exact" and all(bend == 0 for bend in bends):
            warnings.warn(
                f"{self.law.name}: the Hessian of {self.law.text!r} is 0 wherever there is one: boosters cannot divide by it."
                " Write the loss with its kinks rounded off (softplus(x) for max(0, x)), or derive a class from"
                " boostobj.Pointwise with a bound of your own",
                UserWarning,
                stacklevel=5,
            )
        if self.negative and self.default_kind == "exact":
            choices = [k for k in _KINDS if k in self.kinds]
            warnings.warn(
                f"{self.law.name}: the Hessian of {self.law.text!r} is negative {self.negative}: boosters are given 0 there,"
                f" where such a row has no say in how far a leaf goes. Choose curvature={' or '.join(map(repr, choices))}"
                " (which is never negative), curvature='exact' if that is meant, or write a class derived from"
                " boostobj.Pointwise with a bound of your own",
                UserWarning,
                stacklevel=5,
            )
