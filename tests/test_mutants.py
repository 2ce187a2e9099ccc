"""The conformance suite kills wrong objectives: each mutant must fail the check that is there for it.

BOOSTOBJ_SHORT leaves this to the first run: what the suite notices does not depend on the Python.
"""

import dataclasses
import math
import re
from pathlib import Path

import chosen
import numpy as np
import pytest

import boostobj as bo
from boostobj import checks, quick
from boostobj.elementary import exp, expm1, kernel, logistic, sigmoid, softplus

pytestmark = pytest.mark.skipif(chosen.SHORT, reason="the first run has it")


def mutant(base, **changes):
    names = {f.name for f in dataclasses.fields(base)}
    kept = ("__doc__", "__annotations__", "__annotate_func__", "__annotate__")
    body = {name: v for name, v in vars(base).items() if name in kept or not (name.startswith("_") or name in names)}
    fields = {f.name: dataclasses.field(default=f.default, metadata=f.metadata) for f in dataclasses.fields(base)}
    fields.pop("curvature")
    made = type("Mutant" + base.__name__, base.__bases__, {**body, **fields, **changes})
    made.__annotations__ = {name: "float" for name in fields}
    stand_ins = {p.name: p.typical[0] for p in base.parameters() if p.default == "auto"}
    return dataclasses.dataclass(frozen=True, kw_only=True, repr=False)(made)(**stand_ins)


CHECKS = {f.__name__.removeprefix("check_").replace("_", " "): f for f in checks.ALL}


class failures:
    """The names of the checks that an objective fails, each run when it is asked for: a mutant's loops are compiled anew."""

    def __init__(self, objective):
        self.objective, self.known = objective, {}

    def __contains__(self, name):
        if name not in self.known:
            try:
                CHECKS[name](self.objective)
            except Exception:  # as in `checks.run`
                self.known[name] = True
            else:
                self.known[name] = False
        return self.known[name]

    def __ge__(self, names):
        return all(name in self for name in names)

    def __le__(self, names):
        return not any(name in self for name in CHECKS if name not in names)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"mutant\(bo\.(\w+)", Path(__file__).read_text()))))
def test_the_unchanged_copy_passes(name):
    """Of each class that a mutant below is made of: what kills the mutant is its change."""
    expected = {"is known by its name", "repr evaluates back", "pickles small", "copies are equal"}
    assert failures(mutant(getattr(bo, name))) <= expected | {"refuses parameters outside their domain"}


def test_wrong_sign():
    def point(y, f, scale):
        r = (f - y) / scale
        t = math.tanh(r)
        e = exp(-2.0 * abs(r))
        return scale * scale * (abs(r) + math.log1p(e) - math.log(2.0)), -scale * t, 1.0 - t * t, t / r

    assert "gradient is exact" in failures(mutant(bo.LogCosh, point=staticmethod(point)))


def test_naive_log_cosh():
    """1 - tanh**2 cancels, log(cosh(x)) as |x| + log1p(exp(-2|x|)) - log(2) cancels near 0, t/r is 0/0 at 0."""

    def point(y, f, scale):
        r = (f - y) / scale
        t = math.tanh(r)
        e = exp(-2.0 * abs(r))
        return scale * scale * (abs(r) + math.log1p(e) - math.log(2.0)), scale * t, 1.0 - t * t, t / r

    killed = failures(mutant(bo.LogCosh, point=staticmethod(point)))
    assert {"loss is exact", "every curvature is exact"} <= killed


def test_clipped_probability():
    def point(y, f, sigmoid_, scale_pos_weight):
        p = min(max(sigmoid(f), 1e-7), 1.0 - 1e-7)
        return softplus(f) - y * f, p - y, p * (1.0 - p), 0.25

    killed = failures(mutant(bo.LogLoss, point=staticmethod(point)))
    assert {"gradient is exact", "every curvature is exact", "loss is exact"} <= killed


