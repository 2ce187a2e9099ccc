"""What formulas may say, and what is refused, with its place; functions that are traced."""

import math
import random

import numpy as np
import pytest
import scipy.special as special
import sympy

import boostobj as bo
from boostobj.formulas.functions import FUNCTIONS
from boostobj.formulas.parsing import LONGEST, FormulaError, parsed
from boostobj.formulas.printing import text_of
from boostobj.formulas.tracing import traced

RNG = np.random.default_rng(0)

y, f, f0, f1 = (sympy.Symbol(name, real=True) for name in ("y", "f", "f0", "f1"))

MEANT = [
    ("softplus(f) - y*f", (), sympy.log(1 + sympy.exp(f)) - y * f),
    ("-2**2*f", (), -4 * f),
    ("2**-1*f**2", (), f**2 / 2),
    ("f[0] + f1*y", (), f0 + f1 * y),
    ("abs(f - y)", (), sympy.Abs(f - y)),
    ("max(f, y)", (), sympy.Piecewise((f, f >= y), (y, True))),
    ("where(y == 1 and not f < 2, f, -f)", (), sympy.Piecewise((f, sympy.And(sympy.Eq(y, 1), f >= 2)), (-f, True))),
    ("where(0 < f <= y, f, 0.1*f)", (), sympy.Piecewise((f, sympy.And(f > 0, f <= y)), (f / 10, True))),
    ("choose(y, f0, f1)", (), sympy.Piecewise((f0, sympy.Eq(y, 0)), (f1, True))),
    ("a_1*f/pi", ("a_1",), sympy.Symbol("a_1", real=True) * f / sympy.pi),
    ("norm_cdf(f)", (), sympy.erfc(-f / sympy.sqrt(2)) / 2),
    ("1e-3*f +\n  y", (), f / 1000 + y),
]


@pytest.mark.parametrize("text, parameters, meant", MEANT, ids=[t[0].split("\n")[0] for t in MEANT])
def test_a_text_means(text, parameters, meant):
    loss = parsed(text, parameters).loss
    assert loss == meant
    again = text_of(loss)
    assert parsed(again, parameters).loss == loss


REFUSED = [
    ("().__class__", 0, "attribute"),
    ("f + y.real", 4, "attribute"),
    ("f.__init__.__globals__", 0, "attribute"),
    ("__import__('os').system('true')", 0, "attribute"),
    ("f + __import__", 4, "not known"),
    ("f + eval(y)", 4, "'eval' is not known"),
    ("f + exp", 4, "is a function"),
    ("(lambda: f)()", 1, "lambda"),
    ("[f for f in y]", 0, "not part"),
    ("{f}", 0, "not part"),
    ("f'y'", 0, "text"),
    ("f + 'a'", 4, "no number"),
    ("f + 1j", 4, "no number"),
    ("f + 1e400", 4, "no number"),
    ("f + True", 4, "no number"),
    ("f + 1" + "0" * 30, 4, "no number"),
    ("f**1000", 3, "power above 64"),
    ("9**9**9*f", 3, "power above 64"),
    ("f**(9**64)", 4, "power above 64"),
    ("((9**64)**64)*f", 1, "1000 digits"),
    ("f ^ 2", 2, "a power is written"),
    ("f // 2", 2, "//"),
    ("f % 2", 2, "%"),
    ("f + b", 4, "'b' is not known"),
    ("f + sofplus(y)", 4, "softplus"),
    ("exp(f, y)", 0, "takes 1 arguments"),
    ("exp(x=f)", 4, "no names"),
    ("exp(*f)", 4, "not part"),
    ("f if y else 2", 0, "where"),
    ("f < y", 0, "first place of where"),
    ("where(f, 1, 2)", 6, "comparison"),
    ("where(f is y, 1, 2)", 6, "compared by"),
    ("f[y]", 2, "place of a raw score"),
    ("y[0]*f", 0, "anything but f"),
    ("f/0", 2, "division by 0"),
    ("0**-1 + f", 0, "division by 0"),
    ("sqrt(-2)*f", 0, "no finite real number"),
    ("log(0)*f", 0, "no finite real number"),
    ("é*f", 0, "no character"),
    ("f +", 3, "cannot be read"),
    ("f f", 2, "cannot be read"),
    ("  ", 0, "empty"),
    ("(" * 100 + "f" + ")" * 100, 60, "brackets"),
    ("-" * 500 + "f", 241, "operators"),
    ("f" + " + f" * LONGEST, LONGEST, "characters"),
    ("print(f) or f", 0, "first place of where"),
    ("f; import os", 1, "cannot be read"),
]


@pytest.mark.parametrize("text, position, words", REFUSED, ids=[repr(r[0][:24]) for r in REFUSED])
def test_everything_else_is_refused_with_its_position(text, position, words):
    with pytest.raises(FormulaError) as found:
        parsed(text)
    assert words in str(found.value)
    assert found.value.position == position, found.value


@pytest.mark.parametrize("text", ["y", "f + f1", "f0 + f2", "f1"])
def test_scores_are_f_or_f0_to_the_last(text):
    with pytest.raises(ValueError, match="raw score"):
        parsed(text)


