"""Objectives from formulas: stable forms, exactness, curvature, and that they are ordinary objectives."""

import copy
import dataclasses
import math
import pickle

import chosen
import lightgbm as lgb
import numpy as np
import pytest
import sympy
import xgboost as xgb
from mpmath import mp

import boostobj as bo
from boostobj import checks
from boostobj.formulas import atoms, code, findings, measuring, runtime, stable
from boostobj.formulas.parsing import FormulaError, parsed

RNG = np.random.default_rng(0)
FOCAL = "where(y == 1, -alpha*(1 - sigmoid(f))**gamma*log(sigmoid(f)), -(1 - alpha)*sigmoid(f)**gamma*log(1 - sigmoid(f)))"
GAUSSIAN = "f1 + ((y - f0)/exp(f1))**2/2 + log(2*pi)/2"
SETTINGS = {
    "log loss": ("softplus(f) - y*f", {"link": "logit", "target": "[0, 1]"}),
    "log-cosh": ("scale**2*log(cosh((f - y)/scale))", {"scale": 2.0}),
    "pseudo-Huber": ("delta**2*(sqrt(1 + ((f - y)/delta)**2) - 1)", {"delta": 0.7}),
    "focal": (FOCAL, {"link": "logit", "target": "{0, 1}", "gamma": 2.0, "alpha": 0.25, "curvature": "exact"}),
    "Poisson": ("exp(f) - y*f", {"link": "log", "target": "[0, inf)"}),
    "Gaussian": (GAUSSIAN, {}),
    "softmax": ("logsumexp(f0, f1, f2) - choose(y, f0, f1, f2)", {"link": "softmax", "target": "{0, 1, 2}"}),
    "quantile": ("max(a*(y - f), (a - 1)*(y - f))", {"a": 0.3}),
    "margin": ("log(1 + exp(-y*f))", {"link": "logit", "target": "{-1, 1}"}),
}
BY_HAND = {
    "log loss": bo.LogLoss(),
    "log-cosh": bo.LogCosh(scale=2.0),
    "pseudo-Huber": bo.PseudoHuber(delta=0.7),
    "focal": bo.Focal(),
    "Poisson": bo.Poisson(),
    "softmax": bo.Softmax(num_class=3),
    "quantile": bo.Quantile(alpha=0.3),
}


def made(which, **changed):
    text, settings = SETTINGS[which]
    return bo.from_formula(text, **{"measured": False, **settings, **changed})


@pytest.mark.filterwarnings("ignore:.*is negative")  # which is said of the focal loss whenever its curvature is left open
@pytest.mark.parametrize("name", ("log loss", "Gaussian") if chosen.SHORT else SETTINGS)
def test_a_formula_is_held_by_every_check(name):
    o = made(name)
    for variant in (dataclasses.replace(o, curvature=c) for c in ("default", *o.curvatures)):
        failed = [f"{outcome.name}: {outcome.error}" for outcome in checks.run(variant) if outcome.error]
        assert not failed, "\n".join(failed)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_formula_gives_what_is_written_by_hand(name):
    o, hand = made(name), BY_HAND[name]
    y, raw, weight = checks.sample(hand, 400)
    for kind in {"exact", "majorized"} & set(o.kinds) & set(hand.curvatures):
        ours = dataclasses.replace(o, curvature=kind).grad_hess(y, raw, weight)
        theirs = dataclasses.replace(hand, curvature=kind).grad_hess(y, raw, weight)
        for a, b in zip(ours, theirs, strict=True):
            assert np.allclose(a, b, rtol=1e-12, atol=1e-14 * np.abs(b).max())
    assert np.allclose(o.loss(y, raw), hand.loss(y, raw), rtol=1e-12)
    assert np.allclose(o.start(y, weight), hand.start(y, weight), rtol=1e-9, atol=1e-9 * np.std(y))


# Stable forms


