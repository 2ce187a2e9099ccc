"""Survival: XGBoost's arithmetic, published numbers, and what is learnt from raw times."""

import ctypes
import ctypes.util
import itertools
import math

import lightgbm as lgb
import mpmath
import numba
import numpy as np
import pytest
import xgboost as xgb

import boostobj as bo
from boostobj import builtins, checks, elementary, orders, parity, quick
from boostobj import intervals as interval_laws

RNG = np.random.default_rng(0)
INF = math.inf
DISTRIBUTIONS = ("normal", "logistic", "extreme")
TREES = {"max_depth": 4, "eta": 0.3, "nthread": 1}
LEAVES = {"num_leaves": 15, "learning_rate": 0.1, "num_threads": 1, "verbosity": -1}

# Remission of leukaemia in weeks, 6-MP against placebo; - is censored. Freireich et al. 1963, Blood 21, as in Gehan 1965.
TREATED = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
WEEKS = np.array(TREATED + PLACEBO, float)
IS_TREATED = np.repeat([1.0, 0.0], 21)


def total(o, y, raw, weight=None, group=None):
    losses = o.loss(y, raw, weight, group=group) if o._wants.groups else o.loss(y, raw)
    return float(losses @ (np.ones(len(losses)) if weight is None else weight))


# ---------------------------------------------------------------------------------------------------------------------
# XGBoost's own arithmetic


def times(n=1200, ties=False):
    x = RNG.normal(size=(n, 6))
    time = np.exp(1 + x[:, 0] - np.abs(x[:, 1]) + 0.5 * RNG.gumbel(size=n))
    time = np.ceil(4 * time) / 4 if ties else time
    return x, time.astype(np.float32)


def intervals(time):
    lower, upper = time.copy(), time.copy()
    kind = np.arange(len(time)) % 4
    upper[kind == 1] = INF
    lower[kind == 2] = 0
    lower[kind == 3] *= np.float32(0.8)
    upper[kind == 3] *= np.float32(1.3)
    far = np.arange(len(time)) % 97 == 0  # where XGBoost's probabilities are 0 and its table of limits is asked
    return lower * np.where(far, 1e9, 1), upper * np.where(far, 1e9, 1)


def same_models(o, dtrain, rounds=40, **params):
    params = {**TREES, **params, **o.train_params(dtrain, nthread=1)}
    theirs, ours = (xgb.train(params, dtrain, rounds, **own) for own in ({}, {"obj": o}))
    assert sum(tree["left_children"].count(-1) for tree in parity._xgboost_trees(theirs)) > 3 * rounds
    assert theirs.save_raw("ubj") == ours.save_raw("ubj")
    assert np.array_equal(theirs.predict(dtrain), ours.predict(dtrain))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_cox_is_xgboosts(ties, weighted):
    x, time = times(ties=ties)
    y = np.where(RNG.uniform(size=len(time)) < 0.6, time, -time)
    same_models(bo.get("survival:cox"), xgb.DMatrix(x, y, weight=RNG.uniform(0.3, 3, len(y)) if weighted else None))


def test_cox_of_xgboost_has_no_groups():
    x, time = times()
    dtrain = xgb.DMatrix(x, np.where(RNG.uniform(size=len(time)) < 0.6, time, -time))
    dtrain.set_group([200, 1000])
    same_models(bo.get("survival:cox"), dtrain, rounds=10)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("scale", [0.3, 1.0, 7.5])
def test_aft_is_xgboosts(distribution, scale):
    x, time = times()
    o = bo.get("survival:aft", aft_loss_distribution=distribution, aft_loss_distribution_scale=scale)
    dtrain = xgb.DMatrix(x, weight=RNG.uniform(0.3, 3, len(x)) if scale == 1.0 else None)
    bo.set_bounds(dtrain, *intervals(time))
    same_models(o, dtrain)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_aft_is_xgboosts_at_scores_far_away(distribution):
    """Leaves of one row show its gradient; the scores come from a base margin."""
    n = 1500
    lower = (10.0 ** RNG.uniform(-3, 4, n)).astype(np.float32)
    lower, upper = intervals(lower)
    o = bo.get("survival:aft", aft_loss_distribution=distribution)
    dtrain = xgb.DMatrix(RNG.normal(size=(n, 3)), base_margin=RNG.normal(size=n) * 10.0 ** RNG.uniform(0, 3, n))
    bo.set_bounds(dtrain, lower, upper)
    params = {"tree_method": "exact", "max_depth": 12, "min_child_weight": 0, "lambda": 1e-3, **o.train_params(dtrain)}
    theirs, ours = (xgb.train(params, dtrain, 2, **own) for own in ({}, {"obj": o}))
    assert theirs.save_raw("ubj") == ours.save_raw("ubj")


