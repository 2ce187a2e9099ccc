"""Estimators for scikit-learn: XGBoost or LightGBM with any objective, trained by `boostobj.train`.

>>> from sklearn.datasets import load_iris
>>> X, y = load_iris(return_X_y=True, as_frame=True)
>>> model = Classifier(n_estimators=10, max_depth=2, n_jobs=1).fit(X, y.map({0: "setosa", 1: "versicolor", 2: "virginica"}))
>>> model.predict(X[:2]).tolist(), model.predict_proba(X[:2]).shape
(['setosa', 'setosa'], (2, 3))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import check_array, check_consistent_length, column_or_1d, validation
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from .boosters import common, fits, records
from .domain import first_bad
from .loops import LARGEST_FLOAT32
from .objective import Groupwise, Objective
from .registry import get

__all__ = ["Classifier", "Ranker", "Regressor"]

_CLASSES_OF_ONE_SCORE = ("logit", "threshold")
_CLASSES_OF_SEVERAL = ("softmax", "one_vs_all")


class _Asked(NamedTuple):
    """The data that fit is given."""

    X: Any
    y: Any
    sample_weight: Any
    offset: Any
    group: Any
    eval_set: Any
    eval_sample_weight: Any
    eval_offset: Any
    eval_group: Any
    eval_names: Any


class _Estimator(BaseEstimator, ABC):
    """What the estimators share. The parameters are those of `Regressor`."""

    _native: Mapping[str, Any] = MappingProxyType({})
    """The booster's parameters; of the instance only where there are some, since an __init__ is to set nothing else."""

    def __init__(
        self,
        *,
        objective: str | Objective | type[Objective] | None = None,
        booster: str = "xgboost",
        n_estimators: int = 100,
        learning_rate: float | None = None,
        leaf: str = "newton",
        eval_metric: Any = None,
        early_stopping_rounds: int | None = None,
        importance_type: str | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbosity: int | None = None,
        **native: Any,
    ) -> None:
        self.objective = objective
        self.booster = booster
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.leaf = leaf
        self.eval_metric = eval_metric
        self.early_stopping_rounds = early_stopping_rounds
        self.importance_type = importance_type
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbosity = verbosity
        if native:
            self._native = native

    # Parameters -------------------------------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Every parameter, the booster's own among them.

        Parameters
        ----------
        deep : bool
            As in scikit-learn; objectives have no parameters of this kind: search over a list of objectives.

        Returns
        -------
        dict
        """
        return {**super().get_params(deep=deep), **self._native}

    def set_params(self, **params: Any) -> _Estimator:
        """Set parameters; a name that is not the estimator's is the booster's.

        Returns
        -------
        the estimator
        """
        mine = self._get_param_names()
        native = {name: value for name, value in params.items() if name not in mine}
        super().set_params(**{name: value for name, value in params.items() if name in mine})
        if native:
            self._native = {**self._native, **native}
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.target_tags.multi_output = True
        return tags

    def _more_tags(self) -> dict[str, Any]:
        """The same for scikit-learn before 1.6."""
        return {"allow_nan": True, "X_types": ["2darray", "sparse", "categorical"], "multioutput": True}

    def _owner(self) -> str:
        return type(self).__name__

    def _side(self) -> Any:
        """The booster, with its parameters."""
        if self.booster not in fits.BOOSTERS:
            allowed = ", ".join(map(repr, fits.BOOSTERS))
            raise ValueError(f"{self._owner()}: booster must be one of {allowed}, got {self.booster!r}")
        seed = self.random_state
        if isinstance(seed, np.random.RandomState):
            seed = seed.randint(np.iinfo(np.int32).max)
        elif isinstance(seed, np.random.Generator):
            seed = int(seed.integers(np.iinfo(np.int32).max))
        named = ("learning_rate", "n_jobs", "verbosity")
        return fits.BOOSTERS[self.booster](
            {**{name: getattr(self, name) for name in named}, "random_state": seed, **self._native}
        )

    def _chosen(self) -> str | Objective:
        """The objective as `boostobj.train` takes it."""
        if self.objective is None:
            return self._default()
        if isinstance(self.objective, type) and issubclass(self.objective, Objective):
            return self.objective()
        return self.objective

    @abstractmethod
    def _default(self) -> str:
        """The objective where none is given."""

    # Data -------------------------------------------------------------------------------------------------------------

    def _features(self, x: Any, *, reset: bool) -> Any:
        """Data frames as they are, since the boosters read their categories; everything else as a checked array."""
        sparse = fits.BOOSTERS[self.booster].sparse
        frame = hasattr(x, "shape") and (hasattr(x, "columns") or hasattr(x, "column_names"))
        if hasattr(validation, "validate_data"):
            if frame:
                return validation.validate_data(self, x, reset=reset, skip_check_array=True)
            return validation.validate_data(self, x, reset=reset, accept_sparse=sparse, ensure_all_finite=False)
        if frame:  # scikit-learn before 1.6
            return self._validate_data(x, reset=reset, cast_to_ndarray=False)
        return self._validate_data(x, reset=reset, accept_sparse=sparse, force_all_finite=False)

    def _weights(self, weight: Any, x: Any) -> np.ndarray | None:
        if weight is None:
            return None
        return self._not_negative(_check_sample_weight(weight, x))

    def _not_negative(self, weight: np.ndarray) -> np.ndarray:
        if (weight < 0).any():
            raise first_bad(self._owner(), "sample_weight", "not negative", weight, weight < 0)
        return weight

    def _rows(
        self, x: Any, targets: Sequence[np.ndarray], weights: Sequence[np.ndarray | None], offset: Any, group: Any
    ) -> list[fits.Rows]:
        """The data of each target."""
        offsets = self._offsets(offset, len(targets))
        check_consistent_length(x, *targets, *(o for o in offsets[:1] if o is not None))
        return [fits.Rows(x, *of, group) for of in zip(targets, weights, offsets, strict=True)]

    def _offsets(self, offset: Any, count: int) -> list[np.ndarray | None]:
        if offset is None:
            return [None] * count
        offset = check_array(offset, ensure_2d=False, dtype=np.float64, input_name="offset")
        if count == 1 or offset.ndim == 1:
            return [offset] * count
        if offset.shape[1] != count:
            raise ValueError(f"{self._owner()}: y has {count} columns, offset has {offset.shape[1]}")
        return list(np.ascontiguousarray(offset.T))

    @abstractmethod
    def _learn(self, y: Any, side: Any) -> list[np.ndarray]:
        """The targets as the booster takes them, one for each Booster; and what is to be known of them."""

    @abstractmethod
    def _known(self, y: Any) -> list[np.ndarray]:
        """The same of an evaluation set."""

    def _class_weights(self, y: Any, count: int) -> list[np.ndarray | None]:
        return [None] * count

    def _num_class(self, objective: Objective) -> int | None:
        """The parameter num_class, and whether this estimator can do anything with the objective."""
        return None

    def _same_count(self, targets: Sequence[np.ndarray]) -> None:
        if len(targets) != self._count:
            raise ValueError(f"{self._owner()}: y has {self._count} columns, that of an eval_set has {len(targets)}")

    # Training ---------------------------------------------------------------------------------------------------------

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        offset: Any = None,
        eval_set: Sequence[tuple[Any, Any]] | None = None,
        eval_sample_weight: Sequence[Any] | None = None,
        eval_offset: Sequence[Any] | None = None,
        eval_names: Sequence[str] | None = None,
        callbacks: Sequence[Any] | None = None,
        init_model: Any = None,
        progress: Any = False,
    ) -> Any:
        """Train.

        Parameters
        ----------
        X : array, sparse matrix or data frame of shape (n, p)
            NaN is a missing value. Of a data frame the boosters read categories and names.
        y : array of shape (n,) or (n, m)
            Targets; m columns make m models, except that an objective for intervals has their two ends in two columns.
        sample_weight : array of shape (n,), optional
        offset : array of shape (n,) or (n, k), optional
            Added to the raw scores: log(exposure) in a model of counts, see `boostobj.train`.
        eval_set : list of (X, y), optional
            Evaluated in each round.
        eval_sample_weight, eval_offset : list, optional
            One for each of eval_set; None for none.
        eval_names : list of str, optional
            Default: valid_0, valid_1 ..., and "training" for what is trained on.
        callbacks : list, optional
            The booster's own.
        init_model : estimator, Booster or path, optional
            Training goes on from there.
        progress : bool or rich.console.Console
            Whether to show a progress bar, as in `boostobj.train`.

        Returns
        -------
        the estimator

        Raises
        ------
        ValueError
            What does not fit together, and as `boostobj.train`.
        """
        asked = _Asked(X, y, sample_weight, offset, None, eval_set, eval_sample_weight, eval_offset, None, eval_names)
        return self._fit(asked, callbacks, init_model, progress)

    def _fit(self, asked: _Asked, callbacks: Any, init_model: Any, progress: Any) -> Any:
        X, y, sample_weight, offset, group, *_ = asked
        side = self._side()
        if y is None:
            raise ValueError(f"This {self._owner()} estimator requires y to be passed, but the target y is None.")
        x = self._features(X, reset=True)
        targets = self._learn(y, side)
        objective, count = self._chosen(), len(targets)
        weight = self._weights(sample_weight, x)
        weights = [_product(weight, of_classes) for of_classes in self._class_weights(y, count)]
        rows = self._rows(x, targets, weights, offset, group)
        evals: dict[str, list[fits.Rows]] = {}
        for i, (set_x, set_y, set_weight, set_offset, set_group, name) in enumerate(self._sets(asked)):
            given = ((set_x, X), (set_y, y), (set_weight, sample_weight), (set_offset, offset), (set_group, group))
            # LGBMModel asks for these two alone, and LightGBM's early stopping does not look at the training data.
            if all(one is other for one, other in (given[:2] if side.name == "lightgbm" else given)):
                name, its = name or "training", rows
            else:
                set_x = self._features(set_x, reset=False)
                weights = [self._weights(set_weight, set_x)] * count
                name, its = name or f"valid_{i}", self._rows(set_x, self._known(set_y), weights, set_offset, set_group)
            if name in evals:
                raise ValueError(f"{self._owner()}: two of eval_set are called {name!r}; eval_names must differ")
            evals[name] = its
        if self.early_stopping_rounds is not None and not evals:
            raise ValueError(
                f"{self._owner()}: early_stopping_rounds={self.early_stopping_rounds!r} needs an eval_set to be measured on"
            )
        metrics = self.eval_metric if isinstance(self.eval_metric, (list, tuple)) else [self.eval_metric]
        settled = side.settled(objective)
        num_class = self._num_class(settled)
        boosters, results = [], []
        for j in range(count):
            fit = fits.Fit(
                rows=rows[j],
                evals={name: of[j] for name, of in evals.items()},
                objective=objective,
                rounds=self.n_estimators,
                early_stopping_rounds=self.early_stopping_rounds,
                leaf=self.leaf,
                metrics=[m for m in metrics if m is not None],
                callbacks=callbacks or (),
                init_model=_booster_of(init_model, j),
                num_class=num_class,
                progress=progress,
            )
            booster, result = side.train(fit)
            boosters.append(booster)
            results.append(result)
        trained = records.as_trained(settled, boosters[0]) if count == 1 else settled
        self._fitted_side, self._boosters, self._objective = side, boosters, trained
        self.evals_result_ = results[0] if count == 1 else results
        return self

    def _sets(self, asked: _Asked) -> list[tuple[Any, ...]]:
        """X, y, weight, offset, group and name of each evaluation set."""
        sets = [] if asked.eval_set is None else list(asked.eval_set)
        columns = []
        for what in ("eval_sample_weight", "eval_offset", "eval_group", "eval_names"):
            given = getattr(asked, what)
            if given is not None and len(given) != len(sets):
                raise ValueError(f"{self._owner()}: eval_set has {len(sets)} sets, {what} has {len(given)}")
            columns.append([None] * len(sets) if given is None else list(given))
        return [(*xy, *more) for xy, *more in zip(sets, *columns, strict=True)]

    # The fitted model -------------------------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_boosters")

    def _predicted(self, x: Any, offset: Any, *, raw: bool) -> list[np.ndarray]:
        """Of each Booster what its own predict says."""
        check_is_fitted(self)
        x = self._features(x, reset=False)
        offsets = self._offsets(offset, len(self._boosters))
        check_consistent_length(x, *(o for o in offsets[:1] if o is not None))
        of_each = zip(self._boosters, offsets, strict=True)
        return [self._fitted_side.predict(booster, self._objective, x, its, raw=raw) for booster, its in of_each]

    def predict_raw(self, X: Any, offset: Any = None) -> np.ndarray:
        """Raw scores: before the link.

        Parameters
        ----------
        X : array, sparse matrix or data frame of shape (n, p)
        offset : array of shape (n,) or (n, k), optional
            Added to them; without one it is 0.

        Returns
        -------
        array of shape (n,), or (n, k) for k scores per row or k targets; float32 of XGBoost, float64 of LightGBM
        """
        return _side_by_side(self._predicted(X, offset, raw=True))

    @property
    def booster_(self) -> Any:
        """The xgboost.Booster or lightgbm.Booster; of several targets see `boosters_`."""
        check_is_fitted(self)
        if len(self._boosters) > 1:
            raise AttributeError(f"{self._owner()}: there are {len(self._boosters)} Boosters, one for each target: boosters_")
        return self._boosters[0]

    @property
    def boosters_(self) -> list[Any]:
        """The Booster of each target."""
        check_is_fitted(self)
        return list(self._boosters)

    @property
    def objective_(self) -> Objective:
        """The objective that was trained, with its parameters.

        A number stands where one was "auto"; with several targets, each of which has its own, it still says "auto".
        """
        check_is_fitted(self)
        return self._objective

    @property
    def best_iteration_(self) -> int | list[int]:
        """How many rounds predictions are made of: those up to the best, with early stopping; a list for several targets."""
        check_is_fitted(self)
        rounds = [self._fitted_side.rounds(booster) for booster in self._boosters]
        return rounds[0] if len(rounds) == 1 else rounds

    @property
    def feature_importances_(self) -> np.ndarray:
        """Importances of the p features as the booster's own estimator has them; the mean of several targets.

        XGBoost: float32, adding up to 1; importance_type "gain" (the default), "weight", "cover", "total_gain" or
        "total_cover". LightGBM: "split" (the default), numbers of splits, or "gain", their sums.
        """
        check_is_fitted(self)
        if self.importance_type is not None and self.importance_type not in self._fitted_side.importance:
            allowed = ", ".join(map(repr, self._fitted_side.importance))
            raise ValueError(f"{self._owner()}: importance_type must be one of {allowed}, got {self.importance_type!r}")
        kind, count = self.importance_type, self.n_features_in_
        found = [self._fitted_side.importances(booster, kind, count) for booster in self._boosters]
        return found[0] if len(found) == 1 else np.mean(found, axis=0)


def _product(weight: np.ndarray | None, other: np.ndarray | None) -> np.ndarray | None:
    return other if weight is None else weight if other is None else np.multiply(weight, other)


def _side_by_side(columns: list[np.ndarray]) -> np.ndarray:
    """What several targets have, in columns: float64, as scikit-learn expects of them."""
    return columns[0] if len(columns) == 1 else np.column_stack(columns).astype(np.float64, copy=False)


def _booster_of(model: Any, target: int) -> Any:
    return model.boosters_[target] if isinstance(model, _Estimator) else getattr(model, "_Booster", None) or model


class Regressor(RegressorMixin, _Estimator):
    """A regressor: XGBoost or LightGBM with any objective.

    Under a booster's own name ("count:poisson", "lightgbm:tweedie") the predictions are those of XGBRegressor or
    LGBMRegressor with that objective and the same parameters, to the bit.

    Parameters
    ----------
    objective : str or Objective
        A name that `boostobj.get` takes, or an objective; default: squared_error. Parameters of a booster's own objective may
        stand beside it, under the booster's name for them.
    booster : {"xgboost", "lightgbm"}
        Who trains.
    n_estimators : int
        The number of rounds.
    learning_rate : float, optional
        Default: the booster's, 0.3 in XGBoost and 0.1 in LightGBM.
    leaf : {"newton", "exact"}
        What a leaf's value is, see `boostobj.train`.
    eval_metric : str, metrics.Metric, callable or list of them, optional
        Metrics of the booster by their names, of `boostobj.metrics` as objects, and functions as the booster's own train takes
        them. Default: the objective's mean loss.
    early_stopping_rounds : int, optional
        Stop where the metric has not improved for so many rounds: XGBoost looks at the last metric of the last set,
        LightGBM at every one. Needs eval_set.
    importance_type : str, optional
        See feature_importances_.
    random_state : int, RandomState or Generator, optional
    n_jobs : int, optional
        Threads. Default: all cores in XGBoost, the physical cores in LightGBM.
    verbosity : int, optional
        The booster's own levels. Default: warnings. Evaluations are printed by callbacks only.
    **native
        The booster's own parameters, under any of its names: max_depth, reg_lambda, num_leaves, tree_method ...; and what
        its containers take: missing, feature_types, feature_weights (XGBoost), categorical_feature (LightGBM). XGBoost's
        `booster` (gblinear, dart) is called `boosting` here.

    Attributes
    ----------
    booster_, boosters_ : the Booster; the list of them, one for each target
    objective_ : the objective with its parameters
    best_iteration_ : int, the number of rounds that predictions are made of
    evals_result_ : dict of dicts of lists: set, metric, a value for each round
    feature_importances_ : array of shape (p,)
    n_features_in_ : int
    feature_names_in_ : array of str, where X had names

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 1.0, 4.0, 4.0]
    >>> model = Regressor(objective="poisson", n_estimators=200, max_depth=1, min_child_weight=0, reg_lambda=0, n_jobs=1)
    >>> model.fit(X, y).predict(X).round(2).tolist()
    [1.0, 1.0, 4.0, 4.0]
    """

    def _default(self) -> str:
        return "squared_error"

    def _learn(self, y: Any, side: Any) -> list[np.ndarray]:
        self._intervals = side.settled(self._chosen())._wants.interval
        targets = self._targets(y)
        self._count = len(targets)
        return targets

    def _known(self, y: Any) -> list[np.ndarray]:
        targets = self._targets(y)
        self._same_count(targets)
        return targets

    def _targets(self, y: Any) -> list[np.ndarray]:
        y = _plain(y)
        if self._intervals and np.ndim(y) == 2:
            return [np.asarray(y, np.float64)]
        y = check_array(y, ensure_2d=False, input_name="y", estimator=self)
        beyond = ~(np.abs(y.astype(np.float64)) <= LARGEST_FLOAT32)
        if beyond.any():
            raise first_bad(self._owner(), "y", f"within the range of float32 (up to {LARGEST_FLOAT32:.3g})", y, beyond)
        if y.ndim == 2 and y.shape[1] > 1:
            return list(np.ascontiguousarray(y.T))
        return [column_or_1d(y, warn=True)]

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """What the objective estimates: a mean, a median, a quantile ..., on the scale of the target.

        Parameters
        ----------
        X : array, sparse matrix or data frame of shape (n, p)
        offset : array of shape (n,) or (n, k), optional
            Added to the raw scores; without one it is 0.

        Returns
        -------
        array of shape (n,), or (n, k) for k scores per row or k targets; float32 of XGBoost, float64 of LightGBM
        """
        return _side_by_side(self._predicted(X, offset, raw=False))


def _plain(y: Any) -> Any:
    """Columns of other libraries than pandas as arrays."""
    return np.asarray(y) if hasattr(y, "to_numpy") and not hasattr(y, "iloc") else y


def _has_probabilities(estimator: Classifier) -> bool:
    chosen = estimator._chosen()
    objective = get(chosen) if isinstance(chosen, str) else chosen
    return objective.link in ("logit", *_CLASSES_OF_SEVERAL)


class Classifier(ClassifierMixin, _Estimator):
    """A classifier: XGBoost or LightGBM with any objective for classes.

    Classes may be numbers, text, anything that can be sorted. A y of several columns of 0 and 1 means labels that do not
    exclude each other: one model is trained for each. Under a booster's own name ("binary:logistic",
    "lightgbm:multiclass") the predictions are those of XGBClassifier or LGBMClassifier with that objective and the same
    parameters, to the bit; but under "binary:logitraw" XGBClassifier calls raw scores above 1/2 the second class, and this
    estimator those above 0.

    Parameters
    ----------
    objective : str or Objective
        As in `Regressor`; one whose labels are classes. Default: log_loss, and softmax for more than two classes.
    class_weight : dict, "balanced" or list, optional
        Weights of the classes, which multiply sample_weight, as in scikit-learn; not those of eval_set. With several labels
        it is taken for each, or a list has one for each. The probabilities are then those of the weighted data.
    booster, n_estimators, learning_rate, leaf, eval_metric, early_stopping_rounds, importance_type, random_state, n_jobs, \
