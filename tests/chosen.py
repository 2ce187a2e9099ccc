"""The objectives that a test over all of them takes.

All of them; with BOOSTOBJ_SHORT, for a second run on another Python or on other releases, one for each way in which they
differ to a booster.
"""

import itertools
import os

import boostobj as bo
from boostobj import builtins, checks

SHORT = bool(os.environ.get("BOOSTOBJ_SHORT"))
OTHER_PYTHON = os.environ.get("BOOSTOBJ_SHORT") == "python"
"""The second run is on another Python, with much the same libraries: "releases" are others."""


ALWAYS = ("log_cosh", "log_loss", "poisson", "pseudo_huber", "softmax")


def _way(cls):
    native = any(row.textbook == cls.name for row in builtins.table())
    units = any(p.unit == "y" for p in cls.parameters())
    form = next((name for name in ("few", "block") if getattr(cls, name, None)), None)
    return cls.__bases__, form, cls.boosters_curvature, native, units


def classes():
    """By name."""
    every = dict(sorted(bo.objectives.items()))
    if not SHORT:
        return every
    ways = {_way(cls): name for name, cls in every.items()}
    return {name: every[name] for name in sorted({*ways.values(), *ALWAYS})}


def variants():
    """Each class at its defaults, under the boosters' own curvature and the first other one."""
    for cls in classes().values():
        yield from itertools.islice(checks.variants(cls), 2)
