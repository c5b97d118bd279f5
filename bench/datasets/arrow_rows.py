"""Builds rows from a table that pyarrow reads batch by batch, so that no row is held twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.columns import Role
from bench.datasets.errors import DataError, shown
from bench.datasets.files import require_memory
from bench.datasets.options import DataOptions
from bench.datasets.rows import VALUE_KINDS, Ids, Rows, ValueKind, encode, first_bad_value

__all__ = ["MAX_ID_LENGTH", "BadColumnError", "RowsBuilder"]

#: Text ids are kept in arrays of fixed width, so one very long id would make all of them long.
MAX_ID_LENGTH = 256
_MAX_ROWS = 2**31 - 1
#: A column grows by half its length, but by no more rows than this: numpy writes to all the memory that it adds.
_STEP = 1 << 20
#: Text ids are checked against the available memory whenever they have grown by this many bytes.
_TEXT_STEP = 1 << 26
#: Seconds of the year 5138; larger times are taken for milliseconds.
_MAX_SECONDS = 10**11


class BadColumnError(ValueError):
    """A column cannot be used; the reader of the file turns this into a DataError."""


class RowsBuilder:
    """Collects the columns of a table; :meth:`add` takes one pyarrow array per role, :meth:`rows` returns the rows.

    Unless ``options`` keep the ratings, only whether each rating is a like is stored.
    """

    def __init__(self, options: DataOptions) -> None:
        self._liked_from = None if options.keep_ratings else options.liked_from
        self._data = options.data
        self._columns: dict[Role, _Numbers | _Texts] = {}

    def add(self, batch: dict[Role, Any], *, n_before: int = 0) -> None:
        """Append one array per role; ``n_before`` is the number of earlier rows in the same file, for messages.

        Raises BadColumnError for nulls, for types that a role cannot have and for values that cannot be used, and
        DataError for more rows than an index or the memory can hold.
        """
        if self._columns and self._columns.keys() != batch.keys():
            raise BadColumnError("a column of the earlier parts is missing here; write all parts with the same columns")
        for role, array in batch.items():
            if array.null_count:
                raise BadColumnError(f"{array.null_count:,} rows have no {role}; give one, or remove them")
            converted = _converted(role, array)
            if role == "rating" or role == "weight":
                if bad := first_bad_value(role, converted):
                    raise BadColumnError(f"row {n_before + bad[0] + 1:,}: {bad[1]}")
                if role == "rating" and self._liked_from is not None:
                    converted = converted >= self._liked_from
            if role not in self._columns:
                is_number = isinstance(converted, np.ndarray)
                self._columns[role] = _Numbers(self._data, converted.dtype) if is_number else _Texts(self._data)
            self._columns[role].add(converted)

    def rows(self) -> Rows:
        """The rows of all batches; raises BadColumnError where there is no row, or where ids cannot be used."""
        if not self._columns:
            raise BadColumnError("there are no rows; give one with a user and an item")
        kind: ValueKind | None = next((role for role in VALUE_KINDS if role in self._columns), None)
        return Rows(
            users=self._columns.pop("user").ids(),
            items=self._columns.pop("item").ids(),
            values=self._columns.pop(kind).numbers() if kind else None,
            value_kind=kind,
            times=_seconds(self._columns.pop("time").numbers()) if "time" in self._columns else None,
        )


class _Numbers:
    """An array that grows in steps, in place where the system can; integers are held in 32 bits while they fit."""

    def __init__(self, data: str, dtype: np.dtype[Any]) -> None:
        self._data = data
        self._dtype = dtype
        self._array = np.empty(1 << 16, np.int32 if dtype.kind in "iu" and dtype.itemsize > 4 else dtype)
        self._length = 0

    def add(self, numbers: Any) -> None:
        if not isinstance(numbers, np.ndarray) or numbers.dtype != self._dtype:
            found = getattr(numbers, "dtype", "text")
            raise BadColumnError(f"a column is {found} here and {self._dtype} in earlier rows; write one type")
        end = self._length + len(numbers)
        if end > _MAX_ROWS:
            raise DataError.at(self._data, f"more than {_MAX_ROWS:,} rows, which an index cannot hold; give fewer")
        if self._array.dtype != self._dtype and not _fit(numbers, self._array.dtype):
            self._array = self._array.astype(self._dtype)
        if end > len(self._array):
            require_memory(self._data, self._array.nbytes // 2)  # the rows are divided by user later
            self._array.resize(end + min(end // 2, _STEP), refcheck=False)
        self._array[self._length : end] = numbers
        self._length = end

    def numbers(self) -> NDArray[Any]:
        self._array.resize(self._length, refcheck=False)
        return self._array

    def ids(self) -> Ids:
        return encode(self.numbers())


class _Texts:
    """Dictionary-encoded text ids."""

    def __init__(self, data: str) -> None:
        self._data = data
        self._chunks: list[Any] = []
        self._n_bytes = 0

    def add(self, chunk: Any) -> None:
        if isinstance(chunk, np.ndarray):
            raise BadColumnError("a column is numbers here and text in earlier rows; write one type")
        codes = np.from_dlpack(chunk.indices)
        if len(codes) and not 0 <= codes.min() <= codes.max() < len(chunk.dictionary):  # pyarrow does not check it
            raise BadColumnError("rows name ids that are not in the file, so it is damaged; write it anew")
        if _longest(chunk.dictionary) > MAX_ID_LENGTH:  # in bytes: there may be fewer characters
            longest = max(map(len, _texts(chunk.dictionary)))
            if longest > MAX_ID_LENGTH:
                raise BadColumnError(f"an id has {longest:,} characters; the longest allowed is {MAX_ID_LENGTH}")
        n_bytes = chunk.nbytes
        if self._n_bytes // _TEXT_STEP != (self._n_bytes + n_bytes) // _TEXT_STEP:
            require_memory(self._data, self._n_bytes)
        self._n_bytes += n_bytes
        self._chunks.append(chunk)

    def ids(self) -> Ids:
        import pyarrow as pa

        merged = pa.chunked_array(self._chunks).unify_dictionaries()
        texts = _texts(merged.chunk(0).dictionary)
        codes = np.concatenate([np.from_dlpack(chunk.indices) for chunk in merged.chunks])
        longest = max(texts, key=len, default="")
        for sign, name in (("\n", "line break; is a quote left open?"), ("\0", "NUL character; remove it")):
            if any(sign in text for text in texts):
                raise BadColumnError(f"an id holds a {name}")
        if _are_beyond_64_bits(texts):
            raise BadColumnError(f"the id {shown(longest)} is beyond 64 bits; give ids within 64 bits")
        require_memory(self._data, 2 * 4 * len(longest) * len(texts))
        values = np.array(texts, dtype=np.str_)
        order = np.argsort(values)
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return Ids(values=values[order], codes=rank[codes])

    def numbers(self) -> NDArray[Any]:
        raise BadColumnError("a rating, a weight or a time is text; give numbers")


def _texts(dictionary: Any) -> list[str]:
    try:
        return dictionary.to_pylist()
    except UnicodeDecodeError as error:  # pyarrow does not check that a Parquet file's text is UTF-8
        raise BadColumnError(f"an id is not UTF-8 ({error.object[:20]!r}); write the file anew") from None


def _longest(dictionary: Any) -> int:
    """The length in bytes of the longest text in pyarrow's string array."""
    _, offsets, _ = dictionary.buffers()
    if offsets is None:
        return 0
    ends = np.frombuffer(offsets, np.int32)[dictionary.offset : dictionary.offset + len(dictionary) + 1]
    return int(np.diff(ends).max(initial=0))


