"""Trains a booster with its own objective and with ours, and compares what comes out, bit for bit."""

from __future__ import annotations

import dataclasses
import functools
import json
import platform
import re
import time
from typing import Any

import numpy as np

from . import builtins
from .boosters import train
from .objective import Objective
from .protocol import set_bounds
from .registry import get

# The order of magnitude of a data set's targets matters for reg:pseudohubererror: its start is one Newton step from 0,
# which lands at 573409 on diabetes with huber_slope=1 and leaves nothing to split.


@dataclasses.dataclass(frozen=True)
class Data:
    """A data set; `weight` is what the weighted runs use."""

    name: str
    x: np.ndarray
    y: np.ndarray  # (n,), or (n, 2) where targets are intervals
    weight: np.ndarray
    sizes: np.ndarray | None = None  # of the groups
    place: np.ndarray | None = None  # where LightGBM showed each document

    def dmatrix(self, weighted: bool) -> Any:
        import xgboost

        dmatrix = xgboost.DMatrix(self.x, self.y if self.y.ndim == 1 else None)
        if self.y.ndim == 2:
            set_bounds(dmatrix, *self.y.T)
        if self.sizes is not None:
            dmatrix.set_group(self.sizes)
        if weighted:  # XGBoost's weights are of groups, where there are any
            dmatrix.set_weight(self.weight if self.sizes is None else self.weight[: len(self.sizes)])
        return dmatrix

    def dataset(self, weighted: bool) -> Any:
        import lightgbm

        weight = self.weight if weighted else None
        more: dict[str, Any] = {} if self.place is None else {"position": self.place}
        label = self.y if self.y.ndim == 1 else None
        dataset = lightgbm.Dataset(self.x, label, weight=weight, group=self.sizes, free_raw_data=False, **more)
        if label is None:
            set_bounds(dataset, *self.y.T)
        return dataset


def _data(name: str, x: np.ndarray, y: np.ndarray, sizes: np.ndarray | None = None) -> Data:
    weight = np.random.default_rng(7).uniform(0.3, 3.0, len(y))
    return Data(name, np.asarray(x, np.float64), np.asarray(y, np.float64), weight, sizes)