@pytest.mark.parametrize("scale", [5.0, 50.0, 85.0])
def test_cox_is_xgboosts_where_its_sums_have_cancelled(scale):
    """Its sum over the risk set is made of float32 exponentials, from which float64 ones are taken away."""
    y = RNG.exponential(size=1500) * RNG.choice([-1, 1], 1500)
    o = bo.get("survival:cox")
    dtrain = xgb.DMatrix(RNG.normal(size=(1500, 3)), y, base_margin=RNG.normal(size=1500) * scale)
    params = {"tree_method": "exact", "max_depth": 12, "min_child_weight": 0, "lambda": 1e-3, **o.train_params(dtrain)}
    theirs, ours = (xgb.train(params, dtrain, 1, **own) for own in ({}, {"obj": o}))
    assert theirs.save_raw("ubj") == ours.save_raw("ubj")


def test_cox_stays_finite_where_xgboosts_is_not():
    y, raw = RNG.exponential(size=50) * RNG.choice([-1, 1], 50), np.float32(RNG.normal(size=50) * 1e4)
    for curvature in ("default", "exact"):
        for values in bo.get("survival:cox", curvature=curvature)(np.float32(y), raw):
            assert np.isfinite(values).all()


@pytest.mark.parametrize("name", ["exp", "log", "erf"])
def test_doubles_are_the_c_librarys(name):
    """What the kernels call is what libxgboost is linked with."""
    library = ctypes.CDLL(ctypes.util.find_library("m"))
    function = getattr(library, name)
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double]
    compiled = getattr(math, name)

    @numba.njit
    def over(x, out):
        for i in range(x.size):
            out[i] = compiled(x[i])

    x = np.concatenate([RNG.normal(size=20_000), RNG.uniform(-30, 30, 20_000), 10.0 ** RNG.uniform(-300, 2, 20_000)])
    x = np.abs(x) if name == "log" else x
    out = np.empty_like(x)
    over(x, out)
    assert np.array_equal(out, [function(v) for v in x.tolist()])


# ---------------------------------------------------------------------------------------------------------------------
# The order of the times


def test_the_order_is_stable_and_found_again():
    y = np.array([3.0, -1.0, 1.0, 0.0, -3.0, 2.0])
    whole = np.array([0, 6])
    order = orders.by_size(y, whole)
    assert order.tolist() == [3, 1, 2, 5, 0, 4]
    assert orders.by_size(-y, whole) is order  # the same sizes
    assert orders.by_size(y, np.array([0, 3, 6])).tolist() == [1, 2, 0, 3, 5, 4]
    assert orders.by_size(y, np.array([0, 0, 6, 6])).tolist() == order.tolist()


def test_the_order_of_other_targets_is_not_used():
    y = RNG.permutation(1000).astype(float) + 1
    bounds = np.array([0, 1000])
    for change in range(30):
        i, j = RNG.integers(0, 1000, 2)
        if change % 2:
            y[i], y[j] = y[j], y[i]  # in place
        else:
            y[i] = y[j]  # a tie: rows ascend
        for part in (y, y.astype(np.float32)):
            assert np.array_equal(orders.by_size(part, bounds), np.argsort(np.abs(part), kind="stable"))


def test_wrong_orders_are_seen():
    y, whole = np.array([1.0, 1.0, 2.0]), np.array([0, 3])
    check = orders._check()
    assert check(y, whole, np.array([0, 1, 2]))
    wrong = [p for p in itertools.product(range(-1, 4), repeat=3) if p != (0, 1, 2)]
    assert not any(check(y, whole, np.array(p)) for p in wrong)
    assert not check(y, np.array([0, 2, 3]), np.array([0, 2, 1]))


# ---------------------------------------------------------------------------------------------------------------------
# Cox under our own name


def by_hand(y, f, w):
    """Total, gradient and Hessian of one group, from the definition of each, in mpmath."""
    mp = mpmath.mp
    n = len(y)
    e = [mp.exp(v) for v in f.tolist()]
    w = [mp.mpf(v) for v in w.tolist()]
    events = [i for i in range(n) if y[i] > 0 and w[i] > 0]
    risk = {i: mp.fsum(w[j] * e[j] for j in range(n) if abs(y[j]) >= y[i]) for i in events}
    loss = mp.fsum(w[i] * (mp.log(risk[i]) - f[i]) for i in events)
    until = [[i for i in events if y[i] <= abs(y[j])] for j in range(n)]
    grad = [w[j] * (e[j] * mp.fsum(w[i] / risk[i] for i in until[j]) - int(y[j] > 0)) for j in range(n)]
    hess = [mp.fsum(w[i] * (w[j] * e[j] / risk[i]) * (1 - w[j] * e[j] / risk[i]) for i in until[j]) for j in range(n)]
    return loss, grad, hess


