"""A study in MLflow: one run, and a child run for each trial.

MLflow gets copies of what Optuna's storage has. Runs are created with tags and found again by them, so that trials
which a server that was down or a process that died has missed are written the next time. Where two processes have
written the same run, every process keeps the same one of the two.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

from evaluation.metrics import Metric
from studies.record.study import DataSummary, Estimate, StudyRecord, TrialRecord
from studies.secrets import hide_password
from studies.storage.locks import exclusive_lock

__all__ = [
    "DEFAULT_TRACKING_URI",
    "PARENT_TAG",
    "MlflowRuns",
    "StudyRun",
    "estimate_metrics",
    "import_mlflow",
    "problem_of",
]

DEFAULT_TRACKING_URI = "sqlite:///mlflow.db"  #: where ``mlflow ui`` looks when it is started in the same folder
STUDY_TAG = "mfbench.study_id"
TRIAL_TAG = "mfbench.trial"
STATE_TAG = "mfbench.state"
PARENT_TAG = "mlflow.parentRunId"
NOTE_TAG = "mlflow.note.content"
STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED", "running": "RUNNING"}
KIND = {"mlflow.experimentKind": "custom_model_development"}  #: else the UI opens on a page for language models
BATCH = 900  #: the most entries that MLflow takes at once, parameters and tags included
LONGEST_TEXT = 5000  #: the most characters of a tag or a parameter that every MLflow store takes
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # two lines for each trial
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
}


def import_mlflow() -> Any:
    """Import MLflow without telemetry, and with short timeouts for a server that is down."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import mlflow

    logging.getLogger("mlflow").setLevel(os.environ["MLFLOW_LOGGING_LEVEL"])  # it may have been imported before
    return mlflow


@contextmanager
def _without_collector() -> Iterator[None]:
    """Import without the garbage collector, which takes a third of the time that the import of a large library takes.

    It never examines the imported objects afterwards either: MLflow's would cost a search a third of a second.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def problem_of(uri: str, error: Exception) -> str:
    """Describe an error of the MLflow at ``uri`` as one line without passwords."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"{hide_password(uri)}: {hide_password(lines[0], uri)}"


def _make_database(mlflow: Any, uri: str) -> None:
    """Make a new SQLite file appear with all tables at once: MLflow cannot use a file with some of them.

    Also removes what commands have left that were killed while they made it.
    """
    name = uri.removeprefix("sqlite:///")
    path = Path(name)
    if name == uri or (path.exists() and not _drafts(path)):
        return
    path.parent.mkdir(parents=True, exist_ok=True)  # as MLflow does
    with exclusive_lock(uri):  # the process that makes a draft holds it: all drafts found here are of dead processes
        for draft in _drafts(path):
            with suppress(OSError):
                draft.unlink()
        if path.exists():
            return
        # SQLite would apply the journal of a database that somebody has removed to the new one
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
        _write_database(mlflow, path)


def _drafts(path: Path) -> list[Path]:
    """Return the drafts of this SQLite file, and the journals that SQLite keeps beside them."""
    name = re.compile(re.escape(path.name) + r"\.[0-9a-f]{32}\.tmp(-journal)?")
    return [beside for beside in path.parent.iterdir() if name.fullmatch(beside.name)]


def _write_database(mlflow: Any, path: Path) -> None:
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        mlflow.MlflowClient(f"sqlite:///{draft}").search_experiments(max_results=1)
        with suppress(FileExistsError):  # another program has made it
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


