"""Options of a split."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from evaluation.option_fields import check_ranges, option
from models.errors import UserError

__all__ = ["InvalidSplitError", "SplitOptions"]


class InvalidSplitError(UserError):
    """The data cannot be split with these options; the message gives the reason and the remedy."""


def _parse_holdout(text: str) -> tuple[str, int]:
    """``3`` -> ("random", 3), ``last`` -> ("last", 1), ``last:3`` -> ("last", 3)."""
    match = re.fullmatch(r"(last(?=:|$)|):?([1-9][0-9]{0,8})?", text)
    if not match or not text or text.startswith(":") or text.endswith(":"):
        raise ValueError(f"{text!r} is neither a number of items, such as 1, nor last, nor last:N")
    return match[1] or "random", int(match[2] or 1)


def _parse_users(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1 and not (value >= 1 and value.is_integer()):
        raise ValueError(f"{text!r} is neither a share between 0 and 1 nor a whole number of users")
    return value


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """How likes are held out. Invalid values raise InvalidSplitError."""

    kind: Literal["leave-one-out", "given"] = option(
        "leave-one-out",
        "Hold out likes of each evaluation user, or take the validation likes that come with the data (data.npz)",
        name="split",
    )
    seen: Literal["exclude", "include"] = option(
        "exclude", "Exclude items that a user has already liked from the ranking, or include them"
    )
    protocol: Literal["warm", "fold-in"] = option(
        "warm", "Train on the other likes of evaluation users, too, or only on other users and fold them in"
    )
    holdout: Literal["random", "last"] = "random"  #: which likes of a user are held out
    n_held_out: int = option(
        1,
        "Hold out N random items of each evaluation user, or the N last by time; as many again for validation",
        "N|last|last:N",
        name="holdout",
        parse=_parse_holdout,  # the values of both fields
        min=1,
    )
    test_users: float = option(
        0.2,
        "Test on a share or number of the users with enough likes; a share is raised to 1,000 users where possible",
        "SHARE|N",
        parse=_parse_users,
    )
    validation_users: int = option(5000, "Validate on at most N users", "N", min=1)
    draws: int | None = option(
        None,
        "Average over N independent draws of the validation likes",
        "N",
        min=1,
        default_text="as many as give 3,000 likes, at most 5",
    )
    seed: int = 0

    def __post_init__(self) -> None:
        check_ranges(self, InvalidSplitError)
        if not self.test_users > 0 or (self.test_users >= 1 and self.test_users % 1):
            raise InvalidSplitError(
                f"test users must be a share between 0 and 1 or a whole number of users, got {self.test_users}"
            )
        if self.kind == "given" and (self.protocol != "warm" or (self.draws or 1) > 1):
            raise InvalidSplitError("the author's validation likes are a single draw of users in the training data")
        if self.holdout == "last" and self.protocol == "warm" and (self.draws or 1) > 1:
            raise InvalidSplitError(
                f"the last like of a user is always the same: {self.draws} draws of it would be equal"
            )

    @property
    def min_likes(self) -> int:
        """Likes that a user needs: those held out for test and validation, and one for training."""
        return 2 * self.n_held_out + 1
