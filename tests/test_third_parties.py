"""Objectives of other packages: one that is built, installed and asked for by name, and all that can be wrong with one."""

import ast
import os
import pickle
import shutil
import subprocess
import sys
import sysconfig
import textwrap
import venv
from pathlib import Path

import pytest

import boostobj as bo
from boostobj import cli, registry

TESTS = Path(__file__).parent
ROOT = Path(bo.__file__).parent.parent


# ---------------------------------------------------------------------------------------------------------------------
# A package that is well made


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of a temporary environment in which the package is installed, beside all that is installed here."""
    root = tmp_path_factory.mktemp("third")
    venv.EnvBuilder(symlinks=True).create(root / "env")
    executable = root / "env" / "bin" / "python"
    answer = [executable, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    own = Path(subprocess.run(answer, capture_output=True, text=True, check=True).stdout.strip())
    here = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (own / "here.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in sorted(here)))
    shutil.copytree(TESTS / "third_party", root / "source")  # building leaves files beside the sources
    pip = [sys.executable, "-m", "pip", "--python", executable, "--isolated", "install", "--quiet"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*pip, *offline, root / "source"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return executable


@pytest.fixture
def run(python, tmp_path):
    def run(*arguments, code="", path=(), status=0):
        command = [python, "-W", "error", *(arguments or ["-c", textwrap.dedent(code)])]
        path = os.pathsep.join(map(str, [*path, ROOT]))
        environment = {**os.environ, "PYTHONPATH": path, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    return run


def test_its_name_is_enough(run):
    code = """
        import sys
        import boostobj as bo
        assert "acme_losses" not in sys.modules and "lorentzian" not in bo.objectives
        o = bo.get("lorentzian", scale=2)
        assert "acme_losses" in sys.modules and bo.objectives["lorentzian"] is type(o)
        assert bo.get("lorentzian", scale=2.0) == o
        print(o)
    """
    assert run(code=code).strip() == "Lorentzian(scale=2.0)"


def test_it_may_be_imported_without_being_asked_for(run):
    """Its instances are the same as those of `get`, whoever comes first."""
    code = """
        import boostobj as bo
        from acme_losses import Lorentzian
        o = Lorentzian(scale=2)
        assert "lorentzian" not in bo.objectives
        assert bo.get("lorentzian", scale=2) == o
    """
    run(code=code)


def test_it_passes_every_check_in_every_variant(run):
    code = """
        import boostobj as bo
        from boostobj import checks
        variants = list(checks.variants(type(bo.get("lorentzian"))))
        outcomes = [(o, outcome) for o in variants for outcome in checks.run(o)]
        assert not [pair for pair in outcomes if pair[1].error], [pair for pair in outcomes if pair[1].error]
        print(len(variants), len(outcomes) == len(variants) * len(checks.ALL))
    """
    assert run(code=code).split() == ["9", "True"]


def test_it_trains_in_both_boosters(run):
    """With one target in ten wrong by a million the fit of the others is what it is without them, nearly."""
    code = """
        import lightgbm, numpy as np, xgboost
        import boostobj as bo
        rng = np.random.default_rng(0)
        x = rng.uniform(-1, 1, (2000, 2))
        truth = 3 * x[:, 0] + np.sign(x[:, 1])
        y = truth + 0.1 * rng.normal(size=2000)
        y[::10] += 1e6
        o = bo.get("lorentzian", scale=1.0)
        dtrain = xgboost.DMatrix(x, y)
        booster = xgboost.train(o.train_params(dtrain) | {"nthread": 1}, dtrain, 100, obj=o)
        dataset = lightgbm.Dataset(x, y, free_raw_data=False)
        start = o.init_score(dataset)
        dataset.set_init_score(start)
        model = lightgbm.train({"objective": o, "verbosity": -1, "num_threads": 1}, dataset, 100)
        for fitted in (booster.predict(dtrain), model.predict(x, raw_score=True) + start):
            print(np.sqrt(np.mean((fitted - truth) ** 2)) / truth.std())
    """
    assert all(float(error) < 0.1 for error in run(code=code).split())


def test_the_command_line_knows_it(run):
    assert " 0 failed" in run("-m", "boostobj", "check", "lorentzian", "--param", "scale=2")
    assert "Half the width" in run("-m", "boostobj", "show", "lorentzian")
    (row,) = [line for line in run("-m", "boostobj", "list").splitlines() if "lorentzian" in line]
    assert "acme-losses 1.0" in row and "exact, majorized" in row and "Lorentzian (Cauchy) loss" in row


def test_it_survives_pickles_and_other_processes(run, tmp_path):
    make = "import boostobj as bo; o = bo.get('lorentzian', scale=2.0, curvature='majorized')\n"
    run(code=make + "import pickle; pickle.dump(o, open('o.pickle', 'wb'))")
    code = """
        import pickle
        o = pickle.load(open("o.pickle", "rb"))
        import boostobj as bo
        assert "lorentzian" not in bo.objectives  # by reference to its own module, not by its name
        assert o.grad_hess([0.0], [2.0])[1].tolist() == [0.5]
        assert bo.get("lorentzian", scale=2.0, curvature="majorized") == o
    """
    run(code=code)
    code = """
        import os, joblib, numpy as np

        def work(o, y, raw):
            return os.getpid(), *o(y, raw)

        y, raw = np.zeros(3, np.float32), np.array([0.1, 2.0, 1e30], np.float32)
        results = joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(work)(o, y, raw) for _ in range(4))
        assert os.getpid() not in [r[0] for r in results]
        for _, grad, hess in results:
            assert np.array_equal([grad, hess], o(y, raw))
    """
    run(code=make + textwrap.dedent(code))


def test_an_upgrade_is_not_served_the_machine_code_of_what_it_replaces(run, tmp_path):
    """The kernel's own text stays, a function that it calls changes."""
    code = "import boostobj as bo; print(*bo.get('lorentzian', curvature='majorized').grad_hess([0.0], [3.0])[1])"
    before = float(run(code=code))
    source = (TESTS / "third_party" / "acme_losses.py").read_text()
    upgraded = source.replace("return q * q if far else 1.0", "return 4.0 * q * q if far else 1.0")
    assert upgraded != source
    (tmp_path / "upgrade").mkdir()
    (tmp_path / "upgrade" / "acme_losses.py").write_text(upgraded)
    assert float(run(code=code)) == before
    assert float(run(code=code, path=[tmp_path / "upgrade"])) == 4 * before


