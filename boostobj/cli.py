"""The command line: list, show, check, derive, plot, doctor, parity."""

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
from .calling import STYLES
from .foreign import KINDS
from .objective import Objective
from .yours import from_formula


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

    checking = commands.add_parser(
        "check",
        help="run the conformance suite on an objective; look for faults in anybody's",
        description="NAME: run the conformance suite on that objective. MODULE:ATTRIBUTE, a callable as XGBoost or LightGBM take "
        "it, importable from here: look for faults in it, on made-up targets or those of --data. With --data or --kind a NAME is "
        "looked at in the same way.",
    )
    checking.add_argument("name", metavar="NAME|MODULE:ATTRIBUTE")
    checking.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter, delta=2 say; may be repeated"
    )
    checking.add_argument("--loss", metavar="NAME|MODULE:ATTRIBUTE", help="what it is the gradient of: loss(y, raw)")
    checking.add_argument("--data", type=Path, metavar="FILE", help="targets: an .npy file, or CSV with a header")
    checking.add_argument("--target", metavar="COLUMN", help="of the targets in CSV; default: the last")
    checking.add_argument("--weight", metavar="COLUMN", help="of the weights in CSV")
    checking.add_argument("--group", metavar="COLUMN", help="of the groups in CSV, whose rows follow each other")
    checking.add_argument("--kind", choices=KINDS, help="of the made-up targets; default: binary, classes with --num-class")
    checking.add_argument("--num-class", type=int, metavar="K", help="how many scores a row has")
    checking.add_argument("--style", choices=STYLES, help="how it is called; default: found out")
    checking.set_defaults(run=_check)

    plot = commands.add_parser("plot", help="draw the loss cards of objectives, side by side")
    plot.add_argument("names", nargs="+", metavar="NAME", help="a name, with parameters too: 'huber(delta=2)'")
    plot.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="card.png, .svg or .pdf")
    plot.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of all of them; may be repeated"
    )
    plot.add_argument("--raw", nargs=2, type=float, metavar=("LOW", "HIGH"), help="the raw scores, or residuals, to draw between")
    plot.add_argument("--rows", type=int, default=20, help="in the leaf whose step is drawn (20)")
    plot.add_argument("--lambda", dest="reg_lambda", type=float, default=0.0, help="of that leaf (0)")
    plot.set_defaults(run=_plot)

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


