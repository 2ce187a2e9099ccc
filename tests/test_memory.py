"""A call allocates what it returns, and the next one not even that; no round leaves anything behind."""

import gc
import json
import os
import subprocess
import sys
import textwrap
import tracemalloc
from pathlib import Path

import chosen
import numpy as np
import pytest

import boostobj as bo
from boostobj import buffers, builtins, checks, parity

ROOT = Path(bo.__file__).parent.parent
ROWS = 100_000
FIXED = 16_384  # Python's own objects; the smallest array of one entry a row would be 6 times this
GROUPS = 100
BLOCK = 114_688  # of k scores a row: some hundreds of rows with all that is noted of them, however many there are
OBJECTIVES = [
    # With numbers for what is left to the data by default, which a plain call makes of all labels each time.
    *(v for cls in chosen.classes().values() for v in list(checks.variants(cls))[:2]),
    *(bo.get(name) for name in sorted(builtins.names()) if name != "lightgbm:rank_xendcg"),  # it must know the round
    bo.get("lightgbm:binary", is_unbalance=True),
]


@pytest.fixture
def traced():
    """How many bytes a call takes at its most, and how many it leaves; NumPy tells tracemalloc of its arrays."""

    def traced(call):
        gc.freeze()  # what is there already need not be looked at
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        result = call()
        _, peak = tracemalloc.get_traced_memory()
        del result
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        return peak - before, after - before

    yield traced
    tracemalloc.stop()
    gc.unfreeze()


@pytest.fixture(autouse=True)
def one_thread():
    """Each thread has a block of its own for k scores a row."""
    bo.set_num_threads(1)
    yield
    bo.set_num_threads(None)


def test_an_array_that_is_kept_is_seen(traced):
    kept = []
    tracemalloc.start()
    peak, left = traced(lambda: kept.append(np.ones(1000)))
    assert 8000 <= left <= peak < 9000


def calls(o, rows):
    """The objective in every call style: its name, and the call."""
    y, raw, weight = checks.sample(o, rows)
    y, weight = y.astype(np.float32), weight.astype(np.float32)
    x = np.arange(rows, dtype=float)[:, None] % 7
    groups = min(GROUPS, rows)
    sizes = np.full(groups, rows // groups) if o._wants.groups else None
    data = parity.Data("", x, y, weight, sizes)
    dtrain, dataset = data.dmatrix(True), data.dataset(True).construct()
    narrow = raw.astype(np.float32)
    columns = np.asfortranarray(raw)
    yield "DMatrix", lambda: o(narrow, dtrain)
    yield "Dataset", lambda: o(columns, dataset)
    yield "XGBoost's arrays", lambda: o(y, narrow, weight, sizes)
    yield "LightGBM's arrays", lambda: o(y, columns, weight, sizes)
    yield "no weights", lambda: o(y, narrow, None, sizes)


@pytest.mark.parametrize("o", OBJECTIVES, ids=repr)
def test_a_call_allocates_its_outputs_and_the_next_not_even_those(o, traced):
    many = list(calls(o, ROWS))
    outputs = sum(v.nbytes for v in many[0][1]())
    # LightGBM's is_unbalance counts labels by a mask of a byte a row, through NumPy's buffer of 8192 integers.
    counting = ROWS + 8 * 8192 if isinstance(o, bo.registry.BuiltIn) and o.params.get("is_unbalance") else 0
    fixed = counting + FIXED + (BLOCK if isinstance(checks.textbook(o), bo.Rowwise) else 0)
    if o._wants.interval:
        fixed += 8 * ROWS  # the two ends side by side
    if o._wants.groups:  # a few numbers for each of them, XGBoost's weights of groups as weights of rows, scratch space
        fixed += 40 * GROUPS + 4 * ROWS + 144 * (ROWS if o == bo.get("survival:cox") else ROWS // GROUPS)
    for _, call in many:
        call()  # compiles
    tracemalloc.start()
    for style, call in many:
        call()
        buffers.clear()
        peak, _ = traced(call)
        assert outputs <= peak <= outputs + fixed, style
        peak, left = traced(call)
        assert peak <= fixed, style
        assert left <= FIXED, style


@pytest.mark.parametrize("o", OBJECTIVES, ids=repr)
def test_a_thousand_calls_leave_nothing(o, traced):
    many = list(calls(o, 500))
    for _, call in many:
        call()
    tracemalloc.start()
    for style, call in many:

        def times(n, call=call):
            for _ in range(n):
                call()

        times(10)
        # Other threads of the process (those of pytest-xdist) are seen too: what is left behind is so each time.
        for _ in range(3):
            _, left = traced(lambda times=times: times(1000))
            if left < 8 * 1000:  # no object of Python's is that small
                break
        else:
            pytest.fail(f"{style}: {left} bytes")


def test_the_process_does_not_grow():
    """What tracemalloc cannot see: the machine code's own allocations, and a booster that holds what it was handed.

    It may grow by a quarter of what it would if each round left behind one float32 a row, as the last line does: trees
    are kept, and allocators take more than they are asked for.
    """
    code = """
        import json, pathlib, resource, sys
        import lightgbm, numpy as np, xgboost
        import boostobj as bo
        from boostobj import checks

        rows = 50_000
        statm = pathlib.Path("/proc/self/statm")
        rises = {}

        def resident():
            if statm.exists():  # Linux, where ru_maxrss starts at the parent's
                return int(statm.read_text().split()[1]) * resource.getpagesize()
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

        def measured(what, work, rounds):
            work(30)
            before = resident()
            work(rounds)
            rises[what] = (resident() - before) / (rounds * rows * 4)

        for o in (bo.get("log_loss"), bo.get("log_cosh"), bo.get("softmax")):
            y, raw, weight = checks.sample(o, rows)
            y, weight = y.astype(np.float32), weight.astype(np.float32)
            x = np.random.default_rng(0).integers(0, 7, (rows, 1)).astype(float)
            dtrain = xgboost.DMatrix(x, y, weight=weight)
            dataset = lightgbm.Dataset(x, y, weight=weight, params={"verbosity": -1, "max_bin": 15})
            dataset.set_init_score(o.init_score(dataset.construct()))
            narrow = raw.astype(np.float32)

            def repeat(call):
                return lambda times: [call() and None for _ in range(times)]

            measured(f"{o}, DMatrix", repeat(lambda: o(narrow, dtrain)), 1000)
            measured(f"{o}, Dataset", repeat(lambda: o(raw, dataset)), 1000)
            measured(f"{o}, arrays", repeat(lambda: o(y, narrow, weight)), 1000)
            params = o.train_params(dtrain) | {"max_depth": 1, "max_bin": 15, "nthread": 1}
            measured(f"{o}, xgboost.train", lambda times: xgboost.train(params, dtrain, times, obj=o), 300)
            params = {"objective": o, "num_leaves": 2, "num_threads": 1, "verbosity": -1, "max_bin": 15}
            params |= {"num_class": 4} if o.link == "softmax" else {}
            measured(f"{o}, lightgbm.train", lambda times: lightgbm.train(params, dataset, times), 300)
        kept = []
        measured("one float32 a row", repeat(lambda: kept.append(np.ones(rows, np.float32))), 300)
        print(json.dumps(rises))
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    rises = json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert rises.pop("one float32 a row") > 0.5
    assert len(rises) == 15 and max(rises.values()) < 0.25, rises
