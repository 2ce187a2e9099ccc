"""Sets that values must lie in, and the parameters of an objective, each with its set.

The same description checks a value, words the error, and tells the tests which values are typical and which are not.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Interval:
    """Real numbers (or integers) between two ends.

    >>> Interval(0, math.inf), Interval(0, 1, closed="both"), Interval(0, math.inf, closed="low", integer=True)
    (Interval (0, inf), Interval [0, 1], Interval integers in [0, inf))
    """

    low: float
    high: float
    closed: str = ""  # "", "low", "high" or "both"
    integer: bool = False
    signed: bool = False
    """Of the integers 0 and 1: whether the class 0 may be called -1, in all rows or in none."""

    @functools.cached_property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest float64 inside: what a compiled loop compares with."""
        low = self.low if self.closed in ("low", "both") else math.nextafter(self.low, math.inf)
        low = -1.0 if self.signed else low
        high = self.high if self.closed in ("high", "both") else math.nextafter(self.high, -math.inf)
        return float(low), float(high)  # of one type, or the loop would be compiled twice

    @functools.cached_property
    def float32_ends(self) -> tuple[float, float]:
        """The smallest and the largest float32 inside: an open end at 0 must not become 0 itself."""
        low, high = self.ends
        with np.errstate(over="ignore"):
            first, last = np.float32(low), np.float32(high)
        # As Python's floats: beside a float32 NumPy would round the end again.
        first = np.nextafter(first, np.float32(np.inf)) if float(first) < low else first
        last = np.nextafter(last, np.float32(-np.inf)) if float(last) > high else last
        return float(first), float(last)

    def contains(self, values: Any) -> Any:
        """Elementwise: inside, finite, and whole where the set is of integers.

        Where the class 0 may be called -1 the first row of that class says which of the two it is in all of them.

        >>> Interval(0, 1, "both", integer=True, signed=True).contains([1, -1, 0]).tolist()
        [True, True, False]
        """
        low, high = self.ends
        values = np.asarray(values, dtype=np.float64)
        inside = (values >= low) & (values <= high)
        inside = inside & (values == np.floor(values)) if self.integer else inside
        if self.signed:
            others = values[inside & (values <= 0)]
            inside &= values != (-1 - others[0] if others.size else math.nan)
        return inside

    def check(self, value: Any) -> str | None:
        """What is wrong with one value, or None."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return None if number and self.contains(value) else f"must be {self.words}"

    def convert(self, value: Any) -> Any:
        """A plain Python number from a NumPy one: so that repr evaluates back."""
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, int) and not isinstance(value, bool):
            return value if self.integer else float(value)
        return value

    @property
    def words(self) -> str:
        return f"{'an integer' if self.integer else 'a number'} in {self._set}"

    @property
    def _set(self) -> str:
        if self.signed:
            return "{0, 1} in all rows or in {-1, 1} in all rows"
        left = "[" if self.closed in ("low", "both") else "("
        right = "]" if self.closed in ("high", "both") else ")"
        low, high = (f"{end:.0f}" if self.integer else f"{end:g}" for end in (self.low, self.high))
        return f"{left}{low}, {high}{right}"

    def __str__(self) -> str:
        return f"integers in {self._set}" if self.integer else self._set

    def __repr__(self) -> str:
        return f"Interval {self}"


@dataclasses.dataclass(frozen=True)
class Choice:
    """One of a few values.

    >>> Choice((True, False)).check(2)
    'must be one of True, False'
    """

    values: tuple

    def check(self, value: Any) -> str | None:
        for allowed in self.values:
            if type(value) is type(allowed) and value == allowed:
                return None
        return f"must be one of {', '.join(map(repr, self.values))}"

    def convert(self, value: Any) -> Any:
        return value.item() if isinstance(value, np.generic) else value

    def __str__(self) -> str:
        return ", ".join(map(repr, self.values))


@dataclasses.dataclass(frozen=True)
class Optional:
    """A set, or None."""

    inner: Interval | Ascending | Several

    def check(self, value: Any) -> str | None:
        wrong = None if value is None else self.inner.check(value)
        return wrong and f"{wrong}, or None"

    def convert(self, value: Any) -> Any:
        return self.inner.convert(value)

    def __str__(self) -> str:
        return f"{self.inner}, or None"


@dataclasses.dataclass(frozen=True)
class Ascending:
    """Several numbers of a set, in ascending order; with `one`, a single number too.

    >>> Ascending(Interval(0, 1, closed="both")).convert([0.1, 0.9])
    (0.1, 0.9)
    """

    inner: Interval
    one: bool = False

    def check(self, value: Any) -> str | None:
        if self.one and not isinstance(value, tuple):
            good = self.inner.check(value) is None
        else:
            good = isinstance(value, tuple) and len(value) > 1 and not any(map(self.inner.check, value))
            good = good and all(a <= b for a, b in itertools.pairwise(value))
        return None if good else f"must be {self.words}"

    def convert(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if not isinstance(value, (list, tuple)):
            return self.inner.convert(value)
        if self.one and len(value) == 1:
            return self.inner.convert(value[0])
        return tuple(map(self.inner.convert, value))

    @property
    def words(self) -> str:
        several = f"two or more ascending numbers in {self.inner}"
        return f"{self.inner.words}, or {several}" if self.one else several

    def __str__(self) -> str:
        return f"{self.inner}, one or several ascending" if self.one else f"several ascending in {self.inner}"


@dataclasses.dataclass(frozen=True)
class Several:
    """Two or more numbers of a set, in any order.

    >>> Several(Interval(0, math.inf, closed="low")).convert([3, 1])
    (3.0, 1.0)
    """

    inner: Interval

    def check(self, value: Any) -> str | None:
        good = isinstance(value, tuple) and len(value) > 1 and not any(map(self.inner.check, value))
        return None if good else f"must be two or more numbers in {self.inner}"

    def convert(self, value: Any) -> Any:
        return tuple(map(self.inner.convert, value)) if isinstance(value, (list, tuple, np.ndarray)) else value

    def __str__(self) -> str:
        return f"several in {self.inner}"


@dataclasses.dataclass(frozen=True)
class Cuts:
    """One or more finite numbers that separate neighbours, so that no two are equal, in ascending order.

    >>> Cuts().convert([0, 1.5])
    (0.0, 1.5)
    """

    def check(self, value: Any) -> str | None:
        good = isinstance(value, tuple) and len(value) > 0 and not any(map(REAL.check, value))
        good = good and all(a < b for a, b in itertools.pairwise(value))
        return None if good else "must be one or more finite numbers in ascending order, no two of them equal"

    def convert(self, value: Any) -> Any:
        return tuple(map(REAL.convert, value)) if isinstance(value, (list, tuple, np.ndarray)) else value

    def __str__(self) -> str:
        return "one or more ascending"


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A parameter's set, unit, typical values (what tests and benchmarks try), and whether kernels are handed it."""

    name: str
    default: Any
    domain: Interval | Choice | Optional | Ascending | Several | Cuts
    unit: str = "1"
    typical: tuple = ()
    kernel: bool = True
    constants: Callable[[float], tuple[float, ...]] | None = None
    """What a kernel is handed in an array behind the value: numbers that cost too much to compute for every row."""
    required: bool = False
    """Of a booster that has no default for it: it is always among the parameters that are handed to the booster."""
    auto: bool = False
    """Whether it takes "auto": by its deviations where its unit is y, else by what `profiled` of its class says."""
    deviations: float = 1.0
    """What "auto" means in the unit of y: so many median absolute deviations of the targets from the start."""

    def for_kernel(self, value: Any, number: Callable[[Any], Any]) -> Any:
        """The value as a compiled kernel gets it: a `number`, an array of them, the place among a few texts; None as it is.

        Cuts are a tuple, so that a kernel can look among them and be vectorised.
        """
        if value is None:
            return None
        if isinstance(self.domain, Cuts):
            return tuple(map(number, value))
        if isinstance(value, str) and isinstance(self.domain, Choice):
            value = self.domain.values.index(value)
        if self.constants:
            value = (value, *self.constants(value))
        return np.array([number(v) for v in value]) if isinstance(value, tuple) else number(value)

    def converted(self, owner: str, value: Any) -> Any:
        """The value as a plain Python object; ValueError when it is outside the domain."""
        if self.auto and isinstance(value, str) and value == AUTO:
            return AUTO
        value = self.domain.convert(value)
        wrong = self.domain.check(value)
        if wrong:
            also = f", or {AUTO!r}" if self.auto else ""
            raise ValueError(f"{owner}: {self.name} {wrong}{also}, got {value!r}")
        return value


