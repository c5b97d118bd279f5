"""How the overlap heatmaps reach the page: one table, filled by a choice of lists, measure, length and rows."""

from __future__ import annotations

from dataclasses import dataclass

from reports import formats
from studies.record.comparison import ComparisonRecord, HeatmapRecord

__all__ = ["OverlapView", "overlap_view"]

LISTS = {"recommendations": "Recommendations", "neighbours": "Neighbours of items"}
MEASURES = {"overlap": "Overlap", "jaccard": "Jaccard", "rbo": "Rank-biased overlap", "tau": "Kendall’s tau"}


@dataclass(frozen=True)
class OverlapView:
    """The names along both sides, what can be chosen, and every heatmap by its choice, ``of/measure/k/among``."""

    order: tuple[str, ...]
    lists: dict[str, str]
    measures: dict[str, str]
    cuts: tuple[int, ...]
    buckets: dict[str, list[tuple[str, str]]]  #: lists -> (value, words) of the rows to choose from
    maps: dict[str, dict[str, object]]  #: of each: what it says of itself, and its values
    first: str


def overlap_view(record: ComparisonRecord) -> OverlapView | None:
    """None where there is nothing to compare."""
    if not record.heatmaps or len(record.order) < 2:
        return None
    first = record.heatmaps[0]
    return OverlapView(
        order=record.order,
        lists={of: name for of, name in LISTS.items() if any(h.of == of for h in record.heatmaps)},
        measures=MEASURES,
        cuts=tuple(dict.fromkeys(h.k for h in record.heatmaps)),
        buckets={of: _buckets(record, of) for of in LISTS},
        maps={_key(h): {"said": _said(h), "values": h.values} for h in record.heatmaps},
        first=_key(first),
    )


def _key(heatmap: HeatmapRecord) -> str:
    return f"{heatmap.of}/{heatmap.measure}/{heatmap.k}/{heatmap.among}"


def _buckets(record: ComparisonRecord, of: str) -> list[tuple[str, str]]:
    among = dict.fromkeys(h.among for h in record.heatmaps if h.of == of)
    if of == "recommendations":
        return [(each, "All users" if each == "all" else f"Users with {each} likes") for each in among]
    return [(each, "All items" if each == "all" else f"Items with {each} likes") for each in among]


def _said(heatmap: HeatmapRecord) -> str:
    rows = "users" if heatmap.of == "recommendations" else "items"
    text = f"Mean over {formats.count(heatmap.n)} {rows}, first {heatmap.k} of each list."
    if heatmap.measure == "rbo":
        text += f" RBO with p = {1 - 1 / heatmap.k:.2f}, corrected for ties, extrapolated beyond {heatmap.k}."
        if heatmap.residual is not None:
            text += f" What lies beyond could move it by {heatmap.residual:.2f} at most."
    if heatmap.measure == "tau":
        text += " 1 is the same list, 0 none in common; a list in reverse has about .67."
    return text
