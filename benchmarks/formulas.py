"""The NumPy formula of every objective: the gradient and Hessian that somebody would write who has no library for it.

`formula.of(name)(y, raw, **parameters)` is vectorised, without loops over rows, in the dtype of the scores, and knows nothing
of overflow: at scores of ordinary size it agrees with `grad_hess` (a test holds it to that). The Hessian is of the kind that
the boosters are given by default, `kind_of`. It is what every.py measures the objectives against.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

import boostobj as bo
from boostobj.objective import Pointwise, Rowwise

Formula = Callable[..., tuple[np.ndarray, np.ndarray]]

_FORMULAS: dict[str, Formula] = {}


def formula(function: Formula) -> Formula:
    """Registers a formula under the name of its objective, which is its own."""
    _FORMULAS[function.__name__] = function
    return function


def of(name: str) -> Formula:
    return _FORMULAS[name]


def names() -> list[str]:
    return sorted(_FORMULAS)


def wanted() -> list[str]:
    """The registered objectives that a formula by rows can be written for: all but the losses of groups."""
    ours = ((name, cls) for name, cls in bo.objectives.items() if cls.__module__.startswith("boostobj."))
    return sorted(name for name, cls in ours if issubclass(cls, (Pointwise, Rowwise)))


def kind_of(cls: type[bo.Objective]) -> str:
    """The curvature of the boosters' door, "native" as the kind it falls back to; "borrowed" is `learns_as`'s own."""
    return cls.fallback if cls.boosters_curvature == "native" else cls.boosters_curvature


def parameters(objective: bo.Objective) -> dict[str, Any]:
    """What a formula is handed: what the kernel of the objective is."""
    return {p.name: getattr(objective, p.name) for p in objective.parameters() if p.kernel}


# Real targets ---------------------------------------------------------------------------------------------------------


@formula
def squared_error(y, f):
    return f - y, np.ones_like(f)


@formula
def squared_root_error(y, f):
    return f - np.sign(y) * np.sqrt(np.abs(y)), np.ones_like(f)


@formula
def squared_log_error(y, f):
    u = np.log1p(f) - np.log1p(y)
    return u / (1 + f), u / ((1 + f) * (f - y))


@formula
def absolute_error(y, f):
    r = f - y
    d = np.mean(np.sqrt(np.abs(r))) ** 2
    hess = d / np.sqrt(d**2 + r**2)
    return r * hess, hess


@formula
def absolute_percentage_error(y, f):
    r = f - y
    m = np.maximum(1, np.abs(y))
    return np.sign(r) / m, 1 / (m * np.maximum(np.abs(r), m / 16))


@formula
def log_cosh(y, f, scale):
    r = (f - y) / scale
    t = np.tanh(r)
    return scale * t, t / r


@formula
def pseudo_huber(y, f, delta):
    r = f - y
    hess = 1 / np.sqrt(1 + (r / delta) ** 2)
    return r * hess, hess


@formula
def huber(y, f, delta):
    r = f - y
    hess = np.minimum(1, delta / np.abs(r))
    return r * hess, hess


@formula
def fair(y, f, c):
    r = f - y
    hess = c / (np.abs(r) + c)
    return r * hess, hess


@formula
def quantile(y, f, alpha):
    r = f - y
    s = np.mean(np.sqrt(np.abs(r))) ** 2
    x = r / (0.04 * s)
    t = np.tanh(x)
    return s / 2 * (t + (1 - 2 * alpha)), np.maximum(12.5 * t / x, 0.00375)


@formula
def expectile(y, f, alpha):
    r = f - y
    v = np.where(r >= 0, 1 - alpha, alpha)
    return v * r, v


@formula
def multi_quantile(y, f, alpha):
    r = f - y[:, None]
    s = np.mean(np.sqrt(np.abs(r)), axis=0) ** 2
    x = r / (0.04 * s)
    t = np.tanh(x)
    return s / 2 * (t + (1 - 2 * np.array(alpha, f.dtype))), np.maximum(12.5 * t / x, 0.00375)


@formula
def multi_expectile(y, f, alpha):
    steps = 1e-6 + np.logaddexp(0, f)
    steps[:, 0] = f[:, 0]
    r = np.cumsum(steps, axis=1) - y[:, None]
    level = np.array(alpha, f.dtype)
    v = np.where(r >= 0, 1 - level, level)
    slope = 1 / (1 + np.exp(-f))
    slope[:, 0] = 1
    grad = np.cumsum((v * r)[:, ::-1], axis=1)[:, ::-1]
    return slope * grad, slope**2 * np.cumsum(v[:, ::-1], axis=1)[:, ::-1]


# Positive targets and counts ------------------------------------------------------------------------------------------


@formula
def poisson(y, f):
    mean = np.exp(f)
    return mean - y, mean


@formula
def gamma(y, f):
    share = y * np.exp(-f)
    return 1 - share, share


@formula
def tweedie(y, f, power):
    grown, share = np.exp((2 - power) * f), y * np.exp((1 - power) * f)
    return grown - share, (2 - power) * grown - (1 - power) * share


@formula
def aft(y, f, distribution, scale):
    """For normal noise."""
    lower, upper = y.T
    with np.errstate(divide="ignore"):
        low, high = (np.log(lower) - f) / scale, (np.log(upper) - f) / scale
    event = lower == upper
    mass = np.where(event, 1, special.ndtr(high) - special.ndtr(low))
    first, last = (np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) for z in (low, high))
    mean = (first - last) / mass
    known = np.where(lower > 0, low, 0) * first - np.where(upper < np.inf, high, 0) * last
    return np.where(event, -low, -mean) / scale, np.where(event, 1, mean**2 - known / mass) / scale**2


# Classes --------------------------------------------------------------------------------------------------------------


@formula
def log_loss(y, f, sigmoid, scale_pos_weight):
    p = 1 / (1 + np.exp(-sigmoid * f))
    c = np.where(y == 1, scale_pos_weight, 1.0).astype(f.dtype)
    return c * sigmoid * (p - y), c * sigmoid**2 * p * (1 - p)


@formula
def hinge(y, f):
    s = 2 * y - 1
    m = 1 - s * f
    return np.where(m > 0, -s, 0), 1 / (2 * np.sqrt(1 + m**2))


@formula
def softmax(y, f):
    e = np.exp(f - f.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    grad = p.copy()
    grad[np.arange(len(p)), y.astype(int)] -= 1
    return grad, p * (1 - p)


@formula
def one_vs_all(y, f, sigmoid, scale_pos_weight):
    own = y[:, None] == np.arange(f.shape[1])
    p = 1 / (1 + np.exp(-sigmoid * f))
    c = np.where(own, scale_pos_weight, 1.0).astype(f.dtype)
    return c * sigmoid * (p - own), c * sigmoid**2 * p * (1 - p)
