"""Metrics for both boosters and both interfaces of each: the objective's own mean loss, and what scikit-learn computes.

    bo.train(params, data, 100, objective="log_loss", metric=["auc", "loss"], ...)   # either booster
    auc = bo.metrics.get("auc", objective=o)                                        # scores are raw scores of o
    xgboost.train(..., obj=o, custom_metric=auc, maximize=auc.maximize)
    lightgbm.train({"objective": o, ...}, dataset, feval=auc)
    XGBClassifier(objective=o, eval_metric=auc);  LGBMClassifier(objective=o).fit(..., eval_metric=auc)
    bo.metrics.get("auc").value(y, probabilities, weight)                           # no objective: predictions

`names()` lists them, `usual(objective)` says which ones belong to an objective.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable
from typing import Any, NamedTuple, final

import numpy as np

from . import builtins, protocol
from .domain import UNIT, Ascending, Choice, Interval, Optional, Parameter, first_bad
from .objective import Objective
from .registry import BuiltIn
from .registry import get as get_objective

_GUESSED = ("auc", "pre", "map", "ndcg")
"""XGBoost's early stopping maximises what begins so, "mape" apart, and minimises everything else (its callback.py)."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Metric:
    """A number that says how good predictions are, in the protocol of whoever asks.

    With an `objective` the scores that it is shown are raw scores of that objective, as both boosters show them under a
    custom objective; without one they are predictions, as both show them under their own. Both boosters' weights and
    groups are heeded. Made by `get` and `make`.

    Attributes
    ----------
    kind : str
        The name that `get` knows it by; "" for a function of the user's.
    maximize : bool
        Whether higher is better.
    objective : Objective or None
    params : tuple of (str, value)
        The parameters that were given.
    """

    kind: str = ""
    maximize: bool
    objective: Objective | None = None
    params: tuple[tuple[str, Any], ...] = ()
    label: str = ""
    function: Callable[..., float] | None = None

    @property
    def name(self) -> str:
        """What evaluations call it: with its parameters after an @, and the objective's name for the objective's own loss."""
        if self.kind == "loss" and self.objective is not None:
            return public_name(self.objective)
        values = (",".join(map(_short, v)) if isinstance(v, tuple) else _short(v) for _, v in self.params)
        return "@".join([self.label or self.kind, *values])

    @property
    def xgboost_name(self) -> str:
        """The name in XGBoost, whose early stopping guesses the direction from it: right here.

        What is maximised and not called as XGBoost's own ("auc", "ndcg", "map") is preceded by "prediction_", as in
        "prediction_accuracy". A colon ends a name in what XGBoost prints and parses: it becomes an underscore.
        """
        name = "_".join(self.name.replace(":", "_").split())
        if self.maximize == (name != "mape" and name.startswith(_GUESSED)):
            return name
        return f"prediction_{name}" if self.maximize else f"loss_{name}"

    @property
    def __name__(self) -> str:
        return self.xgboost_name  # XGBoost's estimators ask a metric for it

    def __repr__(self) -> str:
        given = [f"{n}={v!r}" for n, v in self.params]
        if self.objective is not None:
            given.append(f"objective={self.objective!r}")
        if self.function is not None:
            return f"make({', '.join([repr(self.label), repr(self.function), f'maximize={self.maximize!r}', *given])})"
        return f"get({', '.join([repr(self.kind), *given])})"

    def with_objective(self, objective: Objective) -> Metric:
        """The same for raw scores of an objective."""
        return dataclasses.replace(self, objective=objective)

    def for_predictions(self) -> Metric:
        """The same for predictions, with the parameters that the objective gives it.

        Raises
        ------
        ValueError
            The loss of an objective with a link: it is a loss of raw scores.

        >>> metric = get("tweedie_deviance", objective="poisson").for_predictions()
        >>> metric, metric.value([1.0, 2.0], [1.0, 2.0])
        (get('tweedie_deviance', power=1.0), 0.0)
        """
        if self.objective is None or (self.objective.link == "identity" and self.objective._slope() == 1.0):
            return self
        if self.kind == "loss":
            raise ValueError(f"{self._owner} of {self.objective!r} is one of raw scores, not of predictions")
        known = () if self.function is not None else _KINDS[self.kind].params
        settings = tuple(sorted((p.name, self._setting(p)) for p in known if self._setting(p) != p.default))
        return dataclasses.replace(self, objective=None, params=settings)

    def _setting(self, parameter: Parameter) -> Any:
        return dict(self.params).get(parameter.name, _of_objective(self.objective, parameter))

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None, *group: Any) -> Any:
        """What a booster's metric returns, in the protocol of the caller.

        (scores, DMatrix) : (name, value), XGBoost's custom_metric.
        (scores, Dataset) : (name, value, maximize), LightGBM's feval.
        (y, scores, weight, group) : (name, value, maximize), LightGBM's estimators, which hand over what the parameters
        have room for. (y, scores[, weight]) : the value, XGBoost's estimators.
        """
        if protocol.is_dmatrix(y_pred):
            return self.xgboost_name, self._of_data(y_true, y_pred)
        if protocol.is_dataset(y_pred):
            return self.name, self._of_data(y_true, y_pred), self.maximize
        if group:
            return self.name, self.value(y_true, y_pred, sample_weight, group=group[0]), self.maximize
        return self.value(y_true, y_pred, sample_weight)

    def value(self, y: Any, scores: Any, weight: Any = None, *, group: Any = None) -> float:
        """The metric of arrays.

        Parameters
        ----------
        y : array of shape (n,), or (n, k) for several labels or targets per row, or (n, 2) for intervals of times
            Targets; classes are integers from 0.
        scores : array of shape (n,) or (n, k)
            Raw scores where the metric has an `objective`, else predictions: probabilities, means, quantiles ...
        weight : array of shape (n,), optional
        group : array of integers, optional
            How many rows each query has, for ranking. Default: all rows are one.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            Shapes that do not fit; targets, predictions or weights outside what the metric takes.
        """
        y = np.asarray(y, np.float64)
        if self._reads_intervals() and y.ndim == 1:
            y = protocol.signed(y)
        weight = None if weight is None or len(weight) == 0 else np.asarray(weight, np.float64)
        bounds = protocol.bounds_of(self._owner, group, len(y)) if group is not None else None
        return self._of_rows(y, np.asarray(scores, np.float64), weight, bounds)

    @property
    def _owner(self) -> str:
        return f"metric {self.label or self.kind!r}"

    def _reads_intervals(self) -> bool:
        wanted = self.objective is not None and self.kind == "loss" and self.objective._wants.interval
        return self.kind == "concordance" or wanted

    def _of_data(self, scores: Any, data: Any) -> float:
        if self.kind == "loss":
            return mean_loss(self._bound(), scores, data)
        wants = protocol.Wants(interval=self._reads_intervals(), groups=_has_groups(data))
        y, weight, bounds, _ = protocol.rows(self._owner, data, wants)
        scores = np.asarray(scores, np.float64)
        y = _as_matrix(y, scores).astype(np.float64)
        return self._of_rows(y, scores, None if weight is None else weight.astype(np.float64), bounds)

    def _bound(self) -> Objective:
        if self.objective is None:
            raise ValueError(f"{self._owner} is the loss of an objective: get('loss', objective=...), or bo.train's metric=")
        return self.objective

    def _of_rows(self, y: np.ndarray, scores: np.ndarray, weight: np.ndarray | None, bounds: np.ndarray | None) -> float:
        owner = self._owner
        if self.kind == "loss":
            objective = self._bound()
            return _mean_loss(objective, protocol.Rows(y, weight, bounds), scores)
        if weight is not None:
            _check_weight(owner, weight, len(y))
        predicted = scores if self.objective is None else _predicted(self.objective, scores)
        y, predicted = (a[:, 0] if a.ndim == 2 and a.shape[1] == 1 else a for a in (y, predicted))
        if self.objective is not None:
            y = self.objective._unsigned(y)
        if len(predicted) != len(y):
            raise ValueError(f"{owner}: y has {len(y)} rows, the scores have {len(predicted)}")
        if len(y) == 0:
            raise ValueError(f"{owner}: there are no rows")
        if not np.isfinite(predicted).all():
            raise first_bad(owner, "predictions", "finite", predicted, ~np.isfinite(predicted))
        if self.function is not None:
            weighted = {} if weight is None else {"sample_weight": weight}
            return float(self.function(y, predicted, **weighted))
        kind = _KINDS[self.kind]
        settings = {p.name: self._setting(p) for p in kind.params}
        asked = _Asked(owner, y, predicted, weight, bounds)
        try:
            return float(kind.measure(asked, **settings))
        except ValueError as error:
            if str(error).startswith(owner):
                raise
            raise ValueError(f"{owner}: {error}") from error


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