@functools.cache
def load(name: str) -> Data:
    """Real data bundled with scikit-learn, and larger synthetic sets."""
    from sklearn import datasets

    if name in ("breast cancer", "diabetes", "digits"):
        read = getattr(datasets, f"load_{name.replace(' ', '_')}")
        return _data(name, *read(return_X_y=True))
    if name.startswith("diabetes, "):  # the progression of the disease as a time, with many ties
        x, y = datasets.load_diabetes(return_X_y=True)
        return _times(name, x, y, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    n, p = 20_000, 12
    x = rng.normal(size=(n, p))
    signal = x[:, 0] - 2 * np.abs(x[:, 1]) + x[:, 2] * x[:, 3] + np.sin(3 * x[:, 4])
    if name == "synthetic regression":
        return _data(name, x, signal + rng.standard_t(2, size=n))
    if name == "synthetic binary":
        return _data(name, x, (signal + rng.logistic(size=n) > 0).astype(float))
    if name == "synthetic soft labels":
        return _data(name, x, 1 / (1 + np.exp(-signal - rng.normal(size=n))))
    if name == "synthetic counts":  # some zeros, a few large ones
        return _data(name, x, rng.poisson(np.exp(signal / 3)))
    if name == "synthetic counts above 0":
        return _data(name, x, 1 + rng.poisson(np.exp(signal / 3)))
    if name == "synthetic positive":
        return _data(name, x, np.exp(signal / 3) * rng.gamma(2.0, 0.5, size=n))
    if name == "synthetic claims":  # mostly zero, the rest a sum of gamma amounts
        return _data(name, x, rng.gamma(np.maximum(rng.poisson(np.exp(signal / 3 - 1)), 1e-9), 2.0).round(3))
    if name == "synthetic 5 classes":
        score = np.stack([signal * np.cos(j) + x[:, j] for j in range(5)], axis=1) + rng.gumbel(size=(n, 5))
        return _data(name, x, score.argmax(axis=1))
    if name.startswith("synthetic times, "):
        return _times(name, x, np.ceil(100 * np.exp(signal / 3 + rng.gumbel(size=n) / 2)), rng)
    if name.startswith("synthetic queries"):
        return _queries(name, x[:6000], (signal + rng.normal(size=n))[:6000], rng)
    raise ValueError(f"no data set {name!r}")


def _times(name: str, x: np.ndarray, time: np.ndarray, rng: np.random.Generator) -> Data:
    """Times of which not all are seen: signed, or the ends of intervals of every kind."""
    end = np.quantile(time, rng.uniform(0.3, 1.0, len(time)))
    seen = np.minimum(time, end)
    if name.endswith("signed"):
        return _data(name, x, np.where(time <= end, seen, -seen))
    both = np.stack([seen, np.where(time <= end, seen, np.inf)], axis=1)
    kind = rng.integers(0, 4, len(time))
    both[kind == 1] *= [0.8, 1.3]
    both[kind == 2] *= [0.0, 1.0]
    both[(both == [0.0, np.inf]).all(axis=1)] = [1.0, np.inf]  # an interval without ends says nothing
    return _data(name, x, both)


def _queries(name: str, x: np.ndarray, signal: np.ndarray, rng: np.random.Generator) -> Data:
    """Queries of 1 to 200 documents with relevance 0 to 4; one whose documents are all alike in it."""
    ends = np.cumsum(np.concatenate([[1, 40], rng.integers(1, 201, 60)]))
    ends = np.append(ends[ends < len(x)], len(x))
    grade = np.clip(np.floor(signal + 2), 0, 4)
    grade[1:41] = 2
    x[:, 5] = x[:, 5].round()
    made = _data(name, x, grade, np.diff(ends, prepend=0))
    if name == "synthetic queries, yes or no":
        return dataclasses.replace(made, y=(grade > 2).astype(float))
    if name == "synthetic queries with places":
        place = np.concatenate([np.minimum(np.arange(m), 9) for m in np.diff(ends, prepend=0)])
        return dataclasses.replace(made, place=place)
    return made


@dataclasses.dataclass(frozen=True)
class Case:
    """One comparison: a built-in by its public name, its parameters, and how to train."""

    objective: str
    data: str
    weighted: bool = False
    objective_params: tuple[tuple[str, Any], ...] = ()
    params: tuple[tuple[str, Any], ...] = ()
    rounds: int = 100
    start: str = "init_score"  # LightGBM: "init_score", or "0" for boost_from_average=false
    trained: bool = False
    """By `train`, for what a callable cannot do on its own: know the round, set leaves anew."""

    @property
    def booster(self) -> str:
        return builtins.names()[self.objective].booster

    @property
    def label(self) -> str:
        extra = [f"{k}={v}" for k, v in self.objective_params + self.params]
        return " ".join([self.objective, *extra])


@dataclasses.dataclass(frozen=True)
class Result:
    """What came out of a Case."""

    case: Case
    version: str
    trees: int
    leaves: int
    first_different_tree: int | None
    raw_difference: float
    prediction_difference: float
    same_bytes: bool | None
    seconds_builtin: float
    seconds_ours: float

    @property
    def identical(self) -> bool:
        return (
            self.first_different_tree is None
            and self.raw_difference == 0
            and self.prediction_difference == 0
            and self.same_bytes is not False
        )


XGBOOST_DEFAULTS = {"max_depth": 5, "eta": 0.1, "nthread": 1}
LIGHTGBM_DEFAULTS = {
    "num_leaves": 31,
    "learning_rate": 0.1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def run(case: Case) -> Result:
    """Train both ways and compare."""
    data = load(case.data)
    return (_run_xgboost if case.booster == "xgboost" else _run_lightgbm)(case, data, get_objective(case, data))


def get_objective(case: Case, data: Data) -> Objective:
    return get(case.objective, **dict(case.objective_params))


def _largest(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.max(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)), initial=0.0))


