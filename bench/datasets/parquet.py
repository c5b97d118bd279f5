"""Reads interactions from Parquet."""

from __future__ import annotations

from collections.abc import Sequence

from bench.datasets.columns import Role, by_name, chosen, parse_columns
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, readable
from bench.datasets.gathering import BadColumnError, Gathered
from bench.datasets.options import DataOptions
from bench.datasets.rows import Rows

__all__ = ["read_parquet"]


def read_parquet(parts: Sequence[DataFile], options: DataOptions) -> Rows:
    """The rows of a Parquet table in one file or several, of which only the columns needed are read."""
    gathered = Gathered(options)
    for part in parts:
        _gather(part, options, gathered)
    try:
        return gathered.rows()
    except BadColumnError as error:
        raise DataError.at(parts[0], str(error)) from None


def _gather(part: DataFile, options: DataOptions, gathered: Gathered) -> None:
    """Adds a file's rows to ``gathered``."""
    import pyarrow.parquet

    with readable(part), part.open_seekable() as content:
        parquet = pyarrow.parquet.ParquetFile(content)
        header = parquet.schema_arrow.names
        places = _places(part, header, options)
        n_before = 0
        try:
            for batch in parquet.iter_batches(columns=[header[place] for place in places.values()]):
                columns = {role: batch.column(header[place]) for role, place in places.items()}
                gathered.add(columns, n_before=n_before)
                n_before += batch.num_rows
        except BadColumnError as error:
            raise DataError.at(part, str(error)) from None


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