# The objective's own loss ----------------------------------------------------------------------------------------------


def public_name(objective: Objective) -> str:
    return objective.builtin if isinstance(objective, BuiltIn) else objective.name


def measures(objective: Objective) -> bool:
    """Whether the weighted mean of `loss` is what is minimised: not where the weight is part of the loss."""
    return not (isinstance(objective, BuiltIn) and builtins.names()[objective.builtin].exposure)


def mean_loss(objective: Objective, raw: Any, data: Any) -> float:
    """The weighted mean of the loss on a DMatrix or Dataset, for raw scores as the boosters hand them to metrics.

    Beyond the scores for which the loss is defined it is that of the end, as the gradient is. Of several targets per row it
    is the mean.
    """
    rows = protocol.rows(public_name(objective), data, objective._wants)
    return _mean_loss(objective, rows._replace(y=_as_matrix(rows.y, raw)), raw)


def _as_matrix(y: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Labels of several targets per row, which XGBoost before 3.0 returns one after the other."""
    several = y.ndim == 1 and len(scores) and len(y) > len(scores) and len(y) % len(scores) == 0
    return y.reshape(len(scores), -1) if several else y


def _mean_loss(objective: Objective, rows: protocol.Rows, raw: Any) -> float:
    y, weight, bounds, _ = rows
    raw = np.clip(np.asarray(raw, np.float64), *objective.scores.ends)
    if y.ndim == 2 and y.shape == raw.shape and not objective._wants.interval:
        columns = (_mean_loss(objective, rows._replace(y=y[:, j]), raw[:, j]) for j in range(y.shape[1]))
        return float(np.mean(list(columns)))
    if objective._wants.groups:
        losses = objective.loss(y, raw, weight, group=None if bounds is None else np.diff(bounds))
    else:
        losses = objective.loss(y, raw)
    return float(np.average(losses, weights=None if weight is None else weight.astype(np.float64)))


def _predicted(objective: Objective, raw: np.ndarray) -> np.ndarray:
    return objective.inverse_link(np.clip(raw, *objective.scores.ends))


# Registry --------------------------------------------------------------------------------------------------------------


def get(name: str, *, objective: str | Objective | None = None, **params: Any) -> Metric:
    """The metric of that name.

    Parameters
    ----------
    name : str
        One of `names()`. "loss" is the objective's own: its weighted mean.
    objective : str or Objective, optional
        Whose raw scores the metric will be shown; see `Metric`. `bo.train` says so itself.
    **params
        The metric's parameters: `alpha` (pinball, d2_pinball: levels in (0, 1), one for each score of a row), `power`
        (tweedie_deviance, d2_tweedie), `k` and `exponential` (ndcg), `prediction` (concordance: "hazard" or "time"). What is
        left out is as in the objective (the levels of a quantile, the power of Tweedie's), else 0.5, 1.5, None, True.

    Returns
    -------
    Metric

    Raises
    ------
    ValueError
        Unknown name (the message lists all), a value outside a parameter's domain, "loss" of an objective whose weight is
        part of its loss.
    TypeError
        Unknown parameter.

    >>> auc = get("auc")
    >>> auc.value([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), auc.maximize
    (0.75, True)
    >>> get("pinball", alpha=0.9).name
    'pinball@0.9'
    """
    if name != "loss" and name not in _KINDS:
        near = difflib.get_close_matches(str(name), names(), n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise ValueError(f"no metric {name!r}{hint}; there are {', '.join(names())}")
    known = {p.name: p for p in ([] if name == "loss" else _KINDS[name].params)}
    for param, value in params.items():
        if param not in known:
            raise TypeError(f"metric {name!r} has no parameter {param!r}; it has {', '.join(known) or 'none'}")
        params[param] = known[param].converted(f"metric {name!r}", value)
    found = get_objective(objective) if isinstance(objective, str) else objective
    if name == "loss" and found is not None and not measures(found):
        raise ValueError(f"metric 'loss': in {found!r} the weight is part of the loss, which has no mean")
    maximize = name != "loss" and _KINDS[name].maximize
    return Metric(kind=name, maximize=maximize, objective=found, params=tuple(sorted(params.items())))


def names() -> tuple[str, ...]:
    """The names that `get` takes."""
    return ("loss", *_KINDS)


def make(
    name: str, function: Callable[..., float], *, maximize: bool, objective: str | Objective | None = None
) -> Metric:
    """A metric of your own for every call style, as scikit-learn's make_scorer.

    Parameters
    ----------
    name : str
    function : callable
        (y, predictions) -> float on float64 arrays; with weights it is given sample_weight= as well, as scikit-learn's
        metrics are.
    maximize : bool
        Whether higher is better.
    objective : str or Objective, optional
        Whose raw scores it will be shown; the function gets predictions all the same.

    Returns
    -------
    Metric

    Raises
    ------
    TypeError
        function is not callable.

    >>> make("bias", lambda y, predictions: abs((predictions - y).mean()), maximize=False).value([1, 2], [2, 4])
    1.5
    """
    if not callable(function):
        raise TypeError(f"make: function must be callable, got {type(function).__name__}")
    found = get_objective(objective) if isinstance(objective, str) else objective
    return Metric(label=str(name), function=function, maximize=bool(maximize), objective=found)


def usual(objective: str | Objective) -> tuple[Metric, ...]:
    """What users of an objective's target look at, for its raw scores; its own loss is the last.

    The last is where XGBoost's early stopping looks; LightGBM's looks at all, or at the first with first_metric_only.

    >>> [m.name for m in usual("poisson")]
    ['poisson_deviance', 'd2_poisson', 'mae', 'poisson']
    """
    found = get_objective(objective) if isinstance(objective, str) else objective
    textbook = found.textbook if isinstance(found, BuiltIn) else found
    chosen = _USUAL.get(textbook.name)
    if chosen is None:
        chosen = _OF_LINK.get(found.link, ("rmse", "mae", "r2"))
    return tuple(get(name, objective=found) for name in (*chosen, *(["loss"] if measures(found) else [])))


_OF_LINK = {"logit": ("auc", "average_precision", "brier"), "threshold": ("accuracy", "balanced_accuracy")}
_USUAL = {
    "softmax": ("auc", "brier", "accuracy"),
    "one_vs_all": ("auc", "accuracy"),
    **dict.fromkeys(("focal_softmax", "brier_softmax", "spherical_softmax"), ("auc", "brier", "accuracy")),
    **dict.fromkeys(("multi_label", "ordinal_logit", "ordinal_probit"), ()),
    "poisson": ("poisson_deviance", "d2_poisson", "mae"),
    "gamma": ("gamma_deviance", "d2_gamma", "mae"),
    "tweedie": ("tweedie_deviance", "d2_tweedie", "mae"),
    "quantile": ("pinball", "d2_pinball"),
    "multi_quantile": ("pinball",),
    "multi_expectile": (),
    "absolute_error": ("mae", "d2_absolute_error"),
    "absolute_percentage_error": ("mape", "mae"),
    "squared_log_error": ("rmsle", "mae"),
    "cox": ("concordance",),
    "aft": ("concordance",),
    **dict.fromkeys(("lambda_ndcg", "pairwise_logistic", "xe_ndcg"), ("ndcg",)),
    "lambda_map": ("map", "ndcg"),
    # Predictions are a location and a scale, which only the likelihood looks at.
    **dict.fromkeys(("gaussian", "laplace", "log_normal", "student_t"), ()),
}


# What is measured ------------------------------------------------------------------------------------------------------


class _Asked(NamedTuple):
    """Targets and predictions, (n,) or (n, k); weights or None; where groups lie, or None."""

    owner: str
    y: np.ndarray
    predicted: np.ndarray
    weight: np.ndarray | None
    bounds: np.ndarray | None


_ITS_OWN = {("quantile", "alpha"), ("multi_quantile", "alpha"), ("tweedie", "power")}
_IMPLIED = {
    ("poisson", "power"): 1.0,
    ("gamma", "power"): 2.0,
    ("cox", "prediction"): "hazard",
    ("aft", "prediction"): "time",
}


def _of_objective(objective: Objective | None, parameter: Parameter) -> Any:
    """A parameter as the objective has it, or else its default."""
    if objective is None:
        return parameter.default
    textbook = objective.textbook if isinstance(objective, BuiltIn) else objective
    key = textbook.name, parameter.name
    return getattr(textbook, parameter.name) if key in _ITS_OWN else _IMPLIED.get(key, parameter.default)


def _check_weight(owner: str, weight: np.ndarray, n: int) -> None:
    if weight.shape != (n,):
        raise ValueError(f"{owner}: weight must have shape ({n},), got {weight.shape}")
    bad = ~(np.isfinite(weight) & (weight >= 0))
    if bad.any():
        raise first_bad(owner, "weight", "finite and not negative", weight, bad)
    if not weight.any():
        raise ValueError(f"{owner}: weight must be positive somewhere, all {n} are 0")


def _has_groups(data: Any) -> bool:
    sizes = protocol._sizes(data)
    return sizes is not None and len(sizes) > 0


def _within(asked: _Asked, what: str, allowed: Interval, hint: str = "") -> None:
    values = asked.y if what == "y" else asked.predicted
    inside = allowed.contains(values)
    if not inside.all():
        error = first_bad(asked.owner, what, str(allowed), values, ~inside)
        raise ValueError(f"{error}{hint}")


_ZERO_OR_ONE = Interval(0, 1, "both", integer=True)
_RAW = "; for raw scores the metric needs objective="


def _truth(asked: _Asked) -> np.ndarray:
    """Zeros and ones in the shape of the predictions, from classes or labels."""
    y, predicted = asked.y, asked.predicted
    if predicted.ndim == y.ndim == 1 or (y.ndim == 2 and y.shape == predicted.shape):
        _within(asked, "y", _ZERO_OR_ONE)
        return y.astype(np.int64)
    if y.ndim == 1:
        k = predicted.shape[1]
        _within(asked, "y", Interval(0, k - 1, "both", integer=True))
        return (y[:, None] == np.arange(k)).astype(np.int64)
    raise ValueError(f"{asked.owner}: y of shape {y.shape} does not go with predictions of shape {predicted.shape}")


def _present(asked: _Asked, truth: np.ndarray, *values: int) -> None:
    """Refuse a class that has no rows with weight: there is nothing to rank."""
    columns = truth.reshape(len(truth), -1)
    weight = np.ones(len(truth)) if asked.weight is None else asked.weight
    for value in values:
        missing = np.flatnonzero(weight @ (columns == value) == 0)
        if missing.size:
            where = f" in column {missing[0]}" if columns.shape[1] > 1 else ""
            raise ValueError(f"{asked.owner}: no row with weight is {'positive' if value else 'negative'}{where}")


def _auc(asked: _Asked) -> float:
    from sklearn import metrics

    truth = _truth(asked)
    _present(asked, truth, 0, 1)
    return metrics.roc_auc_score(truth, asked.predicted, average="macro", sample_weight=asked.weight)


def _average_precision(asked: _Asked) -> float:
    from sklearn import metrics

    truth = _truth(asked)
    _present(asked, truth, 1)
    return metrics.average_precision_score(truth, asked.predicted, average="macro", sample_weight=asked.weight)


def _brier(asked: _Asked) -> float:
    from sklearn import metrics

    _within(asked, "predictions", UNIT, _RAW)
    y, predicted = asked.y, asked.predicted
    if y.ndim == predicted.ndim == 1:
        _within(asked, "y", UNIT)
        return metrics.mean_squared_error(y, predicted, sample_weight=asked.weight)
    each = metrics.mean_squared_error(_truth(asked), predicted, sample_weight=asked.weight, multioutput="raw_values")
    return each.sum() if y.ndim == 1 else each.mean()


def _log_loss(asked: _Asked) -> float:
    from sklearn import metrics

    _within(asked, "predictions", UNIT, _RAW)
    y, predicted, weight = asked.y, asked.predicted, asked.weight
    if y.ndim == 2:
        _truth(asked)
        columns = (asked._replace(y=y[:, j], predicted=predicted[:, j]) for j in range(y.shape[1]))
        return float(np.mean([_log_loss(column) for column in columns]))
    if predicted.ndim == 2:
        truth = _truth(asked).argmax(axis=1)
        total = predicted.sum(axis=1, keepdims=True)
        if not np.isclose(total, 1).all():
            raise first_bad(asked.owner, "predictions", "probabilities that add up to 1", predicted, ~np.isclose(total, 1))
        # scikit-learn expects the sums of float64, boosters return float32.
        return metrics.log_loss(truth, predicted / total, sample_weight=weight, labels=np.arange(predicted.shape[1]))
    _within(asked, "y", UNIT)
    if not np.isin(y, (0.0, 1.0)).all():  # a share y is y rows of ones and 1 - y of zeros
        weight = np.ones(len(y)) if weight is None else weight
        weight = np.concatenate([weight * y, weight * (1 - y)])
        y, predicted = np.repeat([1.0, 0.0], len(y)), np.tile(predicted, 2)
    return metrics.log_loss(y, predicted, sample_weight=weight, labels=[0.0, 1.0])


def _d2_log_loss(asked: _Asked) -> float:
    soft = asked.y.ndim == asked.predicted.ndim == 1
    truth = asked.y if soft else _truth(asked)
    share = np.average(truth, axis=0, weights=asked.weight)
    worst = _log_loss(asked._replace(predicted=np.broadcast_to(share, asked.predicted.shape)))
    if np.isin(share, (0.0, 1.0)).all():
        raise ValueError(f"{asked.owner}: all rows with weight are of one class")
    return 1 - _log_loss(asked) / worst


def _decided(asked: _Asked) -> tuple[np.ndarray, np.ndarray]:
    """Classes or labels, true and predicted."""
    y, predicted = asked.y, asked.predicted
    if predicted.ndim == 2 and y.ndim == 1:
        _truth(asked)
        return y.astype(np.int64), predicted.argmax(axis=1)
    if y.ndim == predicted.ndim == 1 and y.max() > 1:  # predicted classes, as under XGBoost's multi:softmax
        for what in ("y", "predictions"):
            _within(asked, what, Interval(0, 2**31 - 1, "both", integer=True), "; classes, or a column for each")
        return y.astype(np.int64), predicted.astype(np.int64)
    truth = _truth(asked)
    _within(asked, "predictions", UNIT, _RAW)
    return truth, (predicted > 0.5).astype(np.int64)


def _accuracy(asked: _Asked) -> float:
    from sklearn import metrics

    return metrics.accuracy_score(*_decided(asked), sample_weight=asked.weight)


def _balanced_accuracy(asked: _Asked) -> float:
    from sklearn import metrics

    truth, decided = _decided(asked)
    if truth.ndim == 2:
        raise ValueError(f"{asked.owner}: several labels per row have no balanced accuracy; 'f1' or 'auc'")
    # The mean recall of the classes that there are; balanced_accuracy_score warns of others among the predictions.
    there = np.unique(truth if asked.weight is None else truth[asked.weight > 0])
    return metrics.recall_score(truth, decided, labels=there, average="macro", sample_weight=asked.weight, zero_division=0)


def _f1(asked: _Asked) -> float:
    from sklearn import metrics

    truth, decided = _decided(asked)
    binary = truth.ndim == 1 and asked.predicted.ndim == 1 and truth.max() <= 1
    average = "binary" if binary else "macro"
    return metrics.f1_score(truth, decided, average=average, sample_weight=asked.weight, zero_division=0)


def _of_sklearn(function: str, **fixed: Any) -> Callable[..., float]:
    """A metric of scikit-learn's for predictions in the shape of the targets; (n, k) is averaged over k."""

    def measure(asked: _Asked, **params: Any) -> float:
        from sklearn import metrics

        if asked.y.shape != asked.predicted.shape:
            shapes = f"{asked.y.shape}, predictions {asked.predicted.shape}"
            raise ValueError(f"{asked.owner}: y and predictions must have one shape, y has {shapes}")
        return getattr(metrics, function)(asked.y, asked.predicted, sample_weight=asked.weight, **fixed, **params)

    return measure


def _of_levels(function: str) -> Callable[..., float]:
    """A metric of quantiles: the mean over the columns, each of its level."""
    one = _of_sklearn(function)

    def measure(asked: _Asked, alpha: float | tuple[float, ...]) -> float:
        levels = alpha if isinstance(alpha, tuple) else (alpha,)
        columns = asked.predicted.reshape(len(asked.predicted), -1)
        if columns.shape[1] != len(levels) or asked.y.ndim != 1:
            raise ValueError(
                f"{asked.owner}: alpha={alpha!r} goes with y of shape (n,) and {len(levels)} prediction(s) per row,"
                f" got shapes {asked.y.shape} and {asked.predicted.shape}"
            )
        return float(np.mean([one(asked._replace(predicted=c), alpha=a) for c, a in zip(columns.T, levels, strict=True)]))

    return measure


def _queries(asked: _Asked, measure: Callable[..., float], gain: np.ndarray) -> float:
    """The mean over queries, weighted with the mean weight of their rows; 1 where no document is better than another.

    As both boosters count those. Queries of one size go to scikit-learn together.
    """
    y, predicted, weight = asked.y, asked.predicted, asked.weight
    if y.ndim != 1 or predicted.ndim != 1:
        raise ValueError(f"{asked.owner}: y and scores must have shape (n,), got {y.shape} and {predicted.shape}")
    bounds = np.array([0, len(y)]) if asked.bounds is None else asked.bounds
    sizes = np.diff(bounds)
    total = totals = 0.0
    for size in np.unique(sizes[sizes > 0]):
        rows = bounds[:-1][sizes == size][:, None] + np.arange(size)
        of_query = np.ones(len(rows)) if weight is None else weight[rows].mean(axis=1)
        varied = (gain[rows].max(axis=1) > gain[rows].min(axis=1)) & (of_query > 0)
        totals += of_query.sum()
        total += of_query[~varied].sum()
        if varied.any():
            rows, of_query = rows[varied], of_query[varied]
            total += of_query.sum() * measure(gain[rows], predicted[rows], sample_weight=of_query)
    return total / totals


def _ndcg(asked: _Asked, k: int | None, exponential: bool) -> float:
    from sklearn import metrics

    _within(asked, "y", Interval(0, 1000 if exponential else np.inf, "both" if exponential else "low"))
    gain = np.exp2(asked.y) - 1 if exponential else asked.y

    def measure(gains: np.ndarray, scores: np.ndarray, sample_weight: np.ndarray) -> float:
        return metrics.ndcg_score(gains, scores, k=k, sample_weight=sample_weight)

    return _queries(asked, measure, gain)


def _map(asked: _Asked) -> float:
    from sklearn import metrics

    _within(asked, "y", _ZERO_OR_ONE)
    return _queries(asked, metrics.label_ranking_average_precision_score, asked.y.astype(np.int64))


def _concordance(asked: _Asked, prediction: str | None) -> float:
    """Harrell's C: the share of comparable pairs whose predictions are in the order of the events; ties count half.

    A pair is comparable if one has an event while the other is known to live on; with weights it counts with their product.
    """
    if prediction is None:
        raise ValueError(f"{asked.owner}: prediction must say what is predicted, 'hazard' or 'time'")
    lower, upper = asked.y.T
    event = lower == upper
    if not (event | np.isinf(upper)).all():
        allowed = "a time of an event, or censored on the right"
        raise first_bad(asked.owner, "y", allowed, asked.y, ~(event | np.isinf(upper)))
    if asked.predicted.ndim != 1:
        raise ValueError(f"{asked.owner}: predictions must have shape (n,), got {asked.predicted.shape}")
    weight = np.ones(len(lower)) if asked.weight is None else asked.weight
    # Who is censored at the time of an event lives longer.
    later = np.unique(lower, return_inverse=True)[1] * 2 + ~event
    order = np.argsort(-later, kind="stable")
    risk = np.unique(asked.predicted if prediction == "hazard" else -asked.predicted, return_inverse=True)[1]
    later, risk, weight, event = later[order], risk[order], weight[order], event[order]

    def longer(group: np.ndarray, counted: np.ndarray) -> np.ndarray:
        """For each row the weight of the counted rows of its group that live longer."""
        by_group = np.argsort(group, kind="stable")
        sums = np.concatenate([[0.0], np.cumsum(np.where(counted, weight, 0.0)[by_group])])
        new = np.concatenate([[True], np.diff(group[by_group]) != 0])
        run = new | np.concatenate([[True], np.diff(later[by_group]) != 0])
        at = np.arange(len(group))
        out = np.empty(len(group))
        out[by_group] = sums[np.maximum.accumulate(np.where(run, at, 0))] - sums[np.maximum.accumulate(np.where(new, at, 0))]
        return out

    lower_risk = np.zeros(len(risk))
    for bit in range(int(risk.max()).bit_length()):  # whose numbers agree above this bit, where the row has 1 and they 0
        one = (risk >> bit) & 1 == 1
        lower_risk += np.where(one, longer(risk >> (bit + 1), ~one), 0.0)
    every = np.ones(len(risk), bool)
    pairs = (weight * event) @ longer(np.zeros_like(risk), every)
    if pairs == 0:
        raise ValueError(f"{asked.owner}: no two rows are comparable: no event before another time")
    return (weight * event) @ (lower_risk + longer(risk, every) / 2) / pairs


class _Kind(NamedTuple):
    measure: Callable[..., float]
    maximize: bool = False
    params: tuple[Parameter, ...] = ()


_ALPHA = Parameter("alpha", 0.5, Ascending(Interval(0, 1), one=True))
_POWER = Parameter("power", 1.5, Interval(1, 2, "both"))
_K = Parameter("k", None, Optional(Interval(1, 2**31, "both", integer=True)))
_EXPONENTIAL = Parameter("exponential", True, Choice((True, False)))
_PREDICTION = Parameter("prediction", None, Choice((None, "hazard", "time")))
_KINDS = {
    # yes or no, classes, labels
    "auc": _Kind(_auc, True),
    "average_precision": _Kind(_average_precision, True),
    "brier": _Kind(_brier),
    "log_loss": _Kind(_log_loss),
    "d2_log_loss": _Kind(_d2_log_loss, True),
    "accuracy": _Kind(_accuracy, True),
    "balanced_accuracy": _Kind(_balanced_accuracy, True),
    "f1": _Kind(_f1, True),
    # numbers
    "mse": _Kind(_of_sklearn("mean_squared_error")),
    "rmse": _Kind(_of_sklearn("root_mean_squared_error")),
    "rmsle": _Kind(_of_sklearn("root_mean_squared_log_error")),
    "mae": _Kind(_of_sklearn("mean_absolute_error")),
    "mape": _Kind(_of_sklearn("mean_absolute_percentage_error")),
    "r2": _Kind(_of_sklearn("r2_score"), True),
    "d2_absolute_error": _Kind(_of_sklearn("d2_absolute_error_score"), True),
    "pinball": _Kind(_of_levels("mean_pinball_loss"), params=(_ALPHA,)),
    "d2_pinball": _Kind(_of_levels("d2_pinball_score"), True, (_ALPHA,)),
    # counts, claims
    "poisson_deviance": _Kind(_of_sklearn("mean_poisson_deviance")),
    "gamma_deviance": _Kind(_of_sklearn("mean_gamma_deviance")),
    "tweedie_deviance": _Kind(_of_sklearn("mean_tweedie_deviance"), params=(_POWER,)),
    "d2_poisson": _Kind(_of_sklearn("d2_tweedie_score", power=1), True),
    "d2_gamma": _Kind(_of_sklearn("d2_tweedie_score", power=2), True),
    "d2_tweedie": _Kind(_of_sklearn("d2_tweedie_score"), True, (_POWER,)),
    # queries
    "ndcg": _Kind(_ndcg, True, (_K, _EXPONENTIAL)),
    "map": _Kind(_map, True),
    # times
    "concordance": _Kind(_concordance, True, (_PREDICTION,)),
}