@pytest.mark.parametrize("seed", range(8))
def test_cox_by_hand(seed):
    """Ties, strata, weights (zero ones too), and scores as far apart as 2000."""
    rng = np.random.default_rng(seed)
    sizes = [12, 1, 7, 20]
    n = sum(sizes)
    y = rng.integers(1, 6, n) * rng.choice([-1.0, 1.0], n)
    raw = rng.normal(size=n) * [1e-3, 1.0, 30.0, 700.0][seed % 4]
    weight = np.ones(n) if seed < 4 else rng.choice([0.0, 0.3, 1.0, 2.0], n)
    grad, hess = bo.Cox().grad_hess(y, raw, weight, group=sizes)
    losses = bo.Cox().loss(y, raw, weight, group=sizes) * weight
    with mpmath.mp.workdps(2500 if seed % 4 == 3 else 60):
        for end, m in zip(np.cumsum(sizes), sizes, strict=True):
            part = slice(end - m, end)
            loss, true_grad, true_hess = by_hand(y[part], raw[part], weight[part])
            assert losses[part].sum() == pytest.approx(float(loss), rel=1e-14, abs=0)
            # A row's own 1 of an event, and what is expected of it, are what rounding is measured by.
            size = np.abs([float(v) for v in true_grad]) + weight[part] * (y[part] > 0)
            room = 4 * 2.0**-52 * (4 + 2 * np.abs(raw[part]).max())
            assert (np.abs(grad[part] - [float(v) for v in true_grad]) <= room * size).all()
            assert hess[part] == pytest.approx([float(v) for v in true_hess], rel=1e-12, abs=1e-300)


def test_cox_is_right_for_many_rows():
    """Sums of 100 000 terms lose no more than those of a few: equal terms that no float64 is, whose errors do not average."""
    n = 100_000
    y = np.arange(n) + 1.0
    grad, hess = bo.Cox().grad_hess(y, np.zeros(n), np.full(n, 0.1))
    left = np.arange(n, 0, -1).astype(np.longdouble)
    first, second = np.cumsum(1 / left), np.cumsum(1 / left**2)
    tenth = np.longdouble(0.1)
    assert (np.abs(grad - tenth * (first - 1)) <= 3 * 2.0**-52 * tenth * (first + 1)).all()
    assert (np.abs(hess - tenth * (first - second)) <= 3 * 2.0**-52 * tenth * first).all()


def test_cox_takes_weights_as_copies():
    y = RNG.integers(1, 9, 40) * RNG.choice([-1.0, 1.0], 40)
    raw, copies = RNG.normal(size=40), np.arange(40) % 3 + 1
    one = total(bo.Cox(), y, raw, copies.astype(float))
    assert total(bo.Cox(), np.repeat(y, copies), np.repeat(raw, copies)) == pytest.approx(one, rel=1e-13)
    grad, _ = bo.Cox().grad_hess(y, raw, copies.astype(float))
    apart, _ = bo.Cox().grad_hess(np.repeat(y, copies), np.repeat(raw, copies))
    assert np.add.reduceat(apart, np.cumsum(copies) - copies) == pytest.approx(grad, rel=1e-12)


def test_cox_sees_differences_of_scores_only():
    y, raw = RNG.integers(1, 9, 40) * RNG.choice([-1.0, 1.0], 40), RNG.integers(-50, 50, 40) / 4
    here, there = (bo.Cox().grad_hess(y, raw + shift) for shift in (0.0, -(2.0**20)))
    assert all(np.array_equal(a, b) for a, b in zip(here, there, strict=True))
    assert here[0].sum() == pytest.approx(0, abs=1e-13)


def test_xgboosts_cox_is_ours_without_weights_and_ties():
    y = (RNG.permutation(300) + 1.0) * RNG.choice([-1.0, 1.0], 300)
    raw = np.float32(RNG.normal(size=300))
    (ours, h), (theirs, k) = bo.Cox().grad_hess(y, raw.astype(float)), bo.get("survival:cox")(np.float32(y), raw)
    rounding = 300 * 2.0**-24 * (np.abs(ours) + 1)  # sums of 300 float32, of which both gradient and Hessian are differences
    assert (np.abs(theirs - ours) <= rounding).all() and (np.abs(k - h) <= rounding).all()
    tied = bo.get("survival:cox")(np.float32([2, 2]), np.zeros(2, np.float32))[0]
    assert tied.tolist() == [-0.5, 0.0]  # the first row does not see the second's event
    assert bo.Cox().grad_hess([2, 2], np.zeros(2))[0].tolist() == [0.0, 0.0]


