"""Spark's ALS on a real ``local[2]`` master: the contract of all models, and a comparison with our exact solver."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any, get_args

import numpy as np
import pytest
import scipy.sparse as sp

from bench.study import main as study_main
from models.als import ALS, ALSConfig
from models.spark_als import Feedback, SparkALS, SparkALSConfig
from models.spark_session import MASTER, WORK_FOLDER, SparkError
from models.testing import FactorModelContract, assert_refused, random_likes
from models.testing.contract import LIKES, USERS
from studies import registry
from studies.registry import UnavailableModelError, check_model

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
WEIGHTED = random_likes(weighted=True)

with_spark = pytest.mark.skipif(
    find_spec("pyspark") is None or which("java") is None, reason="needs pyspark (pip install -e '.[spark]') and Java"
)


@pytest.fixture(scope="module", autouse=True)
def two_cores() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MASTER, "local[2]")
        yield


@with_spark
class TestSparkALS(FactorModelContract):
    model = SparkALS
    config = SparkALSConfig(n_factors=6, n_iterations=3, n_blocks=1)
    checkerboard_config = SparkALSConfig(n_factors=2, n_iterations=10, reg=0.01, n_blocks=1)


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        SparkALSConfig,
        ({"n_factors": 0}, "n_factors must be at least 1, got 0"),
        ({"n_iterations": 0}, "n_iterations must be at least 1, got 0"),
        ({"n_blocks": 0}, "n_blocks must be at least 1, got 0"),
        ({"reg": 0.0}, r"reg must be positive, got 0\.0"),
        ({"alpha": -1.0}, r"alpha must not be negative, got -1\.0"),
        ({"feedback": "loud"}, "feedback must be one of implicit, explicit, got 'loud'"),
    )


def fitted(likes: sp.csr_array = WEIGHTED, **settings: Any) -> SparkALS:
    return SparkALS(SparkALSConfig(**({"n_factors": 5, "n_iterations": 3, "n_blocks": 2} | settings))).fit(likes)


@with_spark
@pytest.mark.parametrize("feedback", get_args(Feedback))
def test_sparks_last_half_step_is_our_fold_in(feedback: Feedback) -> None:
    model = fitted(feedback=feedback, alpha=3.0)
    np.testing.assert_allclose(model.fold_in(WEIGHTED), model.user_factors, rtol=1e-4, atol=1e-5)


@with_spark
def test_explicit_feedback_comes_to_the_same_ratings_as_our_als() -> None:
    rng = np.random.default_rng(0)
    ratings = rng.uniform(0.5, 1.5, (60, 2)) @ rng.uniform(0.5, 1.5, (2, 50))
    known = sp.csr_array(ratings * (rng.random(ratings.shape) < 0.5))
    users = np.arange(60)
    spark = fitted(known, feedback="explicit", n_factors=2, n_iterations=20, reg=1e-3).scores(users)
    config = ALSConfig(n_factors=2, n_epochs=40, cells="observed", targets="weights", reg=1e-3, reg_exponent=1.0)
    np.testing.assert_allclose(spark, ALS(config).fit(known).scores(users), rtol=0.03)


@with_spark
def test_likes_and_vectors_are_exchanged_in_the_named_folder_which_is_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORK_FOLDER, str(tmp_path / "missing"))
    with pytest.raises(
        SparkError, match=r"Cannot create a folder to share with Spark \(.*missing.*\); name another in MFBENCH_SPARK"
    ):
        fitted()
    (tmp_path / "missing").mkdir()
    fitted()
    assert list((tmp_path / "missing").iterdir()) == []


@with_spark
def test_a_killed_process_leaves_no_files(tmp_path: Path) -> None:
    code = "from models.spark_session import spark_session; spark_session(); print('up', flush=True); input()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), WORK_FOLDER: str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert list(tmp_path.iterdir())
        process.kill()
    deadline = time.monotonic() + 60
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(tmp_path.iterdir()) == []


@with_spark
@pytest.mark.parametrize(
    ("words", "option"), [("--workers 2", "--workers 2"), ("--scheduler tcp://nowhere:8786", "--scheduler")]
)
def test_more_than_one_process_is_refused_at_once(words: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert study_main(["--model", "spark_als", "--data", "missing", *words.split()]) == 2
    assert capsys.readouterr().err == (
        "python -m bench.study: error: spark_als divides each fit among cores or machines itself, which "
        f"{option} would divide once more; leave it out, and say which with --spark-master local[*] or "
        "spark://host:7077\n"
    )


@with_spark
def test_weights_that_are_not_positive_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights must be positive, got -2\.0; leave out what is not liked"):
        fitted(sp.csr_array([[1.0, -2.0], [1.0, 1.0]], dtype=np.float32))


@with_spark
def test_the_number_of_row_groups_does_not_change_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = fitted(LIKES).scores(USERS)
    monkeypatch.setattr("models.spark_als._LIKES_A_GROUP", 50)
    np.testing.assert_allclose(fitted(LIKES).scores(USERS), at_once, atol=1e-5)


@with_spark
def test_a_study_runs_on_the_named_master(tmp_path: Path) -> None:
    def study(words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bench.study", "--model", "spark_als", "--no-mlflow", *words.split()]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    done = study(
        "--data synthetic:users=300,items=100,pairs=3000 --trials 1 --draws 1 --rescore 0 --spark-master local[1]"
    )
    assert done.returncode == 0, done.stderr
    assert "spark_als, defaults" in done.stdout
    refused = study("--spark-master nowhere")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "Spark does not start on nowhere: " in refused.stderr


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("pyspark", r"^The model spark_als needs pyspark: pip install -e '\.\[spark\]'$"),
        ("java", "^The model spark_als needs java, which is not on the path; install it$"),
    ],
)
def test_a_missing_dependency_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, missing: str, message: str) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == missing else object())
    monkeypatch.setattr(registry, "which", lambda name: None if name == missing else name)
    with pytest.raises(UnavailableModelError, match=message):
        check_model("spark_als")


def test_spark_als_is_known_but_not_among_the_usable_models() -> None:
    assert "spark_als" not in registry.usable_models()
    assert "spark_als" in registry.model_names()