RECOGNISED = {
    "log(1 + exp(f))": "softplus(f)",
    "log(exp(-2*f) + 1)": "softplus(-2*f)",
    "1/(1 + exp(-f))": "sigmoid(f)",
    "exp(f)/(1 + exp(f))": "sigmoid(f)",
    "exp(f)/(exp(f) + exp(y))": "sigmoid(f - y)",
    "exp(f)/(1 + exp(f))**2": "sigmoid(-f)*sigmoid(f)",
    "1 - 1/(1 + exp(-f))": "sigmoid(-f)",
    "log(1/(1 + exp(-f)))": "-softplus(-f)",
    "log(1 - 1/(1 + exp(-f)))": "-softplus(f)",
    "log(cosh(f - y))": "log_cosh(f - y)",
    "sqrt(1 + f**2) - 1": "hypot1_excess(f)",
    "3*sqrt(1 + f**2/4) - 3": "3*hypot1_excess(f/2)",
    "f/sqrt(1 + f**2)": "hypot1_slope(f)",
    "log(1 + f**2)": "log1p_square(f)",
    "1/(1 + f**2)": "lorentz(f)",
    "1 - tanh(f)**2": "sech2(f)",
    "exp(f) - 1": "expm1(f)",
    "log(1 + f)": "log1p(f)",
    "cosh(f) - 1": "2*sinh(f/2)**2",
    "y*log(y) + f": "f + xlogx(y)",
    "log(exp(f0)/(exp(f0) + exp(f1) + exp(f2)))": "-softmax_missed(0, f0, f1, f2)",
    "log(exp(f0) + exp(f1))": "logaddexp(f0, f1)",
    "log(norm_cdf(f))": "log_norm_cdf(f)",
    "log(1 - norm_cdf(f))": "log_norm_cdf(-f)",
    "log(1 + exp(f - y)) - (f - y)": "softplus(-f + y)",
    "2*exp(f - y) - 2*(f - y) - 2": "2*expm1_excess(f - y)",
    "y*log(1 + exp(f)) - y*f": "y*softplus(-f)",
}


@pytest.mark.parametrize("text, stable_form", RECOGNISED.items(), ids=RECOGNISED)
def test_textbook_forms_are_recognised(text, stable_form):
    expr = parsed(text).loss
    found = stable.in_atoms(expr)
    assert str(found) == stable_form
    symbols = sorted(expr.free_symbols, key=str)
    for _ in range(3):
        point = RNG.uniform(0.1, 2.0, len(symbols)).tolist()
        a, b = measuring.settled([expr, found], symbols, point)
        assert abs(a - b) <= mp.mpf(10) ** -24 * abs(a)


@pytest.mark.parametrize("name", sorted(set(atoms.ATOMS) - {"softmax", "softmax_missed", "logsumexp"}))
def test_what_stands_for_a_textbook_form_has_its_digits_everywhere(name):
    """The compiled function, and the one that forms are measured with; derivatives are those of the textbook form."""
    cls = atoms.ATOMS[name]
    x, t = sympy.symbols("x t", real=True)
    variables = [x, t][: max(cls.nargs.args)]
    sizes = 10.0 ** RNG.uniform(-12, 2.4, 60) * RNG.choice([-1, 1], 60)
    rows = np.column_stack([np.concatenate([sizes, RNG.normal(size=60) * 3, [0.0, 700.0, -700.0]])])
    if name in ("log1p", "xlogx"):
        rows = np.abs(rows)
    if len(variables) == 2:
        other = RNG.uniform(0, 1, len(rows)) if name.endswith(("residual", "complement")) else RNG.normal(size=len(rows)) * 5
        rows = np.column_stack([rows, other])
        if name.startswith("scaled"):
            rows = rows[:, ::-1]
    textbook = findings.smooth(cls.textbook(*variables))
    truth = measuring.truths([textbook], variables, rows, variables, variables[-1], residual=False, with_target=[False])[0]
    compiled = getattr(runtime, name)
    with np.errstate(all="ignore"):
        quick = np.asarray(measuring.in_floats(cls(*variables), dict(zip(variables, rows.T, strict=True))), float)
    ours = np.array([compiled(*row) for row in rows.tolist()])
    assert truth.units(ours).max() <= checks.LIMIT, rows[truth.units(ours).argmax()]
    assert truth.units(quick).max() <= 64, rows[truth.units(quick).argmax()]  # it chooses between forms, no more
    for i, v in enumerate(variables):
        point = [0.6, 0.3][: len(variables)]
        a, b = measuring.settled([sympy.diff(textbook, v), cls(*variables).fdiff(i + 1)], variables, point)
        assert abs(a - b) <= mp.mpf(10) ** -24 * (1 + abs(a))


