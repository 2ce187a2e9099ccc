"""Tables of pandas, polars and pyarrow, categories and missing values: as the boosters take them, or refused in words."""

import subprocess
import sys

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

import boostobj as bo
from boostobj.boosters.frames import refuse_frames
from boostobj.builtins import version_of

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

N = 300
RNG = np.random.default_rng(31)
NUMBER = RNG.normal(size=N)
WITH_HOLES = np.where(RNG.uniform(size=N) < 0.2, np.nan, RNG.normal(size=N))
LETTER = RNG.choice(["a", "b", "c", "d"], N)
FLAG = RNG.uniform(size=N) < 0.5
Y = NUMBER + FLAG + 2 * (LETTER == "b") + np.where(np.isnan(WITH_HOLES), 1.0, 0.0) + 0.1 * RNG.normal(size=N)
Y = Y.astype(np.float32).astype(np.float64)
BINARY = (Y > np.median(Y)).astype(float)
SINGLE = {"nthread": 1, "max_depth": 3}
QUIET = {"verbosity": -1, "num_threads": 1, "deterministic": True, "min_data_in_leaf": 5}
QUIET |= {"min_data_per_group": 5, "cat_smooth": 1}
NEW_LIGHTGBM = pytest.mark.skipif(version_of(lgb.__version__) < (4, 7), reason="reads no table of polars")

NUMERIC = {
    "pandas": lambda: pd.DataFrame({"number": NUMBER, "holes": WITH_HOLES, "flag": FLAG}),
    "pandas NA": lambda: pd.DataFrame({"number": NUMBER, "holes": WITH_HOLES, "flag": FLAG}).convert_dtypes(),
    "polars": lambda: pl.DataFrame({"number": NUMBER, "holes": WITH_HOLES, "flag": FLAG}, nan_to_null=True),
    "pyarrow": lambda: pa.table({"number": NUMBER, "holes": pa.array(WITH_HOLES, from_pandas=True), "flag": FLAG}),
}
LABELS = {
    "pandas": lambda y: pd.Series(y),
    "pandas NA": lambda y: pd.Series(y),
    "polars": lambda y: pl.Series(y),
    "pyarrow": lambda y: pa.chunked_array([y]),
}


@pytest.mark.parametrize("table", NUMERIC)
def test_xgboost_takes_numeric_tables_with_missing_values(table):
    x, y, w = NUMERIC[table](), LABELS[table](BINARY), LABELS[table](np.abs(NUMBER) + 0.1)
    made = [xgb.DMatrix(x, y, weight=w) for _ in range(2)]
    ours = bo.train(SINGLE, made[0], 5, objective="binary:logistic")
    theirs = xgb.train({**SINGLE, "objective": "binary:logistic"}, made[1], 5)
    assert np.array_equal(ours.predict(xgb.DMatrix(x)), theirs.predict(xgb.DMatrix(x)))
    assert ours.feature_names == ["number", "holes", "flag"]
    plain = np.stack([NUMBER, WITH_HOLES, FLAG], axis=1)
    of_plain = bo.train(SINGLE, xgb.DMatrix(plain, BINARY, weight=np.abs(NUMBER) + 0.1), 5, objective="pseudo_huber")
    of_table = bo.train(SINGLE, made[0], 5, objective="pseudo_huber")
    assert np.array_equal(of_table.predict(xgb.DMatrix(x)), of_plain.predict(xgb.DMatrix(plain)))
    assert "yes" in of_table.get_dump()[0] and len(of_table.get_score()) == 3


@NEW_LIGHTGBM
@pytest.mark.parametrize("table", NUMERIC)
def test_lightgbm_takes_numeric_tables_with_missing_values(table):
    x, y, w = NUMERIC[table](), LABELS[table](BINARY), LABELS[table](np.abs(NUMBER) + 0.1)
    plain = np.stack([NUMBER, WITH_HOLES, FLAG], axis=1)
    made = [lgb.Dataset(x, y, weight=w) for _ in range(2)]
    valid = [lgb.Dataset(x, y, reference=data) for data in made]
    ours = bo.train(QUIET, made[0], 5, objective="lightgbm:binary", valid_sets=[valid[0]])
    theirs = lgb.train({**QUIET, "objective": "binary"}, made[1], 5, valid_sets=[valid[1]])
    assert np.array_equal(ours.predict(x), theirs.predict(x))
    assert ours.feature_name() == ["number", "holes", "flag"]
    of_plain = bo.train(QUIET, lgb.Dataset(plain, BINARY, weight=np.abs(NUMBER) + 0.1), 5, objective="pseudo_huber")
    of_table = bo.train(QUIET, lgb.Dataset(x, y, weight=w), 5, objective="pseudo_huber")
    assert np.array_equal(of_table.predict(x), of_plain.predict(plain))
    found = bo.cv(QUIET, lgb.Dataset(x, y, weight=w), 3, objective="log_loss", stratified=False)
    of_plain = bo.cv(QUIET, lgb.Dataset(plain, BINARY, weight=np.abs(NUMBER) + 0.1), 3, objective="log_loss", stratified=False)
    assert found == of_plain


