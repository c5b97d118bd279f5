"""What became of the rows of a file, in lines for people."""

from __future__ import annotations

from evaluation.interactions import Interactions

__all__ = ["describe"]


def describe(interactions: Interactions) -> str:
    """What was kept, what was dropped and why, and what was repaired; a line each, the first always there."""
    source = interactions.source
    is_rated = source.positive_from is not None
    rule = f" (rating >= {source.positive_from:g})" if is_rated else ""
    users = _of(interactions.n_users, source.users_read)
    items = _of(interactions.n_items, source.items_read)
    kept = f"{interactions.n_likes:,} of {source.rows_read:,} {'ratings' if is_rated else 'rows'}"
    lines = [f"Kept {kept} as likes{rule}; {users} users, {items} items"]
    if any("below" not in reason for reason in source.dropped):
        lines += [f"Dropped {count:,}: {reason}" for reason, count in source.dropped.items()]
    return "\n".join([*lines, *(f"Note: {note}" for note in source.notes)])


def _of(kept: int, read: int | None) -> str:
    return f"{kept:,}" if read is None or read == kept else f"{kept:,} of {read:,}"
