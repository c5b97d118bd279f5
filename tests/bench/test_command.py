from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.command import writable_folder


def test_commands_that_ask_for_one_folder_at_the_same_moment_all_get_it(tmp_path: Path) -> None:
    wanted = [tmp_path / "reports" / "html"] * 1000
    with ThreadPoolExecutor(8) as executor:
        assert list(executor.map(writable_folder, wanted)) == wanted
    assert list(wanted[0].iterdir()) == []
