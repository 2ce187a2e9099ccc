"""Losses with several best constants, and those that are rounded off for the boosters."""

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb

import boostobj as bo

RNG = np.random.default_rng(0)
REDESCENDING = [bo.Cauchy(c=1.0), bo.Welsch(c=1.5), bo.GemanMcClure(c=1.5), bo.Tukey(c=4.0), bo.Barron(alpha=-1.0)]


def two_groups(kind):
    """Targets of 200 rows in two groups, the larger one, weights and offset counted, at 0; weights and an offset, or None."""
    where = np.where(RNG.uniform(size=200) < 0.65, 0.0, 12.0)
    offset = RNG.normal(size=200) * 3 if kind == "offset" else None
    y = where + RNG.normal(size=200) + (0.0 if offset is None else offset)
    weight = RNG.uniform(0.5, 1.5, 200) if kind != "plain" else None
    return y, weight, offset


def on_a_grid(o, residuals, weight):
    """The weighted loss of constants from below the residuals to above, and the place of the weighted median."""
    grid = np.linspace(residuals.min() - 1, residuals.max() + 1, 4001)
    losses = np.array([weight @ o.loss(residuals, np.full(len(residuals), c)) for c in grid])
    order = np.argsort(residuals)
    median = residuals[order][np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)]
    return grid, losses, int(np.argmin(abs(grid - median)))


@pytest.mark.parametrize("kind", ["plain", "weights", "offset"])
@pytest.mark.parametrize("o", REDESCENDING, ids=lambda o: o.name)
def test_the_start_is_downhill_from_the_weighted_median(o, kind):
    y, weight, offset = two_groups(kind)
    residuals, weight_ = y - (0 if offset is None else offset), np.ones(200) if weight is None else weight
    (start,) = o.start(y, weight, offset=offset)
    grid, losses, place = on_a_grid(o, residuals, weight_)
    step = -1 if losses[place - 1] < losses[place] else 1
    while losses[place + step] < losses[place]:
        place += step
    assert abs(start - grid[place]) <= grid[1] - grid[0]
    assert losses[place] == losses.min(), "the larger group has the best constant of all"


@pytest.mark.parametrize("o", REDESCENDING, ids=lambda o: o.name)
def test_there_is_another_root_that_the_middle_would_have_led_to(o):
    """What the test above would not notice where there is only one."""
    y, _, _ = two_groups("plain")
    grid, losses, _ = on_a_grid(o, y, np.ones(200))
    lowest = np.flatnonzero((losses[1:-1] < losses[:-2]) & (losses[1:-1] < losses[2:]))
    assert len(lowest) >= 2 and grid[lowest].max() > 6


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_a_start_has_the_unit_of_the_target(factor):
    y, weight, _ = two_groups("weights")
    for o in REDESCENDING:
        (name,) = (p.name for p in o.parameters() if p.unit == "y")
        other = bo.get(o.name, **{p.name: getattr(o, p.name) for p in o.parameters()} | {name: getattr(o, name) * factor})
        assert other.start(y * factor, weight) == pytest.approx(factor * o.start(y, weight), rel=1e-9, abs=0)


def test_out_of_reach_the_start_is_a_target():
    """No residual is within c of a constant between the groups: a start there would never move."""
    y = np.repeat([0.0, 1000.0], 50) + np.tile(np.linspace(-1, 1, 50), 2)
    (start,) = bo.Tukey(c=3.0).start(y)
    assert abs(start) < 0.1


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e6])
@pytest.mark.parametrize("o", [bo.EpsilonInsensitive(), bo.Lp(p=1.0), bo.Lp(), bo.Lp(p=3.0)], ids=repr)
def test_what_is_rounded_off_learns_in_any_unit(o, unit):
    """As plain callables, with the boosters' own defaults: no unit, no scale, no start given."""
    x = RNG.uniform(-1, 1, (400, 2))
    y = (10 + 3 * x[:, 0] + RNG.normal(size=400) * 0.1) * unit
    o = bo.EpsilonInsensitive(epsilon=0.05 * unit) if isinstance(o, bo.EpsilonInsensitive) else o
    own = xgb.train({"nthread": 1, "base_score": float(np.median(y))}, xgb.DMatrix(x, y), 20, obj=o).predict(xgb.DMatrix(x))
    dataset = lgb.Dataset(x, y, init_score=np.full(400, np.median(y)), params={"verbosity": -1})
    theirs = lgb.train({"objective": o, "verbosity": -1, "num_threads": 1}, dataset, 40).predict(x) + np.median(y)
    for predicted in (own, theirs):
        assert np.abs(predicted - y).mean() < 0.25 * np.abs(y - np.median(y)).mean()
