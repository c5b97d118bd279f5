"""What the pages of a study and of a comparison both say about the data and about what was held out."""

from __future__ import annotations

from reports import cells, formats
from reports.cells import Column, Table
from studies.record.study import DataSummary, SplitSummary

__all__ = ["cautions", "data_facts", "dropped", "held_out", "ranked_items", "training"]

TRAINING = {
    "warm": "The rest of a test user’s history is part of the training data",
    "fold-in": (
        "Test users are not part of the training data; their vectors are computed from the rest of their histories"
    ),
}


def held_out(split: SplitSummary) -> str:
    """``1 random like a user``, as studies have stored it, becomes ``1 random like per user``."""
    amount, unit, rest = split.holdout.rpartition(" a user")
    return f"{amount} per user" if unit and not rest else split.holdout


def ranked_items(split: SplitSummary) -> str:
    """The items among which a held-out item is ranked."""
    which = "all items, seen ones included" if split.seen_may_return else "all items that the user has not seen"
    return f"{which}: the full catalogue, without sampled negatives; an item with the same score counts half"


def training(split: SplitSummary) -> str:
    """What happens to the rest of a test user's history, as a sentence without its full stop."""
    return TRAINING.get(split.protocol, f"Protocol: {split.protocol}")


def cautions(split: SplitSummary) -> list[str]:
    """What a reader must know about this kind of split to read the scores."""
    one_each = (
        "With one held-out item per user, AP@30 equals RR@30, and recall equals the hit rate. MRR@100 and MAP@30 "
        "therefore differ only through items ranked 31 to 100: they are not two independent pieces of evidence."
    )
    from_the_future = (
        "The held-out items are the last of each user by time, but later likes of other users are part of the training "
        "data. Some information from the future therefore reaches training, and the scores of every model are too high."
    )
    return [one_each] * (split.n_hidden == 1) + [from_the_future] * split.is_last_by_time


def data_facts(data: DataSummary) -> tuple[tuple[str, str], ...]:
    threshold = () if data.positive_from is None else (("A like is", f"a rating of at least {data.positive_from:g}"),)
    return (
        ("Data", data.name),
        ("Users", formats.count(data.n_users)),
        ("Items", formats.count(data.n_items)),
        ("Likes", formats.count(data.n_likes)),
        *threshold,
        *((("Features", data.features),) if data.features else ()),
        ("Rows read", formats.count(data.rows_read)),
    )


def dropped(data: DataSummary) -> Table:
    """Rows that were read but not used, by reason."""
    rows = tuple((cells.text(reason), cells.number(rows)) for reason, rows in data.dropped.items())
    return Table("Rows that were not used, by reason", (Column("Reason", is_numeric=False), Column("Rows")), rows)