def _run_xgboost(case: Case, data: Data, objective: Objective) -> Result:
    import xgboost as xgb

    dtrain = data.dmatrix(case.weighted)
    params = {**XGBOOST_DEFAULTS, **dict(case.params)}
    params |= objective.train_params(dtrain, nthread=params["nthread"], seed=params.get("seed"))
    # Two rounds first: compiling and the quantile sketch are not what is compared.
    def train_ours(rounds: int) -> Any:
        if case.trained:
            return train({k: v for k, v in params.items() if k != "objective"}, dtrain, rounds, objective=objective)
        return xgb.train(params, dtrain, rounds, obj=objective)

    xgb.train(params, dtrain, 2)
    train_ours(2)
    begin = time.perf_counter()
    theirs = xgb.train(params, dtrain, case.rounds)
    middle = time.perf_counter()
    ours = train_ours(case.rounds)
    end = time.perf_counter()

    trees = [_xgboost_trees(b) for b in (theirs, ours)]
    # Given no base_score, XGBoost estimates one: train_params must have said the same.
    free = {k: v for k, v in params.items() if k != "base_score"}
    estimated = _base_score(xgb.train(free, dtrain, 1))
    same_start = estimated == _base_score(ours)
    ours.set_attr(boostobj=None)  # what `train` says about how the model was made
    return Result(
        case,
        xgb.__version__,
        len(trees[0]),
        sum(tree["left_children"].count(-1) for tree in trees[0]),
        _first_difference(*trees),
        _largest(theirs.predict(dtrain, output_margin=True), ours.predict(dtrain, output_margin=True)),
        _largest(theirs.predict(dtrain), ours.predict(dtrain)),
        same_start and theirs.save_raw("ubj") == ours.save_raw("ubj"),
        middle - begin,
        end - middle,
    )


def _base_score(booster: Any) -> Any:
    return json.loads(booster.save_config())["learner"]["learner_model_param"]["base_score"]


def _xgboost_trees(booster: Any) -> list:
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    return model.get("gbtree", model)["model"]["trees"]


def _first_difference(a: list, b: list) -> int | None:
    for i, (left, right) in enumerate(zip(a, b, strict=False)):
        if left != right:
            return i
    return None if len(a) == len(b) else min(len(a), len(b))


def _run_lightgbm(case: Case, data: Data, objective: Objective) -> Result:
    import lightgbm as lgb

    name = builtins.names()[case.objective].name
    params = {**LIGHTGBM_DEFAULTS, **dict(case.params)}
    k = 1
    if builtins.names()[case.objective].count:
        k = int(data.y.max()) + 1
        params["num_class"] = k
    native = {**params, **dict(case.objective_params), "objective": name}
    at_zero = case.start == "0"

    group = None if data.sizes is None else [2]
    small = lgb.Dataset(np.eye(2), [0, 1], group=group, params={"verbosity": -1})
    if not case.trained:
        objective(np.zeros((2, k)).squeeze(), small.construct())  # compiled before the clock starts
    begin = time.perf_counter()
    dataset = data.dataset(case.weighted)
    theirs = lgb.train({**native, "boost_from_average": not at_zero}, dataset, case.rounds)
    middle = time.perf_counter()
    dataset = data.dataset(case.weighted)
    init = np.zeros((len(data.y), k)).squeeze()
    if case.trained:
        ours = train({**params, "boost_from_average": not at_zero}, dataset, case.rounds, objective=objective)
    else:
        if not at_zero:
            init = objective.init_score(dataset)
            dataset.set_init_score(init)
        ours = lgb.train({**params, "objective": objective}, dataset, case.rounds)
    end = time.perf_counter()

    shift = np.atleast_1d(init[0])
    raw: list[Any] = [b.predict(data.x, raw_score=True) for b in (theirs, _with_start(ours, shift))]
    shown: list[Any] = [theirs.predict(data.x), objective.inverse_link(raw[1])]
    trees = [_lightgbm_trees(theirs), _lightgbm_trees(ours)]
    if not at_zero and not case.trained:
        for i in range(k):
            trees[0][i] = _without_start(trees[0][i], 0.0)
            trees[1][i] = _without_start(trees[1][i], shift[i])
    return Result(
        case,
        lgb.__version__,
        len(trees[0]),
        sum(int(tree["num_leaves"]) for tree in trees[0]),
        _first_difference(*trees),
        _largest(*raw),
        # LightGBM applies the link to the same raw scores with its own exp: equal raw scores are equal predictions.
        0.0 if np.array_equal(*raw) else _largest(*shown),
        None,
        middle - begin,
        end - middle,
    )


