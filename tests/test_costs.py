"""Losses of costs, counts and smooth quantiles learn, by default and in any unit, in both boosters."""

import chosen
import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb

import boostobj as bo

pytestmark = pytest.mark.skipif(chosen.SHORT, reason="the first run has it: nothing here depends on the Python")

N = 600
HALF = N // 2
QUIET = {"verbosity": -1, "num_threads": 1, "seed": 1, "min_data_in_leaf": 10}


def data(seed=0, n=N):
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n, 2)).astype(np.float32).astype(float)
    return rng, X, 10 * np.sin(6 * X[:, 0])


def both(o, X, y, rounds=60, offset=None):
    """Raw scores of either booster, at its default parameters (LightGBM's learning rate is a third of XGBoost's)."""
    dtrain = xgb.DMatrix(X, y, base_margin=offset)
    booster = bo.train({"nthread": 1}, dtrain, rounds, objective=o)
    yield "xgboost", booster.predict(dtrain, output_margin=True).astype(float)
    booster = bo.train(QUIET, lgb.Dataset(X, y, init_score=offset), rounds, objective=o)
    raw = booster.predict(X, raw_score=True)
    yield "lightgbm", raw if offset is None else raw + offset


def falls(o, X, y, share, **more):
    """The training loss falls to less than that share of the way to the smallest there is."""
    least = more.pop("least", 0.0)
    start = o.start(y)
    constant = np.tile(start, (len(y), 1)) if len(start) > 1 else np.full(len(y), start[0])
    before = o.loss(y, constant).mean() - least
    for booster, raw in both(o, X, y, **more):
        after = o.loss(y, raw).mean() - least
        assert after < share * before, f"{booster}: {after:.4g} of {before:.4g}"


@pytest.mark.parametrize("unit", [1.0, 2.0**17])
@pytest.mark.parametrize("costly", ["above", "below"])
def test_linex(unit, costly):
    rng, X, location = data()
    y = unit * (location + rng.normal(size=N))
    falls(bo.Linex(scale=2 * unit, costly=costly), X, y, 0.1)


@pytest.mark.parametrize("unit", [1.0, 2.0**17])
def test_percentages(unit):
    rng, X, location = data()
    y = unit * np.exp(location / 10 + 0.1 * rng.normal(size=N))
    falls(bo.SymmetricPercentageError(), X, np.where(np.arange(N) % 50 == 0, 0.0, y), 0.35)
    falls(bo.SquaredPercentageError(floor=unit / 2), X, y, 0.1)


def test_inverse_gaussian():
    rng, X, location = data()
    for unit in (1.0, 2.0**17):
        mean = unit * np.exp(location / 5)
        y = np.maximum(rng.wald(mean, 20 * mean), unit * 1e-3)
        o = bo.InverseGaussian(shape=unit)
        falls(o, X, y, 0.2, least=o.loss(y, np.log(y)).mean())


def test_negative_binomial():
    rng, X, location = data()
    mean = np.exp(location / 5 + 1)
    y = rng.poisson(mean * rng.gamma(2.0, 0.5, N)).astype(float)
    o = bo.NegativeBinomial(dispersion=0.5)
    least = o.loss(y, np.log(mean)).mean()
    for booster, raw in both(o, X, y):
        assert o.loss(y, raw).mean() < least, booster  # in sample it fits better than the truth
        assert np.corrcoef(raw, np.log(mean))[0, 1] > 0.8, booster


@pytest.mark.parametrize("unit", [1.0, 2.0**17])
def test_smooth_quantiles(unit):
    rng, X, location = data()
    y = unit * (location + (0.5 + 2 * X[:, 1]) * rng.normal(size=N))
    for alpha in (0.1, 0.9):
        o = bo.SmoothQuantile(alpha=alpha, width=0.1 * unit)
        for booster, raw in both(o, X, y, 100):
            assert abs((y < raw).mean() - alpha) < 0.09, booster
        falls(o, X, y, 0.35)


@pytest.mark.parametrize("unit", [1.0, 2.0**17])
def test_quantiles_that_cannot_cross(unit):
    rng, X, location = data(n=2400)
    y = unit * (location + (0.5 + 2 * X[:, 1]) * rng.normal(size=2400))
    o = bo.NonCrossingQuantile(width=0.1 * unit)
    for booster, raw in both(o, X, y, 100):
        estimates = o.inverse_link(raw)
        assert (np.diff(estimates, axis=1) >= 0).all(), booster
        assert np.abs((y[:, None] < estimates).mean(axis=0) - o.alpha).max() < 0.09, booster
    falls(o, X, y, 0.4)


