"""Compare the runs of a study in MLflow with the record of the study."""

from __future__ import annotations

import pytest

from studies.record.study import StudyRecord

__all__ = ["Store", "assert_holds"]


class Store:
    """The runs of one experiment, read by MLflow's client."""

    def __init__(self, uri: str, experiment: str = "toy") -> None:
        import mlflow

        self.client = mlflow.MlflowClient(uri)
        experiments = [self.client.get_experiment_by_name(experiment).experiment_id]
        runs = list(self.client.search_runs(experiments, max_results=50_000))
        self.studies = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
        self.trials = {int(run.data.tags["mfbench.trial"]): run for run in runs if run not in self.studies}
        assert len(self.trials) + len(self.studies) == len(runs), "a trial was written twice"

    def curve(self, number: int, metric: str) -> list[tuple[int, float]]:
        run = self.trials[number].info.run_id
        return [(point.step, point.value) for point in self.client.get_metric_history(run, metric)]


def assert_holds(store: Store, record: StudyRecord) -> None:
    """Assert that every trial is there once, with its state, parameters, metrics and learning curve."""
    assert sorted(store.trials) == [trial.number for trial in record.trials]
    status = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}
    for trial in record.trials:
        run = store.trials[trial.number]
        assert run.info.status == status[trial.state]
        assert run.data.tags["mlflow.parentRunId"] == store.studies[0].info.run_id
        assert run.data.params == {name: str(value) for name, value in trial.params.items()}
        assert run.data.tags.get("mlflow.note.content") == trial.error
        assert store.curve(trial.number, "epoch_mrr_at_100") == list(enumerate(trial.curve, 1))
        for name, estimate in trial.metrics.items():
            key = name.replace("@", "_at_")
            logged = [run.data.metrics[key + suffix] for suffix in ("", "_low", "_high")]
            assert logged == pytest.approx([estimate.mean, estimate.low, estimate.high])
