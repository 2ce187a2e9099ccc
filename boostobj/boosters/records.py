"""The record in a model of what made it: plain JSON, which reading never turns into anything but numbers and texts.

XGBoost keeps it among the attributes of its models, LightGBM in the part of its text that repeats the parameters: a line
`[boostobj: ]: {...}`. LightGBM itself skips what follows a parameter without a value; a parameter of another name would have
4.0 refuse the model, and later versions warn each time.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from .. import protocol
from ..links import LINKS, applied
from ..objective import Objective, _native_step
from ..registry import BuiltIn
from ..version import __version__
from . import common, units

KEY = "boostobj"
FORMAT = 1
TARGET, RAW = "target", "raw scores"
_LINE = re.compile(rf"^\[{KEY}: \]: (.*)\n", re.MULTILINE)
_END = "\nend of parameters"


class Origin(NamedTuple):
    """The objective that was asked for, what it became for each target, and the unit in which they were trained."""

    asked: Objective
    objectives: Sequence[Objective]
    unit: units.Unit = units.PLAIN


def made(
    origin: Origin,
    booster: str,
    *,
    y: np.ndarray,
    start: np.ndarray,
    predicts: str,
    leaf: str,
    offset: bool,
    continued: bool,
    rounds: int,
) -> dict[str, Any]:
    """The record of a training; `start` are raw scores, which tell nothing where training went on from another model."""
    asked, (objective, *others), (factor, penalty, least) = origin
    curvature, arithmetic = _computed(objective, booster, y, len(start))
    parameters, written = _parameters(objective), repr(objective)
    if any(o != objective for o in others):
        each = [_parameters(o) for o in origin.objectives]
        parameters = {name: [its[name] for its in each] if name in asked._auto else now for name, now in parameters.items()}
        written = repr(asked)
    return {
        "format": FORMAT,
        "objective": common.public_name(objective),
        "parameters": _plain(parameters),
        "auto": list(asked._auto),
        "repr": written,
        "start": None if continued else _plain(start.tolist()),
        "curvature": curvature,
        "arithmetic": arithmetic,
        "link": objective.link,
        "slope": objective._slope(),
        "predicts": predicts,
        "leaf": leaf,
        "offset": offset,
        "continued": continued,
        "unit": {"factor": factor[0] if len(factor) == 1 else list(factor), "penalty": penalty, "least": least},
        "rounds": rounds,
        "versions": {KEY: __version__, booster: sys.modules[booster].__version__, "numpy": np.__version__},
    }


def _parameters(objective: Objective) -> dict[str, Any]:
    if isinstance(objective, BuiltIn):
        return objective.params
    return {p.name: getattr(objective, p.name) for p in objective.parameters()}


def _plain(value: Any) -> Any:
    """What JSON has, so that any reader takes it: other numbers and objects become texts."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)


def _computed(objective: Objective, booster: str, y: np.ndarray, k: int) -> tuple[str, str]:
    """The curvature that the booster was given, and whose arithmetic computed it."""
    kind = objective._kind_for_boosters()
    if kind != "native":
        return kind, KEY
    native = _native_step(objective, booster, sys.modules[booster].__version__, k)
    if native and (objective._is_builtin() or native.row.count or y.ndim == 2 or native.labels.contains(y).all()):
        return "native", native.row.public_name
    return (objective.fallback if objective.curvature == "default" else "exact"), KEY


# In the models --------------------------------------------------------------------------------------------------------


def on_xgboost(
    origin: Origin, data: Any, leaf: str, offset: bool, continued: bool, booster: Any, start: np.ndarray | None
) -> Any:
    """The Booster with its record; where no start is given, it is what base_score says."""
    objective = origin.objectives[0]
    row = objective._native_by_default("xgboost")
    learner = json.loads(booster.save_config())["learner"]
    carrier = learner["objective"]["name"]
    raw = raw_in_xgboost(objective, carrier)
    if start is None:
        shape = learner["learner_model_param"]
        score = np.array([float(v) for v in shape["base_score"].strip("[]").split(",")])
        if len(score) == 1:  # before 3.1 there is one for all
            score = score.repeat(max(1, int(shape["num_class"]), int(shape.get("num_target", 1))))
        if row and row[0].name == carrier:
            link = row[0].link
        else:
            link = "identity" if raw or LINKS[objective.link].margin else objective.link
        start = _to_raw(score, link)
    record = made(
        origin,
        "xgboost",
        y=protocol.rows(common.public_name(objective), data, objective._wants).y,
        start=start,
        predicts=RAW if raw else TARGET,
        leaf="native" if row and row[0].leaves else leaf,
        offset=offset,
        continued=continued,
        rounds=booster.num_boosted_rounds(),
    )
    booster.set_attr(**{KEY: json.dumps(record, allow_nan=False)})
    return booster


