"""The tables of a comparison's page with a line an algorithm or a pair: scores, findings, costs, configurations."""

from __future__ import annotations

from collections.abc import Callable

from reports import formats, tables
from reports.compare.verdict import p_value, words
from reports.tables import Cell, Column, Table
from studies.record.comparison import ComparisonRecord, EntrantRecord
from studies.record.study import Estimate

__all__ = ["CUTS", "FIXED_METRICS", "beyond", "configurations", "costs", "pairs", "quality", "winners_curse"]

CUTS = (10, 30, 100)
NAME = Column("Algorithm", is_numeric=False)
FIXED_METRICS = ("mrr@100", "map@30")  #: shown whatever the metric of the comparison
CUT_METRICS = ("hr", "ndcg", "recall")
BEYOND = ("coverage", "gini", "popularity", "novelty", "diversity")


def quality(record: ComparisonRecord, k: int) -> Table:
    """Every algorithm under every metric, with the noise of users as an interval and that of seeds beside it."""
    metrics = list(dict.fromkeys([record.metric, *FIXED_METRICS, *(f"{name}@{k}" for name in CUT_METRICS)]))
    columns = (
        NAME,
        *(Column(formats.metric_name(m)) for m in metrics),
        Column("Deviation by seed"),
        *(Column(formats.metric_name(name)) for name in record.error_names),
    )
    rows = tuple(
        (
            _name(entrant),
            *(_score(entrant.metrics.get(metric)) for metric in metrics),
            _by_seed(entrant, record.metric),
            *(_score(entrant.errors.get(name)) for name in record.error_names),
        )
        for entrant in record.entrants
    )
    caption = (
        f"Test scores, mean over users and {formats.count(len(record.seeds))} refits, with 95{formats.NBSP}% intervals "
        f"over users; beside them the standard deviation of {formats.metric_name(record.metric)} over refits"
    )
    return Table(caption, columns, rows)


def pairs(record: ComparisonRecord) -> Table:
    """Every two algorithms: how far apart, how surely, and what follows."""
    columns = (
        Column("Pair", is_numeric=False),
        Column(f"Difference in {formats.metric_name(record.metric)}"),
        Column("Effect size"),
        Column("p"),
        Column("p, Holm"),
        Column("Finding", is_numeric=False),
    )
    rows = tuple(
        (
            tables.text(f"{pair.a} − {pair.b}"),
            Cell(formats.signed(pair.difference.mean), pair.difference.mean, formats.gain_interval(pair.difference)),
            Cell(formats.NOTHING if pair.effect_size is None else f"{pair.effect_size:.2f}", pair.effect_size),
            Cell(p_value(pair.p), pair.p),
            Cell(p_value(pair.p_adjusted), pair.p_adjusted),
            tables.text(words(record, pair)),
        )
        for pair in record.pairs
    )
    caption = f"Differences with 95{formats.NBSP}% intervals, paired by user; margin {formats.score(record.margin)}"
    return Table(caption, columns, rows)


def winners_curse(record: ComparisonRecord) -> Table:
    """What a configuration scored when it was chosen, beside what it scores on likes that chose nothing."""
    metric = formats.metric_name(record.metric)
    columns = (NAME, Column("Trials"), Column(f"{metric}, validation"), Column(f"{metric}, test"), Column("Change"))
    rows = []
    for entrant in record.tuned:
        then, now = entrant.validation.get(record.metric), entrant.metrics[record.metric]
        if then is not None:
            change = now.mean - then.mean
            trials, cells = tables.number(entrant.n_trials), [tables.score(e.mean, e) for e in (then, now)]
            rows.append((_name(entrant), trials, *cells, Cell(formats.signed(change), change)))
    return Table("Each winner’s validation score beside its test score", columns, tuple(rows))


def beyond(record: ComparisonRecord, k: int) -> Table:
    """What the lists of k hold, liked or not."""
    columns = (
        NAME,
        Column("Coverage of the catalogue"),
        Column("Gini of exposure"),
        Column("Popularity"),
        Column("Novelty, bits"),
        Column("Diversity in a list"),
    )
    rows = tuple(
        (_name(entrant), *(_beyond_cell(name, entrant.beyond.get(f"{name}@{k}")) for name in BEYOND))
        for entrant in record.entrants
    )
    return Table(f"Lists of {k} for the test users, from the first refit", columns, rows)


def costs(record: ComparisonRecord) -> Table:
    """Time and memory."""
    columns = (
        NAME,
        Column("A fit"),
        Column("Ten for one user, asked alone"),
        Column("Ten for a user, asked in bulk"),
        Column("Memory of the fitted model"),
    )
    rows = []
    for entrant in record.entrants:
        fit = sum(entrant.fit_seconds) / len(entrant.fit_seconds)
        spread = f"{formats.brief(min(entrant.fit_seconds))} to {formats.brief(max(entrant.fit_seconds))}"
        rows.append(
            (
                _name(entrant),
                Cell(formats.brief(fit), fit, spread if len(entrant.fit_seconds) > 1 else ""),
                _latency(entrant.single_milliseconds),
                _latency(entrant.batch_milliseconds),
                Cell(_memory(entrant.megabytes), entrant.megabytes),
            )
        )
    return Table("Time and memory; fits are the mean of the refits, with their range", columns, tuple(rows))


def configurations(record: ComparisonRecord) -> Table:
    """What was refitted."""
    columns = (NAME, Column("Study", is_numeric=False), Column("Trials"), Column("Configuration", False, is_wide=True))
    rows = tuple(
        (
            _name(entrant),
            tables.text(entrant.study or formats.NOTHING),
            tables.number(entrant.n_trials if entrant.study else None),
            tables.text(
                ", ".join(f"{name} = {formats.parameter(value)}" for name, value in entrant.config.items())
                or "no hyperparameters"
            ),
        )
        for entrant in record.entrants
    )
    return Table("The configurations that were refitted", columns, rows)


def _name(entrant: EntrantRecord) -> Cell:
    return tables.text(entrant.name, "floor" if entrant.is_floor else "")


def _score(estimate: Estimate | None) -> Cell:
    return tables.score(estimate.mean if estimate else None, estimate)


def _by_seed(entrant: EntrantRecord, metric: str) -> Cell:
    values = entrant.by_seed.get(metric, ())
    if len(values) < 2:
        return Cell(formats.NOTHING)
    mean = sum(values) / len(values)
    deviation = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5
    return Cell(formats.score(deviation), deviation, f"{formats.score(min(values))} to {formats.score(max(values))}")


def _beyond_cell(name: str, value: float | None) -> Cell:
    shown = BEYOND_FORMATS.get(name, _two_digits)
    return Cell(formats.NOTHING if value is None else shown(value), value)


def _three_digits(value: float) -> str:
    return f"{value:.3f}"


def _two_digits(value: float) -> str:
    return f"{value:.2f}"


def _memory(megabytes: float) -> str:
    if megabytes < 1:
        return f"{1000 * megabytes:.0f}{formats.NBSP}kB"
    return f"{megabytes:,.1f}{formats.NBSP}MB"


BEYOND_FORMATS: dict[str, Callable[[float], str]] = {
    "coverage": formats.percent,
    "popularity": formats.percent,
    "gini": _three_digits,
}


def _latency(milliseconds: float) -> Cell:
    return Cell(formats.brief(milliseconds / 1000), milliseconds)
