"""Downloads from a server on loopback that interrupts connections and sends errors or wrong content."""

import hashlib
import io
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from filelock import FileLock

from bench.datasets import DataError, DataOptions, load
from bench.datasets.catalogue import KNOWN_SETS
from bench.datasets.fetch import fetch

RATINGS = "userId,movieId,rating,timestamp\n" + "".join(f"{row % 90},{row},5,{row}\n" for row in range(5_000))


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


ZIP = zipped(**{"ml/ratings.csv": RATINGS})
MD5 = f"md5:{hashlib.md5(ZIP).hexdigest()}"


class Server(ThreadingHTTPServer):
    """Serves ``files``; answers end after the next of ``cuts`` bytes, or fail with the next of ``statuses``."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.cuts, self.statuses, self.requests, self.ranges = {}, [], [], [], True

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers.get("Range")))
        content = server.files.get(self.path)
        if content is None or server.statuses:
            self.send_error(404 if content is None else server.statuses.pop(0))
            return
        asked = self.headers.get("Range") if server.ranges else None
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = start + server.cuts.pop(0) if server.cuts else len(content)
        self.wfile.write(content[start:end])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def known(server):
    server.files["/ml-1m.zip"] = ZIP
    return replace(KNOWN_SETS["movielens-1m"], url=f"{server.url}/ml-1m.zip", checksum=MD5)


def fetched(known, **options):
    return fetch(known, pause_s=0, **options)


def test_fetched_set_is_verified_and_loads_by_name(known):
    seen = []
    found = fetched(known, progress=lambda here, whole: seen.append((here, whole)))
    assert found.path.read_bytes() == ZIP
    assert found.checked == "the MD5 known for it"
    assert seen[-1] == (len(ZIP), len(ZIP))
    assert load(DataOptions(data="movielens-1m")).n_likes == 5_000


def test_interrupted_download_is_resumed_where_it_ended(known, server):
    server.cuts = [1_000, 2_000]
    assert fetched(known).path.read_bytes() == ZIP
    assert [asked for _, asked in server.requests] == [None, "bytes=1000-", "bytes=3000-"]


def test_download_starts_afresh_where_the_server_cannot_resume(known, server):
    server.cuts, server.ranges = [1_000], False
    assert fetched(known).path.read_bytes() == ZIP


def test_request_that_fails_in_the_server_is_repeated(known, server):
    server.statuses = [503, 500]
    assert fetched(known).path.read_bytes() == ZIP


def test_received_bytes_are_kept_for_the_next_call_after_the_last_attempt(known, server, cache_folder):
    server.cuts = [100] * 5
    with pytest.raises(
        DataError, match=r"interrupted 5 times .* 500 bytes are kept: run the same command again to go on"
    ):
        fetched(known)
    assert not (cache_folder / "sets" / "ml-1m.zip").exists()
    assert fetched(known).path.read_bytes() == ZIP
    assert server.requests[-1] == ("/ml-1m.zip", "bytes=500-")


def test_part_of_a_larger_file_is_discarded(known, cache_folder):
    (cache_folder / "sets").mkdir(parents=True)
    (cache_folder / "sets" / "ml-1m.zip.part").write_bytes(b"x" * (len(ZIP) + 5))
    assert fetched(known).path.read_bytes() == ZIP


def test_file_with_a_wrong_checksum_is_refused_and_deleted(known, cache_folder):
    wrong = replace(known, checksum=f"md5:{'0' * 32}")
    with pytest.raises(DataError, match=rf"its md5 is {MD5[4:]}, but {'0' * 32} is expected; the file was removed"):
        fetched(wrong)
    assert not list((cache_folder / "sets").glob("*.zip*[!k]"))


def test_published_md5_is_used_where_no_checksum_is_known(known, server):
    unknown = replace(known, checksum=None)
    assert fetched(unknown).checked == "the zip's own checksums only"
    server.files["/ml-1m.zip.md5"] = f"MD5 (ml-1m.zip) = {MD5[4:]}\n".encode()
    assert fetched(unknown).checked == "the MD5 known for it"
    server.files["/ml-1m.zip.md5"] = b"0" * 32
    with pytest.raises(DataError, match="is expected"):
        fetched(unknown)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (ZIP[: len(ZIP) // 2], "is broken, cut short or not what its name says"),
        (zipped(**{"../ratings.csv": RATINGS}), "holds a file with the unsafe name '../ratings.csv'"),
        (ZIP.replace(b"1,5,1\n", b"1,4,1\n", 1), "ratings.csv inside the zip is damaged"),
    ],
)
def test_bad_zip_is_refused_even_without_a_checksum(known, server, content, message):
    server.files["/ml-1m.zip"] = content
    with pytest.raises(DataError, match=message):
        fetched(replace(known, checksum=None))


def test_request_for_a_missing_file_is_not_repeated(known, server):
    server.files.clear()
    with pytest.raises(DataError, match="the server answers 404 Not Found; check the address, or give a mirror"):
        fetched(known)
    assert len(server.requests) == 1


def test_unreachable_server_is_explained(known):
    with pytest.raises(DataError, match="not reached or interrupted 5 times"):
        fetched(known, source="http://127.0.0.1:9")


def test_a_mirror_a_folder_or_a_file_can_replace_the_publisher(known, server, tmp_path):
    server.files["/mirror/ml-1m.zip"] = ZIP
    (tmp_path / "ml-1m.zip").write_bytes(ZIP)
    for source in (f"{server.url}/mirror/", f"{server.url}/mirror/ml-1m.zip", tmp_path, tmp_path / "ml-1m.zip"):
        found = fetched(known, source=str(source))
        assert found.path.read_bytes() == ZIP
        found.path.unlink()
    with pytest.raises(
        DataError, match=r"there is no such file; --from takes a URL, a folder with ml-1m\.zip, or a zip"
    ):
        fetched(known, source=str(tmp_path / "elsewhere"))


def test_second_download_of_a_set_is_refused_while_the_first_runs(known, cache_folder):
    (cache_folder / "sets").mkdir(parents=True)
    with (
        FileLock(cache_folder / "sets" / "ml-1m.zip.part.lock"),
        pytest.raises(DataError, match="is being downloaded by another process"),
    ):
        fetched(known)


def test_unwritable_cache_folder_is_explained(known, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MFBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"cannot be written .*; free space, or set MFBENCH_CACHE"):
        fetched(known)


def test_catalogue_is_complete():
    for name, known in KNOWN_SETS.items():
        assert known.name == name
        assert known.url.startswith("https://")
        assert known.terms
        algorithm, _, digest = (known.checksum or f"md5:{'0' * 32}").partition(":")
        assert len(digest) == hashlib.new(algorithm).digest_size * 2
