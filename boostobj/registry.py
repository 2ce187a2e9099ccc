"""Names: ours, and the boosters' own."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, final

import numpy as np

from . import builtins, protocol
from .domain import Interval
from .objective import Objective, Pointwise, Rowwise, _Textbook

_registered: dict[str, type[_Textbook]] = {}

objectives: Mapping[str, type[Objective]] = MappingProxyType(_registered)
"""Every registered objective class by its name, read-only."""


def register(cls: type) -> type:
    """Make an objective available to `get` by its `name`; works as a decorator.

    Raises
    ------
    TypeError
        Not a final, frozen dataclass derived from Pointwise or Rowwise, or one that replaces a method of its base.
    ValueError
        The name is taken, is a booster's, or is not the class name in lower case with underscores.
    """
    if not (isinstance(cls, type) and issubclass(cls, _Textbook)):
        raise TypeError(f"register takes a subclass of Pointwise or Rowwise, got {cls!r}")
    if not set(cls.__bases__) <= {Pointwise, Rowwise}:
        raise TypeError(f"{cls.__name__} must derive from Pointwise or Rowwise itself, not from {cls.__bases__}")
    if "__dataclass_params__" not in vars(cls) or not vars(cls)["__dataclass_params__"].frozen:
        raise TypeError(f"{cls.__name__} must be a dataclass(frozen=True, kw_only=True, repr=False)")
    hidden = [n for n, v in vars(Objective).items() if getattr(getattr(v, "fget", v), "__final__", False)]
    replaced = sorted(n for n in hidden if n in vars(cls))
    if replaced:
        raise TypeError(f"{cls.__name__} must not replace {', '.join(replaced)}")
    if cls.name.replace("_", "") != cls.__name__.lower() or cls.name != cls.name.lower():
        raise ValueError(f"{cls.__name__}: name must be the class name in lower case with underscores, got {cls.name!r}")
    known = _registered.get(cls.name)
    if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
        raise ValueError(f"{cls.__name__}: the name {cls.name!r} is taken by {known.__module__}.{known.__qualname__}")
    _registered[cls.name] = cls
    return cls


def get(name: str, **params: Any) -> Objective:
    """The objective of that name.

    Ours are bare ("log_cosh"); XGBoost's contain a colon ("reg:pseudohubererror"); LightGBM's are prefixed
    ("lightgbm:binary"). Under a booster's name the parameters, start, curvature and floors are that booster's.

    Parameters
    ----------
    name : str
    **params
        The objective's parameters, and `curvature`.

    Returns
    -------
    Objective

    Raises
    ------
    ValueError
        Unknown name (the message has the nearest ones), or a value outside a parameter's domain.
    TypeError
        Unknown parameter.

    >>> get("log_cosh", scale=2.0)
    LogCosh(scale=2.0)
    >>> get("reg:pseudohubererror", huber_slope=4)
    get('reg:pseudohubererror', huber_slope=4.0)
    """
    natives = builtins.names()
    if name in natives:
        curvature = params.pop("curvature", "default")
        return BuiltIn(builtin=name, values=tuple(sorted(params.items())), curvature=curvature)
    cls = _registered.get(name)
    if cls is None:
        near = difflib.get_close_matches(str(name), [*_registered, *natives], n=3, cutoff=0.5)
        near += [n for n in (f"lightgbm:{name}",) if n in natives and n not in near]
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise ValueError(f"no objective {name!r}{hint} (see boostobj.objectives and `boostobj list`)")
    known = [f.name for f in dataclasses.fields(cls)]
    for param in params:
        if param not in known:
            raise TypeError(f"{cls.__name__} has no parameter {param!r}; it has {', '.join(known)}")
    return cls(**params)


@final
@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class BuiltIn(Objective):
    """A booster's own objective, under the booster's name and with its parameters.

    The textbook's door is that of the textbook objective it computes. In the boosters' door everything is as in the
    booster that the name belongs to, also when the other one calls.
    """

    builtin: str
    values: tuple[tuple[str, Any], ...] = ()

    name: ClassVar[str] = "builtin"
    domain: ClassVar[Interval] = Interval(-np.inf, np.inf)

    def __post_init__(self) -> None:
        row = builtins.names()[self.builtin]
        known = {p.name: p for p in row.parameters}
        for name, _ in self.values:
            if name not in known:
                has = ", ".join([*known, "curvature"])
                raise TypeError(f"{self._owner} has no parameter {name!r}; it has {has}")
        values = tuple((n, known[n].converted(self._owner, v)) for n, v in sorted(self.values))
        object.__setattr__(self, "values", tuple((n, v) for n, v in values if v != known[n].default))
        conflict = row.conflict and row.conflict(self.params)
        if conflict:
            raise ValueError(f"{self._owner}: {conflict}")
        object.__setattr__(self, "link", self.textbook.link)
        super().__post_init__()

    @property
    def like(self) -> str:
        """The booster whose objective this is."""
        return builtins.names()[self.builtin].booster

    @property
    def params(self) -> dict[str, Any]:
        """Every parameter under the booster's name for it."""
        return {**builtins.names()[self.builtin].defaults(), **dict(self.values)}

    @property
    def textbook(self) -> _Textbook:
        """The textbook objective that this built-in computes."""
        row = builtins.names()[self.builtin]
        fields = {ours: self.params[theirs] for theirs, ours in row.mirror.items()}
        curvature = "default" if self.curvature == "native" else self.curvature
        return _registered[row.textbook](**fields, curvature=curvature)

    @property
    def curvatures(self) -> tuple[str, ...]:
        return (*_registered[builtins.names()[self.builtin].textbook].kinds, "native")

    @property
    def _owner(self) -> str:
        return self.builtin

    def __repr__(self) -> str:
        shown = [repr(self.builtin)] + [f"{n}={v!r}" for n, v in self.values]
        if self.curvature != "default":
            shown.append(f"curvature={self.curvature!r}")
        return f"get({', '.join(shown)})"

    def _is_builtin(self) -> bool:
        return True

    def _row(self) -> builtins.Native:
        row = builtins.row_for(self.builtin, protocol.installed_version(self.like))
        if row is None:
            version = protocol.installed_version(self.like)
            raise ValueError(f"{self._owner}: {self.like} {version} has no such objective")
        return row

    def _native(self, booster: str) -> tuple[builtins.Native, Mapping[str, Any]] | None:
        return self._row(), self.params

    def _labels(self, k: int) -> Interval:
        row = builtins.names()[self.builtin]
        return self.textbook._labels(k) if row.rowwise else row.labels

    def _scores(self, raw: Any, y: np.ndarray, what: str = "raw") -> np.ndarray:
        return self.textbook._scores(raw, y, what)

    def _losses(self, y: np.ndarray, raw: np.ndarray) -> tuple[np.ndarray, int]:
        k = raw.shape[1] if raw.ndim == 2 else 1
        self._refuse_targets(y, self._labels(k))
        out, bad = self.textbook._losses(y, raw)
        factor = self._factor(y)
        return (out if factor is None else out * factor), bad

    def _gradients(
        self,
        y: np.ndarray,
        raw: np.ndarray,
        weight: np.ndarray | None,
        kind: str,
        results: tuple[np.ndarray, np.ndarray],
        least: float = -np.inf,
    ) -> int:
        k = raw.shape[1] if raw.ndim == 2 else 1
        self._refuse_targets(y, self._labels(k))
        factor = self._factor(y)
        if factor is not None:
            weight = (factor if weight is None else factor * weight).astype(y.dtype)
        return self.textbook._gradients(y, raw, weight, kind, results, least)

    def _factor(self, y: np.ndarray) -> np.ndarray | None:
        row = builtins.names()[self.builtin]
        return row.label_weight(y, self.params) if row.label_weight else None

    def _start(self, y: np.ndarray, weight: np.ndarray, offset: np.ndarray | None) -> np.ndarray:
        """The booster's own start, good or bad; with an offset the boosters start from the offset."""
        k = self._classes(y, self.params.get("num_class"))
        self._refuse_targets(y, self._labels(k))
        if offset is not None:
            return np.zeros(offset.shape[1] if offset.ndim == 2 else 1)
        constant = bool((weight == 1).all())
        return self._row().raw_start(
            y.astype(np.float32), None if constant else weight.astype(np.float32), k, self.params
        )
