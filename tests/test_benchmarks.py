"""The measuring of benchmarks/: known ratios are found, limits are judged. No times: only what is done with them."""

import itertools
import json
import math

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import measure

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
