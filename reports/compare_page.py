"""The page of one comparison, drawn from its record alone."""

from __future__ import annotations

from pathlib import Path

from reports import compare_closer_tables, compare_protocol, compare_tables, page, protocol
from reports.compare_charts import differences, drawn_pairs, maps, scores, tree
from reports.compare_closer_tables import shared_lists
from reports.compare_tables import CUTS
from reports.compare_verdict import verdict
from reports.formats import metric_name
from reports.overlap_view import overlap_view
from studies.comparison.record import ComparisonRecord

__all__ = ["render_comparison", "write_comparison_page"]


def render_comparison(record: ComparisonRecord) -> str:
    """The whole page as text: no file beside it, no request when it is opened."""
    figures = {
        "scores": scores(record),
        "differences": differences(record),
        "tree": tree(record),
        "maps": maps(record),
    }
    return page.render(
        "compare.html",
        figures,
        record=record,
        metric=metric_name(record.metric),
        verdict=verdict(record),
        quality={k: compare_tables.quality(record, k) for k in CUTS},
        pairs=compare_tables.pairs(record),
        n_drawn_pairs=len(drawn_pairs(record)),
        winners_curse=compare_tables.winners_curse(record),
        beyond={k: compare_tables.beyond(record, k) for k in CUTS},
        costs=compare_tables.costs(record),
        slices={by: compare_closer_tables.slices(record, by) for by in ("activity", "popularity", "rarity")},
        conventions={metric: compare_closer_tables.conventions(record, metric) for metric in ("mrr@100", "map@30")},
        overlap=overlap_view(record),
        blends=compare_closer_tables.blends(record),
        neighbours=[(each, shared_lists(each.lists)) for each in record.neighbours],
        sample_users=[(each, shared_lists(each.lists, each.hidden)) for each in record.sample_users],
        configurations=compare_tables.configurations(record),
        dropped=protocol.dropped(record),
        protocol=protocol,
        compare_protocol=compare_protocol,
    )


def write_comparison_page(record: ComparisonRecord, folder: Path) -> Path:
    """Write the page as a file named after the comparison; an older page of the same name is replaced."""
    return page.write(render_comparison(record), folder, record.name)
