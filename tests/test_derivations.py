"""Derivations: what is printed is right for every objective, and a wrong gradient is recognised."""

import dataclasses
import random
import re
import shlex
from pathlib import Path

import chosen
import mpmath
import numpy as np
import pytest
import sympy

import boostobj as bo
from boostobj import checks, cli
from boostobj.formulas import definitions, notation, starting
from boostobj.formulas.derivation import derivation
from boostobj.formulas.numbers import holds, number
from boostobj.formulas.parsing import parsed
from boostobj.objective import Groupwise

pytestmark = pytest.mark.skipif(chosen.SHORT, reason="the first run has it: nothing here depends on the Python")

STEP = 20
OURS = sorted(name for name, cls in bo.objectives.items() if cls.__module__.startswith("boostobj."))


def law(o, values, scores, name="definition"):
    """The textbook definition at these numbers, in mpmath."""
    mp = mpmath.mp
    f = [mp.mpf(values[s.name]) for s in scores]
    fields = checks._fields(o)
    if isinstance(o, Groupwise):
        labels, ranked, _ = definitions.GROUPS.get(o.name, definitions.ANY_GROUP)
        at = {"at": [mp.mpf(v) for v in ranked]} if ranked else {}
        return type(o).definition(mp, [mp.mpf(v) for v in labels], f, [mp.mpf(1)] * 3, **fields, **at)
    targets = ("lower", "upper") if len(o.targets) == 2 else ("y",)
    return getattr(type(o), name)(mp, *(mp.mpf(values[t]) for t in targets), f if len(f) > 1 else f[0], **fields)


def close(a, b, digits=20):
    return abs(a - b) <= mpmath.mpf(10) ** -digits * max(abs(a), abs(b))


def points(d, n, seed=0):
    rng = random.Random(seed)
    return [d.sample(rng, case) for case in d.cases for _ in range(n)]


@pytest.mark.parametrize("name", OURS)
def test_the_formula_is_the_definition(name):
    variants = [v for v in checks.variants(bo.objectives[name]) if v.curvature == "default"]
    for o in variants:
        d = definitions.traced(o)
        with mpmath.mp.workdps(60):
            for values in points(d, 2):
                assert close(number(d.formula.loss, values), law(o, values, d.formula.scores)), (o, values)


@pytest.mark.parametrize("name", OURS)
def test_a_derivation_is_right_and_reads_well(name):  # in one test, because deriving is what costs
    o = next(iter(checks.variants(bo.objectives[name])))
    d, made = definitions.traced(o), derivation(o)
    _reads_well(made)
    _a_closed_form_is_the_start(o, made)
    scores = made.formula.scores
    gradient, hessian = made.gradient, made.hessian
    with mpmath.mp.workdps(80):
        h = mpmath.mpf(10) ** -STEP
        for values in points(d, 1, 1):
            exact = [number(e, values) for e in gradient]
            bends = [number(e, values) for e in hessian]
            for j, f in enumerate(scores):
                moved = [{**values, f.name: mpmath.mpf(values[f.name]) + m * h} for m in (-1, 0, 1)]
                down, centre, up = (law(o, v, scores) for v in moved)
                size = max(map(abs, exact))
                assert abs(exact[j] - (up - down) / (2 * h)) <= size * mpmath.mpf(10) ** -STEP, (f, values)
                assert abs(bends[j] - (up - 2 * centre + down) / h**2) <= max(1, abs(bends[j])) * mpmath.mpf(10) ** -15
            _same_as_compiled(o, d, values, exact, bends, made)
            piece = next(p for p in made.pieces if holds(p.case, values) and holds(p.where, values))
            _steps_multiply_to_the_gradient(piece, values, exact)
            if piece.chain.steps:
                stable = made.stable_forms(piece)
                assert close(number(stable[0], values), law(o, values, scores))
                for found, true in zip(stable[1:], exact + bends, strict=True):
                    assert close(number(found, values), true, 15) or found.has(sympy.Max, sympy.Piecewise)


def _same_as_compiled(o, d, values, exact, bends, made):
    raw = np.array([values[s.name] for s in made.formula.scores], float)
    if isinstance(o, Groupwise):
        y = np.array(definitions.GROUPS.get(o.name, definitions.ANY_GROUP)[0], float)
    elif len(o.targets) == 2:
        y, raw = np.array([[values["lower"], values["upper"]]]), raw
    else:
        y, raw = np.array([values["y"]], float), raw if raw.size == 1 else raw[None]
    for kind in o.kinds:
        grad, hess = dataclasses.replace(o, curvature=kind).grad_hess(y, raw)
        np.testing.assert_allclose(grad.ravel(), np.array(exact, float), rtol=1e-9)
        true = bends if kind == "exact" else [number(e, values) for e in made.curvature(kind)]
        np.testing.assert_allclose(hess.ravel(), np.array(true, float), rtol=1e-9)


