"""Wait for a condition on a page."""

from __future__ import annotations

import time
from typing import Any

import pytest

PATIENCE = 20.0  #: seconds


def wait_until(page: Any, expression: str) -> None:
    """Evaluate ``expression`` until it is true.

    Playwright's own waiting evaluates code inside the page, which the page's Content-Security-Policy forbids.
    """
    deadline = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            pytest.fail(f"not true after {PATIENCE:g} s: {expression}")
        page.wait_for_timeout(50)
