"""How numbers read on a page: the one place that decides digits, signs and units."""

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
    "signed",
    "size",
    "times",
    "visible",
]

NOTHING = "–"
LONGEST_ABBREVIATION = 4
MINUS = "−"
NBSP = "\u00a0"
#: controls, halves of surrogate pairs, and the marks that turn the direction of what follows
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Names come from outside: characters that act on the text around them are shown as what they are, strangers."""
    return INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text)


def metric_name(metric: str) -> str:
    """``mrr@100`` -> ``MRR@100``, ``recall@10`` -> ``Recall@10``; a short name is an abbreviation."""
    name, mark, k = metric.partition("@")
    return (name.upper() if len(name) <= LONGEST_ABBREVIATION else name.capitalize()) + mark + k


def score(value: float | None) -> str:
    """Four decimals without the leading zero, as the field's tables have it: ``.1140``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{abs(value):.4f}"
    sign = MINUS if value < 0 and float(text) else ""
    return sign + text.removeprefix("0")


def signed(value: float) -> str:
    """A difference, with its sign: ``+.0123``."""
    text = score(value)
    return f"+{text}" if value > 0 and text != ".0000" else text


def interval(estimate: Estimate) -> str:
    return f"{score(estimate.low)} to {score(estimate.high)}"


def gain_interval(difference: Estimate) -> str:
    return f"{signed(difference.low)} to {signed(difference.high)}"


def count(number: int) -> str:
    return f"{number:,}"


def percent(share: float) -> str:
    """A share in whole per cent; below ten per cent with one decimal, where a whole number would say too little."""
    if not math.isfinite(share):
        return NOTHING
    if 0 < share < 0.0005:
        return f"under 0.1{NBSP}%"
    digits = 0 if abs(share) >= 0.0995 or share == 0 else 1
    return f"{100 * share:.{digits}f}{NBSP}%".replace("-", MINUS)


def duration(seconds: float | None) -> str:
    """Three digits at most: ``0.42 s``, ``12.3 s``, ``3 min 20 s``, ``2 h 05 min``."""
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
    """Three digits also of what is quick: ``61.3 ms``, ``1.23 s``, ``940 µs``."""
    if seconds >= 99.95:
        return duration(seconds)
    unit, scale = ("s", 1.0) if seconds >= 0.9995 else ("ms", 1e-3) if seconds >= 0.0009995 else ("µs", 1e-6)
    return f"{_three_digits(seconds / scale)}{NBSP}{unit}"


def times(ratio: float) -> str:
    """How many times as much: ``12.3``, ``1.10``, ``0.87``."""
    return _three_digits(ratio) if ratio >= 0.995 else f"{ratio:.2f}"


def size(n_bytes: int) -> str:
    """Memory: ``310 MiB``, ``1.23 GiB``."""
    mib = n_bytes / 2**20
    return f"{mib:.0f}{NBSP}MiB" if mib < 999.5 else f"{_three_digits(mib / 1024)}{NBSP}GiB"


def parameter(value: object) -> str:
    """A hyperparameter's value, fit to be copied into code: floats to four significant digits, the rest as they are."""
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
