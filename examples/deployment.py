"""From bo.train to ONNX: the probabilities of the model, served without XGBoost, LightGBM or boostobj.

The model is an ordinary one, with start and link inside, so that converters know it. `bo.deployable` cuts a model that stopped
early to its best iteration: ONNX has no place for that number. ONNX has float32 thresholds and LightGBM float64 ones: a row that
lies on one may fall on the other side, with LightGBM's own objectives too. Needs
the extra "deploy": pip install "boostobj[deploy]".
"""

import lightgbm
import numpy as np
import onnxruntime
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import boostobj as bo

X, y = load_breast_cancer(return_X_y=True)
X = X.astype(np.float32)  # what ONNX is given
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
objective = bo.LogLoss(curvature="majorized")  # no booster's own

valid = xgboost.DMatrix(X_test, y_test)
booster = bo.train(
    {"max_depth": 3, "nthread": 1}, xgboost.DMatrix(X_train, y_train), 200, objective=objective,
    evals=[(valid, "valid")], early_stopping_rounds=5, verbose_eval=False,
)  # fmt: skip
best = bo.deployable(booster)

dataset = lightgbm.Dataset(X_train, y_train)
model = bo.train(
    {"num_leaves": 8, "verbosity": -1, "num_threads": 1}, dataset, 200, objective=objective,
    valid_sets=[lightgbm.Dataset(X_test, y_test, reference=dataset)],
    callbacks=[lightgbm.early_stopping(5, verbose=False)],
)  # fmt: skip

onnxruntime.set_default_logger_severity(3)  # it warns of the shape that the converter declares for one row
features = [("input", FloatTensorType([None, X.shape[1]]))]


def served(onnx):
    """Probabilities of the second class, by onnxruntime alone."""
    session = onnxruntime.InferenceSession(onnx.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"input": X_test})[1][:, 1]


probabilities = {
    "XGBoost": (best.predict(valid), served(convert_xgboost(best, initial_types=features))),
    "LightGBM": (model.predict(X_test), served(convert_lightgbm(bo.deployable(model), initial_types=features, zipmap=False))),
}
differences = {name: np.abs(here - there) for name, (here, there) in probabilities.items()}

if __name__ == "__main__":
    for name, (here, _) in probabilities.items():
        loss = bo.metrics.get("log_loss").value(y_test, here)
        same = np.mean(differences[name] < 1e-6)
        print(f"{name:8} log loss {loss:.4f}, the same probability in onnxruntime for {same:.1%} of the rows")
