"""Set before anything loads a booster: threads that wait must not spin, or two test processes on two cores hinder each other."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
