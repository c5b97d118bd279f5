"""Reads interactions from Parquet."""

from __future__ import annotations

from collections.abc import Sequence

from bench.datasets.arrow_rows import BadColumnError, RowsBuilder
from bench.datasets.columns import Role, by_name, chosen, parse_columns
from bench.datasets.errors import DataError, shown
from bench.datasets.files import DataFile, readable, require_expansion, require_memory
from bench.datasets.options import DataOptions
from bench.datasets.rows import Rows

__all__ = ["read_parquet"]


def read_parquet(parts: Sequence[DataFile], options: DataOptions) -> Rows:
    """The rows of a Parquet table in one file or several; only the columns needed are read."""
    builder = RowsBuilder(options)
    for part in parts:
        _add(part, options, builder)
    try:
        return builder.rows()
    except BadColumnError as error:
        raise DataError.at(parts[0], str(error)) from None


def _add(part: DataFile, options: DataOptions, builder: RowsBuilder) -> None:
    """Add the rows of a file to ``builder``."""
    import pyarrow.parquet

    with readable(part), part.open_seekable() as content:
        metadata = pyarrow.parquet.read_metadata(content)
        schema = metadata.schema.to_arrow_schema()
        indices = _columns(part, schema.names, options)
        names = {role: schema.names[index] for role, index in indices.items()}
        n_bytes = 4 * len(names) * metadata.num_rows
        require_expansion(part, n_bytes, part.n_stored_bytes())
        # by group, not by column: pyarrow ends the process where the metadata of a column chunk are damaged
        groups = (metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
        require_memory(part, max(n_bytes, *groups, 0))
        # text ids stay dictionaries: a long id that the file stores once must not be repeated for every row
        ids = [names[role] for role in ("user", "item") if pyarrow.types.is_string(schema.field(names[role]).type)]
        table = pyarrow.parquet.ParquetFile(content, metadata=metadata, read_dictionary=ids)
        n_before = 0
        try:
            for batch in table.iter_batches(columns=list(names.values())):
                builder.add({role: batch.column(name) for role, name in names.items()}, n_before=n_before)
                n_before += batch.num_rows
        except BadColumnError as error:
            raise DataError.at(part, str(error)) from None


def _columns(file: DataFile, header: Sequence[str], options: DataOptions) -> dict[Role, int]:
    asked = parse_columns(options.columns) if options.columns else {}
    columns = chosen(asked, by_name(header), header, len(header), file)
    missing = [role for role in ("user", "item") if role not in columns]
    if missing:
        names = shown(", ".join(header), 200)
        example = ",".join(f"{role}=NAME" for role in missing)
        raise DataError.at(
            file, f"no column for {' and '.join(missing)} among: {names}; say which with --columns {example}"
        )
    return columns
