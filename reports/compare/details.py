"""The tables of a comparison's page that look closer: slices, conventions, blends, and lists side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports import formats, tables
from reports.compare.verdict import joined
from reports.tables import Cell, Column, Table
from studies.record.comparison import ComparisonRecord

__all__ = ["blends", "conventions", "shared_lists", "slices"]

DEEPEST_SHARED = 0.5  #: heat of a title that every list holds; text stays easy to read on it


def slices(record: ComparisonRecord, by: str) -> Table:
    """The metric of every algorithm slice by slice, coloured by how it compares within the slice's row."""
    found = [each for each in record.slices if each.by == by]
    names = [entrant.name for entrant in record.entrants if entrant.name in record.order]
    first, second = (
        ("Likes known of the user", "Users") if by == "activity" else ("Likes of the hidden item", "Hidden likes")
    )
    columns = (Column(first, is_numeric=False), Column(second), *(Column(name) for name in names))
    rows = []
    for each in found:
        top = max((each.scores[name].mean for name in names), default=0.0) or 1.0
        scores = [
            Cell(formats.score(e.mean), e.mean, formats.interval(e), heat=max(0.0, e.mean) / top)
            for e in (each.scores[name] for name in names)
        ]
        rows.append((tables.text(each.label), tables.number(each.n), *scores))
    return Table(f"{formats.metric_name(record.metric)} with 95{formats.NBSP}% intervals", columns, tuple(rows))


def conventions(record: ComparisonRecord, metric: str) -> Table:
    """The same scores as other libraries count them."""
    names = [entrant.name for entrant in record.entrants]
    columns = (
        Column("As in", is_numeric=False),
        Column("Ties", is_numeric=False),
        *([Column("AP divided by", is_numeric=False)] if metric == "map@30" else []),
        *(Column(name) for name in names),
    )
    ours = record.conventions[0] if record.conventions else None
    rows = []
    for convention in record.conventions:
        values: Mapping[str, float] = convention.map if metric == "map@30" else convention.mrr
        base: Mapping[str, float] = {} if ours is None else ours.map if metric == "map@30" else ours.mrr
        divisor = [tables.text(convention.divisor)] if metric == "map@30" else []
        cells = [_moved(values[name], base[name]) for name in names]
        rows.append((tables.text(convention.library), tables.text(convention.ties), *divisor, *cells))
    return Table(f"{formats.metric_name(metric)} of the first refit; marked where it is not ours", columns, tuple(rows))


def blends(record: ComparisonRecord) -> Table:
    """Every group of algorithms: who finds what, and what their fusion reaches."""
    metric = formats.metric_name(record.metric)
    columns = (
        Column("Together", is_numeric=False),
        Column("Found by all"),
        Column("Found by one alone", is_numeric=False),
        Column("Found by any"),
        Column(f"Oracle’s {metric}"),
        Column(f"Fusion’s {metric}, validation"),
        Column(f"Fusion’s {metric}, test"),
        Column("Gain over the better alone"),
    )
    rows = tuple(
        (
            tables.text(joined(blend.members)),
            _share(blend.found_by_all),
            Cell("", None, "\n".join(f"{name} {formats.percent(share)}" for name, share in blend.found_by_one.items())),
            _share(blend.found_by_any),
            tables.score(blend.oracle),
            Cell(
                formats.score(blend.validation),
                blend.validation,
                f"{blend.best_member} {formats.score(blend.best_member_validation)}",
            ),
            tables.score(blend.test.mean, blend.test),
            Cell(formats.signed(blend.gain.mean), blend.gain.mean, formats.gain_interval(blend.gain)),
        )
        for blend in record.blends
    )
    caption = "Hidden likes found among the first ten, and reciprocal rank fusion of the lists of 100"
    return Table(caption, columns, rows)


def shared_lists(lists: Mapping[str, Sequence[str]], held_out: Sequence[str] = ()) -> Table:
    """Lists side by side: a title is the darker the more of them hold it, and a hidden like has a star."""
    names = list(lists)
    counts: dict[str, int] = {}
    for titles in lists.values():
        for title in dict.fromkeys(titles):
            counts[title] = counts.get(title, 0) + 1
    depth = max((len(titles) for titles in lists.values()), default=0)
    rows = tuple(
        (tables.number(place + 1), *(_listed(lists[name], place, counts, len(names), held_out) for name in names))
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
    star = "★ the hidden like" if is_held_out else ""
    shared = f"in {counts[title]} of {n_lists}" if counts[title] > 1 else ""
    heat = DEEPEST_SHARED * (counts[title] - 1) / max(1, n_lists - 1)
    return Cell(title, title, ", ".join(filter(None, [star, shared])), heat=heat, is_marked=is_held_out)


def _share(value: float) -> Cell:
    return Cell(formats.percent(value), value)


def _moved(value: float, ours: float) -> Cell:
    return Cell(formats.score(value), value, is_marked=formats.score(value) != formats.score(ours))