verbosity, **native
        As in `Regressor`.

    Attributes
    ----------
    classes_ : array of shape (K,); for several labels the two values of each
    n_classes_ : int
    booster_, boosters_, objective_, best_iteration_, evals_result_, feature_importances_, n_features_in_, feature_names_in_
        As in `Regressor`.

    Raises
    ------
    ValueError
        In fit: an objective whose labels are no classes, or that has not as many as y.

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"]
    >>> model = Classifier(n_estimators=20, max_depth=1, min_child_weight=0, n_jobs=1).fit(X, y)
    >>> model.predict(X).tolist()
    ['no', 'no', 'yes', 'yes']
    """

    def __init__(
        self,
        *,
        objective: str | Objective | type[Objective] | None = None,
        class_weight: Any = None,
        booster: str = "xgboost",
        n_estimators: int = 100,
        learning_rate: float | None = None,
        leaf: str = "newton",
        eval_metric: Any = None,
        early_stopping_rounds: int | None = None,
        importance_type: str | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbosity: int | None = None,
        **native: Any,
    ) -> None:
        super().__init__(
            objective=objective,
            booster=booster,
            n_estimators=n_estimators,
            learning_rate=learning_rate,
            leaf=leaf,
            eval_metric=eval_metric,
            early_stopping_rounds=early_stopping_rounds,
            importance_type=importance_type,
            random_state=random_state,
            n_jobs=n_jobs,
            verbosity=verbosity,
            **native,
        )
        self.class_weight = class_weight

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _more_tags(self) -> dict[str, Any]:
        return {**super()._more_tags(), "multilabel": True}

    def _default(self) -> str:
        classes = getattr(self, "classes_", ())
        return "softmax" if len(classes) > 2 else "log_loss"

    # Classes ----------------------------------------------------------------------------------------------------------

    def _learn(self, y: Any, side: Any) -> list[np.ndarray]:
        columns = self._columns(y)
        self._encoder = LabelEncoder().fit(np.concatenate(columns))
        self._count = len(columns)
        self.classes_, self.n_classes_ = self._encoder.classes_, len(self._encoder.classes_)
        return [self._encoder.transform(column) for column in columns]

    def _known(self, y: Any) -> list[np.ndarray]:
        columns = self._columns(y)
        self._same_count(columns)
        return [self._encoder.transform(column) for column in columns]

    def _columns(self, y: Any) -> list[np.ndarray]:
        y = check_array(_plain(y), ensure_2d=False, dtype=None, input_name="y", estimator=self)
        if y.ndim == 1 or y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
            check_classification_targets(y)
            return [y]
        kind = type_of_target(y)
        if kind != "multilabel-indicator":
            raise ValueError(
                f"{self._owner()}: y of several columns must have 0 and 1 in them, one label in each, got {kind}"
            )
        return list(np.ascontiguousarray(y.T))

    def _class_weights(self, y: Any, count: int) -> list[np.ndarray | None]:
        given = self.class_weight
        each = list(given) if isinstance(given, (list, tuple)) else [given] * count
        if len(each) != count:
            raise ValueError(f"{self._owner()}: y has {count} columns, class_weight has {len(each)}")
        columns = self._columns(y)
        return [None if w is None else compute_sample_weight(w, column) for w, column in zip(each, columns, strict=True)]

    def _num_class(self, objective: Objective) -> int | None:
        count = len(self.classes_)
        what = f"{self._owner()}: {common.public_name(objective)!r}"
        if isinstance(objective, Groupwise) or objective.link not in (*_CLASSES_OF_ONE_SCORE, *_CLASSES_OF_SEVERAL):
            links = ", ".join((*_CLASSES_OF_ONE_SCORE, *_CLASSES_OF_SEVERAL))
            raise ValueError(f"{what} has the link {objective.link!r}, but the links of classes are {links}")
        if objective.link in _CLASSES_OF_SEVERAL:
            return max(count, 2)
        if count > 2:
            raise ValueError(f"{what} has two classes, y has {count}; softmax and one_vs_all have several")
        return None

    # Predictions ------------------------------------------------------------------------------------------------------

    def _scores(self, X: Any, offset: Any) -> list[np.ndarray]:
        """Of each target what is highest for the predicted class; with one score that of the second class."""
        check_is_fitted(self)
        # The predictions of these two are raw scores, and classes.
        return self._predicted(X, offset, raw=common.public_name(self._objective) in ("binary:logitraw", "multi:softmax"))

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """The class of each row: the most probable one.

        Parameters
        ----------
        X : array, sparse matrix or data frame of shape (n, p)
        offset : array of shape (n,) or (n, k), optional
            Added to the raw scores; without one it is 0.

        Returns
        -------
        array of shape (n,), or (n, m) for m labels, of the dtype of the classes
        """
        columns = []
        for scores in self._scores(X, offset):
            if scores.ndim == 2:
                codes = scores.argmax(axis=1)
            else:
                half = 0.0 if common.public_name(self._objective) == "binary:logitraw" else 0.5
                codes = (scores > half).astype(np.intp)
            columns.append(self.classes_[np.minimum(codes, len(self.classes_) - 1)])
        return columns[0] if len(columns) == 1 else np.column_stack(columns)

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any, offset: Any = None) -> np.ndarray:
        """The probability of each class; there is none where the objective gives classes alone ("hinge").

        Those of `one_vs_all` are divided by their sum; under the name "lightgbm:multiclassova" they are LightGBM's, and do not
        add up to 1.

        Parameters
        ----------
        X : array, sparse matrix or data frame of shape (n, p)
        offset : array of shape (n,) or (n, k), optional
            Added to the raw scores; without one it is 0.

        Returns
        -------
        array of shape (n, K); of m labels (n, m), the probability of each label
        """
        columns = [self._probabilities(scores) for scores in self._scores(X, offset)]
        if len(columns) > 1:
            return np.column_stack([column[:, 1] for column in columns])
        return columns[0] if len(self.classes_) > 1 else np.ones((len(columns[0]), 1), columns[0].dtype)

    def _probabilities(self, scores: np.ndarray) -> np.ndarray:
        objective = self._objective
        name = common.public_name(objective)
        if name == "multi:softmax":
            from scipy.special import softmax  # as XGBClassifier has it

            return softmax(scores, axis=1)
        if name == "binary:logitraw":
            scores = objective.inverse_link(scores)
        if scores.ndim == 1:
            return np.vstack((1.0 - scores, scores)).T
        if objective.link == "one_vs_all" and common.like(objective) is None:
            return scores / scores.sum(axis=1, keepdims=True)
        return scores

    def decision_function(self, X: Any, offset: Any = None) -> np.ndarray:
        """Raw scores, as scikit-learn wants them: of two classes that of the second beyond that of the first.

        Parameters
        ----------
        X : array, sparse matrix or data frame of shape (n, p)
        offset : array of shape (n,) or (n, k), optional
            Added to the raw scores; without one it is 0.

        Returns
        -------
        array of shape (n,) for two classes, (n, K) for more, (n, m) for m labels; float64
        """
        raw = self._predicted(X, offset, raw=True)
        of_two = [r[:, 1] - r[:, 0] if r.ndim == 2 and r.shape[1] == 2 else r for r in raw]
        return _side_by_side(of_two).astype(np.float64, copy=False)  # scikit-learn 1.4 calibrates no others




class Ranker(_Estimator):
    """A ranker: XGBoost or LightGBM with any objective for groups of rows.

    Under a booster's own name ("rank:ndcg", "lightgbm:lambdarank") the predictions are those of XGBRanker or LGBMRanker with
    that objective and the same parameters, to the bit.

    Parameters
    ----------
    objective : str or Objective
        As in `Regressor`. Default: lambda_ndcg.
    booster, n_estimators, learning_rate, leaf, eval_metric, early_stopping_rounds, importance_type, random_state, n_jobs, \
