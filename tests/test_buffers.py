"""Results in memory that is used again: never while anybody can still see them."""

import gc
import pickle
import threading

import chosen
import numpy as np
import pytest

import boostobj as bo
from boostobj import buffers, checks

N = buffers.SMALLEST // 4 + 100


@pytest.fixture(autouse=True)
def nothing_waits():
    buffers.clear()
    yield
    buffers.clear()


def address(array):
    return array.__array_interface__["data"][0]


def data(o, n=N):
    y, raw, _ = checks.sample(o, n)
    return y.astype(np.float32), raw


def test_a_result_is_not_overwritten_by_the_next():
    o = bo.LogLoss()
    y, raw = data(o)
    first = o(y, raw)
    kept = [v.copy() for v in first]
    second = o(y, -raw)
    assert all(map(np.array_equal, first, kept))
    assert not any(np.shares_memory(a, b) for a in first for b in second)


VIEWS = {
    "slice": lambda a: a[10:20],
    "reversed": lambda a: a[::-1],
    "reshaped": lambda a: a.reshape(2, -1),
    "transposed": lambda a: a.reshape(2, -1).T[5:],
    "other dtype": lambda a: a.view(np.uint32),
    "view of a view": lambda a: a[5:][5:][::2],
    "memoryview": lambda a: memoryview(a),
    "asarray": lambda a: np.asarray(a),
    "ctypes": lambda a: a.ctypes,
    "of a memoryview": lambda a: np.frombuffer(a, np.uint8),
}


@pytest.mark.parametrize("kind", VIEWS)
def test_a_view_holds_the_memory(kind):
    """The result itself is gone, a view of it is not."""
    o = bo.LogLoss()
    y, raw = data(o, N + N % 2)
    grad = o(y, raw)[0]
    place, before = address(grad), grad.tobytes()
    view = VIEWS[kind](grad)
    shown = bytes(np.ctypeslib.as_array((np.ctypeslib.ctypes.c_float * grad.size).from_address(place)))
    assert shown == before
    del grad
    gc.collect()
    results = [o(y, -raw) for _ in range(3)]
    assert all(not address(v) <= place < address(v) + v.nbytes for pair in results for v in pair)
    shown = bytes(np.ctypeslib.as_array((np.ctypeslib.ctypes.c_float * (len(before) // 4)).from_address(place)))
    assert shown == before
    del view


def test_dropped_memory_is_used_again():
    o = bo.LogLoss()
    y, raw = data(o)
    results = o(y, raw)
    places = {address(v) for v in results}
    expected = [v.copy() for v in results]
    del results
    again = o(y, raw)
    assert {address(v) for v in again} == places
    assert all(map(np.array_equal, again, expected))


def test_memory_in_a_cycle_comes_back_with_the_collector():
    cycle = [buffers.empty((N,), "C")]
    cycle.append(cycle)
    del cycle
    assert not buffers._free
    gc.collect()
    assert len(buffers._free) == 1


def test_few_blocks_wait_and_only_fitting_ones_are_taken():
    held = [buffers.empty((N,), "C") for _ in range(3 * buffers.KEPT)]
    del held
    assert len(buffers._free) == buffers.KEPT
    waiting = {id(block) for block in buffers._free}
    assert id(buffers._waiting(4 * N - 40)) in waiting and len(buffers._free) == buffers.KEPT - 1
    assert buffers._waiting(4 * N + 40) is None and buffers._waiting(2 * N - 4) is None
    assert id(buffers._waiting(2 * N)) in waiting and len(buffers._free) == buffers.KEPT - 2
    buffers.clear()
    assert not buffers._free


def test_small_results_are_ordinary_arrays():
    assert buffers.empty((10,), "C").base is None


@pytest.mark.parametrize("order", "CF")
def test_an_array_like_any_other(order):
    array = buffers.empty((N, 3), order)
    plain = np.empty((N, 3), np.float32, order)
    assert array.dtype == plain.dtype and array.shape == plain.shape and array.strides == plain.strides
    assert array.flags.writeable and array.flags.aligned
    array[...] = np.arange(3 * N).reshape(N, 3)
    assert np.array_equal(pickle.loads(pickle.dumps(array)), array)
    assert array.sum(dtype=np.float64) == 3 * N * (3 * N - 1) / 2


def test_the_textbooks_door_never_reuses():
    o = bo.LogLoss()
    y, raw = data(o)
    places = {address(v) for v in o(y, raw)}
    assert len(buffers._free) == 2
    results = [v for _ in range(3) for v in o.grad_hess(y, raw.astype(np.float32))]
    assert len(buffers._free) == 2
    assert not places & {address(v) for v in results}


def test_every_objective_in_the_boosters_door_reuses():
    for name in chosen.classes():
        o = bo.get(name)
        y, raw = data(o)
        for scores in (raw, raw.astype(np.float32)):
            places = {address(v) for v in o(y, scores)}
            assert {address(v) for v in o(y, scores)} == places, name
        buffers.clear()


def test_threads_do_not_get_the_same_memory():
    wrong = []

    def work(i):
        for _ in range(300):
            mine = buffers.empty((N,), "C")
            mine[::1000] = i
            view = mine[::1000]
            del mine
            if not (view == i).all():
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
