"""The details of a comparison's page: slices, conventions, blends, and lists side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reports import cells, formats
from reports.cells import Cell, Column, Table
from reports.sentences import joined
from studies.record.comparison import ComparisonRecord, SampleUserRecord

__all__ = ["blends", "conventions", "history_line", "rank_line", "shared_lists", "slices"]

DEEPEST_SHARED = 0.5  #: heat of a title that is in every list; text on it stays legible


def slices(record: ComparisonRecord, by: str) -> Table:
    """The metric of every algorithm in each slice; the colour compares algorithms within a slice."""
    found = [each for each in record.slices if each.by == by]
    names = [entrant.name for entrant in record.entrants if entrant.name in record.order]
    first, second = (
        ("Known likes of the user", "Users") if by == "activity" else ("Likes of the held-out item", "Held-out items")
    )
    columns = (Column(first, is_numeric=False), Column(second), *(Column(name) for name in names))
    rows = []
    for each in found:
        top = max((each.scores[name].mean for name in names), default=0.0) or 1.0
        scores = [
            replace(cells.estimate(e), heat=max(0.0, e.mean) / top) for e in (each.scores[name] for name in names)
        ]
        rows.append((cells.text(each.label), cells.number(each.n), *scores))
    return Table(f"{formats.metric_name(record.metric)} with 95{formats.NBSP}% intervals", columns, tuple(rows))


def conventions(record: ComparisonRecord, metric: str) -> Table:
    """The metric of the same scores as other libraries compute it; values that differ from ours are marked."""
    names = [entrant.name for entrant in record.entrants]
    columns = (
        Column("Library", is_numeric=False),
        Column("Ties", is_numeric=False),
        *([Column("AP is divided by", is_numeric=False)] if metric == "map@30" else []),
        *(Column(name) for name in names),
    )
    ours = record.conventions[0] if record.conventions else None
    rows = []
    for convention in record.conventions:
        values: Mapping[str, float] = convention.map if metric == "map@30" else convention.mrr
        base: Mapping[str, float] = {} if ours is None else ours.map if metric == "map@30" else ours.mrr
        divisor = [cells.text(convention.divisor)] if metric == "map@30" else []
        moved = [_moved(values[name], base[name]) for name in names]
        rows.append((cells.text(convention.library), cells.text(convention.ties), *divisor, *moved))
    return Table(
        f"{formats.metric_name(metric)} of the first refit; bold where it differs from mfbench", columns, tuple(rows)
    )


def blends(record: ComparisonRecord) -> Table:
    """Each group of algorithms: what each of them finds, and what their fusion scores."""
    metric = formats.metric_name(record.metric)
    columns = (
        Column("Algorithms", is_numeric=False),
        Column("Found by all"),
        Column("Found by only one", is_numeric=False),
        Column("Found by any"),
        Column(f"{metric} of the oracle"),
        Column(f"{metric} of the fusion, validation"),
        Column(f"{metric} of the fusion, test"),
        Column("Gain over the best member"),
    )
    rows = tuple(
        (
            cells.text(joined(blend.members)),
            _share(blend.found_by_all),
            Cell("", None, "\n".join(f"{name} {formats.percent(share)}" for name, share in blend.found_by_one.items())),
            _share(blend.found_by_any),
            cells.score(blend.oracle),
            Cell(
                formats.score(blend.validation),
                blend.validation,
                f"{blend.best_member} {formats.score(blend.best_member_validation)}",
            ),
            cells.estimate(blend.test),
            cells.gain(blend.gain),
        )
        for blend in record.blends
    )
    caption = "Held-out items found among the first ten, and reciprocal rank fusion of the lists of 100"
    return Table(caption, columns, rows)


def shared_lists(lists: Mapping[str, Sequence[str]], held_out: Sequence[str] = ()) -> Table:
    """Lists side by side: the more lists contain a title, the stronger its colour; a held-out item has a star."""
    names = list(lists)
    counts: dict[str, int] = {}
    for titles in lists.values():
        for title in dict.fromkeys(titles):
            counts[title] = counts.get(title, 0) + 1
    depth = max((len(titles) for titles in lists.values()), default=0)
    rows = tuple(
        (cells.number(place + 1), *(_listed(lists[name], place, counts, len(names), held_out) for name in names))
        for place in range(depth)
    )
    return Table("", (Column("Rank"), *(Column(name, is_numeric=False) for name in names)), rows)


def _listed(
    titles: Sequence[str], place: int, counts: Mapping[str, int], n_lists: int, held_out: Sequence[str]
) -> Cell:
    if place >= len(titles):
        return Cell("")
    title = titles[place]
    is_held_out = title in held_out
    star = "★ held-out item" if is_held_out else ""
    shared = f"in {counts[title]} of {n_lists}" if counts[title] > 1 else ""
    heat = DEEPEST_SHARED * (counts[title] - 1) / max(1, n_lists - 1)
    return Cell(title, title, ", ".join(filter(None, [star, shared])), heat=heat, is_marked=is_held_out)


def history_line(user: SampleUserRecord) -> str:
    """What the user had liked, the most popular first, and how many more there are."""
    more = user.n_history - len(user.history)
    return "; ".join(user.history) + (f"; and {formats.count(more)} more" if more > 0 else "")


def rank_line(user: SampleUserRecord) -> str:
    """The rank that each algorithm gives the held-out item, the best first."""
    ranks = (f"{name} {rank:,.0f}" for name, rank in sorted(user.ranks.items(), key=lambda each: each[1]))
    return ", ".join(ranks)


def _share(value: float) -> Cell:
    return Cell(formats.percent(value), value)


def _moved(value: float, ours: float) -> Cell:
    return Cell(formats.score(value), value, is_marked=formats.score(value) != formats.score(ours))
