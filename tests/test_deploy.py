"""Models say what made them, predict elsewhere what they predict here, and convert."""

import copy
import json
import pickle
import re
import subprocess
import sys

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb

import boostobj as bo
from boostobj.boosters import records

N, P, ROUNDS = 500, 5, 60
HALF = N // 2
RNG = np.random.default_rng(4)
X = RNG.normal(size=(N, P)).astype(np.float32)
X[RNG.uniform(size=X.shape) < 0.1] = np.nan
SIGNAL = np.nan_to_num(X[:, 0]) - np.abs(np.nan_to_num(X[:, 1])) + RNG.normal(size=N)
TARGETS = {
    "squared_error": 1e3 + 10 * SIGNAL,  # identity
    "log_loss": (SIGNAL > -0.5) * 1.0,  # logit
    "poisson": np.floor(np.exp(SIGNAL)),  # log
    "softmax": np.digitize(SIGNAL, [-1.5, 0.0]) * 1.0,
}
LINK_OF = dict(zip(TARGETS, ("identity", "logit", "log", "softmax"), strict=True))
QUIET = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True}
BOOSTERS = ("xgboost", "lightgbm")


def params_for(name, booster):
    trees = {"nthread": 1, "max_depth": 3, "eta": 0.4} if booster == "xgboost" else {**QUIET, "learning_rate": 0.3}
    return {**trees, **({"num_class": 3} if name == "softmax" else {})}


def trained(name, booster, y=None, rounds=8, **more):
    y = TARGETS[name] if y is None else y
    data = xgb.DMatrix(X, y) if booster == "xgboost" else lgb.Dataset(X, y)
    objective = more.pop("objective", name)
    return bo.train(params_for(name, booster) | more.pop("params", {}), data, rounds, objective=objective, **more)


def stopped_early(name, booster, **names):
    y = TARGETS[name]
    if booster == "xgboost":
        data, valid = (xgb.DMatrix(X[part], y[part], **names) for part in (slice(HALF), slice(HALF, N)))
        rest = {"evals": [(valid, "valid")], "early_stopping_rounds": 4, "verbose_eval": False}
    else:
        data = lgb.Dataset(X[:HALF], y[:HALF])
        valid = lgb.Dataset(X[HALF:], y[HALF:], reference=data)
        rest = {"valid_sets": [valid], "callbacks": [lgb.early_stopping(4, verbose=False)]}
    return bo.train(params_for(name, booster), data, ROUNDS, objective=name, **rest)


def plain(booster):
    """What the booster's own predict says."""
    return booster.predict(xgb.DMatrix(X) if isinstance(booster, xgb.Booster) else X)


def raw_scores(booster):
    if isinstance(booster, xgb.Booster):
        return booster.predict(xgb.DMatrix(X), output_margin=True)
    return booster.predict(X, raw_score=True)


def copies(booster):
    return pickle.loads(pickle.dumps(booster)), copy.copy(booster), copy.deepcopy(booster)


def trained_on(booster, rounds=2):
    """By XGBoost itself, with another objective."""
    params = {"objective": "reg:squarederror", "nthread": 1}
    return xgb.train(params, xgb.DMatrix(X, SIGNAL), rounds, xgb_model=booster)


@pytest.fixture(scope="module")
def models():
    return {(name, booster): trained(name, booster) for name in TARGETS for booster in BOOSTERS}


@pytest.fixture(scope="module")
def early():
    found = {(name, booster): stopped_early(name, booster) for name in TARGETS for booster in BOOSTERS}
    for (_, booster), model in found.items():
        if booster == "xgboost":
            assert 0 < model.best_iteration + 1 < model.num_boosted_rounds() <= ROUNDS
    return found


