"""Pseudo-random draws from a state: splitmix64 (Steele, Lea & Flood 2014).

A state is a uint64 that increases by GAMMA with every draw; a draw is a hash of the state.  Each row of a parallel loop
has its own stream, ``stream(key, row)``, so that threads share no generator and draws do not depend on their number.
"""

import numpy as np
from numba import njit

from models.kernels.inlined import INLINED

GAMMA = np.uint64(0x9E3779B97F4A7C15)


@njit(**INLINED)
def mixed(state):
    """Return the 64 random bits of ``state``."""
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(**INLINED)
def stream(key, number):
    """Return the first state of stream ``number`` of ``key`` (uint64); a state can serve as a key again."""
    return mixed(key + GAMMA * np.uint64(number + 1))


@njit(**INLINED)
def below(state, n):
    """Return an integer from 0 to n - 1, for n less than 2^32."""
    return np.int64(((mixed(state) >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32))


@njit(**INLINED)
def fraction(state):
    """Return a float64 in [0, 1)."""
    return np.float64(mixed(state) >> np.uint64(11)) * 2.0**-53
