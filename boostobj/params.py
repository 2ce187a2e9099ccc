"""The objective that a booster's own parameters name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from . import builtins
from .domain import Choice, Interval, Optional, Parameter
from .objective import Objective
from .registry import get

OBJECTIVE_ALIASES: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "xgboost": {"reg:linear": "reg:squarederror"},
    "lightgbm": {
        alias: name
        for name, aliases in {
            "regression": "regression_l2 mean_squared_error mse l2 l2_root root_mean_squared_error rmse",
            "regression_l1": "mean_absolute_error l1 mae",
            "multiclass": "softmax",
            "multiclassova": "multiclass_ova ova ovr",
            "cross_entropy": "xentropy",
            "cross_entropy_lambda": "xentlambda",
            "mape": "mean_absolute_percentage_error",
            "rank_xendcg": "xendcg xe_ndcg xe_ndcg_mart xendcg_mart",
            "custom": "none null na",
        }.items()
        for alias in aliases.split()
    },
})  # fmt: skip
"""What each booster takes for its objectives besides their names."""

PARAMETER_ALIASES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "xgboost": {},
    "lightgbm": {
        "objective": ("objective_type", "app", "application", "loss"),
        "num_class": ("num_classes",),
        "is_unbalance": ("unbalance", "unbalanced_sets"),
    },
})  # fmt: skip
"""What each booster takes for its objectives' parameters, and for "objective", besides their names."""

_NO_OBJECTIVE = "custom"  # LightGBM's name for what a callable is
_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def from_params(booster: str, params: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Objective:
    """The objective that a booster would train with these parameters of its own: `get` of its name.

    Aliases, of names and of objectives, defaults, and values written as text are understood as the booster does.
    Parameters that are not the objective's are ignored, as are those whose value is None, and in LightGBM an empty
    text. Without an objective XGBoost means reg:squarederror, or multi:softmax if num_class is more than 1; LightGBM
    means regression.

    Parameters
    ----------
    booster : str
        "xgboost" or "lightgbm".
    params : mapping, or pairs
        What `train` of that booster takes; of a name that comes twice in pairs the last counts, as in XGBoost.

    Returns
    -------
    Objective
        An objective of ours under "objective" is returned as it is.

    Raises
    ------
    ValueError
        Unknown booster; an objective that it does not have (the message has the nearest names); aliases of one parameter
        with different values, where LightGBM would take one of them; a value outside a parameter's domain; no value where
        the booster has no default.
    TypeError
        `params` are no parameters, or the objective is neither a name nor one of ours.

    >>> from_params("lightgbm", {"application": "binary", "unbalanced_sets": "true", "num_leaves": 7})
    get('lightgbm:binary', is_unbalance=True)
    >>> from_params("xgboost", {"num_class": 3, "eta": 0.1})
    get('multi:softmax', num_class=3)
    """
    if booster not in OBJECTIVE_ALIASES:
        raise ValueError(f"booster must be one of {', '.join(map(repr, OBJECTIVE_ALIASES))}, got {booster!r}")
    given = _given(booster, params)
    objective = _chosen(booster, given, "objective", lambda value: _objective(booster, value))
    if objective is None:
        objective = _default(booster, given)
    if isinstance(objective, Objective):
        return objective
    row = builtins.names()[objective]
    values = {}
    for parameter in row.parameters:
        value = _chosen(booster, given, parameter.name, lambda value, p=parameter: _read(p, value))
        if value is not None:
            values[parameter.name] = value
        elif parameter.required:
            raise ValueError(f"{objective}: {parameter.name} must be given, {booster} has no default for it")
    return get(objective, **values)


def _given(booster: str, params: Any) -> dict[str, Any]:
    """The parameters that have a value."""
    try:
        given = dict(params)
    except (TypeError, ValueError):
        raise TypeError(f"params must be a mapping or pairs, got {type(params).__name__}") from None
    empty = booster == "lightgbm"
    return {k: v for k, v in given.items() if v is not None and not (empty and isinstance(v, str) and not v)}


def _chosen(booster: str, given: Mapping[str, Any], name: str, read: Any) -> Any:
    """The value of a parameter under any of its names; None if it is not given."""
    keys = [k for k in (name, *PARAMETER_ALIASES[booster].get(name, ())) if k in given]
    values = [read(given[k]) for k in keys]
    if any(value != values[0] for value in values):
        several = " and ".join(f"{k}={given[k]!r}" for k in keys)
        raise ValueError(f"{booster}: {several} are one parameter, {name}: give one of them")
    return values[0] if values else None


def _default(booster: str, given: Mapping[str, Any]) -> str:
    if booster == "lightgbm":
        return _public(booster, "regression")
    classes = _read(Parameter("num_class", None, Interval(0, 2**31, "low", integer=True)), given.get("num_class"))
    several = isinstance(classes, (int, np.integer)) and classes > 1
    return _public(booster, "multi:softmax" if several else "reg:squarederror")


def _objective(booster: str, value: Any) -> Objective | str:
    """An objective of ours, or the public name of the booster's."""
    if isinstance(value, Objective):
        return value
    if not isinstance(value, str):
        raise TypeError(
            f"{booster}: objective must be a name or an objective of boostobj's, got {value!r}"
            " (another callable has no parameters to read; hand it to the booster as it is)"
        )
    return _public(booster, value.lower() if booster == "lightgbm" else value)


def _public(booster: str, text: str) -> str:
    aliases = OBJECTIVE_ALIASES[booster]
    name = aliases.get(text, text)
    if booster == "lightgbm" and name == _NO_OBJECTIVE:
        raise ValueError(f"lightgbm: objective {text!r} stands for none of LightGBM's own; give the callable itself")
    names = {row.name: row for row in builtins.names().values() if row.booster == booster}
    if name in names:
        return names[name].public_name
    near = difflib.get_close_matches(text, sorted({*names, *aliases}), n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise ValueError(f"{booster}: no objective {text!r}{hint} (see `boostobj list`)")


def _read(parameter: Parameter, value: Any) -> Any:
    """A value as the booster reads it; a text that it could not read stays one, for `get` to refuse."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return tuple(_read(parameter, item) for item in value)
    if not isinstance(value, str):
        return value
    domain = parameter.domain.inner if isinstance(parameter.domain, Optional) else parameter.domain
    text = value.lstrip()  # as XGBoost: "3 " is none of its numbers
    if isinstance(domain, Choice):
        words = {"true": True, "+": True, "false": False, "-": False} if True in domain.values else {}
        return words.get(text.lower(), text)
    if isinstance(domain, Interval) and domain.integer:
        return int(text) if _WHOLE.fullmatch(text) else value
    if _NUMBER.fullmatch(text):
        return float(text)
    inside = re.fullmatch(r"[\[(](.*)[\])]\s*", text)  # XGBoost's lists: (0.1, 0.9) and [0.1, 0.9] are one
    parts = [part.strip() for part in inside[1].split(",")] if inside else []
    return tuple(map(float, parts)) if parts and all(map(_NUMBER.fullmatch, parts)) else value
