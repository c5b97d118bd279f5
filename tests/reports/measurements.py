"""Records of ``bench.peers`` and ``bench.speed`` built by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from studies.record.peers import Contest, DataSet, Entry, PeersRecord
from studies.record.speed import Latency, ModelSpeed, SpeedRecord

STARTED = datetime(2026, 11, 21, 17, 50, tzinfo=UTC)


def entry(name: str, library: str, *, seconds: float, values: tuple[float, ...] = (), at: int = 0) -> Entry:
    return Entry(
        name=name,
        library=library,
        is_ours=library == "mfbench",
        seconds=(seconds, 1.2 * seconds, 0.9 * seconds),
        cpu_seconds=(2 * seconds,) * 3,
        target_seconds=tuple(at * factor * seconds for factor in (1, 1.2, 0.9)) if at else (),
        lap_seconds=tuple(seconds for _ in values or (0,)),
        values=values,
        quality=0.11,
        peak_bytes=300 << 20,
        added_bytes=5 << 20,
    )


def contest(task: str, title: str, data: str, entries: tuple[Entry, ...], **more: Any) -> Contest:
    fields: dict[str, Any] = {
        "unit": "a fit",
        "threads": 2,
        "watched": "",
        "target": None,
        "target_rule": "",
        "quality": "MRR@100",
    }
    return Contest(data=data, task=task, title=title, entries=entries, **(fields | more))


def ials(data: str) -> Contest:
    losses = (3000.0, 2200.0, 2100.0)
    return contest(
        "ials-64",
        "iALS, 64 factors",
        data,
        (
            entry("mfbench cg", "mfbench", seconds=0.06, values=losses, at=3),
            entry("mfbench subspace", "mfbench", seconds=0.05, values=losses, at=2),
            entry("implicit CG", "implicit", seconds=0.15, values=losses),
            entry("irspack CG", "irspack", seconds=0.03, values=losses, at=3),
        ),
        unit="an iteration",
        watched="loss",
        target=2102.1,
        target_rule="within 0.1% of the exact solver's loss after 8 iterations",
    )


def warp(data: str) -> Contest:
    curve = (0.05, 0.07, 0.09)
    entries = (
        entry("mfbench", "mfbench", seconds=0.2, values=curve, at=3),
        entry("lightfm-next", "lightfm", seconds=1.6, values=curve, at=3),
    )
    return contest("warp", "WARP, 64 factors", data, entries, watched="MRR@100", target=0.089, target_rule="nearly")


def peers_record(name: str = "movielens-small", **more: Any) -> PeersRecord:
    failed = Entry(name="irspack", library="irspack", is_ours=False, problem=name)
    neighbors = contest(
        "item2item", "Item neighbours", name, (entry("mfbench", "mfbench", seconds=0.2), failed), unit="a fit"
    )
    data = DataSet(
        label=name, name=name, n_users=671, n_items=6170, n_likes=50236, n_validation_users=666, content_hash="04f7"
    )
    fields: dict[str, Any] = {
        "contests": (ials(name), warp(name), neighbors),
        "skipped": {"lightfm-next": "not installed"},
    }
    return PeersRecord(
        command=f"python -m bench.peers --data '{name}'",
        started=STARTED,
        seconds=81.2,
        n_runs=3,
        sets=(data, replace(data, label="other", terms=name)),
        environment={"cores": "2"},
        **(fields | more),
    )


def speed_record(name: str = "movielens-small", n_models: int = 7) -> SpeedRecord:
    def latency(operation: str, n: int) -> Latency:
        return Latency(operation=operation, n=n, n_calls=200, median=1e-4 * n**0.3, p99=5e-4 * n**0.3)

    swept = tuple(latency("top N of one user", n) for n in (1, 10, 100, 1000, 10000))
    swept += tuple(latency("top 10 of many users", n) for n in (1, 10, 100))
    models = tuple(
        ModelSpeed(
            model=f"model{number}",
            fit_seconds=0.4,
            latencies=(*swept, latency("ranking given items", 10), *[latency("fold-in of one user", 1)] * (number % 2)),
        )
        for number in range(n_models)
    )
    return SpeedRecord(
        command="python -m bench.speed",
        started=STARTED,
        seconds=20.0,
        threads=2,
        data=name,
        n_users=671,
        n_items=6170,
        n_likes=51568,
        content_hash="04f7",
        terms=name,
        models=models,
        environment={"cores": "2"},
    )
