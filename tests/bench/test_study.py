from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import models.memory
from bench.commands.study_results import tracked_at
from tests.bench.conftest import Command

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("--model", "item2item", "--data", "likes.csv", "--trials", "4", "--no-mlflow")


@pytest.mark.usefixtures("likes_file")
def test_a_study_ends_with_its_results_and_files(command: Command, tmp_path: Path) -> None:
    done = command("study", *QUICK)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("likes.csv: Kept 1,")
    assert any(line.startswith("Best of 4 trials of item2item-likes.csv: trial ") for line in lines)
    table = {line.split("  ")[0]: line for line in lines}
    for row in ("item2item, tuned", "item2item, defaults", "popularity", "gain over defaults", "gain over popularity"):
        assert table[row].count("[") == 2  # MRR@100 and MAP@30, each with its interval
    files = [Path(line.split(": ")[1]) for line in lines if line.startswith(("Report:", "Best conf", "Ranks"))]
    assert [path.suffix for path in files] == [".html", ".json", ".csv"]
    assert all((tmp_path / path).stat().st_size for path in files)
    best = json.loads(files[1].read_text())
    assert (best["model"], set(best["config"])) == ("item2item", config_fields("item2item"))
    ranks = list(csv.DictReader(files[2].open()))
    assert {row["user"] for row in ranks} <= {f"u{user}" for user in range(120)}


def config_fields(model: str) -> set[str]:
    from studies.registry import load_spec

    return set(load_spec(model).model.config_type.__dataclass_fields__)


@pytest.mark.usefixtures("likes_file")
def test_the_same_command_again_has_nothing_to_do_and_gives_the_same_answer(command: Command, tmp_path: Path) -> None:
    first = command("study", *QUICK)
    page = tmp_path / "reports/html"
    before = {path.name: path.read_bytes() for path in page.iterdir()}
    assert command("study", *QUICK).out == first.out
    assert {path.name: path.read_bytes() for path in page.iterdir()} == before


@pytest.mark.usefixtures("likes_file")
@pytest.mark.parametrize(
    ("model", "more", "each"), [("ease", (), ""), ("slim", ("--workers", "2"), " in each of 2 processes")]
)
def test_a_model_without_the_memory_it_needs_is_refused_before_the_search(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: str, more: tuple[str, ...], each: str
) -> None:
    monkeypatch.setattr(models.memory, "available_bytes", lambda: 5000 if more else 2000)
    done = command("study", "--model", model, "--data", "likes.csv", "--no-mlflow", *more)
    assert done.code == 2
    assert f"error: {model} needs 0.00 GB of memory for 26 items{each}, and 0.00 GB are available;" in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "mfbench.db").exists()


@pytest.mark.usefixtures("likes_file")
def test_the_report_is_written_again_from_the_record_alone(command: Command, tmp_path: Path) -> None:
    command("study", *QUICK)
    (page,) = (tmp_path / "reports/html").glob("*.html")
    before = page.read_bytes()
    page.unlink()
    (tmp_path / "likes.csv").unlink()
    again = command("report", "--study-name", "item2item-likes.csv")
    assert again.code == 0
    assert page.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model", "iasl"), "Unknown model 'iasl'. Choose one of: "),
        (("--model", "iasl"), "Did you mean 'ials'?"),
        (("--model", "ials", "--metric", "mrrr@10"), "Unknown metric 'mrrr'. Choose one of: mrr, map, hr, ndcg"),
        (("--model", "ials", "--metric", "mrr"), "Metric 'mrr' needs a whole number after an @, such as mrr@10"),
        (("--model", "ials", "--data", "movielens-smal"), "Did you mean 'movielens-small'?"),
        (("--model", "ials", "--data", "nowhere.csv"), "nowhere.csv"),
        (("--model", "ials", "--protocol", "wram"), "'wram' is none of warm, fold-in. Did you mean 'warm'?"),
        (("--model", "ials", "--holdout", "first"), "'first' is neither a number of items"),
        (("--model", "ials", "--holdout", "last:"), "'last:' is neither a number of items"),
        (("--model", "ials", "--holdout", "0"), "'0' is neither a number of items"),
        (("--model", "ials", "--test-users", "1.5"), "'1.5' is neither a share between 0 and 1 nor a whole number"),
        (("--model", "ials", "--metric", "mrr@10", "map@30", "hr@5"), "one metric or two, got 3: mrr@10, map@30, hr@5"),
        (("--model", "ials", "--metric", "mrr@10", "mrr@10"), "must differ, got mrr@10 twice"),
        (("--model", "item2item", "--grow-factors", "64"), "item2item has no factors that could grow"),
        (("--model", "ials", "--grow-factors", "64", "--sampler", "grid"), "A grid does not grow"),
        (("--model", "ials", "--sampler", "gird"), "'gird' is none of gp, tpe, random, grid. Did you mean 'grid'?"),
        (("--model", "ials", "--trials", "0"), "must be at least 1, got 0"),
        (("--model", "ials", "--trials", "many"), "'many' is not a whole number"),
        (("--model", "ials", "--seed", "-1"), "must be at least 0, got -1"),
        (("--model", "ials", "--timeout", "nan"), "nan is not a finite number"),
        (("--model", "ials", "--trails", "3"), "Did you mean --trials?"),
        (("--model", "ials", "--storage", "sqlite:///a\0b"), "argument --storage: 'sqlite:///a\\x00b' holds a NUL"),
        (("--model", "ials", "--study-name", "\udc80"), "argument --study-name: '\\udc80' is not valid Unicode"),
        (("--model", "ials", "--mod", "3"), "unrecognized arguments: --mod 3"),
        ((), "Name a model with --model, one of: als, "),
        (("--model", "ials", "--holdout", "last", "--draws", "2"), "2 draws of it would be equal"),
        (("--model", "ials", "--storage", "mfbench.db"), "'mfbench.db' is no database URL"),
        (
            ("--model", "ials", "--storage", "sqlite:///no/such/folder/x.db"),
            "see that its folder is there and may be written",
        ),
        (("--model", "ials", "--report-dir", "likes.csv/reports"), "Cannot write to the folder likes.csv/reports"),
        (("--model", "ials", "--data", "two.csv"), "0 users of two.csv have the 3 likes"),
    ],
)
@pytest.mark.usefixtures("likes_file")
def test_a_mistake_of_the_user_is_one_line_and_exit_code_2(
    command: Command, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "two.csv").write_text("user,item\n1,1\n1,2\n2,1\n2,2\n")
    done = command("study", *words, "--no-mlflow")
    assert done.code == 2
    assert done.err.startswith("python -m bench.study: error: ")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "mfbench.db").exists()