def test_predictions_of_quantiles_that_cannot_cross_ascend():
    rng, X, location = data()
    y = location + rng.normal(size=N)
    o = bo.NonCrossingQuantile(width=0.1)
    for booster, where in (
        (bo.train({"nthread": 1}, xgb.DMatrix(X, y), 5, objective=o), xgb.DMatrix(X)),
        (bo.train(QUIET, lgb.Dataset(X, y), 5, objective=o), X),
    ):
        shown = bo.predict(booster, where)
        assert shown.shape == (N, 3) and (np.diff(shown, axis=1) > 0).all()


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_the_start_of_quantiles_with_an_offset_is_downhill_in_any_unit(unit):
    rng, _, location = data()
    y, offset = unit * location, unit * rng.normal(size=(N, 3))
    o = bo.NonCrossingQuantile(width=0.1 * unit)
    start = o.start(y, offset=offset)
    least = o.loss(y, offset + start).mean()
    for step in 0.01 * unit * np.concatenate([np.eye(3), -np.eye(3), rng.normal(size=(10, 3))]):
        assert o.loss(y, offset + start + step).mean() > least


@pytest.mark.parametrize("curvature", ["majorized", "damped"])
def test_quantiles_that_cannot_cross_learn_monotonically(curvature):
    rng, X, location = data()
    y = location + (0.5 + 2 * X[:, 1]) * rng.normal(size=N)
    o = bo.NonCrossingQuantile(width=0.1, curvature=curvature)
    rate = 1.0 if curvature == "majorized" else 0.4  # of 3 levels, 1/(3/2 + 1)
    dtrain = xgb.DMatrix(X, y)
    booster = bo.train({"nthread": 1, "eta": rate, "lambda": 0.0, "max_depth": 3}, dtrain, 40, objective=o)
    scores = [booster.predict(dtrain, output_margin=True, iteration_range=(0, i)) for i in range(1, 41)]
    losses = [o.loss(y, raw.astype(float)).mean() for raw in scores]
    assert (np.diff(losses) < 1e-6 * losses[0]).all()


# Exposure -------------------------------------------------------------------------------------------------------------


def test_inverse_gaussian_with_exposure():
    """Closed form: totals over an exposure t with mean r*t; the rate of a group is sum(y/t**2)/sum(1/t)."""
    rng = np.random.default_rng(8)
    group = np.repeat([0.0, 1.0], HALF)
    exposure = rng.uniform(0.5, 2, N).astype(np.float32).astype(float)
    y = rng.wald(exposure * (1 + 2 * group), 5.0)
    offset, o = np.log(exposure), bo.InverseGaussian()

    def rate(rows):
        return (y[rows] / exposure[rows] ** 2).sum() / (1 / exposure[rows]).sum()

    everywhere = np.ones(N, bool)
    assert np.exp(o.start(y, offset=offset)[0]) == pytest.approx(rate(everywhere), rel=1e-10)
    expected = [rate(group == g) for g in (0, 1)]
    _exposed(o, group, y, offset, expected)


def test_negative_binomial_with_exposure():
    """Brute force: the rate of each group is the best of its own rows, by a search that knows the loss only."""
    from scipy.optimize import minimize_scalar

    rng = np.random.default_rng(9)
    group = np.repeat([0.0, 1.0], HALF)
    exposure = rng.uniform(0.1, 5, N).astype(np.float32).astype(float)
    y = rng.poisson(exposure * (0.5 + 2 * group) * rng.gamma(2.0, 0.5, N)).astype(float)
    offset, o = np.log(exposure), bo.NegativeBinomial(dispersion=0.5)

    def rate(rows):
        found = minimize_scalar(lambda c: o.loss(y[rows], offset[rows] + c).sum(), bounds=(-4, 4), method="bounded",
                                options={"xatol": 1e-10})  # fmt: skip
        return np.exp(found.x)

    assert np.exp(o.start(y, offset=offset)[0]) == pytest.approx(rate(np.ones(N, bool)), rel=1e-6)
    _exposed(o, group, y, offset, [rate(group == g) for g in (0, 1)])


