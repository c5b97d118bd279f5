"""Waiting for a page to become what it should."""

from __future__ import annotations

import time
from typing import Any

import pytest

PATIENCE = 20.0  #: seconds


def wait_until(page: Any, expression: str) -> None:
    """Ask the page from outside until ``expression`` is true: Playwright's own waiting evaluates text inside the page,
    which the page's Content-Security-Policy forbids."""
    deadline = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            pytest.fail(f"not true after {PATIENCE:g} s: {expression}")
        page.wait_for_timeout(50)
