"""The measuring of benchmarks/: known ratios are found, limits are judged. No times: only what is done with them."""

import itertools
import json
import math

import numpy as np
import pytest
from scipy import stats

from benchmarks import __main__ as command
from benchmarks import convergence, data, imbalance, learning, likelihood, measure

# What the releases print, the timestamps and all; around GetGradient only.
MONITORS = {
    "3.2.0": """\
[20:40:22] ======== Monitor (0): GBTree ========
[20:40:22] CommitModel: 2.4e-05s, 10 calls @ 24us

[20:40:22] ======== Monitor (0): Learner ========
[20:40:22] Configure: 0s, 1 calls @ 0us

[20:40:22] EvalOneIter: 0.000179s, 10 calls @ 179us

[20:40:22] GetGradient: 0.126742s, 10 calls @ 126742us

[20:40:22] PredictRaw: 0.002118s, 10 calls @ 2118us
""",
    "3.4.1": """\
[20:40:24] ======== Monitor (0): Learner ========
[20:40:24] Configure: 0s, 1 calls @ 0us

[20:40:24] EvalOneIter: 0.000105s, 10 calls @ 105us

[20:40:24] GetGradient: 0.105661s, 10 calls @ 105661us

[20:40:24] PredictRaw: 0.002798s, 10 calls @ 2798us
""",
}


def row(taken=((1.0, 4.0),) * 7, limit=0.5, benchmark="gradient"):
    return measure.row(benchmark, "log_loss", "a rival", taken, limit=limit, rows=10)


def test_a_known_ratio_is_found():
    # The machine slows down by and by, and either side is disturbed now and then.
    slower = (1.1**i for i in itertools.count())
    disturbed = itertools.cycle([1, 1, 1, 5])
    machine = {"speed": 1.0}

    def side(seconds):
        def measured():
            return seconds * machine["speed"] * next(disturbed)

        return measured

    def ours():
        machine["speed"] = next(slower) ** 0.01
        return side(1.0)()

    found = measure.row("x", "y", "z", measure.pairs(ours, side(4.0), 41))
    assert found["low"] <= 0.25 <= found["high"]
    assert found["ratio"] == pytest.approx(0.25, rel=0.05)


def test_pairs_alternate():
    order = []
    measure.pairs(lambda: order.append("ours") or 1.0, lambda: order.append("theirs") or 1.0, 4)
    assert order == ["theirs", "ours", "ours", "theirs"] * 2


def test_a_meter_repeats_short_calls():
    now = itertools.count(0.0, 0.001)  # a clock that goes on by a millisecond whenever it is read
    calls = []
    measured = measure.meter(lambda: calls.append(1), least=0.02, clock=lambda: next(now))
    before = len(calls)
    assert measured() == pytest.approx(0.001 / 20)
    assert len(calls) - before == 20


@pytest.mark.parametrize("n", [6, 7, 11, 15, 21, 41, 100])
def test_the_limits_are_order_statistics(n):
    values = np.random.default_rng(0).permutation(np.arange(1.0, n + 1))
    middle, low, high = measure.median_with_limits(values)
    assert (middle, low + high) == (np.median(values), n + 1)

    def outside(rank):  # the median of the population is below the value of this rank, or above its mirror image
        return 2 * sum(math.comb(n, i) for i in range(rank)) / 2**n

    assert outside(int(low)) <= 0.05 < outside(int(low) + 1)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_too_few_pairs_give_their_extremes(n):
    assert measure.median_with_limits(np.arange(n))[1:] == (0, n - 1)


def test_xgboosts_monitor_is_read():
    assert measure.get_gradient(MONITORS["3.2.0"]) == pytest.approx(0.0126742)
    assert measure.get_gradient(MONITORS["3.4.1"]) == pytest.approx(0.0105661)
    assert measure.get_gradient("[20:40:22] GetGradient: 2.4e-05s, 2 calls @ 24us") == pytest.approx(1.2e-5)


@pytest.mark.parametrize("log", ["", MONITORS["3.2.0"] + MONITORS["3.4.1"]])
def test_a_log_of_another_kind_is_refused(log):
    with pytest.raises(ValueError, match="GetGradient once"):
        measure.get_gradient(log)