def raw_in_xgboost(objective: Objective, carrier: str) -> bool:
    """Whether XGBoost's own predict gives raw scores although the objective has a link."""
    linked = objective.link != "identity" or objective._slope() != 1.0
    return linked and carrier in (LINKS["identity"].xgboost, "binary:logitraw")


def _to_raw(score: np.ndarray, link: str) -> np.ndarray:
    with np.errstate(divide="ignore"):  # probabilities of 0 and 1 that a user gives
        if link in ("logit", "one_vs_all"):
            return np.log(score) - np.log1p(-score)
        return np.log(score) if link == "log" else score


def in_text(origin: Origin, data: Any, leaf: str, offset: bool, continued: bool, text: str, start: np.ndarray) -> str:
    """The text of a LightGBM model with its record."""
    objective = origin.objectives[0]
    head = text.partition("\nTree=")[0]
    trees = int(re.findall(r"^num_tree_per_iteration=(\d+)$", head, re.MULTILINE)[0])
    record = made(
        origin,
        "lightgbm",
        y=protocol.rows(common.public_name(objective), data, objective._wants).y,
        start=start,
        predicts=RAW if raw_in_lightgbm(objective) else TARGET,
        leaf=leaf,
        offset=offset,
        continued=continued,
        rounds=text.count("\nTree=") // trees,
    )
    body, end, rest = _LINE.sub("", text).rpartition(_END)
    return f"{body}\n[{KEY}: ]: {json.dumps(record, allow_nan=False)}{end}{rest}"


def raw_in_lightgbm(objective: Objective) -> bool:
    """Whether no objective of LightGBM has the link, so that its own predict gives raw scores."""
    pattern, slope = LINKS[objective.link].lightgbm, objective._slope()
    if common.like(objective) == "lightgbm":
        return False
    return not pattern or (slope != 1.0 and "{slope" not in pattern)


def booster_of(model: Any) -> str:
    """Whose Booster it is, without importing either.

    Raises
    ------
    TypeError
        It is neither's.
    """
    for name in ("xgboost", "lightgbm"):
        cls = getattr(sys.modules.get(name), "Booster", None)
        if cls is not None and isinstance(model, cls):
            return name
    raise TypeError(
        f"booster must be an xgboost.Booster or a lightgbm.Booster, got {type(model).__name__}"
        " (XGBoost's estimators have one in get_booster(), LightGBM's in booster_)"
    )


def record(booster: Any) -> dict[str, Any] | None:
    """What made a model: the record that `train` leaves in it.

    It is read as JSON and no more: nothing that it names is looked up, imported or run. It is in the model also after saving
    and loading, pickling, copying, and slicing an XGBoost Booster. Plain LightGBM drops it where it makes another model
    (refit, init_model); plain XGBoost keeps it when it trains on, where it tells how the first `rounds` were made.

    Parameters
    ----------
    booster : xgboost.Booster or lightgbm.Booster

    Returns
    -------
    dict or None
        None if there is no record. Otherwise, with format 1:

        objective, parameters, repr
            Its name, all its parameters (None where the data decided), and how it is written in Python. What was "auto" is
            the number that it became; with several targets per row a list of numbers, and "auto" in `repr`.
        auto
            The names of the parameters that were "auto".
        start
            Raw scores, one number for each score; None where training went on from another model.
        curvature, arithmetic
            The curvature that the booster was given, and whose arithmetic it was: "boostobj" (the textbook's), or the name of
            a booster's own objective.
        link, slope
            Predictions on the scale of the target are the inverse link of slope times the raw score. The links "location_scale"
            and "median_sigma" take the parameters scale and epsilon.
        predicts
            What the booster's own predict gives: "target", or "raw scores" where no objective of the booster has the link;
            `predict` applies it then.
        unit
            What was multiplied for the training, without effect on the leaves: `factor` gradients and Hessians (of each
            score, if it is a list), `penalty` lambda, alpha and gamma or their like, `least` min_child_weight or
            min_sum_hessian_in_leaf. The parameters in the model are those that were given. See `train`.
        leaf
            "newton", "exact", or "native" where leaves are set anew as the booster's own objective does.
        offset, continued
            Whether the training data had an offset, and whether training went on from another model.
        rounds
            How many the model had at the end of the training.
        versions
            Of boostobj, the booster and NumPy.

    Raises
    ------
    TypeError
        Not a Booster.
    ValueError
        There is a record which is not JSON, or not an object.

    >>> import numpy as np, xgboost
    >>> from boostobj import train
    >>> x, y = np.array([[0.0], [0.0], [1.0], [1.0]]), [0, 1, 1, 1]
    >>> booster = train({"nthread": 1, "min_child_weight": 0}, xgboost.DMatrix(x, y), 2, objective="log_loss")
    >>> {key: record(booster)[key] for key in ("objective", "link", "curvature", "arithmetic")}
    {'objective': 'log_loss', 'link': 'logit', 'curvature': 'native', 'arithmetic': 'binary:logistic'}
    """
    if booster_of(booster) == "xgboost":
        text = booster.attr(KEY)
    else:
        parameters = booster.model_to_string(num_iteration=1).rpartition("\nparameters:")[2]
        found = _LINE.search(parameters)
        text = found and found[1]
    if text is None:
        return None
    try:
        read = json.loads(text)
    except ValueError as error:
        raise ValueError(f"record: what the model says about how it was made is no JSON: {error}") from None
    except RecursionError:  # thousands of brackets
        raise ValueError("record: what the model says about how it was made is nested too deeply") from None
    if not isinstance(read, dict):
        raise ValueError(f"record: what the model says about how it was made must be a JSON object, got {text[:60]!r}")
    return read


