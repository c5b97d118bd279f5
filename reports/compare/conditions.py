"""How a comparison was measured, in words; numbers and names come from its record."""

from __future__ import annotations

from reports import formats
from reports.protocol import FITTING
from studies.record.comparison import ComparisonRecord, SampleUserRecord

__all__ = ["facts", "found_line", "history_line", "paragraphs", "statistics", "timing"]

NBSP = formats.NBSP


def paragraphs(record: ComparisonRecord) -> tuple[str, ...]:
    """Protocol and ranking, a paragraph each."""
    split, n_test = record.split, formats.count(record.split.n_test_users)
    fitting = FITTING.get(split.protocol, f"Protocol: {split.protocol}")
    held_out = (
        f"Hidden and sealed as the test: {split.holdout}, from {n_test} users. Each algorithm’s configuration was "
        "chosen on other hidden likes, the validation; then it was refitted on everything but the test, under "
        f"{formats.count(len(record.seeds))} seed{'s' if len(record.seeds) > 1 else ''}. {fitting}."
    )
    ranked = (
        "A hidden like is ranked among all the items that its user has not seen: the full catalogue, no sampled "
        "negatives, and an item that ties with it counts half. Metrics are means over all test users, found or not."
    )
    alike = (
        "With one hidden like a user, AP@k equals RR@k: MRR@100 and MAP@30 differ only by likes that were ranked 31 to "
        "100, and recall equals the hit rate."
    )
    ahead = (
        "The hidden likes are the last by time, while other users’ later likes are trained on: that lets some of the "
        "future into training and flatters every model."
    )
    conditional = [alike] * (split.n_hidden == 1) + [ahead] * split.is_last_by_time
    return (held_out, ranked, *conditional)


def statistics(record: ComparisonRecord) -> str:
    return (
        "A pair is called different where the paired randomisation test, after Holm’s correction over all "
        f"{formats.count(len(record.pairs))} pairs, has p under .05 and the interval leaves out 0; practically equal "
        f"where the 90{NBSP}% interval lies within the margin of {formats.score(record.margin)} (two one-sided tests); "
        "not told apart otherwise. Not Wilcoxon’s test: on samples this large it calls equal algorithms different far "
        "more often than its level says. With many users nearly everything is significant, so read the effect size "
        "and the margin."
    )


def timing(record: ComparisonRecord) -> str:
    return (
        f"Measured on {record.environment.get('processor', 'this machine')}, after an untimed warm-up. "
        "Memory is that of the fitted arrays, which is what serving holds."
    )


def facts(record: ComparisonRecord) -> tuple[tuple[str, str], ...]:
    split = record.split
    return (
        ("Split", split.kind),
        ("Protocol", split.protocol),
        ("Hidden", split.holdout),
        ("Seed of the split", str(split.seed)),
        ("Test users", formats.count(split.n_test_users)),
        ("Refits of each algorithm", formats.count(len(record.seeds))),
        ("Margin", formats.score(record.margin)),
    )


def history_line(user: SampleUserRecord) -> str:
    """What the user had liked, the most popular first, with how much more there is."""
    more = user.n_history - len(user.history)
    return "; ".join(user.history) + (f"; and {formats.count(more)} more" if more > 0 else "")


def found_line(user: SampleUserRecord) -> str:
    """Where each algorithm ranks the hidden like."""
    places = (f"{name} {rank:,.0f}" for name, rank in sorted(user.ranks.items(), key=lambda each: each[1]))
    return ", ".join(places)
