"""bo.doctor: nothing to say about healthy problems; what it says is true, and what it says to change helps."""

import itertools
import re

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

import boostobj as bo
from boostobj import protocol
from boostobj.boosters import common, diagnosis, splits
from boostobj.builtins import version_of

X, Y = load_diabetes(return_X_y=True)
N = len(Y)
BOOSTERS = ("xgboost", "lightgbm")
QUIET = {"xgboost": {"nthread": 1}, "lightgbm": {"num_threads": 1, "verbosity": -1}}


def made(booster, x, y, weight=None, **more):
    return xgb.DMatrix(x, y, weight=weight, **more) if booster == "xgboost" else lgb.Dataset(x, y, weight=weight, **more)


def trained(booster, objective, y, weight=None, params=None, rounds=40, x=X):
    """Number of splits, and the mean loss per round, in units of that of the best constant."""
    params = {**QUIET[booster], **(params or {})}
    model = bo.train(params, made(booster, x, y, weight), rounds, objective=objective, doctor=False)
    law = objective.textbook if common.like(objective) else objective
    constant = np.average(law.loss(y, np.full(len(y), law.start(y, weight)[0])), weights=weight)
    if booster == "xgboost":
        splits = int((model.trees_to_dataframe()["Feature"] != "Leaf").sum())
        raw = model.predict(xgb.DMatrix(x), output_margin=True)
    else:
        splits = sum(tree["num_leaves"] - 1 for tree in model.dump_model()["tree_info"])
        raw = model.predict(x, raw_score=True)
    return splits, np.average(law.loss(y, raw), weights=weight) / constant


def found(objective, y, weight=None, **more):
    return bo.doctor(objective, y, weight, show=False, **more)


# Healthy problems -----------------------------------------------------------------------------------------------------

COUNTS = np.random.default_rng(0).poisson(np.exp(10 * X[:, 2])).astype(float)
CANCER, IRIS = load_breast_cancer(return_X_y=True), load_iris(return_X_y=True)
HEALTHY = [
    ("squared_error", X, Y),
    ("absolute_error", X, Y),
    ("pseudo_huber", X, Y),
    ("log_loss", *CANCER),
    ("softmax", *IRIS),
    ("poisson", X, COUNTS),
]


@pytest.mark.parametrize(("name", "x", "y"), HEALTHY, ids=[name for name, *_ in HEALTHY])
def test_healthy_problems_have_no_findings(name, x, y, capsys):
    weight = np.random.default_rng(1).uniform(0.5, 2, len(y))
    for heavy in (None, weight):
        assert bo.doctor(name, y, heavy) == ()
    assert "nothing stands in the way" in capsys.readouterr().out
    classes = {"num_class": 3} if name == "softmax" else {}
    for booster in BOOSTERS:  # warnings are errors
        bo.train({**QUIET[booster], **classes}, made(booster, x, y, weight), 2, objective=name)


def test_offsets_are_healthy():
    offset = np.log(np.random.default_rng(2).uniform(0.1, 5, N)).astype(np.float32)
    assert found("poisson", COUNTS, offset=offset) == ()
    for booster, name in (("xgboost", "base_margin"), ("lightgbm", "init_score")):
        bo.train(QUIET[booster], made(booster, X, COUNTS, **{name: offset}), 2, objective="poisson")


# What cannot work -----------------------------------------------------------------------------------------------------


def other(finding, **case):
    """train REPR"""
    objective = eval(re.fullmatch(r"train (.+)", finding.remedy)[1], vars(bo))
    return {**case, "objective": objective}


def heavier(finding, **case):
    """multiply ... weights ... by FACTOR"""
    factor = float(re.search(r"weights.* by ([\d.e+]+\d)", finding.remedy)[1])
    weight = case["weight"]
    return {**case, "weight": factor * (np.ones(len(case["y"])) if weight is None else weight)}


def larger(finding, **case):
    """multiply the target by FACTOR"""
    return {**case, "y": case["y"] * float(re.search(r"target by ([\d.e+]+\d)", finding.remedy)[1])}


def setting(finding, **case):
    """NAME=VALUE"""
    name, value = re.match(r"(\w+)=([\d.e-]+\d|\d)", finding.remedy).groups()
    return {**case, "params": {**case["params"], name: float(value) if "." in value else int(value)}}


