"""README.md and docs/ are true: their tables are today's, and the README's code runs."""

import json
import re

import pytest
import readme

from benchmarks import measure
from boostobj import registry

SLOW = {"accuracy"}  # minutes of high precision; the conformance suite holds each of its numbers below the limit


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_the_tables_are_todays(page):
    text = page.read_text()
    for name in readme.parts_of(text):
        inside = text.split(f"<!-- {name} -->\n")[1].split(f"\n<!-- end of {name} -->")[0]
        assert name in SLOW or inside == readme.SECTIONS[name](), f"make readme: the table {name} is old"


def test_every_table_has_one_place():
    places = [name for page in readme.PAGES for name in readme.parts_of(page.read_text())]
    assert sorted(places) == sorted(readme.SECTIONS)


def test_the_code_runs(monkeypatch, capsys):
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    blocks = re.findall(r"```python\n(.*?)```", readme.README.read_text(), re.DOTALL)
    assert len(blocks) >= 2
    names = {"__name__": "boostobj.readme"}  # one after the other, as they are read
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)


def tables(monkeypatch, tmp_path, section, **files):
    """A section made of other results than the committed ones."""
    (tmp_path / "benchmarks").mkdir()
    for name, rows in files.items():
        result = {"environment": {"cpu": "any"}, "results": rows}
        (tmp_path / "benchmarks" / f"{name}.json").write_text(json.dumps(result))
    monkeypatch.setattr(readme, "ROOT", tmp_path)
    return readme.SECTIONS[section]()


def test_convergence_shows_the_middle_and_the_worst(monkeypatch, tmp_path):
    def row(data, labels, ratio, what="log_cosh", kind="robust", limit=1.05):
        given = {"benchmark": "convergence", "what": what, "with": "scale='auto'", "kind": kind, "booster": "XGBoost"}
        return given | {"data": data, "labels": labels, "ratio": ratio, "limit": limit}

    robust = [row(d, "clean", r) for d, r in (("a", 0.9), ("b", 1.1), ("c", 1.0))] + [row("a", "spoilt", 0.5, limit=0.5)]
    other = [row("a", labels, 3.0, "RMSE", "rival", None) for labels in ("clean", "spoilt")]
    text = tables(monkeypatch, tmp_path, "convergence", convergence=[*other, *robust])
    lines = text.splitlines()
    assert lines[2] == "| `log_cosh` (scale='auto') | robust | XGBoost | 1, 1.1 (b, not kept) | 0.5, 0.5 (a) |"
    assert lines[3] == "| `RMSE` (scale='auto') | rival | XGBoost | 3, 3 (a) | 3, 3 (a) |"
    assert lines[-1] == "3 of 4 promises are kept. cpu any."


def test_means_and_errors_are_shown_by_data_set(monkeypatch, tmp_path):
    def row(data, share, mean):
        given = {"what": "focal", "with": "", "booster": "LightGBM", "data": data, "positives": share}
        return given | {"average_precision": [mean, 0.01], "log_loss": [0.2, 0.0]}

    text = tables(monkeypatch, tmp_path, "imbalance", imbalance=[row("a", 0.01, 0.5), row("b", 0.05, 0.75)])
    assert "| | booster | a, 1% | b, 5% |" in text.replace("|  |", "| |")
    assert "| `focal` | LightGBM | 0.5 ± 0.01 | 0.75 ± 0.01 |" in text


def test_every_objective_has_one_line(monkeypatch, tmp_path):
    heads = ("log_loss, as many scores", "its NumPy formula")
    rows = [
        measure.row("every", f"{name}, {booster}", head, [(2e-3, 1e-3 * k)], limit=limit, rows=1000, scores=2)
        for name in ("softmax", "gaussian") for booster in ("XGBoost", "LightGBM")
        for head, limit, k in zip(heads, (3.0, 1.0), (1, 1 if name == "softmax" else 4), strict=True)
    ]  # fmt: skip
    text = tables(monkeypatch, tmp_path, "speed", results=rows)
    assert "| `softmax` | 1e+03 and 1e+03 | 2 | 2, not kept | 2 | 2, not kept |" in text
    assert "| `gaussian` | 1e+03 and 1e+03 | 2 | 0.5 | 2 | 0.5 |" in text
    assert "at most 3 times log_loss, as many scores; at most 1 times its NumPy formula." in text
