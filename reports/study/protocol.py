"""How a study was measured, as text; numbers and names come from its record."""

from __future__ import annotations

from reports import formats
from reports.protocol import cautions, held_out, ranked_items, training
from studies.record.study import SplitSummary, StudyRecord

__all__ = ["facts", "paragraphs"]


def paragraphs(record: StudyRecord) -> tuple[str, ...]:
    """Protocol, ranking and cautions, each a paragraph."""
    of_ratings = [_rating_errors()] if record.error_names else []
    return (_split(record.split), _ranking(record), *of_ratings, *cautions(record.split))


def facts(record: StudyRecord) -> tuple[tuple[str, str], ...]:
    split = record.split
    return (
        ("Split", split.kind),
        ("Protocol", split.protocol),
        ("Held out", held_out(split)),
        ("Seed of the split", str(split.seed)),
        ("Users with enough likes", formats.count(split.n_eligible_users)),
        ("Test users, sealed", formats.count(split.n_test_users)),
        ("Validation users per draw", formats.count(split.n_validation_users)),
        ("Draws", formats.count(split.n_draws)),
        ("Training likes, first draw", formats.count(split.n_train_likes)),
        *_sampler(record),
    )


def _sampler(record: StudyRecord) -> tuple[tuple[str, str], ...]:
    names = [f"{name} from trial {number}" if number else name for number, name in sorted(record.samplers.items())]
    rows = [("Sampler", "; ".join(names))] if names else []
    has_own_seed = any(", seed " in name for name in names)
    return (*rows, *([] if has_own_seed else [("Seed of the search", str(record.seed))]))


def _split(split: SplitSummary) -> str:
    n_test, n_validation = formats.count(split.n_test_users), formats.count(split.n_validation_users)
    test = f"Held out as the sealed test: {held_out(split)}, of {n_test} users; no trial has seen these likes."
    if split.kind == "given":
        validation = f"The validation likes, of {n_validation} users, were chosen by the author of the data."
        if split.n_unknown:
            validation += f" {formats.count(split.n_unknown)} of them are of items that have no training likes."
    else:
        validation = f"Held out for the search: as many again, of {n_validation} users, {_draws(split)}."
    return (
        f"{test} {validation} All trials use the same validation likes, so that their differences are paired by user. "
        f"{training(split)}."
    )


def _draws(split: SplitSummary) -> str:
    if split.n_draws == 1:
        return "once"
    return f"in {formats.count(split.n_draws)} independent draws; a trial fits one model for each draw"


def _ranking(record: StudyRecord) -> str:
    text = (
        f"A trial is scored by the rank of each held-out item among {ranked_items(record.split)}. Every metric is the "
        f"mean over users and draws, with a 95{formats.NBSP}% bootstrap interval over users."
    )
    best = record.best
    if best is None or best.tie_share is None:
        return text
    share = formats.percent(best.tie_share) if best.tie_share else "none"
    return f"{text} In the best trial, {share} of the unseen items tied with a held-out item."


def _rating_errors() -> str:
    return (
        "This model learns from all ratings, low ones included, except those of held-out items. Its rating errors are "
        f"measured on a random 5{formats.NBSP}% of all ratings (at most 50,000) withheld from each fit, after the "
        "epoch with the best ranking. Held-out items all have high ratings, so they cannot measure rating errors. "
        "Lower is better."
    )