@pytest.mark.parametrize("error", [2.0**-22, 2.0**-26])
def test_a_quick_form_that_lacks_digits_of_a_float32(error, monkeypatch):
    """Nothing but what the boosters are given is wrong, by a few units or less than one."""

    @kernel
    def grown(x):
        return exp(x)

    monkeypatch.setitem(quick._QUICK, grown, kernel(lambda x: exp(x) * (1.0 + error)))

    def point(y, f):
        s = 1.0 if y > 0.0 else -1.0
        e = grown(-s * f)
        return e, -s * e, e

    killed = failures(dataclasses.replace(mutant(bo.Exponential, point=staticmethod(point)), curvature="exact"))
    assert ("boosters get every digit of a float32" in killed) == (error > 2.0**-24) and "gradient is exact" not in killed


def test_the_label_where_the_probability_belongs():
    """The second derivative of the focal loss as it is often published: the gradient is right, and nothing else looks wrong."""

    def point(y, f, gamma, alpha):
        x = f if y == 1.0 else -f
        p, q, missed, surprise = logistic(x)
        c = (alpha if y == 1.0 else 1.0 - alpha) * exp(-gamma * missed)
        share = p * surprise
        grad = c * (gamma * share + q)
        published = c * p * (gamma * surprise * (gamma * y - (1.0 - y)) + (2.0 * gamma + 1.0) * (1.0 - y))
        most = (alpha if y == 1.0 else 1.0 - alpha) * (gamma + 1.0) * (gamma + 1.0) / (2.0 * (gamma + 2.0))
        damped = c * (gamma * share * gamma * p + (2.0 * gamma + 1.0) * p * q)
        return c * surprise, -grad if y == 1.0 else grad, published, most, damped

    killed = failures(mutant(bo.Focal, point=staticmethod(point)))
    assert "every curvature is exact" in killed and "gradient has the sign of the slope" not in killed


def test_a_class_called_minus_one_counts_as_any_other():
    """s = 2*y - 1 where y is -1 or 1."""

    def point(y, f):
        s = 2.0 * y - 1.0
        e = exp(-s * f)
        return e, -s * e, e

    killed = failures(mutant(bo.Exponential, point=staticmethod(point)))
    assert "the other class may be minus one throughout" in killed and "gradient is exact" not in killed


def test_added_epsilon():
    def point(y, f, delta):
        r = f - y
        q = math.sqrt(1.0 + (r / delta) ** 2)
        return delta * delta * (q - 1.0), r / q, 1.0 / (q * q * q) + 1e-15, 1.0 / q

    killed = failures(mutant(bo.PseudoHuber, point=staticmethod(point)))
    assert {"loss is exact", "every curvature is exact"} <= killed


def test_float32_arithmetic():
    def point(y, f, delta):
        r = np.float32(f) - np.float32(y)
        d = np.float32(delta)
        q = np.sqrt(np.float32(1) + (r / d) * (r / d))
        return float(d * d * (q - 1)), float(r / q), float(1 / (q * q * q)), float(1 / q)

    assert "gradient is exact" in failures(mutant(bo.PseudoHuber, point=staticmethod(point)))


def test_a_bound_that_is_not_one():
    """The exact Hessian handed out as the majorized curvature, its own definition agreeing."""

    def point(y, f, delta):
        r = f - y
        a = abs(r)
        near = min(a, delta)
        ratio = near / max(a, delta)
        root = math.sqrt(1.0 + ratio * ratio)
        share = 1.0 if a <= delta else ratio
        c = share / root
        return a * (near / (root + share)), math.copysign(near / root, r), c * c * c, c * c * c

    def majorizer(mp, y, f, delta):
        return 1 / mp.sqrt(1 + ((f - y) / delta) ** 2) ** 3

    changes = {"point": staticmethod(point), "majorizer": staticmethod(majorizer)}
    assert "majorized lies above the loss" in failures(mutant(bo.PseudoHuber, **changes))


