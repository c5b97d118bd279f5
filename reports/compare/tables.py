"""The tables of a comparison's page with one row per algorithm or pair: scores, findings, costs, configurations."""

from __future__ import annotations

from collections.abc import Callable

from reports import cells, formats
from reports.cells import Cell, Column, Table
from reports.compare.verdict import finding, p_value
from reports.sentences import counted
from studies.record.comparison import ComparisonRecord, EntrantRecord

__all__ = ["CUTS", "FIXED_METRICS", "beyond", "configurations", "costs", "pairs", "quality", "winners_curse"]

CUTS = (10, 30, 100)
NAME = Column("Algorithm", is_numeric=False)
FIXED_METRICS = ("mrr@100", "map@30")  #: always shown, whichever metric the comparison has
CUT_METRICS = ("hr", "ndcg", "recall")
BEYOND = ("coverage", "gini", "popularity", "novelty", "diversity")


def quality(record: ComparisonRecord, k: int) -> Table:
    """Each algorithm under each metric: intervals show the noise of users, the last column that of seeds."""
    metrics = list(dict.fromkeys([record.metric, *FIXED_METRICS, *(f"{name}@{k}" for name in CUT_METRICS)]))
    columns = (
        NAME,
        *(Column(formats.metric_name(m)) for m in metrics),
        Column("Deviation over seeds"),
        *(Column(formats.metric_name(name)) for name in record.error_names),
    )
    rows = tuple(
        (
            _name(entrant),
            *(cells.estimate(entrant.metrics.get(metric)) for metric in metrics),
            _by_seed(entrant, record.metric),
            *(cells.estimate(entrant.errors.get(name)) for name in record.error_names),
        )
        for entrant in record.entrants
    )
    caption = (
        f"Test scores, mean over users and {counted(len(record.seeds), 'refit')}, with 95{formats.NBSP}% intervals "
        f"over users, and the standard deviation of {formats.metric_name(record.metric)} over the refits"
    )
    return Table(caption, columns, rows)


def pairs(record: ComparisonRecord) -> Table:
    """Each pair of algorithms: difference, tests, and what follows."""
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
            cells.text(f"{pair.a} − {pair.b}"),
            cells.gain(pair.difference),
            Cell(formats.NOTHING if pair.effect_size is None else f"{pair.effect_size:.2f}", pair.effect_size),
            Cell(p_value(pair.p), pair.p),
            Cell(p_value(pair.p_adjusted), pair.p_adjusted),
            cells.text(finding(record, pair)),
        )
        for pair in record.pairs
    )
    caption = f"Differences with 95{formats.NBSP}% intervals, paired by user; margin {formats.score(record.margin)}"
    return Table(caption, columns, rows)


def winners_curse(record: ComparisonRecord) -> Table:
    """The score by which a configuration was chosen, beside its score on the test, which chose nothing."""
    metric = formats.metric_name(record.metric)
    columns = (NAME, Column("Trials"), Column(f"{metric}, validation"), Column(f"{metric}, test"), Column("Change"))
    rows = []
    for entrant in record.tuned:
        then, now = entrant.validation.get(record.metric), entrant.metrics[record.metric]
        if then is not None:
            change = now.mean - then.mean
            scored = [cells.estimate(e) for e in (then, now)]
            rows.append((_name(entrant), cells.number(entrant.n_trials), *scored, Cell(formats.signed(change), change)))
    return Table("Validation score and test score of each tuned configuration", columns, tuple(rows))


def beyond(record: ComparisonRecord, k: int) -> Table:
    """What lists of ``k`` contain, whether liked or not."""
    columns = (
        NAME,
        Column("Catalogue coverage"),
        Column("Gini index of exposure"),
        Column("Popularity"),
        Column("Novelty, bits"),
        Column("Diversity within a list"),
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
        Column("Fit"),
        Column("Top 10, one user at a time"),
        Column("Top 10 per user, in bulk"),
        Column("Memory of the fitted model"),
    )
    rows = []
    for entrant in record.entrants:
        fit = sum(entrant.fit_seconds) / len(entrant.fit_seconds)
        least, most = formats.brief(min(entrant.fit_seconds)), formats.brief(max(entrant.fit_seconds))
        rows.append(
            (
                _name(entrant),
                cells.ranged(formats.brief(fit), fit, least, most),
                _latency(entrant.single_milliseconds),
                _latency(entrant.batch_milliseconds),
                Cell(_memory(entrant.megabytes), entrant.megabytes),
            )
        )
    return Table("Time and memory; the fit time is the mean of the refits, with their range", columns, tuple(rows))


def configurations(record: ComparisonRecord) -> Table:
    """The configuration of each algorithm."""
    columns = (NAME, Column("Study", is_numeric=False), Column("Trials"), Column("Configuration", False, is_wide=True))
    rows = tuple(
        (
            _name(entrant),
            cells.text(entrant.study or formats.NOTHING),
            cells.number(entrant.n_trials if entrant.study else None),
            cells.text(
                ", ".join(f"{name} = {formats.parameter(value)}" for name, value in entrant.config.items())
                or "no hyperparameters"
            ),
        )
        for entrant in record.entrants
    )
    return Table("Configuration of each algorithm, fitted again for the test", columns, rows)


def _name(entrant: EntrantRecord) -> Cell:
    return cells.text(entrant.name, "baseline" if entrant.is_floor else "")


def _by_seed(entrant: EntrantRecord, metric: str) -> Cell:
    values = entrant.by_seed.get(metric, ())
    if len(values) < 2:
        return Cell(formats.NOTHING)
    mean = sum(values) / len(values)
    deviation = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5
    return cells.ranged(formats.score(deviation), deviation, formats.score(min(values)), formats.score(max(values)))


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
