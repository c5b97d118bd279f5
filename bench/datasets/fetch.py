"""Downloads known sets: resumes interrupted downloads, verifies checksums, and stores only whole files."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from bench.datasets.catalogue import KnownSet
from bench.datasets.errors import DataError, shown
from bench.datasets.files import files_in, readable
from bench.datasets.folders import fetched_file

__all__ = ["Fetched", "fetch"]

_CHUNK = 1 << 20
_TIMEOUT_S = 30.0
_ATTEMPTS = 5
#: Called with the number of bytes received and of bytes expected, or None where the server does not say.
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A set on this machine; ``checked`` names the checksum that its bytes were verified against."""

    path: Path
    checked: str


def fetch(
    known: KnownSet, *, source: str | None = None, progress: Progress | None = None, pause_s: float = 1.0
) -> Fetched:
    """Download a known set into the cache folder, from its publisher or from ``source``.

    ``source`` is the URL of the zip or of a mirror's folder, or a path of either. An interrupted download is resumed
    after ``pause_s``, then after twice as long, and so on, and by the next call.
    """
    target = fetched_file(known.file_name)
    origin = _origin(source, known)
    with _writable(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        with _only_one(part):
            if isinstance(origin, Path):
                with readable(origin):
                    shutil.copyfile(origin, part)
            else:
                _download(origin, part, progress or _silent, pause_s)
            checked = _verify(known, origin, part)
            part.replace(target)
    return Fetched(path=target, checked=checked)


def _origin(source: str | None, known: KnownSet) -> str | Path:
    """The URL or the path of the zip."""
    if source is None:
        return known.url
    if re.match(r"https?://", source):
        return source if source.endswith(".zip") else f"{source.rstrip('/')}/{known.file_name}"
    path = Path(source)
    path = path / known.file_name if path.is_dir() else path
    if not path.is_file():
        raise DataError.at(
            path, f"there is no such file; --from takes a URL, a folder with {known.file_name}, or a zip"
        )
    return path


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"cannot be written ({shown(error.strerror or error, 200)}); free space, or set MFBENCH_CACHE"
        raise DataError.at(folder, problem) from None


@contextmanager
def _only_one(part: Path) -> Iterator[None]:
    """Refuse a second download of the same file; the lock ends with its process."""
    from filelock import FileLock, Timeout  # takes 50 ms, and commands that fetch nothing import this module, too

    try:
        with FileLock(part.with_name(part.name + ".lock"), blocking=False):
            yield
    except Timeout:
        raise DataError.at(part, "is being downloaded by another process; wait for that one") from None


def _download(url: str, part: Path, progress: Progress, pause_s: float) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _continue(url, part, progress)
            return
        except urllib.error.HTTPError as error:
            if error.code == 416:
                part.unlink()
            elif error.code < 500:
                raise DataError(
                    f"{shown(url, 300)}: the server answers {error.code} {shown(error.reason)}; check the address, or "
                    "give a mirror or a file with --from"
                ) from None
            reason: object = f"{error.code} {error.reason}"
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            reason = getattr(error, "reason", None) or error or type(error).__name__
        if attempt < _ATTEMPTS:
            time.sleep(pause_s * 2 ** (attempt - 1))
    n_here = part.stat().st_size if part.exists() else 0
    raise DataError(
        f"{shown(url, 300)}: not reached or interrupted {_ATTEMPTS} times ({shown(reason, 200)}); {n_here:,} bytes are "
        "kept: run the same command again to go on, or give a mirror or a file with --from"
    )


def _continue(url: str, part: Path, progress: Progress) -> None:
    """Append the missing bytes to ``part``; raises ConnectionError where the connection ends early."""
    n_here = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "mfbench", "Accept-Encoding": "identity"})
    if n_here:
        request.add_header("Range", f"bytes={n_here}-")
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
        if answer.status != 206:
            n_here = 0
        length = answer.headers.get("Content-Length")
        n_whole = n_here + int(length) if length and length.isdecimal() else None
        with part.open("ab" if n_here else "wb") as file:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                n_here += len(chunk)
                progress(n_here, n_whole)
    if n_whole is not None and n_here < n_whole:
        raise ConnectionError(f"{n_here:,} of {n_whole:,} bytes received")


def _verify(known: KnownSet, origin: str | Path, part: Path) -> str:
    """Name the checksum that the file matches; deletes the file and raises DataError where it does not match."""
    try:
        checksum = known.checksum or _published_md5(origin)
        if checksum is not None:
            algorithm, _, expected = checksum.partition(":")
            with part.open("rb") as file:
                found = hashlib.file_digest(file, algorithm).hexdigest()
            if found != expected:
                raise DataError(
                    f"{shown(origin, 300)}: its {algorithm} is {found}, but {expected} is expected; the file was "
                    "removed: fetch it again, or from another address with --from"
                )
        _verify_zip(part, origin)
    except DataError:
        part.unlink()
        raise
    return f"the {checksum.partition(':')[0].upper()} known for it" if checksum else "the zip's own checksums only"


def _published_md5(origin: str | Path) -> str | None:
    """The publisher's checksum from the .md5 beside the file; None where there is none."""
    try:
        if isinstance(origin, Path):
            beside = origin.with_name(origin.name + ".md5")
            if not beside.is_file():
                return None
            with beside.open(errors="replace") as file:
                text = file.read(1000)
        else:
            with urllib.request.urlopen(origin + ".md5", timeout=_TIMEOUT_S) as answer:
                text = answer.read(1000).decode(errors="replace")
    except (OSError, HTTPException):
        return None
    found = re.search(r"\b[0-9a-fA-F]{32}\b", text)
    return f"md5:{found[0].lower()}" if found else None


def _verify_zip(part: Path, origin: str | Path) -> None:
    with readable(part):
        files_in(part)
        with zipfile.ZipFile(part) as archive:
            broken = archive.testzip()
    if broken is not None:
        raise DataError(f"{shown(origin, 300)}: {shown(broken)} inside the zip is damaged; fetch it again")


def _silent(n_here: int, n_whole: int | None) -> None:
    pass