# The record -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("booster", BOOSTERS)
def test_the_record_says_what_made_the_model(models, booster):
    module = {"xgboost": xgb, "lightgbm": lgb}[booster]
    rate = {"xgboost": "eta", "lightgbm": "learning_rate"}[booster]
    for name in TARGETS:
        o = bo.get(name, **({"num_class": 3} if name == "softmax" else {}))
        read = bo.record(models[name, booster])
        still = trained(name, booster, rounds=1, params={rate: 1e-30})
        start = np.tile(read.pop("start"), (N, 1))
        np.testing.assert_allclose(raw_scores(still).reshape(N, -1), start, rtol=2e-6, atol=1e-6 * np.abs(start).max())
        assert read == {
            "format": 1,
            "objective": name,
            "parameters": {p.name: getattr(o, p.name) for p in o.parameters()},
            "repr": repr(o),
            "curvature": "native",
            "arithmetic": {
                "squared_error": ("reg:squarederror", "lightgbm:regression"),
                "log_loss": ("binary:logistic", "lightgbm:binary"),
                "poisson": ("count:poisson", "lightgbm:poisson"),
                "softmax": ("multi:softprob", "lightgbm:multiclass"),
            }[name][BOOSTERS.index(booster)],
            "link": LINK_OF[name],
            "slope": 1.0,
            "predicts": "target",
            "leaf": "newton",
            "offset": False,
            "continued": False,
            "auto": [],
            "unit": {"factor": 1.0, "penalty": 1.0, "least": 1.0},
            "rounds": 8,
            "versions": {"boostobj": bo.__version__, booster: module.__version__, "numpy": np.__version__},
        }


def test_the_record_says_which_curvature_was_used():
    y = TARGETS["log_loss"]
    made = [
        (bo.get("log_loss", curvature="majorized"), y, ("majorized", "boostobj")),
        (bo.get("log_loss", curvature="exact"), y, ("exact", "boostobj")),
        (bo.get("lightgbm:binary", scale_pos_weight=2), y, ("native", "lightgbm:binary")),
        ("binary:logistic", y, ("native", "binary:logistic")),
    ]
    for o, target, expected in made:
        for booster in BOOSTERS:
            read = bo.record(trained("log_loss", booster, target, 1, objective=o))
            assert (read["curvature"], read["arithmetic"]) == expected, (o, booster)
    read = bo.record(trained("log_loss", "lightgbm", 0.1 + 0.8 * y, 1))  # LightGBM's binary takes no soft labels
    assert (read["curvature"], read["arithmetic"]) == (bo.LogLoss.fallback, "boostobj")
    assert read["start"][0] == pytest.approx(bo.LogLoss().start((0.1 + 0.8 * y).astype(np.float32))[0], rel=1e-12)
    read = bo.record(trained("log_loss", "lightgbm", y, 1, objective=bo.get("lightgbm:binary", scale_pos_weight=2)))
    assert read["parameters"]["scale_pos_weight"] == 2 and read["repr"] == "get('lightgbm:binary', scale_pos_weight=2.0)"


def test_the_record_knows_offsets_leaves_and_what_went_on():
    y, offset = TARGETS["poisson"], RNG.normal(size=N)
    o = bo.get("poisson")
    for booster, data in (
        ("xgboost", xgb.DMatrix(X, y, base_margin=offset)),
        ("lightgbm", lgb.Dataset(X, y, init_score=offset, free_raw_data=False)),
    ):
        model = bo.train(params_for("poisson", booster), data, 3, objective=o)
        read = bo.record(model)
        assert read["offset"] and not read["continued"]
        assert read["start"][0] == pytest.approx(o.start(y, offset=np.float32(offset))[0], rel=1e-6)
        key = "xgb_model" if booster == "xgboost" else "init_model"
        read = bo.record(bo.train(params_for("poisson", booster), data, 2, objective=o, **{key: model}))
        assert read["continued"] and read["start"] is None and read["rounds"] == 5
    assert bo.record(trained("squared_error", "lightgbm", leaf="exact", objective="absolute_error"))["leaf"] == "exact"
    assert bo.record(trained("squared_error", "lightgbm", objective="lightgbm:regression_l1"))["leaf"] == "native"
    with pytest.warns(UserWarning, match="is trained by LightGBM itself"):
        model = trained("squared_error", "lightgbm", objective="lightgbm:regression_l1", params={"boosting": "goss"})
    read = bo.record(model)
    assert read["leaf"] == "native" and read["start"] == [pytest.approx(np.median(TARGETS["squared_error"]), rel=1e-3)]
    assert read["rounds"] == model.current_iteration() == 8


def test_numbers_that_json_lacks_are_texts():
    class Other:
        def __repr__(self):
            return "Other()"

    value = {"a": (1, float("inf"), None), "b": [float("nan"), True], "c": Other()}
    plain = records._plain(value)
    assert plain == {"a": [1, "inf", None], "b": ["nan", True], "c": "Other()"}
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    model = trained("log_loss", "xgboost", rounds=1, params={"base_score": 0.25})
    assert bo.record(model)["start"] == [pytest.approx(np.log(0.25 / 0.75), rel=1e-6)]


