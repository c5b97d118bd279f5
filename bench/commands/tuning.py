"""One search with a progress bar, MLflow and its files, for ``bench.study`` and ``bench.compare --tune``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cli.config_file import as_toml
from bench.cli.options import Arguments
from bench.cli.progress import ProgressBar
from bench.commands.options import Tracking
from bench.commands.study_results import write_study_files
from evaluation.interactions import Interactions
from evaluation.split import Split
from studies.history import StudyHistory
from studies.options import SearchOptions
from studies.record.study import StudyRecord
from studies.search import Observer, search
from studies.tracking.background import Tracker

__all__ = ["Tuned", "tune"]


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What a search leaves behind."""

    history: StudyHistory
    record: StudyRecord
    files: Sequence[Path]
    tracker: Tracker | None


def tune(
    model: str,
    interactions: Interactions,
    split: Split,
    options: SearchOptions,
    *,
    arguments: Arguments,
    stored: dict[str, Any],
    should_stop: Callable[[], bool],
) -> Tuned:
    """Search, then write the files of the study to ``--report-dir`` and the results to MLflow.

    ``stored`` are the options that repeat the search with ``bench.study --config``.
    """
    tracking = arguments.build(Tracking)
    tracker = Tracker(tracking.tracking_uri) if tracking.mlflow else None
    with ProgressBar() as bar:
        observers: list[Observer] = [bar, tracker] if tracker else [bar]
        history = search(
            model,
            interactions,
            split,
            options,
            command=arguments.command,
            configuration=as_toml(stored),
            observers=observers,
            should_stop=should_stop,
        )
    record = history.record()
    files = write_study_files(history, record, arguments["report-dir"])
    if tracker:
        tracker.finish(record, files)
    return Tuned(history=history, record=record, files=files, tracker=tracker)
