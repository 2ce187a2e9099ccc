"""The losses of a package that boostobj has never heard of."""

import math
from dataclasses import dataclass
from typing import final

import boostobj as bo
from boostobj.domain import POSITIVE, REAL
from boostobj.elementary import kernel


@kernel
def share(q, far):
    return q * q if far else 1.0


@final
@dataclass(frozen=True, kw_only=True, repr=False)
class Lorentzian(bo.Pointwise):
    """Lorentzian (Cauchy) loss: squared error near, the logarithm of the error far.

    Target: any real number. Raw score: the prediction itself. Estimates: the location of a Cauchy distribution.

    With c = `scale` and r = (f - y)/c:

        loss      c**2/2 * log(1 + r**2)
        gradient  c * r/(1 + r**2)
        exact     (1 - r**2)/(1 + r**2)**2             negative beyond the scale
        majorized 1/(1 + r**2)                         never below exact; 1 at r = 0

    The majorized curvature: log(1 + t) is concave in t = r**2, so the quadratic in r that touches the loss at r lies
    above it everywhere; its curvature is gradient/residual.

    Parameters
    ----------
    scale : float in (0, inf), unit of y
        Half the width at half the height of the distribution.

    Equalities: (f - y)**2/2 as the scale grows. In neither booster. When not to use it: without outliers, where the mean
    is the better estimate; and it is not convex, it may have several minima.

    Raises: ValueError for a parameter, target, score or weight outside its set.

    Source: Black and Anandan 1996, The robust estimation of multiple motions: parametric and piecewise-smooth flow
    fields, Computer Vision and Image Understanding 63, the Lorentzian.

    >>> Lorentzian(scale=2.0).grad_hess([0.0, 0.0], [2.0, 1e300])[0].tolist()
    [1.0, 4e-300]
    """

    name = "lorentzian"
    link = "identity"
    domain = REAL
    convex = False
    kinds = ("exact", "majorized")
    boosters_curvature = "majorized"

    scale: float = bo.param(1.0, domain=POSITIVE, unit="y", typical=(0.01, 30.0))

    @staticmethod
    def definition(mp, y, f, scale):
        return scale**2 / 2 * mp.log(1 + ((f - y) / scale) ** 2)

    @staticmethod
    def majorizer(mp, y, f, scale):
        return 1 / (1 + ((f - y) / scale) ** 2)

    @staticmethod
    def point(y, f, scale):
        d = f - y
        a = abs(d)
        far = a > scale
        q = min(a, scale) / max(a, scale)  # r or 1/r, whichever is below 1: its square cannot overflow
        s = 1.0 + q * q
        log = 0.5 * math.log1p(q * q) - (math.log(q) if far else 0.0)
        loss = 0.5 * d * d if a < 1e-8 * scale else scale * scale * log
        grad = math.copysign((scale * q if far else a) / s, d)
        majorized = share(q, far) / s
        exact = majorized * (1.0 - q) * (1.0 + q) / s
        return loss, grad, -exact if far else exact, majorized
