"""Benchmark results as lines in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from bench.cli.tables import aligned
from reports.formats import NOTHING, brief, score, size, times, visible
from studies.record.peers import Contest, Entry, Spread

__all__ = ["result_lines"]

OVER_OURS = "theirs/ours"


def result_lines(contest: Contest) -> Iterator[str]:
    """Yield a title and a table; a ratio is the time of a library over ours, above 1 if ours is faster."""
    noun = "thread" if contest.threads == 1 else "threads"
    yield f"{visible(contest.data)}: {contest.title}; {contest.threads} {noun}"
    columns = ["", contest.unit, OVER_OURS, "processor", OVER_OURS]
    columns += ["to target", OVER_OURS] if contest.target is not None else []
    rows = [[*columns, contest.quality, "memory", "of it added"]]
    rows += [_cells(contest, entry) for entry in contest.entries if not entry.problem]
    for line in aligned(rows):
        yield f"  {line}"
    for entry in contest.entries:
        if entry.problem:
            yield f"  {entry.name} failed: {visible(entry.problem)}"
    if contest.target is not None:
        yield f"  target: {contest.watched} {contest.target:.6g}, {contest.target_rule}"


def _cells(contest: Contest, entry: Entry) -> list[str]:
    is_ours = entry is contest.ours
    cells = [entry.name, _spread(Spread.of(entry.seconds), brief), _ratio(contest.ratio(entry), is_ours)]
    cells += [brief(median(entry.cpu_seconds)) if entry.cpu_seconds else NOTHING]
    cells += [_ratio(contest.cpu_ratio(entry), is_ours)]
    if contest.target is not None:
        reached = _spread(Spread.of(entry.target_seconds), brief) if entry.target_seconds else "not reached"
        cells += [reached, _ratio(contest.target_ratio(entry), entry is contest.first_of_ours)]
    memory = (NOTHING if held is None else size(held) for held in (entry.peak_bytes, entry.added_bytes))
    return [*cells, score(entry.quality), *memory]


def _spread(spread: Spread | None, format_: Callable[[float], str]) -> str:
    return f"{format_(spread.median)} [{format_(spread.low)} to {format_(spread.high)}]" if spread else NOTHING


def _ratio(spread: Spread | None, is_ours: bool) -> str:
    return "" if is_ours else _spread(spread, times)
