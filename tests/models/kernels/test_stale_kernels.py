from __future__ import annotations

from pathlib import Path

from models.kernels import forget_stale_kernels


def compiled_in(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "__pycache__").glob("*.nb*"))


def test_compiled_kernels_are_kept_until_a_source_in_the_folder_changes(tmp_path: Path) -> None:
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    (tmp_path / "caller.py").write_text("import helper")
    helper = tmp_path / "helper.py"
    helper.write_text("old")
    (cache / "caller.f-1.py311.nbi").write_bytes(b"of an unknown source")
    forget_stale_kernels(tmp_path)
    assert compiled_in(tmp_path) == []
    (cache / "caller.f-1.py311.nbi").write_bytes(b"index")
    (cache / "caller.f-1.py311.1.nbc").write_bytes(b"code")
    forget_stale_kernels(tmp_path)
    assert len(compiled_in(tmp_path)) == 2
    helper.write_text("new")
    forget_stale_kernels(tmp_path)
    assert compiled_in(tmp_path) == []


def test_a_folder_that_is_not_writable_is_ignored() -> None:
    forget_stale_kernels(Path("/proc/self"))
