"""Dependencies point one way, and importing boostobj stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import boostobj

ROOT = Path(boostobj.__file__).parent
LAYERS = [
    {"version", "lanes", "probe", "threads", "buffers", "scales"},
    {"elementary", "domain", "links", "third_parties"},
    {"elementary32", "intervals", "ranks"},
    {"quick"},
    {"loops", "protocol"},
    {"orders"},
    {"builtins"},
    {"objective"},
    {"registry"},
    {"objectives", "params", "cards"},
    {"metrics"},
    {"boosters"},
    {"formulas"},
    {"yours"},
    {"checks", "slopes", "calling"},
    {"examination"},
    {"derivatives"},
    {"foreign"},
    {"boostobj"},
    {"estimators", "parity"},
    {"cli"},
    {"__main__"},
]
LATE = {("objective", "cards"), ("objective", "formulas")}
"""Who imports from above: in a method, when it is called."""
ABOVE = {name: i for i, layer in enumerate(LAYERS) for name in layer}


def imported(path):
    """Modules of the package that a file imports: (module, line, whether when it is itself imported)."""
    inside = path.relative_to(ROOT).parts
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = [] if node.level == len(inside) else list(inside[: len(inside) - node.level])
        names = [node.module.split(".")[0]] if node.module and not base else base or [a.name for a in node.names]
        for name in names:
            yield (name if name in ABOVE else "boostobj"), node.lineno, node.col_offset == 0


def test_dependencies_point_one_way():
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).parts
        module = "boostobj" if parts == ("__init__.py",) else parts[0].removesuffix(".py")
        for name, line, at_once in imported(path):
            late = not at_once and (module, name) in LATE
            assert name == module or ABOVE[name] < ABOVE[module] or late, f"{path}:{line}: {module} imports {name}"


def test_importing_loads_neither_booster_nor_what_only_some_need():
    heavy = ["xgboost", "lightgbm", "pandas", "matplotlib", "sympy", "mpmath", "sklearn", "scipy.optimize", "rich"]
    code = f"import sys, boostobj; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_public_names_are_all_there_once():
    assert len(set(boostobj.__all__)) == len(boostobj.__all__)
    assert all(hasattr(boostobj, name) for name in boostobj.__all__)
    assert {cls.__name__ for cls in boostobj.objectives.values()} < set(boostobj.__all__)


def test_only_named_modules_import_a_booster():
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if {"xgboost", "lightgbm"} & {n.split(".")[0] for n in names}:
                assert path.name in ("parity.py", "checks.py") or path.parent.name == "boosters", path
