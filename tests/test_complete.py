"""The table cannot be incomplete: the installed boosters are asked what objectives they know."""

import functools
import json
import re
import subprocess
import sys

import lightgbm
import numpy as np
import pytest
import xgboost

import boostobj as bo
from boostobj import builtins
from boostobj.params import OBJECTIVE_ALIASES

VERSIONS = {"xgboost": xgboost.__version__, "lightgbm": lightgbm.__version__}

# LightGBM has no list of its objectives. But each name must be somewhere in its library: every string there that could
# be one, and every end of one (the linker stores a string that ends another inside it), is offered to it, and so is
# every word of its Python package. In a process of its own, because it prints an error for each that it does not know.
ASK_LIGHTGBM = """
import json, re
from pathlib import Path
import lightgbm, numpy as np
from lightgbm import basic

library = Path(basic._LIB._name).read_bytes()
texts = {t.decode() for t in re.findall(rb"[a-z][a-z0-9_]+", library) if len(t) <= 64}
words = {text[i:] for text in texts for i in range(len(text) - 1)}
for path in Path(lightgbm.__file__).parent.glob("*.py"):
    words.update(re.findall(r"[a-z][a-z0-9_]+", path.read_text(encoding="utf-8")))
data = lightgbm.Dataset(np.arange(60.0)[:, None], np.arange(60) % 2, group=[60], params={"verbosity": -1}).construct()

def canonical(word):
    for classes in (1, 3):
        params = {"objective": word, "num_class": classes, "metric": "None", "verbosity": -1}
        try:
            text = lightgbm.Booster(params, data).model_to_string()
        except basic.LightGBMError as error:
            if str(error).startswith("Unknown objective type name"):
                return None
            continue
        return ([*re.findall(r"^objective=(\\S+)", text, re.M)] or ["custom"])[0]
    raise AssertionError(f"LightGBM knows {word!r} but takes it with no number of classes tried")

found = {word: name for word in sorted(words) if (name := canonical(word))}
Path(__import__("sys").argv[1]).write_text(json.dumps(found))
"""


@pytest.fixture(scope="module")
def lightgbms(tmp_path_factory):
    """LightGBM's objectives: canonical names, each with every name it takes for it."""
    out = tmp_path_factory.mktemp("asked") / "found.json"
    ran = subprocess.run([sys.executable, "-c", ASK_LIGHTGBM, str(out)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    names = {}
    for word, name in json.loads(out.read_text()).items():
        names.setdefault(name, set()).add(word)
    return names


@functools.cache
def xgboosts():
    """XGBoost's objectives, which it lists for who asks for one that it does not have."""
    with pytest.raises(xgboost.core.XGBoostError, match="Unknown objective function") as error:
        xgboost.train({"objective": "?"}, xgboost.DMatrix(np.zeros((2, 1)), [0, 1]), 1)
    names = set(re.findall(r"^Objective candidate: (\S+)$", str(error.value), re.MULTILINE))
    assert {"reg:squarederror", "binary:logistic", "rank:ndcg"} <= names, "the list is worded otherwise now"
    return names - set(OBJECTIVE_ALIASES["xgboost"])


def known(booster, request):
    """Public names of what the installed booster knows."""
    if booster == "xgboost":
        return xgboosts()
    return {f"lightgbm:{name}" for name in request.getfixturevalue("lightgbms") if name != "custom"}


@pytest.mark.parametrize("booster", VERSIONS)
def test_every_objective_of_the_booster_is_in_the_table(booster, request):
    missing = known(booster, request) - set(builtins.names())
    assert not missing, f"{booster} {VERSIONS[booster]} also has {sorted(missing)}: add rows"


@pytest.mark.parametrize("booster", VERSIONS)
def test_what_the_table_has_for_this_version_exists(booster, request):
    number = builtins.version_of(VERSIONS[booster])
    rows = [row for row in builtins.table() if row.booster == booster and row.since <= number < row.until]
    claimed = {row.public_name for row in rows}
    assert claimed
    assert claimed <= known(booster, request)


def test_every_alias_of_lightgbms_is_known_and_no_other(lightgbms):
    """Also that asking finds everything: each alias is as easy to miss as a name."""
    theirs = {(alias, name) for name, words in lightgbms.items() for alias in words - {name}}
    assert theirs == set(OBJECTIVE_ALIASES["lightgbm"].items())


def test_from_params_understands_every_name_that_lightgbm_takes(lightgbms):
    for name, words in lightgbms.items():
        row = builtins.names().get(f"lightgbm:{name}")
        for word in words:
            if row:
                assert bo.from_params("lightgbm", {"objective": word}).builtin == row.public_name
            else:
                with pytest.raises(ValueError, match=f"'{word}' stands for none"):
                    bo.from_params("lightgbm", {"objective": word})


def test_aliases_of_xgboosts_give_the_same_model():
    dtrain = xgboost.DMatrix(np.arange(60.0)[:, None], np.arange(60) % 2)
    for alias, name in OBJECTIVE_ALIASES["xgboost"].items():
        theirs, ours = (xgboost.train({"objective": n, "verbosity": 0}, dtrain, 2).get_dump() for n in (alias, name))
        assert theirs == ours
        if name in builtins.names():
            assert bo.from_params("xgboost", {"objective": alias}).builtin == name


def test_every_name_of_the_table_is_understood():
    for public, row in builtins.names().items():
        required = {p.name: p.typical[0] for p in row.parameters if p.required}
        assert bo.from_params(row.booster, {"objective": row.name, **required}).builtin == public
