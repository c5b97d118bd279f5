"""How often a sealed test was opened: written into Optuna's storage before it happens, so that none goes uncounted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import optuna
from optuna.storages import RDBStorage

from studies.record.comparison import OpeningRecord
from studies.storage.schema import OPENED

__all__ = ["note_opening", "openings_of"]


def note_opening(storage: RDBStorage, studies: Iterable[str], test_hash: str, opening: OpeningRecord) -> None:
    """Note on each of these studies that the test of this hash is about to be opened.

    An attribute of its own for each opening: two comparisons at one time cannot overwrite each other's.
    """
    note = {"test_hash": test_hash, "when": opening.when.isoformat(), "command": opening.command}
    for name in studies:
        optuna.load_study(study_name=name, storage=storage).set_user_attr(OPENED + opening.id, note)


def openings_of(storage: RDBStorage, test_hash: str) -> tuple[OpeningRecord, ...]:
    """All openings of the test of this hash that any study of the storage knows of, the earliest first."""
    found = {}
    for summary in optuna.get_all_study_summaries(storage, include_best_trial=False):
        for name, note in summary.user_attrs.items():
            if name.startswith(OPENED) and note["test_hash"] == test_hash:
                id_ = name.removeprefix(OPENED)
                when = datetime.fromisoformat(note["when"])
                found[id_] = OpeningRecord(id=id_, when=when, command=note["command"])
    return tuple(sorted(found.values(), key=lambda opening: (opening.when, opening.id)))
