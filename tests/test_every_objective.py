"""Every check on every registered objective and every name of a booster: each typical value of each parameter under the boosters'
curvature and the exact one, and the defaults under every curvature. (Every curvature is held exact for every value: the checks
that say so look at all of them.)

BOOSTOBJ_SHORT leaves all of them at their defaults, and takes of ours those that stand for the others (`chosen`): a second
run, on another Python, need not repeat what does not depend on it.
"""

import chosen
import pytest

import boostobj as bo
from boostobj import checks


# By the loss, which is compiled, and evaluated in mpmath, in each process that looks at it.
def apart(objective):
    return pytest.param(objective, marks=pytest.mark.xdist_group(checks.textbook(objective).name), id=repr(objective))


def settings(objective):
    return {p.name: getattr(objective, p.name) for p in objective.parameters()}


def tried(cls):
    first, *others = checks.variants(cls)
    return [first, *(o for o in others if o.curvature in ("default", "exact") or settings(o) == settings(first))]


VARIANTS = [*chosen.variants()] if chosen.SHORT else [v for cls in bo.objectives.values() for v in tried(cls)]
BUILTINS = [o for o in checks.builtin_variants() if not (chosen.SHORT and o.values)]


@pytest.mark.parametrize("objective", [*map(apart, VARIANTS + BUILTINS)])
def test_every_check(objective):
    failed = {outcome.name: outcome.error for outcome in checks.run(objective) if outcome.error}
    assert not failed


def test_there_are_enough_checks_and_variants():
    assert len(checks.ALL) >= 30
    assert len(VARIANTS) >= 3 * len(bo.objectives) or chosen.SHORT
    assert {type(v) for v in VARIANTS} == set(chosen.classes().values())
