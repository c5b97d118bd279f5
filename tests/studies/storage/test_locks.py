from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from studies.storage.errors import StorageError
from studies.storage.locks import exclusive_lock
from studies.storage.opening import open_storage

COUNT = """
import sys
from pathlib import Path
from studies.storage.locks import exclusive_lock
url, counter = sys.argv[1], Path(sys.argv[2])
print("ready", flush=True)
input()
for _ in range(40):
    with exclusive_lock(url):
        counter.write_text(str(int(counter.read_text()) + 1))
"""


def test_processes_hold_the_lock_one_after_the_other_and_leave_no_file(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    words = [sys.executable, "-c", COUNT, f"sqlite:///{tmp_path}/studies.db", str(counter)]
    processes = [subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.close()
    for process in processes:
        assert process.wait() == 0
        assert process.stdout is not None
        process.stdout.close()
    assert counter.read_text() == "120"
    assert [path.name for path in tmp_path.iterdir()] == ["counter"]


def test_the_file_of_a_process_that_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "studies.db.lock").touch()
    with exclusive_lock(f"sqlite:///{tmp_path}/studies.db"):
        assert [path.name for path in tmp_path.iterdir()] == ["studies.db.lock"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_nobody_can_write_needs_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(self: FileLock) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    with exclusive_lock(f"sqlite:///{tmp_path}/studies.db"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="see that its folder is there and may be written") as raised:
        open_storage(f"sqlite:///{tmp_path}/missing/studies.db")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_has_no_lock(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with exclusive_lock(url):
        assert list(tmp_path.iterdir()) == []
