"""Loss cards: what is drawn is what the objective computes, and can be read."""

import dataclasses
import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import chosen
import numpy as np
import pytest

import boostobj as bo
from boostobj import cards, checks, cli

pytestmark = pytest.mark.skipif(chosen.SHORT, reason="the first run has it: nothing here depends on the Python")

matplotlib = pytest.importorskip("matplotlib")
colors = pytest.importorskip("matplotlib.colors")

SAFE = {cards.BLACK, cards.ORANGE, cards.SKY, cards.GREEN, cards.BLUE, cards.VERMILLION, cards.PURPLE, cards.GREY}
PANELS = len(cards.PANELS)
PAGE = Path(__file__).parent.parent / "docs" / "loss_cards.md"


# With the loops that the conformance suite compiles.
def apart(items):
    return [pytest.param(item, marks=pytest.mark.xdist_group(name), id=name) for name, item in items]


EVERY = apart(chosen.classes().items())


def columns(figure):
    """The axes of each column, from the loss to the leaf's step."""
    n = len(figure.axes) // PANELS
    return [figure.axes[c::n] for c in range(n)]


def lines(ax):
    """By their labels, those that have one."""
    return {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}


def said(label):
    """The kinds that a line's label names, and its target."""
    kinds, _, target = label.partition("; ")
    return {word.strip(" ,") for word in kinds.replace("(", ",").replace(":", ",").split(",")}, target


def line_of(ax, kind, target):
    found = [line for label, line in lines(ax).items() if kind in said(label)[0] and said(label)[1] in ("", target)]
    assert len(found) == 1, f"{kind} of {target!r} is there {len(found)} times among {list(lines(ax))}"
    return found[0].get_ydata()


def same(a, b):
    """As lines are: a kink may take another side."""
    return np.mean(np.isclose(a, b, rtol=1e-5, atol=1e-5 * np.quantile(np.abs(b), 0.98))) >= 0.99


def rows_of(o, label, n):
    """n rows of the target that a label names."""
    text = label.replace(cards.MINUS, "-").rpartition("y = ")[2]
    if len(o.targets) == 1:
        return np.full(n, float(text or 0))
    if "≤" in label:
        ends = [float(part) for part in label.split("≤ y ≤")]
    else:
        ends = [float(label.split()[-1])] * 2 if "=" in label else [float(label.split()[-1]), np.inf]
    return np.tile(ends, (n, 1))


@pytest.mark.parametrize("cls", EVERY)
def test_the_lines_are_what_the_objective_computes(cls):
    figure = cls().plot()
    for axes in columns(figure):
        assert [ax.get_ylabel().split("\n")[0] for ax in axes] == list(cards.PANELS)
        assert all(ax.get_ylabel().endswith("]") for ax in axes) and axes[-1].get_xlabel().endswith("]")
        drawn = [line for ax in axes for line in ax.get_lines()]
        assert {colors.to_hex(line.get_color()).upper() for line in drawn} <= SAFE
        for ax in axes:
            kept = [(colors.to_hex(v.get_color()), v.get_linestyle(), v.get_marker()) for v in ax.get_lines()]
            assert len(set(kept[1:])) == len(kept[1:]) or ax is axes[-1]
    if not issubclass(cls, bo.Pointwise):
        return
    o = cls().resolve(cards._sample(cls(), len(cls.targets) == 2))
    loss, gradient, hessian, step = figure.axes
    assert repr(o).split("(")[0] in loss.get_title(loc="left")
    targets = [*lines(loss)] or [""]
    x = loss.get_lines()[-1].get_xdata()
    rows = [rows_of(o, target, len(x)) for target in targets]
    drawn = [line.get_ydata() for line in loss.get_lines() if len(line.get_xdata()) == len(x)]
    for line, y in zip(drawn, rows, strict=True):
        assert np.array_equal(line, o.loss(y, x))
    for kind in [kind for kind in o.curvatures if kind != "native"]:
        found = [dataclasses.replace(o, curvature=kind).grad_hess(y, x) for y in rows]
        for target, (grad, hess) in zip(targets, found, strict=True):
            assert same(line_of(hessian, kind, target), hess)
            named = kind if any(kind in said(label)[0] for label in lines(gradient)) else ""
            plain = [line.get_ydata() for line in gradient.get_lines() if line.get_label() in (target, "_")]
            assert same(line_of(gradient, kind, target) if named else plain[0], grad)
        grad, hess = np.mean([g for g, _ in found], axis=0), np.mean([np.maximum(h, 0) for _, h in found], axis=0)
        there = hess > 0
        taken = line_of(step, kind, "")
        assert not np.isfinite(taken[~there]).any() or same(np.isfinite(taken), there)
        if there.any():
            assert same(taken[there], -grad[there] / hess[there])


