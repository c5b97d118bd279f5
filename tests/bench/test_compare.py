"""The command of a comparison, from studies to page and back from its record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import models.memory
from studies.comparison import entrants
from tests.bench.conftest import Command

DATA = ("--data", "likes.csv")
QUICK = (*DATA, "--seeds", "2", "--no-mlflow")
HTML = Path("reports/html")


@pytest.fixture
def studied(likes_file: Path, command: Command) -> None:
    command("study", "--model", "item2item", *DATA, "--trials", "2", "--no-mlflow")


@pytest.mark.usefixtures("studied")
@pytest.mark.slow
def test_a_comparison_ends_with_its_results_and_files(command: Command, tmp_path: Path) -> None:
    done = command("compare", *QUICK, "--tune", "2", "--models", "item2item", "ials")
    assert (done.code, done.err) == (0, "")
    assert "Tuning ials: 2 trials" in done.out
    assert "Tuning item2item" not in done.out
    assert done.out.index("refitting ials, seed 1") < done.out.index("comparing")
    assert re.search(r"MRR@100 +95 % interval +fit +MAP@30\n", done.out)
    assert "The test split has been opened 1 time." in done.out
    files = [
        Path(line.split(": ")[1]) for line in done.out.splitlines() if line.startswith(("Report", "Record", "Rank"))
    ]
    assert [path.suffix for path in files] == [".html", ".json", ".npz"]
    assert all((tmp_path / path).stat().st_size for path in files)
    assert {"ials-likes.csv.html", "item2item-likes.csv.html"} <= {path.name for path in (tmp_path / HTML).iterdir()}


@pytest.mark.usefixtures("studied")
def test_the_page_is_written_again_from_the_record_alone(command: Command, tmp_path: Path) -> None:
    command("compare", *QUICK, "--name", "mine")
    page = tmp_path / HTML / "mine.html"
    before = page.read_bytes()
    page.unlink()
    (tmp_path / "likes.csv").unlink()
    (tmp_path / "mfbench.db").unlink()
    assert command("report", "--comparison", "mine").code == 0
    assert page.read_bytes() == before
    page.unlink()
    by_file = command("report", "--comparison", str(HTML / "mine.comparison.json"), "--report-dir", "elsewhere")
    assert (tmp_path / "elsewhere/mine.html").read_bytes() == before
    assert "Report: elsewhere/mine.html" in by_file.out


@pytest.mark.usefixtures("studied")
def test_vectors_for_the_projector_have_a_line_an_item(command: Command, tmp_path: Path) -> None:
    done = command("compare", *QUICK, "--tune", "1", "--models", "ials", "--projector", "vectors")
    assert done.code == 0, done.err
    vectors = (tmp_path / "vectors/ials/vectors.tsv").read_text().splitlines()
    metadata = (tmp_path / "vectors/ials/metadata.tsv").read_text().splitlines()
    assert metadata[0] == "title\tid\tlikes"
    assert len(metadata) == len(vectors) + 1
    assert len({line.count("\t") for line in vectors}) == 1


@pytest.mark.usefixtures("studied")
def test_mlflow_gets_the_comparison_too(command: Command, tmp_path: Path) -> None:
    done = command("compare", *DATA, "--seeds", "1", "--tracking-uri", f"sqlite:///{tmp_path}/mlflow.db")
    assert f"MLflow: sqlite:///{tmp_path}/mlflow.db" in done.out
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("likes.csv")
    runs = {run.info.run_name for run in client.search_runs([experiment.experiment_id])}
    assert {"compare-likes.csv", "item2item", "popularity", "random"} <= runs


@pytest.mark.usefixtures("studied")
def test_models_without_the_memory_they_need_are_left_out_unless_they_are_named(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.memory, "available_bytes", lambda: 2000)
    monkeypatch.setattr(entrants, "usable_models", lambda: ["ease", "popularity", "slim"])
    done = command("compare", *QUICK, "--tune", "2")
    assert done.code == 0
    assert [line.partition(" needs ")[0] for line in done.err.splitlines()] == ["Left out: ease", "Left out: slim"]
    named = command("compare", *QUICK, "--tune", "2", "--models", "ease")
    assert (named.code, named.err.count("\n")) == (2, 1)
    assert "error: ease needs 0.00 GB of memory for 26 items, and 0.00 GB are available" in named.err


@pytest.mark.usefixtures("studied")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seed", "3"), "cannot be compared: split.seed is 0 there and 3 here"),
        (("--models", "bpr"), "bpr has no study of likes.csv in the storage; tune it with bench.study"),
        (("--models", "iasl"), "Did you mean 'ials'?"),
        (("--metric", "map@30"), "metric is mrr@100 there and map@30 here"),
        (("--show-items", "qqqqqqqqqq"), "No item of likes.csv is like 'qqqqqqqqqq'"),
        (("--margin", "0"), "must be above 0, got 0"),
        (("--map", "tsne"), "'tsne' is none of pca, umap"),
        (("--storage", "sqlite:///empty.db"), "No model has a study of likes.csv in the storage"),
    ],
)
def test_what_cannot_be_compared_is_one_line_and_opens_nothing(
    command: Command, words: tuple[str, ...], message: str
) -> None:
    done = command("compare", *QUICK, *words)
    assert done.code == 2
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1
    after = command("compare", *DATA, "--seeds", "1", "--no-mlflow")
    assert "The test split has been opened 1 time." in after.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--comparison", "absent"), "Cannot read the comparison reports/html/absent.comparison.json"),
        (("--comparison", "x", "--study-name", "y"), "not allowed with argument"),
        ((), "one of the arguments --study-name --comparison is required"),
    ],
)
def test_a_report_of_something_missing_is_one_line(command: Command, words: tuple[str, ...], message: str) -> None:
    done = command("report", *words)
    assert done.code == 2
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_half_life_goes_from_the_study_into_the_comparison(command: Command, tmp_path: Path) -> None:
    rows = [f"u{u},i{i + 20 * (u % 2)},{(u + i) % 90 * 86400}" for u in range(80) for i in range(12) if (u * i) % 3]
    (tmp_path / "timed.csv").write_text("user_id,item_id,timestamp\n" + "\n".join(rows) + "\n")
    asked = ("--data", "timed.csv", "--no-mlflow")
    tuned = command("study", "--model", "item2item", *asked, "--trials", "2", "--half-life", "never", "30")
    assert (tuned.code, tuned.err) == (0, "")
    command("study", "--model", "ials", *asked, "--trials", "1", "--half-life", "30")
    done = command("compare", *asked, "--seeds", "1", "--models", "ials")
    assert (done.code, done.err) == (0, "")
    assert "half_life_days = 30" in next((tmp_path / HTML).glob("compare-*.html")).read_text()
    assert "fitted on all likes" in command("show", *asked[:2], "--model", "ials", "--user", "u1").err
    again = command("study", "--config", str(HTML / "item2item-timed.csv.toml"), "--half-life", "60")
    assert again.code == 2
    assert "half_life_days.choices is [None, 30.0] there and [60.0] here" in again.err
