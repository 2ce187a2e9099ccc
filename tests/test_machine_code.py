"""Machine code that is kept on disk: found again, and never mixed up between kernels."""

import os
import subprocess
import sys

import numba
import pytest
from numba.core.registry import CPUDispatcher, cpu_target

import boostobj as bo
from boostobj import builtins, elementary, elementary32, loops, probe, quick

STARTS = """
import sys
import numpy as np
import boostobj as bo

y = np.random.default_rng(0).normal(size=53) * 300
for name in sys.argv[1:]:
    print(name, bo.get(name).start(y))
"""


def starts(folder, *names):
    """What a fresh process prints for each name, which compiles what is not in the folder."""
    env = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    run = subprocess.run([sys.executable, "-c", STARTS, *names], env=env, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


@pytest.mark.parametrize("first, second", [("log_cosh", "quantile"), ("pseudo_huber", "huber")])
def test_what_one_process_kept_is_not_linked_with_what_another_compiled(tmp_path, first, second):
    """Both compile the first kernel of their process: Numba gives its functions the same numbers."""
    alone = [*starts(tmp_path / "a", second), *starts(tmp_path / "b", first)]
    starts(tmp_path / "c", first)
    assert starts(tmp_path / "c", second, first) == alone


def every_loop():
    """Each loop over each kernel, not compiled."""
    for cls in bo.objectives.values():
        for name, made in {
            "point": (
                lambda f: loops.pointwise_loss(f, False),
                lambda f: loops.pointwise_gradient(f, 2, False),
                lambda f: loops.pointwise_gradient(quick.of(f), 2, False),
                lambda f: loops.best_constants(f, True, True),
            ),
            "few": (
                lambda f: loops.few_loss(f, 2, True),
                lambda f: loops.few_gradient(f, 2, 2, True, False),
                lambda f: loops.few_gradient(quick.of(f), 2, 2, True, False),
            ),
            "row": (
                lambda f: loops.rowwise_loss(f, True),
                lambda f: loops.rowwise_gradient(f, 0, True),
                lambda f: loops.rowwise_gradient(quick.of(f), 0, True),
            ),
            "block": (
                lambda f: loops.blockwise_loss(f, True),
                lambda f: loops.blockwise_gradient(f, 0, True),
                lambda f: loops.blockwise_gradient(quick.of(f), 0, True),
            ),
            "group": (lambda f: loops.groupwise(f, 0),),
        }.items():
            if kernel := getattr(cls, name, None):
                yield from (make(kernel) for make in made)
                if name == "point" and cls is bo.AFT:  # a kernel for each distribution
                    yield from (make(kernel) for kernel in (cls.logistic_point, cls.extreme_point) for make in made)
    for row in builtins.table():
        if row.kernel is not None:
            yield loops.native_pointwise(row.kernel, row.wide, False)
            yield loops.native_rowwise(row.kernel, row.wide, False)
            yield loops.native_groupwise(row.kernel, row.wide)


def within(dispatcher, seen):
    """A compiled function and, in turn, those of boostobj that it names: (name, code, what it closes over)."""
    function = dispatcher.py_func
    if function in seen or not function.__module__.startswith("boostobj"):
        return
    seen.add(function)
    closed = dict(zip(function.__code__.co_freevars, (cell.cell_contents for cell in function.__closure__ or ()), strict=True))
    named = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    yield (function.__module__, function.__qualname__), function
    for value in [*closed.values(), *named.values()]:
        if isinstance(value, CPUDispatcher):
            yield from within(value, seen)


def test_no_two_compiled_functions_share_a_name():
    names, seen = {}, set()
    for loop in every_loop():
        for name, function in within(loop, seen):
            assert names.setdefault(name, function) is function, f"{name} is the name of two functions"
    assert len(names) > 200


def test_no_two_stand_ins_share_a_name():
    cpu_target.typing_context.refresh()
    names = []
    for name in probe._STAND_INS:
        stub = getattr(elementary32 if name.endswith("f") else elementary, name)
        (template,) = cpu_target.typing_context.resolve_value_type(stub).templates
        kinds = [numba.from_dtype(probe.hard(name).dtype)] * len(probe.hard(name))
        names.append(template._overload_func(*kinds).__qualname__)
    assert len(set(names)) == len(names) > 3