def without(*names):
    def changed(finding, **case):
        assert all(name in finding.remedy for name in names)
        return {**case, "params": {key: v for key, v in case["params"].items() if key not in names}}

    return changed


EXACT = bo.PseudoHuber(curvature="exact")
SAME_WEIGHTS = np.full(N, 1 / N)
CANNOT = [
    ("xgboost", bo.PseudoHuber(curvature="native"), Y, None, {}, "hessian", other),
    ("xgboost", bo.get("reg:pseudohubererror"), Y, None, {}, "hessian", other),
    ("xgboost", bo.get("reg:squaredlogerror"), Y, None, {}, "hessian", heavier),
    ("xgboost", bo.get("squared_error"), Y, SAME_WEIGHTS, {}, "hessian", heavier),
    ("lightgbm", bo.get("squared_error"), Y, SAME_WEIGHTS / 1000, {}, "hessian", heavier),
    ("xgboost", bo.get("squared_error"), Y, None, {"min_child_weight": 300}, "hessian", setting),
    ("lightgbm", bo.get("squared_error"), Y, None, {"min_child_weight": 300}, "hessian", without("min_sum_hessian_in_leaf")),
    ("xgboost", bo.get("squared_error"), 1e-7 * Y, None, {}, "gain", larger),
    ("xgboost", bo.get("poisson"), COUNTS, None, {"gamma": 1e6}, "gain", without("gamma")),
    ("lightgbm", bo.get("squared_error"), 1e-7 * Y, None, {"min_split_gain": 1}, "gain", without("min_gain_to_split")),
    ("lightgbm", bo.get("squared_error"), Y, None, {"min_data_in_leaf": 222, "feature_pre_filter": False}, "rows", setting),
]


@pytest.mark.parametrize(
    ("booster", "objective", "y", "weight", "params", "name", "change"),
    CANNOT,
    ids=[f"{booster}-{objective!r}-{name}-{i}" for i, (booster, objective, *_, name, _) in enumerate(CANNOT)],
)
def test_what_cannot_work_does_not_and_does_after_the_change(booster, objective, y, weight, params, name, change):
    findings = [f for f in found(objective, y, weight, params=params, booster=booster) if f.severity == "cannot"]
    (finding,) = findings
    assert (finding.name, finding.booster) == (name, booster)
    with pytest.warns(bo.DoctorWarning) as caught:
        bo.train({**QUIET[booster], **params}, made(booster, X, y, weight), 1, objective=objective)
    assert [str(w.message) for w in caught if w.category is bo.DoctorWarning] == [f"train: {finding}"]
    assert caught[0].filename == __file__
    made_splits, loss = trained(booster, objective, y, weight, params)
    assert made_splits == 0 and loss >= 1 - 1e-6
    aliases = {"min_sum_hessian_in_leaf": "min_child_weight", "min_gain_to_split": "min_split_gain"}
    case = {"objective": objective, "y": y, "weight": weight, "params": params}
    if booster == "lightgbm" and any(key in aliases.values() for key in params):
        case["params"] = {}
        assert any(key in finding.remedy for key in aliases)
    else:
        case = change(finding, **case)
    assert not [f for f in found(booster=booster, **case) if f.severity == "cannot"]
    made_splits, loss = trained(booster, case["objective"], case["y"], case["weight"], case["params"])
    assert made_splits > 0 and loss < 0.9


@pytest.mark.parametrize("booster", BOOSTERS)
def test_one_target_only(booster):
    (finding,) = found("log_loss", np.ones(N), booster=booster)
    assert (finding.name, finding.severity) == ("target", "cannot") and "all 442 rows with a weight are 1.0" in finding.what
    with pytest.warns(UserWarning, match="no finite start"):
        assert trained(booster, bo.LogLoss(), np.ones(N))[0] == 0


PAIRS = bo.PairwiseLogistic(curvature="exact")


def test_nothing_to_rank():
    relevance, group = np.repeat(np.arange(34) % 3, 13), np.full(34, 13)
    (finding,) = found(PAIRS, relevance, group=group)
    assert (finding.name, finding.severity, finding.booster) == ("gradient", "cannot", "")
    data = xgb.DMatrix(X, relevance)
    data.set_group(group)
    with pytest.warns(bo.DoctorWarning, match="gradient is 0 in every row"):
        model = bo.train(QUIET["xgboost"], data, 2, objective=PAIRS)
    assert (model.trees_to_dataframe()["Feature"] == "Leaf").all()
    assert found(PAIRS, np.arange(N) % 3, group=group) == ()


