"""Times a run from the inside, epoch by epoch; the time of evaluations does not count."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

__all__ = ["RunCompleteError", "Stopwatch"]


class RunCompleteError(Exception):
    """All laps are measured; raised to leave a library's own loop over epochs."""


class Stopwatch:
    """Seconds of each lap: an epoch, or the whole run of work without epochs.

    After each lap an adapter calls ``lap`` with a function that returns the current state, such as the factors;
    ``evaluate`` computes a value from the state. Both are excluded from the lap times. The run ends with
    RunCompleteError after ``max_laps``, or once the value is at most ``target``; ``state`` is then the last state.
    """

    def __init__(
        self, *, max_laps: int, evaluate: Callable[[Any], float] | None = None, target: float | None = None
    ) -> None:
        self.laps: list[float] = []
        self.cpu_laps: list[float] = []  #: processor time of all threads, which other processes hardly affect
        self.values: list[float] = []
        self.state: Any = None
        self._max_laps = max_laps
        self._evaluate = evaluate
        self._target = target
        self._since = self._cpu_since = 0.0

    def start(self) -> None:
        self._cpu_since = time.process_time()
        self._since = time.perf_counter()

    def lap(self, get_state: Callable[[], Any]) -> None:
        """End a lap, evaluate the state, and start the next lap."""
        self.laps.append(time.perf_counter() - self._since)
        self.cpu_laps.append(time.process_time() - self._cpu_since)
        if self._evaluate is not None:
            self.values.append(self._evaluate(get_state()))
        is_target_reached = self._target is not None and bool(self.values) and self.values[-1] <= self._target
        if is_target_reached or len(self.laps) >= self._max_laps:
            self.state = get_state()
            raise RunCompleteError
        self.start()
