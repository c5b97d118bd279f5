"""What the sentences of several pages have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports import formats
from studies.record.study import Estimate

__all__ = ["Verdict", "counted", "is_established", "joined"]


@dataclass(frozen=True)
class Verdict:
    """The answer of a page: one sentence, what supports it, and what limits it."""

    headline: str
    findings: tuple[str, ...]
    caveat: str


def is_established(difference: Estimate) -> bool:
    """Whether the interval of a difference excludes 0; an interval that ends at 0 does not."""
    return difference.low > 0 or difference.high < 0


def joined(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def counted(number: int, noun: str) -> str:
    """``1 seed``, ``1,000 seeds``."""
    return f"{formats.count(number)} {noun}{'s' if number != 1 else ''}"
