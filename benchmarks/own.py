"""Objectives from formulas against those written by hand: one gradient step of the textbook's door, on one core.

Both sides compute the same loss with the same kind of curvature on the same rows, in float64; CPU time of the process. What is
promised: a formula takes no more than 1.3 times as long.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator

import numpy as np

import boostobj as bo

from .every import sample
from .measure import Row, fresh, meter, pairs, row

MOST = 1.3


def _both() -> dict[str, tuple[bo.Objective, bo.Objective]]:
    focal = "where(y == 1, -alpha*(1 - sigmoid(f))**gamma*log(sigmoid(f)), -(1 - alpha)*sigmoid(f)**gamma*log(1 - sigmoid(f)))"
    gaussian = "log(2*pi)/2 + f1 + ((y - f0)/exp(f1))**2/2"  # whose scale is not bounded below, as Gaussian's is

    def made(text: str, **settings: object) -> bo.Objective:
        return bo.from_formula(text, measured=False, **settings)  # type: ignore[arg-type]

    return {
        "log_loss": (bo.LogLoss(), made("log(1 + exp(f)) - y*f", link="logit", target="[0, 1]")),
        "log_cosh": (bo.LogCosh(scale=2.0), made("scale**2*log(cosh((f - y)/scale))", scale=2.0)),
        "pseudo_huber": (bo.PseudoHuber(delta=2.0), made("delta**2*(sqrt(1 + ((f - y)/delta)**2) - 1)", delta=2.0)),
        "focal": (bo.Focal(), made(focal, link="logit", target="{0, 1}", gamma=2.0, alpha=0.25, curvature="exact")),
        "poisson": (bo.Poisson(), made("exp(f) - y*f", link="log", target="[0, inf)")),
        "gaussian": (bo.Gaussian(), made(gaussian)),
    }


def run(smoke: bool) -> Iterator[Row]:
    for name in _both() if not smoke else ("poisson",):
        yield from one(name, smoke) if smoke else fresh("own", "one", name=name, smoke=smoke)


def one(name: str, smoke: bool) -> Iterator[Row]:
    n, count = (2_000, 3) if smoke else (1_000_000, 21)
    hand, formula = _both()[name]
    y, raw = sample(hand, n, np.float64)
    for kind in ("exact", "majorized"):
        if kind in hand.curvatures and kind in formula.curvatures:
            theirs, ours = (dataclasses.replace(o, curvature=kind) for o in (hand, formula))
            times = [meter(lambda o=o: o.grad_hess(y, raw), clock=time.process_time) for o in (ours, theirs)]
            where = {"rows": len(raw), **({"scores": raw.shape[1]} if raw.ndim == 2 else {})}
            yield row("own", f"{name}, {kind}", "the one written by hand", pairs(*times, count), limit=MOST, **where)
