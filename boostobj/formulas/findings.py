"""What is found out about a formula: kinks, convexity, a majorizer, Fisher information, units, and how exact its code is."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from mpmath import mp

from . import measuring, stable
from .atoms import absolute, signum

if TYPE_CHECKING:
    from .custom import _Derived

GRID = np.unique(np.concatenate([np.linspace(-30, 30, 241), 10.0 ** np.linspace(-3, 3, 25), -(10.0 ** np.linspace(-3, 3, 25))]))


def smooth(loss: sympy.Expr) -> sympy.Expr:
    """The loss with sizes and signs whose derivatives are those of one side: no delta functions at kinks."""
    return loss.replace(sympy.Abs, absolute).replace(sympy.sign, signum)


def boundaries(loss: sympy.Expr, scores: tuple[sympy.Symbol, ...]) -> tuple[sympy.Expr, ...]:
    """What is 0 where the loss changes its form."""
    found = [e.args[0] for e in loss.atoms(sympy.Abs) | loss.atoms(sympy.sign)]
    for pieces in loss.atoms(sympy.Piecewise):
        for _, condition in pieces.args:
            found += [r.lhs - r.rhs for r in condition.atoms(sympy.core.relational.Relational)]
    edges = {sympy.factor_terms(sympy.expand(e)) for e in found}
    return tuple(sorted((e for e in edges if e.free_symbols & set(scores)), key=sympy.default_sort_key))


def residual(derived: _Derived) -> sympy.Expr | None:
    """The loss as a function of r = f - y, if it is one."""
    (f,) = derived.scores
    r = sympy.Symbol("r", real=True)
    moved = derived.loss.subs(f, derived.y + r)
    if derived.y in moved.free_symbols:
        moved = sympy.simplify(sympy.expand(moved)) if sympy.count_ops(moved) < 60 else moved
    return None if derived.y in moved.free_symbols else moved


def _targets(derived: _Derived) -> list[float]:
    if derived.classes is not None:
        return [float(c) for c in derived.classes]
    if derived.residual is not None:
        return [0.0]
    ys = np.unique(np.round(derived.rows[:40, 0], 3))
    return np.quantile(ys, [0.5, 0.25, 0.75, 0.0, 1.0]).tolist()


def _floats(expr: sympy.Expr, columns: dict[sympy.Symbol, Any], n: int) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(measuring.in_floats(expr, columns), float), n)


def lowest_at_zero(derived: _Derived) -> bool:
    """Whether the loss of a residual falls until 0 and rises from there."""
    (f,) = derived.scores
    slope = stable.in_atoms(sympy.diff(smooth(derived.loss), f))
    around = np.array([1e-3, 1e-1, 1.0, 30.0])
    r = np.concatenate([-around, around])
    g = _floats(slope, {derived.y: 0.5, f: 0.5 + r, **dict(derived.numbers)}, len(r))
    return bool((g[:4] <= 0).all() and (g[4:] >= 0).all())


def convexity(derived: _Derived) -> tuple[bool, str]:
    """Whether the loss is convex, as far as a grid of scores shows, and words for where a Hessian is negative."""
    if derived.k > 1:
        return _convexity_of_several(derived)
    (f,) = derived.scores
    atoms = stable.in_atoms(smooth(derived.loss))
    slope = stable.settled(sympy.diff(atoms, f), derived.y, derived.unit)
    bend = stable.settled(sympy.diff(atoms, f, 2), derived.y, derived.unit)
    convex, where = True, ""
    pulls = set()
    for y in _targets(derived):
        raw = GRID
        columns = {derived.y: y, f: raw, **dict(derived.numbers)}
        g, h = _floats(slope, columns, len(raw)), _floats(bend, columns, len(raw))
        usable = np.isfinite(g)
        places = raw[usable]
        steep = g[usable][[0, -1]] if usable.any() else np.zeros(2)
        pulls.add(
            float(np.sign(steep[0]))
            if np.abs(steep).min(initial=np.inf) > 1e-3 and (np.sign(g[usable]) == np.sign(steep[0])).all()
            else 0.0
        )
        falls = np.flatnonzero(np.diff(g[usable]) < -1e-9 * (np.abs(g[usable][1:]) + np.abs(g[usable][:-1]) + 1e-300))
        for i in falls[:3].tolist():  # what rounding shows is looked at again
            before, after = (_true(sympy.diff(smooth(derived.loss), f), derived, [y, v]) for v in places[i : i + 2])
            convex &= not after < before
        below = np.isfinite(h) & (h < -1e-12 * np.nanmax(np.abs(h), initial=0.0))
        some = np.flatnonzero(below)[:: max(below.sum() // 5, 1)]
        if not where and any(_true(sympy.diff(smooth(derived.loss), f, 2), derived, [y, raw[i]]) < 0 for i in some):
            where = f"for {_range(raw, below)}, with y = {y:g}"
            convex = False
    if pulls in ({-1.0}, {1.0}):
        raise ValueError(
            f"formula: the loss {derived.law.text!r} falls without end as f goes to {-pulls.pop() * math.inf:g}, whatever y is:"
            " there is nothing to learn"
        )
    return convex, where


def _true(expr: sympy.Expr, derived: _Derived, point: list[float]) -> Any:
    value = measuring.settled([expr], derived.symbols, [*point, *derived.values.values()])[0]
    return value if mp.isfinite(value) else mp.mpf(0)


def _range(raw: np.ndarray, mask: np.ndarray) -> str:
    """Stretches of scores in words."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    words = []
    for first, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        low, high = raw[first], raw[stop - 1]
        if first == 0:
            words.append(f"f <= {high:.3g}")
        elif stop == len(raw):
            words.append(f"f >= {low:.3g}")
        else:
            words.append(f"f from {low:.3g} to {high:.3g}")
    return " and ".join(words[:3])


