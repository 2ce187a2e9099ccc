"""from_params reads what the boosters read."""

import json

import lightgbm
import numpy as np
import pytest
import xgboost
from lightgbm.basic import _ConfigAliases

import boostobj as bo
from boostobj import builtins
from boostobj.params import PARAMETER_ALIASES

ROWS = sorted(builtins.names().items())
VARIANTS = [
    pytest.param(public, parameter.name, value, id=f"{public}-{parameter.name}={value}")
    for public, row in ROWS
    for parameter in row.parameters
    for value in parameter.typical
]


def required(row):
    """A value for every parameter that has no default."""
    return {p.name: p.typical[0] for p in row.parameters if p.typical and (p.default is None or p.required)}


def text(value):
    """As the boosters' own Python packages write it."""
    return str(list(value)) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize(("public", "name", "value"), VARIANTS)
def test_every_parameter_of_every_built_in(public, name, value):
    row = builtins.names()[public]
    params = {"objective": row.name, "learning_rate": 0.1, **required(row), name: value}
    expected = bo.get(public, **{**required(row), name: value})
    assert expected.params[name] == value
    assert bo.from_params(row.booster, params) == expected
    assert bo.from_params(row.booster, {**params, name: text(value)}) == expected
    assert bo.from_params(row.booster, [*params.items()]) == expected
    if isinstance(value, tuple):
        for other in (list(value), np.array(value), str(value), str(value).replace(",", " , ")):
            assert bo.from_params(row.booster, {**params, name: other}) == expected
    for alias in PARAMETER_ALIASES[row.booster].get(name, ()):
        renamed = {alias if k == name else k: v for k, v in params.items()}
        assert bo.from_params(row.booster, renamed) == expected


@pytest.mark.parametrize("public", [public for public, _ in ROWS])
def test_what_is_not_the_objectives_is_ignored(public):
    row = builtins.names()[public]
    others = {p.name: p.typical[0] for _, r in ROWS for p in r.parameters if r.booster == row.booster and p.typical}
    for parameter in row.parameters:
        others.pop(parameter.name, None)
    params = {**others, "objective": row.name, "eta": 0.1, "num_leaves": "7", "seed": None, **required(row)}
    assert bo.from_params(row.booster, params) == bo.get(public, **required(row))


@pytest.mark.parametrize(("public", "name"), [(public, p.name) for public, row in ROWS for p in row.parameters if p.required])
def test_what_has_no_default_must_be_given(public, name):
    row = builtins.names()[public]
    given = {k: v for k, v in required(row).items() if k != name}
    with pytest.raises(ValueError, match=f"{public}: {name} must be given"):
        bo.from_params(row.booster, {"objective": row.name, **given})


def test_aliases_of_parameters_are_lightgbms():
    """LightGBM's own list, for "objective" and every parameter of a row."""
    names = {"objective"} | {p.name for _, row in ROWS if row.booster == "lightgbm" for p in row.parameters}
    assert set(PARAMETER_ALIASES["lightgbm"]) <= names
    for name in names:
        ours = {name, *PARAMETER_ALIASES["lightgbm"].get(name, ())}
        assert ours == _ConfigAliases.get(name), name


@pytest.mark.parametrize("key", ["objective", *PARAMETER_ALIASES["lightgbm"]["objective"]])
@pytest.mark.parametrize("value", ["binary", "Binary", "BINARY"])
def test_objective_under_each_of_its_names(key, value):
    assert bo.from_params("lightgbm", {key: value}) == bo.get("lightgbm:binary")


def test_without_an_objective_it_is_the_boosters_default():
    def found(booster, params):
        try:
            return bo.from_params(booster, params).builtin
        except ValueError as error:  # a row that is not there names what it looked for
            return str(error)

    x, y = np.arange(60.0)[:, None], np.arange(60) % 3
    for params in ({}, {"num_class": 3}, {"num_class": "3"}, {"num_class": 1}, {"num_class": 0}, {"objective": None}):
        theirs = json.loads(xgboost.train(params, xgboost.DMatrix(x, y), 1).save_config())
        assert theirs["learner"]["objective"]["name"] in found("xgboost", params)
    for params in ({}, {"objective": ""}, {"objective": None}):
        theirs = lightgbm.train({**params, "verbosity": -1}, lightgbm.Dataset(x, y), 1).model_to_string()
        (name,) = [line for line in theirs.splitlines() if line.startswith("objective=")]
        assert name.removeprefix("objective=") in found("lightgbm", params)


BINARY = np.arange(60.0)[:, None], np.arange(60) % 2


def lightgbms(params):
    """What LightGBM made of a parameter of objective=binary."""
    dataset = lightgbm.Dataset(*BINARY, params={"verbosity": -1})
    text = lightgbm.train({"objective": "binary", "verbosity": -1, **params}, dataset, 1).model_to_string()
    (name,) = params
    (line,) = [line for line in text.splitlines() if line.startswith(f"[{name}: ")]
    return float(line[1:-1].split(": ")[1])


