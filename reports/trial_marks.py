"""How a trial is drawn wherever it appears: a shape for each state, and what it says when pointed at."""

from __future__ import annotations

from dataclasses import dataclass

from reports import formats
from reports.charts import Spec, escape
from studies.record.study import StudyRecord, TrialRecord

__all__ = ["MANY", "STATES", "Mark", "marker", "state_marker", "trial_hover"]


@dataclass(frozen=True)
class Mark:
    """The mark of a state, and the sign for it in text: shapes differ, so colour is never needed."""

    symbol: str
    color: str
    sign: str


STATES = {
    "complete": Mark("circle", "--complete", "●"),
    "pruned": Mark("x-thin-open", "--pruned", "×"),
    "failed": Mark("triangle-down", "--failed", "▼"),
    "running": Mark("diamond-open", "--pruned", "◇"),
}


MANY = 100  #: trials from which on marks are drawn smaller


def marker(symbol: str, color: str, size: int = 8) -> Spec:
    outline = {"width": 1.8 if symbol.endswith("open") else 0, "color": color}
    return {"symbol": symbol, "color": color, "size": size, "line": outline}


def state_marker(state: str, size: int = 8) -> Spec:
    return marker(STATES[state].symbol, STATES[state].color, size)


def trial_hover(trial: TrialRecord, record: StudyRecord, *lines: str) -> str:
    kind = ", defaults" if trial.is_default else ""
    value = f"{formats.metric_name(record.metric)} {formats.score(trial.value)}"
    return "<br>".join([f"<b>Trial {trial.number}</b> ({trial.state}{kind})", escape(value), *map(escape, lines)])