verbosity, **native
        As in `Regressor`.

    Attributes
    ----------
    booster_, objective_, best_iteration_, evals_result_, feature_importances_, n_features_in_, feature_names_in_
        As in `Regressor`.

    >>> X, y = [[0.0], [1.0], [2.0], [0.5], [1.5]], [0, 1, 2, 0, 1]
    >>> model = Ranker(n_estimators=20, max_depth=2, min_child_weight=0, n_jobs=1).fit(X, y, group=[3, 2])
    >>> model.predict(X[:3]).argsort().tolist()
    [0, 1, 2]
    """

    def _default(self) -> str:
        return "lambda_ndcg"

    def _learn(self, y: Any, side: Any) -> list[np.ndarray]:
        return self._known(y)

    def _known(self, y: Any) -> list[np.ndarray]:
        return [column_or_1d(check_array(_plain(y), ensure_2d=False, input_name="y", estimator=self), warn=True)]

    def _weights(self, weight: Any, x: Any) -> np.ndarray | None:
        return None if weight is None else self._not_negative(column_or_1d(weight))

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        group: Any = None,
        offset: Any = None,
        eval_set: Sequence[tuple[Any, Any]] | None = None,
        eval_group: Sequence[Any] | None = None,
        eval_sample_weight: Sequence[Any] | None = None,
        eval_offset: Sequence[Any] | None = None,
        eval_names: Sequence[str] | None = None,
        callbacks: Sequence[Any] | None = None,
        init_model: Any = None,
        progress: Any = False,
    ) -> Any:
        """Train.

        Parameters
        ----------
        X : array, sparse matrix or data frame of shape (n, p)
            The rows of a group stand together.
        y : array of shape (n,)
            Degrees of relevance.
        sample_weight : array, optional
            XGBoost: one for each group; LightGBM: one for each row.
        group : array of integers
            How many rows each group has, in the order of the rows.
        eval_group : list of arrays, optional
            One for each of eval_set.
        offset, eval_set, eval_sample_weight, eval_offset, eval_names, callbacks, init_model, progress
            As in `Regressor`.

        Returns
        -------
        the estimator

        Raises
        ------
        ValueError
            No groups, what does not fit together, and as `boostobj.train`.
        """
        count = 0 if eval_set is None else len(eval_set)
        if group is None or (count and (eval_group is None or any(g is None for g in eval_group))):
            raise ValueError("Ranker: group is needed, how many rows each group has, and eval_group for each of eval_set")
        asked = _Asked(X, y, sample_weight, offset, group, eval_set, eval_sample_weight, eval_offset, eval_group, eval_names)
        return self._fit(asked, callbacks, init_model, progress)

    def predict(self, X: Any, offset: Any = None) -> np.ndarray:
        """Scores: the higher the further up in its group.

        Parameters
        ----------
        X : array, sparse matrix or data frame of shape (n, p)
        offset : array of shape (n,), optional
            Added to them.

        Returns
        -------
        array of shape (n,); float32 of XGBoost, float64 of LightGBM
        """
        return self._predicted(X, offset, raw=False)[0]
