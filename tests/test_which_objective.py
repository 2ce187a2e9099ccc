"""docs/which_objective.md leads to every objective, and to none that is not there."""

import re
from pathlib import Path

import boostobj as bo
from boostobj import builtins

TEXT = (Path(__file__).parent.parent / "docs" / "which_objective.md").read_text()


def test_every_objective_is_on_the_page_and_nothing_else():
    cells = [cell for line in TEXT.splitlines() if line.startswith("|") for cell in line.strip("|").split("|")[1:2]]
    named = {name for cell in cells for name in re.findall(r"`([a-z_0-9]+)`", cell)}
    parameters = {p.name for cls in bo.objectives.values() for p in cls.parameters()}
    ours = {name for name, cls in bo.objectives.items() if cls.__module__.startswith("boostobj.")}
    assert named - (parameters - ours) == ours


def test_the_links_inside_the_page_lead_somewhere():
    anchors = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)}
    links = set(re.findall(r"\]\(#([^)]*)\)", TEXT))
    assert len(links) >= 5 and links <= anchors


def test_the_code_runs():
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(compile(block, "which_objective.md", "exec"), {})


def test_the_boosters_names_are_theirs():
    assert set(re.findall(r'"((?:reg|lightgbm|binary|count):[a-z]+)"', TEXT)) <= set(builtins.names())
