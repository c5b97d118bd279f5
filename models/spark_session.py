"""The Spark session of this process, on this machine or on a cluster."""

from __future__ import annotations

import atexit
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Lock
from typing import IO, Any

from models.errors import UserError

__all__ = ["MASTER", "WORK_FOLDER", "SparkError", "spark_session", "work_folder"]

MASTER = "MFBENCH_SPARK_MASTER"  #: environment variable with the master: ``local[2]``, ``spark://host:7077``, ``yarn``
WORK_FOLDER = "MFBENCH_SPARK_FOLDER"  #: environment variable with a folder that this machine and the cluster share

_STARTING = Lock()


class SparkError(UserError, RuntimeError):
    """Spark cannot be started or reached; the message names the master and the reason."""


def work_folder(session: Any) -> TemporaryDirectory[str]:
    """Return a new temporary folder that Spark and this process share; Spark removes it if this process is killed.

    SparkError if it cannot be created.
    """
    try:
        folder = TemporaryDirectory(prefix="mfbench-spark-", dir=os.environ.get(WORK_FOLDER))
    except OSError as error:
        raise SparkError(
            f"Cannot create a folder to share with Spark ({error}); name another in {WORK_FOLDER}"
        ) from error
    java = session.sparkContext._jvm
    java.org.apache.spark.util.ShutdownHookManager.registerShutdownDeleteDir(java.java.io.File(folder.name))
    return folder


def spark_session() -> Any:
    """Return the ``pyspark.sql.SparkSession`` of all threads; the first call starts it, which takes seconds.

    SparkError if it does not start.
    """
    with _STARTING:
        return _started(os.environ.get(MASTER, "local[*]"))


@cache
def _started(master: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PySpark warns of pandas 3, which is not used here
        from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("mfbench").master(master)
    for name, value in _settings(master).items():
        builder = builder.config(name, value)
    with TemporaryFile() as log, _stderr_to(log):  # the Java process inherits this stderr, and logs much
        try:
            session = builder.getOrCreate()
        except Exception as error:
            raise SparkError(f"Spark does not start on {master}: {_reason(error, log)}") from error
    checkpoints = work_folder(session)
    atexit.register(checkpoints.cleanup)
    session.sparkContext.setCheckpointDir(Path(checkpoints.name).as_uri())
    return session


def _settings(master: str) -> dict[str, str]:
    settings = {"spark.ui.enabled": "false", "spark.log.level": "ERROR"}
    if master.startswith("local"):
        half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        settings |= {"spark.driver.memory": f"{half >> 20}m"}
    return settings


@contextmanager
def _stderr_to(log: IO[bytes]) -> Iterator[None]:
    """Redirect stderr, also that of processes started in the meantime."""
    before = os.dup(2)
    os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def _reason(error: Exception, log: IO[bytes]) -> str:
    log.seek(0)
    lines = [line for line in log.read().decode(errors="replace").splitlines() if "rror" in line or "xception" in line]
    return next(iter([*lines, *str(error).splitlines()]), type(error).__name__).strip()
