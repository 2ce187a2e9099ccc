"""The NumPy formulas that benchmarks/every.py measures against: every objective has one, and it is right."""

import numpy as np
import pytest

import boostobj as bo
from benchmarks import every, formulas


def test_every_objective_has_a_formula():
    assert not set(formulas.wanted()) - set(formulas.names())


@pytest.mark.parametrize("name", formulas.wanted())
def test_a_formula_is_right(name):
    cls = bo.objectives[name]
    kind = formulas.kind_of(cls)
    objective = cls(curvature=kind) if kind in cls.kinds else cls()
    y, raw = every.sample(objective, 300)
    objective = objective.resolve(y)
    with np.errstate(all="ignore"):
        found = formulas.of(name)(y, raw, **formulas.parameters(objective))
    if kind in cls.kinds:
        expected, rtol = objective.grad_hess(y, raw), 1e-9
    else:  # a booster's own arithmetic, in float32
        expected, rtol = objective(y, raw), 1e-5
    for value, right in zip(found, expected, strict=True):
        assert value.shape == right.shape and len(np.unique(y)) > 1
        np.testing.assert_allclose(value, right, rtol=rtol, atol=0.0)
