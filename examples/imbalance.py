"""Three in a hundred are frauds. Weights of classes spoil the probabilities; a threshold from the costs does not.

A missed fraud costs 20, a false alarm 1. The usual advice multiplies the weight of frauds until one half is the right
threshold. It is as cheap as the right threshold on honest probabilities, but what it calls a probability no longer is one.
"""

import numpy as np
import xgboost
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

import boostobj as bo

MISSED = 20.0

X, y = make_classification(
    12_000, 12, n_informative=6, n_clusters_per_class=3, weights=[0.97], flip_y=0.01, class_sep=0.8, random_state=0
)
X_train, X_rest, y_train, y_rest = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
X_valid, X_test, y_valid, y_test = train_test_split(X_rest, y_rest, test_size=0.6, stratify=y_rest, random_state=0)
valid, test = xgboost.DMatrix(X_valid, y_valid), xgboost.DMatrix(X_test)


def probabilities(objective):
    """Trained until the average precision of the validation set is best: it looks at the order alone, as does the AUC."""
    booster = bo.train(
        {"max_depth": 4, "eta": 0.1, "nthread": 1}, xgboost.DMatrix(X_train, y_train), 200, objective=objective,
        metric="average_precision", evals=[(valid, "valid")], early_stopping_rounds=20, verbose_eval=False,
    )  # fmt: skip
    return booster.predict(test, iteration_range=(0, booster.best_iteration + 1))


def cost(p, threshold):
    alarm = p > threshold
    return np.sum(MISSED * (y_test == 1) * ~alarm + (y_test == 0) * alarm) / len(y_test)


plain = probabilities(bo.LogLoss())
weighted = probabilities(bo.LogLoss(scale_pos_weight=MISSED))

costs = {
    "log loss, threshold 1/2": cost(plain, 0.5),
    "weighted, threshold 1/2": cost(weighted, 0.5),
    "log loss, threshold 1/21": cost(plain, 1 / (1 + MISSED)),
}
brier = {name: bo.metrics.get("brier").value(y_test, p) for name, p in (("log loss", plain), ("weighted", weighted))}
precision = {
    name: bo.metrics.get("average_precision").value(y_test, p) for name, p in (("log loss", plain), ("weighted", weighted))
}

if __name__ == "__main__":
    for name, value in costs.items():
        print(f"{name:26} cost per case {value:.3f}")
    for name, p in (("log loss", plain), ("weighted", weighted)):
        print(
            f"{name:26} Brier score {brier[name]:.4f}, average precision {precision[name]:.3f},"
            f" mean probability {p.mean():.3f} where {y_test.mean():.3f} are frauds"
        )
