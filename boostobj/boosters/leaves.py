"""Leaves set anew after each tree: percentiles, as LightGBM's own objectives do, or the optimum of the loss.

A booster's Newton step chooses the splits; the value of a leaf is then the best constant for its rows at their scores before
the tree, times the learning rate.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import builtins
from ..objective import Groupwise, Objective, Pointwise, Rowwise
from ..registry import BuiltIn
from . import common

Values = Callable[[np.ndarray, int, np.ndarray], np.ndarray]
"""(the leaf of each row, the number of leaves, the raw score of each row) to the best constant of each leaf."""

KINDS = ("newton", "exact")


class NotTheSame(Exception):
    """The reason why a renewal of LightGBM's cannot be reproduced."""


# What a leaf is set to ------------------------------------------------------------------------------------------------


def check(leaf: str, objective: Objective) -> None:
    """Raise ValueError for a kind of leaf that there is not, or that this objective cannot have."""
    if leaf not in KINDS:
        raise ValueError(f"train: leaf must be one of {', '.join(map(repr, KINDS))}, got {leaf!r}")
    if leaf == "newton":
        return
    name = common.public_name(objective)
    if isinstance(objective, BuiltIn):
        raise ValueError(f"train: leaf='exact' is for objectives under our own names; the leaves of {name!r} are the booster's")
    if isinstance(objective, Groupwise):
        raise ValueError(f"train: leaf='exact' needs a loss of single rows: those of {name!r} depend on one another")
    if not objective.convex:
        raise ValueError(f"train: leaf='exact' needs a convex loss: {name!r} may have several minima in a leaf")
    if isinstance(objective, Rowwise) and type(objective).apart is Rowwise.apart:
        raise ValueError(
            f"train: leaf='exact' needs a loss of one score per row, or a sum of such losses: the scores of {name!r} act together"
        )


def optima(objective: Objective, y: np.ndarray, weight: np.ndarray | None, k: int) -> list[Values]:
    """The best constants of each score."""
    y = y.astype(np.float64)
    if isinstance(objective, Rowwise):
        alone = objective.apart(y, k)
        assert alone is not None
    else:
        assert isinstance(objective, Pointwise)
        alone = [(objective, y)]
    weight = np.ones(len(y)) if weight is None else weight.astype(np.float64)
    for o, target in alone:
        _refuse_negative_curvature(o, target)
    return [_optimum(o, target, weight) for o, target in alone]


def _refuse_negative_curvature(objective: Pointwise, y: np.ndarray) -> None:
    """A loss that has not said that it is not convex may show it."""
    y = y[:1000]
    low, high = (y.min(), y.max()) if objective.link == "identity" else (-8.0, 8.0)
    raw = np.random.default_rng(0).permutation(np.linspace(low, high, len(y)))
    _, hess = dataclasses.replace(objective, curvature="exact").grad_hess(y, raw)
    if (hess < 0).any():
        i = int(np.argmin(hess))
        where = f"{hess[i]:.3g} at y={y[i]!r}, raw={raw[i]!r}"
        raise ValueError(f"train: leaf='exact' needs a convex loss: the curvature of {objective!r} is {where}")


def _optimum(objective: Pointwise, y: np.ndarray, weight: np.ndarray) -> Values:
    def values(leaf: np.ndarray, count: int, raw: np.ndarray) -> np.ndarray:
        order, begin = _by_leaf(leaf, count)
        best, _ = objective._best_constants(y[order], weight[order], raw[order].astype(np.float64), begin)
        return best

    return values


def percentiles(row: builtins.Native, parameters: Mapping[str, Any], y: np.ndarray, weight: np.ndarray | None) -> Values:
    """What LightGBM's own objective sets its leaves to."""
    level, row_weight = row.leaves.level(parameters), row.leaves.row_weight(y, weight)

    def values(leaf: np.ndarray, count: int, raw: np.ndarray) -> np.ndarray:
        order, begin = _by_leaf(leaf, count)
        residual = (y - raw)[order]
        sorted_weight = None if row_weight is None else row_weight[order]
        best = np.zeros(count)
        for i in np.flatnonzero(np.diff(begin)):
            part = slice(begin[i], begin[i + 1])
            best[i] = row.leaves.of(residual[part], None if sorted_weight is None else sorted_weight[part], level)
        return best

    return values


