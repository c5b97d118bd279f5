"""The base class of errors that a user can correct, and the hint at what a misspelt word may mean."""

from collections.abc import Collection
from difflib import get_close_matches

__all__ = ["UserError", "did_you_mean"]


class UserError(ValueError):
    """A mistake in the input, the options or the environment; the message gives the cause and the remedy.

    A command prints it in one line and exits with code 2. Other exceptions are defects and keep their traceback.
    """


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest of ``known``; empty where none is near."""
    lower = {each.lower(): each for each in known}
    nearest = get_close_matches(word.lower(), lower, n=1)
    return f" Did you mean {lower[nearest[0]]!r}?" if nearest else ""
