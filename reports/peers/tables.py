"""The headline and the tables of the benchmarks against other libraries."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from reports import cells, formats
from reports.cells import Cell, Column, Table
from reports.sentences import counted
from studies.record.peers import Contest, Entry, PeersRecord, Spread

__all__ = ["data_sets", "headline", "measurements", "skipped", "summary"]

Format = Callable[[float], str]


def headline(record: PeersRecord) -> str:
    """How often mfbench is faster than the fastest other library of a benchmark."""
    found = [ratio.median for contest in record.contests for ratio in _best_ratios(contest) if ratio]
    if not found:
        return "No other library was measured: all times are those of mfbench."
    won = sum(ratio > 1 for ratio in found)
    least, middle, most = (formats.times(value) for value in (min(found), median(found), max(found)))
    return (
        f"mfbench is faster than the fastest other library in {won} of {counted(len(found), 'comparison')}. The "
        f"fastest other library takes {formats.span(least, most)} times as long as mfbench (median {middle})."
    )


def summary(record: PeersRecord) -> Table:
    """One row per benchmark: mfbench, the fastest other library, and their ratio."""
    columns = (
        Column("Data", is_numeric=False),
        Column("Task", is_numeric=False),
        Column("Threads"),
        Column("mfbench"),
        Column("Fastest other library"),
        Column("Ratio"),
        Column("mfbench, to the target"),
        Column("Fastest other library, to the target"),
        Column("Ratio, to the target"),
    )
    rows = tuple(_summary_row(contest) for contest in record.contests if contest.ours)
    return Table("mfbench and the fastest other library: medians of the runs, with their range", columns, rows)


def measurements(record: PeersRecord) -> Table:
    """One row per implementation and benchmark."""
    columns = (
        Column("Implementation", is_numeric=False),
        Column("Data", is_numeric=False),
        Column("Task", is_numeric=False),
        Column("Threads"),
        Column("Time"),
        Column("Ratio to mfbench"),
        Column("Processor time"),
        Column("Ratio to mfbench"),
        Column("Time to the target"),
        Column("Ratio to mfbench"),
        Column("Quality"),
        Column("Memory"),
    )
    rows = tuple(_row(contest, entry) for contest in record.contests for entry in contest.entries)
    return Table(f"{counted(len(rows), 'measurement')}; select a column title to sort", columns, rows)


def data_sets(record: PeersRecord) -> Table:
    columns = (
        Column("Data", is_numeric=False),
        Column("Users"),
        Column("Items"),
        Column("Training likes"),
        Column("Evaluation users"),
        Column("SHA-256 of the content", is_numeric=False, is_wide=True),
    )
    rows = tuple(
        (
            cells.text(data.label, "" if data.name == data.label else data.name),
            cells.number(data.n_users),
            cells.number(data.n_items),
            cells.number(data.n_likes),
            cells.number(data.n_validation_users),
            cells.text(data.content_hash),
        )
        for data in record.sets
    )
    return Table("Data of the benchmarks", columns, rows)


def skipped(record: PeersRecord) -> str:
    """The libraries that were not measured, and why; empty if there are none."""
    return "; ".join(f"{name}: {reason}" for name, reason in record.skipped.items())


def _best_ratios(contest: Contest) -> tuple[Spread | None, Spread | None]:
    """Time of another library over that of mfbench: the lowest per unit of work, and the lowest to the target."""
    unit = [ratio for peer in contest.peers if (ratio := contest.ratio(peer))]
    target = [ratio for peer in contest.peers if (ratio := contest.target_ratio(peer))]
    return (min(unit, key=_middle, default=None), min(target, key=_middle, default=None))


def _middle(spread: Spread) -> float:
    return spread.median


def _summary_row(contest: Contest) -> tuple[Cell, ...]:
    assert contest.ours is not None
    first = contest.first_of_ours
    fastest = min((p for p in contest.peers if p.seconds), key=lambda p: median(p.seconds), default=None)
    there = min((p for p in contest.peers if p.target_seconds), key=lambda p: median(p.target_seconds), default=None)
    unit_ratio, target_ratio = _best_ratios(contest)
    return (
        cells.text(contest.data),
        cells.text(contest.title, contest.unit),
        cells.number(contest.threads),
        _spread(Spread.of(contest.ours.seconds), formats.brief),
        _named(fastest, fastest.seconds if fastest else ()),
        _spread(unit_ratio, formats.times),
        _named(first, first.target_seconds) if first else _absent(contest),
        _named(there, there.target_seconds) if there else _absent(contest),
        _spread(target_ratio, formats.times),
    )


def _row(contest: Contest, entry: Entry) -> tuple[Cell, ...]:
    head = (
        cells.text(entry.name, f"failed: {entry.problem}" if entry.problem else ""),
        cells.text(contest.data),
        cells.text(contest.title),
        cells.number(contest.threads),
    )
    reached = Spread.of(entry.target_seconds)
    held = entry.peak_bytes
    added = "" if entry.added_bytes is None else f"{formats.size(entry.added_bytes)} added by the run"
    return (
        *head,
        _spread(Spread.of(entry.seconds), formats.brief),
        Cell("") if entry is contest.ours else _spread(contest.ratio(entry), formats.times),
        _spread(Spread.of(entry.cpu_seconds), formats.brief),
        Cell("") if entry is contest.ours else _spread(contest.cpu_ratio(entry), formats.times),
        _spread(reached, formats.brief) if reached else _absent(contest),
        Cell("") if entry is contest.first_of_ours else _spread(contest.target_ratio(entry), formats.times),
        Cell(formats.score(entry.quality), entry.quality, contest.quality),
        Cell(formats.NOTHING if held is None else formats.size(held), held, added),
    )


def _named(entry: Entry | None, seconds: tuple[float, ...]) -> Cell:
    """The median time, and below it the name of the implementation."""
    if entry is None or not seconds:
        return Cell(formats.NOTHING)
    return Cell(formats.brief(median(seconds)), median(seconds), entry.name)


def _absent(contest: Contest) -> Cell:
    return Cell(formats.NOTHING if contest.target is None else "not reached")


def _spread(spread: Spread | None, shown: Format) -> Cell:
    if spread is None:
        return Cell(formats.NOTHING)
    return cells.ranged(shown(spread.median), spread.median, shown(spread.low), shown(spread.high))
