"""What the boosters' own scikit-learn estimators do around train: containers, metrics, predictions, importances.

`XGBoost` and `LightGBM` have the same methods; what they do is what XGBModel and LGBMModel of that booster do, so that the
numbers are the same.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import protocol
from ..links import LINKS
from ..metrics import Metric
from ..objective import Objective
from . import common, records, train
from .frames import refuse_frames


@dataclasses.dataclass(frozen=True)
class Rows:
    """Checked data of one target: labels of shape (n,), or (n, 2) where they are ends of intervals."""

    x: Any
    y: np.ndarray
    weight: np.ndarray | None = None
    offset: np.ndarray | None = None
    group: np.ndarray | None = None

    def labels(self) -> dict[str, Any]:
        """What both boosters' containers call the same."""
        found: dict[str, Any] = {"weight": self.weight, "group": self.group}
        if self.y.ndim == 1:
            found["label"] = self.y
        return found

    def bound(self, container: Any) -> Any:
        """The container, with the ends of the intervals."""
        if self.y.ndim == 2:
            protocol.set_bounds(container, *self.y.T)
        return container


@dataclasses.dataclass(frozen=True)
class Fit:
    """One training: `rows`, the sets that are evaluated by their names, and what is done besides."""

    rows: Rows
    evals: Mapping[str, Rows]
    objective: str | Objective
    rounds: int
    early_stopping_rounds: int | None
    leaf: str
    metrics: Sequence[Any]
    callbacks: Sequence[Any]
    init_model: Any
    num_class: int | None
    progress: Any = False

    def metric_names(self) -> list[str]:
        return [m for m in self.metrics if isinstance(m, str)]

    def metric_functions(self) -> list[Callable[..., Any]]:
        return [m for m in self.metrics if not isinstance(m, str)]


def _results(booster_writes: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, dict[str, list[float]]]:
    return {name: {metric: list(values) for metric, values in of.items()} for name, of in booster_writes.items()}


