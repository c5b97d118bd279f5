"""The overlap heatmaps of the page: one table, filled with the lists, measure, length and rows that are selected."""

from __future__ import annotations

from dataclasses import dataclass

from reports import formats
from studies.record.comparison import ComparisonRecord, HeatmapRecord

__all__ = ["OverlapView", "overlap_view"]

LISTS = {"recommendations": "Recommendations", "neighbours": "Neighbours of items"}
MEASURES = {"overlap": "Overlap", "jaccard": "Jaccard", "rbo": "Rank-biased overlap", "tau": "Kendall’s tau"}


@dataclass(frozen=True)
class OverlapView:
    """The names along both sides, the choices, and each heatmap by its key ``of/measure/k/among``."""

    order: tuple[str, ...]
    lists: dict[str, str]
    measures: dict[str, str]
    cuts: tuple[int, ...]
    buckets: dict[str, list[tuple[str, str]]]  #: lists -> (value, label) of the rows to choose from
    maps: dict[str, dict[str, object]]  #: description and values of each
    first: str


def overlap_view(record: ComparisonRecord) -> OverlapView | None:
    """Return None if there is nothing to compare."""
    if not record.heatmaps or len(record.order) < 2:
        return None
    first = record.heatmaps[0]
    return OverlapView(
        order=record.order,
        lists={of: name for of, name in LISTS.items() if any(h.of == of for h in record.heatmaps)},
        measures=MEASURES,
        cuts=tuple(dict.fromkeys(h.k for h in record.heatmaps)),
        buckets={of: _buckets(record, of) for of in LISTS},
        maps={_key(h): {"description": _description(h), "values": h.values} for h in record.heatmaps},
        first=_key(first),
    )


def _key(heatmap: HeatmapRecord) -> str:
    return f"{heatmap.of}/{heatmap.measure}/{heatmap.k}/{heatmap.among}"


def _buckets(record: ComparisonRecord, of: str) -> list[tuple[str, str]]:
    among = dict.fromkeys(h.among for h in record.heatmaps if h.of == of)
    if of == "recommendations":
        return [(each, "All users" if each == "all" else f"Users with {each} likes") for each in among]
    return [(each, "All items" if each == "all" else f"Items with {each} likes") for each in among]


def _description(heatmap: HeatmapRecord) -> str:
    rows = "users" if heatmap.of == "recommendations" else "items"
    text = f"Mean over {formats.count(heatmap.n)} {rows}; the first {heatmap.k} items of each list."
    if heatmap.measure == "rbo":
        text += f" RBO with p = {1 - 1 / heatmap.k:.2f}, corrected for ties, extrapolated beyond rank {heatmap.k}."
        if heatmap.residual is not None:
            text += f" Items beyond that rank can change it by at most {heatmap.residual:.2f}."
    if heatmap.measure == "tau":
        text += " 1: the same list; 0: no item in common; about .67: the same items in reverse order."
    return text
