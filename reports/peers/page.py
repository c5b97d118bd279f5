"""The page of the benchmarks against other libraries, made from their record alone."""

from __future__ import annotations

from pathlib import Path

from reports import page
from reports.peers import tables
from reports.peers.charts import curves, ratios
from studies.record.peers import PeersRecord

__all__ = ["render_peers", "write_peers"]


def render_peers(record: PeersRecord) -> str:
    """Return the page as HTML that needs no other file and no network."""
    groups = {
        "ratios": ratios(record),
        "losses": curves(record, of_loss=True),
        "metrics": curves(record, of_loss=False),
    }
    return page.render(
        "peers.html",
        {f"{group}/{title}": figure for group, drawn in groups.items() for title, figure in drawn.items()},
        record=record,
        groups=groups,
        headline=tables.headline(record),
        skipped=tables.skipped(record),
        summary=tables.summary(record),
        measurements=tables.measurements(record),
        data_sets=tables.data_sets(record),
    )


def write_peers(record: PeersRecord, folder: Path) -> Path:
    """Write the page to ``peers.html``; an older page is replaced."""
    return page.write(render_peers(record), folder, "peers")