@pytest.mark.parametrize("name", ["digamma", "trigamma", "sinh", "cosh"])
def test_other_functions_of_formulas_have_their_digits(name):
    x = sympy.Symbol("x", real=True)
    exprs = {"digamma": sympy.digamma(x), "trigamma": sympy.polygamma(1, x), "sinh": sympy.sinh(x), "cosh": sympy.cosh(x)}
    values = np.concatenate([10.0 ** RNG.uniform(-6, 2.5, 60), RNG.uniform(0.5, 20, 40)])
    truth = measuring.truths([exprs[name]], [x], values[:, None], [x], x, residual=False, with_target=[False])[0]
    got = np.array([getattr(runtime, name)(v) for v in values.tolist()])
    assert truth.units(got).max() <= checks.LIMIT


def test_powers_keep_their_digits():
    x, g = sympy.symbols("x g", positive=True)
    rows = np.column_stack([10.0 ** RNG.uniform(-3, 3, 80), RNG.uniform(-8, 8, 80)])
    truth = measuring.truths([x**g], [x, g], rows, [x], g, residual=False, with_target=[True])[0]
    assert truth.units(np.array([runtime.power(*row) for row in rows.tolist()])).max() <= checks.LIMIT
    f = sympy.Symbol("f", real=True)
    rows[:, 0] = RNG.normal(size=80) * 10
    truth = measuring.truths([(1 / (1 + sympy.exp(-f))) ** g], [f, g], rows, [f], g, residual=False, with_target=[True])[0]
    assert truth.units(np.array([runtime.logistic_power(*row) for row in rows.tolist()])).max() <= checks.LIMIT
    assert runtime.power(0.0, 2.0) == 0 and runtime.power(0.0, 0.0) == 1 and runtime.power(0.0, -1.0) == math.inf
    assert math.isnan(runtime.power(-1.0, 0.5))


def test_the_code_is_measured_and_what_is_lost_is_said():
    o = bo.from_formula("y*exp(-f) + f", link="log", target="(0, inf)")
    assert set(o.accuracy) == {"loss", "gradient", "exact", "fisher"} and max(o.accuracy.values()) <= checks.LIMIT
    with pytest.warns(
        UserWarning, match=r"loss is up to .* units in the last place off at \d+ of \d+ points, with y from"
    ) as found:
        o = bo.from_formula("(f - y)**2/2 + sqrt(4 + (f - y)**4) - sqrt(3 + (f - y)**4) - (2 - sqrt(3))")
    assert o.accuracy["loss"] > checks.LIMIT and "formula" in str(found[0].message)


def test_measuring_catches_a_kernel_that_is_not_the_formula(monkeypatch):
    cls = type(made("pseudo-Huber"))
    monkeypatch.setattr(cls, "point", staticmethod(type(made("log-cosh")).point))
    monkeypatch.setattr(cls, "accuracy", None, raising=False)  # what is measured now is forgotten with it
    with pytest.warns(UserWarning, match="gradient is up to"):
        findings.measure_compiled(cls, cls._derived)


def test_every_curvature_of_a_residual_is_measured():
    o = made("pseudo-Huber", measured=True)
    assert set(o.accuracy) == {"loss", "gradient", "exact", "majorized"} and max(o.accuracy.values()) <= checks.LIMIT


def test_of_equal_forms_the_one_that_keeps_its_digits_is_taken():
    x = sympy.Symbol("f", real=True)
    rows = 10.0 ** RNG.uniform(-9, 1, (60, 1))
    plain, better = (sympy.exp(x) - 1) / x, atoms.expm1(x) / x
    truth = measuring.truths([plain], [x], rows, [x], x, residual=False, with_target=[False])[0]
    assert measuring.best([plain, better], truth, [x], rows)[0] == better


# What is found out


def test_the_majorizer_is_proved_or_checked_and_says_which():
    assert made("pseudo-Huber").boosters_curvature == made("log-cosh").boosters_curvature == "majorized"
    assert "proved" in made("pseudo-Huber")._derived.notes[0] and "grid" in made("log-cosh")._derived.notes[0]
    # cosh grows faster than a square, and the other two are not even
    for text in ("cosh(f - y)", "exp(f - y) - (f - y)", "where(f > y, 2, 1)*(f - y)**2"):
        assert "majorized" not in bo.from_formula(text, measured=False).kinds


def test_fisher_information_where_the_expectation_is_found():
    y, raw = np.array([3.0, 0.5]), np.array([0.2, -0.4])
    gamma = bo.from_formula("y*exp(-f) + f", link="log", target="(0, inf)", curvature="fisher", measured=False)
    assert gamma.grad_hess(y, raw)[1].tolist() == [1.0, 1.0]
    normal = made("Gaussian", curvature="fisher")
    scores = np.array([[0.1, 0.5], [2.0, -1.0]])
    assert np.allclose(normal.grad_hess(y, scores)[1], np.column_stack([np.exp(-2 * scores[:, 1]), [2.0, 2.0]]), rtol=1e-14)
    assert normal.boosters_curvature == "fisher" and "fisher" not in made("Poisson").kinds


