"""Full and read-only disks: one line says what to do, and finished trials are kept."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.conftest import Command, Outcome

STUDY = ("study", "--model", "random", "--data", "likes.csv")
TUNED = ("study", "--model", "item2item", "--data", "likes.csv", "--rescore", "0", "--threads", "1")


class Disk:
    """A small disk in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self, leave: int) -> None:
        room = os.statvfs(self.path)
        self._ballast.write_bytes(b"x" * (room.f_bavail * room.f_frsize - leave))

    def make_room(self) -> None:
        self._ballast.unlink()

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.path)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(path)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def assert_one_line(done: Outcome, *texts: str) -> None:
    assert done.code == 2, done
    assert done.err.count("\n") == 1, done.err
    for text in texts:
        assert text in done.err


@pytest.mark.usefixtures("likes_file")
@pytest.mark.slow
def test_a_disk_that_fills_up_in_mid_study_costs_no_finished_trial(command: Command, disk: Disk) -> None:
    words = (*TUNED, "--no-mlflow", "--storage", f"sqlite:///{disk.path}/studies.db")
    assert command(*words, "--trials", "3").code == 0
    disk.fill(leave=64 * 1024)
    assert_one_line(
        command(*words, "--trials", "200"), "database or disk is full", "make room on its disk, and run the"
    )
    n_kept = n_finished(disk.path / "studies.db")
    assert 3 <= n_kept < 200
    disk.make_room()
    assert f"Best of {n_kept + 1} trials" in command(*words, "--trials", str(n_kept + 1)).out


def n_finished(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        return int(connection.execute("SELECT count(*) FROM trials WHERE state = 'COMPLETE'").fetchone()[0])


@pytest.mark.usefixtures("likes_file")
def test_a_report_that_finds_no_room_is_one_line_and_no_half_a_file(command: Command, disk: Disk) -> None:
    words = (*STUDY, "--no-mlflow", "--report-dir", str(disk.path / "reports"))
    (disk.path / "reports").mkdir()
    disk.fill(leave=16 * 1024)
    assert_one_line(command(*words), "No space left on device", "random-likes.csv.html", "run the same command again")
    assert list((disk.path / "reports").iterdir()) == []
    report = ("report", "--study-name", "random-likes.csv", "--report-dir", str(disk.path / "reports"))
    assert_one_line(command(*report), "No space left on device")
    disk.make_room()
    assert command(*words).code == 0


@pytest.mark.usefixtures("likes_file")
def test_mlflow_without_room_costs_nothing_but_mlflow(command: Command, disk: Disk) -> None:
    disk.fill(leave=64 * 1024)
    words = (*STUDY, "--tracking-uri", f"sqlite:///{disk.path}/mlflow.db")
    done = command(*words)
    assert done.code == 0
    assert "MLflow: not all was written" in done.out
    assert "Traceback" not in done.out + done.err
    disk.make_room()
    assert list(disk.path.iterdir()) == []
    assert "MLflow lacked 1 of 1 trials" in command("study", "--sync", *words[-2:]).out


@pytest.mark.usefixtures("likes_file")
def test_a_disk_that_may_only_be_read(command: Command, disk: Disk, tmp_path: Path) -> None:
    assert command(*STUDY, "--no-mlflow").code == 0
    shutil.copy(tmp_path / "mfbench.db", disk.path)
    disk.remount("ro")
    words = (*STUDY, "--no-mlflow", "--storage", f"sqlite:///{disk.path}/mfbench.db")
    assert_one_line(command(*words), "readonly database", "see that the file and its folder may be written")
    assert_one_line(command(*words, "--report-dir", str(disk.path)), "Cannot write to the folder")


@pytest.mark.usefixtures("likes_file")
def test_a_database_that_another_program_holds(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studies.storage.retrying.LOCK_SECONDS", 1)
    assert command(*STUDY, "--no-mlflow").code == 0
    holder = sqlite3.connect(tmp_path / "mfbench.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert_one_line(command(*STUDY, "--no-mlflow"), "database is locked", "wait for the program that holds it")
    holder.execute("ROLLBACK")
    assert command(*STUDY, "--no-mlflow").code == 0


@pytest.mark.usefixtures("likes_file")
@pytest.mark.parametrize("at", [0, 5000])
def test_a_damaged_database(command: Command, tmp_path: Path, at: int) -> None:
    assert command(*STUDY, "--no-mlflow").code == 0
    with (tmp_path / "mfbench.db").open("r+b") as file:
        file.seek(at)
        file.write(os.urandom(400_000))
    assert_one_line(command(*STUDY, "--no-mlflow"), "it is damaged", "restore a copy, or give another --storage")
    assert_one_line(command("report", "--study-name", "random-likes.csv"), "it is damaged")
