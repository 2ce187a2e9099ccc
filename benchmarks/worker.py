"""python -m benchmarks.worker MODULE FUNCTION CORES ARGUMENTS: prints what a generator yields, a line of JSON each."""

import importlib
import json
import os
import sys

if __name__ == "__main__":
    module, function, cores, arguments = sys.argv[1:]
    if hasattr(os, "sched_setaffinity"):
        # The last ones: the first core serves most interrupts. Before any import, so that every pool counts these.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-int(cores) :])
    results, sys.stdout = sys.stdout, sys.stderr  # the boosters print too
    for found in getattr(importlib.import_module(f"benchmarks.{module}"), function)(**json.loads(arguments)):
        print(json.dumps(found), file=results, flush=True)