def test_a_negative_hessian_is_warned_of_with_its_region_and_the_choices():
    with pytest.warns(UserWarning, match=r"negative for f from .*, with y = 0: .*curvature='damped'"):
        o = pickle.loads(pickle.dumps(made("focal", curvature="default")))  # which warns once
    o = dataclasses.replace(o, curvature="damped")
    y, raw = np.zeros(41), np.linspace(-10, 10, 41)
    damped, exact = (dataclasses.replace(o, curvature=c).grad_hess(y, raw)[1] for c in ("damped", "exact"))
    assert (exact < 0).any() and (damped > 0).all() and (damped >= exact - 1e-12 * np.abs(exact)).all()
    hand = dataclasses.replace(bo.Focal(), curvature="damped").grad_hess(y, raw)[1]  # what is without its negative term
    assert np.allclose(damped, hand, rtol=1e-13)
    wavy = bo.from_formula("1 - exp(-(f - y)**2)*(f + y)", measured=False, curvature="damped")  # of terms of any sign
    assert (wavy.grad_hess(y, raw)[1] == np.abs(dataclasses.replace(wavy, curvature="exact").grad_hess(y, raw)[1])).all()
    assert not o.convex and made("log loss").convex


def test_parameters_in_the_unit_of_the_target_are_found():
    o = made("log-cosh", scale="auto")
    y = RNG.normal(size=200)
    assert math.isclose(o.resolve(y * 1000).scale, 1000 * o.resolve(y).scale, rel_tol=1e-9)
    with pytest.raises(ValueError, match="a must be"):
        made("quantile", a="auto")
    both = bo.from_formula("where(abs(f - y) <= d, (f - y)**2/2, d*abs(f - y) - d**2/2)*k", d=1.0, k=2.0, measured=False)
    assert [p.name for p in both.parameters() if p.unit == "y"] == ["d"]


# An ordinary objective


def test_pickle_copy_repr_and_a_models_record_hold_the_formula():
    o = made("log-cosh", scale=3.0, name="mine")
    for again in (pickle.loads(pickle.dumps(o)), copy.deepcopy(o), eval(repr(o), {"from_formula": bo.from_formula})):
        assert again == o and type(again) is type(o)
    assert repr(o) == "from_formula('scale**2*log(cosh((f - y)/scale))', name='mine', scale=3.0)"
    assert bo.from_formula(repr(o)) == o
    assert b"numba" not in pickle.dumps(o)
    X, y = RNG.normal(size=(50, 2)), RNG.normal(size=50)
    model = bo.train({"max_depth": 2}, xgb.DMatrix(X, label=y), 2, objective=o)
    assert bo.from_formula(bo.record(model)["repr"]) == o
    for text in (
        "from_formula(open('x'))",
        "from_formula('f', **y)",
        "from_formula('f*y', a=().__class__)",
        "from_formula(",
        "from_formula()",
    ):
        with pytest.raises(ValueError, match="a repr is"):
            bo.from_formula(text)


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_formulas_train_as_what_is_written_by_hand_does(booster):
    X = RNG.normal(size=(300, 4))
    y = 1e4 * (2 + X[:, 0] + np.sin(3 * X[:, 1]) + 0.1 * RNG.standard_t(2, size=300))
    for formula, hand in (
        (made("pseudo-Huber", delta="auto"), bo.PseudoHuber(delta="auto")),
        (made("log-cosh", scale="auto"), bo.LogCosh(scale="auto")),
    ):
        predicted = []
        for o in (formula, hand):
            data = xgb.DMatrix(X, label=y) if booster == "xgboost" else lgb.Dataset(X, label=y)
            quiet = {"verbosity": 0 if booster == "xgboost" else -1, "max_depth": 3, "learning_rate": 0.3}
            predicted.append(bo.predict(bo.train(quiet, data, 20, objective=o), X))
        assert np.abs(predicted[0] - predicted[1]).max() <= 1e-3 * y.std()
        assert np.abs(predicted[0] - y).mean() < 0.5 * np.abs(y - np.median(y)).mean()


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("name", ["Gaussian", "softmax", "quantile", "focal"])
def test_formulas_of_every_kind_learn(booster, name):
    X = RNG.normal(size=(300, 3))
    signal = X[:, 0] + 0.5 * X[:, 1]
    y = {"softmax": np.digitize(signal, [-0.5, 0.5]).astype(float), "focal": (signal > 0).astype(float)}.get(
        name, 50 + 20 * signal
    )
    data = xgb.DMatrix(X, label=y) if booster == "xgboost" else lgb.Dataset(X, label=y)
    o = made(name, **({"curvature": "damped"} if name == "focal" else {}))
    params = {"verbosity": 0 if booster == "xgboost" else -1, "max_depth": 3, "learning_rate": 0.3}
    model = bo.train(params, data, 20, objective=o)
    raw = model.predict(data, output_margin=True) if booster == "xgboost" else model.predict(X, raw_score=True)
    start = np.broadcast_to(o.start(y), raw.shape) if raw.ndim == 2 else np.full(len(y), o.start(y)[0])
    assert o.loss(y, raw).mean() < o.loss(y, start).mean() - 0.3 * abs(o.loss(y, start).mean())