def slope_and_information(y, x, beta, weight=None):
    """Of the log likelihood of one coefficient: the information needs the whole Hessian, so it is a difference of slopes."""

    def slope(b):
        return -bo.Cox().grad_hess(y, b * x, weight)[0] @ x

    return slope(beta), (slope(beta - 1e-5) - slope(beta + 1e-5)) / 2e-5


def test_cox_of_therneau():
    """Closed forms and numbers of Therneau's validation vignette of R's survival, Breslow; a missing row is left out."""
    y, x = np.array([1.0, -1.0, 6.0, 6.0, -8.0, 9.0]), np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    r = (3 + math.sqrt(33)) / 2
    beta = math.log(r)
    assert beta == pytest.approx(1.475285, abs=5e-7)
    assert -total(bo.Cox(), y, beta * x) == pytest.approx(2 * beta - math.log(3 * r + 3) - 2 * math.log(r + 3), rel=1e-14)
    assert -total(bo.Cox(), y, beta * x) == pytest.approx(-3.824750, abs=5e-7)
    slope, information = slope_and_information(y, x, beta)
    assert slope == pytest.approx(0, abs=1e-14)
    assert information == pytest.approx(0.6341681, rel=1e-6)
    assert slope_and_information(y, x, 0.0)[0] == pytest.approx(1.0, rel=1e-14)
    assert slope_and_information(y, x, 0.0)[1] == pytest.approx(0.625, rel=1e-8)


def test_cox_of_therneau_with_weights():
    """Third data set of the same: ties and weights; log likelihood and slope are printed as formulas of r."""
    y = np.array([1.0, -1, 2, 2, 2, -2, -3, 4, -5])
    x = np.array([2.0, 0, 1, 1, 0, 1, 0, 1, 0])
    weight = np.array([1.0, 2, 3, 4, 3, 2, 1, 2, 1])
    for beta in (0.0, 0.5, -3.0):
        r = math.exp(beta)
        loglik = 11 * beta - math.log(r**2 + 11 * r + 7) - 10 * math.log(11 * r + 5) - 2 * math.log(2 * r + 1)
        assert -total(bo.Cox(), y, beta * x, weight) == pytest.approx(loglik, rel=1e-14)
        u = 11 - (2 * r**2 + 11 * r) / (r**2 + 11 * r + 7) - 110 * r / (11 * r + 5) - 4 * r / (2 * r + 1)
        assert slope_and_information(y, x, beta, weight)[0] == pytest.approx(u, rel=1e-13)


def test_cox_of_the_leukaemia_data():
    """statsmodels 0.14, PHReg(ties="breslow"), and R's coxph, of Freireich's data: coefficient, its error, likelihoods."""
    beta = -1.5091914125858785
    assert -total(bo.Cox(), WEEKS, 0 * WEEKS) == pytest.approx(-93.98505047824518, rel=1e-13)
    assert -total(bo.Cox(), WEEKS, beta * IS_TREATED) == pytest.approx(-86.37962207114556, rel=1e-13)
    slope, information = slope_and_information(WEEKS, IS_TREATED, beta)
    assert slope == pytest.approx(0, abs=1e-9)
    assert information**-0.5 == pytest.approx(0.4095644063667413, rel=1e-7)


# ---------------------------------------------------------------------------------------------------------------------
# AFT under our own name


def test_aft_of_xgboosts_tests():
    """Mean of four losses, of each kind, at a time of 64: XGBoost 3.2, tests/cpp/metric/test_survival_metric.h."""
    y = np.array([[100.0, 100.0], [0.0, 20.0], [60.0, INF], [16.0, 200.0]])
    for distribution, value in zip(DISTRIBUTIONS, (2.1508, 2.1804, 2.0706), strict=True):
        mean = bo.AFT(distribution=distribution).loss(y, np.full(4, math.log(64))).mean()
        assert mean == pytest.approx(value, abs=5e-5)


def test_aft_of_the_leukaemia_data():
    """survreg(Surv(time, cens) ~ treat, gehan), Weibull: Venables and Ripley 2002, section 13.2, prints these digits."""
    o = bo.AFT(distribution="extreme", scale=0.732)
    raw = np.where(IS_TREATED == 1, 3.516, 3.516 - 1.267)
    assert -total(o, WEEKS, raw) == pytest.approx(-106.6, abs=0.05)
    grad, _ = o.grad_hess(WEEKS, raw)
    assert abs(grad.sum()) < 0.05 and abs(grad @ IS_TREATED) < 0.05  # the optimum, but for the digits


