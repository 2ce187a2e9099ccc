"""The command line: list, show, check, derive, doctor, parity."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import inspect
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from . import __version__, builtins, registry, third_parties
from .objective import Objective


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="boostobj", description=inspect.getdoc(sys.modules["boostobj"]))
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="every objective: ours, other packages', and the boosters'")
    listing.add_argument("--markdown", action="store_true", help="as tables in Markdown")
    listing.set_defaults(run=_list)

    show = commands.add_parser("show", help="what an objective is")
    show.add_argument("name")
    show.set_defaults(run=_show)

    checking = commands.add_parser("check", help="run the conformance suite on an objective")
    checking.add_argument("name")
    checking.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter, delta=2 say; may be repeated"
    )
    checking.set_defaults(run=_check)

    derive = commands.add_parser("derive", help="derive gradient, Hessian and start of a loss step by step")
    derive.add_argument("loss", metavar="FORMULA_OR_NAME", help="'log(cosh(f - y))' say, or the name of an objective")
    derive.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter, scale=2 say; may be repeated"
    )
    derive.add_argument("--format", choices=("text", "latex", "markdown"), default="text")
    derive.add_argument(
        "--check", action="append", default=[], metavar="GRADIENT", help="compare with this one; once for each raw score"
    )
    derive.add_argument("--check-hessian", action="append", default=[], metavar="HESSIAN", help="compare with this one")
    derive.set_defaults(run=_derive)

    doctor = commands.add_parser("doctor", help="say why training an objective on these targets cannot work")
    doctor.add_argument("name")
    doctor.add_argument("file", type=Path, help="the targets: an .npy file, or CSV with a header")
    doctor.add_argument("--column", help="of the targets in CSV; default: the last")
    doctor.add_argument("--weight", help="column of the weights in CSV")
    doctor.add_argument("--booster", choices=("xgboost", "lightgbm"))
    for option, of in (("--param", "of the objective"), ("--set", "of the booster, min_child_weight=0 say")):
        doctor.add_argument(option, action="append", default=[], metavar="NAME=VALUE", help=f"{of}; may be repeated")
    doctor.set_defaults(run=_doctor)

    parity = commands.add_parser("parity", help="train with the boosters' own objectives and with ours, and compare")
    parity.add_argument("--rounds", type=int, default=100)
    parity.add_argument("--all", action="store_true", help="also other parameters, larger data, other starts")
    parity.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    parity.set_defaults(run=_parity)

    arguments = parser.parse_args(argv)
    try:
        return arguments.run(arguments)
    except (ValueError, TypeError, ImportError) as error:
        print(f"boostobj: {error}", file=sys.stderr)
        return 2


def _console() -> Any:
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=200)


def _table(title: str, *columns: str) -> Any:
    from rich import box
    from rich.table import Table

    return Table(*columns, title=title, title_justify="left", box=box.SIMPLE_HEAD)


def _list(arguments: argparse.Namespace) -> int:
    from rich.markup import escape

    console = _console()
    if arguments.markdown:
        print("\n\n".join(f"## {title}\n\n{_markdown(heads, rows)}" for title, heads, rows in _tables()))
        return 0
    for title, heads, rows in _tables():
        shown = _table(title, *heads)
        for row in rows:
            shown.add_row(*map(escape, row))
        console.print(shown)
    checked = "; ".join(f"{booster} {', '.join(versions)}" for booster, versions in builtins.CHECKED.items())
    console.print(f"Checked, tree by tree, on {checked}.", highlight=False)
    for booster in builtins.CHECKED:
        here = _installed(booster)
        if here and not builtins.checked(booster, here):
            console.print(f"{booster} {here} is installed, on which nobody has checked it: `boostobj parity --all`")
    return 0


def _tables() -> Iterator[tuple[str, Sequence[str], list]]:
    """What `list` shows: title, heads and rows of each table."""
    columns = ("target", "link", "parameters", "curvatures", "what")
    others = []
    loaded: set[type[Objective]] = set()
    for name, entries in sorted(third_parties.declared().items()):
        distribution = ", ".join(map(third_parties.distribution, entries))
        try:
            found = registry.load(entries)
            loaded.add(found)
            about = _about(found)
        except Exception as error:  # one bad package must not hide the others
            about = ("", "", "", "", f"cannot be used: {error}")
        others.append((name, distribution, *about))
    ours = [(name, *_about(cls)) for name, cls in sorted(registry.objectives.items()) if cls not in loaded]
    yield "Objectives", ("name", *columns), ours
    if others:
        yield "Of other packages", ("name", "distribution", *columns), others
    theirs = []
    for name, row in sorted(builtins.names().items()):
        parameters = ", ".join(f"{p.name}={p.default}" for p in row.parameters)
        rows = [r for r in builtins.table() if r.public_name == name]
        theirs.append((name, "\n".join(r.textbook for r in rows), parameters, "\n".join(r.versions for r in rows)))
    yield "Under the boosters' names", ("name", "computes", "parameters", "in versions"), theirs


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; the first column as code, line breaks as HTML has them."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", "<br>") for cell in cells) + " |"

    return "\n".join([line(heads), line(["---"] * len(heads)), *(line([f"`{row[0]}`", *row[1:]]) for row in rows)])


def _installed(booster: str) -> str | None:
    import importlib.metadata

    try:
        return importlib.metadata.version(booster)
    except importlib.metadata.PackageNotFoundError:
        return None


def _about(cls: type[Objective]) -> tuple[str, ...]:
    summary = (inspect.getdoc(cls) or "").partition("\n")[0]
    parameters = ", ".join(f"{p.name}={p.default}" for p in cls.parameters())
    return str(cls.domain), cls.link, parameters, ", ".join(cls().curvatures), summary


def _show(arguments: argparse.Namespace) -> int:
    from . import checks

    console = _console()
    o = registry.get(arguments.name)
    law = checks.textbook(o)
    row = builtins.names().get(arguments.name)
    if row:
        console.print(f"{arguments.name}: {row.booster}'s own objective; computes {law!r}.\n", highlight=False)
    console.print(inspect.getdoc(type(law)), markup=False, highlight=False)
    table = _table("Parameters", "name", "default", "domain", "unit", "typical")
    for p in row.parameters if row else o.parameters():
        table.add_row(p.name, repr(p.default), str(p.domain), p.unit, ", ".join(map(repr, p.typical)))
    console.print()
    console.print(table)
    console.print(f"curvatures: {', '.join(o.curvatures)}", highlight=False)
    natives = {native.public_name: native for native in builtins.table() if native.textbook == law.name}
    for name, native in sorted(natives.items()):
        mapped = ", ".join(f"{theirs} is {ours}" for theirs, ours in native.mirror.items())
        console.print(f"built in as {name}" + (f" ({mapped})" if mapped else ""), highlight=False)
    return 0


def _parameters(texts: Sequence[str], option: str = "--param") -> dict[str, Any]:
    values = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise ValueError(f"{option} must be NAME=VALUE, got {text!r}")
        try:
            values[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            values[name] = value
    return values


def _check(arguments: argparse.Namespace) -> int:
    from rich.progress import track

    from . import checks

    console = _console()
    o = registry.get(arguments.name, **_parameters(arguments.param))
    checks.mpmath()
    outcomes = list(
        track(checks.run(o), f"checking {o!r}", total=len(checks.ALL), console=console, transient=True)
    )
    table = _table(repr(o), "check", "")
    for outcome in outcomes:
        table.add_row(outcome.name, "[green]ok" if outcome.error is None else "[red]FAILED")
    console.print(table)
    for outcome in outcomes:
        if outcome.error:
            console.print(f"{outcome.name}: {outcome.error}", markup=False, highlight=False)
    errors = _table(f"largest error in units (limit {checks.LIMIT:g})", "what", "units")
    for what, most in checks.errors(o).items():
        errors.add_row(what, f"{most:.2f}")
    console.print(errors)
    failed = sum(outcome.error is not None for outcome in outcomes)
    console.print(f"{len(outcomes) - failed} passed, {failed} failed", highlight=False)
    return int(failed > 0)


def _derive(arguments: argparse.Namespace) -> int:
    """Status 1 where a gradient or Hessian to check is wrong."""
    from .formulas.derivation import derivation
    from .formulas.parsing import parsed

    given = _parameters(arguments.param)
    if re.fullmatch(r"[A-Za-z0-9_]+(:[A-Za-z0-9_]+)?", arguments.loss) and arguments.loss not in ("y", "f"):
        made = derivation(registry.get(arguments.loss, **given))
    else:
        made = derivation(parsed(arguments.loss, given), name=arguments.loss, values=given)
    found: list[Any] = []
    if arguments.check:
        found += made.check(*arguments.check)
    if arguments.check_hessian:
        found += made.check(*arguments.check_hessian, hessian=True)
    for comparison in found:
        print(comparison)
    if not found:
        print({"text": made.__str__, "latex": made.latex, "markdown": made.markdown}[arguments.format](), end="")
    return int(not all(found))


def _doctor(arguments: argparse.Namespace) -> int:
    """Status 1 if it cannot work."""
    import numpy as np

    from .boosters.doctor import doctor

    objective = registry.get(arguments.name, **_parameters(arguments.param))
    if not arguments.file.is_file():
        raise ValueError(f"there is no file {arguments.file}")
    if arguments.file.suffix == ".npy":
        y, weight = np.load(arguments.file, allow_pickle=False), None
        if arguments.column or arguments.weight:
            raise ValueError("--column and --weight are for CSV; an .npy file has the targets alone")
    else:
        import pandas

        table = pandas.read_csv(arguments.file)
        for column in filter(None, (arguments.column, arguments.weight)):
            if column not in table:
                raise ValueError(f"{arguments.file} has no column {column!r}; it has {', '.join(map(repr, table))}")
        y = table[arguments.column or table.columns[-1]].to_numpy()
        weight = table[arguments.weight].to_numpy() if arguments.weight else None
    found = doctor(objective, y, weight, params=_parameters(arguments.set, "--set"), booster=arguments.booster)
    return int(any(finding.severity == "cannot" for finding in found))


def _parity(arguments: argparse.Namespace) -> int:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from . import parity

    if arguments.rounds < 1:
        raise ValueError(f"--rounds must be at least 1, got {arguments.rounds}")
    if arguments.json and not arguments.json.resolve().parent.is_dir():
        raise ValueError(f"--json: there is no directory {arguments.json.parent}")
    console = _console()
    cases = [dataclasses.replace(case, rounds=arguments.rounds) for case in parity.claimed(arguments.all)]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    results = []
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("training", total=len(cases))
        for case in cases:
            progress.update(task, description=f"{case.label} on {case.data}")
            results.append(parity.run(case))
            progress.advance(task)
    console.print(parity_table(results))
    environment = parity.environment()
    console.print(", ".join(f"{k} {v}" for k, v in environment.items()), highlight=False)
    for booster, versions in builtins.CHECKED.items():
        if not builtins.checked(booster, environment[booster]):
            console.print(
                f"{booster} {environment[booster]} is not among the versions this release was checked on"
                f" ({', '.join(versions)}): the table above is what holds here"
            )
    if arguments.json:
        rows = [parity.row(result) for result in results]
        arguments.json.write_text(json.dumps({"environment": environment, "results": rows}, indent=1) + "\n")
    wrong = sum(not result.identical for result in results)
    same = len(results) - wrong
    console.print(f"{same} of {len(results)} identical" + (f", {wrong} NOT" if wrong else ""), highlight=False)
    return int(wrong > 0)


def parity_table(results: Sequence[Any]) -> Any:
    """What `boostobj parity` prints."""
    from . import parity

    rows = [parity.row(result) for result in results]
    title = "The built-in objective against ours (raw, prediction: largest difference; time: training, seconds)"
    table = _table(title, *rows[0])
    for result, row in zip(results, rows, strict=True):
        texts = [f"{v:.2f}" if k in ("built-in s", "ours s") else f"{v:g}" if isinstance(v, float) else str(v)
                 for k, v in row.items()]
        table.add_row(*texts, style=None if result.identical else "bold red")
    return table
