"""Training: the only code, with parity and checks, that imports a booster, and only when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import protocol
from ..objective import Objective
from . import progress as bars
from .predicting import deployable, predict
from .records import describe, record

__all__ = ["cv", "deployable", "describe", "predict", "record", "train"]


def train(
    params: Mapping[str, Any],
    data: Any,
    num_boost_round: int = 10,
    *,
    objective: str | Objective | type[Objective],
    leaf: str = "newton",
    metric: Any = None,
    progress: Any = False,
    doctor: bool = True,
    **kwargs: Any,
) -> Any:
    """Train a booster with an objective: start, link and metric as if the booster had the loss built in.

    What the booster's own train does, around a callable: it starts at the objective's start, measures the objective's
    own loss, and returns an ordinary Booster that predicts on the scale of the target, saves and loads, and needs no
    boostobj to predict. Under a booster's own name ("binary:logistic", "lightgbm:binary") the predictions equal the
    built-in's to the bit.

    Parameters
    ----------
    params : dict
        The booster's own parameters, without an objective; not changed. Parameters of the objective may stand here under
        a booster's own name (scale_pos_weight for "binary:logistic"), and num_class for every objective that has it;
        under our own names they belong in `get`. What the user says wins: XGBoost's base_score is then the start, and
        with LightGBM's boost_from_average=false there is none.
    data : xgboost.DMatrix (QuantileDMatrix too) or lightgbm.Dataset, with labels
        Which booster trains. A base_margin or init_score is an offset, see below. Like the valid sets it is the same
        afterwards, except that LightGBM constructs its Dataset.
    num_boost_round : int
    objective : str, Objective or class
        A name that `get` takes, an objective, or the class of one (`boostobj.LogCosh`), with its defaults.
    leaf : {"newton", "exact"}
        What a leaf's value is: the booster's Newton step, or the learning rate times the best constant for the leaf's rows at
        their scores before the tree, see below. Under a booster's own name it is what that booster does.
    metric : str, metrics.Metric or list of these, optional
        What evaluation sets are measured by; see Metrics below and `boostobj.metrics`.
    progress : bool or rich.console.Console
        Whether to show a progress bar while training lasts: the round, what was measured in it, the time left; on stderr,
        or on the console. XGBoost then prints no evaluations of its own, unless verbose_eval is given.
    doctor : bool
        Whether to look, before the first round, for what keeps the training from working, as `doctor` does, and to say it in
        a `DoctorWarning`: no split is possible, or the scores run away. Other risks are left to `doctor`. It costs about one
        round's gradients, and the start once more.
    **kwargs
        The other arguments of xgboost.train (evals, early_stopping_rounds, custom_metric, xgb_model ...) or
        lightgbm.train (valid_sets, feval, callbacks, init_model ...). Training goes on from xgb_model or init_model
        where that ended: there is no start then.

    Returns
    -------
    xgboost.Booster or lightgbm.Booster
        In XGBoost its objective is the built-in itself where that one's arithmetic is used, else the one with the same
        link (reg:squarederror, binary:logistic, reg:gamma, multi:softprob ...); with tree_method="approx" reg:squarederror also
        means that XGBoost finds its cuts without the Hessian. In LightGBM the start lies in the leaves of the first
        trees, where LightGBM itself puts it; refit takes the objective that is written in the model. Both carry a record of
        what made them, see below.

    Raises
    ------
    TypeError
        data, objective or params of another type; obj= or fobj= given.
    ValueError
        Labels, weights or offsets that the objective refuses, and what cannot be right: another objective in params;
        parameters of objectives that would have no effect; in XGBoost base_score together with an offset, offsets with
        multi_strategy="multi_output_tree", and several targets per row where there is no place for them (see below); in
        LightGBM boosting="dart" and "rf", pos_ and neg_bagging_fraction, bagging_by_query, keep_training_booster=True, several
        targets per row, and tables of polars or pyarrow with columns that are neither numbers nor bools, over which LightGBM
        ends the process; metrics that would be shown raw scores instead of predictions (see below). With leaf="exact"
        also losses that are not convex, whose scores act together or whose rows do, boosters' own names,
        booster="gblinear" and "dart", multi_output_tree, several targets per row, process_type="update", linear_tree, monotone
        constraints, XGBoost's TrainingCheckPoint, data whose leaves XGBoost does not tell (QuantileDMatrix before 3.0), and in
        LightGBM data without raw data, on a GPU or on several machines.

    Leaves
    ------
    LightGBM sets the leaves of its regression_l1, quantile and mape to percentiles of the residuals after each tree, though not
    for callables: this function does, and the whole model is the built-in's, with all its evaluations. It needs the raw data
    (a Dataset that is not constructed yet, or free_raw_data=False). Where that cannot be reproduced (bagging, GOSS, callbacks
    that are not LightGBM's and may look at the model ...) LightGBM trains its own objective, and a UserWarning has the reason.
    XGBoost before 3.4 does the same for its reg:absoluteerror and reg:quantileerror, without help.

    leaf="exact" is for convex losses of one score per row, and sums of such (`multi_quantile`, `one_vs_all`), under our own
    names. Where no constant is best (a leaf of one class) it is bounded as `start` is. lambda, alpha and max_delta_step choose
    splits and do not shrink the leaves; sampled rows choose the splits, all rows of a leaf its value. Scores, evaluations and
    early stopping are those of the new leaves; the Booster that callbacks see in training does not have them yet: in XGBoost
    its leaves are Newton's, in LightGBM it has no trees.

    Scale
    -----
    A parameter that is "auto" becomes a number of the training data before the first round (`Objective.resolve`; beside an
    offset that of what is left); the record has it, the objective's own loss is measured with it, and the leaves of
    leaf="exact" are its optima. Training on from another model it is that of the targets about their start, as in a first
    training. Predictions then go with the unit of the target: c times the targets give c times the predictions.

    min_child_weight (or min_sum_hessian_in_leaf), lambda, and XGBoost's 1e-6 that every split must gain mean something for
    gradients and Hessians of a certain size. Those of a loss with a parameter in the unit of y, under our own name and not in a
    booster's own arithmetic, are therefore multiplied. Where the loss is in the unit of y**2 (all robust losses) gradients,
    Hessians, lambda, alpha and gamma get one power of two that brings the mean Hessian at the start near 1, and in XGBoost
    another that brings a row's gain far above 1e-6: no leaf changes by a bit, and min_child_weight means rows. In other
    units of the loss lambda too means rows: one is worth as much as a row at the start. With several targets per row all have
    one factor. In the finished model parameters are as they were given, and XGBoost's gains and covers as they are without
    factors (LightGBM's are multiplied); callbacks see it all multiplied while it trains, and a lambda or gamma that they set is
    taken as it is. The factors are in the record ("unit").

    Several targets per row
    -----------------------
    XGBoost 3.1 and later take a label matrix of shape (n, t): a loss of one score per row is applied to each column, with a
    start for each, and measured by the mean over the columns; an offset has the matrix's shape. multi_strategy is
    "one_output_per_tree" or "multi_output_tree", without an offset under our own names. LightGBM has one target per row.

    Saved models
    ------------
    save_model, pickle and copies keep all of it. Where boostobj is not installed the booster's own predict gives

    - predictions on the scale of the target: identity, logit, log, softmax, one_vs_all; in XGBoost also threshold ("hinge"), in
      LightGBM signed_square ("squared_root_error");
    - raw scores where the booster has no objective with the link: threshold in LightGBM; signed_square, and a logit of a
      multiple of the raw score (`sigmoid` of "log_loss"), in XGBoost; cumulative ("multi_expectile"), location_scale
      ("gaussian", "laplace", "student_t") and median_sigma ("log_normal") in both.

    `predict` gives the former for every model, by the link that its record names. The record is plain JSON (`record`,
    `describe`); `deployable` is for converters.

    A model that stopped early has all trees in XGBoost, of which `predict` takes those up to the best iteration, and the
    booster's own predict all; in LightGBM it ends at the best iteration. XGBoost's best_iteration of a model to go on from is
    not that of the new one, and is forgotten.

    Metrics
    -------
    Where no metric is given it is the weighted mean of the objective's loss, under the objective's name (for
    LightGBM's names the same; for XGBoost's names XGBoost's own default stays). It is what early stopping looks at. Where
    the weight is part of the loss ("lightgbm:cross_entropy_lambda") there is no metric unless one is given.
    metric= takes the place of that: names ("auc", "pinball", "loss" ...) or metrics of `boostobj.metrics`. They see the
    objective's predictions, weights and groups, in both boosters, and early stopping goes in their direction. So do those
    that are given as custom_metric or feval. XGBoost's early stopping looks at the last metric, LightGBM's at all of them
    unless its first_metric_only is set. XGBoost rounds what a callable measures to six decimals; these metrics and the
    objective's own loss keep all their digits (in releases that call callbacks in order, as 2.1 does not).

    XGBoost's built-in metrics see what its predict gives, LightGBM's see raw scores under any custom objective: where that
    is not on the scale of the target only those that look at nothing but the order are let through. Another callable of the
    user's sees raw scores in both; `boostobj.metrics.make` has it see predictions.

    Offsets
    -------
    Exposure in a model of counts is an offset of log(exposure). Under our own names the start is the best one beside the
    offset; it becomes part of the first trees, and an evaluation set without an offset counts as offset 0. To predict
    give XGBoost the base_margin of the new rows, and `predict` LightGBM's offset; without it the offset is 0. Under
    a booster's own name an offset takes the place of the start, as in that booster.

    >>> import numpy as np, xgboost
    >>> x, y = np.array([[0.0], [0.0], [1.0], [1.0]]), [0, 0, 1, 1]
    >>> params = {"max_depth": 1, "lambda": 0, "min_child_weight": 0, "nthread": 1}
    >>> booster = train(params, xgboost.DMatrix(x, y), 30, objective="log_loss")
    >>> booster.predict(xgboost.DMatrix(x)).round(3).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    return _either("train", params, data, num_boost_round, objective, leaf, metric, progress, kwargs, doctor)


def cv(
    params: Mapping[str, Any],
    data: Any,
    num_boost_round: int = 10,
    *,
    objective: str | Objective | type[Objective],
    leaf: str = "newton",
    metric: Any = None,
    progress: Any = False,
    **kwargs: Any,
) -> Any:
    """Cross-validate an objective with the booster's own cv: each fold as `train` would train it.

    Each fold starts at the best constant of its own training rows, and all are measured by the objective's mean loss where no
    metric is given. A parameter that is "auto" comes from the training rows of each fold, and in the loss that is measured from
    all of the data, for its mean over the folds to be one of like things. Folds, early stopping (on the mean over the folds)
    and the result are those of xgboost.cv or lightgbm.cv.

    Parameters
    ----------
    params : dict
        As for `train`; not changed.
    data : xgboost.DMatrix (no QuantileDMatrix, which XGBoost does not cut) or lightgbm.Dataset, with labels
        Weights, offsets, groups and intervals go along into the folds.
    num_boost_round : int
    objective : str, Objective or class
    leaf : {"newton", "exact"}
    metric : str, metrics.Metric or list of these, optional
        As for `train`.
    progress : bool or rich.console.Console
        As for `train`; what is shown is the mean over the folds.
    **kwargs
        The other arguments of xgboost.cv (nfold, stratified, folds, metrics, early_stopping_rounds, fpreproc, as_pandas, seed,
        shuffle, callbacks, custom_metric ...) or lightgbm.cv (folds, nfold, stratified, shuffle, metrics, feval, init_model,
        fpreproc, seed, callbacks, eval_train_metric, return_cvbooster). What an fpreproc returns is what a fold trains on.

    Returns
    -------
    pandas.DataFrame or dict
        XGBoost: a table with the mean and standard deviation of each metric in each round, or a dict of lists with
        as_pandas=False. LightGBM: a dict of lists, and with return_cvbooster=True "cvbooster", a lightgbm.CVBooster with the
        Boosters as `train` would return them.

    Raises
    ------
    TypeError, ValueError
        As `train`; and what the booster's cv refuses.

    Folds
    -----
    The booster makes them, from nfold, folds, stratified, shuffle and seed, and hands each to fpreproc, where this function
    gives it its start: so they are the folds of the booster's own cv, whatever its version. XGBoost keeps groups together.
    LightGBM does so under the names of its own objectives for ranking: here, whatever the objective, if the data have groups
    and no folds are given, with scikit-learn's GroupKFold, as it does. LightGBM's folds are stratified by default, which
    fails for targets that are no classes: here it is the default if the labels are whole numbers and the link is one for
    classes (logit, softmax, one_vs_all).

    Under a booster's own name
    --------------------------
    The result is that of the booster's own cv, to the bit, with that booster's default metric. Under LightGBM's names it is
    LightGBM's own cv of its own objective: LightGBM's metrics of predictions need it. So the folds are what LightGBM makes of
    its objective (stratified=False for a regression, say), and metrics of the user's see predictions there.

    Softmax
    -------
    Where num_class is not given it is counted in all of the data, so that a fold without one of the classes fits the others.

    >>> import numpy as np, xgboost
    >>> x, y = np.repeat([[0.0], [1.0]], 10, axis=0), np.repeat([1.0, 3.0], 10)
    >>> found = cv({"nthread": 1}, xgboost.DMatrix(x, y), 30, objective="log_cosh", nfold=2, as_pandas=False)
    >>> sorted(found)
    ['test-log_cosh-mean', 'test-log_cosh-std', 'train-log_cosh-mean', 'train-log_cosh-std']
    >>> bool(found["test-log_cosh-mean"][-1] < 1e-3 < found["test-log_cosh-mean"][0])
    True
    """
    return _either("cv", params, data, num_boost_round, objective, leaf, metric, progress, kwargs)


def _either(
    what: str,
    params: Mapping[str, Any],
    data: Any,
    num_boost_round: int,
    objective: str | Objective | type[Objective],
    leaf: str,
    metric: Any,
    progress: Any,
    kwargs: dict[str, Any],
    doctor: bool = False,
) -> Any:
    """`train` or `cv`, of the booster that the data are of."""
    for name in ("obj", "fobj"):
        if name in kwargs:
            raise TypeError(f"{what} has no argument {name!r}: the objective goes into objective=")
    if doctor and (protocol.is_dmatrix(data) or protocol.is_dataset(data)):
        from .doctor import warn

        warn(objective, params, data, leaf, kwargs)
    try:
        with bars.shown(progress) as bar:
            if protocol.is_dmatrix(data):
                from . import xgboost

                kwargs = bars.in_xgboost(bar, num_boost_round, kwargs)
                return getattr(xgboost, what)(params, data, num_boost_round, objective, leaf, metric, kwargs)
            if protocol.is_dataset(data):
                from . import lightgbm

                kwargs = bars.in_lightgbm(bar, kwargs)
                return getattr(lightgbm, what)(params, data, num_boost_round, objective, leaf, metric, kwargs)
    except (TypeError, ValueError) as error:
        if error.args and str(error.args[0]).startswith("train: "):  # what they share does not know who asks
            error.args = (str(error.args[0]).replace("train", what, 1), *error.args[1:])
        raise
    raise TypeError(f"{what}: data must be an xgboost.DMatrix or a lightgbm.Dataset, got {type(data).__name__}")
