"""What every test shares: threads that wait asleep, and random numbers of its own."""

import os

# Set before anything loads a booster: threads that wait must not spin, or two test processes on two cores hinder each other.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import zlib

import numpy as np
import pytest

SEED = int(os.environ.get("BOOSTOBJ_TEST_SEED", "0"))
"""Another number gives every test that draws from its module's RNG other data; CI keeps 0."""


@pytest.fixture(autouse=True)
def own_random_numbers(request, monkeypatch):
    """A module's RNG starts anew for every test, so that a test's data do not depend on which tests its process ran before."""
    if hasattr(request.module, "RNG"):
        seed = [SEED, zlib.crc32(request.node.nodeid.split("::", 1)[-1].encode())]
        monkeypatch.setattr(request.module, "RNG", np.random.default_rng(seed))