def _convexity_of_several(derived: _Derived) -> tuple[bool, str]:
    atoms = stable.in_atoms(smooth(derived.loss))
    rows = derived.rows[np.abs(derived.rows[:, 1 : 1 + derived.k]).max(axis=1) < 50]
    columns = {s: rows[:, i] for i, s in enumerate(derived.symbols)}
    k, n = derived.k, len(rows)
    matrix = np.empty((n, k, k))
    for a, b in itertools.combinations_with_replacement(range(k), 2):
        bend = stable.in_atoms(sympy.diff(atoms, derived.scores[a], derived.scores[b]))
        matrix[:, a, b] = matrix[:, b, a] = _floats(bend, columns, n)
    usable = np.isfinite(matrix).all(axis=(1, 2))
    values = np.linalg.eigvalsh(matrix[usable])
    convex = bool((values >= -1e-9 * np.abs(values).max(axis=1, keepdims=True)).all())
    where = ""
    for j in range(k):
        h = matrix[usable, j, j]
        below = h < -1e-12 * np.abs(h).max(initial=0.0)
        if below.any() and not where:
            at = rows[usable][below][0]
            scores = ", ".join(f"{f.name} = {v:.3g}" for f, v in zip(derived.scores, at[1:], strict=False))
            where = f"in {derived.scores[j].name}, for example at y = {at[0]:.3g}, {scores}"
    return convex, where


def shift_free(derived: _Derived) -> bool:
    """Whether one number added to all scores changes nothing."""
    some = derived.rows[:6]
    for row in some.tolist():
        moved = [row[0], *(v + 0.75 for v in row[1 : 1 + derived.k]), *row[1 + derived.k :]]
        a = measuring.settled([derived.loss], derived.symbols, row)[0]
        b = measuring.settled([derived.loss], derived.symbols, moved)[0]
        if not abs(a - b) <= 1e-12 * (abs(a) + abs(b) + 1e-300):
            return False
    return True


def apart(
    loss: sympy.Expr, scores: tuple[sympy.Symbol, ...], values: tuple[tuple[sympy.Symbol, float], ...]
) -> tuple[sympy.Expr, sympy.Expr]:
    """What multiplies a loss and is the same for all scores, made positive at these values of the parameters; and the rest."""
    constant, shape = loss.as_independent(*scores, as_Add=False)
    size = constant.subs(dict(values))
    return (-constant, -shape) if size.is_number and size < 0 else (constant, shape)


def mirrored(one: sympy.Expr, other: sympy.Expr, derived: _Derived) -> tuple[sympy.Expr, sympy.Expr] | None:
    """c1 and c0, if the losses of two classes are c1*b(f) and c0*b(-f)."""
    (f,) = derived.scores
    up, shape_up = apart(one, derived.scores, derived.numbers)
    down, shape_down = apart(other, derived.scores, derived.numbers)
    symbols = [f, *derived.parameters.values()]
    for at in (-3.25, -0.5, 0.125, 1.75, 6.0):
        a = measuring.settled([shape_up], symbols, [at, *derived.values.values()])[0]
        b = measuring.settled([shape_down], symbols, [-at, *derived.values.values()])[0]
        if not (mp.isfinite(a) and abs(a - b) <= mp.mpf(10) ** -20 * abs(a)):
            return None
    return up, down