def _with_start(booster: Any, start: np.ndarray) -> Any:
    """LightGBM's own model has the start in the leaves of its first trees: add it there."""
    for tree, value in enumerate(start):
        for leaf in range(_num_leaves(booster, tree)):
            booster.set_leaf_output(tree, leaf, booster.get_leaf_output(tree, leaf) + value)
    return booster


def _num_leaves(booster: Any, tree: int) -> int:
    return booster.dump_model(start_iteration=0, num_iteration=1)["tree_info"][tree]["num_leaves"]


def _lightgbm_trees(booster: Any) -> list[dict[str, str]]:
    text = booster.model_to_string()
    blocks = re.split(r"\nTree=\d+\n", text.split("\nend of trees")[0])[1:]
    return [dict(line.split("=", 1) for line in block.strip().splitlines() if "=" in line) for block in blocks]


def _without_start(tree: dict[str, str], shift: float) -> dict[str, str]:
    """A first tree without the fields in which LightGBM writes the start differently when it adds it itself."""
    return {key: value for key, value in tree.items() if key not in ("internal_value", "shrinkage")}


def _on(objective: str, *data: str, **params: Any) -> list[Case]:
    row = builtins.names()[objective]
    trained = bool(row.remembers and row.remembers({**row.defaults(), **params})) or row.leaves is not None
    return [
        Case(objective, name, objective_params=tuple(params.items()), trained=trained or name == _PLACES) for name in data
    ]


_DIABETES, _CANCER, _DIGITS = "diabetes", "breast cancer", "digits"
_QUERIES, _CLICKS, _PLACES = "synthetic queries", "synthetic queries, yes or no", "synthetic queries with places"
_LEVELS = (0.1, 0.5, 0.9)


