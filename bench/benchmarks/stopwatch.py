"""Timing a run from inside it, epoch by epoch, with the clock standing still while somebody looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

__all__ = ["RunCompleteError", "Stopwatch"]


class RunCompleteError(Exception):
    """All that was wanted is measured; unwinds a library's own loop over epochs."""


class Stopwatch:
    """Seconds of each lap, an epoch or the whole of what has none.

    After a lap an adapter hands in how to ``show`` the state, such as the factors, and ``look`` turns that into the
    value that is watched; neither's time belongs to a lap. The run ends, by RunCompleteError, after ``max_laps`` or
    once the value is at most ``target``; ``state`` is then the last one.
    """

    def __init__(
        self, *, max_laps: int, look: Callable[[Any], float] | None = None, target: float | None = None
    ) -> None:
        self.laps: list[float] = []
        self.cpu_laps: list[float] = []  #: processor time of all threads, which a busy machine leaves alone
        self.values: list[float] = []
        self.state: Any = None
        self._max_laps = max_laps
        self._look = look
        self._target = target
        self._since = self._cpu_since = 0.0

    def start(self) -> None:
        self._cpu_since = time.process_time()
        self._since = time.perf_counter()

    def lap(self, show: Callable[[], Any]) -> None:
        self.laps.append(time.perf_counter() - self._since)
        self.cpu_laps.append(time.process_time() - self._cpu_since)
        if self._look is not None:
            self.values.append(self._look(show()))
        is_there = self._target is not None and bool(self.values) and self.values[-1] <= self._target
        if is_there or len(self.laps) >= self._max_laps:
            self.state = show()
            raise RunCompleteError
        self.start()
