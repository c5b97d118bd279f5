"""The work of ``bench.report``: a study or a comparison read from where it is stored, and its page."""

from __future__ import annotations

from pathlib import Path

from bench.cli.options import Arguments
from bench.cli.run import writable_folder
from bench.commands.comparison_results import print_comparison, record_path, track
from bench.commands.options import ReportCommand
from bench.commands.study_results import print_study, write_study_files
from reports.compare.page import write_comparison_page
from studies.comparison.file import read_comparison
from studies.history import StudyHistory
from studies.storage.opening import load_study, open_storage

__all__ = ["report"]


def report(arguments: Arguments) -> int:
    """Write the report, print the results and return the exit code."""
    options = arguments.build(ReportCommand)
    folder = writable_folder(arguments["report-dir"])
    if options.comparison:
        _report_comparison(options.comparison, folder, options.tracking_uri)
    else:
        history = StudyHistory(load_study(open_storage(arguments["storage"]), options.study_name or ""))
        record = history.record()
        print_study(record, write_study_files(history, record, folder))
    return 0


def _report_comparison(name: str, folder: Path, tracking_uri: str | None) -> None:
    path = Path(name) if name.endswith(".json") else record_path(name, folder)
    record = read_comparison(path)
    page = write_comparison_page(record, folder)
    print_comparison(record, page, [path])
    if tracking_uri:
        track(record, [page, path], tracking_uri)