def test_a_folder_that_cannot_be_written_is_refused_before_the_search(command: Command, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        (tmp_path / "reports").symlink_to("/proc")  # where not even root may write
    else:
        (tmp_path / "reports").mkdir(mode=0o500)
    done = command("study", "--model", "popularity", "--no-mlflow")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "Cannot write to the folder reports/html" in done.err


@pytest.mark.usefixtures("likes_file")
def test_a_study_with_other_settings_is_refused_with_the_differences(command: Command) -> None:
    command("study", *QUICK)
    done = command("study", *QUICK, "--seed", "4", "--protocol", "fold-in")
    assert done.code == 2
    assert "seed is 0 there and 4 here" in done.err
    assert "split.protocol is warm there and fold-in here" in done.err
    assert done.err.count("\n") == 1


def test_an_unknown_study_is_answered_with_the_studies_in_the_storage(command: Command, likes_file: Path) -> None:
    command("study", *QUICK)
    done = command("report", "--study-name", "ials-likes")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "There is no study 'ials-likes' in the storage; it holds: item2item-likes.csv" in done.err


@pytest.mark.usefixtures("likes_file")
def test_too_many_failures_stop_the_study_and_say_why(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: object, train: object) -> None:
        raise ArithmeticError("no \x1b[31m luck")

    monkeypatch.setattr("models.item2item.Item2Item._epochs", fails)
    monkeypatch.setattr("studies.search.warm_up", lambda spec, threads: None)
    done = command("study", *QUICK, "--max-failures", "3")
    assert done.code == 1
    assert done.err.splitlines()[-2:] == [
        "Stopped: 3 of 3 trials failed, the last one with ArithmeticError: no \N{REPLACEMENT CHARACTER}[31m luck",
        "To go on all the same: --max-failures 6",
    ]
    assert "Report: " in done.out


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        ("sqlite:///mlflow.db", "MLflow: sqlite:///mlflow.db  (to browse it: mlflow ui)"),
        ("sqlite:///x.db", "MLflow: sqlite:///x.db  (to browse it: mlflow ui --backend-store-uri sqlite:///x.db)"),
        ("http://me:secret@runs:5000", "MLflow: http://me:***@runs:5000"),
    ],
)
def test_the_way_to_browse_mlflow_depends_on_its_store(uri: str, text: str) -> None:
    assert tracked_at(uri) == text


@pytest.mark.usefixtures("likes_file")
def test_sync_writes_to_mlflow_what_it_lacks_once(command: Command, tmp_path: Path) -> None:
    command("study", *QUICK)
    command("study", "--model", "popularity", *QUICK[2:])
    (one,) = command("study", "--sync", "--study-name", "item2item-likes.csv").out.splitlines()
    assert one == "item2item-likes.csv: MLflow lacked 4 of 4 trials, and has all now"
    everything = command("study", "--sync")
    assert (everything.code, everything.err) == (0, "")
    assert everything.out.splitlines() == [
        "item2item-likes.csv: MLflow lacked 0 of 4 trials, and has all now",
        "popularity-likes.csv: MLflow lacked 1 of 1 trials, and has all now",
    ]
    assert "popularity" not in command("study", "--sync", "--model", "item2item").out
    nowhere = command("study", "--sync", "--tracking-uri", "http://me:hunter2@127.0.0.1:9")
    assert nowhere.code == 1
    assert nowhere.out.startswith("MLflow: item2item-likes.csv was not written (http://me:***@127.0.0.1:9: ")
    assert nowhere.out.count("\n") == 1
    unknown = command("study", "--sync", "--study-name", "ials")
    assert (unknown.code, unknown.err.count("\n")) == (2, 1)


