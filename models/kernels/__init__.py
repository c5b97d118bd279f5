"""Numba functions over arrays, without classes, logging or random generators; they write only to their arguments."""

from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from models.kernels.own_code import call_own_copies

__all__ = ["forget_stale_kernels"]

MARKER = "kernels.sha256"


def forget_stale_kernels(folder: Path) -> None:
    """Delete numba's cache in ``folder`` if it was compiled from other sources than those there now.

    For each function, numba compares only the function's own file, not the files of the functions that it calls. After
    an update, a kernel would still use the old code of its helpers.
    """
    digest = sha256(b"\0".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()
    marker = folder / "__pycache__" / MARKER
    with suppress(OSError):  # a folder that is not writable has no cache either
        if marker.exists() and marker.read_text() == digest:
            return
        for compiled in marker.parent.glob("*.nb[ci]"):
            compiled.unlink(missing_ok=True)
        marker.parent.mkdir(exist_ok=True)
        marker.write_text(digest)


forget_stale_kernels(Path(__file__).parent)
call_own_copies()
