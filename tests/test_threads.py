"""Chunks on several threads: the same bits, every error, no thread that is not wanted, and nothing kept."""

import functools
import gc
import itertools
import os
import subprocess
import sys
import threading
import weakref

import chosen
import numpy as np
import pytest

import boostobj as bo
from boostobj import checks, protocol, threads

ROWS = 1237
OBJECTIVES = [v for cls in chosen.classes().values() for v in checks.variants(cls)] + list(checks.builtin_variants())


@pytest.fixture
def small_chunks(monkeypatch):
    """Two threads share chunks of a hundred scores, which large data alone would do."""
    monkeypatch.setattr(threads, "PAYS", 1)
    monkeypatch.setattr(threads, "LEAST", 100)
    bo.set_num_threads(2)
    yield
    bo.set_num_threads(None)


@pytest.fixture(autouse=True)
def no_limit_from_outside(monkeypatch):
    for name in threads._VARIABLES:
        monkeypatch.delenv(name, raising=False)


def run_in_process(code, **environment):
    clean = {k: v for k, v in os.environ.items() if k not in threads._VARIABLES}
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code]
    return subprocess.run(
        command, env={**clean, **environment}, capture_output=True, text=True, check=True, timeout=120
    ).stdout


@pytest.mark.parametrize("o", OBJECTIVES, ids=repr)
def test_chunks_give_the_same_bits(o, small_chunks):
    y, raw, weight = checks.sample(o, ROWS)
    y, weight = y.astype(np.float32), weight.astype(np.float32)
    steps = (o, o.grad_hess)
    if o._wants.groups:  # as in the first round of a training
        group = np.append(np.full(ROWS // 10, 10), ROWS % 10)

        def called(y, raw, w):
            return o._called(protocol.read("", y, raw, w, group, o._wants), {"round": 0, "params": {}})

        steps = (called, functools.partial(o.grad_hess, group=group))
    for dtype, order, w in itertools.product((np.float32, np.float64), "CF", (None, weight)):
        scores = np.array(raw, dtype, order=order)
        for step in steps:
            shared = step(y, scores, w)
            bo.set_num_threads(1)
            alone = step(y, scores, w)
            bo.set_num_threads(2)
            assert all(map(np.array_equal, shared, alone))
    assert threads._queues, "nobody helped"


@pytest.mark.parametrize("row", [0, 99, 100, ROWS - 1])
def test_a_bad_row_is_found_in_every_chunk(row, small_chunks):
    o = bo.get("binary:logistic")
    y, raw, weight = (v.astype(np.float32) for v in checks.sample(o, ROWS))
    for what, wrong in enumerate((2.0, np.nan, -1.0)):
        changed = [y.copy(), raw.copy(), weight.copy()]
        changed[what][row] = wrong
        with pytest.raises(ValueError, match=rf"in row {row} \(1 of {ROWS} rows\)"):
            o(*changed)


def test_weights_may_be_zero_in_whole_chunks(small_chunks):
    o = bo.LogLoss()
    y, raw, weight = (v.astype(np.float32) for v in checks.sample(o, ROWS))
    weight[:-1] = 0
    assert np.flatnonzero(o(y, raw, weight)[1]).tolist() == [ROWS - 1]
    with pytest.raises(ValueError, match="weight must be positive somewhere"):
        o(y, raw, weight * 0)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_in_a_chunk_is_the_callers(error, small_chunks):
    done = []

    def loop(start, stop):
        if stop > ROWS // 2 and not failed:
            failed.append(start)
            raise error("chunk")
        done.append((start, stop))
        return 1 << start // 100

    failed = []
    with pytest.raises(error, match="chunk"):
        threads.run(loop, ROWS, ROWS)
    assert sum(stop - start for start, stop in done) < ROWS - 100, "the rest was still computed"
    done.clear()
    flags = threads.run(loop, ROWS, ROWS)
    done.sort()
    assert [start for start, _ in done] == [0, *(stop for _, stop in done[:-1])] and done[-1][1] == ROWS
    assert len(done) > 3 and flags == sum({1 << start // 100 for start, _ in done})


def test_nothing_is_kept(small_chunks):
    class Loop:
        def __call__(self, start, stop):
            return 0

    loop = Loop()
    kept = weakref.ref(loop)
    threads.run(loop, ROWS, ROWS)
    del loop
    gc.collect()
    assert kept() is None


def test_a_caller_that_finds_the_workers_busy_works_alone(small_chunks):
    calls = []
    with threads._busy:
        threads.run(lambda start, stop: calls.append((start, stop)) or 0, ROWS, ROWS)
    assert calls == [(0, ROWS)]


def test_workers_that_never_come_delay_nobody(small_chunks, monkeypatch):
    monkeypatch.setattr(threads, "_work", lambda queue, part: None)
    monkeypatch.setattr(threads, "_queues", [])
    calls = []
    threads.run(lambda start, stop: calls.append((start, stop)) or 0, ROWS, ROWS)
    assert sorted(i for chunk in calls for i in range(*chunk)) == list(range(ROWS))
    assert len(calls) < ROWS / 100


@pytest.mark.parametrize("rows", [1, 2, 99, 100, 101, 1000, ROWS])
@pytest.mark.parametrize("parts", [1, 2, 3, 5])
def test_every_row_once(rows, parts):
    """Whoever comes, in whatever order: a part of one's own, then from the end of another's."""
    job = threads._Job(lambda start, stop: 0, rows, 100, parts)
    rng = np.random.default_rng(rows)
    idle, chunks = set(range(parts)), []
    while idle:
        part = int(rng.choice(sorted(idle)))
        chunk = job._next(part)
        chunks.append(chunk) if chunk else idle.discard(part)
    assert sorted(i for chunk in chunks for i in range(*chunk)) == list(range(rows))
    assert len(chunks) <= parts * (2 + np.log2(rows))


def test_several_callers_at_once(small_chunks):
    o = bo.get("binary:logistic")
    jobs = [tuple(v.astype(np.float32) for v in checks.sample(o, ROWS, seed)) for seed in range(4)]
    expected = [[v.copy() for v in o(*job)] for job in jobs]
    wrong = []

    def work(i):
        for _ in range(50):
            if not all(map(np.array_equal, o(*jobs[i]), expected[i])):
                wrong.append(i)

    callers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


FORK = """
import os, numpy as np, boostobj as bo
from boostobj import threads
n = 300_000
o, y, raw = bo.LogLoss(), (np.arange(n) % 2).astype("f4"), np.linspace(-3, 3, n, dtype="f4")
bo.set_num_threads(2)
before = o(y, raw)
assert len(threads._queues) == 1
child = os.fork()
if child == 0:
    assert not threads._queues
    same = all(map(np.array_equal, o(y, raw), before))
    os._exit(0 if same and len(threads._queues) == 1 else 1)
assert os.waitpid(child, 0)[1] == 0
assert all(map(np.array_equal, o(y, raw), before))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_pool_used_before_a_fork_is_made_anew_in_the_child():
    run_in_process(FORK)


FORK_WHILE_BUSY = """
import os, threading, numpy as np, boostobj as bo
n = 400_000
o, y, raw = bo.LogLoss(), (np.arange(n) % 2).astype("f4"), np.linspace(-3, 3, n, dtype="f4")
bo.set_num_threads(2)
o(y, raw)  # a fork inside Numba's compiler would inherit its lock
stop = threading.Event()
def busy():
    while not stop.is_set():
        o(y, raw)
other = threading.Thread(target=busy)
other.start()
for _ in range(20):
    child = os.fork()
    if child == 0:
        o(y, raw)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
other.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_while_another_thread_computes():
    run_in_process(FORK_WHILE_BUSY)


def test_small_data_start_no_thread():
    code = "import numpy as np, boostobj as bo, threading; bo.set_num_threads(8)\n"
    code += "o = bo.LogLoss(); o(np.zeros(1000, 'f4'), np.zeros(1000, 'f4')); print(threading.active_count())"
    assert run_in_process(code).strip() == "1"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"BOOSTOBJ_NUM_THREADS": "3"}, "3"),
        ({"BOOSTOBJ_NUM_THREADS": "3", "OMP_NUM_THREADS": "5"}, "3"),
        ({"OMP_NUM_THREADS": "5"}, "5"),
        ({"OMP_NUM_THREADS": "4,2"}, "4"),
        ({}, str(threads.cores())),
        ({"OMP_NUM_THREADS": "many"}, str(threads.cores())),
    ],
)
def test_the_environment_says_how_many(environment, expected, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert str(bo.get_num_threads()) == expected
    bo.set_num_threads(7)
    assert bo.get_num_threads() == 7
    bo.set_num_threads(None)
    assert str(bo.get_num_threads()) == expected


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_wrong_environment_is_refused(value, monkeypatch):
    monkeypatch.setenv("BOOSTOBJ_NUM_THREADS", value)
    with pytest.raises(ValueError, match=f"BOOSTOBJ_NUM_THREADS must be a positive integer, got '{value}'"):
        bo.get_num_threads()


@pytest.mark.parametrize(
    ("value", "kind"), [(0, ValueError), (-2, ValueError), (1.0, TypeError), (True, TypeError), ("2", TypeError)]
)
def test_a_wrong_number_is_refused(value, kind):
    with pytest.raises(kind, match="set_num_threads: n must be"):
        bo.set_num_threads(value)


def test_joblibs_workers_share_the_cores():
    """joblib tells its workers through OMP_NUM_THREADS how many threads each may have."""
    code = "import joblib, boostobj as bo\n"
    code += "n = 2 * bo.get_num_threads()\n"
    code += "print(joblib.Parallel(n_jobs=n)(joblib.delayed(bo.get_num_threads)() for _ in range(n)))"
    printed = run_in_process(code).strip()
    assert set(printed.strip("[]").split(", ")) == {"1"}
