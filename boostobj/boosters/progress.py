"""A progress bar for training: the round, what was measured, and the time left."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


class Bar:
    """A bar of rich, shown from the first call of `show` until `close`; nothing of it stays on the screen."""

    def __init__(self, console: Any = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("round"),
            MofNCompleteColumn(),
            BarColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[measured]}", markup=False),
            console=Console(stderr=True) if console is None else console,
            transient=True,
        )
        self._task: Any = None

    def show(self, done: int, total: int, measured: Iterable[tuple[str, float]] = ()) -> None:
        """`done` of `total` rounds, and values by their names."""
        text = "  ".join(f"{name} {value:.6g}" for name, value in measured)
        if self._task is None:
            self._progress.start()
            self._task = self._progress.add_task("", total=total, completed=done, measured=text)
        else:
            self._progress.update(self._task, total=total, completed=done, measured=text)

    def close(self) -> None:
        self._progress.stop()


@contextlib.contextmanager
def shown(progress: Any) -> Iterator[Bar | None]:
    """A bar for the time of a training, however that ends; None where none is asked for.

    Raises
    ------
    TypeError
        progress is neither a bool nor a rich.console.Console.
    """
    if progress is False or progress is None:
        yield None
        return
    from rich.console import Console

    if progress is not True and not isinstance(progress, Console):
        raise TypeError(f"train: progress must be a bool or a rich.console.Console, got {type(progress).__name__}")
    bar = Bar(None if progress is True else progress)
    try:
        yield bar
    finally:
        bar.close()


def in_xgboost(bar: Bar | None, rounds: int, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of xgboost.train or cv, with the bar among the callbacks in the place of printed lines."""
    if bar is None:
        return dict(kwargs)
    show = bar.show
    import xgboost

    class Shown(xgboost.callback.TrainingCallback):
        def before_training(self, model: Any) -> Any:
            show(0, rounds)
            return model

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            newest = [(f"{data}-{metric}", values[-1]) for data, of in evals_log.items() for metric, values in of.items()]
            show(epoch + 1, rounds, [(name, v[0] if isinstance(v, tuple) else v) for name, v in newest])  # mean and std
            return False

    return {"verbose_eval": False, **kwargs, "callbacks": [Shown(), *(kwargs.get("callbacks") or ())]}


def in_lightgbm(bar: Bar | None, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of lightgbm.train or cv, with the bar among the callbacks."""
    if bar is None:
        return dict(kwargs)
    return {**kwargs, "callbacks": [_Round(bar, True), _Round(bar, False), *(kwargs.get("callbacks") or ())]}


class _Round:
    """A callback of LightGBM's: before the rounds, to show that there is none yet, and after them."""

    def __init__(self, bar: Bar, before: bool) -> None:
        self._bar = bar
        self.before_iteration = before
        self.order = 25  # after the evaluations have been recorded, before early stopping raises

    def __call__(self, env: Any) -> None:
        done = env.iteration - env.begin_iteration
        if self.before_iteration and done:
            return
        results = [(data, metric, value) for data, metric, value, *_ in env.evaluation_result_list or ()]
        # LightGBM before 4.7 has "cv_agg" where now is the data set, and that before the metric.
        names = [metric.replace(" ", "-", 1) if data == "cv_agg" else f"{data}-{metric}" for data, metric, _ in results]
        measured = [(name, value) for name, (_, _, value) in zip(names, results, strict=True)]
        self._bar.show(done + (not self.before_iteration), env.end_iteration - env.begin_iteration, measured)