def test_steps_that_run_away():
    (finding,) = found(EXACT, Y)
    assert (finding.name, finding.booster) == ("divergence", "lightgbm")
    assert trained("lightgbm", EXACT, Y)[1] > 2
    with pytest.warns(bo.DoctorWarning, match=re.escape(str(finding))):
        bo.train(QUIET["lightgbm"], lgb.Dataset(X, Y), 1, objective=EXACT)
    changed = other(finding, objective=EXACT)["objective"]
    assert trained("lightgbm", changed, Y)[1] < 0.8
    assert trained("xgboost", EXACT, Y)[1] < 0.8  # whose leaves need a Hessian of 1


def test_a_start_from_which_the_scores_run_away():
    params = {"boost_from_average": False}
    names = {f.name for f in found("lightgbm:poisson", 1e6 * COUNTS + 1, params=params)}
    assert names == {"divergence"}
    assert found("lightgbm:poisson", 1e6 * COUNTS + 1) == ()


# What is a risk -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("booster", "objective", "times"), [("xgboost", EXACT, 1e3), ("xgboost", bo.PseudoHuber(), 1e4)])
def test_a_loss_in_its_own_unit_gets_nowhere_but_is_not_blocked(booster, objective, times):
    """The Hessians add up to less than min_child_weight for XGBoost itself; `train` has it count rows."""
    for params in (None, {"min_child_weight": 100}):
        findings = found(objective, times * Y, booster=booster, params=params)
        assert [(f.name, f.severity) for f in findings] == [("steps", "risk"), ("scale", "risk")]
        splits_made, loss = trained(booster, objective, times * Y, params=params, rounds=5)
        assert splits_made > 0 and loss > 0.9
        assert trained(booster, other(findings[0])["objective"], times * Y, params=params)[1] < 0.6
    (finding,) = found(objective, times * Y, booster=booster, params={"min_child_weight": 300})[:1]
    assert (finding.name, finding.severity) == ("hessian", "cannot") and "min_child_weight=300 asks" in finding.what
    assert 0.7 * N < float(re.search(r"add up to ([\d.]+)", finding.what)[1]) < 1.5 * N


def test_what_is_left_to_the_data_is_looked_at_as_it_will_be():
    for times in (1e-6, 1.0, 1e6):
        assert found(bo.PseudoHuber(delta="auto"), times * Y) == ()
    (finding,) = found(bo.PseudoHuber(delta="auto"), np.ones(N))
    assert (finding.name, finding.severity) == ("target", "cannot") and "needs targets that differ" in finding.what


def test_a_scale_far_from_that_of_the_targets():
    width = np.median(np.abs(Y - np.median(Y)))
    (wide,) = found(bo.PseudoHuber(delta=1e5), Y)
    assert (wide.name, wide.severity, wide.booster) == ("scale", "risk", "") and "squared error" in wide.what
    (narrow,) = (f for f in found(bo.PseudoHuber(delta=0.01), Y, booster="lightgbm") if f.name == "scale")
    assert "straight nearly everywhere" in narrow.what
    for finding in (wide, narrow):
        assert float(re.match(r"delta='auto', here ([\d.e+-]+)", finding.remedy)[1]) == pytest.approx(width, rel=0.05)
    assert found(bo.PseudoHuber(delta="auto"), Y) == found(bo.PseudoHuber(delta=width), Y) == ()
    heavy = np.where(np.arange(N) == 7, 1e6, 1.0)  # one row is the median
    assert not [f for f in found(bo.PseudoHuber(delta=width), Y, heavy) if f.name == "scale"]
    assert [f.name for f in found(bo.get("lightgbm:huber"), 1000 * Y)] == ["steps", "scale"]
    assert trained("lightgbm", bo.get("lightgbm:huber"), 1000 * Y)[1] > 0.9


def test_train_is_silent_about_risks_and_on_request():
    bo.train(QUIET["lightgbm"], lgb.Dataset(X, Y), 1, objective=bo.PseudoHuber(delta=1e5))
    bo.train(QUIET["xgboost"], xgb.DMatrix(X, 1e-7 * Y), 1, objective="squared_error", doctor=False)


