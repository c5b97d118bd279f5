"""Passwords and tokens stay out of everything that is shown or kept.

What is secret follows from its place: before the ``@`` of a URL, in a parameter of a URL that is not known to be
harmless, or after a keyword such as ``password=``. Drivers accept passwords that are not escaped, so a password may
hold spaces and every character that delimits a URL. Where its end is not certain, too much is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

__all__ = ["hide_password"]

MASK = "***"
SHORTEST = 3  #: characters; a shorter piece of a secret may be a part of any word
#: Schemes in which a name without a password is no secret; elsewhere it may be a token.
DATABASES = ("cockroachdb", "mariadb", "mssql", "mysql", "oracle", "postgres", "postgresql", "sqlite")
#: Parameters of a URL whose values are shown.
HARMLESS = re.compile(
    "application_name|cache|charset|client_encoding|connect_timeout|dbname|gssencmode|host|hostaddr|keepalives"
    "|keepalives_count|keepalives_idle|keepalives_interval|mode|nolock|options|port|schema|service|sslcert|sslcrl"
    "|sslkey|sslmode|sslrootcert|target_session_attrs|tcp_user_timeout|timeout|uri|user|username",
    re.I,
)
#: Names of keywords and parameters whose values are hidden wherever they stand.
SECRET = r"[\w.-]*(?:passw|passphrase|pwd|secret|token|api_?key|access_?key|credential)[\w.-]*"
QUOTED = r"""'((?:[^'\\]|\\.)*)|"((?:[^"\\]|\\.)*)"""

URL = re.compile(r"""(?:^|(?<=[\s"'=(<\[,;]))([a-z][a-z0-9.-]*)(?:\+[a-z0-9_.-]*)?:/{1,2}""", re.I)
OPTION = re.compile(r"(?:--[\w-]+=)?")
LOGIN = re.compile(r"[^:/]*:(.*)@", re.S)  #: user, password; split as SQLAlchemy does, but at the last @
TOKEN = re.compile(r"[^/?#\s]*@")
PLACES = (
    re.compile(rf"[?&]{SECRET}=([^&\s]*)", re.I | re.S),
    re.compile(rf"""(?<![?&\w.-]){SECRET}["']?\s*[:=]\s*(?:{QUOTED})""", re.I | re.S),
    re.compile(rf"""(?<![?&\w.-]){SECRET}\s*=\s*(?!["'\s])((?:\\.|(?!\s+\w+\s*=).)+)""", re.I | re.S),
)
WITHOUT_SCHEME = (re.compile(r"\A[^\s:]+:(?!\s)(.*)@", re.S), re.compile(r"""[^\s:/@"'=]+:([^\s/@]+)@"""))


def hide_password(text: str, url: str = "") -> str:
    """Replace every secret in the text by three asterisks, and those of ``url`` wherever in the text they stand.

    ``text`` is a URL, a word of a command line, or prose that quotes some. A driver's message may quote a piece of the
    password of ``url``, such as the part behind an ``@`` as a host.
    """
    hidden, end = "", 0
    for start, stop in sorted(_spans(text)):
        if start >= end:
            hidden += text[end:start] + MASK
        end = max(end, stop)
    hidden += text[end:]
    for piece in sorted(_pieces(url), key=len, reverse=True):
        hidden = hidden.replace(piece, MASK)
    return hidden


def _pieces(url: str) -> set[str]:
    """Return the secrets of the URL and their parts, as they stand there and unescaped."""
    secrets = [url[start:stop] for start, stop in _spans(url)]
    whole = {*secrets, *map(unquote, secrets)}
    parts = {part for ends in ("@", r"[@:/?#&\s]") for secret in whole for part in re.split(ends, secret)}
    return {piece for piece in whole | parts if len(piece) >= SHORTEST}


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where secrets stand, in any order; spans may overlap."""
    starts = list(URL.finditer(text))
    if starts and OPTION.fullmatch(text, 0, starts[0].start()):
        yield from _spans_in_url(text, starts[0], len(text), r"[^&]*")
    else:
        ends = [*(each.start() for each in starts), len(text)][1:]
        for found, end in zip(starts, ends, strict=True):
            quote = text[found.start() - 1 : found.start()]
            value = f"[^&{quote}]*" if quote in ("'", '"') else r"""[^&\s"'<>]*"""
            yield from _spans_in_url(text, found, end, value)
    for pattern in PLACES if starts else (*PLACES, *WITHOUT_SCHEME):
        for match in pattern.finditer(text):
            yield match.span(match.lastindex or 0)


def _spans_in_url(text: str, found: re.Match[str], end: int, value: str) -> Iterator[tuple[int, int]]:
    """Yield where secrets stand in the URL that begins with ``found`` and is over at ``end`` or before."""
    place = found.end()
    login, token = LOGIN.match(text, place, end), TOKEN.match(text, place, end)
    if login and login[1]:
        yield login.span(1)
    elif token and found[1].lower() not in DATABASES:
        yield place, token.end() - 1
    for parameter in re.compile(rf"[?&]([^=&\s]*)=({value})").finditer(text, login.end() if login else place, end):
        if not HARMLESS.fullmatch(parameter[1]):
            yield parameter.span(2)
