"""The command line: what it prints, and its exit status."""

import dataclasses
import json

import numpy as np
import pytest

import boostobj as bo
from boostobj import builtins, cli, parity


@pytest.fixture
def two_cases(monkeypatch):
    """One pair of models for each booster instead of all."""
    chosen = {}
    for case in parity.claimed():
        chosen.setdefault(case.booster, case)
    monkeypatch.setattr(parity, "claimed", lambda everything=False: list(chosen.values()))


def test_list_names_every_objective(capsys):
    assert cli.main(["list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in [*bo.objectives, *builtins.names()])


def test_list_as_markdown_has_the_same_rows(capsys):
    assert cli.main(["list", "--markdown"]) == 0
    printed = capsys.readouterr().out
    for title, heads, rows in cli._tables():
        lines = printed.partition(f"## {title}\n")[2].partition("##")[0].strip().splitlines()
        assert len(lines) == len(rows) + 2
        assert {len(line.replace("\\|", "").split("|")) for line in lines} == {len(heads) + 2}
        assert [line.split("`")[1] for line in lines[2:]] == [row[0] for row in rows]


@pytest.mark.parametrize("name", [*sorted(bo.objectives), *sorted(builtins.names())])
def test_show_has_the_parameters(name, capsys):
    assert cli.main(["show", name]) == 0
    printed = capsys.readouterr().out
    row = builtins.names().get(name)
    for parameter in row.parameters if row else bo.objectives[name].parameters():
        assert parameter.name in printed
    assert "curvatures:" in printed


def test_check_passes_and_says_so(capsys):
    assert cli.main(["check", "log_cosh", "--param", "scale=2"]) == 0
    printed = capsys.readouterr().out
    assert "LogCosh(scale=2.0)" in printed and " 0 failed" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "logloss"], "log_loss"),
        (["check", "log_cosh", "--param", "scale"], "--param must be NAME=VALUE, got 'scale'"),
        (["check", "log_cosh", "--param", "scale=-1"], "LogCosh: scale must be a number in (0, inf), or 'auto', got -1"),
        (["check", "log_cosh", "--param", "width=1"], "LogCosh has no parameter 'width'"),
        (["parity", "--rounds", "0"], "--rounds must be at least 1, got 0"),
        (["parity", "--json", "no such directory/file"], "there is no directory no such directory"),
    ],
)
def test_mistakes_are_told_and_not_traced(arguments, message, capsys):
    assert cli.main(arguments) == 2
    assert message in capsys.readouterr().err


def test_parity_writes_what_it_prints(two_cases, tmp_path, capsys):
    file = tmp_path / "parity.json"
    assert cli.main(["parity", "--rounds", "3", "--json", str(file)]) == 0
    assert "2 of 2 identical" in capsys.readouterr().out
    written = json.loads(file.read_text())
    assert [row["identical"] for row in written["results"]] == ["yes", "yes"]
    assert written["environment"] == parity.environment()


@pytest.mark.parametrize(
    "wrong", [{"first_different_tree": 0}, {"raw_difference": 1e-300}, {"prediction_difference": 1e-300}], ids=str
)
def test_parity_fails_where_a_model_differs(two_cases, monkeypatch, capsys, wrong):
    run = parity.run
    monkeypatch.setattr(parity, "run", lambda case: dataclasses.replace(run(case), **wrong))
    assert cli.main(["parity", "--rounds", "1"]) == 1
    assert "0 of 2 identical, 2 NOT" in capsys.readouterr().out


def test_parity_names_a_version_that_was_not_checked(two_cases, monkeypatch, capsys):
    monkeypatch.setattr(builtins, "CHECKED", {"xgboost": ("0.1",), "lightgbm": (parity.environment()["lightgbm"],)})
    cli.main(["parity", "--rounds", "1"])
    printed = capsys.readouterr().out
    assert "is not among the versions this release was checked on (0.1)" in printed
    assert printed.count("is not among the versions") == 1


def test_doctor_says_whether_it_cannot_work(tmp_path, capsys):
    y = np.linspace(0, 1e6, 100)
    np.save(tmp_path / "y.npy", y)
    rows = "\n".join(f"{v},{w},x" for v, w in zip(y, np.arange(100) % 2, strict=True))
    (tmp_path / "y.csv").write_text(f"price,weight,name\n{rows}\n")
    assert cli.main(["doctor", "squared_error", str(tmp_path / "y.npy")]) == 0
    assert "nothing stands in the way" in capsys.readouterr().out
    arguments = ["doctor", "reg:pseudohubererror", str(tmp_path / "y.csv"), "--column", "price", "--weight", "weight"]
    arguments += ["--param", "huber_slope=2", "--booster", "xgboost"]
    assert cli.main(arguments) == 1
    printed = capsys.readouterr().out
    assert "xgboost cannot (hessian)" in printed and "train PseudoHuber(" in printed
    assert cli.main(["doctor", "squared_error", *arguments[2:5], "--set", "min_child_weight=60"]) == 1
    assert "min_child_weight=60" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "there is no file"),
        (["y.csv", "--column", "y"], "has no column 'y'; it has 'price'"),
        (["y.npy", "--weight", "w"], "--column and --weight are for CSV"),
        (["y.npy", "--set", "eta"], "--set must be NAME=VALUE, got 'eta'"),
    ],
)
def test_doctor_is_told_what_there_is(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("y.npy", np.arange(50.0))
    (tmp_path / "y.csv").write_text("price\n" + "\n".join(map(str, range(50))))
    assert cli.main(["doctor", "squared_error", *arguments]) == 2
    assert message in capsys.readouterr().err
