"""Number of threads that kernels use, and one thread for BLAS beside them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import numba
from threadpoolctl import ThreadpoolController

__all__ = ["available_threads", "can_run_side_by_side", "limited_threads"]

LITTLE_WORK = 30_000  #: vectors read; below this, one thread takes a few milliseconds

_lock = threading.Lock()
_held = ExitStack()  #: the limit on BLAS threads, while any caller needs it
_n_holders = 0


def available_threads() -> int:
    """Return the number of cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def can_run_side_by_side() -> bool:
    """Return whether kernels may run in several Python threads at once; numba's workqueue pool would abort."""
    numba.get_num_threads()  # starts numba's threads, so that their kind is known
    return bool(numba.threading_layer() != "workqueue")


@contextmanager
def limited_threads(threads: int | None, *, work: int | None = None) -> Iterator[None]:
    """Run the kernels of this Python thread on ``threads`` cores (None: all), and BLAS on one.

    ``work`` is the approximate number of vectors that the kernels read. Below ``LITTLE_WORK`` they use one core, since
    waiting for a second one takes many milliseconds if that is busy.

    BLAS gets one thread because the idle threads of OpenBLAS spin for milliseconds after a call and take the cores from
    the next kernel: an iALS half-step then takes three to six times as long. With one thread, BLAS also sums in one
    order, so that factors do not depend on the number of threads.
    """
    before = numba.get_num_threads()
    if work is not None and work < LITTLE_WORK:
        threads = 1
    numba.set_num_threads(min(threads or available_threads(), numba.config.NUMBA_NUM_THREADS))
    _hold_blas()
    try:
        yield
    finally:
        _release_blas()
        numba.set_num_threads(before)


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # scanning the loaded libraries takes milliseconds


def _hold_blas() -> None:
    """Limit BLAS threads, which belong to the whole process; the last ``_release_blas`` ends the limit."""
    global _n_holders
    with _lock:
        if _n_holders == 0:
            _held.enter_context(_controller().limit(limits=1, user_api="blas"))
        _n_holders += 1


def _release_blas() -> None:
    global _n_holders
    with _lock:
        _n_holders -= 1
        if _n_holders == 0:
            _held.close()
