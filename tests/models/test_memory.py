"""The available memory, as Linux reports it, and the memory that models need."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import models.memory
from bench.benchmarks.process_memory import forget_peak, held_bytes, peak_bytes
from models.base import Recommender
from models.ease import EASE
from models.memory import available_bytes, n_in_memory, zeros_in_memory
from models.slim import SLIM


def system(folder: Path, files: dict[str, str]) -> tuple[Path, Path]:
    for name, text in {"proc/meminfo": "MemTotal: 99 kB\nMemAvailable:   4000 kB\n", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "proc", folder / "groups"


def test_without_a_limit_the_available_memory_is_that_of_the_system(tmp_path: Path) -> None:
    assert available_bytes(*system(tmp_path, {})) == 4000 * 1024
    unlimited = {"proc/self/cgroup": "0::/a\n", "groups/a/memory.max": "max\n", "groups/a/memory.current": "5\n"}
    assert available_bytes(*system(tmp_path, unlimited)) == 4000 * 1024


def test_the_tightest_control_group_of_the_process_limits_the_memory(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "3:cpu:/x\n0::/a/b\n",
        "groups/a/memory.max": "900000\n",
        "groups/a/memory.current": "800000\n",
        "groups/a/memory.stat": "anon 700000\ninactive_file 50000\n",
        "groups/a/b/memory.max": "max\n",
        "groups/a/b/memory.current": "600000\n",
    }
    assert available_bytes(*system(tmp_path, files)) == 900_000 - 800_000 + 50_000


def test_control_groups_of_version_1_limit_the_memory_too(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "4:memory:/a\n",
        "groups/memory/a/memory.limit_in_bytes": "300000\n",
        "groups/memory/a/memory.usage_in_bytes": "400000\n",
        "groups/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "groups/memory/memory.usage_in_bytes": "1\n",
    }
    assert available_bytes(*system(tmp_path, files)) == 0


def test_memory_is_unlimited_where_the_system_does_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert available_bytes(tmp_path / "no", tmp_path / "no") is None
    monkeypatch.setattr(models.memory, "available_bytes", lambda: None)
    assert zeros_in_memory((2, 3), "this").tolist() == [[0.0] * 3] * 2
    assert n_in_memory(1) > 10**9


@pytest.mark.parametrize("model", [EASE, SLIM])
def test_a_fit_needs_as_much_memory_as_bytes_to_fit_says(model: type[Recommender[Any]]) -> None:
    n_items = 4000
    likes = sp.csr_array(sp.random(300, n_items, density=0.01, dtype=np.float32, random_state=0))
    model().fit(likes[:, :50])  # compiles
    gc.collect()
    forget_peak()
    held = held_bytes()
    model().fit(likes)
    assert 0.9 < (peak_bytes() - held) / model.bytes_to_fit(n_items) < 1.2  # a tenth for small arrays
