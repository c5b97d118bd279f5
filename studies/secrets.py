"""Passwords stay out of everything that is shown or kept."""

import re

__all__ = ["hide_password"]


def hide_password(text: str) -> str:
    """The text with the password of a URL in it as three asterisks."""
    return re.sub("://([^:/?#\\s]*):[^\\s]*@", r"://\1:***@", text)
