"""Reads interactions from Parquet."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from bench.datasets.columns import Role, by_name, chosen, parse_columns
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, readable
from bench.datasets.gathering import BadColumnError, Gathered
from bench.datasets.options import DataOptions
from bench.datasets.rows import Rows, first_bad_value

__all__ = ["read_parquet"]


def read_parquet(parts: Sequence[DataFile], options: DataOptions) -> Rows:
    """The rows of a Parquet table in one file or several, of which only the columns needed are read."""
    gathered = Gathered()
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + _gather(part, options, gathered))
    try:
        rows = gathered.rows()
    except BadColumnError as error:
        raise DataError.at(parts[0], str(error)) from None
    if bad := first_bad_value(rows):
        which = bisect_right(starts, bad[0]) - 1
        raise DataError.at(parts[which], f"row {bad[0] - starts[which] + 1:,}: {bad[1]}")
    return rows


def _gather(part: DataFile, options: DataOptions, gathered: Gathered) -> int:
    """Adds a file's rows to ``gathered`` and says how many they are."""
    import pyarrow.parquet

    with readable(part), part.open_seekable() as content:
        parquet = pyarrow.parquet.ParquetFile(content)
        header = parquet.schema_arrow.names
        places = _places(part, header, options)
        try:
            for batch in parquet.iter_batches(columns=[header[place] for place in places.values()]):
                gathered.add({role: batch.column(header[place]) for role, place in places.items()})
        except BadColumnError as error:
            raise DataError.at(part, str(error)) from None
        return int(parquet.metadata.num_rows)


def _places(file: DataFile, header: Sequence[str], options: DataOptions) -> dict[Role, int]:
    asked = parse_columns(options.columns) if options.columns else {}
    places = chosen(asked, by_name(header), header, len(header), file)
    missing = [role for role in ("user", "item") if role not in places]
    if missing:
        names = shown(", ".join(header), 200)
        example = ",".join(f"{role}=NAME" for role in missing)
        raise DataError.at(
            file, f"no column for {' and '.join(missing)} among: {names}; say which with --columns {example}"
        )
    return places
