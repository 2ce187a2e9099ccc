"""Handwritten digits with softmax: the built-in's model to the bit, honest early stopping, and what is rare counts more.

A callable in LightGBM starts at 0, predicts raw scores and is measured by metrics that take them for probabilities;
bo.train sees to all three. Weights of rows say what matters: here a nine that is missed.
"""

import lightgbm
import numpy as np
import xgboost
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import boostobj as bo

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
single = {"max_depth": 3, "num_class": 10, "nthread": 1}
quiet = {"num_leaves": 8, "learning_rate": 0.2, "verbosity": -1, "num_threads": 1}
dtrain, dtest = xgboost.DMatrix(X_train, y_train), xgboost.DMatrix(X_test, y_test)

theirs = xgboost.train({**single, "objective": "multi:softprob"}, dtrain, 10).predict(dtest)
ours = bo.train(single, dtrain, 10, objective="multi:softprob").predict(dtest)
identical = np.array_equal(ours, theirs)

dataset = lightgbm.Dataset(X_train, y_train)
valid = lightgbm.Dataset(X_test, y_test, reference=dataset)
seen = {}
model = bo.train(
    quiet, dataset, 60, objective="softmax", metric=["log_loss", "accuracy"], valid_sets=[valid], valid_names=["test"],
    callbacks=[lightgbm.early_stopping(5, first_metric_only=True, verbose=False), lightgbm.record_evaluation(seen)],
)  # fmt: skip
probabilities = model.predict(X_test)
accuracy = bo.metrics.get("accuracy").value(y_test, probabilities)


def recall_of_nines(weight):
    found = bo.train(single, xgboost.DMatrix(X_train, y_train, weight=weight), 5, objective="softmax").predict(dtest)
    return np.mean(found.argmax(axis=1)[y_test == 9] == 9)


recalls = recall_of_nines(None), recall_of_nines(np.where(y_train == 9, 10.0, 1.0))

if __name__ == "__main__":
    print(f"XGBoost's multi:softprob and ours, 10 rounds: {'identical' if identical else 'different'} probabilities")
    print(
        f"LightGBM, softmax: {model.best_iteration} rounds, log loss {min(seen['test']['log_loss']):.3f},"
        f" accuracy {accuracy:.3f}, probabilities add up to {probabilities.sum(axis=1).min():.6f}"
    )
    print("nines found: {:.3f}, with ten times their weight {:.3f}".format(*recalls))
