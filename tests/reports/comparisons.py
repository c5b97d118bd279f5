"""Comparison records built by hand: a complete one, the smallest, and one with hostile names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from studies.record.comparison import (
    BlendRecord,
    ComparisonRecord,
    ConventionRecord,
    EntrantRecord,
    HeatmapRecord,
    ItemMapRecord,
    NeighboursRecord,
    OpeningRecord,
    PairRecord,
    SampleUserRecord,
    SliceRecord,
)
from studies.record.study import DataSummary, Estimate, SplitSummary
from tests.reports.conftest import DATA, HOSTILE, SPLIT

STARTED = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
SCORES = {"ials": 0.113, "warp": 0.111, "item2item": 0.086, "popularity": 0.040, "random": 0.001}
CUTS = (10, 30, 100)
SURE, UNSURE = 0.002, 0.02  #: half widths of the intervals of differences


def around(mean: float, half: float = 0.015) -> Estimate:
    return Estimate(mean, mean - half, mean + half)


def entrant(name: str, score: float, **more: Any) -> EntrantRecord:
    is_floor = name in ("popularity", "random")
    metrics = {"mrr@100": around(score), "map@30": around(score * 0.97)}
    metrics |= {f"{m}@{k}": around(score * (1 + k / 50)) for m in ("hr", "ndcg", "recall") for k in CUTS}
    beyond = {f"{b}@{k}": 0.5 for b in ("coverage", "gini", "popularity", "novelty", "diversity") for k in CUTS}
    values: dict[str, Any] = {
        "name": name,
        "is_floor": is_floor,
        "study": None if is_floor else f"{name}-movielens-small",
        "n_trials": 0 if is_floor else 30,
        "config": {} if is_floor else {"n_factors": 64, "reg": 0.003, "n_epochs": 12},
        "metrics": metrics,
        "by_seed": {metric: (e.mean - 0.003, e.mean + 0.003) for metric, e in metrics.items()},
        "validation": {} if is_floor else {"mrr@100": around(score + 0.004)},
        "beyond": beyond,
        "tie_share": 0.0,
        "fit_seconds": (0.4, 0.5),
        "batch_milliseconds": 0.08,
        "single_milliseconds": 0.3,
        "megabytes": 0.02 if is_floor else 4.9,
    }
    return EntrantRecord(**{**values, **more})


def pair(a: str, b: str, difference: float, *, half: float = SURE, p: float = 0.0001, **more: Any) -> PairRecord:
    values: dict[str, Any] = {"effect_size": 0.2, "p": p, "p_adjusted": min(1.0, 3 * p), "is_equivalent": False}
    return PairRecord(a=a, b=b, difference=around(difference, half), **{**values, **more})


def all_pairs(names: list[str]) -> tuple[PairRecord, ...]:
    """All pairs, with established differences that follow from ``SCORES``."""
    return tuple(pair(a, b, SCORES[a] - SCORES[b]) for a, b in combinations(names, 2))


def comparison(scores: dict[str, float] | None = None, **more: Any) -> ComparisonRecord:
    scores = SCORES if scores is None else scores
    names = [name for name in scores if name != "random"]
    tuned = [name for name in names if name != "popularity"]
    order = tuple(reversed(names))
    titles = tuple(f"Film {number}, The" for number in range(12))
    lists = {name: titles[i : i + 10] for i, name in enumerate(tuned)}
    merges = [
        (
            float(i) if i == 1 else float(len(order) + i - 2),
            float(i - 1) if i == 1 else float(i),
            0.3 + 0.1 * i,
            i + 1.0,
        )
        for i in range(1, len(order))
    ]
    values: dict[str, Any] = {
        "name": "compare-movielens-small",
        "id": "0f" * 16,
        "metric": "mrr@100",
        "margin": 0.005,
        "seeds": (0, 1),
        "seed": 0,
        "command": "python -m bench.compare --seeds 2",
        "started": STARTED,
        "seconds": 42.5,
        "data": DATA,
        "split": SPLIT,
        "openings": (OpeningRecord(id="0f" * 16, when=STARTED, command="python -m bench.compare --seeds 2"),),
        "entrants": tuple(entrant(name, score) for name, score in scores.items()),
        "pairs": all_pairs(names),
        "slices": tuple(
            SliceRecord(by=by, label=label, n=160, scores={name: around(scores[name]) for name in names})
            for by in ("activity", "popularity", "rarity")
            for label in ("2 to 20", "21 to 1,114")
        ),
        "conventions": tuple(
            ConventionRecord(library=library, ties=ties, divisor="min(k, n)", mrr=moved, map=moved)
            for library, ties, moved in (
                ("mfbench", "half", scores),
                ("implicit", "highest index first", {name: score + 0.01 for name, score in scores.items()}),
            )
        ),
        "order": order,
        "merges": tuple(merges),
        "heatmaps": tuple(_heatmaps(order)),
        "blends": tuple(_blend(members, scores) for members in combinations(tuned, 2)),
        "neighbours": (NeighboursRecord(item="Film 0, The", n_likes=159, lists=lists),) if tuned else (),
        "sample_users": (
            SampleUserRecord(
                user="17",
                n_history=30,
                history=titles[:4],
                hidden=("Film 3, The",),
                ranks=dict.fromkeys(tuned, 4.0),
                lists=lists,
            ),
        ),
        "map_titles": titles,
        "map_likes": tuple(range(240, 0, -20)),
        "maps": tuple(
            ItemMapRecord(
                name=name,
                method="pca",
                explained=0.2,
                x=tuple(float((7 * i) % 12) for i in range(12)),
                y=tuple(float((5 * i) % 12) for i in range(12)),
            )
            for name in tuned[:2]
        ),
        "notation": "rank: 1 + unseen items that score higher.",
        "formulas": {"MRR": "RR@k = 1 / rank_1 if rank_1 <= k, else 0"},
        "environment": {"processor": "a processor", "python": "3.11.9"},
    }
    return ComparisonRecord(**{**values, **more})


def smallest() -> ComparisonRecord:
    """Only one baseline and one seed, so that there is nothing to compare."""
    record = comparison({"popularity": 0.04})
    alone = replace(record.entrants[0], by_seed={"mrr@100": (0.04,)}, fit_seconds=(0.1,))
    return replace(
        record,
        entrants=(alone,),
        seeds=(0,),
        merges=(),
        heatmaps=(),
        blends=(),
        neighbours=(),
        sample_users=(),
        maps=(),
    )


def hostile() -> ComparisonRecord:
    """Every text from outside is markup that would run if it were not escaped."""
    record = comparison()
    lists = dict.fromkeys(("ials", "warp", "item2item"), (HOSTILE, "a film"))
    return replace(
        record,
        name=HOSTILE,
        command=f"python -m bench.compare --name '{HOSTILE}'",
        data=DataSummary(**{**vars(DATA), "name": HOSTILE, "terms": HOSTILE, "dropped": {HOSTILE: 3}}),
        split=SplitSummary(**{**vars(SPLIT), "holdout": HOSTILE}),
        openings=(OpeningRecord(id="x", when=STARTED, command=HOSTILE),),
        entrants=tuple(replace(e, study=HOSTILE, config={HOSTILE: HOSTILE}) for e in record.entrants),
        neighbours=(NeighboursRecord(item=HOSTILE, n_likes=3, lists=lists),),
        sample_users=(
            SampleUserRecord(
                user=HOSTILE, n_history=2, history=(HOSTILE,), hidden=(HOSTILE,), ranks={"ials": 1.0}, lists=lists
            ),
        ),
        map_titles=(HOSTILE,) * 12,
        environment={HOSTILE: HOSTILE},
    )


def _heatmaps(order: tuple[str, ...]) -> list[HeatmapRecord]:
    """Each value identifies its heatmap by the position of the measure and by k."""
    found = []
    for of, among in (("recommendations", ("all", "2 to 20")), ("neighbours", ("all", "5 to 9"))):
        for i, measure in enumerate(("overlap", "jaccard", "rbo", "tau")):
            for k in CUTS:
                base = 0.1 * (i + 1) + k / 1000 + (0.4 if of == "neighbours" else 0)
                values = tuple(tuple(0.9 if a == b else base for b in order) for a in order)
                found += [
                    HeatmapRecord(of=of, measure=measure, k=k, among=each, n=666, values=values, residual=0.01)
                    for each in among
                ]
    return found


def _blend(members: tuple[str, ...], scores: dict[str, float]) -> BlendRecord:
    best = max(members, key=lambda name: scores[name])
    return BlendRecord(
        members=members,
        found_by_all=0.12,
        found_by_one=dict.fromkeys(members, 0.05),
        found_by_any=0.22,
        oracle=scores[best] + 0.02,
        validation=scores[best] + 0.003,
        best_member=best,
        best_member_validation=scores[best],
        test=around(scores[best] + 0.004),
        gain=around(0.004, 0.006),
    )