def _real() -> list[Case]:
    """Every built-in on data bundled with scikit-learn."""
    return [
        *_on("reg:squarederror", _DIABETES),
        *_on("reg:squaredlogerror", _CANCER),  # on diabetes it splits nothing: its Hessian is about 1/y**2
        *_on("reg:logistic", _CANCER),
        *_on("binary:logistic", _CANCER),
        *_on("binary:logitraw", _CANCER),
        *_on("binary:hinge", _CANCER),
        *_on("reg:pseudohubererror", _DIABETES, huber_slope=400.0),
        *_on("reg:absoluteerror", _DIABETES),
        *_on("reg:quantileerror", _DIABETES, quantile_alpha=0.3),
        *_on("reg:quantileerror", _DIABETES, quantile_alpha=_LEVELS),
        *_on("reg:expectileerror", _DIABETES, expectile_alpha=0.3),
        *_on("reg:expectileerror", _DIABETES, expectile_alpha=_LEVELS),
        *_on("count:poisson", _DIABETES),
        *_on("reg:gamma", _DIABETES),
        *_on("reg:tweedie", _DIABETES),
        *_on("multi:softmax", _DIGITS),
        *_on("multi:softprob", _DIGITS),
        *_on("survival:cox", "diabetes, signed"),
        *_on("survival:aft", "diabetes, intervals"),
        *_on("rank:ndcg", _QUERIES),
        *_on("rank:ndcg", _QUERIES, lambdarank_pair_method="mean"),
        *_on("rank:pairwise", _QUERIES),
        *_on("rank:map", _CLICKS),
        *_on("lightgbm:regression", _DIABETES),
        *_on("lightgbm:regression", _DIABETES, reg_sqrt=True),
        *_on("lightgbm:regression_l1", _DIABETES),
        *_on("lightgbm:quantile", _DIABETES, alpha=0.3),
        *_on("lightgbm:mape", _DIABETES),
        *_on("lightgbm:huber", _DIABETES, alpha=150.0),
        *_on("lightgbm:fair", _DIABETES, fair_c=20.0),
        *_on("lightgbm:poisson", _DIABETES),
        *_on("lightgbm:gamma", _DIABETES),
        *_on("lightgbm:tweedie", _DIABETES),
        *_on("lightgbm:binary", _CANCER),
        *_on("lightgbm:multiclass", _DIGITS),
        *_on("lightgbm:multiclassova", _DIGITS),
        *_on("lightgbm:cross_entropy", _CANCER),
        *_on("lightgbm:cross_entropy_lambda", _CANCER),
        *_on("lightgbm:lambdarank", _QUERIES),
        *_on("lightgbm:rank_xendcg", _QUERIES),
    ]


def _more() -> list[Case]:
    """Other parameters, on larger data and other kinds of targets."""
    real, counts, positive, claims = (f"synthetic {kind}" for kind in ("regression", "counts", "positive", "claims"))
    intervals = "synthetic times, intervals"
    binary, soft, five = "synthetic binary", "synthetic soft labels", "synthetic 5 classes"
    xgboost = [
        *_on("reg:squarederror", real, scale_pos_weight=3.0),
        *_on("reg:squaredlogerror", positive),
        *_on("reg:logistic", soft),
        *_on("binary:logistic", binary, scale_pos_weight=2.5),
        *_on("binary:logitraw", binary, scale_pos_weight=0.4),
        *_on("binary:hinge", binary),
        *_on("reg:pseudohubererror", real),
        *_on("reg:absoluteerror", real),
        *_on("reg:quantileerror", real),
        *_on("reg:quantileerror", real, quantile_alpha=(0.05, 0.95)),
        *_on("reg:expectileerror", real, expectile_alpha=0.9),
        *_on("reg:expectileerror", real, expectile_alpha=(0.05, 0.95)),
        *_on("count:poisson", counts),
        *_on("count:poisson", counts, max_delta_step=0.3),
        *_on("reg:gamma", positive),
        *_on("reg:gamma", counts + " above 0", scale_pos_weight=2.0),
        *_on("reg:tweedie", claims, tweedie_variance_power=1.2),
        *_on("multi:softmax", five),
        *_on("multi:softprob", five),
        *_on("survival:cox", "synthetic times, signed"),
        *_on("survival:aft", intervals),
        *_on("survival:aft", intervals, aft_loss_distribution="logistic", aft_loss_distribution_scale=0.4),
        *_on("survival:aft", intervals, aft_loss_distribution="extreme", aft_loss_distribution_scale=1.7),
        *_on("rank:ndcg", _QUERIES, lambdarank_num_pair_per_sample=5),
        *_on("rank:ndcg", _QUERIES, lambdarank_normalization=False, ndcg_exp_gain=False),
        *_on("rank:ndcg", _QUERIES, lambdarank_pair_method="mean", ndcg_exp_gain=False, lambdarank_num_pair_per_sample=3),
        *_on("rank:ndcg", _QUERIES, lambdarank_unbiased=True),
        *_on("rank:pairwise", _QUERIES, lambdarank_score_normalization=False),
        *_on("rank:pairwise", _QUERIES, lambdarank_pair_method="mean"),
        *_on("rank:pairwise", _QUERIES, lambdarank_unbiased=True, lambdarank_bias_norm=0.5),
        *_on("rank:map", _CLICKS, lambdarank_pair_method="mean", lambdarank_num_pair_per_sample=2),
        *_on("rank:map", _CLICKS, lambdarank_unbiased=True, lambdarank_pair_method="mean"),
    ]
    lightgbm = [
        *_on("lightgbm:regression", real),
        *_on("lightgbm:regression", real, reg_sqrt=True),
        *_on("lightgbm:regression_l1", real),
        *_on("lightgbm:quantile", real),
        *_on("lightgbm:mape", counts),
        *_on("lightgbm:huber", real),
        *_on("lightgbm:fair", real),
        *_on("lightgbm:poisson", counts, poisson_max_delta_step=0.3),
        *_on("lightgbm:gamma", positive),
        *_on("lightgbm:tweedie", claims, tweedie_variance_power=1.2),
        *_on("lightgbm:binary", binary, is_unbalance=True, sigmoid=1.7),
        *_on("lightgbm:binary", binary, scale_pos_weight=2.5),
        *_on("lightgbm:multiclass", five),
        *_on("lightgbm:multiclassova", five, is_unbalance=True),
        *_on("lightgbm:multiclassova", five, sigmoid=1.7, scale_pos_weight=2.5),
        *_on("lightgbm:cross_entropy", soft),
        *_on("lightgbm:cross_entropy_lambda", soft),
    ]
    ranking = [  # the start is 0 in any case
        *_on("lightgbm:lambdarank", _QUERIES, sigmoid=1.7, lambdarank_truncation_level=5),
        *_on("lightgbm:lambdarank", _QUERIES, lambdarank_norm=False),
        *_on("lightgbm:lambdarank", _QUERIES, label_gain=(0.0, 1.0, 3.0, 3.5, 15.0)),
        *_on("lightgbm:lambdarank", _PLACES, lambdarank_position_bias_regularization=1.5),
        *_on("lightgbm:rank_xendcg", _QUERIES, objective_seed=7),
    ]
    return [*xgboost, *lightgbm, *(dataclasses.replace(case, start="0") for case in lightgbm), *ranking]


