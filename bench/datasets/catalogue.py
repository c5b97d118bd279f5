"""The data sets that are known by name: the publisher's address, terms and checksum of each."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EMBEDDED", "KNOWN_SETS", "KnownSet", "known_names"]

#: The set that is part of mfbench; the others are fetched.
EMBEDDED = "movielens-small"

_MOVIELENS = "https://files.grouplens.org/datasets/movielens/"
_MOVIELENS_TERMS = (
    "GroupLens: for research; no implied endorsement; acknowledge it (Harper and Konstan 2015, "
    "doi:10.1145/2827872); no commercial use without permission; "
)
_NO_REDISTRIBUTION = _MOVIELENS_TERMS + "no redistribution without permission"
_SAME_TERMS = _MOVIELENS_TERMS + "redistribution under the same terms"
_LASTFM_TERMS = (
    "Last.FM through HetRec 2011: for non-commercial use; cite http://www.last.fm and "
    "Cantador, Brusilovsky and Kuflik 2011 (HetRec, RecSys)"
)


@dataclass(frozen=True, kw_only=True)
class KnownSet:
    """``checksum`` is ``md5:`` or ``sha256:`` with the digest; None where the publisher changes the file.

    A file without a known checksum is compared with the ``.md5`` that the publisher keeps beside it.
    """

    name: str
    url: str
    about: str
    terms: str
    checksum: str | None

    @property
    def file_name(self) -> str:
        return self.url.rsplit("/", 1)[-1]


def _movielens(size: str, about: str, terms: str, md5: str | None) -> KnownSet:
    checksum = None if md5 is None else f"md5:{md5}"
    url = f"{_MOVIELENS}ml-{size}.zip"
    return KnownSet(name=f"movielens-{size}", url=url, about=about, terms=terms, checksum=checksum)


# The MD5 sums are from GroupLens's ml-*.zip.md5. No sum is published for Last.FM: the SHA-256 is the one that
# independent projects recorded from the publisher's file.
_SETS = (
    _movielens(
        "100k",
        "100,000 ratings, 943 users, 1,682 movies, 1998; 5 MB",
        _NO_REDISTRIBUTION,
        "0e33842e24a9c977be4e0107933c0723",
    ),
    _movielens(
        "1m",
        "1,000,209 ratings, 6,040 users, 3,706 movies, 2000; 6 MB",
        _NO_REDISTRIBUTION,
        "c4d9eecfca2ab87c1945afe126590906",
    ),
    _movielens(
        "10m",
        "10,000,054 ratings, 69,878 users, 10,677 movies, 2009; 63 MB",
        _NO_REDISTRIBUTION,
        "ce571fd55effeba0271552578f2648bd",
    ),
    _movielens(
        "20m",
        "20,000,263 ratings, 138,493 users, 26,744 movies, 2015; 190 MB",
        _NO_REDISTRIBUTION,
        "cd245b17a1ae2cc31bb14903e1204af3",
    ),
    _movielens(
        "25m",
        "25,000,095 ratings, 162,541 users, 59,047 movies, 2019; 250 MB",
        _NO_REDISTRIBUTION,
        "6b51fb2759a8657d3bfcbfc42b592ada",
    ),
    _movielens(
        "32m",
        "32,000,204 ratings, 200,948 users, 84,432 movies, 2023; 239 MB",
        _SAME_TERMS,
        "d472be332d4daa821edc399621853b57",
    ),
    _movielens("latest-small", "about 100,000 ratings of 600 users; changes over time; 1 MB", _SAME_TERMS, None),
    KnownSet(
        name="lastfm-hetrec",
        url="https://files.grouplens.org/datasets/hetrec2011/hetrec2011-lastfm-2k.zip",
        about="92,834 play counts, 1,892 users, 17,632 artists, 2011; 3 MB",
        terms=_LASTFM_TERMS,
        checksum="sha256:6738f48195667ff03caaab4d32ca9a3133d8cc026b7c3cdaf6ce1010e913c59c",
    ),
)
KNOWN_SETS = {known.name: known for known in _SETS}


def known_names() -> tuple[str, ...]:
    """The names of the data sets that can be loaded by name."""
    return (EMBEDDED, *KNOWN_SETS)
