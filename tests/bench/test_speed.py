from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench import speed
from bench.benchmarks import latency
from models.testing import random_likes
from studies.record.speed import OPERATIONS
from studies.registry import MODELS, load_spec

ROOT = Path(__file__).resolve().parents[2]
TINY = ("--data", "synthetic:users=80,items=70,pairs=700", "--calls", "1", "--threads", "1")


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(*words: str) -> int:
    try:
        return speed.main(words)
    except SystemExit as stop:
        return int(stop.code or 0)


@pytest.mark.slow
def test_every_operation_of_every_model_is_timed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*TINY) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].endswith("seconds a call, median and 99th percentile, on 1 thread")
    assert lines[1].split() == sorted(MODELS)
    asked = [f"top N of one user, N = {n}" for n in ("1", "10", "100", "1,000", "10,000")]
    for row in ("fit", *asked, "ranking given items, 10 items", "fold-in of one user", "top 10 from a history"):
        assert sum(line.startswith(f"{row}  ") for line in lines) == 1, row
    record = json.loads(Path("reports/html/speed.json").read_text())
    assert [model["model"] for model in record["models"]] == sorted(MODELS)
    assert (record["threads"], record["n_users"], record["n_likes"]) == (1, 80, 700)
    for model in record["models"]:
        operations = {each["operation"] for each in model["latencies"]}
        assert operations in (set(OPERATIONS), set(OPERATIONS) - {"fold-in of one user"})
        assert all(0 < each["median"] <= each["p99"] and each["n_calls"] == 1 for each in model["latencies"])
    assert Path("reports/html/speed.html").exists()


def test_columns_beyond_the_width_of_the_terminal_follow_below(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert call(*TINY, "--only", "popularity,random,item2item") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.startswith("   ")] == [["popularity", "random"], ["item2item"]]
    assert sum(line.startswith("fit  ") for line in lines) == 2
    assert max(map(len, lines[1 : lines.index("")])) <= 80


def test_parameters_are_parsed_by_the_config() -> None:
    config = latency.config_with("bpr", {"n_epochs": "150", "reg_user": "1e-4", "negatives": "uniform"})
    assert (config.n_epochs, config.reg_user, config.negatives) == (150, 1e-4, "uniform")
    assert latency.config_with("item2item", {"max_history": "7"}).max_history == 7


def test_the_timed_fit_has_the_given_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    epochs: list[int] = []
    model_type = load_spec("ials").model
    fit = model_type.fit
    monkeypatch.setattr(
        model_type, "fit", lambda self, train: (epochs.append(self.config.n_epochs), fit(self, train))[1]
    )
    assert call(*TINY, "--only", "ials", "--set", "ials.n_epochs=2") == 0
    assert epochs == [2]


def test_a_median_and_a_percentile_are_those_of_the_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        """Each call takes 0.01 s more than the one before, including the three untimed calls."""

        now, step = 0.0, 0.0

        def perf_counter(self) -> float:
            return self.now

        def work(self, _: object) -> None:
            self.step += 0.01
            self.now += self.step

    clock = Clock()
    monkeypatch.setattr(latency, "time", clock)
    kind = latency._Kind("top N of one user", 10, lambda rng: 0, clock.work)
    measured = latency._measure(kind, 21, np.random.default_rng(0))
    assert measured.n_calls == 21
    assert measured.median == pytest.approx(0.14)  # calls 4 to 24 are timed
    assert measured.p99 == pytest.approx(0.238)


def test_what_is_slow_is_called_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "MOST_SECONDS", 0.0)
    kind = latency._Kind("top N of one user", 10, lambda rng: 0, lambda _: None)
    assert latency._measure(kind, 200, np.random.default_rng(0)).n_calls == latency.LEAST_CALLS


def test_queries_of_one_user_have_all_list_lengths() -> None:
    measured = latency.measure_model("popularity", random_likes(), n_calls=1, threads=1, seed=0)
    assert [each.n for each in measured.of("top N of one user")] == [1, 10, 100, 1_000, 10_000]
    assert [each.n for each in measured.of("ranking given items")] == [10]
    assert measured.of("fold-in of one user") == ()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--only", "iasl"), "Unknown model 'iasl'. Choose one of: "),
        (("--set", "bpr.n_epochs"), "'bpr.n_epochs' is not MODEL.NAME=VALUE, such as bpr.n_epochs=150"),
        (("--set", "brp.n_epochs=3"), "Unknown model 'brp'. Choose one of: "),
        (("--set", "bpr.epochs=3"), "bpr has no setting 'epochs'. Choose one of: n_factors, "),
        (("--set", "bpr.n_epochs=many"), "bpr.n_epochs takes values such as 40, got 'many'"),
        (("--set", "bpr.n_epochs=0"), "n_epochs must be at least 1, got 0"),
        (("--set", "item2item.max_history=few"), "item2item.max_history takes values such as None, got 'few'"),
        (("--calls", "0"), "must be at least 1, got 0"),
        (("--data", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_a_mistake_of_the_user_is_one_line_and_exit_code_2(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*words) == 2
    err = capsys.readouterr().err
    assert err.startswith("python -m bench.speed: error: ")
    assert message in err
    assert err.count("\n") == 1


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom bench.speed import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('HEAVY', sorted({'numba', 'plotly', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "examples:" in done.stdout
    assert done.stdout.endswith("HEAVY []\n")
