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


def objectives():
    rows = [("objective", "target", "link", "parameters", "curvatures", "built in as")]
    for name, cls in sorted(bo.objectives.items()):
        parameters = ", ".join(f"`{p.name}={p.default}`" for p in cls.parameters())
        natives = ", ".join(f"`{n}`" for n, row in sorted(builtins.names().items()) if row.textbook == name)
        kinds = ", ".join(cls().curvatures)
        target = f"{cls.domain}"
        rows.append((f"`{name}`", target, cls.link, parameters, kinds, natives or "neither booster"))
    return table(rows)


def accuracy():
    kinds = ("loss", "gradient", "exact", "majorized")
    rows = [("objective", *kinds)]
    for name, cls in sorted(bo.objectives.items()):
        worst = dict.fromkeys(kinds, 0.0)
        for o in checks.variants(cls):
            if o.curvature == "default":
                worst |= {kind: max(worst[kind], most) for kind, most in checks.errors(o).items()}
        rows.append((f"`{name}`", *(f"{worst[kind]:.1f}" for kind in kinds)))
    return table(rows)


def parity():
    parts = []
    for file in sorted((ROOT / "benchmarks").glob("parity-*.json")):
        result = json.loads(file.read_text())
        rows = result["results"]
        keys = ("booster", "objective", "data", "weights", "rounds", "leaves", "identical", "raw", "prediction")
        parts.append(table([keys, *([f"{r[k]:g}" if isinstance(r[k], float) else r[k] for k in keys] for r in rows)]))
        parts.append(", ".join(f"{k} {v}" for k, v in result["environment"].items()) + ".")
    return "\n\n".join(parts)


def ratios(rows):
    where = [name for name in ("rows", "classes", "columns", "threads") if any(name in r for r in rows)]
    out = [("what", *where, "against", "ratio", "95 % limits", "promised", "ours", "theirs")]
    for r in rows:
        promise = f"{r['limit']:.3g}" if r["limit"] is not None else f"goal {r['goal']:g}" if "goal" in r else ""
        sizes = (f"{r[name]:,}" if name in r else "" for name in where)
        times = (f"{r[side]:.3g} {r['unit']}" for side in ("ours", "theirs"))
        limits = f"{r['low']:.3g} to {r['high']:.3g}"
        out.append((r["what"], *sizes, r["against"], f"{r['ratio']:.3g}", limits, promise, *times))
    return table(out)


def speed():
    result = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    parts = []
    for title, names in SPEED.items():
        rows = [r for r in result["results"] if r["benchmark"] in names]
        if not rows:
            continue
        # Trainings without a promise are many and say the same: their range is enough.
        many = [r for r in rows if r["benchmark"] == "training" and r["limit"] is None]
        parts += [f"### {title}", ratios([r for r in rows if r not in many])]
        if many:
            low, high = (f(r["ratio"] for r in many) for f in (min, max))
            parts.append(f"The {len(many)} pairs of models of the table of parity: ratios from {low:.2f} to {high:.2f}.")
    missed = measure.broken(result["results"])
    limits = sum(r["limit"] is not None for r in result["results"])
    parts.append(f"{limits - len(missed)} of {limits} promises are kept.")
    parts.append(", ".join(f"{k} {v}" for k, v in result["environment"].items()) + ".")
    return "\n\n".join(parts)


SPEED = {
    "One gradient step": ("gradient",),
    "Whole trainings": ("training",),
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
