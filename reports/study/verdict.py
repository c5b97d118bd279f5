"""The verdict of a study in words; what it claims follows from the intervals, never from the means alone."""

from __future__ import annotations

from dataclasses import dataclass

from reports import formats
from reports.study.finalists import how_named
from studies.record.study import Estimate, Gain, StudyRecord, TrialRecord

__all__ = ["Verdict", "headline_metrics", "is_established", "verdict"]

HEADLINE_METRICS = ("mrr@100", "map@30")
MOST_PARAMETERS = 5  #: a sentence holds no more; the table beside it has them all
OTHERS = {"defaults": "the defaults", "popularity": "popularity", "random": "a random order"}


@dataclass(frozen=True)
class Verdict:
    """What the study found: one sentence, then what qualifies it."""

    headline: str
    findings: tuple[str, ...]
    caveat: str


def verdict(record: StudyRecord) -> Verdict:
    best = record.best
    if best is None:
        return _nothing_completed(record)
    return Verdict(_headline(record, best), tuple(_findings(record, best)), _caveat(record))


def headline_metrics(record: StudyRecord) -> tuple[str, ...]:
    """The study's metric, or both, then MRR@100 and MAP@30 where the best trial has them."""
    measured = record.best.metrics if record.best else {}
    second = (record.second_metric,) if record.second_metric else ()
    return tuple(dict.fromkeys((record.metric, *(m for m in (*second, *HEADLINE_METRICS) if m in measured))))


def is_established(difference: Estimate) -> bool:
    """Whether the interval of a difference leaves out 0; one that touches it does not."""
    return difference.low > 0 or difference.high < 0


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
    if len(record.complete) == 1:
        unbeaten = "Only the defaults completed, so there is nothing that they could be compared with."
    else:
        unbeaten = "The defaults themselves are the best" + (
            ", over all draws together." if record.finalists else ": no other trial scored higher."
        )
    return [unbeaten, *(_finding(gain) for gain in gains if gain.over != "defaults")]


def _finding(gain: Gain) -> str:
    name, other = formats.metric_name(gain.metric), OTHERS.get(gain.over, gain.over)
    if not is_established(gain.difference):
        return (
            f"A difference from {other} is not established: {formats.signed(gain.difference.mean)} in {name}, "
            f"with a 95{formats.NBSP}% interval of {formats.gain_interval(gain.difference)}, which includes 0."
        )
    direction = "higher" if gain.difference.low > 0 else "lower"
    return (
        f"That is {direction} than {other} by {formats.score(abs(gain.difference.mean))}{_relative(gain)} "
        f"(95{formats.NBSP}% interval of the difference {formats.gain_interval(gain.difference)})."
    )


def _relative(gain: Gain) -> str:
    """The gain as a share of what it is a gain over; beyond a doubling a factor reads better."""
    if gain.other.mean <= 0:
        return ""
    share = abs(gain.difference.mean) / gain.other.mean
    if share < 1:
        return f", or {formats.percent(share)}"
    return f", {1 + share:.1f} times theirs" if gain.over == "defaults" else f", {1 + share:.1f} times its score"


def _caveat(record: StudyRecord) -> str:
    n_complete = len(record.complete)
    if n_complete == 1:
        return (
            "One trial completed, so nothing was chosen among several. The figures come from the validation likes; "
            "the sealed test likes stay unopened."
        )
    degree = "a little optimistic" if record.finalists else "optimistic"
    return (
        f"{how_named(record)}. So its figures are {degree}; the intervals cover the sampling of users, not that "
        "choice. The sealed test likes stay unopened."
    )


def _nothing_completed(record: StudyRecord) -> Verdict:
    if not record.trials:
        return Verdict("No trial has run yet, so there is no best configuration.", (), "")
    states = [trial.state for trial in record.trials]
    parts = [f"{formats.count(states.count(s))} {s}" for s in ("failed", "pruned", "running") if s in states]
    noun = "trial" if len(states) == 1 else "trials"
    headline = f"No trial completed, so there is no best configuration ({formats.count(len(states))} {noun}: "
    errors = dict.fromkeys(trial.error for trial in record.trials if trial.error)
    findings = tuple(f"Error: {error}" for error in list(errors)[:3])
    return Verdict(headline + ", ".join(parts) + ").", findings, "The sealed test likes stay unopened.")
