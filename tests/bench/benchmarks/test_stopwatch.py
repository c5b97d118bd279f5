from __future__ import annotations

import pytest

from bench.benchmarks import stopwatch
from bench.benchmarks.stopwatch import RunCompleteError, Stopwatch


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def process_time(self) -> float:
        return 2 * self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(stopwatch, "time", clock)
    return clock


def test_evaluations_are_not_part_of_a_lap(clock: Clock) -> None:
    def get_state() -> str:
        clock.now += 100
        return "factors"

    def evaluate(state: str) -> float:
        clock.now += 1000
        return float(len(state))

    watch = Stopwatch(max_laps=9, evaluate=evaluate)
    watch.start()
    for seconds in (3, 2):
        clock.now += seconds
        watch.lap(get_state)
    assert (watch.laps, watch.cpu_laps, watch.values) == ([3, 2], [6, 4], [7, 7])


def test_the_run_ends_after_the_maximum_of_laps_with_the_last_state() -> None:
    watch = Stopwatch(max_laps=2)
    watch.start()
    watch.lap(lambda: pytest.fail("this state is not needed"))
    with pytest.raises(RunCompleteError):
        watch.lap(lambda: "last")
    assert watch.state == "last"


def test_the_run_ends_once_the_target_is_reached() -> None:
    values = iter([5.0, 4.0, 3.9, 1.0])
    watch = Stopwatch(max_laps=9, evaluate=lambda _: next(values), target=3.9)
    watch.start()
    watch.lap(lambda: None)
    watch.lap(lambda: None)
    with pytest.raises(RunCompleteError):
        watch.lap(lambda: None)
    assert watch.values == [5.0, 4.0, 3.9]