class MlflowRuns:
    """The runs of one experiment: created, found by their tags, and written to."""

    def __init__(self, uri: str) -> None:
        with _without_collector():
            self._mlflow = import_mlflow()
            _make_database(self._mlflow, uri)
            self._client = self._mlflow.MlflowClient(uri)
            self._client.search_experiments(max_results=1)  # raises where the server does not answer

    def _open_experiment(self, name: str) -> None:
        experiment = self._client.get_experiment_by_name(name)
        self._experiment = experiment.experiment_id if experiment else self._client.create_experiment(name, tags=KIND)

    def _dataset(self, data: DataSummary) -> Any:
        entities = self._mlflow.entities
        profile = {"users": data.n_users, "items": data.n_items, "likes": data.n_likes, "rows_read": data.rows_read}
        dataset = entities.Dataset(
            name=data.name,
            digest=data.content_hash[:16],
            source_type="local",
            source=json.dumps({"name": data.name, "dropped": dict(data.dropped)}),
            schema=json.dumps({"interactions": ["user", "item", "weight", "timestamp"]}),
            profile=json.dumps(profile),
        )
        return entities.DatasetInput(dataset, [entities.InputTag("mlflow.data.context", "training")])

    def _find(self, tags: Mapping[str, str]) -> str | None:
        """Return the run with these tags; delete other runs with them, which concurrent processes have created."""
        runs = sorted(run.info.run_id for run in self._search(tags))
        for double in runs[1:]:
            self._client.delete_run(double)
        return runs[0] if runs else None

    def _search(self, tags: Mapping[str, str]) -> list[Any]:
        wanted = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
        runs: list[Any] = []
        token = None
        while True:
            page = self._client.search_runs([self._experiment], wanted, max_results=1000, page_token=token)
            runs += page
            token = page.token
            if not token:
                return runs

    def _log(
        self,
        run: str,
        *,
        metrics: Sequence[Any] = (),
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        entities = self._mlflow.entities
        texts = [entities.Param(name, str(value)[:LONGEST_TEXT]) for name, value in (params or {}).items()]
        labels = [entities.RunTag(name, str(value)[:LONGEST_TEXT]) for name, value in (tags or {}).items()]
        self._client.log_batch(run, metrics[:BATCH], texts, labels)
        for start in range(BATCH, len(metrics), BATCH):
            self._client.log_batch(run, metrics[start : start + BATCH])

    def _at(self, timestamp: int, values: Iterable[tuple[str, float, int]]) -> list[Any]:
        """Return MLflow's metrics of these names, values and steps."""
        return [self._mlflow.entities.Metric(name, value, timestamp, step) for name, value, step in values]


class StudyRun(MlflowRuns):
    """The run of one study and the runs of its trials."""

    is_open = False

    def open(self, record: StudyRecord) -> None:
        """Find or create the run of the study, and read which trials it has."""
        self._metric = Metric.parse(record.metric)
        self._open_experiment(record.data.name)
        self._run = self._find({STUDY_TAG: record.id}) or self._create(record)
        self._describe(record)
        self._read_trials()
        self._client.update_run(self._run, status="RUNNING")
        self.is_open = True

    def missing(self, numbers: Iterable[int]) -> list[int]:
        """Return those of these trials that are not written completely."""
        return [number for number in numbers if str(number) not in self._ended]

    def write_trials(self, trials: Sequence[TrialRecord]) -> None:
        """Write a run for each finished trial that has none; a run is complete once it is terminated."""
        new = [trial for trial in trials if trial.state != "running" and str(trial.number) not in self._ended]
        name = f"trial_{self._metric.key}"
        values = [
            self._at(_end(trial), [(name, trial.value, trial.number)]) for trial in new if trial.value is not None
        ]
        self._log(self._run, metrics=list(chain(*values)))
        for trial in new:
            run = self._written.get(str(trial.number)) or self._create_trial(trial)
            self._log(run, metrics=self._at(_end(trial), _trial_metrics(trial, self._metric)), params=trial.params)
            self._client.set_terminated(run, STATUS[trial.state], end_time=_end(trial))
            self._ended.add(str(trial.number))

    def close(self, record: StudyRecord, artifacts: Sequence[Path]) -> None:
        """Write missing trials, the results of the study, and the files."""
        self.open(record)  # again, as other processes may have written meanwhile
        self.write_trials(record.trials)
        for trial in record.finalists:
            again = [
                *estimate_metrics(trial.fresh, prefix="fresh_"),
                *estimate_metrics(trial.overall, prefix="overall_"),
            ]
            self._log(self._written[str(trial.number)], metrics=self._at(_end(trial), again))
        self._log(self._run, metrics=self._at(_now(), _study_metrics(record)), tags=_study_tags(record))
        for path in artifacts:
            self._client.log_artifact(self._run, str(path))
        self._client.set_terminated(self._run, "FINISHED")

    def _read_trials(self) -> None:
        """Read which trials have a run and which of these are complete; keep one of several runs of a trial."""
        runs: dict[str, Any] = {}
        for run in sorted(self._search({PARENT_TAG: self._run}), key=lambda run: str(run.info.run_id)):
            number = run.data.tags.get(TRIAL_TAG)
            if number is not None and runs.setdefault(number, run) is not run:
                self._client.delete_run(run.info.run_id)
        self._written = {number: str(run.info.run_id) for number, run in runs.items()}
        self._ended = {number for number, run in runs.items() if run.info.status != STATUS["running"]}

    def _create(self, record: StudyRecord) -> str:
        start, tags = int(record.started.timestamp() * 1000), {STUDY_TAG: record.id}
        run = self._client.create_run(self._experiment, start_time=start, run_name=record.name, tags=tags)
        return str(run.info.run_id)

    def _describe(self, record: StudyRecord) -> None:
        """Write what is fixed for the study; writing it again changes nothing."""
        split = record.split
        params = {
            "model": record.model,
            "data": record.data.name,
            "metric": record.metric,
            **({"second_metric": record.second_metric} if record.second_metric else {}),
            "seed": record.seed,
            "split": split.kind,
            "protocol": split.protocol,
            "holdout": split.holdout,
            "validation_users": split.n_validation_users,
            "draws": split.n_draws,
        }
        self._log(self._run, params=params)
        self._client.log_inputs(self._run, [self._dataset(record.data)])

    def _create_trial(self, trial: TrialRecord) -> str:
        tags = {PARENT_TAG: self._run, TRIAL_TAG: str(trial.number), STATE_TAG: trial.state}
        if trial.error:
            tags[NOTE_TAG] = trial.error[:LONGEST_TEXT]
        start = int(trial.started.timestamp() * 1000) if trial.started else None
        name = f"trial {trial.number}" + (" (defaults)" if trial.is_default else "")
        run = self._client.create_run(self._experiment, start_time=start, run_name=name, tags=tags)
        self._written[str(trial.number)] = run.info.run_id
        return str(run.info.run_id)


def _now() -> int:
    return int(time.time() * 1000)


def _end(trial: TrialRecord) -> int:
    """Return the end of the trial in milliseconds; always the same, so that MLflow recognises a repetition."""
    return int((trial.started.timestamp() + trial.seconds) * 1000) if trial.started and trial.seconds else _now()


def _trial_metrics(trial: TrialRecord, metric: Metric) -> list[tuple[str, float, int]]:
    numbers = {
        "fit_seconds": trial.fit_seconds,
        "evaluate_seconds": trial.evaluate_seconds,
        "best_epoch": trial.n_epochs,
        "tie_share": trial.tie_share,
    }
    metrics = [*estimate_metrics(trial.metrics), *estimate_metrics(trial.errors)]
    metrics += [(name, float(value), 0) for name, value in numbers.items() if value is not None]
    return metrics + [(f"epoch_{metric.key}", value, epoch) for epoch, value in enumerate(trial.curve, 1)]


def _study_metrics(record: StudyRecord) -> list[tuple[str, float, int]]:
    rivals = dict(record.floors) | ({"defaults": record.defaults.metrics} if record.defaults else {})
    metrics = list(estimate_metrics({**record.best.metrics, **record.best.errors})) if record.best else []
    if record.best:
        rivals |= {"fresh": record.best.fresh, "overall": record.best.overall}
    for name, estimates in rivals.items():
        metrics += estimate_metrics(estimates, prefix=f"{name}_")
    for state in ("complete", "pruned", "failed"):
        metrics.append((f"trials_{state}", float(sum(trial.state == state for trial in record.trials)), 0))
    return [*metrics, ("search_seconds", record.seconds, 0)]


def estimate_metrics(estimates: Mapping[str, Estimate], prefix: str = "") -> Iterator[tuple[str, float, int]]:
    """Yield mean and ends of the interval of each metric, as name, value and step."""
    for name, estimate in estimates.items():
        key = prefix + name.replace("@", "_at_")
        yield from ((key, estimate.mean, 0), (f"{key}_low", estimate.low, 0), (f"{key}_high", estimate.high, 0))


def _study_tags(record: StudyRecord) -> dict[str, Any]:
    best = {f"best.{name}": value for name, value in record.best_config.items()}
    return {
        "command": record.command,
        "sampler": "; ".join(f"{name} from trial {number}" for number, name in record.samplers.items()),
        "data.hash": record.data.content_hash,
        "split.test_hash": record.split.test_hash,
        "split.validation_hash": record.split.validation_hash,
        **best,
        **{f"environment.{name}": value for name, value in record.environment.items()},
    }
