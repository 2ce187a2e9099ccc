"""Which loss? Optuna tries the size of an ordinary error for pseudo-Huber together with the depth of the trees.

A parameter of an objective is tuned like one of the booster: make the objective in the trial. What is measured must not
change with it: here the mean absolute error, by which rounds are chosen too. Needs optuna.
"""

import numpy as np
import optuna
import xgboost

import boostobj as bo

rng = np.random.default_rng(0)
X = rng.normal(size=(1800, 5))
y = 100 * (X[:, 0] + np.abs(X[:, 1]) * X[:, 2]) + 30 * rng.standard_t(1.5, size=1800)  # heavy tails
train, valid, test = (xgboost.DMatrix(X[rows], y[rows]) for rows in (slice(0, 800), slice(800, 1300), slice(1300, 1800)))


def trained(depth, objective):
    return bo.train(
        {"max_depth": depth, "eta": 0.2, "nthread": 1}, train, 150, objective=objective, metric="mae",
        evals=[(valid, "valid")], early_stopping_rounds=10, verbose_eval=False,
    )  # fmt: skip


def objective(trial):
    delta = trial.suggest_float("delta", 1.0, 1000.0, log=True)  # in the unit of y
    return trained(trial.suggest_int("max_depth", 2, 5), bo.PseudoHuber(delta=delta)).best_score


optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(objective, n_trials=15)


def error(booster):
    predicted = booster.predict(test, iteration_range=(0, booster.best_iteration + 1))
    return bo.metrics.get("mae").value(test.get_label(), predicted)


errors = {
    "squared error, depth 6": error(trained(6, "squared_error")),
    "the study's choice": error(trained(study.best_params["max_depth"], bo.PseudoHuber(delta=study.best_params["delta"]))),
}

if __name__ == "__main__":
    print(f"chosen of {len(study.trials)}: delta {study.best_params['delta']:.3g}, depth {study.best_params['max_depth']}")
    for name, value in errors.items():
        print(f"{name:24} mean absolute error {value:.1f}")
