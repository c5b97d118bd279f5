from __future__ import annotations

import re
import shlex
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

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
        ("postgresql://u:S3cret Pw@host/db", "postgresql://u:***@host/db"),
        ("postgresql://u:S3c@ret@host/db", "postgresql://u:***@host/db"),
        ("postgresql://me@corp:secret@host/db", "postgresql://me@corp:***@host/db"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("postgresql://me@host:5432/db?sslmode=require", "postgresql://me@host:5432/db?sslmode=require"),
        ("postgresql://db/x?sslpassword=se cret#1", "postgresql://db/x?sslpassword=***"),
        ("https://host/mlflow?token=abc", "https://host/mlflow?token=***"),
        ("https://host/mlflow?unheard_of=abc", "https://host/mlflow?unheard_of=***"),
        ("http://TOKEN@host:5000", "http://***@host:5000"),
        ("https://TOKEN:@host", "https://***@host"),
        ("tcp://10.0.0.1:8786", "tcp://10.0.0.1:8786"),
        ("http://localhost:5000: no answer", "http://localhost:5000: no answer"),
        ("host=db user=me password='S3 cret' dbname=x", "host=db user=me password='***' dbname=x"),
        ("host=db password = S3 cret dbname=x", "host=db password = *** dbname=x"),
        (r"host=db password=S3\ cret user=me", "host=db password=*** user=me"),
        ("{'host': 'db', 'password': 'secret'}", "{'host': 'db', 'password': '***'}"),
        (
            "Max retries exceeded with url: /api?token=abc (refused)",
            "Max retries exceeded with url: /api?token=*** (refused)",
        ),
        ("password authentication failed for user me", "password authentication failed for user me"),
        ("postgresql//me:secret@db", "postgresql//me:***@db"),
        ("me:S3 cret@db/x", "me:***@db/x"),
        (
            "bench.study --storage 'postgresql://a:b c@db/x?password=d e' --tracking-uri=http://f@mlflow --trials 3",
            "bench.study --storage 'postgresql://a:***@db/x?password=***' --tracking-uri=http://***@mlflow --trials 3",
        ),
    ],
)
def test_a_password_is_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert hide_password(text) == shown


def test_a_driver_may_quote_pieces_of_the_password() -> None:
    url = "postgresql://me:S3cret@Pw%20one@host/db"
    message = 'could not translate host name "Pw%20one@host", tried "Pw one@host"'
    assert hide_password(message, url) == 'could not translate host name "***@host", tried "***@host"'


DELIMITERS = "@:/?#&= %+'\"\\;,()[]{}<>$"
secrets = st.text(st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ" + DELIMITERS), min_size=3, max_size=12).filter(
    lambda secret: bool(re.search(r"[A-Z]{3}", secret))
)
words = secrets.map(lambda secret: "".join(each for each in secret if each not in " '\"")).filter(
    lambda secret: bool(re.search(r"[A-Z]{3}", secret))
)
TEMPLATES = (
    "postgresql://me:{}@host/db",
    "postgresql+psycopg://me:{}@host:5432/db?sslmode=require",
    "mysql://me@corp:{}@host/db",
    "postgresql:/me:{}@host",
    "http://me:{}@host:5000/path",
    "tls://me:{}@host:8786",
)
PARAMETERS = ("password", "sslpassword", "token", "api_key", "odbc_connect", "passfile")


def assert_hidden(secret: str, shown: str) -> None:
    """No three letters of the secret that stand together are shown: all else in these tests is lower case."""
    left = {piece for run in re.findall("[A-Z]{3,}", secret) for piece in (run[i : i + 3] for i in range(len(run) - 2))}
    assert not [piece for piece in left if piece in shown], shown


@given(st.sampled_from(TEMPLATES), secrets, st.sampled_from(["", "--storage="]))
@example(TEMPLATES[0], "S3C RET PW", "")
@example(TEMPLATES[0], "ABC@DEF://GHI", "")
def test_no_password_survives_in_a_url(template: str, secret: str, option: str) -> None:
    assert_hidden(secret, hide_password(option + template.format(secret)))


@given(st.sampled_from(TEMPLATES), secrets)
def test_no_escaped_password_survives(template: str, secret: str) -> None:
    shown = hide_password(template.format(quote(secret, safe="")))
    assert_hidden(quote(secret, safe=""), shown)
    assert "@host" in shown


@given(secrets)
def test_whatever_sqlalchemy_takes_for_the_password_is_hidden(secret: str) -> None:
    url = f"postgresql://me:{secret}@host/db"
    try:
        password = make_url(url).password
    except ValueError:
        assume(False)
    assert_hidden(str(password), hide_password(url))


@given(st.sampled_from(PARAMETERS), secrets, st.booleans())
def test_no_parameter_survives_in_a_url(name: str, secret: str, is_last: bool) -> None:
    value = secret.replace("&", "")
    url = f"postgresql://host/db?sslmode=require&{name}={value}" + ("" if is_last else "&connect_timeout=10")
    shown = hide_password(url)
    assert_hidden(value, shown)
    assert shown.startswith("postgresql://host/db?sslmode=require&")


@given(secrets.map(lambda secret: re.sub("[/?#@ '\":]", "", secret)))
def test_no_token_survives(secret: str) -> None:
    assert_hidden(secret, hide_password(f"http://{secret}@host:5000"))


@given(words, words, words)
def test_several_urls_in_a_line_are_hidden_each(first: str, second: str, third: str) -> None:
    text = f"run --storage postgresql://a:{first}@db/x --scheduler=tls://b:{second}@c --tracking-uri http://d:{third}@e"
    shown = hide_password(text)
    for secret in (first, second, third):
        assert_hidden(secret, shown)


@given(secrets, secrets)
def test_words_of_a_command_are_hidden_before_they_are_joined(first: str, second: str) -> None:
    command = [
        "bench.study",
        "--storage",
        f"postgresql://a:{first}@db/x",
        f"--tracking-uri=http://b:{second}@c/?token=x",
    ]
    shown = shlex.join(hide_password(word) for word in command)
    assert_hidden(first, shown)
    assert_hidden(second, shown)


@given(
    secrets.filter(lambda secret: not re.search(r"[\s]\w+\s*=", secret)),
    st.sampled_from(["password", "sslpassword", "passwd"]),
)
def test_no_keyword_survives(secret: str, name: str) -> None:
    """In libpq's style, in quotes, escaped or bare, and as Python shows a dictionary."""
    escaped = secret.replace("\\", "\\\\").replace("'", "\\'")
    assert_hidden(secret, hide_password(f"host=db {name}='{escaped}' user=me"))
    bare = re.sub(r"[\s'\"\\]", "", secret)
    assert_hidden(bare, hide_password(f"host=db {name}={bare} user=me"))
    assert_hidden(secret, hide_password(str({"host": "db", name: secret})))


@given(st.sampled_from(TEMPLATES), secrets)
def test_no_piece_of_a_password_survives_in_a_drivers_message(template: str, secret: str) -> None:
    url = template.format(secret)
    behind = url.rpartition("@")[0].partition("@")[2] or secret
    shown = hide_password(f'could not translate host name "{behind}@host" to address', url)
    for piece in re.split(r"[@:/?#&\s]", secret):
        if len(piece) >= 3:
            assert_hidden(piece, shown)


@given(st.text())
def test_any_text_is_hidden_once_and_for_all(text: str) -> None:
    shown = hide_password(text)
    if "@" not in text and "=" not in text and ":" not in text:
        assert shown == text