def as_trained(objective: Objective, booster: Any) -> Objective:
    """The objective with what the record has in place of every "auto"."""
    if not objective._auto:
        return objective
    parameters = needed(booster, common.public_name(objective))["parameters"]
    values: dict[str, Any] = {name: parameters[name] for name in objective._auto}
    return dataclasses.replace(objective, **values)


def needed(booster: Any, owner: str) -> dict[str, Any]:
    """The record of a model that must have one."""
    found = record(booster)
    if found is None:
        raise ValueError(
            f"{owner}: the model does not say how it was made: boostobj.train leaves a record in its models, and LightGBM drops"
            " it in refit and when it trains on without boostobj"
        )
    return found


class Shown(NamedTuple):
    """How raw scores become predictions, and whether the booster's own predict leaves that undone."""

    link: str
    slope: float
    parameters: tuple[float, ...]
    raw: bool

    def applied(self, raw: np.ndarray) -> np.ndarray:
        return applied(self.link, self.slope, raw, self.parameters)


def link_of(read: Mapping[str, Any], owner: str) -> Shown:
    """Link, slope, the objective's parameters that the link takes, and whether the booster's own predict gives raw scores.

    Raises
    ------
    ValueError
        The record has no such thing.
    """
    link, predicts = read.get("link"), read.get("predicts")
    slope: Any = read.get("slope")
    if not (isinstance(link, str) and link in LINKS):
        raise ValueError(f"{owner}: the link in the model's record must be one of {', '.join(map(repr, LINKS))}, got {link!r}")
    if not _is_positive(slope):
        raise ValueError(f"{owner}: the slope in the model's record must be a finite number above 0, got {slope!r}")
    if predicts not in (TARGET, RAW):
        raise ValueError(f"{owner}: predicts in the model's record must be {TARGET!r} or {RAW!r}, got {predicts!r}")
    has = read.get("parameters")
    known: Mapping[str, Any] = has if isinstance(has, Mapping) else {}
    values = {name: known.get(name) for name in LINKS[link].parameters}
    for name, value in values.items():
        if not _is_positive(value):
            raise ValueError(
                f"{owner}: the parameter {name} of the link {link!r} in the model's record must be a finite number above 0, got"
                f" {value!r}"
            )
    return Shown(link, float(slope), tuple(float(known[name]) for name in values), predicts == RAW)


def _is_positive(value: Any) -> TypeGuard[float]:
    return not isinstance(value, bool) and isinstance(value, (int, float)) and 0 < value <= sys.float_info.max


def describe(booster: Any) -> None:
    """Print what made a model: its record, and what it means for predicting. `record` returns it.

    Parameters
    ----------
    booster : xgboost.Booster or lightgbm.Booster

    Raises
    ------
    TypeError
        Not a Booster.
    ValueError
        No record, or one that cannot be read.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    read = needed(booster, "describe")
    table = Table(box=box.SIMPLE, show_header=False)
    for key, value in read.items():
        table.add_row(Text(_printable(key)), Text(_printable(_shown(value))))
    console = Console()
    console.print(table)
    for line in _remarks(booster, read):
        console.print(Text(line))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if value is None or isinstance(value, bool):
        return {None: "-", True: "yes", False: "no"}[value]
    return format(value, ".9g") if isinstance(value, float) else str(value)


def _printable(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _remarks(booster: Any, read: Mapping[str, Any]) -> list[str]:
    lines = []
    if read.get("predicts") == RAW:
        lines.append(
            f"The booster's own predict gives raw scores: no objective of it has the link {read.get('link')!r}, which"
            " boostobj.predict applies."
        )
    now = booster.num_boosted_rounds() if booster_of(booster) == "xgboost" else booster.current_iteration()
    then = read.get("rounds")
    if isinstance(then, int) and now > then:
        lines.append(f"The model has {now} rounds: {now - then} have been added since, by something else.")
    return [_printable(line) for line in lines]
