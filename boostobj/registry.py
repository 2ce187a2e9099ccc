"""Names: ours, and the boosters' own."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from . import builtins, loops, protocol, third_parties
from .domain import Interval
from .objective import Groupwise, Objective, Pointwise, Rowwise, _step, _Textbook

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_registered: dict[str, type[_Textbook]] = {}

objectives: Mapping[str, type[Objective]] = MappingProxyType(_registered)
"""Every registered objective class by its name, read-only; of other packages' those that `get` has loaded so far."""


def register(cls: type) -> type:
    """Make an objective available to `get` by its `name`; works as a decorator.

    An installed package needs none: an entry point of the group `boostobj.objectives` has it registered when it is
    first asked for.

    Raises
    ------
    TypeError
        Not a final, frozen dataclass derived from Pointwise, Rowwise or Groupwise, one without name, link or domain, or
        one that replaces a method of its base.
    ValueError
        The name is taken, is a booster's, or is not the class name in lower case with underscores.
    """
    valid = _valid(cls)
    known = _registered.get(valid.name)
    if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
        raise ValueError(f"{cls.__name__}: the name {valid.name!r} is taken by {known.__module__}.{known.__qualname__}")
    _registered[valid.name] = valid
    return cls


def _valid(cls: object) -> type[_Textbook]:
    if not (isinstance(cls, type) and issubclass(cls, _Textbook)):
        raise TypeError(f"register takes a subclass of Pointwise, Rowwise or Groupwise, got {cls!r}")
    if not set(cls.__bases__) <= {Pointwise, Rowwise, Groupwise}:
        raise TypeError(f"{cls.__name__} must derive from Pointwise, Rowwise or Groupwise itself, not from {cls.__bases__}")
    if "__dataclass_params__" not in vars(cls) or not vars(cls)["__dataclass_params__"].frozen:
        raise TypeError(f"{cls.__name__} must be a dataclass(frozen=True, kw_only=True, repr=False)")
    for what, kind in (("name", str), ("link", str), ("domain", Interval)):
        if not isinstance(getattr(cls, what, None), kind):
            raise TypeError(f"{cls.__name__} must have a {what}, of type {kind.__name__}")
    others = [p.name for p in cls.parameters() if p.auto and p.unit != "y"]
    if others and cls.profiled is Objective.profiled:
        raise TypeError(f"{cls.__name__} must have a method profiled, which gives {', '.join(others)} where they are 'auto'")
    hidden = [n for n, v in vars(Objective).items() if getattr(getattr(v, "fget", v), "__final__", False)]
    replaced = sorted(n for n in hidden if n in vars(cls))
    if replaced:
        raise TypeError(f"{cls.__name__} must not replace {', '.join(replaced)}")
    fixed = issubclass(cls, Rowwise) and isinstance(getattr(cls, cls.count, None), tuple)
    if issubclass(cls, Rowwise) and not fixed and cls.count not in [f.name for f in dataclasses.fields(cls)]:
        raise TypeError(f"{cls.__name__} must have the field {cls.count!r}, which says how many scores a row has")
    if cls.name.replace("_", "") != cls.__name__.lower() or cls.name != cls.name.lower():
        raise ValueError(f"{cls.__name__}: name must be the class name in lower case with underscores, got {cls.name!r}")
    return cls


def load(entries: Sequence[EntryPoint]) -> type[_Textbook]:
    """Import and register the class that installed packages declare under one name.

    Raises
    ------
    ImportError
        It cannot be imported.
    TypeError, ValueError
        As `register`; also ValueError if the name is declared twice, is a booster's, or is not the class's `name`.
        Each names distribution and entry point.
    """
    entry, *others = entries
    if others:
        all_ = " and by ".join(map(third_parties.described, entries))
        raise ValueError(f"{entry.name!r} is declared by {all_}: uninstall all but one")
    where = third_parties.described(entry)
    if entry.name in builtins.names():
        raise ValueError(f"{where}: {entry.name!r} is a booster's own name")
    try:
        found = entry.load()
    except Exception as error:  # whatever another package raises while it is imported
        raise ImportError(f"{where} cannot be imported: {type(error).__name__}: {error}") from error
    try:
        cls = _valid(found)
        if cls.name != entry.name:
            raise ValueError(f"{cls.__name__}: the entry point must have the class's name, {cls.name!r}")
        register(cls)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{where}: {error}") from error
    return cls


