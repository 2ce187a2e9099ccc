"""docs/what_goes_where.md is true: its code runs."""

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "what_goes_where.md"


def test_the_code_runs():
    text = PAGE.read_text()
    blocks = list(re.finditer(r"```python\n(.*?)```", text, re.DOTALL))
    assert len(blocks) >= 10
    names = {"__name__": "what_goes_where"}  # one after the other, as they are read
    for block in blocks:
        lines_before = text.count("\n", 0, block.start(1))
        exec(compile("\n" * lines_before + block[1], PAGE.name, "exec"), names)  # tracebacks have the page's lines


def test_both_tables_have_the_same_rows():
    tables = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in tables]
    first, second = ([row[0] for row in rows if len(row) == n] for n in (4, 5))
    assert len(first) + len(second) == len(rows)
    assert [name.split(",")[0] for name in first] == [name.split(",")[0] for name in second]