def test_xgboost_keeps_the_record(models, tmp_path):
    for name in TARGETS:
        model = models[name, "xgboost"]
        read = bo.record(model)
        for kind in ("json", "ubj"):
            model.save_model(tmp_path / f"model.{kind}")
            again = xgb.Booster(model_file=tmp_path / f"model.{kind}")
            assert bo.record(again) == read
            assert again.save_raw(kind) == model.save_raw(kind)
        assert all(bo.record(made) == read for made in copies(model))
        assert bo.record(model[:3]) == read
    assert bo.record(trained_on(models["squared_error", "xgboost"]))["objective"] == "squared_error"


def test_lightgbm_keeps_the_record_and_says_nothing_about_it(models, tmp_path, capfd):
    for name in TARGETS:
        model = models[name, "lightgbm"]
        read = bo.record(model)
        text = model.model_to_string()
        (line,) = re.findall(r"^\[boostobj: \]: .*\n", text, re.MULTILINE)
        (tmp_path / "without.txt").write_text(text.replace(line, ""))
        without = lgb.Booster(model_file=tmp_path / "without.txt")
        model.save_model(tmp_path / "model.txt")
        again = lgb.Booster(model_file=tmp_path / "model.txt")
        assert bo.record(again) == read
        assert again.model_to_string() == lgb.Booster(model_str=again.model_to_string()).model_to_string()
        assert again.params == without.params
        assert bo.record(without) is None
        assert np.array_equal(without.predict(X), model.predict(X)) and np.array_equal(again.predict(X), model.predict(X))
        assert all(bo.record(made) == read for made in copies(model))
        model.save_model(tmp_path / "short.txt", num_iteration=2)
        short = lgb.Booster(model_file=tmp_path / "short.txt")
        assert bo.record(short) == read and short.current_iteration() == 2
        assert without.dump_model() == again.dump_model()
        # What another training of LightGBM's own makes of it is not ours.
        assert bo.record(model.refit(X, TARGETS[name])) is None
    printed = capfd.readouterr()
    assert "boostobj" not in printed.out + printed.err and "unrecognized" not in printed.out + printed.err


def test_training_again_has_the_same_record_and_no_other():
    for booster in BOOSTERS:
        first, second = (trained("log_loss", booster, rounds=3) for _ in range(2))
        assert bo.record(first) == bo.record(second)
    data = lgb.Dataset(X, TARGETS["log_loss"], free_raw_data=False)
    again = bo.train(QUIET, data, 2, objective="log_loss", init_model=second)
    assert again.model_to_string().count("[boostobj: ]") == 1


def tampered(model, text):
    """The model with another text for its record."""
    if isinstance(model, xgb.Booster):
        made = model.copy()
        made.set_attr(boostobj=text)
        return made
    body, end, rest = model.model_to_string().rpartition("\nend of parameters")
    body = re.sub(r"^\[boostobj: \]: .*\n", "", body, flags=re.MULTILINE)
    return lgb.Booster(model_str=f"{body}\n[boostobj: ]: {text}{end}{rest}")


