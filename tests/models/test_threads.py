"""The number of threads that a kernel gets."""

from __future__ import annotations

import numba
import pytest

from models.threads import LITTLE_WORK, limited_threads

needs_two = pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="this machine has one core")


@needs_two
@pytest.mark.parametrize(("work", "expected"), [(None, 2), (LITTLE_WORK, 2), (LITTLE_WORK - 1, 1), (0, 1)])
def test_little_work_is_done_on_one_thread(work: int | None, expected: int) -> None:
    with limited_threads(2, work=work):
        assert numba.get_num_threads() == expected


@needs_two
def test_the_number_of_threads_is_restored() -> None:
    before = numba.get_num_threads()
    with limited_threads(2), limited_threads(1):
        assert numba.get_num_threads() == 1
    assert numba.get_num_threads() == before
