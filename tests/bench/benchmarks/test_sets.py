from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.benchmarks.sets import LARGE, STANDARD, NamedData, load_benchmark_data, sets_for
from bench.datasets.options import DataOptions
from bench.datasets.synthetic import PREFIX, parse_synthetic


def test_given_data_replaces_the_standard_sets() -> None:
    assert sets_for("mine.csv", with_large=True) == (NamedData("mine.csv"),)
    assert sets_for(None, with_large=False) == STANDARD
    assert sets_for(None, with_large=True) == (*STANDARD, LARGE)


def test_the_synthetic_sets_have_the_documented_sizes() -> None:
    sizes = [parse_synthetic(one.data) for one in (*STANDARD, LARGE) if one.data.startswith(PREFIX)]
    assert [(one.users, one.items, one.pairs) for one in sizes] == [
        (6_018, 3_018, 933_517),
        (29_858, 40_981, 810_000),
        (138_000, 27_000, 20_000_000),
    ]


def test_play_counts_become_weight_1_and_test_likes_are_left_out(tmp_path: Path) -> None:
    rows = [f"u{user},i{(user * 7 + i) % 50},{i + 1}" for user in range(30) for i in range(6)]
    (tmp_path / "plays.csv").write_text("user,item,plays\n" + "\n".join(rows) + "\n")
    data = load_benchmark_data(NamedData(str(tmp_path / "plays.csv")), DataOptions(), seed=0)
    assert data.about.label == "plays.csv"
    assert set(np.unique(data.fold.train.data)) == {1.0}
    # one of the six likes of each user is held out for validation, and another one for the test
    assert (data.fold.held_out.nnz, data.fold.train.nnz, data.about.n_likes) == (30, 120, 120)
