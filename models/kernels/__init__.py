"""Numba functions over arrays: no class, no logging, no randomness; they write only into ``out``."""
