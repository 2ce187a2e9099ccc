"""What training is the same for every booster: which objective, with which parameters, measured by what."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from .. import builtins, metrics, protocol
from ..metrics import Metric, public_name
from ..metrics import mean_loss as mean_loss  # for those who train
from ..metrics import measures as measures
from ..objective import Objective, Rowwise
from ..registry import BuiltIn, get

_ALSO_OF_THE_TREES = ("num_class", "max_delta_step")
"""Parameters of objectives that mean something to the booster as well."""


def like(objective: Objective) -> str | None:
    """The booster whose name the objective bears; None under our own names."""
    return objective.like if isinstance(objective, BuiltIn) else None


def asked(objective: Objective, metric: Any, given: Any, argument: str) -> list[Metric] | None:
    """What `metric=` names, or metrics of ours where the booster takes callables, for raw scores of the objective.

    None where the user gives no metric of ours.
    """
    if metric is None:
        several = given if isinstance(given, (list, tuple)) and given else [given]
        return [bound(m, objective) for m in several] if all(isinstance(m, Metric) for m in several) else None
    if given is not None:
        raise ValueError(f"train: metric= and {argument}= are given; {argument} takes metrics of ours too, metric= takes a list")
    found = metric if isinstance(metric, (list, tuple)) else [metric]
    if not found:
        raise ValueError("train: metric=[] names no metric; left out, it is the objective's own loss")
    for m in found:
        if not isinstance(m, (str, Metric)):
            raise TypeError(
                f"train: metric must be names or metrics of boostobj.metrics, got {type(m).__name__};"
                " metrics.make takes a function"
            )
    made = [metrics.get(m, objective=objective) if isinstance(m, str) else bound(m, objective) for m in found]
    names = [m.name for m in made]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ValueError(f"train: metric has {twice[0]!r} twice")
    return made


def bound(metric: Metric, objective: Objective) -> Metric:
    """The metric for raw scores of the objective that is trained."""
    if metric.objective is None:
        return metrics.get(metric.kind, objective=objective) if metric.kind == "loss" else metric.with_objective(objective)
    mine, other = ((o.link, o._slope(), o._of_link()) for o in (objective, metric.objective))
    if mine != other:
        raise ValueError(
            f"train: {metric!r} reads raw scores with the link {other[0]!r}, but {objective!r} is trained, with"
            f" {mine[0]!r}; leave its objective out"
        )
    return metric


def counted(objective: Objective, data: Any) -> Objective:
    """The objective with as many scores as all of the data have classes: one fold of them may lack some."""
    if not isinstance(objective, Rowwise) or objective._known_count() is not None:
        return objective
    y, _ = protocol.labels(public_name(objective), data)
    found: dict[str, Any] = {objective.count: objective._count_in(y)}
    return dataclasses.replace(objective, **found)


def remembering(objective: Objective, memory: dict[str, Any]) -> Any:
    """The objective as a callable for one training, where rows of the table want to know the round or what was before.

    Other objectives as they are: the boosters then do what they do with any callable.
    """
    if not objective._wants.groups:
        return objective
    memory["round"] = -1

    def gradients(raw: np.ndarray, data: Any) -> tuple[np.ndarray, np.ndarray]:
        memory["round"] += 1
        return objective._called(protocol.read(public_name(objective), raw, data, None, None, objective._wants), memory)

    return gradients


def made(objective: Any) -> tuple[Objective, bool]:
    """The objective that a name, a class or an object says, and whether its parameters are just the defaults.

    Raises
    ------
    TypeError
        Something else, or a class that is only a base of objectives.
    ValueError
        As `get`.
    """
    if isinstance(objective, Objective):
        return objective, False
    if isinstance(objective, str):
        return get(objective), True
    if isinstance(objective, type) and issubclass(objective, Objective) and "name" in vars(objective):
        return objective(), True
    kind = objective.__name__ if isinstance(objective, type) else type(objective).__name__
    raise TypeError(f"train: objective must be a name, an Objective or the class of one, got {kind}")


def settled(
    objective: str | Objective | type[Objective], params: Mapping[str, Any], booster: str, aliases: Callable[[str], Iterable[str]]
) -> tuple[Objective, dict[str, Any]]:
    """The objective with the parameters of its own that stood in params, and params without an objective.

    Raises
    ------
    TypeError
        As `made`; params is no mapping.
    ValueError
        params names another objective, or has parameters of an objective that would have no effect there.
    """
    if not isinstance(params, Mapping):
        raise TypeError(f"train: params must be a dict, got {type(params).__name__}")
    found, by_default = made(objective)
    rest = dict(params)
    for key in sorted(aliases("objective")):
        if key in rest:
            value = rest.pop(key)
            mine = value == found if isinstance(value, Objective) else value in _names(found, booster)
            if not mine and value is not None:
                raise ValueError(f"train: params[{key!r}] is {value!r}, but objective is {found!r}; leave it out of params")
    given = _own_parameters(found, rest, booster, aliases)
    return _with(found, given, by_default=by_default), rest


def _names(objective: Objective, booster: str) -> tuple[str, ...]:
    name = public_name(objective)
    if like(objective) == booster:
        return name, builtins.names()[name].name
    return (name,)


def _own_parameters(
    objective: Objective, params: Mapping[str, Any], booster: str, aliases: Callable[[str], Iterable[str]]
) -> dict[str, Any]:
    """Parameters of the objective that stand in params."""
    name = public_name(objective)
    if like(objective) == booster:
        mine = {p.name for p in builtins.names()[name].parameters}
        useless = set()
    else:
        mine = {"num_class"} & {f.name for f in dataclasses.fields(objective)}
        if isinstance(objective, BuiltIn):
            mine = {"num_class"} & set(objective.params)
        of_any = {p.name for row in builtins.table() if row.booster == booster for p in row.parameters}
        useless = of_any.difference(_ALSO_OF_THE_TREES)
    found = {}
    for parameter in sorted(mine | useless):
        for key in sorted(aliases(parameter)):
            if key not in params:
                continue
            if parameter in useless:
                raise ValueError(
                    f"train: params[{key!r}] is a parameter of objectives and has no effect on {objective!r};"
                    f" what {name!r} is to know belongs in get({name!r}, ...)"
                )
            found[parameter] = params[key]
    return found


def _with(objective: Objective, given: Mapping[str, Any], *, by_default: bool) -> Objective:
    if not given:
        return objective
    if isinstance(objective, BuiltIn):
        has = objective.params
        made: Objective = get(objective.builtin, **{**has, **given}, curvature=objective.curvature)
        has_now = made.params if isinstance(made, BuiltIn) else {}
    else:
        has = {name: getattr(objective, name) for name in given}
        made = dataclasses.replace(objective, **given)
        has_now = {name: getattr(made, name) for name in given}
    for name in given:
        if not by_default and has[name] is not None and has[name] != has_now[name]:
            raise ValueError(f"train: params has {name}={given[name]!r}, but objective is {objective!r}; say it in one place")
    return made