def test_counts_with_two_scores_are_counts():
    zero_inflated = "where(y == 0, -log(sigmoid(f1) + sigmoid(-f1)*exp(-exp(f0))), softplus(f1) + exp(f0) - y*f0 + lgamma(y + 1))"
    o = bo.from_formula(zero_inflated, target="count", measured=False, curvature="exact")
    y = np.where(RNG.uniform(size=4000) < 0.3, 0, RNG.poisson(4.0, size=4000)).astype(float)
    log_mean, zeros = o.start(y)
    assert abs(math.exp(log_mean) - 4.0) < 0.2 and abs(1 / (1 + math.exp(-zeros)) - 0.3) < 0.05
    with pytest.raises(ValueError, match="an integer in"):
        o.loss([0.5], [[0.0, 0.0]])


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"link": "cube"}, "link must be one of"),
        ({"target": "[1, 0]"}, "target must be"),
        ({"target": "[0, inf]"}, "target must be"),
        ({"target": "{1, 3}"}, "target must be"),
        ({"target": 3}, "target must be"),
        ({"name": "a b"}, "name must be"),
        ({"link": "location_scale"}, "takes the parameter 'scale'"),
        ({"curvature": "fisher"}, "curvature must be one of"),
    ],
    ids=str,
)
def test_settings_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        bo.from_formula("(f - y)**2/2", measured=False, **settings)


def test_values_are_refused():
    with pytest.raises(ValueError, match="a must be a number"):
        bo.from_formula("a*(f - y)**2", a=math.nan, measured=False)
    with pytest.raises(ValueError, match="a must be a number in"):
        dataclasses.replace(bo.from_formula("a*(f - y)**2", a=1.0, measured=False), a=-1.0)
    narrow = bo.from_formula("a*(f - y)**2", a=bo.param(0.5, domain=bo.Interval(0, 1)), measured=False)
    with pytest.raises(ValueError, match=r"a must be a number in \(0, 1\), got 2.0"):
        dataclasses.replace(narrow, a=2)
    with pytest.raises(FormulaError, match="a parameter needs a value"):
        bo.from_formula("a*f", measured=False)
    with pytest.raises(ValueError, match="a class is one of 2"):
        bo.from_formula("f0 + f1", target="{0, 1, 2}", measured=False)


def test_a_loss_without_a_minimum_or_a_curvature_or_a_value_is_said():
    with pytest.raises(ValueError, match="falls without end as f goes to -inf"):
        bo.from_formula("f + y", measured=False)
    with pytest.warns(UserWarning, match="is 0 wherever there is one"):
        bo.from_formula("max(0, 1 - y*f)", target="{-1, 1}", measured=False)
    with pytest.warns(UserWarning, match="no finite real value at .* points with ordinary scores, at y = .*, f = -"):
        bo.from_formula("log(f) + y/f", target="positive")


def test_no_text_of_a_formula_is_compiled():
    """The code is a tree of calls, numbers and names that are made here."""
    writer = code.Writer({sympy.Symbol("f", real=True): "f"})
    with pytest.raises(NotImplementedError, match="no compiled form"):
        writer.of(sympy.Function("open")(sympy.Symbol("f", real=True)))
    kernel = type(made("focal")).point
    assert set(kernel.__code__.co_names) <= {*runtime.__all__, "max", "abs"}
    assert set(kernel.__globals__["__builtins__"]) == {"abs", "max"}
