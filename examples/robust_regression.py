"""Prices in dollars, some of them with a digit too many: a robust loss in both boosters, without scaling the target.

Squared error chases the typing errors. XGBoost's own pseudo-Huber does not survive a target in dollars (it starts from one
Newton step at 0), ours starts at the best constant and needs nothing but the size of an error that is still ordinary.
"""

import lightgbm
import numpy as np
import xgboost

import boostobj as bo

rng = np.random.default_rng(0)
rooms, area, age = rng.integers(1, 8, 4000), rng.uniform(40, 250, 4000), rng.uniform(0, 90, 4000)
X = np.stack([rooms, area, age], axis=1)
price = 1500 * area + 20_000 * rooms - 800 * np.maximum(age - 30, 0) + rng.normal(scale=15_000, size=4000)
typed = np.where(rng.random(4000) < 0.04, 10 * price, price)
train, test = slice(0, 2500), slice(2500, 4000)

dtrain, dtest = xgboost.DMatrix(X[train], typed[train]), xgboost.DMatrix(X[test])
single = {"max_depth": 4, "eta": 0.1, "nthread": 1}
quiet = {"learning_rate": 0.1, "num_leaves": 15, "verbosity": -1, "num_threads": 1}


def error(predicted):
    """The mean absolute error in dollars, of prices without typing errors."""
    return bo.metrics.get("mae").value(price[test], predicted)


robust = bo.PseudoHuber(delta=15_000.0)  # dollars
errors = {
    "XGBoost's reg:squarederror": error(xgboost.train(single, dtrain, 150).predict(dtest)),
    "XGBoost's reg:pseudohubererror": error(
        xgboost.train({**single, "objective": "reg:pseudohubererror"}, dtrain, 150).predict(dtest)
    ),
    "XGBoost with pseudo_huber": error(bo.train(single, dtrain, 150, objective=robust).predict(dtest)),
    "LightGBM with pseudo_huber": error(
        bo.train(quiet, lightgbm.Dataset(X[train], typed[train]), 150, objective=robust).predict(X[test])
    ),
}

if __name__ == "__main__":
    for name, value in errors.items():
        print(f"{name:32} mean absolute error {value:12,.0f} dollars")
