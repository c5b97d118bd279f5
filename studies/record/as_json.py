"""Records as JSON: what is written is checked against the types of the record, and so is what is read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from studies.record.comparison import ComparisonRecord
from studies.record.peers import PeersRecord
from studies.record.speed import SpeedRecord

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["from_json", "to_json"]

Record = TypeVar("Record", ComparisonRecord, PeersRecord, SpeedRecord)

VERSION = 1
VERSION_KEYS: dict[type, str] = {ComparisonRecord: "mfbench comparison", PeersRecord: "format", SpeedRecord: "format"}


def to_json(record: ComparisonRecord | PeersRecord | SpeedRecord, *, indent: int | None = None) -> str:
    """Return the JSON text of a record.

    Raises ValueError if a value does not have the type of its field, or is not finite.
    """
    kind: type = type(record)
    fields = _adapter(kind).dump_python(record, mode="json", warnings="error")
    return json.dumps({VERSION_KEYS[kind]: VERSION, **fields}, indent=indent, allow_nan=False)


def from_json(kind: type[Record], text: str) -> Record:
    """Return the record of the type ``kind`` that ``to_json`` wrote; fields that it lacks get their defaults.

    Raises ValueError, whose message of one line names the field, for any other text.
    """
    from pydantic import ValidationError

    any_kind: type = kind
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON ({error})") from error
    version = content.get(VERSION_KEYS[kind]) if isinstance(content, dict) else None
    if version != VERSION:
        found = "it was not written by mfbench" if version is None else f"its version is {version!r}, not {VERSION}"
        raise ValueError(found)
    # a file name may hold lone surrogates, and so may JSON, but not what pydantic reads
    plain = json.dumps(content, ensure_ascii=False).encode(errors="replace")
    try:
        record: Record = _adapter(any_kind).validate_json(plain, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{_path(first['loc'])}: {first['msg']}") from error
    return record


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # takes .2 s to import, which only commands that store a record should pay

    return TypeAdapter(kind)


def _path(location: Iterable[str | int]) -> str:
    """``("entrants", 0, "metrics", "mrr@100")`` -> ``entrants[0].metrics.mrr@100``; a key may be any text."""
    return "".join(
        f"[{step}]" if isinstance(step, int) else f".{step if step.isprintable() else ascii(step)}" for step in location
    ).removeprefix(".")
