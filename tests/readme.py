"""The generated tables of README.md and docs/: `python tests/readme.py --write` renews them, a test compares."""

import argparse
import json
import statistics
import sys
from pathlib import Path

import boostobj as bo
from boostobj import builtins, checks

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # the benchmarks are not installed

from benchmarks import measure  # noqa: E402

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]


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


GROUPS = {
    "Real targets": ("regression", "robust", "quantiles", "costs"),
    "Amounts and counts": ("counts",),
    "Yes or no": ("classification", "margins", "imbalance"),
    "Classes, sets of labels, grades": ("multiclass", "ordinal"),
    "Location and scale of every row": ("distributions",),
    "Ranking": ("ranking",),
    "Times": ("survival",),
}


def names():
    """Every objective by what its target is; a module that is in no group fails here."""
    found = {}
    for name, cls in ours():
        module = cls.__module__.rpartition(".")[2]
        (title,) = (title for title, modules in GROUPS.items() if module in modules)
        found.setdefault(title, []).append(f"`{name}`")
    return table([("target", "objectives"), *((title, ", ".join(found[title])) for title in GROUPS)])


def accuracy():
    kinds = ("loss", "gradient", "exact", "majorized", "fisher", "damped")
    rows = [("objective", *kinds)]
    for name, cls in ours():
        worst = dict.fromkeys(("loss", "gradient", *cls.kinds), 0.0)
        for o in checks.variants(cls):
            if o.curvature == "default":
                worst |= {kind: max(worst[kind], most) for kind, most in checks.errors(o).items()}
        rows.append((f"`{name}`", *(f"{worst[kind]:.1f}" if kind in worst else "" for kind in kinds)))
    return table(rows)


def identical():
    """How many pairs of models are the same in each committed run."""
    parts = []
    for run in parity_runs():
        python = ".".join(run["environment"]["python"].split(".")[:2])
        same = sum(r["identical"] == "yes" for r in run["results"])
        rounds = sorted({r["rounds"] for r in run["results"]})
        versions = ", ".join(f"{k} {v}" for k, v in run["environment"].items())
        parts.append(f"Python {python}: {same} of {len(run['results'])} pairs identical, {rounds[0]} rounds each; {versions}.")
    return "\n\n".join(parts)


def parity_runs():
    return [json.loads(file.read_text()) for file in sorted((ROOT / "benchmarks").glob("parity-*.json"))]


def parity():
    """A row for each objective and data set, a column for each committed run: pairs with and without weights."""
    runs = parity_runs()
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
    return table(rows)


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


def every(rows):
    """Every objective: a row for each, with both comparisons in both boosters."""
    heads = ("log_loss, as many scores", "its NumPy formula")
    found = {}
    for r in rows:
        name, booster = r["what"].split(", ")
        found.setdefault(name, {})[booster, r["against"]] = r
    sides = [(booster, head) for booster in ("XGBoost", "LightGBM") for head in heads]
    out = [("objective", "ns a score", *(f"{booster}, of {head.split(',')[0]}" for booster, head in sides))]
    for name, cells in found.items():
        times = (cells[booster, heads[0]] for booster in ("XGBoost", "LightGBM"))
        each = " and ".join(f"{r['ours'] * 1e6 / r['rows'] / r.get('scores', 1):.2g}" for r in times)
        ratios = (f"{r['ratio']:.2g}" + (", not kept" if measure.broken([r]) else "") for r in map(cells.get, sides))
        out.append((f"`{name}`", each, *ratios))
    limits = {r["against"]: r["limit"] for r in rows}
    promises = "; ".join(f"at most {limit:g} times {head}" for head, limit in limits.items())
    return f"{table(out)}\n\nPromised, in CPU time: {promises}."


def learnt(name):
    """The committed results of one benchmark of learning, one file for each environment."""
    return [json.loads(file.read_text()) for file in sorted((ROOT / "benchmarks").glob(f"{name}*.json"))]


def told(row):
    return f"`{row['what']}`" + (f" ({row['with']})" if row["with"] else "")


def grouped(rows, *names):
    found = {}
    for r in rows:
        found.setdefault(tuple(r[n] for n in names), []).append(r)
    return found


def below(result):
    return ", ".join(f"{k} {v}" for k, v in result["environment"].items()) + "."


def learns():
    """What is promised of convergence, of the first environment."""
    found = learnt("convergence")[:1]
    return converged([result | {"results": [r for r in result["results"] if r["kind"] == "robust"]} for result in found])


def convergence():
    return converged(learnt("convergence"))