def param(
    default: Any,
    *,
    domain: Interval | Choice | Optional | Ascending | Several | Cuts,
    unit: str = "1",
    typical: Sequence = (),
    kernel: bool = True,
    auto: bool = False,
    deviations: float = 1.0,
    constants: Callable[[float], tuple[float, ...]] | None = None,
) -> Any:
    """A dataclass field that carries its domain, unit and typical values.

    Parameters
    ----------
    default
        A value in the domain, or "auto" where that is accepted.
    domain : Interval, Choice, Optional or Ascending
    unit : str
        "y" for the unit of the target: such a parameter accepts "auto".
    typical : sequence
        Values that tests and benchmarks try.
    kernel : bool
        Whether kernels are handed it.
    auto : bool
        Whether a parameter of another unit accepts "auto" too; the class then has a method `profiled`.
    deviations : float
        How many median absolute deviations of the targets from the start "auto" is, for a parameter in the unit of y. A
        constant that a textbook gives in standard deviations of normal errors is 1.4826 times as many.
    constants : callable, optional
        constants(value) are numbers that a kernel gets with the value, in one array: those that cost too much for every row.
    """
    made = Parameter(
        "", default, domain, unit, tuple(typical), kernel, constants, auto=auto or unit == "y", deviations=deviations
    )
    return dataclasses.field(default=default, metadata={"parameter": made})


AUTO = "auto"
"""What stands for a parameter that is to come from the data."""

REAL = Interval(-math.inf, math.inf)
POSITIVE = Interval(0, math.inf)
NON_NEGATIVE = Interval(0, math.inf, closed="low")
UNIT = Interval(0, 1, closed="both")


def first_bad(owner: str, what: str, allowed: str, values: np.ndarray, bad: np.ndarray) -> ValueError:
    """The error for data: what must hold, the first row where it does not, and how many there are."""
    rows = np.flatnonzero(bad if bad.ndim == 1 else bad.any(axis=1))
    row = int(rows[0])
    value = values[row]
    return ValueError(
        f"{owner}: {what} must be {allowed}, got {value.tolist()!r} in row {row}"
        f" ({rows.size} of {len(values)} rows)"
    )