def test_a_negative_hessian_of_a_convex_loss():
    """Only where the definition's own second derivative is negative may the exact one be."""

    def point(y, f, delta):
        r = f - y
        a = abs(r)
        near = min(a, delta)
        ratio = near / max(a, delta)
        root = math.sqrt(1.0 + ratio * ratio)
        share = 1.0 if a <= delta else ratio
        c = share / root
        exact = c * c * c
        return a * (near / (root + share)), math.copysign(near / root, r), exact if exact > 1e-300 else -5e-324, c

    assert failures(mutant(bo.PseudoHuber, point=staticmethod(point))) >= {"huge scores stay finite"}


def test_a_loss_that_is_not_convex_and_does_not_say_so():
    assert "says whether it is convex" in failures(mutant(bo.SquaredLogError, convex=True))


def test_softmax_without_shift():
    def block(y, f, class_weight, label_smoothing, loss, grad, hess, kind):
        for b in range(y.size):
            total = 0.0
            for j in range(len(f)):
                grad[j, b] = exp(f[j, b])
                total += grad[j, b]
            loss[b] = math.log(total) - f[int(y[b]), b]
            for j in range(len(f)):
                p = grad[j, b] / total
                hess[j, b] = p * (1.0 - p) if kind == 0 else 0.5
                grad[j, b] = p - 1.0 if j == int(y[b]) else p

    killed = failures(mutant(bo.Softmax, block=staticmethod(block)))
    assert {"loss is exact", "gradient is exact", "every curvature is exact", "huge scores stay finite"} <= killed


@pytest.mark.parametrize("curvature", ["exact", "majorized"])
def test_a_mutated_definition_is_noticed(curvature):
    def definition(mp, y, f, scale):
        return scale**2 * mp.log(mp.cosh((f - y) / scale)) * (1 + mp.mpf(2) ** -48)

    assert "loss is exact" in failures(mutant(bo.LogCosh, definition=staticmethod(definition)))


def test_a_difference_of_near_equals():
    """exp(f) - y near y = 1 keeps the last digits of 1, not those of the difference."""

    def point(y, f):
        e = exp(f)
        return e - y * f, e - y, e

    assert "gradient is exact" in failures(mutant(bo.Poisson, point=staticmethod(point)))


def test_overflow_on_the_way():
    """exp(a*f)*(exp(f) - y) is infinite, or 0*inf, where exp(b*f) - y*exp(a*f) is a number."""

    def point(y, f, power):
        a, b = 1.0 - power, 2.0 - power
        e = exp(a * f)
        loss = exp(b * f) / b - y * (expm1(a * f) / a if a else f)
        return loss, e * (exp(f) - y), b * exp(b * f) - a * y * e

    assert "gradient is exact" in failures(mutant(bo.Tweedie, point=staticmethod(point)))


def test_a_rounded_exponent():
    """Far out the rounding of b*f is a hundred units of exp(b*f)."""

    def point(y, f, power):
        a, b = 1.0 - power, 2.0 - power
        grown, share = exp(b * f), y * exp(a * f)
        loss = grown / b - y * (expm1(a * f) / a if a else f)
        grad = exp(a * f) * (expm1(f) - (y - 1.0)) if abs(f) < 0.5 else grown - share
        return loss, grad, b * grown - a * share

    wrong = dataclasses.replace(mutant(bo.Tweedie, point=staticmethod(point)), power=1.3)
    assert "every curvature is exact" in failures(wrong)


def test_naive_fair():
    def point(y, f, c):
        d = f - y
        x = abs(d) / c
        m = c / (abs(d) + c)
        return c * c * (x - math.log1p(x)), m * d, m * m, m

    assert {"loss is exact"} <= failures(mutant(bo.Fair, point=staticmethod(point)))


def test_a_gradient_that_is_undefined_at_the_kink():
    def point(y, f):
        d = f - y
        return abs(d), d / abs(d), 0.0

    assert "kinks take a side" in failures(mutant(bo.AbsoluteError, point=staticmethod(point)))