def _found(text: str, params: dict[str, Any]) -> Any:
    """An objective by name, or what MODULE:ATTRIBUTE is; params are those of a name or of a class."""
    module, separator, attribute = text.partition(":")
    if not separator or text in builtins.names():
        return registry.get(text, **params)
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` has it
    try:
        from importlib import import_module

        found: Any = import_module(module)
    except ModuleNotFoundError as error:
        try:
            return registry.get(text)
        except ValueError as unknown:
            raise ValueError(f"{unknown}; and {module!r} cannot be imported from {Path.cwd()}: {error}") from error
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise ValueError(f"{text!r}: {getattr(found, '__name__', found)} has no {name!r}")
        found = getattr(found, name)
    if isinstance(found, type):
        return found(**params)
    if params:
        raise ValueError(f"--param: {text!r} is no class; write a function that has its parameters fixed")
    return found


def _check(arguments: argparse.Namespace) -> int:
    """Status 1 if something is wrong."""
    objective = _found(arguments.name, _parameters(arguments.param))
    looked = arguments.data is not None or arguments.kind is not None
    if isinstance(objective, Objective) and not looked:
        given = [name for name in ("loss", "target", "weight", "group", "num_class", "style") if getattr(arguments, name)]
        if given:
            raise ValueError(f"--{given[0].replace('_', '-')}: the conformance suite has its own data; give --data or --kind too")
        return _conformance(objective)
    return _examination(objective, arguments)


def _examination(objective: Any, arguments: argparse.Namespace) -> int:
    import numpy as np
    from rich.markup import escape

    from . import foreign

    kind = arguments.kind or ("classes" if (arguments.num_class or 1) > 1 else "binary")
    weight = group = None
    columns = {"--target": arguments.target, "--weight": arguments.weight, "--group": arguments.group}
    if arguments.data is not None:
        if arguments.kind:
            raise ValueError("--kind is for made-up targets, and there is --data")
        y, weight, query = _read(arguments.data, columns)
        if query is not None:
            starts = np.flatnonzero(np.r_[True, query[1:] != query[:-1]])
            group = np.diff(np.r_[starts, len(query)])
    else:
        for option in filter(columns.get, columns):
            raise ValueError(f"{option} is a column of --data")
        y = foreign.sample(kind, arguments.num_class)
    loss = _found(arguments.loss, {}) if arguments.loss else None
    style = arguments.style or "auto"
    more = {"loss": loss, "weight": weight, "group": group, "num_class": arguments.num_class, "style": style}
    report = foreign.check(objective, y, show=False, **more)
    console = _console()
    made_up = "" if arguments.data is not None else f" (made up: {kind}; --kind and --data choose others)"
    if report or report.notes:
        table = _table(f"{escape(report.title)}{made_up}", "finding", "what was seen", "what to change")
        table.show_lines = True
        for found in (*report, *report.notes):
            colour = {"wrong": "red", "risk": "yellow"}.get(found.severity, "dim")
            table.add_row(f"[{colour}]{found.severity}: {found.name}", escape(found.what), escape(found.remedy))
        console.print(table)
    else:
        console.print(f"{escape(report.title)}{made_up}", highlight=False)
    console.print("nothing wrong was found" if not report else f"{len(report)} to change", highlight=False)
    return int(len(report) > 0)


def _read(file: Path, columns: dict[str, str | None]) -> list[Any]:
    """Columns of a file by option; of the first one, the targets, the default is the last column, or all of an .npy file."""
    import numpy as np

    if not file.is_file():
        raise ValueError(f"there is no file {file}")
    if file.suffix == ".npy":
        if any(columns.values()):
            raise ValueError(f"{' and '.join(columns)} are for CSV; an .npy file has the targets alone")
        return [np.load(file, allow_pickle=False), *[None] * (len(columns) - 1)]
    import pandas

    table = pandas.read_csv(file)
    for column in filter(None, columns.values()):
        if column not in table:
            raise ValueError(f"{file} has no column {column!r}; it has {', '.join(map(repr, table))}")
    targets, *others = columns.values()
    return [table[targets or table.columns[-1]].to_numpy(), *(table[other].to_numpy() if other else None for other in others)]


def _conformance(o: Objective) -> int:
    from rich.progress import track

    from . import checks

    console = _console()
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


def _objective(text: str, given: dict[str, Any]) -> Objective:
    """An objective of what a user types: a name, or one with its parameters, as repr writes it. Nothing is evaluated."""
    name, bracket, rest = text.strip().partition("(")
    if not bracket:
        return registry.get(name, **given)
    if name == "from_formula":
        return from_formula(text)
    try:
        call = ast.parse(f"f({rest}", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise ValueError("there is something behind the brackets")
        places = [ast.literal_eval(value) for value in call.args]
        values = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"an objective is NAME or NAME(PARAMETER=VALUE, ...), got {text!r}") from error
    if name == "get" and len(places) == 1:
        name, places = str(places[0]), []
    if places or "None" in values:
        raise ValueError(f"{text!r}: parameters must be given by their names")
    classes = {cls.__name__: known for known, cls in registry.objectives.items()}
    return registry.get(classes.get(name, name), **{**given, **values})


def _plot(arguments: argparse.Namespace) -> int:
    import numpy as np

    from . import cards

    objectives = [_objective(text, _parameters(arguments.param)) for text in arguments.names]
    cards.writable(arguments.output)
    raw = None if arguments.raw is None else np.linspace(arguments.raw[0], arguments.raw[1], cards.POINTS)
    cards.save(cards.card(*objectives, raw=raw, rows=arguments.rows, reg_lambda=arguments.reg_lambda), arguments.output)
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    """Status 1 if it cannot work."""
    from .boosters.doctor import doctor

    objective = registry.get(arguments.name, **_parameters(arguments.param))
    y, weight = _read(arguments.file, {"--column": arguments.column, "--weight": arguments.weight})
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
