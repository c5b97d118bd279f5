"""Numba functions over arrays, without classes, logging or random generators; they write only to their arguments."""

from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator

from models.kernels.own_code import call_own_copies

__all__ = ["forget_stale_kernels"]

MARKER = "kernels.sha256"


def forget_stale_kernels(folder: Path) -> None:
    """Delete numba's cache of the functions in ``folder`` if it was compiled from other sources than those there now.

    For each function, numba compares only the function's own file, not the files of the functions that it calls. After
    an update, a kernel would still use the old code of its helpers.
    """
    sources = sorted(folder.glob("*.py"))
    digest = sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    cache = _cache_of(sources[0])
    if cache is None:
        return
    marker = cache / MARKER
    with suppress(OSError):
        if marker.exists() and marker.read_text() == digest:
            return
        for compiled in cache.glob("*.nb[ci]"):
            compiled.unlink(missing_ok=True)
        marker.write_text(digest)


def _cache_of(source: Path) -> Path | None:
    """Return the folder where numba caches the functions of this file: the first of these that is writable, if any."""
    for kind in (UserProvidedCacheLocator, InTreeCacheLocator, UserWideCacheLocator):  # NUMBA_CACHE_DIR, __pycache__
        if locator := kind.from_function(_cache_of, str(source)):
            return Path(locator.get_cache_path())
    return None


forget_stale_kernels(Path(__file__).parent)
call_own_copies()
