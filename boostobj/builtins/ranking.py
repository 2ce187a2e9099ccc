"""The ranking objectives of both boosters: what their kernels are handed, what lasts from round to round, and their rows.

Source: src/objective/lambdarank_obj.{h,cc} and src/common/ranking_utils.{h,cc} of XGBoost's releases;
src/objective/rank_objective.hpp and src/metric/dcg_calculator.cpp of LightGBM's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import loops
from ..domain import NON_NEGATIVE, POSITIVE, REAL, Ascending, Choice, Interval, Optional, Parameter, first_bad
from ..ranks import discounts
from . import Native, Step, lightgbm, pairs, version_of, xgboost

Values = Mapping[str, Any]
Weight = np.ndarray | None

_f4 = np.float32
_ONE = _f4(1)

_METHODS = ("topk", "mean")
_DEFAULT_PAIRS = {"topk": 32, "mean": 1}
_PLACES = 32
"""Of how many places XGBoost tracks the bias where pairs are drawn."""


def _count(values: Values) -> int:
    return int(values["lambdarank_num_pair_per_sample"] or _DEFAULT_PAIRS[values["lambdarank_pair_method"]])


def _weight_norm(step: Step) -> np.float32:
    """The number of groups over the sum of their weights."""
    assert step.bounds is not None
    weight = step.group_weight
    if step.weight is None:
        return _ONE
    if weight is None:
        weight = step.weight[np.minimum(step.bounds[:-1], step.weight.size - 1)]
    total = float(np.add.accumulate(weight, dtype=np.float64)[-1])
    return _f4(weight.size / total) if total else _ONE  # all weights are 0: the loop says so


def _depends_on_the_round(values: Values) -> str | None:
    if values["lambdarank_unbiased"]:
        return "lambdarank_unbiased=True learns from round to round"
    if values["lambdarank_pair_method"] == "mean":
        return "lambdarank_pair_method='mean' draws other pairs in every round"
    return None


def _seeds(step: Step, memory: Mapping[str, Any], groups: int) -> np.ndarray:
    """The state of minstd_rand for each group, as it begins this round."""
    number, round_ = version_of(step.version), memory["round"]
    if number < (3,):
        state = round_ % pairs.MODULUS or 1
        states = np.empty(groups, np.int64)
        for q in range(groups):
            states[q] = state
            state = state * pairs.MULTIPLIER % pairs.MODULUS
        return states
    if number < (3, 4):
        base = (round_ + (number >= (3, 1))) * groups
    else:
        base = _drawn_by_learner(memory)
    states = (base + np.arange(groups)) % 2**32 % pairs.MODULUS
    return np.where(states == 0, 1, states)


def _drawn_by_learner(memory: Mapping[str, Any]) -> int:
    """A number from XGBoost's own generator, as its objective draws one in each round since 3.4."""
    booster = memory.get("booster")
    if booster is None:  # before training, when XGBoost estimates base_score
        return _twister(memory.get("seed") or 0).random_raw()
    config = json.loads(booster.save_config())
    words = config["learner"]["generic_param"]["rng_state"].split()
    generator = np.random.MT19937()
    key = np.array(words[:-1], np.uint64).astype(np.uint32)
    generator.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": int(words[-1])}}
    if memory["round"] == 0 and memory.get("estimated"):
        generator.random_raw()  # for the estimate of base_score
    drawn = int(generator.random_raw())
    state = generator.state["state"]
    config["learner"]["generic_param"]["rng_state"] = " ".join(map(str, [*state["key"].tolist(), state["pos"]]))
    booster.load_config(json.dumps(config))
    return drawn


def _twister(seed: int) -> np.random.MT19937:
    """std::mt19937 of a seed."""
    generator = np.random.RandomState(int(seed) % 2**32)._bit_generator
    assert isinstance(generator, np.random.MT19937)
    return generator


