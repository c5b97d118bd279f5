"""Options of a split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.errors import UserError

__all__ = ["InvalidSplitError", "SplitOptions"]


class InvalidSplitError(UserError):
    """The data cannot be split with these options; the message gives the reason and the remedy."""


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """How likes are held out. Invalid values raise InvalidSplitError."""

    kind: Literal["leave-one-out", "given"] = "leave-one-out"  #: given: validation likes are the author's
    seen: Literal["exclude", "include"] = "exclude"  #: whether items of a user's history are ranked, too
    protocol: Literal["warm", "fold-in"] = "warm"  #: train on what is left of an asked user's history, or not
    holdout: Literal["random", "last"] = "random"  #: which likes: any, or the last by time
    n_held_out: int = 1  #: likes hidden from a user, for the test and again for validation
    test_users: float = 0.2  #: a share below 1, raised to 1,000 users where there are as many; or a number of users
    validation_users: int = 5000  #: at most
    draws: int | None = None  #: independent draws of the validation likes; None: until 3,000 likes, 5 at most
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_held_out < 1:
            raise InvalidSplitError(f"at least 1 like of each user must be held out, got {self.n_held_out}")
        if not self.test_users > 0 or (self.test_users >= 1 and self.test_users % 1):
            raise InvalidSplitError(
                f"test users must be a share between 0 and 1 or a whole number of users, got {self.test_users}"
            )
        if self.validation_users < 1:
            raise InvalidSplitError(f"at least 1 validation user is needed, got {self.validation_users}")
        if self.draws is not None and self.draws < 1:
            raise InvalidSplitError(f"at least 1 draw of the validation likes is needed, got {self.draws}")
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
