"""The conformance suite kills wrong objectives: each mutant must fail the check that is there for it."""

import dataclasses
import math

import numpy as np
import pytest

import boostobj as bo
from boostobj import checks
from boostobj.elementary import exp, sigmoid, softplus


def mutant(base, **changes):
    body = {k: v for k, v in vars(base).items() if k in (
        "name", "link", "domain", "kinds", "boosters_curvature", "link_slope", "definition", "majorizer", "point", "row",
        "guess", "__doc__", "__annotations__", "__annotate_func__", "__annotate__")}  # fmt: skip
    fields = {f.name: dataclasses.field(default=f.default, metadata=f.metadata) for f in dataclasses.fields(base)}
    fields.pop("curvature")
    made = type("Mutant" + base.__name__, base.__bases__, {**body, **fields, **changes})
    made.__annotations__ = {name: "float" for name in fields}
    return dataclasses.dataclass(frozen=True, kw_only=True, repr=False)(made)()


def failures(objective):
    return {outcome.name for outcome in checks.run(objective) if outcome.error}


def test_the_unchanged_copy_passes():
    expected = {"is known by its name", "repr evaluates back", "pickles small", "copies are equal"}
    for cls in bo.objectives.values():
        assert failures(mutant(cls)) <= expected | {"refuses parameters outside their domain"}


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


def test_softmax_without_shift():
    def row(y, f, grad, hess, kind):
        total = 0.0
        for j in range(f.size):
            grad[j] = exp(f[j])
            total += grad[j]
        loss = math.log(total) - f[int(y)]
        for j in range(f.size):
            p = grad[j] / total
            hess[j] = p * (1.0 - p) if kind == 0 else 0.5
            grad[j] = p - 1.0 if j == int(y) else p
        return loss

    killed = failures(mutant(bo.Softmax, row=staticmethod(row)))
    assert {"loss is exact", "gradient is exact", "every curvature is exact", "huge scores stay finite"} <= killed


@pytest.mark.parametrize("curvature", ["exact", "majorized"])
def test_a_mutated_definition_is_noticed(curvature):
    def definition(mp, y, f, scale):
        return scale**2 * mp.log(mp.cosh((f - y) / scale)) * (1 + mp.mpf(2) ** -48)

    assert "loss is exact" in failures(mutant(bo.LogCosh, definition=staticmethod(definition)))
