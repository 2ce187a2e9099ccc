"""Real targets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

from ..domain import POSITIVE, REAL, param
from ..elementary import exp, log_cosh_ratio, tanh
from ..objective import Pointwise
from ..registry import register


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class LogCosh(Pointwise):
    """Log-cosh loss: squared error near, absolute error far.

    Target: any real number. Raw score: the prediction itself. Estimates: a location between mean and median.

    With s = `scale` and r = (f - y)/s:

        loss      s**2 * log(cosh(r))
        gradient  s * tanh(r)
        exact     1/cosh(r)**2
        majorized tanh(r)/r                            never below exact; 1 at r = 0

    The majorized curvature: log(cosh(sqrt(t))) is concave in t = r**2, so the quadratic in r that touches it at r lies
    above it everywhere; its curvature is gradient/residual. The exact Hessian falls like exp(-2*|r|): a booster that
    starts far from the targets, in units of the scale, learns nothing or diverges with it. That is why the boosters
    are given the majorized one unless curvature says otherwise.

    Parameters
    ----------
    scale : float in (0, inf), unit of y
        Where the loss turns from square to absolute.

    Equalities: (f - y)**2/2 for residuals much smaller than the scale; scale*|f - y| - scale**2*log(2) for much larger
    ones. In neither booster. When not to use it: outliers that must have no influence at all (their gradient stays
    `scale`).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Saleh and Saleh 2022, Statistical properties of the log-cosh loss function, arXiv:2208.04564, eq. 1.

    >>> LogCosh(scale=2.0).grad_hess([1.0, 1.0], [1.0, 1e300])
    (array([0., 2.]), array([1., 0.]))
    """

    name = "log_cosh"
    link = "identity"
    domain = REAL
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    scale: float = param(1.0, domain=POSITIVE, unit="y", typical=(0.01, 30.0))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, scale: Any) -> Any:
        return scale**2 * mp.log(mp.cosh((f - y) / scale))

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, scale: Any) -> Any:
        r = (f - y) / scale
        return mp.tanh(r) / r if r else mp.mpf(1)

    @staticmethod
    def point(y, f, scale):  # type: ignore[no-untyped-def]
        d = f - y
        r = d / scale
        a = abs(r)
        loss = 0.5 * d * d if a < 1e-8 else scale * (abs(d) * log_cosh_ratio(r))
        t = tanh(r)
        e = exp(-2.0 * a)
        sech = 2.0 / (1.0 + e)
        return loss, scale * t, e * sech * sech, t / r if a > 1e-8 else 1.0


@final
@register
@dataclass(frozen=True, kw_only=True, repr=False)
class PseudoHuber(Pointwise):
    """Pseudo-Huber loss (Charbonnier, L1-L2): squared error near, absolute error far.

    Target: any real number. Raw score: the prediction itself. Estimates: a location between mean and median.

    With d = `delta`, r = f - y and q = sqrt(1 + (r/d)**2):

        loss      d**2 * (q - 1)
        gradient  r/q
        exact     1/q**3
        majorized 1/q                                  never below exact; 1 at r = 0

    The majorized curvature: sqrt(1 + t) is concave in t = (r/d)**2, so the quadratic in r that touches the loss at r
    lies above it everywhere; its curvature is gradient/residual. The exact Hessian falls like |r|**-3: a booster that
    starts far from the targets, in units of delta, diverges with it (XGBoost's own starts at 573409 on the diabetes
    data). That is why the boosters are given the majorized one unless curvature says otherwise.

    Parameters
    ----------
    delta : float in (0, inf), unit of y
        Where the loss turns from square to absolute.

    Equalities: XGBoost's reg:pseudohubererror(huber_slope=delta) is curvature="native"; (f - y)**2/2 as delta grows.
    When not to use it: outliers that must have no influence at all (their gradient stays `delta`).

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Charbonnier, Blanc-Feraud, Aubert, Barlaud 1997, Deterministic edge-preserving regularization in computed
    imaging, table I (hyper surfaces).

    >>> PseudoHuber(delta=2.0).loss([0.0, 0.0], [1.5, 1e300]).tolist()
    [1.0, 2e+300]
    """

    name = "pseudo_huber"
    link = "identity"
    domain = REAL
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    delta: float = param(1.0, domain=POSITIVE, unit="y", typical=(0.01, 30.0))

    @staticmethod
    def definition(mp: Any, y: Any, f: Any, delta: Any) -> Any:
        return delta**2 * (mp.sqrt(1 + ((f - y) / delta) ** 2) - 1)

    @staticmethod
    def majorizer(mp: Any, y: Any, f: Any, delta: Any) -> Any:
        return 1 / mp.sqrt(1 + ((f - y) / delta) ** 2)

    @staticmethod
    def point(y, f, delta):  # type: ignore[no-untyped-def]
        r = f - y
        a = abs(r)
        # r/delta may overflow and its square does; with the larger of the two taken out nothing can.
        near = min(a, delta)
        ratio = near / max(a, delta)
        root = math.sqrt(1.0 + ratio * ratio)
        share = 1.0 if a <= delta else ratio
        majorized = share / root
        loss = a * (near / (root + share))
        return loss, math.copysign(near / root, r), majorized * majorized * majorized, majorized