def _by_leaf(leaf: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows leaf by leaf, in their order, and where those of each leaf begin."""
    order = np.argsort(leaf.astype(np.uint16) if count <= 2**16 else leaf, kind="stable")  # 16 bits: in linear time
    return order, np.concatenate([[0], np.cumsum(np.bincount(leaf, minlength=count))])


# LightGBM -------------------------------------------------------------------------------------------------------------

_FAINT = 2.0**-76
"""What the learning rate is multiplied with while LightGBM grows a tree, so that its leaves move no score.

A power of two, and above the 1e-35 at which LightGBM takes values for 0: what it has computed for inner nodes is had back
without a rounding.
"""
_ZERO = 1e-35  # kZeroThreshold


class LightGBM:
    """Renews the leaves of a lightgbm.Booster, within its update, so that its scores and evaluations are right.

    A tree is grown with a learning rate so small that no score changes. Its leaves are then set to minus their new values,
    and the tree is rolled back: LightGBM takes it off all its scores, which is the one way to add a tree's values to them, and
    off the model. So the trees are kept here as texts, and written into the model at the end.

    `same` makes sure that LightGBM's own renewal is reproduced, and raises NotTheSame where it is not; `moves`: LightGBM would
    start from the average after all if the first tree had no splits.
    """

    def __init__(
        self, x: Any, rate: float, values: list[Values], kept: Mapping[str, Any], *, same: bool, moves: bool
    ) -> None:
        self.rate = rate
        self._x = x
        self._values = values
        self._kept = kept
        self._same = same
        self._moves = moves
        self._before = 0
        self._trees: list[tuple[str, np.ndarray]] = []  # each with what is written about its inner nodes
        self._text = ""

    def watch(self, booster: Any) -> None:
        """From now on. The callbacks of lightgbm.train are handed the Booster before its first update."""
        self._before = booster.num_trees()
        update, reset_parameter = booster.update, booster.reset_parameter

        def updated(train_set: Any = None, fobj: Any = None) -> bool:
            scores = np.empty(0)

            def gradients(raw: np.ndarray, dataset: Any) -> tuple[np.ndarray, np.ndarray]:
                nonlocal scores
                scores = raw.copy()
                return fobj(raw, dataset)

            empty = update(train_set, fobj=gradients)
            self._take(booster, scores.reshape(len(scores), -1), empty)
            return empty

        def reset(params: Mapping[str, Any]) -> Any:
            from .lightgbm import aliases

            rate = [params[key] for key in aliases("learning_rate") & set(params)]
            rest = {key: value for key, value in params.items() if key not in aliases("learning_rate")}
            if rest and self._same:
                raise NotTheSame(f"{', '.join(rest)} is reset between rounds")
            if rate:
                self.rate = float(rate[0])
                rest["learning_rate"] = self.rate * _FAINT
            return reset_parameter(rest)

        booster.update, booster.reset_parameter = updated, reset

    def leave(self, booster: Any) -> None:
        del booster.update, booster.reset_parameter

    @property
    def faint_rate(self) -> float:
        return self.rate * _FAINT

    def _take(self, booster: Any, scores: np.ndarray, empty: bool) -> None:
        """Renew the trees of one round, and take them over."""
        k = scores.shape[1]
        round_ = booster.num_trees() // k - 1
        self._text = booster.model_to_string(num_iteration=1, start_iteration=round_)
        trees = trees_of(self._text)
        nodes = booster.dump_model(num_iteration=1, start_iteration=round_)["tree_info"]  # with all digits
        if empty:
            if not self._trees and not self._before:  # LightGBM keeps one tree without splits, the first
                if self._same and self._moves:
                    raise NotTheSame("after a first tree without splits LightGBM starts again, from the average")
                self._trees = [(tree, np.empty(0)) for tree in trees]
            return
        leaf = booster.predict(self._x, pred_leaf=True, start_iteration=round_, num_iteration=1, **self._kept)
        leaf = np.asarray(leaf).reshape(len(scores), k)
        new = [np.zeros(1)] * k
        for j, tree in enumerate(trees):
            inner = _rounded(_inner(nodes[j]) / _FAINT)
            faint = numbers(tree, "leaf_value")
            if len(faint) == 1:
                self._trees.append((tree, inner))
                continue
            if self._same and not np.array_equal(np.bincount(leaf[:, j], minlength=len(faint)), numbers(tree, "leaf_count")):
                raise NotTheSame("LightGBM grew a tree on other values than those of the data (it bundles columns)")
            best = self._values[j](leaf[:, j], len(faint), scores[:, j])
            new[j] = _rounded(_rounded(best) * self.rate)
            for i, value in enumerate(new[j] - faint):
                booster.set_leaf_output(round_ * k + j, i, -value)
            self._trees.append((_with_leaves(tree, new[j], self.rate), inner))
        booster.rollback_one_iter()
        if self._same:
            expected = scores[:, 0] + new[0][leaf[:, 0]]
            if not np.array_equal(booster._Booster__inner_predict(data_idx=0), expected):
                raise NotTheSame("LightGBM's scores are not those of the data")

    def restored(self, text: str, best_iteration: int, moved: np.ndarray) -> str:
        """The text of a model that has lost its trees; of the first ones, which will be `moved`, with all digits."""
        body, end, parameters = self._text.partition("\nend of trees")  # LightGBM forgets parameters with the last tree
        head = re.split(r"^Tree=", body, maxsplit=1, flags=re.MULTILINE)[0]
        trees = trees_of(text)[: self._before]
        for i, (tree, inner) in enumerate(self._trees):
            digits = ".17g" if i < len(moved) and moved[i] else "g"
            shown = " ".join(format(v, digits) for v in inner)
            trees.append(re.sub(r"^internal_value=.*$", f"internal_value={shown}", tree, flags=re.MULTILINE))
        if best_iteration > 0:
            k = int(re.search(r"^num_tree_per_iteration=(\d+)$", head, re.MULTILINE)[1])  # type: ignore[index]
            trees = trees[: best_iteration * k]
        numbered = (re.sub(r"\ATree=\d+", f"Tree={i}", tree) for i, tree in enumerate(trees))
        parameters = re.sub(r"^\[learning_rate: .*\]$", f"[learning_rate: {self.rate:g}]", parameters, flags=re.MULTILINE)
        return head.rstrip("\n") + "\n\n" + "".join(numbered) + end + parameters


def trees_of(text: str) -> list[str]:
    return re.split(r"^(?=Tree=\d+$)", text.partition("\nend of trees")[0], flags=re.MULTILINE)[1:]


def numbers(tree: str, key: str) -> np.ndarray:
    (line,) = re.findall(rf"^{key}=(.*)$", tree, re.MULTILINE)
    return np.array(line.split(), np.float64)


def _rounded(values: np.ndarray) -> np.ndarray:
    """As LightGBM's Tree::MaybeRoundToZero."""
    return np.where(np.abs(values) <= _ZERO, 0.0, values)


def _inner(tree: Mapping[str, Any]) -> np.ndarray:
    """What LightGBM writes about the inner nodes of a tree, in their order."""
    found = {}
    rest = [tree["tree_structure"]]
    while rest:
        node = rest.pop()
        if "split_index" in node:
            found[node["split_index"]] = node["internal_value"]
            rest += [node["left_child"], node["right_child"]]
    return np.array([found[i] for i in range(len(found))])


def _with_leaves(tree: str, values: np.ndarray, rate: float) -> str:
    shown = " ".join(f"{v:.17g}" for v in values)
    tree = re.sub(r"^leaf_value=.*$", f"leaf_value={shown}", tree, flags=re.MULTILINE)
    return re.sub(r"^shrinkage=.*$", f"shrinkage={rate:g}", tree, flags=re.MULTILINE)


# XGBoost --------------------------------------------------------------------------------------------------------------


class XGBoost:
    """Renews the leaves of an xgboost.Booster: in scores of its own while it trains, and in the model at the end.

    XGBoost has no way to change a tree that it predicts with but to load a model. So the scores of every data set are kept
    here; the objective and the evaluation look at them.
    """

    def __init__(
        self, objective: Callable[..., Any], params: dict[str, Any], sets: list[Any], values: list[Values], rate: float
    ) -> None:
        self._objective = objective
        self._params = params
        self._sets = sets
        self._values = values
        self._rate = rate
        self._forest = int(params.get("num_parallel_tree", 1))
        self._before = 0
        self._scores: dict[int, np.ndarray] = {}
        self._trees: list[np.ndarray] = []

    def gradients(self, raw: np.ndarray, dtrain: Any) -> Any:
        return self._objective(self._scores[id(dtrain)].reshape(raw.shape), dtrain)

    def watch(self, booster: Any) -> None:
        """From now on. The callbacks of xgboost.train are handed the Booster before its first update."""
        import xgboost

        k = len(self._values)
        self._before = len(trees_in(json.loads(booster.save_raw("json")))["trees"])
        for data in self._sets:
            self._scores[id(data)] = booster.predict(data, output_margin=True).reshape(data.num_row(), k)
        empty = xgboost.Booster(self._params, self._sets)
        update, set_param = booster.update, booster.set_param

        def updated(dtrain: Any, iteration: int, fobj: Any = None) -> None:
            update(dtrain, iteration, fobj=fobj)
            self._take(booster, dtrain)

        def evaluated(evals: Any, iteration: int = 0, feval: Any = None, output_margin: bool = True) -> Any:
            with self._shown(data for data, _ in evals):
                return empty.eval_set(evals, iteration, feval, output_margin)

        def set_(params: Any, value: Any = None) -> None:
            for name, given in [(params, value)] if isinstance(params, str) else dict(params).items():
                if name in ("eta", "learning_rate"):
                    self._rate = float(given)
            set_param(params, value)

        booster.update, booster.eval_set, booster.set_param = updated, evaluated, set_

    def leave(self, booster: Any) -> None:
        for name in ("update", "eval_set", "set_param"):
            vars(booster).pop(name, None)  # not there in the copy that early stopping makes

    @contextlib.contextmanager
    def _shown(self, sets: Iterable[Any]) -> Iterator[None]:
        """With the scores as base margins, which a model without trees predicts."""
        before = {id(data): (data, data.get_base_margin()) for data in sets}
        try:
            for data, _ in before.values():
                data.set_base_margin(self._scores[id(data)])
            yield
        finally:
            for data, margin in before.values():
                data.set_base_margin(margin)

    def _take(self, booster: Any, dtrain: Any) -> None:
        """The trees of one round: their new leaves, and what these add to the scores."""
        import xgboost

        round_ = booster.num_boosted_rounds() - 1
        newest = booster[round_ : round_ + 1]
        try:
            nodes = {id(data): newest.predict(data, pred_leaf=True).reshape(data.num_row(), -1) for data in self._sets}
        except xgboost.core.XGBoostError as error:
            raise ValueError(f"train: leaf='exact': XGBoost does not say the leaves of this data: {error}") from error
        nodes = {key: node.astype(np.intp) for key, node in nodes.items()}
        before = self._scores[id(dtrain)].copy()
        for tree in range(nodes[id(dtrain)].shape[1]):
            j = tree // self._forest
            count = 1 + max(node[:, tree].max(initial=0) for node in nodes.values())
            best = self._values[j](nodes[id(dtrain)][:, tree], count, before[:, j])
            values = (best * (float(np.float32(self._rate)) / self._forest)).astype(np.float32)
            self._trees.append(values)
            for key, node in nodes.items():
                self._scores[key][:, j] += values[node[:, tree]]

    def restore(self, model: dict[str, Any]) -> None:
        """The new leaves into a model, the content of its JSON."""
        for tree, values in zip(trees_in(model)["trees"][self._before :], self._trees, strict=False):
            for node, child in enumerate(tree["left_children"]):
                if child == -1:
                    tree["split_conditions"][node] = float(values[node]) if node < len(values) else 0.0


def trees_in(model: dict[str, Any]) -> dict[str, Any]:
    """The part of a model's JSON with the trees."""
    boosting = model["learner"]["gradient_booster"]
    return boosting.get("gbtree", boosting)["model"]