@pytest.mark.parametrize("name", ["y", "f", "f3", "exp", "pi", "link", "curvature", "lambda", "_a", "a b", "é"])
def test_names_of_parameters(name):
    with pytest.raises(ValueError, match="formula"):
        parsed("f", [name])


def test_a_parameter_must_be_in_the_formula():
    with pytest.raises(ValueError, match="'a' is not in"):
        parsed("f*y", ["a"])
    with pytest.raises(TypeError, match="text"):
        parsed(3)


def test_nonsense_is_refused_and_does_nothing_else():
    """Random texts of what formulas are made of: an expression or a refusal, whatever they are."""
    pieces = [
        "f",
        "y",
        "f0",
        "f1",
        "(",
        ")",
        "+",
        "-",
        "*",
        "**",
        "/",
        ",",
        "1",
        "0.5",
        "exp",
        "log(",
        "where(",
        "<",
        "==",
        " ",
        ".",
        "[",
        "]",
    ]
    pieces += ["__", "lambda", ":", "'", "abs(", "and", "not", "min(", "a", "1e9", "~", "@", "=", "{", "}"]
    draw = random.Random(int(RNG.integers(2**32)))
    read = 0
    for _ in range(3000):
        text = "".join(draw.choice(pieces) for _ in range(draw.randint(1, 4)))
        try:
            loss = parsed(text).loss
        except (FormulaError, ValueError):
            continue
        read += 1
        assert isinstance(loss, sympy.Expr) and loss.free_symbols <= {y, f, *sympy.symbols("f0:8", real=True)}
    assert read > 10


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_is_read_printed_and_read_again(name):
    _, least, _ = FUNCTIONS[name]
    arguments = ["f0 < f1", "f0", "y*f1"] if name == "where" else ["f0", "f1 + y", "y"][:least]
    text = f"{name}({', '.join(arguments)}) + f0 + f1"
    loss = parsed(text).loss
    assert parsed(text_of(loss)).loss == loss


# Functions


def test_a_function_of_numpy_and_scipy_is_traced():
    def loss(y, f, *, gamma=2.0, alpha=0.25):
        p = special.expit(f)
        one = -alpha * np.power(1 - p, gamma) * np.log(p)
        other = -(1 - alpha) * p**gamma * np.log1p(-p)
        return np.where((y == 1) & ~(f > 1e6), one, other)

    formula, defaults = traced(loss)
    assert defaults == {"gamma": 2.0, "alpha": 0.25}
    values = {f: 0.7, **{s: defaults[n] for n, s in formula.parameters.items()}}
    for target in (0.0, 1.0):
        assert math.isclose(float(formula.loss.subs({y: target, **values})), float(loss(np.float64(target), np.float64(0.7))))


def test_several_scores_and_operators_on_both_sides():
    def loss(y, f):
        centre, log_scale = f
        z = (y - centre) / np.exp(log_scale)
        return 0.5 * np.square(z) + log_scale + abs(1 - z) * 2**-1 - (-z)

    formula, _ = traced(loss, 2)
    z = (y - f0) * sympy.exp(-f1)
    assert sympy.simplify(formula.loss - (z**2 / 2 + f1 + sympy.Abs(1 - z) / 2 + z)) == 0


def _with_if(y, f):
    return f if y > 0 else f**2


def _with_math(y, f):
    return math.exp(f) - y * f


def _with_method(y, f):
    return f.sum()


def _with_sum(y, f):
    return np.sum(f) * y


def _with_array(y, f):
    return f * np.ones(3)


def _with_infinity(y, f):
    return np.maximum(f, np.inf)


def _with_unpacking(y, f):
    a, b = f
    return a + b


def _with_a_power(y, f):
    return f**500


@pytest.mark.parametrize(
    "function, words",
    [
        (_with_if, "numpy.where"),
        (_with_math, "NumPy's functions"),
        (_with_method, "no 'sum'"),
        (_with_sum, "numpy.sum cannot be traced"),
        (_with_array, "arrays"),
        (_with_infinity, "finite"),
        (_with_unpacking, "scores=2"),
        (_with_a_power, "power above 64"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_what_cannot_be_traced_says_what_to_write_and_where(function, words):
    with pytest.raises(TypeError, match=words) as found:
        traced(function)
    line = function.__code__.co_firstlineno + 1
    assert str(found.value).startswith(f"{function.__name__}, line {line}: ")


def test_parameters_of_a_function():
    with pytest.raises(TypeError, match="must be y and f"):
        traced(lambda x, f: f)
    with pytest.raises(TypeError, match="name of its own"):
        traced(lambda y, f, *more: f)
    with pytest.raises(ValueError, match="'a' is not in"):
        traced(lambda y, f, a: f)
    with pytest.raises(ValueError, match="from 1 to 8"):
        traced(lambda y, f: f, 9)
    with pytest.raises(TypeError, match="needs a value for 'a'"):
        bo.objective(lambda y, f, a: a * f)
    with pytest.raises(TypeError, match="no parameter 'b'"):
        bo.objective(b=2)(lambda y, f, a=1.0: a * f)
