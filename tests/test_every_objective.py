"""Every check on every variant of every registered objective and of every name of a booster.

BOOSTOBJ_SHORT leaves all of them at their defaults, ours under the boosters' curvature: a second run, on another Python, need
not repeat what does not depend on it.
"""

import itertools
import os

import pytest

import boostobj as bo
from boostobj import checks


# By the loss, which is compiled, and evaluated in mpmath, in each process that looks at it.
def apart(objective):
    return pytest.param(objective, marks=pytest.mark.xdist_group(checks.textbook(objective).name), id=repr(objective))


SHORT = bool(os.environ.get("BOOSTOBJ_SHORT"))
VARIANTS = [v for cls in bo.objectives.values() for v in itertools.islice(checks.variants(cls), 1 if SHORT else None)]
BUILTINS = [o for o in checks.builtin_variants() if not (SHORT and o.values)]


@pytest.mark.parametrize("objective", [*map(apart, VARIANTS + BUILTINS)])
def test_every_check(objective):
    failed = {outcome.name: outcome.error for outcome in checks.run(objective) if outcome.error}
    assert not failed


def test_there_are_enough_checks_and_variants():
    assert len(checks.ALL) >= 30
    assert len(VARIANTS) >= (1 if SHORT else 3) * len(bo.objectives)
    assert {type(v) for v in VARIANTS} == set(bo.objectives.values())
