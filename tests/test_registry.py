"""Names, registration, and what register refuses."""

import dataclasses

import numpy as np
import pytest
import xgboost

import boostobj as bo
from boostobj import builtins, registry
from boostobj.domain import POSITIVE, REAL


def make(name="cube", cls_name="Cube", base=bo.Pointwise, **body):
    def point(y, f, scale):
        r = f - y
        return r * r, 2.0 * r, 2.0

    body = {
        "name": name,
        "link": "identity",
        "domain": REAL,
        "point": staticmethod(point),
        "__annotations__": {"scale": "float"},
        "scale": bo.param(1.0, domain=POSITIVE),
        **body,
    }
    return dataclasses.dataclass(frozen=True, kw_only=True, repr=False)(type(cls_name, (base,), body))


@pytest.fixture
def clean(monkeypatch):
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("logcosh", "'log_cosh'"),
        ("binary:logistc", "'binary:logistic'"),
        ("binary", "'lightgbm:binary'"),
        ("multiclass", "'lightgbm:multiclass'"),
        ("pseudohuber", "'pseudo_huber'"),
        ("LogLoss", "'log_loss'"),
    ],
)
def test_an_unknown_name_gets_a_suggestion(name, near):
    with pytest.raises(ValueError, match="did you mean") as error:
        bo.get(name)
    assert near in str(error.value)


def test_a_name_like_no_other_gets_none():
    with pytest.raises(ValueError, match="no objective 'qqqq' "):
        bo.get("qqqq")


def test_the_mapping_is_read_only():
    with pytest.raises(TypeError):
        bo.objectives["log_loss"] = bo.LogLoss


def test_registered_objectives_are_got(clean):
    cls = bo.register(make())
    assert bo.get("cube", scale=2) == cls(scale=2.0)
    assert bo.register(make()) is not cls  # the same class again, as after a reload


def test_the_name_must_not_be_taken(clean):
    with pytest.raises(ValueError, match=r"is taken by boostobj\.objectives\.regression\.LogCosh"):
        bo.register(make("log_cosh", "LogCosh"))


def test_the_name_must_be_the_classes(clean):
    with pytest.raises(ValueError, match="lower case with underscores"):
        bo.register(make("cubes"))


def test_a_final_method_must_not_be_replaced(clean):
    with pytest.raises(TypeError, match="must not replace grad_hess"):
        bo.register(make(grad_hess=lambda self, y, raw: None))


def test_only_objectives_are_registered():
    for wrong in (3, dict, bo.LogLoss()):
        with pytest.raises(TypeError, match="subclass of Pointwise, Rowwise or Groupwise"):
            bo.register(wrong)


def test_a_registered_class_is_final(clean):
    with pytest.raises(TypeError, match="must derive from Pointwise, Rowwise or Groupwise itself"):
        bo.register(make(base=bo.LogCosh))


def test_it_must_be_a_frozen_dataclass():
    with pytest.raises(TypeError, match="frozen=True"):
        bo.register(type("Cube", (bo.Pointwise,), {"name": "cube"}))


def test_parameters_that_exclude_each_other():
    with pytest.raises(ValueError, match="exclude each other"):
        bo.get("lightgbm:binary", is_unbalance=True, scale_pos_weight=2.0)


def test_a_built_in_has_its_boosters_defaults_and_shows_only_what_differs():
    o = bo.get("lightgbm:binary", sigmoid=1.7, scale_pos_weight=1)
    assert repr(o) == "get('lightgbm:binary', sigmoid=1.7)"
    assert o.like == "lightgbm"
    assert o.params == {"sigmoid": 1.7, "is_unbalance": False, "scale_pos_weight": 1.0}
    assert o.textbook == bo.LogLoss(sigmoid=1.7)
    assert bo.get("reg:pseudohubererror", huber_slope=4).textbook == bo.PseudoHuber(delta=4.0)


def test_a_version_that_nobody_has_checked_is_told_once(monkeypatch):
    y, raw = np.float32([0, 1, 1]), np.zeros(3, np.float32)
    monkeypatch.setattr(xgboost, "__version__", "9.9.9")
    with pytest.warns(UserWarning, match=r"boostobj has not been checked on xgboost 9\.9\.9 \(only on .*parity --all"):
        bo.get("binary:logistic")(y, raw)
    bo.get("binary:logistic")(y, raw)  # a second warning would be an error
    bo.get("reg:squarederror")(y, raw)
    monkeypatch.setattr(xgboost, "__version__", "3.4.99")  # a patch release
    bo.get("binary:hinge")(y, raw)


def test_rows_of_one_name_do_not_overlap():
    """For each version and each form of the parameters there is at most one row."""
    for name, first in builtins.names().items():
        rows = [row for row in builtins.table() if row.public_name == name]
        assert all(row.parameters == first.parameters for row in rows), name
        forms = [first.defaults()]
        forms += [{**first.defaults(), p.name: value} for p in first.parameters for value in p.typical]
        for version in [(2, 1, 0), (3, 0, 0), (3, 1, 0), (3, 3, 0), (3, 4, 1), (4, 0, 0), (4, 4, 0), (4, 7, 0), (10**5,)]:
            for form in forms:
                assert sum(row.holds(form, version) for row in rows) <= 1, (name, version, form)