def _steps_multiply_to_the_gradient(piece, values, exact):
    """The derivatives of the steps, as they are shown, by the chain rule."""
    chain = piece.chain
    if not chain.slopes:
        return
    values = dict(values)
    totals = {f.name: [mpmath.mpf(int(f == g)) for g in chain.scores] for f in chain.scores}

    def total(slopes):
        return [mpmath.fsum(number(of, values) * totals[n.name][j] for n, of in slopes) for j in range(len(chain.scores))]

    for step in chain.steps:
        values[step.name.name] = number(step.meaning, values)
    for step in chain.steps:
        totals[step.name.name] = total(step.slopes)
    assert close(number(chain.loss, values), number(piece.loss, values))
    unit = max(map(abs, exact)) * mpmath.mpf(10) ** -20
    assert all(abs(a - b) <= unit for a, b in zip(total(chain.slopes), exact, strict=True))


def _a_closed_form_is_the_start(o, made):
    if not any(s and (s.closed or s.words or s.level is not None) for s in made.starts):
        return
    rng = np.random.default_rng(1)
    k = len(made.formula.scores)
    y = checks.targets_for(o, 400, rng, k)
    weight = rng.uniform(0.5, 2.0, 400)
    found = o.start(y, weight)
    for j, start in enumerate(made.starts):
        if start.closed:
            (expected,) = starting.evaluated(start, definitions.traced(o).numbers, y, weight)
            np.testing.assert_allclose(found[j], expected, rtol=1e-9)
        elif start.level is not None:
            level = float(number(start.level, definitions.traced(o).numbers))
            by = [float(number(start.by, {"y": v})) for v in y]
            w = weight * by
            near = 1e-9 * abs(found[j])  # the root of a bracket is a target to the last bits
            low, high = w[y < found[j] - near].sum() / w.sum(), w[y <= found[j] + near].sum() / w.sum()
            assert low <= level <= high
        elif start.words:
            inside = (y.astype(int) >> j & 1 == 1) if getattr(o, "sets", False) else y == j
            share = np.average(inside, weights=weight)
            if start.words.startswith("log("):
                other = np.average(y == 0, weights=weight)
                np.testing.assert_allclose(found[j] - found[0], np.log(share / other), rtol=1e-9)
            else:
                np.testing.assert_allclose(found[j], np.log(share / (1 - share)), rtol=1e-9)


def _reads_well(made):
    text = str(made)
    assert all(word in text for word in ("\nLoss\n", "\nStep by step\n", "\nGradient\n", "\nHessian\n", "\nStart\n"))
    assert max(map(len, text.splitlines())) <= 200 and len(text) < 9000
    assert "nan" not in text and "Piecewise" not in text and "Heaviside" not in text and "DiracDelta" not in text
    for other in (made.latex(), made.markdown(), made._repr_latex_()):
        assert other.count("{") == other.count("}") and other.count(r"\begin") == other.count(r"\end")
    assert made._repr_markdown_() == made.markdown()


def test_the_names_of_the_boosters_and_what_is_left_to_the_data():
    assert str(bo.get("reg:tweedie").derivation()).startswith("Tweedie(power=1.5)")
    assert "c = log(share" in str(bo.ClassBalanced().derivation())
    assert "thresholds = 'auto'" in str(bo.OrdinalLogit().derivation())
    assert "c = log(mean)" in str(bo.Poisson().derivation())


def test_an_objective_without_a_definition_is_refused():
    with pytest.raises(TypeError, match="has no definition"):
        derivation(3)


def test_a_formula_is_derived_like_an_objective():
    text = str(derivation(parsed("softplus(f) - y*f"), name="mine"))
    assert "dL/df = sigmoid(f) - y" in text and "c = log(mean/(1 - mean))" in text
    pieces = derivation(parsed("max(0, 1 - y*f)**2"))
    assert [p.chain.gradient[0] == 0 for p in pieces.pieces] == [True, False]
    o = bo.from_formula("s*log_cosh((f - y)/s)", s=2.0, measured=False)
    assert "dL/df" in str(o.derivation()) and "s = 2.0" in str(o.derivation())


