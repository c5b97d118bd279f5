"""Study records built by hand, from a complete study to edge cases, and a browser to open their pages."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reports.study.page import write_study
from studies.record.study import (
    DataSummary,
    Estimate,
    Gain,
    ParameterRange,
    SplitSummary,
    StudyRecord,
    TrialRecord,
)

STARTED = datetime(2026, 11, 21, 17, 50, tzinfo=UTC)
HOSTILE = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>\u202e'\"&{{7*7}}\n<b>"
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SPACE = {
    "n_factors": ParameterRange(
        source="Rendle et al. 2021, arXiv:2110.14037", low=8, high=256, log=True, is_integer=True
    ),
    "reg": ParameterRange(source="irspack and arXiv:2110.14037", low=1e-4, high=1e-1, log=True),
    "unobserved_weight": ParameterRange(source="irspack and arXiv:2110.14037", low=3e-3, high=1.0, log=True),
    "nu": ParameterRange(source="arXiv:2110.14037, section 4", low=0.0, high=1.0),
    "confidence": ParameterRange(source="Hu, Koren & Volinsky 2008, equations 1 and 6", choices=("linear", "log")),
    "scale_by_frequency": ParameterRange(source="arXiv:2110.14037", choices=(False, True)),
}
DEFAULTS = {
    "n_factors": 64,
    "reg": 0.01,
    "unobserved_weight": 0.1,
    "nu": 0.5,
    "confidence": "linear",
    "scale_by_frequency": True,
}
DATA = DataSummary(
    name="movielens-small",
    n_users=671,
    n_items=9066,
    n_likes=51568,
    rows_read=100004,
    dropped={"rating below 4": 48436},
    content_hash="sha256:2a7d0f0b6f9a1c34",
    positive_from=4.0,
    terms=(
        "GroupLens Research, University of Minnesota. Research use; no implied endorsement.\n"
        "F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context."
    ),
)
SPLIT = SplitSummary(
    kind="leave-one-out",
    protocol="warm",
    holdout="1 random like a user",
    seed=42,
    n_eligible_users=666,
    n_test_users=666,
    n_validation_users=666,
    n_draws=5,
    n_train_likes=50236,
    test_hash="sha256:91be03a5c7d2e840",
    validation_hash="sha256:d81f4ee0a9b3c657",
    n_hidden=1,
)


def around(mean: float, half: float = 0.009) -> Estimate:
    return Estimate(mean, mean - half, mean + half)


def study(
    name: str = "ials-movielens-small",
    *,
    trials: tuple[TrialRecord, ...],
    space: dict[str, ParameterRange] | None = None,
    **more: Any,
) -> StudyRecord:
    """A record of these trials; values that follow from them are computed as a search would."""
    record = StudyRecord(
        name=name,
        id="20261121-175000-5c1e",
        model="ials",
        metric="mrr@100",
        n_trials=len(trials),
        seed=42,
        command="python -m bench.study --model ials --trials 30 --seed 42",
        started=STARTED,
        seconds=27.4,
        data=DATA,
        split=SPLIT,
        space=SPACE if space is None else space,
        notation="rank: 1 + unseen items that score higher + half of those that tie.\n"
        "hits: held-out items in the list.",
        formulas={
            "mrr@100": "mean over test users of 1/rank where rank <= 100, else 0",
            "map@30": "mean over test users of the sum over hits of precision@rank / min(30, held-out items)",
        },
        trials=trials,
        floors={"popularity": {"mrr@100": around(0.0398, 0.006), "map@30": around(0.0381, 0.006)}},
        gains=(),
        importances={},
        best_config={},
        environment={"machine": "2 cores, 8 GB", "python": "3.11.9", "numpy": "2.4.6", "mfbench": "0.1.0 (5c1e0f2)"},
    )
    best = record.best
    if best is None:
        return replace(record, **more)
    return replace(record, **{"best_config": {**best.params, "n_epochs": best.n_epochs or 1}, **more})


def trial(number: int, rng: Random) -> TrialRecord:
    """A trial with parameters drawn from the space; its quality has a maximum inside the space."""
    params: dict[str, Any] = dict(DEFAULTS)
    if number:
        params |= {
            "n_factors": round(2 ** rng.uniform(3, 8)),
            "reg": 10 ** rng.uniform(-4, -1),
            "unobserved_weight": 10 ** rng.uniform(-2.5, 0),
            "nu": rng.random(),
            "confidence": rng.choice(["linear", "log"]),
            "scale_by_frequency": rng.random() < 0.5,
        }
    off = (math.log10(params["unobserved_weight"]) + 1.2) ** 2 + 0.3 * (math.log10(params["reg"]) + 2.5) ** 2
    top = 0.118 - 0.014 * off - 0.01 * (params["nu"] - 0.7) ** 2 + rng.gauss(0, 0.001)
    curve = tuple(top * (1 - math.exp(-0.55 * (e + 1))) + rng.gauss(0, 0.0006) for e in range(rng.randint(7, 14)))
    seconds = 0.3 + params["n_factors"] / 90 * len(curve) / 10
    when = STARTED + timedelta(seconds=number)
    common: dict[str, Any] = {"number": number, "params": params, "started": when, "is_default": number == 0}
    if number % 11 == 7:
        error = "MemoryError: cannot allocate 2.1 GB for the item factors (9066 x 256, float32)"
        return TrialRecord(state="failed", error=error, seconds=0.4, **common)
    if number > 9 and top < 0.1:
        cut = curve[:4]
        return TrialRecord(
            state="pruned", value=max(cut), curve=cut, seconds=seconds / 2, fit_seconds=seconds / 3, **common
        )
    value = max(curve)
    return TrialRecord(
        state="complete",
        value=value,
        curve=curve,
        n_epochs=curve.index(value) + 1,
        metrics={"mrr@100": around(value), "map@30": around(value - 0.0021)},
        seconds=seconds + 0.2,
        fit_seconds=seconds,
        evaluate_seconds=0.2,
        tie_share=0.0,
        **common,
    )


def full(n_trials: int = 30, **more: Any) -> StudyRecord:
    rng = Random(7)
    trials = tuple(trial(number, rng) for number in range(n_trials))
    base = study(trials=trials)
    assert base.best is not None
    best, other = base.best.metrics, trials[0].metrics
    floor = base.floors["popularity"]
    gains = []
    for metric in ("mrr@100", "map@30"):
        for over, against in (("defaults", other), ("popularity", floor)):
            difference = best[metric].mean - against[metric].mean
            gains.append(Gain(over=over, metric=metric, difference=around(difference, 0.0031), other=against[metric]))
    shares = [0.09, 0.21, 0.58, 0.07, 0.035, 0.015]
    return replace(base, gains=tuple(gains), importances=dict(zip(SPACE, shares, strict=True)), **more)


def rescored() -> StudyRecord:
    """The best five trials have scores on fresh draws, on which the best of the search is not the winner."""
    base = full()
    ranked = sorted(base.complete, key=lambda t: -(t.value or 0.0))[:5]
    fresh = {
        trial.number: (trial.value or 0.0) - drop / 1000 for trial, drop in zip(ranked, (9, 1, 6, 5, 7), strict=True)
    }
    trials = []
    for trial in base.trials:
        if trial.number in fresh:
            means = (fresh[trial.number], (trial.metrics["mrr@100"].mean + fresh[trial.number]) / 2)
            again, overall = ({"mrr@100": around(mean), "map@30": around(mean)} for mean in means)
            trial = replace(trial, fresh=again, overall=overall)
        trials.append(trial)
    return replace(base, trials=tuple(trials), winner=ranked[1].number, n_rescored=5)


def pareto() -> StudyRecord:
    """A study of two metrics with different best trials."""
    rng = Random(11)
    base = full(n_trials=24)
    trials = []
    for trial in base.trials:
        if trial.state == "complete":
            second = 0.3 - 1.2 * abs((trial.value or 0.0) - 0.108) + rng.gauss(0, 0.004)
            trial = replace(trial, metrics={**trial.metrics, "recall@30": around(second, 0.02)})
        trials.append(trial)
    done = [trial for trial in trials if trial.state == "complete"]
    pairs = {trial.number: (trial.metrics["mrr@100"].mean, trial.metrics["recall@30"].mean) for trial in done}
    beaten = {
        n for n, (a, b) in pairs.items() if any(x >= a and y >= b and (x, y) != (a, b) for x, y in pairs.values())
    }
    front = sorted(pairs.keys() - beaten, key=lambda n: -pairs[n][0])
    return replace(base, trials=tuple(trials), second_metric="recall@30", front=tuple(front), winner=front[0])


def one_trial() -> StudyRecord:
    return study(trials=(trial(0, Random(1)),))


def all_failed() -> StudyRecord:
    rng = Random(1)
    failed = tuple(replace(trial(7, rng), number=n, is_default=n == 0) for n in range(4))
    return study(trials=failed, floors={})


def nothing_yet() -> StudyRecord:
    return study(trials=(), floors={})


def only_pruned_and_running() -> StudyRecord:
    rng = Random(3)
    pruned = TrialRecord(number=0, state="pruned", params=trial(1, rng).params, value=0.03, curve=(0.02, 0.03))
    running = TrialRecord(number=1, state="running", params=trial(2, rng).params)
    return study(trials=(pruned, running))


def no_parameters() -> StudyRecord:
    metrics = {"mrr@100": around(0.04), "map@30": around(0.038)}
    only = TrialRecord(
        number=0,
        state="complete",
        params={},
        value=0.04,
        metrics=metrics,
        fit_seconds=0.01,
        seconds=0.3,
        is_default=True,
    )
    return study("popularity-study", trials=(only,), space={}, model="popularity", best_config={})


def one_step_model() -> StudyRecord:
    """A model without epochs, with a numeric parameter that has choices, and with very long names."""
    rng = Random(5)
    long_name = "a_parameter_whose_name_somebody_made_" + "very_" * 12 + "long"
    space = {
        "n_neighbours": ParameterRange(source="seed 004", low=4, high=1000, log=True, is_integer=True),
        long_name: ParameterRange(source="a source that goes on " * 12, choices=("cosine", "tf-idf", "bm25", "x" * 90)),
        "shrinkage": ParameterRange(source="seed 004", choices=(0, 10, 100)),
    }
    trials = tuple(
        TrialRecord(
            number=n,
            state="complete",
            params={
                "n_neighbours": rng.randint(4, 1000),
                long_name: rng.choice(space[long_name].choices),
                "shrinkage": rng.choice([0, 10, 100]),
            },
            value=(value := 0.07 + rng.gauss(0, 0.004)),
            metrics={"mrr@100": around(value)},
            fit_seconds=rng.uniform(0.01, 0.03),
            seconds=0.2,
            curve=(value,) if n % 2 else (),
        )
        for n in range(12)
    )
    return study("item2item", trials=trials, space=space, model="item2item")


def hostile() -> StudyRecord:
    rng = Random(2)
    space = {HOSTILE: ParameterRange(source=HOSTILE, choices=(HOSTILE, "tame")), "reg": SPACE["reg"]}
    trials = tuple(
        replace(trial(n, rng), params={HOSTILE: HOSTILE if n % 2 else "tame", "reg": 0.001 * (n + 1)}, error=HOSTILE)
        for n in range(9)
    )
    return study(
        HOSTILE,
        trials=trials,
        space=space,
        importances={HOSTILE: 0.9, "reg": 0.1},
        model=HOSTILE,
        command=f"python -m bench.study --study-name '{HOSTILE}'",
        data=replace(DATA, name=HOSTILE, terms=HOSTILE, dropped={HOSTILE: 3}, content_hash=HOSTILE),
        split=replace(SPLIT, kind=HOSTILE, protocol=HOSTILE, holdout=HOSTILE, test_hash=HOSTILE),
        notation=HOSTILE,
        id=HOSTILE,
        formulas={HOSTILE: HOSTILE},
        environment={HOSTILE: HOSTILE},
        floors={HOSTILE: {"mrr@100": around(0.04)}},
        gains=(Gain(over=HOSTILE, metric="mrr@100", difference=around(0.01), other=around(0.04)),),
    )


RECORDS: dict[str, Callable[[], StudyRecord]] = {
    "full": full,
    "rescored": rescored,
    "pareto": pareto,
    "pareto-without-a-completed-trial": lambda: replace(all_failed(), second_metric="recall@30"),
    "500-trials": lambda: full(500),
    "one-trial": one_trial,
    "all-failed": all_failed,
    "nothing-yet": nothing_yet,
    "only-pruned-and-running": only_pruned_and_running,
    "no-parameters": no_parameters,
    "one-step-model": one_step_model,
    "hostile": hostile,
}


@pytest.fixture
def record() -> StudyRecord:
    return full()


@pytest.fixture(params=RECORDS)
def any_record(request: pytest.FixtureRequest) -> StudyRecord:
    return RECORDS[request.param]()


@pytest.fixture
def hostile_record() -> StudyRecord:
    return hostile()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield launched
        launched.close()


@pytest.fixture
def opened_file(browser: Any) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a page; console messages, errors and requests of the page fail the test."""
    complaints: list[str] = []
    pages = []

    def open_page(path: Path, **context: Any) -> Any:
        url = path.as_uri()
        page = browser.new_page(**{"viewport": {"width": 1280, "height": 900}, **context})
        pages.append(page)
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", lambda request: request.url == url or complaints.append(f"request: {request.url[:200]}"))
        page.goto(url)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert complaints == []


@pytest.fixture
def opened(opened_file: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Return a function that writes the page of a study and opens it like ``opened_file``."""
    return lambda record, **context: opened_file(write_study(record, tmp_path), **context)