@NEW_LIGHTGBM
@pytest.mark.parametrize("table", ["pandas", "polars", "pyarrow"])
def test_leaves_set_anew_from_tables(table):
    """The leaf of each row is predicted from the table, and the folds of cv are cut out of it."""
    x, plain = NUMERIC[table](), np.stack([NUMBER, WITH_HOLES, FLAG], axis=1)
    of_plain = bo.train(QUIET, lgb.Dataset(plain, Y), 4, objective="pseudo_huber", leaf="exact")
    of_table = bo.train(QUIET, lgb.Dataset(x, Y), 4, objective="pseudo_huber", leaf="exact")
    assert np.array_equal(of_table.predict(x), of_plain.predict(plain))
    found = bo.cv(QUIET, lgb.Dataset(x, Y), 3, objective="pseudo_huber", leaf="exact")
    assert found == bo.cv(QUIET, lgb.Dataset(plain, Y), 3, objective="pseudo_huber", leaf="exact")


def categories():
    return pd.DataFrame({"number": NUMBER, "letter": pd.Categorical(LETTER), "holes": WITH_HOLES})


@pytest.mark.parametrize("table", ["pandas", "polars", "pyarrow"])
def test_xgboost_splits_by_category(table):
    if table == "polars" and version_of(xgb.__version__) < (3, 1):
        pytest.skip("reads no categories of polars")
    x = categories()
    if table == "polars":
        letters = pl.Series(LETTER, dtype=pl.Enum(["a", "b", "c", "d"]))
        x = pl.DataFrame({"number": NUMBER, "letter": letters, "holes": WITH_HOLES})
    if table == "pyarrow":
        if version_of(xgb.__version__) < (3, 1):
            pytest.skip("reads no categories of pyarrow")
        x = pa.table({"number": NUMBER, "letter": pa.array(LETTER).dictionary_encode(), "holes": WITH_HOLES})
    made = [xgb.DMatrix(x, BINARY, enable_categorical=True) for _ in range(2)]
    ours = bo.train(SINGLE, made[0], 5, objective="binary:logistic")
    theirs = xgb.train({**SINGLE, "objective": "binary:logistic"}, made[1], 5)
    again = xgb.DMatrix(x, enable_categorical=True)
    assert np.array_equal(ours.predict(again), theirs.predict(again))
    model = bo.train(SINGLE, made[0], 5, objective="pseudo_huber", evals=[(made[1], "valid")], verbose_eval=False)
    assert "letter" in model.get_score()
    assert ":{" in "".join(model.get_dump())  # a set of categories


def test_lightgbm_splits_by_category_and_keeps_the_categories_in_the_model(tmp_path):
    x = categories()
    data = [lgb.Dataset(x, BINARY, free_raw_data=False) for _ in range(2)]
    ours = bo.train(QUIET, data[0], 5, objective="lightgbm:binary")
    theirs = lgb.train({**QUIET, "objective": "binary"}, data[1], 5)
    assert np.array_equal(ours.predict(x), theirs.predict(x))
    for leaf in ("newton", "exact"):
        model = bo.train(QUIET, data[0], 5, objective="pseudo_huber", leaf=leaf)
        assert "\ncat_threshold=" in model.model_to_string()
        model.save_model(tmp_path / "model.txt")
        loaded = lgb.Booster(model_file=tmp_path / "model.txt")
        # Categories in another order are the same categories.
        other = x.assign(letter=x["letter"].cat.set_categories(["d", "c", "b", "a"]))
        assert np.array_equal(loaded.predict(other), model.predict(x))
        codes = np.column_stack([NUMBER, x["letter"].cat.codes, WITH_HOLES])
        named = lgb.Dataset(codes, BINARY, categorical_feature=[1], free_raw_data=False)
        assert np.array_equal(bo.train(QUIET, named, 5, objective="pseudo_huber", leaf=leaf).predict(codes), model.predict(x))


# What LightGBM would end the process over -----------------------------------------------------------------------------

POLARS = {
    "Categorical": lambda: pl.Series(LETTER, dtype=pl.Categorical),
    "Enum": lambda: pl.Series(LETTER, dtype=pl.Enum(["a", "b", "c", "d"])),
    "String": lambda: pl.Series(LETTER),
    "Date": lambda: pl.Series(np.arange(N)).cast(pl.Date),
    "Datetime": lambda: pl.Series(np.arange(N)).cast(pl.Datetime),
    "Decimal": lambda: pl.Series(np.arange(N)).cast(pl.Decimal(10, 2)),
    "List": lambda: pl.Series([[1, 2]] * N),
    "Null": lambda: pl.Series([None] * N),
}
PYARROW = {
    "dictionary": lambda: pa.array(LETTER).dictionary_encode(),
    "string": lambda: pa.array(LETTER),
    "large_string": lambda: pa.array(LETTER, pa.large_string()),
    "date32": lambda: pa.array(np.arange(N, dtype=np.int32), pa.date32()),
    "timestamp": lambda: pa.array(np.arange(N), pa.timestamp("s")),
    "halffloat": lambda: pa.array(np.ones(N, np.float16)),
    "null": lambda: pa.nulls(N),
}
TABLES = {
    **{f"polars {kind}": lambda made=made: pl.DataFrame({"number": NUMBER, "odd": made()}) for kind, made in POLARS.items()},
    **{f"pyarrow {kind}": lambda made=made: pa.table({"number": NUMBER, "odd": made()}) for kind, made in PYARROW.items()},
}