def majorizer(derived: _Derived) -> str | None:
    """Words if gradient/residual lies above the loss: it does where the loss is phi(r**2) with phi concave."""
    loss = derived.residual
    assert loss is not None
    r = next((s for s in loss.free_symbols if s.name == "r"), None)
    if r is None:
        return None
    positive = sympy.Symbol("r", positive=True)
    plain = loss.subs(r, positive)
    slope = sympy.diff(plain, positive)
    other = sympy.diff(loss.subs(r, -positive), positive)
    symbols = [positive, *derived.parameters.values()]
    grid = 10.0 ** np.linspace(-4, 4, 65)
    scale = max([abs(v) for v in derived.values.values()], default=1.0)
    before = None
    for at in (grid * scale).tolist():
        g, mirror = measuring.settled([slope, other], symbols, [at, *derived.values.values()])
        if not (mp.isfinite(g) and g >= 0 and abs(g - mirror) <= mp.mpf(10) ** -15 * (abs(g) + mp.mpf(10) ** -300)):
            return None
        now = g / at
        if before is not None and now > before * (1 + mp.mpf(10) ** -15):
            return None
        before = now
    falls = sympy.diff(sympy.simplify(slope / positive), positive) if sympy.count_ops(slope) < 40 else None
    proved = falls is not None and (falls.is_nonpositive or sympy.factor_terms(sympy.together(falls)).is_nonpositive)
    how = (
        "proved: the derivative of gradient/residual has no positive sign"
        if proved
        else f"checked on a grid of residuals from {grid[0] * scale:g} to {grid[-1] * scale:g}, not proved"
    )
    return f"majorized: the loss is phi((f - y)**2) with phi concave ({how})"


def positive_part(expr: sympy.Expr) -> sympy.Expr | None:
    """What is left of a sum without the terms that are nowhere positive; None where a term's sign is not known."""
    terms = sympy.Add.make_args(sympy.expand(expr))
    kept = [t for t in terms if t.is_nonnegative]
    if not kept or any(not (t.is_nonnegative or t.is_nonpositive) for t in terms):
        return None
    return sympy.factor_terms(sympy.Add(*kept))


def fisher(derived: _Derived) -> list[sympy.Expr] | None:
    """The Hessian that is expected if the scores are right, that is if the expected gradient is 0; None where it is not found.

    Where gradient and Hessian are polynomials in the target the condition gives the target's moments, and they the expectation.
    """
    if derived.classes is not None or derived.boundaries:
        return None
    y, moments = derived.y, sympy.symbols("m1:5", real=True)

    def expected(expr: sympy.Expr) -> sympy.Expr | None:
        try:
            poly = sympy.Poly(sympy.expand(expr), y)
        except sympy.PolynomialError:
            return None
        if poly.degree() > len(moments):
            return None
        return sympy.Add(*(c * (moments[n - 1] if n else 1) for (n,), c in poly.terms()))

    gradients = [expected(sympy.diff(derived.loss, f)) for f in derived.scores]
    hessians = [expected(sympy.diff(derived.loss, f, 2)) for f in derived.scores]
    if None in gradients or None in hessians:
        return None
    used = sorted({m for e in gradients for m in e.free_symbols & set(moments)}, key=str)  # type: ignore[union-attr]
    if not used or len(used) > derived.k:
        return None
    found = sympy.solve(gradients, used, dict=True)
    if len(found) != 1 or set(found[0]) != set(used):
        return None
    out = [sympy.simplify(h.subs(found[0])) for h in hessians]  # type: ignore[union-attr]
    plain = [sympy.diff(derived.loss, f, 2) for f in derived.scores]
    if any(h.free_symbols & {*moments, y} for h in out) or all(
        sympy.simplify(a - b) == 0 for a, b in zip(out, plain, strict=True)
    ):
        return None
    rows = derived.rows[np.abs(derived.rows[:, 1 : 1 + derived.k]).max(axis=1) < 50]
    columns = {s: rows[:, i] for i, s in enumerate(derived.symbols)}
    with np.errstate(all="ignore"):
        values = [_floats(stable.in_atoms(h), columns, len(rows)) for h in out]
    if any((v[np.isfinite(v)] < 0).any() for v in values):
        return None
    return out