def _bias(step: Step, values: Values) -> tuple[np.ndarray, ...]:
    """Biases of the places, of more and less relevant documents, and room for the losses that they are estimated from."""
    if not values["lambdarank_unbiased"]:
        return (np.empty(0),) * 4
    assert step.bounds is not None and step.memory is not None
    if "bias" not in step.memory:
        largest = int(np.diff(step.bounds).max(initial=0))
        places = _count(values) if values["lambdarank_pair_method"] == "topk" else min(largest, _PLACES)
        step.memory["bias"] = np.ones(places), np.ones(places)
        step.memory["bias power"] = 1.0 / (1.0 + float(values["lambdarank_bias_norm"]))
    step.memory["bias losses"] = np.zeros(len(step.y)), np.zeros(len(step.y))
    return *step.memory["bias"], *step.memory["bias losses"]


def _learn_bias(step: Step, grad: np.ndarray, hess: np.ndarray) -> None:
    """The biases for the next round: equations 30 and 31 of Hu et al. 2019, Unbiased LambdaMART."""
    if step.memory is None or "bias" not in step.memory:
        return
    assert step.bounds is not None
    power = step.memory["bias power"]
    for bias, losses in zip(step.memory["bias"], step.memory.pop("bias losses"), strict=True):
        total = np.zeros(bias.size)
        with np.errstate(over="ignore"):  # where a pair's loss is infinite XGBoost's model is lost: its bias stays
            for first, last in zip(step.bounds[:-1], step.bounds[1:], strict=True):
                m = min(last - first, bias.size)
                total[:m] += losses[first : first + m]
        if total[0] >= 1e-16 and np.isfinite(total).all():
            bias[:] = [math.pow(v / total[0], power) for v in total.tolist()]


def _prepare_pairs(step: Step, values: Values) -> tuple[Any, ...]:
    assert step.bounds is not None
    drawn, count = values["lambdarank_pair_method"] == "mean", _count(values)
    number = version_of(step.version)
    factor = 1.0  # what multiplies a group; 0: found from its gradients
    if values["lambdarank_normalization"]:
        factor = 1.0 / count if drawn and number >= (3,) else 0.0
    states = np.empty(0, np.int64)
    if drawn:
        assert step.memory is not None
        states = _seeds(step, step.memory, step.bounds.size - 1)
    apart = bool(values["lambdarank_score_normalization"]) or number < (3,)
    discount = discounts(int(np.diff(step.bounds).max(initial=0)))
    exponential = bool(values["ndcg_exp_gain"])
    pairing = (count, states, factor, apart, exponential, discount, _weight_norm(step))
    return pairing, (step.bounds, *_bias(step, values))


