"""Who calls an objective, and with what. Recognises the boosters' data containers without importing a booster."""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from typing import Any, NamedTuple

import numpy as np

_FLOAT32 = np.dtype(np.float32).str
_NONE = np.empty(0, np.float32)
_BOOSTING = ("boosting", "boosting_type", "boost")


class Call(NamedTuple):
    """One request for gradients: targets and weights as float32, scores as the booster gave them."""

    booster: str
    y: np.ndarray
    raw: np.ndarray
    weight: np.ndarray | None


def installed_version(booster: str) -> str | None:
    """The version of a booster that this process has imported; None if it has not."""
    return getattr(sys.modules.get(booster), "__version__", None)


def threads(nthread: int | None) -> int:
    """How many threads XGBoost uses for an `nthread` of params; None or 0 for all cores that this process may use."""
    if nthread and nthread > 0:
        return nthread
    from joblib import cpu_count

    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()  # OpenMP's own list, outermost level first
    return min(cpu_count(), int(asked)) if asked.isdecimal() and int(asked) else cpu_count()


def is_dmatrix(data: Any) -> bool:
    return hasattr(data, "get_label") and hasattr(data, "get_base_margin")


def is_dataset(data: Any) -> bool:
    return hasattr(data, "get_label") and hasattr(data, "get_init_score")


def labels(owner: str, data: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Labels and weights of a DMatrix or Dataset as float32; ValueError if there are no labels."""
    y = data.get_label()
    if y is None or len(y) == 0:
        raise ValueError(f"{owner}: the {type(data).__name__} has no labels")
    # A Dataset that is not constructed yet has no field to get; constructing it here would fix its parameters.
    weight = data.weight if _not_constructed(data) else data.get_weight()
    return _float32(y), None if weight is None or len(weight) == 0 else _float32(weight)


class _Borrowed:
    """Floats of a booster's, for as long as its data container lives."""

    __slots__ = ("__array_interface__", "_container")

    def __init__(self, container: Any, address: int, n: int) -> None:
        self._container = container
        # Not marked as read-only, though nobody writes: compiled loops would be compiled again for that.
        self.__array_interface__ = {"version": 3, "shape": (n,), "typestr": _FLOAT32, "data": (address, False)}


@functools.cache
def _float_info(module: Any) -> Any:
    """XGDMatrixGetFloatInfo of XGBoost's C API, from the library that is loaded; None where that cannot be had."""
    try:
        (path, *_) = module.libpath.find_lib_path()
        function = ctypes.CDLL(path).XGDMatrixGetFloatInfo
    except (AttributeError, OSError, ValueError):
        return None
    function.restype = ctypes.c_int
    function.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p)
    return function


def _borrowed(dmatrix: Any, rows: int) -> tuple[np.ndarray, np.ndarray | None] | None:
    """Labels and weights of a DMatrix where they lie; None where get_label must be asked.

    get_label and get_weight make copies, and a class each: at a million rows a third of a gradient step, at a hundred
    five times as long as all the rest.
    """
    function = _float_info(sys.modules.get("xgboost"))
    handle = getattr(dmatrix, "handle", None)
    if function is None or not isinstance(handle, ctypes.c_void_p):
        return None
    y, weight = (_borrowed_field(function, dmatrix, field) for field in (b"label", b"weight"))
    if y is None or weight is None or y.size != rows or weight.size not in (0, rows) or rows == 0:
        return None  # no labels, several targets, weights of groups: as XGBoost says it itself
    return y, weight if weight.size else None


def _borrowed_field(function: Any, dmatrix: Any, field: bytes) -> np.ndarray | None:
    n, address = ctypes.c_uint64(), ctypes.c_void_p()
    if function(dmatrix.handle, field, ctypes.byref(n), ctypes.byref(address)) != 0:
        return None
    return np.asarray(_Borrowed(dmatrix, address.value, n.value)) if address.value and n.value else _NONE


def _not_constructed(data: Any) -> bool:
    return is_dataset(data) and getattr(data, "_handle", None) is None


def read(owner: str, y_true: Any, y_pred: Any, sample_weight: Any) -> Call:
    """The boosters' calls, native and scikit-learn, told apart by the second argument."""
    if is_dmatrix(y_pred):
        raw = _scores(owner, y_true)
        found = _borrowed(y_pred, len(raw))
        y, weight = found if found else labels(owner, y_pred)
        return Call("xgboost", y, raw, weight)
    if is_dataset(y_pred):
        _refuse_dart(owner, y_pred)
        y, weight = labels(owner, y_pred)
        return Call("lightgbm", y, _scores(owner, y_true), weight)
    raw = _scores(owner, y_pred)
    weight = None if sample_weight is None or len(sample_weight) == 0 else _float32(sample_weight)
    return Call("lightgbm" if raw.dtype == np.float64 else "xgboost", _float32(y_true), raw, weight)


def _float32(values: Any) -> np.ndarray:
    if type(values) is np.ndarray and values.dtype == np.float32 and values.flags.c_contiguous:
        return values
    with np.errstate(over="ignore"):  # what is beyond float32 becomes inf, and is refused as such
        return np.ascontiguousarray(values, dtype=np.float32)


def _scores(owner: str, raw: Any) -> np.ndarray:
    if not isinstance(raw, np.ndarray) or raw.dtype not in (np.float32, np.float64):
        kind = raw.dtype if isinstance(raw, np.ndarray) else type(raw).__name__
        raise TypeError(
            f"{owner}: raw scores must be a NumPy array of float32 (XGBoost) or float64 (LightGBM), got {kind}"
        )
    return raw


def _refuse_dart(owner: str, dataset: Any) -> None:
    params = getattr(dataset, "params", None) or {}
    if any(str(params.get(key)).lower() == "dart" for key in _BOOSTING):  # LightGBM takes upper case too
        raise ValueError(
            f"{owner}: LightGBM's boosting='dart' gives another model at every run under a custom objective"
            " (it reads a flag that nothing has set); use boosting='gbdt'"
        )