@pytest.mark.parametrize("booster", BOOSTERS)
def test_a_record_is_only_read(models, booster, tmp_path, monkeypatch, capsys):
    model = models["log_loss", booster]
    (tmp_path / "evil_objectives.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')\nclass Evil: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    run = f"__import__('pathlib').Path({str(tmp_path / 'run')!r}).touch()"
    evil = {
        **bo.record(model),
        "objective": "evil_objectives:Evil",
        "parameters": {"evil_objectives": run, "__reduce__": run},
        "repr": run,
        "arithmetic": "evil_objectives",
        "py/object": "evil_objectives.Evil",
        "leaf": f"\x1b[2J[bold]{run}",
    }
    made = tampered(model, json.dumps(evil))
    assert bo.record(made) == evil
    bo.describe(made)
    printed = capsys.readouterr().out
    assert "evil_objectives:Evil" in printed and "\x1b[2J" not in printed and "[bold]" in printed
    assert np.array_equal(bo.predict(made, X), plain(model))
    bo.deployable(made)
    for wrong in ("evil_objectives.Evil", "__class__", ["logit"], {"a": 1}, None):
        made = tampered(model, json.dumps({**evil, "link": wrong}))
        for reading in (lambda made=made: bo.predict(made, X), lambda made=made: bo.deployable(made)):
            with pytest.raises(ValueError, match=r"the link in the model's record must be one of 'identity'.*, got"):
                reading()
    assert not (tmp_path / "imported").exists() and not (tmp_path / "run").exists() and "evil_objectives" not in sys.modules


@pytest.mark.parametrize("booster", BOOSTERS)
def test_a_record_that_cannot_be_read(models, booster):
    model = models["log_loss", booster]
    for text, message in (
        ('{"objective": ', "no JSON: "),
        ("bo.LogLoss()", "no JSON: "),
        ("[" * 100_000, "nested too deeply|no JSON"),
        ('["log_loss"]', r"must be a JSON object, got '\[\"log_loss\"\]'"),
    ):
        with pytest.raises(ValueError, match=message):
            bo.record(tampered(model, text))
    read = bo.record(model)
    for key, value, message in (
        ("slope", 0, "slope in the model's record must be a finite number above 0, got 0"),
        ("slope", True, "got True"),
        ("slope", 10**400, "slope in the model's record must be"),
        ("slope", "1.0", "got '1.0'"),
        ("predicts", "probabilities", "predicts in the model's record must be 'target' or 'raw scores', got 'probabilities'"),
    ):
        with pytest.raises(ValueError, match=message):
            bo.predict(tampered(model, json.dumps({**read, key: value})), X)


def test_models_without_a_record():
    y = TARGETS["log_loss"]
    for model in (
        xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(X, y), 2),
        lgb.train({"objective": "binary", **QUIET}, lgb.Dataset(X, y), 2),
    ):
        assert bo.record(model) is None
        for reading, owner in ((bo.describe, "describe"), (lambda model: bo.predict(model, X), "predict")):
            with pytest.raises(ValueError, match=f"{owner}: the model does not say how it was made: boostobj.train leaves"):
                reading(model)
        assert np.array_equal(plain(bo.deployable(model)), plain(model))
    for reading in (bo.record, bo.describe, bo.deployable, lambda model: bo.predict(model, X)):
        with pytest.raises(TypeError, match=r"must be an xgboost.Booster or a lightgbm.Booster, got XGBRegressor \(XGBoost's"):
            reading(xgb.XGBRegressor())


def test_describe_prints_the_record(models, capsys):
    for booster in BOOSTERS:
        bo.describe(models["softmax", booster])
        printed = capsys.readouterr().out
        for text in ("softmax", "num_class 3", "native", bo.__version__, np.__version__, "continued", "no", "target"):
            assert text in printed
        assert "predict gives raw scores" not in printed and "added since" not in printed
    bo.describe(trained("log_loss", "xgboost", rounds=1, objective=bo.get("log_loss", sigmoid=2)))
    assert "own predict gives raw scores: no objective of it has the link 'logit'" in " ".join(capsys.readouterr().out.split())
    bo.describe(trained_on(models["squared_error", "xgboost"]))
    assert "The model has 10 rounds: 2 have been added since" in capsys.readouterr().out


# Predicting -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("booster", BOOSTERS)
def test_predict_is_the_boosters_own_where_that_is_right(models, booster):
    for name in TARGETS:
        model = models[name, booster]
        assert np.array_equal(bo.predict(model, X), plain(model))
        if booster == "xgboost":
            assert np.array_equal(bo.predict(model, xgb.DMatrix(X)), plain(model))
        np.testing.assert_allclose(bo.predict(model, X), bo.get(name).inverse_link(raw_scores(model)), rtol=2e-6)


def test_links_that_no_objective_of_the_booster_has():
    y = TARGETS["log_loss"]
    for booster, o, target in (
        ("xgboost", bo.get("log_loss", sigmoid=1.7), y),
        ("xgboost", bo.get("squared_root_error"), TARGETS["poisson"]),
        ("lightgbm", bo.get("hinge"), y),
        ("xgboost", "binary:logitraw", y),
    ):
        model = trained("log_loss", booster, target, objective=o)
        o = bo.get(o) if isinstance(o, str) else o
        raw = raw_scores(model)
        assert np.ptp(raw) > 0 and np.array_equal(plain(model), raw)
        assert bo.record(model)["predicts"] == "raw scores"
        shown = bo.predict(model, X)
        assert shown.dtype == raw.dtype and np.array_equal(shown, o.inverse_link(raw))
        again = xgb.Booster(model_file=model.save_raw("ubj")) if booster == "xgboost" else pickle.loads(pickle.dumps(model))
        assert np.array_equal(bo.predict(again, X), shown)
        margin = {"output_margin": True} if booster == "xgboost" else {"raw_score": True}
        assert np.array_equal(bo.predict(model, X, **margin), raw)
        assert bo.predict(model, X, pred_leaf=True).shape[0] == N
        with pytest.warns(UserWarning, match=rf"the model predicts raw scores; .*link '{o.link}', of {o._slope():g} times"):
            bo.deployable(model)
    hinge = trained("log_loss", "lightgbm", y, objective="hinge")
    assert (bo.predict(hinge, X) == y).mean() > 0.75 and set(bo.predict(hinge, X)) == {0.0, 1.0}