@pytest.mark.usefixtures("likes_file")
def test_no_password_is_printed_or_kept(command: Command, tmp_path: Path) -> None:
    server = "http://me:hunter2@127.0.0.1:9"
    done = command("study", *QUICK[:-1], "--tracking-uri", server)
    assert done.code == 0
    assert "hunter2" not in done.out + done.err
    assert "http://me:***@127.0.0.1:9" in done.out
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"hunter2" not in path.read_bytes(), path


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom bench.study import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('HEAVY', sorted({'numba', 'mlflow', 'optuna', 'plotly', 'pandas', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "examples:" in done.stdout
    assert done.stdout.endswith("HEAVY []\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_a_signal_stops_cleanly_keeps_finished_trials_and_prints_how_to_resume(
    tmp_path: Path, command: Command, number: signal.Signals
) -> None:
    words = [sys.executable, "-m", "bench.study", "--model", "ials", "--trials", "500", "--no-mlflow"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(
        words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_trials(tmp_path / "mfbench.db", 2, running)
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 128 + number, err
    assert "Traceback" not in err
    assert "Best of " in out
    last = out.splitlines()[-1]
    assert last.endswith(f"of 500 trials; to go on: python -m bench.study {' '.join(words[3:])}")
    assert (tmp_path / "reports/html/ials-movielens-small.html").exists()
    n_finished = int(last.split()[2])
    assert n_finished >= 2
    resumed = command("study", "--model", "ials", "--trials", str(n_finished + 1), "--no-mlflow")
    assert f"Best of {n_finished + 1} trials" in resumed.out


def wait_for_trials(database: Path, n: int, running: subprocess.Popen[str]) -> None:
    """Wait until the database has n completed trials; read-only, as Optuna would create the tables itself."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        time.sleep(0.3)
        assert running.poll() is None, running.communicate()
        with (
            contextlib.suppress(sqlite3.OperationalError),
            contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection,
        ):
            (finished,) = connection.execute("SELECT count(*) FROM trials WHERE state = 'COMPLETE'").fetchone()
            if finished >= n:
                return
    pytest.fail("no trial finished")


def test_a_study_on_the_authors_split(command: Command, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lists = np.array([rng.permutation(30)[:12] for _ in range(40)])
    np.savez(tmp_path / "data.npz", train_ids=lists[:, :8], valid_ids=lists[:, 6:])
    words = ("--model", "item2item", "--data", "data.npz", "--trials", "2", "--no-mlflow", "--metric", "map@30")
    done = command("study", *words, "--split", "given", "--seen", "include")
    assert (done.code, done.err) == (0, "")
    page = next((tmp_path / "reports/html").glob("*.html")).read_text()
    assert "The validation likes, of 40 users, were chosen by the author of the data" in page
    assert "all items, seen ones included" in page
    assert "the file&#39;s author holds out 240 likes for validation" in page
    refused = command("study", "--model", "item2item", "--split", "given", "--no-mlflow")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "movielens-small brings no validation likes of its own" in refused.err


def test_a_model_of_ratings_reports_the_errors_of_its_predictions(command: Command, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    users, items = np.nonzero(rng.random((60, 40)) < 0.5)
    rows = [f"u{u},i{i},{1 + (u + i) % 5},{100 + u}" for u, i in zip(users.tolist(), items.tolist(), strict=True)]
    (tmp_path / "rated.csv").write_text("user,item,rating,time\n" + "\n".join(rows) + "\n")
    quick = ("--data", "rated.csv", "--trials", "2")
    done = command("study", "--model", "biased_svd", *quick, "--tracking-uri", f"sqlite:///{tmp_path}/mlflow.db")
    assert (done.code, done.err) == (0, "")
    assert [line.count("[") for line in done.out.splitlines() if line.startswith("biased_svd, ")] == [2, 2, 2, 2]
    page = (tmp_path / "reports/html/biased_svd-rated.csv.html").read_text()
    assert page.count(">RMSE<") == page.count(">MAE<") == 3  # in two tables and among the formulas
    assert "This model learns from all ratings, low ones included" in page
    import mlflow

    runs = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db").search_runs(["1"])
    assert all(0 < run.data.metrics["rmse_low"] < run.data.metrics["rmse"] < 5 for run in runs)
    compared = command("compare", *quick[:2], "--models", "biased_svd", "--seeds", "1", "--no-mlflow")
    assert "RMSE" in compared.out
    shown = command("show", "--model", "biased_svd", "--user", "u1", *quick[:2])
    assert (compared.code, shown.code) == (0, 0)


@pytest.mark.usefixtures("likes_file")
def test_a_model_of_ratings_is_refused_on_data_without_ratings(command: Command) -> None:
    done = command("study", "--model", "svdpp", "--data", "likes.csv", "--no-mlflow")
    assert done.code == 2
    assert "svdpp learns from ratings, and likes.csv has none; say which column they are in" in done.err
