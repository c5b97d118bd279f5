"""The page of a comparison, made from its record alone."""

from __future__ import annotations

from pathlib import Path

from reports import page
from reports.compare import details, protocol, tables
from reports.compare.charts import differences, drawn_pairs, maps, scores, tree
from reports.compare.overlaps import overlap_view
from reports.compare.verdict import verdict
from reports.formats import metric_name
from reports.protocol import data_facts, dropped
from studies.record.comparison import ComparisonRecord

__all__ = ["render_comparison", "write_comparison_page"]


def render_comparison(record: ComparisonRecord) -> str:
    """Return the page as HTML that needs no other file and no network."""
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
        quality={k: tables.quality(record, k) for k in tables.CUTS},
        pairs=tables.pairs(record),
        n_drawn_pairs=len(drawn_pairs(record)),
        winners_curse=tables.winners_curse(record),
        beyond={k: tables.beyond(record, k) for k in tables.CUTS},
        costs=tables.costs(record),
        slices={by: details.slices(record, by) for by in ("activity", "popularity", "rarity")},
        conventions={metric: details.conventions(record, metric) for metric in ("mrr@100", "map@30")},
        overlap=overlap_view(record),
        blends=details.blends(record),
        neighbours=[(each, details.shared_lists(each.lists)) for each in record.neighbours],
        sample_users=[(each, details.shared_lists(each.lists, each.hidden)) for each in record.sample_users],
        configurations=tables.configurations(record),
        data_facts=data_facts(record.data),
        dropped=dropped(record.data),
        details=details,
        protocol=protocol,
    )


def write_comparison_page(record: ComparisonRecord, folder: Path) -> Path:
    """Write the page to a file named after the comparison; a page of the same name is replaced."""
    return page.write(render_comparison(record), folder, record.name)