def test_offsets_of_lightgbm_are_added_before_the_link(models):
    for name in TARGETS:
        model = models[name, "lightgbm"]
        raw = raw_scores(model)
        offset = np.random.default_rng(1).normal(size=raw.shape)
        expected = bo.get(name).inverse_link(raw + offset)
        assert np.array_equal(bo.predict(model, X, offset=offset), expected)
        assert np.array_equal(bo.predict(model, X, offset=offset, raw_score=True), raw + offset)
        np.testing.assert_allclose(bo.predict(model, X, offset=np.zeros(raw.shape)), plain(model), rtol=1e-14)
    model, offset = models["poisson", "lightgbm"], np.zeros(N)
    with pytest.raises(ValueError, match=r"offset must have shape \(500,\), one number for each raw score, got \(499,\)"):
        bo.predict(model, X, offset=offset[1:])
    with pytest.raises(ValueError, match=r"predict: offset must be finite, got nan in row 3 \(2 of 500 rows\)"):
        bo.predict(model, X, offset=np.where(np.isin(np.arange(N), [3, 7]), np.nan, offset))
    with pytest.raises(ValueError, match=r"an offset belongs to raw scores, but pred_leaf=True"):
        bo.predict(model, X, offset=offset, pred_leaf=True)
    with pytest.raises(ValueError, match=r"predict: offset is for LightGBM; XGBoost adds the base_margin"):
        bo.predict(models["poisson", "xgboost"], X, offset=offset)


def test_offsets_of_xgboost_are_its_own_business(models):
    margin = RNG.normal(size=N)
    data = xgb.DMatrix(X, base_margin=margin)
    model = models["poisson", "xgboost"]
    assert np.array_equal(bo.predict(model, data), model.predict(data))
    model = trained("poisson", "xgboost", objective="squared_root_error")
    assert np.array_equal(bo.predict(model, data), bo.SquaredRootError().inverse_link(model.predict(data, output_margin=True)))


@pytest.mark.parametrize("booster", BOOSTERS)
def test_models_that_stopped_early_predict_with_the_best_iteration(early, booster):
    for name in TARGETS:
        model = early[name, booster]
        if booster == "xgboost":
            best = model.predict(xgb.DMatrix(X), iteration_range=(0, model.best_iteration + 1))
            assert not np.array_equal(plain(model), best)
            first = {"iteration_range": (0, 1)}
            assert np.array_equal(bo.predict(model, X, **first), model.predict(xgb.DMatrix(X), **first))
        else:
            best = model.predict(X, num_iteration=model.best_iteration)
            assert np.array_equal(bo.predict(model, X, num_iteration=1), model.predict(X, num_iteration=1))
        assert np.array_equal(bo.predict(model, X), best)
        assert np.array_equal(bo.predict(pickle.loads(pickle.dumps(model)), X), best)
        short = bo.deployable(model)
        assert np.array_equal(plain(short), best) and bo.record(short) == bo.record(model)


def test_the_best_iteration_of_the_model_before_is_forgotten(early):
    model = early["log_loss", "xgboost"]
    longer = trained("log_loss", "xgboost", xgb_model=model, rounds=5)
    assert longer.num_boosted_rounds() == model.num_boosted_rounds() + 5
    assert longer.attr("best_iteration") is None and model.attr("best_iteration") is not None
    assert np.array_equal(bo.predict(longer, X), plain(longer))
    valid = xgb.DMatrix(X[HALF:], TARGETS["log_loss"][HALF:])
    rest = {"evals": [(valid, "valid")], "early_stopping_rounds": 3, "verbose_eval": False}
    longer = trained("log_loss", "xgboost", xgb_model=model, rounds=30, **rest)
    assert longer.best_iteration >= model.num_boosted_rounds()


def test_a_linear_booster_that_stopped_early_has_one_model():
    y = TARGETS["squared_error"]
    data = xgb.DMatrix(np.nan_to_num(X), y)
    rest = {"evals": [(data, "train")], "early_stopping_rounds": 2, "verbose_eval": False}
    model = bo.train({"booster": "gblinear", "nthread": 1}, data, 5, objective="squared_error", **rest)
    assert np.array_equal(bo.predict(model, data), model.predict(data))
    assert np.array_equal(bo.deployable(model).predict(data), model.predict(data))


