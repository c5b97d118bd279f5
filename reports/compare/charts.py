"""The figures of a comparison: scores with intervals, differences, the tree of similar algorithms, maps of items."""

from __future__ import annotations

from collections.abc import Sequence

from reports import cells, formats
from reports.cells import Cell, Column, Table
from reports.compare.verdict import relation
from reports.figures import Figure, Plot, Spec, axis, escape, layout, note, points, score_axis
from studies.record.comparison import ComparisonRecord, ItemMapRecord, PairRecord

__all__ = ["differences", "drawn_pairs", "maps", "scores", "tree"]

ROW_HEIGHT = 30  #: pixels per algorithm
FRAME_HEIGHT = 70
MAP_HEIGHT = 320
FEW_TICKS = {"nticks": 4, "tickangle": 0}  #: as many as fit beside the names on a phone
NAMED_POINTS = 5  #: items of a map whose titles are always shown
MOST_PAIRS = 60  #: in a figure that people can still read
LANDMARK_CANDIDATES = 60  #: the most popular items
LONGEST_NAME = 22
COLORS = {"better": "--best", "worse": "--best", "equal": "--complete", "open": "--pruned"}
RELATIONS = {"better": "established", "equal": "practically equal", "open": "not distinguishable"}


def scores(record: ComparisonRecord) -> Figure:
    """The metric of each algorithm: its interval over users, and a mark for each refit."""
    entrants = record.entrants[::-1]  # the first line of a plot is at the bottom
    names = [entrant.name for entrant in entrants]
    estimates = [entrant.metrics[record.metric] for entrant in entrants]
    means = [e.mean for e in estimates]
    hover = [
        f"{escape(name)}<br>{formats.score(e.mean)}, {formats.interval(e)}"
        for name, e in zip(names, estimates, strict=True)
    ]
    mark = {"symbol": "circle", "color": "--best", "size": 10}
    data = [points("mean with 95 % interval over users", means, names, hover, mark)]
    data[0]["error_x"] = _bars([e.mean - e.low for e in estimates], [e.high - e.mean for e in estimates], "--best")
    if len(record.seeds) > 1:
        refits = [(entrant.name, value) for entrant in entrants for value in entrant.by_seed[record.metric]]
        hover = [f"{escape(name)}, one refit<br>{formats.score(value)}" for name, value in refits]
        faint = {"symbol": "circle-open", "color": "--complete", "size": 7}
        data.append(points("one refit", [value for _, value in refits], [name for name, _ in refits], hover, faint))
    ends = [value for e in estimates for value in (e.low, e.high)]
    frame = layout(
        FRAME_HEIGHT + ROW_HEIGHT * len(names),
        xaxis=score_axis(formats.metric_name(record.metric), [0.0, *ends]) | FEW_TICKS,
        yaxis=axis(type="category", showgrid=False, ticks=""),
    )
    description = f"{formats.metric_name(record.metric)} of {len(names)} algorithms with their intervals."
    return Figure((Plot("scores", description, data, frame),))


def differences(record: ComparisonRecord) -> Figure:
    """The difference of each of the ``drawn_pairs`` with its interval, and the margin as a band."""
    if not record.pairs:
        return Figure(absence="There is only one algorithm, so there is no pair to compare.")
    pairs = drawn_pairs(record)[::-1]
    data: list[Spec] = []
    for kind, name in RELATIONS.items():
        some = [pair for pair in pairs if _kind(record, pair) == kind]
        if some:
            data.append(_differences_of(some, name, COLORS[kind]))
    ends = [value for pair in pairs for value in (pair.difference.low, pair.difference.high)]
    band = {
        "type": "rect", "xref": "x", "yref": "paper", "x0": -record.margin, "x1": record.margin, "y0": 0, "y1": 1,
        "fillcolor": "--margin", "line": {"width": 0}, "layer": "below",
    }  # fmt: skip
    frame = layout(
        FRAME_HEIGHT + (ROW_HEIGHT - 6) * len(pairs),
        xaxis=score_axis(f"Difference in {formats.metric_name(record.metric)}", [*ends, record.margin, -record.margin])
        | FEW_TICKS,
        yaxis=axis(
            type="category", showgrid=False, ticks="", categoryorder="array", categoryarray=[_pair(p) for p in pairs]
        ),
        shapes=[band],
    )
    description = f"Differences of {len(pairs)} pairs with their intervals."
    return Figure((Plot("differences", description, data, frame),))


def drawn_pairs(record: ComparisonRecord) -> Sequence[PairRecord]:
    """All pairs, or only those of the best algorithm if there are more than ``MOST_PAIRS``."""
    if len(record.pairs) <= MOST_PAIRS:
        return record.pairs
    best = record.pairs[0].a
    return [pair for pair in record.pairs if best in (pair.a, pair.b)]


def tree(record: ComparisonRecord) -> Figure:
    """Hierarchical clustering of the algorithms by the similarity of their lists."""
    if not record.merges:
        return Figure(absence="A tree needs at least two algorithms.")
    place: dict[float, tuple[float, float]] = {float(i): (0.0, float(i)) for i in range(len(record.order))}
    x: list[float | None] = []
    y: list[float | None] = []
    for number, (a, b, distance, _) in enumerate(record.merges, len(record.order)):
        (x_a, y_a), (x_b, y_b) = place[a], place[b]
        x += [x_a, distance, distance, x_b, None]
        y += [y_a, y_a, y_b, y_b, None]
        place[float(number)] = (distance, (y_a + y_b) / 2)
    lines = points("", x, y, [], {}) | {
        "mode": "lines",
        "line": {"color": "--complete", "width": 2},
        "hoverinfo": "skip",
    }
    del lines["name"]
    frame = layout(
        FRAME_HEIGHT + ROW_HEIGHT * len(record.order),
        xaxis=axis("1 − RBO@100 where two branches join", range=[0, 1.02], tickformat=".1f"),
        yaxis=axis(
            tickvals=list(range(len(record.order))),
            ticktext=[escape(name) for name in record.order],
            range=[len(record.order) - 0.5, -0.5],
            showgrid=False,
            ticks="",
        ),
    )
    description = f"Tree of {len(record.order)} algorithms by the similarity of their lists."
    return Figure((Plot("tree", description, [lines], frame),), _tree_table(record))


