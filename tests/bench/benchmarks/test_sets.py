from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.benchmarks.sets import LARGE, STANDARD, NamedData, load_benchmark_data, sets_for
from bench.datasets.options import DataOptions
from bench.datasets.synthetic import PREFIX, parse_synthetic


def test_the_data_that_was_asked_for_is_all_there_is() -> None:
    assert sets_for("mine.csv", with_large=True) == (NamedData("mine.csv"),)
    assert sets_for(None, with_large=False) == STANDARD
    assert sets_for(None, with_large=True) == (*STANDARD, LARGE)


def test_the_made_up_sets_can_be_made_and_are_as_large_as_they_say() -> None:
    sizes = [parse_synthetic(one.data) for one in (*STANDARD, LARGE) if one.data.startswith(PREFIX)]
    assert [(one.users, one.items, one.pairs) for one in sizes] == [
        (6_018, 3_018, 933_517),
        (29_858, 40_981, 810_000),
        (138_000, 27_000, 20_000_000),
    ]


def test_play_counts_become_likes_and_test_likes_are_nowhere(tmp_path: Path) -> None:
    rows = [f"u{user},i{(user * 7 + place) % 50},{place + 1}" for user in range(30) for place in range(6)]
    (tmp_path / "plays.csv").write_text("user,item,plays\n" + "\n".join(rows) + "\n")
    data = load_benchmark_data(NamedData(str(tmp_path / "plays.csv")), DataOptions(), seed=0)
    assert data.about.label == "plays.csv"
    assert set(np.unique(data.fold.train.data)) == {1.0}
    # of each of the 30 users one like is hidden for validation, and another one for the test
    assert (data.fold.held_out.nnz, data.fold.train.nnz, data.about.n_likes) == (30, 120, 120)
