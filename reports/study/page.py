"""The page of a study, made from its record alone."""

from __future__ import annotations

import json
from pathlib import Path

from reports import page
from reports.formats import metric_name
from reports.protocol import data_facts, dropped
from reports.study import finalists, protocol, tables
from reports.study.curve_chart import curves
from reports.study.front_chart import front, on_the_front
from reports.study.parameter_charts import importances, parallel, slices
from reports.study.trial_charts import history, timing
from reports.study.verdict import verdict
from studies.record.study import StudyRecord

__all__ = ["render_study", "write_study"]


def render_study(record: StudyRecord) -> str:
    """Return the page as HTML that needs no other file and no network."""
    figures = {
        "front": front(record),
        "history": history(record),
        "importances": importances(record),
        "parallel": parallel(record),
        "slices": slices(record),
        "curves": curves(record),
        "timing": timing(record),
    }
    return page.render(
        "study.html",
        figures,
        record=record,
        metric=metric_name(record.metric),
        verdict=verdict(record),
        on_the_front=on_the_front(record),
        scores=tables.scores(record),
        finalists=finalists.table(record),
        configuration=tables.configuration(record),
        exact_configuration=json.dumps(dict(record.best_config), indent=2),
        trials=tables.trials(record),
        space=tables.space(record),
        near_ends=" and ".join(record.near_ends),
        data_facts=data_facts(record.data),
        dropped=dropped(record.data),
        protocol=protocol,
        states=_states(record),
    )


def write_study(record: StudyRecord, folder: Path) -> Path:
    """Write the page to a file named after the study; an older page of the same study is replaced."""
    return page.write(render_study(record), folder, record.name)


def _states(record: StudyRecord) -> str:
    """``24 complete, 5 pruned, 1 failed``."""
    states = [trial.state for trial in record.trials]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states)))