@dataclasses.dataclass(frozen=True)
class XGBoost:
    """`given` are the parameters as XGBModel takes them, those of its containers among them; None means not given."""

    given: Mapping[str, Any]

    name = "xgboost"
    sparse = ("csr", "csc", "coo")
    importance = ("weight", "gain", "cover", "total_gain", "total_cover")
    _OF_CONTAINERS = ("missing", "enable_categorical", "feature_types", "feature_weights")

    def params(self) -> dict[str, Any]:
        found = {n: v for n, v in self.given.items() if v is not None and n not in self._OF_CONTAINERS}
        if "boosting" in found:  # under XGBoost's own name for it estimators have the library
            found["booster"] = found.pop("boosting")
        return found

    def settled(self, objective: str | Objective) -> Objective:
        """The objective with those of its parameters that were given beside it."""
        from .xgboost import aliases

        return common.settled(objective, self.params(), self.name, aliases)[0]

    def train(self, fit: Fit) -> tuple[Any, dict[str, dict[str, list[float]]]]:
        with self._as_loud_as_asked():
            return self._trained(fit)

    def _trained(self, fit: Fit) -> tuple[Any, dict[str, dict[str, list[float]]]]:
        made = self._container(fit.rows, None, fit.leaf)
        evals = [(made if of is fit.rows else self._container(of, made, fit.leaf), name) for name, of in fit.evals.items()]
        params = self.params()
        if fit.num_class:
            params["num_class"] = fit.num_class
        if fit.metric_names():
            params["eval_metric"] = fit.metric_names()
        more: dict[str, Any] = {}
        functions = fit.metric_functions()
        if functions and all(isinstance(f, Metric) for f in functions):
            more["metric"] = functions
        elif functions:
            objective = self.settled(fit.objective)
            functions = [common.bound(f, objective) if isinstance(f, Metric) else f for f in functions]
            more["custom_metric"] = functions[0] if len(functions) == 1 else _all_of(functions)
        if fit.early_stopping_rounds is not None:
            more["early_stopping_rounds"] = fit.early_stopping_rounds
        if fit.init_model is not None:
            more["xgb_model"] = fit.init_model
        results: dict[str, Any] = {}
        booster = train(
            params,
            made,
            fit.rounds,
            objective=fit.objective,
            leaf=fit.leaf,
            evals=evals,
            evals_result=results,
            verbose_eval=False,
            callbacks=list(fit.callbacks),
            progress=fit.progress,
            **more,
        )
        return booster, _results(results)

    def _as_loud_as_asked(self) -> Any:
        """XGBoost's level is the process's."""
        import xgboost

        level = self.given.get("verbosity")
        return contextlib.nullcontext() if level is None else xgboost.config_context(verbosity=level)

    def _of_containers(self) -> dict[str, Any]:
        found = {n: self.given[n] for n in self._OF_CONTAINERS if self.given.get(n) is not None}
        return {"enable_categorical": True, "nthread": self.given.get("n_jobs"), **found}

    def _container(self, rows: Rows, reference: Any, leaf: str) -> Any:
        import xgboost

        made = {"data": rows.x, **rows.labels(), "base_margin": rows.offset, **self._of_containers()}
        if leaf == "newton" and self._quantiles():
            try:
                made_quantile = xgboost.QuantileDMatrix(**made, ref=reference, max_bin=self.given.get("max_bin"))
                return rows.bound(made_quantile)
            except TypeError:  # it takes fewer types of data
                pass
        return rows.bound(xgboost.DMatrix(**made))

    def _quantiles(self) -> bool:
        """Whether XGBModel makes a QuantileDMatrix."""
        method, device = self.given.get("tree_method"), self.given.get("device")
        linear = self.params().get("booster") == "gblinear"
        return method in ("hist", "gpu_hist", None, "auto") and not linear and not (device and "sycl" in str(device))

    def rounds(self, booster: Any) -> int:
        """How many rounds predictions are made of."""
        try:
            return int(booster.best_iteration) + 1
        except AttributeError:
            return int(booster.num_boosted_rounds())

    def predict(self, booster: Any, objective: Objective, x: Any, offset: np.ndarray | None, *, raw: bool) -> np.ndarray:
        with self._as_loud_as_asked():
            if raw or self._carries(objective):
                return self._predicted(booster, x, offset, raw)
            return objective.inverse_link(self._predicted(booster, x, offset, True))

    def _carries(self, objective: Objective) -> bool:
        """Whether an objective of XGBoost has the link, so that its predictions are on the scale of the target."""
        if objective._native_by_default(self.name):
            return True
        identity = LINKS["identity"].xgboost
        return objective._slope() == 1.0 and (objective.link == "identity" or LINKS[objective.link].xgboost != identity)

    def _predicted(self, booster: Any, x: Any, offset: np.ndarray | None, raw: bool) -> np.ndarray:
        import xgboost

        linear = self.params().get("booster") == "gblinear"
        try:
            rounds = (0, booster.best_iteration + 1)
        except AttributeError:  # no early stopping
            rounds = (0, 0)
        if not linear:
            try:
                return booster.inplace_predict(
                    x,
                    iteration_range=rounds,
                    predict_type="margin" if raw else "value",
                    missing=self.given.get("missing", np.nan),
                    base_margin=offset,
                )
            except TypeError:  # it takes fewer types of data
                pass
        of_containers = {n: v for n, v in self._of_containers().items() if n != "feature_weights"}
        made = xgboost.DMatrix(x, base_margin=offset, **of_containers)
        return booster.predict(made, iteration_range=(0, 0) if linear else rounds, output_margin=raw)

    def importances(self, booster: Any, kind: str | None, n_features: int) -> np.ndarray:
        usual = "weight" if self.params().get("booster") == "gblinear" else "gain"
        score = booster.get_score(importance_type=kind or usual)
        names = booster.feature_names or [f"f{i}" for i in range(n_features)]
        found = np.array([score.get(name, 0.0) for name in names], np.float32)
        total = found.sum()
        return found if total == 0 else found / total


def _all_of(functions: Sequence[Callable[..., Any]]) -> Callable[[np.ndarray, Any], list[Any]]:
    """XGBoost takes one function, and a list of what it measures."""

    def metrics(raw: np.ndarray, dmatrix: Any) -> list[Any]:
        return [function(raw, dmatrix) for function in functions]

    return metrics


