"""Fixtures of the tests of data sets."""

import gzip
from pathlib import Path

import pytest

_REAL_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """A cache folder for the test, in place of the user's."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("MFBENCH_CACHE", str(folder))
    return folder


@pytest.fixture
def real_data():
    """The folder of real data sets beside the checkout; the test is skipped where there is none."""
    if not _REAL_DATA.is_dir():
        pytest.skip("needs ../shared/data beside the checkout")
    return _REAL_DATA


@pytest.fixture
def write(tmp_path):
    """Write text or bytes to a file, compressed if its name ends in .gz, and return its path."""

    def write(content, name="likes.csv"):
        content = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return str(path)

    return write