def test_targets_in_millionths():
    (finding,) = found("squared_error", 1e-6 * Y)
    assert (finding.name, finding.severity, finding.booster) == ("gain", "risk", "xgboost")
    splits_made, loss = trained("xgboost", bo.get("squared_error"), 1e-6 * Y)
    assert splits_made < 10 and loss > 0.8
    assert trained("xgboost", **larger(finding, objective=bo.get("squared_error"), y=1e-6 * Y))[1] < 0.2


def test_classes_and_weights_without_rows():
    (first, *_) = found("softmax", IRIS[1] + 1, booster="lightgbm")
    assert "labels begin at 1" in first.what and first.remedy.endswith("(y - 1)") and first.severity == "risk"
    (gap, *_) = found("softmax", np.where(IRIS[1] == 1, 3, IRIS[1]), booster="lightgbm")
    assert "1 of 4 classes have no row with a weight (class 1)" in gap.what
    weight = np.where(np.arange(N) < 100, 1.0, 0.0)
    (finding,) = found("squared_error", Y, weight)
    assert (finding.name, finding.severity) == ("weight", "risk") and "342 of 442 weights are 0" in finding.what


def test_a_score_without_splits_among_others():
    y = np.r_[np.zeros(200), np.ones(200), [2]]
    findings = found("softmax", y, booster="xgboost")
    if version_of(xgb.__version__) < (3, 1):  # starts all scores at 1/2
        assert findings == ()
        return
    assert [(f.name, f.severity) for f in findings] == [("hessian", "risk")] and "of score 2 (1 of 3)" in findings[0].what


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("objective", "y", "more", "name", "message"), [
    ("log_loss", np.r_[np.ones(5), 2, 3], {}, "target", r"y must be a number in \[0, 1\], got 2.0 in row 5 \(2 of 7 rows\)"),
    ("poisson", np.full(4, np.nan), {}, "target", r"got nan in row 0 \(4 of 4 rows\)"),
    ("squared_error", Y, {"weight": np.zeros(N)}, "weight", r"positive somewhere, all 442 are 0"),
    ("squared_error", Y, {"weight": np.r_[np.ones(N - 1), -1]}, "weight", r"got -1.0 in row 441 \(1 of 442 rows\)"),
    ("squared_error", Y, {"weight": np.ones(3)}, "weight", r"weight must have shape \(442,\)"),
    ("squared_error", Y, {"offset": np.full(N, np.inf)}, "offset", r"offset must be finite, got inf in row 0"),
    ("squared_error", Y, {"group": [N]}, "group", r"leave group out"),
    ("squared_error", [3.0], {}, "rows", r"y has 1 rows"),
    ("softmax", IRIS[1], {"params": {"num_class": 2}}, "target", r"got 2.0 in row 100 \(50 of 150 rows\)"),
])  # fmt: skip
def test_data_that_an_objective_refuses(objective, y, more, name, message):
    (finding,) = found(objective, y, **more)
    assert (finding.name, finding.severity, finding.booster) == (name, "cannot", "")
    assert re.search(message, f"{finding.what}; {finding.remedy}")


@pytest.mark.parametrize(("booster", "objective", "params", "more", "name", "message"), [
    ("xgboost", "log_loss", {"scale_pos_weight": 2}, {}, "parameter", r"has no effect on LogLoss"),
    ("lightgbm", "log_loss", {"unbalance": True}, {}, "parameter", r"has no effect on LogLoss"),
    ("lightgbm", "log_loss", {"objective": "l2"}, {}, "parameter", r"is 'l2', but objective is LogLoss"),
    ("lightgbm", "log_loss", {"boosting": "rf"}, {}, "parameter", r"boosting='rf' takes no custom objective"),
    ("lightgbm", "log_loss", {"pos_bagging_fraction": 0.5}, {}, "parameter", r"pos_bagging_fraction=0.5"),
    ("lightgbm", "log_loss", {"bagging_by_query": True}, {}, "parameter", r"bagging_by_query=True"),
    ("lightgbm", "log_loss", {"metric": "binary_logloss"}, {}, "metric", r"raw scores under a custom objective"),
    ("xgboost", "log_loss", {"base_score": 0.3}, {"offset": np.ones(569)}, "offset", r"ignores beside a base_margin"),
    ("xgboost", bo.LogLoss(sigmoid=2), {"eval_metric": "logloss"}, {}, "metric", r"would see raw scores"),
])  # fmt: skip
def test_params_that_train_refuses(booster, objective, params, more, name, message):
    findings = found(objective, CANCER[1], params=params, booster=booster, **more)
    assert [(f.name, f.severity, f.booster) for f in findings] == [(name, "cannot", booster)]
    assert re.search(message, findings[0].what) and findings[0].remedy
    with pytest.raises(ValueError, match=message):
        field = {"base_margin" if booster == "xgboost" else "init_score": more["offset"]} if more else {}
        bo.train({**QUIET[booster], **params}, made(booster, *CANCER, **field), 1, objective=objective)


