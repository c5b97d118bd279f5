"""Results of a study: its files, and the lines in the terminal."""

from __future__ import annotations

import csv
import json
import shlex
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from bench.cli.spreadsheets import safe_cell
from bench.cli.tables import aligned
from reports.formats import gain_interval, interval, metric_name, parameter, score, signed, visible
from reports.study.page import write_study
from studies.history import StudyHistory
from studies.record.files import write_whole
from studies.record.study import Estimate, StudyRecord
from studies.secrets import hide_password
from studies.tracking.background import Tracker
from studies.tracking.mlflow_runs import DEFAULT_TRACKING_URI

__all__ = ["print_study", "print_tracking", "tracked_at", "write_study_files"]

SHOWN = ("mrr@100", "map@30")
SHOWN_OF_FRONT = 8
LABELS = {
    ".html": "Report",
    ".json": "Best configuration",
    ".csv": "Ranks of the held-out items",
    ".toml": "Options, to repeat the study",
}


def write_study_files(history: StudyHistory, record: StudyRecord, folder: Path) -> list[Path]:
    """Write the report and, beside it, the options, the best configuration and the ranks of the held-out items.

    In the ranks, a user id that a spreadsheet would take for a formula begins with an apostrophe.
    """
    page = write_study(record, folder)
    options = [_write_options(record, page.with_suffix(".toml"))] if record.configuration else []
    if record.best is None:
        return [page, *options]
    config = page.with_suffix(".json")
    head = {"model": record.model, "config": dict(record.best_config), "seed": record.seed, "study": record.name}
    write_whole(config, json.dumps(head, indent=2) + "\n")
    ranks = page.with_suffix(".ranks.csv")
    rows = list(history.per_user_ranks())
    table = StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows(map(safe_cell, row.values()) for row in rows)
    write_whole(ranks, table.getvalue())
    return [page, config, ranks, *options]


def _write_options(record: StudyRecord, path: Path) -> Path:
    head = "# Every option of the study, for python -m bench.study --config, except URLs with a password.\n"
    write_whole(path, head + record.configuration)
    return path


def print_study(record: StudyRecord, files: Sequence[Path]) -> None:
    """Print the best configuration, its scores beside those of the defaults and the baselines, and the files."""
    print()
    if record.best is None:
        errors = [trial.error for trial in record.trials if trial.error]
        print(f"No trial of {visible(record.name)} completed" + (f"; the first error: {errors[0]}" if errors else ""))
    else:
        print(f"Best of {len(record.trials)} trials of {visible(record.name)}: trial {record.best.number}")
        for name, value in record.best_config.items():
            is_near_end = name in record.near_ends
            print(f"  {name} = {parameter(value)}" + (", at an end of the searched range" if is_near_end else ""))
        for line in _score_lines(record):
            print(line)
        for line in [*_error_lines(record), *_front_lines(record), *_finalist_lines(record)]:
            print(line)
        print("The best of many trials on validation likes is a little optimistic; the sealed test stays unopened.")
    for path in files:
        print(f"{LABELS[path.suffix]}: {path}")


def _front_lines(record: StudyRecord) -> list[str]:
    if record.second_metric is None:
        return []
    metrics = (record.metric, record.second_metric)
    members = [trial for number in record.front for trial in record.trials if trial.number == number]
    rows = [[f"front of {len(members)} trials", *map(metric_name, metrics)]]
    rows += [
        [f"trial {trial.number}", *(_score(trial.metrics[m]) for m in metrics)] for trial in members[:SHOWN_OF_FRONT]
    ]
    more = len(members) - SHOWN_OF_FRONT
    rule = f"The best trial is that of the front with the highest {metric_name(record.metric)}; no trial is pruned."
    return [*aligned(rows), *([f"and {more} more in the report"] if more > 0 else []), rule]


def _finalist_lines(record: StudyRecord) -> list[str]:
    rows = [[f"re-scored, {metric_name(record.metric)}", "in the search", "on fresh draws", "over all"]]
    for trial in record.finalists:
        scores = [each[record.metric] for each in (trial.metrics, trial.fresh, trial.overall)]
        name = f"trial {trial.number}" + (", the winner" if trial is record.best else "")
        rows.append([name, *map(_score, scores)])
    return aligned(rows) if record.finalists else []


def print_tracking(tracker: Tracker) -> None:
    """Print where MLflow has the study, or why it is incomplete there."""
    if tracker.problem:
        catch_up = "python -m bench.study --sync catches up"
        print(f"MLflow: not all was written ({visible(tracker.problem)}); {catch_up}, or the next run of the study")
    else:
        print(tracked_at(tracker.uri))


def tracked_at(uri: str) -> str:
    """Text that names the store or server, and the command that opens a store in a browser."""
    shown = visible(hide_password(uri))
    if uri.startswith("http"):
        return f"MLflow: {shown}"
    where = "" if uri == DEFAULT_TRACKING_URI else f" --backend-store-uri {shlex.quote(shown)}"
    return f"MLflow: {shown}  (to browse it: mlflow ui{where})"


def _error_lines(record: StudyRecord) -> list[str]:
    """Errors of predicted ratings; empty for a model of likes."""
    named = {"tuned": record.best, "defaults": record.defaults}
    rows = [["ratings withheld, 95 % intervals", *map(metric_name, record.error_names)]]
    for name, trial in named.items():
        if trial and trial.errors:
            rows.append([f"{record.model}, {name}", *(_score(trial.errors[error]) for error in record.error_names)])
    return aligned(rows) if record.error_names else []


def _score_lines(record: StudyRecord) -> list[str]:
    assert record.best is not None
    second = [record.second_metric] if record.second_metric else []
    metrics = tuple(dict.fromkeys([record.metric, *second, *SHOWN]))
    scores = {f"{record.model}, tuned": record.best.metrics}
    if record.defaults and record.defaults.metrics:
        scores[f"{record.model}, defaults"] = record.defaults.metrics
    scores |= record.floors
    rows = [["validation, 95 % intervals", *map(metric_name, metrics)]]
    rows += [[name, *(_score(estimates[m]) for m in metrics)] for name, estimates in scores.items()]
    for over in dict.fromkeys(gain.over for gain in record.gains):
        gains = {gain.metric: gain.difference for gain in record.gains if gain.over == over}
        rows.append([f"gain over {over}", *(f"{signed(gains[m].mean)} [{gain_interval(gains[m])}]" for m in metrics)])
    return aligned(rows)


def _score(estimate: Estimate) -> str:
    return f"{score(estimate.mean)} [{interval(estimate)}]"