@pytest.mark.parametrize("name", ["log_cosh", "gaussian", "cox", "focal+aft"])
def test_no_text_covers_another_or_a_panel(name):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = cards.card(*map(bo.get, name.split("+")))
    FigureCanvasAgg(figure).draw()
    texts = [*figure.legends[0].get_texts()]
    for ax in figure.axes:
        texts += [ax.xaxis.label, ax.yaxis.label, *ax.findobj(lambda text, ax=ax: text in (ax.title, ax._left_title))]
        texts += [*ax.get_legend().get_texts(), ax.get_legend().get_title()] if ax.get_legend() else []
        for i, (axis, (low, high)) in enumerate([(ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())]):
            texts += [label for label in axis.get_majorticklabels() if low <= label.get_position()[i] <= high]
    boxes = {t: t.get_window_extent() for t in texts if t.get_text() and t.get_visible()}
    assert len(boxes) > 20
    for box in boxes.values():
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1
    panels = {ax: ax.get_window_extent() for ax in figure.axes}
    for (one, a), (other, b) in [*itertools.combinations(boxes.items(), 2), *itertools.product(boxes.items(), panels.items())]:
        covered = min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
        assert not covered, f"{one} covers {other}"


def test_one_of_several_scores_varies_and_the_others_stay_at_the_start():
    y = np.array([0.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    o = bo.Softmax()
    ((loss, _, hessian, _),) = columns(o.plot(y=y, score=2))
    start, x = o.start(y), loss.get_lines()[-1].get_xdata()
    raw = np.tile(start, (len(x), 1))
    raw[:, 2] = x
    assert np.array_equal(lines(loss)["of class 2: y = 2"].get_ydata(), o.loss(np.full(len(x), 2.0), raw))
    assert np.array_equal(line_of(hessian, "exact", "of class 2: y = 2"), o.grad_hess(np.full(len(x), 2.0), raw)[1][:, 2])
    said = hessian.figure.axes[-1].get_xlabel()
    assert "score f[2]" in said and "as at the start" in said and all(cards._number(v) in said for v in start[:2])


def test_a_likelihood_of_two_parameters_has_a_column_for_each():
    y = np.array([1.0, 2.0, 3.0, 10.0])
    o = bo.Gaussian(scale=2.0)
    start = o.start(y)
    for j, axes in enumerate(columns(o.plot(y=y))):
        x = axes[0].get_lines()[-1].get_xdata()
        raw = np.tile(start, (len(x), 1))
        raw[:, j] = x
        for label, line in lines(axes[0]).items():
            assert np.array_equal(line.get_ydata(), o.loss(rows_of(o, label, len(x)), raw))
            kept = line_of(axes[2], "fisher", label)
            assert same(kept, dataclasses.replace(o, curvature="fisher").grad_hess(rows_of(o, label, len(x)), raw)[1][:, j])
        assert f"score f[{j}] ({('location', 'log of the scale')[j]})" in axes[-1].get_xlabel()


def test_one_row_of_a_group_varies():
    y = np.array([3.0, 1.0, -2.0])
    ((loss, gradient, _, _),) = columns(bo.Cox().plot(y=y, raw=[-1.0, 0.0, 2.0]))
    scores = np.array([[1.0, f, -1.0] for f in (-1.0, 0.0, 2.0)])
    assert np.allclose(lines(loss)["row 1, y = 1"].get_ydata(), [bo.Cox().loss(y, f).sum() for f in scores], rtol=1e-12)
    grads = [bo.Cox().grad_hess(y, f)[0][1] for f in scores]
    assert np.allclose(lines(gradient)["row 1, y = 1"].get_ydata(), grads, rtol=1e-12)


def test_where_newton_overshoots_is_marked_and_a_majorized_step_never_is():
    x = np.linspace(-4, 4, 161)
    step = bo.LogCosh(scale=1.0).plot(raw=x).axes[3]
    (ideal,) = [line for label, line in lines(step).items() if label.startswith("ideal")]
    assert np.array_equal(ideal.get_ydata(), -x)
    (marks,) = [line for label, line in lines(step).items() if "higher" in label]
    f = marks.get_xdata()
    zero = np.zeros(len(f))
    assert np.array_equal(marks.get_ydata(), line_of(step, "exact", "")[np.searchsorted(x, f)])
    assert (bo.LogCosh().loss(zero, f + marks.get_ydata()) > bo.LogCosh().loss(zero, f)).all()
    assert 1.088 < np.abs(f).min() < 1.2  # docs/loss_cards.md says so
    damped = bo.LogCosh(scale=1.0).plot(raw=x, rows=1, reg_lambda=1.0).axes[3]
    grad, hess = bo.LogCosh(scale=1.0).grad_hess(np.zeros(161), x)
    assert same(line_of(damped, "exact", ""), -grad / (hess + 1.0)) and "1 rows, lambda 1" in damped.get_ylabel()


def test_what_a_booster_is_given_is_named_or_drawn():
    hessian = lines(bo.Huber().plot().axes[2])
    assert [*hessian] == ["exact", "majorized (in training)"]
    x = np.linspace(-1, 2, 61)
    both = bo.Poisson().plot(y=[0.0, 4.0], raw=x)
    given = bo.Poisson()(np.zeros(61), x)[1]
    assert same(lines(both.axes[2])["in training"].get_ydata(), given)


def test_auto_comes_from_the_targets_and_is_shown():
    y = np.array([1.0, 2.0, 4.0, 80.0])
    title = bo.Huber(delta="auto").plot(y=y).axes[0].get_title(loc="left")
    assert title.startswith(repr(bo.Huber(delta="auto").resolve(y))) and "the 4 targets given" in title
    assert "from a sample" in bo.Huber(delta="auto").plot().axes[0].get_title(loc="left")


@pytest.mark.parametrize(
    ("o", "units"),
    [
        (bo.SquaredError(), ["(unit of y)$^{2}$", "unit of y", "1", "unit of y", "unit of y"]),
        (bo.AbsoluteError(), ["unit of y", "1", "1 / unit of y", "unit of y", "unit of y"]),
        (bo.Huber(delta=3.0), ["(unit of y)$^{2}$", "unit of y", "1", "unit of y", "unit of y"]),
        (bo.Poisson(), ["unit of y", "unit of y", "unit of y", "1", "log of the unit of y"]),
        (bo.Gamma(), ["1", "1", "1", "1", "log of the unit of y"]),
        (bo.LogLoss(), ["1", "1", "1", "log odds", "log odds"]),
        (bo.AbsolutePercentageError(), ["depends on the unit of y"] * 3 + ["unit of y"] * 2),
        (bo.get("reg:squarederror"), ["(unit of y)$^{2}$", "unit of y", "1", "unit of y", "unit of y"]),
    ],
    ids=repr,
)
def test_units(o, units):
    axes = o.plot().axes
    assert [label.rpartition("[")[2][:-1] for label in [*(ax.get_ylabel() for ax in axes), axes[-1].get_xlabel()]] == units


def test_targets_that_are_given_are_drawn():
    times = np.array([3.0, 5.0, -7.0, 8.0])  # the third is known to be later
    assert [*lines(bo.AFT().plot(y=times).axes[0])] == ["y = 3", "y > 7"]
    assert [*lines(bo.LogLoss().plot(y=[0.0, 0.25, 1.0, 1.0]).axes[0])] == ["y = 0", "y = 1"]
    assert [*lines(bo.Poisson().plot(y=np.arange(11.0)).axes[0])] == ["y = 1", "y = 9"]
    assert [*lines(bo.OrdinalLogit().plot(y=[0, 1, 2, 3, 4, 4]).axes[0])] == ["y = 0", "y = 2", "y = 4"]


def test_side_by_side_the_same_axes_have_the_same_limits():
    figure = bo.Huber().plot(bo.LogCosh(), bo.LogLoss())
    huber, log_cosh, log_loss = columns(figure)
    assert all(a.get_xlim() == b.get_xlim() and a.get_ylim() == b.get_ylim() for a, b in zip(huber, log_cosh, strict=True))
    assert log_loss[0].get_xlim() != huber[0].get_xlim()


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Mine(bo.Pointwise):
    """Nobody has registered it; what it computes is compiled already."""

    name = "mine"
    link = "identity"
    domain = bo.SquaredError.domain
    point = staticmethod(bo.SquaredError.point)


def test_an_objective_that_is_not_registered_has_a_card():
    loss, gradient, *_, step = Mine().plot(y=[1.0, 2.0, 5.0]).axes
    assert loss.get_title(loc="left") == "Mine()" and loss.get_ylabel() == "loss\n[(unit of y)$^{2}$]"
    x = gradient.get_lines()[-1].get_xdata()
    assert np.array_equal(gradient.get_lines()[-1].get_ydata(), x) and np.array_equal(line_of(step, "exact", ""), -x)


def test_drawing_leaves_nothing_behind():
    code = "import sys, boostobj as bo; bo.LogCosh().plot(); print('matplotlib.pyplot' in sys.modules, 'xgboost' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'boostobj\[plot\]'"):
        bo.LogCosh().plot()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bo.LogCosh().plot("huber"), "takes objectives, got 'huber'"),
        (lambda: bo.LogCosh().plot(raw=[1.0]), r"raw must have shape \(m,\), two scores or more, got \(1,\)"),
        (lambda: bo.LogCosh().plot(raw=[0.0, 2.0, 1.0]), "raw must be ascending, got 1.0 in row 2"),
        (lambda: bo.LogCosh().plot(raw=[0.0, np.nan]), "raw must be finite, got nan in row 1"),
        (lambda: bo.LogCosh().plot(rows=0), "rows must be an integer in .1, inf., got 0"),
        (lambda: bo.LogCosh().plot(reg_lambda=-1.0), "reg_lambda must be a number in .0, inf., got -1.0"),
        (lambda: bo.LogCosh().plot(score=0), "one score per row"),
        (lambda: bo.Softmax().plot(score=3), "scores 0 to 2; got score=3"),
        (lambda: bo.Cox().plot(y=[1.0]), "one group of two rows or more, it has 1"),
        (lambda: bo.Poisson().plot(y=[]), "y has no rows"),
        (lambda: bo.Poisson().plot(y=[-1.0, 1.0]), "Poisson: y must be a number in"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_the_command_line_draws_what_repr_says(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(cards, "card", lambda *objectives, **options: drawn.append((objectives, options)) or "figure")
    monkeypatch.setattr(cards, "save", lambda figure, path: None)
    names = ["log_cosh", "huber(delta=2)", "LogCosh(scale=3.0)", "get('reg:pseudohubererror', huber_slope=4.0)"]
    names += ["lightgbm:fair(fair_c=2)"]
    assert cli.main(["plot", *names, "-o", str(tmp_path / "card.svg"), "--raw", "-2", "3", "--lambda", "1"]) == 0
    (objectives, options), = drawn
    assert objectives == (
        bo.LogCosh(), bo.Huber(delta=2.0), bo.LogCosh(scale=3.0), bo.get("reg:pseudohubererror", huber_slope=4.0),
        bo.get("lightgbm:fair", fair_c=2.0),
    )  # fmt: skip
    assert options["raw"][[0, -1]].tolist() == [-2.0, 3.0] and options["reg_lambda"] == 1.0
    every = [o for name in ("huber", "aft", "softmax", "lambda_ndcg") for o in checks.variants(bo.objectives[name])]
    every += checks.builtin_variants()
    assert all(cli._objective(repr(o), {}) == o for o in every)


def test_the_page_shows_what_its_commands_draw(monkeypatch):
    page = PAGE.read_text()
    drawn = []
    monkeypatch.setattr(cards, "card", lambda *objectives, **options: len(objectives))
    monkeypatch.setattr(cards, "save", lambda figure, path: drawn.append(str(path)))
    monkeypatch.chdir(PAGE.parent.parent)
    for command in page.partition("```sh\n")[2].partition("```")[0].splitlines():
        assert cli.main(shlex.split(command)[1:]) == 0
    assert sorted(drawn) == sorted(f"docs/{name}" for name in re.findall(r"\]\((img/.*?)\)", page))
    assert all(PAGE.parent.parent.joinpath(name).stat().st_size < 150_000 for name in drawn)


def test_the_command_line_writes_a_picture(tmp_path):
    file = tmp_path / "card.png"
    assert cli.main(["plot", "log_cosh", "--param", "curvature=exact", "-o", str(file)]) == 0
    assert file.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and file.stat().st_size < 150_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["logloss", "-o", "card.png"], "did you mean 'log_loss'"),
        (["log_cosh", "-o", "card.xyz"], "a card is written as .pdf, .png, .svg"),
        (["log_cosh", "-o", "card"], "a card is written as .pdf, .png, .svg"),
        (["log_cosh", "-o", "nowhere/card.png"], "there is no directory nowhere"),
        (["log_cosh(scale=-1)", "-o", "card.png"], "LogCosh: scale must be"),
        (["log_cosh(2)", "-o", "card.png"], "parameters must be given by their names"),
        (["log_cosh(scale=__import__('os'))", "-o", "card.png"], "an objective is NAME or NAME(PARAMETER=VALUE, ...), got"),
        (["log_cosh(scale=1).loss(2)", "-o", "card.png"], "an objective is NAME or NAME(PARAMETER=VALUE, ...), got"),
        (["log_cosh(", "-o", "card.png"], "an objective is NAME or NAME(PARAMETER=VALUE, ...), got"),
        (["log_cosh(**{'scale': 1})", "-o", "card.png"], "parameters must be given by their names"),
    ],
)
def test_mistakes_are_told_and_not_traced(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["plot", *arguments]) == 2
    assert message in capsys.readouterr().err and not list(tmp_path.iterdir())