def test_exponential_times_start_at_time_over_events():
    """The closed form of a constant hazard: 541 weeks, 30 events."""
    start = bo.AFT(distribution="extreme").start(WEEKS)
    assert start == pytest.approx([math.log(np.abs(WEEKS).sum() / (WEEKS > 0).sum())], rel=1e-13)


def test_lognormal_times_without_censoring_start_at_the_mean_logarithm():
    time = RNG.lognormal(3, 2, 200)
    assert bo.AFT(scale=1.7).start(time) == pytest.approx([np.log(time).mean()], rel=1e-13)


def test_aft_in_another_unit_is_the_same_shifted():
    y = np.stack(intervals(RNG.lognormal(1, 1, 60)), axis=1)
    for distribution in DISTRIBUTIONS:
        o = bo.AFT(distribution=distribution, scale=0.5)
        start = o.start(y)
        assert o.start(y * 365.25) == pytest.approx(start + math.log(365.25), rel=1e-12)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_aft_of_narrow_and_of_far_intervals(distribution):
    """Where probabilities are differences of numbers near each other, or near 0, in units as everywhere."""
    n = 48
    lower = 10.0 ** RNG.uniform(-2, 4, n)
    upper = lower * (1 + 10.0 ** RNG.uniform(-14, 1, n))
    lower[::6], upper[3::6] = 0.0, INF
    inside = np.log(np.where(upper < INF, upper, lower))
    raw = inside + RNG.choice([-1, 1], n) * 10.0 ** RNG.uniform(-6, 1.3 if distribution == "extreme" else 1.6, n)
    if distribution != "extreme":
        raw[[3, 9, 15]] -= [10.0, 30.0, 100.0]  # censored long after the time that the score says
        raw[[0, 6, 12]] += [10.0, 30.0, 100.0]  # happened long before
    o = bo.AFT(distribution=distribution)
    y = np.stack([lower, upper], axis=1)
    true = checks.evaluated(o, y, raw)
    assert checks.worst(o.loss(y, raw), true.loss)[0] <= checks.LIMIT
    for kind in o.kinds:
        grad, hess = bo.AFT(distribution=distribution, curvature=kind).grad_hess(y, raw)
        assert checks.worst(grad, true.grad)[0] <= checks.LIMIT
        assert checks.worst(hess, true.curvature[kind])[0] <= checks.LIMIT
        assert (hess >= 0).all()  # 0 where the true one, exp(-exp(z)) of the extreme distribution, is below the smallest float


def test_damped_steps_end_near_the_interval():
    """No further beyond its end than the distance to it and one unit of scale; the exact ones end anywhere."""
    z = np.concatenate([-(10.0 ** np.linspace(-3, 2, 40)), 10.0 ** np.linspace(-3, 2, 40)])
    furthest = {}
    for distribution, (low, high) in itertools.product(DISTRIBUTIONS, [(1, 1), (1, INF), (0, 1), (1, 1.5), (1, 50)]):
        y = np.tile([float(low), float(high)], (len(z), 1))
        for kind in ("damped", "exact"):
            grad, hess = bo.AFT(distribution=distribution, curvature=kind).grad_hess(y, -z)
            with np.errstate(all="ignore"):
                step = np.where(grad == 0, 0, np.abs(grad / hess)) / (1 + np.abs(z) + 4)
            furthest[kind] = max(furthest.get(kind, 0), step.max())
        exact = bo.AFT(distribution=distribution, curvature="exact").grad_hess(y, -z)[1]
        damped = bo.AFT(distribution=distribution, curvature="damped").grad_hess(y, -z)[1]
        assert (damped >= exact * (1 - 1e-15)).all()
    assert furthest["damped"] < 2 < 1e6 < furthest["exact"]


@pytest.mark.parametrize(("function", "limit"), [(interval_laws.moments, 4 * 2.0**-53), (quick.moments, 2.0**-30)])
def test_moments_of_short_intervals(function, limit):
    """The integral of exp(v*(1 - t**2))*cosh(u*t), and its derivatives, as far as they are used; sinh(u)/u."""
    call = numba.njit(lambda square, half_square: function(square, half_square), error_model="numpy")
    mp, ends = mpmath.mp, [(0.0, 0.0), (1.5625, 0.78125), (1.5625, 0.0), (0.0, 0.78125)]
    for square, x in [*ends, *RNG.uniform(0, (1.5625, 0.78125), (20, 2)).tolist()]:
        # cosh(sqrt(2*x)*t) is the function 0F1 with 1/2 at x*t**2/2.
        parts = [(1, 0.5, 0), (1, 1.5, 2), (6, 2.5, 4)]
        with mp.workdps(30):
            true = []
            for by, b, n in parts:

                def part(t, b=b, n=n, square=square, x=x):
                    return mp.exp(square * (1 - t * t) / 2) * t**n * mp.hyp0f1(b, x * t * t / 2)

                true.append(mp.quad(part, [0, 1]) / by)
            (even, first, second), ratio = call(square, x)
            for got, value in zip((even, first, second, ratio), [*true, mp.hyp0f1(1.5, mp.mpf(x) / 2)], strict=True):
                assert abs(mp.mpf(got) / value - 1) <= limit


