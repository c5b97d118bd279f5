"""The words and tables of a comparison with other libraries."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from reports import formats, tables
from reports.tables import Cell, Column, Table
from studies.record.peers import Contest, Entry, PeersRecord, Spread

__all__ = ["data_sets", "headline", "measurements", "skipped", "summary"]

Words = Callable[[float], str]


def headline(record: PeersRecord) -> str:
    """How often ours is the faster, against the fastest peer of each contest."""
    found = [ratio.median for contest in record.contests for ratio in _best_ratios(contest) if ratio]
    if not found:
        return "No other library took part, so these are our times alone."
    won = sum(ratio > 1 for ratio in found)
    least, middle, most = (formats.times(value) for value in (min(found), median(found), max(found)))
    return (
        f"Ours is faster than the fastest peer in {won} of {len(found)} comparisons; the fastest peer takes "
        f"{least} to {most} times as long, {middle} in the middle."
    )


def summary(record: PeersRecord) -> Table:
    """Each contest in a row: ours, the fastest peer, and the ratio."""
    columns = (
        Column("Data", is_numeric=False),
        Column("Task", is_numeric=False),
        Column("Threads"),
        Column("Ours"),
        Column("Fastest peer"),
        Column("Theirs over ours"),
        Column("Ours to the target"),
        Column("Fastest peer"),
        Column("Theirs over ours"),
    )
    rows = tuple(_summary_row(contest) for contest in record.contests if contest.ours)
    return Table("Ours against the fastest peer; medians of the runs, and how far these spread", columns, rows)


def measurements(record: PeersRecord) -> Table:
    """Every contender of every contest."""
    columns = (
        Column("Contender", is_numeric=False),
        Column("Data", is_numeric=False),
        Column("Task", is_numeric=False),
        Column("Threads"),
        Column("Time"),
        Column("Over ours"),
        Column("Processor time"),
        Column("Over ours"),
        Column("To the target"),
        Column("Over ours"),
        Column("Quality"),
        Column("Memory"),
    )
    rows = tuple(_row(contest, entry) for contest in record.contests for entry in contest.entries)
    return Table(f"{formats.count(len(rows))} measurements; a column's title sorts by it", columns, rows)


def data_sets(record: PeersRecord) -> Table:
    columns = (
        Column("Data", is_numeric=False),
        Column("Users"),
        Column("Items"),
        Column("Likes trained on"),
        Column("Users asked"),
        Column("SHA-256 of its content", is_numeric=False, is_wide=True),
    )
    rows = tuple(
        (
            tables.text(data.label, "" if data.name == data.label else data.name),
            tables.number(data.n_users),
            tables.number(data.n_items),
            tables.number(data.n_likes),
            tables.number(data.n_validation_users),
            tables.text(data.content_hash),
        )
        for data in record.sets
    )
    return Table("What the contests ran on", columns, rows)


def skipped(record: PeersRecord) -> str:
    """Who took no part, in a sentence."""
    return "; ".join(f"{name}: {reason}" for name, reason in record.skipped.items())


def _best_ratios(contest: Contest) -> tuple[Spread | None, Spread | None]:
    """Theirs over ours, for the peer that is fastest at the unit, and for the one that is first at the target."""
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
        tables.text(contest.data),
        tables.text(contest.title, contest.unit),
        tables.number(contest.threads),
        _spread(Spread.of(contest.ours.seconds), formats.brief),
        _named(fastest, fastest.seconds if fastest else ()),
        _spread(unit_ratio, formats.times),
        _named(first, first.target_seconds) if first else _absent(contest),
        _named(there, there.target_seconds) if there else _absent(contest),
        _spread(target_ratio, formats.times),
    )


def _row(contest: Contest, entry: Entry) -> tuple[Cell, ...]:
    head = (
        tables.text(entry.name, f"failed: {entry.problem}" if entry.problem else ""),
        tables.text(contest.data),
        tables.text(contest.title),
        tables.number(contest.threads),
    )
    reached = Spread.of(entry.target_seconds)
    held = entry.peak_bytes
    added = "" if entry.added_bytes is None else f"{formats.size(entry.added_bytes)} of it added"
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
    """A time, and whose it is."""
    if entry is None or not seconds:
        return Cell(formats.NOTHING)
    return Cell(formats.brief(median(seconds)), median(seconds), entry.name)


def _absent(contest: Contest) -> Cell:
    return Cell(formats.NOTHING if contest.target is None else "not reached")


def _spread(spread: Spread | None, words: Words) -> Cell:
    if spread is None:
        return Cell(formats.NOTHING)
    return Cell(words(spread.median), spread.median, f"{words(spread.low)} to {words(spread.high)}")
