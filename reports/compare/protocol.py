"""How a comparison was measured, as text; numbers and names come from its record."""

from __future__ import annotations

from reports import formats
from reports.protocol import cautions, held_out, ranked_items, training
from reports.sentences import counted
from studies.record.comparison import ComparisonRecord

__all__ = ["facts", "paragraphs", "statistics", "timing"]

NBSP = formats.NBSP


def paragraphs(record: ComparisonRecord) -> tuple[str, ...]:
    """Protocol, ranking and cautions, each a paragraph."""
    split = record.split
    test = (
        f"Held out as the sealed test: {held_out(split)}, of {formats.count(split.n_test_users)} users. The "
        "configuration of each algorithm was chosen on other held-out likes, the validation likes. Each algorithm was "
        f"then fitted again, with {counted(len(record.seeds), 'seed')}, on everything except the test likes. "
        f"{training(split)}."
    )
    ranking = (
        f"A held-out item is ranked among {ranked_items(split)}. Metrics are means over all test users, with and "
        "without hits."
    )
    return (test, ranking, *cautions(split))


def statistics(record: ComparisonRecord) -> str:
    return (
        "Two algorithms are called different if the paired randomisation test has p < .05 after Holm’s correction over "
        f"all {counted(len(record.pairs), 'pair')} and the interval excludes 0. They are called practically equal if "
        f"the 90{NBSP}% interval lies within the margin of {formats.score(record.margin)} (two one-sided tests). In "
        "all other cases they are not statistically distinguishable. Wilcoxon’s test is not used: with this many users "
        "it calls equal algorithms different far more often than its level says. With many users almost every "
        "difference is significant, so look at the effect size and the margin."
    )


def timing(record: ComparisonRecord) -> str:
    return (
        f"Measured on {record.environment.get('processor', 'this machine')}, after a warm-up that is not timed. "
        "Memory is the size of the fitted arrays, which is what a server has to hold."
    )


def facts(record: ComparisonRecord) -> tuple[tuple[str, str], ...]:
    split = record.split
    return (
        ("Split", split.kind),
        ("Protocol", split.protocol),
        ("Held out", held_out(split)),
        ("Seed of the split", str(split.seed)),
        ("Test users", formats.count(split.n_test_users)),
        ("Refits of each algorithm", formats.count(len(record.seeds))),
        ("Margin", formats.score(record.margin)),
    )