def _pairs_start(kernel_: Any) -> Any:
    """One Newton step from scores of 0."""

    def start(step: Step, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
        assert step.bounds is not None
        n = len(step.y)
        grad, hess = np.empty(n, _f4), np.empty(n, _f4)
        given = {**values, "lambdarank_unbiased": False}  # all biases are 1 at first
        memory = {"round": 0, **(step.memory or {})}
        parameters = _prepare_pairs(Step(**{**vars(step), "memory": memory}), given)
        loop = loops.native_groupwise(kernel_, False)
        ends = -loops.LARGEST_FLOAT32, loops.LARGEST_FLOAT32, False
        y, raw = np.ascontiguousarray(step.y, _f4), np.zeros(n, _f4)
        weights = np.ascontiguousarray(loops.weight_array(step.weight, y), _f4)
        loop(0, step.bounds.size - 1, step.bounds, y, raw, weights, parameters, *ends, grad, hess)
        return np.array([xgboost.newton(grad, hess, threads)])

    return start


_GRADES = Interval(0, 31, "both", integer=True)
_GAINS = Interval(0, 1000, "both")
_YES_OR_NO = Interval(0, 1, "both", integer=True)
_SWITCH = Choice((True, False))
_PAIR_PARAMETERS = (
    Parameter("lambdarank_pair_method", "topk", Choice(_METHODS), typical=("mean",)),
    Parameter("lambdarank_num_pair_per_sample", None, Optional(Interval(1, 2**31, "both", True)), typical=(3,)),
    Parameter("lambdarank_normalization", True, _SWITCH, typical=(False,)),
    Parameter("lambdarank_score_normalization", True, _SWITCH, typical=(False,)),
    Parameter("lambdarank_unbiased", False, _SWITCH, typical=(True,)),
    Parameter("lambdarank_bias_norm", 1.0, NON_NEGATIVE, typical=(0.5,)),
    Parameter("ndcg_exp_gain", True, _SWITCH, typical=(False,)),
)


def _pair_rows(
    name: str, textbook: str, kernels: tuple[Any, Any], labels: Interval, mirror: dict[str, str], **given: Any
) -> tuple[Native, ...]:
    """Of the pairs with the first documents, as they are or unbiased, and of drawn pairs, whose number is no truncation."""

    def row(kernel: Any, mirror: dict[str, str], **wanted: Any) -> Native:
        wanted |= given
        return Native(
            "xgboost", name, textbook, kernel, _pairs_start(kernel), labels, _PAIR_PARAMETERS, mirror,
            prepare=_prepare_pairs, finish=_learn_bias, groups="queries", remembers=_depends_on_the_round, hessian="",
            smooth=True, when=lambda values: all(values[key] == value for key, value in wanted.items()),
        )  # fmt: skip

    plain, one_by_one = kernels
    undrawn = {k: v for k, v in mirror.items() if v != "truncation"}
    return (
        row(plain, mirror, lambdarank_pair_method="topk", lambdarank_unbiased=False),
        row(one_by_one, mirror, lambdarank_pair_method="topk", lambdarank_unbiased=True),
        row(one_by_one, undrawn, lambdarank_pair_method="mean"),
    )


_DEPTH = {"lambdarank_num_pair_per_sample": "truncation"}
_NDCG_MIRROR = {**_DEPTH, "ndcg_exp_gain": "exponential"}


# ---------------------------------------------------------------------------------------------------------------------
# LightGBM


def _no_start(step: Step, weight: Weight, k: int, values: Values, threads: int) -> np.ndarray:
    return np.zeros(1)


_DEFAULT_GAINS = np.array([2.0**grade - 1.0 for grade in range(31)])


def _gains(values: Values) -> np.ndarray:
    given = values["label_gain"]
    return _DEFAULT_GAINS if given is None else np.array([lightgbm.as_read(v) for v in given])


def _places(data: Any) -> np.ndarray | None:
    """Of each document of a Dataset, which of the places it was shown at; None if it has none."""
    found = getattr(data, "position", None)
    if found is None:
        return None
    return np.unique(np.asarray(found), return_inverse=True)[1].astype(np.int64).ravel()


def _prepare_lambdarank(step: Step, values: Values) -> tuple[Any, ...]:
    assert step.bounds is not None
    gains = _gains(values)
    if values["label_gain"] is not None and step.y.max(initial=0) >= gains.size:
        allowed = f"below {gains.size}, the number of gains in label_gain"
        raise first_bad("lightgbm:lambdarank", "y", allowed, step.y, step.y >= gains.size)
    place, bias = np.empty(0, np.int64), np.empty(0, _f4)
    if getattr(step.data, "position", None) is not None:
        if step.memory is None:
            raise ValueError(
                "lightgbm:lambdarank: the Dataset has positions, whose bias is learnt from round to round, and a callable is"
                " not told the round: train with boostobj.train"
            )
        if "place" not in step.memory:
            found = _places(step.data)
            assert found is not None
            step.memory["place"] = found
            step.memory["bias"] = np.zeros(found.max(initial=-1) + 1, _f4)
            step.memory["regularization"] = lightgbm.as_read(values["lambdarank_position_bias_regularization"])
        place, bias = step.memory["place"], step.memory["bias"]
    discount = discounts(int(np.diff(step.bounds).max(initial=0)))
    truncation, normalised = int(values["lambdarank_truncation_level"]), bool(values["lambdarank_norm"])
    return (lightgbm.as_read(values["sigmoid"]), normalised, truncation, gains, discount), (step.bounds, place, bias)


def _first(params: Mapping[str, Any], names: tuple[str, ...], otherwise: Any) -> Any:
    return next((params[name] for name in names if params.get(name) is not None), otherwise)


def _learn_place(step: Step, grad: np.ndarray, hess: np.ndarray) -> None:
    """One Newton step of the biases of the places, in the order of the rows, as LightGBM takes it on one thread."""
    if step.memory is None or "place" not in step.memory:
        return
    place, bias, rate = step.memory["place"], step.memory["bias"], step.memory["regularization"]
    learning_rate = float(_first(step.memory.get("params", {}), ("learning_rate", "shrinkage_rate", "eta"), 0.1))
    count = np.bincount(place, minlength=bias.size)
    first, second = (-np.bincount(place, weights=v, minlength=bias.size) for v in (grad, hess))
    wide = bias.astype(np.float64)
    first -= wide * rate * count
    second -= rate * count
    bias[:] = wide + learning_rate * first / (np.abs(second) + 0.001)


def _prepare_xendcg(step: Step, values: Values) -> tuple[Any, ...]:
    assert step.memory is not None
    seed = values["objective_seed"]
    if seed is None:
        seed = 5
        general = _first(step.memory.get("params", {}), ("seed", "random_seed", "random_state"), None)
        if general is not None:  # LightGBM makes all its seeds from this one; objective_seed is the fifth
            state = int(general) & pairs.LOW32
            for _ in range(5):
                state = (pairs.FACTOR * state + pairs.SUMMAND) & pairs.LOW32
            seed = ((state >> 16) & 0x7FFF) % 32767
    return int(seed), int(step.memory["round"])


def _draws(values: Values) -> str:
    return "it draws other numbers in every round"


def _no_textbook_gain(y: np.ndarray, values: Values) -> None:
    if values["label_gain"] is not None:
        raise ValueError("lightgbm:lambdarank: label_gain gives gains that no textbook has")


_RANK_PARAMETERS = (
    Parameter("sigmoid", 1.0, POSITIVE, typical=(1.7,)),
    Parameter("lambdarank_truncation_level", 30, Interval(1, 2**31 - 1, "both", True), typical=(5,)),
    Parameter("lambdarank_norm", True, _SWITCH, typical=(False,)),
    Parameter("label_gain", None, Optional(Ascending(REAL))),
    Parameter("lambdarank_position_bias_regularization", 0.0, NON_NEGATIVE, typical=(1.5,)),
)


def _rank_row(labels: Interval, default: bool) -> Native:
    return Native(
        "lightgbm", "lambdarank", "lambda_ndcg", pairs.lambdarank, _no_start, labels, _RANK_PARAMETERS,
        {"sigmoid": "sigmoid", "lambdarank_truncation_level": "truncation"}, _no_textbook_gain, _prepare_lambdarank,
        finish=_learn_place, groups="queries", hessian="", smooth=True,
        when=lambda values: (values["label_gain"] is None) == default,
    )  # fmt: skip


# Of the rows of a name the last is what `builtins.names` shows: that of the defaults.
ROWS: tuple[Native, ...] = (
    *_pair_rows("rank:ndcg", "lambda_ndcg", (pairs.ndcg, pairs.ndcg_one_by_one), _GAINS, _NDCG_MIRROR, ndcg_exp_gain=False),
    *_pair_rows("rank:ndcg", "lambda_ndcg", (pairs.ndcg, pairs.ndcg_one_by_one), _GRADES, _NDCG_MIRROR, ndcg_exp_gain=True),
    *_pair_rows("rank:pairwise", "pairwise_logistic", (pairs.pairwise, pairs.pairwise_one_by_one), REAL, {}),
    *_pair_rows("rank:map", "lambda_map", (pairs.average_precision, pairs.average_precision_one_by_one), _YES_OR_NO, _DEPTH),
    _rank_row(Interval(0, 1000, "both", integer=True), False),
    _rank_row(Interval(0, 30, "both", integer=True), True),
    Native(
        "lightgbm", "rank_xendcg", "xe_ndcg", pairs.rank_xendcg, _no_start, _GRADES,
        (Parameter("objective_seed", None, Optional(Interval(-(2**31), 2**31 - 1, "both", True)), typical=(7,)),),
        prepare=_prepare_xendcg, groups="queries", remembers=_draws, hessian="", smooth=True,
    ),
)  # fmt: skip
