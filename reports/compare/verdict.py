"""The verdict of a comparison in words; they follow from tests and intervals, never from the means alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from reports import formats
from reports.study.verdict import Verdict, is_established
from studies.record.comparison import BlendRecord, ComparisonRecord, EntrantRecord, HeatmapRecord, PairRecord

__all__ = ["LEVEL", "Relation", "chosen_blend", "heatmap", "joined", "p_value", "relation", "verdict", "words"]

LEVEL = 0.05  #: of the tests, after Holm's correction
NBSP = formats.NBSP
Relation = Literal["better", "worse", "equal", "open"]


def verdict(record: ComparisonRecord) -> Verdict:
    return Verdict(_headline(record), tuple(_findings(record)), _caveat(record))


def relation(record: ComparisonRecord, a: str, b: str) -> Relation:
    """What the tests say of a against b; a difference smaller than the margin is none, however certain."""
    pair = next(pair for pair in record.pairs if {pair.a, pair.b} == {a, b})
    if pair.is_equivalent:
        return "equal"
    if pair.p_adjusted >= LEVEL or not is_established(pair.difference):
        return "open"
    return "better" if (pair.difference.mean > 0) == (pair.a == a) else "worse"


def words(record: ComparisonRecord, pair: PairRecord) -> str:
    """The finding of one pair, for a table."""
    match relation(record, pair.a, pair.b):
        case "better":
            return f"{pair.a} is better"
        case "worse":
            return f"{pair.b} is better"
        case "equal":
            is_certain = pair.p_adjusted < LEVEL and is_established(pair.difference)
            return "practically equal" + (", though not the same" if is_certain else "")
    return "not told apart"


def heatmap(record: ComparisonRecord, of: str, measure: str, k: int) -> HeatmapRecord | None:
    """The heatmap over all rows."""
    wanted = (of, measure, k, "all")
    return next((h for h in record.heatmaps if (h.of, h.measure, h.k, h.among) == wanted), None)


def joined(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


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
    beaten = len(related) - len(equal) - len(open_)
    if not related:
        return f"{best.name} reaches {scored}; nothing else was compared."
    if not equal and not open_:
        return f"{best.name} is the best: {scored}, ahead of all {formats.count(beaten)} others by more than chance."
    if open_:
        ahead = f" It is ahead of the other {formats.count(beaten)} by more than chance." if beaten else ""
        return (
            f"No single winner is established. {best.name} has the highest score, {scored}, but these users do not "
            f"tell it apart from {joined(open_)}{_nor(equal)}.{ahead}"
        )
    return (
        f"{joined([best.name, *equal])} are practically equal: {best.name} reaches {scored}, and they differ by less "
        f"than the margin of {formats.score(record.margin)}."
    )


def _nor(equal: Sequence[str]) -> str:
    return f", and {joined(equal)} {'is' if len(equal) == 1 else 'are'} practically equal to it" if equal else ""


def _findings(record: ComparisonRecord) -> Iterator[str]:
    yield from _runner_up(record)
    yield from _floor(record)
    yield from _agreement(record)
    yield from _cost(record)
    yield from _blending(record)


def _runner_up(record: ComparisonRecord) -> Iterator[str]:
    best, rest = _best(record), _rest(record)
    if not rest:
        return
    second = rest[0]
    pair = next(pair for pair in record.pairs if {pair.a, pair.b} == {best.name, second.name})
    sign = 1 if pair.a == best.name else -1
    low, high = sorted((sign * pair.difference.low, sign * pair.difference.high))
    effect = "" if pair.effect_size is None else f", effect size {abs(pair.effect_size):.2f}"
    yield (
        f"Its lead over {second.name}, the next, is {formats.signed(sign * pair.difference.mean)} "
        f"(95{NBSP}% interval {formats.signed(low)} to {formats.signed(high)}{effect}, "
        f"{p_value(pair.p_adjusted)} after Holm’s correction over {formats.count(len(record.pairs))} pairs)."
    )


def _floor(record: ComparisonRecord) -> Iterator[str]:
    floors = [entrant.name for entrant in record.entrants if entrant.is_floor and entrant.name in record.order]
    for floor in floors:
        below = [e.name for e in record.tuned if relation(record, e.name, floor) != "better"]
        if below:
            yield (
                f"{joined(below)} {'is' if len(below) == 1 else 'are'} not shown to beat {floor}, which knows nothing "
                "of a user: not worth running on these data with these settings."
            )
        else:
            mean, best = record.entrant(floor).metrics[record.metric].mean, _best(record).metrics[record.metric].mean
            ratio = f"; the best reaches {best / mean:.1f} times as much" if mean else ""
            yield f"Every tuned algorithm beats {floor}, which scores {formats.score(mean)}{ratio}."


def _agreement(record: ComparisonRecord) -> Iterator[str]:
    shown = heatmap(record, "recommendations", "overlap", 10)
    names = [entrant.name for entrant in record.tuned]
    if shown is None or len(names) < 2:
        return
    place = {name: i for i, name in enumerate(record.order)}
    pairs = [(a, b) for i, a in enumerate(names) for b in names[:i]]
    shared = {(a, b): shown.values[place[a]][place[b]] or 0.0 for a, b in pairs}
    most, least = max(pairs, key=lambda pair: shared[pair]), min(pairs, key=lambda pair: shared[pair])
    text = f"Of a user’s first ten recommendations {joined(most)} share {formats.percent(shared[most])}"
    if most != least:
        text += f", the most of any two; {joined(least)} share {formats.percent(shared[least])}, the least"
    floors = {name: shown.values[place[name]][place[name]] for name in dict.fromkeys([*most, *least])}
    noisy = [f"{name} {formats.percent(value)}" for name, value in floors.items() if value is not None and value < 1]
    yield text + (f". With itself under another seed, {joined(noisy)}." if noisy else ".")


def _cost(record: ComparisonRecord) -> Iterator[str]:
    best = _best(record)
    seconds = {e.name: sum(e.fit_seconds) / len(e.fit_seconds) for e in record.tuned}
    if best.name not in seconds or len(seconds) < 2:
        return
    quickest, slowest = min(seconds, key=seconds.__getitem__), max(seconds, key=seconds.__getitem__)
    text = f"A fit of {best.name} takes {formats.brief(seconds[best.name])}"
    others = [f"of {quickest}, the quickest, {formats.brief(seconds[quickest])}"] if quickest != best.name else []
    others += [f"of {slowest}, the slowest, {formats.brief(seconds[slowest])}"] if slowest != best.name else []
    yield f"{text}, {joined(others)}."


def _blending(record: ComparisonRecord) -> Iterator[str]:
    blend = chosen_blend(record)
    if blend is None:
        return
    members = f"{joined(blend.members)}"
    if blend.validation <= blend.best_member_validation:
        yield (
            f"Blending does not pay: on validation no fusion of these lists scores higher than its better part "
            f"({members}: {formats.score(blend.validation)} against {formats.score(blend.best_member_validation)})."
        )
        return
    gain = f"{formats.signed(blend.gain.mean)}, 95{NBSP}% interval {formats.gain_interval(blend.gain)}"
    pays = "pays" if blend.gain.low > 0 else "costs" if blend.gain.high < 0 else "is not shown to pay"
    yield (
        f"Blending {pays}: the fusion that is best on validation, of {members}, changes {_metric(record)} on the test "
        f"by {gain} over {blend.best_member} alone."
    )


def chosen_blend(record: ComparisonRecord) -> BlendRecord | None:
    """The blend that somebody would take who knows the validation likes alone."""
    return max(record.blends, key=lambda blend: blend.validation, default=None)


def p_value(p: float) -> str:
    return f"p{NBSP}<{NBSP}.001" if p < 0.001 else f"p{NBSP}={NBSP}{p:.3f}".replace("0.", ".")


def _caveat(record: ComparisonRecord) -> str:
    n = len(record.openings)
    if n <= 1:
        text = "The sealed test was opened for the first time, so these figures steered no choice."
    else:
        text = (
            f"The sealed test has now been opened {formats.count(n)} times: whatever was decided after earlier "
            "openings makes these figures a little less independent."
        )
    for name, error in record.failures.items():
        text += f" {name} was left out, because it could not be refitted ({error})."
    budgets = {entrant.n_trials for entrant in record.tuned if entrant.config}
    if len(budgets) > 1:
        text += (
            f" The algorithms were not tuned alike: between {formats.count(min(budgets))} and "
            f"{formats.count(max(budgets))} trials."
        )
    return text


def _best(record: ComparisonRecord) -> EntrantRecord:
    return next(entrant for entrant in record.entrants if entrant.name in record.order)


def _rest(record: ComparisonRecord) -> list[EntrantRecord]:
    best = _best(record)
    return [entrant for entrant in record.entrants if entrant.name in record.order and entrant is not best]


def _metric(record: ComparisonRecord) -> str:
    return formats.metric_name(record.metric)
