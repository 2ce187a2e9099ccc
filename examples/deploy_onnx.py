"""A model that was trained with an objective, served by ONNX Runtime, without the booster that trained it.

Needs the extra "deploy": pip install "boostobj[deploy]". Run: python examples/deploy_onnx.py
"""

import warnings

import lightgbm
import numpy as np
import onnxmltools
import onnxruntime
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import boostobj as bo

x, y = load_breast_cancer(return_X_y=True)
x = x.astype(np.float32)  # ONNX Runtime's trees compare float32: train on the numbers that will be served
x[::7, 3] = np.nan
x_train, x_valid, y_train, y_valid = train_test_split(x, y, test_size=0.3, random_state=0)
objective = bo.get("log_loss", curvature="majorized")


def by_xgboost():
    train, valid = xgboost.DMatrix(x_train, y_train), xgboost.DMatrix(x_valid, y_valid)
    rest = {"evals": [(valid, "valid")], "early_stopping_rounds": 5, "verbose_eval": False}
    return bo.train({"max_depth": 3, "eta": 0.3}, train, 200, objective=objective, **rest)


def by_lightgbm():
    train = lightgbm.Dataset(x_train, y_train)
    valid = lightgbm.Dataset(x_valid, y_valid, reference=train)
    rest = {"valid_sets": [valid], "callbacks": [lightgbm.early_stopping(5, verbose=False)]}
    return bo.train({"num_leaves": 7, "verbosity": -1}, train, 200, objective=objective, **rest)


def converted(model):
    """The bytes of an ONNX model whose second output is an array of class probabilities."""
    columns = [("x", FloatTensorType([None, x.shape[1]]))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converters' own
        if isinstance(model, xgboost.Booster):
            made = onnxmltools.convert_xgboost(bo.deployable(model), initial_types=columns, target_opset=15)
        else:
            made = onnxmltools.convert_lightgbm(bo.deployable(model), initial_types=columns, target_opset=15, zipmap=False)
    return made.SerializeToString()


options = onnxruntime.SessionOptions()
options.log_severity_level = 3  # onnxmltools declares shapes for one row
for model in (by_xgboost(), by_lightgbm()):
    bo.describe(model)
    session = onnxruntime.InferenceSession(converted(model), options, providers=["CPUExecutionProvider"])
    served = session.run(None, {"x": x_valid})[1][:, 1]
    expected = bo.predict(model, x_valid)
    # Converters get some models wrong without a word: compare before you ship.
    difference = np.abs(served - expected) / expected
    assert difference.max() < 1e-4, difference.max()
    name = type(model).__module__.partition(".")[0]
    print(f"{name}: {len(expected)} rows, largest difference {difference.max():.1e} of a prediction")