def _exposed(o, group, y, offset, expected):
    two = np.array([[0.0], [1.0]])
    newton = {"eta": 1.0, "lambda": 0.0, "min_child_weight": 0.0, "nthread": 1}
    booster = bo.train(newton, xgb.DMatrix(group[:, None], y, base_margin=offset), 40, objective=o)
    np.testing.assert_allclose(booster.predict(xgb.DMatrix(two)), expected, rtol=1e-4)
    given = booster.predict(xgb.DMatrix(two, base_margin=np.log([2.0, 5.0])))
    np.testing.assert_allclose(given, expected * np.array([2, 5]), rtol=1e-4)
    params = {**QUIET, "learning_rate": 1.0, "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0.0}
    booster = bo.train(params, lgb.Dataset(group[:, None], y, init_score=offset), 40, objective=o)
    np.testing.assert_allclose(booster.predict(two), expected, rtol=1e-5)


# What comes from the data ---------------------------------------------------------------------------------------------

OFFSETS = [None, np.random.default_rng(3).normal(size=N) / 2]


@pytest.mark.parametrize("offset", OFFSETS, ids=["alone", "offset"])
@pytest.mark.parametrize("dispersion", [0.2, 3.0])
def test_the_likeliest_dispersion(dispersion, offset):
    """Brute force: no dispersion and mean nearby are likelier, by SciPy's log likelihood."""
    from scipy.stats import nbinom

    rng = np.random.default_rng(4)
    y = rng.poisson(np.exp(0.5 + (0.0 if offset is None else offset)) * rng.gamma(1 / dispersion, dispersion, N)).astype(float)
    weight = rng.integers(1, 4, N).astype(float)
    found = bo.NegativeBinomial(dispersion="auto").resolve(y, weight, offset=offset)
    assert dispersion / 2 < found.dispersion < dispersion * 2
    start = found.start(y, weight, offset=offset)[0]

    def likelihood(d, c):
        mean = np.exp(c + (0.0 if offset is None else offset))
        return weight @ nbinom.logpmf(y, 1 / d, 1 / (1 + d * mean))

    best = likelihood(found.dispersion, start)
    for factor in (1 - 1e-4, 1 + 1e-4):
        assert likelihood(found.dispersion * factor, start) < best
        assert likelihood(found.dispersion, start + np.log(factor)) < best


def test_counts_that_vary_no_more_than_poisson():
    with pytest.warns(UserWarning, match="dispersion='auto' is 0") as caught:
        assert bo.NegativeBinomial(dispersion="auto").resolve([2.0, 2.0, 3.0, 2.0]) == bo.NegativeBinomial(dispersion=0.0)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("power", [1.2, 1.7])
def test_the_power_of_a_compound_poisson_sum(power):
    rng, n = np.random.default_rng(5), 20000
    exposure = rng.normal(size=n) / 2
    for offset in (None, exposure):
        mean = np.exp(0.3 + (0.0 if offset is None else offset)) * np.ones(n)
        counts = rng.poisson(mean ** (2 - power) / (1.5 * (2 - power)))
        amounts = rng.gamma(np.maximum(counts, 1) * (2 - power) / (power - 1)) * 1.5 * (power - 1) * mean ** (power - 1)
        y = np.where(counts > 0, amounts, 0.0)
        found = bo.Tweedie(power="auto").resolve(y, offset=offset).power
        assert abs(found - power) < 0.05
        if offset is None:
            assert found == pytest.approx(2 + y.mean() ** 2 / (y.var() * np.log((y == 0).mean())), rel=1e-9)


def test_powers_that_there_are_not():
    with pytest.raises(ValueError, match="Gamma is for targets without zeros"):
        bo.Tweedie(power="auto").resolve([1.0, 2.0])
    with pytest.raises(ValueError, match="all of 2 are"):
        bo.Tweedie(power="auto").resolve([0.0, 0.0])
    with pytest.warns(UserWarning, match="power='auto' is 1"):
        assert bo.Tweedie(power="auto").resolve([0.0, 0.0, 0.0, 1.0, 1.0]).power == 1.0


@pytest.mark.parametrize("c", [1e-6, 1e6])
@pytest.mark.parametrize("objective", [
    bo.Linex(scale="auto"), bo.SmoothQuantile(alpha=0.8, width="auto"), bo.NonCrossingQuantile(width="auto"),
    bo.SquaredPercentageError(floor="auto"), bo.InverseGaussian(shape="auto"),
], ids=lambda o: o.name)  # fmt: skip
def test_predictions_have_the_unit_of_the_targets(objective, c):
    rng, X, location = data()
    y = np.exp(location / 10 + 0.1 * rng.normal(size=N))
    shown = []
    for unit in (1.0, c):
        t = (unit * y).astype(np.float32).astype(float)
        dtrain = xgb.DMatrix(X, t)
        booster = bo.train({"nthread": 1}, dtrain, 10, objective=objective)
        other = bo.train(QUIET, lgb.Dataset(X, t), 10, objective=objective)
        shown.append([bo.predict(booster, dtrain) / unit, bo.predict(other, X) / unit])
    for one, many in zip(*shown, strict=True):
        assert np.abs(np.asarray(one) - many).max() < 1e-4 * np.std(y)


# Losses with a kink ---------------------------------------------------------------------------------------------------

KINKED = [bo.AbsoluteError(), bo.Quantile(alpha=0.1), bo.EpsilonInsensitive(epsilon=0.2), bo.Lp(p=1.2)]


@pytest.mark.parametrize("o", KINKED, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounding_a_kink_off_moves_no_mean(o, dtype):
    """The booster's gradients cancel where the loss's own do, for any law of the residuals; the mean Hessian is 1."""
    rng = np.random.default_rng(1)
    weight = np.resize([0.5, 1.0, 1.5, 2.0], N).astype(np.float32)
    y = rng.exponential(size=N).astype(np.float32)
    for offset in (np.zeros(N), rng.normal(size=N) ** 3):
        raw = (o.start(y, weight, offset=offset) + offset).astype(dtype)
        own, _ = o.grad_hess(y, raw, weight)
        grad, hess = (v.astype(float) for v in o(y, raw, weight))
        assert hess.sum() == pytest.approx(weight.sum(), rel=1e-5, abs=0) and hess.min() > 0
        assert abs(own.sum()) <= 2 * weight.max()  # a row may lie on the kink
        assert abs(grad.sum()) <= 0.02 * np.abs(grad).sum()


@pytest.mark.parametrize("alpha", [0.05, 0.9])
def test_the_share_of_rows_below_a_quantile(alpha):
    """With skewed noise: of the rows trained on within what a sample of this size leaves open, of others as with exact leaves."""
    n = 2000
    rng, X, location = data(3, 2 * n)
    y = location + rng.exponential(size=2 * n)
    open_ = 4 * np.sqrt(alpha * (1 - alpha) / n)
    o = bo.Quantile(alpha=alpha)
    shares = []
    for leaf in ("newton", "exact"):
        dtrain = xgb.DMatrix(X[:n], y[:n])
        model = bo.train({"nthread": 1, "max_depth": 2, "eta": 0.2}, dtrain, 150, objective=o, leaf=leaf)
        assert abs(np.mean(y[:n] < model.predict(dtrain)) - alpha) <= open_
        shares.append(np.mean(y[n:] < model.predict(xgb.DMatrix(X[n:]))))
    assert abs(shares[0] - shares[1]) <= open_
    params = {**QUIET, "num_leaves": 4, "min_data_in_leaf": 50, "learning_rate": 0.2}
    model = bo.train(params, lgb.Dataset(X[:n], y[:n]), 150, objective=o)
    assert abs(np.mean(y[:n] < model.predict(X[:n])) - alpha) <= open_


LEARNERS = [bo.AbsoluteError(), bo.EpsilonInsensitive(epsilon="auto")]


@pytest.mark.parametrize("o", LEARNERS, ids=repr)
def test_losses_with_a_kink_learn_where_there_is_little_noise(o):
    """Few rows are far off, most are not: a width of the size of the residuals alone does not reach them in 100 rounds."""
    rng = np.random.default_rng(4)
    X = rng.uniform(size=(400, 4))
    y = np.exp(5 * X[:, 0] + 0.5 * X[:, 1]) * (1 + 0.02 * rng.normal(size=400))
    dtrain, held = xgb.DMatrix(X[:300], y[:300]), xgb.DMatrix(X[300:])
    ours, theirs = (bo.train({"nthread": 1}, dtrain, 100, objective=each).predict(held) for each in (o, bo.SquaredError()))
    assert np.abs(ours - y[300:]).mean() <= 1.2 * np.abs(theirs - y[300:]).mean()
