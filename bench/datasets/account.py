"""What became of the rows of a file, in lines for people."""

from __future__ import annotations

from evaluation.interactions import Interactions

__all__ = ["describe"]


def describe(interactions: Interactions) -> str:
    """What was kept, what was dropped and why, and what was repaired; a line each, the first always there."""
    source = interactions.source
    rule = "" if source.positive_from is None else f" ({source.value_name} >= {source.positive_from:g})"
    users = _of(interactions.n_users, source.users_read)
    items = _of(interactions.n_items, source.items_read)
    kept = f"{interactions.n_likes:,} of {source.rows_read:,} {f'{source.value_name}s' if rule else 'rows'}"
    lines = [f"Kept {kept} as likes{rule}; {users} users, {items} items"]
    if any(not reason.startswith(f"{source.value_name} below ") for reason in source.dropped):
        lines += [f"Dropped {count:,}: {reason}" for reason, count in source.dropped.items()]
    return "\n".join([*lines, *(f"Note: {note}" for note in source.notes)])


def _of(kept: int, read: int | None) -> str:
    return f"{kept:,}" if read is None or read == kept else f"{kept:,} of {read:,}"
