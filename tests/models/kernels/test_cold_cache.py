"""A kernel computes the same bits whether it was compiled in this process or loaded from numba's cache.

numba stores each cached function as machine code of its own. A caller that is compiled in the same process inlines the
function and may vectorise both together; a caller that finds the function in the cache calls it as it is. With
``fastmath`` the two add in different orders. So a function with ``fastmath`` is either a kernel, which nobody in numba
calls, or compiled into its caller in any case.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import models.kernels
from studies.registry import MODELS

KERNELS = Path(models.kernels.__file__).parent
ROOT = KERNELS.parent.parent

FIT = """
import hashlib, sys
import numpy as np, scipy.sparse as sp
from studies.registry import load_spec

rng = np.random.default_rng(0)
likes = sp.random_array((300, 200), density=0.1, rng=rng, dtype=np.float32, format="csr")
likes.data[:] = np.ceil(5 * likes.data)
times = rng.integers(0, 10**8, likes.nnz)
variants = {"ials": [{"solver": s} for s in ("cg", "cholesky", "subspace")], "als": [{"solver": "cholesky"}]}
for name in sys.argv[1:]:
    spec = load_spec(name)
    fields = spec.model.config_type.__dataclass_fields__
    sizes = {key: value for key, value in {"n_factors": 119, "n_epochs": 2}.items() if key in fields}
    for variant in variants.get(name, [{}]):
        model = spec.model(spec.model.config_type(**{**sizes, **variant}), seed=0)
        model.fit(likes, timestamps=times)
        print(name, variant, hashlib.sha256(model.scores(np.arange(20)).tobytes()).hexdigest())
"""


def fitted(models: list[str], cache: Path, threads: int) -> list[str]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "NUMBA_NUM_THREADS": str(threads)}
    command = [sys.executable, "-c", FIT, *models]
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


@pytest.mark.slow
@pytest.mark.bits
@pytest.mark.parametrize("name", sorted(set(MODELS) - {"random"}))
def test_scores_are_the_same_from_a_cold_cache_a_warm_one_and_on_one_thread(name: str, tmp_path: Path) -> None:
    cold = fitted([name], tmp_path, threads=2)
    assert cold == fitted([name], tmp_path, threads=2)
    assert cold == fitted([name], tmp_path, threads=1)