def test_quick_tails():
    """Against the exact ones."""

    def tails(excess, falling):
        loop = numba.njit(lambda z: (excess(z), falling(-z)), error_model="numpy")
        return np.array([(over, *both) for over, both in map(loop, z.tolist())])

    z = np.concatenate([RNG.uniform(0, 30, 300), 10.0 ** RNG.uniform(-20, 2.8, 300)])
    exact = tails(elementary.normal_excess, elementary.falling)
    assert tails(quick.normal_excess, quick.falling) == pytest.approx(exact, rel=2.0**-30, abs=0)


# ---------------------------------------------------------------------------------------------------------------------
# It learns


def followed(n=3000):
    """Times in days that depend on two columns, nearly half of them censored."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, 5))
    time = 2000 * np.exp(x[:, 0] - np.abs(x[:, 1]) - 0.4 * rng.gumbel(size=n))
    end = 2000 * np.exp(rng.normal(size=n))
    return x, np.float32(np.minimum(time, end)), time <= end


def concordance(score, time, event):
    """Share of the pairs that can be ordered in which the longer time has the higher score; ties count half."""
    first = np.flatnonzero(event)[:300]
    later = time > time[first, None]
    better = (score > score[first, None]) + 0.5 * (score == score[first, None])
    return better[later].mean()


def trained(booster, o, x, y, rounds=60, bounds=False, **more):
    if booster == "xgboost":
        data = xgb.DMatrix(x, None if bounds else y)
        if bounds:
            bo.set_bounds(data, *y.T)
        model = bo.train({"max_depth": 4, "eta": 0.1, "nthread": 1}, data, rounds, objective=o, **more)
        return lambda x: (model.predict(xgb.DMatrix(x), output_margin=True), model.predict(xgb.DMatrix(x))), model
    data = lgb.Dataset(x, None if bounds else y)
    if bounds:
        bo.set_bounds(data, *y.T)
    model = bo.train(LEAVES, data, rounds, objective=o, **more)
    return lambda x: (model.predict(x, raw_score=True), model.predict(x)), model


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_cox_learns_hazard_ratios(booster):
    x, time, event = followed()
    predict, _ = trained(booster, bo.Cox(), x[:2000], np.where(event, time, -time)[:2000])
    raw, shown = predict(x[2000:])
    assert shown == pytest.approx(np.exp(raw.astype(float)), rel=1e-5)
    assert concordance(-raw, time[2000:], event[2000:]) > 0.8
    y = np.where(event, time, -time)[2000:]
    assert total(bo.Cox(), y, raw) < total(bo.Cox(), y, np.zeros(1000)) - 150


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_aft_learns_times(booster, distribution, scale):
    """From raw days, intervals of every kind, defaults of both boosters; XGBoost's own ends in infinity for some of these."""
    x, time, event = followed()
    y = np.stack([time, np.where(event, time, np.inf)], axis=1)
    y[1::4] *= [0.8, 1.2]
    y[2::8, 0] = np.where(event[2::8], 0.0, y[2::8, 0])
    o = bo.AFT(distribution=distribution, scale=scale)
    predict, _ = trained(booster, o, x[:2000], y[:2000], bounds=True)
    raw, shown = predict(x[2000:])
    assert shown == pytest.approx(np.exp(raw.astype(float)), rel=1e-5)
    assert concordance(raw, time[2000:], event[2000:]) > 0.8
    start = o.start(y[:2000])[0]
    assert 6 < start < 9.5  # a constant in days, not half a day
    assert total(o, y[2000:], raw.astype(float)) < total(o, y[2000:], np.full(1000, start)) - 100


def test_signed_times_are_intervals():
    x, time, event = followed(600)
    y = np.stack([time, np.where(event, time, np.inf)], axis=1)
    for booster in ("xgboost", "lightgbm"):
        signed, _ = trained(booster, bo.AFT(), x, np.where(event, time, -time), rounds=5)
        both, _ = trained(booster, bo.AFT(), x, y, rounds=5, bounds=True)
        assert np.array_equal(signed(x)[0], both(x)[0])


