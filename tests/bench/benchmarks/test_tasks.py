from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bench.benchmarks import GROUPS, tasks
from bench.benchmarks.measures import share_of_best
from bench.benchmarks.ours import shared_model
from bench.benchmarks.problem import Problem, load_fold, save_fold, tiny_fold
from bench.benchmarks.stopwatch import RunCompleteError, Stopwatch
from bench.benchmarks.tasks import Implementation, Task, tasks_of
from studies.registry import MODELS

#: Every adapter once; ials-128 has those of ials-64.
ALL = [(task, one) for task in tasks_of(GROUPS) if task.name != "ials-128" for one in task.implementations]


def tiny_problem(task: Task) -> Problem:
    return Problem(fold=tiny_fold(), threads=1, n_factors=task.n_factors, k=task.k)


@pytest.mark.parametrize(("task", "implementation"), ALL, ids=[f"{task.name}, {one.name}" for task, one in ALL])
def test_every_implementation_reaches_a_good_result(task: Task, implementation: Implementation) -> None:
    """On likes that follow a rule: every user likes the items next to the held-out item."""
    if not implementation.is_installed:
        pytest.skip(f"{implementation.module} is not installed")
    given = tiny_problem(task)
    watch = Stopwatch(max_laps=task.max_epochs)
    with pytest.raises(RunCompleteError):
        implementation.prepare(given)(watch)
    assert len(watch.laps) == task.max_epochs
    if task.needs_ratings:
        assert task.quality(given, watch.state) < 0.5  # the standard deviation of the ratings is 1.4
        return
    by_chance = 1 - 0.5 if task.name == "top-100" else 0.02
    assert task.quality(given, watch.state) > 3 * by_chance or task.quality(given, watch.state) == 1


def test_ours_comes_first_and_names_are_unique() -> None:
    for task in tasks_of(GROUPS):
        names = [implementation.name for implementation in task.implementations]
        assert task.implementations[0].is_ours
        assert len(set(names)) == len(names)
        assert task.exact is None or task.exact[0] in names


def test_a_model_that_is_not_registered_has_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "MODELS", {name: where for name, where in MODELS.items() if name != "bpr"})
    assert [task.name for task in tasks_of(["bpr", "warp"])] == ["warp"]


def test_groups_select_tasks_and_epochs_are_limited() -> None:
    assert [task.name for task in tasks_of(["ials"])] == ["ials-64", "ials-128"]
    assert [task.name for task in tasks_of(["ials-128", "ials"])] == ["ials-64", "ials-128"]
    limited = tasks_of(["ials-128", "ranks"], max_epochs=5)
    assert [(task.name, task.max_epochs) for task in limited] == [("ials-128", 5), ("ranks", 1)]


def test_a_wrong_list_lowers_the_share_of_best_items() -> None:
    given = tiny_problem(tasks_of(["top-100"])[0])
    right = shared_model(given).recommend(np.arange(200), 100).items
    assert share_of_best(given, right) == 1
    wrong = right.copy()
    wrong[:, 0] = given.fold.train.indices[given.fold.train.indptr[:-1]]  # seen
    assert share_of_best(given, wrong) == pytest.approx(0.99)


def test_a_fold_is_read_as_it_was_saved(tmp_path: Path) -> None:
    fold = tiny_fold(10)
    save_fold(tmp_path / "fold.npz", fold)
    again = load_fold(tmp_path / "fold.npz")
    assert (again.users == fold.users).all()
    assert again.user_features is None
    for name in ("train", "histories", "held_out", "item_features"):
        assert (getattr(again, name) != getattr(fold, name)).nnz == 0
    assert fold.ratings is not None
    assert again.ratings is not None
    assert (again.ratings.train.matrix != fold.ratings.train.matrix).nnz == 0
    assert (again.ratings.histories != fold.ratings.histories).nnz == 0
    assert again.ratings.withheld.ratings.tolist() == fold.ratings.withheld.ratings.tolist()


def test_the_peak_memory_is_measured_from_the_reset() -> None:
    from bench.benchmarks.process_memory import forget_peak, held_bytes, peak_bytes

    if not os.path.exists("/proc/self/clear_refs"):
        pytest.skip("this system does not report the memory of a process")
    forget_peak()
    before = held_bytes()
    block = np.ones(64 << 20, np.uint8)
    assert peak_bytes() - before > 0.9 * block.nbytes
    del block
    assert peak_bytes() - before > 0.9 * (64 << 20)
