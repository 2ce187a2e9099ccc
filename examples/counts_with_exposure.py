"""Claims of policies that were in force for part of a year: the exposure is an offset, in both boosters.

Without it a policy of one month looks like a good risk. Dividing the counts by the exposure and weighting with it is the
same likelihood, and gives the same model but for the steps of the boosters. A prediction is a rate per year.
"""

import lightgbm
import numpy as np
import xgboost

import boostobj as bo

rng = np.random.default_rng(0)
n = 6000
age, power, urban = rng.uniform(18, 80, n), rng.uniform(40, 200, n), rng.integers(0, 2, n)
X = np.stack([age, power, urban], axis=1)
rate = 0.4 * np.exp(0.9 * (age < 25) + 0.004 * (power - 100) + 0.4 * urban)  # per year
exposure = np.where(age < 25, rng.uniform(0.02, 0.4, n), rng.uniform(0.1, 1.0, n))  # years; the young have just begun
claims = rng.poisson(rate * exposure)
train, test = slice(0, 4000), slice(4000, n)

single = {"max_depth": 3, "eta": 0.1, "nthread": 1}
quiet = {"learning_rate": 0.1, "num_leaves": 8, "verbosity": -1, "num_threads": 1}
log_exposure = np.log(exposure[train])
dtest = xgboost.DMatrix(X[test])  # no offset: for one year

rates = {
    "no exposure": bo.train(single, xgboost.DMatrix(X[train], claims[train]), 80, objective="poisson").predict(dtest),
    "XGBoost, offset": bo.train(
        single, xgboost.DMatrix(X[train], claims[train], base_margin=log_exposure), 80, objective="poisson"
    ).predict(dtest),
    "LightGBM, offset": bo.train(
        quiet, lightgbm.Dataset(X[train], claims[train], init_score=log_exposure), 80, objective="poisson"
    ).predict(X[test]),
    "XGBoost, claims per year, weighted": bo.train(
        single, xgboost.DMatrix(X[train], claims[train] / exposure[train], weight=exposure[train]), 80, objective="poisson"
    ).predict(dtest),
}
deviance = bo.metrics.get("poisson_deviance")
deviances = {name: deviance.value(claims[test], exposure[test] * found) for name, found in rates.items()}
young = age[test] < 25
of_the_young = {name: found[young].mean() / rate[test][young].mean() for name, found in rates.items()}

if __name__ == "__main__":
    for name in rates:
        print(f"{name:36} Poisson deviance {deviances[name]:.4f}, rate of the young {of_the_young[name]:.2f} of the true one")
