"""Who calls an objective, and with what. Recognises the boosters' data containers without importing a booster."""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from typing import Any, NamedTuple

import numpy as np

_FLOAT32, _UINT32 = np.dtype(np.float32).str, np.dtype(np.uint32).str
_NONE = np.empty(0, np.float32)
_BOOSTING = ("boosting", "boosting_type", "boost")


class Wants(NamedTuple):
    """What an objective reads of a data container besides labels and weights."""

    interval: bool = False
    """Targets are the two ends of an interval."""
    groups: bool = False


class Rows(NamedTuple):
    """Targets and weights as float32; y is (n,), or (n, 2) for intervals. Groups lie between bounds (int64)."""

    y: np.ndarray
    weight: np.ndarray | None
    bounds: np.ndarray | None = None
    group_weight: np.ndarray | None = None


class Call(NamedTuple):
    """One request for gradients, with the scores as the booster gave them."""

    booster: str
    rows: Rows
    raw: np.ndarray
    data: Any = None


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
    return _labels(owner, data), _weights(data)


def _labels(owner: str, data: Any) -> np.ndarray:
    y = _label(data)
    if y is None or len(y) == 0:
        raise ValueError(f"{owner}: the {type(data).__name__} has no labels")
    return _float32(y)


def _label(data: Any) -> Any:
    if is_dmatrix(data):
        lent = _borrowed_field(data, "label")
        return data.get_label() if lent is None or len(lent) != data.num_row() else lent  # several targets
    return data.label if _not_constructed(data) else data.get_label()  # the latter asks for one that there may not be


def _weights(data: Any) -> np.ndarray | None:
    if is_dmatrix(data):
        lent = _borrowed_field(data, "weight")
        weight = _float32(data.get_weight()) if lent is None else lent
        return weight if len(weight) else None
    # A Dataset that is not constructed yet has no field to get; constructing it here would fix its parameters.
    fresh = _not_constructed(data)
    weight = data.weight if fresh else data.get_weight()
    if weight is None or len(weight) == 0:
        return None
    weight = _float32(weight)
    return None if fresh and (weight == 1).all() else weight  # LightGBM will drop them


def rows(owner: str, data: Any, wants: Wants) -> Rows:
    """Targets, weights and groups of a DMatrix or Dataset, as an objective wants them."""
    y = _interval(data) if wants.interval else None
    if y is None:
        y = _labels(owner, data)
        if wants.interval:
            y = signed(y)
    return _grouped(owner, y, _weights(data), _sizes(data) if wants.groups else None, wants)


def _grouped(owner: str, y: np.ndarray, weight: np.ndarray | None, sizes: Any, wants: Wants) -> Rows:
    if not wants.groups:
        return Rows(y, weight)
    bounds = bounds_of(owner, sizes, len(y))
    if weight is None or len(weight) == len(y) or len(weight) != len(bounds) - 1:
        return Rows(y, weight, bounds)
    return Rows(y, np.repeat(weight, np.diff(bounds)), bounds, weight)  # XGBoost's weights of groups


def bounds_of(owner: str, sizes: Any, n: int) -> np.ndarray:
    """Where groups begin and end, from their sizes; all rows are one group where there are none.

    Raises
    ------
    ValueError
        Sizes that are not whole numbers, are negative, or do not add up to the rows.
    """
    if sizes is None or len(sizes) == 0:
        return np.array([0, n], np.int64)
    sizes = np.asarray(sizes)
    whole = sizes.astype(np.int64, copy=False)
    bad = (whole != sizes) | (whole < 0)
    if sizes.ndim != 1 or bad.any():
        first = int(np.flatnonzero(bad)[0]) if sizes.ndim == 1 else 0
        raise ValueError(
            f"{owner}: group must be the sizes of the groups, whole numbers, got {sizes[first].tolist()!r} for group {first}"
        )
    bounds = np.concatenate([[0], np.cumsum(whole)])
    if bounds[-1] != n:
        raise ValueError(f"{owner}: the sizes in group add up to {bounds[-1]}, y has {n} rows")
    return bounds


