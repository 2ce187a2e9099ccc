"""Real data to learn from: what scikit-learn brings, and more where the folder BOOSTOBJ_DATA has the files.

The files, gzip-compressed, are those of the literature, unchanged: `california_housing.csv` of Geron's Hands-on Machine
Learning (prices in dollars), `uci_*.txt` of Hernandez-Lobato and Adams 2015, and LightGBM's example of binary
classification. Without the folder every benchmark still runs, on fewer data sets; its results say on which.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

FOLDER = "BOOSTOBJ_DATA"


class Data(NamedTuple):
    """Features (n, p), float64 with NaN for what is missing, and the target (n,)."""

    name: str
    x: np.ndarray
    y: np.ndarray


def _bundled(name: str) -> Data:
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name.replace(' ', '_')}")(return_X_y=True)
    return Data(name, np.asarray(x, np.float64), np.asarray(y, np.float64))


def _last_column(name: str, file: Path) -> Data:
    table = np.loadtxt(file)
    return Data(name, table[:, :-1], table[:, -1])


def _california(name: str, file: Path) -> Data:
    import pandas as pd

    frame = pd.read_csv(file)
    y = frame.pop("median_house_value").to_numpy(np.float64)
    frame["ocean_proximity"] = frame["ocean_proximity"].astype("category").cat.codes
    return Data(name, frame.to_numpy(np.float64), y)


def _first_column(name: str, file: Path) -> Data:
    parts = [np.loadtxt(file.with_name(f"higgs_binary.{part}.gz")) for part in ("train", "test")]
    table = np.concatenate(parts)
    return Data(name, table[:, 1:], table[:, 0])


FILES: dict[str, tuple[str, Callable[[str, Path], Data]]] = {
    "California housing": ("california_housing.csv.gz", _california),
    "concrete": ("uci_concrete.txt.gz", _last_column),
    "energy": ("uci_energy.txt.gz", _last_column),
    "kin8nm": ("uci_kin8nm.txt.gz", _last_column),
    "power plant": ("uci_power-plant.txt.gz", _last_column),
    "wine": ("uci_wine-quality-red.txt.gz", _last_column),
    "yacht": ("uci_yacht.txt.gz", _last_column),
    "higgs": ("higgs_binary.train.gz", _first_column),
}
BUNDLED = ("diabetes", "breast cancer", "digits")


def _path(name: str) -> Path | None:
    folder = os.environ.get(FOLDER)
    path = Path(folder, FILES[name][0]) if folder else None
    return path if path and path.exists() else None


def at_hand(*names: str) -> list[str]:
    """Those of the names whose data are here."""
    return [name for name in names if name in BUNDLED or _path(name)]


def load(name: str) -> Data:
    """A data set by its name.

    Raises
    ------
    ValueError
        There is no such data set, or its file is not at hand.
    """
    if name in BUNDLED:
        return _bundled(name)
    if name not in FILES:
        raise ValueError(f"no data set {name!r}; there are {', '.join([*BUNDLED, *FILES])}")
    path = _path(name)
    if path is None:
        raise ValueError(f"the data set {name!r} needs the file {FILES[name][0]} in the folder that {FOLDER} names")
    return FILES[name][1](name, path)


def parts(n: int, shares: tuple[float, ...], seed: int, strata: np.ndarray | None = None) -> list[np.ndarray]:
    """Rows drawn into parts of these shares of n, at random; of each stratum as many."""
    rng = np.random.default_rng(seed)
    groups = [np.arange(n)] if strata is None else [np.flatnonzero(strata == s) for s in np.unique(strata)]
    cut = [np.split(rng.permutation(g), np.round(np.cumsum(shares[:-1]) * len(g)).astype(int)) for g in groups]
    return [rng.permutation(np.concatenate(same)) for same in zip(*cut, strict=True)]