def get(name: str, **params: Any) -> Objective:
    """The objective of that name.

    Ours are bare ("log_cosh"); XGBoost's contain a colon ("reg:pseudohubererror"); LightGBM's are prefixed
    ("lightgbm:binary"). Under a booster's name the parameters, start, curvature and floors are that booster's.

    A name that is neither, nor registered, is looked for among the entry points of the group `boostobj.objectives` of
    the installed packages; the class is then imported and registered. So no package can take a name that is there.

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
    ImportError, TypeError, ValueError
        An installed package declares the name, and its class cannot be imported or is none that `register` takes.

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
        declared = third_parties.declared()
        if name not in declared:
            names = {*_registered, *natives, *declared}
            near = difflib.get_close_matches(str(name), sorted(names), n=3, cutoff=0.5)
            near += [n for n in (f"lightgbm:{name}",) if n in natives and n not in near]
            hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise ValueError(f"no objective {name!r}{hint} (see boostobj.objectives and `boostobj list`)")
        cls = load(declared[name])
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
        row = self._any
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
        object.__setattr__(self, "link", self._newest.output or self.textbook.link)
        object.__setattr__(self, "scores", self.textbook.scores)
        super().__post_init__()

    @property
    def like(self) -> str:
        """The booster whose objective this is."""
        return self._any.booster

    @property
    def _any(self) -> builtins.Native:
        """One of the rows of this name: booster, parameters and labels are the same in all."""
        return builtins.names()[self.builtin]

    @property
    def _newest(self) -> builtins.Native:
        """The row for these parameters, in the newest version: what it computes does not change with the version."""
        row = builtins.row_for(self.builtin, self.params, None)
        assert row is not None, f"the table has no row for {self!r}"
        return row

    @property
    def params(self) -> dict[str, Any]:
        """Every parameter under the booster's name for it."""
        return {**self._any.defaults(), **dict(self.values)}

    @property
    def textbook(self) -> _Textbook:
        """The textbook objective that this built-in computes."""
        row = self._newest
        given = {ours: self.params[theirs] for theirs, ours in row.mirror.items()}
        fields = {name: value for name, value in given.items() if value is not None}  # None: the booster's default, as ours
        curvature = "default" if self.curvature == "native" else self.curvature
        return _registered[row.textbook](**fields, curvature=curvature)

    @property
    def curvatures(self) -> tuple[str, ...]:
        return (*_registered[self._newest.textbook].kinds, "native")

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

    def _slope(self) -> float:
        return self.textbook._slope()

    def _row(self) -> builtins.Native:
        """The row of the installed version; of one that lacks the objective, the newest."""
        row = builtins.row_for(self.builtin, self.params, protocol.installed_version(self.like))
        return row or self._newest

    def _native(self, booster: str) -> tuple[builtins.Native, Mapping[str, Any]] | None:
        return self._row(), self.params

    def _labels(self, k: int) -> Interval:
        row = self._newest
        return self.textbook._labels(k) if row.count else row.labels

    def _scores(self, raw: Any, y: np.ndarray, what: str = "raw") -> np.ndarray:
        return self.textbook._scores(raw, y, what)

    @property
    def _wants(self) -> protocol.Wants:
        return self.textbook._wants

    def _losses(self, rows: protocol.Rows, raw: np.ndarray) -> tuple[np.ndarray, int]:
        k = raw.shape[1] if raw.ndim == 2 else 1
        self._refuse_targets(rows.y, self._labels(k))
        out, bad = self.textbook._losses(rows, raw)
        factor = self._factor(rows.y)
        # The booster's own labels rule, even where the textbook has fewer.
        return (out if factor is None else out * factor), bad & ~loops.BAD_TARGET

    def _gradients(
        self,
        rows: protocol.Rows,
        raw: np.ndarray,
        kind: str,
        results: tuple[np.ndarray, np.ndarray],
        least: float = -np.inf,
        quickly: bool = False,
    ) -> int:
        k = raw.shape[1] if raw.ndim == 2 else 1
        self._refuse_targets(rows.y, self._labels(k))
        factor = self._factor(rows.y)
        if factor is not None:
            weight = factor if rows.weight is None else factor * rows.weight
            rows = rows._replace(weight=weight.astype(rows.y.dtype))
        return self.textbook._gradients(rows, raw, kind, results, least, quickly) & ~loops.BAD_TARGET

    def _factor(self, y: np.ndarray) -> np.ndarray | None:
        row = self._newest
        return row.label_weight(y, self.params) if row.label_weight else None

    def _start(self, rows: protocol.Rows, offset: np.ndarray | None) -> np.ndarray:
        """The booster's own start, good or bad; with an offset the boosters start from the offset."""
        row = self._row()
        k = self._count(self._newest.count, self.params, rows.y)
        self._refuse_targets(rows.y, self._labels(k))
        if offset is not None:
            return np.zeros(offset.shape[1] if offset.ndim == 2 else 1)
        weight = rows.weight
        assert weight is not None
        narrow = rows._replace(
            y=rows.y.astype(np.float32, order="A"), weight=None if (weight == 1).all() else weight.astype(np.float32)
        )
        version = protocol.installed_version(self.like)
        raw = np.zeros(len(rows.y), np.float64 if row.wide else np.float32)
        return row.raw_start(_step(row, narrow, raw, None, None, version), k, self.params)
