"""Functions with vector twins: the same bits for one lane and for many, on every width, and the twin is what loops call."""

import hashlib
import os
import platform
import re
import subprocess
import sys

import chosen
import numba
import numpy as np
import pytest

from boostobj import elementary as el
from boostobj import lanes, probe
from boostobj.loops import turned

pytestmark = pytest.mark.skipif(chosen.OTHER_PYTHON, reason="the first run has it: nothing here depends on the Python")

NAMES = {"exp": np.float64, "expf": np.float32}
RNG = np.random.default_rng(0)
X = np.concatenate([
    RNG.uniform(-760, 720, 100_000), RNG.normal(size=100_000), RNG.choice([-1, 1], 50_000) * 10.0 ** RNG.uniform(-40, 38, 50_000),
    [0.0, -0.0, np.inf, -np.inf, np.nan, 709.78, 709.79, -745.13, -745.14, 88.72, 88.73, -103.97, -103.98],
])  # fmt: skip


def loops(name):
    """A loop that is vectorised, and one that cannot be: it finds the next row in memory."""
    function = getattr(el, name)

    @numba.njit(error_model="numpy")
    def many(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    @numba.njit(error_model="numpy")
    def one(x, following, out):
        i = 0
        while i < x.size:
            out[i] = function(x[i])
            i = following[i]

    return many, one


def called(loop, name):
    (code,) = loop.inspect_asm().values()
    body = code.split(f"boostobj.{name}.1:")[0].split(".weak\tboostobj")[0]
    return {int(n) for n in re.findall(rf"boostobj\.{name}\.(\d+)", body)}


def results(name):
    x = X.astype(NAMES[name])
    many, one = loops(name)
    vector, scalar = np.empty_like(x), np.empty_like(x)
    many(x, vector)
    one(x, np.arange(1, x.size + 1), scalar)
    return many, one, vector, scalar


@pytest.mark.parametrize("name", NAMES)
def test_one_lane_and_many_give_the_same_bits(name):
    many, one, vector, scalar = results(name)
    assert np.array_equal(vector, scalar, equal_nan=True)
    assert np.array_equal(np.signbit(vector), np.signbit(scalar))
    if probe.agrees(name):
        assert max(called(many, name)) > 1, "the loop does not call the twin"
        assert called(one, name) == {1}


@pytest.mark.parametrize("n", [0, 1, 2, 15, 16, 17, 31, 33, 63, 64, 65])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_over(name, n):
    many, _ = loops(name)
    x = RNG.normal(size=n).astype(NAMES[name])
    out = np.full(n + 1, 7, x.dtype)
    many(x, out[:n])
    whole = np.empty(640, x.dtype)
    many(np.resize(np.append(x, x.dtype.type(0)), 640), whole)
    assert np.array_equal(out[:n], whole[:n]) and out[n] == 7


OTHER = """
import hashlib, sys
sys.path.insert(0, "tests")
from test_lanes import NAMES, called, results
for name in NAMES:
    many, _, vector, _ = results(name)
    print(name, max(called(many, name)), hashlib.sha256(vector.tobytes()).hexdigest())
"""
PROCESSORS = {"the least of x86-64": ("generic", "", 2), "AVX2": ("haswell", "+avx,+avx2,+fma,+sse4.2", 4)}


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="these are processors of that kind")
@pytest.mark.parametrize("processor", PROCESSORS)
def test_narrower_processors_give_the_same_bits(processor, tmp_path):
    name, features, width = PROCESSORS[processor]
    here = {name: results(name)[2] for name in NAMES}
    environment = {**os.environ, "NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", OTHER], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    found = {line.split()[0]: line.split()[1:] for line in run.stdout.splitlines()}
    for name, vector in here.items():
        twin, digest = found[name]
        assert int(twin) == width * (2 if name == "expf" else 1)
        assert digest == hashlib.sha256(vector.tobytes()).hexdigest()


def test_widths():
    assert lanes.width("+avx2,+avx512f") == 8 and lanes.width("+avx,+avx2") == 4 and lanes.width("") == 2


@pytest.mark.parametrize("source_order", "CF")
@pytest.mark.parametrize("target_order", "CF")
@pytest.mark.parametrize("kinds", [("f4", "f4"), ("f8", "f8"), ("f8", "f4")])
def test_turning(source_order, target_order, kinds):
    """Tiles in registers and what is left over beside them; nothing else is touched."""

    @numba.njit
    def turn(source, row, column, rows, columns, target, target_row, target_column):
        turned(source, row, column, rows, columns, target, target_row, target_column)

    source = np.array(RNG.normal(size=(45, 37)), kinds[0], order=source_order)
    for row, column, rows, columns in ((0, 0, 45, 37), (3, 5, 8, 16), (2, 1, 7, 33), (1, 0, 40, 3), (0, 0, 1, 1), (4, 4, 0, 9)):
        target = np.full((40, 50), 7, kinds[1], order=target_order)
        turn(source, row, column, rows, columns, target, 2, 3)
        expected = np.full((40, 50), 7, kinds[1])
        expected[2 : 2 + columns, 3 : 3 + rows] = source[row : row + rows, column : column + columns].T
        assert np.array_equal(target, expected), (row, column, rows, columns)
