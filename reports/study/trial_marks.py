"""How trials look in every figure: a shape for each state, and the hover text."""

from __future__ import annotations

from dataclasses import dataclass

from reports import formats
from reports.figures import Spec, escape, marker
from studies.record.study import StudyRecord, TrialRecord

__all__ = ["MANY", "STATES", "Mark", "state_marker", "trial_hover"]


@dataclass(frozen=True)
class Mark:
    """The mark of a state in figures, and its sign in text; the shapes differ, so that colour is not needed."""

    symbol: str
    color: str
    sign: str


STATES = {
    "complete": Mark("circle", "--complete", "●"),
    "pruned": Mark("x-thin-open", "--pruned", "×"),
    "failed": Mark("triangle-down", "--failed", "▼"),
    "running": Mark("diamond-open", "--pruned", "◇"),
}

MANY = 100  #: with more trials than this, marks are smaller


def state_marker(state: str, size: int = 8) -> Spec:
    return marker(STATES[state].symbol, STATES[state].color, size)


def trial_hover(trial: TrialRecord, record: StudyRecord, *lines: str) -> str:
    kind = ", defaults" if trial.is_default else ""
    value = f"{formats.metric_name(record.metric)} {formats.score(trial.value)}"
    return "<br>".join([f"<b>Trial {trial.number}</b> ({trial.state}{kind})", escape(value), *map(escape, lines)])
