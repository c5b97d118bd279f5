from __future__ import annotations

from pathlib import Path

import numba
import pytest

from models.kernels import forget_stale_kernels


def written_by_numba(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.glob("*.nb*"))


def check_that_compiled_kernels_are_kept_until_a_source_changes(folder: Path, cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    (folder / "caller.py").write_text("import helper")
    helper = folder / "helper.py"
    helper.write_text("old")
    (cache / "caller.f-1.py311.nbi").write_bytes(b"of an unknown source")
    forget_stale_kernels(folder)
    assert written_by_numba(cache) == []
    (cache / "caller.f-1.py311.nbi").write_bytes(b"index")
    (cache / "caller.f-1.py311.1.nbc").write_bytes(b"code")
    forget_stale_kernels(folder)
    assert len(written_by_numba(cache)) == 2
    helper.write_text("new")
    forget_stale_kernels(folder)
    assert written_by_numba(cache) == []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    (tmp_path / "sources").mkdir()
    return tmp_path / "sources"


def cache_of_a_function_in(folder: Path) -> Path:
    """The folder that numba itself chooses."""
    source = folder / "caller.py"
    source.write_text("import numba\n\n@numba.njit(cache=True)\ndef f(x):\n    return x\n")
    names: dict[str, numba.core.registry.CPUDispatcher] = {}
    exec(compile(source.read_text(), source, "exec"), names)
    return Path(names["f"].stats.cache_path)


def test_compiled_kernels_beside_their_sources_are_kept_until_a_source_changes(folder: Path) -> None:
    cache = cache_of_a_function_in(folder)
    assert cache == folder / "__pycache__"
    check_that_compiled_kernels_are_kept_until_a_source_changes(folder, cache)


def test_compiled_kernels_below_numba_cache_dir_are_kept_until_a_source_changes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "elsewhere"))  # from NUMBA_CACHE_DIR
    cache = cache_of_a_function_in(folder)
    assert cache.parent == tmp_path / "elsewhere"
    check_that_compiled_kernels_are_kept_until_a_source_changes(folder, cache)


def test_compiled_kernels_of_sources_that_a_user_may_only_read_are_kept_until_a_source_changes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "__pycache__").write_text("no folder, so nobody can write into it")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "of the user"))
    cache = cache_of_a_function_in(folder)
    assert cache.is_relative_to(tmp_path / "of the user")
    check_that_compiled_kernels_are_kept_until_a_source_changes(folder, cache)


def test_where_numba_can_cache_nothing_nothing_is_forgotten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "caller.py").write_text("import helper")
    (folder / "__pycache__").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/self")
    forget_stale_kernels(folder)
