"""A record of measurements as JSON: every number of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reports.page import write_whole

if TYPE_CHECKING:
    from studies.record.peers import PeersRecord
    from studies.record.speed import SpeedRecord

__all__ = ["FORMAT_VERSION", "write_json"]

FORMAT_VERSION = 1


def write_json(record: PeersRecord | SpeedRecord, path: Path) -> None:
    plain = {"format": FORMAT_VERSION, **asdict(record)}
    write_whole(path, json.dumps(plain, indent=2, default=_iso) + "\n")


def _iso(value: object) -> str:
    assert isinstance(value, datetime), f"{type(value)} has no place in a record"
    return value.isoformat()