def test_it_stays_out_of_the_readme(run):
    code = """
        import boostobj as bo, readme
        bo.get("lorentzian")
        print("lorentzian" in readme.objectives(), "log_cosh" in readme.objectives())
    """
    assert run(code=code, path=[TESTS]).split() == ["False", "True"]


# ---------------------------------------------------------------------------------------------------------------------
# Who asks


def test_entry_points_are_read_when_a_name_is_missing_and_not_before():
    """Numba reads its own group: those that ask for ours are counted."""
    code = """
        import importlib.metadata as metadata
        asked = []
        original = metadata.entry_points

        def entry_points(**how):
            asked.append(how)
            return original(**how)

        metadata.entry_points = entry_points
        import boostobj as bo
        bo.get("log_cosh").grad_hess([0.0], [1.0])
        bo.get("binary:logistic").grad_hess([0.0], [1.0])
        assert {"group": "boostobj.objectives"} not in asked
        try:
            bo.get("no such name")
        except ValueError:
            assert asked[-1] == {"group": "boostobj.objectives"}
            print("asked")
    """
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    assert subprocess.run(command, env=path, capture_output=True, text=True, check=True).stdout == "asked\n"


def test_no_module_imports_the_metadata_when_it_is_imported():
    """Numba does, today: that of ours must not add to it."""
    for file in (ROOT / "boostobj").rglob("*.py"):
        for node in ast.parse(file.read_text()).body:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            assert not [n for n in names if n.startswith("importlib")], file


# ---------------------------------------------------------------------------------------------------------------------
# Packages that are not well made

CLASS = """
from dataclasses import dataclass
import boostobj as bo
from boostobj.domain import REAL

@dataclass(frozen=True, kw_only=True, repr=False)
class Cube(bo.Pointwise):
    name, link, domain = "cube", "identity", REAL

    @staticmethod
    def point(y, f):
        return (f - y) ** 2, 2.0 * (f - y), 2.0
"""


@pytest.fixture
def declare(tmp_path, monkeypatch):
    """Install a distribution with one module and entry points; what it registers and imports is undone."""
    registered, modules = dict(registry._registered), set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)

    def declare(distribution, entries, source=""):
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-2.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 2.0\n")
        lines = [f"{name} = {value}\n" for name, value in entries.items()]
        (info / "entry_points.txt").write_text("[boostobj.objectives]\n" + "".join(lines))

    yield declare
    registry._registered.clear()
    registry._registered.update(registered)
    for name in set(sys.modules) - modules:
        if name.startswith("bad_"):
            del sys.modules[name]


def listed(name, capsys):
    capsys.readouterr()
    assert cli.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = next(i for i, line in enumerate(lines) if line.split()[:1] == [name] and "bad-" in line)
    return " ".join(" ".join(lines[first:]).split())


