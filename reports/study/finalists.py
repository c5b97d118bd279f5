"""How the winner of a study was named: the best few, scored once more on fresh draws."""

from __future__ import annotations

from reports import formats, tables
from reports.tables import Cell, Column, Table
from studies.record.study import StudyRecord

__all__ = ["how_named", "table"]


def how_named(record: StudyRecord) -> str:
    """In sentences, by which scores the best trial was chosen."""
    n_complete, best = formats.count(len(record.complete)), record.best
    if record.finalists and best is not None:
        metric = formats.metric_name(record.metric)
        searched, fresh = best.metrics[record.metric].mean, best.fresh[record.metric].mean
        those = f"The best {len(record.finalists)} of {n_complete} completed trials"
        if record.second_metric:
            those = f"Of the front of both metrics, those {len(record.finalists)} that are best in {metric}"
        return (
            f"{those} were fitted and scored once more, on "
            f"{_draws(record)} of the validation likes; the winner has the highest mean over all draws. Its "
            f"{metric} is {formats.score(searched)} on the draws of the search and {formats.score(fresh)} on the "
            "fresh ones"
        )
    chosen = f"This is the best of {n_complete} completed trials, chosen and measured on the same validation likes"
    if record.second_metric:
        chosen += f", the one on the front of both metrics that is best in {formats.metric_name(record.metric)}"
    return f"{chosen}; {why}" if (why := _why_not(record)) else chosen


def table(record: StudyRecord) -> Table:
    """The finalists with their scores: of the search, on fresh draws, and over all of them."""
    metric = formats.metric_name(record.metric)
    columns = (Column("Trial"), Column("In the search"), Column("On fresh draws"), Column("Over all draws"))
    rows = []
    for trial in record.finalists:
        scores = [estimates[record.metric] for estimates in (trial.metrics, trial.fresh, trial.overall)]
        role = "winner" if trial is record.best else ""
        rows.append((Cell(str(trial.number), trial.number, role), *(tables.score(each.mean, each) for each in scores)))
    caption = f"{metric} of the best trials, scored once more on {_draws(record)}, with 95{formats.NBSP}% intervals"
    return Table(caption, columns, tuple(rows))


def _draws(record: StudyRecord) -> str:
    n = record.split.n_draws
    return f"{formats.count(n)} fresh draw{'s' if n > 1 else ''}"


def _why_not(record: StudyRecord) -> str:
    if not record.n_rescored:
        return ""
    if record.split.kind == "given":
        return "their author chose them, so there are no fresh ones to score the best trials on"
    if record.split.is_last_by_time and record.split.protocol == "warm":
        return "a user’s last like is always the same one, so there are no fresh ones to score the best trials on"
    return "the best trials have not all been scored on fresh draws yet, which the same command, run again, will do"
