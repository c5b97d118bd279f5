from __future__ import annotations

import pytest

from tests.studies.many_workers import measure

pytestmark = pytest.mark.slow


def test_sixty_four_workers_on_postgresql_run_every_trial_once(database: str) -> None:
    rate = measure(database, n_workers=64, n_trials=128, sleep=0.1, n_processes=2)
    assert (rate.n_finished, rate.n_different) == (128, 128)