def test_a_gradient_that_is_beyond_both_sides_of_the_kink():
    def point(y, f, alpha):
        d = f - y
        slope = 1.0 - alpha if d > 0.0 else (-alpha if d < 0.0 else 1.0)
        return (1.0 - alpha if d > 0.0 else -alpha) * d, slope, 0.0

    killed = failures(mutant(bo.Quantile, point=staticmethod(point)))
    assert "kinks take a side" in killed and "gradient is exact" not in killed


def test_the_wrong_side_of_the_loss():
    """alpha and 1 - alpha exchanged: nothing to see at the default of 0.5, so the default is another."""

    def point(y, f, alpha):
        d = f - y
        slope = alpha if d >= 0.0 else alpha - 1.0
        return slope * d, slope, 0.0

    wrong = mutant(bo.Quantile, point=staticmethod(point))
    assert "gradient is exact" in failures(dataclasses.replace(wrong, alpha=0.1))
    assert "gradient is exact" not in failures(wrong)


def test_a_damped_curvature_by_the_plain_difference():
    """u/(f - y) with u the difference of two logarithms is noise at the fit."""

    def point(y, f):
        f = max(f, math.nextafter(-1.0, 0.0))
        u = math.log1p(f) - math.log1p(y)
        s = 1.0 + f
        return 0.5 * u * u, u / s, (1.0 - u) / s / s, u / s / (f - y) if f != y else 1.0 / s / s

    assert "every curvature is exact" in failures(mutant(bo.SquaredLogError, point=staticmethod(point)))


def test_steps_that_do_not_pull_on_what_comes_after():
    def row(y, f, alpha, grad, hess, kind):
        loss, estimate = 0.0, f[0]
        for j in range(f.size):
            slope = 1.0
            if j:
                slope = sigmoid(f[j])
                estimate += 1e-6 + softplus(f[j])
            d = estimate - y
            v = 1.0 - alpha[j] if d >= 0.0 else alpha[j]
            loss += 0.5 * v * d * d
            grad[j] = slope * v * d
            hess[j] = slope * slope * v
        return loss

    killed = failures(mutant(bo.MultiExpectile, row=staticmethod(row), block=None))
    assert {"gradient is exact", "every curvature is exact"} <= killed


def test_a_level_for_all_scores():
    def row(y, f, alpha, grad, hess, kind):
        loss = 0.0
        for j in range(f.size):
            d = f[j] - y
            grad[j] = 1.0 - alpha[0] if d >= 0.0 else -alpha[0]
            hess[j] = 0.0
            loss += grad[j] * d
        return loss

    assert {"loss is exact", "gradient is exact"} <= failures(mutant(bo.MultiQuantile, row=staticmethod(row), block=None))


def test_what_is_left_to_the_data_without_their_weights():
    def profiled(self, y, weight, offset):
        return {"delta": float(np.mean(np.abs(y)))}

    delta = bo.param(1.0, domain=bo.Interval(0, math.inf), auto=True)
    wrong = mutant(bo.Huber, delta=delta, profiled=profiled)
    assert "what is left to the data is resolved" in failures(wrong)


def test_information_of_another_scale():
    """Of the variance, not of the log of the standard deviation: half of it."""
    informant, few = bo.Gaussian.informant, kernel(bo.Gaussian.few)

    def wrong(mp, y, f, scale, epsilon):
        location, of_scale = informant(mp, y, f, scale, epsilon)
        return [location, of_scale / 2]

    def halved(y, f, scale, epsilon):
        loss, grad, exact, fisher, damped = few(y, f, scale, epsilon)
        return loss, grad, exact, (fisher[0], 0.5 * fisher[1]), damped

    killed = failures(mutant(bo.Gaussian, informant=staticmethod(wrong), few=staticmethod(halved)))
    assert "fisher is what is expected" in killed
    assert "every curvature is exact" not in killed
