"""The README's generated tables: `python tests/readme.py --write` renews them, a test compares."""

import argparse
import json
import sys
from pathlib import Path

import boostobj as bo
from boostobj import builtins, checks

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # the benchmarks are not installed

from benchmarks import measure  # noqa: E402

README = ROOT / "README.md"


def table(rows):
    head, *body = [[str(v) for v in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *body])


def ours():
    """Without what other packages, installed by chance, have registered."""
    return sorted((name, cls) for name, cls in bo.objectives.items() if cls.__module__.startswith("boostobj."))


def objectives():
    rows = [("objective", "target", "link", "parameters", "curvatures", "built in as")]
    for name, cls in ours():
        parameters = ", ".join(f"`{p.name}={p.default}`" for p in cls.parameters())
        natives = ", ".join(f"`{n}`" for n in sorted({r.public_name for r in builtins.table() if r.textbook == name}))
        kinds = ", ".join(cls().curvatures)
        target = f"{cls.domain}"
        rows.append((f"`{name}`", target, cls.link, parameters, kinds, natives or "neither booster"))
    return table(rows)


def accuracy():
    kinds = ("loss", "gradient", "exact", "majorized", "damped")
    rows = [("objective", *kinds)]
    for name, cls in ours():
        worst = dict.fromkeys(("loss", "gradient", *cls.kinds), 0.0)
        for o in checks.variants(cls):
            if o.curvature == "default":
                worst |= {kind: max(worst[kind], most) for kind, most in checks.errors(o).items()}
        rows.append((f"`{name}`", *(f"{worst[kind]:.1f}" if kind in worst else "" for kind in kinds)))
    return table(rows)


def parity():
    """A row for each objective and data set, a column for each committed run: pairs with and without weights."""
    runs = [json.loads(file.read_text()) for file in sorted((ROOT / "benchmarks").glob("parity-*.json"))]
    found = {}
    for i, run in enumerate(runs):
        for r in run["results"]:
            name = (r["booster"].split()[0], r["objective"], r["data"], r["start"])
            found.setdefault(name, [[] for _ in runs])[i].append(r)
    heads = [f"Python {'.'.join(run['environment']['python'].split('.')[:2])}" for run in runs]
    rows = [("booster", "objective", "data", "start", *(f"{head}: identical" for head in heads), "leaves")]
    for name, groups in found.items():
        cells = [f"{sum(r['identical'] == 'yes' for r in group)} of {len(group)}" if group else "" for group in groups]
        rows.append((*name, *cells, f"{sum(r['leaves'] for group in groups for r in group):,}"))
    parts = [table(rows)]
    for head, run in zip(heads, runs, strict=True):
        same = sum(r["identical"] == "yes" for r in run["results"])
        rounds = sorted({r["rounds"] for r in run["results"]})
        versions = ", ".join(f"{k} {v}" for k, v in run["environment"].items())
        parts.append(f"{head}: {same} of {len(run['results'])} pairs identical, {rounds[0]} rounds each; {versions}.")
    return "\n\n".join(parts)


def ratios(rows):
    where = [name for name in ("rows", "documents", "classes", "scores", "columns", "threads") if any(name in r for r in rows)]
    out = [("what", *where, "against", "ratio", "95 % limits", "promised", "ours", "theirs")]
    for r in rows:
        promise = f"{r['limit']:.3g}" if r["limit"] is not None else f"goal {r['goal']:g}" if "goal" in r else ""
        promise += ", not kept" if measure.broken([r]) else ""
        sizes = (f"{r[name]:,}" if name in r else "" for name in where)
        times = (f"{r[side]:{',.0f' if r[side] > 999 else '.3g'}} {r['unit']}" for side in ("ours", "theirs"))
        limits = f"{r['low']:.3g} to {r['high']:.3g}"
        out.append((r["what"], *sizes, r["against"], f"{r['ratio']:.3g}", limits, promise, *times))
    return table(out)


def gains(rows):
    """What exact leaves are worth: one row for each training, where benchmarks/leaves.py has three."""
    out = [("training", "rows", "rounds", "loss, of Newton's leaves", "rounds to that loss", "CPU time")]
    trainings = {}
    for r in rows:
        training, _, what = r["what"].rpartition(": ")
        trainings.setdefault(training, {})[what] = r
    for training, (loss, reached, time) in ((name, found.values()) for name, found in trainings.items()):
        took = f"{time['ratio']:.3g} times ({time['low']:.3g} to {time['high']:.3g})"
        share = f"{loss['ratio']:.3g} times"
        out.append((training, f"{loss['rows']:,}", loss["rounds"], share, f"{reached['ours']:.0f}", took))
    return table(out)


def in_words(rows):
    """What is measured but not promised, where there are too many rows for a table."""
    cold = [r for r in rows if r["benchmark"] == "cold"]
    out = []
    for booster in ("XGBoost", "LightGBM"):
        pairs = sorted((r["ratio"], r["what"]) for r in rows if "data" in r and r["against"].startswith(booster))
        if pairs:
            least, most = (f"{ratio:.2f} ({what})" for ratio, what in (pairs[0], pairs[-1]))
            out.append(f"Data of the table of parity, {len(pairs)} trainings with {booster}: from {least} to {most}.")
    for what in dict.fromkeys(r["what"] for r in rows if r["against"] == "a tenth of the rows"):
        times = (f"{r['ours']:.3g} {r['unit']} at {r['rows']:,}" for r in rows if r["what"] == what)
        out.append(f"{what}: {', '.join(times)} rows.")
    compiled = [r for r in cold if "very first" in r["what"]]
    if compiled:
        times = (f"{r['what'].removesuffix(', very first call')} {r['ours']:.2g} s" for r in compiled)
        out.append(f"The very first call, which compiles: {'; '.join(times)}.")
    return out


def speed():
    result = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    parts = []
    for title, names in SPEED.items():
        rows = [r for r in result["results"] if r["benchmark"] in names]
        if names == ("leaves",) and rows:
            parts += [f"### {title}", gains(rows)]
            continue
        many = [r for r in rows if r["limit"] is None and ("data" in r or r["benchmark"] in ("scaling", "cold"))]
        if rows:
            parts += [f"### {title}", ratios([r for r in rows if r not in many]), *in_words(many)]
    missed = measure.broken(result["results"])
    limits = sum(r["limit"] is not None for r in result["results"])
    parts.append(f"{limits - len(missed)} of {limits} promises are kept.")
    parts.append(", ".join(f"{k} {v}" for k, v in result["environment"].items()) + ".")
    return "\n\n".join(parts)


SPEED = {
    "One gradient step": ("gradient",),
    "One gradient step of every built-in": ("builtins", "ranking"),
    "Whole trainings": ("training",),
    "Exact leaves": ("leaves",),
    "Threads": ("threads",),
    "Overhead, memory, cold start": ("scaling", "memory", "cold"),
}
SECTIONS = {"objectives": objectives, "accuracy": accuracy, "parity": parity, "speed": speed}


def renewed(text, names):
    for name in names:
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = before + begin + SECTIONS[name]() + end + rest.split(end)[1]
    return text


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", nargs="*", choices=SECTIONS, required=True, help="these tables, or all of them")
    README.write_text(renewed(README.read_text(), parser.parse_args().write or SECTIONS))
