"""Documents of queries, put in order: LambdaRank in both boosters against a regression on the degrees of relevance.

What makes a document relevant is how it compares with the others of its query, so that a document's own features say
little of its degree. A loss that only looks within queries does not try to explain the rest.
"""

import lightgbm
import numpy as np
import xgboost

import boostobj as bo

rng = np.random.default_rng(0)
queries, documents = 200, 20
shift = rng.normal(scale=3, size=(queries, 1))  # of a whole query
a, b = (rng.normal(size=(queries, documents)) for _ in range(2))
worth = 2 * (a + shift) + b + 0.5 * rng.normal(size=(queries, documents))
relevance = (np.argsort(np.argsort(worth, axis=1), axis=1) * 5) // documents  # degrees 0 to 4 within the query
X = np.stack([(a + shift).ravel(), b.ravel(), rng.normal(size=queries * documents)], axis=1)
y = relevance.ravel()
half = queries // 2
sizes = np.full(half, documents)
train, test = slice(0, half * documents), slice(half * documents, None)

single = {"max_depth": 4, "eta": 0.1, "nthread": 1}
quiet = {"learning_rate": 0.1, "num_leaves": 15, "verbosity": -1, "num_threads": 1}
dtrain, dtest = xgboost.DMatrix(X[train], y[train]), xgboost.DMatrix(X[test])
dtrain.set_group(sizes)

ndcg = bo.metrics.get("ndcg", k=5)
scores = {
    "XGBoost, regression": bo.train(single, xgboost.DMatrix(X[train], y[train]), 60, objective="squared_error").predict(dtest),
    "XGBoost, lambda_ndcg": bo.train(single, dtrain, 60, objective="lambda_ndcg").predict(dtest),
    "LightGBM, lambda_ndcg": bo.train(
        quiet, lightgbm.Dataset(X[train], y[train], group=sizes), 60, objective="lambda_ndcg"
    ).predict(X[test]),
}
found = {name: ndcg.value(y[test], score, group=sizes) for name, score in scores.items()}

if __name__ == "__main__":
    for name, value in found.items():
        print(f"{name:24} NDCG of the first 5: {value:.4f}")