@pytest.mark.parametrize("table", TABLES)
def test_columns_that_lightgbm_cannot_read_are_named_before_it_sees_them(table):
    library, kind = table.split()
    x, good = TABLES[table](), np.stack([NUMBER, NUMBER], axis=1)
    message = rf"1 of 2 columns of the {library} \w+: 'odd' \((?i:{kind}).*\).*as whole numbers.*categorical_feature"
    with pytest.raises(ValueError, match=message):
        refuse_frames("train", x)
    for run in (bo.train, bo.cv):
        data = lgb.Dataset(x, Y)
        with pytest.raises(ValueError, match=f"{run.__name__}: LightGBM would end the process over {message}"):
            run(QUIET, data, 2, objective="lightgbm:regression")
        assert data._handle is None  # not constructed
    whole = lgb.Dataset(good, Y)
    with pytest.raises(ValueError, match=message):
        bo.train(QUIET, whole, 2, objective="pseudo_huber", valid_sets=[whole, lgb.Dataset(x, Y, reference=whole)])
    part = lgb.Dataset(x, Y).subset(np.arange(100))
    with pytest.raises(ValueError, match=message):
        bo.train(QUIET, part, 2, objective="pseudo_huber")


@NEW_LIGHTGBM
def test_lightgbm_does_end_the_process_over_them():
    code = """
import lightgbm, polars
x = polars.DataFrame({"letter": polars.Series(["a", "b"] * 50, dtype=polars.Categorical)})
try:
    lightgbm.Dataset(x, [0.0] * 100).construct()
except BaseException:
    print("caught")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode != 0 and "caught" not in ended.stdout, "LightGBM has learnt to raise: refuse_frames may go"


def test_predicting_from_them_is_refused_too():
    model = bo.train(QUIET, lgb.Dataset(np.stack([NUMBER, NUMBER], axis=1), Y), 2, objective="squared_error")
    with pytest.raises(ValueError, match="predict: LightGBM would end the process over 1 of 2 columns of the polars"):
        bo.predict(model, TABLES[next(iter(TABLES))]())


def test_many_columns_are_counted():
    x = pl.DataFrame({f"c{i}": LETTER for i in range(8)})
    with pytest.raises(ValueError, match=r"over 8 of 8 columns .*'c4' \(String\) and 3 more; give it numbers"):
        refuse_frames("fit", x)


@NEW_LIGHTGBM
def test_what_the_error_says_to_convert_to_trains():
    letters = pl.Series(LETTER, dtype=pl.Enum(["a", "b", "c", "d"]))
    x = pl.DataFrame({"number": NUMBER, "letter": letters.to_physical()})
    of_polars = bo.train(QUIET, lgb.Dataset(x, Y, categorical_feature=[1]), 5, objective="pseudo_huber")
    encoded = pa.array(LETTER).dictionary_encode()
    arrow = pa.table({"number": NUMBER, "letter": encoded.indices})
    of_arrow = bo.train(QUIET, lgb.Dataset(arrow, Y, categorical_feature=[1]), 5, objective="pseudo_huber")
    of_pandas = bo.train(QUIET, lgb.Dataset(categories()[["number", "letter"]], Y), 5, objective="pseudo_huber")
    predicted = of_pandas.predict(categories()[["number", "letter"]])
    assert np.array_equal(of_polars.predict(x), predicted)
    order = encoded.dictionary.to_pylist()  # codes by first occurrence: categories with equal statistics may change places
    assert sorted(order) == ["a", "b", "c", "d"]
    np.testing.assert_allclose(of_arrow.predict(arrow), predicted, rtol=1e-9)


@pytest.mark.parametrize("data", [
    np.eye(3), None, "a.csv", [[1.0, 2.0]], categories(), pl.DataFrame({"a": np.arange(3, dtype=np.uint8)}),
    pa.table({"a": np.arange(3, dtype=np.float32), "b": [True, False, True]}), xgb.DMatrix(np.eye(3)), lgb.Dataset(np.eye(3)),
])  # fmt: skip
def test_all_else_is_let_through(data):
    refuse_frames("train", data)


def test_neither_polars_nor_pyarrow_is_imported():
    code = """
import sys
import numpy as np
from boostobj.boosters.frames import refuse_frames
refuse_frames("train", np.eye(3))
assert not {"polars", "pyarrow", "narwhals"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_columns_that_xgboost_and_pandas_refuse_themselves():
    with pytest.raises(ValueError, match="enable_categorical"):
        xgb.DMatrix(pd.DataFrame({"letter": LETTER}), Y)
    with pytest.raises(ValueError, match="letter"):
        bo.train(QUIET, lgb.Dataset(pd.DataFrame({"letter": LETTER}), Y), 2, objective="pseudo_huber")