def _sizes(data: Any) -> np.ndarray | None:
    """The sizes of the groups of a DMatrix or Dataset."""
    if is_dmatrix(data):
        bounds = _field(data, "group_ptr")
        return np.diff(bounds.astype(np.int64)) if len(bounds) else None
    return data.group if _not_constructed(data) else data.get_group()


def signed(y: np.ndarray) -> np.ndarray:
    """Signed times as intervals: an event at y where y > 0, and later than |y| where y <= 0; NaN stays."""
    y = np.asarray(y)
    return _interval_of(np.abs(y), np.where(y <= 0, np.inf, y))


def _interval_of(lower: Any, upper: Any) -> np.ndarray:
    both = np.empty((len(lower), 2), np.result_type(lower, upper), order="F")
    both[:, 0], both[:, 1] = lower, upper
    return both


_BOUNDS = "_boostobj_bounds"


def set_bounds(data: Any, lower: Any, upper: Any) -> None:
    """Give the targets of a data set that are known to lie in intervals, for "aft" and "survival:aft".

    Parameters
    ----------
    data : xgboost.DMatrix or lightgbm.Dataset
        A DMatrix has a place for them (label_lower_bound, label_upper_bound). LightGBM's Dataset has none: they are kept
        beside it, also for subsets of it (as in lightgbm.cv); its label becomes the lower bound if it has none.
    lower, upper : arrays of shape (n,), in the unit of the target
        lower == upper: the time of an event. upper = inf: censored at lower. lower = 0: happened before upper.

    Raises
    ------
    TypeError
        data of another type.
    ValueError
        lower and upper are not of the same length; an objective looks at their values when it trains.
    """
    lower, upper = _float32(lower), _float32(upper)
    if lower.ndim != 1 or lower.shape != upper.shape:
        raise ValueError(f"set_bounds: lower and upper must have one shape (n,), got {lower.shape} and {upper.shape}")
    if is_dmatrix(data):
        data.set_float_info("label_lower_bound", lower)
        data.set_float_info("label_upper_bound", upper)
    elif is_dataset(data):
        setattr(data, _BOUNDS, _interval_of(lower, upper))
        if _label(data) is None:
            data.set_label(lower)
    else:
        raise TypeError(f"set_bounds: data must be an xgboost.DMatrix or a lightgbm.Dataset, got {type(data).__name__}")


def _interval(data: Any) -> np.ndarray | None:
    """The intervals of a DMatrix or Dataset, float32; None if it has none."""
    if is_dmatrix(data):
        lower, upper = (_field(data, f"label_{end}_bound") for end in ("lower", "upper"))
        return _interval_of(lower, upper) if len(lower) and len(lower) == len(upper) else None
    found = getattr(data, _BOUNDS, None)
    if found is None and getattr(data, "used_indices", None) is not None and data.reference is not None:
        whole = _interval(data.reference)
        return None if whole is None else np.asfortranarray(whole[data.used_indices])
    return found


def has_bounds(data: Any) -> bool:
    """Whether a DMatrix or Dataset was given intervals."""
    return _interval(data) is not None


class _Borrowed:
    """Numbers of a booster's, for as long as its data container lives."""

    __slots__ = ("__array_interface__", "_container")

    def __init__(self, container: Any, address: int, n: int, typestr: str) -> None:
        self._container = container
        # Not marked as read-only, though nobody writes: compiled loops would be compiled again for that.
        self.__array_interface__ = {"version": 3, "shape": (n,), "typestr": typestr, "data": (address, False)}


@functools.cache
def _info(module: Any, kind: str) -> Any:
    """XGDMatrixGetFloatInfo or ...UIntInfo of XGBoost's C API, from the loaded library; None where that cannot be had."""
    try:
        (path, *_) = module.libpath.find_lib_path()
        function = getattr(ctypes.CDLL(path), f"XGDMatrixGet{kind}Info")
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
    y, weight = (_borrowed_field(dmatrix, field) for field in ("label", "weight"))
    if y is None or weight is None or y.size != rows or weight.size not in (0, rows) or rows == 0:
        return None  # no labels, several targets, weights of groups: as XGBoost says it itself
    return y, weight if weight.size else None


