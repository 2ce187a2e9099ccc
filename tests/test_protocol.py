"""Labels and weights of a DMatrix are read where they lie, and are what get_label and get_weight say."""

import ctypes
import gc

import numpy as np
import pytest
import xgboost as xgb

import boostobj as bo
from boostobj import protocol

N = 50
RNG = np.random.default_rng(0)
X, Y, W = RNG.normal(size=(N, 3)), (np.arange(N) % 2).astype(np.float32), RNG.uniform(0.5, 2, N).astype(np.float32)
RAW = RNG.normal(size=N).astype(np.float32)
KINDS = {"DMatrix": xgb.DMatrix, "QuantileDMatrix": xgb.QuantileDMatrix}


@pytest.mark.parametrize("weight", [None, W], ids=["no weights", "weights"])
@pytest.mark.parametrize("kind", KINDS)
def test_they_are_what_the_booster_says(kind, weight):
    dtrain = KINDS[kind](X, Y, weight=weight)
    y, w = protocol._borrowed(dtrain, N)
    assert np.array_equal(y, dtrain.get_label()) and y.dtype == np.float32
    assert w is None if weight is None else np.array_equal(w, dtrain.get_weight())
    assert not np.shares_memory(y, dtrain.get_label())


def test_a_change_is_seen_at_once():
    o, dtrain = bo.LogLoss(), xgb.DMatrix(X, Y)
    for y, weight in ((Y, None), (1 - Y, None), (1 - Y, W), (Y, np.flip(W))):
        dtrain.set_label(y)
        if weight is not None:
            dtrain.set_weight(weight)
        assert all(map(np.array_equal, o(RAW, dtrain), o(y, RAW, weight)))


def test_a_slice_has_its_own():
    o, dtrain = bo.LogLoss(), xgb.DMatrix(X, Y, weight=W)
    rows = np.arange(5, 30)
    assert all(map(np.array_equal, o(RAW[rows], dtrain.slice(rows)), o(Y[rows], RAW[rows], W[rows])))


def test_the_container_lives_as_long_as_they_do():
    y, _ = protocol._borrowed(xgb.DMatrix(X, Y), N)
    gc.collect()
    assert np.array_equal(y, Y)


@pytest.mark.parametrize("broken", ["no library", "no function", "an error", "an error of weights", "another container"])
def test_where_it_cannot_be_had_the_booster_is_asked(broken, monkeypatch):
    o, dtrain = bo.LogLoss(), xgb.DMatrix(X, Y, weight=W)
    expected = [v.copy() for v in o(RAW, dtrain)]

    def no_library():
        raise ValueError

    if broken == "no library":
        monkeypatch.setattr(xgb.libpath, "find_lib_path", no_library)
    elif broken == "no function":
        monkeypatch.setattr(protocol.ctypes, "CDLL", lambda path: object())
    elif broken == "an error":
        monkeypatch.setattr(protocol, "_info", lambda module, kind: lambda *arguments: -1)
    elif broken == "an error of weights":
        read = protocol._info(xgb, "Float")
        monkeypatch.setattr(
            protocol, "_info", lambda module, kind: lambda *arguments: -1 if arguments[1] == b"weight" else read(*arguments)
        )
    else:
        monkeypatch.setattr(dtrain, "handle", 7)
        monkeypatch.setattr(dtrain, "get_label", lambda: Y)
        monkeypatch.setattr(dtrain, "get_weight", lambda: W)
        monkeypatch.setattr(xgb.DMatrix, "__del__", lambda self: None)
    if hasattr(protocol._info, "cache_clear"):
        protocol._info.cache_clear()
    try:
        assert protocol._borrowed(dtrain, N) is None
        assert all(map(np.array_equal, o(RAW, dtrain), expected))
    finally:
        monkeypatch.undo()
        protocol._info.cache_clear()


def test_what_does_not_fit_the_scores_is_left_to_the_booster():
    assert protocol._borrowed(xgb.DMatrix(X, Y), N - 1) is None
    assert protocol._borrowed(xgb.DMatrix(X), N) is None
    assert protocol._borrowed(xgb.DMatrix(X, np.stack([Y, Y], axis=1)), N) is None
    ranked = xgb.DMatrix(X, Y)
    ranked.set_group([N - 10, 10])
    ranked.set_weight(np.array([1.0, 2.0]))
    assert protocol._borrowed(ranked, N) is None
    with pytest.raises(ValueError, match=r"weight must have shape \(50,\), got \(2,\)"):
        bo.LogLoss()(RAW, ranked)


def test_the_function_is_that_of_the_library_in_use():
    assert protocol._info(xgb, "Float") is protocol._info(xgb, "Float")
    assert isinstance(protocol._info(xgb, "Float"), ctypes._CFuncPtr)
