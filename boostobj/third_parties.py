"""Objectives that other installed packages declare, as entry points of the group `boostobj.objectives`.

Reading them opens a file of every installed distribution: only who misses a name, or lists all, asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "boostobj.objectives"


def declared() -> dict[str, list[EntryPoint]]:
    """The declarations of each name; nothing of them is imported."""
    from importlib.metadata import entry_points

    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, []).append(entry)
    return found


def distribution(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown distribution"


def described(entry: EntryPoint) -> str:
    return f"{distribution(entry)} (entry point {entry.name} = {entry.value!r})"
