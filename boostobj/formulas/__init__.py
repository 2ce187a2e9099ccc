"""Objectives from formulas: parsed or traced, derived, made stable, compiled. Imports SymPy, so nothing imports it early."""
