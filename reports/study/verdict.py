"""The verdict of a study as text; it follows from the intervals, never from the means alone."""

from __future__ import annotations

from reports import formats
from reports.sentences import Verdict, counted, is_established
from reports.study.finalists import how_named
from studies.record.study import Gain, StudyRecord, TrialRecord

__all__ = ["headline_metrics", "verdict"]

HEADLINE_METRICS = ("mrr@100", "map@30")
MOST_PARAMETERS = 5  #: named in a sentence; the table below it has all of them
OTHERS = {"defaults": "the defaults", "popularity": "popularity", "random": "a random order"}


def verdict(record: StudyRecord) -> Verdict:
    best = record.best
    if best is None:
        return _nothing_completed(record)
    return Verdict(_headline(record, best), tuple(_findings(record, best)), _caveat(record))


def headline_metrics(record: StudyRecord) -> tuple[str, ...]:
    """The metrics of the study, then MRR@100 and MAP@30 if the best trial has them."""
    measured = record.best.metrics if record.best else {}
    second = (record.second_metric,) if record.second_metric else ()
    return tuple(dict.fromkeys((record.metric, *(m for m in (*second, *HEADLINE_METRICS) if m in measured))))


def _headline(record: StudyRecord, best: TrialRecord) -> str:
    *more, last = (_scored(metric, best, record) for metric in headline_metrics(record))
    scores = f"{', '.join(more)} and {last}" if more else last
    if not record.best_config:
        return f"This model, which has no hyperparameters, reaches {scores} on the validation likes."
    return f"The best configuration reaches {scores} on the validation likes: {_configuration(record)}."


def _scored(metric: str, best: TrialRecord, record: StudyRecord) -> str:
    estimate = best.metrics.get(metric)
    if estimate is None:
        return f"{formats.metric_name(metric)}{formats.NBSP}{formats.score(best.value)}"
    lead = f"{formats.metric_name(metric)}{formats.NBSP}{formats.score(estimate.mean)}"
    level = f"95{formats.NBSP}% interval " if metric == record.metric else ""
    return f"{lead} ({level}{formats.interval(estimate)})"


def _configuration(record: StudyRecord) -> str:
    best = record.best_config
    searched = [name for name in best if name in record.space or name == "n_epochs"] or list(best)
    ranked = sorted(searched, key=lambda name: -record.importances.get(name, 0.0))
    named = [f"{name}{formats.NBSP}={formats.NBSP}{formats.parameter(best[name])}" for name in ranked[:MOST_PARAMETERS]]
    rest = len(ranked) - len(named)
    return ", ".join(named) + (f" and {rest} more" if rest else "")


def _findings(record: StudyRecord, best: TrialRecord) -> list[str]:
    gains = [gain for gain in record.gains if gain.metric == record.metric]
    if not best.is_default:
        return [_finding(gain) for gain in gains]
    return [_unbeaten(record), *(_finding(gain) for gain in gains if gain.over != "defaults")]


def _unbeaten(record: StudyRecord) -> str:
    n_others = sum(trial is not record.best and trial.same_as is None for trial in record.complete)
    if not n_others:
        return "Only the default configuration completed, so there is nothing to compare it with."
    over = " over all draws" if record.finalists else ""
    others = (
        "the one other configuration did not beat"
        if n_others == 1
        else (f"none of {formats.count(n_others)} other configurations beat")
    )
    return f"The best configuration is the default one: {others} it{over}."


def _finding(gain: Gain) -> str:
    name, other = formats.metric_name(gain.metric), OTHERS.get(gain.over, gain.over)
    if not is_established(gain.difference):
        return (
            f"The difference from {other} is not established: it is {formats.signed(gain.difference.mean)} in {name}, "
            f"and its 95{formats.NBSP}% interval, {formats.gain_interval(gain.difference)}, includes 0."
        )
    direction = "higher" if gain.difference.low > 0 else "lower"
    share = abs(gain.difference.mean) / gain.other.mean if gain.other.mean > 0 else None
    percent = f" ({formats.percent(share)})" if share is not None and share < 1 else ""
    times = f" ({1 + share:.1f} times as high)" if share is not None and share >= 1 and direction == "higher" else ""
    return (
        f"Its {name} is {formats.score(abs(gain.difference.mean))}{percent} {direction} than that of {other}{times}; "
        f"the 95{formats.NBSP}% interval of the difference is {formats.gain_interval(gain.difference)}."
    )


def _caveat(record: StudyRecord) -> str:
    n_complete = len(record.complete)
    if n_complete == 1:
        return (
            "Only one trial completed, so no choice was made. The scores are on the validation likes; this study "
            "did not open the sealed test."
        )
    degree = "a little optimistic" if record.finalists else "optimistic"
    return (
        f"{how_named(record)}. Its scores are therefore {degree}: the intervals cover the sampling of users, but not "
        "this choice. This study did not open the sealed test."
    )


def _nothing_completed(record: StudyRecord) -> Verdict:
    if not record.trials:
        return Verdict("No trial has run yet, so there is no best configuration.", (), "")
    states = [trial.state for trial in record.trials]
    parts = [f"{formats.count(states.count(s))} {s}" for s in ("failed", "pruned", "running") if s in states]
    headline = f"No trial completed, so there is no best configuration ({counted(len(states), 'trial')}: "
    errors = dict.fromkeys(trial.error for trial in record.trials if trial.error)
    findings = tuple(f"Error: {error}" for error in list(errors)[:3])
    return Verdict(headline + ", ".join(parts) + ").", findings, "This study did not open the sealed test.")
