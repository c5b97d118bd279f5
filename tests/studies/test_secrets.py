import pytest

from studies.secrets import hide_password


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:secret@db:5432/x", "postgresql://me:***@db:5432/x"),
        ("http://me:p@ss:w/rd@host", "http://me:***@host"),
        ("postgresql://:secret@db/x", "postgresql://:***@db/x"),
        ("cannot reach http://me:secret@host at 5", "cannot reach http://me:***@host at 5"),
        ("--storage=postgresql+psycopg://me:secret@db/x", "--storage=postgresql+psycopg://me:***@db/x"),
        (
            "postgresql://db/x?user=me&password=secret&sslmode=require",
            "postgresql://db/x?user=me&password=***&sslmode=require",
        ),
        ("postgresql:/me:secret@db", "postgresql:/me:***@db"),
        ("sqlite:///mfbench.db", "sqlite:///mfbench.db"),
        ("sqlite:////home/me:x/a@b.db", "sqlite:////home/me:x/a@b.db"),
        ("me@host: no", "me@host: no"),
    ],
)
def test_a_password_is_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert hide_password(text) == shown