# Elsewhere ------------------------------------------------------------------------------------------------------------


def test_saved_models_predict_the_same_where_boostobj_is_not(models, early, tmp_path):
    expected = {}
    for made, found in (("all", models), ("early", {key: bo.deployable(model) for key, model in early.items()})):
        for (name, booster), model in found.items():
            for kind in ("json", "ubj") if booster == "xgboost" else ("txt",):
                stem = f"{made}-{name}-{booster}-{kind}"
                model.save_model(tmp_path / f"{stem}.{kind}")
                expected[stem] = bo.predict(model, X)
    np.save(tmp_path / "x.npy", X)
    code = """
import sys
sys.modules["boostobj"] = None
import pathlib, numpy as np, xgboost, lightgbm
x = np.load("x.npy")
for path in pathlib.Path(".").glob("*-*.*"):
    if path.suffix == ".txt":
        shown = lightgbm.Booster(model_file=path).predict(x)
    else:
        shown = xgboost.Booster(model_file=path).predict(xgboost.DMatrix(x))
    np.save(path.stem + ".npy", shown)
try:
    import boostobj
except ImportError:
    pathlib.Path("there is none").touch()
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert (tmp_path / "there is none").exists() and len(expected) == 24
    for stem, shown in expected.items():
        assert np.array_equal(np.load(tmp_path / f"{stem}.npy"), shown), stem


def by_onnx(model):
    """What onnxruntime predicts from a converted model; probabilities of every class."""
    onnxmltools = pytest.importorskip("onnxmltools", reason="the extra 'deploy' has it")
    onnxruntime = pytest.importorskip("onnxruntime", reason="the extra 'deploy' has it")
    from onnxmltools.convert.common.data_types import FloatTensorType

    types = [("x", FloatTensorType([None, P]))]
    if isinstance(model, xgb.Booster):
        made = onnxmltools.convert_xgboost(model, initial_types=types, target_opset=15)
    else:
        made = onnxmltools.convert_lightgbm(model, initial_types=types, target_opset=15, zipmap=False)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns of shapes that onnxmltools declares for one row
    session = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": X})[-1]


def by_treelite(model):
    treelite = pytest.importorskip("treelite", reason="the extra 'deploy' has it")
    read = treelite.frontend.from_xgboost if isinstance(model, xgb.Booster) else treelite.frontend.from_lightgbm
    return treelite.gtil.predict(read(model), X)


def assert_near(found, predicted):
    """Each tree adds a rounding of float32, and the link one or two."""
    found = np.asarray(found)
    if predicted.ndim == 1 and found.shape[1:] == (2,):
        found = found[:, 1]
    assert np.ptp(predicted, axis=0).min() > 0
    np.testing.assert_allclose(found.reshape(predicted.shape), predicted, rtol=ROUNDS * np.finfo(np.float32).eps, atol=0)


# What onnxmltools and treelite call while they convert.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("convert", [by_onnx, by_treelite])
@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("name", TARGETS)
def test_converted_models_predict_the_same(models, early, name, booster, convert):
    model = models[name, booster]
    assert_near(convert(model), plain(model))
    model = early[name, booster]
    assert_near(convert(bo.deployable(model)), bo.predict(model, X))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning")
def test_deployable_mends_what_onnxmltools_cannot_read():
    names = [f"column {i}" for i in range(P)]
    model = stopped_early("log_loss", "xgboost", feature_names=names)
    with pytest.raises((ValueError, RuntimeError)):
        by_onnx(model)
    short = bo.deployable(model)
    assert model.feature_names == names and short.feature_names is None
    assert_near(by_onnx(short), bo.predict(model, xgb.DMatrix(X, feature_names=names)))
    time = 1 + np.exp(SIGNAL)
    for o, y in ((bo.get("reg:logistic"), TARGETS["log_loss"]), (bo.Cox(), time), (bo.get("survival:aft"), time)):
        model = trained("squared_error", "xgboost", y, objective=o)
        with pytest.raises((AssertionError, RuntimeWarning)):  # it divides by 0 for some
            assert_near(by_onnx(model), plain(model))
        short = bo.deployable(model)
        assert np.array_equal(plain(short), plain(model)) and bo.record(short) == bo.record(model)
        assert_near(by_onnx(short), plain(model))