def _fit(numbers: NDArray[Any], dtype: np.dtype[Any]) -> bool:
    limits = np.iinfo(dtype)
    return not len(numbers) or bool(limits.min <= numbers.min() and numbers.max() <= limits.max)


def _are_beyond_64_bits(ids: Sequence[str]) -> bool:
    """Whether all ids are whole numbers, and one of them is too large for a 64-bit integer."""
    if not ids or not all(re.fullmatch(r"[+-]?\d+", text) for text in ids):
        return False
    return any(len(text) > 18 and not -(2**63) <= int(text) < 2**64 for text in ids)


def _converted(role: Role, array: Any) -> Any:
    """A numpy array of numbers, or pyarrow's dictionary array of text ids."""
    import pyarrow as pa
    import pyarrow.types as kinds

    kind = array.type
    if role in ("rating", "weight"):
        if not (kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind)):
            raise BadColumnError(f"the {role} column is of the type {kind}; give numbers")
        return np.from_dlpack(array.cast(pa.float32(), safe=False))
    if role == "time":
        return _moments(array)
    if kinds.is_integer(kind):
        return np.from_dlpack(array)
    if kinds.is_dictionary(kind):
        return array.cast(pa.dictionary(pa.int32(), pa.string()))
    if kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind):
        return array.cast(pa.string()).dictionary_encode()
    raise BadColumnError(f"the {role} ids are of the type {kind}; give whole numbers or text")


def _moments(array: Any) -> NDArray[Any]:
    """Seconds or milliseconds since 1970 unchanged, dates as seconds."""
    import pyarrow as pa
    import pyarrow.types as kinds

    if kinds.is_timestamp(array.type) or kinds.is_date(array.type):
        in_seconds = array.cast(pa.timestamp("s", tz=getattr(array.type, "tz", None)), safe=False)
        return np.from_dlpack(in_seconds.cast(pa.int64()))
    if not (kinds.is_integer(array.type) or kinds.is_floating(array.type)):
        raise BadColumnError(f"the times are of the type {array.type}; give seconds since 1970 or ISO dates")
    numbers = np.from_dlpack(array)
    if not (np.abs(numbers) < 2.0**62).all():
        raise BadColumnError("a time is not a finite number of seconds; correct it, or leave the column out")
    return np.floor(numbers).astype(np.int64)


def _seconds(moments: NDArray[np.signedinteger[Any]]) -> NDArray[np.signedinteger[Any]]:
    if len(moments) and np.median(moments[:1000]) > _MAX_SECONDS:
        moments //= 1000
    return moments