@pytest.mark.parametrize("name", ["sigmoid", "is_unbalance"])
@pytest.mark.parametrize(
    "text", ["0.9", "+.5", "5.", "5", "1e-1", "2E+1", "true", "True", "FALSE", "+", "-", "1", "0", "yes", "1_0", "0x1p0", "2,3"]
)
def test_text_is_read_as_lightgbm_reads_it(name, text):
    params = {"objective": "binary", name: text}
    try:
        theirs = lightgbms({name: text})
    except lightgbm.basic.LightGBMError:
        with pytest.raises(ValueError, match=name):
            bo.from_params("lightgbm", params)
    else:
        assert bo.from_params("lightgbm", params).params[name] == theirs


@pytest.mark.parametrize("text", ["0.9", "+.5", "5.", "5", "1e-1", "2E+1", " 3", "3 ", "true", "yes", "1_0", "[2, 3]"])
def test_text_is_read_as_xgboost_reads_it(text):
    params = {"objective": "reg:pseudohubererror", "huber_slope": text}
    try:
        config = xgboost.train(params, xgboost.DMatrix(*BINARY), 1).save_config()
    except (ValueError, xgboost.core.XGBoostError):
        with pytest.raises(ValueError, match="huber_slope"):
            bo.from_params("xgboost", params)
    else:
        theirs = json.loads(config)["learner"]["objective"]["pseudo_huber_param"]["huber_slope"]
        assert np.float32(bo.from_params("xgboost", params).params["huber_slope"]) == np.float32(theirs)


def test_a_list_in_text_is_read_as_a_list():
    """As XGBoost does; a single number has no lists."""
    with pytest.raises(ValueError, match=r"huber_slope must be .* got \(1.0, 2.0\)"):
        bo.from_params("xgboost", {"objective": "reg:pseudohubererror", "huber_slope": "(1, 2)"})


def test_of_pairs_the_last_counts():
    pairs = [("objective", "binary:logistic"), ("huber_slope", 3), ("objective", "reg:pseudohubererror"), ("huber_slope", 4)]
    config = json.loads(xgboost.train(pairs, xgboost.DMatrix(*BINARY), 1).save_config())["learner"]["objective"]
    assert (config["name"], config["pseudo_huber_param"]["huber_slope"]) == ("reg:pseudohubererror", "4")
    assert bo.from_params("xgboost", pairs) == bo.get("reg:pseudohubererror", huber_slope=4)


def test_an_objective_of_ours_is_returned_as_it_is():
    o = bo.LogCosh(scale=2.0)
    assert bo.from_params("xgboost", {"objective": o, "eta": 0.1}) is o
    assert bo.from_params("lightgbm", {"app": o}) is o


@pytest.mark.parametrize("other", [lambda y, raw: (raw - y, raw), 3, ["binary"]])
def test_other_callables_are_refused(other):
    with pytest.raises(TypeError, match="objective must be a name or an objective of boostobj's"):
        bo.from_params("lightgbm", {"objective": other})


def test_aliases_that_agree_and_that_do_not():
    agreeing = {"objective": "multiclass", "app": "softmax", "num_class": 3, "num_classes": "3"}
    assert bo.from_params("lightgbm", agreeing) == bo.get("lightgbm:multiclass", num_class=3)
    with pytest.raises(ValueError, match="lightgbm: num_class=3 and num_classes=4 are one parameter, num_class: give one"):
        bo.from_params("lightgbm", {**agreeing, "num_classes": 4})
    with pytest.raises(ValueError, match="objective='multiclass' and app='binary' are one parameter, objective: give one"):
        bo.from_params("lightgbm", {"objective": "multiclass", "app": "binary"})


@pytest.mark.parametrize(("booster", "objective", "near"), [
    ("xgboost", "binary:logitic", "did you mean 'binary:logistic'"),
    ("xgboost", "Binary:Logistic", "did you mean"),  # XGBoost tells upper case from lower
    ("xgboost", "binary", None),  # LightGBM's
    ("lightgbm", "multi_class", "'multiclass'"),
    ("lightgbm", "binary:logistic", None),
    ("lightgbm", "zzz", None),
])  # fmt: skip
def test_unknown_objectives(booster, objective, near):
    with pytest.raises(ValueError, match=f"{booster}: no objective '{objective}'") as error:
        bo.from_params(booster, {"objective": objective})
    assert near is None or near in str(error.value)


@pytest.mark.parametrize("text", ["none", "null", "custom", "na", "None"])
def test_lightgbms_names_for_no_objective(text):
    with pytest.raises(ValueError, match="stands for none of LightGBM's own"):
        bo.from_params("lightgbm", {"objective": text})


def test_other_errors():
    with pytest.raises(ValueError, match="booster must be one of 'xgboost', 'lightgbm', got 'catboost'"):
        bo.from_params("catboost", {})
    for wrong in (None, "objective", 3, [1, 2]):
        with pytest.raises(TypeError, match="params must be a mapping or pairs, got"):
            bo.from_params("xgboost", wrong)
    with pytest.raises(ValueError, match=r"sigmoid must be a number in \(0, inf\), got '0\.9\.1'"):
        bo.from_params("lightgbm", {"objective": "binary", "sigmoid": "0.9.1"})
    with pytest.raises(ValueError, match=r"num_class must be an integer in .*, got '3\.5'"):
        bo.from_params("xgboost", {"objective": "multi:softmax", "num_class": "3.5"})
