"""How a study was measured, in words; numbers and names come from its record."""

from __future__ import annotations

from reports import formats, tables
from reports.tables import Column, Table
from studies.record.comparison import ComparisonRecord
from studies.record.study import SplitSummary, StudyRecord

__all__ = ["data_facts", "dropped", "facts", "paragraphs"]

FITTING = {
    "warm": "What is left of a test user's history is trained on",
    "fold-in": "Test users are left out of training; their vectors are computed from what is left of their histories",
}


def paragraphs(record: StudyRecord) -> tuple[str, ...]:
    """Protocol, ranking and what to keep in mind, a paragraph each."""
    return tuple(text for text in (_held_out(record.split), _ranked(record), *_cautions(record)) if text)


def facts(record: StudyRecord) -> tuple[tuple[str, str], ...]:
    split = record.split
    return (
        ("Split", split.kind),
        ("Protocol", split.protocol),
        ("Hidden", split.holdout),
        ("Seed of the split", str(split.seed)),
        ("Users with enough likes", formats.count(split.n_eligible_users)),
        ("Test users, sealed", formats.count(split.n_test_users)),
        ("Validation users in a draw", formats.count(split.n_validation_users)),
        ("Draws", formats.count(split.n_draws)),
        ("Likes trained on, first draw", formats.count(split.n_train_likes)),
        *_sampler(record),
        ("Seed of the search", str(record.seed)),
    )


def _sampler(record: StudyRecord) -> tuple[tuple[str, str], ...]:
    names = [f"{name} from trial {number}" if number else name for number, name in sorted(record.samplers.items())]
    return (("Sampler", "; ".join(names)),) if names else ()


def data_facts(record: StudyRecord | ComparisonRecord) -> tuple[tuple[str, str], ...]:
    data = record.data
    kept = () if data.positive_from is None else (("A like is", f"a rating of at least {data.positive_from:g}"),)
    return (
        ("Data", data.name),
        ("Users", formats.count(data.n_users)),
        ("Items", formats.count(data.n_items)),
        ("Likes", formats.count(data.n_likes)),
        *kept,
        *((("Features", data.features),) if data.features else ()),
        ("Rows read", formats.count(data.rows_read)),
    )


def dropped(record: StudyRecord | ComparisonRecord) -> Table:
    """Rows that were read and not kept, by reason."""
    rows = tuple((tables.text(reason), tables.number(rows)) for reason, rows in record.data.dropped.items())
    return Table("Rows dropped, and why", (Column("Reason", is_numeric=False), Column("Rows")), rows)


def _held_out(split: SplitSummary) -> str:
    draws = (
        "once"
        if split.n_draws == 1
        else f"in {formats.count(split.n_draws)} independent draws, each with a fit of its own"
    )
    fitting = FITTING.get(split.protocol, f"Protocol: {split.protocol}")
    n_test, n_validation = formats.count(split.n_test_users), formats.count(split.n_validation_users)
    sealed = f"Hidden and sealed as the test: {split.holdout}, from {n_test} users; no trial has seen them."
    if split.kind == "given":
        unknown = (
            f", {formats.count(split.n_unknown)} of them of items that no model can know" if split.n_unknown else ""
        )
        return (
            f"{sealed} Asked for in the search: the validation likes that the author of the data chose, of "
            f"{n_validation} users{unknown}. All trials share them, so their differences are paired by user. {fitting}."
        )
    return (
        f"{sealed} Hidden for the search: as many again, from {n_validation} users, {draws}. All trials share these "
        f"draws, so their differences are paired by user. {fitting}."
    )


def _ranked(record: StudyRecord) -> str:
    among = "all items, seen ones too" if record.split.seen_may_return else "all the items that its user has not seen"
    text = (
        f"A trial is scored by the rank of a hidden like among {among}: the full catalogue, no sampled negatives, and "
        "an item that ties with it counts half. Every metric is a mean over users"
    )
    text += f" and draws, with a 95{formats.NBSP}% bootstrap interval over users."
    best = record.best
    if best is None or best.tie_share is None:
        return text
    share = formats.percent(best.tie_share) if best.tie_share else "none"
    return f"{text} In the best trial {share} of the unseen items tied with a hidden like."


def _cautions(record: StudyRecord) -> list[str]:
    split, cautions = record.split, []
    if record.error_names:
        cautions.append(
            "This model learns from all ratings, those too low for a like too, but for those of hidden likes. Its "
            f"errors, after the epoch that ranks best, are on a random 5{formats.NBSP}% of all ratings withheld from "
            "each fit, 50,000 at most: the hidden likes are all high, and tell nothing of errors. Lower is better."
        )
    if split.n_hidden == 1:
        cautions.append(
            "With one hidden like a user, AP@30 equals RR@30. MRR@100 and MAP@30 therefore differ only by likes that "
            "were ranked 31 to 100; they are not two independent witnesses."
        )
    if split.is_last_by_time:
        cautions.append(
            "The hidden likes are the last by time, while other users' later likes are trained on: that lets some of "
            "the future into training and flatters every model."
        )
    return cautions