def test_a_limit_is_kept_by_the_upper_confidence_limit():
    noisy = [(r, 1.0) for r in (0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9)]
    assert not measure.broken([row(), row(limit=None), row(limit=0.25)])
    assert len(measure.broken([row(noisy), row([(math.nan, 1.0)])])) == 2


def test_a_broken_limit_is_reported(tmp_path, capsys):
    file = tmp_path / "results.json"
    command.write(file, {"environment": {}, "results": [row(), row(limit=0.1), row(limit=None)]})
    assert command.main(["--check", str(file)]) == 1
    out = capsys.readouterr().out
    assert "not kept" in out and "1 of 2 promised ratios are kept" in out
    command.write(file, {"environment": {}, "results": [row()]})
    assert command.main(["--check", str(file)]) == 0


def test_a_run_writes_and_judges(tmp_path, monkeypatch, capsys):
    file = tmp_path / "results.json"
    limits = {"gradient": 0.1, "cold": 0.5}
    monkeypatch.setattr(command, "fresh", lambda name, *_, **__: iter([row(limit=limits[name], benchmark=name)]))
    assert command.main(["cold", "--out", str(file)]) == 0
    assert command.main(["gradient", "--smoke"]) == 0
    assert command.main(["gradient", "--out", str(file)]) == 1
    found = json.loads(file.read_text())
    assert [r["benchmark"] for r in found["results"]] == ["gradient", "cold"]
    assert found["environment"] == measure.environment()

    command.write(file, {**found, "environment": {"cpu": "another"}})
    with pytest.raises(SystemExit):
        command.main(["cold", "--out", str(file)])
    assert "another environment" in capsys.readouterr().err


def test_an_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit):
        command.main(["warm"])
    assert "no benchmark 'warm'" in capsys.readouterr().err


def test_a_failing_worker_is_an_error():
    with pytest.raises(RuntimeError, match="ended with status 1"):
        list(measure.fresh("measure", "no_such_function"))


def course(**courses):
    """What `convergence.split` gives, with the same course for everybody who is not named."""
    everybody = {f"{booster} {name}": [2.0, 1.0, 1.5] for booster, _, name in convergence.contestants()}
    return {"rows": 10, "with": {}, "courses": everybody | {name.replace("__", " "): c for name, c in courses.items()}}


def test_the_best_rounds_are_compared_and_the_mean_is_judged():
    unit = {"name": "diabetes", "labels": "clean", "few": False}
    found = [course(xgboost__log_cosh=[3.0, 1.0, 2.0]), course(xgboost__log_cosh=[1.2, 1.3, 1.2])]
    rows = {(r["booster"], r["what"]): r for r in convergence.compared(unit, found)}
    moved, same = rows["XGBoost", "log_cosh"], rows["LightGBM", "log_cosh"]
    assert (moved["ratio"], moved["final"], moved["limit"]) == (1.1, 1.6, 1.05)
    assert moved["error"] == pytest.approx(0.1, rel=1e-9)
    assert (same["ratio"], same["final"]) == (1.0, 1.5)
    assert measure.broken(list(rows.values())) == [moved]
    assert rows["XGBoost", "squared_error"]["limit"] is None


def test_what_is_robust_is_read_off_the_gradient():
    kinds = {name: learning.kind(cls) for name, cls in learning.registered() if learning.of_location(cls)}
    assert all(kinds[name] == "robust" for name in ("absolute_error", "log_cosh", "huber", "pseudo_huber", "fair", "quantile"))
    assert all(kinds[name] == "other" for name in ("squared_error", "expectile", "absolute_percentage_error"))
    assert not {"poisson", "log_loss", "squared_log_error", "squared_root_error", "aft", "multi_quantile"} & set(kinds)


def test_the_boosters_own_have_the_textbooks_parameters():
    rows = {row.public_name: convergence.textbook_values(row) for b in learning.BOOSTERS for row in convergence.own_rows(b)}
    assert rows["lightgbm:quantile"]["alpha"] == 0.5 and rows["lightgbm:huber"]["alpha"] == 1.0
    assert rows["reg:quantileerror"]["quantile_alpha"] == 0.5
    assert set(convergence.SQUARED.values()) - {"RMSE"} <= set(rows)