def test_early_stopping_that_looks_at_several_metrics():
    params = {"metric": "l1,l2", "early_stopping_round": 5}
    (finding,) = found("squared_error", Y, params=params, booster="lightgbm")
    assert (finding.name, finding.severity) == ("metric", "risk")
    assert found("squared_error", Y, params={**params, "first_metric_only": True}, booster="lightgbm") == ()


def test_arguments():
    with pytest.raises(TypeError, match="doctor: objective must be a name or an Objective, got int"):
        bo.doctor(3, Y)
    with pytest.raises(TypeError, match="doctor: params must be a dict, got list"):
        bo.doctor("squared_error", Y, params=[])
    with pytest.raises(ValueError, match="doctor: booster must be one of 'xgboost', 'lightgbm', got 'catboost'"):
        bo.doctor("squared_error", Y, booster="catboost")
    with pytest.raises(ValueError, match="no objective 'squared'"):
        bo.doctor("squared", Y)


def test_prints_what_it_returns(capsys):
    findings = bo.doctor("squared_error", 1e-7 * Y)
    printed = capsys.readouterr().out
    assert str(findings) in printed and printed.startswith("SquaredError(), 442 rows, xgboost and lightgbm:\n")
    assert all(f.what in printed and f.remedy in printed for f in findings) and len(findings) == 1
    assert isinstance(findings[0], bo.Finding)


# How it knows ---------------------------------------------------------------------------------------------------------


def rules(**changes):
    usual = splits.trees("xgboost", {}, bo.get("squared_error"))
    return usual._replace(**changes)


