"""The summary of a data set as one HTML page that needs no network and no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from string import Template

from bench.datasets.summary import Distribution, Summary

__all__ = ["to_html"]

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$name: what is in it</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem;
       overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .15rem .6rem .15rem 0; border-bottom: 1px solid #8884; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
svg rect { fill: #3b76c4; }
</style>
<h1>$name</h1>
$account
$facts
<h2>Likes a user</h2>
$users
<h2>Likes an item</h2>
$items
<h2>Most popular</h2>
$popular
<p>$terms</p>
</html>
""")
_ROW_HEIGHT = 20
_LABEL_WIDTH = 120
_BAR_WIDTH = 520


def to_html(summary: Summary) -> str:
    """The whole page; every text out of the data is escaped."""
    return _PAGE.substitute(
        name=escape(summary.name),
        account="\n".join(f"<p>{escape(line)}</p>" for line in summary.account),
        facts=_table(("", ""), summary.facts()),
        users=_chart(summary.likes_a_user, "users"),
        items=_chart(summary.likes_an_item, "items"),
        popular=_table(("Item", "Likes"), [(title, f"{likes:,}") for title, likes in summary.popular]),
        terms=escape(summary.terms),
    )


def _table(header: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(f'<tr><td>{escape(name)}</td><td class="number">{escape(value)}</td></tr>' for name, value in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _chart(distribution: Distribution, what: str) -> str:
    """Bars of how many have 1, 2-3, 4-7, ... likes; the numbers stand beside them."""
    most = max(count for _, count in distribution.bins)
    bars = []
    for row, (label, count) in enumerate(distribution.bins):
        y = row * _ROW_HEIGHT
        width = count / most * _BAR_WIDTH
        bars.append(
            f'<text x="{_LABEL_WIDTH - 8}" y="{y + 14}" text-anchor="end">{label}</text>'
            f'<rect x="{_LABEL_WIDTH}" y="{y + 3}" width="{width:.1f}" height="14"/>'
            f'<text x="{_LABEL_WIDTH + width + 6:.1f}" y="{y + 14}">{count:,}</text>'
        )
    size = f"0 0 {_LABEL_WIDTH + _BAR_WIDTH + 90} {len(bars) * _ROW_HEIGHT}"
    middle = distribution.quantiles[len(distribution.quantiles) // 2]
    caption = f"<p>Median {middle:,.0f}, mean {distribution.mean:,.1f}; {what} by their number of likes:</p>"
    return f'{caption}<svg viewBox="{size}" role="img" aria-label="{what} by number of likes">{"".join(bars)}</svg>'
