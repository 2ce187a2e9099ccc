"""Where speed and learning are proven: python -m benchmarks [NAME ...] [--smoke] [--out FILE], or --check FILE.

Every number of speed is a ratio to a rival measured beside it. What a model is worth on rows it has not seen is measured by
the benchmarks of learning (convergence, imbalance, likelihood), which run when they are named, and whose results are files of
their own; more data sets take part where the folder BOOSTOBJ_DATA has them. The exit status is 1 if a promise is not kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from . import learning
from .measure import Row, broken, cores, environment, fresh

LEARNING = ("convergence", "imbalance", "likelihood")
CORES = {
    "gradient": 1, "every": 1, "own": 1, "builtins": 1, "ranking": 1, "training": 1, "leaves": 1, "scaling": 1, "threads": 2,
    "memory": 1, "cold": 1, **dict.fromkeys(LEARNING, len(cores())),
}  # fmt: skip
WHERE = ("rows", "documents", "classes", "scores", "columns", "threads", "rounds")


def _name(text: str) -> str:
    if text not in CORES:
        raise argparse.ArgumentTypeError(f"no benchmark {text!r}; there are {', '.join(CORES)}")
    return text


def show(console: Console, rows: Sequence[Row], title: str) -> None:
    """As one table for each benchmark of learning, and one for all of speed."""
    for name in LEARNING:
        found = [r for r in rows if r["benchmark"] == name]
        if found:
            show_learnt(console, found, f"{title}: {name}" if title != name else name)
    rows = [r for r in rows if r["benchmark"] not in LEARNING]
    if rows:
        show_speed(console, rows, title)


def show_learnt(console: Console, rows: Sequence[Row], title: str) -> None:
    heads = [head for head in rows[0] if head != "benchmark" and any(r[head] not in (None, "") for r in rows)]
    table = Table(*heads, title=title)
    for r in rows:
        cells = (f"{v[0]:.4g} ± {v[1]:.2g}" if isinstance(v, list) else v for v in map(r.get, heads))
        table.add_row(*("" if v is None else str(v) for v in cells), style="bold red" if broken([r]) else None)
    console.print(table)


def show_speed(console: Console, rows: Sequence[Row], title: str) -> None:
    where = [name for name in WHERE if any(name in r for r in rows)]
    table = Table("what", *where, "against", "ratio", "95 % limits", "promised", "ours", "theirs", title=title)
    for r in rows:
        promise = f"{r['limit']:g}" if r["limit"] is not None else f"goal {r['goal']:g}" if "goal" in r else ""
        table.add_row(
            r["what"],
            *(f"{r[name]:,}" if name in r else "" for name in where),
            r["against"],
            f"{r['ratio']:.3g}",
            f"{r['low']:.3g} to {r['high']:.3g}",
            promise,
            *(f"{r[side]:.4g} {r['unit']}" for side in ("ours", "theirs")),
            style="bold red" if broken([r]) else None,
        )
    console.print(table)


def verdict(console: Console, rows: Sequence[Row]) -> int:
    """Says which limits are not kept; the exit status."""
    limits = [r for r in rows if r["limit"] is not None]
    missed = broken(rows)
    if missed:
        show(console, missed, "not kept")
    console.print(f"{len(limits) - len(missed)} of {len(limits)} promised ratios are kept.")
    return bool(missed)


def write(file: Path, found: dict[str, Any]) -> None:
    """One result a line: small, and a change shows."""
    lines = ",\n".join(f"  {json.dumps(r, ensure_ascii=False)}" for r in found["results"])
    head = json.dumps(found["environment"], ensure_ascii=False)
    file.write_text(f'{{\n "environment": {head},\n "results": [\n{lines}\n ]\n}}\n')


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME", help=f"{', '.join(CORES)}; those of speed by default")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, learning too: it shows that all runs, judges nothing")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the results; other benchmarks in FILE are kept")
    parser.add_argument("--check", type=Path, metavar="FILE", help="measure nothing: say which limits FILE does not keep")
    arguments = parser.parse_args(argv)
    console = Console(width=None if sys.stdout.isatty() else 180)
    if arguments.check:
        return verdict(console, json.loads(arguments.check.read_text())["results"])

    wanted = arguments.names or [name for name in CORES if arguments.smoke or name not in LEARNING]
    names = [name for name in CORES if name in wanted]
    learnt = [name for name in names if name in LEARNING]
    if arguments.out and learnt and learnt != names:
        parser.error(f"{', '.join(learnt)} and benchmarks of speed do not go into one file: name one kind")
    here = learning.environment() if learnt else environment()
    kept: list[Row] = []
    if arguments.out and arguments.out.exists():
        before = json.loads(arguments.out.read_text())
        kept = [r for r in before["results"] if r["benchmark"] not in names]
        if kept and before["environment"] != here:
            parser.error(f"{arguments.out} is from another environment: run every benchmark, or write another file")
    rows: list[Row] = []
    for name in names:
        found = []
        with console.status(name) as status:
            for r in fresh(name, "run", CORES[name], smoke=arguments.smoke):
                found.append(r)
                status.update(f"{name}: {r['what']}, {r.get('data') or r['against']}")
        show(console, found, name)
        rows += found
    if arguments.out:
        everything = sorted(kept + rows, key=lambda r: list(CORES).index(r["benchmark"]))
        write(arguments.out, {"environment": here, "results": everything})
    return 0 if arguments.smoke else verdict(console, rows)


if __name__ == "__main__":
    sys.exit(main())
