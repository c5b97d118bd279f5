"""What is said of a storage that cannot be used: one line, what to do, and no secret."""

from __future__ import annotations

import json

import pytest

from studies.storage.errors import StorageError, reason_of, storage_errors_explained
from studies.storage.opening import open_storage


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://me:S3cret Pw99@127.0.0.1:1/db",
        "postgresql+psycopg://me:S3cret@Pw99@nowhere.invalid/db",
        "postgresql+psycopg://me:S3cret/Pw99:1@127.0.0.1:1/db?sslpassword=S3cret",
        "postgresql+psycopg://127.0.0.1:1/db?password=S3cret Pw99",
        "postgresql+psycopg://127.0.0.1:1/db?unheard_of=S3cret",
        "postgresql+nodriver://me:S3cret@Pw99@127.0.0.1/db",
        "postgresql:me:S3cret Pw99@host/db",
        "host=127.0.0.1 user=me password='S3cret Pw99'",
    ],
)
def test_a_storage_that_cannot_be_opened_is_one_line_without_a_piece_of_its_password(url: str) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(StorageError) as raised:
        open_storage(url)
    message = str(raised.value)
    assert not [piece for piece in ("S3cret", "Pw99", "\n") if piece in message], message


def test_a_reason_is_one_line_of_printable_characters() -> None:
    assert reason_of(ValueError("bad \x1b[31mvalue\nand more"), "sqlite:///x.db") == "bad ?[31mvalue"
    assert reason_of(ValueError(), "sqlite:///x.db") == "ValueError"


def test_errors_of_others_are_left_alone() -> None:
    with pytest.raises(json.JSONDecodeError), storage_errors_explained("sqlite:///x.db"):
        json.loads("{")
