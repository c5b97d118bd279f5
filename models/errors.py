"""The base class of errors that a user can correct."""

__all__ = ["UserError"]


class UserError(ValueError):
    """A mistake in the input, the options or the environment; the message gives the cause and the remedy.

    A command prints it in one line and exits with code 2. Other exceptions are defects and keep their traceback.
    """