def maps(record: ComparisonRecord) -> Figure:
    """One map per latent model: the vectors of the most popular items in two dimensions."""
    if not record.maps:
        return Figure(absence="None of these algorithms has item vectors.")
    return Figure(tuple(_map(record, each) for each in record.maps), _map_table(record))


def _map(record: ComparisonRecord, drawn: ItemMapRecord) -> Plot:
    most = max(record.map_likes, default=1) or 1
    hover = [
        f"{escape(title)}<br>{formats.count(likes)} likes"
        for title, likes in zip(record.map_titles, record.map_likes, strict=True)
    ]
    sizes = [4 + 10 * (likes / most) ** 0.5 for likes in record.map_likes]
    mark = {"symbol": "circle", "color": "--complete", "size": sizes, "opacity": 0.55}
    named = [
        note(_short(record.map_titles[i]), x=drawn.x[i], y=drawn.y[i], yshift=10, font={"size": 10, "color": "--ink"})
        for i in _landmarks(drawn)
    ]
    frame = layout(
        MAP_HEIGHT,
        xaxis=axis(showticklabels=False),
        yaxis=axis(showticklabels=False),
        annotations=named,
    )
    kept = f", {formats.percent(drawn.explained)} of the variance" if drawn.explained is not None else ""
    title = f"{drawn.name}: {drawn.method.upper()}{kept}"
    description = f"{len(drawn.x)} items of {drawn.name} in two dimensions."
    plot_name = f"map-{record.maps.index(drawn)}"
    return Plot(plot_name, description, [points("items", drawn.x, drawn.y, hover, mark)], frame, title)


def _differences_of(pairs: Sequence[PairRecord], name: str, color: str) -> Spec:
    hover = [
        f"{escape(_pair(pair))}<br>{formats.signed(pair.difference.mean)}, {formats.gain_interval(pair.difference)}"
        for pair in pairs
    ]
    marker = {"symbol": "circle", "color": color, "size": 8}
    trace = points(name, [pair.difference.mean for pair in pairs], [_pair(pair) for pair in pairs], hover, marker)
    low = [pair.difference.mean - pair.difference.low for pair in pairs]
    return trace | {"error_x": _bars(low, [pair.difference.high - pair.difference.mean for pair in pairs], color)}


def _bars(below: Sequence[float], above: Sequence[float], color: str) -> Spec:
    spread = {"array": list(above), "arrayminus": list(below)}
    return {"type": "data", "symmetric": False, **spread, "color": color, "thickness": 1.6, "width": 4}


def _kind(record: ComparisonRecord, pair: PairRecord) -> str:
    found = relation(record, pair.a, pair.b)
    return "better" if found == "worse" else found


def _pair(pair: PairRecord) -> str:
    return f"{pair.a} − {pair.b}"


def _map_table(record: ComparisonRecord) -> Table:
    columns = (
        Column("Item", is_numeric=False),
        Column("Likes"),
        *(Column(f"{each.name}: x, y") for each in record.maps),
    )
    rows = tuple(
        (
            cells.text(record.map_titles[i]),
            cells.number(record.map_likes[i]),
            *(Cell(f"{formats.parameter(each.x[i])}, {formats.parameter(each.y[i])}") for each in record.maps),
        )
        for i in range(min(LANDMARK_CANDIDATES, len(record.map_titles)))
    )
    return Table(f"Coordinates of the {len(rows)} most popular items", columns, rows)


def _landmarks(drawn: ItemMapRecord) -> list[int]:
    """Popular items that lie far from each other, so that their titles do not overlap."""
    known = range(min(LANDMARK_CANDIDATES, len(drawn.x)))
    chosen: list[int] = []
    while known and len(chosen) < min(NAMED_POINTS, len(known)):
        chosen.append(max(known, key=lambda i: _distance(drawn, i, chosen)))
    return chosen


def _distance(drawn: ItemMapRecord, i: int, others: Sequence[int]) -> float:
    """Squared distance from an item to the nearest of ``others``; without others, the most popular item is farthest."""
    if not others:
        return -float(i)
    return min((drawn.x[i] - drawn.x[j]) ** 2 + 2 * (drawn.y[i] - drawn.y[j]) ** 2 for j in others)


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_NAME else title[: LONGEST_NAME - 1].rstrip() + "…"


def _tree_table(record: ComparisonRecord) -> Table:
    members = {float(i): [name] for i, name in enumerate(record.order)}
    rows = []
    for number, (a, b, distance, _) in enumerate(record.merges, len(record.order)):
        rows.append(
            (
                cells.text(", ".join(members[a])),
                cells.text(", ".join(members[b])),
                Cell(formats.score(1 - distance), 1 - distance),
            )
        )
        members[float(number)] = members[a] + members[b]
    columns = (Column("Branch", is_numeric=False), Column("joins branch", is_numeric=False), Column("Mean RBO@100"))
    return Table("The order in which branches join, the most similar first", columns, tuple(rows))