def _borrowed_field(dmatrix: Any, field: str) -> np.ndarray | None:
    whole = field == "group_ptr"
    function = _info(sys.modules.get("xgboost"), "UInt" if whole else "Float")
    handle = getattr(dmatrix, "handle", None)
    if function is None or not isinstance(handle, ctypes.c_void_p):
        return None
    n, address = ctypes.c_uint64(), ctypes.c_void_p()
    if function(handle, field.encode(), ctypes.byref(n), ctypes.byref(address)) != 0:
        return None
    typestr = _UINT32 if whole else _FLOAT32
    return np.asarray(_Borrowed(dmatrix, address.value, n.value, typestr)) if address.value and n.value else _NONE


def _field(dmatrix: Any, name: str) -> np.ndarray:
    """A field of a DMatrix where it lies, or else a copy; empty if there is none."""
    lent = _borrowed_field(dmatrix, name)
    if lent is not None:
        return lent
    return dmatrix.get_uint_info(name) if name == "group_ptr" else np.asarray(dmatrix.get_float_info(name), np.float32)


def _not_constructed(data: Any) -> bool:
    handle = getattr(data, "_handle", None)
    return is_dataset(data) and not getattr(handle, "value", None)  # a construction that failed leaves a null pointer


def read(owner: str, y_true: Any, y_pred: Any, sample_weight: Any, group: Any, wants: Wants) -> Call:
    """The boosters' calls, native and scikit-learn, told apart by the second argument."""
    if is_dmatrix(y_pred):
        raw = _scores(owner, y_true)
        lent = None if wants.interval or wants.groups else _borrowed(y_pred, len(raw))
        return Call("xgboost", Rows(*lent) if lent else rows(owner, y_pred, wants), raw, y_pred)
    if is_dataset(y_pred):
        _refuse_dart(owner, y_pred)
        return Call("lightgbm", rows(owner, y_pred, wants), _scores(owner, y_true), y_pred)
    raw = _scores(owner, y_pred)
    weight = None if sample_weight is None or len(sample_weight) == 0 else _float32(sample_weight)
    y = _float32(y_true)
    if wants.interval:
        y = signed(y) if y.ndim == 1 else np.asfortranarray(y)
    return Call("lightgbm" if raw.dtype == np.float64 else "xgboost", _grouped(owner, y, weight, group, wants), raw)


class _Shown:
    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        interface = values.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def for_loop(values: np.ndarray) -> np.ndarray:
    """The same memory as an array that is not read-only: Numba would compile every loop, which only reads it, once more."""
    return values if values.flags.writeable else np.asarray(_Shown(values))


def _float32(values: Any) -> np.ndarray:
    if type(values) is np.ndarray and values.dtype == np.float32 and values.flags.c_contiguous:
        return for_loop(values)
    with np.errstate(over="ignore"):  # what is beyond float32 becomes inf, and is refused as such
        return for_loop(np.ascontiguousarray(values, dtype=np.float32))


def _scores(owner: str, raw: Any) -> np.ndarray:
    if not isinstance(raw, np.ndarray) or raw.dtype not in (np.float32, np.float64):
        kind = raw.dtype if isinstance(raw, np.ndarray) else type(raw).__name__
        raise TypeError(
            f"{owner}: raw scores must be a NumPy array of float32 (XGBoost) or float64 (LightGBM), got {kind}"
        )
    return for_loop(raw)


def _refuse_dart(owner: str, dataset: Any) -> None:
    params = getattr(dataset, "params", None) or {}
    if any(str(params.get(key)).lower() == "dart" for key in _BOOSTING):  # LightGBM takes upper case too
        raise ValueError(
            f"{owner}: LightGBM's boosting='dart' gives another model at every run under a custom objective"
            " (it reads a flag that nothing has set); use boosting='gbdt'"
        )