def test_no_split_gains_more_than_the_bound_and_one_gains_as_much():
    rng = np.random.default_rng(4)
    subsets = np.array(list(itertools.product([0, 1], repeat=9)), bool)[1:-1]
    below = 0
    for trial in range(40):
        g, h = rng.normal(size=9) + rng.normal(), rng.exponential(size=9)
        trees = rules(l2=(0.0, 1.0, 20.0)[trial % 3], l1=(0.0, 0.5)[trial % 2], hessian=(0.0, 0.4)[trial // 2 % 2], gain=1e9)
        sums = [(g[s].sum(), h[s].sum(), g[~s].sum(), h[~s].sum()) for s in subsets]
        gains = [trees.term(a, b) + trees.term(c, d) - trees.term(g.sum(), h.sum()) for a, b, c, d in sums]
        allowed = [gain for gain, (_, b, _, d) in zip(gains, sums, strict=True) if min(b, d) >= trees.hessian]
        (best,) = trees.best(g[:, None], h[:, None])
        assert best >= max(allowed) * (1 - 1e-12)
        if trees.hessian == 0:
            assert best <= max(max(allowed), 0) + 3e-6 * trees.term(g.sum(), h.sum()) + 1e-12 * max(allowed)
        below += best <= 0
        (fast,) = trees._replace(gain=0.0).best(g[:, None], h[:, None])
        assert (fast <= 0) == (best <= 0)
    assert 0 < below < 40


@pytest.mark.parametrize("params", [{}, {"lambda": 20}, {"alpha": 30}])
def test_the_best_split_is_the_one_that_xgboost_makes_of_the_perfect_feature(params):
    data = xgb.DMatrix(Y[:, None], Y)
    start = {"base_score": float(Y.mean()), "max_depth": 1, "nthread": 1, "tree_method": "exact"}
    model = xgb.train({**start, **params}, data, 1)
    gain = model.trees_to_dataframe()["Gain"][0]
    g = (Y.astype(np.float32).mean() - Y)[:, None]
    trees = splits.trees("xgboost", params, bo.get("squared_error"))
    (best,) = trees._replace(gain=1e99).best(g, np.ones((N, 1)))
    assert best == pytest.approx(gain, rel=1e-4)


def test_a_hessian_in_one_row_is_none_for_a_split():
    h = np.zeros((50, 1))
    h[7] = 10.0
    assert rules().blocked(np.ones((50, 1)), h)[0] == "hessian"
    h[8] = 0.9
    assert rules().blocked(np.ones((50, 1)), h)[0] == "hessian"
    assert rules(hessian=0.5).blocked(np.linspace(-1, 1, 50)[:, None], h)[0] != "hessian"


OFFSET = np.random.default_rng(3).normal(size=N).astype(np.float32)


@pytest.mark.parametrize(("booster", "objective", "y", "params", "offset"), [
    ("xgboost", "log_loss", Y > 140, {}, None),
    ("xgboost", "log_loss", Y > 140, {"base_score": 0.2}, None),
    ("xgboost", "log_loss", Y > 140, {}, OFFSET),
    ("xgboost", "softmax", np.digitize(Y, [90, 200]), {}, None),
    ("xgboost", "poisson", COUNTS, {}, None),
    ("xgboost", "reg:pseudohubererror", Y, {}, None),
    ("xgboost", "binary:logistic", Y > 140, {}, OFFSET),
    ("xgboost", "pseudo_huber", Y, {"base_score": 7}, None),
    ("lightgbm", "log_loss", Y > 140, {}, None),
    ("lightgbm", "log_loss", Y > 140, {"boost_from_average": False}, None),
    ("lightgbm", "log_loss", Y > 140, {}, OFFSET),
    ("lightgbm", "softmax", np.digitize(Y, [90, 200]), {"num_class": 3}, None),
    ("lightgbm", "lightgbm:binary", Y > 140, {}, OFFSET),
])  # fmt: skip
def test_it_looks_at_the_start_that_train_has(booster, objective, y, params, offset):
    y = np.asarray(y, float)
    field = {} if offset is None else {"base_margin" if booster == "xgboost" else "init_score": offset}
    data = made(booster, X, y, **field)
    rate = {"learning_rate": 1e-30}
    model = bo.train({**QUIET[booster], **params, **rate}, data, 1, objective=objective, doctor=False)
    x = xgb.DMatrix(X, base_margin=offset) if booster == "xgboost" else X
    raw = model.predict(x, **({"output_margin": True} if booster == "xgboost" else {"raw_score": True}))
    if booster == "lightgbm" and offset is not None:
        raw = raw + offset
    o, rest = common.settled(objective, params, booster, diagnosis.module_of(booster).aliases)
    rows = protocol.rows("", data, o._wants)
    case = diagnosis._Case(o, rest, data, rows, splits.trees(booster, rest, o))
    scale = 1 + np.abs(raw).max()
    assert case.start().shape == raw.shape and np.abs(case.start() - raw).max() <= 1e-6 * scale


def test_many_rows_are_like_few(monkeypatch):
    """The imagined trees see some of the rows, and ask for accordingly less."""
    y = np.repeat(Y, 6)
    whole = [(f.severity, f.booster) for f in found(EXACT, y) if f.name in ("steps", "divergence")]
    monkeypatch.setattr(diagnosis, "_ROWS", 500)
    some = [(f.severity, f.booster) for f in found(EXACT, y) if f.name in ("steps", "divergence")]
    assert some == whole == [("risk", "lightgbm")]
    assert found("squared_error", y, offset=np.zeros(len(y), np.float32)) == ()


def test_a_booster_that_has_trained_is_left_alone():
    data = xgb.DMatrix(X, 1e-7 * Y)
    first = bo.train(QUIET["xgboost"], data, 1, objective="squared_error", doctor=False)
    bo.train(QUIET["xgboost"], data, 1, objective="squared_error", xgb_model=first)
    for params in ({"booster": "gblinear"}, {"process_type": "update", "updater": "refresh"}):
        assert splits.trees("xgboost", params, bo.get("squared_error")) is None
    for params in ({"boosting": "goss"}, {"data_sample_strategy": "goss"}, {"forcedsplits_filename": "splits.json"}):
        assert splits.trees("lightgbm", params, bo.get("squared_error")) is None
