"""Each example runs by itself, and what it claims is so."""

import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def imbalance(found):
    costs, brier, precision = found["costs"], found["brier"], found["precision"]
    assert costs["log loss, threshold 1/21"] < 0.7 * costs["log loss, threshold 1/2"]
    assert costs["log loss, threshold 1/21"] <= costs["weighted, threshold 1/2"]
    assert brier["log loss"] < 0.5 * brier["weighted"]
    assert precision["log loss"] >= precision["weighted"]
    share = found["y_test"].mean()
    assert abs(found["plain"].mean() - share) < 0.1 * abs(found["weighted"].mean() - share)


def robust_regression(found):
    errors = found["errors"]
    squared = errors["XGBoost's reg:squarederror"]
    for booster in ("XGBoost", "LightGBM"):
        assert errors[f"{booster} with pseudo_huber"] < squared / 4
        assert errors[f"{booster} with pseudo_huber"] < errors["XGBoost's reg:pseudohubererror"] / 4


def counts_with_exposure(found):
    deviances, of_the_young = found["deviances"], found["of_the_young"]
    without = deviances.pop("no exposure"), of_the_young.pop("no exposure")
    assert max(deviances.values()) < without[0]
    assert without[1] < 0.5 < min(of_the_young.values())
    assert all(abs(ratio - 1) < 0.25 for ratio in of_the_young.values())


def quantile_band(found):
    losses, coverage = found["losses"], found["coverage"]
    naive = losses.pop("mean and one spread"), coverage.pop("mean and one spread")
    assert max(losses.values()) < naive[0]
    for name, (calm, elsewhere) in coverage.items():
        assert abs(calm - elsewhere) < abs(naive[1][0] - naive[1][1]), name


def multiclass(found):
    assert found["identical"]
    measured = found["seen"]["test"]["log_loss"]
    assert found["model"].best_iteration == np.argmin(measured) + 1 < 60
    assert found["accuracy"] == found["seen"]["test"]["accuracy"][np.argmin(measured)]
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, rtol=1e-12, atol=0)
    plain, weighted = found["recalls"]
    assert plain < weighted


def ranking(found):
    ndcg = found["found"]
    for booster in ("XGBoost", "LightGBM"):
        assert ndcg[f"{booster}, lambda_ndcg"] > ndcg["XGBoost, regression"] + 0.05


def survival(found):
    concordance, ratios = found["of_true_times"], found["ratios"]
    naive = [name for name in concordance if name.startswith("the ")]
    ours = [name for name in concordance if name not in naive]
    assert len(naive) == 2 and len(ours) == 3
    assert min(concordance[name] for name in ours) > max(concordance[name] for name in naive) + 0.05
    assert max(abs(np.log(ratios[name])) for name in ours) < 0.2 * min(abs(np.log(ratios[name])) for name in naive)


def deployment(found):
    for name, difference in found["differences"].items():
        assert np.mean(difference < 1e-6) >= (1 if name == "XGBoost" else 0.99)
    assert found["booster"].best_iteration + 1 < found["booster"].num_boosted_rounds()
    assert all(0.1 < np.ptp(here) for here, _ in found["probabilities"].values())


def tuning(found):
    errors = found["errors"]
    assert errors["the study's choice"] < 0.9 * errors["squared error, depth 6"]
    values = [trial.value for trial in found["study"].trials]
    assert found["study"].best_value == min(values) < np.median(values)


def own_loss(found):
    cost = {name: found["objective"].loss(found["days"], raw).mean() for name, raw in found["cost"].items()}
    assert cost["this loss"] < 0.8 * cost["squared error"]
    assert 0.1 < np.mean(found["days"] > found["predicted"]) < 0.4


NEEDS = {"deployment": ("onnxmltools", "onnxruntime"), "tuning": ("optuna",)}
CLAIMS = [
    imbalance, robust_regression, counts_with_exposure, quantile_band, multiclass, ranking, survival, deployment, tuning, own_loss
]  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:onnx.*", "ignore::FutureWarning:optuna.*")  # their own
def test_example(claim, capsys):
    for module in NEEDS.get(claim.__name__, ()):
        pytest.importorskip(module)
    found = runpy.run_path(str(EXAMPLES / f"{claim.__name__}.py"), run_name="__main__")
    claim(found)
    assert 2 <= len(capsys.readouterr().out.splitlines()) <= 6


def test_every_example_has_its_claim():
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == sorted(claim.__name__ for claim in CLAIMS)