@dataclasses.dataclass(frozen=True)
class LightGBM:
    """`given` are the parameters as LGBMModel takes them, categorical_feature among them; None means not given."""

    given: Mapping[str, Any]

    name = "lightgbm"
    sparse = ("csr", "csc")
    importance = ("split", "gain")

    def params(self) -> dict[str, Any]:
        from .lightgbm import aliases

        of_containers = aliases("categorical_feature")
        found = {n: v for n, v in self.given.items() if v is not None and n not in of_containers | {"n_jobs"}}
        if not aliases("num_threads") & set(found):
            found["num_threads"] = self._threads()
        # LightGBM would say what it does, too.
        return found if aliases("verbosity") & set(found) else {**found, "verbosity": 0}

    def _threads(self) -> int:
        """As LGBMModel counts: None is the number of physical cores, and -1 all."""
        import joblib

        n_jobs = self.given.get("n_jobs")
        if n_jobs is None:
            return joblib.cpu_count(only_physical_cores=True)
        return max(joblib.cpu_count() + 1 + n_jobs, 1) if n_jobs < 0 else n_jobs

    def settled(self, objective: str | Objective) -> Objective:
        """The objective with those of its parameters that were given beside it."""
        from .lightgbm import aliases

        return common.settled(objective, self.params(), self.name, aliases)[0]

    def train(self, fit: Fit) -> tuple[Any, dict[str, dict[str, list[float]]]]:
        import lightgbm

        made = self._container(fit.rows)
        evals = {name: made if of is fit.rows else self._container(of) for name, of in fit.evals.items()}
        params = self.params()
        if fit.num_class:
            params["num_class"] = fit.num_class
        if fit.metric_names():
            params["metric"] = fit.metric_names()
        if fit.early_stopping_rounds is not None:
            params["early_stopping_round"] = fit.early_stopping_rounds
        more: dict[str, Any] = {}
        if fit.metric_functions():
            more["feval"] = fit.metric_functions()
        if fit.init_model is not None:
            more["init_model"] = fit.init_model
        results: dict[str, Any] = {}
        booster = train(
            params,
            made,
            fit.rounds,
            objective=fit.objective,
            leaf=fit.leaf,
            valid_sets=list(evals.values()),
            valid_names=list(evals),
            callbacks=[*fit.callbacks, lightgbm.record_evaluation(results)],
            progress=fit.progress,
            **more,
        )
        booster.free_dataset()
        return booster, _results(results)

    def _container(self, rows: Rows) -> Any:
        import lightgbm

        from .lightgbm import aliases

        columns = [self.given[n] for n in aliases("categorical_feature") if self.given.get(n) is not None]
        made = {**rows.labels(), "init_score": rows.offset, "categorical_feature": columns[0] if columns else "auto"}
        return rows.bound(lightgbm.Dataset(rows.x, **made))

    def rounds(self, booster: Any) -> int:
        """How many rounds predictions are made of."""
        return booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()

    def predict(self, booster: Any, objective: Objective, x: Any, offset: np.ndarray | None, *, raw: bool) -> np.ndarray:
        from .lightgbm import aliases

        refuse_frames("predict", x)
        # Predicting, LightGBM resets threads and verbosity to their defaults; early stopping of predictions is asked for here.
        not_again = aliases("num_iterations") | aliases("objective") | {"random_state"}
        told = {n: v for n, v in self.params().items() if n not in not_again}
        if offset is None and (raw or not records.raw_in_lightgbm(objective)):
            return booster.predict(x, raw_score=raw, **told)
        scores = booster.predict(x, raw_score=True, **told)
        if offset is not None:
            scores = scores + offset.reshape(scores.shape)
        return scores if raw else objective.inverse_link(scores)

    def importances(self, booster: Any, kind: str | None, n_features: int) -> np.ndarray:
        return booster.feature_importance(importance_type=kind or "split")


BOOSTERS: Mapping[str, type[XGBoost] | type[LightGBM]] = {"xgboost": XGBoost, "lightgbm": LightGBM}