def test_strata_have_their_own_hazards():
    """Times that are a hundred times longer in one of two strata: with strata that is hardly any news."""
    x, time, event = followed(1000)
    stratum = np.repeat([1.0, 100.0], 500)
    x, y = np.column_stack([x, stratum]), np.where(event, time, -time) * stratum
    share = {}
    for groups in (None, [500, 500]):
        gain = bo.train(LEAVES, lgb.Dataset(x, y, group=groups), 20, objective=bo.Cox()).feature_importance("gain")
        share["lightgbm", groups is None] = gain[5] / gain.sum()
        dtrain = xgb.DMatrix(x, y)
        if groups:
            dtrain.set_group(groups)
        gain = bo.train({"max_depth": 3, "nthread": 1}, dtrain, 20, objective=bo.Cox()).get_score(importance_type="total_gain")
        share["xgboost", groups is None] = gain.get("f5", 0.0) / sum(gain.values())
    for booster in ("lightgbm", "xgboost"):
        assert share[booster, True] > 0.1 > 0.02 > share[booster, False], share


@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("o", [bo.Cox(), bo.AFT()], ids=repr)
def test_early_stopping_is_by_the_loss(booster, o):
    x, time, event = followed(900)
    y = np.where(event, time, -time)
    if booster == "xgboost":
        found = {}
        evals = [(xgb.DMatrix(x[600:], y[600:]), "valid")]
        model = bo.train(
            {"eta": 1.0, "max_depth": 8}, xgb.DMatrix(x[:600], y[:600]), 50, objective=o, evals=evals, evals_result=found,
            early_stopping_rounds=3, verbose_eval=False,
        )
        history = found["valid"][o.name]
        raw = model.predict(evals[0][0], output_margin=True, iteration_range=(0, model.best_iteration + 1))
        best = model.best_iteration
    else:
        found = {}
        data = lgb.Dataset(x[:600], y[:600])
        model = bo.train(
            {**LEAVES, "learning_rate": 1.0}, data, 50, objective=o, valid_sets=[data.create_valid(x[600:], y[600:])],
            callbacks=[lgb.early_stopping(3, verbose=False), lgb.record_evaluation(found)],
        )
        history = found["valid_0"][o.name]
        raw, best = model.predict(x[600:], raw_score=True), model.best_iteration - 1
    assert len(history) < 50
    assert history[best] == pytest.approx(o.loss(y[600:], raw.astype(float)).mean(), rel=1e-5)


# ---------------------------------------------------------------------------------------------------------------------
# Bad input

