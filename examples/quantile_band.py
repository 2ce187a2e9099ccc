"""A band that holds eight of ten values, where the noise depends on x: two quantiles instead of a mean and a spread.

XGBoost trains the three levels in one model; LightGBM trains one model for each, here with exact leaves.
"""

import lightgbm
import numpy as np
import xgboost

import boostobj as bo

rng = np.random.default_rng(0)
X = rng.uniform(-2, 2, (4000, 2))
y = np.sin(2 * X[:, 0]) + (0.1 + 0.5 * np.abs(X[:, 1])) * rng.normal(size=4000)
train, test = slice(0, 2500), slice(2500, 4000)
levels = (0.1, 0.5, 0.9)

single = {"max_depth": 3, "eta": 0.1, "nthread": 1}
quiet = {"learning_rate": 0.1, "num_leaves": 8, "verbosity": -1, "num_threads": 1}
dtrain, dtest = xgboost.DMatrix(X[train], y[train]), xgboost.DMatrix(X[test])


def lightgbms(level):
    dataset = lightgbm.Dataset(X[train], y[train], free_raw_data=False)
    return bo.train(quiet, dataset, 100, objective=bo.Quantile(alpha=level), leaf="exact").predict(X[test])


mean = bo.train(single, dtrain, 100, objective="squared_error")
spread = np.std(y[train] - mean.predict(dtrain)) * 1.2816  # eight of ten of a normal distribution
bands = {
    "mean and one spread": np.stack([mean.predict(dtest) + s * spread for s in (-1, 0, 1)], axis=1),
    "XGBoost, multi_quantile": bo.train(single, dtrain, 100, objective=bo.MultiQuantile(alpha=levels)).predict(dtest),
    "LightGBM, exact leaves": np.stack([lightgbms(level) for level in levels], axis=1),
}
pinball = bo.metrics.get("pinball", alpha=levels)
losses = {name: pinball.value(y[test], band) for name, band in bands.items()}


def inside(band, rows):
    return np.mean((y[test] > band[:, 0])[rows] & (y[test] < band[:, 2])[rows])


calm = np.abs(X[test, 1]) < 0.5
coverage = {name: (inside(band, calm), inside(band, ~calm)) for name, band in bands.items()}

if __name__ == "__main__":
    for name in bands:
        where = "inside {:.0%} where the noise is small, {:.0%} elsewhere".format(*coverage[name])
        print(f"{name:26} pinball loss {losses[name]:.4f}, {where}")
