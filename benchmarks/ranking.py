"""One gradient step of the ranking objectives, on one core, for queries of three sizes: ours against the booster's own C++.

Measured as in builtins.py. What wants to know the round is called as in the fourth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import lightgbm as lgb
import numpy as np

import boostobj as bo
from boostobj import builtins, protocol

from .builtins import LIGHTGBM
from .gradient import OWN, block_of_ours, block_of_own, dmatrix
from .measure import Row, fresh, meter, pairs, row

NAMES = ("rank:ndcg", "rank:pairwise", "rank:map", "lightgbm:lambdarank", "lightgbm:rank_xendcg")
DOCUMENTS = (10, 100, 1000)


def run(smoke: bool) -> Iterator[Row]:
    for documents in DOCUMENTS:
        for name in NAMES:
            case = {"name": name, "documents": documents, "smoke": smoke}
            yield from one(**case) if smoke else fresh("ranking", "one", **case)


def one(name: str, documents: int, smoke: bool) -> Iterator[Row]:
    n, count, blocks, rounds = (2_000, 3, 2, 2) if smoke else (1_000_000, 21, 9, 5)
    rng = np.random.default_rng(0)
    raw, sizes = rng.normal(size=n), np.full(n // documents, documents)
    y = np.clip(np.floor(rng.normal(size=n) + 1.2), 0, 1 if name == "rank:map" else 4).astype(np.float32)
    objective = bo.get(name)
    if builtins.names()[name].booster == "xgboost":
        container = dmatrix(raw.astype(np.float32), y)
        container.set_group(sizes)
        ours, theirs = block_of_ours(objective, name, container, rounds), block_of_own(name, container, rounds)
        for side in (ours, theirs):
            side()
        taken, against = pairs(ours, theirs, blocks), OWN
    else:
        params = {"verbosity": -1, "num_threads": 1, "objective": builtins.names()[name].name}
        dataset = lgb.Dataset(np.zeros((n, 1)), y, group=sizes, init_score=raw, params=params).construct()
        booster = lgb.Booster(params, dataset)

        def step() -> Any:
            call = protocol.read(name, raw, dataset, None, None, objective._wants)
            return objective._called(call, {"round": 3})

        taken, against = pairs(meter(step), meter(booster.update), count), LIGHTGBM
    yield row("ranking", name, against, taken, limit=1.0, rows=n, documents=documents)