WRONG = {
    "an end before the beginning": [2.0, 1.0],
    "a negative time": [-1.0, 1.0],
    "no beginning": [math.nan, 1.0],
    "no end": [1.0, math.nan],
    "an end at 0": [0.0, 0.0],
    "an endless beginning": [INF, INF],
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("name", ["aft", "survival:aft"])
def test_bad_intervals(name, what):
    y = np.tile([1.0, 2.0], (9, 1))
    y[[3, 6]] = WRONG[what]
    data = lgb.Dataset(np.eye(9))
    bo.set_bounds(data, *y.T)
    o = bo.get(name)
    calls = [
        lambda: o.loss(y, np.zeros(9)),
        lambda: o.grad_hess(y, np.zeros(9)),
        lambda: o.start(y),
        lambda: o(np.float32(y), np.zeros(9, np.float32)),
        lambda: o.init_score(data),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"(?s)y must be .* in row 3 \(2 of 9 rows\)"):
            call()


def test_bad_times_of_cox():
    for bad in (math.nan, INF, -INF):
        y = np.array([1.0, 2.0, bad, -4.0])
        for o in (bo.Cox(), bo.get("survival:cox")):
            for call in (o.grad_hess, o.loss, lambda y, raw, o=o: o(np.float32(y), np.float32(raw))):
                with pytest.raises(ValueError, match=r"y must be .*in row 2 \(1 of 4 rows\)"):
                    call(y, np.zeros(4))


def test_no_event_at_all():
    """Nothing to learn: an error under our name; as in XGBoost, a model that is constant, under XGBoost's."""
    x, y = RNG.normal(size=(100, 2)), -RNG.exponential(size=100)
    for data in (xgb.DMatrix(x, y), lgb.Dataset(x, y)):
        with pytest.raises(ValueError, match=r"Cox: y must be a number in \(0, inf\) somewhere, it is in none of 100 rows"):
            bo.train({"verbosity": -1} if isinstance(data, lgb.Dataset) else {}, data, 3, objective=bo.Cox())
    grad, hess = bo.Cox().grad_hess(y, np.zeros(100))
    assert not grad.any() and not hess.any()
    dtrain = xgb.DMatrix(x, y)
    o = bo.get("survival:cox")
    params = {**o.train_params(dtrain), "nthread": 1}
    theirs, ours = (xgb.train(params, dtrain, 2, **own) for own in ({}, {"obj": o}))
    assert theirs.save_raw("ubj") == ours.save_raw("ubj")


def test_a_stratum_without_events_is_silent():
    y = np.array([-1.0, -2.0, 1.0, 2.0])
    grad, hess = bo.Cox().grad_hess(y, np.array([1e3, -1e3, 0.0, 1.0]), group=[2, 2])
    assert not grad[:2].any() and not hess[:2].any()
    assert grad[2:].all()


def test_one_row():
    for y, expected in ((3.0, 0.0), (-3.0, 0.0)):
        grad, hess = bo.Cox().grad_hess([y], [5.0])
        assert grad.tolist() == hess.tolist() == [expected]
    assert abs(bo.AFT().grad_hess([3.0], [math.log(3.0)])[0]) <= [math.ulp(math.log(3.0))]
    assert bo.AFT().start([3.0]) == pytest.approx([math.log(3.0)], rel=1e-14)


def test_only_censored_times_have_a_bounded_start():
    with pytest.warns(UserWarning, match="no finite start"):
        start = bo.AFT().start([-3.0, -5.0, -9.0])
    assert 1 < start[0] < 700


def test_missing_bounds():
    for o in (bo.AFT(), bo.get("survival:aft")):
        for data in (xgb.DMatrix(np.eye(3)), lgb.Dataset(np.eye(3))):
            with pytest.raises(ValueError, match="has no labels"):
                (o.train_params if isinstance(data, xgb.DMatrix) else o.init_score)(data)


def test_the_rows_are_for_every_version():
    for name in ("survival:cox", "survival:aft"):
        (row,) = [row for row in builtins.table() if row.name == name]
        assert row.versions == "all"


def test_what_the_readme_says_of_xgboosts_cox():
    y, raw = np.float32([1, 2, 3, -4]), np.float32([20.1, 0, 0, 0])
    _, theirs = bo.get("survival:cox")(y, raw)
    assert theirs[1:3] == pytest.approx([-0.11, -0.21], abs=0.005)
    grad, hess = bo.Cox()(y, raw)
    assert grad[1:] == pytest.approx([-2 / 3, -1 / 6, 5 / 6], rel=1e-6)
    assert (hess[1:] > 0.2).all()
    grad, hess = bo.get("survival:cox")(y, raw + np.float32(70))
    assert grad.tolist() == [-1, -1, -1, 0] and not hess.any()


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("scale", [1e-300, 0.4, 1.0, 1e300])
def test_aft_is_never_nan(distribution, scale):
    """At every score that a float64 can be, also of an interval without ends, which says nothing."""
    ends = [[1, 1], [1, INF], [0, 1], [1, 2], [1, 1.0000001], [1e-300, 1e300], [0, INF]]
    largest = np.finfo(float).max
    raw = np.array([largest, 1e300, 1e5, 800, 0, -800, -1e5, -1e300, -largest])
    for curvature in ("exact", "damped"):
        o = bo.AFT(distribution=distribution, scale=scale, curvature=curvature)
        for y in np.array(ends, float):
            rows = np.tile(y, (len(raw), 1))
            grad, hess = o.grad_hess(rows, raw)
            assert not np.isnan([grad, hess, o.loss(rows, raw)]).any()
            assert (hess >= 0).all()
        assert not grad.any() and not hess.any()


def test_xgboosts_own_metric_goes_along():
    """With a plain callable: the metrics of other objectives with a log link want positive labels."""
    x, time, event = followed(600)
    y = np.where(event, time, -time)
    bounded = xgb.DMatrix(x)
    bo.set_bounds(bounded, time, np.where(event, time, INF))
    aft = bo.AFT(distribution="logistic")  # XGBoost 3.2 measures every scale as 1
    for o, data, metric in ((bo.Cox(), xgb.DMatrix(x, y), "cox-nloglik"), (aft, bounded, "aft-nloglik")):
        params = {**TREES, **o.train_params(data)}
        found = xgb.cv(params, data, 5, nfold=3, obj=o, as_pandas=False)
        assert found[f"test-{metric}-mean"][-1] < found[f"test-{metric}-mean"][0]
        model = xgb.train(params, data, 5, obj=o)
        raw = model.predict(data, output_margin=True)
        assert model.predict(data) == pytest.approx(np.exp(raw.astype(float)), rel=1e-5)
    mean = o.loss(np.stack([time, np.where(event, time, INF)], axis=1), raw.astype(float)).mean()
    assert float(model.eval(data).split(":")[1]) == pytest.approx(mean, rel=1e-4)
