"""A vectorised function stands in for the C library's only where it has the same bits."""

import math
import os
import subprocess
import sys

import numba
import numpy as np
import pytest
from numba.core.errors import TypingError
from test_elementary import over

from boostobj import elementary32, get, probe

NAMES = list(probe._STAND_INS)


@pytest.mark.parametrize("name", NAMES)
def test_a_probe_looks_at_a_few_thousand_arguments(name):
    x = probe._STAND_INS[name].arguments()
    assert x.dtype == probe._real(name)
    assert len(x) == len(probe.hard(name))
    assert 5_000 < x.shape[1] < 25_000
    assert np.isnan(x).any(), "no NaN"
    assert len(np.unique(np.frexp(x[np.isfinite(x)])[1])) > 200, "not every exponent"


@pytest.mark.parametrize("name", NAMES)
def test_a_last_bit_is_noticed(name, monkeypatch):
    """A C library that differs on a single argument, in the last bit or in the sign of zero."""
    called = probe._called
    assert probe.agrees(name) is probe.agrees.__wrapped__(name)

    def last_bit(out):
        i = np.flatnonzero(np.isfinite(out))[-1]
        out[i] = np.nextafter(out[i], out.dtype.type(3))

    def sign_of_zero(out):
        out[out == 0] *= -1

    for change in (last_bit, sign_of_zero):

        def other(name, x, change=change):
            change(out := called(name, x))
            return out

        with monkeypatch.context() as patch:
            patch.setattr(probe, "_called", other)
            assert probe.agrees.__wrapped__(name) is False, change


def test_stubs_are_for_kernels():
    with pytest.raises(TypeError, match="tanhf is for compiled kernels"):
        elementary32.tanhf(1.0)
    with pytest.raises(TypingError, match="No implementation of function"):
        over(elementary32.tanhf, np.float64)([1.0])


def test_the_fingerprint_is_the_c_librarys(monkeypatch):
    before = probe.fingerprint()
    assert before == probe.fingerprint.__wrapped__()
    real = probe.c_function
    better = {"tanhf": lambda x: np.float32(math.tanh(x))}
    monkeypatch.setattr(probe, "c_function", lambda name: better.get(name) or real(name))
    assert probe.fingerprint.__wrapped__() != before


def test_the_fingerprint_compiles_nothing():
    code = """
import sys
from boostobj import probe
import numba
numba.core.dispatcher.Dispatcher.compile = None
assert len(probe.fingerprint()) == 16
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_a_c_library_to_ask(monkeypatch):
    """No stand-in can be shown to agree, so the kernels call the C library; the fingerprint is still one."""

    def missing(name):
        raise OSError

    monkeypatch.setattr(probe.ctypes, "CDLL", missing)
    monkeypatch.setattr(probe, "_exported", probe._exported.__wrapped__)
    assert probe.c_function("tanhf") is math.tanh
    assert not any(probe.agrees.__wrapped__(name) for name in NAMES)
    assert probe.fingerprint.__wrapped__() != probe.fingerprint()


FAKED = """
import re, sys
import numpy as np
from boostobj import elementary32, get, probe
from test_elementary import over, same
probe.agrees = lambda name: False
for name, this in probe._STAND_INS.items():
    x = probe.hard(name)
    call = over(getattr(sys.modules[this.fast.__module__], name), x.dtype, len(x))
    assert same(call(*x), probe._called(name, x)).all()
    (code,) = call.loop.inspect_llvm().values()
    c_name = rf"call (float|double) @({name}|llvm\\.{name.removesuffix('f')}\\.f\\d+)\\("
    assert re.search(c_name, code), f"the loop does not call {name}"
print(*probe._STAND_INS)
print(get("binary:logistic")(np.float32([0, 1, 1]), np.float32([1, 2, -9.7]))[0].tolist())
"""


def test_a_libm_that_rounds_otherwise_is_called_itself(tmp_path):
    """In a process of its own: Numba remembers."""
    here = os.pathsep.join([os.getcwd(), os.path.dirname(__file__)])
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": here}
    run = subprocess.run([sys.executable, "-c", FAKED], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    names, gradient = run.stdout.splitlines()
    assert names.split() == NAMES
    assert gradient == str(get("binary:logistic")(np.float32([0, 1, 1]), np.float32([1, 2, -9.7]))[0].tolist())


def test_stand_ins_call_one_another():
    @numba.njit(error_model="numpy")
    def kernel(x, y):
        return elementary32.hypotf(elementary32.tanhf(x), elementary32.expm1f(y))

    tanhf, expm1f, hypotf = (probe.c_function(name) for name in ("tanhf", "expm1f", "hypotf"))
    assert kernel(np.float32(-3), np.float32(0.25)) == hypotf(tanhf(-3.0), expm1f(0.25))