BROKEN = [
    ("bad_gone:Cube", "", ImportError, "cannot be imported: ModuleNotFoundError: No module named 'bad_gone'"),
    ("bad_losses:Cube", "import no_such_thing", ImportError, "cannot be imported: ModuleNotFoundError"),
    ("bad_losses:Cube", "raise RuntimeError('no licence')", ImportError, "cannot be imported: RuntimeError: no licence"),
    ("bad_losses:Cube", "def", ImportError, "cannot be imported: SyntaxError"),
    ("bad_losses:Sphere", CLASS, ImportError, "cannot be imported: AttributeError"),
    ("not a ! value", CLASS, ImportError, "cannot be imported: "),
    ("bad_losses", CLASS, TypeError, "of Pointwise, Rowwise or Groupwise, got <module"),
    ("bad_losses:Cube", "def Cube(): ...", TypeError, "of Pointwise, Rowwise or Groupwise, got <function"),
    ("bad_losses:Cube", "class Cube: ...", TypeError, "of Pointwise, Rowwise or Groupwise, got <class"),
    ("bad_losses:Cube", CLASS + "\nCube = Cube()", TypeError, "of Pointwise, Rowwise or Groupwise, got Cube()"),
    ("bad_losses:bo.LogCosh", CLASS, ValueError, "LogCosh: the entry point must have the class's name, 'log_cosh'"),
    ("bad_losses:Cube", CLASS.replace('"cube"', '"cubes"'), ValueError, "name must be the class name in lower case"),
    ("bad_losses:Cube", CLASS.replace("frozen=True, ", ""), ImportError, "cannot be imported: TypeError: cannot inherit"),
    ("bad_losses:Cube", CLASS.replace("@dataclass", "0 and dataclass"), TypeError, "must be a dataclass(frozen=True"),
    ("bad_losses:Cube", CLASS.replace("bo.Pointwise", "bo.LogCosh"), TypeError, "must derive from Pointwise"),
    ("bad_losses:Cube", CLASS.replace("name, link", "other, link"), TypeError, "Cube must have a name, of type str"),
    ("bad_losses:Cube", CLASS.replace("REAL\n\n    @", "3\n\n    @"), TypeError, "Cube must have a domain, of type Interval"),
]


@pytest.mark.parametrize(("value", "source", "kind", "message"), BROKEN)
def test_what_is_wrong_is_said_and_stays_there(declare, capsys, value, source, kind, message):
    declare("bad-losses", {"cube": value, "sphere": "bad_ball:Sphere"}, source)
    declare("bad-ball", {}, CLASS.replace("cube", "sphere").replace("Cube", "Sphere"))
    where = f"bad-losses 2.0 (entry point cube = {value!r})"
    with pytest.raises(kind) as error:
        bo.get("cube")
    assert message in str(error.value) and where in str(error.value)
    assert error.value.__cause__ is not None
    assert "cube" not in bo.objectives

    assert repr(bo.get("sphere")) == "Sphere()"
    assert repr(bo.get("log_cosh")) == "LogCosh(scale=1.0)"
    with pytest.raises(ValueError, match="no objective 'cub'; did you mean 'cube'"):
        bo.get("cub")
    assert cli.main(["show", "cube"]) == 2
    assert where in capsys.readouterr().err
    row = listed("cube", capsys)
    assert "bad-losses 2.0 cannot be used:" in row and "sphere bad-losses 2.0 (-inf, inf) identity exact" in row


def test_two_distributions_that_declare_one_name(declare, capsys):
    for name in ("bad-left", "bad-right"):
        declare(name, {"cube": f"{name.replace('-', '_')}:Cube"}, CLASS)
    with pytest.raises(ValueError, match="uninstall all but one") as error:
        bo.get("cube")
    assert "'cube' is declared by " in str(error.value)
    for name in ("left", "right"):
        assert f"bad-{name} 2.0 (entry point cube = 'bad_{name}:Cube')" in str(error.value)
    assert not {"bad_left", "bad_right"} & set(sys.modules)
    assert "cannot be used: 'cube' is declared by" in listed("cube", capsys)


@pytest.mark.parametrize("name", ["log_cosh", "binary:logistic", "lightgbm:binary"])
def test_no_package_can_take_a_name_that_is_there(declare, capsys, name):
    before = bo.get(name)
    declare("bad-thief", {name: "bad_thief:LogCosh"}, CLASS.replace("cube", "log_cosh").replace("Cube", "LogCosh"))
    assert bo.get(name) == before
    assert "bad_thief" not in sys.modules
    row = listed(name, capsys)
    assert "cannot be used: bad-thief 2.0" in row
    assert ("is taken by boostobj.objectives.regression.LogCosh" in row) or ("is a booster's own name" in row)
    assert bo.get(name) == before


def test_only_the_one_that_is_asked_for_is_imported(declare):
    declare("bad-one", {"cube": "bad_one:Cube", "sphere": "bad_two:Sphere"}, CLASS)
    declare("bad-two", {}, CLASS.replace("cube", "sphere").replace("Cube", "Sphere"))
    assert repr(bo.get("cube")) == "Cube()"
    assert "bad_two" not in sys.modules and "sphere" not in bo.objectives


def test_a_package_may_register_its_class_itself(declare):
    declare("bad-own", {"cube": "bad_own:Cube"}, CLASS.replace("@dataclass", "@bo.register\n@dataclass"))
    o = bo.get("cube")
    assert pickle.loads(pickle.dumps(o)) == o and bo.objectives["cube"] is type(o)


def test_one_without_defaults_is_listed_as_what_it_is(declare, capsys):
    declare("bad-edge", {"cube": "bad_edge:Cube"}, CLASS.replace(", REAL\n", ", REAL\n    edge: float\n"))
    assert "missing 1 required keyword-only argument: 'edge'" in listed("cube", capsys)


def test_parameters_of_another_packages_objective_are_checked_as_ours(declare):
    declare("bad-own", {"cube": "bad_own:Cube"}, CLASS)
    with pytest.raises(TypeError, match="Cube has no parameter 'edge'; it has curvature"):
        bo.get("cube", edge=1)
