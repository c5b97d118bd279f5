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
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.chart th, .chart td { border: 0; padding-block: 0; }
.chart td:nth-child(2) { width: 100%; }
.bar { background: #3b76c4; height: 1rem; print-color-adjust: exact; }
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


def to_html(summary: Summary) -> str:
    """The whole page; every text from the data is escaped."""
    return _PAGE.substitute(
        name=escape(summary.name),
        account="\n".join(f"<p>{escape(line)}</p>" for line in summary.account),
        facts=_table(("", ""), summary.facts()),
        users=_chart(summary.likes_a_user, "Users"),
        items=_chart(summary.likes_an_item, "Items"),
        popular=_table(("Item", "Likes"), [(title, f"{likes:,}") for title, likes in summary.popular]),
        terms=escape(summary.terms),
    )


def _table(header: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    head = f'<tr><th>{escape(header[0])}</th><th class="number">{escape(header[1])}</th></tr>' if any(header) else ""
    body = "".join(f'<tr><td>{escape(name)}</td><td class="number">{escape(value)}</td></tr>' for name, value in rows)
    return f"<table>{head}{body}</table>"


def _chart(distribution: Distribution, what: str) -> str:
    """A horizontal histogram: for 1, 2-3, 4-7, ... likes a bar and the number of users or items."""
    most = max(count for _, count in distribution.bins)
    rows = "".join(
        f'<tr><td class="number">{label}</td><td><div class="bar" style="width: {100 * count / most:.1f}%"></div></td>'
        f'<td class="number">{count:,}</td></tr>'
        for label, count in distribution.bins
    )
    middle = distribution.quantiles[len(distribution.quantiles) // 2]
    head = f'<tr><th class="number">Likes</th><th></th><th class="number">{what}</th></tr>'
    return f'<p>Median {middle:,.0f}, mean {distribution.mean:,.1f}</p><table class="chart">{head}{rows}</table>'
