"""Passwords stay out of everything that is shown or kept."""

import re

__all__ = ["hide_password"]


def hide_password(text: str) -> str:
    """The text with the password of a URL in it as three asterisks, wherever in the URL it stands."""
    text = re.sub("(:/{1,2})([^:/?#\\s]*):[^\\s]*@", r"\1\2:***@", text)
    return re.sub("(?i)([?&]password=)[^&#\\s]*", r"\1***", text)
