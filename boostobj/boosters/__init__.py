"""Training: the only code, with parity and checks, that imports a booster, and only when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import protocol
from ..objective import Objective


def train(
    params: Mapping[str, Any],
    data: Any,
    num_boost_round: int = 10,
    *,
    objective: str | Objective,
    leaf: str = "newton",
    metric: Any = None,
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
    objective : str or Objective
        A name that `get` takes, or an objective.
    leaf : {"newton", "exact"}
        What a leaf's value is: the booster's Newton step, or the learning rate times the best constant for the leaf's rows at
        their scores before the tree, see below. Under a booster's own name it is what that booster does.
    metric : str, metrics.Metric or list of these, optional
        What evaluation sets are measured by; see Metrics below and `boostobj.metrics`.
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
        trees, where LightGBM itself puts it; refit takes the objective that is written in the model.

    Raises
    ------
    TypeError
        data, objective or params of another type; obj= or fobj= given.
    ValueError
        Labels, weights or offsets that the objective refuses, and what cannot be right: another objective in params;
        parameters of objectives that would have no effect; in XGBoost base_score together with an offset, a raw score
        with a slope (`sigmoid` of "log_loss"), and offsets with booster="gblinear" or
        multi_strategy="multi_output_tree"; in LightGBM boosting="dart" and "rf", pos_ and neg_bagging_fraction,
        bagging_by_query, metrics of predictions (see below) and keep_training_booster=True; in both, a link that no
        objective of the booster has ("hinge" in LightGBM, "squared_root_error" in XGBoost). With leaf="exact" also
        losses that are not convex, whose scores act together or whose rows do, boosters' own names,
        booster="gblinear" and "dart", multi_output_tree, process_type="update", linear_tree, monotone constraints,
        XGBoost's TrainingCheckPoint, data whose leaves XGBoost does not tell (QuantileDMatrix before 3.0), and in
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

    XGBoost's built-in metrics see predictions, so that they are right. LightGBM's see raw scores under any custom
    objective: where the link is not the identity only those that look at nothing but the order are let through. Another
    callable of the user's sees raw scores in both; `boostobj.metrics.make` has it see predictions.

    Offsets
    -------
    Exposure in a model of counts is an offset of log(exposure). Under our own names the start is the best one beside the
    offset; it becomes part of the first trees, and an evaluation set without an offset counts as offset 0. To predict
    give XGBoost the base_margin of the new rows, and add LightGBM's to the raw scores; without it the offset is 0. Under
    a booster's own name an offset takes the place of the start, as in that booster.

    >>> import numpy as np, xgboost
    >>> x, y = np.array([[0.0], [0.0], [1.0], [1.0]]), [0, 0, 1, 1]
    >>> params = {"max_depth": 1, "lambda": 0, "min_child_weight": 0, "nthread": 1}
    >>> booster = train(params, xgboost.DMatrix(x, y), 30, objective="log_loss")
    >>> booster.predict(xgboost.DMatrix(x)).round(3).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    for name in ("obj", "fobj"):
        if name in kwargs:
            raise TypeError(f"train has no argument {name!r}: the objective goes into objective=")
    kwargs = kwargs if metric is None else {**kwargs, "metric": metric}
    if protocol.is_dmatrix(data):
        from .xgboost import train as train_xgboost

        return train_xgboost(params, data, num_boost_round, objective, leaf, kwargs)
    if protocol.is_dataset(data):
        from .lightgbm import train as train_lightgbm

        return train_lightgbm(params, data, num_boost_round, objective, leaf, kwargs)
    raise TypeError(f"train: data must be an xgboost.DMatrix or a lightgbm.Dataset, got {type(data).__name__}")
