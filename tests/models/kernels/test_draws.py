"""splitmix64 compared with its published numbers, and the draws made from it."""

from __future__ import annotations

import numpy as np

from models.kernels.draws import GAMMA, below, fraction, mixed, stream
from tests.models.textbook_sgd import Stream


def test_the_numbers_are_those_of_splitmix64() -> None:
    state = np.uint64(1234567)  # the check values of the reference implementation (Vigna 2015)
    with np.errstate(over="ignore"):
        numbers = [int(mixed(state + GAMMA * np.uint64(n))) for n in range(1, 4)]
    assert numbers == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_the_textbook_implementation_draws_the_same() -> None:
    twin = Stream(99, 7)
    state = np.uint64(stream(np.uint64(99), 7))
    assert [twin.below(1000), twin.fraction()] == [
        below(state, 1000),
        fraction(np.uint64(int(state) + int(GAMMA) & 2**64 - 1)),
    ]


def test_integers_below_n_are_equally_likely() -> None:
    n_draws = 60_000
    counts = np.bincount([below(np.uint64(stream(np.uint64(1), row)), 6) for row in range(n_draws)], minlength=6)
    chi_squared = ((counts - n_draws / 6) ** 2 / (n_draws / 6)).sum()
    assert chi_squared < 20.5  # 5 degrees of freedom: exceeded once in a thousand
    assert len(counts) == 6
