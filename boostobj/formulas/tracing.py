"""A Python function of y, f and parameters, called once with symbols: what it computes is its formula.

NumPy's and SciPy's elementwise functions hand themselves to the symbols, so that a function traces that also works on
arrays.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy

from .formula import Formula, symbol
from .functions import FUNCTIONS
from .parsing import HIGHEST, MOST_SCORES, _score_count, checked_names

_SPELLINGS = {
    "absolute": "abs",
    "fabs": "abs",
    "arctan": "atan",
    "maximum": "max",
    "fmax": "max",
    "minimum": "min",
    "fmin": "min",
    "expit": "sigmoid",
    "log_expit": "log_sigmoid",
    "gammaln": "lgamma",
    "psi": "digamma",
    "ndtr": "norm_cdf",
}
"""What NumPy and SciPy call a function of formulas otherwise."""
_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "true_divide": operator.truediv,
    "negative": operator.neg,
    "positive": operator.pos,
    "power": operator.pow,
    "float_power": operator.pow,
    "reciprocal": lambda x: 1 / x,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": sympy.Eq,
    "not_equal": sympy.Ne,
    "logical_and": sympy.And,
    "logical_or": sympy.Or,
    "logical_not": sympy.Not,
    "bitwise_and": sympy.And,
    "bitwise_or": sympy.Or,
    "invert": sympy.Not,
}


def _bare(value: Any) -> Any:
    """The expression of a traced number, or of a plain one."""
    if isinstance(value, Traced):
        return value.expr
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return sympy.true if value else sympy.false
    if isinstance(value, int):
        return sympy.Integer(value)
    if isinstance(value, float):
        if not np.isfinite(value):
            raise ValueError(f"formula: a number must be finite, got {value!r}")
        return sympy.Rational(repr(value))
    raise TypeError(f"formula: numbers and what is made of y, f and the parameters can be traced, got {type(value).__name__}")


class Traced:
    """A number or a condition that is being traced."""

    __slots__ = ("expr",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, expr: Any) -> None:
        self.expr = expr

    def _then(self, name: str, *values: Any) -> Traced:
        bare = [_bare(v) for v in values]
        if name in ("power", "float_power") and bare[1].is_number and not abs(bare[1]) <= HIGHEST:
            raise ValueError(f"formula: a power above {HIGHEST} is refused")
        return Traced(_OPERATORS[name](*bare))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Traced:
        name = _SPELLINGS.get(ufunc.__name__, ufunc.__name__)
        if method != "__call__" or kwargs:
            raise TypeError(f"formula: {ufunc.__name__}.{method} cannot be traced, only a plain call of it")
        if name in _OPERATORS:
            return self._then(name, *inputs)
        return called(name, *inputs)

    def __array_function__(self, function: Any, types: Any, args: tuple, kwargs: dict) -> Any:
        if function.__name__ == "where" and len(args) == 3 and not kwargs:
            return called("where", *args)
        raise TypeError(f"formula: numpy.{function.__name__} cannot be traced; known are {', '.join(FUNCTIONS)}")

    def __bool__(self) -> bool:
        raise TypeError(
            "formula: a condition on y, f or a parameter has no value while a function is traced: write numpy.where(condition,"
            " a, b) for `if`, `and`, `or`, max or min, and & or | between conditions"
        )

    def __float__(self) -> float:
        raise TypeError(
            "formula: a traced number has no value: take NumPy's functions (numpy.exp), not those of math, which want one"
        )

    __int__ = __index__ = __complex__ = __float__

    def __iter__(self) -> Any:
        raise TypeError("formula: one raw score is one number; for several say how many: scores=2")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"formula: a traced number has no {name!r}; its functions are NumPy's: numpy.exp(f)")


def _operator(name: str, turned: bool) -> Callable[..., Traced]:
    def apply(self: Traced, other: Any) -> Any:
        if isinstance(other, np.ndarray) and other.ndim:
            raise TypeError("formula: numbers can be traced, not arrays")
        return self._then(name, other, self) if turned else self._then(name, self, other)

    return apply


for _method, _name in (
    ("add", "add"),
    ("sub", "subtract"),
    ("mul", "multiply"),
    ("truediv", "divide"),
    ("pow", "power"),
    ("and", "logical_and"),
    ("or", "logical_or"),
):
    setattr(Traced, f"__{_method}__", _operator(_name, False))
    setattr(Traced, f"__r{_method}__", _operator(_name, True))
for _method, _name in (
    ("lt", "less"),
    ("le", "less_equal"),
    ("gt", "greater"),
    ("ge", "greater_equal"),
    ("eq", "equal"),
    ("ne", "not_equal"),
):
    setattr(Traced, f"__{_method}__", _operator(_name, False))
Traced.__neg__ = lambda self: self._then("negative", self)  # type: ignore[attr-defined]
Traced.__pos__ = lambda self: self  # type: ignore[attr-defined]
Traced.__abs__ = lambda self: called("abs", self)  # type: ignore[attr-defined]
Traced.__invert__ = lambda self: self._then("logical_not", self)  # type: ignore[attr-defined]


def called(name: str, *values: Any) -> Traced:
    """A function of formulas, of traced numbers."""
    if name not in FUNCTIONS:
        raise TypeError(f"formula: {name} cannot be traced; known are {', '.join(FUNCTIONS)}")
    make, least, most = FUNCTIONS[name]
    if not least <= len(values) <= most:
        raise TypeError(f"formula: {name} takes {least} to {most} arguments, got {len(values)}")
    bare = [_bare(v) for v in values]
    if name == "where" and bare[0] in (sympy.true, sympy.false):
        return Traced(bare[1] if bare[0] == sympy.true else bare[2])
    return Traced(make(*bare))


def traced(function: Callable[..., Any], scores: int = 1) -> tuple[Formula, dict[str, Any]]:
    """The formula of a function, and the defaults of its parameters.

    Parameters
    ----------
    function : callable
        function(y, f, *, name=default, ...): the loss of one row. With several scores f is a tuple of them.
    scores : int
        How many raw scores a row has.

    Returns
    -------
    formula, defaults
        A parameter without a default is not among them.

    Raises
    ------
    TypeError
        Its parameters are others, or it does what cannot be traced; the message says what, and in which line.
    """
    owner = getattr(function, "__name__", repr(function))
    found = inspect.signature(function).parameters.values()
    first, rest = list(found)[:2], list(found)[2:]
    if [p.name for p in first] != ["y", "f"]:
        raise TypeError(f"{owner}: its first parameters must be y and f, got {', '.join(p.name for p in found) or 'none'}")
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in found):
        raise TypeError(f"{owner}: each parameter needs a name of its own, not * or **")
    if not (isinstance(scores, int) and 1 <= scores <= MOST_SCORES):
        raise ValueError(f"{owner}: scores must be a whole number from 1 to {MOST_SCORES}, got {scores!r}")
    names = checked_names(p.name for p in rest)
    parameters = {name: symbol(name) for name in names}
    raw = (symbol("f"),) if scores == 1 else tuple(symbol(f"f{j}") for j in range(scores))
    f: Any = Traced(raw[0]) if scores == 1 else tuple(map(Traced, raw))
    try:
        result = function(Traced(symbol("y")), f, **{name: Traced(s) for name, s in parameters.items()})
    except (TypeError, ValueError, AttributeError) as error:
        line = _line_in(function, error)
        raise TypeError(f"{owner}{line}: {error}") from error
    loss = _bare(result)
    missing = [name for name, s in parameters.items() if s not in loss.free_symbols]
    if missing:
        raise ValueError(f"{owner}: the parameter {missing[0]!r} is not in what it returns")
    if _score_count(loss, owner) != scores:
        raise ValueError(f"{owner}: it uses other raw scores than the {scores} that it has")
    defaults = {p.name: p.default for p in rest if p.default is not p.empty}
    return Formula(loss, (symbol("y"),), raw, parameters), defaults


def _line_in(function: Callable[..., Any], error: BaseException) -> str:
    """Where in the function the error came from."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    at = error.__traceback__
    line = ""
    while at is not None:
        if at.tb_frame.f_code is code:
            line = f", line {at.tb_lineno}"
        at = at.tb_next
    return line
