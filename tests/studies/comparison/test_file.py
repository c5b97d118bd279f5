"""Comparisons on disk and in MLflow."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
import numpy as np
import pytest

from studies.comparison.file import SUFFIX, ComparisonFileError, read_comparison, write_comparison
from studies.tracking.comparisons import track_comparison
from tests.reports.comparisons import comparison, hostile, smallest


@pytest.mark.parametrize("make", [comparison, smallest, hostile])
def test_a_comparison_is_read_as_it_was_written(make, tmp_path: Path) -> None:
    record = make()
    path, arrays = write_comparison(record, {"lists:ials": np.arange(6).reshape(2, 3)}, tmp_path / f"x{SUFFIX}")
    assert read_comparison(path) == record
    with np.load(arrays, allow_pickle=False) as stored:
        assert stored["lists:ials"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert {each.name for each in tmp_path.iterdir()} == {path.name, arrays.name}


def test_a_record_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path, _ = write_comparison(comparison(), {}, tmp_path / f"x{SUFFIX}")
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_comparison(comparison(seconds=float("nan")), {"users": np.arange(3)}, path)
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ComparisonFileError, match="No such file"):
        read_comparison(tmp_path / "absent.json")


def test_a_field_with_a_default_may_be_missing(tmp_path: Path) -> None:
    path, _ = write_comparison(comparison(), {}, tmp_path / f"x{SUFFIX}")
    content = json.loads(path.read_text())
    del content["environment"]
    path.write_text(json.dumps(content))
    assert read_comparison(path).environment == {}


def test_mlflow_gets_a_run_for_each_algorithm_once(tmp_path: Path) -> None:
    uri, record = f"sqlite:///{tmp_path}/mlflow.db", comparison()
    page = tmp_path / "page.html"
    page.write_text("a page")
    assert track_comparison(uri, record, [page]) is None
    assert track_comparison(uri, record, [page]) is None
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name(record.data.name)
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {record.name, *(entrant.name for entrant in record.entrants)}
    whole, ials = runs[record.name], runs["ials"]
    assert whole.data.tags["split.test_hash"] == record.split.test_hash
    assert whole.data.metrics["test_openings"] == 1
    assert ials.data.tags["mlflow.parentRunId"] == whole.info.run_id
    assert ials.data.metrics["mrr_at_100"] == pytest.approx(0.113)
    assert ials.data.metrics["validation_mrr_at_100_low"] == pytest.approx(0.117 - 0.015)
    assert ials.data.metrics["coverage_at_10"] == 0.5
    assert ials.data.params["n_factors"] == "64"
    assert [artifact.path for artifact in client.list_artifacts(whole.info.run_id)] == ["page.html"]
    assert {run.info.status for run in runs.values()} == {"FINISHED"}


def test_an_mlflow_that_cannot_be_written_is_described_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    problem = track_comparison(f"sqlite:///{tmp_path}/a file/mlflow.db", comparison(), [])
    assert problem is not None
    assert "\n" not in problem
