"""Reads interactions from Parquet."""

from __future__ import annotations

from collections.abc import Sequence

from bench.datasets.columns import Role, by_name, chosen, parse_columns
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, readable
from bench.datasets.gathering import BadColumnError, Gathered
from bench.datasets.options import DataOptions
from bench.datasets.rows import Rows, first_bad_value

__all__ = ["read_parquet"]


def read_parquet(file: DataFile, options: DataOptions) -> Rows:
    """The rows of a Parquet file, of which only the columns needed are read."""
    import pyarrow.parquet

    with readable(file), file.open_seekable() as content:
        parquet = pyarrow.parquet.ParquetFile(content)
        header = parquet.schema_arrow.names
        places = _places(file, header, options)
        gathered = Gathered()
        try:
            for batch in parquet.iter_batches(columns=[header[place] for place in places.values()]):
                gathered.add({role: batch.column(header[place]) for role, place in places.items()})
            rows = gathered.rows()
        except BadColumnError as error:
            raise DataError.at(file, str(error)) from None
    if bad := first_bad_value(rows):
        raise DataError.at(file, f"row {bad[0] + 1:,}: {bad[1]}")
    return rows


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
