"""Comparisons on disk: the record as JSON, ranks and lists as arrays beside it; no pickle, no partly written file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import UserError
from studies.record.as_json import from_json, to_json
from studies.record.comparison import ComparisonRecord
from studies.record.files import whole_file, write_whole

__all__ = ["SUFFIX", "ComparisonFileError", "read_comparison", "write_comparison"]

SUFFIX = ".comparison.json"


class ComparisonFileError(UserError):
    """The file is not a comparison that can be read; the message names the file, what is wrong, and what to do."""


def write_comparison(record: ComparisonRecord, arrays: Mapping[str, NDArray[Any]], path: Path) -> list[Path]:
    """Write ``path``, which ends in ``SUFFIX``, and its arrays.

    The JSON is written last, so that its presence means that both files are complete. Raises ValueError if the record
    cannot be stored.
    """
    text = to_json(record)
    arrays_path = path.with_name(path.name.removesuffix(".json") + ".npz")
    with whole_file(arrays_path) as draft, draft.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **dict(arrays))
    write_whole(path, text)
    return [path, arrays_path]


def read_comparison(path: Path) -> ComparisonRecord:
    """Return the record that ``write_comparison`` wrote; raises ComparisonFileError for any other file."""
    try:
        record = from_json(ComparisonRecord, path.read_text(encoding="utf-8"))
        _check_consistency(record)
    except OSError as error:
        raise ComparisonFileError(f"Cannot read the comparison {path} ({error.strerror})") from error
    except ValueError as error:
        raise ComparisonFileError(
            f"The comparison {path} cannot be read: {error}. Restore the file, or run bench.compare again"
        ) from error
    return record


def _check_consistency(record: ComparisonRecord) -> None:
    """Raise ValueError, naming a field, if parts of the record do not belong together."""
    if fault := next(chain(_entrant_faults(record), _part_faults(record)), None):
        raise ValueError(fault)


def _entrant_faults(record: ComparisonRecord) -> Iterator[str]:
    names = [entrant.name for entrant in record.entrants]
    if not names or len(set(names)) < len(names):
        yield "entrants: each must have its own name"
    for i, entrant in enumerate(record.entrants):
        if record.metric not in entrant.metrics or record.metric not in entrant.by_seed:
            yield f"entrants[{i}]: {record.metric!r} is missing from metrics or by_seed"
        if not entrant.fit_seconds:
            yield f"entrants[{i}].fit_seconds: empty"
        if entrant.errors and set(entrant.errors) != set(record.error_names):
            yield f"entrants[{i}].errors: not the same as those of other entrants"
    if not record.order or len(set(record.order)) < len(record.order) or not {*record.order} <= {*names}:
        yield "order: not a list of different entrants"


def _part_faults(record: ComparisonRecord) -> Iterator[str]:
    names, order, n = {entrant.name for entrant in record.entrants}, {*record.order}, len(record.order)
    if sorted(sorted((pair.a, pair.b)) for pair in record.pairs) != sorted(map(sorted, combinations(record.order, 2))):
        yield "pairs: not each pair of order once"
    for i, part in enumerate(record.slices):
        if set(part.scores) != order:
            yield f"slices[{i}].scores: not one for each name in order"
    for i, convention in enumerate(record.conventions):
        if set(convention.mrr) != names or set(convention.map) != names:
            yield f"conventions[{i}]: not one value for each entrant"
    for i, (a, b, *_) in enumerate(record.merges):
        if not {a, b} <= {*range(n + i)}:
            yield f"merges[{i}]: joins a branch that does not exist"
    for i, heatmap in enumerate(record.heatmaps):
        if [len(row) for row in heatmap.values] != [n] * n:
            yield f"heatmaps[{i}].values: not one row and one column for each name in order"
    n_mapped = len(record.map_titles)
    if len(record.map_likes) != n_mapped or min(record.map_likes, default=0) < 0:
        yield "map_likes: not a count for each of map_titles"
    for i, each in enumerate(record.maps):
        if len(each.x) != n_mapped or len(each.y) != n_mapped:
            yield f"maps[{i}]: not a point for each of map_titles"