@pytest.mark.parametrize(
    ("loss", "typed", "words"),
    [
        ("log(cosh(f - y))", "tanh(y - f)", "the sign is flipped"),
        ("log(cosh(f - y))", "2*tanh(f - y)", "2 times too large"),
        ("(f - y)**2", "f - y", "1/2 of the right one"),
        ("s**2*log(cosh((f - y)/s))", "tanh((f - y)/s)", "a factor 1/s too many"),
        ("softplus(f) - y*f", "(sigmoid(f) - y)/(sigmoid(f)*(1 - sigmoid(f)))", "dp/df = sigmoid(-f)*sigmoid(f) is missing"),
        ("softplus(f) - y*f", "(sigmoid(f) - y)*sigmoid(f)*(1 - sigmoid(f))", "is there once too often"),
        ("exp(f) - y*f", "1 - y*exp(-f)", "with respect to m = exp(f)"),
        ("sqrt(1 + (f - y)**2) - 1", "1/(2*sqrt(1 + (f - y)**2))", "with respect to u = (f - y)**2 + 1"),
        ("(f - y)**2/2", "(f - y)*(1 + y**2)", "a factor that depends on the target alone"),
        ("(f - y)**2/2", "f - y + 1", "1 more than the right one"),
        ("exp(f) - y*f", "exp(f)", "this is the Hessian"),
        ("where(f > y, 3*(f - y), y - f)", "where(f > y, 2, -1)", "a piece or a condition is wrong, where f > y"),
        ("exp(f) - y*f", "log(f)", "no finite real value at"),
    ],
)
def test_what_is_wrong_with_a_gradient_is_said(loss, typed, words):
    made = derivation(parsed(loss, ["s"] if "s**2" in loss else []))
    (found,) = made.check(typed)
    assert not found and words in str(found)
    assert all(row.theirs != row.ours for row in found.rows)


@pytest.mark.parametrize(
    ("loss", "typed", "proved"),
    [
        ("softplus(f) - y*f", "1/(1 + exp(-f)) - y", True),
        ("log(cosh(f - y))", "(exp(2*(f - y)) - 1)/(exp(2*(f - y)) + 1)", True),
        ("abs(f - y)", "where(f > y, 1, -1)", False),
        ("exp(f) - y*f", "exp(f) - y*(1 + 1e-20)", None),
    ],
)
def test_a_right_gradient_is_recognised(loss, typed, proved):
    (found,) = derivation(parsed(loss)).check(typed)
    assert bool(found) == (proved is not None)
    assert proved is None or found.proved == proved


def test_several_scores_are_checked_one_by_one():
    made = derivation(bo.Gaussian(epsilon=0.25))
    right = ["(f0*scale - y)/(scale*(epsilon**2 + exp(2*f1)))", "exp(2*f1)/(epsilon**2 + exp(2*f1))"]
    first, second = made.check(*right)
    assert first and not second and "gradient of f1" in str(second)
    with pytest.raises(ValueError, match="there are 2 scores"):
        made.check("f0")
    first, second = made.check("1/(epsilon**2 + exp(2*f1))", "1", hessian=True)
    assert first and not second


def test_the_command_line(capsys):
    assert cli.main(["derive", "log(cosh(f - y))"]) == 0
    printed = capsys.readouterr().out
    assert "dL/df = tanh(r)" in printed or "dL/df = dL/dr*dr/df = tanh(r)" in printed
    assert cli.main(["derive", "log(cosh(f - y))", "--check", "tanh(f - y)"]) == 0
    assert "is right" in capsys.readouterr().out
    assert cli.main(["derive", "log(cosh(f - y))", "--check", "tanh(y - f)"]) == 1
    assert "the sign is flipped" in capsys.readouterr().out
    assert cli.main(["derive", "huber", "--check-hessian", "where(abs(f - y) <= delta, 1, 0)"]) == 0
    assert cli.main(["derive", "s*log_cosh((f - y)/s)", "--param", "s=2", "--format", "latex"]) == 0
    assert r"\subsection*{Gradient}" in capsys.readouterr().out
    assert cli.main(["derive", "logloss"]) == 2
    assert "log_loss" in capsys.readouterr().err
    assert cli.main(["derive", "__import__('os')"]) == 2
    assert "at character" in capsys.readouterr().err


def test_every_function_has_its_notation():
    x = sympy.Symbol("x", real=True)
    assert notation.text(sympy.Abs(x) - sympy.log(1 + x)) == "|x| - log(x + 1)"
    assert notation.text(-x + sympy.exp(x)) == "exp(x) - x"
    assert notation.latex(sympy.Symbol("alpha0")) == r"\alpha_{0}"
    assert notation.latex(sympy.Symbol("scale_pos_weight")) == r"\mathrm{scale\_pos\_weight}"


def test_the_page_is_what_the_commands_print(capsys):
    page = (Path(__file__).parent.parent / "docs" / "derivations.md").read_text()
    blocks = re.findall(r"```console\n\$ boostobj ([^\n]*)\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 3
    for command, shown in blocks:
        cli.main(shlex.split(command))
        assert capsys.readouterr().out.strip() == shown.strip(), command