def in_unit_of_target(derived: _Derived) -> tuple[str, ...]:
    """The parameters that have the unit of y: multiplied with it and the scores, they multiply the loss by a power."""
    names = list(derived.parameters)
    if derived.law.link != "identity" or derived.k > 1 or derived.classes is not None or not names:
        return ()
    rows = derived.rows[:4, :2]
    for count in range(min(len(names), 3) + 1):  # of none, where the loss is a power of the residual: then they have none
        for chosen in itertools.combinations(names, count):
            powers = []
            for factor in (2.0, 7.0):
                for y, f in rows.tolist():
                    base = [y, f, *derived.values.values()]
                    times = [factor if n in chosen else 1.0 for n in names]
                    moved = [y * factor, f * factor, *(v * t for v, t in zip(derived.values.values(), times, strict=True))]
                    a = measuring.settled([derived.loss], derived.symbols, base)[0]
                    b = measuring.settled([derived.loss], derived.symbols, moved)[0]
                    powers.append(mp.log(b / a) / mp.log(factor) if a > 0 and b > 0 else mp.nan)
            first = powers[0]
            if mp.isfinite(first) and all(abs(p - first) < 1e-9 for p in powers):
                return chosen
    return ()


def measure_compiled(cls: Any, derived: _Derived) -> None:
    """The compiled code against mpmath of the formula; a warning names what loses digits, where, and how many."""
    o = cls(**derived.values)
    rows = derived.rows
    y, raw = rows[:, 0], rows[:, 1 : 1 + derived.k]
    inside = o._labels(derived.k).contains(y)
    if derived.boundaries:
        fields = {n: derived.values[n] for n in derived.parameters}
        away = np.asarray(derived.kinks(y, raw[:, 0] if derived.k == 1 else raw, **fields))
        inside &= (away if derived.k == 1 else away.min(axis=1)) > 1e-12 * np.abs(raw).max(axis=1)
    rows, y, raw = rows[inside], y[inside], raw[inside]
    # Of the formula as it was written: with symbols that know nothing of their signs.
    plain = derived.law.formula
    names = [*plain.targets, *plain.scores, *plain.parameters.values()]
    loss = smooth(plain.loss)
    unsigned = dict(zip(derived.symbols, names, strict=True))
    several = derived.k > 1 and not derived.law.domain.integer
    wanted = [("loss", loss, several or derived.law.link in ("log", "signed_square"))]
    for j, f in enumerate(derived.scores):
        wanted += [(f"gradient {j}", sympy.diff(loss, f), several), (f"exact {j}", sympy.diff(loss, f, 2), several)]
        wanted += [
            (f"{k} {j}", e[j].xreplace(unsigned), several) for k, e in derived.kinds.items() if e is not None
        ]
    if "majorized" in derived.kinds:
        wanted.append(("majorized 0", sympy.diff(loss, plain.scores[0]) / (plain.scores[0] - plain.targets[0]), False))
    true = measuring.truths(
        [w[1] for w in wanted],
        names,
        rows,
        plain.scores,
        plain.targets[0],
        residual=derived.law.link == "identity" and derived.k == 1,
        with_target=[w[2] for w in wanted],
    )
    scores = raw[:, 0] if derived.k == 1 else raw
    got = {"loss": o.loss(y, scores)}
    for kind in o.kinds:
        grad, hess = cls(**derived.values, curvature=kind).grad_hess(y, scores)
        for j in range(derived.k) if f"{kind} 0" in [w[0] for w in wanted] else ():
            got[f"gradient {j}"] = grad if derived.k == 1 else grad[:, j]
            got[f"{kind} {j}"] = hess if derived.k == 1 else hess[:, j]
    accuracy, lost = {}, []
    for (name, _, _), truth in zip(wanted, true, strict=True):
        units = truth.units(got[name])
        label = name if derived.k > 1 or name == "loss" else name.removesuffix(" 0")
        accuracy[label] = float(units.max(initial=0.0))
        bad = units > measuring.LIMIT
        if bad.any():
            ends = [
                f"{s.name} from {rows[bad, i].min():.3g} to {rows[bad, i].max():.3g}"
                for i, s in enumerate(derived.symbols[: 1 + derived.k])
            ]
            lost.append(
                f"{label} is up to {units.max():.3g} units in the last place off at {bad.sum()} of {len(rows)} points, with"
                f" {', '.join(ends)}"
            )
    cls.accuracy = accuracy
    near = np.abs(raw).max(axis=1) < 50
    none = near & np.array([value != value for value in true[0].values])
    if none.any():
        i = int(np.flatnonzero(none)[0])
        at = ", ".join(f"{s.name} = {v:.3g}" for s, v in zip(derived.symbols, rows[i, : 1 + derived.k].tolist(), strict=False))
        lost.insert(
            0, f"it has no finite real value at {none.sum()} of {near.sum()} points with ordinary scores, at {at} for one"
        )
    if lost:
        warnings.warn(
            f"{derived.law.name}: not every digit of {derived.law.text!r} is right: {'; '.join(lost)}", UserWarning, stacklevel=5
        )
