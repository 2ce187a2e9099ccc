"""What a target may be, as a person writes it."""

from __future__ import annotations

import math
import re
from typing import Any

from ..domain import NON_NEGATIVE, POSITIVE, REAL, Interval

_WORDS = {
    "real": REAL,
    "positive": POSITIVE,
    "non-negative": NON_NEGATIVE,
    "count": Interval(0, math.inf, "low", integer=True),
}
_NUMBER = r"\s*([-+]?(?:inf|[0-9]+(?:\.[0-9]*)?(?:e[-+]?[0-9]+)?))\s*"
_INTERVAL = re.compile(rf"(integers in\s+)?([\[(]){_NUMBER},{_NUMBER}([\])])")
_SET = re.compile(r"\{\s*([-0-9, ]+)\}")
MOST_CLASSES = 9


def target_of(target: Any) -> Interval:
    """The set of a target.

    Parameters
    ----------
    target : None, str or Interval
        "[0, 1]", "(0, inf)", "integers in [0, inf)", "{0, 1}", "{-1, 1}", "{0, 1, 2}", "real", "positive", "non-negative" or
        "count". None is any real number.

    Raises
    ------
    ValueError
        Anything else.
    """
    if target is None:
        return REAL
    if isinstance(target, Interval):
        return target
    if isinstance(target, str):
        text = target.strip()
        if text in _WORDS:
            return _WORDS[text]
        found = _INTERVAL.fullmatch(text)
        if found:
            whole, left, low, high, right = found.groups()
            closed = {"[": "low", "(": ""}[left] + {"]": "high", ")": ""}[right]
            ends = float(low), float(high)
            good = ends[0] < ends[1] and not (closed.startswith("low") and math.isinf(ends[0])) and not (right == "]" and math.isinf(ends[1]))
            if good:
                return Interval(*ends, {"lowhigh": "both"}.get(closed, closed), integer=bool(whole))
        members = _SET.fullmatch(text)
        if members:
            try:
                values = sorted(int(v) for v in members[1].split(","))
            except ValueError:
                values = []
            if values == [-1, 1]:
                return Interval(0, 1, "both", integer=True, signed=True)
            if 2 <= len(values) <= MOST_CLASSES and values == list(range(len(values))):
                return Interval(0, len(values) - 1, "both", integer=True)
    raise ValueError(
        "formula: target must be an interval such as '[0, 1]', '(0, inf)' or 'integers in [0, inf)', a set of classes such as"
        f" '{{0, 1}}', '{{-1, 1}}' or '{{0, 1, 2}}', or one of {', '.join(map(repr, _WORDS))}, got {target!r}"
    )


def written(domain: Interval) -> str | None:
    """The set as `target_of` reads it; None for any real number."""
    if domain == REAL:
        return None
    if domain.signed:
        return "{-1, 1}"
    if domain.integer and math.isfinite(domain.high) and domain.low == 0 and domain.high < MOST_CLASSES:
        return "{" + ", ".join(str(v) for v in range(int(domain.high) + 1)) + "}"
    return str(domain)


def classes_of(domain: Interval) -> list[int] | None:
    """The values of a target that has few: those of the formula, -1 and 1 where they are called that."""
    if domain.signed:
        return [-1, 1]
    if domain.integer and math.isfinite(domain.high) and domain.high - domain.low < MOST_CLASSES:
        return list(range(int(domain.low), int(domain.high) + 1))
    return None
