"""A kernel computes the same bits whether it was compiled in this process or loaded from numba's cache.

The mechanism that would change them, and what prevents it, stand in ``models.kernels.own_code``.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import models.kernels

KERNELS = Path(models.kernels.__file__).parent
ROOT = KERNELS.parent.parent


def computed(cache: Path, threads: int, *cases: str) -> list[str]:
    """The lines that ``tests.models.kernels.every_kernel`` prints in a process of its own."""
    command = [sys.executable, "-m", "tests.models.kernels.every_kernel", str(threads), *cases]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "NUMBA_NUM_THREADS": "2"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_functions_with_fastmath_are_kernels_or_compiled_into_their_caller() -> None:
    cached = {}
    for path in KERNELS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                options = " ".join(map(ast.unparse, node.decorator_list))
                if "fastmath" in options and "INLINED" not in options and "forceinline=True" not in options:
                    cached[node.name] = options
    assert {name for name, options in cached.items() if "parallel=True" not in options} == set()


@pytest.mark.bits
def test_solutions_and_losses_are_the_same_from_a_cold_cache_and_a_warm_one(tmp_path: Path) -> None:
    cold, warm = (computed(tmp_path, threads, "row-solver")[0] for threads in (2, 1))
    assert warm == cold


@pytest.mark.slow
@pytest.mark.bits
def test_every_kernel_computes_the_same_from_a_cold_cache_a_warm_one_and_on_one_thread(tmp_path: Path) -> None:
    *cold, never_called = computed(tmp_path, 2)
    assert never_called == "never called:"
    for threads in (2, 1):
        assert computed(tmp_path, threads)[:-1] == cold
