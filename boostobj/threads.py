"""Rows in chunks over a few threads.

Compiled loops release the GIL, so ordinary Python threads are enough; Numba's own parallel loops bring a threading layer
that is neither safe after a fork nor under several Python threads. Who has done his part takes from another's, the caller
included: a worker that the machine does not run (the booster's own threads spin for a while after each of their loops)
delays nobody, and a caller that finds the workers busy works alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue

LEAST = 1 << 15
"""Scores in the smallest chunk: long against handing it over (some microseconds), short against waiting for it."""

PAYS = 1 << 17
"""Fewer scores than this are computed by the caller alone."""

_VARIABLES = ("BOOSTOBJ_NUM_THREADS", "OMP_NUM_THREADS")  # joblib and its like set the second one for their workers

_asked: int | None = None


def set_num_threads(n: int | None) -> None:
    """How many threads a gradient step may use, in this process.

    Parameters
    ----------
    n : int, at least 1, or None
        None goes back to the default: the environment variable BOOSTOBJ_NUM_THREADS, else OMP_NUM_THREADS (which joblib
        sets for its workers), else the cores that this process may use. Small data always use one thread.

    Raises
    ------
    TypeError, ValueError
        Not an integer; less than 1.

    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(None)
    """
    global _asked
    if n is not None:
        if not isinstance(n, int) or isinstance(n, bool):
            raise TypeError(f"set_num_threads: n must be an integer or None, got {n!r}")
        if n < 1:
            raise ValueError(f"set_num_threads: n must be at least 1, got {n}")
    _asked = n


def get_num_threads() -> int:
    """How many threads a gradient step may use: see `set_num_threads`.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        BOOSTOBJ_NUM_THREADS is not a positive integer.
    """
    return _asked or _default(tuple(os.environ.get(name, "") for name in _VARIABLES))


_defaults: dict[tuple[str, ...], int] = {}


def _default(texts: tuple[str, ...]) -> int:
    if texts not in _defaults:
        ours, openmp = texts
        first = openmp.split(",")[0].strip()  # OpenMP's own list, outermost level first
        if ours and not (ours.isdecimal() and int(ours)):
            raise ValueError(f"BOOSTOBJ_NUM_THREADS must be a positive integer, got {ours!r}")
        asked = ours or first
        _defaults[texts] = int(asked) if asked.isdecimal() and int(asked) else cores()
    return _defaults[texts]


def cores() -> int:
    """The cores that this process may use."""
    from joblib import cpu_count  # it also reads the limits of containers

    return cpu_count()


def run(loop: Callable[[int, int], int], rows: int, scores: int) -> int:
    """loop(start, stop) over all rows, in chunks on several threads where that pays; the flags that it returned, joined."""
    threads = get_num_threads() if scores >= PAYS else 1
    if threads > 1 and _busy.acquire(blocking=False):
        try:
            least = max(rows * LEAST // scores, 1)
            parts = min(threads, -(-rows // least))
            while len(_queues) < parts - 1:
                _queues.append(SimpleQueue())
                part = len(_queues)
                threading.Thread(target=_work, args=(_queues[-1], part), name="boostobj", daemon=True).start()
            job = _Job(loop, rows, least, parts)
            for queue in _queues[: parts - 1]:
                queue.put(job)
            return job.finish()
        finally:
            _busy.release()
    return loop(0, rows)


class _Job:
    """One call. Each thread has a part of the rows, the same in every round, which keeps them in its core's cache.

    It takes halves of what is left of its part, and when that is done, halves of the largest part that is left, from the
    end: so the chunks are few, and the last ones small.
    """

    def __init__(self, loop: Callable[[int, int], int], rows: int, least: int, parts: int) -> None:
        self._loop: Callable[[int, int], int] | None = loop
        self._left = [(rows * i // parts, rows * (i + 1) // parts) for i in range(parts)]
        self._least = least
        self._lock = threading.Lock()
        self._running = 0
        self._last = threading.Lock()  # held while the caller waits for the last chunk
        self._awaited = False
        self._flags = 0
        self._error: BaseException | None = None

    def finish(self) -> int:
        """Work along, wait for what others have begun, and let go of the arrays: a worker may come too late."""
        self.work(0)
        self._last.acquire()
        with self._lock:
            self._awaited = self._running > 0
            self._loop = None
        if self._awaited:
            self._last.acquire()
        if self._error is not None:
            raise self._error
        return self._flags

    def work(self, part: int) -> None:
        """Chunks until there are none left."""
        while True:
            with self._lock:
                loop, chunk = self._loop, self._next(part)
                if loop is None or chunk is None:
                    return
                self._running += 1
            flags, error = 0, None
            try:
                flags = loop(*chunk)
            except BaseException as raised:  # raised again in the caller's thread
                error = raised
            del loop
            with self._lock:
                self._running -= 1
                self._flags |= flags
                if error is not None:
                    self._error, self._left = error, []
                if self._awaited and not self._running:
                    self._last.release()

    def _next(self, part: int) -> tuple[int, int] | None:
        if not self._left:
            return None
        start, stop = self._left[part]
        if start < stop:
            middle = min(max(start + self._least, (start + stop) // 2), stop)
            self._left[part] = middle, stop
            return start, middle
        largest = max(range(len(self._left)), key=lambda i: self._left[i][1] - self._left[i][0])
        start, stop = self._left[largest]
        if start == stop:
            return None
        middle = max(min(stop - self._least, (start + stop) // 2), start)
        self._left[largest] = start, middle
        return middle, stop


def _work(queue: SimpleQueue[_Job], part: int) -> None:
    while True:
        queue.get().work(part)


def _forget() -> None:
    """No threads yet. After a fork: the child has none of its parent's, and locks as they happened to be."""
    global _busy, _queues
    _busy = threading.Lock()
    _queues = []


_busy: threading.Lock
_queues: list[SimpleQueue[_Job]]
"""One for each thread that was started."""
_forget()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
