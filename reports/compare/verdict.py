"""The verdict of a comparison as text; it follows from tests and intervals, never from the means alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from reports import formats
from reports.sentences import Verdict, counted, is_established, joined
from studies.record.comparison import BlendRecord, ComparisonRecord, EntrantRecord, HeatmapRecord, PairRecord

__all__ = ["finding", "p_value", "relation", "verdict"]

LEVEL = 0.05  #: of the tests, after Holm's correction
MOST_MEMBERS = 4  #: of a blend whose members a sentence names
NBSP = formats.NBSP
Relation = Literal["better", "worse", "equal", "open"]


def verdict(record: ComparisonRecord) -> Verdict:
    return Verdict(_headline(record), tuple(_findings(record)), _caveat(record))


def relation(record: ComparisonRecord, a: str, b: str) -> Relation:
    """The result of the tests of ``a`` against ``b``; a difference below the margin counts as none, however certain."""
    pair = _pair_of(record, a, b)
    if pair.is_equivalent:
        return "equal"
    if pair.p_adjusted >= LEVEL or not is_established(pair.difference):
        return "open"
    return "better" if (pair.difference.mean > 0) == (pair.a == a) else "worse"


def finding(record: ComparisonRecord, pair: PairRecord) -> str:
    """The result of the tests of one pair, for a table."""
    match relation(record, pair.a, pair.b):
        case "better":
            return f"{pair.a} is better"
        case "worse":
            return f"{pair.b} is better"
        case "equal":
            is_certain = pair.p_adjusted < LEVEL and is_established(pair.difference)
            return "practically equal" + (", though not identical" if is_certain else "")
    return "not distinguishable"


def _headline(record: ComparisonRecord) -> str:
    best, rest = _best(record), _rest(record)
    estimate = best.metrics[record.metric]
    scored = (
        f"{_metric(record)}{NBSP}{formats.score(estimate.mean)} "
        f"(95{NBSP}% interval {formats.interval(estimate)}) on the test likes"
    )
    related = {entrant.name: relation(record, best.name, entrant.name) for entrant in rest}
    equal = [name for name, found in related.items() if found == "equal"]
    open_ = [name for name, found in related.items() if found == "open"]
    beaten = [name for name in related if name not in {*equal, *open_}]
    if not related:
        return f"{best.name} reaches {scored}; no other algorithm was compared."
    if open_:
        ahead = f" {best.name} is ahead of {_others(beaten)} by more than chance." if beaten else ""
        return (
            f"No single winner is established. {best.name} has the highest score, {scored}, but on these users it is "
            f"not statistically distinguishable from {joined(open_)}{_and_equal(equal)}.{ahead}"
        )
    if equal:
        others = "the other differs" if len(equal) == 1 else "the others differ"
        return (
            f"{joined([best.name, *equal])} are practically equal: {best.name} reaches {scored}, and {others} from it "
            f"by less than the margin of {formats.score(record.margin)}."
        )
    ahead_of = beaten[0] if len(beaten) == 1 else f"all {formats.count(len(beaten))} others"
    return f"{best.name} is the best: {scored}, ahead of {ahead_of} by more than chance."


def _others(beaten: Sequence[str]) -> str:
    return beaten[0] if len(beaten) == 1 else f"the other {formats.count(len(beaten))}"


def _and_equal(equal: Sequence[str]) -> str:
    return f", and {joined(equal)} {'is' if len(equal) == 1 else 'are'} practically equal to it" if equal else ""


def _findings(record: ComparisonRecord) -> Iterator[str]:
    yield from _runner_up(record)
    yield from _floor(record)
    yield from _agreement(record)
    yield from _cost(record)
    if record.blends:
        yield _blending(record)


def _runner_up(record: ComparisonRecord) -> Iterator[str]:
    best, rest = _best(record), _rest(record)
    if not rest:
        return
    second = rest[0]
    pair = _pair_of(record, best.name, second.name)
    sign = 1 if pair.a == best.name else -1
    low, high = sorted((sign * pair.difference.low, sign * pair.difference.high))
    effect = "" if pair.effect_size is None else f", effect size {abs(pair.effect_size):.2f}"
    yield (
        f"The lead of {best.name} over {second.name}, which ranks second, is "
        f"{formats.signed(sign * pair.difference.mean)} "
        f"(95{NBSP}% interval {formats.signed(low)} to {formats.signed(high)}{effect}, "
        f"{p_value(pair.p_adjusted)} after Holm’s correction over {counted(len(record.pairs), 'pair')})."
    )


def _floor(record: ComparisonRecord) -> Iterator[str]:
    floors = [entrant.name for entrant in record.entrants if entrant.is_floor and entrant.name in record.order]
    for floor in floors if record.tuned else []:
        below = [e.name for e in record.tuned if relation(record, e.name, floor) != "better"]
        if below:
            are, they_are = ("is", "it is") if len(below) == 1 else ("are", "they are")
            yield (
                f"{joined(below)} {are} not shown to beat {floor}, which is not personalised: with these settings "
                f"{they_are} not worth using on these data."
            )
        else:
            mean, best = record.entrant(floor).metrics[record.metric].mean, _best(record).metrics[record.metric].mean
            ratio = f"; the best algorithm scores {best / mean:.1f} times as high" if mean else ""
            yield f"Every tuned algorithm beats {floor}, which scores {formats.score(mean)}{ratio}."


def _heatmap(record: ComparisonRecord, of: str, measure: str, k: int) -> HeatmapRecord | None:
    """The heatmap over all users, or over all items."""
    wanted = (of, measure, k, "all")
    return next((h for h in record.heatmaps if (h.of, h.measure, h.k, h.among) == wanted), None)


def _agreement(record: ComparisonRecord) -> Iterator[str]:
    shown = _heatmap(record, "recommendations", "overlap", 10)
    names = [entrant.name for entrant in record.tuned]
    if shown is None or len(names) < 2:
        return
    row = {name: i for i, name in enumerate(record.order)}
    pairs = [(a, b) for i, a in enumerate(names) for b in names[:i]]
    shared = {(a, b): shown.values[row[a]][row[b]] or 0.0 for a, b in pairs}
    most, least = max(pairs, key=lambda pair: shared[pair]), min(pairs, key=lambda pair: shared[pair])
    text = f"{joined(most)} share {formats.percent(shared[most])} of a user’s first ten recommendations"
    if most != least:
        text += (
            f", the most of any two tuned algorithms; {joined(least)} share {formats.percent(shared[least])}, the least"
        )
    own = {name: shown.values[row[name]][row[name]] for name in dict.fromkeys([*most, *least])}
    noisy = [f"{formats.percent(value)} ({name})" for name, value in own.items() if value is not None and value < 1]
    noise = f" Two fits of one algorithm with different seeds share {joined(noisy)}." if noisy else ""
    yield f"{text}.{noise}"


def _cost(record: ComparisonRecord) -> Iterator[str]:
    best = _best(record)
    seconds = {e.name: sum(e.fit_seconds) / len(e.fit_seconds) for e in record.tuned}
    if best.name not in seconds or len(seconds) < 2:
        return
    named = {"fastest": min(seconds, key=seconds.__getitem__), "slowest": max(seconds, key=seconds.__getitem__)}
    others = [
        f"{name}, the {rank} to fit, takes {formats.brief(seconds[name])}"
        for rank, name in named.items()
        if name != best.name
    ]
    yield "; ".join([f"Fitting {best.name} takes {formats.brief(seconds[best.name])}", *others]) + "."


def _blending(record: ComparisonRecord) -> str:
    """Whether the blend with the highest validation score, which one would choose, beats the best algorithm."""
    best, blend = _best(record), max(record.blends, key=lambda each: each.validation)
    single = max(record.blends, key=lambda each: each.best_member_validation)
    if blend.validation <= single.best_member_validation:
        return _no_blend_is_better(record, blend, single)
    chosen = f"the fusion with the highest validation score, of {_members(record, blend)},"
    gain = f"{formats.signed(blend.gain.mean)} (95{NBSP}% interval {formats.gain_interval(blend.gain)})"
    if blend.best_member != best.name:
        return (
            f"On the test likes {chosen} scores {formats.score(blend.test.mean)}, and {best.name} alone "
            f"{formats.score(best.metrics[record.metric].mean)}; the gain of the fusion was tested only over "
            f"{blend.best_member}, its best member on validation: {gain}."
        )
    pays = "pays" if blend.gain.low > 0 else "costs" if blend.gain.high < 0 else "is not shown to pay"
    return f"Blending {pays}: {chosen} changes {_metric(record)} on the test likes by {gain} over {best.name} alone."


def _no_blend_is_better(record: ComparisonRecord, blend: BlendRecord, single: BlendRecord) -> str:
    return (
        f"Blending does not pay: on the validation likes the best fusion, of {_members(record, blend)}, scores "
        f"{formats.score(blend.validation)}, and {single.best_member} alone "
        f"{formats.score(single.best_member_validation)}{_some_gain(record, single.best_member)}."
    )


def _some_gain(record: ComparisonRecord, single: str) -> str:
    """How many fusions gain over their own best member, though none beats the algorithm ``single``."""
    n = sum(each.validation > each.best_member_validation for each in record.blends)
    if not n:
        return ""
    score, their = ("scores", "its") if n == 1 else ("score", "their")
    return (
        f"; {formats.count(n)} of the {formats.count(len(record.blends))} fusions {score} higher than {their} own best "
        f"member, but none scores higher than {single} alone"
    )


def _members(record: ComparisonRecord, blend: BlendRecord) -> str:
    n, n_tuned = len(blend.members), len(record.tuned)
    if n <= MOST_MEMBERS:
        return joined(blend.members)
    return f"all {n} tuned algorithms" if n == n_tuned else f"{n} of the {n_tuned} tuned algorithms"


def p_value(p: float) -> str:
    return f"p{NBSP}<{NBSP}.001" if p < 0.001 else f"p{NBSP}={NBSP}{p:.3f}".replace("0.", ".")


def _caveat(record: ComparisonRecord) -> str:
    n = len(record.openings)
    if n <= 1:
        text = "The sealed test was opened for the first time, so no choice was made by these scores."
    else:
        text = (
            f"The sealed test has now been opened {formats.count(n)} times. Decisions made after an earlier opening "
            "make these scores a little less independent."
        )
    for name, error in record.failures.items():
        text += f" {name} is missing because it could not be fitted again ({error})."
    budgets = {entrant.n_trials for entrant in record.tuned if entrant.config}
    if len(budgets) > 1:
        text += (
            f" The algorithms were tuned with different budgets: between {formats.count(min(budgets))} and "
            f"{counted(max(budgets), 'trial')}."
        )
    return text


def _pair_of(record: ComparisonRecord, a: str, b: str) -> PairRecord:
    return next(pair for pair in record.pairs if {pair.a, pair.b} == {a, b})


def _best(record: ComparisonRecord) -> EntrantRecord:
    """The algorithm with the highest test score of those that are compared in pairs."""
    return next(entrant for entrant in record.entrants if entrant.name in record.order)


def _rest(record: ComparisonRecord) -> list[EntrantRecord]:
    best = _best(record)
    return [entrant for entrant in record.entrants if entrant.name in record.order and entrant is not best]


def _metric(record: ComparisonRecord) -> str:
    return formats.metric_name(record.metric)