def exists(case: Case) -> bool:
    """Whether the installed version of the booster has the objective, with these parameters."""
    version = __import__(case.booster).__version__
    values = {**builtins.names()[case.objective].defaults(), **dict(case.objective_params)}
    if case.data == _PLACES and builtins.version_of(version) < (4, 1):
        return False  # its Dataset has no positions
    return builtins.row_for(case.objective, values, version) is not None


def claimed(everything: bool = False) -> list[Case]:
    """What `boostobj parity` runs: every claim of the table, on real data, with and without weights; `--all` has more."""
    one = [case for case in _real() + (_more() if everything else []) if exists(case)]
    return [dataclasses.replace(case, weighted=weighted) for case in one for weighted in (False, True)]


def row(result: Result) -> dict[str, Any]:
    """A result as one row of the table, in the words a reader needs."""
    case = result.case
    first = result.first_different_tree
    return {
        "booster": f"{case.booster} {result.version}",
        "objective": case.label.removeprefix("lightgbm:"),
        "data": case.data,
        "weights": "yes" if case.weighted else "no",
        "start": "base_score" if case.booster == "xgboost" else case.start,
        "rounds": case.rounds,
        "trees": result.trees,
        "leaves": result.leaves,
        "identical": "yes" if result.identical else "NO" if first is None else f"NO, from tree {first}",
        "raw": result.raw_difference,
        "prediction": result.prediction_difference,
        "built-in s": round(result.seconds_builtin, 3),
        "ours s": round(result.seconds_ours, 3),
    }


def environment() -> dict[str, str]:
    """What a result depends on."""
    import lightgbm
    import numba
    import xgboost

    return {
        "python": platform.python_version(),
        "xgboost": xgboost.__version__,
        "lightgbm": lightgbm.__version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
    }
