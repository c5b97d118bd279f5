"""Cells of CSV files that a spreadsheet shows as text instead of running them as formulas."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["safe_cell"]

#: as in OWASP's page on CSV injection, and ESC, which acts on a terminal; the last four are full-width forms
FORMULA_START = tuple("=+-@\t\r\n\x1b\uff1d\uff0b\uff0d\uff20")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def safe_cell(value: Any) -> Any:
    """Return a text that would begin a formula with an apostrophe before it; numbers stay as they are."""
    if isinstance(value, str) and value.startswith(FORMULA_START) and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value