def converged(results):
    """The middle and the worst ratio over the data sets, of each objective and booster, for each kind of labels."""
    parts = []
    for result in results:
        rows = result["results"]
        labels = list(dict.fromkeys(r["labels"] for r in rows))
        out = [("", "kind", "booster", *(f"{text}: middle, worst" for text in labels))]
        for (kind, booster, _), group in sorted(grouped(rows, "kind", "booster", "what").items(), key=_by_kind):
            cells = []
            for text in labels:
                ordered = sorted((r["ratio"], r["data"], bool(measure.broken([r]))) for r in group if r["labels"] == text)
                worst, where, broken = ordered[-1]
                middle = statistics.median(ratio for ratio, *_ in ordered)
                cells.append(f"{middle:.3g}, {worst:.3g} ({where}{', not kept' if broken else ''})")
            out.append((told(group[0]), kind, booster, *cells))
        promised = [r for r in rows if r["limit"] is not None]
        missed = measure.broken(rows)
        kept = f"{len(promised) - len(missed)} of {len(promised)} promises are kept."
        parts += [table(out), f"{kept} {below(result)}"]
    return "\n\n".join(parts)


def _by_kind(item):
    (kind, booster, what), _ = item
    return ["robust", "not convex", "other", "built-in", "rival"].index(kind), what, booster


def measured(rows, measure_, columns):
    """One measure, mean and standard error: a row for each contestant, a column for each data set."""
    heads = list(grouped(rows, *columns))
    out = [("", "booster", *(", ".join(f"{v:.0%}" if isinstance(v, float) else v for v in head) for head in heads))]
    for group in grouped(rows, "booster", "what", "with").values():
        found = {tuple(r[c] for c in columns): r[measure_] for r in group}
        cells = ("{:.3g} ± {:.2g}".format(*found[head]) if head in found else "" for head in heads)
        out.append((told(group[0]), group[0]["booster"], *cells))
    return table(out)


def imbalance():
    parts = []
    for result in learnt("imbalance"):
        for title, name in (("Average precision", "average_precision"), ("Log loss after calibration", "log_loss")):
            parts += [f"{title}:", measured(result["results"], name, ("data", "positives"))]
        parts.append(below(result))
    return "\n\n".join(parts)


def likelihood():
    parts = []
    for result in learnt("likelihood"):
        for title, name in (("Negative log likelihood", "negative_log_likelihood"), ("Root mean squared error", "rmse")):
            parts += [f"{title}:", measured(result["results"], name, ("data",))]
        parts.append(below(result))
    return "\n\n".join(parts)


def fast():
    """The first table of `speed`, and how many promises are kept."""
    rows = json.loads((ROOT / "benchmarks" / "results.json").read_text())["results"]
    return f"{ratios([r for r in rows if r['benchmark'] == 'gradient'])}\n\n{promises(rows)}"


def promises(rows):
    limits, missed = [r for r in rows if r["limit"] is not None], measure.broken(rows)
    return f"{len(limits) - len(missed)} of {len(limits)} promises are kept."


def speed():
    result = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    parts = []
    for title, names in SPEED.items():
        rows = [r for r in result["results"] if r["benchmark"] in names]
        if names == ("leaves",) and rows:
            parts += [f"### {title}", gains(rows)]
            continue
        if names == ("every",) and rows:
            parts += [f"### {title}", every(rows)]
            continue
        many = [r for r in rows if r["limit"] is None and ("data" in r or r["benchmark"] in ("scaling", "cold"))]
        if rows:
            parts += [f"### {title}", ratios([r for r in rows if r not in many]), *in_words(many)]
    parts.append(promises(result["results"]))
    parts.append(", ".join(f"{k} {v}" for k, v in result["environment"].items()) + ".")
    return "\n\n".join(parts)


SPEED = {
    "One gradient step": ("gradient",),
    "One gradient step of every objective": ("every",),
    "Formulas against what is written by hand": ("own",),
    "One gradient step of every built-in": ("builtins", "ranking"),
    "Whole trainings": ("training",),
    "Exact leaves": ("leaves",),
    "Threads": ("threads",),
    "Overhead, memory, cold start": ("scaling", "memory", "cold"),
}
LEARNING = {"learns": learns, "convergence": convergence, "imbalance": imbalance, "likelihood": likelihood}
SECTIONS = {
    "names": names,
    "objectives": objectives,
    "accuracy": accuracy,
    "identical": identical,
    "parity": parity,
    "fast": fast,
    "speed": speed,
    **LEARNING,
}


def parts_of(text):
    """The names of a page's generated parts."""
    return [name for name in SECTIONS if f"<!-- {name} -->\n" in text]


def renewed(text, names):
    for name in names:
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = before + begin + SECTIONS[name]() + end + rest.split(end)[1]
    return text


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", nargs="*", choices=SECTIONS, required=True, help="these tables, or all of them")
    wanted = parser.parse_args().write or SECTIONS
    for page in PAGES:
        text = page.read_text()
        page.write_text(renewed(text, [name for name in parts_of(text) if name in wanted]))
