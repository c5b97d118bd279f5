"""How the winner of a study was chosen: the best few trials, scored again on fresh draws."""

from __future__ import annotations

from reports import cells, formats
from reports.cells import Cell, Column, Table
from reports.sentences import counted
from studies.record.study import StudyRecord

__all__ = ["how_named", "table"]


def how_named(record: StudyRecord) -> str:
    """By which scores the best trial was chosen, as sentences without the last full stop."""
    n_complete, best = formats.count(len(record.complete)), record.best
    if record.finalists and best is not None:
        metric = formats.metric_name(record.metric)
        searched, fresh = best.metrics[record.metric].mean, best.fresh[record.metric].mean
        those = f"The best {len(record.finalists)} of {n_complete} completed trials"
        if record.second_metric:
            those = f"The {len(record.finalists)} trials on the front of both metrics that are best in {metric}"
        return (
            f"{those} were fitted and scored again on {_draws(record)} of the validation likes. The winner has the "
            f"highest mean over all draws: its {metric} is {formats.score(searched)} on the draws of the search and "
            f"{formats.score(fresh)} on the fresh draws"
        )
    chosen = f"This is the best of {n_complete} completed trials, chosen and measured on the same validation likes"
    if record.second_metric:
        chosen += f"; on the front of both metrics it is the best in {formats.metric_name(record.metric)}"
    return f"{chosen}. {why}" if (why := _why_not(record)) else chosen


def table(record: StudyRecord) -> Table:
    """The finalists with their scores in the search, on fresh draws, and over all draws."""
    metric = formats.metric_name(record.metric)
    columns = (Column("Trial"), Column("In the search"), Column("On fresh draws"), Column("Over all draws"))
    rows = []
    for trial in record.finalists:
        scores = [estimates[record.metric] for estimates in (trial.metrics, trial.fresh, trial.overall)]
        role = "winner" if trial is record.best else ""
        rows.append((Cell(str(trial.number), trial.number, role), *(cells.estimate(each) for each in scores)))
    caption = f"{metric} of the best trials, scored again on {_draws(record)}, with 95{formats.NBSP}% intervals"
    return Table(caption, columns, tuple(rows))


def _draws(record: StudyRecord) -> str:
    return counted(record.split.n_draws, "fresh draw")


def _why_not(record: StudyRecord) -> str:
    if not record.n_rescored:
        return ""
    if record.split.kind == "given":
        return "The author of the data chose these likes, so there are no fresh draws to score the best trials on"
    if record.split.is_last_by_time and record.split.protocol == "warm":
        return "The last like of a user is always the same, so there are no fresh draws to score the best trials on"
    return "Not all of the best trials have been scored on fresh draws yet; run the same command again to do that"
