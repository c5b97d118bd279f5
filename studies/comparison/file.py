"""Comparisons on disk: the record as JSON, ranks and lists as arrays beside it; no pickle, and no file half written."""

from __future__ import annotations

import json
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies.record.comparison import ComparisonRecord
from studies.storage.errors import StorageError

__all__ = ["SUFFIX", "ComparisonFileError", "read_comparison", "write_comparison"]

SUFFIX = ".comparison.json"
VERSION = 1


class ComparisonFileError(StorageError):
    """The file is no comparison that can be read; the message says why and what to do."""


def write_comparison(record: ComparisonRecord, arrays: Mapping[str, NDArray[Any]], path: Path) -> list[Path]:
    """Write ``path``, which ends in ``SUFFIX``, and its arrays; the JSON comes last and says that all is there."""
    arrays_path = path.with_name(path.name.removesuffix(".json") + ".npz")
    _replace(arrays_path, lambda draft: _write_arrays(draft, arrays))
    text = json.dumps({"mfbench comparison": VERSION, **asdict(record)}, default=_as_text, allow_nan=False)
    _replace(path, lambda draft: _write_text(draft, text))
    return [path, arrays_path]


def read_comparison(path: Path) -> ComparisonRecord:
    """The record that ``write_comparison`` wrote; ComparisonFileError for anything else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ComparisonFileError(f"Cannot read the comparison {path} ({error.strerror})") from error
    except ValueError as error:
        raise ComparisonFileError(f"{path} is no comparison: it is not JSON ({error})") from error
    version = content.get("mfbench comparison") if isinstance(content, dict) else None
    if version != VERSION:
        found = "it is not one of mfbench's" if version is None else f"its version is {version!r}, not {VERSION}"
        raise ComparisonFileError(f"{path} cannot be read: {found}; run bench.compare again")
    try:
        record: ComparisonRecord = _restored(ComparisonRecord, content)
    except (KeyError, TypeError, ValueError) as error:
        raise ComparisonFileError(f"{path} is damaged ({error!r}); run bench.compare again") from error
    return record


def _restored(hint: Any, value: Any) -> Any:
    """``value``, as JSON has it, in the type that ``hint`` names."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if is_dataclass(hint):
        return _restored_dataclass(hint, value)
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _restored_alternative(arguments, value)
    if origin is tuple:
        items = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_restored(item, part) for item, part in zip(items, value, strict=True))
    if origin is not None and _is_mapping(origin):
        return {key: _restored(arguments[1], part) for key, part in value.items()}
    return datetime.fromisoformat(value) if hint is datetime else value


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _restored_alternative(alternatives: tuple[Any, ...], value: Any) -> Any:
    """Of the unions in a record one alternative at most is more than a plain value."""
    compound = [hint for hint in alternatives if typing.get_origin(hint) or is_dataclass(hint)]
    return _restored(compound[0], value) if compound else value


def _restored_dataclass(hint: Any, value: Mapping[str, Any]) -> Any:
    hints = _hints(hint)
    # what an older record lacks has its default, or is an error
    known = [field.name for field in fields(hint) if field.name in value]
    return hint(**{name: _restored(hints[name], value[name]) for name in known})


@cache
def _hints(hint: Any) -> dict[str, Any]:
    return typing.get_type_hints(hint)


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a record holds plain values, not {type(value).__name__}")


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        write(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **dict(arrays))
