"""A comparison in MLflow: one run, and a child run for each algorithm with its metrics on the test set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from studies.record.comparison import ComparisonRecord, EntrantRecord
from studies.tracking.mlflow_runs import PARENT_TAG, MlflowRuns, estimate_metrics, problem_of

__all__ = ["track_comparison"]

COMPARISON_TAG = "mfbench.comparison_id"
TEST_TAG = "split.test_hash"


def track_comparison(uri: str, record: ComparisonRecord, artifacts: Sequence[Path]) -> str | None:
    """Write the comparison unless it is there; return the error as one line, None where there was none."""
    try:
        _ComparisonRun(uri).write(record, artifacts)
    except Exception as error:  # MLflow has a copy: its errors must not lose the comparison
        return problem_of(uri, error)
    return None


class _ComparisonRun(MlflowRuns):
    def write(self, record: ComparisonRecord, artifacts: Sequence[Path]) -> None:
        self._open_experiment(record.data.name)
        start = int(record.started.timestamp() * 1000)
        end = start + int(record.seconds * 1000)
        tags = {COMPARISON_TAG: record.id, TEST_TAG: record.split.test_hash}
        run = self._find(tags)
        if run is None:
            created = self._client.create_run(self._experiment, start_time=start, run_name=record.name, tags=tags)
            run = str(created.info.run_id)
            params = {"metric": record.metric, "margin": record.margin, "seeds": len(record.seeds), "seed": record.seed}
            self._log(run, params=params, tags=_circumstances(record))
            self._client.log_inputs(run, [self._dataset(record.data)])
        self._log(run, metrics=self._at(end, [("test_openings", float(len(record.openings)), 0)]))
        there = {each.info.run_name for each in self._search({PARENT_TAG: run})}
        for entrant in record.entrants:
            if entrant.name not in there:
                self._write_entrant(run, entrant, start, end)
        for path in artifacts:
            self._client.log_artifact(run, str(path))
        self._client.set_terminated(run, "FINISHED", end_time=end)

    def _write_entrant(self, parent: str, entrant: EntrantRecord, start: int, end: int) -> None:
        created = self._client.create_run(
            self._experiment, start_time=start, run_name=entrant.name, tags={PARENT_TAG: parent, "model": entrant.name}
        )
        run = str(created.info.run_id)
        self._log(run, metrics=self._at(end, _metrics(entrant)), params={"model": entrant.name, **entrant.config})
        self._client.set_terminated(run, "FINISHED", end_time=end)


def _metrics(entrant: EntrantRecord) -> list[tuple[str, float, int]]:
    beyond = [(name.replace("@", "_at_"), value, 0) for name, value in entrant.beyond.items() if value is not None]
    costs = {
        "fit_seconds": sum(entrant.fit_seconds) / len(entrant.fit_seconds),
        "recommend_ms_alone": entrant.single_milliseconds,
        "recommend_ms_in_bulk": entrant.batch_milliseconds,
        "model_megabytes": entrant.megabytes,
        "tie_share": entrant.tie_share,
    }
    chosen_by = estimate_metrics(entrant.validation, prefix="validation_")
    return [
        *estimate_metrics({**entrant.metrics, **entrant.errors}),
        *chosen_by,
        *beyond,
        *((name, v, 0) for name, v in costs.items()),
    ]


def _circumstances(record: ComparisonRecord) -> dict[str, str]:
    return {
        "command": record.command,
        "data.hash": record.data.content_hash,
        "split.validation_hash": record.split.validation_hash,
        **{f"environment.{name}": value for name, value in record.environment.items()},
    }
