"""How many cores a model may use, and the peace between BLAS threads and kernel threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import numba
from threadpoolctl import ThreadpoolController

__all__ = ["available_threads", "can_run_side_by_side", "limited_threads"]

LITTLE_WORK = 30_000  #: vectors touched, in a few milliseconds at most

_lock = threading.Lock()
_held = ExitStack()  #: the one limit on BLAS, while anybody needs it
_n_holders = 0


def available_threads() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def can_run_side_by_side() -> bool:
    """Whether kernels may run in several Python threads at once: numba's own pool, its last resort, dies of it."""
    numba.get_num_threads()  # starts the threads, of whichever kind there is
    return bool(numba.threading_layer() != "workqueue")


@contextmanager
def limited_threads(threads: int | None, *, work: int | None = None) -> Iterator[None]:
    """Run kernels of this Python thread on ``threads`` cores (None: all), and BLAS on one.

    ``work`` is about how many vectors they will touch, where that may be few: then one core does it sooner than
    it could wait for another, which takes many milliseconds where that other is busy.

    OpenBLAS's idle threads spin for milliseconds after a call and take the cores from the kernel that
    comes next: an iALS half-step takes three to six times as long. One BLAS thread also sums in one order,
    so that factors do not depend on the number of threads.
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
    return ThreadpoolController()  # scanning the loaded libraries takes milliseconds, so once


def _hold_blas() -> None:
    """BLAS threads are the whole process's: the first holder limits them, the last gives them back."""
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
