"""The objectives that a test over all of them takes.

All of them; with BOOSTOBJ_SHORT, for a second run on another Python or on other releases, one for each way in which they
differ to a booster.
"""

import itertools
import os

import boostobj as bo
from boostobj import builtins, checks

SHORT = bool(os.environ.get("BOOSTOBJ_SHORT"))


def _way(cls):
    native = any(row.textbook == cls.name for row in builtins.table())
    units = any(p.unit == "y" for p in cls.parameters())
    return cls.__bases__, cls.link, cls.boosters_curvature, native, units, cls.uneven


def classes():
    """By name."""
    every = dict(sorted(bo.objectives.items()))
    return dict(sorted({_way(cls): (name, cls) for name, cls in every.items()}.values())) if SHORT else every


def variants():
    """Each class at its defaults, under every curvature."""
    for cls in classes().values():
        kinds = len(cls().curvatures) + 1
        yield from itertools.islice(checks.variants(cls), kinds)
