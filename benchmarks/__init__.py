"""Benchmarks: ratios within one run, never a wall-clock figure alone."""