def test_rows_are_drawn_into_parts():
    strata = np.arange(1000) % 10 == 0
    found = data.parts(1000, (0.5, 0.25, 0.25), 0, strata)
    assert [len(rows) for rows in found] == [500, 250, 250]
    assert [int(strata[rows].sum()) for rows in found] == [50, 25, 25]
    assert sorted(np.concatenate(found)) == list(range(1000))
    assert not np.array_equal(found[0], data.parts(1000, (0.5, 0.25, 0.25), 1, strata)[0])


def test_data_that_are_not_at_hand_are_left_out(monkeypatch, tmp_path):
    monkeypatch.delenv(data.FOLDER, raising=False)
    assert data.at_hand("wine", "diabetes") == ["diabetes"]
    with pytest.raises(ValueError, match=r"'wine' needs the file uci_wine-quality-red.txt.gz"):
        data.load("wine")
    with pytest.raises(ValueError, match="no data set 'beer'; there are diabetes"):
        data.load("beer")
    np.savetxt(tmp_path / data.FILES["wine"][0], [[1.0, 2.0, 5.0], [3.0, 4.0, 6.0]])
    monkeypatch.setenv(data.FOLDER, str(tmp_path))
    assert data.at_hand("wine", "diabetes", "higgs") == ["wine", "diabetes"]
    found = data.load("wine")
    assert (found.x.tolist(), found.y.tolist()) == ([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0])


def test_calibration_finds_the_probabilities():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.3, 20_000)
    y = (rng.uniform(size=p.size) < p).astype(float)
    found = imbalance.calibrated(-7e3 * (np.log(p) - np.log1p(-p)) + 1e5, y, np.array([-7e3 * np.log(0.1 / 0.9) + 1e5]))
    assert found == pytest.approx(0.1, rel=0.05)
    assert imbalance.calibrated(np.full(20, 3.0), np.repeat([0.0, 1.0], [15, 5]), np.zeros(1))[0] == pytest.approx(0.25, rel=0.1)
    apart = imbalance.calibrated(np.arange(20.0), (np.arange(20) > 15).astype(float), np.array([0.0, 19.0]))
    assert 1e-4 < apart[0] < apart[1] < 1 - 1e-4  # no step, although a step would separate the classes


def test_draws_have_their_share_of_positives():
    for share in imbalance.SHARES:
        _, y, rows = imbalance.drawn("digits", 3, share, 0)
        for part in rows:
            assert y[part].mean() == pytest.approx(share, rel=0.1)
    assert imbalance.drawn("breast cancer", 1, 0.01, 0)[2] == []  # 4 positives in all


def test_units_are_spread_over_processes_in_their_order():
    units = [{"n": n, "shares": (0.5, 0.5), "seed": 0} for n in (4, 2, 6)]
    assert [len(first) for first, _ in learning.spread(data.parts, units, smoke=False)] == [2, 1, 3]


def test_learning_has_files_of_its_own(tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        command.main(["convergence", "cold", "--out", str(tmp_path / "results.json")])
    assert "do not go into one file" in capsys.readouterr().err

    unit = {"name": "diabetes", "labels": "clean", "few": False}
    found = list(convergence.compared(unit, [course(xgboost__log_cosh=[1.2, 1.3, 1.2])]))
    monkeypatch.setattr(command, "fresh", lambda *_, **__: iter(found))
    file = tmp_path / "convergence.json"
    assert command.main(["convergence", "--out", str(file)]) == 1
    assert json.loads(file.read_text())["environment"] == learning.environment()
    assert command.main(["--check", str(file)]) == 1
    assert "not kept: convergence" in capsys.readouterr().out


def test_a_predicted_distribution_is_scored():
    y = np.array([1.0, 3.0])
    loss, error = likelihood.scored(stats.norm([0.0, 3.0], [1.0, 2.0]), y)
    assert loss == pytest.approx(np.log(2 * np.pi) / 2 + (0.5 + np.log(2)) / 2, rel=1e-12)
    assert error == pytest.approx(np.sqrt(0.5), rel=1e-12)
    names = {name for name, cls in learning.registered() if likelihood.of_two_parameters(cls)}
    assert not names & {"softmax", "one_vs_all", "multi_quantile", "multi_expectile", "poisson", "aft"}
