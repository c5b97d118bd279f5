"""Titles of items from a table beside the interactions."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from bench.datasets.columns import by_name
from bench.datasets.errors import DataError, shown
from bench.datasets.layout import open_bytes

__all__ = ["read_titles"]

_TITLE_NAMES = ("title", "name", "item_name", "item_title", "movie_title", "artist_name")


def read_titles(path: Path) -> dict[int | str, str]:
    """Item id -> title; an id that is a whole number is an int."""
    with open_bytes(path) as file:
        text = file.read().decode("utf-8-sig", errors="replace")
    table = csv.reader(io.StringIO(text, newline=""))
    header = next(table, [])
    item = by_name(header).get("item", 0)
    title = next((place for place, name in enumerate(header) if name.strip().lower() in _TITLE_NAMES), None)
    if title is None:
        raise DataError.at(path, f"no column of titles among {shown(', '.join(header), 200)}; name one 'title'", line=1)
    return dict(_titles(table, item, title))


def _titles(table: object, item: int, title: int) -> Mapping[int | str, str]:
    rows = [row for row in table if len(row) > max(item, title)]  # type: ignore[attr-defined]
    return {int(row[item]) if row[item].isdecimal() else row[item]: row[title] for row in rows if row[title]}
