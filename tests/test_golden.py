"""Values from elsewhere."""

import chosen
import golden
import numpy as np
import pytest

import boostobj as bo

pytestmark = pytest.mark.skipif(chosen.SHORT, reason="the first run has it: nothing here depends on the Python")


@pytest.mark.parametrize(("name", "params", "y", "raw", "what", "value", "source"), golden.ROWS)
def test_golden(name, params, y, raw, what, value, source):
    o = bo.get(name, **params, curvature="exact")
    y, raw = (y, raw) if o._wants.groups else ([y], [raw])
    if what == "loss":
        got = o.loss(y, raw).sum()
    else:
        grad, hess = o.grad_hess(y, raw)
        kind, *place = what.split()
        got = np.ravel({"gradient": grad, "exact": hess}[kind])[int(place[0]) if place else 0]
    digits = len(repr(value).lstrip("-").split("e")[0].replace(".", "").lstrip("0"))
    assert got == pytest.approx(value, rel=max(10.0 ** (1 - digits), 4 * 2.0**-52) if value % 1 else 4 * 2.0**-52, abs=0)


def test_every_objective_has_a_golden_row():
    assert {row[0] for row in golden.ROWS} == set(bo.objectives)
