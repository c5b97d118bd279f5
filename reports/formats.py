"""How numbers are written on a page: digits, signs and units are decided here only."""

from __future__ import annotations

import math
import re

from studies.record.study import Estimate

__all__ = [
    "brief",
    "count",
    "duration",
    "gain_interval",
    "interval",
    "metric_name",
    "parameter",
    "percent",
    "score",
    "shorten",
    "signed",
    "size",
    "span",
    "times",
    "visible",
]

NOTHING = "–"
LONGEST_ABBREVIATION = 4
MINUS = "−"
NBSP = "\u00a0"
#: control characters, lone surrogates, and marks that change the direction of text
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Replace characters of names from outside that would change or hide the text around them."""
    return INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text)


def shorten(text: str, length: int) -> str:
    """``text`` with its middle left out where it is longer: long names often differ at both ends."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def metric_name(metric: str) -> str:
    """``mrr@100`` -> ``MRR@100``, ``recall@10`` -> ``Recall@10``; names of up to four letters are abbreviations."""
    name, mark, k = metric.partition("@")
    return (name.upper() if len(name) <= LONGEST_ABBREVIATION else name.capitalize()) + mark + k


def score(value: float | None) -> str:
    """Four decimals without the leading zero, as is usual for these metrics: ``.1140``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{abs(value):.4f}"
    sign = MINUS if value < 0 and float(text) else ""
    return sign + text.removeprefix("0")


def signed(value: float) -> str:
    """A difference, with its sign: ``+.0123``."""
    text = score(value)
    return f"+{text}" if value > 0 and text != ".0000" else text


def span(low: str, high: str) -> str:
    """``low to high``; one of them if both read the same."""
    return low if low == high else f"{low} to {high}"


def interval(estimate: Estimate) -> str:
    return span(score(estimate.low), score(estimate.high))


def gain_interval(difference: Estimate) -> str:
    return span(signed(difference.low), signed(difference.high))


def count(number: int) -> str:
    return f"{number:,}"


def percent(share: float) -> str:
    """A share in whole per cent, below ten per cent with one decimal."""
    if not math.isfinite(share):
        return NOTHING
    if 0 < share < 0.0005:
        return f"under 0.1{NBSP}%"
    digits = 0 if abs(share) >= 0.0995 or share == 0 else 1
    return f"{100 * share:.{digits}f}{NBSP}%".replace("-", MINUS)


def duration(seconds: float | None) -> str:
    """At most three digits: ``0.42 s``, ``12.3 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 99.95:
        return f"{seconds:.{2 if seconds < 9.995 else 1}f}{NBSP}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{NBSP}min{NBSP}{rest:02d}{NBSP}s"
    hours, minutes = divmod(minutes, 60)
    return f"{count(hours)}{NBSP}h{NBSP}{minutes:02d}{NBSP}min"


def brief(seconds: float) -> str:
    """Three digits, also for short times: ``61.3 ms``, ``1.23 s``, ``940 µs``."""
    if seconds >= 99.95:
        return duration(seconds)
    unit, scale = ("s", 1.0) if seconds >= 0.9995 else ("ms", 1e-3) if seconds >= 0.0009995 else ("µs", 1e-6)
    return f"{_three_digits(seconds / scale)}{NBSP}{unit}"


def times(ratio: float) -> str:
    """A ratio: ``12.3``, ``1.10``, ``0.87``."""
    return _three_digits(ratio) if ratio >= 0.995 else f"{ratio:.2f}"


def size(n_bytes: int) -> str:
    """Memory: ``310 MiB``, ``1.23 GiB``."""
    mib = n_bytes / 2**20
    return f"{mib:.0f}{NBSP}MiB" if mib < 999.5 else f"{_three_digits(mib / 1024)}{NBSP}GiB"


def parameter(value: object) -> str:
    """A hyperparameter value: floats with four significant digits, everything else unchanged."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _exponent(f"{value:.4g}")
    return str(value)


def _exponent(digits: str) -> str:
    """``1e-07`` -> ``1e-7``."""
    mantissa, mark, power = digits.partition("e")
    return f"{mantissa}e{int(power)}" if mark else digits


def _three_digits(value: float) -> str:
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:,.{digits}f}"
