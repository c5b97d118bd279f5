"""Records of measurements as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from studies.record.files import write_whole
from studies.record.peers import PeersRecord
from studies.record.speed import SpeedRecord

__all__ = ["FORMAT_VERSION", "write_json"]

FORMAT_VERSION = 1


def write_json(record: PeersRecord | SpeedRecord, path: Path) -> None:
    plain = {"format": FORMAT_VERSION, **asdict(record)}
    write_whole(path, json.dumps(plain, indent=2, default=_iso) + "\n")


def _iso(value: object) -> str:
    assert isinstance(value, datetime), f"{type(value)} is not a value of a record"
    return value.isoformat()
