"""The README's generated tables: `python tests/readme.py --write` renews them, a test compares."""

import json
import sys
from pathlib import Path

import boostobj as bo
from boostobj import builtins, checks

ROOT = Path(__file__).parent.parent
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
        natives = ", ".join(f"`{n}`" for n, row in sorted(builtins.names().items()) if row.textbook == name)
        kinds = ", ".join(cls().curvatures)
        target = f"{cls.domain}"
        rows.append((f"`{name}`", target, cls.link, parameters, kinds, natives or "neither booster"))
    return table(rows)


def accuracy():
    kinds = ("loss", "gradient", "exact", "majorized")
    rows = [("objective", *kinds)]
    for name, cls in ours():
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


def speed():
    result = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    rows = [("gradient step", "rows", "against", "ratio of times", "95 % limits", "ours")]
    for r in result["gradient step"]:
        limits = f"{r['low']:.2f} to {r['high']:.2f}"
        rows.append((r["what"], f"{r['rows']:,}", r["against"], f"{r['ratio']:.2f}", limits, f"{r['ours_ms']:.2f} ms"))
    return table(rows) + "\n\n" + ", ".join(f"{k} {v}" for k, v in result["environment"].items()) + "."


SECTIONS = {"objectives": objectives, "accuracy": accuracy, "parity": parity, "speed": speed}


def renewed(text):
    for name, make in SECTIONS.items():
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = before + begin + make() + end + rest.split(end)[1]
    return text


if __name__ == "__main__" and "--write" in sys.argv:
    README.write_text(renewed(README.read_text()))
