"""Numba functions over arrays: no class, no logging, no randomness; they write only into ``out``."""

from contextlib import suppress
from hashlib import sha256
from pathlib import Path

__all__ = ["forget_stale_kernels"]

MARKER = "kernels.sha256"


def forget_stale_kernels(folder: Path) -> None:
    """Delete what numba has compiled from other sources than those in ``folder``.

    numba's cache looks at the file of the function that is called, not at those of the functions that it calls:
    after an update a kernel would go on with the old code of its helpers.
    """
    digest = sha256(b"\0".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()
    marker = folder / "__pycache__" / MARKER
    with suppress(OSError):  # a folder that may not be written has no cache of numba's either
        if marker.exists() and marker.read_text() == digest:
            return
        for compiled in marker.parent.glob("*.nb[ci]"):
            compiled.unlink(missing_ok=True)
        marker.parent.mkdir(exist_ok=True)
        marker.write_text(digest)


forget_stale_kernels(Path(__file__).parent)
