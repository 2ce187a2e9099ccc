"""The README is true: its tables are today's, and its code runs."""

import re

import readme

from boostobj import registry


def test_the_tables_are_todays():
    text = readme.README.read_text()
    for name in ("objectives", "parity", "speed"):
        inside = text.split(f"<!-- {name} -->\n")[1].split(f"\n<!-- end of {name} -->")[0]
        assert inside == readme.SECTIONS[name](), f"make readme: the table {name} is old"


def test_the_code_runs(monkeypatch, capsys):
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    blocks = re.findall(r"```python\n(.*?)```", readme.README.read_text(), re.DOTALL)
    assert len(blocks) >= 2
    names = {"__name__": "boostobj.readme"}  # one after the other, as they are read
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
